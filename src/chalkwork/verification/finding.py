r"""Formulas in a document, with their lines: Markdown, LaTeX, the cells of a notebook, plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from chalkwork.algebra.reading.words import BARE
from chalkwork.errors import ChalkworkError

MOST_BYTES, MOST_FORMULAS = 2_000_000, 5_000
_ENVIRONMENTS = "equation|align|gather|multline|eqnarray|flalign|alignat|displaymath|math"
_FENCE = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^(?P=fence)`*~*[ \t]*$|\Z)|<!--.*?-->", re.DOTALL | re.MULTILINE
)
_CODE = re.compile(r"(?<!`)`[^`\n]+`(?!`)")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_FORMULA = re.compile(
    r"(?P<display>\$\$(?P<dollars>.+?)\$\$"
    r"|\\\\\[(?P<square2>.+?)\\\\\]"
    r"|\\\[(?P<square>.+?)\\\]"
    rf"|\\begin\{{(?P<environment>{_ENVIRONMENTS})\*?\}}(?P<body>.+?)\\end\{{(?P=environment)\*?\}})"
    r"|\\\\\((?P<round2>.+?)\\\\\)"
    r"|\\\((?P<round>.+?)\\\)"
    r"|(?<![\\$])\$(?![\s$])(?P<dollar>(?:[^$\n]|\n(?!\s*\n))+?)(?<![\s\\])\$(?![0-9$])",
    re.DOTALL,
)
_HEADING = re.compile(r"^(?:#{1,6}\s|\(?[a-z0-9]{1,2}[.)]\s|\\(?:sub)*section|\\item)", re.MULTILINE)
_NAME_CELL = re.compile(r"\$\\?[A-Za-z]+(?:[_^](?:\w|\{[^{}]*\}))*\$")
_NUMBER_CELL = re.compile(r"\$?-?[0-9]*\.?[0-9]+\$?")
_RELATION = re.compile(r"(?<!-)[=<>≤≥≈≠]")
_MATHS = re.compile(r"[-+*/^()\[\]0-9.,;:=<>≤≥≈A-Za-z_·×−²³√']+")
_WORD = re.compile(
    rf"(?<![A-Za-z_])(?!(?:{'|'.join(BARE)}|log2|log10|sqrt|sigmoid|relu|ReLU|softmax|abs|sum)"
    r"(?![A-Za-z]))[A-Za-z]{2,}"
)
_LABEL = re.compile(r"^\s*(?:[-*+]\s+|\(?(?:[0-9]{1,2}|[a-z])[.)]\s+|[A-Z][A-Za-z ]{0,40}[0-9]?:\s+)*")
_NAMED = re.compile(r"^\s*(?:[A-Za-z]\w*:\s+)?([A-Za-z][A-Za-z0-9]{1,15})\s*=(?!=)")
_APART = re.compile(r"(?<=[0-9A-Za-z)\]])(?:[ ]{2,}|\t+)(?=[A-Za-z(|][^=]*=)")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as it was written, with the line on which it begins; `display` where it stands by itself."""

    text: str
    line: int
    display: bool = True
    section: int = 0
    """How many headings stand before it."""
    heading: str = ""
    """The line of the last of them."""


def formulas_in(text: str, form: str = "markdown") -> list[Formula]:
    r"""The formulas of a document, in order; `form` is markdown, latex, notebook or text.

    Raises ChalkworkError for a document that is too large or, as a notebook, no JSON.

    >>> [(one.text, one.line, one.display) for one in formulas_in("Let $a = 1$.\n\n$$b = a + 1$$")]
    [('a = 1', 1, False), ('b = a + 1', 3, True)]
    >>> formulas_in("First:\n  x = 2 * 3 = 6\nThat is all.", "text")
    [Formula(text='x = 2 * 3 = 6', line=2, display=True, section=0, heading='')]
    """
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise ChalkworkError(f"the document has more than {MOST_BYTES} bytes")
    if form == "notebook":
        found = [one for cell in _cells(text) for one in formulas_in(cell)]
    else:
        found = sorted((*_marked(text, form), *_tabled(text)), key=lambda one: one.line)
        if form == "text" and not found:
            found = list(_plain(text))
    if len(found) > MOST_FORMULAS:
        raise ChalkworkError(f"the document has {len(found)} formulas, more than {MOST_FORMULAS}")
    return found


def shown_text(text: str, form: str) -> str:
    """The document as its lines are counted: of a notebook the cells, one below the other."""
    return "\n".join(source for _, source in _sources(text)) if form == "notebook" else text


def is_page(text: str, form: str) -> bool:
    """Whether a document holds formulas with numbers between signs that say where mathematics begins and ends."""
    if form == "notebook":
        return any(is_page(cell, "markdown") for cell in _cells(text))
    return any(re.search(r"=[^=]*[0-9]", formula.text) for formula in _marked(text, form))


def _tabled(text: str) -> Iterator[Formula]:
    """Names and their numbers in the rows of a table, `| $w_1$ | 0.5 |`."""
    for number, line in enumerate(text.split("\n"), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.lstrip().startswith("|") else []
        for name, value in pairwise(cells):
            if _NAME_CELL.fullmatch(name) and _NUMBER_CELL.fullmatch(value):
                yield Formula(f"{name.strip('$')} = {value.strip('$')}", number, False)


def _marked(text: str, form: str) -> Iterator[Formula]:
    """What stands between signs that say where mathematics begins and ends."""
    hidden = _COMMENT.sub(_blank, text) if form == "latex" else _CODE.sub(_blank, _FENCE.sub(_blank, text))
    headings = [found.start() for found in _HEADING.finditer(hidden)]
    for found in _FORMULA.finditer(hidden):
        inside = next(
            value
            for name in ("dollars", "square2", "square", "body", "round2", "round", "dollar")
            if (value := found[name]) is not None
        )
        start = found.start() + found.group().index(inside)
        start += len(inside) - len(inside.lstrip())
        heading = sum(place < start for place in headings)
        above = headings[heading - 1] if heading else 0
        title = hidden[above : hidden.find("\n", above) if "\n" in hidden[above:] else None] if heading else ""
        yield Formula(inside.strip(), text.count("\n", 0, start) + 1, found["display"] is not None, heading, title)


def _plain(text: str) -> Iterator[Formula]:
    """Lines that are formulas rather than sentences."""
    names = {found[1] for line in text.splitlines() for part in _APART.split(line) if (found := _NAMED.match(part))}
    named = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(sorted(names, key=len, reverse=True)) or '(?!)'})(?![A-Za-z0-9])")
    for number, line in enumerate(text.splitlines(), 1):
        rest = _LABEL.sub("", line, count=1).strip()
        if not _RELATION.search(rest):
            continue
        for part in _APART.split(rest):
            if _WORD.search(named.sub("x", part)) and "\\" not in part:
                yield from (Formula(one, number) for one in _in_sentence(part))
            elif _RELATION.search(part):
                yield Formula(part, number)


def _in_sentence(line: str) -> Iterator[str]:
    """The formulas among the words of a sentence."""
    run: list[str] = []
    for word in [*line.split(), "the"]:
        if _MATHS.fullmatch(word) and not _WORD.search(word):
            run.append(word)
            continue
        formula = " ".join(run).strip(" .,;")
        if _RELATION.search(formula) and not formula.startswith("="):
            yield formula
        run = []


def _blank(found: re.Match[str]) -> str:
    """As many lines and signs, without what they said."""
    return re.sub(r"[^\n]", " ", found.group())


def _cells(text: str) -> Iterator[str]:
    """The texts of a notebook, each after as many empty lines as it takes to keep the lines of all apart."""
    line = 0
    for kind, own in _sources(text):
        if kind == "markdown":
            yield "\n" * line + own
        line += own.count("\n") + 1


def _sources(text: str) -> list[tuple[str, str]]:
    """Kind and text of every cell of a notebook."""
    try:
        cells = json.loads(text)["cells"]
        found = [(cell["cell_type"], cell["source"]) for cell in cells]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ChalkworkError("this is no notebook: it is no JSON with cells") from None
    return [(kind, own if isinstance(own, str) else "".join(map(str, own))) for kind, own in found]
