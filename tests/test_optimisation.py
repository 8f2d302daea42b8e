"""Optimisation against JAX, SymPy, SciPy, NumPy and a published example; what goes wrong is said."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from in_numpy import in_numpy

from chalkwork import Dense, NeuralNetwork
from chalkwork.documents.terminal import to_text
from chalkwork.drawings.canvas import Drawing
from chalkwork.drawings.contour import contour_lines, levels_of
from chalkwork.drawings.plot import Axis, line_plot
from chalkwork.errors import ChalkworkError, ReadError, SheetError, ValueProblem
from chalkwork.laboratory.optimisation import (
    condition,
    critical_points,
    escape,
    newton_cost,
    optimise,
    optimise_network,
    step_size,
)
from chalkwork.laboratory.optimisation.methods import Method, absolute, index_of, run
from chalkwork.laboratory.optimisation.network import NetworkLoss
from chalkwork.laboratory.optimisation.surface import Surface
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.solve import work_parts

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "tests" / "published" / "newton_vs_gd_quadratic.json"
SHEETS = ("optimisation-descent-and-newton", "optimisation-saddle-points")

FUNCTIONS = {
    "x^2 + 10*y^2": lambda n, x, y: x**2 + 10 * y**2,
    "x^3 - 3*x + y^2 + 0.3*x*y": lambda n, x, y: x**3 - 3 * x + y**2 + 0.3 * x * y,
    "(1 - x)^2 + 100*(y - x^2)^2": lambda n, x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    "log(1 + exp(x)) + x*y^2": lambda n, x, y: n.log(1 + n.exp(x)) + x * y**2,
    "exp(-x^2 - y^2) * sin(x)": lambda n, x, y: n.exp(-(x**2) - y**2) * n.sin(x),
    "sqrt(1 + x^2) * tanh(y) + x / (2 + y^2)": lambda n, x, y: n.sqrt(1 + x**2) * n.tanh(y) + x / (2 + y**2),
}


# --- derivatives -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", FUNCTIONS)
def test_gradient_and_hessian_are_those_of_jax(text):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        function, surface = FUNCTIONS[text], Surface(text, ["x", "y"])
        for point in np.random.default_rng(0).normal(size=(3, 2)):
            place = jax.numpy.asarray(point)
            np.testing.assert_allclose(surface.value(point), function(np, *point), rtol=1e-12)
            slopes = in_numpy(jax.grad(lambda p: FUNCTIONS[text](jax.numpy, *p)))(place)
            np.testing.assert_allclose(surface.gradient(point), slopes, rtol=1e-10, atol=1e-12)
            curvatures = in_numpy(jax.hessian(lambda p: FUNCTIONS[text](jax.numpy, *p)))(place)
            np.testing.assert_allclose(surface.hessian(point), curvatures, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("text", list(FUNCTIONS)[:5])
def test_gradient_and_hessian_are_those_of_sympy(text):
    sympy = pytest.importorskip("sympy")
    x, y = sympy.symbols("x y")
    formula, surface, at = FUNCTIONS[text](sympy, x, y), Surface(text, ["x", "y"]), {x: 0.3, y: -0.7}
    slopes = [float(sympy.diff(formula, by).subs(at)) for by in (x, y)]
    np.testing.assert_allclose(surface.gradient([0.3, -0.7]), slopes, rtol=1e-10)
    curvatures = [[float(entry) for entry in row] for row in sympy.hessian(formula, (x, y)).subs(at).tolist()]
    np.testing.assert_allclose(surface.hessian([0.3, -0.7]), curvatures, rtol=1e-10)


# --- methods ---------------------------------------------------------------------------------------------------------


def test_the_published_steps():
    expected = {each["id"]: float(each["printed"]) for each in json.loads(PUBLISHED.read_text())["expected"]}
    answer = optimise("x^2 + 3*y^2", {"x": 4, "y": 2}, ["newton", "gradient_descent"], steps=1, rate=0.3)
    surface = Surface("x^2 + 3*y^2", ["x", "y"])
    np.testing.assert_allclose(surface.gradient([4, 2]), [expected["gradient[0]"], expected["gradient[1]"]])
    newton = answer["newton.path"]
    np.testing.assert_allclose(newton[1] - newton[0], [expected["newton p[0]"], expected["newton p[1]"]])
    np.testing.assert_allclose(newton[1], [expected["x newton[0]"], expected["x newton[1]"]])
    descent = [expected["x gd[0]"], expected["x gd[1]"]]
    np.testing.assert_allclose(answer["gradient_descent.point"], descent, atol=1e-12)


@pytest.mark.parametrize("text", FUNCTIONS)
def test_newtons_step_is_the_solution_of_the_linear_system(text):
    scipy = pytest.importorskip("scipy.linalg")
    surface, point = Surface(text, ["x", "y"]), np.array([0.6, -0.4])
    path = run(surface, point, Method("newton"), 1)
    step = scipy.solve(surface.hessian(point), -surface.gradient(point), assume_a="sym")
    np.testing.assert_allclose(path.points[1], point + step, rtol=1e-9)
    free = run(surface, point, Method("saddle_free_newton"), 1)
    size = scipy.sqrtm(surface.hessian(point) @ surface.hessian(point)).real
    np.testing.assert_allclose(free.points[1], point - np.linalg.solve(size, surface.gradient(point)), rtol=1e-7)


def test_momentum_is_that_of_training():
    """The same two lines as the rule of the optimisers."""
    path = run(Surface("x^2 + 10*y^2"), [1.0, 1.0], Method.of("momentum", rate=0.02, momentum=0.8), 6)
    point, velocity = np.array([1.0, 1.0]), np.zeros(2)
    for found in path.points[1:]:
        velocity = 0.8 * velocity + np.array([2.0, 20.0]) * point
        point = point - 0.02 * velocity
        np.testing.assert_allclose(found, point)


def test_the_minimum_is_that_of_scipy():
    optimize = pytest.importorskip("scipy.optimize")
    answer = optimise("(1 - x)^2 + 100*(y - x^2)^2", {"x": -1.2, "y": 1}, "newton", steps=20)
    found = optimize.minimize(lambda p: FUNCTIONS["(1 - x)^2 + 100*(y - x^2)^2"](np, *p), [-1.2, 1], tol=1e-12)
    np.testing.assert_allclose(answer["point"], found.x, atol=1e-4)
    assert answer["ending"] == "critical"


def test_absolute_and_index():
    matrix = np.array([[1.0, 2.0], [2.0, -1.0]])
    np.testing.assert_allclose(absolute(matrix) @ absolute(matrix), matrix @ matrix, atol=1e-12)
    assert [index_of(np.diag(d))[0] for d in ([1, 2], [-1, -2], [1, -2], [1, 0])] == [
        "minimum", "maximum", "saddle", "degenerate",
    ]  # fmt: skip


def test_three_and_four_variables():
    text = "x^2 + 2*y^2 + 3*z^2 + x*y*z + (w - x)^2"
    answer = optimise(text, {"x": 0.3, "y": 0.2, "z": 0.1, "w": 1}, ["newton", "saddle_free_newton", "momentum"])
    np.testing.assert_allclose(answer["newton.point"], 0, atol=1e-9)
    assert not [block for block in answer.document().blocks if isinstance(block, Drawing)]
    assert "Elimination" in str(answer)


# --- the steps as equations ------------------------------------------------------------------------------------------

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


# --- studies ---------------------------------------------------------------------------------------------------------


def test_the_largest_step_size():
    answer = step_size("x^2 + 10*y^2", {"x": 1, "y": 1}, steps=50)
    assert answer["limit"] == pytest.approx(2 / 20) and answer["best"] == pytest.approx(2 / 22)
    assert answer["below.values"][-1] < 0.01
    assert answer["at.values"][-1] == pytest.approx(10.0, abs=1e-6)
    assert answer["above.values"][-1] > 1000
    tilted = step_size("3*x^2 + 2*x*y + y^2 - x", {"x": 1, "y": 1})
    assert tilted["limit"] == pytest.approx(2 / np.linalg.eigvalsh([[6, 2], [2, 2]])[-1])
    np.testing.assert_allclose(tilted["minimum"].ravel(), np.linalg.solve([[6, 2], [2, 2]], [1, 0]))


def test_the_condition_number_predicts_the_steps():
    answer = condition("x^2 + 10*y^2", {"x": 10, "y": 1})
    assert (answer["newton"], answer["kappa"]) == (1, pytest.approx(10))
    assert answer["measured"] == answer["predicted"] == 69
    np.testing.assert_array_equal(answer["table.measured"], answer["table.predicted"])
    elsewhere = condition("x^2 + 10*y^2 + x*y - y", {"x": 3, "y": -2}, accuracy=1e-4)
    assert 0 < elsewhere["measured"] <= elsewhere["predicted"]


def test_a_saddle_is_left_late_never_and_soon():
    answer = escape("x^2 - y^2", {"x": 0, "y": 0}, [1e-1, 1e-3, 1e-6], rate=0.1)
    assert [abs(a - b) <= 1 for a, b in zip(answer["gradient_descent"], answer["predicted"].ravel(), strict=True)] == [
        True
    ] * 3
    assert answer["saddle_free_newton"] == [4, 10, 20]
    np.testing.assert_allclose(answer["newton"], 0, atol=1e-12)
    monkey = escape("x^3 - 3*x + y^2", {"x": -1, "y": 0}, [0.1, 0.01])
    assert monkey["gradient_descent"][0] < monkey["gradient_descent"][1]
    with pytest.raises(ChalkworkError, match="no saddle point, but a minimum"):
        escape("x^2 + y^2", {"x": 0, "y": 0})
    with pytest.raises(ChalkworkError, match="no critical point"):
        escape("x^2 - y^2", {"x": 1, "y": 0})


def test_critical_points_are_those_of_himmelblau():
    """The four minima, four saddles and the maximum that textbooks list: Himmelblau, Applied Nonlinear Programming."""
    answer = critical_points("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", {"x": [-5, 5], "y": [-5, 5]}, grid=13)
    assert sorted(answer["kinds"]) == ["maximum"] + 4 * ["minimum"] + 4 * ["saddle"]
    minima = answer["points"][[kind == "minimum" for kind in answer["kinds"]]]
    wanted = [[-3.779310, -3.283186], [-2.805118, 3.131312], [3, 2], [3.584428, -1.848126]]
    np.testing.assert_allclose(minima, wanted, atol=1e-6)
    assert answer["indices"][answer["kinds"].index("maximum")] == 2


def test_degenerate_and_missing_critical_points():
    assert critical_points("x^3", {"x": [-1, 1]})["kinds"] == ["degenerate"]
    assert len(critical_points("x + y^2", {"x": [-1, 1], "y": [-1, 1]})["points"]) == 0
    with pytest.raises(ChalkworkError, match="more than 40 critical points"):
        critical_points("(x*y - 1)^2", {"x": [-3, 3], "y": [-3, 3]}, grid=13)


def test_the_cost_is_counted():
    answer = newton_cost([12, 1000])
    np.testing.assert_allclose(answer["numbers"].ravel(), [144, 1e6])
    np.testing.assert_allclose(answer["bytes"].ravel(), [8 * 144, 8e6])
    np.testing.assert_allclose(answer["operations"].ravel(), [576, 1e9 / 3])


# --- networks --------------------------------------------------------------------------------------------------------

NETS = {
    "tanh": (("tanh", "sigmoid"), "binary_cross_entropy", [[0], [1], [1], [0]]),
    "softmax": (("sigmoid", "softmax"), "cross_entropy", [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]),
    "identity": (("softplus", "identity"), "squared_error", [[0.5, 1], [1, 0], [0, 0], [2, 1]]),
}
X = [[0.0, 0.2], [0.1, 1.0], [1.0, -0.3], [0.9, 1.1]]


@pytest.mark.parametrize("kind", NETS)
def test_a_networks_hessian_is_that_of_jax(kind):
    jax = pytest.importorskip("jax")
    (hidden, output), name, y = NETS[kind]
    net = NeuralNetwork([Dense(3, hidden, inputs=2), Dense(len(y[0]), output)], name, seed=1)
    loss = NetworkLoss(net, X, y)
    functions = {
        "tanh": jax.numpy.tanh, "sigmoid": jax.nn.sigmoid, "softmax": jax.nn.softmax, "softplus": jax.nn.softplus,
        "identity": lambda z: z,
    }  # fmt: skip

    def of(theta):
        shapes, place, parts = [(2, 3), (3,), (3, len(y[0])), (len(y[0]),)], 0, []
        for shape in shapes:
            parts.append(theta[place : place + int(np.prod(shape))].reshape(shape))
            place += int(np.prod(shape))
        a = functions[hidden](jax.numpy.asarray(X) @ parts[0] + parts[1])
        a, t = functions[output](a @ parts[2] + parts[3]), jax.numpy.asarray(y)
        if name == "squared_error":
            return ((a - t) ** 2).sum() / 2
        if name == "cross_entropy":
            return -(t * jax.numpy.log(a)).sum() / 4
        return -(t * jax.numpy.log(a) + (1 - t) * jax.numpy.log(1 - a)).sum() / 4

    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        theta = jax.numpy.asarray(loss.start)
        np.testing.assert_allclose(loss.value(loss.start), of(theta), rtol=1e-10)
        np.testing.assert_allclose(loss.gradient(loss.start), in_numpy(jax.grad(of))(theta), rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(loss.hessian(loss.start), in_numpy(jax.hessian(of))(theta), rtol=1e-8, atol=1e-11)


def test_a_linear_network_is_the_same_function_as_text():
    net = NeuralNetwork([Dense(weights=[[0.1]], bias=False), Dense(weights=[[0.1]], bias=False)])
    both = ["newton", "saddle_free_newton", "gradient_descent"]
    first = optimise_network(net, [[1.0]], [[1.0]], both, steps=6)
    second = optimise("(u*v - 1)^2 / 2", {"u": 0.1, "v": 0.1}, both, steps=6)
    for method in both:
        np.testing.assert_allclose(first[f"{method}.path"], second[f"{method}.path"], atol=1e-12)
    assert first["names"] == ["W1[1]", "W2[1]"] or len(first["names"]) == 2
    assert first["index"] == 1
    np.testing.assert_allclose(first["newton.point"], 0, atol=1e-12)
    assert net.parameters["W1"].tolist() == [[0.1]]


def test_networks_in_columns_with_batch_normalisation():
    """The Hessian against differences of the gradient, in the other convention and with normalised batches."""
    from chalkwork.networks.layers import BatchNorm

    layers = [Dense(2, "tanh", inputs=2), BatchNorm("identity"), Dense(1, "identity")]
    net = NeuralNetwork(layers, samples="columns", weights="out_in", l2=0.1)
    loss = NetworkLoss(net, np.array(X).T, [[0, 1, 1, 0]])
    h = 1e-5
    steps = np.eye(len(loss.start)) * h
    differences = [(loss.gradient(loss.start + e) - loss.gradient(loss.start - e)) / (2 * h) for e in steps]
    np.testing.assert_allclose(loss.hessian(loss.start), differences, atol=1e-6)


def test_networks_that_are_too_large():
    with pytest.raises(ChalkworkError, match="at most 200"):
        optimise_network(NeuralNetwork([Dense(100, inputs=2), Dense(1)]), [[1, 2]], [[0]])
    with pytest.raises(ChalkworkError, match="a network is a NeuralNetwork"):
        optimise_network("net", [[1]], [[1]])


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_endings_are_explained():
    singular = optimise("x^3 + y^2", {"x": 0, "y": 1}, "newton")
    assert singular["ending"] == "singular" and "singular" in str(singular)
    infinite = optimise("x^2 + 10*y^2", {"x": 1, "y": 1}, rate=0.5, steps=100)
    assert infinite["ending"] == "diverged" and "runs off to infinity" in " ".join(str(infinite).split())
    assert len(infinite["path"]) < 20
    outside = optimise("x - log(x)", {"x": 0.5}, rate=1)
    assert outside["ending"] == "critical" or outside["value"] == pytest.approx(1.0)
    negative = optimise("x - log(x)", {"x": 5}, "newton")
    assert negative["ending"] == "outside" and "the logarithm of a negative number" in " ".join(str(negative).split())
    pole = optimise("1/x", {"x": 0.1}, "gradient_descent", rate=0.001, steps=3)
    assert np.isfinite(pole["values"]).all()
    with pytest.raises(ValueProblem, match="no value at the start: a division by zero"):
        optimise("1/x", {"x": 0})
    with pytest.raises(ValueProblem, match="no value at the start: the logarithm of a negative number"):
        optimise("log(x) + y", {"x": -1, "y": 0})
    damped = optimise("x^3 + y^2", {"x": 0, "y": 1}, "newton", damping=0.5)
    assert damped["ending"] != "singular"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: optimise("x^2", {"y": 1}), "has the variable x"),
        (lambda: optimise("x^2", {"x": 1, "y": 1}), "y does not occur"),
        (lambda: optimise("x^2", {"x": "a"}), "no number"),
        (lambda: optimise("x^2", {"x": 1e9}), "at most 1e"),
        (lambda: optimise("x^2", {}), "start is a mapping"),
        (lambda: optimise("x^2", {"x": 1}, "newtn"), "there is no method"),
        (lambda: optimise("x^2", {"x": 1}, ["newton", "newton"]), "named twice"),
        (lambda: optimise("x^2", {"x": 1}, rate=0), "the rate is a number above 0"),
        (lambda: optimise("x^2", {"x": 1}, momentum=1), "below 1"),
        (lambda: optimise("x^2", {"x": 1}, steps=10**9), "steps is a whole number"),
        (lambda: optimise("x^2", {"x": 1}, window={"x": [1, 1]}), "is an interval"),
        (lambda: optimise("x^2", {"x": 1}, window={"y": [0, 1]}), "an interval for every variable"),
        (lambda: optimise("a+b+c+d+f", {"a": 1}), "5 variables"),
        (lambda: optimise("3", {"x": 1}), "no variable"),
        (lambda: optimise(5, {"x": 1}), "a function is a text"),
        (lambda: optimise("x" * 500, {"x": 1}), "500 characters"),
        (lambda: optimise("softmax(x)", {"x": 1}), "operation of matrices"),
        (lambda: optimise("__import__('os').system('true')", {"x": 1}), "."),
        (lambda: optimise("x.T + x", {"x": 1}), "operation of matrices"),
        (lambda: optimise("(" * 200 + "x", {"x": 1}), "levels"),
        (lambda: optimise("+".join(["x"] * 99), {"x": 1}), "parts, more than"),
        (lambda: step_size("x^4", {"x": 1}), "not quadratic"),
        (lambda: step_size("x^2 - y^2", {"x": 1, "y": 1}), "no single minimum"),
        (lambda: step_size("abs(x)", {"x": 1}), "not quadratic"),
        (lambda: condition("x^2", {"x": 0}), "the minimum already"),
        (lambda: condition("x^2", {"x": 1}, accuracy=2), "accuracy"),
        (lambda: critical_points("x^2", {"x": [0, 1]}, grid=1000), "grid is a whole number"),
        (lambda: critical_points("x^2", [0, 1]), "box gives an interval"),
        (lambda: critical_points("a+b+c+d", {name: [0, 1] for name in "abcd"}, grid=41), "more than 20000"),
        (lambda: escape("x^2 - y^2", {"x": 0, "y": 0}, [0]), "distances"),
        (lambda: newton_cost([0]), "whole numbers"),
        (lambda: newton_cost(["x"]), "no number"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ChalkworkError, match=message):
        call()


def test_deeply_nested_functions_end_soon():
    nested = "x"
    for name in ("tanh", "sin", "exp") * 4:
        nested = f"{name}({nested})"
    try:
        optimise(nested, {"x": 0.1}, "newton", steps=2)
    except ChalkworkError as error:
        assert "parts" in str(error) or "value" in str(error)


# --- pictures --------------------------------------------------------------------------------------------------------


def test_contour_lines_lie_on_their_levels():
    places = np.linspace(-2, 2, 41)
    x, y = np.meshgrid(places, places)
    values = x**2 + 2 * y**2
    levels = np.array(levels_of(values))
    lines = contour_lines(places, places, values)
    found = [np.array(line.x) ** 2 + 2 * np.array(line.y) ** 2 for line in lines]
    nearest = [levels[np.argmin(np.abs(levels - height.mean()))] for height in found]
    assert set(nearest) == set(levels.tolist())
    for height, level in zip(found, nearest, strict=True):
        assert height == pytest.approx(np.full(len(height), level), abs=0.03)
    closed = [line for line in lines if np.hypot(line.x, line.y).max() < 1]
    assert closed and all((line.x[0], line.y[0]) == (line.x[-1], line.y[-1]) for line in closed)


def test_there_are_no_contour_lines_where_there_are_no_values():
    x, y = np.meshgrid(np.linspace(-1, 1, 20), np.linspace(-1, 1, 20))
    holes = np.where(x > 0.5, np.nan, x * y)
    lines = contour_lines(x[0], y[:, 0], holes)
    assert lines and max(max(line.x) for line in lines) < 0.5
    assert all(np.isfinite([line.x, line.y]).all() for line in lines)
    assert not contour_lines(x[0], y[:, 0], np.zeros((20, 20)))


def test_the_drawing_is_small_and_says_what_it_shows():
    answer = optimise("x^2 + 10*y^2", {"x": 1, "y": 1}, ["gradient_descent", "newton"], rate=0.09)
    (figure,) = [block for block in answer.document().blocks if isinstance(block, Drawing)]
    assert "Gradient descent starts at (1, 1)" in figure.description and "Newton" in figure.description
    assert len(figure.svg) < 60_000 and "id=" not in figure.svg
    flat = line_plot("Flat", "Nothing.", [], Axis(within=(0, 100)), Axis(within=(0, 50)), equal=True)
    assert flat.description == "Nothing."
    assert re.findall(">([0-9]+)</text>", flat.svg) == [
        "0",
        "10",
        "20",
        "30",
        "40",
        "50",
        "0",
        "20",
        "40",
        "60",
        "80",
        "100",
    ]


# --- sheets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHEETS)
def test_the_shipped_sheets_fit_the_page(name):
    sheet = read_sheet(ROOT / "sheets" / f"{name}.md")
    text = to_text(workbook(sheet).document)
    assert max(map(len, text.splitlines())) <= 80
    for leftover in ("$", "\\", "{", "}", "+ −", "+ -", "−−", "nan", "1.0 x"):
        assert leftover not in text
    assert "1.6; −1.6" in text or "(1.6, −1.6)" in text or name != SHEETS[0]
    hidden = to_text(workbook(sheet, "sheet").document)
    assert "Newton ends at" not in hidden and "Model answer" not in hidden


def test_the_sheets_values():
    parts = work_parts(read_sheet(ROOT / "sheets" / f"{SHEETS[0]}.md"))
    assert parts["a"]["limit"] == pytest.approx(0.1)
    assert np.abs(parts["b"]["path"][-4:, 0]).tolist() == pytest.approx([0.05] * 4)
    assert parts["d"]["gradient_descent.point"].tolist() == pytest.approx([1.6, -1.6])
    assert parts["i"]["newton.ending"] == "singular"
    np.testing.assert_allclose(parts["i"]["newton.path"][1], 2.5 - np.sinh(2.5))
    saddles = work_parts(read_sheet(ROOT / "sheets" / f"{SHEETS[1]}.md"))
    assert saddles["a"]["kinds"] == ["saddle", "minimum"]
    assert saddles["c"]["newton.point"].tolist() == pytest.approx([-1, 0])
    assert saddles["c"]["saddle_free_newton.point"].tolist() == pytest.approx([1, 0])
    np.testing.assert_allclose(saddles["d"]["newton.point"], 0, atol=1e-9)


@pytest.mark.parametrize(
    ("body", "message", "line"),
    [
        ("function: x^2", "needs the key 'start'", 2),
        ("function: x^2\nstart: {x: 1}\ngrid: 3", "grid is of no use in the study path", 5),
        ("function: x^2\nstart: {x: one}", "expected a number", 4),
        ("study: walk", "expected path or", 3),
        ("network: nn\nx: [1]\ny: [1]", "there is no network", 3),
        ("function: x^^2\nstart: {x: 1}", "cannot stand here", 2),
    ],
)
def test_errors_in_a_sheet_name_the_line(body, message, line):
    with pytest.raises(SheetError, match=message) as caught:
        work_parts(parse_sheet(f"\n```optimise\nid: a\n{body}\n```\n".lstrip("\n")))
    assert abs((caught.value.line or 0) - line) <= 1


def test_reading_is_bounded():
    with pytest.raises(ReadError):
        Surface("x ** ")
    assert re.match("x", Surface("x^2").text)
