"""How each platform is asked for its marks: the export is written, the hand-ins are put in, its own code runs."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from five_hand_ins import HandIn

from chalkwork.classroom.exports import Item, exporter
from chalkwork.classroom.exports.canvas import POINTS, power_of
from chalkwork.classroom.exports.questions import Field

HERE = Path(__file__).parent
SECONDS = 1500
Marks = Callable[[Item, Sequence[HandIn], Path], list[float]]


class Missing(Exception):
    """A tool is not there."""


def _run(words: Sequence[str | Path], job: Any = None, **more: Any) -> str:
    if shutil.which(str(words[0])) is None:
        raise Missing(f"{words[0]} is not installed")
    given = None if job is None else json.dumps(job)
    done = subprocess.run(list(map(str, words)), input=given, capture_output=True, text=True, timeout=SECONDS, **more)
    printed: str = done.stdout
    if done.returncode:
        raise RuntimeError(f"{words[0]} {words[1]}: {done.stdout[-1500:]} {done.stderr[-3000:]}")
    return printed


def _tool(tools: Path, name: str) -> Path:
    if not (tools / name).exists():
        raise Missing(f"{name} is not in {tools.name}")
    return tools / name


def _scores(answered: str) -> list[float]:
    found = json.loads(answered)
    errors = [one["errors"] for one in found if one.get("errors")]
    if errors:
        print(f"    {str(errors)[:300]}")
    return [float(one["score"]) for one in found]


def _in_order(item: Item, one: HandIn) -> Iterator[tuple[Field, Any]]:
    """Every field with what was typed: rows of numbers, or a word."""
    numbers, words = iter(one.numbers), iter(one.words)
    for fields in item.fields().values():
        for field in fields:
            yield field, [[next(numbers) for _ in row] for row in field.cells] if field.cells else next(words)


def _flat(item: Item, one: HandIn) -> list[str]:
    return [cell for field, typed in _in_order(item, one)
            for cell in ([c for row in typed for c in row] if field.cells else [typed])]  # fmt: skip


def moodle(item: Item, handed: Sequence[HandIn], tools: Path) -> list[float]:
    """Moodle's reader of cloze texts."""
    return _cloze(str(exporter("moodle")([item], 0)), item, handed, tools)


def _cloze(written: str, item: Item, handed: Sequence[HandIn], tools: Path) -> list[float]:
    (text,) = [one.findtext("questiontext/text") for one in ET.fromstring(written).iter("question")
               if one.get("type") == "cloze"]  # fmt: skip
    job = {"text": text, "answers": [_flat(item, one) for one in handed]}
    return _scores(_run(["php", HERE / "moodle.php", _tool(tools, "moodle")], job))


def rexams(item: Item, handed: Sequence[HandIn], tools: Path) -> list[float]:
    """`exams2moodle`, and then Moodle's reader."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "exercise.Rmd")
        path.write_text(str(exporter("rexams")([item], 0)), encoding="utf-8")
        _run(["Rscript", HERE / "rexams.R", _tool(tools, "R"), path, folder, "1"])
        return _cloze(Path(folder, "exercise.xml").read_text(encoding="utf-8"), item, handed, tools)


def stack(item: Item, handed: Sequence[HandIn], tools: Path) -> list[float]:
    """STACK's own code, which has Maxima work it out."""
    place = _tool(tools, "moodle-qtype_stack")
    written = ET.fromstring(str(exporter("stack")([item], 0)))
    written.remove(written[0])
    defaults = yaml.load((place / "api" / "questiondefaults.yml").read_text(), yaml.BaseLoader)
    answers = [dict(_of_stack(item, one)) for one in handed]
    job = {"defaults": defaults, "question": ET.tostring(written, encoding="unicode"), "seed": 1, "answers": answers}
    with TemporaryDirectory() as folder:
        return _scores(_run(["php", HERE / "stack.php", place, folder], job))


def _of_stack(item: Item, one: HandIn) -> Iterator[tuple[str, str]]:
    for number, (field, typed) in enumerate(_in_order(item, one), 1):
        name = f"ans{number}"
        if field.formula is not None:
            yield from ((name, typed), (f"{name}_val", typed))
            continue
        if not field.cells:
            value = str(field.choices.index(typed) + 1) if typed in field.choices else "" if field.choices else typed
            yield from ((name, value), (f"{name}_val", value))
            continue
        rows = [[f"{float(cell):.12f}" for cell in row] for row in typed]
        if len(rows) == 1 == len(rows[0]):
            yield from ((name, rows[0][0]), (f"{name}_val", rows[0][0]))
            continue
        for row, cells in enumerate(rows):
            yield from ((f"{name}_sub_{row}_{column}", cell) for column, cell in enumerate(cells))
        lines = ",".join("[" + ",".join(row) + "]" for row in rows)
        yield f"{name}_val", f"matrix({lines})"


def numbas(item: Item, handed: Sequence[HandIn], tools: Path) -> list[float]:
    """The Numbas runtime under Node."""

    def typed(one: HandIn) -> list[Any]:
        found: list[Any] = []
        for field, value in _in_order(item, one):
            word = value if field.formula else _chosen(field, value)
            found += [cell for row in value for cell in row] if field.cells else [word]
        return found

    job = {"exam": exporter("numbas")([item], 0), "answers": [typed(one) for one in handed]}
    return _scores(_run(["node", HERE / "numbas.js", _tool(tools, "Numbas")], job))


def _chosen(field: Field, word: str) -> Any:
    return (field.choices.index(word) if word in field.choices else -1) if field.choices else word


def _responses(item: Item, one: HandIn) -> dict[str, str]:
    words = [(field, typed) for field, typed in _in_order(item, one) if not field.cells]
    chosen = [(field, _chosen(field, word)) for field, word in words]
    said = {
        f"W{number}": (f"C{one}" if one >= 0 else "C99") if field.choices else one
        for number, (field, one) in enumerate(chosen, 1)
    }
    return {f"R{number}": typed for number, typed in enumerate(one.numbers, 1)} | said


def _in_zip(written: str | bytes, name: str) -> str:
    assert isinstance(written, bytes)
    return zipfile.ZipFile(io.BytesIO(written)).read(name).decode()


def qti21(item: Item, handed: Sequence[HandIn], tools: Path) -> list[float]:
    """The published schema, then OAT's engine."""
    place = _tool(tools, "qti-sdk")
    text = _in_zip(exporter("qti21")([item], 0), "item1.xml")
    with TemporaryDirectory() as folder:
        path = Path(folder, "item1.xml")
        path.write_text(text, encoding="utf-8")
        schema = place / "src/qtism/data/storage/xml/schemes/qtiv2p1/imsqti_v2p1.xsd"
        _run(["xmllint", "--nonet", "--noout", "--schema", schema, path])
    job = {"item": text, "answers": [_responses(item, one) for one in handed]}
    return _scores(_run(["php", HERE / "qti.php", place], job))


def qti30(item: Item, handed: Sequence[HandIn], tools: Path) -> list[float]:
    """The player qti-components in Chromium."""
    bundle = _tool(tools, "js") / "node_modules/@citolab/qti-components/cdn/index.js"
    job = {
        "item": _in_zip(exporter("qti30")([item], 0), "item1.xml"),
        "answers": [_responses(item, one) for one in handed],
    }
    page = (HERE / "qti30.html").read_text().replace("JOB", json.dumps(job).replace("<", "\\u003c"))
    page = page.replace("BUNDLE", bundle.as_uri())
    with TemporaryDirectory() as folder:
        path = Path(folder, "page.html")
        path.write_text(page, encoding="utf-8")
        options = "--headless --no-sandbox --disable-gpu --allow-file-access-from-files --dump-dom"
        budget, profile = "--virtual-time-budget=60000", f"--user-data-dir={folder}/profile"
        words = ["chromium", *options.split(), budget, profile, path.as_uri()]
        shown = _run(words)
    found = shown.partition('<pre id="found">')[2].partition("</pre>")[0]
    return _scores(found)


def canvas(item: Item, handed: Sequence[HandIn], tools: Path) -> list[float]:
    """The tool by which Canvas makes QTI 2.1 of a package, whose items are then marked as Canvas reads them.

    Source: canvas-lms, `qti_exporter/lib/qti/numeric_interaction.rb` and `quizzes/quiz_question/numerical_question.rb`:
    a number with a range around it is exact with a margin, its upper end less itself.
    """
    written = exporter("canvas")([item], 0)
    assert isinstance(written, bytes)
    with TemporaryDirectory() as folder:
        source, found = Path(folder, "package"), Path(folder, "items")
        zipfile.ZipFile(io.BytesIO(written)).extractall(source)
        python, place = _tool(tools, "py312") / "bin" / "python", _tool(tools, "QTIMigrationTool")
        options = ("--ucvars", "--nogui", "--overwrite", f"--cpout={found}")
        _run([python, place / "migrate.py", *options, source], cwd=place)
        (test,) = (found / "assessmentTests").glob("*.xml")
        names = [one.attrib["href"] for one in ET.parse(test).iter() if one.tag.endswith("assessmentItemRef")]
        items = [ET.parse(found / "assessmentTests" / name).getroot() for name in names]
    questions = [one for one in items if _meta(one)["question_type"] != "text_only_question"]
    return [sum(map(_by_canvas, questions, _typed_in_canvas(item, one))) / POINTS for one in handed]


def _typed_in_canvas(item: Item, one: HandIn) -> Iterator[str]:
    for field, typed in _in_order(item, one):
        if not field.cells:
            yield f"choice{field.choices.index(typed)}" if typed in field.choices else typed
        for row, cells in zip(typed if field.cells else (), field.cells, strict=True):
            yield from (repr(float(number) * 10 ** power_of(cell)) for number, cell in zip(row, cells, strict=True))


def _meta(question: ET.Element) -> dict[str, str]:
    return {one.attrib["name"]: one.attrib["value"] for one in question.iter() if one.tag.endswith("instructureField")}


def _by_canvas(question: ET.Element, typed: str) -> float:
    meta = _meta(question)
    rules = (one for one in question.iter() if one.tag.endswith(("responseIf", "responseElseIf")))
    rule = next(one for one in rules if any(each.tag.endswith(("}stringMatch", "}match")) for each in one.iter()))
    values = [one.text or "" for one in rule.iter() if one.tag.endswith("baseValue")]
    if meta["question_type"] != "numerical_question":
        return float(meta["points_possible"]) * (typed.casefold() == values[0].casefold())
    exact, _, upper = map(Decimal, values[:3])
    return float(meta["points_possible"]) * (abs(Decimal(typed) - exact) <= upper - exact)


def prairielearn(item: Item, handed: Sequence[HandIn], tools: Path) -> list[float]:
    """The elements' own code, then `server.py`."""
    written = exporter("prairielearn")([item], 0)
    assert isinstance(written, bytes)
    with TemporaryDirectory() as folder:
        package = zipfile.ZipFile(io.BytesIO(written))
        package.extractall(folder)
        question = Path(folder, package.namelist()[0].partition("/")[0])
        sign = "f" if any(field.formula for fields in item.fields().values() for field in fields) else "w"
        answers = []
        for one in handed:
            typed = {f"c{number}": typed for number, typed in enumerate(one.numbers, 1)}
            answers.append(typed | {f"{sign}{number}": word for number, word in enumerate(one.words, 1)})
        python = _tool(tools, "py312") / "bin" / "python"
        job = {"question": str(question), "answers": answers}
        return _scores(_run([python, HERE / "with_prairielearn.py", _tool(tools, "PrairieLearn")], job))


def gradescope(item: Item, handed: Sequence[HandIn], tools: Path) -> list[float]:
    """`run_autograder` in a folder of its own, without the Chalkwork that runs here."""
    written = exporter("gradescope")([item], 0)
    assert isinstance(written, bytes)
    found = []
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PYTHON": sys.executable}
    with TemporaryDirectory() as folder:
        root = Path(folder)
        zipfile.ZipFile(io.BytesIO(written)).extractall(root / "source")
        for one in handed:
            shutil.rmtree(root / "submission", ignore_errors=True)
            (root / "submission").mkdir()
            values = {task: {name: value if isinstance(value, str) else value.tolist() for name, value in each.items()}
                      for task, each in one.values.items()}  # fmt: skip
            (root / "submission" / "answers.json").write_text(json.dumps(values))
            _run(["bash", root / "source" / "run_autograder", root], env=own)
            results = json.loads((root / "results" / "results.json").read_text())
            found.append(results["score"] / sum(test["max_score"] for test in results["tests"]))
    return found


def _with_answers(notebook: dict[str, Any], item: Item, one: HandIn, names: dict[str, str]) -> dict[str, Any]:
    """The students' notebook with the values under their names, in the cells that ask for them."""
    made: dict[str, Any] = json.loads(json.dumps(notebook))
    cells = (cell for cell in made["cells"] if cell["cell_type"] == "code")  # each task has the next that asks for it
    for task, values in one.values.items():
        own = [names[f"{task} {name}"] for name in values]
        for cell in cells:
            lines = "".join(cell["source"]).split("\n")
            if own and all(any(line.startswith(f"{name} = ") for line in lines) for name in own):
                begun = {name: next(line for line in lines if line.startswith(f"{name} = ")) for name in own}
                given = zip(own, values.values(), strict=True)
                typed = [_typed(begun[name], name, value) for name, value in given]
                cell["source"] = "\n".join(["import numpy as np", *typed])
                break
    return made


def _typed(begun: str, name: str, value: Any) -> str:
    """The line of an answer; of a formula, what its function gives, and None where that is no Python."""
    if not begun.startswith(f"{name} = lambda"):
        return f"{name} = {_plain(value)!r}"
    line = begun.replace(": None", f": {value}")
    try:
        compile(line, "answer", "exec")
    except SyntaxError:
        return begun
    return line


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else value.tolist() if value.size > 1 else float(value.flat[0])


def _names(item: Item) -> dict[str, str]:
    from chalkwork.classroom.exports.nbgrader import named

    return {f"{task} {name}": word for task, fields in item.fields().items()
            for name, word in named(item, task, fields).items()}  # fmt: skip


def nbgrader(item: Item, handed: Sequence[HandIn], tools: Path) -> list[float]:
    """`nbgrader generate_assignment`, the answers put in, `nbgrader autograde`."""
    program = _tool(tools, "py") / "bin" / "nbgrader"
    names = _names(item)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        own = os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": folder}
        own.pop("PYTHONPATH", None)
        source = root / "source" / "sheet" / "sheet.ipynb"
        source.parent.mkdir(parents=True)
        source.write_text(str(exporter("nbgrader")([item], 0)), encoding="utf-8")
        _run([program, "generate_assignment", "sheet", "--create"], cwd=root, env=own)
        released = json.loads((root / "release" / "sheet" / "sheet.ipynb").read_text())
        for one in handed:
            place = root / "submitted" / one.kind / "sheet" / "sheet.ipynb"
            place.parent.mkdir(parents=True)
            place.write_text(json.dumps(_with_answers(released, item, one, names)))
        _run([program, "autograde", "sheet", "--create"], cwd=root, env=own)
        asked = (
            "import json, sys; from nbgrader.api import Gradebook\n"
            "with Gradebook('sqlite:///gradebook.db') as book:\n"
            "    found = [book.find_submission('sheet', kind) for kind in sys.argv[1:]]\n"
            "    print(json.dumps([one.score / one.max_score for one in found]))"
        )
        return list(json.loads(_run([program.parent / "python", "-c", asked, *(one.kind for one in handed)], cwd=root)))


def otter(item: Item, handed: Sequence[HandIn], tools: Path) -> list[float]:
    """`otter assign`, the answers put in, `otter run`."""
    program = _tool(tools, "py") / "bin" / "otter"
    names, found = _names(item), []
    written = exporter("otter")([item], 0)
    assert isinstance(written, bytes)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        own = os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"}
        own.pop("PYTHONPATH", None)
        package = zipfile.ZipFile(io.BytesIO(written))
        package.extractall(root)
        (notebook,) = [name for name in package.namelist() if name.endswith(".ipynb")]
        _run([program, "assign", notebook, "dist"], cwd=root, env=own)
        (grader,) = (root / "dist" / "autograder").glob("*.zip")
        student = json.loads((root / "dist" / "student" / notebook).read_text())
        for one in handed:
            place = root / one.kind / notebook
            place.parent.mkdir()
            place.write_text(json.dumps(_with_answers(student, item, one, names)))
            _run([program, "run", "-a", grader, "-o", place.parent, place], cwd=root, env=own)
            results = json.loads((place.parent / "results.json").read_text())
            tests = results["tests"]
            found.append(sum(test.get("score", 0) for test in tests) / sum(test.get("max_score", 0) for test in tests))
    return found


CONSUMERS: dict[str, Marks] = {
    each.__name__: each
    for each in (moodle, canvas, qti21, qti30, numbas, prairielearn, gradescope, nbgrader, otter, rexams, stack)
}
"""The platforms that mark here; STACK last, since each of its trees starts Maxima anew."""
