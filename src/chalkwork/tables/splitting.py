"""Which samples are trained on, which validate, and which test: drawn at random, by whole groups, or by time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chalkwork.counting import counted
from chalkwork.errors import ChalkworkError
from chalkwork.networks.data import Array
from chalkwork.tables.packages import learn
from chalkwork.tables.table import Table, shown

Parts = Mapping[str, Array]
"""Places of samples by part, in order: `train`, and `validation` and `test` where there is one."""
_RULES = "group:COLUMN or time:COLUMN"


@dataclass(frozen=True)
class Apart:
    """What keeps samples apart: those of one group, or of one time, are in the same part, and later ones are tested."""

    kind: Literal["group", "time"]
    name: str
    """The column."""
    keys: Array
    """For every row of the table its group or its time."""

    def words(self, table: Table, parts: Parts) -> str:
        """How many groups, or which times, each part holds."""
        if self.kind == "group":
            sizes = ", ".join(f"{len(np.unique(self.keys[rows]))} {name}" for name, rows in parts.items())
            return f"Split by the groups of {shown(self.name)}, none of which is in two parts: {sizes}."
        texts = table[self.name]
        spans = []
        for name, rows in parts.items():
            first, last = (texts[rows[place(self.keys[rows])]].strip() for place in (np.argmin, np.argmax))
            spans.append(f"{name} {first} to {last}" if first != last else f"{name} {first}")
        return f"Split by the time {shown(self.name)}, no two parts of which overlap: {', '.join(spans)}."


def find_apart(table: Table, rule: str, rows: Array) -> Apart | None:
    """What `group:COLUMN` or `time:COLUMN` says of these rows; None for nothing.

    Raises ChalkworkError, with file, line and column, for anything else, for a row without a group or time, and for a
    time that is neither a date nor a number.
    """
    if not rule:
        return None
    kind, _, name = rule.partition(":")
    if kind not in ("group", "time") or not name.strip():
        raise ChalkworkError(f"the split is {_RULES}, not {shown(rule)}")
    name = name if name in table else name.strip()
    look = table.look(name)
    if kind == "group":
        texts, codes = look.coded
        keys = codes if look.values is None else look.values  # 1.0 and 1 are one group
        gaps = np.isin(codes, [place for place, text in enumerate(texts) if not text])
    elif not look.means_numbers:
        raise ChalkworkError(f"column {shown(name)} holds neither dates nor numbers to split by", file=table.file)
    else:
        keys = table.numbers(name, slice(None), table.form(name))
        gaps = np.isnan(keys)
    if gaps[rows].any():
        row = int(rows[gaps[rows].argmax()])
        raise table.problem(name, row, f"the {kind} is missing, by which the rows are split", "leave the row out")
    return Apart("group" if kind == "group" else "time", name, keys)


def split(
    samples: int,
    test: float,
    validation: float,
    seed: int,
    classes: Array | None = None,
    apart: Apart | None = None,
) -> Parts:
    """The parts of so many samples, drawn from a seed; stratified by the classes where they are given.

    `test` and `validation` are shares from 0 (no such part) to below 1. Where groups are kept apart, whole ones are
    drawn that come nearest to the shares; where time is, the latest samples test and those before validate. Raises
    ChalkworkError where a part would be too small.

    >>> parts = split(10, 0.2, 0.1, seed=0)
    >>> {name: len(part) for name, part in parts.items()}
    {'train': 7, 'validation': 1, 'test': 2}
    >>> patients = Apart("group", "patient", np.array([4, 4, 4, 4, 4, 7, 7, 7, 9, 9]))
    >>> {name: part.tolist() for name, part in split(10, 0.2, 0, seed=0, apart=patients).items()}
    {'train': [0, 1, 2, 3, 4, 5, 6, 7], 'test': [8, 9]}
    """
    if not (0 <= test < 1 and 0 <= validation < 1 and test + validation < 1):
        raise ChalkworkError(
            f"the parts to test ({test:g}) and to validate ({validation:g}) are to leave some to train"
        )
    parts = {"train": np.arange(samples)}
    least = 1 if classes is None or apart else len(np.unique(classes))
    for name, share in (("test", test), ("validation", validation)):
        count = round(samples * share)
        if share and (count < least or len(parts["train"]) - count < least):
            raise ChalkworkError(
                f"the {name} part of {samples} samples would be {count}, but "
                + ("one is needed" if least == 1 else f"{least} classes need at least one each"),
                hint=f"give more data, a larger part, or {name} 0",
            )
        if share:
            parts["train"], parts[name] = _in_two(parts["train"], count, seed, classes, apart)
    return {name: parts[name] for name in ("train", "validation", "test") if name in parts}


def _in_two(places: Array, count: int, seed: int, classes: Array | None, apart: Apart | None) -> tuple[Array, Array]:
    strata = None if classes is None else classes[places]
    if apart:
        keys = apart.keys[places]
        out = _groups(keys, count, seed, strata) if apart.kind == "group" else keys >= _cut(keys, len(keys) - count)
        return places[~out], places[out]
    selection: Any = learn("model_selection")
    try:
        kept, drawn = selection.train_test_split(places, test_size=count, random_state=seed, stratify=strata)
    except ValueError:
        raise ChalkworkError("the samples cannot be split by class", hint="give every class more samples") from None
    return np.sort(kept), np.sort(drawn)


def _groups(keys: Array, count: int, seed: int, strata: Array | None) -> Array:
    """Which samples are in the groups that, drawn one after the other, bring every class nearer to its share."""
    groups, codes = np.unique(keys, return_inverse=True)
    if len(groups) < 2:
        raise ChalkworkError("there are too few groups to split the rows by", hint="give fewer parts: --validation 0")
    classes = np.zeros(len(keys), int) if strata is None else np.unique(strata, return_inverse=True)[1]
    held = np.zeros((len(groups), classes.max() + 1))
    np.add.at(held, (codes, classes), 1)
    wanted = held.sum(axis=0) * count / len(keys)
    out = np.zeros(len(groups), bool)
    missing = wanted.copy()
    for group in np.random.default_rng(seed).permutation(len(groups)):
        if np.abs(missing - held[group]).sum() < np.abs(missing).sum():
            out[group], missing = True, missing - held[group]
    if not out.any():
        out[np.abs(wanted - held).sum(axis=1).argmin()] = True
    return np.asarray(out[codes])


def _cut(keys: Array, place: int) -> float:
    """The time nearest to that of the sample in this place, in order, which begins a part of its own."""
    times = np.sort(keys)
    if times[0] == times[-1]:
        raise ChalkworkError("there are too few different times to split the rows by")
    ends = [np.searchsorted(times, times[place], side) for side in ("left", "right")]
    return float(times[min((end for end in ends if 0 < end < len(times)), key=lambda end: abs(end - place))])


def folds(samples: int, count: int, seed: int, classes: Array | None, apart: Apart | None) -> Iterator[Parts]:
    """The places to train on and to test on, of each fold: every sample is tested once, stratified by class.

    Groups are kept whole. Of times, each fold tests what comes next after all that it trains on: the samples are
    divided into one more part than there are folds, the first of which is never tested.

    Raises ChalkworkError where there are too few samples, groups or times.

    >>> [len(fold["test"]) for fold in folds(10, 3, 0, None, None)]
    [4, 3, 3]
    >>> days = Apart("time", "day", np.array([5, 1, 2, 3, 3, 4]))
    >>> [(fold["train"].tolist(), fold["test"].tolist()) for fold in folds(6, 2, 0, None, days)]
    [([1, 2], [3, 4]), ([1, 2, 3, 4], [0, 5])]
    """
    if apart and apart.kind == "time":
        cuts = [_cut(apart.keys, samples * part // (count + 1)) for part in range(1, count + 1)]
        if len(set(cuts)) < count:
            raise ChalkworkError(f"there are too few different times for {counted(count, 'fold')}")
        for start, end in zip(cuts, [*cuts[1:], np.inf], strict=True):
            tested = (apart.keys >= start) & (apart.keys < end)
            yield {"train": np.flatnonzero(apart.keys < start), "test": np.flatnonzero(tested)}
        return
    selection: Any = learn("model_selection")
    name = ("Stratified" if classes is not None else "") + ("Group" if apart else "") + "KFold"
    least = (
        len(np.unique(apart.keys)) if apart else samples if classes is None else int(np.unique_counts(classes)[1].min())
    )
    if least < count:
        what = "group" if apart else "sample" if classes is None else "sample of the rarest class"
        raise ChalkworkError(f"{counted(count, 'fold')} need as many {what}s, but there are {least}")
    drawn = getattr(selection, name)(count, shuffle=True, random_state=seed)
    for train, test in drawn.split(np.zeros(samples), classes, apart and apart.keys):
        yield {"train": train, "test": test}
