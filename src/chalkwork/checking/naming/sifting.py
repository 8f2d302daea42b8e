"""Which meanings of a program's words stand, held against all of its values: one reason after the other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chalkwork.checking.mistakes import Role
from chalkwork.checking.naming.evidence import tells
from chalkwork.checking.naming.meanings import Meanings
from chalkwork.checking.naming.passes import base_of, last_step, of_the_last_step

_NUMBERED = re.compile(r"(.*\D)(\d+)")


@dataclass
class Told:
    """The words of a program: their values, what they mean as far as it is known, and whose right values they have."""

    numbers: Mapping[str, object]
    known: dict[str, str]
    equal: Mapping[str, list[str]]

    @property
    def held(self) -> dict[str, list[str]]:
        """The quantities whose right value each word has: what it means alone, if that is among them."""
        return {
            word: [self.known[word]] if self.known.get(word) in equal else equal for word, equal in self.equal.items()
        }

    @property
    def own(self) -> set[str]:
        """The quantities that have their right value under a word that means them."""
        return {name for word, name in self.known.items() if name in self.equal.get(word, ())}


class Sifting(Meanings):
    """What the words mean, without the meanings that their values speak against, and with those that they speak for."""

    def sifted(self, numbers: Mapping[str, object], meant: Mapping[str, str]) -> dict[str, str]:
        """What the words stand for, of what they can mean by the tables of names."""
        equal = {word: self.equal(value) for word, value in numbers.items() if tells(value)}
        told = Told(numbers, dict(meant), equal)
        for sieve in (
            self._without_beginnings,
            self._without_counts,
            self._without_settings,
            self._without_series,
            self._numbered_otherwise,
            self._without_misfits,
            self._without_others,
            self._with_data,
            self._without_those_elsewhere,
            self._with_derivatives,
            self._of_the_last_step,
        ):
            told.known = sieve(told)
        return told.known

    def _without_beginnings(self, told: Told) -> dict[str, str]:
        """The states that a sequence begins with are zeros: what is something else has another meaning."""
        return {
            word: name
            for word, name in told.known.items()
            if word == name or name not in self.begun or self._is(told.numbers[word], name)
        }

    def _without_counts(self, told: Told) -> dict[str, str]:
        """A whole number is a number of layers or a place in a loop, a list of numbers no single one."""

        def counts(word: str, name: str) -> bool:
            value, single = told.numbers[word], self._is_single(name)
            whole = isinstance(value, (int, np.integer)) and (single or name != word)
            return (whole or (single and isinstance(value, (list, tuple)))) and not self._is(value, name)

        return {word: name for word, name in told.known.items() if not counts(word, name)}

    def _without_settings(self, told: Told) -> dict[str, str]:
        """A number is no parameter that has more entries, nor one that has the value of a rate: Adam's b1."""

        def is_setting(value: object, name: str) -> bool:
            of_data = name in self.givens.known and isinstance(value, float)
            set_ = of_data and (np.size(self.values[name]) > 1 or self._is_setting(value))
            return set_ and not self._is(value, name)

        return {word: name for word, name in told.known.items() if not is_setting(told.numbers[word], name)}

    def _without_series(self, told: Told) -> dict[str, str]:
        """The losses of all steps, and an entry of something larger, are no single number that a word can mean too."""

        def of_several(word: str, name: str) -> bool:
            value = told.numbers[word]
            if word == name or not self._is_single(name):
                return False
            several = self._are_losses(value) or (isinstance(value, float) and self.is_entry(value))
            return several and not self._is(value, name)

        return {word: name for word, name in told.known.items() if not of_several(word, name)}

    def _numbered_otherwise(self, told: Told) -> dict[str, str]:
        """Words in a row that all have the right values of other quantities in a row: a for z, the layers from 2 on."""
        held, known = told.equal, told.known
        families: dict[str, dict[str, int]] = {}
        for word in held:
            if found := _NUMBERED.fullmatch(word):
                families.setdefault(found[1], {})[word] = int(found[2])
        renamed: dict[str, str] = {}
        for numbered in families.values():
            if any(known.get(word) in held[word] for word in numbered) or len(numbered) < 2:
                continue
            meant = [{(one[1], int(one[2]) - number) for name in held[word] if (one := _NUMBERED.fullmatch(name))}
                     for word, number in numbered.items()]  # fmt: skip
            for kind, by in sorted(set.intersection(*meant))[:1]:
                meaning = {word: f"{kind}{number + by}" for word, number in numbered.items()}
                renamed |= {} if told.own.issuperset(meaning.values()) else meaning  # which other words mean
        return known | renamed

    def _without_misfits(self, told: Told) -> dict[str, str]:
        """What has the right value of another quantity is that, and no data, parameter or shape that it is not like."""

        def stands(word: str, name: str) -> bool:
            equal = told.equal.get(word)
            if not equal or name in equal or told.own.intersection(equal):
                return True
            given = name in self.givens.known
            renewed = given and all(one in self.updates and base_of(one) != name for one in equal)
            made = given and name not in map(base_of, self.updates) and equal[0] in self.context.derivation
            return self.fits(told.numbers[word], name) and not (renewed or made)

        return {word: name for word, name in told.known.items() if stands(word, name)}

    def _without_others(self, told: Told) -> dict[str, str]:
        """What has the right value of another quantity is no wrong one: the program has that under another word."""
        held, own = told.held, told.own

        def stands(word: str, name: str) -> bool:
            typed = word == name and (self.fits(told.numbers[word], name) or own.intersection(held.get(word, ())))
            return bool(typed) or not self.is_another(held.get(word, ()), [name], held)

        return {word: name for word, name in told.known.items() if stands(word, name)}

    def _with_data(self, told: Told) -> dict[str, str]:
        """What is called like a step and has the values of the data is the data."""
        data = {word: equal[0] for word, equal in told.held.items() if self._are_data(equal, told.known.get(word))}
        return told.known | data

    def _without_those_elsewhere(self, told: Told) -> dict[str, str]:
        """What a word without a meaning has the right value of is not meant by one that has a wrong one."""
        own, others = told.own, [equal for word, equal in told.equal.items() if word not in told.known]
        elsewhere = {name for equal in others if not own.intersection(equal) for name in equal}

        def stands(word: str, name: str) -> bool:
            value = told.numbers[word]
            clear = (word == name or name[0] != "d") and self.fits(value, name)
            return name not in elsewhere or clear or self._is(value, name)

        return {word: name for word, name in told.known.items() if stands(word, name)}

    def _with_derivatives(self, told: Told) -> dict[str, str]:
        """What is called like the derivative by what another word has the value of is that, and nothing else."""
        called = self.derivatives_called({word: [value] for word, value in told.numbers.items()})
        known = {word: name for word, name in told.known.items() if called.get(word) != ""}
        free = {word: name for word, name in called.items() if name and word not in known}
        meant = set(known.values())
        return known | {
            word: name for word, name in free.items() if name not in meant and self.may_be(told.numbers[word], name)
        }

    def _of_the_last_step(self, told: Told) -> dict[str, str]:
        """After several steps of training, what a program works out in each is the last one's."""
        return of_the_last_step(told.numbers, told.known, self.context, self._is)

    # --- what a value is ---------------------------------------------------------------------------------------------

    def _is_single(self, name: str) -> bool:
        return name in self.shapes and np.size(self.values[name]) == 1

    def _is_loss(self, name: str) -> bool:
        return name in self.context.derivation and self.context.role(self.context.derivation[name]) == Role.LOSS

    def _are_losses(self, value: object) -> bool:
        """Whether it is the loss of every step, kept one by one."""
        return np.shape(np.asarray(value)) == (last_step(self.context) + 1,)

    def _are_data(self, equal: Sequence[str], name: str | None) -> bool:
        """Whether what is called like a step has the values of the data: `out` for the targets."""
        return (
            name is not None and name in self.context.derivation and name not in equal and equal[:1] in (["x"], ["y"])
        )

    def _is_setting(self, value: object) -> bool:
        """Whether it is a rate or a decay of the exercise, whatever it is called: Adam's b1."""
        given = self.context.derivation.givens
        return any(float(np.ravel(self.values[one.name])[0]) == value for one in given if not one.shape)
