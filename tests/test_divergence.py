"""No training goes wrong in silence: a loss that rises is said, with the cause and what helps."""

import warnings
from itertools import product

import numpy as np
import pytest

from chalkwork.errors import ChalkworkError
from chalkwork.networks.activations import KINDS
from chalkwork.networks.fitting import check_outputs
from chalkwork.networks.layers import Dense
from chalkwork.networks.losses import LOSSES, BinaryCrossEntropy, CrossEntropy, SquaredError
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.optimisers import RULES
from chalkwork.networks.settings import Settings
from chalkwork.training.loop import Diverged

GENERATOR = np.random.default_rng(2)
X = GENERATOR.normal(size=(150, 4))
CLASSES = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 0)
LINE = X @ [[1.0, -0.5], [0.5, 1.0], [0.0, 0.3], [0.2, 0.0]]
PAIRS = {
    "squared_error": ("identity", LINE),
    "mean_squared_error": ("identity", LINE),
    "cross_entropy": ("softmax", np.eye(3)[CLASSES]),
    "binary_cross_entropy": ("sigmoid", np.eye(3)[CLASSES]),
    "sum of cross-entropies": ("softmax", np.eye(3)[CLASSES]),
    "sum of binary cross-entropies": ("sigmoid", np.eye(3)[CLASSES]),
}
OBJECTS = {
    "sum of cross-entropies": CrossEntropy(reduction="sum"),
    "sum of binary cross-entropies": BinaryCrossEntropy(reduction="sum"),
}
WHOLE = {"iterations": 100}
BATCHES = {"epochs": 4, "batch_size": 16}


def network(pair, hidden="tanh"):
    activation, y = PAIRS[pair]
    return NeuralNetwork([Dense(6, hidden), Dense(y.shape[1], activation)], OBJECTS.get(pair, pair), inputs=4)


def outcome(net, x, y, **settings):
    """The history, and all that was said."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            history = net.train(x, y, progress=False, engine="numpy", **settings)
            return history, [str(warning.message) for warning in said]
        except Diverged as error:
            return error.run.history, [str(error)]


OTHERS = {
    **dict.fromkeys(("absolute_error", "mean_absolute_error", "huber", "root_mean_squared_error"), ("identity", LINE)),
    **dict.fromkeys(("kl_divergence", "smoothed_cross_entropy", "focal"), PAIRS["cross_entropy"]),
    **dict.fromkeys(("hinge", "squared_hinge"), ("identity", 2 * np.eye(3)[CLASSES] - 1)),
    "binary_focal": PAIRS["binary_cross_entropy"],
}


def test_the_other_losses_train_and_say_a_rise():
    assert set(LOSSES) <= PAIRS.keys() | OTHERS.keys()
    for loss, (activation, y) in OTHERS.items():
        layers = [Dense(6, "tanh"), Dense(3 if y.shape[1] == 3 else 2, activation)]
        history, said = outcome(NeuralNetwork(layers, loss, inputs=4), X, y, **WHOLE)
        assert not said and np.mean(history.loss[-5:]) < np.mean(history.loss[:5]), loss
        history, said = outcome(NeuralNetwork(layers, loss, inputs=4), X, y, eta=1e6, **WHOLE)
        assert said or np.median(history.loss[-10:]) < 5 * max(history.loss[0], np.log(3)), loss


@pytest.mark.parametrize("pair", PAIRS)
def test_the_defaults_train_whatever_the_loss(pair):
    for optimizer, settings in product(RULES, (WHOLE, BATCHES)):
        history, said = outcome(network(pair), X, PAIRS[pair][1], optimizer=optimizer, **settings)
        assert not said and not history.stopped
        assert np.mean(history.loss[-5:]) < np.mean(history.loss[:5])


@pytest.mark.parametrize("pair", PAIRS)
def test_a_rise_is_never_silent(pair):
    for rate, optimizer, settings in product((3.0, 100.0, 1e6), RULES, (WHOLE, BATCHES)):
        history, said = outcome(network(pair, "relu"), X, PAIRS[pair][1], eta=rate, optimizer=optimizer, **settings)
        end = np.median(history.loss[-(10 if "epochs" in settings else 1) :])
        outputs = PAIRS[pair][1].shape[1]
        bland = {"mean_squared_error": 1.0, "cross_entropy": np.log(3), "binary_cross_entropy": outputs * np.log(2)}
        ordinary = bland.get(pair, bland["cross_entropy"] * (16 if "epochs" in settings else 150) * 3)
        if end > 5 * max(history.loss[0], ordinary):
            assert history.stopped.startswith("diverged: ") and len(said) == 1
        if said:
            assert "Hint: a smaller learning rate than" in said[0] and "because" in said[0]
            assert history.stopped.removeprefix("diverged: ") in said[0]


def test_the_course_sum_at_a_usual_rate_says_that_it_is_a_sum():
    net = NeuralNetwork([Dense(1)], inputs=4)
    with pytest.raises(Diverged) as caught:
        net.train(X, LINE[:, :1], eta=0.1)
    text = str(caught.value)
    assert "the loss is a sum over 150 samples, so that a step at the rate 0.1 is as long as one at the rate 15" in text
    assert "eta=0.00067, loss='mean_squared_error' or clip_norm=1" in text
    assert caught.value.run.history.stopped == f"diverged: {text}"
    assert all(np.isfinite(value).all() for value in net.parameters.values())


def test_a_finite_explosion_is_no_success():
    """100 steps end at 1e200 or so, a number like any other: the issue was that nothing was said."""
    net = NeuralNetwork([Dense(1)], inputs=4)
    with pytest.raises(Diverged, match="the loss rose from"):
        net.train(3 * X, LINE[:, :1], eta=0.01)


def test_large_inputs_and_targets_are_named():
    net = NeuralNetwork([Dense(1)], "mean_squared_error", inputs=4)
    with pytest.raises(Diverged, match=r"inputs reach 3.* and the targets reach .*standardised inputs, standardised"):
        net.train(1e3 * X, 1e3 * LINE[:, :1], eta=0.01)


@pytest.mark.parametrize("name", RULES)
def test_the_usual_rate_is_divided_where_steps_grow_with_the_loss(name):
    """Twice the loss: a rule grows where its step does."""
    net, twice = (NeuralNetwork([Dense(1, weights=0.5)], SquaredError(factor=f), inputs=4) for f in (1, 2))
    begun = net.parameters["W1"].copy()
    for each in (net, twice):
        each.train(X, LINE[:, :1], eta=1e-3, iterations=1, optimizer={"name": name})
    moved = np.abs(twice.parameters["W1"] - begun) / np.abs(net.parameters["W1"] - begun)
    grows = RULES[name].grows
    np.testing.assert_allclose(moved, 2.0 if grows else 1.0, rtol=1e-3)
    assert Settings(optimizer=name).rate(SquaredError(), 150) == (0.01 / 150 if grows else 0.01)
    assert Settings(optimizer=name, eta=0.01).rate(SquaredError(), 150) == 0.01


# --- what fits nothing ----------------------------------------------------------------------------------------------

SMOOTH = [name for name, kind in KINDS.items() if not kind.jumps]
NONSENSE = {
    (name, loss)
    for name in KINDS
    for loss, known in LOSSES.items()
    if known.of_probabilities and not (name == "sigmoid" and not known.distribution) and name != "softmax"
}  # fmt: skip


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("loss", LOSSES)
def test_outputs_and_losses_that_fit_nothing_are_refused(name, loss):
    net = NeuralNetwork([Dense(3, name)], loss, inputs=4)
    y = np.eye(3)[CLASSES] if LOSSES[loss].targets is None else OTHERS[loss][1]
    if LOSSES[loss].targets and KINDS[name].bounds and KINDS[name].bounds[0] > -1:
        return  # the target -1 is out of reach, which is another test
    if (name, loss) in NONSENSE:
        with pytest.raises(ChalkworkError, match=r"Hint: .*softmax with cross_entropy") as caught:
            net.train(X, y)
        if name != "log_softmax":
            assert "sigmoid with binary_cross_entropy" in str(caught.value)
    else:
        check_outputs(net.plan())
        net.train(X, y, eta=1e-6, iterations=2)


def test_nothing_is_trained_through_a_step():
    for name in KINDS.keys() - set(SMOOTH):
        for layers in ([Dense(1, name)], [Dense(2, f"{name}(at_zero=1/2)"), Dense(1)]):
            with pytest.raises(ChalkworkError, match=f"no gradient comes through the {name}: its derivative is 0"):
                NeuralNetwork(layers, inputs=4).train(X, np.ones(150))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_a_softmax_of_one_output_learns_nothing(name):
    with pytest.raises(ChalkworkError, match="of a single output is the same whatever the input is"):
        NeuralNetwork([Dense(1, name)], inputs=4).train(X, np.ones(150))


@pytest.mark.parametrize("name", [name for name in SMOOTH if KINDS[name].bounds])
def test_targets_out_of_reach_are_refused(name):
    low, high = KINDS[name].bounds
    net = NeuralNetwork([Dense(2, name)], inputs=4)
    with pytest.raises(
        ChalkworkError, match=rf"y reach from {low:g} to 3, but the outputs .* lie between {low:g} and 1"
    ):
        net.train(X, np.tile([[low, 3.0]], (150, 1)))
    net.train(X, np.tile([[low, high]], (150, 1)), eta=1e-6, iterations=2)
