"""One statement in its context: read, judged relation by relation, and remembered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number, names_in, replace
from chalkwork.algebra.reading import build, free_names, read_chain
from chalkwork.algebra.reading.cursor import Syntax
from chalkwork.algebra.reading.words import CONSTANTS, FUNCTIONS
from chalkwork.budget import within
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.calculus import exactly
from chalkwork.laboratory.claims.domain import Domain, entries_of
from chalkwork.laboratory.claims.points import Counterexample, try_points
from chalkwork.verification.memory import Memory, Value, literals_of, whole
from chalkwork.verification.names import Spellings, applications, decorated, opaque_operators, untold
from chalkwork.verification.spelling import Statement

SECONDS = 1.5
"""What one statement may cost."""
SAME = 1e-9
"""As a part of their size, how far apart numbers can be that are the same."""
SHOWN_BY_WHOLE = 0.0005
"""Half a unit of the last digit that a whole number shows of what was calculated: three decimals."""
TELLING, MOST_WIDTHS = 1e-4, 40
"""What the digits shown on the way can come to says something where it is no wider than this part of the largest
entry, or so many half units."""
MOST_HALVES = 3
"""Half units of the last digit by which a value can miss what was calculated: one for rounding, and one unit."""
_FUNCTION = re.compile(r"^\s*(?P<name>[A-Za-z]{1,20})\s*\(\s*(?P<by>[A-Za-z])\s*\)\s*=(?!=)\s*")
_DERIVATIVE = re.compile(
    r"\\frac\s*\{\s*(?:\\partial|d|\\mathrm\{d\})\s*(?P<of>[^{}]*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}[^{}]*)*)\}\s*"
    r"\{\s*(?:\\partial|d|\\mathrm\{d\})\s*(?P<by>[^{}]*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}[^{}]*)*)\}"
)
_LEARNT = re.compile(
    r"\\frac\s*\{\s*\\partial\s*(?P<name>[A-Za-z])\s*\}\s*\{\s*\\partial\s*(?P<by>[A-Za-z])\s*\}\s*="
    r"\s*\\frac\s*\{\s*\\partial\s*(?P<of>\([^{}]*\))\s*\}\s*\{\s*\\partial\s*(?P=by)\s*\}"
)
_BESIDE_NUMBER = re.compile(r"(Z_[a-z]+)\s+(?=[0-9])")
_MATRICES = re.compile(r"Z_lit[a-z]+(?:\s+Z_lit[a-z]+)+")
_LETTER = re.compile(r"\s*\(?\s*([A-Za-z])\s*\)?\s*")
_ALONE = re.compile(r"(?<![\\A-Za-z])([A-Za-z])(?![A-Za-z]|\s*[('])")
_RUN = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}(?![A-Za-z])")
_LONE = re.compile(r"[A-Za-z]+|Z[a-z]+")
_PLAIN_ARGUMENTS = re.compile(
    r"\s*(?:\\?[A-Za-z]+(?:_\w|_\{\w+\}|\^\{[^{}]*\}|\^\w)?|[0-9]+)(?:\s*(?:[,;|]|\\mid|\\vert)\s*(?:\\?[A-Za-z]+(?:_\w|_\{\w+\}|\^\{[^{}]*\}|\^\w)?|[0-9]+))*\s*"
)


class Verdict(StrEnum):
    """What is found of a statement, the worst last."""

    GIVEN = "given"
    DEFINITION = "definition"
    RIGHT = "right"
    ROUNDED = "right to the digits shown"
    UNJUDGED = "not judged"
    FOLLOWS = "follows"
    WRONG = "wrong"


ORDER = list(Verdict)


@dataclass(frozen=True)
class Found:
    """The verdict on one statement, why, and whether all of it was read."""

    verdict: Verdict
    reason: str = ""
    read: bool = True


@dataclass
class Judge:
    """Judges the statements of one document in order."""

    memory: Memory = field(default_factory=Memory)
    spellings: Spellings = field(default_factory=Spellings)
    whole_words: set[str] = field(default_factory=set)
    last: tuple[Expression, Mapping[str, Value]] | None = None
    literals: int = 0
    """How many words stand for numbers so far."""
    letters_in: dict[str, frozenset[str]] = field(default_factory=dict)
    """The letters in derivatives that are names."""

    def prepare(self, texts: Sequence[str]) -> None:
        """Look for what runs of letters stand for: one name where they stand alone before a relation."""
        alone = Counter(
            found[0] for text in texts if (found := re.match(r"\s*([A-Za-z]{2,})\s*(?:_\S+|\^\S+)?\s*=", text))
        )
        runs = {run for text in texts for run in _RUN.findall(re.sub(r"\\(?:begin|end)\{\w+\}", " ", text))}
        for run in runs:
            known = run in FUNCTIONS or run in ("frac", "pmatrix")
            if not known and (len(run) > 2 or run in alone or (run.isupper() and len(run) > 1 and run in alone)):
                self.whole_words.add(run)
        self.whole_words |= {found.split("_")[0].split("^")[0].split("=")[0].strip() for found in alone if found}
        self.whole_words -= set(FUNCTIONS)

    def judge(self, statement: Statement, line: int) -> Found:
        """The verdict on one statement."""
        try:
            with within(SECONDS):
                return self._judge(statement, line)
        except ChalkworkError as error:
            self.last = None
            self._forget(statement)
            return Found(Verdict.UNJUDGED, f"not read: {error.message.splitlines()[0]}", read=False)

    # --- reading -----------------------------------------------------------------------------------------------------

    def _judge(self, statement: Statement, line: int) -> Found:
        text, literals = literals_of(statement.text, self.literals)
        self.literals += len(literals)
        function = _FUNCTION.match(text)
        if function and self._defines(function["name"]):
            return self._function(function["name"], function["by"], text[function.end() :], literals, line)
        self._learn(text)
        sides, relations, goes_on = self._sides(text, literals)
        if not relations:
            return Found(Verdict.UNJUDGED, "it states nothing")
        near = (*statement.near, *(False,) * len(relations))[: len(relations)]
        if goes_on and self.last is None:
            relations, near = relations[1:], near[1:]
            if not relations:
                self.last = (sides[-1], literals)
                return Found(Verdict.UNJUDGED, "it goes on from something that was not read")
        elif goes_on and self.last is not None:
            first, before = self.last
            sides, literals = [first, *sides], {**before, **literals}
        found = self._links(sides, relations, near, literals, goes_on, line)
        self.last = (sides[-1], literals)
        return found

    def _forget(self, statement: Statement) -> None:
        """Of a statement that was not read: what its first name was is not known any more, but for what it ends in."""
        with suppress(ChalkworkError):
            text, literals = literals_of(statement.text)
            first, last = text.partition("=")[0], text.rpartition("=")[2].strip()
            sides, _, _ = self._sides(first, literals)
            if isinstance(sides[0], Name):
                self.memory.bind(sides[0].name, literals.get(last), None)

    def _learn(self, text: str) -> None:
        """From de/db = d(c d)/db: e is c d, where nothing was known of it."""
        found = _LEARNT.match(text)
        if found and found["name"] not in (*self.memory.definitions, *self.memory.values):
            with suppress(ChalkworkError):
                sides, _, _ = self._sides(found["of"], {})
                self.memory.bind(found["name"], None, exactly(sides[0]))

    def _defines(self, name: str) -> bool:
        return (name not in FUNCTIONS or name == "f") and name not in self.memory.values and name != "d"

    def _words(self) -> set[str]:
        return {*self.spellings.known(), *self.memory.values, *self.memory.definitions, *self.whole_words}

    def _sides(self, text: str, literals: Mapping[str, Value]) -> tuple[list[Expression], list[str], bool]:
        """The sides of a chain as expressions."""
        text = opaque_operators(untold(text, self.spellings), self.spellings)
        around = _DERIVATIVE.sub(lambda found: " " if _LETTER.fullmatch(found["of"]) else found["of"], text)
        text = _DERIVATIVE.sub(lambda found: self._derivative(found, around), text)
        text = decorated(text, self.spellings, self.whole_words)
        alone = set(_ALONE.findall(text))
        text = applications(text, self.spellings, lambda name, inside: self._is_product(name, inside, alone))
        text = _MATRICES.sub(
            lambda found: _beside(found.group().split(), literals), _BESIDE_NUMBER.sub(r"\1 \\cdot ", text)
        )
        known = self._words() | set(literals)
        chain = read_chain(
            text, known - set(FUNCTIONS) | (known & set(self.memory.values)), self.memory.functions, self.memory.letters
        )
        names = [name for side in chain.sides for name in free_names(side)]
        named = self.memory.names(names, literals)
        self.memory.letters |= {name for name in names if not name.startswith("Z_")}
        return [build(side, named) for side in chain.sides], list(chain.relations), chain.goes_on

    def _derivative(self, found: re.Match[str], around: str) -> str:
        """A derivative of what was defined, is written out or varies there stays; of a mere name it is a name."""
        of, by = found["of"].strip(), found["by"].strip()
        if not of or not re.fullmatch(r"[A-Za-z]", by):
            return found.group() if not of and re.fullmatch(r"[A-Za-z]", by) else self._opaque(found.group())
        if letter := _LETTER.fullmatch(of):
            of = letter[1]
            varies = of == by or re.search(rf"(?<![\\A-Za-z]){of}(?![A-Za-z])", around)
            plain = rf"\frac{{\partial {of}}}{{\partial {by}}}"
            return plain if of in self.memory.definitions or varies else self._opaque(plain)
        return found.group() if not re.search(r"_|\^\s*\{?\s*[\[(]", of) else self._opaque(found.group())

    def _opaque(self, text: str) -> str:
        word = self.spellings.word(text)
        self.letters_in[word] = frozenset(re.findall(r"(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])", text)) - {"d"}
        return f" {word} "

    def _is_product(self, name: str, inside: str, alone: Collection[str]) -> bool | None:
        bare = (
            name.removeprefix("\\").replace("_", "").replace("{", "").replace("}", "")
            if not name.startswith("Z_")
            else name
        )
        if bare in FUNCTIONS or bare in self.memory.functions:
            return None
        if (
            bare.startswith("Z_lit")
            or bare in self.memory.values
            or bare in self.memory.definitions
            or bare in CONSTANTS
        ):
            return True
        if re.search(r"[;|:]|\\mid|\\vert", inside):
            return False
        if _PLAIN_ARGUMENTS.fullmatch(inside):
            return False
        if len(bare) == 1 or name.startswith("\\"):
            return bare in self.memory.letters or bare in alone or bool(re.search(r"[-+]", inside))
        return False

    # --- judging -----------------------------------------------------------------------------------------------------

    def _function(self, name: str, by: str, text: str, literals: Mapping[str, Value], line: int) -> Found:
        """f(x) = ... = ...: the function is what stands first, and the rest of the chain is judged."""
        sides, relations, _ = self._sides(text, literals)
        body = exactly(sides[0])
        if body.shape or literals:
            body = self._literal_numbers(body, literals)
        self.last = (sides[-1], literals)
        if name in self.memory.functions and len(sides) == 1:
            earlier = self.memory.functions[name]
            same = self._identity(Name(by) if False else _renamed(earlier, by), "=", body, literals)
            if same is not None and same.verdict is Verdict.RIGHT:
                return same
        if not body.shape:
            self.memory.functions[name] = (by, body)
        if not relations:
            return Found(Verdict.DEFINITION, f"{name} is this function from here on")
        return self._links(sides, relations, [False] * len(relations), literals, True, line)

    def _literal_numbers(self, body: Expression, literals: Mapping[str, Value]) -> Expression:
        return replace(
            body,
            {
                Name(name): Number(Fraction(repr(float(value.exact[0, 0]))))
                for name, value in literals.items()
                if value.shape == ()
            },
        )

    def _links(
        self,
        sides: list[Expression],
        relations: Sequence[str],
        near: Sequence[bool],
        literals: Mapping[str, Value],
        goes_on: bool,
        line: int,
    ) -> Found:
        """The verdict on a chain: that of its worst relation; its first name is bound to what it comes to."""
        found: list[Found] = []
        values = [self._value(side, literals) for side in sides]
        binds = self._bound_name(sides, relations, values, goes_on)
        for place, relation in enumerate(relations):
            name = _lone(sides[place])
            own = values[place + 1]
            if (
                place
                and name
                and relation == "="
                and values[place] is None
                and own is not None
                and own.half is not None
            ):
                self.memory.bind(name, own, self.memory.definitions.get(name))  # ... = d = 2 tells it on the way
                values[place] = own
                found.append(Found(Verdict.GIVEN))
                continue
            if place == 0 and binds is not None:
                given = (isinstance(sides[1], Name) and sides[1].name in literals) or not names_in(sides[1])
                found.append(Found(Verdict.GIVEN if given else Verdict.DEFINITION))
                continue
            found.append(
                self._link(
                    sides[place], relation, sides[place + 1], (values[place], values[place + 1]), near[place], literals
                )
            )
        worst = max(found, key=lambda one: ORDER.index(one.verdict))
        place = found.index(worst)
        if len(found) > 1 and worst.reason and worst.verdict is not Verdict.UNJUDGED:
            worst = Found(worst.verdict, f"relation {place + 1} of {len(found)}: {worst.reason}")
        self._remember(binds or _lone(sides[0], goes_on), sides, relations, values, line, worst, literals)
        return worst

    def _bound_name(
        self, sides: list[Expression], relations: Sequence[str], values: Sequence[Value | None], goes_on: bool
    ) -> str | None:
        """The name that a chain defines, if it does: a lone name that nothing is known of, or that is given anew."""
        name = _lone(sides[0], goes_on)
        if name is None or relations[0] != "=":
            return None
        memory = self.memory
        if name not in memory.values and name not in memory.definitions:
            return name
        if memory.is_stale(name):
            return name
        written = values[1] is not None and values[1].half is not None
        if name not in memory.definitions:
            return name
        earlier, names = memory.definitions[name], {one.name for one in names_in(sides[1])}
        if written:
            return None if len(sides) == 2 and self._value(earlier, {}) is not None else name
        return None if names & {one.name for one in names_in(earlier)} else name

    def _value(self, side: Expression, literals: Mapping[str, Value]) -> Value | None:
        with suppress(ChalkworkError):
            found = self.memory.evaluated(side, literals)
            if found is not None and _is_whole(side):
                return Value(found.exact, found.range, np.full(found.exact.shape, SHOWN_BY_WHOLE))
            return found
        return None

    def _link(
        self, left: Expression, relation: str, right: Expression, values: tuple[Value | None, Value | None], near: bool,
        literals: Mapping[str, Value],
    ) -> Found:  # fmt: skip
        """One relation: by value where both sides have one, else as an identity."""
        first, second = values
        if first is not None and second is not None:
            return _by_value(first, relation, second, near)
        found = self._identity(left, relation, right, literals)
        return found or Found(Verdict.UNJUDGED, "it holds names of which nothing is known")

    def _identity(
        self, left: Expression, relation: str, right: Expression, literals: Mapping[str, Value]
    ) -> Found | None:
        """The relation for all numbers that its names can be."""
        try:
            sides = [
                self._literal_numbers(self.memory.meant(one, self.memory.values), literals) for one in (left, right)
            ]
        except ChalkworkError as error:
            return Found(Verdict.UNJUDGED, error.message)
        names = [{name.name for name in names_in(side)} for side in sides]
        if any(name.startswith("Z_") or name in self.whole_words for name in names[0] | names[1]):
            return Found(Verdict.RIGHT, "both sides are the same") if sides[0] == sides[1] else None
        if any(side.shape for side in sides) or len(names[0] | names[1]) > 12:
            return None
        trial = try_points(
            sides[0], relation, sides[1], Domain({}).scalars([Name(name) for name in sorted(names[0] | names[1])])
        )
        if trial.counterexample is not None:
            if names[0] != names[1] and relation == "=" and not (names[0] < names[1] and False):
                return Found(Verdict.UNJUDGED, f"a condition rather than an identity: {_at(trial.counterexample)}")
            return Found(Verdict.WRONG, _at(trial.counterexample))
        if not trial.points:
            return None
        return Found(Verdict.RIGHT, f"at {trial.points} points")

    def _remember(
        self,
        name: str | None,
        sides: list[Expression],
        relations: Sequence[str],
        values: Sequence[Value | None],
        line: int,
        worst: Found,
        literals: Mapping[str, Value],
    ) -> None:
        """Bind the first name to the last value of the chain, as its author goes on from it."""
        if name is None or any(relation != "=" for relation in relations):
            return
        known = [value for value in values[1:] if value is not None]
        value = known[-1] if known else None
        if value is not None:
            broken = line if worst.verdict is Verdict.WRONG else value.wrong
            literal = isinstance(sides[-1], Name) and len(sides) == 2
            kept = value if literal else whole(value)
            value = Value(kept.exact, kept.range, kept.half, broken)
        definition = None
        if (
            not sides[1].shape
            and not (isinstance(sides[1], Name) and sides[1].name in literals)
            and not _is_whole(sides[1])
        ):
            definition = self._literal_numbers(exactly(sides[1]), literals)
            if len(sides) == 2 and worst.verdict is Verdict.WRONG:
                definition = self.memory.definitions.get(name)
        elif name in self.memory.definitions:
            definition = self.memory.definitions[name]
        self.memory.bind(name, value, definition)
        if name in self.letters_in:
            self.memory.inputs[name] = self.memory.inputs.get(name, frozenset()) | self.letters_in[name]
        if value is None and sides[1].shape:
            self.memory.shapes[name] = sides[1].shape


def _beside(words: Sequence[str], literals: Mapping[str, Value]) -> str:
    """Matrices of numbers next to each other: those that can only be multiplied entry by entry are."""
    text, shape = words[0], literals[words[0]].shape
    for word in words[1:]:
        own = literals[word].shape
        fits = bool(shape and own) and shape[-1] == own[0]
        text += f" {word}" if fits or shape != own else rf" \odot {word}"
        shape = (shape[0], own[1]) if fits else own if shape == own else own or shape
    return text


def _is_whole(side: Expression) -> bool:
    if isinstance(side, Application) and side.operation.name == "negative":
        side = side.arguments[0]
    return isinstance(side, Number) and float(side.value).is_integer()


def _lone(side: Expression, goes_on: bool = False) -> str | None:
    return side.name if isinstance(side, Name) and not goes_on else None


def _renamed(function: tuple[str, Expression], by: str) -> Expression:
    parameter, body = function
    return replace(body, {Name(parameter): Name(by)})


def _at(found: Counterexample) -> str:
    point = ", ".join(f"{name} = {float(value):.6g}" for name, value in found.point.items())
    left, right = (f"{float(side[found.entry]):.6g}" for side in (found.left, found.right))
    where = f"at {point} the" if point else "the"
    return f"{where} left side is {left}, the right side {right}"


def _by_value(first: Value, relation: str, second: Value, near: bool) -> Found:
    """Two numbers, or matrices entry by entry."""
    if first.shape != second.shape:
        if first.shape and second.shape:
            return Found(Verdict.WRONG, f"the left side is {_size(first)}, the right side {_size(second)}")
        return Found(Verdict.UNJUDGED, f"the left side is {_size(first)}, the right side {_size(second)}")
    a, b = first.exact, second.exact
    size = np.maximum(np.abs(a), np.abs(b))
    lines = [line for line in (first.wrong, second.wrong) if line is not None]
    if relation != "=":
        slack = SAME * size
        holds = {"<": a < b + slack, ">": a > b - slack, "<=": a <= b + slack, ">=": a >= b - slack}.get(
            relation, np.abs(a - b) > slack
        )
        if not np.all(holds):
            return Found(Verdict.WRONG, _shown(a, b, ~holds))
        return _or_follows(Verdict.RIGHT, "", lines)
    exact = np.abs(a - b) <= SAME * size + 1e-15
    if exact.all():
        return _or_follows(Verdict.RIGHT, "", lines)
    half = second.half if second.half is not None else first.half
    if half is None:
        half = np.zeros_like(a)
    slack = 1e-9 * half + SAME * size
    rounds = np.abs(a - b) <= half + slack
    wide = first.range.meets(second.range).reshape(a.shape)
    narrow = first.range.width.reshape(a.shape) <= np.maximum(TELLING * np.max(size), MOST_WIDTHS * half)
    close = (np.abs(a - b) <= MOST_HALVES * half + slack) | narrow
    accepted = exact | rounds | (close & wide)
    if near:
        shown = np.maximum(2 * half, 0.005 * size)
        accepted |= np.abs(a - b) <= shown + slack
    if accepted.all():
        return _or_follows(Verdict.ROUNDED, "", lines)
    return Found(Verdict.WRONG, _shown(a, b, ~accepted))


def _or_follows(verdict: Verdict, reason: str, lines: Sequence[int]) -> Found:
    if not lines:
        return Found(verdict, reason)
    return Found(Verdict.FOLLOWS, f"follows from your wrong line {min(lines)}")


def _shown(a: np.ndarray, b: np.ndarray, bad: np.ndarray) -> str:
    row, column = (int(one[0]) for one in np.nonzero(bad))
    where = f"in row {row + 1}, column {column + 1} the" if a.size > 1 else "the"
    return f"{where} left side is {a[row, column]:.6g}, the right side {b[row, column]:.6g}"


def _size(value: Value) -> str:
    rows, columns = value.exact.shape
    return f"{rows}x{columns}" if value.shape else "a number"


__all__ = ["Found", "Judge", "Syntax", "Verdict", "entries_of"]
