"""Mistakes in the layers that normalise or drop out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction

from chalkwork.algebra.expression import Expression, Name, Number, apply, names_in, replace, transform, walk
from chalkwork.algebra.terms import expression_of
from chalkwork.checking.mistakes.context import Context, Role
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.structure import is_operation, product, summands
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ShapeError

_FORWARD = (Stage.FORWARD, Stage.REEVALUATION)


def _scales(equation: Equation, context: Context) -> list[Name]:
    """The parameters that something is multiplied with entry by entry: no weights, and no bias."""
    factors = [base for term in summands(equation.expression) for base, _ in term.factors]
    differentiated = {by for _, by in context.derivatives}
    return [base for base in factors if isinstance(base, Name) and base.shape and base.name in differentiated
            and context.is_parameter(base)]  # fmt: skip


def _scale_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    if equation.stage in _FORWARD or equation.derivative is not None:
        for scale in _scales(equation, context) if context.role(equation) != Role.GRADIENT else ():
            terms = summands(equation.expression)
            if all(len(term.factors) > 1 or term.factors[0][0] != scale for term in terms):
                result = replace(equation.expression, {scale: Number(1)})
                if result.shape == equation.expression.shape:
                    yield result


def _roots(
    change: Callable[[Expression], list[Expression]], updates: bool = False
) -> Callable[..., Iterator[Expression]]:
    """Something else in the place of sqrt(variance + epsilon); of updates only where that is said."""

    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        if equation.stage == Stage.UPDATE and not updates:
            return
        roots = {node for node in walk(equation.expression) if is_operation(node, "sqrt")}
        if len(roots) == 1:
            (root,) = roots
            yield from (replace(equation.expression, {root: other}) for other in change(root))

    return rewrites


def _outside(root: Expression) -> list[Expression]:
    inner = root.arguments[0] if is_operation(root, "sqrt") else root
    if not is_operation(inner, "add"):
        return []
    one, other = inner.arguments
    return [apply("sqrt", mean) + small for mean, small in ((one, other), (other, one)) if not small.shape]


def _without(root: Expression) -> list[Expression]:
    inner = root.arguments[0] if is_operation(root, "sqrt") else root
    if not is_operation(inner, "add"):
        return []
    return [apply("sqrt", part) for part in inner.arguments if part.shape == inner.shape]


def _variance(root: Expression) -> list[Expression]:
    return [root.arguments[0]] if is_operation(root, "sqrt") else []


def _constants(equation: Equation, context: Context) -> Iterator[Expression]:
    """Only the direct way back through a normalisation: mean and variance as if they did not depend on the input."""
    terms = [expression_of(term) for term in summands(equation.expression)]
    if equation.derivative is None or len(terms) < 2:
        return

    def is_direct(term: Expression) -> bool:
        backward = [name for name in names_in(term) if _is_derivative(name, context)]
        return bool(backward) and all(name.shape == equation.expression.shape for name in backward)

    direct = [term for term in terms if is_direct(term)]
    if len(direct) == 1 and direct[0].shape == equation.expression.shape:
        yield direct[0]


def _is_derivative(name: Name, context: Context) -> bool:
    source = context.derivation.get(name.name)
    return source is not None and source.derivative is not None


def _other_axis(equation: Equation, context: Context) -> Iterator[Expression]:
    """A mean over the other axis: over the units where one over the samples is meant; mean and variance of what is
    normalised both.
    """
    if equation.stage not in _FORWARD or len(equation.expression.shape) != 2:
        return
    if 1 not in equation.expression.shape:
        with suppress(ShapeError):
            yield from _both_over_other_axis(equation, context)
        return

    def rule(node: Expression) -> Expression | None:
        if is_operation(node, "sum", "mean") and len(node.arguments[0].shape) == 2:
            (inner,) = node.arguments
            axis = node.parameters[0]
            if axis in (-1, -2):
                rows, columns = inner.shape
                other, count, before = (-2, rows, columns) if axis == -1 else (-1, columns, rows)
                scale = Fraction(before, count) if node.operation.name == "sum" else Fraction(1)
                return Number(scale) * apply(node.operation.name, inner, axis=other)
        return None

    try:
        result = transform(equation.expression, rule)
    except ShapeError:
        return
    if result.shape != equation.expression.shape:
        yield result


def _both_over_other_axis(equation: Equation, context: Context) -> Iterator[Expression]:
    sources = [context.derivation.get(name.name) for name in names_in(equation.expression)]
    columns = [one for one in sources if one is not None and 1 in one.expression.shape]
    over: dict[Expression, Expression] = {one.symbol: made for one in columns for made in _other_axis(one, context)}
    if len(over) == 2:
        yield replace(equation.expression, {one: replace(made, over) for one, made in over.items()})


# --- dropout ---------------------------------------------------------------------------------------------------------


def _mask(equation: Equation, context: Context) -> tuple[Name, Fraction] | None:
    """The mask that something is multiplied with, and the factor that makes up for what is dropped."""
    if len(summands(equation.expression)) != 1:
        return None
    term = product(equation.expression)
    differentiated = {by for _, by in context.derivatives}
    data = {layer.inputs for layer in context.layers(0)}
    scale = float(term.coefficient)
    for base, exponent in term.factors:
        if not names_in(base) and not base.shape:
            scale *= float(evaluate(base, {}).item()) ** float(exponent)
    given = [base for base, exponent in term.factors if base in context.derivation.givens and exponent == 1]
    masks = [one for one in given if isinstance(one, Name) and one.shape and one.name not in differentiated
             and one not in data and _is_for_units(one, equation)]  # fmt: skip
    if len(masks) != 1 or len(term.factors) < 2:
        return None
    return masks[0], Fraction(scale).limit_denominator(10**6)


def _is_for_units(given: Name, equation: Equation) -> bool:
    """Whether it says something of every unit, and not of every sample alone, as their weights do."""
    shape = equation.expression.shape
    return given.shape == shape or len(given.shape) != len(shape)


def _other_scale(equation: Equation, context: Context) -> Iterator[Expression]:
    """Divided by the share that is dropped, multiplied by a share, or not scaled at all."""
    found = _mask(equation, context) if context.role(equation) != Role.GRADIENT else None
    if found is None:
        return
    scale = found[1]
    for other in _scales_for(scale):
        yield Number(other / scale) * equation.expression


def _scales_for(scale: Fraction) -> list[Fraction]:
    if scale <= 1:
        return []
    kept = 1 / scale
    return [Fraction(1), kept, 1 / (1 - kept), 1 - kept]


def _mask_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    found = _mask(equation, context) if context.role(equation) != Role.GRADIENT else None
    if found is None:
        return
    mask, scale = found
    without = replace(equation.expression, {mask: Number(1)})
    if without.shape == equation.expression.shape:
        yield without
        yield Number(1 / scale) * without


MISTAKES = (
    Mistake(
        id="scale-forgotten",
        title="The scale of a normalisation was forgotten",
        explanation="In <this> the scale that follows the normalisation was left out.",
        hint="What is done with the normalised values before they leave the layer? The way back meets it, too.",
        likelihood=7,
        rewrites=_scale_forgotten,
        alone=True,
    ),
    Mistake(
        id="statistics-as-constants",
        title="Mean and variance were taken as constants",
        explanation="<this> is what comes straight back; mean and variance depend on the input as well.",
        hint="If one input changes, what else in the layer changes with it?",
        likelihood=8.5,
        rewrites=_constants,
        alone=True,
    ),
    Mistake(
        id="epsilon-outside-root",
        title="Epsilon outside the root",
        explanation="Epsilon was added to the root instead of below it.",
        hint="Where does the root begin?",
        likelihood=5,
        rewrites=_roots(_outside, updates=True),
        alone=True,
    ),
    Mistake(
        id="epsilon-forgotten",
        title="Epsilon was forgotten",
        explanation="In <this> the small number below the root was left out.",
        hint="What keeps the division from failing where all samples are equal?",
        likelihood=4,
        rewrites=_roots(_without),
        alone=True,
    ),
    Mistake(
        id="variance-for-deviation",
        title="The variance instead of the standard deviation",
        explanation="In <this> the root of the variance was not taken.",
        hint="In which unit is a variance, and in which is the input?",
        likelihood=6,
        rewrites=_roots(_variance),
        alone=True,
    ),
    Mistake(
        id="statistics-over-wrong-axis",
        title="A mean over the wrong axis",
        explanation="<this> was taken over the units of a sample where the samples of a unit are meant, or the other "
        "way round.",
        hint="How many means should there be: one for each unit, or one for each sample?",
        likelihood=5,
        rewrites=_other_axis,
        reshapes=True,
        alone=True,
    ),
    Mistake(
        id="dropout-scale",
        title="Dropout with another scale",
        explanation="What is kept in <this> was scaled by another factor than one over the share that is kept.",
        hint="How large should the sum over all units be, on average, with dropout and without?",
        likelihood=7,
        rewrites=_other_scale,
        alone=True,
    ),
    Mistake(
        id="dropout-mask-forgotten",
        title="The mask of the dropout was forgotten",
        explanation="<this> was not multiplied by the mask.",
        hint="What becomes of a unit that was dropped, on the way forward and on the way back?",
        likelihood=7,
        rewrites=_mask_forgotten,
        alone=True,
    ),
)
