"""What has been marked, on disk as it comes, so that marking that was interrupted goes on where it stopped.

A journal is a file of JSON lines: first what it is and the digest of the sheet, then one line a hand-in, with the
digest of its file. Points are kept as exact fractions, so that a report that was kept equals one made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from chalkwork import __version__
from chalkwork.checking.reading.files import MAX_BYTES
from chalkwork.checking.report import Report, Result
from chalkwork.errors import ChalkworkError
from chalkwork.files import append, write_aside
from chalkwork.sheets.check import HandIn
from chalkwork.sheets.schema import Sheet

_KIND = "chalkwork journal of marked hand-ins"


def to_json(value: Any) -> str:
    """Reports as JSON, with nothing lost: every field, fractions exact.

    >>> from chalkwork.sheets.check import TaskReport
    >>> to_json(TaskReport("a", Report({}), Fraction(1)))
    '{"id": "a", "report": {"results": [], "unused": {}, "follows": "1", "notes": [], "language": "en"}, "points": "1"}'
    """
    return json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Report):
        parts = {"results": list(value.values()), "unused": value.unused, "follows": value.follows}
        return {**parts, "notes": value.notes, "language": value.language}
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"a journal has no place for {type(value).__name__}")


def from_data(kind: Any, data: Any) -> Any:
    """What `to_json` was given, of the type `kind`; ValueError, KeyError or TypeError for other data.

    >>> from chalkwork.sheets.check import TaskReport
    >>> report = {"results": [], "unused": {}, "follows": "1", "notes": [], "language": "en"}
    >>> data = {"id": "a", "report": report, "points": "1/3"}
    >>> from_data(TaskReport, data).points
    Fraction(1, 3)
    """
    if kind is Report:
        results = [from_data(Result, each) for each in data["results"]]
        found = {result.name: result for result in results}
        return Report(found, data["unused"], Fraction(data["follows"]), data["notes"], language=data["language"])
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        made: Any = kind
        return made(**{field.name: from_data(hints[field.name], data[field.name]) for field in fields(kind)})
    if kind is Fraction:
        return Fraction(data)
    parts = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        return None if data is None else from_data(next(part for part in parts if part is not NoneType), data)
    if get_origin(kind) is tuple:
        kinds = [parts[0]] * len(data) if parts[-1] is Ellipsis else parts
        return tuple(from_data(part, each) for part, each in zip(kinds, data, strict=True))
    return data


def digest(file: Path) -> str | None:
    """A digest of the file's kind and content; None where it is no file, too large, or cannot be read."""
    try:
        if not file.is_file() or file.stat().st_size > MAX_BYTES:
            return None
        return hashlib.sha256(file.suffix.lower().encode(errors="replace") + b"\0" + file.read_bytes()).hexdigest()
    except (OSError, ValueError):
        return None


class Journal:
    """The file at `path`; `kept` holds what an earlier run wrote for the same sheet, by the digest of the hand-in.

    Raises ChalkworkError where the file is something else, or cannot be read or written.
    """

    def __init__(self, path: Path, sheet: Sheet, resume: bool) -> None:
        self.path = path
        self.kept: dict[str, HandIn] = {}
        head = {
            "kind": _KIND,
            "version": __version__,
            "sheet": hashlib.sha256(sheet.text.encode()).hexdigest(),
        }
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
            before = _line(lines[0]) if lines else head
            if before.get("kind") != _KIND:
                raise ChalkworkError("this is not a journal of marked hand-ins", file=str(path), hint="remove it")
            if resume and lines and before == head:
                self.kept = dict(entry for line in lines[1:] if (entry := _entry(line)) is not None)
                append(path, "\n")  # after a line that was cut off
            else:
                write_aside(path, to_json(head) + "\n")
        except OSError as error:
            raise ChalkworkError(f"the journal cannot be read: {error.strerror}", file=str(path)) from None

    def add(self, hand_ins: Iterable[tuple[str, HandIn]]) -> None:
        """Write hand-ins with the digests of their files; they are on the disk when this returns."""
        text = "".join(to_json({"file": key, "hand_in": each}) + "\n" for key, each in hand_ins)
        if text:
            append(self.path, text)


def _line(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _entry(text: str) -> tuple[str, HandIn] | None:
    data = _line(text)
    try:
        return str(data["file"]), from_data(HandIn, data["hand_in"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
