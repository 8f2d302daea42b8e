"""Whose code it is: the user's own, or that of a library."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path


@cache
def _libraries() -> tuple[Path, ...]:
    import sysconfig

    installed = (sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib"))
    return Path(__file__).parents[1], *(Path(place).resolve() for place in installed)


@lru_cache(maxsize=1 << 12)
def is_library(file: str) -> bool:
    """Whether a file belongs to Python, an installed package or Chalkwork, and not to its user.

    >>> import json
    >>> is_library(json.__file__), is_library("train.py")
    (True, False)
    """
    if file.startswith("<"):
        return file.startswith(("<frozen", "<__array_function__", "<attrs", "<string>", "<lineprofiler"))
    path = Path(file).resolve()
    return "site-packages" in path.parts or any(path.is_relative_to(place) for place in _libraries())
