"""What the columns of a table are taken for: columns whose meaning is known, written in many ways and read back."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import datetime

import numpy as np
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalkwork.cli import main
from chalkwork.errors import ChalkworkError
from chalkwork.tables import prepare, read_table, reading, save_predictor, train_table
from chalkwork.tables.cells import DATE, is_missing
from chalkwork.tables.columns import Category, LeftOut, Number
from chalkwork.tables.forms import Form, Look
from chalkwork.tables.notes import notes
from chalkwork.tables.table import ALL
from chalkwork.tables.targets import Classes, Numbers, find_target
from chalkwork.tables.training import Choices

QUICK = Choices(hidden=(4,), epochs=2, engine="numpy", progress=False)
MARKS = {".": ("", ",", " ", "\u202f", "'"), ",": ("", ".", " ", "\u00a0")}
UNITS = ("{}", "{}%", "{} %", "${}", "{} €", "-{}", "-${}", "\u2212{}")


def table_of(folder, columns, delimiter=",", decimal=""):
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    path = folder / "data.csv"
    path.write_text(stream.getvalue(), encoding="utf-8")
    return read_table(path, decimal)


def with_target(cells):
    return {"a": list(cells), "kind": [f"{'pq'[row % 2]}" for row in range(len(cells))]}


def column_of(table, **settings):
    return prepare(table, "kind", **settings).columns[0]


def values_of(table, column):
    return column.encode(table, range(len(table))).values[:, 0] * column.scale + column.mean


def written(value, mark, group, digits, unit):
    text = f"{value:,.{digits}f}".replace(",", "\0").replace(".", mark).replace("\0", group)
    return unit.format(text)


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_numbers_are_read_back_or_refused_but_never_changed(tmp_path, rng):
    refused = 0
    for _ in range(250):
        mark = str(rng.choice(list(MARKS)))
        group, digits = str(rng.choice(MARKS[mark])), int(rng.integers(0, 5))
        unit, delimiter = str(rng.choice(UNITS)), str(rng.choice([",", ";", "\t"]))
        scale = 10.0 ** rng.integers(0, 8)
        values = np.round(rng.uniform(0, scale, size=12), digits) + 0.0
        cells = [written(value, mark, group, digits, unit) for value in values]
        truth = values * (-1 if unit.startswith(("-", "\u2212")) else 1)
        columns = with_target(cells)
        decided = table_of(tmp_path, columns, delimiter, mark)
        column = column_of(decided)
        if len(set(values)) > 1:
            assert isinstance(column, Number)
            assert values_of(decided, column) == pytest.approx(truth, rel=1e-12, abs=1e-9)
        table = table_of(tmp_path, columns, delimiter)
        try:
            column = column_of(table)
        except ChalkworkError as error:
            refused += 1
            assert "--decimal point or --decimal comma" in str(error) and "line " in str(error)
            assert not table.look("a").only, "the column itself decides"
            continue
        if isinstance(column, Number):
            assert values_of(table, column) == pytest.approx(truth, rel=1e-12, abs=1e-9)
    assert 0 < refused < 100


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("0,45", "1,5", "2,25"), (0.45, 1.5, 2.25)),
        (("$12.50", "$1,234", "$7"), (12.5, 1234, 7)),
        (("12.3%", "7%", "0.5%"), (12.3, 7, 0.5)),
        (("12.000", "7,5", "3"), (12000, 7.5, 3)),
        (("1,234", "7.5", "3"), (1234, 7.5, 3)),
        (("1,234,567", "1,234", "3"), (1234567, 1234, 3)),
        (("0.123", "1.234", "5.678"), (0.123, 1.234, 5.678)),
        (("1 234", "12 345 678", "3"), (1234, 12345678, 3)),
        (("nan", "2", "4"), (3, 2, 4)),
        (("NaN", "None", "4", "6"), (5, 5, 4, 6)),
        (("2024-01-01", "2024-01-03", "2024-02-01"), (19723, 19725, 19754)),
        (("2024-01-01 12:00", "2024-01-03", "2024-02-01"), (19723.5, 19725, 19754)),
    ],
)
def test_what_a_column_says_as_a_whole(tmp_path, cells, values):
    table = table_of(tmp_path, with_target(cells * 4))
    column = column_of(table)
    assert isinstance(column, Number)
    assert values_of(table, column) == pytest.approx(np.array(values * 4, float))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (("1,234", "2,345"), "'1,234' is 1234 with a decimal point, but 1.234 with a decimal comma"),
        (("12.000", "3.500"), "'12.000' is 12 with a decimal point, but 12000 with a decimal comma"),
        (("1,234", "1.234"), "and the column does not decide it"),
        (("7.5", "0,45"), "'0,45' has a decimal comma, but '7.5' a decimal point"),
        (("$5", "$6", "$7", "€8"), "'€8' is in €, but the column is in $"),
        (("5%", "6%", "7%", "0.08"), "'0.08' has no unit, but the column is in %"),
        (("2024-01-02", "2024-01-03", "2024-01-04", "2024-31-12"), "'2024-31-12' is no date"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_what_can_be_read_two_ways_is_refused(tmp_path, cells, said, delimiter):
    with pytest.raises(ChalkworkError) as caught:
        column_of(table_of(tmp_path, with_target(cells * 4), delimiter))
    assert said in str(caught.value) and "data.csv, line " in str(caught.value)


def test_the_option_and_the_other_columns_decide(tmp_path):
    columns = {**with_target(["12.345", "13.456"] * 4), "b": ["0.5", "0.25"] * 4}
    table = table_of(tmp_path, columns, ";")
    assert column_of(table).mean == pytest.approx(12.9005)
    said = "column 'a' is taken for numbers with a decimal point, as in the other columns: '12.345' is 12.345"
    assert notes(table, prepare(table, "kind")) == (said,)
    columns["b"] = ["0,5", "0,25"] * 4
    with pytest.raises(ChalkworkError, match="does not decide"):
        column_of(table_of(tmp_path, columns, ";"))
    assert column_of(table_of(tmp_path, columns, ";", ",")).mean == pytest.approx(12900.5)
    assert column_of(table_of(tmp_path, columns, ";", ".")).mean == pytest.approx(12.9005)


# --- the target ------------------------------------------------------------------------------------------------------


def test_one_number_is_one_class_however_it_is_written(tmp_path):
    table = table_of(tmp_path, {"a": range(12), "t": ["1", "1.0", "01", "2", "1", "2.0"] * 2})
    target = find_target(table, ["t"])
    assert isinstance(target, Classes) and target.values == ("1", "2")
    assert target.read(table, range(6))[:, 0].tolist() == [0, 0, 0, 1, 0, 1]
    said = " | ".join(notes(table, prepare(table, "t")))
    assert "'01', '1', '1.0' are one class of the target, '1'" in said
    texts = table_of(tmp_path, {"a": range(12), "t": ["Yes", "no", "yes"] * 4})
    assert find_target(texts, ["t"]).values == ("Yes", "no", "yes")
    assert "'Yes', 'yes' are 2 classes of the target" in " | ".join(notes(texts, prepare(texts, "t")))


@pytest.mark.parametrize(
    ("cells", "held"),
    [
        (("1", "1.0", "01"), "only one number, 1, spelled in 3 ways ('1', '01', '1.0')"),
        (("0,50", "0,5"), "only one number, 0.5, spelled in 2 ways ('0,5', '0,50')"),
        (("$7", "$7.00", ""), "only one number, 7, spelled in 2 ways ('$7', '$7.00')"),
        (("2024-01-01", "2024-01-01 00:00"), "spelled in 2 ways"),
        (("yes", " yes "), "only 'yes'"),
        (("nan", ""), "nothing"),
    ],
)
@pytest.mark.parametrize("task", ["auto", "classification", "regression"])
def test_a_target_with_one_value_is_refused_however_it_is_spelled(tmp_path, cells, held, task):
    columns = {"a": range(12), "t": (cells * 6)[:12], "u": [1, 2] * 6}
    table = table_of(tmp_path, columns, ";")
    for names in (["t"], ["t", "u"]):
        with pytest.raises(ChalkworkError) as caught:
            find_target(table, names, task)
        assert held in str(caught.value) and "there is nothing to learn" in str(caught.value)
    columns = {"b": columns["t"], "a": range(12), "u": ["p", "q"] * 6}  # the same column is no help as an input either
    column = prepare(table_of(tmp_path, columns, ";"), "u").columns[0]
    assert isinstance(column, LeftOut)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("$12.50", "$1,234.00", "$7.25"), (12.5, 1234, 7.25)),
        (("12,3%", "7%", "0,5%"), (12.3, 7, 0.5)),
        (("0,45", "12.000", "1,5"), (0.45, 12000, 1.5)),
    ],
)
def test_targets_are_numbers_as_columns_are(tmp_path, cells, values):
    table = table_of(tmp_path, {"a": range(12), "t": cells * 4})
    target = find_target(table, ["t"])
    assert isinstance(target, Numbers)
    assert target.words.endswith(("in $", "in %", "a number"))
    assert target.read(table, range(3))[:, 0].tolist() == list(values)
    with pytest.raises(ChalkworkError, match="--decimal point"):
        find_target(table_of(tmp_path, {"a": range(12), "t": ["1,234", "2,345"] * 6}), ["t"])
    with pytest.raises(ChalkworkError, match="holds dates"):
        find_target(table_of(tmp_path, {"a": range(30), "t": [f"2024-01-{d:02}" for d in range(1, 31)]}), ["t"])


def test_the_column_decides_what_stands_first_in_a_date(tmp_path):
    cases = (
        (["12/31/2024", "3/4/2024", "2024/5/6"], "", "", (20088, 19786, 19849)),
        (["3-4-2024 9:30", "31-12-2024"], "", "", (19816 + 9.5 / 24, 20088)),
        (["3/4/2024", "3.5.2024", "2024-01-01", "NA"], "m", "", (19786, 19846, 19723, np.nan)),
        (["3/4/2024", "5/6/2024"], "", "d", (19816, 19879)),
        (["3/3/2024", "4/4/2024"], "", "", (19785, 19817)),
        (
            ["3/4/2024"],
            "",
            "",
            "line 2: column 'c': '3/4/2024' is 2024-04-03 with the day first, but 2024-03-04 with the",
        ),
        (
            ["1/1/2024", "31/12/2024", "12/31/2024"],
            "",
            "",
            "'31/12/2024' has the day first, but '12/31/2024' the month",
        ),
    )
    for cells, said, learned, expected in cases:
        table = replace(table_of(tmp_path, {"c": cells}), dates=said)
        known = Form(learned, "", DATE) if learned else None
        if isinstance(expected, tuple):
            form = table.form("c", known)
            assert form.is_date and Form.from_data(form.to_data()) == form
            assert np.allclose(table.numbers("c", ALL, form), expected, equal_nan=True), cells
        else:
            with pytest.raises(ChalkworkError, match=re.escape(expected)):
                table.form("c", known)
    with pytest.raises(ChalkworkError, match="'12/31/2024' is no date with the day first"):
        table_of(tmp_path, {"c": ["12/31/2024"]}).numbers("c", ALL, Form("d", "", DATE))


# --- what is left out, and said --------------------------------------------------------------------------------------


def test_what_is_left_out_is_said_last(tmp_path, capsys):
    rows = 240
    columns = {
        "x": range(rows),
        "day": ["12/31/24", "1/1/25"] * (rows // 2),
        "city": [f"c{row % 120}" for row in range(rows)],
        "shop": ["s1"] * 50 + [f"s{row}" for row in range(rows - 50)],
        "size": ["5 km", "7 km"] * (rows // 2),
        "zip": ["01234", "12345"] * (rows // 2),
        "kind": ["p"] * (rows // 2) + ["q"] * (rows // 2 - 2) + ["None", "nan"],
    }
    table = table_of(tmp_path, columns)
    command = ["train", table.file, "--target", "kind", "-o", str(tmp_path / "m"), "--epochs", "1", "--hidden", "2"]
    assert main(command) == 0
    said = capsys.readouterr().err
    for part in (
        "column 'day' is left out: '12/31/24' looks like a date, which is read as 2024-12-31, 31.12.2024 or 12/31/2024",
        "column 'city' is left out: it has 120 different texts, none of them 10 times; --categories takes each",
        "column 'shop' has an input for 1 common value and one for the 1",
        "column 'size' is taken for 2 categories, not for numbers: '5 km', '7 km'",
        "column 'zip' is taken for numbers: '01234' is 1234; --categories takes the column for codes",
        "2 rows have no target 'kind' and are left out, of which some hold 'None', 'nan'",
    ):
        assert part in said, part
    assert "city' is left out" in (tmp_path / "m" / "report.md").read_text(encoding="utf-8").replace("\\", "")
    recipe = prepare(table, "kind", categories=["city", "day"], leave_out=["x", "zip"])
    kinds = {column.name: type(column) for column in recipe.columns if column.name != "shop"}
    assert kinds == {"x": LeftOut, "day": Category, "city": Category, "size": Category, "zip": LeftOut}
    assert "'x'" not in " ".join(notes(table, recipe))


def test_codes_written_by_other_programs_are_the_same_codes(tmp_path):
    table = table_of(tmp_path, with_target(["10", "11", "012"] * 4))
    column = column_of(table, categories=["a"])
    assert column.values == ("012", "10", "11")
    other = table_of(tmp_path, with_target(["10.0", "11", "012"]))
    assert column.encode(other, range(3)).unseen == {}


# --- predicting with the same recipe ---------------------------------------------------------------------------------


def trained_on(tmp_path, cells, delimiter=","):
    trained = train_table(table_of(tmp_path, with_target(cells), delimiter), "kind", choices=QUICK)
    save_predictor(trained.net, trained.recipe, tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors", trained.recipe.columns[0]


def test_a_table_in_another_dialect_is_read_as_it_says_itself(tmp_path, capsys):
    model, column = trained_on(tmp_path, [f"{1 + row * 0.25}" for row in range(40)])
    table = table_of(tmp_path, {"a": ["1,5", "1.002,25"]}, ";")
    assert values_of(table, column).tolist() == pytest.approx([1.5, 1002.25])
    (tmp_path / "other.csv").write_text("a;b\n1,5;0\n1.002,25;0\n")
    assert main(["predict", str(model), str(tmp_path / "other.csv")]) == 0
    assert "column 'a' is taken for numbers with a decimal comma" in capsys.readouterr().err
    for cells, delimiter, decimal, values in (
        (["1,234"], ";", "", None), (["1.234"], ";", "", None), (["1.234"], ",", "", [1.234]),
        (["1.234"], ";", ",", [1234]), (["$5"], ",", "", None), (["1,5", "2.5"], ";", "", None),
    ):  # fmt: skip
        table = table_of(tmp_path, {"a": cells, "b": cells}, delimiter, decimal)
        if values is None:
            with pytest.raises(ChalkworkError, match=r"line [23]"):
                values_of(table, column)
        else:
            assert values_of(table, column).tolist() == pytest.approx(values)


def test_a_form_that_was_learned_holds_for_one_row(tmp_path):
    _, column = trained_on(tmp_path, [f"${1 + row * 99:,.2f}" for row in range(40)])
    assert column.form.group == "," and column.form.unit == "$"
    table = table_of(tmp_path, {"a": ["$1,234"], "b": ["x"]})
    assert values_of(table, column).tolist() == pytest.approx([1234])


def test_control_signs_never_reach_a_terminal(tmp_path, capsys, monkeypatch):
    model, _ = trained_on(tmp_path, list(range(40)))
    data = tmp_path / "other.csv"
    data.write_text("a,note\n1,\x1b]0;owned\x07\u202e\n", encoding="utf-8")
    assert main(["predict", str(model), str(data)]) == 0
    assert "\x1b]0;owned" in capsys.readouterr().out, "a file or a pipe gets what the table holds"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert main(["predict", str(model), str(data)]) == 0
    printed = capsys.readouterr().out
    assert not set(printed) & {"\x1b", "\x07", "\u202e"} and len(printed.splitlines()) == 2


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr), st.integers(-2000, 2000).map(str),
    st.sampled_from(["", "-", "--", "1.234", "12.000", ".5", "5.", "1e400", "1e00001", "+-3", "1.2.3", "1_0", "١", " 7",
                     "inf", "NaN", "1.#IND", "-999", "2e"]),
), max_size=8))  # fmt: skip
def test_a_column_of_plain_numbers_is_what_its_cells_are_one_by_one(cells):
    words = frozenset(["-999"])
    quick, slow = (Look(polars.Series(cells, dtype=polars.String), words) for _ in range(2))
    if not quick._as_plain():
        return
    slow._as_any()
    assert (quick.counts, quick.missing, quick.numbers, quick.unit) == (
        slow.counts, slow.missing, slow.numbers, slow.unit
    )  # fmt: skip
    assert quick.only.keys() == slow.only.keys() and (slow.only or not slow.open)
    form = Form(next(iter(slow.only), ""))
    expected = [np.nan if is_missing(cell) or cell == "-999" else form.read(cell) for cell in cells]
    np.testing.assert_array_equal(quick.values, expected)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(
    st.datetimes(datetime(1, 1, 2)).map(str), st.dates().map(str),
    st.sampled_from(["", "NA", "2024-02-30", "2024-12-31T10:05", "2024-12-31 24:00", " 2024-01-01 ", "2024-1-2",
                     "2024/1/2", "2024/12/3 9:05", "1/2/2024", "31/12/2024", "12/31/2024", "3-4-2024 10:05:07.5",
                     "1.2.2024", "1/2/24", "1/2-2024", "30/2/2024", "1.13.2024", "5/5/2024"]),
), min_size=1, max_size=4))  # fmt: skip
def test_a_column_of_dates_is_what_its_cells_are_one_by_one(cells):
    quick, slow = (Look(polars.Series(cells, dtype=polars.String), frozenset()) for _ in range(2))
    slow._as_any()
    if not quick._as_written_dates():
        assert slow.numbers < slow.present or not slow.present
        return
    assert (quick.counts, quick.missing, quick.numbers, quick.unit) == (
        slow.counts, slow.missing, slow.numbers, slow.unit
    )  # fmt: skip
    assert quick.only.keys() == slow.only.keys() and quick.open == slow.open
    for mark, days in quick.by_order.items():
        known = [np.nan if is_missing(cell) else Form(mark, "", "date").read(cell) for cell in cells]
        expected = [np.inf if value is None else value for value in known]
        np.testing.assert_allclose(days, expected, rtol=1e-13, atol=1e-10)
    if len(quick.only) < 2 and (quick.only or not quick.open):
        np.testing.assert_array_equal(quick.values, quick.by_order[next(iter(quick.only), "")])


def test_most_columns_are_read_as_a_whole():
    for cells in (["1.5", "2.25"], ["1", "-2", ""], ["1e-5", "2.5E+3"], ["-", "3"], [" 1"], ["NA", "1.5"]):
        assert Look(polars.Series(cells), frozenset())._as_plain()
    for cells in (["1.234", "2"], ["1,5"], ["1.5 €"], ["a"], ["1e400"], ["inf"]):
        assert not Look(polars.Series(cells), frozenset())._as_plain()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(
    ['"', '""', ",", ";", "\n", "\r\n", "\r", "a", "1.5", " ", "é", "\0", '"x,y"', "p,q\n"]
), max_size=20))  # fmt: skip
def test_a_regular_file_is_read_as_the_careful_reader_reads_it(parts):
    content = ("h,i\n" + "".join(parts)).encode()
    quick = reading._regular(content, "t")
    if quick is not None:
        slow = reading._parsed(reading._text(content), "t")
        assert quick.names == slow.names and quick.delimiter == slow.delimiter
        assert [quick[name] for name in quick.names] == [slow[name] for name in quick.names]
        assert list(quick.lines) == list(slow.lines)
