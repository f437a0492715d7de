"""Names of a benchmark -> what they tell: an entity's country and role, a relation's CAMEO root and quad class. All as numbers, for grouping."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from detente.exchange.imported import CellError
from detente.exchange.quads import find_coding_by_name, find_icews_actor
from detente.forecasting.quads import Ints


class Attributes(NamedTuple):
    """Groups that entities and relations belong to, an array each. Relations come twice: as they are, then their mirrors, whose groups are others.

    ``countries``, ``roles``: by entity; one whose name shows none is a group of its own. ``roots``, ``quad_classes``: by relation and mirror.
    """

    countries: Ints
    roles: Ints
    roots: Ints
    quad_classes: Ints

    @property
    def entities(self) -> int:
        """How many entities there are."""
        return len(self.countries)

    @property
    def relations(self) -> int:
        """How many relations there are, mirrors not counted."""
        return len(self.roots) // 2


def find_attributes(entities: Sequence[str], relations: Sequence[str]) -> Attributes:
    """Names with underscores for spaces -> their groups. Names alone are read, never events, so that nothing of the future comes in."""
    actors = [find_icews_actor(name.replace("_", " ")) for name in entities]
    countries = [actor.country or ("entity", number) for number, actor in enumerate(actors)]
    roles = [name.partition("_(")[0] if "_(" in name else (actor.sectors or ("entity", number)) for number, (name, actor) in enumerate(zip(entities, actors, strict=True))]
    roots: list[Hashable] = []
    quad_classes: list[Hashable] = []
    for name in relations:
        try:
            coding = find_coding_by_name(name)
        except CellError:
            roots.append(name)
            quad_classes.append(None)
        else:
            roots.append(coding.cameo[:2])
            quad_classes.append(coding.quad)
    return Attributes(number_groups(countries), number_groups(roles), with_mirrors(number_groups(roots)), with_mirrors(number_groups(quad_classes)))


def number_groups(keys: Sequence[Hashable]) -> Ints:
    """Keys of groups -> their numbers, in the order in which they are first there."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def with_mirrors(groups: Ints) -> Ints:
    """The groups of relations -> the same, then those of their mirrors, which are others."""
    return np.concatenate([groups, groups + groups.max(initial=-1) + 1])
