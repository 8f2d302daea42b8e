"""Tables that tests write and read, and training that is soon done."""

from __future__ import annotations

import csv

from sklearn import datasets

from chalkwork.tables import Choices, read_table

QUICK = Choices(hidden=(8,), eta=0.02, epochs=30, engine="numpy", progress=False)


def written(folder, text, name="data.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def table_of(folder, text):
    return read_table(written(folder, text))


def published(folder, name):
    data = getattr(datasets, f"load_{name}")()
    path = folder / f"{name}.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([*data.feature_names, "target"])
        names = None if name == "diabetes" else list(map(str, data.target_names))
        for x, y in zip(data.data, data.target, strict=True):
            writer.writerow([*map(float, x), float(y) if names is None else names[y]])
    return path


def two_classes(rows=40):
    lines = [f"{row},{'low' if row < rows / 2 else 'high'}" for row in range(rows)]
    return "size,kind\n" + "\n".join(lines) + "\n"
