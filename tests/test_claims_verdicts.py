"""Statements whose truth is known: nothing true is called false, nothing false is called proved."""

from fractions import Fraction

import numpy as np
import pytest

from chalkwork import Dense, NeuralNetwork
from chalkwork.algebra.numerals import exact_number
from chalkwork.budget import within
from chalkwork.documents.terminal import to_text
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims import Claim
from chalkwork.laboratory.claims.domain import read_range
from chalkwork.laboratory.claims.symbolic import prove
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet

TRUE: list[tuple[str, dict[str, str]]] = [
    ("sin(2x)=2 sin(x) cos(x)", {}),
    ("cos(2x)=1-2 sin(x)^2", {}),
    ("log(x y)=log(x)+log(y)", {"x": "positive", "y": "positive"}),
    ("sqrt(x^2)=x", {"x": "nonnegative"}),
    ("sqrt(x^2)=|x|", {}),
    ("x^a x^b = x^{a+b}", {"x": "positive"}),
    ("(a^b)^c = a^{b c}", {"a": "positive"}),
    ("(a^2)^c=a^{2c}", {"c": "integer"}),
    ("log(x^2)=2 log(|x|)", {}),
    ("x^2>=0", {}),
    ("x-x^3>=0", {"x": "[0,1]"}),
    ("x-x^3>0", {"x": "(0,1)"}),
    ("cos(x)>0", {"x": "[-1.57,1.57]"}),
    ("sin(x)<=1", {}),
    ("e^x>0", {}),
    ("tanh(x)<1", {}),
    ("sigma(x)>0", {}),
    ("sigma'(x)<=1/4", {}),
    ("sigma'(x) <= 0.25000000000000000000001", {}),
    ("2^{100000} = 2 * 2^{99999}", {}),
    ("2^{100000} <= 2^{99999}+2^{99999}", {}),
    ("1/(1+x)=1-x/(1+x)", {}),
    ("(x^2-1)/(x-1)=x+1", {}),
    ("n^2>=n", {"n": "integer"}),
    ("n^2 >= n", {"n": "natural"}),
    ("sin(pi n)=0", {"n": "integer"}),
    ("cos(pi n)=(-1)^n", {"n": "integer"}),
    ("(-1)^{2n}=1", {"n": "integer"}),
    ("e^x >= 1+x", {}),
    ("log(x)<=x-1", {"x": "positive"}),
    ("(a+b)/2>=sqrt(a b)", {"a": "nonnegative", "b": "nonnegative"}),
    ("a^2+b^2+c^2>=a b+b c+c a", {}),
    ("|a+b|<=|a|+|b|", {}),
    ("max(a,b)=(a+b+|a-b|)/2", {}),
    ("min(a,b)+max(a,b)=a+b", {}),
    ("d/dx sin(x)=cos(x)", {}),
    ("d/dx x^n=n x^{n-1}", {"x": "positive"}),
    ("d/dx log(x)=1/x", {}),
    (r"\frac{d}{dx} \tanh(x)=1-\tanh(x)^2", {}),
    ("0.1+0.2=0.3", {}),
    ("0.125=1/8", {}),
    ("pi > 3.14159265358979323846264338327950288", {}),
    ("pi<22/7", {}),
    ("x^x>=0.692", {"x": "positive"}),
    ("sqrt(x+1)-sqrt(x)>0", {"x": "nonnegative"}),
    ("sinh(x)<=cosh(x)", {}),
    ("cosh(x)^2-sinh(x)^2=1", {}),
    ("softplus(x)-softplus(-x)=x", {}),
    ("softplus(x)>relu(x)", {}),
    ("relu(x)>=0", {}),
    ("x^4 - 3x^2+2.25 >= 0", {}),
    ("x(1-x)<=1/4", {"x": "real"}),
    ("-p log(p) - (1-p) log(1-p) <= log(2)", {"p": "(0,1)"}),
    ("x^2 <= 1", {"x": "[-1,1]"}),
    ("1/x>=1", {"x": "(0,1]"}),
    ("x<=0.3", {"x": "[0.1,0.3]"}),
    ("x<0.3", {"x": "[0.1,0.3)"}),
    ("x^0=1", {}),
    ("1^x=1", {}),
    (r"\sqrt{a b}=\sqrt{a}\sqrt{b}", {"a": "nonnegative", "b": "nonnegative"}),
]
FALSE: list[tuple[str, dict[str, str]]] = [
    ("cos(2x)=1-sin(x)^2", {}),
    ("log(x+y)=log(x)+log(y)", {"x": "positive", "y": "positive"}),
    ("sqrt(x^2)=x", {}),
    ("(x^2)^{1/2}=x", {}),
    ("x^a y^a = (x+y)^a", {"x": "positive", "y": "positive"}),
    ("(a^b)^c = a^{b c}", {}),
    ("(a^2)^c=a^(2c)", {}),
    ("log(x^2)=2 log(|x|)+10^{-40}", {}),
    ("1/x >= 0", {}),
    ("1/x < 10^6", {"x": "positive"}),
    ("x^2>0", {}),
    ("(2x-7)^2>0", {}),
    ("(7x-3)^2 > 0", {}),
    ("(x-1/17)^2>0", {}),
    ("(x-100)^2 > 0", {}),
    ("x != 12345/1000", {}),
    ("x^3-x>=0", {"x": "[0,1]"}),
    ("x-x^3>0", {"x": "[0,1]"}),
    ("cos(x)>0", {"x": "[-1.58,1.58]"}),
    ("cos(x) > 0.0007964", {"x": "[-1.57,1.57]"}),
    ("sin(x)<=0.99999999999999999999", {}),
    ("sin(x) >= -0.999999999", {}),
    ("cos(x) > -0.9999999", {}),
    ("e^x > 10^{-300}", {}),
    ("tanh(x) < 0.9999999999999999999999999", {}),
    ("sigma(x) > 10^{-50}", {}),
    ("sigma'(x) <= 0.2499999999999999999999", {}),
    ("2^{1000} = 2^{1000}+1", {}),
    ("3^{200000} = 3^{200000}-1", {}),
    ("2^{100000} < 2^{99999}+2^{99999}", {}),
    ("e^{100}=e^{100}+10^{-100}", {}),
    ("1/(1+x)=1-x", {}),
    ("x/x=x", {}),
    ("n^2>=n", {}),
    ("2^n>=n^2", {"n": "natural"}),
    ("n^2-n+41 < 1000", {"n": "natural"}),
    ("sin(pi x)=0", {}),
    ("(-1)^n=1", {"n": "integer"}),
    ("e^x >= 1+x+x^2/2", {}),
    ("e^x > 1+x", {}),
    ("log(x)<x-1", {"x": "positive"}),
    ("log(x) < x/3", {"x": "positive"}),
    ("log(x)<=x/2.8", {"x": "positive"}),
    ("log(x) < 14", {"x": "positive"}),
    ("(a+b)/2>sqrt(a b)", {"a": "nonnegative", "b": "nonnegative"}),
    ("a^2+b^2>2a b", {}),
    ("a b<=(a^2+b^2)/2.0000001", {}),
    ("|a+b|=|a|+|b|", {}),
    ("|a-b|<=|a|-|b|", {}),
    ("max(a,b)=a", {}),
    ("d/dx cos(x)=sin(x)", {}),
    (r"\frac{d}{dx} e^{x^2}=e^{x^2}", {}),
    ("0.1+0.2=0.30000000000000001", {}),
    ("1/3=0.33333333333333333333333333333333333", {}),
    ("pi = 3.14159265358979323846264338327950288", {}),
    ("3.14159 = 22/7", {}),
    ("x^x >= 0.693", {"x": "positive"}),
    ("sqrt(x+1)-sqrt(x) > 10^{-3}", {"x": "nonnegative"}),
    ("1-e^{-x} < 1-10^{-200}", {"x": "nonnegative"}),
    ("x >= 1/1000000", {"x": "positive"}),
    ("x <= 1000000", {"x": "positive"}),
    ("x y <= 10000", {}),
    ("cosh(x)^2+sinh(x)^2=1", {}),
    ("cosh(x)>1", {}),
    ("softplus(x) > relu(x) + 10^{-30}", {}),
    ("relu(x) > 0", {}),
    ("relu(x)=x", {}),
    ("(x+y)^3=x^3+y^3", {}),
    ("x^4-2.0000001x^2+1>0", {}),
    ("x(1-x) < 1/4", {"x": "[0,1]"}),
    ("x(1-x) <= 0.2499", {"x": "real"}),
    ("-p log(p) - (1-p) log(1-p) < log(2)", {"p": "(0,1)"}),
    ("x^2 >= 1", {"x": "[-1,1]"}),
    ("x^2<1", {"x": "[-1,1]"}),
    ("1/x>1", {"x": "(0,1]"}),
    ("x<=0.3", {"x": "[0.1, 0.30000000000000004]"}),
    ("x<0.3", {"x": "[0.1,0.3]"}),
    ("0^x=0", {}),
    ("0^x = 1", {}),
    (r"\sqrt{a^2+b^2} = a+b", {}),
    ("sqrt(a b)*2=sqrt(a)*sqrt(b)", {}),
]
FALSE_AT_IRRATIONAL_NUMBERS: list[tuple[str, dict[str, str]]] = [
    ("e^x != 0.001", {}),
    ("x^4 - 3x^2+2.25 > 0", {}),
    ("(x^2-2)^2 > 0", {}),
    ("x^2 != 2", {}),
    ("sin(x) < 1", {}),
    ("x^2 - 2 != 0", {"x": "positive"}),
    ("e^x != 2", {}),
]


@pytest.mark.parametrize(("statement", "domain"), TRUE)
def test_what_is_true_is_never_called_false(statement, domain):
    assert Claim(statement, domain=domain).check()["verdict"] in ("proved", "true at many points")


@pytest.mark.parametrize(("statement", "domain"), FALSE)
def test_what_is_false_has_a_counterexample(statement, domain):
    answer = Claim(statement, domain=domain).check()
    assert answer["verdict"] == "false" and "counterexample" in str(answer)


@pytest.mark.parametrize(("statement", "domain"), FALSE_AT_IRRATIONAL_NUMBERS)
def test_what_only_irrational_numbers_refute_is_not_called_proved(statement, domain):
    answer = Claim(statement, domain=domain).check()
    assert answer["verdict"] == "true at many points" and "not proved" in str(answer)


SQUARE = {"A": "matrix 2x2", "B": "matrix 2x2", "C": "matrix 2x2", "x": "vector 2", "y": "vector 2"}


@pytest.mark.parametrize(
    ("statement", "domain"),
    [
        (r"(A B)^\top = B^\top A^\top", {"A": "matrix 2x3", "B": "matrix 3x2"}),
        (r"(A B)^\top = B^\top A^\top", {"A": "matrix 4x4", "B": "matrix 4x4"}),
        (r"W_1(W_2 x) = (W_1 W_2)x", {"W1": "matrix 2x2", "W2": "matrix 2x3", "x": "vector 3"}),
        (
            r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} x = \begin{pmatrix} x_1 + 2x_2 \\ 3x_1 + 4x_2 \end{pmatrix}",
            SQUARE,
        ),
        ("A (B + C) = A B + A C", SQUARE),
        (r"x^\top A y = y^\top A^\top x", SQUARE),
        (r"A \circ B = B \circ A", SQUARE),
        (r"x^\top x >= 0", SQUARE),
        (r"\sigma(A x) = 1 - \sigma(-A x)", SQUARE),
    ],
)
def test_what_is_true_of_matrices_is_proved(statement, domain):
    assert Claim(statement, domain=domain).check()["verdict"] == "proved"


@pytest.mark.parametrize(
    "statement",
    [
        "A B = B A",
        r"(A B)^\top = A^\top B^\top",
        "(A + B)(A - B) = A A - B B",
        r"x y^\top = y x^\top",
        r"x^\top A x >= 0",
    ],
)
def test_counterexamples_of_matrices_are_matrices(statement):
    answer = Claim(statement, domain=SQUARE).check()
    point = answer["counterexample"]["point"]
    assert answer["verdict"] == "false"
    assert {len(value) for value in point.values()} == {2} and "⎡" in str(answer)


def test_a_counterexample_of_matrices_is_one():
    found = Claim("A B = B A", domain=SQUARE).check()["counterexample"]
    a, b = (np.array(found["point"][name]) for name in "AB")
    assert found["left"] == (a @ b).tolist() and found["right"] == (b @ a).tolist()
    row, column = found["entry"]
    assert found["difference"] == (a @ b - b @ a)[row - 1, column - 1] != 0


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("A x = B", "the left side is 2x1, the right side 2x2"),
        ("A = x", "the left side is 2x2, the right side 2x1"),
        ("A x = x A", "x is 2x1, but A has 2 rows"),
        ("A^2 = A A", "a product of matrices, A @ A, or one entry by entry"),
        ("A^{-1} A = B", "a product of matrices, A @ A, or one entry by entry"),
        ("A I = A", "the identity matrix, or a number"),
        (r"e^{i\pi} = -1", "the imaginary unit, or a real number"),
        ("A / B = C", "the inverse or a division of entries"),
        ("A = 1", "a multiple of the identity"),
        (r"\frac{d}{dx} x^\top x = 2x", "only numbers are differentiated by numbers"),
    ],
)
def test_what_means_two_things_for_matrices_is_refused(statement, message):
    with pytest.raises(ChalkworkError, match=message):
        Claim(statement, domain=SQUARE)


def test_two_matrices_never_share_an_entry():
    with pytest.raises(ChalkworkError, match="W11 would be an entry of W and of W1"):
        Claim("W = W^\\top + W_1 W_1^\\top", domain={"W": "matrix 2x2", "W1": "vector 2"}).check()


def test_sides_are_told_apart_on_the_page():
    for statement, digits in (
        ("2^{100000} = 2^{100000} + 1", "The difference of the two is −1."),
        ("1 + 10^{-35} = 1", "1.00000000000000000000000000000000001"),
        ("1 - tanh(x) > 10^{-100}", "5.15307·10⁻⁸⁶⁹"),
    ):
        assert digits in str(Claim(statement).check())


def test_what_no_digits_tell_apart_is_left_open():
    assert Claim("e^{100000} + 1 >= e^{100000} + 1 + 10^{-9}").check()["verdict"] == "open"


def test_claims_without_time_are_not_called_proved():
    with within(0):
        answer = Claim("sin(x)^2 + cos(x)^2 = 1").check()
    assert answer["verdict"] == "true at many points" and answer["claim"][0]["points"] >= 1


@pytest.mark.parametrize("ends", ["[1/3, 3]", "(0, 1/3]"])
def test_a_strict_bound_that_is_reached_at_an_end_is_never_proved(ends):
    """The symbolic proof alone, without the points that would find it."""
    link = Claim("3x - 1 - log(3x) > 0", domain={"x": ends}).links[0]
    given = {"x": read_range("x", ends)}
    assert prove(link.left, ">", link.right, given, {}) is None
    assert prove(link.left, ">=", link.right, given, {}) is not None


def test_what_is_typed_counts_with_all_its_digits():
    assert exact_number("0.99999999999999999999") == 1 - Fraction(1, 10**20)
    answer = Claim("d/dx (0.1 * 3 x) = 0.3").check()
    assert answer["verdict"] == "proved"
    assert str(Claim("0.99999999999999999999 x = x").links[0].left) == "0.99999999999999999999 * x"


@pytest.mark.parametrize(
    "statement",
    [
        r"n != |(\frac{10^{400}}{-1})^{softplus(n)}|",
        "(-2)^{sin(x)} = 1",
        "x^{x^{x^x}} > 10^{300} x",
        "1e-300 x = tanh(10^{30})",
        r"\sqrt{\log(|x|)} = e^{e^{e^x}}",
        "softmax(x) = 1",
        "10^{400} > e^{-10^{20}}",
        "0/0 = 0/0",
        r"\tan(e^{10^{20} x}) != 1",
        r"\cos(10^{10^{6}} x) <= 1",
        r"\operatorname{gelu}(e^x) >= -1",
        "2^{-x} = 0.5^x",
    ],
)
def test_no_name_of_an_exception_reaches_a_reader(statement):
    sheet = parse_sheet(f"```claim\nid: a\nstatement: '{statement}'\n```\n")
    try:
        text = to_text(workbook(sheet).document)
    except ChalkworkError as error:
        text = str(error)
    assert "Error" not in text and "Traceback" not in text


def test_formulas_that_nobody_could_set_are_refused_with_their_line():
    for formula, message in (
        (r"\frac{1}{" * 800 + "x" + "}" * 800, "line 3: a formula has more than 100 groups within each other"),
        ("x^{" * 20 + "x" + "}" * 20, "line 3: a formula has more than 10 powers or indices on top of each other"),
    ):
        with pytest.raises(ChalkworkError, match=message):
            parse_sheet(f"One line.\n\nAnd ${formula}$.\n")


def test_entries_with_too_many_terms_stay_whole():
    given = [Dense(weights=np.ones((2, 201)), activation="tanh"), Dense(weights=np.ones((201, 1)))]
    solution = NeuralNetwork(given).solve(x=[1, 2], detail="entries")
    names = [equation.name for equation in solution.chosen()]
    assert "z1[1]" in names and "z2" in names


def test_a_letter_with_a_usual_meaning_is_a_name_where_it_was_declared():
    assert Claim("A I = I A", domain={**SQUARE, "I": "real"}).check()["verdict"] == "proved"
    assert Claim("i^2 >= 0", domain={"i": "real"}).check()["verdict"] == "proved"
    assert Claim("2 I = I + I").check()["verdict"] == "proved"
