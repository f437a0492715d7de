"""What passed between a dyad by day, week or month: counts and intensity, as told, and corrected for how much was reported at all."""

from __future__ import annotations

import datetime
from typing import Literal

import polars as pl

Period = Literal["day", "week", "month"]
Kind = Literal["event_type", "quad", "rung"]
Score = Literal["intensity", "goldstein"]

EVERY: dict[Period, str] = {"day": "1d", "week": "1w", "month": "1mo"}
"""A week begins on Monday."""
PLACED: dict[Period, tuple[str, ...]] = {"day": ("day",), "week": ("day", "week"), "month": ("day", "week", "month")}
"""Which precisions of dates are sharp enough for a period: an event of "March" in a series of days would stand on a day that nobody told."""


def make_series(
    dyad: pl.DataFrame,
    at: datetime.date,
    *,
    by: Period = "week",
    kind: Kind | None = None,
    per_side: bool = False,
    score: Score = "intensity",
    volume: pl.DataFrame | None = None,
    since: datetime.date | None = None,
) -> pl.DataFrame:
    """A dyad's table (or any events table) -> a row for each period, and for each kind and side if asked for; periods without events have 0.

    Columns: ``period`` (its first day), ``is_whole`` (false if ``at`` or ``since`` cuts it), ``side`` if ``per_side``, ``kind`` (the type, quad class or rung as text) if asked
    for, ``events``, ``score_sum`` and ``score_mean`` (PLOVER's or Goldstein's; null without events, or without a score). With ``volume`` (``load_volume``: ``day``,
    ``events``, of all events or a reference set) also ``volume``, ``share`` (of the events that were reported; null where none was), ``corrected`` and ``score_corrected``: events and
    score as they would be had each period had the mean volume of those shown. An event counts once a row, whatever its parties; dates that are not
    sharp enough for the period are left out (``count_unplaced``). From the first event, or ``since``, until ``at``; no rows if there is none.
    """
    events = _until(dyad, at, since).filter(pl.col("precision").is_in(PLACED[by]))
    if kind is not None:
        events = events.with_columns(pl.col(kind).cast(pl.String).alias("kind"))
    keys = [*(["side"] if per_side else []), *(["kind"] if kind else [])]
    first = since or (events["day"].min() if events.height else None)
    if first is None:
        return _add_volume(_empty(keys), volume, by, at, at)
    assert isinstance(first, datetime.date)
    placed = events.unique(["event_id", *keys], keep="first", maintain_order=True).with_columns(period=pl.col("day").dt.truncate(EVERY[by]))
    counted = placed.group_by("period", *keys).agg(
        pl.len().cast(pl.Int64).alias("events"), score_sum=pl.col(score).sum(), score_mean=pl.col(score).mean(), scored=pl.col(score).count()
    )
    grid = _make_grid(first, at, by)
    for key in keys:
        values = ["a", "b"] if key == "side" else sorted(events["kind"].unique().to_list(), key=_order)
        grid = grid.join(pl.DataFrame({key: values}, schema={key: pl.String()}), how="cross")
    series = grid.join(counted, on=["period", *keys], how="left", maintain_order="left").with_columns(
        pl.col("events").fill_null(0), score_sum=pl.when(pl.col("scored") > 0).then(pl.col("score_sum"))
    )
    return _add_volume(series.drop("scored"), volume, by, first, at)


def count_unplaced(dyad: pl.DataFrame, at: datetime.date, by: Period, *, since: datetime.date | None = None) -> int:
    """A dyad's table -> how many events are left out of its series because their date is not sharp enough."""
    return _until(dyad, at, since).filter(~pl.col("precision").is_in(PLACED[by]))["event_id"].n_unique()


def _until(dyad: pl.DataFrame, at: datetime.date, since: datetime.date | None) -> pl.DataFrame:
    events = dyad.filter(pl.col("day") <= at)
    return events.filter(pl.col("day") >= since) if since else events


def _order(value: str) -> tuple[int, str]:
    return (int(value), "") if value.lstrip("-").isdigit() else (0, value)


def _make_grid(first: datetime.date, at: datetime.date, by: Period) -> pl.DataFrame:
    start = pl.Series([first]).dt.truncate(EVERY[by])[0]
    grid = pl.DataFrame({"period": pl.date_range(start, at, EVERY[by], eager=True)})
    return grid.with_columns(is_whole=(pl.col("period") >= first) & (pl.col("period").dt.offset_by(EVERY[by]) <= at + datetime.timedelta(days=1)))


def _empty(keys: list[str]) -> pl.DataFrame:
    columns = {"period": pl.Date(), "is_whole": pl.Boolean(), **{key: pl.String() for key in keys}, "events": pl.Int64(), "score_sum": pl.Float64(), "score_mean": pl.Float64()}
    return pl.DataFrame(schema=columns)


def _add_volume(series: pl.DataFrame, volume: pl.DataFrame | None, by: Period, first: datetime.date, at: datetime.date) -> pl.DataFrame:
    """A raw series -> the same with the corrected one beside it. The mean volume is that of the whole periods that are shown, or of all if none is whole."""
    if volume is None:
        return series
    told = volume.filter(pl.col("day").is_between(first, at)).group_by(pl.col("day").dt.truncate(EVERY[by]).alias("period")).agg(pl.col("events").sum().alias("volume"))
    joined = series.join(told, on="period", how="left", maintain_order="left").with_columns(pl.col("volume").fill_null(0))
    periods = joined.unique("period")
    whole = periods.filter("is_whole")
    mean = (periods if whole.is_empty() else whole)["volume"].cast(pl.Float64).mean()
    reported = pl.when(pl.col("volume") > 0).then(pl.col("volume"))
    return joined.with_columns(share=pl.col("events") / reported).with_columns(corrected=pl.col("share") * mean, score_corrected=pl.col("score_sum") / reported * mean)
