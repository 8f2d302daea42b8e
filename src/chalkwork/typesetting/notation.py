"""Notations: how the ASCII names of a derivation print in a course's own letters."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from chalkwork.errors import ChalkworkError, meant

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "phi": "ϕ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ",
    "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
_SUBSCRIPTS = str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_SUPERSCRIPTS = str.maketrans("0123456789+-=()abcdefghijklmnoprstuvwxyzT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ")


def greek_command(letter: str) -> str:
    """The command of a Greek letter; of epsilon the one that looks like the letter as people type it.

    >>> greek_command("epsilon"), greek_command("eta")
    ('\\\\varepsilon', '\\\\eta')
    """
    return r"\varepsilon" if letter == "epsilon" else f"\\{letter}"


_LOG_COMMAND = re.compile(r"\\log(?![_A-Za-z])")
_LOG = re.compile(r"\blog\b(?!-)")
LAYER_STYLES = ("subscript", "[l]", "(l)")


class Notation(NamedTuple):
    """The letters and signs of one course.

    `input`, `target`, `net`, `activation`, `weight`, `bias`, `loss`, `delta` and `rate` are letters (Greek ones by
    name). So are those of batch normalisation (`mean`, `deviation`, whose square is the variance, `normalised`, which
    gets a hat, `scale`, `shift`) and the `mask` of dropout. `input: a0` writes the input as the activation of layer 0.
    `hidden` and `output` give the activations of a single hidden layer and of the last layer letters of their own,
    without a layer's index. `layer` places the index: `subscript`, `[l]` or `(l)`.
    """

    input: str = "x"
    target: str = "y"
    net: str = "z"
    activation: str = "a"
    weight: str = "W"
    bias: str = "b"
    loss: str = "L"
    delta: str = "delta"
    rate: str = "eta"
    mean: str = "mu"
    deviation: str = "sigma"
    normalised: str = "x"
    scale: str = "gamma"
    shift: str = "beta"
    mask: str = "m"
    hidden: str = ""
    output: str = ""
    layer: str = "subscript"
    hadamard: str = "circ"
    transpose: str = "top"
    log: str = "log"
    new: str = "new"
    gradient: str = "partial"
    brackets: str = "square"
    bold: bool = False
    decimal_comma: bool = False

    @classmethod
    def of(cls, description: str | Mapping[str, Any] | Notation | None, decimal_comma: bool = False) -> Notation:
        """A preset by name, or a mapping of keys to letters that may name a `preset` to start from.

        `decimal_comma` is what the language writes: it holds where the description does not say.

        Raises ChalkworkError for an unknown preset, key or value, with the nearest known one.

        >>> Notation.of("brackets").layer
        '[l]'
        >>> Notation.of({"net": "s", "activation": "h"}).net
        's'
        >>> Notation.of({"nett": "s"})
        Traceback (most recent call last):
            ...
        chalkwork.errors.ChalkworkError: 'nett' is not a key of the notation. Hint: did you mean net?
        """
        if description is None:
            return cls(decimal_comma=decimal_comma)
        if isinstance(description, Notation):
            return description
        if isinstance(description, str):
            return _preset(description)._replace(decimal_comma=decimal_comma)
        if not isinstance(description, Mapping):
            raise ChalkworkError(f"a notation is a name or a mapping, not {description!r:.60}")
        given = dict(description)
        start = _preset(str(given.pop("preset"))) if "preset" in given else cls()
        start = start._replace(decimal_comma=decimal_comma)
        for key, value in given.items():
            _check_key(key, value)
        found = start._replace(**given)
        _check_apart(found, {*_QUANTITIES, *(key for key in given if key not in (*_CHOICES, *_FLAGS))})
        return found

    @property
    def between(self) -> str:
        """What parts the arguments of a function and the numbers of a list: a semicolon beside decimal commas."""
        return "; " if self.decimal_comma else ", "

    def with_log(self, latex: str, text: str = "") -> tuple[str, str]:
        """LaTeX and text in which the logarithm, there `\\log` and `log`, has this notation's sign.

        >>> Notation.of({"log": "ln"}).with_log(r"\\log \\theta", "log θ")
        ('\\\\ln \\\\theta', 'ln θ')
        """
        if self.log == "log":
            return latex, text
        return _LOG_COMMAND.sub(lambda _: rf"\{self.log}", latex), _LOG.sub(self.log, text)

    def letter_latex(self, letter: str, *, bold: bool = True) -> str:
        """One letter in LaTeX; `bold` says that it stands for a vector or matrix."""
        bare = greek_command(letter) if letter in GREEK else letter if len(letter) == 1 else _word(letter)
        if not (self.bold and bold):
            return bare
        return rf"\boldsymbol{{{bare}}}"

    def letter_text(self, letter: str) -> str:
        """One letter in plain Unicode."""
        return GREEK.get(letter, letter)


_CHOICES: dict[str, tuple[str, ...]] = {
    "layer": LAYER_STYLES,
    "hadamard": ("circ", "odot", "ast", "cdot"),
    "transpose": ("top", "T", "prime", "t"),
    "log": ("log", "ln"),
    "new": ("new", "prime", "plus"),
    "gradient": ("partial", "nabla", "d"),
    "brackets": ("square", "round"),
}
_FLAGS = ("bold", "decimal_comma")
_QUANTITIES = ("input", "target", "net", "activation", "weight", "bias", "loss", "delta", "rate", "hidden", "output")
_MAY_SHARE = ({"activation", "hidden"}, {"activation", "output"}, {"input", "normalised"})
"""What prints differently though the letter is the same: an index or a hat tells it apart."""
_LETTER = re.compile(r"[A-Za-z]{1,12}")


def _word(letter: str) -> str:
    return rf"\mathrm{{{letter}}}"


def _check_key(key: str, value: Any) -> None:
    known = Notation._fields
    if key not in known:
        hint = meant(key, known, f"the keys are {', '.join(known)}")
        raise ChalkworkError(f"{key!r} is not a key of the notation", hint=hint)
    if key in _FLAGS:
        if not isinstance(value, bool):
            raise ChalkworkError(f"{key} in the notation is true or false, not {value!r}")
    elif key in _CHOICES:
        if value not in _CHOICES[key]:
            raise ChalkworkError(f"{key} in the notation is one of {', '.join(_CHOICES[key])}, not {value!r}")
    elif not isinstance(value, str) or not (
        _LETTER.fullmatch(value) or (key == "input" and value == "a0") or (key in ("hidden", "output") and not value)
    ):
        raise ChalkworkError(f"{key} in the notation is a letter or the name of a Greek one, not {value!r}")


def _check_apart(notation: Notation, keys: Collection[str]) -> None:
    """ChalkworkError where two quantities would print as one letter."""
    seen: dict[str, str] = {}
    for key in filter(keys.__contains__, Notation._fields):
        letter = getattr(notation, key)
        other = seen.setdefault(letter, key) if letter else key
        if other != key and {other, key} not in _MAY_SHARE:
            raise ChalkworkError(
                f"{other} and {key} in the notation are both {letter!r}", hint="give each a letter of its own"
            )


PRESETS: dict[str, Notation] = {
    "subscripts": Notation(),
    "brackets": Notation(layer="[l]"),
    "parentheses": Notation(layer="(l)"),
    "signal": Notation(net="s", activation="x", input="a0", loss="E", layer="(l)"),
    "net-out": Notation(net="net", activation="out", target="t", loss="E"),
    "hidden-output": Notation(hidden="h", output="o", layer="(l)"),
    "bold": Notation(bold=True, layer="(l)", hadamard="odot"),
}


def _preset(name: str) -> Notation:
    if name in PRESETS:
        return PRESETS[name]
    hint = meant(name, PRESETS, f"the presets are {', '.join(PRESETS)}")
    raise ChalkworkError(f"there is no notation {name!r}", hint=hint)


def subscript(text: str) -> str:
    """The text in Unicode subscripts, where every character has one; else after an underscore.

    >>> subscript("12"), subscript("q")
    ('₁₂', '_q')
    """
    raised = text.translate(_SUBSCRIPTS)
    return raised if _all_changed(text, raised) else f"_{text}"


def superscript(text: str) -> str:
    """The text in Unicode superscripts, where every character has one; else after a caret.

    >>> superscript("-2"), superscript("q")
    ('⁻²', '^q')
    """
    raised = text.translate(_SUPERSCRIPTS)
    return raised if _all_changed(text, raised) else f"^{text}"


def primes(count: int) -> str:
    """So many primes, two and three of them as one sign.

    >>> primes(1), primes(2), primes(4)
    ('′', '″', '‴′')
    """
    return "‴" * (count // 3) + ("", "′", "″")[count % 3]


def _all_changed(before: str, after: str) -> bool:
    return all(a != b for a, b in zip(before, after, strict=True))
