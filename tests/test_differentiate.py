"""Reverse mode over equations against `jax.grad` on networks written a second time, in plain JAX."""

import itertools
import random

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from in_numpy import in_numpy

from chalkwork.algebra.expression import Expression, Name, apply, names_in, replace
from chalkwork.algebra.simplify import SumsToOne
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.differentiate import adjoint_equations, gradient
from chalkwork.derivation.evaluate import evaluate, evaluate_all
from chalkwork.errors import ShapeError

pytestmark = pytest.mark.usefixtures("quick_compilation")

CONVENTIONS = list(itertools.product(("rows", "columns"), ("in_out", "out_in")))

ACTIVATIONS = {
    "identity": (lambda z: apply("identity", z), lambda z: z),
    "sigmoid": (lambda z: apply("sigmoid", z), lambda z: 1 / (1 + jnp.exp(-z))),
    "tanh": (lambda z: apply("tanh", z), jnp.tanh),
    "relu": (lambda z: apply("relu", z), lambda z: jnp.maximum(z, 0.0)),
    "leaky_relu": (lambda z: apply("leaky_relu", z, alpha=0.1), lambda z: jnp.where(z > 0, z, 0.1 * z)),
    "elu": (lambda z: apply("elu", z, alpha=0.7), lambda z: jnp.where(z > 0, z, 0.7 * (jnp.exp(z) - 1))),
    "softplus": (lambda z: apply("softplus", z), lambda z: jnp.log(1 + jnp.exp(z))),
    "silu": (lambda z: apply("silu", z), lambda z: z / (1 + jnp.exp(-z))),
    "gelu": (lambda z: apply("gelu", z), lambda z: z * (1 + jax.scipy.special.erf(z / np.sqrt(2))) / 2),
    "softsign": (lambda z: apply("softsign", z), lambda z: z / (1 + jnp.abs(z))),
    "normal_cdf": (lambda z: apply("normal_cdf", z), lambda z: (1 + jax.scipy.special.erf(z / np.sqrt(2))) / 2),
    "sin": (lambda z: apply("sin", z), jnp.sin),
}
LOSSES = ("squared_error", "mean_squared_error", "binary_cross_entropy", "cross_entropy")
REDUCTIONS = ("sum", "mean")


def softmax(z, axis):
    powers = jnp.exp(z)
    return powers / jnp.sum(powers, axis=axis, keepdims=True)


class RandomNetwork:
    """A network drawn from a seed: its equations, and the same function in plain JAX."""

    def __init__(self, seed: int, samples: str, weights: str, loss: str, reduction: str) -> None:
        chance, numbers = random.Random(seed), np.random.default_rng(seed)
        self.columns, self.out_in = samples == "columns", weights == "out_in"
        self.loss, self.reduction = loss, reduction
        self.batch = chance.randint(1, 4)
        depth = chance.randint(1, 4)
        self.widths = [chance.randint(1, 5) for _ in range(depth + 1)]
        self.hidden = [chance.choice(list(ACTIVATIONS)) for _ in range(depth - 1)]
        self.biased = [chance.random() < 0.7 for _ in range(depth)]
        if loss == "cross_entropy":
            self.last = "softmax"
        else:
            self.last = "sigmoid" if loss == "binary_cross_entropy" else chance.choice(list(ACTIVATIONS))
        self.axis = -2 if self.columns else -1
        self.parameters = {}
        for layer, (inputs, outputs) in enumerate(itertools.pairwise(self.widths), 1):
            shape = (outputs, inputs) if self.out_in else (inputs, outputs)
            self.parameters[f"W{layer}"] = numbers.normal(size=shape)
            if self.biased[layer - 1]:
                self.parameters[f"b{layer}"] = numbers.normal(size=self.oriented(outputs, 1))
        self.x = numbers.normal(size=self.oriented(self.widths[0], self.batch))
        y = numbers.uniform(0.1, 1, size=self.oriented(self.widths[-1], self.batch))
        self.y = y / y.sum(axis=self.axis, keepdims=True) if loss == "cross_entropy" else y

    def oriented(self, features: int, samples: int) -> tuple[int, int]:
        return (features, samples) if self.columns else (samples, features)

    def net_input(self, W, a):
        """z without bias, in the convention; for expressions and for arrays alike."""
        if self.columns:
            return (W if self.out_in else W.T) @ a
        return a @ (W.T if self.out_in else W)

    def derivation(self) -> Derivation:
        givens = {name: Name(name, value.shape) for name, value in self.parameters.items()}
        x, y = Name("x", self.x.shape), Name("y", self.y.shape)
        equations: list[Equation] = []

        def state(name: str, expression: Expression) -> Name:
            equations.append(Equation(name, expression, Stage.FORWARD))
            return equations[-1].symbol

        a = x
        for layer in range(1, len(self.widths)):
            z = self.net_input(givens[f"W{layer}"], a)
            z = state(f"z{layer}", z + givens[f"b{layer}"] if self.biased[layer - 1] else z)
            if layer < len(self.widths) - 1:
                a = state(f"a{layer}", ACTIVATIONS[self.hidden[layer - 1]][0](z))
            elif self.last == "softmax":
                a = state(f"a{layer}", apply("softmax", z, axis=self.axis))
            else:
                a = state(f"a{layer}", ACTIVATIONS[self.last][0](z))
        state("L", self.loss_of(a, y))
        return Derivation((*givens.values(), x, y), tuple(equations))

    def loss_of(self, a: Expression, y: Expression) -> Expression:
        if self.loss == "squared_error":
            total = apply("squared_norm", a - y) / 2
        elif self.loss == "mean_squared_error":
            return apply("mean", (y - a) ** 2)
        elif self.loss == "cross_entropy":
            total = -apply("sum", apply("xlogy", y, a))
        else:
            total = -apply("sum", y * apply("log", a) + (1 - y) * apply("log", 1 - a))
        return total / self.batch if self.reduction == "mean" else total

    def by_jax(self, parameters):
        a = self.x
        for layer in range(1, len(self.widths)):
            z = self.net_input(parameters[f"W{layer}"], a) + parameters.get(f"b{layer}", 0.0)
            if layer < len(self.widths) - 1:
                a = ACTIVATIONS[self.hidden[layer - 1]][1](z)
            else:
                a = softmax(z, self.axis) if self.last == "softmax" else ACTIVATIONS[self.last][1](z)
        y = self.y
        if self.loss == "squared_error":
            total = jnp.sum((a - y) ** 2) / 2
        elif self.loss == "mean_squared_error":
            return jnp.mean((a - y) ** 2)
        elif self.loss == "cross_entropy":
            total = -jnp.sum(y * jnp.log(a))
        else:
            total = -jnp.sum(y * jnp.log(a) + (1 - y) * jnp.log(1 - a))
        return total / self.batch if self.reduction == "mean" else total

    @property
    def facts(self):
        return [SumsToOne("y", self.axis)] if self.loss == "cross_entropy" else []


def assert_near(ours, exact, tolerance=1e-12):
    exact = np.asarray(exact)
    assert np.shape(ours) == exact.shape
    assert np.linalg.norm(ours - exact) <= tolerance * max(np.linalg.norm(exact), 1e-3)


def check_gradients(network: RandomNetwork, deltas: bool) -> None:
    work = network.derivation()
    named = {name: f"d{name}" for name in network.parameters}
    if deltas:
        named |= {f"z{layer}": f"delta{layer}" for layer in range(1, len(network.widths))}
    backward = adjoint_equations(work.equations, "L", named, network.facts)
    assert {equation.name for equation in backward} == set(named.values())
    for equation in backward:
        assert equation.stage is Stage.BACKWARD
        assert equation.derivative is not None and named[equation.derivative.by] == equation.name
    values = evaluate_all(work.extended(backward), {**network.parameters, "x": network.x, "y": network.y})
    work_out = jax.jit if network.loss == "cross_entropy" else in_numpy  # NumPy leaves 1e-15 where terms cancel
    loss, exact = work_out(jax.value_and_grad(network.by_jax))(network.parameters)
    assert_near(values["L"].item(), loss)
    for name, wanted in exact.items():
        assert_near(values[f"d{name}"], wanted)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("samples", "weights"), CONVENTIONS)
def test_gradients_of_random_networks(samples, weights, loss):
    for number, reduction in enumerate(REDUCTIONS * 2):
        seed = hash_of(samples, weights, loss, number)
        check_gradients(RandomNetwork(seed, samples, weights, loss, reduction), deltas=number % 4 < 3)


def hash_of(*parts) -> int:
    return int.from_bytes("/".join(map(str, parts)).encode(), "big") % 2**32


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_through_every_activation(activation):
    network = RandomNetwork(7, "columns", "in_out", "squared_error", "sum")
    network.widths, network.hidden, network.biased = [2, 3, 2], [activation], [True, True]
    network.last = activation
    numbers = np.random.default_rng(3)
    network.batch = 2
    network.x, network.y = numbers.normal(size=(2, 2)), numbers.normal(size=(2, 2))
    shapes = {"W1": (2, 3), "b1": (3, 1), "W2": (3, 2), "b2": (2, 1)}
    network.parameters = {name: numbers.normal(size=shape) for name, shape in shapes.items()}
    check_gradients(network, deltas=True)


def test_the_backward_equations_of_a_textbook():
    network = RandomNetwork(1, "columns", "out_in", "cross_entropy", "sum")
    network.widths, network.hidden, network.biased, network.batch = [2, 3, 2], ["tanh"], [True, True], 1
    shapes = {"W1": (3, 2), "b1": (3, 1), "W2": (2, 3), "b2": (2, 1)}
    network.parameters = {name: np.ones(shape) for name, shape in shapes.items()}
    network.x, network.y = np.ones((2, 1)), np.array([[1.0], [0.0]])
    named = {"z2": "delta2", "W2": "dW2", "b2": "db2", "z1": "delta1", "W1": "dW1", "b1": "db1"}
    backward = adjoint_equations(network.derivation().equations, "L", named, network.facts)
    assert [str(equation) for equation in backward] == [
        "delta2 = a2 - y",
        "delta1 = W2.T @ delta2 * (1 - a1^2)",
        "dW2 = delta2 @ a1.T",
        "db2 = delta2",
        "dW1 = delta1 @ x.T",
        "db1 = delta1",
    ]


def test_a_name_used_often_receives_the_sum_over_its_paths():
    """c feeds d, e and the output itself; x feeds everything; y enters squared and through a product."""
    x, y = Name("x", (2, 2)), Name("y", (2, 2))
    c = Equation("c", apply("tanh", x @ y) + x, Stage.FORWARD)
    d = Equation("d", c.symbol * c.symbol - y.T, Stage.FORWARD)
    e = Equation("e", apply("exp", d.symbol / 3) @ c.symbol, Stage.FORWARD)
    total = apply("sum", e.symbol * d.symbol) + apply("squared_norm", c.symbol) + apply("sum", x * y)
    output = Equation("L", total, Stage.FORWARD)
    unused = Equation("u", c.symbol * 2, Stage.FORWARD)
    work = Derivation((x, y), (c, d, e, unused, output))
    named = {name: f"d{name}" for name in ("x", "y", "c", "d", "e")}
    values = {"x": np.array([[0.3, -1.0], [0.7, 0.2]]), "y": np.array([[0.5, 0.4], [-0.6, 1.1]])}

    def by_jax(x, y, dc=0.0, dd=0.0, de=0.0):
        c = jnp.tanh(x @ y) + x + dc
        d = c * c - y.T + dd
        e = jnp.exp(d / 3) @ c + de
        return jnp.sum(e * d) + jnp.sum(c**2) + jnp.sum(x * y)

    zeros = [np.zeros((2, 2))] * 3
    exact = in_numpy(jax.grad(by_jax, (0, 1, 2, 3, 4)))(values["x"], values["y"], *zeros)
    for some in (named, {"x": "dx", "y": "dy"}, {"c": "dc", "x": "dx"}):  # named or written into the others
        backward = adjoint_equations(work.equations, "L", some)
        assert [equation.name for equation in backward if equation.name == "du"] == []
        found = evaluate_all(work.extended(backward), values)
        for name, wanted in zip(named, exact, strict=True):
            if name in some:
                assert_near(found[f"d{name}"], wanted)
    only = adjoint_equations(work.equations, "L", {"x": "dx", "y": "dy"}, keep=["y"])
    assert [equation.name for equation in only] == ["dy"]


def test_scalars_spread_over_matrices_receive_a_sum():
    shapes = {"s": (), "u": (1, 1), "r": (1, 3), "c": (2, 1), "A": (2, 3)}
    names = {name: Name(name, shape) for name, shape in shapes.items()}
    s, u, r, c, A = names.values()
    total = apply("sum", (A * s + r) / (c * c + 1) - u * c * r) + s**3
    numbers = np.random.default_rng(5)
    values = {name: numbers.normal(size=symbol.shape or (1, 1)) for name, symbol in names.items()}

    def by_jax(s, u, r, c, A):
        return jnp.sum((A * s + r) / (c * c + 1) - u * c * r) + jnp.sum(s) ** 3

    exact = in_numpy(jax.grad(by_jax, (0, 1, 2, 3, 4)))(*values.values())
    for symbol, wanted in zip(names.values(), exact, strict=True):
        found = gradient(total, symbol)
        assert found.shape == symbol.shape
        assert_near(evaluate(found, values), wanted)


def inlined(work: Derivation, name: str) -> Expression:
    """The named result in terms of the givens alone."""
    known: dict[Expression, Expression] = {}
    for equation in work.equations:
        known[equation.symbol] = replace(equation.expression, known)
    return known[work[name].symbol]


@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy", "cross_entropy"])
@pytest.mark.parametrize(("samples", "weights"), [("rows", "in_out"), ("columns", "out_in")])
def test_hessians_of_small_networks(samples, weights, loss):
    network = RandomNetwork(2, samples, weights, loss, "mean")
    network.widths, network.hidden, network.biased, network.batch = [2, 2, 2], ["tanh"], [True, False], 2
    numbers = np.random.default_rng(11)
    shapes = {"W1": (2, 2), "b1": network.oriented(2, 1), "W2": (2, 2)}
    network.parameters = {name: numbers.normal(size=shape) for name, shape in shapes.items()}
    network.x = numbers.normal(size=(2, 2))
    y = numbers.uniform(0.2, 0.8, size=(2, 2))
    network.y = y / y.sum(axis=network.axis, keepdims=True)
    loss_expression = inlined(network.derivation(), "L")
    assert {str(name) for name in names_in(loss_expression)} == {"x", "y", *shapes}
    exact = in_numpy(jax.hessian(network.by_jax))(network.parameters)
    values = {**network.parameters, "x": network.x, "y": network.y}
    for first, second in itertools.product(shapes, shapes):
        size = network.parameters[first].size
        directions = np.eye(size).reshape(size, *shapes[first])
        by_first = gradient(loss_expression, Name(first, shapes[first]), network.facts)
        slope = apply("sum", Name("v", shapes[first]) * by_first)
        ours = evaluate(gradient(slope, Name(second, shapes[second])), values | {"v": directions})
        assert_near(np.broadcast_to(ours, (size, *shapes[second])), exact[first][second].reshape(size, *shapes[second]))


def test_higher_derivatives_of_a_scalar():
    x = Name("x")
    expression = apply("sin", x) * x**2 + apply("sigmoid", x)
    by_jax = lambda x: jnp.sin(x) * x**2 + 1 / (1 + jnp.exp(-x))  # noqa: E731
    for _ in range(4):
        value = evaluate(expression, {"x": np.array([[0.7]])}).item()
        np.testing.assert_allclose(value, by_jax(0.7), rtol=1e-12)
        expression, by_jax = gradient(expression, x), jax.grad(by_jax)


def test_the_derivative_by_something_absent_is_zero():
    x, w = Name("x", (2, 3)), Name("w")
    assert str(gradient(w**2, x)) == "broadcast(0, [2, 3])"
    assert str(gradient(apply("sum", x), w)) == "0"
    assert str(gradient(w, w)) == "1"
    assert str(gradient(apply("sum", x), x)) == "broadcast(1, [2, 3])"
    assert str(gradient(apply("argmax", apply("sum", x)), x)) == "broadcast(0, [2, 3])"


def test_a_name_called_output_is_a_name_like_any_other():
    output = Name("output")
    assert str(gradient(apply("exp", output), output)) == "exp(output)"
    assert str(gradient(apply("tanh", output) * Name("w"), output)) == "w * (1 - tanh(output)^2)"


def test_only_a_scalar_has_derivatives():
    x = Name("x", (2, 3))
    with pytest.raises(ShapeError, match="scalar"):
        gradient(x * 2, x)
    with pytest.raises(ShapeError, match=r"z is a matrix.*in z = x \* 2"):
        adjoint_equations([Equation("z", x * 2, Stage.FORWARD)], "z", {"x": "dx"})
