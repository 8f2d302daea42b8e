"""What a step of Newton's method costs: operations and memory, counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Unpack

import numpy as np

from chalkwork.algebra.expression import Name
from chalkwork.documents.model import Block, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.optimisation.surface import Work
from chalkwork.networks.data import as_vector
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol


def newton_cost(
    parameters: Sequence[int] = (10, 1_000, 100_000, 10_000_000),
    **look: Unpack[Look],
) -> Solution:
    """What one step of Newton's method costs for so many parameters: operations and memory, counted.

    The Hessian has n^2 numbers of 8 bytes; elimination takes n^3 / 3 multiplications and as many additions (half of
    them where the matrix is known to be symmetric and positive definite: Cholesky). A gradient has n numbers.

    The equations, columns with a row for every n: `numbers` (n^2), `bytes` and `gradient_bytes`, `operations` (n^3 /
    3), `ratio` (bytes of the Hessian over those of the gradient). Raises ChalkworkError for anything but whole numbers
    from 1 to 10^12.

    Source: Golub and Van Loan, Matrix Computations, section 3.2.

    >>> newton_cost([1000])["operations"].item()
    333333333.3333333
    """
    style = Style.chosen(**look)
    counts = np.ravel(as_vector(list(parameters), "parameters"))
    if len(counts) > 20 or (counts < 1).any() or (counts > 1e12).any() or (counts != np.round(counts)).any():
        raise ChalkworkError("parameters are at most 20 whole numbers from 1 to 10^12")
    work = Work()
    n = work.given("parameters", counts, Symbol("n", "n"))
    work.equation("numbers", n**2, letter=Symbol(r"n_{H}", "n(H)"))
    work.equation("gradient_bytes", 8 * n, letter=Symbol(r"M_{\nabla}", "M(∇)"))
    work.equation("bytes", 8 * n**2, letter=Symbol("M_{H}", "M(H)"))
    work.equation("operations", n**3 / 3, letter=Symbol(r"n_{\times}", "n(×)"))
    work.equation(
        "ratio",
        Name("bytes", n.shape) / Name("gradient_bytes", n.shape),
        letter=Symbol(r"M_{H} / M_{\nabla}", "M(H)/M(∇)"),
    )
    work.asked += ["bytes", "operations"]
    return work.solution(
        style, title="What a step of Newton's method costs", script=lambda board: _script(board, counts.tolist())
    )


def _script(board: Board, n: Sequence[float]) -> Iterator[Block]:
    yield Paragraph(
        "With $n$ parameters the gradient has $n$ numbers and the Hessian $n^2$. Elimination in the linear system "
        "$H d = -\\nabla L$ takes about $\\frac{1}{3} n^3$ multiplications and as many additions, in every step."
    )
    costs = board.table(
        ["$n$", "gradient", "Hessian", "multiplications"],
        [
            [f"{int(each):,}".replace(",", " ") for each in n],
            [size_in_words(each) for each in np.ravel(board.values["gradient_bytes"])],
            [size_in_words(each) for each in np.ravel(board.values["bytes"])],
            [board.number(float(f"{each:.2g}")) for each in np.ravel(board.values["operations"])],
        ],
    )
    yield costs._replace(right=(0, 1, 2, 3))
    yield Paragraph(
        "Memory is counted with 8 bytes a number. Ten times as many parameters need a hundred times the memory and "
        "a thousand times the operations; gradient descent needs ten times of each."
    )


def size_in_words(count: float) -> str:
    """A number of bytes as a person says it.

    >>> size_in_words(8e6), size_in_words(80)
    ('8 MB', '80 bytes')
    """
    for unit, size in (("EB", 1e18), ("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}" if count / size < 1000 else f"{count / size:.0f} {unit}"
    return f"{count:.0f} bytes"
