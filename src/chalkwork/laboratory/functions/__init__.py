"""Functions of one variable, given as text, for the parts that are about them.

`one_variable` reads and evaluates them, `series` bounds their Taylor coefficients over an interval, `definition` writes
them and what is measured of them.
"""
