"""Networks that compute the same function: against plain NumPy, SymPy and JAX, over random networks and conventions."""

import itertools
import math

import numpy as np
import pytest
import sympy
from shipped import SHEETS

from chalkwork import Dense, NeuralNetwork
from chalkwork.documents.model import Display
from chalkwork.errors import ChalkworkError, SheetError
from chalkwork.laboratory.equivalent import collapse, symmetries, to_sigmoid, to_tanh
from chalkwork.laboratory.equivalent.swap import _TO_SIGMOID, _TO_TANH
from chalkwork.networks.layers import BatchNorm, Dropout
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.solve import work_parts

CONVENTIONS = list(itertools.product(("rows", "columns"), ("in_out", "out_in")))
FUNCTIONS = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "identity": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
}


def network(sizes, activations, convention=("rows", "in_out"), seed=0, bias=True, loss="squared_error"):
    """A network of random weights and biases, about as large as trained ones."""
    samples, weights = convention
    random = np.random.default_rng(seed)
    layers = []
    for inputs, units, activation in zip(sizes, sizes[1:], activations, strict=False):
        matrix = random.normal(0, 1, (inputs, units))
        biases = random.normal(0, 1, units) if bias is True or (bias and len(layers) in bias) else False
        layers.append(Dense(weights=matrix if weights == "in_out" else matrix.T, bias=biases, activation=activation))
    return NeuralNetwork(layers, loss, samples=samples, weights=weights)


def by_hand(net, rows):
    """The outputs for samples as rows, in plain NumPy."""
    values = rows
    for number, layer in enumerate(net.layers, 1):
        weights = net.parameters[f"W{number}"]
        weights = weights if net.convention.weights == "in_out" else weights.T
        values = FUNCTIONS[layer.activation.name](values @ weights + net.parameters.get(f"b{number}", 0.0))
    return values


def equal_functions(net, other, inputs, tolerance=1e-14):
    rows = 3 * np.random.default_rng(1).normal(size=(50, inputs))
    expected = by_hand(net, rows)
    scale = max(1.0, np.abs(expected).max())
    assert np.abs(by_hand(other, rows) - expected).max() <= tolerance * scale


# --- sigmoid and tanh ----------------------------------------------------------------------------------------------


def test_the_identities_that_are_used():
    z = sympy.symbols("z", real=True)
    functions = {"sigmoid": lambda t: 1 / (1 + sympy.exp(-t)), "tanh": sympy.tanh}
    for rule in (_TO_TANH, _TO_SIGMOID):
        scale, slope, shift = (sympy.Rational(str(value)) for value in (rule.scale, rule.slope, rule.shift))
        difference = functions[rule.old](z) - shift - slope * functions[rule.new](scale * z)
        assert sympy.simplify(difference.rewrite(sympy.exp)) == 0


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("depth", [2, 3, 5])
@pytest.mark.parametrize("bias", [True, False, (0,)])
def test_sigmoid_to_tanh_and_back(convention, depth, bias):
    sizes = [*[3, 4, 2, 3, 5, 2][:depth], 2]
    net = network(sizes, ["sigmoid"] * depth, convention, seed=depth, bias=bias)
    there = to_tanh(net)
    assert [layer.activation.name for layer in there.network.layers] == ["tanh"] * (depth - 1) + ["sigmoid"]
    equal_functions(net, there.network, 3)
    back = to_sigmoid(there.network).network
    equal_functions(net, back, 3)
    for name, value in net.parameters.items():
        np.testing.assert_allclose(back.parameters[name], value, atol=1e-14)
    assert there["difference"] <= 1e-14


def test_only_hidden_layers_of_that_activation_change():
    net = network([2, 3, 4, 3, 1], ["sigmoid", "relu", "sigmoid", "tanh"], seed=3)
    other = to_tanh(net).network
    assert [layer.activation.name for layer in other.layers] == ["tanh", "relu", "tanh", "tanh"]
    equal_functions(net, other, 2)
    with pytest.raises(ChalkworkError, match="no hidden layer is tanh"):
        to_sigmoid(net)


def test_the_gradients_obey_the_chain_rule():
    """W' = c W and b' = s (b + t W 1): what the derivatives by W' and b' say of those by W and b."""
    net = network([2, 3, 2], ["sigmoid", "sigmoid"], ("columns", "out_in"), loss="binary_cross_entropy")
    other = to_tanh(net).network
    x, y = [0.3, -1.2], [1, 0]
    old, new = net.backprop(x, y), other.backprop(x, y)
    np.testing.assert_allclose(old["dW1"], new["dW1"] / 2, atol=1e-15)
    np.testing.assert_allclose(old["dW2"], new["dW2"] / 2 + new["db2"][:, None] / 2, atol=1e-15)
    np.testing.assert_allclose(old["db2"], new["db2"], atol=1e-15)


def test_jax_finds_the_same_function_and_derivative():
    jax = pytest.importorskip("jax")
    net = network([3, 4, 3, 2], ["sigmoid"] * 3, seed=7)
    other = to_tanh(net).network

    def function(parameters, x, hidden):
        for layer in (1, 2):
            x = hidden(x @ parameters[f"W{layer}"] + parameters[f"b{layer}"])
        return jax.nn.sigmoid(x @ parameters["W3"] + parameters["b3"])

    with jax.enable_x64(True):
        x = jax.numpy.array([0.5, -1.0, 2.0])
        first = jax.jacobian(lambda x: function(net.parameters, x, jax.nn.sigmoid))(x)
        second = jax.jacobian(lambda x: function(other.parameters, x, jax.numpy.tanh))(x)
    np.testing.assert_allclose(first, second, atol=1e-14)


# --- linear layers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("bias", [True, False, (0,), (1,), (2,)])
def test_linear_layers_become_one(convention, bias):
    net = network([3, 4, 2, 5], ["identity"] * 3, convention, bias=bias)
    answer = collapse(net)
    assert len(answer.network.layers) == 1 and answer["layers"] == [3, 1]
    equal_functions(net, answer.network, 3)
    matrices = [net.parameters[f"W{k}"] if convention[1] == "in_out" else net.parameters[f"W{k}"].T for k in (1, 2, 3)]
    product = np.linalg.multi_dot(matrices)
    np.testing.assert_allclose(answer["W1_new"], product if convention[1] == "in_out" else product.T, atol=1e-14)
    assert answer["ranks"] == [2]
    assert ("b1_new" in answer) == bool(bias)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_runs_between_other_layers_collapse(convention):
    net = network([2, 3, 3, 4, 2, 3, 2], ["identity", "tanh", "relu", "identity", "identity", "sigmoid"], convention)
    answer = collapse(net)
    assert [layer.activation.name for layer in answer.network.layers] == ["tanh", "relu", "sigmoid"]
    equal_functions(net, answer.network, 2)


def test_nothing_to_collapse():
    with pytest.raises(ChalkworkError, match=r"no hidden layer is linear.*layer 1 is tanh"):
        collapse(network([2, 3, 1], ["tanh", "identity"]))


# --- symmetries ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "activations", "number"),
    [
        ([2, 3, 1], ["tanh", "identity"], 48),
        ([2, 3, 1], ["relu", "identity"], 6),
        ([4, 4, 3, 3], ["tanh"] * 3, 24 * 16 * 6 * 8),
        ([2, 1, 1], ["sigmoid", "identity"], 1),
        ([2, 3, 1], ["identity", "identity"], 48),
    ],
)
def test_how_many_there_are(sizes, activations, number):
    answer = symmetries(network(sizes, activations))
    assert answer["number"] == number
    assert answer["log10_number"] == pytest.approx(math.log10(number), abs=1e-12)


def test_the_count_by_enumeration():
    """All signed permutations of three tanh units give different weights and the same function."""
    net = network([2, 3, 1], ["tanh", "identity"], ("columns", "out_in"))
    rows = np.random.default_rng(2).normal(size=(20, 2))
    expected, found = by_hand(net, rows), set()
    for order in itertools.permutations((1, 2, 3)):
        for flips in itertools.chain.from_iterable(itertools.combinations((1, 2, 3), n) for n in range(4)):
            other = symmetries(net, permute={1: order}, flip={1: flips}).network
            np.testing.assert_allclose(by_hand(other, rows), expected, atol=1e-14)
            found.add(tuple(np.concatenate([value.ravel() for value in other.parameters.values()])))
    assert len(found) == symmetries(net)["number"] == 48


def test_a_large_layer_is_counted_by_its_logarithm():
    answer = symmetries(NeuralNetwork([Dense(1200, "tanh", inputs=2), Dense(1)]))
    exact = math.factorial(1200) * 2**1200
    assert "number" not in answer and answer["log10_number"] == pytest.approx(math.log10(exact), rel=1e-12)
    shown = next(block.text for block in answer.document().blocks if isinstance(block, Display))
    assert "≈" in shown and str(exact)[:3] == shown.split("≈ ")[1][:4].replace(".", "")


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("seed", range(4))
def test_random_symmetries_keep_function_loss_gradient_and_training(convention, seed):
    net = network([3, 4, 3, 2], ["tanh", "softsign", "sigmoid"], convention, seed, loss="binary_cross_entropy")
    random = np.random.default_rng(seed)
    permute = {layer: (random.permutation(units) + 1).tolist() for layer, units in ((1, 4), (2, 3))}
    flip = {layer: [u for u in range(1, units + 1) if random.random() < 0.5] for layer, units in ((1, 4), (2, 3))}
    x, y = random.normal(size=(5, 3)), random.integers(0, 2, (5, 2)).astype(float)
    if convention[0] == "columns":
        x, y = x.T, y.T
    answer = symmetries(net, x, y, permute=permute, flip=flip)
    other = answer.network
    assert answer["difference"] <= 1e-14 and answer["gradient_difference"] <= 1e-14
    assert answer["L"] == pytest.approx(answer["L_new"], abs=1e-14)
    for trained in (net, other):
        trained.train(x, y, eta=0.5, iterations=30)
    again = symmetries(net, x, y, permute=permute, flip=flip).network
    for name, value in other.parameters.items():
        np.testing.assert_allclose(again.parameters[name], value, atol=1e-12)


def test_a_batch_in_both_orientations():
    for samples, x in (("rows", [[1, 2], [3, 4], [5, 6]]), ("columns", [[1, 3, 5], [2, 4, 6]])):
        net = network([2, 3, 2], ["sigmoid", "identity"], (samples, "in_out"))
        answer = to_tanh(net, x)
        assert answer["output_new"].shape == ((3, 2) if samples == "rows" else (2, 3))
        np.testing.assert_allclose(answer["output_new"], answer["output"], atol=1e-14)


def test_penalties_do_not_tell_images_apart():
    layers = [Dense(3, "tanh", inputs=2), Dense(1)]
    net = NeuralNetwork(layers, l1=0.1, l2=0.2)
    answer = symmetries(net, [1, 2], [3])
    assert answer["L"] == pytest.approx(answer["L_new"], rel=1e-14) and answer["gradient_difference"] < 1e-13


def test_equal_units_are_their_own_images():
    net = NeuralNetwork([Dense(3, "relu", inputs=2, weights=0.1), Dense(1, weights=0.1)])
    assert "all different" in str(symmetries(net)) and "all different" not in str(
        symmetries(network([2, 3, 1], ["relu", "identity"]))
    )


# --- what cannot be --------------------------------------------------------------------------------------------------


def test_refusals():
    net = network([2, 3, 1], ["tanh", "identity"])
    for given, message in (
        ({"permute": {1: [1, 2]}}, "each of its units 1 to 3 once"),
        ({"permute": {2: [1]}}, "hidden layers from 1 to 1"),
        ({"flip": {1: [4]}}, "each at most once"),
        ({"flip": {1: [1, 1]}}, "each at most once"),
    ):
        with pytest.raises(ChalkworkError, match=message):
            symmetries(net, **given)
    with pytest.raises(ChalkworkError, match="which is not odd"):
        symmetries(network([2, 3, 1], ["relu", "identity"]), flip={1: [1]})
    with pytest.raises(ChalkworkError, match="no hidden layer"):
        symmetries(network([2, 1], ["tanh"]))
    for layer in (Dropout(0.5), BatchNorm()):
        with pytest.raises(ChalkworkError, match=f"layer 2 is {type(layer).__name__}"):
            to_tanh(NeuralNetwork([Dense(3, "sigmoid", inputs=2), layer, Dense(1)]))
    with pytest.raises(ChalkworkError, match="a NeuralNetwork is expected"):
        to_tanh("net")
    with pytest.raises(ChalkworkError, match="at most 21"):
        collapse(NeuralNetwork([Dense(2, inputs=2) for _ in range(40)]))


NET = """
```network
name: net
layers:
  - {weights: [[1, 2], [3, 4]], activation: sigmoid}
  - {weights: [[1], [1]]}
```
"""


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("network: nett\nto: tanh", "line 10, column \\d+: equivalent a: there is no network 'nett'"),
        ("network: net\nto: relu", "tanh or sigmoid or one_layer or symmetries"),
        ("network: net\nto: sigmoid", "no hidden layer is sigmoid|no hidden layer is tanh"),
        ("network: net\nto: tanh\ny: [1]", "y is for to: symmetries"),
        ("network: net\nto: tanh\nx: [1, 2, 3]", "x"),
        ("network: net\nto: symmetries\npermute: {one: [1, 2]}", "the number of a hidden layer"),
        ("network: net\nto: symmetries\nflip: {1: [1]}", "not odd"),
        ("network: net\nto: symmetries\npermute: {1: [1, 2, 99999999]}", "whole number"),
    ],
)
def test_blocks_that_cannot_be(block, message):
    with pytest.raises(SheetError, match=message):
        work_parts(parse_sheet(f"{NET}```equivalent\nid: a\n{block}\n```\n"))


def test_the_shipped_sheet():
    worked = work_parts(read_sheet(SHEETS / "equivalent-networks.md"))
    np.testing.assert_array_equal(worked["a"]["W1_new"], [[0.5, -1], [0.25, 0.5], [1, 0]])
    np.testing.assert_array_equal(worked["a"]["b2_new"], [[1.5]])
    np.testing.assert_array_equal(worked["b"]["W1_new"], [[2, 5, -1], [1, 2, 0]])
    np.testing.assert_array_equal(worked["b"]["b1_new"], [[6.5], [2]])
    assert worked["c"]["number"] == 384 and worked["c"]["gradient_difference"] < 1e-15
