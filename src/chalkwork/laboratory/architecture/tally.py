"""What is counted, layer by layer: sizes, parameters, products, what a unit sees; each as an equation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalkwork.algebra.expression import Expression, Name, Number
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
    """The givens and equations so far, with their values, and the layer that is counted: its number and settings."""

    at_once: bool = True
    layer: int | None = 0
    """The input is number 0; None for what is counted over all layers."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    outputs: list[Shape] = field(default_factory=list)
    """The input, and what every layer gives."""
    sizeless: bool = False
    """Whether only channels enter, so that parameters are counted and nothing that depends on a size."""
    seen: dict[str, tuple[Expression, Expression]] = field(default_factory=dict)
    """For every axis, on how many inputs a unit depends, and how far apart those of neighbours lie."""

    @property
    def shape(self) -> Shape:
        """What goes in."""
        return self.outputs[-1]

    def chosen(self, letter: str, value: int, axis: str = "") -> Name:
        """A number that somebody chose."""
        return self.given(f"{letter}{axis}{self.layer}", value, symbol(letter, self.layer, axis))

    def follows(self, letter: str, expression: Expression, reason: str = "", axis: str = "") -> Name:
        """A number that follows; ChalkworkError where it leaves the whole numbers that are exact."""
        name = f"{letter}{axis}{'' if self.layer is None else self.layer}"
        found = self.equation(name, expression, reason=reason, letter=symbol(letter, self.layer, axis))
        if abs(self.values[name].item()) > MOST:
            raise ChalkworkError(f"{name} is larger than {MOST:,}, which is counted here at most")
        return found

    def value(self, expression: Expression) -> int:
        """The whole number that an expression is worth."""
        return int(evaluate(expression, self.values).item())

    def sizes(self, shape: Shape) -> tuple[int, ...]:
        """A shape in numbers."""
        return tuple(int(self.values[name.name].item()) for name in shape)

    def error(self, message: str, hint: str | None = None) -> ChalkworkError:
        """What is wrong with the layer."""
        return ChalkworkError(f"layer {self.layer} ({self.settings['kind']}): {message}", hint=hint)

    def check(self, dimensions: int, form: str, hint: str | None = None) -> None:
        """Refuse an input of another number of dimensions."""
        if len(self.shape) != dimensions:
            raise self.error(f"takes {form}, but {written(self.sizes(self.shape))} enters it", hint)


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
