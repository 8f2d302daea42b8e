"""Networks of threshold units for boolean functions: a hidden unit for each minterm; how many units a parity takes.

Source: Minsky and Papert, Perceptrons (1969), chapter 3; for a chain of exclusive ors Bengio, Learning deep
architectures for AI (2009), section 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Unpack

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Stage
from chalkwork.documents.literal import visible
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.presentation.unit import Rows
from chalkwork.laboratory.work import Work
from chalkwork.networks.activations import Activation
from chalkwork.networks.arguments import whole
from chalkwork.solutions.board import Board, maths
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol

MOST_VARIABLES, MOST_TERMS = 8, 40
_LITERAL = re.compile(r"([!~¬]?)([A-Za-z])(['’′]?)")
UNITS, COUNTS = Stage("units", "The units"), Stage("counts", "How many units")
_STEP = Activation.of("step(at_zero=1)")
_LETTERS = {
    "W1": Symbol.of("W_1"), "theta1": Symbol.of(r"\theta_1"), "W2": Symbol.of("W_2"), "theta2": Symbol.of(r"\theta_2"),
    "x": Symbol.of("x"), "h": Symbol.of("h"), "a": Symbol.of("a"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """The minterms of a function: for every variable 1 where it stands as it is, -1 negated, 0 not at all."""

    variables: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, text: str | Sequence[str]) -> Terms:
        """The terms of a sum of products such as `AB'C + A'B`; ChalkworkError for anything else.

        >>> Terms.of("AB' + C").rows
        ((1, -1, 0), (0, 0, 1))
        """
        parts = re.split(r"[+|]", text) if isinstance(text, str) else text
        if (
            not isinstance(parts, Sequence)
            or not 1 <= len(parts) <= MOST_TERMS
            or not all(isinstance(part, str) for part in parts)
        ):
            raise ChalkworkError(f"minterms are 1 to {MOST_TERMS} products such as AB'C")
        found = [_literals(part) for part in parts]
        variables = tuple(sorted({name for term in found for name in term}))
        if len(variables) > MOST_VARIABLES:
            raise ChalkworkError(f"{len(variables)} variables are more than {MOST_VARIABLES}")
        rows = tuple(dict.fromkeys(tuple(term.get(name, 0) for name in variables) for term in found))
        return cls(variables, rows)

    def written(self, row: Sequence[int]) -> str:
        """A term as people write it."""
        return "".join(name + ("'" if sign < 0 else "") for name, sign in zip(self.variables, row, strict=True) if sign)

    def in_latex(self, row: Sequence[int]) -> str:
        """The same in LaTeX, with a line over what is negated."""
        signs = zip(self.variables, row, strict=True)
        return " ".join(rf"\overline{{{name}}}" if sign < 0 else name for name, sign in signs if sign)


def _literals(part: str) -> dict[str, int]:
    bare = re.sub(r"[\s*·&.]", "", part)
    found = list(_LITERAL.finditer(bare))
    if not found or "".join(one[0] for one in found) != bare or len(bare) > 100:
        raise ChalkworkError(
            f"{visible(part, 40)!r} is no product of variables", hint="such as AB'C: A and not B and C"
        )
    term: dict[str, int] = {}
    for one in found:
        sign = -1 if bool(one[1]) != bool(one[3]) else 1
        if term.get(one[2], sign) != sign:
            raise ChalkworkError(f"{visible(part, 40)!r} holds {one[2]} and its negation, and so is never true")
        term[one[2]] = sign
    return term


def minterm_network(
    minterms: str | Sequence[str],
    *,
    ask: Sequence[str] = (),
    **look: Unpack[Look],
) -> Solution:
    """A network of two layers of threshold units for a sum of products, one hidden unit for each of them.

    `minterms` is a text such as `AB'C + A'B`, or a list of products. A hidden unit has the weight 1 for a variable, -1
    for a negated one and 0 for one that does not occur; its threshold is the number of variables that are not negated,
    minus one half. The output is 1 where any of them is. `width` (hidden units), `depth` (2), `units`; `W1` (width x
    variables), `theta1`, `W2`, `theta2`; up to four variables for each row k of the table `h1` (the hidden units) and
    `a1` (the output).

    >>> found = minterm_network("AB' + A'B")
    >>> int(found["width"]), found["W1"].tolist(), found["theta1"].ravel().tolist(), float(found["a2"])
    (2, [[1.0, -1.0], [-1.0, 1.0]], [0.5, 0.5], 1.0)
    """
    style = Style.chosen(**look)
    terms = Terms.of(minterms)
    signs = np.array(terms.rows, np.float64)
    width, n = signs.shape
    table = list(product((0.0, 1.0), repeat=n)) if n <= 4 else []
    rows = Rows(np.array(table), None, style, "ha")
    rows.letters |= {f"x[{place}]": Symbol(name, name) for place, name in enumerate(terms.variables, 1)} | _LETTERS
    hidden = rows.equation("width", Number(width), UNITS, "One hidden unit for each product.")
    rows.equation("depth", Number(2), UNITS, "The hidden layer and the output.")
    rows.equation("units", hidden + 1, UNITS, "The hidden units and the output.")
    thresholds = (signs > 0).sum(1, keepdims=True) - 0.5
    own = {"W1": signs, "theta1": thresholds, "W2": np.ones((1, width)), "theta2": np.array([[0.5]])}
    rows.units(own, UNITS, found=True)
    w1, theta1, w2, theta2 = (Name(name, value.shape) for name, value in own.items())

    def units(step: int) -> list[Expression]:
        nets = (w1 @ Name(f"x{step}", (n, 1)) - theta1, w2 @ Name(f"h{step}", (width, 1)) - theta2)
        return [_STEP.expression(net, -2) for net in nets]

    rows.put_in(units)
    return rows.solution(
        style, ask, ("depth", "width"),
        title="A network for a boolean function",
        script=lambda board: _network_script(board, terms, rows),
        posed=lambda board: [_function(board, terms), Paragraph(_WANTED)],
        scalars=frozenset(("theta2", *(f"a{step}" for step in rows.steps))),
    )  # fmt: skip


_WANTED = "A network of threshold units is to compute it, with one hidden unit for each product."


def _function(board: Board, terms: Terms) -> Block:
    latex = " + ".join(map(terms.in_latex, terms.rows))
    return board.chain(maths("f"), maths(latex, " + ".join(map(terms.written, terms.rows))))


def _network_script(board: Board, terms: Terms, rows: Rows) -> Iterator[Block]:
    yield _function(board, terms)
    yield Paragraph(
        "A product is true where every variable of it has its value. A unit finds that out: the weight is 1 for a "
        "variable, −1 for a negated one, 0 for one that does not occur, and the threshold lies one half below the "
        "largest sum, which is the number of variables that are not negated."
    )
    yield from board.equations(["width", "depth", "units"])
    yield from board.givens(["W1", "theta1"])
    yield Paragraph("The output is true where any hidden unit is:")
    yield from board.givens(["W2", "theta2"])
    if rows.steps:
        yield Heading("Every row", 2)
        shown = next((step for step in rows.steps if board.values[f"a{step}"].any()), 1)
        yield from board.equations([f"h{shown}", f"a{shown}"])
        yield rows.table(board)


def parity_units(
    inputs: int,
    *,
    ask: Sequence[str] = (),
    **look: Unpack[Look],
) -> Solution:
    """How many threshold units the exclusive or of `inputs` (2 to 60) inputs takes, deep and shallow.

    Deep: a tree of exclusive ors of two inputs, of 3 units in 2 layers each: `deep_units` = 3 (n - 1), `deep_layers` =
    2 ceil(log2 n), `levels` of the tree. Shallow: a hidden unit for each of the rows with an odd number of ones,
    `shallow_hidden` = 2^(n - 1), and with the output `shallow_units`.

    >>> found = parity_units(6)
    >>> [int(found[name]) for name in ("deep_units", "deep_layers", "shallow_hidden")]
    [15, 6, 32]
    """
    n = whole(inputs, "inputs", 2, 60)
    halves = [n]
    while halves[-1] > 1:
        halves.append((halves[-1] + 1) // 2)
    way = ", ".join(map(str, halves))
    work = Work()
    size = work.given("n", n)
    for name, count, reason in (
        ("deep_units", 3 * (size - 1),
         "Every exclusive or of two inputs takes 3 units and makes one value of two, so {n} − 1 are needed."),
        ("levels", Number(len(halves) - 1),
         f"Side by side in a tree they halve the number of values, rounded up, each time: {way}."),
        ("deep_layers", 2 * Name("levels"), "Every exclusive or has 2 layers."),
        ("shallow_hidden", Number(2) ** (size - 1),
         "With one hidden layer, a unit for each row whose output is 1; these are half of all rows."),
        ("shallow_units", Name("shallow_hidden") + 1, "And the output."),
    ):  # fmt: skip
        work.equation(name, count, COUNTS, reason, Symbol.word(name.replace("_", " ")))
    what = Paragraph(f"The exclusive or of {counted(n, 'input')} is 1 where an odd number of them is.")
    wanted = Paragraph(
        "It is to be computed by threshold units: by a tree of exclusive ors of two inputs, or by one hidden layer."
    )
    return work.solution(
        Style.chosen(**look), ask, ("deep_units", "deep_layers", "shallow_hidden"),
        title="Units for an exclusive or",
        script=lambda board: [what, *board.givens(["n"]), *board.equations(board.derivation)],
        posed=lambda board: [what, wanted],
    )  # fmt: skip
