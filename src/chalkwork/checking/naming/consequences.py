"""What a program calls by names that nobody knows, known by what follows from it.

A step that does not follow from what is known before it may follow from another value of the program's, put in the
place of a step that has none: then it is that step, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.mistakes import Role, distinct
from chalkwork.checking.naming.called import differentiated, holds_a_loss
from chalkwork.checking.naming.evidence import Stacked, is_mask, same, tells
from chalkwork.checking.naming.passes import base_of, last_step
from chalkwork.checking.naming.programs import Names, Reader
from chalkwork.checking.naming.stacked import PART
from chalkwork.checking.reading.answers import answer_like, read_answer, with_given
from chalkwork.checking.reading.names import NO_NAME, bare_name
from chalkwork.derivation.evaluate import evaluate
from chalkwork.words import Text

_ANY = "any parameter"
_MOST_LOOSE = 80
_MOST_TRIED, _NUMBERS_TOGETHER = 1000, 1 << 18
_NEAR = 0.5
"""Weights that are no further from where they began than this part of them have been updated."""


def put(given: object, value: Any) -> Any:
    """What was given in the shape of a quantity; the quantity where it has another."""
    answer = answer_like(given, value)
    return with_given(answer, value) if answer.wrong_shape is None and answer.given.all() else value


def by_consequence(
    reader: Reader, steps: Mapping[str, object], data: Mapping[str, object], loose: Sequence[object]
) -> dict[str, int]:
    """Which of the `loose` values stand for steps that are not among the `steps`, by their places.

    `data` are the program's own givens. Some programs have the error with a minus, or without 1/m.
    """
    known = dict(steps)
    able = [place for place, value in enumerate(loose) if tells(value) or _has_several(value)][-_MOST_LOOSE:]
    found: dict[str, int] = {}
    tried = 0
    while able and len(found) < len(reader.context.derivation):
        own = followed(reader, known, data)
        plain = _plainly(reader, known, own, loose, able)
        if plain is not None:
            name, place = plain
            found[name] = place
            known[name] = loose[place]
            able.remove(place)
            continue
        for target, name, tries, then in _guesses(reader, known, own, loose, able):
            tries = tries[: _MOST_TRIED - tried]
            tried += len(tries)
            made = _made(reader, own, name, (factor * put(loose[place], own[name]) for place, factor in tries), then)
            met = next((one for one, value in zip(tries, made, strict=False) if same(known[target], value)), None)
            if met is not None:
                place, factor = met
                for one, at in ((name, place), *_kept_alike(reader, known, factor, loose, able)):
                    if at in able and one not in known:
                        found[one] = at
                        known[one] = loose[at]
                        able.remove(at)
                break
            if tried == _MOST_TRIED:
                return found
        else:
            pair = _one_with_the_other(reader, known, own, loose, able)
            if pair is None:
                break
            for name, place in pair:
                found[name] = place
                known[name] = loose[place]
                able.remove(place)
    return found


def displaced(
    reader: Reader, steps: Mapping[str, object], data: Mapping[str, object], loose: Sequence[object]
) -> dict[str, int]:
    """Wrong steps that the program did not go on from, by the `loose` value with which what follows comes out.

    Who calls the derivative by an activation what others call the delta goes on with the delta, whatever its name; who
    adds the penalty to a gradient later goes on with the sum.
    """
    found: dict[str, int] = {}
    wrong = [name for name, value in steps.items() if not same(value, reader.values[name])] if loose else []
    own = followed(reader, steps, data) if wrong else {}
    divisors = {1.0, float(reader.context.sizes[0])}
    for name in [name for name in wrong if not is_multiple(reader, steps[name], name, divisors)]:
        right, left = _gone_on(reader, steps, own, name)
        place = None
        if right:
            alike = (place for place, value in enumerate(loose) if tells(value) and same(value, reader.values[name]))
            place = next(alike, None)
        elif left or reader.of_no_step(steps[name]) is not None:
            rest = {one: other for one, other in steps.items() if one != name}
            place = by_consequence(reader, rest, data, loose).get(name)
        if place is not None:
            found[name] = place
    return found


def _left_alone(reader: Reader, found: Names, given: Mapping[str, object]) -> list[str]:
    """What is called like a step, is right as a quantity that is none, and is not what the program went on with."""
    divisors = {1.0, float(reader.context.sizes[0])}
    able = [
        name
        for name, value in found.steps.items()
        if name not in given and reader.of_no_step(value) is not None and not is_multiple(reader, value, name, divisors)
    ]
    own = followed(reader, found.steps, found.data) if able else {}
    return [name for name in able if _gone_on(reader, found.steps, own, name)[1]]


def _gone_on(reader: Reader, steps: Mapping[str, object], own: Mapping[str, Any], name: str) -> tuple[bool, bool]:
    """Whether all that is made of a step is right, or wrong; in neither case what follows from the program's value."""
    made = [
        one
        for one in reader.context.derivation.equations
        if one.name in steps and any(part.name == name for part in names_in(one.expression))
    ]
    right = [same(steps[one.name], reader.values[one.name]) for one in made]
    with np.errstate(all="ignore"):
        follows = any(same(steps[one.name], evaluate(one.expression, own)) for one in made)
    return bool(made) and all(right) and not follows, bool(made) and not any(right) and not follows


def _has_several(value: object) -> bool:
    """Whether it is an array of few digits, whose place what is worked out with it may tell."""
    array = np.asarray(value) if hasattr(value, "dtype") else np.empty(0)
    return array.dtype.kind == "f" and len(np.unique(array[np.isfinite(array)])) > 1 and not is_mask(value)


def _kept_alike(
    reader: Reader, known: Mapping[str, object], factor: float, loose: Sequence[object], able: Sequence[int]
) -> Iterator[tuple[str, int]]:
    """The right steps that somebody keeps as another one is kept: without 1/m, or with a minus."""
    derivation = reader.context.derivation
    for name in derivation if factor != 1 else ():
        if name not in known and derivation[name].derivative is not None:
            yield from ((name, place) for place in able if same(factor * np.asarray(loose[place]), reader.values[name]))


def _one_with_the_other(
    reader: Reader, known: Mapping[str, object], own: Mapping[str, Any], loose: Sequence[object], able: Sequence[int]
) -> tuple[tuple[str, int], tuple[str, int]] | None:
    """Two values of which one is worked out with the other, as it is with two steps without a value, and no others."""
    met: dict[tuple[int, int], list[tuple[str, str]]] = {}
    derivation = reader.context.derivation
    for later in _in_play(reader):
        made_of = [one.name for one in names_in(derivation[later].expression)] if later not in known else []
        size = np.size(reader.values[later])
        able_to = [place for place in able if np.size(np.asarray(loose[place])) == size]
        held = Stacked([loose[place] for place in able_to])
        for name in [one for one in made_of if one in derivation and one not in known] if able_to else ():
            tried = _fitting(reader, own, name, loose, able)
            all_made = _made(reader, own, name, (put(loose[place], own[name]) for place in tried), (later,))
            for place, made in zip(tried, all_made, strict=True):
                others = [able_to[at] for at in held.same(made)]
                if others and place not in others and not same(own[later], made):
                    for other in others:
                        met.setdefault((place, other), []).append((name, later))
    for (place, other), names in met.items():
        if len(names) == 1:
            return (names[0][0], place), (names[0][1], other)
    return None


def _in_play(reader: Reader) -> list[str]:
    """The steps that there can be: what is worked out again after the last update is known by its value or name."""
    last, steps = last_step(reader.context), reader.context.steps
    return [name for name in reader.context.derivation if steps[name] <= last or name in reader.updates]


def _plainly(
    reader: Reader, known: Mapping[str, object], own: Mapping[str, Any], loose: Sequence[object], able: Sequence[int]
) -> tuple[str, int] | None:
    """A step without a value, and a value that follows there from wrong ones before it."""
    for name in _in_play(reader):
        if name not in known and not same(own[name], reader.values[name]):
            for place in able:
                if same(loose[place], own[name]):
                    return name, place
    return None


def name_by_consequence(reader: Reader, found: Names, given: Mapping[str, object]) -> None:
    """Name what is left of a program's variables: parameters by where they began, the rest by what follows from it."""
    _name_parameters(reader, found, given)
    left = [word for word in given if word in found.unused]
    gone = [*displaced(reader, found.steps, found.data, [given[word] for word in left])]
    for name in [*gone, *(one for one in _left_alone(reader, found, given) if one not in gone)]:
        for word in [word for word, value in given.items() if value is found.steps[name]]:
            found.unused[word] = reader.why_unused(word, given[word], NO_NAME)
        del found.steps[name]
    for name, place in by_consequence(reader, found.steps, found.data, [given[word] for word in left]).items():
        word = left[place]
        found.steps[name] = given[word]
        del found.unused[word]
        found.notes.append(Text.of("note.taken", word=word, name=name))
    named = {word: name for name, value in found.steps.items() for word in given if given[word] is value}
    rest = [word for word in left if word in found.unused and not found.steps.keys() & reader.equal(given[word])]
    alike = like_its_family(reader, named, rest)
    for word, name in named.items():
        called = set(differentiated(bare_name(word).lower())) if name in reader.updates else set()
        alike |= {one: f"d{base_of(name)}" for one in rest if bare_name(one).lower() in called}
    for word, name in alike.items():
        if reader.may_be(given[word], name) and name in reader.context.derivation and name not in found.steps:
            found.steps[name] = given[word]
            del found.unused[word]
            found.notes.append(Text.of("note.taken", word=word, name=name))
    _name_the_replaced(reader, found, {word: given[word] for word in left if word in found.unused})
    _name_the_grown(reader, found, {word: given[word] for word in left if word in found.unused})
    _name_the_loss(reader, found, {word: given[word] for word in left if word in found.unused})
    for word in left:
        if word.startswith(PART):
            found.unused.pop(word, None)


def _name_the_replaced(reader: Reader, found: Names, left: Mapping[str, object]) -> None:
    """Parameters that their own step took the place of: `b = -0.1 * db` for `b -= 0.1 * db`."""
    able = {word: value for word, value in left.items() if tells(value)}
    open_ = [name for name in reader.updates if name not in found.steps and base_of(name) in reader.givens.known]
    own = followed(reader, found.steps, found.data) if able and open_ else {}
    for name in open_ if own else ():
        nothing = {**own, base_of(name): np.zeros_like(own[base_of(name)])}
        _take_alike(found, able, name, evaluate(reader.context.derivation[name].expression, nothing))


def _name_the_grown(reader: Reader, found: Names, left: Mapping[str, object]) -> None:
    """Parameters that have another shape after their update, and the gradient that was spread there, not added up."""
    context = reader.context
    able = {word: value for word, value in left.items() if tells(value) and np.ndim(np.asarray(value)) == 2}
    open_ = [context.derivation[name] for name in reader.updates if name not in found.steps] if able else []
    own = {**followed(reader, found.steps, found.data), **context.constants} if open_ else {}
    for update in open_:
        used = [context.derivation[one.name] for one in names_in(update.expression) if one.name in context.derivation]
        for gradient in [one for one in used if context.role(one) == Role.GRADIENT and one.name not in found.steps]:
            for rewrite in [one for one, _ in distinct(gradient, context) if one.shape != gradient.expression.shape]:
                with suppress(ValueError):
                    own[gradient.name] = evaluate(rewrite, own)
                    _take_alike(found, able, update.name, evaluate(update.expression, own))
                if update.name in found.steps:
                    _take_alike(found, able, gradient.name, own[gradient.name])
                    break


def _take_alike(found: Names, able: dict[str, object], name: str, made: Any) -> None:
    """Name the last of the words that has this value."""
    words = [word for word, value in able.items() if np.asarray(value).size == np.size(made) and same(value, made)]
    if words and name not in found.steps:
        found.steps[name] = able.pop(words[-1])
        del found.unused[words[-1]]
        found.notes.append(Text.of("note.taken", word=words[-1], name=name))


def _name_the_loss(reader: Reader, found: Names, left: Mapping[str, object]) -> None:
    """A number that is called a loss, among other things, where the program has none yet; nothing follows from it."""
    context = reader.context
    losses = [one.name for one in context.derivation.equations if context.role(one) == Role.LOSS]
    if last_step(context) or not losses or set(losses) & set(found.steps):
        return
    words = [word for word, value in left.items() if holds_a_loss(word) and np.size(np.asarray(value)) == 1]
    words = [word for word in words if tells(np.asarray(left[word])) and reader.of_no_step(left[word]) is None]
    if len(words) == 1:
        found.steps[losses[0]] = left[words[0]]
        del found.unused[words[0]]
        found.notes.append(Text.of("note.taken", word=words[0], name=losses[0]))


def like_its_family(reader: Reader, named: Mapping[str, str], words: Iterable[str]) -> dict[str, str]:
    """What the words stand for that differ from a named one in the parameter alone: `state_W1` beside `state_b1`."""
    known = reader.context.derivation
    found: dict[str, str] = {}
    given = [name for name in reader.givens.known if f"{name}_new" in reader.updates]
    both = [(word, name, one) for word, name in named.items() if word != name for one in given]
    ways = {
        (word.replace(one, _ANY), name.replace(one, _ANY)) for word, name, one in both if one in word and one in name
    }
    for word in words:
        able = {called.replace(_ANY, one) for of, called in ways for one in given if of.replace(_ANY, one) == word} - {
            *named.values(),
            *found.values(),
        }
        if len(able) == 1 and (name := able.pop()) in known:
            found[word] = name
    return found


def _name_parameters(reader: Reader, found: Names, given: Mapping[str, object]) -> None:
    """Weights under a name that nobody knows, a step away from where they began: the one array that is so near."""
    learnt = [name for name in reader.givens.known if f"d{name}" in reader.shapes and f"{name}_new" in reader.updates]
    updates = [name for name in learnt if np.size(reader.values[name]) > 1]
    for name in updates:
        later = sorted(one for one in reader.updates if base_of(one) == name)
        if any(one in found.steps for one in later) or not np.any(reader.values[name]):
            continue
        odd = {id(value) for one, value in found.data.items() if not _has_shape(reader, value, one)}
        words = [word for word, value in given.items() if word in found.unused or id(value) in odd]
        words = [word for word in words if reader.fits(given[word], later[0])]
        near = [word for word in words if 0 < _apart(given[word], reader.values[name]) < _NEAR]
        near = [word for word in near if not reader.equal(given[word])]
        if len(near) == 1:
            found.steps[later[-1]] = given[near[0]]
            found.unused.pop(near[0], None)
            for one in [one for one, value in found.data.items() if value is given[near[0]]]:
                del found.data[one]
            found.notes.append(Text.of("note.taken", word=near[0], name=later[-1]))


def _has_shape(reader: Reader, value: object, given: str) -> bool:
    return read_answer(value, np.shape(reader.values[given])).wrong_shape is None


def _apart(value: object, right: Any) -> float:
    """How far it is from what it was, as a part of that."""
    return float(np.linalg.norm(put(value, right) - right) / np.linalg.norm(right))


def followed(reader: Reader, known: Mapping[str, object], data: Mapping[str, object]) -> dict[str, Any]:
    """All quantities as they follow from what the program has."""
    own = {given.name: reader.values[given.name] for given in reader.context.derivation.givens}
    own |= {name: put(value, own[name]) for name, value in data.items() if name in own}
    for equation in reader.context.derivation.equations:
        if equation.name in known:
            own[equation.name] = put(known[equation.name], reader.values[equation.name])
        else:
            with np.errstate(all="ignore"):
                own[equation.name] = evaluate(equation.expression, own)
    return own


def _guesses(
    reader: Reader, known: Mapping[str, object], own: Mapping[str, Any], loose: Sequence[object], able: Sequence[int]
) -> Iterator[tuple[str, str, list[tuple[int, float]], tuple[str, ...]]]:
    """A step that does not follow, a step without a value before it, the values that may be that one's, so many times,
    and the steps from there.
    """
    derivation = reader.context.derivation
    divisors = {float(reader.context.sizes[0]), 1.0}
    in_play = _in_play(reader)
    right = (one for one in derivation if one in known and same(known[one], reader.values[one]))
    well = {name for one in right for name in _open_before(reader, one, known)}
    able = [place for place in able if not any(is_multiple(reader, loose[place], name, divisors) for name in well)]
    for equation in derivation.equations:
        if equation.name not in known or not tells(known[equation.name]):
            continue
        with np.errstate(all="ignore"):
            if same(known[equation.name], evaluate(equation.expression, own)):
                continue
        open_ = [name for name in _open_before(reader, equation.name, known) if name not in well]
        open_ = [name for name in open_ if name in in_play]
        for name in open_:
            between = [one for one in _open_before(reader, equation.name, known)[::-1] if one != name]
            factors = [1.0]
            if derivation[name].derivative is not None:
                factors = [sign / divisor for divisor in sorted(divisors) for sign in (1.0, -1.0)]
            tries = [(place, factor) for place in _fitting(reader, own, name, loose, able) for factor in factors]
            if tries:
                yield equation.name, name, tries, (*between, equation.name)


def _fitting(
    reader: Reader, own: Mapping[str, Any], name: str, loose: Sequence[object], able: Iterable[int]
) -> list[int]:
    """The places of the values that have the shape of a step."""
    sized = (place for place in able if np.size(np.asarray(loose[place])) == np.size(own[name]))
    return [place for place in sized if reader.fits(loose[place], name)]


def is_multiple(reader: Reader, value: object, name: str, divisors: Iterable[float]) -> bool:
    """Whether it is a step that is right as somebody keeps it: with a minus, or without 1/m."""
    right = reader.values[name]
    if np.size(np.asarray(value)) != np.size(right):
        return False
    return any(same(value, sign * factor * right) for factor in divisors for sign in (1.0, -1.0))


def _made(
    reader: Reader, own: Mapping[str, Any], name: str, values: Iterable[Any], then: Sequence[str]
) -> Iterator[Any]:
    """What the last of the steps comes to with each of the values in the place of a step, many of them at once."""
    values = iter(values)
    while some := list(islice(values, max(1, _NUMBERS_TOGETHER // np.size(own[name])))):
        together = {**own, name: np.stack(some)}
        reached = {name}
        for one in then:
            expression = reader.context.derivation[one].expression
            if any(part.name in reached for part in names_in(expression)):
                reached.add(one)
                with np.errstate(all="ignore"):
                    together[one] = evaluate(expression, together)
        yield from together[then[-1]] if then[-1] in reached else [own[then[-1]]] * len(some)


def _open_before(reader: Reader, name: str, known: Mapping[str, object]) -> list[str]:
    """The steps without a value that a step is made of, through others without one; the nearest first."""
    derivation = reader.context.derivation
    wanted, found = [name], []
    for one in reversed(derivation.equations):
        if one.name in wanted:
            for part in names_in(one.expression):
                if part.name in derivation and part.name not in known and part.name not in wanted:
                    wanted.append(part.name)
            if one.name != name:
                found.append(one.name)
    return found
