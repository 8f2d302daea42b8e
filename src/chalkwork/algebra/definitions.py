"""What an operation is in simpler ones: the fallback of every reading that has no rule for it."""

from __future__ import annotations

from functools import lru_cache
from math import prod

from chalkwork.algebra.expression import Application, Expression
from chalkwork.algebra.operations.entry import argument_names
from chalkwork.algebra.reading import read


@lru_cache(maxsize=4096)
def defined(node: Application) -> Expression | None:
    """The node by the definition of its operation; None where there is none.

    >>> from chalkwork.algebra.expression import Name, apply
    >>> print(defined(apply("silu", Name("z"))))
    z * sigmoid(z)
    """
    return _filled(node.operation.definition, node) if node.operation.definition else None


@lru_cache(maxsize=4096)
def branches(node: Application) -> tuple[Expression, Expression] | None:
    """What the node is below its kink and above it; None where that is one formula.

    >>> from chalkwork.algebra.expression import Name, apply
    >>> print(*branches(apply("leaky_relu", Name("z"), alpha=0.1)))
    0.1 * z z
    """
    if node.operation.branches is None:
        return None
    below, above = node.operation.branches
    return _filled(below, node), _filled(above, node)


def side(node: Application) -> Expression:
    """The expression whose sign says which of the branches holds."""
    first, *others = node.arguments
    return first - others[0] if others else first


def _filled(text: str, node: Application) -> Expression:
    count = prod(node.arguments[0].shape) // max(1, prod(node.shape))
    names = dict(zip(argument_names(len(node.arguments)), node.arguments, strict=True))
    return read(text, names, node.named_parameters | {"count": count})
