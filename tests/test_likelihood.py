"""Maximum likelihood and divergences, against SciPy, SymPy and published values."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from fractions import Fraction
from math import exp, inf, isclose, isinf, log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats
from shipped import SHEETS

from chalkwork.algebra.expression import Application, Expression, Name, Number
from chalkwork.algebra.reading import read
from chalkwork.documents.model import Table
from chalkwork.drawings.drawing import Drawing
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.likelihood import divergence, maximum_likelihood
from chalkwork.laboratory.likelihood.estimate import slope
from chalkwork.laboratory.likelihood.families import FAMILIES, MARKS
from chalkwork.laboratory.likelihood.family import Unknown
from chalkwork.typesetting.boxes import width_of

SHEET = SHEETS / "maximum-likelihood-and-cross-entropy.md"
PUBLISHED = Path(__file__).parent / "published" / "kl_wikipedia.json"

COIN = [1, 0, 1, 1, 0, 1, 1, 1]
COUNTS = [2, 0, 3, 1]
REALS = [1.2, -0.4, 2.5, 0.7]
TIMES = [0.5, 1.5, 0.1, 2.4]

# name, sample, what is known, parameter, SciPy's log-likelihood as a function of the parameter, an interval for it
CASES: list[Any] = [
    ("bernoulli", COIN, {}, "theta", lambda t: stats.bernoulli.logpmf(COIN, t).sum(), (1e-6, 1 - 1e-6)),
    ("poisson", COUNTS, {}, "lambda", lambda t: stats.poisson.logpmf(COUNTS, t).sum(), (1e-6, 20)),
    ("exponential", TIMES, {}, "lambda", lambda t: stats.expon.logpdf(TIMES, scale=1 / t).sum(), (1e-6, 20)),
    ("geometric", [3, 1, 4, 2], {}, "theta", lambda t: stats.geom.logpmf([3, 1, 4, 2], t).sum(), (1e-6, 1 - 1e-6)),
    (
        "binomial", [3, 1, 4], {"trials": 5}, "theta",
        lambda t: stats.binom.logpmf([3, 1, 4], 5, t).sum(), (1e-6, 1 - 1e-6),
    ),
    (
        "laplace", REALS, {"mean": 0.5}, "b", lambda b: stats.laplace.logpdf(REALS, 0.5, b).sum(), (1e-3, 20),
    ),
    (
        "gaussian", REALS, {"variance": 2}, "mean",
        lambda t: stats.norm.logpdf(REALS, t, sqrt(2)).sum(), (-10, 10),
    ),
    (
        "gaussian", REALS, {"mean": 0.5}, "variance",
        lambda t: stats.norm.logpdf(REALS, 0.5, sqrt(t)).sum(), (1e-3, 20),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sample", "known", "parameter", "function", "interval"), CASES)
def test_the_estimate_is_where_scipy_finds_the_maximum(name, sample, known, parameter, function, interval):
    answer = maximum_likelihood(name, sample, **known)
    found = optimize.minimize_scalar(
        lambda t: -function(t), bounds=interval, method="bounded", options={"xatol": 1e-10}
    )
    assert isclose(answer[parameter], found.x, abs_tol=1e-6)
    assert isclose(answer["log_likelihood"], function(answer[parameter]), rel_tol=1e-13)
    assert isclose(answer["likelihood"], exp(function(answer[parameter])), rel_tol=1e-12)
    assert answer[f"score_{parameter}"] == 0
    step = 1e-4
    best = answer[parameter]
    second = (function(best + step) - 2 * function(best) + function(best - step)) / step**2
    assert isclose(answer[f"second_derivative_{parameter}"], second, rel_tol=1e-5)


def test_the_end_of_a_uniform_distribution_is_the_largest_observation():
    answer = maximum_likelihood("uniform", TIMES)
    assert answer["b"] == answer["t"] == 2.4 and answer["attained"]
    assert isclose(answer["log_likelihood"], stats.uniform.logpdf(TIMES, 0, 2.4).sum())
    assert not maximum_likelihood("uniform", [0, 0])["attained"]
    for name, sample, known in (("geometric", [1, 1], {}), ("binomial", [5, 5], {"trials": 5})):
        assert maximum_likelihood(name, sample, **known)["theta"] == 1
    assert maximum_likelihood("binomial", [0, 0], trials=3)["theta"] == 0
    assert not maximum_likelihood("laplace", [2, 2], mean=2)["attained"]


@pytest.mark.parametrize(
    ("name", "known", "words"),
    [
        ("laplace", {}, "the likelihood of the laplace distribution needs the mean"),
        ("binomial", {}, "needs the number of trials"),
        ("binomial", {"trials": 2}, "larger than the number of trials, 2"),
        ("poisson", {"mean": 1}, "a known mean is of no use for the poisson distribution"),
    ],
)
def test_what_a_family_needs_is_said(name, known, words):
    with pytest.raises(ChalkworkError, match=words):
        maximum_likelihood(name, [3, 1], **known)


def test_both_parameters_of_a_gaussian_are_those_of_scipy():
    answer = maximum_likelihood("gaussian", REALS)
    mean, deviation = stats.norm.fit(REALS)
    assert isclose(answer["mean"], mean) and isclose(answer["variance"], deviation**2)
    assert isclose(answer["variance_unbiased"], np.var(REALS, ddof=1))
    assert isclose(answer["log_likelihood"], stats.norm.logpdf(REALS, mean, deviation).sum())

    def negative(at: Any) -> float:
        return float(-stats.norm.logpdf(REALS, at[0], np.exp(at[1] / 2)).sum())

    found = optimize.minimize(negative, [0.0, 0.0], options={"gtol": 1e-9})
    assert np.allclose([answer["mean"], log(answer["variance"])], found.x, atol=1e-5)


@pytest.mark.parametrize("size", [1e-45, 1e-9, 1e9, 1e50])
def test_derivatives_are_numbers_at_every_size(size):
    """In exact fractions, where the third power of a variance is no matter."""
    sample = [Fraction(size), -Fraction(size), Fraction(size) / 2]
    answer = maximum_likelihood("gaussian", sample)
    mean = sum(sample) / 3
    variance = sum((value - mean) ** 2 for value in sample) / 3
    second = Fraction(3) / (2 * variance**2) - 3 * variance / variance**3
    assert isclose(answer["second_derivative_variance"], second, rel_tol=1e-12)


def test_the_rate_of_an_exponential_is_that_of_scipy():
    _, scale = stats.expon.fit(TIMES, floc=0)
    assert isclose(maximum_likelihood("exponential", TIMES)["lambda"], 1 / scale)


def test_a_categorical_sample_gives_the_shares():
    sample = [1, 3, 2, 1, 1]
    answer = maximum_likelihood("categorical", sample, classes=4)
    assert np.allclose(answer["theta"].ravel(), [0.6, 0.2, 0.2, 0.0], atol=1e-15) and answer["multiplier"] == 5
    assert isclose(answer["log_likelihood"], sum(np.log(np.array([0.6, 0.2, 0.2])[np.array(sample) - 1])))
    counts = answer["counts"].ravel()

    def negative(at: Any) -> float:
        return float(-special.xlogy(counts, special.softmax(np.append(at, 0.0))).sum())

    found = optimize.minimize(negative, np.zeros(3), options={"gtol": 1e-8})
    assert isclose(-found.fun, answer["log_likelihood"], abs_tol=1e-4)


# --- the derivation ------------------------------------------------------------------------------------------------

SYMBOLS = {name: sympy.Symbol(name, positive=True) for name in MARKS} | {"mu": sympy.Symbol("mu", real=True)}
KINDS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negative": lambda a: -a,
    "abs": sympy.Abs,
    "log": sympy.log,
    "xlogy": lambda a, b: a * sympy.log(b),
}


def in_sympy(node: Expression) -> Any:
    if isinstance(node, Number):
        return sympy.Rational(str(node.value))
    if isinstance(node, Name):
        return sympy.pi if node.name == "pi" else SYMBOLS[node.name]
    assert isinstance(node, Application)
    return KINDS[node.operation.name](*map(in_sympy, node.arguments))


UNKNOWNS = [(f"{kind.title}, {unknown.name}", unknown) for kind in FAMILIES for unknown in kind.unknowns]
NAMES = {name: Name(name) for name in MARKS}


@pytest.mark.parametrize("unknown", [unknown for _, unknown in UNKNOWNS], ids=[name for name, _ in UNKNOWNS])
def test_every_step_of_the_derivation_holds_in_sympy(unknown: Unknown):
    by = SYMBOLS[unknown.name]
    text = read(unknown.log_likelihood, NAMES)
    first = slope(text, Name(unknown.name))
    second = slope(first, Name(unknown.name))
    assert sympy.simplify(sympy.diff(in_sympy(text), by) - in_sympy(first)) == 0
    assert sympy.simplify(sympy.diff(in_sympy(text), by, 2) - in_sympy(second)) == 0
    fact = {SYMBOLS["f"]: SYMBOLS["n"] - SYMBOLS["s"]}  # in a Bernoulli sample
    estimator = in_sympy(read(unknown.estimator, NAMES))
    if not unknown.steps:  # the maximum is at a border
        assert sympy.solve(in_sympy(first), by) == []
        return
    fact = {} if "f" not in unknown.log_likelihood else fact
    assert [sympy.simplify(root - estimator) for root in sympy.solve(in_sympy(first).subs(fact), by)] == [0]
    for step in unknown.steps:
        difference = in_sympy(read(step.left, NAMES)) - in_sympy(read(step.right, NAMES))
        assert [sympy.simplify(root - estimator) for root in sympy.solve(difference.subs(fact), by)] == [0]


@pytest.mark.parametrize("kind", FAMILIES, ids=[kind.title for kind in FAMILIES])
def test_the_log_likelihood_is_the_sum_of_log_densities(kind):
    """With three observations: the sums in their place, as SymPy sees it."""
    sample = [sympy.Symbol(f"x{i}", positive=True) for i in range(3)]
    density = in_sympy(read(kind.log_density, NAMES))
    x, mu = SYMBOLS["x"], SYMBOLS["mu"]
    fact = SYMBOLS["logchoose" if "logchoose" in kind.log_density else "logfact"]
    logs = [sympy.Symbol(f"log{i}") for i in range(3)]
    whole = sum(density.subs({x: value, fact: part}) for value, part in zip(sample, logs, strict=True))
    sums = {"n": 3, "s": sum(sample), "f": 3 - sum(sample), "q": sum(v**2 for v in sample), "c": sum(logs)}
    sums["d"] = sum((v - mu) ** 2 if kind.name == "gaussian" else abs(v - mu) for v in sample)
    for unknown in kind.unknowns:
        text = in_sympy(read(unknown.log_likelihood, NAMES))
        assert sympy.simplify(text.subs({SYMBOLS[name]: value for name, value in sums.items()}) - whole) == 0


# --- the borders ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sample", "parameter", "value", "words"),
    [
        ("bernoulli", [1, 1, 1], "theta", 1, "no zero"),
        ("bernoulli", [0], "theta", 0, "no zero"),
        ("poisson", [0, 0], "lambda", 0, "nothing but zeros"),
    ],
)
def test_a_maximum_at_the_border_is_explained(name, sample, parameter, value, words):
    answer = maximum_likelihood(name, sample)
    assert answer[parameter] == value and answer["attained"] and answer["log_likelihood"] == 0
    assert words in " ".join(str(answer).split())
    assert answer["cross_entropy"] == 0 and answer["divergence"] == 0


def test_a_class_that_does_not_occur_is_explained():
    assert "Class 2 does not occur" in str(maximum_likelihood("categorical", [1, 3, 3]))
    only = maximum_likelihood("categorical", [1, 1])
    assert only["theta"].ravel().tolist() == [1.0, 0.0] and only["log_likelihood"] == 0


@pytest.mark.parametrize("sample", [[1.2], [0.1, 0.1, 0.1]])
def test_without_spread_the_variance_has_no_maximum(sample):
    answer = maximum_likelihood("gaussian", sample)
    assert answer["variance"] == 0 and not answer["attained"] and answer["log_likelihood"] == inf
    assert isclose(answer["mean"], sample[0]) and "there is no maximum" in str(answer)
    assert not any(isinstance(block, Drawing) for block in answer.document().blocks)


def test_a_known_mean_is_not_put_on_a_single_observation():
    known = " ".join(str(maximum_likelihood("gaussian", [1.2], mean=1.2)).split())
    assert "All deviations are 0: d = 0" in known and "the mean is put on it" not in known
    assert "the mean is put on it" in " ".join(str(maximum_likelihood("gaussian", [1.2])).split())
    assert maximum_likelihood("gaussian", [1.2], mean=1)["attained"]


def test_exponential_zeros_have_no_estimate():
    answer = maximum_likelihood("exponential", [0, 0])
    assert answer["lambda"] == inf and not answer["attained"] and "There is no maximum" in str(answer)


# --- the sample as a distribution ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "sample"), [("bernoulli", COIN), ("poisson", COUNTS), ("categorical", [1, 3, 2, 1])])
def test_cross_entropy_and_divergence_of_a_sample(name, sample):
    answer = maximum_likelihood(name, sample)
    shares = answer["empirical"].ravel()
    assert isclose(answer["cross_entropy"], -answer["log_likelihood"] / len(sample))
    assert isclose(answer["mean_log_likelihood"], answer["log_likelihood"] / len(sample))
    assert isclose(answer["entropy"], stats.entropy(shares))
    assert isclose(answer["cross_entropy"], answer["entropy"] + answer["divergence"], abs_tol=1e-14)


def test_the_empirical_distribution_counts_equal_values():
    answer = maximum_likelihood("poisson", [2, 0, 2, 1])
    assert answer["values"].ravel().tolist() == [0, 1, 2]
    assert answer["empirical"].ravel().tolist() == [0.25, 0.25, 0.5]


@pytest.mark.parametrize("name, sample", [("bernoulli", COIN), ("poisson", COUNTS), ("gaussian", REALS)])
def test_the_row_of_the_estimate_is_the_best_of_the_table(name, sample):
    table = [
        b for b in maximum_likelihood(name, sample, show=["cross_entropy"]).document().blocks if isinstance(b, Table)
    ][-1]
    rows = [[float(cell.strip("$")) for cell in row[1:3]] for row in table.rows]
    best = next(i for i, row in enumerate(table.rows) if "(estimate)" in row[0])
    assert rows[best][0] == max(row[0] for row in rows) and rows[best][1] == min(row[1] for row in rows)


def test_the_curve_has_its_maximum_marked_and_is_well_formed():
    figures = [block for block in maximum_likelihood("gaussian", REALS).document().blocks if isinstance(block, Drawing)]
    assert [figure.description.partition(", where")[0].rpartition(" at ")[2] for figure in figures] == [
        "μ = 1",
        "σ² = 1.085",
    ]
    for figure in figures:
        ElementTree.fromstring(figure.svg)


# --- divergences ---------------------------------------------------------------------------------------------------


def test_the_divergences_of_wikipedia():
    published = json.loads(PUBLISHED.read_text())
    answer = divergence(published["inputs"]["given"]["P"], published["inputs"]["given"]["Q"])
    found = {"pq": answer["divergence_pq"], "qp": answer["divergence_qp"]}
    for entry in published["expected"]:
        assert f"{found[entry['q']]:.{entry['decimals']}f}" == entry["printed"]


weights = st.lists(st.integers(0, 50), min_size=2, max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_divergences_are_those_of_scipy(data):
    a = data.draw(weights.filter(any))
    b = data.draw(st.lists(st.integers(0, 50), min_size=len(a), max_size=len(a)).filter(any))
    p, q = ([Fraction(value, sum(values)) for value in values] for values in (a, b))
    answer = divergence(p, q)
    one, other = np.array(p, dtype=float), np.array(q, dtype=float)
    for name, first, second in (("pq", one, other), ("qp", other, one)):
        expected = special.rel_entr(first, second).sum()
        assert answer[f"divergence_{name}"] == expected or isclose(
            answer[f"divergence_{name}"], expected, rel_tol=1e-9, abs_tol=1e-12
        )
        assert answer[f"divergence_{name}"] >= 0 and (answer[f"divergence_{name}"] == 0) == (p == q)
        assert isclose(answer[f"divergence_{name}_bits"], answer[f"divergence_{name}"] / log(2)) or isinf(expected)
    assert isclose(answer["entropy_p"], stats.entropy(one), abs_tol=1e-12)
    assert isclose(answer["entropy_q_bits"], stats.entropy(other, base=2), abs_tol=1e-12)
    assert all(width_of(line) <= 80 for line in str(answer).splitlines())


def test_every_line_from_the_divergence_to_the_difference_has_its_value():
    p, q = [Fraction(9, 25), Fraction(12, 25), Fraction(4, 25)], [Fraction(1, 3)] * 3
    answer = divergence(p, q, decimals=12)
    exact = sum(sympy.Rational(str(a)) * sympy.log(sympy.Rational(str(a / b))) for a, b in zip(p, q, strict=True))
    assert isclose(answer["divergence_pq"], sympy.N(exact, 30), rel_tol=1e-14)
    (table,) = [b for b in answer.document().blocks if isinstance(b, Table) and b.head[0].startswith(r"$\mathrm{KL}")]
    assert [row[1] for row in table.rows] == [f"${sympy.N(exact, 30):.12f}$"] * 4


@pytest.mark.parametrize("p, q", [([0.5, 0.5, 0], [0.25, 0.75, 0]), ([1, 0], [0.5, 0.5]), ([1.0], [1.0])])
def test_what_never_happens_counts_for_nothing(p, q):
    answer = divergence(p, q)
    assert isclose(answer["divergence_pq"], special.rel_entr(p, q).sum())
    assert answer["entropy_p"] == stats.entropy(p)


def test_an_infinite_direction_names_the_entry():
    answer = divergence([0.5, 0.5, 0], [0.5, 0.25, 0.25])
    assert answer["divergence_pq_bits"] == 0.5 and answer["divergence_qp"] == inf
    assert "p₃ = 0 and q₃ > 0" in " ".join(str(answer).split())
