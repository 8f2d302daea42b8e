"""A statement as expressions: what is a name, a product or a function in it, by what the document has said so far."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from math import factorial

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, names_in, replace
from chalkwork.algebra.operations import Shape
from chalkwork.algebra.reading import free_names, read_chain
from chalkwork.algebra.reading.words import CONSTANTS, FUNCTIONS
from chalkwork.bounds.intervals import Interval
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.evaluation import exactly, put_in, slope, worked_out
from chalkwork.verification.gradients import gradients
from chalkwork.verification.memory import Memory, Value, literals_of
from chalkwork.verification.names import (
    NOT_READ,
    Spellings,
    applications,
    decorated,
    group_end,
    group_start,
    opaque_operators,
    untold,
)
from chalkwork.verification.vectors import (
    BESIDE_NUMBER,
    DETERMINANT,
    DOTTED,
    INVERSE,
    MATRICES,
    NORM,
    OF_MATRICES,
    TRACE,
    beside,
    built,
)

_DERIVATIVE = re.compile(
    r"\\frac\s*\{\s*(?:\\partial|d|\\mathrm\{d\})\s*(?P<of>[^{}]*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}[^{}]*)*)\}\s*"
    r"\{\s*(?:\\partial|d|\\mathrm\{d\})\s*(?P<by>[^{}]*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}[^{}]*)*)\}"
)
_LEARNT = re.compile(
    r"\\frac\s*\{\s*\\partial\s*(?P<name>[A-Za-z])\s*\}\s*\{\s*\\partial\s*(?P<by>[A-Za-z])\s*\}\s*="
    r"\s*\\frac\s*\{\s*\\partial\s*(?P<of>\([^{}]*\))\s*\}\s*\{\s*\\partial\s*(?P=by)\s*\}"
)
_BY_D = re.compile(r"\\frac\s*\{\s*d[^{}]*\}\s*\{\s*d\s*[A-Za-z]")
_FACTORIAL = re.compile(r"(?<![A-Za-z0-9\\])(?P<of>[A-Za-z](?:_\w|_\{\w+\})?)\s*!(?![=!])")
MOST_FACTORS = 20
_PRIMED = re.compile(r"(?<![\\A-Za-z])(?P<name>[A-Za-z])(?P<index>(?:_\w|_\{[^{}]*\})?)(?P<primes>''?)(?!['(]|\s*\()")
_SOFTMAX = re.compile(r"(?:\\(?:operatorname|mathrm|text)\s*\{\s*softmax\s*\}|(?<![A-Za-z])softmax)\s*\(")
_BARE_LOG = re.compile(r"(?<![A-Za-z])log(?![A-Za-z0-9]|\s*_)")
_EULER = re.compile(r"(?<![A-Za-z])e\s*\^\s*(?!\{?\s*2\s*\}?(?![\w.]))")
_HIGHER = re.compile(
    r"(?<![\\A-Za-z])(?P<name>[A-Za-z])\s*\^\s*\{\s*\(\s*(?P<order>[1-9])\s*\)\s*\}\s*(?=\(|\\left\s*\()"
)
_LETTER = re.compile(r"\s*\(?\s*([A-Za-z])\s*\)?\s*")
_ALONE = re.compile(r"(?<![\\A-Za-z])([A-Za-z])(?![A-Za-z]|\s*[('])")
_RUN = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}(?![A-Za-z])")
_PLAIN_ARGUMENTS = re.compile(
    r"\s*(?:\\?[A-Za-z]+(?:_\w|_\{\w+\}|\^\{[^{}]*\}|\^\w)?|[0-9]+)(?:\s*(?:[,;|]|\\mid|\\vert)\s*(?:\\?[A-Za-z]+(?:_\w|_\{\w+\}|\^\{[^{}]*\}|\^\w)?|[0-9]+))*\s*"
)


_MID = re.compile(r"(\S{1,40})\s*\\mid(?![A-Za-z])\s*(\S{1,40})")
_JOINED = re.compile(r"(?<![A-Za-z\\_{])([A-Za-z])([0-9]+)(?![0-9.])")
_MIXED = re.compile(
    r"(?<![\w.}^)\]])\s*([0-9]+)\s*\\[dt]?frac\s*\{\s*([0-9]+)\s*\}\s*\{\s*([0-9]+)\s*\}(?!\s*(?:[A-Za-z(\[{]|\\(?!cdot|times|quad)))"
)


@dataclass
class Reader:
    """Reads the statements of one document in order."""

    memory: Memory = field(default_factory=Memory)
    spellings: Spellings = field(default_factory=Spellings)
    whole_words: set[str] = field(default_factory=set)
    """Runs of letters that are one name."""
    e_is_a_name: bool = False
    """Whether something is called e; where it has an exponent it is Euler's number all the same."""
    letters: set[str] = field(default_factory=set)
    """Letters that stand alone somewhere in the document, so that side by side they are factors."""
    joined: bool = False
    """Whether the document writes z1 for a name with an index."""
    literals: int = 0
    """How many words stand for numbers so far."""
    letters_in: dict[str, frozenset[str]] = field(default_factory=dict)
    """The letters in derivatives that are names."""
    bare_log: bool = False
    """Whether the statement has a logarithm that does not say its base."""
    derived: set[str] = field(default_factory=set)
    """Derivatives that follow from definitions of the document."""
    axis: int | None = None
    """Along which axis of a matrix the document takes its softmax."""
    bare_functions: set[str] = field(default_factory=set)
    """Functions that stand in the statement without what they are applied to."""
    fixed: set[str] = field(default_factory=set)
    """Inverses and determinants of matrices that are known."""
    inlined: dict[str, Expression] = field(default_factory=dict)
    """What functions of several names are of what stands in their brackets."""

    def prepare(self, texts: Sequence[str]) -> None:
        """Look for what runs of letters stand for: one name where they stand alone before a relation."""
        self.e_is_a_name = any(re.match(r"\s*e\s*=", text) for text in texts)
        self.memory.from_zero = frozenset(one for text in texts for one in re.findall(r"([A-Za-z]+)_\{?0", text))
        self.joined = any(re.match(r"\s*[A-Za-z]+[0-9]+\s*=", text) for text in texts)
        alone = Counter(
            found[0] for text in texts if (found := re.match(r"\s*([A-Za-z]{2,})\s*(?:_\S+|\^\S+)?\s*=", text))
        )
        self.letters = {one for text in texts for one in _ALONE.findall(text)} - {"d", "e"}
        runs = {run for text in texts for run in _RUN.findall(re.sub(r"\\(?:begin|end)\{\w+\}", " ", text))}
        for run in runs:
            known = run in FUNCTIONS or run in ("frac", "pmatrix")
            if not known and (len(run) > 2 or run in alone or (run.isupper() and len(run) > 1 and run in alone)):
                self.whole_words.add(run)
        self.whole_words |= {found.split("_")[0].split("^")[0].split("=")[0].strip() for found in alone if found}
        self.whole_words -= set(FUNCTIONS)

    def literals_of(self, text: str) -> tuple[str, dict[str, Value]]:
        """The text with its numbers as words, which no other statement has."""
        self.bare_log = bool(_BARE_LOG.search(text))
        text, found = literals_of(text, self.literals)
        self.literals += len(found)
        return text, found

    def learn(self, text: str) -> None:
        """From de/db = d(c d)/db: e is c d, where nothing was known of it."""
        found = _LEARNT.match(text)
        if found and found["name"] not in (*self.memory.definitions, *self.memory.values):
            with suppress(ChalkworkError):
                sides, _, _ = self.sides(found["of"], {})
                self.memory.bind(found["name"], None, exactly(sides[0]))

    def _words(self) -> set[str]:
        return {*self.spellings.known(), *self.memory.values, *self.memory.definitions, *self.whole_words}

    def sides(self, text: str, literals: Mapping[str, Value]) -> tuple[list[Expression], list[str], bool]:
        """The sides of a chain as expressions."""
        text = self._in_words(text, literals)
        functions = {name: body for name, body in self.memory.functions.items() if name not in self.bare_functions}
        known = self._known(text, literals)
        chain = read_chain(
            text,
            known - set(FUNCTIONS) | (known & set(self.memory.values)),
            functions,
            self.memory.letters | self.letters,
        )
        names = [name for side in chain.sides for name in free_names(side)]
        named = self.memory.names(names, literals)
        self.memory.letters |= {name for name in names if not name.startswith("Z_")}
        sides = [built(side, named) for side in chain.sides]
        if self.inlined:
            sides = [replace(side, {Name(word): body for word, body in self.inlined.items()}) for side in sides]
        return sides, list(chain.relations), chain.goes_on

    def _in_words(self, text: str, literals: Mapping[str, Value]) -> str:
        """The text with words for what the reader of formulas does not know; refused is what can mean two things."""
        if self.joined and "\\" in text:
            text = _JOINED.sub(r"\1_{\2}", text)
        if mixed := _MIXED.search(text):
            whole, above, below = mixed.groups()
            if int(above) < int(below):
                written = rf"{whole} \frac{{{above}}}{{{below}}}"
                raise ChalkworkError(f"{written} can mean {whole} + {above}/{below} or {whole} * {above}/{below}")
        if "!!" in text:
            raise ChalkworkError("!! can mean a double factorial or the factorial of one; write brackets")
        text = NORM.sub(lambda found: self._norm(found, literals), text)
        for kind in (DETERMINANT, TRACE, INVERSE):
            text = self._matrices(text, kind, literals)
        text = _FACTORIAL.sub(self._factorial, text)
        text = self._put_into_functions(gradients(text, self.memory, self._argument, self._inlined))
        text = _PRIMED.sub(self._primed, text)
        text = opaque_operators(untold(text, self.spellings), self.spellings)
        text = _HIGHER.sub(self._higher, text)
        around = " ".join(one["of"] for one in _DERIVATIVE.finditer(text) if not _LETTER.fullmatch(one["of"]))
        text = _DERIVATIVE.sub(lambda found: self._derivative(found, around), text)
        text = decorated(text, self.spellings, self.whole_words)
        alone = set(_ALONE.findall(text))
        self.bare_functions = {name for name in self.memory.functions if name in alone}
        text = applications(text, self.spellings, lambda name, inside: self._is_product(name, inside, alone))
        if conditioned := _MID.search(text):
            left, right = conditioned.groups()
            raise ChalkworkError(
                f"{left} \\mid {right} can mean that {left} divides {right}, or {left} where {right} holds"
            )
        text = DOTTED.sub(lambda found: self._scalar_product(found, literals), text)
        text = BESIDE_NUMBER.sub(r"\1 \\cdot ", text)
        return MATRICES.sub(lambda found: beside(found.group().split(), literals), text)

    def _known(self, text: str, literals: Mapping[str, Value]) -> set[str]:
        """The words that are names; d and e are where they are no signs."""
        known = self._words() | set(literals)
        if _BY_D.search(text):
            known.discard("d")
        has_e = "e" in self.memory.values or "e" in self.memory.definitions
        if re.search(r"(?<![A-Za-z])e\s*\^", text) and not (has_e and not _EULER.search(text)):
            known.discard("e")
        elif self.e_is_a_name:
            known.add("e")
        return known | self.bare_functions

    def _one(self, text: str, literals: Mapping[str, Value]) -> Expression:
        """The expression that a text without relations is."""
        sides, _, _ = self.sides(text, literals)
        if len(sides) != 1:
            raise ChalkworkError("it holds a relation")
        return sides[0]

    def _factorial(self, found: re.Match[str]) -> str:
        """n! where n is known; else a name."""
        value = self.memory.current(re.sub(r"[_{}]", "", found["of"]))
        if value is not None and value.fraction in range(MOST_FACTORS + 1):
            return f"({factorial(int(value.fraction or 0))})"
        return f" {self.spellings.word(found.group())} "

    def _matrices(self, text: str, kind: re.Pattern[str], literals: Mapping[str, Value]) -> str:
        """The text with determinants or inverses of matrices whose numbers are known; of any other it is a name."""
        place = 0
        while found := kind.search(text, place):
            start, end, inside = found.start(), found.end(), found["of"]
            if inside is None and kind is not INVERSE:
                end = group_end(text, found.end() - 1)
                inside = text[found.end() : end - 1]
            elif inside is None:
                start = group_start(text, found.start())
                inside = text[start + 1 : found.start()]
            word = self._of_matrix(inside, kind, literals)
            if word:
                text = f"{text[:start]} {word} {text[end:]}"
            place = start + len(word) + 1 if word else found.end()
        return text

    def _of_matrix(self, inside: str, kind: re.Pattern[str], literals: Mapping[str, Value]) -> str:
        with suppress(ChalkworkError, np.linalg.LinAlgError):
            value = self.memory.evaluated(self._one(inside, literals), literals)
            if value is not None and value.shape and len(set(value.shape)) == 1:
                name, of = OF_MATRICES[kind]
                exact = np.atleast_2d(of(value.exact))
                word = self.spellings.word(inside, name)
                self.memory.values[word] = Value(exact, Interval.point(exact), None, value.wrong)
                self.fixed.add(word)
                return word
        return ""

    def _primed(self, found: re.Match[str]) -> str:
        """w' is a name where w is no function."""
        known = found["name"] in self.memory.functions or found["name"] in self.memory.many
        primes = found["primes"].replace("'", r"\prime")
        return found.group() if known else f"{found['name']}{found['index']}^{{{primes}}}"

    def along(self, text: str, literals: Mapping[str, Value]) -> str:
        """The text with the axis of its softmax, where its numbers say it: rows or columns sum to one."""
        last = text.rpartition("=")[2].strip()
        shown = literals.get(last)
        if shown is not None and shown.shape:
            rows, columns = (np.allclose(shown.exact.sum(axis), 1, atol=0.02) for axis in (1, 0))
            self.axis = 1 if rows and not columns else 0 if columns and not rows else self.axis
        if self.axis is None:
            return text
        place = 0
        while found := _SOFTMAX.search(text, place):
            end = group_end(text, found.end() - 1)
            text = f"{text[: end - 1]}, axis={self.axis}{text[end - 1 :]}"
            place = found.end()
        return text

    def _put_into_functions(self, text: str) -> str:
        """f(1, 2) of a function of several names that is known."""
        for name, (parameters, body) in self.memory.many.items():
            place = 0
            while found := re.compile(rf"(?<![\\A-Za-z_]){name}\s*\(").search(text, place):
                end = group_end(text, found.end() - 1)
                place = end
                arguments = text[found.end() : end - 1].split(",")
                with suppress(ChalkworkError):
                    if len(arguments) != len(parameters):
                        continue
                    pairs = zip(parameters, arguments, strict=True)
                    given: dict[Expression, Expression] = {Name(one): self._argument(by) for one, by in pairs}
                    word = self._inlined(replace(body, given))
                    text = f"{text[: found.start()]} {word} {text[end:]}"
                    place = found.start() + len(word) + 2
        return text

    def _argument(self, text: str) -> Expression:
        """What stands between the brackets of a function, its decimals as the numbers that they are."""
        inner, literals = self.literals_of(text)
        numbers: dict[Expression, Expression] = {
            Name(one): Number(Fraction(value.rows[0][0])) for one, value in literals.items()
        }
        return replace(exactly(self._one(inner, literals)), numbers)

    def _inlined(self, expression: Expression) -> str:
        """A word for an expression, which is put in its place."""
        word = self.spellings.word(str(len(self.inlined)), "of")
        self.inlined[word] = expression
        return word

    def _shape(self, name: str, literals: Mapping[str, Value] | None = None) -> Shape:
        """The shape of what a name, or a word for numbers, stands for; that of a number where nothing is known."""
        value = (literals or {}).get(name) or self.memory.current(name)
        return value.shape if value is not None else self.memory.shapes.get(name, ())

    def _scalar_product(self, found: re.Match[str], literals: Mapping[str, Value]) -> str:
        """The dot between two vectors that lie in the same way."""
        bare = [re.sub(r"[\\{}_\s]|math(?:bf|rm)|boldsymbol|vec", "", one) for one in found.groups()]
        first, second = (
            self._shape(name if name in literals else f"Z_{name[1:]}" if name[:1] == "Z" else name, literals)
            for name in bare
        )
        if first != second or 1 not in first:
            return found.group()
        return rf"(({found[1]}^\top) {found[2]})" if first[1] == 1 else rf"({found[1]} ({found[2]}^\top))"

    def _norm(self, found: re.Match[str], literals: Mapping[str, Value]) -> str:
        """A norm of a vector whose numbers are known; any other is a name."""
        with suppress(ChalkworkError):
            side = self._one(found["inside"], literals)
            if self.memory.evaluated(side, literals) is not None and (1 in side.shape or found["kind"] == "F"):
                kind = found["kind"]
                inside = found["inside"]
                return rf"(sum(\operatorname{{abs}}({inside})))" if kind == "1" else rf"(\sqrt{{sum(({inside})^2)}})"
        return found.group()

    def _derivative(self, found: re.Match[str], around: str) -> str:
        """A derivative of what was defined, is written out or varies there stays; of a mere name it is a name."""
        of, by = found["of"].strip(), found["by"].strip()
        if not of or not re.fullmatch(r"[A-Za-z]", by):
            return found.group() if not of and re.fullmatch(r"[A-Za-z]", by) else self._opaque(found.group())
        if letter := _LETTER.fullmatch(of):
            of = letter[1]
            value = self.memory.current(by)
            if (value is not None and value.shape) or self.memory.shapes.get(by):
                return self._opaque(found.group())
            varies = of == by or re.search(rf"(?<![\\A-Za-z]){of}(?![A-Za-z])", around)
            plain = rf"\frac{{\partial {of}}}{{\partial {by}}}"
            known = of in self.memory.definitions and (by in self.memory.behind(Name(of)) or value is None)
            return plain if known or varies else self._opaque(plain)
        return found.group() if not re.search(r"_|\^\s*\{?\s*[\[(]", of) else self._opaque(found.group())

    def _higher(self, found: re.Match[str]) -> str:
        """f^{(4)}(x) is the fourth derivative of a function that is known."""
        return found["name"] + "'" * int(found["order"]) if found["name"] in self.memory.functions else found.group()

    def _opaque(self, text: str) -> str:
        word = self.spellings.word(text)
        self._derive(word, text)
        self.letters_in[word] = frozenset(re.findall(r"(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])", text)) - {"d"}
        return f" {word} "

    def _derive(self, word: str, text: str) -> None:
        """Where a derivative is that of something whose definition is known, its name is defined by that."""
        found = _DERIVATIVE.fullmatch(text)
        memory = self.memory
        known = word in memory.values or word in memory.definitions
        if found is None or (known and not (word in self.derived and memory.is_stale(word))):
            return
        with suppress(ChalkworkError):
            of = self._one(found["of"], {})
            by = self._one(found["by"], {})
            if not isinstance(of, Name) or not isinstance(by, Name) or of.name not in memory.definitions or of == by:
                return
            open_ = {name: body for name, body in memory.definitions.items() if name != by.name}
            body = put_in(of, {name: open_[name] for name in open_})
            if by in names_in(body):
                memory.bind(word, None, slope(worked_out(exactly(body), memory.functions), by))
                memory.inputs[word] = frozenset(memory.behind(of))
                self.derived.add(word)

    def _is_product(self, name: str, inside: str, alone: Collection[str]) -> bool | None:
        bare = (
            name.removeprefix("\\").replace("_", "").replace("{", "").replace("}", "")
            if not name.startswith("Z_")
            else name
        )
        if bare.lower() in NOT_READ:
            raise ChalkworkError(f"the function {bare} is not read")
        if "," in inside and bare not in FUNCTIONS:
            return False
        if bare in self.memory.functions and any(self._shape(one) for one in _ALONE.findall(inside)):
            return False
        if bare in self.bare_functions:
            return False
        if bare in FUNCTIONS or bare in self.memory.functions:
            return None
        if bare not in FUNCTIONS and re.search(r"[;|:]|\\mid|\\vert", inside):
            return False
        if (
            bare.startswith("Z_lit")
            or bare in self.memory.values
            or bare in self.memory.definitions
            or bare in CONSTANTS
        ):
            return True
        if _PLAIN_ARGUMENTS.fullmatch(inside):
            return False
        return (len(bare) == 1 or name.startswith("\\")) and (bare in self.memory.letters or bare in alone)
