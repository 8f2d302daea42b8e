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
from chalkwork.classroom.exports.letters import Formula, Written
from chalkwork.classroom.exports.packing import identity, zipped
from chalkwork.classroom.exports.python_marks import MARKS, data_source, hints_of
from chalkwork.classroom.exports.questions import Field, Item, whole_weights
from chalkwork.words import say

LETTERS = Written(
    {"add": " + ", "subtract": " - ", "negative": "-", "multiply": "*", "divide": "/", "power": "^"},
    {"exp": "exp({})", "log": "log({})", "sqrt": "sqrt({})", "abs": "abs({})", "tanh": "tanh({})", "sin": "sin({})",
     "cos": "cos({})", "sigmoid": "(1/(1 + exp(-({}))))"},
    frozenset(("e", "i", "j", "pi", "infty", "max", "min", "abs", "exp", "log", "ln", "sqrt", "sign", "sgn")),
    matrices=False,
)  # fmt: skip
formula = LETTERS.formula
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
    for name, (text, _, _, _) in FORMULAS.items():
        data["correct_answers"][name] = text


def grade(data):
    """Mark every number: right, or what follows from the earlier ones, or a mistake that has a name."""
    cells, follows = VARIANTS[data["params"]["number"] - 1]
    given = {cell: number(data["submitted_answers"].get(f"c{cell}")) for cell in cells}
    for cell, (score, said) in marks(given, cells, follows, SHARE, PARTIAL).items():
        data["partial_scores"][f"c{cell}"] = {"score": score, "weight": WEIGHTS[cell], "feedback": said}
    for name, (_, letters, value, room) in FORMULAS.items():
        found = at_a_point(data["submitted_answers"].get(name), letters)
        score = float(found is not None and abs(found - value) <= room)
        data["partial_scores"][name] = {"score": score, "weight": WEIGHTS[name]}
    pl.set_weighted_score_data(data)


def at_a_point(typed, letters):
    """The value of a formula with numbers for its letters; None where it has none."""
    import prairielearn.sympy_utils as psu

    if not isinstance(typed, dict):
        return None
    try:
        found = psu.json_to_sympy(typed, allow_complex=False)
        return float(found.subs({one: letters[str(one)] for one in found.free_symbols}).evalf())
    except (ValueError, TypeError, KeyError, ArithmeticError, psu.BaseSympyError):
        return None


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


def _formulas(item: Item) -> dict[str, tuple[Field, Formula]]:
    """The formulas by their names in the page."""
    every = [field for fields in item.fields().values() for field in fields]
    asked = [(field, field.formula) for field in every if field.formula is not None]
    return {f"f{number}": one for number, one in enumerate(asked, 1)}


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
    made = _formulas(items[0])
    lines += [f"WEIGHTS = {weights[0] | dict(zip(made, weights[2], strict=True))!r}"]
    formulas = {
        name: (
            LETTERS.write(one.expression, one.names),
            {word: rows[0][0] for word, rows in one.letters.items()},
            one.value[0][0],
            one.room,
        )
        for name, (_, one) in made.items()
    }
    lines += [f"FORMULAS = {formulas!r}"]
    lines += [line for name, item in zip(names, items, strict=True) for line in data_source(item, hints, str(name))]
    lines.append(f"VARIANTS = [{', '.join(f'(CELLS_{name}, FOLLOWS_{name})' for name in names)}]")
    return "\n".join(lines) + "\n" + MARKS + "\n" + _SERVER


def _weights(item: Item) -> tuple[dict[int, int], list[int], list[int]]:
    """The weights of the numbers, of the words, and of the formulas."""
    cells, formulas = item.numbered(), [field for field, _ in _formulas(item).values()]
    words = [field for fields in item.fields().values() for field in fields if not field.cells and not field.formula]
    others = [field.weight for field in (*words, *formulas)]
    every = whole_weights([*(cell.weight for _, _, cell in cells.values()), *others])
    count = len(cells)
    return dict(zip(cells, every, strict=False)), every[count : count + len(words)], every[count + len(words) :]


def _text(item: Item, pages: Pages, place: int) -> str:
    numbers, words = iter(item.numbered()), iter(enumerate(_weights(item)[1], 1))
    formulas = iter(_formulas(item))
    shown = {}
    for task, fields in item.fields().items():
        parts = []
        for field in fields:
            if field.formula is not None:
                parts.append(pages.field(field, [[_formula(next(formulas), field.formula, item.sheet.language)]]))
                continue
            gaps = [[_gap(next(numbers)) for _ in row] for row in field.cells] or [[_word(field, *next(words))]]
            parts.append(pages.field(field, gaps))
        shown[task] = "".join(parts)
    return pages.question(place, shown)


def _gap(number: int) -> str:
    about = 'size="10" show-help-text="false" show-placeholder="false" allow-blank="true" blank-value=""'
    return f'<pl-number-input answers-name="c{number}" display="inline" {about}></pl-number-input>'


def _formula(name: str, formula: Formula, language: str) -> str:
    names = escape(", ".join(formula.letters))
    about = 'allow-complex="false" show-help-text="false" allow-blank="true" display="inline"'
    hint = escape(formula.hint("A*B", "A^T", language))
    return f'<pl-symbolic-input answers-name="{name}" variables="{names}" {about}></pl-symbolic-input> {hint}'


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
