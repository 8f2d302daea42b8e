"""Other conventions: steps that are not the solution's, and lead to what is right. One table, an entry each.

A convention says what some names stand for in a program, as a multiple or the transpose of what they stand for here.
Every equation is rewritten for it, as mistakes are, but throughout: with `delta` for m times the error, `dW` gets the
1/m. What the program hands in is then marked by the rewritten equations. A convention is taken for one only where
what follows is right: a step that is the same in both, and was worked out from one that is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial, reduce
from itertools import combinations, product

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, names_in, rebuild, walk
from chalkwork.checking.mistakes import Context, Role
from chalkwork.checking.mistakes.corrections import corrected
from chalkwork.checking.mistakes.penalties import data_and_penalties
from chalkwork.checking.mistakes.structure import coefficient_of, is_operation, summands, updated_parameter
from chalkwork.checking.reviewing.rewriting import Exchanges, Form, Forms
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.words import ENGLISH, Text, say

_EPSILONS = (0, 1e-10, 1e-8, 1e-7, 1e-6)
"""What frameworks and courses take for the number that keeps a step from dividing by zero."""
_BESIDE = (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)
"""The same for the number that keeps a logarithm from zero."""


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


@dataclass(frozen=True)
class Found:
    """A convention, or two at once, as it is in one derivation."""

    conventions: tuple[Convention, ...]
    forms: Forms
    meeting: bool = False
    """Whether two ways of writing meet in one step."""

    @property
    def taken_for(self) -> frozenset[str]:
        """The mistakes that they look like."""
        return frozenset(name for each in self.conventions for name in each.taken_for)

    @property
    def throughout(self) -> bool:
        """Whether they show by themselves."""
        return all(each.throughout for each in self.conventions)

    @property
    def shows_by_itself(self) -> bool:
        """Whether nothing needs to follow from it."""
        return self.throughout or self.is_a_writing

    @property
    def is_a_writing(self) -> bool:
        """Whether all that is otherwise is how steps are written."""
        return bool(self.written_otherwise) and len(self.written_otherwise) == len(self.forms)

    @cached_property
    def writing(self) -> frozenset[object]:
        """How steps are written otherwise, whatever else is."""
        return frozenset((name, self.forms[name].exchanges) for name in self.written_otherwise)

    @cached_property
    def written_otherwise(self) -> frozenset[str]:
        """The steps that come to about the same otherwise."""
        return frozenset(name for name, form in self.forms.items() if form.exchanges)

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
    """The weights: those of the layers, and whatever else is given, differentiated by, and no row or column."""
    named = {layer.weights.name for layer in context.layers(0) if layer.weights is not None}
    by = {by for _, by in context.derivatives}
    given = [one for one in context.derivation.givens if one.name in by]
    return named | {one.name for one in given if len(one.shape) == 2 and min(one.shape) > 1}


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


def _penalty_later(context: Context) -> Iterator[Forms]:
    """Without the penalties, which the update adds: in the gradients, and in the loss, too."""

    def without(equations: Iterable[Equation]) -> Forms:
        apart = ((one.name, data_and_penalties(one, context)) for one in equations)
        return {name: Form(added=-reduce(Expression.__add__, found[1])) for name, found in apart if found is not None}

    gradients = without(_gradients(context))
    if gradients:
        yield gradients
        yield {**gradients, **without(_of_role(context, Role.LOSS))}


def _small_numbers(context: Context) -> Iterator[Forms]:
    """Another number beside or below the roots that a step is divided by, or none."""
    epsilons = [given for given in context.derivation.givens if given.name == "epsilon"]

    def epsilon(size: Number, equation: Equation) -> Exchanges:
        return [(one, size) for one in names_in(equation.expression) if one in epsilons]

    def beside(size: Number, equation: Equation) -> Exchanges:
        return [(root, root + size) for root in _roots_below(equation)]

    def below(size: Number, equation: Equation) -> Exchanges:
        return [(root, apply("sqrt", root.arguments[0] + size)) for root in _roots_below(equation)]

    for size in map(Number, _EPSILONS):
        for change in (epsilon,) if epsilons else (beside, below):
            yield _in_updates(context, partial(change, size))


def _beside_logarithms(context: Context) -> Iterator[Forms]:
    """Something added to what a loss takes the logarithm of."""
    losses = [(one.name, one.expression) for one in _of_role(context, Role.LOSS)]
    for size in map(Number, _BESIDE):
        found: dict[str, Form] = {}
        for name, expression in losses:
            taken = [one for one in walk(expression) if is_operation(one, "log", "xlogy")]
            both = [(one, rebuild(one, (*one.arguments[:-1], one.arguments[-1] + size))) for one in taken]
            found |= {name: Form(exchanges=tuple(both))} if both else {}
        yield found


def _roots_below(equation: Equation) -> list[Application]:
    """The roots that something is divided by."""
    below = (one.arguments[1] for one in walk(equation.expression) if is_operation(one, "divide"))
    return [one for one in below if is_operation(one, "sqrt")]


def _corrected_rate(context: Context) -> Iterator[Forms]:
    """The square root of 1 - rho2^t goes from the moment to the rate, and with it from epsilon."""

    def beside(equation: Equation) -> Exchanges:
        for node in walk(equation.expression):
            if is_operation(node, "add") and is_operation(node.arguments[0], "sqrt"):
                source = [context.derivation.get(name.name) for name in names_in(node.arguments[0])]
                found = corrected(source[0].expression) if len(source) == 1 and source[0] is not None else None
                if found is not None:
                    return [(node, node.arguments[0] + node.arguments[1] / apply("sqrt", found[1]))]
        return []

    yield _in_updates(context, beside)


def _in_updates(context: Context, exchanges: Callable[[Equation], Exchanges]) -> Forms:
    apart = {one.name: tuple(exchanges(one)) for one in context.derivation.equations if one.stage == Stage.UPDATE}
    return {name: Form(exchanges=found) for name, found in apart.items() if found}


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
            yield _scaled(factor, (*_errors(context), *_gradients(context)))


def _rate_in_velocity(context: Context) -> Iterator[Forms]:
    rate, names = _rate(context), _states(context)
    for factor in (-rate, rate, Number(-1)) if rate is not None and names else ():
        yield {name: Form(factor) for name in names}


def _gradients_turned(context: Context) -> Iterator[Forms]:
    yield {equation.name: Form(turned=True) for equation in _weight_gradients(context)}


def _weights_turned(context: Context) -> Iterator[Forms]:
    """With their gradients, and with what an optimiser keeps of each."""
    weights, shapes = _matrices(context), context.derivation.shapes()
    updated = {one.name for one in context.derivation.equations if one.stage == Stage.UPDATE} | set(_states(context))
    bare = {name: name.partition("_new")[0] for name in shapes}
    names = [
        name for name in shapes if bare[name] in weights or (name in updated and bare[name].endswith(tuple(weights)))
    ]
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
            id="penalty-in-update",
            words="leave the penalty out of the gradients, and the update adds it",
            taken_for=("penalty-forgotten",),
            forms=_penalty_later,
        ),
        Convention(
            id="small-number",
            words="keep the steps from dividing by zero by another usual number, or by none",
            taken_for=(),
            forms=_small_numbers,
        ),
        Convention(
            id="small-number-in-logarithm",
            words="keep the logarithm from zero by a small number that is added to what it is taken of",
            taken_for=(),
            forms=_beside_logarithms,
        ),
        Convention(
            id="rate-corrected",
            words="correct the learning rate in place of the moments, so that epsilon stands beside the root as it is",
            taken_for=(),
            forms=_corrected_rate,
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
    >>> from chalkwork.checking.reviewing.rewriting import rewritten
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
        meeting = not one.written_otherwise.isdisjoint(other.written_otherwise)
        return Found((*one.conventions, *other.conventions), kept, meeting)

    return reduce(both, found)
