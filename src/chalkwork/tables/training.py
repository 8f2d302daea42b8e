"""From a table to a trained network and what it is worth."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.networks.data import Array
from chalkwork.networks.equations import derive
from chalkwork.networks.layers.dense import Dense
from chalkwork.networks.measuring import Measure, output
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.tasks import batch_of, hidden_layers, output_of
from chalkwork.networks.training_data import Samples
from chalkwork.tables.columns import AS_ASKED
from chalkwork.tables.measures import Figures, baseline, measured, ranked
from chalkwork.tables.notes import notes
from chalkwork.tables.recipe import Recipe, recipe_of
from chalkwork.tables.splitting import Apart, Parts, find_apart, folds, split
from chalkwork.tables.table import ALL, Table, named, shown
from chalkwork.tables.targets import Classes, Target, find_target
from chalkwork.training.history import History


@dataclass(frozen=True)
class Choices:
    """The network and how it is trained; `NeuralNetwork.train` says what most of them mean.

    `hidden` holds the units of the hidden layers; `test` and `validation` are shares of the samples, 0 for no such
    part; `patience` epochs without a better validation loss end the training, and the best network is kept. `split` is
    `group:COLUMN` or `time:COLUMN`, and `folds` says how many more networks are trained to cross-validate.
    """

    hidden: tuple[int, ...] = (64, 32)
    activation: str = "relu"
    epochs: int = 200
    batch_size: int = 32
    eta: float = 0.001
    optimizer: str = "adam"
    schedule: str | None = None
    clip_norm: float | None = None
    class_weight: str | None = None
    l2: float = 1e-3
    dropout: float = 0.0
    batch_norm: bool = False
    test: float = 0.2
    validation: float = 0.1
    patience: int = 20
    split: str = ""
    folds: int = 0
    seed: int = 0
    dtype: str = "float64"
    engine: str = "auto"
    checkpoint: str | Path | None = None
    progress: bool | None = None


@dataclass(frozen=True)
class Fold:
    """One fold of a cross-validation: the rows of its parts, and the figures of the part that is tested."""

    parts: Parts
    figures: Figures


@dataclass(frozen=True)
class Trained:
    """A trained network with its recipe, its history and its figures.

    `parts` holds the rows of the table in each part; `figures` the loss and the measures by part; `baseline` the
    measures of a guess without inputs on the part that `judged` names; `without_target` counts rows left out; `notes`
    say which columns were left out or read otherwise than they may be meant; `apart` is what kept the parts apart, as
    `split_words` say, and `folds` hold what cross-validation found, for networks of their own. `in_all` says how many
    rows each part has where the table holds but some of them.
    """

    net: NeuralNetwork
    recipe: Recipe
    choices: Choices
    history: History
    table: Table
    parts: Parts
    figures: Mapping[str, Figures]
    baseline: Figures
    without_target: int
    notes: tuple[str, ...] = ()
    apart: Apart | None = None
    folds: tuple[Fold, ...] = ()
    split_words: str = ""
    in_all: Mapping[str, int] | None = None

    @property
    def judged(self) -> str:
        """The part by which the network is to be judged: test, or what comes nearest to it."""
        return list(self.parts)[-1]


def train_table(
    table: Table,
    target: str | Sequence[str],
    *,
    task: str = "auto",
    categories: Sequence[str] = (),
    leave_out: Sequence[str] = (),
    choices: Choices | None = None,
) -> Trained:
    """Train a network to predict the target from the other columns, and measure it on samples it has not seen.

    Rows without a target are left out; the rest is split (stratified by class), everything is learned from the
    training part alone. The output layer and the loss follow the task: softmax under cross-entropy, one sigmoid for
    two classes, a sigmoid for each of several labels, the identity under half the squared error for numbers, which are
    standardised. Ctrl-C ends the training with the network so far.

    Raises ChalkworkError, with file, line and column, for a table that cannot be used.

    >>> from chalkwork.tables.table import Table
    >>> cells = tuple(str(place) for place in range(40)), ("low",) * 20 + ("high",) * 20
    >>> table = Table("t.csv", ("size", "kind"), cells, tuple(range(2, 42)))
    >>> trained = train_table(table, "kind", choices=Choices(hidden=(4,), eta=0.03, epochs=60, engine="numpy"))
    >>> {name: len(part) for name, part in trained.parts.items()}, trained.figures["test"]["accuracy"] > 0.7
    ({'train': 28, 'validation': 4, 'test': 8}, True)
    """
    chosen = choices or Choices()
    problem = Problem.of(table, target, task, categories, leave_out, chosen)
    try:
        parts = problem.parts(chosen)
        fit = problem.fitted(table, parts, chosen)
        tested = (
            list(problem.tested(partial(problem.fitted, table), chosen)) if fit.history.stopped != "interrupted" else []
        )
    except ChalkworkError as error:
        raise error.at(file=table.file) from None
    return finished(problem, fit, table, problem.wanted, parts, chosen, tuple(tested))


@dataclass(frozen=True)
class Fit:
    """A network that has been trained, with its recipe, its history and the figures of each part."""

    net: NeuralNetwork
    recipe: Recipe
    history: History
    figures: Mapping[str, Figures]

    @classmethod
    def of(cls, recipe: Recipe, known: Mapping[str, tuple[Array, Array]], choices: Choices, **source: Any) -> Fit:
        """Train on one part, or on a source of batches, and measure on all: nothing is known of them before."""
        net, target = network(recipe, choices), recipe.target
        x, y = (None, None) if source else _encoded(target, known["train"])
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "the training diverged")  # which the report says
            history = net.train(x, y, **_settings(target, known, choices) | source)
        return cls(net, recipe, history, {name: _figures(net, target, *pair) for name, pair in known.items()})


@dataclass(frozen=True)
class Problem:
    """What is to be learned from which rows: all that is settled before a network is made."""

    found: Target
    wanted: Array
    """The targets of all rows, NaN where they are missing."""
    rows: Array
    """The rows that have one."""
    apart: Apart | None
    categories: Sequence[str]
    leave_out: Mapping[str, str]

    @classmethod
    def of(
        cls,
        table: Table,
        target: str | Sequence[str],
        task: str,
        categories: Sequence[str],
        leave_out: Sequence[str],
        choices: Choices,
    ) -> Problem:
        """The problem that a table poses. Raises ChalkworkError where it cannot be used."""
        names = [target] if isinstance(target, str) else list(target)
        found = find_target(table, names, task)
        wanted = found.read(table, ALL)
        rows = np.flatnonzero(~np.isnan(wanted).any(axis=1))
        apart, out = find_apart(table, choices.split, rows), dict.fromkeys(leave_out, AS_ASKED)
        if apart and apart.name in names:
            raise ChalkworkError(f"the target {shown(apart.name)} cannot split the rows too", file=table.file)
        out |= {apart.name: f"the rows are split by this {apart.kind}"} if apart else {}
        return cls(found, wanted, rows, apart, categories, out)

    def parts(self, choices: Choices) -> Parts:
        """The rows of the parts."""
        return self._rows(split(len(self.rows), choices.test, choices.validation, choices.seed, *self._apart()))

    def recipe(self, table: Table, rows: Array, wanted: Array) -> Recipe:
        """What is done with the columns, learned from these rows, and with the targets, learned from those wanted."""
        return recipe_of(table, self.found.learn(wanted), self.categories, self.leave_out, rows)

    def fitted(self, table: Table, parts: Parts, choices: Choices) -> Fit:
        """A network trained on the training part."""
        recipe = self.recipe(table, parts["train"], self.wanted[parts["train"]])
        inputs = {name: recipe.inputs(table, rows, choices.dtype).x for name, rows in parts.items()}
        return Fit.of(recipe, {name: (inputs[name], self.wanted[rows]) for name, rows in parts.items()}, choices)

    def tested(self, fitted: Callable[[Parts, Choices], Fit], choices: Choices) -> Iterator[Fold]:
        """What cross-validation finds, as far as nobody interrupts; what validates is drawn from what is not tested."""
        drawn = folds(len(self.rows), choices.folds, choices.seed, *self._apart()) if choices.folds else ()
        for fold in map(self._rows, drawn):
            rest = replace(self, rows=fold["train"]).parts(replace(choices, test=0.0))
            parts = {**rest, "test": fold["test"]}
            fit = fitted(parts, replace(choices, checkpoint=None))
            if fit.history.stopped == "interrupted":
                return
            yield Fold(parts, fit.figures["test"])

    def _rows(self, parts: Parts) -> Parts:
        return {name: self.rows[places] for name, places in parts.items()}

    def _apart(self) -> tuple[Array | None, Apart | None]:
        strata = self.wanted[self.rows, 0] if isinstance(self.found, Classes) else None
        return strata, self.apart and replace(self.apart, keys=self.apart.keys[self.rows])


def finished(
    problem: Problem,
    fit: Fit,
    table: Table,
    wanted: Array,
    parts: Parts,
    choices: Choices,
    tested: tuple[Fold, ...] = (),
    split_words: str = "",
    in_all: Mapping[str, int] | None = None,
) -> Trained:
    """All that is known in the end; `wanted` are the targets of the rows of the table, to which the parts point."""
    last = wanted[parts[list(parts)[-1]]]
    guess = measured(fit.recipe.target, last, baseline(fit.recipe.target, wanted[parts["train"]], len(last)))
    without, said = len(problem.wanted) - len(problem.rows), notes(table, fit.recipe)
    said = (*said, *_absent(fit.recipe.target, wanted, parts))
    if problem.apart and not split_words:
        split_words = problem.apart.words(table, parts)
    found = fit.net, fit.recipe, choices, fit.history, table, parts, fit.figures
    return Trained(*found, guess, without, said, problem.apart, tested, split_words, in_all)


def _absent(target: Target, wanted: Array, parts: Parts) -> Iterator[str]:
    """What is to be said of classes that a part lacks."""
    if not isinstance(target, Classes):
        return
    for name, rows in parts.items():
        absent = sorted(set(range(len(target.values))) - set(wanted[rows, 0].astype(int).tolist()))
        if absent:
            what = "it cannot be learned" if name == "train" else "that part has no ROC AUC"
            part = "training" if name == "train" else name
            yield f"the {part} part holds no row of {named(target.values[place] for place in absent)}: {what}"


def network(recipe: Recipe, choices: Choices) -> NeuralNetwork:
    """The network, not yet trained: hidden layers as chosen, output layer and loss as the target needs them."""
    activation, loss = output_of(recipe.target.task, "auto", "auto")
    layers = hidden_layers(choices.hidden, choices.activation, batch_norm=choices.batch_norm, dropout=choices.dropout)
    layers.append(Dense(recipe.target.outputs, activation))
    return NeuralNetwork(layers, loss, seed=choices.seed, inputs=recipe.width, l2=choices.l2)


def _encoded(target: Target, pair: tuple[Array, Array]) -> tuple[Array, Array]:
    return pair[0], target.encode(pair[1])


def _settings(target: Target, data: Mapping[str, tuple[Array, Array]], choices: Choices) -> dict[str, Any]:
    held_out = _encoded(target, data["validation"]) if "validation" in data else None
    return {
        "eta": choices.eta,
        "epochs": choices.epochs,
        "batch_size": batch_of(choices.batch_size, len(data["train"][0]), choices.batch_norm),
        "seed": choices.seed,
        "optimizer": choices.optimizer,
        "schedule": choices.schedule,
        "clip_norm": choices.clip_norm,
        "class_weight": choices.class_weight,
        "validation": held_out,
        "patience": choices.patience if held_out else None,
        "evaluate_every": 1,
        "dtype": choices.dtype,
        "engine": choices.engine,
        "progress": choices.progress,
        "checkpoint": choices.checkpoint,
    }


def _figures(net: NeuralNetwork, target: Target, x: Array, wanted: Array) -> Figures:
    return judged(target, lost(net, target, x, wanted), wanted, output(net, x))


def lost(net: NeuralNetwork, target: Target, x: Array, wanted: Array) -> float:
    """The loss on samples with known targets."""
    plan = net.plan(len(x))
    values = net.values(derive(plan, target=True), plan)
    return Measure(net, Samples(x, target.encode(wanted)))(values)["loss"]


def judged(target: Target, loss: float, wanted: Array, found: Array) -> Figures:
    """Loss and measures of outputs for samples with known targets."""
    return {"loss": loss, **measured(target, wanted, target.decode(found)), **ranked(target, wanted, found)}
