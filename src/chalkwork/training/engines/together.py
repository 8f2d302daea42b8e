"""Products of matrices in a loop over the steps of a sequence that are worked out as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalkwork.algebra.expression import Application, Expression, Name, names_in, transform, walk
from chalkwork.algebra.times import split_time
from chalkwork.derivation.evaluate import evaluate

HERE = "t"
"""The index of a step in the equations of a loop."""


@dataclass(frozen=True)
class Together:
    """Products with weights that are worked out as one: of one matrix with several weights, side by side, or summed up.

    `side` is 1 where the weights stand on the right. There is a name for each product, or one for the sum.
    """

    names: tuple[str, ...]
    products: tuple[Application, ...]
    side: int

    @property
    def is_sum(self) -> bool:
        """Whether the products are added."""
        return len(self.names) < len(self.products)

    def weights(self, xp: Any, values: Mapping[str, Any]) -> Any:
        """The weights of all products, as one matrix."""
        parts = [evaluate(product.arguments[self.side], values, xp) for product in self.products]
        return xp.concatenate(parts, axis=-2 if self.is_sum == (self.side == 1) else -1)

    def values(self, xp: Any, known: Mapping[str, Any], weights: Any) -> dict[str, Any]:
        """What the names are worth at a step."""
        other = known.get(self.names[0])
        if other is None and self.is_sum:
            other = self.put_together(xp, known)
        elif other is None:
            other = evaluate(self.products[0].arguments[1 - self.side], known, xp)
        whole = other @ weights if self.side == 1 else weights @ other
        return {self.names[0]: whole} if self.is_sum else self.cut(xp, whole)

    @property
    def others(self) -> list[str]:
        """The names that the weights are multiplied by; what is no mere name is the name of nothing."""
        return [str(product.arguments[1 - self.side]) for product in self.products]

    def put_together(self, xp: Any, known: Mapping[str, Any]) -> Any:
        """What the weights of a sum are multiplied by, side by side."""
        parts = [evaluate(product.arguments[1 - self.side], known, xp) for product in self.products]
        return xp.concatenate(parts, axis=-1 if self.side == 1 else -2)

    def cut(self, xp: Any, whole: Any) -> dict[str, Any]:
        """The parts of a product with weights side by side, by name."""
        axis = -1 if self.side == 1 else -2
        sizes = [product.shape[axis] for product in self.products]
        cuts = [sum(sizes[: place + 1]) for place in range(len(sizes) - 1)]
        return dict(zip(self.names, xp.split(whole, cuts, axis=axis), strict=True))


def joined(
    made: list[tuple[str, Expression]], own: set[str]
) -> tuple[list[tuple[str, Expression]], tuple[Together, ...]]:
    """The equations with the products that can be done at once when a step begins as names, and these products."""

    def here(name: Name) -> bool:  # something that the loop itself makes at this step
        stem, step = split_time(name.name)
        return stem in own and step == HERE

    def side(node: Expression) -> int | None:
        """On which side of a product the weights stand, if it can be done at once."""
        if not isinstance(node, Application) or node.operation.name != "matmul":
            return None
        timed = [_timed(part) for part in node.arguments]
        ready = not any(map(here, names_in(node))) and len(node.shape) == 2
        return timed.index(False) if sorted(timed) == [False, True] and ready else None

    found: list[Together] = []
    renamed: dict[Expression, Expression] = {}
    alike: dict[tuple[Expression, int], list[Application]] = {}
    for _, expression in made:
        for node in reversed(list(walk(expression))):  # the largest sums first
            terms = _added(node)
            for at in (0, 1):
                summed = [one for one in terms if side(one) == at and isinstance(one, Application)]
                others = [one for one in terms if side(one) != at]
                if len(summed) > 1 and not any(set(summed) & set(one.products) for one in found):
                    name = Name(f"together {len(found)}", node.shape)
                    found.append(Together((name.name,), tuple(summed), at))
                    total: Expression = name
                    for one in others:
                        total = one + total
                    renamed[node] = total
            if (at_side := side(node)) is not None and isinstance(node, Application):
                same = alike.setdefault((node.arguments[1 - at_side], at_side), [])
                same += [node] * (node not in same)
    summed_up = {product for one in found for product in one.products}
    for (_, at_side), products in alike.items():
        kept = [one for one in products if one not in summed_up]
        if len(kept) > 1:
            names = [Name(f"together {len(found)}.{place}", one.shape) for place, one in enumerate(kept)]
            found.append(Together(tuple(name.name for name in names), tuple(kept), at_side))
            renamed |= dict(zip(kept, names, strict=True))
    return [(stem, transform(expression, renamed.get)) for stem, expression in made], tuple(found)


def _timed(expression: Expression) -> bool:
    return any(split_time(name.name)[1] for name in names_in(expression))


def _added(node: Expression) -> list[Expression]:
    """The terms of a sum of matrices of one shape."""
    if not (isinstance(node, Application) and node.operation.name == "add"):
        return [node]
    alike = all(part.shape == node.shape for part in node.arguments)
    return [term for part in node.arguments for term in _added(part)] if alike else [node]


def beside(ahead: Sequence[tuple[str, Expression]]) -> list[Together]:
    """Products of the same rows with several weights, each group as one."""
    found: dict[Expression, list[tuple[str, Application]]] = {}
    for name, node in ahead:
        if isinstance(node, Application) and node.operation.name == "matmul" and isinstance(node.arguments[0], Name):
            left, right = node.arguments
            if _timed(left) and not _timed(right):
                found.setdefault(left, []).append((name, node))
    return [Together(tuple(name for name, _ in one), tuple(node for _, node in one), 1) for one in found.values()]


def for_all(xp: Any, products: Together, values: Mapping[str, Any]) -> Any:
    """The products for all steps at once."""
    left = products.products[0].arguments[0]
    assert isinstance(left, Name)
    whole = values[left.name]
    flat = xp.reshape(whole, (-1, whole.shape[-1])) @ products.weights(xp, values)
    return xp.reshape(flat, (*whole.shape[:-1], flat.shape[-1]))
