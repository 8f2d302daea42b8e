"""The page of functions, `docs/functions.md`, made from the tables: `python docs/functions.py > docs/functions.md`."""

from __future__ import annotations

from chalkwork.algebra.operations import TABLE, Operation, Parameter
from chalkwork.algebra.reading.words import ALSO, CONSTANTS, DEFINED

PARAMETERS = {
    "axis": "over which axis of a matrix: 0 (over the rows: one result for each column), 1 (over the columns), or none",
    "keys": "along which axis the keys lie, 1 or 0: a position sees only those up to its own place",
    "causal": "1: a position also sees only those up to its own place; 0",
    "count": "how many heads lie beside each other; how many tokens there are",
    "alpha": "the slope, or the size, where the argument is negative",
    "delta": "how large a difference is squared; beyond it `huber` is a straight line",
    "at_zero": "the derivative at 0 (of `step` the value); none stands for alpha",
    "tie": "what `argmax` gives where several entries are the largest; none: the place of the first",
    "before": "the shape that was there, which need not be said where it stands there",
    "at": "which step of a sequence, counted from 1",
    "kernel": "the shape of the kernel, which need not be said where it stands there",
    "stride": "how far apart the places of a window are: one number, or one for rows and one for columns, `[2, 1]`",
    "padding": "how wide the rim of zeros is (of `max_pool`: of what is smaller than everything), likewise",
    "dilation": "how far apart the entries of a kernel lie, likewise",
    "along": "the axis along which the steps of a sequence lie; of a convolution -1 or -2, the axis that is the map, "
    "where the other holds channels, or none where the map is the matrix",
    "window": "the size of a window, likewise",
    "ties": "0: the first of equal largest entries has the derivative; 1: they share it",
    "place": "row and column of an entry, counted from 1, `[2, 1]`",
    "span": "first and last row, first and last column of a part, counted from 1, `[1, 2, 1, 1]`",
    "shape": "rows and columns, `[2, 3]`",
}
"""What each parameter says."""
_OPENING = """# Functions

What can be written in graphs, claims, Taylor expansions and everywhere else where a formula is typed, in plain maths or
in LaTeX (`\\tanh x`, `\\operatorname{softmax}(z)`). This page is made from the table of operations; a test holds it to
it.

Parameters go by their names: `softmax(S, axis=1)`, `relu(z, at_zero=1)`. Only a slope, a shape and a window may stand
behind the argument without it: `leaky_relu(z, 0.1)`, `elu(z, 0.5)`, `broadcast(b, [2, 3])`, `max_pool(X, 2)`. `max` and
`min` of two or more arguments take the largest or smallest entry by entry; of one argument, that of its entries
(`min(x)` is `-max(-x)`).
`softmax`, `log_softmax` and `logsumexp` of a matrix that has rows and columns need their axis. `log` and `ln` are
natural; `log2` (`lb`), `log10` (`lg`) and `log_b(x)` have another base.

A product may do without its sign: `2 a b`, `2(a + b)`. Behind a slash that has two readings, and is refused with both:
`1/2x`, `a/b c`, `6/2(1 + 2)`. What has one reading everywhere is read: `1/2 (a - y)^2`, `1/2(a - y)^2` and `1/2 x` are
one half of it, and so is a fraction in lowest terms with a space behind it, `2/3 x`. Where the signs are written,
products and quotients go from left to right: `6/2*3` is 9.

In equations between quantities, as those of a graph, square brackets hold numbers and what is joined: `[1, 2]` is a
column, `[[1, 2], [3, 4]]` a matrix by its rows, `[x; h]` is x with h below it (`concat(x, h)`; side by side
`beside(x, h)`). `x[1]` is the first entry and `x[1:2]` are the first two: places are counted from 1, and a part
holds both its ends; `W[1,:]` is the first row. `dot(a, b)` and `outer(a, b)` are products of two vectors, however they
lie; `convolution_matrix(x, w, padding=1)` is the matrix that makes `vec(convolve(x, w, padding=1))` of `vec(x)` (of a
vector a Toeplitz matrix, of an image a doubly blocked one), `im2col(x, w)` has in each row what the kernel lies on, and
`vec(x)` are the entries row by row; `positional(3, 4)` is the sinusoidal encoding of three positions by four entries
each. A softmax of a matrix that is a factor of a product runs along what the product sums over: in `softmax(S) V` over
each row. `causal_softmax` adds minus infinity to the scores that a position must not see; `masked_softmax(S, M)` does
so where M is 0.

In the derivatives x is the argument (a, b where there are two) and y the value; g is what the value receives from what
comes after it, where the entries do not go one by one.

"""


def page() -> str:
    """The page, in Markdown."""
    rows = [_row(entry) for entry in TABLE.values() if not entry.infix]
    rows += [f"| `{name}(x)` | {_also(name)} | `{text}` | |" for name, text in DEFINED.items()]
    signs = ", ".join(f"`a {entry.infix} b` ({entry.name})" for entry in TABLE.values() if entry.infix)
    constants = " and ".join(f"`{name}`" for name in CONSTANTS)
    units = ", ".join(f"`{name}`" for name, entry in TABLE.items() if entry.unit is not None)
    says = "\n".join(f"| `{name}` | {text} |" for name, text in PARAMETERS.items())
    parts = [
        _OPENING + "| written | also | means | derivative |\n|---|---|---|---|\n" + "\n".join(rows),
        f"Signs: {signs}, `-a`, `A.T`.",
        f"Constants: {constants}, where nothing that was declared has that name.",
        f"Activations of units: {units}.",
        f"| parameter | what it says |\n|---|---|\n{says}",
    ]
    return "\n\n".join(parts) + "\n"


def _row(entry: Operation) -> str:
    arguments = ["x"] if entry.arity == 1 else ["a", "b"]
    given = [f"{name}={_shown(value)}" for name, value in entry.parameters.items()]
    means = entry.definition or _filled(entry.text, arguments)
    derivative = " and ".join("none" if text is None else f"`{text}`" for text in entry.derivative or entry.adjoint)
    if entry.convention:
        derivative += f"; {entry.convention}"
    return f"| `{entry.name}({', '.join(arguments + given)})` | {_also(entry.name)} | `{_bar(means)}` | {derivative} |"


def _also(name: str) -> str:
    return ", ".join(f"`{word}`" for word, operation in ALSO.items() if operation == name)


def _filled(text: str, arguments: list[str]) -> str:
    for place, argument in enumerate(arguments):
        text = text.replace(f"<{place}>", argument)
    return text.replace("<times>", " ").replace("<log>", "log").replace("<transposed>", "ᵀ")


def _bar(text: str) -> str:
    return text.replace("|", r"\|")


def _shown(value: Parameter) -> str:
    return (
        "none" if value is None else "[]" if value == () else f"{value:g}" if isinstance(value, float) else str(value)
    )


if __name__ == "__main__":
    print(page(), end="")
