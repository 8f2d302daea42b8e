"""`maximum_likelihood`: one sample, one distribution, everything about the estimate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import inf, log, sqrt
from typing import Any

from chalkwork.documents.model import Block
from chalkwork.errors import ChalkworkError, ValueProblem
from chalkwork.laboratory.likelihood.board import in_notation, prose
from chalkwork.laboratory.likelihood.categorical import Categorical
from chalkwork.laboratory.likelihood.comparison import (
    Model,
    cross_entropy_blocks,
    empirical_blocks,
    expectation_blocks,
    quantities,
)
from chalkwork.laboratory.likelihood.estimate import Estimation, log_densities
from chalkwork.laboratory.likelihood.families import MARKS, Family, family, hat
from chalkwork.laboratory.likelihood.sample import (
    check_name,
    classes_of,
    distinct,
    observations,
    parameter,
    probabilities,
)
from chalkwork.laboratory.worked import Manner, Worked
from chalkwork.typesetting.notation import Notation

SECTIONS = ("likelihood", "estimate", "curve", "empirical", "expectation", "cross_entropy")
_GRID = (0.1, 0.3, 0.5, 0.7, 0.9)


def maximum_likelihood(
    distribution: str,
    sample: Any,
    *,
    mean: Any = None,
    variance: Any = None,
    classes: int | None = None,
    generating: Any = None,
    show: Sequence[str] | None = None,
    notation: str | Mapping[str, Any] | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
) -> Worked:
    """The maximum likelihood estimate of a distribution's parameters, derived step by step from a sample.

    `distribution` is `bernoulli` (observations 0 and 1; finds theta), `categorical` (class numbers from 1 to
    `classes`, 2 to 100 of them, the largest number of the sample if absent; finds theta, a list), `gaussian` (finite
    numbers; finds mean and variance, or one of them where the other is given), `poisson` (counts from 0; finds lambda)
    or `exponential` (numbers from 0; finds the rate lambda, mean 1/lambda). `sample` is a list of 1 to 5000 numbers.
    `generating` are the parameters of the data-generating distribution where they are known: a number, a list of
    probabilities, or for a Gaussian [mean, variance]. `show` names the sections that are written (`SECTIONS`).

    Values: the parameters (`theta`, `lambda`, `mean`, `variance`, `variance_unbiased`), `score_...` and
    `second_derivative_...` there, `log_likelihood` and `likelihood`, `attained` (False where there is no maximum),
    `empirical` (value and share), and in nats `mean_log_likelihood`, `cross_entropy`, and for discrete distributions
    `entropy` and `divergence`.

    Raises ValueProblem or ShapeError for an observation outside the support, with its place, and an empty sample;
    ChalkworkError for an unknown distribution or section.

    Source: Bishop, Pattern Recognition and Machine Learning, sections 1.2.4, 2.1, 2.2; Goodfellow, Bengio and
    Courville, Deep Learning, section 5.5.

    >>> answer = maximum_likelihood("poisson", [2, 0, 3, 1])
    >>> answer["lambda"], round(answer["log_likelihood"], 4), answer["second_derivative_lambda"]
    (1.5, -6.0521, -2.6666666666666665)
    """
    name, sections = check_name(distribution), _sections(show)
    manner = Manner.of(notation, decimals, significant)
    if name != "gaussian" and (mean is not None or variance is not None):
        raise ChalkworkError(f"a known mean or variance goes with gaussian, not with {name}")
    if name != "categorical" and classes is not None:
        raise ChalkworkError(f"classes goes with categorical, not with {name}")
    if name == "categorical":
        return _categorical(*classes_of(sample, classes), generating, sections, manner)
    known = _known(mean, variance)
    kind = family(name, tuple(known))
    work = Estimation(kind, observations(sample, kind), known, manner)
    model = _model(work, generating)
    title = f"Maximum likelihood for the {kind.title}"
    return _answer(title, [*_given(work)], work, model, sections)


def _sections(show: Sequence[str] | None) -> tuple[str, ...]:
    if show is not None and not isinstance(show, str | list | tuple):
        raise ChalkworkError(f"show is {show!r:.60}, not a list", hint=f"show takes {', '.join(SECTIONS)}")
    chosen = SECTIONS if show is None else (show,) if isinstance(show, str) else tuple(show)
    for section in chosen:
        if section not in SECTIONS:
            raise ChalkworkError(f"there is no section {section!r:.60}", hint=f"show takes {', '.join(SECTIONS)}")
    return chosen


def _known(mean: Any, variance: Any) -> dict[str, Fraction]:
    if mean is not None and variance is not None:
        raise ChalkworkError("mean and variance are both known, so nothing is left to estimate")
    if mean is not None:
        return {"mu": parameter(mean, "mean", -inf, inf)}
    return {} if variance is None else {"v": parameter(variance, "variance", 0, inf)}


def _answer(
    title: str, given: list[Block], work: Estimation | Categorical, model: Model, sections: tuple[str, ...]
) -> Worked:
    attained = work.values()["attained"]
    writers: dict[str, Callable[[], list[Block]]] = {
        "likelihood": work.likelihood_blocks,
        "estimate": work.estimate_blocks,
        "curve": work.curve_blocks,
        "empirical": lambda: empirical_blocks(model),
        "expectation": lambda: expectation_blocks(model) if attained else [],
        "cross_entropy": lambda: cross_entropy_blocks(model) if attained else [],
    }
    blocks = [block for section in SECTIONS if section in sections for block in writers[section]()]
    shares = [[float(x), float(p)] for x, p in zip(model.values, model.frequencies, strict=True)]
    values = {**work.values(), "empirical": shares}
    if attained:
        values |= quantities(model, model.estimate)
    return Worked(title, in_notation([*given, *blocks], work.manner.notation), values, work.manner.notation)


def _given(work: Estimation) -> list[Block]:
    shown = ", ".join(_digits(work.manner, value) for value in work.sample[:20])
    dots = r", \ldots" if len(work.sample) > 20 else ""
    sentences = [f"The sample is $({shown}{dots})$."]
    for name, value in work.known.items():
        word = "mean" if name == "mu" else "variance"
        sentences.append(f"The {word} is known: ${MARKS[name].latex} = {_digits(work.manner, value)}$.")
    return [prose(" ".join(sentences))]


def _digits(manner: Manner, value: Fraction | int) -> str:
    from chalkwork.laboratory.likelihood.board import Board

    return Board(manner, {}, {}).number(float(value)).latex


# --- the comparison ------------------------------------------------------------------------------------------------


def _model(work: Estimation, generating: Any) -> Model:
    counts = distinct(work.sample)
    values = [float(value) for value in counts]
    unknowns = [fit.unknown.name for fit in work.fits]
    marks, hats = [MARKS[name] for name in unknowns], [hat(MARKS[name]) for name in unknowns]
    rows = _grid(work) if work.attained else []
    return Model(
        list(counts),
        list(counts.values()),
        lambda parameters: [float(value) for value in log_densities(work.kind, values, parameters)],
        work.parameters,
        [(_label(work, row, unknowns), {**work.parameters, **row}) for row in rows],
        None if generating is None else _generating(work.kind, generating, work.known),
        (", ".join(mark.latex for mark in marks), ", ".join(mark.text for mark in marks)),
        (", ".join(mark.latex for mark in hats), ", ".join(mark.text for mark in hats)),
        work.kind.discrete,
        work.board(work.fits[-1]),
    )


def _label(work: Estimation, row: Mapping[str, float], unknowns: Sequence[str]) -> str:
    board = work.board(work.fits[-1])
    text = r", \ ".join(board.number(row.get(name, work.parameters[name])).latex for name in unknowns)
    return f"${text}$ (estimate)" if all(row.get(name) == work.parameters[name] for name in unknowns) else f"${text}$"


def _grid(work: Estimation) -> list[dict[str, float]]:
    """Parameters on both sides of the estimate, and the estimate."""
    best, names = work.parameters, [fit.unknown.name for fit in work.fits]
    if names == ["theta"]:
        return [{"theta": at} for at in sorted({*_GRID, best["theta"]})]
    if names[0] == "lambda":
        size = best["lambda"] or 1.0 / len(work.sample)
        return [{"lambda": at} for at in sorted({best["lambda"], *(size * part for part in (0.5, 0.75, 1.25, 1.5))})]
    if names == ["v"]:
        return [{"v": best["v"] * part} for part in (0.5, 0.75, 1.0, 1.25, 1.5)]
    error = sqrt(best["v"] / len(work.sample))
    rows: list[dict[str, float]] = [dict(zip(names, (best[name] for name in names), strict=True))]
    rows = [{**rows[0], "mu": best["mu"] + step * error} for step in (-2, -1, 0, 1, 2)]
    if len(names) == 2:
        rows += [{**rows[2], "v": best["v"] * part} for part in (0.5, 1.5)]
    return rows


def _generating(kind: Family, given: Any, known: Mapping[str, Fraction]) -> dict[str, float]:
    """The parameters of the data-generating distribution."""
    if kind.name == "gaussian":
        pair = list(given) if isinstance(given, list | tuple) else []
        if len(pair) != 2:
            raise ValueProblem(f"generating is {given!r:.60}; for a Gaussian it is [mean, variance]")
        mean = parameter(pair[0], "generating[1]", -inf, inf)
        return {"mu": float(mean), "v": float(parameter(pair[1], "generating[2]", 0, inf))}
    one = given[0] if isinstance(given, list | tuple) and len(given) == 1 else given
    if isinstance(one, list | tuple):
        raise ValueProblem(f"generating has {len(one)} entries, and the {kind.title} has one parameter")
    high = 1 if kind.name == "bernoulli" else inf
    return {kind.parameters[0]: float(parameter(one, "generating", 0, high))}


# --- the categorical distribution --------------------------------------------------------------------------------


def _categorical(sample: list[int], classes: int, generating: Any, sections: tuple[str, ...], manner: Manner) -> Worked:
    work = Categorical(sample, classes, manner)
    uniform = [1 / classes] * classes
    between = [(a + b) / 2 for a, b in zip(work.estimate, uniform, strict=True)]
    rows = [(_list(work, work.estimate, best=True), work.estimate)]
    rows += [(_list(work, other), other) for other in (between, uniform) if other != work.estimate]
    truth = None
    if generating is not None:
        truth = [float(p) for p in probabilities(generating, "generating")]
        if len(truth) != classes:
            raise ValueProblem(f"generating has {len(truth)} entries, and there are {classes} classes")
    model = Model(
        [Fraction(k) for k in range(1, classes + 1)],
        work.counts,
        lambda parameters: [log(p) if p else -inf for p in parameters["theta"]],
        {"theta": work.estimate},
        [(label, {"theta": row}) for label, row in rows],
        None if truth is None else {"theta": truth},
        (r"\theta", "θ"),
        (r"\hat{\theta}", "θ̂"),
        True,
        work.board,
    )
    shown = ", ".join(_digits(manner, value) for value in sample[:20])
    dots = r", \ldots" if len(sample) > 20 else ""
    given = prose(f"The sample of class numbers is $({shown}{dots})$.")
    return _answer("Maximum likelihood for the categorical distribution", [given], work, model, sections)


def _list(work: Categorical, values: Sequence[float], best: bool = False) -> str:
    text = ", ".join(work.board.number(value).latex for value in values[:5]) + (r", \ldots" if len(values) > 5 else "")
    return f"$({text})$ (estimate)" if best else f"$({text})$"
