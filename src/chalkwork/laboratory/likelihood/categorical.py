"""Maximum likelihood for a categorical distribution: the constraint, its multiplier, the shares of the classes.

Source: Bishop, Pattern Recognition and Machine Learning, section 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, fsum, inf, log
from typing import Any

from chalkwork.algebra.expression import Name
from chalkwork.documents.model import Block, Heading
from chalkwork.laboratory.likelihood.board import Board, chain, maths, product, prose, total, without_repetition
from chalkwork.laboratory.likelihood.estimate import course, independent
from chalkwork.laboratory.likelihood.families import MARKS
from chalkwork.laboratory.likelihood.picture import Curve, draw_curve
from chalkwork.laboratory.likelihood.slopes import slope
from chalkwork.laboratory.worked import Manner
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.symbols import Symbol

MOST_SHARES = 12
_OWN = {
    **MARKS,
    "theta": Symbol(r"\theta_k", "θₖ"),
    "nk": Symbol("n_k", "nₖ"),
}


class Categorical:
    """The estimation of the probabilities of the classes 1 to `classes` from a sample of class numbers."""

    def __init__(self, sample: Sequence[int], classes: int, manner: Manner) -> None:
        self.sample = sample
        self.manner = manner
        self.counts = [sum(1 for value in sample if value == k) for k in range(1, classes + 1)]
        self.n = len(sample)
        self.estimate = [count / self.n for count in self.counts]
        self.board = Board(manner, _OWN, {"n": float(self.n)})

    @property
    def log_likelihood(self) -> float:
        """Its value at the estimate, from minus infinity to 0."""
        return fsum(count * log(p) for count, p in zip(self.counts, self.estimate, strict=True) if count)

    def likelihood_blocks(self) -> list[Block]:
        """The likelihood as a product over observations, then over classes, and its logarithm."""
        return [
            Heading("Likelihood", 2),
            prose(
                f"{independent(self.n, 'categorical distribution')} "
                r"Class $k$ has the probability $\theta_k$, and $\sum_k \theta_k = 1$. The probability of the whole "
                "sample is therefore the product of theirs. Equal factors are powers, with the counts $n_k$ of the "
                "classes as exponents."
            ),
            chain(
                maths(r"L(\theta)", "L(θ)"),
                [
                    [maths(r"\prod_{i=1}^{n} p(x_i; \theta)", "∏ᵢ p(xᵢ; θ)")],
                    [maths(r"\prod_{i=1}^{n} \theta_{x_i}", "∏ᵢ θ_(xᵢ)")],
                    [maths(rf"\prod_{{k=1}}^{{{len(self.counts)}}} \theta_k^{{n_k}}", "∏ₖ θₖ^nₖ")],
                ],
            ),
            self.board.table(
                ["class $k$", "count $n_k$"],
                [[float(k) for k in range(1, len(self.counts) + 1)], [float(count) for count in self.counts]],
            ),
            prose(
                "The logarithm is strictly increasing, so it leaves the place of the maximum where it is; the product "
                "becomes a sum."
            ),
            chain(
                maths(r"\ell(\theta)", "ℓ(θ)"),
                [
                    [maths(rf"\sum_{{k=1}}^{{{len(self.counts)}}} n_k \log \theta_k", "∑ₖ nₖ log θₖ")],
                    total([self._term(k) for k, count in enumerate(self.counts, 1) if count]),
                ],
            ),
        ]

    def _term(self, k: int) -> Piece:
        count = self.counts[k - 1]
        latex, text = ("", "") if count == 1 else (rf"{count} \, ", f"{count} ")
        return maths(rf"{latex}\log \theta_{{{k}}}", f"{text}log θ{subscript(str(k))}")

    def estimate_blocks(self) -> list[Block]:
        """The Lagrangian, its zero, the multiplier, the shares, and the second derivative."""
        summand = self.board.read("nk * log(theta) - kappa * theta")
        by = Name("theta")
        first = slope(summand, by)
        second = slope(first, by)
        hatted = Board(self.manner, {**_OWN, "theta": Symbol(r"\hat{\theta}_k", "θ̂ₖ")}, {"n": float(self.n)})

        def line(left: str, right: str) -> Block:
            return chain(join(*hatted.formula(hatted.read(left))), [hatted.formula(hatted.read(right))])

        derivative = maths(r"\frac{\partial \Lambda}{\partial \theta_k}", "∂Λ/∂θₖ")
        curved = maths(r"\frac{\partial^2 \Lambda}{\partial \theta_k^2}", "∂²Λ/∂θₖ²")
        blocks: list[Block] = [
            Heading("The estimator", 2),
            prose(
                r"The probabilities add up to one, so the maximum is sought under the constraint $\sum_k \theta_k = "
                r"1$, "
                r"with a Lagrange multiplier $\kappa$:"
            ),
            chain(
                maths(r"\Lambda(\theta, \kappa)", "Λ(θ, κ)"),
                [
                    [
                        maths(
                            r"\sum_k n_k \log \theta_k + \kappa \Bigl( 1 - \sum_k \theta_k \Bigr)",
                            "∑ₖ nₖ log θₖ + κ (1 − ∑ₖ θₖ)",
                        )
                    ]
                ],
            ),
            prose(r"Its derivative by $\theta_k$, which occurs in one term of each sum, is"),
            chain(derivative, [self.board.formula(first)]),
            prose("At the maximum it is zero for every class:"),
            chain(join(*hatted.formula(first)), [[maths("0")]]),
            prose(r"Multiply by $\hat{\theta}_k$ and solve for it."),
            line("theta", "nk / kappa"),
            prose("The probabilities add up to one, and the counts to $n$; this gives the multiplier."),
            chain(
                maths("1"),
                [
                    [maths(r"\sum_k \hat{\theta}_k", "∑ₖ θ̂ₖ")],
                    [maths(r"\frac{1}{\kappa} \sum_k n_k", "1/κ ∑ₖ nₖ")],
                    [maths(r"\frac{n}{\kappa}", "n / κ")],
                ],
            ),
            prose(rf"So $\kappa = n = {self.n}$, and the estimate of a probability is the share of its class:"),
            line("theta", "nk / n"),
            *(self._share(k) for k in range(1, min(len(self.counts), MOST_SHARES) + 1)),
            *([prose("The other classes follow in the same way.")] if len(self.counts) > MOST_SHARES else []),
            prose(r"For every class that occurs the second derivative is negative, and mixed ones are 0,"),
            chain(curved, [self.board.formula(second), [maths("0")]], ["=", "<"]),
            prose(
                "so the log-likelihood is concave, and the stationary point under the constraint is its only maximum."
            ),
        ]
        missing = [str(k) for k, count in enumerate(self.counts, 1) if not count]
        if missing:
            blocks.append(prose(self._border(missing)))
        return [*blocks, *self._maximum()]

    def _border(self, missing: Sequence[str]) -> str:
        which = f"Class {missing[0]} does" if len(missing) == 1 else f"The classes {', '.join(missing)} do"
        return (
            f"{which} not occur, so the count is 0 and the term $0 \\cdot \\log \\theta_k$ drops out: the derivative "
            r"is $-\kappa$ and has no zero. Mass on such a class is taken from the others for nothing, and the "
            r"maximum is at "
            r"the border, $\hat{\theta}_k = 0$, which the formula gives too. The model then calls impossible what "
            r"has merely "
            "not been seen; a larger sample, or a prior on the probabilities, avoids that."
        )

    def _share(self, k: int) -> Block:
        count = self.counts[k - 1]
        value = self.board.number(self.estimate[k - 1])
        return chain(
            maths(rf"\hat{{\theta}}_{{{k}}}", f"θ̂{subscript(str(k))}"),
            without_repetition([[maths(rf"\frac{{{count}}}{{{self.n}}}", f"{count} / {self.n}")], [value]]),
        )

    def _maximum(self) -> list[Block]:
        number = self.board.number
        logs = [number(log(self.estimate[value - 1])) for value in self.sample]
        factors = [number(self.estimate[value - 1]) for value in self.sample]
        best = self.log_likelihood
        rows = without_repetition([product(factors), [number(exp(best))]])
        return [
            prose(
                "With the estimate the probabilities of the observations have the product and the logarithms the sum"
            ),
            *([chain(maths(r"L(\hat{\theta})", "L(θ̂)"), rows)] if best > -700 else []),
            chain(maths(r"\ell(\hat{\theta})", "ℓ(θ̂)"), without_repetition([total(logs), [number(best)]])),
        ]

    def curve_blocks(self) -> list[Block]:
        """The log-likelihood over the probability of one class, the others kept in their proportions."""
        k = next(k for k, count in enumerate(self.counts) if count)
        own, rest = self.counts[k], self.n - self.counts[k]
        others = fsum(c * log(c / rest) for j, c in enumerate(self.counts) if j != k and c) if rest else 0.0

        def function(at: float) -> float:
            if at <= 0 or (rest and at >= 1):
                return -inf
            return own * log(at) + (rest * log(1 - at) if rest else 0.0) + others

        text = f"θ{subscript(str(k + 1))}"
        curve = Curve(function, 0.0, 1.0, self.estimate[k], text, f"ℓ({text})", f"θ̂{subscript(str(k + 1))}")
        caption = (
            f"The log-likelihood over $\\theta_{{{k + 1}}}$, the other probabilities kept in their estimated "
            f"proportions; "
            "its maximum is the estimate"
        )
        words = course(
            Symbol(rf"\theta_{{{k + 1}}}", text),
            self.board.number(self.estimate[k]).latex,
            self.board.number(self.log_likelihood).latex,
        )
        return [
            Heading("The curve", 2),
            prose(words),
            draw_curve(curve, "Log-likelihood", caption, self.manner.numbers),
        ]

    def values(self) -> dict[str, Any]:
        """The values of the answer, by name."""
        best = self.log_likelihood
        return {
            "distribution": "categorical",
            "n": self.n,
            "counts": list(self.counts),
            "theta": list(self.estimate),
            "multiplier": float(self.n),
            "attained": True,
            "log_likelihood": best,
            "likelihood": exp(best),
        }
