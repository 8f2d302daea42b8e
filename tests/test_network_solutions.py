"""What a network's solution holds: losses and classes by hand, names and entries, rounding in every line."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from random_networks import draw

from chalkwork import BinaryCrossEntropy, ChalkworkError, CrossEntropy, Dense, NeuralNetwork, SquaredError
from chalkwork.errors import ValueProblem
from chalkwork.solutions.notebook import to_notebook
from chalkwork.solutions.workbook import Workbook

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
