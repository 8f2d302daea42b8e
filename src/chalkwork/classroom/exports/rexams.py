"""R/exams: an exercise in R Markdown of the type cloze, its variants inside, drawn with R's generator.

Source: the documentation of the package exams, "First steps" and "exams2moodle": a question, a solution and
meta-information, where `##ANSWER1##` is the place of the first answer. Texts are HTML and stand in strings of R, so
that nothing in them is run; what would be a heading or a place for an answer is written so that it is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from chalkwork.classroom.exports.html import Pages
from chalkwork.classroom.exports.packing import decimal, identity
from chalkwork.classroom.exports.questions import Field, Item, whole_weights


def write(items: Sequence[Item], partial: int) -> str:
    """The exercise; `partial` has no place in it."""
    pages = Pages(items)
    texts = [_question(item, pages, place) for place, item in enumerate(items)]
    solutions = [_raw(pages.solution(place)) for place, _ in enumerate(items)]
    first = _answers(items[0])
    kinds = "|".join("num" if one.cells else "schoice" if one.choices else "string" for one in first)
    points = "|".join(map(str, whole_weights(_weights(items[0]))))
    values = [[_solution(one, place) for one, place in _each(item)] for item in items]
    rooms = [[decimal(one.cells[0][0].tolerance, 10) if one.cells else "0" for one in _answers(item)] for item in items]
    choices = [choice for one in first if one.choices for choice in one.choices]
    lines = [
        "```{r, echo = FALSE, results = 'hide'}",
        f"cw_variant <- sample({len(items)}, 1)",
        f"cw_text <- c({_strings(texts)})[cw_variant]",
        f"cw_solution <- c({_strings(solutions)})[cw_variant]",
        f"cw_answers <- c({_strings(['|'.join(each) for each in values])})[cw_variant]",
        f"cw_rooms <- c({_strings(['|'.join(each) for each in rooms])})[cw_variant]",
        "```",
        "",
        *_section("Question", "cw_text"),
        *(["Answerlist", "----------", *(f"* {_word(each)}" for each in choices), ""] if choices else []),
        *_section("Solution", "cw_solution"),
        "Meta-information",
        "================",
        f"exname: {identity(items[0].title)}",
        "extype: cloze",
        f"exclozetype: {kinds}",
        "exsolution: `r cw_answers`",
        "extol: `r cw_rooms`",
        f"expoints: {points}",
        "",
    ]
    return "\n".join(lines)


def _section(title: str, name: str) -> list[str]:
    chunk = "```{r, echo = FALSE, results = 'asis'}"
    return [title, "=" * len(title), chunk, f"cat({name})", "```", ""]


def _strings(texts: Sequence[str]) -> str:
    """The texts as strings of R."""
    return ", ".join('"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"' for text in texts)


def _raw(html: str) -> str:
    """HTML that pandoc passes on as it is, without a place for an answer or a line that would be a heading."""
    html = html.replace("##", "&#35;&#35;").replace("`", "&#96;")
    lines = [re.sub(r"^[=-]", lambda sign: f"&#{ord(sign[0])};", line.strip()) for line in html.split("\n")]
    return "\n```{=html}\n" + "\n".join(lines) + "\n```\n"


def _word(text: str) -> str:
    """A word to choose, as Markdown without a sign that means something there."""
    return "".join(sign if sign.isalnum() or sign in " -," else f"&#{ord(sign)};" for sign in text)


def _answers(item: Item) -> list[Field]:
    """A field for every answer: each cell of a matrix is one."""
    found = []
    for fields in item.fields().values():
        for field in fields:
            found += [Field(cell.entry, field.latex, ((cell,),)) for cell in field.numbers] or [field]
    return found


def _weights(item: Item) -> list[Fraction]:
    return [one.cells[0][0].weight if one.cells else one.weight for one in _answers(item)]


def _each(item: Item) -> list[tuple[Field, int]]:
    return [(one, place) for place, one in enumerate(_answers(item))]


def _solution(field: Field, place: int) -> str:
    if field.cells:
        return decimal(field.cells[0][0].value)
    if field.choices:
        return "".join("1" if each == field.word else "0" for each in field.choices)
    return re.sub(r"[|`\\]", " ", field.word)


def _question(item: Item, pages: Pages, place: int) -> str:
    number = 0
    shown = {}
    for task, fields in item.fields().items():
        parts = []
        for field in fields:
            sizes = [len(row) for row in field.cells] or [1]
            rows = [[f"\1{(number := number + 1)}\1" for _ in range(size)] for size in sizes]
            parts.append(pages.field(field, rows))
        shown[task] = "".join(parts)
    return re.sub("\1(\\d+)\1", r"##ANSWER\1##", _raw(pages.question(place, shown)))
