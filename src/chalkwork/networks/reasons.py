"""The sentence that stands with each equation of a network; `{z1}` and the like are set in the notation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalkwork.networks.activations import Activation
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, SquaredError

if TYPE_CHECKING:
    from chalkwork.networks.equations import Plan

_FUNCTION = {
    "identity": "the net input itself",
    "sigmoid": "the sigmoid 1/(1 + e⁻ᶻ), entry by entry",
    "tanh": "the hyperbolic tangent, entry by entry",
    "relu": "the ReLU, entry by entry: negative net inputs become zero",
    "softplus": "the softplus log(1 + eᶻ), entry by entry",
    "silu": "the SiLU z σ(z), entry by entry",
    "gelu": "the GELU z Φ(z), entry by entry, with Φ the distribution function of the standard normal",
    "softsign": "the softsign z/(1 + |z|), entry by entry",
    "log_softmax": "the logarithm of the softmax",
}
_DERIVATIVE = {
    "sigmoid": "the derivative of the sigmoid, a(1 − a)",
    "tanh": "the derivative of tanh, 1 − a²",
    "softplus": "the derivative of the softplus, σ(z)",
    "silu": "the derivative of the SiLU",
    "gelu": "the derivative of the GELU",
    "elu": "the derivative of the ELU",
    "softsign": "the derivative of the softsign, 1/(1 + |z|)²",
}


def _suffix(step: int) -> str:
    return "" if step == 0 else "_new" if step == 1 else f"_new{step}"


def layer_words(plan: Plan, number: int) -> str:
    """The layer as a person names it."""
    if number == plan.depth:
        return "the output layer"
    return "the hidden layer" if plan.depth == 2 else f"hidden layer {number}"


def net_input(plan: Plan, number: int, step: int) -> str:
    """Why z is what it is."""
    suffix = _suffix(step)
    before = "{x}" if number == 1 else f"{{a{number - 1}{suffix}}}"
    again = " again, with the updated parameters" if step else ""
    text = f"Net input of {layer_words(plan, number)}{again}: the inputs {before} weighted by {{W{number}{suffix}}}"
    if not plan.layers[number - 1].has_bias:
        return text + "."
    place = "" if plan.samples == 1 else f" in every {'column' if plan.convention.samples == 'columns' else 'row'}"
    return f"{text}, plus the bias {{b{number}{suffix}}}{place}."


def activation(plan: Plan, number: int, step: int) -> str:
    """Why a is what it is."""
    chosen = plan.layers[number - 1].activation
    again = " with the updated parameters" if step else ""
    words = _FUNCTION.get(chosen.name) or _function_with_parameters(plan, chosen)
    kind = "Output" if number == plan.depth else f"Activation of {layer_words(plan, number)}"
    return f"{kind}{again}: {words}."


def _function_with_parameters(plan: Plan, chosen: Activation) -> str:
    alpha = dict(chosen.parameters).get("alpha", 0.01 if chosen.name == "leaky_relu" else 1.0)
    if chosen.name == "leaky_relu":
        return f"the leaky ReLU, entry by entry: z where z > 0, else {alpha:g} z"
    if chosen.name == "elu":
        return f"the ELU, entry by entry: z where z > 0, else {alpha:g} (eᶻ − 1)"
    each = "" if plan.samples == 1 else " of each sample"
    return f"the softmax turns the net inputs{each} into probabilities that sum to one"


def loss(plan: Plan, step: int) -> str:
    """What the loss is."""
    chosen = plan.loss
    title = chosen.title[0].upper() + chosen.title[1:]
    again = " with the updated parameters" if step else ""
    over = _over(plan)
    if isinstance(chosen, SquaredError):
        factor = (
            "half the " if chosen.factor * 2 == 1 else "the " if chosen.factor == 1 else f"{chosen.factor} times the "
        )
        return f"{title}{again}: {factor}squared differences between output and target, {over}."
    if isinstance(chosen, CrossEntropy):
        return f"{title}{again} (natural logarithm), {over}."
    return f"{title}{again} (natural logarithm), {over}."


def _over(plan: Plan) -> str:
    chosen = plan.loss
    several_outputs, several_samples = plan.layers[-1].units > 1, plan.samples > 1
    if chosen.reduction == "sum":
        what = [word for word, several in (("outputs", several_outputs), ("samples", several_samples)) if several]
        return f"summed over the {' and '.join(what)}" if what else "for the single output"
    if chosen.reduction == "mean" and chosen.mean_is_over_outputs:
        what = [word for word, several in (("outputs", several_outputs), ("samples", several_samples)) if several]
        return f"averaged over the {' and '.join(what)}" if what else "for the single output"
    outputs = "summed over the outputs" if several_outputs else "for the single output"
    return f"{outputs}, averaged over the samples" if several_samples else outputs


def derivative_words(chosen: Activation) -> str:
    """f' in words, with what holds at a kink."""
    if chosen.name == "relu":
        at_zero = dict(chosen.parameters).get("at_zero", 0.0)
        return f"the derivative of the ReLU: 1 where z > 0, else 0 (at z = 0 we take {at_zero:g})"
    if chosen.name == "leaky_relu":
        alpha = dict(chosen.parameters).get("alpha", 0.01)
        at_zero = dict(chosen.parameters).get("at_zero", alpha)
        return f"the derivative of the leaky ReLU: 1 where z > 0, else {alpha:g} (at z = 0 we take {at_zero:g})"
    return _DERIVATIVE.get(chosen.name, "the derivative of the activation")


def error(plan: Plan, number: int, step: int) -> str:
    """Why delta is what it is."""
    chosen = plan.layers[number - 1].activation
    suffix = _suffix(step)
    if number < plan.depth:
        back = f"{{delta{number + 1}{suffix}}} goes back through the weights {{W{number + 1}{suffix}}}"
        start = f"Error of {layer_words(plan, number)}: {back}"
        if chosen.name == "identity":
            return f"{start}; the activation is the identity, so its derivative is 1."
        if chosen.name in ("softmax", "log_softmax"):
            return f"{start} and through the Jacobian of the {chosen.words}."
        return f"{start} and is multiplied, entry by entry, by {derivative_words(chosen)}."
    if chosen.name == "softmax" and isinstance(plan.loss, CrossEntropy):
        each = "" if plan.samples == 1 else " of each sample"
        return (
            f"Error of the output layer. Softmax under cross-entropy: the targets{each} sum to one, "
            "so the product collapses to output minus target."
        )
    if chosen.name == "sigmoid" and isinstance(plan.loss, BinaryCrossEntropy):
        return (
            "Error of the output layer. Sigmoid under binary cross-entropy: the derivative a(1 − a) cancels the "
            "denominators, which leaves output minus target."
        )
    if chosen.name == "identity":
        return "Error of the output layer: the derivative of the loss by the output, as the output is linear."
    if chosen.name in ("softmax", "log_softmax"):
        return (
            f"Error of the output layer: the derivative of the loss by the output, times the Jacobian of the "
            f"{chosen.words}, in which every output depends on every net input."
        )
    return (
        "Error of the output layer: the derivative of the loss by the output times, entry by entry, "
        f"{derivative_words(chosen)}."
    )


def gradient(plan: Plan, letter: str, number: int, step: int) -> str:
    """Why dW or db is what it is."""
    suffix = _suffix(step)
    delta = f"{{delta{number}{suffix}}}"
    if letter == "b":
        if plan.samples == 1:
            return f"Gradient of the bias: it is added to the net input, so its gradient is {delta} itself."
        return f"Gradient of the bias: every sample adds it, so {delta} is summed over the samples."
    before = "{x}" if number == 1 else f"{{a{number - 1}{suffix}}}"
    summed = "" if plan.samples == 1 else "; the matrix product adds up the samples"
    return f"Gradient of the weights: the error {delta} of the layer times its inputs {before}{summed}."


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
    return (
        "The Jacobian of the softmax: a(1 − a) on the diagonal, minus the product of the two outputs beside it; "
        "it is symmetric."
    )


def long_product(plan: Plan) -> str:
    """delta as the product of the two."""
    return "Error of the output layer, the long way: the derivative of the loss times that of the activation."
