"""One output layer with one loss, as a derivation: z given, then a, L and the error delta = dL/dz."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.derivation.chain import chain
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.differentiate import Adjoints
from chalkwork.derivation.work_out import work_out
from chalkwork.networks.activations import Activation
from chalkwork.networks.convention import Convention
from chalkwork.networks.data import Array
from chalkwork.networks.equations import derive
from chalkwork.networks.losses import Loss
from chalkwork.networks.plan import LayerPlan, Plan
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.symbols import Symbol


@dataclass(frozen=True, slots=True)
class PoissonLoss(Loss):
    """a - y log a, summed: the negative logarithm of the Poisson probability of y, without log y!."""

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """A - y log a."""
        return output - apply("xlogy", target, output), 1

    @property
    def title(self) -> str:
        """The loss in words."""
        return "Poisson loss"


@dataclass(frozen=True, slots=True)
class ExponentialLoss(Loss):
    """log a + y/a, summed: the negative logarithm of the density of the exponential distribution with mean a."""

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """Log a + y/a."""
        return apply("log", output) + target / output, 1

    @property
    def title(self) -> str:
        """The loss in words."""
        return "exponential loss"


@dataclass(frozen=True, slots=True)
class Pair:
    """An output activation (a name of `KINDS`, or exp) and a loss."""

    activation: str
    loss: Loss

    @property
    def words(self) -> str:
        """The pair in words."""
        shown = {"exp": "exponential output", "identity": "linear output"}.get(self.activation)
        return f"{shown or Activation.of(self.activation).words} with {self.loss.title}"

    def derivation(self, units: int, matched: bool = True) -> Derivation:
        """z and y given (units x 1); a, L, delta. A matched pair of layers is derived by `networks.equations.derive`.

        Without `matched` nothing is assumed of the target (as: that it sums to one).

        >>> from chalkwork.networks.losses import CrossEntropy
        >>> print(Pair("softmax", CrossEntropy()).derivation(3)["delta"])
        delta = a - y
        """
        if matched and self.activation != "exp":
            return self._as_layer(units)
        z, y = Name("z", (units, 1)), Name("y", (units, 1))
        exp = self.activation == "exp"
        output = apply("exp", z) if exp else Activation.of(self.activation).expression(z, unit_axis=-2)
        a = Equation("a", output, Stage.FORWARD)
        forward = [a, Equation("L", self.loss.expression(a.symbol, y, 1), Stage.FORWARD)]
        (error,) = Adjoints(forward, "L", {"z": "delta"}).equations()
        return Derivation((z, y), (*forward, replace(error, chain=chain(forward, "L", "z"))))

    def _as_layer(self, units: int) -> Derivation:
        """What `derive` says of a network of this one layer, from its net input on, with the layer's index left out."""
        layer = LayerPlan(units, units, Activation.of(self.activation), False)
        plan = Plan((layer,), self.loss, Convention("columns", "out_in"))
        whole = derive(plan, target=True)
        bare = Derivation((Name("z1", (units, 1)), plan.y), tuple(whole[name] for name in ("a1", "L", "delta1")))
        alone = bare.renamed(lambda name: name.removesuffix("1"))
        return Derivation(alone.givens, tuple(replace(equation, reason="") for equation in alone.equations))

    def at(self, z: Array, y: Array, matched: bool = True) -> dict[str, Array]:
        """a, L and delta at a net input and a target, as vectors (L a single number in one)."""
        values = work_out(self.derivation(len(z), matched), {"z": z[:, None], "y": y[:, None]})
        return {name: values[name].ravel() for name in ("a", "L", "delta")}


def letters_of(notation: Notation, suffix: str = "") -> dict[str, Symbol]:
    """How the names of a pair print, with or without what tells several pairs apart."""
    letters = {"z": notation.net, "a": notation.activation, "y": notation.target, "L": notation.loss}
    letters["delta"] = notation.delta
    return {name + suffix: Symbol.letter(notation, letter, bold=name != "L") for name, letter in letters.items()}
