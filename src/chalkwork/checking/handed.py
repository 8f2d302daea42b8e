"""What somebody handed in, by the names of the derivation: numbers that were typed, or the variables of a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from chalkwork.checking.mistakes import Context
from chalkwork.checking.naming.consequences import name_by_consequence
from chalkwork.checking.naming.programs import Reader
from chalkwork.checking.naming.variables import are_worked_out, is_program
from chalkwork.checking.placing.holding import laid_out, laid_variables
from chalkwork.checking.placing.placed import Recorded
from chalkwork.checking.placing.recorded import recorded
from chalkwork.checking.placing.versions import Words
from chalkwork.checking.reading.gathering import gathered
from chalkwork.checking.reading.names import NameTable, longest, match_names
from chalkwork.checking.recording import Recording
from chalkwork.checking.repairing.rerunning import Rerun
from chalkwork.derivation.derivation import Derivation
from chalkwork.typesetting.symbols import Symbols
from chalkwork.words import Said, Text, written


@dataclass(slots=True)
class Handed:
    """One hand-in, taken apart."""

    given: Mapping[str, object]
    """As its author names it."""
    typed: dict[str, object]
    """The steps."""
    data: dict[str, object]
    """The givens that were handed in too."""
    unused: dict[str, str]
    """What is neither, with the reason."""
    program: Program | None = None
    """What is known besides where these are the variables of a program."""

    def words(self) -> dict[str, set[str]]:
        """The words that hold what each step stands for."""
        of = {id(value): name for name, value in self.typed.items()}
        versions = self.program.words.items() if self.program is not None else ()
        values = [*self.given.items(), *((word, one.value) for word, made in versions for one in made)]
        found: dict[str, set[str]] = {}
        for word, value in values:
            if id(value) in of:
                found.setdefault(of[id(value)], set()).add(word)
        return found


@dataclass(slots=True)
class Program:
    """A program of which the variables, or a recording, were handed in."""

    guessed: set[str]
    """The steps that are called by no name of the exercise's."""
    doubted: set[str]
    """The steps that are known by no more than what they are called."""
    in_own_words: bool
    """Whether it calls steps as the exercise does not: its parameters are renewed in place, or it was recorded."""
    notes: list[Text] = field(default_factory=list)
    recording: Recording | None = None
    words: Words = field(default_factory=dict)
    """Of a recording: the values that each of its words had, one after the other."""
    placed: Recorded | None = None
    """Of a recording: which assignments are the steps."""


class HandIns:
    """Takes hand-ins apart, with what is the same for all that are held against one derivation."""

    def __init__(
        self,
        derivation: Derivation,
        values: Mapping[str, Any],
        symbols: Symbols,
        context: Context,
        names: Mapping[str, str] | None,
        language: str,
    ) -> None:
        self.derivation, self.symbols, self.names, self.language = derivation, symbols, names or {}, language
        self._values, self._context = values, context
        self._shapes = derivation.shapes()
        self._table = NameTable(list(derivation), symbols)
        self._known: dict[tuple[str, ...], tuple[dict[str, str], dict[str, Text]]] = {}

    def of(self, given: Mapping[str, object]) -> Handed:
        """One of them."""
        if isinstance(given, Recording):
            return self._of_recording(given)
        if is_program(given) or (are_worked_out(given) and self._has_own_words(given)):
            return self._of_variables(given)
        return self._of_numbers(given)

    def _has_own_words(self, given: Mapping[str, object]) -> bool:
        """Whether most of its words are not names of this exercise."""
        return 2 * len(self._matched(given)[0]) < len(given)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self._table, self.symbols, self._values, self._context)

    def _of_numbers(self, given: Mapping[str, object]) -> Handed:
        whole, apart = gathered(given, self._table, self._shapes, self.names)
        matched, why = self._matched(whole)
        as_named = isinstance(whole, dict) and list(whole) == list(matched.values())
        typed = cast(dict[str, object], whole) if as_named else {known: whole[word] for word, known in matched.items()}
        unused = self._written({**apart, **why})
        data = self._data_in(whole, unused) if unused else {}
        return Handed(whole, typed, data, unused)

    def _of_variables(self, given: Mapping[str, object]) -> Handed:
        laid, notes = laid_variables(self._reader, given, self.names, self.symbols.layers, longest(self.derivation))
        whole, apart = gathered(laid, self._table, self._shapes, self.names)
        matched, why = self._matched(whole)
        free = {word: self._reader.upright(one) for word, one in whole.items() if word not in self.names}
        meant = {word: known for word, known in matched.items() if word in self.names}
        found = self._reader.names(free, matched, {**apart, **why})
        name_by_consequence(self._reader, found, free)
        typed = {**found.steps, **{known: whole[word] for word, known in meant.items()}}
        known = {id(whole[word]) for word in (*matched, *self.derivation) if word in whole}
        guessed = {name for name, value in found.steps.items() if id(value) not in known}
        doubted = guessed | (found.steps.keys() - meant.values() - self._reader.updates - set(given))
        renewed = bool(found.steps.keys() & self._reader.updates - set(given))
        program = Program(guessed, doubted, renewed and not meant, [*notes, *found.notes])
        return Handed(whole, typed, found.data, self._written(found.unused), program)

    def _of_recording(self, given: Recording) -> Handed:
        laid = laid_out(self._reader, given.places, recorded=True)
        words = laid.beside(given.words(self.symbols.layers, longest(self.derivation), laid.instead))
        last = {word: made[-1].value for word, made in words.items()}
        whole, _ = gathered(last, self._table, self._shapes, self.names)
        placed = recorded(self._reader, words, Rerun(given), self._matched(whole)[0], laid.still)
        typed, guessed = placed.names.steps, placed.names.guessed
        clear = {name for name in words if name in typed and self._reader.fits(typed[name], name)}
        doubted = guessed | (typed.keys() - self._reader.updates - clear)
        program = Program(guessed, doubted, True, laid.notes, given, words, placed)
        return Handed(whole, typed, placed.names.data, self._written(placed.names.unused), program)

    def _matched(self, given: Mapping[str, object]) -> tuple[dict[str, str], dict[str, Text]]:
        """What its names mean; most of a class write the same."""
        words = tuple(given)
        if words not in self._known:
            self._known[words] = self._table.match(words, self.names)
        return self._known[words]

    def _data_in(self, given: Mapping[str, object], unused: dict[str, str]) -> dict[str, object]:
        """What was handed in for the givens, by their names; these are no longer unused."""
        words, _ = match_names(list(unused), [name.name for name in self.derivation.givens], self.symbols)
        for word in words:
            del unused[word]
        return {name: given[word] for word, name in words.items() if word in given}

    def _written(self, reasons: Mapping[str, Said]) -> dict[str, str]:
        return {word: written(reason, self.language) for word, reason in reasons.items()}
