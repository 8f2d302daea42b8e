"""What one entry of the operations table says: everything about an operation, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from fractions import Fraction
from math import inf, isfinite
from typing import Any, NamedTuple, Protocol

from chalkwork.errors import ShapeError

Shape = tuple[int, ...]
"""`()` for a scalar, `(rows, columns)` for a matrix; what stands before those counts matrices in a row."""

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


def argument_names(count: int) -> tuple[str, ...]:
    """What the arguments are called in a `definition` and in branches.

    >>> argument_names(1), argument_names(2), argument_names(3)
    (('x',), ('a', 'b'), ('x1', 'x2', 'x3'))
    """
    few: dict[int, tuple[str, ...]] = {1: ("x",), 2: ("a", "b")}
    return few.get(count) or tuple(f"x{place}" for place in range(1, count + 1))


def entrywise_shape(shapes: tuple[Shape, ...], **parameters: Parameter) -> Shape:
    """The common shape under NumPy's broadcasting; a scalar goes with everything.

    >>> entrywise_shape(((4, 2, 3), (2, 1), ()))
    (4, 2, 3)
    """
    matrices = [shape for shape in shapes if shape]
    if not matrices:
        return ()
    first = matrices[0]
    if matrices.count(first) == len(matrices):
        return first
    result = []
    rank = max(map(len, matrices))
    for sizes in zip(*((1,) * (rank - len(shape)) + shape for shape in matrices), strict=True):
        wanted = {size for size in sizes if size != 1}
        if len(wanted) > 1:
            both = " and ".join(words(shape) for shape in matrices)
            raise ShapeError(f"{both} do not go together entry by entry")
        result.append(wanted.pop() if wanted else 1)
    return tuple(result)


def reduced_shape(shapes: tuple[Shape, ...], *, axis: Parameter = None) -> Shape:
    """The shape after collapsing the rows (axis -2), the columns (axis -1) or everything (no axis).

    A matrix stays one, with one row or column; of matrices in a row the first axis may be collapsed too, and goes.

    >>> reduced_shape(((4, 2, 3),), axis=-1), reduced_shape(((4, 2, 3),), axis=-3)
    ((4, 2, 1), (2, 3))
    """
    shape = shapes[0]
    _check_axis(shape, axis)
    if not isinstance(axis, int) or not shape:
        return ()
    if axis < -2:
        return shape[1:]
    return (*shape[:-2], 1, shape[-1]) if axis == -2 else (*shape[:-1], 1)


def same_shape(shapes: tuple[Shape, ...], *, axis: Parameter = None) -> Shape:
    """The shape of the first argument."""
    _check_axis(shapes[0], axis)
    return shapes[0]


def every_axis(shape: Shape) -> Parameter:
    """The parameter that stands for all axes: None for those of a matrix, else each of them.

    >>> every_axis((2, 3)), every_axis((4, 2, 3))
    (None, (-3, -2, -1))
    """
    return None if len(shape) <= 2 else tuple(range(-len(shape), 0))


def _check_axis(shape: Shape, axis: Parameter) -> None:
    if axis not in (-2, -1, -max(len(shape), 2), every_axis(shape)):
        hint = "-2 is over the rows, -1 over the columns" + (
            f", -{len(shape)} over the first" if len(shape) > 2 else ""
        )
        raise ShapeError(f"there is no axis {axis} in {words(shape)}", hint=hint)


class Chosen(Protocol):
    """An operation with its parameters."""

    @property
    def values(self) -> Mapping[str, Parameter]:
        """The parameters by name, those that were not given among them."""


class Module(NamedTuple):
    """A class of another library: its name, what it is always given, and which of our parameters become its own."""

    name: str
    always: Mapping[str, Any] = {}
    parameters: Mapping[str, str] = {}

    def settings(self, chosen: Chosen) -> dict[str, Any]:
        """The arguments of the class."""
        return {**self.always, **{theirs: chosen.values[ours] for theirs, ours in self.parameters.items()}}


def in_keras(name: str) -> Module:
    """The layer of Keras that is one of its activation functions."""
    return Module("Activation", {"activation": name})


class Unit(NamedTuple):
    """What is said of an operation as the activation of units, and what other libraries call it.

    Texts hold slots: `<x>` and `<y>` for the net input and the activation, `<alpha>` and `<at_zero>` for a parameter,
    `<alpha*>` for one that is a factor (nothing where it is 1).
    """

    words: str
    function: str = ""
    """What it does, as in "the tanh, entry by entry"; where none is given, just that."""
    slope: str = ""
    """Its derivative, as in "the derivative of the tanh"; where none is given, just that."""
    also: tuple[str, ...] = ()
    """Other names of the activation."""
    pytorch: Module | None = None
    keras: Module | None = None

    @property
    def function_words(self) -> str:
        """What it does."""
        return self.function or f"the {self.words}, entry by entry"

    @property
    def slope_words(self) -> str:
        """Its derivative."""
        return self.slope or f"the derivative of the {self.words}"


class Operation(NamedTuple):
    """One operation, once: how it is written, what it is worth, how it is differentiated.

    The derivative is written in the language of `chalkwork.algebra.reading`, so it is an expression like any
    other. In it, `x` is the argument (`a` and `b` where there are two), `y` the result, `g` the derivative of
    the output by the result, and every parameter goes by its own name; `shape` is the argument's shape and
    `count` the number of entries that were collapsed into one.

    An entrywise operation gives `derivative`, one text for each argument: f'(x). Any other gives `adjoint`,
    what each argument receives when the result receives `g`. `None` marks an argument without derivative.

    Texts for typesetting hold slots: `<0>`, `<1>` for the arguments, `<alpha>` for a parameter.

    What else is known of it (`turns`, `branches`, `odd`, ...) is what readings ask for: where a reading has no rule of
    its own for an operation it goes by these, by `value` over an array namespace or by `definition`, and else says in
    a sentence that it cannot.
    """

    name: str
    value: Callable[..., Any]
    """`value(xp, *arrays, **parameters)` over any array namespace; arrays may have leading axes."""
    arity: int = 1
    derivative: tuple[str | None, ...] = ()
    adjoint: tuple[str | None, ...] = ()
    parameters: Mapping[str, Parameter] = {}
    """The parameters and their defaults, in order."""
    follows: Callable[[tuple[Shape, ...], dict[str, Parameter]], dict[str, Parameter]] | None = None
    """What parameters are usually, where that follows from the shapes of the arguments and from other parameters."""
    by_place: tuple[str, ...] = ()
    """The first parameters, where they may also stand behind the arguments without their name: a slope, a shape."""
    needs_axis: bool = False
    """Whether of a matrix with rows and columns the axis must be written, since both are usual."""
    shape: Callable[..., Shape] = entrywise_shape
    own_axes: bool = False
    """Whether `value` itself tells the axes of its arguments from those that are free."""
    by_window: bool = False
    """Whether an entry is made of the few entries that a window lies on, so that one of them shows how."""
    products: Callable[..., int] | None = None
    """How many products are added up in all entries together, from the shapes of arguments and result."""
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
    script: str = ""
    """The operation in JavaScript, of numbers where it is entrywise, else of arrays (`page/arrays.js`); its arguments
    are called as in a `definition`. Without one the `definition` is taken.
    """
    definition: str = ""
    """The operation in terms of simpler ones, for working entry by entry and for every reading without a rule."""
    also: tuple[str, ...] = ()
    """Other names in formulas."""
    unit: Unit | None = None
    """What is said of it as an activation; None where it is none."""
    onnx: str = ""
    """The node of ONNX that is the same, with our parameters as its attributes; without one, `value` is written."""

    domain: tuple[float, float] = (-inf, inf)
    """The open interval in which the first argument must lie for the value to be finite."""
    range: tuple[float, float] = (-inf, inf)
    """Two numbers between which every entry of the value lies."""
    turns: tuple[tuple[float, float], ...] | None = None
    """Where a function of one number turns, and its value there: between them it is monotone. None is not known."""
    rounding: tuple[float, float] = (4, 4)
    """How far off `value` may be in double precision: units in the last place, smallest numbers."""
    kinks: tuple[float, ...] = ()
    """Arguments at which the derivative jumps, so that a convention decides."""
    branches: tuple[str, str] | None = None
    """What it is below 0 and above 0 (of two arguments: where a - b is), if these are two formulas."""
    jumps: bool = False
    """Whether the value itself jumps."""
    convention: str = ""
    """What the derivative is where it is not one number: at kinks, at equal arguments."""
    odd: bool = False
    """f(-x) = -f(x)."""
    homogeneous: bool = False
    """f(c x) = c f(x) for every c > 0."""
    poles: float | None = None
    """The function is singular at plus and minus i times this and its odd multiples only; at none if it is infinite."""
    known: Mapping[int, Fraction] = {}
    """Values that are fractions, by the argument."""
    letter: str = ""
    """The letter for its value where derivatives are polynomials in it: s - s^2."""

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    @property
    def entrywise(self) -> bool:
        """Whether every entry of the result depends on the same entry of each argument only."""
        return bool(self.derivative)

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The range, if it has two ends."""
        return self.range if all(map(isfinite, self.range)) else None

    def result_shape(self, shapes: tuple[Shape, ...], parameters: dict[str, Parameter]) -> Shape:
        """The shape of the result; ShapeError when the arguments do not fit."""
        return self.shape(shapes, **parameters) if parameters else self.shape(shapes)
