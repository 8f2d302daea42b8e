"""What is refused in plain maths and LaTeX: with its place, bounded in size and depth, and with how it is written."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalkwork.algebra.expression import Name
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reading import LONGEST_FORMULA, build, free_names, parse, parse_formula, read_chain, read_formula
from chalkwork.algebra.reading.words import DEFINED, FUNCTIONS, LAID, VECTORS
from chalkwork.errors import ChalkworkError, ReadError


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        (r"x + \foo", r"\foo is not part of the language", 5),
        (r"\sum_{i=1}^{n} x_i", "the bounds of a sum must be numbers", 12),
        (r"\sum x", "the bounds of a sum are missing", 1),
        (r"\frac{a}{b", "expected '}', found the end", 11),
        ("x/2y", "a/b c can mean", 4),
        ("f(x)", "a function, and there is none of that name", 1),
        (r"x1 + \alpha", "write x_1 for an index", 2),
        (r"\sigma^2 + \sigma(x)", "applied in one place", 12),
        (r"\tanh^{-1}(x)", "is a power only for", 7),
        (r"x_1 + x^{(1)}\,", "index in two places", 7),
        (r"\frac{\partial (b)}{b}", "another", 20),
        (r"\int x", "integrals", 1),
        (r"a \approx b", "≈", 3),
        (r"x^23 \alpha", "two numbers next to each other", 4),
        (r"\sqrt²", "'²' is not part", 6),
        ("2 $ 3", "'$' is not part", 3),
        (r"\begin{cases} x \end{cases}", "cannot stand here", 1),
        ("", "ends too early", 1),
    ],
)
def test_refusals_show_the_place(text, message, column):
    with pytest.raises(ReadError) as caught:
        read_chain(text)
    shown = str(caught.value).replace("'the end'", "the end")
    first, excerpt, caret = shown.split("\n")
    assert message in first and first.endswith(f"at column {column}")
    assert caret.index("^") - 4 == column - 1 and excerpt.strip() == text


def test_bounds_on_size():
    for text in (
        "x" * (LONGEST_FORMULA + 1),
        "(" * 60 + "x",
        "+".join("x" * 200),
        "{" * 1000,
        "-" * 1000 + "x",
        "2^" * 300,
    ):
        with pytest.raises(ReadError):
            parse_formula(text)
    nested = r"\sum_{i=1}^{50}" * 4 + "x"
    with pytest.raises(ReadError, match="more than 80 operations"):
        parse_formula(nested)
    with pytest.raises(ReadError, match="more than 50"):
        parse_formula(r"\sum_{i=1}^{9999} x")


PIECES = st.sampled_from([
    r"\frac", r"\sqrt", r"\sigma", r"\tanh", r"\log", r"\sum", r"\prod", r"\partial", r"\left(", r"\right)",
    r"\left|", r"\right|", r"\begin{pmatrix}", r"\end{pmatrix}", r"\begin{aligned}", r"\end{aligned}", r"\\", r"&",
    r"{", r"}", r"(", r")", r"[", r"]", r"|", r"^", r"_", r"'", r"!", r",", r"=", r"<", r"\le", r"+", r"-", r"*",
    r"/", r"\cdot", r"\circ", r"\top", r"\mathrm", r"\hat", r"x", r"d", r"e", r"T", r"i", r"1", r"23", r".5",
    r"\operatorname{softmax}", r"\max", r"\text", r"d/dx", r"dx", r"_{i=1}", r"^{3}", r"^{(1)}", r"\,", r"\quad",
    r"\left.", r"π", r"²", r"–", r"\u200b", r"9999",
])  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join) | st.lists(PIECES, max_size=25).map(" ".join) | st.text(max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused(text):
    try:
        chain = read_chain(text)
    except ReadError:
        return
    for side in chain.sides:
        names = {name: Name(name) for name in free_names(side)}
        try:
            build(side, names)
        except ChalkworkError:
            continue


NESTED = [
    r"\frac{?}{2}", r"\frac12?", r"\sqrt?", r"\hat?", r"\mathrm{?}", r"\tanh ?", "exp(?)", "2^?", "2^-?", "(?)", "|?|",
    "d/dx ?", r"\frac{d}{dx} ?", r"\frac{d}{dx}(?)", r"\frac{d?}{dx}", r"\sum_{i=1}^{2} ?", r"\log_? x", r"\sigma^2(?)",
    "max(?, x)", "-?", "+?", r"x \cdot -?", r"\begin{pmatrix} ? \end{pmatrix}", "x_{?}", "x^{(?)}", r"\sqrt[?]{x}",
    "a/?", "softmax(x, axis=?)", "broadcast(x, [?])",
]  # fmt: skip


@pytest.mark.parametrize("pattern", NESTED)
@pytest.mark.parametrize("depth", [20, 1500])
def test_what_is_nested_is_read_or_refused(pattern, depth):
    text = "x"
    for _ in range(depth):
        text = pattern.replace("?", text) if len(text) < 15_000 else text
    for reader in (parse, parse_formula):
        try:
            reader(text)
        except ReadError:
            continue


def test_every_word_of_a_function_is_in_the_table_or_defined():
    assert set(FUNCTIONS.values()) == {*TABLE, *DEFINED, *VECTORS, *LAID, "min"}
    assert all(re.fullmatch(r"\w+", word) for word in FUNCTIONS)


def test_a_number_beyond_all_is_refused_with_its_place():
    with pytest.raises(ReadError, match="the number is too large, at column 5"):
        read_formula("1 + 1e999", {})


@pytest.mark.parametrize("formula", [True, False])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"\|x\|", "norms are not part of the language; write sqrt"),
        (r"\left\| x \right\|_2^2", "norms are not part"),
        (r"\lVert x \rVert", "norms are not part"),
        ("‖x‖", "norms are not part"),
        *(
            (f"{name} x", rf"{name} stands without its argument; write {name}\(x\)")
            for name in ("ln", "sigmoid", "tan")
        ),
    ],
)
def test_what_is_nearly_right_is_refused_with_how_it_is_written(text, words, formula):
    with pytest.raises(ReadError, match=words):
        parse_formula(text) if formula else parse(text)
