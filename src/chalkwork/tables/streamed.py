"""Training on a table that is larger than memory: gone through piece by piece, again in every epoch.

In memory are the target and what the rows are split by, a sample of each part, and a bounded buffer of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.networks.data import Array
from chalkwork.networks.tasks import batch_of
from chalkwork.tables.columns import Number
from chalkwork.tables.packages import frames
from chalkwork.tables.pieces import Pieces
from chalkwork.tables.recipe import Recipe
from chalkwork.tables.splitting import Parts
from chalkwork.tables.table import Table
from chalkwork.tables.targets import Classes
from chalkwork.tables.training import Choices, Fit, Problem, Trained, finished

BUFFER = 100_000
"""Rows among which training batches are drawn."""
HELD = 100_000
"""Rows of each part that are kept: to learn the columns from, to validate, to test."""


def train_pieces(
    pieces: Pieces,
    target: str | Sequence[str],
    *,
    task: str = "auto",
    categories: Sequence[str] = (),
    leave_out: Sequence[str] = (),
    choices: Choices | None = None,
) -> Trained:
    """As `train_table`, for a table that is larger than memory.

    Target and split are found on all rows. What a column is, medians and categories are learned from 100,000 rows of
    the training part, means and spreads from all of it. An epoch takes the pieces in an order drawn from the seed, and
    shuffles the rows in a buffer of 100,000. Validated and tested is on at most 100,000 rows of each part, which the
    table of the result holds.

    Raises ChalkworkError as `train_table` does.
    """
    chosen = choices or Choices()
    names = [target] if isinstance(target, str) else list(target)
    column = chosen.split.partition(":")[2].strip()
    few = pieces.table([*names, *([column] if column else [])])
    problem = Problem.of(few, names, task, categories, leave_out, chosen)
    try:
        run = _Run(pieces, problem, problem.parts(chosen), chosen)
        fit, tested = run.fitted, []
        if fit.history.stopped != "interrupted":
            again = problem.tested(lambda parts, choices: _Run(pieces, problem, parts, choices).fitted, chosen)
            tested = list(again)
    except ChalkworkError as error:
        raise error.at(file=pieces.file) from None
    words = problem.apart.words(few, run.parts) if problem.apart else ""
    in_all = {name: len(rows) for name, rows in run.parts.items()}
    kept, places = run.kept
    wanted = problem.wanted[np.concatenate(list(run.held.values()))]
    return finished(problem, fit, kept, wanted, places, chosen, tuple(tested), words, in_all)


@dataclass(frozen=True)
class _Run:
    """The rows of a table by part, and what is kept of each."""

    pieces: Pieces
    problem: Problem
    parts: Parts
    choices: Choices

    @cached_property
    def fitted(self) -> Fit:
        """A network trained on the training part."""
        kept, places = self.kept
        problem, choices = self.problem, self.choices
        recipe = self.refined(problem.recipe(kept, places["train"], problem.wanted[self.parts["train"]]))
        data = {
            name: (recipe.inputs(kept, rows, choices.dtype).x, problem.wanted[self.held[name]])
            for name, rows in places.items()
        }
        size = batch_of(choices.batch_size, len(self.parts["train"]), choices.batch_norm)
        return Fit.of(
            recipe,
            data,
            choices,
            data=lambda epoch: self.batches(recipe, size, epoch),
            steps_per_epoch=-(-len(self.parts["train"]) // size),
            batch_size=None,
            class_weight=None,
        )

    @cached_property
    def held(self) -> dict[str, Array]:
        """At most so many rows of each part, drawn from the seed."""
        drawn = np.random.default_rng(self.choices.seed)
        few = {name: min(HELD, len(rows)) for name, rows in self.parts.items()}
        return {name: np.sort(drawn.choice(rows, few[name], replace=False)) for name, rows in self.parts.items()}

    @cached_property
    def kept(self) -> tuple[Table, dict[str, Array]]:
        """A table of these rows, part after part, and where they stand in it."""
        found: dict[str, list[Any]] = {name: [] for name in self.held}
        for start, table in self.pieces.chunks():
            frame = frames().DataFrame(dict(zip(table.names, table.columns, strict=True)))
            for name, rows in self.held.items():
                first, last = np.searchsorted(rows, (start, start + len(table)))
                found[name].append(frame[rows[first:last] - start])
        content = frames().concat([frame for frames_of in found.values() for frame in frames_of])
        ends = np.cumsum([0, *map(len, self.held.values())])
        places = {name: np.arange(*ends[place : place + 2]) for place, name in enumerate(self.held)}
        return self.pieces.like(content, np.concatenate(list(self.held.values())).tolist()), places

    def refined(self, recipe: Recipe) -> Recipe:
        """The recipe with means and spreads of all rows of the training part: Chan, Golub and LeVeque, Updating
        Formulae and a Pairwise Algorithm for Computing Sample Variances (1979)."""
        numbers = [column for column in recipe.columns if isinstance(column, Number)]
        trained = np.zeros(len(self.pieces), bool)
        trained[self.parts["train"]] = True
        count, missing = 0, np.zeros(len(numbers), int)
        mean, squares = np.zeros(len(numbers)), np.zeros(len(numbers))
        for start, table in self.pieces.chunks() if numbers else ():
            rows = np.flatnonzero(trained[start : start + len(table)])
            if not len(rows):
                continue
            forms = {each.name: table.form(each.name, each.form) for each in numbers}
            values = np.column_stack([table.numbers(name, rows, form) for name, form in forms.items()])
            missing += np.isnan(values).sum(axis=0)
            values = np.where(np.isnan(values), [each.median for each in numbers], values)
            here = values.mean(axis=0)
            total = count + len(rows)
            squares += ((values - here) ** 2).sum(axis=0) + (here - mean) ** 2 * (count * len(rows) / total)
            mean += (here - mean) * len(rows) / total
            count = total
        spreads = np.sqrt(squares / max(count, 1))
        better = {
            each.name: replace(each, mean=float(mean[at]), scale=float(spreads[at]) or 1.0, missing=int(missing[at]))
            for at, each in enumerate(numbers)
        }
        return replace(recipe, columns=tuple(better.get(column.name, column) for column in recipe.columns))

    def batches(self, recipe: Recipe, size: int, epoch: int) -> Iterator[tuple[Array, ...]]:
        """The batches of an epoch: inputs, targets, and weights where classes are to count alike."""
        drawn = np.random.default_rng([self.choices.seed, epoch])
        trained = np.zeros(len(self.pieces), bool)
        trained[self.parts["train"]] = True
        weights = self._weights(recipe)
        rest: tuple[Array, ...] = ()
        for buffer in _gathered(self.pieces.chunks(drawn.permutation(len(self.pieces.scans)).tolist())):
            arrays = []
            for start, table in buffer:
                rows = np.flatnonzero(trained[start : start + len(table)])
                wanted = self.problem.wanted[start + rows]
                x = recipe.inputs(table, rows, self.choices.dtype).x
                more = () if weights is None else (weights[wanted[:, 0].astype(int)],)
                arrays.append((x, recipe.target.encode(wanted), *more))
            joined = [np.concatenate(each) for each in zip(*arrays, strict=True)]
            order = drawn.permutation(len(joined[0]))
            joined = [each[order] for each in joined]
            rest = tuple(np.concatenate(pair) for pair in zip(rest, joined, strict=True)) if rest else tuple(joined)
            whole = len(rest[0]) // size * size
            for at in range(0, whole, size):
                yield tuple(each[at : at + size] for each in rest)
            rest = tuple(each[whole:] for each in rest)
        if rest and len(rest[0]):
            yield rest

    def _weights(self, recipe: Recipe) -> Array | None:
        """What a sample of each class counts, where they are to count alike."""
        if self.choices.class_weight is None or not isinstance(recipe.target, Classes):
            return None
        classes = self.problem.wanted[self.parts["train"], 0].astype(int)
        counts = np.bincount(classes, minlength=len(recipe.target.values))
        return np.asarray(counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1)))


def _gathered(chunks: Iterator[tuple[int, Table]]) -> Iterator[list[tuple[int, Table]]]:
    """Chunks until there are enough rows to shuffle."""
    buffer: list[tuple[int, Table]] = []
    for chunk in chunks:
        buffer.append(chunk)
        if sum(len(table) for _, table in buffer) >= BUFFER:
            yield buffer
            buffer = []
    if buffer:
        yield buffer
