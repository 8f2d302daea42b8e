"""Claims: every step of every named proof against SymPy and mpmath; readings and verdicts."""

import re
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from chalkwork.algebra.expression import Name, Number, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.derivation.evaluate import evaluate as evaluate_in_numpy
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims import PROOFS, Claim, prove
from chalkwork.laboratory.claims.evaluation import Undefined, worked_out
from chalkwork.laboratory.claims.precise import evaluate

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
