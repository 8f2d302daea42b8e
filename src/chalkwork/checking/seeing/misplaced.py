"""What stands in a program's line in the place of what belongs there, where no entry of the table of mistakes says it.

Every part of the step's equation is exchanged for what one slip makes of it (`slips`), for that in all places alike,
and for every other quantity of its shape; the cheap candidates come first. Steps that were not answered are written
into the equation, so that a slip in one of them is found too. All of this is only for programs, whose numbers have all
their digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, islice
from typing import Any, NamedTuple

import numpy as np

from chalkwork.algebra.definitions import defined
from chalkwork.algebra.expression import (
    Application,
    Expression,
    Name,
    Number,
    apply,
    names_in,
    rebuild,
    transform,
    walk,
)
from chalkwork.algebra.expression import replace as exchanged
from chalkwork.checking.mistakes import Context
from chalkwork.checking.mistakes.errors import error_factors, slope_of
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.checking.reading.answers import Answer, answer_like, with_given
from chalkwork.checking.seeing.quantities import Batch, batches, made_of_itself, quantities
from chalkwork.checking.seeing.slips import alike, all_exchanged, in_words, relatives
from chalkwork.checking.seeing.summed import summed_otherwise
from chalkwork.checking.task import Task
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.words import Text

Array = np.ndarray[Any, Any]
_MOST_PARTS = 60
_MOST_TERMS = 5
"""Of so many factors or summands any two and more are taken together."""
_MOST_WRITTEN_IN = 4
_MOST_SPENT = 6000
"""So many parts of equations are gone through in one search for one step."""
_MOST_NODES = 40
"""A form with more parts is not made larger still."""
_LONGEST = 70
_EXACT, _SINGLE = 1e-9, 1e-5
"""What numbers of double and single precision can be apart, as a part of the largest of them."""
_MOST_NUMBERS = 200_000
"""Numbers that are worked with at once; a part that has more is left as it is."""
_MOST_KEPT = 500
_FEW_DECIMALS = 4
_PUT = "what is put in its place"


def misplaced(task: Task, typed: Mapping[str, object], name: str, answer: Answer) -> Text | None:
    """What gives a program's wrong answer in the place of what; None where nothing does, or digits are missing."""
    size = np.max(np.abs(answer.value), initial=0.0)
    width = float(np.max(answer.high - answer.low, initial=0.0))
    most = _SINGLE if answer.value.size > 1 else _EXACT
    if not answer.given.all() or width > most * size:
        return None
    context, values = task.context, task.values
    answered = {}
    for one, given in typed.items():
        own = answer_like(given, values[one])
        if own.wrong_shape is None and own.given.all():
            answered[one] = with_given(own, np.asarray(values[one], dtype=float))
    known = {**values, **answered}
    precision = max(_EXACT, width / size if size else 0.0)
    spent = [0]
    forms = list(_forms(context, name, answered))
    searches: tuple[Callable[[_Step], Iterable[_Slip]], ...] = (
        _Step.in_time, _Step.summed, _Step.slipped, _Step.slipped_alike, _Step.exchanged)  # fmt: skip
    if np.all(answer.value == np.round(answer.value, _FEW_DECIMALS)):  # such numbers come out of much by accident
        forms, searches = forms[:1], searches[2:3]
    steps = [_Step(context, name, form, known, precision, spent, answer.value) for form in forms]
    with np.errstate(all="ignore"):
        for search in searches:
            spent[0] = 0
            said = [one for step in steps for one in search(step)]
            if said:
                return min(said, key=_Slip.size).text
    return None


class _Slip(NamedTuple):
    """What gives the answer: `new` in the place of `old`, all of it perhaps so many times."""

    factor: float
    new: str
    old: str
    everywhere: bool = False

    def size(self) -> tuple[bool, bool, bool, int]:
        """How much is to be said: what was left out before what stands there instead."""
        return self.factor != 1, bool(self.new), self.new == "0", len(self.new) + len(self.old)

    @property
    def text(self) -> Text:
        """What it is that comes out."""
        text = (
            Text.of("seen.misplaced", new=self.new, old=self.old)
            if self.new
            else Text.of("seen.left_out", old=self.old)
        )
        if self.everywhere:
            text = Text.own("seen.alike", "<what>, and so wherever it stands like that", what=text)
        if self.factor == 1:
            return Text.of("seen.comes_out", what=text)
        return Text.of("seen.comes_out_times", factor=f"{self.factor:.4g}", what=text)


class _Place(NamedTuple):
    """A part of an equation, with the equation where something else stands in its place, everywhere or once."""

    part: Expression
    hole: Name
    wholes: tuple[Expression, ...]


def _forms(context: Context, name: str, answered: Mapping[str, Any]) -> Iterator[Expression]:
    """The equation as it is, then with what was not answered written in."""
    expression = context.derivation[name].expression
    yield expression
    for written in _written(expression, context):
        if written != expression and written.shape == expression.shape:
            yield written
    factors = error_factors(context.derivation[name], context)
    slope = slope_of(factors[0]) if factors is not None else None
    if factors is not None and slope is not None and slope.shape == factors[1].shape:
        yield factors[1] * slope
    for _ in range(_MOST_WRITTEN_IN):
        if sum(1 for _ in walk(expression)) > _MOST_NODES:
            return
        names = [one for one in names_in(expression) if one.name in context.derivation and one.name not in answered]
        open_: dict[Expression, Expression] = {one: context.derivation[one.name].expression for one in names}
        if not open_:
            return
        expression = exchanged(expression, open_)
        yield expression


def _written(expression: Expression, context: Context) -> Iterator[Expression]:
    """The parts in simpler operations; the logarithm of a softmax as the difference that programs take of net inputs,
    with the largest of them subtracted or not.
    """
    simpler: dict[Expression, Expression] = {}
    shifted: dict[Expression, Expression] = {}
    for part in walk(expression):
        form = defined(part) if isinstance(part, Application) else None
        if form is not None and form.shape == part.shape:
            simpler[part] = shifted[part] = form
        second = part.arguments[1] if is_operation(part, "xlogy") else None
        source = context.derivation.get(second.name) if isinstance(second, Name) else None
        if source is not None and is_operation(source.expression, "softmax") and isinstance(part, Application):
            (net,), axis = source.expression.arguments, source.expression.parameters[0]
            less = net - apply("max", net, axis=axis)
            simpler[part], shifted[part] = (
                part.arguments[0] * (one - apply("logsumexp", one, axis=axis)) for one in (net, less)
            )
    yield from (exchanged(expression, forms) for forms in (simpler, shifted))


@dataclass(frozen=True)
class _Step:
    """One step of a program, in one of the forms that its equation has."""

    context: Context
    name: str
    expression: Expression
    own: Mapping[str, Any]
    precision: float
    """How far, as a part of the largest number, what is the same can be apart."""
    spent: list[int]
    """How many parts of equations were gone through so far."""
    answer: Array
    _known: dict[Expression, Any] = field(default_factory=dict, compare=False)
    _batches: dict[tuple[int, ...], list[Batch]] = field(default_factory=dict, compare=False)

    # --- what is tried ---------------------------------------------------------------------------------------------

    def slipped(self) -> Iterator[_Slip]:
        """One part exchanged for what one slip makes of it."""
        for place in self._places:
            made = {one: self._value(one) for one in relatives(place.part)}
            yield from self._met(place, {one: value for one, value in made.items() if value is not None})

    def slipped_alike(self) -> Iterator[_Slip]:
        """The same slip in all parts that one operation makes."""
        for parts in alike(self.expression):
            for number, relative in enumerate(relatives(parts[0])):
                if not self._goes_on(1):
                    break
                whole = all_exchanged(self.expression, parts, number)
                if whole is not None and self._is_answer(whole):
                    yield _Slip(1.0, *in_words(relative, parts[0]), everywhere=True)
        for count in self.context.sizes:
            for factor in (count, 1 / count) if count > 1 else ():
                scaled = _scaled(self.expression, factor)
                if scaled != self.expression and self._is_answer(scaled):
                    yield _Slip(1.0, f"n * {count}" if factor > 1 else f"n / {count}", "every number n in front", True)

    def in_time(self) -> Iterator[_Slip]:
        """One step's part of a sum over a sequence alone, or a quantity of another step or another gate."""
        for new, old, whole in self._in_time():
            if self._is_answer(whole):
                yield _Slip(1.0, new, old)

    def summed(self) -> Iterator[_Slip]:
        """A sum of which only a part was taken."""
        for place in self._places:
            if isinstance(place.part, Application) and np.prod(place.part.shape) <= _MOST_NUMBERS:
                yield from self._met(place, summed_otherwise(place.part, self._value))

    def exchanged(self) -> Iterator[_Slip]:
        """One part exchanged for another quantity."""
        for place in self._places:
            value = self._value(place.part)
            if value is None or value.size > _MOST_NUMBERS:
                continue
            if mine := dict(made_of_itself(place.part, value, self.own, self.expression)):
                yield from self._meeting(place, list(mine).__getitem__, np.stack(list(mine.values())))
            for batch in self._batches_of(value.shape):
                if not self._goes_on(len(place.wholes)):
                    return
                yield from self._meeting(place, *batch.instead_of(place.part, value))

    def _batches_of(self, shape: tuple[int, ...]) -> Iterable[Batch]:
        """The quantities that fit there; those of small shapes are kept, as several parts have them."""
        if shape in self._batches:
            return self._batches[shape]
        size = int(np.prod(shape))
        found = batches(self._quantities, shape, max(1, _MOST_NUMBERS // (2 * max(size, self.answer.size))))
        if size > _MOST_KEPT:
            return found
        self._batches[shape] = list(found)
        return self._batches[shape]

    # --- whether it gives the answer -------------------------------------------------------------------------------

    def _goes_on(self, wholes: int) -> bool:
        """Whether so many equations more can be gone through."""
        self.spent[0] += self._nodes * wholes
        return self.spent[0] <= _MOST_SPENT

    @cached_property
    def _nodes(self) -> int:
        return sum(1 for _ in walk(self.expression))

    @cached_property
    def _room(self) -> float:
        return self.precision * float(np.max(np.abs(self.answer)))

    def _value(self, expression: Expression) -> Array | None:
        """Its value in its shape; None where it has none."""
        try:
            value = np.asarray(evaluate(expression, self.own, known=self._known), dtype=float)
        except (ValueError, IndexError, ChalkworkError):
            return None
        shape = expression.shape or (1, 1)
        return value.reshape(shape) if value.size == np.prod(shape) else None

    def _is_answer(self, whole: Expression) -> bool:
        value = self._value(whole)
        if value is None or value.size != self.answer.size:
            return False
        return bool(np.all(np.abs(value.ravel() - self.answer.ravel()) <= self._room))

    def _met(self, place: _Place, tried: Mapping[Any, Array]) -> Iterator[_Slip]:
        """Which of those tried give the answer, or a multiple of it, in the hole of the equation."""
        if tried and self._goes_on(len(place.wholes)):
            yield from self._meeting(place, list(tried).__getitem__, np.stack(list(tried.values())))

    def _meeting(self, place: _Place, word: Callable[[int], Any], together: Array) -> Iterator[_Slip]:
        for whole in place.wholes:
            try:
                results = np.asarray(evaluate(*self._around(whole, place.hole, together)), dtype=float)
            except (ValueError, IndexError, ChalkworkError):
                continue
            if results.size != len(together) * self.answer.size:
                continue
            results = results.reshape(len(together), self.answer.size)
            for factor in self._factors:
                met = np.all(np.abs(factor * results - self.answer.ravel()) <= self._room, axis=-1)
                for at in np.flatnonzero(met):
                    yield _Slip(factor, *in_words(word(int(at)), place.part))

    @cached_property
    def _factors(self) -> tuple[float, ...]:
        samples = self.context.sizes[0]
        return tuple(dict.fromkeys((1.0, -1.0, float(samples), 1 / samples, -float(samples), -1 / samples)))

    def _around(self, whole: Expression, hole: Name, put: Array) -> tuple[Expression, dict[str, Any]]:
        """The equation with a part taken out, all that does not hold it worked out already."""
        values: dict[str, Any] = {hole.name: put}

        def constant(node: Expression) -> Expression | None:
            if isinstance(node, Number) or hole in names_in(node):
                return None
            name = Name(f"part {len(values)}", node.shape)
            values[name.name] = evaluate(node, self.own, known=self._known)
            return name

        return transform(whole, constant), values

    # --- where and what --------------------------------------------------------------------------------------------

    @cached_property
    def _places(self) -> list[_Place]:
        """The parts of the equation that are no numbers, and several factors or summands of it together."""
        found: list[_Place] = []
        for part in islice(walk(self.expression), _MOST_PARTS):
            if isinstance(part, (Name, Application)) and len(str(part)) <= _LONGEST:
                hole = Name(_PUT, part.shape)
                wholes = dict.fromkeys((exchanged(self.expression, {part: hole}), *_each(self.expression, part, hole)))
                found.append(_Place(part, hole, tuple(wholes)))
        for chain in ("multiply", "add"):
            found += islice(self._together(chain), _MOST_PARTS)
        return found

    def _together(self, operation: str) -> Iterator[_Place]:
        """Two and more of the factors or summands of a part, but not all."""
        chains = [part for part in walk(self.expression) if is_operation(part, operation)]
        inside = {one for part in chains for one in part.arguments}
        for part in (one for one in chains if one not in inside):
            terms = list(_chained(part, operation))
            for count in range(2, len(terms)) if len(terms) <= _MOST_TERMS else ():
                for places in combinations(range(len(terms)), count):
                    some = _joined([terms[at] for at in places], operation)
                    rest = [term for at, term in enumerate(terms) if at not in places]
                    hole = Name(_PUT, some.shape)
                    whole = exchanged(self.expression, {part: _joined([hole, *rest], operation)})
                    if whole.shape == self.expression.shape and len(str(some)) <= _LONGEST:
                        yield _Place(some, hole, (whole,))

    @cached_property
    def _quantities(self) -> dict[str, Array]:
        """Everything that a program has at that time, in words."""
        return quantities(self.context, self.name, self.expression, self.own, self._value)

    def _in_time(self) -> Iterator[tuple[str, str, Expression]]:
        parts = list(_chained(self.expression, "add"))
        for one in parts if len(parts) > 1 else ():
            yield str(one), "the whole sum", one
        timed: dict[str, dict[int, Name]] = {}
        for name in names_in(self.expression):
            letter, _, time = name.name.rpartition("_t")
            if letter and time.isdigit():
                timed.setdefault(letter, {})[int(time)] = name
        letters = dict.fromkeys(one.rpartition("_t")[0] for one in self.own if "_t" in one)
        for letter, names in timed.items():
            others = [(other, 0, f"{other}_t") for other in letters if other != letter]
            for other, by, word in ((letter, 1, f"{letter}_t+1"), (letter, -1, f"{letter}_t-1"), *others):
                made: dict[Expression, Expression] = {
                    name: Name(f"{other}_t{time + by}", name.shape)
                    for time, name in names.items()
                    if np.shape(self.own.get(f"{other}_t{time + by}", 0)) == name.shape
                }
                if len(made) == len(names) > 1:
                    yield word, f"{letter}_t", exchanged(self.expression, made)


def _scaled(expression: Expression, factor: float) -> Expression:
    """Every number in front of something so many times."""

    def rule(node: Expression) -> Expression | None:
        if is_operation(node, "multiply") and isinstance(node.arguments[0], Number):
            scaled = Number(node.arguments[0].value * factor)
            return scaled * transform(node.arguments[1], rule)
        return None

    return transform(expression, rule)


def _chained(expression: Expression, operation: str) -> Iterator[Expression]:
    """The factors of a product, the summands of a sum."""
    if is_operation(expression, operation):
        for one in expression.arguments:
            yield from _chained(one, operation)
    else:
        yield expression


def _joined(parts: list[Expression], operation: str) -> Expression:
    whole = parts[0]
    for one in parts[1:]:
        whole = apply(operation, whole, one)
    return whole


def _each(whole: Expression, part: Expression, hole: Expression) -> Iterator[Expression]:
    """The expression with one of several occurrences of a part exchanged."""
    if not isinstance(whole, Application):
        return
    for place, argument in enumerate(whole.arguments):
        inner = [hole] if argument == part else _each(argument, part, hole)
        for one in inner:
            yield rebuild(whole, (*whole.arguments[:place], one, *whole.arguments[place + 1 :]))
