"""The node tests that come with ONNX: its own inputs and outputs, put through our operations.

Vectors become matrices of one row; axes in front of the last two are our free leading axes. A vector of another axis
or of a type without fractions is not for us; how many remain is asserted, so that none gets lost.
"""

import warnings
from collections import Counter

import numpy as np
import pytest
from onnx.backend.test.case.node import collect_testcases
from onnx.helper import get_attribute_value

from chalkwork.algebra.expression import Name, Number, apply
from chalkwork.derivation.evaluate import evaluate

ENTRYWISE = {
    "Abs": "abs",
    "Cos": "cos",
    "Exp": "exp",
    "Gelu": "gelu",
    "Identity": "identity",
    "Log": "log",
    "Neg": "negative",
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Sign": "sign",
    "Sin": "sin",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Sqrt": "sqrt",
    "Tanh": "tanh",
}
OF_TWO = {"Add": "add", "Sub": "subtract", "Mul": "multiply", "Div": "divide", "Pow": "power"}
OF_MANY = {"Sum": "add", "Mean": "add", "Max": "maximum", "Min": "minimum"}
REDUCTIONS = {
    "ReduceL1": lambda x, axis: apply("sum", apply("abs", x), axis=axis),
    "ReduceL2": lambda x, axis: apply("sqrt", apply("sum", x**2, axis=axis)),
    "ReduceLogSum": lambda x, axis: apply("log", apply("sum", x, axis=axis)),
    "ReduceLogSumExp": lambda x, axis: apply("logsumexp", x, axis=axis),
    "ReduceMax": lambda x, axis: apply("max", x, axis=axis),
    "ReduceMean": lambda x, axis: apply("mean", x, axis=axis),
    "ReduceSum": lambda x, axis: apply("sum", x, axis=axis),
    "ReduceSumSquare": lambda x, axis: apply("sum", x * x, axis=axis),
}
LOSSES = ("SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss")
OTHERS = (
    "ArgMax",
    "Celu",
    "Clip",
    "Elu",
    "Equal",
    "Erf",
    "Expand",
    "Gemm",
    "HardSigmoid",
    "HardSwish",
    "Hardmax",
    "LeakyRelu",
    "LogSoftmax",
    "MatMul",
    "Mish",
    "PRelu",
    "Reciprocal",
    "Selu",
    "Softmax",
    "Swish",
    "ThresholdedRelu",
    "Transpose",
    "RMSNormalization",
)
FLOATS = (np.float32, np.float64)


class NotForUs(Exception):
    """A vector that says something about axes or types that we do not have."""


class Inputs:
    """The arrays of a vector as names with values."""

    def __init__(self):
        self.values = {}

    def name(self, array):
        if array.dtype not in FLOATS or not array.size:
            raise NotForUs
        name = f"x{len(self.values)}"
        self.values[name] = np.atleast_2d(array)
        return Name(name, self.values[name].shape[-2:] if array.ndim else ())


def two_axes(axis, array):
    """Our name for an axis of the array."""
    if array.ndim == 1:
        return -1
    axis = axis if axis < 0 else axis - array.ndim
    if axis < -2:
        raise NotForUs
    return axis


def reduced_axis(case):
    arrays, options = case.inputs, case.options
    axes = arrays[1].tolist() if len(arrays) > 1 else options.get("axes")
    if not axes:
        if options.get("noop_with_empty_axes") or arrays[0].ndim > 2:
            raise NotForUs
        return None
    places = {two_axes(axis, arrays[0]) for axis in axes}
    return None if places == {-1, -2} else places.pop()


def loss(case, inputs):
    """Targets as indices become one-hot rows; weights of classes become a factor."""
    scores, labels, *weights = case.inputs
    if scores.ndim != 2:
        raise NotForUs
    ignored = case.options.get("ignore_index")
    one_hot = np.eye(scores.shape[1], dtype=scores.dtype)[np.clip(labels, 0, scores.shape[1] - 1)]
    one_hot = one_hot * (weights[0] if weights else 1) * (labels != ignored)[:, None]
    x, y = inputs.name(scores), inputs.name(one_hot.astype(scores.dtype))
    logarithm = apply("log_softmax", x, axis=-1) if case.operation == LOSSES[0] else x
    losses = -apply("sum", y * logarithm, axis=-1)
    reduction = case.options.get("reduction", b"mean")
    if reduction == b"none":
        return losses
    total = apply("sum", losses)
    return total / apply("sum", y) if reduction == b"mean" else total


def gemm(case, inputs):
    a, b, *rest = (inputs.name(array) for array in case.inputs)
    a = a.T if case.options.get("transA") else a
    b = b.T if case.options.get("transB") else b
    product = case.options.get("alpha", 1.0) * (a @ b)
    return product + case.options.get("beta", 1.0) * rest[0] if rest else product


def matmul(case, inputs):
    if min(array.ndim for array in case.inputs) < 2:
        left, right = case.inputs
        if left.ndim > 2 or right.ndim > 2:
            raise NotForUs
        right = right[:, None] if right.ndim == 1 else right
        return inputs.name(np.atleast_2d(left)) @ inputs.name(right)
    a, b = (inputs.name(array) for array in case.inputs)
    return a @ b


def transpose(case, inputs):
    x = case.inputs[0]
    swap = [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2]
    order = case.options.get("perm", [*reversed(range(x.ndim))])
    if order == [*range(x.ndim)]:
        return apply("identity", inputs.name(x))
    if order != swap:
        raise NotForUs
    return inputs.name(x).T


def argmax(case, inputs):
    x = case.inputs[0]
    if case.options.get("select_last_index"):
        raise NotForUs
    axis = two_axes(case.options.get("axis", 0), x)
    return apply("argmax", inputs.name(x), axis=axis) - 1


def expand(case, inputs):
    shape = tuple(case.outputs[0].shape)
    if len(shape) != 2:
        raise NotForUs
    return apply("broadcast", inputs.name(case.inputs[0]), shape=shape)


def clip(case, inputs):
    if len(case.inputs) != 3:
        raise NotForUs
    x, low, high = (inputs.name(array) for array in case.inputs)
    return apply("minimum", apply("maximum", x, low), high)


def equal(case, inputs):
    if case.inputs[0].dtype.kind not in "iuf":
        raise NotForUs
    return apply("equal", *(inputs.name(array.astype(np.float64)) for array in case.inputs))


def rms_normalization(case, inputs):
    x, scale = case.inputs
    if two_axes(case.options.get("axis", -1), x) != -1:
        raise NotForUs
    name = inputs.name(x)
    mean = apply("mean", name * name, axis=-1)
    return name / apply("sqrt", mean + case.options.get("epsilon", 1e-5)) * inputs.name(scale)


def expression_of(case, inputs):
    """The vector in our operations."""
    operation, options = case.operation, case.options
    if operation == "Gelu" and options.get("approximate") == b"tanh":
        raise NotForUs
    if operation in ENTRYWISE:
        return apply(ENTRYWISE[operation], inputs.name(case.inputs[0]))
    if operation in OF_TWO:
        return apply(OF_TWO[operation], *(inputs.name(array) for array in case.inputs))
    if operation in OF_MANY:
        first, *rest = (inputs.name(array) for array in case.inputs)
        for other in rest:
            first = apply(OF_MANY[operation], first, other)
        return first / len(case.inputs) if operation == "Mean" else first
    if operation in REDUCTIONS:
        return REDUCTIONS[operation](inputs.name(case.inputs[0]), reduced_axis(case))
    if operation in LOSSES:
        return loss(case, inputs)
    own = {
        "Gemm": gemm,
        "MatMul": matmul,
        "Transpose": transpose,
        "ArgMax": argmax,
        "Expand": expand,
        "Clip": clip,
        "Equal": equal,
        "RMSNormalization": rms_normalization,
    }
    if operation in own:
        return own[operation](case, inputs)
    if operation == "PRelu":
        x, slope = (inputs.name(array) for array in case.inputs)
        return apply("relu", x) - slope * apply("relu", -x)
    x = inputs.name(case.inputs[0])
    alpha = options.get("alpha")
    if operation in ("Softmax", "LogSoftmax"):
        name = "softmax" if operation == "Softmax" else "log_softmax"
        return apply(name, x, axis=two_axes(options.get("axis", -1), case.inputs[0]))
    if operation == "Hardmax":
        axis = two_axes(options.get("axis", -1), case.inputs[0])
        if (case.inputs[0] == case.inputs[0].max(axis=axis, keepdims=True)).sum() != case.outputs[0].sum():
            raise NotForUs  # ties: the first entry only
        return apply("equal", x, apply("max", x, axis=axis))
    hard = lambda slope, shift: apply("maximum", apply("minimum", slope * x + shift, Number(1)), Number(0))  # noqa: E731
    return {
        "LeakyRelu": lambda: apply("leaky_relu", x, alpha=0.01 if alpha is None else alpha),
        "Elu": lambda: apply("elu", x, alpha=1.0 if alpha is None else alpha),
        "Celu": lambda: apply("relu", x) + apply("minimum", alpha * (apply("exp", x / alpha) - 1), Number(0)),
        "Selu": lambda: options.get("gamma", 1.05070102) * apply("elu", x, alpha=options.get("alpha", 1.67326319)),
        "Erf": lambda: 2 * apply("normal_cdf", x * 2**0.5) - 1,
        "HardSigmoid": lambda: hard(options.get("alpha", 0.2), options.get("beta", 0.5)),
        "HardSwish": lambda: x * hard(1 / 6, 0.5),
        "Mish": lambda: x * apply("tanh", apply("softplus", x)),
        "Reciprocal": lambda: 1 / x,
        "Swish": lambda: apply("silu", x * options.get("alpha", 1.0)) / options.get("alpha", 1.0),
        "ThresholdedRelu": lambda: x * apply("step", x - (1.0 if alpha is None else alpha)),
    }[operation]()


class Case:
    """One vector: operation, options, inputs, outputs."""

    def __init__(self, name, node, inputs, outputs):
        self.name, self.operation = name, node.op_type
        self.options = {attribute.name: get_attribute_value(attribute) for attribute in node.attribute}
        self.inputs, self.outputs = inputs, outputs


def all_cases():
    wanted = {*ENTRYWISE, *OF_TWO, *OF_MANY, *REDUCTIONS, *LOSSES, *OTHERS}
    for case in collect_testcases(None):
        nodes = case.model.graph.node
        if len(nodes) == 1 and nodes[0].op_type in wanted and "expanded" not in case.name:
            for inputs, outputs in case.data_sets:
                if all(isinstance(array, np.ndarray | np.generic) for array in (*inputs, *outputs)):
                    arrays = [np.asarray(array) for array in inputs], [np.asarray(array) for array in outputs]
                    yield Case(case.name, nodes[0], *arrays)


@pytest.fixture(scope="module")
def cases():
    with warnings.catch_warnings(action="ignore"):  # ONNX divides by zero on its way to infinities
        return list(all_cases())


def test_the_node_tests_of_onnx(cases):
    done = Counter()
    for case in cases:
        inputs = Inputs()
        try:
            expression = expression_of(case, inputs)
        except NotForUs:
            continue
        ours = evaluate(expression, inputs.values)
        exact = case.outputs[0]
        assert ours.dtype == next(iter(inputs.values.values())).dtype, case.name
        np.testing.assert_allclose(ours.reshape(exact.shape), exact, rtol=1e-5, atol=1e-6, err_msg=case.name)
        done[case.operation] += 1
    print("vectors:", sum(done.values()), dict(done))
    assert sum(done.values()) >= 200
    everything = {*ENTRYWISE, *OF_TWO, *OF_MANY, *REDUCTIONS, *LOSSES, *OTHERS}
    assert done.keys() == everything, everything - done.keys()
