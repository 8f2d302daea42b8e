"""Batch normalisation: every unit brought to mean 0 and variance 1 over the batch, then scaled and shifted."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Literal

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.networks import reasons
from chalkwork.networks.activations import Activation
from chalkwork.networks.convention import Convention
from chalkwork.networks.data import Array
from chalkwork.networks.layers.base import (
    Generator,
    Layer,
    LayerKind,
    NamedAdjoint,
    check_length,
    number_or_vector,
    real,
    size,
    unknown_inputs,
)
from chalkwork.networks.layers.dense import activated
from chalkwork.networks.spot import Spot, counted

Variance = Literal["biased", "unbiased"]
_DIVISOR = {"biased": "n", "unbiased": "n - 1"}


@dataclass(frozen=True)
class BatchNormKind(LayerKind):
    """mu, var, xhat = (a - mu) / sqrt(var + epsilon), z = gamma * xhat + beta, a = f(z).

    Source: Ioffe and Szegedy, Batch Normalization: Accelerating Deep Network Training by Reducing Internal
    Covariate Shift (ICML 2015), algorithms 1 and 2, section 3 for the derivatives.
    """

    momentum: float = 0.1
    variance: Variance = "biased"
    running_variance: Variance = "unbiased"
    has_modes: ClassVar[bool] = True

    # --- names ---------------------------------------------------------------------------------------------------

    def parameters(self, at: Spot) -> list[Name]:
        """gamma and beta."""
        first = Spot(at.plan, at.number)
        return [first.vector("gamma"), first.vector("beta")]

    def state(self, at: Spot) -> list[Name]:
        """The running mean and variance."""
        first = Spot(at.plan, at.number)
        return [first.vector("mu", "_run"), first.vector("var", "_run")]

    def constants(self, at: Spot) -> list[Name]:
        """epsilon."""
        return [Name(f"epsilon{at.number}")]

    # --- equations -----------------------------------------------------------------------------------------------

    def forward(self, at: Spot, incoming: Expression) -> list[Equation]:
        """mu, var (in training), xhat, z, a."""
        statistics = self._statistics(at, incoming) if at.plan.training else []
        mean, variance = (one.symbol for one in statistics) if statistics else self.state(at)
        deviation = apply("sqrt", variance + self.constants(at)[0])
        xhat = Equation(at.name("xhat"), (incoming - mean) / deviation, at.stage, self._normalised(at))
        scaled = at.vector("gamma") * xhat.symbol + at.vector("beta")
        reason = (
            f"Scaled and shifted{at.again} by {{{at.name('gamma')}}} and {{{at.name('beta')}}}, which are learned: one "
            "of each for a unit."
        )
        net = Equation(at.name("z"), scaled, at.stage, reason)
        return [*statistics, xhat, net, activated(at, net)]

    def _statistics(self, at: Spot, incoming: Expression) -> list[Equation]:
        samples = at.plan.samples
        if samples == 1 and self.variance == "unbiased":
            raise ChalkworkError(
                f"the unbiased variance of a batch of one does not exist (batch normalisation, layer {at.number}): "
                "it divides by n - 1, which is 0",
                hint="give a batch of at least two samples, or variance='biased'",
            )
        title = f"Batch normalisation (layer {at.number}){at.again}:"
        mean = Equation(
            at.name("mu"), _average(at, incoming, samples), at.stage,
            f"{title} the mean of {{{at.below}}} over the {counted(samples, 'sample')} of the batch, for every unit.",
        )  # fmt: skip
        divisor = samples if self.variance == "biased" else samples - 1
        variance = Equation(
            at.name("var"), _average(at, (incoming - mean.symbol) ** 2, divisor), at.stage,
            f"The variance over the batch, {self.variance}: the squared deviations from {{{at.name('mu')}}} divided by "
            f"${_DIVISOR[self.variance]} = {divisor}$.",
        )  # fmt: skip
        return [mean, variance]

    def _normalised(self, at: Spot) -> str:
        (epsilon,) = self.constants(at)
        if at.plan.training:
            return (
                f"Normalised{at.again}: every unit gets mean 0 and variance 1 over the batch; {{{epsilon}}} keeps the "
                "root away from 0."
            )
        mean, variance = self.state(at)
        return (
            f"Batch normalisation (layer {at.number}){at.again}: in inference the running statistics {{{mean}}} and "
            f"{{{variance}}} stand in for those of a batch."
        )

    def state_updates(self, at: Spot) -> list[Equation]:
        """The running mean and variance after the batch; the running variance on its own choice of divisor."""
        following = Spot(at.plan, at.number, at.step + 1)
        share, factor = Number(self.momentum), self._to_running(at)
        corrected = share if factor == 1 else share * Number(factor)
        reason = (
            f"Running statistics: the new batch counts {self.momentum:g}, what is known so far {1 - self.momentum:.12g}"
        )
        meaning = "" if at.step else " (the momentum as PyTorch means it; that of Keras is the weight of the old ones)"
        equations = []
        for letter, weight, more in (("mu", share, f"{meaning}."), ("var", corrected, self._said(at))):
            old = Number(_complement(self.momentum)) * at.vector(letter, "_run")
            new = old + weight * at.vector(letter)
            equations.append(Equation(following.name(letter, "_run"), new, Stage.UPDATE, reason + more))
        return equations

    def _to_running(self, at: Spot) -> Fraction | int:
        """What turns the batch's variance into the one that is kept."""
        n = at.plan.samples
        if self.variance == self.running_variance:
            return 1
        if n == 1:
            raise ChalkworkError(
                f"the running variance of batch normalisation (layer {at.number}) is unbiased: "
                "for a batch of one it divides by n - 1, which is 0",
                hint="give a batch of at least two samples, or running_variance='biased'",
            )
        if self.running_variance == "unbiased":
            return 2 if n == 2 else Fraction(n, n - 1)
        return Fraction(n - 1, n)

    def _said(self, at: Spot) -> str:
        if self._to_running(at) == 1:
            return f"; the variance is the {self.running_variance} one."
        return (
            f"; the running variance is the {self.running_variance} one, which divides by "
            f"${_DIVISOR[self.running_variance]}$ instead of ${_DIVISOR[self.variance]}$."
        )

    # --- backward ------------------------------------------------------------------------------------------------

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """delta, dgamma, dbeta, and in training dxhat, dvar, dmu, as the paper names them."""
        delta, gamma, xhat = at.name("delta"), at.name("gamma"), at.name("xhat")
        named = [
            ("z", delta, reasons.error(at)),
            ("gamma", "", f"Gradient of the scale: {{{delta}}} times what is scaled, {{{xhat}}}, summed over the "
             "samples."),
            ("beta", "", f"Gradient of the shift: it is added for every sample, so {{{delta}}} is summed over the "
             "samples."),
        ]  # fmt: skip
        if at.plan.training:
            mean, variance = at.name("mu"), at.name("var")
            named += [
                ("xhat", "", f"Back through the scaling by {{{gamma}}}."),
                ("var", "", f"The variance {{{variance}}} divides every sample alike, so it collects from all of them; "
                 "the derivative of one over its root brings the half and the third power."),
                ("mu", "", f"The mean {{{mean}}} enters every normalised value, and the variance too; that second part "
                 "is zero, because the deviations from a mean add up to zero."),
            ]  # fmt: skip
        return [NamedAdjoint(at.name(letter), name or f"d{at.name(letter)}", reason) for letter, name, reason in named]

    def way_back(self, at: Spot) -> str:
        """In training by three ways: through xhat, the variance and the mean."""
        if not at.plan.training:
            return f"{{{at.name('delta')}}} goes back through the scaling by {{{at.name('gamma')}}} and the root"
        return f"the error comes to {{{at.below}}} by three ways (directly, through the variance, through the mean)"

    # --- words ---------------------------------------------------------------------------------------------------

    def check_batch(self, at: Spot) -> None:
        """A batch of one has no variance."""
        if at.plan.samples == 1:
            raise ChalkworkError(
                f"batch normalisation (layer {at.number}) cannot learn from a batch of one: the variance of one sample "
                "is zero, so every normalised value is zero, whatever enters, and no gradient reaches the layers below",
                hint="use batches of at least two samples",
            )

    def words(self, at: Spot) -> str:
        """The activation, where it is one."""
        name = "" if at.layer.activation.name == "identity" else f" ({at.layer.activation.words})"
        return f"batch normalisation{name}"

    def title(self, at: Spot) -> str:
        """The activation, where it is one."""
        name = "" if at.layer.activation.name == "identity" else f", {at.layer.activation.words}"
        return f"batch norm{name}"

    def declared(self, at: Spot) -> list[str]:
        """Which statistics."""
        if not at.plan.training:
            return [f"The batch normalisation (layer {at.number}) takes its running statistics: inference."]
        return [
            f"The batch normalisation (layer {at.number}) takes the statistics of the batch, with the {self.variance} "
            f"variance, which divides by ${_DIVISOR[self.variance]}$."
        ]

    def remarks(self, at: Spot) -> dict[str, str]:
        """What a batch of one means."""
        if not at.plan.training or at.plan.samples > 1:
            return {}
        below = "" if at.number == 1 else ", and no error reaches the layers below"
        return {
            at.name("xhat"): (
                f"A batch of one is its own mean, and its variance is zero: {{{at.name('xhat')}}} is zero whatever "
                f"enters, so that {{{at.name('z')}}} is {{{at.name('beta')}}}{below}. Batch normalisation is trained "
                "with batches of at least two samples."
            )
        }


def _average(at: Spot, expression: Expression, divisor: int) -> Expression:
    """The sum over the samples, divided."""
    if at.plan.samples == 1:
        return expression
    total = apply("sum", expression, axis=at.plan.convention.sample_axis)
    return total if divisor == 1 else Number(Fraction(1, divisor)) * total


def _complement(share: float) -> float:
    """1 - share without the noise of binary fractions: 0.9 for 0.1."""
    return float(f"{1 - share:.15g}")


class BatchNorm(Layer):
    """Batch normalisation, then an activation.

    In training every unit is brought to mean 0 and variance 1 over the batch (n x d or d x n in, the same shape out),
    scaled by `gamma` and shifted by `beta`, which are learned (one for each unit; ones and zeros if not given, or one
    number for all, or a vector). In inference running statistics take the place of the batch's: they start at 0 and 1,
    and each update moves them by `momentum`, the weight of the NEW batch (as in PyTorch; Keras means that of the old
    ones), from 0 to 1. `variance` says whether the batch's variance divides by n (`biased`) or n - 1 (`unbiased`),
    `running_variance` the same of the running one. `epsilon` (from 0) is added to the variance under the root.

    Source: Ioffe and Szegedy, Batch Normalization (ICML 2015), algorithms 1 and 2.
    Raises ChalkworkError for settings out of range, ShapeError where gamma and beta do not fit.

    >>> BatchNorm("relu")
    BatchNorm('relu')
    >>> BatchNorm("relu", epsilon=1e-3, variance="unbiased")
    BatchNorm('relu', epsilon=0.001, variance='unbiased')
    >>> BatchNorm(momentum=2)
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: the momentum of a batch normalisation is a number from 0 to 1, not 2
    """

    def __init__(
        self,
        activation: str = "identity",
        *,
        momentum: float = 0.1,
        epsilon: float = 1e-5,
        variance: Variance = "biased",
        running_variance: Variance = "unbiased",
        gamma: Any = None,
        beta: Any = None,
        inputs: int | None = None,
    ) -> None:
        self.activation = Activation.of(activation)
        self.epsilon = real(epsilon, "the epsilon of a batch normalisation", 0, float("inf"))
        for choice, name in ((variance, "variance"), (running_variance, "running_variance")):
            if not isinstance(choice, str) or choice not in _DIVISOR:
                raise ChalkworkError(f"{name} is 'biased' or 'unbiased', not {choice!r}")
        share = real(momentum, "the momentum of a batch normalisation", 0, 1, high_open=False)
        self.kind: BatchNormKind = BatchNormKind(share, variance, running_variance)
        self.gamma = number_or_vector(gamma, "gamma")
        self.beta = number_or_vector(beta, "beta")
        self.inputs = size(inputs, "inputs")
        for value in (self.gamma, self.beta):
            if self.inputs is None and isinstance(value, np.ndarray):
                self.inputs = len(value)

    def sizes(self, layer: int, inputs: int | None, in_out: bool) -> tuple[int, int]:
        """As many units as enter."""
        units = inputs if inputs is not None else self.inputs
        if units is None:
            raise unknown_inputs(layer)
        check_length(self.gamma, "gamma", layer, units)
        check_length(self.beta, "beta", layer, units)
        if self.inputs is not None and self.inputs != units:
            raise ShapeError(f"layer {layer} is to have {counted(self.inputs, 'input')}, but {units} enter it")
        return units, units

    def start(
        self, layer: int, sizes: tuple[int, int], convention: Convention, generator: Generator
    ) -> dict[str, Array]:
        """gamma (ones) and beta (zeros)."""
        gamma = np.zeros(sizes[1]) + (1.0 if self.gamma is None else self.gamma)
        beta = np.zeros(sizes[1]) + (0.0 if self.beta is None else self.beta)
        return {f"gamma{layer}": gamma, f"beta{layer}": beta}

    def state(self, layer: int, units: int) -> dict[str, Array]:
        """Mean 0 and variance 1."""
        return {f"mu{layer}_run": np.zeros(units), f"var{layer}_run": np.ones(units)}

    def constants(self, layer: int) -> dict[str, float]:
        """epsilon."""
        return {f"epsilon{layer}": self.epsilon}

    def __repr__(self) -> str:
        usual = {"momentum": 0.1, "epsilon": 1e-5, "variance": "biased", "running_variance": "unbiased"}
        own = {name: getattr(self.kind, name, None) for name in usual} | {"epsilon": self.epsilon}
        stated = "".join(f", {name}={value!r}" for name, value in own.items() if value != usual[name])
        return f"BatchNorm({str(self.activation)!r}{stated})"
