"""The measures of a classification: from labels, from counts, or from a confusion matrix."""

from __future__ import annotations

from typing import Any

from chalkwork.laboratory.metrics import COUNTS, MOST_LABELS, metrics
from chalkwork.sheets import values
from chalkwork.sheets.locate import Node
from chalkwork.sheets.parts import calling

_labels = values.listing(values.text, "a list of labels", MOST_LABELS)


def _counts(node: Node, where: str) -> dict[str, int]:
    fields = values.mapping(node, "the counts", where, COUNTS)
    return {name: fields.need(name, values.integer(0, 10**12)) for name in COUNTS}


_KEYS: dict[str, values.Reader[Any]] = {
    "truth": _labels,
    "prediction": _labels,
    "positive": values.text,
    "counts": _counts,
    "confusion": values.matrix,
}
_SAID = {
    "truth": "the truth {}",
    "prediction": "the predictions {}",
    "positive": "positive is {}",
    "counts": "the counts ${}$",
    "confusion": "the confusion matrix ${}$, with a row for each true class",
}
PART = calling(metrics, _KEYS, said=_SAID, vary={"counts": "data", "confusion": "data"})
