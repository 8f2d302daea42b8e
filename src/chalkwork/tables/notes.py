"""What whoever trains on a table is to be told: what was left out, and what was read otherwise than it may be meant."""

from __future__ import annotations

from collections.abc import Iterator

from chalkwork.counting import counted
from chalkwork.tables.columns import AS_ASKED, Category, Column, LeftOut, Number
from chalkwork.tables.forms import Form
from chalkwork.tables.recipe import Recipe
from chalkwork.tables.table import Table, named, shown
from chalkwork.tables.targets import Classes, Numbers, Target

_FEW_DIGITS = 0.1
"""Share of cells that begin as numbers do, from which it is said that a column is one of categories."""


def notes(table: Table, recipe: Recipe) -> tuple[str, ...]:
    """What is to be said, a sentence each; nothing where every column is what it seems.

    >>> from chalkwork.tables.recipe import prepare
    >>> cells = ("1,50", "2,75") * 3, ("a", "b") * 3, ("x",) * 6
    >>> table = Table("t.csv", ("price", "kind", "same"), cells, tuple(range(2, 8)))
    >>> for note in notes(table, prepare(table, "kind")):
    ...     print(note)
    column 'price' is taken for numbers with a decimal comma: '1,50' is 1.5
    column 'same' is left out: it is 'x' in every row
    """
    found = [note for column in recipe.columns for note in _of_column(table, column)]
    return (*found, *_of_target(table, recipe.target))


def form_note(table: Table, name: str, form: Form, what: str = "column") -> str:
    """How the numbers of a column were read, with an example; nothing for plain numbers with a point.

    Where a text alone could be read two ways, plain numbers are spoken of too.
    """
    look = table.look(name)
    open_as_whole = look.open and not look.only
    words = form.words or ("a decimal point" if open_as_whole else "")
    if not words:
        return ""
    texts = [text for text in look.counts if form.read(text) is not None]
    text = next((text for text in texts if form.mark and form.mark in text), texts[0]) if texts else ""
    telling = next((text for text in texts if any(sign in text for sign in form.group)), text)
    example = f": {shown(telling)} is {form.read(telling):.15g}" if telling else ""
    numbers = "" if form.is_date else "numbers " if words.startswith("in ") else "numbers with "
    said, elsewhere = (table.dates, "in training") if form.is_date else (table.decimal, "in the other columns")
    others = "" if not open_as_whole else ", as was said" if said else f", as {elsewhere}"
    return f"{what} {shown(name)} is taken for {numbers}{words}{others}{example}"


def _of_column(table: Table, column: Column) -> Iterator[str]:
    name = column.name
    if isinstance(column, LeftOut) and column.why != AS_ASKED:
        yield f"column {shown(name)} is left out: {column.why}"
    elif isinstance(column, Number):
        if note := form_note(table, name, column.form):
            yield note
        code = table.look(name).code
        if code is not None:
            hint = "--categories takes the column for codes"
            yield f"column {shown(name)} is taken for numbers: {shown(code)} is {column.form.read(code):.15g}; {hint}"
    elif isinstance(column, Category) and column.others:
        kept = counted(len(column.values) - ("" in column.values), "common value")
        said = f"has an input for {kept} and one for the {column.others} others"
        yield f"column {shown(name)} {said}; --categories gives each its own"
    elif isinstance(column, Category):
        counts = table.look(name).counts
        like = [text for text in counts if text.lstrip("+-<>≈~$€£ ")[:1].isdigit()]
        if sum(counts[text] for text in like) >= _FEW_DIGITS * counts.total() and not table.look(name).all_numbers:
            several = named(like)
            yield f"column {shown(name)} is taken for {len(column.values)} categories, not for numbers: {several}"


def _of_target(table: Table, target: Target) -> Iterator[str]:
    for place, name in enumerate(target.names):
        count = table.look(name).missing
        if count:
            words = [text for text in table.look(name).words_for_missing if text]
            said = f", of which some hold {named(words)}, which stands for missing" if words else ""
            rows = "1 row has" if count == 1 else f"{count} rows have"
            yield f"{rows} no target {shown(name)} and {'is' if count == 1 else 'are'} left out{said}"
        form = target.form if isinstance(target, Classes) else None
        if isinstance(target, Numbers):
            form = target.forms[place]
        if form and (note := form_note(table, name, form, "the target")):
            yield note
        if isinstance(target, Classes):
            yield from _spellings(table, target)


def _spellings(table: Table, target: Classes) -> Iterator[str]:
    """Numbers that are written in several ways and are one class, and texts that are alike and are several."""
    texts = sorted(table.look(target.names[0]).counts)
    by_value: dict[object, list[str]] = {}
    for text in texts:
        key = target.form.read(text) if target.form else " ".join(text.casefold().split())
        by_value.setdefault(key, []).append(text)
    for alike in by_value.values():
        if len(alike) > 1 and target.form:
            shown_as = next(text for text in alike if text in target.values)
            yield f"{named(alike)} are one class of the target, {shown(shown_as)}: they are the same number"
        elif len(alike) > 1:
            yield f"{named(alike)} are {len(alike)} classes of the target, and differ only in capitals or spaces"
