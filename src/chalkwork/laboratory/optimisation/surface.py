"""A function given as text, with its gradient and its Hessian as formulas and as numbers, and what follows of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.algebra.entries import entry
from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, names_in, replace, walk
from chalkwork.algebra.reading import build, free_names, parse
from chalkwork.counting import some
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.differentiate import gradient
from chalkwork.derivation.evaluate import evaluate
from chalkwork.derivation.work_out import work_out
from chalkwork.errors import ChalkworkError, ReadError, ValueProblem
from chalkwork.laboratory import work
from chalkwork.laboratory.optimisation.methods import index_of
from chalkwork.networks.data import Array, as_array
from chalkwork.solutions.setting import Word
from chalkwork.typesetting.symbols import Symbol

MOST_CHARACTERS = 400
MOST_VARIABLES = 4
MOST_PARTS = 60
MOST_IN_A_DERIVATIVE = 600
MOST_TO_DIFFERENTIATE_AGAIN = 160
LONGEST_VARIABLE = 12
LARGEST_START = 1e6


class Surface:
    """A function of one to four numbers, given as text, with its derivatives by our own differentiator.

    `variables` says their order; without it they stand in the order of the alphabet. Points are arrays of shape
    (..., n); values have the shape (...), gradients (..., n), Hessians (..., n, n). What is outside of the domain is
    NaN or infinite; `explain` says why.

    Raises ReadError for text that is no function of numbers, ChalkworkError for one that is too large.

    >>> bowl = Surface("x^2 + 10*y^2")
    >>> [str(slope) for slope in bowl.slopes], bowl.gradient([1.0, 1.0]).tolist()
    (['2 * x', '20 * y'], [2.0, 20.0])
    >>> bowl.hessian([1.0, 1.0]).tolist(), bowl.is_quadratic
    ([[2.0, 0.0], [0.0, 20.0]], True)
    """

    def __init__(self, text: str, variables: Sequence[str] = ()) -> None:
        if not isinstance(text, str):
            raise ReadError(f"a function is a text such as 'x^2 + 10*y^2', not {text!r:.60}")
        if len(text) > MOST_CHARACTERS:
            raise ReadError(f"the function has {len(text)} characters, more than {MOST_CHARACTERS}")
        syntax = parse(text.strip(), frozenset(map(str, variables)))
        names = _ordered(sorted(free_names(syntax)), variables)
        self.text = text.strip()
        self.variables = tuple(names)
        self.symbols = tuple(Name(name) for name in names)
        self.name = next(letter for letter in ("f", "g", "h", "F", "q") if letter not in names)
        self.expression = build(syntax, {name.name: name for name in self.symbols})
        _check_entrywise(self.expression)
        _check_size(self.expression, MOST_PARTS, "the function", "write a shorter one")

    # --- formulas --------------------------------------------------------------------------------------------------

    @cached_property
    def slopes(self) -> tuple[Expression, ...]:
        """The partial derivatives."""
        found = tuple(gradient(self.expression, name) for name in self.symbols)
        for slope in found:
            _check_size(slope, MOST_IN_A_DERIVATIVE, "its derivative", "nest fewer functions in each other")
        return found

    @cached_property
    def curvatures(self) -> tuple[tuple[Expression, ...], ...]:
        """The second partial derivatives, row by row; those below the diagonal are those above it (Schwarz)."""
        n = len(self.symbols)
        for slope in self.slopes:
            most = MOST_TO_DIFFERENTIATE_AGAIN
            _check_size(
                slope, most, "its derivative", "nest fewer functions in each other; gradient descent needs none"
            )
        above = {(i, j): gradient(self.slopes[i], self.symbols[j]) for i in range(n) for j in range(i, n)}
        return tuple(tuple(above[min(i, j), max(i, j)] for j in range(n)) for i in range(n))

    @property
    def is_quadratic(self) -> bool:
        """Whether the Hessian is the same everywhere, and the function no straight line (abs(x) has kinks)."""
        kinks = any(isinstance(node, Application) and node.operation.kinks for node in walk(self.expression))
        return not kinks and not any(names_in(entry) for row in self.curvatures for entry in row)

    # --- at a point that has a name -----------------------------------------------------------------------------------

    def point(self, name: str) -> Name:
        """A name for a point: a column of the variables, a number where there is one."""
        return Name(name, () if len(self.symbols) == 1 else (len(self.symbols), 1))

    def value_at(self, point: Name) -> Expression:
        """The function at a point, in terms of the point's entries."""
        return self._placed(self.expression, point)

    def gradient_at(self, point: Name) -> Expression:
        """The gradient at a point: a column of the partial derivatives, or the derivative."""
        return matrix_of([[self._placed(slope, point)] for slope in self.slopes])

    def hessian_at(self, point: Name) -> Expression:
        """The Hessian at a point: a matrix of the second partial derivatives, or the second derivative."""
        return matrix_of([[self._placed(one, point) for one in row] for row in self.curvatures])

    def _placed(self, expression: Expression, point: Name) -> Expression:
        if not point.shape:
            return replace(expression, {self.symbols[0]: point})
        return replace(
            expression, {name: apply("entry", point, place=(i, 1)) for i, name in enumerate(self.symbols, 1)}
        )

    # --- numbers ---------------------------------------------------------------------------------------------------

    def value(self, points: Any) -> Array:
        """The function at points."""
        return self._at(self.expression, points)

    def gradient(self, points: Any) -> Array:
        """The gradient at points."""
        return np.stack([self._at(slope, points) for slope in self.slopes], axis=-1)

    def hessian(self, points: Any) -> Array:
        """The Hessian at points."""
        rows = [np.stack([self._at(entry, points) for entry in row], axis=-1) for row in self.curvatures]
        return np.stack(rows, axis=-2)

    def _at(self, expression: Expression, points: Any) -> Array:
        places = np.asarray(points, dtype=np.float64)
        values = {name.name: places[..., i, None, None] for i, name in enumerate(self.symbols)}
        with np.errstate(all="ignore"):
            found = evaluate(expression, values)
        return np.asarray(np.broadcast_to(found[..., 0, 0], places.shape[:-1]), dtype=np.float64)

    def explain(self, point: Any, hessian: bool = False) -> str:
        """Why there is no value, slope or curvature at a point: 'the logarithm of a negative number'; else ''."""
        wanted = [self.expression, *self.slopes, *((e for row in self.curvatures for e in row) if hessian else ())]
        equations = [Equation(f"part {i}", part, Stage.FORWARD) for i, part in enumerate(wanted)]
        givens = {name: np.array([[float(place)]]) for name, place in zip(self.variables, point, strict=True)}
        try:
            work_out(Derivation(self.symbols, tuple(equations)), givens)
        except ValueProblem as error:
            cause = error.message.rpartition(" in ")[0]
            negative = "overflow of power" in cause and self._has_root_of_negative(point)
            return "a fractional power of a negative number" if negative else cause
        return ""

    def _has_root_of_negative(self, point: Any) -> bool:
        powers = [node for node in walk(self.expression) if isinstance(node, Application)]
        powers = [node for node in powers if node.operation.name == "power"]
        parts = [[float(self._at(part, point)) for part in node.arguments] for node in powers]
        return any(base < 0 and exponent != round(exponent) for base, exponent in parts if np.isfinite(exponent))


def matrix_of(rows: Sequence[Sequence[Expression]]) -> Expression:
    """A matrix put together from its entries; the entry itself where there is one.

    >>> print(matrix_of([[Name("a")], [Number(2)]]).shape)
    (2, 1)
    """
    if len(rows) == len(rows[0]) == 1:
        return rows[0][0]
    result: Expression = apply("broadcast", Number(0), shape=(len(rows), len(rows[0])))
    for i, row in enumerate(rows, 1):
        for j, one in enumerate(row, 1):
            result = apply("placed", result, one, place=(i, j))
    return result


def starting_point(start: Any, what: str = "start") -> dict[str, float]:
    """A point that is given as a mapping of variables to numbers; ChalkworkError for anything else.

    >>> starting_point({"x": 1, "y": -2})
    {'x': 1.0, 'y': -2.0}
    """
    if not isinstance(start, Mapping) or not start:
        raise ChalkworkError(f"{what} is a mapping such as {{'x': 1, 'y': 1}}, not {start!r:.60}")
    point = {}
    for name, value in start.items():
        array = as_array(value, f"{what}[{name}]")
        if array.ndim or abs(float(array)) > LARGEST_START:
            raise ValueProblem(f"{what}[{name}] is one number of at most {LARGEST_START:g} in size, not {value!r:.60}")
        point[str(name)] = float(array)
    return point


def _ordered(found: Sequence[str], wanted: Sequence[str]) -> list[str]:
    if not found:
        raise ReadError("the function has no variable", hint="write one such as x^2 + 10*y^2")
    if len(found) > MOST_VARIABLES:
        raise ReadError(f"the function has {len(found)} variables ({some(found, 8)}), more than {MOST_VARIABLES}")
    for name in found:
        if len(name) > LONGEST_VARIABLE:
            raise ReadError(f"the variable {name!r:.40} is longer than {LONGEST_VARIABLE} characters")
    if not wanted:
        return list(found)
    missing = [name for name in found if name not in wanted]
    if missing:
        raise ChalkworkError(f"the function has the variable {missing[0]}, and no value is given for it")
    unknown = [name for name in wanted if name not in found]
    if unknown:
        raise ChalkworkError(
            f"{unknown[0]} does not occur in the function", hint=f"its variables are {', '.join(found)}"
        )
    return list(wanted)


def _check_entrywise(expression: Expression) -> None:
    for node in walk(expression):
        if isinstance(node, Application) and not node.operation.entrywise:
            raise ReadError(f"{node.operation.name} is an operation of matrices; the function is one of numbers")


def _check_size(expression: Expression, most: int, what: str, hint: str) -> None:
    size = _size(expression, {})
    if size > most:
        raise ChalkworkError(f"{what} has {size} parts, more than {most}", hint=hint)


def _size(expression: Expression, known: dict[Expression, int]) -> int:
    """How many nodes there are when the expression is written out."""
    for node in walk(expression):
        inner = node.arguments if isinstance(node, Application) else ()
        known[node] = 1 + sum(known[argument] for argument in inner)
    return known[expression]


STUDY = Stage("study", "What follows from the Hessian")
KINDS = ("minimum", "maximum", "saddle", "degenerate")


@dataclass
class Work(work.Work):
    """What the parts of an answer add to."""

    usual: Stage = STUDY

    def given(self, name: str, value: Any, letter: Symbol | None = None) -> Name:
        """A given as in every room; a point of one variable is a number."""
        array = np.asarray(value, np.float64)
        return super().given(name, array.item() if array.size == 1 else array, letter)

    def made_of(self, name: str) -> Expression | None:
        """The right-hand side of an equation; None for a given."""
        return next((known.expression for known in self.equations if known.name == name), None)


def kind_word(hessian: Any) -> Word:
    """What a critical point is, by the eigenvalues of the Hessian there, as an answer in words."""
    also = {"minimum": ("min", "local minimum"), "maximum": ("max", "local maximum"), "saddle": ("saddle point",)}
    kind = index_of(hessian)[0]
    return Word(kind, also.get(kind, ()), KINDS)


def eigenvalues_of(hessian: Name, expression: Expression) -> list[Expression]:
    """The eigenvalues of a Hessian in ascending order by hand, in terms of its entries; none beyond two rows.

    `expression` is what the Hessian is made of: where it is diagonal the eigenvalues stand there.
    """
    if not hessian.shape:
        return [hessian]
    if hessian.shape != (2, 2):
        return []
    a, b, c = (apply("entry", hessian, place=place) for place in ((1, 1), (1, 2), (2, 2)))
    if is_diagonal(expression):
        return [apply("minimum", a, c), apply("maximum", a, c)]
    middle, root = (a + c) / 2, apply("sqrt", ((a - c) / 2) ** 2 + b**2)
    return [middle - root, middle + root]


def is_diagonal(expression: Expression) -> bool:
    """Whether a matrix of two rows has nothing beside its diagonal, whatever its names stand for."""
    return entry(expression, 0, 1) == Number(0)
