"""Functions approximated by one hidden layer of ReLUs.

`worked` holds what people call and writes it; `interpolant` the points, slopes and weights, in linear time and memory;
`study` checks what is given, measures the errors and solves for the weights.
"""

from chalkwork.laboratory.approximation.study import MOST_COMPARED, MOST_POINTS, study
from chalkwork.laboratory.approximation.worked import ReluApproximation, relu_approximation, written

__all__ = ["MOST_COMPARED", "MOST_POINTS", "ReluApproximation", "relu_approximation", "study", "written"]
