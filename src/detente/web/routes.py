"""All that the desk has, in one place: a module of pages adds a line here."""

from __future__ import annotations

from typing import Any

from starlette.routing import BaseRoute

from detente.web import desk, documents, downloads, event, events, login, pages_codebook, pages_ladder, pages_rules, review, style
from detente.web.routing import Action, Page

_MODULES: tuple[Any, ...] = (desk, documents, downloads, events, event, login, review, style, pages_rules, pages_ladder, pages_codebook)
PAGES: tuple[Page, ...] = tuple(page for module in _MODULES for page in getattr(module, "PAGES", ()))
ACTIONS: tuple[Action, ...] = tuple(action for module in _MODULES for action in getattr(module, "ACTIONS", ()))
OTHERS: tuple[BaseRoute, ...] = tuple(route for module in _MODULES for route in getattr(module, "OTHERS", ()))
"""Addresses that are no pages: files to download, the style of charts."""
API: tuple[Any, ...] = ()
"""Routers of the API, with their prefixes."""
