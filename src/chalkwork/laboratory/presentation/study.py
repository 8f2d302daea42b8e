"""The table of rules by which units learn, and what one makes of samples: the equations of each presentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.algebra.reading import read
from chalkwork.algebra.simplify import simplify
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError, meant
from chalkwork.laboratory.presentation.unit import Unit
from chalkwork.laboratory.work import Work
from chalkwork.networks.data import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, in the language of the reader.

    `x` is the sample, `y` its target, `z` the net input, `a` the output, `w` the weights before, `eta` the learning
    rate. `lines` are worked out in order (`slope` is the derivative of the activation); the weights change by `change`
    times `x`, a bias by `change`, a threshold by minus that.
    """

    title: str
    lines: tuple[tuple[str, str], ...] = ()
    change: str
    error: str = ""
    """The loss of a sample, whose sum over an epoch is kept; nothing where there is none."""
    output: bool = True
    """Whether the unit has an activation; else the net input is compared, or nothing."""
    net: bool = True
    """Whether the net input is needed at all."""
    target: bool = True
    usual: str = ""
    """The activation where none is given; nothing: a step or a sign, as the targets are."""
    words: str
    source: str


RULES: dict[str, Rule] = {
    "perceptron": Rule(
        title="the perceptron rule",
        lines=(("e", "y - a"),),
        change="eta * e",
        words="The error is the target minus the output. The weights change by the learning rate times the error times "
        "the input: without an error nothing changes.",
        source="Rosenblatt, The perceptron (Psychological Review 65, 1958)",
    ),
    "perceptron_by_target": Rule(
        title="the perceptron rule",
        lines=(("wrong", "1 - equal(a, y)"),),
        change="eta * y * wrong",
        words="Where the output is wrong ({wrong} = 1) the weights change by the learning rate times the target times "
        "the input; where it is right nothing changes.",
        source="Fausett, Fundamentals of Neural Networks (1994), section 2.3",
    ),
    "adaline": Rule(
        title="the delta rule",
        lines=(("e", "y - z"),),
        change="eta * e",
        error="e^2",
        output=False,
        words="The error is the target minus the net input, before any threshold. The weights change by the learning "
        "rate times the error times the input, a step down the squared error of this sample.",
        source="Widrow and Hoff, Adaptive switching circuits (IRE WESCON, 1960)",
    ),
    "normalised_lms": Rule(
        title="the normalised delta rule",
        lines=(("e", "y - z"),),
        change="eta * e / sum(x^2)",
        error="e^2",
        output=False,
        words="The error is the target minus the net input. The change is divided by the squared length of the input, "
        "so that the learning rate is the part of the error that is corrected.",
        source="Widrow and Lehr, 30 years of adaptive neural networks (Proceedings of the IEEE 78, 1990)",
    ),
    "hebb": Rule(
        title="Hebb's rule",
        change="eta * y",
        output=False,
        net=False,
        words="The weights change by the learning rate times the target times the input, whatever the unit says.",
        source="Hebb, The Organization of Behavior (1949)",
    ),
    "hebb_output": Rule(
        title="Hebb's rule",
        change="eta * a",
        target=False,
        usual="identity",
        words="The weights change by the learning rate times the output times the input: what is active together grows "
        "together.",
        source="Hebb, The Organization of Behavior (1949)",
    ),
    "gradient": Rule(
        title="single-sample gradient descent",
        lines=(("e", "y - a"), ("slope", ""), ("delta", "e * slope")),
        change="eta * delta",
        error="1/2 * e^2",
        usual="sigmoid",
        words="The error times the slope of the activation says how the loss falls with the net input: {delta} is "
        "minus its derivative. The weights change by the learning rate times {delta} times the input.",
        source="Rumelhart, Hinton and Williams, Learning representations by back-propagating errors (Nature 323, 1986)",
    ),
}
_ALSO = {
    "rosenblatt": "perceptron", "delta": "adaline", "delta_rule": "adaline", "widrow_hoff": "adaline", "lms": "adaline",
    "sigmoid": "gradient", "gradient_descent": "gradient", "sgd": "gradient", "nlms": "normalised_lms",
}  # fmt: skip


def rule_of(name: object) -> tuple[str, Rule]:
    """The rule by its name, with the name that it has here; ChalkworkError for an unknown one.

    >>> rule_of("widrow-hoff")[0]
    'adaline'
    """
    word = str(name).lower().replace("-", "_").replace(" ", "_")
    found = _ALSO.get(word, word)
    if not isinstance(name, str) or found not in RULES:
        hint = meant(word, [*RULES, *_ALSO], f"the rules are {', '.join(RULES)}")
        raise ChalkworkError(f"{name!r:.60} is no rule of learning by presentation", hint=hint)
    return found, RULES[found]


PRESENTED, EPOCHS = Stage("presentation", "Presentations"), Stage("epochs", "The loss of an epoch")
LINE = Stage("line", "The separating line")
MOST_PRESENTATIONS = 600
ASKED = ("z", "a", "wrong", "e", "slope", "delta", "w", "b", "theta")
"""What is asked of every presentation where nobody says, those that the rule has."""


@dataclass(frozen=True)
class Study:
    """What is presented to which unit by which rule; equations and numbers follow."""

    rule: Rule
    unit: Unit
    x: Array
    y: Array | None
    rate: float
    order: tuple[int, ...]
    fixed: bool = False
    batch: bool = False
    """Whether the weights change once an epoch, by all changes of it together."""
    stop_change: float = 0.0
    stop_loss: float | None = None

    def begun(self) -> Work:
        """Samples, targets, the rate, and what the unit starts with."""
        work = Work(usual=PRESENTED, at_once=True)
        for number, sample in enumerate(self.x, 1):
            work.given(f"x{number}", sample)
        for number, target in enumerate(() if self.y is None else self.y, 1):
            work.given(f"y{number}", target)
        work.given("eta", self.rate)
        work.given("w0", self.unit.weights)
        if self.unit.free:
            work.given(f"{self.unit.free}0", self.unit.value)
        return work

    def sample(self, step: int) -> int:
        """The number of the sample that a presentation shows, from 1."""
        return self.order[(step - 1) % len(self.order)]

    @property
    def has_stop(self) -> bool:
        """Whether a rule stops learning before nothing changes."""
        return bool(self.stop_change) or self.stop_loss is not None

    @property
    def learned(self) -> tuple[str, ...]:
        """What changes: the weights, and the bias or the threshold unless it is fixed."""
        return ("w",) if self.fixed or not self.unit.free else ("w", self.unit.free)

    def names(self) -> dict[str, Expression]:
        """The names of a presentation without numbers, for its formulas."""
        own = (name for name, _ in self.rule.lines)
        return {
            name: Name(name, self._shape(name)) for name in (*"yzabeEwx", "theta", "eta", "dw", "db", "dtheta", *own)
        }

    def _shape(self, name: str) -> tuple[int, ...]:
        """The shape of a quantity, by its name without a number."""
        inputs, outputs = self.unit.inputs, self.unit.outputs
        if name in ("x", "w", "dw"):
            return (inputs, 1) if name == "x" or outputs == 1 else (outputs, inputs)
        return () if outputs == 1 or name in ("eta", "E") else (outputs, 1)

    def formulas(self, known: Mapping[str, Expression]) -> list[tuple[str, Expression]]:
        """What a presentation works out, in order, in terms of these names; the changes last."""
        found: list[tuple[str, Expression]] = []
        w, x, z, a = (known[name] for name in "wxza")
        assert isinstance(w, Name) and isinstance(x, Name) and isinstance(z, Name) and isinstance(a, Name)
        if self.rule.net:
            found.append(("z", self.unit.net(w, x, known[self.unit.free] if self.unit.free else None)))
        if self.rule.output:
            found.append(("a", self.unit.output(z)))
        for name, text in self.rule.lines:
            found.append((name, self.unit.slope(z, a) if name == "slope" else read(text, dict(known))))
        change = read(self.rule.change, dict(known))
        found.append(("dw", change * x if self.unit.outputs == 1 else change @ x.T))
        if len(self.learned) > 1:
            found.append((f"d{self.unit.free}", -change if self.unit.free == "theta" else change))
        return found

    def present(self, work: Work, step: int) -> None:
        """The equations of one presentation."""
        last = step - 1
        if self.batch:
            last -= last % len(self.order)
        numbers = {"x": self.sample(step), "y": self.sample(step), "w": last} | dict.fromkeys(
            ("b", "theta"), 0 if self.fixed else last
        )

        def named(name: str, number: int) -> Name:
            return Name(f"{name}{number}", self._shape(name))

        known: dict[str, Expression] = {name: named(name, numbers.get(name, step)) for name in self.names()}
        known["eta"] = Name("eta")
        for name, expression in self.formulas(known):
            work.equation(f"{name}{step}", expression)
        for name in self.learned if not self.batch or step % len(self.order) == 0 else ():
            start: Expression = named(name, last)
            changes = [named(f"d{name}", one) for one in range(last + 1 if self.batch else step, step + 1)]
            work.equation(f"{name}{step}", reduce(Expression.__add__, changes, start))
        if self.rule.error:
            error = self.rule.error if self.unit.outputs == 1 else f"sum({self.rule.error})"
            work.equation(f"E{step}", read(error, known))

    # --- numbers ---------------------------------------------------------------------------------------------------

    def run(self, epochs: int) -> tuple[Work, int]:
        """The equations as far as an epoch changes nothing, and how many epochs that takes.

        Raises ChalkworkError where more presentations would be needed than are shown.
        """
        work = self.begun()
        for done in range(1, epochs + 1):
            before = len(work.equations)
            for step in self._steps(done):
                self.present(work, step)
            finite = all(np.isfinite(work.values[new.name]).all() for new in work.equations[before:])
            if not finite or self.ends(work.values, done):  # what is no number is an error with its place
                break
            if done < epochs and (done + 1) * len(self.order) > MOST_PRESENTATIONS:
                raise ChalkworkError(
                    f"after {done} epochs the weights still change; {MOST_PRESENTATIONS} presentations are the most",
                    hint=f"epochs: {done} shows these",
                )
        work.equations += [*self._totals(done), *self._line(work.values, done * len(self.order))]
        return work, done

    def changed_nothing(self, values: Mapping[str, Array], epoch: int) -> bool:
        """Whether an epoch leaves everything as it was."""
        return not self._largest_change(values, epoch)

    def ends(self, values: Mapping[str, Array], epoch: int) -> str:
        """Why an epoch is the last one: `converged`, where nothing changes, `stopped` by a rule, or nothing."""
        if self.changed_nothing(values, epoch):
            return "converged"
        loss = sum(float(values[f"E{step}"].item()) for step in self._steps(epoch)) if self.rule.error else 0.0
        if self._largest_change(values, epoch) <= self.stop_change * (1 + 1e-12):
            return "stopped"
        return "stopped" if self.stop_loss is not None and loss <= self.stop_loss * (1 + 1e-12) else ""

    def _steps(self, epoch: int) -> range:
        return range((epoch - 1) * len(self.order) + 1, epoch * len(self.order) + 1)

    def _largest_change(self, values: Mapping[str, Array], epoch: int) -> float:
        """How much a weight or a bias changes at most in an epoch: in a presentation, or of a batch at its end."""
        steps = self._steps(epoch)
        if not self.batch:
            return float(max(np.abs(values[f"d{name}{step}"]).max() for step in steps for name in self.learned))
        return float(max(np.abs(sum(values[f"d{name}{step}"] for step in steps)).max() for name in self.learned))

    def unchanged(self, values: Mapping[str, Array], steps: Sequence[int]) -> list[int]:
        """Which of the presentations change nothing."""
        return [step for step in steps if not any(values[f"d{name}{step}"].any() for name in self.learned)]

    def found(self, values: Mapping[str, Array], step: int) -> Array:
        """The weights after a presentation, with the bias or the threshold behind them."""
        free = [values[f"{self.unit.free}{0 if self.fixed else step}"].ravel()] if self.unit.free else []
        return np.concatenate([values[f"w{step}"].ravel(), *free])

    def boundary(self, step: int) -> tuple[Expression, Expression, Expression] | None:
        """p, q and c of the line p x1 + q x2 + c = 0 after a presentation; None where there are not two inputs."""
        if self.unit.outputs > 1:
            return None
        w = Name(f"w{step}", (self.unit.inputs, 1))
        entries = [apply("entry", w, place=(place, 1)) for place in range(1, self.unit.inputs + 1)]
        free = Name(f"{self.unit.free}{0 if self.fixed else step}") if self.unit.free else None
        if self.unit.constant is not None and len(entries) == 3:
            return entries[1], entries[2], entries[0] if self.unit.constant == 1 else -entries[0]
        if self.unit.constant is not None or len(entries) != 2:
            return None
        return entries[0], entries[1], Number(0) if free is None else -free if self.unit.free == "theta" else free

    def _totals(self, epochs: int) -> list[Equation]:
        """The losses of each epoch added up, where there are any."""
        found = []
        summed = self.rule.error and (len(self.order) > 1 or self.stop_loss is not None)
        for epoch in range(1, epochs + 1) if summed else ():
            losses: list[Expression] = [Name(f"E{step}") for step in self._steps(epoch)]
            found.append(Equation(f"total{epoch}", reduce(Expression.__add__, losses), EPOCHS))
        return found

    def _line(self, values: Mapping[str, Array], last: int) -> list[Equation]:
        """Where the net input is 0 at the end, as x2 = m x1 + c; nothing where that is no such line."""
        line = self.boundary(last) if self.rule.target else None
        if line is None or not evaluate(line[1], values).any():
            return []
        p, q, c = line
        slope, intercept = -(p / q), simplify(-(c / q))
        return [Equation("line_slope", slope, LINE), Equation("line_intercept", intercept, LINE)]
