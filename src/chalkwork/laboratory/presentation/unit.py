"""Units and what is put into them: weights with a bias or a threshold, samples, the rows of a table; their letters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reading import read
from chalkwork.algebra.reading.written import matrix
from chalkwork.counting import plural
from chalkwork.derivation.derivation import Stage
from chalkwork.documents.model import Block, Table
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.laboratory.functions.one_variable import as_number
from chalkwork.laboratory.work import Work
from chalkwork.networks.activations import Activation
from chalkwork.networks.arguments import number
from chalkwork.networks.data import Array, as_array, as_matrix, as_vector
from chalkwork.solutions.board import Board
from chalkwork.solutions.compose import blank
from chalkwork.solutions.setting import Choice, Style
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import Column, step_table
from chalkwork.typesetting.notation import GREEK, Notation
from chalkwork.typesetting.symbols import Symbol

MOST_INPUTS, MOST_SAMPLES = 50, 200
WRITTEN_OUT = 8
"""Inputs up to which a net input is written as a sum, product by product."""


@dataclass(frozen=True)
class Unit:
    """A unit: its weights and what is added to their sum.

    `free` is the name of what is learned besides the weights: `b`, `theta` (which is subtracted), or nothing; where the
    inputs begin with a constant the first weight belongs to it.
    """

    weights: Array
    free: str = ""
    value: float | Array = 0.0
    constant: float | None = None
    activation: Activation | None = None
    band: float = 0.0
    """The output is 0 as far as this on either side of 0."""

    @property
    def inputs(self) -> int:
        """How many inputs there are, the constant one among them."""
        return int(self.weights.shape[-1])

    @property
    def outputs(self) -> int:
        """How many units there are: of several the weights are a matrix with a row for each."""
        return len(self.weights) if self.weights.ndim == 2 else 1

    def net(self, w: Name, x: Name, free: Expression | None) -> Expression:
        """The net input: the weighted sum, plus the bias or minus the threshold."""
        if self.outputs > 1:
            total: Expression = w @ x
        elif self.inputs > WRITTEN_OUT:
            total = apply("sum", w * x)
        else:
            places = [(place, 1) for place in range(1, self.inputs + 1)]
            terms = [apply("entry", w, place=place) * apply("entry", x, place=place) for place in places]
            total = reduce(Expression.__add__, terms)
        if free is None:
            return total
        return total - free if self.free == "theta" else total + free

    def output(self, net: Expression) -> Expression:
        """The activation of a net input."""
        assert self.activation is not None
        if not self.band:
            return self.activation.expression(net, -2)
        edge = as_number(self.band)
        below, above = apply("sign", net - edge, at_zero=-1), apply("sign", net + edge, at_zero=1)
        return Number(1) / 2 * (below + above)

    def said(self, net: str = "{z}", output: str = "{a}") -> str:
        """What the output is, in words."""
        assert self.activation is not None
        if self.band:
            return f"1 where ${net} > {self.band:g}$, −1 where ${net} < -{self.band:g}$, and 0 between"
        return str(self.activation.function(net, output)).replace(", entry by entry", "")

    def slope(self, net: Name, output: Name) -> Expression:
        """The derivative of the activation, by its entry in the table of operations."""
        assert self.activation is not None
        (text,) = TABLE[self.activation.name].derivative
        return read(text or "0", {"x": net, "y": output}, self.activation.values)


def unit_of(
    weights: Any,
    inputs: int,
    bias: Any = None,
    threshold: Any = None,
    constant: Any = None,
    activation: Activation | None = None,
    band: Any = 0.0,
) -> Unit:
    """The unit; ChalkworkError for a bias and a threshold at once, ShapeError for weights that do not fit."""
    if sum(given is not None for given in (bias, threshold, constant)) > 1:
        raise ChalkworkError("a unit has a bias, a threshold or a bias_input, not two of them")
    if constant is not None and number(constant) not in (1.0, -1.0):
        raise ChalkworkError(f"bias_input is 1 or -1, not {constant!r:.60}")
    vector = _weights(weights, (inputs + (constant is not None),))
    if len(vector) != inputs + (constant is not None):
        more = ", the first for the constant input" if constant is not None else ""
        raise ShapeError(f"{inputs + bool(more)} weights belong to {inputs} inputs{more}, not {len(vector)}")
    free, value = _free(bias, threshold)
    if number(value) is None:
        raise ChalkworkError(f"{_SAID[free]} is a number, not {value!r:.60}")
    edge = number(band)
    if edge is None or edge < 0 or (edge and (activation is None or activation.name != "sign")):
        raise ChalkworkError(f"band is a number from 0 on, of a unit with the sign, not {band!r:.60}")
    return Unit(vector, free, float(value), None if constant is None else float(constant), activation, edge)


def units_of(
    weights: Any,
    inputs: int,
    outputs: int,
    bias: Any = None,
    threshold: Any = None,
    activation: Activation | None = None,
) -> Unit:
    """Several units over the same inputs; ShapeError for weights, biases or thresholds that do not fit."""
    if bias is not None and threshold is not None:
        raise ChalkworkError("a unit has a bias or a threshold, not both")
    found = _weights(weights, (outputs, inputs))
    if found.shape != (outputs, inputs):
        raise ShapeError(f"weights are {outputs}x{inputs}, a row for each unit, not {found.shape[0]}x{found.shape[1]}")
    free, given = _free(bias, threshold)
    value = as_array(given, _SAID[free])
    if value.ndim and value.size != outputs:
        raise ShapeError(f"there are {outputs} units and {value.size} of their {plural(_SAID[free])}")
    return Unit(found, free, np.full(outputs, value.ravel()), None, activation)


_SAID = {"b": "bias", "theta": "threshold", "": "bias"}


def _free(bias: Any, threshold: Any) -> tuple[str, Any]:
    """What is learned besides the weights, and its value."""
    return ("b", bias) if bias is not None else ("theta", threshold) if threshold is not None else ("", 0.0)


def _weights(given: Any, shape: tuple[int, ...]) -> Array:
    """The weights; 0 where none are given, and one number for all alike."""
    found = as_array(0.0 if given is None else given, "weights")
    if found.ndim == 0:
        return np.full(shape, float(found))
    return as_vector(found, "weights") if len(shape) == 1 else as_matrix(found, "weights")


def constant(value: Array, single: bool = True) -> Expression:
    """Numbers as an expression; a single one is a number, unless it is to be a matrix."""
    numbers = tuple(map(as_number, value.ravel().tolist()))
    return numbers[0] if single and len(numbers) == 1 else Application(matrix(*value.shape), numbers, ())


def signed_sum(parts: Sequence[tuple[float, Expression]]) -> Expression:
    """The sum of multiples as people write it, without what is multiplied by 0.

    >>> print(signed_sum([(1.0, Name("a")), (-2.0, Name("b")), (0.0, Name("c"))]), signed_sum([(-1.0, Name("a"))]))
    a - 2 * b -a
    """
    total: Expression | None = None
    for factor, part in parts:
        term = part if abs(factor) == 1 else as_number(abs(factor)) * part
        if factor and total is None:
            total = term if factor > 0 else -term
        elif factor and total is not None:
            total = total + term if factor > 0 else total - term
    return Number(0) if total is None else total


def samples_of(x: Any) -> Array:
    """The samples, one a row; ShapeError for more than are shown here."""
    array = as_matrix(x, "x")
    if array.shape[0] > MOST_SAMPLES or array.shape[1] > MOST_INPUTS:
        raise ShapeError(
            f"x has {len(array)} samples of {array.shape[1]} inputs; at most {MOST_SAMPLES} of {MOST_INPUTS}"
        )
    return array


def targets_of(y: Any, count: int, several: bool = False) -> Array:
    """The targets, a number for each sample; where there are `several` units, a row for each sample."""
    array = as_array(y, "y")
    array = array if several and array.ndim == 2 and 1 not in array.shape else as_vector(y, "y")
    if len(array) != count:
        raise ShapeError(f"there are {count} samples and {len(array)} targets")
    return array


def threshold_unit(targets: Array | None, activation: Any, usual: str) -> Activation:
    """The activation that is given; else the usual one, or the step or the sign whose values the targets are.

    At 0 both are 1 where nothing is said. Raises ChalkworkError where the targets do not tell.

    >>> str(threshold_unit(np.array([1.0, -1.0]), None, "")), str(threshold_unit(np.array([0.0, 1.0]), None, ""))
    ('sign(1)', 'step(1)')
    """
    if activation is not None:
        found = activation if isinstance(activation, Activation) else Activation.of(activation)
        if found.per_sample:
            raise ChalkworkError(f"the {found.words} is no activation of a single unit")
        return found
    if usual:
        return Activation.of(usual)
    known = set() if targets is None else set(targets.ravel().tolist())
    for name, values in (("step", {0.0, 1.0}), ("sign", {-1.0, 1.0})):
        if known and known <= values and (known != {1.0}):
            return Activation.of(f"{name}(at_zero=1)")
    raise ChalkworkError(
        "the targets do not tell which activation the unit has",
        hint="activation: step(at_zero=1) for 0 and 1, sign(at_zero=1) for -1 and 1",
    )


# --- letters ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Letters:
    """How the names of a unit print, in the letters of a notation: alone, and with the number of a presentation."""

    notation: Notation

    def plain(self, name: str) -> Symbol:
        """A name without a number.

        >>> Letters(Notation()).plain("dw").text, Letters(Notation.of({"net": "s"})).plain("z").latex
        ('Δw', 's')
        """
        own = {
            "x": self.notation.input if self.notation.input != "a0" else "x", "y": self.notation.target,
            "z": self.notation.net, "a": self.notation.activation, "w": self.notation.weight.lower(),
            "b": self.notation.bias, "eta": self.notation.rate, "line_slope": "m", "line_intercept": "c",
        }  # fmt: skip
        if name in ("dw", "db", "dtheta"):
            inner = self.plain(name[1:])
            return Symbol(rf"\Delta{{{inner.latex}}}", f"Δ{inner.text}")
        if name == "total":
            return Symbol(r"E_{\text{epoch}}", "E_epoch")
        if name == "slope":
            return _slope(self.plain("z"))
        letter = own.get(name, name)
        known = len(letter) == 1 or letter in GREEK
        return Symbol.letter(self.notation, letter) if known else Symbol.word(letter)

    def numbered(self, name: str, step: int) -> Symbol:
        """A name in a presentation, its number above."""
        return _slope(self.numbered("z", step)) if name == "slope" else self.plain(name).above(step)

    def table(self, unit: Unit, names: Sequence[tuple[str, int]]) -> dict[str, Symbol]:
        """The letters of all these names, and of each without its number; weights of a constant input count from 0."""
        found: dict[str, Symbol] = {}
        for name, step in names:
            found[name], found[f"{name}{step}"] = self.plain(name), self.numbered(name, step)
        found |= {name: self.plain(name) for name in ("eta", "dtheta", "db", "line_slope", "line_intercept")}
        if unit.constant is not None:
            for name in [name for name in found if name.rstrip("0123456789") in ("w", "dw", "x")]:
                found |= {f"{name}[{place + 1}]": found[name].below(place) for place in range(unit.inputs)}
        return found


def _slope(net: Symbol) -> Symbol:
    """The derivative of the activation at a net input."""
    return Symbol(f"f'({net.latex})", f"f′({net.text})")


class Rows(Work):
    """The rows `x1`, `y1`, ... of a table with what is wanted of each, where anything is, and what comes out.

    `noun` is what a row is called, `outputs` are the quantities of a row that are worked out, the last one its output.
    """

    def __init__(self, x: Array, y: Array | None, style: Style, outputs: str, noun: str = "row") -> None:
        super().__init__()
        self.noun, self.outputs, self.steps = noun, outputs, range(1, len(x) + 1)
        self.wanted = () if y is None else ("y",)
        self.stage = Stage("rows", f"Every {noun}")
        self.plain = Letters(style.notation)
        self.letters |= {name: self.plain.plain(name) for name in (*"xywb", "theta", "right", *outputs)}
        for step, row in zip(self.steps, x, strict=True):
            self.given(f"x{step}", row)
        for step, target in zip(self.steps, () if y is None else y, strict=y is not None):
            self.given(f"y{step}", float(target))
        for step in self.steps:
            self.letters |= {f"{name}{step}": self.plain.numbered(name, step) for name in ("x", "y", "right", *outputs)}

    def units(self, own: Mapping[str, Any], stage: Stage, found: bool) -> None:
        """The weights and what goes with them: given, or `found` in a stage of their own."""
        for name, value in own.items():
            if found:
                self.equation(name, constant(np.asarray(value, np.float64), single=np.ndim(value) == 0), stage)
            else:
                self.given(name, value)

    def put_in(self, work: Callable[[int], Iterable[Expression]]) -> None:
        """What the units make of every row: an expression for each of the `outputs`."""
        rights: list[Expression] = []
        for step in self.steps:
            for name, expression in zip(self.outputs, work(step), strict=True):
                found = self.equation(f"{name}{step}", expression, self.stage)
            if self.wanted:
                rights.append(self.equation(f"right{step}", apply("equal", found, Name(f"y{step}")), self.stage))
        if rights:
            self.equation("right", reduce(Expression.__add__, rights[1:], rights[0] + 0), self.stage)

    def answer(self, style: Style, ask: tuple[str, ...], title: str, **setting: Any) -> Solution:
        """The answer; what is asked for where nobody says is everything but whether the rows are right."""
        usual = [one.name for one in self.equations if not one.name.startswith("right")]
        every = {"usual": usual, "columns": tuple(self.outputs), "exact": True, "title": title, **setting}
        return self.solution(style, ask, **every)

    # --- weights of one's own --------------------------------------------------------------------------------------

    def wrong(self, values: Mapping[str, Array]) -> list[int]:
        """The rows whose output is not the one that is wanted."""
        return [step for step in self.steps if self.wanted and not values[f"right{step}"].any()]

    def choice(
        self, names: tuple[str, ...], instead: Callable[[Mapping[str, Any]], Solution], said: Callable[[list[int]], str]
    ) -> Choice:
        """Other weights are as good if no row is wrong with them; of those that are it is `said`."""

        def wrong(solution: Solution) -> str:
            rows = self.wrong(solution.arrays)
            return said(rows) if rows else ""

        return Choice(names, instead, wrong, tuple(f"right{step}" for step in self.steps if self.wanted))

    # --- the board -------------------------------------------------------------------------------------------------

    def given_table(self, board: Board) -> Table:
        """The rows, with what is wanted."""
        return self._table(board, [Column(name, asked=False) for name in ("x", *self.wanted)])

    def table(self, board: Board, empty: bool = False, marked: bool = False) -> Table:
        """The rows with what comes out, or to be filled in; where they are `marked`, also whether that is right."""
        columns = [Column(name, asked=name in self.outputs) for name in ("x", *self.outputs, *self.wanted)]
        if marked and not empty:
            wrong = self.wrong(board.values)
            columns.append(Column("right", "right", cells={k: "no" if k in wrong else "yes" for k in self.steps}))
        return self._table(board, columns, empty)

    def blanks(self, board: Board, names: Iterable[str], marked: bool = False) -> Iterator[Block]:
        """What is to be found, and the table to fill in."""
        yield from (blank(board.solution, name) for name in names)
        yield self.table(board, empty=True, marked=marked)

    def _table(self, board: Board, columns: list[Column], empty: bool = False) -> Table:
        return step_table(board, columns, self.steps, self.noun, empty)
