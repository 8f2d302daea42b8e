"""What one slip makes of a part of an equation: the same for every operation of the table, every layer and every step.

A quantity alone can be squared, turned round or left out. An operation can be taken for its relative, lose an argument,
have its arguments in another order, run over another axis, or have its brackets end in another place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import islice

from chalkwork.algebra.expression import (
    Application,
    Expression,
    Name,
    Number,
    apply,
    names_in,
    rebuild,
    transform,
    walk,
)
from chalkwork.algebra.expression import replace as exchanged
from chalkwork.checking.mistakes.products import attempts
from chalkwork.checking.mistakes.structure import has_operation, is_function, is_operation
from chalkwork.checking.naming.passes import base_of
from chalkwork.derivation.derivation import Derivation, Stage

Builder = Callable[[], Expression]
FUNCTIONS = ("sigmoid", "tanh", "relu", "step", "exp", "log", "sqrt", "softplus")
_ENTRY_BY_ENTRY = ("add", "subtract", "multiply", "divide")
_MOST_PARTS = 15
_MOST_NEAR = 3


@lru_cache(maxsize=1 << 12)
def relatives(part: Expression) -> tuple[Expression, ...]:
    """What one slip makes of a part, in its own shape and always in the same order; the likeliest first.

    >>> from chalkwork.algebra.expression import Name
    >>> a, b = Name("a"), Name("b")
    >>> [str(one) for one in relatives(a - b)][:4]
    ['a', 'b', 'b - a', 'a + b']
    """
    found: dict[Expression, None] = {}
    for one in attempts((*_of_operation(part), *_of_quantity(part))):
        whole = one
        if whole.shape != part.shape and set(whole.shape) <= {1, *part.shape}:
            whole = next(attempts([partial(apply, "broadcast", one, shape=part.shape)]), one)
        if whole.shape == part.shape and whole != part:
            found[whole] = None
    return tuple(found)


def left_out(part: Expression) -> Expression:
    """What stands there if a factor is left out."""
    return 0 * part + 1


def in_words(new: Expression | str, old: Expression) -> tuple[str, str]:
    """What stands there in the place of what; nothing in the place of what was left out."""
    if isinstance(new, str):
        return new, str(old)
    if new in (left_out(old), Number(1)):
        return "", str(old)
    if is_operation(old, "subtract") and new == -old.arguments[1]:
        return "", str(old.arguments[0])
    if is_operation(old, "add", "subtract", "multiply") and new in old.arguments:
        return "", str(old.arguments[1 - old.arguments.index(new)])
    if new == 0 * old:
        return "0", str(old)
    if is_operation(new, "broadcast") and is_operation(new.arguments[0], "sum", "mean"):
        return _summed_in_words(new.arguments[0]), str(old)
    if is_operation(new, "reshape"):
        return f"{old}, read column by column,", str(old)
    return str(new).replace(".T.T", ""), str(old)


def _summed_in_words(part: Application) -> str:
    axis = part.parameters[0]
    each = {-2: "each column of ", -1: "each row of "}.get(axis, "") if isinstance(axis, int) else ""
    return f"the {part.operation.name} of {each}{part.arguments[0]}"


def _of_quantity(part: Expression) -> Iterator[Builder]:
    """What becomes of a quantity, whatever it is."""
    if isinstance(part, Number):
        return
    yield from (lambda: left_out(part), lambda: 0 * part, lambda: -part, lambda: part**2, lambda: 1 - part)
    yield from (lambda: 2 * part, lambda: part / 2, lambda: apply("abs", part), lambda: 1 / part)
    yield from (lambda: apply("step", part), lambda: apply("sqrt", apply("abs", part)), lambda: apply("sign", part))
    yield from (partial(apply, name, part) for name in FUNCTIONS if isinstance(part, Name))
    if len(part.shape) == 2 and part.shape != (1, 1):
        for how in ("sum", "mean"):
            yield from (lambda how=how, axis=axis: apply(how, part, axis=axis) for axis in (-2, -1, None))
    if len(part.shape) > 2:
        yield lambda: apply("turned", part)
    if len(part.shape) == 2 and 1 not in part.shape:
        yield lambda: apply("reshape", part.T, shape=part.shape)


def _of_operation(part: Expression) -> Iterator[Builder]:
    """What becomes of an operation."""
    if not isinstance(part, Application):
        return
    arguments, name = part.arguments, part.operation.name
    if name in ("sum", "mean"):
        yield from _of_sum(part)
    elif name == "matmul":
        yield from _of_product(*arguments)
    elif name == "power":
        base, exponent = arguments
        yield from (lambda: base, lambda: base * exponent, lambda: 1 / part, lambda: part * base, lambda: part / base)
    elif name in _ENTRY_BY_ENTRY:
        yield from _of_two(part)
    elif is_function(part):
        yield from _of_function(part)
    elif name in ("softmax", "log_softmax"):
        yield lambda: arguments[0]
        yield from (lambda axis=axis: apply(name, arguments[0], axis=axis) for axis in (-1, -2))
        yield lambda: apply("exp", arguments[0])
    elif name == "causal_softmax":  # of what comes after, or of all
        yield lambda: apply("turned", rebuild(part, (apply("turned", arguments[0]),)))
        yield lambda: apply("softmax", arguments[0], axis=-1)
    if name in ("multiply", "xlogy") and has_operation(part, "log", "xlogy"):
        yield lambda: part + exchanged(part, {one: 1 - one for one in names_in(part)})


def _of_function(part: Application) -> Iterator[Builder]:
    """The function left out, for another one, twice, or with its brackets around less."""
    (inner,) = part.arguments
    yield lambda: inner
    if is_operation(inner, *_ENTRY_BY_ENTRY):
        first, second = inner.arguments
        yield lambda: rebuild(inner, (rebuild(part, (first,)), second))
        yield lambda: rebuild(inner, (first, rebuild(part, (second,))))
    if is_operation(inner, "sum", "mean"):
        yield lambda: rebuild(inner, (rebuild(part, (inner.arguments[0],)),))
    yield from (lambda name=name: apply(name, inner) for name in FUNCTIONS)
    yield from (lambda: rebuild(part, (part,)), lambda: inner**2)


def _of_two(part: Application) -> Iterator[Builder]:
    """One of two left out, the order turned, another operation, brackets around more or less."""
    first, second = part.arguments
    yield from (lambda: first, lambda: second)
    if part.operation.name in ("subtract", "divide"):
        yield lambda: rebuild(part, (second, first))
    if len(part.shape) == 2 and part.shape[0] == part.shape[1] > 1:  # what is spread over rows is so over columns
        yield lambda: rebuild(part, (first.T if first.shape != part.shape else first, second))
        yield lambda: rebuild(part, (first, second.T if second.shape != part.shape else second))
    if is_function(first):
        yield lambda: rebuild(first, (rebuild(part, (first.arguments[0], second)),))
    if is_function(second):
        yield lambda: rebuild(second, (rebuild(part, (first, second.arguments[0])),))
    if is_operation(first, *_ENTRY_BY_ENTRY):  # (a + b) * c becomes a + b * c
        one, other = first.arguments
        yield lambda: rebuild(first, (one, rebuild(part, (other, second))))
    if is_operation(second, *_ENTRY_BY_ENTRY):
        one_, other_ = second.arguments
        yield lambda: rebuild(second, (rebuild(part, (first, one_)), other_))
    others = [name for name in _ENTRY_BY_ENTRY if name != part.operation.name]
    yield from (lambda name=name: apply(name, first, second) for name in others)
    yield from (lambda name=name: apply(name, second, first) for name in others if name in ("subtract", "divide"))
    yield lambda: -first - second
    if part.operation.name == "subtract":
        yield lambda: -second


def _of_sum(part: Application) -> Iterator[Builder]:
    """A mean for the sum, another axis, or a function of each that belongs to the whole."""
    (inner,) = part.arguments
    name, axis = part.operation.name, part.parameters[0]
    other = "mean" if name == "sum" else "sum"
    yield lambda: apply(other, inner, axis=axis)
    if axis in (-1, -2):
        across = -3 - axis
        yield from (lambda how=how: apply(how, inner, axis=across) for how in (name, other))
        yield from (lambda how=how: apply(how, inner, axis=across).T for how in (name, other))
        yield from (lambda how=how: apply(how, inner) for how in (name, other))
    yield lambda: apply("max", inner, axis=axis)
    if is_function(inner):
        yield lambda: rebuild(inner, (rebuild(part, inner.arguments),))


def _of_product(left: Expression, right: Expression) -> Iterator[Builder]:
    """The matrix product with either factor turned, either way round; entry by entry; one factor alone."""
    for one, other in ((left, right), (right, left)):
        for first in (one, one.T):
            for second in (other, other.T):
                yield from (lambda a=first, b=second: a @ b, lambda a=first, b=second: a * b)
    yield from (lambda one=one: one for one in (left, left.T, right, right.T))


def slips(derivation: Derivation, name: str) -> list[list[Expression]]:
    """An equation with each of its parts exchanged for what one slip makes of it; always in the same order.

    >>> from chalkwork import Graph
    >>> [str(one) for one in slips(Graph("c = a + b").solve(a=1, b=2).derivation, "c")[0]][:3]
    ['a^2 + b', '1 - a + b', '2 * a + b']
    """
    found: list[list[Expression]] = []
    expression = derivation[name].expression
    update, own = derivation[name].stage == Stage.UPDATE, base_of(name)
    into = [one.name for one in names_in(expression) if update and base_of(one.name) != own]
    before = [derivation[one].expression for one in into if one in derivation]
    near = dict.fromkeys((*names_in(expression), *(one for each in before for one in names_in(each))))
    for part in islice((one for one in walk(expression) if not isinstance(one, Number)), _MOST_PARTS):
        one = [part**2, 1 - part, 2 * part, part / 2, -part, 0 * part, left_out(part)]
        others = [each for each in near if each != part and each.shape == part.shape]
        one += [made for each in others[:_MOST_NEAR] for made in (each, part * each, part + each)]
        one += [part * each for each in near if not each.shape and each != part and part.shape]
        inside = [each for each in names_in(part) if each.shape == part.shape != ()]
        one += [made for n in inside[:2] if n != part for made in (n * (1 - n), 1 - n**2, (1 - n) ** 2)]
        found.append([exchanged(expression, {part: each}) for each in one])
    return found


def alike(expression: Expression) -> list[list[Application]]:
    """The parts that one mistake changes all: made by the same operation in several places, or in the same form."""
    found: dict[str, list[Application]] = {}
    for part in walk(expression):
        if isinstance(part, Application):
            found.setdefault(f"{part.operation.name} {part.parameters}", []).append(part)
            found.setdefault(f"form {transform(part, _unnamed)}", []).append(part)
    return [list(each) for each in dict.fromkeys(tuple(each) for each in found.values()) if len(each) > 1]


def _unnamed(node: Expression) -> Expression | None:
    return Name("", node.shape) if isinstance(node, Name) else None


def all_exchanged(expression: Expression, parts: list[Application], number: int) -> Expression | None:
    """All of these parts with their relative of this number; None where one of them has none."""
    made: dict[Expression, Expression] = {}

    def changed(node: Expression) -> Expression | None:
        return made.get(node)

    for part in parts:  # what is inside of another one comes first
        inner = transform(part, changed)
        known = relatives(inner)
        if number >= len(known):
            return None
        made[part] = known[number]
    return transform(expression, changed)
