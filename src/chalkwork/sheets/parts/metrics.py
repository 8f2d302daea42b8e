"""The measures of a classification: from labels, from counts, or from a confusion matrix."""

from __future__ import annotations

from typing import Any

from chalkwork.laboratory.metrics import COUNTS, MOST_LABELS, in_order, metrics
from chalkwork.sheets import values
from chalkwork.sheets.locate import Node
from chalkwork.sheets.parts import calling
from chalkwork.sheets.posed import Key, Keys
from chalkwork.sheets.values import Fields

_labels = values.listing(values.text, "a list of labels", MOST_LABELS)


def _counts(node: Node, where: str) -> dict[str, int]:
    fields = values.mapping(node, "the counts", where, COUNTS)
    return {name: fields.need(name, values.integer(0, 10**12)) for name in COUNTS}


_KEYS: Keys = {
    "truth": Key(_labels, "the truth {}"),
    "prediction": Key(_labels, "the predictions {}"),
    "positive": Key(values.text, "positive is {}"),
    "counts": Key(_counts, "the counts ${}$"),
    "confusion": Key(values.matrix, "the confusion matrix ${}$, with a row for each true class"),
}


def _usual(fields: Fields) -> dict[str, Any]:
    """Of two classes the last one in order is positive."""
    classes = in_order(label for key in ("truth", "prediction") for label in fields.read(key, _labels, ()))
    return {"positive": classes[-1]} if len(classes) == 2 else {}


PART = calling(metrics, _KEYS, usual=_usual, vary={"counts": "data", "confusion": "data"})
