"""The steps of optimisation as equations: asked, marked, named, and written."""

import re

import numpy as np
import pytest
from test_optimisation import FUNCTIONS, X

from chalkwork import Dense, NeuralNetwork
from chalkwork.laboratory.optimisation import (
    condition,
    critical_points,
    escape,
    newton_cost,
    optimise,
    optimise_network,
    step_size,
)

EVERY = ["gradient_descent", "momentum", "newton", "saddle_free_newton"]
SUFFIX = {"gradient_descent": "gd", "momentum": "momentum", "newton": "newton", "saddle_free_newton": "saddle_free"}
ONE = {"x^4 - x": 0.7, "x - log(x)": 0.4, "softplus(x) + softplus(-x)": 1.5}
SETTINGS = [{}, {"damping": 0.3}, {"rate": 0.02, "momentum": 0.5}]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("text", [*FUNCTIONS, *ONE, "x^2 + 2*y^2 + 3*z^2 + x*y*z + (w - x)^2"])
def test_the_equations_of_the_steps_are_the_path(text, settings):
    """The numbers that the equations give against those of the methods, which know nothing of equations."""
    names = "x" if text in ONE else "xy" if text in FUNCTIONS else "xyzw"
    start = {name: ONE.get(text, 0.3 + 0.2 * i) for i, name in enumerate(names)}
    answer = optimise(text, start, EVERY, steps=4, shown=3, **settings)
    for method in EVERY:
        alone = optimise(text, start, method, steps=4, shown=3, **settings)
        path, values = answer[f"{method}.path"], answer[f"{method}.values"]
        np.testing.assert_array_equal(alone["path"], path)
        for k in range(2, min(4, len(path)) + 1):
            np.testing.assert_allclose(np.ravel(answer[f"p{k}_{SUFFIX[method]}"]), path[k - 1], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(np.ravel(alone[f"p{k}"]), path[k - 1], rtol=1e-9, atol=1e-12)
            if np.isfinite(values[k - 1]):
                np.testing.assert_allclose(alone[f"f{k}"], values[k - 1], rtol=1e-9, atol=1e-12)


def test_eigenvalues_by_hand():
    for text in FUNCTIONS:
        answer = optimise(text, {"x": 0.6, "y": -0.4}, "saddle_free_newton", shown=1, steps=1)
        np.testing.assert_allclose(answer["lambda1"].ravel(), np.linalg.eigvalsh(answer["H1"]), rtol=1e-12, atol=1e-14)


STUDIES = {
    "newton": lambda: optimise("x^2 + 3*y^2 + x*y", {"x": 4, "y": 2}, "newton", steps=2),
    "damped": lambda: optimise("x^4 + y^2*x", {"x": 1.2, "y": 0.4}, "newton", steps=2, damping=0.5),
    "saddle-free": lambda: optimise("x^3 - 3*x + x*y + y^2", {"x": -0.9, "y": 1}, "saddle_free_newton", steps=2),
    "descent": lambda: optimise("x^2 + 10*y^2", {"x": 1, "y": 1}, rate=0.03, steps=3, shown=3),
    "momentum": lambda: optimise("x^2 + 10*y^2", {"x": 1, "y": 1}, "momentum", rate=0.03, steps=3, shown=3),
    "one variable": lambda: optimise("x - log(x)", {"x": 0.5}, ["newton", "gradient_descent"], steps=2),
    "three variables": lambda: optimise("x^2 + y^2*z + z^4 + y^2", {"x": 1, "y": 0.5, "z": 0.7}, "newton", steps=2),
    "not shown": lambda: optimise("1/2*(u*v - 1)^2", {"u": 0.1, "v": 0.1}, EVERY, shown=0),
    "singular": lambda: optimise("x + y^2", {"x": 1, "y": 1}, "newton"),
    "flat": lambda: optimise("x^2 + y^2", {"x": 0, "y": 0}, ["newton", "momentum"]),
    "letters": lambda: optimise("d^2 + v^2*p + q^2", {"d": 1, "v": 2, "p": 3, "q": 1}, ["momentum", "newton"], steps=2),
    "condition of three": lambda: condition("x^2 + 2*y^2 + z^2 + x*y", {"x": 1, "y": 1, "z": 2}),
    "step size": lambda: step_size("3*x^2 + 2*x*y + y^2 - x", {"x": 1, "y": 1}),
    "condition": lambda: condition("x^2 + 10*y^2", {"x": 10, "y": 1}),
    "escape": lambda: escape("x^2 - y^2", {"x": 0, "y": 0}, [0.1, 0.001]),
    "critical points": lambda: critical_points("x^3 - 3*x + y^2", {"x": [-2, 2], "y": [-1, 1]}),
    "cost": lambda: newton_cost([12, 1000]),
    "network": lambda: optimise_network(
        NeuralNetwork([Dense(weights=[[0.1]], bias=False), Dense(weights=[[0.2]], bias=False)]), [[1.0]], [[1.0]],
        ["newton", "saddle_free_newton", "gradient_descent"], steps=3, shown=2,
    ),
    "larger network": lambda: optimise_network(
        NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(1, "identity")], seed=1), X, [[0], [1], [1], [0]],
        ["saddle_free_newton", "momentum"], steps=2, damping=0.1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("study", STUDIES)
def test_a_right_hand_in_has_full_points_and_a_wrong_one_loses_them(study):
    answer = STUDIES[study]()
    asked = answer.setting.asked
    assert asked and set(asked) <= set(answer.derivation)
    right = {name: answer[name] for name in asked}
    assert answer.check(right, ask=asked).score == 1
    written = {name: np.round(value, 6) for name, value in right.items()}
    assert answer.check(written, ask=asked).score == 1
    first = asked[0]
    wrong = answer.check(right | {first: right[first] + 0.7}, ask=asked)
    assert wrong.first_wrong == first and wrong.score < 1
    last = asked[-1]
    wrong = answer.check(right | {last: right[last] * 1.3 + 0.1}, ask=asked)
    assert wrong.first_wrong == last and 1 - 1 / len(asked) <= wrong.score + 1e-9 < 1


@pytest.mark.parametrize("study", STUDIES)
def test_what_is_asked_is_written(study):
    """In the terminal, in Markdown and with a comma, every asked value but those of steps that are not shown."""
    answer = STUDIES[study]()
    text = str(answer)
    assert max(map(len, text.splitlines())) <= 80
    for leftover in ("$", "\\", "{", "}", "+ −", "+ -", "−−", "nan", "placed", "1.0 x"):
        assert leftover not in text, leftover
    assert not re.search(r"placed|(?<!-)free ", text + answer._repr_markdown_())
    if study != "not shown" and study != "cost":
        symbols = answer.writer().symbols
        assert [name for name in answer.setting.asked if f"{symbols[name].text} " not in text.replace("\n", " ")] == []


def test_an_error_is_carried_through_the_steps_of_newton():
    answer = STUDIES["newton"]()
    p, g, h = answer["p1"], answer["g1"], answer["H1"]
    names = ("g1", "H1", "det1", "d1", "p2")
    slipped = g + np.array([[1], [0]])
    d = -np.linalg.solve(h, slipped)
    report = answer.check({"g1": slipped, "H1": h, "d1": d, "p2": p + d})
    assert [report[name].verdict for name in report] == ["wrong", "correct", "follows", "follows"]
    det = h[0, 0] * h[1, 1] + 1
    d = -np.array([[h[1, 1], -h[0, 1]], [-h[1, 0], h[0, 0]]]) @ g / det
    report = answer.check({"g1": g, "H1": h, "det1": det, "d1": d, "p2": p + d})
    assert [report[name].verdict for name in names] == ["correct", "correct", "mistake", "follows", "follows"]
    report = answer.check({"g1": g, "H1": h, "d1": -h @ g, "p2": p - h @ g})
    assert (report["d1"].mistakes, report["p2"].verdict) == (("hessian-not-inverted",), "follows")
    report = answer.check({"g1": g, "H1": h, "d1": answer["d1"], "p2": p - answer["d1"]})
    assert (report.first_wrong, report["p2"].mistakes) == ("p2", ("step-subtracted",))


def test_mistakes_of_gradient_descent_are_named():
    answer = STUDIES["descent"]()
    p, g = answer["p1"], answer["g1"]
    assert answer.check({"g1": g, "p2": p + 0.03 * g})["p2"].mistakes == ("ascent",)
    assert answer.check({"g1": g, "p2": p - g})["p2"].mistakes == ("learning-rate-omitted",)
    stale = answer.check({"g1": g, "p2": answer["p2"], "g2": g, "p3": answer["p2"] - 0.03 * g})
    assert (stale["g2"].mistakes, stale["p3"].verdict) == (("old-weights-used",), "follows")


def test_letters_that_a_variable_has_are_not_used_for_anything_else():
    text = str(STUDIES["letters"]())
    assert "Let r = (d, v, p, q)" in text and "s₁ᴺ = −H(r₁)⁻¹ ∇f(r₁)" in text and "w₁ᴹ = μ w₀ + ∇f(r₁)" in text


def test_points_and_endings_have_words():
    answer = critical_points("x^3 - 3*x + y^2", {"x": [-2, 2], "y": [-1, 1]})
    assert [answer.setting.words[name].value for name in ("kind1", "kind2")] == ["saddle", "minimum"]
    assert "degenerate" in answer.setting.words["kind1"].choices
    path = STUDIES["newton"]()
    assert (path["ending"], path["kind"]) == ("critical", "minimum")
    assert STUDIES["descent"]()["ending"] == "unfinished"
    assert escape("x^2 - y^2", {"x": 0, "y": 0})["kind"] == "saddle"


def test_the_decimal_comma_and_other_notations():
    answer = optimise("x^2 + 10*y^2", {"x": 0.5, "y": 1}, "newton", notation={"decimal_comma": True})
    assert "(0,5; 1)" in str(answer) and "0.5" not in str(answer)


def test_methods_with_another_value_of_one_constant_keep_their_own():
    answer = optimise("(x - 1)^2 * x", {"x": 2.0}, ["adam", "lion"], steps=6, rate=0.7)
    for method in ("adam", "lion"):
        for k in range(2, 4):
            assert answer[f"p{k}_{method}"].item() == pytest.approx(answer[f"{method}.path"][k - 1].item())
    assert answer["rho2"].item() == 0.999 and answer["rho2_lion"].item() == 0.99
    assert answer["m2_lion"].item() == pytest.approx(0.99 * answer["m1_lion"].item() + 0.01 * answer["g2_lion"].item())
    assert "β₂ᴸ = 0.99" in str(answer)
