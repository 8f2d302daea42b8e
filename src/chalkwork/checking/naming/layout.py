"""How a program lays out its parameters: one by one, in a flat list, the bias in the weights, neuron by neuron.

A program begins with the exercise's parameters. So the entries that its places hold at first say what stands where,
whatever the places are called. They hold the renewed parameters later, and what is built like them holds gradients.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, islice, permutations
from typing import Any

import numpy as np

from chalkwork.checking.naming.programs import Reader
from chalkwork.words import Text

Numbers = np.ndarray[Any, Any]
_MOST_TRIED = 400
_MOST_ENTRIES = 10_000
_MOST_ALIKE = 20
_NEAR = 0.5
"""Parameters that are no further from where they began than this part of them have been updated."""
_FAR, _FURTHER = 2.0, 1.2
"""How many times further a second arrangement has to be before the nearest one is taken; where a part is right."""
_FEW = 3


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Which entries of the exercise's parameters stand one after the other."""

    entries: Numbers
    signs: Numbers
    names: tuple[str, ...]
    bias: tuple[str, int, int] | None = None
    """The weights that hold a bias as a further row or column, along which axis, and its sign."""
    styles: frozenset[object] = frozenset()
    """How its matrices are written."""

    @property
    def key(self) -> tuple[bytes, bytes]:
        """What another arrangement of the same entries has, too."""
        return self.entries.tobytes(), self.signs.tobytes()

    @property
    def ways(self) -> int:
        """In how many ways it does what can be done in one: matrices by rows or by columns, biases before or behind."""
        orders = {one[0] + other[0] for one, other in combinations(self.names, 2) if one[1:] == other[1:]}
        return len(self.styles) + len(orders) + (list(self.names) != sorted(self.names, key=lambda name: name[1:]))


class Parameters:
    """The parameters of an exercise, all their entries numbered through, and what is worked out for each."""

    def __init__(self, reader: Reader) -> None:
        derivation, values = reader.context.derivation, reader.values
        self.names = [one.name for one in derivation.givens if {f"d{one.name}", f"{one.name}_new"} & set(derivation)]
        self.shapes = {name: np.shape(values[name]) for name in self.names}
        ends = np.cumsum([0, *(np.size(values[name]) for name in self.names)])
        self.at = {name: range(start, end) for name, start, end in zip(self.names, ends, ends[1:], strict=False)}
        self.size = int(ends[-1])
        self.kinds: dict[str, Numbers] = {}
        """The right values by the form of their names: `{}`, `d{}`, `{}_new`, `v{}_new`."""
        longest_first = "|".join(sorted(map(re.escape, self.names), key=len, reverse=True))
        pattern = re.compile(rf"([A-Za-z]*?)({longest_first})((?:_new\d*)?)")
        for name in (*self.names, *derivation) if self.names else ():
            if (found := pattern.fullmatch(name)) and np.shape(values[name]) == self.shapes[found[2]]:
                whole = self.kinds.setdefault(f"{found[1]}{{}}{found[3]}", np.full(self.size, np.nan))
                whole[self.at[found[2]]] = np.ravel(values[name])
        self.blocks = list(self._blocks()) if self.size <= _MOST_ENTRIES else []

    def _blocks(self) -> Iterator[Arrangement]:
        """Each parameter by itself, and those that are written as one matrix: with its bias, [h, x], gate by gate."""
        numbered = {name: np.array(self.at[name], int).reshape(self.shapes[name]) for name in self.names}
        for name, own in numbered.items():
            yield from self._orders(own, np.ones(own.shape), (name,))
        for one, other in permutations(self.names, 2):
            if one[1:] == other[1:] and numbered[one].ndim == 2:
                yield from self._joined(one, other, numbered)
        gates: dict[tuple[object, ...], list[str]] = {}
        for name in (name for name in self.names if numbered[name].ndim == 2):
            gates.setdefault((name[0], self.shapes[name], *re.findall(r"\d+", name)), []).append(name)
        for several in gates.values():
            for order in permutations(several) if 2 < len(several) < 5 else ():
                whole = np.concatenate([numbered[name] for name in order], axis=1)
                yield from self._orders(whole, np.ones(whole.shape), order)

    def _joined(self, one: str, other: str, numbered: Mapping[str, Numbers]) -> Iterator[Arrangement]:
        own, more = numbered[one], numbered[other]
        for axis in (0, 1):
            if more.ndim < 2 or 1 in more.shape:
                if more.size != own.shape[1 - axis]:
                    continue
                beside = more.reshape((1, -1) if axis == 0 else (-1, 1))
            elif more.ndim == 2 and more.shape[1 - axis] == own.shape[1 - axis]:
                beside = more
            else:
                continue
            for sign in (1, -1) if other[0] == "b" else (1,):
                parts = [(own, np.ones(own.shape)), (beside, np.full(beside.shape, sign))]
                for both in (parts, parts[::-1]):
                    entries, signs = (np.concatenate([part[place] for part in both], axis) for place in (0, 1))
                    said = (one, axis, sign) if other[0] == "b" else None
                    yield from self._orders(entries, signs, (one, other), said, axis, sign, both is parts)

    def _orders(
        self,
        own: Numbers,
        signs: Numbers,
        names: tuple[str, ...],
        said: tuple[str, int, int] | None = None,
        *way: object,
    ) -> Iterator[Arrangement]:
        """Row by row and column by column."""
        flat = own.ndim < 2 or min(own.shape) == 1
        style = () if flat and len(names) == 1 else (len(names), *way)
        yield Arrangement(own.ravel(), signs.ravel(), names, said, frozenset([("rows", *style)] if style else ()))
        if not flat:
            yield Arrangement(own.T.ravel(), signs.T.ravel(), names, said, frozenset([("columns", *style)]))

    @cached_property
    def _of_one_length(self) -> list[tuple[list[int], Arrangement]]:
        """The blocks of so many entries by their places, and together."""
        found: dict[int, list[int]] = {}
        for place, block in enumerate(self.blocks):
            found.setdefault(len(block.entries), []).append(place)
        return [(places, _together([self.blocks[place] for place in places])) for places in found.values()]

    def right(self, kind: str, order: Arrangement) -> Numbers:
        """The right values of a kind, arranged; of several arrangements together, a row of each."""
        found: Numbers = self.kinds[kind][order.entries] * order.signs
        return found

    def part(self, order: Arrangement, numbers: Numbers, name: str) -> Numbers:
        """What one parameter has of the numbers, in its shape."""
        places = self.places(order, name)
        found: Numbers = (numbers[places] * order.signs[places]).astype(numbers.dtype)
        return found.reshape(self.shapes[name])

    def places(self, order: Arrangement, name: str) -> Numbers:
        """Where the entries of a parameter stand, in their order."""
        own = self.at[name]
        inside = np.flatnonzero((order.entries >= own.start) & (order.entries < own.stop))
        return inside[np.argsort(order.entries[inside])]

    def arranged(self, size: int, able: Callable[[int], Sequence[Arrangement]]) -> Iterator[Arrangement]:
        """The arrangements of so many numbers by the blocks that are able to stand at a place, the likeliest first:
        before all one block alone.
        """
        tried = 0
        at: dict[int, Sequence[Arrangement]] = {}

        def behind(done: tuple[Arrangement, ...], taken: frozenset[str], start: int) -> Iterator[Arrangement]:
            nonlocal tried
            if start == size and done:
                yield _one_after_the_other(done)
                return
            if start not in at:
                at[start] = able(start)
            for block in at[start]:
                if taken.isdisjoint(block.names):
                    tried += 1
                    if tried < _MOST_TRIED:
                        yield from behind((*done, block), taken.union(block.names), start + len(block.entries))

        yield from (block for block in able(0) if len(block.entries) == size)
        yield from behind((), frozenset(), 0)

    def are_given(self, numbers: Numbers) -> bool:
        """Whether they are all entries of the parameters, or minus such."""
        given = self.kinds.get("{}", np.empty(0))
        able = 0 < numbers.size <= given.size and bool(np.any(numbers))
        return able and self._met_somewhere(numbers, "{}") == numbers.size

    def _met_somewhere(self, numbers: Numbers, kind: str) -> int:
        """How many of the numbers are some entry of a kind, up to a sign."""
        own, sizes = self._sizes[kind], np.abs(numbers)
        if not own.size:
            return 0
        place = np.clip(np.searchsorted(own, sizes), 1, max(own.size - 1, 1))
        near = (own[np.minimum(one, own.size - 1)] for one in (place - 1, place))
        return int(np.count_nonzero(np.logical_or(*(met(sizes, one) for one in near))))

    @cached_property
    def _sizes(self) -> dict[str, Numbers]:
        """What is right of each kind without its sign, in order."""
        return {kind: np.sort(np.abs(right[~np.isnan(right)])) for kind, right in self.kinds.items()}

    def began(self, numbers: Numbers) -> list[Arrangement]:
        """The arrangements in which these are the parameters as they are given, the plainest first."""
        if not self.are_given(numbers):
            return []

        def able(start: int) -> list[Arrangement]:
            blocks = [block for block in self.blocks if start + len(block.entries) <= numbers.size]
            return [block for block in blocks
                    if met(numbers[start : start + len(block.entries)], self.right("{}", block)).all()]  # fmt: skip

        return list({one.key: one for one in islice(self.arranged(numbers.size, able), _MOST_ALIKE)}.values())

    def later(
        self, numbers: Numbers, kinds: Sequence[str], begun: Sequence[Arrangement] | None = None
    ) -> tuple[str, Arrangement] | None:
        """The kind and arrangement by which most numbers are right, up to a sign; where none is, that by which they are
        near the given ones: one by which others have `begun`, or clearly the nearest. Without `begun` no such.
        """
        if not (kinds and 0 < numbers.size <= self.size and np.isfinite(numbers).all()):
            return None
        right = np.array([self.kinds[kind] for kind in kinds])
        if begun is None:
            kinds = [kind for kind in kinds if 2 * self._met_somewhere(numbers, kind) >= numbers.size]
            if not kinds:
                return None

        def able(start: int) -> list[Arrangement]:
            scored: list[tuple[float, float, int]] = []
            for places, together in self._of_one_length:
                own = numbers[start : start + together.entries.shape[1]]
                if own.size == together.entries.shape[1]:
                    most = met(np.abs(own), np.abs(right[:, together.entries])).sum(axis=-1).max(axis=0) / own.size
                    away = np.mean((own - self.right("{}", together)) ** 2, axis=-1)
                    scored += zip((-most).tolist(), away.tolist(), places, strict=True)
            return [self.blocks[place] for _, _, place in sorted(scored)]

        orders = list({order.key: order for order in self.arranged(numbers.size, able)}.values())
        if not orders:
            return None
        every = _together(orders)
        ways, given = [order.ways for order in orders], self.right("{}", every)
        apart = [float(np.linalg.norm(numbers - own)) for own in given]
        turned = (np.abs(numbers + given) < np.abs(numbers - given)).sum(axis=-1).tolist()
        scored = []
        for kind in kinds:
            own = self.right(kind, every)
            either, exact = met(np.abs(numbers), np.abs(own)).sum(axis=-1), met(numbers, own).sum(axis=-1)
            each = zip((-either).tolist(), (-exact).tolist(), turned, ways, apart, range(len(orders)), strict=True)
            scored += [(*one, kind) for one in each]
        fewest, *_, best, kind = min(scored)
        if -2 * fewest >= numbers.size:
            return kind, orders[best]
        some = -fewest >= max(_FEW, numbers.size / 4)  # of one layer, say
        able_to = {one[-2] for one in scored if one[0] == fewest} if some else set(range(len(orders)))
        known = {one.key for one in begun or ()}
        alike = {place for place, one in enumerate(orders) if one.key in known} & able_to
        near = 1.0 if some else _NEAR
        styles = {one.styles for one in begun or () if one.styles}
        alike = alike or {place for place in able_to if orders[place].styles in styles}
        fewest_ways = min((ways[place] for place in able_to), default=0)
        able_to = alike or {place for place in able_to if ways[place] == fewest_ways}
        first, *others = sorted(able_to, key=lambda place: apart[place])
        clear = not others or apart[first] * (_FURTHER if some else _FAR) < apart[others[0]]
        clear = clear and apart[first] < near * float(np.linalg.norm(numbers))
        return ("{}", orders[first]) if begun is not None and clear else None

    def notes(self, order: Arrangement, shapes: Sequence[tuple[int, ...]]) -> list[Text]:
        """What is said of somebody who keeps the biases within the weights, in arrays of these shapes."""
        said: dict[str, Text] = {}
        ends = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])
        for shape, start, end in zip(shapes, ends, ends[1:], strict=False):
            key = order.entries[start:end].tobytes(), order.signs[start:end].tobytes()
            for name, axis, sign in (block.bias for block in self.blocks if block.bias and block.key == key):
                if len(shape) == 2:
                    turned = shape[0] != self.shapes[name][0] + (axis == 0)
                    side = "row" if (axis == 0) != turned else "column"
                    said[name] = Text.of(f"note.{'bias' if sign > 0 else 'threshold'}_as_{side}", name=name)
        return list(said.values())


def _one_after_the_other(blocks: Sequence[Arrangement]) -> Arrangement:
    if len(blocks) == 1:
        return blocks[0]
    entries, signs = (
        np.concatenate(parts) for parts in ([one.entries for one in blocks], [one.signs for one in blocks])
    )
    names = tuple(name for one in blocks for name in one.names)
    return Arrangement(entries, signs, names, None, frozenset().union(*(one.styles for one in blocks)))


def _together(orders: Sequence[Arrangement]) -> Arrangement:
    """Arrangements of as many entries, in the rows of one."""
    entries, signs = (np.array(rows) for rows in ([one.entries for one in orders], [one.signs for one in orders]))
    return Arrangement(entries, signs, ())


def _room(right: Numbers, numbers: Numbers) -> Numbers:
    """How far from the right ones a program's numbers are that are the same: so far as its precision goes."""
    slack, least = (1e-9, 1e-15) if numbers.dtype == np.float64 else (1e-5, 1e-7)
    room: Numbers = slack * np.abs(right) + least
    return room


def met(numbers: Numbers, right: Numbers) -> Numbers:
    """Which of the numbers are the right ones."""
    found: Numbers = np.abs(numbers - right) <= _room(right, numbers)
    return found
