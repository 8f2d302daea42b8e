"""Numbers of things in words."""

from __future__ import annotations

_ENDINGS = (("s", "ses"), ("x", "xes"), ("ay", "ays"), ("ey", "eys"), ("oy", "oys"), ("y", "ies"))


def plural(noun: str) -> str:
    """Several of a thing.

    >>> [plural(noun) for noun in ("unit", "bias", "entry", "class")]
    ['units', 'biases', 'entries', 'classes']
    """
    for ending, several in _ENDINGS:
        if noun.endswith(ending):
            return noun.removesuffix(ending) + several
    return f"{noun}s"


def counted(number: int, noun: str, written: str = "") -> str:
    """A number of things, as `written` where plain digits will not do.

    >>> counted(1, "unit"), counted(2, "bias"), counted(1000, "weight", "1,000")
    ('1 unit', '2 biases', '1,000 weights')
    """
    return f"{written or number} {noun if number == 1 else plural(noun)}"
