"""Whether one mistake is left by a convention, where there are several without it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chalkwork.checking.judging.explaining import Explanation
from chalkwork.checking.judging.marking import GoingOn
from chalkwork.checking.judging.suspecting import MOST_AT_ONCE
from chalkwork.checking.judging.verdicts import ACCEPTED, RIGHT, Verdict
from chalkwork.checking.mistakes.structure import updated_parameter
from chalkwork.checking.reading.answers import with_given
from chalkwork.checking.report import Report
from chalkwork.checking.reporting import reports_on
from chalkwork.checking.reviewing.ways import Way
from chalkwork.checking.reviewing.worked import Reading, contradictions
from chalkwork.checking.seeing.seen import UNEXPLAINED, seen_in
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Stage
from chalkwork.words import say


@dataclass(frozen=True)
class Simpler:
    """Whether one mistake in one step is left by a convention, in a step that no single mistake explains without it.

    Who writes y minus the output and squares the learning rate has not made two mistakes that nearly make up for each
    other; nor has who divides the sums by something else, wherever that is.
    """

    way: Way
    other: Task
    reading: Reading
    before: Report
    changed: Collection[str]

    @cached_property
    def entering(self) -> list[str]:
        """The steps where it comes in, of those that are marked."""
        return [name for name in self.way.entering if name in self.before]

    @property
    def begun(self) -> Collection[str]:
        """The steps where it comes in; where none of these is marked, all that are not as in the solution."""
        return self.entering or self.way.kept

    @cached_property
    def in_velocity(self) -> bool:
        """Whether it is only that the rate stands in the velocity."""
        return [one.id for one in self.way.found.conventions] == ["rate-in-velocity"]

    @cached_property
    def scaled(self) -> bool:
        """Whether the convention looks like what is told where it comes in."""
        told = [self.before[name].mistakes for name in self.entering]
        return all(ids and self.way.found.taken_for.issuperset(ids) for ids in told)

    def is_so(self, quick: Report) -> bool:
        """By the marks, if the `quick` ones do not deny it; two mistakes at once are looked for where it may be so."""
        able = self.in_velocity or quick.wrong[0] in self.begun or self._may_be_left(quick)
        return able and all(self._has_one_left(_marked(self.other, self.reading, self.before, self._is_one(), most))
                            for most in (1, MOST_AT_ONCE))  # fmt: skip

    def _is_one(self) -> GoingOn:
        """Whether all that is wrong is explained so far, and by the same."""
        found: set[tuple[str, ...]] = set()

        def is_one(why: Explanation) -> bool:
            found.add(why.ids)
            return len(found) == 1 and bool(why.ids or self.scaled) and not why.pairs

        return is_one

    def _may_be_left(self, quick: Report) -> bool:
        """Whether what is wrong for sure can be a mistake by the convention."""
        sure = {quick.wrong[0], *self.reading.misshapen.intersection(quick.wrong)}
        able = sure <= set(self.before.wrong) and all(
            self.before[one].mistakes or self._goes_along(one) for one in sure
        )
        return bool(self.entering) and set(self.entering) <= set(self.changed) and able

    def _has_one_left(self, report: Report) -> bool:
        if self._is_of_the_velocity(report) or self._follow_by_it(report):
            return True
        entering, bad = self.entering, report.wrong
        if not entering or not set(entering) <= {*report}.intersection(self.changed):  # marked no further than needed
            return False
        if any(report[name].verdict not in ACCEPTED for name in entering):
            return False
        report = seen_in(self.other, self.reading.typed, report)
        left = {(report[name].mistakes, report[name].together, report[name].message) for name in bad}
        unsaid = {say(report.language, sentence) for sentence in UNEXPLAINED}
        told = [(bool(ids) or (self.scaled and said not in unsaid)) and not together for ids, together, said in left]
        alike = {name for name in bad if name in self.before and self.before[name].mistakes == report[name].mistakes}
        return told == [True] and set(bad) <= set(self.before.wrong) and all(map(self._goes_along, set(bad) - alike))

    def _follow_by_it(self, report: Report) -> bool:
        """Whether one mistake where the convention comes in is all, and much that is wrong without it follows.

        Who has the convention does not make the mistake there that it looks like.
        """
        bad = report.wrong
        told = report[bad[0]].mistakes
        begun = bad[0] in self.begun and self.way.found.taken_for.isdisjoint(told)
        if not (begun and told) or any(report[name].mistakes != told or report[name].together for name in bad):
            return False
        return len([name for name in self.before.wrong if report[name].verdict == Verdict.FOLLOWS.word]) > 1

    def _is_of_the_velocity(self, report: Report) -> bool:
        """Whether the rate stands in the velocity, and one mistake is left: its sign, or a step taken the other way.

        Without the convention both the velocity and the step are wrong.
        """
        bad = report.wrong
        ids = {report[name].mistakes for name in bad}
        fewer = set(bad) < set(self.before.wrong)
        return self.in_velocity and fewer and ids in ({("velocity-sign",)}, {("step-subtracted",)})

    def _goes_along(self, name: str) -> bool:
        """Whether a wrong step goes the convention's way: an update so directed; any other has no reason without it, or
        one that the convention looks like.
        """
        equation, result = self.other.derivation[name], self.before[name]
        old = updated_parameter(equation) if equation.stage == Stage.UPDATE else None
        if old is None:
            return result.together or self.way.found.taken_for.issuperset(result.mistakes)
        start, right = (np.asarray(self.other.values[one], dtype=float) for one in (old.name, name))
        answer = Reading(self.other, self.reading.typed, ()).of(name, right)
        if answer.wrong_shape is not None or not answer.given.all():
            return False
        return bool(np.sum((with_given(answer, right) - start) * (right - start)) > 0)


def _marked(task: Task, reading: Reading, before: Report, going_on: GoingOn, most: int = MOST_AT_ONCE) -> Report:
    return reports_on(task, [reading.typed], [before.unused], most=most, going_on=going_on)[0]


def resolves(way: Way, task: Task, other: Task, reading: Reading, before: Report, quick: Report) -> bool:
    """Whether right steps contradict wrong ones before, none in the `quick` report by it, and one mistake is left."""
    entering = [name for name in way.entering if name in quick]
    well = bool(entering) and all(quick[name].verdict in ACCEPTED for name in entering)
    if not well or any(before[name].verdict in RIGHT for name in quick.wrong):
        return False
    if not reading.at_odds(task, before) or contradictions(other, reading, quick):
        return False
    return all(_are_one(_marked(other, reading, before, _in_common(), most)) for most in (1, MOST_AT_ONCE))


def _in_common() -> GoingOn:
    """Whether some mistake explains all that is wrong so far."""
    told: list[set[str]] = []

    def is_one(why: Explanation) -> bool:
        told.append(set(why.ids))
        return not why.pairs and bool(set.intersection(*told))

    return is_one


def _are_one(report: Report) -> bool:
    """Whether something is wrong, and some mistake explains all of it."""
    left = [report[name] for name in report.wrong]
    apart = any(one.together for one in left) or not left
    return not apart and bool(set.intersection(*(set(one.mistakes) for one in left)))
