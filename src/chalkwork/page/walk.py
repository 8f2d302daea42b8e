"""The walk over the drawing: for every step where it happens, in which layer or at which node."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.page.data import Data
from chalkwork.words import written

if TYPE_CHECKING:
    from chalkwork.solutions.solution import Solution

_LAYER = re.compile(r"(d?)([A-Za-z]+)(\d+)(?:_new\d*)?")
_EDGES = frozenset("WU")


def walk_of(solution: Solution) -> list[Data]:
    """Every step, with its stage and its place: a layer (its units, or the edges into it), or a node by its label.

    >>> from chalkwork.networks.graph import Graph
    >>> walk_of(Graph("c = a + b").solve(a=2, b=1))[0]
    {'name': 'c', 'stage': 'Forward pass', 'label': 'c'}
    """
    return [_step(solution, equation) for equation in solution.derivation.equations]


def walks_of(solutions: Sequence[Solution]) -> list[list[Data]]:
    """The walk over each of the solutions; none over one that a longer one goes over as well."""
    return [
        [] if any(_is_part(one, other) for other in solutions if other is not one) else walk_of(one)
        for one in solutions
    ]


def _is_part(one: Solution, other: Solution) -> bool:
    return len(one.derivation) < len(other.derivation) and all(
        name in other.arrays and np.array_equal(one.arrays[name], other.arrays[name])
        for name in (*(given.name for given in one.derivation.givens), *one.derivation)
    )


def _step(solution: Solution, equation: Equation) -> Data:
    language = solution.style.language
    step: Data = {"name": equation.name, "stage": written(equation.stage.title, language)}
    if equation.stage in (Stage.BACKWARD, Stage.UPDATE):
        step["back"] = True
    layers = solution.setting.layers
    found = _LAYER.fullmatch(equation.name)
    if layers and found is not None:
        return step | {"layer": int(found[3])} | ({"edges": True} if found[2] in _EDGES else {})
    if layers:
        return step | ({"layer": -1} if equation.name[:1] == "L" else {})
    derivative = equation.derivative
    return step | {"label": derivative.by if derivative is not None else equation.name}
