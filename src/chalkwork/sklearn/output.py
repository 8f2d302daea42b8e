"""The forward pass for predicting: the equations of the output, and nothing else, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalkwork.derivation.evaluate import evaluate
from chalkwork.networks.data import Array
from chalkwork.networks.equations import derive
from chalkwork.networks.network import NeuralNetwork
from chalkwork.sklearn.data import in_rows
from chalkwork.training.step import needed


def outputs(net: NeuralNetwork, X: Any, letter: str) -> Array:
    """The net inputs (`letter` z) or activations (a) of the last layer, a row for each sample; in inference.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[2.0], [1.0]], bias=False)])
    >>> outputs(net, np.array([[1.0, 1.0], [0.0, 1.0]]), "a").tolist()
    [[3.0], [1.0]]
    """
    return np.concatenate([_output(net, rows, letter) for rows in in_rows(X)])


def _output(net: NeuralNetwork, x: Array, letter: str) -> Array:
    plan = net.plan(len(x))
    derivation = derive(plan, target=False)
    wanted = f"{letter}{plan.depth}"
    known: dict[str, Any] = {"x": x} | net.values(derivation, plan)
    with np.errstate(all="ignore"):
        for equation in needed(derivation, [wanted]):
            known[equation.name] = evaluate(equation.expression, known)
    return np.asarray(known[wanted])
