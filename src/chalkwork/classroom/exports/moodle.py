"""Moodle XML: one cloze question for each item, with a field for each number.

Source: docs.moodle.org, "Moodle XML format" and "Embedded Answers (Cloze) question type". What a cloze answer holds is
escaped as `qtype_multianswer` reads it: a backslash before } and #, the number of the sign for ~ and the backslash.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from html import escape

from chalkwork.classroom.exports.html import Pages, in_maths, table_of
from chalkwork.classroom.exports.questions import Cell, Field, Item, whole_weights

_OPENING = re.compile(r"\{(?=\d*:)")


def write(items: Sequence[Item], partial: int) -> str:
    """All items as the questions of one category named after the sheet."""
    pages = Pages(items)
    questions = [_question(item, pages, place, partial) for place, item in enumerate(items)]
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return "\n".join([head, "<quiz>", category(items[0]), *questions, "</quiz>", ""])


def category(item: Item) -> str:
    """The category that the questions come into."""
    name = (item.sheet.title or item.title).replace("/", "//")
    return f'<question type="category"><category><text>$course$/top/{escape(name)}</text></category></question>'


def _question(item: Item, pages: Pages, place: int, partial: int) -> str:
    fields = item.fields()
    every = [field for each in fields.values() for field in each]
    weights = iter(whole_weights([weight for field in every for weight in _weights(field)]))
    shown = {
        name: "\n".join(_shown(field, [next(weights) for _ in _weights(field)], partial) for field in each)
        for name, each in fields.items()
    }
    text = _with_fields(pages.question(place, {name: f"\0{name}\0" for name in shown}), shown)
    return (
        f'<question type="cloze">\n<name><text>{escape(item.title)}</text></name>\n'
        f'<questiontext format="html"><text>{cdata(text)}</text></questiontext>\n'
        f'<generalfeedback format="html"><text>{cdata(pages.solution(place))}</text></generalfeedback>\n'
        f"<penalty>0.3333333</penalty>\n<hidden>0</hidden>\n<idnumber>{escape(item.code)}</idnumber>\n</question>"
    )


def _weights(field: Field) -> list[Fraction]:
    return [cell.weight for cell in field.numbers] or [field.weight]


def _with_fields(html: str, shown: dict[str, str]) -> str:
    """The text, in which nothing but our fields opens one."""
    parts = _OPENING.sub("&#123;", html).split("\0")
    return "".join(shown[part] if number % 2 else part for number, part in enumerate(parts))


def _shown(field: Field, weights: list[int], partial: int) -> str:
    if not field.cells:
        return f"<p>{in_maths(field.latex)} = {_word(field, weights[0])}</p>"
    left = iter(weights)
    return table_of(field, [[_number(cell, next(left), partial) for cell in row] for row in field.cells])


def _number(cell: Cell, weight: int, partial: int) -> str:
    wrong = "".join(f"~%{partial}%{one.value:.12g}:{one.tolerance:.6g}#{_plain(one.hint)}" for one in cell.wrong)
    return f"{{{weight}:NUMERICAL:={cell.value:.15g}:{cell.tolerance:.6g}{wrong}}}"


def _word(field: Field, weight: int) -> str:
    if not field.choices:
        return f"{{{weight}:SHORTANSWER:={_plain(field.word)}}}"
    choices = "~".join(("=" if each == field.word else "") + _plain(each) for each in field.choices)
    return f"{{{weight}:MULTICHOICE:{choices}}}"


def _plain(text: str) -> str:
    """A text in a cloze answer, which is HTML: Moodle takes a backslash away before } and # alone."""
    text = escape(" ".join(text.split()), quote=False).replace("~", "&#126;").replace("\\", "&#92;")
    return re.sub(r"([}#])", r"\\\1", text)


def cdata(text: str) -> str:
    """A text that no tag is read in."""
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
