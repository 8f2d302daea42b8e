"""What the commands of LaTeX stand for in plain Unicode: the tables behind `unicode_maths`."""

from __future__ import annotations

from chalkwork.typesetting.notation import GREEK

LETTERS = GREEK | {
    "epsilon": "ϵ", "varepsilon": "ε", "vartheta": "ϑ", "varphi": "φ", "varrho": "ϱ", "varsigma": "ς", "varpi": "ϖ",
    "varkappa": "ϰ",
    "iota": "ι", "upsilon": "υ", "omicron": "ο", "Xi": "Ξ", "Pi": "Π", "Upsilon": "Υ", "ell": "ℓ", "hbar": "ℏ",
    "imath": "ı", "jmath": "ȷ", "Re": "ℜ", "Im": "ℑ", "aleph": "ℵ", "infty": "∞", "partial": "∂", "nabla": "∇",
    "emptyset": "∅", "varnothing": "∅", "top": "⊤", "bot": "⊥", "prime": "′", "%": "%", "#": "#", "$": "$",
}  # fmt: skip
SIGNS = {
    "cdot": "·", "times": "×", "circ": "∘", "odot": "⊙", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠",
    "neq": "≠", "approx": "≈", "in": "∈", "notin": "∉", "ni": "∋", "to": "→", "rightarrow": "→", "leftarrow": "←",
    "gets": "←", "leftrightarrow": "↔", "Rightarrow": "⇒", "Leftarrow": "⇐", "Leftrightarrow": "⇔", "implies": "⟹",
    "iff": "⟺", "mapsto": "↦", "longrightarrow": "⟶", "longmapsto": "⟼", "uparrow": "↑", "downarrow": "↓",
    "pm": "±", "mp": "∓", "ldots": "…", "dots": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱", "dotsc": "…",
    "dotsb": "⋯", "sum": "∑", "prod": "∏", "coprod": "∐", "int": "∫", "iint": "∬", "oint": "∮", "bigcup": "⋃",
    "bigcap": "⋂", "mid": "|", "vert": "|", "lvert": "|", "rvert": "|", "|": "‖", "Vert": "‖", "lVert": "‖",
    "rVert": "‖", "parallel": "∥", "perp": "⊥", "forall": "∀", "exists": "∃", "nexists": "∄", "sim": "∼",
    "simeq": "≃", "cong": "≅", "equiv": "≡", "propto": "∝", "ll": "≪", "gg": "≫", "lt": "<", "gt": ">",
    "subset": "⊂", "subseteq": "⊆", "supset": "⊃", "supseteq": "⊇", "cup": "∪", "cap": "∩", "setminus": "∖",
    "backslash": "\\", "ast": "∗", "star": "⋆", "bullet": "•", "div": "÷", "oplus": "⊕", "ominus": "⊖",
    "otimes": "⊗", "wedge": "∧", "land": "∧", "vee": "∨", "lor": "∨", "neg": "¬", "lnot": "¬", "dagger": "†",
    "colon": ":", "coloneqq": "≔", "vdash": "⊢", "models": "⊨", "prec": "≺", "succ": "≻", "langle": "⟨",
    "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "lbrace": "{", "rbrace": "}",
    "{": "{", "}": "}", "lbrack": "[", "rbrack": "]", "_": "_", "&": "&", "angle": "∠", "triangle": "△",
    "square": "□", "checkmark": "✓", "bmod": " mod ",
}  # fmt: skip
_NAMES = (
    "log", "ln", "lg", "exp", "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh",
    "tanh", "coth", "max", "min", "sup", "inf", "lim", "arg", "argmax", "argmin", "det", "dim", "ker", "deg", "gcd",
    "hom", "Pr", "tr",
)  # fmt: skip
FUNCTIONS = {name: name for name in _NAMES} | {"limsup": "lim sup", "liminf": "lim inf"}
SPACES = {
    "quad": " \xa0", "qquad": " \xa0\xa0\xa0", ",": " ", ";": " ", ":": " ", ">": " ", "!": "", " ": " ", "\n": " ",
    "enspace": " ", "thinspace": " ", "medspace": " ", "thickspace": " ", "/": "",
}  # fmt: skip
IGNORED = ("displaystyle", "textstyle", "scriptstyle", "scriptscriptstyle", "limits", "nolimits", "nonumber", "notag")
SIZES = ("middle", *(f"{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")))
BRACKETS = {"\\{": "{", "\\}": "}", "\\|": "‖", ".": "", "<": "⟨", ">": "⟩"}
"""Brackets behind `\\left`, `\\right` and the sizes, where they are no sign of their own."""
FRACTIONS = ("frac", "dfrac", "tfrac", "cfrac", "nicefrac")
PLAIN = (
    "mathrm", "mathbf", "mathit", "mathsf", "mathtt", "mathnormal", "boldsymbol", "bm", "text", "textbf", "textit",
    "textrm", "textup", "mbox", "operatorname", "operatorname*", "mathop", "mathrel", "mathbin", "mathord", "boxed",
)  # fmt: skip
"""Commands that change the look of their argument, and not what it means."""
ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304",
    "overline": "\u0304", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308", "check": "\u030c", "breve": "\u0306",
    "acute": "\u0301", "grave": "\u0300", "mathring": "\u030a", "underline": "\u0332",
}  # fmt: skip


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _alphabet(start: int, exceptions: str = "") -> dict[str, str]:
    """The capital and small letters from a place of Unicode on; some have older places."""
    found = {letter: chr(start + place) for place, letter in enumerate(_LETTERS)}
    return found | dict(zip(exceptions[::2], exceptions[1::2], strict=True))


ALPHABETS = {
    "mathbb": _alphabet(0x1D538, "CℂHℍNℕPℙQℚRℝZℤ") | {digit: chr(0x1D7D8 + int(digit)) for digit in "0123456789"},
    "mathcal": _alphabet(0x1D49C, "BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ"),
    "mathscr": _alphabet(0x1D49C, "BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ"),
    "mathfrak": _alphabet(0x1D504, "CℭHℌIℑRℜZℨ"),
}
ROWS = {
    "matrix": ("", ""), "smallmatrix": ("", ""), "array": ("", ""), "pmatrix": ("(", ")"), "bmatrix": ("[", "]"),
    "Bmatrix": ("{", "}"), "vmatrix": ("|", "|"), "Vmatrix": ("‖", "‖"), "cases": ("{", ""), "aligned": ("", ""),
    "align": ("", ""), "align*": ("", ""), "split": ("", ""), "gathered": ("", ""), "gather": ("", ""),
    "gather*": ("", ""), "equation": ("", ""), "equation*": ("", ""),
}  # fmt: skip
"""Environments of rows, with the brackets around them."""
