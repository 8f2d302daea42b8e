"""What the page's reader of formulas knows: functions by what they are called, and Greek letters."""

from __future__ import annotations

from typing import Any

from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reading.words import FUNCTIONS, GREEK, VECTORS
from chalkwork.checking.wording import NEAR, NOISE

_WRITTEN = ("add", "subtract", "negative", "multiply", "divide", "power", "matmul", "transpose")
_CALLED = (
    "exp", "log", "sqrt", "abs", "sin", "cos", "maximum", "minimum", "sigmoid", "tanh", "relu", "step", "sign",
    "leaky_relu", "elu", "softplus", "log_sigmoid", "silu", "softmax", "log_softmax", "logsumexp", "sum", "mean", "max",
    "squared_norm", "diag",
)  # fmt: skip
OPERATIONS = (*_WRITTEN, *_CALLED)
"""The operations that occur in formulas that students write."""


def formula_data() -> dict[str, Any]:
    """The functions by their names, with their operation, its parameters, and whether it needs an axis."""
    words = {word: name for word, name in FUNCTIONS.items() if name in OPERATIONS}
    called = {word: [name, TABLE[name].parameters, TABLE[name].needs_axis] for word, name in words.items()}
    return {
        "words": called | {name: [name, {}, False] for name in VECTORS[:2]},
        "greek": GREEK,
        "near": NEAR,
        "noise": NOISE,
    }
