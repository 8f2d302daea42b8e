"""Mistakes in recurrences: the state before, gates and cell, the state at the start, sums over the steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, names_in, replace, transform
from chalkwork.algebra.simplify import simplify
from chalkwork.algebra.times import last_step, split_time, step_of, summands
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.products import attempts
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.derivation.derivation import Equation

GATE_FUNCTIONS = ("sigmoid", "tanh")


def _same_step(equation: Equation, context: Context) -> list[Equation]:
    """The other forward equations of the step, where it is one of a recurrence; a layer has a number of its own."""
    step = step_of(equation.name)
    if step is None or equation.derivative is not None:
        return []
    layer = _layer(equation.name)
    return [
        one
        for one in context.derivation.equations
        if one is not equation and one.derivative is None and step_of(one.name) == step and _layer(one.name) == layer
    ]


def _layer(name: str) -> str:
    return split_time(name)[0].lstrip("abcdefghijklmnopqrstuvwxyz")


def _gates(equation: Equation, context: Context) -> list[Name]:
    """The gates of the step, which lie between 0 and 1."""
    return [one.symbol for one in _same_step(equation, context) if is_operation(one.expression, "sigmoid")]


def _function_of_gate(equation: Equation, context: Context) -> Iterator[Expression]:
    """The sigmoid for the tanh, or the other way round, where a step has both."""
    others = {one.expression.operation.name for one in _same_step(equation, context)
              if isinstance(one.expression, Application)}  # fmt: skip
    for one, other in permutations(GATE_FUNCTIONS):
        if is_operation(equation.expression, one) and other in others:
            yield apply(other, *equation.expression.arguments)


def _other_gate(equation: Equation, context: Context) -> Iterator[Expression]:
    """What belongs to another gate: its weights in a net input, its net input, or itself where it is used."""
    nets = [
        one.expression
        for one in _same_step(equation, context)
        if _is_net(one, context)
        and Name(one.name, one.expression.shape) not in names_in(equation.expression)
        and all(context.is_parameter(name) or context.known_before(name, equation) for name in names_in(one.expression))
    ]
    if is_operation(equation.expression, *GATE_FUNCTIONS):
        yield from (apply(equation.expression.operation.name, net) for net in nets)
        return
    if _is_net(equation, context):
        yield from nets
        return
    gates = _gates(equation, context)
    used = [gate for gate in gates if gate in names_in(equation.expression)]
    for gate in used:
        for other in gates:
            if other != gate:
                exchanged: dict[Expression, Expression] = {gate: other}
                if other in used:
                    exchanged[other] = gate
                yield replace(equation.expression, exchanged)


def _is_net(equation: Equation, context: Context) -> bool:
    """Whether it is a weighted sum."""
    weighted = is_operation(equation.expression, "add") and equation.derivative is None
    return weighted and any(context.is_parameter(one) for one in names_in(equation.expression))


def _state_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    """Without the terms of the step before."""
    step = step_of(equation.name)
    if step is None or equation.derivative is not None:
        return
    terms = summands(equation.expression)
    kept = [term for term in terms if all(step_of(name.name) != step - 1 for name in names_in(term))]
    if kept and len(kept) < len(terms):
        yield _total(kept)


def _total(terms: list[Expression]) -> Expression:
    whole = terms[0]
    for term in terms[1:]:
        whole = whole + term
    return whole


def _next_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    """A derivative at a step without what comes from the step after it."""
    step = step_of(equation.name)
    if step is None or equation.derivative is None:
        return

    def without(node: Expression) -> Expression | None:
        terms = summands(node)
        kept = [term for term in terms if all(step_of(name.name) != step + 1 for name in names_in(term))]
        return _total(kept) if kept and len(kept) < len(terms) else None

    result = next(attempts([lambda: transform(equation.expression, without)]), equation.expression)
    if result != equation.expression and result.shape == equation.expression.shape:
        yield result


def _steps_of_sum(equation: Equation) -> list[Expression]:
    """The terms of a gradient that is a sum over steps."""
    terms = summands(equation.expression)
    if equation.derivative is None or step_of(equation.name) is not None or len(terms) < 2:
        return []
    steps = [last_step(term) for term in terms]
    return terms if steps == list(range(1, len(terms) + 1)) else []


def _last_only(equation: Equation, context: Context) -> Iterator[Expression]:
    yield from _steps_of_sum(equation)[-1:]


def _averaged(equation: Equation, context: Context) -> Iterator[Expression]:
    terms = _steps_of_sum(equation)
    if terms:
        yield equation.expression / Number(len(terms))


def _kept_by_input(equation: Equation, context: Context) -> Iterator[Expression]:
    """The old cell times the gate that the candidate has."""
    terms, step = summands(equation.expression), step_of(equation.name)
    if len(terms) != 2 or step is None or equation.derivative is not None:
        return
    gates = _gates(equation, context)
    first, second = ([name for name in names_in(term) if name in gates] for term in terms)
    if len(first) == len(second) == 1 and first != second:
        yield replace(terms[0], {first[0]: second[0]}) + terms[1]


def _update_turned(equation: Equation, context: Context) -> Iterator[Expression]:
    """A gate where one minus it belongs, and the other way round."""
    for gate in _gates(equation, context):
        mixed = _is_turned(equation.expression, gate)
        if mixed:
            yield simplify(replace(equation.expression, {gate: 1 - gate}))


def _is_turned(expression: Expression, gate: Name) -> bool:
    terms = [names_in(term) for term in summands(expression)]
    return len(terms) == 2 and all(gate in term for term in terms)


def _reset_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    """The candidate without the gate in it."""
    if not _is_net(equation, context):
        return
    for gate in _gates(equation, context):
        if gate in names_in(equation.expression):
            yield simplify(replace(equation.expression, {gate: Number(1) + 0 * gate}))


def _reset_elsewhere(equation: Equation, context: Context) -> Iterator[Expression]:
    """The gate before the weights instead of after them, or the other way round."""
    if not _is_net(equation, context):
        return
    gates = _gates(equation, context)

    def moved(node: Expression) -> Expression | None:
        if is_operation(node, "matmul"):
            for place, part in enumerate(node.arguments):
                if is_operation(part, "multiply") and part.arguments[0] in gates:
                    gate, state = part.arguments
                    inner = [state if place == index else other for index, other in enumerate(node.arguments)]
                    return gate * apply("matmul", *inner)
        if is_operation(node, "multiply") and node.arguments[0] in gates and is_operation(node.arguments[1], "matmul"):
            gate, product = node.arguments
            assert isinstance(product, Application)
            parts = [gate * part if isinstance(part, Name) and step_of(part.name) is not None else part
                     for part in product.arguments]  # fmt: skip
            return apply("matmul", *parts)
        return None

    result = next(attempts([lambda: transform(equation.expression, moved)]), equation.expression)
    if result != equation.expression and result.shape == equation.expression.shape:
        yield result


def _tanh_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    """The cell itself where its tanh belongs."""
    if step_of(equation.name) is None or equation.derivative is not None or not _gates(equation, context):
        return

    def bare(node: Expression) -> Expression | None:
        return node.arguments[0] if is_operation(node, "tanh") else None

    if is_operation(equation.expression, "multiply"):
        result = transform(equation.expression, bare)
        if result != equation.expression:
            yield result


def _started(value: Callable[[Name], Expression]) -> Callable[[Equation, Context], Iterator[Expression]]:
    """Another state before the first step: where it is stated, or where it is used."""

    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        step = step_of(equation.name)
        if equation.derivative is not None or step not in (0, 1):
            return
        if step == 0:
            yield value(equation.symbol)
            return
        starts = [name for name in names_in(equation.expression) if step_of(name.name) == 0]
        yield from (replace(equation.expression, {name: value(name)}) for name in starts)

    return rewrites


def _ones(name: Name) -> Expression:
    return apply("broadcast", Number(1), shape=name.shape)


def _started_with_input(equation: Equation, context: Context) -> Iterator[Expression]:
    """What enters at the first step in the place of the state before it."""
    if equation.derivative is not None or step_of(equation.name) != 1:
        return
    starts = [name for name in names_in(equation.expression) if step_of(name.name) == 0]
    found: list[Expression] = []

    def see(node: Expression) -> Expression | None:
        if is_operation(node, "moment"):
            found.append(node)
        return None

    transform(equation.expression, see)
    for name in starts:
        yield from (
            replace(equation.expression, {name: entering}) for entering in found if entering.shape == name.shape
        )


MISTAKES = (
    Mistake(
        id="state-before-forgotten",
        title="The state of the step before was forgotten",
        explanation="<this> holds only what enters at this step; the state of the step before was left out.",
        hint="What does a recurrent layer remember, and where does that enter?",
        likelihood=7,
        rewrites=_state_forgotten,
    ),
    Mistake(
        id="gate-with-other-function",
        title="The other function of a gate",
        explanation="<this> was worked out with the sigmoid where the tanh belongs, or with the tanh for the sigmoid.",
        hint="Between which numbers does a gate lie, and a candidate? Which of them is this?",
        likelihood=7,
        rewrites=_function_of_gate,
    ),
    Mistake(
        id="gates-in-another-order",
        title="The gates stand in another order",
        explanation="In <this> another gate was used, or the weights of another gate.",
        hint="In which order are the gates listed here? Libraries and books differ.",
        likelihood=6,
        rewrites=_other_gate,
        alone=True,
    ),
    Mistake(
        id="cell-kept-by-input-gate",
        title="The old cell was multiplied by the input gate",
        explanation="For <this> the cell of the step before was multiplied by the gate that belongs to the candidate.",
        hint="Which gate says how much of the old cell is kept?",
        likelihood=6.5,
        rewrites=_kept_by_input,
    ),
    Mistake(
        id="update-gate-turned",
        title="The update gate weighs the other part",
        explanation="In <this> the gate and one minus it have changed places.",
        hint="What becomes of the state where the update gate is shut? The exercise says which part it weighs.",
        likelihood=7,
        rewrites=_update_turned,
    ),
    Mistake(
        id="reset-gate-forgotten",
        title="The reset gate was forgotten",
        explanation="In <this> the state of the step before enters whole; the reset gate was left out.",
        hint="What is the reset gate for? Look at what the candidate sees of the old state.",
        likelihood=6,
        rewrites=_reset_forgotten,
    ),
    Mistake(
        id="reset-gate-elsewhere",
        title="The reset gate was multiplied in another place",
        explanation="For <this> the reset gate was multiplied on the other side of the weights.",
        hint="Does the reset gate multiply the state, or the product of weights and state? The exercise says it.",
        likelihood=5,
        rewrites=_reset_elsewhere,
    ),
    Mistake(
        id="cell-tanh-forgotten",
        title="The tanh of the cell was forgotten",
        explanation="<this> holds the output gate times the cell itself, without the tanh.",
        hint="In which interval does a state lie? And the cell?",
        likelihood=7,
        rewrites=_tanh_forgotten,
    ),
    Mistake(
        id="initial-state-of-ones",
        title="The state before the first step was taken as 1",
        explanation="For <this> the state before the first step was taken as 1 in every entry.",
        hint="Which state does the exercise start from?",
        likelihood=4,
        rewrites=_started(_ones),
    ),
    Mistake(
        id="initial-state-is-input",
        title="The input was taken as the state before the first step",
        explanation="For <this> what enters at the first step was used as the state before it, too.",
        hint="Two things enter at the first step. Where does each of them come from?",
        likelihood=3,
        rewrites=_started_with_input,
    ),
    Mistake(
        id="last-step-only",
        title="Only the last step was counted",
        explanation="<this> is the gradient of the last step alone; those of the steps before were not added.",
        hint="At how many steps are these weights used? Each of them adds to the gradient.",
        likelihood=9.5,
        rewrites=_last_only,
    ),
    Mistake(
        id="steps-averaged",
        title="The mean over the steps instead of the sum",
        explanation="<this> is the sum over the steps divided by their number.",
        hint="The same weight acts at every step. Does the loss change by the mean of these effects, or by their sum?",
        likelihood=4,
        rewrites=_averaged,
    ),
    Mistake(
        id="next-step-forgotten",
        title="What comes from the next step is missing",
        explanation="<this> holds what comes from the output of this step only; the error of the next step is missing.",
        hint="On how many ways does the state of a step reach the loss?",
        likelihood=7,
        rewrites=_next_forgotten,
    ),
)
