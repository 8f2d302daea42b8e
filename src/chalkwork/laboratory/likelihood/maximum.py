"""`maximum_likelihood`: one sample, one distribution, everything about the estimate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from math import inf
from typing import Any, Unpack

from chalkwork.documents.model import Block
from chalkwork.errors import ChalkworkError, ValueProblem
from chalkwork.laboratory.likelihood import categorical, comparison, text
from chalkwork.laboratory.likelihood.comparison import MAXIMUM, Fitted, add_likelihood
from chalkwork.laboratory.likelihood.estimate import Estimation
from chalkwork.laboratory.likelihood.families import family
from chalkwork.laboratory.likelihood.sample import check_name, classes_of, observations, parameter
from chalkwork.networks.arguments import whole
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution

SECTIONS = ("likelihood", "estimate", "curve", "empirical", "expectation", "cross_entropy")

Section = Callable[[Board, Any], Iterable[Block]]


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
        return _solved(categorical.Categorical(*classes_of(sample, classes), generating), categorical, sections, style)
    known = _known(mean, variance, trials)
    kind = family(name, tuple(known))
    numbers = observations(sample, kind)
    if trials is not None and max(numbers) > known["m"]:
        raise ValueProblem(f"an observation is larger than the number of trials, {trials}")
    return _solved(Estimation(kind, numbers, known, generating), text, sections, style)


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


def _solved(work: Fitted, own: Any, sections: tuple[str, ...], style: Style) -> Solution:
    """The solution; `own` is the module that writes what belongs to this kind of distribution alone."""
    if work.attained:
        add_likelihood(work, MAXIMUM)
    answers = {
        "estimate": (*work.estimates, "variance_unbiased", "log_likelihood"),
        "empirical": ("empirical",),
        "expectation": ("mean_log_likelihood",),
        "cross_entropy": ("cross_entropy", "entropy", "divergence"),
    }
    known = {equation.name for equation in work.equations}
    asked = [name for section in sections for name in answers.get(section, ()) if name in known]
    work.asked += asked or work.estimates
    written: dict[str, Section] = {
        "likelihood": own.likelihood_blocks,
        "estimate": own.estimate_blocks,
        "curve": own.curve_blocks,
        "empirical": comparison.empirical_blocks,
    }
    if work.attained:
        written["expectation"] = comparison.expectation_blocks
        written["cross_entropy"] = partial(comparison.cross_entropy_blocks, grid=own.grid)

    def script(board: Board) -> Iterator[Block]:
        yield from own.given_blocks(board, work)
        for section in written:
            if section in sections:
                yield from written[section](board, work)

    title = f"Maximum likelihood for the {work.title}"
    return work.solution(style, givens=("x",), samples="columns", title=title, script=script)
