"""Sentences -> who each noun phrase denotes: register names, roles by composition, owners of things, and coreference within the document.

``find_actors`` walks the document once, in order, keeping what it has learned of names and roles on the way.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.codebook.register import COMMON_SURNAMES, HEADS, NATION, Entry, Register, Role, tenure_on
from detente.coding.grammar import MAX_DEPTH, RELATIVE, SUBJECTS, children, conjuncts, first_conjunct, is_verb, noun_agents, surface_subjects
from detente.coding.pronouns import MAX_GAP_SENTENCES, Antecedent, describe_antecedent, pronoun_class, score_antecedent, subjects_above
from detente.coding.sides import Named, count_sides, last_parties
from detente.coding.whose import LOCATIVE, Spoken, choose_country, describe_countries, read_setting
from detente.records import Actor, Place, Sentence

MAX_NAME_TOKENS = 10


class Mention(msgspec.Struct, frozen=True):
    """A register name in a sentence: first and last token, its head token, and the entries it may mean, best first."""

    first: int
    last: int
    head: int
    text: str
    entry: Entry
    options: tuple[Entry, ...] = ()


class Phrase(msgspec.Struct, frozen=True):
    """Whom a noun phrase denotes. ``kind``: person, body, group, country, capital, people, property, owner, place, pronoun, expert, unknown."""

    actors: tuple[Actor, ...]
    kind: str
    plural: bool = False
    role: str = ""
    inferred: bool = False


class ActorTable(msgspec.Struct, frozen=True):
    """Per sentence: the names found and, by head token, whom each noun phrase denotes; and the country the document is mostly about."""

    mentions: tuple[tuple[Mention, ...], ...]
    phrases: tuple[dict[int, Phrase], ...]
    countries: tuple[tuple[str, int], ...]
    home: str | None
    dateline: str | None = None


def find_actors(text: str, sentences: Sequence[Sentence], codebook: Codebook, register: Register, published_on: datetime.date | None, dateline_country: str | None) -> ActorTable:
    """A document's sentences -> its ``ActorTable``. ``published_on`` decides who held which office; without it the latest holder is meant."""
    plain = text.translate(_PLAIN)
    day = published_on.isoformat() if published_on else None
    mentions = [find_mentions(plain, s, register) for s in sentences]
    counts: Counter[str] = Counter()
    unsure: Counter[str] = Counter()
    for s, found in zip(sentences, mentions, strict=True):
        weight = 3 if s.kind == "title" else 2 if s.index < 4 else 1
        for mention in found:
            code = _code_of(mention.entry)
            if code:
                has_namesakes = mention.entry.kind == "place" and len(register.places.get(mention.text, ())) > 1 or mention.entry.detail == NATION
                (unsure if has_namesakes else counts)[code] += weight
    counts = counts or unsure
    if dateline_country:
        counts[dateline_country] += 1
    mentions = [[msgspec.structs.replace(m, entry=_choose_entry(m.options, day, counts)) if m.options else m for m in found] for found in mentions]
    mentions = [[m for m in found if not _is_stray(m, counts, mentions)] for found in mentions]
    ranked = tuple(counts.most_common())
    home = ranked[0][0] if ranked else dateline_country
    home = _narrator(ranked, mentions) or home
    if dateline_country and ranked and counts[dateline_country] > 2 and counts[dateline_country] * 2.5 >= ranked[0][1]:
        home = dateline_country
    elif dateline_country and counts[dateline_country] * 2.5 < (ranked[0][1] if ranked else 0):
        dateline_country = None  # written from elsewhere: a correspondent's desk is not what the report is about
    reader = _Reader(plain, sentences, mentions, codebook, register, day, home, {code for code, _ in ranked}, dateline_country)
    return ActorTable(tuple(tuple(m) for m in mentions), tuple(reader.read_all()), ranked, home, dateline_country)


_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "–": "-", "\u2010": "-", "\u2011": "-", "\n": " "})
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
            entry = _choose_entry(entries, None, {})
            if i >= 2 and s.words[i - 1] == "-" and s.words[i - 2].lower() in ("anti", "pro", "non", "ex") or word.lower().startswith(("anti-", "pro-")):
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


def _choose_entry(entries: Sequence[Entry], day: str | None, counts: Mapping[str, int]) -> Entry:
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


def _narrator(ranked: Sequence[tuple[str, int]], mentions: Sequence[Sequence[Mention]]) -> str | None:
    """Of two countries that a document speaks of about equally, the one whose ministries and bodies it names: its bare "police" are theirs."""
    if len(ranked) < 2 or ranked[1][1] * 2.5 < ranked[0][1]:
        return None
    bodies: Counter[str] = Counter()
    for found in mentions:
        for m in found:
            if m.entry.kind == "metonym" or m.entry.kind == "organisation" and m.entry.country and not {"JRN", "EDU"} & set(m.entry.sectors):
                bodies[m.entry.country or ""] += 1
    first, second = ranked[0][0], ranked[1][0]
    return second if bodies[second] > bodies[first] + 1 else None


def _is_stray(m: Mention, counts: Mapping[str, int], mentions: Sequence[Sequence[Mention]]) -> bool:
    """A one-word name of a party or paper ("Conservatives", "Times") of a country that the document does not speak of otherwise."""
    entry = m.entry
    if entry.kind != "organisation" or entry.country is None or " " in m.text or m.text.isupper() or entry.detail in ("armed group", "criminal group", "agency", "igo", "alliance"):
        return False
    own = sum(3 for found in mentions for other in found if other.entry is entry)
    return counts[entry.country] <= own


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
    for k in range(last, first - 1, -1):
        if not first <= s.heads[k] <= last or s.heads[k] == k:
            return k
    return last


_ME = frozenset({"i", "me", "my", "we", "us", "our", "myself", "ourselves"})
_ARTICLE = re.compile(r"^(?:al|el|an|as|ar|ash|ad)-", re.IGNORECASE)
"""The article that Arabic surnames are written with or without."""
_BODY_WORDS = {
    "bloc": ("igo", "alliance"),
    "alliance": ("igo", "alliance"),
    "agency": ("agency", "igo", "state media", "media"),
    "group": ("armed group", "ngo", "igo", "alliance"),
    "organisation": ("igo", "ngo"),
    "organization": ("igo", "ngo"),
    "militia": ("armed group",),
    "party": ("party",),
    "union": ("union",),
    "company": ("company",),
    "court": ("court",),
    "movement": ("armed group", "party"),
    "broadcaster": ("media", "state media"),
    "newspaper": ("media", "state media"),
    "bank": ("igo",),
    "body": ("igo",),
}
_COUNTRY_NOUNS = frozenset({"country", "nation", "state", "republic", "kingdom", "neighbour", "neighbor"})
_GROUP_NOUNS = frozenset({"group", "movement", "organisation", "organization", "party", "militia", "bloc", "agency", "body", "alliance"})
_STATE_WORDS = frozenset({"regime", "government", "administration", "authority", "authorities", "state", "leadership", "side", "official", "officials"})


_OWN_SECTORS = frozenset({"CVL", "COP", "OPP", "PTY", "MIL", "GOV", "LEG"})
_CROWDS = frozenset({"dozen", "hundred", "thousand", "million", "score", "ten", "crowd"})
_BODIES = {
    "un": "United Nations",
    "eu": "European Union",
    "european": "European Union",
    "nato": "NATO",
    "iaea": "International Atomic Energy Agency",
    "au": "African Union",
    "african": "African Union",
    "osce": "OSCE",
    "who": "World Health Organization",
    "imf": "International Monetary Fund",
    "world": "World Bank",
    "arab": "Arab League",
    "opcw": "OPCW",
    "icc": "International Criminal Court",
}


_TOWARDS = frozenset({"with", "on", "against", "by", "to", "from"})
_REGIONS = {"european": "European Union", "african": "African Union", "arab": "Arab League"}
"""Of which body the leaders of a region are the members."""


def _body_of(role: str) -> str:
    """The organisation that an official's role names: "un secretary-general" -> United Nations."""
    return _BODIES.get(role.split(" ")[0], role)


def _spoken(sentences: Sequence[Sentence], mentions: Sequence[Sequence[Mention]]) -> Iterable[Spoken]:
    for s, found in zip(sentences, mentions, strict=True):
        for m in found:
            country = _code_of(m.entry)
            if country:
                kind, dep, above = m.entry.kind, s.deps[m.head], s.lemmas[s.heads[m.head]].lower()
                located = kind in ("place", "capital", "country") and dep == "pobj" and above in LOCATIVE
                yield Spoken(
                    country, s.index, s.kind == "title", m.last, located, located or kind == "place", dep in ("nsubj", "nsubjpass") and kind in ("country", "capital", "metonym")
                )


def _code_of(entry: Entry) -> str | None:
    return entry.country or (entry.place.country if entry.place else None)


def _unknown_surnames(s: Sentence, found: Sequence[Mention], grammar: Mapping[str, frozenset[str]]) -> Iterable[str]:
    """Surnames of full names that the register lacks ("Ana Rouhani"): later in the document the surname alone means this person."""
    taken = {k for m in found for k in range(m.first, m.last + 1)}
    for i in range(1, len(s.words)):
        first = s.words[i - 1]
        named = s.tags[i] == s.tags[i - 1] == "NNP" and s.heads[i - 1] == i and s.deps[i - 1] == "compound" and not {i, i - 1} & taken
        if named and len(first) > 2 and first[1:].islower() and first.lower() not in grammar["person_titles"]:
            yield s.words[i]


class _Known(msgspec.Struct):
    """Something the document has mentioned: for coreference."""

    sentence: int
    token: int
    phrase: Phrase
    is_subject: bool


class _Reader:
    """The document so far. Lives for one ``find_actors`` call only."""

    def __init__(
        self,
        plain: str,
        sentences: Sequence[Sentence],
        mentions: Sequence[Sequence[Mention]],
        codebook: Codebook,
        register: Register,
        day: str | None,
        home: str | None,
        countries: set[str],
        dateline_country: str | None,
    ) -> None:
        self.plain, self.sentences, self.mentions = plain, sentences, mentions
        self.grammar, self.register, self.day = codebook.grammar, register, day
        self.pronoun_weights, self.role_weights = codebook.reference["pronoun"], codebook.reference["role"]
        self.home, self.countries, self.dateline_country = home, countries, dateline_country
        self.people: dict[str, Phrase] = {}
        self.roles: dict[str, Phrase] = {}
        self.known: list[_Known] = []
        self.speaker: Phrase | None = None
        self.authors: tuple[Actor, ...] = ()
        self.setting = read_setting(_spoken(sentences, mentions))
        self.other_names = {word for s, found in zip(sentences, mentions, strict=True) for word in _unknown_surnames(s, found, self.grammar)}
        for s, found in zip(sentences, mentions, strict=True):
            for mention in found:
                if mention.entry.kind == "person":
                    self._remember_person(mention.entry, mention.text, s, mention)

    # -- walking ---------------------------------------------------------------------------------------------------
    def read_all(self) -> list[dict[int, Phrase]]:
        out = []
        for s, found in zip(self.sentences, self.mentions, strict=True):
            self.s = s
            self.here: dict[int, Phrase] = {}
            self.at = {k: m for m in found for k in range(m.first, m.last + 1)}
            for i in range(len(s.words)):
                if i in self.here or not self._is_head(i):
                    continue
                phrase = self.resolve(i)
                if phrase is None:
                    continue
                if phrase.actors:
                    self.here[i] = phrase
                    mention = self.at.get(i)
                    if mention is not None:
                        for k in range(mention.first, mention.last + 1):
                            if not mention.first <= s.heads[k] <= mention.last or s.heads[k] == k:
                                self.here[k] = phrase
                self._note(i, phrase)
            out.append(self.here)
            self._find_speaker()
        return out

    def _is_head(self, i: int) -> bool:
        s = self.s
        tag = s.tags[i]
        if i in self.at:
            return self.at[i].head == i
        if tag in ("PRP", "PRP$"):
            return True
        if tag[:2] == "NN":
            return s.deps[i] not in ("compound", "nmod") or s.lemmas[i] in self.register.roles
        return s.deps[i] in ("nsubj", "nsubjpass", "dobj", "pobj", "appos", "conj", "attr") and tag in ("CD", "JJ", "DT", "VBN", "WDT", "WP", "JJS")

    def _note(self, i: int, phrase: Phrase) -> None:
        s = self.s
        if phrase.kind == "pronoun":
            return
        top = i
        while s.deps[top] in ("conj", "appos", "compound") and s.heads[top] != top:
            top = s.heads[top]
        subject = s.deps[top] in ("nsubj", "nsubjpass", "agent") or (s.deps[top] == "pobj" and s.lemmas[s.heads[top]] == "by")
        self.known.append(_Known(s.index, i, phrase, subject))

    def _whom_relative_means(self, i: int, depth: int) -> Phrase | None:
        """ "Kuwait, whose emir flew": the noun that the clause of "whose" describes."""
        s = self.s
        token = i
        for _ in range(MAX_DEPTH):
            if s.deps[token] == "relcl":
                return self.resolve(s.heads[token], depth + 1)
            if s.heads[token] == token:
                break
            token = s.heads[token]
        return None

    def _find_speaker(self) -> None:
        s = self.s
        for v, lemma in enumerate(s.lemmas):
            if is_verb(s, v) and lemma in self.grammar["report_verbs"]:
                subjects, _ = surface_subjects(s, v)
                for subject in subjects:
                    if subject in self.here:
                        self.speaker = self.here[subject]
                        return

    # -- resolution ------------------------------------------------------------------------------------------------
    def resolve(self, i: int, depth: int = 0) -> Phrase | None:
        """Whom the noun phrase with head ``i`` denotes."""
        if depth > 6:
            return None
        s = self.s
        if i in self.here:
            return self.here[i]
        mention = self.at.get(i)
        if mention is not None:
            return self._named(i, mention, depth)
        low = s.words[i].lower()
        if s.tags[i] in ("PRP", "PRP$"):
            return self._pronoun(i, low)
        if low in ("north", "south") and s.words[i][0].isupper() and {"PRK", "KOR"} & self.countries:
            code = "PRK" if low == "north" else "KOR"
            return Phrase((self._actor(i, i, self.register.countries[code].name, code, ("GOV",)),), "country")
        if low in RELATIVE:
            return self._whom_relative_means(i, depth) if low == "whose" else None
        counted = count_sides(s, i, self.grammar["party_nouns"], self.grammar["party_leaders"])
        if counted is not None:
            above = [] if s.deps[i] in SUBJECTS else [a for k in subjects_above(s, i) if k in self.here for a in self.here[k].actors]
            others = (k for k in reversed(self.known[-40:]) if not any(a in above for a in k.phrase.actors))  # nobody mediates between himself and others
            parties = last_parties((Named(self.sentences[k.sentence], k.token, k.phrase.kind, k.phrase.actors) for k in others), s.index, *counted)
            if parties:
                return Phrase(parties, "pronoun", True)
        contained = self._contained(i, depth)
        if contained is not None:
            return contained
        role = self._role(i)
        if role is not None:
            return self._by_role(i, role, depth)
        if s.tags[i] in ("NNP", "NNPS") or s.words[i] in self.people and s.kind != "title" and s.tags[i] == "NN":
            return self._unknown_name(i, depth)
        return self._owned(i, depth)

    def _actor(self, first: int, last: int, name: str, country: str | None, sectors: tuple[str, ...], entity: str | None = None) -> Actor:
        s = self.s
        span = (s.starts[first], s.ends[last])
        return Actor(self.plain[span[0] : span[1]], name, country, sectors, entity, span)

    def _named(self, i: int, mention: Mention, depth: int) -> Phrase | None:
        s, entry = self.s, mention.entry
        first, last = mention.first, mention.last
        if entry.kind == "person":
            phrase = self._person(entry, first, last)
            title = self._role(first - 1) if first > 0 else None
            if (
                title is not None
                and title.kind == "person"
                and phrase.actors[0].sectors == ("ELI",)
                and {"GOV", "MIL", "LEG", "OPP", "PTY"} & set(title.sectors)
                and not any(s.words[k].lower() in ("former", "ex", "ousted", "deposed") for k in range(max(0, first - 5), first))
            ):
                phrase = Phrase(tuple(msgspec.structs.replace(a, sectors=title.sectors) for a in phrase.actors), "person", role=title.phrase)
            return phrase
        if entry.kind == "demonym":
            plural = s.tags[i] in ("NNS", "NNPS") or mention.text.endswith(("ians", "ans", "is"))
            determiners = [s.lemmas[c].lower() for c in s.children[i] if s.deps[c] == "det"]
            modified = any(s.deps[c] in ("nummod", "amod", "compound") for c in s.children[i])
            people = (
                plural
                and (modified or "the" not in determiners)
                or not plural
                and s.tags[i] in ("NN",)
                or not plural
                and bool(determiners)
                and s.deps[i] in ("dobj", "nsubj", "nsubjpass", "pobj")
            )
            return Phrase((self._actor(first, last, entry.name, entry.country, ("CVL",) if people else entry.sectors),), "people", plural)
        if entry.kind == "organisation":
            phrase = Phrase((self._actor(first, last, entry.name, entry.country, entry.sectors or ("GOV",), entry.name),), "body", role=entry.detail)
            owner = self._country_modifiers(i, depth)
            if owner and entry.country is None and "IGO" not in entry.sectors:
                phrase = Phrase((self._actor(first, last, entry.name, entry.country, entry.sectors, entry.name),), "body", role=entry.detail)
            return phrase
        if entry.kind == "place":
            if entry.country:
                name = self.register.countries[entry.country].name if entry.country in self.register.countries else entry.name
                return Phrase((self._actor(first, last, name, entry.country, ("GOV",)),), "place")
            place = entry.place
            if place is not None and place.country:
                country = self.register.countries.get(place.country)
                return Phrase((self._actor(first, last, country.name if country else place.name, place.country, ("GOV",)),), "place")
            return None
        actors = [self._actor(first, last, entry.name, entry.country, entry.sectors)]
        if entry.country == "KOR" and first >= 2 and s.words[first - 2] == "North" and s.words[first - 1] in ("and", "or"):
            actors.insert(0, self._actor(first - 2, first - 2, self._country_name("PRK"), "PRK", ("GOV",)))
        return Phrase(tuple(actors), entry.kind if entry.kind != "metonym" else "country", len(actors) > 1)

    def _person(self, entry: Entry, first: int, last: int) -> Phrase:
        found = tenure_on(entry, self.day)
        if found is None:
            return Phrase((self._actor(first, last, entry.name, entry.country, entry.sectors or ("ELI",), entry.name),), "person")
        tenure, current = found
        sectors = tenure.sectors if current or not {"GOV", "MIL", "LEG"} & set(tenure.sectors) else ("ELI",)
        country = tenure.country
        if country is None and "IGO" not in sectors and "REB" not in sectors and sectors == ("ELI",):
            sectors = ("IGO",)
        name = self._country_name(country) if country else _body_of(tenure.role) if "IGO" in sectors else entry.name
        return Phrase((self._actor(first, last, name, country, sectors, entry.name),), "person", role=tenure.role)

    def _remember_person(self, entry: Entry, text: str, s: Sentence, mention: Mention) -> None:
        self.s = s
        phrase = self._person(entry, mention.first, mention.last)
        family_first = entry.country in ("PRK", "KOR", "CHN", "TWN", "VNM", "MMR", "KHM")
        words = {text.split()[-1], text.split()[0] if family_first else "", entry.name.split()[-1]} - {""}
        for word in words | {_ARTICLE.sub("", word) for word in words}:
            self.people.setdefault(word, phrase)

    def _contained(self, i: int, depth: int) -> Phrase | None:
        """ "dozens of protesters", "members of the group", "one of the soldiers"."""
        s = self.s
        if s.lemmas[i].lower() not in self.grammar["containers"]:
            if s.tags[i] == "CD" and s.deps[i] in ("nsubj", "nsubjpass", "dobj") and self.home and not s.children[i] and s.words[i].lower() not in ("one", "two", "both"):
                return self._crowd(i)
            return None
        if s.lemmas[i].lower() in _CROWDS and not any(s.lemmas[p] == "of" for p in children(s, i, "prep")) and s.deps[i] in ("nsubj", "nsubjpass", "dobj") and self.home:
            return self._crowd(i)
        for prep in children(s, i, "prep"):
            if s.lemmas[prep] in ("of", "from"):
                for inner in children(s, prep, "pobj"):
                    phrase = self.resolve(inner, depth + 1)
                    if phrase is not None and phrase.actors:
                        own = self._role(i)
                        if own is not None and phrase.kind in ("country", "capital", "people", "place"):
                            return None
                        if (
                            own is not None
                            and own.kind in ("person",)
                            and phrase.kind == "body"
                            and s.lemmas[i] in ("spokesman", "spokeswoman", "spokesperson", "representative", "official", "envoy", "member", "leader", "chief")
                        ):
                            return Phrase(phrase.actors, "person", role=own.phrase)
                        return Phrase(phrase.actors, phrase.kind if phrase.kind != "country" else "people", True, phrase.role)
        return None

    def _crowd(self, i: int) -> Phrase:
        """ "Tens of thousands marched", "dozens were detained": people of the country that the document is about."""
        country = self._country_of(i, ("CVL",), None) or ""
        return Phrase((self._actor(i, i, self._country_name(country), country, ("CVL",)),), "people", True, "", True)

    def _role(self, i: int) -> Role | None:
        """The longest role phrase that ends in token ``i`` (or has it as head before "of")."""
        s = self.s
        lemma = s.lemmas[i].lower()
        options = self.register.roles.get(lemma, ())
        surface = s.words[i].lower()
        if s.tags[i] in ("NNP", "NNPS") and (i == 0 or s.kind == "title") and surface.endswith("s"):
            options = (*options, *self.register.roles.get(surface[:-1], ()))
            lemma = surface[:-1]
        if surface != lemma:
            options = (*self.register.roles.get(surface, ()), *options)
        if not options:
            return None
        for role in options:
            words = role.words
            if "of" in words[1:]:
                cut = words.index("of")
                ahead = [s.words[k].lower() for k in range(i + 1, min(len(s.words), i + 1 + len(words) - cut))]
                lemmas_ahead = [s.lemmas[k].lower() for k in range(i + 1, min(len(s.words), i + 1 + len(words) - cut))]
                if (list(words[cut:]) in (ahead, lemmas_ahead)) and all(k >= 0 and s.lemmas[k].lower() == w for k, w in zip(range(i - cut + 1, i), words[: cut - 1], strict=True)):
                    return role
                continue
            n = len(words)
            if i - n + 1 >= 0 and all(s.lemmas[k].lower() == w or s.words[k].lower() == w for k, w in zip(range(i - n + 1, i), words[:-1], strict=True)):
                return role
        return None

    def _by_role(self, i: int, role: Role, depth: int) -> Phrase | None:
        s = self.s
        sectors = role.sectors
        plural = s.tags[i] in ("NNS", "NNPS") or any(s.deps[c] == "nummod" for c in s.children[i])
        # A title before a name: the name is the head elsewhere; here "i" heads a phrase whose appositive may be a name.
        for c in children(s, i, "appos"):
            named = self.at.get(c)
            if named is not None and named.entry.kind == "person":
                return self._person(named.entry, named.first, named.last)
        first = min([i, *(c for c in s.children[i] if s.deps[c] in ("compound", "amod", "poss", "nmod", "det") and c < i)])
        is_partner = s.lemmas[i].lower() in self.grammar["partner_nouns"]
        named = next((self.at[c] for c in children(s, i, "appos") if is_partner and c in self.at and self.at[c].entry.kind == "country"), None)
        if named is not None:
            return self._named(named.head, named, depth)  # "its neighbour Iraq"
        armed = self._armed_owner(i, depth) if role.kind in ("person", "group", "body") and not is_partner else None
        if armed is not None:
            return Phrase(armed, "group", plural, role.phrase)
        countries = self._country_modifiers(i, depth)
        if is_partner:
            countries = countries or self._partner_of(i, depth)
            sectors = ("GOV",) if countries else sectors
        entity = None
        former = any(s.lemmas[c].lower() in ("former", "ex", "retired", "ousted", "deposed") for c in s.children[i])
        if former and {"GOV", "MIL", "LEG", "JUD"} & set(sectors):
            sectors = ("ELI",)
        nation = self._nation(i)
        if nation is not None and {"GOV", "MIL"} & set(sectors):
            sectors = nation.sectors
        actors: list[Actor] = []
        for country, name in countries:
            actors.append(self._actor(first, i, name, country, sectors, entity))
        if not actors:
            actors = self._bare_role(i, first, role, sectors)
        phrase = Phrase(tuple(actors), role.kind, plural, role.phrase, not countries)
        if role.kind != "property" and actors and actors[0].country:
            self.roles[role.phrase] = phrase
            self.roles[s.lemmas[i].lower()] = phrase
        for c in children(s, i, "appos"):
            if s.tags[c] == "NNP" and c not in self.at and actors:
                self._learn_name(c, phrase)
        return phrase

    def _partner_of(self, i: int, depth: int) -> list[tuple[str, str]]:
        """ "The country's neighbour", "his counterpart": the last other country spoken of, beside that of the owner."""
        owners = [self.resolve(c, depth + 1) for c in children(self.s, i, "poss")]
        own = {a.country for owner in owners if owner is not None for a in owner.actors}
        if not own - {None}:
            return []
        for known in reversed(self.known[-30:]):
            for a in known.phrase.actors:
                if a.country and a.country not in own and known.phrase.kind not in ("place", "expert") and self.s.index - known.sentence <= 3:
                    return [(a.country, self._country_name(a.country))]
        return []

    def _bare_role(self, i: int, first: int, role: Role, sectors: tuple[str, ...]) -> list[Actor]:
        s = self.s
        determined = any(s.deps[c] in ("det", "poss") and s.lemmas[c].lower() in ("the", "that", "this", "their", "its", "his") for c in s.children[i])
        if determined:
            before = self.roles.get(role.phrase) or (self.roles.get(s.lemmas[i].lower()) if role.kind in ("body", "person") else None)
            named = self._named_body(role, s.lemmas[i].lower())
            if named is not None and (before is None or role.kind == "body"):
                return list(named.actors)
            if before is not None:
                return [msgspec.structs.replace(a, text=self.plain[s.starts[first] : s.ends[i]], span=(s.starts[first], s.ends[i])) for a in before.actors]
        if "UAF" in sectors or "CRM" in sectors and role.kind == "person":
            return [self._actor(first, i, role.phrase, None, sectors)]
        if sectors == ("REF",):
            return [self._actor(first, i, role.phrase, None, ("CVL", "REF"))]
        if "NGO" in sectors and any(s.lemmas[c].lower() in ("international", "foreign", "western", "global", "overseas", "right", "aid", "humanitarian") for c in s.children[i]):
            return [self._actor(first, i, role.phrase, None, sectors)]
        if sectors == ("UNK",) or s.tags[i] == "NNS" and role.phrase in ("nation", "country", "state", "government", "power", "leader", "world leader", "official", "member state"):
            return self._members_body(i, first)
        country = self._whose(i, role)
        if "JRN" in sectors and role.words[0] in ("state", "official", "government"):
            # "a statement carried by state media": those of the country whose statement it is
            near = [m for m in self.mentions[s.index] if m.entry.country and m.entry.kind in ("country", "demonym", "person", "capital")]
            country = min(near, key=lambda m: abs(m.head - i)).entry.country if near else country
        name = self._country_name(country) if country else role.phrase
        if "IGO" in sectors or ("REB" in sectors and role.kind == "expert"):
            return [self._actor(first, i, role.phrase, None, sectors)]
        return [self._actor(first, i, name, country, sectors)]

    def _members_body(self, i: int, first: int) -> list[Actor]:
        """ "European leaders", "the 27 leaders", "Leaders demanded": the body of states that meets, by its region's name or by being spoken of just before."""
        s = self.s
        if s.deps[i] != "nsubj" or s.lemmas[i].lower() not in self.grammar["member_nouns"]:
            return []
        region = next((s.words[c].lower() for c in s.children[i] if s.deps[c] == "amod" and s.words[c].lower() in _REGIONS), None)
        if region is not None:
            name = _REGIONS[region]
            return [self._actor(first, i, name, None, ("IGO",), name)]
        if any(s.deps[c] in ("amod", "compound", "poss", "nmod") for c in s.children[i]) or children(s, i, "prep"):
            return []
        for known in reversed(self.known[-40:]):
            if s.index - known.sentence > MAX_GAP_SENTENCES:
                break
            if known.phrase.kind == "body" and known.phrase.actors and "IGO" in known.phrase.actors[0].sectors:
                return [msgspec.structs.replace(known.phrase.actors[0], text=self.plain[s.starts[first] : s.ends[i]], span=(s.starts[first], s.ends[i]))]
        return []

    def _named_body(self, role: Role, word: str) -> Phrase | None:
        """ "the court", "the agency", "the bloc": the last organisation of the document that is one."""
        for known in reversed(self.known[-40:]):
            phrase = known.phrase
            if phrase.kind != "body" or not phrase.actors or phrase.actors[0].entity is None:
                continue
            name = phrase.actors[0].entity.lower()
            kind = phrase.role
            if word in name.split() or word in _BODY_WORDS and kind in _BODY_WORDS[word] or word in ("court", "tribunal") and "JUD" in phrase.actors[0].sectors:
                return phrase
        return None

    def _whose(self, i: int, role: Role) -> str | None:
        """The country of a role that names none."""
        s = self.s
        before = self.roles.get(role.phrase) or self.roles.get(s.lemmas[i].lower())
        same_role = before.actors[0].country if before is not None and before.actors else None
        return self._country_of(i, role.sectors, same_role)

    def _country_of(self, i: int, sectors: Sequence[str], same_role: str | None) -> str | None:
        described = describe_countries(self.setting, self.s, i, sectors, self._own_people(), same_role, self.home, self.dateline_country)
        return choose_country(described, self.role_weights)

    def _own_people(self) -> set[str]:
        """Countries whose officials, soldiers or citizens were just named."""
        near = [k.phrase for k in self.known[-12:] if self.s.index - k.sentence <= 1 and k.phrase.actors and not k.phrase.inferred]
        return {p.actors[0].country for p in near if p.actors[0].country and p.kind in ("group", "person", "body", "people") and _OWN_SECTORS & set(p.actors[0].sectors)}

    def _armed_owner(self, i: int, depth: int) -> tuple[Actor, ...] | None:
        """ "Taliban fighters", "members of Hezbollah", "the group's leader", "Islamic State militants", "UN peacekeepers"."""
        s = self.s
        heads = [c for c in s.children[i] if s.deps[c] in ("compound", "amod", "nmod", "poss")]
        heads += [k for p in children(s, i, "prep") if s.lemmas[p] in ("of", "from", "for", "at", "with") for k in children(s, p, "pobj")]
        out: list[Actor] = []
        for c in heads:
            m = self.at.get(c)
            if m is not None and m.entry.kind == "organisation":
                out.append(self._actor(min(m.first, i), max(m.last, i), m.entry.name, m.entry.country, m.entry.sectors, m.entry.name))
            elif m is None and s.deps[c] in ("poss", "pobj"):
                owner = self.resolve(c, depth + 1)
                if owner is not None and owner.kind in ("body", "group", "pronoun") and owner.actors and (owner.actors[0].entity or not owner.actors[0].country):
                    out.extend(owner.actors)
        return tuple(out) or None

    def _country_modifiers(self, i: int, depth: int) -> list[tuple[str, str]]:
        """Countries named by what modifies head ``i``: adjectives, compounds, possessors, "of/in/from" phrases, an appositive's too."""
        s = self.s
        out: list[tuple[str, str]] = []
        queue = [c for c in s.children[i] if s.deps[c] in ("amod", "compound", "poss", "nmod", "nummod")]
        if s.lemmas[i].lower() in self.grammar["partner_nouns"]:
            queue = [c for c in queue if s.deps[c] != "poss"]  # "its neighbour", "his Russian counterpart": whose partner it is, not who
        while queue:
            c = queue.pop(0)
            m = self.at.get(c)
            if s.tags[c] in ("VBN", "VBG") and c >= 1 and s.words[c - 1] == "-":
                continue  # "Iran-backed", "US-led": says who helps, not whose it is
            if m is not None:
                if m.last + 2 < len(s.words) and s.words[m.last + 1] == "-" and s.tags[m.last + 2] in ("VBN", "VBG", "VBD"):
                    continue
                self._add_country(out, m)
                queue.extend(k for k in s.children[c] if s.deps[k] in ("conj",))
            elif s.tags[c] == "PRP$" or s.deps[c] == "poss":
                owner = self.resolve(c, depth + 1)
                for a in owner.actors if owner else ():
                    if a.country:
                        out.append((a.country, a.name if not a.entity else self._country_name(a.country)))
                queue.extend(k for k in s.children[c] if s.deps[k] in ("conj",))
            else:
                low = s.words[c].lower()
                if (
                    low in ("north", "south")
                    and s.words[c][0].isupper()
                    and {"PRK", "KOR"} & self.countries
                    and not (c > 1 and s.words[c - 1] == "-" and s.words[c - 2].lower() in ("anti", "pro", "non"))
                ):
                    code = "PRK" if low == "north" else "KOR"
                    out.append((code, self._country_name(code)))
                queue.extend(k for k in s.children[c] if s.deps[k] in ("compound", "amod", "nmod", "conj", "poss") and c != i)
        # names that stand before the head but hang elsewhere: "South Korean and US officials"
        if not out:
            k = i - 1
            while k >= 0 and (s.tags[k] in ("JJ", "NN", "NNP", "NNS", "CC", "HYPH", "POS", "VBN") or s.words[k] in ("-", ",")) and i - k < 7:
                m = self.at.get(k)
                if m is not None and m.entry.kind in ("demonym", "country", "capital", "metonym") and s.heads[m.head] >= k:
                    if not (m.last + 2 < len(s.words) and s.words[m.last + 1] == "-" and s.tags[m.last + 2] in ("VBN", "VBG", "VBD")):
                        self._add_country(out, m)
                    k = m.first
                k -= 1
        if not out:
            for prep in children(s, i, "prep"):
                if s.lemmas[prep] in ("of", "in", "from", "for", "to", "at"):
                    for inner in children(s, prep, "pobj"):
                        for each in conjuncts(s, inner):
                            m = self.at.get(each)
                            if m is not None and (m.entry.kind in ("country", "capital", "metonym") or m.entry.kind == "place" and s.lemmas[prep] != "to"):
                                self._add_country(out, m)
                            elif (
                                m is None
                                and s.lemmas[prep] == "of"
                                or s.lemmas[prep] in ("of", "at", "in")
                                and any(s.tags[k] == "PRP$" or s.deps[k] == "poss" for k in s.children[each])
                            ):
                                found = self.resolve(each, depth + 1)
                                if found is not None and not found.inferred and found.kind != "place":
                                    out.extend((a.country, self._country_name(a.country)) for a in found.actors if a.country)
        if not out and s.lemmas[i] in ("leader", "official", "side", "president", "delegation") and any(s.words[k].lower() == "koreas" for k in range(i, min(len(s.words), i + 6))):
            out = [("PRK", "North Korea"), ("KOR", "South Korea")]
        return list(dict.fromkeys(out))

    def _add_country(self, out: list[tuple[str, str]], m: Mention) -> None:
        entry = m.entry
        if entry.kind in ("country", "demonym", "capital", "metonym") and entry.country:
            out.append((entry.country, entry.name))
        elif entry.kind == "place":
            code = _code_of(entry)
            if code:
                out.append((code, self._country_name(code)))
        elif entry.kind == "person":
            found = tenure_on(entry, self.day)
            if found and found[0].country:
                out.append((found[0].country, self._country_name(found[0].country)))
        elif entry.kind == "organisation" and entry.country:
            out.append((entry.country, self._country_name(entry.country)))

    def _country_name(self, code: str) -> str:
        entry = self.register.countries.get(code)
        return entry.name if entry else code

    def _unknown_name(self, i: int, depth: int) -> Phrase | None:
        """A proper name that is not in the register: known in this document, titled, or described by an appositive."""
        s = self.s
        word = s.words[i]
        first = min([i, *(c for c in s.children[i] if s.deps[c] in ("compound", "amod", "nmod", "poss") and c < i)])
        if word.lower() in ("koreas",):
            return Phrase((self._actor(i, i, "North Korea", "PRK", ("GOV",)), self._actor(i, i, "South Korea", "KOR", ("GOV",))), "country", True)
        known = self.people.get(word)
        surname = self._surname(word) if known is None else None
        if surname is not None and not any(
            s.deps[c] == "compound" and s.tags[c] == "NNP" and s.words[c].lower().rstrip(".") not in self.grammar["person_titles"] for c in s.children[i]
        ):
            phrase = self._person(surname, first, i)
            self.people[word] = phrase
            return phrase
        titled = self._title(i, depth) if known is None or known.kind == "unknown" else None
        if titled is not None:
            self._learn_name(i, titled)
            return titled
        if known is not None and known.actors:
            return Phrase(
                tuple(msgspec.structs.replace(a, text=self.plain[s.starts[first] : s.ends[i]], span=(s.starts[first], s.ends[i])) for a in known.actors),
                known.kind,
                False,
                known.role,
            )
        for c in children(s, i, "appos"):
            described = self.resolve(c, depth + 1)
            if described is not None and described.actors and described.kind in ("person", "expert", "body", "group", "kin"):
                phrase = Phrase(self._renamed(described, first, i), "person", role=described.role)
                self._learn_name(i, phrase)
                return phrase
        if s.deps[i] == "appos" and is_verb(s, s.heads[i]) is False:
            host = self.here.get(s.heads[i])
            if host is not None and host.kind in ("person", "expert", "kin"):
                phrase = Phrase(self._renamed(host, first, i), "person", role=host.role)
                self._learn_name(i, phrase)
                return phrase
        for c in (k for p in children(s, i, "prep") for o in children(s, p, "pobj") for k in children(s, o, "appos")):
            named = self.at.get(c)
            if named is not None and named.entry.kind == "person" and s.deps[i] == "nsubj" and s.words[c - 1][0].isupper():
                phrase = self._person(named.entry, named.first, named.last)  # "The Special Coordinator for the Peace Process, Tor Wennesland,": the name was hung too deep
                self._learn_name(i, phrase)
                return phrase
        for c in children(s, i, "relcl"):
            if s.lemmas[c] in ("head", "lead", "run", "command", "chair", "represent", "oversee", "direct", "govern", "rule"):
                for led in children(s, c, "dobj"):
                    described = self.resolve(led, depth + 1)
                    if described is not None and described.actors:
                        phrase = Phrase(self._renamed(described, first, i), "person", role="leader")
                        self._learn_name(i, phrase)
                        return phrase
        if s.tags[i] == "NNP" and s.deps[i] in ("nsubj", "nsubjpass", "dobj", "pobj", "appos", "conj", "poss"):
            return Phrase((), "unknown")
        return None

    def _renamed(self, phrase: Phrase, first: int, last: int) -> tuple[Actor, ...]:
        s = self.s
        text = self.plain[s.starts[first] : s.ends[last]]
        return tuple(msgspec.structs.replace(a, text=text, span=(s.starts[first], s.ends[last]), entity=a.entity or text) for a in phrase.actors[:1])

    def _learn_name(self, i: int, phrase: Phrase) -> None:
        word = self.s.words[i]
        if word[0].isupper() and len(word) > 2:
            self.people.setdefault(word, phrase)

    def _title(self, i: int, depth: int) -> Phrase | None:
        """ "Defence Minister Jim Mattis", "Cmdr. Chiwenga", "police chief Sayed Kamal Sadat": a role before an unknown name."""
        s = self.s
        k, first = i - 1, i
        while k >= 0 and i - k < 9 and (s.tags[k][:2] in ("NN", "JJ") or s.words[k] in ("-", ".", "'s")):
            role = self._role(k)
            if role is not None and role.kind in ("person", "expert", "kin", "group"):
                countries = self._country_modifiers(i, depth) or self._country_modifiers(k, depth)
                start = min(c for c in (k, *(c for c in s.children[i] if c < i)))
                sectors = role.sectors
                if "former" in (s.words[max(0, start - 1)].lower(), s.words[start].lower()):
                    sectors = ("ELI",) if {"GOV", "MIL", "LEG"} & set(sectors) else sectors
                armed = self._armed_owner(i, depth)
                name = self.plain[s.starts[k + 1] : s.ends[i]] if k + 1 <= i else s.words[i]
                if armed:
                    return Phrase(tuple(msgspec.structs.replace(a, entity=name) for a in armed[:1]), "person", role=role.phrase)
                if not countries:
                    home = self._bare_role(k, k, role, sectors)
                    return Phrase(tuple(msgspec.structs.replace(a, entity=name, span=(s.starts[k], s.ends[i])) for a in home[:1]), "person", role=role.phrase)
                country, cname = countries[0]
                return Phrase((Actor(self.plain[s.starts[start] : s.ends[i]], cname, country, sectors, name, (s.starts[start], s.ends[i])),), "person", role=role.phrase)
            first = k
            k -= 1
        del first
        return None

    def _surname(self, word: str) -> Entry | None:
        """A surname alone that can only mean one head of state or government in office."""
        found = self.register.surnames.get(word)
        if not found or self.day is None or word in self.other_names:
            return None
        current = []
        for entry in found:
            tenure = tenure_on(entry, self.day)
            if tenure and tenure[1] and tenure[0].role in HEADS and (tenure[0].country in self.countries or word not in COMMON_SURNAMES):
                current.append(entry)
        if word in COMMON_SURNAMES:
            current = [e for e in current if any(t.country in self.countries for t in e.tenures)]
        return current[0] if len({e.name for e in current}) == 1 else None

    def _owned(self, i: int, depth: int) -> Phrase | None:
        """A thing or an act: whom it belongs to, by possessor, adjective, compound or "of"."""
        s = self.s
        lemma = s.lemmas[i].lower()
        if lemma in _COUNTRY_NOUNS or lemma in _GROUP_NOUNS:
            back = self._definite(i, lemma)
            if back is not None:
                return back
        for c in children(s, i, "appos"):
            named = self.at.get(c)
            if named is not None and named.entry.kind == "person":
                return self._person(named.entry, named.first, named.last)  # "his party colleague Rahul Gandhi"
        owners: list[Actor] = []
        for c in children(s, i, "poss"):
            phrase = self.resolve(c, depth + 1)
            owners.extend(phrase.actors if phrase else ())
        if not owners:
            first = i
            nation = self._nation(i)
            for country, name in self._modifier_names(i):
                owners.append(self._actor(first, i, name, country, ("GOV",) if nation is None else nation.sectors))
        if not owners and lemma in self.grammar["transparent_nouns"]:
            for prep in children(s, i, "prep"):
                if s.lemmas[prep] in ("of", "by"):
                    for inner in children(s, prep, "pobj"):
                        for each in conjuncts(s, inner):
                            phrase = self.resolve(each, depth + 1)
                            owners.extend(phrase.actors if phrase else ())
        if not owners:
            for c in children(s, i, "compound", "nmod", "amod"):
                m = self.at.get(c)
                if m is not None and m.entry.kind in ("organisation", "person"):
                    phrase = self._named(c, m, depth)
                    owners.extend(phrase.actors if phrase else ())
                elif m is None and s.words[c] in self.people:
                    owners.extend(self.people[s.words[c]].actors)
        if lemma in self.grammar["authored_nouns"]:
            owners = owners or self._authors(i, depth)
            if owners:
                self.authors = tuple(owners)
        return Phrase(tuple(dict.fromkeys(owners)), "owner") if owners else None

    def _authors(self, i: int, depth: int) -> list[Actor]:
        """Whose words a text is that names no owner: who passes or issues it ("adopted a resolution condemning"), else whose the last text was ("The text deplores")."""
        s = self.s
        agents = [k for p in children(s, i, "prep", "agent") if s.lemmas[p] in ("by", "from") for k in children(s, p, "pobj")]
        agents = agents or [k for c in children(s, i, "acl") for p in children(s, c, "agent") for k in children(s, p, "pobj")] or noun_agents(s, i)
        found = [a for k in agents if k != i for phrase in [self.resolve(k, depth + 1)] if phrase is not None and phrase.kind != "owner" for a in phrase.actors]
        if found or not any(s.lemmas[c].lower() in ("the", "this", "that") for c in children(s, i, "det")):
            return found
        return list(self.authors)

    def _nation(self, i: int) -> Entry | None:
        """The people without a state that an adjective before head ``i`` names: "Kurdish forces"."""
        found = (self.at.get(c) for c in self.s.children[i] if self.s.deps[c] in ("amod", "compound", "nmod"))
        return next((m.entry for m in found if m is not None and m.entry.detail == NATION), None)

    def _modifier_names(self, i: int) -> list[tuple[str, str]]:
        s = self.s
        out: list[tuple[str, str]] = []
        queue = [c for c in s.children[i] if s.deps[c] in ("amod", "compound", "nmod")]
        while queue:
            c = queue.pop(0)
            m = self.at.get(c)
            if m is not None and m.entry.kind in ("country", "demonym", "capital", "metonym"):
                self._add_country(out, m)
            elif s.words[c] in ("North", "South") and {"PRK", "KOR"} & self.countries:
                out.append(("PRK", "North Korea") if s.words[c] == "North" else ("KOR", "South Korea"))
            queue.extend(k for k in s.children[c] if s.deps[k] in ("conj", "amod", "compound"))
        return list(dict.fromkeys(out))

    def _definite(self, i: int, lemma: str) -> Phrase | None:
        """ "the country", "the group": the last thing of that kind, unless the phrase says itself which one."""
        s = self.s
        if any(s.deps[c] in ("poss", "compound") or c in self.at for c in s.children[i]):
            return None
        if not any(s.lemmas[c].lower() in ("the", "this", "that", "both") for c in s.children[i]):
            return None
        for known in reversed(self.known[-40:]):
            phrase = known.phrase
            if lemma in _COUNTRY_NOUNS and phrase.kind in ("country", "capital", "people") and phrase.actors and phrase.actors[0].country:
                return Phrase((msgspec.structs.replace(phrase.actors[0], sectors=("GOV",)),), "country")
            if lemma in _GROUP_NOUNS and phrase.kind in ("body", "group") and phrase.actors and phrase.actors[0].entity:
                return phrase
        return None

    # -- pronouns ----------------------------------------------------------------------------------------------------
    def _pronoun(self, i: int, low: str) -> Phrase | None:
        s = self.s
        if low in _ME:
            subject = self._quoting_subject(i)
            found = subject
            return Phrase(found.actors, "pronoun", False, found.role) if found else None
        kind = pronoun_class(low)
        if not kind:
            return None
        candidates = self.antecedents(i)
        scored = [score_antecedent(describe_antecedent(found, n, s, i), self.pronoun_weights) for n, (_, found) in enumerate(candidates)]
        if not scored:
            return None
        best = candidates[max(range(len(scored)), key=lambda n: scored[n])][0]
        if not best.phrase.actors:
            return None
        actors = best.phrase.actors
        if kind == "several":
            there = self.sentences[best.sentence]
            side_by_side = set(conjuncts(there, first_conjunct(there, best.token)))
            if len(side_by_side) > 1:
                actors = tuple(dict.fromkeys(a for k in self.known[-25:] if k.sentence == best.sentence and k.token in side_by_side for a in k.phrase.actors)) or actors
        return Phrase(actors, "pronoun", best.phrase.plural, best.phrase.role)

    def antecedents(self, i: int) -> list[tuple[_Known, Antecedent]]:
        """What the pronoun at token ``i`` may stand for, nearest first."""
        out = []
        above = [] if self.s.deps[i] in SUBJECTS else subjects_above(self.s, i)
        acted_on = self._named_objects(i)
        barred = self._bars(i)
        meant = [self.here[k].actors for k in above if k in self.here and self.here[k].kind == "pronoun"]
        for known in reversed(self.known[-25:]):
            phrase, here = known.phrase, self.sentences[known.sentence]
            if self.s.index - known.sentence > MAX_GAP_SENTENCES:
                break
            if known.sentence == self.s.index and known.token >= i:
                continue
            sector = phrase.actors[0].sectors[0] if phrase.actors and phrase.actors[0].sectors else ""
            if known.sentence == self.s.index and known.token in barred or any((a.entity or a.country, a.sectors) in barred for a in phrase.actors):
                continue
            is_named = any(a.entity is not None for a in phrase.actors)
            is_object = bool(acted_on & {a.entity or a.country for a in phrase.actors if a.entity is None or a.country is None})
            own = known.sentence == self.s.index and known.token in above or bool(phrase.actors) and phrase.actors in meant
            out.append((known, Antecedent(phrase.kind, sector, phrase.plural, known.is_subject, here, known.token, own, is_named, is_object)))
        return out

    def _bars(self, i: int) -> set[object]:
        """Whom an object cannot be, since he is the subject of its very verb ("Tsai decorated her"): head tokens, and names with sectors."""
        s = self.s
        top = i if s.deps[i] in ("dobj", "dative") else s.heads[i] if s.deps[i] == "pobj" and s.lemmas[s.heads[i]] in ("to", "against", "on", "of", "by") else None
        if top is None or s.words[i].lower().endswith(("self", "selves")) or not is_verb(s, s.heads[top]):
            return set()
        subjects = [k for h in children(s, s.heads[top], "nsubj") if s.words[h].lower() not in RELATIVE for k in conjuncts(s, h)]
        out: set[object] = set(subjects)
        out.update((a.entity or a.country, a.sectors) for k in subjects if k in self.here for a in self.here[k].actors)
        return out

    def _named_objects(self, i: int) -> set[str | None]:
        """Whom the verb of which the pronoun is the subject names as its object, or behind "with", "on", "against": countries, and bodies without one."""
        s = self.s
        if s.deps[i] not in ("nsubj", "nsubjpass"):
            return set()
        verb = s.heads[i]
        heads = [*children(s, verb, "dobj", "dative"), *(k for p in children(s, verb, "prep", "agent") if s.lemmas[p] in _TOWARDS for k in children(s, p, "pobj"))]
        found = [self.at[k].entry for h in heads for k in conjuncts(s, h) if k in self.at]
        return {e.country or e.name for e in found if e.kind in ("country", "capital", "organisation", "metonym")}

    def _quoting_subject(self, i: int) -> Phrase | None:
        s = self.s
        for v, lemma in enumerate(s.lemmas):
            if is_verb(s, v) and lemma in self.grammar["report_verbs"]:
                for subject in children(s, v, "nsubj"):
                    if subject != i and subject not in self.here and abs(v - i) > 1 and self._is_head(subject):
                        phrase = self.resolve(subject, 3)
                        if phrase is not None and phrase.kind != "pronoun":
                            return phrase
                    elif subject in self.here and subject != i:
                        return self.here[subject]
        return None


def expand(s: Sentence, heads: Iterable[int], phrases: Mapping[int, Phrase]) -> tuple[Actor, ...]:
    """The actors of noun phrases and of all that is coordinated with them, in order, without repeats."""
    out: list[Actor] = []
    seen: set[tuple[str | None, tuple[str, ...], str | None]] = set()
    for head in heads:
        for each in conjuncts(s, head):
            phrase = phrases.get(each)
            for a in phrase.actors if phrase else ():
                key = (a.country, a.sectors, a.entity)
                if key not in seen:
                    seen.add(key)
                    out.append(a)
    return tuple(out)


__all__ = ["ActorTable", "Mention", "Phrase", "Place", "expand", "find_actors", "find_mentions"]
