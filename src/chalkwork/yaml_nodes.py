"""YAML that knows its lines: safe, bounded, with nothing guessed.

PyYAML only splits the text into events here; what a plain word means (`no`, `1:30`, `010`) is decided by whoever
reads the nodes. Neither a bound nor a word of a message is the library's: which complaint it is follows from the place
and from the sign there, which are the same in every version of it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import yaml

from chalkwork.errors import ChalkworkError, Place

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_END = re.compile(r"\r\n|\r|\n")
_NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MAX_KEY = 200
_SCALAR, _LISTING, _LISTING_ENDS = yaml.ScalarEvent, yaml.SequenceStartEvent, yaml.SequenceEndEvent
_BRACKET = re.compile(r"[\[\]{}]")


@dataclass(slots=True)
class Scalar:
    """One word, number or text, as written; `plain` says that it stands without quotes, `at` where it begins."""

    text: str
    plain: bool
    literal: bool
    line: int
    at: int = -1


@dataclass(slots=True)
class Listing:
    """A YAML sequence; `source` is the text of one in brackets."""

    items: list[Node]
    line: int
    source: str = ""


@dataclass(slots=True)
class Table:
    """A YAML mapping with text keys; `key_lines` holds where each key stands."""

    entries: dict[str, Node]
    key_lines: dict[str, int]
    line: int


Node = Scalar | Listing | Table


class Bounds(NamedTuple):
    """How much of it is read, and the kind of error that says so.

    `malformed` is that of what is no YAML, where it is another. With `repeated`, a key that is given again is kept,
    with a \\0 behind it each time.
    """

    depth: int
    values: int
    error: type[ChalkworkError] = ChalkworkError
    malformed: type[ChalkworkError] | None = None
    repeated: bool = False


def read_nodes(text: str, bounds: Bounds, first_line: int = 1) -> Node:
    """What is written in `text`, every node with its line; `first_line` is where the text begins.

    Raises the error of `bounds`, with the line, for what is not YAML, for anchors, aliases, tags, keys given twice,
    several documents, and for what lies beyond the bounds.

    >>> read_nodes("x: [1, 0]", Bounds(4, 100)).entries["x"].items[0].text
    '1'
    """
    return _Reader(text, bounds, first_line).document()


class _Reader:
    """Turns the stream of YAML events into nodes and stops at the first thing that is not read."""

    def __init__(self, text: str, bounds: Bounds, first_line: int) -> None:
        self.text = text
        self.bounds = bounds
        self.first_line = first_line
        self.line_starts = [match.end() for match in _LINE_END.finditer(text)]
        self.nodes = 0
        self.most, self.deepest = bounds.values, bounds.depth
        self.end = 0
        self.events: Iterator[Any] = iter(())

    def document(self) -> Node:
        if bad := _NOT_PRINTABLE.search(self.text):
            self.refuse(f"the character U+{ord(bad.group()):04X} cannot stand in YAML", bad.start())
        self.events = yaml.parse(self.text, Loader=LOADER)
        try:
            return self.root()
        except yaml.YAMLError as error:
            self.explain(error)

    def root(self) -> Node:
        next(self.events)  # the stream begins
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return Table({}, {}, self.first_line)
        root = self.node(next(self.events), 0)
        if isinstance(root, Scalar) and root.plain and not root.text:
            root = Table({}, {}, self.first_line)
        next(self.events)  # the document ends
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            self.refuse("a second YAML document begins; there can be one", self.at(event))
        return root

    def node(self, event: Any, depth: int) -> Node:
        at = event.start_mark.index
        self.nodes += 1
        if event.anchor is not None or event.tag is not None or self.nodes > self.most or depth > self.deepest:
            self.check(event, at, depth)
        line = self.line(at)
        if isinstance(event, _SCALAR):
            style = event.style
            return Scalar(event.value, event.implicit[0], style == "|", line, at + (style == "'" or style == '"'))
        if isinstance(event, _LISTING):
            items = self.items(depth + 1)
            return Listing(items, line, self.text[at : self.end] if event.flow_style else "")
        return self.table(line, depth + 1)

    def items(self, depth: int) -> list[Node]:
        found = []
        for event in self.events:
            if isinstance(event, _LISTING_ENDS):
                self.end = self.behind(event)
                break
            found.append(self.node(event, depth))
        return found

    def table(self, line: int, depth: int) -> Table:
        table = Table({}, {}, line)
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self.node(event, depth)
            if not isinstance(key, Scalar) or not key.text:
                self.refuse("a key must be a name", self.at(event))
            while self.bounds.repeated and key.text in table.entries and len(key.text) < MAX_KEY:
                key.text += "\0"
            if key.text in table.entries:
                first = table.key_lines[key.text]
                self.refuse(f"the key {key.text[:60]!r} is given twice, first in line {first}", self.at(event))
            table.key_lines[key.text] = key.line
            table.entries[key.text] = self.node(next(self.events), depth)
        return table

    def check(self, event: Any, at: int, depth: int) -> None:
        if self.nodes > self.bounds.values:
            self.refuse(f"there are more than {self.bounds.values} values", at)
        if depth > self.bounds.depth:
            self.too_deep(at)
        if isinstance(event, yaml.AliasEvent):
            hint = "write the value out, or put a text that begins with * in quotes"
            self.refuse(f"YAML aliases are not read, found *{(event.anchor or '')[:60]}", at, hint)
        if event.anchor is not None:
            hint = "write the value out where it is needed, or put a text that begins with & in quotes"
            self.refuse(f"YAML anchors are not read, found &{event.anchor[:60]}", at, hint)
        if event.tag is not None:
            tag = self.text[at : at + 60].split()[0]
            self.refuse(f"YAML tags are not read, found {tag}", at, "put a text that begins with ! in quotes")

    # --- complaints ---------------------------------------------------------------------------------------------------

    def at(self, event: Any) -> int:
        return int(event.start_mark.index)

    def behind(self, event: Any) -> int:
        return int(event.end_mark.index)

    def line(self, index: int) -> Place:
        above = bisect_right(self.line_starts, index)
        return Place(self.first_line + above, index - (self.line_starts[above - 1] if above else 0) + 1)

    def refuse(
        self, message: str, index: int, hint: str | None = None, kind: type[ChalkworkError] | None = None
    ) -> NoReturn:
        raise (kind or self.bounds.error)(message, line=self.line(index), hint=hint)

    def too_deep(self, index: int) -> NoReturn:
        self.refuse(f"lists are nested more than {self.bounds.depth} deep", index)

    def explain(self, error: yaml.YAMLError) -> NoReturn:
        """What PyYAML complains of, from where it does and where it says that the trouble began."""
        end = len(self.text.rstrip())
        places = [getattr(error, name, None) for name in ("problem_mark", "context_mark")]
        problem, began = (min(mark.index, end) if mark is not None else None for mark in places)
        index = problem if problem is not None else began or 0
        if self.depth_before(index) > self.bounds.depth:
            self.too_deep(index)
        found, opened = self.text[index:end][:1], "" if began is None else self.text[began : began + 1]
        if isinstance(error, yaml.scanner.ScannerError):
            message, hint = _of_signs(found, opened)
        else:
            message, hint = _of_structure(opened, missing=began == index)
        if began is not None and self.line(began) != self.line(index):
            message += f" (what is open here began in line {self.line(began)})"
        self.refuse(message, index, hint, self.bounds.malformed)

    def depth_before(self, index: int) -> int:
        depth = deepest = 0
        for bracket in _BRACKET.finditer(self.text, 0, index):
            depth = max(0, depth + (1 if bracket[0] in "[{" else -1))
            deepest = max(deepest, depth)
        return deepest


def _of_signs(found: str, opened: str) -> tuple[str, str]:
    """What is wrong with a sign, or with what `opened`; and a hint."""
    if found == "\t":
        return "a tab where YAML wants spaces", "indent with spaces"
    if found and found in "`@%":
        return f"a text cannot begin with {found}", "put the text in quotes"
    if opened and opened in "\"'":
        if found and found not in "-.":
            return "a backslash that stands for nothing in double quotes", "put the text in single quotes"
        return "a quote that is opened and never closed", "close it"
    if opened and opened in "|>":
        return f"a sign after {opened}, where a line must end", f"put a text that begins with {opened} in quotes"
    if opened and opened in "&*!%":
        return f"a text cannot begin with {opened}", "put the text in quotes"
    if opened:
        return "a line that is not of the form 'key: value'", "write a colon and a space after the key"
    if found == ":":
        hint = "put a text that contains ': ' in quotes, and let all keys of a mapping begin in the same column"
        return "a ': ' where none can stand", hint
    hint = "put the text in quotes, or begin a list in a line of its own"
    return f"the sign {found} where none can stand", hint


def _of_structure(opened: str, missing: bool) -> tuple[str, str]:
    """What does not fit together, from the sign at which it was opened; and a hint."""
    if missing:
        return "an entry that is missing, or a sign that YAML reserves", "put a text in quotes"
    if opened == "[":
        return (
            "a list that does not go on after this entry",
            "close it with ], separate its entries by commas, and quote a name with brackets: 'W1[1,2]'",
        )
    if opened == "{":
        return (
            "a mapping in braces that does not go on after this entry",
            "close it with }, separate its entries by commas, and put texts with brackets or braces in quotes",
        )
    return (
        "a line that does not fit with the ones above it",
        "let all keys of a mapping, and all dashes of a list, begin in the same column",
    )
