"""Tables whose rows are kept apart, that come through pipes or batch by batch, and that leave as ONNX."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars
import pytest
from sklearn.metrics import roc_auc_score
from tabled import QUICK, written

from chalkwork.cli import main
from chalkwork.documents.terminal import to_text
from chalkwork.tables import (
    Predicted,
    csv_fast,
    load_predictor,
    pieces,
    predict_table,
    read_table,
    reading,
    streamed,
    train_table,
)  # fmt: skip
from chalkwork.tables.columns import LeftOut, Number
from chalkwork.tables.pieces import Pieces
from chalkwork.tables.report import report, report_data
from chalkwork.tables.targets import Numbers

# --- groups, times and folds -----------------------------------------------------------------------------------------


def visits(folder, rows=240, groups=30):
    """Patients with several visits each, two visits a day."""
    generator = np.random.default_rng(0)
    patients, sizes = np.arange(rows) % groups, generator.normal(size=rows)
    days = [date(2024, 1, 1) + timedelta(row // 2) for row in range(rows)]
    lines = [
        f"p{patients[row]},{days[row]},{sizes[row]:.4f},{'yes' if sizes[row] > 0 else 'no'}"
        for row in generator.permutation(rows)
    ]
    return written(folder, "patient,day,size,ill\n" + "\n".join(lines) + "\n")


def test_groups_are_whole_and_times_follow_each_other_in_parts_and_folds(tmp_path):
    table = read_table(visits(tmp_path))
    patients, days = np.array(table["patient"]), np.array(table["day"])
    quick = replace(QUICK, epochs=2, folds=4)
    grouped = train_table(table, "ill", choices=replace(quick, split="group:patient"))
    timed = train_table(table, "ill", choices=replace(quick, split="time: day"))
    plain = train_table(table, "ill", choices=quick)
    for trained in (grouped, timed, plain):
        assert [sum(map(len, fold.parts.values())) <= 240 for fold in trained.folds] == [True] * 4
        tested = np.concatenate([fold.parts["test"] for fold in trained.folds])
        assert len(set(tested.tolist())) == len(tested) == (240 if trained is not timed else 192)
    for parts in (grouped.parts, *(fold.parts for fold in grouped.folds)):
        held = [set(patients[rows]) for rows in parts.values()]
        assert len(held) == 3 and sum(map(len, held)) == len(set.union(*held)) == 30
    assert 40 <= len(grouped.parts["test"]) <= 56
    for parts in (timed.parts, *(fold.parts for fold in timed.folds)):
        spans = [(min(days[parts[name]]), max(days[parts[name]])) for name in ("train", "validation", "test")]
        assert all(before[1] < after[0] for before, after in pairwise(spans))
    columns = {column.name: column for column in grouped.recipe.columns}
    assert columns["patient"].words == "left out: the rows are split by this group"
    said = to_text(report(grouped)) + to_text(report(timed))
    assert "Split by the groups of 'patient', none of which is in two parts: " in " ".join(said.split())
    assert f"train {min(days)} to" in " ".join(said.split()) and max(map(len, said.splitlines())) <= 80


def test_every_fold_learns_its_recipe_from_its_own_training_part(tmp_path, monkeypatch):
    from chalkwork.tables import training

    table, learned = read_table(visits(tmp_path)), []
    real = training.recipe_of
    monkeypatch.setattr(training, "recipe_of", lambda *given: learned.append(real(*given)) or learned[-1])
    trained = train_table(table, "ill", choices=replace(QUICK, epochs=1, folds=3, split="group:patient"))
    sizes = np.array(table["size"], float)
    means = [next(column.mean for column in recipe.columns if column.name == "size") for recipe in learned[-3:]]
    assert means == pytest.approx([sizes[fold.parts["train"]].mean() for fold in trained.folds])
    data = report_data(trained)["folds"]
    assert data["mean"]["accuracy"] == pytest.approx(np.mean([each["accuracy"] for each in data["each"]]))
    assert data["standard deviation"]["accuracy"] == pytest.approx(
        np.std([e["accuracy"] for e in data["each"]], ddof=1)
    )
    assert "Cross-validation, 3 folds" in to_text(report(trained))


def test_roc_auc_where_a_group_holds_one_class(tmp_path):
    rows = [f"g{row % 12},{row},{'abc'[row % 12 // 4]}" for row in range(120)]
    table = read_table(written(tmp_path, "group,size,kind\n" + "\n".join(rows) + "\n"))
    trained = train_table(
        table, "kind", choices=replace(QUICK, split="group:group", epochs=2, test=0.1, validation=0.1)
    )
    for name, part in trained.parts.items():
        wanted = [table["kind"][row] for row in part]
        scores = trained.net.output(trained.recipe.inputs(table, part).x)
        assert (name in " ".join(trained.notes)) == (len(set(wanted)) < 3)
        if len(set(wanted)) < 3:
            assert "roc_auc" not in trained.figures[name]
        else:
            expected = roc_auc_score(wanted, scores, multi_class="ovr")
            assert trained.figures[name]["roc_auc"] == pytest.approx(expected, rel=1e-12)
    assert "the test part holds no row of" in " ".join(trained.notes)


def test_a_group_is_one_however_its_number_is_written(tmp_path):
    rows = [f"{row % 20}{['', '.0'][row // 20 % 2]},{row},{'ab'[row % 2]}" for row in range(80)]
    table = read_table(written(tmp_path, "group,size,kind\n" + "\n".join(rows) + "\n"))
    trained = train_table(table, "kind", choices=replace(QUICK, split="group:group", epochs=1))
    held = [{float(table["group"][row]) for row in rows} for rows in trained.parts.values()]
    assert sum(map(len, held)) == len(set.union(*held)) == 20


def test_splits_that_cannot_be(tmp_path, capsys):
    lines = visits(tmp_path).read_text().splitlines()
    lines = [lines[0] + ",gap,same", *(f"{line},{place or ''},1" for place, line in enumerate(lines[1:]))]
    data = written(tmp_path, "\n".join(lines) + "\n")
    for options, said in (
        ("--split patient", "the split is group:COLUMN or time:COLUMN, not 'patient'"),
        ("--split group:Patient", "did you mean 'patient'"),
        ("--split group:ill", "the target 'ill' cannot split the rows too"),
        ("--split time:patient", "column 'patient' holds neither dates nor numbers to split by"),
        ("--split group:gap", "line 2: column 'gap': the group is missing"),
        ("--split time:gap", "line 2: column 'gap': the time is missing"),
        ("--split group:same", "too few groups"),
        ("--folds 50 --split group:patient", "50 folds need as many groups, but there are 30"),
        ("--folds 1", "expected a whole number from 2 to 100"),
    ):
        command = ["train", str(data), "--target", "ill", "--epochs", "1", "-o", str(tmp_path / "m"), *options.split()]
        try:
            assert main(command) == 2
        except SystemExit as end:
            assert end.code == 2
        assert said in " ".join(capsys.readouterr().err.split())


def test_tables_come_through_pipes_and_words_for_missing_are_kept(tmp_path, capsys, monkeypatch):
    text = "size,kind\n" + "".join(f"{'-999' if row % 8 == 0 else row},{'pq'[row // 20]}\n" for row in range(40))
    monkeypatch.chdir(tmp_path)

    def run(*command, given=None):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given or text.encode())))
        assert main(list(command)) == 0
        return capsys.readouterr()

    run("train", "-", "--target", "kind", "--epochs", "2", "--missing", "-999", "--missing", "Unknown")
    _, recipe = load_predictor("table-model")
    assert recipe.missing == ("-999", "unknown") and (recipe.columns[0].missing, recipe.columns[0].median) != (0, -999)
    printed = run("predict", "table-model", "-")
    assert printed.out.startswith("size,kind,prediction,") and "'size': 5 missing" in printed.err
    assert printed.out.splitlines()[1].startswith("-999,p,")
    more = run("predict", "table-model", "-", given=b"size\nUNKNOWN\n7\n")
    assert "'size': 1 missing" in more.err and len(more.out.splitlines()) == 3


# --- ONNX ------------------------------------------------------------------------------------------------------------


def mixed_rows(rows=180):
    generator = np.random.default_rng(3)
    for row in range(rows):
        size, colour = generator.normal(), ["red", "green", "", "NA", "blue"][row % 5]
        shop = f"s{row}" if row % 3 else ["a", "b"][row % 2]
        moment = datetime(2023, 1, 1, row % 24) + timedelta(7 * row)
        yield [
            "" if row % 11 == 0 else f"{size:.4f}", f"${1000 + row * 17.5:,.2f}", colour, shop, f"{10 + row % 3}",
            "Yes" if row % 2 else "no", f"{moment:%Y-%m-%d %H:%M}", ["mild", "hot", "cold"][round(np.sign(size))],
            f"{3 * size + (row % 2):.3f}", "1" if size > 0 else "0", "yes" if row % 2 else "no",
        ]  # fmt: skip


@pytest.mark.parametrize("target", ["kind", "left", "number", "left,right"])
def test_one_onnx_graph_predicts_from_raw_cells_as_the_command_does(tmp_path, capsys, target):
    runtime = pytest.importorskip("onnxruntime")
    names = ["x", "price", "a1", "prediction", "zip", "member", "day", "kind", "number", "left", "right"]
    data, folder = tmp_path / "data.csv", tmp_path / "m"
    with data.open("w", newline="") as stream:
        csv.writer(stream).writerows([names, *mixed_rows()])
    out = ",".join({"kind", "number", "left", "right"} - set(target.split(",")))
    command = ["train", str(data), "--target", target, "--leave-out", out, "--epochs", "3", "--categories", "zip"]
    assert main([*command, "-o", str(folder), "--onnx", "--hidden", "6"]) == 0
    more = [
        ["7", "$1,000.00", "violet", "s5", "10.0", "NO", "2025-05-05 05:00"],
        ["", "", "none", "?", "", "", ""],
        ["-3", "$9.00", "", "a", "99", "maybe", "1969-12-31"],
    ]
    rows = [row[:7] for row in mixed_rows()] + more
    table = read_table(written(tmp_path, "\n".join([",".join(names[:7]), *map(quoted, rows)]) + "\n", "raw.csv"))
    net, recipe = load_predictor(folder)
    predicted = predict_table(net, recipe, table)
    session = runtime.InferenceSession(folder / "model.onnx")
    inputs = {}
    for column in recipe.columns:
        if not isinstance(column, LeftOut):
            cells = [[cell] for cell in table[column.name]]
            numbers = isinstance(column, Number)
            inputs[column.name] = table.numbers(column.name, slice(None), column.form)[:, None] if numbers else cells
    assert {each.name for each in session.get_inputs()} == set(inputs) == set(names[:7])
    found = dict(zip([each.name for each in session.get_outputs()], session.run(None, inputs), strict=True))
    if isinstance(recipe.target, Numbers):
        assert set(found) == {"prediction 2"}
        np.testing.assert_allclose(found["prediction 2"], predicted.values, atol=1e-10)
        return
    np.testing.assert_allclose(found["probability"], recipe.target.probabilities(predicted.outputs), atol=1e-12)
    header, *lines = csv.reader(io.StringIO("".join(Predicted(net, recipe).csv([table]))))
    place = [place for place, name in enumerate(header) if name.startswith("prediction ")]
    assert found["prediction 2"].tolist() == [[line[at] for at in place] for line in lines]


def quoted(row):
    return ",".join(f'"{cell}"' for cell in row)


# --- larger than memory ----------------------------------------------------------------------------------------------


@pytest.fixture
def parquet_folder(tmp_path, monkeypatch):
    """Five files of 200 rows, read in chunks of 90, shuffled in buffers of 150, of which 400 rows are kept."""
    for name, value in (("CHUNK", 90), ("BUFFER", 150), ("HELD", 400), ("LARGE", 10)):
        monkeypatch.setattr({"LARGE": reading, "CHUNK": pieces}.get(name, streamed), name, value)
    generator = np.random.default_rng(1)
    rows = 1000
    size = generator.normal(50, 7, rows)
    frame = polars.DataFrame({
        "size": np.where(np.arange(rows) % 13 == 0, np.nan, size), "colour": ["rgb"[row % 3] for row in range(rows)],
        "day": [date(2020, 1, 1) + timedelta(row // 2) for row in range(rows)],
        "house": [f"h{row // 10 % 40}" for row in range(rows)], "noise": generator.normal(size=rows).astype(np.float32),
        "kind": np.where(size + generator.normal(size=rows) > 50, "large", "small"), "price": 3 * size + 1,
    })  # fmt: skip
    folder = tmp_path / "parquet"
    folder.mkdir()
    for place in range(5):
        frame[200 * place : 200 * place + 200].write_parquet(folder / f"part-{place}.parquet")
    return folder


def test_a_folder_larger_than_memory_is_learned_from_as_a_table_is(parquet_folder):
    folder = reading.table_or_pieces(parquet_folder)
    whole = folder.table()
    assert isinstance(folder, Pieces) and len(folder) == len(whole) == 1000
    for target, split in (("kind", "group:house"), ("price", "time:day")):
        choices = replace(QUICK, split=split, epochs=8, class_weight="balanced" if target == "kind" else None)
        leave_out = ["price" if target == "kind" else "kind"]
        ours = streamed.train_pieces(folder, target, leave_out=leave_out, choices=choices)
        theirs = train_table(whole, target, leave_out=leave_out, choices=choices)
        assert ours.in_all == {name: len(rows) for name, rows in theirs.parts.items()}
        numbers = [column for column in ours.recipe.columns if isinstance(column, Number)]
        exact = {column.name: column for column in theirs.recipe.columns}
        assert len(numbers) >= 2
        for column in numbers:
            filled = np.nan_to_num(whole.numbers(column.name, theirs.parts["train"], column.form), nan=column.median)
            assert (column.mean, column.scale) == pytest.approx((filled.mean(), filled.std()), rel=1e-12)
            assert column.median == pytest.approx(exact[column.name].median, abs=exact[column.name].scale / 5)
        assert ours.recipe.target == theirs.recipe.target
        key = "accuracy" if target == "kind" else "r2"
        assert ours.figures["test"][key] > ours.baseline[key] + 0.2
        assert "read batch by batch" in to_text(report(ours)).replace("\n", " ")
        assert ours.split_words == theirs.split_words
        in_pieces, at_once = (Predicted(ours.net, ours.recipe) for _ in "ab")
        assert "".join(in_pieces.csv(part for _, part in folder.chunks())) == "".join(at_once.csv([whole]))
        assert in_pieces.notes == at_once.notes and in_pieces.known == 1000
        assert in_pieces.figures["loss"] == pytest.approx(at_once.figures["loss"])
    assert isinstance(reading.table_or_pieces(parquet_folder / "part-0.parquet"), Pieces)


def test_an_epoch_holds_every_row_of_the_training_part_once(parquet_folder):
    folder = reading.table_or_pieces(parquet_folder)
    problem = streamed.Problem.of(folder.table(["price"]), "price", "auto", (), (), QUICK)
    run = streamed._Run(folder, problem, problem.parts(QUICK), QUICK)
    kept, places = run.kept
    recipe = problem.recipe(kept, places["train"], problem.wanted[run.parts["train"]])
    epochs = [list(run.batches(recipe, 32, epoch)) for epoch in (0, 1, 1)]
    expected = np.sort(recipe.target.encode(problem.wanted[run.parts["train"]])[:, 0])
    for batches in epochs:
        assert [len(x) for x, _ in batches] == [32] * (700 // 32) + [700 % 32]
        np.testing.assert_array_equal(np.sort(np.concatenate([y[:, 0] for _, y in batches])), expected)
    orders = [np.concatenate([y[:, 0] for _, y in batches]) for batches in epochs]
    assert (orders[1] == orders[2]).all() and (orders[0] != orders[1]).mean() > 0.9
    for name, rows in places.items():
        held = [kept["price"][row] for row in rows]
        assert held == [folder.table(["price"])["price"][row] for row in run.held[name]]


def test_a_folder_in_the_command_and_what_is_wrong_with_one(parquet_folder, tmp_path, capsys):
    command = ["train", str(parquet_folder), "--target", "kind", "--leave-out", "price", "--epochs", "2"]
    assert main([*command, "-o", str(tmp_path / "m")]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "1000 rows: 700 train, 100 validation, 200 test (stratified by class, drawn from the seed, read" in printed
    assert "What follows is of at most 400 rows of each part" in printed
    polars.DataFrame({"other": [1]}).write_parquet(parquet_folder / "z.parquet")
    (tmp_path / "none").mkdir()
    for given, said in (
        ([*command, "--folds", "3"], "are not those of the first file"),
        (["train", str(tmp_path / "none"), "--target", "kind"], "holds no .parquet file"),
    ):
        assert main(given) == 2
        assert said in capsys.readouterr().err
    (parquet_folder / "z.parquet").unlink()
    assert main(["train", str(parquet_folder), "--target", "Kind"]) == 2
    assert "did you mean 'kind'" in capsys.readouterr().err


@pytest.fixture
def long_csv(tmp_path, monkeypatch):
    """A file of 900 rows in five blocks, read in chunks of 120."""
    for name, value in (("CHUNK", 120), ("BUFFER", 200), ("HELD", 300), ("LARGE", 10)):
        monkeypatch.setattr({"LARGE": reading, "CHUNK": pieces}.get(name, streamed), name, value)
    monkeypatch.setattr(csv_fast, "BLOCK", 5000)
    size, day = np.random.default_rng(1).normal(5, 2, 900), date(2024, 1, 1)
    rows = [
        (f"{value:.2f}".replace(".", ","), (day + timedelta(row % 300)).strftime("%d/%m/%Y"), '"a;b"' * (row % 7 == 0),
         "yes" if value > 5 else "no")
        for row, value in enumerate(size)
    ]  # fmt: skip
    path = tmp_path / "long.csv"
    path.write_text("\n".join(map(";".join, [("größe", "sold", "note", "large"), *rows])), encoding="utf-8-sig")
    return path


def test_a_csv_file_larger_than_memory_is_read_in_blocks(long_csv, tmp_path, monkeypatch, capsys):
    parts, whole = reading.table_or_pieces(long_csv, missing=["n/k"]), read_table(long_csv, missing=["n/k"])
    assert isinstance(parts, Pieces) and len(parts.rows) == 5 and len(parts) == len(whole) == 900
    for name in whole.names:
        assert parts.table([name])[name] == whole[name]
        assert sum((part[name] for _, part in parts.chunks()), ()) == whole[name]
    assert [line for _, part in parts.chunks() for line in part.lines] == list(whole.lines)
    command = ["train", str(long_csv), "--target", "large", "--epochs", "3", "--folds", "2", "--eta", "0.03"]
    assert main([*command, "-o", str(tmp_path / "m")]) == 0
    printed = capsys.readouterr().out
    figures = json.loads((tmp_path / "m" / "report.json").read_text())
    assert "Cross-validation, 2 folds" in printed and len(figures["folds"]["each"]) == 2
    assert figures["figures"]["test"]["accuracy"] > 0.85 and figures["rows"]["train"] == 630
    said = []
    for large in (10, 10**9):
        monkeypatch.setattr(reading, "LARGE", large)
        assert main(["predict", str(tmp_path / "m"), str(long_csv)]) == 0
        said.append(capsys.readouterr())
    assert said[0] == said[1] and said[0].out.count("\n") == 901
    monkeypatch.setattr(reading, "LARGE", 10)
    with long_csv.open("a") as file:
        file.write("\n5,5;12/31/2024;;yes")
    assert main(["predict", str(tmp_path / "m"), str(long_csv), "-o", str(tmp_path / "out.csv")]) == 2
    assert "long.csv, line 902: column 'sold': '12/31/2024' is no date with the day first" in capsys.readouterr().err
    assert not list(tmp_path.glob("*out.csv*")) and not list(tmp_path.glob(".chalk*"))
