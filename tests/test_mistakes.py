"""Every mistake of the table against plain NumPy programs that make it, written without the derivation core."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from chalkwork import Graph
from chalkwork.algebra.expression import Name, apply, names_in
from chalkwork.algebra.reading import read
from chalkwork.checking.mistakes import (
    TABLE,
    Context,
    Role,
    attention,
    chains,
    combinations,
    counts,
    decoding,
    distinct,
    distinct_pairs,
    embedding,
    estimates,
    exchanged,
    exchanges_of,
    explanation,
    layers,
    optimisers,
    penalties,
    presentation,
    products,
    quantities,
    recurrence,
    series,
    windows,
)
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.evaluate import evaluate, evaluate_all
from chalkwork.laboratory.optimisation import optimise
from chalkwork.networks.activations import Activation
from chalkwork.networks.convention import Convention
from chalkwork.networks.equations import derive
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, SquaredError, loss_of
from chalkwork.networks.plan import LayerPlan, Plan
from chalkwork.typesetting.equations import fill
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.numbers import NumberFormat
from chalkwork.typesetting.symbols import Symbols
from chalkwork.typesetting.writer import Writer

REQUIRED = (
    "derivative-dropped derivative-at-activation derivative-twice wrong-derivative leaky-slope-forgotten "
    "weights-transposed outer-product-transposed error-sign ascent factor-half factor-two mean-for-sum sum-for-mean "
    "first-sample-only bias-forgotten bias-gradient-not-summed updated-weights-used wrong-layer learning-rate-omitted "
    "learning-rate-squared log-base-2 log-base-10 softmax-not-normalised softmax-wrong-axis softmax-twice "
    "softmax-extra-derivative activation-forgotten wrong-variance entries-swapped rounded-early"
)

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

# --- plain NumPy: samples as rows, weights inputs x units ------------------------------------------------------------


def erf(z: Any) -> Any:
    return np.vectorize(math.erf)(z)


def softmax(z: Any, axis: Any = 1) -> Any:
    powers = np.exp(z)
    return powers / powers.sum(axis=axis, keepdims=True)


def density(z: Any) -> Any:
    return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(0, z),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "leaky_relu(0.1)": lambda z: np.where(z > 0, z, 0.1 * z),
    "elu": lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "gelu": lambda z: z * (1 + erf(z / np.sqrt(2))) / 2,
    "softsign": lambda z: z / (1 + abs(z)),
    "softmax": softmax,
}
sigmoid = FUNCTIONS["sigmoid"]
SLOPES: dict[str, Callable[[Any], Any]] = {
    "identity": np.ones_like,
    "sigmoid": lambda z: sigmoid(z) * (1 - sigmoid(z)),
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "relu": lambda z: (z > 0) * 1.0,
    "leaky_relu": lambda z: np.where(z > 0, 1, 0.01),
    "leaky_relu(0.1)": lambda z: np.where(z > 0, 1, 0.1),
    "elu": lambda z: np.where(z > 0, 1, np.exp(z)),
    "softplus": sigmoid,
    "silu": lambda z: sigmoid(z) + z * SLOPES["sigmoid"](z),
    "gelu": lambda z: (1 + erf(z / np.sqrt(2))) / 2 + z * density(z),
    "softsign": lambda z: 1 / (1 + abs(z)) ** 2,
}
SMOOTH = ("sigmoid", "tanh", "elu", "softplus", "silu", "gelu", "softsign")


def back(name: str, z: Any, g: Any) -> Any:
    """What the net input receives when the activation receives g."""
    if name != "softmax":
        return g * SLOPES[name](z)
    jacobians = [np.diag(s) - np.outer(s, s) for s in softmax(z)]
    return np.stack([row @ jacobian for row, jacobian in zip(g, jacobians, strict=True)])


@dataclass
class Program:
    """A correct program, whose numbers the wrong ones start from."""

    hidden: str
    output: str
    loss: str
    x: Any
    y: Any
    W: list[Any]
    b: list[Any]
    eta: float = 0.3

    def __post_init__(self) -> None:
        self.z1, self.a1, self.z2, self.a2 = self.forward(self.W, self.b)
        self.N, self.K = self.y.shape
        self.L = self.cost(self.a2)
        self.up2 = self.cost_slope(self.a2)
        self.delta2 = back(self.output, self.z2, self.up2)
        self.up1 = self.delta2 @ self.W[1].T
        self.delta1 = back(self.hidden, self.z1, self.up1)
        self.dW = [self.x.T @ self.delta1, self.a1.T @ self.delta2]
        self.db = [self.delta1.sum(0), self.delta2.sum(0)]
        self.W_new = [W - self.eta * dW for W, dW in zip(self.W, self.dW, strict=True)]
        self.b_new = [b - self.eta * db for b, db in zip(self.b, self.db, strict=True)]

    def forward(self, W: list[Any], b: list[Any]) -> tuple[Any, Any, Any, Any]:
        z1 = self.x @ W[0] + b[0]
        a1 = FUNCTIONS[self.hidden](z1)
        z2 = a1 @ W[1] + b[1]
        return z1, a1, z2, FUNCTIONS[self.output](z2)

    def each(self, a: Any, log: Any = np.log) -> Any:
        """The loss of each output, before it is summed."""
        if "squared" in self.loss:
            return (a - self.y) ** 2
        if self.loss == "cross_entropy":
            return -self.y * log(a)
        return -self.y * log(a) - (1 - self.y) * log(1 - a)

    @property
    def scale(self) -> float:
        """What the sum is multiplied with."""
        if self.loss == "squared_error":
            return 0.5
        return 1 / (self.N * self.K) if self.loss == "mean_squared_error" else 1 / self.N

    def cost(self, a: Any) -> Any:
        return self.scale * self.each(a).sum()

    def cost_slope(self, a: Any) -> Any:
        if "squared" in self.loss:
            return self.scale * 2 * (a - self.y)
        if self.loss == "cross_entropy":
            return self.scale * -self.y / a
        return self.scale * ((1 - self.y) / (1 - a) - self.y / a)

    @property
    def square(self) -> bool:
        return self.W[0].shape == self.W[1].shape and self.W[0].shape[0] == self.W[0].shape[1]


Wrong = Iterator[tuple[str, Any]]


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
NEWTON = {"hessian-not-inverted", "hessian-forgotten", "step-sign", "step-subtracted", "determinant-sign"}
NO_NETWORK = {"wrong-variance", "path-forgotten"} | NEWTON
OF_ESTIMATES = {mistake.id for mistake in estimates.MISTAKES}
"""Held in test_likelihood against what the mistakes come to."""
OF_SERIES = {mistake.id for mistake in series.MISTAKES}
"""Held in test_taylor against what the mistakes come to."""
OF_ATTENTION = {mistake.id for part in (attention, decoding, embedding) for mistake in part.MISTAKES}
"""Held in test_positions, test_attention and test_decoding against what the mistakes come to."""
OF_PRESENTATION = {mistake.id for mistake in presentation.MISTAKES}
"""Held in test_presentation against programs that make them."""
OF_RECURRENCE = {mistake.id for mistake in recurrence.MISTAKES}
"""Held in test_recurrence against what the mistakes come to."""
OF_WINDOWS = {mistake.id for mistake in windows.MISTAKES}
"""Held in test_convolution against what the mistakes come to."""
OF_COUNTS = {mistake.id for mistake in counts.MISTAKES}
"""Held in test_architectures against what the mistakes come to."""
OF_PROGRAMS = {
    one.id for part in (chains, layers, optimisers, penalties, products, quantities) for one in part.MISTAKES
}
"""Held in test_program_mistakes against programs that make them."""
NO_REWRITE = {"entries-swapped", "rounded-early", "softmax-unstable"}
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
        LayerPlan(sizes[0], sizes[1], Activation.of(hidden), True),
        LayerPlan(sizes[1], sizes[2], Activation.of(output), True),
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


CASES = list(product(NETWORKS, CONVENTIONS, (1, 4)))


def names_of(case: Any) -> str:
    (hidden, output, loss, sizes), convention, samples = case
    return f"{hidden}-{output}-{loss}-{'x'.join(map(str, sizes))}-{'-'.join(convention)}-{samples}"


def test_every_required_mistake_is_in_the_table() -> None:
    assert set(REQUIRED.split()) <= TABLE.keys()


def test_no_mistake_is_untested() -> None:
    marked = OF_ESTIMATES | OF_SERIES | OF_PROGRAMS | OF_ATTENTION | OF_PRESENTATION | OF_RECURRENCE | OF_WINDOWS
    assert PROGRAMS.keys() | NO_NETWORK | NO_REWRITE | marked | OF_COUNTS == TABLE.keys()


@pytest.mark.parametrize("size", [1, 2, 3])
def test_mistakes_of_newtons_method_are_worth_what_a_program_with_the_mistake_computes(
    size: int, rng: np.random.Generator
) -> None:
    text = " + ".join(f"{name}^2 + {name}^4" for name in "xyz"[:size]) + (" + x*y" if size > 1 else "")
    answer = optimise(text, dict(zip("xyz", rng.uniform(0.5, 1, size).tolist(), strict=False)), "newton", shown=1)
    values: dict[str, Any] = {name: np.reshape(answer[name], (size, -1)) for name in ("p1", "g1", "H1", "d1")}
    p, g, h, d = values.values()
    made = {
        "hessian-not-inverted": ("d1", -h @ g),
        "hessian-forgotten": ("d1", -g),
        "step-sign": ("d1", np.linalg.solve(h, g)),
        "step-subtracted": ("p2", p - d),
    }
    if size == 2:
        made["determinant-sign"] = ("det1", h[0, 0] * h[1, 1] + h[0, 1] ** 2)
    assert size != 2 or made.keys() == NEWTON
    context = Context(answer.derivation)
    for id, (name, wanted) in made.items():
        found = [evaluate(rewrite, answer.arrays) for rewrite in TABLE[id].rewrites(answer.derivation[name], context)]
        assert [np.allclose(value, wanted) for value in found] == [True], id
        assert answer.check({name: wanted})[name].mistakes[0] == id


@pytest.mark.parametrize("case", CASES, ids=map(names_of, CASES))
def test_rewrites_are_worth_what_a_program_with_the_mistake_computes(case: Any, rng: np.random.Generator) -> None:
    network, convention, samples = case
    program = draw(rng, network, samples)
    derivation = derive(planned(network, convention, samples), target=True, updates=1)
    context = Context(derivation, axis_of(convention))
    values = evaluate_all(derivation, givens(program, convention, derivation.shapes()))
    assert np.allclose(values["delta1"], oriented("delta1", program.delta1, convention, (1, 1)))
    values |= context.constants
    for id, wrong in PROGRAMS.items():
        for name, expected in wrong(program):
            equation = derivation[name]
            turned_as = "delta1" if id == "bias-gradient-not-summed" else name
            target = oriented(turned_as, expected, convention, equation.expression.shape)
            with np.errstate(all="ignore"):
                found = [evaluate(rewrite, values) for rewrite in TABLE[id].rewrites(equation, context)]
            assert any(value.shape == target.shape and np.allclose(value, target, 1e-9, 1e-12) for value in found), (
                f"{id} of {equation}"
            )


def test_every_program_makes_its_mistake_somewhere(rng: np.random.Generator) -> None:
    made = {id for network in NETWORKS for id, wrong in PROGRAMS.items() if any(wrong(draw(rng, network, 4)))}
    assert made == PROGRAMS.keys()


@pytest.mark.parametrize("case", CASES, ids=map(names_of, CASES))
def test_rewrites_differ_from_the_right_value(case: Any, rng: np.random.Generator) -> None:
    network, convention, samples = case
    derivation = derive(planned(network, convention, samples), target=True, updates=1, predict=True)
    context = Context(derivation, axis_of(convention))
    drawn = [givens(draw(rng, network, samples), convention, derivation.shapes()) for _ in range(30)]
    values = evaluate_all(derivation, {name: np.stack([each[name] for each in drawn]) for name in drawn[0]})
    values |= context.constants
    for equation in derivation.equations:
        found = distinct(equation, context)
        assert len({expression for expression, _ in found}) == len(found)
        for expression, ids in found:
            with np.errstate(all="ignore"):
                value = evaluate(expression, values)
            right = values[equation.name]
            if value.shape[-2:] == right.shape[-2:]:
                assert not np.allclose(value, right, 1e-9, 1e-12), f"{ids} of {equation} changes nothing"
            else:
                assert any(TABLE[id].reshapes for id in ids), f"{ids} of {equation} has another shape"


# --- nothing raises ---------------------------------------------------------------------------------------------------

GRAPHS = [
    "c = a + b; d = b + 1; e = c * d",
    "z = w * x + b; a = sigmoid(z); L = (a - y)^2",
    "z = w * x + b; a = tanh(z); u = v * a; p = sigmoid(u); L = -y * log(p) - (1 - y) * log(1 - p)",
    "h = x^2; k = exp(h); m = k / (1 + h); e = log(m) * sin(x)",
    "z = x * w; a = relu(z); e = a * z",
    "c = 1e300 * 1e300 * a; e = c + b",
]


def check_all(derivation: Derivation, samples: int | None) -> int:
    context = Context(derivation, samples)
    known = {*derivation.shapes(), *context.constants}
    count = 0
    for equation in derivation.equations:
        for mistake in TABLE.values():
            assert not re.search(r"<\w+>", explanation(mistake, equation, context))
        found = distinct(equation, context)
        pairs = [(expression, ids) for expression, all_ids in distinct_pairs(equation, context, 40) for ids in all_ids]
        for expression, ids in [*found, *pairs]:
            assert {name.name for name in names_in(expression)} <= known
            allowed = any(TABLE[id].reshapes for id in ids)
            assert expression.shape == equation.expression.shape or allowed
            count += 1
    return count


@pytest.mark.parametrize("text", GRAPHS)
def test_nothing_raises_on_graphs(text: str) -> None:
    names = {name for name in re.findall(r"[a-z]\w*", text) if len(name) == 1} - set(re.findall(r"(\w+) =", text))
    solution = Graph(text).solve(**dict.fromkeys(names, 0.5)) if "1e300" not in text else None
    if solution is not None:
        check_all(solution.derivation, None)
    else:
        a, b = Name("a"), Name("b")
        first = Equation("c", read("1e300 * 1e300 * a", {"a": a}), Stage.FORWARD)
        check_all(Derivation((a, b), (first, Equation("e", first.symbol + b, Stage.FORWARD))), None)


@pytest.mark.parametrize("seed", range(30))
def test_nothing_raises_on_random_networks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    depth = int(rng.integers(1, 5))
    sizes = [int(size) for size in rng.integers(1, 5, depth + 1)]
    kinds = [*FUNCTIONS, "log_softmax", "relu(at_zero=1)", "leaky_relu(0)"]
    layers = tuple(
        LayerPlan(sizes[k], sizes[k + 1], Activation.of(str(rng.choice(kinds))), bool(rng.integers(2)))
        for k in range(depth)
    )
    losses = [
        SquaredError(Fraction(1, 2), "mean_over_samples"), SquaredError(0.3, "mean"), CrossEntropy(1, "sum"),
        CrossEntropy(), BinaryCrossEntropy(0.25),
    ]  # fmt: skip
    convention = CONVENTIONS[rng.integers(4)]
    plan = Plan(layers, losses[rng.integers(5)], Convention(*convention), int(rng.choice([1, 3])))  # type: ignore[arg-type]
    derivation = derive(
        plan, target=seed % 10 != 0, updates=seed % 3, predict=True, long_way=seed % 4 == 1 and seed % 10 != 0
    )
    assert check_all(derivation, axis_of(convention)) > 0
    check_all(derivation, None)


# --- single mistakes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize("text", ["mean({})", "sum({}) / 5", "sum({}) / 4"])
@pytest.mark.parametrize("axis", [-1, -2])
def test_the_other_variance(axis: int, text: str, inline: bool, rng: np.random.Generator) -> None:
    x = Name("x", (3, 5) if axis == -1 else (5, 3))
    mean = Equation("m", apply("mean", x, axis=axis), Stage.FORWARD)
    centre = mean.expression if inline else mean.symbol
    variance = Equation(
        "v", read(text.format("(x - m)^2, axis=axis"), {"x": x, "m": centre}, {"axis": axis}), Stage.FORWARD
    )
    normalised = Equation("n", (x - mean.symbol) / apply("sqrt", variance.symbol + 0.1), Stage.FORWARD)
    derivation = Derivation((x,), (mean, variance, normalised))
    context = Context(derivation, axis)
    values = evaluate_all(derivation, {"x": rng.normal(size=x.shape)})
    (rewrite,) = TABLE["wrong-variance"].rewrites(variance, context)
    wanted = values["x"].var(axis=axis, keepdims=True, ddof=0 if "4" in text else 1)
    assert np.allclose(evaluate(rewrite, values), wanted)
    assert not list(TABLE["wrong-variance"].rewrites(normalised, context))


def test_a_squared_error_is_no_variance() -> None:
    derivation = derive(planned(NETWORKS[3], ("rows", "in_out"), 4), target=True, updates=1)
    context = Context(derivation, -2)
    assert not any(list(TABLE["wrong-variance"].rewrites(equation, context)) for equation in derivation.equations)


def test_a_path_of_the_chain_rule_is_forgotten() -> None:
    solution = Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1)
    context = Context(solution.derivation)
    both = distinct(solution.derivation["de/db"], context)
    values = {name: np.asarray(solution[name]).reshape(1, 1) for name in ("de/dc", "de/dd", "dc/db", "dd/db")}
    forgotten = [evaluate(expression, values).item() for expression, ids in both if "path-forgotten" in ids]
    assert sorted(forgotten) == [2.0, 3.0]  # d = 2 through c, c = 3 through d
    assert not list(TABLE["path-forgotten"].rewrites(solution.derivation["de/da"], context))


def test_a_graph_has_its_local_derivative_wrong() -> None:
    solution = Graph("z = w * x + b; a = sigmoid(z); L = (a - y)^2").solve(w=1, x=2, b=1, y=3)
    context = Context(solution.derivation)
    found = {id: str(expression) for expression, ids in distinct(solution.derivation["da/dz"], context) for id in ids}
    assert found["derivative-dropped"] == "1"
    assert found["derivative-at-activation"] == "sigmoid(a) * (1 - sigmoid(a))"
    assert context.role(solution.derivation["L"]) == Role.LOSS
    assert [str(other) for other in TABLE["bias-forgotten"].rewrites(solution.derivation["z"], context)] == ["w * x"]


def test_the_table_reads_well() -> None:
    writer = Writer(Symbols(Notation(), 2), {}, NumberFormat())
    derivation = derive(planned(NETWORKS[0], ("columns", "out_in"), 1), target=True, updates=1)
    context = Context(derivation, -1)
    for id, mistake in TABLE.items():
        assert id == mistake.id and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id)
        assert mistake.title and mistake.likelihood > 0
        assert mistake.explanation.endswith(".") and mistake.hint.endswith((".", "?"))
        assert not re.search(r"[0-9<{]", mistake.hint), "a hint gives nothing of the solution away"
        for equation in derivation.equations:
            text = explanation(mistake, equation, context)
            assert "{" not in fill(text, writer, latex=False)
            assert fill(text, writer, latex=True).count("$") % 2 == 0


def test_explanations_name_what_the_equation_holds() -> None:
    derivation = derive(planned(NETWORKS[0], ("columns", "out_in"), 1), target=True, updates=1)
    context = Context(derivation, -1)
    assert "at {z1}." in explanation(TABLE["derivative-dropped"], derivation["delta1"], context)
    omitted = explanation(TABLE["learning-rate-omitted"], derivation["W2_new"], context)
    assert omitted == "{dW2} was subtracted from {W2} without being multiplied by {eta}."


def test_roles() -> None:
    derivation = derive(planned(NETWORKS[0], ("columns", "out_in"), 1), target=True, updates=2, long_way=True)
    context = Context(derivation, -1)
    roles = {"z1": Role.NET, "a2": Role.ACTIVATION, "L": Role.LOSS, "delta1": Role.ERROR, "dW1": Role.GRADIENT}
    roles |= {"W1_new": Role.UPDATE, "L_new": Role.LOSS, "dW1_new": Role.GRADIENT, "J2": Role.OTHER, "da2": Role.OTHER}
    assert {name: context.role(derivation[name]) for name in roles} == roles
    assert [context.steps[name] for name in ("dW1", "W1_new", "z1_new", "delta1_new", "W2_new2", "z1_new2")] == [
        0, 0, 1, 1, 1, 2,
    ]  # fmt: skip
    assert str(next(iter(TABLE["derivative-dropped"].rewrites(derivation["delta1_new"], context)))) == (
        "W2_new.T @ delta2_new"
    )


def test_what_cannot_be_told_apart_stands_together() -> None:
    derivation = derive(planned(NETWORKS[0], ("rows", "in_out"), 1), target=True)
    found = dict(distinct(derivation["L"], Context(derivation, -2)))
    assert ("factor-half", "mean-for-sum") in found.values()  # two outputs
    batch = derive(planned(NETWORKS[3], ("rows", "in_out"), 4), target=True)
    ids = [ids for _, ids in distinct(batch["delta1"], Context(batch, -2))]
    assert ids[0] == ("derivative-dropped",)


def test_two_mistakes_at_once(rng: np.random.Generator) -> None:
    network, convention = NETWORKS[0], ("columns", "in_out")
    program = draw(rng, network, 4)
    derivation = derive(planned(network, convention, 4), target=True, updates=1)
    context = Context(derivation, -1)
    values = evaluate_all(derivation, givens(program, convention, derivation.shapes())) | context.constants
    new = program.W_new[1].T
    expected = {
        ("derivative-dropped", "updated-weights-used", "delta1"): program.delta2 @ new,
        ("error-sign", "sum-for-mean", "delta2"): -program.N * program.delta2,
        ("ascent", "learning-rate-omitted", "W1_new"): program.W[0] + program.dW[0],
        ("bias-forgotten", "activation-forgotten", "z2"): program.z1 @ program.W[1],
        ("outer-product-transposed", "sum-for-mean", "dW1"): program.N * program.dW[0].T,
        ("first-sample-only", "log-base-2", "L"): program.each(program.a2, np.log2)[0].sum(),
    }
    for (one, other, name), value in expected.items():
        target = oriented(name, value, convention, derivation[name].expression.shape)
        for first, second in ((one, other), (other, one)):
            rewrites = combinations(TABLE[first], TABLE[second], derivation[name], context)
            assert any(np.allclose(evaluate(rewrite, values), target) for rewrite in rewrites), (first, second)
        pairs = [set(ids) for _, all_ids in distinct_pairs(derivation[name], context) for ids in all_ids]
        assert {one, other} in pairs
    assert len(distinct_pairs(derivation["delta2"], context, 10)) == 10
    assert not list(combinations(TABLE["ascent"], TABLE["ascent"], derivation["W1_new"], context))


def test_exchanged_entries() -> None:
    value = np.arange(6.0).reshape(2, 3)
    found = [exchanged(value, exchange) for exchange in exchanges_of(value.shape)]
    kept = {tuple(each.reshape(-1)) for each in found}
    assert len(kept) == len(found) == 1 + 3 + 15
    assert tuple(value[::-1].reshape(-1)) in kept and tuple(value[:, [1, 0, 2]].reshape(-1)) in kept
    assert exchanges_of(()) == exchanges_of((1, 1)) == ()
    for exchange, one in zip(exchanges_of(value.shape), found, strict=True):
        assert (exchanged(np.stack([value, -value]), exchange) == np.stack([one, -one])).all()


def test_mistakes_that_are_no_rewrites_keep_the_expression() -> None:
    derivation = derive(planned(NETWORKS[0], ("rows", "in_out"), 1), target=True)
    context = Context(derivation, -2)
    for id in NO_REWRITE - {"softmax-unstable"}:
        assert not TABLE[id].is_rewrite
        assert list(TABLE[id].rewrites(derivation["z2"], context)) == [derivation["z2"].expression]
    assert not list(TABLE["softmax-unstable"].rewrites(derivation["z2"], context))  # looked for by what overflows
    assert not list(TABLE["entries-swapped"].rewrites(derivation["L"], context))
    assert not list(TABLE["rounded-early"].rewrites(derivation["z1"], context))  # made of givens alone
