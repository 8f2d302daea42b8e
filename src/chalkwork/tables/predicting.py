"""What a kept network says of another table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import fsum
from pathlib import Path

import numpy as np

from chalkwork.counting import counted
from chalkwork.errors import ChalkworkError
from chalkwork.exchange.model_file import load_model, save_model
from chalkwork.networks.data import Array
from chalkwork.networks.measuring import output
from chalkwork.networks.network import NeuralNetwork
from chalkwork.tables.columns import Number
from chalkwork.tables.measures import Figures
from chalkwork.tables.notes import form_note
from chalkwork.tables.recipe import Recipe
from chalkwork.tables.table import ALL, Rows, Table, named, shown
from chalkwork.tables.targets import Numbers
from chalkwork.tables.training import judged, lost
from chalkwork.tables.writing import BLOCK, with_predictions

MODEL = "model.safetensors"


class Predicted:
    """What a network says of a table, whole or piece after piece, what is to be said about it, and its figures."""

    def __init__(self, net: NeuralNetwork, recipe: Recipe) -> None:
        self.net, self.recipe = net, recipe
        self.table: Table | None = None
        """The last piece."""
        self._outputs: list[Array] = []
        self._targets: list[Array] = []
        self._lost: list[tuple[float, int]] = []
        self._missing: Counter[str] = Counter()
        self._unseen: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._said: tuple[str, ...] = ()

    def add(self, table: Table, rows: Rows = ALL) -> Array:
        """Predict these rows of a piece, or of a whole table: the outputs.

        Raises ChalkworkError, with file, line and column, where a column is missing or a text stands among numbers.
        """
        recipe = self.recipe
        table = self._as_learned(table)
        inputs = recipe.inputs(table, rows)
        self._missing.update(inputs.missing)
        for name, unseen in inputs.unseen.items():
            self._unseen[name].update(unseen)
        if self.table is None:
            self._said = tuple(_once(recipe, table))
        self.table = table
        self._outputs.append(output(self.net, inputs.x))
        if all(name in table for name in recipe.target.names):
            wanted = recipe.target.read(table, rows)
            known = np.flatnonzero(~np.isnan(wanted).any(axis=1))
            self._targets.append(wanted)
            if len(known):
                self._lost.append((lost(self.net, recipe.target, inputs.x[known], wanted[known]), len(known)))
        return self._outputs[-1]

    def csv(self, tables: Iterable[Table]) -> Iterator[str]:
        """The pieces with the predictions, and probabilities where there are any, as CSV; `add` is called with each."""
        mark = ""
        for table in tables:
            table, mark = self._as_learned(table), mark or table.mark
            for start in range(0, len(table), BLOCK):
                rows, header = slice(start, start + BLOCK), self.table is None
                yield from with_predictions(table, rows, self.recipe.target, self.add(table, rows), mark, header)

    def _as_learned(self, table: Table) -> Table:
        """The table with what stood for a missing value in training."""
        more = table.missing | set(self.recipe.missing)
        return table if more == table.missing else replace(table, missing=more)

    @property
    def outputs(self) -> Array:
        """The outputs of the network for every row."""
        return np.concatenate(self._outputs)

    @property
    def values(self) -> Array:
        """The predictions, a row for each sample: numbers of classes from 0, labels 0 or 1, or numbers."""
        return self.recipe.target.decode(self.outputs)

    @property
    def _known(self) -> tuple[Array, Array]:
        """The rows whose target is known, and the targets of all."""
        wanted = np.concatenate(self._targets) if self._targets else np.empty((0, 1))
        return np.flatnonzero(~np.isnan(wanted).any(axis=1)), wanted

    @property
    def known(self) -> int:
        """How many rows have a target that is known, on which the figures are."""
        return len(self._known[0])

    @property
    def figures(self) -> Figures | None:
        """Loss and measures on the rows whose target is known; None where there are none."""
        rows, wanted = self._known
        if not len(rows):
            return None
        summed = self.net.loss.reduction == "sum"
        loss = fsum(value * (1 if summed else count) for value, count in self._lost) / (1 if summed else len(rows))
        return judged(self.recipe.target, loss, wanted[rows], self.outputs[rows])

    @property
    def notes(self) -> tuple[str, ...]:
        """What was missing or never seen, read otherwise than in training, or not used: a sentence each."""
        notes = [f"column {shown(name)}: {count} missing" for name, count in self._missing.items()]
        for name, unseen in self._unseen.items():
            values = named(value for value, _ in unseen.most_common())
            notes.append(f"column {shown(name)}: {unseen.total()} with values never seen in training: {values}")
        notes += self._said
        rows, wanted = self._known
        if missing := len(wanted) - len(rows):
            kind = "" if isinstance(self.recipe.target, Numbers) else " that the network knows"
            notes.append(f"{counted(missing, 'row')} {'has' if missing == 1 else 'have'} no target{kind}")
        return tuple(notes)


def save_predictor(net: NeuralNetwork, recipe: Recipe, path: str | Path) -> None:
    """Keep the network together with its recipe; ChalkworkError if the file cannot be written."""
    save_model(net, path, extra={"table": recipe.to_data()})


def load_predictor(path: str | Path) -> tuple[NeuralNetwork, Recipe]:
    """The network and the recipe that `chalkwork train` has kept: in a file, or in the folder that holds it.

    Raises ChalkworkError, with the file, for anything else; nothing in it is executed.

    >>> load_predictor("nowhere.safetensors")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: nowhere.safetensors: there is no such file
    """
    file = Path(path) / MODEL if Path(path).is_dir() else Path(path)
    net, extra = load_model(file, with_extra=True)
    if "table" not in extra:
        raise ChalkworkError("this network was not trained on a table", file=str(file))
    try:
        return net, Recipe.from_data(extra["table"], net)
    except ChalkworkError as error:
        raise error.at(file=str(file)) from None


def predict_table(net: NeuralNetwork, recipe: Recipe, table: Table) -> Predicted:
    """Predict every row of a table that has the columns of the recipe, in any order; further ones are passed over.

    Missing numbers become the median of the training part. A category never seen has no input of its own: all inputs
    of that column are 0. Both are counted in `notes`. Where the table holds the target, the predictions are measured.

    Raises ChalkworkError, with file, line and column, where a column is missing or a text stands among numbers.
    """
    found = Predicted(net, recipe)
    found.add(table)
    return found


def _once(recipe: Recipe, table: Table) -> Iterator[str]:
    """What is said of a table by its first piece."""
    for column in recipe.columns:
        if isinstance(column, Number):
            form = table.form(column.name, column.form)
            if form.mark != column.form.mark and (note := form_note(table, column.name, form)):
                yield note
    if isinstance(recipe.target, Numbers):
        units = zip(recipe.target.names, recipe.target.forms, strict=True)
        yield from (f"predictions of {shown(name)} are in {form.unit}" for name, form in units if form.unit)
    if extra := recipe.extra(table):
        yield f"not used: {named(extra)}"
