"""Computation graphs: values and every derivative against jax.grad, and what a graph refuses."""

from __future__ import annotations

import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from in_numpy import in_numpy

from chalkwork import Dense, Graph, NeuralNetwork
from chalkwork.algebra.expression import apply, names_in
from chalkwork.derivation.differentiate import gradient
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ReadError
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
