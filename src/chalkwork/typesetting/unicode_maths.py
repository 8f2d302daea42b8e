"""The LaTeX that stands in prose as plain Unicode, for the terminal: letters, indices, fractions, simple signs."""

from __future__ import annotations

import re

from chalkwork.typesetting.notation import GREEK, subscript, superscript

_SIGNS = {
    "cdot": "·", "times": "×", "circ": "∘", "odot": "⊙", "top": "ᵀ", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥",
    "ne": "≠", "neq": "≠", "approx": "≈", "in": "∈", "to": "→", "rightarrow": "→", "infty": "∞", "partial": "∂",
    "nabla": "∇", "sum": "∑", "prod": "∏", "sqrt": "√", "pm": "±", "ldots": "…", "dots": "…", "cdots": "⋯", "ell": "ℓ",
    "quad": "  ", "qquad": "    ", ",": " ", ";": " ", "!": "", "{": "{", "}": "}", "%": "%", "mid": "|", "forall": "∀",
    "prime": "′", "sim": "∼",
    "mathbb{R}": "ℝ", "hat": "", "left": "", "right": "", "|": "‖", " ": " ",
}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z]+|.)")
_WRAPPER = re.compile(r"\\(?:mathrm|mathbf|mathit|text|operatorname|boldsymbol|mathcal|hat|bar)\{([^{}]*)\}")
_FRACTION = re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}")
# What has no small form is written out; until the end under other signs, so that it is not read again.
_HELD = {"_": "\ue100", "^": "\ue101"}
_HELD_BACK = {0xE100: "_", 0xE101: "^"}
_SCRIPT = re.compile(r"([_^])(\{[^{}]*\}|\\[A-Za-z]+|[^\s{}\\])")


def plain_maths(latex: str) -> str:
    """The LaTeX in Unicode, as well as one line allows; what is not known stays as it is typed.

    >>> plain_maths(r"x^{[0]}, W^\\top"), plain_maths(r"\\frac{\\partial e}{\\partial a}")
    ('x[0], Wᵀ', '∂e/∂a')
    >>> plain_maths(r"\\sigma(x) = \\frac{1}{1 + e^{-x}}"), plain_maths(r"W_1^{\\top} x"), plain_maths(r"\\mathbb{R}^2")
    ('σ(x) = 1/(1 + e⁻ˣ)', 'W₁ᵀ x', 'ℝ²')
    """
    text = latex.strip().replace(r"\mathbb{R}", "ℝ")[:10_000]
    for _ in range(8):
        before = text
        text = _WRAPPER.sub(r"\1", text)
        text = _SCRIPT.sub(_script, text)
        text = _FRACTION.sub(lambda found: f"{_grouped(found[1])}/{_grouped(found[2])}", text)
        if text == before:
            break
    return re.sub(r"[{}]", "", _signs(text)).replace("-", "−").translate(_HELD_BACK)


def _signs(text: str) -> str:
    """Commands as the signs they stand for."""
    text = _COMMAND.sub(lambda found: GREEK.get(found[1], _SIGNS.get(found[1], found[1])), text)
    return text.replace("∂ ", "∂").replace("∇ ", "∇")


def _script(found: re.Match[str]) -> str:
    inside = _signs(found[2].strip("{}"))
    if inside in ("ᵀ", "′") or re.fullmatch(r"\[\w+\]", inside):
        return inside
    written = (subscript if found[1] == "_" else superscript)(inside)
    if not written.startswith(("_", "^")):
        return written
    return _HELD[found[1]] + (inside if len(inside) == 1 else f"({inside})")


def _grouped(part: str) -> str:
    part = _signs(part.strip())
    return part if re.fullmatch(r"[\w.∂ₐ-ₜ₀-₉]+", part) else f"({part})"
