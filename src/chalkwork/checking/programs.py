"""The names of a program: by a table of what people call things, and by evidence, the right shape and value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.answers import Answer, answer_like, read_answer
from chalkwork.checking.mistakes import Context, Role
from chalkwork.checking.names import NO_NAME, NameTable, bare_name
from chalkwork.checking.states import states_called
from chalkwork.checking.variables import AGAIN
from chalkwork.derivation.derivation import Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.typesetting.symbols import Symbols
from chalkwork.words import Said, Text

NO_NUMBERS = Text.of("unused.no_numbers")
_KNOWN = re.compile(r"(d?)(x|y|z|a|W|b|L|delta)(\d*)(_new\d*)?")
_FORWARD = re.compile(r"(z|a|s|h|net|act|delta|d|dz|sigma|activation|layer|l)(\d+)(?:delta|error)?", re.IGNORECASE)
_PARAMETER = re.compile(
    r"(?:d|grad|g|nabla|gradient|delta)?(w|b|weight|weights|bias|theta|syn)(\d+)(?:grad|gradient)?", re.I
)

_ERROR = re.compile(r"(?:l|layer|output|hidden|final|o|h)?\d*(?:error|errors|err|gradient\w?)")

_OUT = ("o", "out", "output", "outputs", "final", "last", "pred", "predicted", "predictedoutput", "y")
_HIDDEN = ("h", "hid", "hidden", "hiddenlayer")
_STEMS: Mapping[str, tuple[str, ...]] = {
    "z": ("z", "net", "in", "input", "inputs", "layerinput", "preact", "preactivation", "sum", "s", "logits", "scores"),
    "a": ("a", "act", "activation", "activations", "layeractivation", "layeractivations", "layer", "layeroutput", "out",
          "output", "outputs", "l", "h"),
    "delta": ("delta", "deltas", "layerdelta", "d", "dz", "sigma", "localgradient", "errorterm"),
    "W": ("w", "weight", "weights", "theta", "syn", "synapse"),
    "b": ("b", "bias", "biases"),
}  # fmt: skip
_ALONE: Mapping[str, tuple[str, ...]] = {
    "z": ("scores", "logits", "score", "logit"),
    "a": ("probs", "prob", "probabilities", "probas", "proba", "predictions", "prediction", "pred", "preds", "ypred",
          "yhat", "ypredicted", "yprob", "yprobs", "yp", "p",
          "o", "out", "output", "outputs", "predictedoutput", "softmaxoutput", "hypothesis"),
    "delta": ("dscores", "dlogits", "dscore", "outputdelta", "outputdeltas", "dpredictedoutput", "doutput", "dy"),
    "L": ("loss", "cost", "mse", "sse", "bce", "crossentropy", "dataloss", "totalloss", "totalerror", "j", "e", "error",
          "err", "losses", "objective", "errortotal", "meansquarederror", "nll", "negloglikelihood"),
}  # fmt: skip
_HIDDEN_ALONE: Mapping[str, tuple[str, ...]] = {
    "a": ("h", "hidden", "hiddenlayer", "hiddenoutput", "hiddenoutputs", "hiddenlayeroutput", "hid"),
    "delta": ("dhidden", "dh", "hiddendelta", "hiddendeltas", "dhiddenlayer", "deltah"),
}
_BETWEEN = {1: ("ih", "xh", "inputhidden", "inputtohidden", "inh", "hiddeninput"),
            2: ("ho", "hy", "hiddenoutput", "hiddentooutput", "hout", "outputhidden")}  # fmt: skip


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
        updated = [one.name.partition("_new")[0] for one in context.derivation.equations if one.stage == Stage.UPDATE]
        by = {of for _, of in context.derivatives}
        self.has_states = any(name not in by for name in updated)
        self.aliases = _aliases(tuple(self.shapes), symbols.layers)

    def names(self, given: Mapping[str, object], used: Mapping[str, str], refused: Mapping[str, Said]) -> Names:
        """What every word stands for; `used` and `refused` are what the table of names makes of them."""
        found = Names()
        numbers = {word: value for word, value in given.items() if _has_numbers(value)}
        for word, value in given.items():
            if word not in numbers and word in self.context.derivation:
                found.steps[word] = value
            elif word not in numbers:
                found.unused[word] = NO_NUMBERS
        known, asked = self.known(numbers, used, refused)
        found.unused |= asked
        taken = set(found.steps)
        loose: dict[str, object] = {}
        for word, value in numbers.items():
            target = known.get(word)
            if word in asked:
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

    def _is_renewed_beside(self, found: Names, target: str, value: object) -> bool:
        """Whether a parameter that is there as it was is there once more, renewed."""
        later = f"{target}_new"
        free = later in self.context.derivation and later not in found.steps
        return free and target in found.data and self._is(found.data[target], target) and not self._is(value, target)

    def _put(self, found: Names, target: str, value: object) -> None:
        (found.steps if target in self.context.derivation else found.data)[target] = value

    # --- by name ---------------------------------------------------------------------------------------------------

    def known(
        self, given: Mapping[str, object], used: Mapping[str, str], refused: Mapping[str, Said]
    ) -> tuple[dict[str, str], dict[str, Said]]:
        """What the words mean by the tables, layers counted as the program counts them; and what has two readings."""
        words = {word: bare_name(word).lower() for word in given}
        plain: dict[str, str] = {}
        states = states_called((word.removeprefix(AGAIN) for word in given), (*self.givens.known, *self.shapes), self._meaning) if self.has_states else {}
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
        return known, asked

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
            if name not in taken and self._is(value, name):
                taken.add(name)
                self._put(found, name, value)
                found.notes.append(Text.of("note.taken", word=word, name=name))
                return
        again = next((name for name in (*taken, *found.data) if tells(value) and self._is(value, name)), None)
        if again is not None:
            found.unused[word] = Text.of("unused.again", name=again)
            return
        several = np.size(np.asarray(value, dtype=object)) > 1 and not _is_mask(value)
        if several and any(self._is(value, name) for name in self.givens.known):
            return  # the exercise's own data under another name
        of_no_step = self._of_no_step(value)
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
            if not self._is(found.data[name], name) and (renewed or self._was_right(found, name)):
                self._later(found, name, [f"{name}_new"])
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
        users = [
            equation.name
            for equation in self.context.derivation.equations
            if self.context.steps[equation.name] == 0 and any(one.name == name for one in names_in(equation.expression))
        ]
        return any(user in found.steps and self._is(found.steps[user], user) for user in users if f"{name}_new" != user)

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
    answer = answer_like(value, right)
    if answer.wrong_shape is not None or not answer.given.all():
        return False
    slack = 1e-5 if getattr(value, "dtype", None) == np.float32 else 1e-9
    room = slack * np.max(np.abs(right), initial=0.0) + 1e-15
    return bool(np.all(np.abs(answer.value - right.reshape(answer.value.shape)) <= room))


def _has_numbers(value: object) -> bool:
    if isinstance(value, (bool, np.bool_, type(None))):
        return False
    if isinstance(value, str):
        return bool(re.search(r"[0-9]", value)) and len(value) < 2000
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


def base_of(name: str) -> str:
    """A quantity without the number of its update: W1 for W1_new2.

    >>> base_of("W1_new2"), base_of("delta1")
    ('W1', 'delta1')
    """
    return name.partition("_new")[0]


@lru_cache(maxsize=1 << 10)
def kinds_called(word: str) -> tuple[str, ...]:
    """The kinds of quantities that a word without the number of a layer can stand for.

    >>> kinds_called("delta"), kinds_called("dW"), kinds_called("anything")
    (('delta',), ('dW',), ())
    """
    bare = bare_name(word).lower()
    found = [kind for kind, stems in _STEMS.items() if bare in stems or bare in (f"{stem}s" for stem in stems)]
    for kind in ("W", "b"):
        found += [f"d{kind}" for stem in _STEMS[kind] if bare in _differentiated(stem)]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=64)
def _aliases(known: tuple[str, ...], layers: int) -> dict[str, tuple[str, ...]]:
    """What people call the quantities of a network, each with the names that it can mean."""
    found: dict[str, list[str]] = {}

    def add(word: str, name: str) -> None:
        names = found.setdefault(word, [])
        if name not in names:
            names.append(name)

    for name in known if layers else ():
        parts = _KNOWN.fullmatch(name)
        if parts is None or parts[4]:
            continue
        for word in _called(parts[2], int(parts[3] or 0), layers):
            for whole in _differentiated(word) if parts[1] else (word,):
                add(whole, name)
    return {word: tuple(names) for word, names in found.items()}


def _called(kind: str, layer: int, layers: int) -> Iterator[str]:
    last, hidden = layer == layers, layers == 2 and layer == 1
    places = [str(layer), *(_OUT if last else ()), *(_HIDDEN if hidden else ())]
    places += [] if last else [f"{word}{layer}" for word in ("h", "hidden", "hid")]
    for stem in _STEMS.get(kind, ()):
        for place in places:
            if stem not in ("s", "h") or place.isdigit():  # outputs are no s of the output
                yield from (f"{stem}{place}", f"{place}{stem}")
    if last or not layer:
        yield from _ALONE.get(kind, ())
    if hidden:
        yield from _HIDDEN_ALONE.get(kind, ())
    if kind in ("W", "b") and layers == 2:
        yield from (f"{stem}{place}" for stem in _STEMS[kind] for place in _BETWEEN[layer])
    if kind == "delta":
        for before in ("l", "layer"):
            yield from (f"{before}{layer}delta", f"{before}{layer}deltas", f"delta{before}{layer}", f"d{before}{layer}")
    if kind == "W":
        yield f"syn{layer - 1}"
    if kind == "x":
        yield from ("l0", "layer0", "act0", "activation0", "inputs", "data", "features")
    if kind == "y":
        yield from ("t", "targets", "label", "labels", "expected", "expectedoutput", "truth", "ytrue")


def _differentiated(word: str) -> Iterator[str]:
    for before in ("d", "grad", "g", "nabla", "gradient", "delta", "dl", "dj", "de", "dloss"):
        yield f"{before}{word}"
    for after in ("grad", "gradient", "grads", "delta", "update"):
        yield f"{word}{after}"
