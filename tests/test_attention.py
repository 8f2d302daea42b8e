"""Attention with several heads and masks: PyTorch and JAX on random shapes, ONNX, and the mistakes that people make."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_layers import draw_stack
from random_networks import CONVENTIONS, far
from students import sigmoid

from chalkwork import (
    Attention,
    ChalkworkError,
    Dense,
    Embedding,
    Flatten,
    Graph,
    LayerNorm,
    NeuralNetwork,
    Residual,
    load_model,
    save_model,
)
from chalkwork.errors import ReadError, ShapeError
from chalkwork.exchange import from_torch, to_onnx, to_torch, torch_state

X = np.array([[1.0, 0, 2, 1], [0, 1, -1, 0.5], [1, 1, 0, 2], [0, 0, 0, 0]])


def network(**more: Any) -> NeuralNetwork:
    return NeuralNetwork([Attention(4, heads=2, **more), Flatten(), Dense(1)], inputs=(4, 4), seed=3)


def test_heads_by_hand() -> None:
    net = network(bias=True)
    p = net.parameters | {f"b{of}1": np.full(4, 0.1 * k) for k, of in enumerate("QKVO")}
    net.parameters.update(p)
    solution, given = net.solve(X, 1), []
    for head in (slice(0, 2), slice(2, 4)):
        queries, keys, values = ((X @ p[f"W{of}1"] + p[f"b{of}1"])[:, head] for of in "QKV")
        powers = np.exp(queries @ keys.T / np.sqrt(2))
        given.append(powers / powers.sum(axis=1, keepdims=True) @ values)
    assert far(solution["C1"], np.hstack(given)) < 1e-14
    assert far(solution["z1"], np.hstack(given) @ p["WO1"] + p["bO1"]) < 1e-14
    assert solution["S1"].shape == (2, 4, 4)
    assert str(solution.derivation["S1"]) == "S1 = Q1 @ K1.T / sqrt(2)"
    assert "WO1" not in network(project=False).parameters
    assert network(project=False).forward(X)["z1"].shape == (4, 4)


def test_nobody_sees_padding_or_what_comes_later() -> None:
    shares = network(padding="zeros", mask="causal").forward(X)["P1"]
    assert (shares[:, :, 3] == 0).all() and np.allclose(shares.sum(axis=-1), 1, rtol=1e-14)
    assert (np.triu(shares, 1) == 0).all()
    assert (network().forward(X)["P1"][:, :, 3] > 0).all()
    alone = network(padding="zeros").forward(np.zeros((4, 4)))
    assert (alone["P1"] == 0).all() and np.isfinite(alone["z1"]).all()


@pytest.mark.parametrize("convention", CONVENTIONS, ids=str)
def test_pytorch_agrees_on_random_shapes(convention: tuple[str, str]) -> None:
    torch = pytest.importorskip("torch")
    samples, weights = convention
    rng = np.random.default_rng(5)
    for causal, padding, bias in product(("none", "causal"), ("none", "zeros"), (False, True)):
        heads, wide, places, count = (int(rng.integers(1, 5)) for _ in range(4))
        units, own = heads * wide, {"heads": heads, "project": True, "bias": bias, "mask": causal, "padding": padding}
        net = NeuralNetwork(
            [Attention(units, **own), Dense(units, "tanh"), Attention(units, **own), Flatten(), Dense(2)],
            "squared_error", samples=samples, weights=weights,
            inputs=(places, units) if samples == "rows" else (units, places),
        )  # fmt: skip
        x, y = rng.normal(size=(count, places, units)), rng.normal(size=(count, 2))
        x[::2, places // 2 + 1 :] = 0
        module = to_torch(net)
        loss = ((module(torch.tensor(x)) - torch.tensor(y)) ** 2).sum() / 2
        loss.backward()
        theirs = from_torch({name: one.grad.numpy() for name, one in module.named_parameters()}, net).parameters
        turned = (lambda one: np.swapaxes(one, -1, -2)) if samples == "columns" else (lambda one: one)
        solution = net.solve(turned(x), turned(y))
        assert abs(solution["L"] - loss.item()) < 1e-12 * (1 + abs(loss.item()))
        largest = max(np.abs(value).max() for value in theirs.values())
        for name, value in theirs.items():
            assert np.abs(np.ravel(solution[f"d{name}"]) - np.ravel(value)).max() < 1e-12 * (1 + largest), name
        back = from_torch(module, net).parameters
        assert all(np.array_equal(back[name], value) for name, value in net.parameters.items())


def test_pytorch_has_no_attention_without_an_output_matrix_or_of_another_width() -> None:
    for layer in (Attention(4), Attention(2, heads=2)):
        with pytest.raises(ChalkworkError, match="has no counterpart in PyTorch"):
            torch_state(NeuralNetwork([layer, Flatten(), Dense(1)], inputs=(3, 4)))


def test_onnx_runs_it_in_every_convention(tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    x = np.stack([X, X[::-1] + 1, X * 2])
    for number, (samples, weights) in enumerate(CONVENTIONS):
        heads, causal = 1 + number % 2, ("none", "causal")[number // 2]
        own = {"heads": heads, "mask": causal, "padding": "zeros"}
        net = NeuralNetwork(
            [Attention(4, **own), Residual(1), LayerNorm(), Attention(2), Flatten(), Dense(3, "softmax")],
            "cross_entropy", samples=samples, weights=weights, inputs=(4, 4),
        )  # fmt: skip
        to_onnx(net, tmp_path / "net.onnx", dtype="float64")
        session = runtime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
        given = np.swapaxes(x, 1, 2).copy() if samples == "columns" else x
        (found,) = session.run(None, {"x": given})
        assert far(found, net.forward(given)["a6"]) < 1e-12


def test_the_mistakes_people_make_are_named() -> None:
    plain, masked = network().solve(X, 1), network(padding="zeros", mask="causal").solve(X, 1)
    scores = plain["S1"] * np.sqrt(2)
    powers = np.exp(masked["S1"])
    seen = masked["P1"] > 0
    made: list[tuple[Any, str, str, Any]] = [
        (plain, "scores-not-scaled", "S1", scores),
        (plain, "scores-over-model-length", "S1", scores / 2),
        (plain, "softmax-wrong-axis", "P1", np.exp(plain["S1"]) / np.exp(plain["S1"]).sum(axis=-2, keepdims=True)),
        (masked, "mask-forgotten", "P1", powers / powers.sum(axis=-1, keepdims=True)),
        (masked, "mask-forgotten", "P1", powers * np.tri(4) / (powers * np.tri(4)).sum(axis=-1, keepdims=True)),
        (masked, "mask-after-softmax", "P1", powers / powers.sum(axis=-1, keepdims=True) * seen),
        (masked, "softmax-wrong-axis", "P1", powers * seen / np.maximum((powers * seen).sum(-2, keepdims=True), 1e-9)),
    ]
    for solution, id, name, value in made:
        report = solution.check({name: np.round(value, 6)})
        assert id in report[name].mistakes, (id, report[name])
    assert plain.check({name: np.round(plain[name], 5) for name in plain.derivation}).score == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"units": 4, "heads": 3}, "the 4 units of layer 1 are not shared evenly by 3 heads"),
        ({"units": 4, "heads": 0}, "heads is a whole number from 1"),
        ({"units": 4, "output": [[1, 0], [0, 1]]}, "WO1 is 2x2, but 4x4 is needed"),
        ({"units": 4, "query_bias": [1, 2]}, "bQ1 has 2 entries, but layer 1 has 4 units"),
        ({"units": 4, "output": 1, "project": False}, "an attention that does not project has no output"),
        ({"units": 4, "padding": "some"}, "padding is 'none' or 'zeros'"),
    ],
)
def test_what_does_not_fit_is_said(settings: dict[str, Any], said: str) -> None:
    with pytest.raises((ChalkworkError, ShapeError), match=said):
        NeuralNetwork([Attention(**settings), Flatten(), Dense(1)], inputs=(3, 4))


def test_padding_and_heads_are_drawn_at_random_somewhere() -> None:
    """The networks that every test of layers draws have them."""
    layers = [layer for seed in range(12) for layer in draw_stack(seed, "attention").net.layers]
    kinds = [layer.kind for layer in layers if isinstance(layer, Attention)]
    assert {kind.heads > 1 for kind in kinds} == {kind.causal for kind in kinds} == {True, False}
    assert {kind.padded for kind in kinds} == {kind.biased for kind in kinds} == {True, False}


# --- embeddings ------------------------------------------------------------------------------------------------------

TABLE = [[1.0, 0], [0, 2], [3, -1], [0.5, 0.5]]


def embedded(**more: Any) -> NeuralNetwork:
    convention = {key: more.pop(key) for key in ("samples", "weights") if key in more}
    return NeuralNetwork([Embedding(weights=TABLE, **more), Flatten(), Dense(1)], inputs=None, **convention)


@pytest.mark.parametrize("convention", CONVENTIONS, ids=str)
def test_only_rows_that_are_used_have_a_gradient(convention: tuple[str, str]) -> None:
    net = embedded(samples=convention[0], weights=convention[1])
    solution = net.solve([3, 1, 3], 1)
    rows = solution["da1"].T if convention[0] == "columns" else solution["da1"]
    assert far(solution["dW1"], [rows[1], [0, 0], rows[0] + rows[2], [0, 0]]) < 1e-15
    several = net.solve([[3, 1, 3], [2, 0, 2]], [1, 0])
    assert (several["dW1"][3] == 0).all() and (several["dW1"][1] != 0).any()
    embedding = several["a1"].swapaxes(-1, -2) if convention[0] == "columns" else several["a1"]
    assert embedding[1].tolist() == [[0, 2], [0, 0], [0, 2]]
    assert far(embedded(from_zero=True).forward([2, 0, 2])["a1"], embedded().forward([3, 1, 3])["a1"]) < 1e-15


def test_mistakes_with_tokens_are_named() -> None:
    solution = embedded().solve([3, 1, 3], 1)
    rows = solution["da1"]
    report = solution.check({"dW1": np.round([rows[1], [0, 0], rows[2], [0, 0]], 5)})
    assert "gradient-of-last-place" in report["dW1"].mistakes
    shifted = np.eye(4)[[3, 1, 3]]
    assert "token-of-next-row" in solution.check({"E1": shifted})["E1"].mistakes


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Embedding(4), "an embedding needs width, how wide it is"),
        (lambda: Embedding(3, weights=TABLE), "weights are 4x2, but words is 3"),
        (lambda: Embedding(4, 2, longest=3), "longest, or places, is"),
        (lambda: embedded().forward([3, 5, 1]), "5 is no token: they are whole numbers from 0 to 4"),
        (lambda: embedded(from_zero=True).forward([3, 4]), "4 is no token: they are whole numbers from 0 to 3"),
        (lambda: embedded().forward([1.5]), "1.5 is no token"),
        (
            lambda: NeuralNetwork([Embedding(4, 2, from_zero=True), Attention(2, padding="zeros"), Flatten()]),
            "token 0 is a word where tokens are counted from 0, so it is no padding",
        ),
        (
            lambda: NeuralNetwork([Attention(1), Embedding(4, 2), Flatten()], inputs=(3, 1)),
            "which only the first layer is",
        ),
        (lambda: NeuralNetwork([Embedding(4, 2), Flatten()], inputs=(3, 2)), "one token at each position, not 2"),
        (
            lambda: embedded(encoding="learned", places=[[1, 2], [3, 4]]).forward([1, 2, 3]),
            "knows 2 positions, but samples have 3",
        ),
    ],
)
def test_what_is_no_embedding_is_said(make: Any, said: str) -> None:
    with pytest.raises(ChalkworkError, match=said):
        make()


def test_pytorch_has_the_embedding() -> None:
    torch = pytest.importorskip("torch")
    for zero in (False, True):
        net = NeuralNetwork([Embedding(weights=TABLE, from_zero=zero), Flatten(), Dense(1)], "squared_error")
        tokens = np.array([[3, 1, 3], [2, 3, 1]])
        solution, module = net.solve(tokens, [1, 0]), to_torch(net)
        loss = ((module(torch.tensor(tokens)).squeeze() - torch.tensor([1.0, 0.0])) ** 2).sum() / 2
        loss.backward()
        assert far(solution["dW1"], next(module.parameters()).grad.numpy()) < 1e-14
        given = {"e.weight": np.ones((4, 2)), "d.weight": np.ones((1, 6)), "d.bias": np.ones(1)}
        assert (from_torch(given, net).parameters["W1"] == 1).all()


def test_an_embedding_is_trained_and_kept(tmp_path: Path) -> None:
    net = NeuralNetwork(
        [Embedding(5, 3), Attention(3, padding="zeros"), Flatten(), Dense(2, "softmax")], "cross_entropy"
    )
    tokens = [[1, 2, 0], [2, 1, 3], [4, 5, 0], [5, 4, 3]]
    first = net.train(tokens, [0, 0, 1, 1], eta=0.5, iterations=60)
    assert net.predict(tokens).tolist() == [0, 0, 1, 1], first
    save_model(net, tmp_path / "net.safetensors")
    assert load_model(tmp_path / "net.safetensors").predict(tokens).tolist() == [0, 0, 1, 1]


# --- word vectors ----------------------------------------------------------------------------------------------------


def test_word_vectors_and_the_mistakes_with_them() -> None:
    graph = Graph("s = dot(p, v); s1 = dot(n, v); L = -log(sigmoid(s)) - log(sigmoid(-s1))")
    v, p, n = np.array([1, 0.5]), np.array([0.5, 1]), np.array([-1, 0])
    solution = graph.solve(v=v, p=p, n=n, learning_rate=1, update=["v"])
    slope = (sigmoid(1) - 1) * p + sigmoid(-1) * n
    assert far(solution["dL/dv"].ravel(), slope) < 1e-15 and far(solution["v_new"].ravel(), v - slope) < 1e-15
    assert str(solution.derivation["dL/ds1"]) == "dL/ds1 = sigmoid(s1)"
    bag = Graph("h = (W[2,:] + W[4,:]) / 2; u = h U; yhat = softmax(u); L = -sum(y * log(yhat))")
    table, scores = np.array([[0, 1], [1, 0], [0, 0], [1, 2]]), np.array([[1, 0, 0.5], [0, 1, -1]])
    filled = bag.solve(W=table, U=scores, y=[[0, 0, 1]], learning_rate=0.5, update=["W"])
    chances = np.exp([1, 1, -0.5]) / np.exp([1, 1, -0.5]).sum()
    assert far(filled["dL/du"], chances - [[0, 0, 1]]) < 1e-15
    assert (filled["dL/dW"][[0, 2]] == 0).all()
    assert far(filled["dL/dW"][[1, 3]], np.tile((chances - [[0, 0, 1]]) @ scores.T / 2, (2, 1))) < 1e-15
    made = [
        (solution, "negative-sample-as-neighbour", "L", -np.log(sigmoid(1)) - np.log(sigmoid(-1))),
        (solution, "answer-of-other-kind", "dL/ds", sigmoid(1)),
        (solution, "answer-of-other-kind", "dL/ds1", sigmoid(-1) - 1),
        (filled, "vectors-not-averaged", "h", [[2, 2]]),
    ]
    for worked, id, name, value in made:
        assert id in worked.check({name: np.round(value, 5)})[name].mistakes, id
    with pytest.raises(ReadError, match=r"y is a column of 3 entries and log\(yhat\) a row of 3"):
        bag.solve(W=table, U=scores, y=[0, 0, 1])


def test_modules_of_pytorch_become_layers() -> None:
    torch = pytest.importorskip("torch")
    parts = [torch.nn.Embedding(5, 3), torch.nn.Flatten(), torch.nn.Linear(6, 2), torch.nn.Softmax(dim=-1)]
    tokens, module = np.array([[0, 4], [2, 3]]), torch.nn.Sequential(*parts).double()
    assert far(from_torch(module, inputs=(2, 1)).output(tokens), module(torch.tensor(tokens)).detach().numpy()) < 1e-14
    for bias in (True, False):
        attention = torch.nn.MultiheadAttention(4, 2, bias=bias, batch_first=True).double()
        x = torch.randn(2, 3, 4, dtype=torch.float64)
        found = from_torch(attention, inputs=(3, 4)).forward(x.numpy())["a1"]
        assert far(found.reshape(2, 3, 4), attention(x, x, x)[0].detach().numpy()) < 1e-14
    for module in (torch.nn.Embedding(5, 3, padding_idx=0), torch.nn.MultiheadAttention(4, 2, kdim=3)):
        with pytest.raises(ChalkworkError, match="is no layer here"):
            from_torch(module)
