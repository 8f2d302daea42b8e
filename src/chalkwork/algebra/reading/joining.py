"""What square brackets come to once shapes are known: matrices by their entries, what is joined, entries and parts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from chalkwork.algebra.expression import Application, Expression, Number, apply
from chalkwork.algebra.operations import words
from chalkwork.algebra.reading.cursor import Syntax
from chalkwork.algebra.reading.written import matrix
from chalkwork.errors import ReadError

MOST_POSITIONS = 64


def stacked(syntax: Syntax, parts: Sequence[Expression]) -> Expression:
    """A list of numbers is a column, a list of such lists a matrix by its rows; vectors are joined at semicolons.

    Raises ReadError for vectors with a comma between them: below each other or side by side.
    """
    counts = [int(count) for count in syntax.value.split(",")]
    if not parts or 0 in counts:
        raise ReadError("there is nothing between the square brackets")
    rows, start = [], 0
    for count in counts:
        rows.append(list(parts[start : start + count]))
        start += count
    nested = all(part.kind == "stack" and "," not in part.value for part in syntax.parts)
    if len(rows) == 1 and nested:
        rows = [list(part.arguments) for part in parts if isinstance(part, Application)]
    elif len(rows) == 1:
        if any(part.shape for part in parts):
            listed, below = ", ".join(map(str, parts)), "; ".join(map(str, parts))
            aside = f"side by side, beside({listed})"
            raise ReadError(f"[{listed}] could be the parts below each other, [{below}], or {aside}")
        rows = [[part] for part in parts]
    lengths = {len(row) for row in rows}
    if all(not part.shape for row in rows for part in row):
        if len(lengths) > 1:
            raise ReadError(f"a matrix has rows of {min(lengths)} and of {max(lengths)} entries")
        return Application(matrix(len(rows), len(rows[0])), tuple(part for row in rows for part in row), ())
    lines = [reduce(lambda left, right: apply("beside", left, right), map(as_matrix, row)) for row in rows]
    return reduce(lambda above, below: apply("concat", above, below), lines)


def as_matrix(part: Expression) -> Expression:
    """A number as a matrix of one entry."""
    return part if part.shape else Application(matrix(1, 1), (part,), ())


def indexed(of: Expression, places: str) -> Expression:
    """An entry, or the part from one place to another, both of them in it; places are counted from 1.

    Raises ReadError for what has no such entry, and for one place in a matrix of rows and columns.

    >>> from chalkwork.algebra.expression import Name
    >>> print(indexed(Name("x", (3, 1)), "2"), indexed(Name("W", (2, 3)), "1,:").shape)
    entry(x, place=[2, 1]) (1, 3)
    """
    if len(of.shape) != 2:
        what = words(of.shape) if of.shape else "a number"
        raise ReadError(f"{of} is {what}, so {of}[{places}] is no entry of it")
    typed = places.split(",")
    if len(typed) == 1:
        if 1 not in of.shape:
            both = f"row {places}, {of}[{places},:], or column {places}, {of}[:,{places}]"
            raise ReadError(f"{of}[{places}] of a {words(of.shape)} matrix could be {both}")
        typed = [*typed, "1"] if of.shape[1] == 1 else ["1", *typed]
    if len(typed) != 2:
        raise ReadError(f"{of} is {words(of.shape)}: an entry has a row and a column")
    spans = [_span(text, size, of) for text, size in zip(typed, of.shape, strict=True)]
    if not any(":" in text for text in typed):
        return apply("entry", of, place=(spans[0][0], spans[1][0]))
    return apply("part", of, span=(*spans[0], *spans[1]))


def _span(text: str, size: int, of: Expression) -> tuple[int, int]:
    """First and last place along one axis."""
    first, colon, last = text.partition(":")
    span = int(first or 1), int(last or size) if colon else int(first or 1)
    if not text or ":" in last or not 1 <= span[0] <= span[1] <= size:
        hint = "entries are counted from 1, and a part holds both its ends: x[1:2] is the first two"
        raise ReadError(f"{of} is {words(of.shape)} and has no entries {text or 'without a number'}", hint=hint)
    return span


def positional(rows: Expression, columns: Expression) -> Expression:
    """The sinusoidal encoding of the positions 0, 1, ..., each in a row: sines and cosines in turn.

    Source: Vaswani and others, Attention Is All You Need (2017), section 3.5.

    >>> from chalkwork.algebra.expression import Number
    >>> print(positional(Number(2), Number(4)))
    [[0, 1, 0, 1], [sin(1), cos(1), sin(1 / 100), cos(1 / 100)]]
    """
    sizes = [part.value if isinstance(part, Number) else 0 for part in (rows, columns)]
    if not all(isinstance(size, int) and 0 < size <= MOST_POSITIONS for size in sizes):
        raise ReadError(f"positional takes two whole numbers up to {MOST_POSITIONS}: positions, and entries of each")
    count, width = int(sizes[0]), int(sizes[1])
    entries: list[Expression] = []
    for position in range(count):
        for column in range(width):
            function = ("sin", "cos")[column % 2]
            slower = 10000 ** (column // 2 * 2 / width)
            nearest = round(slower) if abs(slower - round(slower)) < 1e-9 * slower else slower
            angle = Number(position) if nearest == 1 else apply("divide", Number(position), Number(nearest))
            entries.append(apply(function, angle) if position else Number(column % 2))
    return Application(matrix(count, width), tuple(entries), ())


def of_vectors(name: str, left: Expression, right: Expression) -> Expression:
    """The scalar product or the outer product of two vectors, however each of them lies.

    >>> from chalkwork.algebra.expression import Name
    >>> print(of_vectors("outer", Name("g", (2, 1)), Name("x", (1, 3))))
    g @ x
    """
    if not left.shape and not right.shape:
        return apply("multiply", left, right)
    for part in (left, right):
        if len(part.shape) != 2 or 1 not in part.shape:
            raise ReadError(f"{name} takes two vectors, and {part} is {words(part.shape)}")
    standing = [part if part.shape[1] == 1 else part.T for part in (left, right)]
    lying = [part.T if part.shape[1] == 1 else part for part in (left, right)]
    return lying[0] @ standing[1] if name == "dot" else standing[0] @ lying[1]
