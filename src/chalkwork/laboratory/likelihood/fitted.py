"""What every distribution that is fitted to a sample has: stages, letters, and the sample as a distribution.

Source: Goodfellow, Bengio and Courville, Deep Learning, section 5.5, equations 5.56 to 5.61.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.derivation.work_out import work_out
from chalkwork.laboratory.work import Work
from chalkwork.typesetting.symbols import Symbol

SUMS = Stage("sums", "Sums over the sample")
ESTIMATE = Stage("estimate", "The estimator")
DERIVATIVES = Stage("derivatives", "Derivatives at the estimate")
MAXIMUM = Stage("maximum", "The maximum")
EMPIRICAL = Stage("empirical", "The sample as a distribution")
DATA = r"\hat{p}_{\text{data}}"
"""The empirical distribution."""
LARGEST_LOGARITHM = 700.0
"""A likelihood whose logarithm is larger in size leaves the range of double precision."""


class Fitted(Work):
    """A distribution with its parameters and their estimates, as they print together, and its derivation."""

    attained = True
    estimates: list[str]

    def __init__(self, title: str, letters: Sequence[Symbol], hats: Sequence[Symbol], discrete: bool) -> None:
        super().__init__()
        self.title = title
        self.letter, self.hatted = (
            Symbol(", ".join(each.latex for each in some), ", ".join(each.text for each in some))
            for some in (letters, hats)
        )
        self.discrete = discrete
        several = len(hats) > 1
        self.together = Symbol("", "").at(self.hatted) if several else self.hatted
        """The estimates as one thing: several of them in parentheses."""
        latex = self.hatted.latex
        written = {
            "log_p": rf"\log p(x_i; {latex})",
            "log_likelihood": rf"\ell({latex})",
            "likelihood": f"L({latex})",
            "values": "x_k",
            "counts": "n_k",
            "empirical": rf"{DATA}(x_k)",
            "log_model": rf"\log p(x_k; {latex})",
            "generating": r"p_{\text{data}}(x_k)",
            "mean_log_likelihood": rf"\frac{{1}}{{n}} \ell({latex})",
            "cross_entropy": rf"H({DATA}, p_{{{latex}}})",
            "entropy": f"H({DATA})",
            "divergence": rf"\mathrm{{KL}}({DATA} \,\Vert\, p_{{{latex}}})",
        }
        self.letters |= {name: Symbol.of(symbol) for name, symbol in written.items()}


def shares(kinds: int) -> Equation:
    """The share of each of the different observations."""
    return Equation("empirical", Name("counts", (kinds, 1)) / Name("n"), EMPIRICAL)


def expectations(share: Name, mean: Expression, divergence: Expression | None) -> list[Equation]:
    """The mean log-likelihood and, of discrete values, the entropy and the divergence."""
    found = {"mean_log_likelihood": mean, "cross_entropy": -Name("mean_log_likelihood")}
    if divergence is not None:
        found |= {"entropy": -apply("sum", apply("xlogy", share, share)), "divergence": divergence}
    return [Equation(name, expression, EMPIRICAL) for name, expression in found.items()]


def add_likelihood(work: Work, stage: Stage, suffix: str = "") -> None:
    """The likelihood itself; where it is beyond double precision, that as a fact instead."""
    best = float(work_out(work.derivation, work.given_values)[f"log_likelihood{suffix}"].item())
    if abs(best) > LARGEST_LOGARITHM:
        work.facts[f"likelihood{suffix}"] = 0.0 if best < 0 else inf
    else:
        work.equation(f"likelihood{suffix}", apply("exp", Name(f"log_likelihood{suffix}")), stage)
