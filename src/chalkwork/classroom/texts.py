"""Numbers in the texts of a sheet that are givens: they would be wrong in a variant, and so are refused.

A text may hold `{{x}}` instead. Small whole numbers are words ("two inputs"), unless they stand in a list that is a
given, or behind the name of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from chalkwork.classroom.groups import Layout
from chalkwork.errors import SheetError
from chalkwork.sheets.fences import split_sheet
from chalkwork.sheets.givens import PLACE, Given
from chalkwork.sheets.locate import Listing, Node, Scalar, Table, load_yaml
from chalkwork.sheets.schema import Sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.sheets.varying import Varying

WORD = 10
"""Whole numbers below are words of a text."""
TELLING = 3
"""A number of so many significant digits that equals a result is that result."""
_TEXTS = ("title", "hint", "note", "answer")
_SIGN = "[-\u2212\u2013]?"
_NUMBER = re.compile(rf"(?<![\w.\\]){_SIGN}\d+(?:(?:\.|\{{,\}}|,(?=\d))\d+)?(?![\w.]*\d)")
_LIST = re.compile(rf"[(\[] *({_SIGN}[\d.{{}},]*\d(?: *[,;] *{_SIGN}[\d.]*\d)+) *[)\]]")
_MATRIX = re.compile(r"\\begin\{[a-zA-Z]*matrix\}(.*?)\\end", re.DOTALL)
_EQUAL = re.compile(rf"\\?([A-Za-z]\w*)[^=$\n]{{0,12}}= *({_SIGN}\d+)(?![\d.,{{]*\d)")
_ALONE = re.compile(rf"(?<![\w.^_{{\\\u00d7*/+-])({_SIGN}\d+)(?![\w.^\u00d7(])")
_RATE = re.compile(r"(?:rate|eta)\W*$")
_CLASS = re.compile(
    r"\b(?:first|second|third|fourth|fifth|last) class\b|\bclass \$?\d|\b(?:erste|zweite|dritte|letzte)[nr]? Klasse\b"
)


@dataclass(frozen=True)
class _Text:
    text: str
    line: int
    is_note: bool = False
    before: str = ""
    """The block that it stands before."""


def check_texts(sheet: Sheet, layout: Layout) -> None:
    """Raise SheetError for the first number in a text that variants would make wrong, with its line and the given."""
    varying = sheet.vary or Varying()
    drawn = {one.title: one for one in layout.givens if one.title not in layout.kept}
    numbers: dict[Fraction, str] = {}
    for given in drawn.values():
        for place, scalar in _entries(given.node):
            numbers.setdefault(abs(_fraction(scalar.text)), f"{given.title}{place}")
    rates = {
        _fraction(given.scalars[0].text)
        for given in layout.givens
        if given.name in ("learning_rate", "rate") and given.title not in drawn
    }
    checker = _Checker(sheet, layout, drawn, numbers, rates, frozenset(varying.words), dict(_results(sheet)))
    for text in _texts(sheet):
        checker.check(text)


@dataclass(frozen=True)
class _Checker:
    sheet: Sheet
    layout: Layout
    drawn: Mapping[str, Given]
    numbers: Mapping[Fraction, str]
    rates: set[Fraction]
    words: frozenset[Fraction]
    results: Mapping[float, str]

    def check(self, one: _Text) -> None:
        text = PLACE.sub(lambda place: " " * len(place[0]), one.text)
        for found in [*_LIST.finditer(text), *_MATRIX.finditer(text)]:
            entries = [_fraction(number) for number in _NUMBER.findall(found[1])]
            for given in self.drawn.values():
                if len(entries) > 1 and entries in list(_sequences(given.node)):
                    raise self._refused(one, found, found[0], given.title)
        for given in self.drawn.values():
            if len(given.scalars) == 1 and (own := _fraction(given.scalars[0].text)) not in self.words:
                behind = (found for found in _EQUAL.finditer(text) if found[1] == given.name)
                alone = _ALONE.finditer(text) if given.block == one.before else ()
                for found in (*behind, *alone):
                    if _fraction(found[found.re.groups]) == own:
                        raise self._refused(one, found, found[0], given.title)
        targets = [group.name for group in self.layout.groups if group.is_class]
        for found in _CLASS.finditer(text) if targets else ():
            raise self._refused(one, found, found[0], targets[0], f"class {{{{class of {targets[0]}}}}}")
        for found in _NUMBER.finditer(text):
            self._check_number(one, found, text)

    def _check_number(self, one: _Text, found: re.Match[str], text: str) -> None:
        number = _fraction(found[0])
        small = number.denominator == 1 and "." not in found[0] and abs(number) < WORD
        if small or number in self.words or abs(number) in self.words:
            return
        if number in self.rates and _RATE.search(text[: found.start()].rstrip("$ =")):
            return
        own = {_fraction(scalar.text) for given in self._kept(one.before) for scalar in given.scalars}
        if number in own:
            return
        if abs(number) in self.numbers:
            raise self._refused(one, found, found[0], self.numbers[abs(number)])
        decimals = len(found[0].replace("{,}", ".").replace(",", ".").partition(".")[2])
        if len(found[0].strip("-").replace(".", "").lstrip("0")) >= TELLING and decimals:
            for value, name in self.results.items():
                if abs(abs(value) - abs(float(number))) <= 0.5001 * 10.0**-decimals:
                    raise self._refused(one, found, found[0], name, "nothing: a result is not given")
        if one.is_note:
            raise self._refused(one, found, found[0], "a result, perhaps", "words")

    def _kept(self, block: str) -> list[Given]:
        """The givens of a block that stay; none where some of the block's are drawn with numbers of their own."""
        return [given for given in self.layout.givens if given.block == block and given.title not in self.drawn]

    def _refused(
        self, one: _Text, found: re.Match[str], said: str, given: str, instead: str | None = None
    ) -> SheetError:
        whole, bracket, entry = given.partition("[")
        name = whole.partition(".")[2] or whole
        name = name if sum(each.name == name for each in self.layout.givens) == 1 else whole
        place = instead or f"{{{{{name}{bracket}{entry}}}}}"
        return SheetError(
            f"the text says {said.strip()!r:.60}, which is {given} of these numbers, and variants have others",
            file=self.sheet.file,
            line=one.line + one.text.count("\n", 0, found.start()),
            hint=f"write {place} there; or the key vary of the front matter keeps it, keep: [{name}], or says that "
            "it is a word of the text, words: [...]",
        )


def _results(sheet: Sheet) -> Iterator[tuple[float, str]]:
    """What is worked out with the author's numbers."""
    for exercise in solve_sheet(sheet).values():
        for name in exercise.solution.derivation:
            for value in np.asarray(exercise.solution.arrays[name], np.float64).ravel().tolist():
                yield value, name


def _texts(sheet: Sheet) -> Iterator[_Text]:
    """Everything that is to be read, with its line."""
    split = split_sheet(sheet.text)
    tables = [load_yaml(piece.body, piece.line + 1) if piece.language else Table({}, {}, 0) for piece in split.pieces]
    for place, (piece, table) in enumerate(zip(split.pieces, tables, strict=True)):
        if not piece.language:
            after = tables[place + 1].entries.get("id") if place + 1 < len(tables) else None
            yield _Text(piece.source, piece.line, before=after.text if isinstance(after, Scalar) else "")
            continue
        for key in _TEXTS:
            node = table.entries.get(key)
            if isinstance(node, Scalar):
                yield _Text(node.text, node.line, is_note=key == "note")


def _sequences(node: Node) -> Iterator[list[Fraction]]:
    """The numbers of a list, of its rows and of its columns."""
    if not isinstance(node, Listing):
        return
    inner = [item for item in node.items if isinstance(item, Listing)]
    rows = [[_fraction(each.text) for each in item.items if isinstance(each, Scalar)] for item in inner or [node]]
    yield [number for row in rows for number in row]
    yield from rows
    if inner and len({len(row) for row in rows}) == 1:
        yield from ([row[place] for row in rows] for place in range(len(rows[0])))


def _entries(node: Node, place: tuple[int, ...] = ()) -> Iterator[tuple[str, Scalar]]:
    """Every number with its place, as in `[1,2]`."""
    if isinstance(node, Listing):
        for number, item in enumerate(node.items, 1):
            yield from _entries(item, (*place, number))
    elif isinstance(node, Scalar):
        yield f"[{','.join(map(str, place))}]" if place else "", node


def _fraction(text: str) -> Fraction:
    written = text.replace("\u2212", "-").replace("\u2013", "-").replace("{,}", ".").replace(" ", "")
    return Fraction(written.replace(",", "."))
