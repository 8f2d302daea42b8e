"""What a network is measured by on data, and its output for data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import fsum
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.derivation.derivation import Equation
from chalkwork.derivation.evaluate import evaluate, evaluate_each
from chalkwork.errors import ChalkworkError, ValueProblem
from chalkwork.networks.batches import Source
from chalkwork.networks.data import Array
from chalkwork.networks.equations import derive, without_overflow
from chalkwork.networks.labels import CLASSIFY, Labels
from chalkwork.networks.losses import penalties
from chalkwork.networks.metrics import Metric, Truth, metrics_of
from chalkwork.networks.model import Model
from chalkwork.networks.sparse import Chosen, Sparse
from chalkwork.networks.training_data import Samples, classes_of, cut_of, given_samples

BLOCK = 4096
"""Samples that are propagated at once: what they take stays in the cache."""
ENTRIES = 2**20
"""Entries of the output that are held at once, where there are so many classes that all would be too many."""


def output(net: Model, x: Any, letter: str = "a") -> Array:
    """The activations of the last layer (`letter` a) or its net inputs (z), in the network's orientation; in inference.

    Raises ShapeError or ValueProblem for what is no input of the network.

    >>> from chalkwork import Dense
    >>> from chalkwork.networks.network import NeuralNetwork
    >>> output(NeuralNetwork([Dense(weights=[[2.0], [1.0]], bias=False)]), [[1, 1], [0, 1]]).tolist()
    [[3.0], [1.0]]
    """
    inputs = net.oriented_input(x, batched=True, sparse=True)
    name = f"{letter}{net.plan().depth}"
    found = [_block(net, part, (name,), {})[name] for part in _blocks(net, inputs, block_of(net, inputs, True))]
    return _sound(np.concatenate(found, net.convention.axis_of(found[0])) if len(found) > 1 else found[0], name)


def classes(net: Model, x: Any) -> Array:
    """The class of every sample, counted from 0; what `output` gives is never held for more than a block of samples."""
    inputs, name = net.oriented_input(x, batched=True, sparse=True), f"a{net.plan().depth}"
    axis = net.convention.unit_axis
    cut = cut_of(net.layers[-1].activation.name, net.labels)
    parts = _blocks(net, inputs, block_of(net, inputs))
    return np.concatenate([classes_of(_sound(_block(net, part, (name,), {})[name], name), axis, cut) for part in parts])


def _sound(found: Array, name: str) -> Array:
    if not np.isfinite(found).all():
        raise ValueProblem(
            f"{name} is not finite: the numbers grow too large on the way through the network",
            hint="smaller inputs, or a network that has not diverged",
        )
    return found


def block_of(net: Model, inputs: Any, kept: bool = False) -> int:
    """How many samples are propagated at once: fewer where dense inputs, or outputs that are not `kept`, are wide."""
    wide = (
        inputs.shape[net.convention.unit_axis] if isinstance(inputs, Sparse) and not isinstance(inputs, Chosen) else 1
    )
    return max(1, min(BLOCK, ENTRIES // max(wide, 1 if kept else net.plan().layers[-1].units)))


def _blocks(net: Model, inputs: Array, size: int) -> Iterator[Array]:
    columns = net.convention.axis_of(inputs) == -1
    places = (slice(at, at + size) for at in range(0, net.count(inputs), size))
    return (inputs[:, part] if columns else inputs[part] for part in places)


def _block(net: Model, inputs: Array, names: Sequence[str], values: Mapping[str, Array]) -> dict[str, Array]:
    """Quantities of the forward pass; `values`, where there are some, replace the network's own."""
    plan = net.plan(net.count(inputs))
    derivation = derive(plan, target=False)
    known = evaluate_each(derivation.needed(list(names)), {"x": inputs, **(values or net.values(derivation, plan))})
    return {name: np.asarray(known[name]) for name in names}


class Measure:
    """What a network is measured by on samples, in inference: the loss without penalties, and metrics.

    The loss is `loss`; where the network classifies, `accuracy` says how many classes are right. Metrics are by their
    names. All names begin with `prefix`. With `loss` false the metrics are measured alone.
    """

    def __init__(
        self,
        net: Model,
        data: Samples | Source,
        labels: Labels | None = None,
        metrics: Sequence[Metric] = (),
        prefix: str = "",
        loss: bool = True,
    ) -> None:
        self.net, self.data, self.prefix, self.metrics = net, data, prefix, metrics
        first = data.first if isinstance(data, Source) else data
        self.weighted = first.w is not None
        self.loss, self._losses = loss, dict[int, Equation]()
        self.constants = {name: np.array([[value]]) for name, value in net.constants.items()}
        activation = net.layers[-1].activation.name
        self.output = f"a{len(net.layers)}"
        self.called = None if labels is None else labels.values
        self.classifies, self.cut = activation in CLASSIFY, cut_of(activation, labels)
        self.outputs = bool(metrics) and (not self.classifies or any(metric.of_outputs for metric in metrics))
        read = {name.name for name in names_in(self._loss(net.count(first.x)).expression)} if loss else set()
        data_names = {"x", "y", "w"}
        asked = {self.output} if self.classifies or metrics else set()
        self.names = sorted((read - data_names - self.constants.keys()) | asked)

    def _loss(self, samples: int) -> Equation:
        """The loss of so many samples."""
        if samples not in self._losses:
            plan = replace(self.net.plan(samples, weighted=self.weighted), penalties=())
            [last] = derive(plan, target=True).needed(["L"])[-1:]
            self._losses[samples] = without_overflow(plan, last)
        return self._losses[samples]

    def _parts(self) -> Iterator[Samples]:
        """The samples in blocks, with a target for every output."""
        axis = self.net.convention.sample_axis
        if isinstance(self.data, Source):
            yield from (part.spelled(axis) for part in self.data.passed(0))
            return
        samples, size = self.net.count(self.data.x), block_of(self.net, self.data.x)
        for start in range(0, samples, size):
            yield self.data.block(start, start + size, axis)

    def __call__(self, values: Mapping[str, Array]) -> dict[str, float]:
        """The measures with these parameters and running statistics; outputs are kept where a metric needs them."""
        losses, counts = [], []
        found: list[tuple[Array, ...]] = []
        for part in self._parts():
            count = self.net.count(part.x)
            known = _block(self.net, part.x, self.names, {**self.constants, **values})
            counts.append(count)
            if self.loss:
                lost = evaluate_each((self._loss(count),), {**self.constants, **known, **part.named})["L"].item()
                losses.append(lost * (1 if self.net.loss.reduction == "sum" else count))
            if self.output in known:
                found.append(self._kept(part.y, known[self.output]))
        whole = 1 if self.net.loss.reduction == "sum" else sum(counts)
        measured = {"loss": fsum(losses) / whole if len(losses) > 1 else lost} if self.loss else {}
        if found:
            rows = [np.concatenate(each) for each in zip(*found, strict=True)]
            classes = (rows[2], rows[3], self.called) if self.classifies else ()
            truth = Truth(rows[0], rows[1], *classes)
            if self.loss and self.classifies:
                measured["accuracy"] = float(np.mean(np.equal(*rows[2:])))
            measured |= {metric.name: metric(truth) for metric in self.metrics}
        return {self.prefix + name: value for name, value in measured.items()}

    def _kept(self, target: Array, output: Array) -> tuple[Array, ...]:
        """What is kept of a block: rows of targets and outputs, where they are needed, and the classes of both."""
        axis, both = self.net.convention.unit_axis, (target, output)
        rows = [np.moveaxis(one, axis, -1).reshape(-1, one.shape[axis]) for one in both]
        if not self.outputs:
            rows = [np.empty((0, one.shape[1])) for one in rows]  # a part of the arrays would hold all of them
        classes = [classes_of(one, axis, self.cut).reshape(-1) for one in both] if self.classifies else []
        return (*rows, *classes)


def evaluated(net: Model, x: Any, y: Any, metrics: Any, weights: Any, source: Any) -> dict[str, float]:
    """The measures of a network on samples, as it is; or on a source of batches of them."""
    data: Samples | Source
    if source is None and (x is None or y is None):
        raise ChalkworkError("evaluate takes x and y", hint="data=... gives them batch by batch")
    if source is None:
        data, labels = given_samples(net, [x, y, weights], net.labels)
    elif x is not None or y is not None or weights is not None:
        raise ChalkworkError("data gives x and y, and perhaps weights, batch by batch: nothing else is given")
    else:
        data = Source(net, source, net.labels)
        labels = data.labels
    measure = Measure(net, data, labels, metrics_of(metrics, net.layers[-1].activation.name in CLASSIFY))
    return measure(net.held(net.plan()))


class Penalty:
    """What large weights add to the loss that is trained, as `penalty`."""

    def __init__(self, net: Model) -> None:
        plan = net.plan()
        self.terms = penalties(plan.weights(""), plan.penalties)
        self.constants = {name: np.array([[value]]) for name, value in net.constants.items()}

    def __call__(self, values: Mapping[str, Array]) -> dict[str, float]:
        """The penalty with these parameters."""
        known = {**self.constants, **values}
        return {"penalty": float(sum(evaluate(term, known).item() for term in self.terms))}
