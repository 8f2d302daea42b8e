"""Training on a table that is larger than memory: gone through piece by piece, again in every epoch.

In memory are the target and what the rows are split by, a sample of each part, and a bounded buffer of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.networks.data import Array
from chalkwork.networks.tasks import batch_of
from chalkwork.tables.columns import Number
from chalkwork.tables.csv_fast import regular_blocks, scanned_block
from chalkwork.tables.packages import frames
from chalkwork.tables.parquet import check_types
from chalkwork.tables.reading import PARQUET, dialect, read_table
from chalkwork.tables.recipe import Recipe
from chalkwork.tables.splitting import Parts
from chalkwork.tables.table import Table, checked_names
from chalkwork.tables.targets import Classes
from chalkwork.tables.training import Choices, Fit, Problem, Trained, finished

LARGE = 100_000_000
"""Cells from which a table is not read as a whole."""
CHUNK = 20_000
"""Rows that are read in one go."""
BUFFER = 100_000
"""Rows among which training batches are drawn."""
HELD = 100_000
"""Rows of each part that are kept: to learn the columns from, to validate, to test."""


@dataclass(frozen=True)
class Pieces:
    """A table piece by piece: Parquet files in the order of their names, or the blocks of a CSV file."""

    file: str
    scans: tuple[Callable[[], Any], ...]
    """What reads each piece, as a lazy frame of polars."""
    rows: tuple[int, ...]
    """How many each piece has."""
    names: tuple[str, ...]
    delimiter: str = ""
    """Of a CSV file, in which a row has a line."""
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
                Table(self.file, self.names, (), ()).series(name)
        content = frames().concat([self._read(place).select(names).collect() for place in range(len(self.scans))])
        return self.like(content, range(len(self)))

    def chunks(self, order: Sequence[int] | None = None) -> Iterator[tuple[int, Table]]:
        """The rows, so many at a time, with the number of the first; the pieces in an order."""
        starts = np.cumsum([0, *self.rows])
        for place in range(len(self.scans)) if order is None else order:
            at = int(starts[place])
            for content in self._read(place).collect_batches(chunk_size=CHUNK, maintain_order=True):
                yield at, self.like(content, range(at, at + len(content)), part=True)
                at += len(content)

    def _read(self, place: int) -> Any:
        scan = self.scans[place]()
        return scan.rename(dict(zip(scan.collect_schema().names(), self.names, strict=True)))

    def like(self, content: Any, rows: Sequence[int], part: bool = False) -> Table:
        """A table of these rows."""
        lines = [row + (2 if self.delimiter else 1) for row in rows]
        columns, delimiter = tuple(content.get_columns()), self.delimiter or ","
        found = self.file, tuple(content.columns), columns, lines, delimiter, self.decimal, self.missing, self.dates
        return Table(*found, part)


def table_or_pieces(path: Path, decimal: str = "", missing: Iterable[str] = (), dates: str = "") -> Pieces | Table:
    """The table in a file, or in the Parquet files of a folder; in pieces where it has more than 100 million cells.

    Raises ChalkworkError as `read_table` does, and for a folder without Parquet files or with other columns in one.
    """
    words = frozenset(text.strip().lower() for text in missing)
    pieces = None
    if path.is_dir() or (path.is_file() and path.suffix.lower() in PARQUET):
        pieces = open_parquet(path)
    elif path.is_file() and path.stat().st_size > LARGE:
        pieces = open_csv(path)
    if pieces is None or (len(pieces) * len(pieces.names) <= LARGE and not path.is_dir()):
        return read_table(path, decimal, missing, dates=dates)
    pieces = replace(pieces, decimal=decimal, missing=words, dates=dates)
    return pieces if len(pieces) * len(pieces.names) > LARGE else pieces.table()


def open_parquet(path: Path) -> Pieces:
    """The Parquet files in a folder, or one.

    Raises ChalkworkError where there are none, one is broken, or they have other columns than the first one.
    """
    polars = frames()
    files = sorted(each for each in (path.iterdir() if path.is_dir() else (path,)) if each.suffix.lower() in PARQUET)
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
    scans = tuple(partial(polars.scan_parquet, file, glob=False) for file in files)
    rows = tuple(int(scan().select(polars.len()).collect().item()) for scan in scans)
    if not sum(rows):
        raise ChalkworkError("the files have no row of data", file=str(path))
    return Pieces(str(path), scans, rows, names)


def open_csv(path: Path) -> Pieces | None:
    """The blocks of a CSV file; None where it has to be looked at more closely, as `read_table` does."""
    found = dialect(path)
    blocks = regular_blocks(path, found[0], len(found[1])) if found else ()
    if not blocks or found is None:
        return None
    delimiter, names = found
    starts = accumulate((size for size, _ in blocks), initial=0)
    scans = [
        partial(scanned_block, path, start, size, delimiter) for start, (size, _) in zip(starts, blocks, strict=False)
    ]
    rows = (blocks[0][1] - 1, *(rows for _, rows in blocks[1:]))
    return Pieces(str(path), tuple(scans), rows, names, delimiter)


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
