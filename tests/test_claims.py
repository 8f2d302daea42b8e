"""Claims: every step of every named proof against SymPy and mpmath; false steps found; hostile claims refused."""

import json
import re
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from chalkwork.algebra import TABLE, Name, apply
from chalkwork.algebra.expression import Application, Number, replace
from chalkwork.derivation.evaluate import evaluate as evaluate_in_numpy
from chalkwork.documents.model import Display
from chalkwork.documents.terminal import to_text
from chalkwork.errors import ChalkworkError, ReadError, SheetError
from chalkwork.laboratory.claims import PROOFS, Claim, prove
from chalkwork.laboratory.claims.bounds import pieces_that_prove
from chalkwork.laboratory.claims.calculus import worked_out
from chalkwork.laboratory.claims.candidates import candidates
from chalkwork.laboratory.claims.domain import Domain, Range, read_range
from chalkwork.laboratory.claims.evaluation import Undefined
from chalkwork.laboratory.claims.precise import TooLarge, evaluate
from chalkwork.laboratory.claims.symbolic import as_quotient, symbols_of
from chalkwork.laboratory.claims.wire import packed, unpacked
from chalkwork.laboratory.claims.worker import prove_within
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.solve import work_parts
from chalkwork.solutions.setting import Style

SHEETS = Path(__file__).parents[1] / "sheets"
X = sympy.Symbol("x", real=True)

# --- an oracle of its own: expressions to SymPy and to mpmath --------------------

SYMPY = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "negative": lambda a: -a,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "exp": sympy.exp,
    "tanh": sympy.tanh,
    "sigmoid": lambda a: 1 / (1 + sympy.exp(-a)),
    "sigmoid'": lambda a: sympy.diff(1 / (1 + sympy.exp(-X)), X).subs(X, a),
    "tanh'": lambda a: sympy.diff(sympy.tanh(X), X).subs(X, a),
}


def oracle(node):
    if isinstance(node, Number):
        return sympy.Rational(str(node.value))
    if isinstance(node, Name):
        return sympy.Symbol(node.name, real=True)
    if node.operation.name == "derivative":
        return sympy.diff(oracle(node.arguments[0]), oracle(node.arguments[1]))
    return SYMPY[node.operation.name](*map(oracle, node.arguments))


SIGN = {"=": sympy.Eq, "<": sympy.Lt, "<=": sympy.Le}


@pytest.mark.parametrize("name", PROOFS)
def test_named_proofs_step_by_step(name):
    entry = PROOFS[name]
    claim = Claim(entry.statement, entry.steps, domain=entry.domain)
    assert len(claim.proof) >= 3 or name == "tanh-slope-bounds"
    for link in claim.proof:
        left, right = oracle(link.left), oracle(link.right)
        difference = left - right
        if link.relation == "=":
            assert sympy.simplify(difference.rewrite(sympy.exp)) == 0
        symbols = sorted(difference.free_symbols, key=str)
        function = sympy.lambdify(symbols, difference, "mpmath")
        with mpmath.workdps(40):
            for point in (-7, -2.5, -0.3, 0, 0.3, 1.9, 6.25):
                value = function(*(mpmath.mpf(point) + place for place in range(len(symbols))))
                if link.relation == "=":
                    assert abs(value) < 1e-30
                else:
                    assert value < 0 or (link.relation == "<=" and abs(value) < 1e-30)


@pytest.mark.parametrize("name", PROOFS)
def test_named_proofs_are_exact_and_lead_to_the_claim(name):
    answer = prove(name)
    assert answer["verdict"] == "proved" and answer["name"] == name
    assert {step["way"] for step in (*answer["steps"], *answer["claim"])} == {"exact"}
    if name not in ("softmax-shift", "sigmoid-slope-bounds", "tanh-slope-bounds"):
        ends = {answer["steps"][0]["left"], *(step["right"] for step in answer["steps"])}
        claim = answer["claim"][0]
        assert {claim["left"], claim["right"]} <= ends
    assert max(map(len, str(answer).splitlines())) <= 80


def test_where_the_slopes_are_largest():
    for name, bound in (("sigmoid-slope-bounds", 0.25), ("tanh-slope-bounds", 1.0)):
        answer = prove(name)
        assert answer["claim"][1]["equality"] == ["x = 0"]
        assert "maximum" in str(answer) and answer["claim"][1]["right"].startswith("1")
        assert any(getattr(block, "svg", "") for block in answer.document().blocks)
        with mpmath.workdps(30):
            function = mpmath.tanh if bound == 1 else lambda x: 1 / (1 + mpmath.exp(-x))
            assert abs(mpmath.diff(function, 0) - bound) < 1e-20


def test_overflow_of_the_softmax():
    answer = prove("softmax-shift")
    assert np.isnan(answer["naive"]).all()
    exact = [mpmath.exp(k) / sum(mpmath.exp(j) for j in (-2, -1, 0)) for k in (-2, -1, 0)]
    assert_allclose(answer["shifted"], [float(value) for value in exact], rtol=1e-15)


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        (r"\sigma(-t) = 1 - \sigma(t)", "sigmoid-symmetry"),
        (r"\frac{d}{dz} \sigma(z) = \sigma(z) (1 - \sigma(z))", "sigmoid-derivative"),
        ("softmax(z + a) = softmax(z)", "softmax-shift"),
        ("0 < tanh'(u) <= 1", "tanh-slope-bounds"),
        ("sigma(-x) = 1 + sigma(x)", None),
        ("sigma(-x) = 1 - sigma(y)", None),
    ],
)
def test_named_proofs_are_recognised(statement, name):
    domain = {"z": "vector 4"} if "softmax" in statement else None
    answer = Claim(statement, domain=domain).check()
    assert answer.get("name") == name
    assert (answer["verdict"] == "proved") == (name is not None)
    if name == "sigmoid-symmetry":
        assert answer["steps"][-1]["right"] == "1 - sigmoid(t)" and "e⁻ᵗ" in str(answer)


@pytest.mark.parametrize(
    ("entries", "letters", "sign"), [(2, "yc", "-"), (2, "zk", "+"), (4, "yc", "+"), (6, "zk", "-"), (9, "yc", "+")]
)
def test_a_named_proof_is_about_the_claim(entries, letters, sign):
    vector, number = letters
    statement = f"softmax({vector} {sign} {number}) = softmax({vector})"
    answer = Claim(statement, domain={vector: f"vector {entries}"}).check()
    written = str(answer)
    if entries > 6:
        assert "name" not in answer and "Step 1" not in written
        return
    assert answer["verdict"] == "proved" and answer["name"] == "softmax-shift"
    sums = [
        [f"exp({vector}{'₁₂₃₄₅₆'[at]}{shift})" for at in range(entries)]
        for shift in ("", f" {'−+'[sign == '+']} {number}")
    ]
    for terms in sums:
        assert " + ".join(terms) in " ".join(written.split())
    assert f"{vector}{'₁₂₃₄₅₆₇'[entries]}" not in written
    other = "zk" if letters == "yc" else "yc"
    assert not re.search(rf"\({other[0]}[₁₂₃ ]|[ −]{other[1]}\)", written)


# --- one reading -------------------


@pytest.mark.parametrize(
    "statement",
    [
        r"\ln(e) = 1",
        r"\sigma(1) = e/(1+e)",
        "sigma(1) = e/(1+e)",
        "e^x/e = e^{x-1}",
        "log2(8) = 3",
        "log10(100) = 2",
        "lg(10^x) = x",
        r"x \cdot (y+z) = xy + xz",
        "x*(y+z) = xy + xz",
        r"\frac{d}{dx} x \cdot x = 2x",
        "d/dx x*x = 2x",
        "max(x, y) + min(x, y) = x + y",
        r"\tan x \cos x = \sin x",
    ],
)
def test_true_statements_are_proved_in_every_spelling(statement):
    assert Claim(statement).check()["verdict"] == "proved"


def test_names_are_declared_and_defined_as_they_are_written():
    assert Claim("sum(softmax(y)) = 1", domain={"y": "vector 3"}).check()["verdict"] == "proved"
    assert Claim("x_1^2 = |x_{1}|^2 = 4", define="x_1 = 2").check()["verdict"] == "proved"
    assert Claim(r"\sqrt{x_1^2} = x_1", domain={"x_1": "positive"}).check()["verdict"] == "proved"
    assert Claim("(a + b)^2 = a^2 + 2 a b + b^2", ["= a^2 + ab + ab + b^2", "= b^2 + 2ab + a^2"]).check()["leads"]
    assert Claim("net = 2 net - net", domain={"net": "real"}).check()["verdict"] == "proved"


@pytest.mark.parametrize(
    ("statement", "read"),
    [
        ("x^2 = 2x", "Read as x² = 2 x"),
        (r"\log 2x = 3", "Read as, where log is the natural logarithm, log (2 x) = 3"),
        (r"x y \cdot z = 1/2 (x + y)", "Read as x · y · z = ½ (x + y)"),
        ("a b - c^2 >= 0", "Read as a · b − c² ≥ 0"),
    ],
)
def test_a_false_verdict_first_says_how_the_statement_was_read(statement, read):
    text = " ".join(str(Claim(statement).check()).replace("┃", "").split())
    assert read in text and text.index(read) < text.index("counterexample") < text.index("The claim is false")


def test_a_false_step_is_shown_as_it_was_read_too():
    text = " ".join(str(Claim("x + x = 2x", ["= x^2", "= 2x"]).check()).replace("┃", "").split())
    assert text.index("Read as x + x = x²") < text.index("A counterexample")


# --- verdicts --------------------


@pytest.mark.parametrize(
    ("statement", "domain", "way"),
    [
        ("(a + b)^2 = a^2 + 2 a b + b^2", None, "exact"),
        ("sin(x)^2 + cos(x)^2 = 1", None, "exact"),
        ("log(p q) = log(p) + log(q)", {"p": "positive", "q": "positive"}, "exact"),
        ("sqrt(x^2) = |x|", None, "exact"),
        ("softplus(x) - softplus(-x) = x", None, "exact"),
        ("relu(x) - relu(-x) = x", None, "exact"),
        ("log(p) <= p - 1", {"p": "positive"}, "exact"),
        ("a^2 + b^2 >= 2 a b", None, "exact"),
        ("x^2 < 1", {"x": "(-1, 1)"}, "exact"),
        ("x > sin(x) - 1/10", {"x": [0, 1]}, "intervals"),
        ("e^x >= 1 + x + x^2/2", {"x": "nonnegative"}, "points"),
        (r"s^\top s = s_1^2 + s_2^2", {"s": "vector 2"}, "exact"),
        ("10^(10^5) > 1", None, "exact"),
        ("e^1 > 2.71828 + 0/3", None, "exact"),
        ("cos(2 pi) = 1", None, "exact"),
    ],
)
def test_true_claims(statement, domain, way):
    answer = Claim(statement, domain=domain).check()
    assert [found["way"] for found in answer["claim"]] == [way]
    assert answer["verdict"] == ("true at many points" if way == "points" else "proved")


@pytest.mark.parametrize(
    ("statement", "domain", "point"),
    [
        ("(a + b)^2 = a^2 + b^2", None, {"a": 1, "b": 2}),
        ("sigma'(x) < 1/4", None, {"x": 0}),
        ("x^2 >= x", None, {"x": 0.5}),
        ("x^2 > x", {"x": "[2, 3]"}, None),
        ("sqrt(x^2) = x", None, {"x": -1}),
        ("tanh(x) <= 3/4", None, {"x": 1}),
        ("n^2 > n", {"n": "natural"}, {"n": 1}),
        ("1 = 2", None, {}),
        (r"\frac{d}{dx} x^3 = 3x", None, {"x": -1}),
        ("softmax(y) = y", {"y": "vector 2"}, {"y": [[1], [2]]}),
    ],
)
def test_false_claims_have_pleasant_counterexamples(statement, domain, point):
    answer = Claim(statement, domain=domain).check()
    if point is None:
        assert answer["verdict"] == "proved"
        return
    assert answer["verdict"] == "false" and answer["counterexample"]["point"] == point
    assert "counterexample" in str(answer)


def test_strict_bounds_that_floating_point_would_miss():
    answer = Claim("tanh(x) < 1", domain={"x": "[40, 41]"}).check()
    assert answer["verdict"] == "proved"
    with mpmath.workdps(50):
        assert mpmath.tanh(40) < 1 and float(mpmath.tanh(40)) == 1.0


def test_points_without_a_value_are_said():
    answer = Claim("x^2/x = x").check()
    assert answer["verdict"] == "proved" and "division by zero" in str(answer)
    assert "logarithm of a negative number" in str(Claim("log(x^2) = 2 log(x)").check())
    assert Claim("sqrt(-1 - x^2) = 1").check()["verdict"] == "open"


def test_a_claim_that_holds_with_a_proof_that_does_not():
    answer = Claim("a - b = -(b - a)", ["a - b = b - a", "= -(b - a)"]).check()
    assert answer["verdict"] == "false step"
    assert [step["way"] for step in answer["steps"]] == ["false", "false"] and answer["steps"][1]["undoes"]


@pytest.mark.parametrize(
    ("statement", "proof", "verdict"),
    [
        ("x^2 >= 0", [], "proved"),
        ("e^x >= 1 + x + x^2/2", [], "true at many points"),
        ("x^2 = x", ["= x x", "= x"], "false"),
        ("a - b = -(b - a)", ["a - b = -(b - a)", "= b - a"], "false step"),
        ("sqrt(-1 - x^2) = 1", [], "open"),
    ],
)
def test_a_verdict_is_a_word_among_its_choices(statement, proof, verdict):
    answer = Claim(statement, proof, domain={"x": "nonnegative"}).check()
    word = answer.setting.words["verdict"]
    assert answer["verdict"] == word.value == verdict and "verdict" in answer.setting.asked
    assert verdict in word.choices and len(set(word.choices)) == 5
    assert not set(word.also) & set(word.choices)
    assert list(answer.derivation) == (["first_wrong_step"] if proof else [])


def test_the_first_wrong_step_is_asked_for_and_marked():
    proof = ["= a^2 + a b + b a + b^2", "= a^2 + 3 a b + b^2", "= a^2 + 2 a b + b^2", "= a^2 + b^2"]
    answer = Claim("(a + b)^2 = a^2 + 2 a b + b^2", proof).check()
    assert answer["first_wrong_step"] == 2 and answer.setting.asked == ("verdict", "first_wrong_step")
    for right in (2, "2", "2.0"):
        assert answer.check({"first_wrong_step": right})["first_wrong_step"].credit == 1
    for wrong in (1, "3", 4):  # the third only undoes the mistake, the fourth is wrong too
        report = answer.check({"first_wrong_step": wrong})
        assert report["first_wrong_step"].credit == 0 and report.first_wrong == "first_wrong_step"
    assert answer.check({}, ask=["first_wrong_step"])["first_wrong_step"].verdict == "blank"


def test_a_proof_of_something_else_is_told():
    aside = Claim("a + b = b + a", ["2 a = a + a"]).check()
    assert aside["verdict"] == "proved" and aside["leads"] is False and "do not lead" in str(aside)
    straight = Claim(r"\sigma(-x) = 1 - \sigma(x)", PROOFS["sigmoid-symmetry"].steps).check()
    assert straight["leads"] is True and Claim("x^2 >= 0", ["x^2 = x x"]).check()["leads"] is None


def test_functions_and_quantities_of_the_author():
    claim = Claim("f'(x) = f(x) f(-x)", define=[r"f(x) = \frac{1}{1 + e^{-x}}"])
    assert claim.check()["verdict"] == "proved"
    third = Claim("f'''(0) = -1/8", define="f(x) = 1/(1 + e^(-x))").check()
    assert third["verdict"] == "proved"
    graph = ["c = a + b", "d = b + 1", "e = c d"]
    for statement in (r"\frac{\partial e}{\partial b} = 2b + a + 1", r"\frac{\partial e}{\partial c} = d", "de/da = d"):
        assert Claim(statement, define=graph).check()["verdict"] == "proved"
    with pytest.raises(ChalkworkError, match="by itself"):
        Claim("a = b", define=["a = b", "b = a"])
    with pytest.raises(ChalkworkError, match="known already"):
        Claim("a = b", define="exp(x) = x")


def test_slopes_of_the_table_against_differences_with_fifty_digits():
    x = Name("x")
    unwritten = ("identity", "negative", "normal_cdf", "normal_pdf")
    smooth = [n for n, e in TABLE.items() if e.entrywise and e.arity == 1 and not e.kinks and n not in unwritten]
    for name in smooth:
        derivative = worked_out(Claim(f"d/dx {name}(x) = 1").links[0].left, {})
        step = Fraction(1, 10**12)
        ends = [evaluate(apply(name, x), {"x": Fraction(3, 4) + sign * step})[0] for sign in (1, -1)]
        numeric = (ends[0] - ends[1]) * 10**12 / 2
        assert abs(evaluate(derivative, {"x": Fraction(3, 4)})[0] - numeric) < 1e-20


ENTRYWISE = [name for name, entry in TABLE.items() if entry.entrywise]


@pytest.mark.parametrize("name", ENTRYWISE)
def test_fifty_digits_agree_with_numpy(name):
    names = [Name("x"), Name("b")][: TABLE[name].arity]
    expression = apply(name, *names)
    for point in ({"x": 0.75, "b": 1.5}, {"x": 2.0, "b": 2.0}, {"x": 0.0, "b": 3.0}, {"x": -0.5, "b": 2.0}):
        values = {key: np.array([[value]]) for key, value in point.items()}
        try:
            ours = float(evaluate(expression, {key: Fraction(value) for key, value in point.items()})[0])
        except Undefined:
            with np.errstate(all="ignore"):
                assert not np.isfinite(evaluate_in_numpy(expression, values)).all()
            continue
        assert_allclose(evaluate_in_numpy(expression, values)[0, 0], ours, rtol=1e-14, atol=1e-15)


# --- the parts --------------------


def test_candidates_lie_in_their_ranges():
    for text in (
        "real",
        "positive",
        "negative",
        "nonnegative",
        "integer",
        "natural",
        "[0, 1]",
        "(2.5, 2.75)",
        "(-inf, -3)",
    ):
        given_range = read_range("x", text)
        points = list(candidates({"x": given_range}))
        assert len(points) >= 10 and all(given_range.holds(point["x"]) for point in points)


def test_quotients_in_powers_of_e():
    quotient = as_quotient(1 / (1 + sympy.exp(-2 * X / 3)) + sympy.exp(X))
    assert list(quotient.powers.values()) == [(X, 3)]
    assert as_quotient(sympy.log(X)) is None and as_quotient(X * sympy.exp(X) - X) is not None
    assert symbols_of({"p": Range(low=Fraction(0))})["p"].is_positive


@given(
    st.sampled_from(["x^2 + 1/10", "e^x", "sigma(x)", "1 - tanh(x)^2", "x^2 - 4"]),
    st.integers(-3, 2),
    st.integers(1, 4),
)
@settings(max_examples=30, deadline=None)
def test_intervals_never_prove_what_is_false(text, low, width):
    side = Claim(f"{text} > 0").links[0].left
    proved = pieces_that_prove(side, ">", Number(0), {"x": Range(Fraction(low), Fraction(low + width), (True, True))})
    least = min(evaluate(side, {"x": low + Fraction(width * k, 40)})[0] for k in range(41))
    if proved is not None:
        assert least > 0
    elif "- 4" not in text:
        assert least < 1e-3


def test_expressions_go_through_the_pipe_and_back():
    claim = Claim(
        r"f'(x) + \frac{d}{dx} \operatorname{leaky_relu}(x, 0.1) + \sigma''(0.1) = x".replace(
            r"\operatorname{leaky_relu}", "LReLU"
        ),
        define="f(x) = x^2",
    )
    left = claim.links[0].left
    assert unpacked(packed(left)) == replace(left, {Number(0.1): Number(Fraction(1, 10))})
    matrix = Claim(r"\begin{pmatrix} a & b \\ c & 1 \end{pmatrix} v = v", domain={"v": "vector 2"}).links[0].left
    assert isinstance(matrix, Application) and unpacked(packed(matrix)) == matrix


def test_a_proof_that_takes_too_long_is_stopped():
    from time import monotonic

    huge = Claim("10^(10^(10^10)) = x").links[0]
    start = monotonic()
    assert prove_within(huge.left, "=", huge.right, {"x": Range()}, {}, seconds=0.5) is None
    assert monotonic() - start < 5
    assert Claim("a b = b a").check()["verdict"] == "proved"  # and the next one is served
    with pytest.raises(TooLarge):
        evaluate(huge.left, {})


# --- hostile input --------------------


@pytest.mark.parametrize(
    ("statement", "settings", "message"),
    [
        ("x", {}, "states nothing"),
        ("__import__('os')", {}, "at column"),
        ("x = 1", {"domain": {"x": "[1, 0]"}}, "the domain of x"),
        ("x = 1", {"domain": {"x": "vector 99"}}, "the domain of x"),
        ("x = 1", {"domain": {"<b>": "real"}}, "no name"),
        ("x = 1", {"domain": "real"}, "a domain is a mapping"),
        ("x = 1", {"at": {"x": float("nan")}}, "expected a number"),
        ("x = 1", {"proof": [3]}, "step 1"),
        ("x = 1", {"proof": ["x = 1"] * 41}, "at most 40 steps"),
        ("x = 1", {"proof": [r"= \foo"]}, r"step 1: \\foo"),
        ("y = 1", {"domain": {"y": "vector 2"}, "proof": ["y = Y"]}, None),
        (r"\begin{pmatrix} 1 & 2 \end{pmatrix} = \begin{pmatrix} 1 & 2 & 3 \end{pmatrix}", {}, "left side is 1x2"),
        ("= x", {}, "nothing stands before"),
        ("x = 1", {"define": ["f(x) = f(x)"]}, "a function, and there is none"),
    ],
)
def test_what_cannot_be_claimed(statement, settings, message):
    if message is None:
        assert Claim(statement, **settings).check()["verdict"] == "false"
        return
    with pytest.raises(ChalkworkError, match=message):
        Claim(statement, **settings)


def test_definitions_that_grow_are_refused():
    define = ["c1 = x + x", *(f"c{k} = c{k - 1} c{k - 1}" for k in range(2, 20))]
    with pytest.raises(ChalkworkError, match="more than"):
        Claim("c19 = x", define=define).check()


# --- sheets --------------------


def test_the_identities_of_the_sheet():
    parts = work_parts(read_sheet(SHEETS / "claims-sigmoid-and-tanh.md"))
    worked = {name: part for name, part in parts.items() if "verdict" in part}
    assert {part["verdict"] for part in worked.values()} == {"proved"} and len(worked) == 8
    assert {part["name"] for part in worked.values()} == set(PROOFS)


def test_the_mistakes_of_the_students_are_found():
    """A square is missing in the derivative of sigma; constants are differentiated to themselves; signs are lost."""
    sheet = read_sheet(SHEETS / "claims-find-the-mistake.md")
    worked = work_parts(sheet)
    assert {part["verdict"] for part in worked.values()} == {"false step"}
    wrong = {
        key: [step for step in part["steps"] if step["way"] == "false" and "undoes" not in step]
        for key, part in worked.items()
    }
    square, sign = wrong["a"]
    assert square["right"] == "exp(-x) / (1 + exp(-x))"
    assert square["counterexample"] == {"point": {"x": 0}, "left": 0.25, "right": 0.5, "difference": -0.25}
    assert sign["right"] == "sigmoid(x) * (1 * sigmoid(x))" and sign["counterexample"]["point"] == {"x": 1}
    (rule,) = wrong["b"]
    assert rule["counterexample"] == {"point": {"a": 2, "b": 1}, "left": 5, "right": 15, "difference": -10}
    assert [step["left"] for step in wrong["c"]] == ["sigmoid(x)"]
    assert [int(part["first_wrong_step"]) for part in worked.values()] == [2, 2, 1]
    text = to_text(workbook(sheet).document)
    assert "Undoes the mistake before it" in text and max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("id: a\nstatement: x = y\nprove: b", "line 1.*either the key"),
        ("id: a\nprove: sigmoid-symetry", "line 3, column \\d+: claim a: .*did you mean sigmoid-symmetry"),
        ("id: a\nprove: sigmoid-symmetry\nat: {x: 1}", "line 4, column \\d+: at goes with a statement"),
        ("id: a\nstatement: x = \\foo", "line 3, column \\d+: claim a: .*at column 5"),
        ("id: a\nstatement: x = x\nproof:\n  - x = x\n  - step: = \\foo", "line 6, column \\d+: claim a: step 2"),
        ("id: a\nstatement: x = x\ndomain: {x: thing}", "line 4, column \\d+: claim a: the domain of x"),
        ("id: a\nstatement: x = x\ndomain: {x: [1, 2, 3]}", "two ends"),
        ("id: a\nstatement: x = x\ndefine: [x]", "line 4, column \\d+: claim a: define"),
    ],
)
def test_errors_of_a_sheet_name_the_line(block, message):
    with pytest.raises(SheetError, match="(?s)" + message):
        work_parts(parse_sheet(f"```claim\n{block}\n```\n"))


def test_style_and_formats(tmp_path):
    answer = Claim("tanh(x) = x", at={"x": 1}).check(Style.of(decimals=2))
    assert "tanh(x) = 0.76" in str(answer) and "tanh(x) = 0.762" in str(answer.restyled(decimals=3))
    for suffix in (".md", ".html", ".json", ".ipynb"):
        answer.save(tmp_path / f"claim{suffix}")
    found = json.loads((tmp_path / "claim.json").read_text())
    (task,) = found["tasks"]
    assert task["equations"] == [] and task["words"]["verdict"] == "false"
    values = task["facts"]
    assert values["counterexample"]["point"] == {"x": 1} and values["counterexample"]["right"] == 1
    assert "The claim is false" in (tmp_path / "claim.ipynb").read_text()


LONG = " + ".join(f"x{place}" for place in range(1, 40))


@pytest.mark.parametrize(
    ("statement", "proof"),
    [
        (f"{LONG} = 0", ()),
        (f"0 = {LONG} = 1", ()),
        (f"1/({' + '.join(f'e^(x{place})' for place in range(1, 13))}) = 1", ()),
        ("u = u", (f"= u + {LONG} - ({LONG})", "= u = u")),
        ("softmax(A B) != A B", ()),
    ],
)
def test_lines_fit_the_page_and_lose_nothing(statement, proof):
    domain = {"A": "matrix 2x2", "B": "vector 2"} if "A" in statement else None
    claim = Claim(statement, proof, domain=domain)
    text = str(claim.check())
    assert max(map(len, text.splitlines())) <= 80
    blocks = claim.check().document().blocks
    (first, *_) = [block for block in blocks if isinstance(block, Display)]
    assert first.latex.count("&") == (first.latex.count(r"\\") + 1 if "aligned" in first.latex else 0)
    if "x39" in statement:
        shown = first.text.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
        assert re.findall(r"x\d+", shown) == LONG.split(" + ")
    if proof:
        assert "= u = u" in text  # every relation is verified, so every one is shown


def test_a_chain_that_goes_on_begins_where_its_first_line_did():
    lines = str(Claim("2 (a + b) = 2a + 2b", ["2 (a + b) = a + b + a + b", "= 2a + 2b"]).check()).splitlines()
    assert "  2 (a + b) = a + b + a + b" in lines and "  = 2 a + 2 b" in lines


def test_domains_are_said():
    text = str(Claim("log(p) + u <= p", domain={"p": "positive", "u": "[-2, -1]"}).check())
    assert "To show for all positive p and all u in [-2, -1]:" in text.replace("−", "-")
    assert Domain.of(None)["x"].words == "real"
    with pytest.raises(ReadError):
        Claim("x = 1 2")
