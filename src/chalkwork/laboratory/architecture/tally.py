"""What is counted, layer by layer: sizes, parameters, products, what a unit sees; each as an equation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalkwork.algebra.expression import Expression, Name, Number
from chalkwork.derivation.derivation import Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.work import Work
from chalkwork.typesetting.symbols import Symbol

Shape = tuple[Name, ...]
MOST = 10**15
"""Whole numbers up to here are exact in double precision."""

_WORDS = ("weights", "biases", "parameters", "activations")
_LETTERS = {
    "macs": Symbol.word("MACs"), "flops": Symbol.word("FLOPs"), "receptive_field": Symbol("r", "r"),
    "jump": Symbol("j", "j"), "shape": Symbol("S", "S"),
}  # fmt: skip


def symbol(letter: str, number: int | None, axis: str = "") -> Symbol:
    """How a name of this room prints: `k1` as k with index 1, `weights1` as the word with the index.

    >>> symbol("k", 1, "h").latex, symbol("weights", 2).text
    ('k_{h,1}', 'weights₂')
    """
    bare = Symbol.word(letter) if letter in _WORDS else _LETTERS.get(letter, Symbol(letter, letter))
    if number is None:
        return bare
    if axis:
        return Symbol(f"{bare.latex}_{{{axis},{number}}}", f"{bare.text}_{axis},{number}")
    return bare.below(number)


@dataclass
class Tally(Work):
    """The givens and equations so far, with their values, and what goes into the next layer."""

    at_once: bool = True
    outputs: list[Shape] = field(default_factory=list)
    """The input, and what every layer gives."""
    sizeless: bool = False
    """Whether only channels enter, so that parameters are counted and nothing that depends on a size."""
    seen: dict[str, tuple[Expression, Expression]] = field(default_factory=dict)
    """For every axis, on how many inputs a unit depends, and how far apart those of neighbours lie."""

    def number(self, letter: str, number: int, value: int, axis: str = "") -> Name:
        """A number that somebody chose."""
        return self.given(f"{letter}{axis}{number}", value, symbol(letter, number, axis))

    def follows(
        self, letter: str, number: int | None, expression: Expression, stage: Stage, reason: str = "", axis: str = ""
    ) -> Name:
        """A number that follows; ChalkworkError where it leaves the whole numbers that are exact."""
        name = f"{letter}{axis}{'' if number is None else number}"
        found = self.equation(name, expression, stage, reason, symbol(letter, number, axis))
        if abs(self.values[name].item()) > MOST:
            raise ChalkworkError(f"{name} is larger than {MOST:,}, which is counted here at most")
        return found

    def value(self, expression: Expression) -> int:
        """The whole number that an expression is worth."""
        return int(evaluate(expression, self.values).item())

    def sizes(self, shape: Shape) -> tuple[int, ...]:
        """A shape in numbers."""
        return tuple(int(self.values[name.name].item()) for name in shape)


@dataclass(frozen=True)
class At:
    """One layer while it is counted: its number, its settings, the tally."""

    tally: Tally
    number: int
    settings: Mapping[str, Any]
    stage: Stage

    @property
    def shape(self) -> Shape:
        """What goes in."""
        return self.tally.outputs[-1]

    def given(self, letter: str, value: int, axis: str = "") -> Name:
        """A setting of the layer as a letter."""
        return self.tally.number(letter, self.number, value, axis)

    def equation(self, letter: str, expression: Expression, reason: str = "", axis: str = "") -> Name:
        """A number of the layer that follows."""
        return self.tally.follows(letter, self.number, expression, self.stage, reason, axis)

    def value(self, expression: Expression) -> int:
        """The whole number that an expression is worth."""
        return self.tally.value(expression)

    def error(self, message: str, hint: str | None = None) -> ChalkworkError:
        """What is wrong with the layer."""
        return ChalkworkError(f"layer {self.number} ({self.settings['kind']}): {message}", hint=hint)

    def check(self, dimensions: int, form: str, hint: str | None = None) -> None:
        """Refuse an input of another number of dimensions."""
        if len(self.shape) != dimensions:
            found = written(self.tally.sizes(self.shape))
            raise self.error(f"takes {form}, but {found} enters it", hint)


def product(factors: Sequence[Expression]) -> Expression:
    """The factors multiplied from the left; one for none."""
    found, *others = factors or [Number(1)]
    for factor in others:
        found = found * factor
    return found


def written(sizes: Sequence[int]) -> str:
    """A shape as people say it.

    >>> written((3, 32, 32))
    '3 × 32 × 32'
    """
    return " × ".join(map(str, sizes))
