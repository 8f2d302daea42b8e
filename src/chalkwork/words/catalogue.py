"""Texts by id with slots, written in a language when it is known which.

In a sentence of a table `<name>` is a slot, and `<^name>` the same with a capital letter; `{z1}` is a name that the
notation sets, and stands for itself. A sentence that depends on a number has forms, chosen by its slot `n`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import NamedTuple

from chalkwork.errors import ChalkworkError, meant
from chalkwork.words.en import SENTENCES as ENGLISH_SENTENCES
from chalkwork.words.sentences import Sentence, Sentences

ENGLISH = "en"
_SLOT = re.compile(r"<(\^?)([A-Za-z_]\w*\*?)>")


class Language(NamedTuple):
    """A language: what it is called, and whether its numbers have a decimal comma where nobody says."""

    name: str
    decimal_comma: bool = False


LANGUAGES: dict[str, Language] = {
    ENGLISH: Language("English"),
    "de": Language("German", decimal_comma=True),
}
"""The languages that there are tables of, by the word that chooses them."""


class Text(NamedTuple):
    """Something to be said, without a language: the id of a sentence, and what goes into its slots.

    A slot holds a text, something written already, a number, or several of these, which are listed with "and".
    `english` is the sentence itself where it stands in an entry of another table.

    >>> one = Text.of("counted.hidden", n=3)
    >>> str(one), one.written("de")
    ('3 hidden units', '3 verdeckte Einheiten')
    """

    id: str
    slots: tuple[tuple[str, Slot], ...] = ()
    english: str = ""

    @classmethod
    def of(cls, name: str, /, **slots: Slot) -> Text:
        """The text with that id; ValueError for one that no table has, or slots that its sentence does not have.

        >>> str(Text.of("task.find", names=("a", "b", "c")))
        'Find a, b and c.'
        >>> print(Text.of("update"))
        Traceback (most recent call last):
            ...
        ValueError: there is no sentence 'update'
        """
        wanted = slots_of(name)
        if wanted != slots.keys():
            raise ValueError(f"the sentence {name!r} has the slots {sorted(wanted)}, not {sorted(slots)}")
        return cls(name, tuple(slots.items()))

    @classmethod
    def own(cls, name: str, english: str, /, **slots: Slot) -> Text:
        """A text whose English stands in an entry of another table; the other languages have it by this id.

        >>> Text.own("activation.identity", "identity").written("de")
        'Identität'
        """
        return cls(name, tuple(slots.items()), english)

    def holding(self, slots: Mapping[str, Slot]) -> Text:
        """The text with what goes into the slots of its sentence; what has no place there is left out.

        >>> str(Text.own("gru.name", "a GRU with <units>").holding({"units": "3 units", "steps": "2 steps"}))
        'a GRU with 3 units'
        """
        wanted = {slot[2] for slot in _SLOT.finditer(self.english)}
        return Text(self.id, tuple((name, slot) for name, slot in slots.items() if name in wanted), self.english)

    def written(self, language: str) -> str:
        """The text in a language; ChalkworkError where that has no words for it."""
        sentence = self.english if self.english and language == ENGLISH else _sentence(self.id, language)
        found = dict(self.slots)
        if not isinstance(sentence, str):
            sentence = sentence["one" if str(found["n"]) == "1" else "other"]
        if "<" not in sentence:
            return sentence

        def filled(slot: re.Match[str]) -> str:
            inside = _written_slot(found[slot[2]], language)
            return inside[:1].upper() + inside[1:] if slot[1] else inside

        return _SLOT.sub(filled, sentence)

    def changed(self, change: Callable[[str], str]) -> Text:
        """The text with everything in its slots that is written already changed."""
        return Text(self.id, tuple((name, _changed(inside, change)) for name, inside in self.slots), self.english)

    def __str__(self) -> str:
        return self.written(ENGLISH)


Slot = str | int | Text | tuple["Slot", ...]
Said = str | Text
"""A text by id, or a sentence as it is."""


def say(language: str, name: str, /, **slots: Slot) -> str:
    """The sentence with that id, at once.

    >>> say("de", "points", n="0,5")
    '0,5 Punkte'
    """
    return Text.of(name, **slots).written(language)


def written(what: Said, language: str) -> str:
    """A text in a language; what is a sentence already as it is."""
    return what if isinstance(what, str) else what.written(language)


def decimal(number: str, language: str) -> str:
    """A number among words with the language's decimal mark.

    >>> decimal("0.5", "de")
    '0,5'
    """
    return number.replace(".", ",") if LANGUAGES[language].decimal_comma else number


def check_language(language: object) -> str:
    """The language, if there is a table of it.

    >>> check_language("fr")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: there are no sentences in 'fr'. Hint: the languages are en, de.
    """
    if isinstance(language, str) and language in LANGUAGES:
        return language
    hint = meant(language, LANGUAGES, f"the languages are {', '.join(LANGUAGES)}")
    raise ChalkworkError(f"there are no sentences in {str(language)[:40]!r}", hint=hint)


@cache
def slots_of(name: str) -> frozenset[str]:
    """The slots of a sentence."""
    if name not in ENGLISH_SENTENCES:
        raise ValueError(f"there is no sentence {name!r}")
    return slots_in(ENGLISH_SENTENCES[name])


def slots_in(sentence: Sentence) -> frozenset[str]:
    """The slots in a sentence, or in any of its forms.

    >>> sorted(slots_in({"one": "<n> unit of <layer>", "other": "<n> units of <layer>"}))
    ['layer', 'n']
    """
    forms = [sentence] if isinstance(sentence, str) else [*sentence.values(), "<n>"]
    return frozenset(found[2] for form in forms for found in _SLOT.finditer(form))


def template(name: str, language: str) -> Sentence | None:
    """The sentence as it stands in the table of a language, its slots open; None where that has no words for it.

    >>> template("task", "de"), template("nothing", "de")
    ('Aufgabe <name>', None)
    """
    return table_of(language).get(name)


def table_of(language: str) -> Sentences:
    """Everything that a language has sentences for, what has its English elsewhere among it."""
    table: Sentences = import_module(f"chalkwork.words.{language}").SENTENCES
    return table


def _sentence(name: str, language: str) -> Sentence:
    table = ENGLISH_SENTENCES if language == ENGLISH else table_of(language)
    if name not in table:
        called = LANGUAGES[language].name
        raise ChalkworkError(f"there are no {called} words for {name}", hint=f"leave out language: {language}")
    return table[name]


def _written_slot(inside: Slot, language: str) -> str:
    if isinstance(inside, Text):
        return inside.written(language)
    if not isinstance(inside, tuple):
        return str(inside)
    parts = [_written_slot(part, language) for part in inside]
    joint = f" {_sentence('and', language)} "
    return joint.join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _changed(inside: Slot, change: Callable[[str], str]) -> Slot:
    if isinstance(inside, Text):
        return inside.changed(change)
    if isinstance(inside, tuple):
        return tuple(_changed(part, change) for part in inside)
    return change(inside) if isinstance(inside, str) else inside
