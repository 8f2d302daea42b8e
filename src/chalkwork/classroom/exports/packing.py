"""Packages: a zip of texts, the same bytes for the same texts, and names that hold nothing but letters and digits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_FILE, _PROGRAM = 0o644 << 16, 0o755 << 16


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """A zip of texts; what begins with #! may be run."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            data = text.encode() if isinstance(text, str) else text
            about = zipfile.ZipInfo(name, _FIRST_DAY)
            about.external_attr = _PROGRAM if data.startswith(b"#!") else _FILE
            archive.writestr(about, data, zipfile.ZIP_DEFLATED)
    return memory.getvalue()


def identity(text: str) -> str:
    """The same short name for the same text, a letter first."""
    return "i" + sha256(text.encode()).hexdigest()[:24]


def decimal(value: float, digits: int = 15) -> str:
    """A number without a power of ten, which some readers do not know; 0 stands for all of its digits.

    >>> decimal(1.5e-07), decimal(-3.0)
    ('0.00000015', '-3')
    """
    return format(Decimal(f"{value:.{digits}g}" if digits else repr(value)), "f")
