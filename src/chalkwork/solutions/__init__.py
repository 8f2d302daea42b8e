"""A worked solution: a derivation with its numbers and its style, readable by name, composed, exported.

`working` holds its values and equations, written as `setting` says; `compose` makes a document of them, `export` is the
table of file formats and `notebook` one of these. `solution` is the object that `solve` returns, which does it all. It
comes from a network or a graph and does not know which.
"""
