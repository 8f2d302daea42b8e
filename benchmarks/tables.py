"""How long a table takes to be read, and how much memory training on a large one.

    python benchmarks/tables.py [--rounds N] [--only ROW]

Reading: CSV of 100,000 rows and 50 columns (40 of decimals, 5 of whole numbers, 4 of categories, a target), read, typed
and made inputs of a network, beside polars' `read_csv` of the same file; seconds of processor time of this process, in
turns. Memory: the largest size (`ru_maxrss`) of a fresh process of `chalkwork train`, one epoch with NumPy, and of
`chalkwork predict`: CSV of 10^6 rows and 100 columns, as a whole and in blocks; and folders of Parquet files of 400,000
rows and 50 columns each, read batch by batch whatever their size, beside the size of their numbers.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import polars

ROW = """
import resource, sys
from chalkwork.cli import main
from chalkwork.tables import reading
reading.LARGE = int(sys.argv[1])
assert main(sys.argv[2:]) == 0
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
TRAIN = "--target y --epochs 1 --batch-size 1024 --engine numpy --dtype float32 --overwrite"


def made(rows: int, decimals: int, whole: int, categories: int, seed: int = 0) -> polars.DataFrame:
    """A table whose target follows from two columns."""
    drawn = np.random.default_rng(seed)
    columns = {f"d{place}": np.round(drawn.normal(size=rows), 5) for place in range(decimals)}
    names = np.array(["red", "green", "blue", "black"])
    more = {f"w{place}": drawn.integers(0, 1000, rows) for place in range(whole)}
    more |= {f"c{place}": names[drawn.integers(0, 4, rows)] for place in range(categories)}
    return polars.DataFrame({**columns, **more, "y": np.where(columns["d0"] + columns["d1"] > 0, "yes", "no")})


def timed(call: Callable[[], object]) -> float:
    """Seconds of processor time."""
    start = time.process_time()
    call()
    return time.process_time() - start


def reading(folder: Path, rounds: int) -> None:
    """Ours beside a fast reader."""
    from chalkwork.tables import prepare, read_table

    file = folder / "table.csv"
    made(100_000, 40, 5, 4).write_csv(file)

    def ours() -> object:
        table = read_table(file)
        return prepare(table, "y").inputs(table)

    ours()
    pairs = [(timed(ours), timed(lambda: polars.read_csv(file))) for _ in range(rounds)]
    for name, values in (("ours", [pair[0] for pair in pairs]), ("polars", [pair[1] for pair in pairs])):
        print(f"reading, {name:8} {median(values):6.2f} s  ({min(values):.2f} to {max(values):.2f})", flush=True)


def peaks(data: Path, folder: Path, large: int) -> str:
    """MiB of a fresh process that trains on this, and of one that predicts it."""
    model, found = str(folder / "model"), []
    for command in (["train", data, "-o", model, *TRAIN.split()], ["predict", model, data, "-o", folder / "out.csv"]):
        row = [sys.executable, "-c", ROW, large, *command]
        said = subprocess.run(list(map(str, row)), capture_output=True, text=True, check=True).stdout
        found.append(f"{float(said.split()[-1]):.0f} MiB")
    return " to train, ".join(found) + " to predict"


def large_csv(folder: Path, rounds: int) -> None:
    """A million rows in one file."""
    file = folder / "large.csv"
    made(1_000_000, 94, 3, 2).write_csv(file)
    print(f"CSV, 10^6 x 100, {file.stat().st_size / 2**20:.0f} MiB")
    for name, large in (("in blocks", 1), ("as a whole", 10**8)):
        print(f"{name}: {peaks(file, folder, large)}", flush=True)


def folders(folder: Path, rounds: int) -> None:
    """Folders of growing size."""
    place = folder / "parts"
    place.mkdir()
    files = 0
    for wanted in (1, 4, 8):
        while files < wanted:
            made(400_000, 45, 2, 2, files).write_parquet(place / f"{files}.parquet")
            files += 1
        numbers = files * 400_000 * 50 * 8 / 2**20
        print(f"Parquet, {files} files of {numbers:.0f} MiB in all: {peaks(place, folder, 1)}", flush=True)


def main() -> None:
    """Measure each row, or one."""
    rows = {"reading": reading, "csv": large_csv, "parquet": folders}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=rows)
    chosen = parser.parse_args()
    for name in [chosen.only] if chosen.only else rows:
        with TemporaryDirectory() as folder:
            rows[name](Path(folder), chosen.rounds)


if __name__ == "__main__":
    main()
