"""What names stand for by another convention, and the derivation of somebody who has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, names_in
from chalkwork.algebra.expression import replace as exchanged
from chalkwork.checking.mistakes.search import simplified
from chalkwork.derivation.derivation import Derivation, Equation
from chalkwork.derivation.evaluate import evaluate

ONE = Number(1)


@dataclass(frozen=True, slots=True)
class Form:
    """What a name stands for: so many times what it stands for in the solution, something added, or the transpose."""

    factor: Expression = ONE
    added: Expression | None = None
    """As it stands in the solution, untransposed."""
    turned: bool = False
    exchanges: tuple[tuple[Expression, Expression], ...] = ()
    """What stands in the place of parts of its own equation, and gives about the same: the name stands for the same."""

    def of(self, expression: Expression) -> Expression:
        """The program's quantity from the solution's."""
        own = exchanged(expression, dict(self.exchanges)) if self.exchanges else expression
        scaled = own if self.factor == ONE else self.factor * own
        whole = scaled if self.added is None else scaled + self.added
        return whole.T if self.turned else whole

    def undone(self, expression: Expression) -> Expression:
        """The solution's quantity from the program's."""
        upright = expression.T if self.turned else expression
        alone = upright if self.added is None else upright - self.added
        return alone if self.factor == ONE else alone / self.factor

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape that the program's quantity has."""
        return (*shape[:-2], *reversed(shape[-2:])) if self.turned else shape

    def value(self, value: Any, values: Mapping[str, Any]) -> Any:
        """The program's value from the solution's, of which are also the `values`."""
        scaled = value if self.factor == ONE else evaluate(self.factor, values) * value
        whole = scaled if self.added is None else scaled + evaluate(self.added, values)
        return np.swapaxes(whole, -1, -2) if self.turned else whole

    def undone_of(self, value: Any, values: Mapping[str, Any]) -> Any:
        """The solution's value from the program's."""
        upright = np.swapaxes(value, -1, -2) if self.turned else value
        alone = upright if self.added is None else upright - evaluate(self.added, values)
        return alone if self.factor == ONE else alone / evaluate(self.factor, values)

    def after(self, other: Form) -> Form:
        """Both at once, the other first."""
        plain = Form()
        if plain in (self, other):
            return other if self == plain else self
        added = None if other.added is None else other.added if self.factor == ONE else self.factor * other.added
        parts = [one for one in (added, self.added) if one is not None]
        both = simplified(reduce(Expression.__add__, parts)) if parts else None
        own = dict(self.exchanges)
        exchanges = own | {part: exchanged(instead, own) for part, instead in other.exchanges}
        return Form(simplified(self.factor * other.factor), both, self.turned != other.turned, tuple(exchanges.items()))


Forms = Mapping[str, Form]
Exchanges = Sequence[tuple[Expression, Expression]]


def rewritten(derivation: Derivation, forms: Forms) -> Derivation:
    """The derivation of somebody who has the convention: the same names, for other quantities."""
    shapes = derivation.shapes()

    def undone_by(form: Form, name: str) -> Expression:
        return form.undone(Name(name, form.shape(shapes[name])))

    undone: dict[Expression, Expression] = {
        Name(name, shapes[name]): undone_by(form, name)
        for name, form in forms.items()
        if form.added is None and not (form.exchanges and form.factor == ONE and not form.turned)
    }
    undone |= {
        Name(name, shapes[name]): undone_by(replace(form, added=exchanged(form.added, undone)), name)
        for name, form in forms.items()
        if form.added is not None
    }
    givens = tuple(
        Name(given.name, forms[given.name].shape(given.shape)) if given.name in forms else given
        for given in derivation.givens
    )
    return Derivation(givens, tuple(_rewritten(equation, forms, undone) for equation in derivation.equations))


def _rewritten(equation: Equation, forms: Forms, undone: Mapping[Expression, Expression]) -> Equation:
    concerned = [name for name in names_in(equation.expression) if name in undone]
    if not concerned and equation.name not in forms:
        return equation
    own = exchanged(forms.get(equation.name, Form()).of(equation.expression), undone)
    return replace(equation, expression=simplified(own), steps=(), worked=None)


def values_of(values: Mapping[str, Any], forms: Forms) -> dict[str, Any]:
    """The values that the names have for somebody who has the convention."""
    own = dict(values)
    for name, form in forms.items():
        own[name] = form.value(np.asarray(values[name]), values)
    return own
