"""The names of a program: by a table of what people call things, and by evidence, the right shape and value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.answers import Answer, answer_like, read_answer
from chalkwork.checking.augmented import gradients_with_bias, holds_bias
from chalkwork.checking.called import aliases_of
from chalkwork.checking.mistakes import Context, Role
from chalkwork.checking.names import NO_NAME, NameTable, bare_name
from chalkwork.checking.passes import base_of, of_the_last_step
from chalkwork.checking.states import states_called
from chalkwork.checking.variables import AGAIN
from chalkwork.derivation.derivation import Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.typesetting.symbols import Symbols
from chalkwork.words import Said, Text

NO_NUMBERS = Text.of("unused.no_numbers")
_FORWARD = re.compile(r"(z|a|s|h|net|act|delta|d|dz|sigma|activation|layer|l)(\d+)(?:delta|error)?", re.IGNORECASE)
_PARAMETER = re.compile(
    r"(?:d|grad|g|nabla|gradient|delta)?(w|b|weight|weights|bias|theta|syn)(\d+)(?:grad|gradient)?", re.I
)

_ERROR = re.compile(r"(?:l|layer|output|hidden|final|o|h)?\d*(?:error|errors|err|gradient\w?)")


@dataclass
class Names:
    """What the words of one program stand for."""

    steps: dict[str, object] = field(default_factory=dict)
    data: dict[str, object] = field(default_factory=dict)
    unused: dict[str, Said] = field(default_factory=dict)
    notes: list[Text] = field(default_factory=list)


class Reader:
    """Reads the words of programs for one exercise."""

    def __init__(self, table: NameTable, symbols: Symbols, values: Mapping[str, Any], context: Context) -> None:
        self.table = table
        self.layers = symbols.layers
        self.values = values
        self.context = context
        self.shapes = context.derivation.shapes()
        self.givens = NameTable([given.name for given in context.derivation.givens], symbols)
        self.updates = {one.name for one in context.derivation.equations if one.stage == Stage.UPDATE}
        updated = [one.name.partition("_new")[0] for one in context.derivation.equations if one.stage == Stage.UPDATE]
        by = {of for _, of in context.derivatives}
        weighed = (re.fullmatch(r"W(\d+)", name) for name in self.givens.known)
        self.weighed = sorted(int(found[1]) for found in weighed if found)
        self.has_states = any(name not in by for name in updated)
        self.aliases = aliases_of(tuple(self.shapes), symbols.layers)

    def names(self, given: Mapping[str, object], used: Mapping[str, str], refused: Mapping[str, Said]) -> Names:
        """What every word stands for; `used` and `refused` are what the table of names makes of them."""
        found = Names()
        numbers = {word: value for word, value in given.items() if _has_numbers(value)}
        one_sample = self._has_one_sample(numbers)
        for word, value in given.items():
            if word not in numbers and word in self.context.derivation:
                found.steps[word] = value
            elif word not in numbers:
                found.unused[word] = NO_NUMBERS
        known, asked = self.known(numbers, used, refused)
        single = {word for word, name in known.items() if np.size(self.values[name]) == 1 and name in self.shapes}
        for word, value in numbers.items():  # a number of layers, a place in a loop, the losses of all steps
            count = isinstance(value, (int, np.integer)) or (word in single and isinstance(value, (list, tuple)))
            count = count or (isinstance(value, float) and word in known and np.size(self.values[known[word]]) > 1)
            if count and word in known and not self._is(value, known[word]):
                del known[word]
        held = {word: self.equal(value) for word, value in numbers.items() if tells(value)}
        known = {
            word: name
            for word, name in known.items()
            if word == name or not self.is_another(held.get(word, ()), [name], held)
        }
        known = of_the_last_step(numbers, known, self.context, self._is)
        found.unused |= asked
        taken = set(found.steps)
        loose: dict[str, object] = {}
        right = {word for word, value in numbers.items() if word in known and self._is(value, known[word])}
        for word in sorted(numbers, key=lambda word: (word not in right, word not in used)):
            value, target = numbers[word], known.get(word)
            if word in asked:
                continue
            if target is not None and self._is_given_with_bias(value, target):
                continue
            if target is not None and self._is_of_one_sample(value, target, one_sample):
                found.unused[word] = Text.of("unused.one_sample")
                continue
            if target is None or (word not in self.shapes and not self._may_be(value, target)):
                loose[word] = value
            elif _is_mask(value) and target.startswith("delta") and word not in self.shapes:
                found.unused[word] = Text.of("unused.mask")
            elif target in taken and not self._is_renewed_beside(found, target, value):
                found.unused[word] = Text.of("unused.already", name=target)
            elif target in taken:
                taken.add(f"{target}_new")
                found.steps[f"{target}_new"] = value
            else:
                taken.add(target)
                self._put(found, target, value)
        for word, value in loose.items():
            self._by_value(found, taken, word, value, known.get(word), refused.get(word, NO_NAME))
        self._renewed(found)
        return found

    def _is_given_with_bias(self, value: object, target: str) -> bool:
        """Whether it is the exercise's weights with the bias as a further row or column."""
        bias = self.values.get(f"b{target[1:]}")
        if not target.startswith("W") or target not in self.givens.known or bias is None:
            return False
        return np.ndim(np.asarray(value)) == 2 and holds_bias(np.asarray(value), self.values[target], bias)

    def _with_bias(self, value: object) -> str | None:
        """The renewed weights that a matrix holds with their bias as a further row or column."""
        if not hasattr(value, "dtype") or np.ndim(np.asarray(value)) != 2:
            return None
        able = [name for name in self.updates if name.startswith("W") and f"b{name[1:]}" in self.updates]
        right = (one for one in able if holds_bias(np.asarray(value), self.values[one], self.values[f"b{one[1:]}"]))
        return next(right, None)

    def _has_one_sample(self, numbers: Mapping[str, object]) -> bool:
        """Whether the program goes through the samples one by one: it holds one of them."""
        data, axis = np.asarray(self.values.get("x", 0.0)), self.context.samples
        if axis is None or data.ndim != 2 or data.shape[axis] < 2:
            return False
        each = np.moveaxis(data, axis, 0)
        flat = [
            np.asarray(value).ravel() for value in numbers.values() if np.size(np.asarray(value)) <= each[0].size + 1
        ]
        parts = [part for value in flat for part in (value, value[1:], value[:-1]) if part.size == each[0].size]
        return any(part.dtype.kind == "f" and (np.abs(each - part).max(axis=1) == 0).any() for part in parts)

    def _is_of_one_sample(self, value: object, target: str, throughout: bool) -> bool:
        """Whether it is what a step holds for one of several samples."""
        equation, count = self.context.derivation.get(target), self.context.sizes[0]
        if equation is None or count < 2 or self.context.layer(equation) is None or not hasattr(value, "dtype"):
            return False
        right, own = np.asarray(self.values[target]), np.asarray(value)
        if self.context.samples is None:
            return False
        if throughout and own.ndim == 1 and own.size < right.size:
            return True  # whatever it is, with an input of 1 for the bias or without
        if own.size * count != right.size:
            return False
        each = np.moveaxis(right, self.context.samples, 0)
        return throughout or any(same(own.ravel(), one) for one in each)

    def _is_renewed_beside(self, found: Names, target: str, value: object) -> bool:
        """Whether a parameter that is there as it was is there once more, renewed."""
        later = f"{target}_new"
        free = later in self.context.derivation and later not in found.steps
        return free and target in found.data and self._is(found.data[target], target) and not self._is(value, target)

    def equal(self, value: object) -> list[str]:
        """The quantities whose right value it is."""
        array = np.asarray(value, dtype=float)
        size, total = array.size, float(np.sum(np.abs(array)))
        near = [
            name for name, (of, sum_) in self._sums.items() if of == size and abs(sum_ - total) <= 1e-4 * total + 1e-12
        ]
        return [name for name in near if same(value, self.values[name])]

    @cached_property
    def _sums(self) -> dict[str, tuple[int, float]]:
        names = (*self.givens.known, *self.context.derivation)
        return {name: (np.size(self.values[name]), float(np.sum(np.abs(self.values[name])))) for name in names}

    def is_another(self, equal: Sequence[str], meant: Iterable[str], held: Mapping[str, Sequence[str]]) -> bool:
        """Whether a right value under the name of another quantity is no mistake: the program has that one too, or what
        is worked out with it is right. `held` are the quantities whose right values the words have.
        """
        targets = [name for name in meant if name in self.context.derivation]
        if not equal or not targets or set(equal) & set(targets):
            return False
        right = {name for names in held.values() for name in names}
        if right & set(targets):
            return True
        reached = set(targets)
        for equation in self.context.derivation.equations:
            if any(one.name in reached for one in names_in(equation.expression)):
                if equation.name in right and equation.name not in equal:
                    return True
                reached.add(equation.name)
        return False

    def _put(self, found: Names, target: str, value: object) -> None:
        (found.steps if target in self.context.derivation else found.data)[target] = value

    # --- by name ---------------------------------------------------------------------------------------------------

    def known(
        self, given: Mapping[str, object], used: Mapping[str, str], refused: Mapping[str, Said]
    ) -> tuple[dict[str, str], dict[str, Said]]:
        """What the words mean by the tables, layers counted as the program counts them; and what has two readings."""
        words = {word: bare_name(word).lower() for word in given}
        plain: dict[str, str] = {}
        states = (
            states_called(
                (word.removeprefix(AGAIN) for word in given), (*self.givens.known, *self.shapes), self._meaning
            )
            if self.has_states
            else {}
        )
        for word in given:
            bare = word.removeprefix(AGAIN)
            target = states.get(bare) or used.get(bare) or self._meaning(bare)
            if target:
                plain[word] = target
        known = dict(plain)
        asked: dict[str, Said] = {}
        for pattern, shifts in ((_FORWARD, (-1, 1)), (_PARAMETER, (1,))):
            family = [word for word, bare in words.items() if pattern.fullmatch(bare)]
            shift = self._shift(given, plain, family, words, pattern, shifts)
            if shift:
                for word in family:
                    moved = self._moved(words[word], pattern, shift)
                    known.pop(word, None)
                    if moved is not None:
                        known[word] = moved
            ordered = {word: self._in_order(words[word], pattern, given[word]) for word in family}
            if self._score(given, ordered) > self._score(given, {word: known.get(word) for word in family}):
                for word, name in ordered.items():
                    known.pop(word, None)
                    if name is not None:
                        known[word] = name
        with_bias = gradients_with_bias(given, known, self.values, self.context.derivation, self.fits)
        known = {word: name for word, name in {**known, **with_bias}.items() if name}
        return known, asked

    def _score(self, given: Mapping[str, object], meant: Mapping[str, str | None]) -> tuple[int, int]:
        """How many values are right by a reading, and how many shapes."""
        targets = [(given[word], name) for word, name in meant.items() if name is not None]
        return sum(self._is(value, name) for value, name in targets), sum(self.fits(*one) for one in targets)

    def _in_order(self, bare: str, pattern: re.Pattern[str], value: object) -> str | None:
        """What a word means where only layers with weights are counted: what a dropout or a normalisation after one
        gives is that layer's output then, if it looks like it.
        """
        found, layers = pattern.fullmatch(bare), self.weighed
        number = int(found[2]) if found is not None else 0
        if found is None or not 1 <= number <= len(layers) or layers == list(range(1, len(layers) + 1)):
            return None
        start, end = found.span(2)
        first, last = layers[number - 1], (*layers, self.layers + 1)[number] - 1
        names = [self._meaning(f"{bare[:start]}{one}{bare[end:]}") for one in (first, last)]
        if names[0] == f"a{first}" and names[1] is not None and last > first:
            mask = np.asarray(self.values.get(f"mask{last}", 1.0))
            own = np.asarray(value) if hasattr(value, "dtype") else np.empty(0)
            dropped = own.shape == mask.shape and bool((own[mask == 0] == 0).all())
            plain = f"mask{last}" in self.values and not dropped
            return names[0] if plain and not self._is(value, names[1]) else names[1]
        return names[0]

    def _shift(
        self,
        given: Mapping[str, object],
        plain: Mapping[str, str],
        family: Sequence[str],
        words: Mapping[str, str],
        pattern: re.Pattern[str],
        shifts: Iterable[int],
    ) -> int:
        """By how much the program's numbers of layers differ: what most values, then most shapes, then names say."""

        def score(shift: int) -> tuple[int, int, int]:
            right = shaped = 0
            for word in family:
                target = plain.get(word) if not shift else self._moved(words[word], pattern, shift)
                if target is not None:
                    right += self._is(given[word], target)
                    shaped += self.fits(given[word], target)
            return right, shaped, -abs(shift)

        return max((0, *shifts), key=score) if family else 0

    def _moved(self, bare: str, pattern: re.Pattern[str], shift: int) -> str | None:
        found = pattern.fullmatch(bare)
        if found is None:
            return None
        number = int(found[2]) + shift
        start, end = found.span(2)
        word = f"{bare[:start]}{number}{bare[end:]}"
        if number == 0 and found[1].lower() in ("a", "l", "h", "layer", "activation"):
            return "x"
        return self._meaning(word) if number > 0 else None

    def _meaning(self, word: str) -> str | None:
        matched, _ = self.table.match([word])
        if not matched:
            matched, _ = self.givens.match([word])
        if matched:
            return next(iter(matched.values()))
        found = self.aliases.get(bare_name(word).lower(), ())
        return found[0] if len(found) == 1 else None

    # --- by evidence -----------------------------------------------------------------------------------------------

    def _by_value(
        self, found: Names, taken: set[str], word: str, value: object, named: str | None, reason: Said
    ) -> None:
        for name in (*self.context.derivation, *self.givens.known) if tells(value) else ():
            later = "_new" in name and self._is(value, base_of(name))  # hardly changed: it is what was before
            if name not in taken and self._is(value, name) and not later:
                taken.add(name)
                self._put(found, name, value)
                found.notes.append(Text.of("note.taken", word=word, name=name))
                return
        with_bias = self._with_bias(value)
        if with_bias is not None and with_bias not in taken:
            taken.add(with_bias)
            self._put(found, with_bias, value)
            return
        again = next((name for name in (*taken, *found.data) if tells(value) and self._is(value, name)), None)
        if again is not None:
            found.unused[word] = Text.of("unused.again", name=again)
            return
        several = np.size(np.asarray(value, dtype=object)) > 1 and not _is_mask(value)
        if several and any(self._is(value, name) for name in self.givens.known):
            return  # the exercise's own data under another name
        of_no_step = self._of_no_step(value) or self._of_the_data(word, value, named)
        if named is None or of_no_step is not None:
            found.unused[word] = of_no_step or self.why_unused(word, value, reason)
        elif named in taken:
            found.unused[word] = Text.of("unused.already", name=named)
        else:
            taken.add(named)
            self._put(found, named, value)

    def why_unused(self, word: str, value: object, reason: Said) -> Said:
        """Why a variable is no step: it is a quantity that has no line of its own here; else the reason."""
        of_no_step = self._of_no_step(value)
        if of_no_step is not None or str(reason) != str(NO_NAME):
            return of_no_step or reason
        if _ERROR.fullmatch(bare_name(word).lower()):
            return Text.of("unused.no_step", what=Text.of("unused.error"))
        meant = self.aliases.get(bare_name(word).lower(), ())
        if len(meant) > 1:
            both = Text.of("unused.or", first=meant[0], second=meant[1])
            return Text.of("unused.ambiguous", name=word, names=both)
        return reason

    def _of_no_step(self, value: object) -> Text | None:
        """That a value is that of a quantity that has no line here, if it is."""
        for said, other in self.auxiliary() if tells(value) else ():
            if same(value, other):
                return Text.of("unused.no_step", what=said)
        return None

    def _of_the_data(self, word: str, value: object, named: str | None) -> Text | None:
        """That a word without a number that was assigned for layer after layer ended as what comes back to the data."""
        if named is None or not named.startswith("delta") or any(map(str.isdigit, word)) or self.fits(value, named):
            return None
        if np.shape(np.asarray(value)) != np.shape(self.values.get("x", 0.0)):
            return None
        return Text.of("unused.no_step", what=Text.of("unused.derivative", name="x"))

    def auxiliary(self) -> Iterator[tuple[Said, Any]]:
        """Quantities that programs have and the derivation has no line for."""
        layers = self.context.layers(0)
        if layers and "y" in self.values:
            output = layers[-1].activation.name
            with np.errstate(all="ignore"):
                if np.shape(self.values[output]) == np.shape(self.values["y"]):
                    apart = np.asarray(self.values[output]) - np.asarray(self.values["y"])
                    yield f"{output} − y", apart
                    yield f"y − {output}", -apart
        for equation in self.context.derivation.equations:
            if self.context.role(equation) == Role.ERROR:
                upstream = self.context.upstream(equation)
                layer = self.context.layer(equation)
                if upstream is not None and layer is not None:
                    with np.errstate(all="ignore"):
                        value = evaluate(upstream, self.values)
                    yield Text.of("unused.derivative", name=layer.activation.name), value
                    yield Text.of("unused.minus_derivative", name=layer.activation.name), -value

    def _renewed(self, found: Names) -> None:
        """Parameters that a program has renewed in place are those after the update.

        So are those that are wrong by then, if what was worked out with them is right.
        """
        for name in list(found.data):
            if not self._is(found.data[name], name):
                able = [later for later in self.context.derivation if later.startswith(f"{name}_new")]
                self._later(found, name, [later for later in able if self._is(found.data[name], later)])
        for name in sorted(found.data, key=lambda name: not self._was_right(found, name)):
            renewed = any(f"{given}_new" in found.steps for given in self.givens.known)
            alone = not any(self.context.steps[step] == 0 and step not in self.updates for step in found.steps)
            if not self._is(found.data[name], name) and (renewed or alone or self._was_right(found, name)):
                able = [later for later in self.context.derivation if later.startswith(f"{name}_new")]
                self._later(found, name, able[:-2:-1] if alone else able[:1])
        in_place = found.notes and any(f"{given}_new" in found.steps for given in self.givens.known)
        for name in [name for name in found.data if f"d{name}" in found.steps] if in_place else ():
            if self._is(found.data[name], name):  # those beside it were renewed, and its gradient is there
                self._later(found, name, [f"{name}_new"])

    def _later(self, found: Names, name: str, able: Iterable[str]) -> None:
        for later in able:
            if later in self.context.derivation and later not in found.steps:
                found.steps[later] = found.data.pop(name)
                found.notes.append(Text.of("note.updated", name=name, later=later))
                return

    def _was_right(self, found: Names, name: str) -> bool:
        """Whether something that is worked out with a parameter has the value that the exercise's gives."""
        reached = {name}
        for equation in self.context.derivation.equations:
            made = self.context.steps[equation.name] == 0 and equation.name not in self.updates
            if made and any(one.name in reached for one in names_in(equation.expression)):
                if equation.name not in found.steps:
                    reached.add(equation.name)
                elif self._is(found.steps[equation.name], equation.name):
                    return True
        return False

    def _is(self, value: object, name: str) -> bool:
        return name in self.values and same(value, self.values[name])

    def _may_be(self, value: object, name: str) -> bool:
        """Whether it has the shape of a quantity, or is a gradient in a wrong one."""
        kind = base_of(name).rstrip("0123456789")
        return self.fits(value, name) or (kind in ("dW", "db") and hasattr(value, "dtype"))

    def fits(self, value: object, name: str) -> bool:
        """Whether a value has the shape of a quantity."""
        return name in self.shapes and _read(value, self.shapes[name]).wrong_shape is None


def _read(value: object, shape: tuple[int, ...]) -> Answer:
    return read_answer(value, shape)


def same(value: object, right: Any) -> bool:
    """Whether a program's value is the right one, but for the last digits."""
    right = np.asarray(right, dtype=float)
    right = right[None, :] if right.ndim == 1 else right
    answer = answer_like(value, right)
    if answer.wrong_shape is not None or not answer.given.all():
        return False
    slack = 1e-5 if getattr(value, "dtype", None) == np.float32 else 1e-9
    room = slack * np.max(np.abs(right), initial=0.0) + 1e-15
    return bool(np.all(np.abs(answer.value - right.reshape(answer.value.shape)) <= room))


def _has_numbers(value: object) -> bool:
    if isinstance(value, (bool, np.bool_, type(None))):
        return False
    if isinstance(value, str):  # typed: a program's words are none
        return bool(re.match(r"[^a-zA-Z]*[0-9]", value)) and len(value) < 2000
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind:
        return kind in "fiub" and 0 < int(getattr(value, "size", 1)) <= 10**6
    return isinstance(value, (int, float, list, tuple)) or hasattr(value, "__array__")


def _is_mask(value: object) -> bool:
    array = np.asarray(value) if hasattr(value, "dtype") else np.empty(0)
    return array.size > 1 and bool(np.isin(array, (0, 1)).all())


def tells(value: object) -> bool:
    """Whether no accident gives such numbers: a program's, and not only zeros, ones or a count."""
    array = np.asarray(value) if hasattr(value, "dtype") or isinstance(value, float) else np.empty(0)
    if array.dtype.kind != "f" or not array.size:
        return False
    return bool((array != np.round(array, 3)).any()) and not np.isin(array, (0, 1)).all()
