"""Files of answers: YAML, JSON, CSV, the filled-in form in Markdown, notebooks. Read, never run.

| kind | form |
|---|---|
| `.yaml`, `.yml`, `.json` | `name: value`, or `task: {name: value, ...}` |
| `.json` | also what `chalkwork solve SHEET -o OUT.json` writes |
| `.csv` | a first line `name,value` or `task,name,value` (or with `;` or tabs); the value is the rest of the line |
| `.md`, `.txt` | fenced blocks ```` ```answers ````, of lines `name: value`; `task: id` in the first line of one |
| `.ipynb` | `dW1 = [[...]]` or `np.array([[...]])` in code cells, after `# task: id`; or blocks as in Markdown |

Values stay as they were typed (`0.790` keeps its zero); `read_answer` reads them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import category

from chalkwork.checking.forms import form_entries
from chalkwork.documents.literal import visible
from chalkwork.errors import ChalkworkError, misplaced

if TYPE_CHECKING:
    from chalkwork.yaml_nodes import Node

MAX_BYTES = 5_000_000
MAX_DEPTH = 12
MAX_VALUES = 1_000_000
MAX_NAMES = 10_000

Answers = dict[str, object]
"""A value by name, or by task the values by name."""

_HEADS = {("name", "value"): 1, ("task", "name", "value"): 2}


def read_answers(path: str | Path) -> Answers:
    """The values in a file by name, or, where it answers several tasks, by task and name.

    Raises ChalkworkError, with file and line, for a file that cannot be read as a whole; a value that cannot be
    read is none of its business.
    """
    file = Path(path)
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise ChalkworkError(
            f"answers cannot be read from {file.suffix[:20] or 'a file without a suffix'}",
            file=str(path),
            hint=f"save them as {', '.join(READERS)}",
        )
    try:
        return _tidy(reader(_content(file)))
    except ChalkworkError as error:
        raise error.at(file=str(path)) from None
    except RecursionError:
        raise ChalkworkError("the file is nested too deeply", file=str(path)) from None


def _content(file: Path) -> str:
    try:
        if not file.is_file():
            raise ChalkworkError("this is no regular file" if file.exists() else "there is no such file")
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ChalkworkError(f"the file cannot be opened: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > MAX_BYTES:
        raise ChalkworkError(f"the file is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ChalkworkError("the file is not UTF-8 text", line=line, hint="save it as UTF-8") from None


def _tidy(answers: Answers) -> Answers:
    """The answers with names that can be shown and texts that can be written as UTF-8."""
    tidy: dict[str, object] = {}
    for name, value in answers.items():
        shown = visible("".join(sign for sign in name if category(sign) != "Cf"))
        if shown in tidy:
            raise ChalkworkError(f"{shown[:60]} is answered twice")
        tidy[shown] = _tidy(value) if isinstance(value, dict) else _texts(value)
    return tidy


def _texts(value: object, depth: int = 0) -> object:
    if depth > MAX_DEPTH:
        raise ChalkworkError("the values are nested too deeply")
    if isinstance(value, list):
        return [_texts(each, depth + 1) for each in value]
    if isinstance(value, str) and not value.isascii():
        return value.encode(errors="replace").decode()
    return value


def by_name(found: Iterable[tuple[str, str, object, int | None]]) -> Answers:
    """Answers from (task, name, value, line), the task empty where there are none.

    Raises ChalkworkError for a name given twice, and where only some names belong to a task.

    >>> by_name([("a", "z1", "0.5", 1), ("b", "z1", "0.7", 2)])
    {'a': {'z1': '0.5'}, 'b': {'z1': '0.7'}}
    """
    tasks: dict[str, dict[str, object]] = {}
    for count, (task, name, value, line) in enumerate(found, 1):
        if count > MAX_NAMES:
            raise ChalkworkError(f"there are more than {MAX_NAMES} answers", line=line)
        values = tasks.setdefault(task, {})
        if name in values and values[name] not in ("", None) and value not in ("", None) and values[name] != value:
            raise ChalkworkError(f"{name[:60]} is answered twice", line=line)
        if values.get(name) in ("", None):
            values[name] = value
        if "" in tasks and len(tasks) > 1:
            raise ChalkworkError("some answers belong to a task and some to none", line=line)
    return tasks[""] if "" in tasks else dict(tasks)


def _tree(value: object, line: int | None = None) -> Answers:
    """A mapping from a file, checked: names to values, or tasks to names to values."""
    if not isinstance(value, dict):
        raise ChalkworkError("expected names with their values, such as z1: [0.5, -0.2]", line=line)
    nested = [isinstance(each, dict) for each in value.values()]
    if any(nested) and not all(each or value in (None, "") for each, value in zip(nested, value.values(), strict=True)):
        raise ChalkworkError("some answers belong to a task and some to none", line=line)
    if len(value) > MAX_NAMES:
        raise ChalkworkError(f"there are more than {MAX_NAMES} answers")
    for task, inner in value.items():
        if isinstance(inner, dict) and any(isinstance(each, dict) for each in inner.values()):
            raise ChalkworkError(f"{str(task)[:60]} holds mappings of mappings; expected names with their values")
    return {str(name): {} if any(nested) and each in (None, "") else each for name, each in value.items()}


def _json(text: str) -> Answers:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for name, value in pairs:
            if name in entries:
                raise ChalkworkError(f"{name[:60]} is answered twice")
            entries[name] = value
        return entries

    try:
        data = json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=once)
        return _solved(data["tasks"]) if _is_solved(data) else _tree(data)
    except json.JSONDecodeError as error:
        raise ChalkworkError(f"this is not JSON: {misplaced(text, error.pos)}", line=error.lineno) from None


def _is_solved(data: object) -> bool:
    """Whether this is a worked solution, as it is written for other programs."""
    return isinstance(data, dict) and isinstance(data.get("tasks"), list) and set(data) <= {"tasks", "answers"}


def _solved(tasks: list[Any]) -> Answers:
    """The values of a worked solution by task and name; of one that is no sheet's by name alone."""
    found: dict[str, object] = {}
    for place, task in enumerate(tasks, 1):
        named = isinstance(task, dict) and isinstance(task.get("id"), str) and isinstance(task.get("equations"), list)
        if not named or not all(isinstance(each, dict) and isinstance(each.get("name"), str) and "value" in each
                                for each in task["equations"]):  # fmt: skip
            raise ChalkworkError(f"task {place} of this worked solution has no id, or no equations with a value each")
        if task["id"] in found:
            raise ChalkworkError(f"task {task['id'][:60]} is answered twice")
        found[task["id"]] = by_name(("", name, value, None) for name, value in _said(task))
    inner = found.get("solution")
    return _tree(inner if len(found) == 1 and isinstance(inner, dict) else found)


def _said(task: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a task of a worked solution says by name: the values of its equations, and its words."""
    yield from ((each["name"], each["value"]) for each in task["equations"])
    words = task.get("words", {})
    if not isinstance(words, dict):
        raise ChalkworkError(f"the words of task {task['id'][:60]} are no words by their names")
    yield from words.items()


def _yaml(text: str) -> Answers:
    from chalkwork.yaml_nodes import Bounds, read_nodes

    return _tree(_value(read_nodes(text, Bounds(MAX_DEPTH, MAX_VALUES))))


def _value(node: Node) -> object:
    """What a node of YAML holds, every number as it was typed."""
    from chalkwork.yaml_nodes import Listing, Scalar

    if isinstance(node, Scalar):
        return None if node.plain and node.text in ("", "~", "null") else node.text
    if isinstance(node, Listing):
        return [_value(each) for each in node.items]
    return {name: _value(each) for name, each in node.entries.items()}


def _csv(text: str) -> Answers:
    first = text.lstrip("\r\n").splitlines()[:1]
    head = first[0] if first else ""
    sign = next((sign for sign in (";", "\t") if sign in head), ",")
    rows = csv.reader(text.splitlines(keepends=True), delimiter=sign)
    return by_name(_csv_rows(rows, sign))


def _csv_rows(rows: Any, sign: str) -> Iterator[tuple[str, str, object, int]]:
    before = None
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if before is None:
                head = tuple(cell.strip().lower() for cell in row)
                if head not in _HEADS:
                    hint = "the first line is name,value or task,name,value"
                    raise ChalkworkError(f"found the columns {', '.join(head)[:100]}", line=rows.line_num, hint=hint)
                before = _HEADS[head]
                continue
            if len(row) < before or not row[before - 1].strip():
                raise ChalkworkError("an answer without a name", line=rows.line_num)
            task = row[0].strip() if before == 2 else ""
            yield task, row[before - 1].strip(), sign.join(row[before:]).strip(), rows.line_num
    except csv.Error:
        raise ChalkworkError("this is not CSV: a cell is too long, or not one", line=rows.line_num) from None


def _markdown(text: str) -> Answers:
    found = by_name(form_entries(text))
    if not found:
        raise ChalkworkError("there is no block of answers", hint="write them between ```answers and ```")
    return found


def _notebook(text: str) -> Answers:
    from chalkwork.checking.notebooks import notebook_entries

    return by_name(notebook_entries(text))


READERS: dict[str, Callable[[str], Answers]] = {
    ".yaml": _yaml,
    ".yml": _yaml,
    ".json": _json,
    ".csv": _csv,
    ".md": _markdown,
    ".txt": _markdown,
    ".ipynb": _notebook,
}
"""The kinds of file and what reads each."""
