"""Networks of threshold units for boolean functions: a hidden unit for each minterm; how many units a parity takes.

Source: Minsky and Papert, Perceptrons (1969), chapter 3; for a chain of exclusive ors Bengio, Learning deep
architectures for AI (2009), section 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Name, Number
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.documents.literal import visible
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.presentation.unit import Letters, constant
from chalkwork.networks.activations import Activation
from chalkwork.networks.arguments import whole
from chalkwork.networks.data import Array
from chalkwork.solutions.board import Board, maths
from chalkwork.solutions.setting import Setting, Style
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import Column, asked_of, step_table
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.symbols import Symbol

MOST_VARIABLES, MOST_TERMS = 8, 40
_LITERAL = re.compile(r"([!~¬]?)([A-Za-z])(['’′]?)")
UNITS, ROWS, COUNTS = Stage("units", "The units"), Stage("rows", "Every row"), Stage("counts", "How many units")
_STEP = Activation.of("step(at_zero=1)")
_LETTERS = {
    "W1": Symbol("W_1", "W₁"), "W2": Symbol("W_2", "W₂"), "theta1": Symbol(r"\theta_1", "θ₁"),
    "theta2": Symbol(r"\theta_2", "θ₂"), "h": Symbol("h", "h"),
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
        parts = re.split(r"[+|]", text) if isinstance(text, str) else list(text)
        if not 1 <= len(parts) <= MOST_TERMS or not all(isinstance(part, str) for part in parts):
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
    notation: str | Mapping[str, Any] | Notation | None = None,
    style: Style | None = None,
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
    style = style or Style.of(notation)
    terms = Terms.of(minterms)
    signs = np.array(terms.rows, dtype=np.float64)
    width, n = signs.shape
    equations = [
        Equation("width", Number(width), UNITS, "One hidden unit for each product."),
        Equation("depth", Number(2), UNITS, "The hidden layer and the output."),
        Equation("units", Name("width") + 1, UNITS, "The hidden units and the output."),
        Equation("W1", constant(signs), UNITS),
        Equation("theta1", constant((signs > 0).sum(1, keepdims=True) - 0.5), UNITS),
        Equation("W2", constant(np.ones((1, width))), UNITS),
        Equation("theta2", constant(np.array([[0.5]]), single=False), UNITS),
    ]
    givens: dict[str, Array] = {}
    letters = {**_LETTERS, "x": Symbol("x", "x"), "a": Symbol("a", "a")}
    letters |= {f"x[{place}]": Symbol(name, name) for place, name in enumerate(terms.variables, 1)}
    steps: range = range(1, 2**n + 1) if n <= 4 else range(0)
    own = Letters(style.notation)
    for step, row in zip(steps, product((0.0, 1.0), repeat=n), strict=False):
        givens[f"x{step}"] = np.array(row)[:, None]
        hidden = Name("W1", (width, n)) @ Name(f"x{step}", (n, 1)) - Name("theta1", (width, 1))
        output = Name("W2", (1, width)) @ Name(f"h{step}", (width, 1)) - Name("theta2", (1, 1))
        equations.append(Equation(f"h{step}", _STEP.expression(hidden, -2), ROWS))
        equations.append(Equation(f"a{step}", _STEP.expression(output, -2), ROWS))
        letters |= {f"{name}{step}": own.numbered(name, step) for name in ("x", "h", "a")}
    names = tuple(Name(name, value.shape) for name, value in givens.items())
    setting = Setting(
        title="A network for a boolean function",
        letters=letters,
        script=lambda board: _network_script(board, terms, steps),
        posed=lambda board: [_function(board, terms), Paragraph(_WANTED)],
        asked=asked_of(ask, [one.name for one in equations], ("depth", "width")),
        scalars=frozenset(("theta2", *(f"a{step}" for step in steps))),
    )
    return Solution(Derivation(names, tuple(equations)), givens, style, setting)


_WANTED = "A network of threshold units is to compute it, with one hidden unit for each product."


def _function(board: Board, terms: Terms) -> Block:
    latex = " + ".join(map(terms.in_latex, terms.rows))
    return board.chain(maths("f"), maths(latex, " + ".join(map(terms.written, terms.rows))))


def _network_script(board: Board, terms: Terms, steps: range) -> Iterator[Block]:
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
    if steps:
        yield Heading("Every row", 2)
        shown = next((step for step in steps if board.values[f"a{step}"].any()), 1)
        yield from board.equations([f"h{shown}", f"a{shown}"])
        yield step_table(board, [Column("x", asked=False), "h", "a"], steps, "row")


def parity_units(
    inputs: int,
    *,
    ask: Sequence[str] = (),
    notation: str | Mapping[str, Any] | Notation | None = None,
    style: Style | None = None,
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
    level = (n - 1).bit_length()
    halves = [n]
    while halves[-1] > 1:
        halves.append((halves[-1] + 1) // 2)
    way = ", ".join(map(str, halves))
    size = Name("n")
    equations = [
        Equation("deep_units", 3 * (size - 1), COUNTS,
                 "Every exclusive or of two inputs takes 3 units and makes one value of two, so {n} − 1 are needed."),
        Equation("levels", Number(level), COUNTS,
                 f"Side by side in a tree they halve the number of values, rounded up, each time: {way}."),
        Equation("deep_layers", 2 * Name("levels"), COUNTS, "Every exclusive or has 2 layers."),
        Equation("shallow_hidden", Number(2) ** (size - 1), COUNTS,
                 "With one hidden layer, a unit for each row whose output is 1; these are half of all rows."),
        Equation("shallow_units", Name("shallow_hidden") + 1, COUNTS, "And the output."),
    ]  # fmt: skip
    words = {
        name: name.replace("_", " ")
        for name in ("deep_units", "levels", "deep_layers", "shallow_hidden", "shallow_units")
    }
    letters = {name: Symbol(rf"\text{{{said}}}", said) for name, said in words.items()}

    what = Paragraph(f"The exclusive or of {counted(n, 'input')} is 1 where an odd number of them is.")
    wanted = (
        "It is to be computed by threshold units: by a tree of exclusive ors of two inputs, or by one hidden layer."
    )

    def script(board: Board) -> Iterator[Block]:
        yield what
        yield from board.givens(["n"])
        yield from board.equations(list(board.derivation))

    setting = Setting(
        title="Units for an exclusive or",
        letters=letters,
        script=script,
        posed=lambda board: [what, Paragraph(wanted)],
        asked=asked_of(ask, [one.name for one in equations], ("deep_units", "deep_layers", "shallow_hidden")),
    )
    return Solution(
        Derivation((size,), tuple(equations)), {"n": np.array([[float(n)]])}, style or Style.of(notation), setting
    )
