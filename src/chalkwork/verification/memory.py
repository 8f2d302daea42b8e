"""What a document has said so far: names with values, definitions, functions; what was wrong among them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, names_in, walk
from chalkwork.algebra.operations import Shape
from chalkwork.algebra.reading.written import is_derivative
from chalkwork.bounds.intervals import Interval
from chalkwork.bounds.ranges import enclose
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.evaluation import Undefined, exactly, put_in, worked_out
from chalkwork.laboratory.claims.precise import TooLarge, Undecided, enclosed

Array = np.ndarray[Any, Any]
_POWER = re.compile(r"\\(?:cdot|times)10\^\{?(-?[0-9]+)\}?")
TIE = 1e-6
MOST_NAMES, MOST_ENTRIES, MOST_DIGITS = 500, 400, 400
"""How many names there may be, entries that are enclosed tightly, digits of one number."""
_DECIMAL = re.compile(
    r"(?<![A-Za-z0-9_.^])((?:[0-9]*\.[0-9]+|[0-9]+\.(?![0-9A-Za-z]))(?:[eE][-+]?[0-9]+)?)(?![0-9.]|\s*\\times\s*10)"
)
_COMPONENT = re.compile(r"(?P<of>[A-Za-z]+)(?P<place>[1-9])")
_POWER_OF_TEN = r"\\(?:cdot|times)\s*10\s*\^\s*(?:\{\s*-?[0-9]+\s*\}|[0-9])"
_NUMERIC = rf"\s*[-+−]?\s*(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:\s*(?:e[-+]?[0-9]+|{_POWER_OF_TEN}))?\s*"
_MATRIX = re.compile(
    rf"\\begin\{{pmatrix\}}({_NUMERIC}(?:(?:&|\\\\(?:\[[^\]]*\])?){_NUMERIC})*(?:\\\\)?\s*)\\end\{{pmatrix\}}"
)


@dataclass(frozen=True)
class Value:
    """A number or matrix: what was written or follows, and all that its digits can stand for.

    `half` is half a unit of the last digit, entry by entry, where it is a number as it was written, else None.
    """

    exact: Array
    range: Interval
    half: Array | None = None
    wrong: int | None = None
    """The line of the wrong statement that it comes from."""
    places: int = 0
    """The most decimals of a literal."""
    significant: int = 0
    """The most significant digits of a literal."""
    fraction: Fraction | None = None
    """What it is exactly, where it is made of whole numbers."""
    rows: tuple[tuple[str, ...], ...] = ()
    """The numbers of a literal as they were written."""

    @property
    def texts(self) -> frozenset[str]:
        """The numbers of a literal without their signs."""
        return frozenset(text.lstrip("+-") for row in self.rows for text in row)

    @property
    def turned(self) -> Value:
        """The transpose."""
        half = None if self.half is None else self.half.T
        whole = Interval(self.range.low.T, self.range.high.T)
        return replace(self, exact=self.exact.T, range=whole, half=half, rows=tuple(zip(*self.rows, strict=True)))

    def is_finer(self, other: Value) -> bool:
        """Whether, as a literal, it has no fewer digits than another, so that it may have been rounded for it."""
        decimals = [text for row in other.rows for text in row if _places(text)]
        places = min(map(_places, decimals), default=other.places)
        significant = min(map(_significant, decimals), default=other.significant)
        return self.half is not None and (self.places >= places or self.significant >= significant)

    @property
    def shape(self) -> Shape:
        """The shape as expressions have it."""
        rows, columns = self.exact.shape
        return () if (rows, columns) == (1, 1) else (rows, columns)


@dataclass
class Memory:
    """Everything that earlier statements have bound."""

    values: dict[str, Value] = field(default_factory=dict)
    definitions: dict[str, Expression] = field(default_factory=dict)
    functions: dict[str, tuple[str, Expression]] = field(default_factory=dict)
    many: dict[str, tuple[tuple[str, ...], Expression]] = field(default_factory=dict)
    """Functions of several names."""
    from_zero: frozenset[str] = frozenset()
    """Letters that have the index 0 somewhere."""
    letters: set[str] = field(default_factory=set)
    shapes: dict[str, Shape] = field(default_factory=dict)
    inputs: dict[str, frozenset[str]] = field(default_factory=dict)
    """What a value follows from: names, and of a derivative that is a name the letters in it."""
    bound_at: dict[str, int] = field(default_factory=dict)
    """How many names had been bound when a name was."""
    data: set[str] = field(default_factory=set)
    """The numbers, as they were written, that were given before anything was worked out: these are not rounded."""
    matrices: set[tuple[tuple[str, ...], ...]] = field(default_factory=set)
    """Whole matrices of such numbers."""
    results: set[str] = field(default_factory=set)
    """Those that came out of something: these may be."""
    ticks: int = 0
    section: int = 0
    """Under which heading the document stands: another one may give a name another meaning."""
    sections: dict[str, int] = field(default_factory=dict)

    def names(self, found: list[str], literals: Mapping[str, Value]) -> dict[str, Expression]:
        """The names as expressions, with the shapes that their values have."""
        named: dict[str, Expression] = {}
        for name in found:
            value = literals.get(name) or self.current(name)
            named[name] = Name(name, value.shape if value is not None else self.shapes.get(name, ()))
        return named

    def meant(self, expression: Expression, known: Collection[str] = ()) -> Expression:
        """The expression with names that have no value exchanged for their definitions, derivatives worked out."""
        derived = any(_is_slope(node) for node in walk(expression))
        open_ = {name: body for name, body in self.definitions.items() if derived or name not in known}
        return worked_out(exactly(put_in(expression, open_)), self.functions)

    def evaluated(
        self,
        expression: Expression,
        literals: Mapping[str, Value],
        result: Value | None = None,
        shared: Collection[str] = (),
    ) -> Value | None:
        """The value, where all that it is made of has one; ChalkworkError where it has none.

        Where the `result` that was written is known, numbers with fewer digits than it stand for themselves, as do
        those that are `shared`.
        """
        if isinstance(expression, Name):
            own = literals.get(expression.name) or self.current(expression.name)
            if own is not None:
                return own
        fresh = {name: value for name in self.behind(expression) if (value := self.current(name)) is not None}
        known = {**fresh, **literals}
        meant = self.meant(expression, known)
        found = list(names_in(meant))
        if not meant.shape and (whole_number := _exactly(meant, known)) is not None:
            return whole_number
        if any(name.name not in known or known[name.name].shape != name.shape for name in found):
            return None
        used = [name.name for name in found]
        points = {name: Interval.point(known[name].exact) for name in used}
        exactly_meant = {
            name
            for name in used
            if self.is_data(known[name])
            or (name in literals and known[name].texts <= set(shared))
            or (name in literals and result is not None and self._as_it_stands(known[name], result))
        }
        boxes = {name: points[name] if name in exactly_meant else self._box(known[name]) for name in used}
        tight = sum(known[name].exact.size for name in used) <= MOST_ENTRIES
        exact, wide = enclose(meant, points, tight=False), enclose(meant, boxes, tight=tight)
        lines = [line for name in used if (line := known[name].wrong) is not None]
        with np.errstate(all="ignore"):
            middle = exact.low / 2 + exact.high / 2
        if not np.isfinite(middle).all():
            raise ChalkworkError("it has no value here")
        return Value(middle.reshape(middle.shape[-2:]), wide, None, min(lines, default=None))

    def behind(self, expression: Expression) -> set[str]:
        """The names that an expression holds, and those in their definitions."""
        open_, seen = [one.name for one in names_in(expression)], set[str]()
        while open_:
            if (one := open_.pop()) not in seen:
                seen.add(one)
                open_ += [below.name for below in names_in(self.definitions[one])] if one in self.definitions else []
        return seen

    def bind(self, name: str, value: Value | None, definition: Expression | None) -> None:
        """From here on the name is this."""
        if len(self.values) + len(self.definitions) > MOST_NAMES:
            raise ChalkworkError(f"more than {MOST_NAMES} names have been defined")
        self.ticks += 1
        self.bound_at[name] = self.ticks
        self.sections[name] = self.section
        self.definitions.pop(name, None)
        self.values.pop(name, None)
        self.functions.pop(name, None)
        self.inputs.pop(name, None)
        if definition is not None:
            self.follows_from(name, definition)
            if name not in self.behind(definition):
                self.definitions[name] = definition
        if value is not None:
            self.values[name] = value

    def follows_from(self, name: str, expression: Expression) -> None:
        """What is bound anew of an expression, or a vector whose entry it has, makes the name unknown."""
        inner = {one.name for one in names_in(expression)}
        wholes = {found["of"] for one in inner if one not in self.values and (found := _COMPONENT.fullmatch(one))}
        self.inputs[name] = frozenset(inner | wholes) - {name}

    def is_entry(self, name: str) -> bool:
        """Whether the name has a value only as an entry of a vector."""
        return name not in self.values and self._component(name) is not None

    def _box(self, value: Value) -> Interval:
        """What a value can be; the ends, which round both ways, only where it came out of something."""
        if value.half is None or value.texts & self.results:
            return value.range
        return Interval(value.range.low + TIE * value.half, value.range.high - TIE * value.half)

    def _as_it_stands(self, value: Value, result: Value) -> bool:
        """Whether a number was put in as it is written: it has fewer digits than the result, and did not come out."""
        return not value.is_finer(result) and not (value.texts and value.texts <= self.results)

    def is_data(self, value: Value) -> bool:
        """Whether all numbers of a literal are such that were given at the beginning, and nothing came out as."""
        if len(value.rows) * len(value.rows[0] if value.rows else ()) > 1:
            return value.rows in self.matrices or tuple(zip(*value.rows, strict=True)) in self.matrices
        return bool(value.texts) and value.texts <= self.data - self.results

    def current(self, name: str) -> Value | None:
        """The value of the name, unless something that it follows from has been bound anew since."""
        value = self.values.get(name)
        if value is None and name not in self.definitions:
            return self._component(name)
        return None if value is None or self.is_stale(name) else value

    def _component(self, name: str) -> Value | None:
        """x_1 of a vector x whose numbers are known, unless the document counts from 0."""
        found = _COMPONENT.fullmatch(name)
        whole = self.values.get(found["of"]) if found and found["of"] not in self.from_zero else None
        if found is None or whole is None or 1 not in whole.shape or self.is_stale(found["of"]):
            return None
        if self.sections.get(found["of"]) != self.section:
            return None
        place = int(found["place"]) - 1
        if place >= whole.exact.size:
            return None
        low, high, exact = (
            one.reshape(-1, 1)[place : place + 1] for one in (whole.range.low, whole.range.high, whole.exact)
        )
        half = None if whole.half is None else whole.half.reshape(-1, 1)[place : place + 1]
        flat = [text for row in whole.rows for text in row]
        rows = ((flat[place],),) if flat else ()
        return replace(whole, exact=exact, range=Interval(low, high), half=half, rows=rows)

    def is_stale(self, name: str) -> bool:
        """Whether something that the name follows from has been bound anew since."""
        since, own = self.bound_at.get(name, 0), self.inputs.get(name, frozenset())
        return any(tick > since and (other in own or other[:1] in own) for other, tick in self.bound_at.items())

    def copy(self) -> Memory:
        """What is known now, which later statements do not change."""
        kept = {field.name: copy(getattr(self, field.name)) for field in fields(self)}
        return Memory(**kept)


def _exactly(expression: Expression, known: Mapping[str, Value]) -> Value | None:
    """The value of a number that is made of whole numbers and fractions, and of names for such."""
    names = [name.name for name in names_in(expression)]
    if any(name not in known or known[name].fraction is None for name in names):
        return None
    with suppress(Undefined, Undecided, TooLarge, OverflowError):
        (value,) = enclosed(expression, {name: known[name].fraction or Fraction(0) for name in names})
        if isinstance(value, Fraction):
            number, lines = np.array([[float(value)]]), [known[name].wrong for name in names]
            wrong = min((line for line in lines if line is not None), default=None)
            return Value(number, Interval.point(number), None, wrong, fraction=value)
    return None


def _is_slope(node: Expression) -> bool:
    """Whether it is a derivative, written as one or with primes."""
    return is_derivative(node) or (isinstance(node, Application) and "'" in node.operation.name)


def literals_of(text: str, before: int = 0) -> tuple[str, dict[str, Value]]:
    r"""The text with decimals and matrices of numbers as words, and what these stand for; `before` words are taken.

    >>> text, found = literals_of(r"0.5 x + \begin{pmatrix} 1 \\ 0.25 \end{pmatrix}")
    >>> text, found["Z_lita"].exact.tolist(), found["Z_litb"].half.tolist()
    ('Z_litb  x +  Z_lita ', [[1.0], [0.25]], [[0.05]])
    """
    found: dict[str, Value] = {}

    def word(value: Value) -> str:
        number, letters = before + len(found), ""
        while number or not letters:
            letters = chr(97 + number % 26) + letters
            number //= 26
        name = f"Z_lit{letters}"
        found[name] = value
        return f" {name} "

    text = _MATRIX.sub(lambda match: word(_matrix(match[1])), text)
    text = _DECIMAL.sub(lambda match: word(_number(match[1])), text)
    return text.lstrip(" ") if text.startswith(" Z_lit") else text, found


def _number(text: str) -> Value:
    if len(text) > MOST_DIGITS:
        raise ChalkworkError(f"a number has more than {MOST_DIGITS} digits")
    return _of([[text]])


def _matrix(text: str) -> Value:
    rows = [row for row in re.split(r"\\\\(?:\[[^\]]*\])?", text) if row.strip()]
    entries = [
        [_POWER.sub(r"e\1", re.sub(r"\s", "", entry).replace("−", "-")) for entry in row.split("&")] for row in rows
    ]
    if len({len(row) for row in entries}) != 1:
        raise ChalkworkError("the rows of a matrix are equally long")
    return _of(entries)


def _of(texts: list[list[str]]) -> Value:
    exact = np.array([[float(Fraction(text)) for text in row] for row in texts])
    half = np.array([[_half(text) for text in row] for row in texts])
    flat = [text for row in texts for text in row]
    places, significant = max(map(_places, flat)), max(map(_significant, flat))
    rows = tuple(map(tuple, texts))
    return Value(exact, Interval.of(exact - half, exact + half), half, None, places, significant, rows=rows)


def _places(text: str) -> int:
    mantissa, _, power = text.partition("e")
    return max(0, len(mantissa.partition(".")[2]) - int(power or 0))


def _significant(text: str) -> int:
    return len(text.partition("e")[0].lstrip("+-0.").replace(".", ""))


def _half(text: str) -> float:
    """Half a unit of the last digit; a whole number is meant as it stands."""
    mantissa, _, power = text.partition("e")
    _, point, places = mantissa.partition(".")
    return 0.5 * 10.0 ** (int(power or 0) - len(places)) if point and places else 0.0


def whole(value: Value) -> Value:
    """The value as somebody goes on from it who wrote it so."""
    return replace(value, half=None)
