"""From the ASCII names of a derivation to symbols in a notation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from chalkwork.algebra.entries import split_entry
from chalkwork.algebra.times import at_time, split_time
from chalkwork.derivation.derivation import Derivative
from chalkwork.typesetting.notation import GREEK, Notation, primes, subscript, superscript
from chalkwork.typesetting.unicode_maths import plain_maths
from chalkwork.words import ENGLISH, say

_NETWORK_NAME = re.compile(
    r"(x|y|w|z|a|W|[Wb][QKVO]|Q|K|V|S|P|C|E|PE|m|b|L|eta|delta|class|mu|var|xhat|gamma|beta|epsilon|lambda|rho|mask"
    r"|[WUbz][ficoruh]|delta[ficoruh]|bU[ficoruh]?|[Uhcfioru]|ctilde|htilde)(\d*)(_run)?(?:_new(\d*))?"
)
_GATED = re.compile(r"(W|U|b|z|delta)([QKVOUficoruh]|U[ficoruh])")
_LOSS = re.compile(r"L(_new\d*)?")
MOST_KEPT = 4096
"""Names whose signs are kept for all solutions of one notation."""
_PLAIN_NAME = re.compile(r"(.*[^\d_])_?(\d+)")
_INDEXED = re.compile(r"([^\W\d_]+?)(?:_?(hat|bar|tilde))?((?:_?[0-9]+)?(?:_[^\W_]+)*)")
_NEW = re.compile(r"(.+)_new(\d*)")
_ABOVE = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
_LETTERS = {
    "x": "input", "y": "target", "z": "net", "a": "activation", "W": "weight", "b": "bias", "L": "loss",
    "eta": "rate", "delta": "delta", "mu": "mean", "var": "deviation", "xhat": "normalised", "gamma": "scale",
    "beta": "shift", "mask": "mask",
}  # fmt: skip


class Symbol(NamedTuple):
    """How one name prints; `raised` when it already carries a superscript, so that another needs parentheses."""

    latex: str
    text: str
    raised: bool = False

    @classmethod
    def of(cls, latex: str) -> Symbol:
        """A symbol whose text is made from its LaTeX.

        >>> Symbol.of(r"\\theta_1").text
        'θ₁'
        """
        return cls(latex, plain_maths(latex))

    def at(self, *arguments: Symbol) -> Symbol:
        """The symbol as a function of others; itself where there are none.

        >>> Symbol("f", "f").at(Symbol(r"\\alpha", "α"), Symbol("x", "x")).text
        'f(α, x)'
        """
        if not arguments:
            return self
        latex, text = (", ".join(getattr(one, kind) for one in arguments) for kind in ("latex", "text"))
        return Symbol(f"{self.latex}({latex})", f"{self.text}({text})")

    @classmethod
    def letter(cls, notation: Notation, letter: str, *, bold: bool = False) -> Symbol:
        """A letter as a notation has it, bold where it stands for a vector or a matrix and the notation wants that.

        >>> Symbol.letter(Notation(), "eta").latex
        '\\\\eta'
        """
        return cls(notation.letter_latex(letter, bold=bold), notation.letter_text(letter))

    @classmethod
    def word(cls, text: str) -> Symbol:
        """A word, or several, that stand upright."""
        return cls(rf"\text{{{text}}}", text)

    def below(self, index: object) -> Symbol:
        """The symbol with an index.

        >>> Symbol("x", "x").below(12).latex
        'x_{12}'
        """
        return Symbol(f"{self.latex}_{{{index}}}", f"{self.text}{subscript(str(index))}", self.raised)

    def above(self, step: object) -> Symbol:
        """The symbol with a number above it, between parentheses.

        >>> Symbol("x", "x").above(3).text
        'x⁽³⁾'
        """
        return Symbol(f"{self.latex}^{{({step})}}", f"{self.text}{superscript(f'({step})')}", raised=True)


class _Parts(NamedTuple):
    letter: str
    layer: str = ""
    new: int = 0
    matrix: bool = False
    scalar: bool = False
    numbered: str = ""
    """A number that is no layer's and stands below whatever the notation."""
    running: bool = False
    squared: bool = False
    accent: str = ""
    """hat, bar or tilde."""
    indices: tuple[str, ...] = ()
    """What stands below a name that is typed with it: Q of W_Q."""
    time: str = ""


_SCALARS = ("L", "eta", "class", "epsilon", "lambda", "rho")


class Symbols:
    """The symbols of one derivation.

    `layers` is the number of layers of the network, 0 where there is none and names stand for themselves; `letters`
    says how single names print, whatever the notation, `kept` of which parameter a name is that a rule keeps or works
    out for it. Of several updates, `numbered`, each says which one it is; the words among the symbols are of the
    `language`.

    >>> symbols = Symbols(Notation.of({"net": "s", "layer": "[l]"}), layers=2)
    >>> symbols["z1"].latex, symbols["W2_new"].latex, symbols["z1"].text
    ('s^{[1]}', 'W^{[2],\\\\text{new}}', 's[1]')
    """

    def __init__(
        self,
        notation: Notation,
        layers: int = 0,
        derivatives: Mapping[str, Derivative] | None = None,
        letters: Mapping[str, Symbol] | None = None,
        numbered: bool = False,
        language: str = ENGLISH,
        kept: Mapping[str, str] | None = None,
    ) -> None:
        self.notation = notation
        self.kept = kept or {}
        self.language = language
        self.new = say(language, "symbol.new")
        self.layers = layers
        self.derivatives = dict(derivatives or {})
        self.numbered = numbered
        self.formulas: dict[Any, Any] = {}
        """Expressions in letters as writers that share these symbols have written them."""
        self._letters = {
            name: Symbol(*notation.with_log(letter.latex, letter.text), letter.raised)
            for name, letter in (letters or {}).items()
        }
        self._shared = _shared_by(notation, layers, numbered, language)
        self._named: dict[str, Symbol] = {}
        self._known: dict[tuple[str, tuple[str, ...]], Symbol] = {}

    def __getitem__(self, name: str) -> Symbol:
        found = self._named.get(name)
        if found is None:
            found = self._named[name] = self.entry(*split_entry(name))
        return found

    def entry(self, name: str, index: tuple[str, ...]) -> Symbol:
        """The symbol of one entry; the index as it should print, row first."""
        key = (name, index)
        if key not in self._known:
            derivative = self.derivatives.get(name) or self._at_any_step(name)
            whole = f"{name}[{','.join(index)}]"
            if whole in self._letters:
                self._known[key] = self._letters[whole]
            elif name in self._letters:
                self._known[key] = _indexed(self._letters[name], index)
            elif derivative is not None and not name.startswith("delta"):
                self._known[key] = self.derivative(derivative, index)
            else:
                self._known[key] = self._plain(name, index)
        return self._known[key]

    def _at_any_step(self, name: str) -> Derivative | None:
        """The derivative that a name stands for at a step t, which is that of the first step for t."""
        stem, step = split_time(name)
        first = self.derivatives.get(at_time(stem, 1)) if step and not step.isdigit() else None
        return first and first._replace(by=at_time(split_time(first.by)[0], step))

    def derivative(self, derivative: Derivative, index: tuple[str, ...] = ()) -> Symbol:
        """The symbol of a derivative of one name by another; what is held fixed stands below parentheses."""
        of, by = self[derivative.of], self.entry(derivative.by, index)
        if self.notation.gradient == "nabla" and self.layers:
            whole = Symbol(rf"\nabla_{{{by.latex}}} {of.latex}", f"∇{by.text} {of.text}")
        elif self.notation.gradient == "d" and self.layers and _LOSS.fullmatch(derivative.of):
            whole = Symbol(rf"\mathrm{{d}}{by.latex}", f"d{by.text}", by.raised)
        else:
            latex = rf"\frac{{\partial {of.latex}}}{{\partial {by.latex}}}"
            whole = Symbol(latex, f"∂{of.text}/∂{by.text}", raised=True)
        if not derivative.fixed:
            return whole
        fixed = [self[name] for name in derivative.fixed]
        below = ", ".join(symbol.latex for symbol in fixed)
        text = subscript(fixed[0].text) if len(fixed) == 1 else "_"
        if text.startswith("_") and len(text) != 2:
            text = f"_({', '.join(symbol.text for symbol in fixed)})"
        return Symbol(rf"\left( {whole.latex} \right)_{{{below}}}", f"({whole.text}){text}")

    def _parts(self, name: str) -> _Parts:
        bare, time = split_time(name)
        return self._parts(bare)._replace(time=time) if time else self._untimed(name)

    def _untimed(self, name: str) -> _Parts:
        found = _NETWORK_NAME.fullmatch(name) if self.layers else None
        if found is None:
            return _typed(name)
        kind, layer, running, new = found.groups()
        count = 0 if new is None else int(new or 1)
        if kind == "x" and self.notation.input == "a0":
            return _Parts(self.notation.activation, "0", count)
        if kind == "a" and layer == str(self.layers) and self.notation.output:
            return _Parts(self.notation.output, "", count)
        if kind == "a" and layer == "1" and self.layers == 2 and self.notation.hidden:
            return _Parts(self.notation.hidden, "", count)
        letter = getattr(self.notation, _LETTERS[kind]) if kind in _LETTERS else kind
        letter = say(self.language, "symbol.class") if kind == "class" else letter
        scalar = kind in _SCALARS
        gated = _GATED.fullmatch(kind)
        if gated is not None:
            called = getattr(self.notation, _LETTERS[gated[1]]) if gated[1] in _LETTERS else gated[1]
            return _Parts(called, layer, count, matrix=gated[1] in "WU", numbered=gated[2])
        if kind.endswith("tilde"):
            return _Parts(kind[0], layer, count, accent="tilde")
        if kind in ("lambda", "rho"):
            return _Parts(letter, "", count, scalar=scalar, numbered=layer)
        return _Parts(
            letter,
            layer,
            count,
            matrix=kind in ("W", "U", "Q", "K", "V", "S", "P", "C", "E", "PE"),
            scalar=scalar or (kind == "mu" and not layer),
            running=running is not None,
            squared=kind == "var",
            accent="hat" if kind == "xhat" else "",
        )

    def _state(self, word: str, parameter: str, new: int, index: tuple[str, ...]) -> Symbol:
        """What an optimiser keeps for a parameter: its letter, with the parameter below."""
        of, letter, hat = self.entry(parameter, index), word.removesuffix("hat"), word.endswith("hat")
        latex = self._letter_latex(letter, bold=not index)
        latex = (rf"\hat{{{latex}}}" if hat else latex) + f"_{{{of.latex}}}"
        text = self.notation.letter_text(letter) + ("\u0302" if hat else "") + f"({of.text})"
        if new:
            mark = self._new_latex(new)
            latex += "'" * new if mark.startswith(r"\prime") else f"^{{{mark}}}"
            text += self._new_text(new)
        return Symbol(latex, text, raised=bool(new))

    def _plain(self, name: str, index: tuple[str, ...]) -> Symbol:
        updated = _NEW.fullmatch(name)
        stem, new = (updated[1], int(updated[2] or 1)) if updated else (name, 0)
        if stem in self.kept:
            parameter = self.kept[stem]
            return self._state(stem.removesuffix(parameter), parameter, new, index)
        found = self._shared.get((name, index))
        if found is None:
            found = self._by_its_parts(name, index)
            if len(self._shared) < MOST_KEPT:
                self._shared[name, index] = found
        return found

    def _by_its_parts(self, name: str, index: tuple[str, ...]) -> Symbol:
        parts = self._parts(name)
        letter = parts.letter
        if index and parts.matrix and letter[0].isupper() and len(letter) == 1:
            letter = letter.lower()
        above, below = self._marks(parts, index)
        latex = self._letter_latex(letter, bold=bool(self.layers) and not index and not parts.scalar)
        if parts.accent:
            latex = rf"\{parts.accent}{{{latex}}}"
        if below:
            latex += f"_{{{','.join(below)}}}" if len(below) > 1 or len(below[0]) > 1 else f"_{below[0]}"
        if above:
            only_prime = above[0].startswith(r"\prime")
            latex += "'" * parts.new if only_prime else f"^{{{','.join(above)}}}"
        return Symbol(latex, self._text(letter, parts, index), raised=bool(above))

    def _letter_latex(self, letter: str, bold: bool) -> str:
        if letter.isalpha():
            return self.notation.letter_latex(letter, bold=bold)
        return rf"\mathrm{{{letter.replace('_', chr(92) + '_')}}}"

    def _marks(self, parts: _Parts, index: tuple[str, ...]) -> tuple[list[str], list[str]]:
        """What stands above and below the letter in LaTeX."""
        above = ["2"] if parts.squared else []
        below = [parts.numbered] if parts.numbered else []
        below += [self._index_latex(one) for one in parts.indices]
        if parts.layer:
            if self.layers and self.notation.layer != "subscript":
                above.append(self.notation.layer.replace("l", parts.layer))
            else:
                below.append(parts.layer)
        if parts.time:
            if self.layers and self.notation.layer == "subscript":
                above.append(f"({parts.time})")
            else:
                below.append(parts.time)
        if parts.running:
            below.append(r"\text{run}")
        if index:
            below.append(_joined(index))
        if parts.new:
            above.append(self._new_latex(parts.new))
        return above, below

    def _index_latex(self, index: str) -> str:
        """What stands below: a number, letters that run (ij), a Greek letter or a word."""
        return self.notation.letter_latex(index, bold=False) if index in GREEK or len(index) > 2 else index

    def _new_latex(self, count: int) -> str:
        if self.notation.new == "prime":
            return r"\prime" * count
        if self.notation.new == "plus":
            return "+" * count
        word = rf"\text{{{self.new}}}"
        return f"{word}({count})" if self.numbered or count > 1 else word

    def _text(self, letter: str, parts: _Parts, index: tuple[str, ...]) -> str:
        text = self.notation.letter_text(letter)
        text += _ABOVE.get(parts.accent, "") + ("²" if parts.squared else "") + subscript(parts.numbered)
        text += ",".join(subscript(GREEK.get(one, one)) for one in parts.indices)
        if parts.layer:
            style = self.notation.layer if self.layers else "subscript"
            text += {
                "subscript": subscript(parts.layer),
                "[l]": f"[{parts.layer}]",
                "(l)": superscript(f"({parts.layer})"),
            }[style]
        if parts.time:
            above = self.layers and self.notation.layer == "subscript"
            text += superscript(f"({parts.time})") if above else subscript(parts.time)
        if parts.running:
            text += ("," if text[-1] in "₀₁₂₃₄₅₆₇₈₉" else "") + subscript("run")
        if index:
            separator = "," if parts.layer and (not self.layers or self.notation.layer == "subscript") else ""
            text += separator + _joined([subscript(part) for part in index])
        return text + (self._new_text(parts.new) if parts.new else "")

    def _new_text(self, count: int) -> str:
        if self.notation.new == "new":
            return superscript(f"{self.new}({count})" if self.numbered or count > 1 else self.new)
        return primes(count) if self.notation.new == "prime" else superscript("+" * count)


@lru_cache(maxsize=16)
def _shared_by(
    notation: Notation, layers: int, numbered: bool, language: str
) -> dict[tuple[str, tuple[str, ...]], Symbol]:
    """What names without letters of their own are in this notation, as far as they have been asked for."""
    return {}


def _indexed(symbol: Symbol, index: tuple[str, ...]) -> Symbol:
    """A symbol with its entry's index below, in place of a running k; not where something else stands already."""
    latex, text = symbol.latex.removesuffix("_k"), symbol.text.removesuffix("ₖ")
    if not index or "_" in latex:
        return symbol
    return Symbol(
        f"{latex}_{{{_joined(index)}}}",
        text + _joined([subscript(part) for part in index]),
        symbol.raised,
    )


def _joined(index: Sequence[str]) -> str:
    """Row and column: run together while both are single signs."""
    return "".join(index) if all(len(part) == 1 for part in index) else ",".join(index)


def _typed(name: str) -> _Parts:
    """A name that stands for itself: a letter (or a word) with an accent and indices, after updates or before any.

    >>> _typed("W_Q").indices, _typed("yhat").accent, _typed("h_t_new").new, _typed("net_input").letter
    (('Q',), 'hat', 1, 'net_input')
    """
    updated = _NEW.fullmatch(name)
    if updated is not None:
        return _typed(updated[1])._replace(new=int(updated[2] or 1))
    found = _INDEXED.fullmatch(name)
    if found is not None and (len(found[1]) == 1 or found[1] in GREEK):
        indices = re.findall(r"[0-9]+|[^\W\d_][^\W_]*", found[3])
        if len(indices) == 1 and indices[0].isdigit():
            return _Parts(found[1], indices[0], accent=found[2] or "")
        return _Parts(found[1], accent=found[2] or "", indices=tuple(indices))
    numbered = _PLAIN_NAME.fullmatch(name)
    return _Parts(numbered[1], numbered[2]) if numbered else _Parts(name)
