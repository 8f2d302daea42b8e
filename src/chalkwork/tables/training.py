"""From a table to a trained network and what it is worth."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from chalkwork.tables.measures import Figures, baseline, measured, ranked
from chalkwork.tables.notes import notes
from chalkwork.tables.recipe import Recipe, prepare
from chalkwork.tables.splitting import Parts, split
from chalkwork.tables.table import ALL, Table
from chalkwork.tables.targets import Classes, Target, find_target
from chalkwork.training.history import History


@dataclass(frozen=True)
class Choices:
    """The network and how it is trained; `NeuralNetwork.train` says what most of them mean.

    `hidden` holds the units of the hidden layers; `test` and `validation` are shares of the samples, 0 for no such
    part; `patience` epochs without a better validation loss end the training, and the best network is kept.
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
    seed: int = 0
    dtype: str = "float64"
    engine: str = "auto"
    checkpoint: str | Path | None = None
    progress: bool | None = None


@dataclass(frozen=True)
class Trained:
    """A trained network with its recipe, its history and its figures.

    `parts` holds the rows of the table in each part; `figures` the loss and the measures by part; `baseline` the
    measures of a guess without inputs on the part that `judged` names; `without_target` counts rows left out; `notes`
    say which columns were left out or read otherwise than they may be meant.
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

    >>> from chalkwork.tables.table import ALL, Table
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
    strata = wanted[rows, 0] if isinstance(found, Classes) else None
    try:
        places = split(len(rows), chosen.test, chosen.validation, chosen.seed, strata)
    except ChalkworkError as error:
        raise error.at(file=table.file) from None
    parts = {name: rows[part] for name, part in places.items()}
    recipe = prepare(table, names, task=task, categories=categories, leave_out=leave_out, rows=parts["train"])
    data = {name: (recipe.inputs(table, part, chosen.dtype).x, wanted[part]) for name, part in parts.items()}
    net = network(recipe, chosen)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the training diverged")  # which the report says
        history = net.train(*_encoded(recipe.target, data["train"]), **_settings(recipe.target, data, chosen))
    figures = {name: judged(net, recipe.target, *pair) for name, pair in data.items()}
    last = wanted[parts[list(parts)[-1]]]
    guess = measured(recipe.target, last, baseline(recipe.target, wanted[parts["train"]], len(last)))
    without, said = len(table) - len(rows), notes(table, recipe)
    return Trained(net, recipe, chosen, history, table, parts, figures, guess, without, said)


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
