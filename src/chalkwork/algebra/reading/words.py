"""The words of the language: functions, constants, accents and signs by what they are called, in one table."""

from __future__ import annotations

from math import pi

from chalkwork.algebra.operations import TABLE

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda",
    "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "ϕ": "phi", "ϵ": "epsilon", "ϑ": "theta",
}  # fmt: skip
LETTERS = frozenset(GREEK.values()) | {"ell"}
ACCENTS = ("hat", "bar", "tilde")
"""What stands above a letter, and behind it in its name: yhat."""

CONSTANTS = {"pi": pi, "e": None}
"""Numbers with a name, where nothing else was given that name; e is exp(1)."""

DEFINED = {
    "tan": "sin(x) / cos(x)",
    "sinh": "(exp(x) - exp(-x)) / 2",
    "cosh": "(exp(x) + exp(-x)) / 2",
    "log2": "log(x) / log(2)",
    "log10": "log(x) / log(10)",
    "ceil": "-floor(-x)",
    "cot": "cos(x) / sin(x)",
    "sec": "1 / cos(x)",
    "csc": "1 / sin(x)",
    "coth": "1 / tanh(x)",
    "sech": "2 / (exp(x) + exp(-x))",
    "csch": "2 / (exp(x) - exp(-x))",
    "arcsin": "2 * arctan(x / (1 + sqrt((1 - x) * (1 + x))))",
    "arccos": "2 * arctan(1) - 2 * arctan(x / (1 + sqrt((1 - x) * (1 + x))))",
    "arsinh": "log(x + sqrt(x^2 + 1))",
    "arcosh": "log(x + sqrt(x - 1) * sqrt(x + 1))",
    "artanh": "log((1 + x) / (1 - x)) / 2",
}
"""Functions of one number by those of the table of operations."""

VECTORS = ("dot", "outer", "positional")
"""Products of two vectors, however each of them lies; and the encoding of positions, whose arguments are its sizes."""

LAID = {"vec": 1, "convolution_matrix": 2, "im2col": 2}
"""Matrices by their entries, made of maps and kernels, and how many arguments they take: see `laying`."""

ALSO = {word: name for name, entry in TABLE.items() for word in entry.also} | {
    "lg": "log10", "lb": "log2", "tg": "tan", "ctg": "cot", "cosec": "csc", "asin": "arcsin", "acos": "arccos",
    "asinh": "arsinh", "arcsinh": "arsinh", "acosh": "arcosh", "arccosh": "arcosh", "atanh": "artanh",
    "arctanh": "artanh", "conv_matrix": "convolution_matrix", "toeplitz": "convolution_matrix",
}  # fmt: skip
"""Other names of functions."""

FUNCTIONS = {name: name for name in (*TABLE, *DEFINED, *VECTORS, *LAID, "min")} | ALSO
"""What people call a function, and the operation that it is."""

GATES = {"max": "maximum", "min": "minimum", "maximum": "maximum", "minimum": "minimum"}
"""Functions that take the largest or smallest of two or more arguments, entry by entry."""

BARE = frozenset(
    ("tanh", "exp", "log", "ln", "lg", "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "coth", "arcsin",
     "arccos", "arctan", "max", "min")
)  # fmt: skip
"""Commands of LaTeX for functions; their argument may stand without brackets."""

RELATIONS = {"=": "=", "==": "=", ":=": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!="}

SAME = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "**": "^", "−": "-", "·": "cdot", "×": "cdot", "times": "cdot",
    "ast": "*", "∘": "circ", "⊙": "circ", "odot": "circ", "∂": "partial", "∑": "sum", "√": "sqrt",
    "⌊": "lfloor", "⌋": "rfloor", "⌈": "lceil", "⌉": "rceil",
    "∞": "infty", "≤": "<=", "≥": ">=", "≠": "!=", "le": "<=", "leq": "<=", "leqslant": "<=", "ge": ">=",
    "geq": ">=", "geqslant": ">=", "lt": "<", "gt": ">", "ne": "!=", "neq": "!=", "equiv": "=", "′": "'",
    "prime": "'", "lbrack": "[", "rbrack": "]", "varepsilon": "epsilon", "vartheta": "theta",
    "varphi": "phi", "intercal": "top", "lVert": "Vert", "rVert": "Vert", "‖": "Vert",
    "div": "/", "colon": ":", "textrm": "text", "mathsf": "mathrm", "mathit": "mathrm", "boldsymbol": "mathbf",
    "bm": "mathbf", "vec": "mathbf", "operatorname": "mathrm", "text": "mathrm", "mathcal": "mathrm",
}  # fmt: skip
"""What is written differently and means the same."""

_SIZES = tuple(f"{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r"))
SKIPPED = frozenset(
    ("left", "right", "displaystyle", "textstyle", "limits", "nolimits", "quad", "qquad", "nonumber", "notag", *_SIZES)
)
"""Commands about looks only."""


def canonical(name: str) -> str:
    """The name with Greek letters as words, as everything that is read has them.

    >>> canonical("λ1"), canonical("w")
    ('lambda1', 'w')
    """
    return "".join(GREEK.get(sign, sign) for sign in name)
