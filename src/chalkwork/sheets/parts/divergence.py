"""Entropy, cross-entropy and Kullback-Leibler divergence of two discrete distributions."""

from __future__ import annotations

from chalkwork.laboratory.likelihood import divergence
from chalkwork.laboratory.likelihood.sample import MOST_CLASSES
from chalkwork.sheets import values
from chalkwork.sheets.parts import calling

_probabilities = values.listing(values.fraction, "a list of probabilities", MOST_CLASSES)
PART = calling(
    divergence,
    {"p": _probabilities, "q": _probabilities},
    needed=("p", "q"),
    said={"p": "$p = {}$", "q": "$q = {}$"},
    vary={"p": "shares", "q": "shares"},
)
