"""Graphs as courses draw them: slopes that are given, steps, names assigned again."""

from __future__ import annotations

import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from in_numpy import in_numpy

from chalkwork import Attention, ChalkworkError, Dense, Flatten, Graph, NeuralNetwork
from chalkwork.documents.terminal import to_text
from chalkwork.sheets.check import check_hand_in
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet

# --- graphs as courses draw them ---------------------------------------------------------------------------------


def drawn_values(rng, **shapes):
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


SLOPES_GIVEN = {
    "z3 = W3 a2 + b3": ({"W3": (2, 3), "a2": (3, 1), "b3": (2, 1)}, lambda v: v["W3"] @ v["a2"] + v["b3"]),
    "u = [x; h]; y = tanh(W u)": (
        {"x": (2, 1), "h": (3, 1), "W": (2, 5)},
        lambda v: jnp.tanh(v["W"] @ jnp.concatenate([v["x"], v["h"]])),
    ),
    "y = beside(A[:,1:2], c) A[2,3]": (
        {"A": (2, 3), "c": (2, 1)},
        lambda v: jnp.concatenate([v["A"][:, :2], v["c"]], axis=1) * v["A"][1, 2],
    ),
    "p = softmax(z); y = outer(p[1:2], p) + dot(p, z)": (
        {"z": (3, 1)},
        lambda v: (p := jax.nn.softmax(v["z"], axis=0))[:2] @ p.T + jnp.sum(p * v["z"]),
    ),
    "mu = mean(x); v = mean((x - mu)^2); xhat = (x - mu) / sqrt(v + 0.001); y = gamma xhat + beta": (
        {"x": (4, 1), "gamma": (), "beta": ()},
        lambda v: v["gamma"] * (v["x"] - jnp.mean(v["x"])) / jnp.sqrt(jnp.var(v["x"]) + 0.001) + v["beta"],
    ),
    "Q = X W_Q; K = Y W_K; O = softmax(Q K^T / sqrt 2) V": (  # queries from one input, keys from another
        {"X": (3, 2), "Y": (4, 2), "W_Q": (2, 2), "W_K": (2, 2), "V": (4, 3)},
        lambda v: jax.nn.softmax(v["X"] @ v["W_Q"] @ (v["Y"] @ v["W_K"]).T / 2**0.5, axis=1) @ v["V"],
    ),
    "h = 1/2 (E[1,:] + E[3,:]); z = h U; p = softmax(z)": (  # words that stand around another
        {"E": (4, 2), "U": (2, 3)},
        lambda v: jax.nn.softmax((v["E"][:1] + v["E"][2:3]) / 2 @ v["U"], axis=1),
    ),
    "Z = X + positional(3, 4); A = softmax(Z[:,1:2] Z[:,1:2]^T / sqrt 2) Z[:,3:4]; O = beside(A, Z) W_O": (
        {"X": (3, 4), "W_O": (6, 2)},
        lambda v: (
            (z := v["X"] + np.array([[np.sin(k), np.cos(k), np.sin(k / 100), np.cos(k / 100)] for k in range(3)])),
            jnp.concatenate([jax.nn.softmax(z[:, :2] @ z[:, :2].T / 2**0.5, axis=1) @ z[:, 2:], z], axis=1) @ v["W_O"],
        )[1],
    ),
    "O = causal_softmax(Q K^T) V": (
        {"Q": (3, 2), "K": (3, 2), "V": (3, 2)},
        lambda v: jax.nn.softmax(jnp.where(np.tri(3) == 1, v["Q"] @ v["K"].T, -jnp.inf), axis=1) @ v["V"],
    ),
    "c = a b; c = c + a; c = c c": (
        {"a": (2, 2), "b": ()},
        lambda v: (v["a"] * v["b"] + v["a"]) @ (v["a"] * v["b"] + v["a"]),
    ),
}  # fmt: skip


@pytest.mark.usefixtures("quick_compilation")
def test_from_a_slope_that_is_given_everything_below_gets_its_own(rng):
    """Against jax.vjp, for the slope given as a value and as a letter."""
    values = {text: drawn_values(rng, **shapes) for text, (shapes, _) in SLOPES_GIVEN.items()}
    sizes = {text: jax.eval_shape(function, values[text]).shape for text, (_, function) in SLOPES_GIVEN.items()}
    slopes = {text: rng.normal(size=size) for text, size in sizes.items()}

    @in_numpy
    def oracle(values, slopes):
        both = {text: jax.vjp(function, values[text]) for text, (_, function) in SLOPES_GIVEN.items()}
        return {text: (result, back(slopes[text])[0]) for text, (result, back) in both.items()}

    for text, (result, wanted) in oracle(values, slopes).items():
        last = Graph(text).output
        given = Graph(text).solve(values[text] | {f"dL/d{last}": slopes[text]})
        lettered = Graph(f"{text}; dL/d{last} = g").solve(values[text] | {"g": slopes[text]})
        assert given[last] == pytest.approx(np.asarray(result), rel=1e-12, abs=1e-13), text
        for solution in (given, lettered):
            for name, exact in wanted.items():
                found = solution[f"dL/d{name}"]
                assert found == pytest.approx(np.asarray(exact), rel=1e-11, abs=1e-12), (text, name)
            assert "dL/dg" not in solution


def test_a_scalar_slope_that_is_given_goes_along_all_paths():
    solution = Graph("a = w x; y = a^2 + a b").solve({"w": 2, "x": 3, "b": 1, "dJ/dy": 0.5})
    assert [float(solution[f"dJ/d{name}"]) for name in "awxb"] == [6.5, 19.5, 13, 3]
    text = str(solution)
    assert "∂J/∂a = ∂J/∂y · ∂y/∂a = 0.5 · 13 = 6.5" in text and "derivative of J by y is given" in text
    with_numbers = Graph("a2 = relu(z2); z3 = W3 a2; dJ/dz3 = 0.5").solve(W3=[[1, -1]], z2=[3, -1])
    assert with_numbers["dJ/dW3"].tolist() == [[1.5, 0.0]] and with_numbers["dJ/dz2"].ravel().tolist() == [0.5, 0]


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("y = w x", {"dy/dw": 1}, "dy/dw is found by the graph, since it computes y"),
        ("y = w x", {"dL/dw": 1}, "the graph does not compute w"),
        ("a = w x; y = 2 a", {"dL/dy": 1, "dJ/da": 1}, "derivatives of two quantities"),
        ("a = w x; y = 2 a", {"dL/dy": 1, "dL/da": 1}, "could be all of it or only what does not pass y"),
        ("y = w x", {"dL/dy": [1, 2]}, "dL/dy is 2x1, but y is a scalar"),
        ("y = w x", {"w": "2x3"}, "w is a shape and x has a value"),
        ("c = c + 1", {}, "c depends on itself"),
        ("d = 2 c; c = w x; c = c + 1", {}, "c is used before its first value"),
        ("c = w x; c = c + 1; c2 = x", {}, "c2 is defined twice"),
    ],
)
def test_what_could_be_two_things_is_refused(text, values, message):
    with pytest.raises(ChalkworkError, match=message):
        Graph(text).solve({"w": 1, "x": 2} | values)


def test_steps_of_gradient_descent_are_those_of_jax(rng):
    text = "z = W x + b; a = sigmoid(z); e = a - y; L = 1/2 * squared_norm(e)"
    values = drawn_values(rng, W=(2, 3), x=(3, 1), b=(2, 1), y=(2, 1))

    def loss(moving, rest):
        a = jax.nn.sigmoid(moving["W"] @ rest["x"] + moving["b"])
        return 0.5 * jnp.sum((a - rest["y"]) ** 2)

    solution = Graph(text).solve(values, learning_rate=0.5, steps=3)
    moving = {name: values[name] for name in "Wb"}
    for suffix in ("_new", "_new2", "_new3"):
        slopes = jax.grad(loss)(moving, values)
        moving = {name: moving[name] - 0.5 * slopes[name] for name in moving}
        for name, value in moving.items():
            assert solution[f"{name}{suffix}"] == pytest.approx(np.asarray(value), rel=1e-12)
        assert solution[f"L{suffix}"].item() == pytest.approx(float(loss(moving, values)), rel=1e-12)
    assert "changes W and b" in str(solution) and "x_new" not in solution
    only = Graph(text).solve(values, learning_rate=0.5, update=["x"])
    assert "x_new" in only and "W_new" not in only
    scalar = Graph("u = w x; yhat = u + b; e = yhat - y; L = e^2").solve(w=3, x=2, b=1, y=10, learning_rate=0.01)
    assert [float(scalar[name]) for name in ("dL/dw", "dL/db", "w_new", "b_new")] == pytest.approx(
        [-12, -6, 3.12, 1.06]
    )
    with pytest.raises(ChalkworkError, match="which of the givens does a step change"):
        Graph("y = a c").solve(a=1, c=2, learning_rate=1)


def test_softmax_and_cross_entropy_become_output_minus_target():
    for loss in ("-sum(y * log(p))", "-sum(y * log(p)) / 2"):
        solution = Graph(f"p = softmax(z); L = {loss}").solve(z=[1, 2, 3], y=[0, 1, 0])
        part = 2 if loss[-1] == "2" else 1
        exact = jax.grad(lambda z, part=part: -jax.nn.log_softmax(z)[1] / part)(jnp.arange(1.0, 4))
        assert solution["dL/dz"].ravel() == pytest.approx(np.asarray(exact), rel=1e-12)
        assert "p − y" in str(solution) and "sum to one" in " ".join(str(solution).split())
    not_one = Graph("p = softmax(z); L = -sum(y * log(p))").solve(z=[1, 2], y=[1, 1])
    exact = jax.grad(lambda z: -jnp.sum(jax.nn.log_softmax(z)))(jnp.array([1.0, 2.0]))
    assert not_one["dL/dz"].ravel() == pytest.approx(np.asarray(exact)) and "= p − y" not in str(not_one)
    binary = Graph("a = sigmoid(z); L = -(y log(a) + (1 - y) log(1 - a))").solve(z=0.5, y=1)
    assert "= a − y = " in str(binary)
    sure = Graph("L = -sum(y * log(p))").solve(p=[1, 0], y=[1, 0])
    assert sure["L"] == 0 and "dL/dp" not in sure  # 0 log 0 is 0


def test_names_are_written_as_they_are_meant():
    symbols = Graph("yhat = W_Q x + h_t beta1 + d_k mu_B").solve(
        W_Q=1, x=1, h_t=1, beta1=1, d_k=1, mu_B=1
    ).writer().symbols  # fmt: skip
    written = {
        name: (symbols[name].latex, symbols[name].text) for name in ("yhat", "W_Q", "h_t", "beta1", "d_k", "mu_B")
    }
    assert written == {
        "yhat": (r"\hat{y}", "y\u0302"), "W_Q": ("W_Q", "W_Q"), "h_t": ("h_t", "hₜ"), "beta1": (r"\beta_1", "β₁"),
        "d_k": ("d_k", "dₖ"), "mu_B": (r"\mu_B", "μ_B"),
    }  # fmt: skip


def test_a_graph_of_letters_answers_in_formulas(tmp_path):
    solution = Graph("z = W x + b; y = tanh(z); dL/dy = g").solve(W="2x3", x="3x1", b="2x1", g="2x1")
    assert solution["dL/dW"] == "dL/dz @ x.T" and "∂L/∂x = ∂L/∂y · ∂y/∂z · ∂z/∂x = Wᵀ ∂L/∂z" in str(solution)
    right = {
        "dL/dW": "(g * (1 - y^2)) x^T",
        "dL/db": "dL/dz",
        "dL/dx": "W^T dL/dz",
        "dL/dz": r"dL/dz = g*(1-tanh(z)^2)",
    }
    wrong = {"dL/dW": "x dL/dz^T", "dL/db": "g", "dL/dx": "W dL/dz", "dL/dz": "nothing of the kind"}
    assert {result.verdict for result in solution.check(right).values()} == {"correct"}
    assert {result.verdict for result in solution.check(wrong).values()} == {"wrong"}
    for suffix in (".json", ".ipynb", ".md", ".txt"):
        solution.save(tmp_path / f"letters{suffix}")
    equations = json.loads((tmp_path / "letters.json").read_text(encoding="utf-8"))["tasks"][0]["equations"]
    assert all(equation["value"] is None for equation in equations)
    assert not re.search(r"\d\.\d", (tmp_path / "letters.ipynb").read_text(encoding="utf-8").split('"metadata"')[0])


LETTERS_IN_A_SHEET = """
```graph
equations: |
  y = W x + b
  dL/dy = g
```

```task
id: a
points: 3
values: {W: 2x3, x: 3x1, b: 2x1, g: 2x1}
ask: [dL/dW, dL/db, dL/dx]
```
"""


def test_letters_in_a_sheet_are_solved_asked_and_marked():
    sheet = parse_sheet(LETTERS_IN_A_SHEET)
    text = {show: to_text(workbook(sheet, show).document) for show in ("solution", "sheet", "blanks", "form")}
    assert "∂L/∂W = ∂L/∂y · ∂y/∂W = g xᵀ" in text["solution"] and "W ∈ ℝ²ˣ³" in text["sheet"]
    assert "∂L/∂W = ______" in text["blanks"] and "dL/dW:" in text["form"]
    right = check_hand_in(sheet, {"a": {"dL/dW": "g x^T", "dL/db": "g", "dL/dx": "W^T g"}})
    wrong = check_hand_in(sheet, {"a": {"dL/dW": "x g^T", "dL/db": "g", "dL/dx": "g W"}})
    assert (right.earned, wrong.earned) == (3, 1)


def test_an_attention_with_a_causal_mask_and_the_mistakes_people_make_with_it():
    same = [[1, 0], [0, 1]]
    x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    found = {}
    for samples, data in (("rows", x), ("columns", x.T)):
        layer = Attention(2, queries=same, keys=same, values=[[2, 0], [0, 1]], mask="causal")
        net = NeuralNetwork([layer, Flatten(), Dense(1, weights=0.5)], samples=samples, inputs=data.shape)
        found[samples] = net.solve(data, [1.0])
    rows, columns = found["rows"], found["columns"]
    seen = np.exp(rows["S1"]) * np.tri(3)
    assert rows["P1"] == pytest.approx(seen / seen.sum(axis=1, keepdims=True), rel=1e-12)
    for name in ("S1", "P1", "z1", "delta1", "dS1"):
        assert pytest.approx(rows[name], rel=1e-12, abs=1e-15) == columns[name].T, name
    assert "−∞" in str(rows) and r"-\infty" in rows.equation("P1").latex
    full = np.exp(rows["S1"]) / np.exp(rows["S1"]).sum(axis=1, keepdims=True)
    for wrong, mistake in ((full, "mask-forgotten"), (full * np.tri(3), "mask-after-softmax")):
        assert rows.check({"P1": wrong.round(6)})["P1"].mistakes[0] == mistake
    scaled = Graph("S = Q K^T / sqrt(d)").solve(Q=[[1, 2], [0, 1]], K=[[1, 2], [3, 1]], d=2)
    assert scaled.check({"S": scaled["S"] * 2**0.5})["S"].mistakes[0] == "scores-not-scaled"


def test_what_the_softmax_and_the_sigmoid_are_made_of_is_shown():
    text = str(Graph("p = softmax(z)").solve(z=[1, 2]))
    assert "⎡e^1⎤ / (e^1 + e^2) = ⎡2.7183⎤ / 10.1073" in text
    assert "σ(0.82) = 1 / (1 + e^(−0.82)) = 0.6942" in str(Graph("a = sigmoid(z)").solve(z=0.82))
    assert "1 / (1 + e^0.82)" in str(Graph("a = sigmoid(z)").solve(z=-0.82))
    assert "/ (1" not in str(Graph("a = sigmoid(z)").solve(z=-40))
    one = str(NeuralNetwork([Dense(1, "sigmoid", weights=[[0.5], [-0.3]])]).solve([1, 2], [1]))
    assert "entry by entry" not in one
