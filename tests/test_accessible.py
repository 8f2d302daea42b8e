"""What is written for who does not see it, or not well: outlines, heads of tables, words for formulas and figures.

Pages under axe-core and PDFs under a checker of PDF/UA: `benchmarks/accessibility.py`.
"""

import re
from collections.abc import Iterator
from ctypes import create_string_buffer
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from looks import unheard

from chalkwork.documents.model import Code, Display, Document, Heading, Marked, Paragraph, Table
from chalkwork.documents.pandoc import to_html, to_html_pages, to_one_pdf, to_pdf
from chalkwork.drawings.drawing import Drawing
from chalkwork.sheets.check import check_class
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.library import shipped
from chalkwork.sheets.reports import class_and_hand_ins, class_document

HAND_INS = {"Ada": {"z1": [0.05, 0.35, -0.2], "L": "0.79", "d2": "0.55 -0.55"}, "Bo": {"z1": [0.5, 0.35, -0.2]}}
SHEET = "leaky-relu-softmax-2-3-2"
DRAWING = Drawing(
    '<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 9 9" width="9" height="9"><title>A dot</title>'
    '<desc>One dot stands here, alone.</desc><circle cx="4" cy="4" r="3"/></svg>',
    "One dot stands here, alone.",
)
DOCUMENT = Document(
    "One *dot* and $x$",
    (
        Heading("Below nothing", 4),
        Paragraph("Where $z \\le 0$ and $\\frac{a}{b}$."),
        Display(r"W_1 = \left[\begin{array}{rr} 1 & -2 \\ 3 & 4 \end{array}\right]", ""),
        DRAWING,
        Table(("", "$k$", "share of $a_1$"), (("1", "$2$", "3"),), right=(1,)),
        Heading("Beside it", 4),
        Heading("Above", 2),
        Marked((Paragraph("**First.**"), Code("x = 1", "python"))),
    ),
    "de",
)


def test_pages_say_what_they_are() -> None:
    sheet = read_sheet(shipped()[SHEET])
    hand_ins = check_class(sheet, HAND_INS)
    documents = [
        DOCUMENT,
        class_and_hand_ins(sheet, hand_ins, "tutor"),
        class_document(sheet, hand_ins, (), ["Ada.html", "Bo.html"]),
        *(workbook(sheet, show).document for show in ("solution", "form")),
    ]
    for page, document in zip(to_html_pages(documents), documents, strict=True):
        assert f'<html lang="{document.language}">' in page and re.search(r"<title>[^<]+</title>", page)
        assert not unheard(page)
        assert not re.search(r'id="', page)


def test_a_formula_that_heads_a_column_is_named_and_a_long_one_in_a_sentence_scrolls() -> None:
    page = to_html(DOCUMENT)
    assert '<math aria-label="k"' in page and 'share of <math aria-label="a₁"' in page and "<td" in page
    long = "$" + " + ".join(f"a_{{{n}}}" for n in range(20)) + "$"
    assert page.count('class="long"') == 0 and 'class="long" tabindex="0"' in to_html(Document("", (Paragraph(long),)))


def test_a_pdf_says_what_it_shows(tmp_path: Path) -> None:
    to_pdf(DOCUMENT, tmp_path / "one.pdf")
    content = (tmp_path / "one.pdf").read_bytes()
    to_pdf(DOCUMENT, tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == content
    found = list(_elements(tmp_path / "one.pdf"))
    assert [kind for kind, _ in found if kind[:1] == "H"] == ["H1", "H2", "H2", "H2"]
    alternatives = [words for kind, words in found if kind in ("Formula", "Figure")]
    assert alternatives == ["x", "z ≤ 0", "a/b", "W₁ = [1 −2; 3 4]", "One dot stands here, alone.", "k", "a₁", "2"]
    to_one_pdf({"7-001": DOCUMENT, "7-002": DOCUMENT}, tmp_path / "class.pdf")
    assert [words for kind, words in _elements(tmp_path / "class.pdf") if words] == alternatives * 2


def test_what_is_missing_for_everybody_is_said(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="one.pdf is not fully accessible: PDF/UA-1 error: heading title"):
        to_pdf(Document("A", (Heading("", 2), Paragraph("Still written."))), tmp_path / "one.pdf")
    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF")


def _elements(path: Path) -> Iterator[tuple[str, str]]:
    """The structure of a PDF: kinds of elements and their alternative texts."""
    document = pypdfium2.PdfDocument(path)
    assert pdfium.FPDFCatalog_IsTagged(document)
    for number in range(len(document)):
        page = document[number]
        tree = pdfium.FPDF_StructTree_GetForPage(page)
        for child in range(pdfium.FPDF_StructTree_CountChildren(tree)):
            yield from _below(pdfium.FPDF_StructTree_GetChildAtIndex(tree, child))
        pdfium.FPDF_StructTree_Close(tree)
        page.close()
    document.close()


def _below(element: Any) -> Iterator[tuple[str, str]]:
    if not element:
        return
    yield _text(pdfium.FPDF_StructElement_GetType, element), _text(pdfium.FPDF_StructElement_GetAltText, element)
    for child in range(pdfium.FPDF_StructElement_CountChildren(element)):
        yield from _below(pdfium.FPDF_StructElement_GetChildAtIndex(element, child))


def _text(reader: Any, element: Any) -> str:
    length = reader(element, None, 0)
    buffer = create_string_buffer(length)
    reader(element, buffer, length)
    return buffer.raw.decode("utf-16-le").rstrip("\0")
