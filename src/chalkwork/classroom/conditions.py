"""What makes the numbers of a variant pleasant by hand; one table, an entry each, for many candidates at once.

The author's own numbers are the measure: what they do not keep is not asked of variants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite

import numpy as np

from chalkwork.algebra.entries import split_entry
from chalkwork.checking.mistakes.context import Layer, Role
from chalkwork.checking.reading.digits import Digits
from chalkwork.classroom.batch import Array, Bench, Values, digits_of
from chalkwork.derivation.derivation import Stage
from chalkwork.sheets.varying import Varying
from chalkwork.solutions.exercise import Exercise

LARGE = 1e6
SATURATED = 0.015
"""How near to the end of its range an activation may come, as a part of the range."""
AT_A_KINK = 4
"""So many units of the last digit asked a net input keeps away from a kink."""
VANISHING = 1.0
"""A gradient of fewer units of the last digit asked has vanished."""
WINNER = 0.05
TIE = 1e-3
"""How near to the middle between two roundings a number may lie, in units of the last digit asked."""
ROOM = 1e-9
"""Bounds lie beside numbers of few digits, so that rounding errors decide nothing."""
ZERO = 1e-12


@dataclass(frozen=True)
class View:
    """What a condition looks at: exercises with their values, those of the author beside those of the candidates."""

    bench: Bench
    values: Values
    own: Values
    """The author's values, for one candidate."""
    varying: Varying

    @property
    def count(self) -> int:
        """How many candidates there are."""
        return max(len(value) for value in self.values.values())

    def layers(self) -> Iterator[Layer]:
        """The layers before any update."""
        yield from self.bench.context.layers(0)

    @property
    def units(self) -> int:
        """The axis of the units."""
        return -1 if self.bench.context.samples == -2 else -2

    def asked(self) -> Iterator[tuple[Exercise, str, Array, Array]]:
        """What is asked in numbers: the exercise, the name, the author's values, those of the candidates."""
        for exercise in self.bench.exercises:
            for name in wholes(exercise):
                yield exercise, name, self.own[name], self.values[name]


def wholes(exercise: Exercise) -> list[str]:
    """The names that are asked in numbers, each once, without their entries."""
    known = exercise.solution.derivation
    return [name for name in dict.fromkeys(split_entry(name)[0] for name in exercise.asked) if name in known]


Condition = Callable[[View], Array]


def _each(found: Array) -> Array:
    """Whether something holds for every entry."""
    return np.asarray(found.all(axis=tuple(range(1, found.ndim))))


def _count(found: Array) -> Array:
    return np.asarray(found.sum(axis=tuple(range(1, found.ndim))))


def _finite(view: View) -> Array:
    good = np.ones(view.count, dtype=bool)
    for name, value in view.values.items():
        most = max(LARGE, 10 * float(np.max(np.abs(view.own[name]))))
        good &= _each(np.isfinite(value)) & _each(np.abs(np.where(np.isfinite(value), value, 0)) <= most)
    return good


def _not_saturated(view: View) -> Array:
    good = np.ones(view.count, dtype=bool)
    if view.varying.saturated:
        return good
    for layer in view.layers():
        operation, name = layer.function.operation, layer.activation.name
        low, high = operation.range
        if not (operation.entrywise and isfinite(low) and isfinite(high)):
            continue
        least = (high - low) * SATURATED
        own = np.minimum(view.own[name] - low, high - view.own[name])
        least = min(least, float(own.min())) * (1 - ROOM)
        good &= _each(np.minimum(view.values[name] - low, high - view.values[name]) >= least)
    return good


def _off_kinks(view: View) -> Array:
    good = np.ones(view.count, dtype=bool)
    units = [digits_of(one) for one in view.bench.exercises]
    for layer in view.layers():
        for kink in layer.function.operation.kinks:
            own, values = view.own[layer.net.name], view.values[layer.net.name]
            least = AT_A_KINK * max(2 * float(np.min(each.half_unit(own))) for each in units) * (1 + ROOM)
            if float(np.min(np.abs(own - kink))) >= least:
                good &= _each(np.abs(values - kink) >= least)
    return good


def inactive_units(bench: Bench, values: Values) -> Array | None:
    """How many units at a kink are below it, and how many there are, for every candidate; None where there are none."""
    counts = None
    for layer in bench.context.layers(0):
        if 0.0 in layer.function.operation.kinks:
            below = values[layer.net.name] < 0
            found = np.stack([_count(below), _count(~below)], axis=1)
            counts = found if counts is None else counts + found
    return counts


def _inactive(view: View) -> Array:
    """Inactive units as the author wants them, or in the author's manner."""
    counts, own = (inactive_units(view.bench, values) for values in (view.values, view.own))
    if counts is None or own is None or view.varying.inactive == "any":
        return np.ones(view.count, dtype=bool)
    wanted = view.varying.inactive
    if wanted == "usual":
        wanted = "none" if not own[0, 0] else "some"
    return np.asarray(counts[:, 0] == 0 if wanted == "none" else (counts[:, 0] > 0) & (counts[:, 1] > 0))


def _vanished(found: Array, digits: Digits) -> Array:
    return np.asarray(np.abs(found) < np.maximum(2 * VANISHING * digits.half_unit(found), ZERO))


def _should_be_there(view: View, name: str) -> Array | bool:
    """Where an error is 0 only by chance: its unit is not inactive, and yet what comes back cancels."""
    context = view.bench.context
    layer = context.layer(context.derivation[name])
    if context.role(context.derivation[name]) != Role.ERROR or layer is None:
        return False
    low, _ = layer.function.operation.range
    stops = 0.0 in layer.function.operation.kinks and low == 0.0
    return view.values[layer.net.name] > 0 if stops else True


def _gradients_left(view: View) -> Array:
    """No more entries of a gradient vanish at the digits asked than of the author's; and none that all do."""
    good = np.ones(view.count, dtype=bool)
    if view.varying.vanishing:
        return good
    for exercise, name, own, values in view.asked():
        if view.bench.derivation[name].stage != Stage.BACKWARD:
            continue
        gone, before = (_vanished(found, digits_of(exercise)) for found in (values, own))
        counted = (np.abs(values) > ZERO) | _should_be_there(view, name)
        good &= _count(gone & counted) <= _count(before)
        if not before.all():
            good &= ~_each(gone)
    return good


def outputs(bench: Bench) -> str | None:
    """The name of what a classifier gives out: of a softmax, or where a class is asked or a target names one."""
    layers = bench.context.layers(0)
    if not layers:
        return None
    last = layers[-1]
    shape = last.activation.expression.shape
    axis = -1 if bench.context.samples == -2 else -2
    several = bool(shape) and shape[axis] > 1
    softmax = last.function.operation.name == "softmax"
    asked = any(name.startswith("class") for one in bench.exercises for name in one.asked)
    target = bench.own.get("y")
    hot = target is not None and bool(np.isin(target, (0, 1)).all() and (target.sum(axis=axis) == 1).all())
    return last.activation.name if several and (softmax or asked or hot) and len(shape) == 2 else None


def _clear_winner(view: View) -> Array:
    name = outputs(view.bench)
    if name is None:
        return np.ones(view.count, dtype=bool)

    def margin(values: Array) -> Array:
        first = np.sort(values, axis=view.units)
        best, second = first.take(-1, axis=view.units), first.take(-2, axis=view.units)
        return np.asarray(np.min(best - second, axis=-1))

    own = float(margin(view.own[name])[0])
    least = view.varying.winner if view.varying.winner is not None else min(WINNER, own / 2)
    return np.asarray(margin(view.values[name]) >= least * (1 + ROOM))


def _no_ties(view: View) -> Array:
    """No more numbers lie in the middle between two roundings than of the author's."""
    good = np.ones(view.count, dtype=bool)
    for exercise, _, own, values in view.asked():
        digits = digits_of(exercise)
        good &= _ties(values, digits) <= _ties(own, digits)
    return good


def _ties(found: Array, digits: Digits) -> Array:
    unit = 2 * digits.half_unit(found)
    with np.errstate(all="ignore"):
        part = np.abs(found) / unit % 1
    return _count((np.abs(part - 0.5) < TIE * (1 + ROOM)) & (unit > 0))


CONDITIONS: Mapping[str, Condition] = {
    "numbers that are too large or none at all": _finite,
    "saturated units": _not_saturated,
    "net inputs at a kink": _off_kinks,
    "inactive units": _inactive,
    "a winner that is not clear": _clear_winner,
    "gradients that vanish at the digits asked": _gradients_left,
    "numbers in the middle between two roundings": _no_ties,
}
"""What must not be, in words, and whether it is not."""
