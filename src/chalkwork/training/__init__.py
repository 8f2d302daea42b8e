"""Training: the equations of one step, done many times, as fast as the machine allows.

`step` says what a step is: a derivation, and which of its names are carried over. `engines` holds what runs it:
`reference` evaluates the equations one by one, `compiled` has JAX compile them with their loop, `blas` lowers them to
calls of BLAS on arrays that are reused. `loop` does the chunks that `work` makes of arrays, or `stream` of batches that
come one by one, and keeps their history; `lbfgs` leaves the steps to SciPy.
Derivations and numbers come in; nothing here knows of networks.
"""
