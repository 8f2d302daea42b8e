"""Associative memories by hand: a Hopfield network and a bidirectional associative memory, recalled step by step.

Sources: Hopfield, Neural networks and physical systems with emergent collective computational abilities (PNAS 79,
1982); Kosko, Bidirectional associative memories (IEEE Transactions on Systems, Man, and Cybernetics 18, 1988).
"""

from chalkwork.laboratory.associative.recall import bam, hopfield

__all__ = ["bam", "hopfield"]
