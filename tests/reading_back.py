"""Readers of what was written: every matrix of numbers in a file, as rows of digits, in the order of the page.

Each reads its format alone (glyphs with positions, MathML, Office MathML, LaTeX, characters) and knows nothing of how
the file was made. A matrix is a tuple of rows of strings: `-0.25`, `1.5e-7`, `∞`, `NaN`, or one of the dots `⋯⋮⋱`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import unescape
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from unicodedata import combining, normalize
from xml.etree import ElementTree
from zipfile import ZipFile

import pypdfium2

Matrix = tuple[tuple[str, ...], ...]

_NUMBER = re.compile(r"-?(?:\d+(?:[.,]\d+)?(?:e-?\d+)?|∞|NaN)|[⋯⋮⋱]")
_SIGNS = str.maketrans({"−": "-", "…": "⋯"})


def numeric(rows: Sequence[Sequence[str]]) -> Matrix | None:
    """The rows as a matrix of numbers; None where something else stands in them."""
    matrix = tuple(tuple(_plain(entry) for entry in row) for row in rows)
    if matrix and len({len(row) for row in matrix}) == 1 and len(matrix) * len(matrix[0]) > 1:
        return matrix if all(_NUMBER.fullmatch(entry) for row in matrix for entry in row) else None
    return None


def _plain(entry: str) -> str:
    text = "".join(entry.split()).translate(_SIGNS).replace("⋅", "·")
    return re.sub(r"·10\^?(-?\d+)", r"e\1", text)


# --- LaTeX: .tex, .md, .ipynb ----------------------------------------------------------------------------------------

_ARRAY = re.compile(r"\\left[\[(]\\begin\{array\}\{[rcl]+\}(.*?)\\end\{array\}\\right[\])]", re.DOTALL)
_LATEX_SIGNS = {
    r"\cdots": "⋯", r"\vdots": "⋮", r"\ddots": "⋱", r"\infty": "∞", r"\text{NaN}": "NaN", r"\cdot": "·", "{,}": ",",
}  # fmt: skip


def of_latex(text: str) -> list[Matrix]:
    """Every matrix between `\\left[` and `\\right]`."""
    return _found([entry.split("&") for entry in body[1].split(r"\\")] for body in _ARRAY.finditer(_bare(text)))


def _bare(latex: str) -> str:
    latex = re.sub(r"\\phantom\{[^{}]*\}", "", latex)
    for command, sign in _LATEX_SIGNS.items():
        latex = latex.replace(command, sign)
    return re.sub(r"\^\{(-?\d+)\}", r"^\1", latex)


def _found(candidates: Iterator[list[list[str]]] | Sequence[list[list[str]]]) -> list[Matrix]:
    return [matrix for rows in candidates if (matrix := numeric(rows)) is not None]


def of_notebook(text: str) -> list[Matrix]:
    """Every matrix in the Markdown cells."""
    cells = json.loads(text)["cells"]
    return of_latex("\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown"))


# --- MathML and Office MathML ----------------------------------------------------------------------------------------


def of_html(page: str) -> list[Matrix]:
    """Every table of MathML between brackets."""
    matrices: list[Matrix] = []
    for formula in re.findall(r"<math\b.*?</math>", page, re.DOTALL):
        root = ElementTree.fromstring(re.sub(r' xmlns="[^"]*"', "", formula))
        for parent in root.iter():
            for before, table in pairwise(parent):
                if table.tag == "mtable" and before.tag == "mo" and before.text in ("[", "("):
                    cells = [[_shown(cell, "mphantom", "msup") for cell in row] for row in table]
                    matrices += _found([cells])
    return matrices


_OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


def of_docx(content: bytes) -> list[Matrix]:
    """Every matrix of Office MathML between brackets."""
    root = ElementTree.fromstring(ZipFile(BytesIO(content)).read("word/document.xml"))
    return _found(
        [[_shown(cell, f"{_OFFICE}phant", f"{_OFFICE}sSup") for cell in row.iterfind(f"{_OFFICE}e")] for row in rows]
        for table in root.iterfind(f".//{_OFFICE}d/{_OFFICE}e/{_OFFICE}m")
        if (rows := list(table.iterfind(f"{_OFFICE}mr")))
    )


def _shown(element: ElementTree.Element, hidden: str, raised: str) -> str:
    """The characters that are seen, with a caret before an exponent."""
    if element.tag == hidden:
        return ""
    inner = [_shown(child, hidden, raised) for child in element]
    if element.tag == raised:
        inner = [part for part in inner if part]
        inner.insert(1, "^")
    return (element.text or "").strip() + "".join(inner)


# --- characters ------------------------------------------------------------------------------------------------------

_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def of_text(page: str) -> list[Matrix]:
    """Every matrix that is drawn with brackets of characters, by line and column of its upper left corner."""
    lines = "".join(sign for sign in page if not combining(sign)).split("\n")
    width = max(map(len, lines))
    grid = [line.ljust(width) for line in lines]
    matrices = []
    for top, bottom in _blocks(grid):
        corners = sorted(
            (left, row) for row in range(top, bottom) for left, sign in enumerate(grid[row]) if sign in "⎡⎛[("
        )
        for left, row in corners:
            matrices += _found(_enclosed(grid, row, left))
    return matrices


def of_boxes(page: str) -> list[list[list[str]]]:
    """Every box of blanks between brackets of characters."""
    grid = page.split("\n")
    corners = [(row, line.find(sign)) for row, line in enumerate(grid) for sign in "⎡[" if f"{sign}_" in line]
    return [table for row, left in corners for table in _enclosed(grid, row, left)]


def _blocks(grid: Sequence[str]) -> list[tuple[int, int]]:
    """Lines of the page that stand together: those with a tall bracket that goes on belong to the next line."""
    blocks: list[tuple[int, int]] = []
    start = 0
    for number, line in enumerate(grid):
        if not set(line) & set("⎡⎢⎛⎜"):
            blocks.append((start, number + 1))
            start = number + 1
    return [*blocks, (start, len(grid))]


def _enclosed(grid: Sequence[str], row: int, left: int) -> list[list[list[str]]]:
    """The rows between the bracket that starts here and the one that closes it."""
    low = row
    if grid[row][left] in "⎡⎛":
        while grid[low][left] not in "⎣⎝":
            low += 1
    closing = {"⎡": "⎤", "⎛": "⎞", "[": "]", "(": ")"}[grid[row][left]]
    right = grid[row].find(closing, left)
    if right < 0:
        return []
    inside = [line[left + 1 : right] for line in grid[row : low + 1]]
    return [[re.split(r"\s{2,}", _lowered(line.strip())) for line in inside]]


def _lowered(line: str) -> str:
    return re.sub(r"10([⁻⁰¹²³⁴-⁹]+)", lambda found: f"10^{found[1].translate(_RAISED)}", line)


# --- PDF -------------------------------------------------------------------------------------------------------------


class Glyph(NamedTuple):
    """A sign on a page, and its box in points from the lower left corner."""

    sign: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        """How high it is."""
        return self.top - self.bottom

    @property
    def middle(self) -> float:
        """How far up its middle is."""
        return (self.bottom + self.top) / 2


_CLOSING = {"[": "]", "(": ")"}
_ITALIC = "\N{REPLACEMENT CHARACTER}"
"""What stands for half a letter of mathematics, which takes two places in the text of a page."""


def of_pdf(path: Path, bracket: str = "[") -> list[Matrix]:
    """Every matrix by the positions of its glyphs: rows and columns as a reader sees them."""
    tables = []
    for page in glyphs_of_pages(path):
        for place, opening in enumerate(page):
            inside = _up_to_closing(page, place) if opening.sign == bracket else []
            tables += [_table(inside)] if inside else []
    return _found(tables)


def glyphs_of_pages(path: Path) -> list[list[Glyph]]:
    """What is seen on each page, in the order in which it was set."""
    pages = []
    for page in pypdfium2.PdfDocument(path):
        text = page.get_textpage()
        signs = (text.get_text_range(at, 1) or _ITALIC for at in range(text.count_chars()))
        glyphs = (Glyph(sign, *text.get_charbox(at)) for at, sign in enumerate(signs))
        pages.append([glyph for glyph in glyphs if glyph.sign.strip()])
    return pages


def rules_of_pages(path: Path) -> list[tuple[float, float]]:
    """Where the short horizontal lines on the pages lie, from the first page's bottom up: height and left end."""
    found = []
    for number, page in enumerate(pypdfium2.PdfDocument(path)):
        for rule in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_PATH], max_depth=8):
            left, bottom, right, top = rule.get_bounds()
            if top - bottom < 2 and right - left > 5:
                found.append((round(1000 * number + bottom, 1), round(left, 1)))
    return found


def _up_to_closing(page: Sequence[Glyph], place: int) -> list[Glyph]:
    """What was set between a bracket and the one as low that closes it; nothing if letters stand there."""
    opening, inside = page[place], []
    for glyph in page[place + 1 :]:
        if glyph.sign == _CLOSING[opening.sign] and abs(glyph.bottom - opening.bottom) < 1:
            return inside
        if not re.fullmatch(r"[-−\d.,·⋅∞⋯…⋮⋱NaN]", glyph.sign):
            return []
        inside.append(glyph)
    return []


def _table(glyphs: Sequence[Glyph]) -> list[list[str]]:
    """The glyphs in rows (by the middles of what is as high as a digit) and columns (by the white between them)."""
    high = max(glyph.height for glyph in glyphs if not glyph.sign.startswith("⋮"))
    ups = sorted({glyph.middle for glyph in glyphs if glyph.height > 0.85 * high or glyph.sign in "⋱⋮"}, reverse=True)
    rows = _apart(ups, 0.7 * high)
    edges = _columns(glyphs, 0.75 * high)
    table = [["" for _ in edges] for _ in rows]
    for glyph in sorted(glyphs, key=lambda glyph: glyph.left):
        row = min(range(len(rows)), key=lambda at: abs(rows[at] - glyph.middle))
        column = next(at for at, right in enumerate(edges) if glyph.right <= right)
        raised = glyph.height < 0.85 * high and glyph.sign.isdigit() and not re.search(r"\^", table[row][column])
        table[row][column] += ("^" if raised else "") + glyph.sign
    return [[entry.replace("-^", "^-").replace("−^", "^-") for entry in row] for row in table]


def _apart(places: Sequence[float], least: float) -> list[float]:
    """The places, from above, those that are nearly the same only once."""
    kept: list[float] = []
    for place in places:
        if not kept or kept[-1] - place > least:
            kept.append(place)
    return kept


def _columns(glyphs: Sequence[Glyph], gap: float) -> list[float]:
    """The right edges of the columns: where no glyph of any row stands for the width of a gap."""
    edges: list[float] = []
    for glyph in sorted(glyphs, key=lambda glyph: glyph.left):
        if edges and glyph.left - edges[-1] <= gap:
            edges[-1] = max(edges[-1], glyph.right)
        else:
            edges.append(glyph.right)
    return edges


# --- digits and numbers ----------------------------------------------------------------------------------------------


def last_number(latex: str) -> str:
    """What stands behind the last equals sign."""
    return _plain(_bare(latex).rpartition("=")[2].removesuffix(r"\end{aligned}").strip(" &\n"))


def digits_of_html(page: str) -> Counter[str]:
    """How often each digit is seen on the page."""
    body = re.sub(r"<(mphantom|annotation)\b.*?</\1>", "", page[page.index("<main>") :], flags=re.DOTALL)
    return _digits(unescape(re.sub(r"<[^>]*>", "", body)))


def digits_of_docx(content: bytes) -> Counter[str]:
    """How often each digit is seen in the document."""
    xml = ZipFile(BytesIO(content)).read("word/document.xml")
    return _digits(_shown(ElementTree.fromstring(xml), f"{_OFFICE}phant", ""))


def digits_of_pdf(path: Path) -> Counter[str]:
    """How often each digit is seen on the pages, without their numbers."""
    document = pypdfium2.PdfDocument(path)
    pages = [page.get_textpage().get_text_range() for page in document]
    footers = "".join(f"{number}{len(pages)}" for number in range(1, len(pages) + 1))
    return _digits("".join(pages)) - _digits(footers)


def _digits(text: str) -> Counter[str]:
    """The digits, those that are letters of mathematics (a bold 1) among them."""
    return Counter(normalize("NFKC", sign) for sign in re.findall("[0-9\U0001d7ce-\U0001d7ff]", text))


# --- every format ----------------------------------------------------------------------------------------------------

READERS: Mapping[str, Callable[[Path], list[Matrix]]] = {
    ".md": lambda path: of_latex(path.read_text()),
    ".tex": lambda path: of_latex(path.read_text()),
    ".ipynb": lambda path: of_notebook(path.read_text()),
    ".html": lambda path: of_html(path.read_text()),
    ".docx": lambda path: of_docx(path.read_bytes()),
    ".txt": lambda path: of_text(path.read_text()),
    ".pdf": of_pdf,
}
