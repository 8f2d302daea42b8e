"""Networks against plain JAX, in every convention, with every activation, loss and reduction."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import pytest
from random_networks import ACTIVATIONS, CONVENTIONS, LOSSES, Case, draw, far

from chalkwork import BinaryCrossEntropy, ChalkworkError, CrossEntropy, Dense, NeuralNetwork, SquaredError
from chalkwork.errors import ShapeError, ValueProblem
from chalkwork.solutions.notebook import to_notebook
from chalkwork.solutions.workbook import Workbook

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


# --- losses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "wanted"),
    [
        ("squared_error", 0.5 * (1 + 4 + 9 + 16)),
        ("mean_squared_error", 30 / 4),
        (SquaredError(reduction="mean_over_samples"), 7.5),
        (SquaredError(factor=1), 30),
        (SquaredError(factor=0.5, reduction="mean"), 3.75),
        ({"name": "squared_error", "factor": 2, "reduction": "mean"}, 15),
    ],
)
def test_squared_errors_by_hand(loss, wanted):
    net = NeuralNetwork([Dense(weights=np.eye(2), bias=False)], loss)
    assert float(net.solve([[1, 2], [3, 4]], np.zeros((2, 2)))["L"]) == pytest.approx(wanted, rel=1e-15)


@pytest.mark.parametrize(
    ("loss", "wanted"),
    [
        ("cross_entropy", np.log(2)),
        (CrossEntropy(reduction="sum"), 2 * np.log(2)),
        (CrossEntropy(reduction="mean_over_samples"), np.log(2)),
    ],
)
def test_cross_entropy_by_hand(loss, wanted):
    net = NeuralNetwork([Dense(2, "softmax", weights=0.0, inputs=2)], loss)
    assert float(net.solve(np.ones((2, 2)), [[1, 0], [0.5, 0.5]])["L"]) == pytest.approx(wanted, rel=1e-15)


def test_binary_cross_entropy_by_hand():
    net = NeuralNetwork([Dense(3, "sigmoid", weights=0.0, inputs=2)], BinaryCrossEntropy(reduction="sum"))
    assert float(net.solve(np.ones((2, 2)), np.eye(3)[:2])["L"]) == pytest.approx(6 * np.log(2), rel=1e-15)


def test_a_target_of_zero_where_the_output_is_saturated_costs_nothing():
    net = NeuralNetwork([Dense(weights=np.eye(2), activation="softmax", bias=False)], "cross_entropy")
    solution = net.solve([1000, 0], [1, 0], 0.1)
    assert float(solution["L"]) == 0
    assert solution["delta1"].tolist() == [[0, 0]]


# --- the predicted class ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net_inputs", "activation", "value", "predicted", "said"),
    [
        ([1, 1], "softmax", 0, 0, "Outputs 1 and 2 are equal, and the largest: the network decides for no class"),
        ([1, 0, 1], "softmax", 0, 0, "Outputs 1 and 3 are equal, and the largest: the network decides for no class"),
        ([2, 2, 2], "softmax", 0, 0, "All outputs are equal: the network decides for no class"),
        ([0.1 + 0.2, 0.3], "softmax", 0, 0, "equal, and the largest: the network decides for no class"),
        ([1, 2], "softmax", 2, 1, "Output 2 is the largest, so the network predicts class 2."),
        ([1, 1 + 1e-9], "softmax", 2, 1, "Output 2 is the largest"),
        ([0], "sigmoid", 0.5, 0, "exactly one half, on the border of the two classes: the network decides"),
        ([1e-9], "sigmoid", 1, 1, "The network predicts class 1."),
        ([0], "tanh", 0.5, 0, "The output is exactly 0, on the border of the two classes: the network decides"),
        ([-1], "tanh", 0, 0, "The network predicts class 0."),
    ],
)
def test_equal_outputs_give_no_class(net_inputs, activation, value, predicted, said):
    network = NeuralNetwork([Dense(weights=[net_inputs], activation=activation, bias=False)])
    solution = network.solve([1], predict=True)
    assert float(np.squeeze(solution["class"])) == value
    assert said in " ".join(str(solution).split())
    assert network.predict([1]).tolist() == [predicted]  # of equal outputs the first, counted from 0
    message = solution.check({"class": "1"})["class"].message
    assert ("the network decides" in message) == ("the network decides" in said)
    cells = json.loads(to_notebook(Workbook.of(solution, "ties")))["cells"]
    known: dict[str, Any] = {}
    exec("\n".join(cell["source"] for cell in cells if cell["cell_type"] == "code"), known)
    assert float(np.squeeze(known["class_"])) == value


def test_ties_of_a_batch_are_said_for_each_sample():
    solution = NeuralNetwork([Dense(weights=[[1, 1, 0], [0, 1, 0]], activation="softmax", bias=False)],
                             "cross_entropy").solve([[1, 0], [1, 1], [0, 0]])  # fmt: skip
    assert solution["class"].ravel().tolist() == [0, 2, 0]
    text = " ".join(str(solution).split())
    assert "The predicted classes are none, 2, none. Sample 1: outputs 1 and 2 are equal, and the largest" in text
    assert "Sample 3: all outputs are equal" in text


def test_predicted_classes():
    def net(units: int, activation: str, **more: Any) -> NeuralNetwork:
        return NeuralNetwork([Dense(weights=np.eye(units), activation=activation, bias=False)], **more)

    many = [[1, 2, 0], [3, 0, 1], [0, 0, 1]]
    for activation in ("softmax", "sigmoid", "tanh", "log_softmax"):
        assert net(3, activation).predict(many).tolist() == [1, 0, 2]
        assert net(3, activation, samples="columns").predict(np.transpose(many)).tolist() == [1, 0, 2]
    for activation in ("sigmoid", "tanh"):
        assert net(1, activation).predict([[-1], [2], [0.1]]).tolist() == [0, 1, 1]
    assert net(1, "sigmoid").predict([-3]).dtype == np.int64
    assert net(2, "softmax").solve([0, 1], [0, 1], predict=True)["class"] == 2
    assert "class" not in net(2, "softmax").solve([0, 1], [0, 1])
    with pytest.raises(ChalkworkError, match="identity, which gives no class"):
        net(2, "identity").predict([1, 2])


# --- a solution is a mapping -----------------------------------------------------------------------------------


def test_what_a_solution_holds_depends_on_what_is_given():
    net = NeuralNetwork([Dense(2, "tanh", inputs=2), Dense(2, bias=False)])
    forward = ["x", "W1", "b1", "W2", "z1", "a1", "z2", "a2"]
    assert list(net.solve([1, 2])) == forward
    backward = ["L", "delta2", "dW2", "delta1", "dW1", "db1"]
    assert list(net.solve([1, 2], [1, 0])) == ["x", "y", *forward[1:], *backward]
    updated = ["W1_new", "b1_new", "W2_new", "z1_new", "a1_new", "z2_new", "a2_new", "L_new"]
    whole = net.solve([1, 2], [1, 0], 0.1)
    assert list(whole) == ["x", "y", *forward[1:4], "eta", *forward[4:], *backward, *updated]
    assert len(whole) == len(list(whole))
    assert dict(whole).keys() == set(whole)
    with pytest.raises(ChalkworkError, match="needs a target"):
        net.solve([1, 2], learning_rate=0.1)


def test_entries_and_scalars_by_name():
    net = NeuralNetwork([Dense(weights=[[1, 2, 3], [4, 5, 6]], bias=[7, 8, 9])], samples="columns")
    solution = net.solve([1, 2], [0, 0, 0], 0.5)
    assert solution["W1[1,2]"] == 2
    assert solution["W1[2,3]"] == 6
    assert solution["b1[2]"] == solution["b1[2,1]"] == 8
    assert solution["x[2]"] == 2
    assert solution["z1[3]"] == 3 + 12 + 9
    assert solution["eta"] == 0.5
    for name in ("L", "L_new", "eta", "dW1[2,1]"):
        assert type(solution[name]) is np.float64
    assert isinstance(solution["dW1"], np.ndarray)


@pytest.mark.parametrize(
    "name",
    ["", "z9", "W", "w1", "z1_new", "W1[0,1]", "W1[3,1]", "W1[1,4]", "W1[1,1,1]", "W1[]", "W1[1,2", "W1[a,b]",
     "W1[-1,1]", "b1[4]", "b1[1,2]", "L[1]", "L[1,1]", "z1[1][1]", "W1[1.0,1]", "W1[1]", "[1]"],
)  # fmt: skip
def test_unknown_names_are_key_errors(name):
    net = NeuralNetwork([Dense(weights=[[1, 2, 3], [4, 5, 6]], bias=[7, 8, 9])], samples="columns")
    solution = net.solve([1, 2], [0, 0, 0])
    with pytest.raises(KeyError):
        solution[name]
    assert name not in solution
    assert solution.get(name) is None
    with pytest.raises(KeyError):
        solution.equation(name)


def test_the_values_of_a_solution_cannot_reach_the_network():
    net = NeuralNetwork([Dense(weights=[[1.0], [2.0]])])
    x = np.array([[1.0, 1.0]])
    solution = net.solve(x, 1)
    solution["W1"][0, 0] = 100
    solution["x"][0, 0] = 100
    assert float(net.parameters["W1"][0, 0]) == 1
    assert x[0, 0] == 1


# --- rounding in every line ------------------------------------------------------------------------------------


def test_han_and_kamber_round_in_between():
    """Data Mining, example 9.1: the error 0.1311 comes from the rounded output 0.474, not from 0.4739."""
    net = NeuralNetwork(
        [
            Dense(weights=[[0.2, 0.4, -0.5], [-0.3, 0.1, 0.2]], bias=[-0.4, 0.2], activation="sigmoid"),
            Dense(weights=[[-0.3, -0.2]], bias=[0.1], activation="sigmoid"),
        ],
        weights="out_in",
    )
    exact = net.solve([1, 0, 1], [1], 0.9)
    assert round(float(exact["delta2[1]"]), 4) == -0.1312
    assert exact["z1"].tolist() == [pytest.approx([-0.7, 0.1])]
    printed = {
        "a1[1]": 0.332, "a1[2]": 0.525, "z2[1]": -0.105, "a2[1]": 0.474,
        "W2_new[1]": -0.261, "W2_new[2]": -0.138, "b2_new[1]": 0.218, "b1_new[2]": 0.194, "b1_new[1]": -0.408,
        "W1_new[1,1]": 0.192, "W1_new[1,2]": 0.4, "W1_new[1,3]": -0.508,
        "W1_new[2,1]": -0.306, "W1_new[2,2]": 0.1, "W1_new[2,3]": 0.194,
    }  # fmt: skip
    for name, value in printed.items():
        assert round(float(exact[name]), 3) == value, name
    by_hand = net.solve([1, 0, 1], [1], 0.9, decimals=3, rounding="every_line")
    for name in ("a1[1]", "a1[2]", "z2[1]", "a2[1]", "b2_new[1]"):
        assert float(by_hand[name]) == printed[name]
    # the author's own figure: 0.474 (1 - 0.474) (1 - 0.474) = 0.1311
    output = NeuralNetwork([Dense(weights=[[1.0]], bias=False, activation="sigmoid")])
    assert float(output.solve(-0.105, 1, decimals=3, rounding="every_line")["delta1"].item()) == -0.131


def test_rashid_rounds_every_line_to_three_decimals():
    """Make Your Own Neural Network: 0.975 comes from rounded activations, 0.9759 from exact ones."""
    net = NeuralNetwork(
        [
            Dense(weights=[[0.9, 0.3, 0.4], [0.2, 0.8, 0.2], [0.1, 0.5, 0.6]], bias=False, activation="sigmoid"),
            Dense(weights=[[0.3, 0.7, 0.5], [0.6, 0.5, 0.2], [0.8, 0.1, 0.9]], bias=False, activation="sigmoid"),
        ],
        samples="columns", weights="out_in",
    )  # fmt: skip
    rounded = net.solve([0.9, 0.1, 0.8], decimals=3, rounding="every_line")
    assert rounded["z1"].ravel().tolist() == [1.16, 0.42, 0.62]
    assert rounded["a1"].ravel().tolist() == [0.761, 0.603, 0.65]
    assert rounded["z2"].ravel().tolist() == [0.975, 0.888, 1.254]
    assert rounded["a2"].ravel().tolist() == [0.726, 0.708, 0.778]
    exact = net.solve([0.9, 0.1, 0.8], decimals=3)
    assert exact["z2"].ravel().round(4).tolist() == [0.9759, 0.8886, 1.2546]


@pytest.mark.parametrize("digits", [{"decimals": 2}, {"significant": 3}])
def test_every_line_is_rounded_before_it_is_used(digits):
    case = draw(11, hidden="sigmoid", loss="squared_error")
    x, y = case.given()
    solution = case.net.solve(x, y, case.rate, rounding="every_line", **digits)
    for name in solution.derivation:
        value = np.asarray(solution[name])
        shown = np.vectorize(lambda v: float(f"{v:.2f}" if "decimals" in digits else f"{v:.3g}"))(value)
        assert np.allclose(value, shown, rtol=1e-14, atol=0), name
    dW1 = case.canonical("dW1", solution["dW1"])
    again = case.canonical("x", solution["x"]).T @ case.canonical("delta1", solution["delta1"])
    assert np.allclose(dW1, again, rtol=6e-3, atol=6e-3)


def test_only_what_is_shown_is_rounded_otherwise():
    case = draw(11)
    assert all(np.array_equal(case.solve()[name], case.solve(decimals=1)[name]) for name in case.solve())


# --- the same work in another style ----------------------------------------------------------------------------


def test_a_solution_may_be_restyled():
    case = draw(12)
    solution = case.solve()
    other = solution.restyled(decimals=2, notation="brackets")
    assert list(other) == list(solution)
    assert all(np.array_equal(other[name], solution[name]) for name in solution)


@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), float("inf"), "0.1", [0.1], True, None])
def test_learning_rates_that_are_none(rate):
    net = NeuralNetwork([Dense(weights=[[1.0]])])
    if rate is None:
        assert "eta" not in net.solve(1, 1, rate)
        return
    with pytest.raises(ValueProblem, match="learning rate"):
        net.solve(1, 1, rate)
