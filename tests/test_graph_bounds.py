"""What a graph refuses, what functions mean in it, and what it costs."""

from __future__ import annotations

import json
import math
import operator
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from in_numpy import in_numpy

from chalkwork import ChalkworkError, Graph
from chalkwork.errors import CostError, ReadError, ShapeError, ValueProblem

NEAR = 1e-12


# --- matrices --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_a_layer_as_a_graph_of_matrices(seed):
    rng = np.random.default_rng(seed)
    values = {"W": rng.normal(size=(3, 2)), "x": rng.normal(size=2), "b": rng.normal(size=3), "c": rng.normal()}
    text = "z = W @ x + b; a = tanh(z); s = a * c; L = sum(s^2) + sum(z)"
    solution = Graph(text).solve(values)

    def loss(given):
        z = given["W"] @ given["x"][:, None] + given["b"][:, None]
        return ((jnp.tanh(z) * given["c"]) ** 2).sum() + z.sum()

    slopes = in_numpy(jax.grad(loss))({name: np.asarray(value) for name, value in values.items()})
    assert float(solution["L"]) == pytest.approx(float(loss(values)), rel=NEAR)
    for name, slope in slopes.items():
        found = np.asarray(solution[f"dL/d{name}"])
        assert found.shape == np.asarray(solution[name]).shape
        assert np.linalg.norm(found.ravel() - np.ravel(slope)) < NEAR * np.linalg.norm(slope), name
    assert solution["dL/dz"].shape == (3, 1)
    assert "dz/dW" not in solution


def test_matrices_by_the_book():
    solution = Graph("z = W @ x + b; L = sum(z^2)").solve(W=[[1, 2], [3, 4]], x=[1, -1], b=[0, 1])
    assert solution["z"].tolist() == [[-1], [0]]
    assert float(solution["L"]) == 1
    assert solution["dL/dz"].tolist() == [[-2], [0]]
    assert solution["dL/dW"].tolist() == [[-2, 2], [0, 0]]
    assert solution["dL/dx"].tolist() == [[-2], [-4]]


def test_a_matrix_has_no_derivative_but_a_value():
    solution = Graph("z = W @ x").solve(W=[[1, 2], [3, 4]], x=[1, -1])
    assert solution["z"].tolist() == [[-1], [-1]]
    assert list(solution) == ["W", "x", "z"]


# --- what a graph refuses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = b; b = c; c = a", "a depends on itself: a -> b -> c -> a"),
        ("a = a", "a depends on itself: a -> a"),
        ("d = b; a = b + 1; b = a; c = d", "b depends on itself: b -> a -> b"),
        ("c = a; c = b", "c is defined twice"),
        ("a + b", "'a . b' is no equation. Hint: write name = expression"),
        ("a + b = c", "no equation"),
        ("2c = a", "no equation"),
        ("c = sigmiod(a)", "a function, and there is none of that name.*did you mean sigmoid"),
        ("c = a +", "ends too early.*in c = a"),
        ("c = (a", r"expected '\)', found 'the end'"),
        ("c = a $ b", r"'\$' is not part of the language"),
        ("c = a = b", "left over"),
        ("c = softmax()", "softmax takes 1"),
        ("c = " + "(" * 101 + "a" + ")" * 101, "more than 100 levels"),
        ("c = " + " + ".join("a" * 200), "more than 150 operations on top of each other"),
        ("c = " + "a" * 200, "a name of 200 characters"),
        ("c = " + " " * 30_000 + "a + b" * 5000, "characters, more than"),
        ("; ".join(f"n{number} = a" for number in range(1001)), "at most 1000 equations"),
        ("", "at least one equation"),
        (" ;\n; ", "at least one equation"),
    ],
)
def test_graphs_that_are_none(text, words):
    with pytest.raises(ReadError, match=words) as error:
        Graph(text)
    assert len(str(error.value)) < 600


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ({}, ChalkworkError, "needs a value for a, b"),
        ({"a": 1}, ChalkworkError, "needs a value for b"),
        ({"a": 1, "b": 2, "q": 3}, ChalkworkError, "q does not occur in the graph. Hint: the givens are a, b"),
        ({"a": 1, "b": 2, "c": 3}, ChalkworkError, "c is computed by the graph"),
        ({"a": 1, "b": float("nan")}, ValueProblem, "b is nan"),
        ({"a": 1, "b": "2"}, ValueProblem, "b holds something that is no number"),
        ({"a": 1, "b": [[1, 2], [3]]}, ShapeError, "b is ragged"),
        ({"a": 1, "b": np.zeros((1, 1, 1))}, ShapeError, "b has 3 dimensions"),
        ({"a": [1, 2], "b": [1, 2, 3]}, ShapeError, "a is 2x1, but b is 3x1, in c = a [+] b"),
        ({"a": 0, "b": 0}, ValueProblem, "division by zero in d, in d = 1 / c"),
    ],
)
def test_values_that_do_not_fit(values, kind, words):
    with pytest.raises(kind, match=words):
        Graph("c = a + b; d = 1 / c").solve(values)


def test_the_output_has_to_be_an_equation():
    with pytest.raises(ReadError, match="the output 'a' is not one of the equations"):
        Graph("c = a", output="a")


def test_a_deep_chain_and_a_wide_fan():
    chain = Graph("; ".join(f"n{number + 1} = 1.01 * n{number}" for number in range(200)))
    assert float(chain.solve(n0=1)["dn200/dn0"]) == pytest.approx(1.01**200, rel=NEAR)
    fan = Graph("; ".join([*(f"n{number} = {number} * x" for number in range(100)),
                           *(f"s{number + 1} = s{number} + n{number}" for number in range(100))]))  # fmt: skip
    assert float(fan.solve(x=2, s0=0)["ds100/dx"]) == 4950


@pytest.mark.parametrize(
    ("equations", "values", "expected"),
    [
        ("m = max(z, 0); L = m*3", {"z": -5}, {"m": 0, "dm/dz": 0, "dL/dz": 0}),
        ("m = max(0, z)", {"z": 2}, {"m": 2, "dm/dz": 1}),
        ("m = max(z, w)", {"z": 1, "w": 2}, {"m": 2, "dm/dz": 0, "dm/dw": 1}),
        ("m = min(p, q)", {"p": 1, "q": 2}, {"m": 1, "dm/dp": 1, "dm/dq": 0}),
        ("m = max(x, y, z)", {"x": 1, "y": 3, "z": 2}, {"m": 3, "dm/dx": 0, "dm/dy": 1, "dm/dz": 0}),
        ("m = max(x, y)", {"x": 1, "y": 1}, {"m": 1, "dm/dx": 0.5, "dm/dy": 0.5}),
        ("a = leaky_relu(z, 0.1)", {"z": -1}, {"a": -0.1, "da/dz": 0.1}),
        ("a = ln(x) + e - pi", {"x": 1}, {"a": math.e - math.pi, "da/dx": 1}),
        ("a = log2(x) + lg(x)", {"x": 8}, {"a": 3 + math.log10(8)}),
        ("a = log_2(x)", {"x": 8}, {"a": 3, "da/dx": 1 / (8 * math.log(2))}),
        ("a = tan(x) + sigma(0)", {"x": 1}, {"a": math.tan(1) + 0.5, "da/dx": 1 / math.cos(1) ** 2}),
        ("a = e^x", {"x": 2}, {"a": math.exp(2), "da/dx": math.exp(2)}),
        ("e = a*b; f = e^2", {"a": 2, "b": 3}, {"f": 36, "df/de": 12}),
        (r"a = \frac{1}{1 + e^{-x}} + \sin(2\pi x)", {"x": 0}, {"a": 0.5, "da/dx": 0.25 + 2 * math.pi}),
        ("a = λ*x", {"λ": 2, "x": 3}, {"a": 6, "da/dlambda": 3}),
    ],
)
def test_functions_and_constants_mean_what_they_do_everywhere(equations, values, expected):
    solution = Graph(equations).solve(values)
    for name, value in expected.items():
        assert float(solution[name]) == pytest.approx(value, abs=1e-14)


def test_a_matrix_of_one_entry_is_a_scalar():
    text = "z = w.T @ x + b; a = sigmoid(z); L = 1/2*(a-y)^2"
    w, x, b, y = np.array([0.1, -0.2]), np.array([3.0, 4.0]), 0.5, 1.0
    solution = Graph(text).solve(w=w, x=x, b=b, y=y)
    a = 1 / (1 + np.exp(-(w @ x + b)))
    delta = (a - y) * a * (1 - a)
    assert solution["dL/dw"].ravel() == pytest.approx(delta * x)
    assert solution["dL/dx"].ravel() == pytest.approx(delta * w)
    assert solution["dL/db"].item() == pytest.approx(delta)
    assert solution["dL/dy"].item() == pytest.approx(y - a)


def test_attention_needs_the_axis_of_its_softmax_and_the_board_shows_it():
    values = {"Q": [[1, 0], [0, 2]], "K": [[1, 0], [0, 1]], "V": [[1, 0], [0, 1]]}
    with pytest.raises(ReadError, match=r"axis=0\), over each column, or .*axis=1\), over each row"):
        Graph("P = softmax(Q @ K.T / sqrt(2)); A = P @ V").solve(values)
    solution = Graph("S = softmax(Q @ K.T / sqrt(2), axis=1); A = S @ V").solve(values)
    assert solution["S"].sum(axis=1) == pytest.approx([1, 1])
    assert "softmax_rows(" in str(solution) and r"\operatorname{softmax}_{\mathrm{rows}}" in solution._repr_markdown_()


def test_a_constant_is_no_given():
    with pytest.raises(ChalkworkError, match="e is a constant here"):
        Graph("y = e^x").solve(x=1, e=2)


@pytest.mark.parametrize(
    ("equations", "values", "message"),
    [
        ("y = broadcast(a, [100000, 100000])", {"a": 1}, "y takes 80 GB of memory"),
        ("y = sum(broadcast(a, [100000, 100000]))", {"a": 1}, "y takes 80 GB of memory"),
        ("A = broadcast(a, [9999, 9999]); B = A @ A", {"a": 1}, r"B takes 1\.0e\+12 multiplications"),
        ("y = " + "^".join("x" * 90), {"x": 1.1}, "the derivative by x: this has more than 10000 operations"),
    ],
)
def test_what_would_cost_too_much_is_refused_before_it_is_worked_out(equations, values, message):
    with pytest.raises(CostError, match=message):
        Graph(equations).solve(**values)


@pytest.mark.parametrize("at", [-1, 0, 1])
@pytest.mark.parametrize(
    "function", ["max(x, 0)", "min(x, 0)", "relu(x)", "relu(x, at_zero=0.25)", "relu(x, at_zero=1)"]
)
def test_a_slope_at_a_kink_is_written_as_what_it_is(function, at):
    written = Graph(f"m = {function}").solve(x=at).equation("dm/dx").text
    parts = re.findall(r"(?:([\d.]+) )?\[(−?)x ([>=≥]) 0\]", written)
    compared = {">": operator.gt, "=": operator.eq, "≥": operator.ge}
    holds = [compared[relation](-at if sign else at, 0) for _, sign, relation in parts]
    total = sum(float(factor or 1) * part for (factor, _, _), part in zip(parts, holds, strict=True))
    assert parts and total == float(written.rpartition(" = ")[2])


def test_a_matrix_of_one_entry_is_a_number_in_every_answer(tmp_path):
    graph = Graph("z = w.T @ x + b; a = sigmoid(z); L = 1/2*(a - y)^2")
    solution = graph.solve(w=[1, 2], x=[0.5, 0.1], b=0.1, y=1)
    numbers = {name for name in solution if name.rpartition("d")[2] not in ("w", "x") and name not in ("w", "x")}
    assert numbers == {"b", "y", "z", "a", "L", "dL/da", "dL/dz", "dL/db", "dL/dy"}
    for name in numbers:
        assert np.shape(solution[name]) == () and float(solution[name]) == solution.arrays[name].item()
    assert solution["dL/dw"].shape == (2, 1)
    solution.save(tmp_path / "one.json")
    (task,) = json.loads((tmp_path / "one.json").read_text())["tasks"]
    for equation in task["equations"]:
        assert isinstance(equation["value"], float) is (equation["name"] in numbers), equation["name"]
    assert solution.check({name: float(solution[name]) for name in numbers - {"b", "y"}}).first_wrong is None
    assert "∑" not in str(solution) and "sum" not in solution.equation("dL/dy").latex
    given = Graph("L = w @ x").solve(w=[[2.0]], x=[[3.0]])  # whose w is written, and moves, as a matrix
    assert given["w"].shape == given["dL/dw"].shape == (1, 1) and np.shape(given["L"]) == ()


def test_a_sum_over_one_term_is_that_term():
    for text in ("L = sum(x^2)", "L = sum(sum(x^2, axis=0))", "L = 3 * sum(x - 1) - sum(x, axis=1)"):
        solution = Graph(text).solve(x=[[0.5]])
        latex = "".join(equation.latex for equation in solution.equations)
        assert "∑" not in str(solution) and r"\sum" not in latex
    assert r"3 \, (x - 1) - x =" in latex
    assert "∑" in str(Graph("L = sum(x^2)").solve(x=[0.5, 0.1]))
