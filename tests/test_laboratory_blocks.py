"""Blocks of the laboratory in a sheet: read, worked, shown, and left out of marking."""

import json

import pytest

from chalkwork.documents.terminal import to_text
from chalkwork.errors import SheetError
from chalkwork.sheets.check import check_hand_in
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.parts import MODULES, part_of
from chalkwork.solutions.export import to_json

SHEET = """
```graph
equations: c = a + b
```
```task
id: a
points: 1/3
values: {a: 2, b: 1}
```
Why is that so?
```question
id: b
points: 2/3
hint: Think of apples.
answer: Because *two* and one are $3$.
note: Others will do.
```
"""


@pytest.mark.parametrize("language", MODULES)
def test_every_part_says_which_keys_it_has(language):
    part = part_of(language)
    assert part.keys and all(isinstance(key, str) for key in part.keys)
    with pytest.raises(SheetError, match="unknown key 'nonsense'"):
        parse_sheet(f"```{language}\nid: a\nnonsense: 1\n```\n")


def test_a_question_is_shown_with_its_answer_and_never_marked():
    sheet = parse_sheet(SHEET)
    text = to_text(workbook(sheet).document)
    assert "1 point in all." in text and "Because two and one are 3." in text and "Note: Others will do." in text
    for show in ("sheet", "blanks", "form"):
        hidden = to_text(workbook(sheet, show).document)
        assert "Because" not in hidden and "Hint: Think of apples." in hidden
    assert [task.id for task in check_hand_in(sheet, {"c": "3"}).tasks] == ["a"]
    data = json.loads(to_json(workbook(sheet)))
    assert data["answers"] == [
        {
            "id": "b",
            "points": pytest.approx(2 / 3),
            "kind": "question",
            "values": {"answer": "Because *two* and one are $3$."},
        }
    ]


def test_an_id_is_given_once():
    with pytest.raises(SheetError, match="a task 'a' is defined already"):
        parse_sheet(SHEET.replace("id: b", "id: a"))
