"""What the words of a program mean by the tables of names, layers counted as the program counts them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from chalkwork.checking.naming.called import read_in_parts
from chalkwork.checking.naming.evidence import Evidence
from chalkwork.checking.naming.states import states_called
from chalkwork.checking.naming.variables import AGAIN
from chalkwork.checking.reading.names import bare_name, longest

_GRADIENT = "grad_"
_RENEWED = re.compile(r"(.+?)_?(?:new|neu|updated|next)|(?:new|updated|next)_?(.+)", re.IGNORECASE)
_ENDS = re.compile(r"(.*\D)(\d+)")
_FORWARD = re.compile(r"(z|a|s|h|net|act|delta|d|dz|sigma|activation|layer|l)(\d+)(?:delta|error)?", re.IGNORECASE)
_PARAMETER = re.compile(
    r"(?:d|grad|g|nabla|gradient|delta)?(w|b|weight|weights|bias|theta|syn)(\d+)(?:grad|gradient)?", re.I
)


class Meanings(Evidence):
    """The readings of names."""

    def known(self, given: Mapping[str, object], used: Mapping[str, str]) -> dict[str, str]:
        """What the words mean by the tables, layers counted as the program counts them."""
        words = {word: bare_name(word).lower() for word in given}
        plain: dict[str, str] = {}
        states = (
            states_called(
                (word.removeprefix(AGAIN) for word in given), (*self.givens.known, *self.shapes), self._meaning
            )
            if self.has_states
            else {}
        )
        for word in given:
            bare = word.removeprefix(AGAIN)
            target = states.get(bare) or used.get(bare) or self._meaning(bare)
            if target:
                plain[word] = target
        known = plain | self._in_time(given)
        known |= {word: name for word, name in self._by_the_last(given).items() if word not in known}
        for pattern, shifts in ((_FORWARD, (-1, 1)), (_PARAMETER, (1,))):
            family = [word for word, bare in words.items() if pattern.fullmatch(bare)]
            shift = self._shift(given, plain, family, words, pattern, shifts)
            if shift:
                for word in family:
                    moved = self._moved(words[word], pattern, shift)
                    known.pop(word, None)
                    if moved is not None:
                        known[word] = moved
            for layers in (self.weighed, self.biased):
                ordered = {word: self._in_order(words[word], pattern, given[word], layers) for word in family}
                if self._score(given, ordered) > self._score(given, {word: known.get(word) for word in family}):
                    for word, name in ordered.items():
                        known.pop(word, None)
                        if name is not None:
                            known[word] = name
        known |= {word: name for word, name in self._renewed_words(given).items() if word not in known}
        return known

    def _renewed_words(self, given: Mapping[str, object]) -> dict[str, str]:
        """What a word means that says of another, which has a parameter's value, that it is new: v_new beside v."""
        meant: dict[str, str] = {}
        for word in given:
            found = _RENEWED.fullmatch(word)
            old = given.get(found[1] or found[2]) if found is not None else None
            able = [name for name in self.equal(old) if f"{name}_new" in self.updates] if old is not None else []
            if len(able) == 1:
                meant[word] = f"{able[0]}_new"
        return meant

    def _in_time(self, given: Iterable[str]) -> dict[str, str]:
        """What the words mean whose numbers are the steps of a sequence, counted from 0: f0, f1, f2."""
        steps = longest(self.shapes)
        families: dict[str, dict[int, str]] = {}
        for word in given if steps else ():
            if found := _ENDS.fullmatch(word):
                families.setdefault(found[1], {})[int(found[2])] = word
        meant: dict[str, str] = {}
        for stem, numbered in families.items():
            if set(numbered) == set(range(steps)):
                matched, _ = self.table.match([f"{stem}{number + 1}" for number in numbered])
                names = {number: matched.get(f"{stem}{number + 1}", "") for number in numbered}
                if all(name.endswith(f"_t{number + 1}") for number, name in names.items()):
                    meant |= {numbered[number]: name for number, name in names.items()}
        return meant

    def _score(self, given: Mapping[str, object], meant: Mapping[str, str | None]) -> tuple[int, int]:
        """How many values are right by a reading, and how many shapes."""
        targets = [(given[word], name) for word, name in meant.items() if name is not None]
        return sum(self._is(value, name) for value, name in targets), sum(self.fits(*one) for one in targets)

    def _in_order(self, bare: str, pattern: re.Pattern[str], value: object, layers: Sequence[int]) -> str | None:
        """What a word means where only layers with weights, or with biases, are counted: what a dropout or a
        normalisation after one gives is that layer's output then, if it looks like it.
        """
        found = pattern.fullmatch(bare)
        number = int(found[2]) if found is not None else 0
        if found is None or not 1 <= number <= len(layers) or layers == list(range(1, len(layers) + 1)):
            return None
        start, end = found.span(2)
        first, last = layers[number - 1], (*layers, self.layers + 1)[number] - 1
        names = [self._meaning(f"{bare[:start]}{one}{bare[end:]}") for one in (first, last)]
        if names[0] == f"a{first}" and names[1] is not None and last > first:
            mask = np.asarray(self.values.get(f"mask{last}", 1.0))
            own = np.asarray(value) if hasattr(value, "dtype") else np.empty(0)
            dropped = own.shape == mask.shape and bool((own[mask == 0] == 0).all())
            plain = f"mask{last}" in self.values and not dropped
            return names[0] if plain and not self._is(value, names[1]) else names[1]
        return names[0]

    def _shift(
        self,
        given: Mapping[str, object],
        plain: Mapping[str, str],
        family: Sequence[str],
        words: Mapping[str, str],
        pattern: re.Pattern[str],
        shifts: Iterable[int],
    ) -> int:
        """By how much the program's numbers of layers differ: what most values, then most shapes, then names say."""

        def score(shift: int) -> tuple[int, int, int]:
            right = shaped = 0
            for word in family:
                target = plain.get(word) if not shift else self._moved(words[word], pattern, shift)
                if target is not None:
                    right += self._is(given[word], target)
                    turned = target.startswith("dW") and self.fits(np.transpose(np.asarray(given[word])), target)
                    shaped += turned or self.fits(given[word], target)
            return right, shaped, -abs(shift)

        return max((0, *shifts), key=score) if family else 0

    def _moved(self, bare: str, pattern: re.Pattern[str], shift: int) -> str | None:
        found = pattern.fullmatch(bare)
        if found is None:
            return None
        number = int(found[2]) + shift
        start, end = found.span(2)
        word = f"{bare[:start]}{number}{bare[end:]}"
        if number == 0 and found[1].lower() in ("a", "l", "h", "layer", "activation"):
            return "x"
        return self._meaning(word) if number > 0 else None

    def _total(self, word: str) -> str | None:
        """What an engine keeps beside a number: the derivative of the last result by it."""
        last = next((name for name in reversed(list(self.shapes)) if "/d" in name and " " not in name), "")
        name = f"{last.partition('/d')[0]}/d{word}"
        return name if name in self.shapes and name != word else None

    def _by_the_last(self, given: Mapping[str, object]) -> dict[str, str]:
        """What dx means beside dy, dz that are derivatives of the last result: the last result's by x as well."""
        totals = {word: name for word in given if word[:1] == "d" and (name := self._total(word[1:].lstrip("_")))}
        right = [word for word, name in totals.items() if self._is(given[word], name)]
        return totals if not self.layers and len(right) > 1 else {}

    def _meaning(self, word: str) -> str | None:
        matched, _ = self.table.match([word])
        if not matched:
            matched, _ = self.givens.match([word])
        if matched:
            return next(iter(matched.values()))
        if not self.layers and word.startswith(_GRADIENT):
            return self._total(word.removeprefix(_GRADIENT))
        found = self.aliases.get(bare_name(word).lower(), ())
        if not found:
            name = read_in_parts(word, self.layers) if self.layers else None
            return name if name in self.values else None
        return found[0] if len(found) == 1 else None
