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
from chalkwork.networks.layers import Dense
from chalkwork.networks.measuring import Measure, output
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.tasks import batch_of, hidden_layers, output_of
from chalkwork.networks.training_data import Samples
from chalkwork.tables.columns import AS_ASKED
from chalkwork.tables.measures import Figures, baseline, measured, ranked
from chalkwork.tables.notes import notes
from chalkwork.tables.recipe import Recipe, prepare
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
    say which columns were left out or read otherwise than they may be meant; `apart` is what kept the parts apart, and
    `folds` hold what cross-validation found, for networks of their own.
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

    >>> from chalkwork.tables.table import ALL, Table, named, shown
    >>> cells = tuple(str(place) for place in range(40)), ("low",) * 20 + ("high",) * 20
    >>> table = Table("t.csv", ("size", "kind"), cells, tuple(range(2, 42)))
    >>> trained = train_table(table, "kind", choices=Choices(hidden=(4,), eta=0.03, epochs=60, engine="numpy"))
    >>> {name: len(part) for name, part in trained.parts.items()}, trained.figures["test"]["accuracy"] > 0.7
    ({'train': 28, 'validation': 4, 'test': 8}, True)
    """
    chosen = choices or Choices()
    names = [target] if isinstance(target, str) else list(target)
    found = find_target(table, names, task)
    wanted = found.read(table, ALL)
    rows = np.flatnonzero(~np.isnan(wanted).any(axis=1))
    apart = find_apart(table, chosen.split, rows)
    if apart and apart.name in names:
        raise ChalkworkError(f"the target {shown(apart.name)} cannot split the rows too", file=table.file)
    out = dict.fromkeys(leave_out, AS_ASKED) | (
        {apart.name: f"the rows are split by this {apart.kind}"} if apart else {}
    )
    learned = partial(prepare, table, names, task=task, categories=categories, leave_out=out)
    samples = _Samples(wanted, rows, isinstance(found, Classes), apart)
    try:
        parts = samples.parts(chosen)
        net, recipe, history, figures = _fitted(learned, table, wanted, parts, chosen)
        tested = list(_tested(learned, table, samples, chosen)) if history.stopped != "interrupted" else []
    except ChalkworkError as error:
        raise error.at(file=table.file) from None
    last = wanted[parts[list(parts)[-1]]]
    guess = measured(recipe.target, last, baseline(recipe.target, wanted[parts["train"]], len(last)))
    without, said = len(table) - len(rows), (*notes(table, recipe), *_absent(recipe.target, wanted, parts))
    return Trained(net, recipe, chosen, history, table, parts, figures, guess, without, said, apart, tuple(tested))


@dataclass(frozen=True)
class _Samples:
    """The rows that have a target, and what keeps them apart."""

    wanted: Array
    rows: Array
    are_classes: bool
    apart: Apart | None

    def parts(self, choices: Choices) -> Parts:
        """The rows of the parts."""
        return self._rows(split(len(self.rows), choices.test, choices.validation, choices.seed, *self._apart()))

    def folds(self, choices: Choices) -> Iterator[Parts]:
        """The rows of the parts of every fold; what validates is drawn from what a fold does not test."""
        for fold in folds(len(self.rows), choices.folds, choices.seed, *self._apart()):
            rows = self._rows(fold)
            rest = replace(self, rows=rows["train"]).parts(replace(choices, test=0.0))
            yield {**rest, "test": rows["test"]}

    def _rows(self, parts: Parts) -> Parts:
        return {name: self.rows[places] for name, places in parts.items()}

    def _apart(self) -> tuple[Array | None, Apart | None]:
        strata = self.wanted[self.rows, 0] if self.are_classes else None
        return strata, self.apart and replace(self.apart, keys=self.apart.keys[self.rows])


def _fitted(
    learned: Callable[..., Recipe], table: Table, wanted: Array, parts: Parts, choices: Choices
) -> tuple[NeuralNetwork, Recipe, History, dict[str, Figures]]:
    """A network trained on one part and measured on all; nothing of the others is known when it is trained."""
    recipe = learned(rows=parts["train"])
    data = {name: (recipe.inputs(table, part, choices.dtype).x, wanted[part]) for name, part in parts.items()}
    net = network(recipe, choices)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the training diverged")  # which the report says
        history = net.train(*_encoded(recipe.target, data["train"]), **_settings(recipe.target, data, choices))
    return net, recipe, history, {name: judged(net, recipe.target, *pair) for name, pair in data.items()}


def _tested(learned: Callable[..., Recipe], table: Table, samples: _Samples, choices: Choices) -> Iterator[Fold]:
    """The figures of every fold, as far as nobody interrupts."""
    for parts in samples.folds(choices) if choices.folds else ():
        history, figures = _fitted(learned, table, samples.wanted, parts, replace(choices, checkpoint=None))[2:]
        if history.stopped == "interrupted":
            return
        yield Fold(parts, figures["test"])


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


def judged(net: NeuralNetwork, target: Target, x: Array, wanted: Array) -> Figures:
    """Loss and measures on samples with known targets."""
    plan = net.plan(len(x))
    values = net.values(derive(plan, target=True), plan)
    loss = Measure(net, Samples(x, target.encode(wanted)))(values)["loss"]
    found = output(net, x)
    return {"loss": loss, **measured(target, wanted, target.decode(found)), **ranked(target, wanted, found)}
