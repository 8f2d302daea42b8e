"""What recurrent layers share: one set of equations for every step of a sequence, and the same weights in all of them.

A sample is a sequence, with a position for each step. The names of step t end in `_t` and its number (`h1_t2`), the
state before the first step is `h1_t0`. At one step all samples lie as data without positions do.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply
from chalkwork.algebra.operations.sequences import sequence
from chalkwork.algebra.reading.written import matrix
from chalkwork.algebra.times import at_time
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.networks.convention import Convention
from chalkwork.networks.data import Array
from chalkwork.networks.layers.base import (
    Foreign,
    Generator,
    Layer,
    LayerKind,
    NamedAdjoint,
    check_length,
    unknown_inputs,
)
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import Form, Quantity, Role
from chalkwork.words import Slot, Text

MOST_STEPS = 1000


def quantities_of(gate: str, keywords: Sequence[str] = (), torch: Sequence[str] = ()) -> tuple[Quantity, ...]:
    """The weights of the input and of the state, and the biases, behind one net input."""
    letters = (f"W{gate}", f"U{gate}", f"b{gate}", f"bU{gate}")
    forms = (Form.MATRIX, Form.RECURRENT, Form.UNITS, Form.UNITS)
    return tuple(
        Quantity(letter, Role.WEIGHT if form.is_matrix else Role.BIAS, form, keyword=keyword, torch=theirs)
        for letter, form, keyword, theirs in zip(letters, forms, keywords or letters, torch or ("",) * 4, strict=True)
    )


@dataclass(frozen=True)
class RecurrentKind(LayerKind):
    """The equations of one step, for t = 1, ..., T.

    `returns` says whether the last state leaves, or all of them; `biases` is how many there are of each kind,
    `truncate` after how many steps back no error goes further, `initial` the state before the first step.
    """

    returns: str = "last"
    biases: int = 1
    truncate: int | None = None
    initial: tuple[float, ...] = (0.0,)

    positions = "needed"
    in_time = True
    gates: ClassVar[tuple[str, ...]] = ("",)
    """What the letters of each net input, and of its weights, have behind them."""
    states: ClassVar[tuple[str, ...]] = ("h",)
    """What a step hands on to the next."""

    def present(self, layer: Any) -> tuple[Quantity, ...]:
        """Weights, and as many biases as there are."""
        biases = self.biases if layer.has_bias else 0
        return tuple(
            one
            for one in self.quantities
            if one.role is Role.WEIGHT or biases == 2 or (biases == 1 and not one.letter.startswith("bU"))
        )

    def leaving(self, units: int, positions: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        """All states, or the last one."""
        return units, positions if self.returns == "all" else ()

    # --- forward -----------------------------------------------------------------------------------------------------

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """The initial state, the equations of every step, and what leaves."""
        found = [] if at.step else [self._started(at, letter) for letter in self.states]
        for step in range(1, steps_of(at) + 1):
            found += self.step(at, step, entering(at, incoming, step))
        states = [state(at, "h", step) for step in range(1, steps_of(at) + 1)]
        if self.returns == "last":
            reason = Text.own("recurrent.last", "The layer gives its last state.")
            return [*found, Equation(at.name("a"), states[-1], at.stage, reason)]
        along = at.plan.convention.sample_axis
        operation = sequence(len(states), along, at.data("a").shape)
        reason = Text.own("recurrent.all", "The layer gives its states at all steps.")
        return [*found, Equation(at.name("a"), Application(operation, tuple(states), (along,)), at.stage, reason)]

    def _started(self, at: Spot, letter: str) -> Equation:
        shape = state(at, letter, 0).shape
        given = self.initial if letter == "h" else (0.0,)
        if len(given) == 1:
            value: Expression = Number(int(given[0]) if given[0] == int(given[0]) else given[0])
        else:
            one = at.plan.convention.data_shape(at.layer.units, 1)
            value = Application(matrix(*one), tuple(Number(entry) for entry in given), ())
        reason = Text.own("recurrent.start", "The state before the first step.")
        return Equation(timed(at, letter, 0), apply("broadcast", value, shape=shape), at.stage, reason)

    @abstractmethod
    def step(self, at: Spot, step: int, incoming: Expression) -> list[Equation]:
        """The equations of one step, with what enters there."""

    def net(self, at: Spot, step: int, gate: str, incoming: Expression, before: Expression) -> Expression:
        """The weighted sums of what enters and of the state before, with the biases."""
        weighted = at.plan.convention.weighted
        found = weighted(incoming, self.weights(at, f"W{gate}")) + weighted(before, self.weights(at, f"U{gate}"))
        for letter in self.bias_letters(at, gate):
            found = found + at.vector(letter)
        return found

    def bias_letters(self, at: Spot, gate: str) -> list[str]:
        """The biases of one net input."""
        return [
            letter for letter in (f"b{gate}", f"bU{gate}") if any(q.letter == letter for q in self.present(at.layer))
        ]

    def weights(self, at: Spot, letter: str) -> Name:
        """One of the weight matrices, after so many updates."""
        (one,) = (quantity for quantity in self.quantities if quantity.letter == letter)
        return Name(at.name(letter), at.quantity(one).shape)

    # --- backward ----------------------------------------------------------------------------------------------------

    back: ClassVar[tuple[tuple[str, str], ...]] = ()
    """What is differentiated by at each step, from the last to the first, and what the derivative is called."""

    @abstractmethod
    def reason_back(self, at: Spot, letter: str) -> Text:
        """Why the derivative by one of `back` is what it is."""

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """The derivatives of every step, from the last to the first, then those by what all steps share."""
        named = []
        said = "All steps have the same weights and biases, so the gradient of each is the sum over the steps."
        shared = Text.own("recurrent.shared", said)
        for step in range(steps_of(at), 0, -1):
            for letter, called in self.back:
                reason = self.reason_back(at, letter)
                named.append(NamedAdjoint(timed(at, letter, step), timed(at, called, step), reason))
        return [*named, *(NamedAdjoint.of(at, one.letter, shared) for one in self.present(at.layer))]

    def held(self, at: Spot) -> Mapping[str, frozenset[str]]:
        """Where no error goes further back: the states at the ends of stretches of `truncate` steps, from the last."""
        if self.truncate is None:
            return {}
        found: dict[str, frozenset[str]] = {}
        for step in range(steps_of(at) - self.truncate, 0, -self.truncate):
            before = frozenset(timed(at, letter, step) for letter in self.states)
            found |= dict.fromkeys(self.named_at(at, step + 1), before)
        return found

    @abstractmethod
    def named_at(self, at: Spot, step: int) -> list[str]:
        """The names of the equations of one step."""

    def way_back(self, at: Spot) -> Text:
        """Step by step."""
        said = "the error comes to <below> through the weights of every step"
        return Text.own("recurrent.way_back", said, below=f"{{{at.below}}}")

    # --- words -------------------------------------------------------------------------------------------------------

    def declared(self, at: Spot) -> list[Text]:
        """What of the states leaves, how many biases there are, and where the errors stop."""
        said = [
            Text.own(
                "recurrent.time",
                "In layer <layer>, <state> is its state after step $t$.",
                layer=at.number, state=f"{{{at_time(at.name('h'), 't')}}}",
            )
        ]  # fmt: skip
        if self.biases == 2 and at.layer.has_bias:
            said.append(Text.own("recurrent.two_biases", "It has two biases, one of the input and one of the state."))
        if self.truncate is not None:
            stops = "Errors go back over <steps>, counted in stretches from the last step, and no further."
            said.append(Text.own("recurrent.truncated", stops, steps=Text.of("counted.steps", n=self.truncate)))
        return said

    def slots(self, at: Spot) -> Mapping[str, Slot]:
        """Units and steps."""
        return {"units": Text.of("counted.units", n=at.layer.units), "steps": Text.of("counted.steps", n=steps_of(at))}


def steps_of(at: Spot) -> int:
    """How many steps the layer makes."""
    (steps,) = at.positions_below
    if steps > MOST_STEPS:
        raise ChalkworkError(f"a sequence has at most {MOST_STEPS:,} steps, not {steps:,}")
    return steps


def timed(at: Spot, letter: str, step: int | str) -> str:
    """The name of a quantity of the layer at a step."""
    return at_time(at.name(letter), step)


def state(at: Spot, letter: str, step: int) -> Name:
    """What has an entry for every unit and sample, at a step; before the first one no update changes it."""
    at = at if step else at._replace(step=0)
    return Name(timed(at, letter, step), at.plan.convention.data_shape(at.layer.units, at.plan.samples))


def entering(at: Spot, incoming: Expression, step: int) -> Expression:
    """What enters at a step: the state of a recurrent layer below, or that step of the sequence."""
    if at.number > 1 and isinstance(at.plan.layers[at.number - 2].kind, RecurrentKind):
        return state(at._replace(number=at.number - 1), "h", step)
    return apply("moment", incoming, at=step, along=at.plan.convention.sample_axis)


class Recurrent(Layer):
    """A recurrent layer: its weights, given gate by gate or drawn."""

    kind: RecurrentKind
    common: ClassVar[tuple[Setting, ...]] = (
        Setting("returns", "choice", "last", choices=("last", "all")),
        Setting("bias", "bias", True),
        Setting("biases", "count", 1, high=2),
        Setting("initial", "values", 0.0),
        Setting("truncate", "count"),
        Setting("joined", "choice", "x_h", choices=("x_h", "h_x")),
        Setting("inputs", "size"),
        Setting("initializer", "initialiser", "glorot_normal"),
    )

    def __init__(self, units: int | None = None, **given: Any) -> None:
        super().__init__(units=units, **given)

    def made(self, **more: Any) -> None:
        """The kind, of the settings."""
        own = self.options
        initial = own["initial"] if isinstance(own["initial"], tuple) else (own["initial"],)
        self.kind = cast(type[RecurrentKind], self.kind_type)(
            returns=own["returns"], biases=own["biases"], truncate=own["truncate"], initial=initial, **more
        )
        if self.units is None and not self._given(Form.MATRIX) and not self._given(Form.RECURRENT):
            raise ChalkworkError(f"{self.title} needs the number of its units or its weights")

    @property
    def has_bias(self) -> bool:
        """Whether biases are added."""
        return self.options["bias"] is not False

    @property
    def settled(self) -> bool:
        """Whether the inputs are given, or follow from weights."""
        return self.inputs is not None or bool(self._given(Form.MATRIX))

    def _given(self, form: Form) -> dict[str, Array]:
        """What is given as arrays, by letter."""
        found = {one.letter: self.options[one.keyword] for one in self.kind_type.quantities if one.form is form}
        return {letter: value for letter, value in found.items() if isinstance(value, np.ndarray)}

    def _matrices(self, in_out: bool) -> dict[str, Array]:
        """The matrices that are given; one of input and state together is taken apart."""
        inner, outer = self._given(Form.RECURRENT), self._given(Form.MATRIX)
        found = {**outer, **inner}
        for letter, weights in outer.items():
            recurrent = f"U{letter[1:]}"
            rows, columns = weights.shape if in_out else weights.shape[::-1]
            if recurrent in inner or rows <= columns or self.inputs == rows:
                continue
            if any(self.options[one.keyword] is not None for one in self.kind.quantities if one.letter == recurrent):
                continue
            whole = weights if in_out else weights.T
            first, second = whole[: rows - columns], whole[rows - columns :]
            if self.options["joined"] == "h_x":
                second, first = whole[:columns], whole[columns:]
            found[letter], found[recurrent] = (first, second) if in_out else (first.T, second.T)
        return found

    def sizes(self, layer: int, inputs: int | None, in_out: bool) -> tuple[int, int]:
        """Inputs and units, once the layer before is known; ShapeError when they contradict each other."""
        given = self._matrices(in_out)
        forms = {one.letter: one.form for one in self.kind.quantities}
        inner = {letter: value for letter, value in given.items() if forms[letter] is Form.RECURRENT}
        units = self.units or next((value.shape[0] for value in inner.values()), None)
        outer = {letter: value for letter, value in given.items() if forms[letter] is Form.MATRIX}
        if not outer:
            inputs = inputs if inputs is not None else self.inputs
            if inputs is None:
                raise unknown_inputs(layer)
            assert units is not None
            sizes = inputs, units
        else:
            sizes = self.sizes_of_weights(layer, outer, inputs, in_out)
        for letter, weights in inner.items():
            if weights.shape != (sizes[1], sizes[1]):
                rows, columns = weights.shape
                raise ShapeError(
                    f"{letter}{layer} is {rows}x{columns}, but {sizes[1]}x{sizes[1]} is needed: layer {layer} has "
                    f"{counted(sizes[1], 'unit')}"
                )
        for one in self.kind.quantities:
            if one.form is Form.UNITS:
                check_length(self.options[one.keyword], one.letter, layer, sizes[1])
        if len(self.kind.initial) not in (1, sizes[1]):
            raise ShapeError(f"the initial state of layer {layer} has {counted(sizes[1], 'entry')}, one for each unit")
        return sizes

    def start(
        self, layer: int, sizes: tuple[int, int], convention: Convention, generator: Generator
    ) -> dict[str, Array]:
        """Matrices in the convention's orientation, and biases."""
        given = self._matrices(convention.weights == "in_out")
        found = self.weights_to_start(layer, sizes, convention, generator, given)
        biases = self.kind.biases if self.has_bias else 0
        for one in self.kind.quantities:
            second = one.letter.startswith("bU")
            if one.form is Form.UNITS and biases > second:
                value = self.options[one.keyword]
                if value is None and not second:
                    value = self.options["bias"]
                found[one.name(layer)] = np.zeros(sizes[1]) + (0.0 if value is None or value is True else value)
        return found

    def in_torch(self, inputs: int, units: int) -> Foreign | None:
        """`RNN`, `LSTM` or `GRU`, with batches in front; None where they start from another state than 0."""
        more = self.of_torch()
        if more is None or any(self.kind.initial):
            return None
        settings = {"input_size": inputs, "hidden_size": units, "bias": self.has_bias, "batch_first": True, **more}
        differs = "" if self.kind.truncate is None else "errors go back to the first step"
        return Foreign(type(self).__name__, {**settings, "returns": self.kind.returns}, differs)

    keras: ClassVar[tuple[str, tuple[str, ...]]]
    """The class in Keras, and its gates in the order in which they lie side by side."""

    def in_keras(self, inputs: int, units: int) -> Foreign | None:
        """`SimpleRNN`, `LSTM` or `GRU`; None where they start from another state than 0, or have other biases."""
        more = self.of_keras()
        if more is None or any(self.kind.initial):
            return None
        name, gates = self.keras
        rows = [("W",), ("U",)] + ([("b", "bU") if self.kind.biases == 2 else ("b",)] if self.has_bias else [])
        arrays = tuple(tuple(tuple(f"{letter}{gate}" for gate in gates) for letter in one) for one in rows)
        settings = {"units": units, "use_bias": self.has_bias, "return_sequences": self.kind.returns == "all", **more}
        differs = "" if self.kind.truncate is None else "errors go back to the first step"
        return Foreign(name, settings, differs, arrays=arrays)

    def of_keras(self) -> dict[str, Any] | None:
        """The settings of its own of the layer in Keras; None where there is no such layer."""
        return {} if self.kind.biases == 1 or not self.has_bias else None

    def of_torch(self) -> dict[str, Any] | None:
        """The settings of its own of the module in PyTorch; None where there is no such module."""
        return {}

    def __repr__(self) -> str:
        own = self.options
        units = self.units or next((len(u) for u in self._given(Form.RECURRENT).values()), None)
        parts = [] if units is None else [str(units)]
        for setting in self.settings:
            value = own[setting.key]
            if setting.is_array or setting.takes in ("size", "initialiser"):
                continue
            if (str(value) if setting.takes == "activation" else value) != setting.default:
                parts.append(
                    f"{setting.key}={str(value)!r}" if setting.takes == "activation" else f"{setting.key}={value!r}"
                )
        return f"{type(self).__name__}({', '.join(parts)})"
