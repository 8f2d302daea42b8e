"""Plots of losses, decisions, layers and landscapes, by what they hold."""

import pickle
import sys
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from test_inside import LOG_LOSS, Rng, small

from chalkwork import BatchNorm, Dense, Dropout, NeuralNetwork
from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.inside import (
    Landscape,
    draw,
    findings,
    landscape,
    plot_activations,
    plot_decision,
    plot_gradients,
    plot_landscape,
    plot_loss,
    plot_weights,
)
from chalkwork.training.history import History


def run(steps_an_epoch: int, epochs: int, validation: bool = True) -> History:
    history = History()
    history.add(np.linspace(1, 0.1, steps_an_epoch * epochs))
    for epoch in range(1, epochs + 1):
        part = history.loss[(epoch - 1) * steps_an_epoch : epoch * steps_an_epoch]
        row = {"step": float(epoch * steps_an_epoch), "epoch": float(epoch), "loss": float(part.mean())}
        history.epochs.append(row | ({"validation_loss": 0.5} if validation else {}))
    return history


def lines(axes: Axes) -> dict[str, Any]:
    return {str(line.get_label()): line for line in axes.get_lines()}


def test_losses_stand_where_they_were_measured() -> None:
    axes = plot_loss(run(4, 3), loss="cross-entropy").axes[0]
    drawn = lines(axes)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "cross-entropy")
    assert list(drawn) == ["training, every step", "training, mean", "validation"]
    assert np.allclose(drawn["training, every step"].get_xdata(), np.arange(12) / 4)
    assert np.allclose(drawn["training, mean"].get_xdata(), [0.5, 1.5, 2.5])
    assert np.allclose(drawn["training, mean"].get_ydata(), np.linspace(1, 0.1, 12).reshape(3, 4).mean(1))
    assert np.allclose(drawn["validation"].get_xdata(), [1, 2, 3])


def test_losses_of_iterations_and_of_several_runs() -> None:
    penalised = run(5, 3)
    penalised.epochs = [row | {"penalty": 0.25} for row in penalised.epochs]
    line = plot_loss(penalised).axes[0].get_lines()[-1]
    assert line.get_label() == "validation, with the penalty" and np.allclose(line.get_ydata(), 0.75)
    axes = plot_loss(run(1, 20, validation=False), log=True).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_yscale()) == ("iteration", "loss (logarithmic)", "log")
    assert list(lines(axes)) == ["training"]
    both = plot_loss({"a": run(1, 20), "b": run(2, 10)}).axes[0]
    assert list(lines(both)) == [
        "a: training", "a: validation", "b: training, every step", "b: training, mean", "b: validation",
    ]  # fmt: skip
    assert (
        len(
            {line.get_marker() for line in both.get_lines() if "mean" in line.get_label() or line.get_label()[0] == "a"}
        )
        == 2
    )
    with pytest.raises(ChalkworkError, match="no step was done"):
        plot_loss(History())


def test_decision_of_a_single_output(data: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = data
    net = NeuralNetwork([Dense(weights=[[3.0], [0.0]], activation="sigmoid")], LOG_LOSS)
    axes = plot_decision(net, x, y).axes[0]
    zero, one = (collection for collection in axes.collections if str(collection.get_label()).startswith("class"))
    assert len(zero.get_offsets()) == (y == 0).sum()
    assert np.allclose(one.get_offsets(), x[y == 1])
    boundary = next(c for c in axes.collections if c not in (zero, one) and len(c.get_paths()) == 1)
    assert np.allclose(boundary.get_paths()[0].vertices[:, 0], 0, atol=1e-4)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x1", "x2")


def test_decision_of_several_classes_in_columns(rng: Rng) -> None:
    x, y = rng.normal(size=(2, 30)), np.eye(3)[:, rng.integers(0, 3, 30)]
    net = NeuralNetwork([Dense(3, "softmax", inputs=2)], "cross_entropy", samples="columns")
    axes = plot_decision(net, x, y).axes[0]
    labels = axes.get_legend_handles_labels()[1]
    assert labels == ["class 0", "class 1", "class 2"]


def test_labels_go_wherever_targets_go():
    net = NeuralNetwork([Dense(4, "tanh"), Dense(3, "softmax")], "cross_entropy", inputs=2)
    x = np.random.default_rng(0).normal(size=(30, 2))
    places = np.arange(30) % 3
    names = np.array(["ant", "bee $", "cat"])[places]
    net.train(x, names, iterations=20)
    assert plot_decision(net, x, names).axes[0].get_legend_handles_labels()[1] == [
        "class ant", r"class bee \$", "class cat",
    ]  # fmt: skip
    assert str(findings(net, x, names)) == str(findings(net, x, np.eye(3)[places]))


def test_decisions_that_cannot_be_drawn(rng: Rng) -> None:
    with pytest.raises(ShapeError, match="2 inputs, not 3"):
        plot_decision(NeuralNetwork([Dense(1, "sigmoid", inputs=3)], LOG_LOSS), np.ones((2, 3)), [0, 1])
    with pytest.raises(ChalkworkError, match="no probability"):
        plot_decision(NeuralNetwork([Dense(1, inputs=2)]), np.ones((2, 2)), [0, 1])


def test_layers_as_plots(data: tuple[np.ndarray, np.ndarray]) -> None:
    net = small("relu")
    axes = plot_activations(net, data[0]).axes[0]
    zeros = (net.forward(data[0])["a1"] == 0).mean()
    assert [text.get_text() for text in axes.texts] == [f"{zeros:.0%} are 0"]
    axes = plot_gradients(net, *data).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["dW1", "dW2"]
    counts = [sum(patch.get_height() for patch in ax.patches) for ax in plot_weights(net).axes]
    assert counts == [10, 5]


def test_gradients_that_are_all_zero(data: tuple[np.ndarray, np.ndarray]) -> None:
    net = NeuralNetwork([Dense(4, "relu", bias=-50, inputs=2), Dense(1, "sigmoid")], LOG_LOSS)
    figure = plot_gradients(net, *data)
    figure.savefig(BytesIO(), format="png")
    assert [text.get_text() for text in figure.axes[0].texts] == ["100% are 0", "100% are 0"]


def test_axes_may_be_given_and_settings_stay(data: tuple[np.ndarray, np.ndarray]) -> None:
    before = dict(rcParams)
    x, y = data
    axes = np.ravel(Figure().subplots(1, 4))
    net = small()
    assert plot_loss(run(2, 2), ax=axes[0]) is axes[0]
    assert plot_decision(net, x, y, ax=axes[1]) is axes[1]
    assert plot_activations(net, x, ax=axes[2]) is axes[2]
    assert plot_gradients(net, x, y, ax=axes[3]) is axes[3]
    own = Figure()
    assert plot_weights(net, figure=own) is own
    assert dict(rcParams) == before


def test_a_figure_shows_itself_and_can_be_pickled() -> None:
    figure = plot_loss(run(2, 2))
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(figure)).axes[0].get_xlabel() == "epoch"


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "chalkwork.inside.figure", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ChalkworkError, match=r"plots need matplotlib.*chalkwork\[train\]"):
        plot_loss(run(2, 2))


def test_a_drawing_holds_one_sample() -> None:
    net = small()
    assert draw(net, [0.25, -1]).svg.count("0.25") > draw(net).svg.count("0.25")
    assert draw(net)._repr_svg_() == draw(net).svg
    with pytest.raises(ChalkworkError, match="one sample"):
        draw(net, [[0, 1], [1, 0]])


# --- landscape -------------------------------------------------------------------------------------------------------


def test_the_landscape_of_a_parabola() -> None:
    net = NeuralNetwork([Dense(weights=[[1.0]], bias=False)])
    seen = landscape(net, [[2.0]], [[6.0]], eta=0.1, steps=3, lengths=(0.5, 2.0))
    w = 1.0
    for row in range(3):
        gradient = 2 * (2 * w - 6)
        there = w - np.array([0.05, 0.2]) * gradient
        assert seen.loss[row] == pytest.approx((2 * w - 6) ** 2 / 2)
        assert seen.losses[row] == pytest.approx((2 * there - 6) ** 2 / 2)
        assert seen.predictiveness[row] == pytest.approx(np.abs(2 * (2 * there - 6) - gradient))
        w -= 0.1 * gradient
    assert seen.smoothness == pytest.approx([4, 4, 4])
    assert seen.loss_range == pytest.approx(np.ptp(seen.losses, axis=1))
    assert net.parameters["W1"].tolist() == [[1.0]]


@pytest.mark.parametrize("samples", ["rows", "columns"])
def test_the_landscape_is_that_of_training(data: tuple[np.ndarray, np.ndarray], samples: Any) -> None:
    layers = [Dense(5, inputs=2, bias=False), BatchNorm("tanh"), Dense(1, "sigmoid")]
    net = NeuralNetwork(layers, LOG_LOSS, samples=samples)
    x, y = (data[0] if samples == "rows" else data[0].T), data[1]
    seen = landscape(net, x, y, eta=0.5, steps=10, lengths=[1.0])
    history = net.train(x, y, eta=0.5, iterations=10, engine="reference")
    assert seen.loss == pytest.approx(history.loss)
    assert seen.losses[:-1, 0] == pytest.approx(history.loss[1:])


def test_batches_of_a_landscape_are_seeded(data: tuple[np.ndarray, np.ndarray]) -> None:
    seen = [landscape(small(), *data, 0.1, 7, batch_size=20, seed=seed).loss for seed in (1, 1, 2)]
    assert seen[0].tolist() == seen[1].tolist() != seen[2].tolist()
    assert len(seen[0]) == 7
    run = small().train(*data, 0.1, epochs=7, batch_size=20, seed=1, drop_last=True, engine="reference", progress=False)
    np.testing.assert_allclose(seen[0], run.loss[:7], rtol=1e-9)


def test_landscapes_that_cannot_be_measured(data: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ChalkworkError, match="another loss for every mask"):
        landscape(NeuralNetwork([Dropout(0.5), Dense(1)], inputs=2), *data, 0.1, 3)
    with pytest.raises(ValueProblem, match="eta is a positive number"):
        landscape(small(), *data, 0, 3)
    with pytest.raises(ChalkworkError, match="steps is a whole number"):
        landscape(small(), *data, 0.1, 0)
    with pytest.raises(ChalkworkError, match="lengths are positive"):
        landscape(small(), *data, 0.1, 3, lengths=[0])
    with pytest.raises(ValueProblem, match="no number at step"):
        landscape(NeuralNetwork([Dense(4, inputs=2), Dense(1)]), *data, 1e150, 5)


def test_the_plot_of_landscapes(data: tuple[np.ndarray, np.ndarray]) -> None:
    seen: dict[str, Landscape] = {name: landscape(small(name), *data, 0.1, 6) for name in ("tanh", "relu")}
    figure = plot_landscape(seen)
    assert [line.get_label() for line in figure.axes[2].get_lines()] == ["tanh", "relu"]
    assert np.allclose(figure.axes[2].get_lines()[0].get_ydata(), seen["tanh"].smoothness)
    upper = lines(figure.axes[0])["relu"].get_ydata()
    assert np.allclose(upper, seen["relu"].losses.max(1))
    assert figure.axes[0].get_yscale() == "log"
