"""What is presented to which unit by which rule: the equations of each presentation, and their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.algebra.reading import read
from chalkwork.algebra.simplify import simplify
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.derivation.work_out import work_out
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.presentation.rules import Rule, rule_of
from chalkwork.laboratory.presentation.unit import Unit, samples_of, targets_of, threshold_unit, unit_of, units_of
from chalkwork.networks.arguments import number, positive, whole
from chalkwork.networks.data import Array

PRESENTED, EPOCHS = Stage("presentation", "Presentations"), Stage("epochs", "The loss of an epoch")
LINE = Stage("line", "The separating line")
MOST_PRESENTATIONS = 600
ASKED = ("z", "a", "wrong", "e", "slope", "delta", "w", "b", "theta")
"""What is asked of every presentation where nobody says, those that the rule has."""


def listed(numbers: Sequence[int]) -> str:
    """Numbers in words, runs of them as from to.

    >>> listed([1, 2, 3, 5, 6, 9])
    '1 to 3, 5, 6 and 9'
    """
    runs: list[list[int]] = []
    for one in numbers:
        if runs and runs[-1][-1] == one - 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    parts = [part for run in runs for part in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run))]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


@dataclass(frozen=True)
class Study:
    """What is presented to which unit by which rule; equations and numbers follow."""

    name: str
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
    givens: dict[str, Array] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        x: Any,
        y: Any = None,
        *,
        rule: str = "perceptron",
        weights: Any = None,
        bias: Any = None,
        threshold: Any = None,
        bias_input: Any = None,
        rate: Any = 1.0,
        activation: Any = None,
        order: Any = None,
        band: Any = 0.0,
        fixed: bool = False,
        batch: bool = False,
        stop_change: Any = None,
        stop_loss: Any = None,
    ) -> Study:
        """The study; ChalkworkError for what does not fit."""
        name, chosen = rule_of(rule)
        samples = samples_of(x)
        if chosen.target and y is None:
            raise ChalkworkError(f"{chosen.title} needs targets", hint="y is a number for each sample")
        targets = None if y is None or not chosen.target else targets_of(y, len(samples), several=True)
        if not chosen.output and activation is not None:
            raise ChalkworkError(f"{chosen.title} looks at no output, so that an activation is of no use")
        function = threshold_unit(targets, activation, chosen.usual) if chosen.output else None
        if name == "gradient" and function is not None and function.jumps:
            raise ChalkworkError(
                f"no gradient comes through the {function.words}", hint="sigmoid or tanh, or the rule perceptron"
            )
        if targets is not None and targets.ndim == 2:
            if bias_input is not None or band:
                raise ChalkworkError("several units have a bias or a threshold each, no bias_input and no band")
            unit = units_of(weights, samples.shape[1], targets.shape[1], bias, threshold, function)
        else:
            unit = unit_of(weights, samples.shape[1], bias, threshold, bias_input, function, band)
        for name, value in (("stop_change", stop_change), ("stop_loss", stop_loss)):
            if value is not None and ((found := number(value)) is None or found < 0):
                raise ChalkworkError(f"{name} is a number from 0 on, not {value!r:.60}")
        if stop_loss is not None and not chosen.error:
            raise ChalkworkError(f"{chosen.title} has no loss that could stop it", hint="stop_change: 0.05")
        if fixed and not unit.free:
            raise ChalkworkError("fixed is said of a bias or a threshold, and there is none")
        if unit.constant is not None:
            samples = np.column_stack([np.full(len(samples), unit.constant), samples])
        return cls(
            name, chosen, unit, samples, targets, positive(rate, "the learning rate"), _order_of(order, len(samples)),
            fixed, batch, float(stop_change or 0.0), None if stop_loss is None else float(stop_loss),
            _givens(unit, samples, targets, rate),
        )  # fmt: skip

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
        found = {name: Name(name, self._shape(name)) for name in (*"yzabe", "theta", "eta", "E", *self._lines)}
        return {**found, **{name: Name(name, self._shape(name)) for name in ("w", "x", "dw", "db", "dtheta")}}

    def _shape(self, name: str) -> tuple[int, ...]:
        """The shape of a quantity, by its name without a number."""
        inputs, outputs = self.unit.inputs, self.unit.outputs
        if name in ("x", "w", "dw"):
            return (inputs, 1) if name == "x" or outputs == 1 else (outputs, inputs)
        return () if outputs == 1 or name in ("eta", "E") else (outputs, 1)

    @property
    def _lines(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.rule.lines)

    def formulas(self, known: Mapping[str, Expression]) -> list[tuple[str, Expression]]:
        """What a presentation works out, in order, in terms of these names; the changes last."""
        found: list[tuple[str, Expression]] = []
        bound = dict(known)
        net, output = known["z"], known["a"]
        assert isinstance(net, Name) and isinstance(output, Name)
        if self.rule.net:
            free = bound[self.unit.free] if self.unit.free else None
            w, x = known["w"], known["x"]
            assert isinstance(w, Name) and isinstance(x, Name)
            found.append(("z", self.unit.net(w, x, free)))
        if self.rule.output:
            found.append(("a", self.unit.output(net)))
        for name, text in self.rule.lines:
            found.append((name, self.unit.slope(net, output) if name == "slope" else read(text, bound)))
        change = read(self.rule.change, bound)
        found.append(("dw", change * bound["x"] if self.unit.outputs == 1 else change @ bound["x"].T))
        if len(self.learned) > 1:
            found.append((f"d{self.unit.free}", -change if self.unit.free == "theta" else change))
        return found

    def presented(self, step: int) -> list[Equation]:
        """The equations of one presentation."""
        sample, last = self.sample(step), step - 1
        if self.batch:
            last -= last % len(self.order)

        def named(name: str, number: int) -> Name:
            return Name(f"{name}{number}", self._shape(name))

        known: dict[str, Expression] = {name: named(name, step) for name in (*"zaeE", *self._lines)}
        known |= {"w": named("w", last), "x": named("x", sample), "y": named("y", sample)}
        for name in ("b", "theta"):
            known[name] = named(name, 0 if self.fixed else last)
        known["eta"] = Name("eta")
        equations = [Equation(f"{name}{step}", expression, PRESENTED) for name, expression in self.formulas(known)]
        for name in self.learned if not self.batch or step % len(self.order) == 0 else ():
            start: Expression = named(name, last)
            changes = [named(f"d{name}", one) for one in range(last + 1 if self.batch else step, step + 1)]
            equations.append(Equation(f"{name}{step}", reduce(Expression.__add__, changes, start), PRESENTED))
        if self.rule.error:
            error = self.rule.error if self.unit.outputs == 1 else f"sum({self.rule.error})"
            equations.append(Equation(f"E{step}", read(error, known), PRESENTED))
        return equations

    # --- numbers ---------------------------------------------------------------------------------------------------

    def run(self, epochs: int) -> tuple[Derivation, dict[str, Array], int]:
        """The equations as far as an epoch changes nothing, their numbers, and how many epochs that takes.

        Raises ChalkworkError where more presentations would be needed than are shown.
        """
        tried = 0
        while True:
            tried = min(epochs, max(4, 2 * tried), max(1, MOST_PRESENTATIONS // len(self.order)))
            derivation = self.derivation(tried)
            values = work_out(derivation, self.givens)
            unchanged = [epoch for epoch in range(1, tried + 1) if self.ends(values, epoch)]
            done = min([tried, *unchanged])
            if unchanged or tried == epochs:
                break
            if 2 * tried * len(self.order) > MOST_PRESENTATIONS:
                raise ChalkworkError(
                    f"after {tried} epochs the weights still change; {MOST_PRESENTATIONS} presentations are the most",
                    hint=f"epochs: {tried} shows these",
                )
        last = done * len(self.order)
        found = self.derivation(done)
        found = found.extended([*self._totals(done), *self._line(values, last)])
        return found, work_out(found, self.givens), done

    def derivation(self, epochs: int) -> Derivation:
        """The equations of so many epochs."""
        steps = range(1, epochs * len(self.order) + 1)
        givens = [Name(name, self._shape(name.rstrip("0123456789"))) for name in self.givens]
        return Derivation(tuple(givens), tuple(one for step in steps for one in self.presented(step)))

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
        per_epoch = len(self.order) if self.rule.error and (len(self.order) > 1 or self.stop_loss is not None) else 0
        found = []
        for epoch in range(1, epochs + 1) if per_epoch else ():
            steps = range((epoch - 1) * per_epoch + 1, epoch * per_epoch + 1)
            total = reduce(Expression.__add__, map(_loss, steps))
            found.append(Equation(f"total{epoch}", total, EPOCHS))
        return found

    def _line(self, values: Mapping[str, Array], last: int) -> list[Equation]:
        """Where the net input is 0 at the end, as x2 = m x1 + c; nothing where that is no such line."""
        line = self.boundary(last) if self.rule.target else None
        if line is None or not evaluate(line[1], values).any():
            return []
        p, q, c = line
        return [
            Equation("line_slope", -(p / q), LINE),
            Equation("line_intercept", simplify(-(c / q)), LINE),
        ]


def _order_of(order: Any, count: int) -> tuple[int, ...]:
    if order is None:
        return tuple(range(1, count + 1))
    if isinstance(order, str) or not isinstance(order, Sequence) or not order or len(order) > MOST_PRESENTATIONS:
        raise ChalkworkError("order is a list of numbers of samples, from 1")
    return tuple(whole(one, "a number in order", 1, count) for one in order)


def _givens(unit: Unit, x: Array, y: Array | None, rate: float) -> dict[str, Array]:
    found = {f"x{number}": sample[:, None] for number, sample in enumerate(x, 1)}
    if y is not None:
        found |= {f"y{number}": np.reshape(target, (-1, 1)) for number, target in enumerate(y, 1)}
    found["eta"] = np.array([[float(rate)]])
    found["w0"] = unit.weights if unit.outputs > 1 else unit.weights[:, None]
    if unit.free:
        found[f"{unit.free}0"] = np.reshape(unit.value, (-1, 1))
    return found


def _loss(step: int) -> Expression:
    return Name(f"E{step}")
