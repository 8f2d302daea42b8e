"""Equations with a time index, `h[t] = tanh(w*x[t] + u*h[t-1]) for t = 1..3`, written out for every step.

`h[t]` at step 2 has the name `h_t2`; an index that is a number means the same step of a name that has steps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from chalkwork.algebra.times import at_time, split_time
from chalkwork.arrays import unmasked
from chalkwork.errors import ChalkworkError, ReadError

MOST_STEPS = 200
_RUNNING = re.compile(
    r"(.*?\S)\s+for\s+([A-Za-z])\s*=\s*(\d{1,4})\s*(?:\.\.\.?|,\s*(?:\.\.\.|…)\s*,|to)\s*(\d{1,4})\s*", re.DOTALL
)
_INDEXED = re.compile(r"([^\W\d]\w*)\s*\[\s*([^\[\],]+?)\s*\]")


def unrolled(texts: Sequence[str]) -> list[str]:
    """The equations with those for every step written out, step by step; all others as they are.

    Raises ReadError for steps that run the wrong way, are too many, or an index that is none.

    >>> unrolled(["h[t] = a*h[t-1] + x[t] for t = 1..2", "y = 2*h[2]"])
    ['h_t1 = a*h_t0 + x_t1', 'h_t2 = a*h_t1 + x_t2', 'y = 2*h_t2']
    """
    read = [(text, _RUNNING.fullmatch(text)) for text in texts]
    running = {found[1]: found[2] for _, found in read if found is not None}
    if not running:
        return list(texts)
    stems = {
        name
        for body, letter in running.items()
        for name, index in _INDEXED.findall(body)
        if re.fullmatch(rf"{letter}\s*([+-]\s*\d+)?", index)
    }
    made: list[str] = []
    block: list[tuple[str, str]] = []
    steps: tuple[int, int] | None = None
    for text, found in [*read, ("", None)]:
        own = (int(found[3]), int(found[4])) if found is not None else None
        if block and own != steps:
            made += _written_out(block, steps or (1, 1), stems)
            block = []
        if found is not None and own is not None:
            _check(own, text)
            block.append((found[1], found[2]))
            steps = own
        elif text.strip():
            made.append(_at(text, "", 0, stems))
    return made


def _check(steps: tuple[int, int], text: str) -> None:
    first, last = steps
    if last < first or last - first >= MOST_STEPS:
        raise ReadError(f"the steps run from {first} to {last}", equation=text, hint=f"at most {MOST_STEPS}, upwards")


def _written_out(block: Sequence[tuple[str, str]], steps: tuple[int, int], stems: set[str]) -> list[str]:
    """Several equations for the same steps, step by step."""
    return [_at(body, letter, step, stems) for step in range(steps[0], steps[1] + 1) for body, letter in block]


def _at(text: str, letter: str, step: int, stems: set[str]) -> str:
    """The equation at one step."""

    def named(found: re.Match[str]) -> str:
        name, index = found[1], "".join(found[2].split())
        if name not in stems:
            return found[0]
        moved = re.fullmatch(rf"{letter}([+-]\d+)?", index) if letter else None
        if moved is None and not index.isdigit():
            raise ReadError(
                f"{found[0]} is no step of {name}", equation=text, hint=f"write {name}[t], {name}[t-1] or {name}[2]"
            )
        place = step + int(moved[1] or 0) if moved is not None else int(index)
        if place < 0:
            raise ReadError(f"{name} has no step {place}", equation=text)
        return at_time(name, place)

    return _INDEXED.sub(named, text)


def spread(values: Mapping[str, Any], inputs: Sequence[str]) -> dict[str, Any]:
    """The values of the givens, those of a name with steps one by one: `x` for `x_t1`, ..., and `h[0]` for `h_t0`.

    Raises ChalkworkError for a list that has not a value for each step.

    >>> spread({"x": [2, -1], "h[0]": 0, "a": 0.8}, ["a", "h_t0", "x_t1", "x_t2"])
    {'x_t1': 2, 'x_t2': -1, 'h_t0': 0, 'a': 0.8}
    """
    steps: dict[str, list[int]] = {}
    for name in inputs:
        stem, step = split_time(name)
        if step:
            steps.setdefault(stem, []).append(int(step))
    found: dict[str, Any] = {}
    for name, value in values.items():
        one = _INDEXED.fullmatch(str(name))
        if one is not None and one[1] in steps and one[2].isdigit():
            found[at_time(one[1], one[2])] = value
        elif name in inputs or name not in steps:
            found[name] = value
        else:
            own = sorted(steps[name])
            given = (
                list(unmasked(value, name)) if isinstance(value, Sequence) or hasattr(value, "__iter__") else [value]
            )
            if len(given) != len(own):
                steps_of = f"the graph reads it at {len(own)} steps ({own[0]} to {own[-1]})"
                raise ChalkworkError(f"{name} has {len(given)} values, but {steps_of}")
            found |= {at_time(name, step): part for step, part in zip(own, given, strict=True)}
    return found
