"""The page marks formulas and chosen weights as `check` does, and keeps what was typed in few letters; run by Node."""

import json

import numpy as np
from in_node import in_node, needs_node

from chalkwork.page.data import Derivations, Tasks, values_of
from chalkwork.page.formulas import formula_data
from chalkwork.page.script import MARKING, program
from chalkwork.sheets.check import check_hand_in
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.library import find_sheet
from chalkwork.sheets.solve import solve_sheet

pytestmark = needs_node
FORMULAS = """
```graph
equations: "s = W x + b; h = tanh(s); e = h - t; L = e^T e / 2"
```
```task
id: a
values: {W: 2x3, x: 3x1, b: 2x1, t: 2x1}
ask: [s, L, dL/ds, dL/dW, dL/db, dL/dx]
```

```graph
name: unit
equations: "z = w * x + b; y = sigmoid(z); L = 1/2 (y - t)^2"
```
```task
id: b
graph: unit
values: {w: 1x1, x: 1x1, b: 1x1, t: 1x1}
ask: [z, y, L, dL/dw]
```
"""
TYPED = {
    "a": {
        "s": ["W x + b", "W@x+b", "s = W @ x + b", "b + W x", "W*x + b", "x W + b", "W · x + b", "W^T x + b", "Wx + b"],
        "L": ["e^T e / 2", "1/2 e^T e", "sum(e^2)/2", "0.5 * sum((h - t)**2)", "e.T @ e / 2", "1/2 dot(e, e)", "e^2/2",
              "mean(e^2)", "sum(e*e, axis=0)/2", "squared_norm(e)/2", "sum(e^2)/2 e"],
        "dL/ds": ["(h - t) * (1 - h^2)", "e ∘ (1 - h∘h)", "dL/dh * (1 - tanh(s)^2)", "∂L/∂h (1 - h^2)", "e (1 - h)",
                  "(tanh(s) - t) * (1 - tanh(W x + b)^2)", "-(t - h) * (1 - h**2)", "e - e h^2", "e - e*h^2"],
        "dL/dW": ["dL/ds x^T", "outer(dL/ds, x)", "dL/ds @ x.T", "x dL/ds", "dL / ds * x^T", "outer(x, dL/ds)"],
        "dL/db": ["dL/ds", "sum(dL/ds, axis=1)", "2 dL/ds - dL/ds", "2dL/ds / 2", "", "   "],
        "dL/dx": ["W^T dL/ds", "W.T@dL/ds", "(dL/ds^T W)^T", "dL/ds^T W", "transpose(W) dL/ds", "W' dL/ds"],
    },
    "b": {
        "z": ["w x + b", "b+x*w", "wx + b", "w(x) + b", "w (x + b)"],
        "y": ["sigmoid(z)", "1/(1+exp(-z))", "1/(1 + e^(-z))", "σ(z)", "sigma(w x + b)", "1/(1+e^-z)", "1/1+e^-z", "z"],
        "L": ["(y-t)^2/2", "1/2(y - t)^2", "1/2 (t - y)^2", "0.5*(y-t)**2", "(y-t)^2/2 x", "2/3 (y-t)^2", "|y-t|", "",
              "1/2 y^2 - y t + 1/2 t^2", "1/2y^2 - y*t + t^2/2"],
        "dL/dw": ["(y - t) y (1 - y) x", "dL/dz x", "dL/dy * y*(1-y) * x", "(y-t)*y*(1-y)", "dL/dq",
                  "exp(log(x)) dL/dz",
                  "((((((((y-t)))))))) y (1-y) x", "(y - t) y (1 - y x", "dL/dz * x_1", "eval(1)", "x; 2", "x" * 201],
    },
}  # fmt: skip
MARKED = """({ sheet: packed, values, hand_ins }) => {
  const sheet = load(packed);
  const right = arraysOf(sheet, values);
  const each = (all, value) => Object.fromEntries(Object.entries(all).map(([key, one]) => [key, value(one)]));
  const said = (texts) => each(markSheet(sheet, right, texts), (task) => each(task, (one) => VERDICTS[one.verdict]));
  return hand_ins.map(said);
}"""


def by_page(solved, hand_ins):
    tasks = Tasks(Derivations())
    for exercise in solved.values():
        tasks.add(exercise)
    data = {**tasks.derivations.data(), "tasks": tasks.tasks, "works": tasks.works, "formulas": formula_data()}
    values = [values_of(one) for one in tasks.solutions]
    job = {"sheet": json.loads(json.dumps(data)), "values": values, "hand_ins": hand_ins}
    return in_node(program(files=(*MARKING, "formulas")), MARKED, job)


def test_formulas_are_marked_as_by_check():
    """What cannot be read is wrong for `check`; the page says that it does not read it."""
    sheet = parse_sheet(FORMULAS)
    count = max(len(typed) for names in TYPED.values() for typed in names.values())
    hand_ins = [
        {
            task: {name: typed[place] for name, typed in names.items() if place < len(typed)}
            for task, names in TYPED.items()
        }
        for place in range(count)
    ]
    as_cells = [
        {task: {name: [text] for name, text in names.items()} for task, names in one.items()} for one in hand_ins
    ]
    found = by_page(solve_sheet(sheet), as_cells)
    met = set()
    for typed, page in zip(hand_ins, found, strict=True):
        for task in check_hand_in(sheet, typed).tasks:
            for name, result in task.report.items():
                said = page[task.id][name]
                met.add(result.verdict)
                expected = (result.verdict, "unreadable") if result.verdict == "wrong" else (result.verdict,)
                assert said in expected, (typed[task.id].get(name), result.verdict, said)
    assert met >= {"correct", "wrong", "blank"}
    right = {"W x + b", "outer(dL/ds, x)", "sum(dL/ds, axis=1)", "1/(1 + e^(-z))", "1/2(y - t)^2"}
    assert all(page[task][name] == "correct" for typed, page in zip(hand_ins, found, strict=True)
               for task, names in typed.items() for name, text in names.items() if text in right)  # fmt: skip


def test_weights_of_ones_own_are_marked_as_by_check():
    sheet = find_sheet("perceptron-rule")
    solved = {name: one for name, one in solve_sheet(sheet).items() if one.solution.setting.choice is not None}
    assert len(solved) == 2
    for task, exercise in solved.items():
        _chosen(sheet, task, exercise)


def _chosen(sheet, task, exercise):
    choice, solution = exercise.solution.setting.choice, exercise.solution
    usual = {name: np.asarray(solution[name], float) for name in choice.names}
    names = [name for name in exercise.asked if name not in solution.setting.words]

    def answered(chosen):
        other = choice.instead(
            {name: np.asarray(value).reshape(solution[name].shape) for name, value in chosen.items()}
        )
        return {name: np.asarray(chosen.get(name, other[name] if name not in chosen else 0)) for name in names}

    kinds = [answered(usual), answered({name: 2 * value for name, value in usual.items()}),
             answered({name: -value for name, value in usual.items()})]  # fmt: skip
    kinds.append({name: value + (name == names[2]) for name, value in kinds[1].items()})
    kinds.append({name: value for name, value in kinds[1].items() if name != names[0]})
    cells = [{task: {name: [f"{one:g}" for one in np.ravel(value)] for name, value in each.items()}} for each in kinds]
    rows = [
        {name: value.tolist() if value.size > 1 else float(value.ravel()[0]) for name, value in each.items()}
        for each in kinds
    ]
    for typed, page in zip(rows, by_page({task: exercise}, cells), strict=True):
        (report,) = [one.report for one in check_hand_in(sheet, {task: typed}).tasks if one.id == task]
        assert {name: page[task][name] for name in names} == {name: report[name].verdict for name in names}


KEPT = """({ sheet: packed, values, hand_ins, most }) => {
  const sheet = load(packed);
  const right = arraysOf(sheet, values);
  return hand_ins.map((typed) => {
    const made = () => ({ at: -1, typed: {}, shown: new Set(), tasks: sheet.tasks, values: right,
      go(at) { this.at = at; },
      shapeOf: (task, name) => sheet.derivations[sheet.works[task.work]].shapes[name] });
    const [before, after, less] = [made(), made(), made()];
    Object.assign(before, { at: 12, typed, shown: new Set(["a z1", "c W1_new"]) });
    const whole = packedState(before);
    unpackState(after, whole.text);
    const part = packedState(before, most);
    unpackState(less, part.text);
    const { at, typed: back, shown } = after;
    return { length: whole.text.length, at, typed: back, shown: [...shown], part, less: less.typed };
  });
}"""


def test_what_is_typed_comes_back_from_few_letters():
    solved = solve_sheet(find_sheet("leaky-relu-softmax-2-3-2"))
    tasks = Tasks(Derivations())
    for exercise in solved.values():
        tasks.add(exercise)
    data = {**tasks.derivations.data(), "tasks": tasks.tasks, "works": tasks.works}
    random = np.random.default_rng(1)
    shapes = {
        task["id"]: {name: solved[task["id"]].solution[name].size for name in task["asked"]} for task in tasks.tasks
    }
    odd = ["", "−0.5", "½", "x|", "1/3", "0,25", "  7 ", "-ln(0.4)", "é", "\u2713", "00.10"]

    def of(cell):
        return {task: {name: [cell(task, name, at) for at in range(size)] for name, size in names.items()}
                for task, names in shapes.items()}  # fmt: skip

    hand_ins = [
        of(lambda task, name, at: f"{float(np.ravel(solved[task].solution[name])[at]):.4f}"),
        of(lambda task, name, at: f"{random.normal():.7f}"),
        of(lambda task, name, at: odd[int(random.integers(len(odd)))]),
        {"b": {"delta2": ["", "1"]}},
        {},
    ]
    values = [values_of(one) for one in tasks.solutions]
    job = {"sheet": json.loads(json.dumps(data)), "values": values, "hand_ins": hand_ins, "most": 200}
    found = in_node(program(files=(*MARKING, "state")), KEPT, job)
    for typed, one in zip(hand_ins, found, strict=True):
        kept = {task: {name: cells for name, cells in names.items() if any(cells)} for task, names in typed.items()}
        back = {task: {name: [*cells, *[""] * (shapes[task][name] - len(cells))] for name, cells in names.items()}
                for task, names in one["typed"].items()}  # fmt: skip
        assert back == {task: names for task, names in kept.items() if names}
        assert (one["at"], one["shown"]) == (12, ["a z1", "c W1_new"])
        count = sum(bool(cell) for names in typed.values() for cells in names.values() for cell in cells)
        left = sum(bool(cell) for names in one["less"].values() for cells in names.values() for cell in cells)
        assert one["part"]["unkept"] == count - left
        assert len(one["part"]["text"]) <= 200
        assert one["part"]["text"].endswith("~") == bool(count - left)
    assert found[0]["length"] < 80 < found[1]["length"] < 400
    assert found[1]["part"]["unkept"] > 0
