"""The network drawn, with its weights and, for one sample, its values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.drawings.drawing import Drawing
from chalkwork.errors import ChalkworkError
from chalkwork.files import write_aside
from chalkwork.networks.network import NeuralNetwork


class Picture(Drawing):
    """A drawing that a notebook shows and that `save` writes as SVG."""

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> None:
        """Write the SVG; ChalkworkError if the file cannot be written."""
        write_aside(path, self.svg)


def draw(net: NeuralNetwork, x: Any = None, *, decimals: int | None = None) -> Picture:
    """The network with its weights, and with the values of the sample `x` where one is given.

    Large layers are shortened, and their weights left out. Raises ShapeError for a sample that does not fit,
    ChalkworkError for more than one.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[2.0], [1.0]], bias=[-1])])
    >>> draw(net, [0, 1]).svg.startswith("<svg")
    True
    """
    plan = net.plan()
    if plan.positions:
        raise ChalkworkError("a network is drawn where its samples are vectors, not where they are matrices")
    sample = np.zeros(plan.layers[0].inputs) if x is None else x
    solution = net.solve(sample, predict=False, decimals=decimals)
    if np.size(solution["x"]) != plan.layers[0].inputs:
        raise ChalkworkError("a drawing holds the values of one sample", hint="give one row of x")
    drawer = solution.setting.drawing
    assert drawer is not None
    drawing = drawer(solution, x is not None)
    return Picture(drawing.svg, drawing.description)
