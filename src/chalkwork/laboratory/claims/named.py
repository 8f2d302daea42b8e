"""Proofs that the library knows by name: a table, one entry each.

Bishop, Pattern Recognition and Machine Learning (2006), section 4.2 and exercise 4.7 (sigmoid); Goodfellow, Bengio and
Courville, Deep Learning (2016), sections 3.10 and 4.1 (softmax and its overflow).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from chalkwork.errors import ChalkworkError


@dataclass(frozen=True, slots=True)
class Named:
    """A statement, its proof as (step, reason), and what is to be said after it.

    `also` are other ways to state the same, for recognising it. A proof about vectors is written with the vector y of
    three entries and the number c, and is rewritten for others by `in_terms`.
    """

    statement: str
    steps: tuple[tuple[str, str], ...]
    also: tuple[str, ...] = ()
    domain: Mapping[str, str] = field(default_factory=dict)
    closing: str = ""
    picture: bool = False


PROOFS: dict[str, Named] = {
    "sigmoid-symmetry": Named(
        r"\sigma(-x) = 1 - \sigma(x)",
        (
            (r"\sigma(-x) = \frac{1}{1 + e^{x}}", "the definition of the sigmoid, at $-x$"),
            (r"= \frac{e^{-x}}{e^{-x} + 1}", "numerator and denominator times $e^{-x}$"),
            (r"= \frac{(1 + e^{-x}) - 1}{1 + e^{-x}}", "one is added to the numerator and taken away again"),
            (r"= 1 - \frac{1}{1 + e^{-x}}", "the fraction is split"),
            (r"= 1 - \sigma(x)", "the definition again"),
        ),
        also=("1 - sigma(x) = sigma(-x)", "sigma(x) = 1 - sigma(-x)"),
    ),
    "sigmoid-point-symmetry": Named(
        r"\sigma(x) + \sigma(-x) = 1",
        (
            (r"\sigma(x) + \sigma(-x) = \frac{1}{1 + e^{-x}} + \frac{1}{1 + e^{x}}", "the definition of the sigmoid"),
            (
                r"= \frac{1}{1 + e^{-x}} + \frac{e^{-x}}{e^{-x} + 1}",
                "the second fraction is expanded by $e^{-x}$",
            ),
            (r"= \frac{1 + e^{-x}}{1 + e^{-x}}", "both have the same denominator now"),
            (r"= 1", "numerator and denominator are equal"),
        ),
        also=("sigma(-x) + sigma(x) = 1", "sigma(x) - 1/2 = 1/2 - sigma(-x)", "sigma(x) - 1/2 = -(sigma(-x) - 1/2)"),
        closing=(
            "The points $(x, \\sigma(x))$ and $(-x, \\sigma(-x))$ therefore have the midpoint $(0, 1/2)$ for every "
            "$x$: the graph is point symmetric about $(0, 1/2)$."
        ),
        picture=True,
    ),
    "tanh-by-sigmoid": Named(
        r"\tanh(x) = 2\sigma(2x) - 1",
        (
            (r"2\sigma(2x) - 1 = \frac{2}{1 + e^{-2x}} - 1", "the definition of the sigmoid, at $2x$"),
            (r"= \frac{2 - (1 + e^{-2x})}{1 + e^{-2x}}", "a common denominator"),
            (r"= \frac{1 - e^{-2x}}{1 + e^{-2x}}", "the numerator is put together"),
            (r"= \frac{e^{x} - e^{-x}}{e^{x} + e^{-x}}", "numerator and denominator times $e^{x}$"),
            (r"= \tanh(x)", "the definition of tanh"),
        ),
        also=("2 sigma(2x) - 1 = tanh(x)",),
    ),
    "sigmoid-derivative": Named(
        r"\sigma'(x) = \sigma(x) (1 - \sigma(x)) = \sigma(-x) \sigma(x)",
        (
            (r"\sigma'(x) = \frac{d}{dx} (1 + e^{-x})^{-1}", "the definition of the sigmoid, as a power"),
            (r"= -(1 + e^{-x})^{-2} \cdot (-e^{-x})", "the chain rule: the derivative of $1 + e^{-x}$ is $-e^{-x}$"),
            (r"= \frac{e^{-x}}{(1 + e^{-x})^2}", "the two signs cancel; the denominator is squared"),
            (r"= \frac{1}{1 + e^{-x}} \cdot \frac{e^{-x}}{1 + e^{-x}}", "the square is split into two factors"),
            (
                r"= \frac{1}{1 + e^{-x}} \cdot (1 - \frac{1}{1 + e^{-x}})",
                "$e^{-x} = (1 + e^{-x}) - 1$ in the second numerator",
            ),
            (r"= \sigma(x) (1 - \sigma(x))", "the definition of the sigmoid, twice"),
            (r"= \sigma(x) \sigma(-x)", "the symmetry $\\sigma(-x) = 1 - \\sigma(x)$"),
        ),
        also=(
            "sigma'(x) = sigma(x) (1 - sigma(x))",
            "sigma'(x) = (1 - sigma(x)) sigma(x)",
            "sigma'(x) = (1 - sigma(x)) sigma(x) = sigma(-x) sigma(x)",
            "sigma'(x) = sigma(x) - sigma(x)^2",
            "sigma'(x) = sigma(-x) sigma(x)",
            "sigma'(x) = sigma(x) sigma(-x)",
        ),
    ),
    "tanh-derivative": Named(
        r"\tanh'(x) = 4 (1 - \sigma(2x)) \sigma(2x)",
        (
            (r"\tanh'(x) = \frac{d}{dx} [2\sigma(2x) - 1]", "$\\tanh(x) = 2\\sigma(2x) - 1$"),
            (r"= 2 \cdot \sigma'(2x) \cdot 2", "the chain rule: the derivative of $2x$ is 2"),
            (r"= 4 \sigma'(2x)", "the factors are put together"),
            (
                r"= 4 (1 - \sigma(2x)) \sigma(2x)",
                "the derivative of the sigmoid, $\\sigma' = (1 - \\sigma)\\,\\sigma$, at $2x$",
            ),
        ),
        also=("tanh'(x) = 4 sigma(2x) (1 - sigma(2x))", "tanh'(x) = 4 sigma(-2x) sigma(2x)"),
    ),
    "sigmoid-slope-bounds": Named(
        r"0 < \sigma'(x) \le \frac{1}{4}",
        (
            (r"\sigma'(x) = \sigma(x) (1 - \sigma(x))", "the derivative of the sigmoid"),
            (r"0 < \sigma(x) < 1", "$e^{-x}$ is positive, so $1 + e^{-x}$ is greater than 1"),
            (r"0 < \sigma(x) (1 - \sigma(x))", "both factors are positive"),
            (
                r"\sigma(x) (1 - \sigma(x)) = \frac{1}{4} - (\sigma(x) - \frac{1}{2})^2",
                "the square is completed",
            ),
            (r"\le \frac{1}{4}", "a square is never negative"),
        ),
        also=("0 < sigma'(x) <= 0.25", "sigma'(x) <= 1/4", "sigma'(x) > 0", "0 < sigma'(x)"),
        closing=(
            "The square vanishes only where $\\sigma(x) = 1/2$, that is at $x = 0$: there the derivative has its "
            "maximum, $\\sigma'(0) = 1/4$."
        ),
        picture=True,
    ),
    "tanh-slope-bounds": Named(
        r"0 < \tanh'(x) \le 1",
        (
            (r"\tanh'(x) = 4 \sigma'(2x)", "$\\tanh(x) = 2\\sigma(2x) - 1$ and the chain rule"),
            (r"0 < 4 \sigma'(2x)", "the derivative of the sigmoid is positive"),
            (r"4 \sigma'(2x) \le 4 \cdot \frac{1}{4} = 1", "the derivative of the sigmoid is at most 1/4"),
        ),
        also=("tanh'(x) <= 1", "0 < tanh'(x)", "tanh'(x) > 0"),
        closing=("The bound of the sigmoid is reached at $2x = 0$: the maximum lies at $x = 0$, $\\tanh'(0) = 1$."),
        picture=True,
    ),
    "softmax-shift": Named(
        r"\operatorname{softmax}(y + c) = \operatorname{softmax}(y)",
        (
            (
                r"\sum_{j=1}^{3} e^{y_j + c} = \sum_{j=1}^{3} e^{c} e^{y_j} = e^{c} \sum_{j=1}^{3} e^{y_j}",
                "the denominator with the shift: every term has the factor $e^{c}$",
            ),
            (
                r"\frac{e^{y_1 + c}}{\sum_{j=1}^{3} e^{y_j + c}} = "
                r"\frac{e^{c} e^{y_1}}{e^{c} \sum_{j=1}^{3} e^{y_j}}",
                "the first entry with the shift, over that denominator",
            ),
            (
                r"= \frac{e^{y_1}}{\sum_{j=1}^{3} e^{y_j}}",
                "$e^{c}$ is never zero and cancels; what is left is the first entry without the shift",
            ),
        ),
        also=("softmax(y) = softmax(y + c)", "softmax(y - c) = softmax(y)", "softmax(y) = softmax(y - c)"),
        domain={"y": "vector 3"},
        closing="Every other entry goes the same way, and so does a vector of any length.",
    ),
}


def in_terms(text: str, vector: str, entries: int, number: str, subtracted: bool) -> str:
    """A line of a proof about vectors in other letters, for another length, and with -c where c is subtracted.

    >>> in_terms("$e^{c}$ of $e^{y_3 + c}$, ^{3}", "z", 4, "k", True)
    '$e^{-k}$ of $e^{z_3 - k}$, ^{4}'
    """
    if subtracted:
        text = text.replace("+ c", "- c").replace("{c}", "{-c}")
    letters = {"y": vector, "c": number}
    text = re.sub(r"(?<![A-Za-z])[yc](?![A-Za-z])", lambda found: letters[found[0]], text)
    return text.replace("^{3}", f"^{{{entries}}}")


def named(name: str) -> Named:
    """The entry of that name.

    Raises ChalkworkError, with the nearest name, where there is none.

    >>> named("sigmoid-symmetry").statement
    '\\\\sigma(-x) = 1 - \\\\sigma(x)'
    """
    if isinstance(name, str) and name in PROOFS:
        return PROOFS[name]
    near = get_close_matches(str(name)[:60], PROOFS, 1)
    hint = f"did you mean {near[0]}?" if near else f"the proofs are {', '.join(PROOFS)}"
    raise ChalkworkError(f"there is no proof named {name!r:.60}", hint=hint)
