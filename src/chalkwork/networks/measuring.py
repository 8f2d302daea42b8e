"""What a network is measured by on data, and its output for data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import fsum
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.derivation.derivation import Equation
from chalkwork.derivation.evaluate import evaluate, evaluate_each
from chalkwork.errors import ValueProblem
from chalkwork.networks.data import Array
from chalkwork.networks.equations import derive, without_overflow
from chalkwork.networks.labels import CLASSIFY, Labels
from chalkwork.networks.losses import penalties
from chalkwork.networks.metrics import Metric, Truth, metrics_of
from chalkwork.networks.parameters import checked
from chalkwork.networks.plan import Plan
from chalkwork.networks.training_data import Samples, classes_of, cut_of, given_samples

if TYPE_CHECKING:
    from chalkwork.networks.network import NeuralNetwork

BLOCK = 4096
"""Samples that are propagated at once: what they take stays in the cache."""
ENTRIES = 2**20
"""Entries of the output that are held at once, where there are so many classes that all would be too many."""


def output(net: NeuralNetwork, x: Any, letter: str = "a") -> Array:
    """The activations of the last layer (`letter` a) or its net inputs (z), in the network's orientation; in inference.

    Raises ShapeError or ValueProblem for what is no input of the network.

    >>> from chalkwork.networks.layers import Dense
    >>> from chalkwork.networks.network import NeuralNetwork
    >>> output(NeuralNetwork([Dense(weights=[[2.0], [1.0]], bias=False)]), [[1, 1], [0, 1]]).tolist()
    [[3.0], [1.0]]
    """
    inputs = net.oriented_input(x, batched=True)
    name = f"{letter}{net.plan().depth}"
    return _sound(_propagated(net, inputs, (name,), {})[name], name)


def classes(net: NeuralNetwork, x: Any) -> Array:
    """The class of every sample, counted from 0; what `output` gives is never held for more than a block of samples."""
    inputs, name, axis = net.oriented_input(x, batched=True), f"a{net.plan().depth}", net.convention.unit_axis
    cut = cut_of(net.layers[-1].activation.name, net.labels)
    parts = _blocks(net, inputs, block_of(net))
    return np.concatenate([classes_of(_sound(_block(net, part, (name,), {})[name], name), axis, cut) for part in parts])


def _sound(found: Array, name: str) -> Array:
    if not np.isfinite(found).all():
        raise ValueProblem(
            f"{name} is not finite: the numbers grow too large on the way through the network",
            hint="smaller inputs, or a network that has not diverged",
        )
    return found


def block_of(net: NeuralNetwork) -> int:
    """How many samples are propagated at once where only their classes are kept."""
    return max(1, min(BLOCK, ENTRIES // net.plan().layers[-1].units))


def _blocks(net: NeuralNetwork, inputs: Array, size: int) -> Iterator[Array]:
    samples, axis = net.count(inputs), net.convention.axis_of(inputs)
    turned = np.moveaxis(inputs, axis, 0)
    return (np.moveaxis(turned[at : at + size], 0, axis) for at in range(0, samples, size))


def _propagated(
    net: NeuralNetwork, inputs: Array, names: Sequence[str], values: Mapping[str, Array]
) -> dict[str, Array]:
    """Quantities of the forward pass for all samples, a block of them at a time; `values` replace the network's own."""
    found = [_block(net, part, names, values) for part in _blocks(net, inputs, BLOCK)]
    if len(found) == 1:
        return found[0]
    return {
        name: np.concatenate([each[name] for each in found], net.convention.axis_of(found[0][name])) for name in names
    }


def _block(net: NeuralNetwork, inputs: Array, names: Sequence[str], values: Mapping[str, Array]) -> dict[str, Array]:
    plan = net.plan(net.count(inputs))
    derivation = derive(plan, target=False)
    known = evaluate_each(derivation.needed(list(names)), {"x": inputs, **net.values(derivation, plan), **values})
    return {name: np.asarray(known[name]) for name in names}


class Measure:
    """What a network is measured by on samples, in inference: the loss without penalties, and metrics.

    The loss is `loss`; where the network classifies, `accuracy` says how many classes are right. Metrics are by their
    names. All names begin with `prefix`. With `loss` false the metrics are measured alone.
    """

    def __init__(
        self,
        net: NeuralNetwork,
        data: Samples,
        labels: Labels | None = None,
        metrics: Sequence[Metric] = (),
        prefix: str = "",
        loss: bool = True,
    ) -> None:
        if any(metric.of_outputs for metric in metrics):
            data = data.spelled(net.convention.sample_axis)
        self.net, self.samples, self.prefix, self.metrics = net, data, prefix, metrics
        plan = self._plan(net.count(data.x))
        self.loss = self._loss(plan) if loss else None
        self.constants = {name: np.array([[value]]) for name, value in net.constants.items()}
        activation, output = plan.layers[-1].activation.name, f"a{plan.depth}"
        self.output = output if activation in CLASSIFY or metrics else None
        self.called = None if labels is None else labels.values
        self.classifies, self.cut = activation in CLASSIFY, cut_of(activation, labels)
        read = {name.name for name in names_in(self.loss.expression)} if self.loss else set()
        data_names = {"x", "y", "w"}
        self.names = sorted((read - data_names - self.constants.keys()) | ({output} if self.output else set()))

    def _plan(self, samples: int) -> Plan:
        return replace(self.net.plan(samples, weighted=self.samples.w is not None), penalties=())

    def _loss(self, plan: Plan) -> Equation:
        [last] = derive(plan, target=True).needed(["L"])[-1:]
        return without_overflow(plan, last)

    def __call__(self, values: Mapping[str, Array]) -> dict[str, float]:
        """The measures with these parameters and running statistics."""
        loss, truth = self._in_blocks(values) if self.samples.classes else self._at_once(values)
        found = {} if loss is None else {"loss": loss}
        if truth is not None:
            if loss is not None and truth.classes is not None and truth.predicted is not None:
                found["accuracy"] = float(np.mean(np.equal(truth.classes, truth.predicted)))
            found |= {metric.name: metric(truth) for metric in self.metrics}
        return {self.prefix + name: value for name, value in found.items()}

    def _at_once(self, values: Mapping[str, Array]) -> tuple[float | None, Truth | None]:
        known = _propagated(self.net, self.samples.x, self.names, values)
        loss = None if self.loss is None else self._lost(self.loss, known, self.samples)
        return loss, None if self.output is None else self._truth(known[self.output], self.samples)

    def _lost(self, loss: Equation, known: Mapping[str, Array], samples: Samples) -> float:
        return float(evaluate_each((loss,), {**self.constants, **known, **samples.named})["L"].item())

    def _in_blocks(self, values: Mapping[str, Array]) -> tuple[float | None, Truth]:
        """The same without the outputs of all samples side by side: of these, the classes are kept."""
        samples, axis = self.net.count(self.samples.x), self.net.convention.sample_axis
        size, losses = block_of(self.net), []
        numbers = self.samples.y.reshape(-1).astype(np.int64) - 1
        predicted = np.empty_like(numbers)
        for start in range(0, samples, size):
            part = self.samples.block(start, start + size, axis)
            count = self.net.count(part.x)
            known = _block(self.net, part.x, self.names, values)
            if self.loss is not None:
                plan = self._plan(count)
                share = 1 if plan.loss.reduction == "sum" else count / samples
                losses.append(share * self._lost(self._loss(plan), known, part))
            found = known[f"a{len(self.net.layers)}"]
            predicted[start : start + count] = classes_of(found, self.net.convention.unit_axis, self.cut)
        nothing = np.empty((samples, 0))
        return fsum(losses) if losses else None, Truth(nothing, nothing, numbers, predicted, self.called)

    def _truth(self, output: Array, samples: Samples) -> Truth:
        axis = self.net.convention.unit_axis
        target, found = (np.moveaxis(array, axis, -1).reshape(-1, array.shape[axis]) for array in (samples.y, output))
        if not self.classifies:
            return Truth(target, found)
        classes, predicted = (classes_of(array, axis, self.cut).reshape(-1) for array in (samples.y, output))
        return Truth(target, found, classes, predicted, self.called)


def evaluated(net: NeuralNetwork, x: Any, y: Any, metrics: Any, weights: Any) -> dict[str, float]:
    """The measures of a network on samples, as it is."""
    data, labels = given_samples(net, [x, y, weights], net.labels)
    plan = net.plan()
    values = checked(net.parameters, plan) | checked(net.state, plan, "running statistic")
    return Measure(net, data, labels, metrics_of(metrics, net.layers[-1].activation.name in CLASSIFY))(values)


class Penalty:
    """What large weights add to the loss that is trained, as `penalty`."""

    def __init__(self, net: NeuralNetwork) -> None:
        plan = net.plan()
        self.terms = penalties(plan.weights(""), plan.penalties)
        self.constants = {name: np.array([[value]]) for name, value in net.constants.items()}

    def __call__(self, values: Mapping[str, Array]) -> dict[str, float]:
        """The penalty with these parameters."""
        known = {**self.constants, **values}
        return {"penalty": float(sum(evaluate(term, known).item() for term in self.terms))}
