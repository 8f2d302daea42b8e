"""What other libraries call our layers and arrays, for PyTorch and Keras.

What a layer is called there stands in its own file, what an activation is called in its entry of the operations table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chalkwork.algebra.operations import Module
from chalkwork.arrays import unmasked
from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.networks.activations import Activation
from chalkwork.networks.data import Array, size_of
from chalkwork.networks.layers.base import Foreign, Layer, LayerPlan
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.quantities import LEARNED, Role


def in_pytorch(activation: Activation) -> Module | None:
    """The activation as a module of PyTorch; None where none is needed."""
    return _theirs(activation, activation.unit.pytorch, "PyTorch")


def in_keras(activation: Activation) -> Module | None:
    """The activation as a layer of Keras; None where none is needed."""
    return _theirs(activation, activation.unit.keras, "Keras")


def _theirs(activation: Activation, found: Module | None, library: str) -> Module | None:
    if found is None and activation.name != "identity":
        raise ChalkworkError(f"{library} has no layer for the {activation.words}", hint="an ONNX file can hold it")
    usual = Activation(activation.name).values
    for name, value in activation.values.items():
        unknown = found is None or name not in found.parameters.values()
        if unknown and name != "at_zero" and value != usual[name]:
            raise ChalkworkError(
                f"the {activation.words} of {library} has no {name}, which is {value:g} here",
                hint="an ONNX file can hold it",
            )
    return found


def check_training(net: NeuralNetwork, library: str) -> None:
    """Raise ChalkworkError where training there is not what it is here: other variances, other slopes at a kink."""
    for number, (layer, plan) in enumerate(zip(net.layers, net.plan().layers, strict=True), 1):
        found = theirs_of(layer, plan, library)
        if found is not None and found.differs:
            raise _differs(number, library, found.differs)
        usual = Activation(layer.activation.name, tuple(p for p in layer.activation.parameters if p[0] != "at_zero"))
        if layer.activation.at_zero != usual.at_zero:
            raise _differs(
                number, library, f"the derivative of {layer.activation.words} at 0 is {usual.at_zero:g} there"
            )


def theirs_of(layer: Layer, plan: LayerPlan, library: str) -> Foreign | None:
    """What a layer is there with as many axes of positions; None where there is nothing like it."""
    found = (layer.in_torch if library == "PyTorch" else layer.in_keras)(plan.inputs, plan.units)
    return None if found is not None and found.axes not in (0, len(plan.positions)) else found


def counterpart(number: int, layer: Layer, found: Foreign | None, library: str) -> Foreign:
    """What a layer is there; ChalkworkError where there is nothing like it."""
    if found is None:
        name = type(layer).__name__
        article = "an" if name[0] in "AEIOU" or name in ("LSTM", "RNN", "RMSNorm") else "a"
        raise ChalkworkError(f"layer {number}, {article} {name}, has no counterpart in {library}")
    return found


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
    turns: bool
    """Whether the convention says how it lies."""


def slots_of(net: NeuralNetwork) -> list[Slot]:
    """Every array of the network, in the order of the layers; ChalkworkError for one that no other library has."""
    found = []
    for at, layer in zip(net.plan().spots, net.layers, strict=True):
        for one in at.layer.kind.present(at.layer):
            if one.torch:
                found.append(Slot(at.number, one.name(at.number), one.torch, one.form.is_matrix))
            elif one.role in (*LEARNED, Role.STATE):
                counterpart(at.number, layer, None, "other libraries")
    return found


def arrays_of(net: NeuralNetwork, weights: str) -> list[Array]:
    """Copies of the arrays in the order of `slots_of`, matrices `out_in` or `in_out`."""
    held = {**net.parameters, **net.state}
    return [_turned(np.asarray(held[slot.name], np.float64), slot, net, weights).copy() for slot in slots_of(net)]


def _turned(array: Array, slot: Slot, net: NeuralNetwork, weights: str) -> Array:
    return array.T if slot.turns and net.convention.weights != weights else array


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
            raise ShapeError(
                f"{label} is {size_of(array.shape)}, but {slot.name} of layer {slot.layer} takes {size_of(now.shape)}"
            )
        if not np.isfinite(array).all():
            raise ValueProblem(f"{label} holds a number that is not finite")
        if slot.theirs == "running_var" and (array < 0).any():
            raise ValueProblem(f"{label} holds a negative number, which no variance is")
        found[slot.name] = np.array(_turned(array, slot, net, weights), np.float64, order="C")
    for name, array in found.items():
        (net.parameters if name in net.parameters else net.state)[name] = array
