"""What every kind of layer gives: sizes, parameters, equations, and the words that stand with them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chalkwork.algebra.expression import Expression, Name
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.networks.activations import Activation
from chalkwork.networks.arguments import number
from chalkwork.networks.convention import Convention
from chalkwork.networks.data import Array, as_array, as_vector
from chalkwork.networks.spot import Spot, counted

Generator = Callable[[], "np.random.Generator"]
"""The network's generator; NumPy loads its generators when they are first used."""


@dataclass(frozen=True, slots=True)
class NamedAdjoint:
    """A derivative of the loss that people name: by what, under which name, and why it is what it is."""

    by: str
    name: str
    reason: str


@dataclass(frozen=True)
class LayerKind:
    """The equations of a kind of layer; hashable, with settings and without arrays.

    `parameters`, `state` and `constants` give names as they are before any update.
    """

    has_modes: ClassVar[bool] = False
    """Whether training and inference differ."""

    @property
    def drop_rate(self) -> float:
        """The probability with which a mask drops an entry."""
        return 0.0

    def parameters(self, at: Spot) -> list[Name]:
        """What is learned."""
        return []

    def state(self, at: Spot) -> list[Name]:
        """What is not learned, and yet carried from one update to the next."""
        return []

    def masks(self, at: Spot) -> list[Name]:
        """What is drawn anew for every batch in training."""
        return []

    def constants(self, at: Spot) -> list[Name]:
        """Numbers of the layer that stand in its equations as letters."""
        return []

    def forward(self, at: Spot, incoming: Expression) -> list[Equation]:
        """The equations from what enters to the activation `a` of the layer, which is the last of them."""
        raise NotImplementedError

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """The derivatives that have names, in the order in which they are shown."""
        return []

    def state_updates(self, at: Spot) -> list[Equation]:
        """The state after one more batch."""
        return []

    def way_back(self, at: Spot) -> str:
        """How an error goes back through the layer: "goes back through the weights W2"."""
        raise NotImplementedError

    def check_batch(self, at: Spot) -> None:
        """Raise ChalkworkError where nothing can be learned from a batch of that size."""

    def words(self, at: Spot) -> str:
        """The layer in the list of layers: "3 hidden units (tanh)"."""
        raise NotImplementedError

    def title(self, at: Spot) -> str:
        """The layer in a drawing."""
        raise NotImplementedError

    def declared(self, at: Spot) -> list[str]:
        """What courses and libraries do differently, and what is done here."""
        return []

    def remarks(self, at: Spot) -> dict[str, str]:
        """What is to be said after an equation, by its name."""
        return {}


class Layer(ABC):
    """What people write: the sizes that are known, the numbers to start from, and the kind."""

    kind: LayerKind
    activation: Activation
    units: int | None = None
    inputs: int | None = None
    has_bias: bool = False

    @property
    def settled(self) -> bool:
        """Whether the layer knows its own inputs."""
        return self.inputs is not None

    @abstractmethod
    def sizes(self, layer: int, inputs: int | None, in_out: bool) -> tuple[int, int]:
        """Inputs and units, once the layer before is known; ShapeError when they contradict each other."""

    def start(
        self, layer: int, sizes: tuple[int, int], convention: Convention, generator: Generator
    ) -> dict[str, Array]:
        """The parameters to start from by name, weights in the convention's orientation, all else one-dimensional."""
        return {}

    def state(self, layer: int, units: int) -> dict[str, Array]:
        """The state to start from, one-dimensional."""
        return {}

    def constants(self, layer: int) -> dict[str, float]:
        """The values of the kind's constants."""
        return {}


def size(value: int | None, what: str) -> int | None:
    """A number of units or inputs, where one is given; ChalkworkError for what is none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= 1_000_000:
        raise ChalkworkError(f"{what} is a whole number from 1 to 1,000,000, not {value!r}")
    return int(value)


def number_or_vector(value: Any, name: str) -> Array | float | None:
    """One number for all units, a vector, or None as given."""
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        return float(as_array(value, name))
    return None if value is None else as_vector(value, name)


def check_length(value: Array | float | None, name: str, layer: int, units: int) -> None:
    """ShapeError for a vector that has not one entry for each unit."""
    if isinstance(value, np.ndarray) and len(value) != units:
        raise ShapeError(
            f"{name}{layer} has {counted(len(value), 'entry').replace('entrys', 'entries')}, "
            f"but layer {layer} has {counted(units, 'unit')}"
        )


def unknown_inputs(layer: int) -> ChalkworkError:
    """The error of a layer that does not know what enters it."""
    return ChalkworkError(f"layer {layer} does not know its inputs yet", hint="give inputs=, weights=, or data first")


def real(value: Any, name: str, low: float, high: float, *, low_open: bool = False, high_open: bool = True) -> float:
    """A number in an interval; ChalkworkError for anything else.

    >>> real(0.2, "the rate", 0, 1)
    0.2
    >>> real(1, "the rate", 0, 1)
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: the rate is a number from 0 to below 1, not 1
    """
    found = number(value)
    above = found is not None and (found > low if low_open else found >= low)
    if found is not None and above and (found < high or (found == high and not high_open)):
        return found
    start = f"above {low:g}" if low_open else f"from {low:g}"
    end = "" if high == float("inf") else f" to {'below ' if high_open else ''}{high:g}"
    raise ChalkworkError(f"{name} is a {'finite ' if not end else ''}number {start}{end}, not {value!r:.60}")
