"""Whatever is wrong, the command says so in one paragraph on standard error, with file and line, and exits with 2."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalkwork import ChalkworkError
from chalkwork.cli import main
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.terminal import to_text
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet
from chalkwork.solutions.export import to_json
from chalkwork.solutions.notebook import to_notebook

NET = "```network\nlayers: [{weights: [[1, 2], [3, 4]], bias: [0, 0]}]\n```\n"
GRAPH = "```graph\nequations: |\n  c = a + b\n  d = c * a\n```\n"
DEEP = 10_000


def task(body: str, before: str = NET) -> str:
    return f"{before}```task\nid: t\n{body}\n```\n"


def network(layers: str, body: str = "x: [1, 2]\ny: [1, 0]", more: str = "") -> str:
    return f"```network\n{more}layers:\n{layers}\n```\n```task\nid: t\n{body}\n```\n"


def graph(equations: str, values: str = "{a: 1, b: 2}", more: str = "") -> str:
    lines = "\n".join(f"  {line}" for line in equations.split("\n"))
    return f"```graph\nequations: |\n{lines}\n```\n```task\nid: t\nvalues: {values}\n{more}\n```\n"


# Each with its line (None: the whole file) and the words that have to be there.
# fmt: off
SHEETS: dict[str, tuple[str, int | None, list[str]]] = {
    # shapes
    "x too long": (task("x: [1, 2, 3]"), 6, ["x has 3 entries", "2 inputs"]),
    "x too wide": (task("x: [[1, 2, 3], [4, 5, 6]]"), 6, ["x is 2x3", "needs 2 columns"]),
    "x transposed": (task("x: [[1], [2]]"), 6, ["x is 2x1", "transpose"]),
    "y too long": (task("x: [1, 2]\ny: [1, 2, 3]"), 7, ["y has 3 entries", "2 outputs"]),
    "y of other size": (task("x: [[1, 2], [3, 4]]\ny: [[1, 0]]"), 7, ["y holds 1 sample", "x holds 2"]),
    "x ragged": (task("x: [[1, 2], [3]]"), 6, ["row 2 has 1 entry", "row 1 has 2"]),
    "weights ragged": (network("- {weights: [[1, 2], [3]]}"), 3, ["weights", "row 2 has 1 entry"]),
    "layers do not fit": (
        network("- {weights: [[1, 2], [3, 4]]}\n- {weights: [[1, 2, 3]]}"), 4,
        ["expected 2 inputs", "1x3"]),
    "bias too long": (network("- {weights: [[1, 2], [3, 4]], bias: [1, 2, 3]}"), 3, ["bias", "2 units", "found 3"]),
    "matrix of three": (task("x: [[[1]]]"), 6, ["x has 3 dimensions; a matrix has two"]),
    "message": (
        graph("z2 = W2 @ a1 + b2", "{W2: [[1, 2, 3], [4, 5, 6]], a1: [1, 2, 3, 4], b2: [1, 2]}"), 7,
        ["W2 is 2x3, but a1 has 4 rows, in z2 = W2 @ a1 + b2"]),
    "graph of matrices": (
        graph("z = W @ x", "{W: [[1, 2], [3, 4]], x: [1, 2, 3]}"), 7, ["W is 2x2", "x has 3 rows", "z = W @ x"]),
    "sum of matrices": (
        graph("z = W + x", "{W: [[1, 2], [3, 4]], x: [1, 2, 3]}"), 7, ["W", "2x2", "x", "3x1", "z = W + x"]),
    # numbers
    "nan": (task("x: [1, .nan]"), 6, ["x[2]", "finite number", ".nan"]),
    "inf": (task("x: [1, .inf]"), 6, ["x[2]", "finite number"]),
    "too large": (task("x: [1, 1e999]"), 6, ["x[2]", "double precision"]),
    "too small": (task("x: [1, 1e-999]"), 6, ["x[2]", "double precision"]),
    "a word": (task("x: [1, one]"), 6, ["x[2]", "'one'"]),
    "a quoted word": (task("x: 'one'"), 6, ["x", "'one'"]),
    "too large, equation": (graph("c = 1e999 * a"), 3, ["too large", "1e999"]),
    "too many digits": (task(f"x: [1, {'1' * 5000}]"), 6, ["x[2]"]),
    # names
    "activation": (
        network("- {weights: [[1, 2], [3, 4]], activation: sigmiod}"), 3, ["'sigmiod'", "did you mean sigmoid"]),
    "activation, parameter": (
        network("- {weights: [[1, 2], [3, 4]], activation: leaky_relu(x)}"), 3, ["leaky_relu", "'x'"]),
    "loss": (
        network("- {weights: [[1, 2], [3, 4]]}", more="loss: cross_entrpy\n"), 2,
        ["'cross_entrpy'", "did you mean cross_entropy"]),
    "operation": (graph("c = a + b\nd = sigmiod(c)"), 4, ["sigmiod(...)", "did you mean sigmoid"]),
    "cycle": (graph("a = b\nb = c\nc = a", "{}"), 3, ["depends on itself", "a -> b -> c -> a"]),
    "cycle with itself": (graph("a = a + 1", "{}"), 3, ["a depends on itself"]),
    "defined twice": (graph("c = a\nc = b"), 4, ["c is defined twice"]),
    "no value": (graph("c = a + b + q"), 5, ["needs a value for q"]),
    "a value too many": (graph("c = a + b", "{a: 1, b: 2, q: 3}"), 7, ["q does not occur", "a, b"]),
    "a value for a result": (graph("c = a + b", "{a: 1, b: 2, c: 3}"), 7, ["c is computed"]),
    "output": (
        "```graph\nequations: c = a\noutput: d\n```\n" + "```task\nid: t\nvalues: {a: 1}\n```\n", 3, ["'d'"]),
    "ask": (task("x: [1, 2]\nask: [z7]"), 7, ["z7", "z1, a1"]),
    "ask an entry": (task("x: [1, 2]\nask: ['z1[3]']"), 7, ["z1[3]", "no such entry"]),
    "ask an entry of nothing": (task("x: [1, 2]\nask: ['z1[0]']"), 7, ["z1[0]", "no such entry"]),
    "ask an odd entry": (task("x: [1, 2]\nask: ['z1[a]']"), 7, ["z1[a]", "no such entry"]),
    "ask an entry of a scalar": (graph("c = a + b", more="ask: ['c[1]']"), 8, ["c[1]", "no such entry"]),
    "ask new": (task("x: [1, 2]\ny: [1, 0]\nask: [W1_new]"), 8, ["W1_new", "learning_rate"]),
    "ask a gradient without a target": (task("x: [1, 2]\nask: [dW1]"), 7, ["dW1"]),
    "notation": ("---\nnotation: brakets\n---\n" + task("x: [1, 2]"), 2, ["'brakets'", "brackets"]),
    "notation key": (
        "---\nnotation:\n  net: s\n  nett: s\n---\n" + task("x: [1, 2]"), 4, ["'nett'", "did you mean net"]),
    "notation value": (
        "---\nnotation:\n  net: s\n  layer: up\n---\n" + task("x: [1, 2]"), 4, ["layer", "'up'"]),
    "code in the notation": (
        "---\nnotation: {net: '\\input{x}'}\n---\n" + task("x: [1, 2]"), 2, ["net", "letter"]),
    "code": (graph("c = __import__('os').system('x')"), 3, ["cannot stand here", "in c = __import__"]),
    "code as a name": (graph("c = a + __import__"), None, ["__import__"]),
    "no equation": (graph("a + b"), 3, ["name = expression"]),
    "nothing to differentiate": (graph("c = "), 3, ["c ="]),
    # values that lead nowhere
    "no distribution": (
        network("- {weights: [[1, 2], [3, 4]], activation: softmax}", "x: [1, 2]\ny: [1, 1]",
                "loss: cross_entropy\n"), 9, ["distribution", "add up to 2"]),
    "negative target": (
        network("- {weights: [[1, 2], [3, 4]], activation: softmax}", "x: [1, 2]\ny: [2, -1]",
                "loss: cross_entropy\n"), 9, ["distribution", "at least 0"]),
    "target beyond one": (
        network("- {weights: [[1], [2]], activation: sigmoid}", "x: [1, 2]\ny: [2]",
                "loss: binary_cross_entropy\n"), 9, ["between 0 and 1"]),
    "logarithm of zero": (
        network("- {weights: [[0, 1], [0, 1]]}", "x: [1, 2]\ny: [1, 0]", "loss: cross_entropy\n"), 6,
        ["logarithm of zero", "L = -sum(xlogy(y, a1))"]),
    "logarithm of a negative number": (
        network("- {weights: [[-1, 1], [0, 1]]}", "x: [1, 2]\ny: [1, 0]", "loss: cross_entropy\n"), 6,
        ["logarithm of a negative number", "L = "]),
    "saturated": (
        network("- {weights: [[1000, 0], [0, 0]], activation: softmax}", "x: [1, 0]\ny: [0, 1]",
                "loss: cross_entropy\n"), 6, ["logarithm of zero", "L = "]),
    "overflow": (graph("c = exp(1e4 * a) + b"), 5, ["overflow of exp", "in c, in c = exp"]),
    "division by zero": (graph("c = a / (b - 2)"), 5, ["division by zero", "c = a / (b - 2)"]),
    "root of a negative number": (graph("c = sqrt(a - b)"), 5, ["square root of a negative", "c = sqrt"]),
    "derivative at its pole": (graph("c = sqrt(a - 1) + b"), 5, ["division by zero", "dc/da"]),
    "overflow after the update": (
        network("- {weights: [[1, 2], [3, 4]]}", "x: [1, 2]\ny: [1, 0]\nlearning_rate: 1e300\nsteps: 5"), 5,
        ["overflow"]),
    "not finite": (network("- {weights: [[1e308, 2], [1e308, 4]]}", "x: [1e308, 2]"), 5, ["z1[1,1]", "overflow"]),
    # settings
    "rate": (task("x: [1, 2]\ny: [1, 0]\nlearning_rate: -0.1"), 8, ["learning_rate", "greater than 0", "-0.1"]),
    "steps": (task("x: [1, 2]\ny: [1, 0]\nlearning_rate: 0.1\nsteps: 0"), 9, ["steps", "from 1 to 100", "found 0"]),
    "rate without a target": (task("x: [1, 2]\nlearning_rate: 0.1"), None, ["needs a target y"]),
    "decimals": (task("x: [1, 2]\ndecimals: 99"), 7, ["decimals", "0 to 15", "99"]),
    "no x": (task("y: [1, 2]"), None, ["x is missing"]),
    "units": (network("- {units: 1000000000, inputs: 2}"), 3, ["units", "1000000000"]),
    "many large layers": (
        network("\n".join(["- {units: 1000, inputs: 1000}"] * 21), "x: [1]"), None, ["layers"]),
    # YAML and size
    "bracket": (task("x: [1, 2"), None, ["close it with ]"]),
    "tab": (task("x:\t[1]\n\ty: [1]"), 7, ["tab"]),
    "alias": (task("x: &a [1, *a]"), 6, ["anchors"]),
    "object": (task("x: !!python/object/apply:os.system ['x']"), 6, ["tags"]),
    "billion laughs": (task("x: [" + "[1,1,1,1,1,1,1,1,1,1]," * 20_000 + "]"), 6, ["more than 100000 values"]),
    "nested quotations": ("a\n\n" + ">" * 900 + " hello\n", 3, ["more than 16 quotations and lists", "flatter"]),
    "nested quotations, nothing in them": (">" * DEEP, 1, ["more than 16 quotations and lists"]),
    "nested quotations, apart": ("> " * 17 + "hello\n", 1, ["more than 16 quotations and lists"]),
    "nested lists of prose": ("a\n\n" + "- " * 900 + "hello\n", 3, ["more than 16 quotations and lists"]),
    "nested numbers": ("a\n\n" + "1. " * 17 + "hello\n", 3, ["more than 16 quotations and lists"]),
    "nested lists, indented": (
        "\n".join("  " * each + "- a" for each in range(17)), 17, ["more than 16 quotations and lists"]),
    "nested lists": (task("x: " + "[" * DEEP + "]" * DEEP), 6, ["nested"]),
    "nested lists, open": (task("x: " + "[" * DEEP), 6, ["nested"]),
    "nested mappings": (task("x: " + "{a: " * DEEP), 6, ["nested"]),
    "nested brackets": (graph("c = " + "(" * DEEP + "a" + ")" * DEEP), 3, ["at most"]),
    "nested brackets, list": (graph("c = " + "(" * 900 + "a" + ")" * 900), 3, ["levels"]),
    "powers of powers": (graph("c = " + "^".join("a" * 900)), 3, ["levels"]),
    "signs": (graph("c = " + "-" * 1900 + "a"), 3, ["levels"]),
    "a long sum": (graph("c = " + " + ".join("a" * 400)), 3, ["more than"]),
    "many equations": (graph("\n".join(f"c{n} = a" for n in range(1001))), 2, ["1 to 1000 equations"]),
    "no task": ("```network\nlayers: [", None, ["never closed"]),
    "block not closed": (NET + "```task\nid: t\n", 4, ["never closed"]),
    "NUL": ("a\n\0", 2, ["NUL"]),
}
# fmt: on


def solve(path: Path, out: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """The paragraph on standard error; everything that holds for every refusal is checked here."""
    start = time.process_time()
    code = main(["solve", str(path), "-o", str(out), *more])
    seconds = time.process_time() - start
    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    assert captured.err.startswith("chalkwork: ")
    assert captured.err.count("\n") == 1
    assert captured.err.endswith("\n")
    assert "Traceback" not in captured.err
    assert len(captured.err) < 2000
    assert not out.exists()
    assert seconds < 2
    return captured.err


@pytest.mark.parametrize("case", SHEETS)
def test_a_sheet_that_cannot_be_solved(case, tmp_path, capsys):
    text, line, words = SHEETS[case]
    path = tmp_path / "sheet.md"
    path.write_text(text, encoding="utf-8")
    message = solve(path, tmp_path / "out.md", capsys)
    assert message.startswith(f"chalkwork: {path}, line ")
    if line is not None:
        assert re.match(rf"chalkwork: {re.escape(str(path))}, line {line}(?:, column \d+)?: ", message)
    for word in words:
        assert word in message


def test_files_that_are_no_sheets(tmp_path, capsys):
    out = tmp_path / "out.json"
    assert "No such file" in solve(tmp_path / "missing.md", out, capsys)
    assert "directory" in solve(tmp_path, out, capsys).lower()
    huge = tmp_path / "huge.md"
    with huge.open("wb") as stream:
        stream.truncate(100_000_000)
    assert f"{huge}: " in (message := solve(huge, out, capsys))
    assert "too large" in message
    latin = tmp_path / "latin.md"
    latin.write_bytes(b"caf\xe9\n")
    assert f"{latin}, line 1: the sheet is not UTF-8" in solve(latin, out, capsys)


def test_outputs_that_cannot_be_written(tmp_path, capsys):
    sheet = tmp_path / "sheet.md"
    sheet.write_text(task("x: [1, 2]"), encoding="utf-8")
    for suffix in ("md", "html", "pdf", "tex", "docx", "ipynb", "json", "txt"):
        out = tmp_path / "missing" / f"out.{suffix}"
        assert f"{out} cannot be written: No such file or directory" in solve(sheet, out, capsys)
    assert "no known suffix; use .md" in solve(sheet, tmp_path / "out.xyz", capsys)
    assert "no known suffix" in solve(sheet, tmp_path / "out", capsys)


def test_options_that_cannot_be(tmp_path, capsys):
    sheet = tmp_path / "sheet.md"
    sheet.write_text(task("x: [1, 2]"), encoding="utf-8")
    out = tmp_path / "out.md"
    assert "decimals are a number from 0 to 15, not 99" in solve(sheet, out, capsys, "--decimals", "99")
    assert "decimals are a number from 0 to 15, not -1" in solve(sheet, out, capsys, "--decimals=-1")
    assert "did you mean brackets" in solve(sheet, out, capsys, "--notation", "bracket")


def test_ten_thousand_brackets_in_prose_are_prose(tmp_path, capsys):
    sheet = tmp_path / "sheet.md"
    for deep in ("[" * DEEP, "*a " * DEEP, "- " * DEEP + "-"):
        sheet.write_text(deep + "\n\n" + task("x: [1, 2]"), encoding="utf-8")
        for suffix in ("txt", "md", "json"):
            start = time.process_time()
            assert main(["solve", str(sheet), "-o", str(tmp_path / f"out.{suffix}")]) == 0
            assert time.process_time() - start < 2
    capsys.readouterr()


@pytest.mark.parametrize("deep", ["$" + "{" * DEEP + "}" * DEEP + "$", r"$\frac{1}{" * DEEP + "$"])
def test_ten_thousand_brackets_in_a_formula_are_refused_with_their_line(deep, tmp_path, capsys):
    sheet = tmp_path / "sheet.md"
    sheet.write_text(f"One\n\n{deep}\n\n" + task("x: [1, 2]"), encoding="utf-8")
    assert main(["solve", str(sheet)]) == 2
    assert "line 3: a formula has more than 100 groups within each other" in capsys.readouterr().err


def test_an_error_of_the_reader_shows_its_caret(tmp_path, capsys):
    sheet = tmp_path / "sheet.md"
    sheet.write_text("```claim\nid: c\nstatement: 1 + a(b + c) = 0\n```\n", encoding="utf-8")
    assert main(["solve", str(sheet)]) == 2
    _, excerpt, caret = capsys.readouterr().err.rstrip("\n").split("\n")
    assert caret.strip() == "^" and excerpt[caret.index("^") :].startswith("a(b + c)")


# --- anything at all -------------------------------------------------------------------------------------------

SHEET = """\
---
title: A sheet
convention: {samples: columns, weights: in_out}
notation: {net: s, activation: h}
decimals: 3
---
Some prose with $x_1^{[2]}$, *stress* and
$$ \\frac{a}{b} $$

```network
loss: {name: squared_error, factor: 1/2}
layers:
  - {weights: [[0.1, 0.2], [0.3, -0.4]], bias: [0, 1], activation: leaky_relu(0.1)}
  - {units: 2, weights: 0.1, activation: softmax}
```

```task
id: a
points: 1/2
x: [1, 2]
y: [0, 1]
learning_rate: 0.5
ask: [z1, "W1[1,2]", L_new]
```

```task
id: b
after: a
detail: entries
```

```graph
name: g
equations: |
  c = a + b
  d = exp(c) * a; e = d / c
```

```task
id: c
graph: g
values: {a: 2, b: 1}
note: 'a note'
```
"""
# fmt: off
WORDS = [
    "1", "-2", "0", "1e300", "1e-300", "1e999", ".nan", "[1, 2]", "[[1, 2], [3, 4]]", "a", "z1", "x", "softmax",
    "sigmoid", "tanh", "log", "sqrt(", "sum(", "max(", "cross_entropy", "binary_cross_entropy", "columns", "rows",
    "out_in", "every_line", "entries", "true", "false", "rounding: every_line\n", "significant: 2\n",
    "detail: entries\n", "steps: 3\n", "long_way: true\n", "learning_rate: 1000\n", "predict", "W1_new", "class",
    "ask: [class]\n", "dc/da", "delta1", "@", ".T", "^", "**", "/", "*", "-", "(", ")", ",", ";", "\n", " ", "$", "$$",
    "\\", "{", "}", "_", "```\n", "#", "<", "|", "é", "α", "𝟏", "\u202e", "none", "identity", "log_softmax", "gelu",
]
# fmt: on


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The sheet with a few stretches of it replaced by words of the language, or by others of its own."""
    text = SHEET
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 6)))
        if draw(st.booleans()):
            start, end = _token(text, start)
        text = text[:start] + draw(st.sampled_from(WORDS)) + text[end:]
    return text


def _token(text: str, place: int) -> tuple[int, int]:
    start = end = min(place, len(text) - 1)
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return start, end


def whole_pipeline(text: str) -> None:
    """Everything that is written without another program; ChalkworkError is the only way out."""
    try:
        sheet = parse_sheet(text)
        for show in ("solution", "sheet", "blanks"):
            book = workbook(sheet, show)
            to_text(book.document)
            to_markdown(book.document)
        to_json(book)
        to_notebook(book)
    except ChalkworkError as error:
        assert "\n" not in str(error)
        assert error.file == "<sheet>"


def test_the_sheet_that_is_mutated_is_a_good_one():
    assert [task.id for task in workbook(parse_sheet(SHEET)).tasks] == ["a", "b", "c"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_nothing_but_a_chalkwork_error_comes_out(text):
    whole_pipeline(text)
