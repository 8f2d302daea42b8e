"""The names of what is worked out again in every step of a training."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from chalkwork.checking.mistakes import Context
from chalkwork.derivation.derivation import Stage


def last_step(context: Context) -> int:
    """The number of updates before the last gradients."""
    return max((context.steps[one.name] for one in context.derivatives.values()), default=0)


def of_the_last_step(
    numbers: Mapping[str, object],
    known: Mapping[str, str],
    context: Context,
    is_right: Callable[[object, str], bool],
) -> dict[str, str]:
    """What the words of a program mean after several steps of training: what each works out is the last one's.

    Most right values say which step that is; where none is right, it is the last, if the parameters have changed. A
    word for the parameters after the update has those of the last one.
    """
    last = last_step(context)
    later = {name for name in known.values() if updates_before(name) > 1}
    moved = {
        word: [after(base_of(name), number + updates_before(name)) for number in range(last + 1)]
        for word, name in known.items()
        if last and name in context.derivation and not (updates_before(name) and (later or word == name))
    }
    moved = {word: names for word, names in moved.items() if all(name in context.derivation for name in names)}
    if not moved:
        return dict(known)
    right = [sum(is_right(numbers[word], names[step]) for word, names in moved.items()) for step in range(last + 1)]
    updates = {one.name for one in context.derivation.equations if one.stage == Stage.UPDATE}
    held = {word: name for word, name in known.items() if after(name, 1) in updates}
    begun = not held or any(not is_right(numbers[word], name) for word, name in held.items())
    step = right.index(max(right)) if any(right) or not begun else last
    return {**known, **{word: names[step] for word, names in moved.items()}}


def after(name: str, updates: int) -> str:
    """The name of a quantity after so many updates.

    >>> after("z1", 0), after("z1", 1), after("W1", 2)
    ('z1', 'z1_new', 'W1_new2')
    """
    return f"{name}_new{updates if updates > 1 else ''}" if updates else name


def base_of(name: str) -> str:
    """A quantity without the number of its update: W1 for W1_new2.

    >>> base_of("W1_new2"), base_of("delta1")
    ('W1', 'delta1')
    """
    return name.partition("_new")[0]


def updates_before(name: str) -> int:
    """How many updates come before a quantity.

    >>> updates_before("W1_new2"), updates_before("delta1"), updates_before("df_new/dx_new")
    (2, 0, 1)
    """
    found = re.search(r"_new(\d*)", name)
    return int(found[1] or 1) if found else 0
