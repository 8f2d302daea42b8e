"""The smallest edit of one line of a recorded program with which the first wrong step would be right.

`evaluating` works a line out once more, by a table of functions of `arrays`; `rerunning` follows what that changes
through all that was made after it; `edits` are what is tried.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from chalkwork.checking.recording import Made, Recording, spelled
from chalkwork.checking.recording.places import parsed, statements
from chalkwork.checking.recording.watching import Aside, Path, same_numbers
from chalkwork.checking.repairing.arrays import Unclear
from chalkwork.checking.repairing.edits import Around, Edit, edits
from chalkwork.checking.repairing.evaluating import Frame, Spent
from chalkwork.checking.repairing.functions import Function, spans
from chalkwork.checking.repairing.rerunning import Line, Rerun

_MOST_OPERANDS = 24
_MOST_FUNCTIONS = 6
_MOST_SAID = 2
_LARGEST = 3
_MANY, _FEW = 12, 2


Later = tuple[Made, Callable[[Any], bool], bool]
"""What was made after the step, what is right there, and whether it is wrong by itself or follows."""


class Repair(NamedTuple):
    """The line, and the statements that would be right in its place: one, or two that are as near."""

    line: Line
    statements: tuple[str, ...]
    is_helper: bool
    """Whether it is a line of a function, and the line that calls this is another that could be meant."""
    source: Made | None
    """What the line made last that goes into the step; None where that is the step."""


def repaired(
    run: Recording,
    goal: Made,
    is_right: Callable[[Any], bool],
    is_known: Callable[[Any], bool],
    right: Mapping[int, Made],
    well: Collection[int],
    later: Sequence[Later],
    samples: int,
) -> list[Repair]:
    """The smallest edits that make a value right, `is_right`, and leaves those that are `right` already as they are;
    the earliest line first.

    What goes into values that are right, `well` by their numbers, is not looked at. `is_known` says whether a value on
    the way is a quantity of the exercise: what leads to the goal through many lines is tried for such values alone.
    Programs divide by the number of `samples`.
    """
    search = _Search(run, goal, is_right, is_known, right, well, later, samples)
    return [] if is_right(goal.value) else search.done()


class _Search:
    def __init__(
        self,
        run: Recording,
        goal: Made,
        is_right: Callable[[Any], bool],
        is_known: Callable[[Any], bool],
        right: Mapping[int, Made],
        well: Collection[int],
        later: Sequence[Later],
        samples: int,
    ) -> None:
        self.later, self.well = later, {*right, *well} - {goal.order}
        self.run, self.goal, self.is_right, self.is_known, self.right = run, goal, is_right, is_known, right
        self.samples = samples
        self.numbers: list[ast.expr] = [ast.Constant(one) for one in dict.fromkeys((samples, 2)) if one > 1]
        self.rerun = Rerun(run)
        self.lines: dict[Line, list[Made]] = {}
        self.met: dict[Line, list[Edit]] = {}

    def done(self) -> list[Repair]:
        """The edits of every line, the smallest first; those of one size are all tried, as far as that goes."""
        with contextlib.suppress(Spent, RecursionError), np.errstate(all="ignore"):
            self._look()
        return [self._repair(line) for line in reversed(self.lines) if line in self.met]

    def _repair(self, line: Line) -> Repair:
        alike: dict[tuple[str, ...], Edit] = {}
        for edit in sorted(self.met[line], key=lambda edit: -_extent(edit.before)):
            alike.setdefault(_words(edit.statement), edit)  # a factor has many places in a product
        texts = tuple(dict.fromkeys(self._text(line, edit) for edit in alike.values()))
        at = {getattr(edit.before, "lineno", line[1]) for edit in self.met[line]}
        place = line[0], at.pop() if len(at) == 1 else line[1]
        made, own = self.lines[line][0], self.rerun.is_of(self.goal, line)
        texts = texts if len(texts) <= _MOST_SAID else ()
        inside = line != self.rerun.call(made) in self.met or not self.rerun.is_of(made, line)
        return Repair(place, texts, inside, None if own else made)

    def _look(self) -> None:
        ev = self.rerun.evaluator
        self.lines = self.rerun.lines(self.goal, self.well)
        ways = {line: edits(self._statement(line), self._around(line)) for line in self.lines}
        short = sorted(self.lines, key=lambda line: len(self.rerun.between(line, self.goal)))
        for size in range(1, _LARGEST + 1):
            for place, line in enumerate(short):
                least = ev.left - ev.left // (len(short) - place)  # what is left for the other lines
                for edit in ways[line]:
                    if ev.left < least:
                        break
                    if edit.size == size and not _are_alike(edit.before, edit.after) and self._is_met(line, edit):
                        self.met.setdefault(line, []).append(edit)
            if self.met:
                return

    def _statement(self, line: Line) -> ast.stmt:
        return statements(self.run.texts[line[0]])[line[1]]

    def _around(self, line: Line) -> Around:
        """What a line could have named: each value once."""
        made = self.lines[line][0]
        frame = self.rerun.frame(made, line)
        functions = self.rerun.evaluator.functions
        single = [name for name, (_, node) in functions.items() if len(_arguments(node)) == 1][:_MOST_FUNCTIONS]
        if not self.rerun.is_of(made, line):  # of a function that the line with the value calls
            within = [node for file, node in functions.values() if file == line[0] and spans(node, line[1])]
            names = [ast.Name(name, ast.Load()) for node in within for name in _arguments(node)]
            return Around(names, (), self.numbers, single)
        scope = frame.file if frame.code is None or frame.code.co_name == "<module>" else frame.code
        latest: list[tuple[int, str, Any]] = []
        numbers = self.numbers
        for (of, path), entries in self.run.history.items():
            entry = self.run.held((of, path), made.look) if of is scope or of == scope else None
            if isinstance(entry, Aside) and entry.is_same(Aside(self.samples)) and len(entries) == 1 < self.samples:
                numbers = [*_expressions(spelled(path)), *self.numbers[1:]]
            if isinstance(entry, Made) and not spelled(path).endswith("()"):
                latest.append((entries[-1][0], self._spelled(path, line, frame), entry.value))
        arrays, scalars, values = list[ast.expr](), list[ast.expr](), list[Any]()
        for _, text, value in sorted(latest, key=lambda one: -one[0]):
            node = _expressions(text)
            plain = value.size > 1 and not np.ptp(value)
            known = plain or any(same_numbers(value, other) for other in values)
            if node and not known and len(values) < _MOST_OPERANDS:
                (arrays if np.ndim(value) else scalars).extend(node)
                values.append(value)
        return Around(arrays, scalars, numbers, single)

    def _spelled(self, path: Path, line: Line, frame: Frame) -> str:
        """A place as it is written in the program, with the indices that the line has."""
        text = spelled(path)
        for node in ast.walk(self._statement(line)):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name):
                with contextlib.suppress(Unclear):
                    key = self.rerun.evaluator.value(node.slice, frame)
                    if path[-1][0] in ("key", "item") and type(key) is type(path[-1][1]) and key == path[-1][1]:
                        return f"{spelled(path[:-1])}[{node.slice.id}]"
        return text

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
        return self.is_right(value) and self._agrees(line, edit)

    def _agrees(self, line: Line, edit: Edit) -> bool:
        """Whether what is right stays right, and what follows from the step is right then, as far as that is known.

        Another step that the line makes wrong is right then, too; after what another line makes wrong nothing is asked.
        """
        if not all(self._keeps(line, edit, made) for made in self.right.values()):
            return False
        for made, is_right, is_wrong in self.later:
            own = self.rerun.is_of(made, line)
            if is_wrong and not own:
                return True
            if own or self.rerun.between(line, made):
                try:
                    if not is_right(self.rerun.with_line(line, edit.statement, made)):
                        return False
                except Unclear:
                    continue
        return True

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
        if edit.before is statement:  # another sign of assignment
            return _in_own_words(edit.statement, text)
        source = ast.get_source_segment(text, statement)
        if source is None or "\n" in source or not isinstance(edit.before, ast.expr):
            return plain
        part = ast.get_source_segment(text, edit.before)
        if part is None:
            return plain
        start = edit.before.col_offset - statement.col_offset
        before = source.encode()[:start].decode(errors="ignore")
        shown = _in_own_words(edit.after, text)
        for after in (shown, f"({shown})"):
            found = f"{before}{after}{source[len(before) + len(part) :]}"
            body = parsed(found).body
            if len(body) == 1 and ast.dump(body[0]) == ast.dump(edit.statement):
                return found
        return plain


def _in_own_words(node: ast.AST, text: str) -> str:
    """A node as Python writes it, its parts as they stand in the text."""
    plain = ast.unparse(node)
    for part in ast.walk(node):
        own = ast.get_source_segment(text, part) if isinstance(part, ast.expr) else None
        if own and "\n" not in own and [ast.dump(one) for one in _expressions(own)] == [ast.dump(part)]:
            plain = plain.replace(ast.unparse(part), own)
    return plain


def _expressions(text: str) -> list[ast.expr]:
    """The expression that a text is; none where it is another thing."""
    body = parsed(text).body
    return [one.value for one in body if isinstance(one, ast.Expr)] if len(body) == 1 else []


def _are_alike(one: object, other: object) -> bool:
    """Whether two nodes, or what these hold, are written alike."""
    if one is other or type(one) is not type(other):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_are_alike, one, other))
    if isinstance(one, ast.AST):
        return all(_are_alike(getattr(one, name, None), getattr(other, name, None)) for name in one._fields)
    return bool(one == other)


def _extent(node: ast.AST) -> int:
    return sum(1 for _ in ast.walk(node))


def _words(node: ast.AST) -> tuple[str, ...]:
    return tuple(sorted(ast.dump(one) for one in ast.walk(node) if not list(ast.iter_child_nodes(one))))


def _arguments(node: Function) -> list[str]:
    return [one.arg for one in node.args.args if one.arg != "self"]
