"""One number as people type it, and the interval that its digits stand for."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from numbers import Complex, Integral, Real
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chalkwork.checking.reading.expressions import MAX_LENGTH as MAX_CALCULATED
from chalkwork.checking.reading.expressions import calculated
from chalkwork.errors import ReadError
from chalkwork.words import Text

MAX_LENGTH = 60
LOST = 16.0
"""Units in the last place of its largest number that an array in single precision has lost."""
MAX_MAGNITUDE = 1e100
"""Larger numbers are no answers, and products of them would overflow."""

_DECIMAL = r"(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)"
_POWER = r"(?:[eE]([-+]?[0-9]{1,3})|\*10(?:\^|\*\*)([-+]?[0-9]{1,3}))"
_SIMPLE = re.compile(r"-?[0-9]+[.,]([0-9]+)")
_SHORT = 9
"""Decimals of a number that can have been typed: it tells nothing of precision."""
_HALVES = [float(f"0.5e-{places}") for places in range(24)]
_NUMBER = re.compile(rf"([-+]?)({_DECIMAL}){_POWER}?")
_POWER_ALONE = re.compile(r"([-+]?)10(?:\^|\*\*)([-+]?[0-9]{1,3})")
_FRACTION = re.compile(rf"([-+]?{_DECIMAL})/([-+]?{_DECIMAL})")
_NOT_FINITE = re.compile(r"[-+]?(?:inf|infinity|infty|nan|∞)", re.IGNORECASE)
_TRUTH = re.compile(r"true|false", re.IGNORECASE)
_COMPLEX = re.compile(rf"\(?(?:[-+]?{_DECIMAL}(?:[eE][-+]?[0-9]{{1,3}})?){{1,2}}[ij]\)?")
_SPACE_INSIDE = re.compile(r"\s*([*/^])\s*")
_PARENTHESES = re.compile(r"\^[({]([-+]?[0-9]{1,3})[)}]")
_SIGNS = str.maketrans({"−": "-", "–": "-", "‐": "-", "‑": "-", "⁻": "-", "—": "-", "·": "*", "×": "*", "⋅": "*",
                        "∗": "*", "⁄": "/", "∕": "/", "’": "'", "′": "'", "≅": "≈", "≃": "≈", "∼": "≈",
                        **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f"
                                        "\u205f\u3000", " "),
                        **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", "")})  # fmt: skip
_RAISED = re.compile("10([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})")
_RAISED_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_PART = re.compile(r"([0-9]*)\s?([¼-¾⅐-⅞])")
_THOUSANDS = re.compile(r"(?<![0-9.,'])[1-9][0-9]{0,2}(?:'[0-9]{3})+(?![0-9])")
"""1'234.5, as the Swiss write it: the sign means nothing else between digits."""
_BEFORE = re.compile(
    r"(?:≈|~|=|(?:ca|c|circa|approx|approximately|about|roughly|around|is|equals|rund|etwa|ungefähr|gerundet|ist|also|"
    r"thus|so|hence|answer|result|ergebnis)\b[.:]?)\s*",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"(?<=[0-9.%])(?:\s*(?:\?|;|,|\.{3}|…|✓)|\s+(?:nats?|units?|einheiten|(?:eur|usd|euros?|dollars?)\b)|\s*[€$£]"
    r"|\s*(?:±|\+/-|\+-)\s*[0-9.,]+|\s*\(?\s*(?:approx(?:imately)?\.?|rounded|gerundet|ca\.?|about|circa|approx)\s*\)?)$",
    re.IGNORECASE,
)
"""What may stand behind a number and does not change it."""
_FULL_STOP = re.compile(r"(?<=[0-9])\.$")
_TIMES_TEN = re.compile(r"(?<=[0-9.])\s*(?:\s[xX*]\s|[xX*]|\s)\s*(?=10\s*(?:\^|\*\*))")
_GROUPS = re.compile(r"([-+]?)([1-9][0-9]{0,2}(?: [0-9]{3})+)([.,][0-9]+)?")
_GROUPS_BEHIND = re.compile(r"[-+]?[0-9]+[.,](?:[0-9]{3} )+[0-9]{1,3}")
_LOOSE_POWER = re.compile(r"(?<=[0-9])\s+([eE][-+]?[0-9]{1,3})$")
_PER = re.compile(r"\s*(%|per ?cent|pct\.?|prozent|‰)$", re.IGNORECASE)
_LOST_POWER = re.compile(r"(.*?)(\*?)10-([0-9]{1,2})")
_BROKEN_POWER = re.compile(r"(.*[0-9.])[eE]\^?\s*[({]?([-+]?[0-9]{1,2})[)}]?")
_BITS = re.compile(r"(.*[0-9.])\s*bits?", re.IGNORECASE)
_RAISED_POINT = re.compile(r"([-+]?0)\*([0-9]+)")
_RANGE = re.compile(r"([0-9.,]+)-([0-9.,]+)")


class AnswerError(ReadError):
    """An answer that cannot be read, with the reason as a text, which is written in the language of the report."""

    def __init__(self, why: Text) -> None:
        super().__init__(str(why))
        self.why = why


class NoValueError(AnswerError):
    """What no answer can be, though it was read: not finite, too large, complex, a truth value."""


class Numeral(NamedTuple):
    """A number and the interval that its digits stand for."""

    value: float
    low: float
    high: float


def plain(text: str) -> str:
    """The text with every minus, multiplication sign and raised exponent in ASCII.

    >>> plain("−2,3·10⁻⁴")
    '-2,3*10^-4'
    """
    if text.isascii():
        return _ungrouped(text) if "'" in text else text
    raised = _RAISED.sub(lambda found: "10^" + found[1].translate(_RAISED_DIGITS), text)
    return _ungrouped(_PART.sub(_quotient_of, raised).translate(_SIGNS))


def _ungrouped(text: str) -> str:
    return _THOUSANDS.sub(lambda found: found[0].replace("'", ""), text)


def _quotient_of(found: re.Match[str]) -> str:
    """½ as 1/2, and 1½ as 3/2."""
    above, below = unicodedata.normalize("NFKC", found[2]).split("⁄")
    return f"{int(found[1][:20] or 0) * int(below) + int(above)}/{below}"


def read_numeral(text: str, decimals: int | None = None) -> Numeral:
    """The number typed, with either decimal sign; an integer stands for `decimals` decimals, else for itself.

    Raises ReadError, with the reason, for what is no number or none that could be an answer.

    >>> read_numeral("0,45").value, read_numeral("2.3·10^-4").value, read_numeral("7")
    (0.45, 0.00023, Numeral(value=7.0, low=7.0, high=7.0))
    >>> number = read_numeral("0.79")
    >>> 0.7849 < number.low <= 0.785, 0.795 <= number.high < 0.7951
    (True, True)
    """
    if len(text) < 24 and (simple := _SIMPLE.fullmatch(text)):
        value, half = float(text.replace(",", ".")), _HALVES[len(simple[1])]
        slack = 2.0 * math.ulp(abs(value) + half)
        return Numeral(value, value - half - slack, value + half + slack)
    return _read_other(text, decimals)


ZEROS = frozenset(("0", "-0", "+0"))


def finest(texts: Iterable[str]) -> float:
    """Half a unit of the last digit of the finest decimal number among these texts: so fine is a bare 0 beside them.

    >>> finest(["0.35", "0", "-0.2"])
    0.005
    """
    places = [len(found[1]) for text in texts if (found := _SIMPLE.fullmatch(text))]
    return _HALVES[min(max(places), len(_HALVES) - 1)] if places else 0.0


@lru_cache(maxsize=1 << 12)
def _read_other(text: str, decimals: int | None) -> Numeral:
    """What is no plain decimal number, or not written as one."""
    shown = text.strip()
    if len(shown) > (MAX_LENGTH if shown[:1].isdigit() and shown.isalnum() else MAX_CALCULATED):
        raise AnswerError(Text.of("unread.long_number", most=MAX_LENGTH, count=len(shown)))
    bare, scale = _bare(plain(shown))
    if found := _NUMBER.fullmatch(bare):
        power, scaled = int(found[3] or found[4] or 0) - scale, bool(scale or found[3] or found[4])
        return _bounded(*_decimal(found[1] + found[2], power, scaled, decimals))
    if scale:
        raise AnswerError(Text.of("unread.not_a_number", shown=repr(shown)))
    if found := _POWER_ALONE.fullmatch(bare):
        return _bounded(*_decimal(f"{found[1]}1", int(found[2]), False, None))
    if found := _FRACTION.fullmatch(bare):
        return _quotient(found[1], found[2], shown)
    if reading := _two_readings(bare):
        raise AnswerError(Text.of("unread.two_readings", shown=repr(shown), one=reading[0], other=reading[1]))
    if _NOT_FINITE.fullmatch(bare):
        raise NoValueError(Text.of("unread.not_finite", shown=repr(shown)))
    if _TRUTH.fullmatch(bare):
        raise NoValueError(Text.of("unread.truth_value", shown=repr(shown)))
    if _COMPLEX.fullmatch(bare):
        raise NoValueError(Text.of("unread.complex", shown=repr(shown)))
    if "," in bare and (bare.count(",") > 1 or "." in bare) and set(bare) <= set("0123456789.,-+"):
        raise AnswerError(Text.of("unread.decimal_signs", shown=repr(shown)))
    return _calculated(bare, shown)


def _bare(text: str) -> tuple[str, int]:
    """The number without what people write around it, and how many places a per cent moves it."""
    text, scale = without_lead(text).strip(), 0
    while len(text) < MAX_CALCULATED and (found := _BEHIND.search(text)):
        text = text[: found.start()]
    if found := _PER.search(text):
        text, scale = text[: found.start()], 3 if found[1] == "‰" else 2
    if " " in text:
        text = _LOOSE_POWER.sub(r"\1", text)
        if _GROUPS.fullmatch(text) or _GROUPS_BEHIND.fullmatch(text):
            text = text.replace(" ", "")
    text = _TIMES_TEN.sub("*", text)
    text = _PARENTHESES.sub(r"^\1", _SPACE_INSIDE.sub(r"\1", text))
    if text[:1] in ("-", "+"):
        text = text[0] + text[1:].lstrip()
    if any(sign in text[:-1] for sign in ".,"):
        text = _FULL_STOP.sub("", text)
    return text, scale


def without_lead(text: str) -> str:
    """The text without "approx." and the like in front.

    >>> without_lead("approx. 0.79"), without_lead("≈ 0.79")
    ('0.79', '0.79')
    """
    while found := _BEFORE.match(text):
        text = text[found.end() :]
    return text


def _two_readings(bare: str) -> tuple[str, str] | None:
    """Both readings of a number that has two."""
    if found := _RAISED_POINT.fullmatch(bare):
        return f"{found[1]}.{found[2]}", f"{found[1]} times {found[2]}"
    if found := _LOST_POWER.fullmatch(bare):
        power = f"10^-{found[3]}"
        if found[2] and _NUMBER.fullmatch(found[1]):
            return f"{found[1]}*{power}", f"{found[1]}*10 - {found[3]}"
        if not found[1]:
            return power, f"10 - {found[3]}"
    if (found := _BROKEN_POWER.fullmatch(bare)) and _NUMBER.fullmatch(found[1]) and not _NUMBER.fullmatch(bare):
        return f"{found[1]}*10^{found[2]}", f"{found[1]}*exp({found[2]})"
    if (found := _BITS.fullmatch(bare)) and _NUMBER.fullmatch(found[1]):
        value = float(found[1].replace(",", "."))
        return found[1], f"{value * math.log(2):.4g} (nats)"
    limits = _RANGE.fullmatch(bare)
    if limits and all(_NUMBER.fullmatch(limit) for limit in limits.groups()):
        low, high = (float(limit.replace(",", ".")) for limit in limits.groups())
        if low < high:
            return f"{limits[1]} to {limits[2]}", f"{limits[1]} - {limits[2]}"
    return None


def _calculated(bare: str, shown: str) -> Numeral:
    """The result of what was typed, where it is a calculation."""
    found = calculated(bare, lambda digits: _bounded(*_decimal(digits, 0, False, None)))
    if found is None:
        raise AnswerError(Text.of("unread.not_a_number", shown=repr(shown)))
    value, low, high = found
    if not all(map(math.isfinite, found)):
        raise NoValueError(Text.of("unread.not_finite", shown=repr(shown)))
    if max(map(abs, found)) > MAX_MAGNITUDE:
        raise NoValueError(Text.of("unread.large", shown=f"{value:.3g}"))
    return Numeral(value, low, high)


def _decimal(digits: str, power: int, scaled: bool, decimals: int | None) -> tuple[float, float]:
    """The value and half a unit of its last digit."""
    whole, point, places = digits.replace(",", ".").partition(".")
    value = float(f"{whole}{point}{places}e{power}")
    if places or scaled:
        return value, 0.5 * _ten(power - len(places))
    return value, 0.0 if decimals is None else 0.5 * _ten(-decimals)


def _ten(power: int) -> float:
    return float(f"1e{power}")


def _bounded(value: float, half: float, ulps: int = 2) -> Numeral:
    if abs(value) > MAX_MAGNITUDE:
        raise NoValueError(Text.of("unread.large", shown=f"{value:.3g}"))
    if half > MAX_MAGNITUDE:
        raise NoValueError(Text.of("unread.any_number"))
    if value == 0 and half == 0 and ulps == 2:
        return Numeral(0.0, 0.0, 0.0)
    if half == 0 and value == int(value) and abs(value) < 2**53 and ulps == 2:
        return Numeral(value, value, value)
    slack = ulps * math.ulp(abs(value) + half)
    return Numeral(value, value - half - slack, value + half + slack)


def _quotient(above: str, below: str, shown: str) -> Numeral:
    top, bottom = (_bounded(*_decimal(part, 0, False, None)) for part in (above, below))
    if bottom.low <= 0 <= bottom.high:
        raise AnswerError(Text.of("unread.by_zero", shown=repr(shown)))
    ends = [one / other for one in (top.low, top.high) for other in (bottom.low, bottom.high)]
    value = top.value / bottom.value
    middle = _bounded(value, 0.0, ulps=1)
    return Numeral(
        value,
        min(middle.low, math.nextafter(min(ends), -math.inf)),
        max(middle.high, math.nextafter(max(ends), math.inf)),
    )


Numbers = NDArray[np.float64]


def is_single(given: object) -> bool:
    """Whether numbers were worked out in single precision, whatever they are kept in now.

    >>> is_single(np.float32(1 / 3)), is_single(float(np.float32(1 / 3))), is_single(1 / 3), is_single([0.5, 0.25])
    (True, True, False, False)
    """
    try:
        values = np.asarray(given)
    except ValueError:  # rows of different lengths
        return False
    if values.dtype.kind != "f" or values.dtype.itemsize < 8:
        return values.dtype == np.float32
    with np.errstate(all="ignore"):
        same = np.array_equal(values.astype(np.float32), values)
        return bool(same and values.size and np.any(np.round(values, _SHORT) != values))


def spread(
    values: NDArray[np.floating] | NDArray[np.integer], decimals: int | None = None, whole_digits: bool = False
) -> tuple[Numbers, bool]:
    """Half the width of the interval that each finite number of a program stands for, and whether one is unrounded.

    A float stands for the digits of its shortest form, but never for less than four units in the last place of
    its type (in single precision, 16 of its largest entry's); where one entry has the digits of an unrounded result,
    or `whole_digits` says so, none was rounded. A whole number stands for `decimals` decimals, else for itself.

    >>> [f"{half:.1g}" for half in spread(np.array([0.79, 0.125]))[0]], spread(np.array([2, 3]))[0].tolist()
    (['0.005', '0.0005'], [0.0, 0.0])
    >>> half, unrounded = spread(np.array([0.5, 1 / 3]))
    >>> bool(half[0] < 1e-15), unrounded
    (True, True)
    """
    exact = values.astype(np.float64)
    if whole_digits:
        decimals = None
    whole = np.zeros(exact.shape) if decimals is None else np.full(exact.shape, 0.5 * _ten(-decimals))
    if not np.issubdtype(values.dtype, np.floating):
        return whole, False
    narrow = values.dtype if values.dtype.itemsize < 8 else np.dtype(np.float32 if is_single(values) else np.float64)
    own = exact.astype(narrow)
    least = 4.0 * np.spacing(np.abs(own)).astype(np.float64)
    if narrow != np.float64 and own.size:  # sums in single precision lose what their largest term has lost
        least = np.maximum(least, LOST * float(np.spacing(np.abs(own).max())))
    last = 17 if narrow == np.float64 else 9 if narrow == np.float32 else 4
    places = _places(exact, own, last)
    left = places > last
    units = 0.5 / 10.0 ** np.minimum(places, last)
    half = np.where(left, least, np.maximum(least, np.where(places == 0, whole, units)))
    size = np.abs(exact)
    unrounded = left & (size > 10.0 ** (2 - last))
    digits = 13 if narrow == np.float64 else 7
    fine = ~left & (units < size * 10.0**-digits)
    full = bool((unrounded | fine).any())
    return (least if full or whole_digits else half), full


def _places(exact: Numbers, own: NDArray[np.floating], last: int) -> NDArray[np.int64]:
    """How many decimals each number has in its shortest form, more than `last` where it has more."""
    scales = 10.0 ** np.arange(last + 1)[:, None]
    found = np.full(exact.size, last + 1)
    for start in range(0, exact.size, 1 << 14):  # no more memory than that
        part = slice(start, start + (1 << 14))
        scaled = exact.ravel()[part] * scales
        same = ((np.rint(scaled) / scales).astype(own.dtype) == own.ravel()[part]) & (np.abs(scaled) < 2.0**52)
        found[part] = np.where(same.any(axis=0), same.argmax(axis=0), last + 1)
    return found.reshape(exact.shape)


def numeral_of(cell: object, decimals: int | None) -> Numeral:
    """The number in a cell: a text is read, a number is taken as it is; AnswerError for what is neither."""
    if isinstance(cell, str):
        return read_numeral(cell, decimals)
    if isinstance(cell, (bool, np.bool_)):
        raise NoValueError(Text.of("unread.truth_value", shown=str(cell)))
    if isinstance(cell, Complex) and not isinstance(cell, Real):
        raise NoValueError(Text.of("unread.complex", shown=str(cell)))
    if isinstance(cell, Integral):
        if int(cell).bit_length() > 320:
            raise NoValueError(Text.of("unread.too_large"))
        return read_numeral(str(int(cell)), decimals) if abs(int(cell)) < 10**50 else read_numeral(f"{float(cell)!r}")
    if isinstance(cell, (float, np.floating)):
        number = float(cell)
        if not abs(number) <= MAX_MAGNITUDE:
            raise NoValueError(Text.of("unread.not_usable", shown=repr(number)))
        return Numeral(number, number, number)
    if isinstance(cell, Decimal):
        return read_numeral(str(cell)[:80], decimals)
    if isinstance(cell, Fraction):
        return read_numeral(f"{cell.numerator}/{cell.denominator}"[:80], decimals)
    raise AnswerError(Text.of("unread.kind", kind=type(cell).__name__))
