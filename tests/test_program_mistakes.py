"""The mistakes of programs: plain NumPy makes each, and its step is named, first in the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from students import sigmoid

from chalkwork import BatchNorm, Dense, Dropout, Graph, NeuralNetwork
from chalkwork.checking.mistakes import TABLE, chains, corrections, layers, optimisers, penalties, products, quantities
from chalkwork.solutions.solution import Solution

r = np.random.default_rng(4)
X, Y1, Y2 = r.normal(size=(4, 2)).round(2), r.normal(size=(4, 1)).round(2), r.random((4, 2)).round(2)
W1, W2, W2b, W3 = (r.normal(size=size).round(2) for size in ((2, 3), (3, 2), (3, 1), (2, 2)))
b1, b2 = r.normal(size=3).round(2), r.normal(size=2).round(2)
BITS = np.array([[1.0], [0.0], [0.0], [1.0]])
ETA = 0.5

Values = Mapping[str, Any]
Made = tuple[Solution, Values]


def solved(hidden: str = "tanh", output: str = "sigmoid", loss: str = "squared_error", **more: Any) -> Solution:
    last = W2b if loss == "binary_cross_entropy" else W2
    y = BITS if loss == "binary_cross_entropy" else Y2
    net = NeuralNetwork(
        [
            Dense(weights=W1, bias=b1, activation=hidden),
            Dense(weights=last, bias=b2[: last.shape[1]], activation=output),
        ],
        loss,
        **{key: more.pop(key) for key in ("l2",) if key in more},
    )
    return net.solve(X, y, ETA, **more)


def of(name: str, make: Callable[[Any], Any], **setting: Any) -> Callable[[], Made]:
    """Right up to the step, which is what `make` says; what comes after is left open."""

    def made() -> Made:
        done = solved(**setting)
        right = {one: done.arrays[one] for one in list(done.derivation)[: list(done.derivation).index(name)]}
        return done, {**right, name: make(Arrays(done))}

    return made


class Arrays:
    """The values of a solution as attributes."""

    def __init__(self, done: Solution) -> None:
        self._done = done

    def __getattr__(self, name: str) -> Any:
        return self._done.arrays[name]


def deep(name: str, make: Callable[[Any], Any]) -> Callable[[], Made]:
    def made() -> Made:
        sizes = (W1, W2, W3)
        net = NeuralNetwork([Dense(weights=one, bias=False, activation="sigmoid") for one in sizes], "squared_error")
        done = net.solve(X, Y2, ETA)
        right = {one: done.arrays[one] for one in list(done.derivation)[: list(done.derivation).index(name)]}
        return done, {**right, name: make(Arrays(done))}

    return made


def normalised(name: str, make: Callable[[Any], Any]) -> Callable[[], Made]:
    def made() -> Made:
        norm = BatchNorm(activation="tanh", gamma=[1.2, 0.7, 1.5], beta=[0.1, -0.2, 0.3], epsilon=0.01)
        layer = Dense(weights=W1, bias=False)
        done = NeuralNetwork([layer, norm, Dense(weights=W2, bias=False)], "squared_error").solve(X, Y2, ETA)
        order = list(done.derivation)
        return done, {**{one: done.arrays[one] for one in order[: order.index(name)]}, name: make(Arrays(done))}

    return made


MASK = np.array([[1.0, 0, 1], [1, 1, 1], [0, 1, 1], [1, 1, 0]])


def dropped(name: str, make: Callable[[Any], Any]) -> Callable[[], Made]:
    def made() -> Made:
        parts = [Dense(weights=W1, bias=False, activation="tanh"), Dropout(0.2), Dense(weights=W2, bias=False)]
        done = NeuralNetwork(parts, "squared_error").solve(X, Y2, ETA, masks={2: MASK})
        order = list(done.derivation)
        return done, {**{one: done.arrays[one] for one in order[: order.index(name)]}, name: make(Arrays(done))}

    return made


def target() -> Made:
    done = NeuralNetwork([Dense(weights=W1[:, :1], bias=[0.2])], "mean_squared_error").solve(X, Y1, ETA)
    a = X @ W1[:, :1] + 0.2
    return done, {"a1": a, "L": np.mean((a - Y1.ravel()) ** 2)}


def shared() -> Made:
    values = {"x": 0.5, "u1": 0.3, "u2": -0.4, "v1": 0.7, "v2": 0.2, "t": 1.0}
    done = Graph("h = tanh(u1*x); k = sigmoid(u2*x); o = v1*h + v2*k; L = (o - t)^2").solve(values)
    return done, {"dL/do": done["dL/do"], "dL/dh": float(done["dL/do"]) * 0.7 / 0.9}


def own_factor() -> Made:
    done = Graph("z = w*x + b; a = sigmoid(z); L = (a - y)^2").solve(w=0.7, x=1.3, b=0.2, y=1.0)
    return done, {"dL/dz": done["dL/dz"], "dL/dw": float(done["dL/dz"]) * 0.7}


def squares(name: str, make: Callable[[Any], Any]) -> Callable[[], Made]:
    """Two layers of two units and two samples: every product has some result."""

    def made() -> Made:
        net = NeuralNetwork([Dense(weights=one, bias=False, activation="tanh") for one in (W3, W3.T)], "squared_error")
        done = net.solve(X[:2], Y2[:2], ETA)
        order = list(done.derivation)
        return done, {**{one: done.arrays[one] for one in order[: order.index(name)]}, name: make(Arrays(done))}

    return made


def single(name: str, make: Callable[[Any], Any], samples: int = 1) -> Callable[[], Made]:
    """One unit in each of two layers."""

    def made() -> Made:
        net = NeuralNetwork(
            [Dense(weights=[[w]], bias=False, activation="sigmoid") for w in (0.7, -0.4)], "squared_error"
        )
        done = net.solve(X[:samples, :1], Y1[:samples], ETA)
        order = list(done.derivation)
        return done, {**{one: done.arrays[one] for one in order[: order.index(name)]}, name: make(Arrays(done))}

    return made


def momentum(name: str, make: Callable[[Any], Any], rule: Any = "momentum", steps: int = 1) -> Callable[[], Made]:
    return of(name, make, optimizer=rule, steps=steps)


RHO1, RHO2 = 0.9, 0.999


NESTEROV = {"name": "nesterov", "momentum": 0.9}


def _corrected_again(v: Any) -> Any:
    return W1 - ETA * v.mhatW1 / (1 - RHO1) / ((v.vhatW1 / (1 - RHO2)) ** 0.5 + 1e-8)


def _made_of_the_corrected(v: Any) -> Any:
    return RHO1 * v.mhatW1 + (1 - RHO1) * v.dW1_new


def _over_units(v: Any) -> Any:
    return (v.z1 - v.z1.mean(1, keepdims=True)) / np.sqrt(v.z1.var(1, keepdims=True) + 0.01)


RATED = {"name": "momentum", "momentum": 0.9, "form": "rate_inside"}


def with_shuffled_targets() -> Made:
    done = NeuralNetwork([Dense(weights=W1[:, :1], bias=False)], "mean_squared_error").solve(X, Y1, ETA)
    a = X @ W1[:, :1]
    return done, {"x": X, "y": Y1[::-1], "a1": a, "L": np.mean((a - Y1[::-1]) ** 2)}


MADE: dict[str, Callable[[], Made]] = {
    "other-data": with_shuffled_targets,
    "raw-error-sent-back": of("delta1", lambda v: (v.a2 - Y2) @ W2.T * (1 - v.a1**2)),
    "derivative-above-dropped": deep("delta1", lambda v: (v.delta3 @ W3.T) @ W2.T * v.a1 * (1 - v.a1)),
    "weights-omitted": of("delta1", lambda v: v.delta2 * (1 - v.a1**2), loss="binary_cross_entropy"),
    "upstream-dropped": of("delta1", lambda v: 1 - v.a1**2),
    "upstream-forgotten-below-zero": of(
        "delta1", lambda v: np.where(v.z1 > 0, v.delta2 @ W2.T, 0.1), hidden="leaky_relu(0.1)"
    ),
    "derivative-sign": of("delta1", lambda v: v.delta2 @ W2.T * (1 + v.a1**2)),
    "function-for-derivative": of("delta1", lambda v: v.delta2 @ W2.T * v.a1),
    "softmax-jacobian-diagonal": of("delta2", lambda v: (v.a2 - Y2) * v.a2 * (1 - v.a2), output="softmax"),
    "activation-in-place": of("z1", lambda v: np.tanh(v.z1)),
    "other-activation": of("a1", lambda v: sigmoid(v.z1)),
    "loss-sign-of-one-term": of(
        "L", lambda v: np.mean(-BITS * np.log(v.a2) + (1 - BITS) * np.log(1 - v.a2)), loss="binary_cross_entropy"
    ),
    "loss-term-forgotten": of("L", lambda v: np.mean(-BITS * np.log(v.a2)), loss="binary_cross_entropy"),
    "learning-rate-times-ten": of("W1_new", lambda v: W1 - 5 * v.dW1),
    "weight-for-input": single("dW2", lambda v: v.delta2 * -0.4),
    "input-forgotten": of("dW2", lambda v: np.ones((3, 1)) @ v.delta2.sum(0, keepdims=True)),
    "gradient-for-weights": of("delta1", lambda v: v.delta2 @ v.dW2.T * (1 - v.a1**2)),
    "activation-for-error": of("delta1", lambda v: v.a2 @ W2.T * (1 - v.a1**2)),
    "activation-for-net-input": of("a1", lambda v: np.tanh(np.tanh(v.z1))),
    "matrix-product-for-elementwise": of("delta1", lambda v: (v.delta2 @ W2.T) @ (1 - v.a1.T @ v.a1)),
    "elementwise-for-matrix-product": squares("z1", lambda v: X[:2] * W3),
    "gradient-not-summed": of("dW2", lambda v: v.a1 * v.delta2, loss="binary_cross_entropy"),
    "summed-over-wrong-axis": of("db2", lambda v: v.delta2.sum(1, keepdims=True)),
    "bias-gradient-summed-over-units": of("db2", lambda v: v.delta2.sum()),
    "target-broadcast": target,
    "shapes-broadcast": single("delta2", lambda v: (v.a2 - Y1) * (v.a2 * (1 - v.a2)).T, 4),
    "extra-factor": of("delta1", lambda v: v.delta1 * v.z1),
    "slope-elsewhere": deep("delta3", lambda v: (v.a3 - Y2) * v.a2 * (1 - v.a2)),
    "error-shared-out": shared,
    "own-factor": own_factor,
    "penalty-forgotten": of("dW2", lambda v: v.a1.T @ v.delta2, l2=0.3),
    "penalty-sign": of("dW2", lambda v: v.a1.T @ v.delta2 - 0.3 * W2, l2=0.3),
    "penalty-factor": of("dW2", lambda v: v.a1.T @ v.delta2 + 0.6 * W2, l2=0.3),
    "scaled-apart": of("dW2", lambda v: v.a1.T @ v.delta2 / 4 + 0.3 * W2, l2=0.3),
    "bias-penalised": of("db2", lambda v: v.delta2.sum(0) + 0.3 * b2, l2=0.3),
    "scale-forgotten": normalised("dxhat2", lambda v: v.delta2),
    "statistics-as-constants": normalised("delta1", lambda v: v.dxhat2 / np.sqrt(v.var2 + 0.01)),
    "epsilon-outside-root": normalised("xhat2", lambda v: (v.z1 - v.mu2) / (np.sqrt(v.var2) + 0.01)),
    "epsilon-forgotten": normalised("xhat2", lambda v: (v.z1 - v.mu2) / np.sqrt(v.var2)),
    "variance-for-deviation": normalised("xhat2", lambda v: (v.z1 - v.mu2) / (v.var2 + 0.01)),
    "statistics-over-wrong-axis": normalised("mu2", lambda v: v.z1.mean(1, keepdims=True)),
    "dropout-scale": dropped("a2", lambda v: MASK * v.a1),
    "dropout-mask-forgotten": dropped("delta1", lambda v: v.delta3 @ W2.T * (1 - v.a1**2) / 0.8),
    "bias-correction-omitted": momentum("mhatW1", lambda v: v.mW1_new, "adam"),
    "bias-correction-multiplied": momentum("mhatW1", lambda v: v.mW1_new * (1 - RHO1), "adam"),
    "bias-correction-without-power": momentum("mhatW1_new", lambda v: v.mW1_new2 / (1 - RHO1), "adam", 2),
    "bias-correction-of-another-step": momentum("mhatW2", lambda v: v.mW2_new / (1 - RHO1**3), "adam"),
    "bias-correction-twice": momentum(
        "W1_new", lambda v: W1 - ETA * v.mhatW1 / (1 - RHO1) * (1 - RHO2) ** 0.5 / (v.vhatW1**0.5 + 1e-8), "adam"
    ),
    "bias-correction-of-second-moment": momentum("vhatW1", lambda v: v.vW1_new / (1 - RHO1), "adam"),
    "epsilon-inside-root": momentum(
        "W1_new", lambda v: W1 - ETA * v.dW1 / np.sqrt(v.vW1_new + 0.01), {"name": "rmsprop", "epsilon": 0.01}
    ),
    "root-forgotten": momentum(
        "W1_new", lambda v: W1 - ETA * v.dW1 / (v.vW1_new + 0.01), {"name": "rmsprop", "epsilon": 0.01}
    ),
    "old-velocity-used": momentum("W1_new2", lambda v: v.W1_new - ETA * v.vW1_new, steps=2),
    "nesterov-for-momentum": momentum("W1_new", lambda v: W1 - ETA * (v.dW1 + 0.9 * v.vW1_new)),
    "velocity-sign": momentum("vW1_new2", lambda v: 0.9 * v.vW1_new - v.dW1_new, steps=2),
    "moment-weights": momentum("vW1_new2", lambda v: 0.9 * v.vW1_new + 0.1 * v.dW1_new, steps=2),
    "state-not-kept": momentum("vW1_new2", lambda v: v.dW1_new, steps=2),
    "square-forgotten": momentum("vW1_new", lambda v: (1 - RHO2) * v.dW1, "adam"),
    "gradient-accumulated": of("dW1_new", lambda v: v.dW1 + X.T @ v.delta1_new, steps=2),
    "output-for-input": deep("dW3", lambda v: v.z3.T @ v.delta3),
    "step-of-another-parameter": squares("W2_new", lambda v: W3.T - ETA * v.dW1),
}


OF_PROGRAMS = {
    one.id
    for part in (chains, quantities, products, penalties, layers, corrections, optimisers)
    for one in part.MISTAKES
}


def test_every_mistake_of_programs_is_made() -> None:
    assert MADE.keys() == OF_PROGRAMS


@pytest.mark.parametrize("id", sorted(MADE))
def test_a_program_with_the_mistake_is_told_so(id: str) -> None:
    done, answers = MADE[id]()
    report = done.check(answers)
    wrong = list(answers)[-1]
    assert report.first_wrong == wrong, str(report)
    assert report[wrong].mistakes and report[wrong].mistakes[0] == id, (report[wrong].mistakes, str(report))
    assert all(TABLE[one].title for one in report[wrong].mistakes)


GRAPH = {"u1": 0.9, "u2": -1.4, "x": 0.75, "t": 0.3}


def at_another_node() -> Made:
    done = Graph("u = u1*x; h = tanh(u); z = u2*h; o = sigmoid(z); L = (o - t)^2").solve(GRAPH)
    there = sigmoid(done["h"])
    return done, {"dL/do": done["dL/do"], "do/dz": there * (1 - there)}


@pytest.mark.parametrize(
    ("id", "made"),
    [
        ("function-for-derivative", of("delta1", lambda v: np.maximum(v.delta2 @ W2.T, 0), hidden="relu")),
        ("function-for-derivative", of("delta1", lambda v: np.tanh(v.delta2 @ W2.T))),
        ("gradient-not-summed", of("dW2", lambda v: np.outer(v.a1[-1], v.delta2[-1]))),
        ("gradient-not-summed", of("db2", lambda v: v.delta2[-1])),
        ("first-sample-only", of("dW2", lambda v: np.outer(v.a1[0], v.delta2[0]))),
        ("slope-elsewhere", of("delta1", lambda v: v.delta2 @ W2b.T * (1 - v.a2**2), loss="binary_cross_entropy")),
        ("slope-elsewhere", of("delta1", lambda v: (up := v.delta2 @ W2.T) * (1 - np.tanh(up) ** 2))),
        ("slope-elsewhere", at_another_node),
        ("slope-elsewhere", of("delta1", lambda v: 1 - np.tanh(v.delta2 @ W2.T) ** 2)),
        ("gradient-not-summed", of("W1_new", lambda v: W1 - ETA * np.outer(X[-1], v.delta1[-1]))),
        ("bias-penalised", of("b1_new", lambda v: b1 - ETA * (v.db1.ravel() + 0.3 * b1), l2=0.3)),
        ("step-of-another-parameter", of("b1_new", lambda v: b1 - ETA * v.db2, loss="binary_cross_entropy")),
        ("statistics-over-wrong-axis", normalised("xhat2", _over_units)),
        ("learning-rate-squared", momentum("W1_new", lambda v: W1 - ETA * v.vW1_new, RATED)),
        ("bias-correction-twice", momentum("mW1_new2", _made_of_the_corrected, "adam", 2)),
        ("bias-correction-twice", momentum("mW1_new2", lambda v: _made_of_the_corrected(v) / (1 - RHO1**2), "adam", 2)),
        ("wrong-layer", of("L", lambda v: (((v.a2 - Y2) ** 2).sum() + 0.6 * (W1**2).sum()) / 2, l2=0.3)),
        ("bias-correction-twice", momentum("W1_new", _corrected_again, "adam")),
        ("moment-weights", momentum("vW1_new2", lambda v: v.vW1_new + 0.9 * v.dW1_new, steps=2)),
        ("moment-weights", momentum("vW1_new2", lambda v: 0.9 * (v.vW1_new + v.dW1_new), steps=2)),
        ("state-not-kept", momentum("mW1_new2", lambda v: (1 - RHO1) * v.dW1_new, "adam", 2)),
        ("state-not-kept", momentum("rW1_new2", lambda v: v.dW1_new**2, "adagrad", 2)),
        ("velocity-sign", momentum("W1_new", lambda v: W1 + ETA * (0.9 * v.vW1_new - v.dW1), NESTEROV)),
        ("velocity-sign", momentum("W1_new", lambda v: W1 - ETA * (0.9 * v.vW1_new - v.dW1), NESTEROV)),
    ],
)
def test_another_form_of_the_mistake_is_told_so_too(id: str, made: Callable[[], Made]) -> None:
    done, answers = made()
    wrong = list(answers)[-1]
    report = done.check(answers)
    assert (report.first_wrong, report[wrong].mistakes[:1]) == (wrong, (id,)), str(report)


def test_a_bias_along_the_samples_is_told_so() -> None:
    net = NeuralNetwork(
        [Dense(weights=W1.T, bias=[0.3, -0.2, 0.1], activation="tanh")], samples="columns", weights="out_in"
    )
    done = net.solve(X[:3].T)
    report = done.check({"z1": W1.T @ X[:3].T + np.array([0.3, -0.2, 0.1])})
    assert (report.first_wrong, report["z1"].mistakes) == ("z1", ("shapes-broadcast",)), str(report)


def test_a_velocity_that_is_right_is_not_blamed_for_the_step() -> None:
    done, answers = momentum("W1_new", lambda v: W1 + ETA * (0.9 * v.vW1_new - v.dW1), NESTEROV)()
    for name in ("vW2_new", "W2_new"):
        answers = {**answers, name: done.arrays[name]}
    report = done.check(answers)
    assert list(report.wrong) == ["W1_new"] and not report.notes, str(report)


@pytest.mark.parametrize(
    ("id", "made"),
    [
        ("bias-subtracted", of("z1", lambda v: X @ W1 - b1)),
        ("absolute-for-square", of("L", lambda v: np.abs(v.a2 - Y2).sum())),
        ("absolute-for-square", of("L", lambda v: np.abs(v.a2 - Y2).sum() / 2)),
    ],
)
def test_a_forward_pass_with_the_mistake_is_told_so(id: str, made: Callable[[], Made]) -> None:
    done, answers = made()
    wrong = list(answers)[-1]
    report = done.check(answers)
    assert (report.first_wrong, report[wrong].mistakes[:1]) == (wrong, (id,)), str(report)


# --- values that are no numbers --------------------------------------------------------------------------------------


def overflowing(kind: type[np.floating[Any]], largest: float) -> tuple[Solution, dict[str, Any]]:
    """A program that takes the exponentials as they are, in floats of this kind."""
    done = NeuralNetwork([Dense(weights=[[largest, 1.0]], bias=False, activation="softmax")], "cross_entropy").solve(
        [[1.0]], [[1.0, 0.0]], ETA
    )
    z = np.array([[largest, 1.0]], dtype=kind)
    with np.errstate(all="ignore"):
        a = np.exp(z) / np.exp(z).sum()
        delta = a - np.array([[1.0, 0.0]], dtype=kind)
    return done, {"z1": z, "a1": a, "delta1": delta}


@pytest.mark.parametrize(("kind", "largest"), [(np.float64, 800.0), (np.float32, 100.0)])
def test_a_softmax_that_overflows_is_told_so_and_what_follows_is_not_blamed(kind: Any, largest: float) -> None:
    done, answers = overflowing(kind, largest)
    assert np.isnan(answers["a1"]).any()
    report = done.check(answers)
    assert (report.first_wrong, report["a1"].mistakes) == ("a1", ("softmax-unstable",)), str(report)
    assert report["delta1"].mistakes == () and report["delta1"].message == "It is no number, as a1 is none."
    left_open = done.check({"z1": answers["z1"], "delta1": answers["delta1"]})["delta1"]
    assert (left_open.mistakes, left_open.made_in) == (("softmax-unstable",), "a1")


def test_moments_corrected_before_their_first_step_are_told_so() -> None:
    done = solved(optimizer="adam")
    right = {name: done.arrays[name] for name in done.derivation if name in ("dW1", "mW1_new", "vW1_new")}
    with np.errstate(all="ignore"):
        mean, square = right["mW1_new"] / 0.0, right["vW1_new"] / 0.0
        new = {"W1_new": W1 - ETA * mean / (np.sqrt(square) + 1e-8)}
    report = done.check({**right, "mhatW1": mean, "vhatW1": square, **new})
    assert (report.first_wrong, report["mhatW1"].mistakes) == ("mhatW1", ("bias-correction-of-another-step",))
    alone = done.check({**right, **new})["W1_new"]
    assert (alone.mistakes, alone.made_in) == (("bias-correction-of-another-step",), "mhatW1"), alone


def test_what_is_no_number_without_an_overflow_is_not_put_down_to_the_softmax() -> None:
    done, answers = overflowing(np.float64, 100.0)
    assert np.isfinite(answers["a1"]).all() and done.check(answers).first_wrong is None
    report = done.check({**answers, "a1": np.full((1, 2), np.nan)})
    assert report.first_wrong == "a1" and report["a1"].mistakes == ()


def test_a_softmax_that_underflows_and_a_logarithm_of_zero_are_told_so() -> None:
    done = NeuralNetwork([Dense(weights=[[-800.0, -805.0]], bias=False, activation="softmax")], "cross_entropy").solve(
        [[1.0]], [[1.0, 0.0]]
    )
    z = np.array([[-800.0, -805.0]])
    with np.errstate(all="ignore"):
        report = done.check({"z1": z, "a1": np.exp(z) / np.exp(z).sum()})
    assert report["a1"].mistakes == ("softmax-unstable",), str(report)
    done = NeuralNetwork([Dense(weights=[[900.0, 1.0]], bias=False, activation="softmax")], "cross_entropy").solve(
        [[1.0]], [[1.0, 0.0]]
    )
    a, y = np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]])
    with np.errstate(all="ignore"):
        report = done.check({"a1": a, "L": -np.sum(y * np.log(a))})
    assert (report.first_wrong, report["L"].mistakes) == ("L", ("logarithm-of-zero",)), str(report)


def test_a_sum_over_the_wrong_axis_and_a_gradient_for_each_sample_keep_their_shapes() -> None:
    done = solved()
    v = Arrays(done)
    for name, value, id in (
        ("db1", v.delta1.sum(axis=1), "summed-over-wrong-axis"),
        ("dW2", v.a1[:, :, None] * v.delta2[:, None, :], "gradient-not-summed"),
    ):
        assert done.check({"delta2": v.delta2, "delta1": v.delta1, name: value})[name].mistakes[:1] == (id,)


def test_a_parameter_that_stays_while_the_others_are_renewed_was_not_updated() -> None:
    done = solved()
    v = Arrays(done)
    left = {"dW1": v.dW1, "dW2": v.dW2, "W1": v.W1_new, "b1": v.b1_new, "W2": W2.copy(), "z1": v.z1}
    report = done.check(left)
    assert (report.first_wrong, report["W2_new"].mistakes) == ("W2_new", ("not-updated",)), str(report)
