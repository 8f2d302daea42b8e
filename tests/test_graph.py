"""Computation graphs: values and every derivative against jax.grad, and what a graph refuses."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chalkwork import ChalkworkError, Graph
from chalkwork.errors import CostError, ReadError, ShapeError, ValueProblem

jax.config.update("jax_enable_x64", True)

NEAR = 1e-12
# Each in the language of the graph and in JAX; all are smooth for all arguments that occur.
UNARY = {
    "exp(0.1 * {0})": lambda u: jnp.exp(0.1 * u),
    "sigmoid({0})": jax.nn.sigmoid,
    "tanh({0})": jnp.tanh,
    "-{0}": lambda u: -u,
    "{0}^2": lambda u: u**2,
    "log(1 + {0}^2)": lambda u: jnp.log(1 + u**2),
    "sqrt(2 + {0} * {0})": lambda u: jnp.sqrt(2 + u * u),
    "1 / (1 + {0}^2)": lambda u: 1 / (1 + u**2),
    "3": lambda u: 3.0 + 0 * u,
    "softplus({0}) - 0.5 * {0}": lambda u: jnp.logaddexp(u, 0) - 0.5 * u,
}
BINARY = {
    "{0} + {1}": lambda u, v: u + v,
    "{0} - {1}": lambda u, v: u - v,
    "{0} * {1}": lambda u, v: u * v,
    "{0} / (1.5 + {1}^2)": lambda u, v: u / (1.5 + v**2),
    "({0} + {1}) * ({0} - 2)": lambda u, v: (u + v) * (u - 2),
    "{0} * tanh({1}) + {0}": lambda u, v: u * jnp.tanh(v) + u,
}


class Drawn:
    """A graph in which every node uses earlier ones, some of them again and again."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.values = {name: round(float(rng.normal()), 2) for name in "abc"[: rng.integers(1, 4)]}
        self.steps: list[tuple[str, str, tuple[str, ...]]] = []
        nodes = list(self.values)
        for number in range(int(rng.integers(2, 9))):
            # mostly the latest nodes, so that nearly everything reaches the output
            pool = nodes[-4:] if rng.random() < 0.8 else nodes
            table = (UNARY, BINARY)[int(rng.random() < 0.7)]
            template = str(rng.choice(list(table)))
            parts = tuple(str(rng.choice(pool)) for _ in range(1 if table is UNARY else 2))
            name = f"n{number}" if rng.random() < 0.5 else f"node_{number}"
            self.steps.append((name, template, parts))
            nodes.append(name)
        order = rng.permutation(len(self.steps))  # equations may stand in any order
        self.text = "; ".join(f"{self.steps[at][0]} = {self.steps[at][1].format(*self.steps[at][2])}" for at in order)
        self.output = self.steps[-1][0]

    def reaching(self) -> set[str]:
        """The nodes from which a path leads to the output."""
        found = {self.output}
        for name, template, parts in reversed(self.steps):
            if name in found:
                found |= {part for part, slot in zip(parts, "01", strict=False) if f"{{{slot}}}" in template}
        return found

    def evaluate(self, given, nudges=None):
        known = dict(given)
        for name, template, parts in self.steps:
            function = (UNARY | BINARY)[template]
            known[name] = function(*(known[part] for part in parts))
            if nudges is not None:
                known[name] = known[name] + nudges[name]
        return known


@pytest.mark.parametrize("seed", range(40))
def test_values_and_derivatives_of_random_graphs(seed):
    drawn = Drawn(seed)
    graph = Graph(drawn.text, output=drawn.output)
    given = {name: drawn.values[name] for name in graph.inputs}
    solution = graph.solve(given)
    zeros = {name: 0.0 for name, _, _ in drawn.steps}
    wanted = drawn.evaluate(drawn.values)
    by_given, by_node = jax.grad(lambda given, nudges: drawn.evaluate(given, nudges)[drawn.output], argnums=(0, 1))(
        drawn.values, zeros
    )
    slopes = by_given | by_node
    for name, _, _ in drawn.steps:
        assert float(solution[name]) == pytest.approx(float(wanted[name]), rel=NEAR, abs=1e-300)
    for name, slope in slopes.items():
        key = f"d{drawn.output}/d{name}"
        if name == drawn.output:
            assert key not in solution
        elif name in drawn.reaching():
            assert float(solution[key]) == pytest.approx(float(slope), rel=NEAR, abs=1e-15), key
        else:
            assert key not in solution


@pytest.mark.parametrize("seed", range(60, 72))
def test_local_derivatives_of_random_graphs(seed):
    drawn = Drawn(seed)
    graph = Graph(drawn.text, output=drawn.output)
    solution = graph.solve({name: drawn.values[name] for name in graph.inputs})
    wanted = drawn.evaluate(drawn.values)
    for name, template, parts in drawn.steps:
        function = (UNARY | BINARY)[template]
        for part in {part for part, slot in zip(parts, "01", strict=False) if f"{{{slot}}}" in template}:

            def own(u, function=function, parts=parts, part=part):
                return function(*(u if other == part else wanted[other] for other in parts))

            slope = jax.grad(own)(float(wanted[part]))
            key = f"d{name}/d{part} direct"
            key = key if key in solution else f"d{name}/d{part}"
            assert float(solution[key]) == pytest.approx(float(slope), rel=NEAR, abs=1e-15), key


def test_the_graph_of_the_lecture():
    """e = (a + b)(b + 1) at a = 2, b = 1."""
    solution = Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1)
    wanted = {"a": 2, "b": 1, "c": 3, "d": 2, "e": 6, "dc/da": 1, "dc/db": 1, "dd/db": 1, "de/dc": 2, "de/dd": 3,
              "de/da": 2, "de/db": 5}  # fmt: skip
    assert {name: float(value) for name, value in solution.items()} == wanted
    assert solution.equation("de/db").latex.endswith(r"= 2 \cdot 1 + 3 \cdot 1 = 5")


def test_a_sum_over_many_paths():
    solution = Graph("u = x^2; v = 3 * x; w = x * 2; y = u * v + w * u").solve(x=2)
    assert float(solution["dy/dx"]) == 15 * 4  # y = 5 x^3
    assert float(solution["dy/du"]) == 6 + 4
    assert solution.equation("dy/dx").latex.count(r"\frac{\partial y}{\partial u}") == 1


def test_a_direct_edge_beside_an_indirect_path():
    solution = Graph("c = a * b; e = c * a").solve(a=3, b=2)
    assert float(solution["de/da"]) == 2 * 3 * 2
    assert float(solution["de/da direct"]) == 6  # c held fixed
    assert float(solution["de/dc"]) == 3
    assert float(solution["dc/da"]) == 2


def test_an_unused_branch_has_values_and_no_derivative_of_the_output():
    solution = Graph("c = a + 1; d = 2 * a; e = 3 * a", output="c").solve(a=1)
    assert float(solution["e"]) == 3
    assert float(solution["dc/da"]) == 1
    assert "dc/de" not in solution
    with pytest.raises(KeyError):
        solution["dc/de"]


@pytest.mark.parametrize(
    ("text", "output"), [("c = a; d = c", "d"), ("d = c; c = a", "d"), ("c = a; d = a", "d"), ("e = c\nc = a", "e")]
)
def test_the_output_is_the_last_that_no_other_uses(text, output):
    graph = Graph(text)
    assert graph.output == output
    assert graph.inputs == ["a"]


def test_ways_to_write_equations_and_values():
    same = [
        Graph("c = a + b; d = c * a").solve(a=2, b=3),
        Graph("c = a + b\nd = c * a\n").solve({"a": 2, "b": 3}),
        Graph(["d = c * a", "c = a + b"]).solve({"a": 2}, b=3),
        Graph("c=a+b;;d=c*a;").solve(a=np.float64(2), b=np.int64(3)),
    ]
    for solution in same:
        assert float(solution["dd/da"]) == 2 + 3 + 2
        assert type(solution["d"]) is np.float64


# --- matrices --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_a_layer_as_a_graph_of_matrices(seed):
    rng = np.random.default_rng(seed)
    values = {"W": rng.normal(size=(3, 2)), "x": rng.normal(size=2), "b": rng.normal(size=3), "c": rng.normal()}
    text = "z = W @ x + b; a = tanh(z); s = a * c; L = sum(s^2) + sum(z)"
    solution = Graph(text).solve(values)

    def loss(given):
        z = given["W"] @ given["x"][:, None] + given["b"][:, None]
        return ((jnp.tanh(z) * given["c"]) ** 2).sum() + z.sum()

    slopes = jax.grad(loss)({name: jnp.asarray(value) for name, value in values.items()})
    assert float(solution["L"]) == pytest.approx(float(loss(values)), rel=NEAR)
    for name, slope in slopes.items():
        found = np.asarray(solution[f"dL/d{name}"])
        assert found.shape == np.asarray(solution[name]).shape
        assert np.linalg.norm(found.ravel() - np.ravel(slope)) < NEAR * np.linalg.norm(slope), name
    assert solution["dL/dz"].shape == (3, 1)
    assert "dz/dW" not in solution


def test_matrices_by_the_book():
    solution = Graph("z = W @ x + b; L = sum(z^2)").solve(W=[[1, 2], [3, 4]], x=[1, -1], b=[0, 1])
    assert solution["z"].tolist() == [[-1], [0]]
    assert float(solution["L"]) == 1
    assert solution["dL/dz"].tolist() == [[-2], [0]]
    assert solution["dL/dW"].tolist() == [[-2, 2], [0, 0]]
    assert solution["dL/dx"].tolist() == [[-2], [-4]]


def test_a_matrix_has_no_derivative_but_a_value():
    solution = Graph("z = W @ x").solve(W=[[1, 2], [3, 4]], x=[1, -1])
    assert solution["z"].tolist() == [[-1], [-1]]
    assert list(solution) == ["W", "x", "z"]


# --- what a graph refuses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = b; b = c; c = a", "a depends on itself: a -> b -> c -> a"),
        ("a = a", "a depends on itself: a -> a"),
        ("d = b; a = b + 1; b = a; c = d", "b depends on itself: b -> a -> b"),
        ("c = a; c = b", "c is defined twice"),
        ("a + b", "'a . b' is no equation. Hint: write name = expression"),
        ("a + b = c", "no equation"),
        ("2c = a", "no equation"),
        ("c = sigmiod(a)", "no operation 'sigmiod'.*did you mean sigmoid"),
        ("c = a +", "ends too early.*in c = a"),
        ("c = (a", r"expected '\)', found 'the end'"),
        ("c = a $ b", r"'\$' is not part of the language"),
        ("c = a = b", "left over"),
        ("c = softmax()", "softmax takes 1"),
        ("c = " + "(" * 101 + "a" + ")" * 101, "more than 100 levels"),
        ("c = " + " + ".join("a" * 200), "more than 150 operations on top of each other"),
        ("c = " + "a" * 200, "a name of 200 characters"),
        ("c = " + " " * 30_000 + "a + b" * 5000, "characters, more than"),
        ("; ".join(f"n{number} = a" for number in range(1001)), "at most 1000 equations"),
        ("", "at least one equation"),
        (" ;\n; ", "at least one equation"),
    ],
)
def test_graphs_that_are_none(text, words):
    with pytest.raises(ReadError, match=words) as error:
        Graph(text)
    assert len(str(error.value)) < 600


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ({}, ChalkworkError, "needs a value for a, b"),
        ({"a": 1}, ChalkworkError, "needs a value for b"),
        ({"a": 1, "b": 2, "q": 3}, ChalkworkError, "q does not occur in the graph. Hint: the givens are a, b"),
        ({"a": 1, "b": 2, "c": 3}, ChalkworkError, "c is computed by the graph"),
        ({"a": 1, "b": float("nan")}, ValueProblem, "b is nan"),
        ({"a": 1, "b": "2"}, ValueProblem, "b holds something that is no number"),
        ({"a": 1, "b": [[1, 2], [3]]}, ShapeError, "b is ragged"),
        ({"a": 1, "b": np.zeros((1, 1, 1))}, ShapeError, "b has 3 dimensions"),
        ({"a": [1, 2], "b": [1, 2, 3]}, ShapeError, "a is 2x1, but b is 3x1, in c = a [+] b"),
        ({"a": 0, "b": 0}, ValueProblem, "division by zero in d, in d = 1 / c"),
    ],
)
def test_values_that_do_not_fit(values, kind, words):
    with pytest.raises(kind, match=words):
        Graph("c = a + b; d = 1 / c").solve(values)


def test_the_output_has_to_be_an_equation():
    with pytest.raises(ReadError, match="the output 'a' is not one of the equations"):
        Graph("c = a", output="a")


def test_a_deep_chain_and_a_wide_fan():
    chain = Graph("; ".join(f"n{number + 1} = 1.01 * n{number}" for number in range(200)))
    assert float(chain.solve(n0=1)["dn200/dn0"]) == pytest.approx(1.01**200, rel=NEAR)
    fan = Graph("; ".join([*(f"n{number} = {number} * x" for number in range(100)),
                           *(f"s{number + 1} = s{number} + n{number}" for number in range(100))]))  # fmt: skip
    assert float(fan.solve(x=2, s0=0)["ds100/dx"]) == 4950


@pytest.mark.parametrize(
    ("equations", "values", "message"),
    [
        ("y = broadcast(a, [100000, 100000])", {"a": 1}, "y takes 80 GB of memory"),
        ("y = sum(broadcast(a, [100000, 100000]))", {"a": 1}, "y takes 80 GB of memory"),
        ("A = broadcast(a, [9999, 9999]); B = A @ A", {"a": 1}, r"B takes 1\.0e\+12 multiplications"),
        ("y = " + "^".join("x" * 90), {"x": 1.1}, "the derivative by x: this has more than 10000 operations"),
    ],
)
def test_what_would_cost_too_much_is_refused_before_it_is_worked_out(equations, values, message):
    with pytest.raises(CostError, match=message):
        Graph(equations).solve(**values)
