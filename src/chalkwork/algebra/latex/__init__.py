r"""The reader of LaTeX: formulas as course documents write them, and chains of them, to syntax and expressions.

Nothing is executed; texts are bounded in length, depth and size, and whatever cannot be read is a ReadError with the
column and a caret below the place. Plain maths (no backslash in the text) is read by the same grammar, so that
`sigma'(x)` and `2x` may be written there too.
"""

from chalkwork.algebra.latex.reading import Chain, parse_latex, read_chain, read_latex
from chalkwork.algebra.latex.written import DERIVATIVE, PARTIAL, Scope, build

__all__ = ["DERIVATIVE", "PARTIAL", "Chain", "Scope", "build", "parse_latex", "read_chain", "read_latex"]
