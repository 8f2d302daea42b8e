"""What every distribution that is fitted to a sample has: stages, letters, and the sample as a distribution.

Source: Goodfellow, Bengio and Courville, Deep Learning, section 5.5, equations 5.56 to 5.61.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.work_out import work_out
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


class Fitted:
    """A distribution with its parameters and their estimates, as they print together, and its derivation."""

    attained = True
    estimates: list[str]
    givens: dict[Name, Any]
    equations: list[Equation]
    facts: Mapping[str, Any]

    def __init__(self, title: str, letters: Sequence[Symbol], hats: Sequence[Symbol], discrete: bool) -> None:
        self.title = title
        self.letter, self.hatted = (
            Symbol(", ".join(each.latex for each in some), ", ".join(each.text for each in some))
            for some in (letters, hats)
        )
        self.discrete = discrete
        several = len(hats) > 1
        self.together = Symbol("", "").at(self.hatted) if several else self.hatted
        """The estimates as one thing: several of them in parentheses."""

    @property
    def letters(self) -> dict[str, Symbol]:
        """How the names print."""
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
        return {name: Symbol.of(symbol) for name, symbol in written.items()}


def shares(kinds: int) -> Equation:
    """The share of each of the different observations."""
    return Equation("empirical", Name("counts", (kinds, 1)) / Name("n"), EMPIRICAL)


def expectations(share: Name, mean: Expression, divergence: Expression | None) -> list[Equation]:
    """The mean log-likelihood and, of discrete values, the entropy and the divergence."""
    found = {"mean_log_likelihood": mean, "cross_entropy": -Name("mean_log_likelihood")}
    if divergence is not None:
        found |= {"entropy": -apply("sum", apply("xlogy", share, share)), "divergence": divergence}
    return [Equation(name, expression, EMPIRICAL) for name, expression in found.items()]


def with_likelihood(
    derivation: Derivation, givens: Mapping[str, Any], stage: Stage, suffix: str = ""
) -> tuple[Derivation, dict[str, float]]:
    """The derivation with the likelihood itself; where it is beyond double precision, that as a fact instead."""
    best = float(work_out(derivation, givens)[f"log_likelihood{suffix}"].item())
    if abs(best) > LARGEST_LOGARITHM:
        return derivation, {f"likelihood{suffix}": 0.0 if best < 0 else inf}
    whole = apply("exp", Name(f"log_likelihood{suffix}"))
    return derivation.extended([Equation(f"likelihood{suffix}", whole, stage)]), {}


def column(values: Any) -> Any:
    """Numbers as a column."""
    return np.array(values, dtype=np.float64).reshape(-1, 1)
