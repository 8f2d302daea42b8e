"""Graph: a computation graph from plain text, its local derivatives, and the derivative of its output by every node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, apply, names_in, transform, walk
from chalkwork.algebra.operations import words
from chalkwork.algebra.reading import Syntax, build, canonical, free_names
from chalkwork.algebra.reading.words import CONSTANTS
from chalkwork.algebra.simplify import SumsToOne
from chalkwork.derivation.chain import Paths
from chalkwork.derivation.derivation import Derivation, Derivative, Equation, Stage
from chalkwork.derivation.evaluate import evaluate, evaluate_each
from chalkwork.errors import ChalkworkError, ReadError, ShapeError
from chalkwork.networks.arguments import number
from chalkwork.networks.data import as_array
from chalkwork.networks.graph_slopes import Target, adjoints, local_derivatives, local_name, through_paths
from chalkwork.networks.graph_text import (
    Slope,
    check_symbols,
    first_uses,
    in_order,
    read_equations,
    short,
    slope_of,
)
from chalkwork.networks.spot import suffix_of
from chalkwork.solutions.setting import Detail, Rounding, Setting, Style
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.working import Working
from chalkwork.typesetting.equations import flat
from chalkwork.typesetting.notation import Notation
from chalkwork.words import ENGLISH, LANGUAGES, Said, Text

if TYPE_CHECKING:
    from chalkwork.drawings.canvas import Drawing

_PARAMETER = re.compile(r"(W|w|b|U|V|theta|Theta|gamma|beta|weight|bias)[0-9]*(_\w+)?")
_SHAPE = re.compile(r"([1-9][0-9]{0,3})\s*[x×]\s*([1-9][0-9]{0,3})")
MOST_DRAWN = 40
MOST_STEPS = 100


class Graph:
    """Equations between scalars or matrices, `c = a + b; d = b + 1; e = c * d`, in any order.

    Names that no equation defines are given when it is solved. `output` is what is differentiated: the last
    equation that no other uses, if it is not named. An equation `dL/dy = ...` gives the derivative of something beyond
    the graph instead. A name may be assigned again by an equation that uses it, `c = c + 1`: its next value is `c2`.

    Raises ReadError for text that is no equation, an unknown operation, a name defined twice or a cycle.

    >>> Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1)["de/db"]
    np.float64(5.0)
    >>> Graph("a = b; b = a")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ReadError: a depends on itself: a -> b -> a
    """

    def __init__(self, equations: str | Sequence[str], output: str | None = None) -> None:
        typed = read_equations(equations)
        self._syntax, self._slopes, self._again = typed.equations, typed.slopes, typed.again
        self.order = in_order({name: free_names(syntax) for name, (syntax, _) in self._syntax.items()})
        used = {part for syntax, _ in self._syntax.values() for part in free_names(syntax)}
        behind = {slope.name: one for slope, one in self._slopes.items()}
        self.inputs = [name for name in first_uses(self._syntax | behind) if name not in self._syntax]
        if output is not None and output not in self._syntax:
            raise ReadError(f"the output {output!r} is not one of the equations")
        self.output = output or [name for name in self._syntax if name not in used][-1]
        check_symbols([*self.inputs, *self.order])
        for slope in self._slopes:
            self._check_slope(slope, self._slopes)

    def __repr__(self) -> str:
        shown = [f"{name} = {text}" for name, (_, text) in self._syntax.items()]
        return f"Graph({'; '.join([*shown, *(f'{one.name} = {text}' for one, (_, text) in self._slopes.items())])!r})"

    def solve(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        learning_rate: float | None = None,
        update: Sequence[str] = (),
        steps: int = 1,
        notation: str | Mapping[str, Any] | Notation | None = None,
        decimals: int | None = None,
        significant: int | None = None,
        rounding: Rounding = "shown",
        detail: Detail = "equations",
        language: str = ENGLISH,
        **more: Any,
    ) -> Solution:
        """Forward values, local derivatives, and the derivative of the output by every node.

        Values come by keyword or as a mapping; numbers or matrices. Every derivative is a name of the solution:
        `de/db`, and `dc/db` for the edges. Between matrices only the derivatives of the output are given. A value
        `dL/dy` is the derivative of something beyond the graph by a node; then everything below gets its own.

        With a learning rate the givens in `update` make so many `steps` of gradient descent, and everything is worked
        out again; without `update` those that are called as parameters are (w, W1, b, theta, gamma, ...).

        Raises ChalkworkError for a missing or unknown value, ShapeError where matrices do not fit.

        >>> solution = Graph("e = (a + b) * (b + 1)").solve(a=2, b=1)
        >>> float(solution["de/da"]), float(solution["de/db"])
        (2.0, 5.0)
        >>> float(Graph("L = (w x - y)^2").solve(w=1, x=2, y=3, learning_rate=0.1)["w_new"])
        1.4
        >>> Graph("y = W x").solve({"W": [[1, 2], [3, 4]], "x": [1, 1], "dL/dy": [1, 0]})["dL/dx"].tolist()
        [[1.0], [2.0]]
        """
        if values is not None and not isinstance(values, Mapping):
            raise ChalkworkError(f"the values are a mapping such as {{'a': 2, 'b': 1}}, not {values!r:.60}")
        work = _Work(self, self._givens(dict(values or {}) | more))
        updated = self._updated(update, learning_rate, steps)
        derivation = work.derivation(updated, steps)
        givens = work.givens if learning_rate is None else work.givens | {"eta": np.array([[float(learning_rate)]])}
        style = Style.of(notation, decimals, significant, rounding, detail, language)
        return Solution(derivation, givens, style, self._setting(work, derivation, updated))

    # --- what is given ---------------------------------------------------------------------------------------------

    def _check_slope(self, slope: Slope, others: Iterable[Slope]) -> None:
        """ChalkworkError for a derivative that cannot be given, or that has two meanings beside the others."""
        if slope.of in self._syntax or slope.of in self.inputs:
            hint = f"give the derivative of something beyond the graph, such as dL/d{slope.by}"
            raise ChalkworkError(f"{slope.name} is found by the graph, since it computes {slope.of}", hint=hint)
        if slope.by not in self._syntax:
            raise ChalkworkError(f"{slope.name}: the graph does not compute {slope.by}")
        for other in others:
            if other.of != slope.of:
                raise ChalkworkError(f"{slope.name} and {other.name} are derivatives of two quantities, not of one")
            if other.by != slope.by and self._leads(slope.by, other.by):
                raise ChalkworkError(
                    f"{slope.name} could be all of it or only what does not pass {other.by}, by which it is given too",
                    hint=f"leave out {slope.name}: it follows from {other.name}",
                )

    def _leads(self, start: str, end: str) -> bool:
        reached = {start}
        for name in self.order:
            if reached & {*free_names(self._syntax[name][0])}:
                reached.add(name)
        return end in reached

    def _givens(self, values: Mapping[str, Any]) -> _Givens:
        slopes = {slope: value for name, value in values.items() if (slope := slope_of(name)) is not None}
        for slope in slopes:
            self._check_slope(slope, [*slopes, *self._slopes])
        values = {canonical(name): value for name, value in values.items() if slope_of(name) is None}
        missing = [name for name in self.inputs if name not in values]
        if missing:
            raise ChalkworkError(f"the graph needs a value for {', '.join(missing)}")
        unknown = [name for name in values if name not in self.inputs]
        if unknown:
            what = "is computed by the graph" if unknown[0] in self._syntax else "does not occur in the graph"
            what = "is a constant here; call the quantity otherwise" if unknown[0] in CONSTANTS else what
            raise ChalkworkError(f"{unknown[0]} {what}", hint=f"the givens are {', '.join(self.inputs)}")
        typed = {name: values[name] for name in self.inputs} | {slope.name: value for slope, value in slopes.items()}
        shapes = {name: shape for name, value in typed.items() if (shape := _shape(value)) is not None}
        if shapes:
            numbers = [name for name in typed if name not in shapes and not isinstance(typed[name], str)]
            if numbers:
                hint = f"for letters only, write a shape such as 2x3 for {numbers[0]} too, 1x1 for a number"
                raise ChalkworkError(f"{next(iter(shapes))} is a shape and {numbers[0]} has a value", hint=hint)
            typed = {name: _drawn(name, shape) if shape is not None else value
                     for name, value in typed.items() for shape in [shapes.get(name)]}  # fmt: skip
        arrays, matrices = {}, set()
        for name, value in typed.items():
            array = as_array(value, name)
            if array.ndim and not (shapes and array.shape == (1, 1)):
                matrices.add(name)
            arrays[name] = array.reshape((1, 1)) if array.ndim == 0 else array[:, None] if array.ndim == 1 else array
        return _Givens(arrays, matrices, tuple(slopes), bool(shapes))

    def _updated(self, update: Sequence[str], learning_rate: float | None, steps: int) -> list[str]:
        """The givens that a step changes."""
        if learning_rate is None:
            if update or steps != 1:
                raise ChalkworkError("an update needs a learning_rate")
            return []
        if number(learning_rate) is None or not learning_rate > 0:
            raise ChalkworkError(f"the learning rate is a number greater than 0, not {learning_rate!r:.60}")
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MOST_STEPS:
            raise ChalkworkError(f"steps are a whole number from 1 to {MOST_STEPS}, not {steps!r:.60}")
        if "eta" in {*self.inputs, *self._syntax}:
            raise ChalkworkError("eta is a name of the graph, and the learning rate too", hint="rename one of them")
        named = [update] if isinstance(update, str) else list(update)
        unknown = [name for name in named if name not in self.inputs]
        if unknown:
            raise ChalkworkError(f"{unknown[0]} is not given, so no step changes it")
        found = named or [name for name in self.inputs if _PARAMETER.fullmatch(name)]
        if {"Q", "K"} <= {*self.inputs} and not named:
            found = [name for name in found if name != "V"]
        if not found:
            raise ChalkworkError("which of the givens does a step change?", hint=f"say it: update=[{self.inputs[0]!r}]")
        return found

    # --- how it is shown -------------------------------------------------------------------------------------------

    def _setting(self, work: _Work, derivation: Derivation, updated: Sequence[str]) -> Setting:
        matrices = {*work.given.matrices, *(f"d{work.target.output}/d{name}" for name in work.given.matrices)}
        single = (name for name, shape in derivation.shapes().items() if shape == (1, 1) and name not in matrices)
        slopes = {slope.name: Derivative(slope.of, slope.by) for slope in work.given.slopes}
        return Setting(
            introduction=self._introduction(work, updated),
            givens=(*self.inputs, *slopes, *(["eta"] if updated else [])),
            scalars=frozenset(single),
            drawing=self._drawing if len(self.order) + len(self.inputs) <= MOST_DRAWN else None,
            title=Text.of("document.solution"),
            languages=tuple(LANGUAGES),
            slopes=slopes,
            letters_only=work.given.letters_only,
        )

    def _introduction(self, work: _Work, updated: Sequence[str]) -> tuple[Said, ...]:
        said: list[Said] = []
        if work.target.slopes:
            known = tuple(f"{{{node}}}" for node in work.target.slopes)
            text = "The derivative of <output> by <nodes> is given; the chain rule goes on from there."
            said.append(Text.own("graph.given_slope", text, output=f"{{{work.target.output}}}", nodes=known))
        elif len(self.order) > 1:
            said.append(Text.of("graph.output", output=f"{{{self.output}}}"))
        for new, old in self._again.items():
            text = "<old> is assigned again: from there on its value is <new>."
            said.append(Text.own("graph.again", text, old=f"{{{old}}}", new=f"{{{new}}}"))
        if any(":" in part.value for syntax, _ in self._syntax.values() for part in _indexed(syntax)):
            said.append(Text.own("graph.places", "Entries are counted from 1, and a part holds both its ends."))
        elif any(True for syntax, _ in self._syntax.values() for part in _indexed(syntax)):
            said.append(Text.own("graph.entries", "Entries are counted from 1."))
        if updated:
            text = "A step of gradient descent changes <names>."
            said.append(Text.own("graph.changes", text, names=tuple(f"{{{name}}}" for name in updated)))
        return tuple(said)

    def _drawing(self, solution: Working, with_values: bool) -> Drawing:
        from chalkwork.drawings.graph import GraphEdge, GraphNode, draw_graph

        writer = solution.writer()
        with_values = with_values and not solution.setting.letters_only
        nodes: dict[str, GraphNode] = {}
        edges: list[GraphEdge] = []
        of = next((one.of for one in solution.setting.slopes.values()), self.output)
        for name in [*self.inputs, *self.order]:
            total = f"d{of}/d{name}"
            slope = ""
            if with_values and (total in solution.derivation or total in solution.setting.slopes):
                value = flat(solution.arrays[total], writer)
                slope = f"{writer.symbols[total].text} = {value}"
            equation = solution.derivation.get(name)
            formula = writer.formula(equation.expression).box.lines[0] if equation else ""
            value = flat(solution.arrays[name], writer) if with_values else ""
            nodes[name] = GraphNode(writer.symbols[name].text, formula, value, slope)
            for part in names_in(equation.expression) if equation else ():
                local = local_name(solution.derivation, name, part.name) if with_values else ""
                label = f"{writer.symbols[local].text} = {flat(solution.arrays[local], writer)}" if local else ""
                edges.append(GraphEdge(part.name, name, label))
        return draw_graph(nodes, edges, writer.language)


@dataclass(frozen=True, slots=True)
class _Givens:
    """Values by name (drawn at random where there are only letters), and which of them are matrices."""

    arrays: dict[str, Any]
    matrices: set[str]
    slopes: tuple[Slope, ...]
    letters_only: bool


class _Work:
    """The equations of one exercise: forward, what is differentiated, and what an update makes of it."""

    def __init__(self, graph: Graph, given: _Givens) -> None:
        self.graph, self.given = graph, given
        self.start = {
            name: Name(name, value.shape if name in given.matrices else ()) for name, value in given.arrays.items()
        }
        self.forward = self._with_zero_targets(self._forward({}, Stage.FORWARD))
        self.upstream: list[Equation] = []
        self.target = self._target()

    def _forward(self, names: Mapping[str, Name], stage: Stage, suffix: str = "") -> list[Equation]:
        """Every equation; after an update those that depend on what was changed, under their new names."""
        known: dict[str, Expression] = {**self.start, **{one.name: one.symbol for one in getattr(self, "forward", ())}}
        known |= names
        changed = set(names)
        equations = []
        for name in self.graph.order:
            syntax, text = self.graph._syntax[name]
            if suffix and not changed & {*free_names(syntax)}:
                continue
            try:
                expression = build(syntax, known)
            except ChalkworkError as error:
                error.equation = short(f"{name} = {text}")
                raise
            equations.append(Equation(f"{name}{suffix}", expression, stage))
            known[name] = equations[-1].symbol
            changed.add(name)
        return equations

    def _with_zero_targets(self, equations: list[Equation]) -> list[Equation]:
        """The equations with 0 log 0 as 0 where that occurs."""
        if self.given.letters_only:
            return equations
        values = evaluate_each(equations, self.given.arrays)

        def rule(node: Expression) -> Expression | None:
            pair = _times_logarithm(node)
            if pair is None:
                return None
            factor, inner = (evaluate(part, values) for part in pair)
            return apply("xlogy", *pair) if np.any((factor == 0) & (inner == 0)) else None

        return [replace(one, expression=transform(one.expression, rule)) for one in equations]

    def _target(self) -> Target:
        graph = self.graph
        shapes = {one.name: one.symbol for one in self.forward}
        slopes: dict[str, Name] = {}
        of = graph.output
        for slope in self.given.slopes:
            name = self.start[slope.name]
            _check_fits(slope, name, shapes[slope.by])
            slopes[slope.by], of = name, slope.of
        for slope, (syntax, text) in graph._slopes.items():
            known: dict[str, Expression] = {**self.start, **shapes}
            expression = build(syntax, known)
            of = slope.of
            if isinstance(expression, Name) and expression.name in graph.inputs:
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
        latest = {name: name for name in (*self.start, *self.graph.order)}
        of = self.target.output
        for step in range(1, steps + 1):
            suffix = suffix_of(step)
            changed = []
            for name, old in current.items():
                slope = next((one for one in found if one.name == f"d{latest.get(of, of)}/d{old.name}"), None)
                if slope is None:
                    raise ChalkworkError(f"{of} does not depend on {name}, so no step changes it")
                changed.append(Equation(f"{name}{suffix}", old - eta * _fitted(slope, old), Stage.UPDATE, _step_reason()))
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
        forward = [by_name[latest[name]] for name in self.graph.order]
        givens = [
            by_name[new].symbol if (new := latest[name]) in by_name else one for name, one in self.start.items()
        ]
        output = latest[self.target.output]
        whole = self._backward(forward, givens, replace(self.target, output=output))
        needed = {f"d{output}/d{name}" for name in wanted}
        fresh = [one for one in whole if one.name not in by_name]
        kept: list[Equation] = []
        for one in reversed(fresh):
            if one.name in needed:
                kept.append(one)
                needed |= {name.name for name in names_in(one.expression)}
        return kept[::-1]

    def _backward(self, forward: Sequence[Equation], givens: Sequence[Name], target: Target) -> list[Equation]:
        nodes = [one for one in givens if one.name in self.graph.inputs or one.name not in self.start]
        shapes = [one.expression.shape for one in forward] + [one.shape for one in nodes]
        if not any(shapes):
            local = local_derivatives(Derivation(tuple(givens), tuple(forward)), Paths(target.closed(forward)))
            return [*local, *through_paths(forward, nodes, target)]
        output = next((one.expression.shape for one in forward if one.name == target.output), ())
        return adjoints(forward, nodes, target) if output in ((), (1, 1)) else []

    def _check_new(self, names: Sequence[str]) -> None:
        taken = [name for name in names if name in self.start or name in self.graph._syntax]
        if taken:
            raise ChalkworkError(f"{taken[0]} is a name of the graph, and what a step makes too", hint="rename it")


def _fitted(slope: Equation, old: Name) -> Expression:
    """The derivative in the shape of what it changes."""
    return slope.symbol if slope.expression.shape == old.shape else apply("broadcast", slope.symbol, shape=old.shape)


def _step_reason() -> Text:
    return Text.own("graph.step", "One step of gradient descent: the derivative, times the learning rate, is subtracted.")


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


def _shape(value: Any) -> tuple[int, int] | None:
    """The shape that a text such as 2x3 says."""
    found = _SHAPE.fullmatch(value.strip()) if isinstance(value, str) else None
    return None if found is None else (int(found[1]), int(found[2]))


def _drawn(name: str, shape: tuple[int, int]) -> Any:
    """Numbers for what has only a letter, the same each time, so that everything can be worked out behind the page."""
    rng = np.random.default_rng([*name.encode()])
    return rng.uniform(0.5, 1.5, shape) if shape != (1, 1) else rng.uniform(0.5, 1.5)


def _indexed(syntax: Syntax) -> Iterator[Syntax]:
    """What takes entries out of something."""
    if syntax.kind == "index":
        yield syntax
    for part in syntax.parts:
        yield from _indexed(part)
