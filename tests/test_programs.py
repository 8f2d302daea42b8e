"""A program's variables as they are: what they stand for, whatever they are called and wherever they are kept."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from students import sigmoid

from chalkwork import Dense, Dropout, NeuralNetwork
from chalkwork.checking.naming.variables import is_program, taken_apart
from chalkwork.solutions.solution import Solution

r = np.random.default_rng(8)
X, Y = r.normal(size=(4, 3)).round(2), np.array([[0.0], [1], [1], [0]])
V, W = r.normal(size=(3, 4)).round(2), r.normal(size=(4, 1)).round(2)


@pytest.fixture(scope="module")
def done() -> Solution:
    layers = [Dense(weights=V, bias=False, activation="sigmoid"), Dense(weights=W, bias=False, activation="sigmoid")]
    return NeuralNetwork(layers, "squared_error").solve(X, Y, 1.0)


def right(report: Any, *names: str) -> None:
    assert {name: result.verdict for name, result in report.items()} == dict.fromkeys(names, "correct"), str(report)


NAMES = {
    "z1": "hidden_inputs zh Z1 hidden_layer_input z_h net_h",
    "a1": "h1 out_h l1 hidden hidden_outputs A1 h hidden_layer_output a_h layer_1 layer1",
    "z2": "scores logits final_inputs output_layer_input zo z_o",
    "a2": "outputs preds y_predicted y_prob p hypothesis l2 probs yHat y_hat predictions o output y_pred final_outputs "
    "a_o predicted_output layer_2 out A2 probas",
    "L": "error_total mean_squared_error mse loss cost J error E total_error",
    "delta2": "l2_delta output_deltas delta_o d2 dZ2 output_delta delta_output d_predicted_output dscores layer2_delta",
    "delta1": "l1_delta delta_h dZ1 delta_hidden hidden_delta d_hidden_layer layer_1_delta",
    "dW1": "Theta1_grad grad_W1 dwih dW1 W1_grad gW1 nabla_w1 d_weights1",
    "dW2": "Theta2_grad grad_W2 dwho W2_grad nabla_w2 d_weights2 gradW2",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_by_the_table(done: Solution, name: str) -> None:
    """Their values are wrong, so that nothing else says what they stand for."""
    words, wrong = NAMES[name].split(), done.arrays[name] * 1.37 + 0.0123
    for word, report in zip(words, done.check_class([{word: wrong} for word in words]), strict=True):
        assert list(report) == [name], (word, str(report))


@pytest.mark.parametrize("name", NAMES)
def test_names_by_evidence(done: Solution, name: str) -> None:
    report = done.check({"something": done.arrays[name]})
    right(report, name)
    assert f"something is taken as {name}." in report.notes


def test_a_program_that_counts_from_zero_and_renews_in_place(done: Solution) -> None:
    syn0, syn1 = V.copy(), W.copy()
    l0 = X
    l1 = sigmoid(l0 @ syn0)
    l2 = sigmoid(l1 @ syn1)
    l2_error = Y - l2
    l2_delta = l2_error * l2 * (1 - l2)
    l1_error = l2_delta @ syn1.T
    l1_delta = l1_error * l1 * (1 - l1)
    syn1 += l1.T @ l2_delta
    syn0 += l0.T @ l1_delta
    report = done.check(locals())
    right(report, "a1", "a2", "delta2", "delta1", "W1_new", "W2_new")
    assert "y minus the output" in report.notes[0]
    assert report.unused["l2_error"].startswith("it is y − a2")


def test_layers_counted_from_the_input_as_one(done: Solution) -> None:
    a1 = X
    z2 = a1 @ V
    a2 = sigmoid(z2)
    z3 = a2 @ W
    a3 = sigmoid(z3)
    delta3 = (a3 - Y) * a3 * (1 - a3)
    delta2 = delta3 @ W.T * a2 * (1 - a2)
    Theta1_grad, Theta2_grad = a1.T @ delta2, a2.T @ delta3
    report = done.check({name: value for name, value in locals().items() if name != "done"})
    right(report, "z1", "a1", "z2", "a2", "delta2", "dW2", "delta1", "dW1")
    assert not report.unused


def test_dictionaries_lists_and_objects(done: Solution) -> None:
    cache = {"Z1": done["z1"], "A1": done["a1"]}
    grads = {"dW1": done["dW1"], "W2": done["dW2"]}
    right(done.check({"cache": cache, "grads": grads, "np": np, "f": sigmoid}), "z1", "a1", "dW2", "dW1")
    zs, activations = [done["z1"], done["z2"]], [X, done["a1"], done["a2"]]
    nabla_w = [done["dW1"], done["dW2"]]
    right(done.check({"zs": zs, "activations": activations, "nabla_w": nabla_w}), "z1", "a1", "z2", "a2", "dW2", "dW1")
    model = SimpleNamespace(name="net", _z1=done["z1"], weights=[V, W], fit=functools.partial(print))
    right(done.check({"model": model}), "z1")
    right(done.check(vars(model)), "z1")
    layers = [SimpleNamespace(W=V, z=done["z1"], dW=done["dW1"]), SimpleNamespace(W=W, z=done["z2"], dW=done["dW2"])]
    right(done.check({"layers": layers}), "z1", "z2", "dW2", "dW1")


def test_what_is_no_number_is_passed_over(done: Solution) -> None:
    report = done.check({"np": np, "f": sigmoid, "C": SimpleNamespace, "__name__": "x", "z1": done["z1"], "m": 4})
    right(report, "z1")
    assert report.unused == {"m": "not a name of this exercise"}
    assert not is_program({"z1": [0.5, "0.25"], "L": None})
    assert taken_apart({"self": 3, "a": {"b": {"c": 2.0}}}, 0) == {"c": 2.0}
    loop: dict[str, Any] = {}
    loop["again"] = loop
    assert taken_apart(loop, 2) == {}


def test_pairs_in_a_list_are_layers_only_where_these_can_follow_each_other() -> None:
    errors, gradients = [np.ones((4, 1)), np.ones((1, 1))], [np.ones((4, 3)), np.ones((1, 4))]
    assert not {"W1", "b1"} & taken_apart({"back()": [errors, gradients]}, 2).keys()
    for turned in (False, True):
        layers = [
            (np.ones(shape[::-1] if turned else shape), np.ones(size)) for shape, size in (((3, 4), 4), ((4, 1), 1))
        ]
        assert taken_apart({"net": layers}, 2).keys() == {"W1", "b1", "W2", "b2"}


def test_a_mask_is_no_error() -> None:
    layers = [Dense(weights=V, bias=False, activation="tanh"), Dropout(0.5), Dense(weights=W, bias=False)]
    mask = (r.random((4, 4)) > 0.5).astype(float)
    net = NeuralNetwork(layers, "squared_error").solve(X, Y, 0.1, masks={2: mask})
    report = net.check({"D1": 1 - mask, "z1": net["z1"]})
    right(report, "z1")
    assert "mask" in report.unused["D1"]


def other(done: Solution, y: Any) -> Any:
    a1 = sigmoid(X @ V)
    a2 = sigmoid(a1 @ W)
    return done.check({"y": y, "a2": a2, "L": np.sum((a2 - np.reshape(y, (4, 1))) ** 2) / 2})


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (Y[[1, 0, 3, 2]], "its rows are in another order"),
        (2 * Y - 1, "it has −1 and 1 for 0 and 1"),
        (3 * Y, "it is 3 times the exercise's"),
        (Y + np.array([[0], [0], [0], [1]]), "entry 4 is 1 and not 0"),
    ],
)
def test_other_data_are_said_first(done: Solution, y: Any, words: str) -> None:
    report = other(done, y)
    assert report.notes[0].startswith(f"Other data. y is not the exercise's: {words}.")
    assert report.first_wrong == "L" and report["L"].mistakes == ("other-data",)
    assert report["a2"].verdict == "correct"


def test_targets_of_another_class() -> None:
    one_hot = np.eye(3)[[0, 2, 1, 0]]
    net = NeuralNetwork([Dense(weights=V[:, :3], bias=False, activation="softmax")], "cross_entropy")
    done = net.solve(X, one_hot, 0.1)
    shifted = np.roll(one_hot, 1, axis=1)
    report = done.check({"y": shifted, "a1": done["a1"], "L": -np.mean(np.sum(shifted * np.log(done["a1"]), 1))})
    assert "the ones stand a class further" in report.notes[0] and report["L"].mistakes == ("other-data",)
    for same in (one_hot, one_hot.argmax(1), one_hot.T):
        assert not done.check({"y": same, "a1": done["a1"]}).notes


@pytest.mark.parametrize("y", [Y, Y.ravel(), Y.T, "0; 1; 1; 0", [0, 1, 1, 0]])
def test_the_same_data_say_nothing(done: Solution, y: Any) -> None:
    report = done.check({"y": y, "L": done["L"]})
    right(report, "L")
    assert not report.notes and not report.unused
