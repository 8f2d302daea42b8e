"""What was typed, read: files, lines, names, rows of cells, and numbers with the interval that their digits stand for.

`files` (with `forms`, `notebooks`) takes a hand-in apart, `names` says which step each answer is for, and `answers`
(with `typed`, `cells`, `numerals`, `expressions`) reads a value into the shape that was asked. Nothing is run.
"""
