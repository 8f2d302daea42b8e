"""Numbas: an exam with a question for each item, of which one is picked; a gap for each number.

Source: docs.numbas.org.uk, the `.exam` format and "adaptive marking". A named mistake is an alternative answer of its
gap, with marks and a message. The variable `c7` is the seventh number, right or, once it is replaced, as it was typed;
no variable depends on others, since Numbas would make them anew for every gap. In texts Numbas puts variables where
braces are: those outside of maths get a backslash.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from typing import Any

from chalkwork.classroom.exports.carried import NUMBAS, Carried, carried
from chalkwork.classroom.exports.html import Pages, in_maths, table_of
from chalkwork.classroom.exports.letters import Formula, Rows, Written
from chalkwork.classroom.exports.packing import decimal
from chalkwork.classroom.exports.questions import Cell, Field, Item

POINTS = 100
LETTERS = Written(
    {"add": " + ", "subtract": " - ", "negative": "-", "multiply": "*", "divide": "/", "power": "^", "matmul": "*"},
    {"transpose": "transpose({})", "exp": "exp({})", "log": "ln({})", "sqrt": "sqrt({})", "abs": "abs({})",
     "tanh": "tanh({})", "sin": "sin({})", "cos": "cos({})", "sigmoid": "(1/(1 + exp(-({}))))"},
    frozenset(("e", "i", "pi", "infinity", "nan")), entrywise=False,
)  # fmt: skip
formula = LETTERS.formula
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
    made = _Gaps(item, partial)
    shown = {name: "".join(map(made.shown, each)) for name, each in item.fields().items()}
    prompt = _escaped(pages.question(place, {name: f"\0{name}\0" for name in shown})).split("\0")
    filled = "".join(shown[part] if number % 2 else part for number, part in enumerate(prompt))
    part = {"type": "gapfill", "marks": 0, "prompt": filled, "gaps": made.gaps, "sortAnswers": False}
    variables = made.variables()
    return {
        "name": escape(item.title),
        "statement": "",
        "advice": _escaped(pages.solution(place)),
        "parts": [part],
        "variables": {name: _variable(name, definition) for name, definition in variables.items()},
        "ungrouped_variables": list(variables),
        "variable_groups": [],
        "functions": {},
        "preamble": {"js": "", "css": ""},
    }


def _variable(name: str, definition: str) -> dict[str, str]:
    return {"name": name, "group": "Ungrouped variables", "definition": definition, "description": "",
            "templateType": "anything"}  # fmt: skip


class _Gaps:
    """The gaps of one item, and the variables by which what follows from a wrong answer is marked."""

    def __init__(self, item: Item, partial: int) -> None:
        self.gaps: list[dict[str, Any]] = []
        self.cells = {number: cell for number, (_, _, cell) in item.numbered().items()}
        self.carried = carried(item)
        self.partial, self.follows = partial, float(item.follows)
        self.places: dict[int, int] = {}
        self.language = item.sheet.language

    def variables(self) -> dict[str, str]:
        """The definitions by name."""
        return {f"c{cell}": decimal(self.cells[cell].value) for cell in self._behind()}

    def _behind(self, *numbers: int) -> list[int]:
        """The numbers that a gap asks for; few, since each of them costs Numbas time at every gap."""
        found: set[int] = set()
        for number in numbers or self.carried:
            one = self.carried[number]
            found |= set(one.cells)
            if one.copies:
                found |= set(one.beside)
                found |= {cell for each in one.beside if each in self.carried for cell in self.carried[each].cells}
        return sorted(found)

    def _end(self, number: int, otherwise: str, sign: str) -> str:
        """An end of the range of what follows, where a number was replaced and work shows in it; else right."""
        one = self.carried[number]
        counts = "(" + " or ".join(f"c{cell} <> {decimal(self.cells[cell].value)}" for cell in one.cells) + ")"
        if one.copies:
            shown = " or ".join([*map(self._accepted, one.beside), f"({_new('f', one)})"])
            counts += f" and ({shown})"
        else:
            counts += f" and abs(f) > {decimal(one.room, 10)}"
        return f"let(f, {NUMBAS.write(one.expression)}, if({counts}, f {sign} {decimal(one.room, 10)}, {otherwise}))"

    def _accepted(self, number: int) -> str:
        one = self.carried.get(number)
        if one is None:
            return self._right(number)
        near = f"abs(c{number} - h) <= {decimal(one.room, 10)}"
        return f"{self._right(number)} or let(h, {NUMBAS.write(one.expression)}, {near} and {_new('h', one)})"

    def _right(self, number: int) -> str:
        cell = self.cells[number]
        return f"abs(c{number} - ({decimal(cell.value)})) <= {decimal(cell.tolerance, 10)}"

    def shown(self, field: Field) -> str:
        """The field with its gaps in double brackets; the gaps are added to the others."""
        if field.formula is not None:
            hint = escape(_escaped(field.formula.hint("A*B", "transpose(A)", self.language)))
            return f"<p>{in_maths(field.latex)} = {self._gap(_expression(field, field.formula))} {hint}</p>"
        if not field.cells:
            return f"<p>{in_maths(field.latex)} = {self._gap(_word(field))}</p>"
        return table_of(field, [[self._gap(self._number(cell)) for cell in row] for row in field.cells])

    def _gap(self, made: dict[str, Any]) -> str:
        self.gaps.append(made)
        return f"[[{len(self.gaps) - 1}]]"

    def _number(self, cell: Cell) -> dict[str, Any]:
        number, marks = len(self.places) + 1, float(cell.weight * POINTS)
        self.places[number] = len(self.gaps)
        others = [
            _entry(one.value, one.tolerance, marks * self.partial / 100)
            | {"alternativeFeedbackMessage": _escaped(escape(one.hint, quote=False))}
            for one in cell.wrong
        ]
        made = _entry(cell.value, cell.tolerance, marks) | {"alternatives": others}
        one = self.carried.get(number)
        if one is None:
            return made
        ends = {"minValue": "-", "maxValue": "+"}
        made |= {key: self._end(number, made[key], sign) for key, sign in ends.items()}
        replaced = [
            {"variable": f"c{each}", "part": f"p0g{self.places[each]}", "must_go_first": False}
            for each in self._behind(number)
        ]
        return made | {
            "variableReplacements": replaced,
            "variableReplacementStrategy": "originalfirst",
            "adaptiveMarkingPenalty": round(marks * (1 - self.follows), 6),
        }


def _new(value: str, one: Carried) -> str:
    """Whether a value is no copy of a number that it is made of."""
    return " and ".join(f"not (abs({value} - c{cell}) <= {decimal(one.room, 10)})" for cell in one.cells)


def _entry(value: float, tolerance: float, marks: float) -> dict[str, Any]:
    return {
        "type": "numberentry",
        "marks": round(marks, 6),
        "minValue": decimal(value - tolerance),
        "maxValue": decimal(value + tolerance),
        "allowFractions": False,
        "notationStyles": ["plain", "en", "si-en", "plain-eu", "scientific"],
        "showCorrectAnswer": True,
    }


def _word(field: Field) -> dict[str, Any]:
    marks = round(float(field.weight * POINTS), 6)
    if not field.choices:
        return {"type": "patternmatch", "marks": marks, "answer": re.escape(field.word), "displayAnswer": field.word}
    matrix = [marks if each == field.word else 0 for each in field.choices]
    return {"type": "1_n_2", "marks": 0, "choices": [_escaped(each) for each in field.choices], "matrix": matrix}


def _expression(field: Field, formula: Formula) -> dict[str, Any]:
    """A mathematical expression, worked out with numbers for its letters."""
    return {
        "type": "jme",
        "marks": round(float(field.weight * POINTS), 6),
        "answer": LETTERS.write(formula.expression, formula.names),
        "answerSimplification": "",
        "checkingType": "absdiff",
        "checkingAccuracy": formula.room,
        "failureRate": 1,
        "vsetRangePoints": 1,
        "checkVariableNames": False,
        "caseSensitive": True,
        "singleLetterVariables": False,
        "implicitFunctionComposition": False,
        "valuegenerators": [{"name": word, "value": _value(rows)} for word, rows in formula.letters.items()],
    }


def _value(rows: Rows) -> str:
    written = (f"[{', '.join(decimal(cell) for cell in row)}]" for row in rows)
    return decimal(rows[0][0]) if len(rows) == 1 == len(rows[0]) else f"matrix([{', '.join(written)}])"


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
