"""The values that one word of a recorded program had one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.naming.called import kinds_called
from chalkwork.checking.naming.consequences import followed, put
from chalkwork.checking.naming.evidence import same, tells
from chalkwork.checking.naming.passes import base_of
from chalkwork.checking.naming.programs import Reader
from chalkwork.checking.reading.names import longest
from chalkwork.checking.recording import Made
from chalkwork.derivation.evaluate import evaluate

Words = Mapping[str, Sequence[Made]]
_MOST_PASSES = 100
"""So many passes through the samples are looked at, in which a program goes through them one by one."""


def upright(reader: Reader, words: Words) -> Words:
    """The words with what holds the samples the other way round turned."""
    return {
        word: [
            made if (own := reader.upright(made.value)) is made.value else replace(made, value=own) for made in versions
        ]
        for word, versions in words.items()
    }


def samples_together(reader: Reader, words: Words) -> Words:
    """The words of a program that goes through the samples one by one, with what it has of each put together.

    It does so where a word holds one sample after the other. A sum over them, a parameter and a gradient stay.
    """
    values, axis, count = reader.values, reader.context.samples, reader.context.sizes[0]
    if axis is None or count < 2 or "x" not in values:
        return words
    together: dict[str, list[Made]] = {}
    for word, versions in words.items():
        run = [one for one in versions if one.line is not None]
        same_line = len({one.line for one in run}) == 1 == len({one.value.shape for one in run})
        whole = len(run) % count == 0 and len(run) <= _MOST_PASSES * count
        if same_line and whole and run[0].value.size in (max(run[0].value.shape, default=0), 1):
            passes = [run[start : start + count] for start in range(0, len(run), count)]
            together[word] = [_stacked(one, axis) for one in passes]
    with_bias = not any(same(made[0].value, values["x"]) for made in together.values())
    with_bias = with_bias and not any(_is_the_data(versions, values["x"], axis) for versions in words.values())
    if with_bias and not any(_has_the_data(made[0].value, values["x"], axis) for made in together.values()):
        return words
    steps = [one.name for one in reader.context.derivation.equations if reader.context.layer(one)]
    sizes = {int(np.size(values[name])) for name in (*steps, "x")}
    sizes |= {size + count for size in sizes} if with_bias else set()
    able = {word for word, made in together.items() if made[0].value.size in sizes}
    sums = [name for name in reader.values if name not in steps]
    kept = {word for word in able if any(same(words[word][-1].value, values[name]) for name in sums)}
    kept |= {word for word in able if any(tells(one.value) and reader.equal(one.value) for one in words[word])}
    plain = {word for word in able if {"dW", "db", "W", "b", "L"} & set(kinds_called(word))}
    return {word: together[word] if word in able - kept - plain else versions for word, versions in words.items()}


def _stacked(run: Sequence[Made], axis: int) -> Made:
    """What was made for one sample after the other, as one."""
    whole = np.stack([one.value.ravel() for one in run], axis=0 if axis == -2 else 1)
    return replace(run[-1], value=whole, of=None, within=None)


def through_time(
    reader: Reader, steps: Mapping[str, object], data: Mapping[str, object], free: Words
) -> dict[str, tuple[str, Made]]:
    """What a line made once for every step of a sequence, all of it wrong: a known step is made with all of it."""
    derivation = reader.context.derivation
    found: dict[str, tuple[str, Made]] = {}
    own = followed(reader, steps, data) if longest(derivation) else {}
    for target in [name for name in steps if name in derivation and derivation[name].derivative and own]:
        expression = derivation[target].expression
        families: dict[str, list[str]] = {}
        for name in [one.name for one in names_in(expression) if one.name in derivation and one.name not in steps]:
            families.setdefault(name.rpartition("_t")[0], []).append(name)
        if same(steps[target], reader.values[target]):
            continue
        for names in families.values():
            for word, run in _runs(reader, names, free) if len(names) > 1 else ():
                parts = {name: put(made.value, own[name]) for name, made in zip(names, run, strict=True)}
                with np.errstate(all="ignore"):
                    follows = same(steps[target], evaluate(expression, {**own, **parts}))
                if follows:
                    found |= {name: (word, made) for name, made in zip(names, run, strict=True)}
    return found


def _runs(reader: Reader, names: Sequence[str], free: Words) -> Iterator[tuple[str, Sequence[Made]]]:
    """The versions of each word that one line made, as many as there are names, in the one order or the other."""
    for word, versions in free.items():
        for line in {made.line for made in versions}:
            run = [made for made in versions if made.line == line]
            if len(run) == len(names) and all(map(reader.fits, (made.value for made in run), names)):
                yield from ((word, run), (word, run[::-1]))


def _is_the_data(versions: Sequence[Made], data: Any, axis: int) -> bool:
    """Whether a word has held one sample after the other, which may have been there before."""
    sizes = [one.value.size for one in versions]
    if len(sizes) < 2 or sizes != [np.size(data) // len(sizes)] * len(sizes):
        return False
    return same(np.stack([one.value.ravel() for one in versions], axis=0 if axis == -2 else 1), data)


def _has_the_data(value: Any, data: Any, axis: int) -> bool:
    """Whether they are the data with an input of 1 before or after the others."""
    features = 1 if axis == -2 else 0
    if np.ndim(value) != 2 or np.shape(value)[features] != np.shape(data)[features] + 1:
        return False
    return any(same(np.delete(value, place, features), data) for place in (0, -1))


def refined(run: Sequence[Made], wanted: int) -> list[Made]:
    """As many versions as there can be: the last of those that follow one another in one shape, or from one line."""
    if len(run) <= wanted:
        return list(run)
    for ends in (_last_in_shape(run), _last_in_cycle(run)):
        if len(ends) <= wanted:
            return ends
    return list(run)


def _last_in_shape(run: Sequence[Made]) -> list[Made]:
    return [
        made
        for made, after in zip(run, (*run[1:], None), strict=True)
        if after is None or after.value.shape != made.value.shape
    ]


def _last_in_cycle(run: Sequence[Made]) -> list[Made]:
    return [made for made in run if made.line == run[-1].line]


def arguments_of(words: Words) -> set[str]:
    """What the functions that were called name what they are given."""
    made = {code for versions in words.values() for one in versions for code in (one.code, one.within) if code}
    return {name for code in made for name in code.co_varnames[: code.co_argcount]}


def is_given_back(word: str) -> bool:
    """Whether it is what a function gave back: a name that it is given tells more."""
    return word.endswith("()")


def without_states(reader: Reader, equal: Sequence[str]) -> list[str]:
    """What a first velocity is too, which starts at zero: the gradient."""
    context = reader.context
    gradient = any(name in context.derivation and context.derivation[name].derivative is not None for name in equal)
    by = {of for _, of in context.derivatives}
    return [name for name in equal if not gradient or name not in reader.updates or base_of(name) in by]
