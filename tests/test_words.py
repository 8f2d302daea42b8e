"""Sentences by id: the languages have the same ones, all are used, and one can be chosen."""

import ast
import re
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

import chalkwork
from chalkwork import Dense, Graph, NeuralNetwork
from chalkwork.checking.mistakes import TABLE, in_language
from chalkwork.checking.reviewing.conventions import TABLE as CONVENTIONS
from chalkwork.derivation.derivation import Stage
from chalkwork.errors import ChalkworkError, SheetError
from chalkwork.laboratory.taylor import taylor
from chalkwork.networks.activations import KINDS, Activation
from chalkwork.networks.optimisers import RULES
from chalkwork.sheets.check import Unread
from chalkwork.sheets.document import points_words
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.overview import overview
from chalkwork.sheets.parts import MODULES
from chalkwork.solutions.solution import Style
from chalkwork.words import LANGUAGES, Text, say
from chalkwork.words.catalogue import slots_in, table_of

ROOT = Path(chalkwork.__file__).parent
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
        classes = [one for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for one in node.body]
        functions += [one for one in classes if isinstance(one, ast.Assign)]
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


def subject_of(name):
    """The layer, activation or mistake that a sentence belongs to: a language says all of its sentences or none."""
    head, _, tail = name.partition(".")
    return tail if head.startswith(("activation", "mistake_", "convention_", "optimiser", "rule")) else head


# --- the tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_every_sentence_with_the_same_slots(language):
    table = table_of(language)
    assert not ENGLISH.keys() - table.keys()
    missing = {**entries(), **own_texts()}.keys() - table.keys()
    partly = {subject_of(name) for name in missing} & {subject_of(name) for name in table}
    assert not {name for name in missing if subject_of(name) in partly}
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
