"""How a table becomes what a network takes: learned from the training part, kept with the model, used again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chalkwork.counting import some
from chalkwork.errors import ChalkworkError
from chalkwork.exchange.strict import mapping, of
from chalkwork.networks.data import Array
from chalkwork.networks.network import NeuralNetwork
from chalkwork.tables.columns import AS_ASKED, COLUMNS, Column, LeftOut, look_at, texts
from chalkwork.tables.table import ALL, Rows, Table, shown
from chalkwork.tables.targets import TARGETS, Target, find_target

FORMAT = "chalkwork-table-1"
MOST_INPUTS = 20_000


@dataclass(frozen=True)
class Inputs:
    """What the network is given, a row for each sample; by column, cells that were missing or never seen."""

    x: Array
    missing: Mapping[str, int]
    unseen: Mapping[str, Counter[str]]


@dataclass(frozen=True)
class Recipe:
    """What is done with every column, and what is predicted."""

    columns: tuple[Column, ...]
    target: Target
    missing: tuple[str, ...] = ()
    """Texts that stand for a missing value, besides the usual ones."""

    @property
    def width(self) -> int:
        """How many inputs the network has."""
        return sum(len(column.inputs) for column in self.columns)

    def inputs(self, table: Table, rows: Rows = ALL, dtype: str = "float64") -> Inputs:
        """The inputs for these rows, or for all.

        Raises ChalkworkError where a column is missing, with the nearest name, or a text stands among numbers.
        """
        used = [column for column in self.columns if not isinstance(column, LeftOut)]
        absent = [column.name for column in used if column.name not in table]
        if len(absent) > 1:
            several = some(map(shown, absent), 8, " and others")
            raise ChalkworkError(f"{len(absent)} columns that the model needs are missing: {several}", file=table.file)
        missing: dict[str, int] = {}
        unseen: dict[str, Counter[str]] = {}
        x, place = np.zeros((0, 0)), 0
        for column in used:
            part = column.encode(table, rows)
            x = x if place else np.empty((len(part.values), self.width), dtype)
            x[:, place : place + part.values.shape[1]] = part.values
            place += part.values.shape[1]
            missing |= {column.name: part.missing} if part.missing else {}
            unseen |= {column.name: part.unseen} if part.unseen else {}
        return Inputs(x, missing, unseen)

    def extra(self, table: Table) -> list[str]:
        """The columns of a table of which the recipe knows nothing."""
        known = {column.name for column in self.columns} | set(self.target.names)
        return [name for name in table.names if name not in known]

    def to_data(self) -> dict[str, Any]:
        """The recipe as plain data."""
        columns = [{"name": column.name, "kind": column.kind, **column.to_data()} for column in self.columns]
        target = {"names": list(self.target.names), "kind": self.target.kind, **self.target.to_data()}
        return {"format": FORMAT, "columns": columns, "target": target, "missing": list(self.missing)}

    @classmethod
    def from_data(cls, data: Any, net: NeuralNetwork) -> Recipe:
        """The recipe that `to_data` gave, for this network. Raises ChalkworkError for anything else."""
        fields = mapping(data, "the recipe", "recipe")
        if fields.need("format", of(str)) != FORMAT:
            raise ChalkworkError(f"the recipe of the table is not of the format {FORMAT}")
        columns = tuple(_column(*each) for each in enumerate(fields.need("columns", of(list)), 1))
        recipe = cls(columns, _target(fields.need("target", of(dict))), fields.need("missing", texts))
        fields.done()
        sizes = recipe.width, recipe.target.outputs
        layers = net.plan().layers
        if sizes != (layers[0].inputs, layers[-1].units) or net.convention.samples != "rows":
            raise ChalkworkError("the recipe of the table does not fit the network")
        return recipe


def _column(number: int, data: Any) -> Column:
    fields = mapping(data, "a column", f"recipe.columns[{number}]")
    name, kind = fields.need("name", of(str)), fields.need("kind", of(str))
    if kind not in COLUMNS:
        raise ChalkworkError(f"the column {shown(name)} is of an unknown kind")
    column = COLUMNS[kind].from_data(name, fields)
    fields.done()
    return column


def _target(data: Any) -> Target:
    fields = mapping(data, "a target", "recipe.target")
    names, kind = fields.need("names", of(list)), fields.need("kind", of(str))
    if kind not in TARGETS or not names or not all(isinstance(name, str) for name in names):
        raise ChalkworkError("the target of the recipe is of an unknown kind")
    target = TARGETS[kind].from_data(tuple(names), fields)
    fields.done()
    return target


def prepare(
    table: Table,
    target: str | Sequence[str],
    *,
    task: str = "auto",
    categories: Sequence[str] = (),
    leave_out: Sequence[str] = (),
    rows: Rows = ALL,
) -> Recipe:
    """What to do with every column of a table to predict the target: one column, or several.

    What is a number and what a category is found on all rows (`categories` names columns that are categories although
    they hold numbers, `leave_out` those not to use); medians, means, spreads and values are
    learned from `rows` only, which are all rows if nothing is said. `task` is as in `find_target`.

    Raises ChalkworkError, with file, line and column, for what cannot be used.

    >>> table = Table("t.csv", ("size", "kind"), (("1", "2", "3") * 2, ("a", "b", "a", "b", "a", "b")), tuple(range(6)))
    >>> recipe = prepare(table, "kind")
    >>> recipe.inputs(table, [1, 3]).x.round(2).tolist(), recipe.target.words
    ([[0.0], [-1.22]], '2 classes')
    """
    found = find_target(table, [target] if isinstance(target, str) else list(target), task)
    return recipe_of(table, found.learn(found.read(table, rows)), categories, dict.fromkeys(leave_out, AS_ASKED), rows)


def recipe_of(
    table: Table, target: Target, categories: Sequence[str], leave_out: Mapping[str, str], rows: Rows
) -> Recipe:
    """As `prepare`, for a target that is known; `leave_out` says why a column is not used."""
    for name in (*categories, *leave_out):
        table.series(name)
    return Recipe(_columns(table, target.names, categories, leave_out, rows), target, tuple(sorted(table.missing)))


def _columns(
    table: Table, target: Sequence[str], categories: Sequence[str], leave_out: Mapping[str, str], rows: Rows
) -> tuple[Column, ...]:
    columns: list[Column] = []
    for name in table.names:
        if name in leave_out:
            columns.append(LeftOut(name, leave_out[name]))
        elif name not in target:
            columns.append(look_at(table, name, name in categories)(rows))
    inputs = sum(len(column.inputs) for column in columns)
    if not inputs:
        raise ChalkworkError("no column is left to learn from", file=table.file)
    if inputs > MOST_INPUTS:
        raise ChalkworkError(f"the columns give {inputs} inputs; at most {MOST_INPUTS} are taken", file=table.file)
    return tuple(columns)
