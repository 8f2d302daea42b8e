"""What the courses behind the shipped sheets printed, entry by entry, and what a solution shows of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Values = Mapping[str, Any]


def rows(number: int, row: str) -> str:
    """A matrix of equal rows."""
    return "; ".join([row] * number)


@dataclass(frozen=True)
class Printed:
    """One printed quantity: the task it belongs to, its name, its digits (rows separated by semicolons).

    `of` gives quantities that have no name of their own. `finest` is the absolute precision where a course drops
    trailing zeros, so that its "0.1" and "0" mean more than they show.
    """

    sheet: str
    task: str
    name: str
    digits: str
    of: Callable[[Values], Any] | None = None
    finest: float = np.inf

    def __str__(self) -> str:
        return f"{self.sheet} ({self.task}) {self.name}"


LEAKY = "leaky-relu-softmax-2-3-2"
RELU = "relu-softmax-3-2-2-forward"
GRAPH = "graph-product-of-sums"
CONVOLUTION = "convolution-by-hand"
LATENT = "latent-variables-and-graphs"
SIGMOID = "sigmoid-5-3-2-update-and-query"
TANH = "tanh-4-4-3-3-single-and-batch"
SOFTMAX = "tanh-softmax-4-4-3-3-batch"
GRADIENTS = "sigmoid-2-3-2-gradients"

# The givens as the sheet states them, and the loss before and after.
LEAKY_PRINTED = [
    Printed(LEAKY, "a", "x", "-1; 1"),
    Printed(LEAKY, "a", "y", "1; 0"),
    Printed(LEAKY, "a", "W1", "0.15 -0.25 0.05; 0.2 0.1 -0.15"),
    Printed(LEAKY, "a", "W2", "0.2 0.5; -0.35 0.15; 0.15 -0.2"),
    Printed(LEAKY, "c", "eta", "0.1"),
    Printed(LEAKY, "a", "L", "0.793036"),
    Printed(LEAKY, "c", "L_new", "0.766696"),
]

# The hidden values as printed. The solution that came with the exercise then took the softmax over single products,
# exp(9*6) / (exp(9*6) + exp(0*(-1))); the net inputs of the outputs are (54, 18), and 1 and 0 come out all the same.
RELU_PRINTED = [
    Printed(RELU, "a", "W1", "2 -1; 1 -3; -2 5"),
    Printed(RELU, "a", "W2", "6 2; -1 8"),
    Printed(RELU, "a", "x", "3; 1; -1"),
    Printed(RELU, "a", "products of h1", "6 1 2", lambda s: s["W1"][:, :1].T * s["x"].T),
    Printed(RELU, "a", "products of h2", "-3 -3 -5", lambda s: s["W1"][:, 1:].T * s["x"].T),
    Printed(RELU, "a", "z1", "9; -11"),
    Printed(RELU, "a", "a1", "9; 0"),
    Printed(RELU, "a", "z2", "54; 18"),
    Printed(RELU, "a", "a2", "1; 0"),
    Printed(RELU, "b", "class", "1"),
]

# The student's solution has a wrong line on the way to de/db, which would give 15; its result is right.
GRAPH_PRINTED = [
    Printed(GRAPH, "a", "a", "2"),
    Printed(GRAPH, "a", "b", "1"),
    Printed(GRAPH, "a", "c", "3"),
    Printed(GRAPH, "a", "d", "2"),
    Printed(GRAPH, "b", "dc/da", "1"),
    Printed(GRAPH, "b", "dd/db", "1"),
    Printed(GRAPH, "b", "de/dc", "2"),
    Printed(GRAPH, "b", "de/dd", "3"),
    Printed(GRAPH, "c", "de/da", "2"),
    Printed(GRAPH, "c", "de/db", "5"),
]

# Six significant digits, trailing zeros dropped.
SIX = 0.5e-6
SIGMOID_PRINTED = [
    Printed(SIGMOID, "a", "W1", rows(3, "0.1 0.1 0.1 0.1 0.1"), finest=SIX),
    Printed(SIGMOID, "a", "b1", rows(3, "0"), finest=SIX),
    Printed(SIGMOID, "a", "W2", rows(2, "0.1 0.1 0.1"), finest=SIX),
    Printed(SIGMOID, "a", "b2", rows(2, "0"), finest=SIX),
    Printed(SIGMOID, "a", "x", "1; 1; 0; 0; 0", finest=SIX),
    Printed(SIGMOID, "a", "y", "1; 0", finest=SIX),
    Printed(SIGMOID, "a", "z1", rows(3, "0.2"), finest=SIX),
    Printed(SIGMOID, "a", "a1", rows(3, "0.549834"), finest=SIX),
    Printed(SIGMOID, "a", "z2", rows(2, "0.16495"), finest=SIX),
    Printed(SIGMOID, "a", "a2", rows(2, "0.541144"), finest=SIX),
    Printed(SIGMOID, "a", "delta2", "-0.113937; 0.13437", finest=SIX),
    Printed(SIGMOID, "a", "delta1", rows(3, "0.00050575"), finest=SIX),
    Printed(SIGMOID, "a", "dW2", "-0.0626465 -0.0626465 -0.0626465; 0.0738812 0.0738812 0.0738812", finest=SIX),
    Printed(SIGMOID, "a", "db2", "-0.113937; 0.13437", finest=SIX),
    Printed(SIGMOID, "a", "dW1", rows(3, "0.00050575 0.00050575 0 0 0"), finest=SIX),
    Printed(SIGMOID, "a", "db1", rows(3, "0.00050575"), finest=SIX),
    Printed(SIGMOID, "a", "W2_new", "0.162647 0.162647 0.162647; 0.0261188 0.0261188 0.0261188", finest=SIX),
    Printed(SIGMOID, "a", "b2_new", "0.113937; -0.13437", finest=SIX),
    Printed(SIGMOID, "a", "W1_new", rows(3, "0.0994943 0.0994943 0.1 0.1 0.1"), finest=SIX),
    Printed(SIGMOID, "a", "b1_new", rows(3, "-0.00050575"), finest=SIX),
    Printed(SIGMOID, "b", "x", "1; 0; 0; 0; 1", finest=SIX),
    Printed(SIGMOID, "b", "z1", rows(3, "0.198989"), finest=SIX),
    Printed(SIGMOID, "b", "a1", rows(3, "0.549584"), finest=SIX),
    Printed(SIGMOID, "b", "z2", "0.382101; -0.0913066", finest=SIX),
    Printed(SIGMOID, "b", "a2", "0.59438; 0.477189", finest=SIX),
    Printed(SIGMOID, "b", "class", "1"),
]

# The document prints the batch; the first column is the single sample of task (a), whose update it leaves to others.
TANH_BATCH = {
    "x": "1 0; 0 0; 1 10; 0 0",
    "y": "0 0; 1 0; 0 1",
    "z1": rows(4, "0.3 1.1"),
    "a1": rows(4, "0.291313 0.800499"),
    "z2": rows(3, "0.216525 0.4202"),
    "a2": rows(3, "0.213204 0.397099"),
    "z3": rows(3, "0.163961 0.21913"),
    "a3": rows(3, "0.162507 0.215688"),
    "delta3": "0.158216 0.205654; -0.815376 0.205654; 0.158216 -0.747824",
    "delta2": rows(3, "-0.0476264 -0.0283452"),
    "delta1": rows(4, "-0.0130754 -0.00305449"),
}
TANH_PARAMETERS = {
    "W1": rows(4, "0.1 0.1 0.1 0.1"),
    "b1": rows(4, "0.1"),
    "W3": rows(3, "0.1 0.1 0.1"),
    "b3": rows(3, "0.1"),
}
TANH_UPDATE = {
    "dW3": "0.115397 0.115397 0.115397; -0.092176 -0.092176 -0.092176; -0.263228 -0.263228 -0.263228",
    "db3": "0.36387; -0.609721; -0.589609",
    "dW2": rows(3, "-0.0365645 -0.0365645 -0.0365645 -0.0365645"),
    "db2": rows(3, "-0.0759716"),
    "dW1": rows(4, "-0.0130754 0 -0.0436203 0"),
    "db1": rows(4, "-0.0161299"),
    "W3_new": "0.0884603 0.0884603 0.0884603; 0.109218 0.109218 0.109218; 0.126323 0.126323 0.126323",
    "b3_new": "0.063613; 0.160972; 0.158961",
    "W2_new": rows(3, "0.103656 0.103656 0.103656 0.103656"),
    "b2_new": rows(3, "0.107597"),
    "W1_new": rows(4, "0.101308 0.1 0.104362 0.1"),
    "b1_new": rows(4, "0.101613"),
}


def first_column(digits: str) -> str:
    """What is printed of the first sample."""
    return "; ".join(row.split()[0] for row in digits.split(";"))


TANH_PRINTED = [
    *(Printed(TANH, "a", name, first_column(digits), finest=SIX) for name, digits in TANH_BATCH.items()),
    *(Printed(TANH, "b", name, digits, finest=SIX) for name, digits in TANH_PARAMETERS.items()),
    *(Printed(TANH, "b", name, digits, finest=SIX) for name, digits in TANH_BATCH.items()),
    *(Printed(TANH, "b", name, digits, finest=SIX) for name, digits in TANH_UPDATE.items()),
]

# As far as the last net inputs it is the network above. delta2 and delta1 are printed as zero matrices (with two rows,
# though there are three and four units).
SOFTMAX_PRINTED = [
    *(Printed(SOFTMAX, "a", name, TANH_BATCH[name], finest=SIX) for name in ("x", "y", "z1", "a1", "z2", "a2", "z3")),
    Printed(SOFTMAX, "a", "a3", rows(3, "0.333333 0.333333"), finest=SIX),
    Printed(SOFTMAX, "a", "delta3", "0.333333 0.333333; -0.666667 0.333333; 0.333333 -0.666667", finest=SIX),
    Printed(SOFTMAX, "a", "delta2", rows(3, "0 0"), finest=SIX),
    Printed(SOFTMAX, "a", "delta1", rows(4, "0 0"), finest=SIX),
    Printed(
        SOFTMAX,
        "b",
        "dW3",
        "0.203434 0.203434 0.203434; -0.0097695 -0.0097695 -0.0097695; -0.193665 -0.193665 -0.193665",
        finest=SIX,
    ),
    Printed(SOFTMAX, "b", "db3", "0.666667; -0.333333; -0.333333", finest=SIX),
    Printed(
        SOFTMAX,
        "b",
        "W3_new",
        "0.0796566 0.0796566 0.0796566; 0.100977 0.100977 0.100977; 0.119366 0.119366 0.119366",
        finest=SIX,
    ),
    Printed(SOFTMAX, "b", "b3_new", "0.0333333; 0.133333; 0.133333", finest=SIX),
]

# The figure with W1 and b1 is lost; the sheet's give the net inputs that the printed numbers need. "-0.00" and "0.000"
# are printed for small negative values: a sign in one place and none in the others.
GRADIENTS_PRINTED = [
    Printed(GRADIENTS, "a", "x", "1; 2"),
    Printed(GRADIENTS, "a", "y", "0; 1"),
    Printed(GRADIENTS, "a", "W2", "0.4 0.2 0.2; 0.1 0.3 0.5"),
    Printed(GRADIENTS, "a", "b2", "-0.6; 0.5"),
    Printed(GRADIENTS, "a", "z1", "-0.1; -2.4; 2.2", finest=1e-12),
    Printed(GRADIENTS, "a", "a1", "0.48; 0.08; 0.90"),
    Printed(GRADIENTS, "a", "a2", "0.45; 0.74"),
    Printed(GRADIENTS, "b", "output - target", "0.45; -0.26", lambda s: s["a2"] - s["y"]),
    Printed(CONVOLUTION, "a", "dL/dw", "1; -3; 2"),
    Printed(CONVOLUTION, "a", "dL/dx", "1; -2; 0; 2; -1"),
    Printed(CONVOLUTION, "b", "a2", "5 5; 3 4", lambda s: s["a2"][0]),
    Printed(CONVOLUTION, "c", "dW1", "-10 0; 0 -4", lambda s: s["dW1"][0, 0]),
    Printed(CONVOLUTION, "d", "y", "1 -2 -1; 2 0 0; 0 0 2"),
    Printed(LATENT, "a", "L", "0.4467"),
    Printed(LATENT, "a", "dL/dW", "-0.6178 0.1406 0.7453; 0.0628 0.0418 -0.0249"),
    Printed(LATENT, "b", "K", "0.3889"),
    Printed(LATENT, "b", "dL/dmu", "0.7000; -0.9098"),
    Printed(LATENT, "b", "dL/ds", "0.0600; -0.1615"),
    Printed(LATENT, "c", "S", "0.5000 0.4082 0; 0.4082 0.3333 0.4082; 0 0.4082 0.5000"),
    Printed(LATENT, "c", "dL/dW", "0.4820 0.2041; 0.8847 0.3708"),
    Printed(GRADIENTS, "b", "slope at s2", "0.25; 0.19", lambda s: s["a2"] * (1 - s["a2"])),
    Printed(GRADIENTS, "b", "delta2", "0.11; -0.05"),
    Printed(GRADIENTS, "b", "dW2", "0.05 0.01 0.10; -0.02 -0.00 -0.05"),
    Printed(GRADIENTS, "b", "db2", "0.11; -0.05"),
    Printed(GRADIENTS, "c", "W2 transposed", "0.4 0.1; 0.2 0.3; 0.2 0.5", lambda s: s["W2"].T),
    Printed(GRADIENTS, "c", "slope at s1", "0.25; 0.08; 0.09", lambda s: s["a1"] * (1 - s["a1"])),
    Printed(GRADIENTS, "c", "dW1", "0.010 0.019; 0.001 0.001; 0.000 -0.001"),
    Printed(GRADIENTS, "c", "db1", "0.010; 0.001; 0.000"),
]

PRINTED = [
    *(*LEAKY_PRINTED, *RELU_PRINTED, *GRAPH_PRINTED, *SIGMOID_PRINTED, *TANH_PRINTED),
    *(*SOFTMAX_PRINTED, *GRADIENTS_PRINTED),
]

# What the text of a solution shows, in this order.
SHOWN = {
    LEAKY: ["W⁽¹⁾", "0.793036", "−0.547531", "η = 0.1", "0.766696"],
    RELU: ["2 · 3 + 1 · 1 + (−2) · (−1) = 9", "= −11", "max(0, 9) = 9", "= 54", "= 18", "class 1"],
    GRAPH: ["c = a + b = 2 + 1 = 3", "∂e/∂c = d = 2", "∂e/∂d = c = 3", "2 · 1 = 2", "2 · 1 + 3 · 1 = 5"],
    SIGMOID: ["0.549834", "0.541144", "−0.113937", "0.0738812", "0.0994943", "0.198989", "0.477189", "class 1"],
    TANH: ["0.291313", "−0.815376", "0.800499", "−0.747824", "−0.00305449", "0.104362", "0.107597", "0.0884603"],
    SOFTMAX: ["0.333333", "2.19722", "−0.666667", "0.0796566", "0.0333333"],
    CONVOLUTION: ["2 · 1 + 0 · (−2) + 1 · 1 = 3", "= max(3, 5, 0, 1) = 5", "−10   0", "= −6", "1 · 1 = 1"],
    LATENT: ["0.4467", "−0.6178", "0.3889", "0.6522", "−0.9098", "0.7071", "1.0998", "−0.0357"],
    GRADIENTS: ["0.48", "0.08", "0.90", "0.45", "0.74", "0.10", "−0.02", "0.475", "0.019"],
}  # fmt: skip
