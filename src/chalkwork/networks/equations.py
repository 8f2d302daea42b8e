"""The equations of a feed-forward network: forward, backward, update, and forward again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.algebra.simplify import simplify
from chalkwork.derivation.chain import chain
from chalkwork.derivation.derivation import Chain, Derivation, Derivative, Equation, Stage
from chalkwork.derivation.differentiate import Adjoints
from chalkwork.networks import reasons
from chalkwork.networks.plan import Plan, suffix_of
from chalkwork.networks.updates import update


@lru_cache(maxsize=64)
def derive(plan: Plan, *, target: bool, updates: int = 0, predict: bool = False, long_way: bool = False) -> Derivation:
    """The whole derivation: as far as the forward pass without a target, the gradients without an update.

    >>> from chalkwork.networks.activations import Activation
    >>> from chalkwork.networks.convention import Convention
    >>> from chalkwork.networks.losses import BinaryCrossEntropy
    >>> from chalkwork.networks.plan import LayerPlan
    >>> plan = Plan((LayerPlan(2, 1, Activation("sigmoid"), False),), BinaryCrossEntropy(), Convention())
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
    givens = [plan.x, *([plan.y] if target else []), *plan.parameters(), *([Name("eta")] if updates else [])]
    equations = forward(plan, 0, target)
    if predict:
        equations += prediction(plan, 0)
    if target:
        for step in range(max(1, updates)):
            current = forward(plan, step, target)
            equations += backward(plan, step, current, long_way)
            if updates:
                equations += update(plan, step)
                equations += forward(plan, step + 1, target)
    return Derivation(tuple(givens), tuple(equations))


def forward(plan: Plan, step: int, target: bool) -> list[Equation]:
    """z1, a1, ..., and the loss; after `step` updates."""
    suffix = suffix_of(step)
    stage = Stage.FORWARD if step == 0 else Stage.REEVALUATION
    names = {name.name: name for name in plan.parameters(suffix)}
    equations: list[Equation] = []
    inputs: Expression = plan.x
    for number, layer in enumerate(plan.layers, 1):
        net = plan.convention.weighted(inputs, names[f"W{number}{suffix}"])
        if layer.has_bias:
            net = net + names[f"b{number}{suffix}"]
        equations.append(Equation(f"z{number}{suffix}", net, stage, reasons.net_input(plan, number, step)))
        output = layer.activation.expression(equations[-1].symbol, plan.convention.unit_axis)
        reason = reasons.activation(plan, number, step)
        equations.append(Equation(f"a{number}{suffix}", output, stage, reason))
        inputs = equations[-1].symbol
    if target:
        loss = plan.loss.expression(inputs, plan.y, plan.samples)
        equations.append(Equation(f"L{suffix}", loss, stage, reasons.loss(plan, step)))
    return equations


def prediction(plan: Plan, step: int) -> list[Equation]:
    """The predicted class, where the network classifies."""
    last = plan.layers[-1]
    if last.activation.name not in ("softmax", "log_softmax", "sigmoid", "tanh"):
        return []
    suffix = suffix_of(step)
    output = plan.data(f"a{plan.depth}{suffix}", last.units)
    if last.units > 1:
        axis = None if plan.samples == 1 else plan.convention.unit_axis
        chosen: Expression = apply("argmax", output, axis=axis)
    else:
        chosen = apply("step", output - 0.5) if last.activation.name == "sigmoid" else apply("step", output)
    stage = Stage.FORWARD if step == 0 else Stage.REEVALUATION
    return [Equation(f"class{suffix}", chosen, stage, reasons.prediction(plan))]


def backward(plan: Plan, step: int, equations: Sequence[Equation], long_way: bool = False) -> list[Equation]:
    """delta and gradients, from the last layer to the first."""
    suffix = suffix_of(step)
    output = f"L{suffix}"
    named = {f"z{number}{suffix}": f"delta{number}{suffix}" for number in range(1, plan.depth + 1)}
    named |= {name.name: f"d{name.name}" for name in plan.parameters(suffix)}
    if long_way:
        named[f"a{plan.depth}{suffix}"] = f"da{plan.depth}{suffix}"
    adjoints = Adjoints(equations, output, named, plan.facts)
    found = {equation.name: equation for equation in adjoints.equations()}
    justified = _justified(plan, suffix, adjoints.found[f"a{plan.depth}{suffix}"])
    stops = [f"z{number}{suffix}" for number in range(1, plan.depth + 1)]
    ordered: list[Equation] = []
    for number in range(plan.depth, 0, -1):
        if number == plan.depth and long_way:
            ordered += _through_jacobian(plan, suffix, found, chain(equations, output, stops[-1]))
        else:
            steps = justified if number == plan.depth else ()
            ordered.append(_error(plan, number, step, found, equations, stops, steps))
        for letter in "Wb":
            gradient = found.get(f"d{letter}{number}{suffix}")
            if gradient is not None:
                assert gradient.derivative is not None
                ordered.append(
                    replace(
                        gradient,
                        chain=chain(equations, output, gradient.derivative.by, stops),
                        reason=reasons.gradient(plan, letter, number, step),
                    )
                )
    return ordered


def _error(
    plan: Plan,
    number: int,
    step: int,
    found: dict[str, Equation],
    equations: Sequence[Equation],
    stops: list[str],
    steps: tuple[Expression, ...],
) -> Equation:
    suffix = suffix_of(step)
    return replace(
        found[f"delta{number}{suffix}"],
        chain=chain(equations, f"L{suffix}", f"z{number}{suffix}", stops),
        reason=reasons.error(plan, number, step),
        steps=steps,
    )


def _justified(plan: Plan, suffix: str, by_output: Expression) -> tuple[Expression, ...]:
    """The forms between the chain rule and a - y, given dL/da: the product as it is, and before the targets' sum."""
    if not plan.matched:
        return ()
    last = plan.layers[-1]
    output = plan.data(f"a{plan.depth}{suffix}", last.units)
    if last.activation.name == "sigmoid":
        return (by_output * (output * (1 - output)),)
    product = output * (by_output - apply("sum", by_output * output, axis=plan.convention.unit_axis))
    return product, simplify(product)


def _through_jacobian(plan: Plan, suffix: str, found: dict[str, Equation], path: Chain) -> list[Equation]:
    """The error of the output layer the long way: dL/da, the Jacobian da/dz, and their product."""
    number = plan.depth
    output = plan.data(f"a{number}{suffix}", plan.layers[-1].units)
    outer = replace(found[f"da{number}{suffix}"], reason=reasons.loss_derivative(plan))
    derivative = Derivative(f"L{suffix}", f"z{number}{suffix}")
    if plan.layers[-1].activation.name != "softmax" or plan.samples > 1:
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
