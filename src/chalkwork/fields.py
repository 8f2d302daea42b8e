"""A mapping from a sheet or a file, read one key at a time: what is missing, unknown or of another kind is an error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, TypeVar

from chalkwork.errors import ChalkworkError

V = TypeVar("V")
T = TypeVar("T")
D = TypeVar("D")


class Fields(Generic[V]):
    """The entries of a mapping; `kind` is what it describes ("a layer"), `where` its place ("layers[1]" or "").

    A reader takes an entry and its place, and returns a value or raises. With `known` any other key is an error at
    once, with the nearest key that exists; without it `done` refuses the keys that nobody has read. `lines` says where
    the keys stand, `start` where the mapping begins, if it has lines.

    >>> fields = Fields({"units": 3, "rat": 1}, "a layer", "layers[1]")
    >>> fields.read("rate", lambda entry, place: float(entry), 0.5), fields.need("units", lambda entry, place: entry)
    (0.5, 3)
    >>> fields.done()
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: layers[1]: unknown key 'rat' in a layer; expected rate, units. Hint: the nearest \
key is 'rate'.
    """

    def __init__(
        self,
        entries: Mapping[str, V],
        kind: str,
        where: str = "",
        known: Collection[str] | None = None,
        *,
        lines: Mapping[str, int] | None = None,
        start: int = 0,
        error: type[ChalkworkError] = ChalkworkError,
    ) -> None:
        self.entries, self.kind, self.where = entries, kind, where
        self.lines, self.start, self.error = lines or {}, start, error
        self._read: dict[str, None] = {}
        if known is not None:
            self._refuse_others(known)

    def __contains__(self, key: str) -> bool:
        """Whether the key is given."""
        return key in self.entries

    def line(self, key: str) -> int:
        """Where the key stands; the beginning of the mapping if it is not there, 0 where there are no lines."""
        return self.lines.get(key, self.start)

    def place(self, key: str) -> str:
        """The key with everything around it, for messages."""
        return f"{self.where}.{key}" if self.where else key

    def read(self, key: str, reader: Callable[[V, str], T], default: D) -> T | D:
        """The value of a key, or the default where the key is not given."""
        self._read[key] = None
        return reader(self.entries[key], self.place(key)) if key in self.entries else default

    def need(self, key: str, reader: Callable[[V, str], T]) -> T:
        """The value of a key that must be there."""
        self._read[key] = None
        if key not in self.entries:
            raise self.error(f"{self._start()}{self.kind} needs the key {key!r}", line=self.start or None)
        return reader(self.entries[key], self.place(key))

    def given(self, readers: Mapping[str, Callable[[V, str], Any]]) -> dict[str, Any]:
        """The values of those keys that are given."""
        return {key: self.need(key, reader) for key, reader in readers.items() if key in self.entries}

    def done(self) -> None:
        """Raise the error where a key is left that nobody has read."""
        self._refuse_others(self._read)

    def _start(self) -> str:
        return f"{self.where}: " if self.where else ""

    def _refuse_others(self, known: Collection[str]) -> None:
        key = next((key for key in self.entries if key not in known), None)
        if key is None:
            return
        import difflib  # only an error pays for it

        close = difflib.get_close_matches(key[:60].lower(), known, n=1, cutoff=0.5)
        raise self.error(
            f"{self._start()}unknown key {key[:60]!r} in {self.kind}; expected {', '.join(known)}",
            line=self.line(key) or None,
            hint=f"the nearest key is {close[0]!r}" if close else None,
        )
