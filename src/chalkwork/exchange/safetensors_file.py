"""Safetensors files from strangers: what they say of themselves is checked before anything of them is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from stat import S_ISREG
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.exchange.strict import mapping, of, parse
from chalkwork.networks.data import Array, size_of
from chalkwork.training.tensors import read_tensors

MOST_BYTES = 4 * 2**30
MOST_HEADER = 32 * 2**20
_ARRAYS = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64}
_ENTRY = {"dtype": str, "shape": list, "data_offsets": list}
_PICKLES = (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


@dataclass(frozen=True, slots=True)
class Header:
    """What a safetensors file says of itself: the type and shape of every array, and texts by key."""

    arrays: dict[str, tuple[str, tuple[int, ...]]]
    metadata: dict[str, str]

    def check(self, wanted: Mapping[str, tuple[int, ...]]) -> None:
        """Raise ChalkworkError unless exactly these arrays are there, in double precision, with these shapes."""
        for name in self.arrays:
            if name not in wanted:
                raise ChalkworkError(f"the file holds {name!r:.60}, which the architecture does not have")
        for name, shape in wanted.items():
            if name not in self.arrays:
                raise ChalkworkError(f"the file lacks {name}, which the architecture has")
            kind, found = self.arrays[name]
            if found != shape:
                raise ShapeError(f"{name} is {size_of(found)}, but the architecture needs {size_of(shape)}")
            if kind != "F64":
                raise ChalkworkError(f"{name} is of the type {kind:.20}, not F64")


def read_header(path: Path) -> Header:
    """The header of a safetensors file, its sizes checked against the file's. Raises ChalkworkError where it is none.

    Source of the layout: the safetensors format, https://github.com/huggingface/safetensors#format.
    """
    raw, content = _header_bytes(path)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _none_such("its header is no UTF-8") from None
    data = parse(text, "the header", MOST_HEADER)
    if not isinstance(data, dict):
        raise _none_such("its header is no mapping")
    metadata = data.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _none_such("its metadata are no texts")
    return Header({name: _array(name, entry, content) for name, entry in data.items()}, metadata)


def _header_bytes(path: Path) -> tuple[bytes, int]:
    """The bytes of the header, and how many follow it."""
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise ChalkworkError("this is no file")
        if status.st_size > MOST_BYTES:
            raise ChalkworkError(f"the file has {status.st_size} bytes; at most {MOST_BYTES} are read")
        with path.open("rb") as stream:
            start = stream.read(8)
            length = int.from_bytes(start, "little")
            if start[:2] in _PICKLES and length > MOST_HEADER:
                raise ChalkworkError(
                    "this is a pickle or a zip archive, as torch.save writes: reading it could run what it contains",
                    hint="save the weights as safetensors: safetensors.torch.save_file(module.state_dict(), path)",
                )
            if len(start) < 8 or length > MOST_HEADER:
                raise _none_such(f"its header is said to be {length} bytes long")
            if 8 + length > status.st_size:
                raise _none_such(f"it ends before its header of {length} bytes does")
            return stream.read(length), status.st_size - 8 - length
    except FileNotFoundError:
        raise ChalkworkError("there is no such file") from None
    except OSError as error:
        raise ChalkworkError(f"the file cannot be read: {error.strerror}") from None


def _array(name: str, entry: Any, content: int) -> tuple[str, tuple[int, ...]]:
    what = f"the array {name!r:.60}"
    fields = mapping(entry, what)
    kind, shape, offsets = (fields.need(key, of(one)) for key, one in _ENTRY.items())
    fields.done()
    if not all(type(size) is int and 0 <= size <= MOST_BYTES for size in [*shape, *offsets]) or len(shape) > 8:
        raise _none_such(f"the sizes of {what} are none")
    if len(offsets) != 2 or not offsets[0] <= offsets[1] <= content:
        raise _none_such(f"{what} lies beyond its end")
    if kind in _ARRAYS and prod(shape) * np.dtype(_ARRAYS[kind]).itemsize != offsets[1] - offsets[0]:
        raise _none_such(f"the shape of {what} does not fit its length")
    return kind, tuple(shape)


def _none_such(reason: str) -> ChalkworkError:
    return ChalkworkError(
        f"this is no safetensors file: {reason}", hint="a network is kept in one that save_model wrote"
    )


def finite_arrays(path: Path, header: Header) -> dict[str, Array]:
    """The arrays of a file whose header has been read; ChalkworkError for other types than numbers, and for NaN."""
    for name, (kind, _) in header.arrays.items():
        if kind not in _ARRAYS:
            raise ChalkworkError(f"{name!r:.60} is of the type {kind:.20}; the types are {', '.join(_ARRAYS)}")
    arrays, _ = read_tensors(path)
    for name, value in arrays.items():
        if not np.isfinite(value).all():
            place = ",".join(map(str, np.argwhere(~np.isfinite(value))[0] + 1))
            raise ValueProblem(f"{name:.60}[{place}] is not a finite number")
    return arrays
