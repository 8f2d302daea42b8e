"""The page marks as `check` does: numbers read, ranges, verdicts; its program run by Node."""

import json
import math

import numpy as np
from in_node import in_node, needs_node
from test_operations import TABLE, draw, full, names_of, situations

from chalkwork.algebra.expression import apply
from chalkwork.bounds.intervals import Interval
from chalkwork.bounds.ranges import enclose
from chalkwork.checking.mistakes import context_of, distinct
from chalkwork.checking.reading.numerals import AnswerError, read_numeral
from chalkwork.checking.reviewing.rewriting import values_of as convention_values
from chalkwork.derivation.evaluate import evaluate
from chalkwork.page.data import Derivations, Nodes, Tasks, _ways, sample_axis, values_of
from chalkwork.page.html import _words
from chalkwork.page.script import MARKING, program, squeezed
from chalkwork.sheets.check import check_class
from chalkwork.sheets.library import find_sheet
from chalkwork.sheets.solve import solve_sheet

pytestmark = needs_node
NUMBERS = [
    "0.45", "0,45", "-0.2", "−0.2", "+3.5", "7", "0", "-0", ".5", "5.", "1/3", "-2/7", "2.3e-4", "2,3·10⁻⁴", "1.5*10^3",
    "10^-3", " 0.79 ", "= 0.79", "≈ 0.8", "0.5/0.25", "1/0", "abc", "0.5x", "nan", "inf", "1e200", "", "__",
    "-ln(0.4525)", "1/(1+exp(-0.3))", "0.5 -0.2", "2*0.25", "sqrt(2)", "exp(1)-1", "0.1+0.2", "2(3)", "1e400", "3·0.5",
    "tanh(0.5)^2",
]  # fmt: skip


def test_numbers_are_read_as_by_check():
    found = in_node(program(), "(texts) => texts.map((text) => readCell(text, 4))", NUMBERS)
    for text, one in zip(NUMBERS, found, strict=True):
        if not text.strip(" _"):
            assert one == {"blank": True}, text
            continue
        try:
            number = read_numeral(text, 4)
        except AnswerError:
            assert one.get("unreadable"), text
            continue
        for key in ("value", "low", "high"):
            assert math.isclose(one[key], getattr(number, key), rel_tol=1e-12, abs_tol=1e-15), (text, key, one, number)


ENCLOSED = """(data) => {
  loadNodes(data.nodes);
  return data.boxes.map(([at, boxes]) => {
    const boxOf = ([shape, low, high]) => interval(shape, Float64Array.from(low), Float64Array.from(high));
    const box = enclose(at, (name) => boxOf(boxes[name]));
    return [Array.from(box.low), Array.from(box.high)];
  });
}"""


def test_ranges_are_those_of_check(rng):
    """Of every operation by itself, and where a name occurs twice: the slopes of every operation."""
    nodes, boxes, expected = Nodes(), [], []
    for name in TABLE:
        for parameters, shapes in situations(name)[:2]:
            names, middles = names_of(shapes), draw(name, shapes, rng)
            plain = apply(name, *names, **parameters)
            again = apply(
                name,
                *(one * one if name in ("solve", "max_pool", "exp") else one + one * one for one in names),
                **parameters,
            )
            for expression in (plain, again):
                radius = float(rng.choice([1e-3, 0.3]))
                box = {str(n): Interval.of(m - radius, m + radius) for n, m in zip(names, middles, strict=True)}
                expected.append((f"{expression} {radius}", enclose(expression, box)))
                given = {
                    n: [list(full(one.low.shape)), one.low.ravel().tolist(), one.high.ravel().tolist()]
                    for n, one in box.items()
                }
                boxes.append([nodes.of(expression), given])
    found = in_node(program(), ENCLOSED, {"nodes": nodes.data(), "boxes": boxes})
    for (said, box), (low, high) in zip(expected, found, strict=True):
        for one, other in ((low, box.low), (high, box.high)):
            numbers = [float(str(number).replace("Infinity", "inf")) for number in one]
            np.testing.assert_allclose(numbers, other.ravel(), rtol=1e-9, atol=1e-12, err_msg=said)


MARKED = """({ sheet: packed, values, hand_ins }) => {
  const sheet = load(packed);
  const right = arraysOf(sheet, values);
  return hand_ins.map((texts) => {
    const marked = markSheet(sheet, right, texts);
    return { first: firstWrong(marked), marked, credits: sheet.tasks.map((task) => creditOf(task, marked[task.id])) };
  });
}"""
HAND_INS = [  # right, rounded, a named mistake carried forward, a slip, blanks, nonsense, too few digits, unreadable
    {"a": {"z1": ["0.05", "0.35", "-0.2"], "a1": ["0.05", "0.35", "-0.002"], "L": ["0.792"]}, "b": {}, "c": {}},
    {
        "a": {"z1": ["0.05", "0.35", "-0.2"], "a1": ["0.05", "0.35", "-0.2"], "z2": ["-0.1425", "0.1175"]},
        "b": {}, "c": {},
    },
    {"a": {"z1": ["-0.15", "0.25", "-0.05"], "a1": ["-0.0015", "0.25", "-0.0005"]}, "b": {}, "c": {}},
    {
        "a": {"a2": ["0.4525", "0.5475"]},
        "b": {
            "delta2": ["0.5475", "-0.5475"],
            "dW2": ["0.0274", "-0.0274", "0.1916", "-0.1916", "-0.0011", "0.0011"],
        },
        "c": {},
    },
    {"a": {"z1": ["1", "2", "3"], "a1": ["4", "5", "6"]}, "b": {"dW1": ["1"] * 6}, "c": {"L_new": ["2"]}},
    {"a": {"z1": ["0.1", "x", ""], "L": ["0.8"]}, "b": {"delta2": ["1,234", "0"]}, "c": {"W1_new": ["0.1"] * 6}},
]  # fmt: skip


def test_verdicts_are_those_of_check():
    compared("leaky-relu-softmax-2-3-2", lambda solved: HAND_INS)


def test_other_conventions_are_those_of_check():
    """One alone and two at once, and with a mistake of the table besides; `benchmarks/page_verdicts.py` has all."""

    def by_others(solved):
        solution = solved["a"].solution
        ways = _ways(context_of(solution.derivation, sample_axis(solution)))
        for way in (ways[0], next(way for way in ways if len(way.found.conventions) == 2)):
            for wrong in (None, "dW2"):
                own = convention_values(solution.arrays, way.found.forms)
                own = {given.name: own[given.name] for given in way.derivation.givens}
                for equation in way.derivation.equations:
                    expression = equation.expression
                    if equation.name == wrong:
                        expression = next(other for other, _ in distinct(equation, way.context))
                    own[equation.name] = evaluate(expression, own)
                asked = set(solution.derivation) & {name.partition("[")[0] for name in solved["a"].asked}
                yield {"a": {name: [f"{cell:.4f}" for cell in np.ravel(own[name])] for name in asked}, "b": {}}

    found = compared("sigmoid-5-3-2-update-and-query", by_others)
    said = [{one["convention"] for one in each["marked"]["a"].values() if one.get("convention")} for each in found]
    assert [len(words) for words in said] == [1, 1, 1, 1]
    assert all("not in delta, and take" in word for words in said[2:] for word in words)


def compared(name, hand_ins_of):
    """What the page says of hand-ins of a sheet; `check` has said the same."""
    sheet = find_sheet(name)
    solved = solve_sheet(sheet)
    hand_ins = list(hand_ins_of(solved))
    tasks = Tasks(Derivations())
    for exercise in solved.values():
        tasks.add(exercise)
    data = {**tasks.derivations.data(), "tasks": tasks.tasks, "works": tasks.works}
    values = [values_of(one) for one in tasks.solutions]
    found = in_node(program(), MARKED, {"sheet": json.loads(json.dumps(data)), "values": values, "hand_ins": hand_ins})
    typed = {
        str(place): {
            task: {name: _rows(cells, solved[task].solution[name].shape) for name, cells in names.items()}
            for task, names in hand_in.items()
        }
        for place, hand_in in enumerate(hand_ins)
    }
    words = ("correct", "rounding", "follows", "blank", "unreadable", "mistake", "wrong")
    for report, one in zip(check_class(sheet, typed), found, strict=True):
        assert one["first"] == (list(report.first_wrong) if report.first_wrong else None)
        for task, credit in zip(report.tasks, one["credits"], strict=True):
            assert math.isclose(float(task.report.credit()), credit, abs_tol=1e-12)
            for name, result in task.report.items():
                mine = one["marked"][task.id][name]
                assert [words[cell] for cell in mine["verdicts"]] == [cell for row in result.cells for cell in row], (
                    name
                )
                assert tuple(mine["why"]["ids"] if mine["why"] else ()) == result.mistakes, (name, result)
                assert (mine.get("convention") or "") in result.message
    return found


SEEN = """({ sheet: packed, values, hand_ins, words }) => {
  const sheet = load(packed);
  const right = arraysOf(sheet, values);
  return hand_ins.map((texts) => {
    const { seen } = markSheet(sheet, right, texts).a.z1;
    return seen && filledIn(words["step.seen"], { words: toldOf(seen, words, (name) => name) });
  });
}"""


def test_what_is_seen_is_what_check_sees():
    """Factors, the same number throughout, one operation more, another step."""
    sheet = find_sheet("leaky-relu-softmax-2-3-2")
    exercise = solve_sheet(sheet)["a"]
    tasks = Tasks(Derivations())
    tasks.add(exercise)
    data = {**tasks.derivations.data(), "tasks": tasks.tasks, "works": tasks.works}
    right, arrays = np.ravel(exercise.solution["z1"]), exercise.solution.arrays
    wrong = [right * factor for factor in (2, -1, 1 / 3, -0.25, 0.37, 7 / 5)]
    wrong += [right**2, 1 / right, np.exp(right), 1 - right, right * 0 + 3.5, 2 * np.ravel(arrays["a1"])]
    wrong.append(np.array([0.311, 0.7123, -0.917]))
    hand_ins = [{"a": {"z1": [f"{one:.7f}" for one in each]}} for each in wrong]
    values = [values_of(one) for one in tasks.solutions]
    job = {"sheet": json.loads(json.dumps(data)), "values": values, "hand_ins": hand_ins, "words": _words("en")}
    found = in_node(program(files=(*MARKING, "saying")), SEEN, job)
    told = [exercise.solution.check(each["a"], ask=["z1"])["z1"] for each in hand_ins]
    assert sum(one is not None for one in found) > 9
    for report, said in zip(told, found, strict=True):
        assert (said is None) == bool(report.mistakes or "Wrong:" not in report.message), (report, said)
        assert said is None or report.message.startswith(said), (report.message, said)


def _rows(cells, shape):
    if shape in ((), (1, 1)):
        return cells[0]
    return cells if shape[-1] == 1 else np.array(cells, dtype=object).reshape(shape).tolist()


def test_squeezing_keeps_what_a_program_means():
    source = 'const a = /[/"]\\//.exec(b) ; // "no"\nconst c = a - -1 + `x  ${a} // y` + "// z"; /* kept */\n'
    found = in_node(f"const b = '//'; {squeezed('const f = (x) => x / 2 / 1;')}", "(x) => f(x)", 4)
    assert found == 2
    assert '"// z"' in squeezed(source)
    assert "// y`" in squeezed(source)
    assert "no" not in squeezed(source)
    assert squeezed("return /[\", ]/.test(a) ? `b  ${a}` : ' c ';") == "return/[\", ]/.test(a)?`b  ${a}`:' c ';"
