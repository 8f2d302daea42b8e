"""German sheets have German words only: their solutions, pages, forms and reports."""

import json
import re

import numpy as np
import pytest
from shipped import SHEETS

from chalkwork.checking.mistakes import context_of, distinct
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.terminal import to_text
from chalkwork.sheets.check import check_class
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.forms import form_keys
from chalkwork.sheets.overview import overview
from chalkwork.sheets.parts import MODULES
from chalkwork.sheets.reports import class_and_hand_ins
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.export import to_json
from chalkwork.solutions.notebook import to_notebook
from chalkwork.words.catalogue import table_of

ROOMS = re.compile(rf"^```({'|'.join(MODULES)})$", re.MULTILINE)


def only_tasks(path):
    """Whether a sheet has tasks, and no block of the laboratory."""
    text = path.read_text(encoding="utf-8")
    return "```task" in text and not ROOMS.search(text)


OF_NETWORKS = [path for path in sorted(SHEETS.glob("*.md")) if only_tasks(path)]
GERMAN = table_of("de")

WORD = re.compile(r"[A-Za-zÄÖÜäöüß]{3,}")
SIGNS = {
    *[
        "theta",
        "softmax",
        "maxpool",
        "meanpool",
        "rot180",
        "unpool",
        "reshape",
        "padded",
        "heads",
        "concat",
        "onehot",
        "full",
        "tanh",
        "log",
        "exp",
        "sigmoid",
        "sum",
        "axis",
        "max",
        "LReLU",
        "ReLU",
        "argmax",
        "arg",
        "diag",
        "dmu",
        "xhat",
        "nan",
        "inf",
        "class",
        "task",
        "answers",
        "delta",
        "eta",
        "ctilde",
        "htilde",
    ]
}
"""What stands in formulas, names of the format, and symbols in plain letters."""


def words_of(*sentences):
    forms = [form for each in sentences for form in ([each] if isinstance(each, str) else each.values())]
    return {word for form in forms for word in WORD.findall(re.sub(r"[<{]\^?\w+\*?[>}]", " ", form))}


KNOWN = words_of(*GERMAN.values()) | SIGNS


def in_german(path):
    """The sheet in German, without the author's own words."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:network|graph|task)\n.*?^```\n", text, re.M | re.S)
    front = text.split("---\n")[1] if text.startswith("---\n") else ""
    kept = [line for line in front.splitlines() if re.match(r"(convention|notation|decimals|significant):", line)]
    bare = [re.sub(r"^(title|note|hint): .*\n(?: .*\n)*", "", block, flags=re.M) for block in blocks]
    return parse_sheet("---\nlanguage: de\n" + "\n".join(kept) + "\n---\n" + "\n".join(bare))


def foreign(text, more=()):
    """Words that are neither German of ours nor signs; formulas between dollars are left out."""
    text = re.sub(r"\(data:[^)]*\)|`[^`]*`|```.*?```|\$\$.*?\$\$|\$[^$]*\$", " ", text, flags=re.S)
    text = re.sub(r"^ +[^ ].*$", " ", text, flags=re.M) if more == "board" else text
    names = {word[:1].upper() + word[1:] for word in KNOWN} | KNOWN
    return {word for word in WORD.findall(text) if word not in names and not re.fullmatch(r"[A-Z]?new|neu", word)}


@pytest.mark.parametrize("path", OF_NETWORKS, ids=lambda path: path.stem)
def test_a_german_sheet_has_german_words_only(path):
    sheet = in_german(path)
    for show in ("solution", "sheet", "blanks", "form"):
        document = workbook(sheet, show).document
        assert document.language == "de"
        assert not foreign(to_markdown(document)), show
        assert not foreign(to_text(document)), show
        for block in document.blocks:
            if hasattr(block, "svg"):
                assert not foreign(re.sub("<[^>]*>", " ", block.svg)), show
    book = workbook(sheet)
    for task in json.loads(to_json(book))["tasks"]:
        for equation in task["equations"]:
            assert not foreign(equation["reason"])
    for cell in json.loads(to_notebook(book))["cells"]:
        if cell["cell_type"] == "markdown":
            assert not foreign(cell["source"])


def test_there_are_sheets_of_networks_and_graphs():
    assert len(OF_NETWORKS) >= 8


@pytest.mark.parametrize("path", OF_NETWORKS, ids=lambda path: path.stem)
def test_the_english_of_a_sheet_is_in_none_of_its_german_pages(path):
    english = parse_sheet(in_german(path).text.replace("language: de", "language: en"))
    german = to_markdown(workbook(in_german(path)).document)
    for solved, other in zip(solve_sheet(english).values(), solve_sheet(in_german(path)).values(), strict=True):
        for mine, yours in zip(solved.solution.equations, other.solution.equations, strict=True):
            if mine.reason_latex:
                assert mine.reason_latex != yours.reason_latex
                assert mine.reason_latex not in german
            assert mine.text.replace("new", "neu").count("=") == yours.text.count("=")


def hand_ins_of(sheet):
    """Right answers, none, what cannot be read, too few digits, and every known mistake of some steps."""
    solved = solve_sheet(sheet)
    right = {
        task: {each.name: np.asarray(each.value).tolist() for each in part.questions} for task, part in solved.items()
    }
    junk = ["abc", "1,2,3;", "[1 2", "1e999", "1/0", [[1, 2], [3]], "[1 2 3 4 5 6 7; 1 2 3 4 5 6 7]", "1.2.3", True]
    found = {
        "A": right,
        "B": {},
        "C": {
            task: {**{name: junk[place % len(junk)] for place, name in enumerate(names)}, "zz": 1, "L9": 2}
            for task, names in right.items()
        },
        "D": {
            task: {name: np.round(value, 1).tolist() for name, value in names.items()} for task, names in right.items()
        },
        "E": {"nowhere": {"x": 1}},
    }
    for task, part in solved.items():
        solution = part.solution
        for name in [name for name in right[task] if name in solution.derivation][::6]:
            context = context_of(solution.derivation, {"columns": -1, "rows": -2}.get(solution.setting.samples or ""))
            for expression, _ in distinct(solution.derivation[name], context)[:2]:
                with np.errstate(all="ignore"):
                    value = np.asarray(evaluate(expression, solution.arrays))
                if value.shape == solution.arrays[name].shape:
                    wrong = np.round(value, 6).tolist() if solution.derivation.shapes()[name] else float(value[0, 0])
                    found[f"F{len(found)}"] = {**right, task: {**right[task], name: wrong}}
    return found


@pytest.mark.parametrize("path", OF_NETWORKS, ids=lambda path: path.stem)
def test_reports_on_a_german_sheet_have_german_words_only(path):
    sheet = in_german(path)
    made = check_class(sheet, hand_ins_of(sheet))
    asked = {word for hand_in in made for task in hand_in.tasks for name in task.report for word in WORD.findall(name)}
    typed = {"abc", "zz", "nowhere", "True"} | asked

    def left(text):
        return foreign(text) - typed

    assert not left("\n".join(map(str, made)))
    assert not left(overview(made, language="de"))
    for view in ("tutor", "student"):
        assert not left(to_markdown(class_and_hand_ins(sheet, made, view)))
    for hand_in in made:
        for task in hand_in.tasks:
            assert task.report.language == "de"
            assert not left(task.report._repr_markdown_())


@pytest.mark.parametrize("path", OF_NETWORKS, ids=lambda path: path.stem)
def test_the_keys_of_a_german_form_are_understood(path):
    sheet = in_german(path)
    solved = solve_sheet(sheet)
    filled = {
        task: {key: np.asarray(part.solution[name]).tolist() for name, key in form_keys(part).items()}
        for task, part in solved.items()
    }
    (made,) = check_class(sheet, {"form": filled})
    assert all(task.report.score == 1 and not task.report.unused for task in made.tasks)
