"""What backtests on a store found, kept in the cache folder, so that the desk can show how good the forecasts over that store are."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from detente import __version__
from detente.forecasting.backtest_dyads import DyadBacktest
from detente.forecasting.evaluation import Scores
from detente.forecasting.keeping import digest, find_cache, keep_bytes
from detente.store.schema import Store

if TYPE_CHECKING:
    from detente.forecasting.backtest_quads import QuadBacktest
    from detente.forecasting.backtest_types import TypeBacktest

Kind = Literal["types", "quads"]
FOLDER, RANKINGS = "backtests", "rankings"
MOST_KEPT = 200
"""Files that are looked at, the latest first."""


class KeptBacktest(msgspec.Struct, frozen=True, kw_only=True):
    """A backtest with when it was made, by which version, over which store. ``backtest_id``: made of what was asked, so that the same asked again takes its place."""

    backtest_id: str
    made_at: str
    version: str
    store: str
    found: DyadBacktest


class KeptRanking(msgspec.Struct, frozen=True, kw_only=True):
    """A backtest of ``kind`` types (which type of act) or quads (whom an act is directed at), in short: its days, the events before them, the ``scores`` by model, and by what was known of
    the pair the share of answers and the mean reciprocal rank by model."""

    backtest_id: str
    made_at: str
    version: str
    store: str
    kind: Kind
    first_day: str
    last_day: str
    history: int
    scores: dict[str, Scores]
    known: dict[str, tuple[float, dict[str, float]]]


def identify_store(store: Store) -> str:
    """A store -> what tells it from others, however its path was written."""
    url = store.engine.url
    return str(Path(url.database or "").resolve()) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def keep_backtest(store: Store, found: DyadBacktest, *, cache: str | None = None) -> KeptBacktest:
    """A store and what a backtest on it found -> the same, kept."""
    name = identify_store(store)
    asked = msgspec.json.encode((found.directed, str(found.score_day), str(found.end_day), len(found.dyads), [(t.target, t.horizon_days) for t in found.targets]))
    kept = KeptBacktest(backtest_id=digest(name, asked)[:12], made_at=_now(), version=__version__, store=name, found=found)
    keep_bytes(find_cache(cache) / FOLDER / f"{kept.backtest_id}.json", msgspec.json.encode(kept))
    return kept


def keep_ranking(store: Store, found: QuadBacktest | TypeBacktest, *, cache: str | None = None) -> KeptRanking:
    """A store and what a backtest of quads or types on it found -> the same in short, kept."""
    kind: Kind = "types" if hasattr(found, "types") else "quads"
    known = {name: (one[0], dict(one[1])) if isinstance(one, tuple) else (one.share, dict(one.mrr)) for name, one in found.kinds.items()}
    name, first, last = identify_store(store), str(found.first_day), str(found.last_day)
    kept = KeptRanking(
        backtest_id=digest(name, kind, first, last)[:12],
        made_at=_now(),
        version=__version__,
        store=name,
        kind=kind,
        first_day=first,
        last_day=last,
        history=found.history,
        scores=dict(found.scores),
        known=known,
    )
    keep_bytes(find_cache(cache) / RANKINGS / f"{kept.backtest_id}.json", msgspec.json.encode(kept))
    return kept


def list_rankings(store: Store, *, cache: str | None = None) -> list[KeptRanking]:
    """A store -> the backtests of quads and types on it that are kept, the latest first."""
    name, folder = identify_store(store), find_cache(cache) / RANKINGS
    found = [kept for path in _latest(folder) if (kept := _read(path, KeptRanking)) is not None and kept.store == name]
    return sorted(found, key=lambda kept: kept.made_at, reverse=True)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def list_backtests(store: Store, *, cache: str | None = None) -> list[KeptBacktest]:
    """A store -> the backtests on it that are kept, the latest first. A file that cannot be read, as one of another version may be, is left out."""
    name, folder = identify_store(store), find_cache(cache) / FOLDER
    found = [kept for path in _latest(folder) if (kept := _read(path, KeptBacktest)) is not None and kept.store == name]
    return sorted(found, key=lambda kept: kept.made_at, reverse=True)


def _latest(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)[:MOST_KEPT]
    except OSError:
        return []


_Record = TypeVar("_Record", bound=msgspec.Struct)


def _read(path: Path, kind: type[_Record]) -> _Record | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        return None
