"""Graph: a computation graph from plain text, its local derivatives, and the derivative of its output by every node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.expression import Application, names_in, walk
from chalkwork.algebra.operations import words
from chalkwork.algebra.reading import Syntax, canonical, free_names
from chalkwork.algebra.reading.words import CONSTANTS
from chalkwork.derivation.derivation import Derivation, Derivative, Stage, updates_of
from chalkwork.errors import ChalkworkError, ReadError
from chalkwork.networks.activations import Activation
from chalkwork.networks.arguments import number
from chalkwork.networks.data import as_array
from chalkwork.networks.graph_letters import by_givens, formulas
from chalkwork.networks.graph_slopes import local_name
from chalkwork.networks.graph_text import Slope, check_symbols, read_equations, slope_of
from chalkwork.networks.graph_work import Givens, Work
from chalkwork.networks.unrolled import spread
from chalkwork.solutions.setting import Detail, Rounding, Setting, Style
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.working import Working
from chalkwork.typesetting.notation import Notation
from chalkwork.words import ENGLISH, LANGUAGES, Said, Text

if TYPE_CHECKING:
    from chalkwork.drawings.drawing import Drawing
    from chalkwork.typesetting.writer import Writer

_PARAMETER = re.compile(r"(W|w|b|U|V|theta|Theta|gamma|beta|weight|bias)[0-9]*(_\w+)?")
_SHAPE = re.compile(r"([1-9][0-9]{0,3})\s*[x×]\s*([1-9][0-9]{0,3})")
MOST_DRAWN = 40
MOST_IN_A_BOX = 4
"""Entries of a matrix that a drawing shows."""
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
        self._typed, self._syntax, self._slopes = typed, typed.equations, typed.slopes
        self.order, self.inputs = typed.order, typed.inputs
        used = {part for syntax, _ in self._syntax.values() for part in free_names(syntax)}
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
        work = Work(self._typed, self.output, self._givens(dict(values or {}) | more))
        updated = self._updated(update, learning_rate, steps)
        derivation = work.derivation(updated, steps)
        if work.given.letters_only:
            derivation = by_givens(derivation)
        givens = work.givens if learning_rate is None else work.givens | {"eta": np.array([[float(learning_rate)]])}
        style = Style.of(notation, decimals, significant, rounding, detail, language)
        return Solution(derivation, givens, style, self._setting(work, derivation, updated))

    def after(self, solution: Solution) -> dict[str, Any]:
        """The givens that the updates of a solution have changed, with their last values."""
        found = {}
        for name in self.inputs:
            steps = [one for one in solution.derivation if one.partition("_new")[0] == name and updates_of(one)]
            if steps:
                found[name] = solution[max(steps, key=updates_of)]
        return found

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

    def _givens(self, values: Mapping[str, Any]) -> Givens:
        slopes = {slope: value for name, value in values.items() if (slope := slope_of(name)) is not None}
        for slope in slopes:
            self._check_slope(slope, [*slopes, *self._slopes])
        values = {
            canonical(name): value for name, value in spread(values, self.inputs).items() if slope_of(name) is None
        }
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
        return Givens(arrays, matrices, tuple(slopes), bool(shapes))

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

    def _setting(self, work: Work, derivation: Derivation, updated: Sequence[str]) -> Setting:
        matrices = {*work.given.matrices, *(f"d{work.target.output}/d{name}" for name in work.given.matrices)}
        single = (name for name, shape in derivation.shapes().items() if shape == (1, 1) and name not in matrices)
        slopes = {slope.name: Derivative(slope.of, slope.by) for slope in work.given.slopes}
        return Setting(
            introduction=lambda: self._introduction(work, derivation, updated),
            givens=(*self.inputs, *slopes, *(["eta"] if updated else [])),
            scalars=frozenset(single),
            drawing=self._drawing if len(self.order) + len(self.inputs) <= MOST_DRAWN else None,
            title=Text.of("document.solution"),
            languages=tuple(LANGUAGES),
            slopes=slopes,
            letters_only=work.given.letters_only,
            words=formulas(derivation, work.given.arrays, work.names) if work.given.letters_only else {},
        )

    def _introduction(self, work: Work, derivation: Derivation, updated: Sequence[str]) -> tuple[Said, ...]:
        said: list[Said] = []
        if work.target.slopes:
            known = tuple(f"{{{node}}}" for node in work.target.slopes)
            text = "The derivative of <output> by <nodes> is given; the chain rule goes on from there."
            said.append(Text.own("graph.given_slope", text, output=f"{{{work.target.output}}}", nodes=known))
        elif len(self.order) > 1:
            said.append(Text.of("graph.output", output=f"{{{self.output}}}"))
        said += _said_of_jumps(derivation)
        for new, old in self._typed.again.items():
            text = "<old> is assigned again: from there on its value is <new>."
            said.append(Text.own("graph.again", text, old=f"{{{old}}}", new=f"{{{new}}}"))
        if any(":" in part.value for syntax, _ in self._syntax.values() for part in _indexed(syntax)):
            said.append(Text.own("graph.places", "Entries are counted from 1, and a part holds both its ends."))
        elif any(True for syntax, _ in self._syntax.values() for part in _indexed(syntax)):
            said.append(Text.own("graph.entries", "Entries are counted from 1."))
        for name, (scores, weights) in work.parts.items():
            text = "On the way to <output> the scores are called <scores>, and their softmax <weights>."
            slots = {"output": f"{{{name}}}", "scores": f"{{{scores}}}", "weights": f"{{{weights}}}"}
            said.append(Text.own("graph.attention", text, **slots))
        if updated:
            text = "A step of gradient descent changes <names>."
            said.append(Text.own("graph.changes", text, names=tuple(f"{{{name}}}" for name in updated)))
        return tuple(said)

    def _drawing(self, solution: Working, with_values: bool) -> Drawing:
        from chalkwork.drawings.graph import GraphEdge, GraphNode, draw_graph
        from chalkwork.typesetting.equations import flat

        writer = solution.writer()
        with_values = with_values and not solution.setting.letters_only
        nodes: dict[str, GraphNode] = {}
        edges: list[GraphEdge] = []
        of = next((one.of for one in solution.setting.slopes.values()), self.output)
        order = [one.name for one in solution.derivation.equations if one.stage == Stage.FORWARD]
        for name in [*self.inputs, *order]:
            total = f"d{of}/d{name}"
            slope = ""
            if with_values and (total in solution.derivation or total in solution.setting.slopes):
                slope = f"{writer.symbols[total].text} {_in_a_box(solution.arrays[total], writer)}"
            equation = solution.derivation.get(name)
            formula = writer.formula(equation.expression).box.lines[0] if equation else ""
            value = _in_a_box(solution.arrays[name], writer).removeprefix("= ") if with_values else ""
            nodes[name] = GraphNode(writer.symbols[name].text, formula, value, slope)
            for part in names_in(equation.expression) if equation else ():
                local = local_name(solution.derivation, name, part.name) if with_values else ""
                label = f"{writer.symbols[local].text} = {flat(solution.arrays[local], writer)}" if local else ""
                edges.append(GraphEdge(part.name, name, label))
        return draw_graph(nodes, edges, writer.language)


def _in_a_box(value: Any, writer: Writer) -> str:
    """A value as a drawing has room for it: of a large matrix the shape."""
    from chalkwork.typesetting.equations import flat

    shown = flat(value, writer) if value.size <= MOST_IN_A_BOX else f"… ({words(value.shape)})"
    return f"= {shown}"


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


def _said_of_jumps(derivation: Derivation) -> list[Text]:
    """What becomes of gradients where a step or a sign is differentiated."""
    backward = any(equation.stage == Stage.BACKWARD for equation in derivation.equations)
    forward = (walk(equation.expression) for equation in derivation.equations if equation.stage == Stage.FORWARD)
    nodes = (node for nodes in forward for node in nodes if isinstance(node, Application))
    jumping = list(dict.fromkeys(node.operation.name for node in nodes if node.operation.jumps and node.operation.unit))
    said = "The derivative of the <activation> is 0 wherever there is one; at 0 there is none, and 0 is taken."
    return [Text.own("graph.no_gradient", said, activation=Activation(name).said) for name in jumping if backward]
