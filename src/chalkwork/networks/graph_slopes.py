"""The derivatives of a graph: along every edge, of the output by every node, and from a slope that is given."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import NamedTuple

from chalkwork.algebra.expression import Application, Expression, Name, apply, names_in, walk
from chalkwork.algebra.expression import replace as replaced
from chalkwork.algebra.simplify import SumsToOne, simplify
from chalkwork.derivation.chain import Paths
from chalkwork.derivation.derivation import Derivation, Derivative, Equation, Stage
from chalkwork.derivation.differentiate import Adjoints, gradient
from chalkwork.errors import CostError
from chalkwork.words import Text


class Target(NamedTuple):
    """What is differentiated: an output of the graph, or something beyond it whose slopes by some nodes are given."""

    output: str
    slopes: Mapping[str, Name] = {}
    """By the name of a node, the name of the given derivative of the output by it."""
    facts: tuple[SumsToOne, ...] = ()
    without: Collection[str] = ()
    """Givens by which there is no derivative."""

    def closed(self, equations: Sequence[Equation]) -> tuple[Equation, ...]:
        """The equations, with one that has the given slopes where the output lies beyond them."""
        if not self.slopes:
            return tuple(equations)
        shapes = {name.name: name for one in equations for name in (*names_in(one.expression), one.symbol)}
        parts = [self._product(slope, shapes[node]) for node, slope in self.slopes.items()]
        return (*equations, Equation(self.output, _total(parts), Stage.FORWARD))

    @staticmethod
    def _product(slope: Name, node: Name) -> Expression:
        product = slope * node
        return apply("sum", product) if product.shape else product


def local_name(derivation: Derivation, of: str, by: str) -> str:
    """The name of the local derivative of an edge."""
    for name in (f"d{of}/d{by} direct", f"d{of}/d{by}"):
        if name in derivation:
            return name
    return ""


def local_derivatives(derivation: Derivation, paths: Paths) -> list[Equation]:
    """The derivative of every node by each name in its own equation, the others held fixed."""
    found = []
    for equation in derivation.equations:
        for name in names_in(equation.expression):
            try:
                slope = gradient(equation.expression, name)
                slope = simplify(replaced(slope, {equation.expression: equation.symbol}))
            except CostError as error:
                error.message = f"the derivative by {name}: {error.message}"
                raise error.at(equation=str(equation)) from None
            local = paths.local(equation.name, name.name)
            found.append(
                Equation(
                    f"d{equation.name}/d{name}{' direct' if local.fixed else ''}",
                    slope,
                    Stage.BACKWARD,
                    Text.of("graph.local"),
                    derivative=local,
                )
            )
    return found


def through_paths(equations: Sequence[Equation], givens: Sequence[Name], target: Target) -> list[Equation]:
    """The derivative of the output by every node of a graph of numbers: over each user its own times the edge's."""
    output, closed = target.output, target.closed(equations)
    paths = Paths(closed)
    found: dict[str, Equation] = {}
    for node in [*reversed([equation.name for equation in equations]), *(given.name for given in givens)]:
        users = [user for user in paths.towards(output, node) if node not in target.slopes]
        if not users or node in target.without:
            continue
        parts: list[Expression] = []
        for user in users:
            local = paths.local(user, node)
            edge = Name(f"d{user}/d{node}{' direct' if local.fixed else ''}")
            above = target.slopes.get(user, Name(f"d{output}/d{user}"))
            parts.append(edge if user == output else apply("multiply", above, edge))
        name = f"d{output}/d{node}"
        if parts == [Name(name)]:
            continue
        reason = _path_reason(node, output, len(users))
        rule = paths.chain(output, node)
        found[node] = Equation(name, _total(parts), Stage.BACKWARD, reason, Derivative(output, node), rule)
    return list(_collapsed(closed, found, target).values())


def _total(parts: Sequence[Expression]) -> Expression:
    return reduce(lambda total, part: apply("add", total, part), parts)


def _path_reason(node: str, output: str, paths: int) -> Text:
    if paths == 1:
        return Text.of("graph.one_path", node=f"{{{node}}}", output=f"{{{output}}}")
    return Text.of("graph.paths", node=f"{{{node}}}", output=f"{{{output}}}", paths=paths)


def adjoints(equations: Sequence[Equation], givens: Sequence[Name], target: Target) -> list[Equation]:
    """The derivative of a scalar output by every node of a graph of matrices."""
    output, closed = target.output, target.closed(equations)
    nodes = [*reversed([equation.name for equation in equations]), *(given.name for given in givens)]
    named = {name: f"d{output}/d{name}" for name in nodes if name != output and name not in target.slopes}
    paths = Paths(closed)
    found = {
        equation.derivative.by: replace(
            equation,
            reason=_derivative_reason(equation, output),
            chain=paths.chain(output, equation.derivative.by),
        )
        for equation in Adjoints(closed, output, named, target.facts).equations()
        if equation.derivative is not None and equation.derivative.by not in target.without
    }
    return list(_collapsed(closed, found, target).values())


def _derivative_reason(equation: Equation, output: str) -> Text:
    assert equation.derivative is not None
    slots = {"of": f"{{{output}}}", "by": f"{{{equation.derivative.by}}}"}
    nodes = [node for node in walk(equation.expression) if isinstance(node, Application)]
    if any(node.operation.name == "padded" for node in nodes):
        said = "Derivative of <of> by <by>: what comes back goes to the entries that were used; the others get 0."
        return Text.own("graph.derivative_of_entries", said, **slots)
    return Text.of("graph.derivative", **slots)


def _collapsed(closed: Sequence[Equation], found: dict[str, Equation], target: Target) -> dict[str, Equation]:
    """The derivatives, those before a softmax or a sigmoid in the form that it takes with the loss behind it: a - y."""
    for equation in closed:
        function = equation.expression
        if not (isinstance(function, Application) and function.operation.name in ("softmax", "sigmoid")):
            continue
        (net,) = function.arguments
        if not isinstance(net, Name):
            continue
        whole = found.get(net.name)
        by = f"d{target.output}/d{equation.name}"
        if whole is None or by not in _names(whole.expression):
            continue
        nodes = {name.name for one in closed for name in names_in(one.expression)} - {equation.name, *target.slopes}
        named = {node: f"d{target.output}/d{node}" for node in nodes}
        form = Adjoints(closed, target.output, named, target.facts).found[net.name]
        if _size(form) <= _size(whole.expression) and by not in _names(form) and not _unfinished(form):
            reason = _together(function, form, target)
            found[net.name] = replace(whole, expression=form, reason=reason, steps=(whole.expression,))
    return found


def _together(function: Application, form: Expression, target: Target) -> Text:
    sums = [fact.name for fact in target.facts if fact.name in _names(form)]
    if function.operation.name == "softmax" and sums:
        return Text.own(
            "graph.softmax_and_loss",
            "The derivatives of the loss and of the softmax together: as the entries of <target> sum to one, this is "
            "left.",
            target=f"{{{sums[0]}}}",
        )
    said = "The derivatives of the loss and of the <function> together: what cancels is gone."
    return Text.own("graph.function_and_loss", said, function=function.operation.name)


def _unfinished(form: Expression) -> bool:
    """Whether something is left that does not cancel: a sum, or a division by a quantity."""
    nodes = [node for node in walk(form) if isinstance(node, Application)]
    return any(
        node.operation.name == "sum" or (node.operation.name == "divide" and names_in(node.arguments[1]))
        for node in nodes
    )


def _names(expression: Expression) -> set[str]:
    return {name.name for name in names_in(expression)}


def _size(expression: Expression) -> int:
    return sum(1 for _ in walk(expression))
