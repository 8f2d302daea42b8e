"""What is predicted: one of several classes, labels that are there or not, or numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import NoneType
from typing import Any, ClassVar

import numpy as np

from chalkwork.counting import counted
from chalkwork.errors import ChalkworkError
from chalkwork.exchange.strict import Fields, of
from chalkwork.networks.data import Array
from chalkwork.tables.columns import flags, texts
from chalkwork.tables.forms import Form
from chalkwork.tables.table import ALL, Rows, Table, named, shown

MOST_CLASSES = 1000
FEW_NUMBERS = 20
"""Different whole numbers up to which a target is taken for classes."""
LEAST_OF_A_CLASS = 3
"""Samples of a class, so that training, validation and test can have one each."""


@dataclass(frozen=True)
class Classes:
    """One of several classes; where all are numbers, `form` says how they are written, and 1 and 1.0 are one class."""

    kind: ClassVar[str] = "classes"
    names: tuple[str, ...]
    values: tuple[str, ...]
    form: Form | None = None

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
        return counted(len(self.values), "class")

    def read(self, table: Table, rows: Rows) -> Array:
        """The number of the class, from 0; NaN where there is none, or one never seen."""
        meaning = _as_class(self.form)
        places = {meaning(value): place for place, value in enumerate(self.values)}
        if self.form:
            meaning = _as_class(table.form(self.names[0], self.form))
        return table.each(self.names[0], lambda text: places.get(meaning(text), np.nan))[rows][:, None]

    def learn(self, wanted: Array) -> Classes:
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
        return {"values": list(self.values), "form": self.form.to_data() if self.form else None}

    @classmethod
    def from_data(cls, names: tuple[str, ...], fields: Fields) -> Classes:
        """The target that `to_data` gave."""
        values = fields.need("values", texts)
        if len(names) != 1 or not 2 <= len(values) <= MOST_CLASSES:
            raise ChalkworkError(f"{fields.where} has {len(values)} classes under {len(names)} names")
        form = fields.need("form", of(dict, NoneType))
        read = Form.from_data(form) if form is not None else None
        if len(set(map(_as_class(read), values)) - {None}) < len(values):
            raise ChalkworkError(f"{fields.where} has classes that are no different numbers")
        return cls(names, values, read)


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
        return counted(len(self.names), "label")

    def read(self, table: Table, rows: Rows) -> Array:
        """1 where a label is there, else 0; NaN where neither is said."""
        columns = []
        for name, pair in zip(self.names, self.pairs, strict=True):
            places = {text.lower(): float(place) for place, text in enumerate(pair)}
            columns.append(table.each(name, partial(_place_of, places))[rows])
        return np.column_stack(columns)

    def learn(self, wanted: Array) -> Labels:
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
        pairs = fields.need("pairs", of(list))
        fits = len(pairs) == len(names) and all(
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair) for pair in pairs
        )
        if not fits:
            raise ChalkworkError(f"{fields.place('pairs')}: expected two texts for each label")
        return cls(names, tuple((pair[0], pair[1]) for pair in pairs))


@dataclass(frozen=True)
class Numbers:
    """One number or several: standardised for the network, and predicted in their own units."""

    kind: ClassVar[str] = "numbers"
    task: ClassVar[str] = "regression"
    names: tuple[str, ...]
    means: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()
    forms: tuple[Form, ...] = ()
    """How each is written; found in the table itself where nothing is said."""

    @property
    def outputs(self) -> int:
        """The outputs of the network."""
        return len(self.names)

    @property
    def words(self) -> str:
        """What is predicted."""
        units = dict.fromkeys(form.unit for form in self.forms if form.unit)
        said = "a number" if len(self.names) == 1 else f"{len(self.names)} numbers"
        return f"{said} in {' and '.join(units)}" if units else said

    def read(self, table: Table, rows: Rows) -> Array:
        """The numbers; NaN where they are missing."""
        learned = self.forms or (None,) * len(self.names)
        forms = [table.form(name, form) for name, form in zip(self.names, learned, strict=True)]
        return np.column_stack([table.numbers(name, rows, form) for name, form in zip(self.names, forms, strict=True)])

    def learn(self, wanted: Array) -> Numbers:
        """Mean and standard deviation of the numbers that are there."""
        scales = tuple(float(scale) or 1.0 for scale in np.nanstd(wanted, axis=0))
        return replace(self, means=tuple(map(float, np.nanmean(wanted, axis=0))), scales=scales)

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
        return {
            "means": list(self.means),
            "scales": list(self.scales),
            "forms": [form.to_data() for form in self.forms],
        }

    @classmethod
    def from_data(cls, names: tuple[str, ...], fields: Fields) -> Numbers:
        """The target that `to_data` gave."""
        means, scales = (fields.need(key, of(list)) for key in ("means", "scales"))
        given = [*means, *scales]
        right = len(means) == len(scales) == len(names) and all(type(value) in (int, float) for value in given)
        if not right or min(scales) <= 0:
            raise ChalkworkError(f"{fields.where} has no mean and no positive scale for each number")
        forms = tuple(map(Form.from_data, fields.need("forms", of(list))))
        if len(forms) != len(names):
            raise ChalkworkError(f"{fields.where} has no form for each number")
        return cls(names, tuple(map(float, means)), tuple(map(float, scales)), forms)


Target = Classes | Labels | Numbers
TARGETS: dict[str, type[Target]] = {each.kind: each for each in (Classes, Labels, Numbers)}
"""Every kind of target by its name."""


def find_target(table: Table, names: Sequence[str], task: str = "auto") -> Target:
    """What these columns are as a target: `task` is `classification`, `regression` or `auto`.

    One column: numbers are classes where they are whole and at most 20 different ones, else a regression; texts are
    classes. Numbers that are written differently, such as 1 and 1.0, are one class. Several columns: labels where each
    has two values, else numbers.

    Raises ChalkworkError for a target that is not there, has one value, or a class with fewer than three samples.

    >>> table = Table("t.csv", ("kind", "size"), (("a", "b") * 3, tuple("123456")), tuple(range(2, 8)))
    >>> find_target(table, ["kind"]).values
    ('a', 'b')
    >>> find_target(table, ["size"], "regression").words
    'a number'
    """
    if task not in ("auto", "classification", "regression"):
        raise ChalkworkError(f"the task is auto, classification or regression, not {task!r:.60}")
    if not names or len(set(names)) < len(names):
        raise ChalkworkError("the target is one column or several different ones")
    for name in names:
        _check_target(table, name)
    if len(names) > 1:
        return _several(table, names, task)
    if task == "regression" or (task == "auto" and _is_measured(table, names[0])):
        return _numbers(table, names)
    return _classes(table, names[0])


def _check_target(table: Table, name: str) -> None:
    """Raise ChalkworkError for a target with a single value, however often it is spelled otherwise."""
    look = table.look(name)
    meaning = _as_class(table.form(name) if look.all_numbers else None)
    values = {meaning(text) for text in look.counts}
    if len(values) > 1 or None in values:  # None is refused by whoever reads on
        return
    spelled = sorted(look.counts, key=len)
    held = f"only {shown(spelled[0])}" if spelled else "nothing"
    if len(spelled) > 1:
        held = f"only one number, {next(iter(values)):.15g}, spelled in {len(spelled)} ways ({named(spelled)})"
    raise ChalkworkError(f"the target {shown(name)} holds {held}: there is nothing to learn", file=table.file)


def _numbers(table: Table, names: Sequence[str]) -> Numbers:
    forms = tuple(table.form(name) for name in names)
    for name, form in zip(names, forms, strict=True):
        table.numbers(name, ALL, form)
        if form.is_date:
            hint = "give a column of numbers, such as the days from some day on"
            raise ChalkworkError(f"the target {shown(name)} holds dates", file=table.file, hint=hint)
    return Numbers(tuple(names), forms=forms)


def _is_measured(table: Table, name: str) -> bool:
    """Whether a target is numbers of which there are many different ones, or broken ones."""
    look = table.look(name)
    if not look.means_numbers:
        return False
    form = table.form(name)
    values = {value for text in look.counts if (value := form.read(text)) is not None}
    return len(values) > FEW_NUMBERS or any(not value.is_integer() for value in values) or not values


def _several(table: Table, names: Sequence[str], task: str) -> Target:
    looks = [table.look(name) for name in names]
    pairs = [_pair(look.counts) for look in looks]
    if task != "regression" and all(pairs):
        return Labels(tuple(names), tuple(pair for pair in pairs if pair))
    if task != "classification" and all(look.means_numbers for look in looks):
        return _numbers(table, names)
    raise ChalkworkError(
        "several targets are either labels with two values each, or numbers", file=table.file,
        hint="train a network for each target",
    )  # fmt: skip


def _pair(counts: Iterable[str]) -> tuple[str, str] | None:
    """The text for no and that for yes of a label."""
    found = set(map(_label, counts))
    return ("0", "1") if found == {"0", "1"} else flags(found)


def _place_of(places: Mapping[str, float], text: str) -> float:
    return places.get(_label(text), np.nan)


def _label(text: str) -> str:
    """The text by which a label is known: 1.0 is 1, Yes is yes."""
    value = Form(".").read(text)
    return f"{value:g}" if value in (0, 1) else text.strip().lower()


def _as_class(form: Form | None) -> Callable[[str], float | str | None]:
    """By what a class is known: the number that it is, or its text."""
    return form.read if form else str.strip


def _classes(table: Table, name: str) -> Classes:
    """The classes of a column, each under the spelling that most rows have."""
    look = table.look(name)
    form = table.form(name) if look.all_numbers else None
    meaning = _as_class(form)
    spelled: dict[float | str | None, str] = {}
    counts: Counter[float | str | None] = Counter()
    for text, count in sorted(look.counts.items(), key=lambda item: (-item[1], len(item[0]), item[0])):
        spelled.setdefault(meaning(text), text)
        counts[meaning(text)] += count
    if form and None in counts:
        table.numbers(name, ALL, form)
    _check_classes(table, name, spelled, counts)
    return Classes((name,), tuple(spelled[each] for each in sorted(spelled, key=_in_order)), form)


def _in_order(key: float | str | None) -> tuple[float, str]:
    return (0.0, key) if isinstance(key, str) else (key or 0.0, "")


def _check_classes(
    table: Table,
    name: str,
    spelled: Mapping[float | str | None, str],
    counts: Counter[float | str | None],
) -> None:
    rare = min(counts, key=lambda each: counts[each])
    if counts[rare] >= LEAST_OF_A_CLASS and len(counts) <= MOST_CLASSES:
        return
    row = table.row(name, spelled[rare])
    if len(counts) > max(FEW_NUMBERS, len(table) // 2) or len(counts) > MOST_CLASSES:
        hint = "is this column a target at all? A number is predicted with the task regression"
        raise table.problem(name, row, f"{len(counts)} classes in {len(table)} rows are too many", hint)
    samples = counted(counts[rare], "sample")
    raise table.problem(
        name, row, f"the class {shown(spelled[rare])} has only {samples}, and each needs {LEAST_OF_A_CLASS}: to train "
        "on, to validate and to test", "leave the row out, or join the class with another",
    )  # fmt: skip
