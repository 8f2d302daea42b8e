"""Numbers as people write them: rounded to what was asked, aligned in columns, no noise of floating point."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import floor, isfinite
from typing import Any, NamedTuple

import numpy as np

LARGEST_PLAIN = 1e7
LARGEST_COUNT = 10.0**15


class NumberFormat(NamedTuple):
    """How many digits are shown: `decimals` after the point, or `significant` ones.

    Spaces at the end of a formatted number fill its column, so that decimal points stand in line.

    A number that needs fewer is shown with fewer: an exercise that gives 0.15 does not print 0.1500. Only an exact zero
    is written `0`: what rounds to it among larger numbers keeps its decimals, `0.0000`, and a given never rounds to it.

    >>> NumberFormat(decimals=4).scalar(0.15), NumberFormat(decimals=4).scalar(0.79303641)
    ('0.15', '0.7930')
    >>> NumberFormat(decimals=4).column([0.05, 0.35, -0.2])
    ['0.05', '0.35', '-0.20']
    >>> NumberFormat(decimals=None, significant=6).column([-0.00305449])
    ['-0.00305449']
    >>> NumberFormat(3).column([0, 1e-7, 2.5]), NumberFormat(3).column([0, 1e-7, 2.5], given=True)
    (['0    ', '0.000', '2.500'], ['0  ', '1e-7', '2.5'])
    >>> NumberFormat(4).scalar(231211008), NumberFormat(4).scalar(2e8), NumberFormat(4).scalar(231211008.5)
    ('231211008', '2e8', '2.312e8')
    """

    decimals: int | None = 4
    significant: int | None = None

    def scalar(self, value: float, *, given: bool = False) -> str:
        """One number."""
        number = float(value)
        if not number or not isfinite(number):
            return _special(number) if number else "0"
        if self._needs_powers_of_ten((number,), (abs(number),)):
            return self._scientific(number)
        if (given or self.decimals is None) and self._is_tiny(abs(number), abs(number)):
            return self._small(number)
        return _fixed(number, self._decimals(number))

    def column(self, values: Sequence[float], *, given: bool = False) -> list[str]:
        """Numbers that stand below each other, their decimal points in line; those given never as zero."""
        numbers = list(map(float, values))
        if not all(map(isfinite, numbers)):
            return [self.scalar(number, given=given) for number in numbers]
        sizes = [abs(number) for number in numbers if number]
        if not sizes:
            return ["0"] * len(numbers)
        if self._needs_powers_of_ten(numbers, sizes):
            return [self._scientific(number) for number in numbers]
        tiny: Collection[float] = ()
        if given or self.decimals is None:
            tiny = [size for size in sizes if self._is_tiny(size, max(sizes))]
        plain = [one for one in sizes if one not in tiny] if tiny else sizes
        common = None if self.decimals is None else self._common_decimals(plain)
        if common is not None and not tiny:
            return _aligned([_fixed(number, common) if number else "0" for number in numbers])
        return _aligned(
            [
                "0"
                if not number
                else self._small(number)
                if abs(number) in tiny
                else _fixed(number, self._decimals(number) if common is None else common)
                for number in numbers
            ]
        )

    def _common_decimals(self, numbers: Sequence[float]) -> int:
        """The decimals that one of them asks for at most."""
        found = 0
        for number in numbers:
            found = max(found, self._decimals(number))
            if found == self.decimals:
                break
        return found

    def hides(self, values: Any) -> bool:
        """Whether a number that is not zero is written as one, with all its decimals, in a column of the values.

        >>> NumberFormat(3).hides([[1e-7], [2.5]]), NumberFormat(3).hides([[0], [2.5]]), NumberFormat(3).hides([[1e-7]])
        (True, False, False)
        """
        if self.decimals is None:
            return False
        sizes = np.abs(np.asarray(values, dtype=np.float64))
        small = sizes < (0.5 - _ABSOLUTE) * 10.0**-self.decimals
        if not small.any() or not (small := small & (sizes > 0)).any():
            return False
        beside = sizes.max(axis=-2)  # else the column is written with powers of ten
        plain = (beside >= min(0.5 * 10.0**-self.decimals, 0.005)) & (beside < LARGEST_PLAIN)
        return bool((plain & small.any(axis=-2)).any())

    def _decimals(self, number: float) -> int:
        """The decimals that this number asks for."""
        most = self.decimals
        if most is None:
            digits = (self.significant or 6) - 1
            leading = int(f"{number:.{digits}e}".partition("e")[2])  # of the rounded number: 0.99999 may be 1.00
            most = max(0, digits - leading)
        text = f"{number:.{most}f}"
        if abs(float(text) - number) <= 1e-9 * 10.0**-most + 4e-16 * abs(number):
            return len(text.rstrip("0").partition(".")[2])
        return most

    def _is_tiny(self, size: float, largest: float) -> bool:
        """Whether the number needs a form of its own among larger ones."""
        if self.decimals is not None:
            return size < 10.0**-self.decimals and float(_fixed(size, self.decimals)) == 0
        return size < 1e-5 and size < 1e-4 * largest

    def _needs_powers_of_ten(self, numbers: Sequence[float], sizes: Sequence[float]) -> bool:
        largest = max(sizes)
        if largest >= LARGEST_PLAIN:
            return not self._are_counts(numbers)
        if self.decimals is not None:
            return largest < min(0.5 * 10.0**-self.decimals, 0.005)
        return min(sizes) < 1e-5 and largest < 1e-4

    def _are_counts(self, numbers: Sequence[float]) -> bool:
        """Whether they are whole numbers, one of which a power of ten would not show in full."""
        whole = all(number.is_integer() and abs(number) <= LARGEST_COUNT for number in numbers)
        return whole and any(float(self._scientific(number)) != number for number in numbers)

    def _small(self, number: float) -> str:
        """Three digits, or those that are asked, wherever they stand."""
        return f"{number:.{self.significant or 3}g}" if abs(number) >= 1e-3 else self._scientific(number)

    def _scientific(self, number: float) -> str:
        if number == 0:
            return "0"
        digits = (self.significant or max(3, self.decimals or 0)) - 1
        mantissa, _, exponent = f"{number:.{digits}e}".partition("e")
        if "." in mantissa and abs(float(f"{number:.{digits}e}") - number) <= 1e-15 * abs(number):
            mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}e{int(exponent)}" if int(exponent) else mantissa

    def rounded(self, values: Any) -> Any:
        """The values themselves rounded so, half away from zero, as one does by hand."""
        array = np.asarray(values, dtype=np.float64)
        with np.errstate(all="ignore"):  # what is too large or too small to be scaled stays as it is
            if self.decimals is not None:
                scale: Any = 10.0**self.decimals
            else:
                leading = np.where(array == 0, 0.0, np.floor(np.log10(np.abs(array))))
                scale = 10.0 ** ((self.significant or 6) - 1 - leading)
            scaled = np.abs(array) * scale
            rounded = np.sign(array) * np.floor(scaled + _nudge(scaled) + 0.5) / scale + 0.0
        return np.where((scaled < 2**50) & np.isfinite(rounded), rounded, array)


_RELATIVE, _ABSOLUTE, _LARGEST_NUDGE = 1e-14, 1e-9, 1e-3


def _nudge(scaled: Any) -> Any:
    """What is added before rounding, so that a half that floating point missed by a hair goes away from zero."""
    return np.minimum(scaled * _RELATIVE + _ABSOLUTE, _LARGEST_NUDGE)


def _aligned(texts: list[str]) -> list[str]:
    """The numbers filled with spaces to the same place after the point; what has a power of ten fills itself."""
    if len(texts) == 1:
        return texts
    tails = [0 if "." not in text or "e" in text else len(text) - text.index(".") for text in texts]
    longest = max(tails)
    if longest == min(tails):
        return texts
    return [text if "e" in text else text + " " * (longest - tail) for text, tail in zip(texts, tails, strict=True)]


def _fixed(number: float, decimals: int) -> str:
    """Rounded half away from zero; a zero has no sign."""
    scale = 10.0**decimals
    scaled = abs(number) * scale
    if scaled < 2**50:
        nudge = min(scaled * _RELATIVE + _ABSOLUTE, _LARGEST_NUDGE)
        number = (1 if number > 0 else -1) * floor(scaled + nudge + 0.5) / scale
    text = f"{number:.{decimals}f}"
    return text if number else text.lstrip("-")


def _special(number: float) -> str:
    return "nan" if number != number else ("inf" if number > 0 else "-inf")


def shown(size: int, most: int) -> list[int | None]:
    """The indices of `size` entries that are shown where `most` find room; None stands for the dots.

    >>> shown(3, 6), shown(10, 5)
    ([0, 1, 2], [0, 1, 2, None, 9])
    """
    if size <= most:
        return list(range(size))
    most = max(most, 3)
    return [*range(most - 2), None, size - 1]
