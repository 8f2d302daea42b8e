"""What somebody answered, as it stands in a report: their own digits, and a mark on every cell that is not right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.checking.judging.marking import Verdict
from chalkwork.checking.reading.answers import Answer, read_answer
from chalkwork.checking.reading.laid import below_each_other
from chalkwork.checking.reading.numerals import plain
from chalkwork.checking.reading.typed import candidates, chosen
from chalkwork.documents.literal import literal
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.model import Document, Paragraph, Table
from chalkwork.errors import ReadError
from chalkwork.typesetting.boxes import Box
from chalkwork.typesetting.notation import superscript
from chalkwork.typesetting.numbers import shown
from chalkwork.typesetting.pieces import Piece
from chalkwork.words import decimal, say

if TYPE_CHECKING:
    from chalkwork.checking.report import Report, Result

SIGNS = {
    Verdict.CORRECT.word: "✓",
    Verdict.ROUNDING.word: "✓",
    Verdict.FOLLOWS.word: "✓",
    Verdict.BLANK.word: "□",
    Verdict.UNREADABLE.word: "?",
    Verdict.MISTAKE.word: "✗",
    Verdict.WRONG.word: "✗",
}
"""The sign of every verdict."""
MOST_SHOWN = 200
_MARK, _LATEX_MARK = " ✗", r"\,\text{✗}"
_POINT = re.compile("[.,]")
_MOST_ROWS = _MOST_COLUMNS = 8
_NUMERAL = re.compile(r"([-+]?[0-9.,]{1,14}(?:/[0-9.,]{1,8})?)(?:(?:[eE]|\*10\^)([-+]?[0-9]{1,3}))?")


def answer_piece(result: Result, brackets: str = "square") -> Piece | None:
    """The answer as a number or a matrix, wrong cells with ✗ and empty ones as □; None where there is none to show.

    >>> from chalkwork.networks.graph import Graph
    >>> report = Graph("c = a + b").solve(a=2, b=1).check({"c": "4,0"})
    >>> answer_piece(report["c"]).latex
    '4{,}0\\\\,\\\\text{✗}'
    """
    rows, columns = len(result.cells), len(result.cells[0])
    given = below_each_other(result.given)
    answer = read_answer(given, () if rows == columns == 1 else (rows, columns))
    marked = answer.wrong_shape is None
    answer = answer if marked or answer.as_given is None else answer.as_given
    if not answer.given.any():
        return None
    texts = _texts(given, answer)
    height, width = answer.value.shape
    lines: list[list[Piece]] = []
    places = shown(width, _MOST_COLUMNS)
    for row in shown(height, _MOST_ROWS):
        if row is None:
            lines.append([Piece.of(r"\vdots", "⋮")] * len(places))
            continue
        words = result.cells[row] if marked else ("",) * width
        lines.append([_cell(texts, answer, (row, at), words) for at in places])
    padded = _padded(lines)
    return padded[0][0] if height == width == 1 else _matrix(padded, brackets)


def _cell(texts: Sequence[str], answer: Answer, place: tuple[int, int | None], words: Sequence[str]) -> Piece:
    row, column = place
    if column is None:
        return Piece.of(r"\cdots", "⋯")
    if answer.blank[row, column]:
        return Piece.of(r"\text{□}", "□")
    if answer.unreadable[row, column]:
        return Piece.of(r"\text{?}", "?")
    number = _digits(texts[row * answer.value.shape[1] + column])
    wrong = words[column] in (Verdict.MISTAKE.word, Verdict.WRONG.word)
    return Piece.of(number.latex + _LATEX_MARK, number.box.lines[0] + _MARK) if wrong else number


def _padded(lines: list[list[Piece]]) -> list[list[Piece]]:
    """The cells of each column with their points in line, and with room where another one has its mark."""
    columns = [_column(column) for column in zip(*lines, strict=True)]
    return [list(line) for line in zip(*columns, strict=True)]


def _column(cells: Sequence[Piece]) -> list[Piece]:
    texts = [cell.box.lines[0].removesuffix(_MARK) for cell in cells]
    tails = [len(text) - found.start() if (found := _POINT.search(text)) else 0 for text in texts]
    marked = any(cell.box.lines[0].endswith(_MARK) for cell in cells)
    padded = []
    for cell, text, tail in zip(cells, texts, tails, strict=True):
        if not text[-1:].isdigit() or len(cells) == 1:
            padded.append(cell)
            continue
        missing = max(tails) - tail
        latex = cell.latex.removesuffix(_LATEX_MARK)
        filling = ("." if not tail else "0") + "0" * (missing - 1) if missing else ""
        latex += rf"\phantom{{{filling}}}" if filling else ""
        if cell.box.lines[0].endswith(_MARK):
            latex, end = latex + _LATEX_MARK, _MARK
        else:
            latex, end = latex + (rf"\phantom{{{_LATEX_MARK}}}" if marked else ""), "  " if marked else ""
        padded.append(Piece.of(latex, text + " " * missing + end))
    return padded


def _matrix(lines: Sequence[Sequence[Piece]], brackets: str) -> Piece:
    body = r" \\ ".join(" & ".join(cell.latex for cell in line) for line in lines)
    left, right = ("[", "]") if brackets == "square" else ("(", ")")
    latex = rf"\left{left}\begin{{array}}{{{'r' * len(lines[0])}}} {body} \end{{array}}\right{right}"
    return Piece(latex, (Box.matrix([[cell.box.lines[0] for cell in line] for line in lines], brackets),))


def _texts(given: object, answer: Answer) -> list[str]:
    """The cells as they were typed, row by row; as numbers where that cannot be told."""
    size = answer.value.size
    typed: list[object] = []
    if isinstance(given, str):
        try:
            grid = [[given]] if size == 1 else chosen(candidates(given), answer.value.shape, given).rows
            typed = [cell for row in grid for cell in row]
        except ReadError:
            pass
    else:
        typed = list(_leaves(given, 3))
    if len(typed) != size:
        typed = [None] * size
    values = answer.value.reshape(-1).tolist()
    return [_text(cell, value) for cell, value in zip(typed, values, strict=True)]


def _leaves(given: Any, depth: int) -> Iterator[object]:
    if depth and isinstance(given, (list, tuple)):
        for item in given:
            yield from _leaves(item, depth - 1)
    else:
        yield given


def _text(cell: object, value: float) -> str:
    if isinstance(cell, str):
        bare = plain(cell.strip()).replace(" ", "")
        if _NUMERAL.fullmatch(bare):
            return bare
    return repr(int(value)) if isinstance(cell, int) and abs(value) < 1e9 else f"{value:.7g}"


def _digits(text: str) -> Piece:
    found = _NUMERAL.fullmatch(text)
    if found is None:
        return Piece.of(r"\text{?}", "?")
    latex, board = found[1].replace(",", "{,}"), found[1].replace("-", "−")
    if found[2]:
        power = str(int(found[2]))
        latex, board = rf"{latex} \cdot 10^{{{power}}}", f"{board}·10{superscript(power)}"
    return Piece.of(latex, board)


def raw(given: object) -> str:
    """What was typed, as inline Markdown that shows it as it is."""
    return f"“{literal(given if isinstance(given, str) else str(_plain(given)), MOST_SHOWN)}”"


def given_data(given: object) -> Any:
    """What was answered as plain data for JSON: text, numbers, lists of them; no NaN, no infinity."""
    return given if isinstance(given, str) and given.isascii() else _plain(given)


def _plain(given: object, depth: int = 4) -> Any:
    match given:
        case None | bool():
            return given
        case str():
            return given.encode("utf-8", "replace").decode("utf-8")
        case int() if abs(given) < 10**300:
            return given
        case float() if np.isfinite(given):
            return float(given)
        case np.ndarray() | np.generic():
            return _plain(given.tolist(), depth) if given.dtype.kind in "biufO" else str(given)[:MOST_SHOWN]
        case list() | tuple() if depth:
            return [item if type(item) is str and item.isascii() else _plain(item, depth - 1) for item in given]
        case Mapping() if depth:
            return {_named(key): _plain(value, depth - 1) for key, value in given.items()}
    return _tensor(given) or _named(given)


def _tensor(given: Any) -> Any:
    try:
        return _plain(given.tolist()) if hasattr(given, "tolist") and hasattr(given, "__array__") else None
    except Exception:  # foreign code: whatever it raises
        return None


def _named(given: object) -> str:
    """Foreign things by what they print, or by their kind."""
    try:
        return str(given)[:MOST_SHOWN].encode("utf-8", "replace").decode("utf-8")
    except Exception:  # foreign code: whatever it raises
        return type(given).__name__


def report_markdown(report: Report) -> str:
    """The report as a table in Markdown: every step with the answer, the verdict and what is said of it."""
    rows, language = [], report.language
    for result in report.values():
        piece = answer_piece(result)
        answer = f"${piece.latex}$" if piece else "" if result.given is None else raw(result.given)
        name = f"`{result.name}`"
        said = literal(result.message)
        said = say(language, "report.first_wrong_here", said=said) if result.name == report.first_wrong else said
        rows.append((SIGNS[result.verdict], name, answer, said))
    table = Table(("", say(language, "report.step"), say(language, "report.answer"), ""), tuple(rows))
    unused = [
        Paragraph(say(language, "unused.line", name=literal(name), why=literal(why)))
        for name, why in report.unused.items()
    ]
    percent = decimal(f"{float(100 * report.score):.3g}", language)
    credit = Paragraph(say(language, "report.share", percent=percent))
    notes = [Paragraph(literal(note)) for note in report.notes]
    return to_markdown(Document(say(language, "report"), (*notes, table, credit, *unused)))
