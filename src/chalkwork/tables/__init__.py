"""Tables of data: read, prepared, learned from, predicted.

In the order in which data flows: `cells` says what a text is, `forms` how the numbers of a column are written, and
`reading` (with `csv_fast` and `pieces`) makes columns out of a file; `columns` and `targets` are the tables of what a
column can be, `recipe` holds what became of all of them, and `notes` say what of that could be missed. `splitting` and
`training` make a network of it, `measures` says what it is worth, `predicting` uses it on other tables; `report`,
`plots`, `writing` and `folder` are what people get, and `serving` what other programs do. Nothing of a file is
executed, here or in a spreadsheet later.
"""

from chalkwork.tables.predicting import Predicted, load_predictor, predict_table, save_predictor
from chalkwork.tables.reading import read_table
from chalkwork.tables.recipe import Recipe, prepare
from chalkwork.tables.serving import save_onnx
from chalkwork.tables.table import Table
from chalkwork.tables.training import Choices, Trained, train_table

__all__ = [
    "Choices", "Predicted", "Recipe", "Table", "Trained", "load_predictor", "predict_table", "prepare", "read_table",
    "save_onnx", "save_predictor", "train_table",
]  # fmt: skip
