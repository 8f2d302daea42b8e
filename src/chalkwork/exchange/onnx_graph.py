"""Expressions as ONNX nodes: an array namespace that writes down what is done with its arrays.

The table of operations says what an operation is worth over any array namespace (`value(xp, *arrays)`); over this one,
that is a piece of an ONNX graph. So every operation can be written, those that ONNX lacks as what they are made of;
an entry with a node of its own names it (`onnx`). The softplus has one too, but runtimes let it overflow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number, names_in, walk
from chalkwork.algebra.operations.convolutions import lie_of, pooling, turned_axes
from chalkwork.algebra.operations.softmax import seen_in_order
from chalkwork.algebra.operations.windows import spread_over
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.networks.data import Array
from chalkwork.packages import package

_BOOLEAN, _WHOLE = np.dtype(np.bool_), np.dtype(np.int64)


class Tensor:
    """The name of a result in a graph, with the operators of an array."""

    __array_ufunc__ = None  # NumPy's numbers leave the operators to this class

    def __init__(self, graph: OnnxGraph, name: str, dtype: np.dtype[Any]) -> None:
        self.graph, self.name, self.dtype = graph, name, dtype

    @property
    def shape(self) -> Any:
        """Not known: the number of samples is free."""
        raise ChalkworkError("an operation that depends on its sizes has no ONNX graph for any number of samples")

    def _with(self, kind: str, left: Any, right: Any, dtype: np.dtype[Any] | None = None) -> Tensor:
        return self.graph.node(kind, left, right, like=self.dtype, dtype=dtype or self.dtype)

    def __add__(self, other: Any) -> Tensor:
        return self._with("Add", self, other)

    def __radd__(self, other: Any) -> Tensor:
        return self._with("Add", other, self)

    def __sub__(self, other: Any) -> Tensor:
        return self._with("Sub", self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return self._with("Sub", other, self)

    def __mul__(self, other: Any) -> Tensor:
        return self._with("Mul", self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return self._with("Mul", other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return self._with("Div", self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return self._with("Div", other, self)

    def __pow__(self, other: Any) -> Tensor:
        return self._with("Pow", self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return self._with("Pow", other, self)

    def __neg__(self) -> Tensor:
        return self.graph.node("Neg", self)

    def __lt__(self, other: Any) -> Tensor:
        return self._with("Less", self, other, _BOOLEAN)

    def __le__(self, other: Any) -> Tensor:
        return self._with("LessOrEqual", self, other, _BOOLEAN)

    def __gt__(self, other: Any) -> Tensor:
        return self._with("Greater", self, other, _BOOLEAN)

    def __ge__(self, other: Any) -> Tensor:
        return self._with("GreaterOrEqual", self, other, _BOOLEAN)

    def __eq__(self, other: Any) -> Tensor:  # type: ignore[override]
        return self._with("Equal", self, other, _BOOLEAN)

    def __and__(self, other: Tensor) -> Tensor:
        return self._with("And", self, other)

    def __invert__(self) -> Tensor:
        return self.graph.node("Not", self)

    __hash__ = None  # type: ignore[assignment]


class OnnxGraph:
    """Nodes and constants, and the functions of an array namespace that add to them."""

    def __init__(self, dtype: np.dtype[Any], sample_axis: int = -2) -> None:
        self.sample_axis = sample_axis
        self.entering: tuple[Tensor, int] | None = None
        """The data, and how many axes they have."""
        self.onnx = package("onnx", "writing ONNX", "pip install onnx")
        self.helper = package("onnx.helper", "writing ONNX", "pip install onnx")
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: dict[str, Array] = {}
        self.scope = ""

    # --- what a graph is made of -----------------------------------------------------------------------------------

    def node(self, kind: str, *inputs: Any, like: Any = None, dtype: Any = None, **attributes: Any) -> Tensor:
        """The result of one more node; a number among the inputs becomes a constant of the type `like`.

        `dtype` is the type of the result, that of the first input if it is not given.
        """
        tensors = [x if isinstance(x, Tensor) else self.number(x, like or self.dtype) for x in inputs]
        name = f"{self.scope}/{len(self.nodes)}"
        names = [x.name for x in tensors]
        self.nodes.append(self.helper.make_node(kind, names, [name], **attributes))
        return Tensor(self, name, tensors[0].dtype if dtype is None else dtype)

    def constant(self, name: str, value: Array) -> Tensor:
        """An array known beforehand. Raises ChalkworkError where single precision has no such large number."""
        with np.errstate(over="ignore"):
            stored = np.asarray(value, self.dtype if value.dtype.kind == "f" else value.dtype, order="C")
        if stored.dtype.kind == "f" and not np.array_equal(np.isfinite(stored), np.isfinite(value)):
            raise ChalkworkError(f"{name} holds a number too large for {self.dtype}", hint="use dtype='float64'")
        self.constants[name] = stored
        return Tensor(self, name, stored.dtype)

    def number(self, value: Any, dtype: np.dtype[Any]) -> Tensor:
        """A number, or axes."""
        array = np.asarray(float(value) if dtype.kind == "f" else value, dtype)
        return self.constant(f"{dtype}:{array.tolist()}", array)

    def named(self, tensor: Tensor, name: str) -> Tensor:
        """The tensor under a name of its own: that of the node just made, or a copy."""
        if not self.nodes or self.nodes[-1].output[0] != tensor.name or not tensor.name.startswith(f"{self.scope}/"):
            tensor = self.node("Identity", tensor)
        self.nodes[-1].output[0] = self.nodes[-1].name = name
        return Tensor(self, name, tensor.dtype)

    def applied(self, part: Application, *arguments: Any) -> Tensor:
        """An operation of the table, by its own node or by what it is worth."""
        tensors = [x if isinstance(x, Tensor) else self.number(x, self.dtype) for x in arguments]
        if (rule := _RULES.get(part.operation.name)) is not None:
            return rule(self, part, *tensors)
        attributes = {key: value for key, value in part.named_parameters.items() if key != "at_zero"}
        exact = self.dtype == np.float32 or "alpha" not in attributes  # attributes are in single precision
        if part.operation.onnx and exact and None not in attributes.values():
            return self.node(part.operation.onnx, *tensors, **attributes)
        try:
            found: Tensor = part.operation.value(self, *tensors, **part.named_parameters)
        except (AttributeError, TypeError) as error:
            raise ChalkworkError(f"{part.operation.name} cannot be written as ONNX") from error
        return found

    def translate(self, expression: Expression, known: dict[str, Tensor]) -> Tensor:
        """The expression, its names taken from `known`."""
        values: dict[Expression, Any] = {}
        for part in walk(expression):
            if isinstance(part, Name):
                values[part] = known[part.name]
            elif isinstance(part, Number):
                values[part] = self.number(part.value, self.dtype)
            elif not names_in(part) and not _for_samples(part):
                values[part] = self.constant(f"{self.scope}/known{len(self.constants)}", evaluate(part, {}))
            else:
                assert isinstance(part, Application)
                values[part] = self.applied(part, *(values[argument] for argument in part.arguments))
        found: Tensor = values[expression]
        return found

    # --- the namespace -----------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Callable[..., Tensor]:
        """The functions that are one node of one or two arrays."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in _NODES:
            raise ChalkworkError(f"{name} has no ONNX graph for any number of samples")
        return lambda *arrays: self.node(_NODES[name], *arrays, dtype=_BOOLEAN if name.startswith("is") else None)

    def where(self, condition: Tensor, a: Any, b: Any) -> Tensor:
        """a where the condition holds, else b."""
        return self.node("Where", condition, a, b, dtype=self.dtype)

    def full_like(self, x: Tensor, value: float) -> Tensor:
        """The number: broadcasting gives it the shape."""
        return self.number(value, x.dtype)

    def zeros_like(self, x: Tensor) -> Tensor:
        """Zero."""
        return self.full_like(x, 0)

    def ones_like(self, x: Tensor) -> Tensor:
        """One."""
        return self.full_like(x, 1)

    def expm1(self, x: Tensor) -> Tensor:
        """exp(x) - 1 without cancellation, as tanh(x/2) (exp(x) + 1)."""
        return self.node("Tanh", x / 2) * (self.node("Exp", x) + 1)

    def log1p(self, x: Tensor) -> Tensor:
        """log(1 + x) without cancellation: Goldberg, What Every Computer Scientist Should Know (1991), theorem 4."""
        whole = 1 + x
        exact = self.where(whole == 1, 1.0, whole - 1)
        return self.where(whole == 1, x, x * self.node("Log", whole) / exact)

    def sum(self, x: Tensor, axis: Any, keepdims: bool) -> Tensor:
        """Sums along axes."""
        return self._reduced("ReduceSum", x, axis, keepdims)

    def mean(self, x: Tensor, axis: Any, keepdims: bool) -> Tensor:
        """Means along axes."""
        return self._reduced("ReduceMean", x, axis, keepdims)

    def max(self, x: Tensor, axis: Any, keepdims: bool) -> Tensor:
        """The largest along axes."""
        return self._reduced("ReduceMax", x, axis, keepdims)

    def _reduced(self, kind: str, x: Tensor, axis: Any, keepdims: bool) -> Tensor:
        axes = self.number([axis] if isinstance(axis, int) else list(axis), _WHOLE)
        return self.node(kind, x, axes, keepdims=int(keepdims))

    def argmax(self, x: Tensor, axis: int, keepdims: bool) -> Tensor:
        """The place of the first largest, from 0."""
        return self.node("ArgMax", x, dtype=_WHOLE, axis=axis, keepdims=int(keepdims))

    def astype(self, x: Tensor, dtype: np.dtype[Any]) -> Tensor:
        """The array in another type."""
        to = self.helper.np_dtype_to_tensor_dtype(dtype)
        return self.node("Cast", x, dtype=dtype, to=to)


_NODES = {
    "abs": "Abs", "atan": "Atan", "cos": "Cos", "exp": "Exp", "floor": "Floor", "isinf": "IsInf", "isnan": "IsNaN",
    "log": "Log",
    "matmul": "MatMul", "maximum": "Max", "minimum": "Min", "sign": "Sign", "sin": "Sin", "sqrt": "Sqrt",
    "tanh": "Tanh",
}  # fmt: skip


def _for_samples(expression: Expression) -> bool:
    """Whether it is the same for every sample, so that its shape says how many there are."""
    return any(isinstance(node, Application) and node.operation.name == "broadcast" for node in walk(expression))


def _along_windows(graph: OnnxGraph, part: Application, x: Tensor, node: Callable[[Tensor], Tensor]) -> Tensor:
    """A node on channels before their map, of data in which the channels may stand behind it."""
    behind = part.named_parameters["along"] == -2
    found = node(graph.node("Transpose", x, perm=[0, 2, 1]) if behind else x)
    return graph.node("Transpose", found, perm=[0, 2, 1]) if behind else found


def _convolved(graph: OnnxGraph, part: Application, x: Tensor, w: Tensor) -> Tensor:
    lie, at = lie_of(**part.named_parameters)
    if len(lie.kernel) != 2 + lie.axes or lie.samples != 1:
        raise ChalkworkError("only a convolution of channels can be written as ONNX")
    own = {
        "kernel_shape": list(at.window), "strides": list(at.stride), "pads": [*at.padding, *at.padding],
        "dilations": list(at.dilation),
    }  # fmt: skip
    name = "Conv"
    if part.operation.name == "convolve_transposed":
        reached = spread_over(at.out, at.window, at.stride, at.padding, at.dilation)
        own["output_padding"] = [size - one for size, one in zip(at.sizes, reached, strict=True)]
        name = "ConvTranspose"
    return _along_windows(graph, part, x, lambda maps: graph.node(name, maps, w, **own))


def _pooled(graph: OnnxGraph, part: Application, x: Tensor) -> Tensor:
    known = part.named_parameters
    at = pooling(part.arguments[0].shape, known["window"], known["stride"], known["padding"])
    name, more = ("MaxPool", {}) if part.operation.name == "max_pool" else ("AveragePool", {"count_include_pad": 1})
    window, steps, rim = list(at.window), list(at.stride), [*at.padding, *at.padding]
    settings = {"kernel_shape": window, "strides": steps, "pads": rim, **more}
    if len(part.shape) > 3:
        return graph.node(name, x, **settings)
    axis = graph.number([1], _WHOLE)  # maps without an axis for channels
    return graph.node("Squeeze", graph.node(name, graph.node("Unsqueeze", x, axis), **settings), axis)


def _moment(graph: OnnxGraph, part: Application, x: Tensor) -> Tensor:
    """One step of every sample, as data without positions lie."""
    at, along = part.named_parameters["at"], part.named_parameters["along"]
    assert isinstance(at, int) and isinstance(along, int)
    found = graph.node("Gather", x, graph.number(at - 1, _WHOLE), axis=along + 3)
    return found if along == -2 else graph.node("Transpose", found, perm=[1, 0])


def _sequence(graph: OnnxGraph, part: Application, *steps: Tensor) -> Tensor:
    """The steps of every sample, one after the other."""
    along = part.parameters[0]
    assert isinstance(along, int)
    turned = steps if along == -2 else [graph.node("Transpose", step, perm=[1, 0]) for step in steps]
    lying = [graph.node("Unsqueeze", step, graph.number([along + 3], _WHOLE)) for step in turned]
    return graph.node("Concat", *lying, axis=along + 3)


def _broadcast(graph: OnnxGraph, part: Application, x: Tensor) -> Tensor:
    """For as many samples as enter."""
    if graph.entering is None:
        raise ChalkworkError("broadcast has no ONNX graph for any number of samples")
    own, (data, rank) = graph.sample_axis % 2, graph.entering
    lengths = graph.node("Shape", data, dtype=_WHOLE)
    place = [graph.sample_axis % rank if rank == 2 else 0]
    parts = [graph.number([size], _WHOLE) for size in part.shape]
    parts[own if len(parts) == 2 else 0] = graph.node("Gather", lengths, graph.number(place, _WHOLE), axis=0)
    return graph.node("Expand", x, graph.node("Concat", *parts, axis=0))


def _turned(graph: OnnxGraph, part: Application, w: Tensor) -> Tensor:
    axes = [axis + len(part.shape) for axis in turned_axes(part.parameters[0])]
    ends = graph.number([np.iinfo(np.int64).min] * len(axes), _WHOLE)
    backwards = graph.number([-1] * len(axes), _WHOLE)
    return graph.node("Slice", w, backwards, ends, graph.number(axes, _WHOLE), backwards)


def _reshaped(graph: OnnxGraph, part: Application, x: Tensor) -> Tensor:
    """The number of samples, which is free, stands first."""
    shape = part.named_parameters["shape"]
    assert isinstance(shape, tuple)
    return graph.node("Reshape", x, graph.number([-1, *shape[1:]], _WHOLE))


def _transposed(graph: OnnxGraph, part: Expression, x: Tensor) -> Tensor:
    *before, rows, columns = range(len(part.shape))
    return graph.node("Transpose", x, perm=[*before, columns, rows])


def _split_heads(graph: OnnxGraph, part: Application, x: Tensor) -> Tensor:
    """Along the axis that is cut in two, and the heads before the matrices."""
    (inner,), along = part.arguments, part.parameters[1]
    lying = x if along == -2 else _transposed(graph, inner.T, x)
    count, *sides = part.shape[-3:]
    units, positions = sides if along == -2 else sides[::-1]
    each = graph.node("Reshape", lying, graph.number([*_free(inner.shape), count, units, positions], _WHOLE))
    return each if along == -2 else _transposed(graph, part, each)


def _join_heads(graph: OnnxGraph, part: Application, x: Tensor) -> Tensor:
    _, along = part.parameters
    lying = x if along == -2 else _transposed(graph, part.arguments[0], x)
    units, positions = (part.shape[-2], part.shape[-1]) if along == -2 else (part.shape[-1], part.shape[-2])
    whole = graph.node("Reshape", lying, graph.number([*_free(part.shape), units, positions], _WHOLE))
    return whole if along == -2 else _transposed(graph, part, whole)


def _one_hot(graph: OnnxGraph, part: Application, x: Tensor) -> Tensor:
    along = part.parameters[1]
    numbers = np.arange(1, part.shape[-1 if along == -1 else -2] + 1, dtype=np.float64)
    held = graph.constant(f"{graph.scope}/numbers", numbers if along == -1 else numbers[:, None])
    return graph.astype(x == held, x.dtype)


def _part(graph: OnnxGraph, part: Application, x: Tensor) -> Tensor:
    span = part.parameters[0]
    assert isinstance(span, tuple)
    top, bottom, left, right = span
    starts, ends, axes = ([top - 1, left - 1], [bottom, right], [-2, -1])
    return graph.node("Slice", x, *(graph.number(one, _WHOLE) for one in (starts, ends, axes)))


def _free(shape: tuple[int, ...]) -> list[int]:
    """What stands before matrices: the samples, as many as there are."""
    return [-1] * len(shape[:-2])


def _seen(graph: OnnxGraph, part: Application) -> Tensor:
    return graph.constant(f"{graph.scope}/seen", seen_in_order(np.zeros(part.shape), part.named_parameters["keys"]))


def _causal_softmax(graph: OnnxGraph, part: Application, x: Tensor) -> Tensor:
    masked = graph.where(_seen(graph, part), x, graph.number(-np.inf, x.dtype))
    return graph.node("Softmax", masked, axis=part.named_parameters["keys"])


def _masked_softmax(graph: OnnxGraph, part: Application, x: Tensor, mask: Tensor) -> Tensor:
    """Powers of those that are seen over their sum; 0 where nobody is."""
    kept = mask > 0
    if part.named_parameters["causal"]:
        kept = kept & _seen(graph, part)
    axis = part.named_parameters["keys"]
    masked = graph.where(kept, x, graph.number(-np.inf, x.dtype))
    largest = graph.max(masked, axis=axis, keepdims=True)
    powers = graph.node("Exp", masked - graph.where(graph.isinf(largest), 0.0, largest))
    total = graph.sum(powers, axis=axis, keepdims=True)
    return powers / graph.where(total == 0, 1.0, total)


_RULES: dict[str, Callable[..., Tensor]] = {
    "split_heads": _split_heads,
    "join_heads": _join_heads,
    "one_hot": _one_hot,
    "part": _part,
    "causal_softmax": _causal_softmax,
    "masked_softmax": _masked_softmax,
    "convolve": _convolved,
    "convolve_transposed": _convolved,
    "turned": _turned,
    "max_pool": _pooled,
    "average_pool": _pooled,
    "reshape": _reshaped,
    "moment": _moment,
    "sequence": _sequence,
    "broadcast": _broadcast,
    "transpose": _transposed,
}
"""By the operation's name: what is one node whose settings follow from the shapes."""
