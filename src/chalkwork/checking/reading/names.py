"""Names as people use them, matched to the names of an exercise; what could mean two things is not guessed."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache, reduce
from typing import Any

from chalkwork.errors import ChalkworkError
from chalkwork.typesetting.notation import GREEK
from chalkwork.typesetting.symbols import Symbols
from chalkwork.words import Said, Text

MAX_NAME = 120
NO_NAME = Text.of("unused.no_name")

_KNOWN = re.compile(r"(d?)(x|y|z|a|W|b|L|eta|delta|class)(\d*)(?:_new(\d*))?")
_WORDS: dict[str, tuple[str, ...]] = {
    "x": ("x", "a0", "input"),
    "y": ("y", "target"),
    "z": ("z", "preactivation"),
    "a": ("a", "activation"),
    "W": ("W", "weight", "weights"),
    "b": ("b", "bias"),
    "L": ("L", "E", "J", "loss", "cost"),
    "eta": ("eta", "lr", "learningrate"),
    "delta": ("delta", "d"),
    "class": ("class", "predictedclass"),
}
_TIMED = re.compile(r"([A-Za-z]+)(\d*)_t(\d+)")
_OF_STEPS = {"c": ("cell",), "ctilde": ("g", "chat", "cbar"), "htilde": ("n", "hhat", "hbar"), "u": ("z",)}
"""What the candidates and the update gate are called besides."""
_LAST = ("out", "output", "yhat", "haty", "ypred")
_LETTERS = {"x": "input", "y": "target", "z": "net", "a": "activation", "W": "weight", "b": "bias", "L": "loss",
            "eta": "rate", "delta": "delta"}  # fmt: skip
_NEW = ("new", "neu", "updated")
_GREEK = {sign: name for name, sign in GREEK.items()} | {
    "ϵ": "epsilon",
    "φ": "phi",
    "ϑ": "theta",
    "∂": "d",
    "∇": "grad",
}
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
_EMPTY = frozenset({"text", "mathrm", "mathbf", "boldsymbol", "bm", "mathit", "operatorname", "vec", "left", "right"})
_VALUE = re.compile(r"([^\W\d_]+)[\u2032-\u2034⁽⁾⁰¹²³⁴-⁹]*\(.+\)")
"""How a value of a function prints, and its derivatives: f(0), f′(0), f⁽⁴⁾(0)."""
_CALL = re.compile(r"\s*([^\W\d_]+)\s*\(([^()]*)\)\s*")
_INDEXED = re.compile(r"\d\s*,\s*\d")


@lru_cache(maxsize=1 << 14)
def bare_name(name: str) -> str:
    """A name without what only places it: Greek by name, no underscores, brackets or signs of LaTeX.

    >>> bare_name("δ_2"), bare_name(r"W^{(1)}_{\\\\text{new}}"), bare_name("∂L/∂W₁"), bare_name("W1'")
    ('delta2', 'W1new', 'dLdW1', 'W1new')
    """
    if len(name) > MAX_NAME or _INDEXED.search(name):
        return ""
    text = _FRACTION.sub(r"\1/\2", name.strip("`*$ \t"))
    text = _COMMAND.sub(_command, text)
    text = unicodedata.normalize("NFKC", text.replace("ŷ", "yhat")).replace("′", "'")
    text = text.replace("y\u0302", "yhat").replace("+", "new").replace("'", "new")
    text = "".join(_GREEK.get(sign, sign) for sign in text)
    text = re.sub(r"[\s_^{}\[\]().,/\\$]", "", text)
    return text if text.isalnum() else ""


def _command(found: re.Match[str]) -> str:
    word = found[1]
    if word in _EMPTY:
        return ""
    return {"partial": "d", "nabla": "grad", "prime": "'", "varepsilon": "epsilon"}.get(word, word)


class NameTable:
    """The spellings of the names of one exercise, made once for all hand-ins.

    >>> from chalkwork.typesetting.notation import Notation
    >>> table = NameTable(["z1", "a1", "L", "delta1", "dW1", "W1_new"], Symbols(Notation.of({"net": "s"}), layers=1))
    >>> matched, refused = table.match(["s1", "grad_W1", "δ_1", "W1'", "i"])
    >>> matched, str(refused["i"])
    ({'s1': 'z1', 'grad_W1': 'dW1', 'δ_1': 'delta1', "W1'": 'W1_new'}, 'not a name of this exercise')
    """

    def __init__(self, known: Sequence[str], symbols: Symbols) -> None:
        self.known = tuple(known)
        self.plans: dict[tuple[str, ...], Any] = {}
        """What entries the words of hand-ins stand for, by these words."""
        self.functions = {found[1] for name in self.known if (found := _VALUE.fullmatch(symbols[name].text))}
        self.spelled: dict[str, set[str]] = defaultdict(set)
        self.meant: dict[str, set[str]] = defaultdict(set)
        self.printed = {name: _printed(name, symbols) for name in self.known}
        for name in self.known:
            for spelling in {bare_name(name), *self.printed[name]} - {""}:
                self.spelled[spelling].add(name)
            for spelling in _synonyms(name, symbols, self.known):
                self.meant[spelling].add(name)
        for spelling, names in [*self.spelled.items(), *self.meant.items()]:
            if len(spelling) > 1:  # j is a running index before it is the loss J
                self.meant[spelling.lower()] |= names

    def match(
        self, given: Iterable[str], mapping: Mapping[str, str] | None = None
    ) -> tuple[dict[str, str], dict[str, Text]]:
        """What each given name means, and why the others are not used.

        A mapping wins over an exact name, an exact name over another spelling of it, and that over a synonym; two
        given names that mean the same equally well are both left out.
        """
        mapping = mapping or {}
        for target in mapping.values():
            self._must_know(target)
        claims: dict[str, list[tuple[int, str]]] = defaultdict(list)
        refused: dict[str, Text] = {}
        for name in dict.fromkeys(str(each) for each in given):
            rank, found = self._meanings(name, mapping)
            call = _CALL.fullmatch(name) if rank > 1 else None
            if call and call[1] in self.functions and found and not self._is_printed(name, found):
                refused[name] = Text.of(
                    "unused.or_value", name=name, names=self._or(found), function=call[1], point=call[2]
                )
            elif len(found) == 1:
                claims[next(iter(found))].append((rank, name))
            else:
                refused[name] = self._ambiguous(name, found) if found else NO_NAME
        used: dict[str, str] = {}
        for target, rivals in claims.items():
            best = min(rank for rank, _ in rivals)
            first = [name for rank, name in rivals if rank == best]
            if len(first) == 1:
                used[first[0]] = target
            for rank, name in rivals:
                if len(first) > 1 and rank == best:
                    refused[name] = Text.of("unused.all_mean", names=_both(first), name=target)
                elif rank > best:
                    refused[name] = Text.of("unused.given_already", name=target, word=first[0])
        return used, refused

    def _meanings(self, name: str, mapping: Mapping[str, str]) -> tuple[int, set[str]]:
        if name in mapping:
            return 0, {mapping[name]}
        if name in self.known:
            return 1, {name}
        bare = bare_name(name)
        if bare in self.spelled:
            return 2, self.spelled[bare]
        found = self.meant.get(bare, set()) if bare else set()
        return 3, found or (self.meant.get(bare.lower(), set()) if bare else set())

    def _is_printed(self, name: str, found: set[str]) -> bool:
        """Whether one of the names prints like this."""
        return any(bare_name(name) in self.printed[each] for each in found)

    def _or(self, found: set[str]) -> Said:
        could: Iterable[Said] = [each for each in self.known if each in found]
        return reduce(lambda first, second: Text.of("unused.or", first=first, second=second), could)

    def _ambiguous(self, name: str, found: set[str]) -> Text:
        return Text.of("unused.ambiguous", name=name, names=self._or(found))

    def _must_know(self, target: str) -> None:
        if target not in self.known:
            near = get_close_matches(str(target), self.known, 1)
            hint = f"did you mean {near[0]}?" if near else f"the names are {', '.join(self.known[:40])}"
            raise ChalkworkError(f"the mapping leads to {target!r:.60}, which is no name of this exercise", hint=hint)


def longest(names: Iterable[str]) -> int:
    """How many steps a sequence has whose quantities have these names: 0 where there is none.

    >>> longest(["h1_t1", "h1_t12", "L"]), longest(["z1"])
    (12, 0)
    """
    return max((int(found[3]) for name in names if (found := _TIMED.fullmatch(name))), default=0)


def _both(names: Iterable[Said]) -> Said:
    """Several names with "and" between each two."""
    return reduce(lambda one, other: Text.of("both", one=one, other=other), names)


def match_names(
    given: Iterable[str], known: Sequence[str], symbols: Symbols, mapping: Mapping[str, str] | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """What each given name means in an exercise, and why the others are not used.

    >>> from chalkwork.typesetting.notation import Notation
    >>> match_names(["d2", "loss"], ["delta2", "L"], Symbols(Notation(), layers=2))
    ({'d2': 'delta2', 'loss': 'L'}, {})
    """
    matched, refused = table_of(tuple(known), symbols).match(given, mapping)
    return matched, {name: str(why) for name, why in refused.items()}


@lru_cache(maxsize=16)
def table_of(known: tuple[str, ...], symbols: Symbols) -> NameTable:
    """The spellings of these names, made once."""
    return NameTable(known, symbols)


def _printed(name: str, symbols: Symbols) -> set[str]:
    """The spellings of a name in the course's own notation."""
    symbol = symbols[name]
    return {bare_name(symbol.text), bare_name(symbol.latex)}


def _synonyms(name: str, symbols: Symbols, known: Sequence[str]) -> Iterator[str]:
    timed = _TIMED.fullmatch(name)
    if timed is not None:
        letter, layer, step = timed.groups()
        for one in (letter, *_OF_STEPS.get(letter, ())):
            yield from (f"{one}{step}", f"{one}t{step}", f"{one}{layer}{step}", f"{one}{layer}t{step}")
        return
    found = _KNOWN.fullmatch(name) if symbols.layers else None
    if found is None:
        if "/" in name and name.startswith("d"):  # de/dc
            by = name.rpartition("/d")[2]
            yield from (bare_name(each) for each in (f"grad{by}", f"{by}grad", f"d{by}", f"g{by}"))
        return
    prefix, kind, layer, new = found.groups()
    news = [""] if new is None else [f"{word}{new}" for word in _NEW]
    if new and new.isdigit():
        news += ["new" * int(new)] if int(new) < 9 else []
    for letter, index in _letters(kind, layer, symbols, known):
        for mark in news:
            for whole in {f"{letter}{index}{mark}", f"{letter}{mark}{index}", f"{mark}{letter}{index}"}:
                yield from _gradients(whole, symbols) if prefix else _errors(kind, whole, letter, index, mark, symbols)


def _letters(kind: str, layer: str, symbols: Symbols, known: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The letters that a name may carry, each with the number of its layer or without."""
    notation = symbols.notation
    own = getattr(notation, _LETTERS[kind]) if kind in _LETTERS else kind
    plain = {*_WORDS[kind], own} - {"a0"}
    indices = {layer} | ({""} if layer and symbols.layers == 1 else set())
    for letter in plain:
        yield from ((letter, index) for index in indices if index or letter != "d")
    if kind == "x":
        yield from (("a", "0"), (notation.activation, "0"))
    if kind == "a" and layer == str(symbols.layers):
        for letter in (*_LAST, notation.output):
            if letter:
                yield from ((letter, ""), (letter, layer))
    if kind == "a" and layer == "1" and symbols.layers == 2:
        yield from ((letter, "") for letter in ("hidden", notation.hidden) if letter)


def _gradients(whole: str, symbols: Symbols) -> Iterator[str]:
    yield from (f"d{whole}", f"g{whole}", f"grad{whole}", f"{whole}grad", f"gradient{whole}", f"{whole}gradient")
    yield from (f"d{loss}d{whole}" for loss in {*_WORDS["L"], symbols.notation.loss})


def _errors(kind: str, whole: str, letter: str, index: str, mark: str, symbols: Symbols) -> Iterator[str]:
    yield whole
    if kind == "delta" and letter == "delta":
        for net in {"z", symbols.notation.net}:
            yield from _gradients(f"{net}{index}{mark}", symbols)
