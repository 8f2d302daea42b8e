"""The sheet format: what is read from good sheets, and which files are no sheets."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from test_sheet_errors import GRAPH, NET, front, net, task

from chalkwork import Graph
from chalkwork.algebra.operations import TABLE
from chalkwork.errors import SheetError
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.schema import Convention, Layer, Loss, Precision, Prose
from chalkwork.sheets.solve import solve_sheet

GOOD = """\
---
title: Back-propagation by hand
author: [A. Tutor, B. Tutor]
date: 2024-12-04
convention: {samples: columns, weights: in_out}
notation: {net: s, activation: h, loss: L, brackets: true, first: 1, other: on}
decimals: 4
---
A network with two inputs, three leaky-ReLU units and two softmax outputs, no biases.

```network
name: net
loss: cross_entropy
layers:
  - {weights: [[0.15, -0.25, 0.05], [0.2, 0.1, -0.15]], bias: false, activation: leaky_relu(0.01)}
  - {weights: [[0.2, 0.5], [-0.35, 0.15], [0.15, -0.2]], bias: false, activation: softmax}
```

(a) Propagate $x$ forward and compute the loss.

```task
id: a
points: 0.1
network: net
x: [-1, 1]
y: [1, 0]
ask: [z1, a1, z2, a2, L]
```

```python
print("ordinary code stays prose")
```

(b) Update the weights.

~~~~task
id: b
points: 0.2
after: a
learning_rate: 1e-1
steps: 2
ask: [dW2, L_new, "W1[1,2]"]
significant: 3
rounding: every_line
detail: entries
long_way: true
~~~~

   ```graph
   equations: |
     c = a + b
     d = b + 1; e = c * d
   output: e
   ```

```task
id: 3
graph: graph
values: {a: 2, b: 1/3, y: 1}
ask: de/db
hint: |
  two paths lead from b
```
"""

# ---------------------------------------------------------------------------------------------- good sheets


def test_a_good_sheet_gives_everything_it_says() -> None:
    sheet = parse_sheet(GOOD, "good.md")
    assert (sheet.file, sheet.title, sheet.author) == ("good.md", "Back-propagation by hand", "A. Tutor, B. Tutor")
    assert (sheet.date, sheet.decimals, sheet.significant, sheet.rounding) == ("2024-12-04", 4, None, "shown")
    assert sheet.convention == Convention("columns", "in_out")
    assert sheet.notation == {
        "net": "s", "activation": "h", "loss": "L", "brackets": True, "first": 1, "other": "on"
    }  # fmt: skip
    network = sheet.networks["net"]
    assert network.loss == Loss("cross_entropy")
    first = ((0.15, -0.25, 0.05), (0.2, 0.1, -0.15))
    assert network.layers[0] == Layer(2, 3, first, False, settings=(("activation", "leaky_relu(0.01)"),))
    assert (network.layers[1].inputs, network.layers[1].units) == (3, 2)
    a, b, c = sheet.tasks
    assert (a.id, a.points, a.network, a.graph, a.x, a.y) == ("a", Fraction(1, 10), "net", None, (-1, 1), (1, 0))
    assert a.ask == ("z1", "a1", "z2", "a2", "L")
    assert a.precision == Precision(4, None, "shown")
    assert a.points is not None and b.points is not None and a.points + b.points == Fraction(3, 10)
    assert (b.network, b.after, b.learning_rate, b.steps, b.long_way) == ("net", "a", 0.1, 2, True)
    assert (b.decimals, b.significant, b.rounding, b.detail) == (None, 3, "every_line", "entries")
    assert b.ask == ("dW2", "L_new", "W1[1,2]")
    assert sheet.graphs["graph"].equations == ("c = a + b", "d = b + 1", "e = c * d")
    assert sheet.graphs["graph"].output == ("e",)
    assert (c.id, c.graph, c.values, c.ask) == ("3", "graph", {"a": 2, "b": 1 / 3, "y": 1}, ("de/db",))
    assert c.hint == "two paths lead from b\n"


def test_lines_are_known_down_to_the_rows() -> None:
    sheet = parse_sheet(GOOD)
    network, graph, first = sheet.networks["net"], sheet.graphs["graph"], sheet.tasks[0]
    assert sheet.line_of("notation", "net") == 6
    assert sheet.line_of("nothing") == 1
    assert (network.line, network.line_of("layers", 1, "weights", 0, 1)) == (11, 16)
    assert network.line_of("seed") == 11
    assert [graph.line_of("equations", i) for i in range(3)] == [51, 52, 52]
    assert (first.line_of("x", 1), first.line_of()) == (25, 21)
    rows = parse_sheet(task("id: a\nx:\n- 1\n- 2"))
    assert rows.tasks[0].line_of("x", 1) == 8


def test_prose_is_kept_and_ordinary_code_is_prose() -> None:
    sheet = parse_sheet(GOOD)
    prose = [block for block in sheet.blocks if isinstance(block, Prose)]
    assert any("ordinary code" in block.markdown for block in prose)
    assert [block.line for block in prose] == [9, 18, 29, 48, 55]
    assert sheet.text == GOOD


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark(end: str, mark: str, tmp_path: Path) -> None:
    file = tmp_path / "sheet.md"
    file.write_bytes((mark + GOOD.replace("\n", end)).encode())
    sheet = read_sheet(file)
    assert sheet.title == "Back-propagation by hand"
    assert sheet.networks["net"].line_of("layers", 1) == 16
    assert sheet.graphs["graph"].line_of("equations", 2) == 52
    assert sheet.text.encode() == file.read_bytes()
    assert len(parse_sheet(mark + NET).networks) == 1


def test_without_front_matter_the_defaults_hold() -> None:
    sheet = parse_sheet("")
    assert (sheet.title, sheet.convention, sheet.notation) == ("", Convention("rows", "in_out"), {})
    assert sheet.precision == Precision(None, None, "shown")
    assert (sheet.blocks, parse_sheet("---\n---\n").blocks) == ((), ())


def test_a_network_can_have_its_own_convention_and_constant_weights() -> None:
    text = front("convention: {samples: columns}") + net(
        "convention: {weights: out_in}\nseed: 3\nloss: {name: squared_error, factor: 1/2, reduction: sum}\n"
        "layers:\n- {units: 3, inputs: 5, weights: 0.1, bias: 0}\n- {units: 2, bias: [1, 1e-3]}"
    )
    network = parse_sheet(text).networks["net"]
    assert network.convention == Convention("columns", "out_in")
    assert network.loss == Loss("squared_error", Fraction(1, 2), "sum")
    assert network.layers == (Layer(5, 3, 0.1, 0.0), Layer(3, 2, None, (1.0, 0.001)))
    assert (network.seed, network.layers[0].settings) == (3, ())


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", 3),
        ("-.5", -0.5),
        ("5.", 5),
        ("1e-3", 0.001),
        ("+2.5E2", 250),
        ("1/3", 1 / 3),
        ("-2 / 4", -0.5),
        ("'7'", 7),
    ],
)
def test_numbers(written: str, value: float) -> None:
    assert parse_sheet(task(f"id: a\nx: [{written}]")).tasks[0].x == (value,)


@pytest.mark.parametrize(
    ("before", "key", "network", "graph"),
    [
        (NET, "x: [1]", "net", None),
        (GRAPH, "values: {a: 1}", None, "graph"),
        (NET + GRAPH, "learning_rate: 1", "net", None),
        (NET + GRAPH, "values: {a: 1}", None, "graph"),
        (NET + GRAPH, "graph: graph", None, "graph"),
    ],
)
def test_the_network_or_graph_is_found(before: str, key: str, network: str | None, graph: str | None) -> None:
    found = parse_sheet(task(f"id: a\n{key}", before)).tasks[0]
    assert (found.network, found.graph) == (network, graph)


@pytest.mark.parametrize(
    "hidden",
    [
        "````markdown\n```task\nnonsense\n```\n````\n",
        "~~~\n```network\n```\n~~~\n",
        "<!--\n```task\nnonsense\n```\n-->\n",
        "<!-- ```task -->\n",
        "Inline ```task``` code and ``` task\n",
        "```` `task`\n",
        "```\n---\n```\n",
        "```text\n```\n```{python}\n```\n```graphql\n```\n``` {.bash #id}\n```\n",
    ],
)
def test_what_only_looks_like_a_block_is_prose(hidden: str) -> None:
    sheet = parse_sheet(hidden)
    assert sheet.blocks == (Prose(hidden, 1),)


# -------------------------------------------------------------------------------------------------- files


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    latin = tmp_path / "latin.md"
    latin.write_bytes(b"one\r\ntwo\n\xfcber")
    cases = [(tmp_path, None, "cannot be read"), (tmp_path / "none.md", None, "No such file"), (latin, 3, "not UTF-8")]
    for path, line, words in cases:
        with pytest.raises(SheetError, match=words) as caught:
            read_sheet(path)
        assert (caught.value.file, caught.value.line) == (str(path), line)
    with pytest.raises(SheetError, match="not a file name"):
        read_sheet("a\0b")


def test_a_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    huge = tmp_path / "huge.md"
    with huge.open("wb") as stream:
        stream.truncate(100_000_000)
    start = time.process_time()
    with pytest.raises(SheetError, match="limit is 2000000 bytes"):
        read_sheet(huge)
    assert time.process_time() - start < 0.1


ADAM = """
```network
loss: squared_error
l2: 0.1
layers:
  - {weights: [[0.5], [-0.3]], bias: false, activation: tanh}
```
```task
id: a
x: [1, 2]
y: [1]
learning_rate: 0.1
optimizer: {name: adam, beta1: 0.8}
ask: [mW1_new, W1_new]
```
"""


def test_a_task_may_update_by_any_rule():
    (part,) = solve_sheet(parse_sheet(ADAM)).values()
    gradient = part.solution["dW1"]
    np.testing.assert_allclose(part.solution["mW1_new"], 0.2 * gradient, rtol=1e-14)
    np.testing.assert_allclose(part.solution["W1_new"], [[0.6], [-0.2]], atol=1e-8)
    assert part.solution["L"] == pytest.approx(0.5 * (np.tanh(-0.1) - 1) ** 2 + 0.05 * 0.34)


def test_an_update_that_forgets_what_the_rule_keeps_is_refused():
    again = ADAM + "```task\nid: b\nafter: a\nlearning_rate: 0.1\n```\n"
    with pytest.raises(SheetError, match="line 16: task b: this would start adam afresh"):
        solve_sheet(parse_sheet(again))


@pytest.mark.parametrize(
    "name",
    [name for name, entry in TABLE.items() if entry.parameters and not entry.own_axes
     and name not in ("at_moment", "join_heads", "one_hot")],
)  # fmt: skip
def test_a_parameter_goes_by_its_name_in_a_sheet_as_in_python(name):
    key = next(iter(TABLE[name].parameters))
    value = {
        "broadcast": "[2, 2]",
        "reshape": "[1, 4]",
        "diagonal": "[2, 1]",
        "entry": "[1, 2]",
        "placed": "[1, 2]",
        "part": "[1, 2, 2, 2]",
        "padded": "[1, 2, 2, 3], shape=[2, 3]",
    }.get(name, "1")
    given = "A, 4" if TABLE[name].arity == 2 else "A"
    equation, given = f"c = sum(({name}({given}, {key}={value})))", [[1.0, 2.0], [3.0, 5.0]]
    text = f"```graph\nequations: {equation}; d = c\n```\n```task\nid: a\nvalues: {{A: {given}}}\nask: [c]\n```\n"
    (part,) = solve_sheet(parse_sheet(text)).values()
    assert part.solution["c"] == pytest.approx(Graph(equation).solve(A=given)["c"])
