"""Where a name stands in its sentence: what preposition governs it, how far it is from the act; and which place it denotes."""

from __future__ import annotations

from collections.abc import Mapping

from detente.codebook.register import Entry, Register
from detente.coding.grammar import children, is_verb
from detente.coding.phrases import Mention
from detente.records import Place, Sentence

PLACE_NOUNS = frozenset(
    (
        "city town village province region district capital island port area outskirt suburb north south east west part centre center border coast "
        "resort stronghold enclave state county municipality neighbourhood neighborhood airport base square street territory peninsula valley camp "
        "site"
    ).split()
)
STRONG = frozenset({"in", "at", "near", "outside", "inside", "around", "across", "off", "over", "throughout", "within", "along", "on"})


def place_of(mention: Mention, register: Register, ranks: Mapping[str, int]) -> Place | None:
    """The place that a name denotes: among places of one name, the one in the country that the document speaks of most, else the first."""
    entry: Entry = mention.entry
    if entry.kind == "country":
        return register.country_places.get(entry.country or "")
    if entry.kind == "capital":
        options = [p for p in register.places.get(mention.text, ()) if p.country == entry.country]
        if options:
            return options[0]
        country = register.country_places.get(entry.country or "")
        return Place(entry.detail, entry.country, country.latitude if country else None, country.longitude if country else None, "city")
    if entry.kind == "organisation":
        return next(iter(register.places.get(mention.text.removeprefix("the "), ())), None)
    if entry.kind == "metonym":
        return next((p for p in register.places.get(mention.text.removeprefix("the "), ()) if p.country == entry.country), None)
    if entry.kind != "place" or entry.place is None:
        return None
    options = list(register.places.get(mention.text, ())) or [entry.place]
    return min(options, key=lambda p: (p.gazetteer_id is not None and p.name != mention.text, ranks.get(p.country or "", 99)))


def preposition_of(s: Sentence, token: int) -> int | None:
    """The preposition that governs a name, through "the city of X", "X province", conjuncts and appositives."""
    for _ in range(5):
        dep, head = s.deps[token], s.heads[token]
        if dep == "pobj":
            governor = s.heads[head]
            if s.lemmas[head] == "of" and s.lemmas[governor].lower() in PLACE_NOUNS and s.deps[governor] == "pobj":
                token = governor
                continue
            return head
        if dep in ("compound", "nmod", "amod", "poss") and s.lemmas[head].lower() in PLACE_NOUNS or dep in ("conj", "appos", "npadvmod"):
            if head == token:
                return None
            token = head
            continue
        if dep == "compound" and s.tags[head] in ("NNP", "NN"):
            token = head
            continue
        return None
    return None


def names_spot(s: Sentence, mention: Mention) -> bool:
    """ "the Kabul bombing", "Mazar-i-Sharif city": a town before a noun."""
    return mention.entry.kind == "place" and s.deps[mention.head] in ("compound", "nmod") and mention.entry.country is None


def costs_above(s: Sentence, token: int) -> dict[int, float]:
    out = {token: 0.0}
    cost = 0.0
    for _ in range(12):
        head, dep = s.heads[token], s.deps[token]
        if head == token:
            break
        cost += 1.5 if dep in ("ccomp", "advcl", "relcl") else 1.0 if dep in ("conj", "acl", "pcomp") and is_verb(s, token) else 0.2
        token = head
        out.setdefault(token, cost)
    return out


def cost_between(s: Sentence, token: int, above: Mapping[int, float]) -> float:
    cost = 0.0
    for _ in range(12):
        if token in above:
            return cost + above[token]
        is_own_clause = s.deps[token] == "conj" and is_verb(s, token) and bool(children(s, token, "nsubj", "nsubjpass"))
        cost += 2.0 if is_own_clause or s.deps[token] in ("relcl", "acl", "advcl", "ccomp") or s.deps[token] == "xcomp" and s.tags[token] == "VB" else 0.3
        if s.heads[token] == token:
            break
        token = s.heads[token]
    return cost + 4
