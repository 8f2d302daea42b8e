"""Graphs of letters only: the formula of every step, and whether one that somebody typed is the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from chalkwork.algebra.expression import Application, Expression, Name, walk
from chalkwork.algebra.expression import replace as replaced
from chalkwork.algebra.reading import read
from chalkwork.algebra.simplify import simplify
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.evaluate import evaluate, evaluate_all
from chalkwork.errors import ChalkworkError
from chalkwork.networks.graph_text import slope_of
from chalkwork.solutions.setting import Word

_SLOPE = re.compile(r"(?<!\w)[d∂]\w+\s*/\s*[d∂]\w+")
_LEFT = re.compile(r"^[^(\[]*=")
"""What stands before a formula and its sign; within brackets the sign names a parameter."""
MOST_WRITTEN = (24, 40)
"""The signs of a formula that is written by what is given alone, and of one by what is given and the forward pass."""


def by_givens(derivation: Derivation) -> Derivation:
    """The derivation, with every derivative in terms of what is given written behind its form, where that is short.

    >>> from chalkwork import Graph
    >>> solution = Graph("e = X w - y; L = e^T e").solve(X="4x2", w="2x1", y="4x1")
    >>> solution["dL/dw"], str(solution.derivation["dL/dw"].general)
    ('X.T @ dL/de', '2 * X.T @ (X @ w - y)')
    """
    every: dict[Expression, Expression] = {}
    slopes: dict[Expression, Expression] = {}
    made = []
    for equation in derivation.equations:
        forms = [simplify(replaced(equation.expression, known)) for known in (every, slopes)]
        every[equation.symbol] = forms[0]
        if equation.stage == Stage.BACKWARD:
            slopes[equation.symbol] = forms[1]
            whole = next((form for form, most in zip(forms, MOST_WRITTEN, strict=True) if _is_short(form, most)), None)
            whole = equation.expression if whole is None else whole
            if whole != equation.expression:
                equation = replace(equation, steps=(*equation.steps, equation.expression), general=whole)
        made.append(equation)
    return Derivation(derivation.givens, tuple(made))


_PLAIN = ("add", "subtract", "negative", "multiply", "divide", "matmul", "transpose", "sum", "broadcast")


def _is_short(form: Expression, most: int) -> bool:
    """Whether it is short; one by what is given alone holds no function, whose value has a name."""
    plain = all(not isinstance(node, Application) or node.operation.name in _PLAIN for node in walk(form))
    return len(str(form)) <= most and (plain or most > min(MOST_WRITTEN))


def formulas(derivation: Derivation, givens: Mapping[str, Any], names: Mapping[str, Name]) -> dict[str, Word]:
    """The formula of every equation as an answer; one that is typed otherwise is the same if its values are.

    >>> from chalkwork import Graph
    >>> solution = Graph("y = W x; dL/dy = g").solve(W="2x3", x="3x1", g="2x1")
    >>> solution["dL/dW"], solution["dL/dx"]
    ('g @ x.T', 'W.T @ g')
    >>> report = solution.check({"dL/dW": "outer(g, x)", "dL/dx": "W g"})
    >>> report["dL/dW"].verdict, report["dL/dx"].verdict
    ('correct', 'wrong')
    """
    values = evaluate_all(derivation, givens)
    known = {**{one.name: one.symbol for one in derivation.equations}, **names}
    slopes = {name: symbol for name, symbol in known.items() if slope_of(name) is not None}
    placed = {name: f"s_slope{number}" for number, name in enumerate(slopes)}

    def same(equation: Equation, text: str) -> bool:
        """Whether the formula has the values of the equation, for numbers that are as good as any."""
        from chalkwork.checking.wording import same_values

        alone = _LEFT.sub("", text, count=1)
        formula = _SLOPE.sub(lambda found: placed.get(_named(found[0]), found[0]), alone)
        letters = {name: symbol for name, symbol in known.items() if name not in slopes}
        letters |= {placed[name]: Name(placed[name], symbol.shape) for name, symbol in slopes.items()}
        try:
            expression = read(formula, letters)
        except ChalkworkError:
            return False
        found = evaluate(expression, values | {placed[name]: values[name] for name in slopes})
        return same_values(found, values[equation.name])

    def checked(equation: Equation) -> Callable[[str], bool]:
        return partial(same, equation)

    return {one.name: Word(str(one.expression), same=checked(one)) for one in derivation.equations}


def _named(slope: str) -> str:
    found = slope_of(slope)
    return found.name if found else slope
