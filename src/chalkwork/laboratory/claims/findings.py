"""What was found about a claim and its proof: the verdict, the steps that do not hold, counterexamples, plain values.

A counterexample shows matrices as matrices, and enough digits to tell the sides apart. What the shift of a softmax is
good for is shown in numbers: Goodfellow, Bengio and Courville, Deep Learning (2016), section 4.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from math import isfinite
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, names_in, walk
from chalkwork.algebra.numerals import finite_decimal
from chalkwork.algebra.operations import Shape
from chalkwork.algebra.simplify import simplify
from chalkwork.derivation.derivation import Relation
from chalkwork.documents.model import Block, Display, Marked, Paragraph, Table
from chalkwork.laboratory.claims.domain import Point, entries_of
from chalkwork.laboratory.claims.points import Counterexample
from chalkwork.laboratory.claims.statement import Context, Link
from chalkwork.laboratory.claims.verify import Verified, verify
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Word
from chalkwork.typesetting.notation import superscript
from chalkwork.typesetting.numbers import NumberFormat
from chalkwork.typesetting.pieces import Piece, join

SIGNS: dict[str, Relation] = {"=": "=", "<": "<", ">": ">", "<=": "≤", ">=": "≥", "!=": "≠"}
_SHOULD = {
    "=": "The two sides should be equal",
    "!=": "The two sides should differ",
    "<": "The first should be the smaller one",
    "<=": "The first should not be the larger one",
    ">": "The first should be the larger one",
    ">=": "The first should not be the smaller one",
}
_MORE_DIGITS = (20, 30, 50)

Digits = Callable[[Any], str]


def values_of(found: Counterexample, link: Link, context: Context) -> dict[str, Any]:
    """Point, both sides, and their difference, as plain values; a matrix is a list of rows, as is its entry's place."""
    left, right = found.left[found.entry], found.right[found.entry]
    shape, names = _shape(link, context), _matrices(link, context)
    values: dict[str, Any] = {"point": {name: float(value) for name, value in _numbers(found.point, names).items()}}
    for name in names:
        values["point"][name.name] = _rows([float(found.point[entry]) for entry in entries_of(name)], name.shape)
    if not shape:
        return values | {"left": float(left), "right": float(right), "difference": _plain(found.difference)}
    sides = {key: _rows(list(map(float, side)), shape) for key, side in (("left", found.left), ("right", found.right))}
    row, column = divmod(found.entry, shape[1])
    return values | sides | {"entry": [row + 1, column + 1], "difference": _plain(found.difference)}


def _plain(difference: Any) -> float | str:
    """The difference; as a text where it is beyond all floats."""
    near = float(difference)
    return near if isfinite(near) and (near or not difference) else _long(difference, 15)


def _shape(link: Link, context: Context) -> Shape:
    shapes = [context.meant(side).shape for side in (link.left, link.right)]
    return next((shape for shape in shapes if shape not in ((), (1, 1))), ())


def _matrices(link: Link, context: Context) -> list[Name]:
    """The vectors and matrices that occur."""
    sides = [context.meant(side) for side in (link.left, link.right)]
    return list(dict.fromkeys(name for side in sides for name in names_in(side) if name.shape))


def _numbers(point: Point, matrices: Sequence[Name]) -> Point:
    entries = {entry for name in matrices for entry in entries_of(name)}
    return {name: value for name, value in point.items() if name not in entries}


def _rows(entries: Sequence[Any], shape: Shape) -> list[list[Any]]:
    return [list(entries[start : start + shape[1]]) for start in range(0, len(entries), shape[1])]


# --- on the page -----------------------------------------------------------------------------------------------------


def refuted(board: Board, context: Context, link: Link, found: Counterexample) -> Marked:
    """The counterexample: both sides with their values."""
    left, right = found.left[found.entry], found.right[found.entry]
    names, shape = _matrices(link, context), _shape(link, context)
    numbers = _numbers(found.point, names)
    digits = _telling(board.writer.numbers, left, right)
    at = f" at {point_text(board, numbers)}" if numbers else ""
    blocks: list[Paragraph | Display] = [
        Paragraph(f"Read as{_logarithm(link, board.writer.notation.log)}"),
        board.chain(link.left, link.right, relations=[SIGNS[link.relation]], repeated=True),
        Paragraph(f"A counterexample{at}{_place(found, shape)}:"),
    ]
    for name in names:
        entries = [_fraction(found.point[entry]) for entry in entries_of(name)]
        blocks.append(board.chain(name, board.writer.bracketed(_rows(entries, name.shape))))
    for side, values in ((link.left, found.left), (link.right, found.right)):
        written = [_number(digits(value)) for value in values]
        whole = board.writer.bracketed(_rows(written, shape)) if shape else digits_of(values[0], digits)
        blocks.append(board.chain(side, whole))
    if found.difference and digits(left) == digits(right):
        blocks.append(Paragraph(f"The difference of the two is ${_number(_short(found.difference)).latex}$."))
    blocks.append(Paragraph(f"{_SHOULD[link.relation]}."))
    return Marked(tuple(blocks))


def _logarithm(link: Link, sign: str) -> str:
    """Which logarithm it is, if there is one."""
    sides = (node for side in (link.left, link.right) for node in walk(side))
    found = any(isinstance(node, Application) and node.operation.name == "log" for node in sides)
    return f", where {sign} is the natural logarithm," if found else ""


def point_text(board: Board, point: Point) -> str:
    """x = 1, y = 2."""
    return ", ".join(
        f"${board.writer.symbols[name].latex} = {_fraction(value).latex}$" for name, value in sorted(point.items())
    )


def _place(found: Counterexample, shape: Shape) -> str:
    if not shape:
        return ""
    if 1 in shape:
        return f", entry {found.entry + 1}"
    row, column = divmod(found.entry, shape[1])
    return f", row {row + 1}, column {column + 1}"


def _telling(format_: NumberFormat, left: Any, right: Any) -> Digits:
    """Enough digits to tell two numbers apart."""
    for number in (format_, _SIX, NumberFormat(None, 10), NumberFormat(None, 15)):
        if left == right or _short(left, number) != _short(right, number):
            return partial(_short, format_=number)
    for count in _MORE_DIGITS:
        if _long(left, count) != _long(right, count):
            return partial(_long, count=count)
    return _short


_SIX = NumberFormat(None, 6)


def _short(value: Any, format_: NumberFormat = _SIX) -> str:
    """The digits of a format, those of mpmath for what is beyond all floats."""
    near = float(value)
    if isfinite(near) and (near or not value):
        return format_.scalar(near)
    return _long(value, 6)


def _long(value: Any, count: int) -> str:
    """So many significant digits."""
    mantissa, e, exponent = str(value.context.nstr(value, count)).partition("e")
    return mantissa.removesuffix(".0") + e + exponent.lstrip("+")


def digits_of(value: Any, digits: Digits) -> Piece:
    """A number, as a fraction too where it is a simple one."""
    number = _number(digits(value))
    fraction = _simple(value)
    if fraction is None or fraction.denominator == 1:
        return number
    equal = Piece.of(" = ", " = ") if Fraction(digits(value)) == fraction else Piece.of(r" \approx ", " ≈ ")
    return join(_over(fraction), equal, number)


def _number(text: str) -> Piece:
    mantissa, _, exponent = text.strip().partition("e")
    plain = mantissa.replace("-", "−")
    if not exponent:
        return Piece.of(mantissa, plain)
    return Piece.of(rf"{mantissa} \cdot 10^{{{exponent}}}", f"{plain}·10{superscript(exponent)}")


def _simple(value: Any) -> Fraction | None:
    """The fraction with a small denominator that the number is, if any."""
    if not abs(value) < 10**6:
        return None
    fraction = Fraction(float(value)).limit_denominator(100)
    return fraction if abs(value * fraction.denominator - fraction.numerator) < 1e-40 else None


def _fraction(value: Fraction) -> Piece:
    """A number of a point, with all its digits."""
    if value.denominator == 1:
        return _number(str(value))
    decimal = finite_decimal(value) if value.denominator > 100 else "/"
    return _over(value) if "/" in decimal else _number(decimal)


def _over(value: Fraction) -> Piece:
    sign, minus = ("-", "−") if value < 0 else ("", "")
    top, bottom = abs(value.numerator), value.denominator
    return Piece.of(rf"{sign}\frac{{{top}}}{{{bottom}}}", f"{minus}{top}/{bottom}")


LARGE = np.array([1000.0, 1001.0, 1002.0])
Array = np.ndarray[Any, np.dtype[np.float64]]


def softmax_of_large() -> tuple[Array, Array]:
    """The softmax of large net inputs, naive and shifted.

    >>> naive, shifted = softmax_of_large()
    >>> naive, shifted.round(4)
    (array([nan, nan, nan]), array([0.09  , 0.2447, 0.6652]))
    """
    with np.errstate(all="ignore"):
        naive, shifted = (powers / powers.sum() for powers in (np.exp(LARGE), np.exp(LARGE - LARGE.max())))
    return naive, shifted


def overflow(board: Board, vector: str, shift: str) -> Iterator[Block]:
    """The table, naive against shifted."""
    yield Paragraph(
        "This is more than a curiosity. In double precision $e^{1000}$ is infinite, and infinity divided by infinity "
        f"is no number (NaN). With ${shift}$ no power exceeds 1, and the result is the same one:"
    )
    lower = LARGE - LARGE.max()
    naive, shifted = softmax_of_large()
    head = (
        f"${vector}_i$",
        f"naive $e^{{{vector}_i}}$",
        "naive softmax",
        f"${vector}_i - 1002$",
        "shifted power",
        "shifted softmax",
    )
    with np.errstate(over="ignore"):
        infinite = ["∞" if np.isinf(power) else board.number(power) for power in np.exp(LARGE)]
    nothing = ["NaN" if np.isnan(share) else board.number(share) for share in naive]
    columns = [board.cells(column.tolist()) for column in (LARGE, lower, np.exp(lower), shifted)]
    rows = tuple(zip(columns[0], infinite, nothing, *columns[1:], strict=True))
    yield Table(head, rows, right=tuple(range(6)))


PROVED, MANY_POINTS, FALSE, FALSE_STEP, OPEN = "proved", "true at many points", "false", "false step", "open"
SHIFT = "softmax-shift"
_TRUE = ("true", "holds", "right", "correct", "valid")
_ALSO: dict[str, tuple[str, ...]] = {
    PROVED: _TRUE,
    MANY_POINTS: (*_TRUE, "not proved", "not refuted"),
    FALSE: ("wrong", "refuted", "does not hold", "incorrect", "not true"),
    FALSE_STEP: ("wrong step", "wrong proof", "true, but the proof is wrong", "mistake in the proof"),
    OPEN: ("undecided", "unknown", "cannot be said"),
}


@dataclass(frozen=True)
class Findings:
    """The relations of a claim and of its proof, verified.

    `name` is that of the library's proof where it is used, `repaired` are the places of steps that only undo the
    mistake before them. The proof has a context of its own, that of the claim where the author gives it. `way` are the
    program's own steps, all of them proved, where the author gives none.
    """

    context: Context
    claim: Sequence[Verified]
    proof_context: Context
    steps: Sequence[Verified]
    repaired: tuple[int, ...]
    name: str = ""
    way: Sequence[Verified] = ()

    @cached_property
    def verdict(self) -> str:
        """One of the five."""
        if any(found.way == "false" for found in self.claim):
            return FALSE
        if any(found.way == "false" for found in self.steps):
            return FALSE_STEP
        both = (*self.claim, *self.steps)
        if any(found.way == "undefined" for found in both):
            return OPEN
        return PROVED if all(found.proved for found in both) else MANY_POINTS

    @property
    def word(self) -> Word:
        """The verdict with what else it is called."""
        return Word(self.verdict, _ALSO[self.verdict], tuple(_ALSO))

    @cached_property
    def wrong_steps(self) -> list[int]:
        """The numbers of the steps that do not hold, without those that undo the mistake before."""
        false = [found.link.step for place, found in enumerate(self.steps) if self._wrong(place)]
        return list(dict.fromkeys(false))

    def _wrong(self, place: int) -> bool:
        return self.steps[place].way == "false" and place not in self.repaired

    @cached_property
    def leads(self) -> bool | None:
        """Whether the author's equations connect both sides of every relation of the claim; None if it has others."""
        return _leads([found.link for found in self.claim], [found.link for found in self.steps], self.proof_context)

    def facts(self) -> dict[str, Any]:
        """Everything besides the verdict, as plain values: see `Claim.check`."""
        claim = [_record(found, self.context) for found in self.claim]
        steps = [_record(found, self.proof_context) for found in self.steps]
        for place in self.repaired:
            steps[place]["undoes"] = True
        shown = next((found["counterexample"] for found in (*claim, *steps) if found["counterexample"]), None)
        facts = {"claim": claim, "steps": steps, "counterexample": shown}
        if self.name:
            facts["name"] = self.name
        elif steps:
            facts["leads"] = self.leads
        if self.name == SHIFT:
            facts["naive"], facts["shifted"] = softmax_of_large()
        return facts


def _record(found: Verified, context: Context) -> dict[str, Any]:
    link, refuted = found.link, found.counterexample
    return {
        "left": str(link.left),
        "relation": link.relation,
        "right": str(link.right),
        "because": link.because,
        "way": found.way,
        "step": link.step,
        "how": found.how,
        "points": found.points,
        "holds": found.holds,
        "equality": list(found.equality),
        "counterexample": None if refuted is None else values_of(refuted, link, context),
    }


def _leads(claim: Sequence[Link], steps: Sequence[Link], context: Context) -> bool | None:
    if any(link.relation != "=" for link in claim):
        return None

    def form(side: Expression) -> Expression:
        return simplify(context.meant(side))

    groups: list[set[Expression]] = []
    for link in steps:
        if link.relation == "=":
            both = {form(link.left), form(link.right)}
            met = [group for group in groups if group & both]
            groups = [group for group in groups if not group & both] + [both.union(*met)]
    return all(
        any({form(link.left), form(link.right)} <= group for group in groups) or link.left == link.right
        for link in claim
    )


def repaired_places(steps: Sequence[Verified], context: Context) -> tuple[int, ...]:
    """The places of false steps that undo the mistake of the step before: the sides around both are equal."""
    places: list[int] = []
    for place in range(1, len(steps)):
        before, step = steps[place - 1], steps[place]
        both = before.way == step.way == "false" and before.link.relation == step.link.relation == "="
        if not both or not step.link.continued or place - 1 in places:
            continue
        if verify(Link(before.link.left, "=", step.link.right), context).holds:
            places.append(place)
    return tuple(places)
