"""`chalkwork predict`: a kept network and a table in, the table with predictions out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from chalkwork.cli.train import add_decimal, decimal_mark


def add(commands: Any) -> None:
    """Add the command to the others."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "predict",
        help="what a network that train has kept says of a table",
        description="Add predictions, and probabilities of classes, to a table; measure them if the target is known.",
    )
    parser.add_argument("model", metavar="MODEL", type=Path, help="the folder or the model.safetensors of train")
    parser.add_argument("data", metavar="DATA", type=Path, help="a table with the columns that were trained on")
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, help="a CSV file; standard output by default")
    add_decimal(parser)
    parser.set_defaults(run=_predict)


def _predict(options: argparse.Namespace) -> int:
    from chalkwork.documents.literal import visible, visible_lines
    from chalkwork.solutions.export import save_text
    from chalkwork.tables.predicting import load_predictor, predict_table
    from chalkwork.tables.reading import read_table

    net, recipe = load_predictor(options.model)
    predicted = predict_table(net, recipe, read_table(options.data, decimal_mark(options.decimal)))
    for note in predicted.notes:
        print(f"chalkwork: {visible(note)}", file=sys.stderr)
    if options.output is None:
        text = predicted.to_csv()
        sys.stdout.write(visible_lines(text) if sys.stdout.isatty() else text)
    else:
        save_text(predicted.to_csv(), options.output)
        print(f"{options.output} written")
    if predicted.figures is not None:
        _show(predicted, sys.stderr if options.output is None else sys.stdout)
    return 0


def _show(predicted: Any, stream: Any) -> None:
    from chalkwork.documents.terminal import to_text
    from chalkwork.tables.report import figures_document

    print("\n" + to_text(figures_document(predicted.recipe.target, predicted.figures, predicted.known)), file=stream)
