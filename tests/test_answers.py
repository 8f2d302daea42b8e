"""Typed answers: every way of writing them, what their digits stand for, and nothing but an Answer for anything."""

from __future__ import annotations

import math
import time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalkwork.checking.reading.answers import Answer, _of_numerals, _read_any, read_answer
from chalkwork.checking.reading.cells import plain_cells
from chalkwork.checking.reading.names import NameTable, bare_name, match_names
from chalkwork.checking.reading.numerals import spread
from chalkwork.errors import ChalkworkError
from chalkwork.typesetting.notation import PRESETS, Notation
from chalkwork.typesetting.symbols import Symbols

NUMBERS = {
    "0,45": 0.45, "0.45": 0.45, ",5": 0.5, "1/3": 1 / 3, "-1/3": -1 / 3, "-6.2e-3": -0.0062, "−6,2E-3": -0.0062,
    "2.3·10^-4": 2.3e-4, "2.3*10^-4": 2.3e-4, "2.3 × 10⁻⁴": 2.3e-4, r"2{,}3\cdot 10^{-4}": 2.3e-4, "10^-3": 1e-3,
    r"\frac{1}{3}": 1 / 3, r"$-\frac{1}{4}$": -0.25, "- 0.5": -0.5, "+2": 2, "≈ 0.45": 0.45, "[0.45]": 0.45, "(7)": 7,
    "[[0,45]]": 0.45, r"\underline{0.45}": 0.45, "1,234": 1.234, "2*10^(-3)": 2e-3,
}  # fmt: skip
MATRICES = [
    "[1 2; 3 4]", "[[1, 2], [3, 4]]", "1 2; 3 4", "1, 2; 3, 4", "1 2\n3 4", "[[1 2]\n [3 4]]", "1,2;3,4",
    "[[1,2],[3,4]]",
    r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", r"$\begin{pmatrix}1&2\\[2pt]3&4\\\end{pmatrix}$",
    r"\left(\begin{array}{cc} 1 & 2 \\ 3 & 4 \end{array}\right)", "np.array([[1., 2.],\n [3., 4.]], dtype=float32)",
    "[[1, 3], [2, 4]]^T", "[1 3; 2 4]'", "{{1,2},{3,4}}", "1 | 2; 3 | 4", [[1, 2], [3, 4]], ((1, 2), (3, 4)),
    ["1 2", "3 4"], [[["1", "2"], [3.0, Fraction(4)]]], [np.array([1, 2]), np.array([3.0, 4.0])],
    np.array([[1, 2], [3, 4]]), np.array([[[1, 2], [3, 4]]], dtype=np.float32), np.array([["1", "2"], ["3", "4"]]),
]  # fmt: skip
VECTORS = [
    "0,45; 0,2", "0.45, 0.2", "[0,45, 0,2]", "0,45 0,2", "[0.45 0.2]", "(0.45, 0.2)^T", "[0.45; 0.2]", "0,45\n0,2",
    "(0,45 | 0,2)", [0.45, 0.2], [[0.45], [0.2]], [[0.45, 0.2]], ["0,45", "0.2"], np.array([0.45, 0.2]),
    r"\begin{pmatrix} 0,45 \\ 0,2 \end{pmatrix}", [np.float64(0.45), Decimal("0.2")], "[0.45, 0.2,]",
]  # fmt: skip
KNOWN = [
    "x", "y", "W1", "b1", "W2", "b2", "eta", "z1", "a1", "z2", "a2", "L", "delta2", "dW2", "db2", "delta1", "dW1",
    "db1", "W1_new", "b1_new", "W2_new", "b2_new", "z1_new", "a1_new", "z2_new", "a2_new", "L_new",
]  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers(text: str) -> None:
    answer = read_answer(text, ())
    assert answer.message == ""
    assert answer.value.item() == pytest.approx(NUMBERS[text], rel=1e-15)
    assert answer.low.item() <= answer.value.item() <= answer.high.item()


@pytest.mark.parametrize("given_", MATRICES, ids=repr)
def test_matrices(given_: object) -> None:
    answer = read_answer(given_, (2, 2))
    assert answer.value.tolist() == [[1, 2], [3, 4]], answer.message


@pytest.mark.parametrize("shape", [(2, 1), (1, 2)])
@pytest.mark.parametrize("given_", VECTORS, ids=repr)
def test_vectors_in_either_orientation(given_: object, shape: tuple[int, int]) -> None:
    answer = read_answer(given_, shape)
    assert answer.value.shape == shape and answer.value.ravel().tolist() == [0.45, 0.2], answer.message


@pytest.mark.parametrize(
    ("text", "decimals", "low", "high"),
    [
        ("0.79", None, 0.785, 0.795),
        ("-6.2e-3", 4, -0.00625, -0.00615),
        ("0.790", None, 0.7895, 0.7905),
        ("2", 3, 1.9995, 2.0005),
        ("2", None, 2, 2),
        ("2.", None, 2, 2),
        (0.79, None, 0.785, 0.795),
        (np.array(0.79), None, 0.785, 0.795),
        ("2·10^-3", None, 0.0015, 0.0025),
    ],
)
def test_digits_give_the_interval(text: object, decimals: int | None, low: float, high: float) -> None:
    answer = read_answer(text, (), decimals)
    assert answer.low.item() <= low and answer.high.item() >= high
    assert answer.low.item() == pytest.approx(low, rel=1e-13) and answer.high.item() == pytest.approx(high, rel=1e-13)


@given(st.integers(-(10**12), 10**12), st.integers(0, 14))
def test_intervals_hold_every_number_that_rounds_to_the_digits(digits: int, places: int) -> None:
    exact = Fraction(digits, 10**places)
    half = Fraction(1, 2 * 10**places) if places else Fraction(0)
    answer = read_answer(f"{Decimal(digits).scaleb(-places):f}", ())
    assert Fraction(answer.low.item()) <= exact - half and exact + half <= Fraction(answer.high.item())


@given(st.integers(-999, 999), st.integers(1, 999))
def test_fractions_are_tight(above: int, below: int) -> None:
    answer = read_answer(f"{above}/{below}", ())
    low, high = answer.low.item(), answer.high.item()
    assert Fraction(low) <= Fraction(above, below) <= Fraction(high)
    assert high - low <= 4 * math.ulp(above / below)


def test_precision_of_programs() -> None:
    third = read_answer(np.array([0.5, 1 / 3]), (2, 1))
    assert (third.high - third.low < 2e-15).all()
    single = read_answer(np.array([1 / 3], dtype=np.float32), (1, 1))
    assert single.low.item() < 1 / 3 < single.high.item() and single.high.item() - single.low.item() < 1e-6
    assert spread(np.round(np.array([1 / 3, 2 / 3]), 3))[0].tolist() == [0.0005, 0.0005]
    assert spread(np.array([0.79], dtype=np.float32))[0].tolist() == [0.005]
    assert read_answer([np.float32(1 / 3)], (1, 1)).high.item() > 1 / 3


class Tensor:
    """What a tensor that wants gradients looks like from outside."""

    requires_grad = True

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        if self.requires_grad:
            raise RuntimeError("call detach first")
        return np.array([[1.5, 2.5]])

    def detach(self) -> Tensor:
        detached = Tensor()
        detached.requires_grad = False
        return detached

    def cpu(self) -> Tensor:
        return self


def test_tensors_are_detached() -> None:
    assert read_answer(Tensor(), (2, 1)).value.tolist() == [[1.5], [2.5]]


@pytest.mark.parametrize("blank", [None, "", "  ", "_", "____", "?", "[]", [], [None, ""], r"\underline{\hspace{2cm}}"])
def test_blank(blank: object) -> None:
    answer = read_answer(blank, (2, 2))
    assert answer.blank.all() and not answer.unreadable.any() and answer.message == ""


def test_one_bad_cell_blocks_no_other() -> None:
    answer = read_answer("[1 _; abc 4]", (2, 2))
    assert answer.given.tolist() == [[True, False], [False, True]]
    assert answer.unreadable.tolist() == [[False, False], [True, False]]
    assert "row 2, column 1" in answer.message and "abc" in answer.message
    ragged = read_answer([[1, 2], [3]], (2, 2))
    assert ragged.given.tolist() == [[True, True], [False, False]] and "row 2" in ragged.message


@pytest.mark.parametrize(
    "text", ["0,45", "[[0,45],[0,2]]", "0,45,0,2"], ids=["one for two", "lists or columns", "four for two"]
)
def test_ambiguous_commas_are_not_guessed(text: str) -> None:
    answer = read_answer(text, (2, 1))
    assert answer.unreadable.all() and "commas" in answer.message


def test_commas_that_mean_two_things_in_a_row_spoil_only_that_row() -> None:
    answer = read_answer(",0 0; 0.5 1", (2, 2))
    assert answer.given.tolist() == [[False, False], [True, True]]


def test_a_row_that_cannot_be_read_leaves_the_decimals_of_the_others() -> None:
    answer = read_answer("0.45 0.46 0.47; 0 0 ", (2, 3))
    assert answer.given.tolist() == [[True] * 3, [False] * 3] and answer.value[0].tolist() == [0.45, 0.46, 0.47]


def test_wrong_shapes_say_found_and_expected() -> None:
    turned = read_answer("[[1,2],[3,4],[5,6]]", (2, 3))
    assert turned.wrong_shape == (3, 2) and "but 2x3 is expected (its transpose would fit)" in turned.message
    assert read_answer(np.zeros((3, 2)), (2, 3)).wrong_shape == (3, 2)
    assert read_answer([1, 2, 3], (2, 2)).message == "it is a list of three numbers, but 2x2 is expected"
    assert read_answer("0.5", (2, 2)).message == "'0.5' is a single number, but 2x2 is expected"
    assert read_answer([1, 2], ()).message == "it is a list of two numbers, but a single number is expected"
    short = "'0.5 0.2' is a list of two numbers, but three numbers in a column are expected"
    assert read_answer("0.5  0.2", (3, 1)).message == short


HOSTILE = [
    "1e308", "1e999", "inf", "nan", float("nan"), float("inf"), 10**400, "__import__('os')", "１", "٣", "0x10", "1_0",
    "1/0", "[" * 10**5, "[" * 5000 + "]" * 5000, "9" * 10**5, "9" * 61, "1 " * 60000, "(" * 90000, True, b"1", {1: 2},
    object(), object, {1, 2}, "\0", "\x00\x01", "1" + " " * 90000 + "x", "]" * 99999, "array(" + ", a=a" * 19000,
    "1^" * 40000,
    r"\begin{bmatrix}" * 5000, r"\frac{" * 10000, "," * 99999, ";" * 99999, "_" * 99999, np.array(["a"], dtype=object),
    np.array([1j]), np.array([True]), np.datetime64("2024-01-01"), 1 + 2j, "1.234,5", "1,2,3", range(3),
    "\\underline{" * 9000, "\\[" * 40000, "0,1" * 30000, "1,1 " * 24000, "[1,1]," * 16000, "- " * 40000, "10^{" * 30000,
]  # fmt: skip


@pytest.mark.parametrize("given_", HOSTILE, ids=lambda value: f"{value!r:.20}")
def test_hostile_answers_are_refused_in_time(given_: object) -> None:
    start = time.process_time()
    answer = read_answer(given_, (), 4)
    assert time.process_time() - start < 5
    assert not answer.given.any()
    assert answer.message or answer.blank.all()
    assert len(answer.message) < 300 and answer.message.count("\n") == 0


def test_deep_and_large_lists_are_refused() -> None:
    deep: list[object] = []
    for _ in range(10**5):
        deep = [deep]
    assert "nested" in read_answer(deep, (2, 2)).message
    shared: list[object] = [1.0]
    for _ in range(9):
        shared = [shared] * 100
    assert "entries" in read_answer(shared, (2, 2)).message
    assert "entries" in read_answer(np.broadcast_to(1.0, (10**6, 10**6)), (2, 2)).message


CELL = st.one_of(
    st.none(), st.floats(), st.integers(), st.text(max_size=8), st.sampled_from(["0,4", "1/3", "_", "1e400", "NaN"])
)
PIECES = st.sampled_from(
    [*"0123456789.,;:-+*/^[]{}() \n\\&_?|'T$eE\0·−", r"\begin{bmatrix}", r"\end{bmatrix}", r"\frac"]
)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(PIECES, max_size=40).map("".join),
        st.recursive(CELL, lambda inner: st.lists(inner, max_size=4), max_leaves=16),
    ),
    st.sampled_from([(), (1, 1), (2, 1), (1, 3), (2, 2), (2, 3)]),
    st.sampled_from([None, 2, 4]),
)
def test_nothing_but_an_answer_comes_out(value: object, shape: tuple[int, ...], decimals: int | None) -> None:
    answer = read_answer(value, shape, decimals)
    assert isinstance(answer, Answer)
    size = shape or (1, 1)
    assert all(part.shape == size for part in (answer.value, answer.low, answer.high, answer.blank, answer.unreadable))
    assert not (answer.blank & answer.unreadable).any()
    assert (np.isfinite(answer.value) == answer.given).all()
    assert (answer.low[answer.given] <= answer.value[answer.given]).all()
    assert (answer.value[answer.given] <= answer.high[answer.given]).all()
    assert bool(answer.message) == bool(answer.unreadable.any())


SIMPLE = st.one_of(
    st.sampled_from(["0.45", "-0.2", "12.0", "-3.125"]),
    st.sampled_from(["0.45", "-0.2", "0,45", "-1,5"]),
    st.sampled_from(
        ["0.45", "0,45", "-1,5", "−0.5", "0", "12", "_", "1/3", "2.5e-3", "0.5.5", "- 0.5", "1.", ".5", ""]
    ),
)
BETWEEN = st.sampled_from(
    [" ", ",", ", ", "; ", ";", "\n", "], [", "; ...", " & ", r" \\ ", "|", "-", "/", "e", "^", "  "]
)
USUAL = st.sampled_from([(" ", "; "), (", ", "; "), (",", "],["), (", ", "], ["), (" & ", r" \\ "), (" ", "\n")])
AROUND = st.sampled_from(
    [("", ""), ("[", "]"), ("[[", "]]"), ("(", ")^T"), ("$", "$"), ("np.array([", "])"), ("[ ", "\n]"), ("[", ""),
     (r"\begin{pmatrix} ", r" \end{pmatrix}"), (r"\hspace{", "}"), ("\\\\[", "]"), ("≈ ", ""), ("{", "}")]
)  # fmt: skip
DECIMALS = st.sampled_from([None, 2, 4])
SHAPES = st.sampled_from([(), (1, 1), (2, 1), (1, 2), (3, 1), (1, 3), (2, 2), (2, 3)])


@st.composite
def typed_for_shapes(draw: st.DrawFn) -> tuple[object, tuple[int, ...]]:
    """As many numbers as are asked for, or nearly, in rows of text or lists."""
    shape = draw(SHAPES)
    rows, columns = draw(st.sampled_from([shape or (1, 1), (shape or (1, 1))[::-1], (1, 4)]))
    numbers = [[draw(SIMPLE) for _ in range(columns)] for _ in range(rows)]
    if draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from([numbers, numbers[0], [numbers], [*numbers, []]])), shape
    inner, outer = draw(st.one_of(USUAL, st.tuples(BETWEEN, BETWEEN)))
    first, last = draw(AROUND)
    return first + outer.join(inner.join(row) for row in numbers) + last, shape


@settings(max_examples=1500, deadline=None)
@given(st.one_of(typed_for_shapes(), st.tuples(st.lists(PIECES, max_size=20).map("".join), SHAPES)), DECIMALS)
def test_plain_answers_are_read_as_by_the_general_way(
    typed: tuple[object, tuple[int, ...]], decimals: int | None
) -> None:
    value, shape = typed
    cells, size = plain_cells(value, shape), shape or (1, 1)
    quick = _of_numerals(cells, size, decimals) if cells else None
    if quick is None:
        return
    general = _read_any(value, shape, size, decimals)
    for part in ("value", "low", "high", "blank", "unreadable"):
        np.testing.assert_array_equal(getattr(quick, part), getattr(general, part), strict=True)
    assert (quick.message, quick.wrong_shape, quick.as_given) == (general.message, None, None)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("0.5", ()), ("0,5", ()), ("−0.5", ()), ("[0.1 -0.2; 0.3 0.4]", (2, 2)), ("[[0.1,0.2],[0.3,0.4]]", (2, 2)),
        ("0,45; 0,2", (2, 1)), ("(0.45, 0.2)^T", (1, 2)), ([["0.1", "-0.2"], ["0.3", "0"]], (2, 2)),
        (["1", "2"], (2, 1)),
    ],
)  # fmt: skip
def test_what_is_written_most_is_plain(value: object, shape: tuple[int, ...]) -> None:
    assert plain_cells(value, shape)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        (name, "delta2")
        for name in ["delta_2", "delta2", "d2", "δ2", "δ_2", "δ₂", "dz2", "dZ2", r"\delta^{[2]}", "dL/dz2"]
    ]
    + [(name, "dW1") for name in ["grad_W1", "dW_1", "dL/dW1", "dE/dW1", "∂L/∂W1", "gW1", "W1_grad", "W1.grad", "DW1"]]
    + [
        (name, "W1_new")
        for name in ["W1'", "W1_neu", "W1 new", "new_W1", "W1_updated", r"W^{(1)}_{\text{new}}", "W_new_1"]
    ]
    + [(name, "L") for name in ["loss", "L", "E", "cost"]]
    + [(name, "a2") for name in ["a_2", "A2", "out", "y_hat", "ŷ", "yhat", r"\hat{y}"]]
    + [("Z1", "z1"), ("a0", "x"), ("X", "x"), ("loss_new", "L_new"), (r"\frac{\partial L}{\partial W_{1}}", "dW1")],
)
def test_names_as_people_use_them(name: str, meant: str) -> None:
    assert match_names([name], KNOWN, Symbols(Notation(), layers=2)) == ({name: meant}, {})


@pytest.mark.parametrize("preset", PRESETS)
def test_every_name_may_be_written_in_the_course_s_notation(preset: str) -> None:
    symbols = Symbols(PRESETS[preset], layers=2)
    table = NameTable(KNOWN, symbols)
    for name in KNOWN:
        for written in (symbols[name].latex, symbols[name].text):
            if written not in KNOWN:
                assert table.match([written])[0] == {written: name}


def test_the_notation_says_what_a_letter_means() -> None:
    assert match_names(["h1"], KNOWN, Symbols(Notation.of({"activation": "h"}), layers=2))[0] == {"h1": "a1"}
    assert match_names(["h1"], KNOWN, Symbols(Notation(), layers=2))[0] == {}
    assert match_names(["x1", "x0"], KNOWN, Symbols(PRESETS["signal"], layers=2))[0] == {"x1": "a1", "x0": "x"}
    assert match_names(["W", "dW"], ["W1", "dW1"], Symbols(Notation(), layers=1))[0] == {"W": "W1", "dW": "dW1"}


def test_ambiguous_names_are_not_guessed() -> None:
    symbols = Symbols(Notation(), layers=2)
    used, refused = match_names(["out", "y_hat", "a_1", "A1", "np", "j"], KNOWN, symbols)
    assert used == {"a_1": "a1"}
    assert "explicitly" in refused["out"] and "already given" in refused["A1"]
    assert refused["np"] == refused["j"] == "not a name of this exercise"
    assert match_names(["out", "y_hat"], KNOWN, symbols, {"out": "a2"})[0] == {"out": "a2"}
    graph = match_names(["db"], ["de/db", "dc/db"], Symbols(Notation()))
    assert graph == ({}, {"db": "db can mean de/db or dc/db; map it explicitly"})
    with pytest.raises(ChalkworkError, match="did you mean z1"):
        match_names(["foo"], KNOWN, symbols, {"foo": "z11"})


@settings(deadline=None)
@given(st.lists(st.text(max_size=30), max_size=8))
def test_any_names_are_used_or_refused(names: list[str]) -> None:
    table = NameTable(KNOWN, Symbols(Notation(), layers=2))
    used, refused = table.match(names)
    assert set(used) | set(refused) == set(names) and not set(used) & set(refused)
    assert len(set(used.values())) == len(used)
    assert all(isinstance(bare_name(name), str) for name in names)


def test_an_exact_half_among_unrounded_singles_is_exact():
    assert spread(np.array([0.5, 0.7310586], np.float32))[0][0] < 1e-6
