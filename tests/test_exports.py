"""Solutions as files: every suffix, the JSON's exact shape, notebooks that compute the same numbers again."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from random_networks import ACTIVATIONS, draw
from test_graph import Drawn

from chalkwork import ChalkworkError, Dense, Graph, NeuralNetwork
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet
from chalkwork.solutions.export import EXPORTERS, Workbook, save, to_json
from chalkwork.solutions.notebook import to_notebook

SHEET = """\
---
title: Two tasks
convention: {samples: columns, weights: in_out}
---
```network
loss: cross_entropy
layers:
  - {weights: [[0.15, -0.25, 0.05], [0.2, 0.1, -0.15]], activation: leaky_relu(0.01)}
  - {weights: [[0.2, 0.5], [-0.35, 0.15], [0.15, -0.2]], bias: false, activation: softmax}
```
```task
id: a
points: 1/2
x: [-1, 1]
y: [1, 0]
ask: [z1, a2, L, class]
```
```task
id: b
points: 2
after: a
learning_rate: 0.1
detail: entries
ask: [L_new, "W1_new[1,2]"]
```
```graph
name: g
equations: |
  c = a + b
  e = c * (b + 1)
```
```task
id: c
graph: g
values: {a: 2, b: 1}
```
"""


def network():
    return NeuralNetwork(
        [Dense(weights=[[0.5, -1, 2], [1, 0.25, 0]], bias=[0, 1, -1], activation="tanh"), Dense(2, "softmax")],
        "cross_entropy", samples="columns",
    )  # fmt: skip


def works():
    return {
        "network": Workbook.of(network().solve([1, -2], [0, 1], 0.1), "One sample"),
        "batch": Workbook.of(network().solve([[1, 0, 2], [-2, 1, 0]], [[0, 1, 1], [1, 0, 0]], 0.1), "A batch"),
        "forward": Workbook.of(network().solve([1, -2]), "Forward"),
        "graph": Workbook.of(Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1), "A graph"),
        "matrices": Workbook.of(Graph("z = W @ x; L = sum(z^2)").solve(W=[[1, 2], [3, 4]], x=[1, -1]), "Matrices"),
        "sheet": workbook(parse_sheet(SHEET)),
    }


@pytest.fixture(scope="module")
def books():
    return works()


@pytest.mark.parametrize("suffix", EXPORTERS)
@pytest.mark.parametrize("name", ["network", "batch", "graph", "sheet"])
def test_every_suffix(books, name, suffix, tmp_path):
    path = tmp_path / f"out{suffix}"
    save(books[name], path)
    content = path.read_bytes()
    drawings = [file.name for file in tmp_path.iterdir() if file != path]
    assert all(re.fullmatch(r"out-figure-\d\.svg", name) for name in drawings)
    assert not drawings or suffix == ".md"
    start = {".pdf": b"%PDF-", ".docx": b"PK\x03\x04", ".html": b"<!DOCTYPE html>", ".md": b"# ", ".json": b'{"tasks"'}
    assert content.startswith(start.get(suffix, b""))
    if suffix not in (".pdf", ".docx"):
        text = content.decode()
        assert books[name].title in text or suffix == ".json"
        assert "nan" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL).lower().replace("finance", "")


def test_a_solution_saves_itself(tmp_path):
    solution = network().solve([1, -2], [0, 1])
    solution.save(tmp_path / "a.md", title="My title")
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("# My title")
    solution.save(str(tmp_path / "a.JSON"))
    assert json.loads((tmp_path / "a.JSON").read_text(encoding="utf-8"))["tasks"][0]["points"] is None


def test_files_that_cannot_be_written(tmp_path, books):
    for suffix in EXPORTERS:
        with pytest.raises(ChalkworkError, match="cannot be written: No such file or directory"):
            save(books["graph"], tmp_path / "missing" / f"out{suffix}")
        (tmp_path / f"folder{suffix}").mkdir()
        with pytest.raises(ChalkworkError, match="cannot be written: Is a directory"):
            save(books["graph"], tmp_path / f"folder{suffix}")
    for name in ("out.xyz", "out", ".json", "out.json.gz", ""):
        with pytest.raises(ChalkworkError, match=r"no known suffix; use \.md, \.html, \.pdf, \.tex, \.docx"):
            save(books["graph"], tmp_path / name)


# --- JSON ------------------------------------------------------------------------------------------------------


def strict(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("name", list(works()))
def test_the_json_has_the_promised_shape(books, name):
    book = books[name]
    data = strict(to_json(book))
    assert list(data) == ["tasks"]
    assert len(data["tasks"]) == len(book.tasks)
    for task, solved in zip(data["tasks"], book.tasks, strict=True):
        assert list(task) == ["id", "points", "equations"]
        assert len(task["equations"]) == len(solved.equations) > 0
        for equation, source in zip(task["equations"], solved.equations, strict=True):
            assert list(equation) == ["name", "stage", "reason", "latex", "text", "value"]
            assert equation["name"] == source.name
            assert equation["stage"] in ("forward", "backward", "update", "re-evaluation")
            for key in ("reason", "latex", "text"):
                assert isinstance(equation[key], str)
            assert equation["latex"]
            assert "\n" not in equation["text"]
            wanted = solved.solution[source.name]
            if isinstance(wanted, np.ndarray):
                assert np.array(equation["value"]).shape == wanted.shape
                assert equation["value"] == wanted.tolist()  # to the last bit
            else:
                assert type(equation["value"]) in (int, float)
                assert equation["value"] == float(wanted)


def test_the_values_of_the_json(books):
    tasks = strict(to_json(books["sheet"]))["tasks"]
    assert [(task["id"], task["points"]) for task in tasks] == [("a", 0.5), ("b", 2), ("c", None)]
    a = {equation["name"]: equation for equation in tasks[0]["equations"]}
    assert [len(a["z1"]["value"]), len(a["z1"]["value"][0])] == [3, 1]  # a column is n x 1
    assert a["L"]["value"] == pytest.approx(0.793036, abs=1e-6)
    assert a["class"]["value"] == 2
    b = {equation["name"]: equation["value"] for equation in tasks[1]["equations"]}
    assert isinstance(b["W1_new[1,2]"], float)
    assert {equation["name"]: equation["value"] for equation in tasks[2]["equations"]}["de/db"] == 5
    rows = NeuralNetwork([Dense(weights=[[1.0, 2.0]])])
    data = strict(to_json(Workbook.of(rows.solve([[1], [2], [3]]), "rows")))
    assert data["tasks"][0]["equations"][0]["value"] == [[1, 2], [2, 4], [3, 6]]


# --- notebooks -------------------------------------------------------------------------------------------------


def code_of(notebook):
    return "\n".join(cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code")


@pytest.mark.parametrize("name", list(works()))
def test_notebooks_are_valid(books, name):
    text = to_notebook(books[name])
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    assert notebook["cells"][0]["source"] == f"# {books[name].title}"
    assert "chalkwork" not in code_of(notebook)
    assert text == to_notebook(books[name])


def test_a_notebook_runs_and_shows_the_values(books):
    notebook = nbformat.reads(to_notebook(books["network"]), as_version=4)
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    solution = books["network"].tasks[0].solution
    shown = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and cell["outputs"]:
            name = cell["source"].rsplit("\n", 1)[-1]
            shown[name] = cell["outputs"][0]["data"]["text/plain"]
    assert set(shown) >= {"z1", "a1", "L", "delta2", "dW1", "W1_new", "L_new"}
    for name, text in shown.items():
        value = eval(text, {"array": np.array, "np": np})
        assert np.allclose(value, solution[name], rtol=1e-7, atol=1e-8), name


def test_notebooks_compute_the_values_of_their_solutions(books):
    """Random networks with every activation, random graphs and the books above, in one other process."""
    solutions = {}
    for number, hidden in enumerate([*ACTIVATIONS, *ACTIVATIONS]):
        case = draw(9000 + number, hidden=hidden)
        solutions[f"net{number}"] = case.solve(steps=1 + number % 2, notation="brackets" if number % 3 else None)
    for seed in range(300, 312):
        drawn = Drawn(seed)
        graph = Graph(drawn.text, output=drawn.output)
        solutions[f"graph{seed}"] = graph.solve({name: drawn.values[name] for name in graph.inputs})
    for number, more in enumerate(({"long_way": True}, {"predict": True}, {"detail": "entries"})):
        solutions[f"more{number}"] = network().solve([1, -2], [0, 1], 0.1, **more)
    for name in ("batch", "forward", "matrices"):
        solutions[name] = books[name].tasks[0].solution
    odd = Graph(
        "lambda = a * 2; np = lambda + 1; class = np - a; for = exp(class) * np; silu = silu(for); e = silu(silu)"
    ).solve(a=0.5)
    solutions["odd names"] = odd
    job = {}
    for name, solution in solutions.items():
        notebook = json.loads(to_notebook(Workbook.of(solution, name)))
        cells = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
        job[name] = cells
    script = """
import json, sys, warnings
import numpy
warnings.simplefilter("error")
found = {}
for name, cells in json.load(sys.stdin).items():
    known = {}
    found[name] = []
    for cell in cells:
        exec(cell, known)
        last = cell.rsplit("\\n", 1)[-1]
        if last.isidentifier():
            found[name].append([last, numpy.asarray(known[last], dtype=float).tolist()])
json.dump(found, sys.stdout)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps(job), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    for name, solution in solutions.items():
        wanted = [solution[equation.name] for equation in solution.derivation.equations]
        assert len(found[name]) == len(wanted), name
        for (last, value), expected in zip(found[name], wanted, strict=True):
            assert np.shape(value) == np.shape(expected), (name, last)
            difference = np.linalg.norm(np.asarray(value) - expected)
            assert difference <= 1e-12 * np.linalg.norm(expected) + 1e-15, (name, last)


# --- what other programs read ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(works()))
def test_markdown_and_latex_are_balanced(books, name, tmp_path):
    save(books[name], tmp_path / "out.md")
    markdown = (tmp_path / "out.md").read_text(encoding="utf-8")
    blocks = markdown.split("$$")
    assert len(blocks) % 2 == 1
    displays = blocks[1::2]
    assert len(displays) >= len(books[name].tasks)
    for display in displays:
        assert "\n\n" not in display
        bare = re.sub(r"\\[{}]", "", display)
        assert bare.count("{") == bare.count("}")
    for prose in blocks[::2]:
        assert re.sub(r"\\\$", "", prose).count("$") % 2 == 0
    save(books[name], tmp_path / "out.tex")
    tex = (tmp_path / "out.tex").read_text(encoding="utf-8")
    body = re.sub(r"\\[{}\\%]|(?<!\\)%.*", "", tex)
    assert body.count("{") == body.count("}")
    for kind in set(re.findall(r"\\begin\{(\w+\*?)\}", tex)):
        assert tex.count(rf"\begin{{{kind}}}") == tex.count(rf"\end{{{kind}}}")
    assert tex.count(r"\left") - tex.count(r"\leftarrow") == tex.count(r"\right") - tex.count(r"\rightarrow")
    assert Path(tmp_path / "out.tex").stat().st_size > 1000


def test_a_title_cannot_break_out_of_its_place(tmp_path):
    solution = Graph("c = a + b").solve(a=1, b=2)
    title = 'A "title" </title><script>alert(1)</script> $x$ \\input{secret} `code` # {{x}}'
    for suffix in EXPORTERS:
        solution.save(tmp_path / f"out{suffix}", title=title)
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert r"\input{secret}" not in (tmp_path / "out.tex").read_text(encoding="utf-8")
    nbformat.validate(nbformat.read(tmp_path / "out.ipynb", as_version=4))
