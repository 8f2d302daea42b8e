"""JSON from strangers: bounded, without repeated keys or numbers that are none, and read key by key."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import isfinite
from types import NoneType
from typing import Any

from chalkwork.errors import ChalkworkError, misplaced
from chalkwork.fields import Fields as Entries

MOST_DEPTH = 64
_NOUNS = {
    dict: "a mapping", list: "a list", str: "a text", bool: "true or false", int: "a whole number",
    float: "a number", NoneType: "nothing",
}  # fmt: skip


def parse(text: str, what: str, most: int) -> Any:
    """The data of a JSON text of at most so many characters, nested at most `MOST_DEPTH` deep.

    Raises ChalkworkError for anything else, and for repeated keys, NaN and infinities.

    >>> parse('{"a": [1, 2.5]}', "the architecture", 100)
    {'a': [1, 2.5]}
    >>> parse("[" * 1000, "the architecture", 10_000)
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: the architecture is nested more than 64 deep
    """
    if len(text) > most:
        raise ChalkworkError(f"{what} is {len(text)} characters long; at most {most} are read")
    try:
        data = json.loads(text, object_pairs_hook=_unrepeated, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise _too_deep(what) from None
    except ChalkworkError as error:
        raise ChalkworkError(f"{what}: {error.message}") from None
    except json.JSONDecodeError as error:
        if _depth(text) > MOST_DEPTH:
            raise _too_deep(what) from None
        raise ChalkworkError(f"{what} is no JSON: {misplaced(text, error.pos)}") from None
    except ValueError:
        raise ChalkworkError(f"{what} is no JSON: a number in it is too long") from None
    check_data(data, what)
    return data


def check_data(data: Any, what: str) -> None:
    """Raise ChalkworkError unless the data is JSON: texts as keys, finite numbers, nested at most `MOST_DEPTH` deep."""
    waiting = [(data, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise _too_deep(what)
        if isinstance(value, dict):
            strange = next((key for key in value if not isinstance(key, str)), None)
            if strange is not None:
                raise ChalkworkError(f"{what} has the key {strange!r:.60}; keys are texts")
            waiting += [(part, depth + 1) for part in value.values()]
        elif isinstance(value, list | tuple):
            waiting += [(part, depth + 1) for part in value]
        elif isinstance(value, float) and not isfinite(value):
            raise ChalkworkError(f"{what} holds {value}, not a finite number")
        elif type(value) not in (str, bool, int, float, type(None)):
            raise ChalkworkError(f"{what} holds a {type(value).__name__}, which JSON has no form for")


def _too_deep(what: str) -> ChalkworkError:
    return ChalkworkError(f"{what} is nested more than {MOST_DEPTH} deep")


def _depth(text: str) -> int:
    """How deep brackets stand, those within texts counted too: only to choose the message for broken JSON."""
    depth = deepest = 0
    for sign in text[:1_000_000]:
        depth += (sign in "[{") - (sign in "]}")
        deepest = max(deepest, depth)
    return deepest


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ChalkworkError(f"the key {key!r:.60} stands there twice")
        found[key] = value
    return found


def _no_constant(text: str) -> Any:
    raise ChalkworkError(f"{text} is not a finite number")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ChalkworkError(f"{text:.40} is too large a number")
    return number


Fields = Entries[Any]


def mapping(data: Any, kind: str, where: str = "") -> Fields:
    """A mapping of JSON data, every key of which has to be read, then `done`.

    >>> mapping([3], "a layer", "layers[1]")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: layers[1]: expected a mapping, found [3]
    """
    return Entries(of(dict)(data, where or kind), kind, where)


def of(*kinds: type) -> Callable[[Any, str], Any]:
    """A reader for a value of one of the types (a bool is no int; an int is read as a float where only that fits).

    >>> of(float)(3, "rate"), of(str, NoneType)(None, "name")
    (3.0, None)
    """

    def read(value: Any, where: str) -> Any:
        if type(value) in kinds:
            return value
        if type(value) is int and float in kinds and abs(value) < 2**53:
            return float(value)
        *several, last = (_NOUNS[kind] for kind in kinds)
        expected = f"{', '.join(several)} or {last}" if several else last
        raise ChalkworkError(f"{where}: expected {expected}, found {value!r:.60}")

    return read
