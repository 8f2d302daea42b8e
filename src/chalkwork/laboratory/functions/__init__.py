"""Functions of one variable, given as text, for the parts that are about them.

`one_variable` reads, evaluates and writes them, `series` bounds their Taylor coefficients over an interval.
"""
