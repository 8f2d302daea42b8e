"""Whether every named mistake shows: none gives the right numbers at the digits asked, and no two the same ones.

What coincides by algebra, whatever the numbers, is one class of mistakes; it is reported, not avoided. So is a mistake
that a sheet cannot tell from the right way (a mean over one sample). An exchange of entries that are equal is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from chalkwork.algebra.entries import split_entry
from chalkwork.checking.mistakes import distinct
from chalkwork.classroom.batch import Array, Bench, Values, digits_of, led
from chalkwork.classroom.conditions import wholes
from chalkwork.derivation.evaluate import evaluate
from chalkwork.solutions.exercise import Exercise

Ids = tuple[str, ...]
Key = tuple[str, str]
"""An exercise and a name that it asks."""
Label = tuple[Ids, int]
"""Mistakes, and the number of this among the rewrites that they have."""
Pair = tuple[Label, Label]
RIGHT: Label = ((), 0)
FEWEST, EXACT = 6, 1e-12


@dataclass(frozen=True)
class Mistaken:
    """What a mistake makes of one asked value; ids that stand together cannot be told apart."""

    ids: Ids
    values: Array


@dataclass
class Certificate:
    """What coincides in every variant: mistakes with one another, and with the right way."""

    classes: dict[Key, list[Ids]] = field(default_factory=dict)
    untold: dict[Key, list[str]] = field(default_factory=dict)
    told: dict[Key, int] = field(default_factory=dict)
    """How many rewrites are told from the right way."""
    counts: dict[Key, Counter[Pair]] = field(default_factory=dict)
    """In how many of those that were looked at one by one two coincided."""
    always: dict[Key, frozenset[Pair]] = field(default_factory=dict)
    """Which coincide always."""
    partly: dict[Key, list[Ids]] = field(default_factory=dict)
    """What coincides for a part of all targets, whatever else is drawn."""
    mostly: dict[Key, list[Ids]] = field(default_factory=dict)
    """What the digits asked do not tell in most candidates, where no candidate told everything."""


def mistaken(bench: Bench, values: Values) -> Mapping[Key, list[Mistaken]]:
    """What every mistake makes of every asked value."""
    return {
        (exercise.id, name): [Mistaken(ids, value) for ids, value in _made(bench, name, values)]
        for exercise in bench.exercises
        for name in wholes(exercise)
    }


def _made(bench: Bench, name: str, values: Values) -> Iterator[tuple[Ids, Array]]:
    equation, context = bench.derivation[name], bench.context
    known = {**values, **{each: np.asarray(value)[None] for each, value in context.constants.items()}}
    count = len(values[name])
    for expression, ids in distinct(equation, context):
        if expression.shape == equation.expression.shape:
            with np.errstate(all="ignore"):
                value = led(evaluate(expression, known), expression.shape)
            yield ids, np.broadcast_to(value, (count, *value.shape[1:]))


def labelled(made: list[Mistaken]) -> dict[Label, Array]:
    """The values by what tells the mistakes apart."""
    found: dict[Label, Array] = {}
    for one in made:
        found[one.ids, sum(ids == one.ids for ids, _ in found)] = one.values
    return found


def coincidences(exercise: Exercise, name: str, right: Array, made: list[Mistaken]) -> Iterator[tuple[Pair, Array]]:
    """For every two of the mistakes, and for each with the right way, which candidates cannot tell them apart."""
    unit = 2 * digits_of(exercise).half_unit(right) * (1 + 1e-9)
    cells = _asked_cells(exercise, name, right)
    room = _flat(unit, cells)
    flat = {RIGHT: _flat(right, cells), **{label: _flat(values, cells) for label, values in labelled(made).items()}}
    with np.errstate(invalid="ignore"):
        for (first, one), (second, other) in combinations(flat.items(), 2):
            if set(first[0]) & set(second[0]):  # one mistake in two ways
                continue
            yield (first, second), np.asarray((np.abs(one - other) <= room).all(axis=1))


def _flat(values: Array, cells: Array | None) -> Array:
    flat = values.reshape(len(values), -1)
    return flat if cells is None else flat[:, cells]


def _asked_cells(exercise: Exercise, name: str, right: Array) -> Array | None:
    """Which entries are asked for, counted in one row; None for all."""
    chosen = (exercise.entries or {}).get(name)
    if not chosen:
        return None
    from chalkwork.algebra.entries import place_of

    shape = exercise.solution.derivation.shapes()[name]
    places = [place_of(name, split_entry(one)[1], shape) for one in chosen]
    return np.array([np.ravel_multi_index(place, right.shape[1:]) for place in places])


def certify(bench: Bench, values: Values, made: Mapping[Key, list[Mistaken]], known: Certificate) -> Array:
    """Which candidates are fair, apart from what coincides always."""
    fair = np.ones(max(len(value) for value in values.values()), dtype=bool)
    for exercise, name in _asked(bench):
        key = (exercise.id, name)
        for pair, alike in coincidences(exercise, name, values[name], made[key]):
            if pair not in known.always.get(key, ()):
                fair &= ~alike
    return fair


def calibrate(
    bench: Bench, values: Values, made: Mapping[Key, list[Mistaken]], known: Certificate, targets: Sequence[Array] = ()
) -> None:
    """Find what coincides in all of these candidates, or exactly in all that have the same target of `targets`.

    It must have coincided in those that were looked at before.
    """
    for exercise, name in _asked(bench):
        key, labels = (exercise.id, name), labelled(made[exercise.id, name])
        labels[RIGHT] = values[name]
        pairs = dict(coincidences(exercise, name, values[name], made[key]))
        alike = {pair for pair, found in pairs.items() if found.all()}
        before = known.always.get(key)
        if before is not None:
            alike = {pair for pair in before if pair in alike or pair not in pairs}
        known.always[key] = frozenset(alike)
        _note(known, key, list(labelled(made[key])))
        for pair, found in pairs.items():
            if pair not in alike and any(_by_target(found, _exactly(labels, pair), each) for each in targets):
                known.always[key] |= {pair}
                known.partly.setdefault(key, []).append(pair[0][0] + pair[1][0])
        _count(known, key, made[key])


def calibrate_alone(
    bench: Bench, values: Values, made: Mapping[Key, list[Mistaken]], known: Certificate, fewest: float
) -> None:
    """The same for candidates that are looked at one by one: what coincided in so many is let pass, and told."""
    for exercise, name in _asked(bench):
        key = (exercise.id, name)
        counts = known.counts.setdefault(key, Counter())
        counts.update(pair for pair, alike in coincidences(exercise, name, values[name], made[key]) if alike.all())
        known.always[key] = frozenset(pair for pair, count in counts.items() if count >= fewest)
        known.mostly[key] = [first[0] + second[0] for first, second in sorted(known.always[key])]
        _count(known, key, made[key])


def relent(bench: Bench, values: Values, made: Mapping[Key, list[Mistaken]], known: Certificate, share: float) -> None:
    """Let pass what coincides in so large a part of these candidates."""
    for exercise, name in _asked(bench):
        key = (exercise.id, name)
        for pair, alike in coincidences(exercise, name, values[name], made[key]):
            if pair not in known.always[key] and np.mean(alike) >= share:
                known.always[key] |= {pair}
                known.mostly.setdefault(key, []).append(pair[0][0] + pair[1][0])
        _count(known, key, made[key])


def _count(known: Certificate, key: Key, made: list[Mistaken]) -> None:
    known.told[key] = sum((RIGHT, label) not in known.always[key] for label in labelled(made))


def _by_target(found: Array, exact: Array, targets: Array) -> bool:
    """Whether all candidates with one of the targets coincide, exactly."""
    for target in np.unique(targets):
        rows = targets == target
        if np.count_nonzero(rows) >= FEWEST and found[rows].all() and exact[rows].all():
            return True
    return False


def _exactly(labels: Mapping[Label, Array], pair: Pair) -> Array:
    one, other = (labels[each] for each in pair)
    with np.errstate(invalid="ignore"):
        exact = np.abs(one - other) <= EXACT * np.maximum(np.abs(one), 1)
    return np.asarray(exact.all(axis=tuple(range(1, exact.ndim))))


def _asked(bench: Bench) -> Iterator[tuple[Exercise, str]]:
    for exercise in bench.exercises:
        for name in wholes(exercise):
            yield exercise, name


def _note(known: Certificate, key: Key, labels: list[Label]) -> None:
    """What there is to say of a value: classes of mistakes, and mistakes that are not told."""
    always = known.always[key]
    untold = {second for first, second in always if first == RIGHT}
    classes = [{label} for label in labels if label not in untold]
    for first, second in always:
        one, other = (next((each for each in classes if label in each), None) for label in (first, second))
        if one is not None and other is not None and one is not other:
            one |= other
            classes.remove(other)
    ordered = [sorted(one, key=labels.index) for one in classes]
    ids = [tuple(dict.fromkeys(each for label in one for each in label[0])) for one in ordered]
    known.classes[key] = list(dict.fromkeys(one for one in ids if len(one) > 1))
    known.untold[key] = list(dict.fromkeys(each for label in labels if label in untold for each in label[0]))
