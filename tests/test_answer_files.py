"""Files of answers: every kind gives the same answers, nothing in them is run, and hostile ones are refused."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalkwork.checking.reading.answers import read_answer
from chalkwork.checking.reading.files import MAX_BYTES, READERS, read_answers
from chalkwork.errors import ChalkworkError


def notebook(*cells: str | tuple[str, str]) -> str:
    parts = [("code", cell) if isinstance(cell, str) else cell for cell in cells]
    return json.dumps({"cells": [{"cell_type": kind, "source": source.splitlines(True)} for kind, source in parts]})


FLAT = {
    "a.yaml": "z1: [0.50, -0.2]\nL: 0.790\ndW1:\n",
    "a.json": '{"z1": [0.50, -0.2], "L": 0.790, "dW1": null}',
    "a.csv": 'name,value\nz1,"[0.50, -0.2]"\nL,0.790\ndW1,\n',
    "b.csv": "Name;Value\r\nz1;0,50; -0,2\r\nL;0,790\r\ndW1;\r\n",
    "c.csv": "\ufeffname,value\nz1,[0.50, -0.2]\nL,0,790\ndW1,\n",
    "a.md": "# Mine\n\nSome: prose\n\n```answers\nz1: [0.50\n  -0.2]\n- `L` = 0.790\ndW1: ____\n```\n\n"
    "```python\nz1: 3\n```\n",
    "a.ipynb": notebook(
        "%matplotlib inline\nimport numpy as np\nz1 = np.array([0.50, -0.2])\nL: float = 0.790\ndW1 = None",
        ("markdown", "text"),
    ),
}
TASKS = {
    "a.yaml": "a: {z1: 0.5}\nb:\n  z1: 0.7\n",
    "a.json": '{"a": {"z1": 0.5}, "b": {"z1": "0.7"}}',
    "a.csv": "task,name,value\na,z1,0.5\nb,z1,0.7\n",
    "a.md": "```answers\ntask: a\nz1: 0.5\n```\nprose\n~~~answers\ntask: b\nz1: 0.7\n~~~\n",
    "a.ipynb": notebook("# task: a\nz1 = 0.5", "# Task: b\nz1 = 0.7"),
}


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("name", FLAT)
def test_every_kind_gives_the_answers_as_typed(name: str, tmp_path: Path) -> None:
    found = read_answers(write(tmp_path, name, FLAT[name]))
    assert read_answer(found["z1"], (2, 1)).value.tolist() == [[0.5], [-0.2]]
    loss = read_answer(found["L"], ())
    assert loss.value.item() == 0.79 and 0.7904 < loss.high.item() < 0.7906  # the zero counts
    assert read_answer(found.get("dW1"), (2, 2)).blank.all()


@pytest.mark.parametrize("name", TASKS)
def test_every_kind_may_answer_several_tasks(name: str, tmp_path: Path) -> None:
    assert read_answers(write(tmp_path, name, TASKS[name])) == {"a": {"z1": "0.5"}, "b": {"z1": "0.7"}}


def test_a_notebook_is_looked_at_and_not_run(tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    source = (
        f"open({str(evil)!r}, 'w')\na = __import__('os').system('touch {evil}')\n"
        "b = [1, 2]\nb = b @ b\nc = torch.tensor([[1, 2], [3, 1/3]], requires_grad=True).T\n"
        "d, e = 0.10, -2e-3\nf = 1\nf += 1\n"
        "answers = {'dL/dW1': np.asarray([[1.0]]), 'g': x}\nh = float('0,5')\nk = 'text'\n"
    )
    found = read_answers(write(tmp_path, "a.ipynb", notebook(source, "this is ( not python", "if True:\n    m = 1")))
    assert found == {
        "c": [["1", "3"], ["2", "1/3"]],
        "d": "0.10",
        "e": "-2e-3",
        "dL/dW1": [["1.0"]],
        "h": "0,5",
        "k": "text",
    }
    assert not evil.exists()


def test_a_notebook_may_hold_the_form(tmp_path: Path) -> None:
    found = read_answers(write(tmp_path, "a.ipynb", notebook(("markdown", "```answers\nz1: 0,5\n```"))))
    assert found == {"z1": "0,5"}


def test_lines_of_the_form_that_are_no_answers_spoil_only_their_own(tmp_path: Path) -> None:
    text = "```answers\nz1: 0.5\nI am not sure here\n∂L/∂W1: [1 2\n3 4]\n```\n"
    assert read_answers(write(tmp_path, "a.md", text)) == {
        "z1": "0.5",
        "line 3: I am not sure here": None,
        "∂L/∂W1": "[1 2\n3 4]",
    }


BAD = [
    ("a.yaml", "a: &x [1]\nb: *x\n", "line 1, column 4: YAML anchors"),
    ("a.yaml", "z1: 1\nz2: !!python/object/apply:os.system ['true']\n", "line 2, column 5: YAML tags"),
    ("a.yaml", "- 1\n- 2\n", "expected names"),
    ("a.yaml", "z1: 1\n---\nz1: 2\n", "second YAML document"),
    ("a.yaml", "z1: 1\na: {z1: 2}\n", "some to none"),
    ("a.yaml", "z1: " + "[" * 5000 + "]" * 5000, "nested more than 12 deep"),
    ("a.yaml", "z1: \x00", "U\\+0000"),
    ("a.yaml", "", None),
    ("a.json", "[1, 2]", "expected names"),
    ("a.json", "[" * 200_000, "nested"),
    ("a.json", '{"a": {"b": {"c": 1}}}', "mappings of mappings"),
    ("a.yaml", "[1, 2\n", "a list that does not go on"),
    ("a.json", "{\n", "line 2: this is not JSON"),
    ("a.csv", "foo,bar\n", "found the columns"),
    ("a.csv", "name,value\nz1," + "1" * 200_000, "line 2: this is not CSV"),
    ("a.csv", "task,name,value\n,z1,1\na,z1,2\n", "some to none"),
    ("a.md", "no form here", "no block of answers"),
    ("a.md", "```answers\njust words\n```", "line 2: expected a line"),
    ("a.ipynb", "{}", "no cells"),
    ("a.ipynb", "nothing", "not a notebook"),
    ("a.ipynb", '{"cells": ' + "9" * 10_000 + "}", "not a notebook"),
    ("a.exe", "", "cannot be read from .exe"),
    ("a.md", b"\xff\xfe", "not UTF-8"),
    ("a.md", b" " * (MAX_BYTES + 1), "larger than"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD, ids=lambda value: f"{value!r:.25}")
def test_bad_files_are_refused_with_the_place(
    name: str, text: str | bytes, message: str | None, tmp_path: Path
) -> None:
    path = write(tmp_path, name, text)
    if message is None:
        assert read_answers(path) == {}
        return
    with pytest.raises(ChalkworkError, match=message) as caught:
        read_answers(path)
    assert str(path) in str(caught.value) and len(str(caught.value).replace(str(path), "")) < 300


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.md").mkdir()
    os.mkfifo(tmp_path / "pipe.md")
    for name in ("folder.md", "pipe.md", "missing.md", "nul\0.md", "x" * 5000 + ".md"):
        with pytest.raises(ChalkworkError):
            read_answers(f"{tmp_path}/{name}")


SLOW = [
    ("a.md", "```" + " " * 4_000_000 + "x y"),
    ("a.md", "```answers\n" + " " * 4_000_000 + "\n```"),
    ("a.md", "```answers\n" + "a" * 4_000_000 + "\n```"),
    ("a.md", "```answers\n" + "a:\n" * 1_000_000),
    ("a.ipynb", notebook("\n" * 190_000)),
    ("a.ipynb", notebook("a = " + "1+" * 90_000 + "1")),
    ("a.ipynb", notebook("a = " + "-" * 190_000 + "1")),
    ("a.ipynb", notebook("a = " + "not " * 40_000 + "1")),
    ("a.ipynb", notebook("a = a" + ".b" * 90_000)),
    ("a.ipynb", notebook("a = " + "f(" * 90_000)),
    ("a.ipynb", notebook("a = " + "lambda:" * 20_000 + "1")),
    ("a.ipynb", notebook("a = " + "1 if 1 else " * 15_000 + "1")),
    ("a.ipynb", notebook("a = " + "1/" * 90_000 + "1")),
    ("a.ipynb", notebook("a" + " = a" * 40_000 + " = 1")),
    ("a.csv", "name,value\n" + "a,1\n" * 1_000_000),
    ("a.yaml", "a: [" + "1," * 1_500_000 + "1]"),
]


@pytest.mark.parametrize(("name", "text"), SLOW, ids=lambda value: f"{value!r:.25}")
def test_files_made_to_be_slow_are_not(name: str, text: str, tmp_path: Path) -> None:
    path = write(tmp_path, name, text)
    start = time.process_time()
    with suppress(ChalkworkError):
        read_answers(path)
    assert time.process_time() - start < 20


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(READERS)),
    st.one_of(st.binary(max_size=60), st.lists(st.sampled_from([*FLAT.values(), *TASKS.values()])).map("\n".join)),
    st.integers(0, 200),
    st.text(max_size=6),
)
def test_nothing_but_answers_or_an_error_comes_out(
    tmp_path: Path, suffix: str, text: str | bytes, place: int, change: str
) -> None:
    if isinstance(text, str):
        text = (text[:place] + change + text[place + 2 :]).encode(errors="replace")
    path = write(tmp_path, f"fuzz{suffix}", text)
    try:
        found = read_answers(path)
    except ChalkworkError:
        return
    assert isinstance(found, dict) and all(isinstance(name, str) for name in found)
