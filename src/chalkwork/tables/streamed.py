"""Training on a folder of Parquet files that is larger than memory: gone through batch by batch, again in every epoch.

In memory are the target and what the rows are split by, a sample of each part, and a bounded buffer of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.networks.data import Array
from chalkwork.networks.tasks import batch_of
from chalkwork.tables.columns import Number
from chalkwork.tables.packages import frames
from chalkwork.tables.parquet import check_types, of_frame
from chalkwork.tables.recipe import Recipe
from chalkwork.tables.table import Table, checked_names
from chalkwork.tables.targets import Classes
from chalkwork.tables.training import Choices, Fit, Problem, Trained, finished

LARGE = 100_000_000
"""Cells from which a folder is not read as a whole."""
CHUNK = 20_000
"""Rows that are read in one go."""
BUFFER = 100_000
"""Rows among which training batches are drawn."""
HELD = 100_000
"""Rows of each part that are kept: to learn the columns from, to validate, to test."""


@dataclass(frozen=True)
class Folder:
    """Parquet files with the same columns, in the order of their names."""

    file: str
    files: tuple[Path, ...]
    rows: tuple[int, ...]
    """How many each file has."""
    names: tuple[str, ...]
    missing: frozenset[str] = frozenset()
    decimal: str = ""
    dates: str = ""

    def __len__(self) -> int:
        return sum(self.rows)

    def table(self, columns: Sequence[str] | None = None) -> Table:
        """All rows at once, of some columns."""
        names = self.names if columns is None else tuple(dict.fromkeys(columns))
        for name in names:
            if name not in self.names:
                self._like().series(name)
        content = frames().concat([scan.select(names) for scan in map(self._scan, range(len(self.files)))]).collect()
        return self._like(content)

    def chunks(self, order: Sequence[int] | None = None) -> Iterator[tuple[int, Table]]:
        """The rows, so many at a time, with the number of the first; the files in an order."""
        starts = np.cumsum([0, *self.rows])
        for place in range(len(self.files)) if order is None else order:
            at = int(starts[place])
            for content in self._scan(place).collect_batches(chunk_size=CHUNK, maintain_order=True):
                yield at, self._like(content, at)
                at += len(content)

    def _scan(self, place: int) -> Any:
        scan = frames().scan_parquet(self.files[place], glob=False)
        return scan.rename(dict(zip(scan.collect_schema().names(), self.names, strict=True)))

    def _like(self, content: Any = None, start: int = 0) -> Table:
        if content is None:
            return Table(self.file, self.names, (), ())
        table = of_frame(content, tuple(content.columns), self.file)
        lines = range(start + 1, start + len(content) + 1)
        decimal = self.decimal or table.decimal
        return replace(table, lines=lines, missing=self.missing, decimal=decimal, dates=self.dates)


def open_folder(path: Path, decimal: str = "", missing: frozenset[str] = frozenset(), dates: str = "") -> Folder:
    """The Parquet files in a folder.

    Raises ChalkworkError where there are none, one is broken, or they have other columns than the first one.
    """
    polars = frames()
    files = tuple(sorted(each for each in path.iterdir() if each.suffix.lower() in (".parquet", ".pq")))
    if not files:
        raise ChalkworkError("this folder holds no .parquet file", file=str(path))
    first: dict[str, Any] = {}
    for file in files:
        try:
            schema = dict(polars.read_parquet_schema(file))
        except (polars.exceptions.PolarsError, OSError):
            raise ChalkworkError("this is no Parquet file, or a broken one", file=str(file)) from None
        if schema != (first := first or schema):
            raise ChalkworkError(f"the columns, or their types, are not those of {files[0].name}", file=str(file))
    names = checked_names(list(first))
    check_types(dict(zip(names, first.values(), strict=True)))
    rows = tuple(int(polars.scan_parquet(file, glob=False).select(polars.len()).collect().item()) for file in files)
    if not sum(rows):
        raise ChalkworkError("the files have no row of data", file=str(path))
    return Folder(str(path), files, rows, names, missing, decimal, dates)


def folder_or_table(path: Path, decimal: str = "", missing: Iterable[str] = (), dates: str = "") -> Folder | Table:
    """The Parquet files in a folder, as one table where they are not too large.

    Raises ChalkworkError as `open_folder` does.
    """
    folder = open_folder(path, decimal, frozenset(text.strip().lower() for text in missing), dates)
    return folder if len(folder) * len(folder.names) > LARGE else folder.table()


def train_folder(
    folder: Folder,
    target: str | Sequence[str],
    *,
    task: str = "auto",
    categories: Sequence[str] = (),
    leave_out: Sequence[str] = (),
    choices: Choices | None = None,
) -> Trained:
    """As `train_table`, for a folder that is larger than memory.

    Target and split are found on all rows. What a column is, medians and categories are learned from 100,000 rows of
    the training part, means and spreads from all of it. An epoch takes the files in an order drawn from the seed, and
    shuffles the rows in a buffer of 100,000. Validated and tested is on at most 100,000 rows of each part, which the
    table of the result holds.

    Raises ChalkworkError as `train_table` does, and where folds are asked for.
    """
    chosen = choices or Choices()
    names = [target] if isinstance(target, str) else list(target)
    if chosen.folds:
        raise ChalkworkError("cross-validation needs the table in memory", file=folder.file, hint="give fewer rows")
    column = chosen.split.partition(":")[2].strip()
    few = folder.table([*names, *([column] if column else [])])
    problem = Problem.of(few, names, task, categories, leave_out, chosen)
    try:
        parts = problem.parts(chosen)
    except ChalkworkError as error:
        raise error.at(file=folder.file) from None
    run = _Run(folder, problem, parts, chosen)
    kept, places = run.kept
    recipe = run.refined(problem.recipe(kept, places["train"], problem.wanted[parts["train"]]))
    wanted = problem.wanted[np.concatenate(list(run.held.values()))]
    data = {name: (recipe.inputs(kept, rows, chosen.dtype).x, wanted[rows]) for name, rows in places.items()}
    size = batch_of(chosen.batch_size, len(parts["train"]), chosen.batch_norm)
    fit = Fit.of(
        recipe,
        data,
        chosen,
        data=lambda epoch: run.batches(recipe, size, epoch),
        steps_per_epoch=-(-len(parts["train"]) // size),
        batch_size=None,
        class_weight=None,
    )
    words = problem.apart.words(few, parts) if problem.apart else ""
    in_all = {name: len(rows) for name, rows in parts.items()}
    return finished(problem, fit, kept, wanted, places, chosen, split_words=words, in_all=in_all)


@dataclass(frozen=True)
class _Run:
    """The rows of a folder by part, and what is kept of each."""

    folder: Folder
    problem: Problem
    parts: Mapping[str, Array]
    choices: Choices

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
        for start, table in self.folder.chunks():
            frame = frames().DataFrame(dict(zip(table.names, table.columns, strict=True)))
            for name, rows in self.held.items():
                first, last = np.searchsorted(rows, (start, start + len(table)))
                found[name].append(frame[rows[first:last] - start])
        content = frames().concat([frame for frames_of in found.values() for frame in frames_of])
        ends = np.cumsum([0, *map(len, self.held.values())])
        places = {name: np.arange(*ends[place : place + 2]) for place, name in enumerate(self.held)}
        lines = (np.concatenate(list(self.held.values())) + 1).tolist()
        return replace(self.folder._like(content), lines=lines), places

    def refined(self, recipe: Recipe) -> Recipe:
        """The recipe with means and spreads of all rows of the training part: Chan, Golub and LeVeque, Updating
        Formulae and a Pairwise Algorithm for Computing Sample Variances (1979)."""
        numbers = [column for column in recipe.columns if isinstance(column, Number)]
        trained = np.zeros(len(self.folder), bool)
        trained[self.parts["train"]] = True
        count, missing = 0, np.zeros(len(numbers), int)
        mean, squares = np.zeros(len(numbers)), np.zeros(len(numbers))
        for start, table in self.folder.chunks() if numbers else ():
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
        trained = np.zeros(len(self.folder), bool)
        trained[self.parts["train"]] = True
        weights = self._weights(recipe)
        rest: tuple[Array, ...] = ()
        for buffer in _gathered(self.folder.chunks(drawn.permutation(len(self.folder.files)).tolist())):
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
