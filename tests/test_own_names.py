"""Programs in their authors' own names with one mistake each, and names that say another quantity than the value is."""

# ruff: noqa: E501  a program's line stands beside what may be in its place
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_programs_steps import left_by

from chalkwork import LSTM, BatchNorm, Dense, Dropout, NeuralNetwork
from chalkwork.solutions.solution import Solution

r = np.random.default_rng(83)
X, Y, CLASSES = r.normal(size=(5, 3)), r.normal(size=(5, 2)), np.eye(4)[[0, 3, 1, 3, 0]]
A, a, B, b, C, c = (r.normal(size=size) for size in ((3, 4), 4, (4, 2), 2, (4, 4), 4))
MASK = np.array([[1.0, 0, 1, 1], [0, 1, 1, 0], [1, 1, 1, 1], [1, 0, 0, 1], [1, 1, 0, 1]])
ONE, GOAL = X[:1], np.array([[0.3, 0.8]])

SAMPLES = """
sA, sa, sB, sb = (np.zeros_like(one) for one in (A, a, B, b))
for x, y in zip(X, Y):
    h = np.tanh(x @ A + a)
    gap = h @ B + b - y
    back = gap @ B.T * (1 - h**2)
    oA, oB = np.outer(x, back), np.outer(h, gap)
    sA, sa, sB, sb = sA + oA, sa + back, sB + oB, sb + gap
A, a, B, b = A - 0.1*sA, a - 0.1*sa, B - 0.1*sB, b - 0.1*sb
"""
LABELS = """
h = np.maximum(0, X @ A + a)
e = np.exp(h @ C + c)
soft = e / e.sum(axis=1, keepdims=True)
gap = soft.copy()
gap[np.arange(5), kinds] -= 1
gap = gap / 5
gC, gc = h.T @ gap, gap.sum(axis=0)
back = gap @ C.T * (h > 0)
gA, ga = X.T @ back, back.sum(axis=0)
A, a, C, c = A - 0.2*gA, a - 0.2*ga, C - 0.2*gC, c - 0.2*gc
"""
RATED = """
acts = [ONE]
for w, v in zip(weights, biases):
    acts.append(1 / (1 + np.exp(-(acts[-1] @ w + v))))
error = GOAL - acts[-1]
gradients, changes = [None] * 3, [None] * 3
for i in (2, 1, 0):
    gradients[i] = acts[i + 1] * (1 - acts[i + 1]) * error * 0.3
    changes[i] = acts[i].T @ gradients[i]
    error = gradients[i] / 0.3 @ weights[i].T
for i in range(3):
    weights[i] = weights[i] + changes[i]
    biases[i] = biases[i] + gradients[i]
"""
MASKED = """
layer_1 = np.maximum(0, X @ A) * MASK * 2
layer_2 = layer_1 @ B
layer_2_delta = (Y - layer_2) / 5
layer_1_delta = layer_2_delta @ B.T * (X @ A > 0)
layer_1_delta = layer_1_delta * MASK * 2
B = B + 0.1*layer_1.T @ layer_2_delta
A = A + 0.1*X.T @ layer_1_delta
"""
KEPT = """
class Affine:
    def __init__(self, w, b):
        self.param_vals = {"w": w, "b": b}
        self.param_grads = {}
        self.param_opts = {key: {"running_velocity": 0, "running_moment": 0} for key in "wb"}

layers = [Affine(A, a), Affine(B, b)]
h = np.tanh(X @ A + a)
gap = 2 * (h @ B + b - Y) / Y.size
back = gap @ B.T * (1 - h**2)
layers[1].param_grads = {"w": h.T @ gap, "b": gap.sum(axis=0)}
layers[0].param_grads = {"w": X.T @ back, "b": back.sum(axis=0)}
for layer in layers:
    for key, opt in layer.param_opts.items():
        slope = layer.param_grads[key]
        opt["running_moment"] = 0.9*opt["running_moment"] + 0.1*slope
        opt["running_velocity"] = 0.999*opt["running_velocity"] + 0.001*slope**2
        up, down = opt["running_moment"] / 0.1, opt["running_velocity"] / 0.001
        layer.param_vals[key] = layer.param_vals[key] - 0.05 * up / (np.sqrt(down) + 1e-8)
del slope, opt, up, down, key
"""
UNCLEARED = """
h = np.tanh(X @ A + a)
gap = h @ B + b - Y
back = gap @ B.T * (1 - h**2)
grad["A"] = grad["A"] * 0
grad["A"] += X.T @ back
gB, gb, ga = h.T @ gap, gap.sum(axis=0), back.sum(axis=0)
A, a, B, b = A - 0.1*grad["A"], a - 0.1*ga, B - 0.1*gB, b - 0.1*gb
"""


PENALISED = """
h = np.tanh(X @ A + a)
gap = h @ B + b - Y
back = gap @ B.T * (1 - h**2)
old = {"A": A, "a": a, "B": B, "b": b}
grad = {"A": X.T @ back, "a": back.sum(axis=0), "B": h.T @ gap, "b": gap.sum(axis=0)}
for key in "AB":
    grad[key] = grad[key] + 0.2 * old[key]
A, a, B, b = A - 0.1*grad["A"], a - 0.1*grad["a"], B - 0.1*grad["B"], b - 0.1*grad["b"]
"""
ONE_BY_ONE = """
h = np.tanh(X @ A + a)
out = h @ B + b
loss = 0.5*np.power(out - Y, 2)
loss_first, loss_rest = loss[:2].mean(), loss[2:].mean()
gap = out - Y
back = gap @ B.T * (1 - h**2)
d_loss__d_w_out, d_loss__d_w_h, d_loss__d_b_h = h.T @ gap, X.T @ back, back.sum(axis=0)
d_loss__d_b_out = gap.sum(axis=0)
A, a, B, b = A - 0.1*d_loss__d_w_h, a - 0.1*d_loss__d_b_h, B - 0.1*d_loss__d_w_out, b - 0.1*d_loss__d_b_out
"""
IN_PLACE = """
params = {"fc1.weight": start[0].copy(), "fc2.weight": start[1].copy()}
state = {key: {"exp_avg": np.zeros_like(one), "exp_avg_sq": np.zeros_like(one)} for key, one in params.items()}
for epoch in range(2):
    h = np.tanh(X @ params["fc1.weight"])
    gap = h @ params["fc2.weight"] - Y
    back = gap @ params["fc2.weight"].T * (1 - h**2)
    grads = {"fc1.weight": X.T @ back, "fc2.weight": h.T @ gap}
    for key, grad in grads.items():
        kept = state[key]
        kept["exp_avg"] = 0.9*kept["exp_avg"] + 0.1*grad
        kept["exp_avg_sq"] = 0.999*kept["exp_avg_sq"] + 0.001*grad*grad
        kept = {key: one.copy() for key, one in kept.items()}
        kept["exp_avg"] /= 1 - 0.9**(epoch + 1)
        kept["exp_avg_sq"] /= 1 - 0.999**(epoch + 1)
        params[key] = params[key] - 0.05*kept["exp_avg"] / (np.sqrt(kept["exp_avg_sq"]) + 1e-8)
"""


def two(last: Dense, **more: Any) -> list[Any]:
    return [Dense(weights=A, bias=a, activation=more.pop("hidden", "tanh")), last]


bare = [Dense(weights=A, bias=False, activation="tanh"), Dense(weights=B, bias=False)]
three = [Dense(weights=w, bias=v, activation="sigmoid") for w, v in ((A, a), (C, c), (B, b))]
dropped = [Dense(weights=A, bias=False, activation="relu"), Dropout(0.5), Dense(weights=B, bias=False)]
GIVEN: dict[str, Any] = {"X": X, "Y": Y, "A": A, "a": a, "B": B, "b": b, "C": C, "c": c}
Case = tuple[Solution, str, dict[str, Any], str, str, tuple[str, ...], str, str]
CASES: dict[str, Case] = {
    "the last sample's gradient in the update":
        (NeuralNetwork(two(Dense(weights=B, bias=b)), "squared_error").solve(X, Y, 0.1), SAMPLES, GIVEN,
         "A - 0.1*sA", "A - 0.1*oA", ("W1_new",), "gradient-not-summed", "both"),
    "labels taken off all rows":
        (NeuralNetwork(two(Dense(weights=C, bias=c, activation="softmax"), hidden="relu"), "cross_entropy").solve(X, CLASSES, 0.2), LABELS, {**GIVEN, "kinds": np.array([0, 3, 1, 3, 0])},
         "gap[np.arange(5), kinds]", "gap[:, kinds]", ("delta2",), "target-broadcast", "both"),
    "the rate in every error, and the bare one sent back":
        (NeuralNetwork(three, "squared_error").solve(ONE, GOAL, 0.3), RATED, {"ONE": ONE, "GOAL": GOAL, "weights": [A, C, B], "biases": [a[None], c[None], b[None]]},
         "error = gradients[i] / 0.3 @", "error = error @", ("delta2", "dW2"), "derivative-above-dropped", "both"),
    "a mask without its scale, of an error with a minus":
        (NeuralNetwork(dropped, "mean_squared_error").solve(X, Y, 0.1, masks={2: MASK}), MASKED, {**GIVEN, "MASK": MASK},
         "layer_1_delta * MASK * 2", "layer_1_delta * MASK", ("delta1",), "dropout-scale", "both"),
    "what layers keep of each parameter in dictionaries":
        (NeuralNetwork(two(Dense(weights=B, bias=b)), "mean_squared_error").solve(X, Y, 0.05, optimizer="adam"), KEPT, {**GIVEN, "__name__": "__main__"},
         "0.9*opt[\"running_moment\"] + 0.1*slope", "0.1*opt[\"running_moment\"] + 0.9*slope", ("mW1_new",), "moment-weights", "both"),
    "a gradient that was not cleared":
        (NeuralNetwork(two(Dense(weights=B, bias=b)), "squared_error").solve(X, Y, 0.1), UNCLEARED, {**GIVEN, "grad": {"A": r.normal(size=(3, 4))}},
         "grad[\"A\"] = grad[\"A\"] * 0", "pass", ("dW1",), "gradient-accumulated", "recorded"),
    "a penalty on the biases, in a loop after the gradients":
        (NeuralNetwork(two(Dense(weights=B, bias=b)), "squared_error", l2=0.2).solve(X, Y, 0.1), PENALISED, GIVEN,
         "for key in \"AB\"", "for key in grad", ("db1", "db2"), "bias-penalised", "both"),
    "one number for all biases, and the losses one by one":
        (NeuralNetwork(two(Dense(weights=B, bias=b)), "squared_error").solve(X, Y, 0.1), ONE_BY_ONE, GIVEN,
         "d_loss__d_b_out = gap.sum(axis=0)", "d_loss__d_b_out = gap.sum()", ("db2",), "bias-gradient-summed-over-units", "both"),
    "moments that are kept corrected, in dictionaries of the parameters":
        (NeuralNetwork(bare, "squared_error").solve(X, Y, 0.05, 2, optimizer="adam"), IN_PLACE, {"X": X, "Y": Y, "start": [A, B]},
         "kept = {key: one.copy() for key, one in kept.items()}", "pass", ("mW1_new2",), "bias-correction-twice", "both"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
def test_a_mistake_in_a_program_of_own_names(kind: str) -> None:
    done, text, given, right, wrong, firsts, id, how = CASES[kind]
    assert text.count(right) == 1
    for number, each in enumerate((text, text.replace(right, wrong))):
        for way, held in zip(("left", "recorded"), left_by(each, given, number), strict=True):
            report = done.check(held)
            if not number:
                assert report.first_wrong is None and len(report) > 3, (way, str(report))
            elif how in ("both", way):
                assert report.first_wrong in firsts and id in report[report.first_wrong].mistakes, (way, str(report))


def counted_from_0() -> tuple[Solution, dict[str, Any], dict[str, str]]:
    norm = BatchNorm("relu", gamma=a, beta=c, epsilon=1e-5)
    layers = [Dense(weights=A, bias=False), norm, Dense(weights=B, bias=False)]
    done = NeuralNetwork(layers, "squared_error").solve(X, Y)
    held = {"Z0": "z1", "Z1": "z3", "dLdZ1": "delta3", "dLdW0": "dW1", "dLdW1": "dW3"}
    return done, {word: done[name] for word, name in held.items()}, held


def counted_from_the_output() -> tuple[Solution, dict[str, Any], dict[str, str]]:
    done = NeuralNetwork(two(Dense(weights=B, bias=b)), "squared_error").solve(X, Y)
    held = {"h": "a1", "delta1": "delta2", "dW2": "dW2", "dW1": "dW1"}
    return done, {**{word: done[name] for word, name in held.items()}, "delta2": done["delta2"] @ B.T}, held


def of_gates() -> tuple[Solution, dict[str, Any], dict[str, str]]:
    numbers = {f"{kind}{gate}": float(r.normal()) for kind in "WUb" for gate in "fico"}
    cell = LSTM(1, **{name: [one] if name[0] == "b" else one for name, one in numbers.items()})
    layers = [cell, Dense(weights=[[0.7312]], bias=[-0.2713])]
    done = NeuralNetwork(layers, "squared_error", inputs=(2, 1)).solve([[0.6], [-1.1]], [0.4], 0.3)
    held = {f"{kind.lower()}{gate}": f"{kind}{gate}1_new" for kind in "WUb" for gate in "fico"}
    held |= {"wy": "W2_new", "by": "b2_new"}
    return done, {word: float(np.ravel(done[name])[0]) for word, name in held.items()}, held


def went_on() -> tuple[Solution, dict[str, Any], dict[str, str]]:
    done = NeuralNetwork(two(Dense(weights=B, bias=b)), "squared_error").solve(X, Y)
    held = {"h": "a1", "dout": "delta1", "dW2": "dW2", "dW1": "dW1"}
    return done, {word: done[name] for word, name in held.items()}, held


@pytest.mark.parametrize("made", [counted_from_0, counted_from_the_output, of_gates, went_on])
def test_a_value_that_is_another_quantity_s_is_that(made: Any) -> None:
    done, program, held = made()
    report = done.check(program)
    assert report.first_wrong is None and set(held.values()) <= {*report}, str(report)


def test_a_parameter_that_its_own_step_took_the_place_of() -> None:
    done = NeuralNetwork(two(Dense(weights=B, bias=b)), "squared_error").solve(X, Y, 0.1)
    program = {
        "h": done["a1"],
        "w": done["W1_new"],
        "b_": -0.1 * done["db1"],
        "W2": done["W2_new"],
        "b2": done["b2_new"],
    }
    report = done.check(program)
    assert report.first_wrong == "b1_new" and "by −b1" in report["b1_new"].message, str(report)


def test_what_is_right_in_one_entry_of_two_is_no_matter_of_signs() -> None:
    done = NeuralNetwork([Dense(weights=A[:, :2], bias=b, activation="tanh")], "squared_error").solve(ONE, Y[:1], 0.1)
    report = done.check(
        {**{name: done[name] for name in ("z1", "a1", "db1")}, "b1_new": b - 0.1 * done["db1"] * [1, 2]}
    )
    assert report.first_wrong == "b1_new" and "where" not in report["b1_new"].message, str(report)


def test_lists_of_all_digits_are_a_program_s() -> None:
    done = NeuralNetwork(
        [Dense(weights=A, bias=a, activation="sigmoid"), Dense(weights=B, bias=b)], "squared_error"
    ).solve(ONE, GOAL, 0.1)
    outer = np.ravel(done["delta2"])
    back = np.ravel(done["delta2"] @ B.T) * np.ravel(done["a1"])
    words = {"hidden_outputs": done["a1"], "outputs": done["a2"], "output_deltas": outer, "hidden_deltas": back}
    report = done.check({word: np.ravel(value).tolist() for word, value in words.items()})
    assert report.first_wrong == "delta1", str(report)


def test_what_a_bias_s_gradient_is_summed_from_does_not_stand_for_it() -> None:
    done = NeuralNetwork(
        [Dense(weights=A, bias=a, activation="tanh"), Dense(weights=B, bias=b)], "squared_error"
    ).solve(X, Y, 0.1)
    left = {f"layer{k}_delta": done[f"delta{k}"] for k in (1, 2)} | {f"Dw_layer{k}": done[f"dW{k}"] for k in (1, 2)}
    assert done.check(left).first_wrong is None
    report = done.check(left | {f"Db_layer{k}": done[f"delta{k}"] for k in (1, 2)})
    assert report.first_wrong == "db2" and "bias-gradient-not-summed" in report["db2"].mistakes, str(report)
