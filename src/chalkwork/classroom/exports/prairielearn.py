"""PrairieLearn: a question's folder in a zip, `info.json`, `question.html` and `server.py`, with the texts beside them.

Source: the documentation of PrairieLearn, "Question configuration", "pl-number-input", "pl-multiple-choice" and the
functions `generate` and `grade` of `server.py`. A variant is one of the items, by the seed of the variant.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from uuid import NAMESPACE_URL, uuid5

from chalkwork.classroom.exports.html import Pages
from chalkwork.classroom.exports.packing import identity, zipped
from chalkwork.classroom.exports.python_marks import MARKS, data_source, hints_of
from chalkwork.classroom.exports.questions import Field, Item, whole_weights
from chalkwork.words import say

_PAGE = """<pl-question-panel>
{{{params.text}}}
</pl-question-panel>
<pl-answer-panel>
{{{params.solution}}}
</pl-answer-panel>
"""
_SERVER = '''
def generate(data):
    """Choose a variant, and put its texts into the page."""
    number = int(data["variant_seed"], 36) % len(VARIANTS) + 1
    data["params"]["number"] = number
    for part in ("text", "solution"):
        file = pathlib.Path(data["options"]["question_path"]) / "variants" / f"{number}-{part}.html"
        data["params"][part] = file.read_text(encoding="utf-8")
    cells, _ = VARIANTS[number - 1]
    for cell, (value, _, _) in cells.items():
        data["correct_answers"][f"c{cell}"] = value


def grade(data):
    """Mark every number: right, or what follows from the earlier ones, or a mistake that has a name."""
    cells, follows = VARIANTS[data["params"]["number"] - 1]
    given = {cell: number(data["submitted_answers"].get(f"c{cell}")) for cell in cells}
    for cell, (score, said) in marks(given, cells, follows, SHARE, PARTIAL).items():
        data["partial_scores"][f"c{cell}"] = {"score": score, "weight": WEIGHTS[cell], "feedback": said}
    pl.set_weighted_score_data(data)


def number(typed):
    """What was typed, as a number; None for a blank."""
    value = pl.from_json(typed)
    return None if value is None or value == "" else float(value)
'''


def write(items: Sequence[Item], partial: int) -> bytes:
    """The folder."""
    pages, hints = Pages(items), hints_of(list(items))
    folder = identity(items[0].title)
    about = {
        "uuid": str(uuid5(NAMESPACE_URL, "chalkwork " + "\n".join(item.title for item in items))),
        "title": items[0].sheet.title or items[0].title,
        "topic": "Neural networks",
        "tags": ["chalkwork"],
        "type": "v3",
        "singleVariant": len(items) == 1,
        "partialCredit": True,
    }
    files = {
        "info.json": json.dumps(about, indent=2).replace("<", "\\u003c") + "\n",
        "question.html": _PAGE,
        "server.py": _server(items, hints, partial),
    }
    for place, item in enumerate(items):
        files[f"variants/{place + 1}-text.html"] = _text(item, pages, place)
        files[f"variants/{place + 1}-solution.html"] = pages.solution(place)
    return zipped({f"{folder}/{name}": text for name, text in files.items()})


def _server(items: Sequence[Item], hints: list[str], partial: int) -> str:
    weights = _weights(items[0])
    names = range(1, len(items) + 1)
    lines = ['"""Marks the question as Chalkwork does."""', "", "import math", "import pathlib", ""]
    lines += ["import prairielearn as pl", ""]
    lines += [
        f"HINTS = {[escape(hint) for hint in hints]!r}",
        f"FOLLOWS = {say(items[0].sheet.language, 'step.follows')!r}",
    ]
    lines += [f"SHARE, PARTIAL = {float(items[0].follows)!r}, {partial / 100!r}"]
    lines += [f"WEIGHTS = {weights[0]!r}"]
    lines += [line for name, item in zip(names, items, strict=True) for line in data_source(item, hints, str(name))]
    lines.append(f"VARIANTS = [{', '.join(f'(CELLS_{name}, FOLLOWS_{name})' for name in names)}]")
    return "\n".join(lines) + "\n" + MARKS + "\n" + _SERVER


def _weights(item: Item) -> tuple[dict[int, int], list[int]]:
    """The weights of the numbers, and those of the words."""
    cells = item.numbered()
    words = [field for fields in item.fields().values() for field in fields if not field.cells]
    every = whole_weights([*(cell.weight for _, _, cell in cells.values()), *(field.weight for field in words)])
    return dict(zip(cells, every, strict=False)), every[len(cells) :]


def _text(item: Item, pages: Pages, place: int) -> str:
    numbers, words = iter(item.numbered()), iter(enumerate(_weights(item)[1], 1))
    shown = {}
    for task, fields in item.fields().items():
        parts = []
        for field in fields:
            gaps = [[_gap(next(numbers)) for _ in row] for row in field.cells] or [[_word(field, *next(words))]]
            parts.append(pages.field(field, gaps))
        shown[task] = "".join(parts)
    return pages.question(place, shown)


def _gap(number: int) -> str:
    about = 'size="10" show-help-text="false" show-placeholder="false" allow-blank="true" blank-value=""'
    return f'<pl-number-input answers-name="c{number}" display="inline" {about}></pl-number-input>'


def _word(field: Field, number: int, weight: int) -> str:
    about = f'answers-name="w{number}" weight="{weight}" allow-blank="true"'
    if not field.choices:
        return (
            f'<pl-string-input {about} display="inline" ignore-case="true" show-help-text="false" '
            f'correct-answer="{escape(field.word)}"></pl-string-input>'
        )
    choices = "".join(
        f'<pl-answer correct="{str(each == field.word).lower()}">{escape(each)}</pl-answer>' for each in field.choices
    )
    return f'<pl-multiple-choice {about} display="dropdown" order="fixed">{choices}</pl-multiple-choice>'
