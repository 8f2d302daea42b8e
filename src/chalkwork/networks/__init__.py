"""Builders: layers, losses, conventions and update rules become derivations; so do graphs from text.

`equations` is the heart: a `Plan` without numbers in, a `Derivation` out; `reasons` holds the sentence that stands
with each equation and `presentation` what is said around them. `NeuralNetwork` and `Graph` are what people call.
"""
