"""A mistake in every step of a training, or in every layer, of which a program's variables hold only what was left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby, islice
from typing import Any, NamedTuple

import numpy as np

from chalkwork.algebra.expression import Expression, names_in
from chalkwork.checking.mistakes import distinct
from chalkwork.checking.naming.evidence import same, tells
from chalkwork.checking.naming.passes import after, base_of, last_step, updates_before
from chalkwork.checking.reading.answers import answer_like, with_given
from chalkwork.checking.reading.numerals import is_single
from chalkwork.checking.report import Report
from chalkwork.checking.reviewing.adopting import adopted
from chalkwork.checking.reviewing.ways import ways
from chalkwork.checking.seeing.seen import is_said, seen_in
from chalkwork.checking.seeing.slips import slips
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.words import Text

_MOST = 3000
"""So many mistakes are tried."""
_MOST_SLIPS, _MOST_NUMBERS = 2500, 10**7
"""So many slips that have no name, if that is no more than so many numbers altogether."""
_MOST_EVALUATED = 80_000
"""So many equations are worked out altogether where there are several steps; an eighth of them else."""
_TOGETHER, _NUMBERS_TOGETHER = 64, 1 << 20
"""So many exchanges are worked out at once, if that is no more than so many numbers."""
_FEWEST_NUMBERS = 4
Forms = dict[str, Expression]


def in_every_step(task: Task, typed: Mapping[str, object], report: Report) -> Report:
    """The report, if one mistake made in every step gives all that is there, with that mistake where it was first made.

    The steps before the last one are nowhere in the variables then: they are what the mistake makes of them.
    """
    steps = task.context.steps
    last = last_step(task.context)
    first_ones = [one for one in task.derivation.equations if not steps[one.name]]
    if report.first_wrong is None:
        return report
    held = {name: value for name, value in typed.items() if tells(value)}
    begun = any(one.name in held for one in first_ones) if last else is_said(report, report.first_wrong)
    if begun or _numbers_in(held) < _FEWEST_NUMBERS or held.keys().isdisjoint(report.wrong):
        return report
    left = [_MOST_EVALUATED if last else _MOST_EVALUATED // 8]
    for said, other in _by_conventions(task):
        equations = [other.derivation[one.name] for one in first_ones]
        exchanged = _Exchanged(other, held, left)
        exchanges = list(_able(other, equations, last, exchanged.reaches))
        for found, most in ((_mistaken, _MOST), (_slipped, _most_slips(other) if said is None and last else 0)):
            own = exchanged.first(islice(found(other, exchanges), most))
            if own is not None:
                return _told(other, typed, own, report, said)
    if not last:
        return report
    said = Text.own(
        "program.last_step",
        "The variables hold what the last step left. `with chalkwork.record() as run:` around all steps keeps all.",
    )
    return report.noting([said])


def _numbers_in(held: Mapping[str, object]) -> int:
    return sum(int(np.size(np.asarray(value))) for value in held.values())


def _by_conventions(task: Task) -> Iterator[tuple[Text | None, Task]]:
    """The exercise as it is, and by each convention of how the steps of a training are kept."""
    yield None, task
    for way in ways(task.context, ()):
        made = [task.derivation[name] for name in way.found.forms if name in task.derivation]
        if made and not way.found.written_otherwise and all(one.stage == Stage.UPDATE for one in made):
            own = way.values(task.values)
            said = Text.of("convention.note", words=way.found.words(task.language))
            yield said, replace(task, derivation=way.derivation, context=way.context, values=own)


def _told(task: Task, typed: Mapping[str, object], own: Mapping[str, Any], report: Report, by: Text | None) -> Report:
    whole = {name: typed.get(name, own[name]) for name in task.derivation}
    again = adopted(task, [whole], [report.unused])[0]
    first = again.first_wrong
    if first is None:
        return report
    again = again if again[first].mistakes else seen_in(task, whole, again)
    kept = {name: result for name, result in again.items() if name in typed or name == first}
    found = Report(kept, again.unused, again.follows, report.notes, language=report.language)
    said = Text.own("program.every_layer", "All variables come out like this with one mistake in every layer.")
    if last_step(task.context):
        said = Text.own(
            "program.every_step",
            "The variables are those of the last step. All of them come out like this with one mistake in every step.",
        )
    notes = ([by] if by is not None else []) + ([] if first in typed else [said])
    return found.noting(notes) if notes else found


class _Places(NamedTuple):
    """The equations of one quantity, one in every step, in which one mistake may explain all."""

    names: list[str]
    alone: bool
    """Whether all that is wrong is made of these."""
    kinds: list[str]
    """With which others so that all that is wrong is made of them together."""


def _able(
    task: Task, first_ones: list[Equation], last: int, reaches: Callable[[Iterable[str]], bool]
) -> Iterator[_Places]:
    """The equations in which a mistake can have made all that is wrong, alone or with those of their kind."""
    names = {one.name: [name for name in _in_each(one, last) if name in task.derivation] for one in first_ones}
    kinds = {one.name: _kinds(one, first_ones) for one in first_ones}
    of_kind: dict[str, list[str]] = {}
    for one in first_ones:
        for kind in kinds[one.name]:
            of_kind.setdefault(kind, []).extend(names[one.name])
    able = {kind for kind, those in of_kind.items() if reaches(those)}
    for one in first_ones:
        places = _Places(names[one.name], reaches(names[one.name]), [kind for kind in kinds[one.name] if kind in able])
        if places.names and (places.alone or places.kinds):
            yield places


def _mistaken(task: Task, places: Iterable[_Places]) -> Iterator[Forms]:
    """Every mistake in one equation of every step, and in all equations of its kind."""
    by_kind: dict[tuple[str, tuple[str, ...], int], Forms] = {}
    for names, alone, kinds in places:
        found = [_by_ids(task, name) for name in names]
        for key in found[0]:
            forms = {name: made[key] for name, made in zip(names, found, strict=True) if key in made}
            if len(forms) == len(names):
                if alone:
                    yield forms
                for kind in kinds:
                    by_kind[kind, *key] = by_kind.get((kind, *key), {}) | forms
    yield from by_kind.values()


def _most_slips(task: Task) -> int:
    return min(_MOST_SLIPS, _MOST_NUMBERS // _numbers_of(task))


def _numbers_of(task: Task) -> int:
    return sum(int(np.size(value)) for value in task.values.values())


def _slipped(task: Task, places: Iterable[_Places]) -> Iterator[Forms]:
    """What no entry of the table says: a part of one equation of every step, or of all of its kind, is another."""
    by_kind: dict[tuple[str, int, int], Forms] = {}
    for names, alone, kinds in places:
        found = [slips(task.derivation, name) for name in names]
        alike = len({len(one) for one in found}) == 1
        for at, of_part in enumerate(found[0] if alike else ()):
            for number in range(len(of_part)):
                forms = {name: made[at][number] for name, made in zip(names, found, strict=True)}
                if alone:
                    yield forms
                for kind in kinds:
                    by_kind[kind, at, number] = by_kind.get((kind, at, number), {}) | forms
    yield from by_kind.values()


def _kinds(equation: Equation, first_ones: list[Equation]) -> list[str]:
    """What is alike in every layer, in every one but that where it begins, and for weights and biases."""
    kind = base_of(equation.name).rstrip("0123456789")
    of_kind = [one for one in first_ones if base_of(one.name).rstrip("0123456789") == kind]
    found = [kind, kind[:-1]] if kind[-1:] in ("W", "U", "b") else [kind]
    return found if equation is of_kind[0] else [*found, f"later {kind}"]


def _by_ids(task: Task, name: str) -> dict[tuple[tuple[str, ...], int], Expression]:
    """What each mistake makes of an equation, by its ids and how often these have come before."""
    found: dict[tuple[tuple[str, ...], int], Expression] = {}
    count: dict[tuple[str, ...], int] = {}
    equation = task.derivation[name]
    for expression, ids in distinct(equation, task.context):
        number = count[ids] = count.get(ids, 0) + 1
        if expression.shape == equation.expression.shape:
            found[ids, number] = expression
    return found


def _in_each(equation: Equation, last: int) -> list[str]:
    """The names that a quantity of the first step has in every step."""
    base, start = base_of(equation.name), updates_before(equation.name)
    return [after(base, number) for number in range(start, start + last + 1)]


class _Exchanged:
    """What all quantities are with other equations in the place of some, against what a program holds.

    So many equations are `left` to be worked out, all exchanges and conventions together.
    """

    def __init__(self, task: Task, held: Mapping[str, object], left: list[int]) -> None:
        self.task, self.left = task, left
        self.most = max(1, min(_TOGETHER, _NUMBERS_TOGETHER // _numbers_of(task)))
        self.held = {name: _read(value, task.values[name]) for name, value in held.items()}
        self.wrong = {name for name, value in held.items() if not same(value, task.values[name])}
        self.made_of = [
            (one.name, one.expression, {made.name for made in names_in(one.expression)})
            for one in task.derivation.equations
        ]

    def first(self, found: Iterable[Forms]) -> dict[str, Any] | None:
        """What all quantities are with the first of these exchanges that gives what the program has; else None.

        Those of the same equations are worked out together.
        """
        for _, some in groupby(found, key=tuple):
            while together := list(islice(some, self.most)):
                with np.errstate(all="ignore"):
                    own = self._values(together)
                if own is not None:
                    return own
        return None

    def reached(self, names: Iterable[str]) -> set[str]:
        """What is made of these, with them."""
        reached = set(names)
        for name, _, made_of in self.made_of:
            if not made_of.isdisjoint(reached):
                reached.add(name)
        return reached

    def reaches(self, names: Iterable[str]) -> bool:
        """Whether all that is wrong is made of these."""
        return self.wrong <= self.reached(names)

    def _values(self, together: list[Forms]) -> dict[str, Any] | None:
        reached = self.reached(together[0])
        if not self.wrong <= reached:
            return None
        own = {name: value for name, value in self.task.values.items() if name not in reached}
        many: dict[str, Any] = {}
        open_ = [(name, expression) for name, expression, _ in self.made_of if name in reached]
        while open_ and self.left[0] > 0:
            waiting = []
            for name, expression in open_:
                forms = [one[name] for one in together] if name in together[0] else [expression]
                if any(one.name not in own and one.name not in many for form in forms for one in names_in(form)):
                    waiting.append((name, expression))  # it is made of what comes later
                    continue
                self.left[0] -= len(forms)
                many[name] = _each(forms, own, many) if name in together[0] else _all(expression, own, many)
                if name in self.held:
                    kept = np.flatnonzero(_meets(many[name], self.held[name]))
                    if not kept.size:
                        return None
                    together = [together[place] for place in kept]
                    many = {one: value[kept] for one, value in many.items()}
            if len(waiting) == len(open_):
                return None
            open_ = waiting
        return {**own, **{name: value[0] for name, value in many.items()}} if not open_ else None


def _each(forms: Iterable[Expression], own: Mapping[str, Any], many: Mapping[str, Any]) -> Any:
    """What each of the forms comes to, for the exchange it belongs to."""
    parts = []
    for place, form in enumerate(forms):
        values = {one.name: many[one.name][place] if one.name in many else own[one.name] for one in names_in(form)}
        parts.append(np.asarray(evaluate(form, values or own)))
    return np.stack(np.broadcast_arrays(*parts))


def _all(expression: Expression, own: Mapping[str, Any], many: Mapping[str, Any]) -> Any:
    """What the expression comes to for all exchanges."""
    return np.asarray(evaluate(expression, {**own, **many}))


def _read(given: object, right: Any) -> Any:
    """The numbers in the shape of a quantity; nothing where they have another."""
    answer = answer_like(given, right)
    if answer.wrong_shape is not None or not answer.given.all():
        return None
    return with_given(answer, np.asarray(right, dtype=float)), 1e-5 if is_single(given) else 1e-9


def _meets(many: Any, held: tuple[Any, float] | None) -> Any:
    """For which of the values a program has the same, but for the last digits; see `same`."""
    if held is None:
        return np.zeros(len(many), dtype=bool)
    own, slack = held
    axes = tuple(range(1, many.ndim))
    room = slack * np.nanmax(np.abs(many), axis=axes, keepdims=True, initial=0.0) + 1e-15
    met = (np.isfinite(room) & (np.abs(many - own) <= room)) | (np.isnan(many) & np.isnan(own))
    return met.all(axis=axes)
