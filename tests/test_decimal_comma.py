"""A comma as decimal mark: everywhere, drawings included, and never between the parts of a list."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from reading_back import glyphs_of_pages
from shipped import TEXTS

from chalkwork import Graph
from chalkwork.documents.model import Block, Display, Marked, Paragraph, Table
from chalkwork.drawings.drawing import Drawing
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.schema import Prose

POINT = re.compile(r"(?<![\d.\[])\d+\.\d")
COMMA_BETWEEN = re.compile(r"\d(?:\{,\}|,)\d+(?:\}\$|\$)?(?:, |,\\)[\\ quad$]*[-−]?\d|\d, [-−]?\d+(?:\{,\}|,)\d")


def texts(name: str) -> list[str]:
    """Everything that is written or drawn, but for what the author typed, points included."""
    sheet = parse_sheet(TEXTS[name])
    notation = dict(sheet.notation) if not isinstance(sheet.notation, str) else {"preset": sheet.notation}
    sheet = replace(sheet, notation={**notation, "decimal_comma": True})
    filled = [block.markdown for block in sheet.blocks if isinstance(block, Prose)]  # {{x}} is as the author typed x
    typed = " ".join(" ".join([TEXTS[name], *filled]).split())
    shown = [text for block in workbook(sheet).document.blocks for text in shown_in(block)]
    ours = [text for text in shown if " ".join(text.removeprefix("*Note:* ").split()) not in typed]
    return [text for text in ours if not re.search(r"[\d.]+ points?", text)]


def shown_in(block: Block) -> list[str]:
    match block:
        case Display():
            return [block.latex, block.text]
        case Paragraph():
            return [block.markdown, block.text]
        case Table():
            return [cell for row in (block.head, *block.rows) for cell in row]
        case Drawing():
            return [*re.findall(r">([^<>]+)<", block.svg), block.description, block.caption]
        case Marked():
            return [text for inner in block.blocks for text in shown_in(inner)]
        case _:
            return []


@pytest.mark.parametrize("name", TEXTS)
def test_no_number_keeps_its_point_and_no_comma_stands_between_numbers(name: str) -> None:
    found = texts(name)
    assert not [text for text in found if POINT.search(text)]
    assert not [text for text in found if COMMA_BETWEEN.search(text)]


def test_arguments_are_parted_by_semicolons() -> None:
    work = Graph("m = maximum(z, w); L = m + relu(z)").solve(z=1.5, w=-2)
    comma = work.restyled(notation={"decimal_comma": True})
    assert comma.equation("m").latex == r"m = \max(z; w) = \max(1{,}5; -2) = 1{,}5"
    assert comma.equation("m").text == "m = max(z; w) = 1,5"
    assert "max(1,5; −2) = 1,5" in str(comma) and "z = 1,5;   w = −2" in str(comma)
    assert work.equation("m").latex == r"m = \max(z, w) = \max(1.5, -2) = 1.5"


def test_a_decimal_comma_has_no_space_in_a_pdf(tmp_path: Path) -> None:
    work = Graph("m = maximum(z, w)").solve(z=1.5, w=-2).restyled(notation={"decimal_comma": True})
    work.save(tmp_path / "m.pdf")
    glyphs = [glyph for page in glyphs_of_pages(tmp_path / "m.pdf") for glyph in page]
    gaps = [
        (after.left - before.right) / before.height
        for before, comma, after in zip(glyphs, glyphs[1:], glyphs[2:], strict=False)
        if (before.sign, comma.sign, after.sign) == ("1", ",", "5")
    ]
    assert len(gaps) >= 3 and max(gaps) < 0.7
