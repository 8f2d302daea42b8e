"""Optimisation against JAX, SymPy, SciPy, NumPy and a published example."""

import json
from pathlib import Path

import numpy as np
import pytest
from in_numpy import in_numpy

from chalkwork import Dense, NeuralNetwork
from chalkwork.drawings.drawing import Drawing
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.optimisation import (
    condition,
    critical_points,
    escape,
    newton_cost,
    optimise,
    optimise_network,
    step_size,
)
from chalkwork.laboratory.optimisation.methods import Method, index_of, run
from chalkwork.laboratory.optimisation.network import NetworkLoss
from chalkwork.laboratory.optimisation.surface import Surface

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


def test_the_step_of_absolute_values_and_the_index():
    matrix, start = np.array([[1.0, 2.0], [2.0, -1.0]]), np.array([1.0, 3.0])  # its square is 5 times the identity
    answer = optimise("x^2/2 + 2*x*y - y^2/2", {"x": 1, "y": 3}, "saddle_free_newton", steps=1)
    np.testing.assert_allclose(answer["point"], start - matrix @ start / np.sqrt(5), atol=1e-12)
    damped = optimise("x^2/2 + 2*x*y - y^2/2", {"x": 1, "y": 3}, "saddle_free_newton", steps=1, damping=0.5)
    np.testing.assert_allclose(damped["point"], start - matrix @ start / (np.sqrt(5) + 0.5), atol=1e-12)
    assert [index_of(np.diag(d))[0] for d in ([1, 2], [-1, -2], [1, -2], [1, 0])] == [
        "minimum", "maximum", "saddle", "degenerate",
    ]  # fmt: skip


def test_three_and_four_variables():
    text = "x^2 + 2*y^2 + 3*z^2 + x*y*z + (w - x)^2"
    answer = optimise(text, {"x": 0.3, "y": 0.2, "z": 0.1, "w": 1}, ["newton", "saddle_free_newton", "momentum"])
    np.testing.assert_allclose(answer["newton.point"], 0, atol=1e-9)
    assert not [block for block in answer.document().blocks if isinstance(block, Drawing)]
    assert "Elimination" in str(answer)


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
        np.testing.assert_allclose(loss.value(loss.start), in_numpy(of)(theta), rtol=1e-10)
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
