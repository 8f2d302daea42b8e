"""Which places of a program hold parameters, gradients and units, entry by entry, by its own layout of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from chalkwork.checking.naming.called import differentiated, kinds_called
from chalkwork.checking.naming.evidence import is_mask, tells
from chalkwork.checking.naming.layout import Arrangement, Numbers, Parameters, met
from chalkwork.checking.naming.passes import after, last_step
from chalkwork.checking.naming.programs import Reader
from chalkwork.checking.naming.stacked import PART
from chalkwork.checking.naming.variables import taken_apart
from chalkwork.checking.placing.families import Family, Laid, Place, families_of, without
from chalkwork.checking.reading.names import bare_name
from chalkwork.checking.recording import spelled
from chalkwork.checking.recording.watching import Made, leaves
from chalkwork.words import Text

_GRADIENT = re.compile(r"grad|delta|nabla")
_NEAR = 0.5
_SAME = 1e-9
_MOST_ROUNDS = 20
_LARGEST = 100_000
_SEVERAL = 4
"""So many numbers near the parameters are no accident."""


class _Cell(NamedTuple):
    """Where an entry stands, and what made it."""

    made: Made
    place: Place
    entry: int


@dataclass(frozen=True)
class _Held:
    family: Family
    kind: str
    order: Arrangement
    changes: int


def laid_out(reader: Reader, places: Mapping[Place, Sequence[Made]], *, recorded: bool) -> Laid:
    """What the places of a program hold; without a recording each has one value, from after the program."""
    return _Laying(reader, places, recorded).done()


class _Laying:
    def __init__(self, reader: Reader, places: Mapping[Place, Sequence[Made]], recorded: bool) -> None:
        self.reader = reader
        self.places = {
            place: made
            for place, made in places.items()
            if {(one.value.dtype.kind, one.value.shape) for one in made} == {("f", made[0].value.shape)}
            and not {"parameter", "gradient"} & {kind for kind, _ in place[1]}
        }
        self.recorded = recorded
        self.own = Parameters(reader)
        self.families = families_of({place: made[0].value.shape for place, made in self.places.items()})
        self.laid = Laid()
        self.held: list[_Held] = []

    def done(self) -> Laid:
        """First the parameters, then what is built like them, then units one by one."""
        if self.own.blocks:
            self._parameters()
            self._alike()
        for family in self._free():
            if set(family.shapes) == {()} and len(family.places) > 1:
                self._one_by_one(family)
        return self.laid

    def _free(self) -> list[Family]:
        return [family for family in self.families if not self.laid.instead.keys() & set(family.places)]

    def _numbers(self, family: Family, version: int) -> Numbers:
        return np.concatenate([self.places[place][version].value.ravel() for place in family.places])

    # --- parameters ------------------------------------------------------------------------------------------------

    def _parameters(self) -> None:
        """The places that hold the parameters at first, or what they are later; those that change before others."""
        begun = {family: self._began(family) for family in self.families}
        found = {family: self._later(family) for family, order in begun.items() if order is None}
        told = {**begun, **{family: one[1] for family, one in found.items() if one is not None}}
        orders = [order for family, order in told.items() if order is not None and not self._is_plain(family, order)]
        every = [(family, self._held(family, begun[family], found.get(family), orders)) for family in self.families]
        able = [held for family, held in every if held is not None and not self._is_plain(family, held.order)]
        within = {place for one in able for place in one.family.places}
        plain = {one for place in self.places.keys() - within for one in self._plainly(place)}
        able.sort(key=lambda one: (not self._is_renewed(one), -one.changes))
        taken: set[str] = set()
        for one in able:
            names = set(one.order.names)
            again = any(np.array_equal(one.order.entries, other.order.entries) for other in self.held)
            others = {name for name, changed in plain if changed or not one.changes}
            if not again and (names & taken or (names & others and not self._is_renewed(one))):
                continue
            if not again:
                taken |= names
                self.held.append(one)
                self._written(one.family, one.order, one.kind)
                self.laid.notes += self.own.notes(one.order, one.family.shapes)
            self._claimed(one.family, one.order)
        if self.held:
            self._left_behind(taken)

    def _left_behind(self, taken: set[str]) -> None:
        """Parts of parameters that have no word of their own, and parameters that were not renewed with the others."""
        for place, made in self.places.items():
            whole = any(self._fits(made[0].value.shape, name) for name in self.own.names)
            if not whole and self.own.are_given(made[0].value.ravel()) and self._moves_on(made):
                self.laid.instead.setdefault(place, None)
        if last_step(self.reader.context):
            return
        places = [place for one in self.held if one.changes for place in one.family.places]
        renewed = {path[:-1] for _, path in places if len(path) > 1}  # in one object, dictionary or list
        begun = self.own.kinds["{}"]
        for one in self.held:
            for name in one.order.names if one.kind == "{}" and one.family.places[0][1][:-1] in renewed else ():
                made = self.laid.words[name]
                if len(made) == 1 and np.array_equal(made[-1].value.ravel(), begun[self.own.at[name]]):
                    self.laid.still[name] = made[-1]
        held = [(name, changed, place) for place in self.places for name, changed in self._plainly(place)]
        moved = {name for name, changed, _ in held if changed} | taken
        for name, _, place in held:
            if name not in moved and place[1][:-1] in renewed:
                value = begun[self.own.at[name]].reshape(self.own.shapes[name])
                self.laid.still[name] = replace(self.places[place][0], value=value)

    def _began(self, family: Family) -> Arrangement | None:
        """The order in which a family holds the parameters at first; what it holds later says which of several."""
        able = self.own.began(self._numbers(family, 0))
        right = [self._right_ones(family, one) for one in able]
        return able[right.index(max(right))] if able else None

    def _right_ones(self, family: Family, order: Arrangement) -> int:
        """How many of the numbers that it holds last are right after an update."""
        last, renewed = self._numbers(family, -1), [kind for kind in self.own.kinds if kind.startswith("{}_new")]
        return max((int(met(last, self.own.right(kind, order)).sum()) for kind in renewed), default=0)

    def _is_renewed(self, one: _Held) -> bool:
        """Whether it holds what is right after an update: what else has the parameters is given them."""
        return self._right_ones(one.family, one.order) == len(one.order.entries)

    def _later(self, family: Family) -> tuple[str, Arrangement] | None:
        """What a family is by most of its numbers: renewed parameters, or what is worked out for each."""
        numbers = self._numbers(family, -1)
        return self.own.later(numbers, [kind for kind in self.own.kinds if kind != "{}"]) if numbers.size > 1 else None

    def _held(
        self,
        family: Family,
        begun: Arrangement | None,
        found: tuple[str, Arrangement] | None,
        orders: Sequence[Arrangement],
    ) -> _Held | None:
        """The parameters that a family holds, by what it held at first, else by what it holds now; other places may say
        in which order.
        """
        last = self._numbers(family, -1)
        if last.size < 2 or any(self._moves_on(self.places[place]) for place in family.places):
            return None
        if begun is not None:
            return _Held(family, "{}", begun, sum(len(self.places[place]) - 1 for place in family.places))
        renewed = [kind for kind in self.own.kinds if kind.startswith("{}_new")]
        if found is not None:
            return _Held(family, *found, 2) if found[0] in renewed else None
        kinds = kinds_called(family.word)
        known = any(self.reader.equal(self.places[place][-1].value) for place in family.places)
        named = last.size >= _SEVERAL or bool({"W", "b"} & set(kinds))
        named = (
            named and not _GRADIENT.search(bare_name(family.word).lower()) and not any(one[0] == "d" for one in kinds)
        )
        if self.recorded or known or not named:
            return None
        near = self.own.later(last, renewed, orders)
        if near is None or np.all((last == 0) | (last == self.own.kinds["{}"][near[1].entries])):
            return None  # as they are, some left out: what a penalty is of
        return _Held(family, *near, 1)

    def _moves_on(self, made: Sequence[Made]) -> bool:
        """Whether a name stands for one thing after the other: what it holds later had been there before, or is another
        parameter as it is given.
        """
        if any(after.order < before.order for before, after in pairwise(made)):
            return True
        changed = (one.value[one.value != made[0].value] for one in made[1:])
        return any(one.size and self.own.are_given(one) for one in changed)

    def _is_plain(self, family: Family, order: Arrangement) -> bool:
        """Whether every place holds one parameter as the exercise has it, or turned: its name tells what it is."""
        start = 0
        for place, shape in zip(family.places, family.shapes, strict=True):
            inside = order.entries[start : start + self.places[place][0].value.size]
            start += len(inside)
            names = [name for name in self.own.names if inside[0] in self.own.at[name]]
            if not all(entry in self.own.at[names[0]] for entry in inside) or not self._fits(shape, names[0]):
                return False
        return True

    def _fits(self, shape: tuple[int, ...], name: str) -> bool:
        own, right = (tuple(size for size in one if size != 1) for one in (shape, self.own.shapes[name]))
        return own in (right, right[::-1])

    def _plainly(self, place: Place) -> Iterator[tuple[str, bool]]:
        """The parameters that a place holds as they are, each with whether it changes."""
        first, *later = self.places[place]
        own = first.value
        for name in self.own.names if own.size > 1 or self.recorded else ():
            right = self.reader.values[name]
            if self._fits(own.shape, name):
                turned = np.reshape(right.T if own.shape == np.shape(right)[::-1] else right, own.shape)
                near = [0 < np.linalg.norm(one.value - turned) < _NEAR * np.linalg.norm(right)
                        for one in (first, *later) if one.value.shape == own.shape]  # fmt: skip
                if np.all(np.abs(own - turned) <= _SAME * np.max(np.abs(right))):
                    yield name, any(near[1:])
                elif not self.recorded and near[0]:
                    yield name, True

    # --- what is built like them -----------------------------------------------------------------------------------

    def _alike(self) -> None:
        """Gradients, velocities and what else is kept for every parameter.

        Of several, what has most that is right, else the last; the others are known by their values alone.
        """
        found: dict[tuple[str, Arrangement], list[Family]] = {}
        for family in self._free():
            made = [one for place in family.places for one in self.places[place]]
            last = self._numbers(family, -1)
            beside = [one for one in self.held if family.is_built_like(one.family)]
            if beside and not is_mask(last) and not (self.recorded and all(one.line is None for one in made)):
                several = any(self._moves_on(self.places[place]) for place in family.places)
                for one in beside if not several else ():
                    if kind := self._kind(family, last, one):
                        found.setdefault((kind, one.order), []).append(family)
                        break
        for (kind, order), families in found.items():
            best = max(families, key=lambda family: self._standing(family, kind, order))
            self._written(best, order, kind)
            self._claimed(best, order)
            for place in (place for family in families for place in family.places):
                if place not in self.laid.instead:
                    self.laid.words[f"{PART}{spelled(place[1])}"] = list(self.places[place])
                    self.laid.instead[place] = None

    def _standing(self, family: Family, kind: str, order: Arrangement) -> tuple[int, int]:
        right = met(self._numbers(family, -1), self.own.right(kind, order))
        return int(right.sum()), max(self.places[place][-1].order for place in family.places)

    def _kind(self, family: Family, last: Numbers, one: _Held) -> str | None:
        """By the right values, up to a factor; by the change of the parameters, that goes with it; by its name."""
        word, of = bare_name(family.word).lower(), bare_name(one.family.word).lower()
        count = self.reader.context.sizes[0]
        if count == 1 and all(name[0] == "b" for name in one.order.names) and of not in word and word[-1:] != "b":
            return None  # the error of a unit, which is its bias's derivative where there is one sample
        factors = (1.0, -1.0, count, -count, 1 / count, -1 / count)
        for kind in self.own.kinds:
            if kind != "{}" and _agree(last, self.own.right(kind, one.order), factors):
                return kind
        if "d{}" not in self.own.kinds:
            return None
        begun = self.own.right("{}", one.order)
        if _are_multiples(last, begun - self._numbers(one.family, -1)):
            return "d{}"
        called = any(kind.startswith("d") for kind in kinds_called(family.word)) or word in set(differentiated(of))
        return "d{}" if called or _GRADIENT.search(word) else None

    # --- units -----------------------------------------------------------------------------------------------------

    def _one_by_one(self, family: Family) -> None:
        """A quantity with a variable for each entry, if most of its entries are right."""
        words = [str(place[1][-1][1]) for place in family.places]
        if all(word in self.reader.values for word in words) or not family.is_in_a_row:
            return
        if any(self._moves_on(self.places[place]) for place in family.places):
            return
        numbers = self._numbers(family, -1)
        best, name = max(
            ((self._right(numbers, name), name) for name in self.reader.sized(numbers.size)), default=(0, ""),
            key=lambda item: item[0],
        )  # fmt: skip
        if 2 * best >= numbers.size:
            cells = [_Cell(self.places[place][-1], place, 0) for place in family.places]
            value = numbers.reshape(np.shape(self.reader.values[name]))
            self.laid.put(name, [self._together(value, cells, name)])
            self._claimed(family, None)
            return
        listed = any(kind == "item" for kind, _ in family.places[0][1])
        found = None if listed or not self.own.blocks else self.own.later(numbers, list(self.own.kinds))
        if found is not None and len(found[1].names) < numbers.size:  # else each is a quantity by itself, by its name
            self._written(family, found[1], found[0])
            self._claimed(family, None)

    def _right(self, numbers: Numbers, name: str) -> int:
        """How many are right; of a derivative, up to the sign."""
        right = np.ravel(np.asarray(self.reader.values[name], dtype=float))
        equation = self.reader.context.derivation.get(name)
        either = np.abs if equation is not None and equation.derivative else np.positive
        return int(np.sum(met(either(numbers), either(right))))

    # --- what is written -------------------------------------------------------------------------------------------

    def _written(self, family: Family, order: Arrangement, kind: str) -> None:
        for name in order.names:
            self.laid.put(kind.format(name), self._rounds(family, order, kind, name))

    def _claimed(self, family: Family, order: Arrangement | None) -> None:
        """The places have nothing to say by their names any more; what lies in one array leaves its weights there."""
        for place in family.places:
            weights = max(order.names, key=lambda name: len(self.own.at[name])) if order is not None else ""
            alone = order is not None and len(family.places) == 1
            self.laid.instead[place] = list(self._rounds(family, order, "{}", weights)) if alone and order else None

    def _rounds(self, family: Family, order: Arrangement, kind: str, name: str) -> list[Made]:
        """The values that a parameter had, entry by entry: a new one where an entry is changed once more."""
        cells = self.own.places(order, name)
        ends = np.cumsum([0, *(int(np.prod(shape)) for shape in family.shapes)])
        state = self._numbers(family, 0)
        by = [_Cell(self.places[place][0], place, entry)
              for place, size in zip(family.places, np.diff(ends), strict=True) for entry in range(size)]  # fmt: skip
        found = [self._at(state, by, order, kind, name, 0)]
        if kind == "{}":
            found = [replace(found[0], line=None)]
        touched = np.zeros(state.size, bool)
        events = [(made.order, at, made) for at, place in enumerate(family.places) for made in self.places[place][1:]]
        for _, at, made in sorted(events, key=lambda event: event[:2]):
            span = slice(int(ends[at]), int(ends[at + 1]))
            if made.value.size != span.stop - span.start:
                continue
            new = state.copy()
            new[span] = made.value.ravel()
            changed = (new != state) & np.isin(np.arange(state.size), cells)
            if np.any(touched & changed):
                found.append(self._at(state, by, order, kind, name, len(found)))
                touched[:] = False
            state, touched = new, touched | changed
            for cell in np.flatnonzero(changed):
                by[cell] = by[cell]._replace(made=made)
        if touched.any():
            found.append(self._at(state, by, order, kind, name, len(found)))
        if kind != "{}" and len(family.places) > 1:
            found = found[1:] or found
        updates = last_step(self.reader.context) + 1
        if updates == 1:  # what came between was on the way to the last one
            found = (found[:1] if kind == "{}" else []) + found[-1:]
        return found[-_MOST_ROUNDS:]

    def _at(self, state: Numbers, by: Sequence[_Cell], order: Arrangement, kind: str, name: str, updates: int) -> Made:
        """A parameter as it was then, as it is right after so many updates."""
        value = self.own.part(order, state, name)
        target = after(name, updates) if kind == "{}" else kind.format(name)
        return self._together(value, [by[cell] for cell in self.own.places(order, name)], target)

    def _together(self, value: Numbers, cells: Sequence[_Cell], name: str) -> Made:
        """Entries as one value, of the line that made the first wrong one; of the last one where none is wrong."""
        right = np.ravel(self.reader.values.get(name, value))
        wrong = [cell for cell in np.flatnonzero(~met(value.ravel(), right)).tolist()
                 if cells[cell].made.line is not None]  # fmt: skip
        at = min(wrong, key=lambda cell: cells[cell].made.order) if wrong else None
        own = cells[at] if at is not None else max(cells, key=lambda cell: cell.made.order)
        made, beside = own.made, [entry for entry, cell in enumerate(cells) if cell.place == own.place]
        inside = [cells[entry].entry for entry in beside]
        source = self.numbers.get(float(value.ravel()[at])) if at is not None and made.value.size > 1 else None
        if at is not None and source is not None:  # put there from a variable of its own
            made, inside, beside = source, [0], [int(at)]
        return replace(made, value=value, of=None, holds=(np.array(inside), np.array(beside)))

    @cached_property
    def numbers(self) -> dict[float, Made]:
        """The single numbers that the program has, each where it was made first."""
        single = [made for (_, path), versions in self.places.items() for made in versions
                  if made.value.size == 1 and made.line is not None and not str(path[0][1]).endswith("()")]  # fmt: skip
        return {float(made.value.ravel()[0]): made for made in sorted(single, key=lambda made: -made.order)
                if tells(made.value)}  # fmt: skip


def _agree(numbers: Numbers, right: Numbers, factors: Iterable[float]) -> bool:
    """Whether most of the numbers are the right ones, up to one of the factors."""
    return any(2 * np.sum(met(numbers, factor * right)) > numbers.size for factor in factors if np.any(numbers))


def _are_multiples(numbers: Numbers, right: Numbers) -> bool:
    """Whether the numbers are all the same multiple of others, of which there are several."""
    largest = int(np.argmax(np.abs(right)))
    if np.count_nonzero(right) < _SEVERAL - 1 or not numbers[largest]:
        return False
    return bool(np.allclose(numbers * (right[largest] / numbers[largest]), right, 1e-7, 1e-12))


def laid_variables(
    reader: Reader, given: Mapping[str, object], named: Mapping[str, object], layers: int, steps: int
) -> tuple[dict[str, object], list[Text]]:
    """The variables of a program taken apart, its parameters and units by the exercise's names, and what is said of it;
    those that are `named` stay what they are.
    """
    code = laid_variables.__code__
    kept = leaves({word: value for word, value in given.items() if word not in named}, _LARGEST)
    arrays = [(path, array) for path, _, array in kept if isinstance(array, np.ndarray)]
    places: dict[Place, list[Made]] = {
        (None, path): [Made(array, None, code, order)] for order, (path, array) in enumerate(arrays)
    }
    laid = laid_out(reader, places, recorded=False)
    instead = {path: None if made is None else made[-1].value for (_, path), made in laid.instead.items()}
    known = {id(value) for value in instead.values() if value is not None}
    rest = taken_apart(without(given, instead), layers, steps)
    rest = {word: value for word, value in rest.items() if id(value) not in known}
    words = {name: made[-1].value for name, made in laid.words.items()}
    return {**rest, **words, **{f"{name}_new": made.value for name, made in laid.still.items()}}, laid.notes
