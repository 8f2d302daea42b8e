"""`chalkwork train`: a table in, a trained network and a report out."""

from __future__ import annotations

import argparse
from math import isfinite
from pathlib import Path
from typing import Any

from chalkwork.cli.door import INTERRUPTED, STANDARD, complain, folder_to_write, from_standard_input, printing, say

MOST_LAYERS = 50


def add(commands: Any) -> None:
    """Add the command to the others."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "train",
        help="a network that predicts a column of a table",
        description="Train a network on a table (CSV or Parquet) and say how well it predicts.",
    )
    parser.add_argument(
        "data",
        metavar="DATA",
        type=Path,
        help="a table: .csv, .tsv or .parquet, names in the first row; a folder of .parquet; - reads standard input",
    )
    parser.add_argument(
        "--target", metavar="NAME", required=True, help="the column to predict; several are separated by commas"
    )
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=folder_to_write, help="the folder to write; DATA-model by default"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the trained network that FOLDER holds")
    parser.add_argument("--onnx", action="store_true", help="also write model.onnx, which takes the cells of a row")
    _add_table(parser.add_argument_group("the table"))
    _add_network(parser.add_argument_group("the network"))
    _add_run(parser.add_argument_group("the training"))
    parser.set_defaults(run=_train, inputs=("data",))


def _add_table(group: Any) -> None:
    group.add_argument(
        "--task",
        choices=("auto", "classification", "regression"),
        default="auto",
        help="texts and up to 20 different whole numbers are classes, unless this says otherwise",
    )
    group.add_argument("--categories", metavar="NAMES", default="", help="columns of numbers that are categories")
    add_reading(group)
    group.add_argument("--leave-out", metavar="NAMES", default="", help="columns not to use")
    group.add_argument("--test", metavar="PART", type=_real, default=0.2, help="share of the rows to test on (0.2)")
    group.add_argument(
        "--validation", metavar="PART", type=_real, default=0.1, help="share to stop early by (0.1); 0 for neither"
    )
    group.add_argument(
        "--split",
        metavar="RULE",
        default="",
        help="group:COLUMN keeps groups whole; time:COLUMN tests on the latest",
    )
    group.add_argument(
        "--folds", metavar="K", type=_folds, default=0, help="cross-validate as well, with so many more networks"
    )


def add_reading(group: Any) -> None:
    """Add the options that say how a table is read."""
    group.add_argument(
        "--decimal", choices=("point", "comma"), help="the decimal mark, where a column such as 1,234 leaves it open"
    )
    group.add_argument(
        "--dates",
        choices=("day-first", "month-first"),
        help="the order, where a column of dates such as 3/4/2024 leaves it open",
    )
    group.add_argument(
        "--missing", metavar="TEXT", action="append", default=[], help="stands for a missing value (repeatable)"
    )


def _add_network(group: Any) -> None:
    group.add_argument(
        "--hidden", metavar="UNITS", type=_units, default=(64, 32), help="units of the hidden layers: 64,32; 0 for none"
    )
    group.add_argument("--activation", metavar="NAME", default="relu", help="of the hidden layers: relu, tanh, ...")
    group.add_argument("--l2", metavar="X", type=_real, default=1e-3, help="penalty on squared weights (0.001)")
    group.add_argument("--dropout", metavar="RATE", type=_real, default=0.0, help="after every hidden layer (0)")
    group.add_argument("--batch-norm", action="store_true", help="in every hidden layer")


def _add_run(group: Any) -> None:
    group.add_argument("--epochs", metavar="N", type=_count, default=200, help="at most (200)")
    group.add_argument("--batch-size", metavar="N", type=_count, default=32, help="samples a step (32)")
    group.add_argument("--eta", metavar="X", type=_real, default=0.001, help="the learning rate (0.001)")
    group.add_argument("--optimizer", metavar="NAME", default="adam", help="adam, momentum, gradient_descent, ...")
    group.add_argument(
        "--schedule", metavar="NAME", help="of the rate: cosine, one_cycle, plateau, linear, ...; constant by default"
    )
    group.add_argument("--clip-norm", metavar="X", type=_real, help="shorten all gradients together to this length")
    group.add_argument(
        "--class-weight", choices=("balanced",), help="every class counts alike, however many samples it has"
    )
    group.add_argument(
        "--patience", metavar="N", type=_count, default=20, help="epochs without a better validation loss (20)"
    )
    group.add_argument("--seed", metavar="N", type=_seed, default=0, help="of the parts, the weights and the order (0)")
    group.add_argument("--dtype", choices=("float32", "float64"), default="float64")
    group.add_argument("--engine", metavar="NAME", default="auto", help="numpy, jax, or auto for what is sooner done")
    group.add_argument("--checkpoint", metavar="FILE", type=Path, help="keep the run here while it lasts")
    group.add_argument("--resume", action="store_true", help="go on with the run that the checkpoint holds")


def _train(options: argparse.Namespace) -> int:
    from chalkwork.documents.terminal import print_document
    from chalkwork.tables.folder import made_folder, save_trained, unused_folder
    from chalkwork.tables.pieces import Pieces
    from chalkwork.tables.report import report
    from chalkwork.tables.streamed import train_pieces
    from chalkwork.tables.training import train_table

    folder = options.output or unused_folder(Path("table") if str(options.data) == STANDARD else options.data)
    _check_checkpoint(options.checkpoint, options.resume, folder)
    table = table_of(options)
    with made_folder(folder, replace=options.overwrite or options.resume, onnx=options.onnx):
        trained = (train_pieces if isinstance(table, Pieces) else train_table)(
            table,
            columns(options.target, table.names),
            task=options.task,
            categories=columns(options.categories, table.names),
            leave_out=columns(options.leave_out, table.names),
            choices=_choices(options),
        )
        files = save_trained(trained, folder, onnx=options.onnx)
    with printing():
        print_document(report(trained))
    say("\n".join([f"\nWritten to {folder}:", *(f"  {path.name}" for path in files)]))
    for note in trained.notes:
        complain(note)
    if trained.history.stopped == "interrupted":
        complain(f"interrupted; {files[0]} holds the network as it was then")
        return INTERRUPTED
    return 0


def table_of(options: argparse.Namespace) -> Any:
    """The table that the options name: in a file, or in standard input."""
    from chalkwork.tables.reading import MOST_BYTES, read_table, table_or_pieces

    mark, order = {"point": ".", "comma": ","}.get(options.decimal or "", ""), (options.dates or "")[:1]
    if str(options.data) != STANDARD:
        return table_or_pieces(options.data, mark, options.missing, order)
    return read_table(from_standard_input(MOST_BYTES), mark, options.missing, "standard input", order)


def _choices(options: argparse.Namespace) -> Any:
    from chalkwork.tables.training import Choices

    given = {name: value for name, value in vars(options).items() if name in Choices.__dataclass_fields__}
    return Choices(**given)


def _check_checkpoint(checkpoint: Path | None, resume: bool, folder: Path) -> None:
    from chalkwork.errors import ChalkworkError
    from chalkwork.tables.folder import NAMES

    if resume and checkpoint is None:
        raise ChalkworkError("there is nothing to resume", hint="--checkpoint names the file of the run")
    if checkpoint is not None and resume != checkpoint.exists():
        problem = "there is no such checkpoint" if resume else "this checkpoint is there already"
        hint = "leave --resume away to begin" if resume else "--resume goes on with it"
        raise ChalkworkError(problem, file=str(checkpoint), hint=hint)
    if checkpoint is not None and checkpoint.resolve() in [(folder / name).resolve() for name in NAMES]:
        raise ChalkworkError("the trained network would replace this checkpoint", file=str(checkpoint))


def columns(text: str, known: tuple[str, ...]) -> list[str]:
    """Names separated by commas; a column whose own name holds a comma is meant where it is there.

    >>> columns("a, b", ("a", "b")), columns("a, b", ("a, b",)), columns("", ())
    (['a', 'b'], ['a, b'], [])
    """
    return [text] if text in known else [part for name in text.split(",") if (part := name.strip())]


def _units(text: str) -> tuple[int, ...]:
    if text.strip() in ("0", ""):
        return ()
    units = tuple(_count(part.strip()) for part in text.split(","))
    if len(units) > MOST_LAYERS:
        raise argparse.ArgumentTypeError(f"at most {MOST_LAYERS} hidden layers are taken")
    return units


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) > 0):
        raise argparse.ArgumentTypeError("expected a whole number from 1 on")
    return int(text)


def _folds(text: str) -> int:
    count = _count(text)
    if not 2 <= count <= 100:
        raise argparse.ArgumentTypeError("expected a whole number from 2 to 100")
    return count


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise argparse.ArgumentTypeError("expected a whole number from 0 on")
    return int(text)


def _real(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not isfinite(value) or value < 0:
        raise argparse.ArgumentTypeError("expected a number from 0 on")
    return value
