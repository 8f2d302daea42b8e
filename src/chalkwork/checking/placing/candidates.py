"""What each word of a recorded program can stand for, by its name and by what it held at first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.mistakes import Role
from chalkwork.checking.naming.called import kinds_called
from chalkwork.checking.naming.evidence import tells
from chalkwork.checking.naming.passes import base_of
from chalkwork.checking.naming.programs import Reader
from chalkwork.checking.placing.versions import Words
from chalkwork.checking.recording import Made

_NUMBERS = re.compile(r"\d*(?:_t\d+)?$")


class Candidates:
    """The words of a recording, each with its chain: the quantities that it can be, in the order of the work."""

    def __init__(self, reader: Reader, words: Words, used: Mapping[str, str]) -> None:
        self.reader, self.words, self.used = reader, words, used
        self.derivation = reader.context.derivation
        self.names = (*(given.name for given in self.derivation.givens), *self.derivation)
        self.givens = {given.name for given in self.derivation.givens}
        self._known_equal: dict[int, list[str]] = {}
        told = {word: next((one for one in made if tells(one.value)), made[-1]).value for word, made in words.items()}
        self.known = reader.known(told, used)
        self.chains = {word: self._chain(word, self.known.get(word), made) for word, made in words.items()}
        self.chains |= {word: chain for word in words if (chain := self._of_a_parameter(word))}
        called = self.called = reader.derivatives_called(
            {word: [one.value for one in made] for word, made in words.items()}
        )
        for word, name in called.items():
            if not name:
                self.chains[word] = []
            elif not self.chains[word]:
                self.chains[word] = [one for one in self.names if base_of(one) == name]

    def equal_to(self, made: Made) -> list[str]:
        """The quantities that have the value."""
        if id(made) not in self._known_equal:
            self._known_equal[id(made)] = self.reader.equal(made.value)
        return self._known_equal[id(made)]

    def _chain(self, word: str, target: str | None, versions: Sequence[Made]) -> list[str]:
        """The quantities that a word can stand for, in the order in which they are worked out."""
        if self.reader.are_entries([made.value for made in versions if made.line is not None]):
            return []
        kinds = kinds_called(word)
        names = [name for name in self.names if name not in self.reader.begun]
        several = len({made.order for made in versions}) > 1
        if target is not None and not (several and kinds and word not in self.names):
            return [name for name in names if base_of(name) == base_of(target)]
        return self.of_kinds(kinds)

    def _of_a_parameter(self, word: str) -> list[str]:
        """What a word without a meaning can stand for that had a parameter's value at first, and it alone has changed.

        One that was made in the block may be an alias, or go through the layers: it has no other quantity's value.
        """
        begun = self._begun_as(word)
        if not begun or set(self.equal_to(self.words[word][0])) & set(self.chains[word]):
            return []
        if self.words[word][0].line is not None:
            others = [one for one in self.words if one != word and self._begun_as(one) == begun]
            if others or any(set(self.equal_to(made)) & self.givens for made in self.words[word][1:]):
                return []
        return [name for name in self.names if base_of(name) == begun]

    def _begun_as(self, word: str) -> str:
        """The parameter that a word that changes had the value of at first; nothing for another."""
        first = self.words[word][0]
        if len(self.words[word]) < 2 or not np.any(first.value):
            return ""
        able = [name for name in self.equal_to(first) if name in self.givens and f"{name}_new" in self.derivation]
        return able[0] if len(able) == 1 else ""

    def of_kinds(self, kinds: Iterable[str]) -> list[str]:
        """All quantities of these letters."""
        wanted = set(kinds)
        return [name for name in self.names if self.kind_of(name) in wanted and name not in self.reader.begun]

    def kind_of(self, name: str) -> str:
        """Its letters, without the number of a layer or a step."""
        return _NUMBERS.sub("", base_of(name))

    @cached_property
    def learnt(self) -> set[str]:
        """The gradients of parameters, and what an update makes of them."""
        steps = self.derivation.equations
        return {one.name for one in steps if self.reader.context.role(one) in (Role.GRADIENT, Role.UPDATE)}

    @cached_property
    def learnt_before(self) -> dict[str, set[str]]:
        """Those that each step goes back to."""
        found: dict[str, set[str]] = {}
        for equation in self.derivation.equations:
            parts = {one.name for one in names_in(equation.expression)} & found.keys()
            found[equation.name] = (parts & self.learnt).union(*(found[one] for one in parts))
        return found

    def is_family(self, word: str) -> bool:
        """Whether a word can be a quantity of several layers."""
        return len({base_of(name) for name in self.chains[word]}) > 1
