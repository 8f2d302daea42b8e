"""What the variables of a running program hold: every array of numbers by where it is kept, compared line by line."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chalkwork.checking.naming.libraries import is_library
from chalkwork.checking.naming.variables import attributes_of, gradient_of, is_module, is_ours, numbers_of

Array = np.ndarray[Any, Any]
Path = tuple[tuple[str, str | int], ...]
"""Where a value is kept, from the variable on: `("", "grads"), ("key", "dW1")`; an "attribute", an "item", a
"parameter" of a module of PyTorch, or the "gradient" of a tensor.
"""
MOST_DEPTH = 8
MOST_HELD = 500
"""How many things one list, dictionary or object is asked for."""
_MOST_LETTERS = 40
_PASSED = (types.ModuleType, type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.GeneratorType)


@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """A value that a line made: a copy, where that was, and when."""

    value: Array
    line: int | None
    """None for what was there before the recording."""
    code: types.CodeType
    """The function."""
    order: int
    of: Made | None = None
    """The value that this is another name for."""
    look: int = 0
    """When that was, counted as the variables were looked at."""
    within: types.CodeType | None = None
    """The function that the line stands in, where that is another one: it gave the value to this one."""
    holds: tuple[Array, Array] | None = None
    """Which of the entries that the line made are which of the quantity, where it did not make all of it alone."""

    @property
    def file(self) -> str:
        """The file that it was made in."""
        return (self.within or self.code).co_filename


@dataclass(frozen=True, eq=False, slots=True)
class Aside:
    """What a variable holds that is no quantity, and that lines are run with: an index, a key, a mask, a function."""

    value: Any

    def is_same(self, other: Aside) -> bool:
        """Whether it is the same index, key, mask or function."""
        one, two = self.value, other.value
        if isinstance(one, np.ndarray) or isinstance(two, np.ndarray):
            return isinstance(one, np.ndarray) and isinstance(two, np.ndarray) and same_numbers(one, two)
        return type(one) is type(two) and bool(one == two)


Kept = Array | Aside | None
Leaf = tuple[Path, object, Kept]


def leaves(variables: Mapping[str, Any], largest: int) -> Iterator[Leaf]:
    """Every place that holds numbers, with what is kept there and its numbers; None for numbers too many to be kept."""
    for name, value in list(variables.items()):
        if not name.startswith(("__", ".")) and name not in ("In", "Out", "_", "__builtins__"):
            yield from _inside((("", name),), value, largest, 0)


def _inside(path: Path, value: Any, largest: int, depth: int) -> Iterator[Leaf]:
    if isinstance(value, (bool, int, str)) and len(str(value)) <= _MOST_LETTERS:
        yield path, value, Aside(value)
        return
    if isinstance(value, types.FunctionType):
        yield path, value, Aside(value.__code__)
        return
    if value is None or isinstance(value, (int, str, bytes, *_PASSED)) or is_ours(value):
        return
    if isinstance(value, float):
        yield path, value, np.asarray(value)
        return
    if isinstance(value, (list, tuple)):
        numbers = _numbers_in(value, largest)
        if numbers is not None:
            yield path, value, numbers if numbers.dtype.kind == "f" else Aside(numbers)
        elif depth < MOST_DEPTH:
            for place, one in enumerate(value[:MOST_HELD]):
                yield from _inside((*path, ("item", place)), one, largest, depth + 1)
        return
    if isinstance(value, Mapping):
        for key, one in list(value.items())[:MOST_HELD] if depth < MOST_DEPTH else ():
            if isinstance(key, (str, int)):
                yield from _inside((*path, ("key", key)), one, largest, depth + 1)
        return
    if isinstance(value, np.ndarray) or hasattr(type(value), "__array__"):
        yield from _of_array(path, value, largest)
        return
    if depth < MOST_DEPTH:
        yield from _of_object(path, value, largest, depth)


def _of_array(path: Path, value: Any, largest: int) -> Iterator[Leaf]:
    gradient = gradient_of(value)
    try:
        array = np.asarray(numbers_of(value))
    except Exception:  # foreign code: whatever it raises, there are no numbers
        return
    if array.dtype.kind in "fiu":
        yield path, value, array if array.size <= largest else None
    elif array.dtype.kind == "b" and array.size <= largest:
        yield path, value, Aside(array.copy())
    if gradient is not None:
        yield from _of_array((*path, ("gradient", "")), gradient, largest)


def _of_object(path: Path, value: Any, largest: int, depth: int) -> Iterator[Leaf]:
    """What an object of somebody's own class holds, and the parameters of a module of PyTorch."""
    if is_module(value):
        try:
            named = list(value.named_parameters())[:MOST_HELD]
        except Exception:  # foreign code: whatever it raises
            named = []
        for name, one in named:
            yield from _of_array((*path, ("parameter", str(name))), one, largest)
    module = type(value).__module__
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    if not hasattr(value, "__dict__") or (module != "__main__" and is_library(file)):
        return
    for name, one in list(attributes_of(value).items())[:MOST_HELD]:
        yield from _inside((*path, ("attribute", name)), one, largest, depth + 1)


def _numbers_in(value: list[Any] | tuple[Any, ...], largest: int) -> Array | None:
    """A list of numbers, or of rows of numbers, as an array; None for any other list."""
    if not value or len(value) > largest:
        return None
    rows = value if isinstance(value[0], (list, tuple)) else [value]
    width = len(rows[0])
    if len(rows) * width > largest or not width:
        return None
    for row in rows:
        if not isinstance(row, (list, tuple)) or len(row) != width or not all(map(_is_number, row)):
            return None
    floats = any(not isinstance(one, int) for row in rows for one in row)
    return np.asarray(value, dtype=float if floats else None)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.floating, np.integer)) and not isinstance(value, bool)


def same_numbers(one: Array, other: Array) -> bool:
    """Whether two arrays hold the same, what is no number among it."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return np.array_equal(one, other) or (one.dtype.kind == "f" and np.array_equal(one, other, equal_nan=True))
