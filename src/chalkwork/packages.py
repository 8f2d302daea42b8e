"""Packages of the extras: imported where they are used, and named where they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from chalkwork.errors import ChalkworkError

DOCUMENTS = "pip install 'chalkwork[documents]'"
"""What installs pandoc and Typst."""


def package(name: str, purpose: str, install: str) -> Any:
    """The module. Raises ChalkworkError where it is not installed, with what to install.

    >>> package("no_such_package", "this", "pip install it")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: this needs no_such_package. Hint: pip install it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ChalkworkError(f"{purpose} needs {name.split('.')[0]}", hint=install) from error
