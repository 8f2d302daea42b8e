"""Entropy, cross-entropy and Kullback-Leibler divergence of two discrete distributions."""

from __future__ import annotations

from chalkwork.laboratory.likelihood import divergence
from chalkwork.laboratory.likelihood.sample import MOST_CLASSES
from chalkwork.sheets import values
from chalkwork.sheets.parts import calling
from chalkwork.sheets.posed import Key

_probabilities = values.listing(values.fraction, "a list of probabilities", MOST_CLASSES)
PART = calling(
    divergence,
    {"p": Key(_probabilities, "$p = {}$"), "q": Key(_probabilities, "$q = {}$")},
    needed=("p", "q"),
    vary={"p": "shares", "q": "shares"},
)
