"""What the laboratory's calls are given: whatever it is, an error says so in words."""

from fractions import Fraction

import numpy as np
import pytest

from chalkwork import Architecture, Dense, NeuralNetwork
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.approximation import relu_approximation
from chalkwork.laboratory.associative import bam, hopfield
from chalkwork.laboratory.decoding import decoding
from chalkwork.laboratory.equivalent import collapse, symmetries, to_sigmoid, to_tanh
from chalkwork.laboratory.metrics import metrics
from chalkwork.laboratory.normalisation import batch_norm
from chalkwork.laboratory.outputs import HierarchicalSoftmax, output_for
from chalkwork.laboratory.presentation import learn, minterm_network, parity_units, region, threshold_table
from chalkwork.laboratory.taylor import taylor


def net(activation):
    return NeuralNetwork([Dense(2, activation, inputs=2), Dense(1)])


def count(layers, input, ask=()):
    return Architecture(layers, input).solve(ask=ask)


def hierarchical(tree, h, word, vectors, rate=None):
    return HierarchicalSoftmax(tree).solve(h, word, vectors=vectors, learning_rate=rate)


ROWS = {"a": {"a": 0.5, "b": 0.5}, "b": {"a": 1.0}}
RUNNING = {"mean": 0, "variance": 1, "momentum": 0.1, "divisor": "biased"}
GOOD = [
    (relu_approximation, {"function": "x^2", "a": 0, "b": 1, "n": 3, "compare": [3, 5]}),
    (relu_approximation, {"points": [0, 1, 2], "values": [1, 2, 3]}),
    (bam, {"x": [[1, 1]], "y": [[1, -1]], "start": [1, 1], "steps": 2, "at_zero": 1, "ask": ["W"]}),
    (hopfield, {"patterns": [[1, -1, 1]], "start": [1, 1, 1], "order": [1, 2], "sweeps": 2, "bias": [0, 0, 1],
                "mode": "synchronous", "binary": False, "scaled": True, "self_connections": False}),
    (decoding, {"start": {"a": 0.6, "b": 0.4}, "after": ROWS, "beam": 2, "length": 2, "end": "end", "scores": "log",
                "length_penalty": 0.5}),
    (decoding, {"steps": [{"a": 0.5}, {"b": 0.5}]}),
    (metrics, {"truth": [0, 1, 1], "prediction": [0, 0, 1], "positive": 1}),
    (metrics, {"counts": {"TP": 1, "FP": 1, "FN": 1, "TN": 2}}),
    (metrics, {"confusion": [[1, 2], [3, 4]]}),
    (batch_norm, {"batch": [1, 3], "gamma": 2, "beta": 1, "epsilon": 0.1, "upstream": [1, 0], "undo": False,
                  "variance": "biased", "running": RUNNING, "inference": [1, 2]}),
    (batch_norm, {"batch": [[1, 2], [3, 5]], "target": [[1, 2], [3, 4]], "loss": "squared_error"}),
    (output_for, {"task": "multiclass", "classes": 3, "z": [0, 0, 1], "y": 1}),
    (output_for, {"task": "next_word", "vocabulary": 100, "hidden": 4}),
    (learn, {"x": [[1, 1], [-1, 1]], "y": [1, -1], "bias": 0, "rate": 1, "epochs": 2, "order": [1, 2], "band": 0,
             "fixed": False, "batch": False, "stop_change": 0, "rule": "perceptron", "weights": [0, 0]}),
    (learn, {"x": [[1, 1], [0, 1]], "y": [[1, 0], [0, 1]], "threshold": [1, 1], "rule": "adaline", "stop_loss": 1}),
    (learn, {"x": [[1.0], [0.0]], "y": [1, 0], "bias_input": 1, "activation": "step"}),
    (minterm_network, {"minterms": "AB'"}),
    (parity_units, {"inputs": 4}),
    (region, {"polygon": [[0, 0], [2, 0], [0, 2]]}),
    (region, {"weights": [[1, 1]], "bias": [0], "join": "and", "x": [[1, 1]], "y": [1]}),
    (threshold_table, {"x": [[0, 1], [1, 1]], "y": [0, 1], "find": "bias", "activation": "step"}),
    (threshold_table, {"gate": "and", "inputs": 2, "bipolar": True, "weights": [1, 1], "bias": -1}),
    (taylor, {"function": "sin(x)", "order": 3, "about": 0, "interval": (-1, 1)}),
    (symmetries, {"net": net("tanh"), "x": [1, 2], "y": [1], "permute": {1: [2, 1]}, "flip": {1: [1]}}),
    (collapse, {"net": net("identity"), "x": [1, 2]}),
    (to_tanh, {"net": net("sigmoid")}),
    (to_sigmoid, {"net": net("tanh"), "x": [1, 2]}),
    (count, {"layers": [{"kind": "flatten"}, {"kind": "dense", "units": 2}], "input": (1, 8, 8), "ask": ("n1",)}),
    (hierarchical, {"tree": [["the", "a"], "cat"], "h": [1.0], "word": "a", "vectors": [[0.0], [0.0]], "rate": 1.0}),
    (hierarchical, {"tree": {"a": 1, "b": 2}, "h": [1.0], "word": "a", "vectors": [[0.0]]}),
]  # fmt: skip
BAD = (
    None, True, -1, float("nan"), float("inf"), 10**400, "", "x", [], [[]], [float("nan")], [[1, 2], [3]], [[[1]]],
    {1: 2}, np.array([1, 2]), np.array([[1j]]), b"x", Fraction(1, 3), {"a": None},
)  # fmt: skip


@pytest.mark.parametrize("call, given", GOOD, ids=lambda each: getattr(each, "__name__", ""))
def test_whatever_is_given_is_taken_or_refused_in_words(call, given):
    call(**given)
    for key in given:
        for value in BAD:
            try:
                call(**{**given, key: value})
            except ChalkworkError as error:
                assert "Error" not in error.message and "numpy" not in error.message


def test_counts_that_are_no_numbers_and_words_that_are_none():
    counts = {"TP": 1, "FP": 1, "FN": 1, "TN": 1}
    for value in (float("nan"), float("inf"), 10**400):
        with pytest.raises(ChalkworkError, match="TP is a count"):
            metrics(counts={**counts, "TP": value})
    with pytest.raises(ChalkworkError, match="there is no task"):
        output_for(["binary"])
    with pytest.raises(ChalkworkError, match="ask is a list of names, not 'z1'"):
        learn([[1.0], [0.0]], [1, 0], ask="z1")
    with pytest.raises(ChalkworkError, match="permute maps hidden layers to lists of units"):
        symmetries(net("tanh"), permute={1: 2})
