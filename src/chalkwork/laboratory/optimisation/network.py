"""The loss of a small network as a function of all its parameters, with its Hessian from our own equations.

The Hessian times a vector is the derivative of the gradient's product with that vector: Pearlmutter, Fast exact
multiplication by the Hessian (Neural Computation, 1994). The product is written as one more equation behind the
backward pass and differentiated as the loss was; with a unit vector in each place it gives every row at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from chalkwork.algebra.entries import entry_name
from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.differentiate import adjoint_equations
from chalkwork.derivation.evaluate import evaluate_each
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.documents.terminal import plain_prose
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.optimisation.descent import compared, conclude, ways
from chalkwork.laboratory.optimisation.letters import Letters
from chalkwork.laboratory.optimisation.methods import Path, index_of, methods_of, run
from chalkwork.laboratory.optimisation.steps import Route, Shown
from chalkwork.laboratory.optimisation.surface import Work, matrix_of
from chalkwork.networks.arguments import whole
from chalkwork.networks.data import Array
from chalkwork.networks.equations import derive
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.presentation import introduction, setting_of
from chalkwork.solutions.board import Board
from chalkwork.solutions.compose import equation_blocks
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.symbols import Symbol

MOST_PARAMETERS = 200
MOST_SAMPLES = 200
MOST_STEPS = 200
MOST_LAYERS = 4
MOST_LISTED = 12


class NetworkLoss:
    """The loss of a network for given data as a function of all parameters, in one vector.

    The vector holds `W1`, `b1`, `W2`, ... one after the other, each row by row; `names` says which entry is which.
    Points have the shape (n,). Raises ChalkworkError for a network that is too large, or one with dropout.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[1.0]], bias=False), Dense(weights=[[1.0]], bias=False)])
    >>> loss = NetworkLoss(net, [[1.0]], [[0.0]])
    >>> float(loss.value(loss.start)), loss.gradient(loss.start).tolist(), loss.hessian(loss.start).tolist()
    (0.5, [1.0, 1.0], [[1.0, 2.0], [2.0, 1.0]])
    """

    def __init__(self, net: NeuralNetwork, x: Any, y: Any) -> None:
        if not isinstance(net, NeuralNetwork):
            raise ChalkworkError(f"a network is a NeuralNetwork, not {type(net).__name__}")
        inputs = net.oriented_input(x)
        samples = net.count(inputs)
        _check_size(net, samples)
        plan = net.plan(samples, training=True, batched=inputs.ndim > 2)
        if plan.masks:
            raise ChalkworkError("dropout makes the loss random: there is no one function to be made small")
        first = derive(plan, target=True)
        self.plan, self.derivation = plan, first
        self.parameters = plan.parameters()
        self._data = {"x": inputs, "y": net.oriented_target(y, samples)}
        held = net.values(first, plan)
        self._data |= {name: value for name, value in held.items() if name not in {p.name for p in self.parameters}}
        self.start = np.concatenate([held[name.name].ravel() for name in self.parameters])
        self.names = tuple(
            entry_name(name.name, name.shape, *place) for name in self.parameters for place in np.ndindex(*name.shape)
        )
        self._second = _products(first, self.parameters)

    def value(self, points: Any) -> Array:
        """The loss."""
        return np.asarray(self._worked(points)["L"][..., 0, 0])

    def gradient(self, points: Any) -> Array:
        """Its gradient (n,)."""
        values = self._worked(points)
        return np.concatenate([values[f"d{name.name}"].ravel() for name in self.parameters])

    def hessian(self, points: Any) -> Array:
        """Its Hessian (n x n), symmetric."""
        n = len(self.start)
        values = self._worked(points) | self._split(np.eye(n), "v_")
        found = evaluate_each(self._second, values)
        rows = [np.broadcast_to(found[f"h_{name.name}"], (n, *name.shape)).reshape(n, -1) for name in self.parameters]
        matrix = np.concatenate(rows, axis=1)
        return np.asarray((matrix + matrix.T) / 2)

    def explain(self, point: Any, hessian: bool = False) -> str:
        """Why there is no value at a point."""
        return "" if np.isfinite(self.value(point)) else "an overflow"

    def values_at(self, point: Any) -> dict[str, Array]:
        """The givens of the derivation at a point: data and parameters, oriented."""
        return self._data | self._split(np.asarray(point, dtype=np.float64), "")

    def _worked(self, point: Any) -> dict[str, Any]:
        return evaluate_each(self.derivation.equations, self.values_at(point))

    def _split(self, vector: Array, before: str) -> dict[str, Array]:
        """A vector, or one in each row, as matrices of the parameters' shapes."""
        found, place = {}, 0
        for name in self.parameters:
            size = name.shape[0] * name.shape[1]
            found[before + name.name] = vector[..., place : place + size].reshape(*vector.shape[:-1], *name.shape)
            place += size
        return found


def _products(first: Derivation, parameters: Sequence[Name]) -> list[Equation]:
    """The equations of the Hessian times a vector `v_W1`, `v_b1`, ...: `h_W1`, `h_b1`, ..."""
    terms: list[Expression] = [
        apply("sum", first[f"d{name.name}"].symbol * Name(f"v_{name.name}", name.shape)) for name in parameters
    ]
    product = Equation("slope_along_v", reduce(lambda left, right: left + right, terms), Stage.BACKWARD)
    equations = [*first.equations, product]
    named = {name.name: f"h_{name.name}" for name in parameters}
    found = {equation.name: equation for equation in adjoint_equations(equations, product.name, named)}
    missing = [name for name in parameters if f"h_{name.name}" not in found]
    nothing = [Equation(f"h_{name.name}", 0 * Name(name.name, name.shape), Stage.BACKWARD) for name in missing]
    return [*found.values(), *nothing]


def optimise_network(
    net: NeuralNetwork,
    x: Any,
    y: Any,
    method: str | Sequence[str] = "newton",
    steps: int = 5,
    rate: float = 0.1,
    momentum: float = 0.9,
    damping: float = 0.0,
    *,
    shown: int = 1,
    notation: str | Mapping[str, Any] | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
    style: Style | None = None,
    **constants: Any,
) -> Solution:
    """The loss of a small network made small, by one method or several, from the parameters that it has.

    `x` and `y` as in `net.solve`; at most 4 layers, 200 parameters, 200 samples and 200 steps. The network is left as
    it is. The rest is as in `optimise`.

    The equations are those of the network (`L`, `dW1`, ...), `theta1` and `g1`, the parameters and the gradient in one
    column, and the steps as in `optimise`: `d1`, `theta2`, ...; the Hessian `H1` is given. Facts and words as there,
    and `names` (which entry of a point is which parameter), `gradient`, `hessian`, `eigenvalues` and `index` at the
    start. Raises ChalkworkError (ShapeError, ValueProblem) for a network or data that cannot be used.

    Sources: see `Method`; Pearlmutter, Fast exact multiplication by the Hessian (Neural Computation, 1994).

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[0.0]], bias=[0.0])])
    >>> answer = optimise_network(net, [[0.0], [1.0]], [[1.0], [3.0]])
    >>> answer["point"].tolist(), answer["steps"]
    ([2.0, 1.0], 1)
    """
    style = style or Style.of(notation, decimals, significant)
    methods = methods_of(method, rate, momentum, damping, constants)
    if any(each.optimiser.looks_ahead for each in methods):
        raise ChalkworkError(
            "a network has its gradient at its parameters, not ahead of them", hint="leave out the form"
        )
    whole(steps, "steps", 0, MOST_STEPS)
    whole(shown, "shown", 0, 20)
    loss = NetworkLoss(net, x, y)
    paths = [run(loss, loss.start, each, steps) for each in methods]
    hessian = loss.hessian(loss.start)
    letters = Letters(Symbol("L", "L"), Symbol(r"\theta", "θ"))
    work = _work(loss)
    routes = [_route(work, path, letters, max(1, shown), several=len(paths) > 1) for path in paths]
    conclude(work, paths, loss)
    work.facts |= {
        "names": list(loss.names), "gradient": loss.gradient(loss.start), "hessian": hessian,
        "eigenvalues": np.linalg.eigvalsh(hessian), "index": index_of(hessian)[1],
    }  # fmt: skip
    setting = setting_of(loss.plan, loss.derivation)

    def script(board: Board) -> Iterator[Block]:
        yield from introduced(board, loss, ["L", *(f"d{name.name}" for name in loss.parameters)])
        yield from _second_order(board, loss, hessian)
        yield from ways(board, routes, shown, loss)
        yield from compared(board, paths, letters)

    return work.solution(
        style, title="The loss of a network made small", script=script, layers=setting.layers, samples=setting.samples
    )


def network_work(loss: NetworkLoss) -> Work:
    """The network's own equations and givens."""
    found = loss.derivation
    return Work(dict(loss.values_at(loss.start)), list(found.givens), list(found.equations))


def _work(loss: NetworkLoss) -> Work:
    """The network's own equations, with the parameters and their gradients as one vector where they are few."""
    n, work = len(loss.start), network_work(loss)
    work.asked += ["L", *(f"d{name.name}" for name in loss.parameters)]
    theta, slope = Symbol(r"\theta_1", "θ₁"), Symbol(r"\nabla L(\theta_1)", "∇L(θ₁)")
    if n > MOST_LISTED:
        work.given("theta1", loss.start, theta)
        work.given("g1", loss.gradient(loss.start), slope)
    else:
        work.equation("theta1", _stacked(loss.parameters), Stage.BACKWARD, letter=theta)
        slopes = [Name(f"d{name.name}", name.shape) for name in loss.parameters]
        work.equation("g1", _stacked(slopes), Stage.BACKWARD, letter=slope)
        work.asked.append("g1")
    work.given("H1", loss.hessian(loss.start), Symbol(r"H(\theta_1)", "H(θ₁)"))
    return work


def _stacked(parts: Sequence[Name]) -> Expression:
    """The entries of matrices, row by row, in one column."""
    places = [(part, place) for part in parts for place in np.ndindex(*part.shape)]
    return matrix_of([[apply("entry", part, place=(row + 1, column + 1))] for part, (row, column) in places])


def _route(work: Work, path: Path, letters: Letters, count: int, several: bool) -> Route:
    """The equations of a path's first steps; gradient and Hessian of later steps are given."""
    route = Route(work, path, letters, several, total=len(path.steps))
    for k, step in enumerate(path.steps[:count], 1):
        shown = Shown(route.name("theta", k), slope=route.name("g", k), curvature=route.name("H", k))
        if k > 1:
            work.given(shown.slope, step.gradient, route.letters.slope(k))
            if step.hessian is not None:
                work.given(shown.curvature, step.hessian, route.letters.curvature(k))
        route.steps.append(shown)
        route.directed(shown, k, step)
    return route


def _check_size(net: NeuralNetwork, samples: int) -> None:
    found = (
        (net.number_of_parameters, MOST_PARAMETERS, "parameters"),
        (samples, MOST_SAMPLES, "samples"),
        (len(net.layers), MOST_LAYERS, "layers"),
    )
    for count, most, noun in found:
        if count > most:
            raise ChalkworkError(
                f"the network has {count} {noun}, and the Hessian is worked out for at most {most}",
                hint="it has n^2 entries for n parameters",
            )


def introduced(board: Board, loss: NetworkLoss, names: Sequence[str]) -> Iterator[Block]:
    """The network, what is given, and its own equations up to these names."""
    yield Paragraph(" ".join(map(str, introduction(loss.plan, target=True))))
    yield from board.givens([name.name for name in loss.derivation.givens])
    yield from equation_blocks(board.solution, board.solution.chosen(tuple(names)), level=4)


def _second_order(board: Board, loss: NetworkLoss, hessian: Array) -> Iterator[Block]:
    n = len(loss.names)
    first, second = _listed(board, loss)
    said = (
        rf"Let $\theta$ be the vector of the {counted(n, 'parameter')}, <>. Its Hessian $H$ is found from the backward "
        r"equations: the derivative of $(\nabla L)^{\top} v$ by the parameters is $H v$, and a unit vector $v$ gives a "
        "row. At the start"
    )
    yield Heading("The loss as a function of all parameters", 2)
    yield Paragraph(said.replace("<>", first), plain_prose(said).replace("<>", second))
    yield from board.givens(["H1"])
    eigenvalues = np.linalg.eigvalsh(hessian)
    negative = int((eigenvalues < -1e-9 * max(1e-300, np.abs(eigenvalues).max())).sum())
    ends = f"from {board.number(float(eigenvalues[0]))} to {board.number(float(eigenvalues[-1]))}"
    if n > 1:
        yield Paragraph(f"Its eigenvalues go {ends}; {negative} of {n} are negative.")


def _listed(board: Board, loss: NetworkLoss) -> tuple[str, str]:
    """The parameters in their order, for Markdown and for a terminal."""
    letters = [board.writer.symbols[name] for name in loss.names]
    if len(letters) > MOST_LISTED:
        letters = [*letters[: MOST_LISTED - 3], Symbol(r"\ldots", "…"), letters[-1]]
    whole = Symbol("", "").at(*letters)
    return f"${whole.latex}$", whole.text
