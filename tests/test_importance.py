"""Which inputs count: shuffled, measured by scikit-learn's own measures, and drawn."""

import numpy as np
import pandas
import pytest
from sklearn import metrics as theirs
from sklearn.inspection import permutation_importance

from chalkwork.errors import ChalkworkError
from chalkwork.inside import importance, plot_importance
from chalkwork.networks.layers import Dense
from chalkwork.networks.network import NeuralNetwork
from chalkwork.sklearn import NeuralNetworkClassifier, NeuralNetworkRegressor

GENERATOR = np.random.default_rng(6)
X = GENERATOR.normal(size=(80, 4))
Y = np.array(["a", "b", "c"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)]
SCORES = {
    "accuracy": lambda net, x: theirs.accuracy_score(Y, net.predict(x)),
    "loss": lambda net, x: theirs.log_loss(Y, net.predict_proba(x)),
    "roc_auc": lambda net, x: theirs.roc_auc_score(Y, net.predict_proba(x), multi_class="ovr"),
}


@pytest.fixture(scope="module")
def net():
    made = NeuralNetwork([Dense(6, "tanh"), Dense(3, "softmax")], "cross_entropy", inputs=4, l2=0.1)
    made.train(X, Y, eta=0.5, iterations=60, progress=False, engine="numpy")
    return made


def test_it_is_how_much_worse_the_measure_gets(net):
    turned = NeuralNetwork(
        [Dense(weights=net.parameters[f"W{place}"], bias=net.parameters[f"b{place}"], activation=activation)
         for place, activation in ((1, "tanh"), (2, "softmax"))], "cross_entropy", samples="columns",
    )  # fmt: skip
    turned.labels = net.labels
    for name, score in SCORES.items():
        found = importance(net, X, Y, metric=name, repeats=3, seed=9)
        sign = 1 if name == "loss" else -1
        assert found.whole == pytest.approx(score(net, X), rel=1e-12) and found.worse.shape == (4, 3)
        for column in range(4):
            for repeat in range(3):
                shuffled = X.copy()
                order = np.random.default_rng([9, column, repeat]).permutation(80)
                shuffled[:, column] = X[order, column]
                worse = sign * (score(net, shuffled) - score(net, X))
                assert found.worse[column, repeat] == pytest.approx(worse, rel=1e-9, abs=1e-12)
        np.testing.assert_allclose(
            importance(turned, X.T, Y, metric=name, repeats=3, seed=9).worse, found.worse, atol=1e-12
        )
    together = importance(net, X, Y, groups={"both": [0, 1], "rest": [2, 3]}, repeats=3, seed=9)
    shuffled = X.copy()
    shuffled[:, :2] = X[np.random.default_rng([9, 0, 0]).permutation(80), :2]
    assert together.worse[0, 0] == pytest.approx(SCORES["loss"](net, shuffled) - SCORES["loss"](net, X), rel=1e-9)
    own = importance(net, X, Y, metric=lambda true, found: -np.mean(true == found), better="smaller", repeats=3, seed=9)
    np.testing.assert_allclose(own.worse, importance(net, X, Y, metric="accuracy", repeats=3, seed=9).worse, atol=1e-12)


def test_the_estimators_agree_with_scikit_learn():
    frame = pandas.DataFrame(X, columns=["length", "width", "height", "weight"])
    target = 3 * X[:, 1] - X[:, 3]
    model = NeuralNetworkRegressor((), random_state=0, optimizer="lbfgs", l2=0.0).fit(frame, target)
    found = model.importance(frame, target, metric="r2", repeats=40)
    expected = permutation_importance(model, frame, target, n_repeats=40, random_state=0)
    assert found.names == ("length", "width", "height", "weight") and found.order[:2].tolist() == [1, 3]
    error = np.sqrt((expected.importances_std**2 + found.std**2) / 40)
    assert (np.abs(found.mean - expected.importances_mean) <= 4 * error + 1e-9).all()
    kinds = NeuralNetworkClassifier((4,), random_state=0, max_epochs=30, tol=None).fit(frame, Y)
    assert kinds.importance(frame, Y, metric="accuracy").whole == kinds.score(frame, Y)


def test_it_is_printed_and_drawn(net):
    found = importance(net, X, Y, names=["length", "width", "height", "weight"])
    lines = str(found).splitlines()
    assert lines[0].split() == ["input", "worse", "std"] and len(lines) == 7 and max(map(len, lines)) <= 80
    [axes] = plot_importance(found).axes
    assert [text.get_text() for text in axes.get_yticklabels()] == [found.names[at] for at in found.order]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx(sorted(found.mean, reverse=True))


@pytest.mark.parametrize(("more", "said"), [
    ({"metric": "acuracy"}, "did you mean accuracy"), ({"metric": min}, 'Hint: better="larger" or "smaller"'),
    ({"better": "larger"}, "better is for functions"), ({"names": ["a"]}, "1 names for 4 inputs"),
    ({"groups": {"a": [4]}}, "a place of a is a whole number from 0 to 3, not 4"), ({"repeats": 0}, "repeats is"),
    ({"groups": {"a": [1]}, "names": "abcd"}, "in place of names"), ({"seed": -1}, "seed is"),
])  # fmt: skip
def test_what_it_does_not_know_is_refused(net, more, said):
    with pytest.raises(ChalkworkError, match=said):
        importance(net, X, Y, **more)
