"""What can be written on the board: shaped expressions, the operations table, the reader, the simplifier.

Nothing here knows of networks, equations or numbers. `operations` is the table and imports nothing of its
neighbours; `expression` builds trees over it; `reading` turns text into trees, plain maths and LaTeX alike, and
`simplify` trees into the form that a textbook prints; `entries` takes one entry of a tree. To add an operation, write
one entry in `operations`.
"""
