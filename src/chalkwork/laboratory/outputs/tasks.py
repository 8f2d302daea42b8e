"""The table of tasks: what is assumed of the target, which output and loss follow, and which pairs go wrong.

A pair is a derivation: z given, then a, L and the error delta = dL/dz. Sources: Bishop, Pattern Recognition and Machine
Learning, section 5.2; Goodfellow, Bengio and Courville, Deep Learning, section 6.2.2; for counts and positive values
McCullagh and Nelder, Generalized Linear Models, chapters 6 and 8.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.algebra.reading import read
from chalkwork.derivation.chain import chain
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.differentiate import Adjoints
from chalkwork.derivation.work_out import work_out
from chalkwork.networks.activations import Activation
from chalkwork.networks.convention import Convention
from chalkwork.networks.data import Array
from chalkwork.networks.equations import derive
from chalkwork.networks.layers.base import LayerPlan
from chalkwork.networks.layers.dense import DENSE
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, Loss, SquaredError
from chalkwork.networks.plan import Plan
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.symbols import Symbol
from chalkwork.typesetting.unicode_maths import plain_maths


@dataclass(frozen=True, slots=True)
class OwnLoss(Loss):
    """A loss that networks do not have: what it is called, and the loss of an output `a` with the target `y`."""

    called: str = ""
    text: str = ""

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """The loss entry by entry."""
        return read(self.text, {"a": output, "y": target}), 1

    @property
    def title(self) -> str:
        """The loss in words."""
        return self.called


POISSON = OwnLoss(called="Poisson loss", text="a - xlogy(y, a)")
"""The negative logarithm of the Poisson probability of y, without log y!."""
EXPONENTIAL = OwnLoss(called="exponential loss", text="log(a) + y / a")
"""The negative logarithm of the density of the exponential distribution with mean a."""


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
        layer = LayerPlan(units, units, Activation.of(self.activation), False, DENSE)
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


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A pair that does not fit: an example, what it shows in words, and the factors of z at which it is compared.

    The place (from 1) of the output that the comparison looks at; no factors, no comparison.
    """

    pair: Pair
    before: str
    after: str
    z: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    """Net inputs and target of the example, if they are other ones than those of the task."""
    factors: tuple[float, ...] = ()
    place: int = 1
    substituted: bool = True
    """Whether the numbers are put into the error: not where the formula is too long for it to help."""


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of target."""

    title: str
    target: str
    """What the target is."""
    likelihood: tuple[tuple[str, str], ...]
    """From the assumption to the loss: lines of LaTeX and of text."""
    assumption: str
    reason: str
    """Why this activation."""
    pair: Pair
    z: tuple[float, ...]
    y: tuple[float, ...]
    mismatches: tuple[Mismatch, ...] = ()
    several: bool = False
    """Whether there is an output for each class or label."""

    def __post_init__(self) -> None:
        examples = (replace(each, z=each.z or self.z, y=each.y or self.y) for each in self.mismatches)
        object.__setattr__(self, "mismatches", tuple(examples))


def formulas(*rows: str | tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Lines of LaTeX with their texts, which are made from the LaTeX where none is given."""
    return tuple((row, plain_maths(row.replace("&=", "="))) if isinstance(row, str) else row for row in rows)


TASKS: dict[str, Task] = {
    "binary": Task(
        title="Binary classification",
        target="yes or no: $y = 1$ or $y = 0$",
        assumption="The target is a Bernoulli variable, and the output $a$ is the probability of yes:",
        likelihood=formulas(
            r"p(y \mid x) &= a^{y} (1 - a)^{1 - y}",
            r"-\log p(y \mid x) &= -y \log a - (1 - y) \log (1 - a)",
        ),
        reason="A probability lies between 0 and 1, and its log-odds may be any number: $z = \\log(a / (1 - a))$ gives "
        "$a = \\sigma(z)$. One output is enough, the probability of no is the rest.",
        pair=Pair("sigmoid", BinaryCrossEntropy()),
        z=(-3.0,),
        y=(1.0,),
        mismatches=(
            Mismatch(
                Pair("sigmoid", SquaredError()),
                before="The derivative of the sigmoid stays in the gradient, where the cross-entropy cancels it:",
                after="A network that is wrong and sure of it learns next to nothing: with $a$ near 0 the factor "
                "$a (1 - a)$ vanishes although the error $a - y$ is near $-1$. The gradient is never larger than 4/27 "
                "(at $a = 1/3$), and the loss is not convex in $z$.",
                factors=(0.0, 1 / 3, 2 / 3, 1.0, 2.0, 4.0),
            ),
        ),
    ),
    "multiclass": Task(
        title="Multi-class classification",
        target="exactly one of $K$ classes: $y$ has a one in its place and zeros elsewhere",
        assumption="The target is a categorical variable, and the outputs $a_k$ are the probabilities of the classes:",
        likelihood=formulas(
            r"p(y \mid x) &= \prod_{k} a_k^{y_k}",
            r"-\log p(y \mid x) &= -\sum_{k} y_k \log a_k",
        ),
        reason="The probabilities must be positive and sum to one, since the classes exclude each other: "
        "$a_k = e^{z_k} / \\sum_j e^{z_j}$. In the gradient the targets' sum of one is used.",
        pair=Pair("softmax", CrossEntropy()),
        z=(2.0, -1.0, 0.5, 0.0),
        y=(0.0, 1.0, 0.0, 0.0),
        several=True,
        mismatches=(
            Mismatch(
                Pair("softmax", SquaredError()),
                before="The Jacobian of the softmax stays in the gradient:",
                after="The error of each output keeps the factor $a_k$. For the output of the right class it is next "
                "to zero just when the network is sure of a wrong one: the gradient vanishes when it is needed most.",
                factors=(0.0, 0.5, 1.0, 2.0, 4.0),
                place=2,
            ),
            Mismatch(
                Pair("softmax", BinaryCrossEntropy()),
                before="Binary cross-entropy takes each output for a question of its own, yes or no, although the "
                "softmax ties them together. Every error is counted more than once:",
                after="The error is no longer $a - y$, and the loss is not the negative logarithm of the probability "
                "of the target. With two classes $1 - a_1 = a_2$, so both terms are the same and loss and gradient are "
                "exactly twice those of the cross-entropy, as if the learning rate were doubled.",
                factors=(0.0, 0.5, 1.0, 2.0, 4.0),
                place=2,
            ),
            Mismatch(
                Pair("sigmoid", BinaryCrossEntropy()),
                before="A sigmoid for every class says nothing of the others:",
                after="The outputs sum to {total} instead of 1: they are no distribution over classes, and nothing "
                "keeps the network from affirming two classes at once or none.",
            ),
        ),
    ),
    "multilabel": Task(
        title="Multi-label classification",
        target="any number of $K$ labels: each $y_k$ is 1 or 0 by itself",
        assumption="The labels are Bernoulli variables, independent of each other given $x$; $a_k$ is the probability "
        "of label $k$:",
        likelihood=formulas(
            r"p(y \mid x) &= \prod_{k} a_k^{y_k} (1 - a_k)^{1 - y_k}",
            r"-\log p(y \mid x) &= -\sum_{k} \left( y_k \log a_k + (1 - y_k) \log (1 - a_k) \right)",
        ),
        reason="Each label is a binary classification, so each output is a sigmoid of its own net input; the outputs "
        "need not sum to one, because several labels may hold together, or none.",
        pair=Pair("sigmoid", BinaryCrossEntropy()),
        z=(1.0, -0.5, -2.0),
        y=(1.0, 1.0, 0.0),
        several=True,
        mismatches=(
            Mismatch(
                Pair("softmax", CrossEntropy()),
                before="Softmax makes the labels compete. With a target that sums to two the error is not $a - y$ "
                "either; the sum of the targets stays in it:",
                after="Both labels hold, yet the probabilities sum to one, so the best that the outputs can do is 0.5 "
                "for each: the loss never falls below $2 \\log 2 \\approx 1.386$. And a sample without any label, "
                "$y = 0$, has the loss 0 whatever the output is: nothing is learned from it.",
            ),
        ),
    ),
    "regression": Task(
        title="Regression",
        target="a real number, of any sign and size",
        assumption="The target is the output plus normal noise of constant variance, $y = a + \\varepsilon$ with "
        "$\\varepsilon$ of mean 0 and variance $s^2$:",
        likelihood=formulas(
            (r"p(y \mid x) &= \frac{1}{\sqrt{2 \pi s^2}} \, e^{-(a - y)^2 / (2 s^2)}",
             "p(y | x) = e^(−(a − y)²/(2 s²)) / √(2π s²)"),
            (r"-\log p(y \mid x) &= \frac{1}{2 s^2} (a - y)^2 + \frac{1}{2} \log (2 \pi s^2)",
             "−log p(y | x) = (a − y)²/(2 s²) + ½ log (2π s²)"),
        ),
        reason="A mean may be any real number, so the output is the net input itself, $a = z$. The factor "
        "$1/s^2$ and the last term do not change which weights are best: the squared error is left.",
        pair=Pair("identity", SquaredError()),
        z=(9.0,),
        y=(12.5,),
        mismatches=(
            Mismatch(
                Pair("sigmoid", SquaredError()),
                before="An output between 0 and 1 cannot reach the target:",
                after="However large $z$ becomes, the error stays above 11.5, while the gradient vanishes with "
                "$a (1 - a)$: training stops at an output of 1. The same holds for tanh; a ReLU cannot be negative.",
                factors=(0.0, 1 / 3, 1.0, 2.0),
            ),
        ),
    ),
    "counts": Task(
        title="Regression of counts",
        target="a whole number from 0: how many events",
        assumption="The target is a Poisson variable, and the output $a$ is its mean:",
        likelihood=formulas(
            (r"p(y \mid x) &= \frac{a^{y} e^{-a}}{y!}",
             "p(y | x) = aʸ e⁻ᵃ / y!"),
            r"-\log p(y \mid x) &= a - y \log a + \log y!",
        ),
        reason="A mean count is positive: $a = e^z$. The last term does not depend on the weights and is left out.",
        pair=Pair("exp", POISSON),
        z=(0.5,),
        y=(3.0,),
        mismatches=(
            Mismatch(
                Pair("identity", SquaredError()),
                z=(-1.0,),
                y=(0.0,),
                before="A linear output may predict a negative number of events:",
                after="And the squared error weighs all errors alike. The variance of a count is its mean: being off "
                "by 5 is nothing at a mean of 400 (a quarter of the standard deviation 20) and much at a mean of 4 "
                "(two and a half times the standard deviation 2).",
            ),
        ),
    ),
    "positive": Task(
        title="Regression of positive values",
        target="a positive number, such as a waiting time or a price",
        assumption="The target has an exponential distribution, and the output $a$ is its mean:",
        likelihood=formulas(
            (r"p(y \mid x) &= \frac{1}{a} e^{-y / a}",
             "p(y | x) = e^(−y/a) / a"),
            r"-\log p(y \mid x) &= \log a + \frac{y}{a}",
        ),
        reason="A positive mean is written $a = e^z$. The spread grows with the mean, so that relative errors count: "
        "the gradient is $1 - y/a = (a - y)/a$. (With normal noise on $\\log y$ instead, take the logarithm of the "
        "target, a linear output and the squared error.)",
        pair=Pair("exp", EXPONENTIAL),
        z=(0.5,),
        y=(4.0,),
        mismatches=(
            Mismatch(
                Pair("relu", SquaredError()),
                z=(-2.0,),
                y=(4.0,),
                before="A ReLU output is not negative either, but it can be stuck at zero:",
                after="For every $z < 0$ the output is 0 and so is the gradient, however wrong the output is: the unit "
                "no longer learns from this example.",
            ),
        ),
    ),
}  # fmt: skip
"""Every task but the next word of a large vocabulary, which has a layer of its own."""

NEXT_WORD = "next_word"
