"""The smallest edit of one line of a recorded program with which the first wrong step would be right.

`evaluating` works a line out once more, by a table of functions of `arrays`; `rerunning` follows what that changes
through all that was made after it; `edits` are what is tried.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from chalkwork.checking.recording import Made, Recording, spelled
from chalkwork.checking.recording.places import parsed, statements
from chalkwork.checking.recording.watching import same_numbers
from chalkwork.checking.repairing.arrays import Unclear
from chalkwork.checking.repairing.edits import Edit, edits
from chalkwork.checking.repairing.evaluating import Function, Spent
from chalkwork.checking.repairing.rerunning import Line, Rerun

_MOST_OPERANDS = 24
_MOST_FUNCTIONS = 6
_MOST_SAID = 2
_LARGEST = 3
_MANY, _FEW = 12, 2


class Repair(NamedTuple):
    """The line, and the statements that would be right in its place: one, or two that are as near."""

    line: Line
    statements: tuple[str, ...]
    is_helper: bool
    """Whether it is a line of a function that the line with the value calls."""
    source: Made | None
    """What the line made last that goes into the step; None where that is the step."""


def repaired(
    run: Recording,
    goal: Made,
    is_right: Callable[[Any], bool],
    is_known: Callable[[Any], bool],
    right: Mapping[int, Made],
    samples: int,
) -> list[Repair]:
    """The smallest edits that make a value right, `is_right`, and leaves those that are `right` already as they are;
    the earliest line first.

    `is_known` says whether a value on the way is a quantity of the exercise: what leads to the goal through many lines
    is tried for such values alone. Programs divide by the number of `samples`.
    """
    return [] if is_right(goal.value) else _Search(run, goal, is_right, is_known, right, samples).done()


class _Search:
    def __init__(
        self,
        run: Recording,
        goal: Made,
        is_right: Callable[[Any], bool],
        is_known: Callable[[Any], bool],
        right: Mapping[int, Made],
        samples: int,
    ) -> None:
        self.run, self.goal, self.is_right, self.is_known, self.right = run, goal, is_right, is_known, right
        self.numbers: list[ast.expr] = [ast.Constant(one) for one in dict.fromkeys((2, samples)) if one > 1]
        self.rerun = Rerun(run)
        self.lines: dict[Line, list[Made]] = {}
        self.met: dict[Line, list[Edit]] = {}

    def done(self) -> list[Repair]:
        """The edits of every line, the smallest first; those of one size are all tried, as far as that goes."""
        with contextlib.suppress(Spent, RecursionError), np.errstate(all="ignore"):
            self._look()
        return [self._repair(line) for line in reversed(self.lines) if line in self.met]

    def _repair(self, line: Line) -> Repair:
        widest = max(_extent(edit.before) for edit in self.met[line])  # a factor has many places in a product
        met = [edit for edit in self.met[line] if _extent(edit.before) == widest]
        texts = tuple(dict.fromkeys(self._text(line, edit) for edit in met))
        at = {getattr(edit.before, "lineno", line[1]) for edit in self.met[line]}
        place = line[0], at.pop() if len(at) == 1 else line[1]
        made, own = self.lines[line][0], self.rerun.is_of(self.goal, line)
        texts = texts if len(texts) <= _MOST_SAID else ()
        return Repair(place, texts, not self.rerun.is_of(made, line), None if own else made)

    def _look(self) -> None:
        ev = self.rerun.evaluator
        self.lines = self.rerun.lines(self.goal, self.right)
        ways = {line: edits(self._statement(line), *self._around(line)) for line in self.lines}
        short = sorted(self.lines, key=lambda line: len(self.rerun.between(line, self.goal)))
        for size in range(1, _LARGEST + 1):
            for place, line in enumerate(short):
                own = ast.dump(self._statement(line))
                least = ev.left - ev.left // (len(short) - place)  # what is left for the other lines
                for edit in ways[line]:
                    if ev.left < least:
                        break
                    if edit.size == size and ast.dump(edit.statement) != own and self._is_met(line, edit):
                        self.met.setdefault(line, []).append(edit)
            if self.met:
                return

    def _statement(self, line: Line) -> ast.stmt:
        return statements(self.run.texts[line[0]])[line[1]]

    def _around(self, line: Line) -> tuple[list[ast.expr], list[str]]:
        """The quantities that a line could have named, each value once, and the functions of one argument."""
        made = self.lines[line][0]
        frame = self.rerun.frame(made, line)
        functions = self.rerun.evaluator.functions
        single = [name for name, (_, node) in functions.items() if len(_arguments(node)) == 1][:_MOST_FUNCTIONS]
        if not self.rerun.is_of(made, line):  # of a function that the line with the value calls
            within = [node for file, node in functions.values() if file == line[0] and _holds(node, line[1])]
            names = [name for node in within for name in _arguments(node)]
            return [ast.Name(name, ast.Load()) for name in names] + self.numbers, single
        scope = frame.file if frame.code is None or frame.code.co_name == "<module>" else frame.code
        latest: list[tuple[int, str, Any]] = []
        for (of, path), entries in self.run.history.items():
            entry = self.run.held((of, path), made.look) if of is scope or of == scope else None
            value = None if entry is None else entry.value
            if isinstance(value, (np.ndarray, int, float)) and not isinstance(value, bool):
                latest.append((entries[-1][0], spelled(path), np.asarray(value)))
        found: list[ast.expr] = []
        values: list[Any] = []
        for _, text, value in sorted(latest, key=lambda one: -one[0]):
            body = parsed(text).body
            known = text.endswith("()") or any(same_numbers(value, other) for other in values)
            if not known and len(body) == 1 and isinstance(body[0], ast.Expr) and len(found) < _MOST_OPERANDS:
                found.append(body[0].value)
                values.append(value)
        return found + self.numbers, single

    def _is_met(self, line: Line, edit: Edit) -> bool:
        between = self.rerun.between(line, self.goal)
        try:
            own = [made for made in between if self.rerun.is_of(made, line)]
            far = len(between) > _MANY and 0 < len(own) <= _FEW
            if far and not self.is_known(self.rerun.with_line(line, edit.statement, own[-1])):
                return False
            value = self.rerun.with_line(line, edit.statement, self.goal)
        except Unclear:
            return False
        return self.is_right(value) and all(self._keeps(line, edit, made) for made in self.right.values())

    def _keeps(self, line: Line, edit: Edit, made: Made) -> bool:
        """Whether what is right stays right, as far as that is known."""
        if not self.rerun.between(line, made):
            return True
        try:
            value = self.rerun.with_line(line, edit.statement, made)
        except Unclear:
            return True
        return np.size(value) == made.value.size and np.allclose(np.ravel(value), np.ravel(made.value), 1e-5, 1e-12)

    def _text(self, line: Line, edit: Edit) -> str:
        """The statement as it would be, in the words of the program as far as they stay."""
        text, statement = self.run.texts[line[0]], self._statement(line)
        plain = ast.unparse(edit.statement)
        source = ast.get_source_segment(text, statement)
        part = ast.get_source_segment(text, edit.before) if hasattr(edit.before, "lineno") else None
        if source is None or part is None or "\n" in source or statement.lineno != getattr(edit.before, "lineno", 0):
            return plain
        if edit.before is statement:
            return plain
        start = edit.before.col_offset - statement.col_offset  # type: ignore[attr-defined]
        before = source.encode()[:start].decode(errors="ignore")
        for after in (ast.unparse(edit.after), f"({ast.unparse(edit.after)})"):
            found = f"{before}{after}{source[len(before) + len(part) :]}"
            body = parsed(found).body
            if len(body) == 1 and ast.dump(body[0]) == ast.dump(edit.statement):
                return found
        return plain


def _extent(node: ast.AST) -> int:
    return sum(1 for _ in ast.walk(node))


def _arguments(node: Function) -> list[str]:
    return [one.arg for one in node.args.args if one.arg != "self"]


def _holds(node: Function, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)
