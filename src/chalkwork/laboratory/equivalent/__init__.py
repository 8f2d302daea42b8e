"""Networks that compute the same function: other activations, fewer layers, other orders of the units.

`reading` takes a network apart and puts one together: a `Rewriting` is a network, the one that it becomes, and what is
said of both; `swap`, `collapse` and `symmetry` each rewrite a network in one way, as equations that are evaluated like
all others.
"""

from chalkwork.laboratory.equivalent.collapse import collapse
from chalkwork.laboratory.equivalent.reading import Equivalent
from chalkwork.laboratory.equivalent.swap import to_sigmoid, to_tanh
from chalkwork.laboratory.equivalent.symmetry import symmetries

__all__ = ["Equivalent", "collapse", "symmetries", "to_sigmoid", "to_tanh"]
