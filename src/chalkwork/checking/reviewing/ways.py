"""A convention with the derivation of those who have it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from chalkwork.algebra.expression import names_in
from chalkwork.checking.mistakes import Context
from chalkwork.checking.reviewing.conventions import Found, conventions_of
from chalkwork.checking.reviewing.rewriting import rewritten, values_of
from chalkwork.derivation.derivation import Derivation, Equation
from chalkwork.derivation.evaluate import evaluate


class Way:
    """A convention with the derivation of those who have it, made when somebody may have it."""

    def __init__(self, found: Found, context: Context) -> None:
        self.found = found
        self.before = context

    @cached_property
    def derivation(self) -> Derivation:
        """The same names, for other quantities."""
        return rewritten(self.before.derivation, self.found.forms)

    def values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values that the names have for those who have it, from the solution's."""
        own = values_of(values, self.found.forms)
        moved = set(self.found.written_otherwise)
        for equation in self.derivation.equations if moved else ():
            if equation.name in moved or any(name.name in moved for name in names_in(equation.expression)):
                moved.add(equation.name)
                own[equation.name] = evaluate(equation.expression, own)
        return own

    @cached_property
    def context(self) -> Context:
        """What its equations are for."""
        times = {name: form.factor for name, form in self.found.forms.items() if not form.turned}
        return Context(self.derivation, self.before.samples, times)

    @cached_property
    def entering(self) -> list[str]:
        """The steps where the convention comes in: they are not as they were, though made of what is."""
        return self.begun_in(self.derivation)

    def begun_in(self, derivation: Derivation) -> list[str]:
        """The steps that are not as they were, though made of what is, in this derivation or that before."""
        forms = self.found.forms
        return [
            equation.name
            for equation in derivation.equations
            if equation.name in forms and not any(name.name in forms for name in names_in(equation.expression))
        ]

    @cached_property
    def kept(self) -> frozenset[str]:
        """The names that stand for something else: where others are a multiple, a transpose is nothing else."""
        scaled = frozenset(name for name, form in self.found.forms.items() if not form.turned)
        return scaled or frozenset(self.found.forms)

    @cached_property
    def first_showing(self) -> frozenset[str]:
        """The first of the steps that stay as they are: what is kept otherwise is taken back there."""
        plain = (equation for equation in self.derivation.equations if equation.name not in self.kept)
        return frozenset(one.name for one in plain if any(name.name in self.kept for name in names_in(one.expression)))

    @cached_property
    def showing(self) -> list[Equation]:
        """The steps that are worked out from some that do not stay as they are, directly or not."""
        reached = set(self.found.forms)
        found = []
        for equation in self.derivation.equations:
            if any(name.name in reached for name in names_in(equation.expression)):
                reached.add(equation.name)
                found.append(equation)
        return found


def ways(context: Context, declared: tuple[str, ...]) -> list[Way]:
    """The conventions that somebody can have, or the declared ones together."""
    if declared not in context.known_conventions:
        context.known_conventions[declared] = [Way(found, context) for found in conventions_of(context, declared)]
    return context.known_conventions[declared]
