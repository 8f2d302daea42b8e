"""Mistakes in Newton's method: the linear system, its determinant, and the step that is added."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chalkwork.algebra.expression import Application, Expression, apply, names_in, replace, transform
from chalkwork.checking.mistakes.context import Context, Role
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.structure import added_step, is_operation
from chalkwork.derivation.derivation import Equation


def _instead(change: Callable[[Expression, Expression], Expression]) -> Callable[..., Iterator[Expression]]:
    """Something else with the matrix and the gradient than to solve the system; one variable is divided by."""

    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        if equation.name not in context.added:
            return

        def rule(node: Expression) -> Expression | None:
            if is_operation(node, "solve"):
                return change(node.arguments[0], node.arguments[1])
            if is_operation(node, "divide") and not equation.expression.shape:
                return change(node.arguments[1], node.arguments[0])
            return None

        result = transform(equation.expression, rule)
        if result != equation.expression and result.shape == equation.expression.shape:
            yield result

    return rewrites


def _multiplied(matrix: Expression, right: Expression) -> Expression:
    return matrix @ right if matrix.shape else matrix * right


def _uphill(equation: Equation, context: Context) -> Iterator[Expression]:
    if equation.name in context.added and context.role(equation) != Role.UPDATE:
        yield -equation.expression


def _subtracted(equation: Equation, context: Context) -> Iterator[Expression]:
    pair = added_step(equation)
    if pair is not None:
        old, step = pair if context.is_parameter(pair[0]) else pair[::-1]
        yield old - step


def _determinant(equation: Equation, context: Context) -> Iterator[Expression]:
    """a d + b c."""
    expression = equation.expression
    if not is_operation(expression, "subtract") or len(names_in(expression)) != 1:
        return
    if all(is_operation(part, "multiply") and all(map(_is_entry, part.arguments)) for part in expression.arguments):
        yield expression.arguments[0] + expression.arguments[1]


def _is_entry(expression: Expression) -> bool:
    return isinstance(expression, Application) and expression.operation.name == "entry"


def by_determinant(equation: Equation, context: Context) -> Iterator[Expression]:
    """The solution of a system of two equations by the inverse, where the determinant has a name of its own."""
    for node in (equation.expression, *getattr(equation.expression, "arguments", ())):
        if not is_operation(node, "solve") or node.arguments[0].shape != (2, 2):
            continue
        matrix, right = node.arguments
        a, b, c, d = (apply("entry", matrix, place=place) for place in ((1, 1), (1, 2), (2, 1), (2, 2)))
        named = [one for one in context.derivation.equations if one.expression == a * d - b * c]
        turned: Expression = matrix
        for place, entry in (((1, 1), d), ((1, 2), -b), ((2, 1), -c), ((2, 2), a)):
            turned = apply("placed", turned, entry, place=place)
        for one in named[:1]:
            inverse = (turned @ right) / one.symbol
            yield replace(equation.expression, {node: inverse})


MISTAKES = (
    Mistake(
        id="hessian-not-inverted",
        title="Multiplied by the Hessian instead of its inverse",
        explanation="In <this> the gradient was multiplied by the Hessian; Newton's step solves a linear system.",
        hint="Where the function bends strongly, should the step be long or short?",
        likelihood=8,
        rewrites=_instead(_multiplied),
    ),
    Mistake(
        id="hessian-forgotten",
        title="The Hessian was left out of the step",
        explanation="<this> is the gradient with its sign, as if the Hessian were the identity.",
        hint="What does Newton's method know of the function that gradient descent does not?",
        likelihood=6,
        rewrites=_instead(lambda matrix, right: right),
    ),
    Mistake(
        id="step-sign",
        title="The sign of Newton's step",
        explanation="<this> has the wrong sign: the gradient enters the linear system with a minus sign.",
        hint="The step goes to where the gradient vanishes: gradient plus Hessian times step is zero.",
        likelihood=9,
        rewrites=_uphill,
    ),
    Mistake(
        id="step-subtracted",
        title="The step was subtracted instead of added",
        explanation="<gradient> was subtracted from <parameter>, although the minus sign is in it already.",
        hint="Count the minus signs between the gradient and the new point.",
        likelihood=8,
        rewrites=_subtracted,
    ),
    Mistake(
        id="determinant-sign",
        title="The products of the determinant were added",
        explanation="In <this> the product of the entries beside the diagonal was added instead of subtracted.",
        hint="What is the determinant of a matrix whose rows are equal?",
        likelihood=6,
        rewrites=_determinant,
    ),
)
