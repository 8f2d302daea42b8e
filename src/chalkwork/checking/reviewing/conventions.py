"""Other conventions: steps that are not the solution's, and lead to what is right. One table, an entry each.

A convention says what some names stand for in a program, as a multiple or the transpose of what they stand for here.
Every equation is rewritten for it, as mistakes are, but throughout: with `delta` for m times the error, `dW` gets the
1/m. What the program hands in is then marked by the rewritten equations. A convention is taken for one only where
what follows is right: a step that is the same in both, and was worked out from one that is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from itertools import combinations, product
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, names_in
from chalkwork.algebra.expression import replace as exchanged
from chalkwork.algebra.simplify import simplify
from chalkwork.checking.mistakes import Context, Role
from chalkwork.checking.mistakes.structure import coefficient_of, summands, updated_parameter
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.words import ENGLISH, Text, say

ONE = Number(1)


@dataclass(frozen=True, slots=True)
class Form:
    """What a name stands for: so many times what it stands for in the solution, or the transpose of that."""

    factor: Expression = ONE
    turned: bool = False

    def of(self, expression: Expression) -> Expression:
        """The program's quantity from the solution's."""
        scaled = expression if self.factor == ONE else self.factor * expression
        return scaled.T if self.turned else scaled

    def undone(self, expression: Expression) -> Expression:
        """The solution's quantity from the program's."""
        scaled = expression if self.factor == ONE else expression / self.factor
        return scaled.T if self.turned else scaled

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape that the program's quantity has."""
        return (*shape[:-2], *reversed(shape[-2:])) if self.turned else shape

    def value(self, value: Any, values: Mapping[str, Any]) -> Any:
        """The program's value from the solution's."""
        scaled = value if self.factor == ONE else evaluate(self.factor, values) * value
        return np.swapaxes(scaled, -1, -2) if self.turned else scaled

    def undone_of(self, value: Any, values: Mapping[str, Any]) -> Any:
        """The solution's value from the program's."""
        scaled = value if self.factor == ONE else value / evaluate(self.factor, values)
        return np.swapaxes(scaled, -1, -2) if self.turned else scaled

    def after(self, other: Form) -> Form:
        """Both at once."""
        return Form(simplify(self.factor * other.factor), self.turned != other.turned)


Forms = Mapping[str, Form]


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """One convention: what it makes of the names of a derivation, and what to say of it."""

    id: str
    words: str
    """What somebody does who has it, after "you": no full stop."""
    taken_for: tuple[str, ...]
    """The mistakes that it looks like, one step at a time."""
    forms: Callable[[Context], Iterable[Forms]]
    throughout: bool = False
    """Whether it shows by itself, where several names have it: no accident gives a transpose again and again."""


@dataclass(frozen=True, slots=True)
class Found:
    """A convention, or two at once, as it is in one derivation."""

    conventions: tuple[Convention, ...]
    forms: Forms

    @property
    def taken_for(self) -> frozenset[str]:
        """The mistakes that they look like."""
        return frozenset(name for each in self.conventions for name in each.taken_for)

    @property
    def throughout(self) -> bool:
        """Whether they show by themselves."""
        return all(each.throughout for each in self.conventions)

    def words(self, language: str = ENGLISH) -> str:
        """What somebody does who has them."""
        said = [Text.own(f"convention_words.{each.id}", each.words).written(language) for each in self.conventions]
        return reduce(lambda one, other: say(language, "convention.and", one=one, other=other), said)


# --- which names a convention concerns --------------------------------------------------------------------------------


def _of_role(context: Context, *roles: Role) -> list[Equation]:
    return [equation for equation in context.derivation.equations if context.role(equation) in roles]


def _errors(context: Context) -> list[Equation]:
    """The derivatives that go back through the layers: all but those by parameters."""
    gradients = {equation.name for equation in _gradients(context)}
    return [
        equation
        for equation in context.derivation.equations
        if equation.derivative is not None
        and equation.name not in gradients
        and context.loss_of(equation) is not None
        and not equation.derivative.fixed
    ]


def _gradients(context: Context) -> list[Equation]:
    return _of_role(context, Role.GRADIENT)


def _matrices(context: Context) -> set[str]:
    """The weights: those of the layers, and whatever else is differentiated by and is no row or column."""
    named = {layer.weights.name for layer in context.layers(0) if layer.weights is not None}
    shapes, by = context.derivation.shapes(), {by for _, by in context.derivatives}
    return named | {one for one in by if len(shapes[one]) == 2 and min(shapes[one]) > 1 and "_new" not in one}


def _weight_gradients(context: Context) -> list[Equation]:
    """Those that are matrices, and no row or column of one number a unit."""
    weights = _matrices(context)
    by = {equation.name: equation.derivative.by for equation in _gradients(context) if equation.derivative is not None}
    return [one for one in _gradients(context) if by[one.name].partition("_new")[0] in weights]


def _scaled(factor: Expression, equations: Iterable[Equation]) -> Forms:
    return {equation.name: Form(factor) for equation in equations}


def _divisors(context: Context) -> list[Fraction]:
    """What the loss is divided by, or what the first error has in front: all of it, and the samples alone."""
    found: list[Fraction] = []
    first = next((one for one in _errors(context) if context.starts_backward(one)), None)
    loss = context.loss_of(first) if first is not None else None
    if first is None or loss is None:
        return []
    front = abs(coefficient_of(first.expression))
    parts = [Fraction(term.coefficient) for term in summands(loss.expression)]
    denominators = [part.limit_denominator(10**9).denominator for part in parts]
    found += [1 / front] if front else []
    samples = context.sizes[0]
    for denominator in denominators:
        found += [Fraction(samples)] if denominator % samples == 0 else []
        found += [Fraction(denominator)]
    return [one for one in dict.fromkeys(found) if one != 1]


def _number(value: Fraction) -> Number:
    return Number(int(value) if value.denominator == 1 else value)


# --- the conventions --------------------------------------------------------------------------------------------------


def _divided_later(context: Context) -> Iterator[Forms]:
    for divisor in _divisors(context):
        yield _scaled(_number(divisor), _errors(context))


def _divided_by_the_rate(context: Context) -> Iterator[Forms]:
    losses = _of_role(context, Role.LOSS)
    for divisor in _divisors(context):
        factor = _number(divisor)
        backward = _scaled(factor, (*_errors(context), *_gradients(context)))
        yield backward
        yield {**backward, **_scaled(factor, losses)}


def _target_first(context: Context) -> Iterator[Forms]:
    minus = Number(-1)
    yield _scaled(minus, (*_errors(context), *_gradients(context)))
    yield _scaled(minus, _errors(context))


def _descent_in_gradients(context: Context) -> Iterator[Forms]:
    yield _scaled(Number(-1), _gradients(context))


def _rate(context: Context) -> Name | None:
    """The learning rate: the one given scalar that the updates of all parameters use."""
    scalars = [
        {name for name in names_in(equation.expression) if not name.shape and context.derivation.get(name.name) is None}
        for equation in context.derivation.equations
        if equation.stage == Stage.UPDATE and updated_parameter(equation) is not None
    ]
    common = set.intersection(*scalars) if scalars else set()
    named = [name for name in common if name.name == "eta"]
    return named[0] if named else next(iter(common)) if len(common) == 1 else None


def _states(context: Context) -> list[str]:
    """Velocities and moments, before their updates and after: nothing is differentiated by them."""
    differentiated = {by.partition("_new")[0] for _, by in context.derivatives}
    kept = {given.name for given in context.derivation.givens} - differentiated
    updated = [one.name for one in context.derivation.equations if one.stage == Stage.UPDATE]
    return list(
        dict.fromkeys(
            word for name in updated for word in (name.partition("_new")[0], name) if name.partition("_new")[0] in kept
        )
    )


def _rate_in_gradients(context: Context) -> Iterator[Forms]:
    rate = _rate(context)
    if rate is not None:
        for factor in (rate, -rate):
            yield _scaled(factor, _gradients(context))


def _rate_in_velocity(context: Context) -> Iterator[Forms]:
    rate, names = _rate(context), _states(context)
    for factor in (-rate, rate, Number(-1)) if rate is not None and names else ():
        yield {name: Form(factor) for name in names}


def _gradients_turned(context: Context) -> Iterator[Forms]:
    yield {equation.name: Form(turned=True) for equation in _weight_gradients(context)}


def _weights_turned(context: Context) -> Iterator[Forms]:
    weights, shapes = _matrices(context), context.derivation.shapes()
    names = [name for name in shapes if name.partition("_new")[0] in weights]
    yield {name: Form(turned=True) for name in (*names, *(one.name for one in _weight_gradients(context)))}


TABLE: dict[str, Convention] = {
    one.id: one
    for one in (
        Convention(
            id="mean-in-gradients",
            words="divide by the number of samples in the gradients, not in delta",
            taken_for=("sum-for-mean", "mean-for-sum", "factor-half", "factor-two"),
            forms=_divided_later,
        ),
        Convention(
            id="target-minus-output",
            words="take the error as y minus the output, and the update adds",
            taken_for=("error-sign", "ascent"),
            forms=_target_first,
        ),
        Convention(
            id="descent-in-gradients",
            words="keep the gradients with a minus, and the update adds",
            taken_for=("ascent", "error-sign"),
            forms=_descent_in_gradients,
        ),
        Convention(
            id="rate-makes-up",
            words="take sums in place of means, and the learning rate makes up for it",
            taken_for=("sum-for-mean", "factor-half", "factor-two"),
            forms=_divided_by_the_rate,
        ),
        Convention(
            id="rate-in-gradients",
            words="multiply the gradients by the learning rate before the update",
            taken_for=("learning-rate-omitted", "learning-rate-squared"),
            forms=_rate_in_gradients,
        ),
        Convention(
            id="rate-in-velocity",
            words="have the learning rate or the minus in the velocity already",
            taken_for=("learning-rate-squared", "velocity-sign", "learning-rate-omitted", "moment-weights"),
            forms=_rate_in_velocity,
        ),
        Convention(
            id="gradients-transposed",
            words="write every gradient of weights transposed",
            taken_for=("outer-product-transposed",),
            forms=_gradients_turned,
        ),
        Convention(
            id="weights-transposed-throughout",
            words="write every weight matrix transposed, with its gradient",
            taken_for=("outer-product-transposed",),
            forms=_weights_turned,
            throughout=True,
        ),
    )
}
"""Every convention by its id, the most usual first."""


def conventions_of(context: Context, declared: Iterable[str] = ()) -> list[Found]:
    """Every convention in each of its forms, one at a time and then two; with `declared`, only those, all at once.

    >>> from chalkwork import Dense, NeuralNetwork
    >>> net = NeuralNetwork([Dense(weights=[[1.0]], bias=False)], "mean_squared_error")
    >>> solution = net.solve([[1.0], [2.0]], [[0.5], [1.0]], learning_rate=0.1)
    >>> found = conventions_of(Context(solution.derivation, -2))[0]
    >>> print(found.conventions[0].id, rewritten(solution.derivation, found.forms)["dW1"])
    mean-in-gradients dW1 = (1/2) * x.T @ delta1
    """
    single = [Found((one,), forms) for one in TABLE.values() for forms in map(dict, one.forms(context)) if forms]
    wanted = tuple(declared)
    if wanted:
        families = [[found for found in single if found.conventions[0].id == name] for name in wanted]
        return [_together(*chosen) for chosen in product(*families)]
    pairs = [pair for pair in combinations(single, 2) if pair[0].conventions != pair[1].conventions]
    both = [_together(*pair) for pair in pairs]
    whole = [
        found
        for found, (one, other) in zip(both, pairs, strict=True)
        if found.forms.keys() >= {*one.forms, *other.forms}
    ]
    return [*single, *whole]


def _together(*found: Found) -> Found:
    def both(one: Found, other: Found) -> Found:
        names = dict.fromkeys((*one.forms, *other.forms))
        plain = Form()
        forms = {name: one.forms.get(name, plain).after(other.forms.get(name, plain)) for name in names}
        kept = {name: form for name, form in forms.items() if form != plain}
        return Found((*one.conventions, *other.conventions), kept)

    return reduce(both, found)


def rewritten(derivation: Derivation, forms: Forms) -> Derivation:
    """The derivation of somebody who has the convention: the same names, for other quantities."""
    shapes = derivation.shapes()
    undone: dict[Expression, Expression] = {
        Name(name, shapes[name]): form.undone(Name(name, form.shape(shapes[name]))) for name, form in forms.items()
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
    inner = exchanged(equation.expression, {name: undone[name] for name in concerned})
    own = forms.get(equation.name, Form()).of(inner)
    simple = simplify(own)
    return replace(equation, expression=simple, steps=(), worked=None)


def values_of(values: Mapping[str, Any], forms: Forms) -> dict[str, Any]:
    """The values that the names have for somebody who has the convention."""
    own = dict(values)
    for name, form in forms.items():
        own[name] = form.value(np.asarray(values[name]), values)
    return own
