"""How the estimation of one family is written: likelihood, sums, derivative, estimator, curvature, curve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import isfinite, sqrt
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, apply, names_in, replace
from chalkwork.algebra.reading import read
from chalkwork.derivation.derivation import Relation
from chalkwork.documents.model import Block, Heading
from chalkwork.drawings.drawing import Drawing
from chalkwork.drawings.plot import Axis, Curve, line_plot
from chalkwork.laboratory.likelihood.comparison import Row, at
from chalkwork.laboratory.likelihood.estimate import Estimation, free_name, slope
from chalkwork.laboratory.likelihood.families import MARKS, hat, value_name
from chalkwork.laboratory.likelihood.family import Border, Unknown
from chalkwork.solutions.board import Board, maths
from chalkwork.typesetting.numbers import shown
from chalkwork.typesetting.pieces import Piece, added, join
from chalkwork.typesetting.symbols import Symbol

_GRID = (0.1, 0.3, 0.5, 0.7, 0.9)
_POINTS = 161
_DEEPEST = 8.0
"""How far below its maximum a log-likelihood is still drawn: a factor of 3000 in the likelihood."""
_MOST_LISTED, _MOST_TERMS = 20, 6


def sample_words(board: Board, values: Sequence[float], what: str = "sample") -> str:
    """The sample in a sentence."""
    return f"The {what} is {listed(board, values, _MOST_LISTED)}."


def listed(board: Board, values: Any, most: int) -> str:
    """The first numbers of a list within a sentence: $(1, 2, ...)$."""
    numbers = [board.piece(float(value)).latex for value in np.ravel(values)[:most]]
    if np.size(values) > most:
        numbers.append(r"\ldots")
    return f"$({', '.join(numbers)})$"


def given_blocks(board: Board, work: Estimation) -> Iterator[Block]:
    """The sample, and what is known of the distribution."""
    sentences = [sample_words(board, [float(value) for value in work.sample])]
    for name in work.known:
        number = board.piece(value_name(name)).latex
        what = "number of trials" if name == "m" else value_name(name)
        sentences.append(f"The {what} is known: ${MARKS[name].latex} = {number}$.")
    yield board.prose(" ".join(sentences))


def independent(n: int, distribution: str) -> str:
    """How the observations are related, in a sentence."""
    if n == 1:
        return (
            f"There is a single observation of the {distribution}, $n = 1$; the formulas are written for any number of "
            "independent ones."
        )
    return f"The $n = {n}$ observations are independent and all come from the same {distribution}."


def likelihood_blocks(board: Board, work: Estimation) -> Iterator[Block]:
    """The likelihood as a product, and its logarithm as a sum."""
    kind, maths = work.kind, board.maths
    latex = work.letter.latex
    word = "probability" if kind.discrete else "density"
    yield Heading("Likelihood", 2)
    yield board.prose(
        f"{independent(work.n, kind.title)} The {word} of the whole sample is therefore the product of theirs. Read as "
        "a function of the unknown, with the sample held fixed, it is the likelihood."
    )
    yield board.chain(
        maths(f"L({latex})"),
        maths(rf"\prod_{{i=1}}^{{n}} p(x_i; {latex})"),
        maths(rf"\prod_{{i=1}}^{{n}} {kind.latex}", f"∏ᵢ₌₁ⁿ {kind.text}"),
    )
    yield board.prose(
        "The logarithm is strictly increasing, so it leaves the place of the maximum where it is; the product becomes "
        "a sum, which is easier to differentiate and does not underflow."
    )
    summand = join(*board.formula(work.log_density_of_one())).enclosed()
    yield board.chain(
        maths(rf"\ell({latex})"),
        maths(rf"\log L({latex})"),
        maths(rf"\sum_{{i=1}}^{{n}} \log p(x_i; {latex})"),
        join(maths(r"\sum_{i=1}^{n} ", "∑ᵢ₌₁ⁿ "), summand),
    )


# --- sums and products of numbers ------------------------------------------------------------------------------------


def total(terms: list[Piece]) -> tuple[Piece, ...]:
    """The terms of a sum with their signs, with dots where there are many."""
    pieces: list[Piece] = []
    for place in shown(len(terms), _MOST_TERMS):
        if place is None:
            pieces.append(maths(r" + \cdots", " + ⋯"))
        else:
            pieces.append(join(*added(terms[place])) if pieces else terms[place])
    return tuple(pieces)


def product(factors: list[Piece]) -> tuple[Piece, ...]:
    """The factors of a product, with dots where there are many."""
    pieces: list[Piece] = []
    for place in shown(len(factors), _MOST_TERMS):
        factor = maths(r"\cdots", "⋯") if place is None else factors[place]
        pieces.append(join(Piece.of(r" \cdot ", " · "), factor) if pieces else factor)
    return tuple(pieces)


# --- the estimator ---------------------------------------------------------------------------------------------------


def estimate_blocks(board: Board, work: Estimation) -> Iterator[Block]:
    """Derivative, zero, estimator, second derivative, for every unknown, and the value of the maximum."""
    yield Heading("The estimator", 2)
    for unknown in work.kind.unknowns:
        border = work.borders.get(unknown.name)
        if len(work.kind.unknowns) > 1:
            yield board.prose(_which(work, unknown))
        yield from _collected(board, work, unknown)
        if border is None:
            yield from _solved(board, work, unknown)
        else:
            yield board.prose(border.sentence)
            if border.attained:
                yield from board.equation(value_name(unknown.name))
        if unknown.name == "v" and border is None:
            yield from _bias(board, work)
    if work.attained:
        words = "probabilities" if work.kind.discrete else "densities"
        yield from maximum_blocks(board, words)


def _which(work: Estimation, unknown: Unknown) -> str:
    mark = MARKS[unknown.name].latex
    if unknown is work.kind.unknowns[0]:
        return f"*The unknown ${mark}$*, for any value of the other one:"
    before = hat(MARKS[work.kind.unknowns[0].name]).latex
    return f"*The unknown ${mark}$*: the best mean is ${before}$ whatever ${mark}$ is, so it is put in its place."


def _collected(board: Board, work: Estimation, unknown: Unknown) -> Iterator[Block]:
    """The sums over the sample, and the log-likelihood in them."""
    mark = MARKS[unknown.name]
    names = work.names(unknown)
    statistics = [part.name for part in unknown.statistics]
    yield board.prose(f"The sample enters only through its size and {_sums(unknown)}:")
    for part in unknown.statistics:
        if part.name in board.derivation:
            yield from board.equation(part.name)
        else:  # all terms are 0
            yield board.chain(part.name, apply("sum", read(part.summand, names)), maths("0"))
    yield board.prose(f"In {' and '.join(f'${name}$' for name in statistics)} the log-likelihood reads")
    expression = read(unknown.log_likelihood, names)
    head = board.maths(rf"\ell({mark.latex})")
    numbers = [] if unknown.name in work.borders else [_numbers(board, expression)]
    yield board.chain(head, expression, *numbers)


def _sums(unknown: Unknown) -> str:
    if any(part.over != "sum" for part in unknown.statistics):
        return "its largest number"
    return "these sums" if len(unknown.statistics) > 1 else "this sum"


def _numbers(board: Board, expression: Expression) -> tuple[Piece, ...]:
    """The expression in numbers; pi, and what has no value yet, keep their letters."""
    return board.numbers(expression, free={"pi"})


def _solved(board: Board, work: Estimation, unknown: Unknown) -> Iterator[Block]:
    """From the derivative over its zero to the estimate, and why it is the maximum."""
    board, mark, name = board, MARKS[unknown.name], value_name(unknown.name)
    free, estimate = free_name(unknown.name), Name(name)
    names = work.names(unknown)
    first = slope(read(unknown.log_likelihood, names), free)
    second = slope(first, free)
    there: Mapping[Expression, Expression] = {free: estimate}
    hatted = {**names, unknown.name: estimate}
    at_estimate, curved = replace(first, there), replace(second, there)
    yield board.prose(f"Its derivative by ${mark.latex}$ is")
    yield board.chain(f"slope_{name}", first, _numbers(board, first))
    yield board.prose("At a maximum inside the interval it is zero:")
    yield board.chain(join(*board.formula(at_estimate)), maths("0"))
    for step in unknown.steps:
        yield board.prose(step.reason)
        left, right = read(step.left, hatted), read(step.right, hatted)
        yield board.chain(join(*board.formula(left)), right)
    yield board.prose("So the estimator, and with the numbers of the sample the estimate, is")
    yield from board.equation(name)
    yield board.prose("There the derivative vanishes indeed,")
    yield board.chain(f"score_{name}", _numbers(board, at_estimate), maths("0"))
    yield board.prose("and the second derivative is")
    yield board.chain(f"curvature_{name}", second)
    known = all(each.name in board.values for each in names_in(curved))
    members = [_numbers(board, curved), *([(board.piece(f"second_derivative_{name}"),)] if known else [])]
    relations: list[Relation] = ["=", "=", "<"] if known else ["=", "<"]
    yield board.chain(f"second_derivative_{name}", *members, maths("0"), relations=relations)
    yield board.prose(unknown.why)


def _bias(board: Board, work: Estimation) -> Iterator[Block]:
    n = work.n
    if "mu" in work.known:
        yield board.prose(
            r"The mean is known, so $d / n$ is unbiased: $\mathbb{E}[\hat{\sigma}^2] = \sigma^2$. No degree of freedom "
            "went into the mean."
        )
        return
    yield board.prose(
        "The estimator is biased: the deviations are taken from the mean of the same sample, which lies closer to it "
        rf"than the true mean does, so that $\mathbb{{E}}[\hat{{\sigma}}^2] = \frac{{n - 1}}{{n}} \sigma^2$, "
        rf"here $\frac{{{n - 1}}}{{{n}}} \sigma^2$. Dividing by $n - 1$ removes the bias:"
    )
    yield from board.equation("variance_unbiased")


def maximum_blocks(board: Board, words: str) -> Iterator[Block]:
    """Likelihood and log-likelihood at the estimate."""
    logs = np.ravel(board.values["log_p"])
    yield board.prose(f"With the estimate the {words} of the observations have the product and the logarithms the sum")
    if "likelihood" in board.derivation:
        factors = product([board.piece(float(value)) for value in np.exp(logs)])
        yield board.chain("likelihood", factors, board.piece("likelihood"))
    equation = board.derivation["log_likelihood"]
    assert equation.worked is not None
    by_observation = any(name.name == "x" for name in names_in(equation.expression))
    forms = [] if by_observation else [equation.expression]
    members: list[Any] = [equation.worked, *forms, board.numbers(equation.worked)]
    members += [_numbers(board, form) for form in forms]
    yield board.chain("log_likelihood", *members, board.piece("log_likelihood"))
    if "likelihood" not in board.derivation:
        yield board.prose(
            "The likelihood itself is beyond the range of double precision: one more reason for the logarithm."
        )


# --- the curve -------------------------------------------------------------------------------------------------------


def curve_blocks(board: Board, work: Estimation) -> Iterator[Block]:
    """The log-likelihood over each unknown, the others at their estimates."""
    if not work.attained:
        yield board.prose("There is no maximum to mark, so no curve is drawn.")
        return
    yield Heading("The curve", 2)
    for unknown in work.kind.unknowns:
        name, mark = value_name(unknown.name), MARKS[unknown.name]
        yield board.prose(course(board, mark, name, work.borders.get(unknown.name)))
        others = [f"${hat(MARKS[other.name]).latex}$" for other in work.kind.unknowns if other is not unknown]
        held = f", with {others[0]} for the other" if others else ""
        places = np.linspace(*_interval(board, work, unknown), _POINTS)
        best = float(board.values[name].item())
        caption = f"The log-likelihood over ${mark.latex}${held}; its maximum is the estimate"
        yield draw(board, mark, best, places, partial(_along, name), caption)


def _along(name: str, places: Any) -> dict[str, Any]:
    return {name: places}


def course(board: Board, mark: Symbol, estimate: str | float, border: Border | None = None) -> str:
    """How the log-likelihood runs, in a sentence."""
    at = f"the estimate ${hat(mark).latex} = {board.piece(estimate).latex}$"
    best = board.number("log_likelihood")
    if border is not None:
        way = "rises up to" if board.values[str(estimate)] and not border.starts else "falls from its highest value at"
        return f"The log-likelihood over ${mark.latex}$ {way} the border, {at}, where it is {best}."
    return f"The log-likelihood over ${mark.latex}$ rises up to {at}, where it is {best}, and falls behind it."


def _interval(board: Board, work: Estimation, unknown: Unknown) -> tuple[float, float]:
    """Where the curve is worth drawing: three standard errors on both sides, within the parameter's bounds."""
    name = value_name(unknown.name)
    if unknown.name in work.borders:
        end = float(board.values[name].item())
        beyond = (0.0, 1.0) if isfinite(unknown.high) else (0.0, 5.0 / work.n)
        return (end, 2.5 * end) if work.borders[unknown.name].starts else beyond
    best, curvature = (float(board.values[each].item()) for each in (name, f"second_derivative_{name}"))
    error = 3.5 / sqrt(-curvature)
    low, high = max(unknown.low, best - error), min(unknown.high, best + error)
    if isfinite(unknown.low) and low == unknown.low:
        high = max(high, min(unknown.high, 2.5 * best))
    return low, high


def draw(
    board: Board, mark: Symbol, best: float, places: Any, along: Callable[[Any], Mapping[str, Any]], caption: str
) -> Drawing:
    """The log-likelihood with the parameters that `along` gives for each of the places, its maximum marked."""
    top = float(board.values["log_likelihood"].item())
    places = np.unique([*places, best])
    heights = at(board, along(places.reshape(-1, 1, 1)), ["log_likelihood"])["log_likelihood"].reshape(-1)
    seen = np.isfinite(heights) & (heights >= top - _DEEPEST)
    ordinate = f"ℓ({mark.text})"
    place, height, low, high = (board.piece(float(each)).box for each in (best, top, places[seen][0], places[seen][-1]))
    description = (
        f"The curve of {ordinate} over {mark.text} from {low} to {high}. Its highest point is at {mark.text} = "
        f"{place}, where it is {height}."
    )
    curves = [
        Curve(places[seen].tolist(), heights[seen].tolist(), ordinate),
        Curve([best], [top], f"{hat(mark).text} = {place}", dots=True),
    ]
    bottom = float(min(heights[seen].min(), top - abs(top) / 100))
    upwards = Axis(within=(bottom, top + (top - bottom) / 20 or 1.0))
    return line_plot("Log-likelihood", description, curves, Axis(mark.text), upwards, caption=caption)


def grid(board: Board, work: Estimation) -> list[Row]:
    """Parameters on both sides of the estimate, and the estimate."""
    names = work.estimates
    best = {name: float(board.values[name].item()) for name in names}
    found = [dict(zip(names, each, strict=True)) for each in _places(names, best, work)]
    return [(_label(board, row, row == best), {} if row == best else _scalars(row)) for row in found]


def _scalars(row: Mapping[str, float]) -> dict[str, Any]:
    return {name: np.array([[value]]) for name, value in row.items()}


def _label(board: Board, row: Mapping[str, float], best: bool) -> str:
    text = ", ".join(board.piece(value).latex for value in row.values())
    return f"${text}$ (estimate)" if best else f"${text}$"


def _places(names: Sequence[str], best: Mapping[str, float], work: Estimation) -> list[tuple[float, ...]]:
    if names == ["theta"]:
        return [(place,) for place in sorted({*_GRID, best["theta"]})]
    if names == ["lambda"]:
        size = best["lambda"] or 1.0 / work.n
        return [(place,) for place in sorted({best["lambda"], *(size * part for part in (0.5, 0.75, 1.25, 1.5))})]
    if names in (["variance"], ["b"]):
        (size,) = best.values()
        starts = any(border.starts for border in work.borders.values())
        return [(size * part,) for part in ((1.0, 1.25, 1.5, 2.0) if starts else (0.5, 0.75, 1.0, 1.25, 1.5))]
    error = sqrt((best["variance"] if "variance" in best else float(work.known["v"])) / work.n)
    places = [(best["mean"] + step * error, *list(best.values())[1:]) for step in (-2, -1, 0, 1, 2)]
    if len(names) == 2:
        places += [(best["mean"], best["variance"] * part) for part in (0.5, 1.5)]
    return places
