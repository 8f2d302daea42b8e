"""What one entry of the table of mistakes says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chalkwork.algebra.expression import Expression
from chalkwork.checking.mistakes.context import Context
from chalkwork.derivation.derivation import Equation

Rewrites = Callable[[Equation, Context], Iterable[Expression]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake: what it does to an equation, and what to say of it.

    `rewrites(equation, context)` gives the right-hand sides that somebody who makes the mistake would have written:
    none where the mistake cannot be made. They use givens, what the derivation holds (before the equation, but for
    parameters after the update), and `context.constants`.
    """

    id: str
    title: str
    explanation: str
    """What was done instead of what; `<net>` and the like are names: see `explanation`."""
    hint: str
    """Where to look, without the answer."""
    likelihood: float
    """How often it is made, as against the others: explanations are listed in this order."""
    rewrites: Rewrites
    reshapes: bool = False
    """Whether the result may have another shape than the right one."""
    rebuilds: bool = False
    """Whether the rewrites are built anew and do not keep what an earlier rewrite did to the equation."""
    permutes: bool = False
    """The right value with two entries, rows or columns exchanged: the expression stays, see `swapped`."""
    coarser_inputs: bool = False
    """The right expression on inputs rounded to fewer digits than they were given with: the expression stays."""
    alone: bool = False
    """Whether it is looked for by itself only, not together with another mistake."""
    unless: tuple[str, ...] = ()
    """Mistakes of which it is a special case: where the numbers are theirs too it is not named."""

    @property
    def is_rewrite(self) -> bool:
        """Whether the expression differs from the right one, rather than what it is applied to."""
        return not (self.permutes or self.coarser_inputs)
