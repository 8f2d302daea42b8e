"""The derivative of an output by the inputs, against JAX and against differences, and its picture."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from chalkwork import (
    GRU,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    MaxPool,
    NeuralNetwork,
    Residual,
)  # fmt: skip
from chalkwork.errors import ChalkworkError
from chalkwork.inside import plot_saliency, saliency

RNG = np.random.default_rng(3)


def networks():
    dense = [Dense(6, "tanh"), BatchNorm(), Residual([Dense(6, "softplus")]), Dropout(0.3), Dense(3, "softmax")]
    for samples, weights in (("rows", "in_out"), ("columns", "out_in")):
        net = NeuralNetwork(dense, "cross_entropy", samples=samples, weights=weights, inputs=4, seed=1)
        x = RNG.normal(size=(9, 4))
        net.train(x if samples == "rows" else x.T, RNG.integers(0, 3, 9), eta=0.1, iterations=3, engine="numpy")
        yield net, x if samples == "rows" else x.T
    images = [Conv2d(2, 3, "tanh"), MaxPool(2), Flatten(), Dense(2, "softmax")]
    yield NeuralNetwork(images, "cross_entropy", inputs=(1, 6, 6), seed=1), RNG.normal(size=(3, 1, 6, 6))
    yield (
        NeuralNetwork([GRU(3), Dense(2, "softmax")], "cross_entropy", inputs=(4, 2), seed=1),
        RNG.normal(size=(3, 4, 2)),
    )


def test_the_slopes_are_those_of_differences(monkeypatch):
    monkeypatch.setattr(sys.modules[saliency.__module__], "BLOCK", 4)
    for net, x in networks():
        for of, chosen in (("a", None), ("z", 1)):
            found = saliency(net, x, of=of, output=chosen)
            name, columns = f"{of}{len(net.layers)}", net.convention.samples == "columns"
            assert found.slopes.shape == x.shape and len(found.outputs) == net.count(x)

            def value(data, outputs=found.outputs, net=net, name=name, columns=columns):
                rows = net.forward(data)[name]
                return (rows.T if columns else rows)[np.arange(len(outputs)), outputs].sum()

            for place in list(np.ndindex(x.shape))[:: max(1, x.size // 12)]:
                step = np.zeros(x.shape)
                step[place] = 1e-5
                slope = (value(x + step) - value(x - step)) / 2e-5
                assert found.slopes[place] == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_it_is_drawn_as_a_matrix_or_as_images_and_refused_in_words():
    (rows, x), (columns, x_columns), (images, pictures), (sequences, steps) = networks()
    for net, data in ((rows, x), (columns, x_columns)):
        found = saliency(net, data, names=["a", "b", "c", "d"])
        axes = plot_saliency(found).axes[0]
        assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c", "d"]
        drawn = axes.images[0].get_array()
        np.testing.assert_array_equal(drawn, found.slopes.T if net is rows else found.slopes)
    assert plot_saliency(saliency(images, pictures)).axes[0].images[0].get_array().shape == (2 * 8, 3 * 8)
    assert plot_saliency(saliency(rows, x), shape=(2, 2)).axes[0].images[0].get_array().shape == (2 * 4, 8 * 4)
    tokens = NeuralNetwork([Embedding(5, 2), Flatten(), Dense(2)], inputs=(3, 1))
    for call, said in (
        (lambda: saliency(tokens, [[1, 2, 3]]), "tokens"),
        (lambda: saliency(rows, x, output=3), "output"),
        (lambda: saliency(rows, x, names=["a"]), "1 names for 4 inputs"),
        (lambda: plot_saliency(saliency(rows, x), shape=(3, 2)), "4 inputs are no image of 3x2"),
        (lambda: plot_saliency(saliency(sequences, steps)), "sequences"),
    ):
        with pytest.raises(ChalkworkError, match=said):
            call()
