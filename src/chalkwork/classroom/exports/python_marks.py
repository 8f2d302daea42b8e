"""Marking as Python source with nothing but the standard library, for platforms that run an author's Python.

`MARKS` is the program; what it marks by is data: for every cell the right value, its room, the values of mistakes with
their rooms and hints, and how it follows from earlier cells.
"""

from __future__ import annotations

from collections.abc import Iterator

from chalkwork.classroom.exports.carried import PYTHON, carried
from chalkwork.classroom.exports.questions import Item

MARKS = '''
def near(given, value, room):
    return abs(given - value) <= room


def followed(cell, given, cells, follows, accepted):
    """What the cell is by the earlier ones as they were given, and its room; None where no work shows in these."""
    if cell not in follows:
        return None
    way, room, used, beside = follows[cell]
    c = {one: cells[one][0] if given.get(one) is None else given[one] for one in used}
    try:
        value = way(c)
    except (ArithmeticError, ValueError):
        return None
    worked = any(one in accepted for one in beside) or not any(near(value, c[one], room) for one in used)
    return (value, room) if worked else None


def marks(given, cells, follows, share, partial):
    """For every cell its credit from 0 to 1, and what is said of it."""
    found, accepted = {}, set()
    for cell, (value, room, wrong) in cells.items():
        typed = given.get(cell)
        found[cell] = 0.0, ""
        if typed is None:
            continue
        other = followed(cell, given, cells, follows, accepted)
        if near(typed, value, room):
            found[cell] = 1.0, ""
        elif other is not None and near(typed, *other):
            found[cell] = share, FOLLOWS
        else:
            found[cell] = next(((partial, HINTS[hint]) for one, off, hint in wrong if near(typed, one, off)), (0.0, ""))
            continue
        accepted.add(cell)
    return found
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


def same(formula, given, value, room):
    """Whether a function of matrices, and of numbers where they have one entry, gives this value."""
    import numpy

    letters = [numpy.array(rows) if len(rows) > 1 or len(rows[0]) > 1 else rows[0][0] for rows in given]
    try:
        found = numpy.asarray(formula(*letters), float)
    except Exception:
        return False
    wanted = numpy.array(value)
    found = found.reshape(1, 1) if found.ndim == 0 else found
    return found.shape == wanted.shape and bool((abs(found - wanted) <= room).all())
'''
"""How what stands in a notebook becomes numbers, and formulas values."""


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
