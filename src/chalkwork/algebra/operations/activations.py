"""Activation functions: Goodfellow, Bengio and Courville, Deep Learning, section 6.3, and later papers."""

from __future__ import annotations

from fractions import Fraction
from math import inf, pi
from typing import Any

from chalkwork.algebra.operations.entry import Module, Operation, Precedence, Unit, in_keras
from chalkwork.algebra.operations.special import normal_cdf


def _sigmoid(xp: Any, x: Any) -> Any:
    decay = xp.exp(-xp.abs(x))  # never overflows
    return xp.where(x >= 0, xp.ones_like(decay), decay) / (1 + decay)


def _positive_part(xp: Any, x: Any) -> Any:
    return xp.maximum(x, xp.zeros_like(x))  # a NaN stays


def _softplus(xp: Any, x: Any) -> Any:
    return _positive_part(xp, x) + xp.log1p(xp.exp(-xp.abs(x)))


def _step(xp: Any, x: Any, at_zero: float = 0.0, low: float = 0.0) -> Any:
    at_most_zero = xp.where(x < 0, xp.full_like(x, low), xp.where(x == 0, xp.full_like(x, at_zero), x))
    return xp.where(x > 0, xp.ones_like(x), at_most_zero)


def _times_gate(xp: Any, x: Any, gate: Any) -> Any:
    """x times a gate in [0, 1] that closes faster than x falls: zero, not NaN, at minus infinity."""
    return xp.where(gate == 0, xp.zeros_like(x), x) * gate


def _softsign(xp: Any, x: Any) -> Any:
    finite = xp.where(xp.isinf(x), xp.zeros_like(x), x)
    return xp.where(xp.isinf(x), xp.sign(x), finite / (1 + xp.abs(finite)))


OPERATIONS = (
    Operation(
        name="identity",
        value=lambda xp, x: x,
        derivative=("1",),
        latex="<0>",
        text="<0>",
        script="x",
        code="<0>",
        definition="x",
        slots=(Precedence.FREE,),
        precedence=Precedence.FREE,
        odd=True,
        homogeneous=True,
        unit=Unit(words="identity", also=("linear", "none")),
    ),
    Operation(
        name="sigmoid",
        value=_sigmoid,
        derivative=("y * (1 - y)",),
        latex=r"\sigma\left( <0> \right)",
        text="σ(<0>)",
        script="(x < 0 ? Math.exp(x) : 1) / (1 + Math.exp(-Math.abs(x)))",
        code="1 / (1 + np.exp(-(<0>)))",
        definition="1 / (1 + exp(-x))",
        also=("sigma",),
        range=(0.0, 1.0),
        turns=(),
        rounding=(8, 4),
        poles=pi,
        known={0: Fraction(1, 2)},
        letter="s",
        onnx="Sigmoid",
        unit=Unit(
            words="sigmoid",
            function=r"the sigmoid, $\sigma(<x>) = 1/(1 + e^{-<x>})$, entry by entry",
            slope="the derivative of the sigmoid, $<y> (1 - <y>)$",
            also=("logistic",),
            pytorch=Module("Sigmoid"),
            keras=in_keras("sigmoid"),
        ),
    ),
    Operation(
        name="tanh",
        value=lambda xp, x: xp.tanh(x),
        derivative=("1 - y^2",),
        latex=r"\tanh\left( <0> \right)",
        text="tanh(<0>)",
        script="Math.tanh(x)",
        code="np.tanh(<0>)",
        range=(-1.0, 1.0),
        turns=(),
        odd=True,
        poles=pi / 2,
        known={0: Fraction(0)},
        letter="t",
        unit=Unit(
            words="tanh",
            function="the hyperbolic tangent, entry by entry",
            slope="the derivative of tanh, $1 - <y>^2$",
            pytorch=Module("Tanh"),
            keras=in_keras("tanh"),
        ),
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
        script="Math.max(x, 0)",
        code="np.maximum(0, <0>)",
        definition="maximum(0, x)",
        also=("ReLU",),
        range=(0.0, inf),
        turns=(),
        rounding=(0, 0),
        branches=("0", "x"),
        homogeneous=True,
        onnx="Relu",
        unit=Unit(
            words="ReLU",
            function=r"the ReLU, $\max(0, <x>)$, entry by entry",
            slope="the derivative of the ReLU, which is 1 where $<x> > 0$, else 0 (at 0 we take <at_zero>)",
            pytorch=Module("ReLU"),
            keras=in_keras("relu"),
        ),
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
        script="x > 0 ? 1 : x < 0 ? 0 : x === 0 ? at_zero : x",
        code="np.heaviside(<0>, <at_zero>)",
        range=(0.0, 1.0),
        branches=("0", "1"),
        jumps=True,
        unit=Unit(
            words="step",
            function="the step, entry by entry: 1 where $<x> > 0$, 0 where $<x> < 0$, and <at_zero> at 0",
        ),
    ),
    Operation(
        name="sign",
        value=lambda xp, x, at_zero: xp.where(x == 0, xp.full_like(x, at_zero), xp.sign(x)),
        derivative=("0",),
        parameters={"at_zero": 0.0},
        kinks=(0.0,),
        convention="0 at 0",
        latex=r"\operatorname{sgn}\left( <0> \right)",
        text="sgn(<0>)",
        script="x === 0 ? at_zero : Math.sign(x)",
        code="sign(<0>, <at_zero>)",
        code_definition="def sign(x, at_zero=0.0):\n    return np.where(x == 0, at_zero, np.sign(x))",
        also=("sgn",),
        range=(-1.0, 1.0),
        branches=("-1", "1"),
        jumps=True,
        odd=True,
        unit=Unit(
            words="sign",
            function="the sign, entry by entry: 1 where $<x> > 0$, −1 where $<x> < 0$, and <at_zero> at 0",
            also=("sgn",),
        ),
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
        script="x < 0 ? alpha * x : x",
        code="leaky_relu(<0>, <alpha>)",
        code_definition="def leaky_relu(x, alpha):\n    return np.where(x < 0, alpha * x, x)",
        definition="maximum(0, x) + alpha * minimum(0, x)",
        also=("LReLU", "LeakyReLU"),
        turns=((0.0, 0.0),),
        rounding=(1, 1),
        branches=("alpha * x", "x"),
        homogeneous=True,
        onnx="LeakyRelu",
        unit=Unit(
            words="leaky ReLU",
            function=r"the leaky ReLU, entry by entry: $<x>$ where $<x> > 0$, else $<alpha> \, <x>$",
            slope="the derivative of the leaky ReLU, which is 1 where $<x> > 0$, else <alpha> (at 0 we take <at_zero>)",
            also=("lrelu",),
            pytorch=Module("LeakyReLU", {}, {"negative_slope": "alpha"}),
            keras=Module("LeakyReLU", {}, {"negative_slope": "alpha"}),
        ),
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
        script="x > 0 ? 1 : x < 0 || (x === 0 && at_zero === null) ? alpha : x === 0 ? at_zero : x",
        code="leaky_step(<0>, <alpha>, <at_zero>)",
        code_definition=(
            "def leaky_step(x, alpha, at_zero=None):\n"
            "    return np.where(x == 0, alpha if at_zero is None else at_zero, np.where(x < 0, alpha, 1.0))"
        ),
        branches=("alpha", "1"),
        jumps=True,
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
        script="x < 0 ? alpha * Math.expm1(x) : x",
        code="elu(<0>, <alpha>)",
        code_definition="def elu(x, alpha):\n    return np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x)",
        definition="maximum(0, x) + alpha * (exp(minimum(0, x)) - 1)",
        also=("ELU",),
        turns=((0.0, 0.0),),
        rounding=(8, 4),
        branches=("alpha * (exp(x) - 1)", "x"),
        onnx="Elu",
        unit=Unit(
            words="ELU",
            function="the ELU, entry by entry: $<x>$ where $<x> > 0$, else $<alpha*>(e^{<x>} - 1)$",
            slope="the derivative of the ELU, which is 1 where $<x> > 0$, else $<alpha*>e^{<x>}$",
            pytorch=Module("ELU", {}, {"alpha": "alpha"}),
            keras=Module("ELU", {}, {"alpha": "alpha"}),
        ),
    ),
    Operation(
        name="softplus",
        value=_softplus,
        derivative=("sigmoid(x)",),
        latex=r"\operatorname{softplus}\left( <0> \right)",
        text="softplus(<0>)",
        script="Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))",
        code="np.logaddexp(0, <0>)",
        definition="log(1 + exp(x))",
        range=(0.0, inf),
        turns=(),
        rounding=(12, 4),
        poles=pi,
        letter="p",
        unit=Unit(
            words="softplus",
            function=r"the softplus, $\log(1 + e^{<x>})$, entry by entry",
            slope=r"the derivative of the softplus, $\sigma(<x>)$",
            # PyTorch takes the softplus for x from the threshold on: 2e-9 too little at its usual 20, nothing at 40
            pytorch=Module("Softplus", {"beta": 1.0, "threshold": 40.0}),
            keras=in_keras("softplus"),
        ),
    ),
    Operation(
        name="log_sigmoid",
        value=lambda xp, x: -_softplus(xp, -x),
        derivative=("sigmoid(-x)",),
        latex=r"\operatorname{LogSigmoid}\left( <0> \right)",
        text="LogSigmoid(<0>)",
        script="Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)))",
        code="-np.logaddexp(0, -<0>)",
        definition="-softplus(-x)",
        also=("LogSigmoid", "logsigmoid"),
        range=(-inf, 0.0),
        turns=(),
        rounding=(12, 4),
        unit=Unit(
            words="log-sigmoid",
            function=r"the log-sigmoid, $\log \sigma(<x>) = -\log(1 + e^{-<x>})$, entry by entry",
            slope=r"the derivative of the log-sigmoid, $1 - \sigma(<x>)$",
            pytorch=Module("LogSigmoid"),
            keras=in_keras("log_sigmoid"),
        ),
    ),
    Operation(
        name="silu",
        value=lambda xp, x: _times_gate(xp, x, _sigmoid(xp, x)),
        derivative=("sigmoid(x) * (1 + x * (1 - sigmoid(x)))",),
        latex=r"\operatorname{SiLU}\left( <0> \right)",
        text="SiLU(<0>)",
        script="x / (1 + Math.exp(-x))",
        code="silu(<0>)",
        code_definition="def silu(x):\n    return x / (1 + np.exp(-x))",
        definition="x * sigmoid(x)",
        also=("SiLU",),
        turns=((-1.2784645427610738, -0.27846454276107379),),
        rounding=(12, 2048),
        unit=Unit(
            words="SiLU",
            function=r"the SiLU, $<x> \sigma(<x>)$, entry by entry",
            also=("swish",),
            pytorch=Module("SiLU"),
            keras=in_keras("silu"),
        ),
    ),
    Operation(
        name="gelu",
        value=lambda xp, x: _times_gate(xp, x, normal_cdf(xp, x)),
        derivative=("normal_cdf(x) + x * normal_pdf(x)",),
        latex=r"\operatorname{GELU}\left( <0> \right)",
        text="GELU(<0>)",
        script="normalCdf(x) === 0 ? 0 : x * normalCdf(x)",
        code="gelu(<0>)",
        code_definition=(
            "from math import erf\n\n\ndef gelu(x):\n    return x * (1 + np.vectorize(erf)(x / np.sqrt(2))) / 2"
        ),
        definition="x * normal_cdf(x)",
        also=("GELU",),
        turns=((-0.7517915246935645, -0.16997120747990369),),
        rounding=(20, 2048),
        unit=Unit(
            words="GELU",
            function=(
                r"the GELU, $<x> \Phi(<x>)$, entry by entry, with $\Phi$ the distribution function of the standard "
                "normal"
            ),
            pytorch=Module("GELU", {"approximate": "none"}),
            keras=in_keras("gelu"),
        ),
    ),
    Operation(
        name="mish",
        value=lambda xp, x: _times_gate(xp, x, xp.tanh(_softplus(xp, x))),
        derivative=("tanh(softplus(x)) + x * sigmoid(x) * (1 - tanh(softplus(x))^2)",),
        latex=r"\operatorname{Mish}\left( <0> \right)",
        text="Mish(<0>)",
        script="x * Math.tanh(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))))",
        code="mish(<0>)",
        code_definition="def mish(x):\n    return x * np.tanh(np.logaddexp(0, x))",
        definition="x * tanh(softplus(x))",
        also=("Mish",),
        turns=((-1.1924312145154952, -0.30884341301725043),),
        rounding=(20, 2048),
        unit=Unit(
            words="Mish",
            function=r"the Mish, $<x> \tanh(\log(1 + e^{<x>}))$, entry by entry",
            pytorch=Module("Mish"),
            keras=in_keras("mish"),
        ),
    ),
    Operation(
        name="softsign",
        value=_softsign,
        derivative=("1 / (1 + abs(x))^2",),
        latex=r"\operatorname{softsign}\left( <0> \right)",
        text="softsign(<0>)",
        script="Math.abs(x) === Infinity ? Math.sign(x) : x / (1 + Math.abs(x))",
        code="softsign(<0>)",
        code_definition="def softsign(x):\n    return x / (1 + np.abs(x))",
        definition="x / (1 + abs(x))",
        range=(-1.0, 1.0),
        turns=(),
        branches=("x / (1 - x)", "x / (1 + x)"),
        odd=True,
        onnx="Softsign",
        unit=Unit(
            words="softsign",
            function="the softsign, $<x>/(1 + |<x>|)$, entry by entry",
            slope="the derivative of the softsign, $1/(1 + |<x>|)^2$",
            pytorch=Module("Softsign"),
            keras=in_keras("softsign"),
        ),
    ),
)
