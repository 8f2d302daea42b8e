"""Every initialiser of the table: moments, bounds, seeds."""

from __future__ import annotations

import numpy as np
import pytest

from chalkwork import ChalkworkError, Dense, NeuralNetwork
from chalkwork.networks.initialisers import INITIALISERS, Initialiser

INPUTS, UNITS = 300, 200
CALLS = {name: f"{name}(0.3)" if rule.parameter else name for name, rule in INITIALISERS.items()}
# What the papers say, written once more.
VARIANCES = {
    "glorot_normal": 2 / (INPUTS + UNITS), "glorot_uniform": 2 / (INPUTS + UNITS), "he_normal": 2 / INPUTS,
    "he_uniform": 2 / INPUTS, "lecun_normal": 1 / INPUTS, "lecun_uniform": 1 / INPUTS, "zeros": 0.0, "constant": 0.0,
    "normal": 0.09,
}  # fmt: skip


def weights(name: str, **more: object) -> np.ndarray:
    layer = Dense(UNITS, initializer=CALLS[name], inputs=INPUTS)
    return NeuralNetwork([layer], **more).parameters["W1"]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", INITIALISERS)
def test_mean_variance_and_bounds(name):
    drawn = weights(name)
    rule = INITIALISERS[name]
    variance, count = VARIANCES[name], drawn.size
    assert rule.source
    if rule.constant:
        assert (drawn == (0.3 if rule.parameter else 0)).all()
        return
    kurtosis = 9 / 5 if rule.uniform else 3
    assert abs(drawn.mean()) < 5 * np.sqrt(variance / count)
    assert abs(drawn.var() / variance - 1) < 5 * np.sqrt((kurtosis - 1) / count)
    assert abs((drawn**4).mean() / variance**2 - kurtosis) < 0.1
    bound = Initialiser.of(CALLS[name]).bound(INPUTS, UNITS)
    assert abs(drawn).max() <= bound
    if rule.uniform:
        assert bound == pytest.approx(np.sqrt(3 * variance))
        assert abs(drawn).max() > 0.999 * bound


@pytest.mark.parametrize("name", INITIALISERS)
def test_seeds_and_orientations(name):
    drawn = weights(name, seed=1)
    assert drawn.shape == (INPUTS, UNITS)
    assert np.array_equal(drawn, weights(name, seed=1))
    assert np.array_equal(drawn.T, weights(name, seed=1, weights="out_in"))
    assert np.array_equal(drawn, weights(name, seed=2)) == INITIALISERS[name].constant


def test_the_default_is_glorot_normal():
    default = NeuralNetwork([Dense(UNITS, inputs=INPUTS)]).parameters["W1"]
    assert np.array_equal(default, weights("glorot_normal"))
    assert np.array_equal(default, np.random.default_rng(0).normal(0, np.sqrt(2 / (INPUTS + UNITS)), (INPUTS, UNITS)))


def test_other_names_and_parameters():
    assert Initialiser.of("xavier_uniform") == Initialiser.of("glorot_uniform")
    assert Initialiser.of("kaiming_normal") == Initialiser.of("he_normal")
    assert str(Initialiser.of("normal(sigma=0.1)")) == "normal(0.1)"
    for name, call in CALLS.items():
        assert str(Initialiser.of(call)) == CALLS[name]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("he_norml", "did you mean he_normal"), ("normal", "normal takes a number, sigma"),
        ("zeros(1)", "zeros has no parameters"), ("normal(-1)", "no sensible value"), ("constant(inf)", "no sensible"),
        ("constant(a)", "takes a number"), ("", "is a name such as"), (3, "is a name such as"),
    ],
)  # fmt: skip
def test_initialisers_that_are_none(text, words):
    with pytest.raises(ChalkworkError, match=words):
        Dense(3, initializer=text)
