"""Likelihoods of networks, what is refused, how answers are marked, and how it reads."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from fractions import Fraction
from math import inf, isclose, log
from typing import Any

import numpy as np
import pytest
from scipy import stats
from shipped import SHEETS
from test_likelihood import CASES, COIN, COUNTS, REALS, TIMES

from chalkwork import Dense, NeuralNetwork
from chalkwork.checking.mistakes.estimates import MISTAKES
from chalkwork.documents.terminal import to_text
from chalkwork.drawings.drawing import Drawing
from chalkwork.errors import ChalkworkError, SheetError
from chalkwork.laboratory.likelihood import divergence, maximum_likelihood, network_likelihood
from chalkwork.networks.layers import BatchNorm
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, SquaredError
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.solve import work_parts
from chalkwork.typesetting.boxes import width_of

SHEET = SHEETS / "maximum-likelihood-and-cross-entropy.md"

# --- networks ------------------------------------------------------------------------------------------------------

X = [[1.0, 2.0], [0.0, 1.0], [2.0, -1.0]]
NETWORKS: list[Any] = [
    ("sigmoid", loss, [[1, 0], [0, 0], [1, 1]])
    for loss in (BinaryCrossEntropy(), BinaryCrossEntropy(factor=2, reduction="sum"))
]
NETWORKS += [("softmax", loss, [[1, 0], [0, 1], [0, 1]]) for loss in (CrossEntropy(), CrossEntropy(3, "sum"))]
NETWORKS += [
    ("identity", loss, [[1.5, 0.2], [0, -1], [2, 2]])
    for loss in (SquaredError(), SquaredError(1, "mean"), SquaredError(0.7, "mean_over_samples"))
]


@pytest.mark.parametrize(("activation", "loss", "y"), NETWORKS)
@pytest.mark.parametrize("samples", ["rows", "columns"])
def test_the_loss_is_a_negative_log_likelihood(activation, loss, y, samples):
    net = NeuralNetwork(
        [Dense(3, "tanh", inputs=2), Dense(2, activation)], loss, samples=samples, seed=3
    )  # fmt: skip
    turn = np.transpose if samples == "columns" else np.asarray
    answer = network_likelihood(net, turn(X), turn(y), sigma=0.5, learning_rate=0.05)
    outputs, targets = np.asarray(turn(net.forward(turn(X))["a2"])), np.array(y)
    expected = {
        "sigmoid": lambda: stats.bernoulli.logpmf(targets, outputs).sum(),
        "softmax": lambda: np.log(outputs[targets == 1]).sum(),
        "identity": lambda: stats.norm.logpdf(targets, outputs, 0.5).sum(),
    }[activation]()
    assert isclose(answer["log_likelihood"], expected, rel_tol=1e-12)
    assert isclose(answer["L"], net.solve(turn(X), turn(y))["L"].item())
    assert isclose(answer["factor"] * answer["L"] + answer["constant"], answer["negative_log_likelihood"])
    assert answer["L_new"] < answer["L"] and answer["likelihood_new"] > answer["likelihood"]
    assert all(width_of(line) <= 80 for line in str(answer).splitlines())


def test_batch_normalisation_is_in_inference_mode():
    net = NeuralNetwork([Dense(2, inputs=2), BatchNorm("relu"), Dense(1, "sigmoid")], "binary_cross_entropy")
    answer = network_likelihood(net, X, [[1], [0], [1]])
    assert np.allclose(answer["probabilities"].ravel()[0], net.forward(X)["a3"][0, 0])


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: maximum_likelihood("poisson", [1, -1]), r"sample\[2\] is -1"),
        (lambda: maximum_likelihood("poisson", [0.5]), r"sample\[1\] is 0.5"),
        (lambda: maximum_likelihood("bernoulli", [1, 0, 0.5]), r"sample\[3\] is 0.5, .* is 0 or 1"),
        (lambda: maximum_likelihood("gaussian", [1, float("nan")]), r"sample\[2\] is nan"),
        (lambda: maximum_likelihood("gaussian", [1, inf]), r"sample\[2\] is inf"),
        (lambda: maximum_likelihood("gaussian", [1e200]), r"sample\[1\] is 1e\+200"),
        (lambda: maximum_likelihood("gaussian", [1e60]), r"sample\[1\] is 1e\+60"),
        (lambda: maximum_likelihood("gaussian", [1e-90, 2e-90]), "deviation is 1e-90, too small"),
        (lambda: maximum_likelihood("gaussian", [1, 2], mean=1e60), "mean is 1e"),
        (lambda: maximum_likelihood("exponential", [-0.1]), r"sample\[1\] is -0.1"),
        (lambda: maximum_likelihood("categorical", [1, 5], classes=4), r"sample\[2\] is 5, .* from 1 to 4"),
        (lambda: maximum_likelihood("categorical", [0]), r"sample\[1\] is 0"),
        (lambda: maximum_likelihood("categorical", [1], classes=1), "classes is 1"),
        (lambda: maximum_likelihood("gaussian", []), "sample is empty"),
        (lambda: maximum_likelihood("gaussian", "12"), "sample is '12'"),
        (lambda: maximum_likelihood("gaussian", ["__import__('os')"]), "not a number"),
        (lambda: maximum_likelihood("gaussian", [0] * 5001), "more than 5000"),
        (lambda: maximum_likelihood("gaussian", [10**5000]), r"sample\[1\] is a very large number"),
        (lambda: maximum_likelihood("gaussian", [Fraction(1, 10**400)]), "smaller than double precision"),
        (lambda: maximum_likelihood("gaussian", [1j]), r"sample\[1\] is 1j"),
        (lambda: maximum_likelihood("poisson", [1], show=3), "show is 3, not a list"),
        (lambda: maximum_likelihood("poison", [1]), "did you mean poisson"),
        (lambda: maximum_likelihood("gaussian", [1], mean=0, variance=1), "nothing is left"),
        (lambda: maximum_likelihood("gaussian", [1], variance=0), "variance is 0"),
        (lambda: maximum_likelihood("poisson", [1], mean=0), "a known mean is of no use"),
        (lambda: maximum_likelihood("poisson", [1], classes=3), "goes with categorical"),
        (lambda: maximum_likelihood("poisson", [1], show=["all"]), "no section 'all'"),
        (lambda: maximum_likelihood("bernoulli", [1], generating=1.5), "generating is 1.5"),
        (lambda: maximum_likelihood("categorical", [1, 2], generating=[0.5, 0.6]), "add up to 1.1"),
        (lambda: maximum_likelihood("categorical", [1, 2], generating=[0.5, 0.25, 0.25]), "3 entries"),
        (lambda: maximum_likelihood("gaussian", [1, 2], generating=3), r"\[mean, variance\]"),
        (lambda: divergence([0.5, 0.4], [0.5, 0.5]), "entries of p add up to 0.9"),
        (lambda: divergence([0.5, 0.5], [1.5, -0.5]), r"q\[1\] is 1.5"),
        (lambda: divergence([1.0], [0.5, 0.5]), "p has 1 entries and q has 2"),
        (lambda: divergence([], [1]), "p is empty"),
        (lambda: divergence([float("nan"), 1], [0.5, 0.5]), r"p\[1\] is nan"),
        (lambda: divergence([0.3333, 0.3333, 0.3333], [0.3, 0.3, 0.4]), "write 1/3"),
    ],
)
def test_what_cannot_be_is_refused_and_named(call, words):
    with pytest.raises(ChalkworkError, match=words):
        call()


def test_a_network_without_a_likelihood_is_refused():
    softmax = NeuralNetwork([Dense(2, "softmax", inputs=2)], "cross_entropy")
    with pytest.raises(ChalkworkError, match=r"sample 2, output 1 is 0\.5"):
        network_likelihood(softmax, X[:2], [[1, 0], [0.5, 0.5]])
    with pytest.raises(ChalkworkError, match="no negative log-likelihood"):
        network_likelihood(NeuralNetwork([Dense(1, "tanh", inputs=2)]), X, [[1], [0], [1]])
    with pytest.raises(ChalkworkError, match="penalty"):
        network_likelihood(NeuralNetwork([Dense(1, inputs=2)], l2=0.1), X, [[1], [0], [1]])
    with pytest.raises(ChalkworkError, match="sigma is 0"):
        network_likelihood(NeuralNetwork([Dense(1, inputs=2)]), X, [[1], [0], [1]], sigma=0)


# --- marking -------------------------------------------------------------------------------------------------------

NET = NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(2, "softmax")], "cross_entropy", seed=3)
SOLUTIONS: list[Any] = [
    *((f"{name} {'with ' if known else ''}{', '.join(known)}", maximum_likelihood(name, sample, **known))
      for name, sample, known, *_ in CASES),
    ("gaussian", maximum_likelihood("gaussian", REALS)),
    ("categorical", maximum_likelihood("categorical", [1, 3, 2, 1, 1], classes=4)),
    ("all ones", maximum_likelihood("bernoulli", [1, 1, 1])),
    ("no spread", maximum_likelihood("gaussian", [0.1, 0.1])),
    ("divergence", divergence([0.36, 0.48, 0.16], [Fraction(1, 3)] * 3)),
    ("infinite divergence", divergence([0.5, 0.5, 0, 0], [0.5, 0.25, 0.25, 0])),
    ("network", network_likelihood(NET, X, [[1, 0], [0, 1], [0, 1]], learning_rate=0.05)),
]  # fmt: skip


@pytest.mark.parametrize("answer", [answer for _, answer in SOLUTIONS], ids=[name for name, _ in SOLUTIONS])
def test_a_right_hand_in_is_right_and_every_wrong_number_is_found(answer):
    asked = answer.setting.asked
    assert asked and all(name in answer.derivation for name in asked)
    right = {name: np.asarray(answer[name]).tolist() for name in asked}
    report = answer.check(right, ask=asked)
    assert report.score == 1 and {result.verdict for result in report.values()} == {"correct"}
    assert answer.check({name: str(value) for name, value in right.items()}, ask=asked).score == 1
    made = [{**right, name: (np.asarray(answer[name]) + 0.37).tolist()} for name in asked]
    for name, wrong in zip(asked, answer.check_class(made, ask=asked), strict=True):
        assert wrong.first_wrong == name and wrong.score < 1


def test_what_goes_on_from_a_wrong_estimate_follows():
    report = maximum_likelihood("bernoulli", [1, 0, 1, 1]).check(
        {"theta": "0.5", "log_likelihood": "-2.7726", "likelihood": "0.0625", "cross_entropy": "0.6931"}
    )
    assert report.first_wrong == "theta"
    assert [report[name].verdict for name in report] == ["wrong", "follows", "follows", "follows"]


GAUSS, CENTRED, COIN_ANSWER, WAIT = (
    maximum_likelihood("gaussian", REALS),
    maximum_likelihood("gaussian", REALS, mean=0.5),
    maximum_likelihood("bernoulli", COIN),
    maximum_likelihood("exponential", TIMES),
)
P, Q = np.array([0.75, 0.25]), np.array([0.6, 0.4])
PAIR = divergence(P.tolist(), Q.tolist())
MISTAKEN: list[Any] = [
    ("other-count", GAUSS, "variance", np.var(REALS, ddof=1)),
    ("other-count", GAUSS, "variance_unbiased", np.var(REALS)),
    ("other-count", CENTRED, "variance", np.square(np.array(REALS) - 0.5).sum() / 3),
    ("root-taken", GAUSS, "variance", np.std(REALS)),
    ("quotient-inverted", WAIT, "lambda", np.mean(TIMES)),
    ("quotient-inverted", COIN_ANSWER, "theta", 8 / 6),
    ("logarithm-sign", COIN_ANSWER, "log_likelihood", -stats.bernoulli.logpmf(COIN, 0.75).sum()),
    ("logarithm-sign", COIN_ANSWER, "cross_entropy", -stats.entropy([0.25, 0.75])),
    ("logarithm-sign", PAIR, "entropy_p", -stats.entropy(P)),
    ("log-base-2", PAIR, "entropy_p", stats.entropy(P, base=2)),
    ("distributions-exchanged", PAIR, "divergence_pq", stats.entropy(Q, P)),
    ("distributions-exchanged", PAIR, "divergence_qp", stats.entropy(P, Q)),
    ("distributions-exchanged", PAIR, "cross_entropy_pq", -np.sum(Q * np.log(P))),
    ("multiplied", PAIR, "divergence_pq_bits", stats.entropy(P, Q) * log(2)),
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "answer", "name", "value"), MISTAKEN)
def test_a_mistake_has_its_name(mistake, answer, name, value):
    result = answer.check({name: float(value)})[name]
    assert result.verdict == "mistake" and mistake in result.mistakes


def test_every_mistake_of_estimates_is_made_here():
    assert {entry.id for entry in MISTAKES} <= {mistake for mistake, *_ in MISTAKEN}


# --- how it reads --------------------------------------------------------------------------------------------------

SAMPLES: list[Any] = [
    ("bernoulli", [1]),
    ("bernoulli", COIN * 40),
    ("poisson", [10**9, 3]),
    ("poisson", [0, 7] * 9),
    ("exponential", [1e-9, 2e-9]),
    ("exponential", [1e90, 2e95]),
    ("gaussian", [-1.0, 1.0]),
    ("gaussian", [-1e50, 1e50]),
    ("gaussian", [1e-45, 2e-45]),
    ("gaussian", [1e6 + 0.1, 1e6 + 0.2, 1e6 + 0.4]),
    ("gaussian", [-123.456, 78.9, 3.3, 1e-7, 12.125, 1.5, -2.5]),
    ("categorical", [1, 20, 7]),
    ("categorical", [3] * 4 + [1]),
]


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_every_sample_reads_well(name, sample):
    answer = maximum_likelihood(name, sample, decimals=3)
    lines = [line for line in str(answer).splitlines() if line.strip("=-")]
    assert all(width_of(line) <= 80 for line in lines)
    text = "\n".join(lines)
    assert not any(ugly in text for ugly in ("+ -", "+ −", "− −", "--", "1.0 ", "\\", "nan", "NaN"))
    for block in answer.document().blocks:
        if isinstance(block, Drawing):
            ElementTree.fromstring(block.svg)


def test_the_notation_of_a_sheet_is_kept():
    text = str(maximum_likelihood("poisson", COUNTS, notation={"log": "ln", "decimal_comma": True}))
    assert "6 · ln λ − 4 · λ − 2,4849" in text
    both = text + str(divergence([0.5, 0.5], [0.25, 0.75], notation={"log": "ln"}))
    assert not re.search(r"\blog (?!-|likelihood)", both) and "log(" not in both


def test_the_sheet_gives_what_the_course_states():
    """The losses before and after the update as they were printed: 0.793036 and 0.766696."""
    worked = work_parts(read_sheet(SHEET))
    assert f"{worked['g']['L']:.6f}" == "0.793036" == f"{worked['g']['negative_log_likelihood']:.6f}"
    assert f"{worked['g']['L_new']:.6f}" == "0.766696" == f"{-log(worked['g']['likelihood_new']):.6f}"
    assert worked["d"]["theta"] == 0.75 and worked["d"]["divergence"] == 0
    assert isclose(worked["e"]["cross_entropy_pq"], worked["e"]["entropy_p"] + worked["e"]["divergence_pq"])
    text = to_text(workbook(read_sheet(SHEET)).document)
    assert all(width_of(line) <= 80 for line in text.splitlines()) and "mathbb" not in text


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("likelihood\nid: a\ndistribution: poisson\nsample: [1, -1]", r"line 1: likelihood a: sample\[2\] is -1"),
        ("likelihood\nid: a\ndistribution: cauchy\nsample: [1]", "line 3, column \\d+: distribution"),
        ("likelihood\nid: a\ndistribution: poisson", "needs the key 'sample'"),
        ("likelihood\nid: a\nx: [1]\ny: [1]\nsample: [1]", "line 5, column \\d+: sample belongs to a sample"),
        ("likelihood\nid: a\nx: [1]\ny: [1]\nnetwork: net", "there is no network 'net'"),
        ("divergence\nid: a\np: [1/2, 1/2]\nq: [1/2, 1/3]", "entries of q add up to 0.8333"),
        ("divergence\nid: a\np: [1/2, x]\nq: [1/2, 1/3]", r"p\[2\]"),
    ],
)
def test_a_block_that_cannot_be_says_where(block, words):
    with pytest.raises(SheetError, match=words):
        work_parts(parse_sheet(f"```{block}\n```\n"))
