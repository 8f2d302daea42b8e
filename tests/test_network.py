"""Networks against plain JAX, in every convention, with every activation, loss and reduction."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from random_networks import ACTIVATIONS, CONVENTIONS, LOSSES, Case, draw, far

from chalkwork import ChalkworkError, Dense, NeuralNetwork
from chalkwork.errors import ShapeError

NEAR = 1e-12
COMBINATIONS = [
    (hidden, loss, CONVENTIONS[(3 * place + place // 4) % 4])
    for place, (hidden, loss) in enumerate(product(ACTIVATIONS, LOSSES))
]


def compare(case: Case, solution: Any, expected: dict[str, Any]) -> None:
    for name, wanted in expected.items():
        assert far(case.canonical(name, solution[name]), wanted) < NEAR, name


# --- against jax.grad ------------------------------------------------------------------------------------------


# Every activation with every loss, the conventions in turn; that the conventions agree is a test of its own.
@pytest.mark.parametrize(("hidden", "loss", "convention"), COMBINATIONS, ids=str)
def test_forward_gradients_update_and_the_pass_after_it(hidden, loss, convention):
    case = draw(COMBINATIONS.index((hidden, loss, convention)), convention, hidden, loss)
    expected = case.expected()
    solution = case.solve()
    compare(case, solution, expected)
    # and nothing is computed that the second opinion does not know
    extra = set(solution) - set(expected) - {"x", "y", "eta"} - set(case.net.parameters)
    assert not extra


@pytest.mark.parametrize("seed", range(1000, 1012))
def test_whatever_is_drawn(seed):
    case = draw(seed)
    compare(case, case.solve(), case.expected())


@pytest.mark.parametrize("seed", range(2000, 2006))
def test_the_error_of_the_output_the_long_way_is_the_same(seed):
    case = draw(seed, loss="cross_entropy" if seed % 2 else None)
    expected = case.expected(updates=0)
    x, y = case.given()
    solution = case.net.solve(x, y, long_way=True)
    compare(case, solution, expected)
    assert f"da{len(case.W)}" in solution


def test_the_long_way_shows_the_jacobian_of_the_softmax():
    net = NeuralNetwork([Dense(weights=np.eye(3), activation="softmax")], "cross_entropy", samples="columns")
    solution = net.solve([1, 2, 0], [0, 1, 0], long_way=True)
    a = solution["a1"]
    assert far(solution["J1"], np.diagflat(a) - a @ a.T) < NEAR
    assert far(solution["da1"], -np.array([[0], [1], [0]]) / a) < NEAR
    assert far(solution["delta1"], a - [[0], [1], [0]]) < NEAR


@pytest.mark.parametrize("seed", range(3000, 3006))
def test_backprop_and_forward_are_the_same_numbers(seed):
    case = draw(seed)
    x, y = case.given()
    expected = case.expected(updates=0)
    gradients = case.net.backprop(x, y)
    assert set(gradients) == {name for name in expected if name.startswith("d")}
    assert all(far(case.canonical(name, value), expected[name]) < NEAR for name, value in gradients.items())
    for name, value in gradients.items():
        if name.startswith(("dW", "db")):
            assert value.shape == case.net.parameters[name[1:]].shape
    forward = case.net.forward(x)
    assert set(forward) == {name for name in expected if name[0] in "za"}
    assert all(far(case.canonical(name, value), expected[name]) < NEAR for name, value in forward.items())


# --- several steps ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4000, 4006))
def test_steps_are_updates_one_after_the_other(seed):
    case = draw(seed)
    compare(case, case.solve(steps=4), case.expected(updates=4))


def test_steps_equal_solving_again_with_the_updated_parameters():
    case = draw(7)
    x, y = case.given()
    whole = case.net.solve(x, y, case.rate, steps=3)
    for step in range(1, 4):
        once = case.net.solve(x, y, case.rate)
        for name in case.net.parameters:
            shape = case.net.parameters[name].shape
            case.net.parameters[name] = once[f"{name}_new"].reshape(shape)
            suffix = "_new" if step == 1 else f"_new{step}"
            assert np.array_equal(whole[f"{name}{suffix}"], once[f"{name}_new"])
        assert float(whole["L" + suffix]) == float(once["L_new"])


# --- conventions and orientations ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5000, 5006))
def test_the_four_conventions_agree(seed):
    solutions = []
    for convention in CONVENTIONS:
        case = draw(seed, convention)
        solutions.append((case, case.solve(steps=2)))
    first, reference = solutions[0]
    for case, solution in solutions[1:]:
        assert list(solution) == list(reference)
        for name in solution:
            if name not in "xy":
                wanted = first.canonical(name, reference[name])
                assert far(case.canonical(name, solution[name]), wanted) < 1e-13, name


@pytest.mark.parametrize("convention", CONVENTIONS, ids="-".join)
def test_one_sample_is_a_vector_or_a_matrix_of_one(convention):
    samples, weights = convention
    net = NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(2, "softmax")], "cross_entropy", samples=samples,
                        weights=weights)  # fmt: skip
    x, y = np.array([0.5, -1]), np.array([0, 1])
    vector = net.solve(x, y, 0.1)
    matrix = net.solve(*((x[:, None], y[:, None]) if samples == "columns" else (x[None], y[None])), 0.1)
    assert all(np.array_equal(vector[name], matrix[name]) for name in vector)
    assert vector["x"].shape == ((2, 1) if samples == "columns" else (1, 2))
    assert vector["W1"].shape == ((3, 2) if weights == "out_in" else (2, 3))
    assert vector["b1"].shape == vector["z1"].shape
    with pytest.raises(ShapeError, match="transpose would fit"):
        net.solve(x[None] if samples == "columns" else x[:, None], y)


def test_rows_and_in_out_are_the_default():
    x = np.arange(6.0).reshape(3, 2)
    net = NeuralNetwork([Dense(weights=[[1, 2, 3], [4, 5, 6]], bias=[1, 0, -1])])
    assert np.array_equal(net.solve(x)["z1"], x @ [[1, 2, 3], [4, 5, 6]] + [1, 0, -1])


def test_targets_of_a_single_output_may_be_a_number_or_a_list():
    for samples in ("rows", "columns"):
        net = NeuralNetwork([Dense(weights=[[2.0]], bias=False)], samples=samples)
        assert float(net.solve(3, 5)["L"]) == 0.5
        batch = [[1], [2]] if samples == "rows" else [[1, 2]]
        assert float(net.solve(batch, [0, 0])["L"]) == 10


# --- what is given ---------------------------------------------------------------------------------------------


def test_parameters_are_arrays_with_flat_biases_and_may_be_replaced():
    net = NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(1, bias=False)], weights="out_in")
    assert {name: value.shape for name, value in net.parameters.items()} == {"W1": (3, 2), "b1": (3,), "W2": (1, 3)}
    assert np.array_equal(net.parameters["b1"], np.zeros(3))
    net.parameters["W1"] = [[1, 2], [3, 4], [5, 6]]
    net.parameters["b1"][:] = 1
    solution = net.solve([1, 1])
    assert solution["z1"].tolist() == [[4, 8, 12]]
    assert net.number_of_parameters == 12


def test_the_softmax_of_a_single_unit_is_one():
    net = NeuralNetwork([Dense(weights=[[2.0]], activation="softmax"), Dense(weights=[[3.0]], bias=False)])
    solution = net.solve(5, 1)
    assert solution["a1"] == 1
    assert solution["delta1"] == 0


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("W1", np.zeros((2, 3)), "W1 is 2x3, but 3x2 is needed"),
        ("W2", np.zeros((1, 4)), "W2 is 1x4, but 1x3 is needed"),
        ("b1", np.zeros(2), "b1 is 2, but 3 is needed"),
        ("b1", np.zeros((3, 1)), "b1 is 3x1, but 3 is needed"),
        ("W1", [[1, 2], [3]], "ragged"),
    ],
)
def test_a_parameter_of_the_wrong_shape(before, name, value, words):
    net = NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(1, bias=False)], weights="out_in")
    if before:
        net.forward([1, 1])
    net.parameters[name] = value
    with pytest.raises(ShapeError, match=words):
        net.forward([1, 1])


def test_a_missing_parameter_and_one_that_the_network_does_not_have():
    net = NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(1, bias=False)])
    net.parameters["b2"] = np.zeros(1)
    with pytest.raises(ChalkworkError, match="b2"):
        net.forward([1, 1])
    del net.parameters["b2"], net.parameters["W2"]
    with pytest.raises(ChalkworkError, match="W2 is missing"):
        net.forward([1, 1])


def test_the_network_does_not_change_what_it_was_given():
    weights, bias, x = np.ones((2, 2)), np.ones(2), np.ones((3, 2))
    net = NeuralNetwork([Dense(weights=weights, bias=bias, activation="tanh")])
    net.parameters["W1"] += 1
    net.parameters["b1"] += 1
    net.solve(x, np.zeros((3, 2)), 1.0)
    assert np.array_equal(weights, np.ones((2, 2)))
    assert np.array_equal(bias, np.ones(2))
    assert np.array_equal(x, np.ones((3, 2)))


def test_one_number_for_all_weights_or_biases():
    net = NeuralNetwork([Dense(2, weights=0.5, bias=-1, inputs=3)], weights="out_in")
    assert np.array_equal(net.parameters["W1"], np.full((2, 3), 0.5))
    assert np.array_equal(net.parameters["b1"], [-1, -1])


def test_glorot_draws():
    def drawn(**more: Any) -> Any:
        return NeuralNetwork([Dense(200, "tanh", inputs=300), Dense(100)], **more).parameters

    first = drawn(seed=1)
    for name, inputs, units in (("W1", 300, 200), ("W2", 200, 100)):
        weights = first[name]
        assert weights.shape == (inputs, units)
        variance = 2 / (inputs + units)
        deviation = np.sqrt(variance / weights.size)
        assert abs(weights.mean()) < 4 * deviation
        assert abs(weights.var() / variance - 1) < 4 * np.sqrt(2 / weights.size)
        assert abs((weights**4).mean() / variance**2 - 3) < 4 * np.sqrt(96 / weights.size)  # normal, not uniform
        assert np.array_equal(weights, drawn(seed=1)[name])
        assert not np.array_equal(weights, drawn(seed=2)[name])
        assert np.array_equal(weights.T, drawn(seed=1, weights="out_in")[name])
    assert np.array_equal(drawn()["W1"], drawn(seed=0)["W1"])
    assert not np.any(first["b1"])
    assert not np.array_equal(drawn(seed=None)["W1"], drawn(seed=None)["W1"])


def test_the_inputs_may_come_from_the_first_data():
    for samples in ("rows", "columns"):
        net = NeuralNetwork([Dense(3, "tanh"), Dense(1)], samples=samples)
        with pytest.raises(ChalkworkError, match="inputs is not known yet"):
            _ = net.parameters
        net.forward(np.zeros((5, 2) if samples == "rows" else (2, 5)))
        assert net.parameters["W1"].shape == (2, 3)
        with pytest.raises(ShapeError, match="x has 4 entries, but the network has 2 inputs"):
            net.forward([1, 2, 3, 4])


@pytest.mark.parametrize(
    ("layers", "parameters"),
    [
        ([Dense(3, inputs=2), Dense(2)], 17),
        ([Dense(3, inputs=2, bias=False), Dense(2, bias=False)], 12),
        ([Dense(128, "relu", inputs=784), Dense(10, "softmax")], 101770),
    ],
)
def test_number_of_parameters(layers, parameters):
    assert NeuralNetwork(layers).number_of_parameters == parameters
