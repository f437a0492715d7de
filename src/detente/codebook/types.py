"""Sets of PLOVER event types and of sectors that more than one step goes by."""

from __future__ import annotations

VERBAL = frozenset({"AGREE", "SUPPORT", "REQUEST", "ACCUSE", "REJECT", "THREATEN"})
"""Done by saying so: the speaker is the source, and the day is that of the report."""
OPERATORS = frozenset({"THREATEN", "AGREE", "REQUEST", "REJECT"})
"""Take another act as their content, which is then not actual."""
JUDGING = frozenset({"ACCUSE", "REJECT", "SUPPORT"})
"""Judge what somebody did, who may be named elsewhere: "blamed foreign powers", "rejected the deal"."""
SYMMETRIC = frozenset({"CONSULT", "AGREE", "COOPERATE"})
"""All parties do it with each other: each may be named on either side."""
FOLDED = {"RETREAT": "CONCEDE"}
"""Types that count as one where events are compared."""
STATE_SECTORS = frozenset({"GOV", "MIL", "COP", "LEG", "JUD", "SPY"})
"""The organs of a state."""
