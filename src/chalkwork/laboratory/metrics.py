"""How good a classification is: confusion matrix, accuracy, precision, recall and F1, from labels or from counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.derivation.derivation import Stage
from chalkwork.documents.literal import literal
from chalkwork.documents.model import Block, Paragraph, Table
from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.laboratory.work import Work
from chalkwork.networks.arguments import number
from chalkwork.networks.data import Array, as_array
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.symbols import Symbol

MEASURES = Stage("measures", "Measures")
MOST_LABELS = 1000
MOST_CLASSES = 10
COUNTS = ("TP", "FP", "FN", "TN")


def metrics(
    *,
    truth: Sequence[Any] | None = None,
    prediction: Sequence[Any] | None = None,
    counts: Mapping[str, int] | None = None,
    confusion: Any = None,
    positive: Any = None,
    **look: Unpack[Look],
) -> Solution:
    """Accuracy, precision, recall and F1 worked out, of two classes or of several.

    What is given: `truth` and `prediction`, at most 1000 labels each; or `counts` of two classes, {TP, FP, FN, TN}; or
    the `confusion` matrix, K x K with a row for each true class. Of two classes `positive` is the label that counts as
    positive, by default the last one in order (1 of 0 and 1).

    The equations of two classes are the counts (`TP`, `FP`, `FN`, `TN`) where labels are given, `accuracy`,
    `precision`, `recall`, `specificity` and `F1`; of several the confusion matrix `C`, the number `n` of samples,
    `accuracy`, and for each class k
    `precision1`, `recall1`, `F1_1`, ..., then their means `macro_precision`, `macro_recall` and `macro_F1`. A measure
    whose denominator is 0 is 0, and the solution says so. Raises ChalkworkError for what is given twice or not at all,
    ShapeError and ValueProblem for labels and counts that do not fit.

    Source: Manning, Raghavan and Schütze, Introduction to Information Retrieval, sections 8.3 and 13.6.

    >>> answer = metrics(counts={"TP": 8, "FP": 2, "FN": 4, "TN": 6})
    >>> [round(answer[name].item(), 4) for name in ("accuracy", "precision", "recall", "F1")]
    [0.7, 0.8, 0.6667, 0.7273]
    >>> metrics(truth=["a", "b", "c", "a"], prediction=["a", "b", "a", "a"])["C"].tolist()
    [[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    labels = truth is not None or prediction is not None
    if sum((labels, counts is not None, confusion is not None)) != 1:
        raise ChalkworkError("metrics take truth and prediction, or counts, or a confusion matrix, and one of these")
    if labels:
        measures = _of_labels(truth, prediction, positive)
    else:
        measures = _of_matrix(_square(confusion)) if counts is None else _of_counts(counts)
    return measures.solution(
        Style.chosen(**look),
        usual=list(measures.derivation),
        title="The measures of a classification",
        script=lambda board: _script(board, measures),
    )


class _Measures(Work):
    """The measures with their letters, and what is said between them."""

    def __init__(self, classes: Sequence[str]) -> None:
        super().__init__()
        self.classes = classes
        self.undefined: list[str] = []
        self.opening: list[Block] = []

    def count(self, name: str, value: Any) -> Name:
        """A given; a number, a column or a matrix."""
        return self.given(name, value, _word(name))

    def add(self, name: str, expression: Expression) -> Name:
        """An equation."""
        return self.equation(name, expression, MEASURES, letter=_word(name))

    def share(self, name: str, part: Expression, whole: Expression, total: float) -> Name:
        """A part of a whole, whose value is `total`; 0 of nothing."""
        if not total:
            self.undefined.append(name)
        return self.add(name, part / whole if total else Number(0))


def _script(board: Board, measures: _Measures) -> Iterator[Block]:
    """A table of the counts, then the equations one by one."""
    yield from measures.opening
    for name in board.derivation:
        if name == ("n" if "C" in board.values else "accuracy"):
            yield _table(board, measures.classes)
        yield from board.equations([name] if name != "C" else [])
    if measures.undefined:
        names = ", ".join(f"{{{name}}}" for name in measures.undefined)
        yield board.say(f"Nothing is divided by nothing in {names}, which is 0 by convention.")


def _table(board: Board, classes: Sequence[str]) -> Table:
    """The confusion matrix with its classes: a row for each true one, a column for each predicted one."""
    if "C" in board.values:
        cells = [[str(int(count)) for count in row] for row in board.values["C"]]
    else:
        tp, fp, fn, tn = (str(int(board.values[name].item())) for name in COUNTS)
        cells = [[f"{tp} (TP)", f"{fn} (FN)"], [f"{fp} (FP)", f"{tn} (TN)"]]
    head = ("truth \\ prediction", *classes)
    rows = tuple((f"**{name}**", *row) for name, row in zip(classes, cells, strict=True))
    return Table(head, rows, tuple(range(1, len(head))))


def _word(name: str) -> Symbol:
    """How a measure prints: C, recall with the number of a class below it, macro F with its 1."""
    if name in ("C", "T", "P", "n"):
        return Symbol(name, name)
    kind, _, of = name.partition("_")
    if kind == "macro":
        measure = _word(of)
        return Symbol(rf"\text{{macro }}{measure.latex}", f"macro {measure.text}")
    if kind == "F1":
        return Symbol(f"F_{{1,{of}}}", f"F₁,{subscript(of)}") if of else Symbol("F_1", "F₁")
    stem = kind.rstrip("0123456789")
    return Symbol.word(stem).below(kind.removeprefix(stem)) if kind != stem else Symbol.word(stem)


# --- two classes -----------------------------------------------------------------------------------------------------


def _of_counts(counts: Mapping[str, int]) -> _Measures:
    if not isinstance(counts, Mapping) or set(counts) != set(COUNTS):
        raise ChalkworkError(f"counts are a mapping with {', '.join(COUNTS)}, not {counts!r:.80}")
    measures = _Measures(("positive", "negative"))
    for name in COUNTS:
        measures.count(name, _count(counts[name], name))
    return _two(measures, [int(counts[name]) for name in COUNTS])


def _count(value: Any, name: str) -> int:
    found = number(value)
    if found is None:
        raise ValueProblem(f"{name} is a count, not {value!r:.60}")
    if found != int(found) or not 0 <= found <= 1e12:
        raise ValueProblem(f"{name} is a whole number from 0 on, not {value!r:.60}")
    return int(found)


def _two(measures: _Measures, found: Sequence[int]) -> _Measures:
    """The measures of two classes from the four counts."""
    if not sum(found):
        raise ValueProblem("all counts are 0, so there is nothing to be measured")
    values = dict(zip(COUNTS, found, strict=True))
    tp, fp, fn, tn = (Name(name) for name in COUNTS)
    measures.add("accuracy", (tp + tn) / (tp + fp + fn + tn))
    precision = measures.share("precision", tp, tp + fp, values["TP"] + values["FP"])
    recall = measures.share("recall", tp, tp + fn, values["TP"] + values["FN"])
    measures.share("specificity", tn, tn + fp, values["TN"] + values["FP"])
    measures.share("F1", 2 * precision * recall, precision + recall, values["TP"])
    return measures


# --- labels ----------------------------------------------------------------------------------------------------------


def _of_labels(truth: Any, prediction: Any, positive: Any) -> _Measures:
    right, said = _labels(truth, "truth"), _labels(prediction, "prediction")
    if len(right) != len(said):
        raise ShapeError(f"truth holds {len(right)} labels, and prediction {len(said)}")
    classes = in_order({*right, *said})
    if positive is not None and str(positive) not in classes:
        raise ChalkworkError(f"positive is {str(positive)!r:.60}, which is none of the labels")
    if positive is not None and len(classes) > 2:
        raise ChalkworkError("positive is of use for two classes, and there are more")
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise ChalkworkError(f"the labels name {len(classes)} classes, and a table has 2 to {MOST_CLASSES}")
    if len(classes) == 2:
        return _of_two_labels(right, said, classes, classes[-1] if positive is None else str(positive))
    measures = _Measures([literal(label) for label in classes])
    hot = [np.array([[float(label == each) for each in classes] for label in labels]) for labels in (right, said)]
    for name, matrix in zip("TP", hot, strict=True):
        measures.count(name, matrix)
    measures.opening.append(Paragraph(f"Counted over {len(right)} samples, with a row for each true class:"))
    measures.add("C", Name("T", hot[0].shape).T @ Name("P", hot[1].shape))
    return _several(measures, hot[0].T @ hot[1])


def in_order(labels: Iterable[str]) -> list[str]:
    """Labels in the order of their numbers, and words behind; of two the last counts as positive, if none is said to.

    >>> in_order({"10", "9", "no"})
    ['9', '10', 'no']
    """
    return sorted(set(labels), key=lambda label: (not _is_number(label), _number(label), label))


def _of_two_labels(right: Sequence[str], said: Sequence[str], classes: Sequence[str], positive: str) -> _Measures:
    other = next(label for label in classes if label != positive)
    measures = _Measures((literal(positive), literal(other)))
    t, p = (
        measures.count(name, [[float(label == positive)] for label in labels])
        for name, labels in (("T", right), ("P", said))
    )
    sums = {"TP": t * p, "FP": (1 - t) * p, "FN": t * (1 - p), "TN": (1 - t) * (1 - p)}
    for name, product in sums.items():
        measures.add(name, apply("sum", product))
    measures.opening.append(
        Paragraph(
            f"Positive is {literal(positive)}. With 1 for positive and 0 for negative in the truth $T$ and the "
            f"prediction $P$ of the {len(right)} samples the four counts are sums:"
        )
    )
    pairs = list(zip(right, said, strict=True))
    counted = [(positive, positive), (other, positive), (positive, other), (other, other)]
    return _two(measures, [pairs.count(pair) for pair in counted])


def _labels(given: Any, what: str) -> list[str]:
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray) or not 1 <= len(given) <= MOST_LABELS:
        raise ChalkworkError(f"{what} is a list of 1 to {MOST_LABELS} labels, not {given!r:.60}")
    return [f"{label:g}" if isinstance(label, float) else str(label) for label in given]


def _is_number(label: str) -> bool:
    return label.lstrip("-").replace(".", "", 1).isdigit()


def _number(label: str) -> float:
    return float(label) if _is_number(label) else 0.0


# --- several classes -------------------------------------------------------------------------------------------------


def _square(given: Any) -> Array:
    matrix = as_array(given, "confusion")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not 2 <= len(matrix) <= MOST_CLASSES:
        raise ShapeError(f"confusion is a square matrix with 2 to {MOST_CLASSES} rows, not one of shape {matrix.shape}")
    for row in range(len(matrix)):
        for column in range(len(matrix)):
            _count(float(matrix[row, column]), f"confusion[{row + 1},{column + 1}]")
    return matrix


def _of_matrix(matrix: Array) -> _Measures:
    measures = _Measures([str(number) for number in range(1, len(matrix) + 1)])
    measures.count("C", matrix)
    return _several(measures, matrix)


def _several(measures: _Measures, matrix: Array) -> _Measures:
    """The measures of each class, and their means."""
    if not matrix.sum():
        raise ValueProblem("all counts are 0, so there is nothing to be measured")
    k = len(matrix)
    measures.letters["C"] = Symbol("C", "C")

    def entry(row: int, column: int) -> Expression:
        return apply("entry", Name("C", (k, k)), place=(row, column))

    def added(parts: Iterable[Expression]) -> Expression:
        return reduce(lambda left, right: left + right, parts)

    numbers = range(1, k + 1)
    n = measures.add("n", added(entry(i, j) for i in numbers for j in numbers))
    measures.add("accuracy", added(entry(i, i) for i in numbers) / n)
    found: dict[str, list[Expression]] = {"precision": [], "recall": [], "F1": []}
    for i in numbers:
        column, row, right = matrix.sum(0)[i - 1], matrix.sum(1)[i - 1], matrix[i - 1, i - 1]
        precision = measures.share(f"precision{i}", entry(i, i), added(entry(j, i) for j in numbers), column)
        recall = measures.share(f"recall{i}", entry(i, i), added(entry(i, j) for j in numbers), row)
        both = measures.share(f"F1_{i}", 2 * precision * recall, precision + recall, right)
        for each, measure in zip(found.values(), (precision, recall, both), strict=True):
            each.append(measure)
    for name, each in found.items():
        measures.add(f"macro_{name}", added(each) / k)
    return measures
