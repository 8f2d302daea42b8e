"""Every kind of layer, penalties and sample weights: against plain JAX, published figures, and at the edges."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layers_in_jax import GATES, REFERENCES
from random_layers import BATCH, OF_WINDOWS, draw_stack
from random_networks import CONVENTIONS, far

from chalkwork import BatchNorm, ChalkworkError, CrossEntropy, Dense, Dropout, NeuralNetwork
from chalkwork.errors import ShapeError, ValueProblem
from chalkwork.networks.equations import derive
from chalkwork.networks.layers import LAYERS

NEAR = 1e-10
# test_convolution.py tries more of what moves windows, at less cost
PLACES = [(kind, one) for kind in LAYERS for one in (CONVENTIONS[:1] if kind in OF_WINDOWS else CONVENTIONS)]
EXTRAS = ({}, {"l2": 0.3}, {"l1": 0.2, "weighted": True}, {"l1": 0.1, "l2": 0.05})


def compare(stack: Any, solution: Any, expected: dict[str, Any]) -> None:
    for name, wanted in expected.items():
        assert far(stack.canonical(name, solution[name]), wanted) < NEAR, name


def test_every_kind_has_a_second_opinion():
    assert LAYERS.keys() == REFERENCES.keys()


# --- against jax.grad ------------------------------------------------------------------------------------------


CASES = [
    (kind, convention, extra)
    for (kind, convention), extra in product(PLACES, range(len(EXTRAS)))
    if kind not in (*GATES, *OF_WINDOWS)  # these are many operations for JAX
    or extra == (CONVENTIONS.index(convention) if kind in GATES else 1)
]


@pytest.mark.parametrize(("kind", "convention", "extra"), CASES, ids=str)
def test_values_and_gradients_in_training(kind, convention, extra):
    stack = draw_stack(PLACES.index((kind, convention)) + 100 * extra, kind, convention, **EXTRAS[extra])
    solution = stack.solve(masks=stack.masks)
    expected = stack.expected()
    compare(stack, solution, expected)
    known = {"x", "y", "w", *(name.name for name in solution.derivation.givens)}
    assert set(solution) - known <= set(expected)


@pytest.mark.parametrize("seed", range(len(LAYERS)))
def test_values_and_gradients_in_inference(seed):
    stack = draw_stack(1000 + seed, list(LAYERS)[seed % len(LAYERS)])
    expected = stack.expected(training=False)
    compare(stack, stack.solve(training=False), expected)
    forward = stack.net.forward(stack.data(stack.x))
    assert set(forward) == {name for name in expected if not name.startswith(("d", "L"))}
    compare(stack, forward, {name: expected[name] for name in forward})


@pytest.mark.parametrize("seed", range(4))
def test_backprop_shapes_its_gradients_as_the_parameters(seed):
    stack = draw_stack(2000 + seed, "batch_norm", l2=0.1)
    gradients = stack.net.backprop(stack.data(stack.x), stack.data(stack.y), masks=stack.masks)
    expected = stack.expected()
    assert {f"d{name}" for name in stack.net.parameters} <= set(gradients)
    for name, value in gradients.items():
        assert far(stack.canonical(name, value), expected[name]) < NEAR, name
        if not name.startswith("delta"):
            assert value.shape == stack.net.parameters[name[1:]].shape


@pytest.mark.parametrize("seed", range(4))
def test_updates_running_statistics_and_the_network_afterwards(seed):
    stack = draw_stack(3000 + seed, "batch_norm", l2=0.1)
    number = stack.kinds.index("batch_norm") + 1
    solution = stack.solve(masks=stack.masks, learning_rate=0.1, steps=2)
    mean, variance = stack.state[f"mu{number}_run"], stack.state[f"var{number}_run"]
    unbiased = 1 if stack.settings[number - 1]["less"] else BATCH / (BATCH - 1)
    for now, following in (("", "_new"), ("_new", "_new2")):
        mean = 0.9 * mean + 0.1 * np.ravel(solution[f"mu{number}{now}"])
        variance = 0.9 * variance + 0.1 * unbiased * np.ravel(solution[f"var{number}{now}"])
        assert far(np.ravel(solution[f"mu{number}_run{following}"]), mean) < NEAR
        assert far(np.ravel(solution[f"var{number}_run{following}"]), variance) < NEAR
        gamma = solution[f"gamma{number}{now}"] - 0.1 * solution[f"dgamma{number}{now}"]
        assert far(solution[f"gamma{number}{following}"], gamma) < NEAR
    later = stack.net.after(solution)
    assert far(later.state[f"var{number}_run"], variance) < NEAR
    for name, value in later.parameters.items():
        assert value.shape == stack.net.parameters[name].shape
        assert np.array_equal(value.ravel(), np.ravel(solution[f"{name}_new2"])), name
    assert not np.array_equal(stack.net.parameters[f"gamma{number}"], later.parameters[f"gamma{number}"])


# --- batch normalisation -------------------------------------------------------------------------------------------


def test_batch_normalisation_of_eight_values():
    path = Path(__file__).parent / "published" / "batchnorm_8values.json"
    published = json.loads(path.read_text(encoding="utf-8"))
    printed = {entry["id"]: entry for entry in published["expected"]}
    net = NeuralNetwork([BatchNorm(gamma=[1.2], beta=[0.5], epsilon=1e-8)])
    solution = net.solve(np.array(published["inputs"]["given"]["x"])[:, None], training=True)
    found = {"mean": solution["mu1"], "var": solution["var1"]}
    found |= {f"xhat[{i}]": solution[f"xhat1[{i + 1}]"] for i in range(8)}
    found |= {f"y[{i}]": solution[f"a1[{i + 1}]"] for i in range(8)}
    assert found.keys() == printed.keys()
    for name, entry in printed.items():
        assert round(float(np.ravel(found[name])[0]), entry["decimals"]) == float(entry["printed"]), name


def test_the_names_of_a_network_with_every_layer():
    net = NeuralNetwork([Dense(3, inputs=2), BatchNorm("relu"), Dropout(0.2), Dense(1, "sigmoid")],
                        "binary_cross_entropy")  # fmt: skip
    solution = net.solve(np.eye(2), [0, 1], 0.1)
    assert [name.name for name in solution.derivation.givens] == [
        "x", "y", "W1", "b1", "gamma2", "beta2", "W4", "b4", "mu2_run", "var2_run", "mask3", "epsilon2", "eta",
    ]  # fmt: skip
    assert list(solution.derivation)[:30] == [
        "z1", "a1", "mu2", "var2", "xhat2", "z2", "a2", "a3", "z4", "a4", "L",
        "delta4", "dW4", "db4", "delta2", "dgamma2", "dbeta2", "dxhat2", "dvar2", "dmu2", "delta1", "dW1", "db1",
        "W1_new", "b1_new", "gamma2_new", "beta2_new", "W4_new", "b4_new", "mu2_run_new",
    ]  # fmt: skip
    assert str(solution.derivation["a3"]) == "a3 = mask3 * a2 / (1 - 0.2)"
    assert str(solution.derivation["xhat2"]) == "xhat2 = (a1 - mu2) / sqrt(var2 + epsilon2)"
    assert str(solution.derivation["mu2_run_new"]) == "mu2_run_new = 0.9 * mu2_run + 0.1 * mu2"
    assert str(net.solve(np.eye(2)).derivation["a3"]) == "a3 = a2"
    assert net.number_of_parameters == 9 + 6 + 4
    assert {name: value.shape for name, value in net.state.items()} == {"mu2_run": (3,), "var2_run": (3,)}


def test_the_same_batch_again_brings_the_running_statistics_to_its_own():
    net = NeuralNetwork([BatchNorm(running_variance="biased", momentum=0.5, inputs=1)])
    x = np.array([[1.0], [3.0]])
    for _ in range(60):
        net = net.after(net.solve(x, x, 1e-9))
    assert far(net.state["mu1_run"], [2]) < NEAR
    assert far(net.state["var1_run"], [1]) < NEAR
    inferred, trained = net.forward(x)["xhat1"], net.solve(x, training=True)["xhat1"]
    assert far(inferred, trained) < 1e-9


@pytest.mark.parametrize("samples", ["rows", "columns"])
def test_a_batch_of_one_is_its_own_mean(samples):
    net = NeuralNetwork([Dense(3, "tanh", inputs=2), BatchNorm("relu", beta=[1, -1, 2]), Dense(1)], samples=samples)
    for x in ([1, 2], [-5, 7]):
        solution = net.solve(x, 1, learning_rate=None)
        assert not solution["xhat2"].any()
        assert solution["a2"].ravel().tolist() == [1, 0, 2]
        assert not solution["delta1"].any()
    assert "A batch of one is its own mean" in str(solution)
    with pytest.raises(ChalkworkError, match=r"running variance .* divides by n - 1, which is 0"):
        net.solve([1, 2], 1, 0.1)
    with pytest.raises(ChalkworkError, match="cannot learn from a batch of one"):
        net.plan(1, training=True).check_batch()
    net.plan(2, training=True).check_batch()
    biased = NeuralNetwork([Dense(3, inputs=2), BatchNorm(running_variance="biased"), Dense(1)])
    assert biased.solve([1, 2], 1, 0.1)["var2_run_new"].tolist() == [[0.9, 0.9, 0.9]]
    unbiased = NeuralNetwork([Dense(3, inputs=2), BatchNorm(variance="unbiased"), Dense(1)])
    with pytest.raises(ChalkworkError, match="unbiased variance of a batch of one does not exist"):
        unbiased.solve([1, 2], 1)


def test_a_constant_batch_has_no_variance():
    x = np.full((3, 2), 5.0)
    solution = NeuralNetwork([BatchNorm(beta=4.0), Dense(1)], inputs=2).solve(x, np.zeros(3))
    assert not solution["xhat1"].any()
    assert (solution["a1"] == 4).all()
    assert np.isfinite(solution["dvar1"]).all()
    with pytest.raises(ValueProblem, match="division by zero in xhat1"):
        NeuralNetwork([BatchNorm(epsilon=0)], inputs=2).solve(x, x)
    exact = NeuralNetwork([BatchNorm(epsilon=0)], inputs=1).solve([[1], [3]], training=True)
    assert exact["xhat1"].ravel().tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"momentum": -0.1}, "momentum"), ({"momentum": 1.1}, "momentum"),
        ({"momentum": "a"}, "momentum"), ({"epsilon": -1e-9}, "epsilon"), ({"epsilon": float("nan")}, "epsilon"),
        ({"variance": "sample"}, "variance is"),
        ({"running_variance": 1}, "running_variance is"), ({"activation": "rleu"}, "did you mean relu"),
    ],
)  # fmt: skip
def test_settings_that_batch_normalisation_refuses(settings, words):
    with pytest.raises(ChalkworkError, match=words):
        BatchNorm(**settings)


def test_layers_that_do_not_fit():
    with pytest.raises(ShapeError, match="gamma2 has 2 entries, but layer 2 has 3 units"):
        NeuralNetwork([Dense(3, inputs=1), BatchNorm(gamma=[1, 2])])
    with pytest.raises(ShapeError, match="layer 2 is to have 2 inputs, but 3 enter it"):
        NeuralNetwork([Dense(3, inputs=1), BatchNorm(inputs=2)])
    with pytest.raises(
        ChalkworkError, match=f"a layer is one of {', '.join(each.__name__ for each in LAYERS.values())}, not str"
    ):
        NeuralNetwork(["relu"])  # type: ignore[list-item]
    net = NeuralNetwork([BatchNorm(), Dense(1)])
    with pytest.raises(ChalkworkError, match="not known yet"):
        _ = net.state
    net.forward([[1, 2], [3, 4]])
    assert net.state["mu1_run"].shape == (2,)


def test_parameters_and_state_that_do_not_fit():
    net = NeuralNetwork([Dense(2, inputs=2), BatchNorm()])
    net.state["var2_run"] = [-1, 1]
    with pytest.raises(ValueProblem, match="var2_run holds a negative number"):
        net.forward([1, 2])
    net.state["var2_run"] = [1.0]
    with pytest.raises(ShapeError, match="var2_run is 1, but 2 is needed"):
        net.forward([1, 2])
    net.state["var2_run"] = np.ones(2)
    net.parameters["gamma2"] = np.ones((2, 1))
    with pytest.raises(ShapeError, match="gamma2 is 2x1, but 2 is needed"):
        net.forward([1, 2])


# --- dropout -------------------------------------------------------------------------------------------------------


def test_masks_are_reproducible_and_the_same_in_every_convention():
    drawn = []
    for samples, weights in CONVENTIONS:
        net = NeuralNetwork([Dense(50, inputs=2), Dropout(0.3), Dense(1)], samples=samples, weights=weights, seed=3)
        x, y = np.ones((40, 2)), np.ones((40, 1))
        given = (x.T, y.T) if samples == "columns" else (x, y)
        mask = net.solve(*given)["mask2"]
        assert np.array_equal(mask, net.solve(*given)["mask2"])
        assert np.array_equal(net.backprop(*given)["delta1"], net.solve(*given)["delta1"])
        drawn.append(mask.T if samples == "columns" else mask)
    assert all(np.array_equal(mask, drawn[0]) for mask in drawn)
    assert set(np.unique(drawn[0])) == {0.0, 1.0}
    assert abs(drawn[0].mean() - 0.7) < 5 * np.sqrt(0.21 / drawn[0].size)
    other = NeuralNetwork([Dense(50, inputs=2), Dropout(0.3), Dense(1)], seed=4).solve(x, y)["mask2"]
    assert not np.array_equal(drawn[0], other)


def test_dropout_keeps_the_expected_value_and_nothing_is_dropped_in_inference():
    net = NeuralNetwork([Dropout(0.25)], inputs=2000)
    x = np.ones((2, 2000))
    dropped = net.solve(x, training=True)["a1"]
    assert set(np.unique(dropped)) == {0.0, 1 / 0.75}
    assert abs(dropped.mean() - 1) < 5 * np.sqrt(1 / 3 / 4000)
    assert np.array_equal(net.forward(x)["a1"], x)
    assert "mask1" not in net.solve(x)
    assert np.array_equal(NeuralNetwork([Dropout(0)], inputs=2).solve([3, 4], training=True)["a1"], [[3, 4]])


@pytest.mark.parametrize(
    ("masks", "error", "words"),
    [
        ({2: [[1, 0]]}, ShapeError, "mask2 is 1x2, but 1x3 is needed"),
        ({2: [[1, 0.5, 1]]}, ValueProblem, "other than 0"),
        ({1: [[1, 0, 1]]}, ChalkworkError, "layer 1 drops nothing .* the layers that do are 2"),
        ({2: "101"}, ValueProblem, "no number"),
    ],
)
def test_masks_that_do_not_fit(masks, error, words):
    net = NeuralNetwork([Dense(3, inputs=2), Dropout(0.5), Dense(1)])
    with pytest.raises(error, match=words):
        net.solve([1, 2], 1, masks=masks)
    assert net.solve([1, 2], 1, masks={2: [1, 0, 1]})["mask2"].tolist() == [[1, 0, 1]]
    with pytest.raises(ChalkworkError, match="no layer does"):
        net.solve([1, 2], masks={2: [1, 0, 1]})


@pytest.mark.parametrize("last", [Dropout(0.5), BatchNorm("softmax"), BatchNorm("tanh")], ids=repr)
@pytest.mark.parametrize("long_way", [False, True])
def test_any_layer_may_be_the_last(last, long_way):
    softmax = "softmax" in repr(last)
    net = NeuralNetwork([Dense(2, "tanh", inputs=2), last], "cross_entropy" if softmax else "squared_error")
    x, y = np.array([[1.0, 2], [0, -1], [3, 1]]), np.eye(2)[[0, 1, 1]]
    solution = net.solve(x, y, 0.01, long_way=long_way, predict=not isinstance(last, Dropout))
    assert ("class" in solution) == (not isinstance(last, Dropout))
    assert str(solution)
    step = 1e-6
    for name in net.parameters:
        for place in np.ndindex(net.parameters[name].shape):
            ends = []
            for sign in (1, -1):
                net.parameters[name][place] += sign * step
                ends.append(float(net.solve(x, y)["L"]))
                net.parameters[name][place] -= sign * step
            found = solution[f"d{name}"].reshape(net.parameters[name].shape)[place]
            assert found == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-7)


def test_words_that_are_no_mode_and_no_masks():
    net = NeuralNetwork([Dense(3, inputs=2), Dropout(0.5), Dense(1)])
    with pytest.raises(ChalkworkError, match="training is True or False"):
        net.solve([1, 2], training="yes")  # type: ignore[arg-type]
    with pytest.raises(ChalkworkError, match="masks are a mapping"):
        net.solve([1, 2], 1, masks=[[1, 0, 1]])  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, float("nan"), "0.5", True])
def test_rates_that_are_none(rate):
    with pytest.raises(ChalkworkError, match="rate of a dropout"):
        Dropout(rate)


# --- penalties and weights -----------------------------------------------------------------------------------------


def test_penalties_by_hand():
    net = NeuralNetwork([Dense(weights=[[2.0], [-3.0]], bias=[7.0])], l1=0.5, l2=0.1)
    solution = net.solve([0, 0], 7)
    assert float(solution["L"]) == pytest.approx(0.5 * 5 + 0.05 * 13)
    assert solution["dW1"].ravel().tolist() == pytest.approx([0.5 + 0.2, -0.5 - 0.3])
    assert str(solution.derivation["dW1"].expression) == "lambda1 * sign(W1) + lambda2 * W1 + x.T @ delta1"
    assert not solution["db1"].any()
    flat = NeuralNetwork([Dense(weights=[[0.0]], bias=False)], l1=1).solve(0, 0)
    assert float(flat["dW1"].item()) == 0


def test_other_penalties_need_no_new_equations():
    def net(l2: float) -> NeuralNetwork:
        return NeuralNetwork([Dense(2, inputs=2)], l2=l2)

    assert derive(net(0.1).plan(3), target=True) is derive(net(0.2).plan(3), target=True)
    assert "lambda2" not in net(0).solve([1, 2], [1, 2])
    for value in (-1, float("inf"), "a"):
        with pytest.raises(ChalkworkError, match="l2 is a finite number from 0"):
            net(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", CrossEntropy(reduction="sum")], ids=str)
@pytest.mark.parametrize("long_way", [False, True])
def test_weights_leave_the_simple_form_of_matched_outputs(loss, long_way):
    activation = "sigmoid" if loss == "binary_cross_entropy" else "softmax"
    for samples, weights in CONVENTIONS:
        net = NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(2, activation)], loss, samples=samples, weights=weights)
        x, y = np.array([[1, 2], [0, 1], [-1, 0.5]]), np.array([[1, 0], [0, 1], [0.5, 0.5]])
        w = np.array([2, 0.5, 0])
        given = (x.T, y.T) if samples == "columns" else (x, y)
        solution = net.solve(*given, sample_weight=w, long_way=long_way)
        plain = net.solve(*given)
        factors = w[None, :] if samples == "columns" else w[:, None]
        assert far(solution["delta2"], plain["delta2"] * factors) < NEAR
        divisor = 1 if isinstance(loss, CrossEntropy) else 3
        alone = [net.solve(*(part[:, [i]] if samples == "columns" else part[[i]] for part in given)) for i in range(3)]
        assert float(solution["L"]) == pytest.approx(sum(w[i] * alone[i]["L"] for i in range(3)) / divisor)
    if not long_way:
        assert str(solution.derivation["delta2"].expression).endswith("w * (a2 - y)")


def test_weights_that_do_not_fit():
    net = NeuralNetwork([Dense(1, inputs=1)])
    with pytest.raises(ShapeError, match="sample_weight has 3 entries, but there are 2 samples"):
        net.solve([[1], [2]], [1, 2], sample_weight=[1, 2, 3])
    with pytest.raises(ValueProblem, match="negative"):
        net.solve([[1], [2]], [1, 2], sample_weight=[1, -1])
    with pytest.raises(ChalkworkError, match="only with a target"):
        net.solve([[1], [2]], sample_weight=[1, 1])
