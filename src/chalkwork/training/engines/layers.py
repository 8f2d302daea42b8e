"""Layers of the same shape, one after the other, as the steps of a sequence: compiled once for any number of them.

The number of a layer is read as the index of a step, so that `sweeps` makes loops of equal equations. While steps of
training are done, the parameters of the layers in a loop lie in one array.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple

import numpy as np

from chalkwork.algebra.expression import Expression, Name, transform
from chalkwork.algebra.times import at_time, step_of
from chalkwork.training.engines.across import Turned, across, is_small
from chalkwork.training.engines.sweeps import Part, Steps, Sweep, parts_of, run_parts
from chalkwork.training.step import Step, Values

FEWEST_LAYERS = 32
"""Equal layers from which on a loop is worth it: a parameter in a loop is copied before it is used."""
PERIODS = (1, 2, 3, 4)
LARGEST = 1 << 12
"""Entries of an array of such a layer; copying larger ones costs more than their compiling, once, saves."""
_NUMBERED = re.compile(r"(\w*[^\W\d_])(\d+)((?:_new)?)")


@dataclass(frozen=True)
class Rows:
    """A parameter of the layers low to high: its name without a number, and that of what replaces it."""

    before: str
    after: str
    low: int
    high: int

    @property
    def names(self) -> list[str]:
        """What is carried, layer by layer."""
        return [at_time(self.before, number) for number in range(self.low, self.high + 1)]


class InRows(NamedTuple):
    """What is carried, while steps are done."""

    alone: dict[str, Any]
    rows: dict[str, Any]


@dataclass(frozen=True)
class Form:
    """A step as it is traced: its equations as parts, under names of their own, and what lies in one array."""

    parts: Sequence[Part | Turned]
    names: Mapping[str, str]
    carried: Mapping[str, str]
    """By the name of the step; what replaces it, by its own name here."""
    loss: str | None
    rows: tuple[Rows, ...] = ()
    across: frozenset[str] = frozenset()
    """What is held transposed."""

    def stacked(self, carried: Values) -> InRows:
        """What is carried, with an array for what lies in rows."""
        here = {self.names.get(name, name): value for name, value in carried.items()}
        rows = {one.before: np.stack([here.pop(name) for name in one.names]) for one in self.rows}
        return InRows({name: value for name, value in carried.items() if self.names.get(name, name) in here}, rows)

    def apart(self, state: InRows) -> dict[str, Any]:
        """The same by the names of the step."""
        rows = [(one, np.asarray(state.rows[one.before])) for one in self.rows]
        whole = {name: value for one, values in rows for name, value in zip(one.names, values, strict=True)}
        return {name: state.alone[name] if name in state.alone else whole[self.names[name]] for name in self.carried}

    def held(self, xp: Any, given: Values) -> dict[str, Any]:
        """What is given, as it is held."""
        return {name: xp.matrix_transpose(value) if name in self.across else value for name, value in given.items()}

    def after(self, jax: Any, state: InRows, given: Values) -> tuple[InRows, Any]:
        """What is carried after one step, and the loss before."""
        values = Steps({self.names.get(name, name): value for name, value in {**given, **state.alone}.items()})
        values.rows |= {one.before: (one.low, state.rows[one.before]) for one in self.rows}
        values = run_parts(self.parts, jax, values)
        rows = {one.before: values.row(jax.numpy, one.after, one.low, one.high) for one in self.rows}
        loss = None if self.loss is None else values[self.loss][0, 0]
        return InRows({name: values[self.carried[name]] for name in state.alone}, rows), loss


def form_of(step: Step, alone: bool) -> Form:
    """The step as it is traced; on one processor `alone` with loops over equal layers, or with samples side by side."""
    numbers = _numbers(step) if alone else {}
    if max((number for _, number, _ in numbers.values()), default=0) >= FEWEST_LAYERS:
        for period in PERIODS:  # a block of so many layers recurs
            found = _looped(step, numbers, period)
            if found is not None:
                return found
    if numbers and is_small(step):
        equations, turned, lying = across(step)
        return Form([*turned, *parts_of(equations)], {}, step.carried, step.loss, (), lying)
    return Form(parts_of(step.needed), {}, step.carried, step.loss)


def _looped(step: Step, numbers: Mapping[str, tuple[str, int, str]], period: int) -> Form | None:
    names = {
        name: at_time(f"{stem}{(number - 1) % period or ''}{new}", (number - 1) // period)
        for name, (stem, number, new) in numbers.items()
    }

    def named(node: Expression) -> Expression | None:
        return Name(names[node.name], node.shape) if isinstance(node, Name) and node.name in names else None

    equations = [
        replace(one, name=names.get(one.name, one.name), expression=transform(one.expression, named))
        for one in step.needed
    ]
    carried = {name: names.get(after, after) for name, after in step.carried.items()}
    parts = parts_of(equations, carried.values(), FEWEST_LAYERS // period)
    sweeps = [part for part in parts if isinstance(part, Sweep)]
    if len(sweeps) < 3 or max(prod(one.shape) for sweep in sweeps for _, one in sweep.made) > LARGEST:
        return None  # not to, fro and the updates, or too large
    before = {after: names.get(name, name) for name, after in carried.items()}
    rows = tuple(one for sweep in sweeps for one in _rows(sweep, before))
    return Form(parts, names, carried, step.loss, rows)


def _numbers(step: Step) -> dict[str, tuple[str, int, str]]:
    """The names that end with the number of a layer, taken apart."""
    numbers = [name for name in step.derivation.givens if name.shape or name.name in step.carried]
    every = {name.name for name in numbers} | {one.name for one in step.needed}
    if any(step_of(name) is not None for name in every):
        return {}
    found = {name: match for name in every - set(step.data) if (match := _NUMBERED.fullmatch(name))}
    return {name: (match[1], int(match[2]), match[3]) for name, match in found.items()}


def _rows(sweep: Sweep, before: Mapping[str, str]) -> list[Rows]:
    found = []
    for after, _ in sweep.made:
        stem = after.removesuffix("_new")
        one = Rows(stem, after, sweep.low, sweep.high)
        if stem != after and all(
            before.get(at_time(after, number)) == at_time(stem, number) for number in range(one.low, one.high + 1)
        ):
            found.append(one)
    return found
