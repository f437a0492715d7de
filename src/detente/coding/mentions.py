"""The register's names in a document's sentences: where each stands, which of its namesakes is meant, and which are strays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from detente.codebook.register import NATION, Entry, Register, tenure_on
from detente.coding.phrases import Mention
from detente.records import Sentence

MAX_NAME_TOKENS = 10
_PRIORITY = {"person": 0, "country": 1, "organisation": 2, "demonym": 3, "metonym": 4, "capital": 5, "place": 6}


def find_mentions(plain: str, s: Sentence, register: Register) -> list[Mention]:
    """The register's names in one sentence: longest match first, no overlaps, whole tokens (or parts split at hyphens) only."""
    out: list[Mention] = []
    i, n = 0, len(s.words)
    names = register.names
    ends = {end: k for k, end in enumerate(s.ends)}
    while i < n:
        word = s.words[i]
        if not (word[0].isupper() or word[0].isdigit() or word in register.lower_names):
            i += 1
            continue
        options = names.get(word) or names.get(word.split("-")[0]) or names.get(word.rstrip("."))
        start = s.starts[i]
        for alias, entries in options or ():
            stop = start + len(alias)
            if not plain.startswith(alias, start):
                continue
            last = ends.get(stop)
            if last is None:
                if plain[stop : stop + 1].isalnum() or plain[stop : stop + 1] in ("'", ".") and plain[stop - 1] != ".":
                    last = ends.get(stop + 1) if plain[stop : stop + 1] == "." else None
                    if last is None:
                        continue
                else:
                    last = next((k for k in range(i, min(n, i + MAX_NAME_TOKENS)) if s.starts[k] < stop <= s.ends[k]), i)
            entry = choose_entry(entries, None, {})
            if (
                i >= 2
                and s.words[i - 1] == "-"
                and s.words[i - 2].lower() in ("anti", "pro", "non", "ex", "pan", "trans", "inter")
                or word.lower().startswith(("anti-", "pro-", "pan-", "trans-", "inter-"))
            ):
                break
            if entry.kind == "demonym" and s.tags[last] not in ("JJ", "NNP", "NNPS", "NNS", "NN", "JJR", "FW", "VBN", "VBG", "ADD"):
                continue
            if entry.kind != "person" and _inside_name(s, i, last, entry):
                continue
            if entry.detail == "town" and not _in_locative(s, i, last):
                continue
            if (
                entry.kind == "place"
                and i == last
                and i > 0
                and s.tags[i - 1] == "NNP"
                and s.deps[i - 1] == "compound"
                and s.heads[i - 1] == i
                and s.words[i - 1] not in ("New", "North", "South", "East", "West", "Port", "San", "Fort")
            ):
                if not any(plain.startswith(a, s.starts[i - 1]) for a, _ in register.names.get(s.words[i - 1], ())):
                    continue
            if entry.kind == "organisation" and i > 0 and _continues_name(s, i, plain, register):
                continue
            out.append(Mention(i, last, _head(s, i, last), plain[start:stop], entry, entries if len(entries) > 1 else ()))
            i = last
            break
        i += 1
    return out


def _inside_name(s: Sentence, first: int, last: int, entry: Entry) -> bool:
    """ "Jordan Henderson", "Paris Hilton": a place or country name that is a person's first name or surname."""
    following = last + 1 < len(s.words) and s.tags[last + 1] == "NNP" and s.deps[last] == "compound" and s.heads[last] == last + 1
    if entry.kind in ("place", "capital", "country") and following and s.deps[last + 1] in ("nsubj", "nsubjpass", "pobj", "dobj", "conj", "appos", "poss"):
        nxt = s.words[last + 1].lower()
        return entry.kind == "place" and nxt not in (
            "city",
            "province",
            "state",
            "region",
            "island",
            "river",
            "county",
            "airport",
            "district",
            "police",
            "court",
            "university",
            "government",
            "governor",
            "mayor",
        )
    return False


_AT = frozenset({"in", "at", "near", "from", "to", "of", "outside", "around", "on", "into", "across", "between", "toward", "towards", "through", "inside", "over"})


def _in_locative(s: Sentence, first: int, last: int) -> bool:
    """A small town counts only where a place can stand: after a preposition of place, or beside such a name; else it may be anybody's name."""
    head = _head(s, first, last)
    for _ in range(3):
        dep, up = s.deps[head], s.heads[head]
        if dep == "pobj":
            return s.lemmas[up].lower() in _AT
        if dep not in ("conj", "appos", "compound", "nmod") or up == head:
            return dep == "ROOT"
        if dep in ("compound", "nmod") and s.tags[up] == "NNP":
            return False
        head = up
    return False


def _continues_name(s: Sentence, first: int, plain: str, register: Register) -> bool:
    """ "National Security Council": the found name is only the end of a longer one that the register lacks."""
    word = s.words[first - 1]
    if not word[0].isupper() or s.tags[first - 1] not in ("NNP", "JJ") or s.heads[first - 1] < first or first == 1:
        return False
    return not any(plain.startswith(alias, s.starts[first - 1]) for alias, _ in register.names.get(word, ())) and word.lower() not in ("president", "chairman", "director")


def _head(s: Sentence, first: int, last: int) -> int:
    """The token of a name that hangs on something outside of it."""
    for k in range(last, first - 1, -1):
        if not first <= s.heads[k] <= last or s.heads[k] == k:
            return k
    return last


def count_countries(sentences: Sequence[Sentence], mentions: Sequence[Sequence[Mention]], register: Register) -> Counter[str]:
    """How much a document speaks of each country: the title weighs most, then the first sentences; names with namesakes count where nothing else is named."""
    counts: Counter[str] = Counter()
    unsure: Counter[str] = Counter()
    for s, found in zip(sentences, mentions, strict=True):
        weight = 3 if s.kind == "title" else 2 if s.index < 4 else 1
        for mention in found:
            code = code_of(mention.entry)
            if code:
                has_namesakes = mention.entry.kind == "place" and len(register.places.get(mention.text, ())) > 1 or mention.entry.detail == NATION
                (unsure if has_namesakes else counts)[code] += weight
    return counts or unsure


def choose_entry(entries: Sequence[Entry], day: str | None, counts: Mapping[str, int]) -> Entry:
    """Among entries of one name: by kind, then valid on the day, then of the country that the document speaks of most."""

    def rank(e: Entry) -> tuple[int, int, int]:
        found = tenure_on(e, day) if day and e.tenures else None
        code = e.country or (e.place.country if e.place else None)
        return (_PRIORITY[e.kind], 0 if found is None or found[1] else 1, -counts.get(code or "", 0))

    best = min(entries, key=rank)
    if best.detail != NATION:
        return best
    most = max(counts.get(e.country or "", 0) for e in entries)  # the table's order decides among countries spoken of about as much
    return next(e for e in entries if e.detail == NATION and 2 * counts.get(e.country or "", 0) >= most)


def narrator(ranked: Sequence[tuple[str, int]], mentions: Sequence[Sequence[Mention]]) -> str | None:
    """Of two countries that a document speaks of about equally, the one whose ministries and bodies it names: its bare "police" are theirs."""
    if len(ranked) < 2 or ranked[1][1] * 2.5 < ranked[0][1]:
        return None
    bodies: Counter[str] = Counter()
    for found in mentions:
        for m in found:
            if m.entry.kind == "metonym" or m.entry.kind == "organisation" and m.entry.country and not {"JRN", "EDU", "BUS"} & set(m.entry.sectors):
                bodies[m.entry.country or ""] += 1
    first, second = ranked[0][0], ranked[1][0]
    return second if bodies[second] > bodies[first] + 1 else None


def is_stray(m: Mention, counts: Mapping[str, int], mentions: Sequence[Sequence[Mention]]) -> bool:
    """A one-word name of a party or paper ("Conservatives", "Times") of a country that the document does not speak of otherwise."""
    entry = m.entry
    if entry.kind != "organisation" or entry.country is None or " " in m.text or m.text.isupper() or entry.detail in ("armed group", "criminal group", "igo", "alliance"):
        return False
    if entry.detail == "agency" and "LEG" not in entry.sectors:
        return False
    own = sum(3 for found in mentions for other in found if other.entry is entry)
    return counts[entry.country] <= own


def code_of(entry: Entry) -> str | None:
    """The country of a register entry, or of the place that it is."""
    return entry.country or (entry.place.country if entry.place else None)
