"""The operations table: every operation once.

`TABLE` maps a name to its `Operation`. To add an operation, write one entry in the file of its kind; value,
derivative, typesetting, notebook code and the tests all come from that entry.
"""

from chalkwork.algebra.operations import (
    activations,
    arithmetic,
    convolutions,
    heads,
    matrices,
    places,
    sequences,
    softmax,
)
from chalkwork.algebra.operations.entry import Module, Operation, Parameter, Precedence, Shape, Unit, words

TABLE: dict[str, Operation] = {
    operation.name: operation
    for room in (arithmetic, activations, softmax, matrices, places, sequences, heads, convolutions)
    for operation in room.OPERATIONS
}

__all__ = ["TABLE", "Module", "Operation", "Parameter", "Precedence", "Shape", "Unit", "words"]
