"""Batch normalisation: every unit brought to mean 0 and variance 1 over the batch, then scaled and shifted."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Literal

import numpy as np

from chalkwork.algebra.expression import Expression, Number, apply
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.errors import ChalkworkError
from chalkwork.networks import reasons
from chalkwork.networks.layers.base import Foreign, Layer, LayerKind, NamedAdjoint
from chalkwork.networks.layers.dense import activated
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.quantities import Form, Quantity, Role
from chalkwork.networks.spot import Spot

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

    quantities: ClassVar[tuple[Quantity, ...]] = (
        Quantity("gamma", Role.SCALE, Form.UNITS, keyword="gamma", start=1.0, torch="weight"),
        Quantity("beta", Role.SHIFT, Form.UNITS, keyword="beta", torch="bias"),
        Quantity("mu", Role.STATE, Form.UNITS, tail="_run", torch="running_mean"),
        Quantity("var", Role.STATE, Form.UNITS, tail="_run", start=1.0, torch="running_var", least=0.0),
        Quantity("epsilon", Role.CONSTANT, Form.NUMBER, keyword="epsilon"),
    )

    # --- equations -----------------------------------------------------------------------------------------------

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """mu, var (in training), xhat, z, a."""
        statistics = self._statistics(at, incoming) if at.plan.training else []
        mean, variance = (one.symbol for one in statistics) if statistics else self.names(at, Role.STATE)
        deviation = apply("sqrt", variance + self.names(at, Role.CONSTANT)[0])
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
        (epsilon,) = self.names(at, Role.CONSTANT)
        if at.plan.training:
            return (
                f"Normalised{at.again}: every unit gets mean 0 and variance 1 over the batch; {{{epsilon}}} keeps the "
                "root away from 0."
            )
        mean, variance = self.names(at, Role.STATE)
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

    kind_type = BatchNormKind
    title = "a batch normalisation"
    settings = (
        Setting("activation", "activation", "identity"),
        Setting("momentum", "number", 0.1, low=0, high=1),
        Setting("epsilon", "number", 1e-5, low=0, high=float("inf"), high_open=True),
        Setting("variance", "choice", "biased", choices=tuple(_DIVISOR)),
        Setting("running_variance", "choice", "unbiased", choices=tuple(_DIVISOR)),
        Setting("gamma", "entries"),
        Setting("beta", "entries"),
        Setting("inputs", "size"),
    )

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
        super().__init__(
            activation=activation, momentum=momentum, epsilon=epsilon, variance=variance,
            running_variance=running_variance, gamma=gamma, beta=beta, inputs=inputs,
        )  # fmt: skip
        own = self.options
        self.kind: BatchNormKind = BatchNormKind(own["momentum"], own["variance"], own["running_variance"])
        lengths = [len(value) for value in (own["gamma"], own["beta"]) if isinstance(value, np.ndarray)]
        own["inputs"] = own["inputs"] or (lengths[0] if lengths else None)

    def in_torch(self, inputs: int, units: int) -> Foreign:
        """`BatchNorm1d`, whose momentum means the same."""
        arguments = {"num_features": units, "eps": self.options["epsilon"], "momentum": self.kind.momentum}
        return Foreign("BatchNorm1d", arguments, self._differs("unbiased"))

    def in_keras(self, inputs: int, units: int) -> Foreign:
        """`BatchNormalization`, whose momentum is the weight of the old statistics."""
        arguments = {"momentum": 1 - self.kind.momentum, "epsilon": self.options["epsilon"]}
        return Foreign("BatchNormalization", arguments, self._differs("biased"))

    def _differs(self, running: Variance) -> str:
        kind = self.kind
        if (kind.variance, kind.running_variance) == ("biased", running):
            return ""
        return (
            f"the batch's variance is biased and the running one {running} there, "
            f"not {kind.variance} and {kind.running_variance}"
        )
