"""The sample as a distribution: the empirical one, the mean log-likelihood as an expectation, cross-entropy and KL.

Source: Goodfellow, Bengio and Courville, Deep Learning, section 5.5, equations 5.56 to 5.61.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp, fsum, inf, isfinite, log
from typing import Any

from chalkwork.documents.model import Block, Heading
from chalkwork.laboratory.likelihood.board import Board, chain, maths, prose, total, without_repetition

Parameters = Mapping[str, Any]
MOST_ROWS = 12
_ROUNDING = 1e-14
_AGREEMENT = 1e-12


@dataclass(frozen=True)
class Model:
    """What the comparison needs of a fitted family.

    `values` are the different observations with their `counts`; `log_p` gives log p(x) of each of them for given
    parameters; `grid` are parameters to compare with the estimate, the estimate among them, with a label in maths;
    `generating` those of the data-generating distribution where it is known; `letter` and `hatted` print the parameter.
    """

    values: Sequence[Fraction]
    counts: Sequence[int]
    log_p: Callable[[Parameters], list[float]]
    estimate: Parameters
    grid: Sequence[tuple[str, Parameters]]
    generating: Parameters | None
    letter: tuple[str, str]
    hatted: tuple[str, str]
    discrete: bool
    board: Board

    @property
    def n(self) -> int:
        """How many observations there are."""
        return sum(self.counts)

    @property
    def frequencies(self) -> list[Fraction]:
        """The empirical distribution on the different observations."""
        return [Fraction(count, self.n) for count in self.counts]

    def mean_log(self, parameters: Parameters) -> float:
        """The mean log-likelihood, as an expectation under the empirical distribution."""
        terms = [float(p) * value for p, value in zip(self.frequencies, self.log_p(parameters), strict=True) if p]
        return fsum(terms) if all(map(isfinite, terms)) else -inf


def _cut(rows: Sequence[Any]) -> Sequence[Any]:
    return rows[:MOST_ROWS]


def _note(model: Model) -> list[Block]:
    if len(model.values) <= MOST_ROWS:
        return []
    return [prose(f"The table shows the first {MOST_ROWS} of {len(model.values)} different values.")]


def empirical_blocks(model: Model) -> list[Block]:
    """The empirical distribution against the one that generates the data."""
    head = ["$x$", "count", "share (empirical)"]
    columns: list[Any] = [
        [float(value) for value in _cut(model.values)],
        [float(count) for count in _cut(model.counts)],
        [float(p) for p in _cut(model.frequencies)],
    ]
    blocks: list[Block] = [
        Heading("Empirical and data-generating distribution", 2),
        prose(
            r"The data-generating distribution $p_{\text{data}}$ is the one the observations are drawn from. It is a "
            "property of the world, usually unknown, and does not change from sample to sample. The empirical "
            r"distribution $\hat{p}_{\text{data}}$ is made from the sample: it puts the mass $\frac{1}{n}$ on every "
            "observation, so that a value has the share of the observations that are equal to it, and a value that was "
            "not observed has probability 0. It is known exactly, differs from sample to sample, and by the law of "
            "large numbers approaches the data-generating distribution as the sample grows."
        ),
        chain(
            maths(r"\hat{p}_{\text{data}}(x)", "p̂_data(x)"),
            [[maths(r"\frac{1}{n} \sum_{i=1}^{n} \mathbb{1}[x_i = x]", "1/n ∑ᵢ [xᵢ = x]")]],
        ),
    ]
    if model.generating is not None:
        head.append("probability (data-generating)" if model.discrete else "density (data-generating)")
        columns.append([exp(value) for value in _cut(model.log_p(model.generating))])
    blocks += [model.board.table(head, columns), *_note(model)]
    if model.generating is not None:
        what = "probabilities" if model.discrete else "densities (which are no probabilities)"
        blocks.append(
            prose(
                "Here the data-generating distribution is given, so that both can be compared: its "
                f"{what} in the last column are the same for every sample, the shares beside them are not."
            )
        )
    return blocks


def expectation_blocks(model: Model) -> list[Block]:
    """The mean log-likelihood as an expectation under the empirical distribution."""
    letter, text = model.letter
    hatted, hatted_text = model.hatted
    board, logs = model.board, model.log_p(model.estimate)
    weighted = [float(p) * value if p else 0.0 for p, value in zip(model.frequencies, logs, strict=True)]
    terms = [board.number(value) for value, p in zip(weighted, model.frequencies, strict=True) if p]
    rows = [
        [maths(rf"\frac{{1}}{{n}} \sum_{{i=1}}^{{n}} \log p(x_i; {letter})", f"1/n ∑ᵢ log p(xᵢ; {text})")],
        [maths(rf"\sum_{{x}} \hat{{p}}_{{\text{{data}}}}(x) \log p(x; {letter})", f"∑ₓ p̂_data(x) log p(x; {text})")],
        [
            maths(
                rf"\mathbb{{E}}_{{x \sim \hat{{p}}_{{\text{{data}}}}}} \left[ \log p(x; {letter}) \right]",
                f"E[log p(x; {text})], x ~ p̂_data",
            )
        ],
    ]
    return [
        Heading("The mean log-likelihood as an expectation", 2),
        prose(
            "Dividing by the number of observations rescales the function by a positive constant and leaves the place "
            "of its maximum where it is. In the sum equal observations are then taken together: a value that occurs "
            r"$n \, \hat{p}_{\text{data}}(x)$ times contributes that many equal terms. What is left is the "
            r"definition of "
            "an expectation under the empirical distribution."
        ),
        chain(maths(rf"\frac{{1}}{{n}} \ell({letter})", f"1/n ℓ({text})"), rows),
        chain(
            maths(*_together(model.hatted)),
            [
                [maths(rf"\arg\max_{{{letter}}} \, \prod_{{i=1}}^{{n}} p(x_i; {letter})", f"argmax ∏ᵢ p(xᵢ; {text})")],
                [
                    maths(
                        rf"\arg\max_{{{letter}}} \, \mathbb{{E}}_{{x \sim \hat{{p}}_{{\text{{data}}}}}}"
                        rf" \left[ \log p(x; {letter}) \right]",
                        f"argmax E[log p(x; {text})], x ~ p̂_data",
                    )
                ],
            ],
        ),
        prose(f"In numbers, at ${hatted}$:"),
        board.table(
            ["$x$", "share", "log-probability" if model.discrete else "log-density", "product"],
            [
                [float(value) for value in _cut(model.values)],
                [float(p) for p in _cut(model.frequencies)],
                _cut(logs),
                _cut(weighted),
            ],
        ),
        *_note(model),
        chain(
            maths(rf"\frac{{1}}{{n}} \ell({hatted})", f"1/n ℓ({hatted_text})"),
            without_repetition([total(terms), [board.number(model.mean_log(model.estimate))]]),
        ),
    ]


def cross_entropy_blocks(model: Model) -> list[Block]:
    """Cross-entropy and KL divergence from the empirical distribution, and that their minimum is the same."""
    letter, text = model.letter
    inner = _subscript(text)
    blocks: list[Block] = [
        Heading("Cross-entropy and maximum likelihood", 2),
        prose(
            "The cross-entropy of the empirical distribution and the model is the expectation of the negative "
            "logarithm, "
            "hence the mean log-likelihood with the other sign:"
        ),
        chain(
            maths(rf"H(\hat{{p}}_{{\text{{data}}}}, p_{{{letter}}})", f"H(p̂_data, p_{inner})"),
            [
                [
                    maths(
                        rf"-\mathbb{{E}}_{{x \sim \hat{{p}}_{{\text{{data}}}}}} \left[ \log p(x; {letter}) \right]",
                        f"−E[log p(x; {text})]",
                    )
                ],
                [maths(rf"-\frac{{1}}{{n}} \ell({letter})", f"−1/n ℓ({text})")],
            ],
        ),
    ]
    blocks += _divergence_chain(model) if model.discrete else _no_divergence()
    blocks.append(prose("So these have the same solution, each line turning the sign or dropping a constant:"))
    wide = rf"\hat{{p}}_{{\text{{data}}}}, p_{{{letter}}}"
    rows = [
        [maths(rf"\arg\max_{{{letter}}} \, L({letter})", f"argmax L({text})")],
        [maths(rf"\arg\max_{{{letter}}} \, \tfrac{{1}}{{n}} \ell({letter})", f"argmax 1/n ℓ({text})")],
        [maths(rf"\arg\min_{{{letter}}} \, H({wide})", f"argmin H(p̂_data, p_{inner})")],
    ]
    if model.discrete:
        together = wide.replace(", ", r" \,\|\, ")
        divergence = rf"\arg\min_{{{letter}}} \, \mathrm{{KL}}({together})"
        rows.append([maths(divergence, f"argmin KL(p̂_data ‖ p_{inner})")])
    return [*blocks, chain(maths(*_together(model.hatted)), rows), *_grid(model)]


def _subscript(text: str) -> str:
    return f"({text})" if ", " in text else text


def _together(pair: tuple[str, str]) -> tuple[str, str]:
    """Several parameters between parentheses, as one thing."""
    return (f"({pair[0]})", f"({pair[1]})") if ", " in pair[1] else pair


def _divergence_chain(model: Model) -> list[Block]:
    letter, text = model.letter
    inner = _subscript(text)
    data, other = r"\hat{p}_{\text{data}}", rf"p_{{{letter}}}"
    return [
        prose(
            r"The Kullback-Leibler divergence differs from it by the entropy of the empirical distribution, in which "
            r"the "
            "parameter does not occur:"
        ),
        chain(
            maths(rf"\mathrm{{KL}}({data} \,\|\, {other})", f"KL(p̂_data ‖ p_{inner})"),
            [
                [
                    maths(
                        rf"\mathbb{{E}}_{{x \sim {data}}} \left[ \log \frac{{{data}(x)}}{{p(x; {letter})}} \right]",
                        f"E[log (p̂_data(x) / p(x; {text}))]",
                    )
                ],
                [
                    maths(
                        rf"\mathbb{{E}}_{{x \sim {data}}} \left[ \log {data}(x) \right]"
                        rf" - \mathbb{{E}}_{{x \sim {data}}} \left[ \log p(x; {letter}) \right]",
                        f"E[log p̂_data(x)] − E[log p(x; {text})]",
                    )
                ],
                [maths(rf"H({data}, {other}) - H({data})", f"H(p̂_data, p_{text}) − H(p̂_data)")],
            ],
        ),
    ]


def _no_divergence() -> list[Block]:
    return [
        prose(
            "The empirical distribution is discrete and the model has a density, so a Kullback-Leibler divergence "
            "between "
            "the two is not finite; the cross-entropy, an expectation under the empirical distribution, is."
        )
    ]


def quantities(model: Model, parameters: Parameters) -> dict[str, float]:
    """The mean log-likelihood, the cross-entropy, and the KL divergence where there is one, in nats.

    The divergence is computed from its own definition; ArithmeticError if it were not cross-entropy minus entropy.
    """
    found = {"mean_log_likelihood": model.mean_log(parameters)}
    found["cross_entropy"] = -found["mean_log_likelihood"] + 0.0
    if model.discrete:
        shares = [float(p) for p in model.frequencies]
        logs = model.log_p(parameters)
        found["entropy"] = -fsum(p * log(p) for p in shares if p) + 0.0
        divergence = fsum(p * (log(p) - at) for p, at in zip(shares, logs, strict=True) if p)
        apart = abs(found["entropy"] + divergence - found["cross_entropy"])
        if apart > _AGREEMENT * (1 + abs(divergence)):
            raise ArithmeticError(f"entropy and divergence differ from the cross-entropy by {apart}")
        found["divergence"] = divergence if divergence > _ROUNDING * (1 + found["entropy"]) else 0.0
    return found


def _grid(model: Model) -> list[Block]:
    letter, _ = model.letter
    rows = [(label, quantities(model, parameters)) for label, parameters in model.grid]
    head = [f"${letter}$", "log-likelihood", "cross-entropy"]
    columns: list[Any] = [
        [label for label, _ in rows],
        [model.n * at["mean_log_likelihood"] for _, at in rows],
        [at["cross_entropy"] for _, at in rows],
    ]
    closing = "In the row of the estimate the log-likelihood is largest and the cross-entropy smallest."
    if model.discrete:
        head += ["entropy of data", "divergence"]
        columns += [[at["entropy"] for _, at in rows], [at["divergence"] for _, at in rows]]
        closing = (
            "In the row of the estimate the log-likelihood is largest, the cross-entropy and the divergence "
            "smallest; in "
            "every row the cross-entropy is the entropy plus the divergence."
        )
    return [prose("In numbers (nats):"), model.board.table(head, columns), prose(closing)]
