"""The table of distributions: density, support, log-likelihood, estimator, each once and as data.

Formulas are texts in the language of `chalkwork.algebra.reading`. The score and the second derivative are not in the
table: they come from the log-likelihood by Chalkwork's differentiator.

Sources: Bishop, Pattern Recognition and Machine Learning, sections 1.2.4, 2.1, 2.2 and 2.3.4; Casella and Berger,
Statistical Inference, section 7.2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.likelihood import borders
from chalkwork.laboratory.likelihood.borders import Border
from chalkwork.typesetting.symbols import Symbol

LARGEST_COUNT = 10**9
LARGEST_NUMBER = 1e100
LARGEST_NORMAL = 1e50
"""The third power of a variance must be a number too: it stands in the second derivative."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """A sum over the sample that the log-likelihood depends on: its name, and the summand for one observation x.

    `over` is the operation: the sum, or the largest.
    """

    name: str
    summand: str
    over: str = "sum"


@dataclass(frozen=True, slots=True)
class Step:
    """One step from the zero of the derivative to the estimator: why, and the equation that it gives."""

    reason: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """One parameter that is estimated.

    `low` and `high` bound it; `border` looks at the statistics for the cases in which no derivative vanishes.
    """

    name: str
    low: float
    high: float
    statistics: tuple[Statistic, ...]
    log_likelihood: str
    steps: tuple[Step, ...]
    estimator: str
    border: Callable[[Mapping[str, float]], Border | None]
    shape: str
    """Why the stationary point is the global maximum."""


@dataclass(frozen=True, slots=True)
class Family:
    """One distribution: which numbers it gives, its density, and what is estimated.

    `latex` and `text` are the density of the observation x_i; `log_density` is its logarithm in x, the parameters and
    `logfact` (log x!). `holds` says whether a number is in the support, `support` says so in words.
    """

    name: str
    title: str
    parameters: tuple[str, ...]
    known: tuple[str, ...]
    holds: Callable[[float], bool]
    support: str
    latex: str
    text: str
    log_density: str
    unknowns: tuple[Unknown, ...]
    discrete: bool = True


MARKS = {
    "theta": Symbol(r"\theta", "θ"),
    "lambda": Symbol(r"\lambda", "λ"),
    "mu": Symbol(r"\mu", "μ"),
    "v": Symbol(r"\sigma^2", "σ²", raised=True),
    "x": Symbol("x_i", "xᵢ"),
    "logfact": Symbol(r"\log x_i!", "log xᵢ!"),
    "logchoose": Symbol(r"\log \binom{m}{x_i}", "log C(m, xᵢ)"),
    "m": Symbol("m", "m"),
    "b": Symbol("b", "b"),
    "t": Symbol("t", "t"),
    "n": Symbol("n", "n"),
    "s": Symbol("s", "s"),
    "f": Symbol("f", "f"),
    "q": Symbol("q", "q"),
    "c": Symbol("c", "c"),
    "d": Symbol("d", "d"),
    "pi": Symbol(r"\pi", "π"),
    "kappa": Symbol(r"\kappa", "κ"),
}
_VALUE_NAMES = {"v": "variance", "mu": "mean", "m": "trials"}


def value_name(parameter: str) -> str:
    """What a parameter is called in the solution.

    >>> value_name("v"), value_name("theta")
    ('variance', 'theta')
    """
    return _VALUE_NAMES.get(parameter, parameter)


def hat(symbol: Symbol) -> Symbol:
    """The symbol of the estimator of a parameter.

    >>> hat(MARKS["v"]).latex, hat(MARKS["v"]).text
    ('\\\\hat{\\\\sigma}^2', 'σ̂²')
    """
    place = next((i for i, sign in enumerate(symbol.latex) if sign in "_^"), len(symbol.latex))
    latex = rf"\hat{{{symbol.latex[:place]}}}{symbol.latex[place:]}"
    return Symbol(latex, symbol.text[0] + "\u0302" + symbol.text[1:], symbol.raised)


def _is_count(value: float) -> bool:
    return 0 <= value <= LARGEST_COUNT and value == int(value)


def _is_real(value: float) -> bool:
    return abs(value) <= LARGEST_NORMAL


S = Statistic("s", "x")
_CONCAVE = "It is negative for every {}, so the log-likelihood is concave and the stationary point is its only maximum."
_MEAN = Unknown(
    "mu",
    -inf,
    inf,
    (S, Statistic("q", "x^2")),
    "-(n * log(2 * pi * v) / 2) - (q - 2 * mu * s + n * mu^2) / (2 * v)",
    (
        Step("Multiply by the variance, which is positive.", "s - n * mu", "0"),
        Step("Bring the term with the unknown to the other side.", "n * mu", "s"),
    ),
    "s / n",
    borders.inside,
    _CONCAVE.format(r"$\mu$"),
)
_VARIANCE = Unknown(
    "v",
    0.0,
    inf,
    (Statistic("d", "(x - mu)^2"),),
    "-(n * log(2 * pi * v) / 2) - d / (2 * v)",
    (
        Step("Multiply by twice the square of the variance, which is positive.", "d - n * v", "0"),
        Step("Bring the term with the unknown to the other side.", "n * v", "d"),
    ),
    "d / n",
    borders.variance_border,
    "The derivative is positive below $\\hat{\\sigma}^2$ and negative above, so that the only stationary point is the "
    "global maximum, although the log-likelihood is not concave everywhere.",
)


def _gaussian(name: str, title: str, known: tuple[str, ...], unknowns: tuple[Unknown, ...]) -> Family:
    return Family(
        name,
        title,
        ("mu", "v"),
        known,
        _is_real,
        "a finite number of at most 1e50 in size",
        r"\frac{1}{\sqrt{2 \pi \sigma^2}} \, e^{-\frac{(x_i - \mu)^2}{2 \sigma^2}}",
        "exp(−(xᵢ − μ)² / (2σ²)) / √(2πσ²)",
        "-(log(2 * pi * v) / 2) - (x - mu)^2 / (2 * v)",
        unknowns,
        discrete=False,
    )


FAMILIES: tuple[Family, ...] = (
    Family(
        "bernoulli",
        "Bernoulli distribution",
        ("theta",),
        (),
        lambda value: value in (0, 1),
        "0 or 1",
        r"\theta^{x_i} (1 - \theta)^{1 - x_i}",
        "θ^xᵢ (1 − θ)^(1 − xᵢ)",
        "xlogy(x, theta) + xlogy(1 - x, 1 - theta)",
        (
            Unknown(
                "theta",
                0.0,
                1.0,
                (S, Statistic("f", "1 - x")),
                "xlogy(s, theta) + xlogy(f, 1 - theta)",
                (
                    Step(
                        r"Multiply by $\theta (1 - \theta)$, which is positive.",
                        "s * (1 - theta) - f * theta",
                        "0",
                    ),
                    Step(
                        r"Multiply out and collect the terms with $\theta$; ones and zeros are all observations, "
                        "$s + f = n$.",
                        "n * theta",
                        "s",
                    ),
                ),
                "s / n",
                borders.bernoulli_border,
                _CONCAVE.format(r"$\theta$ between 0 and 1"),
            ),
        ),
    ),
    Family(
        "poisson",
        "Poisson distribution",
        ("lambda",),
        (),
        _is_count,
        "a whole number from 0 to 1000000000",
        r"\frac{\lambda^{x_i} e^{-\lambda}}{x_i!}",
        "λ^xᵢ e^(−λ) / xᵢ!",
        "xlogy(x, lambda) - lambda - logfact",
        (
            Unknown(
                "lambda",
                0.0,
                inf,
                (S, Statistic("c", "logfact")),
                "xlogy(s, lambda) - n * lambda - c",
                (
                    Step(r"Multiply by $\lambda$, which is positive.", "s - n * lambda", "0"),
                    Step("Bring the term with the unknown to the other side.", "n * lambda", "s"),
                ),
                "s / n",
                borders.poisson_border,
                _CONCAVE.format(r"$\lambda > 0$"),
            ),
        ),
    ),
    Family(
        "exponential",
        "exponential distribution",
        ("lambda",),
        (),
        lambda value: 0 <= value <= LARGEST_NUMBER,
        "a number from 0 to 1e100",
        r"\lambda e^{-\lambda x_i}",
        "λ e^(−λ xᵢ)",
        "log(lambda) - lambda * x",
        (
            Unknown(
                "lambda",
                0.0,
                inf,
                (S,),
                "n * log(lambda) - s * lambda",
                (
                    Step(r"Multiply by $\lambda$, which is positive.", "n - s * lambda", "0"),
                    Step("Bring the term with the unknown to the other side.", "s * lambda", "n"),
                ),
                "n / s",
                borders.exponential_border,
                _CONCAVE.format(r"$\lambda > 0$"),
            ),
        ),
        discrete=False,
    ),
    Family(
        "geometric",
        "geometric distribution",
        ("theta",),
        (),
        lambda value: _is_count(value) and value >= 1,
        "a whole number from 1 to 1000000000, that of the first success",
        r"\theta (1 - \theta)^{x_i - 1}",
        "θ (1 − θ)^(xᵢ − 1)",
        "log(theta) + xlogy(x - 1, 1 - theta)",
        (
            Unknown(
                "theta",
                0.0,
                1.0,
                (S,),
                "n * log(theta) + xlogy(s - n, 1 - theta)",
                (
                    Step(
                        r"Multiply by $\theta (1 - \theta)$, which is positive.",
                        "n * (1 - theta) - (s - n) * theta",
                        "0",
                    ),
                    Step(r"Multiply out and collect the terms with $\theta$.", "s * theta", "n"),
                ),
                "n / s",
                borders.geometric_border,
                _CONCAVE.format(r"$\theta$ between 0 and 1"),
            ),
        ),
    ),
    Family(
        "binomial",
        "binomial distribution",
        ("theta", "m"),
        ("m",),
        _is_count,
        "a whole number from 0 to the number of trials",
        r"\binom{m}{x_i} \theta^{x_i} (1 - \theta)^{m - x_i}",
        "C(m, xᵢ) θ^xᵢ (1 − θ)^(m − xᵢ)",
        "logchoose + xlogy(x, theta) + xlogy(m - x, 1 - theta)",
        (
            Unknown(
                "theta",
                0.0,
                1.0,
                (S, Statistic("c", "logchoose")),
                "c + xlogy(s, theta) + xlogy(m * n - s, 1 - theta)",
                (
                    Step(
                        r"Multiply by $\theta (1 - \theta)$, which is positive.",
                        "s * (1 - theta) - (m * n - s) * theta",
                        "0",
                    ),
                    Step(r"Multiply out and collect the terms with $\theta$.", "m * n * theta", "s"),
                ),
                "s / (m * n)",
                borders.binomial_border,
                _CONCAVE.format(r"$\theta$ between 0 and 1"),
            ),
        ),
    ),
    Family(
        "laplace",
        "Laplace distribution with known mean",
        ("mu", "b"),
        ("mu",),
        _is_real,
        "a finite number of at most 1e50 in size",
        r"\frac{1}{2 b} \, e^{-\frac{|x_i - \mu|}{b}}",
        "exp(−|xᵢ − μ| / b) / (2b)",
        "-log(2 * b) - abs(x - mu) / b",
        (
            Unknown(
                "b",
                0.0,
                inf,
                (Statistic("d", "abs(x - mu)"),),
                "-(n * log(2 * b)) - d / b",
                (
                    Step("Multiply by the square of the scale, which is positive.", "d - n * b", "0"),
                    Step("Bring the term with the unknown to the other side.", "n * b", "d"),
                ),
                "d / n",
                borders.scale_border,
                "The derivative is positive below $\\hat{b}$ and negative above, so that the only stationary point is "
                "the global maximum, although the log-likelihood is not concave everywhere.",
            ),
        ),
        discrete=False,
    ),
    Family(
        "uniform",
        "uniform distribution from 0 to $b$",
        ("b",),
        (),
        lambda value: 0 <= value <= LARGEST_NUMBER,
        "a number from 0 to 1e100",
        r"\frac{1}{b}",
        "1/b",
        "-log(b)",
        (Unknown("b", 0.0, inf, (Statistic("t", "x", "max"),), "-(n * log(b))", (), "t", borders.uniform_border, ""),),
        discrete=False,
    ),
    _gaussian("gaussian", "normal distribution", (), (_MEAN, _VARIANCE)),
    _gaussian("gaussian", "normal distribution with known variance", ("v",), (_MEAN,)),
    _gaussian("gaussian", "normal distribution with known mean", ("mu",), (_VARIANCE,)),
)
NAMES = (
    "bernoulli", "categorical", "gaussian", "poisson", "exponential", "geometric", "binomial", "laplace", "uniform",
)  # fmt: skip


def family(name: str, known: tuple[str, ...] = ()) -> Family:
    """The distribution of that name in which these parameters are known.

    >>> family("gaussian", ("v",)).unknowns[0].estimator
    's / n'
    """
    found = next((entry for entry in FAMILIES if entry.name == name and entry.known == known), None)
    if found is not None:
        return found
    needed = {"laplace": "the mean: its likelihood has a kink at every observation", "binomial": "the number of trials"}
    if name in needed and not known:
        raise ChalkworkError(f"the likelihood of the {name} distribution needs {needed[name]}")
    said = " and ".join(value_name(each) for each in known)
    raise ChalkworkError(f"a known {said} is of no use for the {name} distribution")
