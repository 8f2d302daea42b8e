"""The exercises of a sheet that a document works out: what they give is known, and values are held against theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from chalkwork.algebra.expression import Name
from chalkwork.bounds.intervals import Interval
from chalkwork.errors import ChalkworkError
from chalkwork.solutions.exercise import Exercise
from chalkwork.verification.comparing import Found, Verdict
from chalkwork.verification.holding import Names, held, value_of
from chalkwork.verification.judging import Judge
from chalkwork.verification.memory import Value
from chalkwork.verification.sides import Step

_WORDS = r"(?:task|part|exercise|problem|question|aufgabe|teil(?:aufgabe)?)"


_BY = re.compile(
    r"\\[dt]?frac\{\s*d(?:\^\{?\d\}?)?\s*\}\{\s*d\s*([A-Za-z])|(?<![A-Za-z])d\s*/\s*d\s*([A-Za-z])(?![A-Za-z0-9])"
)


def variables(texts: Sequence[str]) -> frozenset[str]:
    r"""The names by which formulas differentiate functions: there they stand for any number, whatever a sheet gives.

    >>> sorted(variables([r"\frac{d}{dx} \sigma(x)", "d/dt y", "dL/dW = 2"]))
    ['t', 'x']
    """
    return frozenset(one or other for text in texts for one, other in _BY.findall(text))


@dataclass
class Tasks:
    """The exercises of a sheet by their ids; `variables` are names that the document does not mean as given."""

    exercises: Mapping[str, Exercise]
    variables: frozenset[str] = frozenset()

    def named(self, heading: str) -> str | None:
        """The exercise that a heading is about.

        >>> Tasks({"a": None, "backward": None}).named("## (a) Forward pass"), Tasks({"b": None}).named("A bad day")
        ('a', None)
        """
        for task in self.exercises:
            own = re.escape(task)
            if re.match(
                rf"[\W\d_]*(?:{_WORDS}\s*)?\(?{own}(?:\)|\.|:|\s*$)|.*{_WORDS}\s*\(?{own}(?!\w)", heading, re.IGNORECASE
            ):
                return task
        return None

    def give(self, judge: Judge, task: str | None) -> None:
        """Bind what an exercise gives, by its own names and as it prints them; of all, what they agree on."""
        given: dict[str, list[np.ndarray]] = {}
        printed: dict[str, str] = {}
        for exercise in [self.exercises[task]] if task is not None else self.exercises.values():
            solution = exercise.solution
            for one in solution.derivation.givens:
                with suppress(ChalkworkError, KeyError):
                    given.setdefault(one.name, []).append(np.atleast_2d(np.asarray(solution.arrays[one.name], float)))
                    printed[one.name] = solution.writer().symbols[one.name].latex
        for name, values in given.items():
            if values[0].ndim != 2 or any(not np.array_equal(values[0], one) for one in values[1:]):
                continue
            spelled = {name}
            with suppress(ChalkworkError):
                side = judge.reader.sides(printed[name], {})[0][0]
                spelled |= {side.name} if isinstance(side, Name) else set()
            fraction = Fraction(repr(float(values[0][0, 0]))) if values[0].size == 1 else None
            for word in spelled - self.variables:
                judge.memory.bind(word, Value(values[0], Interval.point(values[0]), fraction=fraction), None)

    def hold(
        self,
        found: Sequence[Found],
        steps: Sequence[Step],
        written: Mapping[str, str],
        task_of: Callable[[int], str | None],
        line: Callable[[int], int],
    ) -> tuple[list[Found], dict[str, dict[str, object]]]:
        """The verdicts held against the exercises, and the values of the document by exercise and name."""
        together = list(found)
        left = list(steps)
        answers: dict[str, dict[str, object]] = {}
        for task, exercise in self.exercises.items():
            names = Names(exercise.solution, {}, written, f"task {task}")
            wanted = {asked.partition("[")[0] for asked in exercise.asked} | {
                one for one in exercise.solution.derivation if one not in exercise.known
            }
            own = [step for step in left if task_of(step.place) in (None, task) and names.fits(step, wanted)]
            for step in own:
                if wrong := _misread(step, exercise, names):
                    together[step.place] = replace(together[step.place], verdict=Verdict.WRONG, reason=wrong)
            before = answers.get(exercise.after or "", {})
            together, typed = held(together, own, names, line, before)
            taken = {step.place for step in own if step.rows}
            left = [step for step in left if step.place not in taken]
            answers[task] = {**before, **typed}
        return together, answers


def _misread(step: Step, exercise: Exercise, names: Names) -> str:
    """What is said where a document gives a number of the sheet otherwise."""
    if not step.given or not step.rows or (name := names.given(step)) is None:
        return ""
    right = np.atleast_2d(np.asarray(exercise.solution.arrays[name], float))
    own = np.array([[float(Fraction(one)) for one in row] for row in step.rows])
    if own.size == right.size and np.allclose(np.sort(own.ravel()), np.sort(right.ravel()), rtol=1e-6, atol=1e-9):
        return ""
    if own.size != right.size:
        return ""
    return f"the sheet gives {name} as {np.array2string(right, separator=', ')}, not {value_of(step)}"
