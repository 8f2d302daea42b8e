"""What every kind of layer gives: sizes, parameters, equations, and the words that stand with them."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np

from chalkwork.algebra.expression import Expression, Name
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.networks.activations import Activation
from chalkwork.networks.convention import Convention
from chalkwork.networks.data import Array
from chalkwork.networks.layers.settings import Setting, take
from chalkwork.networks.quantities import LEARNED, Form, Quantity, Role
from chalkwork.words import Said, Slot, Text

if TYPE_CHECKING:
    from chalkwork.networks.plan import Spot

MOST_WEIGHTS = 100_000_000
"""In one matrix: a gigabyte or so with its gradient."""

Generator = Callable[[], "np.random.Generator"]
"""The network's generator; NumPy loads its generators when they are first used."""


class NamedAdjoint(NamedTuple):
    """A derivative of the loss that people name: by what, under which name, and why it is what it is."""

    by: str
    name: str
    reason: Said

    @classmethod
    def of(cls, at: Spot, letter: str, reason: Said) -> NamedAdjoint:
        """The derivative by a quantity of the layer, with a d before its name."""
        return cls(at.name(letter), f"d{at.name(letter)}", reason)


class LayerPlan(NamedTuple):
    """One layer as the equations need it."""

    inputs: int
    units: int
    activation: Activation
    has_bias: bool
    kind: LayerKind
    positions: tuple[int, ...] = ()
    """At how many positions every sample has these units, along each axis; none where a sample is a vector."""


@dataclass(frozen=True)
class LayerKind:
    """The equations of a kind of layer; hashable, with settings and without arrays."""

    quantities: ClassVar[tuple[Quantity, ...]] = ()
    """Everything that the layer has a letter for, in the order in which it is listed."""
    has_modes: ClassVar[bool] = False
    """Whether training and inference differ."""
    positions: ClassVar[Literal["none", "any", "needed"]] = "none"
    """Whether a sample that enters may be a matrix, with units at every position, or must be."""

    in_time: ClassVar[bool] = False
    """Whether the positions are steps, one after the other."""

    spreads: ClassVar[bool] = False
    """Whether its kernels are laid down, from few positions to many."""

    called: ClassVar[Text]
    """The layer in the list of layers, such as "an LSTM with <units>"; `slots` has what goes into it."""
    short: ClassVar[Text]
    """The layer in a drawing."""

    @property
    def zero_is_word(self) -> bool:
        """Whether a 0 that enters is a token like others, so that it is no padding."""
        return False

    @property
    def weighs(self) -> int:
        """In how many heads positions weigh one another, with weights `P`."""
        return 0

    @property
    def drop_rate(self) -> float:
        """The probability with which a mask drops an entry."""
        return 0.0

    def present(self, layer: LayerPlan) -> tuple[Quantity, ...]:
        """The quantities that a layer with this plan has."""
        return self.quantities

    @property
    def axes(self) -> tuple[int, ...]:
        """Along how many axes positions may lie, what people mean first: 1 in a row, 2 in an image."""
        return (1,)

    def kernel_shape(self, layer: LayerPlan, letter: str) -> tuple[int, ...]:
        """The shape of its kernels, where it has some: filters x channels x window; or of its table of words."""
        raise NotImplementedError

    def leaving(self, units: int, positions: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        """Units and positions of what leaves, given its units and the positions that enter."""
        return units, positions

    def sources(self, number: int) -> tuple[int, ...]:
        """The layers whose activations enter layer `number`, 0 for the input: the one below, unless it says more."""
        return (number - 1,)

    def names(self, at: Spot, *roles: Role) -> list[Name]:
        """The names with one of the roles, as they are before any update."""
        return [at.quantity(one) for one in self.present(at.layer) if one.role in roles]

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """The equations from what enters to the activation `a` of the layer, which is the last of them.

        `others` enter besides, where `sources` names more than one layer.
        """
        raise NotImplementedError

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """The derivatives that have names, in the order in which they are shown."""
        return []

    def held(self, at: Spot) -> Mapping[str, frozenset[str]]:
        """Names that no error goes back to from an equation, by the name of the equation."""
        return {}

    def state_updates(self, at: Spot) -> list[Equation]:
        """The state after one more batch."""
        return []

    def way_back(self, at: Spot) -> Text:
        """How an error goes back through the layer: "{delta2} goes back through the weights {W2}"."""
        raise NotImplementedError

    def check_batch(self, at: Spot) -> None:
        """Raise ChalkworkError where nothing can be learned from a batch of that size."""

    def slots(self, at: Spot) -> Mapping[str, Slot]:
        """What goes into `called` and `short`."""
        return {}

    def words(self, at: Spot) -> Text:
        """The layer in the list of layers: "3 hidden units (tanh)"."""
        return listed(at, self.called.holding(self.slots(at)))

    def title(self, at: Spot) -> Text:
        """The layer in a drawing."""
        return titled(at, self.short.holding(self.slots(at)))

    def declared(self, at: Spot) -> list[Text]:
        """What courses and libraries do differently, and what is done here."""
        return []

    def remarks(self, at: Spot, values: Mapping[str, Any]) -> dict[str, Text]:
        """What is to be said after an equation, by its name, given the values of all."""
        return {}


class Size(NamedTuple):
    """How much leaves a layer, and how many units enter it; of the input of a network, how much that is."""

    inputs: int
    units: int
    positions: tuple[int, ...] = ()


def listed(at: Spot, name: Text) -> Text:
    """The layer in the list of layers, with its activation where it is one."""
    chosen = at.layer.activation
    return name if chosen.name == "identity" else Text.of("layer.listed", layer=name, activation=chosen.said)


def titled(at: Spot, name: Text) -> Text:
    """The layer in a drawing, with its activation where it is one."""
    chosen = at.layer.activation
    return name if chosen.name == "identity" else Text.of("layer.titled", layer=name, activation=chosen.said)


class Layer(ABC):
    """What people write: settings as they declare them, the numbers to start from, and the kind."""

    settings: ClassVar[tuple[Setting, ...]] = ()
    title: ClassVar[str]
    """The layer in messages: "a batch normalisation"."""
    kind_type: ClassVar[type[LayerKind]]
    kind: LayerKind
    activation: Activation

    def __init__(self, **given: Any) -> None:
        unknown = given.keys() - {one.key for one in self.settings}
        if unknown:
            raise ChalkworkError(f"{self.title} has no setting {sorted(unknown)[0]!r}")
        self.options = take(self.settings, given, self.title)
        self.activation = self.options.get("activation") or Activation("identity")

    def unfolded(self) -> list[Layer]:
        """The layer as the network lists it: itself, unless it was written around others."""
        return [self]

    @property
    def units(self) -> int | None:
        """The number of units, where it is stated."""
        found: int | None = self.options.get("units")
        return found

    @property
    def inputs(self) -> int | None:
        """The number of inputs, where it is stated or follows from the numbers."""
        found: int | None = self.options.get("inputs")
        return found

    @property
    def has_bias(self) -> bool:
        """Whether a bias is added."""
        return False

    @property
    def settled(self) -> bool:
        """Whether the layer knows its own inputs."""
        return self.inputs is not None

    def sizes(self, layer: int, inputs: int | None, in_out: bool) -> tuple[int, int]:
        """Inputs and units, once the layer before is known: as many units as enter.

        ShapeError when sizes contradict each other.
        """
        units = inputs if inputs is not None else self.inputs
        if units is None:
            raise unknown_inputs(layer)
        for one in self.kind.quantities:
            if one.form is Form.UNITS and one.keyword:
                check_length(self.options[one.keyword], one.letter, layer, units)
        if self.inputs is not None and self.inputs != units:
            raise ShapeError(f"layer {layer} is to have {counted(self.inputs, 'input')}, but {units} enter it")
        return units, units

    def size(self, layer: int, inputs: int | None, positions: tuple[int, ...], in_out: bool) -> Size:
        """What leaves, once the layer before is known; ShapeError where it cannot enter."""
        self.check_entering(layer, positions)
        known, units = self.sizes(layer, inputs, in_out)
        return Size(known, *self.kind.leaving(units, positions))

    def check_entering(self, layer: int, positions: tuple[int, ...]) -> None:
        """Raise ShapeError where a sample with such positions cannot enter."""
        if self.kind.positions == "none" and positions:
            raise ShapeError(
                f"layer {layer}, {self.title}, takes vectors, but a sample that enters it has units at "
                f"{' x '.join(map(str, positions))} positions",
                hint="put Flatten() before it",
            )
        if self.kind.positions == "needed" and not positions:
            raise ShapeError(f"layer {layer}, {self.title}, takes samples with positions, but vectors enter it")
        if positions and len(positions) not in self.kind.axes:
            what = "an image" if len(positions) > 1 else "a matrix with units at positions in a row"
            hint = "put Flatten() before it" if len(positions) > 1 else None
            raise ShapeError(f"layer {layer}, {self.title}, does not take samples each of which is {what}", hint=hint)

    def sizes_of_weights(
        self, layer: int, given: Mapping[str, Array], inputs: int | None, in_out: bool
    ) -> tuple[int, int]:
        """Inputs and units of a layer whose matrices, by letter, may be given; ShapeError when sizes contradict."""
        known = inputs if inputs is not None else self.inputs
        units = self.units
        for letter, weights in given.items():
            rows, columns = weights.shape
            found = (rows, columns) if in_out else (columns, rows)
            wanted = (found[0] if known is None else known, found[1] if units is None else units)
            if found != wanted:
                order = "inputs x units" if in_out else "units x inputs"
                expected = wanted if in_out else wanted[::-1]
                raise ShapeError(
                    f"{letter}{layer} is {rows}x{columns}, but {expected[0]}x{expected[1]} ({order}) is needed: "
                    f"layer {layer} has {counted(wanted[0], 'input')} and {counted(wanted[1], 'unit')}",
                    hint="its transpose would fit; check the convention" if found == wanted[::-1] else None,
                )
            known, units = found
        if known is None:
            raise unknown_inputs(layer)
        assert units is not None
        return known, units

    def weights_to_start(
        self,
        layer: int,
        sizes: tuple[int, int],
        convention: Convention,
        generator: Generator,
        matrices: Mapping[str, Array] | None = None,
    ) -> dict[str, Array]:
        """The matrices of the layer in the convention's orientation: as they are given, or drawn.

        `matrices` are those that the settings give, by letter, where they are not the settings themselves.
        """
        units = sizes[1]
        found = {}
        for one in self.kind.quantities:
            if one.form.is_matrix:
                inputs = sizes[0] if one.form is Form.MATRIX else units
                if inputs * units > MOST_WEIGHTS:
                    raise ChalkworkError(f"layer {layer} would have {inputs}x{units} weights, which is too many")
                given = (matrices or {}).get(one.letter, self.options[one.keyword])
                if isinstance(given, np.ndarray):
                    weights = given.copy()
                elif given is not None:
                    weights = np.full(convention.weight_shape(inputs, units), given)
                else:
                    drawn = self.options["initializer"].draw(inputs, units, generator())
                    weights = drawn if convention.weights == "in_out" else drawn.T.copy()
                found[one.name(layer)] = weights
        return found

    def entering(self, x: Array, convention: Convention) -> Array:
        """What enters as samples lie, where the layer is the first; ValueProblem for what it does not take."""
        return x

    def check_sources(self, layer: int, sizes: Sequence[Size]) -> None:
        """Raise ShapeError where what enters cannot: `sizes` are those of the input and of every layer so far."""
        widths = [one.units for one in sizes]
        for source in self.kind.sources(layer):
            if source < 0:
                raise ShapeError(f"layer {layer}, {self.title}, reaches below the input of the network")
            below = f"layer {source}" if source else "the input"
            if sizes[source].positions != sizes[layer - 1].positions:
                raise ShapeError(f"layer {layer}, {self.title}, adds to what has not the positions of {below}")
            if widths[source] != widths[layer - 1]:
                raise ShapeError(
                    f"layer {layer}, {self.title}, adds {counted(widths[layer - 1], 'entry')} and the "
                    f"{widths[source]} of {below}".replace("entrys", "entries"),
                    hint="both need as many units",
                )

    def start(
        self, layer: int, sizes: tuple[int, int], convention: Convention, generator: Generator
    ) -> dict[str, Array]:
        """The parameters to start from by name, weights in the convention's orientation, all else one-dimensional."""
        return self._filled(layer, sizes[1], LEARNED)

    def state(self, layer: int, units: int) -> dict[str, Array]:
        """The state to start from, one-dimensional."""
        return self._filled(layer, units, (Role.STATE,))

    def _filled(self, layer: int, units: int, roles: tuple[Role, ...]) -> dict[str, Array]:
        """Quantities with an entry for every unit: as they are given, or what they start from."""
        found = {}
        for one in self.kind.quantities:
            if one.role in roles and one.form is Form.UNITS:
                given = self.options.get(one.keyword)
                found[one.name(layer)] = np.zeros(units) + (one.start if given is None else given)
        return found

    def constants(self, layer: int) -> dict[str, float]:
        """The values of the kind's constants."""
        return {one.name(layer): self.options[one.keyword] for one in self.kind.quantities if one.role is Role.CONSTANT}

    def in_torch(self, inputs: int, units: int) -> Foreign | None:
        """The layer as a module of `torch.nn`, without its activation; None where there is no counterpart."""
        return None

    def in_keras(self, inputs: int, units: int) -> Foreign | None:
        """The layer as one of `keras.layers`, without its activation; None where there is no counterpart."""
        return None

    def __repr__(self) -> str:
        own = self.options
        stated = [
            repr(str(own[one.key])) if one.takes == "activation" else f"{one.key}={own[one.key]!r}"
            for one in self.settings
            if not one.is_array and one.takes != "size" and (one.takes == "activation" or own[one.key] != one.default)
        ]
        return f"{type(self).__name__}({', '.join(stated)})"


class Foreign(NamedTuple):
    """A layer of another library: its class, its arguments, and whether it means the same in training."""

    name: str
    arguments: dict[str, Any]
    differs: str = ""
    """How it is trained otherwise there, if it is."""
    then: str = ""
    """A class without arguments that follows it."""
    axes: int = 0
    """Along how many axes it works, if it does so along positions."""
    arrays: tuple[tuple[tuple[str, ...], ...], ...] = ()
    """The letters of our quantities in each of its arrays, side by side and in rows, where it has not one for each."""


def check_length(value: Array | float | None, name: str, layer: int, units: int) -> None:
    """ShapeError for a vector that has not one entry for each unit."""
    if isinstance(value, np.ndarray) and len(value) != units:
        raise ShapeError(
            f"{name}{layer} has {counted(len(value), 'entry')}, but layer {layer} has {counted(units, 'unit')}"
        )


def unknown_inputs(layer: int) -> ChalkworkError:
    """The error of a layer that does not know what enters it."""
    return ChalkworkError(f"layer {layer} does not know its inputs yet", hint="give inputs=, weights=, or data first")
