"""The architecture of a network as JSON data, and back: the settings that every kind of layer declares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import NoneType
from typing import Any, cast

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.exchange.strict import Fields, mapping, of
from chalkwork.networks.activations import Activation
from chalkwork.networks.convention import Convention, Samples, Weights
from chalkwork.networks.data import Array
from chalkwork.networks.initialisers import INITIALISERS, Initialiser
from chalkwork.networks.labels import Labels
from chalkwork.networks.layers import LAYERS
from chalkwork.networks.layers.base import Layer, LayerPlan, Size
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.losses import LOSSES, Loss, OwnLoss, loss_of
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.plan import Plan
from chalkwork.networks.quantities import LEARNED
from chalkwork.networks.samples import features_and_positions

MOST_LAYERS = 1000
"""In a file. Equations of a thousand layers are more than anyone reads."""

Numbers = Mapping[str, Array]
"""The arrays of one layer by letter (`W`, `b`, `gamma`); empty where only the architecture is of interest."""


_TYPES: dict[str, tuple[type, ...]] = {
    "size": (int,), "layers": (int,), "count": (int, NoneType), "number": (float,), "values": (float, list),
    "choice": (str,), "activation": (str,), "initialiser": (str,), "bias": (bool,), "flag": (bool,),
    "sizes": (int, list, str, NoneType),
}  # fmt: skip
"""What JSON has for each kind of setting; numbers to start from are arrays, not settings."""


def _written(layer: Layer, units: int) -> dict[str, Any]:
    """The settings of a layer with that many units, as JSON has them."""
    found: dict[str, Any] = {}
    for setting in _kept(type(layer)):
        value = layer.options[setting.key]
        match setting.takes:
            case "size":
                value = units
            case "values":
                value = list(value) if isinstance(value, tuple) else value
            case "bias":
                value = layer.has_bias
            case "activation":
                value = activation_text(value)
            case "initialiser":
                value = _initialiser_text(value)
            case "sizes" if isinstance(value, tuple):
                value = list(value)
        found[setting.key] = value
    return found


def _made(kind: type[Layer], fields: Fields, inputs: int, numbers: Numbers) -> Layer:
    """The layer with that many inputs, of the settings in a file and the arrays beside it."""
    given = {setting.key: fields.need(setting.key, of(*_TYPES[setting.takes])) for setting in _kept(kind)}
    own = {setting.key for setting in kind.settings}
    for one in kind.kind_type.quantities:
        if one.keyword in own and one.letter in numbers:
            given[one.keyword] = numbers[one.letter] if given.get(one.keyword, True) else False
    return kind(**given, **({"inputs": inputs} if "inputs" in own else {}))


def _kept(kind: type[Layer]) -> list[Setting]:
    """The settings that a file holds: all but arrays and inputs, which follow from the layer before."""
    return [setting for setting in kind.settings if not setting.is_array and setting.key != "inputs"]


def activation_text(activation: Activation) -> str:
    """The activation with every digit of its parameters, as `Activation.of` reads it.

    >>> activation_text(Activation.of("leaky_relu(0.123456789)"))
    'leaky_relu(alpha=0.123456789)'
    """
    inside = ", ".join(f"{key}={value!r}" for key, value in activation.parameters)
    return f"{activation.name}({inside})" if inside else activation.name


def _initialiser_text(initialiser: Initialiser) -> str:
    takes = INITIALISERS[initialiser.name].parameter
    return f"{initialiser.name}({initialiser.parameter!r})" if takes else initialiser.name


def kind_of(layer: Layer) -> str:
    """The name of the layer's kind. Raises ChalkworkError for one that is not in the table of layers."""
    for name, kind in LAYERS.items():
        if type(layer) is kind:
            return name
    raise ChalkworkError(f"there is no way to exchange a layer of the kind {type(layer).__name__} yet")


def architecture_of(net: NeuralNetwork) -> dict[str, Any]:
    """Everything that makes the network but its arrays, as JSON data.

    Raises ChalkworkError while its inputs are not known, and for layers or losses of one's own.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(2, "tanh", inputs=3)])
    >>> architecture_of(net)["layers"]
    [{'kind': 'dense', 'units': 2, 'activation': 'tanh', 'bias': True, 'initializer': 'glorot_normal'}]
    """
    plan = net.plan()
    if plan.depth > MOST_LAYERS:
        raise ChalkworkError(f"the network has {plan.depth} layers; a file holds at most {MOST_LAYERS}")
    layers = []
    for layer, planned in zip(net.layers, plan.layers, strict=True):
        layers.append({"kind": kind_of(layer), **_written(layer, planned.units)})
    labels = {} if net.labels is None else {"labels": _labels_data(net.labels)}
    return labels | {
        "inputs": list(plan.input_shape) if isinstance(plan.input_shape, tuple) else plan.input_shape,
        "layers": layers,
        "loss": _loss_data(net.loss),
        "samples": net.convention.samples,
        "weights": net.convention.weights,
        "l1": net.l1,
        "l2": net.l2,
        "seed": net.seed if net.seed is None else int(net.seed),
    }


def _loss_data(loss: Loss) -> dict[str, Any]:
    name = next((name for name, known in LOSSES.items() if type(known) is type(loss)), None)
    if isinstance(loss, OwnLoss):
        name = loss.text
    if name is None:
        raise ChalkworkError(f"there is no way to exchange the loss {type(loss).__name__} yet")
    numbers = {"factor": loss.factor, **loss.settings}
    written = {key: str(value) if isinstance(value, Fraction) else value for key, value in numbers.items()}
    return {"name": name, **written, "reduction": loss.reduction}


def _labels_data(labels: Labels) -> dict[str, Any]:
    return {"values": labels.values.tolist(), "codes": list(labels.codes)}


def _labels(data: Any, units: int) -> Labels:
    """The labels of a network with so many outputs."""
    fields = mapping(data, "the labels", "labels")
    values, codes = fields.need("values", of(list)), fields.need("codes", of(list))
    fields.done()
    kinds = {type(value) for value in values}
    if len(values) != max(2, units) or len(kinds) != 1 or not kinds <= {str, int, bool}:
        raise ChalkworkError(f"the labels name {max(2, units)} classes, by texts, whole numbers or truth values")
    if int in kinds and not all(abs(value) < 2**63 for value in values):
        raise ChalkworkError("the labels hold a number beyond 64 bits")
    if sorted(set(values)) != values:
        raise ChalkworkError("the labels are not in order, or one stands there twice")
    if len(codes) != 2 or not all(type(code) in (int, float) for code in codes) or not -1 <= codes[0] < codes[1] <= 1:
        raise ChalkworkError("the codes of the labels are two numbers from -1 to 1, the lower one first")
    return Labels(np.array(values), (float(codes[0]), float(codes[1])))


def _loss(data: Any, where: str) -> Loss:
    fields = mapping(data, "a loss", where)
    name, reduction = fields.need("name", of(str)), fields.need("reduction", of(str))
    own = LOSSES[name].settings if name in LOSSES else {}
    numbers = {key: fields.read(key, of(str, int, float, NoneType), None) for key in ("factor", *own)}
    fields.done()
    read = {key: _exact(value, key) for key, value in numbers.items() if key == "factor" or value is not None}
    return loss_of({"name": name, "reduction": reduction, **read})


def _exact(value: str | float | None, key: str) -> Fraction | float | None:
    """A number of a loss; a text is a fraction."""
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{1,50}(/0*[1-9][0-9]{0,49})?", value):
            raise ChalkworkError(f"the {key} of the loss is a number or a fraction such as 1/2, not {value!r:.60}")
        return Fraction(value)
    if type(value) is int and abs(value) >= 10**50:
        raise ChalkworkError(f"the {key} of the loss has more than 50 digits")
    return value


@dataclass(frozen=True, slots=True)
class Architecture:
    """An architecture that was read, and is sound: `plan` says which arrays belong to it, `network` makes it."""

    plan: Plan
    layers: tuple[Mapping[str, Any], ...]
    settings: Mapping[str, Any]
    labels: Labels | None = None

    @classmethod
    def of(cls, data: Any) -> Architecture:
        """The architecture of JSON data; ChalkworkError for what is none, with the key. No array is made."""
        fields = mapping(data, "the architecture")
        layers, inputs = fields.need("layers", of(list)), fields.need("inputs", of(int, list))
        settings = {
            "samples": fields.need("samples", of(str)),
            "weights": fields.need("weights", of(str)),
            "l1": fields.need("l1", of(float)),
            "l2": fields.need("l2", of(float)),
            "seed": fields.need("seed", of(int, NoneType)),
            "loss": fields.need("loss", _loss),
        }
        named = fields.read("labels", of(dict, NoneType), None)
        fields.done()
        if not 1 <= len(layers) <= MOST_LAYERS:
            raise ChalkworkError(f"the architecture has {len(layers)} layers; 1 to {MOST_LAYERS} are read")
        shape = [inputs] if isinstance(inputs, int) else inputs
        if not 1 <= len(shape) <= 3 or not all(type(one) is int and 1 <= one <= 1_000_000 for one in shape):
            raise ChalkworkError(
                f"inputs is a whole number from 1 to 1,000,000, or two or three of them, not {inputs!r:.60}"
            )
        convention = Convention(cast(Samples, settings["samples"]), cast(Weights, settings["weights"]))
        features, positions = (shape[0], ()) if len(shape) == 1 else features_and_positions(shape, convention.samples)
        planned, sizes = [], [Size(0, features, positions)]
        for number, layer in enumerate(layers, 1):
            made = _layer(layer, number, sizes[-1].units, {})
            size = made.size(number, sizes[-1].units, sizes[-1].positions, convention.weights == "in_out")
            made.check_sources(number, sizes)
            planned.append(
                LayerPlan(size.inputs, size.units, made.activation, made.has_bias, made.kind, size.positions)
            )
            sizes.append(size)
        labels = None if named is None else _labels(named, sizes[-1].units)
        loss, batched = cast(Loss, settings["loss"]), bool(positions)
        plan = Plan(tuple(planned), loss, convention, positions=positions, batched=batched)
        return cls(plan, tuple(layers), settings, labels)

    def network(self, arrays: Mapping[str, Array]) -> NeuralNetwork:
        """The network with these arrays, by the names of `plan.parameters()` and `plan.state()`."""
        layers = []
        for at, data in zip(self.plan.spots, self.layers, strict=True):
            tail = str(at.number)
            names = [name.name for name in at.layer.kind.names(at, *LEARNED)]
            numbers = {name.removesuffix(tail): arrays[name] for name in names}
            layers.append(_layer(data, at.number, at.layer.inputs, numbers))
        net = NeuralNetwork(layers, inputs=self.plan.input_shape, **self.settings)
        for name in net.parameters:
            net.parameters[name] = arrays[name]
        for name in net.state:
            net.state[name] = arrays[name]
        net.labels = self.labels
        return net


def _layer(data: Any, number: int, inputs: int, numbers: Numbers) -> Layer:
    fields = mapping(data, "a layer", f"layers[{number}]")
    kind = fields.need("kind", of(str))
    if kind not in LAYERS:
        raise ChalkworkError(f"layer {number} is of the kind {kind!r:.60}", hint=f"the kinds are {', '.join(LAYERS)}")
    try:
        layer = _made(LAYERS[kind], fields, inputs, numbers)
    except ChalkworkError as error:
        if error.message.startswith(fields.where):
            raise
        raise ChalkworkError(f"{fields.where}: {error.message}", hint=error.hint) from None
    fields.done()
    return layer
