"""What is done with expressions: named equations, their derivatives, their values.

`derivation` holds the one data structure of the project, an ordered list of named equations; `differentiate` makes
backward equations from forward ones; `chain` states the chain rule along their paths; `evaluate` gives every
name a value, over any array namespace. No file here knows what a network is.
"""

from chalkwork.derivation.derivation import Derivation, Derivative, Equation, Stage
from chalkwork.derivation.differentiate import adjoint_equations, gradient
from chalkwork.derivation.evaluate import evaluate, evaluate_all
from chalkwork.derivation.work_out import work_out

__all__ = [
    "Derivation",
    "Derivative",
    "Equation",
    "Stage",
    "adjoint_equations",
    "evaluate",
    "evaluate_all",
    "gradient",
    "work_out",
]
