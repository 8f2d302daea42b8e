"""What is predicted: one of several classes, labels that are there or not, or numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.exchange.strict import Fields
from chalkwork.networks.data import Array
from chalkwork.tables.cells import is_missing, number
from chalkwork.tables.columns import flags, means_numbers, numbers, texts
from chalkwork.tables.reading import Table, shown

MOST_CLASSES = 1000
FEW_NUMBERS = 20
"""Different whole numbers up to which a target is taken for classes."""
LEAST_OF_A_CLASS = 3
"""Samples of a class, so that training, validation and test can have one each."""


@dataclass(frozen=True)
class Classes:
    """One of several classes."""

    kind: ClassVar[str] = "classes"
    names: tuple[str, ...]
    values: tuple[str, ...]

    @property
    def task(self) -> str:
        """The task as the estimators call it."""
        return "binary" if len(self.values) == 2 else "multiclass"

    @property
    def outputs(self) -> int:
        """The outputs of the network: one for two classes."""
        return 1 if len(self.values) == 2 else len(self.values)

    @property
    def words(self) -> str:
        """What is predicted."""
        return f"{len(self.values)} classes"

    def read(self, table: Table, rows: Sequence[int]) -> Array:
        """The number of the class, from 0; NaN where there is none, or one never seen."""
        places = {value: place for place, value in enumerate(self.values)}
        cells = table[self.names[0]]
        return np.array([[places.get(cells[row].strip(), np.nan)] for row in rows])

    def learn(self, table: Table, rows: Sequence[int]) -> Classes:
        """Nothing more is learned from the training part."""
        return self

    def encode(self, wanted: Array) -> Array:
        """What the network is trained on."""
        places = wanted[:, 0].astype(int)
        return np.asarray(wanted if self.outputs == 1 else np.eye(len(self.values))[places])

    def probabilities(self, outputs: Array) -> Array:
        """The probability of every class."""
        return np.hstack([1 - outputs, outputs]) if self.outputs == 1 else outputs

    def decode(self, outputs: Array) -> Array:
        """The number of the likeliest class."""
        places = self.probabilities(outputs).argmax(axis=1)
        return np.asarray(places[:, None], np.float64)

    def to_data(self) -> dict[str, Any]:
        """The target as plain data."""
        return {"values": list(self.values)}

    @classmethod
    def from_data(cls, names: tuple[str, ...], fields: Fields) -> Classes:
        """The target that `to_data` gave."""
        values = texts(fields, "values")
        if len(names) != 1 or not 2 <= len(values) <= MOST_CLASSES:
            raise ChalkworkError(f"{fields.what} has {len(values)} classes under {len(names)} names")
        return cls(names, values)


@dataclass(frozen=True)
class Labels:
    """Several targets with two values each: a label is there or not."""

    kind: ClassVar[str] = "labels"
    task: ClassVar[str] = "multilabel"
    names: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    """For every label the text for no and that for yes."""

    @property
    def outputs(self) -> int:
        """The outputs of the network."""
        return len(self.names)

    @property
    def words(self) -> str:
        """What is predicted."""
        return f"{len(self.names)} labels"

    def read(self, table: Table, rows: Sequence[int]) -> Array:
        """1 where a label is there, else 0; NaN where neither is said."""
        columns = []
        for name, pair in zip(self.names, self.pairs, strict=True):
            cells = table[name]
            meaning = {text.lower(): float(place) for place, text in enumerate(pair)}
            columns.append([meaning.get(cells[row].strip().lower(), np.nan) for row in rows])
        return np.array(columns).T

    def learn(self, table: Table, rows: Sequence[int]) -> Labels:
        """Nothing more is learned from the training part."""
        return self

    def encode(self, wanted: Array) -> Array:
        """What the network is trained on."""
        return wanted

    def probabilities(self, outputs: Array) -> Array:
        """The probability of every label."""
        return outputs

    def decode(self, outputs: Array) -> Array:
        """The labels that are likelier than not."""
        return (outputs > 0.5).astype(float)

    def to_data(self) -> dict[str, Any]:
        """The target as plain data."""
        return {"pairs": [list(pair) for pair in self.pairs]}

    @classmethod
    def from_data(cls, names: tuple[str, ...], fields: Fields) -> Labels:
        """The target that `to_data` gave."""
        pairs = fields.take("pairs", list)
        fits = len(pairs) == len(names) and all(
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair) for pair in pairs
        )
        if not fits:
            raise ChalkworkError(f"pairs of {fields.what} are not two texts for each label")
        return cls(names, tuple((pair[0], pair[1]) for pair in pairs))


@dataclass(frozen=True)
class Numbers:
    """One number or several: standardised for the network, and predicted in their own units."""

    kind: ClassVar[str] = "numbers"
    task: ClassVar[str] = "regression"
    names: tuple[str, ...]
    means: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()

    @property
    def outputs(self) -> int:
        """The outputs of the network."""
        return len(self.names)

    @property
    def words(self) -> str:
        """What is predicted."""
        return "a number" if len(self.names) == 1 else f"{len(self.names)} numbers"

    def read(self, table: Table, rows: Sequence[int]) -> Array:
        """The numbers; NaN where they are missing."""
        return np.column_stack([numbers(table, name, rows) for name in self.names])

    def learn(self, table: Table, rows: Sequence[int]) -> Numbers:
        """Mean and standard deviation over the rows."""
        values = self.read(table, rows)
        scales = tuple(float(scale) or 1.0 for scale in values.std(axis=0))
        return replace(self, means=tuple(map(float, values.mean(axis=0))), scales=scales)

    def encode(self, wanted: Array) -> Array:
        """What the network is trained on."""
        return np.asarray((wanted - self.means) / self.scales)

    def probabilities(self, outputs: Array) -> None:
        """None: these are no classes."""

    def decode(self, outputs: Array) -> Array:
        """The numbers in their own units."""
        return np.asarray(outputs * self.scales + self.means)

    def to_data(self) -> dict[str, Any]:
        """The target as plain data."""
        return {"means": list(self.means), "scales": list(self.scales)}

    @classmethod
    def from_data(cls, names: tuple[str, ...], fields: Fields) -> Numbers:
        """The target that `to_data` gave."""
        means, scales = (fields.take(key, list) for key in ("means", "scales"))
        given = [*means, *scales]
        right = len(means) == len(scales) == len(names) and all(type(value) in (int, float) for value in given)
        if not right or min(scales) <= 0:
            raise ChalkworkError(f"{fields.what} has no mean and no positive scale for each number")
        return cls(names, tuple(map(float, means)), tuple(map(float, scales)))


Target = Classes | Labels | Numbers
TARGETS: dict[str, type[Target]] = {each.kind: each for each in (Classes, Labels, Numbers)}
"""Every kind of target by its name."""


def find_target(table: Table, names: Sequence[str], task: str = "auto") -> Target:
    """What these columns are as a target: `task` is `classification`, `regression` or `auto`.

    One column: numbers are classes where they are whole and at most 20 different ones, else a regression; texts are
    classes. Several columns: labels where each has two values, else numbers.

    Raises ChalkworkError for a target that is not there, has one value, or a class with fewer than three samples.

    >>> table = Table("t.csv", ("kind", "size"), (("a", "b") * 3, tuple("123456")), tuple(range(2, 8)))
    >>> find_target(table, ["kind"])
    Classes(names=('kind',), values=('a', 'b'))
    >>> find_target(table, ["size"], "regression").words
    'a number'
    """
    if task not in ("auto", "classification", "regression"):
        raise ChalkworkError(f"the task is auto, classification or regression, not {task!r:.60}")
    if not names or len(set(names)) < len(names):
        raise ChalkworkError("the target is one column or several different ones")
    counts = {name: Counter(cell.strip() for cell in table[name] if not is_missing(cell)) for name in names}
    for name, count in counts.items():
        if len(count) < 2:
            held = f"only {shown(next(iter(count)))}" if count else "nothing"
            raise ChalkworkError(f"the target {shown(name)} holds {held}: there is nothing to learn", file=table.file)
    if len(names) > 1:
        return _several(table, counts, task)
    if task == "regression" or (task == "auto" and _is_measured(counts[names[0]], table.mark)):
        return _numbers(table, names)
    return Classes(tuple(names), _checked_classes(table, names[0], counts[names[0]]))


def _numbers(table: Table, names: Sequence[str]) -> Numbers:
    for name in names:
        numbers(table, name, range(len(table)))
    return Numbers(tuple(names))


def _is_measured(counts: Counter[str], mark: str) -> bool:
    """Whether a target is numbers of which there are many different ones, or broken ones."""
    if not means_numbers(counts, mark):
        return False
    values = [number(text, mark) for text in counts]
    return len(counts) > FEW_NUMBERS or any(value is not None and not value.is_integer() for value in values)


def _several(table: Table, counts: dict[str, Counter[str]], task: str) -> Target:
    names = tuple(counts)
    pairs = [_pair(count) for count in counts.values()]
    if task != "regression" and all(pairs):
        return Labels(names, tuple(pair for pair in pairs if pair))
    if task != "classification" and all(means_numbers(count, table.mark) for count in counts.values()):
        return _numbers(table, names)
    raise ChalkworkError(
        "several targets are either labels with two values each, or numbers", file=table.file,
        hint="train a network for each target",
    )  # fmt: skip


def _pair(counts: Counter[str]) -> tuple[str, str] | None:
    """The text for no and that for yes of a label."""
    return ("0", "1") if set(counts) == {"0", "1"} else flags(counts)


def _checked_classes(table: Table, name: str, counts: Counter[str]) -> tuple[str, ...]:
    rare = min(counts, key=lambda text: counts[text])
    if counts[rare] < LEAST_OF_A_CLASS or len(counts) > MOST_CLASSES:
        row = next(row for row, cell in enumerate(table[name]) if cell.strip() == rare)
        if len(counts) > max(FEW_NUMBERS, len(table) // 2) or len(counts) > MOST_CLASSES:
            hint = "is this column a target at all? A number is predicted with the task regression"
            raise table.problem(name, row, f"{len(counts)} classes in {len(table)} rows are too many", hint)
        samples = f"{counts[rare]} sample{'' if counts[rare] == 1 else 's'}"
        raise table.problem(
            name, row, f"the class {shown(rare)} has only {samples}, and each needs {LEAST_OF_A_CLASS}: to train on, "
            "to validate and to test", "leave the row out, or join the class with another",
        )  # fmt: skip
    values = {text: number(text, table.mark) for text in counts}
    if any(value is None for value in values.values()):
        return tuple(sorted(counts))
    return tuple(sorted(counts, key=lambda text: (values[text], text)))
