"""The names of a program: by a table of what people call things, and by evidence, the right shape and value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.mistakes import Role
from chalkwork.checking.naming.called import holds_a_loss
from chalkwork.checking.naming.evidence import is_mask, tells
from chalkwork.checking.naming.passes import after, base_of, updates_before
from chalkwork.checking.naming.sifting import Sifting
from chalkwork.checking.naming.stacked import PART
from chalkwork.checking.naming.variables import is_rectangular
from chalkwork.checking.reading.names import NO_NAME
from chalkwork.words import Said, Text

_NEAR = 0.5
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


class Reader(Sifting):
    """Reads the words of programs for one exercise."""

    def names(self, given: Mapping[str, object], used: Mapping[str, str], refused: Mapping[str, Said]) -> Names:
        """What every word stands for; `used` and `refused` are what the table of names makes of them."""
        found = Names()
        numbers = self.numbers = {word: value for word, value in given.items() if _has_numbers(value)}
        for word, value in given.items():
            if word not in numbers and word in self.context.derivation:
                found.steps[word] = value
            elif word not in numbers:
                found.unused[word] = NO_NUMBERS
        known = self.sifted(numbers, self.known(numbers, used))
        self.named = set(known.values())
        taken = set(found.steps)
        loose = self._by_name(found, taken, known, used)
        self._renewed_rightly(found)
        taken |= set(found.steps)
        for word in loose:
            self._by_value(found, taken, word, numbers[word], known.get(word), refused.get(word, NO_NAME))
        self._renewed(found)
        return found

    def _by_name(
        self, found: Names, taken: set[str], known: Mapping[str, str], used: Mapping[str, str]
    ) -> Sequence[str]:
        """Take every word as what it means, the right values first; the words are left over that mean nothing, or
        something of another shape.
        """
        numbers, one_sample = self.numbers, self._has_one_sample(self.numbers)
        right = {word for word in known if self._is_ever(numbers[word], known[word])}
        between = {word for word in known if self.of_no_step(numbers[word]) is not None}
        loose = []
        for word in sorted(numbers, key=lambda word: (word not in right, word in between, word not in used)):
            value, target = numbers[word], known.get(word)
            if target is not None and word in between and word != target and self._is_loss(target):
                found.unused[word] = self.why_unused(word, value, NO_NAME)
            elif target is not None and self._is_of_one_sample(value, target, one_sample):
                found.unused[word] = Text.of("unused.one_sample")
            elif target is None or (word not in self.shapes and not self.may_be(value, target)):
                loose.append(word)
            elif is_mask(value) and target.startswith("delta") and word not in self.shapes:
                found.unused[word] = Text.of("unused.mask")
            elif target not in taken:
                taken.add(target)
                self._put(found, target, value)
            elif later := self._renewed_beside(found, target, value):
                taken.add(later)
                found.steps[later] = value
            else:
                found.unused[word] = Text.of("unused.already", name=target)
        return loose

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
        if again is not None and not self._is_unsummed(again, named):
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
        elif not (self.fits(value, named) or self._is_clear(word, value, named)):
            found.unused[word] = self.why_unused(word, value, reason)
        else:
            taken.add(named)
            self._put(found, named, value)

    def _is_unsummed(self, again: str, named: str | None) -> bool:
        """Whether the quantity that a value has once more is what the named gradient is summed from: a bias's."""
        equation = self.context.derivation.get(named or "")
        if equation is None or self.context.role(equation) != Role.GRADIENT:
            return False
        return [one.name for one in names_in(equation.expression)] == [again]

    def _is_clear(self, word: str, value: object, named: str) -> bool:
        """Whether a word says what it means although the value has another shape: it has the number of a layer, or is
        no single letter, and the shape is not that of the same in another layer, which a program went on to.
        """
        if (named in self.givens.known and np.size(self.values[named]) > 1) or any(map(str.isdigit, word)):
            return True
        if self._is_loss(named) and not holds_a_loss(word):  # the errors themselves
            return False
        kind = named.rstrip("0123456789")
        others = (one for one in self.shapes if one != named and one.rstrip("0123456789") == kind)
        return len(word) > 2 and not any(self.fits(value, one) for one in others)

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
