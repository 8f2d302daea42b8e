"""What is claimed, as expressions: a chain's links, the functions and quantities that were defined before it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalkwork.algebra.expression import Application, Expression, Name, Number, check_written, names_in, walk
from chalkwork.algebra.operations import Shape, words
from chalkwork.algebra.reading import Chain, build, free_names, read_chain
from chalkwork.algebra.reading.words import CONSTANTS, FUNCTIONS
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.laboratory.claims.domain import Domain, Range, entries_of, read_range, written
from chalkwork.laboratory.claims.evaluation import (
    MOST_NODES,
    check_linear,
    exactly,
    has_series,
    of_equal_numbers,
    put_in,
    uppers,
)

_FUNCTION = re.compile(r"\s*([A-Za-z]{1,20})\s*\(\s*([A-Za-z]{1,20})\s*\)\s*:?=(?!=)(.*)", re.DOTALL)
MOST_DEFINITIONS = 20
MOST_LINKS = 60
MOST_STEPS = 40

Step = str | tuple[str, str] | Mapping[str, str]
"""A step of a proof: a text, a text with its reason, or a mapping with `step` and `because`."""


@dataclass(frozen=True, slots=True)
class Link:
    """One relation of a chain, with the reason that the author gave.

    `continued` where its left side is the right side of the link before; `step` counts the texts of a proof.
    """

    left: Expression
    relation: str
    right: Expression
    because: str = ""
    continued: bool = False
    step: int = 0


@dataclass
class Context:
    """What is known when a statement is read: the domain, defined functions and quantities."""

    domain: Domain
    functions: dict[str, tuple[str, Expression]] = field(default_factory=dict)
    quantities: dict[str, Expression] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    letters: set[str] = field(default_factory=set)
    """The names that were read so far."""

    def define(self, text: str) -> None:
        """Take in f(x) = ... or e = ...; ReadError or ChalkworkError for what is neither."""
        if len(self.functions) + len(self.quantities) >= MOST_DEFINITIONS:
            raise ChalkworkError(f"there are more than {MOST_DEFINITIONS} definitions")
        found = _FUNCTION.fullmatch(text)
        if found and found[1] not in self.known():
            name, parameter, body = found.groups()
            _check_new(name, text)
            self.functions[name] = (parameter, exactly(self.expression(body)))
            return
        chain = self._chain(text, self.known() | {written(text.partition("=")[0].strip())})
        if len(chain.sides) != 2 or chain.relations != ("=",) or chain.sides[0].kind != "name":
            raise ChalkworkError(f"a definition is f(x) = ... or c = ..., not {text!r:.80}")
        name = chain.sides[0].value
        body = self._build(chain.sides[1])
        if name in self.quantities or Name(name) in names_in(self.meant(body)):
            raise ChalkworkError(f"{name} is defined twice, or by itself, in {text!r:.80}")
        if body.shape:
            raise ChalkworkError(f"only numbers are defined, and {name} would be a matrix")
        self.quantities[name] = body

    def known(self) -> set[str]:
        """The names that were declared."""
        return {*self.domain.ranges, *self.quantities, *self.values}

    def expression(self, text: str) -> Expression:
        """One side."""
        chain = self.chain(text)
        if len(chain.sides) != 1 or chain.goes_on:
            raise ChalkworkError(f"expected a formula without a relation, found {text!r:.80}")
        return self._build(chain.sides[0])

    def chain(self, text: str) -> Chain:
        """The syntax of a chain."""
        if not isinstance(text, str):
            raise ChalkworkError(f"a statement is a text, not {text!r:.60}")
        return self._chain(text, self.known())

    def _chain(self, text: str, known: set[str]) -> Chain:
        chain = read_chain(text, known, self.functions, self.letters, to_a_letter=True)
        names = {name for side in chain.sides for name in free_names(side)}
        _check_letters(names - known, self.domain)
        self.letters |= names
        return chain

    def links(self, text: str, before: Expression | None = None, because: str = "", step: int = 0) -> list[Link]:
        """The relations of a text; one that begins with a relation goes on from `before`."""
        chain = self.chain(text)
        sides = [self._build(side) for side in chain.sides]
        if not chain.relations:
            raise ChalkworkError(f"{text!r:.80} states nothing: there is no relation such as = or <= in it")
        if len(chain.relations) > MOST_LINKS:
            raise ChalkworkError(f"a chain has at most {MOST_LINKS} relations")
        if chain.goes_on:
            if before is None:
                raise ChalkworkError(f"{text!r:.80} begins with {chain.relations[0]}, and nothing stands before it")
            sides.insert(0, before)
        found = []
        for place, relation in enumerate(chain.relations):
            left, right = sides[place], sides[place + 1]
            if relation == "!=" and (has_series(left) or has_series(right)):
                raise ChalkworkError("of sums to a letter equations and bounds are read, not that two differ")
            _check_shapes(left, relation, right)
            check_linear(self.put_in(left), self.put_in(right))
            continued = place > 0 or chain.goes_on
            found.append(Link(left, relation, right, because, continued, step))
        return found

    def _build(self, syntax: Any) -> Expression:
        found = build(syntax, {name: self.domain.name(name) for name in free_names(syntax)})
        counts = {name: read_range(name, "natural") for name in uppers(found) if name not in self.domain.ranges}
        if counts:
            self.domain = Domain({**self.domain.ranges, **counts})
        return found

    def meant(self, expression: Expression) -> Expression:
        """The expression with the quantities put in, whose derivatives are total ones, and every decimal exact."""
        found = of_equal_numbers(self.put_in(expression))
        check_written(found, MOST_NODES)
        return found

    def put_in(self, expression: Expression) -> Expression:
        """The expression with the quantities put in."""
        return exactly(put_in(expression, self.quantities))

    def ranges(self, *expressions: Expression) -> dict[str, Range]:
        """The ranges of the numbers that occur, parameters of functions aside."""
        names: dict[Name, None] = {}
        for expression in expressions:
            names |= dict.fromkeys(names_in(expression))
        owners: dict[str, Name] = {}
        for name in names:
            for entry in entries_of(name) if name.shape else ():
                if owners.setdefault(entry, name) != name:
                    both = f"{owners[entry]} and of {name}"
                    raise ChalkworkError(f"{entry} would be an entry of {both}; rename one of them")
        return self.domain.scalars(list(names))


def read_proof(context: Context, claim: Sequence[Link], steps: Sequence[Step]) -> list[Link]:
    """The relations of all steps; the first step goes on from the left side of the claim."""
    if len(steps) > MOST_STEPS:
        raise ChalkworkError(f"a proof has at most {MOST_STEPS} steps here")
    before: Expression = claim[0].left
    links: list[Link] = []
    for place, step in enumerate(steps, 1):
        text, because = _parts(step, place)
        with saying(f"step {place}"):
            found = context.links(text, before, because, place)
        links += found
        before = found[-1].right
    return links


def _parts(step: Step, place: int) -> tuple[str, str]:
    if isinstance(step, str):
        return step, ""
    if isinstance(step, Mapping) and set(step) <= {"step", "because"} and isinstance(step.get("step"), str):
        return step["step"], str(step.get("because", ""))
    if isinstance(step, tuple | list) and len(step) == 2 and all(isinstance(part, str) for part in step):
        return step[0], step[1]
    raise ChalkworkError(f"step {place}: expected a text, or a mapping with step and because, found {step!r:.60}")


@contextmanager
def saying(where: str) -> Iterator[None]:
    """Errors from inside say where they belong to."""
    try:
        yield
    except ChalkworkError as error:
        error.message = f"{where}: {error.message}"
        raise


def _check_new(name: str, text: str) -> None:
    if name in FUNCTIONS or name in CONSTANTS or name == "d":
        raise ChalkworkError(f"{name} is known already and cannot be defined, in {text!r:.80}")


def _check_letters(undeclared: set[str], domain: Domain) -> None:
    """Refuse an i that may be the imaginary unit, and an I among matrices that may be the identity."""
    if "i" in undeclared:
        both = "i could be the imaginary unit, or a real number as all others here"
        raise ChalkworkError(both, hint="declare i under domain, or give it another letter")
    if "I" in undeclared and any(_is_matrix(domain[name].shape) for name in domain.ranges):
        both = "I could be the identity matrix, or a number"
        raise ChalkworkError(both, hint="declare I under domain, or write the matrix out with pmatrix")


def _check_shapes(left: Expression, relation: str, right: Expression) -> None:
    """Refuse sides of different shapes, and what means one thing for matrices and another for their entries."""
    equation = f"{left} {relation} {right}"
    for side in (left, right):
        for node in walk(side):
            if isinstance(node, Application) and (problem := _two_readings(node)):
                raise ShapeError(problem, equation=equation)
    shapes = [side.shape for side in (left, right) if side.shape not in ((), (1, 1))]
    if len(shapes) == 2 and left.shape != right.shape:
        message = f"the left side is {words(left.shape)}, the right side {words(right.shape)}"
        raise ShapeError(message, equation=equation)
    number = right if left.shape else left
    if len(shapes) == 1 and _is_matrix(shapes[0]) and relation in ("=", "!=") and number != Number(0):
        raise ShapeError(
            f"{number} is a number, the other side {words(shapes[0])}: it could be a multiple of the identity, or a "
            "matrix that has this number everywhere",
            equation=equation,
            hint=r"write the matrix out, as \begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}",
        )


def _two_readings(node: Application) -> str:
    """What speaks against an operation on matrices, if anything does."""
    shapes = [argument.shape for argument in node.arguments]
    if node.operation.name == "power" and _is_matrix(shapes[0]):
        base = node.arguments[0]
        return f"{node} can mean a power of the matrix or of its entries; write {base} {base}, or {base} \\circ {base}"
    if node.operation.name == "divide" and _is_matrix(shapes[1]):
        return f"{node} can mean a product with the inverse or a division of entries; neither is read"
    return ""


def _is_matrix(shape: Shape) -> bool:
    return len(shape) == 2 and min(shape) > 1
