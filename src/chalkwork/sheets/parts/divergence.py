"""Entropy, cross-entropy and Kullback-Leibler divergence of two discrete distributions."""

from __future__ import annotations

from chalkwork.laboratory.likelihood import divergence
from chalkwork.laboratory.likelihood.sample import MOST_CLASSES
from chalkwork.sheets import values
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import posed
from chalkwork.sheets.values import Fields
from chalkwork.solutions.solution import Solution

_probabilities = values.listing(values.fraction, "a list of probabilities", MOST_CLASSES)


def _read(fields: Fields) -> Work:
    p, q = (fields.need(key, _probabilities) for key in ("p", "q"))

    def work(surroundings: Surroundings) -> Solution:
        return divergence(p, q, style=surroundings.manner)

    return work


_SAID = {
    "p": "$p = {}$",
    "q": "$q = {}$",
}
PART = Part(("p", "q"), _read, lambda fields: posed(fields, _SAID), vary={"p": "shares", "q": "shares"})
