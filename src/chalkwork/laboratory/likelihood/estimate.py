"""Maximum likelihood for one sample: the likelihood, its logarithm, the derivative, the estimator, the maximum."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import exp, fsum, inf, isfinite, lgamma, pi, sqrt
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, names_in
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.model import Block, Display, Heading
from chalkwork.laboratory.likelihood.board import Board, Row, chain, maths, product, prose, total, without_repetition
from chalkwork.laboratory.likelihood.families import MARKS, VALUE_NAMES, Border, Family, Statistic, Unknown, hat
from chalkwork.laboratory.likelihood.picture import Curve, draw_curve
from chalkwork.laboratory.likelihood.slopes import slope
from chalkwork.laboratory.worked import Manner
from chalkwork.typesetting.numbers import shown
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.symbols import Symbol


@dataclass(frozen=True)
class Fit:
    """One estimated parameter: the statistics it was found from, and the estimate (exact where it is rational)."""

    unknown: Unknown
    statistics: Mapping[str, Fraction | float]
    estimate: float
    border: Border | None


class Estimation:
    """The estimation of one family's parameters from one sample.

    `known` holds the parameters that are given.
    """

    def __init__(self, kind: Family, sample: Sequence[Fraction], known: Mapping[str, Fraction], manner: Manner) -> None:
        self.kind = kind
        self.sample = sample
        self.known = known
        self.manner = manner

    @cached_property
    def fits(self) -> list[Fit]:
        """Every unknown with its estimate, in the order in which they are estimated."""
        parameters: dict[str, Fraction | float] = dict(self.known)
        found = []
        for unknown in self.kind.unknowns:
            statistics = {part.name: self._summed(part, parameters) for part in unknown.statistics}
            statistics["n"] = Fraction(len(self.sample))
            border = unknown.border({name: float(value) for name, value in statistics.items()})
            estimate = border.estimate if border else _exactly(unknown.estimator, statistics)
            parameters[unknown.name] = estimate
            found.append(Fit(unknown, statistics, float(estimate), border))
        return found

    @cached_property
    def _numbers_given(self) -> list[float]:
        return [float(value) for value in self.sample]

    @property
    def parameters(self) -> dict[str, float]:
        """Every parameter, known or estimated."""
        known = {name: float(value) for name, value in self.known.items()}
        return known | {fit.unknown.name: fit.estimate for fit in self.fits}

    @property
    def attained(self) -> bool:
        """Whether there is a maximum."""
        return all(fit.border is None or fit.border.attained for fit in self.fits)

    def _summed(self, statistic: Statistic, parameters: Mapping[str, Fraction | float]) -> Fraction | float:
        if statistic.summand == "logfact":
            return fsum(lgamma(float(value) + 1) for value in self.sample)
        summand = _SUMMANDS[statistic.summand]
        return sum((summand(value, Fraction(parameters.get("mu", 0))) for value in self.sample), Fraction(0))

    def log_densities(self, parameters: Mapping[str, float]) -> Any:
        """log p(x_i) for every observation, as an array."""
        return log_densities(self.kind, self._numbers_given, parameters)

    def log_likelihood(self, parameters: Mapping[str, float]) -> float:
        """The log-likelihood of the sample."""
        terms = self.log_densities(parameters)
        return fsum(terms) if np.isfinite(terms).all() else float(np.sum(terms))

    # --- on the board ------------------------------------------------------------------------------------------

    def marks(self, fit: Fit) -> dict[str, Any]:
        """The symbols; what was estimated before has its hat."""
        marks = dict(MARKS)
        for earlier in self.fits[: self.fits.index(fit)]:
            marks[earlier.unknown.name] = hat(MARKS[earlier.unknown.name])
        return marks

    def board(self, fit: Fit, at: float | None = None) -> Board:
        """The board for one unknown; `at` is the number that stands for it."""
        values = {name: float(value) for name, value in (*fit.statistics.items(), *self.known.items())}
        values |= {earlier.unknown.name: earlier.estimate for earlier in self.fits[: self.fits.index(fit)]}
        values |= {"pi": pi, fit.unknown.name: fit.estimate if at is None else at}
        return Board(self.manner, self.marks(fit), values)

    @property
    def arguments(self) -> tuple[str, str]:
        """The unknowns between parentheses, LaTeX and text."""
        marks = [MARKS[unknown.name] for unknown in self.kind.unknowns]
        return ", ".join(mark.latex for mark in marks), ", ".join(mark.text for mark in marks)

    def likelihood_blocks(self) -> list[Block]:
        """The likelihood as a product, and its logarithm as a sum."""
        latex, text = self.arguments
        word = "probability" if self.kind.discrete else "density"
        likelihood = chain(
            maths(f"L({latex})", f"L({text})"),
            [
                [maths(rf"\prod_{{i=1}}^{{n}} p(x_i; {latex})", f"∏ᵢ p(xᵢ; {text})")],
                [maths(rf"\prod_{{i=1}}^{{n}} {self.kind.latex}", f"∏ᵢ {self.kind.text}")],
            ],
        )
        return [
            Heading("Likelihood", 2),
            prose(
                f"{independent(len(self.sample), self.kind.title)} The {word} of the whole sample is therefore "
                "the product of theirs. Read as a function of the unknown, with the sample held fixed, it is the "
                "likelihood."
            ),
            likelihood,
            prose(
                "The logarithm is strictly increasing, so it leaves the place of the maximum where it is; the product "
                "becomes a sum, which is easier to differentiate and does not underflow."
            ),
            chain(
                maths(rf"\ell({latex})", f"ℓ({text})"),
                [
                    [maths(rf"\log L({latex})", f"log L({text})")],
                    [maths(rf"\sum_{{i=1}}^{{n}} \log p(x_i; {latex})", f"∑ᵢ log p(xᵢ; {text})")],
                    [maths(rf"\sum_{{i=1}}^{{n}} {self.kind.log_latex}", f"∑ᵢ {self.kind.log_text}")],
                ],
            ),
        ]

    def estimate_blocks(self) -> list[Block]:
        """Derivative, zero, estimator, second derivative, for every unknown, and the value of the maximum."""
        blocks: list[Block] = [Heading("The estimator", 2)]
        for fit in self.fits:
            if len(self.fits) > 1:
                blocks.append(prose(self._which(fit)))
            blocks += self._collected(fit)
            blocks += self._solved(fit) if fit.border is None else [prose(fit.border.sentence)]
            if fit.unknown.name == "v" and fit.border is None:
                blocks += self._bias(fit)
        return blocks + (self._maximum() if self.attained else [])

    def _which(self, fit: Fit) -> str:
        mark = MARKS[fit.unknown.name].latex
        if fit is self.fits[0]:
            return f"*The unknown ${mark}$*, for any value of the other one:"
        before = hat(MARKS[self.fits[0].unknown.name]).latex
        return f"*The unknown ${mark}$*: the best mean is ${before}$ whatever ${mark}$ is, so it is put in its place."

    def _collected(self, fit: Fit) -> list[Block]:
        board, unknown = self.board(fit), fit.unknown
        expression = board.read(unknown.log_likelihood)
        names = " and ".join(f"${MARKS[part.name].latex}$" for part in unknown.statistics)
        sums = "these sums" if len(unknown.statistics) > 1 else "this sum"
        rows = [board.formula(expression)]
        if fit.border is None:
            rows.append(board.partly(expression, unknown.name))
        return [
            prose(f"The sample enters only through its size and {sums}:"),
            *(self._defined(part, board) for part in unknown.statistics),
            prose(f"In {names} the log-likelihood reads"),
            chain(maths(*self._ell(fit)), without_repetition(rows)),
        ]

    def _ell(self, fit: Fit) -> tuple[str, str]:
        mark = MARKS[fit.unknown.name]
        return rf"\ell({mark.latex})", f"ℓ({mark.text})"

    def _defined(self, statistic: Statistic, board: Board) -> Display:
        """A sum over the sample, written out."""
        summand = board.read(statistic.summand)
        row = board.formula(summand)
        piece = join(*row).enclosed() if len(row) > 1 else join(*row)
        left = board.mark(statistic.name)
        terms = [self._term(board, summand, place) for place in range(len(self.sample)) if self._is_shown(place)]
        whole = self._spread(terms)
        return chain(
            left,
            without_repetition(
                [
                    [maths(r"\sum_{i=1}^{n} ", "∑ᵢ "), piece],
                    total(whole),
                    [board.number(board.values[statistic.name])],
                ]
            ),
        )

    def _is_shown(self, place: int) -> bool:
        return place in shown(len(self.sample), 6)

    def _spread(self, terms: list[Piece]) -> list[Piece]:
        """The terms that are written, with room for the others, which are not."""
        missing = len(self.sample) - len(terms)
        return terms if not missing else [*terms[:-1], *[terms[-1]] * missing, terms[-1]]

    def _term(self, board: Board, summand: Expression, place: int) -> Piece:
        value = float(self.sample[place])
        values = {**board.values, "x": value, "logfact": lgamma(value + 1) if value >= 0 else 0.0}
        own = Board(self.manner, board.marks, values)
        piece = join(*own.put_in(summand))
        return piece.enclosed() if str(summand) == "1 - x" and len(self.sample) > 1 else piece

    def _solved(self, fit: Fit) -> list[Block]:
        board, unknown = self.board(fit), fit.unknown
        mark, estimate = MARKS[unknown.name], hat(MARKS[unknown.name])
        by = Name(unknown.name)
        first = slope(board.read(unknown.log_likelihood), by)
        second = slope(first, by)
        solved = Board(self.manner, {**board.marks, unknown.name: estimate}, board.values)
        head = maths(rf"\frac{{\partial \ell}}{{\partial {mark.latex}}}", f"∂ℓ/∂{mark.text}")
        base = f"({mark.latex})" if mark.raised else mark.latex
        text = f"({mark.text})" if mark.raised else mark.text
        curved = maths(rf"\frac{{\partial^2 \ell}}{{\partial {base}^2}}", f"∂²ℓ/∂{text}²")
        blocks: list[Block] = [
            prose(f"Its derivative by ${mark.latex}$ is"),
            chain(head, [board.formula(first), board.partly(first, unknown.name)]),
            prose("At a maximum inside the interval it is zero:"),
            chain(join(*solved.formula(first)), [[maths("0")]]),
        ]
        for step in unknown.steps:
            left, right = solved.read(step.left), solved.read(step.right)
            blocks += [prose(step.reason), chain(join(*solved.formula(left)), [solved.formula(right)])]
        there = maths(rf"\Big|_{{{estimate.latex}}}", f" at {estimate.text}")
        blocks += [
            prose("So the estimator, and with the numbers of the sample the estimate, is"),
            board.worked(maths(estimate.latex, estimate.text), board.read(unknown.estimator), fit.estimate),
            prose("There the derivative vanishes indeed,"),
            chain(join(head, there), [self._numbers(solved, first), [maths("0")]]),
            prose("and the second derivative is"),
            *self._curvature(board.formula(second), solved, curved, there, second),
            prose(unknown.shape),
        ]
        return blocks

    def _numbers(self, board: Board, expression: Expression) -> list[Piece]:
        """The expression in numbers; a parameter that is not known yet stays."""
        free = [name.name for name in names_in(expression) if name.name not in board.values]
        return board.partly(expression, free[0]) if free else board.put_in(expression)

    def _curvature(
        self, formula: list[Piece], board: Board, head: Piece, there: Piece, second: Expression
    ) -> list[Block]:
        rows: list[Row] = [self._numbers(board, second)]
        if all(name.name in board.values for name in names_in(second)):
            rows = without_repetition([*rows, [board.number(board.value(second))]])
        return [
            chain(head, [formula]),
            chain(join(head, there), [*rows, [maths("0")]], [*["="] * len(rows), "<"]),
        ]

    def _bias(self, fit: Fit) -> list[Block]:
        n = len(self.sample)
        if "mu" in self.known:
            return [
                prose(
                    r"The mean is known, so $d / n$ is unbiased: $\mathbb{E}[\hat{\sigma}^2] = \sigma^2$. No degree of "
                    "freedom went into the mean."
                )
            ]
        board = self.board(fit)
        unbiased = float(fit.statistics["d"]) / (n - 1)
        return [
            prose(
                r"The estimator is biased: the deviations are taken from the mean of the same sample, which lies "
                r"closer "
                rf"to it than the true mean does, so that $\mathbb{{E}}[\hat{{\sigma}}^2] = \frac{{n - 1}}{{n}} "
                rf"\sigma^2$, "
                f"here $\\frac{{{n - 1}}}{{{n}}} \\sigma^2$. Dividing by $n - 1$ removes the bias:"
            ),
            board.worked(maths(r"s_{n-1}^2", "s²ₙ₋₁"), board.read("d / (n - 1)"), unbiased),
        ]

    def _maximum(self) -> list[Block]:
        best = self.log_likelihood(self.parameters)
        board = self.board(self.fits[-1])
        marks = [hat(MARKS[fit.unknown.name]) for fit in self.fits]
        latex, text = ", ".join(mark.latex for mark in marks), ", ".join(mark.text for mark in marks)
        logs = [board.number(value) for value in self.log_densities(self.parameters)]
        factors = [board.number(exp(min(value, 700.0))) for value in self.log_densities(self.parameters)]
        words = "probabilities" if self.kind.discrete else "densities"
        rows = without_repetition([product(factors), [board.number(exp(best))]]) if -700 < best < 700 else []
        return [
            prose(f"With the estimate the {words} of the observations have the product and the logarithms the sum"),
            *([chain(maths(f"L({latex})", f"L({text})"), rows)] if rows else []),
            chain(maths(rf"\ell({latex})", f"ℓ({text})"), without_repetition([total(logs), [board.number(best)]])),
        ]

    # --- the curve -----------------------------------------------------------------------------------------------

    def curve_blocks(self) -> list[Block]:
        """The log-likelihood over each unknown, the others at their estimates."""
        if not self.attained:
            return [prose("There is no maximum to mark, so no curve is drawn.")]
        blocks: list[Block] = [Heading("The curve", 2)]
        for fit in self.fits:
            board, name = self.board(fit), fit.unknown.name
            best = board.number(self.log_likelihood(self.parameters)).latex
            blocks.append(prose(course(MARKS[name], board.number(fit.estimate).latex, best, fit)))
            blocks.append(self._figure(fit))
        return blocks

    def _figure(self, fit: Fit) -> Block:
        mark = MARKS[fit.unknown.name]

        def function(at: float) -> float:
            return self.log_likelihood({**self.parameters, fit.unknown.name: at})

        low, high = self.interval(fit)
        curve = Curve(function, low, high, fit.estimate, mark.text, f"ℓ({mark.text})", hat(mark).text)
        others = [f"${hat(MARKS[other.unknown.name]).latex}$" for other in self.fits if other is not fit]
        held = f", with {others[0]} for the other" if others else ""
        caption = f"The log-likelihood over ${mark.latex}${held}; its maximum is the estimate"
        return draw_curve(curve, "Log-likelihood", caption, self.manner.numbers)

    def interval(self, fit: Fit) -> tuple[float, float]:
        """Where the curve is worth drawing: three standard errors on both sides, within the parameter's bounds."""
        unknown, n = fit.unknown, len(self.sample)
        if fit.border is not None:
            return (0.0, 1.0) if isfinite(unknown.high) else (0.0, 5.0 / n)
        curvature = -self._slopes(fit)[1]
        error = 3.5 / sqrt(curvature)
        low, high = max(unknown.low, fit.estimate - error), min(unknown.high, fit.estimate + error)
        if isfinite(unknown.low) and low == unknown.low:
            high = max(high, min(unknown.high, 2.5 * fit.estimate))
        return low, high

    def _slopes(self, fit: Fit) -> tuple[float, float]:
        """The first and the second derivative of the log-likelihood at the estimate."""
        board = self.board(fit)
        everywhere = Board(self.manner, board.marks, {**board.values, **self.parameters})
        by = Name(fit.unknown.name)
        first = slope(board.read(fit.unknown.log_likelihood), by)
        return _clean(everywhere, first), everywhere.value(slope(first, by))

    def values(self) -> dict[str, Any]:
        """The values of the answer, by name."""
        found: dict[str, Any] = {"distribution": self.kind.name, "n": len(self.sample)}
        for fit in self.fits:
            name = VALUE_NAMES.get(fit.unknown.name, fit.unknown.name)
            found[name] = fit.estimate
            if self.attained and fit.border is None:
                found[f"score_{name}"], found[f"second_derivative_{name}"] = self._slopes(fit)
        if "v" in self.parameters and "mu" not in self.known and "v" not in self.known and len(self.sample) > 1:
            found["variance_unbiased"] = float(self.fits[-1].statistics["d"]) / (len(self.sample) - 1)
        best = self.log_likelihood(self.parameters) if self.attained else inf
        return found | {
            "attained": self.attained,
            "log_likelihood": best,
            "likelihood": exp(best) if best < 700 else inf,
        }


def independent(n: int, distribution: str) -> str:
    """How the observations are related, in a sentence."""
    if n == 1:
        return (
            f"There is a single observation of the {distribution}, $n = 1$; the formulas are written for any number of "
            "independent ones."
        )
    return f"The $n = {n}$ observations are independent and all come from the same {distribution}."


def course(mark: Symbol, estimate: str, best: str, fit: Fit | None = None) -> str:
    """How the log-likelihood runs, in a sentence."""
    at = f"the estimate ${hat(mark).latex} = {estimate}$"
    if fit is not None and fit.border is not None:
        way = "rises up to" if fit.estimate else "falls from its highest value at"
        return f"The log-likelihood over ${mark.latex}$ {way} the border, {at}, where it is ${best}$."
    return f"The log-likelihood over ${mark.latex}$ rises up to {at}, where it is ${best}$, and falls behind it."


_SUMMANDS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "x": lambda x, mean: x,
    "1 - x": lambda x, mean: 1 - x,
    "x^2": lambda x, mean: x * x,
    "(x - mu)^2": lambda x, mean: (x - mean) ** 2,
}


def _exactly(estimator: str, statistics: Mapping[str, Fraction | float]) -> Fraction | float:
    above, below = estimator.split(" / ")
    return statistics[above] / statistics[below]


def _clean(board: Board, expression: Expression) -> float:
    """The value where it should vanish: what is left of terms that cancel to rounding is 0."""
    value = board.value(expression)
    parts = [abs(board.value(part)) for part in getattr(expression, "arguments", ())]
    return 0.0 if abs(value) <= 1e-12 * max(parts, default=1.0) else value


def log_densities(kind: Family, values: Sequence[float], parameters: Mapping[str, float]) -> Any:
    """log p(x) of each value, as an array; minus infinity where the probability is 0."""
    known = {name: np.array([[value]]) for name, value in (*parameters.items(), ("pi", pi))}
    column = np.array(values, dtype=np.float64).reshape(-1, 1, 1)
    known["x"] = column
    if kind.name == "poisson":
        known["logfact"] = np.array([lgamma(value + 1) for value in values]).reshape(-1, 1, 1)
    board = Board(Manner(), MARKS, {})
    with np.errstate(all="ignore"):
        return np.broadcast_to(evaluate(board.read(kind.log_density), known), column.shape).reshape(-1)
