"""A simulated class: programs that make one mistake each, round, and hand in; how well is their work marked?

    python benchmarks/simulated_class.py [--students N] [--seed S] [--each K] [--jobs J] [--pairs]

The students are plain NumPy programs, written without the derivation that marks them: forward pass, backward pass,
update and forward pass again of a random network, with one mistake in one step (or in every step of its kind). They
carry on with their own values, and write 2, 3, 4 or 6 decimals or all digits, carrying what they wrote or what they
had. A program that makes no mistake, or whose mistake nobody could see in what it wrote, has a right solution.

"Nobody could see": the step that should have been done, applied to some numbers that the digits written earlier
allow, gives the numbers written. Such numbers are looked for at the corners, by finite differences; only what was
found counts. The first wrong step is the first that was done with the mistake and can be seen.

With `--pairs` everybody makes two mistakes in one step: the second program calls the first where it would have done
the step right. Pairs whose result is that of one mistake alone are none.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise, permutations
from time import perf_counter
from typing import Any

import numpy as np

from chalkwork import Dense, NeuralNetwork
from chalkwork.checking.answers import read_answer
from chalkwork.checking.explaining import Explanation
from chalkwork.checking.marking import Answers, mark
from chalkwork.checking.mistakes import context_of
from chalkwork.solutions.solution import Solution

Array = np.ndarray[Any, Any]
Values = dict[str, Array]
DECIMALS = (2, 3, 4, 6, None)
SLOPE = 0.1
LARGEST = 1e6
FULL_DIGITS = 1e-9
"""Values that differ by less, relatively, are the same where all digits are written."""
KINK = 1e-9
"""Nearer to its kink than this a ReLU has whatever slope the rounding errors of a program give it."""
RIGHT = "none"


# --- the exercise --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exercise:
    """A random network with its data."""

    columns: bool
    out_in: bool
    activations: tuple[str, ...]
    loss: str
    biased: tuple[bool, ...]
    givens: Values

    @property
    def depth(self) -> int:
        return len(self.activations)

    @property
    def unit_axis(self) -> int:
        return 0 if self.columns else 1

    @property
    def sample_axis(self) -> int:
        return 1 if self.columns else 0

    @property
    def samples(self) -> int:
        return int(self.givens["x"].shape[self.sample_axis])

    def solved(self) -> Solution:
        """The solution that marks."""
        layers = [
            Dense(
                weights=self.givens[f"W{k}"],
                bias=self.givens[f"b{k}"].ravel() if self.biased[k - 1] else False,
                activation=f"leaky_relu({SLOPE})" if activation == "leaky_relu" else activation,
            )
            for k, activation in enumerate(self.activations, 1)
        ]
        network = NeuralNetwork(
            layers,
            loss=self.loss,
            samples="columns" if self.columns else "rows",
            weights="out_in" if self.out_in else "in_out",
        )
        return network.solve(self.givens["x"], self.givens["y"], learning_rate=float(self.givens["eta"]))


def random_exercise(random: np.random.Generator) -> Exercise:
    """Sizes 1 to 4, 1 to 3 layers, 1 to 4 samples."""
    columns, out_in = bool(random.integers(2)), bool(random.integers(2))
    loss = str(random.choice(["squared_error", "mean_squared_error", "cross_entropy", "binary_cross_entropy"]))
    sizes = [int(size) for size in random.integers(1, 5, random.integers(2, 5))]
    if random.random() < 0.4:  # square matrices, where more can go wrong
        sizes = [int(random.integers(2, 5))] * len(sizes)
    samples = int(random.integers(1, 5))
    if loss == "cross_entropy":
        last = "softmax" if random.random() < 0.8 else "sigmoid"
    elif loss == "binary_cross_entropy":
        last = "sigmoid" if random.random() < 0.85 else "softmax"
    else:
        last = str(random.choice(["sigmoid", "tanh", "identity", "relu", "leaky_relu", "softmax"]))
    if last == "softmax" or loss == "cross_entropy":
        sizes[-1] = max(2, sizes[-1])
    hidden = ["sigmoid", "tanh", "relu", "leaky_relu", "identity"]
    activations = [
        "softmax" if size > 1 and random.random() < 0.04 else str(random.choice(hidden)) for size in sizes[1:-1]
    ]
    places = int(random.integers(1, 3))
    givens = {"x": np.round(random.normal(0, 1, (sizes[0], samples)), places)}
    y = random.random((sizes[-1], samples))
    if loss == "cross_entropy":
        y = (y == y.max(axis=0)).astype(float)
    elif loss == "binary_cross_entropy":
        y = np.round(y)
    givens["y"] = np.round(y, 1)
    biased = tuple(bool(random.random() < 0.8) for _ in sizes[1:])
    for k, (entering, units) in enumerate(pairwise(sizes), 1):
        weights = np.round(random.normal(0, 0.8, (units, entering)), places)
        givens[f"W{k}"] = weights if out_in else weights.T
        if biased[k - 1]:
            bias = np.round(random.normal(0, 0.5, (units, 1)), places)
            givens[f"b{k}"] = bias if columns else bias.T
    if not columns:
        givens["x"], givens["y"] = givens["x"].T, givens["y"].T
    givens["eta"] = np.array(random.choice([0.1, 0.2, 0.5, 0.05, 0.3]))
    return Exercise(columns, out_in, (*activations, last), loss, biased, givens)


# --- a program that makes no mistake -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One line of the work: `kind` is z, a, L, delta, dW, db, W or b; `late` says that it comes after the update."""

    kind: str
    layer: int = 0
    late: bool = False

    @property
    def name(self) -> str:
        late = self.late or self.kind in ("W", "b")
        return f"{self.kind}{self.layer or ''}{'_new' if late else ''}"


def steps_of(exercise: Exercise) -> list[Step]:
    """The work in order."""
    layers = range(1, exercise.depth + 1)

    def forward(late: bool) -> list[Step]:
        return [Step(kind, k, late) for k in layers for kind in "za"] + [Step("L", late=late)]

    steps = forward(False)
    for k in reversed(layers):
        steps += [Step("delta", k), Step("dW", k)] + [Step("db", k)] * exercise.biased[k - 1]
    for k in layers:
        steps += [Step("W", k)] + [Step("b", k)] * exercise.biased[k - 1]
    return steps + forward(True)


def sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def softmax(z: Array, axis: int | None) -> Array:
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


class Program:
    """What is done in each step, by somebody who does it right."""

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise

    def activate(self, kind: str, z: Array) -> Array:
        if kind == "softmax":
            return softmax(z, self.exercise.unit_axis)
        functions: dict[str, Callable[[Array], Array]] = {
            "sigmoid": sigmoid,
            "tanh": np.tanh,
            "relu": lambda z: np.asarray(np.maximum(z, 0.0)),
            "leaky_relu": lambda z: np.where(z > 0, z, SLOPE * z),
            "identity": lambda z: z,
        }
        return np.asarray(functions[kind](z))

    def slope(self, kind: str, z: Array, a: Array) -> Array:
        """f' of an entrywise activation."""
        if kind == "sigmoid":
            return np.asarray(a * (1 - a))
        if kind == "tanh":
            return 1 - a * a
        if kind == "identity":
            return np.ones_like(z)
        return np.where(z > 0, 1.0, 0.0 if kind == "relu" else SLOPE)

    def through(self, kind: str, up: Array, z: Array, a: Array) -> Array:
        """From the derivative by the activation to that by the net input."""
        if kind == "softmax":
            return np.asarray(a * (up - (up * a).sum(axis=self.exercise.unit_axis, keepdims=True)))
        return np.asarray(up * self.slope(kind, z, a))

    def weighted(self, W: Array, x: Array, turned: bool = False) -> Array:
        e = self.exercise
        W = W.T if turned else W
        return (W if e.out_in else W.T) @ x if e.columns else x @ (W.T if e.out_in else W)

    def back(self, W: Array, delta: Array, turned: bool = False) -> Array:
        e = self.exercise
        W = W.T if turned else W
        return (W.T if e.out_in else W) @ delta if e.columns else delta @ (W if e.out_in else W.T)

    def outer(self, delta: Array, x: Array) -> Array:
        e = self.exercise
        d, i = (delta, x) if e.columns else (delta.T, x.T)
        return d @ i.T if e.out_in else i @ d.T

    def count(self) -> int:
        """What the loss divides by."""
        e = self.exercise
        return {"squared_error": 1, "mean_squared_error": int(e.givens["y"].size)}.get(e.loss, e.samples)

    def losses(self, a: Array, y: Array, log: Callable[[Array], Array] = np.log) -> Array:
        """The loss entry by entry, before it is added up and divided."""
        if self.exercise.loss == "squared_error":
            return 0.5 * (a - y) ** 2
        if self.exercise.loss == "mean_squared_error":
            return np.asarray((a - y) ** 2)
        with np.errstate(invalid="ignore", divide="ignore"):  # a mistake can make a negative output
            return self._cross_entropies(a, y, log)

    def _cross_entropies(self, a: Array, y: Array, log: Callable[[Array], Array]) -> Array:
        first = np.where(y == 0, 0.0, -y * log(np.where(y == 0, 1.0, a)))
        if self.exercise.loss == "cross_entropy":
            return first
        return np.asarray(first + np.where(y == 1, 0.0, -(1 - y) * log(np.where(y == 1, 1.0, 1 - a))))

    def by_output(self, a: Array, y: Array) -> Array:
        """The derivative of the loss by the output."""
        e = self.exercise
        if e.loss in ("squared_error", "mean_squared_error"):
            return (a - y) * (1.0 if e.loss == "squared_error" else 2.0 / self.count())
        result = np.where(y == 0, 0.0, -y / a)
        if e.loss == "binary_cross_entropy":
            result = result + np.where(y == 1, 0.0, (1 - y) / (1 - a))
        return result / self.count()

    def inputs(self, step: Step) -> list[str]:
        """What the step is computed from."""
        k, s, e = step.layer, "_new" if step.late else "", self.exercise
        before = "x" if k == 1 else f"a{k - 1}{s}"
        bias = e.biased[k - 1] if k else False
        if step.kind == "delta":
            return [f"a{k}", f"z{k}", "y"] if k == e.depth else [f"W{k + 1}", f"delta{k + 1}", f"z{k}", f"a{k}"]
        return {
            "z": [f"W{k}{s}", before, *([f"b{k}{s}"] if bias else [])],
            "a": [f"z{k}{s}"],
            "L": [f"a{e.depth}{s}", "y"],
            "dW": [f"delta{k}", before],
            "db": [f"delta{k}"],
            "W": [f"W{k}", f"dW{k}"],
            "b": [f"b{k}", f"db{k}"],
        }[step.kind]

    def up(self, step: Step, v: Mapping[str, Array]) -> Array:
        """What f' is multiplied with."""
        k = step.layer
        if k == self.exercise.depth:
            return self.by_output(v[f"a{k}"], v["y"])
        return self.back(v[f"W{k + 1}"], v[f"delta{k + 1}"])

    def right(self, step: Step, v: Mapping[str, Array]) -> Array:
        """The step as it should be done, on these values."""
        k, s, e = step.layer, "_new" if step.late else "", self.exercise
        before = "x" if k == 1 else f"a{k - 1}{s}"
        match step.kind:
            case "z":
                net = self.weighted(v[f"W{k}{s}"], v[before])
                return net + v[f"b{k}{s}"] if e.biased[k - 1] else net
            case "a":
                return self.activate(e.activations[k - 1], v[f"z{k}{s}"])
            case "L":
                return np.asarray(self.losses(v[f"a{e.depth}{s}"], v["y"]).sum() / self.count()).reshape(1, 1)
            case "delta":
                a, z, last = v[f"a{k}"], v[f"z{k}"], e.activations[k - 1]
                if k == e.depth and (e.loss, last) in MATCHED:
                    return (a - v["y"]) / self.count()
                return self.through(last, self.up(step, v), z, a)
            case "dW":
                return self.outer(v[f"delta{k}"], v[before])
            case "db":
                return np.asarray(v[f"delta{k}"].sum(axis=e.sample_axis, keepdims=True))
            case _:
                return np.asarray(v[f"{step.kind}{k}"] - v["eta"] * v[f"d{step.kind}{k}"])


MATCHED = (("cross_entropy", "softmax"), ("binary_cross_entropy", "sigmoid"))


# --- and its mistakes ----------------------------------------------------------------------------------------------

Wrongs = Callable[[Program, Step, Mapping[str, Array]], list[Array]]


def _factor(factor: float) -> Wrongs:
    def wrong(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
        able = s.kind in ("L", "dW", "db") or (s.kind == "delta" and s.layer == p.exercise.depth)
        return [factor * p.right(s, v)] if able else []

    return wrong


def _mean_for_sum(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    e = p.exercise
    counts = [e.samples]
    if s.kind == "L" or (s.kind == "delta" and s.layer == e.depth):
        counts += [e.givens["y"].shape[e.unit_axis]] if e.loss == "squared_error" else []
    elif s.kind not in ("dW", "db"):
        return []
    return [p.right(s, v) / count for count in counts if count > 1]


def _sum_for_mean(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    e = p.exercise
    if not (s.kind == "L" or (s.kind == "delta" and s.layer == e.depth)):
        return []
    counts = {p.count()} | ({e.samples, p.count() // e.samples} if e.loss == "mean_squared_error" else set())
    return [p.right(s, v) * count for count in counts if count > 1]


def _first_sample(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    e = p.exercise
    if e.samples < 2 or s.kind not in ("L", "dW", "db"):
        return []
    mask = (np.arange(e.samples) == 0).astype(float)
    mask = mask[None, :] if e.columns else mask[:, None]
    if s.kind == "L":
        suffix = "_new" if s.late else ""
        total = np.asarray((mask * p.losses(v[f"a{e.depth}{suffix}"], v["y"])).sum()).reshape(1, 1) / p.count()
    else:
        total = p.right(s, {**v, f"delta{s.layer}": mask * v[f"delta{s.layer}"]})
    return [total] if e.loss == "squared_error" else [total, e.samples * total]


def _log(base: float) -> Wrongs:
    def wrong(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
        if s.kind != "L" or "entropy" not in p.exercise.loss:
            return []
        return [p.right(s, v) / np.log(base)]

    return wrong


def _dropped(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    return [p.up(s, v)] if s.kind == "delta" and p.exercise.activations[s.layer - 1] != "identity" else []


def _at_activation(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    kind = p.exercise.activations[s.layer - 1]
    if s.kind != "delta" or kind not in ("sigmoid", "tanh", "softmax"):
        return []
    a = v[f"a{s.layer}"]
    return [p.through(kind, p.up(s, v), a, p.activate(kind, a))]


def _with_net(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    kind = p.exercise.activations[s.layer - 1]
    if s.kind != "delta" or kind not in ("sigmoid", "tanh"):
        return []
    z = v[f"z{s.layer}"]
    return [p.through(kind, p.up(s, v), z, z)]


def _twice(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    kind = p.exercise.activations[s.layer - 1]
    if s.kind != "delta" or kind in ("identity", "relu"):
        return []
    return [p.through(kind, p.right(s, v), v[f"z{s.layer}"], v[f"a{s.layer}"])]


def _wrong_derivative(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    kind = p.exercise.activations[s.layer - 1]
    if s.kind != "delta":
        return []
    z, a, found = v[f"z{s.layer}"], v[f"a{s.layer}"], []
    for other in ("sigmoid", "tanh", "relu"):
        if other == kind or (kind, other) == ("leaky_relu", "relu"):
            continue
        found.append(p.up(s, v) * p.slope(other, z, a))
        if other != "relu":
            found.append(p.up(s, v) * p.slope(other, z, p.activate(other, z)))
    return found


def _leaky(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind not in ("a", "delta") or p.exercise.activations[s.layer - 1] != "leaky_relu":
        return []
    z = v[f"z{s.layer}{'_new' if s.late else ''}"]
    return [np.maximum(z, 0.0)] if s.kind == "a" else [p.up(s, v) * (z > 0)]


def _weights_turned(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    late = "_new" if s.late else ""
    name = {"z": f"W{s.layer}{late}", "delta": f"W{s.layer + 1}"}.get(s.kind, "")
    if name not in p.inputs(s) or v[name].shape[0] != v[name].shape[1]:
        return []
    return [p.right(s, {**v, name: v[name].T})]


def _outer_turned(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    return [p.right(s, v).T] if s.kind == "dW" else []


def _not_summed(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    return [v[f"delta{s.layer}"]] if s.kind == "db" and p.exercise.samples > 1 else []


def _error_sign(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    return [-p.right(s, v)] if s.kind == "delta" and s.layer == p.exercise.depth else []


def _update(rate: Callable[[Array], Array]) -> Wrongs:
    def wrong(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
        return [p.right(s, {**v, "eta": rate(v["eta"])})] if s.kind in ("W", "b") else []

    return wrong


def _bias_forgotten(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind != "z" or not p.exercise.biased[s.layer - 1]:
        return []
    bias = f"b{s.layer}{'_new' if s.late else ''}"
    return [p.right(s, {**v, bias: np.zeros_like(v[bias])})]


def _updated_weights(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind != "delta" or s.layer == p.exercise.depth:
        return []
    name = f"W{s.layer + 1}"
    return [p.right(s, {**v, name: v[name] - v["eta"] * v[f"d{name}"]})]


def _wrong_layer(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind not in ("z", "dW", "delta"):
        return []
    late, depth, found = "_new" if s.late else "", p.exercise.depth, []
    for name in p.inputs(s):
        bare = name.removesuffix("_new")
        if bare == "x" or (bare[0] == "a" and s.kind != "delta"):
            others = ["x", *(f"a{k}{late}" for k in range(1, depth + 1))]
        elif bare.startswith("delta"):
            others = [f"delta{k}" for k in range(1, depth + 1)]
        elif bare[0] in "Wb":
            others = [f"{bare[0]}{k}{late}" for k in range(1, depth + 1)]
        else:
            continue
        fitting = [other for other in others if other != name and other in v and v[other].shape == v[name].shape]
        found += [p.right(s, {**v, name: v[other]}) for other in fitting]
    return found


def _softmax(change: Callable[[Program, Array], list[Array]]) -> Wrongs:
    def wrong(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
        if s.kind != "a" or p.exercise.activations[s.layer - 1] != "softmax":
            return []
        return change(p, v[f"z{s.layer}{'_new' if s.late else ''}"])

    return wrong


def _wrong_axis(p: Program, z: Array) -> list[Array]:
    return [softmax(z, p.exercise.sample_axis), softmax(z, None)] if p.exercise.samples > 1 else []


def _extra(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind != "delta" or p.exercise.activations[s.layer - 1] != "softmax":
        return []
    a = v[f"a{s.layer}"]
    return [p.right(s, v) * a * (1 - a)]


def _not_activated(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind != "a" or p.exercise.activations[s.layer - 1] == "identity":
        return []
    return [v[f"z{s.layer}{'_new' if s.late else ''}"]]


def _old_weights(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind != "z" or not s.late:
        return []
    old = {name: v[name.removesuffix("_new")] for name in p.inputs(s) if name[0] in "Wb"}
    return [p.right(s, {**v, **old})]


def _loss_sign(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    return [-p.right(s, v)] if s.kind == "L" and "entropy" in p.exercise.loss else []


def _swapped(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    value, found = p.right(s, v), []
    if s.kind == "L" or value.size < 2:
        return []
    for first in range(value.size):
        second = (first + 1) % value.size
        result = value.copy()
        result.flat[first], result.flat[second] = value.flat[second], value.flat[first]
        found.append(result)
    if value.shape[0] > 1:
        found.append(np.concatenate([value[1::-1], value[2:]]))
    if value.shape[1] > 1:
        found.append(np.concatenate([value[:, 1::-1], value[:, 2:]], axis=1))
    return found


def _early(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    names = [name for name in p.inputs(s) if name not in p.exercise.givens]
    if not names:
        return []
    return [p.right(s, {**v, **{name: np.round(v[name], places) for name in names}}) for places in (1, 2)]


MISTAKES: dict[str, Wrongs] = {
    "derivative-dropped": _dropped,
    "derivative-at-activation": _at_activation,
    "derivative-with-net-input": _with_net,
    "derivative-twice": _twice,
    "wrong-derivative": _wrong_derivative,
    "leaky-slope-forgotten": _leaky,
    "weights-transposed": _weights_turned,
    "outer-product-transposed": _outer_turned,
    "error-sign": _error_sign,
    "ascent": _update(lambda eta: -eta),
    "factor-half": _factor(0.5),
    "factor-two": _factor(2.0),
    "mean-for-sum": _mean_for_sum,
    "sum-for-mean": _sum_for_mean,
    "first-sample-only": _first_sample,
    "bias-forgotten": _bias_forgotten,
    "bias-gradient-not-summed": _not_summed,
    "updated-weights-used": _updated_weights,
    "wrong-layer": _wrong_layer,
    "learning-rate-omitted": _update(np.ones_like),
    "learning-rate-squared": _update(np.square),
    "log-base-2": _log(2.0),
    "log-base-10": _log(10.0),
    "softmax-not-normalised": _softmax(lambda p, z: [np.exp(z)]),
    "softmax-wrong-axis": _softmax(_wrong_axis),
    "softmax-twice": _softmax(lambda p, z: [softmax(softmax(z, p.exercise.unit_axis), p.exercise.unit_axis)]),
    "softmax-extra-derivative": _extra,
    "activation-forgotten": _not_activated,
    "old-weights-used": _old_weights,
    "loss-sign": _loss_sign,
    "entries-swapped": _swapped,
    "rounded-early": _early,
}


# --- handing in ----------------------------------------------------------------------------------------------------


@dataclass
class HandIn:
    """What one student wrote, and what is true of it."""

    mistake: str
    decimals: int | None
    carries_rounded: bool
    written: dict[str, Array]
    first: str | None
    """The first step in which the mistake can be seen."""
    hidden: bool = False
    """Whether a mistake was made that nobody could see."""
    alone: bool = False
    """Whether two mistakes were made where one alone would give the digits written."""

    def typed(self) -> dict[str, object]:
        """The numbers as they are typed: with all their decimals, or as arrays with all digits."""
        if self.decimals is None:
            return dict(self.written)
        return {
            name: [[f"{number:.{self.decimals}f}" for number in row] for row in value.tolist()]
            for name, value in self.written.items()
        }


def worked(
    program: Program,
    steps: list[Step],
    mistake: str,
    sites: Mapping[Step, Callable[[Values], Array]],
    decimals: int | None,
    carries_rounded: bool,
    blank: frozenset[Step],
) -> HandIn | None:
    """The student's work; None where it ends in numbers that nobody would write."""
    own: Values = dict(program.exercise.givens)
    right: Values = dict(program.exercise.givens)
    written: Values = {}
    first, made = None, False
    for step in steps:
        try:
            value = program.right(step, own)
        except ValueError:  # shapes that a mistake has spoilt
            break
        right[step.name] = program.right(step, right)
        if step in sites:
            value = sites[step](own)
            made = True
        if value.size == right[step.name].size and 1 in value.shape:
            value = value.reshape(right[step.name].shape)  # a row of numbers is a column of them
        if not np.isfinite(value).all() or np.abs(value).max() > LARGEST:
            return None
        rounded = value if decimals is None else np.round(value, decimals)
        own[step.name] = rounded if carries_rounded else value
        if step in blank:
            continue
        written[step.name] = rounded
        behind = [name for name in program.inputs(step) if name not in written and name not in program.exercise.givens]
        doubtful = step in sites or (made and behind)
        if doubtful and first is None and visible(program, steps, step, written, right[step.name], decimals):
            first = step.name
    return HandIn(mistake, decimals, carries_rounded, written, first, made and first is None)


def redone(
    program: Program, steps: list[Step], step: Step, known: Values, off: Mapping[str, Array] | None = None
) -> Values:
    """The step as it should be on what was written, what was not written worked out in between, and so far `off`."""
    values, off = dict(known), off or {}
    for earlier in steps:
        if earlier == step:
            break
        if earlier.name not in values:
            values[earlier.name] = program.right(earlier, values) + off.get(earlier.name, 0.0)
    values[step.name] = program.right(step, values)
    return values


def leading_to(program: Program, steps: list[Step], step: Step, written: Values) -> list[str]:
    """The nearest steps written that the step is made of, and what lies between."""
    by_name = {other.name: other for other in steps}
    found: dict[str, None] = {}
    for name in program.inputs(step):
        if name in by_name:
            found[name] = None
            if name not in written:
                found |= dict.fromkeys(leading_to(program, steps, by_name[name], written))
    return list(found)


def visible(
    program: Program, steps: list[Step], step: Step, written: Values, right: Array, decimals: int | None
) -> bool:
    """Whether what was written for the step is not what the right steps give on anything written before.

    What was not written in between may have been rounded like the rest.
    """
    result = written[step.name]
    if result.shape != right.shape:
        return True
    before = {name: value for name, value in written.items() if name != step.name}
    known: Values = {**program.exercise.givens, **before}
    try:
        values = redone(program, steps, step, known)
    except ValueError:  # shapes that a mistake has spoilt
        return True
    value = values[step.name]
    half = half_unit(result) if decimals is None else np.full(result.shape, 0.5 * 10.0**-decimals)
    slack = half + FULL_DIGITS * np.maximum(np.abs(result), 1e-6)
    seen = (np.abs(result - value) > slack) & (np.abs(result - right) > slack)
    if decimals is None or not seen.any():
        return bool(seen.any())
    unit = 0.5 * 10.0**-decimals
    units = [
        (name, place) for name in leading_to(program, steps, step, before) for place in np.ndindex(values[name].shape)
    ]

    def moved(places: list[tuple[str, tuple[int, ...]]], by: list[float]) -> Array:
        off = {name: np.zeros_like(values[name]) for name in {name for name, _ in places}}
        for (name, place), change in zip(places, by, strict=True):
            off[name][place] += change
        changed = {name: known[name] + off[name] for name in off if name in known}
        return redone(program, steps, step, {**known, **changed}, off)[step.name]

    with np.errstate(all="ignore"):
        rises = np.array([moved([one], [unit]) - value for one in units])
        for entry in np.argwhere(seen):
            place = tuple(entry)
            side = np.sign(result[place] - value[place])
            at_corner = moved(units, [unit * side * float(np.sign(rise[place])) for rise in rises])
            if not side * (at_corner[place] - result[place]) >= -slack[place]:  # or there is no such number
                return True
    return False


def half_unit(value: Array) -> Array:
    """A program that writes all digits rounds nothing: its 0.79 is 0.79."""
    return np.zeros(value.shape)


def random_hand_in(random: np.random.Generator, exercise: Exercise, steps: list[Step], blanks: float) -> HandIn:
    """Somebody's work; every fifth makes no mistake."""
    program = Program(exercise)
    for _ in range(100):
        decimals = DECIMALS[int(random.integers(len(DECIMALS)))]
        carries = bool(random.integers(2)) and decimals is not None
        mistake = RIGHT if random.random() < 0.2 else str(random.choice(list(MISTAKES)))
        sites: dict[Step, Callable[[Values], Array]] = {}
        if mistake != RIGHT:
            known: Values = dict(exercise.givens)
            able = []
            with np.errstate(all="ignore"):
                for step in steps:
                    value = program.right(step, known)
                    variants = MISTAKES[mistake](program, step, known)
                    fitting = [
                        k for k, wrong in enumerate(variants) if mistake in RESHAPING or wrong.shape == value.shape
                    ]
                    known[step.name] = value
                    able += [(step, int(random.choice(fitting)))] if fitting else []
            if not able:
                continue
            everywhere = bool(random.integers(2)) and mistake not in ("wrong-layer", "entries-swapped")
            chosen = able if everywhere else [able[int(random.integers(len(able)))]]
            if everywhere:  # the same variant each time
                chosen = [(step, variant) for step, variant in able if step.kind == able[0][0].kind]
            sites = {step: partial(one_mistake, program, mistake, step, variant) for step, variant in chosen}
        with np.errstate(all="ignore"):
            blank = frozenset(step for step in steps if random.random() < blanks)
            done = worked(program, steps, mistake, sites, decimals, carries, blank)
        if done is not None:
            return done
    raise RuntimeError("no student could work this exercise")


RESHAPING = ("bias-gradient-not-summed", "outer-product-transposed")


def one_mistake(program: Program, mistake: str, step: Step, variant: int, own: Values) -> Array:
    return PAIRED[mistake](program, step, own)[variant]


# --- two mistakes in one step --------------------------------------------------------------------------------------


def _any_sign(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    return [-p.right(s, v)] if s.kind == "delta" else []


PAIRED = {**MISTAKES, "error-sign": _any_sign}


class Mistaken(Program):
    """Somebody who makes a mistake in one step, and thinks that it is done so."""

    def __init__(self, exercise: Exercise, step: Step, mistake: str, variant: int) -> None:
        super().__init__(exercise)
        self.step, self.mistake, self.variant = step, mistake, variant

    def right(self, step: Step, v: Mapping[str, Array]) -> Array:
        if step != self.step:
            return super().right(step, v)
        return PAIRED[self.mistake](Program(self.exercise), step, v)[self.variant]


def alike(one: Array, other: Array, slack: Array | float = 0.0) -> bool:
    if one.shape != other.shape:
        return False
    return bool((np.abs(one - other) <= slack + FULL_DIGITS * np.maximum(np.abs(other), 1e-6)).all())


def doubly(program: Program, step: Step, pair: tuple[str, str], own: Values) -> list[tuple[Program, str, int]]:
    """How both can be made: a program with the one, the other and its variant; none where one of them is undone."""
    e = program.exercise
    found: list[tuple[Program, str, int]] = []
    single = [program.right(step, own), *(value for wrong in PAIRED.values() for value in wrong(program, step, own))]
    for first, second in permutations(pair):
        for variant in range(len(PAIRED[first](program, step, own))):
            mistaken = Mistaken(e, step, first, variant)
            try:
                values = PAIRED[second](mistaken, step, own)
            except (IndexError, ValueError):  # the first mistake has spoilt the shapes
                continue
            for other, value in enumerate(values):
                fits = value.shape == single[0].shape or set(pair) & set(RESHAPING)
                if fits and np.isfinite(value).all() and not any(alike(value, one) for one in single):
                    found.append((mistaken, second, other))
    return found


def random_pair(random: np.random.Generator, exercise: Exercise, steps: list[Step], blanks: float) -> HandIn | None:
    """Somebody's work with two mistakes in one step; None where none was found that can be made."""
    program = Program(exercise)
    right: Values = dict(exercise.givens)
    with np.errstate(all="ignore"):
        for step in steps:
            right[step.name] = program.right(step, right)
        able = {step: [name for name in PAIRED if PAIRED[name](program, step, right)] for step in steps}
        places = [step for step in steps if len(able[step]) > 1]
        for _ in range(200 if places else 0):
            step = places[int(random.integers(len(places)))]
            first, second = (able[step][int(k)] for k in random.choice(len(able[step]), 2, replace=False))
            ways = doubly(program, step, (first, second), right)
            if not ways:
                continue
            mistaken, last, variant = ways[int(random.integers(len(ways)))]
            decimals = DECIMALS[int(random.integers(len(DECIMALS)))]
            carries = bool(random.integers(2)) and decimals is not None
            blank = frozenset(other for other in steps if other != step and random.random() < blanks)
            sites = {step: partial(one_mistake, mistaken, last, step, variant)}
            try:
                done = worked(program, steps, f"{first} + {second}", sites, decimals, carries, blank)
            except IndexError:  # on the student's own numbers the mistake cannot be made
                continue
            if done is not None:
                return replace(done, alone=by_one_alone(program, step, done))
    return None


def by_one_alone(program: Program, step: Step, done: HandIn) -> bool:
    """Whether one mistake gives the digits that were written, on the numbers written before."""
    known = {**program.exercise.givens, **done.written}
    if any(name not in known for name in program.inputs(step)):
        return False
    result = done.written[step.name]
    slack = half_unit(result) if done.decimals is None else np.full(result.shape, 0.5 * 10.0**-done.decimals)
    return any(alike(value, result, slack) for wrong in PAIRED.values() for value in wrong(program, step, known))


def explanation_of(work: HandIn, solution: Solution, name: str, columns: bool) -> Explanation:
    """What is said of one step, all of it."""
    answers = {}
    for known, typed in work.typed().items():
        shape = solution.derivation.shapes()[known]
        size = (shape[0], shape[1]) if shape else (1, 1)
        answers[known] = Answers.stacked([read_answer(typed, shape)], size)
    context = context_of(solution.derivation, -1 if columns else -2)
    return mark(solution.derivation, solution.arrays, answers, [name], context)[name].explanations[0]


# --- marking -------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What came out."""

    wrong: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    listed: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)
    unlisted: Counter[tuple[str, str]] = field(default_factory=Counter)
    other_step: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_decimals: Counter[tuple[str, str]] = field(default_factory=Counter)
    right: int = 0
    hidden: int = 0
    alarms: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    candidates: int = 0

    def add(self, other: Tally) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def place(seed: int, each: int, blanks: float, pairs: bool, number: int) -> Tally:
    """The students of one exercise, marked."""
    random = np.random.default_rng((seed, number))
    tally = Tally()
    solution: Solution | None = None
    while solution is None:
        exercise = random_exercise(random)
        program, steps = Program(exercise), steps_of(exercise)
        with np.errstate(all="ignore"):
            own: Values = dict(exercise.givens)
            for step in steps:
                own[step.name] = program.right(step, own)
        usable = all(np.isfinite(value).all() and np.abs(value).max() < LARGEST for value in own.values())
        kinked = [k for k, activation in enumerate(exercise.activations, 1) if "relu" in activation]
        if usable and all(np.abs(own[f"z{k}{late}"]).min() > KINK for k in kinked for late in ("", "_new")):
            solution = exercise.solved()
    if [step.name for step in steps] != list(solution.derivation):
        raise AssertionError(f"exercise {number}: {list(solution.derivation)}")
    for name in solution.derivation:
        if not np.allclose(solution.arrays[name], own[name], rtol=1e-9, atol=1e-12):
            raise AssertionError(f"exercise {number}: {name} is {own[name]}, but {solution.arrays[name]}")
    for student in range(each):
        if pairs:
            work = random_pair(random, exercise, steps, blanks)
            if work is not None:
                tallied_pair(tally, work, solution, exercise.columns, f"{number}/{student}")
            continue
        tallied(tally, random_hand_in(random, exercise, steps, blanks), solution, f"{number}/{student}")
    return tally


def tallied(tally: Tally, work: HandIn, solution: Solution, label: str) -> None:
    """One student's marks against what is true."""
    report = solution.check(work.typed())
    digits = "all" if work.decimals is None else str(work.decimals)
    where = f"{label} {work.mistake} digits={digits} carries={'rounded' if work.carries_rounded else 'all'}"
    found = report.first_wrong
    if work.first is None:
        tally.right += 1
        tally.hidden += work.hidden
        if found is not None:
            tally.alarms[work.mistake] += 1
            tally.examples.append(f"ALARM {where} {found}: {report[found].mistakes} {solution.derivation[found]}")
        return
    tally.wrong[work.mistake] += 1
    tally.by_decimals[digits, "wrong"] += 1
    if found != work.first:
        verdict = report[work.first].verdict if work.first in report else "absent"
        tally.other_step[work.mistake, verdict] += 1
        tally.examples.append(f"STEP {where} {work.first} is {verdict}; found {found}")
        tally.confused[work.mistake, "(another step)"] += 1
        return
    tally.found[work.mistake] += 1
    tally.by_decimals[digits, "found"] += 1
    said = report[found].mistakes
    tally.candidates += len(said)
    if work.mistake in said:
        tally.listed[work.mistake] += 1
        tally.by_decimals[digits, "listed"] += 1
    else:
        tally.unlisted[work.mistake, said[0] if said else "(nothing)"] += 1
        tally.examples.append(f"NAME {where} {found}: {said} {solution.derivation[found].expression}")
    if said and said[0] == work.mistake:
        tally.named[work.mistake] += 1
        tally.by_decimals[digits, "first"] += 1
    else:
        tally.confused[work.mistake, said[0] if said else "(nothing)"] += 1


def tallied_pair(tally: Tally, work: HandIn, solution: Solution, columns: bool, label: str) -> None:
    """The marks of one student who made two mistakes in one step."""
    digits = "all" if work.decimals is None else str(work.decimals)
    if work.first is None:
        tally.hidden += 1
        return
    report = solution.check(work.typed())
    found, made = report.first_wrong, set(work.mistake.split(" + "))

    def count(what: str) -> None:
        tally.by_decimals[digits, what] += 1

    count("wrong")
    where = f"{label} {work.mistake} digits={digits} carries={'rounded' if work.carries_rounded else 'all'}"
    if found != work.first:
        tally.examples.append(f"STEP {where} {work.first} is {report[work.first].verdict}; found {found}")
        return
    count("found")
    if work.alone:
        count("alone")
        return
    said = explanation_of(work, solution, found, columns)
    listed = any(set(pair) == made for pair in said.pairs)
    if listed:
        count("listed")
        count("first" if set(said.ids) == made else "later")
        return
    kind = "another pair" if said.together else "one mistake" if said.ids else "nothing"
    count(kind)
    tally.confused[work.mistake, kind] += 1
    tally.examples.append(f"NAME {where} {found}: {said.pairs or said.ids} {solution.derivation[found].expression}")


# --- saying it -----------------------------------------------------------------------------------------------------


def part(count: int, of: int) -> str:
    return f"{count} of {of} = {100 * count / of:.2f} %" if of else "none"


def show(tally: Tally, rows: int, examples: int) -> None:
    """The figures, their targets beside them."""
    wrong, found = tally.wrong.total(), tally.found.total()
    print(f"first wrong step found   {part(found, wrong):>28}   target 99 %")
    print(f"mistake listed           {part(tally.listed.total(), wrong):>28}   target 95 %")
    print(f"mistake listed first     {part(tally.named.total(), wrong):>28}")
    print(f"mistakes listed on average {tally.candidates / max(1, found):.2f}")
    print(f"false alarms             {part(tally.alarms.total(), tally.right):>28}   target below 0.1 %")
    print(f"  (of the right solutions {tally.hidden} have a mistake that nobody could see)")
    print("\ndecimals      wrong   found  listed   first")
    for digits in ("2", "3", "4", "6", "all"):
        cells = [tally.by_decimals[digits, key] for key in ("wrong", "found", "listed", "first")]
        print(f"{digits:<11}" + "".join(f"{cell:>8}" for cell in cells))
    print("\nmistake                      wrong   found  listed   first")
    for name in MISTAKES:
        cells = [counter[name] for counter in (tally.wrong, tally.found, tally.listed, tally.named)]
        print(f"{name:<26}" + "".join(f"{cell:>8}" for cell in cells))
    print("\nmade                       named first instead              times   of them not listed")
    for (made, said), count in tally.confused.most_common(rows):
        print(f"{made:<26} {said:<30} {count:>7}   {tally.unlisted[made, said] or '':>7}")
    for line in tally.examples[:examples]:
        print(line)


def show_pairs(tally: Tally, rows: int, examples: int) -> None:
    """The figures of two mistakes at once. One mistake alone gives the digits of some: those nobody can name."""
    print("decimals       wrong  first wrong step found  one would do   both named          the first said")
    for label, kinds in [*((one, (one,)) for one in ("2", "3", "4", "6", "all")), ("6, all", ("6", "all"))]:
        wrong, found, alone, listed, first = (
            sum(tally.by_decimals[digits, what] for digits in kinds)
            for what in ("wrong", "found", "alone", "listed", "first")
        )
        able = wrong - alone
        rates = [f"{part(count, of):>24}" for count, of in ((found, wrong), (listed, able), (first, able))]
        print(f"{label:<12}{wrong:>8}{rates[0]}{alone:>10}{rates[1]}{rates[2]}")
    for digits in ("2", "3", "4", "6", "all"):
        others = {what: tally.by_decimals[digits, what] for what in ("another pair", "one mistake", "nothing")}
        print(f"{digits} decimals, not both named: " + ", ".join(f"{what} {count}" for what, count in others.items()))
    print(f"could not be seen by anybody: {tally.hidden}")
    for (made, said), count in tally.confused.most_common(rows):
        print(f"{made:<56} {said:<16} {count:>5}")
    for line in tally.examples[:examples]:
        print(line)


def all_placed(seed: int, students: int, each: int, blanks: float, pairs: bool, jobs: int) -> Iterator[Tally]:
    numbers = range(-(-students // each))
    if jobs == 1:
        yield from map(partial(place, seed, each, blanks, pairs), numbers)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(partial(place, seed, each, blanks, pairs), numbers, chunksize=2)


def main() -> None:
    """Mark a class and say how well."""
    parser = argparse.ArgumentParser(description="how well is a simulated class marked?")
    parser.add_argument("--students", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=10, help="students of one exercise (default 10)")
    parser.add_argument("--blanks", type=float, default=0.0, help="the part of the steps left blank (default 0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rows", type=int, default=25, help="rows of the confusion table")
    parser.add_argument("--examples", type=int, default=0, help="how many that were marked otherwise to print")
    parser.add_argument("--pairs", action="store_true", help="two mistakes in one step, by everybody")
    options = parser.parse_args()
    start, tally = perf_counter(), Tally()
    done = 0
    settings = (options.seed, options.students, options.each, options.blanks, options.pairs, options.jobs)
    for one in all_placed(*settings):
        tally.add(one)
        done += options.each
        if sys.stderr.isatty():
            print(f"\r{done} students", end="", file=sys.stderr, flush=True)
    seconds = perf_counter() - start
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    print(
        f"{done} students, seed {options.seed}, {options.each} an exercise, blank {options.blanks:.0%}, {seconds:.0f} s"
    )
    (show_pairs if options.pairs else show)(tally, options.rows, options.examples)


if __name__ == "__main__":
    main()
