"""The key `vary` of the front matter: from what variants draw the givens, and what they must be like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from chalkwork.errors import SheetError
from chalkwork.sheets import values
from chalkwork.sheets.givens import Given, named, scalars_of
from chalkwork.sheets.locate import Listing, Node, Scalar, Table

MOST_CHOICES = 10_000
INACTIVE = ("usual", "some", "none", "any")


class Range(NamedTuple):
    """What the numbers of a given are drawn from: texts for each number, or whole lists for all of them at once."""

    choices: tuple[str, ...] = ()
    wholes: tuple[tuple[str, ...], ...] = ()


class Varying(NamedTuple):
    """What an author says of variants.

    `ranges` are by the name of the given, `keep` what stays, `words` the numbers in texts that are no givens.
    `inactive` says whether units at a kink may be inactive, `winner` by how much the largest output must win, `band`
    how far, as a part, the difficulty may be from the middle.
    """

    ranges: Mapping[str, Range] = {}
    keep: tuple[str, ...] = ()
    words: tuple[Fraction, ...] = ()
    inactive: str = "usual"
    saturated: bool = False
    vanishing: bool = False
    winner: float | None = None
    band: float = 0.15
    lines: Mapping[str, int] = {}

    def check(self, givens: Sequence[Given]) -> None:
        """Raise SheetError, with the line, for a name that the sheet does not give, or a list of another length."""
        for name in (*self.ranges, *self.keep):
            found = named(givens, name)
            line = self.lines.get(name, self.lines["keep"] if name in self.keep else 0)
            if not found:
                known = ", ".join(dict.fromkeys(given.name for given in givens))
                hint = f"its givens are: {known}"
                raise SheetError(f"vary names {name!r:.60}, which the sheet does not give", line=line, hint=hint)
            wholes = self.ranges[name].wholes if name in self.ranges else ()
            sizes = {len(given.scalars) for given in found}
            if wrong := next((whole for whole in wholes if {len(whole)} != sizes), None):
                count = max(sizes)
                raise SheetError(f"vary.{name}: a choice has {len(wrong)} numbers, {name} has {count}", line=line)


def read_varying(node: Node, where: str) -> Varying:
    """The key `vary`: ranges by name, and the conditions."""
    if not isinstance(node, Table):
        raise values.fail(node, where, "a mapping such as {x: {from: -2, to: 2, step: 0.5}, keep: [b1]}")
    ranges, conditions = {}, {}
    for key, entry in node.entries.items():
        if key in _CONDITIONS:
            conditions[key] = _CONDITIONS[key](entry, f"{where}.{key}")
        else:
            ranges[key] = _range(entry, f"{where}.{key:.60}")
    return Varying(ranges, lines=node.key_lines, **conditions)


def _range(node: Node, where: str) -> Range:
    fields = values.mapping(node, "a range", where, ("from", "to", "step", "choices"))
    if "choices" in fields:
        if len(fields.entries) > 1:
            raise values.fail(node, where, "choices, or from, to and step")
        return fields.need("choices", _choices)
    low, high, step = (fields.need(key, values.fraction) for key in ("from", "to", "step"))
    if not (low < high and 0 < step <= high - low and (high - low) / step < MOST_CHOICES):
        raise values.fail(node, where, f"from less than to, and a step that leads to fewer than {MOST_CHOICES} numbers")
    plain = all("/" not in scalar.text for scalar in fields.entries.values() if isinstance(scalar, Scalar))
    count = int((high - low) / step) + 1
    return Range(tuple(written(low + place * step, plain) for place in range(count)))


def written(number: Fraction, plain: bool = True, decimals: int = 0) -> str:
    """A number as one types it: a decimal where that is meant and exact, with at least so many decimals.

    >>> written(Fraction(-3, 20)), written(Fraction(1, 3)), written(Fraction(2), decimals=1)
    ('-0.15', '1/3', '2.0')
    """
    digits = decimals
    while plain and digits < 30:
        scaled = number * 10**digits
        if scaled.denominator == 1:
            whole = f"{abs(scaled.numerator):0{digits + 1}d}"
            text = f"{whole[:-digits]}.{whole[-digits:]}" if digits else whole
            return f"-{text}" if number < 0 else text
        digits += 1
    return str(number)


def _choices(node: Node, where: str) -> Range:
    if not isinstance(node, Listing) or not 1 < len(node.items) < MOST_CHOICES:
        raise values.fail(node, where, "a list of at least two numbers, or of lists that are chosen whole")
    for scalar in scalars_of(node):
        values.number(scalar, where)
    if any(isinstance(item, Listing) for item in node.items):
        return Range(wholes=tuple(tuple(scalar.text for scalar in scalars_of(item)) for item in node.items))
    return Range(tuple(scalar.text for scalar in scalars_of(node)))


def _share(node: Node, where: str) -> float:
    share = values.number(node, where)
    if not 0 <= share <= 1:
        raise values.fail(node, where, "a number from 0 to 1")
    return share


_CONDITIONS: Mapping[str, values.Reader[Any]] = {
    "keep": values.names,
    "words": values.listing(values.fraction, "a list of numbers", 100),
    "inactive": values.choice(INACTIVE),
    "saturated": values.flag,
    "vanishing": values.flag,
    "winner": _share,
    "band": _share,
}
