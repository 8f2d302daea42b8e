"""Tables: what becomes of targets and columns, files that are broken, Parquet, and predicting with other columns."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import polars
import pytest
from tabled import QUICK, table_of, two_classes, written

from chalkwork.cli import main
from chalkwork.errors import ChalkworkError
from chalkwork.tables import predict_table, prepare, read_table, train_table
from chalkwork.tables.columns import Category, Flag, LeftOut, Number
from chalkwork.tables.forms import Form
from chalkwork.tables.splitting import split
from chalkwork.tables.table import MOST_COLUMNS, Table
from chalkwork.tables.targets import Classes, Labels, Numbers, find_target


def test_kinds_of_targets():
    def of(*columns, task="auto"):
        names = tuple("abc"[: len(columns)])
        return find_target(Table("t.csv", names, columns, tuple(range(len(columns[0])))), names, task)

    assert of(tuple("321" * 4)) == Classes(("a",), ("1", "2", "3"), Form())
    assert isinstance(of(tuple("321" * 4), task="regression"), Numbers)
    assert isinstance(of(("1.5", "2", "3") * 4), Numbers)
    assert isinstance(of(tuple(map(str, range(50)))), Numbers)
    assert isinstance(of(("1", "0") * 4, ("no", "yes") * 4), Labels)
    assert isinstance(of(("1", "0") * 4, ("1", "2") * 4), Numbers)
    with pytest.raises(ChalkworkError, match="several targets"):
        of(("1", "0") * 4, ("red", "blue") * 4)


# --- columns ---------------------------------------------------------------------------------------------------------


def test_what_becomes_of_columns(tmp_path):
    rows = 24
    text = "id,name,age,city,member,same,gap,zip,y\n" + "".join(
        f"{row},n{row},{'' if row % 4 == 0 else row},{'' if row % 6 == 0 else 'AB'[row % 2]},"
        f"{['TRUE', 'false'][row % 2]},x,,{10 + row % 3},{'pq'[row % 2]}\n" for row in range(rows)
    )  # fmt: skip
    table = table_of(tmp_path, text)
    columns = {column.name: column for column in prepare(table, "y", categories=["zip"]).columns}
    out = {name for name, column in columns.items() if isinstance(column, LeftOut)}
    assert out == {"id", "name", "same", "gap"}
    age, city = columns["age"], columns["city"]
    assert (isinstance(age, Number) and (age.median, age.missing) == (12.5, 6)) or age.missing == 6
    assert isinstance(city, Category) and city.values == ("", "A", "B") and city.missing == 4
    assert columns["member"] == Flag("member", "false", "true")
    assert isinstance(columns["zip"], Category) and columns["zip"].values == ("10", "11", "12")


def test_decimal_commas_quotes_and_a_mark_of_order(tmp_path):
    table = table_of(tmp_path, b'\xef\xbb\xbf"a; b";c\r\n1,5;"x\ny"\r\n\r\n2;z\r\n')
    assert table.names == ("a; b", "c") and table["c"] == ("x\ny", "z")
    assert table.lines == (2, 5)
    more = *(table[name] for name in table.names), ("1.5", "2")
    column = prepare(Table(table.file, (*table.names, "t"), more, table.lines, ";"), "t")
    assert isinstance(column.columns[0], Number) and column.columns[0].mean == 1.75
    assert table_of(tmp_path, "a\tb\n1,2\t3\n")["a"] == ("1,2",)


def test_predicting_with_other_columns(tmp_path, capsys):
    text = "a,c,y\n" + "".join(f"{row},{'rgb'[row % 3]},{'pq'[row % 2]}\n" for row in range(60))
    trained = train_table(table_of(tmp_path, text), "y", choices=QUICK)
    other = table_of(tmp_path, "more,c,a\n1,g,\n2,violet,7\n3,,8\n")
    predicted = predict_table(trained.net, trained.recipe, other)
    assert predicted.values.shape == (3, 1) and predicted.figures is None
    notes = " | ".join(predicted.notes)
    assert "'a': 1 missing" in notes and "1 with values never seen in training: 'violet'" in notes
    assert "not used: 'more'" in notes
    with pytest.raises(ChalkworkError, match=r"there is no column 'c'.*did you mean 'C'"):
        predict_table(trained.net, trained.recipe, table_of(tmp_path, "a,C\n1,r\n"))
    with pytest.raises(ChalkworkError, match="2 columns that the model needs are missing"):
        predict_table(trained.net, trained.recipe, table_of(tmp_path, "d,e\n1,r\n"))
    with pytest.raises(ChalkworkError, match=r"line 3: column 'a': 'x' is no number"):
        predict_table(trained.net, trained.recipe, table_of(tmp_path, "a,c\n1,r\nx,g\n"))


def test_rows_without_a_target_are_left_out(tmp_path):
    trained = train_table(table_of(tmp_path, two_classes() + "50,\n60,NA\n"), "kind", choices=QUICK)
    assert trained.without_target == 2
    assert sum(map(len, trained.parts.values())) == 40


# --- broken files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "data.csv: the file is empty"),
        ("a,b\n", "a header and no row"),
        ("a,b\n1,2\n1,2,3\n", "line 3: this row has 3 cells, but the header has 2"),
        ("a,b\n1,2\n1\n", "line 3: this row has 1 cell, but"),
        ("a,b,a\n1,2,3\n", "the columns 1 and 3 have the same name 'a'"),
        (b"a,b\n1,\xe4\n", "line 2: the byte 0xe4 is not UTF-8"),
        (b"a,b\n1,\0\n", "line 2: this is a binary file"),
        (b"PK\x03\x04rest", "a spreadsheet"),
        ("a,b\n".encode("utf-16"), "UTF-16"),
        ('a,b\n1,"open\n2,3\n', "line 2: a quotation mark opens here and is never closed"),
        ('a,b\n1,"x"y\n', "line 2: there is text after a closing quotation mark"),
        ("a,b\n1," + "x" * 50_000_000 + "\n", "line 2: a cell has more than 131072 characters"),
        (",".join(map(str, range(10**6))) + "\n", f"at most {MOST_COLUMNS}"),
    ],
    ids=range(13),
)
def test_broken_files(tmp_path, content, said):
    with pytest.raises(ChalkworkError) as caught:
        table_of(tmp_path, content)
    assert said in str(caught.value) and "data.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (two_classes() + "-Infinity,low\n", "line 42: column 'size': '-Infinity'"),
        (two_classes() + "1e999,low\n", "line 42: column 'size': '1e999'"),
        (two_classes() + "many,low\n", "line 42: column 'size': 'many' is no number, but most"),
        (two_classes() + '"1,5",low\n2.5,low\n', "line 42: column 'size': '1,5' has a decimal comma, but '2.5'"),
        (two_classes().replace("kind", "Kind"), "did you mean 'Kind'"),
        (two_classes().replace("high", "low"), "holds only 'low'"),
        (two_classes() + "1,rare\n", "line 42: column 'kind': the class 'rare' has only 1 sample"),
        ("size,kind\n1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n", "data.csv: the test part of 6 samples would be 1"),
        ("size,kind\n" + "7,a\n8,b\n" * 3 + "7,a\n7,b\n" * 20, ""),
        ("size,kind\n" + "7,a\n7,b\n" * 20, "no column is left"),
    ],
    ids=range(10),
)
def test_broken_tables(tmp_path, capsys, text, said):
    data = written(tmp_path, text)
    code = main(["train", str(data), "--target", "kind", "-o", str(tmp_path / "m"), "--epochs", "1"])
    assert code == (2 if said else 0)
    assert said in capsys.readouterr().err
    assert (tmp_path / "m").exists() != bool(said)


def test_any_bytes_are_a_table_or_an_error(tmp_path, rng):
    signs = [*b'a1.,;\t"\n\r =-', 0xE4, 0xEF]
    for _ in range(300):
        content = bytes(rng.choice(signs, size=rng.integers(1, 60)).tolist())
        try:
            table = table_of(tmp_path, content)
            prepare(table, table.names[-1])
        except ChalkworkError as error:
            assert "data.csv" in str(error) or "target" in str(error)


def test_no_such_file_and_a_folder(tmp_path):
    with pytest.raises(ChalkworkError, match="there is no such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(ChalkworkError, match="this is no file"):
        read_table(tmp_path)


def test_parquet_without_pyarrow_or_broken(tmp_path):
    path = written(tmp_path, b"PAR1 and nothing else", "data.parquet")
    with pytest.raises(ChalkworkError, match=r"data\.parquet: this is no Parquet file"):
        read_table(path)


def test_parquet_keeps_types_and_reads_as_csv_does(tmp_path):
    rows = 40
    kinds = {
        "whole": list(range(rows)), "half": [row / 2 if row % 5 else None for row in range(rows)],
        "flag": [row % 3 == 0 for row in range(rows)], "text": ["abc"[row % 3] for row in range(rows)],
        "day": [date(2024, 1, 1) + timedelta(row) for row in range(rows)],
        "moment": [datetime(2024, 1, 1, 12) + timedelta(row) for row in range(rows)],
        "kind": ["pq"[row % 2] for row in range(rows)],
    }  # fmt: skip
    frame = polars.DataFrame(kinds)
    frame.write_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert table["flag"][:2] == ("true", "false") and table["half"][:2] == ("", "0.5")
    as_csv = read_table(written(tmp_path, frame.write_csv()))
    ours, theirs = (prepare(each, "kind") for each in (table, as_csv))
    assert [column.kind for column in ours.columns] == ["number", "number", "flag", "category", "date", "date"]
    np.testing.assert_allclose(ours.inputs(table).x, theirs.inputs(as_csv).x, atol=1e-12)
    assert read_table((tmp_path / "t.parquet").read_bytes())["whole"] == table["whole"]
    polars.DataFrame({"a": [[1], [2]]}).write_parquet(tmp_path / "list.parquet")
    with pytest.raises(ChalkworkError, match="column 'a' holds a list"):
        read_table(tmp_path / "list.parquet")


def test_parts_that_cannot_be():
    for test, validation in ((0.6, 0.5), (-0.1, 0.1), (float("nan"), 0.1)):
        with pytest.raises(ChalkworkError, match="leave some to train"):
            split(100, test, validation, 0)
    with pytest.raises(ChalkworkError, match=r"each|one is needed|more samples"):
        split(9, 0.5, 0.4, 0, np.array([0, 0, 0, 1, 1, 1, 2, 2, 2]))
