"""Where events happened: places on a base layer of countries."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import altair as alt
import numpy as np
import polars as pl
from altair.typing import ChartType
from numpy.typing import NDArray

from detente.charts.style import WIDTH, Look, as_data, as_tooltip, cut, finish, get_look, name_rung, rung_scale, say_number
from detente.codebook.load import DATA, read_table
from detente.errors import InputError
from detente.exchange.crosswalk import country_table
from detente.wording import say_day

COUNTRIES = Path(__file__).parent / "data" / "countries-110m.json"
"""Borders of Natural Earth (public domain) as world-atlas 2.0.2 has them; fetched by tools/fetch_world.py. Borders are the file's, not our judgement."""
HEIGHT, WORLD_HEIGHT = 420, 330
LEAST_DEGREES = 24.0
"""A map shows no less, in degrees of longitude: at 1:110 million a coast says nothing any more when it is drawn larger."""
MOST_DEGREES = 150.0
"""A wider one shows the whole world."""
MARGIN = 0.18
"""Share of the events' extent that is added on each side."""
MOST_LABELS = 14
WORLD_SOUTH = 28
"""Pixels by which the whole world is moved down."""
LABEL_APART = 9
"""Pixels from a place to its name."""
_CREDIT = "Borders: Natural Earth (public domain), 1:110 million."


class View(NamedTuple):
    """What a map shows. Mercator about ``longitude``, ``latitude`` (its middle), ``scale`` in pixels a radian; ``is_world``: all of it, by equal areas."""

    longitude: float
    latitude: float
    scale: float
    is_world: bool


def choose_view(longitudes: NDArray[np.float64], latitudes: NDArray[np.float64]) -> View:
    """The places of events, in degrees -> the part of the world that holds them, with a margin. Places on both sides of the date line are near each other."""
    west, wide = _narrowest(longitudes)
    south, north = np.clip([latitudes.min(), latitudes.max()], -75, 80)
    low, high = _mercator(float(south)), _mercator(float(north))
    if wide > MOST_DEGREES:
        return View(11.0, 0.0, WIDTH / 5.45, True)
    across = max(np.radians(wide) * (1 + 2 * MARGIN), np.radians(LEAST_DEGREES))
    up = max((high - low) * (1 + 2 * MARGIN), across * 0.2)
    middle = (west + wide / 2 + 180) % 360 - 180
    centre = np.degrees(2 * np.arctan(np.exp((low + high) / 2)) - np.pi / 2)
    return View(round(float(middle), 3), round(float(centre), 3), round(float(min(WIDTH / across, HEIGHT / up)), 2), False)


def _narrowest(longitudes: NDArray[np.float64]) -> tuple[float, float]:
    """Longitudes -> the west end and the width of the narrowest stretch that holds them all."""
    sorted_ = np.sort(np.unique(longitudes % 360))
    gaps = np.diff(np.append(sorted_, sorted_[0] + 360))
    widest = int(gaps.argmax())
    return float(sorted_[(widest + 1) % len(sorted_)]), float(360 - gaps[widest])


def _mercator(latitude: float) -> float:
    return float(np.log(np.tan(np.pi / 4 + np.radians(latitude) / 2)))


def draw_map(events: pl.DataFrame, *, title: str, link: Callable[[str], str] | None = None, dark: bool = False) -> ChartType:
    """An events table and what it is about -> its places, larger with more events, by the highest rung seen there. ``link``: the name of a place -> where a click on it leads.

    Refused: no event with a place.
    """
    once = events.unique("event_id", keep="first", maintain_order=True)
    placed = once.filter(pl.col("latitude").is_not_null() & pl.col("longitude").is_not_null())
    if placed.is_empty():
        raise InputError(f"map of {title}: found no event with a place among {say_number(once.height, 'event')}; expected at least one")
    look = get_look(dark=dark)
    places = _gather(placed)
    if link:
        places = [place | {"href": link(place["place"])} for place in places]
    view = choose_view(placed["longitude"].to_numpy(), placed["latitude"].to_numpy())
    most = max(place["events"] for place in places)
    scale = alt.Scale(type="linear", domain=[0, max(most, 10)], range=[25, 600])
    told_sizes = sorted({1, max(1, round(most / 4)), most})
    base = alt.Chart(as_data(places)).encode(longitude="lon:Q", latitude="lat:Q")
    circles = base.mark_circle(opacity=0.85, stroke=look.background, strokeWidth=1).encode(
        size=alt.Size(
            field="events",
            type="quantitative",
            scale=scale,
            legend=alt.Legend(title="events", symbolFillColor=look.soft, symbolStrokeColor=look.soft, values=told_sizes, format="d"),
        ),
        color=alt.Color(field="rung_name", type="nominal", scale=rung_scale(look, [p["rung"] for p in places]), legend=alt.Legend(title="highest rung")),
        tooltip=as_tooltip(place="place", events="events", rung_name="highest rung", words="its event", date="on", ids="event ids"),
    )
    if link:
        circles = circles.encode(href=alt.Href(field="href", type="nominal"))
    names, countries = _pick_labels(places, view)
    ground = alt.Chart(as_data(countries)).encode(longitude="lon:Q", latitude="lat:Q", text=alt.Text(field="label", type="nominal")).mark_text(fontSize=10, color=look.soft)
    chart = (
        alt.layer(_draw_land(look), ground, circles, *_draw_labels(names, look))
        .project(**_projection(view))
        .properties(width=WIDTH, height=WORLD_HEIGHT if view.is_world else HEIGHT)
    )
    first, last = once["day"].min(), once["day"].max()
    told = f"{title}: {say_number(placed.height, 'event')} in {say_number(len(places), 'place')}"
    missing = once.height - placed.height
    note = f"{say_day(first)} to {say_day(last)}. " + (f"{say_number(missing, 'more event')} {'tells' if missing == 1 else 'tell'} no place. " if missing else "") + _CREDIT  # type: ignore[arg-type]
    return finish(chart, look, told, note)


def _draw_labels(names: list[dict[str, Any]], look: Look) -> list[ChartType]:
    """Names on a halo, so that they can be read over circles and borders."""
    layers: list[ChartType] = []
    sides: tuple[tuple[Literal["left", "right"], int], ...] = (("left", LABEL_APART), ("right", -LABEL_APART))
    for side, dx in sides:
        here = [name for name in names if name["align"] == side]
        base = alt.Chart(as_data(here)).encode(longitude="lon:Q", latitude="lat:Q", text=alt.Text(field="label", type="nominal"))
        layers.append(base.mark_text(align=side, dx=dx, fontSize=11, stroke=look.background, strokeWidth=3.5, strokeJoin="round"))
        layers.append(base.mark_text(align=side, dx=dx, fontSize=11, color=look.ink))
    return layers


def _projection(view: View) -> dict[str, Any]:
    middle = [WIDTH / 2, HEIGHT / 2]
    if view.is_world:
        # a little to the south, so that Antarctica is cut off, and to the west, so that the cut goes through the Pacific
        return {"type": "equalEarth", "scale": view.scale, "rotate": [-view.longitude, 0, 0], "translate": [WIDTH / 2, WORLD_HEIGHT / 2 + WORLD_SOUTH]}
    return {"type": "mercator", "scale": view.scale, "rotate": [-view.longitude, 0, 0], "center": [0, view.latitude], "translate": middle}


def _draw_land(look: Look) -> ChartType:
    # as text: Altair copies and checks lists and objects at each step, a second for the borders of the world
    data = alt.InlineData(values=_write_countries(), format=alt.TopoDataFormat(type="topojson", feature="countries"))
    drawn: ChartType = alt.Chart(data).mark_geoshape(fill=look.land, stroke=look.border, strokeWidth=0.7, clip=True)
    return drawn


@functools.cache
def read_countries() -> dict[str, Any]:
    """Nothing -> the borders of countries as TopoJSON, without names."""
    topology = _read_file()
    shapes = [{key: shape[key] for key in ("type", "arcs") if key in shape} for shape in topology["objects"]["countries"]["geometries"]]
    return {"type": "Topology", "transform": topology["transform"], "arcs": topology["arcs"], "objects": {"countries": {"type": "GeometryCollection", "geometries": shapes}}}


@functools.cache
def _write_countries() -> str:
    return json.dumps(read_countries(), separators=(",", ":"))


@functools.cache
def _read_file() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(COUNTRIES.read_text(encoding="utf-8"))
    return read


def _gather(placed: pl.DataFrame) -> list[dict[str, Any]]:
    """Events with places -> a row for each place, told by its highest event; the largest first, so that small ones are drawn over them."""
    grouped = (
        placed.sort("rung", "reports", "day", "event_id", descending=[True, True, True, False])
        .group_by("place_name", "latitude", "longitude", maintain_order=True)
        .agg(pl.len().alias("events"), pl.col("event_id").head(3).alias("ids"), pl.col("rung", "text", "day", "event_type").first())
        .sort(["events", "place_name", "latitude"], descending=[True, False, False])
    )
    return [
        {
            "place": row["place_name"] or "a place without a name",
            "label": cut(row["place_name"], 24),
            "lon": round(row["longitude"], 3),
            "lat": round(row["latitude"], 3),
            "events": row["events"],
            "rung": row["rung"],
            "rung_name": name_rung(row["rung"]),
            "words": cut(row["text"] or row["event_type"], 140),
            "date": say_day(row["day"]),
            "ids": ", ".join(row["ids"]) + (f" and {row['events'] - len(row['ids'])} more" if row["events"] > len(row["ids"]) else ""),
        }
        for row in grouped.iter_rows(named=True)
    ]


def _pick_labels(places: list[dict[str, Any]], view: View) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Places, the largest first -> those whose names can stand beside each other without overlap, and the countries that still find room."""
    boxes: list[tuple[float, float, float]] = []
    for place in places:
        x, y = _project(place["lon"], place["lat"], view)
        boxes.append((x - 6, y, 12))
    chosen: list[dict[str, Any]] = []
    for place in places:
        width = 6.2 * len(place["label"])
        for align, shift in (("left", LABEL_APART), ("right", -LABEL_APART - width)):
            if place["label"] and len(chosen) < MOST_LABELS and _find_room(boxes, place, view, shift, own=True):
                chosen.append(place | {"align": align})
                break
    countries = [] if view.is_world else [c for c in _list_countries() if _find_room(boxes, c, view, -2.8 * len(c["label"]), own=False)]
    return chosen, countries


def _find_room(boxes: list[tuple[float, float, float]], place: dict[str, Any], view: View, shift: float, *, own: bool) -> bool:
    """Whether a label has room; if so, it takes it. ``shift``: where it begins, in pixels from its place; ``own``: the mark at its place is its own."""
    x, y = _project(place["lon"], place["lat"], view)
    left, width = x + shift, 6.2 * len(place["label"])
    if not (left > 0 and left + width < WIDTH and 8 < y < HEIGHT - 8):
        return False
    for other, other_y, other_width in boxes:
        mine = own and abs(other + 6 - x) < 0.01 and other_y == y
        if not mine and abs(y - other_y) < 12 and left < other + other_width and other < left + width:
            return False
    boxes.append((left, y, width))
    return True


@functools.cache
def _list_countries() -> list[dict[str, Any]]:
    """The countries of the base layer by name, where the codebook places them."""
    known = {country_table("iso_number").get(str(int(shape["id"]))) for shape in _read_file()["objects"]["countries"]["geometries"] if shape.get("id")}
    rows = [row for row in read_table(DATA / "actors" / "countries.csv") if row["code"] in known and row["latitude"]]
    return [{"label": row["name"], "lon": float(row["longitude"]), "lat": float(row["latitude"])} for row in rows]


def _project(longitude: float, latitude: float, view: View) -> tuple[float, float]:
    """A place -> about where it is drawn, in pixels; the world is taken as a plate."""
    east = np.radians((longitude - view.longitude + 180) % 360 - 180)
    north = np.radians(latitude) if view.is_world else _mercator(latitude) - _mercator(view.latitude)
    middle = WORLD_HEIGHT / 2 + WORLD_SOUTH if view.is_world else HEIGHT / 2
    return float(WIDTH / 2 + view.scale * east * (0.9 if view.is_world else 1)), float(middle - view.scale * north)
