"""Targets of forecasts in words."""

from __future__ import annotations

from detente.codebook.ladder import load_ladder

_NAMED = {
    "conflict": "material conflict",
    "quad:1": "verbal cooperation",
    "quad:2": "material cooperation",
    "quad:3": "verbal conflict",
    "quad:4": "material conflict",
    "onset": "a crisis breaks out",
    "de-escalation": "two rungs lower, or more",
}


def say_target(name: str) -> str:
    """The name of a target -> words: quad:3 -> verbal conflict, rung:4 -> rung 4 or higher (threat or show of force); a type stays."""
    if name.startswith("rung:"):
        rung = int(name.removeprefix("rung:"))
        return f"rung {rung} or higher ({load_ladder().rungs[rung].name})"
    return _NAMED.get(name, name)
