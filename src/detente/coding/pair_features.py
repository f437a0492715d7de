"""A sentence with a marked source and target -> the features that the classifier weighs: words on the way between the two, and the rules' verdicts.

Features are named counts, so that ``detente explain`` and the head's weights can be read. Nothing here is learned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.coding.events import find_events
from detente.coding.grammar import is_verb
from detente.coding.phrases import Phrase
from detente.records import Actor, EventMention, Sentence, Span

_ANY_SECTOR = ("GOV", "MIL", "COP", "JUD", "LEG", "PTY", "REB", "UAF", "OPP", "CVL", "IGO", "BUS", "LAB", "CRM", "SPY", "NGO", "PRM", "JRN", "SOC")
SOURCE = Actor("source", "SOURCE", None, _ANY_SECTOR, "SOURCE")
TARGET = Actor("target", "TARGET", None, _ANY_SECTOR, "TARGET")
"""Stand-ins for whoever the marked spans name: every rule may take them, so that only grammar decides who fills which role."""

_NOT_HEADS = frozenset({"IN", "DT", ",", "-LRB-", "-RRB-", "CC", "TO", "."})
_SILENT = frozenset({"DT", ",", ".", "''", "``", "POS", "CD", "NNP", "NNPS"})
_ARGUMENTS = frozenset({"dobj", "nsubj", "nsubjpass", "acomp", "attr", "oprd", "xcomp", "ccomp", "dative", "advmod", "advcl"})
_FUTURE = frozenset({"will", "would", "'ll", "wo"})
_NEGATIONS = frozenset({"not", "n't", "never"})
RULE_WEIGHT = 1.5
"""How strongly a rule's verdict counts beside a word; chosen among five values on the development relations."""
_MATCHES = {3: "both", 2: "source", 1: "target", 0: "neither", -1: "reversed"}


class Pair(msgspec.Struct, frozen=True):
    """A text with its parsed sentences and the marked source and target; a span is ``None`` where the text does not name the party."""

    text: str
    sentences: tuple[Sentence, ...]
    source: Span | None
    target: Span | None


class PairFeatures(msgspec.Struct, frozen=True):
    """What is known of a pair: named features, the rules' mentions with how their roles match (3 both to -1 reversed), and tokens of note."""

    names: dict[str, float]
    mentions: tuple[tuple[int, EventMention], ...]
    sentence: int
    trigger: int | None
    path: tuple[int, ...]
    heads: tuple[int | None, int | None]


def describe_pairs(pairs: Sequence[Pair], codebook: Codebook) -> list[PairFeatures]:
    """Pairs -> their features, in order."""
    return [describe_pair(pair, codebook) for pair in pairs]


def describe_pair(pair: Pair, codebook: Codebook) -> PairFeatures:
    """One pair -> its features."""
    marked = [(_tokens(s, pair.source), _tokens(s, pair.target)) for s in pair.sentences]
    phrases = [_overlay(s, source, target) for s, (source, target) in zip(pair.sentences, marked, strict=True)]
    mentions, _ = find_events(pair.text, pair.sentences, phrases, codebook)
    best = max(range(len(marked)), key=lambda k: (bool(marked[k][0]) + bool(marked[k][1]), -k))
    s, (source, target) = pair.sentences[best], marked[best]
    heads = (_head(s, source), _head(s, target))
    path, trigger, names = _path(s, *heads)
    inside = source | target
    for token in path:
        if token not in inside:
            names["path=" + s.lemmas[token].lower()] = 1.0
    _verbs(s, heads, trigger, (source, target), names)
    _words(s, source, target, names)
    matched = _rules(pair, mentions, marked, best, path, names)
    return PairFeatures(names, matched, best, trigger, tuple(path), heads)


# -- where the two stand ---------------------------------------------------------------------------------------------------
def _tokens(s: Sentence, span: Span | None) -> frozenset[int]:
    if span is None:
        return frozenset()
    return frozenset(k for k in range(len(s.words)) if s.starts[k] < span[1] and s.ends[k] > span[0])


def _overlay(s: Sentence, source: frozenset[int], target: frozenset[int]) -> dict[int, Phrase]:
    """The marked spans as noun phrases; where they overlap the source wins."""
    out: dict[int, Phrase] = {}
    for actor, tokens in ((TARGET, target), (SOURCE, source)):
        if not tokens:
            continue
        named = msgspec.structs.replace(actor, span=(s.starts[min(tokens)], s.ends[max(tokens)]))
        for k in tokens:
            if (s.heads[k] not in tokens or s.heads[k] == k) and s.tags[k] not in _NOT_HEADS:
                out[k] = Phrase((named,), "body")
    return out


def _head(s: Sentence, tokens: frozenset[int]) -> int | None:
    tops = sorted(k for k in tokens if s.heads[k] not in tokens or s.heads[k] == k)
    return next((k for k in tops if s.tags[k] not in _NOT_HEADS), tops[0] if tops else None)


def _chain(s: Sentence, token: int) -> list[int]:
    out = [token]
    while s.heads[out[-1]] != out[-1] and len(out) < 40:
        out.append(s.heads[out[-1]])
    return out


def _path(s: Sentence, a: int | None, b: int | None) -> tuple[list[int], int | None, dict[str, float]]:
    """Tokens on the way from source to target, the one where the two branches meet, and the shape of the way."""
    names: dict[str, float] = {}
    if a is not None and b is not None:
        above_a, above_b = _chain(s, a), _chain(s, b)
        top = next((k for k in above_a if k in above_b), None)
        if top is not None:
            up, down = above_a[: above_a.index(top)], above_b[: above_b.index(top)]
            names["way=" + ">".join(s.deps[k] for k in up) + "|" + "<".join(s.deps[k] for k in down)] = 1.0
            names["up=" + (s.deps[up[-1]] if up else "self")] = 1.0
            names["down=" + (s.deps[down[-1]] if down else "self")] = 1.0
            return [*up, top, *reversed(down)], top, names
        return [], None, names
    names["no-target" if b is None else "no-source"] = 1.0
    known = a if a is not None else b
    path = _chain(s, known)[:3] if known is not None else []
    return path, next((k for k in path if is_verb(s, k)), None), names


# -- words -------------------------------------------------------------------------------------------------------------------
def _verbs(s: Sentence, heads: tuple[int | None, int | None], trigger: int | None, marked: tuple[frozenset[int], frozenset[int]], names: dict[str, float]) -> None:
    above_source = _verb_above(s, heads[0])
    if above_source is not None:
        _verb(s, above_source, "sv.", marked, names)
        _complement(s, above_source, names)
    above_target = _verb_above(s, heads[1])
    if above_target is not None:
        _verb(s, above_target, "tv.", marked, names)
    if trigger is not None and is_verb(s, trigger):
        _verb(s, trigger, "lv.", marked, names)


def _verb_above(s: Sentence, token: int | None) -> int | None:
    return None if token is None else next((k for k in _chain(s, token)[1:] if is_verb(s, k)), None)


def _verb(s: Sentence, v: int, prefix: str, marked: tuple[frozenset[int], frozenset[int]], names: dict[str, float]) -> None:
    lemma = s.lemmas[v].lower()
    names[f"{prefix}l={lemma}"] = names[f"{prefix}tag={s.tags[v]}"] = 1.0
    for c in s.children[v]:
        dep, word = s.deps[c], _word(s, c, marked)
        if dep in ("aux", "auxpass", "neg", "prt"):
            low = s.words[c].lower()
            names[f"{prefix}{dep}={low}"] = names[f"{prefix}lp={lemma}+{low}"] = 1.0
        elif dep in _ARGUMENTS:
            names[f"{prefix}{dep}={word}"] = names[f"{prefix}l+{dep}={lemma}+{word}"] = 1.0
            if dep == "dobj":
                names.update({f"{prefix}om={s.lemmas[k].lower()}": 1.0 for k in s.children[c] if s.deps[k] in ("amod", "compound", "prep", "acl")})
        elif dep in ("prep", "agent"):
            names[f"{prefix}prep={word}"] = names[f"{prefix}l+p={lemma}+{word}"] = 1.0
            names.update({f"{prefix}po={word}+{_word(s, k, marked)}": 1.0 for k in s.children[c] if s.deps[k] == "pobj"})


def _word(s: Sentence, k: int, marked: tuple[frozenset[int], frozenset[int]]) -> str:
    return "SOURCE" if k in marked[0] else "TARGET" if k in marked[1] else s.lemmas[k].lower()


def _complement(s: Sentence, v: int, names: dict[str, float]) -> None:
    """What the source says, agrees or refuses to do: the verb below the source's verb, with its auxiliaries and object."""
    lemma = s.lemmas[v].lower()
    for c in s.children[v]:
        if s.deps[c] not in ("xcomp", "ccomp") or not is_verb(s, c):
            continue
        names["comp=" + s.lemmas[c].lower()] = names[f"sv+comp={lemma}+{s.lemmas[c].lower()}"] = 1.0
        for k in s.children[c]:
            if s.deps[k] in ("aux", "neg"):
                names["compaux=" + s.words[k].lower()] = names[f"svaux={lemma}+{s.words[k].lower()}"] = 1.0
            elif s.deps[k] == "dobj":
                names["compobj=" + s.lemmas[k].lower()] = 1.0


def _words(s: Sentence, source: frozenset[int], target: frozenset[int], names: dict[str, float]) -> None:
    for prefix, tokens in (("sh=", source), ("th=", target)):
        names.update({prefix + s.lemmas[k].lower(): 1.0 for k in tokens if s.tags[k][:2] in ("NN", "VB", "JJ")})
    low, high = 0, len(s.words)
    if source and target:
        low, high = min(max(source), max(target)), max(min(source), min(target))
    inside = source | target
    for k in range(len(s.words)):
        if k in inside or s.tags[k] in _SILENT:
            continue
        lemma = s.lemmas[k].lower()
        names["w=" + lemma] = 0.5
        if low < k < high:
            names["b=" + lemma] = 1.0
        if k + 1 < len(s.words) and k + 1 not in inside:
            names[f"bg={lemma}_{s.lemmas[k + 1].lower()}"] = 0.5


# -- the rules' verdicts --------------------------------------------------------------------------------------------------
def _rules(
    pair: Pair, mentions: Iterable[EventMention], marked: Sequence[tuple[frozenset[int], frozenset[int]]], best: int, path: Sequence[int], names: dict[str, float]
) -> tuple[tuple[int, EventMention], ...]:
    matched: list[tuple[int, EventMention]] = []
    for m in mentions:
        quality = _match(m)
        matched.append((quality, m))
        s, kind = pair.sentences[m.sentence], _kind(m)
        prefixes = [f"r.{_MATCHES[quality]}"]
        if m.sentence == best and m.trigger in path:
            prefixes.append("r.path")
        if m.sentence == best and m.trigger in marked[best][1]:
            prefixes.append("r.in-target")
        around = {s.words[c].lower() for c in s.children[m.trigger] if s.deps[c] in ("aux", "neg")}
        if around & _FUTURE:
            prefixes.append(f"r.future.{_MATCHES[quality]}")
        if around & _NEGATIONS:
            prefixes.append(f"r.negated.{_MATCHES[quality]}")
        if "to" in around:
            prefixes.append(f"r.infinitive.{_MATCHES[quality]}")
            names["infinitive-of=" + s.lemmas[s.heads[m.trigger]].lower()] = 1.0
        names.update({f"{p}={kind}": RULE_WEIGHT for p in prefixes})
    matched.sort(key=lambda found: (-found[0], -found[1].score))
    if not matched:
        names["r.none"] = RULE_WEIGHT
    elif matched[0][0] >= 1:
        quality, m = matched[0]
        s = pair.sentences[m.sentence]
        near = {k for c in (m.trigger, *s.children[m.trigger]) for k in (c, *s.children[c], *(g for d in s.children[c] for g in s.children[d]))}
        names.update({f"kw={_kind(m)}+{s.lemmas[k].lower()}": 1.0 for k in near if s.tags[k] not in _SILENT})
        names["r.best=" + _kind(m)] = names["r.rule=" + m.rule.split(">")[0]] = names[f"r.match={_MATCHES[quality]}"] = RULE_WEIGHT
    return tuple(matched)


def _match(m: EventMention) -> int:
    sources, targets = {a.name for a in m.source}, {a.name for a in m.target}
    quality = 2 * (SOURCE.name in sources) + (TARGET.name in targets)
    return -1 if quality == 0 and (TARGET.name in sources or SOURCE.name in targets) else quality


def _kind(m: EventMention) -> str:
    """Type with the CAMEO code where the conventions of relation data part from the codebook's (see ``classifier/conventions.csv``)."""
    return label_of(m.event_type, m.modes, m.cameo)


SPLIT: Mapping[str, frozenset[str]] = {"SANCTION": frozenset({"116", "163"}), "COERCE": frozenset({"176", "191", "192"})}
"""Acts that coders of relation data put under another type than the codebook does, by CAMEO code."""


def label_of(event_type: str, modes: Iterable[str], cameo: str) -> str:
    """Type, modes and CAMEO code -> the classifier's label: the type, or type/code for the acts of ``SPLIT``."""
    modes = tuple(modes)
    if event_type == "SANCTION" and ("convict" in modes or cameo == "116"):
        return "SANCTION/116"
    if event_type == "COERCE" and "cyber" in modes:
        return "COERCE/176"
    if cameo[:3] in SPLIT.get(event_type, frozenset()):
        return f"{event_type}/{cameo[:3]}"
    return event_type
