"""Recurrent layers: the numbers of exercises, values and gradients against JAX, and what is said of them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from random_networks import far
from shipped import SHEETS

from chalkwork import ChalkworkError, Dense, Graph, NeuralNetwork
from chalkwork.checking.mistakes import recurrence
from chalkwork.exchange import load_torch_state, to_torch, torch_state
from chalkwork.networks.layers import GRU, LSTM, RNN
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.solve import solve_sheet

jax.config.update("jax_enable_x64", True)
KINDS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def sigma(z: Any) -> Any:
    return 1 / (1 + jnp.exp(-z))


def scanned(kind: str, p: dict[str, Any], n: int, x: Any, start: Any, more: dict[str, Any], held: Any = ()) -> Any:
    """The states of layer n over x (samples x steps x inputs), by `lax.scan`; no error goes back from `held` steps."""

    def net(gate: str, x: Any, h: Any) -> Any:
        return x @ p[f"W{gate}{n}"] + h @ p[f"U{gate}{n}"] + p.get(f"b{gate}{n}", 0) + p.get(f"bU{gate}{n}", 0)

    def step(carried: Any, given: Any) -> Any:
        (h, c), (x, stopped) = carried, given
        h, c = (jnp.where(stopped, jax.lax.stop_gradient(one), one) for one in (h, c))
        if kind == "rnn":
            h = jnp.tanh(net("", x, h))
        elif kind == "lstm":
            f, i, o = (sigma(net(gate, x, h)) for gate in "fio")
            c = f * c + i * jnp.tanh(net("c", x, h))
            h = o * jnp.tanh(c)
        else:
            r, u = (sigma(net(gate, x, h)) for gate in "ru")
            if more["reset"] == "before":
                new = jnp.tanh(net("h", x, r * h))
            else:
                inner = h @ p[f"Uh{n}"] + p.get(f"bUh{n}", 0)
                new = jnp.tanh(x @ p[f"Wh{n}"] + p.get(f"bh{n}", 0) + r * inner)
            h = (1 - u) * h + u * new if more["update"] == "new" else u * h + (1 - u) * new
        return (h, c), h

    first = jnp.broadcast_to(jnp.asarray(start), (len(x), len(start)))
    stops = jnp.array([t in held for t in range(x.shape[1])])
    _, states = jax.lax.scan(step, (first, jnp.zeros_like(first)), (jnp.swapaxes(x, 0, 1), stops))
    return jnp.swapaxes(states, 0, 1)


def test_long_and_truncated_sequences_are_those_of_jax() -> None:
    """One of each kind above a dense layer; the first lets errors go back over three steps."""
    rng = np.random.default_rng(0)
    d, h, steps, count, start = 2, 3, 8, 3, rng.normal(0, 1, 3).tolist()
    more = {"reset": "before", "update": "new"}
    first = RNN(h, returns="all", truncate=3, initial=start)
    net = NeuralNetwork([Dense(d, "tanh"), first, LSTM(2, returns="all"), GRU(2), Dense(1)], inputs=(steps, d))
    for name, value in net.parameters.items():
        net.parameters[name] = rng.normal(0, 0.7, value.shape)
    x, y = rng.normal(0, 1, (count, steps, d)), rng.normal(0, 1, (count, 1))

    def loss(p: dict[str, Any]) -> Any:
        a2 = scanned("rnn", p, 2, jnp.tanh(x @ p["W1"] + p["b1"]), start, more, (2, 5))
        a3 = scanned("lstm", p, 3, a2, [0.0, 0.0], more)
        return ((scanned("gru", p, 4, a3, [0.0, 0.0], more)[:, -1] @ p["W5"] + p["b5"] - y) ** 2).sum() / 2

    value, wanted = jax.jit(jax.value_and_grad(loss))(dict(net.parameters))
    solution = net.solve(x, y)
    assert far(solution["L"], value) < 1e-12
    for name, one in wanted.items():
        assert far(np.asarray(solution[f"d{name}"]).reshape(one.shape), one) < 1e-12, name


def test_numbers_that_were_worked_by_others() -> None:
    weights = {"Wf": 0.5, "Wi": 0.6, "Wc": 0.7, "Wo": 0.8, "Uf": 0.1, "Ui": 0.2, "Uc": 0.3, "Uo": 0.4}
    net = NeuralNetwork([LSTM(1, bias=False, **weights), Dense(weights=[[4]], bias=False)], inputs=(3, 1))
    solution = net.solve([[1], [2], [3]])
    rows = [
        [float(solution[f"{letter}1_t{t}"].item()) for letter in ("f", "i", "ctilde", "o", "c", "h")] for t in (1, 2, 3)
    ]
    assert rows[0] == pytest.approx([0.6224593, 0.6456563, 0.6043678, 0.6899745, 0.3902139, 0.2563563], abs=1e-7)
    assert rows[2] == pytest.approx([0.8269236, 0.8730232, 0.9797761, 0.9343747, 1.6721046, 0.8706778], abs=1e-7)
    assert solution["a2"].item() == pytest.approx(3.482711142511621, abs=1e-12)
    joined = {"Wu": [[0.3, 0.2, 0.1, 0.4], [0.1, 0.5, 0.3, 0.2]], "Wr": [[0.2, 0.4, 0.3, 0.1], [0.4, 0.1, 0.2, 0.3]],
              "Wh": [[0.5, 0.1, 0.2, 0.3], [0.2, 0.3, 0.4, 0.1]]}  # fmt: skip
    gru = NeuralNetwork([GRU(bias=False, **joined)], weights="out_in", inputs=(1, 2))
    solution = gru.solve([[1, 0.5]])
    assert solution["a1"].ravel() == pytest.approx([0.29965527407647224, 0.19732380742557823], abs=1e-12)
    swapped = {key: [[*row[2:], *row[:2]] for row in value] for key, value in joined.items()}
    other = NeuralNetwork([GRU(bias=False, joined="h_x", **swapped)], weights="out_in", inputs=(1, 2))
    assert np.array_equal(other.solve([[1, 0.5]])["a1"], solution["a1"])
    linear = RNN(1, "identity", weights=1, recurrent=0.8, bias=False, returns="all")
    net = NeuralNetwork([linear, Dense(weights=[[2]], bias=False)], inputs=(4, 1))
    assert net.forward([[2], [-1], [0], [1]])["a2"].ravel() == pytest.approx([4, 1.2, 0.96, 2.768])


def test_an_equation_stands_once_and_its_numbers_step_by_step() -> None:
    net = NeuralNetwork(
        [RNN(1, weights=1, recurrent=0.5, bias=False), Dense(1, weights=[[2]], bias=False)], inputs=(4, 1)
    )
    text = str(net.solve([[1], [0], [-1], [2]], 1, 0.1))
    assert text.count("h₁⁽ᵗ⁾ = tanh(z₁⁽ᵗ⁾)\n") == 1
    assert text.count("z₁⁽ᵗ⁾ = x⁽ᵗ⁾ W₁ + h₁⁽ᵗ⁻¹⁾ U₁") == 1
    assert "z₁⁽²⁾ = 0 · 1 + 0.7616 · 0.5 = 0.3808" in text and "h₁⁽³⁾ = tanh" not in text
    assert "All 4 steps:\n\nt    z₁⁽ᵗ⁾    h₁⁽ᵗ⁾\n1   1.0000   0.7616" in text
    assert "δ₁⁽ᵗ⁾ = ∂L/∂z₁⁽ᵗ⁾" in text and "= δ₁⁽ᵗ⁺¹⁾ U₁ · (1 − (h₁⁽ᵗ⁾)²)" in text
    assert "∂L/∂U₁ = ∑ₜ h₁⁽ᵗ⁻¹⁾ δ₁⁽ᵗ⁾" in text
    assert "h₁⁽⁰⁾ⁿᵉʷ" not in text
    brackets = str(net.solve([[1], [0], [-1], [2]], notation="brackets"))
    assert "z[1]ₜ = xₜ W[1] + h[1]ₜ₋₁ U[1]" in brackets


def test_the_product_of_jacobians_says_whether_an_error_vanishes() -> None:
    def said(recurrent: Any, steps: int, activation: str = "tanh") -> str:
        net = NeuralNetwork([RNN(2, activation, recurrent=recurrent, bias=False), Dense(1)], inputs=(steps, 1))
        return " ".join(str(net.solve(np.linspace(0.1, 0.5, steps).reshape(-1, 1), 1)).split())

    assert "the norm 0.5, 0.25, 0.125: the error neither" in said([[0.5, 0], [0, 0.1]], 4, "identity")
    assert "the norm 2, 4, 8, 16, 32, …, 128: the error explodes" in said([[2, 0], [0, 1]], 8, "identity")
    assert "the error vanishes" in said([[0.4, 0.1], [0, 0.3]], 6)
    assert "Jacobian" not in said(0.5, 2)


def test_a_step_may_be_named_without_the_layer() -> None:
    net = NeuralNetwork([LSTM(1, bias=False), Dense(1)], inputs=(3, 1))
    solution = net.solve([[1], [2], [3]], 1)
    names = {
        "h_1": "h1_t1",
        "f_{3}": "f1_t3",
        "g3": "ctilde1_t3",
        "h1^{(2)}": "h1_t2",
        "c1_t2": "c1_t2",
        "dWf1": "dWf1",
    }
    report = solution.check({typed: float(solution[name].item()) for typed, name in names.items()})
    assert {name: report[name].verdict for name in names.values()} == dict.fromkeys(names.values(), "correct")


WRONG = {
    "rnn": {
        "state-before-forgotten": ("z1_t2", lambda v: v["x"][1:2] @ v["W1"]),
        "initial-state-of-ones": ("z1_t1", lambda v: v["x"][:1] @ v["W1"] + np.ones((1, 2)) @ v["U1"]),
        "initial-state-is-input": ("z1_t1", lambda v: v["x"][:1] @ v["W1"] + v["x"][:1] @ v["U1"]),
        "last-step-only": ("dW1", lambda v: v["x"][2:].T @ v["delta1_t3"]),
        "steps-averaged": ("dU1", lambda v: v["dU1"] / 3),
    },
    "lstm": {
        "gate-with-other-function": ("f1_t2", lambda v: np.tanh(v["zf1_t2"])),
        "gates-in-another-order": ("c1_t2", lambda v: v["i1_t2"] * v["c1_t1"] + v["f1_t2"] * v["ctilde1_t2"]),
        "cell-kept-by-input-gate": ("c1_t2", lambda v: v["i1_t2"] * (v["c1_t1"] + v["ctilde1_t2"])),
        "cell-tanh-forgotten": ("h1_t2", lambda v: v["o1_t2"] * v["c1_t2"]),
        "next-step-forgotten": ("dc1_t2", lambda v: v["dh1_t2"] * v["o1_t2"] * (1 - np.tanh(v["c1_t2"]) ** 2)),
    },
    "gru": {
        "update-gate-turned": ("h1_t2", lambda v: v["u1_t2"] * v["h1_t1"] + (1 - v["u1_t2"]) * v["htilde1_t2"]),
        "reset-gate-forgotten": ("zh1_t2", lambda v: v["x"][1:2] @ v["Wh1"] + v["h1_t1"] @ v["Uh1"]),
        "reset-gate-elsewhere": ("zh1_t2", lambda v: v["x"][1:2] @ v["Wh1"] + v["r1_t2"] * (v["h1_t1"] @ v["Uh1"])),
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_mistakes_are_worth_what_a_program_with_the_mistake_computes(kind: str) -> None:
    net = NeuralNetwork([KINDS[kind](2, bias=False), Dense(1)], inputs=(3, 2), seed=5)
    solution = net.solve([[1, 0.5], [-0.5, 2], [0.3, -1]], 1)
    right = {name: np.asarray(solution[name]) for name in solution}
    for mistake, (name, program) in WRONG[kind].items():
        report = solution.check({name: np.round(program(right), 6).tolist()}, ask=[name])
        assert mistake in report[name].mistakes, (mistake, report[name].mistakes)


def test_the_sheet_has_the_numbers_of_a_program() -> None:
    tasks = solve_sheet(read_sheet(SHEETS / "recurrence-by-hand.md"))
    h, outputs = 0.0, []
    for entering in (2, -1, 1):
        h = entering + 0.9 * h
        outputs.append(3 * h)
    assert tasks["a"].solution["a2"].ravel() == pytest.approx(outputs)
    h1 = np.tanh(0.5 + 0.1)
    h2 = np.tanh(-1 + 0.8 * h1 + 0.1)
    delta2 = 2 * h2 * 2 * (1 - h2**2)
    delta1 = delta2 * 0.8 * (1 - h1**2)
    solution = tasks["c"].solution
    found = [float(solution[name].item()) for name in ("delta1_t2", "delta1_t1", "dW1", "dU1", "db1")]
    assert found == pytest.approx([delta2, delta1, delta1 - 2 * delta2, h1 * delta2, delta1 + delta2])
    h, c = 0.0, 0.0
    for entering in (1, -1):
        f, i, o = (1 / (1 + np.exp(-(w * entering + u * h))) for w, u in ((0.4, 0.3), (0.5, 0.2), (0.7, 0.1)))
        c = f * c + i * np.tanh(0.9 * entering + 0.6 * h)
        h = o * np.tanh(c)
    assert tasks["d"].solution["h1_t2"].item() == pytest.approx(h)
    before = np.array([0.5, -0.5])
    z = {gate: np.array(rows) for gate, rows in {"r": [[0.2, 0.1], [0.3, -0.4], [0.5, 0.2]],
         "u": [[0.6, -0.3], [0.1, 0.2], [0, 0.4]], "h": [[1, -0.5], [0.2, 0.6], [-0.3, 0.4]]}.items()}  # fmt: skip
    r, u = (1 / (1 + np.exp(-(np.array([2, *before]) @ z[gate]))) for gate in "ru")
    state = (1 - u) * before + u * np.tanh(np.array([2, *(r * before)]) @ z["h"])
    assert tasks["e"].solution["h1_t1"].ravel() == pytest.approx(state)


def test_every_mistake_of_recurrences_is_made() -> None:
    assert {one for made in WRONG.values() for one in made} == {mistake.id for mistake in recurrence.MISTAKES}


def test_a_loop_of_jax_does_the_steps_of_the_reference() -> None:
    """Ten steps, so that what recurs is a loop, with samples as columns; one layer gives all states."""
    ends = []
    for engine in ("reference", "jax"):
        layers = [GRU(2, reset="after", returns="all"), LSTM(2), Dense(1)]
        net = NeuralNetwork(layers, inputs=(2, 10), samples="columns", weights="out_in", seed=1)
        x = np.random.default_rng(3).normal(size=(5, 2, 10))
        net.train(x, x[:, 0, -1:].T, eta=0.1, iterations=2, engine=engine)
        ends.append(net.parameters)
    for name, value in ends[0].items():
        assert far(ends[1][name], value) < 1e-12, name


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"units": 2, "weights": [[1.0, 2.0]], "recurrent": [[1.0]]}, "U1 is 1x1, but 2x2 is needed"),
        ({"units": 2, "initial": [1, 2, 3], "inputs": 1}, "the initial state of layer 1 has 2 entries"),
        ({"units": 2, "gates": 3}, "has no setting 'gates'"),
        ({"units": 2, "biases": 3}, "biases is a whole number from 1 to 2"),
        ({"units": 2, "activation": "softmax"}, "entry by entry, not by softmax"),
        ({}, "needs the number of its units or its weights"),
    ],
)
def test_settings_that_do_not_fit(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ChalkworkError, match=said):
        NeuralNetwork([RNN(**given)], inputs=(3, 1))


@pytest.mark.parametrize("kind", KINDS)
def test_pytorch_has_the_same_layer_both_ways(kind: str) -> None:
    torch = pytest.importorskip("torch")
    more: dict[str, Any] = {"reset": "after", "update": "old"} if kind == "gru" else {}
    layers = [KINDS[kind](3, biases=2, returns="all", **more), KINDS[kind](2, biases=2, **more), Dense(1)]
    net = NeuralNetwork(layers, inputs=(5, 4), weights="out_in")
    rng = np.random.default_rng(1)
    for name, value in net.parameters.items():
        net.parameters[name] = rng.normal(size=value.shape)
    module, x, y = to_torch(net), rng.normal(size=(3, 5, 4)), rng.normal(size=(3, 1))
    found = module(torch.tensor(x))
    loss = ((found - torch.tensor(y)) ** 2).sum() / 2
    loss.backward()
    solution = net.solve(x, y)
    assert far(found.detach().numpy(), solution["a3"]) < 1e-12
    last = dict(module.named_parameters())
    gates = {"rnn": [""], "lstm": ["i", "f", "c", "o"], "gru": ["r", "u", "h"]}[kind]
    for theirs, letter in (("weight_ih_l0", "W"), ("weight_hh_l0", "U"), ("bias_hh_l0", "bU")):
        wanted = np.concatenate(
            [np.atleast_2d(solution[f"d{letter}{gate}1"]) for gate in gates], 0 if letter != "bU" else 1
        )
        gradient = last[f"0.{theirs}"].grad.numpy()
        assert far(wanted.reshape(gradient.shape), gradient) < 1e-12
    other = NeuralNetwork(layers, inputs=(5, 4), weights="out_in", seed=9)
    load_torch_state(other, module)
    assert all(np.array_equal(other.parameters[name], value) for name, value in net.parameters.items())


def test_one_bias_is_the_sum_of_those_of_pytorch() -> None:
    net = NeuralNetwork([LSTM(2), Dense(1)], inputs=(3, 2))
    state = torch_state(net)
    assert not state["0.bias_hh_l0"].any() and state["0.weight_ih_l0"].shape == (8, 2)
    state["0.bias_ih_l0"], state["0.bias_hh_l0"] = np.arange(8.0), np.ones(8)
    load_torch_state(net, state)
    assert net.parameters["bi1"].tolist() == [1, 2] and net.parameters["bf1"].tolist() == [3, 4]
    with pytest.raises(ChalkworkError, match="has no counterpart in PyTorch"):
        torch_state(NeuralNetwork([GRU(2), Dense(1)], inputs=(3, 2)))


def test_a_graph_may_have_a_time_index() -> None:
    graph = Graph("z[t] = w*x[t] + u*h[t-1] for t = 1..3; h[t] = tanh(z[t]) for t = 1..3; y = 2*h[3]")
    solution = graph.solve({"h[0]": 0, "x": [1, 2, -1]}, w=0.5, u=0.8)

    def value(w: Any, u: Any) -> Any:
        h = 0.0
        for entering in (1, 2, -1):
            h = jnp.tanh(w * entering + u * h)
        return 2 * h

    wanted = [float(one) for one in (value(0.5, 0.8), *jax.grad(value, argnums=(0, 1))(0.5, 0.8))]
    assert [solution["y"], solution["dy/dw"], solution["dy/du"]] == pytest.approx(wanted, abs=1e-12)
    text = str(solution)
    assert "zₜ = w · xₜ + u · hₜ₋₁" in text and text.count("tanh(zₜ)") == 1 and "3  0.2029  0.2002" in text
    assert solution.check({"h_3": float(solution["h_t3"])})["h_t3"].verdict == "correct"
    linear = Graph("h[t] = 0.8*h[t-1] + x[t] for t = 1 to 4; y[t] = 2*h[t] for t = 1 to 4")
    found = linear.solve({"x": [2, -1, 0, 1], "h[0]": 0})
    assert [found[f"y_t{t}"] for t in range(1, 5)] == pytest.approx([4, 1.2, 0.96, 2.768])


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ("h[t] = h[t-1] + x[t] for t = 3..1", {}, "the steps run from 3 to 1"),
        ("h[t] = h[t-1] + x[s] for t = 1..2; g[s] = x[s] for s = 1..2", {}, "x\\[s\\] is no step of x"),
        ("h[t] = h[t-2] for t = 1..2", {}, "h has no step -1"),
        (
            "h[t] = h[t-1] + x[t] for t = 1..2",
            {"x": [1], "h[0]": 0},
            "x has 1 values, but the graph reads it at 2 steps",
        ),
    ],
)
def test_a_time_index_that_means_nothing(text: str, values: dict[str, Any], said: str) -> None:
    with pytest.raises(ChalkworkError, match=said):
        Graph(text).solve(values)


def test_the_drawing_is_unrolled_over_the_steps() -> None:
    net = NeuralNetwork([RNN(1, weights=0.5, recurrent=0.8, bias=[0.1]), Dense(weights=[[2]], bias=False)])
    solution = net.solve([[1], [-2]], 0)
    drawing = solution.setting.drawing
    assert drawing is not None
    assert drawing(solution, True).description == (
        "A recurrent network, unrolled over 2 steps. x⁽¹⁾ = 1, x⁽²⁾ = −2; "
        "h₁⁽⁰⁾ = 0, h₁⁽¹⁾ = 0.5370, h₁⁽²⁾ = −0.4385; a₂ = −0.8770."
    )
    several = NeuralNetwork([Dense(2), LSTM(2, returns="all"), GRU(2), Dense(1)], samples="columns")
    solution = several.solve(np.ones((3, 2, 4)))
    drawing = solution.setting.drawing
    assert drawing is not None and "a₁⁽⁴⁾; h₂⁽⁰⁾" in drawing(solution, False).description
    assert NeuralNetwork([RNN(1), Dense(1)]).solve(np.ones((7, 1))).setting.drawing is None
