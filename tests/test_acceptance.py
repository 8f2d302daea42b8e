"""What is accepted rests on what was typed: digits that say nothing, blanks, programs, garbage, shapes, guesses."""

from __future__ import annotations

import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalkwork import BatchNorm, Dense, Graph, NeuralNetwork, Solution
from chalkwork.checking.mistakes import TABLE
from chalkwork.sheets.check import check_hand_in, hand_in_data
from chalkwork.sheets.format import parse_sheet

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
acceptance = pytest.importorskip("acceptance")

W1, W2 = np.array([[0.1, -0.3], [0.4, 0.2]]), np.array([[0.5, -0.2], [-0.6, 0.7]])


def solved(optimizer: str = "gradient_descent", **style: Any) -> Solution:
    layers = [Dense(weights=W1, bias=[0.1, 0.2], activation="tanh"), Dense(weights=W2, bias=False)]
    network = NeuralNetwork(layers, "squared_error", samples="columns", weights="out_in")
    return network.solve([0.4, -0.7], [0.3, 0.9], 0.01, optimizer=optimizer, **style)


def test_ten_typed_digits_of_a_large_number_are_ten_digits() -> None:
    for size in (1e-3, 1.0, 1e3, 1e6):
        solution = Graph("u = x * w; L = u * u").solve(x=size * 0.7130917, w=1.2345)
        right = float(solution["L"])
        for digits in (5, 8, 10, 11):
            shown = f"{right:.{digits - 1}e}"
            mantissa, exponent = shown.split("e")
            moved = f"{float(mantissa) + 5 * 10.0 ** (1 - digits):.{digits - 1}f}e{exponent}"
            assert solution.check({"L": shown}).score > 0, (size, shown)
            assert solution.check({"L": moved}).score == 0, (size, moved)


@pytest.mark.parametrize("style", [{}, {"decimals": 4}, {"significant": 6}])
def test_digits_that_stand_for_everything_earn_nothing(style: dict[str, int]) -> None:
    solution = solved(**style)
    shapes = {name: solution.derivation.shapes()[name] or (1, 1) for name in solution.derivation}
    everything = ("0e9", "0*10^3", "0.0/0.1", "1e0", "0e2", "-1e1")
    typed = [{name: [[each] * columns] * rows for name, (rows, columns) in shapes.items()} for each in everything]
    for report in solution.check_class(typed):
        assert report.score == 0 and report.first_wrong == "z1", str(report)


@pytest.mark.parametrize(("right", "few"), [(0.0994943, "0.1"), (0.000505747, "0.0"), (0.0994943, "0.10")])
def test_fewer_digits_than_asked_have_to_say_enough(right: float, few: str) -> None:
    solution = Graph("c = 1 * a").solve(a=right, significant=6)
    result = solution.check({"c": few})["c"]
    assert result.verdict == "wrong" and "6 significant digits are asked" in result.message
    assert solution.check({"c": f"{right:.6g}"})["c"].verdict == "correct"
    assert solution.check({"c": f"{right:.3g}"})["c"].verdict == "correct"


def test_a_short_number_that_is_meant_exactly_is_right() -> None:
    assert Graph("c = 1 * a").solve(a=0.5, significant=6).check({"c": "0.5"})["c"].verdict == "correct"
    assert Graph("c = 1 * a").solve(a=0.0, decimals=4).check({"c": "0"})["c"].verdict == "correct"


def test_a_program_that_never_updates_is_told_so() -> None:
    solution = solved()
    found = {name: np.array(solution.arrays[name]) for name in solution.derivation}
    found |= {"W1_new": W1.copy(), "W2_new": W2.copy()}
    report = solution.check(found)
    assert report["W1_new"].mistakes == ("not-updated",) == report["W2_new"].mistakes, str(report)
    found = {name: np.array(solution.arrays[name]) for name in solution.derivation} | {
        "a1": np.round(solution["a1"], 1)
    }
    assert solution.check(found).first_wrong == "a1"


def test_a_fraction_is_no_program() -> None:
    solution = Graph("c = a / 3; d = b * 1").solve(a=1, b=0.79, decimals=2)
    assert solution.check({"c": ["1/3"], "d": ["0.8"]})["c"].verdict == "correct"
    report = solved().check({"z1": [["1/3"], ["0e9"]], "a1": [["0e9"], ["0e9"]]})
    assert report.score == 0 and "too few digits" in report["a1"].message, str(report)


def test_a_missing_update_typed_with_too_few_digits_is_told_so() -> None:
    solution = solved(decimals=6)
    typed = {name: [[f"{cell:.6f}" for cell in row] for row in solution.arrays[name]] for name in ("z1", "a1", "dW1")}
    report = solution.check(typed | {"W1_new": W1.astype(str).tolist()})
    assert report["W1_new"].mistakes == ("not-updated",), str(report)


def test_blanks_do_not_widen() -> None:
    solution = solved()
    right = float(solution["L_new"])
    for off in (0.02, 0.1, -0.1, 0.5):
        assert solution.check({"L_new": f"{right + off:.2f}"}).first_wrong == "L_new"
    for decimals in (2, 3, 4, 6, 9):
        assert solution.check({"L_new": f"{right:.{decimals}f}"})["L_new"].verdict == "correct"


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "rmsprop"])
def test_only_a_learning_rate_is_called_one(optimizer: str) -> None:
    solution = solved(optimizer)
    found = {name: np.array(solution.arrays[name]) for name in solution.derivation}
    random = np.random.default_rng(1)
    for equation in solution.derivation.equations:
        if equation.stage == "update":
            wrong = found | {equation.name: found[equation.name] + random.normal(0, 0.3, found[equation.name].shape)}
            assert solution.check(wrong)[equation.name].mistakes == ()
    step = solution.arrays["W1_new"] - W1
    assert "learning-rate-omitted" in solution.check(found | {"W1_new": W1 + step / 0.01})["W1_new"].mistakes


def test_a_guess_agrees_with_what_was_answered() -> None:
    solution = solved()
    wrong_z2 = W2 @ solution["z1"]  # as if the activation were missing in a1, which is left open
    assert solution.check({"z2": wrong_z2})["z2"].verdict == "mistake"
    report = solution.check({"z2": wrong_z2, "dW2": solution["dW2"]})  # but dW2 holds the right a1
    assert report["z2"].made_in is None, str(report)


def test_points_and_score_say_the_same_under_every_policy() -> None:
    for policy, credit in (("full", 1), ("half", Fraction(1, 2)), ("none", 0)):
        sheet = parse_sheet(
            f"---\ntitle: t\nfollow_through: {policy}\n---\n"
            '```graph\nequations: "c = a * b; d = 3 * c"\n```\n'
            "```task\nid: a\npoints: 1\nvalues: {a: 2.5, b: 1.25}\nask: [c, d]\n```\n"
        )
        hand_in = check_hand_in(sheet, {"c": "3.25", "d": "9.75"})
        (task,) = hand_in.tasks
        assert task.report["d"].verdict == "follows"
        assert hand_in.earned == Fraction(credit) / 2
        data = hand_in_data(hand_in)["tasks"][0]
        assert data["score"] == data["points"] == float(hand_in.earned) == task.report.score
        assert data["results"][1]["credit"] == credit


def deep(layers: int, units: int) -> Solution:
    random = np.random.default_rng(0)
    weights = random.normal(0, 0.4, (layers, units, units)).round(2)
    network = NeuralNetwork(
        [Dense(weights=each, bias=random.normal(0, 0.1, units).round(2), activation="tanh") for each in weights],
        "squared_error",
        samples="columns",
        weights="out_in",
    )
    return network.solve(random.normal(0, 1, units).round(2), random.normal(0, 1, units).round(1), 0.1)


def test_the_search_has_a_budget_and_says_when_it_is_spent() -> None:
    solution = deep(6, 30)
    wrong = {"L_new": f"{1.5 * float(solution['L_new']):.4f}"}
    result = solution.check(wrong)["L_new"]
    assert result.verdict == "wrong" and "given up" in result.message
    both = solution.check_class([wrong, {"L_new": "0.1"}, wrong])
    assert both[0]["L_new"] == both[2]["L_new"] == result  # whoever else is marked


@pytest.mark.parametrize("number", range(6))
def test_honest_work_has_no_alarm(number: int) -> None:
    assert acceptance.honest(7, number).alarms == []


@pytest.mark.parametrize("number", range(5))
def test_five_units_off_are_never_accepted(number: int) -> None:
    tally = acceptance.off(7, number)
    assert tally.off.total() and not tally.accepted.total(), tally.examples


def test_garbage_earns_next_to_nothing() -> None:
    scores = [score for _, score in acceptance.garbage(7, 0).scores]
    assert max(scores) < 0.05


# --- floats that lost their zeros, copied parameters, halves, and what a hand-in may cost -----------------------------


@pytest.mark.parametrize("decimals", [2, 3, 4])
@pytest.mark.parametrize("hand_in", [np.asarray, np.ndarray.tolist])
def test_numbers_rounded_by_a_program_have_the_zeros_that_floats_lose(decimals: int, hand_in: Any) -> None:
    random = np.random.default_rng(decimals)
    for _ in range(4):
        weights = [random.normal(0, 1, (3, 4)).round(2), random.normal(0, 1, (4, 2)).round(2)]
        network = NeuralNetwork([Dense(weights=one, activation="sigmoid") for one in weights], "squared_error")
        solution = network.solve(random.normal(0, 2, (5, 3)).round(1), random.random((5, 2)).round(1), 0.1)
        found = {name: hand_in(np.round(solution.arrays[name], decimals)) for name in solution.derivation}
        report = solution.check(found)
        assert report.score == 1, str(report)


def test_a_float_in_an_array_is_no_coarser_than_those_beside_it() -> None:
    solution = Graph("c = a * b").solve(a=[[0.4], [0.3996]], b=1.0)
    report = solution.check({"c": [[0.41], [0.4]]})
    assert report["c"].cells == (("wrong",), ("correct",)), str(report)
    assert solution.check({"c": [["0.400"], ["0.4"]]})["c"].cells == (("correct",), ("wrong",))  # typed: as it stands


@pytest.mark.parametrize("style", [{}, {"decimals": 4}, {"significant": 6}])
@pytest.mark.parametrize("hand_in", [np.asarray, lambda array: array.astype(str).tolist()])
def test_parameters_that_were_only_copied_are_not_updated(style: dict[str, int], hand_in: Any) -> None:
    solution = solved(**style)
    for names in (("W1_new",), ("W1_new", "W2_new"), ("b1_new", "W1_new", "W2_new")):
        old = {"W1_new": W1, "W2_new": W2, "b1_new": np.array([[0.1], [0.2]])}
        report = solution.check({name: hand_in(old[name]) for name in names})
        for name in names:
            assert report[name].mistakes == ("not-updated",), str(report)


def test_a_blank_is_rounded_in_one_way_or_another_and_to_nothing_between() -> None:
    steps = "; ".join(f"c{k} = {'a' if k == 1 else f'c{k - 1}'} / 2 * 3" for k in range(1, 7))
    solution = Graph(steps).solve(a=0.5, decimals=1)
    even, away = 0.5, 0.5
    for _ in range(6):
        even, away = round(even / 2 * 3, 1), np.floor(away / 2 * 3 * 10 + 0.5 + 1e-9) / 10
    right = float(solution["c6"])
    accepted = {
        value / 10
        for value in range(40, 90)
        if solution.check({"c6": f"{value / 10:.1f}"})["c6"].verdict in ("correct", "rounding")
    }
    assert all(min(abs(value - one) for one in (even, away, right)) <= 0.16 for value in accepted)
    assert {even, round(float(away), 1), round(right, 1)} <= accepted


@pytest.mark.parametrize("number", [2, 3, 4, 19, 52])
def test_a_blank_is_rounded_as_a_program_rounds_it(number: int) -> None:
    exercise, solution = acceptance.drawn(np.random.default_rng((1, 9, number)))
    (last,) = list(solution.derivation)[-1:]
    for decimals in (4, 5, 6, 7):  # halves everywhere, each rounded as the errors of its float say
        typed = acceptance.written(acceptance.worked(exercise, decimals), [last], decimals)
        result = solution.restyled(decimals=decimals).check(typed)[last]
        assert result.verdict in ("correct", "rounding"), result


def test_a_report_keeps_its_policy_where_a_remark_is_added() -> None:
    network = NeuralNetwork(
        [Dense(weights=[[0.5, 0.5], [0.2, 0.2]], bias=False, activation="softmax")], "cross_entropy"
    )
    solution = network.solve([1.0, 1.0], [1, 0], predict=True)
    (half,) = solution.check_class([{"z1": [0.9, 0.7], "class": "1"}], follows=Fraction(1, 2))
    assert half.follows == Fraction(1, 2)
    (sentences,) = solution.setting.undecided(solution).values()
    undecided = " ".join(map(str, sentences))
    assert half["class"].message.endswith(undecided)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("anything", ["0e400", "0e308", "0.0e200", "1e0e9"])
def test_digits_that_stand_for_any_number_are_wrong_without_a_warning(anything: str) -> None:
    result = solved().check({"L": anything})["L"]
    assert result.verdict in ("wrong", "unreadable") and result.credit == 0
    assert "Warning" not in result.message


def test_a_search_that_is_spent_looks_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    from chalkwork.checking.judging import open_steps

    calls = 0
    between = open_steps.OpenSteps._between

    def counted(self: Any, *arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        return between(self, *arguments)

    monkeypatch.setattr(open_steps.OpenSteps, "_between", counted)
    solution = deep(12, 6)
    shapes = {name: value.shape for name, value in solution.arrays.items() if name in solution.derivation}
    solution.check({name: np.zeros((shape[0], shape[1] + 1)) for name, shape in shapes.items()})
    assert calls < 2000, calls


def test_what_follows_from_no_number_accepts_nothing() -> None:
    """Typed, as floats and as arrays."""
    random = np.random.default_rng(3)
    layers = [Dense(weights=W1, bias=False), BatchNorm(activation="tanh"), Dense(weights=W2, activation="softmax")]
    solution = NeuralNetwork(layers, "cross_entropy").solve([[1.0, 2.0], [0.5, -1.0], [2.0, 0.3]], np.eye(2)[[0, 1, 0]])
    hand_ins: list[dict[str, Any]] = []
    for _ in range(6):
        wrong = {name: random.normal(0, 1, np.shape(solution[name])) for name in solution.derivation}
        wrong["a3"] = -np.abs(wrong["a3"])  # no logarithm
        wrong["var2"] = -1 - np.abs(wrong["var2"])  # no square root
        typed = {name: np.vectorize(str, otypes=[object])(value) for name, value in wrong.items()}
        hand_ins += [wrong, typed, {name: value.astype(object) for name, value in wrong.items()}]
    for report in solution.check_class(hand_ins):
        assert report.score == 0, str(report)


def test_all_that_is_done_for_one_hand_in_is_paid_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from chalkwork.checking.judging import budget, suspecting
    from chalkwork.checking.seeing import seen

    solution, random = deep(40, 3), np.random.default_rng(1)
    written = looked = 0
    distinct, look = suspecting.distinct, seen._Look.words

    def counted(*arguments: Any) -> Any:
        nonlocal written
        written += 1
        return distinct(*arguments)

    def seeing(*arguments: Any) -> Any:
        nonlocal looked
        looked += 1
        return look(*arguments)

    monkeypatch.setattr(suspecting, "distinct", counted)
    monkeypatch.setattr(seen._Look, "words", seeing)
    wrong = {name: random.normal(0, 1, np.shape(solution.arrays[name])) for name in solution.derivation}
    report = solution.check(wrong)
    assert 0 < written < len(solution.derivation) and "given up" in report["L_new"].message
    assert 0 < looked < len(solution.derivation) / 10
    assert written * budget.A_MISTAKE * len(TABLE) < 2 * budget.BUDGET  # on their own numbers, then on the right ones


def test_slopes_are_paid_for_and_many_tasks_share_what_they_may_cost() -> None:
    from chalkwork.algebra.expression import Name
    from chalkwork.checking.judging import budget
    from chalkwork.checking.mistakes import Context

    batch, weights = Name("a", (30, 4)), Name("W", (4, 4))
    tangled = (batch @ weights).T @ (batch @ weights)
    assert budget.cost_of(tangled, tight=True) > 100 * budget.cost_of(tangled)
    assert budget.cost_of(batch @ weights, tight=True) < 5 * budget.cost_of(batch @ weights)
    context = Context(deep(2, 3).derivation)
    left = []
    for tasks in (1, 2, 10):
        with budget.sharing(tasks):
            left.append(int(budget.Purse(1, context)._left[0]))
    assert left[0] == left[1] and left[2] < left[0] / 4 and budget.Purse(1, context)._left[0] == left[0]


def test_a_large_matrix_is_not_copied_for_each_exchange() -> None:
    solution, random = deep(1, 150), np.random.default_rng(1)
    wrong = {name: random.normal(0, 1, np.shape(solution.arrays[name])) for name in solution.derivation}
    tracemalloc.start()
    try:
        assert solution.check(wrong).score == 0
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 250 * 150 * 150 * 8, peak


def test_what_is_right_by_accident_earns_nothing_and_zeros_that_were_worked_out_do() -> None:
    random = np.random.default_rng(5)
    layers = [Dense(weights=random.normal(0, 1, (4, 4)).round(1), activation="relu"), Dense(units=2, weights=None)]
    solution = NeuralNetwork(layers, "squared_error", seed=1).solve(
        random.normal(0, 1, (3, 4)).round(1), [[0, 1]] * 3, 0.1
    )
    right = {name: solution.arrays[name] for name in solution.derivation}
    assert any((value == 0).any() for value in right.values())
    for constant in ("0.0", "0.5", "2.0", "-0.1", "0.12345"):
        assert (
            solution.check({name: np.full(value.shape, constant).tolist() for name, value in right.items()}).score == 0
        )
    wrong = {
        name: [[f"{cell and cell + random.normal(0, 1):.4f}" for cell in row] for row in value]
        for name, value in right.items()
    }
    report = solution.check(wrong)
    zeros = sum(int((value == 0).sum()) for value in right.values())
    assert zeros == sum(word == "correct" for one in report.values() for row in one.cells for word in row), str(report)
