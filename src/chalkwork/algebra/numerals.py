"""Numbers as they are typed: exact, whatever their digits."""

from __future__ import annotations

from fractions import Fraction
from math import isinf

from chalkwork.errors import ReadError

Scalar = int | float | Fraction
MOST_DIGITS, MOST_PLACES = 300, 1000
_MOST_ZEROS = 20


def exact_number(text: str) -> Scalar:
    """The number that was typed: an int where it is one, a float where that holds all digits, else a fraction.

    Infinite where it is larger than every float. Raises ReadError for more digits than anybody needs.

    >>> exact_number("3"), exact_number("0.1"), as_text(exact_number("0.99999999999999999999"))
    (3, 0.1, '0.99999999999999999999')
    """
    near = float(text)
    mantissa, _, power = text.lower().partition("e")
    if isinf(near):
        return near
    if not mantissa.strip("-+0."):
        return near if power or "." in mantissa else 0
    places = abs(int(power or 0)) if len(power) < 9 else MOST_PLACES + 1
    if len(mantissa) > MOST_DIGITS + 20 or places > MOST_PLACES:
        raise ReadError(f"{text:.30}... is too small, or has more than {MOST_DIGITS} digits")
    if mantissa.strip("-+").isdigit() and not power:
        return int(text)
    found = Fraction(text)
    return near if found == Fraction(str(near)) else found


def as_text(value: Scalar) -> str:
    """The number as one types it: what long decimals give is a decimal again, and other fractions are quotients.

    >>> as_text(Fraction(1, 2)), as_text(Fraction("0.12345678901234567890") * 3)
    ('1/2', '0.3703703670370370367')
    """
    return finite_decimal(value) if isinstance(value, Fraction) and is_long_decimal(value) else str(value)


def is_long_decimal(value: Fraction) -> bool:
    """Whether the digits of a fraction end, and are more than a float holds.

    >>> is_long_decimal(Fraction(1, 4)), is_long_decimal(Fraction(1, 3)), is_long_decimal(1 + Fraction(1, 10**20))
    (False, False, True)
    """
    if _places(value) is None:
        return False
    try:
        return Fraction(str(float(value))) != value
    except OverflowError:
        return True


def finite_decimal(value: Fraction) -> str:
    """The fraction with all its digits, which end; a quotient where they do not.

    >>> finite_decimal(Fraction(-1, 8)), finite_decimal(Fraction(1, 3)), finite_decimal(Fraction(3, 10**50))
    ('-0.125', '1/3', '3e-50')
    """
    places = _places(value)
    if places is None:
        return str(value)
    digits = str(abs(value.numerator) * 10**places // value.denominator)
    sign = "-" if value < 0 else ""
    if places > _MOST_ZEROS + len(digits):
        return f"{sign}{digits}e-{places}"
    digits = digits.rjust(places + 1, "0")
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def _places(value: Fraction) -> int | None:
    """How many digits behind the point there are; None where they do not end."""
    rest, places = value.denominator, 0
    for prime in (2, 5):
        times = 0
        while rest % prime == 0:
            rest, times = rest // prime, times + 1
        places = max(places, times)
    return places if rest == 1 else None
