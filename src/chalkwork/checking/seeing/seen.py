"""What is seen of a wrong answer where no entry of the table explains it: a factor, a sign, a part that is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, names_in
from chalkwork.checking.judging.verdicts import Verdict
from chalkwork.checking.mistakes import Role
from chalkwork.checking.mistakes.structure import updated_parameter
from chalkwork.checking.naming.evidence import same, tells
from chalkwork.checking.naming.variables import numbers_of
from chalkwork.checking.reading.answers import Answer, answer_like, with_given
from chalkwork.checking.reading.laid import laid
from chalkwork.checking.report import Report
from chalkwork.checking.seeing.misplaced import misplaced
from chalkwork.checking.seeing.misread import misread
from chalkwork.checking.seeing.overflow import named as _named
from chalkwork.checking.seeing.overflow import overflown
from chalkwork.checking.seeing.relations import LARGEST, in_words, of_it, plainly, so_many_times
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.words import Text, say

Array = np.ndarray[Any, Any]
BY_ACCIDENT = 1e-3
"""What is seen must be met by other digits more rarely than this."""
_ROOM = 1e-9
_MOST_OTHERS = 60
_MOST_SAMPLES = 50
_MOST_STEPS = 20
"""Wrong steps of one hand-in that are looked at: a sentence on each later one would cost as much, and say less."""
_MOST_SLIPS = 2
"""Of so many it is asked what stands in them in the place of what."""
UNEXPLAINED = ("step.wrong", "step.stopped")


def is_said(report: Report, name: str) -> bool:
    """Whether it is said of a wrong step what is wrong with it."""
    unexplained = {say(report.language, sentence) for sentence in UNEXPLAINED}
    return bool(report[name].mistakes) or report[name].message not in unexplained


def seen_in(task: Task, typed: Mapping[str, object], report: Report) -> Report:
    """The report with a sentence on what is seen wherever a step is wrong and nothing explains it."""
    if report.first_wrong is None:
        return report
    report = overflown(task, typed, report)
    apart = task.biases_apart(typed) if any(one.verdict == Verdict.WRONG.word for one in report.values()) else {}
    typed = {**typed, **{name: one.value for name, one in apart.items() if one.given.all() and one.unrounded}}
    found, looked = {}, 0
    for name, result in report.items():
        if result.verdict == Verdict.WRONG.word and not result.mistakes and name in typed:
            if _is_not_summed(task, typed[name], name):
                found[name] = _named(result, "gradient-not-summed", report.language)
                continue
            if looked == _MOST_STEPS:
                continue
            looked += 1
            look, starts = _Look.at(task, typed, name), (say(report.language, one) for one in UNEXPLAINED)
            unexplained = next((one for one in starts if result.message.startswith(one)), None)
            words = (
                look.words(looked <= _MOST_SLIPS)
                if unexplained is not None or look.answer.wrong_shape is not None
                else None
            )
            if words and unexplained is not None:
                rest = result.message.removeprefix(unexplained)
                said = say(report.language, "step.seen", words=words)
                found[name] = replace(result, message=f"{said}{rest}")
            elif words:
                more = Text.of("step.because", said=result.message, why=words)
                found[name] = replace(result, message=more.written(report.language))
    return report.having({**report, **found}) if found else report


def _is_not_summed(task: Task, given: object, name: str) -> bool:
    """Whether it holds a gradient for each sample: added up, or their mean, they are the right one."""
    right = np.asarray(task.values[name], dtype=float)
    try:
        parts = np.asarray(numbers_of(given))
    except ValueError:  # a list whose parts are not equally long
        return False
    if parts.dtype.kind != "f" or parts.ndim != 3 or parts.shape[1:] != right.shape or len(parts) < 2:
        return False
    return tells(parts) and (same(parts.sum(axis=0), right) or same(parts.mean(axis=0), right))


@dataclass(frozen=True)
class _Look:
    """A wrong answer beside what it should be."""

    task: Task
    name: str
    typed: Mapping[str, object]
    answer: Answer
    own: Mapping[str, Any]
    """The student's own values of what the step is made of, as far as they can be used."""
    rights: tuple[tuple[str, Array], ...]
    """What would follow from the student's own values, and what is right; each with its words."""

    @classmethod
    def at(cls, task: Task, typed: Mapping[str, object], name: str) -> _Look:
        right = np.asarray(task.values[name], dtype=float)
        own = {}
        for one in names_in(task.derivation[name].expression):
            value = np.asarray(task.values[one.name], dtype=float)
            answer = answer_like(typed.get(one.name), value)
            usable = answer.wrong_shape is None and one.name in typed
            own[one.name] = with_given(answer, value) if usable else value
        with np.errstate(all="ignore"):
            following = np.asarray(evaluate(task.derivation[name].expression, own), dtype=float)
        same = following.shape == right.shape and np.allclose(following, right, 1e-9, 1e-12)
        rights: tuple[tuple[str, Array], ...] = (("right", right),)
        if not same and following.shape == right.shape and np.isfinite(following).all():
            rights = (("following", following), *rights)
        rights = tuple((words, laid(value, value.shape)) for words, value in rights)
        return cls(task, name, typed, answer_like(typed[name], right), own, rights)

    def words(self, slips: bool) -> Text | None:
        """The first relation that holds and is no accident, with `slips` what stands in the place of what; or None."""
        own = self.answer
        if own.wrong_shape is not None:
            return self._turned(own.as_given)
        if not own.given.any():
            return None
        if own.value.size > 1 and own.given.all() and np.ptp(own.value) == 0:
            return Text.of("seen.same", number=f"{own.value.flat[0]:.4g}")
        for word, right in self.rights:
            right = right.reshape(own.value.shape)
            for said in chain(self._step(right), self._relations(word, right)):
                return said
        return self._another() or (misplaced(self.task, self.typed, self.name, own) if slips else None)

    def _meets(self, value: Array, places: Array | None = None) -> bool:
        """Whether the answer is this, in these cells or in all that were given, and hardly by accident."""
        own = self.answer
        places = own.given if places is None else places & own.given
        if value.shape != own.value.shape or not places.any():
            return False
        with np.errstate(all="ignore"):
            room = _ROOM * np.abs(value) + 1e-14
            met = (own.low <= value + room) & (own.high >= value - room)
            width = own.high - own.low
            chance = np.where(places & (own.value != 0), width / (2 * np.abs(own.value) + width), 1.0)
        return bool(np.all(met | ~places)) and float(np.prod(chance)) < BY_ACCIDENT

    def _relations(self, word: str, right: Array) -> Iterator[Text]:
        # a single number is always some multiple, and a short one soon a simple one
        factor = self._factor(right) if right.size > 1 or tells(self.typed[self.name]) else None
        if factor is not None and right.size == 1:
            yield Text.own("seen.factor_of_one", "it is <times> <of>", times=so_many_times(factor), of=of_it(word))
        elif factor is not None:
            yield Text.of("seen.factor", times=so_many_times(factor), of=of_it(word))
        yield from self._signs(word, right)
        yield from self._turned_square(word, right)
        yield from self._samples(word, right)
        another = misread(self.task, self.task.derivation[self.name], self.own, self.answer)
        if another is not None:
            yield another
        yield from self._parts(word, right)
        yield from self._zeros(word, right)
        with np.errstate(all="ignore"):
            for said, other in self._made_of(right):
                if self._meets(other):
                    yield Text.of(f"seen.{said}", of=of_it(word))
        yield from self._apart(word, right)

    def _made_of(self, right: Array) -> Iterator[tuple[str, Array]]:
        """What becomes of the right value by one operation more."""
        yield from (("square", right**2), ("root", np.sqrt(right)), ("inverse", 1 / right))
        yield from (("logarithm", np.log(right)), ("exponential", np.exp(right)), ("one_minus", 1 - right))
        own = self.answer
        if right.size < 2 or not own.given.all():
            return
        yield "only_signs", np.where(np.isin(own.value, (-1.0, 0.0, 1.0)).all(), np.sign(right), np.nan)
        most, least = own.value.max(), own.value.min()
        if np.count_nonzero((own.value == most) | (own.value == least)) > 2:
            yield "cut_off", np.clip(right, least, most)
        for kind, axis in (("rows", -1), ("columns", -2)) if right.ndim == 2 else ():
            order, mine = (
                np.lexsort(right if axis == -2 else right.T),
                np.lexsort(own.value if axis == -2 else own.value.T),
            )
            other = np.empty_like(right)
            if axis == -1:
                other[mine] = right[order]
            else:
                other[:, mine] = right[:, order]
            if right.shape[-1 if kind == "columns" else -2] > 1:
                yield f"order_of_{kind}", other
        other = np.empty(right.size)
        other[np.argsort(own.value, axis=None)] = np.sort(right, axis=None)
        yield "other_places", other.reshape(right.shape)

    def _samples(self, word: str, right: Array) -> Iterator[Text]:
        """A sum over the samples that holds one of them only, or all but one."""
        context, equation = self.task.context, self.task.derivation[self.name]
        count, axis = context.sizes[0], context.samples
        if axis is None or not 1 < count <= _MOST_SAMPLES:
            return
        if context.role(equation) not in (Role.LOSS, Role.GRADIENT):
            return
        values = self.own if word == "following" else {name: self.task.values[name] for name in self.own}
        layers = context.layers(context.steps[self.name])
        parameters = {one.name for layer in layers for one in (layer.weights, layer.bias) if one is not None}
        spread = [
            one.name
            for one in names_in(equation.expression)
            if one.name not in parameters and len(one.shape) == 2 and one.shape[axis] == count
        ]
        for place in range(count) if spread else ():
            for said, kept in (("one_sample", [place]), ("without_sample", np.delete(np.arange(count), place))):
                part = {**values, **{name: np.take(values[name], kept, axis) for name in spread}}
                with np.errstate(all="ignore"):
                    value = _evaluated(equation.expression, part)
                if value is None or value.size != right.size:
                    continue
                value = laid(value, value.shape).reshape(right.shape)
                for factor in (1.0, count / len(kept)):
                    if self._meets(factor * value):
                        yield Text.of(f"seen.{said}", sample=place + 1)

    def _step(self, right: Array) -> Iterator[Text]:
        """How the step of an update compares with the right one, where all digits are there."""
        equation = self.task.derivation[self.name]
        old = updated_parameter(equation) if equation.stage == Stage.UPDATE else None
        own = self.answer
        if old is None or not own.given.all() or np.any(own.high - own.low > _ROOM * np.abs(own.value)):
            return
        before = laid(np.asarray(self.task.values[old.name], dtype=float), old.shape).reshape(right.shape)
        with np.errstate(all="ignore"):
            ratio = float(np.max(np.abs(own.value - before)) / np.max(np.abs(right - before)))
        factor = float(Fraction(ratio).limit_denominator(LARGEST)) if np.isfinite(ratio) else 0.0
        for one in (factor, -factor) if factor else ():
            if np.allclose(own.value - before, one * (right - before), 1e-8, 0):
                yield Text.of("seen.step", times=so_many_times(one))
        made, meant = own.value - before, np.sign(right - before)
        size = float(np.max(np.abs(made)))
        if meant.size > 1 and size and np.allclose(np.abs(made), size * np.abs(meant), 1e-8, 0):
            yield Text.of("seen.step_signs", size=f"{size:.4g}")

    def _factor(self, right: Array) -> float | None:
        own = self.answer
        place = np.unravel_index(int(np.argmax(np.where(own.given, np.abs(right), -1))), right.shape)
        if right[place] == 0 or not own.given[place]:
            return None
        raw = float(own.value[place] / right[place])
        nice = float(Fraction(raw).limit_denominator(LARGEST)) if abs(raw) < 1e6 else raw
        several = np.count_nonzero(own.given & (right != 0)) > 1
        for factor in (nice, raw) if several else (nice,):
            if factor not in (0.0, 1.0) and self._meets(factor * right):
                return factor
        return None

    def _signs(self, word: str, right: Array) -> Iterator[Text]:
        if right.size > 1 and self._meets(np.where(self.answer.value * right < 0, -right, right)):
            turned = (self.answer.value * right < 0) & self.answer.given
            where = self._lines(turned)
            what = in_words(word)
            yield Text.of("seen.signs_in", what=what, where=where) if where else Text.of("seen.signs", what=what)

    def _parts(self, word: str, right: Array) -> Iterator[Text]:
        """Which cells are right, where that is a row, a column, or where a net input has one sign."""
        own = self.answer
        with np.errstate(all="ignore"):
            room = _ROOM * np.abs(right) + 1e-14
            good = (own.low <= right + room) & (own.high >= right - room) & own.given
        if not good.any() or good.all() or right.size < 2 or not self._meets(right, good):
            return
        for name, net in self._nets(right.shape):
            for sign, mask in ((">", net > 0), ("<", net < 0)):
                if np.array_equal(good[right != 0], mask[right != 0]) and (good & mask & (right != 0)).any():
                    yield Text.of("seen.right_where", name=name, sign=sign)
        where = self._lines(good)
        if where:
            yield Text.of("seen.right_in", where=where)

    def _lines(self, mask: Array) -> Text | None:
        """The rows, columns or samples that the cells fill; nothing where they fill none."""
        context, equation = self.task.context, self.task.derivation[self.name]
        samples = context.samples if context.layer(equation) is not None and context.sizes[0] > 1 else None
        rows, columns = mask.all(axis=1), mask.all(axis=0)
        for whole, kind, axis in ((rows, "row", 1), (columns, "column", 0)):
            if whole.any() and mask.any(axis=axis).sum() == whole.sum() and whole.size > 1:
                numbers = tuple(str(place + 1) for place in np.flatnonzero(whole))
                kind = "sample" if samples is not None and samples % 2 == 1 - axis else kind
                return Text.of(f"seen.{kind}", n=len(numbers), numbers=numbers)
        return None

    def _zeros(self, word: str, right: Array) -> Iterator[Text]:
        """Nothing where there should be something, and something where there should be nothing."""
        own = self.answer
        if right.size > 1 and own.given.all() and np.array_equal(own.value == 0, right != 0):
            yield Text.of("seen.zeros", of=of_it(word))

    def _nets(self, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
        """The net inputs of this shape, where there is an entry for each unit and sample."""
        context = self.task.context
        of_parameter = context.role(self.task.derivation[self.name]) in (Role.GRADIENT, Role.UPDATE)
        for layer in context.layers(context.steps[self.name]) if not of_parameter else ():
            value = np.asarray(self.task.values[layer.net.name])
            value = laid(value, value.shape)
            if value.shape == shape:
                yield layer.net.name, value

    def _others(self, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
        for count, (name, value) in enumerate(self.task.values.items()):
            other = laid(np.asarray(value, dtype=float), np.shape(value))
            if count < _MOST_OTHERS and name != self.name and other.shape[-2:] == shape:
                yield name, other

    def _spread(self, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
        """Rows and columns, such as biases, in every row or column of the shape."""
        for name, value in list(self.task.values.items())[:_MOST_OTHERS]:
            other = laid(np.asarray(value, dtype=float), np.shape(value))
            if other.size > 1 and len(shape) == 2 and other.shape in ((1, shape[1]), (shape[0], 1)):
                yield name, np.broadcast_to(other, shape)

    def _apart(self, word: str, right: Array) -> Iterator[Text]:
        """Right but for a number, or a multiple of another quantity, that was added or multiplied."""
        own = self.answer
        if right.size < 2 or not own.given.all():
            return
        shift = float(np.median(own.value - right))
        if shift and self._meets(right + shift):
            yield Text.of("seen.more" if shift > 0 else "seen.less", size=f"{abs(shift):.4g}", what=in_words(word))
        for name, other in (*self._others(right.shape), *self._spread(right.shape)):
            with np.errstate(all="ignore"):
                place = np.unravel_index(int(np.argmax(np.abs(other))), other.shape)
                factor = float((own.value - right)[place] / other[place]) if other[place] else 0.0
                nice = float(Fraction(factor).limit_denominator(100)) if abs(factor) < 1e6 else factor
                for one in (nice or factor, factor) if np.ptp(other) > 0 and abs(factor) > 1e-6 else ():
                    if self._meets(right + one * other):
                        yield Text.of("seen.differs", of=of_it(word), by=f"{plainly(one)}{self._letter(one)}{name}")
                if self._meets(right * other):
                    yield Text.of("seen.multiplied", what=in_words(word), name=name)
                if self._meets(right / other):
                    yield Text.of("seen.divided", what=in_words(word), name=name)

    def _letter(self, factor: float) -> str:
        """The constant of the exercise that this factor is."""
        for given in self.task.derivation.givens:
            value = np.asarray(self.task.values[given.name])
            if not given.shape and value.item() != 1 and abs(abs(factor) - float(value.item())) < 1e-6 * abs(factor):
                return f"({given.name}) "
        return ""

    def _turned_square(self, word: str, right: Array) -> Iterator[Text]:
        """A multiple of the transpose where that has the same shape."""
        turned = np.swapaxes(right, -1, -2)
        if turned.shape == right.shape and min(right.shape) > 1:
            factor = self._factor(turned)
            if self._meets(turned):
                yield Text.of("seen.transposed", what=in_words(word))
            elif factor is not None:
                yield Text.of("seen.times_transposed", times=so_many_times(factor), of=of_it(word))

    def _another(self) -> Text | None:
        for name, other in self._others(self.answer.value.shape):
            if self._meets(other):
                return Text.of("seen.another", name=name)
        for name, other in self._others(self.answer.value.shape):
            factor = self._factor(other) if other.size > 1 else None
            if factor is not None:
                return Text.of("seen.times_another", times=so_many_times(factor), name=name)
        return None

    def _turned(self, own: Answer | None) -> Text | None:
        if own is None:
            return None
        look = replace(self, answer=own)
        for word, right in self.rights:
            turned = np.swapaxes(right, -1, -2)
            if turned.shape == own.value.shape:
                factor = look._factor(turned)
                if look._meets(turned):
                    return Text.of("seen.transposed", what=in_words(word))
                if factor is not None:
                    return Text.of("seen.times_transposed", times=so_many_times(factor), of=of_it(word))
        return look._another()


def _evaluated(expression: Expression, values: Mapping[str, Any]) -> Array | None:
    """The value; None where the shapes do not fit together."""
    try:
        return np.asarray(evaluate(expression, values), dtype=float)
    except (ValueError, ChalkworkError):
        return None
