"""The sentence that stands with each equation of a network; `{z1}` and the like are set in the notation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalkwork.networks.activations import Activation
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, SquaredError
from chalkwork.networks.spot import Spot

if TYPE_CHECKING:
    from chalkwork.networks.plan import Plan


def _filled(text: str, at: Spot) -> str:
    """A text of an activation's entry with the names of its layer and its parameters."""
    return at.layer.activation.filled(text, {"x": f"{{{at.name('z')}}}", "y": f"{{{at.name('a')}}}"})


def layer_words(at: Spot) -> str:
    """The layer as a person names it."""
    if at.is_last:
        return "the output layer"
    if at.plan.has_modes:
        return f"layer {at.number}"
    return "the hidden layer" if at.plan.depth == 2 else f"hidden layer {at.number}"


def net_input(at: Spot) -> str:
    """Why z is what it is."""
    what = f"Net input of {layer_words(at)}{at.again}"
    text = f"{what}: the inputs {{{at.below}}} weighted by {{{at.name('W')}}}"
    if not at.layer.has_bias:
        return text + "."
    columns = at.plan.convention.samples == "columns"
    place = "" if not at.over else f" in every {'column' if columns else 'row'}"
    return f"{text}, plus the bias {{{at.name('b')}}}{place}."


def activation(at: Spot) -> str:
    """Why a is what it is."""
    chosen = at.layer.activation
    kind = "Output" if at.is_last else f"Activation of {layer_words(at)}"
    start = kind + at.again
    if chosen.name == "identity":
        return f"{start}: the net input itself."
    if chosen.name == "softmax":
        each = "" if not at.over else f" of each {' and '.join(one[:-1] for one in at.over.split(' and '))}"
        return f"{start} by the softmax, which turns the net inputs{each} into probabilities that sum to one."
    return f"{start} by {_filled(chosen.unit.function_words, at)}."


def loss(plan: Plan, step: int) -> str:
    """What the loss is."""
    title = plan.loss.title[0].upper() + plan.loss.title[1:] + (" with the updated parameters" if step else "")
    more = _weighted(plan) + _penalty(plan, step)
    if not isinstance(plan.loss, SquaredError):
        return f"{title} (natural logarithm), {over(plan)}{more}."
    return f"{title}: {_times_words(plan)}the squared difference between output and target, {over(plan)}{more}."


def _weighted(plan: Plan) -> str:
    return ", every sample times its weight {w}" if plan.weighted else ""


def _penalty(plan: Plan, step: int) -> str:
    """What is added for large weights, the first time with what it leaves out."""
    absolute = "{lambda1} times the sum of the absolute weights"
    squares = "half of {lambda2} times the sum of the squared weights"
    parts = [text for name, text in (("lambda1", absolute), ("lambda2", squares)) if name in plan.penalties]
    if not parts:
        return ""
    at_zero = " (the derivative of $|w|$ at 0 is taken as 0)" if "lambda1" in plan.penalties and not step else ""
    return f", plus {' and '.join(parts)}{at_zero}{'' if step else '; only the weight matrices are penalised'}"


def loss_words(plan: Plan) -> str:
    """The loss in the introduction, with its factor and what is summed or averaged."""
    more = _weighted(plan) + _penalty(plan, 1)
    if isinstance(plan.loss, SquaredError):
        return f"The loss is {_times_words(plan)}the squared error, {over(plan)}{more}."
    return f"The loss is the {plan.loss.title}, {_times_words(plan)}{over(plan)}{more}."


def _times_words(plan: Plan) -> str:
    factor = plan.loss.factor
    return "half " if factor * 2 == 1 else "" if factor == 1 else f"{factor} times "


def over(plan: Plan) -> str:
    """What is summed and what is averaged."""
    chosen = plan.loss
    outputs = ["outputs"] if plan.layers[-1].units > 1 else []
    samples = ["samples"] if plan.samples > 1 else []
    if chosen.reduction == "sum":
        parts = [("summed", outputs + samples)]
    elif chosen.reduction == "mean" and chosen.mean_is_over_outputs:
        parts = [("averaged", outputs + samples)]
    else:
        parts = [("summed", outputs), ("averaged", samples)]
    said = [f"{verb} over the {' and '.join(what)}" for verb, what in parts if what]
    return ", ".join(said) if said else "for the single output"


def error(at: Spot) -> str:
    """Why delta is what it is."""
    chosen = at.layer.activation
    slope = "" if chosen.per_sample else _filled(chosen.unit.slope_words, at)
    if at.is_last:
        return f"Error of the output layer. {_output_error(at.plan, chosen, slope)}"
    start = f"Error of {layer_words(at)}: {at.way_back}"
    if chosen.name == "identity":
        return f"{start}; the activation is the identity, so its derivative is 1."
    if not slope:
        return f"{start} and through the Jacobian of the {chosen.words}."
    return f"{start} and is multiplied, entry by entry, by {slope}."


def _output_error(plan: Plan, chosen: Activation, slope: str) -> str:
    weighted = ", times the weight {w} of the sample" if plan.weighted else ""
    if chosen.name == "softmax" and isinstance(plan.loss, CrossEntropy):
        each = "" if plan.samples == 1 else " of each sample"
        return (
            f"Softmax under cross-entropy: the targets{each} sum to one, "
            f"so the product collapses to output minus target{weighted}."
        )
    if chosen.name == "sigmoid" and isinstance(plan.loss, BinaryCrossEntropy):
        return (
            "Sigmoid under binary cross-entropy: the derivative of the sigmoid cancels the denominators, "
            f"which leaves output minus target{weighted}."
        )
    if chosen.name == "identity":
        return "The output is linear, so it is the derivative of the loss by the output."
    if not slope:
        return (
            f"The derivative of the loss by the output goes through the Jacobian of the {chosen.words}, "
            "in which every output depends on every net input."
        )
    return f"The derivative of the loss by the output is multiplied, entry by entry, by {slope}."


def weight_gradient(at: Spot, error: str = "") -> str:
    """Why dW is what it is, from the error of what the weights gave, that of the net input if nothing is said."""
    delta = f"{{{error or at.name('delta')}}}"
    summed = "" if not at.over else f"; the matrix product adds up the {at.over.replace(' and samples', '')}"
    summed += ", and the samples are summed" if at.layer.positions and at.plan.samples > 1 else ""
    text = f"Gradient of the weights: the error {delta} of the layer times its inputs {{{at.below}}}{summed}"
    if not at.plan.penalties:
        return text + "."
    signs = {"lambda1": "{lambda1} times the signs of the weights", "lambda2": "{lambda2} times the weights"}
    return f"{text}; the penalty adds {' and '.join(signs[name] for name in at.plan.penalties)}."


def bias_gradient(at: Spot) -> str:
    """Why db is what it is."""
    delta = f"{{{at.name('delta')}}}"
    if not at.over:
        return f"Gradient of the bias: it is added to the net input, so its gradient is {delta} itself."
    return f"Gradient of the bias: every {at.over.split()[0][:-1]} adds it, so {delta} is summed over the {at.over}."


def updated() -> str:
    """Why a parameter changes so."""
    return "Gradient descent: every parameter moves against its gradient, by {eta} times its size."


def prediction(plan: Plan) -> str:
    """How the class is read off."""
    if plan.layers[-1].units > 1:
        return "Predicted class: the unit with the largest output, counted from 1."
    if plan.layers[-1].activation.name == "sigmoid":
        return "Predicted class: 1 where the output exceeds one half, else 0."
    return "Predicted class: 1 where the output is positive, else 0."


def loss_derivative(plan: Plan) -> str:
    """dL/da."""
    return f"The derivative of the {plan.loss.title} by the outputs, entry by entry."


def jacobian(plan: Plan) -> str:
    """The Jacobian of the softmax."""
    output = f"{{a{plan.depth}}}"
    return (
        f"The Jacobian of the softmax: the outputs {output} on the diagonal, minus the product of every pair of "
        "outputs; it is symmetric."
    )


def long_product(plan: Plan) -> str:
    """delta as the product of the two."""
    return "Error of the output layer, the long way: the derivative of the loss times that of the activation."
