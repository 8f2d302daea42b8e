"""Programs in plain NumPy that make one mistake each, with samples as rows and weights inputs x units."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from numpy_programs import FUNCTIONS, SLOPES, SMOOTH, Program, Wrong, back, softmax

from chalkwork.networks.activations import Activation
from chalkwork.networks.convention import Convention
from chalkwork.networks.layers.base import LayerPlan
from chalkwork.networks.layers.dense import DENSE
from chalkwork.networks.losses import loss_of
from chalkwork.networks.plan import Plan

CONVENTIONS = list(product(("columns", "rows"), ("out_in", "in_out")))
# hidden activation, output activation, loss, sizes
NETWORKS = [
    ("tanh", "softmax", "cross_entropy", (2, 3, 2)),
    ("leaky_relu(0.1)", "softmax", "squared_error", (2, 3, 2)),
    ("sigmoid", "sigmoid", "binary_cross_entropy", (3, 3, 3)),
    ("relu", "tanh", "mean_squared_error", (2, 4, 2)),
    ("elu", "softsign", "mean_squared_error", (3, 3, 3)),
    ("gelu", "sigmoid", "squared_error", (2, 3, 1)),
    ("silu", "softplus", "cross_entropy", (3, 2, 3)),
    ("softplus", "identity", "squared_error", (1, 3, 2)),
    ("softmax", "leaky_relu", "squared_error", (2, 3, 2)),
]


def derivative_dropped(p: Program) -> Wrong:
    yield "delta1", p.up1
    if p.output != "identity":
        yield "delta2", p.up2


def derivative_at_activation(p: Program) -> Wrong:
    if p.hidden in SMOOTH:
        yield "delta1", p.up1 * SLOPES[p.hidden](p.a1)
    if p.output in SMOOTH:
        yield "delta2", p.up2 * SLOPES[p.output](p.a2)


def derivative_with_net_input(p: Program) -> Wrong:
    if p.hidden == "sigmoid":
        yield "delta1", p.up1 * p.z1 * (1 - p.z1)
    if p.hidden == "tanh":
        yield "delta1", p.up1 * (1 - p.z1**2)


def derivative_twice(p: Program) -> Wrong:
    if p.hidden != "relu":
        yield "delta1", back(p.hidden, p.z1, p.delta1)
    if p.output != "identity":
        yield "delta2", back(p.output, p.z2, p.delta2)


def wrong_derivative(p: Program) -> Wrong:
    for other, slope in SLOPES.items():
        if other in ("identity", "leaky_relu(0.1)"):
            continue
        if other != p.hidden and not (p.hidden.startswith("leaky") and "relu" in other):
            yield "delta1", p.up1 * slope(p.z1)
        if other != p.output and not (p.output.startswith("leaky") and "relu" in other):
            yield "delta2", p.up2 * slope(p.z2)
    if p.hidden != "sigmoid":
        yield "delta1", p.up1 * p.a1 * (1 - p.a1)
    if p.hidden != "tanh":
        yield "delta1", p.up1 * (1 - p.a1**2)


def leaky_slope_forgotten(p: Program) -> Wrong:
    if p.hidden.startswith("leaky"):
        yield "a1", np.maximum(p.z1, 0)
        yield "delta1", p.up1 * (p.z1 > 0)
    if p.output.startswith("leaky"):
        yield "delta2", p.up2 * (p.z2 > 0)


def weights_transposed(p: Program) -> Wrong:
    if p.square:
        yield "z1", p.x @ p.W[0].T + p.b[0]
        yield "z2", p.a1 @ p.W[1].T + p.b[1]
        yield "delta1", back(p.hidden, p.z1, p.delta2 @ p.W[1])


def outer_product_transposed(p: Program) -> Wrong:
    yield "dW1", (p.x.T @ p.delta1).T
    yield "dW2", (p.a1.T @ p.delta2).T


def error_sign(p: Program) -> Wrong:
    yield "delta2", -p.delta2
    yield "delta1", -p.delta1


def ascent(p: Program) -> Wrong:
    for k in (0, 1):
        yield f"W{k + 1}_new", p.W[k] + p.eta * p.dW[k]
        yield f"b{k + 1}_new", p.b[k] + p.eta * p.db[k]


def not_updated(p: Program) -> Wrong:
    for k in (0, 1):
        yield f"W{k + 1}_new", p.W[k]
        yield f"b{k + 1}_new", p.b[k]


def learning_rate_omitted(p: Program) -> Wrong:
    for k in (0, 1):
        yield f"W{k + 1}_new", p.W[k] - p.dW[k]
        yield f"b{k + 1}_new", p.b[k] - p.db[k]


def learning_rate_squared(p: Program) -> Wrong:
    for k in (0, 1):
        yield f"W{k + 1}_new", p.W[k] - p.eta * p.eta * p.dW[k]


def factor_half(p: Program) -> Wrong:
    yield "L", p.L / 2
    yield "delta2", p.delta2 / 2
    yield "dW1", p.dW[0] / 2


def factor_two(p: Program) -> Wrong:
    yield "L", p.L * 2
    yield "delta2", p.delta2 * 2
    yield "db2", p.db[1] * 2


def mean_for_sum(p: Program) -> Wrong:
    if p.N > 1:
        yield "dW1", p.dW[0] / p.N
        yield "db2", p.delta2.mean(0)
    if p.loss == "squared_error" and p.N * p.K > 1:
        yield "L", 0.5 * ((p.a2 - p.y) ** 2).mean()
        yield "delta2", p.delta2 / (p.N * p.K)


def sum_for_mean(p: Program) -> Wrong:
    if p.loss == "squared_error" or p.N == 1:
        return
    yield "L", p.each(p.a2).sum()
    yield "dW2", p.dW[1] * p.N
    yield "db1", p.db[0] * p.N
    if p.loss == "mean_squared_error":
        yield "L", ((p.a2 - p.y) ** 2).sum() / p.N
        yield "L", ((p.a2 - p.y) ** 2).sum() / p.K
        yield "delta2", back(p.output, p.z2, 2 * (p.a2 - p.y))
    else:
        yield "delta2", p.delta2 * p.N


def first_sample_only(p: Program) -> Wrong:
    if p.N > 1:
        yield "L", p.scale * p.each(p.a2)[0].sum()
        yield "dW1", np.outer(p.x[0], p.delta1[0])
        yield "dW2", np.outer(p.a1[0], p.delta2[0])
        yield "db1", p.delta1[0]
        if p.loss != "squared_error":
            yield "L", p.each(p.a2)[0].sum() * p.scale * p.N
            yield "dW2", np.outer(p.a1[0], p.delta2[0] * p.N)


def bias_forgotten(p: Program) -> Wrong:
    yield "z1", p.x @ p.W[0]
    yield "z2", p.a1 @ p.W[1]


def bias_gradient_not_summed(p: Program) -> Wrong:
    if p.N > 1:
        yield "db1", p.delta1
        yield "db2", p.delta2


def updated_weights_used(p: Program) -> Wrong:
    yield "delta1", back(p.hidden, p.z1, p.delta2 @ p.W_new[1].T)


def wrong_layer(p: Program) -> Wrong:
    if p.square:
        yield "z2", p.x @ p.W[1] + p.b[1]
        yield "z2", p.a1 @ p.W[0] + p.b[1]
        yield "z2", p.a1 @ p.W[1] + p.b[0]
        yield "a2", FUNCTIONS[p.output](p.z1)
        yield "dW2", p.x.T @ p.delta2
        yield "dW1", p.x.T @ p.delta2
        yield "dW1", p.a1.T @ p.delta1
        yield "db1", p.delta2.sum(0)
        yield "delta1", back(p.hidden, p.z1, p.delta2 @ p.W[0].T)
        yield "delta1", back(p.hidden, p.z2, p.up1) if p.hidden != "sigmoid" else p.up1 * p.a2 * (1 - p.a2)


def log_base_2(p: Program) -> Wrong:
    if "entropy" in p.loss:
        yield "L", p.scale * p.each(p.a2, np.log2).sum()


def log_base_10(p: Program) -> Wrong:
    if "entropy" in p.loss:
        yield "L", p.scale * p.each(p.a2, np.log10).sum()


def loss_sign(p: Program) -> Wrong:
    if "entropy" in p.loss:
        yield "L", -p.L


def softmax_not_normalised(p: Program) -> Wrong:
    if p.output == "softmax":
        yield "a2", np.exp(p.z2)
    if p.hidden == "softmax":
        yield "a1", np.exp(p.z1)


def softmax_wrong_axis(p: Program) -> Wrong:
    if p.output == "softmax":
        yield "a2", softmax(p.z2, axis=0)
        if p.N > 1:
            yield "a2", softmax(p.z2, axis=None)


def softmax_twice(p: Program) -> Wrong:
    if p.output == "softmax":
        yield "a2", softmax(softmax(p.z2))


def softmax_extra_derivative(p: Program) -> Wrong:
    if p.output == "softmax":
        yield "delta2", p.delta2 * p.a2 * (1 - p.a2)


def activation_forgotten(p: Program) -> Wrong:
    yield "z2", p.z1 @ p.W[1] + p.b[1]
    yield "dW2", p.z1.T @ p.delta2
    yield "a1", p.z1
    if p.output != "identity":
        yield "a2", p.z2
    if p.output == "softmax" and p.loss == "cross_entropy":
        yield "delta2", (p.z2 - p.y) / p.N


def old_weights_used(p: Program) -> Wrong:
    yield "z1_new", p.z1
    yield "z1_new", p.x @ p.W_new[0] + p.b[0]
    a1 = FUNCTIONS[p.hidden](p.x @ p.W_new[0] + p.b_new[0])
    yield "z2_new", a1 @ p.W[1] + p.b[1]


def bias_subtracted(p: Program) -> Wrong:
    yield "z1", p.x @ p.W[0] - p.b[0]
    yield "z2", p.a1 @ p.W[1] - p.b[1]


def absolute_for_square(p: Program) -> Wrong:
    if "squared" in p.loss:
        yield "L", abs(p.a2 - p.y).sum() * p.scale
        yield "L", abs(p.a2 - p.y).sum()


PROGRAMS: dict[str, Callable[[Program], Wrong]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        derivative_dropped, derivative_at_activation, derivative_with_net_input, derivative_twice, wrong_derivative,
        leaky_slope_forgotten, weights_transposed, outer_product_transposed, error_sign, ascent, learning_rate_omitted,
        learning_rate_squared, factor_half, factor_two, mean_for_sum, sum_for_mean, first_sample_only, bias_forgotten,
        bias_gradient_not_summed, updated_weights_used, wrong_layer, log_base_2, log_base_10, loss_sign,
        softmax_not_normalised, softmax_wrong_axis, softmax_twice, softmax_extra_derivative, activation_forgotten,
        old_weights_used, not_updated, bias_subtracted, absolute_for_square,
    )
}  # fmt: skip
NO_REWRITE = {"entries-swapped", "rounded-early", "softmax-unstable", "logarithm-of-zero"}
"""No formula makes them: held in test_check and test_marking, the overflow in test_program_mistakes."""

# --- the same networks through the equations -------------------------------------------------------------------------


def draw(rng: np.random.Generator, network: tuple[str, str, str, tuple[int, ...]], samples: int) -> Program:
    hidden, output, loss, sizes = network
    d, h, k = sizes
    W = [rng.normal(0, 0.8, (d, h)), rng.normal(0, 0.8, (h, k))]
    b = [rng.normal(0, 0.8, h), rng.normal(0, 0.8, k)]
    if loss == "cross_entropy":
        y = rng.dirichlet(np.ones(k), samples)
    else:
        y = rng.random((samples, k)) if loss == "binary_cross_entropy" else rng.normal(0, 1, (samples, k))
    return Program(hidden, output, loss, rng.normal(0, 1, (samples, d)), y, W, b)


def planned(network: tuple[str, str, str, tuple[int, ...]], convention: tuple[Any, Any], samples: int) -> Plan:
    hidden, output, loss, sizes = network
    layers = (
        LayerPlan(sizes[0], sizes[1], Activation.of(hidden), True, DENSE),
        LayerPlan(sizes[1], sizes[2], Activation.of(output), True, DENSE),
    )
    return Plan(layers, loss_of(loss), Convention(*convention), samples)


def oriented(name: str, value: Any, convention: tuple[str, str], shape: tuple[int, ...]) -> Any:
    """A value with samples as rows, weights inputs x units, in the orientation of the convention."""
    value = np.asarray(value, dtype=float)
    kind = name.removeprefix("d") if name.startswith(("dW", "db")) else name
    if not shape:
        return value.reshape(1, 1)
    if value.ndim == 1:
        return value.reshape(shape)
    turned = convention[1] == "out_in" if kind[0] == "W" else convention[0] == "columns"
    return value.T if turned else value


def givens(program: Program, convention: tuple[str, str], shapes: Any) -> dict[str, Any]:
    values = {"x": program.x, "y": program.y, "eta": program.eta}
    for k in (0, 1):
        values |= {f"W{k + 1}": program.W[k], f"b{k + 1}": program.b[k]}
    return {name: oriented(name, value, convention, shapes[name]) for name, value in values.items()}


def axis_of(convention: tuple[str, str]) -> int:
    return -1 if convention[0] == "columns" else -2
