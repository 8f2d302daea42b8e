"""Computation graphs: values and every derivative against jax.grad, and what a graph refuses."""

from __future__ import annotations

import json
import math
import operator
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chalkwork import ChalkworkError, Dense, Graph, NeuralNetwork
from chalkwork.algebra.expression import apply, names_in
from chalkwork.derivation.differentiate import gradient
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import CostError, ReadError, ShapeError, ValueProblem
from chalkwork.solutions.notebook import to_notebook
from chalkwork.solutions.workbook import Workbook
from chalkwork.typesetting.code import identifiers

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

    def __init__(self, seed: int, most: int = 8) -> None:
        rng = np.random.default_rng(seed)
        self.values = {name: round(float(rng.normal()), 2) for name in "abc"[: rng.integers(1, 4)]}
        self.steps: list[tuple[str, str, tuple[str, ...]]] = []
        nodes = list(self.values)
        for number in range(int(rng.integers(2, most + 1))):
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


# --- the chain rule as it is printed ----------------------------------------------------------------------------


def told_apart(solution):
    """Every derivative by its symbol in LaTeX and in plain text: no symbol stands for two of them."""
    symbols = solution.writer().symbols
    names = [name for name in solution if "/" in name]
    latex, text = ({getattr(symbols[name], kind): name for name in names} for kind in ("latex", "text"))
    assert len(latex) == len(text) == len(names), "one symbol, two derivatives"
    return latex, text


def printed(solution, name):
    """The equation in LaTeX and as the terminal has it, each on one line."""
    equation = solution.equation(name)
    latex = re.sub(r"\\(begin|end)\{aligned\}|\\quad \\text\{\}|\\\\(?=\n)|\n|(?<= )&", "", equation.latex)
    text = " ".join(box.lines[0].strip() for line in equation.lines for _, box in line.parts)
    return latex, text


def value_of(sum_of_products, known, solution, dot):
    """A sum of products of derivatives, each known by its symbol."""
    total = 0.0
    for product in re.split(r"\s\+\s", sum_of_products):
        total += float(np.prod([solution[known[symbol.strip()]] for symbol in product.split(dot)]))
    return total


@pytest.mark.parametrize(("seed", "most"), [*((seed, 8) for seed in range(80)), *((seed, 24) for seed in range(20))])
def test_the_printed_chain_rule_is_true(seed, most):
    """What stands behind the first equals sign, read back by its symbols, has the value behind the last.

    In large graphs the paths are many, and each is cut short at a derivative that is known.
    """
    drawn = Drawn(seed, most)
    graph = Graph(drawn.text, output=drawn.output)
    solution = graph.solve({name: drawn.values[name] for name in graph.inputs})
    in_latex, in_text = told_apart(solution)
    for equation in solution.derivation.equations:
        if not equation.chain:
            continue
        value = float(solution[equation.name])
        latex, text = printed(solution, equation.name)
        for whole, known, dot in ((latex, in_latex, r" \cdot "), (text, in_text, " · ")):
            head, rule, *_ = re.split(r"\s=\s", whole)
            assert known[head.strip()] == equation.name
            found = value_of(rule, known, solution, dot)
            assert found == pytest.approx(value, rel=1e-9, abs=1e-12), f"{equation.name}: {rule}"


def test_the_chain_rule_is_printed_where_several_ways_lead_on():
    drawn = [Drawn(seed) for seed in range(40)]
    solutions = [Graph(one.text, output=one.output) for one in drawn]
    chains = held = 0
    for one, graph in zip(drawn, solutions, strict=True):
        solution = graph.solve({name: one.values[name] for name in graph.inputs})
        chains += sum(bool(equation.chain) for equation in solution.derivation.equations)
        held += sum(name.endswith(" direct") for name in solution)
    assert chains > 80 and held > 20


def test_a_node_that_acts_directly_and_through_another():
    solution = Graph("a = exp(x); y = x*a").solve(x=1)
    assert solution.equation("dy/dx").latex.startswith(
        r"\frac{\partial y}{\partial x} = \frac{\partial y}{\partial a} \cdot \frac{\partial a}{\partial x} "
        r"+ \left( \frac{\partial y}{\partial x} \right)_{a} ="
    )
    text = str(solution)
    assert "∂y/∂x = ∂y/∂a · ∂a/∂x + (∂y/∂x)ₐ = 1 · 2.7183 + 2.7183 = 5.4366" in text
    words = " ".join(text.split())
    said = "(∂y/∂x)ₐ counts only how x acts on y directly: a is held fixed, although it depends on x too."
    assert words.count(said) == words.count("counts only how") == 1
    assert "direct" not in solution.equation("dy/dx direct").latex


def test_a_dead_end_is_no_part_of_the_chain_rule():
    """Where paths are cut short, what does not lead to the output stays out."""
    steps = "; ".join(f"n{number + 1} = n{number} * 2" for number in range(7))
    solution = Graph(f"n0 = x * 3; dead = x * 5; {steps}; y = n7 * x", output="y").solve(x=1)
    rule = solution.derivation["dy/dx"].chain
    assert rule and all("dead" not in (step.of, step.by) for path in rule for step in path)
    assert float(solution["dy/dx"]) == 2 * 3 * 2**7


def test_a_name_is_one_name_in_the_notebook_too():
    """de_db is a node, de/db a derivative; both would be de_db in Python."""
    solution = Graph("de_db = a*b; e = de_db*b; sigmoid = e*2; sigmoid_ = sigmoid*a", output="sigmoid_").solve(a=2, b=3)
    book = json.loads(to_notebook(Workbook.of(solution, "names")))
    known: dict = {}
    exec("\n".join(cell["source"] for cell in book["cells"] if cell["cell_type"] == "code"), known)
    words = identifiers(solution)
    assert len(set(words.values())) == len(words)
    for name in solution:
        assert float(known[words[name]]) == float(solution[name]), name
    text = "".join(cell["source"] for cell in book["cells"] if cell["cell_type"] == "markdown")
    assert text.count("counts only how") == 1


def test_a_greek_letter_and_its_word_are_one_name():
    assert float(Graph("alpha = x*2; y = alpha*α").solve(x=3)["y"]) == 36


@pytest.mark.parametrize("text", ["a1 = x*2; a_1 = x*3; y = a1*a_1"])
def test_two_names_that_print_alike_are_refused(text):
    with pytest.raises(ReadError, match="would both print as"):
        Graph(text)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "identity"])
@pytest.mark.parametrize("penalties", [{"l2": 0.3}, {"l1": 0.2}, {"l1": 0.1, "l2": 0.2}, {}])
def test_the_chain_rule_of_a_penalised_network(activation, penalties):
    """Weights act on the loss through the outputs and, where they are penalised, directly."""
    layers = [Dense(activation=activation, weights=[[0.7]], bias=[0.2]), Dense(weights=[[-0.4]], bias=[0.1])]
    solution = NeuralNetwork(layers, **penalties).solve([1.5], [0.3])
    checked = 0
    for equation in solution.derivation.equations:
        if not equation.chain:
            continue
        total = 0.0
        for path in equation.chain:
            slopes = []
            for step in path:
                source = solution.derivation[step.of].expression
                own = next(name for name in names_in(source) if name.name == step.by)
                slopes.append(float(np.squeeze(evaluate(gradient(apply("sum", source), own), solution.arrays))))
            total += float(np.prod(slopes))
        assert total == pytest.approx(float(np.squeeze(solution[equation.name])), rel=1e-12), equation.name
        checked += 1
    assert checked >= 6
    assert (r"\right)_{a_2}" in solution.equation("dW1").latex) == bool(penalties)


def test_no_symbol_of_the_chain_rule_means_two_things_in_any_notation():
    """`d` writes dW for dL/dW; what is no derivative of the loss needs another symbol."""
    net = NeuralNetwork([Dense(2, "sigmoid", inputs=2), Dense(1, "sigmoid")])
    for gradients in ("partial", "nabla", "d"):
        solution = net.solve([1, 0], [1], notation={"gradient": gradients})
        symbols = solution.writer().symbols
        steps = {step for equation in solution.derivation.equations for path in equation.chain for step in path}
        assert len({symbols.derivative(step).latex for step in steps}) == len(steps)
        assert len({symbols.derivative(step).text for step in steps}) == len(steps)


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
        ("c = sigmiod(a)", "a function, and there is none of that name.*did you mean sigmoid"),
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
    ("equations", "values", "expected"),
    [
        ("m = max(z, 0); L = m*3", {"z": -5}, {"m": 0, "dm/dz": 0, "dL/dz": 0}),
        ("m = max(0, z)", {"z": 2}, {"m": 2, "dm/dz": 1}),
        ("m = max(z, w)", {"z": 1, "w": 2}, {"m": 2, "dm/dz": 0, "dm/dw": 1}),
        ("m = min(p, q)", {"p": 1, "q": 2}, {"m": 1, "dm/dp": 1, "dm/dq": 0}),
        ("m = max(x, y, z)", {"x": 1, "y": 3, "z": 2}, {"m": 3, "dm/dx": 0, "dm/dy": 1, "dm/dz": 0}),
        ("m = max(x, y)", {"x": 1, "y": 1}, {"m": 1, "dm/dx": 0.5, "dm/dy": 0.5}),
        ("a = leaky_relu(z, 0.1)", {"z": -1}, {"a": -0.1, "da/dz": 0.1}),
        ("a = ln(x) + e - pi", {"x": 1}, {"a": math.e - math.pi, "da/dx": 1}),
        ("a = log2(x) + lg(x)", {"x": 8}, {"a": 3 + math.log10(8)}),
        ("a = log_2(x)", {"x": 8}, {"a": 3, "da/dx": 1 / (8 * math.log(2))}),
        ("a = tan(x) + sigma(0)", {"x": 1}, {"a": math.tan(1) + 0.5, "da/dx": 1 / math.cos(1) ** 2}),
        ("a = e^x", {"x": 2}, {"a": math.exp(2), "da/dx": math.exp(2)}),
        ("e = a*b; f = e^2", {"a": 2, "b": 3}, {"f": 36, "df/de": 12}),
        (r"a = \frac{1}{1 + e^{-x}} + \sin(2\pi x)", {"x": 0}, {"a": 0.5, "da/dx": 0.25 + 2 * math.pi}),
        ("a = λ*x", {"λ": 2, "x": 3}, {"a": 6, "da/dlambda": 3}),
    ],
)
def test_functions_and_constants_mean_what_they_do_everywhere(equations, values, expected):
    solution = Graph(equations).solve(values)
    for name, value in expected.items():
        assert float(solution[name]) == pytest.approx(value, abs=1e-14)


def test_a_matrix_of_one_entry_is_a_scalar():
    text = "z = w.T @ x + b; a = sigmoid(z); L = 1/2*(a-y)^2"
    w, x, b, y = np.array([0.1, -0.2]), np.array([3.0, 4.0]), 0.5, 1.0
    solution = Graph(text).solve(w=w, x=x, b=b, y=y)
    a = 1 / (1 + np.exp(-(w @ x + b)))
    delta = (a - y) * a * (1 - a)
    assert solution["dL/dw"].ravel() == pytest.approx(delta * x)
    assert solution["dL/dx"].ravel() == pytest.approx(delta * w)
    assert solution["dL/db"].item() == pytest.approx(delta)
    assert solution["dL/dy"].item() == pytest.approx(y - a)


def test_attention_needs_the_axis_of_its_softmax_and_the_board_shows_it():
    values = {"Q": [[1, 0], [0, 2]], "K": [[1, 0], [0, 1]], "V": [[1, 0], [0, 1]]}
    with pytest.raises(ReadError, match=r"axis=0\), over each column, or .*axis=1\), over each row"):
        Graph("A = softmax(Q @ K.T / sqrt(2)) @ V").solve(values)
    solution = Graph("S = softmax(Q @ K.T / sqrt(2), axis=1); A = S @ V").solve(values)
    assert solution["S"].sum(axis=1) == pytest.approx([1, 1])
    assert "softmax_rows(" in str(solution) and r"\operatorname{softmax}_{\mathrm{rows}}" in solution._repr_markdown_()


def test_a_constant_is_no_given():
    with pytest.raises(ChalkworkError, match="e is a constant here"):
        Graph("y = e^x").solve(x=1, e=2)


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


@pytest.mark.parametrize("at", [-1, 0, 1])
@pytest.mark.parametrize(
    "function", ["max(x, 0)", "min(x, 0)", "relu(x)", "relu(x, at_zero=0.25)", "relu(x, at_zero=1)"]
)
def test_a_slope_at_a_kink_is_written_as_what_it_is(function, at):
    written = Graph(f"m = {function}").solve(x=at).equation("dm/dx").text
    parts = re.findall(r"(?:([\d.]+) )?\[(−?)x ([>=≥]) 0\]", written)
    compared = {">": operator.gt, "=": operator.eq, "≥": operator.ge}
    holds = [compared[relation](-at if sign else at, 0) for _, sign, relation in parts]
    total = sum(float(factor or 1) * part for (factor, _, _), part in zip(parts, holds, strict=True))
    assert parts and total == float(written.rpartition(" = ")[2])


def test_a_matrix_of_one_entry_is_a_number_in_every_answer(tmp_path):
    graph = Graph("z = w.T @ x + b; a = sigmoid(z); L = 1/2*(a - y)^2")
    solution = graph.solve(w=[1, 2], x=[0.5, 0.1], b=0.1, y=1)
    numbers = {name for name in solution if name.rpartition("d")[2] not in ("w", "x") and name not in ("w", "x")}
    assert numbers == {"b", "y", "z", "a", "L", "dL/da", "dL/dz", "dL/db", "dL/dy"}
    for name in numbers:
        assert np.shape(solution[name]) == () and float(solution[name]) == solution.arrays[name].item()
    assert solution["dL/dw"].shape == (2, 1)
    solution.save(tmp_path / "one.json")
    (task,) = json.loads((tmp_path / "one.json").read_text())["tasks"]
    for equation in task["equations"]:
        assert isinstance(equation["value"], float) is (equation["name"] in numbers), equation["name"]
    assert solution.check({name: float(solution[name]) for name in numbers - {"b", "y"}}).first_wrong is None
    assert "∑" not in str(solution) and "sum" not in solution.equation("dL/dy").latex
    given = Graph("L = w @ x").solve(w=[[2.0]], x=[[3.0]])  # whose w is written, and moves, as a matrix
    assert given["w"].shape == given["dL/dw"].shape == (1, 1) and np.shape(given["L"]) == ()


def test_a_sum_over_one_term_is_that_term():
    for text in ("L = sum(x^2)", "L = sum(sum(x^2, axis=0))", "L = 3 * sum(x - 1) - sum(x, axis=1)"):
        solution = Graph(text).solve(x=[[0.5]])
        latex = "".join(equation.latex for equation in solution.equations)
        assert "∑" not in str(solution) and r"\sum" not in latex
    assert r"3 \, (x - 1) - x =" in latex
    assert "∑" in str(Graph("L = sum(x^2)").solve(x=[0.5, 0.1]))
