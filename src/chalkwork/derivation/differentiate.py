"""Reverse mode over named equations: adjoint equations, in the same language, from forward ones.

The adjoint of a name is the derivative of the output by it. Adjoints that people name (`delta1`, `dW1`)
become equations of their own; every other one is written into the equations that use it. The method is the
reverse mode of Griewank and Walther, Evaluating Derivatives, chapter 3, over expression trees instead of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import reduce
from math import prod

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, lift
from chalkwork.algebra.operations import Parameter, Shape
from chalkwork.algebra.reading import read
from chalkwork.algebra.simplify import SumsToOne, simplify
from chalkwork.derivation.derivation import Derivative, Equation, Stage
from chalkwork.errors import ShapeError

NoAdjoint = Number(0)


def local_derivatives(node: Application, result: Expression | None = None) -> tuple[Expression | None, ...]:
    """f' by each argument of an entrywise operation, not simplified; None where there is none.

    `result` is the name of the node's value where it has one.

    >>> [str(part) for part in local_derivatives(apply("tanh", Name("z")), Name("a"))]
    ['1 - a^2']
    """
    names, parameters = _bindings(node, result, None)
    return tuple(None if text is None else read(text, names, parameters) for text in node.operation.derivative)


def _bindings(
    node: Application, result: Expression | None, adjoint: Expression | None
) -> tuple[dict[str, Expression], dict[str, Parameter]]:
    arguments = node.arguments
    names: dict[str, Expression] = {"y": result if result is not None else node}
    names |= {"x": arguments[0]} if len(arguments) == 1 else {"a": arguments[0], "b": arguments[1]}
    if adjoint is not None:
        names["g"] = adjoint
    shape = arguments[0].shape
    count = prod(shape) // max(1, prod(node.shape))
    spans = _spans(node) if node.operation.name in ("concat", "beside") else {}
    return names, {**spans, "shape": shape, "count": count} | node.named_parameters


def _spans(node: Application) -> dict[str, Parameter]:
    """Where the two parts of what is joined lie: first and last row, first and last column."""
    (rows, columns), (height, width) = node.arguments[0].shape, node.shape
    beside = columns < width
    second = (1, rows, columns + 1, width) if beside else (rows + 1, height, 1, columns)
    return {"first": (1, rows, 1, columns), "second": second}


def _contributions(node: Application, result: Expression, adjoint: Expression) -> list[Expression | None]:
    """What each argument receives when the node receives `adjoint`."""
    if node.operation.entrywise:
        return [
            None if part is None or part == NoAdjoint else _fit(_scaled(adjoint, part), argument.shape)
            for part, argument in zip(local_derivatives(node, result), node.arguments, strict=True)
        ]
    names, parameters = _bindings(node, result, adjoint)
    if node.operation.name == "broadcast":
        return [_fit(adjoint, node.arguments[0].shape)]
    if node.operation.adjoint == ("broadcast(g, shape)",) and not node.arguments[0].shape:
        return [adjoint]
    return [
        None if text is None else _fit(read(text, names, parameters), argument.shape)
        for text, argument in zip(node.operation.adjoint, node.arguments, strict=True)
    ]


def _scaled(adjoint: Expression, factor: Expression) -> Expression:
    return adjoint if factor == Number(1) else apply("multiply", adjoint, factor)


def _fit(adjoint: Expression, shape: Shape) -> Expression:
    """The adjoint of something that was spread over more entries: the sum over those."""
    if adjoint.shape == shape:
        return adjoint
    if not adjoint.shape:
        return apply("broadcast", adjoint, shape=shape)
    if not shape:
        return apply("sum", adjoint)
    while len(adjoint.shape) > len(shape):  # it was the same for every matrix in a row, or for every sample
        adjoint = apply("sum", adjoint, axis=-len(adjoint.shape))
    for axis in range(-len(adjoint.shape), 0):
        if shape[axis] == 1 and adjoint.shape[axis] != 1:
            adjoint = apply("sum", adjoint, axis=axis)
    return adjoint if adjoint.shape == shape else apply("broadcast", adjoint, shape=shape)


def _push(
    expression: Expression,
    result: Expression,
    adjoint: Expression,
    receive: Callable[[Name, Expression], None],
) -> None:
    """Carry the adjoint of an expression down to its names."""
    if isinstance(expression, Name):
        receive(expression, adjoint)
    elif isinstance(expression, Application):
        parts = _contributions(expression, result, adjoint)
        for argument, part in zip(expression.arguments, parts, strict=True):
            if part is not None:
                _push(argument, argument, part, receive)


class Adjoints:
    """The adjoints of every name under one output, as expressions in names.

    `named` maps the names whose adjoints get an equation of their own to the name of that adjoint.
    """

    def __init__(
        self,
        equations: Sequence[Equation],
        output: str,
        named: Mapping[str, str],
        facts: Collection[SumsToOne] = (),
        seed: Expression | None = None,
    ) -> None:
        self.found: dict[str, Expression] = {}
        self.order: list[str] = []
        self._facts = facts
        self._named = named
        self._output = output
        by_name = {equation.name: equation for equation in equations}
        shape = by_name[output].expression.shape
        if shape not in ((), (1, 1)):
            raise ShapeError(
                f"{output} is a matrix; only a scalar has a derivative by every name",
                equation=str(by_name[output]),
                hint="sum its entries",
            )
        self._shapes: dict[str, Shape] = {output: shape}
        self._pending: dict[str, Expression] = {output: seed or lift(1)}
        for equation in reversed(equations):
            adjoint = self._settled(equation.name)
            if adjoint is not None:
                _push(equation.expression, equation.symbol, adjoint, self._receive)
        for name in list(self._pending):
            self._settled(name)

    def _receive(self, name: Name, part: Expression) -> None:
        self._shapes[name.name] = name.shape
        known = self._pending.get(name.name)
        self._pending[name.name] = part if known is None else apply("add", known, part)

    def _settled(self, name: str) -> Expression | None:
        """The adjoint of the name, complete; as a name of its own where it has one."""
        part = self._pending.pop(name, None)
        if part is None:
            return None
        shape = self._shapes[name]
        value = simplify(_fit(part, shape), self._facts)
        self.found[name] = value
        self.order.append(name)
        return Name(self._named[name], shape) if name in self._named else value

    def equations(self, keep: Iterable[str] | None = None) -> list[Equation]:
        """The adjoints that have a name of their own, as equations, in the order in which they were found."""
        wanted = set(self._named if keep is None else keep)
        return [
            Equation(self._named[name], self.found[name], Stage.BACKWARD, derivative=Derivative(self._output, name))
            for name in self.order
            if name in wanted and name in self._named
        ]


def adjoint_equations(
    equations: Sequence[Equation],
    output: str,
    named: Mapping[str, str],
    facts: Collection[SumsToOne] = (),
    keep: Iterable[str] | None = None,
) -> list[Equation]:
    """The backward equations: the derivative of `output` by each key of `named`, under the name given there.

    They come in the order in which reverse mode finds them, `keep` restricts them, and each carries the chain
    rule along the paths of the forward equations. Raises ShapeError when the output is not a scalar.

    >>> x, w = Name("x"), Name("w")
    >>> forward = [Equation("z", w * x, Stage.FORWARD), Equation("L", Name("z") ** 2, Stage.FORWARD)]
    >>> for equation in adjoint_equations(forward, "L", {"z": "delta", "w": "dw"}):
    ...     print(equation)
    delta = 2 * z
    dw = delta * x
    """
    return Adjoints(equations, output, named, facts).equations(keep)


def gradient(expression: Expression, by: Expression, facts: Collection[SumsToOne] = ()) -> Expression:
    """The derivative of a scalar expression by a name, as one expression; it can be differentiated again.

    >>> x = Name("x")
    >>> print(gradient(gradient(x**3, x), x))
    6 * x
    """
    if expression.shape:
        raise ShapeError(f"{expression} is a matrix; only a scalar has a derivative", hint="sum its entries")
    parts: list[Expression] = []
    _push(expression, expression, lift(1), lambda name, part: parts.append(part) if name == by else None)
    total = reduce(Expression.__add__, parts) if parts else lift(0)
    return simplify(_fit(total, by.shape), facts)
