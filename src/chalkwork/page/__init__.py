"""The page: a derivation read by a small JavaScript program, in one file that needs no server.

`script` puts the program together: the operations table's own JavaScript, and the files of this room, which are plain
scripts that one can read. `data` writes a derivation, its mistakes and what is asked as data. `html` makes the page.
"""
