"""The laboratory: the rest of an introductory course, each part a room of its own.

`worked` is what every part gives back: a worked answer that prints, renders and saves itself like a solution, with
its values by name. A part may use derivations, networks and the typesetting; sheets know the parts, not the other way
round. `claims` proves and checks, `taylor` and `approximation` are about functions of one variable (`functions`),
`equivalent` and `outputs` about networks, `likelihood` about samples and distributions, `optimisation` about finding
minima, `presentation` about units that learn from one sample after the other, `associative` about memories, and
`normalisation` works batch normalisation by hand.
"""
