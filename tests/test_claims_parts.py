"""The parts of claims: candidates, quotients, intervals, the worker; hostile input and sheets."""

import json
import re
from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped import SHEETS

from chalkwork.algebra.expression import Application, Name, Number, apply, replace
from chalkwork.algebra.reading.written import defined
from chalkwork.documents.model import Display
from chalkwork.documents.terminal import to_text
from chalkwork.errors import ChalkworkError, ReadError, SheetError
from chalkwork.laboratory.claims import PROOFS, Claim
from chalkwork.laboratory.claims.domain import Domain, Range, candidates, read_range
from chalkwork.laboratory.claims.evaluation import slope
from chalkwork.laboratory.claims.precise import TooLarge, evaluate
from chalkwork.laboratory.claims.symbolic import as_quotient, symbols_of
from chalkwork.laboratory.claims.verify import pieces_that_prove
from chalkwork.laboratory.claims.worker import packed, prove_within, unpacked
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.solve import work_parts
from chalkwork.solutions.setting import Style

X = sympy.Symbol("x", real=True)

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


def test_derivatives_go_through_vectors_and_entries_of_what_the_table_holds():
    three = {"y": "vector 3"}
    for statement, domain, verdict in (
        ("d/dx mean(x y) = mean(y)", three, "proved"),
        ("d/dx sum(softmax(x y)) = 0", three, "proved"),
        ("d/dx logsumexp(x y) = y^T softmax(x y)", three, "proved"),
        ("d/dx logsumexp(x y) = mean(y)", three, "false"),
        ("max(y) >= mean(y)", {"y": "vector 2"}, "true at many points"),
        ("max(y) <= mean(y)", {"y": "vector 2"}, "false"),
    ):
        assert Claim(statement, domain=domain).check()["verdict"] == verdict, statement


def test_a_function_of_which_nothing_is_known_has_no_derivative():
    """Rather than the derivative zero."""
    whole = apply("sigmoid", Name("x")) * Application(defined("f"), (Name("x"),), ())
    with pytest.raises(ChalkworkError, match="the derivative of f is not taken here"):
        slope(whole, Name("x"))
    assert slope(whole, Name("z")) == Number(0)
