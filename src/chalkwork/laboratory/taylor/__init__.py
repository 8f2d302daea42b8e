"""Taylor polynomials of activations and of functions given as text, with their errors bounded.

`expansion` is what people call; `derivatives` differentiates in a ring of a few symbols, so that the derivatives of the
sigmoid stay polynomials in it, `radius` says where the series converges, `error` bounds and measures the remainder;
`text` and `page` write it.
"""

from chalkwork.laboratory.taylor.expansion import HIGHEST_ORDER, taylor, work

__all__ = ["HIGHEST_ORDER", "taylor", "work"]
