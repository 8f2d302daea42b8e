"""Mistakes where one sample is presented after the other, and where patterns are stored and recalled.

The equations of a presentation say by their stage what they are, and by their names which presentation they belong to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from chalkwork.algebra.expression import Expression, Name, Number, apply, names_in, replace
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.entry import Mistake, Rewrites
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.derivation.derivation import Equation

_NAME = re.compile(r"([A-Za-z]+)(\d*)")
_CHANGES = ("dw", "db", "dtheta")
Rewrite = Callable[[str, int, Equation, Context], Iterator[Expression]]


def _of(stage: str, *letters: str) -> Callable[[Rewrite], Rewrites]:
    """A rewrite of the equations of a stage whose names are these letters with a number."""

    def decorated(rewrite: Rewrite) -> Rewrites:
        def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
            found = _NAME.fullmatch(equation.name)
            if equation.stage.id == stage and found and found[2] and found[1] in letters:
                yield from rewrite(found[1], int(found[2]), equation, context)

        return rewrites

    return decorated


def _exchanged(equation: Equation, old: Name, new: Expression) -> Iterator[Expression]:
    if old in names_in(equation.expression):
        yield replace(equation.expression, {old: new})


def _named(equation: Equation, letter: str) -> Name | None:
    """The name of that letter, with any number, in the equation."""
    found = (_NAME.fullmatch(name.name) for name in names_in(equation.expression))
    whole = next((one[0] for one in found if one and one[1] == letter), None)
    return next((name for name in names_in(equation.expression) if name.name == whole), None)


def _other_at_zero(equation: Equation, context: Context) -> Iterator[Expression]:
    """A step or a sign that is something else where the net input is 0."""
    function = equation.expression
    if is_operation(function, "step", "sign") and isinstance(function.arguments[0], Name):
        values = (0, 1) if function.operation.name == "step" else (-1, 0, 1)
        for value in values:
            if value != function.named_parameters["at_zero"]:
                yield apply(function.operation.name, function.arguments[0], at_zero=value)
    elif is_operation(function, "add"):
        plain = function.arguments[0]  # a unit that keeps its state at 0
        if is_operation(plain, "step", "sign"):
            yield apply(plain.operation.name, plain.arguments[0], at_zero=1)
            yield plain


@_of("presentation", *_CHANGES)
def _by_target(letter: str, step: int, equation: Equation, context: Context) -> Iterator[Expression]:
    error, target = (
        Name(f"e{step}"),
        _named(context.derivation[f"e{step}"], "y") if f"e{step}" in context.derivation else None,
    )
    if target is not None and f"a{step}" in context.derivation:
        yield from _exchanged(equation, error, target)
    yield from _exchanged(equation, Name(f"wrong{step}"), Number(1))


@_of("presentation", "e", "delta", "dw", "db")
def _turned(letter: str, step: int, equation: Equation, context: Context) -> Iterator[Expression]:
    yield -equation.expression


def _as_bias(equation: Equation, context: Context) -> Iterator[Expression]:
    """A threshold that is added, or that changes as a bias does."""
    if equation.stage.id not in ("presentation", "rows"):
        return
    threshold = _named(equation, "theta")
    if equation.name.startswith("dtheta"):
        yield -equation.expression
    elif threshold is not None and equation.name.startswith("z"):
        yield from _exchanged(equation, threshold, -threshold)


@_of("presentation", "e")
def _other_targets(letter: str, step: int, equation: Equation, context: Context) -> Iterator[Expression]:
    target = _named(equation, "y")
    if target is not None:
        yield from _exchanged(equation, target, (target + 1) / 2)
        yield from _exchanged(equation, target, 2 * target - 1)


@_of("presentation", "e")
def _of_before(letter: str, step: int, equation: Equation, context: Context) -> Iterator[Expression]:
    for output in ("a", "z"):
        if f"{output}{step - 1}" in context.derivation:
            yield from _exchanged(equation, Name(f"{output}{step}"), Name(f"{output}{step - 1}"))


@_of("presentation", *_CHANGES)
def _without_rate(letter: str, step: int, equation: Equation, context: Context) -> Iterator[Expression]:
    yield from _exchanged(equation, Name("eta"), Number(1))


@_of("presentation", "z", "w", "b", "theta")
def _from_start(letter: str, step: int, equation: Equation, context: Context) -> Iterator[Expression]:
    starts: dict[Expression, Expression] = {
        name: Name(f"{found[1]}0", name.shape)
        for name in names_in(equation.expression)
        if (found := _NAME.fullmatch(name.name)) and found[1] in ("w", "b", "theta")
    }
    if any(name != start for name, start in starts.items()):
        yield replace(equation.expression, starts)


@_of("presentation", "w", "b", "theta")
def _unchanged(letter: str, step: int, equation: Equation, context: Context) -> Iterator[Expression]:
    if is_operation(equation.expression, "add"):
        yield equation.expression.arguments[0]


@_of("presentation", "e")
def _other_side(letter: str, step: int, equation: Equation, context: Context) -> Iterator[Expression]:
    if f"a{step}" in context.derivation:
        yield from _exchanged(equation, Name(f"a{step}"), Name(f"z{step}"))
    else:
        for name in ("sign", "step"):
            yield from _exchanged(equation, Name(f"z{step}"), apply(name, Name(f"z{step}"), at_zero=1))


@_of("presentation", "delta")
def _without_slope(letter: str, step: int, equation: Equation, context: Context) -> Iterator[Expression]:
    yield from _exchanged(equation, Name(f"slope{step}"), Number(1))


def _self_connected(equation: Equation, context: Context) -> Iterator[Expression]:
    """Hebb's weights with their diagonal."""
    identity = next((name for name in names_in(equation.expression) if name.name == "I"), None)
    if equation.stage.id == "store" and identity is not None:
        yield replace(equation.expression, {identity: 0 * identity})


@_of("recall", "net")
def _old_state(letter: str, step: int, equation: Equation, context: Context) -> Iterator[Expression]:
    state = Name(f"s{step - 1}")
    known = next((name for name in names_in(equation.expression) if name.name == state.name), None)
    if known is not None and step > 1:
        yield from _exchanged(equation, known, Name("s0", known.shape))


@_of("recall", "E")
def _energy(letter: str, step: int, equation: Equation, context: Context) -> Iterator[Expression]:
    yield -equation.expression
    yield 2 * equation.expression
    yield -2 * equation.expression


MISTAKES = (
    Mistake(
        id="jump-at-zero",
        title="What the unit is at 0",
        explanation="<this> takes another value at 0 than was agreed.",
        hint="The net input is exactly zero. What was agreed for that?",
        likelihood=9,
        rewrites=_other_at_zero,
    ),
    Mistake(
        id="updated-without-error",
        title="A change by the target instead of the error",
        explanation="<this> was made with the target where the error belongs, so that something changes although the "
        "output is right.",
        hint="What is to happen in a row in which the output is the target?",
        likelihood=9,
        rewrites=_by_target,
    ),
    Mistake(
        id="correction-turned",
        title="The correction has the wrong sign",
        explanation="<this> has the wrong sign: the error is the target minus the output, and what makes it smaller is "
        "added.",
        hint="The output is too small. Are the weights of positive inputs to grow or to shrink?",
        likelihood=8.5,
        rewrites=_turned,
    ),
    Mistake(
        id="threshold-as-bias",
        title="The threshold was treated as a bias",
        explanation="<this> treats the threshold as a bias. It is subtracted from the weighted sum, so that it changes "
        "the other way.",
        hint="The output is too small. Is the threshold to grow or to shrink?",
        likelihood=8,
        rewrites=_as_bias,
    ),
    Mistake(
        id="other-targets",
        title="Targets of 0 and 1 for −1 and 1, or the other way round",
        explanation="<this> was made with the target in the other code: 0 and 1 in the place of −1 and 1, or the other "
        "way round.",
        hint="Which two values do the targets have here?",
        likelihood=6,
        rewrites=_other_targets,
    ),
    Mistake(
        id="output-of-before",
        title="The output of the row before",
        explanation="<this> was made with the output of the presentation before.",
        hint="Which output belongs to this sample?",
        likelihood=5,
        rewrites=_of_before,
    ),
    Mistake(
        id="rate-left-out",
        title="The change without the learning rate",
        explanation="<this> was not multiplied by the learning rate.",
        hint="How large is one step?",
        likelihood=7,
        rewrites=_without_rate,
    ),
    Mistake(
        id="weights-of-the-start",
        title="The weights of the start",
        explanation="<this> was made with the weights of the start instead of those after the presentation before.",
        hint="With which weights does this row begin?",
        likelihood=8,
        rewrites=_from_start,
    ),
    Mistake(
        id="correction-not-added",
        title="The weights were not changed",
        explanation="<this> is what it was before this presentation.",
        hint="What does the change of this row do to the weights?",
        likelihood=5,
        rewrites=_unchanged,
    ),
    Mistake(
        id="net-or-output",
        title="The error of the net input, or of the output",
        explanation="<this> compares the target with the wrong one of the two: the perceptron rule takes the output, "
        "the delta rule the net input before the threshold.",
        hint="Which of the two does this rule compare with the target?",
        likelihood=7.5,
        rewrites=_other_side,
    ),
    Mistake(
        id="slope-left-out",
        title="The slope of the activation was left out",
        explanation="<this> is the error alone, without the slope of the activation.",
        hint="How much does the output change when the net input does?",
        likelihood=7,
        rewrites=_without_slope,
    ),
    Mistake(
        id="self-connected",
        title="Units connected with themselves",
        explanation="The diagonal of <this> was kept: no unit is connected with itself.",
        hint="What stands on the diagonal?",
        likelihood=8,
        rewrites=_self_connected,
    ),
    Mistake(
        id="state-of-the-start",
        title="The state of the start",
        explanation="<this> was made with the state of the start instead of that after the step before.",
        hint="Which units have changed already?",
        likelihood=7,
        rewrites=_old_state,
    ),
    Mistake(
        id="energy-factor",
        title="The factor of the energy",
        explanation="<this> has another factor in front: the energy has a minus sign, and one half where every pair of "
        "units is counted twice.",
        hint="How often does each pair of units occur in the sum?",
        likelihood=7,
        rewrites=_energy,
    ),
)
