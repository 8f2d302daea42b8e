"""Reports on hand-ins against plain NumPy students: exact ones, ones that round, ones that make one mistake."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from students import ACCEPTED, CONVENTIONS, draw, leaky_exercise, typed, verdicts

from chalkwork import ChalkworkError, Notation, Solution
from chalkwork.checking.check import check
from chalkwork.checking.report import as_data
from chalkwork.typesetting.symbols import Symbols

# --- the 2-3-2 exercise ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sheet() -> Solution:
    return leaky_exercise(decimals=6)


def right(solution: Solution) -> dict[str, Any]:
    return {name: solution[name] for name in solution.derivation}


def test_all_right(sheet: Solution) -> None:
    answers = right(sheet)
    report = sheet.check(answers)
    assert list(report) == list(answers)
    assert set(verdicts(report).values()) == {"correct"}
    assert report.first_wrong is None
    assert report.score == 1.0
    assert not report.unused
    for name, result in report.items():
        assert result.name == name
        assert result.credit == 1.0
        assert result.mistakes == ()
        assert result.message
        assert {cell for line in result.cells for cell in line} == {"correct"}
        assert (len(result.cells), len(result.cells[0])) == (sheet.derivation.shapes()[name] or (1, 1))


def test_nothing_answered(sheet: Solution) -> None:
    assert len(sheet.check({})) == 0
    report = sheet.check({}, ask=["z1", "L"])
    assert verdicts(report) == {"z1": "blank", "L": "blank"}
    assert report.first_wrong is None
    assert report.score == 0.0


@pytest.mark.parametrize("decimals", [2, 3, 4, 6])
def test_right_and_rounded(sheet: Solution, decimals: int) -> None:
    report = sheet.check({name: typed(value, decimals) for name, value in right(sheet).items()})
    assert set(verdicts(report).values()) == {"correct"}


def test_only_what_is_asked_is_marked(sheet: Solution) -> None:
    report = sheet.check(right(sheet), ask=["L", "z2", "dW1"])
    assert list(report) == ["z2", "L", "dW1"]
    assert report.score == 1.0


def test_answers_that_are_not_asked_carry_on(sheet: Solution) -> None:
    z1 = np.array([[0.3], [-0.2], [0.4]])
    a1 = np.where(z1 > 0, z1, 0.01 * z1)
    report = sheet.check({"z1": z1, "a1": a1}, ask=["a1"])
    assert verdicts(report) == {"a1": "follows"}


def test_the_straight_way_says_the_same(sheet: Solution) -> None:
    answers = right(sheet) | {"z2": [["0.3"], ["-0.1"]]}
    symbols = Symbols(Notation(), 2)
    report = check(sheet.derivation, sheet.arrays, answers, symbols, sample_axis=-1)
    assert as_data(report) == as_data(sheet.check(answers))
    assert report.first_wrong == "z2"


def test_a_name_that_is_not_there_is_refused_where_it_is_mapped(sheet: Solution) -> None:
    with pytest.raises(ChalkworkError):
        sheet.check({"q": 1}, names={"q": "z9"})


def test_report_reads_as_text_and_data(sheet: Solution) -> None:
    report = sheet.check(right(sheet) | {"z2": [["0.3"], ["-0.1"]], "thing": 3})
    lines = str(report).splitlines()
    assert [line for line in lines if line.startswith("→")] == [next(line for line in lines if " z2 " in line)]
    assert lines[-1].strip().startswith("thing was not used")
    data = as_data(report)
    assert data["first_wrong"] == "z2"
    assert data["score"] == report.score < 1
    assert [entry["name"] for entry in data["results"]] == list(report)


# --- rounding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("decimals", [2, 3, 4, 6])
def test_going_on_with_rounded_values_is_no_mistake(convention: tuple[str, str], decimals: int) -> None:
    for seed in range(8):
        case = draw(1000 * decimals + seed, convention)
        report = case.solve().check(case.handed_in(case.work(decimals=decimals), decimals))
        assert set(verdicts(report).values()) <= set(ACCEPTED), (seed, str(report))
        assert report.first_wrong is None
        assert report.score == 1.0


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_writing_rounded_values_is_no_mistake(convention: tuple[str, str]) -> None:
    for seed in range(20):
        case = draw(seed, convention)
        decimals = (2, 3, 4, 6)[seed % 4]
        report = case.solve().check(case.handed_in(case.work(), decimals))
        assert set(verdicts(report).values()) == {"correct"}, (seed, str(report))


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_unrounded_arrays_are_correct(convention: tuple[str, str]) -> None:
    for seed in range(5):
        case = draw(seed, convention)
        report = case.solve().check(case.handed_in(case.work()))
        assert set(verdicts(report).values()) == {"correct"}, (seed, str(report))


# --- the first wrong step --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("decimals", [None, 4])
def test_the_wrong_step_is_the_first_and_the_others_follow(
    convention: tuple[str, str], decimals: int | None, rng: np.random.Generator
) -> None:
    case = draw(7, convention, hidden="tanh", samples=3)
    solution = case.solve()
    exact, made = case.work(), {}
    for name, step in case.steps.items():
        shift = rng.uniform(0.2, 0.6, np.shape(exact[name]))
        made[name] = case.work({name: lambda v, step=step, shift=shift: step(v) + shift}, decimals)
    reports = solution.check_class([case.handed_in(found, decimals) for found in made.values()])
    for (name, found), report in zip(made.items(), reports, strict=True):
        assert report.first_wrong == name, str(report)
        assert report[name].credit == 0
        assert report.score == pytest.approx(1 - 1 / len(report))
        own = [n for n in found if n != name and np.abs(found[n] - exact[n]).max() > 0.002]
        for other, result in report.items():
            if other in own:
                assert result.verdict == "follows", (name, other, str(report))
            elif other != name:
                assert result.verdict in (*ACCEPTED, "follows"), (name, other)


def test_a_class_of_nobody_has_no_reports(sheet: Solution) -> None:
    assert sheet.check_class([]) == []


def test_cells_are_marked_one_by_one(sheet: Solution) -> None:
    z2 = np.array(sheet["z2"])
    z2[1, 0] += 0.7
    report = sheet.check(right(sheet) | {"z2": z2})
    assert report["z2"].cells[0] == ("correct",)
    assert report["z2"].cells[1][0] in ("wrong", "mistake")
    assert report["z2"].credit == 0.5
    assert report["a2"].verdict == "correct"


# --- blank and unreadable --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", [None, "", "  ", [None, None, None], [["_"], ["_"], ["_"]]])
def test_a_blank_answer_blocks_nothing(sheet: Solution, blank: Any) -> None:
    report = sheet.check(right(sheet) | {"a1": blank})
    found = verdicts(report)
    assert found.pop("a1") == "blank"
    assert set(found.values()) == {"correct"}
    assert report.first_wrong is None


@pytest.mark.parametrize("unreadable", ["abc", "[1 2", [["x"], ["y"], ["z"]], [[1], [2, 3], [4]], object()])
def test_an_unreadable_answer_blocks_nothing(sheet: Solution, unreadable: Any) -> None:
    report = sheet.check(right(sheet) | {"a1": unreadable})
    found = verdicts(report)
    assert found.pop("a1") == "unreadable"
    assert report["a1"].message
    assert set(found.values()) == {"correct"}


@pytest.mark.parametrize(
    "impossible",
    [
        [1, 2],
        [[1, 2], [3, 4]],
        5,
        "1; 2",
        np.full((3, 1), np.nan),
        [["nan"], ["inf"], ["1e200"]],
        np.array([np.inf] * 3),
        np.zeros((0, 3)),
        np.zeros(0),
        np.array([True, False, True]),
        ["True", "false", "TRUE"],
        True,
        np.array([1, 2, 3 + 0j]),
        ["1+2j", "(1-2e-3j)", "2i"],
        2j,
    ],
)
def test_another_shape_and_what_is_no_number_are_wrong_and_block_nothing(sheet: Solution, impossible: Any) -> None:
    report = sheet.check(right(sheet) | {"a1": impossible})
    assert report.first_wrong == "a1"
    found = verdicts(report)
    assert found.pop("a1") == "wrong"
    assert re.match(r"Wrong: .*(expected|finite|too large|a truth value)", report["a1"].message), report["a1"].message
    assert set(found.values()) == {"correct"}


def test_single_cells_may_be_blank_or_unreadable(sheet: Solution) -> None:
    z1 = typed(sheet["z1"], 6)
    z1[1], z1[2] = ["_"], ["what"]
    report = sheet.check(right(sheet) | {"z1": z1})
    assert report["z1"].cells == (("correct",), ("blank",), ("unreadable",))
    assert report["z1"].credit == pytest.approx(1 / 3)
    found = verdicts(report)
    found.pop("z1")
    assert set(found.values()) == {"correct"}


# --- names, and what comes with them ---------------------------------------------------------------------------------


def test_names_as_people_write_them(sheet: Solution) -> None:
    written = {
        "z_1": "z1", "a₁": "a1", "z^{(2)}": "z2", "yhat": "a2", "loss": "L", "δ_2": "delta2", "grad_W2": "dW2",
        "d1": "delta1", "dL/dW1": "dW1", "W1'": "W1_new", "new W2": "W2_new",
    }  # fmt: skip
    report = sheet.check({name: sheet[meant] for name, meant in written.items()})
    assert not report.unused
    assert list(report) == list(written.values())
    assert set(verdicts(report).values()) == {"correct"}


def test_a_mapping_says_which_is_which(sheet: Solution) -> None:
    report = sheet.check({"first": sheet["z1"], "second": "0.7"}, names={"first": "z1"})
    assert verdicts(report) == {"z1": "correct"}
    assert "second" in report.unused


def test_answers_as_people_type_them(sheet: Solution) -> None:
    z1, a2 = sheet["z1"].ravel(), sheet["a2"].ravel()
    report = sheet.check(
        {
            "z1": r"\begin{bmatrix}" + r" \\ ".join(f"{value:.2f}" for value in z1) + r"\end{bmatrix}",
            "a1": "; ".join(f"{value:.5f}".replace(".", ",") for value in sheet["a1"].ravel()),
            "a2": f"[{a2[0]:.3e}, {a2[1]:.3e}]",
            "L": f"{float(sheet['L']):.6f}".replace(".", ","),
        }
    )
    assert verdicts(report) == dict.fromkeys(["z1", "a1", "a2", "L"], "correct")


def test_the_variables_of_a_program() -> None:
    def program() -> dict[str, Any]:
        W1 = np.array([[0.15, -0.25, 0.05], [0.2, 0.1, -0.15]])
        W2 = np.array([[0.2, 0.5], [-0.35, 0.15], [0.15, -0.2]])
        x, y, eta = np.array([[-1.0], [1.0]]), np.array([[1.0], [0.0]]), 0.1
        np_random, text, counter, nothing = np.random, "abc", 12, None
        z1 = W1.T @ x
        a1 = np.where(z1 > 0, z1, 0.01 * z1)
        z2 = W2.T @ a1
        yhat = np.exp(z2) / np.exp(z2).sum()
        loss = -np.log(yhat[0, 0])
        delta2 = yhat - y
        dW2 = a1 @ delta2.T
        delta1 = (W2 @ delta2) * np.where(z1 > 0, 1, 0.01)
        dW1 = x @ delta1.T
        W1_new = W1 - eta * dW1
        W2_new = W2 - eta * dW2
        return locals()

    report = leaky_exercise().check(program())
    names = ["z1", "a1", "z2", "a2", "L", "delta2", "dW2", "delta1", "dW1", "W1_new", "W2_new"]
    assert verdicts(report) == dict.fromkeys(names, "correct")
    assert {"text", "counter", "nothing"} == set(report.unused)
    assert not report.notes
