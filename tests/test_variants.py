"""Variants: the same everywhere, pleasant, fair, with nothing wrong in their texts."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from shipped import SHEETS

from chalkwork.algebra.entries import split_entry
from chalkwork.checking.mistakes import context_of, distinct
from chalkwork.classroom.draws import words_of
from chalkwork.classroom.groups import layout_of
from chalkwork.classroom.paper import TABLE, save_variants, table_of
from chalkwork.classroom.summary import summary
from chalkwork.classroom.variant import Variants
from chalkwork.classroom.variants import vary
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.markdown import to_markdown
from chalkwork.errors import ChalkworkError
from chalkwork.sheets import parse_sheet, read_sheet, solve_sheet
from chalkwork.sheets.document import workbook
from chalkwork.sheets.schema import Prose

CHEAP = (
    "batch-norm-by-hand", "graph-product-of-sums", "maximum-likelihood-and-cross-entropy", "outputs-five-tasks",
    "relu-softmax-3-2-2-forward", "sigmoid-5-3-2-update-and-query", "tanh-softmax-4-4-3-3-batch", "taylor-sigmoid",
    "associative-memories", "recurrence-by-hand",
)  # fmt: skip
NETWORK = """---
title: A sheet
decimals: 4
convention: {samples: columns, weights: out_in}
VARY
---
TEXT

```network
loss: cross_entropy
layers:
  - {weights: [[0.5, -0.25], [0.25, 0.75]], bias: [0.1, -0.2], activation: relu}
  - {weights: [[0.5, 1], [-0.5, 0.25]], bias: false, activation: softmax}
```
```task
id: a
x: [1, 2]
y: [0, 1]
learning_rate: 0.1
ask: [z1, a1, z2, a2, L, delta2, delta1, dW1, W1_new]
```
"""


def sheet_of(vary: str = "", text: str = "Do it.") -> str:
    return NETWORK.replace("VARY", vary).replace("TEXT", text)


@cache
def usual() -> Variants:
    return vary(SHEETS / "leaky-relu-softmax-2-3-2.md", 20, 7)


def test_the_same_seed_gives_the_same_variants_everywhere() -> None:
    """The first word is what `openssl dgst -shake256` gives; what is made of the words is held as text."""
    assert words_of(7, 0, 2, 1).tolist() == [[15431913050742123672], [11745153832156947767]]
    first = usual()[0]
    assert "[[0.2, 0.2, -0.05], [0.05, 0.25, -0.1]]" in first.text and "x: [-1, 3]\ny: [0, 1]" in first.text
    again = vary(SHEETS / "leaky-relu-softmax-2-3-2.md", 5, 7)
    assert [one.text for one in again] == [one.text for one in usual()[:5]]
    assert {one.text for one in vary(SHEETS / "leaky-relu-softmax-2-3-2.md", 5, 8)}.isdisjoint(
        one.text for one in usual()
    )


def test_a_variant_differs_in_its_givens_alone() -> None:
    """Comments, order and spaces stay, and every drawn number is where it was."""
    source = sheet_of().replace("x: [1, 2]", "x: [ 1,  2 ]   # the sample").replace("```task", "  ```task", 1)
    source = source.replace("id: a\n", "   id: a\n", 1) if "  ```task\n   id" in source else source
    own = parse_sheet(source)
    layout = layout_of(own)
    for one in vary(own, 3, 1):
        assert len(one.text.splitlines()) == len(source.splitlines())
        assert "# the sample" in one.text
        kept = one.text
        for piece in layout.pieces:
            before, found, kept = kept.partition(piece)
            assert found == piece and (not before or float(before) is not None)


def test_every_shipped_sheet_varies_or_says_that_nothing_in_it_does() -> None:
    for name in CHEAP:
        variants = vary(SHEETS / f"{name}.md", 2, 3)
        texts = {one.text for one in variants}
        assert len(texts) == 2 and (SHEETS / f"{name}.md").read_text() not in texts
        for one in variants:
            assert not any("{{" in block.markdown for block in one.sheet.blocks if isinstance(block, Prose))
    with pytest.raises(ChalkworkError, match="nothing in this sheet varies"):
        vary(SHEETS / "claims-find-the-mistake.md", 2)


def test_variants_are_fair_as_an_independent_count_says() -> None:
    """Every named mistake, worked out anew for each variant: none right, none like another, but for the classes."""
    variants = usual()
    for one in variants[:4]:
        for task in solve_sheet(one.sheet).values():
            solution = task.solution
            context = context_of(solution.derivation, -1)
            for name in dict.fromkeys(split_entry(each)[0] for each in task.asked):
                equation = solution.derivation[name]
                unit = 10.0**-6
                known = dict(solution.arrays) | dict(context.constants)
                with np.errstate(all="ignore"):
                    found = {
                        (number, ids): np.asarray(evaluate(expression, known))
                        for number, (expression, ids) in enumerate(distinct(equation, context))
                        if expression.shape == equation.expression.shape
                    }
                untold = variants.certificate.untold[task.id, name]
                classes = variants.certificate.classes[task.id, name]
                for (_, ids), value in found.items():
                    if not set(ids) <= set(untold):
                        assert not np.max(np.abs(value - solution.arrays[name])) <= unit, (one.code, name, ids)
                for (left, first), (right, second) in combinations(found.items(), 2):
                    one_mistake = set(left[1]) & set(right[1])
                    if not one_mistake and not any({*left[1], *right[1]} <= set(each) for each in classes):
                        assert not np.max(np.abs(first - second)) <= unit, (one.code, name, left, right)


def test_variants_are_pleasant() -> None:
    for one in usual():
        solution = solve_sheet(one.sheet)["c"].solution
        z1, a2 = solution["z1"], solution["a2"]
        assert np.all(np.abs(z1) > 4e-6) and (z1 < 0).any() and (z1 > 0).any()
        assert abs(a2[0, 0] - a2[1, 0]) >= min(0.05, 0.0475)
        assert np.all(np.abs(solution["dW1"]) >= 1e-6)
        assert one.facts["winner"] == str(int(a2.argmax()) + 1)
        assert one.facts["class"] == str(int(solution["y"].argmax()) + 1)
        assert one.facts["inactive"] == str(int((z1 < 0).sum()))
    low, middle, high = usual().spread
    assert 0.85 * middle <= low and high <= 1.15 * middle + 1e-9


def test_strata_ranges_and_keeping() -> None:
    stated = "vary: {x: {from: -2, to: 2, step: 0.5}, W1: {choices: [0.5, -0.5, 0.25]}, keep: [b1, W2]}"
    variants = vary(parse_sheet(sheet_of(stated)), 3, 2, stratify="class")
    assert sorted(one.facts["class"] for one in variants) == ["1", "1", "1", "2", "2", "2"]
    for one in variants:
        assert "bias: [0.1, -0.2]" in one.text and "[[0.5, 1], [-0.5, 0.25]]" in one.text
        x = [float(each) for each in one.facts["a.x"].strip("()").split(",")]
        assert all(-2 <= each <= 2 and each * 2 == int(each * 2) for each in x)
        assert set(one.facts["net.W1"].strip("()").split(", ")) <= {"0.5", "-0.5", "0.25"}
    wholes = vary(parse_sheet(sheet_of("vary: {x: {choices: [[1, 2], [3, -1], [2, -2]]}}")), 3, 2)
    assert {one.facts["a.x"] for one in wholes} <= {"(1, 2)", "(3, -1)", "(2, -2)"}
    assert len(vary(parse_sheet(sheet_of("vary: {inactive: none}")), 2)) == 2


REFUSED = {
    ("", "Let $x = (1, 2)$."): r"line 7: the text says '\(1, 2\)', which is a.x of these numbers.*\{\{x\}\}",
    ("", "A weight is 0.75."): r"line 7: .*net.W1\[2,2\].*\{\{W1\[2,2\]\}\}",
    ("", "It is of the second class."): r"'second class', which is y .*class \{\{class of y\}\}",
    ("", "\\begin{pmatrix} 0 \\\\ 1 \\end{pmatrix}"): "which is a.y of these numbers",
    ("", "We expect 0.5986 here."): "the text says|only|",
    ("vary: {q: {from: 0, to: 1, step: 0.1}}", ""): "line 5, column \\d+: vary names 'q'",
    ("vary: {x: {choices: [[1, 2, 3], [1, 2, 4]]}}", ""): "a choice has 3 numbers, x has 2",
    ("vary: {x: {choices: [0, 1e300]}, keep: [W1, b1, W2, y]}", ""): "variants: of .* most fail by",
    ("vary: {winner: 0.999, keep: [x, y]}", ""): "a winner that is not clear",
    ("", "Given {{x[3]}}."): r"\{\{x\[3\]\}\}: there is no such entry",
    ("", "Given {{xx}}."): r"\{\{xx\}\} is no number that this sheet gives",
}


def test_what_would_be_wrong_in_a_variant_is_refused() -> None:
    for (stated, text), message in REFUSED.items():
        if message.endswith("|"):
            continue
        with pytest.raises(ChalkworkError, match=message):
            vary(parse_sheet(sheet_of(stated, text)), 3)


def test_words_and_rates_are_no_givens() -> None:
    text = "Two inputs, 2 units, the rate $0.1$, and $\\eta = 0.1$; the number 0.25 is a word."
    assert len(vary(parse_sheet(sheet_of("vary: {words: [0.25]}", text)), 2)) == 2


def test_what_has_no_numbers_varies_beside_what_has() -> None:
    claim = "\n```claim\nid: c\nstatement: tanh(-x) = -tanh(x)\n```\n"
    sheet = parse_sheet(sheet_of() + claim)
    assert all(solve_sheet(one.sheet)["c"].solution.setting.words for one in vary(sheet, 2))


def test_places_are_filled_and_latex_stays() -> None:
    text = "$x = {{x}}$, ${{W1[1,2]}}$, {{ class of y }}, $\\hat{{x}}^{{x}}$, $W_1 = {{W1}}$, column {{W1[:,2]}}"
    sheet = parse_sheet(sheet_of("", text))
    shown = to_markdown(workbook(sheet, "sheet").document)
    assert "$x = (1, 2)$, $-0.25$, 2, $\\hat{{x}}^{{x}}$, $W_1 = \\begin{bmatrix}" in shown
    assert "column (-0.25, 0.75)" in shown
    assert sheet.text == sheet_of("", text)
    hinted = sheet_of().replace("learning_rate: 0.1\n", "learning_rate: 0.1\nhint: start at {{x}}\n")
    assert "start at (1, 2)" in to_markdown(workbook(parse_sheet(hinted), "sheet").document)
    one = vary(parse_sheet(hinted), 1)[0]
    assert f"start at {one.facts['a.x']}" in to_markdown(workbook(one.sheet, "sheet").document)


def test_what_is_alike_stays_alike() -> None:
    """One sample in two tasks, one weight for all layers, and a batch that holds the sample of another task."""
    sheet = read_sheet(SHEETS / "tanh-4-4-3-3-single-and-batch.md")
    for one in vary(sheet, 2, 5):
        solved = solve_sheet(one.sheet)
        assert solved["a"].solution["x"].ravel().tolist() == solved["b"].solution["x"][:, 0].tolist()
        assert np.unique(np.concatenate([solved["a"].solution[f"W{n}"].ravel() for n in (1, 2, 3)])).size == 1


def test_solutions_that_are_not_read_again_are_the_same() -> None:
    """What `exercises` works out from numbers is what the text of the variant gives."""
    for one in usual()[:2]:
        assert one.fast
        for name, task in solve_sheet(one.sheet).items():
            quick = one.exercises[name]
            assert quick.asked == task.asked and quick.equations == task.equations
            for key in task.solution.derivation:
                assert np.array_equal(quick.solution.arrays[key], task.solution.arrays[key])
            assert str(quick.solution) == str(task.solution)


def test_files_and_summary(tmp_path: Path) -> None:
    variants = usual()
    written = save_variants(variants, tmp_path)
    assert [path.name for path in written[:2]] == [TABLE, "variant-001.md"] and len(written) == 21
    assert (tmp_path / TABLE).read_text() == table_of(variants)
    assert all(len(line) <= 80 for line in summary(variants).splitlines())
    assert "Certified: " in summary(variants) and "Turned away: " in summary(variants)


def test_one_pdf_for_the_class_has_the_code_on_each_page_and_the_same_bytes(tmp_path: Path) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    variants = vary(parse_sheet(sheet_of()), 2, 1)
    found = []
    for place in ("a", "b"):
        save_variants(variants, tmp_path / place, "pdf", ["blanks"], together=True)
        found.append((tmp_path / place / "class-blanks.pdf").read_bytes())
    assert found[0] == found[1]
    pages = [page.get_textpage().get_text_range() for page in pdfium.PdfDocument(found[0])]
    assert pages and all(("1-001 ·" in page) != ("1-002 ·" in page) for page in pages)
    assert any("1-002 ·" in page for page in pages)
    save_variants(variants[:1], tmp_path / "c", "pdf", ["sheet"])
    (page,) = pdfium.PdfDocument(tmp_path / "c/variant-001-sheet.pdf")
    assert "1-001 · 1" in page.get_textpage().get_text_range()
