"""One statement in its context: read, judged relation by relation, and remembered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, names_in, walk
from chalkwork.algebra.reading.words import FUNCTIONS
from chalkwork.bounds.intervals import Interval
from chalkwork.budget import within
from chalkwork.errors import ChalkworkError, faults_are
from chalkwork.laboratory.claims.evaluation import exactly
from chalkwork.laboratory.claims.precise import DIGITS, intervals
from chalkwork.verification.comparing import Found, Verdict
from chalkwork.verification.exponents import exponents, summands
from chalkwork.verification.layouts import Derivatives
from chalkwork.verification.linking import Linking
from chalkwork.verification.memory import Memory, Value
from chalkwork.verification.repairing import has_letters, proposed
from chalkwork.verification.sides import (
    Step,
    lone,
    may_be_a_condition,
    renamed,
    rows_of,
)
from chalkwork.verification.spelling import Statement

MOST_SIGNS, LONGEST = 1000, 6000
"""How long a statement is at least in which Python's own limits may be met, and at most."""
SECONDS, OTHER_READINGS = 1.5, 0.4
"""What one statement may cost, and the other readings of one that is wrong."""
SOLVED = 0.005
"""As a part of their size, how far the sides of an equation may be apart with a solution that was rounded."""
_MANY = re.compile(r"^\s*(?P<name>[A-Za-z])\s*\((?P<by>\s*[A-Za-z](?:\s*,\s*[A-Za-z])+\s*)\)\s*=(?!=)\s*")
_LETTERS_ALONE = re.compile(r"(?<![A-Za-z_])(?!Z_lit)[A-Za-z]")
_MATRIX_POWER = re.compile(r"(?<![A-Za-z\\])([A-Z](?:_\w)?|Z_lit[a-z]+)\s*\^\s*\{?\s*([2-4])\s*\}?(?![0-9])")
_INDEXED = re.compile(r"^\s*(?P<name>[A-Za-z])_\w\s*\(\s*[A-Za-z]\s*\)\s*=(?!=)")
_FUNCTION = re.compile(r"^\s*(?P<name>[A-Za-z]{1,20})\s*\(\s*(?P<by>[A-Za-z])\s*\)\s*=(?!=)\s*")
Last = tuple[Expression, Mapping[str, Value]] | None


@dataclass
class Judge(Linking):
    """Judges the statements of one document in order."""

    last: Last = None
    """Where a statement that begins with a relation goes on."""
    scanned: bool = False
    """Whether the document is a scan, so that digits that look alike may be meant."""
    steps: list[Step] = field(default_factory=list)
    derivatives: Derivatives = field(default_factory=Derivatives)
    solved: dict[int, str] = field(default_factory=dict)
    """Of which it turned out later that they were."""

    def judge(self, statement: Statement, line: int, display: bool = True) -> Found:
        """The verdict on one statement; only one that is displayed is what a later one goes on from."""
        before, self.display = self.last, display
        memory = self.memory.copy()
        found = self._judged(statement, line)
        open_ = found.verdict is Verdict.UNJUDGED and (not found.read or has_letters(statement.text))
        if (found.verdict is Verdict.WRONG or open_) and len(statement.text) < MOST_SIGNS:
            found = self._with_other_readings(found, statement, line, memory, before)
        self._look_back()
        if not display:
            self.last = before
        return found

    def _with_other_readings(self, found: Found, statement: Statement, line: int, memory: Memory, last: Last) -> Found:
        """What was found, with what a scan may have misread; nothing of that is remembered."""
        kept = self.memory, self.last, list(self.steps), dict(self.open)

        def judged(other: Statement) -> Found:
            self.reader.memory, self.last = memory.copy(), last
            return self._judged(other, line)

        try:
            with within(OTHER_READINGS):
                return proposed(found, statement, judged, self.scanned)
        finally:
            self.reader.memory, self.last, self.steps, self.open = kept

    def _judged(self, statement: Statement, line: int) -> Found:
        intervals(DIGITS)  # what is loaded once is not the statement's time
        try:
            with within(SECONDS):
                return self._judge(statement, line)
        except ChalkworkError as error:
            self.last = None
            self._forget(statement)
            return Found(Verdict.UNJUDGED, f"not read: {error.message.splitlines()[0]}", read=False)
        except (RecursionError, OverflowError, ValueError, ArithmeticError):
            if faults_are("raised") and len(statement.text) < MOST_SIGNS:
                raise
            self.last = None
            return Found(Verdict.UNJUDGED, "not read: nested too deeply, or numbers that are too large", read=False)

    def _judge(self, statement: Statement, line: int) -> Found:
        if len(statement.text) > LONGEST:
            raise ChalkworkError(f"it is longer than {LONGEST} signs")
        text, literals = self.reader.literals_of(statement.text)
        known = {**self.memory.values, **self.memory.definitions, **literals}
        if (derived := self.derivatives.judge(statement.text, known)) is not None:
            self.last = None
            return derived
        function = _FUNCTION.match(text)
        many = _MANY.match(text)
        if (
            many is not None
            and re.search(r"[A-Za-z]", text[many.end() :].replace("Z_lit", ""))
            and "=" not in text[many.end() :]
        ):
            return self._function_of_many(many, text[many.end() :], literals)
        if indexed := _INDEXED.match(text):
            self.memory.bind(indexed["name"], None, None)
        if function and self._defines(function["name"]):
            return self._function(function["name"], function["by"], text[function.end() :], literals, line)
        self.reader.learn(text)
        sides, relations, goes_on = self._sides(text, literals, line)
        if not relations:
            return Found(Verdict.UNJUDGED, "it states nothing")
        if relations[0] != "=" and len(sides) == 2 and not goes_on and lone(sides[0]) and not names_in(sides[1]):
            return Found(Verdict.UNJUDGED, "a condition on what may come")
        near = (*statement.near, *(False,) * len(relations))[: len(relations)]
        if goes_on and self.last is None:
            relations, near = relations[1:], near[1:]
            if not relations:
                self.last = (sides[-1], literals)
                return Found(Verdict.UNJUDGED, "it goes on from something that was not read")
        elif goes_on and self.last is not None:
            first, before = self.last
            sides, literals = [first, *sides], {**before, **literals}
        if (square := self._square(sides[0], relations, goes_on)) is not None:
            return self._squared(square, sides, relations, near, literals, line)
        found = self._links(sides, relations, near, literals, goes_on, line)
        self._keep(sides, literals, found, goes_on, statement.text)
        self._note(sides, literals, found)
        self.last = (sides[-1], literals)
        if found.verdict is Verdict.WRONG and not self.display and may_be_a_condition(sides, literals):
            return Found(Verdict.UNJUDGED, f"a condition, or something else than before: {found.reason}")
        return found

    def _sides(self, text: str, literals: Mapping[str, Value], line: int) -> tuple[list[Expression], list[str], bool]:
        """The sides of a chain; with the axis of a sum, or a power of a matrix, as they must be meant."""
        try:
            return self.reader.sides(text, literals)
        except ChalkworkError as error:
            by_axis = "axis=" in error.message
            along = self.reader.along(text, literals) if by_axis else text
            if "the power of the matrix" in error.message:
                along = _MATRIX_POWER.sub(lambda found: f"({' '.join([found[1]] * int(found[2]))})", text)
            if along == text:
                raise
            sides, relations, goes_on = self.reader.sides(along, literals)
            if not by_axis and relations:
                tried = self._links(sides, relations, [False] * len(relations), literals, True, line)
                if tried.verdict not in (Verdict.RIGHT, Verdict.ROUNDED):
                    raise
            return sides, relations, goes_on

    def _keep(
        self, sides: list[Expression], literals: Mapping[str, Value], found: Found, goes_on: bool, text: str
    ) -> None:
        """The step for those who look at all of them."""
        before = self.steps[-1].name if self.steps and goes_on else ""
        name = lone(sides[0]) or before
        if name:
            given = found.verdict is Verdict.GIVEN
            number = partial(self._number, literals=literals)
            over = next((over for side in sides if (over := exponents(side, number))), ())
            numbers = tuple(one for side in over if (one := number(side)) is not None)
            parts = summands(over, number, self.memory)
            rows = rows_of(sides[-1], literals)
            own = numbers if len(numbers) == len(over) else ()
            self.steps.append(Step(self.place, name, tuple(sides[1:]), rows, given, own, text, parts))

    def _number(self, side: Expression, literals: Mapping[str, Value]) -> float | None:
        found = self._value(side, literals)
        return float(found.exact.flat[0]) if found is not None and found.exact.size == 1 else None

    def _look_back(self) -> None:
        """Whether numbers that are known by now solve what seemed to be wrong."""
        for place, (left, right, literals) in list(self.open.items()):
            names = [name.name for name in names_in(left) if name.name not in literals]
            if not names or any(self.memory.current(name) is None for name in names):
                continue
            first, second = self._value(left, literals), self._value(right, literals)
            if first is None or second is None:
                continue
            width = np.maximum(np.abs(first.exact), np.abs(second.exact)) * SOLVED + 1e-9
            if first.shape == second.shape and (np.abs(first.exact - second.exact) <= width).all():
                self.solved[place] = f"an equation for {', '.join(names)}, which is solved later"
            del self.open[place]

    def _note(self, sides: list[Expression], literals: Mapping[str, Value], found: Found) -> None:
        """Which numbers were given as data, and which came out of something."""
        texts = {text for value in literals.values() for text in value.texts}
        last = sides[-1]
        if found.verdict is Verdict.GIVEN and len(sides) == 2:
            if not self.memory.results:
                self.memory.data |= texts
                self.memory.matrices |= {value.rows for value in literals.values()}
        elif isinstance(last, Name) and last.name in literals:
            self.memory.results |= literals[last.name].texts

    def _square(self, side: Expression, relations: Sequence[str], goes_on: bool) -> Name | None:
        """The name in sigma^2 = ..., which is a name for what follows where nothing is known of sigma."""
        if goes_on or relations[0] != "=" or not isinstance(side, Application) or side.operation.name != "power":
            return None
        base, exponent = side.arguments
        known = {*self.memory.values, *self.memory.definitions}
        free = isinstance(base, Name) and (
            base.name not in known or self.memory.sections.get(base.name) != self.memory.section
        )
        return base if isinstance(base, Name) and free and exponent == Number(2) else None

    def _squared(
        self, name: Name, sides: list[Expression], relations: Sequence[str], near: Sequence[bool],
        literals: Mapping[str, Value], line: int,
    ) -> Found:  # fmt: skip
        """sigma^2 = a = b: the chain behind it, and sigma is the root of what it comes to."""
        if name in names_in(sides[1]) or sides[1].shape:
            self.last = (sides[-1], literals)
            return self._links(sides, relations, near, literals, False, line)
        found = Found(Verdict.DEFINITION)
        if len(sides) > 2:
            found = self._links(sides[1:], relations[1:], near[1:], literals, True, line)
        self.last = (sides[-1], literals)
        value = self._value(sides[-1], literals)
        if value is not None and value.exact.size == 1 and value.range.low.min() >= 0:
            root = Interval(np.sqrt(value.range.low), np.sqrt(value.range.high))
            broken = line if found.verdict is Verdict.WRONG else value.wrong
            self.memory.bind(name.name, Value(np.sqrt(value.exact), root, None, broken), None)
            self.memory.follows_from(name.name, sides[1])
        elif value is None:
            self.memory.bind(name.name, None, apply("sqrt", self._literal_numbers(exactly(sides[1]), literals)))
        return found

    def _forget(self, statement: Statement) -> None:
        """Of a statement that was not read: what its first name was is not known any more, but for what it ends in."""
        if function := _MANY.match(statement.text) or _FUNCTION.match(statement.text):
            self.memory.functions.pop(function["name"], None)
            self.memory.many.pop(function["name"], None)
        with suppress(ChalkworkError):
            text, literals = self.reader.literals_of(statement.text)
            first, last = text.partition("=")[0], text.rpartition("=")[2].strip()
            sides, _, _ = self.reader.sides(first, literals)
            if isinstance(sides[0], Name):
                self.memory.bind(sides[0].name, literals.get(last), None)

    def _defines(self, name: str) -> bool:
        return (name not in FUNCTIONS or name == "f") and name not in self.memory.values and name != "d"

    def _function(self, name: str, by: str, text: str, literals: Mapping[str, Value], line: int) -> Found:
        """f(x) = ... = ...: the function is what stands first, and the rest of the chain is judged."""
        sides, relations, _ = self.reader.sides(text, literals)
        body = exactly(sides[0])
        if body.shape or literals:
            body = self._literal_numbers(body, literals)
        self.last = (sides[-1], literals)
        if name in self.memory.functions and len(sides) == 1:
            earlier = self.memory.functions[name]
            same = self._identity(renamed(earlier, by), "=", body, literals)
            if same is not None and same.verdict is Verdict.RIGHT:
                return same
        calls = {node.operation.name.rstrip("'") for node in walk(body) if isinstance(node, Application)}
        if name in calls:
            self.memory.functions.pop(name, None)
        elif not body.shape and (self.display or names_in(body)):
            self.memory.functions[name] = (by, body)
        if not relations:
            return Found(Verdict.DEFINITION, f"{name} is this function from here on")
        return self._links(sides, relations, [False] * len(relations), literals, True, line)

    def _function_of_many(self, found: re.Match[str], text: str, literals: Mapping[str, Value]) -> Found:
        """f(x, y) = ...: f stands for this from here on."""
        name, parameters = found["name"], tuple(one.strip() for one in found["by"].split(","))
        (body,), _, _ = self.reader.sides(text, literals)
        self.last = (body, literals)
        if not body.shape:
            body = self._literal_numbers(exactly(body), literals)
            self.memory.bind(name, None, body)
            if set(parameters) <= {one.name for one in names_in(body)}:
                self.memory.many[name] = parameters, body
        return Found(Verdict.DEFINITION, f"{name} is this function from here on")
