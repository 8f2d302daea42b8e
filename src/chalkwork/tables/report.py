"""What training on a table did, for people: to print, and to keep as Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

import numpy as np

from chalkwork.counting import counted
from chalkwork.documents.literal import literal
from chalkwork.documents.model import Block, Document, Heading, Paragraph, Table
from chalkwork.tables.measures import Figures
from chalkwork.tables.targets import Classes, Labels, Target
from chalkwork.tables.training import Fold, Trained

MOST_IN_A_MATRIX = 10
"""Classes up to which the confusion matrix is printed; of more, the commonest confusions."""
MOST_CONFUSIONS = 10
_LONGEST = 40
_PICTURES = {
    "loss.png": "The loss over the epochs of training.",
    "confusion.png": "How often each true class was predicted as which; the numbers stand above.",
    "residuals.png": "The errors of the predictions over the predicted values.",
}
"""What the pictures beside the report show, for who does not see them."""
_MATRIX_WIDTH = 58
_KEYS = {
    "loss": "loss",
    "accuracy": "accuracy",
    "macro_f1": "F1 (mean)",
    "roc_auc": "ROC AUC",
    "label_accuracy": "accuracy a label",
    "r2": "R²",
    "mae": "MAE",
    "rmse": "RMSE",
}
"""The figures that a table of parts shows, by their keys."""


def report(trained: Trained, *, full: bool = False, pictures: Sequence[str] = ()) -> Document:
    """The report as a document; a screen is enough for it, unless it is `full`: notes, and a row for every column.

    `pictures` are names of files beside the report to point to.
    """
    blocks = [
        *_ending(trained),
        *(_notes(trained) if full else ()),
        Heading("Columns", 2),
        _columns(trained, full),
        *_split(trained),
    ]
    blocks += [Heading("Figures", 2), _parts(trained), Paragraph(_about(trained)), *_cross_validation(trained, full)]
    blocks += details(trained.recipe.target, trained.figures[trained.judged], trained.judged, full)
    blocks += [Paragraph(f"![{_PICTURES.get(name, name)}]({name})") for name in pictures]
    names = ", ".join(literal(name, _LONGEST) for name in trained.recipe.target.names)
    return Document(f"Predicting {names}", tuple(blocks))


def _ending(trained: Trained) -> Iterator[Block]:
    history, choices = trained.history, trained.choices
    epochs = round(history.epochs[-1]["epoch"]) if history.epochs else 0
    stopped = {
        "interrupted": f"**Interrupted** in epoch {epochs + 1} of {choices.epochs}: the network is as it was then.",
        "early stopping": f"Stopped early after {epochs} of {counted(choices.epochs, 'epoch')}: the validation loss "
        f"had not become better for {choices.patience}, and the best network is kept.",
    }  # fmt: skip
    ended = stopped.get(history.stopped, f"Trained for {counted(epochs, 'epoch')}.")
    if "diverged: " in history.stopped:
        yield Paragraph(f"**The training {literal(history.stopped[history.stopped.index('diverged: ') :])}**")
    yield Paragraph(f"{ended} {history.seconds:.1f} s, engine {history.engine}, seed {choices.seed}.")
    layers = trained.net.plan().layers
    widths = "-".join(str(width) for width in [layers[0].inputs, *(layer.units for layer in layers)])
    last, size = layers[-1].activation.words, trained.net.number_of_parameters
    yield Paragraph(
        f"The network is {widths} with {literal(choices.activation)} and {last}, loss {trained.net.loss.title}, "
        f"{counted(size, 'parameter', f'{size:,}')}; {literal(choices.optimizer)} with the rate {choices.eta:g} "
        f"on batches of {choices.batch_size}."
    )  # fmt: skip


def _notes(trained: Trained) -> Iterator[Block]:
    if trained.notes:
        yield Heading("To be known", 2)
        yield Paragraph("\n".join(f"- {literal(note)}" for note in trained.notes))


def _columns(trained: Trained, full: bool) -> Table:
    pairs = [(column.name, column.words) for column in trained.recipe.columns]
    if full:
        return Table(("column", "what became of it"), tuple((literal(name), literal(words)) for name, words in pairs))
    rows = []
    for words, group in groupby(pairs, key=lambda pair: pair[1]):
        names = [name for name, _ in group]
        shown = literal(names[0], 25)
        if len(names) > 1:
            shown += f"{', ' if len(names) == 2 else ' … '}{literal(names[-1], 25)}"
        rows.append((shown, literal(words) if len(names) == 1 else f"{literal(words)} (each of {len(names)})"))
    return Table(("column", "what became of it"), tuple(rows))


def _split(trained: Trained) -> Iterator[Block]:
    target = trained.recipe.target
    sizes = ", ".join(f"{len(part)} {name}" for name, part in trained.parts.items())
    how = "stratified by class, drawn from the seed" if isinstance(target, Classes) else "drawn from the seed"
    how = (
        {"group": "whole groups, drawn from the seed", "time": "by time"}[trained.apart.kind] if trained.apart else how
    )
    if trained.in_all:
        sizes = ", ".join(f"{count} {name}" for name, count in trained.in_all.items())
        how += ", read batch by batch"
    rows = sum(trained.in_all.values()) + trained.without_target if trained.in_all else len(trained.table)
    text = f"{counted(rows, 'row')}: {sizes} ({how}). The target is {target.words}."
    if trained.without_target:
        text += f" {trained.without_target} without a target {'is' if trained.without_target == 1 else 'are'} left out."
    if trained.in_all:
        text += f" What follows is of at most {max(map(len, trained.parts.values()))} rows of each part."
    yield Paragraph(text)
    if trained.split_words:
        yield Paragraph(literal(trained.split_words))


def _cross_validation(trained: Trained, full: bool) -> Iterator[Block]:
    """A line for each fold, their mean and their standard deviation."""
    folds = trained.folds
    if not folds:
        return
    rows = {f"fold {place}": fold.figures for place, fold in enumerate(folds, 1)} if full or len(folds) <= 10 else {}
    known = [key for key in _KEYS if any(fold.figures.get(key) is not None for fold in folds)]
    yield Heading(f"Cross-validation, {counted(len(folds), 'fold')}", 2)
    yield _compared({**rows, **spread(folds)}, known)
    sizes = [len(fold.parts["test"]) for fold in folds]
    size = f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"
    text = f"Each fold has a network of its own, tested on {size} rows that it has not seen"
    text += (
        {"group": ", of other groups", "time": ", later than all others"}[trained.apart.kind] if trained.apart else ""
    )
    text += "; medians, means, spreads and categories are learned anew."
    if len(folds) < trained.choices.folds:
        text += f" **Interrupted** after {len(folds)} of {trained.choices.folds} folds."
    yield Paragraph(text)


def spread(folds: Sequence[Fold]) -> dict[str, Figures]:
    """Mean and standard deviation of every figure over the folds that have it."""
    found: dict[str, Figures] = {"mean": {}, "standard deviation": {}}
    for key in _KEYS:
        values = [fold.figures[key] for fold in folds if fold.figures.get(key) is not None]
        if values:
            found["mean"][key] = float(np.mean(values))
            found["standard deviation"][key] = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return found


def figures_document(target: Target, figures: Figures, samples: int) -> Document:
    """The figures of predictions whose targets are known."""
    rows = {counted(samples, "row"): figures}
    return Document("Against the known target", (_compared(rows, list(figures)), *details(target, figures, "")))


def _parts(trained: Trained) -> Table:
    rows = {**trained.figures, _BASELINES[trained.recipe.target.kind]: trained.baseline}
    return _compared(rows, list(trained.figures["train"]))


def _compared(rows: Mapping[str, Figures], known: Sequence[str]) -> Table:
    """A line for each name, a column for each figure that is known."""
    keys = [key for key in _KEYS if key in known]
    cells = tuple((name, *(_figure(figures.get(key)) for key in keys)) for name, figures in rows.items())
    return Table(("", *(_KEYS[key] for key in keys)), cells, tuple(range(1, len(keys) + 1)))


_BASELINES = {"classes": "most frequent class", "labels": "commoner value", "numbers": "mean"}


def _about(trained: Trained) -> str:
    against = f"The last line predicts without any input, on the {trained.judged} part."
    if trained.recipe.target.kind == "numbers":
        return f"{against} The loss is of standardised targets; MAE and RMSE are in units of the target."
    return against


def _figure(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if abs(value) >= 10 else f"{value:.3f}"


def details(target: Target, figures: Figures, part: str, full: bool = False) -> list[Block]:
    """The figures of each class, label or number, and the confusions."""
    blocks: list[Block] = []
    where = f", {part} part" if part else ""
    if isinstance(target, Classes | Labels):
        each = figures["classes" if isinstance(target, Classes) else "labels"]
        blocks += [Heading(f"Each {'class' if isinstance(target, Classes) else 'label'}{where}", 2)]
        blocks += _each(each, full)
    elif "numbers" in figures:
        rows = tuple((literal(row["name"], _LONGEST), *(_figure(row[key]) for key in ("r2", "mae", "rmse"))) for row in
                     figures["numbers"])  # fmt: skip
        blocks += [Heading(f"Each number{where}", 2), Table(("target", "R²", "MAE", "RMSE"), rows, (1, 2, 3))]
    if isinstance(target, Classes):
        blocks += [Heading(f"Confusions{where}", 2), *_confusions(target.values, np.array(figures["confusion"]))]
    return blocks


def _each(rows: list[Figures], full: bool) -> Iterator[Block]:
    shown = rows if full or len(rows) <= 2 * MOST_IN_A_MATRIX else sorted(rows, key=lambda row: row["f1"])[:10]
    cells = tuple(
        (literal(row["name"], _LONGEST), *(f"{row[key]:.3f}" for key in ("precision", "recall", "f1")),
         f"{row['support']:.0f}") for row in shown
    )  # fmt: skip
    yield Table(("", "precision", "recall", "F1", "samples"), cells, (1, 2, 3, 4))
    if len(shown) < len(rows):
        yield Paragraph(f"The {len(shown)} worst of {len(rows)}; the report has all.")


def _confusions(names: tuple[str, ...], counts: np.ndarray[Any, Any]) -> Iterator[Block]:
    if len(names) <= MOST_IN_A_MATRIX:
        yield _matrix(names, counts)
        yield Paragraph("A row is a true class, a column a predicted one.")
        return
    wrong = counts * (1 - np.eye(len(names), dtype=int))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSIONS]
    rows = []
    for place in order:
        row, column = divmod(int(place), len(names))
        if wrong[row, column]:
            cells = literal(names[row], 30), literal(names[column], 30), str(wrong[row, column])
            rows.append((*cells, str(counts[row].sum())))
    if rows:
        yield Table(("true", "predicted", "samples", "of"), tuple(rows), (2, 3))
    yield Paragraph(
        f"{wrong.sum()} of {counted(int(counts.sum()), 'sample')} {'is' if wrong.sum() == 1 else 'are'} confused."
    )


def _matrix(names: tuple[str, ...], counts: np.ndarray[Any, Any]) -> Table:
    """The matrix in 80 columns: where the names are too long for its head, numbers stand for them."""
    room = _MATRIX_WIDTH // len(names) - 2
    heads = [literal(name) for name in names]
    labels = [literal(name, 20) for name in names]
    if max(map(len, names)) > room:
        heads = [str(place) for place in range(1, len(names) + 1)]
        labels = [f"{place}: {literal(name, 16)}" for place, name in enumerate(names, 1)]
    rows = tuple((label, *map(str, row)) for label, row in zip(labels, counts.tolist(), strict=True))
    return Table(("", *heads), rows, tuple(range(1, len(names) + 1)))


def report_data(trained: Trained) -> dict[str, Any]:
    """The report as plain data, for other programs: every figure in full precision."""
    history = trained.history
    return {
        "file": trained.table.file,
        "recipe": trained.recipe.to_data(),
        "rows": trained.in_all or {name: len(part) for name, part in trained.parts.items()},
        "without_target": trained.without_target,
        "notes": list(trained.notes),
        "split": trained.split_words,
        "folds": {**spread(trained.folds), "each": [fold.figures for fold in trained.folds]} if trained.folds else None,
        "figures": dict(trained.figures),
        "baseline": trained.baseline,
        "training": {"stopped": history.stopped, "engine": history.engine, "seconds": history.seconds,
                     "epochs": history.epochs},
        "choices": {key: str(value) if key == "checkpoint" and value else value
                    for key, value in asdict(trained.choices).items() if key != "progress"},
        "parameters": trained.net.number_of_parameters,
    }  # fmt: skip
