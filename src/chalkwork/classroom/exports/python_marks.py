"""Marking as Python source with nothing but the standard library, for platforms that run an author's Python.

`marks_source` is the program text; what it marks by is data: for every cell the right value, its room, the values of
mistakes with their rooms and hints, and how it follows from earlier cells.
"""

from __future__ import annotations

from collections.abc import Iterator

from chalkwork.classroom.exports.carried import PYTHON, carried
from chalkwork.classroom.exports.questions import Item

MARKS = '''
def near(given, value, room):
    return abs(given - value) <= room


def followed(cell, given, cells, follows):
    """What the cell is by the earlier ones as they were given; None where no work shows in these."""
    if cell not in follows:
        return None
    way, room, used, beside = follows[cell]
    c = {one: cells[one][0] if given.get(one) is None else given[one] for one in used}
    try:
        value = way(c)
    except (ArithmeticError, ValueError):
        return None
    right = any(given.get(one) is not None and near(given[one], *cells[one][:2]) for one in beside)
    return (value, room) if right or not any(near(value, c[one], room) for one in used) else None


def mark(cell, given, cells, follows, share, partial):
    """The credit of a cell from 0 to 1, and what is said of it."""
    typed = given.get(cell)
    if typed is None:
        return 0.0, ""
    value, room, wrong = cells[cell]
    if near(typed, value, room):
        return 1.0, ""
    other = followed(cell, given, cells, follows)
    if other is not None and near(typed, *other):
        return share, FOLLOWS
    for value, room, hint in wrong:
        if near(typed, value, room):
            return partial, HINTS[hint]
    return 0.0, ""
'''
"""How cells are marked: as `check` does it, cell by cell."""


GIVEN = '''

def typed(value, first, rows, columns):
    """The numbers of a matrix by their places from `first`; nothing where it has another shape."""
    rows_given = value if isinstance(value, (list, tuple)) or hasattr(value, "tolist") else [[value]]
    rows_given = rows_given.tolist() if hasattr(rows_given, "tolist") else list(rows_given)
    flat = [cell for row in rows_given for cell in (row if isinstance(row, (list, tuple)) else [row])]
    if len(flat) != rows * columns:
        return {}
    found = {}
    for place, cell in enumerate(flat, first):
        try:
            found[place] = float(cell)
        except (TypeError, ValueError):
            continue
    return found
'''
"""How what stands in a notebook becomes numbers."""


def hints_of(items: list[Item]) -> list[str]:
    """Every hint of the items, once."""
    found = (wrong.hint for item in items for _, _, cell in item.numbered().values() for wrong in cell.wrong)
    return list(dict.fromkeys(found))


def data_source(item: Item, hints: list[str], name: str) -> Iterator[str]:
    """Two dictionaries of an item: `CELLS_name` and `FOLLOWS_name`."""
    yield f"CELLS_{name} = {{"
    for number, (_, _, cell) in item.numbered().items():
        wrong = "".join(f"({one.value:.15g}, {one.tolerance:.6g}, {hints.index(one.hint)}), " for one in cell.wrong)
        yield f"    {number}: ({cell.value:.15g}, {cell.tolerance:.10g}, ({wrong})),"
    yield "}"
    yield f"FOLLOWS_{name} = {{"
    for number, one in carried(item).items():
        way = PYTHON.write(one.expression)
        yield f"    {number}: (lambda c: {way}, {one.room:.10g}, {_tuple(one.cells)}, {_tuple(one.beside)}),"
    yield "}"


def _tuple(numbers: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, numbers))},)"
