"""Sums, products, powers, and the elementary functions of one number."""

from __future__ import annotations

from typing import Any

from chalkwork.algebra.operations.entry import Operation, Precedence
from chalkwork.algebra.operations.special import normal_cdf, normal_pdf

FREE, SUM, PRODUCT, POWER, ATOM = (
    Precedence.FREE,
    Precedence.SUM,
    Precedence.PRODUCT,
    Precedence.POWER,
    Precedence.ATOM,
)


def _xlogy(xp: Any, a: Any, b: Any) -> Any:
    """a log b with 0 log 0 = 0, as entropies have it: Cover and Thomas, Elements of Information Theory, 2.1."""
    nothing = (a == 0) & ~xp.isnan(b)
    return xp.where(nothing, xp.zeros_like(a), a * xp.log(xp.where(nothing, xp.ones_like(b), b)))


OPERATIONS = (
    Operation(
        name="add",
        arity=2,
        value=lambda xp, a, b: a + b,
        derivative=("1", "1"),
        precedence=SUM,
        slots=(SUM, SUM),
        infix="+",
        latex="<0> + <1>",
        text="<0> + <1>",
        code="<0> + <1>",
    ),
    Operation(
        name="subtract",
        arity=2,
        value=lambda xp, a, b: a - b,
        derivative=("1", "-1"),
        precedence=SUM,
        slots=(SUM, PRODUCT),
        infix="-",
        latex="<0> - <1>",
        text="<0> − <1>",
        code="<0> - <1>",
    ),
    Operation(
        name="negative",
        value=lambda xp, x: -x,
        derivative=("-1",),
        precedence=SUM,
        slots=(PRODUCT,),
        latex="-<0>",
        text="−<0>",
        code="-<0>",
    ),
    Operation(
        name="multiply",
        arity=2,
        value=lambda xp, a, b: a * b,
        derivative=("b", "a"),
        precedence=PRODUCT,
        slots=(PRODUCT, PRODUCT),
        infix="*",
        latex="<0><times><1>",
        text="<0><times><1>",
        code="<0> * <1>",
    ),
    Operation(
        name="divide",
        arity=2,
        value=lambda xp, a, b: a / b,
        derivative=("1 / b", "-a / b^2"),
        precedence=PRODUCT,
        slots=(PRODUCT, POWER),
        latex_slots=(FREE, FREE),
        infix="/",
        latex=r"\frac{<0>}{<1>}",
        text="<0> / <1>",
        code="<0> / <1>",
    ),
    Operation(
        name="power",
        arity=2,
        value=lambda xp, a, b: a**b,
        derivative=("b * a^(b - 1)", "xlogy(y, a)"),  # 0^b does not change with b
        precedence=POWER,
        slots=(ATOM, FREE),
        infix="^",
        latex="<0>^{<1>}",
        text="<0>^<1>",
        code="<0> ** <1>",
    ),
    Operation(
        name="exp",
        value=lambda xp, x: xp.exp(x),
        derivative=("y",),
        latex=r"e^{<0>}",
        text="exp(<0>)",
        code="np.exp(<0>)",
        slots=(FREE,),
    ),
    Operation(
        name="log",
        value=lambda xp, x: xp.log(x),
        derivative=("1 / x",),
        domain=(0.0, float("inf")),
        latex=r"<log> <0>",
        text="<log> <0>",
        code="np.log(<0>)",
        precedence=Precedence.MATRIX_PRODUCT,
        slots=(ATOM,),
    ),
    Operation(
        name="sqrt",
        value=lambda xp, x: xp.sqrt(x),
        derivative=("1 / (2 * y)",),
        domain=(0.0, float("inf")),
        latex=r"\sqrt{<0>}",
        text="√<0>",
        code="np.sqrt(<0>)",
        slots=(ATOM,),
        latex_slots=(FREE,),
    ),
    Operation(
        name="abs",
        value=lambda xp, x: xp.abs(x),
        derivative=("sign(x)",),
        kinks=(0.0,),
        convention="0 at 0",
        latex=r"\left| <0> \right|",
        text="|<0>|",
        code="np.abs(<0>)",
    ),
    Operation(
        name="sign",
        value=lambda xp, x: xp.sign(x),
        derivative=("0",),
        kinks=(0.0,),
        convention="0 at 0",
        latex=r"\operatorname{sgn}\left( <0> \right)",
        text="sgn(<0>)",
        code="np.sign(<0>)",
    ),
    Operation(
        name="sin",
        value=lambda xp, x: xp.sin(x),
        derivative=("cos(x)",),
        latex=r"\sin\left( <0> \right)",
        text="sin(<0>)",
        code="np.sin(<0>)",
    ),
    Operation(
        name="cos",
        value=lambda xp, x: xp.cos(x),
        derivative=("-sin(x)",),
        latex=r"\cos\left( <0> \right)",
        text="cos(<0>)",
        code="np.cos(<0>)",
    ),
    Operation(
        name="maximum",
        arity=2,
        value=lambda xp, a, b: xp.maximum(a, b),
        derivative=("step(a - b, at_zero=0.5)", "step(b - a, at_zero=0.5)"),
        convention="equal arguments have half of it each",
        latex=r"\max\left( <0>, <1> \right)",
        text="max(<0>, <1>)",
        code="np.maximum(<0>, <1>)",
    ),
    Operation(
        name="minimum",
        arity=2,
        value=lambda xp, a, b: xp.minimum(a, b),
        derivative=("step(b - a, at_zero=0.5)", "step(a - b, at_zero=0.5)"),
        convention="equal arguments have half of it each",
        latex=r"\min\left( <0>, <1> \right)",
        text="min(<0>, <1>)",
        code="np.minimum(<0>, <1>)",
    ),
    Operation(
        name="equal",
        arity=2,
        value=lambda xp, a, b: xp.where(a == b, xp.ones_like(a), xp.zeros_like(a)),
        derivative=("0", "0"),
        latex=r"\mathbb{1}\left[ <0> = <1> \right]",
        text="[<0> = <1>]",
        code="(<0> == <1>) * 1.0",
    ),
    Operation(
        name="xlogy",
        arity=2,
        value=_xlogy,
        derivative=("log(b)", "a / b"),
        precedence=PRODUCT,
        slots=(PRODUCT, ATOM),
        latex=r"<0><times><log> <1>",
        text="<0><times><log> <1>",
        code="xlogy(<0>, <1>)",
        code_definition=(
            "def xlogy(a, b):  # 0 log 0 = 0\n    return np.where(a == 0, 0.0, a * np.log(np.where(a == 0, 1.0, b)))"
        ),
    ),
    Operation(
        name="normal_cdf",
        value=normal_cdf,
        derivative=("normal_pdf(x)",),
        latex=r"\Phi\left( <0> \right)",
        text="Φ(<0>)",
        code="normal_cdf(<0>)",
        code_definition=(
            "from math import erf\n\n\ndef normal_cdf(x):\n    return (1 + np.vectorize(erf)(x / np.sqrt(2))) / 2"
        ),
    ),
    Operation(
        name="normal_pdf",
        value=normal_pdf,
        derivative=("-x * y",),
        latex=r"\varphi\left( <0> \right)",
        text="φ(<0>)",
        code="np.exp(-(<0>) ** 2 / 2) / np.sqrt(2 * np.pi)",
    ),
)
