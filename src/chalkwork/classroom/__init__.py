"""Sheets in the classroom: fair variants of one, and what takes them into a learning platform.

`groups` says which numbers of a sheet are drawn together, and `ranges` from what; `draws` draws them. `batch` works
out candidates at once, `conditions`, `fairness` and `effort` judge them, `texts` finds numbers that prose repeats.
`variants` draws until there are enough (`variant`), `summary` and `paper` write them. `exports` is the table of
platforms.
"""
