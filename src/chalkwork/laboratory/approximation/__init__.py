"""Functions approximated by one hidden layer of ReLUs.

`study` is what people call, `interpolant` the points, slopes and weights, in linear time and memory; `text` writes it.
"""

from chalkwork.laboratory.approximation.study import (
    MOST_COMPARED,
    MOST_POINTS,
    ReluApproximation,
    relu_approximation,
    study,
    work,
)

__all__ = ["MOST_COMPARED", "MOST_POINTS", "ReluApproximation", "relu_approximation", "study", "work"]
