"""The reading "bound": what an expression can be while its names run over intervals.

`intervals` is the arithmetic, outward rounded; `enclosures` the tables that enclose each operation; `slopes` encloses
by slopes where a name occurs more than once; `ranges` is what others call. Nothing here knows of answers.
"""
