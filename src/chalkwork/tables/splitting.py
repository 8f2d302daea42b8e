"""Which samples are trained on, which validate, and which test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.networks.data import Array
from chalkwork.tables.packages import learn

Parts = Mapping[str, Array]
"""Places of samples by part, in order: `train`, and `validation` and `test` where there is one."""


def split(samples: int, test: float, validation: float, seed: int, classes: Array | None = None) -> Parts:
    """The parts of so many samples, drawn from a seed; stratified by the classes where they are given.

    `test` and `validation` are shares from 0 (no such part) to below 1. Raises ChalkworkError where a part would be too
    small.

    >>> parts = split(10, 0.2, 0.1, seed=0)
    >>> {name: len(part) for name, part in parts.items()}
    {'train': 7, 'validation': 1, 'test': 2}
    """
    if not (0 <= test < 1 and 0 <= validation < 1 and test + validation < 1):
        raise ChalkworkError(
            f"the parts to test ({test:g}) and to validate ({validation:g}) are to leave some to train"
        )
    parts = {"train": np.arange(samples)}
    least = 1 if classes is None else len(np.unique(classes))
    for name, share in (("test", test), ("validation", validation)):
        count = round(samples * share)
        if share and (count < least or len(parts["train"]) - count < least):
            raise ChalkworkError(
                f"the {name} part of {samples} samples would be {count}, but "
                + ("one is needed" if least == 1 else f"{least} classes need at least one each"),
                hint=f"give more data, a larger part, or {name} 0",
            )
        if share:
            parts["train"], parts[name] = _in_two(parts["train"], count, seed, classes)
    return {name: parts[name] for name in ("train", "validation", "test") if name in parts}


def _in_two(places: Array, count: int, seed: int, classes: Array | None) -> tuple[Array, Array]:
    selection: Any = learn("model_selection")
    strata = None if classes is None else classes[places]
    try:
        kept, out = selection.train_test_split(places, test_size=count, random_state=seed, stratify=strata)
    except ValueError:
        raise ChalkworkError("the samples cannot be split by class", hint="give every class more samples") from None
    return np.sort(kept), np.sort(out)
