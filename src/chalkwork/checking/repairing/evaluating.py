"""A recorded line worked out once more, by its syntax tree, over a table of functions of arrays: nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import CodeType
from typing import Any

import numpy as np

from chalkwork.checking.recording import Recording
from chalkwork.checking.recording.watching import Aside, Made, Path
from chalkwork.checking.repairing.arrays import ATTRIBUTES, CONSTANTS, FUNCTIONS, OPERATORS, Unclear, called, worked_out
from chalkwork.checking.repairing.functions import Function, function_at, functions_in, lambda_in, spans

Place = tuple[object, Path]
MOST_WORK = 40_000
"""What one search may cost, in operations on few numbers."""
_PER_WORK = 500
"""So many numbers more cost as much as an operation."""
_LIBRARIES = frozenset(("np", "numpy", "torch", "math", "jnp", "F", "nn", "scipy", "special"))
_MOST_DEEP = 12
_MISSING = object()


class Spent(Exception):
    """There is no more work to be had."""


@dataclass(frozen=True)
class Held:
    """A list, dictionary or object of the program: its parts are known by where they are kept."""

    scope: object
    path: Path


@dataclass
class Frame:
    """Where a line is run: its file and function, when, and the variables of what is worked out within it."""

    file: str
    look: int
    code: CodeType | None = None
    names: dict[str, Any] = field(default_factory=dict)
    depth: int = 0

    def scope_of(self, name: str) -> object:
        """Where a variable is kept."""
        code = self.code
        own = code is not None and name in (*code.co_varnames, *code.co_freevars, *code.co_cellvars)
        return code if own else self.file


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class Evaluator:
    """Works out expressions with what a recording holds, or with `changed` values in the place of some."""

    def __init__(self, run: Recording) -> None:
        self.run = run
        self.changed: dict[int, Any] = {}
        self.edited: dict[tuple[str, int], ast.stmt] = {}
        """Statements in the place of those at a line of a file."""
        self.touched: set[object] = set()
        """What was read: the values by their number, and statements of functions by file and line."""
        self.left = MOST_WORK

    @cached_property
    def parts(self) -> dict[Place, dict[tuple[str, str | int], None]]:
        """What is kept below every place that holds more than numbers."""
        found: dict[Place, dict[tuple[str, str | int], None]] = {}
        for scope, path in self.run.history:
            for depth in range(1, len(path)):
                found.setdefault((scope, path[:depth]), {})[path[depth]] = None
        return found

    @cached_property
    def below(self) -> dict[Place, int]:
        """When something was kept first below a place: a list of numbers may become one of arrays."""
        found: dict[Place, int] = {}
        for (scope, path), entries in self.run.history.items():
            for depth in range(1, len(path)):
                found[scope, path[:depth]] = min(found.get((scope, path[:depth]), entries[0][0]), entries[0][0])
        return found

    @cached_property
    def functions(self) -> dict[str, tuple[str, Function]]:
        """The functions of the program whose names stand for one alone, with their files."""
        return {name: ways[0] for name, ways in self.named.items() if len(ways) == 1}

    @cached_property
    def named(self) -> dict[str, list[tuple[str, Function]]]:
        """All functions of the program by their names."""
        return functions_in(self.run.texts)

    def pay(self, work: int = 1) -> None:
        """Raises Spent where nothing is left."""
        self.left -= work
        if self.left < 0:
            raise Spent

    # --- what is kept ----------------------------------------------------------------------------------------------

    def at(self, place: Place, look: int) -> Any:
        """What a place held before a look."""
        entry = self.run.held(place, look)
        if place in self.below and self._is_apart(place, look):
            return Held(*place)
        if isinstance(entry, Made):
            self.touched.add(entry.order)
            return self.changed.get(entry.order, entry.value)
        if isinstance(entry, Aside):
            return entry.value
        return Held(*place) if place in self.parts else _MISSING

    def _is_apart(self, place: Place, look: int) -> bool:
        """Whether what was numbers alone holds arrays by then: a list of zeros that became one of moments."""
        kept = [at for at, _ in self.run.history.get(place, []) if at < look]
        return bool(kept) and kept[-1] < self.below[place] < look

    def place_of(self, node: ast.expr, frame: Frame) -> Place | None:
        """Where a target of an assignment is kept; None where that is within an array."""
        if isinstance(node, ast.Name):
            return frame.scope_of(node.id), (("", node.id),)
        if not isinstance(node, (ast.Attribute, ast.Subscript)):
            return None
        of = self.value(node.value, frame) if not isinstance(node.value, ast.Name) else None
        above = (of.scope, of.path) if isinstance(of, Held) else self.place_of(node.value, frame)
        if above is None:
            return None
        if isinstance(node, ast.Attribute):
            kind, key = ("attribute", node.attr) if node.attr != "grad" else ("gradient", "")
            return above if node.attr == "data" else (above[0], (*above[1], (kind, key)))
        return self._below(above, self.value(node.slice, frame))

    def _below(self, above: Place, key: Any) -> Place | None:
        steps = self.parts.get(above, {})
        if isinstance(key, (int, np.integer)) and any(kind == "item" for kind, _ in steps):
            count = 1 + max(int(place) for kind, place in steps if kind == "item")
            return above[0], (*above[1], ("item", int(key) % count if key < 0 else int(key)))
        return (above[0], (*above[1], ("key", key))) if isinstance(key, (str, int)) and steps else None

    def items(self, value: Any, look: int) -> list[Any]:
        """The parts of a list, or the rows of an array."""
        if not isinstance(value, Held):
            found: list[Any] = worked_out(list, value)
            self.pay(len(found) // 10)
            return found
        steps = self.parts[value.scope, value.path]
        known = [self.at((value.scope, (*value.path, one)), look) for one in steps if one[0] == "item"]
        return [one for one in known if one is not _MISSING]

    # --- expressions -----------------------------------------------------------------------------------------------

    def value(self, node: ast.AST, frame: Frame) -> Any:
        """The value of an expression; raises Unclear for what is not known here."""
        self.pay()
        work = _WORK.get(type(node))
        if work is None:
            raise Unclear
        found = work(self, node, frame)
        if found is _MISSING:
            raise Unclear
        if isinstance(found, np.ndarray):
            self.pay(found.size // _PER_WORK)
        return found

    def _constant(self, node: ast.Constant, frame: Frame) -> Any:
        return node.value

    def _name(self, node: ast.Name, frame: Frame) -> Any:
        if node.id in frame.names:
            return frame.names[node.id]
        found = self.at((frame.scope_of(node.id), (("", node.id),)), frame.look)
        return CONSTANTS.get(node.id, _MISSING) if found is _MISSING and node.id != "e" else found

    def _attribute(self, node: ast.Attribute, frame: Frame) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id in _LIBRARIES:
            return CONSTANTS.get(node.attr, _MISSING)
        of = self.value(node.value, frame)
        if isinstance(of, Held):
            for kind in ("attribute", "parameter"):
                found = self.at((of.scope, (*of.path, (kind, node.attr))), frame.look)
                if found is not _MISSING:
                    return found
            raise Unclear
        if node.attr == "grad":
            place = self.place_of(node, frame)
            return self.at(place, frame.look) if place else _MISSING
        if node.attr not in ATTRIBUTES:
            raise Unclear
        return worked_out(ATTRIBUTES[node.attr], of)

    def _subscript(self, node: ast.Subscript, frame: Frame) -> Any:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "c_":
            return worked_out(np.column_stack, self.items(self.value(node.slice, frame), frame.look))
        of, key = self.value(node.value, frame), self.value(node.slice, frame)
        if isinstance(of, Held):
            if isinstance(key, slice):
                return worked_out(lambda: self.items(of, frame.look)[key])
            place = self._below((of.scope, of.path), key)
            return self.at(place, frame.look) if place else _MISSING
        return worked_out(lambda: of[key])

    def _slice(self, node: ast.Slice, frame: Frame) -> Any:
        return slice(*(None if one is None else self.value(one, frame) for one in (node.lower, node.upper, node.step)))

    def _tuple(self, node: ast.Tuple, frame: Frame) -> Any:
        return tuple(self._several(node.elts, frame))

    def _list(self, node: ast.List, frame: Frame) -> Any:
        return self._several(node.elts, frame)

    def _several(self, nodes: list[ast.expr], frame: Frame) -> list[Any]:
        found: list[Any] = []
        for one in nodes:
            if isinstance(one, ast.Starred):
                found += self.items(self.value(one.value, frame), frame.look)
            else:
                found.append(self.value(one, frame))
        return found

    def _dict(self, node: ast.Dict, frame: Frame) -> Any:
        pairs = [(self.value(key, frame), one) for key, one in zip(node.keys, node.values, strict=True) if key]
        if not all(isinstance(key, (str, int, float)) for key, _ in pairs):
            raise Unclear
        return {key: self.value(one, frame) for key, one in pairs}

    def _binop(self, node: ast.BinOp, frame: Frame) -> Any:
        return self._operated(node.op, self.value(node.left, frame), self.value(node.right, frame))

    def _operated(self, sign: ast.AST, *values: Any) -> Any:
        if any(isinstance(one, (str, Held)) for one in values) and not isinstance(sign, (ast.Eq, ast.NotEq)):
            if isinstance(sign, ast.Add) and all(isinstance(one, str) and len(one) < 100 for one in values):
                return "".join(values)
            raise Unclear
        if isinstance(sign, ast.Mult) and any(isinstance(one, (list, tuple)) for one in values):
            raise Unclear
        name = type(sign).__name__
        if name not in OPERATORS:
            raise Unclear
        return worked_out(OPERATORS[name], *values)

    def _unaryop(self, node: ast.UnaryOp, frame: Frame) -> Any:
        return self._operated(node.op, self.value(node.operand, frame))

    def _compare(self, node: ast.Compare, frame: Frame) -> Any:
        if len(node.ops) != 1:
            raise Unclear
        return self._operated(node.ops[0], self.value(node.left, frame), self.value(node.comparators[0], frame))

    def _boolop(self, node: ast.BoolOp, frame: Frame) -> Any:
        values = (self.value(one, frame) for one in node.values)
        truths = (worked_out(bool, one) for one in values)
        return all(truths) if isinstance(node.op, ast.And) else any(truths)

    def _ifexp(self, node: ast.IfExp, frame: Frame) -> Any:
        return self.value(node.body if worked_out(bool, self.value(node.test, frame)) else node.orelse, frame)

    def _joinedstr(self, node: ast.JoinedStr, frame: Frame) -> Any:
        parts = [self.value(one.value if isinstance(one, ast.FormattedValue) else one, frame) for one in node.values]
        if not all(isinstance(one, (str, int)) for one in parts):
            raise Unclear
        return "".join(map(str, parts))

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp, frame: Frame) -> Any:
        return [self.value(node.elt, inner) for inner in self._rounds(node.generators, frame)]

    def _rounds(self, loops: list[ast.comprehension], frame: Frame) -> Iterator[Frame]:
        if not loops:
            yield frame
            return
        for one in self.items(self.value(loops[0].iter, frame), frame.look):
            inner = replace(frame, names=dict(frame.names))
            self._bind(loops[0].target, one, inner)
            if all(worked_out(bool, self.value(test, inner)) for test in loops[0].ifs):
                yield from self._rounds(loops[1:], inner)

    # --- calls -----------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, frame: Frame) -> Any:
        method = isinstance(node.func, ast.Attribute)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        library = isinstance(node.func, ast.Attribute) and _root(node.func) in _LIBRARIES
        of = _MISSING
        if isinstance(node.func, ast.Attribute) and not library:
            try:
                of = self.value(node.func.value, frame)
            except Unclear:
                of = _MISSING
        known = _MISSING if library else self._known(node.func, of, frame)
        values, keywords = (
            self._several(node.args, frame),
            {one.arg: self.value(one.value, frame) for one in node.keywords if one.arg},
        )
        if isinstance(known, CodeType) or (not library and name in self.named and (not method or _is_own(of))):
            file, function = self._meant(node, name, known, frame)
            return self._of_the_program(file, function, of if method else _MISSING, values, keywords, frame)
        if isinstance(of, Held):
            return self._of_a_container(name, of, values, frame)
        if name == "dict" and not values:
            return keywords
        if method and not library:
            if of is _MISSING:
                raise Unclear
            values = [of, *values]
        values = [self.items(one, frame.look) if isinstance(one, Held) else one for one in values]
        if name == "sum" and isinstance(node.func, ast.Name) and not keywords:  # Python's own: one row after the other
            keywords = {"axis": 0}
        return called(name, values, keywords)

    def _known(self, node: ast.expr, of: Any, frame: Frame) -> Any:
        """The function that a variable holds."""
        if isinstance(node, ast.Name):
            return self._name(node, frame) if node.id not in FUNCTIONS or node.id in self.functions else _MISSING
        if isinstance(node, ast.Attribute):
            place = (of.scope, (*of.path, ("attribute", node.attr))) if isinstance(of, Held) else None
            return self.at(place, frame.look) if place else _MISSING
        return self.value(node, frame)

    def _of_a_container(self, name: str, of: Held, values: list[Any], frame: Frame) -> Any:
        if name in ("values", "items"):
            steps = [step for step in self.parts[of.scope, of.path] if step[0] == "key"]
            held = [(key, self.at((of.scope, (*of.path, (kind, key))), frame.look)) for kind, key in steps]
            return [one for _, one in held] if name == "values" else held
        if name == "get" and values and (place := self._below((of.scope, of.path), values[0])):
            return self.at(place, frame.look)
        raise Unclear

    def _meant(self, node: ast.Call, name: str, known: Any, frame: Frame) -> tuple[str, Function | None]:
        """The function that a call is of; where several have the name, the one that gave something back there."""
        if isinstance(known, CodeType):
            return known.co_filename, function_at(self.run.texts.get(known.co_filename, ""), known)
        ways = self.named.get(name, [])
        if len(ways) > 1:
            here = frame.file, getattr(node, "lineno", 0)
            lines = [at for at, calls in self.run.called.items() if here in ((one.file, one.line) for one in calls)]
            ways = [(of, one) for of, one in ways if any(of == at and spans(one, line) for at, line in lines)]
        return ways[0] if len(ways) == 1 else ("", None)

    def _of_the_program(
        self, file: str, node: Function | None, of: Any, values: list[Any], keywords: dict[str, Any], frame: Frame
    ) -> Any:
        """What a function of the program gives: worked out line by line."""
        if node is None or frame.depth > _MOST_DEEP:
            raise Unclear
        names = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
        if names[:1] == ["self"]:
            values = [of, *values]
        given = dict(zip(names, values, strict=False)) | keywords
        defaults = dict(zip(names[::-1], node.args.defaults[::-1], strict=False))
        within = Frame(file, frame.look, depth=frame.depth + 1)
        for one in names:
            if one in given or one in defaults:
                within.names[one] = given[one] if one in given else self.value(defaults[one], within)
        if len(values) > len(names) or node.args.vararg or node.args.kwarg:
            raise Unclear
        if isinstance(node, ast.Lambda):
            self.touched.add((file, node.lineno))
            return self.value(lambda_in(self.edited.get((file, node.lineno)), node).body, within)
        try:
            self._run(node.body, within, file)
        except _Return as done:
            return done.value
        return None

    def _run(self, body: list[ast.stmt], frame: Frame, file: str) -> None:
        for line in body:
            self.touched.add((file, line.lineno))
            one = self.edited.get((file, line.lineno), line)
            if isinstance(one, ast.Return):
                raise _Return(None if one.value is None else self.value(one.value, frame))
            if isinstance(one, ast.Assign):
                value = self.value(one.value, frame)
                for target in one.targets:
                    self._bind(target, value, frame)
            elif isinstance(one, ast.AugAssign):
                now = self.value(one.target, frame)
                self._bind(one.target, self._operated(one.op, now, self.value(one.value, frame)), frame)
            elif isinstance(one, ast.If):
                self._run(one.body if worked_out(bool, self.value(one.test, frame)) else one.orelse, frame, file)
            elif isinstance(one, ast.For) and not one.orelse:
                for item in self.items(self.value(one.iter, frame), frame.look):
                    self._bind(one.target, item, frame)
                    self._run(one.body, frame, file)
            elif not (isinstance(one, ast.Pass) or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))):
                raise Unclear

    def _bind(self, target: ast.expr, value: Any, frame: Frame) -> None:
        """Assign within what is worked out: names, and entries of arrays, of which a copy is changed."""
        if isinstance(target, ast.Name):
            frame.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            parts = self.items(value, frame.look)
            if len(parts) != len(target.elts):
                raise Unclear
            for one, part in zip(target.elts, parts, strict=True):
                self._bind(one, part, frame)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            self._bind(target.value, self.with_entry(target, value, frame), frame)
        else:
            raise Unclear

    def with_entry(self, target: ast.Subscript, value: Any, frame: Frame) -> Any:
        """An array as it is after an assignment to some of its entries."""
        array, key = np.array(self.value(target.value, frame)), self.value(target.slice, frame)
        if array.dtype.kind not in "fiub":
            raise Unclear
        self.pay(array.size // _PER_WORK)
        worked_out(array.__setitem__, key, value)
        return array


def _is_own(of: Any) -> bool:
    return of is _MISSING or isinstance(of, Held)


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


_WORK: dict[type[ast.AST], Callable[[Evaluator, Any, Frame], Any]] = {
    ast.Constant: Evaluator._constant,
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Subscript: Evaluator._subscript,
    ast.Slice: Evaluator._slice,
    ast.Tuple: Evaluator._tuple,
    ast.List: Evaluator._list,
    ast.Dict: Evaluator._dict,
    ast.BinOp: Evaluator._binop,
    ast.UnaryOp: Evaluator._unaryop,
    ast.Compare: Evaluator._compare,
    ast.BoolOp: Evaluator._boolop,
    ast.IfExp: Evaluator._ifexp,
    ast.JoinedStr: Evaluator._joinedstr,
    ast.ListComp: Evaluator._listcomp,
    ast.GeneratorExp: Evaluator._listcomp,
    ast.Call: Evaluator._call,
}
"""What is worked out, by the kind of node; any other is unclear."""
