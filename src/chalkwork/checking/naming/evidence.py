"""What a program's values tell of what they are: right values, shapes, samples one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.mistakes import Context, Role
from chalkwork.checking.mistakes.errors import slope_of
from chalkwork.checking.naming.called import aliases_of, differentiated
from chalkwork.checking.naming.passes import base_of
from chalkwork.checking.reading.answers import Answer, answer_like, read_answer
from chalkwork.checking.reading.names import NO_NAME, NameTable, bare_name, longest
from chalkwork.checking.reading.numerals import is_single
from chalkwork.derivation.derivation import Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.typesetting.symbols import Symbols
from chalkwork.words import Said, Text

_ERROR = re.compile(r"(?:l|layer|output|hidden|final|o|h)?\d*(?:error|errors|err|gradient\w?)")

_MOST_ENTRIES = 10**5
_DOUBLE, _SINGLE = 1e-9, 1e-5
"""How far, as a part of the largest number, what is the same can be apart by the precision of a program."""
_ENTRIES = 4
"""One of so many values of a word, or more, are entries of something larger where it goes through these."""


class Evidence:
    """What one exercise's values say of a program's."""

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
        self.biased = [number for number in self.weighed if f"b{number}" in self.givens.known]
        self.has_states = any(name not in by for name in updated)
        self.begun = {name for name in context.derivation if name.endswith("_t0")}
        """The states that a sequence begins with: zeros, which nobody works out."""
        self.aliases = aliases_of(tuple(self.shapes), symbols.layers)

    def fits(self, value: object, name: str) -> bool:
        """Whether a value has the shape of a quantity."""
        return name in self.shapes and _read(value, self.shapes[name]).wrong_shape is None

    def _is(self, value: object, name: str) -> bool:
        return name in self.values and same(value, self.values[name])

    def equal(self, value: object) -> list[str]:
        """The quantities whose right value it is; none of what was typed and is no number."""
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            return []
        size, total = array.size, float(np.sum(np.abs(array)))
        near = [
            name for name, (of, sum_) in self._sums.items() if of == size and abs(sum_ - total) <= 1e-4 * total + 1e-12
        ]
        return [name for name in near if same(value, self.values[name])]

    def sized(self, size: int) -> list[str]:
        """The quantities of so many entries."""
        return [name for name, (of, _) in self._sums.items() if of == size]

    @cached_property
    def _sums(self) -> dict[str, tuple[int, float]]:
        names = (*self.givens.known, *self.context.derivation)
        return {name: (np.size(self.values[name]), float(np.sum(np.abs(self.values[name])))) for name in names}

    def upright(self, value: Any) -> Any:
        """A program's value, turned where the samples are its columns and stand in rows here, or the other way round:
        no quantity has its shape, and something of a layer has the turned one.
        """
        lies = isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype.kind == "f"
        if not lies or value.shape in self._of_layers[1] or value.shape[::-1] not in self._of_layers[0]:
            return value
        return value.T

    @cached_property
    def _of_layers(self) -> tuple[set[tuple[int, ...]], set[tuple[int, ...]]]:
        """The shapes of what layers hold for several samples, and of all there is, weights with their biases too."""
        if self.context.samples is None or self.context.sizes[0] < 2:
            return set(), set()
        steps = [one.name for one in self.context.derivation.equations if self.context.layer(one)]
        shapes = {np.shape(value) for value in self.values.values()}
        weights = _flat(np.shape(self.values[f"W{number}"]) for number in self.biased)
        more = {(rows + by, columns + 1 - by) for rows, columns in weights for by in (0, 1)}
        more |= {shape[::-1] for shape in (*weights, *more)}
        return {shape for shape in _flat(np.shape(self.values[one]) for one in steps) if 1 not in shape}, shapes | more

    def are_entries(self, values: Sequence[Any]) -> bool:
        """Whether a word goes through the entries or rows of something larger, or through sums that end so."""
        sizes = {np.size(value) for value in values}
        if len(sizes) != 1:
            return False
        if sizes == {1}:
            met = sum(map(self.is_entry, values))
            return met > 1 and _ENTRIES * met >= len(values)
        rows = [value for value in values if self.is_row(value)]
        if any(map(self.equal, rows)):
            return False
        return len(values) == len(rows) == 1 or (len(rows) > 1 and _ENTRIES * len(rows) >= len(values))

    def is_row(self, value: object) -> bool:
        """Whether a vector of a program is a row or column of something right."""
        return bool(self.rows_of(value))

    def rows_of(self, value: object) -> list[str]:
        """The quantities of which a vector of a program is a right row or column."""
        own = np.asarray(value, dtype=float).ravel()
        if not tells(value) or not 1 < own.size == max(np.shape(np.asarray(value)), default=0):
            return []
        met = [
            name for name, rows in self._rows.get(own.size, ()) if np.any(np.all(np.abs(rows - own) <= 1e-12, axis=-1))
        ]
        return list(dict.fromkeys(met))

    @cached_property
    def _rows(self) -> dict[int, list[tuple[str, np.ndarray[Any, Any]]]]:
        found: dict[int, list[tuple[str, np.ndarray[Any, Any]]]] = {}
        for name, value in self.values.items():
            for rows in (np.asarray(value, dtype=float), np.asarray(value, dtype=float).T):
                if rows.ndim == 2 and rows.shape[0] > 1 and rows.size <= _MOST_ENTRIES:
                    found.setdefault(rows.shape[1], []).append((name, rows))
        return found

    def is_entry(self, value: object) -> bool:
        """Whether a single number of a program is an entry of something larger that is right."""
        entries, own = self._entries, float(np.asarray(value, dtype=float).ravel()[0])
        place = int(np.searchsorted(entries, own))
        near = entries[max(place - 1, 0) : place + 1]
        return bool(tells(value) and np.any(np.abs(near - own) <= 1e-12 * abs(own)))

    @cached_property
    def _entries(self) -> np.ndarray[Any, Any]:
        whole = [np.asarray(value, dtype=float).ravel() for value in self.values.values()]
        whole += [np.asarray(value, dtype=float).ravel() for _, value in self.auxiliary()]
        return np.sort(np.concatenate([one for one in whole if 1 < one.size <= _MOST_ENTRIES] or [np.empty(0)]))

    def is_another(self, equal: Sequence[str], meant: Iterable[str], held: Mapping[str, Sequence[str]]) -> bool:
        """Whether a right value under the name of another quantity is no mistake: the program has that one too, or what
        is worked out with it is right, or it has gone on to that. `held` are the quantities whose right values the
        words have.
        """
        meant = set(meant)
        targets = [
            name
            for name in self.context.derivation
            if name in meant or (name in self.updates and base_of(name) in meant)
        ]
        if not equal or not targets or meant.union(targets) & set(equal):
            return False
        right = {name for names in held.values() for name in names}
        if right & set(targets):
            return True
        if {*map(base_of, equal)} & {*targets} and right & {name for name in self.updates if name not in equal}:
            return True  # it has gone on: what a word held before, it holds after the update
        reached = set(targets)
        for equation in self.context.derivation.equations:
            if any(one.name in reached for one in names_in(equation.expression)):
                if equation.name in right and equation.name not in equal:
                    return True
                reached.add(equation.name)
        return False

    def derivatives_called(self, words: Mapping[str, Sequence[object]]) -> dict[str, str]:
        """The words that are called like the derivative by what another word has the value of: du, with z1 in u.

        Beside one by z1, one by a1 is no step: nothing, then.
        """
        meant: dict[str, str] = {}
        by_activation: dict[str, str] = {}
        for word, values in words.items():
            short = values if len(bare_name(word)) < 12 else ()
            held = [{base_of(name) for name in self.equal(value)} for value in short if np.any(np.asarray(value))]
            every = set().union(*held)
            of = {name for name in every if f"d{name}" in self.shapes or re.fullmatch(r"z\d+", name)}
            if not any(map(str.isdigit, word)):  # h ends with the last step of a sequence, and dh with the first
                of = {name for name in of if longest((name,)) < 2}
            outputs = {name for name in every if re.fullmatch(r"a\d+", name)}
            if len(of) == 1 and all(of <= names for names in held if names):  # x is z1 and a1, layer after layer
                for called in differentiated(bare_name(word).lower()):
                    name = next(iter(of))
                    target = f"delta{name[1:]}" if name[0] == "z" else f"d{name}"
                    if target in self.shapes:
                        meant.setdefault(called, target)
            elif not of and len(outputs) == 1:
                number = outputs.pop()[1:]
                by_activation |= dict.fromkeys(differentiated(bare_name(word).lower()), f"delta{number}")
        found = {word: meant[bare_name(word).lower()] for word in words if bare_name(word).lower() in meant}
        beside = {word: by_activation.get(bare_name(word).lower()) for word in words if word not in found}
        return found | {word: "" for word, target in beside.items() if target in found.values()}

    def _has_one_sample(self, numbers: Mapping[str, object]) -> bool:
        """Whether the program goes through the samples one by one: it holds one of them."""
        data, axis = np.asarray(self.values.get("x", 0.0)), self.context.samples
        if axis is None or data.ndim != 2 or data.shape[axis] < 2:
            return False
        each = np.moveaxis(data, axis, 0)
        arrays = [np.asarray(value) for value in numbers.values() if hasattr(value, "dtype")]
        flat = [value.ravel() for value in arrays if value.size <= each[0].size + 1]
        parts = [part for value in flat for part in (value, value[1:], value[:-1]) if part.size == each[0].size]
        return any(part.dtype.kind == "f" and (np.abs(each - part).max(axis=1) == 0).any() for part in parts)

    def _is_of_one_sample(self, value: object, target: str, throughout: bool) -> bool:
        """Whether it is what a step holds for one of several samples."""
        equation, count = self.context.derivation.get(target), self.context.sizes[0]
        is_target = target == "y" and equation is None
        if count < 2 or not hasattr(value, "dtype") or self.context.samples is None:
            return False
        if not is_target and (equation is None or self.context.layer(equation) is None):
            return False
        right, own = np.asarray(self.values[target]), np.asarray(value)
        if throughout and own.size == max(own.shape, default=0) < right.size:
            return True  # whatever it is, with an input of 1 for the bias or without
        if own.size == max(own.shape, default=0) and own.size * count == right.size and target[0] in "za":
            return True  # a vector where there is a matrix
        if own.size * count != right.size:
            return False
        each = np.moveaxis(right, self.context.samples, 0)
        return throughout or any(same(own.ravel(), one) for one in each)

    def why_unused(self, word: str, value: object, reason: Said) -> Said:
        """Why a variable is no step: it is a quantity that has no line of its own here; else the reason."""
        what = self.of_no_step(value)
        if what is not None or str(reason) != str(NO_NAME):
            return what or reason
        if _ERROR.fullmatch(bare_name(word).lower()):
            return Text.of("unused.no_step", what=Text.of("unused.error"))
        meant = self.aliases.get(bare_name(word).lower(), ())
        if len(meant) > 1:
            both = Text.of("unused.or", first=meant[0], second=meant[1])
            return Text.of("unused.ambiguous", name=word, names=both)
        return reason

    def of_no_step(self, value: object) -> Text | None:
        """That a value is that of a quantity that has no line here, if it is."""
        for said, other in self._of_no_line if tells(value) else ():
            if same(value, other):
                return Text.of("unused.no_step", what=said)
        return Text.of("unused.no_step", what=Text.of("unused.losses")) if self.are_apart(value) else None

    def are_apart(self, value: object) -> bool:
        """Whether it holds what each sample, or each of its outputs, adds to a loss that is right."""
        own, (count, outputs) = np.asarray(value), self.context.sizes
        if not tells(value) or own.size < 2 or own.size not in (count, count * outputs):
            return False
        return any(same(total, self.values[one]) for total in (own.sum(), own.mean()) for one in self._losses)

    @cached_property
    def _losses(self) -> list[str]:
        context = self.context
        return [one.name for one in context.derivation.equations if context.role(one) == Role.LOSS]

    def _of_the_data(self, word: str, value: object, named: str | None) -> Text | None:
        """That a word without a number that was assigned for layer after layer ended as what comes back to the data."""
        if named is None or not named.startswith("delta") or any(map(str.isdigit, word)) or self.fits(value, named):
            return None
        if np.shape(np.asarray(value)) != np.shape(self.values.get("x", 0.0)):
            return None
        return Text.of("unused.no_step", what=Text.of("unused.derivative", name="x"))

    @cached_property
    def _of_no_line(self) -> tuple[tuple[Said, Any], ...]:
        return tuple(self.auxiliary())

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
            if equation.name.startswith(("dmu", "dvar")):  # some subtract what others add
                yield Text.of("unused.minus_derivative", name=equation.name[1:]), -self.values[equation.name]
            if self.context.role(equation) == Role.ERROR:
                upstream = self.context.upstream(equation)
                layer = self.context.layer(equation)
                if upstream is not None and layer is not None:
                    with np.errstate(all="ignore"):
                        value = evaluate(upstream, self.values)
                    yield Text.of("unused.derivative", name=layer.activation.name), value
                    yield Text.of("unused.minus_derivative", name=layer.activation.name), -value
                if layer is not None and (slope := slope_of(layer)) is not None and slope.shape:
                    with np.errstate(all="ignore"):
                        yield Text.of("unused.slope", name=layer.net.name), evaluate(slope, self.values)

    def may_be(self, value: object, name: str) -> bool:
        """Whether it has the shape of a quantity, or is a gradient in a wrong one."""
        kind = base_of(name).rstrip("0123456789")
        clear = kind in ("dW", "dU", "db", "dgamma", "dbeta") or (
            kind in ("mu", "var") and np.size(np.asarray(value)) > 1
        )
        return self.fits(value, name) or (clear and hasattr(value, "dtype"))


def _flat(shapes: Iterable[tuple[int, ...]]) -> list[tuple[int, int]]:
    return [(shape[0], shape[1]) for shape in shapes if len(shape) == 2]


def _read(value: object, shape: tuple[int, ...]) -> Answer:
    return read_answer(value, shape)


def same(value: object, right: Any) -> bool:
    """Whether a program's value is the right one, but for the last digits."""
    right = np.asarray(right, dtype=float)
    right = right[None, :] if right.ndim == 1 else right
    none = np.isnan(right)
    if none.any() and not none.all():  # the root of what is negative: the rest says what it is
        own = np.asarray(value)
        if own.dtype.kind != "f" or not np.array_equal(np.isnan(own).ravel(), none.ravel()):
            return False
        return same(np.nan_to_num(own), np.nan_to_num(right))
    largest = np.max(np.abs(right), initial=0.0)
    array = np.asarray(value) if isinstance(value, (float, np.ndarray, np.floating)) else np.empty(0, int)
    floats = array if array.dtype.kind == "f" else None
    about = _SINGLE * largest + 1e-15
    if floats is not None and (floats.size != right.size or (floats.size and abs(floats.max() - right.max()) > about)):
        return False  # as most are: of another size, or not as large
    room = (_SINGLE if is_single(value) else _DOUBLE) * largest + 1e-15
    if floats is not None and (floats.shape == right.shape or (_is_vector(floats) and _is_vector(right))):
        own = floats.astype(np.float64, copy=False).reshape(right.shape)
        return bool(np.all(np.abs(own - right) <= room))  # as it stands: nothing in it is to be read
    answer = answer_like(value, right)
    if answer.wrong_shape is not None or not answer.given.all():
        return False
    return bool(np.all(np.abs(answer.value - right.reshape(answer.value.shape)) <= room))


def _is_vector(array: np.ndarray[Any, Any]) -> bool:
    """Whether it is a row or a column, or one number."""
    return array.size == max(array.shape, default=1)


class Stacked:
    """Values of a program, all of one size, among which one is looked for again and again."""

    def __init__(self, values: Sequence[object]) -> None:
        self.values = values
        flat = [np.ravel(np.asarray(value, dtype=float)) for value in values]
        self._flat = np.nan_to_num(np.stack(flat)) if flat else np.empty((0, 0))

    def same(self, right: Any) -> list[int]:
        """The places of those that are the `same`."""
        own = np.nan_to_num(np.ravel(np.asarray(right, dtype=float)))
        if own.size != self._flat.shape[1]:
            return []
        with np.errstate(all="ignore"):
            room = 2 * _SINGLE * np.max(np.abs(own), initial=0.0) + 1e-15
            near = np.flatnonzero(np.all(np.abs(self._flat - own) <= room, axis=1))
        return [place for place in near.tolist() if same(self.values[place], right)]


def is_mask(value: object) -> bool:
    """Whether it holds zeros and ones alone."""
    array = np.asarray(value) if hasattr(value, "dtype") else np.empty(0)
    return array.size > 1 and _are_zeros_and_ones(array)


def tells(value: object) -> bool:
    """Whether no accident gives such numbers: a program's, and not only zeros, ones or a count."""
    array = np.asarray(value) if hasattr(value, "dtype") or isinstance(value, float) else np.empty(0)
    if array.dtype.kind != "f" or not array.size:
        return False
    return bool((array != np.round(array, 3)).any()) and not _are_zeros_and_ones(array)


def _are_zeros_and_ones(array: np.ndarray[Any, Any]) -> bool:
    return bool(((array == 0) | (array == 1)).all())
