"""A sheet before it is solved: whoever works on it finds all that is given and asked, and nothing that is found."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import yaml
from looks import blemishes
from shipped import PATHS

from chalkwork.checking.reading.forms import form_entries
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.terminal import to_text
from chalkwork.sheets.check import check_hand_in
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.forms import form_keys
from chalkwork.sheets.solve import solve_sheet, work_parts
from chalkwork.solutions.export import to_json

FALSE_PROOFS = next(path for path in PATHS if path.stem == "claims-find-the-mistake")
NOTATIONS = ["", "signal", "net-out", "hidden-output", "brackets", "{new: prime, net: s}", "bold"]
FORMS = [
    (path, notation)
    for place, path in enumerate(path for path in PATHS if "```task" in path.read_text())
    for notation in ("", *NOTATIONS[1 + place % 3 :: 3])
]
"""Each sheet as it is and in two other notations, in turn."""
SHOWS = ("sheet", "blanks", "form")
NOT_GIVEN = {
    "id",
    "title",
    "points",
    "note",
    "decimals",
    "significant",
    "answer",
    "ask",
    "show",
    "shown",
    "window",
    "grid",
}
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def words(text):
    return " ".join(text.split())


def numbers_of(value):
    """Every number in a part of a block."""
    if isinstance(value, dict):
        return {number for part in value.values() for number in numbers_of(part)}
    if isinstance(value, list):
        return {number for part in value for number in numbers_of(part)}
    return {float(value)} if isinstance(value, int | float) and not isinstance(value, bool) else set()


def read_numbers(text):
    plain = text.replace("−", "-").translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")).replace(" · 10", "10")
    found = {float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", plain)}
    return found | {10.0**power for power in range(-9, 0) if f"10{power}" in plain}


@pytest.mark.parametrize("show", SHOWS)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_number_that_a_block_gives_is_seen(path, show):
    text = to_text(workbook(read_sheet(path), show).document)
    assert not blemishes(text)
    seen = read_numbers(text)
    for language, body in FENCE.findall(path.read_text(encoding="utf-8")):
        if language in ("network", "graph"):
            continue
        block = yaml.safe_load(body)
        wanted = {number for key, part in block.items() if key not in NOT_GIVEN for number in numbers_of(part)}
        assert wanted <= seen, (block["id"], wanted - seen)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_hints_are_kept_and_answers_are_not_told(path):
    sheet = read_sheet(path)
    for show in SHOWS:
        text = words(to_text(workbook(sheet, show).document))
        for block in (*sheet.tasks, *sheet.parts):
            assert not block.hint or "Hint:" in text
            assert not block.note or words(block.note)[:30] not in text
        assert "Solution" not in text and "Model answer" not in text
        assert text.count("Hint:") == sum(bool(block.hint) for block in (*sheet.tasks, *sheet.parts))


def test_a_false_proof_is_the_exercise_and_a_right_one_is_not():
    text = words(to_text(workbook(read_sheet(FALSE_PROOFS), "sheet").document))
    assert "The lines are: Line 1: the definition of the sigmoid, as a power. dσ(x)/dx = d/dx [1/(1 + e⁻ˣ)]" in text
    assert "Line 6: the definition of the sigmoid, twice. = σ(x) · (1 · σ(x))" in text
    right = "```claim\nid: a\nstatement: 2 (x + 1) = 2x + 2\nproof:\n  - = 2x + 2\nTASK```\n"
    hidden = to_text(workbook(parse_sheet(right.replace("TASK", "")), "sheet").document)
    assert "The claim is" in hidden and "2 (x + 1) = 2x + 2" in hidden and "Line" not in hidden
    shown = to_text(workbook(parse_sheet(right.replace("TASK", "task: find_the_mistake\n")), "sheet").document)
    assert "Line 1" in shown
    named = to_text(workbook(parse_sheet("```claim\nid: a\nprove: sigmoid-symmetry\n```\n"), "sheet").document)
    assert "σ(−x) = 1 − σ(x)" in named


FUNCTION = "function: x^2 + 3*y^2"
NET = "```network\nname: net\nloss: squared_error\nlayers:\n  - {weights: [[0.5], [0.25]], activation: identity}\n```\n"
LEFT_OUT = [
    ("taylor", "function: exp(-x)", "f(x) = e⁻ˣ; to order 3; about 0"),
    (
        "optimise",
        f"{FUNCTION}\nstart: {{x: 7, y: 8}}",
        "the method: gradient descent; 5 steps; the learning rate η = 0.1",
    ),
    (
        "optimise",
        f"{FUNCTION}\nstart: {{x: 7, y: 8}}\nmethod: newton",
        "start x = 7, y = 8; the method: Newton; 5 steps.",
    ),
    (
        "optimise",
        f"{FUNCTION}\nstart: {{x: 7, y: 8}}\nmethod: momentum\nrate: 0.5",
        "η = 0.5; the momentum 0.9; the velocity",
    ),
    (
        "optimise",
        "gradients: [4, 3]\nstart: 7\nmethod: rmsprop\ngamma: 0.75",
        "η = 0.1; γ = 0.75; ε = 10⁻⁸; epsilon outside",
    ),
    (
        "optimise",
        "gradients: [4, 3]\nstart: 7\nmethod: adam\nepsilon: 0\nbeta2: 0.75",
        "the method: Adam; the learning rate η = 0.1; β₁ = 0.9; β₂ = 0.75; ε = 0.",
    ),
    ("optimise", f"{FUNCTION}\nstart: {{x: 7, y: 8}}\nmethod: [adam, lion]", "outside the root; β₂ = 0.99 (Lion)."),
    ("optimise", f"study: condition\n{FUNCTION}\nstart: {{x: 7, y: 8}}", "the accuracy 10⁻⁶"),
    (
        "optimise",
        "study: escape\nfunction: x^2 - y^2\nsaddle: {x: 0, y: 0}",
        "η = 0.1; the saddle at x = 0, y = 0; the distances (0.1, 0.01, 0.0001, 10⁻⁸); the radius R = 1",
    ),
    ("optimise", "study: cost", "(10, 1000, 100000, 10000000)"),
    ("optimise", "function: x^3\nat: {x: 4}", "the step h = 0.01"),
    ("optimise", "values: [4, 3]", "the start 0; β = 0.9; the average corrected for its start at zero"),
    ("optimise", "network: net\nx: [3, 4]\ny: [7]", "the method: Newton; 5 steps"),
    ("optimise", "network: net\nparameter: W1[1,1]\nx: [3, 4]\ny: [7]", "the step h = 0.01"),
    ("batch_norm", "batch: [[4, 3], [7, 8]]", "γ = 1; β = 0; ε = 10⁻⁵; the biased variance."),
    (
        "batch_norm",
        "batch: [4, 3]\nundo: true\ntarget: [1, 2]\nrunning: {mean: 2}",
        "ε = 10⁻⁵; the target y = (1, 2); the loss squared error; the biased variance; the running statistics (mean: "
        "2, variance: 1, momentum: 0.1, divisor: unbiased)",
    ),
    ("likelihood", "network: net\nx: [3, 4]\ny: [7]", "x = (3, 4); y = 7; σ = 1."),
    ("output", "task: next_word", "a vocabulary of 100000 words; 128 hidden units"),
    ("relu_approximation", "function: x^2\ninterval: [-4, 4]", "8 points; at equal distances"),
    ("relu_approximation", "function: x^2\ninterval: [-4, 4]\nadapted: true", "closer together where"),
    ("metrics", "truth: [yes, no]\nprediction: [yes, yes]", "positive is yes"),
    ("hopfield", "patterns: [[1, -1]]\nstart: [1, 1]", "one unit at a time, in the order 1, 2. A unit whose net"),
    ("presentation", "x: [[4, 3], [7, 8]]\ny: [1, 0]", "η = 1, w⁽⁰⁾ = ⎡0⎤"),
    (
        "architecture",
        "input: [1, 9, 9]\nlayers: [{kind: conv2d, filters: 2, kernel: 4}]",
        "stride 1, padding 0, bias yes",
    ),
    ("architecture", "input: [1, 9, 9]\nlayers: [{kind: max_pool, pool: 3}]", "pool 3, stride 3, padding 0"),
]
FOUND = {"pi", "M", "d", "n", "L_plus", "L_minus"}
"""What an answer starts from that no exercise says: constants, and what is found on the way."""


def flat(givens):
    return {name: np.ravel(value).tolist()[0] for name, value in givens.items()}


def test_what_a_block_leaves_out_is_said():
    for kind, body, said in LEFT_OUT:
        sheet = parse_sheet(f"{NET}```{kind}\nid: a\n{body}\n```\n")
        text = to_text(workbook(sheet, "sheet").document)
        assert said in words(text), (kind, body, text)
        answer = work_parts(sheet)["a"]
        if answer.setting.posed is None and kind != "relu_approximation":
            given = {given.name: answer.arrays[given.name] for given in answer.derivation.givens}
            alone = {name: value.item() for name, value in given.items() if value.size == 1 and name not in FOUND}
            assert set(alone.values()) <= read_numbers(text) | {0.0}, (kind, body, alone)
            (task,) = json.loads(to_json(workbook(sheet)))["tasks"]
            assert task["givens"].keys() == given.keys() and alone.items() <= flat(task["givens"]).items()


def test_a_query_does_not_tell_what_the_update_has_found():
    path = next(path for path in PATHS if path.stem.startswith("sigmoid-5-3-2"))
    for show in SHOWS:
        text = to_text(workbook(read_sheet(path), show).document)
        assert "The parameters are those that task (a) ends with." in text
        assert "0.162647" not in text and "0.0994943" not in text


def test_what_is_asked_stands_in_the_letters_of_the_sheet():
    path = next(path for path in PATHS if path.stem.startswith("leaky"))
    text = to_text(workbook(read_sheet(path), "sheet").document)
    assert "Find s⁽¹⁾, h⁽¹⁾, s⁽²⁾, h⁽²⁾ and L." in text
    filled = to_text(workbook(read_sheet(path), "form").document)
    assert "  s1:\n  h1:\n  s2:\n  h2:\n  L:" in filled
    assert "`s1` is s⁽¹⁾, `h1` is h⁽¹⁾" in words(filled)


def test_keys_of_a_form_can_be_typed_and_are_not_glued():
    for path in PATHS:
        for part in solve_sheet(read_sheet(path)).values():
            keys = form_keys(part)
            assert len(set(keys.values())) == len(keys)
            for name, key in keys.items():
                assert key == name or re.fullmatch(r"(?:[A-Za-z]|NLL|MACs|gamma|kappa|eta)\d*(_new\d*)?", key), key
                assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*(/d[A-Za-z0-9_]+)?(\[[\d,]+\])?", key), key


def test_words_are_given_to_choose_from_on_paper_too():
    text = words(to_text(workbook(read_sheet(FALSE_PROOFS), "blanks").document))
    assert "The verdict (circle one): proved · true at many points · false · false step · open." in text
    assert "first wrong step = ______" in text
    claim = "```claim\nid: a\nstatement: sin(x) <= t\ndomain: {x: '[0, 1]', t: positive}\n```\n"
    posed = words(to_text(workbook(parse_sheet(claim), "sheet").document))
    assert "The claim is, for all x in [0, 1] and all positive t, sin(x) ≤ t" in posed


def typed(value):
    rows = np.atleast_2d(value)
    rows = rows.reshape(-1, rows.shape[-1])  # a single map
    text = "; ".join(" ".join(repr(float(entry)) for entry in row) for row in rows)
    return text if rows.size == 1 else f"[{text}]"


@pytest.mark.parametrize(("path", "notation"), FORMS, ids=lambda value: getattr(value, "stem", value))
def test_a_form_filled_in_with_the_right_values_is_right(path, notation):
    text = path.read_text(encoding="utf-8")
    if notation:
        text = re.sub(r"^notation: .*\n", "", text, flags=re.MULTILINE).replace(
            "---\n", f"---\nnotation: {notation}\n", 1
        )
    sheet = parse_sheet(text)
    form = to_markdown(workbook(sheet, "form").document)
    solved = solve_sheet(sheet)
    for task, part in solved.items():
        keys = form_keys(part)
        assert list(keys) == list(dict.fromkeys(part.asked))
        block = re.search(rf"```answers\ntask: {task}\n.*?```", form, re.DOTALL)[0]
        filled = block
        for name, key in keys.items():
            filled = re.sub(
                rf"^{re.escape(key)}:\s*$", f"{key}: {typed(part.solution[name])}", filled, flags=re.MULTILINE
            )
        form = form.replace(block, filled)
    answers: dict = {}
    for task, name, value, _ in form_entries(form):
        answers.setdefault(task, {})[name] = value
    report = check_hand_in(sheet, answers)
    assert not report.unused
    for task in report.tasks:
        assert {result.verdict for result in task.report.values()} <= {"correct", "rounding"}, task.id


def test_blanks_obey_the_brackets_and_leave_room():
    source = "---\nnotation: {brackets: KIND}\n---\n```network\nlayers:\n  - {weights: [[1, 2]]}\n```\n"
    source += "```task\nid: a\nx: [1]\nask: [z1]\n```\n```question\nid: b\nanswer: yes\n```\n"
    for kind, latex, text in (
        ("round", r"\left(\begin{array}", "(______  ______)"),
        ("square", r"\left[", "[______  ______]"),
    ):
        book = workbook(parse_sheet(source.replace("KIND", kind)), "blanks")
        assert latex in to_markdown(book.document)
        assert text in to_text(book.document)
        assert to_text(book.document).count("_" * 70) >= 5


def test_a_network_that_only_the_laboratory_uses_is_introduced():
    path = next(path for path in PATHS if path.stem == "equivalent-networks")
    text = to_text(workbook(read_sheet(path), "sheet").document)
    assert text.count("The network has") == 3
    assert "W₁ = ⎢0.5   1⎥" in text
