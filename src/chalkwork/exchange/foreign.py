"""What other libraries call our layers and arrays, for PyTorch and Keras.

A layer is added by its entry in `ARRAYS`; what they call an activation stands in its entry of the operations table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chalkwork.algebra.operations import Module
from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.exchange.architecture import kind_of
from chalkwork.networks.activations import Activation
from chalkwork.networks.data import Array, unmasked
from chalkwork.networks.layers import BatchNorm
from chalkwork.networks.network import NeuralNetwork

ARRAYS: dict[str, tuple[tuple[str, str], ...]] = {
    "dense": (("W{}", "weight"), ("b{}", "bias")),
    "batch_norm": (
        ("gamma{}", "weight"), ("beta{}", "bias"), ("mu{}_run", "running_mean"), ("var{}_run", "running_var"),
    ),
    "dropout": (),
}  # fmt: skip
"""Our name and PyTorch's of every array of a layer, in the order in which Keras lists them."""


def in_pytorch(activation: Activation) -> Module | None:
    """The activation as a module of PyTorch; None where none is needed."""
    return _theirs(activation, activation.unit.pytorch, "PyTorch")


def in_keras(activation: Activation) -> Module | None:
    """The activation as a layer of Keras; None where none is needed."""
    return _theirs(activation, activation.unit.keras, "Keras")


def _theirs(activation: Activation, found: Module | None, library: str) -> Module | None:
    if found is None and activation.name != "identity":
        raise ChalkworkError(f"{library} has no layer for the {activation.words}", hint="an ONNX file can hold it")
    return found


def check_training(net: NeuralNetwork, library: str, running_variance: str) -> None:
    """Raise ChalkworkError where training there is not what it is here: other variances, other slopes at a kink."""
    for number, layer in enumerate(net.layers, 1):
        if isinstance(layer, BatchNorm):
            kind = layer.kind
            if (kind.variance, kind.running_variance) != ("biased", running_variance):
                raise _differs(
                    number, library, f"the batch's variance is biased and the running one {running_variance} there, "
                    f"not {kind.variance} and {kind.running_variance}",
                )  # fmt: skip
        usual = Activation(layer.activation.name, tuple(p for p in layer.activation.parameters if p[0] != "at_zero"))
        if layer.activation.at_zero != usual.at_zero:
            raise _differs(
                number, library, f"the derivative of {layer.activation.words} at 0 is {usual.at_zero:g} there"
            )


def _differs(number: int, library: str, how: str) -> ChalkworkError:
    return ChalkworkError(
        f"layer {number} is trained otherwise in {library}: {how}", hint="inference=True if it is not to be trained"
    )


# --- arrays ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slot:
    """One array of a network: the layer it belongs to (counted from 1), our name and PyTorch's."""

    layer: int
    name: str
    theirs: str


def slots_of(net: NeuralNetwork) -> list[Slot]:
    """Every array of the network, in the order of the layers."""
    present = net.parameters.keys() | net.state.keys()
    found = []
    for number, layer in enumerate(net.layers, 1):
        for pattern, theirs in ARRAYS[kind_of(layer, ARRAYS)]:
            if (name := pattern.format(number)) in present:
                found.append(Slot(number, name, theirs))
    return found


def arrays_of(net: NeuralNetwork, weights: str) -> list[Array]:
    """Copies of the arrays in the order of `slots_of`, matrices `out_in` or `in_out`."""
    held = {**net.parameters, **net.state}
    return [_turned(np.asarray(held[slot.name], np.float64), net, weights).copy() for slot in slots_of(net)]


def _turned(array: Array, net: NeuralNetwork, weights: str) -> Array:
    return array.T if array.ndim == 2 and net.convention.weights != weights else array


def put(net: NeuralNetwork, arrays: Sequence[Array], labels: Sequence[str], weights: str) -> None:
    """Take over arrays in the order of `slots_of`, all of them or none; `labels` name them in messages.

    Raises ShapeError for one that does not fit, ValueProblem for one that is not finite.
    """
    found = {}
    for slot, label, given, now in zip(slots_of(net), labels, arrays, arrays_of(net, weights), strict=True):
        array = np.asarray(unmasked(given, label))
        if array.dtype.kind not in "iuf":
            raise ValueProblem(f"{label} holds no numbers, but {array.dtype}")
        if array.shape != now.shape:
            raise ShapeError(f"{label} is {_shape(array)}, but {slot.name} of layer {slot.layer} takes {_shape(now)}")
        if not np.isfinite(array).all():
            raise ValueProblem(f"{label} holds a number that is not finite")
        if slot.theirs == "running_var" and (array < 0).any():
            raise ValueProblem(f"{label} holds a negative number, which no variance is")
        found[slot.name] = np.array(_turned(array, net, weights), np.float64, order="C")
    for name, array in found.items():
        (net.parameters if name in net.parameters else net.state)[name] = array


def _shape(array: Array) -> str:
    return "x".join(map(str, array.shape)) or "a single number"


def copied(net: NeuralNetwork) -> NeuralNetwork:
    """A network like this one, with arrays of its own."""
    other = NeuralNetwork(
        net.layers, net.loss, samples=net.convention.samples, weights=net.convention.weights, seed=net.seed,
        inputs=net.plan().layers[0].inputs, l1=net.l1, l2=net.l2,
    )  # fmt: skip
    for kept, held in ((other.parameters, net.parameters), (other.state, net.state)):
        kept.update({name: np.array(value, np.float64) for name, value in held.items()})
    other.labels = net.labels
    return other
