"""The folder in which a trained network is kept, with its report, its pictures and its predictions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from chalkwork.documents.markdown import to_markdown
from chalkwork.errors import ChalkworkError
from chalkwork.files import make_folder, refuse_input, write_together
from chalkwork.inside.curves import plot_loss
from chalkwork.networks.measuring import output
from chalkwork.packages import package
from chalkwork.tables.plots import MOST_SHOWN, plot_confusion, plot_residuals, png
from chalkwork.tables.predicting import MODEL, save_predictor
from chalkwork.tables.report import report, report_data
from chalkwork.tables.serving import ONNX, save_onnx
from chalkwork.tables.targets import Classes, Numbers
from chalkwork.tables.training import Trained
from chalkwork.tables.writing import with_predictions

NAMES = (
    *(MODEL, "test-predictions.csv", "validation-predictions.csv", "training-predictions.csv"),
    *(ONNX, "loss.png", "confusion.png", "residuals.png", "report.json", "report.md"),
)
"""Every file that `save_trained` may write."""


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
def made_folder(folder: Path, *, replace: bool = False, onnx: bool = False) -> Iterator[Path]:
    """The folder, made before a long run rather than after it; gone again where the run fails and it is empty.
    One that holds a trained network already is refused, unless that is to be replaced.

    Raises ChalkworkError where it cannot be made, what is needed to fill it is not installed, or a file in it that
    would be replaced is one that is read.
    """
    if not replace and (folder / MODEL).exists():
        raise ChalkworkError(
            f"{folder} holds a trained network already", hint="-o names another folder, or --overwrite replaces it"
        )
    there = folder.exists()
    _make(folder)
    if onnx:
        package("onnx", "writing ONNX", "pip install onnx")
    for name in NAMES:
        refuse_input(folder / name)
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
    make_folder(folder)


def save_trained(trained: Trained, folder: str | Path, *, onnx: bool = False) -> list[Path]:
    """Write everything; the files, in order. What is there under the same names is replaced.

    `model.safetensors` (network and recipe, for `load_predictor`), the predictions for the test part, `loss.png`,
    `confusion.png` or `residuals.png`, `report.json` and `report.md`; with `onnx` also `model.onnx`, see `save_onnx`.
    Raises ChalkworkError if a file cannot be
    written.
    """
    folder = Path(folder)
    _make(folder)
    rows = trained.parts[trained.judged]
    outputs = output(trained.net, trained.recipe.inputs(trained.table, rows).x)
    pictures = {name: png(figure) for name, figure in _pictures(trained).items()}
    contents: dict[str, bytes | Iterable[str]] = {
        f"{trained.judged}-predictions.csv": with_predictions(trained.table, rows, trained.recipe.target, outputs),
        **pictures,
        "report.json": json.dumps(report_data(trained), ensure_ascii=False, indent=1) + "\n",
        "report.md": to_markdown(report(trained, full=True, pictures=list(pictures))),
    }
    save_predictor(trained.net, trained.recipe, folder / MODEL)
    if onnx:
        save_onnx(trained.net, trained.recipe, folder / ONNX)
    write_together({folder / name: content for name, content in contents.items()})
    return [folder / name for name in (MODEL, *([ONNX] if onnx else []), *contents)]


def _pictures(trained: Trained) -> dict[str, Any]:
    figures = {}
    target, part = trained.recipe.target, trained.judged
    if trained.history.steps:
        figures["loss.png"] = plot_loss(trained.history, loss=trained.net.loss.title)
    if isinstance(target, Classes) and len(target.values) <= MOST_SHOWN:
        figures["confusion.png"] = plot_confusion(target.values, trained.figures[part]["confusion"], part)
    if isinstance(target, Numbers):
        rows = trained.parts[part]
        predicted = target.decode(output(trained.net, trained.recipe.inputs(trained.table, rows).x))
        figures["residuals.png"] = plot_residuals(target, target.read(trained.table, rows), predicted, part)
    return figures
