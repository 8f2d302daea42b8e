"""What a kept network says of another table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from chalkwork.tables.table import ALL, Table, shown
from chalkwork.tables.targets import Numbers
from chalkwork.tables.training import judged
from chalkwork.tables.writing import with_predictions

MODEL = "model.safetensors"
_MOST_NAMED = 5


@dataclass(frozen=True)
class Predicted:
    """The outputs for every row of a table, what is to be said about them, and their figures if targets are known."""

    table: Table
    recipe: Recipe
    outputs: Array
    notes: tuple[str, ...] = ()
    figures: Figures | None = None
    known: int = 0
    """Rows whose target is known, on which the figures are."""

    @property
    def values(self) -> Array:
        """The predictions, a row for each sample: numbers of classes from 0, labels 0 or 1, or numbers."""
        return self.recipe.target.decode(self.outputs)

    def to_csv(self) -> str:
        """The table with the predictions, and probabilities where there are any, as CSV."""
        return with_predictions(self.table, ALL, self.recipe.target, self.outputs)


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
    table = replace(table, missing=table.missing | set(recipe.missing))
    inputs = recipe.inputs(table)
    notes = [f"column {shown(name)}: {count} missing" for name, count in inputs.missing.items()]
    for name, unseen in inputs.unseen.items():
        several = ", ".join(shown(value) for value, _ in unseen.most_common(_MOST_NAMED))
        more = " and others" if len(unseen) > _MOST_NAMED else ""
        notes.append(f"column {shown(name)}: {unseen.total()} with values never seen in training: {several}{more}")
    notes += _other_forms(recipe, table)
    if isinstance(recipe.target, Numbers):
        units = zip(recipe.target.names, recipe.target.forms, strict=True)
        notes += [f"predictions of {shown(name)} are in {form.unit}" for name, form in units if form.unit]
    extra = recipe.extra(table)
    if extra:
        more = " and others" if len(extra) > _MOST_NAMED else ""
        notes.append(f"not used: {', '.join(map(shown, extra[:_MOST_NAMED]))}{more}")
    outputs = output(net, inputs.x)
    figures, known = _figures(net, recipe, table, inputs.x, notes)
    return Predicted(table, recipe, outputs, tuple(notes), figures, known)


def _other_forms(recipe: Recipe, table: Table) -> Iterator[str]:
    """The columns of numbers that are written otherwise than those that the network was trained on."""
    for column in recipe.columns:
        if isinstance(column, Number):
            form = table.form(column.name, column.form)
            if form.mark != column.form.mark and (note := form_note(table, column.name, form)):
                yield note


def _figures(
    net: NeuralNetwork, recipe: Recipe, table: Table, x: Array, notes: list[str]
) -> tuple[Figures | None, int]:
    """The figures on the rows whose target is known, and how many these are."""
    target = recipe.target
    if not all(name in table for name in target.names):
        return None, 0
    wanted = target.read(table, ALL)
    rows = np.flatnonzero(~np.isnan(wanted).any(axis=1))
    if missing := len(table) - len(rows):
        kind = "" if isinstance(target, Numbers) else " that the network knows"
        notes.append(f"{counted(missing, 'row')} {'has' if missing == 1 else 'have'} no target{kind}")
    return (judged(net, target, x[rows], wanted[rows]) if len(rows) else None), len(rows)
