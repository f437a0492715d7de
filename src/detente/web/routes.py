"""All that the desk has, in one place: a module of pages adds a line here."""

from __future__ import annotations

from typing import Any

from starlette.routing import BaseRoute

from detente.web import (
    api_page,
    api_routes,
    desk,
    documents,
    downloads,
    event,
    events,
    login,
    pages_actors,
    pages_alerts,
    pages_answers,
    pages_codebook,
    pages_dyad_events,
    pages_dyads,
    pages_forecast,
    pages_ladder,
    pages_map,
    pages_precedents,
    pages_rules,
    pages_series,
    pages_situation,
    pages_skill,
    report_files,
    review,
    style,
    trying,
)
from detente.web.routing import Action, Page

_DYADS: tuple[Any, ...] = (pages_dyads, report_files, pages_dyad_events, pages_answers, pages_precedents, pages_forecast, pages_series, pages_situation)
"""The pages of a situation; that of the whole comes last, as its address would take in the others."""
_CODEBOOK: tuple[Any, ...] = (pages_rules, pages_ladder, pages_codebook)
"""The types come last, for the same reason."""
_MODULES: tuple[Any, ...] = (
    api_page,
    api_routes,
    desk,
    documents,
    downloads,
    events,
    event,
    login,
    review,
    style,
    trying,
    pages_alerts,
    pages_actors,
    pages_map,
    *_DYADS,
    *_CODEBOOK,
    pages_skill,
)
PAGES: tuple[Page, ...] = tuple(page for module in _MODULES for page in getattr(module, "PAGES", ()))
ACTIONS: tuple[Action, ...] = tuple(action for module in _MODULES for action in getattr(module, "ACTIONS", ()))
OTHERS: tuple[BaseRoute, ...] = tuple(route for module in _MODULES for route in getattr(module, "OTHERS", ()))
"""Addresses that are no pages: files to download, the style of charts."""
API: tuple[Any, ...] = ()
"""Routers of the API, with their prefixes."""
