"""The way from a derivative to what is claimed of it, for claims that come without a proof.

The chain rule over the quantities that were defined, each factor by itself, what they come to together; where there are
none, the rule of the outermost operation, then the rest. Every step is verified like an author's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chalkwork.algebra.expression import Application, Expression, Name, Number, names_in, transform, walk
from chalkwork.algebra.reading.written import BY_SIGN, is_derivative
from chalkwork.algebra.simplify import simplify
from chalkwork.algebra.terms import expression_of, term_of
from chalkwork.derivation.differentiate import local_derivatives
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.evaluation import ONE, ZERO, has_series, in_summands, is_series, slope, worked_out
from chalkwork.laboratory.claims.statement import Context, Link

MOST_NODES = 80
"""A side with more of them is verified and not worked out: nobody would read the way."""
_SUMS = ("add", "subtract", "negative")


def derived(links: Sequence[Link], context: Context) -> list[Link]:
    """The steps from the left side of an equation about a derivative to the right one; none where there is no such way.

    >>> from chalkwork.laboratory.claims.domain import Domain
    >>> context = Context(Domain.of({}))
    >>> for link in derived(context.links("d/dx (x^2 - 3 x) = 2 x - 3"), context):
    ...     print(link.because, "|", link.right)
    Term by term. | derivative(x^2, x) - derivative(3 * x, x)
    The derivatives worked out. | 2 * x - 3
    """
    if len(links) != 1 or links[0].relation != "=" or not _short(links[0], context):
        return []
    way = _Way(context, links[0].left)
    try:
        way.take()
    except ChalkworkError:
        return []
    return way.finished(links[0].right) if way.links else []


def _short(link: Link, context: Context) -> bool:
    sides = (link.left, link.right, context.meant(link.left))
    nodes = [node for side in sides for node in walk(side)]
    scalars = all(not node.shape for node in nodes)
    return scalars and len(nodes) <= MOST_NODES and any(map(is_derivative, walk(link.left)))


@dataclass
class _Way:
    """The steps taken so far, and the side that the last one led to."""

    context: Context
    now: Expression
    links: list[Link] = field(default_factory=list)

    def take(self) -> None:
        quantities = self.context.quantities
        factors: dict[Expression, Expression] = {}
        chained = _each_derivative(self.now, lambda body, by: _product(body, by, quantities, factors))
        if factors:
            for factor, value in factors.items():
                said = "" if self.links else "One derivative at a time."
                self.links.append(Link(factor, "=", value, said, step=len(self.links) + 1))
            self._go(chained, f"The chain rule: {_through(factors)}.")
            self._go(transform(chained, factors.get), "With the derivatives above.")
        self._go(_each_derivative(self.now, self._defined), "By the definition.")
        self._go(_each_derivative(self.now, _terms), "Term by term.")
        self._go(_each_derivative(self.now, _outermost), "By the rule for the outermost operation, inwards.")
        bare = worked_out(self.now, self.context.functions)
        self._go(bare, "The derivatives worked out.")
        self._go(
            simplify(transform(simplify(bare), _factor_before)),
            "Multiplied out and collected." if factors else "Collected.",
        )

    def finished(self, right: Expression) -> list[Link]:
        """The steps with the claim's own right side at the end; none where nothing but that was done."""
        if self.now != right:
            if simplify(self.now) == simplify(right):
                self.links[-1] = replace(self.links[-1], right=right)
            else:
                self._go(right, "Written in another way.")
        return self.links

    def _go(self, there: Expression, because: str) -> None:
        if str(there) != str(self.now):
            self.links.append(Link(self.now, "=", there, because, True, len(self.links) + 1))
            self.now = there

    def _defined(self, body: Expression, by: Expression) -> Expression | None:
        if not isinstance(body, Name) or body.name not in self.context.quantities or body == by:
            return None
        quantities = self.context.quantities
        whole = quantities[body.name]
        through = any(name != by and _depends(name, by, quantities) for name in names_in(whole))
        return _derivative(self.context.put_in(whole) if through else whole, by)


# --- the rules -------------------------------------------------------------------------------------------------------


def _product(
    body: Expression, by: Expression, quantities: Mapping[str, Expression], factors: dict[Expression, Expression]
) -> Expression | None:
    """dL/da · da/dz where L depends on z through a alone; `factors` gets the value of each."""
    if not isinstance(body, Name) or body.name not in quantities or body == by:
        return None
    whole = quantities[body.name]
    between = [name for name in names_in(whole) if name.name in quantities and _depends(name, by, quantities)]
    if by in names_in(whole) or len(between) != 1 or has_series(whole):
        return None
    node = between[0]
    outer, inner = _derivative(body, node, partial=True), _derivative(node, by, partial=True)
    factors[outer] = _named(slope(whole, node), quantities)
    further = _product(node, by, quantities, factors)
    if further is None:
        factors[inner] = _named(slope(quantities[node.name], by), quantities)
        if by not in names_in(quantities[node.name]):
            raise ChalkworkError(f"{node} depends on {by} in several ways")
    return outer * (inner if further is None else further)


def _depends(name: Name, by: Expression, quantities: Mapping[str, Expression]) -> bool:
    if name == by or name.name not in quantities:
        return name == by
    return any(_depends(part, by, quantities) for part in names_in(quantities[name.name]))


def _named(expression: Expression, quantities: Mapping[str, Expression]) -> Expression:
    """What a quantity is defined as, written by its name: a (1 - a) and not σ(z) (1 - σ(z))."""
    names: dict[Expression, Expression] = {
        whole: Name(name) for name, whole in quantities.items() if isinstance(whole, Application)
    }
    return simplify(transform(expression, names.get))


def _terms(body: Expression, by: Expression) -> Expression | None:
    """The derivative of a sum, term by term; nothing where there is only one term."""
    if len(list(_summands(body))) < 2:
        return None

    def apart(node: Expression) -> Expression:
        if isinstance(node, Application) and node.operation.name in _SUMS:
            return Application(node.operation, tuple(map(apart, node.arguments)), node.parameters)
        return _derivative(node, by)

    return apart(body)


def _summands(node: Expression) -> Iterator[Expression]:
    if isinstance(node, Application) and node.operation.name in _SUMS:
        for argument in node.arguments:
            yield from _summands(argument)
    else:
        yield node


def _outermost(body: Expression, by: Expression) -> Expression | None:
    """f' times the derivative of what stands inside; of a product, the sum of both; nothing where that is all of it."""
    if isinstance(body, Application) and is_series(body):
        return in_summands(body, lambda inner: _inside(inner, by))
    if _simple(body, by) or not isinstance(body, Application) or not body.operation.entrywise:
        return None
    moving = [by in names_in(argument) for argument in body.arguments]
    if body.operation.name == "negative":
        return -_inside(body.arguments[0], by)
    if body.operation.name == "divide" and moving[0]:
        above, below = body.arguments
        if not moving[1]:
            return _inside(above, by) / below
        return (_times(_inside(above, by), below) - _times(above, _inside(below, by))) / below**2
    total: Expression | None = None
    for place, argument in enumerate(body.arguments):
        if not moving[place]:
            continue
        outer = local_derivatives(body)[place]
        if outer is None:
            raise ChalkworkError(f"{body.operation.name} has no derivative")
        term = _times(simplify(outer), _inside(argument, by))
        total = term if total is None else total + term
    return ZERO if total is None else total


def _factor_before(node: Expression) -> Expression | None:
    """A number that every summand has, before the sum."""
    if not is_series(node):
        return None
    assert isinstance(node, Application)
    term = term_of(simplify(node.arguments[0]))
    if term.coefficient == 1:
        return None
    return Number(term.coefficient) * in_summands(node, lambda _: expression_of(term._replace(coefficient=1)))


def _inside(argument: Expression, by: Expression) -> Expression:
    """The derivative of what stands inside, worked out where it is read off."""
    if _simple(argument, by):
        return slope(argument, by)
    if len(list(_summands(argument))) > 1 and all(_simple(part, by) for part in _summands(argument)):
        return slope(argument, by)
    return _outermost(argument, by) or _derivative(argument, by)


def _times(left: Expression, right: Expression) -> Expression:
    return right if left == ONE else left if right == ONE else left * right


def _simple(node: Expression, by: Expression) -> bool:
    """Whether a derivative is read off: a number, the name itself, one operation of it, or so many times that."""
    if by not in names_in(node) or node == by:
        return True
    if not isinstance(node, Application) or node.operation.name in _SUMS:
        return False
    moving = [argument for argument in node.arguments if by in names_in(argument)]
    if len(moving) != 1:
        return False
    return moving[0] == by or (node.operation.name == "multiply" and _simple(moving[0], by))


# --- derivatives as they are written ---------------------------------------------------------------------------------


def _derivative(body: Expression, by: Expression, partial: bool = False) -> Expression:
    signs = BY_SIGN["partial" if partial else "d"]
    return Application(signs[isinstance(body, Name)], (body, by), ())


def _each_derivative(expression: Expression, rule: Callable[[Expression, Expression], Expression | None]) -> Expression:
    """The expression with every derivative exchanged for what the rule makes of its body and its variable."""

    def exchanged(node: Expression) -> Expression | None:
        if not isinstance(node, Application) or not is_derivative(node):
            return None
        return rule(*node.arguments) or node

    return transform(expression, exchanged)


def _through(factors: Mapping[Expression, Expression]) -> str:
    """In words, along which names: L depends on z through a."""
    nodes = [node.arguments for node in factors if isinstance(node, Application)]
    whole, last = nodes[0][0], nodes[-1][1]
    between = [str(body) for body, _ in nodes[1:]]
    return f"${whole}$ depends on ${last}$ through {' and '.join(f'${name}$' for name in between)} alone"
