"""How good a classification is: confusion matrix, accuracy, precision, recall and F1, from labels or from counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.documents.literal import literal
from chalkwork.documents.model import Block, Paragraph, Table
from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.networks.data import Array, as_array
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Setting, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.symbols import Symbol

MEASURES = Stage("measures", "Measures")
MOST_LABELS = 1000
MOST_CLASSES = 10
COUNTS = ("TP", "FP", "FN", "TN")
_CELLS = {"TP": "true positives", "FP": "false positives", "FN": "false negatives", "TN": "true negatives"}


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
    style = Style.chosen(**look)
    labels = truth is not None or prediction is not None
    if sum((labels, counts is not None, confusion is not None)) != 1:
        raise ChalkworkError("metrics take truth and prediction, or counts, or a confusion matrix, and one of these")
    if labels:
        work = _of_labels(truth, prediction, positive)
    elif counts is not None:
        work = _of_counts(counts)
    else:
        work = _of_matrix(_square(confusion))
    return work.solution(style)


class _Work:
    """Givens, equations and letters, and what is said between them."""

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = classes
        self.givens: dict[str, Any] = {}
        self.equations: list[Equation] = []
        self.letters: dict[str, Symbol] = {}
        self.undefined: list[str] = []
        self.opening: list[Block] = []

    def given(self, name: str, value: Any) -> Name:
        """A given; a number, a column or a matrix."""
        array = np.asarray(value, dtype=np.float64)
        self.givens[name] = array.reshape(1, 1) if array.ndim == 0 else array
        self.letters[name] = _word(name)
        return Name(name, () if array.ndim == 0 else array.shape)

    def add(self, name: str, expression: Expression, letter: Symbol | None = None) -> Name:
        """An equation."""
        self.equations.append(Equation(name, expression, MEASURES))
        self.letters[name] = letter or _word(name)
        return Name(name, expression.shape)

    def share(self, name: str, part: Expression, whole: Expression, total: float, letter: Symbol | None = None) -> Name:
        """A part of a whole, whose value is `total`; 0 of nothing."""
        if not total:
            self.undefined.append(name)
        return self.add(name, part / whole if total else Number(0), letter)

    def solution(self, style: Style) -> Solution:
        """The answer: a table of the counts, then the equations one by one."""
        names = tuple(Name(name, value.shape if value.size > 1 else ()) for name, value in self.givens.items())
        shown = [equation.name for equation in self.equations if equation.name != "C"]

        def script(board: Board) -> Iterator[Block]:
            yield from self.opening
            for name in shown:
                if name == ("n" if "C" in board.values else "accuracy"):
                    yield self._table(board)
                yield from board.equation(name)
            if self.undefined:
                listed = ", ".join(f"{{{name}}}" for name in self.undefined)
                yield board.say(f"Nothing is divided by nothing in {listed}, which is 0 by convention.")

        setting = Setting(
            givens=tuple(self.givens),
            title="The measures of a classification",
            letters=self.letters,
            script=script,
            asked=tuple(equation.name for equation in self.equations),
        )
        return Solution(Derivation(names, tuple(self.equations)), self.givens, style, setting)

    def _table(self, board: Board) -> Table:
        """The confusion matrix with its classes: a row for each true one, a column for each predicted one."""
        if "C" in board.values:
            cells = [[str(int(count)) for count in row] for row in board.values["C"]]
        else:
            tp, fp, fn, tn = (str(int(board.values[name].item())) for name in COUNTS)
            cells = [[f"{tp} (TP)", f"{fn} (FN)"], [f"{fp} (FP)", f"{tn} (TN)"]]
        head = ("truth \\ prediction", *self.classes)
        rows = tuple((f"**{name}**", *row) for name, row in zip(self.classes, cells, strict=True))
        return Table(head, rows, tuple(range(1, len(head))))


def _word(name: str) -> Symbol:
    bare, _, number = name.partition("_")
    if name in ("C", "T", "P", "n"):
        return Symbol(name, name)
    digits = number if number.isdigit() else "".join(sign for sign in bare if sign.isdigit() and bare != "F1")
    stem = bare if bare == "F1" else bare.rstrip("0123456789")
    latex = "F_1" if stem == "F1" else rf"\text{{{stem}}}"
    text = "F₁" if stem == "F1" else stem
    if digits:
        return Symbol(f"{latex[:-2]}_{{1,{digits}}}" if stem == "F1" else f"{latex}_{{{digits}}}",
                      f"{text},{subscript(digits)}" if stem == "F1" else f"{text}{subscript(digits)}")  # fmt: skip
    if number:
        of = "F_1" if number == "F1" else rf"\text{{{number}}}"
        return Symbol(rf"\text{{{bare} }}{of}", f"{bare} {'F₁' if number == 'F1' else number}")
    return Symbol(latex, text)


# --- two classes -----------------------------------------------------------------------------------------------------


def _of_counts(counts: Mapping[str, int]) -> _Work:
    if not isinstance(counts, Mapping) or set(counts) != set(COUNTS):
        raise ChalkworkError(f"counts are a mapping with {', '.join(COUNTS)}, not {counts!r:.80}")
    work = _Work(("positive", "negative"))
    for name in COUNTS:
        work.given(name, _count(counts[name], name))
    return _two(work, [int(counts[name]) for name in COUNTS])


def _count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise ValueProblem(f"{name} is a count, not {value!r:.60}")
    if value != int(value) or not 0 <= value <= 1e12:
        raise ValueProblem(f"{name} is a whole number from 0 on, not {value!r:.60}")
    return int(value)


def _two(work: _Work, found: Sequence[int]) -> _Work:
    """The measures of two classes from the four counts."""
    if not sum(found):
        raise ValueProblem("all counts are 0, so there is nothing to be measured")
    values = dict(zip(COUNTS, found, strict=True))
    tp, fp, fn, tn = (Name(name) for name in COUNTS)
    work.add("accuracy", (tp + tn) / (tp + fp + fn + tn))
    precision = work.share("precision", tp, tp + fp, values["TP"] + values["FP"])
    recall = work.share("recall", tp, tp + fn, values["TP"] + values["FN"])
    work.share("specificity", tn, tn + fp, values["TN"] + values["FP"])
    work.share("F1", 2 * precision * recall, precision + recall, values["TP"])
    return work


# --- labels ----------------------------------------------------------------------------------------------------------


def _of_labels(truth: Any, prediction: Any, positive: Any) -> _Work:
    right, said = _labels(truth, "truth"), _labels(prediction, "prediction")
    if len(right) != len(said):
        raise ShapeError(f"truth holds {len(right)} labels, and prediction {len(said)}")
    classes = sorted({*right, *said}, key=lambda label: (not _is_number(label), _number(label), label))
    if positive is not None and str(positive) not in classes:
        raise ChalkworkError(f"positive is {str(positive)!r:.60}, which is none of the labels")
    if positive is not None and len(classes) > 2:
        raise ChalkworkError("positive is of use for two classes, and there are more")
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise ChalkworkError(f"the labels name {len(classes)} classes, and a table has 2 to {MOST_CLASSES}")
    if len(classes) == 2:
        return _of_two_labels(right, said, classes, classes[-1] if positive is None else str(positive))
    work = _Work([literal(label) for label in classes])
    hot = [np.array([[float(label == each) for each in classes] for label in labels]) for labels in (right, said)]
    for name, matrix in zip("TP", hot, strict=True):
        work.given(name, matrix)
    work.opening.append(Paragraph(f"Counted over {len(right)} samples, with a row for each true class:"))
    work.add("C", Name("T", hot[0].shape).T @ Name("P", hot[1].shape))
    return _several(work, hot[0].T @ hot[1])


def _of_two_labels(right: Sequence[str], said: Sequence[str], classes: Sequence[str], positive: str) -> _Work:
    other = next(label for label in classes if label != positive)
    work = _Work((literal(positive), literal(other)))
    t, p = (
        work.given(name, [[float(label == positive)] for label in labels])
        for name, labels in (("T", right), ("P", said))
    )
    sums = {"TP": t * p, "FP": (1 - t) * p, "FN": t * (1 - p), "TN": (1 - t) * (1 - p)}
    for name, product in sums.items():
        work.add(name, apply("sum", product))
    work.opening.append(
        Paragraph(
            f"Positive is {literal(positive)}. With 1 for positive and 0 for negative in the truth $T$ and the "
            f"prediction $P$ of the {len(right)} samples the four counts are sums:"
        )
    )
    pairs = list(zip(right, said, strict=True))
    counted = [(positive, positive), (other, positive), (positive, other), (other, other)]
    return _two(work, [pairs.count(pair) for pair in counted])


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


def _of_matrix(matrix: Array) -> _Work:
    work = _Work([str(number) for number in range(1, len(matrix) + 1)])
    work.given("C", matrix)
    return _several(work, matrix)


def _several(work: _Work, matrix: Array) -> _Work:
    """The measures of each class, and their means."""
    if not matrix.sum():
        raise ValueProblem("all counts are 0, so there is nothing to be measured")
    k = len(matrix)
    c = Name("C", (k, k))
    work.letters["C"] = Symbol("C", "C")

    def entry(row: int, column: int) -> Expression:
        return apply("entry", c, place=(row, column))

    def added(parts: Sequence[Expression]) -> Expression:
        return reduce(lambda left, right: left + right, parts)

    numbers = range(1, k + 1)
    n = work.add("n", added([entry(i, j) for i in numbers for j in numbers]))
    work.add("accuracy", added([entry(i, i) for i in numbers]) / n)
    found: dict[str, list[Expression]] = {"precision": [], "recall": [], "F1": []}
    for i in numbers:
        column, row = (float(matrix.sum(axis)[i - 1]) for axis in (0, 1))
        right = float(matrix[i - 1, i - 1])
        precision = work.share(f"precision{i}", entry(i, i), added([entry(j, i) for j in numbers]), column)
        recall = work.share(f"recall{i}", entry(i, i), added([entry(i, j) for j in numbers]), row)
        found["precision"].append(precision)
        found["recall"].append(recall)
        found["F1"].append(work.share(f"F1_{i}", 2 * precision * recall, precision + recall, right))
    for name, each in found.items():
        work.add(f"macro_{name}", added(each) / k)
    return work
