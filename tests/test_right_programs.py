"""Programs that are right in another way are no mistakes, and the mistakes beside them stay."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import chalkwork
from chalkwork import Dense, NeuralNetwork
from chalkwork.checking.recording import Recording
from chalkwork.checking.report import Report
from chalkwork.solutions.solution import Solution

Arrays = dict[str, Any]
X = np.array([[0.31, -0.72], [0.94, 0.25], [-0.47, 0.66], [0.12, 0.83], [-0.85, -0.37]])
Y = np.array([[0.3, -0.8], [0.7, 0.1], [-0.2, 0.45], [0.9, 0.35], [0.15, -0.6]])
W1 = np.array([[0.35, -0.62, 0.24], [0.51, 0.28, -0.93]])
b1 = np.array([0.13, -0.26, 0.07])
W2 = np.array([[0.74, -0.31], [-0.33, 0.58], [0.42, 0.19]])
b2 = np.array([0.15, -0.22])
RATE = 0.1


def solution(
    loss: Any = "mean_squared_error", steps: int = 1, optimiser: Any = "gradient_descent", **more: Any
) -> Solution:
    net = NeuralNetwork([Dense(weights=W1, bias=b1, activation="tanh"), Dense(weights=W2, bias=b2)], loss, **more)
    return net.solve(X, Y, RATE, steps, optimizer=optimiser)


def passed(V1: Any = W1, c1: Any = b1, V2: Any = W2, c2: Any = b2, divisor: float = Y.size / 2) -> Arrays:
    """One pass through the network and back."""
    z1 = X @ V1 + c1
    a1 = np.tanh(z1)
    z2 = a1 @ V2 + c2
    delta2 = (z2 - Y) / divisor
    delta1 = delta2 @ V2.T * (1 - a1**2)
    gradients = {"dW2": a1.T @ delta2, "db2": delta2.sum(0), "dW1": X.T @ delta1, "db1": delta1.sum(0)}
    return {"z1": z1, "a1": a1, "z2": z2, "delta2": delta2, "delta1": delta1, **gradients}


def stepped(made: Mapping[str, Any], rate: float = RATE) -> Arrays:
    return {f"{name}_new": old - rate * made[f"d{name}"] for name, old in PARAMETERS.items()}


PARAMETERS = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


# --- the penalty in the update ---


@pytest.mark.parametrize("times", (1.0, len(X)))
def test_a_penalty_may_be_added_in_the_update(times: float) -> None:
    """Also beside sums in the place of means, and the weights decay once for every rate."""
    done, made = solution(l2=0.3), passed(divisor=Y.size / 2 / times)
    new = stepped(made, RATE / times)
    new |= {f"W{n}_new": new[f"W{n}_new"] - RATE * 0.3 * old for n, old in ((1, W1), (2, W2))}
    report = done.check(made | new)
    assert report.first_wrong is None and report.score == 1, str(report)
    assert "leave the penalty out of the gradients" in report.notes[0]


def test_a_bias_that_shrinks_as_the_weights_do_is_penalised() -> None:
    done, made = solution(l2=0.3), passed()
    new = {name: value - RATE * 0.3 * PARAMETERS[name.removesuffix("_new")] for name, value in stepped(made).items()}
    report = done.check({**made, **new})
    assert report.first_wrong == "b1_new", str(report)
    assert report["b1_new"].mistakes == ("bias-penalised",)
    assert report["W1_new"].verdict == "correct"


def test_what_comes_back_to_an_activation_is_not_the_delta_that_the_program_went_on_with() -> None:
    """It is called like a delta, and right; the delta itself is not kept, and wrong."""
    made = passed()
    dh = made["delta2"] @ W2.T
    wrong = dh * made["a1"]
    kept = {"dh": dh, "grad_W1": X.T @ wrong, "grad_b1": wrong.sum(0), **{name: made[name] for name in ("z2", "dW2")}}
    report = solution().check(kept)
    assert "derivative-dropped" not in {id for result in report.values() for id in result.mistakes}, str(report)
    assert "dh" in report.unused
    assert report.first_wrong == "dW1"


def test_a_penalty_that_is_nowhere_is_forgotten() -> None:
    done, made = solution(l2=0.3), passed()
    report = done.check(made | stepped(made))
    assert report.first_wrong == "dW2" and report["dW2"].mistakes == ("penalty-forgotten",)
    assert not report.notes
    decayed = stepped(made)
    decayed |= {f"W{n}_new": decayed[f"W{n}_new"] - 0.3 * old for n, old in ((1, W1), (2, W2))}
    assert solution(l2=0.3).check(made | decayed).first_wrong is not None  # not multiplied by the rate


# --- how steps are divided ---

Step = Callable[[Any, Any, Any, int], tuple[Any, Any, Any]]


def trained(step: Step, steps: int) -> Arrays:
    """What a training with two moments leaves, step after step."""
    now, first, second = dict(PARAMETERS), dict.fromkeys(PARAMETERS, 0.0), dict.fromkeys(PARAMETERS, 0.0)
    found: Arrays = {}
    for t in range(1, steps + 1):
        old, new = ("_new" * (t > 1), f"_new{t if t > 1 else ''}")
        made = passed(now["W1"], now["b1"], now["W2"], now["b2"])
        found |= {f"{name}{old}": value for name, value in made.items()}
        for name in now:
            first[name], second[name], moved = step(first[name], second[name], made[f"d{name}"], t)
            now[name] = now[name] - moved
            found |= {f"m{name}{new}": first[name], f"v{name}{new}": second[name], f"{name}{new}": now[name]}
    return found


def adam(
    rate: Callable[[int], float] = lambda t: RATE * math.sqrt(1 - 0.999**t) / (1 - 0.9**t),
    root: Callable[[Any, int], Any] = lambda v, t: np.sqrt(v) + 1e-8,
) -> Step:
    """Adam with its corrections in the rate."""

    def step(m: Any, v: Any, g: Any, t: int) -> tuple[Any, Any, Any]:
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        return m, v, rate(t) * m / root(v, t)

    return step


def plainly(t: int) -> float:
    return RATE / (1 - 0.9**t)


RIGHT_STEPS = {
    "rate-corrected": adam(),
    "rate-corrected, another epsilon": adam(root=lambda v, t: np.sqrt(v) + 1e-7),
    "another epsilon": adam(plainly, lambda v, t: np.sqrt(v / (1 - 0.999**t)) + 1e-7),
    "no epsilon": adam(plainly, lambda v, t: np.sqrt(v / (1 - 0.999**t))),
    "the same, divided later": adam(plainly, lambda v, t: np.sqrt(v) / math.sqrt(1 - 0.999**t) + 1e-8),
}
WRONG_STEPS: dict[str, tuple[Step, int, str | None]] = {
    "omitted": (adam(lambda t: RATE), 1, "bias-correction-omitted"),
    "of the first alone": (adam(plainly), 1, "bias-correction-omitted"),
    "without power": (adam(lambda t: RATE * math.sqrt(1 - 0.999) / (1 - 0.9)), 2, "bias-correction-without-power"),
    "inside": (adam(plainly, lambda v, t: np.sqrt(v / (1 - 0.999**t) + 1e-8)), 1, "epsilon-inside-root"),
    "not so small": (adam(plainly, lambda v, t: np.sqrt(v / (1 - 0.999**t)) + 1e-3), 1, None),
    "no root in the rate": (adam(lambda t: RATE * (1 - 0.999**t) / (1 - 0.9**t)), 1, None),
}


@pytest.mark.parametrize("steps", (1, 2))
@pytest.mark.parametrize("name", RIGHT_STEPS)
def test_what_keeps_a_step_from_dividing_by_zero_is_no_mistake(name: str, steps: int) -> None:
    report = solution(steps=steps, optimiser="adam").check(trained(RIGHT_STEPS[name], steps))
    assert report.first_wrong is None and report.score == 1, str(report)
    assert bool(report.notes) == ("the same" not in name)


@pytest.mark.parametrize("name", WRONG_STEPS)
def test_a_wrong_correction_is_a_mistake(name: str) -> None:
    step, steps, mistake = WRONG_STEPS[name]
    report = solution(steps=steps, optimiser="adam").check(trained(step, steps))
    first = f"b1_new{steps if steps > 1 else ''}", f"W1_new{steps if steps > 1 else ''}"
    assert report.first_wrong in first, str(report)
    assert mistake is None or report[report.first_wrong or ""].mistakes[0] == mistake, str(report)


@pytest.mark.parametrize("place", ("beside", "below"))
def test_an_exercise_without_epsilon_may_be_worked_out_with_one(place: str) -> None:
    done, made = solution(optimiser={"name": "rmsprop", "epsilon": 0}), passed()
    means = {name: 0.1 * made[f"d{name}"] ** 2 for name in PARAMETERS}
    roots = {name: np.sqrt(v) + 1e-8 if place == "beside" else np.sqrt(v + 1e-8) for name, v in means.items()}
    new = {f"{name}_new": old - RATE * made[f"d{name}"] / roots[name] for name, old in PARAMETERS.items()}
    report = done.check(made | new)
    assert report.first_wrong is None and "dividing by zero" in report.notes[0], str(report)


# --- how a program keeps its numbers ---


def in_single(loss: Callable[[Any], Any], dropped: bool = False) -> Arrays:
    f = np.float32
    V1, c1, V2, c2, x, y = (one.astype(f) for one in (W1, b1, W2, b2, X, Y))
    z1 = x @ V1 + c1
    a1 = np.tanh(z1)
    z2 = a1 @ V2 + c2
    delta2 = (z2 - y) * f(2 / Y.size)
    delta1 = delta2 @ V2.T * (f(1) if dropped else 1 - a1**2)
    dW2, dW1 = a1.T @ delta2, x.T @ delta1
    new = {"W2_new": V2 - f(RATE) * dW2, "W1_new": V1 - f(RATE) * dW1}
    values = {"z1": z1, "a1": a1, "z2": z2, "L": loss(np.mean((z2 - y) ** 2)), "delta2": delta2, "dW2": dW2}
    return {**values, "delta1": delta1, "dW1": dW1, **new}


KEPT: dict[str, Callable[[Any], Any]] = {
    "single": lambda loss: loss,
    "a float": float,
    "added up in double": lambda loss: (float(loss) / 3) * 3.0000001,
}


@pytest.mark.parametrize("kept", KEPT)
def test_what_was_worked_out_in_single_precision_is_right(kept: str) -> None:
    done, values = solution(), in_single(KEPT[kept])
    for given in (values, {name: np.asarray(one, dtype=float) for name, one in values.items()}):
        report = done.check(given)
        assert report.first_wrong is None, str(report)
    wrong = done.check(in_single(KEPT[kept], dropped=True))
    assert wrong.first_wrong == "delta1" and wrong["delta1"].mistakes == ("derivative-dropped",)
    twice = done.check(in_single(lambda loss: 2 * KEPT[kept](loss)))
    assert twice.first_wrong == "L" and "factor-two" in twice["L"].mistakes


def test_a_bias_as_a_row_in_single_precision() -> None:
    done, f = solution(), np.float32
    T1, T2 = (np.vstack([bias, weights]).astype(f) for weights, bias in ((W1, b1), (W2, b2)))
    x = np.column_stack([np.ones(len(X)), X]).astype(f)
    a = np.column_stack([np.ones(len(X), dtype=f), np.tanh(x @ T1)])
    d2 = (a @ T2 - Y.astype(f)) * f(2 / Y.size)
    d1 = (d2 @ T2.T * (1 - a**2))[:, 1:]
    T1_grad, T2_grad = x.T @ d1, a.T @ d2
    T1 -= f(RATE) * T1_grad
    T2 -= f(RATE) * T2_grad
    report = done.check({"Theta1_grad": T1_grad, "Theta2_grad": T2_grad, "Theta1": T1, "Theta2": T2, "delta2": d2})
    assert report.first_wrong is None, str(report)


def in_columns(steps: int = 1, optimiser: str = "gradient_descent") -> Arrays:
    """A program in columns, with weights as outputs x inputs, for an exercise in rows."""
    now = {"W1": W1.T.copy(), "b1": b1[:, None].copy(), "W2": W2.T.copy(), "b2": b2[:, None].copy()}
    speed = {name: np.zeros_like(one) for name, one in now.items()}
    Z1 = now["W1"] @ X.T + now["b1"]
    A1 = np.tanh(Z1)
    Z2 = now["W2"] @ A1 + now["b2"]
    dZ2 = (Z2 - Y.T) / (Y.size / 2)
    dZ1 = now["W2"].T @ dZ2 * (1 - A1**2)
    grads = {"dW2": dZ2 @ A1.T, "db2": dZ2.sum(1, keepdims=True), "dW1": dZ1 @ X, "db1": dZ1.sum(1, keepdims=True)}
    for name in now:
        speed[name] = 0.9 * speed[name] + grads[f"d{name}"]
        now[name] = now[name] - RATE * (speed[name] if optimiser == "momentum" else grads[f"d{name}"])
    velocities = {f"v{name}": one for name, one in speed.items()} if optimiser == "momentum" else {}
    return {"Z1": Z1, "A1": A1, "Z2": Z2, "dZ2": dZ2, "dZ1": dZ1, "grads": grads, "parameters": now, **velocities}


@pytest.mark.parametrize("optimiser", ("gradient_descent", "momentum"))
def test_a_program_in_columns_for_an_exercise_in_rows(optimiser: str) -> None:
    done = solution(optimiser=optimiser)
    kept = in_columns(optimiser=optimiser)
    report = done.check(kept)
    assert report.first_wrong is None, str(report)
    kept["parameters"]["W1"] = W1.T + RATE * kept["grads"]["dW1"]
    wrong = done.check(kept)
    assert wrong.first_wrong == "W1_new", str(wrong)


@pytest.mark.parametrize("size", (1e-8, 1e-7, 1e-3))
def test_a_small_number_beside_a_logarithm(size: float) -> None:
    """What is no longer small is a mistake; so is anything else in the loss."""
    target = np.eye(2)[[0, 1, 1, 0, 1]]
    layers = [Dense(weights=W1, bias=b1, activation="tanh"), Dense(weights=W2, bias=b2, activation="softmax")]
    done = NeuralNetwork(layers, "cross_entropy").solve(X, target, RATE)
    a2, gradient = done["a2"], done["dW2"]
    given = {"a2": a2, "dW2": gradient, "W2_new": W2 - RATE * gradient}
    loss = -np.sum(target * np.log(a2 + size)) / len(X)
    report = done.check({**given, "L": loss})
    assert (report.first_wrong is None) == (size < 1e-4), str(report)
    assert size > 1e-4 or "logarithm" in report.notes[0]
    assert done.check({**given, "L": loss * len(X) / 2}).first_wrong == "L"


def test_the_losses_of_all_samples_beside_the_loss() -> None:
    """A word for the loss that holds one for each sample is not it, where another word holds it."""
    done, made = solution("squared_error"), passed(divisor=1.0)
    each = np.sum((made["z2"] - Y) ** 2, axis=1) / 2 * np.linspace(0.5, 1.5, len(X))
    report = done.check({**made, **stepped(made), "loss": each, "loss_sum": float(done["L"])})
    assert report.first_wrong is None and report["L"].verdict == "correct", str(report)


# --- what is no step ---


MEASURES: dict[str, Callable[[Any], Any]] = {
    "mean_error": lambda error: np.mean(np.abs(error)),
    "mae": lambda error: np.mean(np.abs(error)),
    "sum_error": lambda error: np.sum(error**2),
    "sse": lambda error: np.sum(error**2),
    "rmse": lambda error: np.sqrt(np.mean(error**2)),
    "mse": lambda error: np.mean(error**2),
}


def watched(word: str, measure: Callable[[Any], Any], divisor: float = 1.0, dropped: bool = False) -> Recording:
    """A step of gradient descent that is watched by a measure."""

    def step() -> Arrays:
        a1 = np.tanh(X @ W1 + b1)
        out = a1 @ W2 + b2
        error = out - Y
        kept = {word: measure(error)}
        delta2 = error / divisor
        delta1 = delta2 @ W2.T * (1.0 if dropped else 1 - a1**2)
        new = {"W2": W2 - RATE * a1.T @ delta2, "b2": b2 - RATE * delta2.sum(0)}
        new |= {"W1": W1 - RATE * X.T @ delta1, "b1": b1 - RATE * delta1.sum(0)}
        return {**kept, **new}

    with chalkwork.record() as run:
        step()
    return run


@pytest.mark.parametrize("word", MEASURES)
def test_a_measure_that_is_what_it_is_called_is_no_loss(word: str) -> None:
    report = solution("squared_error").check(watched(word, MEASURES[word]))
    assert report.first_wrong is None and "W1_new" in report, str(report)
    assert "L" not in report


def test_a_loss_that_is_another_one_is_a_mistake() -> None:
    """Under the name of a loss, where it is not what it says, or where its derivative is gone on with."""
    done = solution("squared_error")
    for word, measure in (("loss", MEASURES["mae"]), ("cost", MEASURES["sse"]), ("mse", lambda one: np.sum(one**2))):
        assert done.check(watched(word, measure)).first_wrong == "L", word
    assert done.check(watched("mse", MEASURES["mse"], divisor=Y.size / 2)).first_wrong is not None
    assert done.check(watched("mean_error", MEASURES["mae"], dropped=True)).first_wrong is not None


def test_a_word_for_what_is_there_already_is_nothing_else() -> None:
    """The last gradient and parameter of a loop over both, beside an exercise of two steps."""
    done = solution(steps=2)
    now, dparams = dict(PARAMETERS), {}
    for _ in range(2):
        made = passed(now["W1"], now["b1"], now["W2"], now["b2"])
        dparams = {f"d{name}": made[f"d{name}"] for name in now}
        now = {name: one - RATE * dparams[f"d{name}"] for name, one in now.items()}
    report = done.check({**now, **dparams, "param": now["b2"], "dparam": dparams["db2"]})
    assert report.first_wrong is None, str(report)


# --- other programs ---


def in_numbers(forgotten: bool = False) -> Arrays:
    """A variable for each weight, and no array."""
    w1, w2, w3, w4, w5, w6 = 0.17, -0.42, 0.63, 0.28, 0.44, -0.57
    i1, i2, target = 0.45, -0.73, 0.12
    net_h1, net_h2 = w1 * i1 + w3 * i2, w2 * i1 + w4 * i2
    out_h1, out_h2 = 1 / (1 + math.exp(-net_h1)), 1 / (1 + math.exp(-net_h2))
    out_o = 1 / (1 + math.exp(-(w5 * out_h1 + w6 * out_h2)))
    error_o = (out_o - target) * out_o * (1 - out_o)
    error_h1 = error_o * w5 * (1 if forgotten else out_h1 * (1 - out_h1))
    error_h2 = error_o * w6 * (1 if forgotten else out_h2 * (1 - out_h2))
    w1_new, w2_new = w1 - 0.6 * error_h1 * i1, w2 - 0.6 * error_h2 * i1
    w3_new, w4_new = w3 - 0.6 * error_h1 * i2, w4 - 0.6 * error_h2 * i2
    w5_new, w6_new = w5 - 0.6 * error_o * out_h1, w6 - 0.6 * error_o * out_h2
    return locals()


def test_a_variable_for_each_weight() -> None:
    net = NeuralNetwork(
        [
            Dense(weights=[[0.17, -0.42], [0.63, 0.28]], bias=False, activation="sigmoid"),
            Dense(weights=[[0.44], [-0.57]], bias=False, activation="sigmoid"),
        ],
        "squared_error",
    )
    done = net.solve([0.45, -0.73], [0.12], 0.6)
    report = done.check(in_numbers())
    assert report.first_wrong is None and "W1_new" in report, str(report)
    assert done.check(in_numbers(forgotten=True)).first_wrong in ("delta1", "W1_new")
    assert done.check({"z1": [0.1, 0.2], "L": 0.123456789012345}).first_wrong == "z1"


@pytest.mark.parametrize("dropped", (False, True))
@pytest.mark.parametrize("data", (False, True))
def test_the_samples_in_another_order(data: bool, dropped: bool) -> None:
    """All in the same other order: what is summed over them is as it was, and a mistake stays one."""
    done, made, order = solution(), passed(), np.array([3, 0, 4, 1, 2])
    if dropped:
        made["delta1"] = made["delta2"] @ W2.T
        made["dW1"], made["db1"] = X.T @ made["delta1"], made["delta1"].sum(0)
    turned = {name: made[name][order] for name in ("z1", "a1", "z2", "delta2", "delta1")}
    own = {"x": X[order], "y": Y[order]} if data else {}
    report = done.check({**made, **stepped(made), **turned, **own})
    assert report.first_wrong == ("delta1" if dropped else None), str(report)
    assert dropped or "another order" in report.notes[0]
    one = done.check({**passed(), "a1": passed()["a1"][order]})  # of one step alone: that is a mistake
    assert one.first_wrong == "a1"
    assert done.check({"delta2": turned["delta2"]}).first_wrong == "delta2"  # and where nothing shows it


@pytest.mark.parametrize("optimiser", ("gradient_descent", "adam"))
def test_a_training_that_goes_on(optimiser: str) -> None:
    done, rounds = solution(optimiser=optimiser), 5
    whole = solution(steps=rounds, optimiser=optimiser)
    last = {name: whole[f"{name}_new{rounds - 1}"] for name in ("z1", "a1", "dW2", "dW1", "db2", "db1")}
    parameters = {name: whole[f"{name}_new{rounds}"] for name in PARAMETERS}
    report = done.check({**last, **parameters})
    assert report.first_wrong is None and f"step {rounds}" in " ".join(report.notes), str(report)
    other = done.check({**last, **parameters, "z1": 1.5 * last["z1"]})
    assert other.first_wrong is not None


class Unit:
    """A number with its derivative, as small automatic differentiation has it."""

    def __init__(self, data: float) -> None:
        self.data = data
        self.grad = 0.0


class Layer:
    def __init__(self, weights: Any, bias: Any) -> None:
        self.units = [
            ([Unit(float(w)) for w in column], Unit(float(b))) for column, b in zip(weights.T, bias, strict=True)
        ]

    def parameters(self) -> list[Unit]:
        return [one for weights, bias in self.units for one in (*weights, bias)]


class Layers:
    def __init__(self) -> None:
        self.layers = [Layer(W1, b1), Layer(W2, b2)]

    def parameters(self) -> list[Unit]:
        return [one for layer in self.layers for one in layer.parameters()]


def test_layers_that_are_objects_in_objects() -> None:
    """One method is called for object after object: what it calls self is none of them."""
    done, made = solution(), passed()

    def step() -> None:
        net = Layers()
        for one in net.parameters():
            one.grad = 0.0
        for layer, (dW, db) in zip(net.layers, ((made["dW1"], made["db1"]), (made["dW2"], made["db2"])), strict=True):
            for place, (weights, bias) in enumerate(layer.units):
                bias.grad += float(db[place])
                for row, weight in enumerate(weights):
                    weight.grad += float(dW[row, place])
        for one in net.parameters():
            one.data -= RATE * one.grad

    with chalkwork.record() as run:
        step()
    report: Report = done.check(run)
    assert report.first_wrong is None and "b1_new" in report, str(report)
