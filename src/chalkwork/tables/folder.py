"""The folder in which a trained network is kept, with its report, its pictures and its predictions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chalkwork.documents.markdown import to_markdown
from chalkwork.errors import ChalkworkError
from chalkwork.exchange.packages import package
from chalkwork.inside.curves import plot_loss
from chalkwork.networks.measuring import output
from chalkwork.solutions.export import save_text
from chalkwork.tables.plots import MOST_SHOWN, plot_confusion, plot_residuals, save_figure
from chalkwork.tables.predicting import MODEL, save_predictor
from chalkwork.tables.report import report, report_data
from chalkwork.tables.targets import Classes, Numbers
from chalkwork.tables.training import Trained
from chalkwork.tables.writing import with_predictions


def unused_folder(data: Path) -> Path:
    """A folder in the current one, called after the file, that is not there yet.

    >>> unused_folder(Path("somewhere/no such table.csv")).name
    'no such table-model'
    """
    folder, number = Path(f"{data.stem}-model"), 1
    while folder.exists():
        number += 1
        folder = Path(f"{data.stem}-model-{number}")
    return folder


@contextmanager
def made_folder(folder: Path, *, replace: bool = False) -> Iterator[Path]:
    """The folder, made before a long run rather than after it; gone again where the run fails and it is empty.
    One that holds a trained network already is refused, unless that is to be replaced.

    Raises ChalkworkError where it cannot be made, or what is needed to fill it is not installed.
    """
    if not replace and (folder / MODEL).exists():
        raise ChalkworkError(
            f"{folder} holds a trained network already", hint="-o names another folder, or --overwrite replaces it"
        )
    there = folder.exists()
    _make(folder)
    try:
        yield folder
    except BaseException:
        if not there:
            with suppress(OSError):
                folder.rmdir()
        raise


def _make(folder: Path) -> None:
    for name in ("safetensors", "matplotlib"):
        package(name, "keeping a trained network", "pip install 'chalkwork[train]'")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ChalkworkError(f"{folder} is no folder to write in: {error.strerror}") from None


def save_trained(trained: Trained, folder: str | Path) -> list[Path]:
    """Write everything; the files, in order. What is there under the same names is replaced.

    `model.safetensors` (network and recipe, for `load_predictor`), the predictions for the test part, `loss.png`,
    `confusion.png` or `residuals.png`, `report.json` and `report.md`. Raises ChalkworkError if a file cannot be
    written.
    """
    folder = Path(folder)
    _make(folder)
    files = [folder / MODEL, folder / f"{trained.judged}-predictions.csv"]
    save_predictor(trained.net, trained.recipe, files[0])
    rows = trained.parts[trained.judged].tolist()
    outputs = output(trained.net, trained.recipe.inputs(trained.table, rows).x)
    save_text(with_predictions(trained.table, rows, trained.recipe.target, outputs), files[1])
    pictures = _pictures(trained, folder)
    files += [*pictures, folder / "report.json", folder / "report.md"]
    save_text(json.dumps(report_data(trained), ensure_ascii=False, indent=1) + "\n", files[-2])
    save_text(to_markdown(report(trained, full=True, pictures=[path.name for path in pictures])), files[-1])
    return files


def _pictures(trained: Trained, folder: Path) -> list[Path]:
    figures = {}
    target, part = trained.recipe.target, trained.judged
    if trained.history.steps:
        figures["loss.png"] = plot_loss(trained.history, loss=trained.net.loss.title)
    if isinstance(target, Classes) and len(target.values) <= MOST_SHOWN:
        figures["confusion.png"] = plot_confusion(target.values, trained.figures[part]["confusion"], part)
    if isinstance(target, Numbers):
        rows = trained.parts[part].tolist()
        predicted = target.decode(output(trained.net, trained.recipe.inputs(trained.table, rows).x))
        figures["residuals.png"] = plot_residuals(target, target.read(trained.table, rows), predicted, part)
    for name, figure in figures.items():
        save_figure(figure, folder / name)
    return [folder / name for name in figures]
