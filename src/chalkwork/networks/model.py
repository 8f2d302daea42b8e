"""What a network is: layers, a loss, a convention, and the numbers that it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np

from chalkwork.algebra.operations import words
from chalkwork.derivation.derivation import Derivation, suffix_of
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.networks.arguments import seed_of
from chalkwork.networks.convention import Convention, Samples, Weights
from chalkwork.networks.data import Array, as_array
from chalkwork.networks.labels import Labels
from chalkwork.networks.layers import LAYERS
from chalkwork.networks.layers.base import Layer, LayerPlan, Size
from chalkwork.networks.layers.settings import real, size
from chalkwork.networks.losses import Loss, loss_of
from chalkwork.networks.parameters import checked, settle
from chalkwork.networks.plan import Plan
from chalkwork.networks.samples import features_and_positions, oriented, target
from chalkwork.networks.sparse import Sparse, is_sparse


class Model:
    """Layers, a loss and a convention with the numbers that they hold; `NeuralNetwork` works with them."""

    def __init__(
        self,
        layers: Sequence[Layer],
        loss: str | Loss | Mapping[str, Any] = "squared_error",
        *,
        samples: Samples = "rows",
        weights: Weights = "in_out",
        seed: int | None = 0,
        inputs: int | Sequence[int] | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        if not isinstance(layers, Sequence) or isinstance(layers, str | bytes):
            raise ChalkworkError(f"layers are a list of layers, not {layers!r:.60}")
        for layer in layers:
            if not isinstance(layer, Layer):
                kinds = ", ".join(kind.__name__ for kind in LAYERS.values())
                raise ChalkworkError(f"a layer is one of {kinds}, not {type(layer).__name__}")
        self.layers = [part for layer in layers for part in layer.unfolded()]
        if not self.layers:
            raise ChalkworkError("a network needs at least one layer")
        if self.layers[0].kind.zero_is_word and any(layer.options.get("padding") == "zeros" for layer in self.layers):
            raise ChalkworkError("token 0 is a word where tokens are counted from 0, so it is no padding",
                                 hint="from_zero=False, where 0 is padding")  # fmt: skip
        self.loss = loss_of(loss)
        self.convention = Convention(samples, weights)
        self.seed = None if seed is None else seed_of(seed)
        self.labels: Labels | None = None
        """The classes that the labels of a training named, which `predict` gives back."""
        self.l1, self.l2 = (real(value, name, 0, float("inf")) for value, name in ((l1, "l1"), (l2, "l2")))
        if isinstance(inputs, Sequence) and not isinstance(inputs, str) and self._takes(len(inputs) - 1):
            self.axes = len(inputs) - 1
        self._inputs, self._positions = self._entering(inputs)
        self._parameters: dict[str, Array] | None = None
        self._state: dict[str, Array] = {}
        self._sizes: list[Size] = []
        known = self._inputs is not None or self.layers[0].settled
        if known and bool(self._positions) is self.takes_positions:
            self._make(self._inputs)

    # --- parameters ------------------------------------------------------------------------------------------------

    @property
    def takes_positions(self) -> bool:
        """Whether a sample is a matrix, with features at several positions, or an image."""
        return self.axes > 0

    @cached_property
    def axes(self) -> int:
        """Along how many axes the positions of a sample lie: 0 where it is a vector, 1 in a matrix, 2 in an image."""
        kinds = [layer.kind for layer in self.layers if layer.kind.positions == "needed"]
        known = [kind.axes[0] for kind in kinds if len(kind.axes) == 1] or [kind.axes[0] for kind in kinds]
        return max(known, default=0)

    def _takes(self, axes: int) -> bool:
        """Whether samples may have positions along so many axes."""
        needed = [layer.kind.axes for layer in self.layers if layer.kind.positions == "needed"]
        return bool(needed) and all(axes in each for each in needed)

    def _entering(self, inputs: Any) -> tuple[int | None, tuple[int, ...]]:
        """The number of features and of positions that `inputs` says; ChalkworkError for what it cannot be."""
        if not isinstance(inputs, Sequence) or isinstance(inputs, str):
            return size(inputs, "inputs") if inputs is not None else self.layers[0].inputs, ()
        if len(inputs) != self.axes + 1 or not self.takes_positions:
            raise ChalkworkError(
                "inputs is the number of features, (3, 2) where a sample is such a matrix, or (1, 28, 28) where it is "
                f"an image with one channel, not {inputs!r:.60}"
            )
        return features_and_positions(inputs, self.convention.samples)

    def _make(self, inputs: int | None) -> None:
        """Settle every size and draw what is not given."""
        made = settle(self.layers, inputs, self._positions, self.convention, self.seed)
        self._sizes, self._parameters, self._state = made

    @property
    def parameters(self) -> dict[str, Array]:
        """What is learned, by name (`W1`, `b1`, `gamma2`, ...), all but weights one-dimensional; it may be replaced.

        Raises ChalkworkError while the number of inputs is not known.
        """
        if self._parameters is None:
            raise ChalkworkError("the number of inputs is not known yet", hint="give inputs=, weights= or data first")
        return self._parameters

    @property
    def state(self) -> dict[str, Array]:
        """What is carried on without being learned, one-dimensional, to be replaced too.

        `mu2_run` and `var2_run`, the running statistics of batch normalisation. Raises ChalkworkError while the
        number of inputs is not known.

        >>> from chalkwork import BatchNorm, Dense
        >>> Model([Dense(2, inputs=3), BatchNorm("relu")]).state
        {'mu2_run': array([0., 0.]), 'var2_run': array([1., 1.])}
        """
        _ = self.parameters
        return self._state

    @property
    def constants(self) -> dict[str, float]:
        """The numbers that stand as letters in the equations: `epsilon2`, `lambda1`, `lambda2`."""
        known = {name: value for number, layer in enumerate(self.layers, 1) for name, value in
                 layer.constants(number).items()}  # fmt: skip
        return known | {"lambda1": self.l1, "lambda2": self.l2}

    @property
    def number_of_parameters(self) -> int:
        """How many numbers are learned."""
        return sum(np.size(value) for value in self.parameters.values())

    # --- data --------------------------------------------------------------------------------------------------------

    def oriented_input(self, x: Any, *, batched: bool = False, sparse: bool = False) -> Any:
        """Samples in the network's orientation; the first ones settle how many inputs it has. ShapeError otherwise.

        Where a sample is a matrix, one of them has no axis for samples, unless it is to be `batched`; then it is data,
        which is taken as it lies, in float32 too, and where it may be `sparse`, as that.
        """
        if isinstance(x, Sparse):
            return x
        if self.takes_positions:
            return self._with_positions(as_array(x, "x", most=self.axes + 2, single=batched), batched)
        array: Any = (
            Sparse(x, self.convention.sample_axis) if sparse and is_sparse(x) else as_array(x, "x", single=batched)
        )
        if array.ndim == 0:
            array = array.reshape(1)
        if self._parameters is None:
            self._make(array.shape[-1 if array.ndim == 1 else self.convention.unit_axis])
        return oriented(array, self._sizes[0][0], "x", "input", self.convention)

    def _with_positions(self, array: Array, batched: bool) -> Array:
        rank, array = self.axes + 1, self.layers[0].entering(array, self.convention)
        orientation = "positions x features" if self.convention.samples == "rows" else "features x positions"
        orientation = orientation if rank == 2 else "channels x rows x columns"
        if array.ndim < 2:
            what = "a matrix" if rank == 2 else "an image"
            raise ShapeError(f"x is to be {what} ({orientation}) for each sample", hint="or a list of them")
        if rank == 3 and array.ndim == 2:
            array = array[None]  # an image with one channel
        elif rank == 3 and array.ndim == 3 and len(array) > 1 and self._channels == 1:
            array = array[:, None]  # several of them
        sample = array.shape[-rank:]
        if self._parameters is None:
            features, self._positions = self._entering(sample)
            self._make(features)
        wanted = self.plan(batched=False).x.shape
        if sample != wanted:
            raise ShapeError(
                f"a sample of x is {words(sample)}, but {words(wanted)} ({orientation}) is needed",
                hint="its transpose would fit" if rank == 2 and sample[::-1] == wanted else None,
            )
        return array[None] if batched and array.ndim == rank else array

    @property
    def _channels(self) -> int | None:
        """How many channels an image has, where that is known."""
        return self._sizes[0].inputs if self._sizes else self._inputs

    def count(self, inputs: Array) -> int:
        """How many samples an oriented input holds."""
        if self.takes_positions:
            return len(inputs) if inputs.ndim > self.axes + 1 else 1
        return int(inputs.shape[self.convention.sample_axis])

    def oriented_target(self, y: Any, samples: int) -> Array:
        """The targets of so many samples; ShapeError or ValueProblem for what they cannot be."""
        units, positions = self._sizes[-1][1:]
        return target(y, samples, units, self.convention, self.loss, positions)

    def plan(self, samples: int = 1, *, training: bool = False, weighted: bool = False, batched: bool = True) -> Plan:
        """What the equations for so many samples depend on; `weighted` gives every sample's loss a weight `w`.

        Where a sample is a matrix, one that is not `batched` has no axis for samples.

        Raises ChalkworkError while the number of inputs is not known.
        """
        _ = self.parameters
        layers = tuple(
            LayerPlan(inputs, units, layer.activation, layer.has_bias, layer.kind, positions)
            for (inputs, units, positions), layer in zip(self._sizes, self.layers, strict=True)
        )
        training = training and any(layer.kind.has_modes for layer in self.layers)
        penalties = tuple(name for name, value in (("lambda1", self.l1), ("lambda2", self.l2)) if value)
        batched = batched and self.takes_positions
        return Plan(
            layers, self.loss, self.convention, samples, training, weighted, penalties, self._positions, batched
        )

    def held(self, plan: Plan) -> dict[str, Array]:
        """Parameters and state as the equations need them; ChalkworkError for what somebody put in and does not fit."""
        return checked(self.parameters, plan) | checked(self.state, plan, "running statistic")

    def values(self, derivation: Derivation, plan: Plan) -> dict[str, Array]:
        """The givens of a derivation that the network itself holds, oriented: parameters, state, constants."""
        names = {name.name for name in derivation.givens}
        known = self.held(plan) | {name: np.array([[value]]) for name, value in self.constants.items()}
        return {name: value for name, value in known.items() if name in names}

    def take(self, values: Mapping[str, Array]) -> None:
        """Put values of parameters and of state in the place of the network's own."""
        plan = self.plan()
        for kept, names in ((self.parameters, plan.parameters()), (self.state, plan.state())):
            for name in names:
                if name.name in values:
                    kept[name.name] = np.array(values[name.name], np.float64).reshape(plan.held_shape(name))

    def after(self, solution: Mapping[str, Any]) -> Self:
        """The network with the parameters and the state that a solution of it ends with."""
        other = type(self)(
            self.layers, self.loss, samples=self.convention.samples, weights=self.convention.weights, seed=self.seed,
            inputs=self.plan().input_shape, l1=self.l1, l2=self.l2,
        )  # fmt: skip
        steps = 0
        while f"L{suffix_of(steps + 1)}" in solution:
            steps += 1
        now = self.parameters | self.state
        other.take({name: solution.get(f"{name}{suffix_of(steps)}", value) for name, value in now.items()})
        other.labels = self.labels
        return other
