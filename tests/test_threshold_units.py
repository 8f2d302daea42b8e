"""What one threshold unit can do, gates and regions, and associative memories, against tables and plain loops."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest

from chalkwork import Dense, Graph, NeuralNetwork
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.associative import bam, hopfield
from chalkwork.laboratory.presentation import minterm_network, parity_units, region, threshold_table
from chalkwork.laboratory.presentation.boolean import Terms
from chalkwork.laboratory.presentation.gate import GATES, contradiction, separating

AND = [[0, 0], [0, 1], [1, 0], [1, 1]]
BIPOLAR_OR = [[-1, -1], [-1, 1], [1, -1], [1, 1]]

# --- what one unit can do -------------------------------------------------------------------------------------------


def test_a_unit_is_found_exactly_where_there_is_one():
    """14 of the 16 functions of two inputs are linearly separable, and 104 of the 256 of three."""
    for n, wanted in ((2, 14), (3, 104)):
        inputs = np.array(list(product((0.0, 1.0), repeat=n)))
        count = 0
        for outputs in product((False, True), repeat=2**n):
            found = separating(inputs, outputs)
            if found is None:
                one, other = contradiction(inputs, outputs)
                assert all(outputs[row] for row in one) and not any(outputs[row] for row in other)
                assert len(one) == len(other)
                np.testing.assert_allclose(inputs[one].sum(0), inputs[other].sum(0))
            else:
                count += 1
                assert ((inputs @ found[:-1] + found[-1] > 0) == np.array(outputs)).all()
        assert count == wanted


def test_gates_are_their_truth_tables():
    python = {"and": lambda a, b: a and b, "or": lambda a, b: a or b, "nand": lambda a, b: not (a and b),
              "nor": lambda a, b: not (a or b), "xor": lambda a, b: a != b, "xnor": lambda a, b: a == b,
              "majority": lambda a, b: a and b}  # fmt: skip
    assert python.keys() == GATES.keys()
    for (gate, function), bipolar in product(python.items(), (False, True)):
        solution = threshold_table(gate=gate, bipolar=bipolar)
        assert (solution["separable"] == "no") == (gate in ("xor", "xnor"))
        for number, bits in enumerate(product((False, True), repeat=2), 1):
            wanted = 1.0 if function(*bits) else (-1.0 if bipolar else 0.0)
            assert solution[f"y{number}"] == wanted
            if solution["separable"] == "yes":
                assert solution[f"a{number}"] == wanted and solution["right"] == 4


def test_inequalities_and_given_weights_are_held_against_the_table():
    text = str(threshold_table(gate="nor", bipolar=True, find="threshold"))
    for line in ("−w₁ − w₂ − θ ≥ 0", "−w₁ + w₂ − θ < 0", "w₁ − w₂ − θ < 0", "w₁ + w₂ − θ < 0"):
        assert line in text
    wrong = threshold_table(gate="and", weights=[1, 1], threshold=1)
    assert wrong["right"] == 2 and "Rows 2 and 3 of the table come out wrong." in str(wrong)
    strict = threshold_table(gate="and", weights=[1, 1], threshold=1, activation="step(at_zero=0)")
    assert strict["right"] == 4
    assert "no straight line" in " ".join(str(threshold_table(gate="xor")).split())


def test_any_weights_that_meet_the_table_are_right(rng):
    """The verdict is that of the table, and the rows are marked by the weights that were chosen."""
    solution = threshold_table(gate="nor", bipolar=True, find="threshold")
    inputs, wanted = np.array(BIPOLAR_OR), np.array([1, -1, -1, -1])
    seen = set()
    for _ in range(20):
        w, theta = rng.integers(-3, 4, 2), float(rng.integers(-3, 4))
        net = inputs @ w - theta
        meets = bool((np.where(net >= 0, 1, -1) == wanted).all())
        answers = {"w": w.tolist(), "theta": theta} | {f"z{k}": float(z) for k, z in enumerate(net, 1)}
        report = solution.check(answers, ask=["w", "theta", "z1", "z2", "z3", "z4"])
        ours = (w == [-1, -1]).all() and theta == 1
        assert (report.score == 1.0) == (meets or ours), (w, theta)
        if not meets:
            assert re.search("of the table comes? out wrong", report["theta"].message)
        seen.add(meets)
    assert seen == {True, False}
    assert solution.check({"w": [-2, -2]}, ask=["w", "theta"])["w"].verdict == "wrong"
    assert solution.check({"w": "[-2; -2]", "theta": "x"}, ask=["w", "theta"])["theta"].verdict == "unreadable"


def test_minterms_have_a_unit_each_and_parity_is_counted():
    found = minterm_network("AB'CD' + ABCD' + AB'C'D + AB'CD + AB'C'D'")
    assert (found["width"], found["depth"]) == (5, 2)
    for number, (a, b, c, d) in enumerate(product((0, 1), repeat=4), 1):
        wanted = a and ((not b and c and not d) or (b and c and not d) or (not b and not c and d)
                        or (not b and c and d) or (not b and not c and not d))  # fmt: skip
        assert found[f"a{number}"] == float(bool(wanted))
    assert Terms.of(["!A b", "A b'", "A b'"]).rows == ((-1, 1), (1, -1))
    for n, units, layers, hidden in ((2, 3, 2, 2), (6, 15, 6, 32), (8, 21, 6, 128), (9, 24, 8, 256)):
        counts = parity_units(n)
        assert [counts[name] for name in ("deep_units", "deep_layers", "shallow_hidden")] == [units, layers, hidden]


def test_a_polygon_is_where_all_its_edges_agree(rng):
    """Against the angles that a point sees the corners under: they add up to a turn for what lies inside."""
    corners = np.array([[0, 0], [3, 1], [2, 4], [-1, 3]])
    points = rng.uniform(-2, 5, (60, 2))
    around = corners[None] - points[:, None]
    angles = np.arctan2(around[..., 1], around[..., 0])
    turn = (np.diff(np.column_stack([angles, angles[:, :1]]), axis=1) + np.pi) % (2 * np.pi) - np.pi
    found = region(polygon=corners, x=points, y=np.round(np.abs(turn.sum(1)) / (2 * np.pi)))
    assert found["right"] == 60 and 5 < sum(found[f"a{k}"] for k in range(1, 61)) < 55
    own = {"W": 2 * found["W"], "b": 2 * found["b"], "h1": found["h1"], "a1": found["a1"]}
    ask = ["W", "b", "h1", "a1"]
    assert found.check(own, ask=ask).score == 1.0
    assert found.check({**own, "b": -2 * found["b"]}, ask=ask)["b"].verdict == "wrong"
    either = region(weights=[[1, 0], [0, 1]], bias=[-1, -1], join="or", x=[[2, 0], [0, 2], [0, 0]], y=[1, 1, 0])
    assert either["right"] == 3
    with pytest.raises(ChalkworkError, match="not convex"):
        region(polygon=[[0, 0], [2, 0], [0.5, 0.5], [0, 2]])


def test_a_network_of_steps_computes_the_exclusive_or():
    net = NeuralNetwork(
        [Dense(weights=[[1, 1], [1, 1]], bias=[-0.5, -1.5], activation="step"),
         Dense(weights=[[1], [-1]], bias=[-0.5], activation="step(at_zero=1)")])  # fmt: skip
    assert net.forward(AND)["a2"].ravel().tolist() == [0, 1, 1, 0]


def test_a_graph_says_what_becomes_of_a_gradient_at_a_step():
    said = "The derivative of the step is 0 wherever there is one"
    assert said in " ".join(str(Graph("z = w*x; L = (step(z, at_zero=1) - y)^2").solve(w=1, x=2, y=0)).split())
    assert said not in str(Graph("z = w*x; a = max(0, z)").solve(w=1, x=2))


# --- memories -------------------------------------------------------------------------------------------------------


def test_a_hopfield_network_is_the_loop_that_people_write(rng):
    for scaled, keeps, mode in product((False, True), (False, True), ("asynchronous", "synchronous")):
        n, m = 6, 2
        patterns = rng.choice([-1.0, 1.0], (m, n))
        start, order = rng.choice([-1.0, 1.0], n), rng.permutation(n) + 1
        found = hopfield(patterns, start=start, order=order.tolist(), sweeps=3, scaled=scaled, mode=mode,
                         at_zero="keep" if keeps else 1)  # fmt: skip
        w = np.zeros((n, n))
        for p, i, j in product(patterns, range(n), range(n)):
            w[i, j] += 0 if i == j else p[i] * p[j] / (n if scaled else 1)
        np.testing.assert_allclose(found["W"], w, atol=1e-12)
        s, energies = start.copy(), []
        for k in range(1, found["steps"] + 1):
            units = [order[(k - 1) % n] - 1] if mode == "asynchronous" else range(n)
            before = s.copy()
            for i in units:
                net = sum(w[i, j] * before[j] for j in range(n))
                s[i] = before[i] if keeps and abs(net) < 1e-12 else 1.0 if net > -1e-12 else -1.0
            assert found[f"s{k}"].ravel().tolist() == s.tolist()
            energies.append(-sum(w[i, j] * s[i] * s[j] for i in range(n) for j in range(i)))
            assert found[f"E{k}"] == pytest.approx(energies[-1], abs=1e-12)
        if mode == "asynchronous" and keeps:
            assert all(np.diff(energies) <= 1e-12)
    given = hopfield(weights=[[0, 1, -1], [1, 0, 1], [-1, 1, 0]], start=[1, -1, 1])
    assert given["E0"] == 3.0
    assert hopfield(weights=[[0, -1], [-1, 0]], start=[1, 1], mode="synchronous", sweeps=9)["ending"] == "cycle"
    binary = hopfield([[1, 0, 1]], binary=True, start=[1, 1, 1], sweeps=2)
    assert binary["W"].tolist() == [[0, -1, 1], [-1, 0, -1], [1, -1, 0]] and binary["recalled"] == "pattern 1"


def test_a_bidirectional_memory_recalls_both_ways(rng):
    assert bam([[1, 1, 1], [1, -1, 1]], [[1, -1], [1, 1]])["W"].tolist() == [[2, 0], [0, -2], [2, 0]]
    for from_x in (True, False):
        x, y = rng.choice([-1.0, 1.0], (2, 5)), rng.choice([-1.0, 1.0], (2, 3))
        start = rng.choice([-1.0, 1.0], 5 if from_x else 3)
        found = bam(x, y, **{"start" if from_x else "start_y": start})
        w = np.einsum("mi,mj->ij", x, y)
        a, b = (start, np.zeros(3)) if from_x else (np.zeros(5), start)
        for k in range(1, found["steps"] + 1):
            for side in ("y", "x") if from_x else ("x", "y"):
                net = w.T @ a if side == "y" else w @ b
                old = b if side == "y" else a
                new = np.where(net > 0, 1.0, np.where(net < 0, -1.0, old))
                a, b = (a, new) if side == "y" else (new, b)
            assert found[f"x{k}"].ravel().tolist() == a.tolist() and found[f"y{k}"].ravel().tolist() == b.tolist()
            assert found[f"E{k}"] == pytest.approx(-(a @ w @ b))
