"""The sentence that stands with each equation of a network; `{z1}` and the like are set in the notation."""

from __future__ import annotations

from chalkwork.networks.activations import Activation
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, SquaredError
from chalkwork.networks.plan import Plan, suffix_of

# Z, A and ALPHA stand for the net input, the activation and the slope.
_FUNCTION = {
    "sigmoid": r"the sigmoid, $\sigma(Z) = 1/(1 + e^{-Z})$, entry by entry",
    "tanh": "the hyperbolic tangent, entry by entry",
    "relu": r"the ReLU, $\max(0, Z)$, entry by entry",
    "leaky_relu": "the leaky ReLU, entry by entry: $Z$ where $Z > 0$, else $ALPHA Z$",
    "elu": "the ELU, entry by entry: $Z$ where $Z > 0$, else $ALPHA (e^{Z} - 1)$",
    "softplus": r"the softplus, $\log(1 + e^{Z})$, entry by entry",
    "silu": r"the SiLU, $Z \sigma(Z)$, entry by entry",
    "gelu": r"the GELU, $Z \Phi(Z)$, entry by entry, with $\Phi$ the distribution function of the standard normal",
    "softsign": "the softsign, $Z/(1 + |Z|)$, entry by entry",
    "log_softmax": "the logarithm of the softmax",
}
_DERIVATIVE = {
    "sigmoid": "the derivative of the sigmoid, $A (1 - A)$",
    "tanh": "the derivative of tanh, $1 - A^2$",
    "relu": "the derivative of the ReLU, which is 1 where $Z > 0$, else 0 (at 0 we take AT_ZERO)",
    "leaky_relu": "the derivative of the leaky ReLU, which is 1 where $Z > 0$, else ALPHA (at 0 we take AT_ZERO)",
    "elu": "the derivative of the ELU, which is 1 where $Z > 0$, else $ALPHA e^{Z}$",
    "softplus": r"the derivative of the softplus, $\sigma(Z)$",
    "silu": "the derivative of the SiLU",
    "gelu": "the derivative of the GELU",
    "softsign": "the derivative of the softsign, $1/(1 + |Z|)^2$",
}


def _again(step: int) -> str:
    return " with the updated parameters" if step else ""


def _filled(template: str, chosen: Activation, number: int, step: int) -> str:
    """The template of an activation with the names of its layer and its parameters."""
    alpha = dict(chosen.parameters).get("alpha", 0.01 if chosen.name == "leaky_relu" else 1.0)
    at_zero = dict(chosen.parameters).get("at_zero", alpha if chosen.name == "leaky_relu" else 0.0)
    words = {
        "AT_ZERO": f"{at_zero:g}",
        "ALPHA (": "(" if alpha == 1 else f"{alpha:g} (",
        "ALPHA e": "e" if alpha == 1 else rf"{alpha:g} e",
        "ALPHA Z": rf"{alpha:g} \, Z",
        "ALPHA": f"{alpha:g}",
    }
    for word, value in words.items():
        template = template.replace(word, value)
    suffix = suffix_of(step)
    capitals = {"Z": f"{{z{number}{suffix}}}", "A": f"{{a{number}{suffix}}}"}
    parts = template.split("$")
    for index in range(1, len(parts), 2):
        parts[index] = "".join(capitals.get(sign, sign) for sign in parts[index])
    return "$".join(parts)


def layer_words(plan: Plan, number: int) -> str:
    """The layer as a person names it."""
    if number == plan.depth:
        return "the output layer"
    return "the hidden layer" if plan.depth == 2 else f"hidden layer {number}"


def net_input(plan: Plan, number: int, step: int) -> str:
    """Why z is what it is."""
    suffix = suffix_of(step)
    before = "{x}" if number == 1 else f"{{a{number - 1}{suffix}}}"
    what = f"Net input of {layer_words(plan, number)}{_again(step)}"
    text = f"{what}: the inputs {before} weighted by {{W{number}{suffix}}}"
    if not plan.layers[number - 1].has_bias:
        return text + "."
    place = "" if plan.samples == 1 else f" in every {'column' if plan.convention.samples == 'columns' else 'row'}"
    return f"{text}, plus the bias {{b{number}{suffix}}}{place}."


def activation(plan: Plan, number: int, step: int) -> str:
    """Why a is what it is."""
    chosen = plan.layers[number - 1].activation
    kind = "Output" if number == plan.depth else f"Activation of {layer_words(plan, number)}"
    start = kind + _again(step)
    if chosen.name == "identity":
        return f"{start}: the net input itself."
    if chosen.name == "softmax":
        each = "" if plan.samples == 1 else " of each sample"
        return f"{start} by the softmax, which turns the net inputs{each} into probabilities that sum to one."
    return f"{start} by {_filled(_FUNCTION[chosen.name], chosen, number, step)}."


def loss(plan: Plan, step: int) -> str:
    """What the loss is."""
    title = plan.loss.title[0].upper() + plan.loss.title[1:] + _again(step)
    if not isinstance(plan.loss, SquaredError):
        return f"{title} (natural logarithm), {over(plan)}."
    return f"{title}: {_times_words(plan)}the squared difference between output and target, {over(plan)}."


def loss_words(plan: Plan) -> str:
    """The loss in the introduction, with its factor and what is summed or averaged."""
    if isinstance(plan.loss, SquaredError):
        return f"The loss is {_times_words(plan)}the squared error, {over(plan)}."
    return f"The loss is the {plan.loss.title}, {_times_words(plan)}{over(plan)}."


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


def error(plan: Plan, number: int, step: int) -> str:
    """Why delta is what it is."""
    chosen = plan.layers[number - 1].activation
    slope = _filled(_DERIVATIVE[chosen.name], chosen, number, step) if chosen.name in _DERIVATIVE else ""
    if number == plan.depth:
        return f"Error of the output layer. {_output_error(plan, chosen, slope)}"
    suffix = suffix_of(step)
    back = f"{{delta{number + 1}{suffix}}} goes back through the weights {{W{number + 1}{suffix}}}"
    start = f"Error of {layer_words(plan, number)}: {back}"
    if chosen.name == "identity":
        return f"{start}; the activation is the identity, so its derivative is 1."
    if not slope:
        return f"{start} and through the Jacobian of the {chosen.words}."
    return f"{start} and is multiplied, entry by entry, by {slope}."


def _output_error(plan: Plan, chosen: Activation, slope: str) -> str:
    if chosen.name == "softmax" and isinstance(plan.loss, CrossEntropy):
        each = "" if plan.samples == 1 else " of each sample"
        return (
            f"Softmax under cross-entropy: the targets{each} sum to one, "
            "so the product collapses to output minus target."
        )
    if chosen.name == "sigmoid" and isinstance(plan.loss, BinaryCrossEntropy):
        return (
            "Sigmoid under binary cross-entropy: the derivative of the sigmoid cancels the denominators, "
            "which leaves output minus target."
        )
    if chosen.name == "identity":
        return "The output is linear, so it is the derivative of the loss by the output."
    if not slope:
        return (
            f"The derivative of the loss by the output goes through the Jacobian of the {chosen.words}, "
            "in which every output depends on every net input."
        )
    return f"The derivative of the loss by the output is multiplied, entry by entry, by {slope}."


def gradient(plan: Plan, letter: str, number: int, step: int) -> str:
    """Why dW or db is what it is."""
    suffix = suffix_of(step)
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
    output = f"{{a{plan.depth}}}"
    return (
        f"The Jacobian of the softmax: the outputs {output} on the diagonal, minus the product of every pair of "
        "outputs; it is symmetric."
    )


def long_product(plan: Plan) -> str:
    """delta as the product of the two."""
    return "Error of the output layer, the long way: the derivative of the loss times that of the activation."
