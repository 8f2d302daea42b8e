"""Update rules on functions and on given gradients, as tables, against plain NumPy loops written in another form."""

import numpy as np
import optax
import pytest
from shipped import SHEETS

from chalkwork import ChalkworkError, Dense, NeuralNetwork
from chalkwork.documents.terminal import to_text
from chalkwork.laboratory.optimisation import (
    apply_gradients,
    check_network_gradient,
    exponential_average,
    gradient_check,
    optimise,
)
from chalkwork.laboratory.optimisation.methods import METHODS
from chalkwork.networks.optimisers import INSIDE, RULES, Optimiser, Rule
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.solve import solve_sheet

START = np.array([-1.5, 0.7])


def slope(p):
    """The gradient of x^2/2 + 3 y^2 + x y / 4."""
    return np.array([p[0] + p[1] / 4, 6 * p[1] + p[0] / 4])


def changes(gradients, rate, form=""):
    """What each rule adds to the parameter in every step, from all gradients up to then; sums instead of recursions."""
    g = np.array(gradients)
    powers = lambda base, t: base ** np.arange(t - 1, -1, -1)[:, None]  # noqa: E731
    for t in range(1, len(g) + 1):
        first, second = (powers(b, t) * (1 - b) for b in (0.9, 0.99))
        momentum, kept = (powers(0.6, t) * g[:t]).sum(0), (powers(0.8, t) * 0.2 * g[:t] ** 2).sum(0)
        m = (first * g[:t]).sum(0) / (1 - 0.9**t)
        v = (second * g[:t] ** 2).sum(0) / (1 - 0.99**t)
        yield {
            "gradient_descent": -rate * g[t - 1],
            "momentum": -rate * momentum * (0.4 if form == "average" else 1),
            "nesterov": -rate * (momentum if form == "lookahead" else g[t - 1] + 0.6 * momentum),
            "adagrad": -rate * g[t - 1] / root((g[:t] ** 2).sum(0), form),
            "rmsprop": -rate * g[t - 1] / root(kept, form),
            "adam": -rate * m / root(v, form),
            "adamw": -rate * m / root(v, form),
            "lion": -rate * np.sign(0.1 * g[t - 1] + 0.9 * (second[1:] * g[: t - 1]).sum(0)),
        }


def root(squares, form):
    return np.sqrt(squares + 0.01) if form == INSIDE else np.sqrt(squares) + 0.01


CONSTANTS = {
    "momentum": {"mu": 0.6}, "nesterov": {"mu": 0.6}, "adagrad": {"epsilon": 0.01},
    "rmsprop": {"gamma": 0.8, "epsilon": 0.01}, "adam": {"beta1": 0.9, "beta2": 0.99, "epsilon": 0.01},
    "adamw": {"beta1": 0.9, "beta2": 0.99, "epsilon": 0.01, "decay": 0.1},
    "lion": {"beta1": 0.9, "beta2": 0.99},
}  # fmt: skip
CASES = [
    (name, form)
    for name, rule in RULES.items()
    for form in ("", *rule.forms, *([INSIDE] if "epsilon" in dict(rule.constants) else []))
]


def by_hand(name, form, steps, rate=0.05):
    """The path of a rule; the gradients are those of the points that it comes to."""
    points, gradients, velocity = [START], [], np.zeros(2)
    for _ in range(steps):
        gradients.append(slope(points[-1] + (0.6 * velocity if form == "lookahead" else 0)))
        *_, last = changes(gradients, rate, form)
        step = last[name] - (rate * 0.1 * points[-1] if name == "adamw" else 0)
        velocity = step
        points.append(points[-1] + step)
    return np.array(points), gradients


def test_every_rule_in_every_form_is_the_loop():
    for name, form in CASES:
        given = {"form": form} if form and form != INSIDE else {"epsilon_place": "inside the root"} if form else {}
        given |= CONSTANTS.get(name, {})
        answer = optimise("x^2/2 + 3*y^2 + x*y/4", {"x": -1.5, "y": 0.7}, name, 4, 0.05, **given, shown=1)
        points, gradients = by_hand(name, form, 4)
        np.testing.assert_allclose(answer["path"], points, rtol=1e-12, err_msg=f"{name} {form}")
        for k in range(1, 5):  # all steps of a single rule are equations, the others stand in the table
            np.testing.assert_allclose(answer[f"p{k + 1}"].ravel(), points[k], rtol=1e-12)
            np.testing.assert_allclose(answer[f"g{k}"].ravel(), gradients[k - 1], rtol=1e-12)
        if form != "lookahead":
            other = apply_gradients(gradients, START, name, 0.05, **given)
            np.testing.assert_allclose(other["path"], points, rtol=1e-12, err_msg=f"{name} {form}")
        asked = answer.setting.asked
        assert answer.check({one: answer[one] for one in asked}).score == 1
        text = str(answer)
        assert max(map(len, text.splitlines())) <= 80 and "free_" not in text and "{" not in text, text


def test_worked_examples_by_hand():
    """Three steps of AdaGrad without an epsilon; two of Adam and of RMSProp with it inside, on a valley."""
    answer = apply_gradients([0.5, 0.3, -0.2], 1, "adagrad", 0.1, epsilon=0)
    np.testing.assert_allclose([answer[f"r{k}"].item() for k in (1, 2, 3)], [0.25, 0.34, 0.38])
    np.testing.assert_allclose([answer[f"etahat{k}"].item() for k in (1, 2)], [0.2, 0.1 / np.sqrt(0.34)])
    np.testing.assert_allclose(answer["path"].ravel(), [1, 0.9, 0.8485504244572474, 0.8809947086833999])
    valley, start = "0.1*w1^2 + 2*w2^2", {"w1": -5, "w2": -2}
    adam = optimise(valley, start, "adam", 2, 0.2, epsilon=1e-6)
    np.testing.assert_allclose(adam["path"][-1], [-4.600254779434054, -1.6008245063697513], rtol=1e-14)
    rms = optimise(valley, start, "rmsprop", 2, 0.3, gamma=0.9, epsilon=1e-6, epsilon_place="inside")
    np.testing.assert_allclose(rms["path"][-1], [-3.435197540710314, -0.5915234259160704], rtol=1e-14)
    text = str(optimise(valley, start, "adam", 3, 0.2, shown=1))
    assert "β₁ = 0.9,   β₂ = 0.999" in text and "Step 2" not in text
    assert "4  −4.4009  −1.4032     5.8746" in text


def test_schedules_and_clipping_are_worked_out():
    answer = optimise(
        "x^2/2 + 3*y^2 + x*y/4", {"x": -1.5, "y": 0.7}, steps=4, rate=0.4,
        schedule={"name": "step", "every": 2}, clip_norm=1.5, clip_value=1.2,
    )  # fmt: skip
    point = START
    for k in range(1, 5):
        g = slope(point)
        g = np.clip(g * min(1, 1.5 / np.linalg.norm(g)), -1.2, 1.2)
        point = point - (0.4 if k < 3 else 0.2) * g
        np.testing.assert_allclose(answer[f"clipped_g{k}"].ravel(), g, rtol=1e-12)
        np.testing.assert_allclose(answer[f"eta{k}"], 0.4 if k < 3 else 0.2)
    np.testing.assert_allclose(answer["path"][-1], point, rtol=1e-12)


def test_an_exponential_average_is_a_weighted_mean():
    values, beta = np.array([3.0, -1.0, 4.0, 2.5]), 0.7
    answer = exponential_average(values, beta)
    for t in range(1, 5):
        weights = beta ** np.arange(t - 1, -1, -1)
        np.testing.assert_allclose(answer[f"vhat{t}"], weights @ values[:t] / weights.sum())
        np.testing.assert_allclose(answer[f"v{t}"], (1 - beta) * weights @ values[:t])
    plain = exponential_average(values, beta, corrected=False, start=3)
    np.testing.assert_allclose(plain["v1"], 3) and "vhat1" not in plain
    with pytest.raises(ChalkworkError, match="makes up for a start at 0"):
        exponential_average(values, start=1)


def test_mistakes_in_a_table_are_named():
    adam = apply_gradients([0.5, 0.3, -0.2], 1, "adam", 0.1)
    grad = apply_gradients([0.5, 0.3, -0.2], 1, "adagrad", 0.1, epsilon=0)
    inside = apply_gradients([0.5, 0.3], 1, "rmsprop", 0.1, epsilon=0.1, epsilon_place="inside")
    outside = apply_gradients([0.5, 0.3], 1, "rmsprop", 0.1, epsilon=0.1)
    momentum = apply_gradients([0.5, 0.3, -0.2], 1, "momentum", 0.1)
    average = exponential_average([10, 20])
    for answer, given, name, mistake in (
        (adam, {"m1": 0.05, "v1": 0.00025, "p2": "0.68377"}, "p2", "bias-correction-omitted"),
        (adam, {"m1": 0.45}, "m1", "moment-weights"),
        (adam, {"v1": 0.0005}, "v1", "square-forgotten"),
        (grad, {"r1": 0.25, "r2": 0.55}, "r2", "square-forgotten"),
        (grad, {"r1": "0.2500", "p2": "0.9000", "r2": "0.3400", "p3": "0.8400"}, "p3", "old-velocity-used"),
        (grad, {"r1": 0.25, "p2": 0.8}, "p2", "root-forgotten"),
        (inside, {"v1": 0.025, "p2": 1 - 0.05 / (0.025**0.5 + 0.1)}, "p2", "epsilon-outside-root"),
        (outside, {"v1": 0.025, "p2": 1 - 0.05 / 0.125**0.5}, "p2", "epsilon-inside-root"),
        (momentum, {"v1": "0.500", "p2": "0.9500", "v2": "0.750", "p3": "0.9000"}, "p3", "old-velocity-used"),
        (momentum, {"v1": 0.5, "p2": 0.905}, "p2", "nesterov-for-momentum"),
        (average, {"v1": 1, "vhat1": 1}, "vhat1", "bias-correction-omitted"),
        (average, {"v1": 9}, "v1", "moment-weights"),
    ):  # fmt: skip
        assert mistake in answer.check(given)[name].mistakes, (name, given)


def test_forms_train_networks_too():
    """Epsilon inside the root, and momentum with the rate inside, against optax."""
    x, y = np.array([[1.0, -0.5], [0.3, 2.0], [-1.0, 0.4]]), np.array([[1.0], [0.2], [-0.7]])
    peers = {
        "rmsprop": ({"epsilon_place": "inside", "epsilon": 0.01}, optax.rmsprop(0.1, 0.9, 0.01, eps_in_sqrt=True)),
        "momentum": ({"form": "rate_inside"}, optax.sgd(0.1, momentum=0.9)),
        "adagrad": ({"epsilon": 0.01, "epsilon_place": "inside"}, optax.adagrad(0.1, 0.0, 0.01)),
    }
    for name, (form, peer) in peers.items():
        net = NeuralNetwork([Dense(weights=[[0.4], [-0.3]], bias=False)], "mean_squared_error")
        w, state = net.parameters["W1"].copy(), None
        state = peer.init(w)
        for _ in range(4):
            change, state = peer.update(2 / 3 * x.T @ (x @ w - y), state)
            w = w + np.asarray(change)
        solved = net.solve(x, y, 0.1, steps=4, optimizer={"name": name, **form})
        net.train(x, y, eta=0.1, iterations=4, optimizer={"name": name, **form}, progress=False)
        np.testing.assert_allclose(net.parameters["W1"], w, rtol=1e-9, err_msg=name)
        np.testing.assert_allclose(solved["W1_new4"], w, rtol=1e-9, err_msg=name)
    with pytest.raises(ChalkworkError, match="at its parameters, not ahead of them"):
        net.train(x, y, optimizer={"name": "nesterov", "form": "lookahead"}, progress=False)


def test_what_a_rule_has_not_is_refused():
    for description, message in (
        ({"name": "adam", "form": "signed"}, "adam has the forms epsilon_inside"),
        ({"name": "momentum", "epsilon_place": "inside"}, "momentum has no epsilon"),
        ({"name": "rmsprop", "epsilon_place": "under"}, "epsilon_place is inside or outside"),
        ({"name": "adagrad", "rho": 0.9}, "adagrad takes epsilon, not rho"),
    ):
        with pytest.raises(ChalkworkError, match=message):
            Optimiser.of(description)
    for call, message in (
        (lambda: optimise("x^2", {"x": 1}, beta1=0.9), "gradient descent has no constants, not beta1"),
        (lambda: optimise("x^2", {"x": 1}, ["gd", "newton"], beta1=0.9), "and Newton have no constants, not beta1"),
        (lambda: apply_gradients([1, 2], 0, "newton"), "Newton needs a function"),
        (lambda: apply_gradients([1, 2], [0, 1]), "start has 2 numbers, and a gradient 1"),
        (lambda: apply_gradients([1, 2], 0, "nesterov", form="lookahead"), "needs a function"),
        (lambda: optimise("x^2", {"x": 1}, "adam", rates=3), "not rates"),
    ):
        with pytest.raises(ChalkworkError, match=message):
            call()


def test_difference_quotients_of_a_function_and_of_a_network():
    answer = gradient_check("x^2*y + sin(x)", {"x": 1, "y": 2}, step=0.01)
    f = lambda x, y: x**2 * y + np.sin(x)  # noqa: E731
    np.testing.assert_allclose(answer["one_sided_x"], (f(1.01, 2) - f(1, 2)) / 0.01)
    np.testing.assert_allclose(answer["central_x"], (f(1.01, 2) - f(0.99, 2)) / 0.02)
    assert answer["error_x"].item() == pytest.approx(abs(answer["central_x"] / (4 + np.cos(1)) - 1).item(), rel=1e-2)
    assert gradient_check("x^2", {"x": 0})["error_x"].item() == 0
    assert "δ = 0.01" in str(gradient_check("h^2 + f", {"h": 1, "f": 2}))
    net = NeuralNetwork([Dense(weights=[[2.0, 0.5], [0.3, -1]], activation="tanh"), Dense(weights=[[1.0], [-2]])])
    loss = lambda shift: net_loss(net, shift)  # noqa: E731
    answer = check_network_gradient(net, [[1.0, 0.5]], [[0.3]], "W1[2,1]", step=0.01)
    np.testing.assert_allclose(answer["central"], (loss(0.01) - loss(-0.01)) / 0.02, rtol=1e-9)
    np.testing.assert_allclose(answer["one_sided"], (loss(0.01) - loss(0)) / 0.01, rtol=1e-9)
    assert answer["error"].item() < 1e-3 and "L_plus" in answer
    assert answer.check({name: answer[name] for name in answer.setting.asked}).score == 1
    with pytest.raises(ChalkworkError, match=r"no parameter 'W9\[1\]'"):
        check_network_gradient(net, [[1.0, 0.5]], [[0.3]], "W9[1]")


def net_loss(net, shift):
    weights = net.parameters["W1"] + np.array([[0, 0], [shift, 0]])
    return ((np.tanh([1.0, 0.5] @ weights) @ net.parameters["W2"] - 0.3) ** 2).item() / 2


def test_updates_of_a_network_stand_in_a_table():
    net = NeuralNetwork([Dense(weights=[[0.15], [0.2]], bias=[0.1], activation="tanh")])
    answer = net.solve([[1, 2]], [[1]], 0.1, steps=4)
    text = str(answer)
    last = [f"{answer[name].ravel()[0]:.4f}" for name in ("L_new4", "W1_new4", "b1_new4")]
    row = next(line for line in text.splitlines()[::-1] if line.strip().startswith("4 "))
    assert "All steps" in text and all(number in row for number in last)
    assert "All steps" not in str(net.solve([[1, 2]], [[1]], 0.1, steps=2))


SHEET = """
```optimise
id: a
function: x^2 + y^2
start: {x: 1, y: 2}
method: adam
beta1: 0.8
schedule: {name: cosine, end: 0.1}
clip_norm: 1
steps: 3
```

```optimise
id: b
gradients: [[1, 0], [0, 2]]
start: [1, 1]
method: momentum
form: signed
```

```optimise
id: c
function: x^3
at: {x: 2}
step: 0.1
```
"""


def test_a_sheet_says_what_is_given():
    first, second, third = to_text(workbook(parse_sheet(SHEET), "sheet").document).split("Given: ")[1:]
    for given, words in (
        (
            first,
            ["f(x, y) = x² + y²", "start x = 1, y = 2", "Adam", "3 steps", "β₁ = 0.8", "cosine, end: 0.1", "norm 1"],
        ),
        (second, ["gradients [1 0; 0 2]", "start (1, 1)", "momentum", "the rate and the minus in it already"]),
        (third, ["f(x) = x³", "point x = 2", "step h = 0.1"]),
    ):
        said = " ".join(given.split())
        assert all(word in said for word in words), said
    assert "p₂ = p₁ − " not in first and "p₂ = p₁ − " in to_text(workbook(parse_sheet(SHEET)).document)


def test_the_numbers_of_the_sheet():
    done = solve_sheet(read_sheet(SHEETS / "optimisers-as-tables.md"))
    paths = {name: np.asarray(done[name].solution["path"]) for name in "abcde"}
    valley = lambda p: np.array([p[0] / 2, 6 * p[1]])  # noqa: E731
    np.testing.assert_allclose(paths["a"], [[4, 1], [3.4, -0.8], [2.89, 0.64]])
    v1 = 0.1 * valley([4, 1])
    v2 = 0.5 * v1 + 0.1 * valley([4, 1] - v1)
    np.testing.assert_allclose(paths["b"][2], [4, 1] - v1 - v2)
    np.testing.assert_allclose(paths["c"][1], [4, 1] - 0.2 * valley([4, 1]) / np.sqrt(0.2 * valley([4, 1]) ** 2 + 1e-3))
    np.testing.assert_allclose(
        paths["d"].ravel(), [2, 1.5, 1.5 + 0.2 / 0.8**0.5, 1.5 + 0.2 / 0.8**0.5 - 0.3 / 1.16**0.5]
    )
    second = (0.2 * 0.8 * 0.8 - 0.2 * 0.4) / 0.36 / np.sqrt((0.1 * 0.9 * 0.64 + 0.1 * 0.16) / 0.19)
    np.testing.assert_allclose(paths["e"].ravel()[:3], [2, 1.5, 1.5 - 0.5 * second])
    assert done["f"].solution["vhat2"].item() == pytest.approx((0.8 * 2 + 1.4) / 1.8)


def test_a_rule_of_any_letters_is_shown_marked_and_followed_by_its_entry_alone(monkeypatch):
    """AdaDelta, which is no entry of ours: states and results of lines with letters that no other rule has."""
    lines = (
        ("r_new", "rho * r + (1 - rho) * g^2"),
        ("step", "g * sqrt(s + epsilon) / sqrt(r_new + epsilon)"),
        ("p_new", "p - eta * step"),
        ("s_new", "rho * s + (1 - rho) * step^2"),
    )
    constants = (("rho", 0.9), ("epsilon", 1e-6))
    monkeypatch.setitem(RULES, "mine", Rule("mine", ("M", "ᴹ"), lines, ("r", "s"), constants, "Mine for <p>."))
    monkeypatch.setitem(METHODS, "mine", "mine")
    net = NeuralNetwork([Dense(2, "tanh", inputs=2), Dense(1)], seed=1)
    solution = net.solve([[1, 2]], [[1]], learning_rate=0.1, optimizer="mine")
    symbols = solution.writer().symbols
    assert [symbols[name].text for name in ("rW1_new", "stepb2", "sW1")] == ["r(W₁)ⁿᵉʷ", "step(b₂)", "s(W₁)"]
    assert solution.check({name: solution[name].tolist() for name in ("stepW1", "sW1_new")}).score == 1
    steps = optimise("x^2", start={"x": 1}, method="mine", steps=2)
    assert steps["s2"].item() > steps["s1"].item() > 0 and "sₖ = ρ · sₖ₋₁ + (1 − ρ) · stepₖ²" in str(steps)


def test_letters_do_not_run_out():
    start = dict.fromkeys("uvwm", 1)
    assert "V₁ = μ V₀" in str(optimise("u^2 + v^2 + w^2 + m^2", start=start, method="momentum", steps=1))
