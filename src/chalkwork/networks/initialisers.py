"""Weights to start from: every way to draw a matrix, once."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite, sqrt
from typing import NamedTuple

import numpy as np

from chalkwork.errors import ChalkworkError, meant
from chalkwork.networks.data import Array

_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\(\s*([^(),]*)\s*\))?\s*")
_GLOROT = (
    "Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (AISTATS 2010), "
)
_HE = "He, Zhang, Ren and Sun, Delving Deep into Rectifiers (ICCV 2015), "
_LECUN = "LeCun, Bottou, Orr and Müller, Efficient BackProp (1998), "


class Rule(NamedTuple):
    """One way to draw weights: `normal` or `uniform` about 0 with a variance, or one number everywhere.

    `variance(inputs, units, parameter)` is that of one weight; `constant` says that the parameter is the weight itself.
    """

    source: str
    variance: Callable[[int, int, float], float]
    uniform: bool = False
    constant: bool = False
    parameter: str = ""
    """The name of the parameter; empty where there is none."""


def _glorot(inputs: int, units: int, _: float) -> float:
    return 2 / (inputs + units)


def _he(inputs: int, units: int, _: float) -> float:
    return 2 / inputs


def _lecun(inputs: int, units: int, _: float) -> float:
    return 1 / inputs


def _square(inputs: int, units: int, sigma: float) -> float:
    return sigma * sigma


def _none(inputs: int, units: int, _: float) -> float:
    return 0.0


INITIALISERS: dict[str, Rule] = {
    "glorot_normal": Rule(_GLOROT + "equation 12", _glorot),
    "glorot_uniform": Rule(_GLOROT + "equation 16", _glorot, uniform=True),
    "he_normal": Rule(_HE + "equation 10", _he),
    "he_uniform": Rule(_HE + "equation 10, drawn uniformly with the same variance", _he, uniform=True),
    "lecun_normal": Rule(_LECUN + "equation 16", _lecun),
    "lecun_uniform": Rule(_LECUN + "equation 16, drawn uniformly with the same variance", _lecun, uniform=True),
    "zeros": Rule("all weights 0, where nothing tells the units of a layer apart", _none, constant=True),
    "constant": Rule("one number for all weights", _none, constant=True, parameter="value"),
    "normal": Rule("normal with a standard deviation of one's own", _square, parameter="sigma"),
}
_ALSO = {"xavier_normal": "glorot_normal", "xavier_uniform": "glorot_uniform", "kaiming_normal": "he_normal",
         "kaiming_uniform": "he_uniform"}  # fmt: skip


class Initialiser(NamedTuple):
    """A rule of the table with its parameter.

    >>> Initialiser.of("he_normal").draw(3, 2, np.random.default_rng(0)).shape
    (3, 2)
    >>> Initialiser.of("constant(0.5)").draw(1, 2, np.random.default_rng(0))
    array([[0.5, 0.5]])
    """

    name: str = "glorot_normal"
    parameter: float = 0.0

    @classmethod
    def of(cls, text: str) -> Initialiser:
        """The initialiser by name, with its parameter in parentheses.

        Raises ChalkworkError for an unknown one, with the nearest name, and for a parameter that is none.

        >>> Initialiser.of("he_norm")
        Traceback (most recent call last):
            ...
        chalkwork.errors.ChalkworkError: there is no initializer 'he_norm'. Hint: did you mean he_normal?
        """
        found = _CALL.fullmatch(text) if isinstance(text, str) and len(text) < 100 else None
        if found is None:
            raise ChalkworkError(f"an initializer is a name such as he_normal or normal(0.1), not {str(text)[:60]!r}")
        word = found[1].lower()
        name = _ALSO.get(word, word)
        if name not in INITIALISERS:
            hint = meant(name, [*INITIALISERS, *_ALSO], f"the initializers are {', '.join(INITIALISERS)}")
            raise ChalkworkError(f"there is no initializer {found[1]!r}", hint=hint)
        return cls(name, _parameter(name, found[2]))

    def bound(self, inputs: int, units: int) -> float:
        """What no draw exceeds in size: sqrt(3 variance) where it is uniform, infinity where it is normal."""
        rule = INITIALISERS[self.name]
        if rule.constant:
            return abs(self.parameter)
        return sqrt(3 * self.variance(inputs, units)) if rule.uniform else float("inf")

    def variance(self, inputs: int, units: int) -> float:
        """The variance of one weight."""
        return INITIALISERS[self.name].variance(inputs, units, self.parameter)

    def draw(self, inputs: int, units: int, generator: np.random.Generator) -> Array:
        """A matrix inputs x units."""
        return self.drawn(inputs, units, (inputs, units), generator)

    def drawn(self, inputs: int, units: int, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
        """Weights of any shape; each unit has that many inputs, and each input goes to that many units."""
        rule = INITIALISERS[self.name]
        if rule.constant:
            return np.full(shape, self.parameter)
        if rule.uniform:
            bound = self.bound(inputs, units)
            return generator.uniform(-bound, bound, shape)
        return generator.normal(0.0, sqrt(self.variance(inputs, units)), shape)

    def __str__(self) -> str:
        return f"{self.name}({self.parameter:g})" if INITIALISERS[self.name].parameter else self.name


def _parameter(name: str, text: str | None) -> float:
    """The number in the parentheses."""
    wanted = INITIALISERS[name].parameter
    given = (text or "").strip()
    if not wanted:
        if given:
            raise ChalkworkError(f"{name} has no parameters, not {given!r}")
        return 0.0
    try:
        value = float(given.removeprefix(f"{wanted}=").removeprefix(f"{wanted} ="))
    except ValueError:
        raise ChalkworkError(f"{name} takes a number, {wanted}: write {name}(0.1)") from None
    if not isfinite(value) or (wanted == "sigma" and value < 0):
        raise ChalkworkError(f"{wanted} of {name} is {given}, which is no sensible value")
    return value
