"""`chalkwork predict`: a kept network and a table in, the table with predictions out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from chalkwork.cli.door import complain, file_to_write, note, pour, say
from chalkwork.cli.train import add_reading, table_of


def add(commands: Any) -> None:
    """Add the command to the others."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "predict",
        help="what a network that train has kept says of a table",
        description="Add predictions, and probabilities of classes, to a table; measure them if the target is known.",
    )
    parser.add_argument("model", metavar="MODEL", type=Path, help="the folder or the model.safetensors of train")
    parser.add_argument("data", metavar="DATA", type=Path, help="a table with the columns of the training; - reads it")
    parser.add_argument(
        "-o", "--output", metavar="OUT", type=file_to_write, help="a CSV file; standard output by default"
    )
    add_reading(parser)
    parser.set_defaults(run=_predict, inputs=("model", "data"))


def _predict(options: argparse.Namespace) -> int:
    from chalkwork.documents.terminal import to_text
    from chalkwork.files import write_aside
    from chalkwork.tables.pieces import Pieces
    from chalkwork.tables.predicting import Predicted, load_predictor
    from chalkwork.tables.report import figures_document

    net, recipe = load_predictor(options.model)
    table = table_of(options)
    predicted = Predicted(net, recipe)
    rows = predicted.csv((piece for _, piece in table.chunks()) if isinstance(table, Pieces) else [table])
    if options.output is None:
        for part in rows:
            pour(part)
    else:
        write_aside(options.output, rows)
    for words in predicted.notes:
        complain(words)
    if options.output is not None:
        say(f"{options.output} written")
    if predicted.figures is not None:
        figures = figures_document(predicted.recipe.target, predicted.figures, predicted.known)
        (note if options.output is None else say)("\n" + to_text(figures))
    return 0
