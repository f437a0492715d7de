"""Event mentions -> the same with the place where the words say it happened.

A place is taken from a locative phrase of the event's own clause, then of the sentence; the most precise one wins. A country that only
names an actor is no place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.codebook.register import Register
from detente.codebook.types import VERBAL
from detente.coding.grammar import children, first_conjunct
from detente.coding.locatives import PLACE_NOUNS, STRONG, cost_between, costs_above, names_spot, place_of, preposition_of
from detente.coding.phrases import Mention
from detente.coding.scenes import SITUATED, Scene, is_remote, lead_place, main_places, scene_of, town_of
from detente.records import EventMention, Place, Sentence

_LOCATIVE = frozenset("in at near outside inside around across on off over through along throughout within into above beside of from to between toward towards by".split())
_PRECISION = {"site": 0, "city": 1, "region": 2, "sea": 2, "country": 4}
_FINEST_FIRST = ("site", "city", "region", "sea", "country")
_LOCAL = frozenset({"ASSAULT", "PROTEST", "COERCE", "MOBILIZE"})
_DIRECTIONS = frozenset({"north", "south", "east", "west"})
_SPOKEN = VERBAL - {"AGREE"}
_STRIKING = frozenset({"ASSAULT", "COERCE", "MOBILIZE", "RETREAT"})
_OF_MANY_USES = frozenset({"to", "from", "of", "into", "toward", "towards", "between", "by"})
_UNLISTED_PREPOSITIONS = frozenset({"in", "at", "near", "outside"})
UNLISTED_COST = 1.5
"""How far in the tree a name that no gazetteer lists may stand from the act. Set on the gold corpora."""
_OCCASION_PREPOSITIONS = frozenset({"at", "in", "during", "outside", "near", "before", "after", "on", "with", "through"})


def locate_events(
    mentions: Sequence[EventMention],
    sentences: Sequence[Sentence],
    names: Sequence[Sequence[Mention]],
    register: Register,
    codebook: Codebook,
    countries: Sequence[str],
    dateline: Place | None = None,
) -> list[EventMention]:
    """Event mentions -> event mentions with ``place``. ``countries``: those the document names, most frequent first, to tell places of one name apart.

    ``dateline`` is the city that the report is sent from: talks that no words place, between parties who are not at home there, are held there.
    """
    ranks: Mapping[str, int] = {code: i for i, code in enumerate(countries)}
    found: list[Place | None] = []
    for m in mentions:
        s = sentences[m.sentence]
        place = _locate(m, s, names[m.sentence], register, codebook, ranks)
        if place is None or place.precision == "country":
            place = _capital(m, s, register, [place.country] if place is not None and place.country else countries) or _unlisted(m, s, names[m.sentence], codebook) or place
        found.append(place or _capital_site(m, s, register, codebook, dateline, countries))
    opening = lead_place(sentences, names, register, ranks) or next(
        (
            p
            for m, p in zip(mentions, found, strict=True)
            if p is not None and p.precision in ("city", "site") and m.sentence <= 4 and not m.historical and m.event_type in SITUATED
        ),
        None,
    )
    mains = main_places(sentences, names, register, ranks, dateline)
    out: list[EventMention] = []
    scene: Scene | None = None
    for m, place in zip(mentions, found, strict=True):
        if place is not None and place.precision in ("city", "site") and not m.historical:
            place = town_of(place, dateline)
            scene = Scene(m.sentence, place, m.event_type)
        elif place is None and not is_remote(sentences[m.sentence], m, codebook):
            near = scene_of(m, scene, opening, mains, dateline)
            place = msgspec.structs.replace(near, text=None, span=None) if near is not None else None
        out.append(msgspec.structs.replace(m, place=place))
    return out


def best_place(group: Sequence[EventMention]) -> Place | None:
    """The place of one event, told by ``group``: one that its own words give before one carried over from the scene, then the most precise."""
    places = [(m.place, m.in_title) for m in group if m.place is not None]
    return min(places, key=lambda p: (p[0].span is None, _FINEST_FIRST.index(p[0].precision), p[1]), default=(None, False))[0]


def _capital_site(m: EventMention, s: Sentence, register: Register, codebook: Codebook, dateline: Place | None, countries: Sequence[str]) -> Place | None:
    """ "outside the presidential palace", "sealed off the embassy": what stands in a capital places the event there, in the country of those who act."""
    if m.event_type not in _LOCAL:
        return None
    for k, lemma in enumerate(s.lemmas):
        if lemma.lower() not in codebook.grammar["capital_sites"] or not (
            s.deps[k] == "dobj" and s.heads[k] == m.trigger and lemma != "parliament" or s.deps[k] == "pobj" and s.lemmas[s.heads[k]] in STRONG
        ):
            continue
        if cost_between(s, k, costs_above(s, m.trigger)) > 2.0:
            continue
        homes = [a.country for a in m.source if a.country]
        code = homes[0] if homes else dateline.country if dateline is not None else next(iter(countries), None)
        name = next((n for n, c in register.capitals.items() if c == code), None)
        options = [p for p in register.places.get(name or "", ()) if p.country == code]
        if options:
            return msgspec.structs.replace(options[0], text=s.words[k], span=(s.starts[k], s.ends[k]))
    return None


def _capital(m: EventMention, s: Sentence, register: Register, countries: Sequence[str]) -> Place | None:
    """ "in the capital", "in the Russian capital": the capital of the country named, else of the one the document is about."""
    for k, lemma in enumerate(s.lemmas):
        if lemma == "capital" and s.deps[k] == "pobj" and _is_at(s, k) and abs(k - m.trigger) < 15:
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


def _is_at(s: Sentence, token: int) -> bool:
    """Whether a preposition puts something at the noun: "in the capital", "the centre of the capital", but not "north of the capital"."""
    prep = s.heads[token]
    name, governor = s.lemmas[prep], s.lemmas[s.heads[prep]].lower()
    return name in ("in", "at", "near", "around", "outside", "across", "on") or name == "of" and governor in PLACE_NOUNS and governor not in _DIRECTIONS


def _locate(m: EventMention, s: Sentence, names: Sequence[Mention], register: Register, codebook: Codebook, ranks: Mapping[str, int]) -> Place | None:
    above = costs_above(s, m.trigger)
    roles = {a.span for a in (*m.source, *m.target) if a.span}
    best: Place | None = None
    best_cost = 9.0
    for mention in names:
        standing = _standing(m, s, mention, register, codebook)
        if standing is None:
            continue
        cost, token = standing
        place = place_of(mention, register, ranks)
        if place is None or m.event_type in _SPOKEN and _is_spoken_of(s, token, m, place, codebook) or m.event_type == "AGREE" and _is_promised(s, token, m.trigger):
            continue
        cost += 0.3 if s.deps[mention.head] == "conj" else 0.0
        cost += cost_between(s, token, above) + _PRECISION.get(place.precision, 3) * 0.4 + abs(mention.head - m.trigger) / 200
        span = (s.starts[mention.first], s.ends[mention.last])
        if mention.entry.kind != "place" and span in roles:
            cost += 3.0
        if cost < best_cost:
            best, best_cost = msgspec.structs.replace(place, text=mention.text, span=span), cost
    if best is None and m.event_type == "CONSULT":
        best = _visited(m, s, names, register, ranks)
    return best


def _standing(m: EventMention, s: Sentence, mention: Mention, register: Register, codebook: Codebook) -> tuple[float, int] | None:
    """A name -> how doubtful it is that the act was there, and the token from which the way to the act is measured; ``None`` where it stands as no place."""
    kind = mention.entry.kind
    is_house = kind == "organisation" and mention.text.removeprefix("the ") in register.places
    if kind not in ("place", "capital", "country", "metonym") and not is_house:
        return None
    prep = preposition_of(s, mention.head)
    if prep is None:
        is_object = s.deps[mention.head] in ("dobj", "nsubjpass") and s.heads[mention.head] == m.trigger
        if is_object and kind in ("place", "capital") and m.event_type in _STRIKING:
            return 0.0, mention.head  # "shelled Kharkiv"
        return (1.5, mention.head) if names_spot(s, mention) and not is_house else None
    name = s.lemmas[prep].lower()
    if is_house and name not in ("at", "in", "outside", "near", "inside", "from"):
        return None  # a house stands for those who work in it, but "at the White House" is where it stands
    if name == "over" and (m.event_type not in SITUATED or m.event_type == "CONSULT"):
        return None  # "a quarrel over the Essequibo"
    if name not in _LOCATIVE or name == "on" and kind in ("capital", "country", "metonym") and m.event_type not in _LOCAL:
        return None  # "pressure on Tehran" is no place
    if name in _OF_MANY_USES and not _is_way(m, s, mention, prep, codebook):
        return None
    return (0.6 if name in ("near", "outside", "around") else 0.0 if name in STRONG else 1.0), prep


def _is_way(m: EventMention, s: Sentence, mention: Mention, prep: int, codebook: Codebook) -> bool:
    """Whether "of", "to" or "from" tells of a place: "the city of", "residents of" who protest, "marched to", "roads into", "expelled from"."""
    grammar, name, governor = codebook.grammar, s.lemmas[prep].lower(), s.heads[prep]
    lemma = s.lemmas[governor].lower()
    if name == "of":
        return lemma in PLACE_NOUNS or m.event_type == "PROTEST" and lemma in grammar["resident_nouns"] and s.deps[governor] == "nsubj"
    if name in ("to", "into"):
        roads = grammar["road_nouns"]
        return lemma in grammar["arrival_verbs"] or lemma in roads or any(s.lemmas[o] in roads for o in children(s, governor, "dobj"))
    return name == "from" and bool({lemma, s.lemmas[s.heads[governor]].lower()} & grammar["departure_verbs"]) and mention.entry.kind in ("place", "organisation")


def _is_spoken_of(s: Sentence, token: int, m: EventMention, place: Place, codebook: Codebook) -> bool:
    """Whether a place belongs to what the words are about ("condemned the exercise near the border") or is the seat of who speaks ("the ministry in
    Pyongyang"), not where they were spoken ("at a rally in Tbilisi", "the envoy in Geneva")."""
    occasions = codebook.grammar["occasion_verbs"]
    for _ in range(12):
        head, dep = s.heads[token], s.deps[token]
        if head == token or token == m.trigger or s.lemmas[token] in occasions and dep in ("advcl", "acl", "relcl", "appos"):
            return False
        if dep in ("nsubj", "nsubjpass") and head in (m.trigger, first_conjunct(s, m.trigger)):
            return place.precision == "country" or any(a.country == place.country for a in m.source)
        if dep == "dobj" and s.lemmas[head] in codebook.grammar["light_verbs"]:
            token = head
            continue
        if dep in ("xcomp", "relcl", "dobj", "nsubj", "nsubjpass", "appos") or dep in ("acl", "advcl") and s.tags[token] == "VB" or dep == "ccomp" and head == m.trigger:
            return True
        if dep == "pobj" and s.lemmas[head] not in _OCCASION_PREPOSITIONS and not (s.lemmas[head] == "of" and s.deps[s.heads[head]] == "pobj"):
            return True
        token = head
    return False


def _is_promised(s: Sentence, token: int, trigger: int) -> bool:
    """Whether a place stands in the infinitive or clause that says what is promised: "agreed to open an office in Kaesong"."""
    for _ in range(12):
        head = s.heads[token]
        if head == token or token == trigger:
            return False
        if s.deps[token] in ("xcomp", "ccomp") and head == trigger or s.deps[token] in ("acl", "advcl") and s.tags[token] == "VB":
            return True
        token = head
    return False


def _unlisted(m: EventMention, s: Sentence, names: Sequence[Mention], codebook: Codebook) -> Place | None:
    """ "was shot dead at Shirmal", "in the village of Balyun": a name that the gazetteer does not have, in the country of those who take part if that is one, without coordinates."""
    if m.event_type not in SITUATED:
        return None
    above, known = costs_above(s, m.trigger), {k for mention in names for k in range(mention.first, mention.last + 1)}
    for k, tag in enumerate(s.tags):
        if (
            tag != "NNP"
            or k in known
            or s.deps[k] != "pobj"
            or not s.words[k][:1].isupper()
            or any(c.isdigit() for c in s.words[k])
            or s.lemmas[k].lower() in codebook.grammar["no_towns"]
        ):
            continue
        prep = preposition_of(s, k)
        name = s.lemmas[prep].lower() if prep is not None else ""
        is_struck = name == "on" and m.event_type == "ASSAULT" and prep is not None and s.heads[prep] == m.trigger  # "an air strike on Bounti"
        if prep is None or not (name in _UNLISTED_PREPOSITIONS or is_struck) or cost_between(s, prep, above) > UNLISTED_COST:
            continue
        first = k
        while first > 0 and s.tags[first - 1] == "NNP" and s.heads[first - 1] == k:
            first -= 1
        if known & set(range(first, k)):
            continue
        homes = {a.country for a in (*m.target, *m.source) if a.country}
        country = next(iter(homes)) if len(homes) == 1 else None
        span = (s.starts[first], s.ends[k])
        text = " ".join(s.words[first : k + 1])
        return Place(text, country, None, None, "city", text=text, span=span)
    return None


def _visited(m: EventMention, s: Sentence, names: Sequence[Mention], register: Register, ranks: Mapping[str, int]) -> Place | None:
    """ "visited Beijing": the object is the place."""
    if "visit" not in m.modes and s.lemmas[m.trigger] != "visit":
        return None
    for mention in names:
        if mention.entry.kind in ("place", "capital", "country") and s.deps[mention.head] == "dobj" and s.heads[mention.head] == m.trigger:
            place = place_of(mention, register, ranks)
            return msgspec.structs.replace(place, text=mention.text, span=(s.starts[mention.first], s.ends[mention.last])) if place else None
    return None
