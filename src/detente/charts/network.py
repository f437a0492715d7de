"""Who deals with whom: a network of parties, laid out by springs, the same each time."""

from __future__ import annotations

import datetime
from typing import Any

import altair as alt
import numpy as np
import polars as pl
from altair.typing import ChartType
from numpy.typing import NDArray

from detente.charts.style import Look, as_data, as_tooltip, cut, finish, get_look, say_number
from detente.errors import InputError
from detente.exchange.crosswalk import country_name
from detente.wording import say_day

Places = NDArray[np.float64]
MOST_PARTIES = 24
"""Parties shown, those with most events: more names do not fit."""
MOST_TIES = 90
"""Pairs drawn, those with most events."""
ROUNDS = 400
"""Rounds of the layout; it has come to rest after 300 on networks of 5 to 24 parties."""
SIDE = 560
"""Pixels of the square that the network is drawn in."""
LABEL_CHARS = 22
MOST_NAMED = 3
"""Parties asked for that the title names; of a region, it names none."""
SMALLEST, LARGEST = 50, 900
"""Square pixels of a circle."""
EDGE = 1.13
"""Half the width of the drawing, in units of the layout: places reach to 1, names beyond."""


def lay_out(ties: NDArray[np.float64], *, rounds: int = ROUNDS) -> Places:
    """Weights between parties [n, n] (symmetric, 0 for none) -> their places [n, 2] in -1 to 1. The same weights give the same places.

    Springs between those that deal with each other, repulsion between all, cooled down round by round (Fruchterman and Reingold, Software: Practice
    and Experience 21 (1991), 1129-1164); it starts from a circle in the order given, nothing is drawn by lot.
    """
    size = len(ties)
    if size == 1:
        return np.zeros((1, 2))
    angle = 2 * np.pi * np.arange(size) / size
    # the uneven radius breaks the symmetry of the circle, in which forces can cancel each other
    places = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (1 + 0.1 * (np.arange(size) % 3))[:, None]
    ideal = np.sqrt(4.0 / size) * 0.8
    pull = np.where(ties > 0, 0.35 + 0.65 * np.sqrt(ties / max(float(ties.max()), 1.0)), 0.0)
    for number in range(rounds):
        apart = places[:, None] - places[None]
        distance = np.maximum(np.linalg.norm(apart, axis=2), 1e-6)
        force = ideal**2 / distance - pull * distance**2 / ideal
        np.fill_diagonal(force, 0.0)
        step = (apart / distance[..., None] * force[..., None]).sum(axis=1) - 0.35 * places
        length = np.maximum(np.linalg.norm(step, axis=1), 1e-9)
        hottest = 0.2 * (1 - number / rounds)
        places = places + step / length[:, None] * np.minimum(length, hottest)[:, None]
    places = places - (places.max(axis=0) + places.min(axis=0)) / 2
    spread: Places = places / np.maximum(np.abs(places).max(axis=0), 1e-9)
    return spread


def count_ties(table: pl.DataFrame) -> pl.DataFrame:
    """An events table -> its pairs of different parties: ``a``, ``b`` (by alphabet), ``events``, ``forth`` (of a to b), ``intensity`` (mean), most events first."""
    named = table.filter((pl.col("source") != pl.col("target")) & (pl.col("source") != "") & (pl.col("target") != ""))
    return (
        named.with_columns(a=pl.min_horizontal("source", "target"), b=pl.max_horizontal("source", "target"))
        .unique(["event_id", "source", "target"], keep="first", maintain_order=True)
        .group_by("a", "b")
        .agg(pl.len().alias("events"), (pl.col("source") == pl.col("a")).sum().alias("forth"), pl.col("intensity").mean())
        .sort(["events", "a", "b"], descending=[True, False, False])
    )


def draw_network(table: pl.DataFrame, *, about: tuple[str, ...] = (), dark: bool = False) -> ChartType:
    """An events table -> its parties, larger with more events, and what passes between them, by mean intensity. ``about``: keys of parties that are always in.

    Refused: fewer than two parties.
    """
    ties = count_ties(table)
    if ties.is_empty():
        raise InputError("network: found no event between two parties in these days; expected at least one")
    look = get_look(dark=dark)
    sizes = pl.concat([ties.select(party=pl.col(side), events=pl.col("events")) for side in ("a", "b")]).group_by("party").agg(pl.col("events").sum())
    ranked = sizes.with_columns(asked=pl.col("party").is_in(list(about))).sort(["asked", "events", "party"], descending=[True, True, False]).head(MOST_PARTIES)
    chosen = ranked["party"].to_list()
    drawn = ties.filter(pl.col("a").is_in(chosen) & pl.col("b").is_in(chosen)).head(MOST_TIES)
    # who deals only with parties that are not shown would stand apart, with nothing to say
    tied = set(drawn["a"]) | set(drawn["b"])
    parties = sorted(party for party in chosen if party in tied)
    events = dict(ranked.select("party", "events").iter_rows())
    number = {party: n for n, party in enumerate(parties)}
    weights = np.zeros((len(parties), len(parties)))
    for a, b, count in drawn.select("a", "b", "events").iter_rows():
        weights[number[a], number[b]] = weights[number[b], number[a]] = count
    places = lay_out(weights)
    left_out = sizes.height - len(parties)
    first, last = table["day"].min(), table["day"].max()
    assert isinstance(first, datetime.date)
    assert isinstance(last, datetime.date)
    asked = [country_name(key) or key for key in parties if key in about]
    who = f"{', '.join(asked)} and those they deal with," if 0 < len(asked) <= MOST_NAMED else "Who deals with whom,"
    title = f"{who} {say_day(first)} to {say_day(last)}"
    note = f"{say_number(int(ties['events'].sum()), 'event')} between {sizes.height:,} parties" + (f", {len(parties)} of those with most events shown" if left_out else "")
    note += ". Circles are larger with more events; lines thicker with more, coloured by mean intensity (PLOVER: −10 conflict, 10 cooperation)."
    most = max(events.values())
    nodes = [_node(party, events[party], most, places[number[party]], is_asked=not about or party in about) for party in parties]
    edges = [_edge(row, places, number) for row in reversed(list(drawn.iter_rows(named=True)))]
    return finish(_draw(nodes, edges, look), look, title, note)


def _draw(nodes: list[dict[str, Any]], edges: list[dict[str, Any]], look: Look) -> ChartType:
    scale = alt.Scale(domain=[-EDGE, EDGE], nice=False)
    x, y = (alt.X(field="x", type="quantitative", axis=None, scale=scale), alt.Y(field="y", type="quantitative", axis=None, scale=scale))
    lines = (
        alt.Chart(as_data(edges))
        .mark_rule(opacity=0.85)
        .encode(
            x=x,
            y=y,
            x2=alt.X2(field="x2"),
            y2=alt.Y2(field="y2"),
            strokeWidth=alt.StrokeWidth(field="events", type="quantitative", scale=alt.Scale(type="sqrt", range=[0.8, 9], domainMin=1), legend=None),
            color=alt.Color(
                field="intensity",
                type="quantitative",
                scale=alt.Scale(domain=[-10, -3, 0, 3, 10], range=list(look.intensity), clamp=True, interpolate="rgb"),
                legend=alt.Legend(title=["mean intensity", "(−10 conflict,", "10 cooperation)"], gradientLength=160, values=[-10, -5, 0, 5, 10]),
            ),
            tooltip=as_tooltip(pair="between", events="events", ways="of them", mean="mean intensity"),
        )
    )
    base = alt.Chart(as_data(nodes)).encode(x=x, y=y, tooltip=as_tooltip(name="party", events="events"))
    circles = base.mark_circle(opacity=1, stroke=look.background, strokeWidth=1.5).encode(
        size=alt.Size(field="size", type="quantitative", scale=None, legend=None), color=alt.condition("datum.is_asked", alt.value(look.ink), alt.value(look.soft))
    )
    above = base.encode(y=alt.Y(field="label_y", type="quantitative", axis=None, scale=scale), text=alt.Text(field="label", type="nominal"))
    halo = above.mark_text(fontSize=11, fontWeight="bold", stroke=look.background, strokeWidth=4, strokeJoin="round", color=look.background)
    label = above.mark_text(fontSize=11, fontWeight="bold", color=look.ink)
    return alt.layer(lines, circles, halo, label).properties(width=SIDE + 80, height=SIDE)


def _node(party: str, events: int, most: int, place: Places, *, is_asked: bool) -> dict[str, Any]:
    name = country_name(party) or party
    size = SMALLEST + (LARGEST - SMALLEST) * events / most
    above = (np.sqrt(size / np.pi) + 9) * 2 * EDGE / SIDE
    x, y = float(place[0]), float(place[1])
    return {
        "name": name, "label": cut(name, LABEL_CHARS), "events": events, "size": round(size, 1), "x": round(x, 4), "y": round(y, 4), "label_y": round(y + float(above), 4), "is_asked": is_asked
    }  # fmt: skip


def _edge(row: dict[str, Any], places: Places, number: dict[str, int]) -> dict[str, Any]:
    a, b = (country_name(row[side]) or row[side] for side in ("a", "b"))
    here, there = places[number[row["a"]]], places[number[row["b"]]]
    return {
        "pair": f"{a} and {b}",
        "events": row["events"],
        "ways": f"{row['forth']:,} of {a}, {row['events'] - row['forth']:,} of {b}",
        "intensity": round(row["intensity"], 2),
        "mean": f"{row['intensity']:+.1f}".replace("-", "−"),
        "x": round(float(here[0]), 4),
        "y": round(float(here[1]), 4),
        "x2": round(float(there[0]), 4),
        "y2": round(float(there[1]), 4),
    }
