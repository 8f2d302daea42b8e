"""chalkwork train and predict: published tables, what becomes of columns, broken files, what is written."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import roc_auc_score
from tabled import QUICK, published, table_of, two_classes, written

from chalkwork.cli import main
from chalkwork.documents.terminal import to_text
from chalkwork.errors import ChalkworkError
from chalkwork.tables import Choices, load_predictor, predict_table, read_table, save_predictor, train_table
from chalkwork.tables.columns import Number
from chalkwork.tables.plots import plot_confusion, plot_residuals
from chalkwork.tables.report import report
from chalkwork.tables.targets import Classes, Numbers
from chalkwork.tables.writing import csv_text

# --- published tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "least"), [("iris", 0.9), ("wine", 0.94), ("breast_cancer", 0.95), ("digits", 0.97)])
def test_accuracy_on_published_tables(tmp_path, capsys, monkeypatch, name, least):
    monkeypatch.chdir(tmp_path)
    folder = Path("model")
    assert main(["train", str(published(tmp_path, name)), "--target", "target", "-o", str(folder)]) == 0
    data = json.loads((folder / "report.json").read_text())
    assert data["figures"]["test"]["accuracy"] >= least
    assert data["figures"]["test"]["accuracy"] > data["baseline"]["accuracy"] + 0.2
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_diabetes_is_predicted_as_well_as_by_linear_regression(tmp_path):
    table = read_table(published(tmp_path, "diabetes"))
    ours, theirs = [], []
    for seed in range(4):
        trained = train_table(table, "target", choices=Choices(seed=seed, engine="numpy", progress=False))
        x = trained.recipe.inputs(table).x
        y = trained.recipe.target.read(table, range(len(table)))
        train, test = trained.parts["train"], trained.parts["test"]
        ours.append(trained.figures["test"]["r2"])
        theirs.append(LinearRegression().fit(x[train], y[train]).score(x[test], y[test]))
    assert np.mean(ours) > np.mean(theirs) - 0.1


# --- what is written, and what it is used for ------------------------------------------------------------------------


def test_train_writes_a_folder_and_predict_uses_it(tmp_path, capsys):
    data, folder = written(tmp_path, two_classes()), tmp_path / "model"
    quick = ["--hidden", "8", "--eta", "0.02", "--epochs", "60"]
    assert main(["train", str(data), "--target", "kind", "-o", str(folder), *quick]) == 0
    found = sorted(path.name for path in folder.iterdir())
    assert found == [
        "confusion.png", "loss.png", "model.safetensors", "report.json", "report.md", "test-predictions.csv",
    ]  # fmt: skip
    assert "![The loss over the epochs of training.](loss.png)" in (folder / "report.md").read_text()
    assert (folder / "loss.png").read_bytes().startswith(b"\x89PNG")
    capsys.readouterr()
    out = tmp_path / "out.csv"
    assert main(["predict", str(folder), str(data), "-o", str(out)]) == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert list(rows[0]) == ["size", "kind", "prediction", "probability high", "probability low"]
    assert np.mean([row["kind"] == row["prediction"] for row in rows]) > 0.9
    assert float(rows[0]["probability high"]) + float(rows[0]["probability low"]) == pytest.approx(1, abs=1e-5)
    assert "40 rows" in capsys.readouterr().out
    assert main(["predict", str(folder / "model.safetensors"), str(data)]) == 0
    printed = capsys.readouterr()
    assert printed.out == out.read_text()
    assert "accuracy" in printed.err


def test_the_rate_the_gradients_and_the_classes_may_be_seen_to(tmp_path):
    table = table_of(tmp_path, "size,kind\n" + "".join(f"{row},{'abc'[min(row // 20, 2)]}\n" for row in range(90)))
    weighted = replace(QUICK, schedule="cosine", clip_norm=1.0, class_weight="balanced")
    usual, other = (train_table(table, "kind", choices=choices) for choices in (QUICK, weighted))
    assert not np.allclose(usual.history.loss, other.history.loss)
    for trained in (usual, other):
        x = trained.recipe.inputs(table, trained.parts["test"].tolist()).x
        wanted = [table["kind"][row] for row in trained.parts["test"]]
        expected = roc_auc_score(wanted, trained.net.output(x), multi_class="ovr")
        assert trained.figures["test"]["roc_auc"] == pytest.approx(expected, rel=1e-12)
    assert "ROC AUC" in str(report(other)) and "roc_auc" not in other.baseline


def test_the_same_command_gives_the_same_model(tmp_path):
    table = table_of(tmp_path, two_classes())
    first, second = (train_table(table, "kind", choices=QUICK) for _ in range(2))
    assert first.figures == second.figures
    assert all((first.net.parameters[name] == second.net.parameters[name]).all() for name in first.net.parameters)


def test_everything_is_learned_from_the_training_part(tmp_path):
    table = table_of(tmp_path, two_classes())
    trained = train_table(table, "kind", choices=QUICK)
    train = np.array(table["size"], float)[trained.parts["train"]]
    column = trained.recipe.columns[0]
    assert isinstance(column, Number)
    assert (column.mean, column.scale) == pytest.approx((train.mean(), train.std()))
    every = np.concatenate(list(trained.parts.values()))
    assert sorted(every.tolist()) == list(range(40))


def test_a_kept_recipe_is_the_same(tmp_path):
    text = "a,b,c,d,e,y\n" + "".join(
        f"{row},{'xyz'[row % 3]},{['yes', 'no'][row % 2]},1,{'' if row % 5 else 'k'},{row * 2.5}\n" for row in range(40)
    )
    table = table_of(tmp_path, text)
    trained = train_table(table, "y", choices=QUICK)
    save_predictor(trained.net, trained.recipe, tmp_path / "net.safetensors")
    net, recipe = load_predictor(tmp_path / "net.safetensors")
    assert recipe == trained.recipe
    ours, theirs = (predict_table(*pair, table) for pair in ((net, recipe), (trained.net, trained.recipe)))
    assert (ours.values == theirs.values).all() and ours.figures == theirs.figures


def test_recipes_from_strangers_are_checked(tmp_path):
    from chalkwork.exchange.model_file import save_model

    trained = train_table(table_of(tmp_path, two_classes()), "kind", choices=QUICK)
    good = trained.recipe.to_data()
    target = good["target"]
    column = good["columns"][0]
    for bad in (
        {}, {**good, "format": "x"}, {**good, "more": 1}, {**good, "columns": []}, {**good, "columns": [3]},
        {**good, "columns": [{**column, "kind": "code"}]}, {**good, "columns": [{**column, "scale": 0}]},
        {**good, "target": {**target, "values": ["a"]}}, {**good, "target": {**target, "values": ["a", "a"]}},
        {**good, "target": {**target, "names": []}}, {**good, "target": {**target, "kind": "numbers"}},
        {**good, "target": {**target, "values": ["a", "b", "c"]}}, [], "x",
    ):  # fmt: skip
        save_model(trained.net, tmp_path / "bad.safetensors", extra={"table": bad})
        with pytest.raises(ChalkworkError, match=r"bad\.safetensors"):
            load_predictor(tmp_path / "bad.safetensors")
    save_model(trained.net, tmp_path / "none.safetensors")
    with pytest.raises(ChalkworkError, match="not trained on a table"):
        load_predictor(tmp_path / "none.safetensors")


def test_interrupting_keeps_the_model(tmp_path, capsys, monkeypatch):
    from chalkwork.training import loop

    real, calls = loop.Evaluation.after, []

    def after(self, row, run):
        calls.append(row)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(self, row, run)

    monkeypatch.setattr(loop.Evaluation, "after", after)
    folder = tmp_path / "model"
    data = written(tmp_path, two_classes())
    assert main(["train", str(data), "--target", "kind", "-o", str(folder), "--hidden", "4"]) == 130
    printed = capsys.readouterr()
    assert "interrupted" in printed.err and "Interrupted" in printed.out
    assert load_predictor(folder)[1].target.names == ("kind",)


def test_a_checkpoint_is_gone_on_with_only_when_asked(tmp_path, capsys):
    data, kept = written(tmp_path, two_classes()), tmp_path / "run.safetensors"
    command = ["train", str(data), "--target", "kind", "--hidden", "4", "--epochs", "5", "-o", str(tmp_path / "m")]
    assert main([*command, "--resume"]) == 2
    assert main([*command, "--resume", "--checkpoint", str(kept)]) == 2
    assert "no such checkpoint" in capsys.readouterr().err
    assert main([*command, "--checkpoint", str(kept)]) == 0 and kept.exists()
    assert main([*command, "--checkpoint", str(kept)]) == 2
    assert "--resume goes on" in capsys.readouterr().err
    assert main([*command, "--checkpoint", str(kept), "--resume"]) == 0


def test_without_a_folder_an_unused_one_is_made(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, two_classes())
    for _ in range(2):
        assert main(["train", "data.csv", "--target", "kind", "--hidden", "0", "--epochs", "2"]) == 0
    assert sorted(path.name for path in tmp_path.glob("data-model*")) == ["data-model", "data-model-2"]


@pytest.mark.parametrize(
    "options",
    [
        "--batch-norm",
        "--dropout 0.3",
        "--hidden 0",
        "--dtype float32",
        "--test 0",
        "--validation 0",
        "--test 0 --validation 0",
    ],
)
def test_options(tmp_path, capsys, options):
    data = written(tmp_path, two_classes())
    command = ["train", str(data), "--target", "kind", "--epochs", "3", "-o", str(tmp_path / "m"), *options.split()]
    assert main(command) == 0


# --- several targets -------------------------------------------------------------------------------------------------


def test_labels_and_several_numbers(tmp_path, capsys):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 2))
    lines = [f"{a},{b},{int(a > 0)},{'yes' if b > 0 else 'no'},{2 * a + b},{a - b}" for a, b in x]
    data = written(tmp_path, "a,b,up,right,s,t\n" + "\n".join(lines) + "\n")
    quick = ["--epochs", "80", "--eta", "0.01"]
    for target, out in (("up,right", "labels"), ("s, t", "numbers")):
        command = ["train", str(data), "--target", target, "--leave-out", "up,right,s,t", "-o", str(tmp_path / out)]
        left = ",".join({"up", "right", "s", "t"} - {name.strip() for name in target.split(",")})
        command[command.index("up,right,s,t")] = left
        assert main([*command, *quick]) == 0
    labels, numbers = (json.loads((tmp_path / out / "report.json").read_text()) for out in ("labels", "numbers"))
    assert labels["figures"]["test"]["label_accuracy"] > 0.85
    assert numbers["figures"]["test"]["r2"] > 0.9 and len(numbers["figures"]["test"]["numbers"]) == 2
    assert main(["predict", str(tmp_path / "numbers"), str(data), "-o", str(tmp_path / "p.csv")]) == 0
    row = next(csv.DictReader((tmp_path / "p.csv").read_text().splitlines()))
    assert float(row["prediction s"]) == pytest.approx(float(row["s"]), abs=1.0)
    assert main(["predict", str(tmp_path / "labels"), str(data), "-o", str(tmp_path / "q.csv")]) == 0
    row = next(csv.DictReader((tmp_path / "q.csv").read_text().splitlines()))
    assert row["prediction right"] in ("yes", "no") and 0 <= float(row["probability up"]) <= 1


# --- hostile names, and what is shown --------------------------------------------------------------------------------


def test_formulas_and_control_signs_stay_texts(tmp_path, capsys):
    text = "size,note,kind\n" + "".join(
        f"{row},=cmd()|{row % 3},{'=HYPERLINK(1)' if row < 20 else chr(27) + '[31m$x^$ | b'}\n" for row in range(40)
    )
    data, folder = written(tmp_path, text), tmp_path / "m"
    assert main(["train", str(data), "--target", "kind", "-o", str(folder), "--epochs", "3"]) == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed and "\x1b" not in (folder / "report.md").read_text()
    assert main(["predict", str(folder), str(data), "-o", str(tmp_path / "p.csv")]) == 0
    for row in csv.reader((tmp_path / "p.csv").read_text().splitlines()):
        assert not any(cell.startswith(("=", "@", "+")) for cell in row)


def test_predictions_speak_the_dialect_of_the_table():
    assert csv_text(["a"], [["-1,5"], ["-x"]], ";") == "a\n-1,5\n'-x\n"


def test_many_classes_are_shown_by_their_confusions(tmp_path, rng):
    rows = [f"{value:.3f},c{value // 1:.0f}" for value in np.sort(rng.uniform(0, 12, 400))]
    trained = train_table(table_of(tmp_path, "x,kind\n" + "\n".join(rows) + "\n"), "kind", choices=QUICK)

    text = to_text(report(trained))
    assert "samples are confused" in text and max(map(len, text.splitlines())) <= 80


def test_ten_classes_with_long_names_fit_80_columns():
    from chalkwork.documents.model import Document
    from chalkwork.tables.report import details

    names = tuple(f"a class with the long name {number}" for number in range(10))
    each = [{"name": name, "precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1000.0} for name in names]
    figures = {"classes": each, "confusion": (np.eye(10, dtype=int) * 1000).tolist()}
    text = to_text(Document("x", tuple(details(Classes(("t",), names), figures, "test"))))
    assert max(map(len, text.splitlines())) <= 80
    assert "10: a class with" in text


def test_plots():
    figure = plot_confusion(("a", "$b$"), [[3, 1], [0, 4]])
    assert [text.get_text() for text in figure.axes[0].texts] == ["3", "1", "0", "4"]
    with pytest.raises(ChalkworkError, match="too large"):
        plot_confusion(tuple(map(str, range(40))), np.eye(40, dtype=int).tolist())
    residuals = plot_residuals(Numbers(("s", "t")), np.zeros((5, 2)), np.ones((5, 2)))
    assert len(residuals.axes[0].get_legend().get_texts()) == 2


def test_a_trained_network_is_not_replaced_unasked(tmp_path, capsys):
    data, folder = written(tmp_path, two_classes()), tmp_path / "m"
    command = ["train", str(data), "--target", "kind", "--hidden", "4", "--epochs", "2", "-o", str(folder)]
    assert main(command) == 0
    before = (folder / "model.safetensors").read_bytes()
    assert main([*command, "--seed", "1"]) != 0
    assert f"{folder} holds a trained network already. Hint: -o names another folder" in capsys.readouterr().err
    assert (folder / "model.safetensors").read_bytes() == before
    assert main([*command, "--seed", "1", "--overwrite"]) == 0
    assert (folder / "model.safetensors").read_bytes() != before


def test_a_loss_that_rose_is_said_in_the_report(tmp_path, capsys):
    generator = np.random.default_rng(0)
    rows = "\n".join(f"{a:.3f},{b:.3f},{a + 2 * b:.3f}" for a, b in generator.normal(size=(100, 2)))
    data = written(tmp_path, f"a,b,c\n{rows}\n")
    options = ["--validation", "0", "--epochs", "3", "--l2", "0", "-o", str(tmp_path / "m")]
    assert main(["train", str(data), "--target", "c", "--eta", "1", *options]) == 0
    for text in (capsys.readouterr().out, (tmp_path / "m" / "report.md").read_text()):
        assert "The training diverged: the loss rose from" in " ".join(text.split()).replace("\\:", ":")
    assert main(["train", str(data), "--target", "c", "--eta", "100", *options, "--overwrite"]) != 0
    assert "because the steps overshoot. Hint: a smaller learning rate than 100" in capsys.readouterr().err
