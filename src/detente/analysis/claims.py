"""What named experts and officials say of a dyad (causes, motives, assessments, next steps), and how its events hang together; beside the events, never among them."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

from detente.codebook.parties import Party
from detente.records import Claim
from detente.store.claims import Source, StoredClaim, StoredRelation

Bearing = Literal["both", "one", "report"]
KINDS = ("cause", "motive", "assessment", "prediction")


class DyadClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A claim about a dyad. ``who``: the person, or the words for an expert without a name; ``side``: the party that the holder belongs to, if any.

    ``bearing``: its words name both parties, or one of them and its holder is of the other ("both"); one of them ("one"); none, but the report tells of
    the dyad's events ("report").
    """

    day: datetime.date
    who: str
    affiliation: str | None
    country: str | None
    side: Literal["a", "b"] | None
    kind: str
    words: str
    bearing: Bearing
    source: Source


def find_claims(claims: Iterable[StoredClaim], a: Party, b: Party, *, at: datetime.date, since: datetime.date | None = None, reports: Collection[int] = ()) -> list[DyadClaim]:
    """The store's claims and two parties -> those that concern either, published from ``since`` to ``at``, newest first.

    ``reports``: numbers of the documents that tell of the dyad's events; a claim there that names nobody is of them. One who says the same again in
    another report is listed once, with the latest.
    """
    out: dict[tuple[str, str], DyadClaim] = {}
    for stored in claims:
        day = stored.source.published_on
        if day is None or day > at or (since is not None and day < since):
            continue
        bearing = _bearing(stored, a, b, reports)
        if bearing is None:
            continue
        claim = stored.claim
        made = DyadClaim(
            day=day,
            who=claim.holder.entity or claim.holder.text or claim.holder.name,
            affiliation=claim.affiliation,
            country=claim.holder.country,
            side="a" if _is_of(claim, a) else "b" if _is_of(claim, b) else None,
            kind=claim.kind,
            words=_tidy(claim.text),
            bearing=bearing,
            source=stored.source,
        )
        key = (made.who, made.words.casefold())
        if key not in out or out[key].day < day:
            out[key] = made
    return sorted(out.values(), key=lambda c: (-c.day.toordinal(), c.source.key))


def find_relations(relations: Iterable[StoredRelation], event_ids: Collection[str], *, at: datetime.date) -> list[StoredRelation]:
    """The store's relations and the ids of a dyad's events up to ``at`` -> those between two of them that reports up to ``at`` tell, each once."""
    out: dict[tuple[str, str, str], StoredRelation] = {}
    for relation in relations:
        day = relation.source.published_on
        if day is not None and day <= at and relation.first in event_ids and relation.second in event_ids:
            out.setdefault((relation.kind, relation.first, relation.second), relation)
    return list(out.values())


def _bearing(stored: StoredClaim, a: Party, b: Party, reports: Collection[int]) -> Bearing | None:
    names = [_names(stored.claim, party) for party in (a, b)]
    if all(names) or (names[0] and _is_of(stored.claim, b)) or (names[1] and _is_of(stored.claim, a)):
        return "both"
    if any(names):
        return "one"
    return "report" if not stored.claim.about and stored.source.key in reports else None


def _names(claim: Claim, party: Party) -> bool:
    """Whether a claim's words name a party: by the countries found in them, or by a name of it that stands there."""
    low = claim.text.casefold()
    return any(m.country in claim.about for m in party.members) or any(name in low for name in party.names)


def _is_of(claim: Claim, party: Party) -> bool:
    """Whether who holds a claim belongs to a party; a part of a country (PRK/MIL) counts by its sectors."""
    holder = claim.holder
    if party.sectors and not set(party.sectors) & set(holder.sectors):
        return False
    known = {holder.name.casefold(), (holder.entity or "").casefold()}
    return any(m.country == holder.country for m in party.members) or bool(known & set(party.names))


def _tidy(text: str) -> str:
    """A clause as it stands in the report -> the same without what joins it to its sentence."""
    words = " ".join(text.split()).lstrip(":;,–— ").strip()
    return words.removeprefix("that ").strip() or words
