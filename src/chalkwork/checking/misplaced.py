"""What stands in a program's line in the place of what belongs there, where no entry of the table of mistakes says it.

Every part of the step's equation is exchanged for what is made of it by one slip (its square, nothing at all) and for
every other quantity of its shape. Steps that were not answered are written into the equation first, so that a slip in
one of them is found too. All of this is only for programs, whose numbers have all their digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.definitions import defined
from chalkwork.algebra.expression import Application, Expression, Name, Number, names_in, rebuild, transform, walk
from chalkwork.algebra.expression import replace as exchanged
from chalkwork.checking.answers import Answer, answer_like, with_given
from chalkwork.checking.mistakes import Context
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.words import Text

if TYPE_CHECKING:
    from chalkwork.checking.check import Task

Array = np.ndarray[Any, Any]
_MOST_PARTS = 60
_MOST_OTHERS = 40
_MOST_WRITTEN_IN = 4
_LONGEST = 70
_EXACT = 1e-9
_MOST_NUMBERS = 200_000
"""Numbers that are worked with at once; a part that has more is left as it is."""
_FEW_DECIMALS = 4
_PUT = "what is put in its place"


def misplaced(task: Task, typed: Mapping[str, object], name: str, answer: Answer) -> Text | None:
    """What gives a program's wrong answer in the place of what; None where nothing does, or digits are missing."""
    size = np.max(np.abs(answer.value), initial=0.0)
    if not answer.given.all() or np.any(answer.high - answer.low > _EXACT * size):
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
    steps = [_Step(context, name, form, known) for form in _Step.forms(context, name, answered)]
    said = [one for step in steps for one in step.found(answer.value)]
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
        for _ in range(_MOST_WRITTEN_IN):
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
        room = _EXACT * np.max(np.abs(answer))
        for part, value in self._parts.items():
            if value.size > _MOST_NUMBERS:
                continue
            words, tried = self._tried(part, value)
            hole, most = Name(_PUT, part.shape), max(1, _MOST_NUMBERS // max(value.size, answer.size))
            wholes = dict.fromkeys((exchanged(self.expression, {part: hole}), *_each(self.expression, part, hole)))
            for whole, start in product(wholes, range(0, len(tried), most)):
                some = tried[start : start + most]
                try:
                    with np.errstate(all="ignore"):
                        results = np.asarray(evaluate(*self._around(whole, hole, np.stack(some))), dtype=float)
                except (ValueError, IndexError, ChalkworkError):
                    continue
                if results.size != len(some) * answer.size:
                    continue
                results = results.reshape(len(some), answer.size)
                for factor in factors:
                    with np.errstate(all="ignore"):
                        met = np.all(np.abs(factor * results - answer.ravel()) <= room, axis=-1)
                    for place in np.flatnonzero(met):
                        yield factor, words[start + place], _shown(part)

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

    def _tried(self, part: Expression, value: Array) -> tuple[list[str], list[Array]]:
        own, shape = _shown(part), value.shape
        inner = own if isinstance(part, Name) or (own.endswith(")") and own.count("(") == 1) else f"({own})"
        found: dict[str, Array] = {
            "": np.ones(shape), f"{inner}^2": value**2, f"abs({own})": np.abs(value), f"-{inner}": -value,
            f"1 - {inner}": 1 - value, f"({own} > 0)": (value > 0) * 1.0, f"sqrt({own})": np.sqrt(np.abs(value)),
            f"1 / {inner}": 1 / np.where(value == 0, np.nan, value), f"0 * {inner}": np.zeros(shape),
            f"2 * {inner}": 2 * value, f"{inner} / 2": value / 2,
        }  # fmt: skip
        if value.size > 1:
            for axis, of in ((0, "column"), (1, "row")):
                found[f"the mean of each {of} of {own}"] = np.broadcast_to(value.mean(axis, keepdims=True), shape)
                found[f"the sum of each {of} of {own}"] = np.broadcast_to(value.sum(axis, keepdims=True), shape)
            found[f"the mean of {own}"] = np.broadcast_to(value.mean(), shape)
            found[f"the sum of {own}"] = np.broadcast_to(value.sum(), shape)
        count = 0
        for word, other in self._others.items():
            for turned, one in ((word, other), (f"{word}.T", other.T)):
                if one.shape == shape and word != own and not np.array_equal(one, value) and count < _MOST_OTHERS:
                    count += 1
                    found.setdefault(turned, one)
                    found.setdefault(f"{own} * {turned}", value * one)
                    for slope, times in _slopes(turned, one):
                        found.setdefault(slope, times)
                        found.setdefault(f"{own} * {slope}", value * times)
        return list(found), list(found.values())

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


def _slopes(word: str, value: Array) -> Iterator[tuple[str, Array]]:
    """What people take for the slope of an activation."""
    yield f"({word} > 0)", (value > 0) * 1.0
    yield f"{word} * (1 - {word})", value * (1 - value)
    yield f"(1 - {word}^2)", 1 - value**2
    yield f"(1 - {word})^2", (1 - value) ** 2


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
