"""Where events happened, in a window of time that can be moved: a map and the list of its places."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import msgspec

from detente.errors import InputError
from detente.store.sizes import count_rows
from detente.store.tables import Wanted, latest_day
from detente.web.asked import Asked
from detente.web.pairs import Timebar, find_pair, go_back, name_party, number_of, read_day
from detente.web.refusals import missing
from detente.web.rendering import address
from detente.web.routing import Page

if TYPE_CHECKING:
    import polars as pl
    from altair.typing import ChartType

SPANS = ((7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "1 year"))
SHOWN_DAYS, MOST_DAYS = 30, 3660
LEAST_RUNG, MOST_RUNG = -4, 6
MOST_CIRCLES = 150
"""With more places, those that lie near each other are one circle."""
NEAR_DEGREES = 20.0
"""What lies so many degrees of longitude and of latitude from the place with most events, or less, is near it: a map twice as wide shows Korea, or the Levant, with their neighbours."""
NEAR_SHARE = 2 / 3
"""With so large a part of the events near that place the map shows that part of the world, unless told otherwise: a few far ones would else make all others one dot."""
VIEWS = ("near", "all")
CELL_DEGREES = (1.0, 2.0, 4.0, 8.0)
"""Sides of the cells in which places are taken as one: the first that leaves few enough."""
SHOWN_PLACES = 60


class PlaceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A place: how many events, the highest rung, and its highest event. ``to``: the list of its events. ``near``: how many other places are drawn as one with it."""

    name: str
    country: str
    latitude: float
    longitude: float
    events: int
    rung: int
    event_id: str
    event_type: str
    day: datetime.date
    near: int
    to: str


class MapPage(msgspec.Struct, frozen=True, kw_only=True):
    """The map of the events of ``first`` to ``last``. ``asked``: the parameters that its links keep; ``unplaced``: events of no known place. ``view``: ``near``, the part
    of the world where most of it happened, or ``all``; ``outside``: events with a place that the part leaves out."""

    time: Timebar | None
    first: datetime.date | None
    last: datetime.date | None
    days: int
    asked: dict[str, str]
    about: str
    total: int
    placed: int
    unplaced: int
    places_total: int
    places: tuple[PlaceRow, ...]
    view: str
    outside: int


def read_page(asked: Asked) -> MapPage:
    """``at`` or ``day`` (the last day), ``days``, ``actor``, ``dyad``, ``rung`` (the least), ``view`` -> the map."""
    import polars as pl

    kept, about, days = _read(asked)
    given = read_day(asked)
    last = given or latest_day(asked.store)
    if last is None:
        return MapPage(time=None, first=None, last=None, days=days, asked=kept, about=about, total=0, placed=0, unplaced=0, places_total=0, places=(), view="all", outside=0)
    table = _load(asked)
    placed = table.filter(pl.col("latitude").is_not_null() & pl.col("longitude").is_not_null())
    places = _group(placed)
    first = go_back(last, days - 1)
    near = take_near(placed)
    view = _choose_view(asked, placed, near)
    return MapPage(
        time=_make_time(asked, last, days, kept, is_asked=given is not None),
        first=first,
        last=last,
        days=days,
        asked=kept,
        about=about,
        total=table.height,
        placed=placed.height,
        unplaced=table.height - placed.height,
        places_total=places.height,
        places=tuple(_show(row, kept, first, last) for row in places.head(SHOWN_PLACES).iter_rows(named=True)),
        view=view,
        outside=placed.height - near.height,
    )


def _read(asked: Asked) -> tuple[dict[str, str], str, int]:
    """The parameters without the day, what the map is about, and the days of its window."""
    days = asked.number("days", SHOWN_DAYS, most=MOST_DAYS)
    actor, dyad = asked.text("actor"), asked.text("dyad")
    rung = asked.number("rung", LEAST_RUNG, least=LEAST_RUNG, most=MOST_RUNG)
    if actor and dyad:
        raise InputError("actor: found it with dyad; expected one of them")
    kept = {
        "days": str(days) if days != SHOWN_DAYS else "",
        "actor": actor or "",
        "dyad": dyad or "",
        "rung": str(rung) if rung > LEAST_RUNG else "",
        "view": asked.choice("view", VIEWS, VIEWS[0]) if asked.text("view") else "",
    }
    return {name: value for name, value in kept.items() if value}, _say_about(asked, actor, dyad), days


def _say_about(asked: Asked, actor: str | None, dyad: str | None) -> str:
    from detente.show_situation import say_party

    if dyad:
        a, b = find_pair(asked, dyad)
        return f"{say_party(a.name)} and {say_party(b.name)}"
    if actor:
        try:
            return say_party(name_party(asked, actor).name)
        except InputError as error:
            raise missing(str(error)) from None
    return "All actors"


def _load(asked: Asked) -> pl.DataFrame:
    """The events of the window, each once, of the parties asked for."""
    kept, _, days = _read(asked)
    given = read_day(asked)
    last = given or latest_day(asked.store)
    assert last is not None
    return asked.share(
        ("map", tuple(sorted((name, value) for name, value in kept.items() if name != "view")), last, given is None), lambda: _load_window(asked, go_back(last, days - 1), last)
    )


def _load_window(asked: Asked, first: datetime.date, last: datetime.date) -> pl.DataFrame:
    import polars as pl

    from detente.analysis.dyads import is_party, load_dyad
    from detente.analysis.table import load_table
    from detente.store.sides import make_side

    kept = _read(asked)[0]
    # the days are those of the events: a map of a week shows what is known of it now
    wanted = Wanted(since=first)
    if "dyad" in kept:
        a, b = find_pair(asked, kept["dyad"])
        table = load_dyad(asked.store, a, b, wanted)
    elif "actor" in kept:
        party = name_party(asked, kept["actor"])
        table = load_table(asked.store, Wanted(first=make_side(party), since=first))
        table = table.filter(is_party(party, "source") | is_party(party, "target"))
    else:
        table = load_table(asked.store, wanted)
    least = int(kept.get("rung", LEAST_RUNG))
    return table.filter((pl.col("day") <= last) & (pl.col("rung") >= least)).unique("event_id", keep="first", maintain_order=True)


def _group(placed: pl.DataFrame) -> pl.DataFrame:
    """Events with places -> a row a place, most events first."""
    import polars as pl

    return (
        placed.sort("rung", "reports", "day", "event_id", descending=[True, True, True, False])
        .group_by("place_name", "place_country", maintain_order=True)
        .agg(pl.len().alias("events"), pl.col("latitude", "longitude", "rung", "event_id", "event_type", "day").first())
        .sort(["events", "place_name"], descending=[True, False])
        .with_columns(near=pl.lit(0))
    )


def _show(row: dict[str, object], kept: dict[str, str], first: datetime.date, last: datetime.date) -> PlaceRow:
    values = {name: row[name] for name in ("latitude", "longitude", "events", "rung", "event_id", "event_type", "day", "near")}
    to = _events_address(str(row["place_name"]), kept, first, last)
    return PlaceRow(name=str(row["place_name"] or "a place without a name"), country=str(row["place_country"] or ""), to=to, **values)  # type: ignore[arg-type]


def _events_address(place: str, kept: dict[str, str], first: datetime.date, last: datetime.date) -> str:
    rungs = f"{kept['rung']}..{MOST_RUNG}" if "rung" in kept else None
    return address("/events", {"place": place, "actor": kept.get("actor"), "dyad": kept.get("dyad"), "rung": rungs, "since": first, "until": last})


def _make_time(asked: Asked, last: datetime.date, days: int, kept: dict[str, str], *, is_asked: bool) -> Timebar:
    latest, begin = latest_day(asked.store) or last, count_rows(asked.store).first_day or last
    step = datetime.timedelta(days=days)

    def to(day: datetime.date | None) -> str | None:
        return address("/map", {**kept, "at": day}) if day else None

    before = go_back(last, days)
    after = last + min(step, latest - last) if last < latest else None
    return Timebar(
        at=last,
        is_asked=is_asked,
        first=begin,
        last=latest,
        first_number=number_of(begin),
        last_number=number_of(max(latest, last)),
        number=number_of(last),
        path="/map",
        day_before=to(last - datetime.timedelta(days=1) if last > begin else None),
        day_after=to(last + datetime.timedelta(days=1) if last < latest else None),
        event_before=to(before if last > begin else None),
        event_after=to(after),
        latest=address("/map", kept) if is_asked and last != latest else None,
    )


# -- the chart ---------------------------------------------------------------------------------------------------------------
def draw(asked: Asked) -> ChartType | None:
    """The places on the world; a click on one leads to its events."""
    import polars as pl

    from detente.charts.map import draw_map

    kept, about, days = _read(asked)
    given = read_day(asked)
    last = given or latest_day(asked.store)
    if last is None:
        return None
    table = _load(asked)
    placed = table.filter(pl.col("latitude").is_not_null() & pl.col("longitude").is_not_null())
    if placed.is_empty():
        return None
    first = go_back(last, days - 1)
    # a circle that stands for several places leads to the events of the one that it is named after
    if _choose_view(asked, placed, near := take_near(placed)) == "near":
        placed = near
    return draw_map(cluster(placed), title=about, link=lambda place: _events_address(place.partition(" and ")[0] if " near" in place else place, kept, first, last))


def take_near(placed: pl.DataFrame) -> pl.DataFrame:
    """Events with places -> those near the place with most of them, also over the date line."""
    import polars as pl

    if placed.is_empty():
        return placed
    spots = placed.group_by("place_name", "latitude", "longitude").agg(pl.len().alias("n")).sort(["n", "place_name"], descending=[True, False])
    latitude, longitude = spots["latitude"][0], spots["longitude"][0]
    away = ((pl.col("longitude") - longitude + 180) % 360 - 180).abs()
    return placed.filter((away <= NEAR_DEGREES) & ((pl.col("latitude") - latitude).abs() <= NEAR_DEGREES))


def _choose_view(asked: Asked, placed: pl.DataFrame, near: pl.DataFrame) -> str:
    """``view``, else what suits: the part of the world that holds most of the events."""
    usual = "near" if near.height >= placed.height * NEAR_SHARE else "all"
    return asked.choice("view", VIEWS, usual)


def cluster(placed: pl.DataFrame) -> pl.DataFrame:
    """Events with places -> the same, with near places as one where there are more than ``MOST_CIRCLES``: each event stands where most events of its cell are."""
    import polars as pl

    out = placed
    for side in CELL_DEGREES:
        if out.select(pl.struct("place_name", "latitude", "longitude").n_unique()).item() <= MOST_CIRCLES:
            return out
        cells = placed.with_columns(x=(pl.col("longitude") / side).floor(), y=(pl.col("latitude") / side).floor())
        spots = cells.group_by("x", "y", "place_name", "latitude", "longitude").agg(pl.len().alias("n")).sort(["n", "place_name"], descending=[True, False])
        first = spots.group_by("x", "y", maintain_order=True).agg(pl.col("place_name", "latitude", "longitude").first(), others=pl.len() - 1)
        named = first.with_columns(place_name=pl.when(pl.col("others") > 0).then(pl.format("{} and {} near", "place_name", "others")).otherwise(pl.col("place_name"))).drop(
            "others"
        )
        out = cells.drop("place_name", "latitude", "longitude").join(named, on=["x", "y"], how="left").drop("x", "y")
    return out


PAGES = (Page("/map", read_page, "map.html", "Map", nav="map", charts={"map": draw}),)
