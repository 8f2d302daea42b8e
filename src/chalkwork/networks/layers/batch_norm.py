"""Batch normalisation: every unit brought to mean 0 and variance 1 over the batch, then scaled and shifted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Literal

from chalkwork.algebra.expression import Expression, Number, apply
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.errors import ChalkworkError
from chalkwork.networks.layers.base import Foreign, LayerKind, NamedAdjoint
from chalkwork.networks.layers.dense import activated
from chalkwork.networks.layers.normalised import (
    ACTIVATION,
    BETA,
    EPSILON,
    GAMMA,
    INPUTS,
    ROOM,
    VECTORS,
    Normalisation,
    adjoints,
    average,
    by_statistics,
    scaled,
)
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import Form, Quantity, Role
from chalkwork.words import Text

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

    called = Text.own("batch_norm.name", "batch normalisation")
    short = Text.own("batch_norm.title", "batch norm")
    quantities: ClassVar[tuple[Quantity, ...]] = (
        GAMMA,
        BETA,
        Quantity("mu", Role.STATE, Form.UNITS, tail="_run", torch="running_mean"),
        Quantity("var", Role.STATE, Form.UNITS, tail="_run", start=1.0, torch="running_var", least=0.0),
        EPSILON,
    )

    # --- equations -----------------------------------------------------------------------------------------------

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """mu, var (in training), xhat, z, a."""
        statistics = self._statistics(at, incoming) if at.plan.training else []
        mean, variance = (one.symbol for one in statistics) if statistics else self.names(at, Role.STATE)
        deviation = apply("sqrt", variance + self.names(at, Role.CONSTANT)[0])
        xhat = Equation(at.name("xhat"), (incoming - mean) / deviation, at.stage, self._normalised(at))
        net = Equation(at.name("z"), at.vector("gamma") * xhat.symbol + at.vector("beta"), at.stage, scaled(at))
        return [*statistics, xhat, net, activated(at, net)]

    def _statistics(self, at: Spot, incoming: Expression) -> list[Equation]:
        samples, axis = at.plan.samples, at.plan.convention.sample_axis
        if samples == 1 and self.variance == "unbiased":
            raise ChalkworkError(
                f"the unbiased variance of a batch of one does not exist (batch normalisation, layer {at.number}): "
                "it divides by n - 1, which is 0",
                hint="give a batch of at least two samples, or variance='biased'",
            )
        mean = Equation(
            at.name("mu"), average(incoming, axis, samples), at.stage,
            Text.own(
                "batch_norm.mean",
                "Batch normalisation (layer <layer>)<again>: the mean of <below> over the <samples> of the batch, for "
                "every unit.",
                layer=at.number, again=at.again, below=f"{{{at.below}}}", samples=Text.of("counted.samples", n=samples),
            ),
        )  # fmt: skip
        divisor = samples if self.variance == "biased" else samples - 1
        variance = Equation(
            at.name("var"), average((incoming - mean.symbol) ** 2, axis, samples, divisor), at.stage,
            Text.own(
                "batch_norm.variance",
                "The variance over the batch, <kind>: the squared deviations from <mean> divided by "
                "$<divisor> = <number>$.",
                kind=_kind(self.variance), mean=at.shown("mu"), divisor=_DIVISOR[self.variance], number=divisor,
            ),
        )  # fmt: skip
        return [mean, variance]

    def _normalised(self, at: Spot) -> Text:
        (epsilon,) = self.names(at, Role.CONSTANT)
        if at.plan.training:
            return Text.own(
                "batch_norm.normalised",
                "Normalised<again>: every unit gets mean 0 and variance 1 over the batch; <epsilon> keeps the root "
                "away from 0.",
                again=at.again, epsilon=f"{{{epsilon}}}",
            )  # fmt: skip
        mean, variance = self.names(at, Role.STATE)
        return Text.own(
            "batch_norm.inference",
            "Batch normalisation (layer <layer>)<again>: in inference the running statistics <mean> and <variance> "
            "stand in for those of a batch.",
            layer=at.number, again=at.again, mean=f"{{{mean}}}", variance=f"{{{variance}}}",
        )  # fmt: skip

    def state_updates(self, at: Spot) -> list[Equation]:
        """The running mean and variance after the batch; the running variance on its own choice of divisor."""
        following = Spot(at.plan, at.number, at.step + 1)
        share, factor = Number(self.momentum), self._to_running(at)
        corrected = share if factor == 1 else share * Number(factor)
        meaning = Text.own(
            "batch_norm.momentum", " (the momentum as PyTorch means it; that of Keras is the weight of the old ones)"
        )
        running = Text.own(
            "batch_norm.running_mean",
            "Running statistics: the new batch counts <new>, what is known so far <old><momentum>.",
            momentum="" if at.step else meaning, **self._shares,
        )  # fmt: skip
        equations = []
        for letter, weight, reason in (("mu", share, running), ("var", corrected, self._said(at))):
            old = Number(_complement(self.momentum)) * at.vector(letter, "_run")
            new = old + weight * at.vector(letter)
            equations.append(Equation(following.name(letter, "_run"), new, Stage.UPDATE, reason))
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

    @property
    def _shares(self) -> dict[str, str]:
        return {"new": f"{self.momentum:g}", "old": f"{1 - self.momentum:.12g}"}

    def _said(self, at: Spot) -> Text:
        kind = _kind(self.running_variance)
        if self._to_running(at) == 1:
            return Text.own(
                "batch_norm.running_variance",
                "Running statistics: the new batch counts <new>, what is known so far <old>; the variance is the "
                "<kind> one.",
                kind=kind, **self._shares,
            )  # fmt: skip
        return Text.own(
            "batch_norm.other_variance",
            "Running statistics: the new batch counts <new>, what is known so far <old>; the running variance is the "
            "<kind> one, which divides by $<divisor>$ instead of $<other>$.",
            kind=kind, divisor=_DIVISOR[self.running_variance], other=_DIVISOR[self.variance], **self._shares,
        )  # fmt: skip

    # --- backward ------------------------------------------------------------------------------------------------

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """delta, dgamma, dbeta, and in training dxhat, dvar, dmu, as the paper names them."""
        own = {
            "beta": Text.own(
                "batch_norm.shift_gradient",
                "Gradient of the shift: it is added for every sample, so <error> is summed over the samples.",
                error=at.shown("delta"),
            )
        }
        if at.plan.training:
            by_variance = Text.own(
                "batch_norm.by_variance",
                "The variance <variance> divides every sample alike, so it collects from all of them; the derivative "
                "of one over its root brings the half and the third power.",
                variance=at.shown("var"),
            )
            own |= by_statistics(at, by_variance)
        return adjoints(at, own, "samples")

    def way_back(self, at: Spot) -> Text:
        """In training by three ways: through xhat, the variance and the mean."""
        if at.plan.training:
            return Text.of("normalised.way_back", below=f"{{{at.below}}}")
        said = "<error> goes back through the scaling by <scale> and the root"
        return Text.own("batch_norm.way_back_inference", said, error=at.shown("delta"), scale=at.shown("gamma"))

    # --- words ---------------------------------------------------------------------------------------------------

    def check_batch(self, at: Spot) -> None:
        """A batch of one has no variance."""
        if at.plan.samples == 1:
            raise ChalkworkError(
                f"batch normalisation (layer {at.number}) cannot learn from a batch of one: the variance of one sample "
                "is zero, so every normalised value is zero, whatever enters, and no gradient reaches the layers below",
                hint="use batches of at least two samples",
            )

    def declared(self, at: Spot) -> list[Text]:
        """Which statistics."""
        if not at.plan.training:
            said = "The batch normalisation (layer <layer>) takes its running statistics: inference."
            return [Text.own("batch_norm.declared_inference", said, layer=at.number)]
        said = (
            "The batch normalisation (layer <layer>) takes the statistics of the batch, with the <kind> variance, "
            "which divides by $<divisor>$."
        )
        kind, divisor = _kind(self.variance), _DIVISOR[self.variance]
        return [Text.own("batch_norm.declared", said, layer=at.number, kind=kind, divisor=divisor)]

    def remarks(self, at: Spot, values: Mapping[str, Any]) -> dict[str, Text]:
        """What a batch of one means."""
        if not at.plan.training or at.plan.samples > 1:
            return {}
        below = Text.own("batch_norm.none_below", ", and no error reaches the layers below")
        said = Text.own(
            "batch_norm.batch_of_one",
            "A batch of one is its own mean, and its variance is zero: <normalised> is zero whatever enters, so that "
            "<net> is <shift><below>. Batch normalisation is trained with batches of at least two samples.",
            normalised=at.shown("xhat"),
            net=at.shown("z"),
            shift=at.shown("beta"),
            below="" if at.number == 1 else below,
        )
        return {at.name("xhat"): said}


def _kind(variance: Variance) -> Text:
    """Which variance, in words."""
    if variance == "biased":
        return Text.own("batch_norm.biased", "biased")
    return Text.own("batch_norm.unbiased", "unbiased")


def _complement(share: float) -> float:
    """1 - share without the noise of binary fractions: 0.9 for 0.1."""
    return float(f"{1 - share:.15g}")


class BatchNorm(Normalisation):
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
        ACTIVATION,
        Setting("momentum", "number", 0.1, low=0, high=1),
        ROOM,
        Setting("variance", "choice", "biased", choices=tuple(_DIVISOR)),
        Setting("running_variance", "choice", "unbiased", choices=tuple(_DIVISOR)),
        *VECTORS,
        INPUTS,
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
