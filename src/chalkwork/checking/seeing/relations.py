"""The words for how a wrong answer is related to the right one."""

from __future__ import annotations

from fractions import Fraction

from chalkwork.words import Text

LARGEST = 64


def plainly(factor: float) -> str:
    """A factor in front of a name: nothing for 1, the sign for -1."""
    return {1.0: "", -1.0: "−"}.get(factor, f"{factor:.4g} ".replace("-", "−"))


def in_words(word: str) -> Text:
    """What is right, or what follows from the student's own values."""
    return Text.of(f"seen.{word}")


def of_it(word: str) -> Text:
    """The same behind a preposition."""
    return Text.of(f"seen.of_{word}")


def so_many_times(factor: float) -> Text:
    """The factor in words: 1.5 times, 1/3 of, minus."""
    part = Fraction(factor).limit_denominator(LARGEST)
    exact = abs(float(part) - factor) <= 1e-9 * abs(factor)
    if factor == -1:
        return Text.of("seen.minus")
    if exact and part.denominator > 1 and abs(part.numerator) == 1:
        return Text.of("seen.minus_part" if part < 0 else "seen.part", n=part.denominator)
    return Text.of("seen.times", number=f"{factor:.4g}")
