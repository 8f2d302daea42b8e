"""Functions of one variable as text: read, evaluated, looked at for places where they are not defined, written."""

from __future__ import annotations

import math
import re
import textwrap
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from chalkwork.algebra.definitions import branches, defined, side
from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, transform, walk
from chalkwork.algebra.numerals import Scalar
from chalkwork.algebra.reading import free_names, parse, read
from chalkwork.algebra.reading.words import FUNCTIONS
from chalkwork.bounds.intervals import Array, Interval
from chalkwork.bounds.ranges import enclose
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.literal import visible
from chalkwork.documents.model import Code, Display
from chalkwork.errors import ChalkworkError, ReadError
from chalkwork.networks.activations import KINDS, Activation
from chalkwork.solutions.board import Board
from chalkwork.typesetting.pieces import Piece

CONSTANTS = {"pi": math.pi, "e": math.e}
_VARIABLE = re.compile(r"[^\W\d_][0-9]{0,3}|[^\W\d_]{1,12}")
LARGEST_NUMBER = 1e30
LARGEST_EXPONENT = 1000
SHORTEST = 1e-30
_PIECES = 64
_MOST_PIECES = 4096
_ROUNDS = 48
_SLACK = 1e-12


@dataclass(frozen=True, slots=True)
class Function:
    """A function of one variable: what was typed, the tree, and the name of the variable."""

    text: str
    tree: Expression
    variable: str
    activation: Activation | None = None

    @classmethod
    def of(cls, text: str) -> Function:
        """An activation by its name, such as `sigmoid` or `elu(0.5)`, or a text in one variable; pi and e are known.

        Raises ChalkworkError (ReadError) for what is no function of one number.

        >>> Function.of("sigmoid").variable, Function.of("exp(-t^2)").variable, str(Function.of("tanh").tree)
        ('x', 't', 'tanh(x)')
        >>> Function.of("a*b")
        Traceback (most recent call last):
            ...
        chalkwork.errors.ReadError: the function has the variables a and b; it may have one. Hint: such as sin(x).
        """
        if isinstance(text, Function):
            return text
        if not isinstance(text, str) or not text.strip():
            raise ChalkworkError(f"a function is a text such as sin(x), not {text!r:.60}")
        if _is_activation(text):
            activation = Activation.of(text)
            if activation.per_sample:
                raise ChalkworkError(f"{activation.name} is a function of a vector", hint="one of one number: sigmoid")
            return cls(text.strip(), activation.expression(Name("x"), -1), "x", activation)
        variable = _variable(text)
        tree = read(text, {variable: Name(variable)})
        _check_of_numbers(tree)
        return cls(" ".join(text.split()), tree, variable)

    def values(self, points: Any) -> Array:
        """The values at the points, of the same shape; NaN or infinity where there is none."""
        places = np.asarray(points, np.float64)
        known = {name: np.full((1, 1), value) for name, value in CONSTANTS.items()}
        with np.errstate(all="ignore"):
            found = evaluate(self.tree, {self.variable: places.reshape(-1, 1), **known})
        return np.asarray(np.broadcast_to(found, (places.size, 1)).reshape(places.shape), np.float64)

    def range(self, low: Array, high: Array) -> Interval:
        """Enclosures of the values over the intervals from `low` to `high` (each of shape (m,)), of shape (m,)."""
        return range_of(self.tree, self.variable, low, high)


def range_of(tree: Expression, variable: str, low: Array, high: Array) -> Interval:
    """Enclosures of a tree in one variable over many intervals at once."""
    box = Interval(np.reshape(low, (-1, 1, 1)), np.reshape(high, (-1, 1, 1)))
    known = {
        name: Interval.of([[np.nextafter(value, 0)]], [[np.nextafter(value, 9)]]) for name, value in CONSTANTS.items()
    }
    found = enclose(tree, {variable: box, **known})
    return found.over(lambda bound: np.broadcast_to(bound, (box.shape[0], 1, 1)).reshape(-1))


def _is_activation(text: str) -> bool:
    """A bare name, or a name with numbers in parentheses."""
    return re.fullmatch(r"\s*[A-Za-z_][\w-]*\s*(\(\s*(\w+\s*=\s*)?[-+\d.][-+\d.eE, ]*\))?\s*", text) is not None and (
        len(text.strip()) > 1 and text.strip() not in CONSTANTS and not _is_call_of_table(text)
    )


def _is_call_of_table(text: str) -> bool:
    """Whether it is a constant such as sin(1), which names no activation."""
    name = text.partition("(")[0].strip()
    return "(" in text and name in FUNCTIONS and name not in KINDS


def _variable(text: str) -> str:
    names = free_names(parse(text))
    if len(names) > 1:
        listed = " and ".join([", ".join(names[:3][:-1]), names[:3][-1]])
        raise ReadError(f"the function has the variables {listed}; it may have one", hint="such as sin(x)")
    name = names[0] if names else "x"
    if not _VARIABLE.fullmatch(name):
        raise ReadError(f"the variable is called {visible(name, 40)!r}", hint="give it one letter, such as x")
    return name


def _check_of_numbers(tree: Expression) -> None:
    for node in walk(tree):
        if isinstance(node, Application) and not node.operation.entrywise:
            raise ReadError(f"{node.operation.name} is no operation of single numbers", hint="such as sin, exp, tanh")
        if isinstance(node, Number) and abs(float(node.value)) > LARGEST_NUMBER:
            raise ReadError(f"the number {node.value:g} is larger than {LARGEST_NUMBER:g}")
        if isinstance(node, Application) and node.operation.name == "power":
            exponent = exact_value(node.arguments[1])
            if exponent is not None and abs(exponent) > LARGEST_EXPONENT:
                raise ReadError(f"the exponent {float(exponent):g} is larger than {LARGEST_EXPONENT}")


def constant(value: Any, where: str) -> tuple[Fraction | None, float, Expression]:
    """A number as given, as a Fraction where it is one, as a float, and as an expression.

    Takes ints, floats, Fractions and texts without a variable such as `1/3` or `pi/2`. Raises ChalkworkError.

    >>> constant("1/3", "about")[0], round(constant("pi/2", "about")[1], 4)
    (Fraction(1, 3), 1.5708)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction | str | np.integer | np.floating):
        raise ChalkworkError(f"{where} is a number, not {value!r:.60}")
    if isinstance(value, str):
        syntax = parse(value)
        if free_names(syntax):
            raise ChalkworkError(f"{where} is a number such as 1/2 or pi/2, not {visible(value, 60)!r}")
        tree = read(value, {})
        _check_of_numbers(tree)
        exact = exact_value(tree)
        size = float(exact) if exact is not None else Function(value, tree, "x").values(0.0).item()
    else:
        exact = Fraction(str(value)) if isinstance(value, float | np.floating) and math.isfinite(value) else None
        exact = Fraction(int(value)) if isinstance(value, int | np.integer) else exact
        exact = value if isinstance(value, Fraction) else exact
        size = float(value) if exact is None or abs(exact) < 10**300 else math.inf
        tree = Number(0) if exact is None else as_number(exact)
    if not abs(size) <= 1e15:
        raise ChalkworkError(f"{where} is {visible(str(value), 60)}; expected a number between -1e15 and 1e15")
    return exact, size, as_number(exact) if exact is not None else tree


def as_number(value: Scalar) -> Number:
    """The number as one of an expression, an integer as such."""
    return Number(int(value) if value == int(value) else value)


def exact_value(tree: Expression) -> Fraction | None:
    """The value of sums, products and quotients of numbers; None where it is none, or too large to write."""
    if isinstance(tree, Number):
        return Fraction(str(tree.value))
    if not isinstance(tree, Application):
        return None
    parts = [exact_value(part) for part in tree.arguments]
    if any(part is None or max(abs(part.numerator), part.denominator) > 10**12 for part in parts):
        return None
    left, *rest = [part for part in parts if part is not None]
    match tree.operation.name:
        case "negative":
            return -left
        case "add":
            return left + rest[0]
        case "subtract":
            return left - rest[0]
        case "multiply":
            return left * rest[0]
        case "divide" if rest[0]:
            return left / rest[0]
    return None


def interval_of(low: Any, high: Any, where: str = "interval") -> tuple[float, float]:
    """The two ends; ChalkworkError unless the first is smaller by more than rounding."""
    left, right = constant(low, f"the left end of the {where}")[1], constant(high, f"the right end of the {where}")[1]
    if not left < right:
        raise ChalkworkError(
            f"the {where} goes from {left:g} to {right:g}", hint="the left end must be the smaller one"
        )
    if right - left < max(1e-9 * max(abs(left), abs(right)), SHORTEST):
        raise ChalkworkError(f"the {where} from {left!r} to {right!r} is too short for double precision")
    return left, right


def check_defined(function: Function, low: float, high: float) -> None:
    """Raise ChalkworkError, with the place, where the function has no finite value somewhere in the interval.

    Interval arithmetic decides: where an enclosure is infinite the piece is halved until it is not or cannot be.

    >>> check_defined(Function.of("1/x"), 1, 2)
    >>> check_defined(Function.of("1/(x - 0.3)"), 0, 1)
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: 1/(x - 0.3) has no finite value at x = 0.3
    """
    ends = np.linspace(low, high, _PIECES + 1)
    left, right = ends[:-1], ends[1:]
    for _ in range(_ROUNDS):
        bad = ~_sound(function, left, right)
        if not bad.any():
            return
        left, right = left[bad], right[bad]
        if (right - left).max() <= 1e-10 * (high - low) or left.size > _MOST_PIECES:
            break
        middle = (left + right) / 2
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    first = left.argmin()
    at = float(left[first] if left[first] == low else (left[first] + right[first]) / 2)
    at = _plain(at, 1e-9 * (high - low))
    raise ChalkworkError(f"{visible(function.text, 60)} has no finite value at {function.variable} = {at:g}")


def finite_values(function: Function, points: Array) -> Array:
    """The values at the points; ChalkworkError, with the place, where one of them is none."""
    found = function.values(points)
    if not np.isfinite(found).all():
        where = f"{function.variable} = {float(points[~np.isfinite(found)][0]):g}"
        raise ChalkworkError(f"{visible(function.text, 60)} has no finite value at {where}")
    return found


def _plain(at: float, room: float) -> float:
    """The number with the fewest decimals that is no further away than that."""
    return next((round(at, d) for d in range(15) if abs(round(at, d) - at) <= room), at) + 0.0


def _sound(function: Function, left: Array, right: Array) -> Any:
    """Where the function is surely finite on the piece, and the arguments of roots and logarithms are allowed."""
    found = function.range(left, right)
    sound = np.isfinite(found.low) & np.isfinite(found.high)
    for node in walk(function.tree):
        if isinstance(node, Application) and _needs_positive(node):
            inner = range_of(node.arguments[0], function.variable, left, right)
            sound &= inner.low >= -_SLACK * np.maximum(1.0, np.abs(inner.high))
        below = _below_the_line(node)
        if below is not None:
            inner = range_of(below, function.variable, left, right)
            sound &= (inner.low > 0) | (inner.high < 0)
    return sound


def _below_the_line(node: Expression) -> Expression | None:
    """What must not be zero: the denominator, or the base of a negative power."""
    if isinstance(node, Application) and node.operation.name == "divide":
        return node.arguments[1]
    if isinstance(node, Application) and node.operation.name == "power":
        exponent = exact_value(node.arguments[1])
        return node.arguments[0] if exponent is not None and exponent < 0 else None
    return None


def _needs_positive(node: Application) -> bool:
    if node.operation.name == "power":
        exponent = exact_value(node.arguments[1])
        return exponent is None or exponent.denominator != 1
    return node.operation.domain[0] == 0


# --- without kinks ---------------------------------------------------------------------------------------------------

ELEMENTARY = frozenset((
    "add", "subtract", "negative", "multiply", "divide", "power", "exp", "log", "sqrt", "sin", "cos", "sigmoid", "tanh",
    "softplus", "normal_cdf", "normal_pdf",
))  # fmt: skip
"""What series are worked out of; every other function is written by these, by its branches or its definition."""


def smooth_branch(function: Function, low: float, high: float) -> Function:
    """The function with |u|, ReLU and their like exchanged for what they are between `low` and `high`.

    Raises ChalkworkError where one of them may have a kink strictly inside, or at the only point.

    >>> str(smooth_branch(Function.of("leaky_relu(0.1)"), -2, -1).tree)
    '0.1 * x'
    >>> smooth_branch(Function.of("relu"), 0, 0)
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: relu has a kink at x = 0: it has no derivative there
    """

    def rule(node: Expression) -> Expression | None:
        if not isinstance(node, Application) or node.operation.name in ELEMENTARY:
            return None
        simpler = defined(node)
        if node.operation.name == "xlogy":
            simpler = node.arguments[0] * apply("log", node.arguments[1])
        pair = branches(node)
        if pair is not None:
            simpler = pair[_sign(function, side(node), low, high, jumps=node.operation.jumps) > 0]
        if simpler is None:
            why = "jumps and cannot be expanded" if node.operation.jumps else "has no expansion that is known here"
            raise ChalkworkError(f"{node.operation.name} {why}")
        return transform(simpler, rule)

    return Function(function.text, transform(function.tree, rule), function.variable, function.activation)


def _sign(function: Function, inner: Expression, low: float, high: float, *, jumps: bool) -> int:
    """The sign of an argument over the interval; ChalkworkError where it has none.

    The argument may be 0 at an end of the interval, unless the function `jumps` there.
    """
    found = range_of(inner, function.variable, np.array([low]), np.array([high]))
    least, largest = found.low.item(), found.high.item()
    slack = _SLACK * max(abs(least), abs(largest))
    if (least > 0) if jumps else (least >= -slack and largest > slack):
        return 1
    if (largest < 0) if jumps else (largest <= slack and least < -slack):
        return -1
    if low == high:
        where = f"at {function.variable} = {low:g}"
        raise ChalkworkError(f"{visible(function.text, 60)} has a kink {where}: it has no derivative there")
    where = _crossing(Function(function.text, inner, function.variable), low, high)
    raise ChalkworkError(
        f"{visible(function.text, 60)} has a kink {where} in the interval from {low:g} to {high:g}",
        hint="an expansion holds on one side of a kink: choose the interval on the side of the point",
    )


def _crossing(inner: Function, low: float, high: float) -> str:
    """Where an argument changes its sign, by bisection."""
    places = np.linspace(low, high, 2001)
    signs = np.sign(inner.values(places))
    found = np.flatnonzero(signs[:-1] * signs[1:] <= 0)
    if not found.size:
        return "somewhere"
    left, right, sign = float(places[found[0]]), float(places[found[0] + 1]), signs[found[0]]
    for _ in range(50):
        middle = (left + right) / 2
        left, right = (middle, right) if np.sign(inner.values(middle)) == sign else (left, middle)
    return f"at {inner.variable} = {_plain(left, 1e-9 * (high - low)):g}"


def definition(board: Board, head: Piece, function: Function, *forms: Expression) -> Display | Code:
    """The function, and other forms of it, as an equation; as it was typed where that does not fit the page."""
    members = [board.formula(form) for form in (function.tree, *forms)]
    room = board.writer.layout.text_width
    if max(piece.width for member in members for piece in member) > room - head.width - 3:
        return Code("\n".join(textwrap.wrap(visible(function.text), room)), "")
    return board.chain(head, *members)


def measured(board: Board, value: str | float) -> Piece:
    """A number, or a value by its name, with significant digits whatever the style: it may be small."""
    style = board.writer.numbers
    return board.piece(value, style.significant or max(style.decimals or 4, 3))


def inline(board: Board, value: str | float) -> str:
    """The same between dollars."""
    return f"${measured(board, value).latex}$"
