"""The time index of a name: `h1_t2` is what `h1` is at step 2, so that one equation is the same for t = 1, ..., T.

The index stands behind the layer and before what an update adds (`h1_t2_new`). `h1_tt` and `h1_tt-1` are the same at a
step t that is no number, and at the one before.
"""

from __future__ import annotations

import re
from functools import lru_cache, reduce

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, rebuild, transform, walk
from chalkwork.algebra.operations import Operation, Precedence
from chalkwork.algebra.operations.sequences import sequence

_TIMED = re.compile(r"(\w*?[^_\W])_t(\d+|t(?:[+-]\d+)?)((?:_new\d*)?)")


def at_time(name: str, step: int | str) -> str:
    """The name at a step.

    >>> at_time("h1", 2), at_time("h1_new", 2), at_time("x", "t-1")
    ('h1_t2', 'h1_t2_new', 'x_tt-1')
    """
    stem, new, tail = name.partition("_new")
    return f"{stem}_t{step}{new}{tail}"


def split_time(name: str) -> tuple[str, str]:
    """The name without its time index, and that index; empty where there is none.

    >>> split_time("h1_t2_new"), split_time("W1_new"), split_time("h1_tt-1")
    (('h1_new', '2'), ('W1_new', ''), ('h1', 't-1'))
    """
    found = _TIMED.fullmatch(name) if "_t" in name else None
    return (name, "") if found is None else (f"{found[1]}{found[3]}", found[2])


def step_of(name: str) -> int | None:
    """At which step the name is; None where it has no time index.

    >>> step_of("h1_t2"), step_of("W1"), step_of("h1_tt")
    (2, None, None)
    """
    step = split_time(name)[1]
    return int(step) if step.isdigit() else None


def relative(step: int, origin: int) -> str:
    """A step as it is counted from another one, that is called t.

    >>> relative(3, 3), relative(2, 3), relative(4, 3)
    ('t', 't-1', 't+1')
    """
    return f"t{step - origin:+d}" if step != origin else "t"


def template(expression: Expression, origin: int) -> Expression:
    """The expression with every step counted from t: equal for all steps at which the equation is the same.

    >>> print(template(Name("u") * Name("h_t1") + Name("x_t2"), 2))
    u * h_tt-1 + x_tt
    """

    def rule(node: Expression) -> Expression | None:
        if isinstance(node, Name):
            step = step_of(node.name)
            return None if step is None else Name(at_time(split_time(node.name)[0], relative(step, origin)), node.shape)
        if isinstance(node, Application) and node.operation.name == "moment":
            (whole,), at = node.arguments, node.parameters[0]
            if isinstance(whole, Name) and isinstance(at, int):
                return Name(at_time(whole.name, relative(at, origin)), node.shape)
        return None

    return transform(expression, rule)


def moment_of(node: Application) -> Expression:
    """One step of an expression in terms of the steps of its names, as far as that can be.

    >>> a, W = Name("a", (3, 2)), Name("W", (2, 2))
    >>> print(moment_of(apply("moment", apply("tanh", a @ W), at=2, along=-2)))
    tanh(moment(a, at=2) @ W)
    """
    (whole,), (at, axis, before) = node.arguments, node.parameters
    if not isinstance(whole, Application):
        return node

    def same(part: Expression) -> Expression:
        return moment_of(apply("moment", part, at=at, along=axis))

    name, arguments = whole.operation.name, whole.arguments
    if name == "sequence":
        return arguments[int(str(at)) - 1]
    if name == "at_moment":
        return arguments[0] if whole.parameters[0] == at else apply("broadcast", Number(0), shape=node.shape)
    if name == "broadcast" and not arguments[0].shape:
        return apply("broadcast", arguments[0], shape=node.shape)
    if whole.operation.entrywise and all(part.shape in ((), before) for part in arguments):
        parts = [same(part) if part.shape else part for part in arguments]
        return apply(name, *parts, **whole.named_parameters)
    if name == "matmul":
        left, right = arguments
        if axis == -2 and len(right.shape) == 2 and len(left.shape) == len(whole.shape):
            return apply("matmul", same(left), right)
        if axis == -1 and len(left.shape) == 2 and len(right.shape) == len(whole.shape):
            return apply("matmul", left, same(right))
    return node


def summands(expression: Expression) -> list[Expression]:
    """The terms of a sum, in order; the expression itself where it is none."""
    found: list[Expression] = []
    while isinstance(expression, Application) and expression.operation.name == "add":
        expression, last = expression.arguments
        found.append(last)
    return [expression, *reversed(found)]


def over_steps(expression: Expression) -> Expression | None:
    """A sum over all steps as one term with the index t, as it is written; None where the steps differ.

    >>> print(over_steps(Name("x_t1") * Name("d_t1") + Name("x_t2") * Name("d_t2")))
    over_steps(x_tt * d_tt)
    """
    parts = summands(expression)
    if len(parts) < 2:
        return None
    places = [last_step(part) for part in parts]
    if places != list(range(1, len(parts) + 1)):
        return None
    forms = {template(part, place or 0) for part, place in zip(parts, places, strict=True)}
    return Application(_over_steps(len(parts)), tuple(forms), ()) if len(forms) == 1 else None


@lru_cache(maxsize=256)
def _over_steps(count: int) -> Operation:
    """A sum over so many steps, to be written only."""
    return Operation(
        name="over_steps",
        value=lambda xp, x: x,
        adjoint=(None,),
        shape=lambda shapes: shapes[0],
        precedence=Precedence.PRODUCT,
        slots=(Precedence.PRODUCT,),
        latex=rf"\sum_{{t=1}}^{{{count}}} <0>",
        text="∑ₜ <0>",
    )


def last_step(expression: Expression) -> int | None:
    """The latest step that an expression speaks of."""
    return max((step for step in _steps(expression)), default=None)


def first_step(expression: Expression) -> int | None:
    """The earliest step that an expression speaks of."""
    return min(_steps(expression), default=None)


def _steps(expression: Expression) -> list[int]:
    steps = []
    for node in walk(expression):
        if isinstance(node, Name):
            steps.append(step_of(node.name))
        elif isinstance(node, Application) and node.operation.name in ("moment", "at_moment"):
            steps.append(int(str(node.parameters[0])))
    return [step for step in steps if step is not None]


def in_time(expression: Expression) -> Expression:
    """Sums over steps from the first step to the last, and steps that are all there as the sequence that they make.

    >>> print(in_time(Name("d_t3") + Name("d_t1") + Name("d_t2")))
    d_t1 + d_t2 + d_t3
    """
    known: dict[Expression, Expression] = {}

    def visit(node: Expression) -> Expression:
        if not isinstance(node, Application):
            return node
        if node not in known:
            if node.operation.name == "add":
                known[node] = _in_order([visit(part) for part in summands(node)])
            else:
                known[node] = rebuild(node, tuple(visit(part) for part in node.arguments))
        return known[node]

    return visit(expression)


def _in_order(parts: list[Expression]) -> Expression:
    steps = [first_step(part) for part in parts]
    if None not in steps and len(set(steps)) == len(steps):
        parts = [part for _, part in sorted(zip(steps, parts, strict=True), key=lambda pair: pair[0] or 0)]
    elif None not in steps and len(set(steps)) == 1 and len(parts) > 2:
        parts.reverse()  # as they came in the forward pass
    first = parts[0]
    if isinstance(first, Application) and first.operation.name == "at_moment":
        along, shape = first.parameters[1:]
        assert isinstance(along, int) and isinstance(shape, tuple)
        places = [
            part.parameters[0]
            for part in parts
            if isinstance(part, Application)
            and part.operation.name == "at_moment"
            and part.parameters[1:] == (along, shape)
        ]
        if places == list(range(1, shape[along] + 1)) and len(places) == len(parts):
            own = tuple(part.arguments[0] for part in parts if isinstance(part, Application))
            return Application(sequence(len(own), along, shape), own, (along,))
    return reduce(lambda left, right: apply("add", left, right), parts)
