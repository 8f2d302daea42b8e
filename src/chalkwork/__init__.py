"""Chalkwork: the neural network that shows its work."""
