"""Who is who and where is where: the actor files, the roles and the gazetteer -> an index of names that can be matched in text.

Users' own actors come from a file of their own (``detente actors add``); its rows go before the bundled ones.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from detente.codebook.load import DATA, read_table
from detente.errors import CodebookError
from detente.records import Place

HEADS = frozenset(
    {
        "president",
        "prime minister",
        "chancellor",
        "king",
        "queen",
        "supreme leader",
        "leader",
        "premier",
        "secretary-general",
        "emir",
        "crown prince",
        "sultan",
        "party leader",
        "acting president",
        "interim president",
    }
)
"""Roles whose holder newspapers name by surname alone."""
COMMON_SURNAMES = frozenset(
    "May Brown Rice Bush Major King Park Moon Day Rudd Key Ban Cook Price Page Little Banks Ford Hill Lake Long Short Wolf Young Strong Noble Case Sun Song Han Sweet Waters West Fox Marshall Power Costa Grant Hunt Straw Darling Field Miller Christian Sharon Gore Pope Bishop Abbott Gates Hope Chan Carter Clinton Johnson Lee Chen Li Wang Zhang Singh Khan Kim Jones Smith Williams Harris Walker Scott Wilson Thomas James Taylor White Black Green Martin Thompson Davis Anderson Nelson".split()
)


class Tenure(msgspec.Struct, frozen=True):
    """A role held in a country between two days (ISO, partial allowed)."""

    country: str | None
    sectors: tuple[str, ...]
    role: str
    start: str
    end: str


class Entry(msgspec.Struct, frozen=True):
    """One named thing of the register. ``kind``: country, demonym, capital, metonym, person, organisation, place."""

    kind: str
    name: str
    country: str | None
    sectors: tuple[str, ...] = ()
    detail: str = ""
    tenures: tuple[Tenure, ...] = ()
    place: Place | None = None


class Role(msgspec.Struct, frozen=True):
    """A common noun that denotes an actor by role: ``kind`` is body, person, group, property, expert or kin."""

    phrase: str
    words: tuple[str, ...]
    sectors: tuple[str, ...]
    kind: str


class Register(msgspec.Struct, frozen=True):
    """All names, by the first word of each."""

    names: Mapping[str, tuple[tuple[str, tuple[Entry, ...]], ...]]
    surnames: Mapping[str, tuple[Entry, ...]]
    roles: Mapping[str, tuple[Role, ...]]
    countries: Mapping[str, Entry]
    country_places: Mapping[str, Place]
    capitals: Mapping[str, str]
    places: Mapping[str, tuple[Place, ...]]
    lower_names: frozenset[str]


def user_actor_file() -> Path:
    """Where the user's own actors stand: ``DETENTE_ACTORS``, else ``~/.config/detente/actors.csv``."""
    chosen = os.environ.get("DETENTE_ACTORS")
    return Path(chosen) if chosen else Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "detente" / "actors.csv"


NATION = "nation"
"""What ``Entry.detail`` says of a people without a state of its own: its officials and fighters are not those of the state that it lives in."""
ACTOR_COLUMNS = ("name", "aliases", "country", "sectors", "role", "start", "end")


def split(cell: str | None) -> tuple[str, ...]:
    """A cell with ``|`` between its values -> the values."""
    return tuple(part.strip() for part in (cell or "").split("|") if part.strip())


@functools.cache
def load_register(user_file: str | None = None) -> Register:
    """The bundled register with the user's actors before it."""
    builder: dict[str, list[Entry]] = {}
    surnames: dict[str, list[Entry]] = {}
    own = Path(user_file) if user_file else user_actor_file()
    own_aliases: set[str] = set()
    people = [*_grouped(own)] if own.exists() else []
    for entry, aliases, shorts in people:
        own_aliases.update(aliases)
        _add(builder, aliases, entry)
        _add_surnames(surnames, entry, shorts)
    countries, country_places, capitals = _load_countries(builder)
    for path in sorted((DATA / "actors").glob("people*.csv")):
        for entry, aliases, shorts in _grouped(path):
            _add(builder, [a for a in aliases if a not in own_aliases], entry)
            _add_surnames(surnames, entry, shorts)
    _load_organisations(builder)
    places = _load_places(builder, capitals)
    roles = _load_roles()
    index: dict[str, list[tuple[str, tuple[Entry, ...]]]] = {}
    for alias, entries in builder.items():
        for key in _keys(alias):
            index.setdefault(key, []).append((alias, tuple(entries) if len(entries) == 1 else tuple({id(e): e for e in entries}.values())))
    names = {key: tuple(sorted(found, key=lambda f: -len(f[0]))) for key, found in index.items()}
    return Register(names, {k: tuple(v) for k, v in surnames.items()}, roles, countries, country_places, capitals, places, frozenset(k for k in names if k[0].islower()))


@functools.cache
def country_names() -> Mapping[str, str]:
    """ISO 3166 alpha-3 codes -> names, without the wait for the whole register."""
    return {row["code"]: row["name"] for row in reversed(read_table(DATA / "actors" / "countries.csv"))}


def _keys(alias: str) -> set[str]:
    first = alias.split(" ")[0]
    return {first, first.split("-")[0], first.split("'")[0] if "'" in first[1:] else first, first.rstrip(".,")} - {""}


def _add(builder: dict[str, list[Entry]], aliases: Iterable[str], entry: Entry) -> None:
    for alias in aliases:
        plain = alias.replace("’", "'").replace("‘", "'")
        if len(plain) > 1:
            builder.setdefault(plain, []).append(entry)


def _add_surnames(surnames: dict[str, list[Entry]], entry: Entry, shorts: Iterable[str]) -> None:
    for surname in shorts:
        surnames.setdefault(surname.replace("’", "'"), []).append(entry)


def _grouped(path: Path) -> list[tuple[Entry, list[str], list[str]]]:
    """Rows of a people file -> one entry a person with all tenures, the names that identify it alone, and its surnames."""
    by_name: dict[tuple[str, str], tuple[list[Tenure], dict[str, None]]] = {}
    for number, row in enumerate(read_table(path), start=2):
        if not row.get("name") or None in row.values():
            raise CodebookError(f"{path}:{number}: found {dict(row)!r}; expected the columns {', '.join(ACTOR_COLUMNS)}")
        tenures, aliases = by_name.setdefault((row["name"].strip(), ""), ([], {}))
        country = row["country"].strip()
        tenures.append(Tenure(country or None, split(row["sectors"]), row["role"].strip(), row["start"].strip(), row["end"].strip()))
        aliases.update(dict.fromkeys([row["name"].strip(), *split(row["aliases"])]))
    out: list[tuple[Entry, list[str]]] = []
    shorts: dict[str, list[str]] = {}
    for (name, _), (tenures, aliases) in by_name.items():
        ordered = tuple(sorted(tenures, key=lambda t: t.start))
        entry = Entry("person", name, ordered[-1].country, ordered[-1].sectors, ordered[-1].role, ordered)
        direct = [a for a in aliases if " " in a or "-" in a or a not in name.split()] or [name]
        out.append((entry, direct))
        shorts[name] = [a for a in aliases if a not in direct] or [name.split()[-1]]
    return [(entry, direct, shorts[entry.name]) for entry, direct in out]


def _load_countries(builder: dict[str, list[Entry]]) -> tuple[dict[str, Entry], dict[str, Place], dict[str, str]]:
    countries: dict[str, Entry] = {}
    places: dict[str, Place] = {}
    capitals: dict[str, str] = {}
    for row in read_table(DATA / "actors" / "countries.csv"):
        code, name = row["code"], row["name"]
        place = Place(name, code, _number(row["latitude"]), _number(row["longitude"]), "country")
        places[code] = place
        countries.setdefault(code, Entry("country", name, code, ("GOV",), place=place))
        _add(builder, [name, *split(row["aliases"])], countries[code])
        _add(builder, split(row["demonyms"]), Entry("demonym", name, code, ("GOV",)))
        for capital in split(row["capital"]):
            capitals[capital] = code
            _add(builder, [capital], Entry("capital", name, code, ("GOV",), capital))
        _add(builder, split(row["metonyms"]), Entry("metonym", name, code, ("GOV",)))
    for row in read_table(DATA / "actors" / "nations.csv"):  # a nation in several states has a row for each: the document decides
        _add(builder, split(row["forms"]), Entry("demonym", row["name"], row["country"], split(row["sectors"]), NATION))
    return countries, places, capitals


def _load_organisations(builder: dict[str, list[Entry]]) -> None:
    for row in read_table(DATA / "actors" / "organisations.csv"):
        tenure = Tenure(row["country"] or None, split(row["sectors"]), row["kind"], row["start"].strip(), row["end"].strip())
        entry = Entry("organisation", row["name"], row["country"] or None, split(row["sectors"]), row["kind"], (tenure,))
        _add(builder, [row["name"], *split(row["aliases"])], entry)


def _load_places(builder: dict[str, list[Entry]], capitals: Mapping[str, str]) -> dict[str, tuple[Place, ...]]:
    places: dict[str, list[Place]] = {}
    precision = {"region": "region", "city": "city", "sea": "sea", "border": "region", "strait": "sea", "island": "region"}
    for row in read_table(DATA / "places" / "crisis_places.csv"):
        country = split(row["country"])
        place = Place(row["name"], country[0] if country else None, _number(row["latitude"]), _number(row["longitude"]), precision.get(row["kind"], "site"))
        aliases = [row["name"], *split(row["aliases"])]
        entry = Entry("place", row["name"], row["owner"] or None, ("GOV",) if row["owner"] else (), row["kind"], place=place)
        _add(builder, aliases, entry)
        for alias in aliases:
            places.setdefault(alias, []).append(place)
    path = DATA / "places" / "cities.csv"
    if path.exists():
        for row in read_table(path):
            place = Place(row["name"], row["country"], _number(row["latitude"]), _number(row["longitude"]), "city", gazetteer_id=row["id"])
            entry = Entry("place", row["name"], None, (), "city" if int(row["population"]) >= 500_000 else "town", place=place)
            for alias in [row["name"], *split(row["aliases"])]:
                if alias in capitals:
                    places.setdefault(alias, []).append(place)
                    continue
                places.setdefault(alias, []).append(place)
                _add(builder, [alias], entry)
    return {name: tuple(found) for name, found in places.items()}


def _load_roles() -> dict[str, tuple[Role, ...]]:
    roles: dict[str, list[Role]] = {}
    for row in read_table(DATA / "actors" / "roles.csv"):
        words = tuple(row["phrase"].split())
        head = words[words.index("of") - 1] if "of" in words[1:] else words[-1]
        roles.setdefault(head, []).append(Role(row["phrase"], words, split(row["sectors"]), row["kind"]))
        if row["plural"]:
            roles.setdefault(row["plural"].split()[-1], []).append(Role(row["phrase"], (*words[:-1], row["plural"].split()[-1]), split(row["sectors"]), row["kind"]))
    return {head: tuple(sorted(found, key=lambda r: -len(r.words))) for head, found in roles.items()}


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def tenure_on(entry: Entry, day: str | None) -> tuple[Tenure, bool] | None:
    """The tenure of a person on a day (ISO) and whether it is current then; the latest one before it if none is."""
    if not entry.tenures:
        return None
    if day is None:
        return entry.tenures[-1], not entry.tenures[-1].end
    current = [t for t in entry.tenures if t.start <= day and (not t.end or t.end >= day[: len(t.end)])]
    if current:
        return max(current, key=lambda t: (t.role in HEADS, t.start)), True
    past = [t for t in entry.tenures if t.start <= day]
    return (past[-1], False) if past else (entry.tenures[0], False)
