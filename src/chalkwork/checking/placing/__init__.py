"""Which assignments of a recorded program are which steps of the exercise.

`holding` reads from the program's own layout where it keeps parameters and gradients, `aligning` lays the program's
graph beside the derivation's (`flow`), `versions` tells the values of one word apart, and `recorded` decides.
"""
