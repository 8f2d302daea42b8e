"""What a recorded program would have made with another line in it: all that goes back to the line, worked out."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

import numpy as np

from chalkwork.checking.naming.evidence import same
from chalkwork.checking.recording import Made, Recording
from chalkwork.checking.recording.places import statements
from chalkwork.checking.recording.watching import Path
from chalkwork.checking.repairing.arrays import Unclear, worked_out
from chalkwork.checking.repairing.evaluating import Evaluator, Frame, Held, Place

_MOST_BEFORE = 400
MOST_LINES = 14
Line = tuple[str, int]
"""The file, and the first line of the statement."""


class Rerun:
    """The assignments of a recording, with the statements that made them and what they were made of."""

    def __init__(self, run: Recording) -> None:
        self.run = run
        self.evaluator = Evaluator(run)
        self.made = {one.order: one for one in run.everything()}
        self.places: dict[int, list[Place]] = {}
        for place, entries in run.history.items():
            for _, entry in entries:
                if isinstance(entry, Made):
                    self.places.setdefault(entry.order, []).append(place)
        self._sources: dict[int, frozenset[object] | None] = {}
        self._between: dict[tuple[Line, int, bool], list[Made]] = {}

    def statement(self, made: Made) -> ast.stmt | None:
        """The statement that made a value."""
        return statements(self.run.texts.get(made.file, "")).get(made.line or 0)

    def line(self, made: Made) -> Line | None:
        """Where that statement begins."""
        node = self.statement(made)
        return (made.file, node.lineno) if node is not None else None

    def frame(self, made: Made, line: Line | None = None) -> Frame:
        """Where it was run; for the line of a call, the function that this is in."""
        call = self.run.calls.get(made.order)
        if call is not None and line is not None and self.line(made) != line == self.call(made):
            return Frame(call.file, made.look, call.code)
        return Frame(made.file, made.look, made.within or made.code)

    def call(self, made: Made) -> Line | None:
        """Where the statement begins that called the function that gave it back."""
        call = self.run.calls.get(made.order)
        node = statements(self.run.texts.get(call.file, "")).get(call.line) if call is not None else None
        return (call.file, node.lineno) if call is not None and node is not None else None

    def is_of(self, made: Made, line: Line) -> bool:
        """Whether a value was made in a line, or given back to it."""
        return line in (self.line(made), self.call(made))

    def sources(self, made: Made) -> frozenset[object] | None:
        """What a value was made of: earlier values by number, and lines of functions; None where that is not known."""
        if made.order not in self._sources:
            if made.of is not None:
                self._sources[made.order] = frozenset((made.of.order,))
                return self._sources[made.order]
            self.evaluator.touched = set()
            statement = self.statement(made) if made.line is not None else None
            try:
                again = None if statement is None else self.remade(made, statement)
                good = again is not None and same(np.asarray(again), made.value)
            except Unclear:
                good = False
            self._sources[made.order] = frozenset(self.evaluator.touched - {made.order}) if good else None
        return self._sources[made.order]

    def history(self, goal: Made, right: Iterable[int]) -> list[Made]:
        """The values that went into one, the latest first, not through those that are right."""
        well, waiting = set(right), {goal.order}
        found: list[Made] = []
        while waiting and len(found) < _MOST_BEFORE:
            order = max(waiting)
            waiting.remove(order)
            made = self.made[order]
            found.append(made)
            known = {one.order for one in found}
            waiting |= {
                one
                for one in self.sources(made) or ()
                if isinstance(one, int) and one not in known and (one not in well or self.made[one].of is not None)
            }
        return found

    def lines(self, goal: Made, right: Iterable[int]) -> dict[Line, list[Made]]:
        """The lines that these were made in, each with what it made, and those of the functions they call."""
        found: dict[Line, list[Made]] = {}
        for made in self.history(goal, right):
            sources = self.sources(made) or ()
            lines = [one for one in (self.call(made), self.line(made)) if one and self._is_understood(made, one)]
            for line in (*lines, *(one for one in sources if isinstance(one, tuple))):
                known = line[1] in statements(self.run.texts.get(line[0], ""))
                if line in found or (known and len(found) < MOST_LINES):
                    found.setdefault(line, []).append(made)
        return found

    def _is_understood(self, made: Made, line: Line) -> bool:
        """Whether the statement, worked out once more, gives what was recorded."""
        node = statements(self.run.texts[line[0]]).get(line[1])
        try:
            return node is not None and same(np.asarray(self.remade(made, node, line)), made.value)
        except Unclear:
            return False

    # --- with another line -----------------------------------------------------------------------------------------

    def with_line(self, line: Line, statement: ast.stmt, goal: Made) -> Any:
        """The value of the goal with another statement in a line; raises Unclear where that is not known then."""
        ev = self.evaluator
        ev.changed, ev.edited = {}, {line: statement}
        try:
            before = statements(self.run.texts[line[0]]).get(line[1])
            adds = isinstance(statement, ast.AugAssign) and not isinstance(before, ast.AugAssign)
            for made in self.between(line, goal, adds):
                if made.of is not None and made.of.order in ev.changed:
                    ev.changed[made.order] = ev.changed[made.of.order]
                    continue
                node = statement if self.is_of(made, line) else self.statement(made)
                if node is None:
                    raise Unclear
                ev.changed[made.order] = self.remade(made, node, line)
            return ev.changed.get(goal.order, goal.value)
        finally:
            ev.changed, ev.edited = {}, {}

    def between(self, line: Line, goal: Made, adds: bool = False) -> list[Made]:
        """What the goal goes back to and the line had a part in, in the order of time, and the goal itself.

        A line that `adds` goes on from what it has made before.
        """
        if (line, goal.order, adds) not in self._between:
            reached: set[object] = {line}
            found = []
            before = self.before(goal)
            if adds:
                before |= {one for one, made in self.made.items() if one < goal.order and self.is_of(made, line)}
            for order in sorted(before):
                made = self.made[order]
                if self.is_of(made, line) or reached.intersection(self.sources(made) or ()):
                    reached.add(order)
                    found.append(made)
            self._between[line, goal.order, adds] = found
        return self._between[line, goal.order, adds]

    def before(self, goal: Made) -> set[int]:
        """What a value goes back to, as far as that is known, and the value itself, by their numbers."""
        found, waiting = set(), [goal.order]
        while waiting:
            order = waiting.pop()
            if order not in found:
                found.add(order)
                waiting += [one for one in self.sources(self.made[order]) or () if isinstance(one, int)]
        return found

    def remade(self, made: Made, statement: ast.stmt, line: Line | None = None) -> Any:
        """What a statement makes, in the place where a value was."""
        frame = self.frame(made, line)
        ev = self.evaluator
        places = self.places.get(made.order, [])
        if made.within is not None and frame.code is made.within:
            return self._argument(made, statement, frame, places)
        if frame.code is not None and frame.code.co_name == "<lambda>":
            bodies = [one.body for one in ast.walk(statement) if isinstance(one, ast.Lambda)]
            if len(bodies) != 1:
                raise Unclear
            return self._part(ev.value(bodies[0], frame), (), made)
        if isinstance(statement, ast.Return) and statement.value is not None:
            for scope, path in places:
                if scope is frame.code and str(path[0][1]).endswith("()"):
                    return self._part_of(statement.value, path[1:], made, frame)
            return self._part_of(statement.value, (), made, frame)
        if isinstance(statement, ast.AugAssign):
            value = ev._operated(statement.op, ev.value(statement.target, frame), ev.value(statement.value, frame))
            return self._assigned(statement.target, value, made, frame, places)
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
                try:
                    return self._assigned(target, statement.value, made, frame, places)
                except Unclear:
                    continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            return self._by_call(statement.value, made, frame, places)
        raise Unclear

    def _assigned(self, target: ast.expr, value: Any, made: Made, frame: Frame, places: list[Place]) -> Any:
        """What a target is given by an assignment of this expression, or of what it came to."""
        ev = self.evaluator
        if isinstance(target, (ast.Tuple, ast.List)):
            parts = _elements(value) or ev.items(self._came_to(value, frame), frame.look)
            for one, part in zip(target.elts, parts, strict=False):
                try:
                    return self._assigned(one, part, made, frame, places)
                except Unclear:
                    continue
            raise Unclear
        if place := ev.place_of(target, frame):
            for path in (path for scope, path in places if scope == place[0] and path[: len(place[1])] == place[1]):
                return self._part_of(value, path[len(place[1]) :], made, frame)
        if isinstance(target, ast.Subscript) and ev.place_of(target.value, frame) in places:
            return ev.with_entry(target, self._came_to(value, frame), frame)
        raise Unclear

    def _came_to(self, value: Any, frame: Frame) -> Any:
        return self.evaluator.value(value, frame) if isinstance(value, ast.expr) else value

    def _part_of(self, value: Any, steps: Path, made: Made, frame: Frame) -> Any:
        """What stands at the end of these steps; of a tuple or dictionary that is written out, that one alone."""
        while steps and (inner := _entry(value, *steps[0])) is not None:
            value, steps = inner, steps[1:]
        return self._part(self._came_to(value, frame), steps, made)

    def _part(self, value: Any, steps: Any, made: Made) -> Any:
        for kind, key in steps:
            if isinstance(value, Held) or kind not in ("item", "key"):
                raise Unclear
            try:
                value = value[key]
            except (IndexError, KeyError, TypeError):
                raise Unclear from None
        array = worked_out(np.asarray, value) if not isinstance(value, (Held, str)) else None
        if array is None or array.size != made.value.size:
            raise Unclear
        return array

    def _argument(self, made: Made, statement: ast.stmt, frame: Frame, places: list[Place]) -> Any:
        """What a function was called with."""
        code = made.code
        names = list(code.co_varnames[: code.co_argcount])
        if names[:1] == ["self"]:
            del names[0]
        for node in ast.walk(statement):
            if not isinstance(node, ast.Call) or _name(node.func) != code.co_name:
                continue
            given = dict(zip(names, node.args, strict=False)) | {one.arg: one.value for one in node.keywords if one.arg}
            for _, path in places:
                if path[0][1] in given:
                    return self._part(self.evaluator.value(given[str(path[0][1])], frame), path[1:], made)
        raise Unclear

    def _by_call(self, node: ast.Call, made: Made, frame: Frame, places: list[Place]) -> Any:
        """What `values.append(value)` and `setattr(of, name, value)` make."""
        ev, name = self.evaluator, _name(node.func)
        if name == "setattr" and len(node.args) == 3:
            of, key = ev.value(node.args[0], frame), ev.value(node.args[1], frame)
            if isinstance(of, Held) and (of.scope, (*of.path, ("attribute", key))) in places:
                return self._part(ev.value(node.args[2], frame), (), made)
        if name in ("append", "insert") and node.args and isinstance(node.func, ast.Attribute):
            place = ev.place_of(node.func.value, frame)
            value = ev.value(node.args[-1], frame)
            for scope, path in places if place is not None else ():
                assert place is not None
                if scope == place[0] and path[:-1][: len(place[1])] == place[1]:
                    return self._part(value, path[len(place[1]) + 1 :], made)
                if (scope, path) == place:
                    before = ev.at(place, frame.look)
                    rows = list(before) if isinstance(before, np.ndarray) else []
                    return self._part([*rows, value] if name == "append" else [value, *rows], (), made)
        raise Unclear


def _elements(node: Any) -> list[ast.expr]:
    """What stands in a tuple or list that is written out."""
    plain = isinstance(node, (ast.Tuple, ast.List)) and not any(isinstance(one, ast.Starred) for one in node.elts)
    return node.elts if plain else []


def _entry(node: Any, kind: str, key: str | int) -> ast.expr | None:
    """One entry of a tuple, list or dictionary that is written out."""
    if kind == "item" and isinstance(key, int) and key < len(_elements(node)):
        return _elements(node)[key]
    pairs = zip(node.keys, node.values, strict=True) if kind == "key" and isinstance(node, ast.Dict) else ()
    return next((value for one, value in pairs if isinstance(one, ast.Constant) and one.value == key), None)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
