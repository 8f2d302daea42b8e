"""Taylor polynomials of activations and of functions given as text, with their errors bounded.

`worked` is what people call and what stands on the board, `expansion` what is known of one function about one point;
`derivatives` differentiates in a ring of a few symbols, so that the derivatives of the sigmoid stay polynomials in it;
`error` makes the derivation and says how well a polynomial does.
"""

from chalkwork.laboratory.taylor.expansion import HIGHEST_ORDER
from chalkwork.laboratory.taylor.worked import taylor

__all__ = ["HIGHEST_ORDER", "taylor"]
