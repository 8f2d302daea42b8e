"""What is done with expressions: named equations, their derivatives, their values.

`derivation` holds the one data structure of the project, an ordered list of named equations; `differentiate` makes
backward equations from forward ones; `chain` states the chain rule along their paths; `evaluate` gives every
name a value, over any array namespace. No file here knows what a network is.
"""
