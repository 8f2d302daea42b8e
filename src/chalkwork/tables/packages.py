"""scikit-learn, imported where it is used."""

from __future__ import annotations

from typing import Any

from chalkwork.packages import package


def learn(module: str) -> Any:
    """A module of scikit-learn. Raises ChalkworkError where it is not installed.

    >>> learn("metrics").accuracy_score([1, 2], [1, 3])
    0.5
    """
    return package(f"sklearn.{module}", "training on tables (with scikit-learn)", "pip install 'chalkwork[train]'")
