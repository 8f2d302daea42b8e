"""Taylor polynomials marked: right ones, the factorial that was forgotten, a value at a point that is no derivative."""

import pytest
from shipped import SHEETS

from chalkwork.laboratory.taylor import taylor
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.solve import work_parts

SHEET = SHEETS / "taylor-sigmoid.md"


@pytest.mark.parametrize("part", ["a", "b", "c"])
def test_a_hand_in_of_the_right_values_is_right(part):
    answer = work_parts(read_sheet(SHEET))[part]
    asked = answer.setting.asked
    assert asked == tuple(f"c{k}" for k in range(answer["order"] + 1))
    exact = dict(zip(asked, answer["exact"], strict=True))
    for given in ({name: float(answer[name]) for name in answer.derivation}, exact):
        report = answer.check(given, ask=asked)
        assert report.first_wrong is None and not report.unused
        assert all(result.verdict == "correct" for result in report.values())


@pytest.mark.parametrize(
    ("text", "about", "name", "typed", "mistakes"),
    [
        ("sigmoid", 0, "c3", "-1/8", ("factorial-forgotten",)),
        ("sigmoid", 0, "c3", "-1/24", ("order-for-factorial",)),
        ("tanh", 0, "c3", "-1", ("factorial-before",)),
        ("tanh", 0, "c5", "16", ("factorial-forgotten",)),
        ("sigmoid", 0, "c3", "1/48", ()),
        ("sigmoid", 0, "c1", "-0.25", ()),
        ("sigmoid", 0, "f2", "0.5", ()),
    ],
)
def test_a_wrong_hand_in_loses_and_the_factorial_is_named(text, about, name, typed, mistakes):
    answer = taylor(text, 5, about)
    right = {f"c{k}": float(answer[f"c{k}"]) for k in range(6)}
    report = answer.check(right | {name: typed}, ask=[*right, *(() if name in right else (name,))])
    assert report.first_wrong == name and report[name].mistakes == mistakes
    assert all(result.verdict == "correct" for other, result in report.items() if other != name)


def test_coefficients_that_go_on_from_a_wrong_derivative_follow():
    report = taylor("sigmoid", 3).check({"f'''(0)": "1/8", "c3": "1/48"})
    assert (report.first_wrong, report["c3"].verdict) == ("f3", "follows")
    assert taylor("sigmoid", 3).check({"f(0)": "1/2", "f''(0)": "0"}).first_wrong is None


def test_what_the_bound_is_made_of():
    answer = taylor("sigmoid", 3, 0, (-2, 2))
    assert str(answer.derivation["bound"]) == "bound ≤ M * d^5"
    assert (answer["M"], answer["d"]) == (0.002084, 2) and answer["bound"] == pytest.approx(0.002084 * 32)
    assert answer.check({"bound": "0.06669"})["bound"].verdict == "correct"
    assert answer.check({"bound": "0.6669"})["bound"].verdict != "correct"
    assert taylor("sin(M)", 3)["M0"] > 0 and taylor("sin(a)", 3)["a0"] == 0


def test_a_value_at_a_point_is_no_derivative_of_that_order():
    for about in (0, 1, 2, 3):
        answer = taylor("exp(x)", 3, about)
        for name, meant in {f"f({about})": "f0", f"f'({about})": "f1", "f1": "f1", "f0": "f0"}.items():
            report = answer.check({name: "0"})
            if meant == "f0" and about > 0:  # f(1) is how f0 prints, and reads like f1
                continue
            assert report[meant].verdict != "blank" and not report.unused, (about, name)
        for point in range(4):
            if point == about == 0:
                continue
            report = answer.check({f"f({point})": f"{answer['f0']}"})
            (reason,) = report.unused.values()
            other = f"f{point}" if point == about else f"the value of f at {point}"
            assert f"can mean f{0 if point == about else point} or {other}" in reason
            assert all(each.verdict == "blank" for each in report.values())
