"""detente: news reports -> coded political events: who did what to whom, when, where, and according to whom.

``detente.code(text, published_on=date)`` codes one report, ``detente.code_documents(documents)`` many. Everything is imported on first use,
so that ``import detente`` takes no time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime

    from detente.analysis.situation import Situation
    from detente.forecasting.forecast import Forecast
    from detente.pipeline import code_documents, trace_documents
    from detente.reading import read_documents
    from detente.records import CodedReport, Document, Event

__version__ = "0.1.0"
__all__ = ["CodedReport", "Document", "Event", "Forecast", "Situation", "__version__", "code", "code_documents", "read_documents", "trace_documents"]

_HOMES = {
    "CodedReport": "detente.records",
    "Document": "detente.records",
    "Event": "detente.records",
    "Forecast": "detente.forecasting.forecast",
    "Situation": "detente.analysis.situation",
    "code_documents": "detente.pipeline",
    "read_documents": "detente.reading",
    "trace_documents": "detente.pipeline",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'detente' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def code(
    text: str,
    published_on: datetime.date | str | None = None,
    title: str | None = None,
    *,
    doc_id: str | None = None,
    pipeline: str | None = None,
    keep_all: bool = False,
) -> CodedReport:
    """The text of one report -> what it reports: events, claims and relations.

    ``published_on`` (a date, or text as YYYY-MM-DD) is what "on Tuesday" is counted from; without it relative dates stay unresolved. A ``title``
    that the text does not begin with is put before it, and all spans point into ``report.document.text``. ``keep_all`` also keeps planned,
    hypothetical and denied acts. Raises ``InputError`` if the text is empty.

    >>> report = detente.code("North Korea blew up the liaison office on Tuesday.", published_on="2020-06-16")  # doctest: +SKIP
    >>> [event.event_type for event in report.events]  # doctest: +SKIP
    ['ASSAULT']
    """
    from detente.pipeline import code_documents
    from detente.reading.record import make_document

    document = make_document(text, published_on=published_on, title=title, doc_id=doc_id)
    return next(code_documents([document], pipeline=pipeline, keep_all=keep_all))
