"""What one entry of a block may be: texts, numbers, lists, matrices; every refusal says found and expected.

A reader takes a node and `where` it stands ("layers[1].weights") and returns a typed value. Plain words mean
what YAML 1.2's core says: only true and false are booleans; a number is decimal, or a fraction such as 1/3.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from chalkwork.errors import SheetError
from chalkwork.fields import Fields as Entries
from chalkwork.sheets.locate import Listing, Node, Scalar, Table

T = TypeVar("T")
S = TypeVar("S", bound=str)

Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]
Numbers = Vector | Matrix | tuple[Any, ...]
"""A list of numbers, of rows, of matrices, or of such lists."""
Reader = Callable[[Node, str], T]
Fields = Entries[Node]

MAX_DIGITS = 60
MAX_NAMES = 500

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_FRACTION = re.compile(r"[-+]?(?:0|[1-9][0-9]*) ?/ ?[1-9][0-9]*")
_NOT_FINITE = re.compile(r"[-+]?\.?(?:inf|nan|infinity)", re.IGNORECASE)
_SHAPE = re.compile(r"[1-9][0-9]{0,3} ?[x×] ?[1-9][0-9]{0,3}")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_YAML_1_1 = frozenset({"yes", "no", "on", "off"})


def fail(node: Node, where: str, expected: str, found: str = "", hint: str | None = None) -> SheetError:
    """The error for an entry that is not what its key wants."""
    return SheetError(f"{where}: expected {expected}, found {found or describe(node)}", line=node.line, hint=hint)


def describe(node: Node) -> str:
    """What was found, in words.

    >>> describe(Scalar("no", True, False, 1)), describe(Scalar("", True, False, 1)), describe(Listing([], 1))
    ("the text 'no'", 'nothing', 'an empty list')
    """
    if isinstance(node, Table):
        return "a mapping"
    if isinstance(node, Listing):
        return "a list" if node.items else "an empty list"
    if is_null(node):
        return "nothing"
    if boolean(node) is not None or is_number(node):
        return node.text
    return f"the text {node.text[:60]!r}" + ("..." if len(node.text) > 60 else "")


def mapping(node: Node, kind: str, where: str, known: Collection[str]) -> Fields:
    """A mapping with known keys, which are read one by one.

    >>> from chalkwork.sheets.locate import load_yaml
    >>> mapping(load_yaml("unit: 3"), "a layer", "layers[1]", ("units", "bias"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    chalkwork.errors.SheetError: line 1, column 1: layers[1]: unknown key 'unit' in a layer; expected units, bias. ...
    """
    if not isinstance(node, Table):
        raise fail(node, where, f"{kind} with {', '.join(known)}")
    return Entries(node.entries, kind, where, known, lines=node.key_lines, start=node.line, error=SheetError)


def is_null(node: Node) -> bool:
    """Whether a key was left empty (or says null)."""
    return isinstance(node, Scalar) and node.plain and node.text in _NULL


def is_number(node: Node) -> bool:
    """Whether a scalar is written as a number or a fraction."""
    return isinstance(node, Scalar) and _is_numeral(node.text)


def boolean(node: Node) -> bool | None:
    """True or False when that is what is written, without quotes; otherwise None."""
    return _BOOLEANS.get(node.text) if isinstance(node, Scalar) and node.plain else None


def flag(node: Node, where: str) -> bool:
    """true or false."""
    value = boolean(node)
    if value is None:
        meant = isinstance(node, Scalar) and node.text.lower() in _YAML_1_1
        raise fail(node, where, "true or false", hint="only true and false are truth values" if meant else None)
    return value


def text(node: Node, where: str) -> str:
    """A text; numbers are taken as they are written, so `id: 1` and `date: 2024-12-04` are texts."""
    if not isinstance(node, Scalar) or is_null(node):
        raise fail(node, where, "a text")
    if boolean(node) is not None:
        raise fail(node, where, "a text", hint=f'write "{node.text}" in quotes if that is the text')
    return node.text


def name(node: Node, where: str) -> str:
    """A text of one line that is not empty."""
    value = text(node, where).strip()
    if not value or len(value) > 200 or not value.isprintable():
        raise fail(node, where, "a name")
    return value


def choice(options: tuple[S, ...]) -> Reader[S]:
    """A reader for one of a few words."""

    def read(node: Node, where: str) -> S:
        for option in options:
            if isinstance(node, Scalar) and node.text == option:
                return option
        raise fail(node, where, " or ".join(options))

    return read


def integer(low: int, high: int) -> Reader[int]:
    """A reader for a whole number between two bounds."""

    def read(node: Node, where: str) -> int:
        expected = f"a whole number from {low} to {high}"
        if not isinstance(node, Scalar) or len(node.text) > MAX_DIGITS or not _INTEGER.fullmatch(node.text):
            raise fail(node, where, expected)
        value = int(node.text)
        if not low <= value <= high:
            raise fail(node, where, expected)
        return value

    return read


def fraction(node: Node, where: str) -> Fraction:
    """A number, exactly as written: 0.1 is one tenth."""
    number(node, where)
    assert isinstance(node, Scalar)
    return Fraction(node.text.replace(" ", ""))


def number(node: Node, where: str) -> float:
    """A finite number: 3, -0.5, 1e-3 or 1/3."""
    if not isinstance(node, Scalar) or not _is_numeral(node.text):
        raise _not_a_number(node, where)
    written = node.text.replace(" ", "")
    value = float(Fraction(written)) if "/" in written else float(written)
    if math.isinf(value) or (value == 0 and re.search("[1-9]", re.split("[eE]", node.text)[0])):
        raise fail(node, where, "a number that double precision can hold")
    return value


def positive(node: Node, where: str) -> float:
    """A number greater than 0."""
    value = number(node, where)
    if value <= 0:
        raise fail(node, where, "a number greater than 0")
    return value


def vector(node: Node, where: str) -> Vector:
    """A list of at least one number."""
    items = _items(node, where, "a list of numbers")
    return tuple([number(item, f"{where}[{i}]") for i, item in enumerate(items, 1)])


def matrix(node: Node, where: str) -> Matrix:
    """A list of rows of the same length."""
    items = _items(node, where, "a matrix (a list of rows)")
    rows = []
    for i, item in enumerate(items, 1):
        entries = _items(item, f"{where}[{i}]", "a row (a list of numbers)")
        rows.append(tuple([number(entry, f"{where}[{i},{j}]") for j, entry in enumerate(entries, 1)]))
        if len(rows[-1]) != len(rows[0]):
            raise SheetError(f"{where}: row {i} has {_count(rows[-1])}, row 1 has {_count(rows[0])}", line=item.line)
    return tuple(rows)


def numbers(node: Node, where: str, most: int = 4) -> Numbers:
    """A list of numbers, a matrix, or a list of matrices, or of such lists."""
    if not isinstance(node, Listing):
        hint = f"write [{node.text}]" if is_number(node) and isinstance(node, Scalar) else None
        raise fail(node, where, "a list of numbers or a matrix (a list of rows)", hint=hint)
    rows = [item for item in node.items if isinstance(item, Listing)]
    if most > 2 and any(isinstance(entry, Listing) for row in rows for entry in row.items):
        parts = tuple([numbers(item, f"{where}[{number}]", most - 1) for number, item in enumerate(node.items, 1)])
        for number, one in enumerate(parts, 1):
            if _sizes(one) != _sizes(parts[0]) or len(_sizes(one)) < 2:
                raise SheetError(f"{where}: matrix {number} has another shape than matrix 1", line=node.line)
        return parts
    return matrix(node, where) if rows else vector(node, where)


def numbers_or_shape(node: Node, where: str) -> Numbers | str:
    """Numbers, or the shape 2x3 of what has only a letter."""
    is_shape = isinstance(node, Scalar) and _SHAPE.fullmatch(node.text)
    return node.text if isinstance(node, Scalar) and is_shape else numbers(node, where)


def _sizes(value: Any) -> tuple[int, ...]:
    return (len(value), *_sizes(value[0])) if isinstance(value, tuple) else ()


def number_or(reader: Reader[T]) -> Reader[float | T]:
    """A reader for one number, or for what `reader` takes when something else is written."""

    def read(node: Node, where: str) -> float | T:
        other = isinstance(node, Listing) or (isinstance(node, Scalar) and _SHAPE.fullmatch(node.text))
        return reader(node, where) if other else number(node, where)

    return read


def names(node: Node, where: str) -> tuple[str, ...]:
    """A name or a list of names, none of them twice."""
    if isinstance(node, Scalar):
        return (name(node, where),)
    found = listing(name, "a list of names", MAX_NAMES)(node, where)
    for i, one in enumerate(found):
        if one in found[:i]:
            raise SheetError(f"{where}: {one!r} is named twice", line=node.line)
    return found


def table(reader: Reader[T]) -> Reader[dict[str, T]]:
    """A reader for a mapping with free keys."""

    def read(node: Node, where: str) -> dict[str, T]:
        if not isinstance(node, Table):
            raise fail(node, where, "a mapping, such as {a: 2, b: 1}")
        return {key: reader(child, f"{where}.{key[:60]}") for key, child in node.entries.items()}

    return read


def named(node: Node, where: str) -> Mapping[str, str | float]:
    """The name of an entry of a table, such as a rule or a schedule, or a mapping with `name` and its settings."""
    if not isinstance(node, Table):
        return {"name": name(node, where)}

    def entry(node: Node, where: str) -> str | float:
        return number(node, where) if is_number(node) else name(node, where)

    return table(entry)(node, where)


def listing(reader: Reader[T], expected: str, most: int) -> Reader[tuple[T, ...]]:
    """A reader for a list of at least one and at most `most` things."""

    def read(node: Node, where: str) -> tuple[T, ...]:
        items = _items(node, where, expected)
        if len(items) > most:
            raise fail(node, where, f"at most {most} of them", str(len(items)))
        return tuple([reader(item, f"{where}[{i}]") for i, item in enumerate(items, 1)])

    return read


def _is_numeral(written: str) -> bool:
    return len(written) <= MAX_DIGITS and bool(_DECIMAL.fullmatch(written) or _FRACTION.fullmatch(written))


def _items(node: Node, where: str, expected: str) -> list[Node]:
    if not isinstance(node, Listing) or not node.items:
        raise fail(node, where, expected)
    return node.items


def _count(row: Sequence[float]) -> str:
    return "1 entry" if len(row) == 1 else f"{len(row)} entries"


def _not_a_number(node: Node, where: str) -> SheetError:
    expected = "a number (such as 3, -0.5, 1e-3 or 1/3)"
    if not isinstance(node, Scalar):
        return fail(node, where, expected)
    if _NOT_FINITE.fullmatch(node.text):
        return fail(node, where, "a finite number", node.text)
    hint = None
    if "−" in node.text or "–" in node.text:
        hint = "the minus sign must be the hyphen-minus of the keyboard, -"
    elif "," in node.text:
        hint = "write the decimal mark as a point"
    elif len(node.text) > MAX_DIGITS:
        hint = f"a number has at most {MAX_DIGITS} characters"
    elif re.fullmatch(r"[-+]?0[0-9]+(\.[0-9]*)?", node.text):
        hint = "leave out the leading zero"
    return fail(node, where, expected, hint=hint)
