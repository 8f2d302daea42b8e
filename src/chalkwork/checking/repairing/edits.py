"""The small edits of a statement: another operand, another sign, another axis, an operand more or less."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

_TURNED: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.MatMult, ast.Div), ast.Div: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
}  # fmt: skip
_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE), ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
}  # fmt: skip
_ALIKE = (
    ("sum", "mean"), ("max", "min", "mean"), ("maximum", "minimum"), ("zeros_like", "ones_like"), ("zeros", "ones"),
    ("log", "log2", "log10"), ("exp", "log", "sqrt", "square", "tanh"), ("sqrt", "square"), ("var", "std"),
    ("dot", "multiply", "outer"), ("argmax", "argmin"),
)  # fmt: skip
"""Functions that stand for one another."""
_REDUCING = frozenset(("sum", "mean", "max", "min", "std", "var", "softmax"))
_AXES = frozenset(("axis", "dim"))
_WRAPPED = ("exp", "log", "sqrt", "square", "tanh", "abs")


class Edit(NamedTuple):
    """A statement in the place of another one, and how much of it is another."""

    size: int
    statement: ast.stmt
    before: ast.AST
    after: ast.AST


class Around(NamedTuple):
    """What a line could have named."""

    arrays: Sequence[ast.expr] = ()
    scalars: Sequence[ast.expr] = ()
    numbers: Sequence[ast.expr] = ()
    """Whole numbers that things are divided by: how many there are."""
    functions: Sequence[str] = ()
    """The program's own functions of one argument."""


def edits(statement: ast.stmt, around: Around) -> list[Edit]:
    """The edits of what a statement works out, the smallest first."""
    found = [Edit(size, new, old, part) for size, new, old, part in _of_statement(statement)]
    value = getattr(statement, "value", None)
    if isinstance(value, ast.expr):
        found += [
            Edit(one.size, _with(statement, "value", one.statement), one.before, one.after)
            for one in _within(value, around, whole=True)
        ]
    return sorted(found, key=lambda one: one.size)


def _with(node: ast.AST, name: str, value: object) -> Any:  # the parts that stay are shared
    place = {"lineno": getattr(node, "lineno", 1), "col_offset": getattr(node, "col_offset", 0)}
    return type(node)(**{**dict(ast.iter_fields(node)), name: value, **place})


class _Part(NamedTuple):
    size: int
    statement: Any
    before: ast.AST
    after: ast.AST


def _of_statement(statement: ast.stmt) -> Iterator[tuple[int, ast.stmt, ast.AST, ast.AST]]:
    """`+=` for `=`, and the other way round."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        for sign in (ast.Add(), ast.Sub(), ast.Mult()):
            if not isinstance(target, (ast.Name, ast.Attribute, ast.Subscript)):
                return
            new = ast.AugAssign(target=target, op=sign, value=statement.value, lineno=1, col_offset=0)
            yield (1 if isinstance(sign, ast.Add) else 3), new, statement, new
    elif isinstance(statement, ast.AugAssign):
        plain = ast.Assign(targets=[statement.target], value=statement.value, lineno=1, col_offset=0)
        yield 1, plain, statement, plain
        for kind in _TURNED.get(type(statement.op), ()):
            if kind is not ast.MatMult:
                new = ast.AugAssign(statement.target, kind(), statement.value, lineno=1, col_offset=0)
                yield 1, new, statement, new


def _within(node: ast.expr, around: Around, *, whole: bool = False) -> Iterator[_Part]:
    """The edits of an expression and of its parts."""
    for size, other in _own(node, around, whole):
        yield _Part(size, other, node, other)
    for name, value in ast.iter_fields(node):
        if isinstance(node, ast.Call) and name == "func" and isinstance(value, (ast.Name, ast.Attribute)):
            if isinstance(value, ast.Attribute) and not _is_library(value.value):
                for one in _within(value.value, around):
                    yield one._replace(statement=_with(node, "func", _with(value, "value", one.statement)))
            continue
        if isinstance(value, ast.expr):
            if isinstance(node, (ast.Attribute, ast.Subscript)) and name == "value" and _is_operand(node):
                continue
            inner = _indices(value) if isinstance(node, ast.Subscript) and name == "slice" else None
            branch = isinstance(node, ast.IfExp) and name != "test"
            for one in inner if inner is not None else _within(value, around, whole=branch):
                yield one._replace(statement=_with(node, name, one.statement))
        elif isinstance(value, list):
            for place, part in enumerate(value):
                if isinstance(part, ast.keyword):
                    if part.arg in _AXES:
                        for size, axis in _axes(part.value):
                            new = [*value[:place], ast.keyword(part.arg, axis), *value[place + 1 :]]
                            yield _Part(size, _with(node, name, new), part.value, axis)
                elif isinstance(part, ast.expr):
                    for one in _within(part, around):
                        new = [*value[:place], one.statement, *value[place + 1 :]]
                        yield one._replace(statement=_with(node, name, new))


def _own(node: ast.expr, around: Around, whole: bool) -> Iterator[tuple[int, ast.expr]]:
    """What may stand in the place of an expression."""
    if isinstance(node, ast.BinOp):
        yield from _of_operation(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield 1, node.operand
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for kind in _COMPARED.get(type(node.ops[0]), ()):
            yield 1, ast.Compare(node.left, [kind()], node.comparators)
    elif isinstance(node, ast.Call):
        yield from _of_call(node, around.functions)
    elif isinstance(node, ast.Constant) and isinstance(node.value, float):
        yield 1, ast.UnaryOp(ast.USub(), node)
    elif isinstance(node, ast.Constant) and type(node.value) is int and not whole:
        yield from ((1, ast.Constant(value)) for value in (node.value - 1, node.value + 1) if value > 0)
    elif isinstance(node, ast.Tuple):
        return
    quantity = not isinstance(node, (ast.Constant, ast.Tuple, ast.Slice, ast.List, ast.GeneratorExp, ast.ListComp))
    if not quantity or isinstance(node, ast.Compare):
        return
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield 1, node.value
    elif not isinstance(node, ast.Call) or whole:
        yield 1 if _is_operand(node) else 2, ast.Attribute(node, "T", ast.Load())
    if whole:
        yield 2, ast.UnaryOp(ast.USub(), node)
    own, parts = ast.dump(node), {ast.dump(one) for one in ast.walk(node) if isinstance(one, ast.expr)}
    part = isinstance(node, (ast.BinOp, ast.Call))
    for other in (*around.arrays, *around.scalars):
        if (text := ast.dump(other)) == own:
            continue
        operands = isinstance(node, ast.BinOp) and _is_operand(node.left) and _is_operand(node.right)
        array = other in around.arrays
        if _is_operand(node) or array:
            yield 2 if _is_operand(node) or operands else 3, other
        if whole and array:
            yield from ((3, ast.BinOp(node, ast.Mult(), slope)) for slope in _slopes(other))
        if whole or part or _is_operand(node):
            for sign in (ast.Mult(), ast.Add(), ast.Sub()):
                usual = isinstance(sign, ast.Mult) or text not in parts
                yield 2 if whole and usual else 3, ast.BinOp(node, sign, other)
    for place, number in enumerate(around.numbers if whole or part else ()):
        yield 2 if whole and not place else 3, ast.BinOp(node, ast.Div(), number)
        yield 3, ast.BinOp(node, ast.Mult(), number)
    if _is_operand(node) or whole:
        yield from ((3, slope) for slope in _slopes(node))
        for name in around.functions:
            yield 2, ast.Call(ast.Name(name, ast.Load()), [node], [])
        yield 3, ast.BinOp(ast.Constant(1), ast.Sub(), node)
        yield 3, ast.BinOp(node, ast.Pow(), ast.Constant(2))
        for name in _WRAPPED:
            yield 3, ast.Call(ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load()), [node], [])
    if whole:
        for reduced in ("sum", "mean"):
            for axis in (0, 1):
                keyword = ast.keyword("axis", ast.Constant(axis))
                yield 3, ast.Call(ast.Attribute(node, reduced, ast.Load()), [], [keyword])


def _of_operation(node: ast.BinOp) -> Iterator[tuple[int, ast.expr]]:
    left, sign, right = node.left, node.op, node.right
    for kind in _TURNED.get(type(sign), ()):
        yield 1 if kind is not ast.Div else 2, ast.BinOp(left, kind(), right)
    if not isinstance(sign, (ast.Mult, ast.Add)):
        yield 1, ast.BinOp(right, sign, left)
    yield 2, left
    if not isinstance(sign, (ast.Div, ast.Pow)):
        yield 2, right
    if isinstance(sign, ast.MatMult):
        yield 2, ast.BinOp(_transposed(left), sign, _transposed(right))
        yield 2, ast.BinOp(_transposed(right), sign, _transposed(left))
    # the parentheses at another place
    if isinstance(left, ast.BinOp):
        yield 2, ast.BinOp(left.left, left.op, ast.BinOp(left.right, sign, right))
    if isinstance(right, ast.BinOp):
        yield 2, ast.BinOp(ast.BinOp(left, sign, right.left), right.op, right.right)
    if isinstance(left, ast.Call) and len(left.args) == 1 and not left.keywords:
        yield 2, ast.Call(left.func, [ast.BinOp(left.args[0], sign, right)], [])
    if isinstance(right, ast.Call) and len(right.args) == 1 and not right.keywords:
        yield 2, ast.Call(right.func, [ast.BinOp(left, sign, right.args[0])], [])


def _slopes(node: ast.expr) -> Iterator[ast.expr]:
    """Derivatives that people write: of the sigmoid and tanh by what they give, and of ReLU."""
    yield ast.BinOp(node, ast.Mult(), ast.BinOp(ast.Constant(1), ast.Sub(), node))
    yield ast.BinOp(ast.Constant(1), ast.Sub(), ast.BinOp(node, ast.Pow(), ast.Constant(2)))
    yield ast.Compare(node, [ast.Gt()], [ast.Constant(0)])


def _transposed(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Attribute) and node.attr == "T" else ast.Attribute(node, "T", ast.Load())


def _of_call(node: ast.Call, functions: Sequence[str]) -> Iterator[tuple[int, ast.expr]]:
    func, name = node.func, getattr(node.func, "attr", getattr(node.func, "id", ""))
    others = [other for family in _ALIKE if name in family for other in family if other != name]
    if name in functions:
        others += [other for other in functions if other != name]
    for other in dict.fromkeys(others):
        if isinstance(func, ast.Attribute):
            yield 1, ast.Call(ast.Attribute(func.value, other, ast.Load()), node.args, node.keywords)
        elif isinstance(func, ast.Name):
            yield 1, ast.Call(ast.Name(other, ast.Load()), node.args, node.keywords)
    method = isinstance(func, ast.Attribute) and not _is_library(func.value)
    inner = func.value if method and isinstance(func, ast.Attribute) else node.args[0] if node.args else None
    if inner is None:
        return
    yield 2, inner
    if len(node.args) == 2 and not method:
        yield 1, ast.Call(func, node.args[::-1], node.keywords)
        if name in ("dot", "matmul"):
            yield 2, ast.Call(func, [_transposed(one) for one in node.args], [])
            yield 2, ast.Call(func, [_transposed(one) for one in node.args[::-1]], [])
    elif method and len(node.args) == 1 and name in ("dot", "matmul"):
        assert isinstance(func, ast.Attribute)
        left, right = _transposed(func.value), _transposed(node.args[0])
        yield 2, ast.Call(ast.Attribute(left, name, ast.Load()), [right], [])
        yield 2, ast.Call(ast.Attribute(right, name, ast.Load()), [left], [])
        yield 1, ast.Call(ast.Attribute(node.args[0], name, ast.Load()), [func.value], [])
    if isinstance(inner, ast.Call) and not method and len(inner.args) >= 1:  # the two the other way round
        yield 2, ast.Call(inner.func, [ast.Call(func, [inner.args[0]], node.keywords)], inner.keywords)
    if isinstance(inner, ast.BinOp) and not method and not node.keywords and len(node.args) == 1:
        yield 2, ast.BinOp(ast.Call(func, [inner.left], []), inner.op, inner.right)
        yield 2, ast.BinOp(inner.left, inner.op, ast.Call(func, [inner.right], []))
    if name in _REDUCING and not any(one.arg in _AXES for one in node.keywords):
        for axis in (0, 1):
            yield 1, ast.Call(func, node.args, [ast.keyword("axis", ast.Constant(axis)), *node.keywords])
    axis_is = next((one.arg for one in node.keywords if one.arg in _AXES), "axis")
    kept = "keepdim" if axis_is == "dim" else "keepdims"
    along = node.keywords or len(node.args) > (0 if method else 1)
    if name in _REDUCING - {"softmax"} and along and all(one.arg != kept for one in node.keywords):
        yield 1, ast.Call(func, node.args, [*node.keywords, ast.keyword(kept, ast.Constant(True))])
    for place, keyword in enumerate(node.keywords):
        if keyword.arg in _AXES:
            yield 1, ast.Call(func, node.args, [*node.keywords[:place], *node.keywords[place + 1 :]])


def _axes(node: ast.expr) -> Iterator[tuple[int, ast.expr]]:
    for axis in (0, 1, -1):
        if not (isinstance(node, ast.Constant) and node.value == axis):
            yield 1, ast.Constant(axis)


def _indices(node: ast.expr) -> Iterator[_Part]:
    """The edits of what stands in square brackets: an index one more or less, another index, a bound."""
    if isinstance(node, (ast.Constant, ast.Name, ast.BinOp)):
        number = node.value if isinstance(node, ast.Constant) else 1
        for step in (1, -1):
            if not isinstance(number, int) or number + step < 0:
                continue
            new: ast.expr = ast.Constant(number + step)
            if not isinstance(node, ast.Constant):
                new = ast.BinOp(node, ast.Add() if step > 0 else ast.Sub(), ast.Constant(1))
            yield _Part(1, new, node, new)
        if isinstance(node, ast.BinOp):
            yield _Part(1, node.left, node, node.left)
            for kind in _TURNED.get(type(node.op), ()):
                new = ast.BinOp(node.left, kind(), node.right)
                yield _Part(1, new, node, new)
    elif isinstance(node, ast.Tuple):
        for place, part in enumerate(node.elts):
            for one in _indices(part):
                yield one._replace(
                    statement=ast.Tuple([*node.elts[:place], one.statement, *node.elts[place + 1 :]], ast.Load())
                )
    elif isinstance(node, ast.Slice):
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                for one in _indices(value):
                    yield one._replace(statement=_with(node, name, one.statement))


def _is_operand(node: ast.AST) -> bool:
    """Whether it is a variable, or what is kept in one."""
    if isinstance(node, ast.Attribute):
        return node.attr != "T" and _is_operand(node.value)
    if isinstance(node, ast.Subscript):
        return _is_operand(node.value) and not any(isinstance(one, ast.Call) for one in ast.walk(node.slice))
    return isinstance(node, ast.Name)


def _is_library(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in ("np", "numpy", "torch", "math", "F", "jnp")
