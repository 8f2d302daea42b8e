"""The names of a program: by a table of what people call things, and by evidence, the right shape and value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.mistakes import Role
from chalkwork.checking.naming.evidence import is_mask, tells
from chalkwork.checking.naming.meanings import Meanings
from chalkwork.checking.naming.passes import after, base_of, last_step, of_the_last_step, updates_before
from chalkwork.checking.naming.stacked import PART
from chalkwork.checking.naming.variables import is_rectangular
from chalkwork.checking.reading.names import NO_NAME
from chalkwork.words import Said, Text

_NEAR = 0.5
_NUMBERED = re.compile(r"(.*\D)(\d+)")
NO_NUMBERS = Text.of("unused.no_numbers")


@dataclass
class Names:
    """What the words of one program stand for."""

    steps: dict[str, object] = field(default_factory=dict)
    data: dict[str, object] = field(default_factory=dict)
    unused: dict[str, Said] = field(default_factory=dict)
    notes: list[Text] = field(default_factory=list)
    guessed: set[str] = field(default_factory=set)
    """The steps whose words no table of names has as theirs."""


class Reader(Meanings):
    """Reads the words of programs for one exercise."""

    def names(self, given: Mapping[str, object], used: Mapping[str, str], refused: Mapping[str, Said]) -> Names:
        """What every word stands for; `used` and `refused` are what the table of names makes of them."""
        found = Names()
        numbers = self.numbers = {word: value for word, value in given.items() if _has_numbers(value)}
        one_sample = self._has_one_sample(numbers)
        for word, value in given.items():
            if word not in numbers and word in self.context.derivation:
                found.steps[word] = value
            elif word not in numbers:
                found.unused[word] = NO_NUMBERS
        known, asked = self.known(numbers, used, refused)
        known = {
            word: name
            for word, name in known.items()
            if word == name or name not in self.begun or self._is(numbers[word], name)
        }
        single = {word for word, name in known.items() if np.size(self.values[name]) == 1 and name in self.shapes}
        for word, value in numbers.items():  # a number of layers, a place in a loop, the losses of all steps
            count = isinstance(value, (int, np.integer)) and (word in single or known.get(word) != word)
            count = count or (word in single and isinstance(value, (list, tuple)))
            of_data = known.get(word) in self.givens.known and isinstance(value, float)
            count = count or (of_data and (np.size(self.values[known[word]]) > 1 or self._is_setting(value)))
            guessed = word in single and known[word] != word
            count = count or (
                guessed and (self._are_losses(value) or (isinstance(value, float) and self.is_entry(value)))
            )
            if count and word in known and not self._is(value, known[word]):
                del known[word]
        held = {word: self.equal(value) for word, value in numbers.items() if tells(value)}
        known |= self._renamed(held, known)
        held = {word: [known[word]] if known.get(word) in equal else equal for word, equal in held.items()}
        own = {name for word, name in known.items() if name in held.get(word, ())}
        known = {
            word: name
            for word, name in known.items()
            if (word == name and (self.fits(numbers[word], name) or own.intersection(held.get(word, ()))))
            or not self.is_another(held.get(word, ()), [name], held)
        }
        known |= {word: equal[0] for word, equal in held.items() if self._are_data(equal, known.get(word))}
        others = (equal for word, equal in held.items() if word not in known and not own.intersection(equal))
        elsewhere = {name for equal in others for name in equal}
        known = {
            word: name
            for word, name in known.items()
            if word == name
            or name not in elsewhere
            or (name[0] != "d" and self.fits(numbers[word], name))
            or self._is(numbers[word], name)
        }
        called = self.derivatives_called({word: [value] for word, value in numbers.items()})
        known = {word: name for word, name in known.items() if called.get(word) != ""}
        free = {word: name for word, name in called.items() if name and word not in known}
        left = {word: name for word, name in free.items()
                if name not in known.values() and self.may_be(numbers[word], name)}  # fmt: skip
        known = {**known, **left}
        known = of_the_last_step(numbers, known, self.context, self._is)
        self.named = set(known.values())
        found.unused |= asked
        taken = set(found.steps)
        loose: dict[str, object] = {}
        right = {word for word, value in numbers.items() if word in known and self._is_ever(value, known[word])}
        between = {word for word in known if word in numbers and self.of_no_step(numbers[word]) is not None}
        for word in sorted(numbers, key=lambda word: (word not in right, word in between, word not in used)):
            value, target = numbers[word], known.get(word)
            if word in asked:
                continue
            if target is not None and word in between and word != target and self._is_loss(target):
                found.unused[word] = self.why_unused(word, value, NO_NAME)
                continue
            if target is not None and self._is_of_one_sample(value, target, one_sample):
                found.unused[word] = Text.of("unused.one_sample")
                continue
            if target is None or (word not in self.shapes and not self.may_be(value, target)):
                loose[word] = value
            elif is_mask(value) and target.startswith("delta") and word not in self.shapes:
                found.unused[word] = Text.of("unused.mask")
            elif target in taken and not (later := self._renewed_beside(found, target, value)):
                found.unused[word] = Text.of("unused.already", name=target)
            elif target in taken:
                taken.add(later)
                found.steps[later] = value
            else:
                taken.add(target)
                self._put(found, target, value)
        self._renewed_rightly(found)
        taken |= set(found.steps)
        for word, value in loose.items():
            self._by_value(found, taken, word, value, known.get(word), refused.get(word, NO_NAME))
        self._renewed(found)
        return found

    def _renamed(self, held: Mapping[str, Sequence[str]], known: Mapping[str, str]) -> dict[str, str]:
        """Words in a row that all have the right values of other quantities in a row: a for z, the layers from 2 on."""
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
                renamed |= {word: f"{kind}{number + by}" for word, number in numbered.items()}
        return renamed

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

    def _is_ever(self, value: object, name: str) -> bool:
        """Whether it is a quantity, or a parameter after an update."""
        return self._is(value, name) or any(base_of(one) == name and self._is(value, one) for one in self.updates)

    def _renewed_beside(self, found: Names, target: str, value: object) -> str:
        """What a parameter that is there as it was is once more, renewed: after all updates, if no value says else."""
        if target not in found.data or not self._is(found.data[target], target) or self._is(value, target):
            return ""
        able = [one for one in self.updates if base_of(one) == target and one not in found.steps]
        return max(able, key=lambda one: (self._is(value, one), updates_before(one)), default="")

    def _put(self, found: Names, target: str, value: object) -> None:
        (found.steps if target in self.context.derivation else found.data)[target] = value

    def _by_value(
        self, found: Names, taken: set[str], word: str, value: object, named: str | None, reason: Said
    ) -> None:
        for name in (*self.context.derivation, *self.givens.known) if tells(value) else ():
            later = "_new" in name and self._is(value, base_of(name))  # hardly changed: it is what was before
            if name not in taken and self._is(value, name) and not later:
                taken.add(name)
                self._put(found, name, value)
                if not word.startswith(PART):
                    found.notes.append(Text.of("note.taken", word=word, name=name))
                return
        again = next((name for name in (*taken, *found.data) if tells(value) and self._is(value, name)), None)
        if again is not None:
            found.unused[word] = Text.of("unused.again", name=again)
            return
        several = np.size(np.asarray(value, dtype=object)) > 1 and not is_mask(value)
        if several and any(self._is(value, name) for name in self.givens.known):
            return  # the exercise's own data under another name
        of_no_step = self.of_no_step(value) or self._of_the_data(word, value, named)
        if named is None or of_no_step is not None:
            found.unused[word] = of_no_step or self.why_unused(word, value, reason)
        elif named in taken:
            found.unused[word] = Text.of("unused.already", name=named)
        elif not (
            self.fits(value, named)
            or (named in self.givens.known and np.size(self.values[named]) > 1)
            or any(map(str.isdigit, word))
            or len(word) > 2
        ):
            found.unused[word] = reason  # one letter and another shape
        else:
            taken.add(named)
            self._put(found, named, value)

    def _renewed(self, found: Names) -> None:
        """Parameters that a program has renewed in place are those after the update.

        So are those that are wrong by then, if what was worked out with them is right.
        """
        self._renewed_rightly(found)
        for name in sorted(found.data, key=lambda name: not self._was_right(found, name)):
            renewed = any(f"{given}_new" in found.steps for given in self.givens.known)
            alone = not any(self.context.steps[step] == 0 and step not in self.updates for step in found.steps)
            if not self._is(found.data[name], name) and (renewed or alone or self._was_right(found, name)):
                able = [later for later in self.context.derivation if later.startswith(f"{name}_new")]
                able = able[:-2:-1] if alone else [one for one in able if not self._was_right(found, one)][:1]
                self._later(found, name, able)
        for name in [name for name in found.steps if name in self.updates and base_of(name) in self.givens.known]:
            if not self._is(found.steps[name], name) and self._was_right(found, name):
                later = after(base_of(name), updates_before(name) + 1)
                if later in self.context.derivation and later not in found.steps:
                    found.steps[later] = found.steps.pop(name)
        in_place = found.notes and any(f"{given}_new" in found.steps for given in self.givens.known)
        for name in [name for name in found.data if f"d{name}" in found.steps] if in_place else ():
            if (
                name in self.named and not self._is_near_another(found, name) and self._is(found.data[name], name)
            ):  # those beside it were renewed, and its gradient is there
                self._later(found, name, [f"{name}_new"])

    def _renewed_rightly(self, found: Names) -> None:
        for name in list(found.data):
            if not self._is(found.data[name], name):
                able = [later for later in self.context.derivation if later.startswith(f"{name}_new")]
                self._later(found, name, [later for later in able if self._is(found.data[name], later)])

    def _is_near_another(self, found: Names, name: str) -> bool:
        """Whether something without a name is near a parameter: that is what an update has made of it."""
        right = np.asarray(self.values[name], dtype=float)
        for word in found.unused:
            value = self.numbers.get(word)
            own = np.ravel(np.asarray(value)) if value is not None and self.fits(value, name) else np.empty(0)
            if own.dtype.kind != "f" or not own.size == right.size > 1 or self._is(value, name):
                continue
            if np.linalg.norm(own - np.ravel(right)) < _NEAR * np.linalg.norm(right):
                return True
        return False

    def _was_right(self, found: Names, name: str) -> bool:
        """Whether something that is worked out with a parameter has the value that the exercise's gives."""
        reached = {name}
        for equation in self.context.derivation.equations:
            made = self.context.steps[equation.name] == updates_before(name)
            if (
                made
                and equation.name not in self.updates
                and any(one.name in reached for one in names_in(equation.expression))
            ):
                if equation.name in found.steps and self._is(found.steps[equation.name], equation.name):
                    return True
                reached.add(equation.name)
        return False

    def _later(self, found: Names, name: str, able: Iterable[str]) -> None:
        for later in able:
            if later in self.context.derivation and later not in found.steps:
                found.steps[later] = found.data.pop(name)
                found.notes.append(Text.of("note.updated", name=name, later=later))
                return


def _has_numbers(value: object) -> bool:
    if isinstance(value, (bool, np.bool_, type(None))):
        return False
    if isinstance(value, str):  # typed: a program's words are none
        return bool(re.match(r"[^a-zA-Z]*[0-9]", value)) and len(value) < 2000
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind:
        return kind in "fiub" and 0 < int(getattr(value, "size", 1)) <= 10**6
    if isinstance(value, (list, tuple)):
        return is_rectangular(value)
    return isinstance(value, (int, float)) or hasattr(value, "__array__")
