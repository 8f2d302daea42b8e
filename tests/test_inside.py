"""Looking inside: the numbers against NumPy, each disease found alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chalkwork import BatchNorm, Dense, Dropout, NeuralNetwork
from chalkwork.errors import ChalkworkError
from chalkwork.inside import Findings, Table, activations, findings, gradients, summary

Rng = np.random.Generator
LOG_LOSS = "binary_cross_entropy"


def small(activation: str = "tanh", **settings: Any) -> NeuralNetwork:
    return NeuralNetwork([Dense(5, activation, inputs=2), Dense(1, "sigmoid")], LOG_LOSS, **settings)


# --- tables ----------------------------------------------------------------------------------------------------------


def test_activations_are_numpy_s(data: tuple[np.ndarray, np.ndarray]) -> None:
    x, _ = data
    net = small("tanh", seed=3)
    net.parameters["W1"] *= 5
    table = activations(net, x)
    a1 = np.tanh(x @ net.parameters["W1"] + net.parameters["b1"])
    assert table.column("mean")[0] == pytest.approx(a1.mean())
    assert table.column("std")[0] == pytest.approx(a1.std())
    for heading, quantile in (("5 %", 0.05), ("median", 0.5), ("95 %", 0.95)):
        assert table.column(heading)[0] == pytest.approx(np.quantile(a1, quantile))
    assert table.column("saturated")[0] == pytest.approx((1 - a1**2 < 0.05).mean())
    assert 0 < table.column("saturated")[0] < 1
    assert table.column("layer") == ["a1", "a2"]


@pytest.mark.parametrize("samples", ["rows", "columns"])
def test_activations_do_not_depend_on_the_convention(data: tuple[np.ndarray, np.ndarray], samples: Any) -> None:
    x, y = data
    net = small(samples=samples, seed=2)
    given = x if samples == "rows" else x.T
    for mine, other in zip(activations(net, given).rows, activations(small(seed=2), x).rows, strict=True):
        assert list(mine[2:8]) == pytest.approx(list(other[2:8]))
    assert np.allclose(gradients(net, given, y).column("norm"), gradients(small(seed=2), x, y).column("norm"))


def test_gradients_are_those_of_backprop(data: tuple[np.ndarray, np.ndarray]) -> None:
    net = small("relu")
    table, wanted = gradients(net, *data), net.backprop(*data)
    assert table.column("gradient") == ["dW1", "db1", "dW2", "db2"]
    for name, norm, mean, relative in zip(
        *(table.column(heading) for heading in ("gradient", "norm", "mean", "relative")), strict=True
    ):
        assert norm == pytest.approx(np.linalg.norm(wanted[name]))
        assert mean == pytest.approx(wanted[name].mean())
        size = np.linalg.norm(net.parameters[name[1:]])
        assert relative == (pytest.approx(norm / size) if size else None)


def test_gradients_of_a_sure_and_wrong_network() -> None:
    net = NeuralNetwork([Dense(weights=[[1000.0]], activation="sigmoid", bias=False)], LOG_LOSS)
    assert gradients(net, [[1.0]], [0]).column("norm") == [1.0]


def test_summary_fits_a_terminal() -> None:
    net = NeuralNetwork([Dense(1000, "relu", inputs=784), BatchNorm("leaky_relu"), Dropout(0.5), Dense(10, "softmax")])
    table = summary(net)
    assert table.column("parameters") == [None, 785_000, 2000, 0, 10_010]
    assert table.column("outputs") == [784, 1000, 1000, 1000, 10]
    assert table.footer == "797,010 parameters" == f"{net.number_of_parameters:,} parameters"
    assert max(map(len, str(table).splitlines())) <= 80
    assert table._repr_html_().count("<tr>") == 6
    assert "| 1 | Dense | 1,000 | ReLU | 785,000 |" in table._repr_markdown_()


def test_tables_of_deep_networks_fit_a_terminal(data: tuple[np.ndarray, np.ndarray]) -> None:
    net = NeuralNetwork([Dense(5, "sigmoid", inputs=2), *(Dense(5, "softplus") for _ in range(9)), Dense(1)])
    for table in (activations(net, data[0]), gradients(net, *data)):
        assert max(map(len, str(table).splitlines())) <= 80


def test_a_table_escapes_html() -> None:
    assert "&lt;b&gt;" in Table(("a",), (("<b>",),))._repr_html_()
    with pytest.raises(ChalkworkError, match="no column 'b'"):
        Table(("a",), ()).column("b")


# --- findings --------------------------------------------------------------------------------------------------------


def orthogonal(rng: Rng, size: int, gain: float) -> np.ndarray:
    return gain * np.linalg.qr(rng.normal(size=(size, size)))[0]


def deep(rng: Rng, gain: float, activation: str) -> NeuralNetwork:
    inner = [Dense(weights=orthogonal(rng, 10, gain), activation=activation) for _ in range(8)]
    return NeuralNetwork([Dense(10, activation, inputs=2), *inner, Dense(1, "sigmoid")], LOG_LOSS)


def vanishing(rng: Rng) -> NeuralNetwork:
    return deep(rng, 0.3, "tanh")


def exploding(rng: Rng) -> NeuralNetwork:
    return deep(rng, 5.0, "identity")


def dead(rng: Rng) -> NeuralNetwork:
    bias = np.where(np.arange(16) < 7, -50.0, 0.0)
    return NeuralNetwork([Dense(16, "relu", bias=bias, inputs=2), Dense(1, "sigmoid")], LOG_LOSS)


def saturated(rng: Rng) -> NeuralNetwork:
    return NeuralNetwork([Dense(weights=60 * rng.normal(size=(2, 8)), activation="tanh"), Dense(1)])


def symmetric(rng: Rng) -> NeuralNetwork:
    weights = rng.normal(size=(2, 6))
    weights[:, 3] = weights[:, 1]
    out = rng.normal(size=(6, 1))
    out[3] = out[1]
    return NeuralNetwork(
        [Dense(weights=weights, activation="tanh"), Dense(weights=out, activation="sigmoid")], LOG_LOSS
    )


def constant(rng: Rng) -> NeuralNetwork:
    return NeuralNetwork(
        [Dense(weights=1e-6 * rng.normal(size=(2, 6)), activation="tanh"), Dense(1, "sigmoid")], LOG_LOSS
    )


@pytest.mark.parametrize(
    ("build", "kind", "words"),
    [
        (vanishing, "vanishing", "from layer 10 to layer 1 the norm of the error falls"),
        (exploding, "exploding", "from layer 10 to layer 1 the norm of the error grows"),
        (dead, "dead", "7 of 16 units of layer 1 are 0 for every sample"),
        (saturated, "saturated", "of the activations of layer 1 are saturated: there the derivative of the tanh"),
        (symmetric, "symmetric", "2 of 6 units of layer 1 are alike"),
        (constant, "constant", "The output is the same for every sample"),
    ],
)
def test_each_disease_is_found_alone(
    rng: Rng, data: tuple[np.ndarray, np.ndarray], build: Callable[[Rng], NeuralNetwork], kind: str, words: str
) -> None:
    found = findings(build(rng), *data)
    assert found.kinds == [kind]
    assert words in str(found)
    assert str(found).endswith(".")


def test_the_factor_from_layer_to_layer(rng: Rng, data: tuple[np.ndarray, np.ndarray]) -> None:
    net = vanishing(rng)
    errors = net.backprop(*data)
    norms = [np.linalg.norm(errors[f"delta{number}"]) for number in (1, 10)]
    assert f"by a factor of {(norms[1] / norms[0]) ** (1 / 9):.2g} from" in str(findings(net, *data))


def test_unscaled_inputs(data: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = data
    net = NeuralNetwork([Dense(8, "relu", inputs=2), Dense(1, "sigmoid")], LOG_LOSS)
    large = x * [1, 400]
    found = findings(net, large, y)
    assert found.kinds == ["unscaled"]
    size = np.sqrt((large[:, 1] ** 2).mean())
    assert f"1 of 2 has a root mean square above 10, input 2 one of {size:.0f}," in str(found)
    assert "unscaled" in findings(net, x * 1e-4, y).kinds


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("trained", [False, True])
def test_healthy_networks(
    data: tuple[np.ndarray, np.ndarray], activation: str, normalised: bool, trained: bool
) -> None:
    between = [BatchNorm(activation)] if normalised else []
    first = Dense(12, "identity" if normalised else activation, inputs=2)
    net = NeuralNetwork([first, *between, Dropout(0.1), Dense(8, activation), Dense(1, "sigmoid")], LOG_LOSS, seed=1)
    if trained:
        net.train(*data, eta=0.1, iterations=200, engine="reference")
    assert findings(net, *data) == Findings()
    assert str(findings(net, *data)) == "Nothing unhealthy was found."


def test_a_whole_dead_layer_is_the_only_finding(data: tuple[np.ndarray, np.ndarray]) -> None:
    net = NeuralNetwork([Dense(4, "relu", bias=-50, inputs=2), Dense(1, "sigmoid")], LOG_LOSS)
    found = findings(net, *data)
    assert found.kinds == ["dead"]
    assert str(found).startswith("All 4 units of layer 1 are 0 for every sample")


def test_zero_weights_are_symmetric(data: tuple[np.ndarray, np.ndarray]) -> None:
    net = NeuralNetwork([Dense(4, "tanh", weights=0.0, inputs=2), Dense(1, weights=0.0)])
    assert findings(net, *data).kinds[0] == "symmetric"


def test_numbers_that_are_too_large(data: tuple[np.ndarray, np.ndarray]) -> None:
    net = NeuralNetwork([Dense(4, weights=1e200, inputs=2), Dense(1, weights=1e200)])
    assert findings(net, *data).kinds == ["infinite"]


def test_findings_need_samples() -> None:
    with pytest.raises(ChalkworkError, match="at least 16 samples, not 2"):
        findings(small(), [[0, 1], [1, 0]], [0, 1])
