"""The table of distributions: density, support, log-likelihood, estimator, borders, each once and as data.

Formulas are texts in the language of `chalkwork.algebra.reading`. The score and the second derivative are not in the
table: they come from the log-likelihood by Chalkwork's differentiator.

Sources: Bishop, Pattern Recognition and Machine Learning, sections 1.2.4, 2.1, 2.2 and 2.3.4; Casella and Berger,
Statistical Inference, section 7.2.2.
"""

from __future__ import annotations

from dataclasses import replace

from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.likelihood.family import Border, Family, Statistic, Step, Support, Unknown
from chalkwork.typesetting.symbols import Symbol

LARGEST_COUNT = 10**9
LARGEST_NUMBER = 1e100
LARGEST_NORMAL = 1e50
"""The third power of a variance must be a number too: it stands in the second derivative."""
MARKS = {
    "theta": Symbol(r"\theta", "θ"),
    "lambda": Symbol(r"\lambda", "λ"),
    "mu": Symbol(r"\mu", "μ"),
    "v": Symbol(r"\sigma^2", "σ²", raised=True),
    "x": Symbol("x_i", "xᵢ"),
    "logfact": Symbol(r"\log x_i!", "log xᵢ!"),
    "logchoose": Symbol(r"\log \binom{m}{x_i}", "log C(m, xᵢ)"),
    "pi": Symbol(r"\pi", "π"),
    "kappa": Symbol(r"\kappa", "κ"),
    **{letter: Symbol(letter, letter) for letter in "mbtnsfqcd"},
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


_COUNT = Support(_is_count, "a whole number from 0 to 1000000000")
_SUCCESSES = Support(_is_count, "a whole number from 0 to the number of trials")
_FIRST = Support(
    lambda value: _is_count(value) and value >= 1, "a whole number from 1 to 1000000000, that of the first success"
)
_BIT = Support(lambda value: value in (0, 1), "0 or 1")
_SIZE = Support(lambda value: 0 <= value <= LARGEST_NUMBER, "a number from 0 to 1e100")
_REAL = Support(lambda value: abs(value) <= LARGEST_NORMAL, "a finite number of at most 1e50 in size")
_S = Statistic("s", "x")
_COLLECTED = r"Multiply out and collect the terms with $\theta$."
_ONLY = (
    "The derivative is positive below ${}$ and negative above, so that the only stationary point is the global "
    "maximum, although the log-likelihood is not concave everywhere."
)
_NO_SPREAD = (
    "{}: $d = 0$, and the derivative $-\\frac{{n}}{{2 \\sigma^2}}$ is negative everywhere. The smaller the variance, "
    "the higher the density at the observations, without bound: there is no maximum. The formula $\\frac{{d}}{{n}}$ "
    "gives $\\hat{{\\sigma}}^2 = 0$, which is the border and not a normal distribution any more. More observations, "
    "different from each other, are needed."
)
_NO_COUNTS = (
    "Every count is 0, so $s = 0$ and the derivative is $-n$ everywhere: it has no zero. The log-likelihood $-n "
    "\\lambda$ falls from the border on, and its maximum, 0, is there: $\\hat{\\lambda} = 0$, the distribution that "
    "gives nothing but zeros. The formula $\\frac{s}{n}$ gives the same."
)
_NO_TIME = (
    "Every observation is 0, so $s = 0$ and the derivative $\\frac{n}{\\lambda}$ is positive everywhere: the "
    "log-likelihood $n \\log \\lambda$ grows without bound. There is no maximum, and no estimate."
)
_NO_SCALE = (
    "All deviations are 0: $d = 0$, and the derivative $-\\frac{n}{b}$ is negative everywhere. The smaller the "
    "scale, the higher the density at the observations, without bound: there is no maximum."
)
_NO_END = (
    "Every observation is 0: the smaller $b$ is, the higher the density there, without bound. There is no maximum."
)
_AT_THE_END = (
    "That holds as long as no observation is above $b$; otherwise the likelihood is 0. The derivative "
    "$-\\frac{n}{b}$ is negative everywhere, so it has no zero: the likelihood is the higher the smaller $b$ is, "
    "down to the largest observation, where it is at its highest: $\\hat{b} = t$."
)
_ONE_KIND = (
    "Every trial was a {}, so that the log-likelihood is ${}$ and a constant: its derivative has no zero, and its "
    "maximum is at the border, $\\hat{{\\theta}} = {}$. The formula $\\frac{{s}}{{m n}}$ gives the same."
)


def _all_alike(best: int, vanishes: str, what: str, slope: str, log: str, formula: str) -> Border:
    """Observations that are all the same: the derivative has one sign, and the best parameter is 0 or 1."""
    sign, way = (
        ("positive", "grows up to the border of the interval")
        if best
        else ("negative", "falls from the border of the interval on")
    )
    return Border(
        vanishes,
        f"Every observation is a {what} and the derivative ${slope}$ is {sign} everywhere: it has no zero. The "
        f"log-likelihood ${log}$ {way}, and its maximum, 0, is there: $\\hat{{\\theta}} = {best}$. The formula "
        f"${formula}$ gives the same.",
    )


_MEAN = Unknown(
    "mu",
    (_S, Statistic("q", "x^2")),
    "-(n * log(2 * pi * v) / 2) - (q - 2 * mu * s + n * mu^2) / (2 * v)",
    (Step.multiplied("the variance", "s - n * mu"), Step.collected("n * mu", "s")),
    "s / n",
)
_VARIANCE = Unknown(
    "v",
    (Statistic("d", "(x - mu)^2"),),
    "-(n * log(2 * pi * v) / 2) - d / (2 * v)",
    (Step.multiplied("twice the square of the variance", "d - n * v"), Step.collected("n * v", "d")),
    "d / n",
    (
        Border("n - 1", _NO_SPREAD.format("There is a single observation, and the mean is put on it"), False),
        Border("d", _NO_SPREAD.format("All deviations are 0"), False),
    ),
    _ONLY.format(r"\hat{\sigma}^2"),
)


def _family(
    name: str,
    title: str,
    support: Support,
    latex: str,
    text: str,
    log_density: str,
    *unknowns: Unknown,
    known: tuple[str, ...] = (),
    discrete: bool = True,
) -> Family:
    return Family(name, title, support, latex, text, log_density, unknowns, known, discrete)


_NORMAL = _family(
    "gaussian",
    "normal distribution",
    _REAL,
    r"\frac{1}{\sqrt{2 \pi \sigma^2}} \, e^{-\frac{(x_i - \mu)^2}{2 \sigma^2}}",
    "exp(−(xᵢ − μ)² / (2σ²)) / √(2πσ²)",
    "-(log(2 * pi * v) / 2) - (x - mu)^2 / (2 * v)",
    _MEAN,
    _VARIANCE,
    discrete=False,
)
FAMILIES: tuple[Family, ...] = (
    _family(
        "bernoulli",
        "Bernoulli distribution",
        _BIT,
        r"\theta^{x_i} (1 - \theta)^{1 - x_i}",
        "θ^xᵢ (1 − θ)^(1 − xᵢ)",
        "xlogy(x, theta) + xlogy(1 - x, 1 - theta)",
        Unknown(
            "theta",
            (_S, Statistic("f", "1 - x")),
            "xlogy(s, theta) + xlogy(f, 1 - theta)",
            (
                Step.multiplied(r"$\theta (1 - \theta)$", "s * (1 - theta) - f * theta"),
                Step(f"{_COLLECTED[:-1]}; ones and zeros are all observations, $s + f = n$.", "n * theta", "s"),
            ),
            "s / n",
            (
                _all_alike(1, "f", "1, so $f = 0$", r"\frac{s}{\theta}", r"s \log \theta", r"\frac{s}{n}"),
                _all_alike(0, "s", "0, so $s = 0$", r"-\frac{f}{1 - \theta}", r"f \log (1 - \theta)", r"\frac{s}{n}"),
            ),
        ),
    ),
    _family(
        "poisson",
        "Poisson distribution",
        _COUNT,
        r"\frac{\lambda^{x_i} e^{-\lambda}}{x_i!}",
        "λ^xᵢ e^(−λ) / xᵢ!",
        "xlogy(x, lambda) - lambda - logfact",
        Unknown(
            "lambda",
            (_S, Statistic("c", "logfact")),
            "xlogy(s, lambda) - n * lambda - c",
            (Step.multiplied(r"$\lambda$", "s - n * lambda"), Step.collected("n * lambda", "s")),
            "s / n",
            (Border("s", _NO_COUNTS),),
        ),
    ),
    _family(
        "exponential",
        "exponential distribution",
        _SIZE,
        r"\lambda e^{-\lambda x_i}",
        "λ e^(−λ xᵢ)",
        "log(lambda) - lambda * x",
        Unknown(
            "lambda",
            (_S,),
            "n * log(lambda) - s * lambda",
            (Step.multiplied(r"$\lambda$", "n - s * lambda"), Step.collected("s * lambda", "n")),
            "n / s",
            (Border("s", _NO_TIME, False),),
        ),
        discrete=False,
    ),
    _family(
        "geometric",
        "geometric distribution",
        _FIRST,
        r"\theta (1 - \theta)^{x_i - 1}",
        "θ (1 − θ)^(xᵢ − 1)",
        "log(theta) + xlogy(x - 1, 1 - theta)",
        Unknown(
            "theta",
            (_S,),
            "n * log(theta) + xlogy(s - n, 1 - theta)",
            (
                Step.multiplied(r"$\theta (1 - \theta)$", "n * (1 - theta) - (s - n) * theta"),
                Step(_COLLECTED, "s * theta", "n"),
            ),
            "n / s",
            (
                _all_alike(
                    1,
                    "s - n",
                    "1, a success at once, so $s = n$",
                    r"\frac{n}{\theta}",
                    r"n \log \theta",
                    r"\frac{n}{s}",
                ),
            ),
        ),
    ),
    _family(
        "binomial",
        "binomial distribution",
        _SUCCESSES,
        r"\binom{m}{x_i} \theta^{x_i} (1 - \theta)^{m - x_i}",
        "C(m, xᵢ) θ^xᵢ (1 − θ)^(m − xᵢ)",
        "logchoose + xlogy(x, theta) + xlogy(m - x, 1 - theta)",
        Unknown(
            "theta",
            (_S, Statistic("c", "logchoose")),
            "c + xlogy(s, theta) + xlogy(m * n - s, 1 - theta)",
            (
                Step.multiplied(r"$\theta (1 - \theta)$", "s * (1 - theta) - (m * n - s) * theta"),
                Step(_COLLECTED, "m * n * theta", "s"),
            ),
            "s / (m * n)",
            (
                Border("m * n - s", _ONE_KIND.format("success", r"m n \log \theta", 1)),
                Border("s", _ONE_KIND.format("failure", r"m n \log (1 - \theta)", 0)),
            ),
        ),
        known=("m",),
    ),
    _family(
        "laplace",
        "Laplace distribution with known mean",
        _REAL,
        r"\frac{1}{2 b} \, e^{-\frac{|x_i - \mu|}{b}}",
        "exp(−|xᵢ − μ| / b) / (2b)",
        "-log(2 * b) - abs(x - mu) / b",
        Unknown(
            "b",
            (Statistic("d", "abs(x - mu)"),),
            "-(n * log(2 * b)) - d / b",
            (Step.multiplied("the square of the scale", "d - n * b"), Step.collected("n * b", "d")),
            "d / n",
            (Border("d", _NO_SCALE, False),),
            _ONLY.format(r"\hat{b}"),
        ),
        known=("mu",),
        discrete=False,
    ),
    _family(
        "uniform",
        "uniform distribution from 0 to $b$",
        _SIZE,
        r"\frac{1}{b}",
        "1/b",
        "-log(b)",
        Unknown(
            "b",
            (Statistic("t", "x", "max"),),
            "-(n * log(b))",
            (),
            "t",
            (
                Border("t", _NO_END, False),
                Border("0", _AT_THE_END, starts=True),
            ),
        ),
        discrete=False,
    ),
    _NORMAL,
    replace(_NORMAL, title="normal distribution with known variance", unknowns=(_MEAN,), known=("v",)),
    replace(
        _NORMAL,
        title="normal distribution with known mean",
        unknowns=(replace(_VARIANCE, borders=_VARIANCE.borders[1:]),),
        known=("mu",),
    ),
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
