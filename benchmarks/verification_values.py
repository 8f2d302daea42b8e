"""A plugin of pytest that collects what the tests of latex2sympy2_extended say that texts are worth.

Names get values of their own, and the file named by `OUT` a line for each text: {"text", "value", "at"}.
"""

from __future__ import annotations

import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

_GREEK = frozenset(
    ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
     "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega")
)  # fmt: skip
_found: list[dict[str, Any]] = []


def _spelled(name: str) -> str:
    letter, mark, index = name.partition("_")
    return ("\\" if letter in _GREEK else "") + letter + mark + index


def pytest_configure() -> None:
    """Look at every assertion of that project's own helper."""
    sympy, helper = import_module("sympy"), vars(import_module("tests.context"))
    before = helper["assert_equal"]

    def noting(latex: str, expected: Any, symbolically: bool = False, variables: Any = None) -> None:
        before(latex, expected, symbolically, variables)
        value, at = None, {}
        if not variables and not isinstance(expected, str):
            expression = sympy.sympify(expected, strict=True)  # objects alone: no text is parsed
            names = sorted(getattr(expression, "free_symbols", ()), key=str)
            at = {name: 1.37 + 0.61 * place for place, name in enumerate(names)}
            try:
                value = float(expression.doit().subs(at))
            except (TypeError, ValueError, AttributeError):
                value = None
        _found.append({"text": latex, "value": value, "at": {_spelled(str(name)): one for name, one in at.items()}})

    helper["assert_equal"] = noting


def pytest_unconfigure() -> None:
    """Write what was found."""
    Path(os.environ["OUT"]).write_text("".join(json.dumps(one) + "\n" for one in _found), encoding="utf-8")
