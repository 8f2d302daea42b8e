"""Measures of a classification against scikit-learn; what cannot be measured is said."""

import numpy as np
import pytest

from chalkwork import ChalkworkError, Graph
from chalkwork.laboratory.metrics import metrics
from chalkwork.sheets.check import check_hand_in
from chalkwork.sheets.format import parse_sheet

sklearn = pytest.importorskip("sklearn.metrics")


def test_the_measures_are_those_of_scikit_learn():
    generator = np.random.default_rng(3)
    for classes in (2, 3, 5):
        truth, said = generator.integers(0, classes, size=(2, 30)).tolist()
        said[-1] = truth[-1] = classes - 1
        answer = metrics(truth=truth, prediction=said)
        found = sklearn.precision_recall_fscore_support(truth, said, zero_division=0)
        assert answer["accuracy"] == pytest.approx(sklearn.accuracy_score(truth, said))
        if classes == 2:
            expected = [found[place][1] for place in range(3)] + [found[1][0]]
            names = ["precision", "recall", "F1", "specificity"]
            tn, fp, fn, tp = sklearn.confusion_matrix(truth, said).ravel().tolist()
            assert [answer[name].item() for name in ("TP", "FP", "FN", "TN")] == [tp, fp, fn, tn]
            again = metrics(counts={"TP": tp, "FP": fp, "FN": fn, "TN": tn})
            other = metrics(truth=truth, prediction=said, positive=0)
            assert other["precision"] == pytest.approx(found[0][0]) and again["F1"] == answer["F1"]
        else:
            expected = [found[place][k] for k in range(classes) for place in range(3)]
            names = [f"{word}{k}" for k in range(1, classes + 1) for word in ("precision", "recall", "F1_")]
            np.testing.assert_array_equal(answer["C"], sklearn.confusion_matrix(truth, said))
            assert answer["macro_F1"] == pytest.approx(np.mean(found[2]))
            again = metrics(confusion=answer["C"])
            assert again["macro_recall"] == answer["macro_recall"]
        np.testing.assert_allclose([answer[name].item() for name in names], expected, rtol=1e-12)
        asked = answer.setting.asked
        assert answer.check({name: answer[name] for name in asked}).score == 1
        assert max(map(len, str(answer).splitlines())) <= 80


def test_a_class_that_is_never_said_has_the_precision_0():
    answer = metrics(truth=["a", "b", "c"], prediction=["a", "a", "c"])
    assert answer["precision2"] == answer["F1_2"] == 0
    assert "which is 0 by convention" in str(answer)


def test_a_sheet_takes_labels_and_counts():
    sheet = parse_sheet(
        "```metrics\nid: a\ncounts: {TP: 8, FP: 2, FN: 4, TN: 6}\n```\n"
        "```metrics\nid: b\ntruth: [cat, dog, cat]\nprediction: [cat, cat, cat]\npositive: cat\n```\n"
    )
    found = check_hand_in(sheet, {"a": {"precision": "0.8", "recall": "0.67", "F1": "0.73"}, "b": {"recall": "1"}})
    assert all(
        task.report[name].verdict == "correct" for task in found.tasks for name in task.report if name == "recall"
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "one of these"),
        ({"truth": [1, 0], "prediction": [1]}, "truth holds 2 labels, and prediction 1"),
        ({"truth": [1, 1], "prediction": [1, 1]}, "the labels name 1 classes"),
        ({"truth": [1, 0], "prediction": [1, 1], "positive": 2}, "positive is '2', which is none of the labels"),
        ({"counts": {"TP": 1}}, "counts are a mapping with TP, FP, FN, TN"),
        ({"counts": {"TP": 0, "FP": 0, "FN": 0, "TN": 0}}, "nothing to be measured"),
        ({"counts": {"TP": 0.5, "FP": 0, "FN": 0, "TN": 0}}, "TP is a whole number"),
        ({"confusion": [[1, 2]]}, "a square matrix"),
    ],
)
def test_what_cannot_be_measured_is_said(given, words):
    with pytest.raises(ChalkworkError, match=words):
        metrics(**given)


def test_small_formulas_need_no_block():
    """Batches and iterations, local response normalisation, the normal equations, an RBF network are graphs."""
    counted = Graph("batches = -floor(-samples / batch); iterations = epochs * batches")
    assert counted.solve(samples=50_000, batch=100, epochs=10)["iterations"] == 5000
    assert counted.solve(samples=1000, batch=300, epochs=2)["iterations"] == 8
    response = Graph("s = a1^2 + a2^2 + a3^2 + a4^2 + a5^2; d = (k + alpha * s)^beta; b3 = a3 / d")
    found = response.solve(a1=5, a2=8, a3=10, a4=6, a5=4, k=2, alpha=1e-4, beta=0.75)
    assert found["b3"] == pytest.approx(10 / (2 + 1e-4 * 241) ** 0.75)
    x, y = np.array([[1, 1], [1, 2], [1, 4.0]]), np.array([[2], [3], [4.5]])
    squares = Graph("A = X^T X; r = X^T y; w = solve(A, r); e = y - X w; S = sum(e^2)").solve(X=x, y=y)
    wanted, rest, *_ = np.linalg.lstsq(x, y, rcond=None)
    np.testing.assert_allclose(squares["w"], wanted, rtol=1e-10)
    np.testing.assert_allclose(squares["S"], rest[0], rtol=1e-10)
    centres, places = np.array([[0, 2.0]]), np.array([[0], [1], [2.0]])
    with pytest.raises(ChalkworkError, match=r"all pairs, x @ \[\[1, 1\]\] in place of x"):
        Graph("Phi = exp(-(x - c)^2 / (2 * s^2))").solve(x=places, c=centres, s=0.8)
    spread = "Phi = exp(-(x @ [[1, 1]] - c)^2 / (2 * s^2))"
    radial = Graph(f"{spread}; A = Phi^T Phi; r = Phi^T y; w = solve(A, r); out = Phi w")
    found = radial.solve(x=places, c=centres, s=0.8, y=y)
    activations = np.exp(-((places - centres) ** 2) / 1.28)
    np.testing.assert_allclose(found["out"], activations @ np.linalg.lstsq(activations, y, rcond=None)[0], rtol=1e-10)
