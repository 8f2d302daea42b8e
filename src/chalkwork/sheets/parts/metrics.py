"""The measures of a classification: from labels, from counts, or from a confusion matrix."""

from __future__ import annotations

from typing import Any

from chalkwork.laboratory.metrics import COUNTS, MOST_LABELS, metrics
from chalkwork.sheets import values
from chalkwork.sheets.locate import Node
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import posed
from chalkwork.sheets.values import Fields
from chalkwork.solutions.solution import Solution

_labels = values.listing(values.text, "a list of labels", MOST_LABELS)


def _counts(node: Node, where: str) -> dict[str, int]:
    fields = values.mapping(node, "the counts", where, COUNTS)
    return {name: fields.need(name, values.integer(0, 10**12)) for name in COUNTS}


KEYS: dict[str, values.Reader[Any]] = {
    "truth": _labels,
    "prediction": _labels,
    "positive": values.text,
    "counts": _counts,
    "confusion": values.matrix,
}


def _read(fields: Fields) -> Work:
    given = fields.given(KEYS)

    def work(surroundings: Surroundings) -> Solution:
        return metrics(**given, style=surroundings.manner)

    return work


_SAID = {
    "truth": "the truth {}",
    "prediction": "the predictions {}",
    "positive": "positive is {}",
    "counts": "the counts ${}$",
    "confusion": "the confusion matrix ${}$, with a row for each true class",
}
PART = Part(tuple(KEYS), _read, lambda fields: posed(fields, _SAID))
