"""NeuralNetwork: layers, a loss, a convention; solved, propagated, differentiated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chalkwork.derivation.derivation import Derivation
from chalkwork.derivation.work_out import work_out
from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.networks.convention import Convention, Samples, Weights
from chalkwork.networks.data import Array, as_array
from chalkwork.networks.equations import derive
from chalkwork.networks.initialisers import glorot_normal
from chalkwork.networks.layers import Dense, size
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, Loss, loss_of
from chalkwork.networks.plan import LayerPlan, Plan
from chalkwork.networks.presentation import setting_of
from chalkwork.solutions.solution import Detail, Rounding, Solution, Style
from chalkwork.typesetting.notation import Notation

MOST_WORKED_STEPS = 100
MOST_WEIGHTS = 100_000_000
"""In one layer: a gigabyte or so with its gradient."""


class NeuralNetwork:
    """A feed-forward network whose every step can be shown.

    `layers` are `Dense` layers; `loss` a name, a mapping or a loss object; `samples` says whether data matrices hold
    samples as rows (n x d, the default) or columns (d x n), `weights` whether matrices are inputs x outputs
    (`in_out`, the default) or outputs x inputs (`out_in`). Layers without weights are drawn by Glorot's normal rule
    from `seed`; the first needs `inputs=` then, or gets it from the first data.

    Raises ChalkworkError (ShapeError where layers do not fit).

    >>> net = NeuralNetwork(
    ...     [Dense(weights=[[.15, -.25, .05], [.2, .1, -.15]], bias=False, activation="leaky_relu(0.01)"),
    ...      Dense(weights=[[.2, .5], [-.35, .15], [.15, -.2]], bias=False, activation="softmax")],
    ...     loss="cross_entropy", samples="columns", weights="in_out")
    >>> solution = net.solve(x=[-1, 1], y=[1, 0], learning_rate=0.1)
    >>> round(float(solution["L"]), 6), round(float(solution["L_new"]), 6)
    (0.793036, 0.766696)
    >>> net.number_of_parameters
    12
    """

    def __init__(
        self,
        layers: Sequence[Dense],
        loss: str | Loss | Mapping[str, Any] = "squared_error",
        *,
        samples: Samples = "rows",
        weights: Weights = "in_out",
        seed: int | None = 0,
        inputs: int | None = None,
    ) -> None:
        self.layers = list(layers)
        if not self.layers:
            raise ChalkworkError("a network needs at least one layer")
        for layer in self.layers:
            if not isinstance(layer, Dense):
                raise ChalkworkError(f"a layer is a Dense, not {type(layer).__name__}")
        self.loss = loss_of(loss)
        self.convention = Convention(samples, weights)
        self.seed = seed
        self._inputs = size(inputs, "inputs") if inputs is not None else self.layers[0].inputs
        self._parameters: dict[str, Array] | None = None
        self._sizes: list[tuple[int, int]] = []
        if self._inputs is not None or isinstance(self.layers[0].weights, np.ndarray):
            self._make(self._inputs)

    # --- parameters ------------------------------------------------------------------------------------------------

    def _make(self, inputs: int | None) -> None:
        """Settle every size and draw what is not given."""
        seed = _seed(self.seed)
        generator: np.random.Generator | None = None  # NumPy loads its generators when they are first used
        in_out = self.convention.weights == "in_out"
        parameters: dict[str, Array] = {}
        sizes: list[tuple[int, int]] = []
        for number, layer in enumerate(self.layers, 1):
            entering, units = layer.sizes(number, inputs, in_out)
            if entering * units > MOST_WEIGHTS:
                raise ChalkworkError(f"layer {number} would have {entering}x{units} weights, which is too many")
            if isinstance(layer.weights, np.ndarray):
                weights = layer.weights.copy()
            elif layer.weights is not None:
                weights = np.full(self.convention.weight_shape(entering, units), layer.weights)
            else:
                generator = generator or np.random.default_rng(seed)
                drawn = glorot_normal(entering, units, generator)
                weights = drawn if in_out else drawn.T.copy()
            parameters[f"W{number}"] = weights
            if layer.has_bias:
                parameters[f"b{number}"] = np.full(units, 0.0) + (0.0 if layer.bias is None else layer.bias)
            sizes.append((entering, units))
            inputs = units
        self._parameters, self._sizes = parameters, sizes

    @property
    def parameters(self) -> dict[str, Array]:
        """The weights and biases by name (`W1`, `b1`, ...), the biases one-dimensional; they may be replaced.

        Raises ChalkworkError while the number of inputs is not known.
        """
        if self._parameters is None:
            raise ChalkworkError("the number of inputs is not known yet", hint="give inputs=, weights= or data first")
        return self._parameters

    @property
    def number_of_parameters(self) -> int:
        """How many weights and biases there are."""
        return sum(np.size(value) for value in self.parameters.values())

    def _checked_parameters(self) -> dict[str, Array]:
        """The parameters as the equations need them, biases as columns or rows."""
        expected: dict[str, tuple[int, ...]] = {}
        for number, ((inputs, units), layer) in enumerate(zip(self._sizes, self.layers, strict=True), 1):
            expected[f"W{number}"] = self.convention.weight_shape(inputs, units)
            if layer.has_bias:
                expected[f"b{number}"] = (units,)
        for name in self.parameters:
            if name not in expected:
                raise ChalkworkError(f"the network has no parameter {name}", hint=f"it has {', '.join(expected)}")
        values = {}
        for name, shape in expected.items():
            if name not in self.parameters:
                raise ChalkworkError(f"the parameter {name} is missing")
            value = as_array(self.parameters[name], name)
            if value.shape != shape:
                raise ShapeError(
                    f"{name} is {'x'.join(map(str, value.shape))}, but {'x'.join(map(str, shape))} is needed"
                )
            values[name] = value if len(shape) == 2 else value[:, None] if self._columns else value[None, :]
        return values

    @property
    def _columns(self) -> bool:
        return self.convention.samples == "columns"

    # --- data --------------------------------------------------------------------------------------------------------

    def _input(self, x: Any) -> Array:
        array = as_array(x, "x")
        if array.ndim == 0:
            array = array.reshape(1)
        if self._parameters is None:
            self._make(array.shape[-1 if array.ndim == 1 or not self._columns else 0])
        inputs = self._sizes[0][0]
        return self._oriented(array, inputs, "x", "input")

    def _oriented(self, array: Array, units: int, name: str, noun: str) -> Array:
        """One sample as a column or row, or a batch in the convention's orientation; ShapeError otherwise."""
        if array.ndim == 1:
            if len(array) != units:
                raise ShapeError(
                    f"{name} has {len(array)} entries, but the network has {units} {noun}{'' if units == 1 else 's'}"
                )
            return array[:, None] if self._columns else array[None, :]
        found = array.shape[0 if self._columns else 1]
        if found != units:
            side, other = ("rows", 1) if self._columns else ("columns", 0)
            fits = array.shape[other] == units
            raise ShapeError(
                f"{name} is {array.shape[0]}x{array.shape[1]}, but needs {units} {side}, one for each {noun}: "
                f"samples are {self.convention.samples}",
                hint="its transpose would fit" if fits else None,
            )
        return array

    def _target(self, y: Any, samples: int) -> Array:
        array = as_array(y, "y")
        units = self._sizes[-1][1]
        if array.ndim < 2 and units == 1 and array.size == samples:
            array = array.reshape((1, samples) if self._columns else (samples, 1))
        elif array.ndim == 0:
            array = array.reshape(1)
        array = self._oriented(array, units, "y", "output")
        found = array.shape[1 if self._columns else 0]
        if found != samples:
            raise ShapeError(f"y holds {found} samples, but x holds {samples}")
        self._check_distribution(array)
        return array

    def _check_distribution(self, target: Array) -> None:
        if isinstance(self.loss, CrossEntropy):
            sums = target.sum(axis=self.convention.unit_axis)
            if (target < 0).any() or not np.allclose(sums, 1, rtol=0, atol=1e-9):
                bad = int(np.argmax(np.abs(sums - 1) + (target < 0).any(axis=self.convention.unit_axis)))
                which = f" of sample {bad + 1}" if len(sums) > 1 else ""
                raise ValueProblem(
                    f"the target y{which} is no distribution under cross-entropy: its entries are to be at least 0 "
                    f"and to add up to 1, and they add up to {sums[bad]:g}",
                    hint="use binary_cross_entropy for several independent labels"
                    if self._sizes[-1][1] > 1
                    else "use binary_cross_entropy for a single output",
                )
        elif isinstance(self.loss, BinaryCrossEntropy) and ((target < 0) | (target > 1)).any():
            raise ValueProblem("the targets y of binary cross-entropy lie between 0 and 1")

    def _plan(self, samples: int) -> Plan:
        layers = tuple(
            LayerPlan(inputs, units, layer.activation, layer.has_bias)
            for (inputs, units), layer in zip(self._sizes, self.layers, strict=True)
        )
        return Plan(layers, self.loss, self.convention, samples)

    # --- work --------------------------------------------------------------------------------------------------------

    def solve(
        self,
        x: Any,
        y: Any = None,
        learning_rate: float | None = None,
        steps: int = 1,
        *,
        notation: str | Mapping[str, Any] | Notation | None = None,
        decimals: int | None = None,
        significant: int | None = None,
        rounding: Rounding = "shown",
        detail: Detail = "equations",
        long_way: bool = False,
        predict: bool | None = None,
    ) -> Solution:
        """The complete worked solution for one sample or a batch.

        `x` and `y` are vectors (one sample) or matrices in the convention's orientation. Without `y` it ends
        after the forward pass (with the predicted class, if the network classifies; `predict` decides
        otherwise), without `learning_rate` after the gradients; `steps` repeats the update. `long_way` goes
        through the Jacobian of the output. The rest says how it is written: see `Style.of`.

        Raises ShapeError, ValueProblem (a NaN, a target that is no distribution, the logarithm of zero) or
        ChalkworkError.

        >>> net = NeuralNetwork([Dense(weights=[[2.0], [1.0]], activation="sigmoid", bias=[-1])])
        >>> list(net.solve(x=[0, 1]))
        ['x', 'W1', 'b1', 'z1', 'a1', 'class']
        """
        style = Style.of(notation, decimals, significant, rounding, detail)
        inputs = self._input(x)
        samples = inputs.shape[1 if self._columns else 0]
        givens = {"x": inputs}
        if y is not None:
            givens["y"] = self._target(y, samples)
        elif learning_rate is not None:
            raise ChalkworkError("an update needs a target y")
        givens |= self._checked_parameters()
        updates = 0
        if learning_rate is not None:
            updates = _whole_steps(steps)
            givens["eta"] = np.array([[_rate(learning_rate)]])
        derivation = derive(
            self._plan(samples),
            target=y is not None,
            updates=updates,
            predict=y is None if predict is None else predict,
            long_way=long_way,
        )
        return Solution(derivation, givens, style, setting_of(self._plan(samples), derivation))

    def forward(self, x: Any) -> dict[str, Array]:
        """Every net input and activation (`z1`, `a1`, ...) in the convention's orientation.

        >>> net = NeuralNetwork([Dense(weights=[[2.0], [1.0]], bias=False)])
        >>> net.forward([[1, 1], [0, 1]])["a1"]
        array([[3.],
               [1.]])
        """
        return self._evaluate(x, None)

    def backprop(self, x: Any, y: Any) -> dict[str, Array]:
        """Every error (`delta1`, ...) and every gradient (`dW1`, `db1`, ...), shaped as the parameters are.

        >>> net = NeuralNetwork([Dense(weights=[[2.0], [1.0]], bias=[0.0])])
        >>> gradients = net.backprop([1, 1], 2)
        >>> gradients["dW1"].tolist(), gradients["db1"].tolist()
        ([[1.0], [1.0]], [1.0])
        """
        values = self._evaluate(x, y)
        return {
            name: value.reshape(-1) if name.startswith("db") else value
            for name, value in values.items()
            if name.startswith(("delta", "dW", "db"))
        }

    def _evaluate(self, x: Any, y: Any) -> dict[str, Array]:
        inputs = self._input(x)
        samples = inputs.shape[1 if self._columns else 0]
        givens = {"x": inputs} | ({} if y is None else {"y": self._target(y, samples)}) | self._checked_parameters()
        derivation: Derivation = derive(self._plan(samples), target=y is not None)
        values = work_out(derivation, givens)
        return {name: values[name] for name in derivation}

    def predict(self, x: Any) -> Array:
        """The predicted class of every sample, counted from 1; 0 or 1 for a single output.

        Raises ChalkworkError when the output is not one of a classifier.

        >>> NeuralNetwork([Dense(weights=[[1, 0], [0, 1]], activation="softmax")]).predict([[1, 2], [3, 0]])
        array([2, 1])
        """
        solution = self.solve(x)
        if "class" not in solution:
            raise ChalkworkError(
                f"the output is {self.layers[-1].activation.words}, which gives no class",
                hint="use softmax, sigmoid or tanh in the last layer",
            )
        return np.ravel(solution.arrays["class"]).astype(np.int64)

    def __repr__(self) -> str:
        inside = ", ".join(map(repr, self.layers))
        return f"NeuralNetwork([{inside}], loss={self.loss!r}, {self.convention!r})"


def _seed(value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0):
        raise ChalkworkError(f"the seed is a whole number from 0 on, or None, not {value!r}")
    return None if value is None else int(value)


def _rate(value: Any) -> float:
    rate = as_array(value, "the learning rate")
    if rate.ndim or not rate > 0:
        raise ValueProblem(f"the learning rate is a positive number, not {value!r}")
    return float(rate)


def _whole_steps(steps: Any) -> int:
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or not 1 <= steps <= MOST_WORKED_STEPS:
        raise ChalkworkError(f"steps is a whole number from 1 to {MOST_WORKED_STEPS}, not {steps!r}")
    return int(steps)
