"""What Chalkwork says, in tables by id: a second language is a second table.

`catalogue` has texts that are written when the language is known; `en` and `de` hold the sentences. An activation, a
mistake and the rule of an optimiser have their English in their own entry, and stand here in the other languages.
"""

from chalkwork.words.catalogue import (
    ENGLISH,
    LANGUAGES,
    Language,
    Said,
    Slot,
    Text,
    check_language,
    decimal,
    say,
    template,
    written,
)

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "Language",
    "Said",
    "Slot",
    "Text",
    "check_language",
    "decimal",
    "say",
    "template",
    "written",
]
