"""What every fitted distribution has, and the sample as a distribution beside it: expectations, cross-entropy and KL.

Source: Goodfellow, Bengio and Courville, Deep Learning, section 5.5, equations 5.56 to 5.61.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.derivation.evaluate import evaluate_each
from chalkwork.derivation.work_out import work_out
from chalkwork.documents.model import Block, Heading
from chalkwork.laboratory.work import Work
from chalkwork.solutions.board import Board
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


MOST_ROWS = 12


Row = tuple[str, Mapping[str, Any]]
"""Parameters to compare with the estimate: how they are written, and their values by name."""


def at(board: Board, parameters: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The names with other parameters in place of the estimates; leading axes are carried along."""
    kept = [e for e in board.derivation.needed(names) if e.stage in (SUMS, MAXIMUM, EMPIRICAL)]
    known = [*(name.name for name in board.derivation.givens), *board.named(ESTIMATE)]
    return evaluate_each(kept, {**{name: board.values[name] for name in known}, **parameters})


# --- what is written -------------------------------------------------------------------------------------------------


def _column(values: Any) -> list[float]:
    return [float(value) for value in np.ravel(values)[:MOST_ROWS]]


def _note(board: Board) -> list[Block]:
    count = board.values["values"].size
    if count <= MOST_ROWS:
        return []
    return [board.prose(f"The table shows the first {MOST_ROWS} of {count} different values.")]


def empirical_blocks(board: Board, work: Fitted) -> Iterator[Block]:
    """The empirical distribution against the one that generates the data."""
    maths, head = board.maths, ["$x$", "count", "share (empirical)"]
    columns = [_column(board.values[name]) for name in ("values", "counts", "empirical")]
    yield Heading("Empirical and data-generating distribution", 2)
    yield board.prose(
        r"The data-generating distribution $p_{\text{data}}$ is the one the observations are drawn from. It is a "
        "property of the world, usually unknown, and does not change from sample to sample. The empirical "
        r"distribution $\hat{p}_{\text{data}}$ is made from the sample: it puts the mass $\frac{1}{n}$ on every "
        "observation, so that a value has the share of the observations that are equal to it, and a value that was "
        "not observed has probability 0. It is known exactly, differs from sample to sample, and by the law of "
        "large numbers approaches the data-generating distribution as the sample grows."
    )
    yield board.chain(
        maths(r"\hat{p}_{\text{data}}(x)"),
        maths(r"\frac{1}{n} \sum_{i=1}^{n} \mathbb{1}[x_i = x]"),
    )
    known = "generating" in board.derivation
    if known:
        head.append("probability (data-generating)" if work.discrete else "density (data-generating)")
        columns.append(_column(board.values["generating"]))
    yield board.table(head, columns)
    yield from _note(board)
    if known:
        what = "probabilities" if work.discrete else "densities (which are no probabilities)"
        yield board.prose(
            "Here the data-generating distribution is given, so that both can be compared: its "
            f"{what} in the last column are the same for every sample, the shares beside them are not."
        )


def expectation_blocks(board: Board, work: Fitted) -> Iterator[Block]:
    """The mean log-likelihood as an expectation under the empirical distribution."""
    letter, maths, expected = work.letter.latex, board.maths, _expected(work)
    yield Heading("The mean log-likelihood as an expectation", 2)
    yield board.prose(
        "Dividing by the number of observations rescales the function by a positive constant and leaves the place "
        "of its maximum where it is. In the sum equal observations are then taken together: a value that occurs "
        r"$n \, \hat{p}_{\text{data}}(x)$ times contributes that many equal terms. What is left is the definition of "
        "an expectation under the empirical distribution."
    )
    yield board.chain(
        maths(rf"\frac{{1}}{{n}} \ell({letter})"),
        maths(rf"\frac{{1}}{{n}} \sum_{{i=1}}^{{n}} \log p(x_i; {letter})"),
        maths(rf"\sum_{{x}} \hat{{p}}_{{\text{{data}}}}(x) \log p(x; {letter})"),
        maths(expected),
    )
    yield board.chain(
        work.together,
        maths(rf"\arg\max_{{{letter}}} \, \prod_{{i=1}}^{{n}} p(x_i; {letter})"),
        maths(rf"\arg\max_{{{letter}}} \, {expected}"),
    )
    yield board.prose(f"In numbers, at ${work.hatted.latex}$:")
    share, logs = np.ravel(board.values["empirical"]), _logarithms(board)
    weighted = share * np.where(share == 0, 0.0, logs)
    columns = [_column(part) for part in (board.values["values"], share, logs, weighted)]
    kind = "log-probability" if work.discrete else "log-density"
    yield board.table(["$x$", "share", kind, "product"], columns)
    yield from _note(board)
    yield from board.equation("mean_log_likelihood")


def cross_entropy_blocks(board: Board, work: Fitted, grid: Callable[[Board, Any], Sequence[Row]]) -> Iterator[Block]:
    """Cross-entropy and KL divergence from the empirical distribution, and that their minimum is the same."""
    letter, maths, mean, data = work.letter.latex, board.maths, _expected(work), DATA
    yield Heading("Cross-entropy and maximum likelihood", 2)
    yield board.prose(
        "The cross-entropy of the empirical distribution and the model is the expectation of the negative logarithm, "
        "hence the mean log-likelihood with the other sign:"
    )
    cross = maths(rf"H({data}, p_{{{letter}}})")
    yield board.chain(
        cross,
        maths(f"-{mean}"),
        maths(rf"-\frac{{1}}{{n}} \ell({letter})"),
    )
    apart = maths(rf"\mathrm{{KL}}({data} \,\Vert\, p_{{{letter}}})")
    if work.discrete:
        yield board.prose(
            "The Kullback-Leibler divergence differs from it by the entropy of the empirical distribution, in which "
            "the parameter does not occur:"
        )
        ratio = rf"\frac{{{data}(x)}}{{p(x; {letter})}}"
        yield board.chain(
            apart,
            maths(rf"\mathbb{{E}}_{{x \sim {data}}} \left[ \log {ratio} \right]"),
            maths(rf"\mathbb{{E}}_{{x \sim {data}}} \left[ \log {data}(x) \right] - {mean}"),
            maths(rf"{cross.latex} - H({data})"),
        )
    else:
        yield board.prose(
            "The empirical distribution is discrete and the model has a density, so a Kullback-Leibler divergence "
            "between the two is not finite; the cross-entropy, an expectation under the empirical distribution, is."
        )
    yield board.prose("So these have the same solution, each line turning the sign or dropping a constant:")
    goals = [
        maths(rf"\arg\max_{{{letter}}} \, L({letter})"),
        maths(rf"\arg\max_{{{letter}}} \, \tfrac{{1}}{{n}} \ell({letter})"),
        *(maths(rf"\arg\min_{{{letter}}} \, {least.latex}") for least in (cross, *([apart] if work.discrete else []))),
    ]
    yield board.chain(work.together, *goals)
    yield from _table(board, work, grid(board, work))
    yield board.prose("At the estimate:")
    yield from board.equations([name for name in _QUANTITIES[1:] if name in board.derivation])


def _expected(work: Fitted) -> str:
    """The expectation of the model's log-probability under the empirical distribution."""
    return rf"\mathbb{{E}}_{{x \sim {DATA}}} \left[ \log p(x; {work.letter.latex}) \right]"


def _logarithms(board: Board) -> Any:
    """The logarithm of the model's probability of each value; minus infinity for a class that was not seen."""
    if "log_model" in board.derivation:
        return np.ravel(board.values["log_model"])
    with np.errstate(divide="ignore"):
        return np.log(np.ravel(board.values["theta"]))


_QUANTITIES = ("log_likelihood", "cross_entropy", "entropy", "divergence")


def _table(board: Board, work: Fitted, rows: Sequence[Row]) -> Iterator[Block]:
    """The quantities for the estimate and for other parameters."""
    names = _QUANTITIES if work.discrete else _QUANTITIES[:2]
    found = [at(board, parameters, names) if parameters else board.values for _, parameters in rows]
    head = [f"${work.letter.latex}$", "log-likelihood", "cross-entropy", "entropy of data", "divergence"]
    columns: list[Any] = [[label for label, _ in rows]]
    columns += [[float(np.ravel(values[name])[0]) + 0.0 for values in found] for name in names]
    yield board.prose("In numbers (nats):")
    yield board.table(head[: len(columns)], columns)
    if work.discrete:
        yield board.prose(
            "In the row of the estimate the log-likelihood is largest, the cross-entropy and the divergence smallest; "
            "in every row the cross-entropy is the entropy plus the divergence."
        )
    else:
        yield board.prose("In the row of the estimate the log-likelihood is largest and the cross-entropy smallest.")
