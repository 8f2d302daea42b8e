"""Arrays in safetensors files: the same bytes for the same arrays, with a checksum over every one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.files import make_folder, write_aside
from chalkwork.training.step import Array, Values

_SEAL = b'{"__metadata__":{"checksum":"'
"""How the header of a file with a checksum begins."""
_PLACE = slice(8 + len(_SEAL), 8 + len(_SEAL) + 64)
"""Where the checksum stands: SHA-256 of the file with zeros there."""
_PIECE = 2**20
_AT_ONCE = 2**17
"""Entries that are digested in one go."""


def write_tensors(path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """A safetensors file with a checksum, there as a whole or not at all, whenever the machine stops.

    Raises ChalkworkError if the file cannot be written or safetensors is missing.
    """
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise ChalkworkError("saving needs safetensors", hint="pip install 'chalkwork[train]'") from error
    content = save({name: np.ascontiguousarray(value) for name, value in tensors.items()}, dict(metadata))
    make_folder(path.parent)
    write_aside(path, sealed(content))


def sealed(content: bytes) -> bytes:
    """The file with its metadata in order, after their checksum."""
    end = 8 + int.from_bytes(content[:8], "little")
    arrays = json.loads(content[8:end])
    metadata = {"checksum": "0" * 64, **dict(sorted(arrays.pop("__metadata__").items()))}
    header = json.dumps({"__metadata__": metadata, **arrays}, separators=(",", ":"), ensure_ascii=False).encode()
    header += b" " * (-len(header) % 8)
    whole = bytearray(len(header).to_bytes(8, "little") + header + content[end:])
    whole[_PLACE] = sha256(whole).hexdigest().encode()
    return bytes(whole)


def is_whole(path: Path) -> bool:
    """Whether a file has a checksum, which is right. Raises ChalkworkError where it has one that is wrong."""
    with path.open("rb") as file:
        start = bytearray(file.read(_PLACE.stop))
        if start[8 : _PLACE.start] != _SEAL:
            return False
        told, start[_PLACE] = start[_PLACE].decode("ascii", "replace"), b"0" * 64
        found = sha256(start)
        while piece := file.read(_PIECE):
            found.update(piece)
    if found.hexdigest() != told:
        raise ChalkworkError(
            "this file is damaged: its checksum is not that of what it holds", hint="take another copy of it"
        )
    return True


def read_tensors(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """The tensors of a safetensors file and its metadata. Raises ChalkworkError with the file where it is none."""
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise ChalkworkError("reading needs safetensors", hint="pip install 'chalkwork[train]'") from error
    try:
        with safe_open(str(path), framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except FileNotFoundError:
        raise ChalkworkError("there is no such file", file=str(path)) from None
    except (SafetensorError, OSError, ValueError):
        raise ChalkworkError("this is no safetensors file", file=str(path)) from None


def digest(arrays: Values) -> str:
    """What stands for arrays: the same only for the same names, shapes and bits."""
    found = sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        found.update(f"{name}{array.shape}".encode())
        for start in range(0, len(array), rows := max(1, _AT_ONCE * len(array) // max(1, array.size))):
            found.update(np.ascontiguousarray(array[start : start + rows], np.float64).data)
    return found.hexdigest()
