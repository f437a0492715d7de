"""Event mentions -> the same with the place where the words say it happened.

A place is taken from a locative phrase of the event's own clause, then of the sentence; the most precise one wins. A country that only
names an actor is no place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from detente.codebook.register import Entry, Register
from detente.coding.actors import Mention
from detente.coding.grammar import is_verb
from detente.records import EventMention, Place, Sentence

_LOCATIVE = frozenset(
    {
        "in",
        "at",
        "near",
        "outside",
        "inside",
        "around",
        "across",
        "on",
        "off",
        "over",
        "through",
        "along",
        "throughout",
        "within",
        "into",
        "above",
        "beside",
        "of",
        "from",
        "to",
        "between",
        "toward",
        "towards",
        "by",
    }
)
_STRONG = frozenset({"in", "at", "near", "outside", "inside", "around", "across", "off", "over", "throughout", "within", "along", "on"})
_PRECISION = {"site": 0, "city": 1, "region": 2, "sea": 2, "country": 4}
_ARRIVALS = frozenset({"visit", "arrive", "travel", "fly", "go", "send", "host", "trip", "return", "march", "withdraw", "enter", "deploy", "invade", "storm", "dispatch", "move"})
_PLACE_NOUNS = frozenset(
    {
        "city",
        "town",
        "village",
        "province",
        "region",
        "district",
        "capital",
        "island",
        "port",
        "area",
        "outskirt",
        "suburb",
        "north",
        "south",
        "east",
        "west",
        "part",
        "centre",
        "center",
        "border",
        "coast",
        "resort",
        "stronghold",
        "enclave",
        "state",
        "county",
        "municipality",
        "neighbourhood",
        "neighborhood",
        "airport",
        "base",
        "square",
        "street",
        "territory",
        "peninsula",
        "valley",
        "camp",
        "site",
    }
)


def locate_events(
    mentions: Sequence[EventMention],
    sentences: Sequence[Sentence],
    names: Sequence[Sequence[Mention]],
    register: Register,
    countries: Sequence[str],
    dateline: Place | None = None,
) -> list[EventMention]:
    """Event mentions -> event mentions with ``place``. ``countries``: those the document names, most frequent first, to tell places of one name apart.

    ``dateline`` is the city that the report is sent from: talks that no words place, between parties who are not at home there, are held there.
    """
    ranks: Mapping[str, int] = {code: i for i, code in enumerate(countries)}
    found = [_locate(m, sentences[m.sentence], names[m.sentence], register, ranks) or _capital(m, sentences[m.sentence], register, countries) for m in mentions]
    opening = next(
        (
            p
            for m, p in zip(mentions, found, strict=True)
            if p is not None and p.precision in ("city", "site") and m.sentence <= 4 and not m.historical and m.event_type in _SITUATED
        ),
        None,
    )
    out: list[EventMention] = []
    scene: tuple[int, Place] | None = None
    for m, place in zip(mentions, found, strict=True):
        if place is not None and place.precision in ("city", "site") and not m.historical:
            scene = (m.sentence, place)
        elif place is None and m.event_type in _SITUATED and not m.historical:
            near = scene[1] if scene is not None and m.sentence - scene[0] <= SCENE_SENTENCES else opening if m.sentence <= 3 else None
            if near is None and dateline is not None and m.sentence <= 3 and _on_neutral_ground(m, dateline):
                near = dateline
            if near is not None and _could_be_there(m, near):
                place = msgspec.structs.replace(near, text=None, span=None)
        out.append(msgspec.structs.replace(m, place=place))
    return out


SCENE_SENTENCES = 2
"""For how many sentences a named scene goes on: "Police fired tear gas" is where the sentence before was. Set on the sample corpora."""
_SITUATED = frozenset({"ASSAULT", "PROTEST", "COERCE", "MOBILIZE", "CONSULT", "AGREE", "RETREAT"})


def _could_be_there(m: EventMention, place: Place) -> bool:
    return m.event_type in ("CONSULT", "AGREE") or any(a.country == place.country for a in (*m.source, *m.target))


def _on_neutral_ground(m: EventMention, place: Place) -> bool:
    """Whether a meeting or a deal between two countries is reported from a third one."""
    homes = {a.country for a in (*m.source, *m.target) if a.country}
    return m.event_type in ("CONSULT", "AGREE") and len(homes) > 1 and place.country not in homes


def _capital(m: EventMention, s: Sentence, register: Register, countries: Sequence[str]) -> Place | None:
    """ "in the capital", "in the Russian capital": the capital of the country named, else of the one the document is about."""
    for k, lemma in enumerate(s.lemmas):
        if lemma == "capital" and s.deps[k] == "pobj" and s.lemmas[s.heads[k]] in ("in", "at", "near", "around", "outside", "across", "of", "on") and abs(k - m.trigger) < 15:
            owners = [a.country for a in (*m.source, *m.target) if a.country]
            code = next((c for c in (*countries[:1], *owners) if c), None)
            words = [s.words[c] for c in s.children[k]]
            for word in words:
                for alias, entries in register.names.get(word, ()):
                    if alias == word and entries[0].kind in ("demonym", "country") and entries[0].country:
                        code = entries[0].country
            name = next((n for n, c in register.capitals.items() if c == code), None)
            options = [p for p in register.places.get(name or "", ()) if p.country == code]
            if options:
                return msgspec.structs.replace(options[0], text=s.words[k], span=(s.starts[k], s.ends[k]))
    return None


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
    if entry.kind == "metonym":
        return next((p for p in register.places.get(mention.text, ()) if p.country == entry.country), None)
    if entry.kind != "place" or entry.place is None:
        return None
    options = list(register.places.get(mention.text, ())) or [entry.place]
    return min(options, key=lambda p: (p.gazetteer_id is not None and p.name != mention.text, ranks.get(p.country or "", 99)))


def _locate(m: EventMention, s: Sentence, names: Sequence[Mention], register: Register, ranks: Mapping[str, int]) -> Place | None:
    above = _above(s, m.trigger)
    roles = {a.span for a in (*m.source, *m.target) if a.span}
    best: Place | None = None
    best_cost = 9.0
    for mention in names:
        if mention.entry.kind not in ("place", "capital", "country", "metonym"):
            continue
        prep = _preposition(s, mention.head)
        if (
            prep is None
            and s.deps[mention.head] in ("dobj", "nsubjpass")
            and mention.entry.kind in ("place", "capital")
            and m.event_type in ("ASSAULT", "COERCE", "MOBILIZE", "RETREAT")
            and s.heads[mention.head] == m.trigger
        ):
            cost, token = 0.0, mention.head  # "shelled Kharkiv"
        elif prep is None:
            if not _names_spot(s, mention):
                continue
            cost, token = 1.5, mention.head
        else:
            name = s.lemmas[prep].lower()
            if name not in _LOCATIVE:
                continue
            governor = s.heads[prep]
            if name in ("to", "from", "of", "into", "toward", "towards", "between", "by"):
                lemma = s.lemmas[governor].lower()
                if not (name == "of" and lemma in _PLACE_NOUNS or name in ("to", "into") and lemma in _ARRIVALS or name == "from" and lemma == "withdraw"):
                    continue
            cost, token = (0.0 if name in _STRONG else 1.0), prep
        place = place_of(mention, register, ranks)
        if place is None:
            continue
        cost += _climb(s, token, above) + _PRECISION.get(place.precision, 3) * 0.4 + abs(mention.head - m.trigger) / 200
        if (s.starts[mention.first], s.ends[mention.last]) in roles:
            cost += 3.0
        if cost < best_cost:
            span = (s.starts[mention.first], s.ends[mention.last])
            best, best_cost = msgspec.structs.replace(place, text=mention.text, span=span), cost
    if best is None and m.event_type == "CONSULT":
        best = _visited(m, s, names, register, ranks)
    return best


def _visited(m: EventMention, s: Sentence, names: Sequence[Mention], register: Register, ranks: Mapping[str, int]) -> Place | None:
    """ "visited Beijing": the object is the place."""
    if "visit" not in m.modes and s.lemmas[m.trigger] != "visit":
        return None
    for mention in names:
        if mention.entry.kind in ("place", "capital", "country") and s.deps[mention.head] == "dobj" and s.heads[mention.head] == m.trigger:
            place = place_of(mention, register, ranks)
            return msgspec.structs.replace(place, text=mention.text, span=(s.starts[mention.first], s.ends[mention.last])) if place else None
    return None


def _preposition(s: Sentence, token: int) -> int | None:
    """The preposition that governs a name, through "the city of X", "X province", conjuncts and appositives."""
    for _ in range(5):
        dep, head = s.deps[token], s.heads[token]
        if dep == "pobj":
            governor = s.heads[head]
            if s.lemmas[head] == "of" and s.lemmas[governor].lower() in _PLACE_NOUNS and s.deps[governor] == "pobj":
                token = governor
                continue
            return head
        if dep in ("compound", "nmod", "amod", "poss") and s.lemmas[head].lower() in _PLACE_NOUNS or dep in ("conj", "appos", "npadvmod"):
            if head == token:
                return None
            token = head
            continue
        if dep == "compound" and s.tags[head] in ("NNP", "NN"):
            token = head
            continue
        return None
    return None


def _names_spot(s: Sentence, mention: Mention) -> bool:
    """ "the Kabul bombing", "Mazar-i-Sharif city": a town before a noun."""
    return mention.entry.kind == "place" and s.deps[mention.head] in ("compound", "nmod") and mention.entry.country is None


def _above(s: Sentence, token: int) -> dict[int, float]:
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


def _climb(s: Sentence, token: int, above: Mapping[int, float]) -> float:
    cost = 0.0
    for _ in range(12):
        if token in above:
            return cost + above[token]
        cost += 2.0 if s.deps[token] in ("relcl", "acl", "advcl", "ccomp") else 0.3
        if s.heads[token] == token:
            break
        token = s.heads[token]
    return cost + 4
