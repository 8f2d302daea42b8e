"""A convolution as a product of matrices: its matrix, the windows as rows, and maps as columns, entry by entry."""

from __future__ import annotations

from itertools import product
from math import prod

from chalkwork.algebra.expression import Application, Expression, Number, apply
from chalkwork.algebra.operations import Parameter, Shape
from chalkwork.algebra.operations.partners import partners_of_result
from chalkwork.algebra.operations.windows import laid, result_shape
from chalkwork.algebra.reading.written import matrix
from chalkwork.errors import ReadError

MOST_ENTRIES = 1024
"""Entries of such a matrix: more are nothing that is written out."""


def laid_out(name: str, arguments: tuple[Expression, ...], settings: dict[str, Parameter]) -> Expression:
    """`vec(x)`: the entries of x in a column, row by row; `convolution_matrix(x, w)`: the matrix that makes
    vec(convolve(x, w)) of vec(x); `im2col(x, w)`: what the kernel lies on, a row for each place.

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 9.1 (doubly block circulant and Toeplitz matrices).
    Raises ReadError for a matrix of more than 1024 entries, ShapeError where the kernel does not fit.

    >>> from chalkwork.algebra.expression import Name
    >>> laid_out("convolution_matrix", (Name("x", (4, 4)), Name("w", (2, 2))), {}).shape
    (9, 16)
    >>> laid_out("im2col", (Name("x", (4, 4)), Name("w", (2, 2))), {}).shape
    (9, 4)
    """
    data = arguments[0]
    if any(len(one.shape) > 2 for one in arguments):
        raise ReadError(f"{name} takes one map and one kernel, with rows and columns")
    if name == "vec":
        places = list(product(*map(range, data.shape)))
        return _matrix(name, [[_entry(data, place)] for place in places])
    kernel = arguments[1]
    stride, padding, dilation = (settings.get(key, usual) for key, usual in _USUAL.items())
    lie, at = laid(data.shape, kernel.shape, stride, padding, dilation, None)
    results = list(product(*map(range, result_shape(lie, at))))
    by_data = name == "convolution_matrix"
    width = prod(data.shape if by_data else at.window)
    if width * len(results) > MOST_ENTRIES:
        raise ReadError(
            f"{name} has {len(results)} x {width} entries here, more than {MOST_ENTRIES}", hint="take smaller maps"
        )
    rows: list[list[Expression]] = []
    for place in results:
        row: list[Expression] = [Number(0)] * width
        for met, weight in partners_of_result(lie, at, place):
            if by_data:
                row[_number(met, data.shape)] = _entry(kernel, weight)
            else:
                row[_number(weight, kernel.shape)] = _entry(data, met)
        rows.append(row)
    return _matrix(name, rows)


_USUAL: dict[str, Parameter] = {"stride": 1, "padding": 0, "dilation": 1}


def _number(place: Shape, shape: Shape) -> int:
    """Which entry it is, row by row."""
    found = 0
    for at, size in zip(place, shape, strict=True):
        found = found * size + at
    return found


def _entry(of: Expression, place: Shape) -> Expression:
    return apply("entry", of, place=tuple(at + 1 for at in place)) if of.shape else of


def _matrix(name: str, rows: list[list[Expression]]) -> Expression:
    if len(rows) > MOST_ENTRIES:
        raise ReadError(f"{name} has {len(rows)} entries here, more than {MOST_ENTRIES}")
    return Application(matrix(len(rows), len(rows[0])), tuple(one for row in rows for one in row), ())
