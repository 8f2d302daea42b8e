"""Activation functions, as in Goodfellow, Bengio and Courville, Deep Learning, section 6.3, and later papers."""

from __future__ import annotations

from typing import Any

from chalkwork.algebra.operations.entry import Operation, Precedence, reduced_shape, same_shape
from chalkwork.algebra.operations.special import normal_cdf


def _sigmoid(xp: Any, x: Any) -> Any:
    decay = xp.exp(-xp.abs(x))  # never overflows
    return xp.where(x >= 0, 1 / (1 + decay), decay / (1 + decay))


def _step(xp: Any, x: Any, at_zero: float = 0.0, low: float = 0.0) -> Any:
    zeros = 0 * xp.where(xp.isinf(x), xp.ones_like(x), x)  # keeps a NaN
    return xp.where(x > 0, zeros + 1, xp.where(x < 0, zeros + low, zeros + at_zero))


def _softmax(xp: Any, x: Any, axis: int | None = None) -> Any:
    axes = (-2, -1) if axis is None else axis
    powers = xp.exp(x - xp.max(x, axis=axes, keepdims=True))
    return powers / xp.sum(powers, axis=axes, keepdims=True)


def _logsumexp(xp: Any, x: Any, axis: int | None = None) -> Any:
    axes = (-2, -1) if axis is None else axis
    largest = xp.max(x, axis=axes, keepdims=True)
    shift = xp.where(xp.isinf(largest), xp.zeros_like(largest), largest)
    return shift + xp.log(xp.sum(xp.exp(x - shift), axis=axes, keepdims=True))


OPERATIONS = (
    Operation(
        name="identity",
        value=lambda xp, x: x,
        derivative=("1",),
        latex="<0>",
        text="<0>",
        code="<0>",
        slots=(Precedence.FREE,),
        precedence=Precedence.FREE,
    ),
    Operation(
        name="sigmoid",
        value=_sigmoid,
        derivative=("y * (1 - y)",),
        latex=r"\sigma\left( <0> \right)",
        text="σ(<0>)",
        code="1 / (1 + np.exp(-(<0>)))",
        definition="1 / (1 + exp(-x))",
    ),
    Operation(
        name="tanh",
        value=lambda xp, x: xp.tanh(x),
        derivative=("1 - y^2",),
        latex=r"\tanh\left( <0> \right)",
        text="tanh(<0>)",
        code="np.tanh(<0>)",
    ),
    Operation(
        name="relu",
        value=lambda xp, x, at_zero: xp.where(x < 0, 0 * xp.where(xp.isinf(x), xp.ones_like(x), x), x),
        derivative=("step(x, at_zero)",),
        parameters={"at_zero": 0.0},
        kinks=(0.0,),
        latex=r"\max\left( 0, <0> \right)",
        text="max(0, <0>)",
        code="np.maximum(0, <0>)",
        definition="maximum(0, x)",
    ),
    Operation(
        name="step",
        value=_step,
        derivative=("0",),
        parameters={"at_zero": 0.0},
        kinks=(0.0,),
        latex=r"\mathbb{1}\left[ <0> > 0 \right]",
        text="[<0> > 0]",
        code="np.heaviside(<0>, <at_zero>)",
    ),
    Operation(
        name="leaky_relu",
        value=lambda xp, x, alpha, at_zero: xp.where(x < 0, alpha * x, x),
        derivative=("leaky_step(x, alpha, at_zero)",),
        parameters={"alpha": 0.01, "at_zero": None},
        kinks=(0.0,),
        latex=r"\operatorname{LReLU}\left( <0> \right)",
        text="LReLU(<0>)",
        code="leaky_relu(<0>, <alpha>)",
        code_definition="def leaky_relu(x, alpha):\n    return np.where(x < 0, alpha * x, x)",
    ),
    Operation(
        name="leaky_step",
        value=lambda xp, x, alpha, at_zero: _step(xp, x, alpha if at_zero is None else at_zero, low=alpha),
        derivative=("0",),
        parameters={"alpha": 0.01, "at_zero": None},
        kinks=(0.0,),
        latex=r"\operatorname{LReLU}'\left( <0> \right)",
        text="LReLU′(<0>)",
        code="np.where(<0> > 0, 1.0, <alpha>)",
    ),
    Operation(
        name="elu",
        value=lambda xp, x, alpha: xp.where(x < 0, alpha * xp.expm1(xp.where(x < 0, x, 0 * xp.ones_like(x))), x),
        derivative=("step(x) + (1 - step(x)) * alpha * exp(minimum(x, 0))",),
        parameters={"alpha": 1.0},
        kinks=(0.0,),
        latex=r"\operatorname{ELU}\left( <0> \right)",
        text="ELU(<0>)",
        code="elu(<0>, <alpha>)",
        code_definition="def elu(x, alpha):\n    return np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x)",
    ),
    Operation(
        name="softplus",
        value=lambda xp, x: xp.where(x < 0, 0 * xp.where(xp.isinf(x), xp.ones_like(x), x), x)
        + xp.log1p(xp.exp(-xp.abs(x))),
        derivative=("sigmoid(x)",),
        latex=r"\operatorname{softplus}\left( <0> \right)",
        text="softplus(<0>)",
        code="np.logaddexp(0, <0>)",
        definition="log(1 + exp(x))",
    ),
    Operation(
        name="silu",
        value=lambda xp, x: x * _sigmoid(xp, x),
        derivative=("sigmoid(x) * (1 + x * (1 - sigmoid(x)))",),
        latex=r"\operatorname{SiLU}\left( <0> \right)",
        text="SiLU(<0>)",
        code="silu(<0>)",
        code_definition="def silu(x):\n    return x / (1 + np.exp(-x))",
        definition="x * sigmoid(x)",
    ),
    Operation(
        name="gelu",
        value=lambda xp, x: x * normal_cdf(xp, x),
        derivative=("normal_cdf(x) + x * normal_pdf(x)",),
        latex=r"\operatorname{GELU}\left( <0> \right)",
        text="GELU(<0>)",
        code="gelu(<0>)",
        code_definition=(
            "from math import erf\n\n\ndef gelu(x):\n    return x * (1 + np.vectorize(erf)(x / np.sqrt(2))) / 2"
        ),
        definition="x * normal_cdf(x)",
    ),
    Operation(
        name="softsign",
        value=lambda xp, x: x / (1 + xp.abs(x)),
        derivative=("1 / (1 + abs(x))^2",),
        latex=r"\operatorname{softsign}\left( <0> \right)",
        text="softsign(<0>)",
        code="softsign(<0>)",
        code_definition="def softsign(x):\n    return x / (1 + np.abs(x))",
        definition="x / (1 + abs(x))",
    ),
    Operation(
        name="softmax",
        value=_softmax,
        adjoint=("y * (g - sum(g * y, axis))",),
        parameters={"axis": None},
        shape=same_shape,
        latex=r"\operatorname{softmax}\left( <0> \right)",
        text="softmax(<0>)",
        code="softmax(<0>, axis=<axis>)",
        code_definition=(
            "def softmax(x, axis):\n"
            "    powers = np.exp(x - x.max(axis=axis, keepdims=True))  # the shift prevents overflow\n"
            "    return powers / powers.sum(axis=axis, keepdims=True)"
        ),
        definition="exp(x) / sum(exp(x), axis)",
    ),
    Operation(
        name="log_softmax",
        value=lambda xp, x, axis=None: x - _logsumexp(xp, x, axis),
        adjoint=("g - exp(y) * sum(g, axis)",),
        parameters={"axis": None},
        shape=same_shape,
        latex=r"\operatorname{log\,softmax}\left( <0> \right)",
        text="log softmax(<0>)",
        code="<0> - logsumexp(<0>, axis=<axis>)",
        code_definition=(
            "def logsumexp(x, axis):\n"
            "    largest = x.max(axis=axis, keepdims=True)\n"
            "    return largest + np.log(np.exp(x - largest).sum(axis=axis, keepdims=True))"
        ),
        definition="x - log(sum(exp(x), axis))",
    ),
    Operation(
        name="logsumexp",
        value=_logsumexp,
        adjoint=("g * softmax(x, axis)",),
        parameters={"axis": None},
        shape=reduced_shape,
        latex=r"\operatorname{logsumexp}\left( <0> \right)",
        text="logsumexp(<0>)",
        code="logsumexp(<0>, axis=<axis>)",
        code_definition=(
            "def logsumexp(x, axis):\n"
            "    largest = x.max(axis=axis, keepdims=True)\n"
            "    return largest + np.log(np.exp(x - largest).sum(axis=axis, keepdims=True))"
        ),
        definition="log(sum(exp(x), axis))",
    ),
)
