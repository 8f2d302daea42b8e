"""The quantities of a layer: what each is for, its letter, its form, and what it starts from."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from chalkwork.counting import plural


class Role(StrEnum):
    """What a quantity is for."""

    WEIGHT = "weight"
    BIAS = "bias"
    SCALE = "scale"
    SHIFT = "shift"
    STATE = "state"
    """Carried from one update to the next without being learned."""
    MASK = "mask"
    CONSTANT = "constant"
    """A number of the layer that stands in its equations as a letter."""

    @property
    def plural(self) -> str:
        """Several of them in words."""
        return plural(self.value)


LEARNED = (Role.WEIGHT, Role.BIAS, Role.SCALE, Role.SHIFT)


class Form(StrEnum):
    """How a quantity is shaped."""

    MATRIX = "matrix"
    """Inputs and units, oriented as the convention has weights."""
    RECURRENT = "recurrent"
    """Units and units: the weights of the state before."""
    KERNEL = "kernel"
    """Filters, channels and a window, or words and units: the same in every convention."""
    UNITS = "units"
    """An entry for every unit."""
    DATA = "data"
    """An entry for every unit and sample."""
    NUMBER = "number"

    @property
    def is_whole(self) -> bool:
        """Whether it is kept in the shape that it has."""
        return self.is_matrix or self is Form.KERNEL

    @property
    def is_matrix(self) -> bool:
        """Whether it is kept as a matrix."""
        return self in (Form.MATRIX, Form.RECURRENT)


class Quantity(NamedTuple):
    """One quantity of a kind of layer.

    `keyword` is the layer's keyword for its values, `start` what every entry begins with where none are given, `torch`
    its name in a state_dict of PyTorch; `least` bounds its entries from below.

    >>> Quantity("gamma", Role.SCALE, Form.UNITS, start=1.0).name(2)
    'gamma2'
    """

    letter: str
    role: Role
    form: Form
    tail: str = ""
    keyword: str = ""
    start: float = 0.0
    torch: str = ""
    least: float = float("-inf")

    def name(self, layer: int) -> str:
        """Its name in a layer, before any update."""
        return f"{self.letter}{layer}{self.tail}"
