"""The equations of a feed-forward network: forward, backward, update, and forward again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from chalkwork.algebra.expression import Expression, Name, Number, Share, apply, names_in, transform
from chalkwork.algebra.expression import replace as replaced
from chalkwork.algebra.simplify import simplify
from chalkwork.algebra.times import over_steps
from chalkwork.derivation.chain import Paths
from chalkwork.derivation.derivation import Chain, Derivation, Derivative, Equation, Stage, suffix_of
from chalkwork.derivation.differentiate import Adjoints
from chalkwork.networks import reasons
from chalkwork.networks.gather import gathered
from chalkwork.networks.layers.base import NamedAdjoint
from chalkwork.networks.losses import CrossEntropy, penalties
from chalkwork.networks.optimisers import Optimiser
from chalkwork.networks.plan import Plan, Spot
from chalkwork.networks.updates import GRADIENT_DESCENT, optimiser_givens, update


@lru_cache(maxsize=64)
def derive(
    plan: Plan,
    *,
    target: bool,
    updates: int = 0,
    predict: bool = False,
    long_way: bool = False,
    optimiser: Optimiser = GRADIENT_DESCENT,
) -> Derivation:
    """The whole derivation: as far as the forward pass without a target, the gradients without an update.

    >>> from chalkwork.networks.activations import Activation
    >>> from chalkwork.networks.convention import Convention
    >>> from chalkwork.networks.losses import BinaryCrossEntropy
    >>> from chalkwork.networks.layers.base import LayerPlan
    >>> from chalkwork.networks.layers.dense import DENSE
    >>> plan = Plan((LayerPlan(2, 1, Activation("sigmoid"), False, DENSE),), BinaryCrossEntropy(), Convention())
    >>> for equation in derive(plan, target=True, updates=1).equations:
    ...     print(equation)
    z1 = x @ W1
    a1 = sigmoid(z1)
    L = -sum(xlogy(y, a1) + xlogy(1 - y, 1 - a1))
    delta1 = a1 - y
    dW1 = x.T @ delta1
    W1_new = W1 - eta * dW1
    z1_new = x @ W1_new
    a1_new = sigmoid(z1_new)
    L_new = -sum(xlogy(y, a1_new) + xlogy(1 - y, 1 - a1_new))
    """
    current = forward(plan, 0, target)
    equations = [*current, *(prediction(plan, 0) if predict else ())]
    if target and plan.jumping is None:
        for step in range(max(1, updates)):
            equations += backward(plan, step, current, long_way)
            if updates:
                equations += update(plan, step, optimiser) + state_updates(plan, step)
                current = forward(plan, step + 1, target)
                equations += current
    added = optimiser_givens(plan, optimiser) if updates else []
    return Derivation((*_givens(plan, target, updates > 0), *added), tuple(equations))


def _givens(plan: Plan, target: bool, updated: bool) -> list[Name]:
    """Data, parameters, running state where it is read, masks, and numbers that stand as letters."""
    data = [plan.x, *([plan.y] if target else []), *([plan.w] if target and plan.weighted else [])]
    state = plan.state() if updated or not plan.training else []
    return [*data, *plan.parameters(), *state, *plan.masks, *plan.constants(target)]


def forward(plan: Plan, step: int, target: bool) -> list[Equation]:
    """z1, a1, ..., and the loss; after `step` updates."""
    equations: list[Equation] = []
    outputs: list[Expression] = [plan.x]
    for number, layer in enumerate(plan.layers, 1):
        at = Spot(plan, number, step)
        equations += layer.kind.forward(at, *(outputs[source] for source in at.sources))
        outputs.append(equations[-1].symbol)
    if target:
        loss = plan.loss.expression(outputs[-1], plan.y, plan.samples, plan.w if plan.weighted else None)
        general = in_samples(plan, loss)
        for term in penalties(plan.weights(suffix_of(step)), plan.penalties):
            loss, general = loss + term, None if general is None else general + term
        stage, reason = equations[-1].stage, reasons.loss(plan, step)
        equations.append(Equation(f"L{suffix_of(step)}", loss, stage, reason, general=general))
    return equations


def in_samples(plan: Plan, expression: Expression) -> Expression | None:
    """The expression with 1/m for one over the number of samples, where the loss is a mean over these."""
    if plan.samples < 2 or plan.loss.count(plan.samples, plan.layers[-1].units) != plan.samples:
        return None

    def rule(node: Expression) -> Expression | None:
        if not isinstance(node, Number) or not isinstance(node.value, Fraction):
            return None
        known = abs(node.value * plan.samples) in (plan.loss.factor, 2 * plan.loss.factor)
        return Share(node.value, plan.samples, "m") if known else None

    found = transform(expression, rule)
    return None if found == expression else found


def state_updates(plan: Plan, step: int) -> list[Equation]:
    """The running statistics after one more batch; none in inference."""
    if not plan.training:
        return []
    spots = [Spot(plan, number, step) for number in range(1, plan.depth + 1)]
    return [equation for at in spots for equation in at.layer.kind.state_updates(at)]


def prediction(plan: Plan, step: int) -> list[Equation]:
    """The predicted class, where the network classifies.

    Equal outputs give no class: 0 among several units, one half for a single one.
    """
    last = plan.layers[-1]
    if last.activation.name not in ("softmax", "log_softmax", "sigmoid", "tanh") or last.positions:
        return []
    suffix = suffix_of(step)
    output = plan.of_output("a", suffix)
    if last.units > 1:
        axis = None if plan.samples == 1 else plan.convention.unit_axis
        chosen: Expression = apply("argmax", output, axis=axis, tie=0)
    else:
        above = output - 0.5 if last.activation.name == "sigmoid" else output
        chosen = apply("step", above, at_zero=0.5)
    stage = Stage.FORWARD if step == 0 else Stage.REEVALUATION
    return [Equation(f"class{suffix}", chosen, stage, reasons.prediction(plan))]


def backward(plan: Plan, step: int, equations: Sequence[Equation], long_way: bool = False) -> list[Equation]:
    """delta and gradients, from the last layer to the first."""
    suffix = suffix_of(step)
    output, last = f"L{suffix}", f"z{plan.depth}{suffix}"
    spots = [Spot(plan, number, step) for number in range(plan.depth, 0, -1)]
    shown = [adjoint for at in spots for adjoint in at.layer.kind.adjoints(at)]
    long_way = long_way and any(adjoint.by == last for adjoint in shown)
    parameters = {name.name for name in plan.parameters(suffix)}
    named = {adjoint.by: adjoint.name for adjoint in shown}
    if long_way:
        named[f"a{plan.depth}{suffix}"] = f"da{plan.depth}{suffix}"
    cut = _held_apart(equations, spots)
    adjoints = Adjoints(cut, output, named, plan.facts)
    found = {equation.name: _put_back(equation) for equation in adjoints.equations()}
    stops = [adjoint.by for adjoint in shown if adjoint.by not in parameters]
    paths = Paths(cut)
    ordered: list[Equation] = []
    for adjoint in shown:
        path = paths.chain(output, adjoint.by, stops)
        if adjoint.name not in found:  # no error comes back to it
            found[adjoint.name] = _nothing(equations, adjoint, output)
        value = gathered(found[adjoint.name].expression)
        equation = replace(found[adjoint.name], expression=value, chain=path, reason=adjoint.reason)
        over = over_steps(value)
        if over is not None:
            equation = replace(equation, chain=(), steps=(over,))
        if adjoint.by != last:
            ordered.append(equation)
        elif long_way:
            ordered += _through_jacobian(plan, suffix, found, path)
        else:
            steps = _justified(plan, suffix, adjoints.found[f"a{plan.depth}{suffix}"])
            error = _collapsed(plan, step, equation.expression)
            steps = tuple(in_samples(plan, form) or form for form in steps)
            ordered.append(replace(equation, expression=error, steps=steps, general=in_samples(plan, error)))
    return ordered


_HELD = "_held"


def _held_apart(equations: Sequence[Equation], spots: Sequence[Spot]) -> list[Equation]:
    """The equations, with other names for what no error goes back to from them."""
    held = {name: names for at in spots for name, names in at.layer.kind.held(at).items()}
    return [
        replace(one, expression=replaced(one.expression, {
            name: Name(f"{name.name}{_HELD}", name.shape)
            for name in names_in(one.expression) if name.name in held[one.name]
        })) if one.name in held else one
        for one in equations
    ]  # fmt: skip


def _put_back(equation: Equation) -> Equation:
    """The equation with the usual names again."""
    other: dict[Expression, Expression] = {
        name: Name(name.name.removesuffix(_HELD), name.shape)
        for name in names_in(equation.expression)
        if name.name.endswith(_HELD)
    }
    return replace(equation, expression=replaced(equation.expression, other)) if other else equation


def _nothing(equations: Sequence[Equation], adjoint: NamedAdjoint, output: str) -> Equation:
    """A derivative that is zero, since nothing leads from its name to the loss."""
    shape = next(one.expression.shape for one in equations if one.name == adjoint.by)
    zero = apply("broadcast", Number(0), shape=shape)
    return Equation(adjoint.name, zero, Stage.BACKWARD, derivative=Derivative(output, adjoint.by))


def _collapsed(plan: Plan, step: int, error: Expression) -> Expression:
    """The error of an output that matches its loss: under weights, the one without them times the weight."""
    if not (plan.weighted and plan.matched):
        return error
    bare = replace(plan, weighted=False)
    output = f"L{suffix_of(step)}"
    last = f"z{plan.depth}{suffix_of(step)}"
    without = Adjoints(forward(bare, step, True), output, {}, plan.facts).found[last]
    return simplify(plan.w * without)


def _justified(plan: Plan, suffix: str, by_output: Expression) -> tuple[Expression, ...]:
    """The forms between the chain rule and a - y, given dL/da: the product as it is, and before the targets' sum."""
    if not plan.matched:
        return ()
    last = plan.layers[-1]
    output = plan.of_output("a", suffix)
    if last.activation.name == "sigmoid":
        return (by_output * (output * (1 - output)),)
    product = output * (by_output - apply("sum", by_output * output, axis=plan.convention.unit_axis))
    return product, simplify(product)


def _through_jacobian(plan: Plan, suffix: str, found: dict[str, Equation], path: Chain) -> list[Equation]:
    """The error of the output layer the long way: dL/da, the Jacobian da/dz, and their product."""
    number = plan.depth
    output = plan.of_output("a", suffix)
    outer = replace(found[f"da{number}{suffix}"], reason=reasons.loss_derivative(plan))
    derivative = Derivative(f"L{suffix}", f"z{number}{suffix}")
    if (
        plan.layers[-1].activation.name != "softmax"
        or len(output.shape) > 2
        or output.shape[plan.convention.sample_axis] > 1
    ):
        equation = found[f"delta{number}{suffix}"]
        return [outer, replace(equation, chain=path, reason=reasons.long_product(plan))]
    columns = plan.convention.samples == "columns"
    outer_product = output @ output.T if columns else output.T @ output
    jacobian = Equation(
        f"J{number}{suffix}",
        apply("diag", output) - outer_product,
        Stage.BACKWARD,
        reasons.jacobian(plan),
        derivative=Derivative(f"a{number}{suffix}", f"z{number}{suffix}"),
    )
    product = jacobian.symbol @ outer.symbol if columns else outer.symbol @ jacobian.symbol
    error = Equation(
        f"delta{number}{suffix}",
        product,
        Stage.BACKWARD,
        reasons.long_product(plan),
        derivative=derivative,
        chain=path,
    )
    return [outer, jacobian, error]


def without_overflow(plan: Plan, loss: Equation) -> Equation:
    """The loss with the logarithm of the output taken of the net input at once: equal, and finite where a is 0.

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 6.2.2.2.

    >>> from chalkwork import Dense
    >>> from chalkwork.networks.network import NeuralNetwork
    >>> plan = NeuralNetwork([Dense(1, "sigmoid", inputs=2)], "binary_cross_entropy").plan()
    >>> print(without_overflow(plan, forward(plan, 0, True)[-1]))
    L = -sum(y * z1 - softplus(z1))
    """
    if not plan.matched:
        return loss
    net, output = plan.of_output("z"), plan.of_output("a")
    if isinstance(plan.loss, CrossEntropy):
        aim = plan.loss.aim(plan.y, plan.layers[-1].units)
        straight: dict[Expression, Expression] = {
            apply("xlogy", aim, output): aim * apply("log_softmax", net, axis=plan.convention.unit_axis)
        }
    else:
        both = apply("xlogy", plan.y, output) + apply("xlogy", 1 - plan.y, 1 - output)
        straight = {both: plan.y * net - apply("softplus", net)}
    return replace(loss, expression=replaced(loss.expression, straight))
