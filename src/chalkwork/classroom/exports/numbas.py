"""Numbas: an exam with a question for each item, of which one is picked; a gap for each number.

Source: docs.numbas.org.uk, the `.exam` format. A named mistake is an alternative answer of its gap, with marks and a
message. In texts Numbas puts variables where braces are: those outside of maths get a backslash.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from typing import Any

from chalkwork.classroom.exports.html import Pages, in_maths, table_of
from chalkwork.classroom.exports.questions import Cell, Field, Item

POINTS = 100
_MATHS = re.compile(r"(\\\(.*?\\\)|\\\[.*?\\\])", re.DOTALL)


def write(items: Sequence[Item], partial: int) -> str:
    """The exam; where there are several items each student gets one of them."""
    pages = Pages(items)
    group = {
        "name": "",
        "pickingStrategy": "random-subset" if len(items) > 1 else "all-ordered",
        "pickQuestions": 1,
        "questionNames": [escape(item.title) for item in items],
        "questions": [_question(item, pages, place, partial) for place, item in enumerate(items)],
    }
    exam = {
        "name": escape(items[0].sheet.title or items[0].title),
        "metadata": {"description": "", "licence": "None specified"},
        "duration": 0,
        "percentPass": 0,
        "showQuestionGroupNames": False,
        "question_groups": [group],
        "navigation": {"allowregen": False, "showfrontpage": False, "preventleave": False},
        "feedback": {"showactualmark": True, "showtotalmark": True, "showanswerstate": True, "allowrevealanswer": True},
        "timing": {"timeout": {"action": "none"}, "timedwarning": {"action": "none"}},
    }
    return "// Numbas version: exam_results_page_options\n" + json.dumps(exam, ensure_ascii=False, allow_nan=False)


def _question(item: Item, pages: Pages, place: int, partial: int) -> dict[str, Any]:
    gaps: list[dict[str, Any]] = []
    shown = {name: "".join(_shown(field, gaps, partial) for field in each) for name, each in item.fields().items()}
    prompt = _escaped(pages.question(place, {name: f"\0{name}\0" for name in shown})).split("\0")
    filled = "".join(shown[part] if number % 2 else part for number, part in enumerate(prompt))
    part = {"type": "gapfill", "marks": 0, "prompt": filled, "gaps": gaps, "sortAnswers": False}
    return {
        "name": escape(item.title),
        "statement": "",
        "advice": _escaped(pages.solution(place)),
        "parts": [part],
        "variables": {},
        "functions": {},
        "preamble": {"js": "", "css": ""},
    }


def _shown(field: Field, gaps: list[dict[str, Any]], partial: int) -> str:
    """The field with its gaps in double brackets; the gaps are added to the others."""

    def gap(made: dict[str, Any]) -> str:
        gaps.append(made)
        return f"[[{len(gaps) - 1}]]"

    if not field.cells:
        return f"<p>{in_maths(field.latex)} = {gap(_word(field))}</p>"
    return table_of(field, [[gap(_number(cell, partial)) for cell in row] for row in field.cells])


def _number(cell: Cell, partial: int) -> dict[str, Any]:
    marks = float(cell.weight * POINTS)
    alternatives = [
        _entry(one.value, one.tolerance, marks * partial / 100) | {"alternativeFeedbackMessage": _escaped(one.hint)}
        for one in cell.wrong
    ]
    return _entry(cell.value, cell.tolerance, marks) | {"alternatives": alternatives}


def _entry(value: float, tolerance: float, marks: float) -> dict[str, Any]:
    return {
        "type": "numberentry",
        "marks": round(marks, 6),
        "minValue": f"{value - tolerance:.15g}",
        "maxValue": f"{value + tolerance:.15g}",
        "allowFractions": False,
        "notationStyles": ["plain", "en", "si-en", "plain-eu"],
        "showCorrectAnswer": True,
    }


def _word(field: Field) -> dict[str, Any]:
    marks = round(float(field.weight * POINTS), 6)
    if not field.choices:
        return {"type": "patternmatch", "marks": marks, "answer": re.escape(field.word), "displayAnswer": field.word}
    matrix = [marks if each == field.word else 0 for each in field.choices]
    return {"type": "1_n_2", "marks": 0, "choices": [_escaped(each) for each in field.choices], "matrix": matrix}


def _escaped(html: str) -> str:
    """Text in which Numbas substitutes nothing."""
    parts = _MATHS.split(html)
    for place, part in enumerate(parts):
        if place % 2:
            parts[place] = re.sub(r"\\(var|simplify)\b", r"\\mathrm{\1}", part)
        else:
            parts[place] = re.sub(r"[{}]|\[\[", lambda sign: sign[0].replace("{", r"\{").replace("}", r"\}"), part)
            parts[place] = parts[place].replace("[[", "[ [")
    return "".join(parts)
