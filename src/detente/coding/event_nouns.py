"""Nouns that name an event: their roles inside the noun phrase, and whether they tell that it took place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from detente.codebook.load import NounPattern, Rule
from detente.codebook.types import SYMMETRIC
from detente.coding.filling import meets_conditions, without_own
from detente.coding.grammar import Clause, children, clause_prepositions, conjuncts, is_verb, noun_agents
from detente.coding.phrases import expand
from detente.coding.search import REPEATED, Found, Search, clause_at, fits, is_mutual, refuse


def noun_options(search: Search, n: int) -> Iterator[NounPattern]:
    """The noun patterns that token ``n`` heads, the most specific first."""
    s = search.s
    for p in search.book.nouns.get(s.lemmas[n]) or search.book.nouns.get(s.lemmas[n].lower()) or ():
        k = len(p.modifiers)
        if k == 0 or n >= k and all(s.lemmas[n - k + j].lower() == m or s.words[n - k + j].lower() == m for j, m in enumerate(p.modifiers)):
            yield p


def noun_roles(search: Search, n: int, p: NounPattern, rule: Rule) -> tuple[list[int], list[int]]:
    """Heads of source and target inside the noun phrase of event noun ``n``."""
    s = search.s
    owners = [c for c in s.children[n] if s.deps[c] in ("poss", "compound", "amod", "nmod") and c in search.phrases]
    owners += _flat_owners(search, n) if not owners else []
    sources: list[int] = []
    targets: list[int] = []
    if s.deps[n] == "dobj" and is_verb(s, s.heads[n]):  # "condemned the shelling of Idlib by Russia": the parser hangs "by" on the verb
        sources.extend(k for a in children(s, s.heads[n], "prep", "agent") if s.lemmas[a] == "by" and a > n for k in children(s, a, "pobj") if k in search.phrases)
    for c in s.children[n]:
        if s.deps[c] in ("acl",) and s.tags[c] == "VBN":
            sources.extend(k for a in children(s, c, "agent", "prep") if s.lemmas[a] == "by" for k in children(s, a, "pobj"))
    for q in clause_prepositions(s, n):
        if q.depth > 1 or q.object not in search.phrases and not conjuncts(s, q.object)[1:]:
            continue
        if q.name == "between" or q.name == "among":
            both = conjuncts(s, q.object)
            if len(both) > 1:
                sources.append(both[0])
                targets.extend(both[1:])
            else:
                sources.append(q.object)
        elif q.name == "by":
            if q.depth == 0 or not sources:  # "complaints by A over moves by B": the near one acts
                sources.append(q.object)
        elif q.name in p.target_preps:
            targets.append(q.object)
        elif (
            q.name == "of"
            and q.depth == 0
            and q.object in search.phrases
            and search.phrases[q.object].kind == "property"
            and search.phrases[q.object].inferred
            and rule.owner == "source"
        ):
            continue  # "the launch of a missile": a thing is no source
        elif q.name == "of" and q.depth == 0:
            (targets if rule.owner == "target" or rule.type == "ASSAULT" else sources).append(q.object)
        elif q.name == "from" and rule.type in ("THREATEN", "REQUEST", "ACCUSE", "REJECT", "AID", "SUPPORT") and q.depth == 0:
            sources.append(q.object)
    if rule.owner == "target":
        (sources if targets else targets).extend(owners)
    elif sources and rule.type in SYMMETRIC:
        targets.extend(owners)
    else:
        sources.extend(owners)
    return [h for h in dict.fromkeys(sources)], [h for h in dict.fromkeys(targets) if h not in sources]


def _flat_owners(search: Search, n: int) -> list[int]:
    """Adjectives and names right before the noun that the parser hung on one another ("US air strikes")."""
    s = search.s
    out = []
    k = n - 1
    while k >= 0 and n - k <= 4 and s.tags[k] in ("JJ", "NN", "NNP", "NNPS", "VBN", "CD", "HYPH", "NNS"):
        if k in search.phrases and s.heads[k] >= k:
            out.append(k)
        k -= 1
    return out[:1]


def fill_noun(search: Search, rule: Rule, p: NounPattern, n: int, sources: Sequence[int], targets: Sequence[int], clause: Clause | None) -> Found | None:
    """Heads of source and target of an event noun -> the match with its actors; ``clause`` is that of the light verb which has the noun as its object."""
    s = search.s
    source = expand(s, sources, search.phrases)
    if (
        source
        and all(h in search.phrases and search.phrases[h].kind in ("place", "capital", "country") and s.deps[h] == "pobj" for h in sources)
        and rule.type in ("PROTEST", "ASSAULT")
        and s.lemmas[s.heads[sources[0]]] in ("in", "at", "across", "near")
    ):
        source = tuple(msgspec.structs.replace(a, sectors=("CVL",) if rule.type == "PROTEST" else ("UAF",)) for a in source)
    target = without_own(search, rule, expand(s, targets, search.phrases), targets, source)
    if is_mutual(rule) and not target and len(source) > 1:
        source, target = source[:1], source[1:]
    if rule.type in SYMMETRIC and not source and len(target) > 1:
        source, target = target[:1], target[1:]
    if not source and not target and not (rule.type in REPEATED and any(s.lemmas[c].lower() in ("the", "this", "that") for c in children(s, n, "det"))):
        return None
    if source and not fits(source, rule.source) or target and not fits(target, rule.target):
        refuse(search, "role-does-not-fit", n, rule.id)
        return None
    incomplete = not source and not target
    if "source" in rule.needs and not source or "target" in rule.needs and not target:
        if rule.type not in REPEATED or not any(s.lemmas[c].lower() in ("the", "this", "that") for c in children(s, n, "det")):
            return None
        incomplete = True
    return Found(rule, n, clause, tuple(sources), tuple(targets), source, target, p.specificity, rule.type, rule.modes, rule.cameo, rule.id, True, noun=n, incomplete=incomplete)


def find_by_noun(search: Search, n: int) -> Found | None:
    """The event that noun ``n`` tells by itself: "after Israeli air strikes on", "protests erupted"."""
    s = search.s
    if s.deps[n] in ("compound", "nmod") and s.tags[s.heads[n]][:2] == "NN":
        return None
    for p in noun_options(search, n):
        rule = search.book.rules[p.rule]
        sources, targets = noun_roles(search, n, p, rule)
        occurrence = _occurrence(search, n)
        if occurrence is not None and not sources:
            for q in clause_at(search, occurrence).prepositions:  # "fighting erupted between A and B"
                if q.name in ("between", "among"):
                    both = conjuncts(s, q.object)
                    sources, targets = both[:1], [*targets, *both[1:]]
                    break
        if occurrence is not None and not targets:
            clause = clause_at(search, occurrence)
            near = [q.object for q in clause.prepositions if q.name in p.target_preps and q.name not in ("in", "at", "of") and q.object in search.phrases]
            targets = near[:1]
            if not targets and rule.type == "ASSAULT" and s.lemmas[occurrence] in ("kill", "wound", "injure", "hit", "target", "destroy", "damage", "leave", "strike"):
                targets = [o for o in clause.objects if o in search.phrases]
        if not sources and rule.type == "CONSULT":
            sources, targets = _met_while(search, n, targets)
        if occurrence is not None and not sources and not targets and rule.type in ("PROTEST", "ASSAULT"):
            sources = _people_of_place(search, occurrence)
        if not sources and rule.owner == "source":
            agents = [
                h for h in noun_agents(s, n) if h in search.phrases and h not in targets and s.deps[n] == "dobj" and s.lemmas[s.heads[n]] in search.book.grammar["light_verbs"]
            ]
            sources = agents
        if not meets_conditions(search, rule, None, sources, targets, n):
            continue
        found = fill_noun(search, rule, p, n, sources, targets, None)
        if found is None:
            continue
        if not _stands_alone(search, n, found, occurrence):
            refuse(search, "bare-noun", n, rule.id)
            return None
        return found
    return None


MEETING_PREPOSITIONS = frozenset({"after", "following", "at", "during", "in", "on", "before", "for"})


def _met_while(search: Search, n: int, targets: list[int]) -> tuple[list[int], list[int]]:
    """Who met at the talks ``n``, by the verb told with them: "after talks with Iran, Oman said", "the two agreed in a call", "he asked her at a meeting"."""
    s = search.s
    prep = s.heads[n]
    if s.deps[n] != "pobj" or not is_verb(s, s.heads[prep]) or s.lemmas[prep].lower() not in MEETING_PREPOSITIONS:
        return [], targets
    clause = clause_at(search, s.heads[prep])
    subjects = [h for h in clause.subjects if h in search.phrases and h not in targets]
    if targets:
        return subjects, targets
    if s.lemmas[prep].lower() not in ("in", "at", "during"):
        return [], targets
    if len(expand(s, subjects, search.phrases)) > 1:
        return subjects, targets
    partners = [h for h in clause.objects if h in search.phrases]
    return (subjects, partners) if subjects and partners else ([], targets)


def _people_of_place(search: Search, v: int) -> list[int]:
    """ "Protests erupted in Tehran": where nobody is named, the place's people; as the token of the place."""
    return [
        q.object
        for q in clause_at(search, v).prepositions
        if q.name in ("in", "at", "across", "near") and q.object in search.phrases and search.phrases[q.object].kind in ("place", "capital", "country")
    ][:1]


def _occurrence(search: Search, n: int) -> int | None:
    """The verb that says that the event named by ``n`` took place."""
    s = search.s
    head = s.heads[n]
    if s.deps[n] in ("nsubj", "nsubjpass") and is_verb(s, head):
        if s.lemmas[head] in search.book.grammar["occurrence_verbs"] or s.lemmas[head] in search.book.grammar["light_verbs"]:
            return head
    if s.deps[n] in ("attr",) and is_verb(s, head) and any(s.deps[c] == "expl" for c in s.children[head]):
        return head
    return None


def _stands_alone(search: Search, n: int, found: Found, occurrence: int | None) -> bool:
    """Whether a noun tells that its event took place: by both sides, by a verb of occurrence, or by where it stands."""
    s = search.s
    if found.incomplete:
        return True
    both = bool(found.source and found.target)
    dep, head = s.deps[n], s.heads[n]
    governing = s.lemmas[s.heads[head]] if dep == "pobj" else ""
    if (
        dep == "pobj"
        and s.lemmas[head] in ("of", "for", "to", "about", "on", "over")
        and (governing in search.book.grammar["future_nouns"] or governing in ("impact", "effect", "chance", "talk", "type", "kind", "issue", "question"))
    ):
        return False
    if found.type in ("ASSAULT", "CONSULT", "MOBILIZE", "PROTEST", "COERCE", "RETREAT"):
        if both or occurrence is not None:
            return True
        after = dep == "pobj" and s.lemmas[head] in ("after", "following", "during", "in", "by", "with", "over", "for", "since", "before", "at", "amid", "to", "of")
        return bool(found.source or found.target) and (after or dep in ("dobj", "nsubj", "nsubjpass", "ROOT", "conj", "appos")) and found.type != "CONSULT"
    if found.type in ("SANCTION", "AID", "ACCUSE", "REQUEST", "THREATEN", "REJECT", "AGREE", "SUPPORT", "COOPERATE", "CONCEDE"):
        governed = (
            dep in ("dobj", "pobj")
            and (governing_verb := s.lemmas[head] if dep == "dobj" else s.lemmas[head].lower())
            and governing_verb in ("follow", "after", "following", "prompt", "draw", "provoke", "trigger", "spark", "amid", "despite", "repeat", "renew")
        )
        return both or (occurrence is not None or bool(governed)) and bool(found.source or found.target)
    return both
