"""Immutable, shaped expressions: what can be written on the board."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from operator import is_

from chalkwork.algebra.numerals import Scalar, as_text
from chalkwork.algebra.operations import TABLE, Operation, Parameter, Precedence, Shape, words
from chalkwork.algebra.operations.entry import every_axis
from chalkwork.errors import CostError, ShapeError

MOST_WRITTEN = 10_000  # operations of one expression, written out


class Expression:
    """A name, a number, or an operation applied to expressions; with a shape, and never changed.

    Python operators build larger ones: `+ - * / **` entry by entry, `@` for the matrix product, `.T` for the
    transpose, `apply` for every other operation of the table.

    >>> W, x, b = Name("W1", (3, 2)), Name("x", (2, 1)), Name("b1", (3, 1))
    >>> z = W @ x + b
    >>> print(z, z.shape)
    W1 @ x + b1 (3, 1)
    >>> x @ W
    Traceback (most recent call last):
        ...
    chalkwork.errors.ShapeError: x is 2x1, but W1 has 3 rows, in x @ W1
    """

    __slots__ = ("_hash", "shape")
    shape: Shape
    length: int = 0
    """How many operations it has, written out: a part counts as often as it occurs."""
    _hash: int

    def __hash__(self) -> int:
        return self._hash

    def __add__(self, other: Expression | Scalar) -> Expression:
        return apply("add", self, lift(other))

    def __radd__(self, other: Scalar) -> Expression:
        return apply("add", lift(other), self)

    def __sub__(self, other: Expression | Scalar) -> Expression:
        return apply("subtract", self, lift(other))

    def __rsub__(self, other: Scalar) -> Expression:
        return apply("subtract", lift(other), self)

    def __mul__(self, other: Expression | Scalar) -> Expression:
        return apply("multiply", self, lift(other))

    def __rmul__(self, other: Scalar) -> Expression:
        return apply("multiply", lift(other), self)

    def __truediv__(self, other: Expression | Scalar) -> Expression:
        return apply("divide", self, lift(other))

    def __rtruediv__(self, other: Scalar) -> Expression:
        return apply("divide", lift(other), self)

    def __pow__(self, other: Expression | Scalar) -> Expression:
        return apply("power", self, lift(other))

    def __matmul__(self, other: Expression) -> Expression:
        return apply("matmul", self, other)

    def __neg__(self) -> Expression:
        return apply("negative", self)

    @property
    def T(self) -> Expression:  # noqa: N802 - the field's name
        """The transpose."""
        return apply("transpose", self)

    def __repr__(self) -> str:
        return f"<{self}: {words(self.shape)}>"


class Name(Expression):
    """A named quantity.

    >>> print(Name("a1", (3, 1)))
    a1
    """

    __slots__ = ("name",)

    def __init__(self, name: str, shape: Shape = ()) -> None:
        self.name = name
        self.shape = shape
        self._hash = hash((name, shape))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Name) and self.name == other.name and self.shape == other.shape)

    __hash__ = Expression.__hash__

    def __str__(self) -> str:
        return self.name


class Constant(Name):
    """A number with a name of its own, such as pi: no quantity, so nothing is given or differentiated by.

    >>> print(2 * Constant("pi", 3.141592653589793), names_in(Constant("pi", 3.141592653589793)))
    2 * pi ()
    """

    __slots__ = ("value",)

    def __init__(self, name: str, value: float) -> None:
        super().__init__(name)
        self.value = value


class Number(Expression):
    """A number; exact where it was given exactly.

    >>> from fractions import Fraction
    >>> print(Number(Fraction(1, 2)) + 3)
    1/2 + 3
    """

    __slots__ = ("value",)

    def __init__(self, value: Scalar) -> None:
        self.value = value
        self.shape = ()
        self._hash = hash(value)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Number) and self.value == other.value)

    __hash__ = Expression.__hash__

    def __str__(self) -> str:
        return as_text(self.value)


class Share(Number):
    """One over a number of things, or so many of them, written with a letter for that number: 1/(2m) for 1/6 of m = 3.

    >>> print(Share(Fraction(1, 6), 3, "m").text, Share(Fraction(-2, 3), 3, "m").latex)
    1/(2m) -\\frac{2}{m}
    """

    __slots__ = ("latex", "text")

    def __init__(self, value: Fraction, count: int, letter: str) -> None:
        super().__init__(value)
        times = abs(value * count)
        below = letter if times.denominator == 1 else f"{times.denominator}{letter}"
        minus = value < 0
        self.latex = rf"{'-' * minus}\frac{{{times.numerator}}}{{{below}}}"
        self.text = f"{'−' * minus}{times.numerator}/{below if below == letter else f'({below})'}"
        self._hash = hash((value, self.latex))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Share) and (self.value, self.latex) == (other.value, other.latex)

    __hash__ = Expression.__hash__


class Application(Expression):
    """An operation of the table applied to arguments."""

    __slots__ = ("arguments", "is_flat", "length", "operation", "parameters")

    is_flat: bool
    """Whether the result and all arguments are scalars or matrices."""

    def __init__(
        self, operation: Operation, arguments: tuple[Expression, ...], parameters: tuple[Parameter, ...]
    ) -> None:
        self.operation = operation
        self.arguments = arguments
        self.parameters = parameters
        shapes = tuple([argument.shape for argument in arguments])
        try:
            self.shape = operation.result_shape(shapes, self.named_parameters)
        except ShapeError as error:
            raise _explained(error, self) from None
        self.is_flat = max(map(len, (self.shape, *shapes))) <= 2
        self.length = 1 + sum([argument.length for argument in arguments])
        self._hash = hash((operation.name, arguments, parameters))

    @property
    def products(self) -> int:
        """How many products are added up in all entries together, where the operation is such a sum; else 0."""
        count = self.operation.products
        shapes = tuple(argument.shape for argument in self.arguments)
        return count(shapes, self.shape, **self.named_parameters) if count else 0

    @property
    def named_parameters(self) -> dict[str, Parameter]:
        """The parameters by name."""
        return dict(zip(self.operation.parameters, self.parameters, strict=True)) if self.parameters else {}

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Application)
            and self._hash == other._hash
            and self.operation is other.operation
            and self.parameters == other.parameters
            and self.arguments == other.arguments
        )

    __hash__ = Expression.__hash__

    def __str__(self) -> str:
        return plain(self)


def _explained(error: ShapeError, expression: Application) -> ShapeError:
    """The shape error with the operands by name."""
    equation = plain(expression)
    fitting = expression.operation.entrywise or expression.operation.name == "matmul"
    if fitting and expression.operation.arity == 2 and all(argument.shape for argument in expression.arguments):
        left, right = expression.arguments
        if expression.operation.name == "matmul":
            message = f"{left} is {words(left.shape)}, but {right} has {right.shape[-2]} rows"
        else:
            message = f"{left} is {words(left.shape)}, but {right} is {words(right.shape)}"
        return ShapeError(message, equation=equation, hint=error.hint)
    return ShapeError(error.message, equation=equation, hint=error.hint)


def lift(value: Expression | Scalar) -> Expression:
    """The value as an expression."""
    return value if isinstance(value, Expression) else Number(value)


def apply(operation: str, *arguments: Expression, **parameters: Parameter) -> Application:
    """The named operation of the table, applied; parameters that are not given take their defaults.

    Raises ShapeError when the arguments do not fit, with their names and shapes; TypeError when there are too few
    or too many of them, or a parameter that the operation does not have.

    >>> print(apply("leaky_relu", Name("z1", (3, 1)), alpha=0.1))
    leaky_relu(z1, 0.1)
    """
    entry = TABLE[operation]
    if len(arguments) != entry.arity or (parameters and not parameters.keys() <= entry.parameters.keys()):
        takes = ", ".join((*("ab" if entry.arity == 2 else "x"), *entry.parameters))
        raise TypeError(f"{operation}({takes}) does not take {len(arguments)} arguments and {sorted(parameters)}")
    if not entry.parameters:
        return Application(entry, arguments, ())
    stated = {name: value for name, value in parameters.items() if value is not None or name not in _IMPLIED}
    usual = _usual(entry, arguments, stated)
    return Application(entry, arguments, tuple({**usual, **stated}.values()))


_IMPLIED: dict[str, Callable[[Sequence[Expression]], Parameter]] = {
    "axis": lambda arguments: every_axis(arguments[0].shape),
    "before": lambda arguments: arguments[0].shape,
    "kernel": lambda arguments: arguments[1].shape,
}
"""Parameters that follow from the shapes of the arguments where they are not given."""


def _usual(
    operation: Operation, arguments: Sequence[Expression], stated: Mapping[str, Parameter]
) -> dict[str, Parameter]:
    """The parameters that are not written, where those are stated."""
    given = operation.parameters.items()
    usual = {name: _IMPLIED[name](arguments) if name in _IMPLIED else default for name, default in given}
    if operation.follows is None:
        return usual
    return usual | operation.follows(tuple(one.shape for one in arguments), {**usual, **stated})


def plain(expression: Expression, needed: Precedence = Precedence.FREE) -> str:
    """The expression in the reader's own language.

    Reading it gives the same expression back, except that an exact fraction comes back as a division.
    """
    if isinstance(expression, Number):
        return _plain_number(expression.value, needed)
    if not isinstance(expression, Application):
        return str(expression)
    operation, arguments = expression.operation, expression.arguments
    if operation.name == "power":
        body = f"{plain(arguments[0], Precedence.ATOM)}^{_plain_exponent(arguments[1])}"
    elif operation.infix:
        left, right = operation.slots
        if operation.name in ("add", "multiply"):
            right = Precedence(right + 1)  # a + (b + c) keeps its parentheses, so that reading restores it
        body = f"{plain(arguments[0], left)} {operation.infix} {plain(arguments[1], right)}"
    elif operation.name == "negative":
        inside = plain(arguments[0], Precedence.MATRIX_PRODUCT)
        body = f"-({inside})" if isinstance(arguments[0], Number) and inside[0] != "(" else f"-{inside}"
    elif operation.name == "transpose":
        return f"{plain(arguments[0], Precedence.ATOM)}.T"
    elif operation.name == "matrix":
        entries, columns = [plain(argument) for argument in arguments], operation.text.partition(";")[0].count("<")
        rows = [", ".join(entries[start : start + columns]) for start in range(0, len(entries), columns)]
        return f"[{', '.join(f'[{row}]' for row in rows)}]"
    else:
        parts = [plain(argument) for argument in arguments]
        usual = _usual(operation, arguments, expression.named_parameters) if operation.parameters else {}
        for name, value in expression.named_parameters.items():
            matrix = bool(arguments[0].shape) and 1 not in arguments[0].shape
            if value != usual[name] or (operation.needs_axis and matrix):
                shown = _plain_parameter(name, value, len(arguments[0].shape))
                parts.append(shown if name in operation.by_place else f"{name}={shown}")
        return f"{operation.name}({', '.join(parts)})"
    return f"({body})" if operation.precedence < needed else body


def _plain_exponent(expression: Expression) -> str:
    text = plain(expression, Precedence.ATOM)
    return "(T)" if text == "T" else text  # ^T is the transpose


def _plain_number(value: Scalar, needed: Precedence) -> str:
    text = as_text(value)
    return f"({text})" if (text[0] == "-" or "/" in text) and needed > Precedence.SUM else text


def _plain_parameter(name: str, value: Parameter, rank: int) -> str:
    if isinstance(value, tuple) and name == "axis":
        return "none"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    if name == "axis" and isinstance(value, int) and rank <= 2:
        return str(value + 2)  # counted as NumPy does in a matrix
    return "none" if value is None else str(value)


def walk(expression: Expression) -> Iterator[Expression]:
    """Every node, arguments before what is made of them, each different one once."""
    seen: set[Expression] = set()
    stack: list[tuple[Expression, bool]] = [(expression, False)]
    while stack:
        node, entered = stack.pop()
        if node in seen:
            continue
        if entered or not isinstance(node, Application):
            seen.add(node)
            yield node
        else:
            stack.append((node, True))
            stack.extend((argument, False) for argument in reversed(node.arguments))


def check_written(expression: Expression, most: int = MOST_WRITTEN) -> None:
    """Refuse what nobody could write out.

    Raises CostError.

    >>> x = Name("x")
    >>> for _ in range(20):
    ...     x = x * x
    >>> check_written(x)
    Traceback (most recent call last):
        ...
    chalkwork.errors.CostError: this has more than 10000 operations, written out. Hint: give its parts their own names.
    """
    if expression.length > most:
        hint = "give its parts their own names"
        raise CostError(f"this has more than {most} operations, written out", hint=hint)


@lru_cache(maxsize=4096)
def names_in(expression: Expression) -> tuple[Name, ...]:
    """The names that occur, in order of first occurrence.

    >>> x = Name("x")
    >>> [str(name) for name in names_in(x * Name("w") + x)]
    ['x', 'w']
    """
    return tuple(node for node in walk(expression) if isinstance(node, Name) and not isinstance(node, Constant))


def rebuild(expression: Application, arguments: tuple[Expression, ...]) -> Application:
    """The same operation on other arguments."""
    if all(map(is_, arguments, expression.arguments)):
        return expression
    return Application(expression.operation, arguments, expression.parameters)


def replace(expression: Expression, replacements: Mapping[Expression, Expression]) -> Expression:
    """The expression with every occurrence of each key exchanged, larger parts first.

    >>> z = Name("z")
    >>> print(replace(apply("tanh", z) ** 2, {apply("tanh", z): Name("a")}))
    a^2
    """
    return transform(expression, replacements.get)


def transform(expression: Expression, rule: Callable[[Expression], Expression | None]) -> Expression:
    """The expression with `rule` applied to every node from the top; where it answers None, to the parts."""
    return _transformed(expression, rule, {})


def _transformed(
    node: Expression, rule: Callable[[Expression], Expression | None], known: dict[Expression, Expression]
) -> Expression:
    result = known.get(node)
    if result is None:
        result = rule(node)
        if result is None:
            result = node
            if isinstance(node, Application):
                result = rebuild(node, tuple([_transformed(argument, rule, known) for argument in node.arguments]))
        known[node] = result
    return result
