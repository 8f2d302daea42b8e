"""A mapping with known keys, read one key at a time."""

from __future__ import annotations

from typing import TypeVar

from chalkwork.errors import SheetError
from chalkwork.sheets.locate import Node, Table
from chalkwork.sheets.values import Reader, describe

T = TypeVar("T")
D = TypeVar("D")


class Fields:
    """The entries of a mapping; an unknown key is an error at once, with the nearest key that exists.

    `kind` is what the mapping describes ("a network"), `where` its place in the block ("layers[1]" or "").

    >>> from chalkwork.sheets.locate import load_yaml
    >>> Fields(load_yaml("unit: 3"), "a layer", "", ("units", "bias"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    chalkwork.errors.SheetError: line 1: unknown key 'unit' in a layer; expected units, bias. Hint: ...
    """

    def __init__(self, node: Node, kind: str, where: str, allowed: tuple[str, ...]) -> None:
        """Refuse what is not a mapping and keys that are not in `allowed`."""
        if not isinstance(node, Table):
            raise SheetError(
                f"{where}: expected {kind} with {', '.join(allowed)}, found {describe(node)}",
                line=node.line,
            )
        self.table = node
        self.kind = kind
        self.where = where
        for key in node.entries:
            if key not in allowed:
                raise _unknown(key, node.key_lines[key], kind, where, allowed)

    def __contains__(self, key: str) -> bool:
        """Whether the key is given."""
        return key in self.table.entries

    def line(self, key: str) -> int:
        """Where the key stands; the beginning of the mapping if it is not there."""
        return self.table.key_lines.get(key, self.table.line)

    def place(self, key: str) -> str:
        """The key with everything around it, for messages."""
        return f"{self.where}.{key}" if self.where else key

    def read(self, key: str, reader: Reader[T], default: D) -> T | D:
        """The value of a key, or the default where the key is not given."""
        node = self.table.entries.get(key)
        return default if node is None else reader(node, self.place(key))

    def need(self, key: str, reader: Reader[T], line: int | None = None) -> T:
        """The value of a key that must be there; `line` is where its absence is reported."""
        if key not in self:
            place = f"{self.where}: " if self.where else ""
            raise SheetError(f"{place}{self.kind} needs the key {key!r}", line=line or self.table.line)
        return reader(self.table.entries[key], self.place(key))


def _unknown(key: str, line: int, kind: str, where: str, allowed: tuple[str, ...]) -> SheetError:
    import difflib  # only an error pays for it

    close = difflib.get_close_matches(key[:60].lower(), allowed, n=1, cutoff=0.5)
    place = f"{where}: " if where else ""
    return SheetError(
        f"{place}unknown key {key[:60]!r} in {kind}; expected {', '.join(allowed)}",
        line=line,
        hint=f"the nearest key is {close[0]!r}" if close else None,
    )
