"""The simulated class: its exercises, and the plain NumPy program that works them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from chalkwork import Dense, NeuralNetwork
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
