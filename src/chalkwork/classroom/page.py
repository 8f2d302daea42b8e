"""The page of a sheet, or of variants of it."""

from __future__ import annotations

from collections.abc import Sequence

from chalkwork.classroom.exports.questions import Item, items_of
from chalkwork.classroom.variant import Variants
from chalkwork.page.html import Item as Version
from chalkwork.page.html import page
from chalkwork.page.widget import Page
from chalkwork.sheets.check import POLICIES
from chalkwork.sheets.schema import Sheet


def sheet_page(sheet: Sheet, variants: Variants | None = None) -> Page:
    """The sheet as a page, its variants after it where there are some.

    Raises ChalkworkError for a sheet in which nothing is marked by machine, and where pandoc is missing.
    """
    items = [*items_of(sheet), *(items_of(sheet, variants) if variants is not None else ())]
    return page_of(items)


def page_of(items: Sequence[Item]) -> Page:
    """The page of some items."""
    sheet = items[0].sheet
    versions = [Version(item.code, item.posed(drawings=True), item.exercises, item.answered()) for item in items]
    return page(
        sheet.title or items[0].title,
        versions,
        language=sheet.language,
        tolerance=sheet.tolerance,
        follows=POLICIES[sheet.follow_through],
    )
