"""The words of the language: functions by what they are called, signs by what they mean."""

from __future__ import annotations

from chalkwork.algebra.operations import TABLE

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda",
    "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
LETTERS = frozenset(GREEK.values()) | {"ell"}

FUNCTIONS = {
    **{name: name for name, entry in TABLE.items() if entry.arity == 1 and entry.entrywise},
    **dict.fromkeys(("softmax", "log_softmax", "logsumexp", "maximum", "minimum"), ""),
    "sigma": "sigmoid", "ln": "log", "max": "maximum", "min": "minimum", "ReLU": "relu", "sgn": "sign",
    "LReLU": "leaky_relu", "ELU": "elu", "SiLU": "silu", "GELU": "gelu", "tan": "tan", "sinh": "sinh", "cosh": "cosh",
}  # fmt: skip
FUNCTIONS |= {name: name for name, operation in FUNCTIONS.items() if not operation}
for _no_word in ("identity", "negative"):
    del FUNCTIONS[_no_word]
"""What people call a function, and the operation that it is."""

BARE = frozenset(("tanh", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "max", "min"))
"""Functions whose argument may stand without brackets in LaTeX."""

RELATIONS = {"=": "=", "==": "=", ":=": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!="}

SAME = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "**": "^", "−": "-", "·": "*", "×": "*", "cdot": "*",
    "times": "*", "ast": "*", "∘": "circ", "⊙": "circ", "odot": "circ", "∂": "partial", "∑": "sum", "√": "sqrt",
    "∞": "infty", "≤": "<=", "≥": ">=", "≠": "!=", "le": "<=", "leq": "<=", "leqslant": "<=", "ge": ">=",
    "geq": ">=", "geqslant": ">=", "lt": "<", "gt": ">", "ne": "!=", "neq": "!=", "equiv": "=", "′": "'",
    "prime": "'", "lbrack": "[", "rbrack": "]", "varepsilon": "epsilon", "vartheta": "theta",
    "varphi": "phi", "intercal": "top",
    "div": "/", "colon": ":", "textrm": "text", "mathsf": "mathrm", "mathit": "mathrm", "boldsymbol": "mathbf",
    "bm": "mathbf", "vec": "mathbf", "operatorname": "mathrm", "text": "mathrm", "mathcal": "mathrm",
}  # fmt: skip
"""What is written differently and means the same."""

_SIZES = tuple(f"{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r"))
SKIPPED = frozenset(
    ("left", "right", "displaystyle", "textstyle", "limits", "nolimits", "quad", "qquad", "nonumber", "notag", *_SIZES)
)
"""Commands about looks only."""
