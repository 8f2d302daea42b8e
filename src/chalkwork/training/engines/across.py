"""Small layers with their samples side by side in memory: the inner loops are as long as the batch, not as a layer.

The equations stay what they are; a value with a sample in each row is held transposed, with the rules of a transpose:
(A B)^T = B^T A^T, entry by entry nothing changes, a sum of each row is one of each column.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from chalkwork.algebra.expression import Application, Expression, Name, apply, rebuild
from chalkwork.derivation.derivation import Equation
from chalkwork.training.engines.sweeps import Steps
from chalkwork.training.step import Step

FEWEST_SAMPLES = 32
WIDEST = 64
"""Inputs and units of a layer up to which this is the faster way."""


@dataclass(frozen=True)
class Turned:
    """The transpose of a parameter, made once a step: faster than a product that transposes on its way."""

    name: str
    of: Name

    def run(self, jax: Any, values: Steps) -> None:
        """Add it; the barrier keeps the compiler from putting it into the products."""
        values[self.name] = jax.lax.optimization_barrier(jax.numpy.matrix_transpose(values[self.of.name]))


def is_small(step: Step) -> bool:
    """Whether its layers are so narrow, for so many samples, that these had better lie side by side."""
    shapes = step.derivation.shapes()
    widest = max((side for name in step.carried for side in shapes[name]), default=0)
    return step.is_flat and widest <= WIDEST and step.samples >= FEWEST_SAMPLES


def across(step: Step) -> tuple[list[Equation], list[Turned], frozenset[str]]:
    """The equations, the parameters that are transposed for them, and the names of the values that are held so."""
    shapes = step.derivation.shapes()
    samples = {name for name in (*step.data, *step.noise) if len(shapes[name]) == 2}
    lying = _Lying(samples if step.sample_axis == -2 else set(), frozenset(step.carried))
    equations = []
    for one in step.needed:
        if lying.is_rows(one.expression):
            equations.append(replace(one, expression=lying.turned(one.expression)))
            lying.names.add(one.name)
        else:
            equations.append(replace(one, expression=lying.plain(one.expression)))
    return equations, list(lying.parameters.values()), frozenset(lying.names)


class _Lying:
    """Expressions over names of which some are held transposed."""

    def __init__(self, names: set[str], carried: frozenset[str]) -> None:
        self.names, self.carried = names, carried
        self.parameters: dict[str, Turned] = {}
        self.is_rows, self.turned, self.plain = cache(self._is_rows), cache(self._turned), cache(self._plain)

    def _is_rows(self, node: Expression) -> bool:
        """Whether it has a sample in each row, as far as it is worth knowing."""
        if isinstance(node, Name):
            return node.name in self.names
        if not isinstance(node, Application) or len(node.shape) != 2:
            return False
        if node.operation.name == "matmul":
            return self.is_rows(node.arguments[0])
        if node.operation.entrywise:
            return any(self.is_rows(part) for part in node.arguments)
        along = node.named_parameters.get("axis")
        return (along == -1 or node.shape == node.arguments[0].shape) and self._turns(node)

    def _turns(self, node: Application) -> bool:
        """Whether it only looks along an axis of something in rows."""
        return "axis" in node.operation.parameters and all(map(self.is_rows, node.arguments))

    def _turned(self, node: Expression) -> Expression:
        """The transpose, of names as they are held."""
        if not node.shape or not isinstance(node, Name | Application):
            return self.plain(node)
        if isinstance(node, Name):
            if node.name in self.names:
                return Name(node.name, node.shape[::-1])
            if 1 in node.shape or node.name not in self.carried:
                return _transposed(node)
            one = self.parameters.setdefault(node.name, Turned(f"{node.name} turned", node))
            return Name(one.name, node.shape[::-1])
        name = node.operation.name
        if name == "transpose":
            return self.plain(node.arguments[0])
        if name == "matmul":
            left, right = node.arguments
            return apply("matmul", self.turned(right), self.turned(left))
        if node.operation.entrywise:
            return rebuild(node, tuple(map(self.turned, node.arguments)))
        if name == "broadcast":
            return apply("broadcast", self.turned(node.arguments[0]), shape=node.shape[::-1])
        return self._along(node) if self._turns(node) else _transposed(self._rebuilt(node))

    def _plain(self, node: Expression) -> Expression:
        """The expression itself, of names as they are held."""
        if not isinstance(node, Application):
            return _transposed(self.turned(node)) if isinstance(node, Name) and node.name in self.names else node
        if node.operation.name == "transpose":
            return self.turned(node.arguments[0])
        if self.is_rows(node):
            return _transposed(self.turned(node))
        if self._turns(node):
            return self._along(node) if not node.shape else _transposed(self._along(node))
        return self._rebuilt(node)

    def _along(self, node: Application) -> Expression:
        axis = node.named_parameters["axis"]
        other = {**node.named_parameters, "axis": -3 - axis if isinstance(axis, int) else None}
        return apply(node.operation.name, *map(self.turned, node.arguments), **other)

    def _rebuilt(self, node: Application) -> Expression:
        return rebuild(node, tuple(map(self.plain, node.arguments)))


def _transposed(node: Expression) -> Expression:
    if isinstance(node, Application) and node.operation.name == "transpose":
        return node.arguments[0]
    return apply("transpose", node)
