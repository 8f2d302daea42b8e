"""Maximum likelihood for a categorical distribution: the constraint, its multiplier, the shares of the classes.

Source: Bishop, Pattern Recognition and Machine Learning, section 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Name, apply, replace
from chalkwork.algebra.reading import read
from chalkwork.derivation.derivation import Equation
from chalkwork.documents.model import Block, Heading
from chalkwork.errors import ValueProblem
from chalkwork.laboratory.likelihood import text
from chalkwork.laboratory.likelihood.comparison import (
    DERIVATIVES,
    EMPIRICAL,
    ESTIMATE,
    MAXIMUM,
    SUMS,
    Fitted,
    Row,
    expectations,
    shares,
)
from chalkwork.laboratory.likelihood.estimate import slope
from chalkwork.laboratory.likelihood.sample import probabilities
from chalkwork.solutions.board import Board, display, maths
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.symbols import Symbol

MOST_SHARES = 12
_POINTS = 161
_FREE = {"theta": Name("any_theta"), "nk": Name("any_count"), "kappa": Name("multiplier"), "n": Name("n")}


class Categorical(Fitted):
    """The estimation of the probabilities of the classes 1 to `classes` from a sample of class numbers.

    `generating` are the probabilities of the data-generating distribution, where somebody knows them.
    """

    def __init__(self, sample: Sequence[int], classes: int, generating: Any = None) -> None:
        super().__init__("categorical distribution", [Symbol(r"\theta", "θ")], [Symbol(r"\hat{\theta}", "θ̂")], True)
        self.sample = sample
        self.classes = classes
        self.n = len(sample)
        self.counts = [sum(1 for value in sample if value == k) for k in range(1, classes + 1)]
        self.estimates = ["theta"]
        self.facts |= {"distribution": "categorical", "attained": True}
        self.given("x", [sample])
        self.given("n", self.n)
        self.given("values", range(1, classes + 1))
        self.equations += self._derived()
        if generating is not None:
            truth = probabilities(generating, "generating")
            if len(truth) != classes:
                raise ValueProblem(f"generating has {len(truth)} entries, and there are {classes} classes")
            self.equation("generating", self.given("theta_data", [float(share) for share in truth]), EMPIRICAL)
        self.letters |= {
            "x": Symbol.of("x_i"),
            "values": Symbol.of("k"),
            "theta": Symbol.of(r"\hat{\theta}_k"),
            "multiplier": Symbol.of(r"\kappa"),
            "any_theta": Symbol.of(r"\theta_k"),
            "any_count": Symbol.of("n_k"),
            "slope": Symbol.of(r"\frac{\partial \Lambda}{\partial \theta_k}"),
            "curvature": Symbol(r"\frac{\partial^2 \Lambda}{\partial \theta_k^2}", "∂²Λ/∂θₖ²"),
        }

    def _derived(self) -> list[Equation]:
        """Counts, multiplier, shares, the maximum, and the sample as a distribution."""
        column = (self.classes, 1)
        counts, theta, share = (Name(name, column) for name in ("counts", "theta", "empirical"))
        seen = apply("equal", Name("values", column), Name("x", (1, self.n)))
        logs = Equation("log_p", apply("log", apply("sum", seen * theta, axis=-2)), MAXIMUM)
        each = apply("sum", logs.symbol)
        whole = apply("sum", apply("xlogy", counts, theta))
        mean = apply("sum", apply("xlogy", share, theta))
        apart = apply("sum", apply("xlogy", share, share) - apply("xlogy", share, theta))
        return [
            Equation("counts", apply("sum", seen, axis=-1), SUMS),
            Equation("multiplier", apply("sum", counts), DERIVATIVES),
            Equation("theta", counts / Name("multiplier"), ESTIMATE),
            logs,
            Equation("log_likelihood", whole, MAXIMUM, steps=(each,), worked=each),
            shares(self.classes),
            *expectations(share, mean, apart),
        ]


# --- what is written -------------------------------------------------------------------------------------------------


def given_blocks(board: Board, work: Categorical) -> list[Block]:
    """The sample."""
    return [board.prose(text.sample_words(board, [float(k) for k in work.sample], "sample of class numbers"))]


def likelihood_blocks(board: Board, work: Categorical) -> Iterator[Block]:
    """The likelihood as a product over observations, then over classes, and its logarithm."""
    yield Heading("Likelihood", 2)
    yield board.prose(
        f"{text.independent(work.n, 'categorical distribution')} Class $k$ has the probability $\\theta_k$, and "
        r"$\sum_k \theta_k = 1$. The probability of the whole sample is therefore the product of theirs. Equal "
        "factors are powers, with the counts $n_k$ of the classes as exponents."
    )
    yield board.chain(
        maths(r"L(\theta)"),
        maths(r"\prod_{i=1}^{n} p(x_i; \theta)"),
        maths(r"\prod_{i=1}^{n} \theta_{x_i}"),
        maths(rf"\prod_{{k=1}}^{{{work.classes}}} \theta_k^{{n_k}}"),
    )
    columns = [[float(value) for value in np.ravel(board.values[name])] for name in ("values", "counts")]
    yield board.table(["class $k$", "count $n_k$"], columns)
    yield board.prose(
        "The logarithm is strictly increasing, so it leaves the place of the maximum where it is; the product "
        "becomes a sum."
    )
    terms = text.total([_term(board, work, k) for k, count in enumerate(work.counts, 1) if count])
    yield board.chain(
        maths(r"\ell(\theta)"),
        board.maths(rf"\sum_{{k=1}}^{{{work.classes}}} n_k \log \theta_k"),
        terms,
    )


def _term(board: Board, work: Categorical, k: int) -> Piece:
    count = work.counts[k - 1]
    latex, plain = ("", "") if count == 1 else (rf"{count} \, ", f"{count} ")
    return board.maths(rf"{latex}\log \theta_{{{k}}}", f"{plain}log θ{subscript(str(k))}")


def estimate_blocks(board: Board, work: Categorical) -> Iterator[Block]:
    """The Lagrangian, its zero, the multiplier, the shares, and the second derivative."""
    any_theta, estimate = Name("any_theta"), Name("theta")
    first = slope(read("nk * log(theta) - kappa * theta", _FREE), any_theta)
    yield Heading("The estimator", 2)
    yield board.prose(
        r"The probabilities add up to one, so the maximum is sought under the constraint $\sum_k \theta_k = 1$, "
        r"with a Lagrange multiplier $\kappa$:"
    )
    yield board.chain(
        maths(r"\Lambda(\theta, \kappa)"),
        board.maths(r"\sum_k n_k \log \theta_k + \kappa \Bigl( 1 - \sum_k \theta_k \Bigr)"),
    )
    yield board.prose(r"Its derivative by $\theta_k$, which occurs in one term of each sum, is")
    yield board.chain("slope", first)
    yield board.prose("At the maximum it is zero for every class:")
    yield board.chain(join(*board.formula(replace(first, {any_theta: estimate}))), maths("0"))
    yield board.prose(r"Multiply by $\hat{\theta}_k$ and solve for it.")
    yield board.chain("theta", read("nk / kappa", _FREE))
    yield board.prose("The probabilities add up to one, and the counts to $n$; this gives the multiplier.")
    yield board.chain(
        maths("1"),
        maths(r"\sum_k \hat{\theta}_k"),
        maths(r"\frac{1}{\kappa} \sum_k n_k"),
        maths(r"\frac{n}{\kappa}"),
    )
    yield from board.equation("multiplier")
    yield board.prose(rf"So $\kappa = n = {work.n}$, and the estimate of a probability is the share of its class:")
    yield from (display(board.solution.equation(f"theta[{k}]")) for k in range(1, min(work.classes, MOST_SHARES) + 1))
    if work.classes > MOST_SHARES:
        yield board.prose("The other classes follow in the same way.")
    yield board.prose("For every class that occurs the second derivative is negative, and mixed ones are 0,")
    yield board.chain("curvature", slope(first, any_theta), maths("0"), relations=["=", "<"])
    yield board.prose(
        "so the log-likelihood is concave, and the stationary point under the constraint is its only maximum."
    )
    missing = [str(k) for k, count in enumerate(work.counts, 1) if not count]
    if missing:
        yield board.prose(_border(missing))
    yield from text.maximum_blocks(board, "probabilities")


def curve_blocks(board: Board, work: Categorical) -> Iterator[Block]:
    """The log-likelihood over the probability of one class, the others kept in their proportions."""
    k = next(k for k, count in enumerate(work.counts) if count)
    theta = board.values["theta"]
    best = float(theta[k, 0])
    mark = Symbol(rf"\theta_{{{k + 1}}}", f"θ{subscript(str(k + 1))}")

    def along(places: Any) -> dict[str, Any]:
        rest = np.where(np.arange(len(theta))[:, None] == k, 0.0, theta)
        others = rest * (1 - places) / (1 - best) if best < 1 else rest
        return {"theta": np.where(np.arange(len(theta))[:, None] == k, places, others)}

    yield Heading("The curve", 2)
    yield board.prose(text.course(board, mark, best))
    caption = (
        f"The log-likelihood over ${mark.latex}$, the other probabilities kept in their estimated proportions; its "
        "maximum is the estimate"
    )
    yield text.draw(board, mark, best, np.linspace(0.0, 1.0, _POINTS), along, caption)


def grid(board: Board, work: Categorical) -> list[Row]:
    """The estimate, equal probabilities, and what lies between."""
    best = board.values["theta"]
    uniform = np.full_like(best, 1 / work.classes)
    rows: list[Row] = [(f"{text.listed(board, best, 5)} (estimate)", {})]
    others = ((best + uniform) / 2, uniform)
    return rows + [(text.listed(board, each, 5), {"theta": each}) for each in others if (each != best).any()]


def _border(missing: Sequence[str]) -> str:
    which = f"Class {missing[0]} does" if len(missing) == 1 else f"The classes {', '.join(missing)} do"
    return (
        f"{which} not occur, so the count is 0 and the term $0 \\cdot \\log \\theta_k$ drops out: the derivative "
        r"is $-\kappa$ and has no zero. Mass on such a class is taken from the others for nothing, and the maximum is "
        r"at the border, $\hat{\theta}_k = 0$, which the formula gives too. The model then calls impossible what has "
        "merely not been seen; a larger sample, or a prior on the probabilities, avoids that."
    )
