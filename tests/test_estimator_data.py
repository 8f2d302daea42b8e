"""What the estimators take besides arrays (sparse samples, samples that only measure), and what they answer names."""

import inspect
import re

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from chalkwork.errors import ChalkworkError
from chalkwork.networks.layers import Dense
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.sparse import Sparse
from chalkwork.sklearn import NeuralNetworkClassifier, NeuralNetworkRegressor
from chalkwork.sklearn.parameters import ANSWERS

GENERATOR = np.random.default_rng(4)
X = GENERATOR.normal(size=(90, 6)) * (GENERATOR.random((90, 6)) < 0.4)
Y = np.array(["no", "perhaps", "yes"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]
OTHER = (X[:20] + 0.3, Y[:20])
USUAL = {
    "hidden_layers": (5,),
    "learning_rate": 0.01,
    "random_state": 0,
    "max_epochs": 12,
    "tol": None,
    "engine": "numpy",
}


def loss_of(estimator, x, y):
    shares = estimator.predict_proba(x)[np.arange(len(y)), np.searchsorted(estimator.classes_, y)]
    return -np.mean(np.log(shares))


def test_other_samples_are_measured_and_end_the_training():
    estimator = NeuralNetworkClassifier(**USUAL).fit(X, Y, eval_set=OTHER)
    rows = estimator.history_.epochs
    assert len(rows) == 12 and rows[-1]["validation_loss"] == pytest.approx(loss_of(estimator, *OTHER), rel=1e-12)
    alone = NeuralNetworkClassifier(**USUAL).fit(X, Y)
    np.testing.assert_array_equal(estimator.coefs_[0], alone.coefs_[0])
    stopping = {**USUAL, "early_stopping": True, "patience": 3, "max_epochs": 300, "learning_rate": 0.1}
    stopped = NeuralNetworkClassifier(**stopping).fit(X, Y, eval_set=[OTHER])
    losses = stopped.history_.column("validation_loss")
    assert stopped.history_.stopped == "early stopping" and int(losses.argmin()) == len(losses) - 4
    assert loss_of(stopped, *OTHER) == pytest.approx(losses.min(), rel=1e-12)
    numbers = NeuralNetworkRegressor(**USUAL).fit(X, X[:, :2], eval_set=(OTHER[0], OTHER[0][:, :2], np.arange(20) + 1))
    square = ((numbers.predict(OTHER[0]) - OTHER[0][:, :2]) ** 2).sum(1) / 2
    assert numbers.history_.epochs[-1]["validation_loss"] == pytest.approx(
        np.average(square, weights=np.arange(20) + 1)
    )


@pytest.mark.parametrize(("given", "said"), [
    ((X, Y, Y, Y), "eval_set is one pair"), ([OTHER, OTHER], "eval_set is one pair"), (3, "eval_set is one pair"),
    ((X[:, :3], Y), "X has 3 features"), ((X, np.full(90, "maybe")), "'maybe', which is not among the classes"),
])  # fmt: skip
def test_what_is_no_other_data_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        NeuralNetworkClassifier(**USUAL).fit(X, Y, eval_set=given)


def test_sparse_samples_are_trained_on_as_dense_ones():
    settings = {"epochs": 3, "batch_size": 16, "validation": 0.2, "class_weight": "balanced", "metrics": "mse"}
    for samples, engine in (("rows", "numpy"), ("columns", "numpy"), ("rows", "reference")):
        x = X.T if samples == "columns" else X
        nets = [
            NeuralNetwork([Dense(4, "tanh"), Dense(3, "softmax")], "cross_entropy", samples=samples) for _ in range(2)
        ]
        first, second = (
            net.train(given, Y, optimizer="adam", engine=engine, progress=False, **settings)
            for net, given in zip(nets, (x, sparse.coo_array(x)), strict=True)
        )
        np.testing.assert_array_equal(first.loss, second.loss)
        np.testing.assert_array_equal(nets[0].parameters["W1"], nets[1].parameters["W1"])
        assert first.epochs == second.epochs and (nets[0].predict(x) == nets[1].predict(sparse.csr_matrix(x))).all()
    weights = np.arange(90) % 3
    fitted = [
        NeuralNetworkClassifier(**USUAL, batch_size=20, early_stopping=True).fit(given, Y, weights, eval_set=(given, Y))
        for given in (X, sparse.csr_array(X))
    ]
    np.testing.assert_array_equal(fitted[0].coefs_[0], fitted[1].coefs_[0])


def test_sparse_samples_are_never_made_dense_as_a_whole(monkeypatch):
    taken = []
    whole = Sparse._dense
    monkeypatch.setattr(Sparse, "_dense", lambda self, rows: taken.append(rows.shape[0]) or whole(self, rows))
    x = sparse.random(90, 30_000, 1e-4, format="csr", random_state=0)
    y = np.arange(90) % 2
    estimator = NeuralNetworkClassifier((2,), batch_size=30, max_epochs=1, tol=None, engine="numpy", dtype="float32")
    estimator.fit(x, y, eval_set=(x, y)).predict(x)
    assert max(taken) == 34 and len(taken) == 3 + 2 * 3


def test_a_run_on_sparse_samples_goes_on(tmp_path):
    def run(x, **more):
        net = NeuralNetwork([Dense(3, "softmax")], "cross_entropy", inputs=6)
        return net, net.train(x, Y, eta=0.1, batch_size=16, validation=0.2, progress=False, engine="numpy", **more)

    thin = sparse.csr_array(X)
    whole, expected = run(X, epochs=4)
    run(thin, epochs=2, checkpoint=tmp_path / "run")
    net, history = run(thin, epochs=4, checkpoint=tmp_path / "run")
    assert history.resumed == 10 and history.loss.tolist() == expected.loss.tolist()
    np.testing.assert_array_equal(net.parameters["W1"], whole.parameters["W1"])
    with pytest.raises(ChalkworkError, match="not the same data"):
        run(thin * 2, epochs=4, checkpoint=tmp_path / "run")
    with pytest.raises(ChalkworkError, match=r"x is a sparse matrix, of which this takes none. Hint: .toarray\(\)"):
        net.solve(thin)
    with pytest.raises(ChalkworkError, match="not a finite number"):
        run(thin * np.inf, epochs=1)


def test_names_of_other_libraries_are_answered_with_the_right_ones():
    kinds = (NeuralNetworkClassifier, NeuralNetworkRegressor)
    for name, answer in ANSWERS.items():
        for kind in kinds:
            right = re.match(r"[a-z_0-9]+(?==)", answer)
            if name in kind().get_params():
                continue
            for call in (
                lambda kind=kind, name=name: kind(**{name: 1}),
                lambda k=kind, n=name: k().set_params(**{n: 1}),
            ):
                with pytest.raises(ChalkworkError, match=f"{kind.__name__} takes no {name}. Hint: ") as caught:
                    call()
                assert caught.value.hint == answer
            assert right is None or right[0] in {*kind().get_params(), "eval_set", "sample_weight", "scoring"}
    with pytest.raises(ChalkworkError, match="did you mean batch_size"):
        NeuralNetworkClassifier(batchsize=3)
    for kind in kinds:  # signatures are what scikit-learn reads
        assert list(inspect.signature(kind).parameters) == list(inspect.signature(kind.__init__).parameters)[1:]
        assert clone(kind((3,), l2=0.5)).get_params() == kind((3,), l2=0.5).get_params()
