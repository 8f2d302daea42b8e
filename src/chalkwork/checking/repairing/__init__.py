"""The smallest edit of one line of a recorded program with which the first wrong step would be right.

`evaluating` works a line out once more, by a table of functions of `arrays`; `rerunning` follows what that changes
through all that was made after it; `edits` are what is tried.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from chalkwork.checking.recording import Made, Recording, spelled
from chalkwork.checking.recording.places import parsed, statements
from chalkwork.checking.recording.watching import Aside, same_numbers
from chalkwork.checking.repairing.arrays import Unclear
from chalkwork.checking.repairing.edits import Edit, edits
from chalkwork.checking.repairing.evaluating import Spent
from chalkwork.checking.repairing.rerunning import Line, Rerun

_MOST_OPERANDS = 24
_MOST_SAID = 2
_LARGEST = 3


class Repair(NamedTuple):
    """The line, and the statements that would be right in its place: one, or two that are as near."""

    line: Line
    statements: tuple[str, ...]
    made: Made
    """What the line made last that goes into the step."""
    size: int


def repaired(
    run: Recording, goal: Made, is_right: Callable[[Any], bool], right: Mapping[int, Made]
) -> Repair | None:
    """The smallest edit that makes a value right, `is_right`, and leaves those that are `right` already as they are."""
    search = _Search(run, goal, is_right, right)
    try:
        return search.done()
    except (Spent, RecursionError):
        return None


class _Search:
    def __init__(
        self, run: Recording, goal: Made, is_right: Callable[[Any], bool], right: Mapping[int, Made]
    ) -> None:
        self.run, self.goal, self.is_right, self.right = run, goal, is_right, right
        self.rerun = Rerun(run)
        self.met: dict[Line, list[Edit]] = {}

    def done(self) -> Repair | None:
        """The edits of every line, the smallest first; those of one size are all tried."""
        lines = self.rerun.lines(self.goal, self.right)
        ways = {line: edits(self._statement(line), *self._around(made[0])) for line, made in lines.items()}
        for size in range(1, _LARGEST + 1):
            for line in lines:
                statement = ast.dump(self._statement(line))
                for edit in ways[line]:
                    if edit.size == size and ast.dump(edit.statement) != statement and self._is_met(line, edit):
                        self.met.setdefault(line, []).append(edit)
            if self.met:
                line = max(self.met, key=lambda one: list(lines).index(one))
                texts = tuple(dict.fromkeys(self._text(line, edit) for edit in self.met[line]))
                return Repair(line, texts if len(texts) <= _MOST_SAID else (), lines[line][0], size)
        return None

    def _statement(self, line: Line) -> ast.stmt:
        return statements(self.run.texts[line[0]])[line[1]]

    def _around(self, made: Made) -> tuple[list[ast.expr], list[str]]:
        """The quantities that a line could have named, each value once, and the functions of one argument."""
        frame, ev = self.rerun.frame(made), self.rerun.evaluator
        found: list[ast.expr] = []
        values: list[Any] = []
        latest: list[tuple[int, ast.expr, Any]] = []
        for (scope, path), entries in self.run.history.items():
            if scope is not frame.code and scope != made.file:
                continue
            entry = self.run.held((scope, path), made.look)
            value = entry.value if entry is not None else None
            if entry is None or isinstance(value, (str, bool)) or not isinstance(value, (np.ndarray, int)):
                continue
            text = spelled(path)
            if text.endswith("()") or text.startswith("."):
                continue
            tree = parsed(text).body
            if len(tree) == 1 and isinstance(tree[0], ast.Expr):
                latest.append((entries[-1][0], tree[0].value, np.asarray(value)))
        for _, node, value in sorted(latest, key=lambda one: -one[0]):
            if not any(same_numbers(value, other) for other in values):
                found.append(node)
                values.append(value)
        single = [
            name
            for name, (_, node) in ev.functions.items()
            if len([one for one in node.args.args if one.arg != "self"]) == 1
        ]
        return found[:_MOST_OPERANDS], single[:6]

    def _is_met(self, line: Line, edit: Edit) -> bool:
        try:
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
