"""No text does anything to the reader but be read or refused: huge ones, the deepest ones, and any at all."""

import random
import string

import pytest
from expressions import EXPRESSIONS, NAMES
from hypothesis import given, settings
from hypothesis import strategies as st

from chalkwork.algebra.expression import Expression, walk
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reading import free_names, parse, read
from chalkwork.algebra.simplify import simplify
from chalkwork.errors import ReadError, ShapeError


def is_harmless(text):
    """Whether the text is read; everything that may be done with the result is done."""
    try:
        expression = read(text, NAMES)
    except (ReadError, ShapeError):
        return False
    assert isinstance(expression, Expression)
    hash(expression)
    if parse(text).levels < 40:  # what is printed may need a few more brackets than what was typed
        assert read(str(expression), NAMES) == expression
    assert len(list(walk(expression))) >= 1
    free_names(parse(text))
    simpler = simplify(expression)
    assert simpler.shape == expression.shape
    str(simpler)
    repr(simpler)
    return True


HUGE = [
    "(" * 10_000,
    "(" * 10_000 + "a" + ")" * 10_000,
    "(" * 9_000 + "a" + ")" * 9_000,
    "[" * 10_000,
    "exp(" * 4_000 + "a" + ")" * 4_000,
    "+".join(["a"] * 10_000),
    "-".join(["a"] * 10_000),
    "*".join(["a"] * 10_000),
    "/".join(["a"] * 10_000),
    "^".join(["a"] * 10_000),
    "@".join(["S"] * 10_000),
    "^-".join(["a"] * 6_000),
    "-" * 10_000 + "a",
    "+" * 10_000 + "a",
    "-" * 19_999,
    "-(" * 6_000 + "a",
    "S" + ".T" * 9_999,
    "S" + "^T" * 9_999,
    "a^(" * 5_000,
    "1" * 10**6,
    "a" * 10**6,
    "a" * 19_999,
    "1e" + "9" * 19_000,
    "." * 10_000,
    "sum(" + "a," * 9_000 + ")",
    "sum(a, " + "axis=0, " * 2_000 + ")",
    "broadcast(a, [" + "1," * 9_000 + "])",
    " " * 19_999,
    "((((9^63)^63)^63)^63)^63",
    "9^63" + "*9^63" * 100,
    "*".join(["123456789012345678901234567890"] * 140),
    "+".join(["123456789012345678901234567890"] * 140),
    "/".join(["7"] * 140),
    "1e308 * 10 * a",
    "1e308 * 10 - 1e308 * 10",
    "1 / 0",
    "a / 0",
    "0^-1",
    "0^0",
    "1 / 1e-320 / 1e-320",
    "1e300^63",
    "-1e300^63",
    "(1/3)^63 * (1/7)^63",
    "x^1e308 * x^1e308",
]


@pytest.mark.parametrize("text", HUGE, ids=lambda text: f"{text[:12]}..{len(text)}")
def test_huge_texts_neither_hang_nor_overflow(text):
    is_harmless(text)


def as_deep_as_allowed(pattern, inner):
    """The deepest text of the form that is still read."""
    text = inner
    while True:
        longer = pattern.replace("?", text)
        try:
            parse(longer)
        except ReadError:
            return text
        text = longer


@pytest.mark.parametrize(
    ("pattern", "inner"),
    [
        ("(?)", "a"),
        ("-(?)", "a"),
        ("? + a", "a"),
        ("a - (?)", "a"),
        ("? * x", "a"),
        ("b / (?)", "a"),
        ("? / b", "a"),
        ("?^x", "a"),
        ("a^(?)", "a"),
        ("2^-(?)", "a"),
        ("exp(?)", "a"),
        ("(?).T", "S"),
        ("(? + S).T", "S"),
        ("(? @ S).T", "S"),
        ("S @ (?)", "S"),
        ("? @ S", "S"),
        ("sum(?, axis=0) * c", "A"),
        ("softmax(?, axis=1)", "A"),
        ("(? + a) * b", "a"),
        ("2 * (? - 1)", "a"),
        ("(? + a) / (x - 1)", "a"),
        ("? * (a - b)", "(a + b)"),
    ],
)
def test_the_deepest_text_that_is_read_can_be_used(pattern, inner):
    text = as_deep_as_allowed(pattern, inner)
    assert is_harmless(text)
    assert parse(text).levels >= 50 or pattern == "(?)"
    is_harmless(f"({text}).T")


def test_a_sum_of_a_hundred_terms_is_read():
    assert is_harmless(" + ".join(["a * b"] * 100))


ALPHABET = "abxTSAλ_e019.()[]+-*/^@,=−· \t²٣＋'\"\\\0;:" + "é\u0301\u200b😀"


@given(st.text(alphabet=ALPHABET, max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused(text):
    is_harmless(text)


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_unicode_is_read_or_refused(text):
    is_harmless(text)


WORDS = [*TABLE, *NAMES, *"+-*/^@(),=[].", ".T", "^T", "**", "axis=0", "axis=none", "none", "[2, 3]", "1", "1e9", " "]


@given(st.lists(st.sampled_from(WORDS), max_size=14))
@settings(max_examples=400, deadline=None)
def test_any_sequence_of_words_is_read_or_refused(words):
    is_harmless("".join(words))
    is_harmless(" ".join(words))


@given(EXPRESSIONS, st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_changed_expressions_are_read_or_refused(expression, random):
    is_harmless(changed(str(expression), random))


def changed(text: str, chance: random.Random) -> str:
    """The text with a few characters removed, doubled, exchanged or put in."""
    letters = list(text)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(letters) + 1)
        new = chance.choice(ALPHABET + string.punctuation)
        letters[place : place + chance.randint(0, 2)] = chance.choice(([], [new], letters[place : place + 3] * 2))
    return "".join(letters)
