"""Equations and derivations: the one data structure of which everything else is a reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, NamedTuple

from chalkwork.algebra.expression import Expression, Name, names_in
from chalkwork.algebra.expression import replace as replaced
from chalkwork.errors import ChalkworkError
from chalkwork.words import Said, Text

Relation = Literal["=", "≤", "<", "≥", ">", "≈", "≠"]
"""How a name stands to its expression; its value is that of the expression, so a bound is worth what bounds."""


class _Stage(NamedTuple):
    id: str
    title: Said


class Stage(_Stage):
    """The part of the work that an equation belongs to, and the heading above it; a room may name its own.

    >>> str(Stage.FORWARD.title), Stage("newton", "Newton's step").id
    ('Forward pass', 'newton')
    """

    __slots__ = ()

    FORWARD: ClassVar[Stage]
    BACKWARD: ClassVar[Stage]
    UPDATE: ClassVar[Stage]
    REEVALUATION: ClassVar[Stage]


Stage.FORWARD = Stage("forward", Text.of("stage.forward"))
Stage.BACKWARD = Stage("backward", Text.of("stage.backward"))
Stage.UPDATE = Stage("update", Text.of("stage.update"))
Stage.REEVALUATION = Stage("re-evaluation", Text.of("stage.re-evaluation"))


_UPDATED = re.compile(r".*_new(\d*)")


def suffix_of(step: int) -> str:
    """What the names carry after so many updates: nothing, `_new`, `_new2`, ..."""
    return "" if step == 0 else "_new" if step == 1 else f"_new{step}"


def updates_of(name: str) -> int:
    """How many updates a name stands behind.

    >>> updates_of("W1"), updates_of("W1_new"), updates_of("delta2_new3[1]")
    (0, 1, 3)
    """
    found = _UPDATED.fullmatch(name.partition("[")[0]) if "_new" in name else None
    return int(found[1] or 1) if found else 0


class Derivative(NamedTuple):
    """The symbol of one derivative, d(of)/d(by), as it stands in a chain rule.

    `fixed` are the names that are held fixed although they depend on `by` too: what is left is the derivative along
    one edge. Without them it is the whole, along every path.
    """

    of: str
    by: str
    fixed: tuple[str, ...] = ()


_PLACEHOLDER = re.compile(r"\{(\w+)\}")
Chain = tuple[tuple[Derivative, ...], ...]
"""A sum over paths; each path is a product of derivatives."""


@dataclass(frozen=True, slots=True)
class Equation:
    """`name = expression`, with the stage it belongs to and the reason that gives it.

    >>> x = Name("x")
    >>> print(Equation("y", x * x, Stage.FORWARD, "the square"))
    y = x * x
    """

    name: str
    expression: Expression
    stage: Stage
    reason: Said = ""
    derivative: Derivative | None = None
    """Set when the name stands for a derivative."""
    chain: Chain = ()
    """The chain rule that leads to the expression, stated before it is evaluated."""
    steps: tuple[Expression, ...] = ()
    """Earlier forms of the expression, equal in value, where the way from the chain rule to it is worth showing."""
    worked: Expression | None = None
    """A longer form, into which the numbers are put first, where the expression takes two steps at once."""
    relation: Relation = "="
    general: Expression | None = None
    """The expression with a letter for the number of samples, written in its place where it stands in letters."""

    @property
    def step(self) -> int:
        """The step of training that it belongs to, from 1; 0 before any: what is found after a step belongs to it.

        So does what is found in the middle of an update, from what is renewed already.
        """
        updates = updates_of(self.name)
        if self.stage == Stage.UPDATE:
            return max(updates, *(updates_of(name.name) for name in names_in(self.expression)), 0)
        return updates + 1 if self.stage == Stage.BACKWARD else updates

    @property
    def is_error(self) -> bool:
        """Whether it is a derivative with a letter of its own, as delta1, and not called after what it is taken by."""
        return self.derivative is not None and self.name != f"d{self.derivative.by}"

    @property
    def symbol(self) -> Name:
        """The name as an expression, to be used in later equations."""
        return Name(self.name, self.expression.shape)

    def __str__(self) -> str:
        return f"{self.name} {self.relation} {self.expression}"


@dataclass(frozen=True)
class Derivation:
    """Givens and an ordered list of equations, each of which uses only what stands before it.

    Raises ChalkworkError when an equation uses an unknown name or defines one twice.

    >>> x = Name("x")
    >>> work = Derivation((x,), (Equation("y", x * x, Stage.FORWARD), Equation("z", Name("y") + 1, Stage.FORWARD)))
    >>> list(work), str(work["z"])
    (['y', 'z'], 'z = y + 1')
    """

    givens: tuple[Name, ...]
    equations: tuple[Equation, ...]
    _by_name: dict[str, Equation] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        known = {given.name for given in self.givens}
        for equation in self.equations:
            if equation.name in known:
                raise ChalkworkError(f"{equation.name} is defined twice", equation=str(equation))
            for name in names_in(equation.expression):
                if name.name not in known:
                    raise ChalkworkError(f"{name} is not defined", equation=str(equation))
            known.add(equation.name)
            self._by_name[equation.name] = equation

    def __getitem__(self, name: str) -> Equation:
        return self._by_name[name]

    def get(self, name: str) -> Equation | None:
        """The equation that defines the name, if one does."""
        return self._by_name.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self.equations)

    def extended(self, equations: Iterable[Equation], givens: Iterable[Name] = ()) -> Derivation:
        """The derivation with more equations (and givens) at the end."""
        return Derivation((*self.givens, *givens), (*self.equations, *equations))

    def renamed(self, rename: Callable[[str], str]) -> Derivation:
        """The same work under other names, in expressions, chain rules and reasons.

        >>> x = Name("x1")
        >>> work = Derivation((x,), (Equation("y1", x * x, Stage.FORWARD, "The square of {x1}."),))
        >>> other = work.renamed(lambda name: name.removesuffix("1"))
        >>> str(other["y"]), other["y"].reason
        ('y = x * x', 'The square of {x}.')
        """
        names: dict[Expression, Expression] = {
            Name(name, shape): Name(rename(name), shape) for name, shape in self.shapes().items()
        }

        def in_words(written: str) -> str:
            return _PLACEHOLDER.sub(lambda found: f"{{{rename(found[1])}}}", written)

        def derivative(one: Derivative) -> Derivative:
            return Derivative(rename(one.of), rename(one.by), tuple(map(rename, one.fixed)))

        def equation(one: Equation) -> Equation:
            return replace(
                one,
                name=rename(one.name),
                expression=replaced(one.expression, names),
                reason=one.reason.changed(in_words) if isinstance(one.reason, Text) else in_words(one.reason),
                derivative=None if one.derivative is None else derivative(one.derivative),
                chain=tuple(tuple(map(derivative, path)) for path in one.chain),
                steps=tuple(replaced(step, names) for step in one.steps),
                worked=None if one.worked is None else replaced(one.worked, names),
                general=None if one.general is None else replaced(one.general, names),
            )

        givens = tuple(Name(rename(name.name), name.shape) for name in self.givens)
        return Derivation(givens, tuple(map(equation, self.equations)))

    def ancestors(self, names: Iterable[str], known: Collection[str] = ()) -> tuple[Equation, ...]:
        """The equations needed for the names, in order, without those in `known` and what only they need."""
        wanted = set(names)
        for equation in reversed(self.equations):
            if equation.name in wanted and equation.name not in known:
                wanted.update(name.name for name in names_in(equation.expression))
                if equation.derivative is not None:  # what is differentiated belongs to the answer
                    wanted.add(equation.derivative.of)
        return tuple(equation for equation in self.equations if equation.name in wanted and equation.name not in known)

    def needed(self, names: Iterable[str]) -> tuple[Equation, ...]:
        """The equations that the values of the names depend on, in order."""
        wanted = set(names)
        kept: list[Equation] = []
        for equation in reversed(self.equations):
            if equation.name in wanted:
                kept.append(equation)
                wanted.update(name.name for name in names_in(equation.expression))
        return tuple(reversed(kept))

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of every given and every result."""
        return {given.name: given.shape for given in self.givens} | {
            equation.name: equation.expression.shape for equation in self.equations
        }
