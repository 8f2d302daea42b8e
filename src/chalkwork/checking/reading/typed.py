"""Text as people type it, to rows of cells: brackets, rows and columns, decimal commas, LaTeX.

What a comma means is often clear only from the shape that is asked: `candidates` gives every reading that the
text allows, and the one that fits the shape is taken. Nothing is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chalkwork.checking.reading.numerals import AnswerError, plain, without_lead
from chalkwork.words import Text

MAX_TEXT = 100_000
MAX_CELLS = 1_000_000
MAX_DEPTH = 10

_OPEN, _CLOSE = "([{", ")]}"
_BEGIN = re.compile(r"\\begin\{([a-zA-Z]*(?:matrix|array)\*?)\}")
_COLUMNS = re.compile(r"\s*\{[lcr|@ ]*\}")
_FILLED = re.compile(r"\\(?:underline|boxed|text|mathrm|mathbf|fbox)\{((?:[^{}]|\{[^{}]*\})*)\}")
_HOLLOW = re.compile(r"\\(?:[hv]?phantom|hspace\*?|rule)(?:\[[^\]]*\])?\{[^{}]*\}(?:\{[^{}]*\})?")
_FRACTION = re.compile(r"\\[dt]?frac\s*(?:\{\s*([-+]?[\d.,]+)\s*\}\s*\{\s*([-+]?[\d.,]+)\s*\}|([0-9])\s*([0-9]))")
_SPACING = re.compile(r"\\(?:left|right|displaystyle|quad|qquad|hline|[,;:! ])|[\u00a0\u2009\u202f\u2007]|~")
_TIMES = re.compile(r"\\(?:cdot|times)(?![a-zA-Z])")
_ARRAY = re.compile(r"(?:(?:np|numpy|torch|jnp)\.)?(?:array|asarray|matrix|tensor|Matrix)\(")
_OPTIONS = re.compile(r"(?:,\s*[a-z_]{1,20}=[\w.'<> ]{1,60}){0,4}\)$")
_TRANSPOSED = re.compile(r"(?<=[\])}])\s*(?:\^\s*(?:\{\s*)?(?:T|t|\\top|\\intercal|⊤)(?:\s*\})?|\.?T|'|ᵀ|⊤)\s*$")
_POWER = re.compile(r"\^\s*[({]\s*([-+]?[0-9]{1,3})\s*[)}]")
_GLUED = re.compile(r"(?<=[0-9])[ \t]*([*/^])[ \t]*(?=[-+0-9.])")
_SIGN = re.compile(r"^([-+])[ \t]+(?=[0-9.])")
_TIGHT = re.compile(r"(?<=[0-9]),(?=[0-9])")
_PER = re.compile(r"(?<=[0-9])[ \t]+(?=[%‰])")
_AND = re.compile(r",?\s+(?:and|und)\s+")
_NEW_ROW = re.compile(r"\\\\(?:\[[0-9.]*[a-z]*\])?")
_LISTS = re.compile(r"[\[({]\s*[\[({][0-9,\s]*(?<!\s)[\])}]\s*,")
_BLANK = re.compile(r"[_?\s\u200b-\u200d\u2060\ufeff]*")
_NOTHING = re.compile(
    r"(?:[-—–/\\.…]+|-/-|n/?a\.?|null|none|nothing|blank|empty|unknown"
    r"|(?:not )?(?:open|done|answered|solved|known|sure)|skip(?:ped)?|to ?do|tbd|no (?:idea|answer|clue|solution)"
    r"|(?:i )?(?:don['’]?t|do not) (?:really )?know"
    r"|dunno|idk"
    r"|(?:ich )?wei(?:ß|ss) (?:ich |es )?nicht|keine (?:ahnung|antwort)|k\. ?a\.|leer|nichts|offen|fehlt)[!.]*",
    re.IGNORECASE,
)
"""What people write where they have no answer."""
_LAST = frozenset("0123456789])")
_EQUALS = re.compile(r"\\(?:approx|simeq|cong)(?![a-zA-Z])|:=|==|[=-]>|(?<![<>!])=|[≈≃≅→⇒]")
_ANOTHER = re.compile(r"[,;]\s*[^\W\d_][\w'^{}\[\](),]*\s*$")
_ARGUMENTS = re.compile(r"\([^()]*\)")
_COMMENT = re.compile(r"[ \t](?:#|//)[^\n]*")
_ASIDE = re.compile(r"(?<=[\])}0-9.%])\s*\((?!or\b|oder\b|not\b|nicht\b)(?:[0-9] ?)?[A-Za-zÀ-ÿ][^()]*\)$")
_STOP = re.compile(r"(?<=[\])}])\s*[.,;]$")
_FRAMES = (("**", "**"), ("__", "__"), ("*", "*"), ("`", "`"), ('"', '"'), ("“", "”"), ("„", "“"), ("'", "'"))
_GROUPED = re.compile(r"(?<![0-9.,])[1-9][0-9]{0,2}(?: [0-9]{3})+(?![0-9])")


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells; `flat` when they stood in one line, so that they make a row or a column."""

    rows: list[list[str]]
    flat: bool = False

    @property
    def width(self) -> int | None:
        """The number of columns, None where the rows differ."""
        widths = {len(row) for row in self.rows}
        return widths.pop() if len(widths) == 1 else None

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether the cells fill the shape; a vector may stand in a row or in a column."""
        return fits((len(self.rows), self.width), shape)


def fits(found: tuple[int, int | None], shape: tuple[int, ...]) -> bool:
    """Whether so many rows and columns are the shape, or a vector of its length."""
    rows, columns = shape or (1, 1)
    if found[1] is None:
        return False
    return found == (rows, columns) or (1 in found and 1 in (rows, columns) and found[0] * found[1] == rows * columns)


def is_blank(text: str) -> bool:
    """Whether the cell was left open.

    >>> is_blank("____"), is_blank("?"), is_blank("0")
    (True, True, False)
    """
    if text[-1:] in _LAST:
        return False
    return _BLANK.fullmatch(text) is not None or _NOTHING.fullmatch(text.strip()) is not None


def final(text: str) -> str:
    """What follows the last sign of equality outside of brackets: the result, where the working is shown.

    Raises ReadError where two answers stand in one.

    >>> final("W1^T x = [0.5; 0.2]"), final("-ln(0.4525) ≈ 0.793"), final("**0.5**")
    ('[0.5; 0.2]', '0.793', '0.5')
    """
    if "=" in text or "->" in text or r"\app" in text or r"\sim" in text or not text.isascii():
        text = _result(text)
    if ("#" in text or "//" in text) and _closed(cut := _COMMENT.sub("", text)):
        text = cut
    bare = text.strip()
    if bare[-1:] in (")", ".", ",", ";"):
        bare = _STOP.sub("", _ASIDE.sub("", bare))
    if bare[:1].isalpha() or bare[:1] in ("≈", "~"):
        bare = without_lead(bare)
    if bare[:1] in ("<", "⟨") and bare[-1:] in (">", "⟩"):
        return f"[{bare[1:-1]}]"
    for opened, closed in _FRAMES if bare[:1] in tuple("*_`\"“„'") else ():
        if len(bare) > 2 * len(opened) and bare.startswith(opened) and bare.endswith(closed):
            inner = bare[len(opened) : -len(closed)]
            return inner if inner.strip("_? ") else text
    return bare


def _closed(text: str) -> bool:
    return all(text.count(opened) == text.count(closed) for opened, closed in zip(_OPEN, _CLOSE, strict=True))


def _result(text: str) -> str:
    if len(text) > MAX_TEXT:
        return text
    depth, start, parts = 0, 0, []
    signs = {found.start(): found for found in _EQUALS.finditer(text)}
    for place, sign in enumerate(text):
        depth += (sign in _OPEN) - (sign in _CLOSE)
        if depth <= 0 and place in signs and place >= start:
            parts.append(text[start:place])
            start = signs[place].end()
    parts.append(text[start:])
    for part in parts[:-1]:
        if _ANOTHER.search(_ARGUMENTS.sub("", part)):
            raise AnswerError(Text.of("unread.several_answers", shown=repr(_shortened(text.strip()))))
    told = [part for part in parts if part.strip(" \t\n.")]
    return told[-1] if told else ""


def candidates(text: str) -> list[Grid]:
    """Every reading of the text as rows of cells, the likeliest first.

    Raises ReadError for a text that is too long, or whose brackets do not match or are nested too deeply.

    >>> [grid.rows for grid in candidates("[1 2; 3 4]")]
    [[['1', '2'], ['3', '4']]]
    >>> [grid.rows for grid in candidates("0,45")]
    [[['0,45']], [['0', '45']]]
    """
    if len(text) > MAX_TEXT:
        raise AnswerError(Text.of("unread.long", most=MAX_TEXT, count=len(text)))
    bare = _plain_latex(final(text))
    if (called := _ARRAY.match(bare)) and (options := _OPTIONS.search(bare, max(called.end(), len(bare) - 200))):
        bare = bare[called.end() : options.start()].strip()
    turned = _TRANSPOSED.search(bare)
    if turned:
        bare = bare[: turned.start()].rstrip()
    grids = _latex_matrix(bare)
    if grids is None:
        grids = list(_readings(bare))
    if _GROUPED.search(bare):
        grids = [*grids, *candidates(_GROUPED.sub(lambda found: found[0].replace(" ", ""), bare))]
    unique: list[Grid] = []
    for grid in grids:
        if grid.rows and grid.rows not in [other.rows for other in unique]:
            unique.append(grid)
    return [_transposed(grid) for grid in unique] if turned else unique


def _plain_latex(text: str) -> str:
    bare = plain(text.strip())
    bare = _NEW_ROW.sub("\1", bare)
    if "\\" in bare or "$" in bare or "{,}" in bare or "~" in bare or not bare.isascii():
        bare = bare.replace("$", " ").replace("{,}", ".").replace(r"\_", "_")
        for opened, closed in ((r"\[", r"\]"), (r"\(", r"\)")):
            if bare.strip().startswith(opened) and bare.strip().endswith(closed):
                bare = bare.strip()[2:-2]
        bare = _HOLLOW.sub(" ", bare)
        for _ in range(3):
            bare = _FILLED.sub(lambda found: found[1] if found[1].strip() else "_", bare)
        bare = _FRACTION.sub(lambda found: f"{found[1] or found[3]}/{found[2] or found[4]}", bare)
        bare = _TIMES.sub("*", _SPACING.sub(lambda found: "" if found[0] in (r"\,", r"\!") else " ", bare))
    if "%" in bare or "‰" in bare:
        bare = _PER.sub("", bare)
    if " and " in bare or " und " in bare:
        bare = _AND.sub(", " if ", " in bare and ";" not in bare else "; ", bare)
    return _POWER.sub(r"^\1", bare).strip()


def _latex_matrix(text: str) -> list[Grid] | None:
    found = _BEGIN.search(text)
    if found is None:
        return None
    end = text.find(rf"\end{{{found[1]}}}", found.end())
    if end < 0:
        raise AnswerError(Text.of("unread.no_end", name=found[1]))
    outside = text[: found.start()] + text[end + len(rf"\end{{{found[1]}}}") :]
    body = text[found.end() : end]
    if outside.strip("[]() \n\t\1") or _BEGIN.search(body):
        raise AnswerError(Text.of("unread.matrices"))
    if found[1].startswith("array"):
        body = _COLUMNS.sub("", body, count=1)
    rows = [[_GLUED.sub(r"\1", cell.strip()) for cell in row.split("&")] for row in body.split("\1")]
    if len(rows) > 1 and rows[-1] == [""]:
        rows.pop()
    return [Grid(rows)]


def _transposed(grid: Grid) -> Grid:
    if grid.width is None:
        return grid
    return Grid([list(row) for row in zip(*grid.rows, strict=True)], grid.flat)


def _readings(text: str) -> Iterator[Grid]:
    lists, nested = _bracketed(text)
    if not nested:
        content = lists[0] if lists else text
        yield from _content(content)
        return
    yield from _rows([content.replace("\n", " ") for content in lists])


def _bracketed(text: str) -> tuple[list[str], bool]:
    """The contents of the innermost brackets, and whether there are several."""
    found: list[str] = []
    stack: list[str] = []
    before, start = "", 0
    for place, sign in enumerate(text):
        if sign not in _OPEN and sign not in _CLOSE:
            continue
        if sign in _OPEN:
            if len(stack) == MAX_DEPTH:
                raise AnswerError(Text.of("unread.deep", most=MAX_DEPTH))
            _only_separators(text[start:place])
            stack.append(sign)
        else:
            if not stack or _OPEN.index(stack.pop()) != _CLOSE.index(sign):
                raise AnswerError(Text.of("unread.closes_nothing", sign=sign, place=place + 1))
            if before and before in _OPEN:
                found.append(text[start:place])
            else:
                _only_separators(text[start:place])
        before, start = sign, place + 1
    if stack:
        raise AnswerError(Text.of("unread.never_closed", sign=stack[-1]))
    if found:
        _only_separators(text[start:])
    return found, len(found) > 1


def _only_separators(text: str) -> None:
    if text.strip(" \t\r\n,;"):
        raise AnswerError(Text.of("unread.outside", shown=repr(text.strip()[:40])))


def _content(text: str) -> Iterator[Grid]:
    """The readings of what stands in one pair of brackets, or in none."""
    text = text.strip()
    if ";" in text or "\1" in text:
        parts = [part.replace("\n", " ") for part in re.split("[;\1]", text)]
        if len(parts) > 1 and not parts[-1].strip():
            parts.pop()
        yield from _rows(parts)
        return
    if "\n" in text:
        lines = [line.strip().rstrip(",") for line in text.splitlines() if line.strip()]
        yield from _rows(lines)
        text = text.replace("\n", " ")
    for row in _lines(text):
        yield Grid([row], flat=True)


def _rows(lines: list[str]) -> Iterator[Grid]:
    """The readings of several rows, with the same meaning of the comma in all of them."""
    readings = [list(_lines(line)) or [[line.strip()]] for line in lines]
    for choice in range(max(map(len, readings), default=0)):
        yield Grid([each[min(choice, len(each) - 1)] for each in readings])


def _lines(text: str) -> Iterator[list[str]]:
    """The readings of one row: with decimal commas first, then with commas as separators."""
    text = _SIGN.sub(r"\1", _GLUED.sub(r"\1", text.strip()))
    if text[:1] == text[-1:] == "|" and "|" not in text[1:-1] and len(text) > 2:
        text = text[1:-1].strip()
    if "&" in text or "|" in text:
        yield [cell.strip() for cell in re.split("[&|]", text.strip("|"))]
        return
    if "," not in text:
        yield text.split() or [""]
        return
    tight = _TIGHT.search(text) is not None
    if tight:
        yield from _with_separators(_TIGHT.sub("\0", text), decimal=True)
    yield from _with_separators(text, decimal=False)


def _with_separators(text: str, decimal: bool) -> Iterator[list[str]]:
    if "," in text:
        cells = [cell.strip() for cell in text.split(",")]
        if any(len(cell.split()) > 1 for cell in cells):  # a comma here and a space there
            return
    else:
        cells = text.split()
    if decimal:
        if any(cell.count("\0") > ("/" in cell) + 1 or ("\0" in cell and "." in cell) for cell in cells):
            return
        cells = [cell.replace("\0", ",") for cell in cells]
    if len(cells) > 1 and not cells[-1]:
        yield cells[:-1]
    yield cells


def chosen(grids: list[Grid], shape: tuple[int, ...], text: str) -> Grid:
    """The reading that fits the shape; where none does, the one that was meant.

    Raises ReadError where that cannot be told.
    """
    bare = final(text).strip()
    doubtful = len(grids) > 1 and bare[:1] not in tuple(_OPEN) and "\\" not in bare and not re.search(r"[\s;]", bare)
    if doubtful and shape and bare.count(",") == 1 and not grids[0].fits(shape):
        raise AnswerError(_unclear(bare))
    for grid in grids:
        if grid.fits(shape):
            if grid is grids[0] and len(grids) > 1 and _LISTS.match(bare) and grids[-1].width is not None:
                break
            return grid
    if not grids:
        raise AnswerError(_unclear(bare) if "," in bare else Text.of("unread.no_numbers"))
    if any(grid.fits(shape) for grid in grids) or (len(grids) == 1 and _doubled(grids[0], shape, bare)):
        raise AnswerError(_unclear(bare))
    regular = [grid for grid in grids if grid.width is not None]
    if len(regular) > 1 and _TIGHT.search(bare):
        if _LISTS.match(bare):
            return regular[-1]
        raise AnswerError(_unclear(bare))
    return regular[0] if regular else grids[0]


def _doubled(grid: Grid, shape: tuple[int, ...], text: str) -> bool:
    rows, columns = shape or (1, 1)
    return _TIGHT.search(text) is not None and "." not in text and (grid.width or 0) == 2 * rows * columns


def _unclear(text: str) -> Text:
    return Text.of("unread.commas", shown=repr(_shortened(text)))


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
