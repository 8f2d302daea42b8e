"""From equations to what a reader sees: notations, numbers, LaTeX and terminal boxes in one traversal.

`notation` says which letters, `symbols` turns names into them, `numbers` shows digits. `writer` writes expressions by
the table of operations, by `rules` and `sums` where that is not enough, in `segments` between which lines break.
`equations` puts formula, numbers and result on lines that fit; `code` writes NumPy. Nothing here opens a file.
"""
