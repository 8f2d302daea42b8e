"""What is worked out of a graph: forward, backward from an output or from slopes that are given, updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any, NamedTuple

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, apply, names_in, transform, walk
from chalkwork.algebra.operations import words
from chalkwork.algebra.reading import build, free_names
from chalkwork.algebra.simplify import SumsToOne
from chalkwork.derivation.chain import Paths
from chalkwork.derivation.derivation import Derivation, Derivative, Equation, Stage, suffix_of
from chalkwork.derivation.evaluate import evaluate, evaluate_each
from chalkwork.derivation.work_out import check_cost
from chalkwork.errors import ChalkworkError, ReadError, ShapeError
from chalkwork.networks.graph_slopes import Target, adjoints, local_derivatives, through_paths
from chalkwork.networks.graph_text import Slope, Typed, short
from chalkwork.words import Text

_SOFTMAXES = ("softmax", "causal_softmax", "masked_softmax")


class Givens(NamedTuple):
    """Values by name (drawn at random where there are only letters), and which of them are matrices."""

    arrays: dict[str, Any]
    matrices: set[str]
    slopes: tuple[Slope, ...]
    letters_only: bool


class Work:
    """The equations of one exercise: forward, what is differentiated, and what an update makes of it."""

    def __init__(self, typed: Typed, output: str, given: Givens) -> None:
        self.typed, self.output, self.given = typed, output, given
        self.start = {
            name: Name(name, value.shape if name in given.matrices else ()) for name, value in given.arrays.items()
        }
        self.parts: dict[str, tuple[str, str]] = {}
        """What the scores and the weights of an attention are called that was typed in one equation."""
        self.forward = self._with_zero_targets(self._forward({}, Stage.FORWARD))
        if given.letters_only:
            self._take_targets_as_shares()
        self.upstream: list[Equation] = []
        self.target = self._target()

    def _forward(self, names: Mapping[str, Name], stage: Stage, suffix: str = "") -> list[Equation]:
        """Every equation; after an update those that depend on what was changed, under their new names."""
        known: dict[str, Expression] = {**self.start, **{one.name: one.symbol for one in getattr(self, "forward", ())}}
        known |= names
        changed = set(names)
        equations = []
        for name in self.typed.order:
            syntax, text = self.typed.equations[name]
            if suffix and not changed & {*free_names(syntax)}:
                continue
            try:
                expression = build(syntax, known)
                _check_crossing(expression)
            except ChalkworkError as error:
                error.equation = short(f"{name} = {text}")
                raise
            for part, form in self._taken_apart(name, expression, suffix):
                equations.append(Equation(f"{part}{suffix}", form, stage))
                known[part] = equations[-1].symbol
                changed.add(part)
        return equations

    def _taken_apart(self, name: str, expression: Expression, suffix: str) -> list[tuple[str, Expression]]:
        """An equation; one that holds a whole attention as its scores S, their softmax P, and the product with V."""
        if not (isinstance(expression, Application) and expression.operation.name == "matmul"):
            return [(name, expression)]
        for place, shares in enumerate(expression.arguments):
            masked = isinstance(shares, Application) and shares.operation.name in _SOFTMAXES
            if not masked or isinstance(shares, Name) or 1 in shares.shape:
                continue
            assert isinstance(shares, Application)
            if name not in self.parts:
                taken = {*self.start, *self.typed.order, *(part for both in self.parts.values() for part in both)}
                number = next(n for n in range(1, 1000) if not {_numbered(one, n) for one in "SP"} & taken)
                self.parts[name] = (_numbered("S", number), _numbered("P", number))
            first, second = self.parts[name]
            scores = Name(f"{first}{suffix}", shares.shape)
            weights = Name(f"{second}{suffix}", shares.shape)
            factors = [weights if at == place else one for at, one in enumerate(expression.arguments)]
            inner, *mask = shares.arguments
            softmax = Application(shares.operation, (scores, *mask), shares.parameters)
            return [(first, inner), (second, softmax), (name, apply("matmul", *factors))]
        return [(name, expression)]

    def _with_zero_targets(self, equations: list[Equation]) -> list[Equation]:
        """The equations with 0 log 0 as 0 where that occurs."""
        nodes = (node for one in equations for node in walk(one.expression))
        if self.given.letters_only or not any(map(_times_logarithm, nodes)):
            return equations
        check_cost(Derivation(tuple(self.start.values()), tuple(equations)), self.given.arrays)
        values = evaluate_each(equations, self.given.arrays)

        def rule(node: Expression) -> Expression | None:
            pair = _times_logarithm(node)
            if pair is None:
                return None
            factor, inner = (evaluate(part, values) for part in pair)
            return apply("xlogy", *pair) if np.any((factor == 0) & (inner == 0)) else None

        return [replace(one, expression=transform(one.expression, rule)) for one in equations]

    def _take_targets_as_shares(self) -> None:
        """Of letters, what multiplies the logarithm of a softmax adds up to one, as the targets of classes do."""
        known = {one.name: one.expression for one in self.forward}
        for node in (node for one in self.forward for node in walk(one.expression)):
            pair = _times_logarithm(node)
            if pair is None or not isinstance(pair[0], Name) or pair[0].name not in self.given.matrices:
                continue
            inner = known.get(pair[1].name) if isinstance(pair[1], Name) else pair[1]
            if isinstance(inner, Application) and inner.operation.name == "softmax":
                sizes = np.abs(self.given.arrays[pair[0].name])
                axis = inner.named_parameters["axis"]
                along = axis if isinstance(axis, int) else (-2, -1)
                self.given.arrays[pair[0].name] = sizes / sizes.sum(axis=along, keepdims=True)

    def _target(self) -> Target:
        shapes = {one.name: one.symbol for one in self.forward}
        slopes: dict[str, Name] = {}
        of = self.output
        for slope in self.given.slopes:
            name = self.start[slope.name]
            _check_fits(slope, name, shapes[slope.by])
            slopes[slope.by], of = name, slope.of
        for slope, (syntax, _) in self.typed.slopes.items():
            known: dict[str, Expression] = {**self.start, **shapes}
            expression = build(syntax, known)
            of = slope.of
            if isinstance(expression, Name) and expression.name in self.typed.inputs:
                slopes[slope.by] = expression
            else:
                said = Text.own("graph.slope_given", "This derivative is given.")
                derivative = Derivative(slope.of, slope.by)
                self.upstream.append(Equation(slope.name, expression, Stage.BACKWARD, said, derivative))
                slopes[slope.by] = self.upstream[-1].symbol
            _check_fits(slope, slopes[slope.by], shapes[slope.by])
        facts, without = self._targets_of_logarithms()
        return Target(of, slopes, facts, without)

    def _targets_of_logarithms(self) -> tuple[tuple[SumsToOne, ...], frozenset[str]]:
        """What is known of givens that multiply a logarithm: which add up to one, and where it is that of zero."""
        facts: list[SumsToOne] = []
        without: set[str] = set()
        for node in (node for one in self.forward for node in walk(one.expression)):
            pair = _times_logarithm(node)
            if isinstance(node, Application) and node.operation.name == "xlogy":
                pair = node.arguments
                without |= {name.name for part in pair for name in names_in(part) if name.name in self.given.arrays}
            if pair is None or not isinstance(pair[0], Name) or pair[0].name not in self.given.matrices:
                continue
            value = self.given.arrays[pair[0].name]
            for axis in (-2, -1):
                if value.shape[axis] > 1 and np.all(np.abs(value.sum(axis=axis) - 1) < 1e-12):
                    facts.append(SumsToOne(pair[0].name, axis))
                    facts += [SumsToOne(pair[0].name, None)] if 1 in value.shape else []
        return tuple(facts), frozenset(without)

    # --- the derivation --------------------------------------------------------------------------------------------

    @property
    def names(self) -> dict[str, Name]:
        """What is given and what is computed, by name."""
        return {**self.start, **{one.name: one.symbol for one in self.forward}}

    @property
    def givens(self) -> dict[str, Any]:
        """The values of what is given."""
        return self.given.arrays

    def derivation(self, updated: Sequence[str], steps: int) -> Derivation:
        """Forward, backward, and where something is changed the update and everything again."""
        start = list(self.start.values())
        found = [*self.forward, *self.upstream, *self._backward(self.forward, start, self.target)]
        if not updated:
            return Derivation(tuple(start), tuple(found))
        if steps > 1 and self.target.slopes:
            raise ChalkworkError("a slope is given for the first step only, so there is no second one")
        eta = Name("eta")
        start = [*start, eta]
        current = {name: self.start[name] for name in updated}
        latest = {name: name for name in (*self.start, *(one.name for one in self.forward))}
        of = self.target.output
        for step in range(1, steps + 1):
            suffix = suffix_of(step)
            changed = []
            for name, old in current.items():
                slope = next((one for one in found if one.name == f"d{latest.get(of, of)}/d{old.name}"), None)
                if slope is None:
                    raise ChalkworkError(f"{of} does not depend on {name}, so no step changes it")
                changed.append(
                    Equation(f"{name}{suffix}", old - eta * _fitted(slope, old), Stage.UPDATE, _step_reason())
                )
            current = {name: one.symbol for name, one in zip(current, changed, strict=True)}
            again = self._forward(current, Stage.REEVALUATION, suffix)
            found += changed + again
            latest |= {name: f"{name}{suffix}" for name in current}
            latest |= {one.name.removesuffix(suffix): one.name for one in again}
            self._check_new([one.name for one in (*changed, *again)])
            if step < steps:
                found += self._again(found, latest, [one.name for one in changed])
        return Derivation(tuple(start), tuple(found))

    def _again(self, found: Sequence[Equation], latest: Mapping[str, str], wanted: Sequence[str]) -> list[Equation]:
        """The derivatives by what was changed, and what leads to them, after an update."""
        by_name = {one.name: one for one in found}
        forward = [by_name[latest[one.name]] for one in self.forward]
        givens = [by_name[new].symbol if (new := latest[name]) in by_name else one for name, one in self.start.items()]
        output = latest[self.target.output]
        whole = self._backward(forward, givens, self.target._replace(output=output))
        needed = {f"d{output}/d{name}" for name in wanted}
        fresh = [one for one in whole if one.name not in by_name]
        kept: list[Equation] = []
        for one in reversed(fresh):
            if one.name in needed:
                kept.append(one)
                needed |= {name.name for name in names_in(one.expression)}
        return kept[::-1]

    def _backward(self, forward: Sequence[Equation], givens: Sequence[Name], target: Target) -> list[Equation]:
        given = {one.name for one in target.slopes.values()}
        nodes = [one for one in givens if one.name not in given]
        shapes = [one.expression.shape for one in forward] + [one.shape for one in nodes]
        if not any(shapes):
            local = local_derivatives(Derivation(tuple(givens), tuple(forward)), Paths(target.closed(forward)))
            return [*local, *through_paths(forward, nodes, target)]
        output = next((one.expression.shape for one in forward if one.name == target.output), ())
        return adjoints(forward, nodes, target) if output in ((), (1, 1)) else []

    def _check_new(self, names: Sequence[str]) -> None:
        taken = [name for name in names if name in self.start or name in self.typed.equations]
        if taken:
            raise ChalkworkError(f"{taken[0]} is a name of the graph, and what a step makes too", hint="rename it")


def _fitted(slope: Equation, old: Name) -> Expression:
    """The derivative in the shape of what it changes."""
    return slope.symbol if slope.expression.shape == old.shape else apply("broadcast", slope.symbol, shape=old.shape)


def _numbered(letter: str, number: int) -> str:
    return letter if number == 1 else f"{letter}{number}"


def _step_reason() -> Text:
    return Text.own(
        "graph.step", "One step of gradient descent: the derivative, times the learning rate, is subtracted."
    )


def _check_crossing(expression: Expression) -> None:
    """Refuse a column and a row entry by entry: all pairs of entries are hardly meant."""
    for node in walk(expression):
        if not isinstance(node, Application) or not node.operation.entrywise or len(node.arguments) != 2:
            continue
        for one, other in (node.arguments, node.arguments[::-1]):
            flat = len(one.shape) == len(other.shape) == 2 and one.shape[1] == other.shape[0] == 1
            if flat and one.shape[0] > 1 and other.shape[1] > 1:
                product = node.operation.name == "multiply"
                ones = f"[[{', '.join('1' * min(3, other.shape[1]))}{', ...' * (other.shape[1] > 3)}]]"
                pairs = f"outer({one}, {other})" if product else f"{one} @ {ones} in place of {one}"
                raise ReadError(
                    f"{one} is a column of {one.shape[0]} entries and {other} a row of {other.shape[1]}: entry by "
                    f"entry, {one}.T and {other}, or all pairs, {pairs}?"
                )


def _times_logarithm(node: Expression) -> tuple[Expression, ...] | None:
    """The factor and what the logarithm is taken of, where the node is the product of both."""
    if not isinstance(node, Application) or node.operation.name != "multiply":
        return None
    factor, other = node.arguments
    if isinstance(other, Application) and other.operation.name == "log":
        return factor, other.arguments[0]
    return None


def _check_fits(slope: Slope, given: Name, node: Name) -> None:
    if prod(given.shape) != prod(node.shape) or (given.shape and node.shape and given.shape != node.shape):
        raise ShapeError(f"{slope.name} is {words(given.shape)}, but {slope.by} is {words(node.shape)}")
