"""Files of answers: YAML, JSON, CSV, the filled-in form in Markdown, notebooks. Read, never run.

| kind | form |
|---|---|
| `.yaml`, `.yml`, `.json` | `name: value`, or `task: {name: value, ...}` |
| `.json` | also what `chalkwork solve SHEET -o OUT.json` writes |
| `.csv` | `name,value` or `task,name,value` (or with `;` or tabs), below such a line or without it |
| `.md`, `.txt` | fenced blocks ```` ```answers ````, of lines `name: value`, `task: id` first; without, all lines |
| `.ipynb` | `dW1 = [[...]]` or `np.array([[...]])` in code cells, after `# task: id`; or blocks as in Markdown |

What is not YAML or JSON is read line by line. A line that is no answer costs itself alone, and so does a name that is
answered twice.
Values stay as they were typed (`0.790` keeps its zero); `read_answer` reads them.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import category

from chalkwork.checking.reading.doubtful import Twice
from chalkwork.checking.reading.forms import is_result, loose_entries, written_entries
from chalkwork.documents.literal import visible
from chalkwork.errors import ChalkworkError, misplaced

if TYPE_CHECKING:
    from chalkwork.yaml_nodes import Node

MAX_BYTES = 5_000_000
MAX_DEPTH = 12
MAX_VALUES = 1_000_000
MAX_NAMES = 10_000
MAX_BROKEN = 200_000
"""Characters of a file that is not as it should be, and is still looked through line by line."""

PAGES = {".md": "markdown", ".markdown": "markdown", ".tex": "latex", ".ipynb": "notebook", ".txt": "text"}
"""The kinds of file that may be pages of working, and what each is."""

Answers = dict[str, object]
"""A value by name, or by task the values by name."""

_TASKS = ("task", "aufgabe", "teil", "part")
_NAMES = ("name", "names", "step", "quantity", "variable", "symbol", "größe", "groesse", "bezeichnung", "schritt")
_VALUES = ("value", "values", "wert", "werte", "answer", "antwort", "result", "ergebnis")


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
    return _read(lambda: reader(content_of(file)), str(path))


def decode_answers(data: bytes, name: str) -> Answers:
    """The same of what came without a suffix: JSON, a notebook, blocks in Markdown, else lines `name: value` or YAML.

    >>> decode_answers(b"z1: [0.5, -0.2]", "standard input")
    {'z1': ['0.5', '-0.2']}
    """

    def read() -> Answers:
        text = _decoded(data)
        is_data = text.lstrip().startswith("{")
        suffix = (".ipynb" if '"cells"' in text else ".json") if is_data else ".md" if "```" in text else ".yaml"
        return READERS[suffix](text)

    return _read(read, name)


def _read(read: Callable[[], Answers], name: str) -> Answers:
    try:
        return _tidy(read())
    except ChalkworkError as error:
        raise error.at(file=name) from None
    except RecursionError:
        raise ChalkworkError("the file is nested too deeply", file=name) from None


def content_of(file: Path) -> str:
    """The text of a file; ChalkworkError for one that cannot be opened, is too large, or no UTF-8."""
    try:
        if not file.is_file():
            raise ChalkworkError("this is no regular file" if file.exists() else "there is no such file")
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ChalkworkError(f"the file cannot be opened: {getattr(error, 'strerror', None) or error}") from None
    return _decoded(data)


def _decoded(data: bytes) -> str:
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
        shown = visible(name if name.isascii() else "".join(sign for sign in name if category(sign) != "Cf"))
        if shown in tidy:
            raise ChalkworkError(f"{shown[:60]} is answered twice")
        tidy[shown] = _tidy(value) if isinstance(value, dict) else _texts(value)
    return tidy


def _texts(value: object, depth: int = 0) -> object:
    if depth > MAX_DEPTH:
        raise ChalkworkError("the values are nested too deeply")
    if isinstance(value, list):
        return [_texts(each, depth + 1) for each in value]
    if isinstance(value, str) and not value.isascii() and not isinstance(value, Twice):
        return value.encode(errors="replace").decode()
    return value


def by_name(found: Iterable[tuple[str, str, object, int | None]], *, mixed: bool = False) -> Answers:
    """Answers from (task, name, value, line), the task empty where there are none.

    A name with two values has both, and neither counts. Raises ChalkworkError where only some names belong to a task,
    unless they may be `mixed`.

    >>> by_name([("a", "z1", "0.5", 1), ("b", "z1", "0.7", 2)])
    {'a': {'z1': '0.5'}, 'b': {'z1': '0.7'}}
    """
    tasks: dict[str, dict[str, object]] = {}
    for count, (task, name, value, line) in enumerate(found, 1):
        if count > MAX_NAMES:
            raise ChalkworkError(f"there are more than {MAX_NAMES} answers", line=line)
        values = tasks.setdefault(task, {})
        values[name] = _both(values[name], value) if name in values else value
        if "" in tasks and len(tasks) > 1 and not mixed:
            raise ChalkworkError("some answers belong to a task and some to none", line=line)
    return {**{task: values for task, values in tasks.items() if task}, **tasks.get("", {})}


def _both(before: object, value: object) -> object:
    """What is answered with two values: the one that is no blank and no bare formula, else both."""
    if before in ("", None) or before == value:
        return value
    if value in ("", None):
        return before
    results = [each for each in (before, value) if is_result(each)]
    if len(results) == 1:
        return results[0]
    return Twice.of(before, value)


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
            entries[name] = _both(entries[name], value) if name in entries else value
        return entries

    try:
        data = json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=once)
        return _solved(data["tasks"]) if _is_solved(data) else _tree(data)
    except json.JSONDecodeError as error:
        broken = ChalkworkError(f"this is not JSON: {misplaced(text, error.pos)}", line=error.lineno)
        return _by_lines(text, broken)


def _by_lines(text: str, broken: ChalkworkError) -> Answers:
    """The answers in the lines of what is not as it should be; raises `broken` where there are none."""
    entries = list(loose_entries(text)) if len(text) <= MAX_BROKEN else []
    if all(value in ("", None) for _, _, value, _ in entries):
        raise broken from None
    return by_name((entry for entry in entries if entry[2] != ""), mixed=True)


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
    from chalkwork.yaml_nodes import Bounds, Listing, Scalar, Table, read_nodes

    def value_of(node: Node) -> object:
        """What a node holds, every number as it was typed."""
        if isinstance(node, Scalar):
            return None if node.plain and node.text in ("", "~", "null") else node.text
        if isinstance(node, Listing):
            # YAML splits at every comma; where one may be a decimal sign, the text is read as in any other file
            source = node.source
            apart = not _TIGHT.search(source) or _QUOTED.search(source)
            return [value_of(each) for each in node.items] if apart else source
        found: dict[str, object] = {}
        for name, each in node.entries.items():
            bare, value = name.rstrip("\0"), value_of(each)
            found[bare] = _both(found[bare], value) if bare in found else value
        return found

    try:
        root = read_nodes(text, Bounds(MAX_DEPTH, MAX_VALUES, malformed=_Malformed, repeated=True))
        if not isinstance(root, Table):
            raise _Malformed("expected names with their values, such as z1: [0.5, -0.2]", line=1)
    except _Malformed as broken:
        return _by_lines(text, broken)
    return _tree(value_of(root))


class _Malformed(ChalkworkError):
    """What is no YAML, and may still be lines with answers."""


_TIGHT = re.compile("[0-9],[0-9]|;")
_QUOTED = re.compile("[\"'#]")


def _csv(text: str) -> Answers:
    first = text.lstrip("\r\n")
    if told := _SEPARATOR.match(first):
        first = first[told.end() :]
    head = first.splitlines()[:1]
    sign = told[1] if told else next((sign for sign in (";", "\t") if head and sign in head[0]), ",")
    before = text.count("\n", 0, len(text) - len(first))
    rows = csv.reader(first.splitlines(keepends=True), delimiter=sign)
    return by_name(_csv_rows(rows, sign, before))


_SEPARATOR = re.compile(r"sep=([;,\t|])\r?\n", re.IGNORECASE)


def _csv_rows(rows: Any, sign: str, above: int) -> Iterator[tuple[str, str, object, int | None]]:
    """The answers in rows; one without a name goes on with the one before it."""
    before = 0
    task, name, value, line = "", "", "", 0
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if not before:
                before, is_head = _columns(row, rows.line_num + above)
                if is_head:
                    continue
            rest = sign.join(cell.strip() for cell in row[before:]).strip().rstrip(f"{sign} ")
            if len(row) >= before and (own := row[before - 1].strip()):
                if name:
                    yield task, name, value, line
                task = row[0].strip() if before == 2 else ""
                name, value, line = own, rest, rows.line_num + above
            elif name and rest:
                value = f"{value}\n{rest}"
            elif rest:
                yield task, f"line {rows.line_num + above}: {sign.join(row).strip(sign)[:60]}", None, None
        if name:
            yield task, name, value, line
    except csv.Error:
        line = rows.line_num + above
        raise ChalkworkError("this is not CSV: a cell is too long, or not one", line=line) from None


def _columns(row: list[str], line: int) -> tuple[int, bool]:
    """How many columns stand before the value, and whether this first row is a heading."""
    head = [cell.strip().lower() for cell in row]
    while len(head) > 2 and not head[-1]:
        head.pop()
    if head[0] in _NAMES and (len(head) < 2 or head[1] in _VALUES):
        return 1, True
    if head[0] in _TASKS and head[1:2] and head[1] in _NAMES:
        return 2, True
    digits = [any(sign.isdigit() for sign in cell[1:]) or cell[:1].isdigit() for cell in head]
    if len(head) >= 2 and head[0][:1].isalpha() and len(row[0]) < 60:
        if not head[1][:1].isalpha() and (digits[1] or not head[1]):
            return 1, False
        if len(head) >= 3 and head[1][:1].isalpha() and not head[2][:1].isalpha() and len(row[1]) < 60:
            return 2, False
    hint = "the first line is name,value or task,name,value"
    raise ChalkworkError(f"found the columns {', '.join(head)[:100]}", line=line, hint=hint)


def _markdown(text: str) -> Answers:
    entries = list(written_entries(text))
    if not entries:
        raise ChalkworkError("there is no block of answers", hint="write them between ```answers and ```")
    if all(value is None for _, _, value, _ in entries):
        raise ChalkworkError("expected a line of the form name: value", line=entries[0][3])
    return by_name(entries, mixed=True)


def _notebook(text: str) -> Answers:
    from chalkwork.checking.reading.notebooks import notebook_entries

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
