"""What programs call the velocities and running means of an optimiser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from chalkwork.checking.reading.names import bare_name

_STEMS = {
    "m": ("m", "mt", "moment", "moments", "momentum", "momentums", "firstmoment", "first", "expavg", "mom"),
    "v": ("v", "vt", "vel", "velocity", "velocities", "secondmoment", "second", "sec", "expavgsq"),
    "s": ("s", "st", "sq"),
    "r": ("r", "acc", "accumulator"),
}
_LETTER = {stem: letter for letter, stems in _STEMS.items() for stem in stems}
_MARK = "(?:bias|un)?(?:hat|corrected|corr|biased|h|c)"
_STEM = f"(?:running|moving)?({'|'.join(sorted(_LETTER, key=len, reverse=True))})"
_STATE = re.compile(f"{_STEM}({_MARK})?(?:d|grad)?({_MARK})?(w|b|weights?|kernel|bias)(\\d+)({_MARK})?")
_KEPT = re.compile(f"{_STEM}({_MARK})?")
_PARAMETER = re.compile(r"d?(?:w|b|weights?|kernel|bias)_?\d+", re.IGNORECASE)


def kept_state(name: str, key: str) -> str | None:
    """The word for a parameter's entry in a dictionary of velocities or means; None for any other dictionary.

    >>> kept_state("v_corrected", "dW1"), kept_state("m", "b2"), kept_state("cache", "W1")
    ('vhatW1', 'mb2', None)
    """
    found = _KEPT.fullmatch(bare_name(name).lower())
    if found is None or not _PARAMETER.fullmatch(key):
        return None
    return f"{_LETTER[found[1]]}{'hat' if found[2] else ''}{key.removeprefix('d')}"


def states_called(words: Iterable[str], known: Iterable[str], meaning: Callable[[str], str | None]) -> dict[str, str]:
    """What each word for a velocity or a running mean stands for, all of one program together.

    Some call the two means of Adam m and v, others v and s. `known` are the names of the exercise, `meaning` says
    which parameter a word stands for.

    >>> states_called(["v_dW1", "s_dW1"], ["W1", "mW1", "vW1", "mhatW1"], lambda word: word.upper())
    {'v_dW1': 'mW1', 's_dW1': 'vW1'}
    """
    names = set(known)
    found: dict[str, tuple[str, bool, str]] = {}
    for word in words:
        state = _STATE.fullmatch(bare_name(word).lower())
        parameter = meaning(f"{state[4]}{state[5]}") if state is not None else None
        if state is not None and parameter is not None:
            found[word] = _LETTER[state[1]], bool(state[2] or state[3] or state[6]), parameter
    letters = {letter for letter, _, _ in found.values()}
    meant = {}
    for word, (letter, corrected, parameter) in found.items():
        mine = [one for one in "mvr" if f"{one}{parameter}" in names]
        both = "m" in mine and "v" in mine
        one = letter if letter in mine else mine[-1] if mine else letter
        if both and "m" not in letters and {"s", "r"} & letters:
            one = "m" if letter == "v" else "v"
        elif mine and not both:
            one = mine[0]
        name = f"{one}{'hat' if corrected else ''}{parameter}"
        if name in names:
            meant[word] = name
    return meant
