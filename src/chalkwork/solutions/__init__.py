"""A worked solution: a derivation with its numbers and its style, readable by name, composed, exported.

`solution` is the object that `solve` returns; `compose` makes a document of it; `export` holds the table of file
formats, `notebook` one of them. A solution comes from a network or a graph and does not know which.
"""

from chalkwork.solutions.solution import Setting, Solution, Style

__all__ = ["Setting", "Solution", "Style"]
