"""Output layers and their losses: which belong together and why; hierarchical softmax for large vocabularies.

`tasks` is the table of tasks (likelihood, activation, loss, mismatches), `choice` writes the answer for one; `tree`
holds binary trees of words (given or by Huffman's rule) and draws them, `hierarchical` is the output layer over such a
tree and `worked` its solution.
"""

from chalkwork.laboratory.outputs.choice import output_for
from chalkwork.laboratory.outputs.hierarchical import HierarchicalSoftmax
from chalkwork.laboratory.outputs.tasks import TASKS

__all__ = ["TASKS", "HierarchicalSoftmax", "output_for"]
