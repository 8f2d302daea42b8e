"""What one entry of the operations table says: everything about an operation, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from chalkwork.errors import ShapeError

Shape = tuple[int, ...]
"""`()` for a scalar, `(rows, columns)` for a matrix."""

Parameter = float | int | tuple[int, ...] | None
"""What stands behind the arguments of an operation: a slope, an axis, a shape."""


class Precedence(IntEnum):
    """How tightly an operation binds, loosest first."""

    FREE = 0
    SUM = 1
    PRODUCT = 2
    MATRIX_PRODUCT = 3
    POWER = 4
    ATOM = 5


def words(shape: Shape) -> str:
    """The shape as a person says it.

    >>> words((2, 3)), words(())
    ('2x3', 'a scalar')
    """
    return "x".join(map(str, shape)) if shape else "a scalar"


def entrywise_shape(shapes: tuple[Shape, ...], **parameters: Parameter) -> Shape:
    """The common shape under NumPy's broadcasting on the last two axes; a scalar goes with everything."""
    matrices = [shape for shape in shapes if shape]
    if not matrices:
        return ()
    first = matrices[0]
    if all(shape == first for shape in matrices):
        return first
    result = []
    for sizes in zip(*matrices, strict=True):
        wanted = {size for size in sizes if size != 1}
        if len(wanted) > 1:
            both = " and ".join(words(shape) for shape in matrices)
            raise ShapeError(f"{both} do not go together entry by entry")
        result.append(wanted.pop() if wanted else 1)
    return tuple(result)


def reduced_shape(shapes: tuple[Shape, ...], *, axis: Parameter = None) -> Shape:
    """The shape after collapsing the rows (axis -2), the columns (axis -1) or everything (no axis)."""
    _check_axis(shapes[0], axis)
    if axis is None or not shapes[0]:
        return ()
    rows, columns = shapes[0]
    return (1, columns) if axis == -2 else (rows, 1)


def same_shape(shapes: tuple[Shape, ...], *, axis: Parameter = None) -> Shape:
    """The shape of the first argument."""
    _check_axis(shapes[0], axis)
    return shapes[0]


def _check_axis(shape: Shape, axis: Parameter) -> None:
    if axis not in (None, -2, -1):
        hint = "-2 is over the rows, -1 over the columns"
        raise ShapeError(f"there is no axis {axis} in {words(shape)}", hint=hint)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Operation:
    """One operation, once: how it is written, what it is worth, how it is differentiated.

    The derivative is written in the language of `chalkwork.algebra.reading`, so it is an expression like any
    other. In it, `x` is the argument (`a` and `b` where there are two), `y` the result, `g` the derivative of
    the output by the result, and every parameter goes by its own name; `shape` is the argument's shape and
    `count` the number of entries that were collapsed into one.

    An entrywise operation gives `derivative`, one text for each argument: f'(x). Any other gives `adjoint`,
    what each argument receives when the result receives `g`. `None` marks an argument without derivative.

    Texts for typesetting hold slots: `<0>`, `<1>` for the arguments, `<alpha>` for a parameter.
    """

    name: str
    value: Callable[..., Any]
    """`value(xp, *arrays, **parameters)` over any array namespace; arrays may have leading axes."""
    arity: int = 1
    derivative: tuple[str | None, ...] = ()
    adjoint: tuple[str | None, ...] = ()
    parameters: dict[str, Parameter] = field(default_factory=dict)
    """The parameters and their defaults, in order."""
    by_place: tuple[str, ...] = ()
    """The first parameters, where they may also stand behind the arguments without their name: a slope, a shape."""
    needs_axis: bool = False
    """Whether of a matrix with rows and columns the axis must be written, since both are usual."""
    shape: Callable[..., Shape] = entrywise_shape
    precedence: Precedence = Precedence.ATOM
    slots: tuple[Precedence, ...] = ()
    """The precedence below which each argument needs parentheses."""
    latex_slots: tuple[Precedence, ...] = ()
    """The same in LaTeX, where a fraction or a root needs none."""
    infix: str = ""
    latex: str = ""
    text: str = ""
    code: str = ""
    """The operation in NumPy, for notebooks; `code_definition` comes before it where it needs a function."""
    code_definition: str = ""
    definition: str = ""
    """The operation in terms of simpler ones, for working entry by entry."""
    domain: tuple[float, float] = (float("-inf"), float("inf"))
    """The open interval in which the first argument must lie for the value to be finite."""
    kinks: tuple[float, ...] = ()
    """Arguments at which the derivative jumps, so that a convention decides."""
    convention: str = ""
    """What the derivative is where it is not one number: at kinks, at equal arguments."""

    @property
    def entrywise(self) -> bool:
        """Whether every entry of the result depends on the same entry of each argument only."""
        return bool(self.derivative)

    def result_shape(self, shapes: tuple[Shape, ...], parameters: dict[str, Parameter]) -> Shape:
        """The shape of the result; ShapeError when the arguments do not fit."""
        return self.shape(shapes, **parameters) if parameters else self.shape(shapes)
