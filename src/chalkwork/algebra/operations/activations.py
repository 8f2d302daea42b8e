"""Activation functions: Goodfellow, Bengio and Courville, Deep Learning, section 6.3, and later papers."""

from __future__ import annotations

from typing import Any

from chalkwork.algebra.operations.entry import Operation, Precedence, reduced_shape, same_shape
from chalkwork.algebra.operations.special import normal_cdf


def _sigmoid(xp: Any, x: Any) -> Any:
    decay = xp.exp(-xp.abs(x))  # never overflows
    return xp.where(x >= 0, 1 / (1 + decay), decay / (1 + decay))


def _positive_part(xp: Any, x: Any) -> Any:
    return xp.maximum(x, xp.zeros_like(x))  # a NaN stays


def _step(xp: Any, x: Any, at_zero: float = 0.0, low: float = 0.0) -> Any:
    at_most_zero = xp.where(x < 0, xp.full_like(x, low), xp.where(x == 0, xp.full_like(x, at_zero), x))
    return xp.where(x > 0, xp.ones_like(x), at_most_zero)


def _times_gate(xp: Any, x: Any, gate: Any) -> Any:
    """x times a gate in [0, 1] that closes faster than x falls: zero, not NaN, at minus infinity."""
    return xp.where(gate == 0, xp.zeros_like(x), x) * gate


def _softsign(xp: Any, x: Any) -> Any:
    finite = xp.where(xp.isinf(x), xp.zeros_like(x), x)
    return xp.where(xp.isinf(x), xp.sign(x), finite / (1 + xp.abs(finite)))


def _axes(axis: int | None) -> int | tuple[int, int]:
    return (-2, -1) if axis is None else axis


def _softmax(xp: Any, x: Any, axis: int | None) -> Any:
    powers = xp.exp(x - xp.max(x, axis=_axes(axis), keepdims=True))
    return powers / xp.sum(powers, axis=_axes(axis), keepdims=True)


def _shift(xp: Any, x: Any, axis: int | None) -> Any:
    """The largest entry, where it is finite: subtracted before exp, so that nothing overflows."""
    largest = xp.max(x, axis=_axes(axis), keepdims=True)
    return xp.where(xp.isinf(largest), xp.zeros_like(largest), largest)


def _logsumexp(xp: Any, x: Any, axis: int | None) -> Any:
    shift = _shift(xp, x, axis)
    return shift + xp.log(xp.sum(xp.exp(x - shift), axis=_axes(axis), keepdims=True))


def _log_softmax(xp: Any, x: Any, axis: int | None) -> Any:
    below = x - _shift(xp, x, axis)
    return below - xp.log(xp.sum(xp.exp(below), axis=_axes(axis), keepdims=True))


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
        value=lambda xp, x, at_zero: _positive_part(xp, x),
        derivative=("step(x, at_zero=at_zero)",),
        parameters={"at_zero": 0.0},
        kinks=(0.0,),
        convention="at_zero at 0",
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
        convention="0 at 0",
        latex=r"\mathbb{1}\left[ <0> > 0 \right]",
        text="[<0> > 0]",
        code="np.heaviside(<0>, <at_zero>)",
    ),
    Operation(
        name="leaky_relu",
        value=lambda xp, x, alpha, at_zero: xp.where(x < 0, alpha * x, x),
        derivative=("leaky_step(x, alpha, at_zero=at_zero)",),
        parameters={"alpha": 0.01, "at_zero": None},
        by_place=("alpha",),
        kinks=(0.0,),
        convention="alpha at 0, or at_zero",
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
        by_place=("alpha",),
        kinks=(0.0,),
        convention="0 at 0",
        latex=r"\operatorname{LReLU}'\left( <0> \right)",
        text="LReLU′(<0>)",
        code="leaky_step(<0>, <alpha>, <at_zero>)",
        code_definition=(
            "def leaky_step(x, alpha, at_zero=None):\n"
            "    return np.where(x == 0, alpha if at_zero is None else at_zero, np.where(x < 0, alpha, 1.0))"
        ),
    ),
    Operation(
        name="elu",
        value=lambda xp, x, alpha: xp.where(x < 0, alpha * xp.expm1(xp.where(x < 0, x, xp.zeros_like(x))), x),
        derivative=("step(x) + (1 - step(x)) * alpha * exp(minimum(x, 0))",),
        parameters={"alpha": 1.0},
        by_place=("alpha",),
        kinks=(0.0,),
        convention="alpha at 0",
        latex=r"\operatorname{ELU}\left( <0> \right)",
        text="ELU(<0>)",
        code="elu(<0>, <alpha>)",
        code_definition=("def elu(x, alpha):\n    return np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x)"),
    ),
    Operation(
        name="softplus",
        value=lambda xp, x: _positive_part(xp, x) + xp.log1p(xp.exp(-xp.abs(x))),
        derivative=("sigmoid(x)",),
        latex=r"\operatorname{softplus}\left( <0> \right)",
        text="softplus(<0>)",
        code="np.logaddexp(0, <0>)",
        definition="log(1 + exp(x))",
    ),
    Operation(
        name="silu",
        value=lambda xp, x: _times_gate(xp, x, _sigmoid(xp, x)),
        derivative=("sigmoid(x) * (1 + x * (1 - sigmoid(x)))",),
        latex=r"\operatorname{SiLU}\left( <0> \right)",
        text="SiLU(<0>)",
        code="silu(<0>)",
        code_definition="def silu(x):\n    return x / (1 + np.exp(-x))",
        definition="x * sigmoid(x)",
    ),
    Operation(
        name="gelu",
        value=lambda xp, x: _times_gate(xp, x, normal_cdf(xp, x)),
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
        value=_softsign,
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
        adjoint=("y * (g - sum(g * y, axis=axis))",),
        parameters={"axis": None},
        needs_axis=True,
        shape=same_shape,
        latex=r"\operatorname{softmax}\left( <0> \right)",
        text="softmax(<0>)",
        code="softmax(<0>, axis=<axis>)",
        code_definition=(
            "def softmax(x, axis):\n"
            "    powers = np.exp(x - x.max(axis=axis, keepdims=True))  # the shift prevents overflow\n"
            "    return powers / powers.sum(axis=axis, keepdims=True)"
        ),
        definition="exp(x) / sum(exp(x), axis=axis)",
    ),
    Operation(
        name="log_softmax",
        value=_log_softmax,
        adjoint=("g - exp(y) * sum(g, axis=axis)",),
        parameters={"axis": None},
        needs_axis=True,
        shape=same_shape,
        latex=r"\operatorname{log\,softmax}\left( <0> \right)",
        text="log softmax(<0>)",
        code="<0> - logsumexp(<0>, axis=<axis>)",
        code_definition=(
            "def logsumexp(x, axis):\n"
            "    largest = x.max(axis=axis, keepdims=True)\n"
            "    return largest + np.log(np.exp(x - largest).sum(axis=axis, keepdims=True))"
        ),
        definition="x - log(sum(exp(x), axis=axis))",
    ),
    Operation(
        name="logsumexp",
        value=_logsumexp,
        adjoint=("g * softmax(x, axis=axis)",),
        parameters={"axis": None},
        needs_axis=True,
        shape=reduced_shape,
        latex=r"\operatorname{logsumexp}\left( <0> \right)",
        text="logsumexp(<0>)",
        code="logsumexp(<0>, axis=<axis>)",
        code_definition=(
            "def logsumexp(x, axis):\n"
            "    largest = x.max(axis=axis, keepdims=True)\n"
            "    return largest + np.log(np.exp(x - largest).sum(axis=axis, keepdims=True))"
        ),
        definition="log(sum(exp(x), axis=axis))",
    ),
)
