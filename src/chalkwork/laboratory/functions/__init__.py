"""Functions of one variable, given as text, for the parts that are about them.

`one_variable` reads and evaluates them, `series` bounds their Taylor coefficients over an interval, `lines` writes
chains of equations that fit the page.
"""
