"""YAML that knows its lines: safe, bounded, with nothing guessed.

PyYAML only splits the text into events here; what a plain word means (`no`, `1:30`, `010`) is decided by the
reader of each field (`values`), from the text as it stands in the sheet.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from chalkwork.errors import SheetError

MAX_DEPTH = 16
MAX_NODES = 100_000

Path = tuple[str | int, ...]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_END = re.compile(r"\r\n|\r|\n")
_NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPHRASED = (
    (
        "mapping values are not allowed",
        "a ': ' where none can stand",
        "put a text that contains ': ' in quotes, and let all keys of a mapping begin in the same column",
    ),
    (
        "',' or ']'",
        "a list that does not go on after this entry",
        "close it with ], separate its entries by commas, and quote a name with brackets: 'W1[1,2]'",
    ),
    (
        "',' or '}'",
        "a mapping in braces that does not go on after this entry",
        "close it with }, separate its entries by commas, and put texts with brackets or braces in quotes",
    ),
    ("node content", "an entry that is missing, or a sign that YAML reserves", "put a text in quotes"),
    ("end of stream", "a quote that is opened and never closed", "close it"),
    (
        "expected ':'",
        "a line that is not of the form 'key: value'",
        "write a colon and a space after the key",
    ),
    (
        "block end>",
        "a line that does not fit with the ones above it",
        "let all keys of a mapping, and all dashes of a list, begin in the same column",
    ),
    (
        "<document start>",
        "a line that does not fit with the ones above it",
        "let all keys of a mapping begin in the same column",
    ),
)


@dataclass(slots=True)
class Scalar:
    """One word, number or text, as written; `plain` says that it stands without quotes."""

    text: str
    plain: bool
    literal: bool
    line: int


@dataclass(slots=True)
class Listing:
    """A YAML sequence."""

    items: list[Node]
    line: int


@dataclass(slots=True)
class Table:
    """A YAML mapping with text keys; `key_lines` holds where each key stands."""

    entries: dict[str, Node]
    key_lines: dict[str, int]
    line: int


Node = Scalar | Listing | Table


def load_yaml(text: str, first_line: int = 1) -> Table:
    """The mapping written in `text`, every node with its line; `first_line` is where the text begins.

    Raises `SheetError`, with the line, for what is not YAML, for anchors, aliases, tags, keys given twice,
    several documents, and for more nesting or more values than any sheet needs.

    >>> table = load_yaml("x: [1, 0]\\ny:\\n- no\\n", first_line=10)
    >>> table.key_lines, table.entries["y"].items[0].text
    ({'x': 10, 'y': 11}, 'no')
    """
    return _Reader(text, first_line).document()


def line_map(table: Table) -> dict[Path, int]:
    """Where each key, each list and each entry that begins a line of its own stands.

    >>> line_map(load_yaml("x: [[1, 0],\\n    [0, 1]]"))
    {('x',): 1, ('x', 0): 1, ('x', 1): 2}
    """
    return dict(_lines_below(table, ()))


def nearest_line(lines: Mapping[Path, int], path: Path, default: int) -> int:
    """The line of `path`, or of the nearest thing around it whose line is known.

    >>> nearest_line({("x",): 4}, ("x", 0, 1), default=2), nearest_line({}, ("x",), default=2)
    (4, 2)
    """
    for length in range(len(path), 0, -1):
        if (line := lines.get(path[:length])) is not None:
            return line
    return default


def _lines_below(node: Node, path: Path) -> Iterator[tuple[Path, int]]:
    if isinstance(node, Table):
        for key, child in node.entries.items():
            yield (*path, key), node.key_lines[key]
            yield from _lines_below(child, (*path, key))
    elif isinstance(node, Listing):
        for index, child in enumerate(node.items):
            if not isinstance(child, Scalar) or child.line != node.line:
                yield (*path, index), child.line
            yield from _lines_below(child, (*path, index))


class _Reader:
    """Turns the stream of YAML events into nodes and stops at the first thing a sheet does not use."""

    def __init__(self, text: str, first_line: int) -> None:
        self.text = text
        self.first_line = first_line
        self.line_starts = [match.end() for match in _LINE_END.finditer(text)]
        self.nodes = 0
        self.events: Iterator[Any] = iter(())

    def document(self) -> Table:
        if bad := _NOT_PRINTABLE.search(self.text):
            raise SheetError(
                f"the character U+{ord(bad.group()):04X} cannot stand in a block", line=self.line(bad.start())
            )
        self.events = yaml.parse(self.text, Loader=_LOADER)
        try:
            root = self.root()
        except yaml.YAMLError as error:
            self.rephrase(error)
        if isinstance(root, Table):
            return root
        kind = "a list" if isinstance(root, Listing) else "a text"
        raise SheetError(f"expected lines of the form 'key: value', found {kind}", line=root.line)

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
            raise SheetError("a second YAML document begins; a block holds one", line=self.at(event))
        return root

    def node(self, event: Any, depth: int) -> Node:
        self.check(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, event.implicit[0], event.style == "|", self.at(event))
        if isinstance(event, yaml.SequenceStartEvent):
            return Listing(list(self.items(depth + 1)), self.at(event))
        return self.table(event, depth + 1)

    def items(self, depth: int) -> Iterator[Node]:
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self.node(event, depth)

    def table(self, start: Any, depth: int) -> Table:
        table = Table({}, {}, self.at(start))
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self.node(event, depth)
            if not isinstance(key, Scalar) or not key.text or not key.text.isprintable():
                raise SheetError("a key must be a name, such as 'units'", line=key.line)
            if key.text in table.entries:
                raise SheetError(
                    f"the key {key.text[:60]!r} is given twice, first in line {table.key_lines[key.text]}",
                    line=key.line,
                )
            table.key_lines[key.text] = key.line
            table.entries[key.text] = self.node(next(self.events), depth)
        return table

    def check(self, event: Any, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise SheetError(f"the block holds more than {MAX_NODES} values", line=self.at(event))
        if depth > MAX_DEPTH:
            raise SheetError(f"lists are nested more than {MAX_DEPTH} deep", line=self.at(event))
        if isinstance(event, yaml.AliasEvent):
            raise SheetError(
                f"sheets have no YAML aliases, found *{(event.anchor or '')[:60]}",
                line=self.at(event),
                hint="write the value out, or put a text that begins with * in quotes",
            )
        if event.anchor is not None:
            raise SheetError(
                f"sheets have no YAML anchors, found &{event.anchor[:60]}",
                line=self.at(event),
                hint="write the value out where it is needed, or put a text that begins with & in quotes",
            )
        if event.tag is not None:
            raise SheetError(
                f"sheets have no YAML tags, found {event.tag[:60]!r}",
                line=self.at(event),
                hint="put a text that begins with ! in quotes",
            )

    def at(self, event: Any) -> int:
        return self.line(event.start_mark.index)

    def line(self, index: int) -> int:
        return self.first_line + bisect_right(self.line_starts, index)

    def rephrase(self, error: yaml.YAMLError) -> NoReturn:
        """PyYAML's complaint in the sheet's words and with the sheet's line."""
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read")
        index = min(mark.index, len(self.text.rstrip())) if mark is not None else 0
        found = self.text[index : index + 1]
        if found == "\t":
            raise SheetError("a tab where YAML wants spaces", line=self.line(index), hint="indent with spaces")
        if found and found in "`@%":
            raise SheetError(f"a text cannot begin with {found}", line=self.line(index), hint="put the text in quotes")
        for words, message, hint in _REPHRASED:
            if words in problem:
                raise SheetError(message + self.begun(error, index), line=self.line(index), hint=hint)
        raise SheetError(f"this is not YAML: {problem}", line=self.line(index))

    def begun(self, error: yaml.YAMLError, index: int) -> str:
        """Where the list, mapping or quote that is in trouble began, if that is another line."""
        mark = getattr(error, "context_mark", None)
        if mark is None or self.line(mark.index) == self.line(index):
            return ""
        return f" (what is open here began in line {self.line(mark.index)})"
