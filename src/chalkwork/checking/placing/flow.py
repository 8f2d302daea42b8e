"""The graph of a derivation, with what a program may leave out of it: from which quantities which step can be made."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.mistakes import Role
from chalkwork.checking.mistakes.errors import slope_of
from chalkwork.checking.naming.evidence import same
from chalkwork.checking.naming.passes import last_step, updates_before
from chalkwork.checking.naming.programs import Reader
from chalkwork.derivation.evaluate import evaluate

_MOST_SKIPPED = 2
"""Between two values of a program so many steps may lie that it has no value for."""


class Flow:
    """The steps, each with what it is made of; the quantities that a program has are `known`."""

    def __init__(self, reader: Reader, known: Collection[str]) -> None:
        self.reader = reader
        derivation = reader.context.derivation
        values = reader.values
        numbers = {one.name for one in derivation.givens if np.size(values[one.name]) == 1}
        single = numbers - {"x", "y", *(name for name in numbers if f"{name}_new" in derivation)}
        self.smallest = 1 if numbers != single else 2
        """So many numbers has what no step can be made without."""
        zero = {one.name for one in derivation.givens if not np.any(values[one.name])}
        self.free = {*single, *zero, *({"y"} - set(known))} - set(derivation)
        """What a step may be made with and is not seen in a program: rates, states that are zero, targets as counts."""
        self.free |= reader.begun
        self.made_of = {
            one.name: frozenset(part.name for part in names_in(one.expression)) - self.free
            for one in derivation.equations
        }
        self.one: dict[str, str] = {}
        """What is the same as the one quantity it is made of: the output of a layer without a function."""
        for name, parts in self.made_of.items():
            for part in parts if len(parts) == 1 else ():
                if np.array_equal(values[part], values[name]):
                    self.one[name] = self.one.get(part, part)
        self.made_of = {
            name: frozenset(self.one.get(part, part) for part in parts)
            for name, parts in self.made_of.items()
            if name not in self.one
        }
        self.then: dict[str, list[str]] = {}
        self.output: dict[str, str] = {}
        """For every net input what is made of it alone."""
        for name, parts in self.made_of.items():
            for part in parts:
                self.then.setdefault(part, []).append(name)
            part = next(iter(parts), "")
            if len(parts) == 1 and part in self.made_of and np.shape(values[part]) == np.shape(values[name]):
                self.output.setdefault(part, name)

    def cost(self, name: str, operands: frozenset[str]) -> int | None:
        """How many steps are skipped where one is made of these operands, all of them and nothing else; None if it is
        not.
        """
        met: set[str] = set()
        skipped = 0
        wanted = list(self.made_of[name])
        seen = set(wanted)
        while wanted:
            part = wanted.pop()
            if part in operands:
                met.add(part)
            elif (output := self.output.get(part)) in operands and output != name:
                met.add(str(output))
            elif part not in self.made_of or skipped == _MOST_SKIPPED:
                return None
            else:
                skipped += 1
                wanted += [one for one in self.made_of[part] if one not in seen]
                seen |= self.made_of[part]
        return skipped if met == operands else None

    @cached_property
    def between(self) -> list[Any]:
        """Right values that are no step: the slopes of all layers, and what comes back to their activations."""
        context, values = self.reader.context, self.reader.values
        found = []
        with np.errstate(all="ignore"):
            for layer in (one for step in range(last_step(context) + 1) for one in context.layers(step)):
                if (slope := slope_of(layer)) is not None:
                    found.append(evaluate(slope, values))
                    errors = [one.name for of, one in context.derivatives.items() if of[1] == layer.net.name]
                    found += [np.asarray(values[error]) / found[-1] for error in errors]
        return found

    def is_between(self, value: Any) -> bool:
        """Whether it is one of these, with a minus or without 1/m perhaps."""
        factors = [sign * count for sign in (1, -1) for count in {1, self.reader.context.sizes[0]}]
        near = [one for one in self.between if np.size(one) == value.size]
        return any(same(value, factor * one) for one in near for factor in factors)

    def looks_like(self, value: Any, name: str) -> bool:
        """Whether what is an activation has no negative numbers where the right one has none."""
        equation = self.reader.context.derivation[name]
        positive = self.reader.context.role(equation) == Role.ACTIVATION and np.min(self.reader.values[name]) >= 0
        return not positive or bool(np.min(value) >= 0)

    def steps(self, operands: frozenset[str], size: int) -> dict[str, int]:
        """The steps of a size that can be made of the operands, with what is skipped."""
        found: dict[str, int] = {}
        able = set(operands)
        for _ in range(_MOST_SKIPPED + 1):
            able |= {name for part in able for name in self.then.get(part, ())}
        for name in able & self.made_of.keys():
            if np.size(self.reader.values[name]) == size and name not in operands:
                cost = self.cost(name, operands)
                if cost is not None:
                    found[name] = cost
        return found

    def near(self, operands: frozenset[str], size: int) -> set[str]:
        """The steps of a size that lack one of the operands, or have another one in its place, or one more; none of a
        later step than all that is there.
        """
        found = set()
        last = max(map(updates_before, operands), default=0)
        able = {name for part in operands for name in self.then.get(part, ())} - operands
        for name in (one for one in able if updates_before(one) <= last):
            parts = self.made_of[name]
            outputs = {self.output.get(part) for part in parts} - {None, name}
            met = [part for part in parts if part in operands or self.output.get(part) in operands & outputs]
            missing, more = parts - {*met}, operands - parts - outputs
            few = met and len(missing) <= 1 and len(more) <= 1 and (more or missing <= self.made_of.keys())
            if few and np.size(self.reader.values[name]) == size:
                found.add(name)
        return found
