"""Repeated equations read as one table: a column for what each step has, a row for each step.

The names of step 3 are those of any step with a 3 in them (`net3`, `w3`, `p3_gd`); a column is named by what stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

from chalkwork.algebra.entries import entry_name
from chalkwork.documents.model import Table
from chalkwork.errors import ChalkworkError
from chalkwork.solutions.board import Board
from chalkwork.solutions.columns import split_step
from chalkwork.typesetting.numbers import shown

MOST_COLUMNS = 16
"""Columns of numbers; where entries would make more, a vector or a matrix stands in one cell."""
MOST_ROWS = 60
"""Rows that are shown; of more, those between the first ones and the last are left out."""
GAP = r"\_\_\_\_"
"""A cell to be filled in."""


class Column(NamedTuple):
    """One quantity of every step.

    `name` is its name without the number of the step: `net` for `net1`, `net2`, ...; `#` says where the number stands
    if not at the end (`p#_gd`). `at` gives the name in a step where it is another one (a sample that comes up again,
    the value of the step before); None is an empty cell. The heading is the symbol of the name without the number (a
    room gives it one in `Setting.letters`), or `head`, inline Markdown. A column with `cells` holds words: what is
    said of each step, nothing of a step that is not among them.

    >>> Column("p#_gd").of(3), Column("x", at=lambda step: f"x{step % 4 + 1}").of(5)
    ('p3_gd', 'x2')
    """

    name: str
    head: str = ""
    at: Callable[[int], str | None] | None = None
    cells: Mapping[int, str] = {}
    asked: bool = True
    """Whether its cells are to be filled in where the table is one to fill in."""

    def of(self, step: int) -> str | None:
        """The name that the quantity has in a step."""
        if self.at is not None:
            return self.at(step)
        return self.name.replace("#", str(step)) if "#" in self.name else f"{self.name}{step}"


def step_table(
    board: Board, columns: Sequence[Column | str], steps: Sequence[int], head: str = "step", blank: bool = False
) -> Table:
    """A row for each of the steps, with what the solution found for each of the columns; `head` is over the numbers.

    Vectors and matrices have a column for each entry where that makes few columns. A column that no step has is left
    out, and a cell is empty where one step does not have it. With `blank` it is a table to fill in: what is asked for
    is a line to write on.

    >>> from chalkwork.networks.graph import Graph
    >>> board = Board(Graph("v1 = 0.5 * g; p1 = p0 - v1; v2 = 0.5 * p1; p2 = p1 - v2").solve(g=4, p0=3))
    >>> table = step_table(board, ["v", "p"], [0, 1, 2])
    >>> table.head, table.rows
    (('step', '$v$', '$p$'), (('0', '', '$3.0$'), ('1', '$2.0$', '$1.0$'), ('2', '$0.5$', '$0.5$')))
    """
    places = shown(len(steps), MOST_ROWS)
    rows = [None if place is None else steps[place] for place in places]
    reading = _Reading(board, rows, blank)
    chosen = [Column(column) if isinstance(column, str) else column for column in columns]
    whole = sum(map(reading.width, chosen)) > MOST_COLUMNS
    written = [part for column in chosen for part in reading.column(column, whole)]
    numbers = ["⋮" if step is None else str(step) for step in rows]
    right = (0, *(place for place, (_, _, flush) in enumerate(written, 1) if flush))
    body = tuple(zip(numbers, *(cells for _, cells, _ in written), strict=True))
    return Table((head, *(title for title, _, _ in written)), body, right)


def asked_of(
    ask: Sequence[str], derivation: Iterable[str], usual: Iterable[str] = (), words: Iterable[str] = ()
) -> tuple[str, ...]:
    """What is asked, in the order of the work; a name without a number in every step, the `usual` where nobody says.

    The `words` that are asked stand behind. Raises ChalkworkError for a name that is neither, or for no list of names.

    >>> asked_of(["w", "z2"], ["z1", "w1", "z2", "w2"])
    ('w1', 'z2', 'w2')
    """
    check_names(ask)
    known, said = list(derivation), list(words)
    bare = {name: split_step(name)[0] for name in known}
    for name in ask:
        if name not in known and name not in said and name not in bare.values():
            raise ChalkworkError(f"{name} is nothing that is worked out here", hint=f"such as {', '.join(known[:6])}")
    wanted = set(ask or usual)
    every = wanted - set(known)
    found = [name for name in known if name in wanted or bare[name] in every]
    return (*found, *(name for name in said if name in wanted))


def check_names(ask: Any) -> None:
    """Raise ChalkworkError for what is no list of names."""
    if isinstance(ask, str) or not isinstance(ask, Sequence) or not all(isinstance(name, str) for name in ask):
        raise ChalkworkError(f"ask is a list of names, not {ask!r:.60}")


_Written = tuple[str, Sequence[str], bool]
"""The heading of a column, its cells, and whether they are flush right, as numbers are."""


class _Reading(NamedTuple):
    """The rows of one table; None stands for those that are left out."""

    board: Board
    rows: Sequence[int | None]
    blank: bool

    def names(self, column: Column) -> dict[int, str]:
        """The name in each step that has the quantity."""
        found = {step: column.of(step) for step in self.rows if step is not None}
        return {step: name for step, name in found.items() if name is not None and name in self.board.values}

    def shape(self, column: Column) -> tuple[int, ...]:
        """The shape of the quantity; that of a number is ()."""
        found = next((self.board.values[name].shape for name in self.names(column).values()), ())
        return () if prod(found) == 1 else tuple(found)

    def width(self, column: Column) -> int:
        """How many columns of numbers it is, an entry each."""
        return prod(self.shape(column)) if self.names(column) and not column.cells else 0

    def column(self, column: Column, whole: bool) -> Iterator[_Written]:
        """The column, or one for every entry unless they stand together as a `whole`."""
        if column.cells:
            yield column.head, ["" if step is None else column.cells.get(step, "") for step in self.rows], False
            return
        names, shape = self.names(column), self.shape(column)
        if not names:
            return
        bare = column.name.replace("#", "").rstrip("_")
        empty = self.blank and column.asked
        if whole or not shape:
            head = column.head or f"${self.board.writer.symbols[bare].latex}$"
            yield head, self._cells(names, empty, self._vectors if shape else self._numbers), not shape
            return
        for place in product(*map(range, shape)):
            symbol = self.board.writer.symbols[entry_name(bare, shape, *place)]
            entries = {step: entry_name(name, shape, *place) for step, name in names.items()}
            yield f"${symbol.latex}$", self._cells(entries, empty, self._numbers), True

    def _cells(
        self, names: Mapping[int, str], empty: bool, write: Callable[[Sequence[str]], Sequence[str]]
    ) -> list[str]:
        written = [GAP] * len(names) if empty else write(list(names.values()))
        found = dict(zip(names, written, strict=True))
        return ["" if step is None else found.get(step, "") for step in self.rows]

    def _numbers(self, names: Sequence[str]) -> Sequence[str]:
        return self.board.cells([float(self.board.values[name].item()) for name in names])

    def _vectors(self, names: Sequence[str]) -> Sequence[str]:
        """Each as its entries between parentheses, the rows of a matrix parted by semicolons."""
        return [f"$({'; '.join(map(self._row, _rows(self.board.values[name])))})$" for name in names]

    def _row(self, numbers: Sequence[float]) -> str:
        mark = self.board.writer.notation.between
        return mark.join(self.board.piece(number).latex for number in numbers)


def _rows(value: Any) -> list[list[float]]:
    """The rows of a matrix, or of matrices below each other; of a vector the one that it makes."""
    flat: list[list[float]] = (
        value.reshape(1, -1).tolist() if 1 in value.shape else value.reshape(-1, value.shape[-1]).tolist()
    )
    return flat
