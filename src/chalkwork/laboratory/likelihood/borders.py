"""Samples whose likelihood has no maximum inside: what happens at the border, for each family.

A border looks at the sums over the sample (`s`, `d`, ...), the size `n` and what is known, and is None where the
derivative has a zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Border:
    """What happens where the derivative has no zero inside: the estimate, why, and whether the maximum is attained."""

    estimate: float
    sentence: str
    attained: bool = True
    starts: bool = False
    """Whether the parameter starts there, so that the likelihood is 0 before."""


def bernoulli_border(at: Mapping[str, float]) -> Border | None:
    """Where the derivative has no zero: bernoulli."""
    if at["f"] == 0:
        return Border(
            1.0,
            "Every observation is a 1, so $f = 0$ and the derivative $\\frac{s}{\\theta}$ is positive everywhere: it "
            "has "
            "no zero. The log-likelihood $s \\log \\theta$ grows up to the border of the interval, and its maximum, 0, "
            "is there: $\\hat{\\theta} = 1$. The formula $\\frac{s}{n}$ gives the same.",
        )
    if at["s"] == 0:
        return Border(
            0.0,
            "Every observation is a 0, so $s = 0$ and the derivative $-\\frac{f}{1 - \\theta}$ is negative everywhere: "
            "it has no zero. The log-likelihood $f \\log (1 - \\theta)$ falls from the border of the interval on, and "
            "its maximum, 0, is there: $\\hat{\\theta} = 0$. The formula $\\frac{s}{n}$ gives the same.",
        )
    return None


def poisson_border(at: Mapping[str, float]) -> Border | None:
    """Where the derivative has no zero: poisson."""
    if at["s"] > 0:
        return None
    return Border(
        0.0,
        "Every count is 0, so $s = 0$ and the derivative is $-n$ everywhere: it has no zero. The log-likelihood "
        "$-n \\lambda$ falls from the border on, and its maximum, 0, is there: $\\hat{\\lambda} = 0$, the distribution "
        "that gives nothing but zeros. The formula $\\frac{s}{n}$ gives the same.",
    )


def exponential_border(at: Mapping[str, float]) -> Border | None:
    """Where the derivative has no zero: exponential."""
    if at["s"] > 0:
        return None
    return Border(
        inf,
        "Every observation is 0, so $s = 0$ and the derivative $\\frac{n}{\\lambda}$ is positive everywhere: the "
        "log-likelihood $n \\log \\lambda$ grows without bound. There is no maximum, and no estimate.",
        attained=False,
    )


def variance_border(at: Mapping[str, float]) -> Border | None:
    """Where the derivative has no zero: variance."""
    if at["d"] > 0:
        return None
    which = "There is a single observation, and the mean is put on it" if at["n"] == 1 else "All deviations are 0"
    return Border(
        0.0,
        f"{which}: $d = 0$, and the derivative $-\\frac{{n}}{{2 \\sigma^2}}$ is negative everywhere. The smaller the "
        "variance, the higher the density at the observations, without bound: there is no maximum. The formula "
        "$\\frac{d}{n}$ gives $\\hat{\\sigma}^2 = 0$, which is the border and not a normal distribution any more. More "
        "observations, different from each other, are needed.",
        attained=False,
    )


def geometric_border(at: Mapping[str, float]) -> Border | None:
    """Where the derivative has no zero: geometric."""
    if at["s"] > at["n"]:
        return None
    return Border(
        1.0,
        "Every observation is a 1, a success at once, so $s = n$ and the derivative $\\frac{n}{\\theta}$ is positive "
        "everywhere: it has no zero. The log-likelihood $n \\log \\theta$ grows up to the border of the interval, and "
        "its maximum, 0, is there: $\\hat{\\theta} = 1$. The formula $\\frac{n}{s}$ gives the same.",
    )


def binomial_border(at: Mapping[str, float]) -> Border | None:
    """Where the derivative has no zero: binomial."""
    if 0 < at["s"] < at["n"] * at["m"]:
        return None
    best, what, form = (1.0, "success", "m n \\log \\theta") if at["s"] else (0.0, "failure", "m n \\log (1 - \\theta)")
    return Border(
        best,
        f"Every trial was a {what}, so that the log-likelihood is ${form}$ and a constant: its derivative has no "
        f"zero, and its maximum is at the border, $\\hat{{\\theta}} = {best:g}$. The formula $\\frac{{s}}{{m n}}$ "
        "gives the same.",
    )


def scale_border(at: Mapping[str, float]) -> Border | None:
    """Where the derivative has no zero: scale."""
    if at["d"] > 0:
        return None
    return Border(
        0.0,
        "All deviations are 0: $d = 0$, and the derivative $-\\frac{n}{b}$ is negative everywhere. The smaller the "
        "scale, the higher the density at the observations, without bound: there is no maximum.",
        attained=False,
    )


def uniform_border(at: Mapping[str, float]) -> Border | None:
    """Where the derivative has no zero: uniform."""
    if at["t"] == 0:
        return Border(
            0.0,
            "Every observation is 0: the smaller $b$ is, the higher the density there, without bound. There is no "
            "maximum.",
            attained=False,
        )
    return Border(
        at["t"],
        "That holds as long as no observation is above $b$; otherwise the likelihood is 0. The derivative "
        "$-\\frac{n}{b}$ is negative everywhere, so it has no zero: the likelihood is the higher the smaller $b$ is, "
        "down to the largest observation, where it is at its highest: $\\hat{b} = t$.",
        starts=True,
    )


def inside(at: Mapping[str, float]) -> Border | None:
    """Where the derivative has no zero: inside."""
    return None
