"""Files, as they are written everywhere: aside, then renamed, and never over what a command reads.

No other place of the package opens a file to write in; a test holds this.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TextIO

from chalkwork.errors import ChalkworkError

_Identity = tuple[int, int]
_inputs: ContextVar[Mapping[_Identity, Path] | None] = ContextVar("inputs", default=None)


def write_aside(path: str | Path, data: bytes | Iterable[str]) -> None:
    """Write one file, as a whole or not at all; see `write_together`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_aside(Path(folder) / "a.txt", "one line\\n")
    ...     [(each.name, each.read_text()) for each in Path(folder).iterdir()]
    [('a.txt', 'one line\\n')]
    """
    write_together({Path(path): data})


def write_together(files: Mapping[Path, bytes | Iterable[str]]) -> None:
    """Write files that belong together; texts, whole or in parts, as UTF-8. Their folders must be there.

    All are written beside their places first and then renamed, so that a full disk or a kill leaves the old ones.
    A link is followed, a device or a pipe is written into.

    Raises ChalkworkError for a file that cannot be written, and for one that `kept_apart` protects.
    """
    for path in files:
        refuse_input(path)
    beside: dict[Path, Path] = {}
    path = Path()
    try:
        for path, data in files.items():
            parts = [data] if isinstance(data, bytes | str) else data
            content = (part if isinstance(part, bytes) else part.encode(errors="replace") for part in parts)
            target = _target(path)
            if target is None:
                with path.open("wb") as stream:
                    stream.writelines(content)
            else:
                beside[path] = target.with_name(f".chalkwork-{os.urandom(8).hex()}.part")
                _write(beside[path], target, content)
        for path, name in reversed(beside.items()):
            name.replace(os.path.realpath(path))
    except ChalkworkError:
        raise  # of whoever makes the parts
    except (OSError, ValueError) as error:
        raise _unwritten(path, error) from error
    finally:
        for name in beside.values():
            with suppress(OSError):
                name.unlink()
    for folder in {path.parent for path in beside}:
        _settle(folder)


def append(path: Path, text: str) -> None:
    """Add lines to a journal; they are on the disk when this returns. Raises ChalkworkError where they cannot be."""
    refuse_input(path)
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
    except (OSError, ValueError) as error:
        raise _unwritten(path, error) from error


def nowhere() -> TextIO:
    """A stream that takes everything and keeps nothing."""
    return Path(os.devnull).open("w", encoding="utf-8")


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are not there. Raises ChalkworkError where it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise ChalkworkError(f"{path} cannot be made: {_reason(error)}") from error


# --- what is read is not written over ---------------------------------------------------------------------------------


@contextmanager
def kept_apart(inputs: Iterable[Path]) -> Iterator[None]:
    """While it lasts, nothing is written over these files, by whatever name, link or spelling it is called.

    A folder stands for all files in it. What is not there yet is not protected.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     sheet = Path(folder) / "sheet.md"
    ...     write_aside(sheet, "a sheet")
    ...     with kept_apart([sheet]):
    ...         write_aside(sheet, "something else")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: sheet.md would be written over, and it is read here. Hint: give another name \
with -o.
    """
    known = dict(_inputs.get() or {})
    for path in inputs:
        for each in (path, *_below(path)):
            if (identity := _identity(each)) is not None:
                known.setdefault(identity, each)
    token = _inputs.set(known)
    try:
        yield
    finally:
        _inputs.reset(token)


def refuse_input(path: Path) -> None:
    """Raise ChalkworkError where writing `path` would replace a file that `kept_apart` protects."""
    identity = _identity(path)
    inputs = _inputs.get() or {}
    if identity is not None and identity in inputs:
        other = "" if path.name == inputs[identity].name else f" under the name {inputs[identity].name}"
        raise ChalkworkError(
            f"{path.name} would be written over, and it is read here{other}", hint="give another name with -o"
        )


def _below(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names)


def _identity(path: Path) -> _Identity | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


# --- aside, then renamed ----------------------------------------------------------------------------------------------


def _target(path: Path) -> Path | None:
    """The file behind all links that is to be replaced; None for a device or a pipe, which is written into."""
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return target
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(None, "Is a directory")
    if not stat.S_ISREG(mode):
        return None
    if not os.access(target, os.W_OK):
        raise PermissionError(None, "it is protected against writing")
    return target


def _write(beside: Path, target: Path, content: Iterable[bytes]) -> None:
    with beside.open("xb") as stream:
        stream.writelines(content)
        stream.flush()
        os.fsync(stream.fileno())
    with suppress(OSError):
        beside.chmod(stat.S_IMODE(target.stat().st_mode))


def _settle(folder: Path) -> None:
    """Have the new names on the disk, too, where the system lets one ask for it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unwritten(path: Path, error: Exception) -> ChalkworkError:
    absent = isinstance(error, FileNotFoundError | NotADirectoryError)
    hint = "its folder must be there" if absent else None
    return ChalkworkError(f"{path} cannot be written: {_reason(error)}", hint=hint)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or "the name is not a file name"
