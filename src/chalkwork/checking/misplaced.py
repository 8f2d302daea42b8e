"""What stands in a program's line in the place of what belongs there, where no entry of the table of mistakes says it.

Every part of the step's equation is exchanged for what is made of it by one slip (its square, nothing at all) and for
every other quantity of its shape. Steps that were not answered are written into the equation first, so that a slip in
one of them is found too. All of this is only for programs, whose numbers have all their digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.definitions import defined
from chalkwork.algebra.expression import Application, Expression, Name, Number, names_in, rebuild, transform, walk
from chalkwork.algebra.expression import replace as exchanged
from chalkwork.checking.answers import Answer, answer_like, with_given
from chalkwork.checking.mistakes import Context
from chalkwork.checking.mistakes.errors import error_factors, slope_of
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.checking.passes import base_of
from chalkwork.derivation.derivation import Derivation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.words import Text

if TYPE_CHECKING:
    from chalkwork.checking.check import Task

Array = np.ndarray[Any, Any]
_MOST_PARTS = 60
_MOST_OTHERS = 40
_MOST_WRITTEN_IN = 4
_MOST_SPENT = 4000
"""So many parts of equations are gone through for one step."""
_MOST_NODES = 40
"""A form with more parts is not made larger still."""
_LONGEST = 70
_EXACT, _SINGLE = 1e-9, 1e-5
"""What numbers of double and single precision can be apart, as a part of the largest of them."""
_MOST_NUMBERS = 200_000
"""Numbers that are worked with at once; a part that has more is left as it is."""
_FEW_DECIMALS = 4
_PUT = "what is put in its place"


def misplaced(task: Task, typed: Mapping[str, object], name: str, answer: Answer) -> Text | None:
    """What gives a program's wrong answer in the place of what; None where nothing does, or digits are missing."""
    size = np.max(np.abs(answer.value), initial=0.0)
    width = float(np.max(answer.high - answer.low, initial=0.0))
    most = _SINGLE if answer.value.size > 1 else _EXACT
    if not answer.given.all() or width > most * size:
        return None
    if np.all(answer.value == np.round(answer.value, _FEW_DECIMALS)):
        return None  # round numbers come out of much by accident
    context, values = task.context, task.values
    answered = {}
    for one, given in typed.items():
        own = answer_like(given, values[one])
        if own.wrong_shape is None and own.given.all():
            answered[one] = with_given(own, np.asarray(values[one], dtype=float))
    known = {**values, **answered}
    precision = max(_EXACT, width / size if size else 0.0)
    spent = [0]
    steps = [_Step(context, name, form, known, precision, spent) for form in _Step.forms(context, name, answered)]
    said = [one for step in steps for one in step.in_time(answer.value)]
    said = said or [one for step in steps for one in step.found(answer.value)]
    if not said:
        return None
    factor, new, old = min(said, key=lambda one: (one[0] != 1, len(one[1]) + len(one[2])))
    text = Text.of("seen.misplaced", new=new, old=old) if new else Text.of("seen.left_out", old=old)
    if factor == 1:
        return Text.of("seen.comes_out", what=text)
    return Text.of("seen.comes_out_times", factor=f"{factor:.4g}", what=text)


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

    @staticmethod
    def forms(context: Context, name: str, answered: Mapping[str, Any]) -> Iterator[Expression]:
        """The equation as it is, then with what was not answered written in."""
        expression = context.derivation[name].expression
        yield expression
        parts = {part: defined(part) for part in walk(expression) if isinstance(part, Application)}
        written: dict[Expression, Expression] = {
            part: form for part, form in parts.items() if form is not None and form.shape == part.shape
        }
        if written:
            yield exchanged(expression, written)
        factors = error_factors(context.derivation[name], context)
        slope = slope_of(factors[0], factors[0]) if factors is not None else None
        if factors is not None and slope is not None and slope.shape == factors[1].shape:
            yield factors[1] * slope  # with the slope in one piece
            if is_operation(slope, "subtract"):
                yield factors[1] * slope.arguments[0] - factors[1] * slope.arguments[1]
        for _ in range(_MOST_WRITTEN_IN):
            if sum(1 for _ in walk(expression)) > _MOST_NODES:
                return
            names = [one for one in names_in(expression) if one.name in context.derivation and one.name not in answered]
            open_: dict[Expression, Expression] = {one: context.derivation[one.name].expression for one in names}
            if not open_:
                return
            expression = exchanged(expression, open_)
            yield expression

    def found(self, answer: Array) -> Iterator[tuple[float, str, str]]:
        """What stands there instead, and of what; nothing where it was left out. All of it may be a multiple."""
        samples = self.context.sizes[0]
        factors = dict.fromkeys((1.0, -1.0, float(samples), 1 / samples, -float(samples), -1 / samples))
        nodes = sum(1 for _ in walk(self.expression))
        for part, value in self._parts.items():
            if value.size > _MOST_NUMBERS or self.spent[0] > _MOST_SPENT:
                continue
            hole, most = Name(_PUT, part.shape), max(1, _MOST_NUMBERS // max(value.size, answer.size))
            wholes = dict.fromkeys((exchanged(self.expression, {part: hole}), *_each(self.expression, part, hole)))
            tried = self._tried(part, value)
            while some := dict(islice(tried, most)):
                words, together = list(some), np.stack(list(some.values()))
                self.spent[0] += nodes * len(wholes)
                for whole in wholes:
                    for factor, place in self._met(whole, hole, together, answer, factors):
                        yield factor, words[place], _shown(part)

    def _met(
        self, whole: Expression, hole: Name, tried: Array, answer: Array, factors: Iterable[float]
    ) -> Iterator[tuple[float, int]]:
        """Which of those tried give a multiple of the answer in the hole of the equation."""
        room = self.precision * np.max(np.abs(answer))
        with np.errstate(all="ignore"):
            try:
                results = np.asarray(evaluate(*self._around(whole, hole, tried)), dtype=float)
            except (ValueError, IndexError, ChalkworkError):
                return
            if results.size != len(tried) * answer.size:
                return
            results = results.reshape(len(tried), answer.size)
            met = {factor: np.all(np.abs(factor * results - answer.ravel()) <= room, axis=-1) for factor in factors}
        for factor, these in met.items():
            yield from ((factor, int(place)) for place in np.flatnonzero(these))

    def in_time(self, answer: Array) -> Iterator[tuple[float, str, str]]:
        """What stands there of another step of a sequence, and of what."""
        room = self.precision * np.max(np.abs(answer))
        for new, old, whole in self._in_time():
            with np.errstate(all="ignore"):
                value = np.asarray(evaluate(whole, self.own), dtype=float)
            if value.size == answer.size and np.all(np.abs(value.ravel() - answer.ravel()) <= room):
                yield 1.0, new, old

    def _in_time(self) -> Iterator[tuple[str, str, Expression]]:
        """What becomes of a sum over the steps of a sequence: one step's part alone, a quantity of another step."""
        parts = list(_added(self.expression))
        for one in parts if len(parts) > 1 else ():
            yield _shown(one), "the whole sum", one
        timed: dict[str, dict[int, Name]] = {}
        for name in names_in(self.expression):
            letter, _, time = name.name.rpartition("_t")
            if letter and time.isdigit():
                timed.setdefault(letter, {})[int(time)] = name
        for letter, names in timed.items():
            for by, word in ((1, "t+1"), (-1, "t-1")):
                others: dict[Expression, Expression] = {
                    name: Name(f"{letter}_t{time + by}", name.shape)
                    for time, name in names.items()
                    if np.shape(self.own.get(f"{letter}_t{time + by}", 0)) == name.shape
                }
                if len(others) == len(names) > 1:
                    yield f"{letter}_{word}", f"{letter}_t", exchanged(self.expression, others)

    @cached_property
    def _scalars(self) -> list[tuple[str, float]]:
        """The rates and decays of the equation."""
        found = [one for one in names_in(self.expression) if not one.shape and one.name not in self.context.derivation]
        return [(one.name, float(np.ravel(self.own[one.name])[0])) for one in found]

    @cached_property
    def _parts(self) -> dict[Expression, Array]:
        """The parts of the equation that are no numbers, with their values."""
        found: dict[Expression, Array] = {}
        for part in walk(self.expression):
            if isinstance(part, Number) or part in found or len(found) >= _MOST_PARTS:
                continue
            if not isinstance(part, (Name, Application)) or len(part.shape) > 2 or len(_shown(part)) > _LONGEST:
                continue
            with np.errstate(all="ignore"):
                value = np.asarray(evaluate(part, self.own), dtype=float)
            if np.size(value) == np.prod(part.shape or (1,)):
                found[part] = value.reshape(part.shape or (1, 1))
        return found

    @cached_property
    def _others(self) -> dict[str, Array]:
        """Everything that a program has at that time, in words."""
        known = {_shown(part): value for part, value in self._parts.items()}
        equations = [
            self.context.derivation[one.name]
            for one in names_in(self.expression)
            if one.name in self.context.derivation
        ]
        for equation in equations:
            for part in walk(equation.expression):
                if isinstance(part, Application) and len(part.shape) == 2 and len(_shown(part)) <= _LONGEST:
                    with np.errstate(all="ignore"):
                        known.setdefault(_shown(part), np.asarray(evaluate(part, self.own), dtype=float))
        for one, value in self.own.items():
            if one != self.name and np.ndim(value) == 2:
                known.setdefault(one, np.asarray(value, dtype=float))
        return known | dict(self._with_bias())

    def _with_bias(self) -> Iterator[tuple[str, Array]]:
        """Weights whose bias was in the matrix, with another row or column left out."""
        for layer in self.context.layers(self.context.steps[self.name]):
            if layer.weights is None or layer.bias is None:
                continue
            weights, bias = (np.asarray(self.own[one.name], dtype=float) for one in (layer.weights, layer.bias))
            axis = 1 if weights.shape[1] != bias.size or bias.shape[0] > 1 else 0
            bias = bias.reshape((-1, 1) if axis else (1, -1))
            if bias.shape[1 - axis] != weights.shape[1 - axis]:
                continue
            for first in (True, False):
                whole = np.concatenate((bias, weights) if first else (weights, bias), axis)
                kept = np.delete(whole, -1 if first else 0, axis)
                names = (layer.bias.name, layer.weights.name) if first else (layer.weights.name, layer.bias.name)
                yield f"[{', '.join(names)}][{'' if axis == 0 else ':, '}{':-1' if first else '1:'}]", kept

    def _tried(self, part: Expression, value: Array) -> Iterator[tuple[str, Array]]:
        """What may stand in the place of a part, each made when it is asked for: a large part has a hundred of them."""
        own, shape = _shown(part), value.shape
        inner = own if isinstance(part, Name) or (own.endswith(")") and own.count("(") == 1) else f"({own})"
        found: dict[str, Array] = {
            "": np.ones(shape), f"{inner}^2": value**2, f"abs({own})": np.abs(value), f"-{inner}": -value,
            f"1 - {inner}": 1 - value, f"({own} > 0)": (value > 0) * 1.0, f"sqrt({own})": np.sqrt(np.abs(value)),
            f"1 / {inner}": 1 / np.where(value == 0, np.nan, value), f"0 * {inner}": np.zeros(shape),
            f"2 * {inner}": 2 * value, f"{inner} / 2": value / 2, f"sign({own})": np.sign(value),
        }  # fmt: skip
        inside = [one for one in names_in(part) if one != part and one.shape == part.shape != ()]
        for name in (one.name for one in inside[:2]):
            net = np.asarray(self.own[name], dtype=float).reshape(shape)
            found[f"{name} where it is positive, else {own},"] = np.where(net > 0, net, value)
            found[f"{name} where it is negative, else {own},"] = np.where(net > 0, value, net)
        if value.size > 1:
            for axis, of in ((0, "column"), (1, "row")):
                found[f"the mean of each {of} of {own}"] = np.broadcast_to(value.mean(axis, keepdims=True), shape)
                found[f"the sum of each {of} of {own}"] = np.broadcast_to(value.sum(axis, keepdims=True), shape)
            found[f"the mean of {own}"] = np.broadcast_to(value.mean(), shape)
            found[f"the sum of {own}"] = np.broadcast_to(value.sum(), shape)
        if isinstance(part, Name):
            found[f"log({own})"] = np.log(np.where(value > 0, value, np.nan))
            found[f"exp({own})"] = np.exp(np.minimum(value, 700.0))
        for word, number in self._scalars:
            found[f"{word} * {inner}"] = number * value
        if is_operation(part, "subtract") and part.arguments[1].shape == part.shape:
            first, mask = (np.asarray(evaluate(one, self.own), dtype=float) for one in part.arguments)
            if np.shape(first) == shape and np.isin(mask, (0, 1)).all():
                word = ", ".join(map(_shown, part.arguments[::-1]))
                found[f"1 where {word.replace(', ', ' is 1, else ')},"] = np.where(mask == 1, 1.0, first)
        if is_operation(part, "softmax"):
            with np.errstate(all="ignore"):
                net = np.asarray(evaluate(part.arguments[0], self.own), dtype=float)
                for axis, of, across in ((0, "column", "row"), (1, "row", "column")):
                    powers = np.exp(net - net.max(axis, keepdims=True))
                    word = f"e = exp({_shown(part.arguments[0])} - the largest of each {of})"
                    found[f"e / sum(e), {word},"] = powers / powers.sum()
                    found[f"e / the sum of each {across} of e, {word},"] = powers / powers.sum(1 - axis, keepdims=True)
        yield from found.items()
        others = [(turned, one) for word, other in self._others.items()
                  for turned, one in ((word, other), (f"{word}.T", other.T)) if turned != own]  # fmt: skip
        count = 0
        for fits in (_whole, _spread, _cut, _summed) if value.size <= _MOST_NUMBERS // 10 else (_whole,):
            for turned, one in (each for word, other in others for each in fits(word, other, shape)):
                if not np.array_equal(one, value) and count < _MOST_OTHERS:
                    count += 1
                    for put, times in ((turned, one), *_slopes(turned, one)):
                        if put not in found:
                            yield put, times
                        yield f"{own} * {put if _is_one_piece(put) else f'({put})'}", value * times

    def _around(self, whole: Expression, hole: Name, put: Array) -> tuple[Expression, dict[str, Any]]:
        """The equation with a part taken out, all that does not hold it worked out already."""
        values: dict[str, Any] = {hole.name: put}

        def constant(node: Expression) -> Expression | None:
            if isinstance(node, Number) or hole in names_in(node):
                return None
            name = Name(f"part {len(values)}", node.shape)
            with np.errstate(all="ignore"):
                values[name.name] = evaluate(node, self.own)
            return name

        return transform(whole, constant), values


def slips(derivation: Derivation, name: str) -> list[list[Expression]]:
    """An equation with each of its parts exchanged for what one slip makes of it; always in the same order.

    >>> from chalkwork import Graph
    >>> [str(one) for one in slips(Graph("c = a + b").solve(a=1, b=2).derivation, "c")[0]][:3]
    ['a^2 + b', '1 - a + b', '2 * a + b']
    """
    found: list[list[Expression]] = []
    expression = derivation[name].expression
    update, own = derivation[name].stage == Stage.UPDATE, base_of(name)
    into = [one.name for one in names_in(expression) if update and base_of(one.name) != own]
    before = [derivation[one].expression for one in into if one in derivation]
    near = dict.fromkeys((*names_in(expression), *(one for each in before for one in names_in(each))))
    for part in dict.fromkeys(walk(expression)):
        if isinstance(part, (Name, Application)) and len(found) < _MOST_PARTS // 4:
            one: list[Expression] = [part**2, 1 - part, 2 * part, part / 2, -part, 0 * part, 0 * part + 1]
            others = [each for each in near if each != part and each.shape == part.shape]
            one += [made for each in others[:3] for made in (each, part * each, part + each)]
            one += [part * each for each in near if not each.shape and each != part and part.shape]
            inside = [each for each in names_in(part) if each.shape == part.shape != ()]
            one += [made for n in inside[:2] if n != part for made in (n * (1 - n), 1 - n**2, (1 - n) ** 2)]
            found.append([exchanged(expression, {part: each}) for each in one])
    return found


def _whole(word: str, value: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    if value.shape == shape:
        yield word, value


def _spread(word: str, value: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """A row or column for every row or column."""
    if value.shape != shape and value.shape in ((1, shape[-1]), (shape[0], 1)) and value.size > 1:
        yield word, np.broadcast_to(value, shape)


def _cut(word: str, value: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """The first rows or columns of what has more of them, or the last."""
    more = [axis for axis in (0, 1) if value.ndim == len(shape) == 2 and value.shape[axis] > shape[axis]]
    if len(more) == 1 and value.shape[1 - more[0]] == shape[1 - more[0]]:
        before, many = ":, " if more[0] else "", shape[more[0]]
        for said, places in ((f":{many}", slice(many)), (f"-{many}:", slice(-many, None))):
            yield f"{word}[{before}{said}]", value[:, places] if more[0] else value[places]


def _is_one_piece(word: str) -> bool:
    """Whether it can be multiplied with as it stands."""
    return " + " not in word and " - " not in word


def _summed(word: str, value: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """The sums of all rows or columns."""
    for axis, of in ((0, "column"), (1, "row")) if value.ndim == 2 and value.shape != shape else ():
        if value.shape[axis] > 1 and value.sum(axis, keepdims=True).shape == shape:
            yield f"the sum of each {of} of {word.removesuffix('.T')}", value.sum(axis, keepdims=True)


def _slopes(word: str, value: Array) -> Iterator[tuple[str, Array]]:
    """What people take for the slope of an activation."""
    yield f"({word} > 0)", (value > 0) * 1.0
    yield f"{word} * (1 - {word})", value * (1 - value)
    yield f"(1 - {word}^2)", 1 - value**2
    yield f"(1 - {word})^2", (1 - value) ** 2


def _added(expression: Expression) -> Iterator[Expression]:
    if isinstance(expression, Application) and is_operation(expression, "add"):
        for one in expression.arguments:
            yield from _added(one)
    else:
        yield expression


def _each(whole: Expression, part: Expression, hole: Expression) -> Iterator[Expression]:
    """The expression with one of several occurrences of a part exchanged."""
    if not isinstance(whole, Application):
        return
    for place, argument in enumerate(whole.arguments):
        inner = [hole] if argument == part else _each(argument, part, hole)
        for one in inner:
            yield rebuild(whole, (*whole.arguments[:place], one, *whole.arguments[place + 1 :]))


def _shown(part: Expression) -> str:
    return str(part)
