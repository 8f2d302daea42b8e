"""The settings of a layer: each is declared once, and what people type, sheets and files are read by the same entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.networks.activations import Activation
from chalkwork.networks.arguments import number
from chalkwork.networks.data import as_array, as_matrix, as_vector
from chalkwork.networks.initialisers import Initialiser

Takes = Literal[
    "size",
    "sizes",
    "count",
    "flag",
    "number",
    "choice",
    "activation",
    "initialiser",
    "entries",
    "values",
    "weights",
    "bias",
    "layers",
    "kernels",
]
"""What a setting may be.

`size` a whole number from 1, `sizes` one (from `low`) or one for each axis, or one of some words, `count` another whole
number in a range, `flag` true or false, `number` one in a range, `choice` one of some words, `entries` one number or
one for each unit, `values` the same, kept with the settings, `weights` the same as a matrix, `kernels` with up to four
axes, `bias` the same as entries or whether there is one, `layers` how many layers below.
"""

MOST_UNITS = 1_000_000


class Setting(NamedTuple):
    """One keyword of a layer: what it takes, in which range, and what it is where nobody says.

    >>> Setting("rate", "number", 0.5, low=0, high=1, high_open=True).checked(0.2, "a dropout")
    0.2
    """

    key: str
    takes: Takes
    default: Any = None
    low: float = float("-inf")
    high: float = float("inf")
    low_open: bool = False
    high_open: bool = False
    choices: tuple[str, ...] = ()

    @property
    def is_array(self) -> bool:
        """Whether it holds numbers to start from, which a file keeps as arrays and not as a setting."""
        return self.takes in ("entries", "weights", "kernels")

    def checked(self, value: Any, layer: str) -> Any:
        """The value as the layer keeps it; ChalkworkError (ShapeError, ValueProblem) for what it cannot be."""
        if value is None and self.default is None and self.takes != "number":
            return None
        match self.takes:
            case "size" | "layers":
                return size(value, self.key)
            case "sizes":
                return self._sizes(value)
            case "count":
                found = size(value, self.key)
                if found > self.high:
                    raise ChalkworkError(f"{self.key} is a whole number from 1 to {self.high:g}, not {value!r:.60}")
                return found
            case "flag":
                if not isinstance(value, bool | np.bool_):
                    raise ChalkworkError(f"{self.key} is true or false, not {value!r:.60}")
                return bool(value)
            case "number":
                return real(value, f"the {self.key} of {layer}", self.low, self.high,
                            low_open=self.low_open, high_open=self.high_open)  # fmt: skip
            case "choice":
                if not isinstance(value, str) or value not in self.choices:
                    listed = " or ".join(map(repr, self.choices))
                    raise ChalkworkError(f"{self.key} is {listed}, not {value!r:.60}")
                return value
            case "activation":
                return Activation.of(value)
            case "initialiser":
                return Initialiser.of(value)
            case "bias":
                return bool(value) if isinstance(value, bool | np.bool_) else number_or(as_vector, value, "the bias")
            case "entries":
                return number_or(as_vector, value, self.key)
            case "values":
                numbers = number_or(as_vector, value, self.key)
                return numbers if isinstance(numbers, float) else tuple(numbers.tolist())
            case "weights":
                return number_or(as_matrix, value, "the weights")
            case "kernels":
                return number_or(lambda given, name: as_array(given, name, most=4), value, "the weights")

    def _sizes(self, value: Any) -> int | tuple[int, ...] | str:
        low = 1 if self.low == float("-inf") else int(self.low)
        if isinstance(value, list | tuple):
            return tuple(size(each, self.key, low) for each in value)
        if isinstance(value, str) and self.choices:
            if value not in self.choices:
                listed = ", ".join(self.choices)
                raise ChalkworkError(f"{self.key} is a whole number from {low}, {listed}, not {value!r:.60}")
            return value
        return size(value, self.key, low)


def size(value: Any, what: str, low: int = 1) -> int:
    """A number of units, inputs or layers; ChalkworkError for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= MOST_UNITS:
        raise ChalkworkError(f"{what} is a whole number from {low} to {MOST_UNITS:,}, not {value!r:.60}")
    return int(value)


def number_or(read: Any, value: Any, name: str) -> Any:
    """One number for all entries, or what `read` makes of it."""
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        return float(as_array(value, f"one number for {name}"))
    return read(value, name)


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


def take(settings: tuple[Setting, ...], given: Mapping[str, Any], layer: str) -> dict[str, Any]:
    """Every setting as a layer keeps it."""
    return {setting.key: setting.checked(given.get(setting.key, setting.default), layer) for setting in settings}
