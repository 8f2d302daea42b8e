"""`maximum_likelihood`: one sample, one distribution, everything about the estimate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.derivation.derivation import Derivation, Equation
from chalkwork.documents.model import Block
from chalkwork.errors import ChalkworkError, ValueProblem
from chalkwork.laboratory.likelihood import categorical, comparison, text
from chalkwork.laboratory.likelihood.comparison import EMPIRICAL, Fitted
from chalkwork.laboratory.likelihood.estimate import MAXIMUM, Estimation, with_likelihood
from chalkwork.laboratory.likelihood.families import MARKS, family, hat, value_name
from chalkwork.laboratory.likelihood.family import Family
from chalkwork.laboratory.likelihood.sample import (
    check_name,
    classes_of,
    distinct,
    observations,
    parameter,
    probabilities,
)
from chalkwork.networks.arguments import whole
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Setting, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol

SECTIONS = ("likelihood", "estimate", "curve", "empirical", "expectation", "cross_entropy")

Section = Callable[[Board], Iterable[Block]]


def maximum_likelihood(
    distribution: str,
    sample: Any,
    *,
    mean: Any = None,
    variance: Any = None,
    trials: int | None = None,
    classes: int | None = None,
    generating: Any = None,
    show: Sequence[str] | None = None,
    **look: Unpack[Look],
) -> Solution:
    """The maximum likelihood estimate of a distribution's parameters, derived step by step from a sample.

    `distribution` is `bernoulli` (observations 0 and 1; finds theta), `categorical` (class numbers from 1 to
    `classes`, 2 to 100 of them, the largest number of the sample if absent; finds theta, a column), `gaussian` (finite
    numbers; finds mean and variance, or one of them where the other is given), `poisson` (counts from 0; finds lambda),
    `exponential` (numbers from 0; finds the rate lambda, mean 1/lambda), `geometric` (numbers of the first success,
    from 1; finds theta), `binomial` (successes of so many `trials`; finds theta), `laplace` (numbers, with the `mean`;
    finds the scale b) or `uniform` (numbers from 0; finds the upper end b). `sample` is a list of 1 to 5000 numbers.
    `generating` are the parameters of the data-generating distribution where they are known: a number, a list of
    probabilities, or for a Gaussian [mean, variance]. `show` names the sections that are written (`SECTIONS`).

    The solution holds the sums over the sample (`s`, `f`, `q`, `c`, `d`), the parameters (`theta`, `lambda`, `mean`,
    `variance`, `variance_unbiased`), `score_...` and `second_derivative_...` there, `log_likelihood` and `likelihood`,
    `empirical` (the share of each of the `values`), and in nats `mean_log_likelihood`, `cross_entropy`, and for
    discrete distributions `entropy` and `divergence`; besides `attained` (False where there is no maximum).

    Raises ValueProblem or ShapeError for an observation outside the support, with its place, and an empty sample;
    ChalkworkError for an unknown distribution or section.

    Source: Bishop, Pattern Recognition and Machine Learning, sections 1.2.4, 2.1, 2.2; Goodfellow, Bengio and
    Courville, Deep Learning, section 5.5.

    >>> answer = maximum_likelihood("poisson", [2, 0, 3, 1])
    >>> [round(float(answer[name]), 4) for name in ("lambda", "log_likelihood", "second_derivative_lambda")]
    [1.5, -6.0521, -2.6667]
    """
    name, sections = check_name(distribution), _sections(show)
    style = Style.chosen(**look)
    if name == "categorical" and not mean is variance is trials is None:
        raise ChalkworkError(f"a known mean, variance or number of trials does not go with {name}")
    if name != "categorical" and classes is not None:
        raise ChalkworkError(f"classes goes with categorical, not with {name}")
    if name == "categorical":
        work = _of_classes(*classes_of(sample, classes), generating)
    else:
        known = _known(mean, variance, trials)
        kind = family(name, tuple(known))
        if trials is not None and max(observations(sample, kind)) > known["m"]:
            raise ValueProblem(f"an observation is larger than the number of trials, {trials}")
        work = _of_family(Estimation(kind, observations(sample, kind), known), generating)
    return _solved(work, sections, style)


def _sections(show: Sequence[str] | None) -> tuple[str, ...]:
    if show is not None and not isinstance(show, str | list | tuple):
        raise ChalkworkError(f"show is {show!r:.60}, not a list", hint=f"show takes {', '.join(SECTIONS)}")
    chosen = SECTIONS if show is None else (show,) if isinstance(show, str) else tuple(show)
    for section in chosen:
        if section not in SECTIONS:
            raise ChalkworkError(f"there is no section {section!r:.60}", hint=f"show takes {', '.join(SECTIONS)}")
    return chosen


def _known(mean: Any, variance: Any, trials: Any) -> dict[str, Any]:
    if mean is not None and variance is not None:
        raise ChalkworkError("mean and variance are both known, so nothing is left to estimate")
    if mean is not None:
        return {"mu": parameter(mean, "mean", -1e50, 1e50)}
    if trials is not None:
        return {"m": whole(trials, "trials", 1, 10**6)}
    return {} if variance is None else {"v": parameter(variance, "variance", 0, inf)}


# --- one solution ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Work:
    """What a distribution brings: its equations, how they print, and what is written in each section."""

    title: str
    givens: Mapping[Name, Any]
    equations: Sequence[Equation]
    estimates: Sequence[str]
    letters: Mapping[str, Symbol]
    facts: Mapping[str, Any]
    opening: Section
    sections: Mapping[str, Section]


def _solved(work: Work, sections: tuple[str, ...], style: Style) -> Solution:
    derivation = Derivation(tuple(work.givens), tuple(work.equations))
    values = {name.name: value for name, value in work.givens.items()}
    facts = dict(work.facts)
    if "log_likelihood" in derivation:
        derivation, beyond = with_likelihood(derivation, values, MAXIMUM)
        facts |= beyond
    answers = {
        "estimate": (*work.estimates, "variance_unbiased", "log_likelihood"),
        "empirical": ("empirical",),
        "expectation": ("mean_log_likelihood",),
        "cross_entropy": ("cross_entropy", "entropy", "divergence"),
    }
    asked = [name for section in sections for name in answers.get(section, ()) if name in derivation]

    def script(board: Board) -> Iterator[Block]:
        yield from work.opening(board)
        for section in SECTIONS:
            if section in sections and section in work.sections:
                yield from work.sections[section](board)

    setting = Setting(
        givens=("x",),
        samples="columns",
        title=work.title,
        letters=work.letters,
        script=script,
        asked=tuple(asked or work.estimates),
        facts=facts,
    )
    return Solution(derivation, values, style, setting)


# --- families --------------------------------------------------------------------------------------------------------


def _of_family(work: Estimation, generating: Any) -> Work:
    counts = distinct(work.sample)
    values = [float(value) for value in counts]
    column = Name("values", (len(values), 1))
    at_values: dict[str, Expression] = {"x": column}
    givens = work.givens | {column: _column(values), Name("counts", column.shape): _column(list(counts.values()))}
    for constant, part in work.constants(values).items():
        found = Name(f"value_{constant}s", column.shape)
        givens[found] = _column(part)
        at_values[constant] = found
    marks = [MARKS[unknown.name] for unknown in work.kind.unknowns]
    hats = [hat(mark) for mark in marks]
    fitted = Fitted(_listed(marks), _listed(hats), work.kind.discrete)
    letters = {**work.letters(), **comparison.letters_of(fitted)}
    equations = [*work.equations(), comparison.shares(len(values))]
    if generating is not None:
        true = _generating(work.kind, generating, work.known)
        names = {name: Name(f"{value_name(name)}_data") for name in true}
        density = work.log_density(**at_values, **names)
        givens |= {names[name]: np.array([[value]]) for name, value in true.items()}
        letters |= {names[name].name: _of_data(MARKS[name]) for name in true}
        equations.append(Equation("generating", apply("exp", density), EMPIRICAL))
    if work.attained:
        logs, share = Name("log_model", column.shape), Name("empirical", column.shape)
        apart = apply("sum", share * (apply("log", share) - logs)) if work.kind.discrete else None
        equations.append(Equation("log_model", work.log_density(**at_values), EMPIRICAL))
        equations += comparison.expectations(share, apply("sum", share * logs), apart)
    sections: dict[str, Section] = {
        "likelihood": lambda board: text.likelihood_blocks(board, work),
        "estimate": lambda board: text.estimate_blocks(board, work),
        "curve": lambda board: text.curve_blocks(board, work),
        "empirical": lambda board: comparison.empirical_blocks(board, fitted),
    }
    if work.attained:
        sections["expectation"] = lambda board: comparison.expectation_blocks(board, fitted)
        sections["cross_entropy"] = lambda board: comparison.cross_entropy_blocks(board, fitted, text.grid(board, work))
    return Work(
        f"Maximum likelihood for the {work.kind.title}",
        givens,
        equations,
        work.estimates,
        letters,
        work.facts,
        lambda board: text.given_blocks(board, work),
        sections,
    )


def _listed(symbols: Sequence[Symbol]) -> tuple[str, str]:
    return ", ".join(each.latex for each in symbols), ", ".join(each.text for each in symbols)


def _of_data(symbol: Symbol) -> Symbol:
    return Symbol(rf"{symbol.latex}_{{\text{{data}}}}", f"{symbol.text}_data", symbol.raised)


def _column(values: Any) -> Any:
    return np.array(values, dtype=np.float64).reshape(-1, 1)


def _generating(kind: Family, given: Any, known: Mapping[str, Any]) -> dict[str, float]:
    """The parameters of the data-generating distribution."""
    if kind.name == "gaussian":
        pair = list(given) if isinstance(given, list | tuple) else []
        if len(pair) != 2:
            raise ValueProblem(f"generating is {given!r:.60}; for a Gaussian it is [mean, variance]")
        mean = parameter(pair[0], "generating[1]", -1e50, 1e50)
        return {"mu": float(mean), "v": float(parameter(pair[1], "generating[2]", 0, inf))}
    one = given[0] if isinstance(given, list | tuple) and len(given) == 1 else given
    if isinstance(one, list | tuple):
        raise ValueProblem(f"generating has {len(one)} entries, and the {kind.title} has one parameter")
    (unknown,) = kind.unknowns
    return {unknown.name: float(parameter(one, "generating", 0, unknown.high))}


# --- classes ---------------------------------------------------------------------------------------------------------


def _of_classes(sample: list[int], classes: int, generating: Any) -> Work:
    work = categorical.Categorical(sample, classes)
    givens, equations = work.givens, work.equations()
    fitted = Fitted((r"\theta", "θ"), (r"\hat{\theta}", "θ̂"), True)
    if generating is not None:
        truth = [float(p) for p in probabilities(generating, "generating")]
        if len(truth) != classes:
            raise ValueProblem(f"generating has {len(truth)} entries, and there are {classes} classes")
        given = Name("theta_data", (classes, 1))
        givens[given] = _column(truth)
        equations.append(Equation("generating", given, EMPIRICAL))
    sections: dict[str, Section] = {
        "likelihood": work.likelihood_blocks,
        "estimate": work.estimate_blocks,
        "curve": work.curve_blocks,
        "empirical": lambda board: comparison.empirical_blocks(board, fitted),
        "expectation": lambda board: comparison.expectation_blocks(board, fitted),
        "cross_entropy": lambda board: comparison.cross_entropy_blocks(board, fitted, work.grid(board)),
    }
    return Work(
        "Maximum likelihood for the categorical distribution",
        givens,
        equations,
        ["theta"],
        {**comparison.letters_of(fitted), **work.letters},
        {"distribution": "categorical", "attained": True},
        lambda board: [board.prose(text.sample_words(board, [float(k) for k in sample], "sample of class numbers"))],
        sections,
    )
