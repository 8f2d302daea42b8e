"""A slip in any part of an equation is seen, whatever the operation and the layer are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chalkwork import LSTM, Attention, Conv2d, Dense, Flatten, Graph, MaxPool, NeuralNetwork
from chalkwork.algebra.expression import Name, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.checking.seeing.quantities import batches
from chalkwork.checking.seeing.slips import alike, all_exchanged, relatives
from chalkwork.checking.seeing.summed import summed_otherwise
from chalkwork.derivation.evaluate import evaluate

r = np.random.default_rng(31)
X, Y = r.normal(size=(4, 3)), np.eye(3)[[0, 1, 2, 0]]
V, b, W, c = r.normal(size=(3, 5)), r.normal(size=5), r.normal(size=(5, 3)), r.normal(size=3)
IMAGE, SEQUENCE = r.normal(size=(2, 6, 6)), r.normal(size=(3, 4))


def dense(hidden: str = "tanh", **more: Any) -> Any:
    layers = [Dense(weights=V, bias=b, activation=hidden), Dense(weights=W, bias=c, activation="softmax")]
    return NeuralNetwork(layers, "cross_entropy", **more).solve(X, Y, 0.3)


def pictures(stride: int = 1, pooled: bool = True) -> Any:
    layers = [
        Conv2d(2, 2, stride=stride, activation="tanh"),
        *([MaxPool(2, stride=1)] if pooled else []),
        Flatten(),
        Dense(1),
    ]
    return NeuralNetwork(layers, "squared_error", inputs=(2, 6, 6), seed=3).solve(IMAGE, [0.4])


def gates() -> Any:
    biases = {name: r.normal(size=3) for name in ("bf", "bi", "bc", "bo")}
    net = NeuralNetwork([LSTM(3, **biases), Dense(2)], "squared_error", inputs=(3, 4), seed=5)
    return net.solve(SEQUENCE, [0.3, -0.2], 0.1)


def heads() -> Any:
    layers = [Attention(4), Flatten(), Dense(1)]
    return NeuralNetwork(layers, "squared_error", inputs=(3, 4), seed=6).solve(SEQUENCE, [0.7])


def _placed_last(v: Any) -> Any:
    found = np.zeros(v["a1"].shape)
    for f, i, j in np.ndindex(v["a2"].shape):
        window = v["a1"][f, i : i + 2, j : j + 2]
        at = np.unravel_index(int(np.argmax(window)), window.shape)
        found[f, i + at[0], j + at[1]] = v["da2"].reshape(v["a2"].shape)[f, i, j]
    return found * (1 - v["a1"] ** 2)


def _last_place(v: Any) -> Any:
    return v["delta1"][:, -1, -1].reshape(-1, 1, 1)


def _lse_and_score(v: Any) -> Any:
    return np.mean(np.log(np.exp(v["z2"]).sum(1)) + (v["z2"] * Y).sum(1))


SLIPS: dict[str, tuple[Callable[[], Any], str, Callable[[Any], Any]]] = {
    "tanh(x @ W1) + b1": (dense, "a1", lambda v: np.tanh(X @ V) + b),
    "the sum of each column of dW2": (dense, "b2_new", lambda v: c - 0.3 * v["dW2"].sum(0)),
    "tanh(a1)": (dense, "delta1", lambda v: v["delta2"] @ W.T * np.tanh(v["a1"])),
    "all but the last summand of x.T @ delta1": (dense, "W1_new", lambda v: V - 0.3 * X[:-1].T @ v["delta1"][:-1]),
    "xlogy(1 - y, 1 - a2)": (dense, "L", lambda v: -np.sum(Y * np.log(v["a2"]) + (1 - Y) * np.log(1 - v["a2"])) / 4),
    "-z2 in the place of z2": (dense, "L", _lse_and_score),
    "W1 in the place of abs(W1), and so wherever": (
        lambda: dense(l1=0.1), "L", lambda v: v["L"] + 0.1 * (V.sum() + W.sum() - abs(V).sum() - abs(W).sum())),
    "with stride 1, cut off": (lambda: pictures(2), "z1", lambda v: _strided(v, 1)),
    "first channel's summand": (pictures, "z1", lambda v: _strided(v, 1, 1)),
    "the last at each place of": (pictures, "delta1", _placed_last),
    "the last of all summands": (lambda: pictures(pooled=False), "db1", _last_place),
    "P1.T @ V1": (heads, "a1", lambda v: v["P1"].T @ v["V1"]),
    "bo1 in the place of bf1": (gates, "zf1_t2", lambda v: v["zf1_t2"] - v["bf1"] + v["bo1"]),
    "deltaf1_t in the place of deltai1_t": (
        gates, "dbi1", lambda v: sum(v[f"deltaf1_t{t}"] for t in (1, 2, 3))),
    "f1_t2 * (1 - f1_t2)": (
        gates, "deltaf1_t2", lambda v: v["deltaf1_t2"] / (v["f1_t2"] * (1 - v["f1_t2"])) / (1 + np.exp(-v["f1_t2"]))),
}  # fmt: skip


def _strided(v: Any, stride: int, channels: int = 2) -> Any:
    found = np.empty(v["z1"].shape)
    for f, i, j in np.ndindex(found.shape):
        patch = IMAGE[:channels, stride * i : stride * i + 2, stride * j : stride * j + 2]
        found[f, i, j] = np.sum(patch * v["W1"][f, :channels]) + v["b1"].ravel()[f]
    return found


@pytest.mark.parametrize("words", SLIPS)
def test_a_slip_anywhere_is_seen(words: str) -> None:
    make, name, slip = SLIPS[words]
    done = make()
    values = {**done.arrays, **{one.name: done.arrays[one.name] for one in done.derivation.givens}}
    wrong = np.asarray(slip(values), dtype=float).reshape(np.shape(values[name]))
    hidden = {"a1": "z1", "W1_new": "dW1"}.get(name)
    shown = {one: value for one, value in done.arrays.items() if one in done.derivation and one != hidden}
    report = done.check({**shown, name: wrong})
    assert report.first_wrong == name and not report[name].mistakes, str(report)
    assert words in " ".join(report[name].message.split()), report[name].message


def test_what_nothing_gives_is_not_explained() -> None:
    done = dense()
    report = done.check({"a1": done["a1"], "z2": done["z2"] + np.random.default_rng(1).normal(size=(4, 3))})
    assert "no known mistake explains it" in report["z2"].message


def test_relatives_have_the_shape_of_the_part_and_values_that_differ() -> None:
    m, n, big = Name("m", (3, 2)), Name("n", (3, 2)), Name("q", (2, 3, 3))
    parts = [apply(name, m) for name in ("sigmoid", "tanh", "relu", "exp", "abs")] + [m + n, m - n, m * n, m / n]
    parts += [m.T @ n, apply("sum", m, axis=-1), apply("mean", m * n), apply("softmax", m, axis=-1), m**2, big]
    known = {"m": r.uniform(0.2, 0.8, (3, 2)), "n": r.uniform(1.2, 1.9, (3, 2)), "q": r.uniform(1, 2, (2, 3, 3))}
    for part in parts:
        right, made = evaluate(part, known), list(relatives(part))
        assert len(made) > 10 and len(set(made)) == len(made) and {one.shape for one in made} == {part.shape}
        with np.errstate(all="ignore"):
            same = [one for one in made if np.allclose(evaluate(one, known), right)]
        assert len(same) <= 3, (str(part), list(map(str, same)))  # such as the absolute value of what is positive


def test_all_parts_alike_are_changed_at_once() -> None:
    whole = apply("sum", apply("abs", Name("u", (2, 2)))) + 2 * apply("sum", apply("abs", Name("v", (3, 1))))
    (parts,) = [one for one in alike(whole) if one[0].operation.name == "abs"]
    assert str(all_exchanged(whole, parts, 0)) == "sum(u) + 2 * sum(v)"


def test_quantities_of_any_rank_fit_or_are_left_out() -> None:
    shapes = [(), (1, 1), (2, 1), (1, 3), (2, 3), (4, 2, 3), (2, 4, 2, 3), (2, 3, 4)]
    others = {f"q{number}": r.normal(size=shape or (1, 1)) for number, shape in enumerate(shapes)}
    with np.errstate(all="ignore"):
        for shape in shapes[1:]:
            for batch in batches(others, shape, 50):
                assert batch.values.shape[1:] == shape and len(batch.words) == len(batch.values)


def test_sums_of_every_operation_that_adds_up() -> None:
    assert {"matmul", "sum", "max_pool_back", "average_pool_back", "convolve", "convolve_full"} <= TABLE.keys()
    x, error = Name("x", (1, 3, 3)), Name("g", (1, 2, 2))
    values = {x: r.normal(size=(1, 3, 3)), error: r.normal(size=(1, 2, 2))}
    for name, more in (("max_pool_back", (error, x)), ("average_pool_back", (error,))):
        kept = {"window": 2, "stride": 1} | ({"before": (1, 3, 3)} if len(more) == 1 else {})
        part = apply(name, *more, **kept)
        found = summed_otherwise(part, values.get)
        whole = evaluate(part, {"x": values[x], "g": values[error]})
        assert np.allclose(found[f"all but the last summand of {part}"] + found[f"the last summand of {part}"], whole)


def test_a_sign_in_a_graph() -> None:
    graph = Graph("d = a - b; e = d * c; L = e^2").solve(a=1.37, b=0.46, c=-2.31)
    assert "derivative-sign" in graph.check({"dL/db": -graph["dL/db"]})["dL/db"].mistakes
