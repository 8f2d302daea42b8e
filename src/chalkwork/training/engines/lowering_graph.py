"""The equations of a step as a graph of array operations: common parts once, products and updates joined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number, walk
from chalkwork.algebra.operations import TABLE
from chalkwork.training.step import Array, Step

Kind = Literal["given", "constant", "transposed", "spread", "ufunc", "xlogy", "table", "largest", "total", "product"]
Size = tuple[int, int]
ENTRYWISE: frozenset[Kind] = frozenset(("ufunc", "xlogy"))


@dataclass(eq=False, slots=True)
class Node:
    """One array of the step. A scalar is 1x1.

    `transposed` and `spread` (a broadcast) are views. A `product` of two matrices may have three more inputs: a factor
    and what it is added to, with a factor of its own, as BLAS has it: alpha A B + beta C.
    """

    kind: Kind
    shape: Size
    inputs: tuple[Node, ...] = ()
    what: Any = None

    @property
    def is_view(self) -> bool:
        """Whether the array is another one, seen differently."""
        return self.kind in ("transposed", "spread")

    @property
    def root(self) -> Node:
        """What a view is a view of; anything else is itself."""
        return self.inputs[0].root if self.is_view else self

    @property
    def entrywise(self) -> bool:
        """Whether each row of the result needs the same row of the inputs only."""
        return self.kind in ENTRYWISE or (self.kind == "table" and self.what[0].entrywise)


def size_of(shape: tuple[int, ...]) -> Size:
    """The shape of the array: a scalar is 1x1."""
    return (shape[0], shape[1]) if shape else (1, 1)


class Graph:
    """Nodes, each different one once; what depends on constants only is worked out here.

    >>> graph = Graph(np.dtype("float64"))
    >>> x = graph.given("x", (2, 3))
    >>> graph.ufunc(np.exp, x) is graph.ufunc(np.exp, x)
    True
    >>> graph.ufunc(np.add, graph.number(1), graph.number(2)).what
    array([[3.]])
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self._known: dict[Any, Node] = {}

    def _node(self, kind: Kind, shape: Size, inputs: tuple[Node, ...], what: Any, key: Any = None) -> Node:
        key = (kind, shape, tuple(map(id, inputs)), what if key is None else key)
        if key not in self._known:
            self._known[key] = Node(kind, shape, inputs, what)
        return self._known[key]

    def given(self, name: str, shape: tuple[int, ...]) -> Node:
        """An array that comes from outside."""
        return self._node("given", size_of(shape), (), name)

    def constant(self, value: Array) -> Node:
        """An array known beforehand."""
        return self._node("constant", size_of(value.shape), (), value, value.tobytes())

    def number(self, value: Any, shape: Size = (1, 1)) -> Node:
        """One number, everywhere in an array of that shape."""
        return self.constant(np.full(shape, float(value), self.dtype))

    def transposed(self, x: Node) -> Node:
        """The transpose, as a view."""
        shape = x.shape[::-1]
        if x.kind == "transposed":
            return x.inputs[0]
        if shape == (1, 1):
            return x
        if x.kind == "spread":
            return self.spread(self.transposed(x.inputs[0]), shape)
        if x.kind == "constant":
            return self.constant(np.ascontiguousarray(x.what.T))
        return self._node("transposed", shape, (x,), None)

    def spread(self, x: Node, shape: Size) -> Node:
        """The array repeated along rows or columns, as a view."""
        while x.kind == "spread":
            x = x.inputs[0]
        return x if x.shape == shape else self._node("spread", shape, (x,), None)

    def ufunc(self, function: np.ufunc, *inputs: Node) -> Node:
        """A NumPy function, entry by entry."""
        shape = np.broadcast_shapes(*(x.shape for x in inputs))
        narrow = tuple(x.inputs[0] if x.kind == "spread" else x for x in inputs)
        if all(x.kind == "constant" for x in narrow):
            with np.errstate(all="ignore"):
                return self.constant(np.asarray(function(*(x.what for x in narrow)), self.dtype))
        return self._node("ufunc", size_of(shape), narrow, function)

    def product(self, a: Node, b: Node) -> Node:
        """A matrix product."""
        return self._node("product", (a.shape[0], b.shape[1]), (self._whole(a), self._whole(b)), None)

    def sum(self, x: Node, axis: int | None) -> Node:
        """Sums of the columns (-2) or rows (-1) as products with ones; without an axis, of everything."""
        if axis is None:
            return x if x.shape == (1, 1) else self._node("total", (1, 1), (self._whole(x),), np.add)
        rows, columns = x.shape
        if axis == -2:
            return x if rows == 1 else self.product(self.number(1, (1, rows)), x)
        return x if columns == 1 else self.product(x, self.number(1, (columns, 1)))

    def largest(self, x: Node, axis: int | None) -> Node:
        """The largest entry of every column (-2), row (-1), or of everything."""
        if axis is None:
            return self._node("total", (1, 1), (self._whole(x),), np.maximum)
        shape = (1, x.shape[1]) if axis == -2 else (x.shape[0], 1)
        return x if shape == x.shape else self._node("largest", shape, (self._whole(x),), axis)

    def xlogy(self, a: Node, b: Node) -> Node:
        """The product of a and log b, zero where a is."""
        narrow = tuple(x.inputs[0] if x.kind == "spread" else x for x in (a, b))
        return self._node("xlogy", size_of(np.broadcast_shapes(a.shape, b.shape)), narrow, None)

    def table(self, node: Application, inputs: tuple[Node, ...]) -> Node:
        """The operation as the table has it."""
        what = (node.operation, tuple(node.named_parameters.items()))
        return self._node("table", size_of(node.shape), inputs, what)

    def _whole(self, x: Node) -> Node:
        """An array with all its entries in memory."""
        return self._node("ufunc", x.shape, (x.inputs[0],), np.positive) if x.kind == "spread" else x


# --- the fast forms ------------------------------------------------------------------------------------------------

_UFUNCS: dict[str, np.ufunc] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "negative": np.negative,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sin": np.sin,
    "cos": np.cos,
    "arctan": np.arctan,
    "tanh": np.tanh,
    "maximum": np.maximum,
    "minimum": np.minimum,
}
_POWERS: dict[float, np.ufunc] = {2.0: np.square, 0.5: np.sqrt, -1.0: np.reciprocal, 1.0: np.positive}


def _power(graph: Graph, base: Node, exponent: Node) -> Node:
    if exponent.kind == "constant" and exponent.shape == (1, 1):
        function = _POWERS.get(exponent.what.item())
        if function is not None:
            return graph.ufunc(function, base)
    return graph.ufunc(np.power, base, exponent)


def _sigmoid(graph: Graph, x: Node) -> Node:
    """exp(min(x, 0)) / (1 + exp(-|x|)): never overflows."""
    decay = graph.ufunc(np.exp, graph.ufunc(np.negative, graph.ufunc(np.abs, x)))
    top = graph.ufunc(np.exp, graph.ufunc(np.minimum, x, graph.number(0)))
    return graph.ufunc(np.divide, top, graph.ufunc(np.add, decay, graph.number(1)))


def _relu(graph: Graph, x: Node, at_zero: float = 0.0) -> Node:
    return graph.ufunc(np.maximum, x, graph.number(0))


def _step(graph: Graph, x: Node, at_zero: float = 0.0) -> Node:
    """Where it is 0 at 0: relu, cut at 1 and rounded up, three vector instructions; `heaviside` is far slower."""
    if at_zero == 0:
        return graph.ufunc(np.ceil, graph.ufunc(np.minimum, _relu(graph, x), graph.number(1)))
    if at_zero == 1:
        return graph.ufunc(np.subtract, graph.number(1), _step(graph, graph.ufunc(np.negative, x)))
    return graph.ufunc(np.heaviside, x, graph.number(at_zero))


def _sign(graph: Graph, x: Node, at_zero: float = 0.0) -> Node | None:
    return graph.ufunc(np.sign, x) if at_zero == 0 else None


def _leaky_relu(graph: Graph, x: Node, alpha: float, at_zero: float | None) -> Node | None:
    if not 0 < alpha <= 1:
        return None
    return graph.ufunc(np.maximum, x, graph.ufunc(np.multiply, x, graph.number(alpha)))


def _leaky_step(graph: Graph, x: Node, alpha: float, at_zero: float | None) -> Node | None:
    if at_zero is not None and at_zero != alpha:
        return None
    rise = graph.ufunc(np.multiply, _step(graph, x), graph.number(1 - alpha))
    return graph.ufunc(np.add, rise, graph.number(alpha))


def _elu(graph: Graph, x: Node, alpha: float) -> Node:
    below = graph.ufunc(np.expm1, graph.ufunc(np.minimum, x, graph.number(0)))
    return graph.ufunc(np.add, _relu(graph, x), graph.ufunc(np.multiply, below, graph.number(alpha)))


def _softplus(graph: Graph, x: Node) -> Node:
    decay = graph.ufunc(np.exp, graph.ufunc(np.negative, graph.ufunc(np.abs, x)))
    return graph.ufunc(np.add, _relu(graph, x), graph.ufunc(np.log1p, decay))


def _softmax(graph: Graph, x: Node, axis: int | None) -> Node:
    powers = graph.ufunc(np.exp, graph.ufunc(np.subtract, x, graph.largest(x, axis)))
    return graph.ufunc(np.divide, powers, graph.sum(powers, axis))


def _mean(graph: Graph, x: Node, axis: int | None) -> Node:
    total = graph.sum(x, axis)
    count = x.shape[0] * x.shape[1] // (total.shape[0] * total.shape[1])
    return total if count == 1 else graph.ufunc(np.divide, total, graph.number(count))


def _one_hot(graph: Graph, x: Node, count: int, along: int) -> Node:
    numbers = np.arange(1, count + 1, dtype=graph.dtype)
    return graph.ufunc(np.equal, x, graph.constant(numbers.reshape((1, -1) if along == -1 else (-1, 1))))


def _broadcast(graph: Graph, x: Node, shape: tuple[int, ...]) -> Node:
    return graph.spread(x, size_of(shape)) if shape else x


_RULES: dict[str, Callable[..., Node | None]] = {
    "power": _power,
    "sigmoid": _sigmoid,
    "relu": _relu,
    "step": _step,
    "sign": _sign,
    "leaky_relu": _leaky_relu,
    "leaky_step": _leaky_step,
    "elu": _elu,
    "softplus": _softplus,
    "softmax": _softmax,
    "identity": lambda graph, x: x,
    "matmul": Graph.product,
    "transpose": Graph.transposed,
    "broadcast": _broadcast,
    "one_hot": _one_hot,
    "sum": Graph.sum,
    "mean": _mean,
    "max": Graph.largest,
    "squared_norm": lambda graph, x: graph.sum(graph.ufunc(np.square, x), None),
    "xlogy": Graph.xlogy,
}
assert _RULES.keys() | _UFUNCS.keys() <= TABLE.keys()


def _applied(graph: Graph, node: Application, inputs: tuple[Node, ...]) -> Node:
    name = node.operation.name
    if name in _UFUNCS:
        return graph.ufunc(_UFUNCS[name], *inputs)
    rule = _RULES.get(name)
    found = None if rule is None else rule(graph, *inputs, **node.named_parameters)
    return graph.table(node, inputs) if found is None else found


def translate(graph: Graph, expression: Expression, named: Mapping[str, Node]) -> Node:
    """The expression as a node, its names taken from `named`."""
    known: dict[Expression, Node] = {}
    for part in walk(expression):
        if isinstance(part, Name):
            known[part] = named[part.name]
        elif isinstance(part, Number):
            known[part] = graph.number(part.value)
        else:
            assert isinstance(part, Application)
            found = _applied(graph, part, tuple(known[argument] for argument in part.arguments))
            known[part] = graph.spread(found, size_of(part.shape))
    return known[expression]


def results_of(step: Step, constants: Mapping[str, float], dtype: np.dtype[Any]) -> dict[str, Node]:
    """The nodes of all that leaves the step, by the name of the equation."""
    graph = Graph(dtype)
    named: dict[str, Node] = {}
    for given in step.derivation.givens:
        constant = given.name in constants and given.name not in step.carried
        named[given.name] = graph.number(constants[given.name]) if constant else graph.given(given.name, given.shape)
    for equation in step.needed:
        named[equation.name] = translate(graph, equation.expression, named)
    joined = _join_updates(graph, [named[name] for name in step.results])
    return dict(zip(step.results, joined, strict=True))


# --- alpha A B + beta C --------------------------------------------------------------------------------------------


def in_order(results: Iterable[Node]) -> list[Node]:
    """Every node that the results need, inputs first."""
    seen: set[Node] = set()
    ordered: list[Node] = []
    for result in results:
        stack = [(result, False)]
        while stack:
            node, entered = stack.pop()
            if node in seen:
                continue
            if entered:
                seen.add(node)
                ordered.append(node)
            else:
                stack.append((node, True))
                stack.extend((x, False) for x in reversed(node.inputs))
    return ordered


def _join_updates(graph: Graph, results: list[Node]) -> list[Node]:
    """Sums with a product that nothing else needs made one call of BLAS: W - eta (x.T @ delta), mu v + x.T @ delta."""
    nodes = in_order(results)
    uses = Counter(x for node in nodes for x in node.inputs) + Counter(results)
    new: dict[Node, Node] = {}
    for node in nodes:
        joined = _joined(graph, node, uses)
        source = node if joined is None else joined
        source.inputs = tuple(new.get(x, x) for x in source.inputs)
        new[node] = source
    return [new[node] for node in results]


def _joined(graph: Graph, node: Node, uses: Counter[Node]) -> Node | None:
    if node.kind != "ufunc" or node.what not in (np.add, np.subtract) or node.shape == (1, 1):
        return None
    left, right = node.inputs
    sign = -1 if node.what is np.subtract else 1
    for kept, added, factor, other in ((left, right, sign, 1), (right, left, 1, sign)):
        found = _multiple(graph, added, factor, uses)
        if found is not None and kept.shape == node.shape == added.shape:
            alpha, product = found
            beta, whole = _factored(graph, kept, other, uses)
            if not whole.is_view:
                return Node("product", node.shape, (*product.inputs, alpha, whole, beta))
    return None


def _multiple(graph: Graph, node: Node, sign: int, uses: Counter[Node]) -> tuple[Node, Node] | None:
    factor, inner = _factored(graph, node, sign, uses)
    if inner.kind == "product" and len(inner.inputs) == 2 and uses[inner] == 1:
        return factor, inner
    return None


def _factored(graph: Graph, node: Node, sign: int, uses: Counter[Node]) -> tuple[Node, Node]:
    """The node as a scalar times another node."""
    if node.kind == "ufunc" and node.what is np.multiply and uses[node] == 1:
        for scalar, inner in (node.inputs, node.inputs[::-1]):
            if scalar.shape == (1, 1) and not scalar.is_view and inner.shape == node.shape != (1, 1):
                return (scalar if sign > 0 else graph.ufunc(np.negative, scalar)), inner
    return graph.number(sign), node
