"""What a mistake can ask about the derivation that an equation stands in."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, names_in, walk
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.simplify import simplify
from chalkwork.checking.mistakes.structure import (
    added_step,
    has_operation,
    is_operation,
    name_alone,
    summands,
    untransposed,
    updated_parameter,
)
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.differentiate import Adjoints

ACTIVATIONS = tuple(name for name, operation in TABLE.items() if operation.unit is not None)
FIRST_SAMPLE, LAST_SAMPLE = "first sample", "last sample"  # no name that is read can hold a space

_FORWARD = (Stage.FORWARD, Stage.REEVALUATION)


class Role(StrEnum):
    """What an equation is for."""

    NET = "net input"
    ACTIVATION = "activation"
    LOSS = "loss"
    ERROR = "error"
    GRADIENT = "gradient"
    UPDATE = "update"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Layer:
    """A net input and the activation made of it."""

    net: Equation
    activation: Equation
    inputs: Name | None = None
    weights: Name | None = None
    bias: Name | None = None

    @property
    def function(self) -> Application:
        """The activation applied to the net input."""
        assert isinstance(self.activation.expression, Application)
        return self.activation.expression


@dataclass(frozen=True)
class Context:
    """A derivation, with what its equations are for, found from their structure alone.

    `samples` is the axis of a data matrix that runs over the samples: -1 for columns, -2 for rows, None where there
    are none.

    >>> z, y = Name("z", (2, 1)), Name("y", (2, 1))
    >>> from chalkwork.algebra.expression import apply
    >>> a = Equation("a", apply("tanh", Name("s", (2, 1))), Stage.FORWARD)
    >>> context = Context(Derivation((z,), (Equation("s", z + z, Stage.FORWARD), a)), -1)
    >>> context.role(a), context.layers(0)[0].net.name
    (<Role.ACTIVATION: 'activation'>, 's')
    """

    derivation: Derivation
    samples: int | None = None
    kept_times: Mapping[str, Expression] = field(default_factory=dict, compare=False)
    """How many times an error is kept by the convention that the derivation is of, where that is not once."""

    @cached_property
    def known_rewrites(self) -> dict[str, list[tuple[Expression, tuple[str, ...]]]]:
        """What each mistake makes of each equation, as far as anybody asked."""
        return {}

    @cached_property
    def known_pairs(self) -> dict[tuple[str, int], list[tuple[Expression, tuple[tuple[str, str], ...]]]]:
        """The same for two mistakes at once, by how many are wanted at most."""
        return {}

    @cached_property
    def known_equivalents(self) -> dict[str, list[Expression]]:
        """The other right forms of each equation, as far as anybody asked."""
        return {}

    @cached_property
    def added(self) -> frozenset[str]:
        """What the updates that add a step are made of: the old points, and the steps."""
        pairs = [added_step(equation) or () for equation in self.derivation.equations]
        return frozenset(name.name for pair in pairs for name in pair)

    @cached_property
    def known_conventions(self) -> dict[tuple[str, ...], list[Any]]:
        """Other conventions for the derivation by those that are declared, as far as anybody asked."""
        return {}

    # --- order and roles -------------------------------------------------------------------------------------------

    @cached_property
    def steps(self) -> Mapping[str, int]:
        """The number of updates before each equation: what stands between two updates is one step."""
        found: dict[str, int] = {}
        step, updating = 0, False
        for equation in self.derivation.equations:
            if updating and equation.stage != Stage.UPDATE:
                step += 1
            updating = equation.stage == Stage.UPDATE
            found[equation.name] = step
        return found

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        return {name: position for position, name in enumerate(self.derivation)}

    def known_before(self, name: Name, equation: Equation) -> bool:
        """Whether the name stands before the equation."""
        return self._positions.get(name.name, -1) < self._positions[equation.name]

    def role(self, equation: Equation) -> Role:
        """What the equation is for."""
        if equation.stage == Stage.UPDATE:
            return Role.UPDATE
        if equation.derivative is not None:
            of, by = equation.derivative.of, equation.derivative.by
            layer = self._by_net.get(by)
            if of not in self._outputs:
                own = layer is not None and layer.activation.name == of and not equation.expression.shape
                return Role.ERROR if own else Role.OTHER
            if layer is not None:
                return Role.ERROR
            source = self.derivation.get(by)
            return Role.GRADIENT if source is None or source.stage == Stage.UPDATE else Role.OTHER
        if equation.name in self._outputs:
            return Role.LOSS
        if equation.name in self._by_net:
            return Role.NET
        return Role.ACTIVATION if equation.name in self._by_activation else Role.OTHER

    @cached_property
    def _outputs(self) -> frozenset[str]:
        """What is differentiated and not used further, and what a forward pass ends with: a scalar made of a sum."""
        forward = [equation for equation in self.derivation.equations if equation.stage in _FORWARD]
        used = {name.name for equation in forward for name in names_in(equation.expression)}
        found = set()
        for equation in self.derivation.equations:
            if equation.derivative is not None:
                source = self.derivation.get(equation.derivative.of)
                if source is not None and not source.expression.shape:
                    found.add(source.name)
            elif equation.stage in _FORWARD and _is_total(equation.expression):
                found.add(equation.name)
        return frozenset(found - used)

    # --- layers ----------------------------------------------------------------------------------------------------

    @cached_property
    def _layers(self) -> Mapping[int, tuple[Layer, ...]]:
        found: dict[int, list[Layer]] = {}
        for equation in self.derivation.equations:
            function = equation.expression
            if equation.stage not in _FORWARD or not isinstance(function, Application):
                continue
            if function.operation.name not in ACTIVATIONS or not isinstance(function.arguments[0], Name):
                continue
            net = self.derivation.get(function.arguments[0].name)
            if net is not None and net.stage in _FORWARD:
                found.setdefault(self.steps[equation.name], []).append(self._layer(net, equation))
        return {step: tuple(layers) for step, layers in found.items()}

    def _layer(self, net: Equation, activation: Equation) -> Layer:
        inputs = weights = bias = None
        for node in walk(net.expression):
            if is_operation(node, "matmul"):
                left, right = map(untransposed, node.arguments)
                if not (isinstance(left, Name) and isinstance(right, Name)):
                    continue
                if self.is_parameter(left) or self.is_parameter(right):  # scores times values weigh, but are no weights
                    second = (self.samples == -2 or not self.is_parameter(left)) and self.is_parameter(right)
                    weights, inputs = (right, left) if second else (left, right)
        terms = summands(net.expression)
        names = [name for name in map(name_alone, terms) if name is not None and self.is_parameter(name)]
        if len(names) == 1 < len(terms):
            bias = names[0]
        return Layer(net, activation, inputs, weights, bias)

    def is_parameter(self, name: Name) -> bool:
        """Whether it is given, or the result of an update."""
        source = self.derivation.get(name.name)
        return source is None or source.stage == Stage.UPDATE

    def layers(self, step: int) -> tuple[Layer, ...]:
        """The layers of one step, the first in front."""
        return self._layers.get(step, ())

    @cached_property
    def _by_net(self) -> Mapping[str, Layer]:
        return {layer.net.name: layer for layers in self._layers.values() for layer in layers}

    @cached_property
    def _by_activation(self) -> Mapping[str, Layer]:
        return {layer.activation.name: layer for layers in self._layers.values() for layer in layers}

    def layer(self, equation: Equation) -> Layer | None:
        """The layer of a net input, of an activation, or of an error."""
        if equation.derivative is not None:
            return self._by_net.get(equation.derivative.by)
        return self._by_net.get(equation.name) or self._by_activation.get(equation.name)

    # --- samples and the loss --------------------------------------------------------------------------------------

    @cached_property
    def sizes(self) -> tuple[int, int]:
        """How many samples there are, and how many outputs."""
        layers = self.layers(0)
        shape = layers[-1].net.expression.shape if layers else ()
        if not shape:
            return 1, 1
        return (1, prod(shape)) if self.samples is None else (shape[self.samples], prod(shape) // shape[self.samples])

    def sample(self, which: str) -> Name:
        """One for the first or the last sample, zero for the others; along the axis of the samples."""
        count = self.sizes[0]
        return Name(which, (1, count) if self.samples == -1 else (count, 1))

    @cached_property
    def constants(self) -> Mapping[str, Any]:
        """The values of names that only rewrites use."""
        shape = self.sample(FIRST_SAMPLE).shape
        first = np.eye(1, self.sizes[0]).reshape(shape)
        return {FIRST_SAMPLE: first, LAST_SAMPLE: first[::-1, ::-1]}

    def loss_of(self, equation: Equation) -> Equation | None:
        """The loss of the step that the equation belongs to."""
        if equation.derivative is not None:
            output = equation.derivative.of
            return self.derivation[output] if output in self._outputs else None
        return equation if equation.name in self._outputs else None

    # --- backward --------------------------------------------------------------------------------------------------

    @cached_property
    def derivatives(self) -> Mapping[tuple[str, str], Equation]:
        """The equation of each derivative, by what is differentiated and by what."""
        return {(e.derivative.of, e.derivative.by): e for e in self.derivation.equations if e.derivative is not None}

    def starts_backward(self, equation: Equation) -> bool:
        """Whether it is a derivative that uses no other one: that of the loss by the output."""
        return equation.derivative is not None and not self.uses_derivative(equation.expression)

    def uses_derivative(self, expression: Expression) -> bool:
        """Whether a derivative occurs in it by name."""
        sources = (self.derivation.get(name.name) for name in names_in(expression))
        return any(source is not None and source.derivative is not None for source in sources)

    def upstream(self, equation: Equation) -> Expression | None:
        """For an error the derivative by the activation: what f' is multiplied with."""
        layer = self.layer(equation)
        if layer is None or equation.derivative is None:
            return None
        output, by = equation.derivative.of, layer.activation.name
        named = self.derivatives.get((output, by))
        users = [e for e in self._under(output) if layer.net.symbol in names_in(e.expression)]
        if len(users) != 1:
            return None
        found = named.symbol if named is not None else self._adjoints(output).get(by)
        times = self.kept_times.get(equation.name)
        if found is None or times is None or any(name.name in self.kept_times for name in names_in(found)):
            return found
        return simplify(times * found)

    def error_from(self, loss: Expression, equation: Equation) -> Expression | None:
        """What the error that starts the way back would be if the loss were another one."""
        own = self.loss_of(equation)
        if own is None or equation.derivative is None:
            return None
        under = [dataclasses.replace(one, expression=loss) if one is own else one for one in self._under(own.name)]
        found = Adjoints(under, own.name, {}).found.get(equation.derivative.by)
        times = self.kept_times.get(equation.name)
        return found if found is None or times is None else times * found

    def _under(self, output: str) -> list[Equation]:
        """The forward equations that the output is made of, those before an update left out."""
        wanted, found = {output}, []
        for equation in reversed(self.derivation.equations):
            if equation.name in wanted and equation.stage in _FORWARD:
                found.append(equation)
                wanted.update(name.name for name in names_in(equation.expression))
        step = self.steps[output]
        return [equation for equation in reversed(found) if self.steps[equation.name] == step]

    @cached_property
    def _known_adjoints(self) -> dict[str, Mapping[str, Expression]]:
        return {}

    def _adjoints(self, output: str) -> Mapping[str, Expression]:
        if output not in self._known_adjoints:
            named = {by: equation.name for (of, by), equation in self.derivatives.items() if of == output}
            self._known_adjoints[output] = Adjoints(self._under(output), output, named).found
        return self._known_adjoints[output]

    # --- updates ---------------------------------------------------------------------------------------------------

    @cached_property
    def updated(self) -> Mapping[Name, Name]:
        """Each parameter and its name after the update."""
        found = {}
        for equation in self.derivation.equations:
            old = updated_parameter(equation) if equation.stage == Stage.UPDATE else None
            if old is not None:
                found[old] = equation.symbol
        return found


def _is_total(expression: Expression) -> bool:
    return not expression.shape and has_operation(expression, "sum", "mean")
