"""Chalkwork: the neural network that shows its work.

>>> from chalkwork import Graph
>>> Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1)["de/db"]
np.float64(5.0)
"""

from chalkwork.errors import ChalkworkError
from chalkwork.networks.graph import Graph
from chalkwork.networks.layers import Dense
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, SquaredError
from chalkwork.networks.network import NeuralNetwork
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.notation import Notation

__version__ = "0.1.0"

__all__ = [
    "BinaryCrossEntropy",
    "ChalkworkError",
    "CrossEntropy",
    "Dense",
    "Graph",
    "NeuralNetwork",
    "Notation",
    "Solution",
    "SquaredError",
]
