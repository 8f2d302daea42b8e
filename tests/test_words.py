"""Sentences by id: the languages have the same ones, all are used, and a German sheet has no English word in it."""

import ast
import json
import re
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import chalkwork
from chalkwork import Dense, Graph, NeuralNetwork
from chalkwork.checking.conventions import TABLE as CONVENTIONS
from chalkwork.checking.mistakes import TABLE, context_of, distinct, in_language
from chalkwork.derivation.derivation import Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.terminal import to_text
from chalkwork.errors import ChalkworkError, SheetError
from chalkwork.laboratory.taylor import taylor
from chalkwork.networks.activations import KINDS, Activation
from chalkwork.networks.optimisers import RULES
from chalkwork.sheets.check import Unread, check_class
from chalkwork.sheets.document import points_words, workbook
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.forms import form_keys
from chalkwork.sheets.overview import overview
from chalkwork.sheets.parts import MODULES
from chalkwork.sheets.reports import class_and_hand_ins
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.export import to_json
from chalkwork.solutions.notebook import to_notebook
from chalkwork.solutions.solution import Style
from chalkwork.words import LANGUAGES, Text, say
from chalkwork.words.catalogue import slots_in, table_of

ROOT = Path(chalkwork.__file__).parent
SHEETS = Path(__file__).parents[1] / "sheets"
ROOMS = re.compile(rf"^```({'|'.join(MODULES)})$", re.MULTILINE)


def only_tasks(path):
    """Whether a sheet has tasks, and no block of the laboratory."""
    text = path.read_text(encoding="utf-8")
    return "```task" in text and not ROOMS.search(text)


OF_NETWORKS = [path for path in sorted(SHEETS.glob("*.md")) if only_tasks(path)]
OTHERS = [language for language in LANGUAGES if language != "en"]
ENGLISH, GERMAN = table_of("en"), table_of("de")


@cache
def trees():
    files = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] != "words"]
    sources = [path.read_text(encoding="utf-8") for path in files]
    return {source: ast.parse(source) for source in sources if "chalkwork.words" in source}


@cache
def own_texts():
    """The texts whose English stands where they are said: `Text.own("id", "sentence", slot=...)`, by id."""
    found = {}
    for source, tree in trees().items():
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        for function in functions if "Text.own" in source else ():
            assigned = [constant(node) for node in ast.walk(function) if is_text(node)]
            names = [name for name, _ in assigned]
            texts = {name: said for name, said in assigned if names.count(name) == 1}
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "Text.own":
                    name, english = node.args
                    if isinstance(name, ast.Constant):
                        said = english.value if isinstance(english, ast.Constant) else texts.get(ast.unparse(english))
                        found[name.value] = said
    return found


def is_text(node):
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def constant(node):
    return ast.unparse(node.targets[0]), node.value.value


def entries():
    """Every sentence that stands in an entry of another table, by the id that a translation has."""
    found = {}
    for name in KINDS:
        unit = Activation(name).unit
        found |= {
            f"activation.{name}": unit.words,
            f"activation_function.{name}": unit.function_words,
            f"activation_slope.{name}": unit.slope_words,
        }
    for mistake in TABLE.values():
        for part in ("title", "explanation", "hint"):
            found[f"mistake_{part}.{mistake.id}"] = getattr(mistake, part)
    found |= {f"convention_words.{name}": one.words for name, one in CONVENTIONS.items()}
    for name, rule in RULES.items():
        found |= {f"optimiser.{name}": rule.words, f"rule.{name}": name}
    return found


# --- the tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_every_sentence_with_the_same_slots(language):
    table = table_of(language)
    assert not {**ENGLISH, **entries(), **own_texts()}.keys() - table.keys()
    different = {
        name: (sorted(slots_in(sentence)), sorted(slots_in(table[name])))
        for name, sentence in ENGLISH.items()
        if slots_in(sentence) != slots_in(table[name]) or isinstance(sentence, str) != isinstance(table[name], str)
    }
    assert not different


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty_and_forms_are_one_and_other(language):
    for name, sentence in table_of(language).items():
        forms = {"": sentence} if isinstance(sentence, str) else sentence
        assert all(form.strip() for form in forms.values()), name
        assert forms.keys() in ({""}, {"one", "other"}), name
        assert not any("{{" in form.replace("^{{", "") or "  " in form for form in forms.values()), name


@pytest.mark.parametrize("language", OTHERS)
def test_what_a_language_has_besides_is_said_somewhere_and_has_slots_that_are_filled(language):
    known = {**entries(), **own_texts()}
    for name, sentence in table_of(language).items():
        if name in ENGLISH or name.startswith("mistake_"):
            continue
        assert name in known, f"{name} is said nowhere"
        if isinstance(known[name], str):
            optional = {"x", "y", "alpha", "at_zero", "alpha*"} if name.startswith("activation") else set()
            assert slots_in(sentence) - optional == slots_in(known[name]) - optional, name
    for mistake in TABLE.values():
        for part in ("title", "explanation", "hint"):
            said = table_of(language).get(f"mistake_{part}.{mistake.id}")
            assert said is None or slots_in(said) == slots_in(getattr(mistake, part)), (mistake.id, part)


def test_every_sentence_is_used():
    """Its id stands in the code, or the code makes it of a part that stands there and something else."""
    words, patterns = set(), []
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                parts = [re.escape(part.value) if isinstance(part, ast.Constant) else "[^.]+" for part in node.values]
                patterns += ["".join(parts)] if re.match(r"\w+(\\)?[._]", parts[0]) else []
    made = re.compile("|".join(patterns))
    unused = [name for name in ENGLISH if name not in words and not made.fullmatch(name)]
    assert not set(unused) - {"and"}  # which lists are written with


def test_a_text_that_no_table_has_or_with_other_slots_is_an_error_where_it_is_made():
    with pytest.raises(ValueError, match="no sentence 'nothing'"):
        Text.of("nothing")
    with pytest.raises(ValueError, match="has the slots"):
        Text.of("points", number="1")
    with pytest.raises(ChalkworkError, match=r"no German words for nothing.*leave out language: de"):
        Text.own("nothing", "something").written("de")


def test_every_text_in_the_code_is_in_the_table():
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Text.of", "say") and node.args:
                name = node.args[0 if ast.unparse(node.func) == "Text.of" else min(1, len(node.args) - 1)]
                if isinstance(name, ast.Constant) and re.fullmatch(r"[a-z_]+(\.[\w-]+)?", str(name.value)):
                    given = {each.arg for each in node.keywords}
                    assert name.value in ENGLISH, name.value
                    assert None in given or given == slots_in(ENGLISH[name.value]), ast.unparse(node)


# --- German sheets ---------------------------------------------------------------------------------------------------

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
        for name in [name for name in right[task] if name in solution.derivation][::3]:
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


# --- choosing a language ---------------------------------------------------------------------------------------------


def test_german_has_a_decimal_comma_unless_the_notation_says_otherwise():
    net = NeuralNetwork([Dense(1, "sigmoid", weights=[[0.5]], bias=False)])
    assert "0,5" in str(net.solve([1], language="de"))
    assert "0.5" in str(net.solve([1], language="de", notation={"decimal_comma": False}))
    assert "0.5" in str(net.solve([1]))
    assert points_words(Fraction(1, 2), "de") == "0,5 Punkte"
    assert Style.of("brackets", language="de").notation.decimal_comma


def test_a_solution_is_solved_in_a_language():
    net = NeuralNetwork([Dense(2, "tanh", inputs=1), Dense(1)])
    solution = net.solve([1], [1], 0.1, language="de")
    assert "Vorwärtspropagation" in str(solution)
    assert solution.equation("delta1").reason_text.startswith("Fehlersignal der verdeckten Schicht: δ₂ durch die")
    report = solution.check({"z1": [[9], [9]]})
    assert report["z1"].message.startswith("Falsch")
    assert "falsch" in str(report)
    assert report["z1"].verdict == "wrong"
    assert "Kettenregel" in str(Graph("c = a * b; d = c * a").solve(a=1, b=2, language="de"))


def test_an_unknown_language_is_refused():
    with pytest.raises(ChalkworkError, match=r"no sentences in 'fr'.*the languages are en, de"):
        Style.of(language="fr")
    with pytest.raises(SheetError, match=r"line 2, column \d+: language: expected en or de, found the text 'fr'"):
        parse_sheet("---\nlanguage: fr\n---\n")


@pytest.mark.parametrize("block", MODULES)
def test_a_block_that_is_english_only_is_refused_with_its_line(block):
    said = rf"line 5: the block {block} is written in English only.*leave out language: de"
    with pytest.raises(SheetError, match=said):
        parse_sheet(f"---\nlanguage: de\n---\nProsa.\n```{block}\nid: a\n```\n")


def test_a_solution_that_is_english_only_refuses_another_language():
    with pytest.raises(ChalkworkError, match=r"this solution is written in English only.*leave out language: de"):
        taylor("exp(x)", 0, 2).restyled(language="de")


def test_a_mistake_without_words_in_a_language_says_so():
    known = TABLE["ascent"]
    assert in_language(known, "de").title == "Ein Schritt aufwärts statt abwärts"
    other = in_language(replace(known, id="odd"), "de")
    assert (other.title, other.explanation) == (say("de", "mistake.untranslated", mistake="odd"), "")


def test_what_could_not_be_read_is_told_with_the_rest():
    unread = Unread.of(ChalkworkError("there is nothing in it"), "Ann")
    assert "1 nicht gelesen:" in overview((), [unread], "de")


def test_the_headings_of_stages_are_texts():
    assert [str(stage.title) for stage in (Stage.FORWARD, Stage.BACKWARD)] == ["Forward pass", "Backward pass"]
