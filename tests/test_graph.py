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
from in_numpy import in_numpy

from chalkwork import Attention, ChalkworkError, Dense, Flatten, Graph, NeuralNetwork
from chalkwork.algebra.expression import apply, names_in
from chalkwork.derivation.differentiate import gradient
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.terminal import to_text
from chalkwork.errors import CostError, ReadError, ShapeError, ValueProblem
from chalkwork.sheets.check import check_hand_in
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet
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
    by_given, by_node = in_numpy(
        jax.grad(lambda given, nudges: drawn.evaluate(given, nudges)[drawn.output], argnums=(0, 1))
    )(drawn.values, zeros)
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

    slopes = in_numpy(jax.grad(loss))({name: np.asarray(value) for name, value in values.items()})
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
        Graph("P = softmax(Q @ K.T / sqrt(2)); A = P @ V").solve(values)
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


# --- graphs as courses draw them ---------------------------------------------------------------------------------


def drawn_values(rng, **shapes):
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


SLOPES_GIVEN = {
    "z3 = W3 a2 + b3": ({"W3": (2, 3), "a2": (3, 1), "b3": (2, 1)}, lambda v: v["W3"] @ v["a2"] + v["b3"]),
    "u = [x; h]; y = tanh(W u)": (
        {"x": (2, 1), "h": (3, 1), "W": (2, 5)},
        lambda v: jnp.tanh(v["W"] @ jnp.concatenate([v["x"], v["h"]])),
    ),
    "y = beside(A[:,1:2], c) A[2,3]": (
        {"A": (2, 3), "c": (2, 1)},
        lambda v: jnp.concatenate([v["A"][:, :2], v["c"]], axis=1) * v["A"][1, 2],
    ),
    "p = softmax(z); y = outer(p[1:2], p) + dot(p, z)": (
        {"z": (3, 1)},
        lambda v: (p := jax.nn.softmax(v["z"], axis=0))[:2] @ p.T + jnp.sum(p * v["z"]),
    ),
    "mu = mean(x); v = mean((x - mu)^2); xhat = (x - mu) / sqrt(v + 0.001); y = gamma xhat + beta": (
        {"x": (4, 1), "gamma": (), "beta": ()},
        lambda v: v["gamma"] * (v["x"] - jnp.mean(v["x"])) / jnp.sqrt(jnp.var(v["x"]) + 0.001) + v["beta"],
    ),
    "Q = X W_Q; K = Y W_K; O = softmax(Q K^T / sqrt 2) V": (  # queries from one input, keys from another
        {"X": (3, 2), "Y": (4, 2), "W_Q": (2, 2), "W_K": (2, 2), "V": (4, 3)},
        lambda v: jax.nn.softmax(v["X"] @ v["W_Q"] @ (v["Y"] @ v["W_K"]).T / 2**0.5, axis=1) @ v["V"],
    ),
    "h = 1/2 (E[1,:] + E[3,:]); z = h U; p = softmax(z)": (  # words that stand around another
        {"E": (4, 2), "U": (2, 3)},
        lambda v: jax.nn.softmax((v["E"][:1] + v["E"][2:3]) / 2 @ v["U"], axis=1),
    ),
    "Z = X + positional(3, 4); A = softmax(Z[:,1:2] Z[:,1:2]^T / sqrt 2) Z[:,3:4]; O = beside(A, Z) W_O": (
        {"X": (3, 4), "W_O": (6, 2)},
        lambda v: (
            (z := v["X"] + np.array([[np.sin(k), np.cos(k), np.sin(k / 100), np.cos(k / 100)] for k in range(3)])),
            jnp.concatenate([jax.nn.softmax(z[:, :2] @ z[:, :2].T / 2**0.5, axis=1) @ z[:, 2:], z], axis=1) @ v["W_O"],
        )[1],
    ),
    "O = causal_softmax(Q K^T) V": (
        {"Q": (3, 2), "K": (3, 2), "V": (3, 2)},
        lambda v: jax.nn.softmax(jnp.where(np.tri(3) == 1, v["Q"] @ v["K"].T, -jnp.inf), axis=1) @ v["V"],
    ),
    "c = a b; c = c + a; c = c c": (
        {"a": (2, 2), "b": ()},
        lambda v: (v["a"] * v["b"] + v["a"]) @ (v["a"] * v["b"] + v["a"]),
    ),
}  # fmt: skip


@pytest.mark.usefixtures("quick_compilation")
def test_from_a_slope_that_is_given_everything_below_gets_its_own(rng):
    """Against jax.vjp, for the slope given as a value and as a letter."""
    values = {text: drawn_values(rng, **shapes) for text, (shapes, _) in SLOPES_GIVEN.items()}
    sizes = {text: jax.eval_shape(function, values[text]).shape for text, (_, function) in SLOPES_GIVEN.items()}
    slopes = {text: rng.normal(size=size) for text, size in sizes.items()}

    @in_numpy
    def oracle(values, slopes):
        both = {text: jax.vjp(function, values[text]) for text, (_, function) in SLOPES_GIVEN.items()}
        return {text: (result, back(slopes[text])[0]) for text, (result, back) in both.items()}

    for text, (result, wanted) in oracle(values, slopes).items():
        last = Graph(text).output
        given = Graph(text).solve(values[text] | {f"dL/d{last}": slopes[text]})
        lettered = Graph(f"{text}; dL/d{last} = g").solve(values[text] | {"g": slopes[text]})
        assert given[last] == pytest.approx(np.asarray(result), rel=1e-12, abs=1e-13), text
        for solution in (given, lettered):
            for name, exact in wanted.items():
                found = solution[f"dL/d{name}"]
                assert found == pytest.approx(np.asarray(exact), rel=1e-11, abs=1e-12), (text, name)
            assert "dL/dg" not in solution


def test_a_scalar_slope_that_is_given_goes_along_all_paths():
    solution = Graph("a = w x; y = a^2 + a b").solve({"w": 2, "x": 3, "b": 1, "dJ/dy": 0.5})
    assert [float(solution[f"dJ/d{name}"]) for name in "awxb"] == [6.5, 19.5, 13, 3]
    text = str(solution)
    assert "∂J/∂a = ∂J/∂y · ∂y/∂a = 0.5 · 13 = 6.5" in text and "derivative of J by y is given" in text
    with_numbers = Graph("a2 = relu(z2); z3 = W3 a2; dJ/dz3 = 0.5").solve(W3=[[1, -1]], z2=[3, -1])
    assert with_numbers["dJ/dW3"].tolist() == [[1.5, 0.0]] and with_numbers["dJ/dz2"].ravel().tolist() == [0.5, 0]


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("y = w x", {"dy/dw": 1}, "dy/dw is found by the graph, since it computes y"),
        ("y = w x", {"dL/dw": 1}, "the graph does not compute w"),
        ("a = w x; y = 2 a", {"dL/dy": 1, "dJ/da": 1}, "derivatives of two quantities"),
        ("a = w x; y = 2 a", {"dL/dy": 1, "dL/da": 1}, "could be all of it or only what does not pass y"),
        ("y = w x", {"dL/dy": [1, 2]}, "dL/dy is 2x1, but y is a scalar"),
        ("y = w x", {"w": "2x3"}, "w is a shape and x has a value"),
        ("c = c + 1", {}, "c depends on itself"),
        ("d = 2 c; c = w x; c = c + 1", {}, "c is used before its first value"),
        ("c = w x; c = c + 1; c2 = x", {}, "c2 is defined twice"),
    ],
)
def test_what_could_be_two_things_is_refused(text, values, message):
    with pytest.raises(ChalkworkError, match=message):
        Graph(text).solve({"w": 1, "x": 2} | values)


def test_steps_of_gradient_descent_are_those_of_jax(rng):
    text = "z = W x + b; a = sigmoid(z); e = a - y; L = 1/2 * squared_norm(e)"
    values = drawn_values(rng, W=(2, 3), x=(3, 1), b=(2, 1), y=(2, 1))

    def loss(moving, rest):
        a = jax.nn.sigmoid(moving["W"] @ rest["x"] + moving["b"])
        return 0.5 * jnp.sum((a - rest["y"]) ** 2)

    solution = Graph(text).solve(values, learning_rate=0.5, steps=3)
    moving = {name: values[name] for name in "Wb"}
    for suffix in ("_new", "_new2", "_new3"):
        slopes = jax.grad(loss)(moving, values)
        moving = {name: moving[name] - 0.5 * slopes[name] for name in moving}
        for name, value in moving.items():
            assert solution[f"{name}{suffix}"] == pytest.approx(np.asarray(value), rel=1e-12)
        assert solution[f"L{suffix}"].item() == pytest.approx(float(loss(moving, values)), rel=1e-12)
    assert "changes W and b" in str(solution) and "x_new" not in solution
    only = Graph(text).solve(values, learning_rate=0.5, update=["x"])
    assert "x_new" in only and "W_new" not in only
    scalar = Graph("u = w x; yhat = u + b; e = yhat - y; L = e^2").solve(w=3, x=2, b=1, y=10, learning_rate=0.01)
    assert [float(scalar[name]) for name in ("dL/dw", "dL/db", "w_new", "b_new")] == pytest.approx(
        [-12, -6, 3.12, 1.06]
    )
    with pytest.raises(ChalkworkError, match="which of the givens does a step change"):
        Graph("y = a c").solve(a=1, c=2, learning_rate=1)


def test_softmax_and_cross_entropy_become_output_minus_target():
    for loss in ("-sum(y * log(p))", "-sum(y * log(p)) / 2"):
        solution = Graph(f"p = softmax(z); L = {loss}").solve(z=[1, 2, 3], y=[0, 1, 0])
        part = 2 if loss[-1] == "2" else 1
        exact = jax.grad(lambda z, part=part: -jax.nn.log_softmax(z)[1] / part)(jnp.arange(1.0, 4))
        assert solution["dL/dz"].ravel() == pytest.approx(np.asarray(exact), rel=1e-12)
        assert "p − y" in str(solution) and "sum to one" in " ".join(str(solution).split())
    not_one = Graph("p = softmax(z); L = -sum(y * log(p))").solve(z=[1, 2], y=[1, 1])
    exact = jax.grad(lambda z: -jnp.sum(jax.nn.log_softmax(z)))(jnp.array([1.0, 2.0]))
    assert not_one["dL/dz"].ravel() == pytest.approx(np.asarray(exact)) and "= p − y" not in str(not_one)
    binary = Graph("a = sigmoid(z); L = -(y log(a) + (1 - y) log(1 - a))").solve(z=0.5, y=1)
    assert "= a − y = " in str(binary)
    sure = Graph("L = -sum(y * log(p))").solve(p=[1, 0], y=[1, 0])
    assert sure["L"] == 0 and "dL/dp" not in sure  # 0 log 0 is 0


def test_names_are_written_as_they_are_meant():
    symbols = Graph("yhat = W_Q x + h_t beta1 + d_k mu_B").solve(
        W_Q=1, x=1, h_t=1, beta1=1, d_k=1, mu_B=1
    ).writer().symbols  # fmt: skip
    written = {
        name: (symbols[name].latex, symbols[name].text) for name in ("yhat", "W_Q", "h_t", "beta1", "d_k", "mu_B")
    }
    assert written == {
        "yhat": (r"\hat{y}", "y\u0302"), "W_Q": ("W_Q", "W_Q"), "h_t": ("h_t", "hₜ"), "beta1": (r"\beta_1", "β₁"),
        "d_k": ("d_k", "dₖ"), "mu_B": (r"\mu_B", "μ_B"),
    }  # fmt: skip


def test_a_graph_of_letters_answers_in_formulas(tmp_path):
    solution = Graph("z = W x + b; y = tanh(z); dL/dy = g").solve(W="2x3", x="3x1", b="2x1", g="2x1")
    assert solution["dL/dW"] == "dL/dz @ x.T" and "∂L/∂x = ∂L/∂y · ∂y/∂z · ∂z/∂x = Wᵀ ∂L/∂z" in str(solution)
    right = {
        "dL/dW": "(g * (1 - y^2)) x^T",
        "dL/db": "dL/dz",
        "dL/dx": "W^T dL/dz",
        "dL/dz": r"dL/dz = g*(1-tanh(z)^2)",
    }
    wrong = {"dL/dW": "x dL/dz^T", "dL/db": "g", "dL/dx": "W dL/dz", "dL/dz": "nothing of the kind"}
    assert {result.verdict for result in solution.check(right).values()} == {"correct"}
    assert {result.verdict for result in solution.check(wrong).values()} == {"wrong"}
    for suffix in (".json", ".ipynb", ".md", ".txt"):
        solution.save(tmp_path / f"letters{suffix}")
    equations = json.loads((tmp_path / "letters.json").read_text(encoding="utf-8"))["tasks"][0]["equations"]
    assert all(equation["value"] is None for equation in equations)
    assert not re.search(r"\d\.\d", (tmp_path / "letters.ipynb").read_text(encoding="utf-8").split('"metadata"')[0])


LETTERS_IN_A_SHEET = """
```graph
equations: |
  y = W x + b
  dL/dy = g
```

```task
id: a
points: 3
values: {W: 2x3, x: 3x1, b: 2x1, g: 2x1}
ask: [dL/dW, dL/db, dL/dx]
```
"""


def test_letters_in_a_sheet_are_solved_asked_and_marked():
    sheet = parse_sheet(LETTERS_IN_A_SHEET)
    text = {show: to_text(workbook(sheet, show).document) for show in ("solution", "sheet", "blanks", "form")}
    assert "∂L/∂W = ∂L/∂y · ∂y/∂W = g xᵀ" in text["solution"] and "W ∈ ℝ²ˣ³" in text["sheet"]
    assert "∂L/∂W = ______" in text["blanks"] and "dL/dW:" in text["form"]
    right = check_hand_in(sheet, {"a": {"dL/dW": "g x^T", "dL/db": "g", "dL/dx": "W^T g"}})
    wrong = check_hand_in(sheet, {"a": {"dL/dW": "x g^T", "dL/db": "g", "dL/dx": "g W"}})
    assert (right.earned, wrong.earned) == (3, 1)


def test_an_attention_with_a_causal_mask_and_the_mistakes_people_make_with_it():
    same = [[1, 0], [0, 1]]
    x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    found = {}
    for samples, data in (("rows", x), ("columns", x.T)):
        layer = Attention(2, queries=same, keys=same, values=[[2, 0], [0, 1]], mask="causal")
        net = NeuralNetwork([layer, Flatten(), Dense(1, weights=0.5)], samples=samples, inputs=data.shape)
        found[samples] = net.solve(data, [1.0])
    rows, columns = found["rows"], found["columns"]
    seen = np.exp(rows["S1"]) * np.tri(3)
    assert rows["P1"] == pytest.approx(seen / seen.sum(axis=1, keepdims=True), rel=1e-12)
    for name in ("S1", "P1", "z1", "delta1", "dS1"):
        assert pytest.approx(rows[name], rel=1e-12, abs=1e-15) == columns[name].T, name
    assert "−∞" in str(rows) and r"-\infty" in rows.equation("P1").latex
    full = np.exp(rows["S1"]) / np.exp(rows["S1"]).sum(axis=1, keepdims=True)
    for wrong, mistake in ((full, "mask-forgotten"), (full * np.tri(3), "mask-after-softmax")):
        assert rows.check({"P1": wrong.round(6)})["P1"].mistakes[0] == mistake
    scaled = Graph("S = Q K^T / sqrt(d)").solve(Q=[[1, 2], [0, 1]], K=[[1, 2], [3, 1]], d=2)
    assert scaled.check({"S": scaled["S"] * 2**0.5})["S"].mistakes[0] == "scores-not-scaled"


def test_what_the_softmax_and_the_sigmoid_are_made_of_is_shown():
    text = str(Graph("p = softmax(z)").solve(z=[1, 2]))
    assert "⎡e^1⎤ / (e^1 + e^2) = ⎡2.7183⎤ / 10.1073" in text
    assert "σ(0.82) = 1 / (1 + e^(−0.82)) = 0.6942" in str(Graph("a = sigmoid(z)").solve(z=0.82))
    assert "1 / (1 + e^0.82)" in str(Graph("a = sigmoid(z)").solve(z=-0.82))
    assert "/ (1" not in str(Graph("a = sigmoid(z)").solve(z=-40))
    one = str(NeuralNetwork([Dense(1, "sigmoid", weights=[[0.5], [-0.3]])]).solve([1, 2], [1]))
    assert "entry by entry" not in one
