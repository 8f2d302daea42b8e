"""scikit-learn and polars, imported where they are used."""

from __future__ import annotations

from typing import Any

from chalkwork.packages import package

_INSTALL = "pip install 'chalkwork[train]'"


def learn(module: str) -> Any:
    """A module of scikit-learn. Raises ChalkworkError where it is not installed.

    >>> learn("metrics").accuracy_score([1, 2], [1, 3])
    0.5
    """
    return package(f"sklearn.{module}", "training on tables (with scikit-learn)", _INSTALL)


def frames() -> Any:
    """The package polars, which holds columns and reads files. Raises ChalkworkError where it is not installed."""
    return package("polars", "reading tables", _INSTALL)
