"""Counting an architecture: shapes, parameters, products, receptive fields, each worked.

`kinds` is the table of layers, `tally` what is counted and written down, `study` the whole; `modules` reads PyTorch's.
"""

from chalkwork.laboratory.architecture.kinds import KINDS
from chalkwork.laboratory.architecture.study import Architecture

__all__ = ["KINDS", "Architecture"]
