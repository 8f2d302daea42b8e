"""Graph: a computation graph from plain text, its local derivatives, and the derivative of its output by every node."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from chalkwork.algebra.expression import Application, Expression, Name, apply, names_in, walk
from chalkwork.algebra.expression import replace as replaced
from chalkwork.algebra.reading import Syntax, build, canonical, free_names, parse
from chalkwork.algebra.reading.words import CONSTANTS
from chalkwork.algebra.simplify import simplify
from chalkwork.derivation.chain import Paths
from chalkwork.derivation.derivation import Derivation, Derivative, Equation, Stage
from chalkwork.derivation.differentiate import adjoint_equations, gradient
from chalkwork.errors import ChalkworkError, CostError, ReadError
from chalkwork.networks.activations import Activation
from chalkwork.networks.data import as_array
from chalkwork.networks.unrolled import spread, unrolled
from chalkwork.solutions.setting import Detail, Rounding, Setting, Style
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.working import Working
from chalkwork.typesetting.equations import flat
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.symbols import Symbols
from chalkwork.words import ENGLISH, LANGUAGES, Text

if TYPE_CHECKING:
    from chalkwork.drawings.canvas import Drawing

_EQUATION = re.compile(r"\s*([^\W\d]\w*)\s*=\s*(.*\S)\s*", re.DOTALL)
MOST_EQUATIONS = 1000
MOST_DRAWN = 40


class Graph:
    """Equations between scalars or matrices, `c = a + b; d = b + 1; e = c * d`, in any order.

    Names that no equation defines are given when it is solved. `output` is what is differentiated: the last
    equation that no other uses, if it is not named.

    Raises ReadError for text that is no equation, an unknown operation, a name defined twice or a cycle.

    >>> Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1)["de/db"]
    np.float64(5.0)
    >>> Graph("a = b; b = a")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ReadError: a depends on itself: a -> b -> a
    """

    def __init__(self, equations: str | Sequence[str], output: str | None = None) -> None:
        texts = re.split(r"[;\n]", equations) if isinstance(equations, str) else _listed(equations)
        self._syntax = _read_equations(unrolled(texts))
        if not self._syntax:
            raise ReadError("a graph needs at least one equation, such as c = a + b")
        if len(self._syntax) > MOST_EQUATIONS:
            raise ReadError(f"a graph has at most {MOST_EQUATIONS} equations")
        self.order = _sorted({name: free_names(syntax) for name, (syntax, _) in self._syntax.items()})
        used = {part for syntax, _ in self._syntax.values() for part in free_names(syntax)}
        self.inputs = [name for name in _first_uses(self._syntax) if name not in self._syntax]
        if output is not None and output not in self._syntax:
            raise ReadError(f"the output {output!r} is not one of the equations")
        self.output = output or [name for name in self._syntax if name not in used][-1]
        _check_symbols([*self.inputs, *self.order])

    def __repr__(self) -> str:
        return f"Graph({'; '.join(f'{name} = {text}' for name, (_, text) in self._syntax.items())!r})"

    def solve(
        self,
        values: Mapping[str, Any] | None = None,
        *,
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
        `de/db`, and `dc/db` for the edges. Between matrices only the derivatives of the output are given.

        Raises ChalkworkError for a missing or unknown value, ShapeError where matrices do not fit.

        >>> solution = Graph("e = (a + b) * (b + 1)").solve(a=2, b=1)
        >>> float(solution["de/da"]), float(solution["de/db"])
        (2.0, 5.0)
        """
        if values is not None and not isinstance(values, Mapping):
            raise ChalkworkError(f"the values are a mapping such as {{'a': 2, 'b': 1}}, not {values!r:.60}")
        givens = self._givens(dict(values or {}) | more)
        derivation = self._forward(givens)
        scalar = not any(derivation.shapes().values())
        if scalar:
            paths = Paths(derivation.equations)
            derivation = derivation.extended(_local_derivatives(derivation, paths))
            derivation = derivation.extended(_through_paths(derivation, paths, self.output))
        elif derivation.shapes()[self.output] in ((), (1, 1)):
            derivation = derivation.extended(_adjoints(derivation, self.output))
        style = Style.of(notation, decimals, significant, rounding, detail, language)
        matrices = {*self._matrices, *(f"d{self.output}/d{name}" for name in self._matrices)}
        single = (name for name, shape in derivation.shapes().items() if shape == (1, 1) and name not in matrices)
        outputs = [Text.of("graph.output", output=f"{{{self.output}}}")] if len(self.order) > 1 else []
        setting = Setting(
            introduction=(*outputs, *_said_of_jumps(derivation)),
            givens=tuple(self.inputs),
            scalars=frozenset(single),
            drawing=self._drawing if len(self.order) + len(self.inputs) <= MOST_DRAWN else None,
            title=Text.of("document.solution"),
            languages=tuple(LANGUAGES),
        )
        return Solution(derivation, givens, style, setting)

    def _givens(self, values: Mapping[str, Any]) -> dict[str, Any]:
        values = {canonical(name): value for name, value in spread(values, self.inputs).items()}
        missing = [name for name in self.inputs if name not in values]
        if missing:
            raise ChalkworkError(f"the graph needs a value for {', '.join(missing)}")
        unknown = [name for name in values if name not in self.inputs]
        if unknown:
            what = "is computed by the graph" if unknown[0] in self._syntax else "does not occur in the graph"
            what = "is a constant here; call the quantity otherwise" if unknown[0] in CONSTANTS else what
            raise ChalkworkError(f"{unknown[0]} {what}", hint=f"the givens are {', '.join(self.inputs)}")
        givens = {}
        self._matrices: set[str] = set()
        for name in self.inputs:
            array = as_array(values[name], name)
            if array.ndim:
                self._matrices.add(name)
            givens[name] = array.reshape((1, 1)) if array.ndim == 0 else array[:, None] if array.ndim == 1 else array
        return givens

    def _forward(self, givens: Mapping[str, Any]) -> Derivation:
        names = {name: Name(name, value.shape if name in self._matrices else ()) for name, value in givens.items()}
        start = tuple(names.values())
        equations = []
        for name in self.order:
            syntax, text = self._syntax[name]
            try:
                expression = build(syntax, names)
            except ChalkworkError as error:
                error.equation = _short(f"{name} = {text}")
                raise
            equations.append(Equation(name, expression, Stage.FORWARD))
            names[name] = equations[-1].symbol
        return Derivation(start, tuple(equations))

    def _drawing(self, solution: Working, with_values: bool) -> Drawing:
        from chalkwork.drawings.graph import GraphEdge, GraphNode, draw_graph

        writer = solution.writer()
        nodes: dict[str, GraphNode] = {}
        edges: list[GraphEdge] = []
        for name in [*self.inputs, *self.order]:
            total = f"d{self.output}/d{name}"
            slope = ""
            if total in solution.derivation and with_values:
                value = flat(solution.arrays[total], writer)
                slope = f"{writer.symbols[total].text} = {value}"
            equation = solution.derivation.get(name)
            formula = writer.formula(equation.expression).box.lines[0] if equation else ""
            value = flat(solution.arrays[name], writer) if with_values else ""
            nodes[name] = GraphNode(writer.symbols[name].text, formula, value, slope)
            for part in names_in(equation.expression) if equation else ():
                local = _local_name(solution.derivation, name, part.name) if with_values else ""
                label = f"{writer.symbols[local].text} = {flat(solution.arrays[local], writer)}" if local else ""
                edges.append(GraphEdge(part.name, name, label))
        return draw_graph(nodes, edges, writer.language)


def _listed(equations: Any) -> list[str]:
    texts = list(equations) if isinstance(equations, Sequence) else [equations]
    for text in texts:
        if not isinstance(text, str):
            raise ReadError(f"an equation is a text such as 'c = a + b', not {text!r:.60}")
    return texts


def _read_equations(texts: Sequence[str]) -> dict[str, tuple[Syntax, str]]:
    """The syntax and the text behind every name."""
    kept: dict[str, tuple[str, str]] = {}
    for text in texts:
        if not text.strip():
            continue
        found = _EQUATION.fullmatch(text)
        if found is None:
            raise ReadError(f"{text.strip()[:60]!r} is no equation", hint="write name = expression")
        name = canonical(found[1])
        if name in kept:
            hint = "give every intermediate result a name of its own"
            raise ReadError(f"{name} is defined twice", equation=_short(text), hint=hint)
        kept[name] = (found[2], text)
    known = frozenset(kept)
    return {name: (_syntax(body, text, known), body) for name, (body, text) in kept.items()}


def _syntax(body: str, text: str, known: frozenset[str]) -> Syntax:
    try:
        return parse(body, known)
    except ReadError as error:
        raise error.at(equation=_short(text)) from None


def _check_symbols(names: Sequence[str]) -> None:
    """ReadError where two names print alike, as a1 and a_1 would."""
    symbols = Symbols(Notation())
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(symbols[name].text, name)
        if other != name:
            raise ReadError(f"{other} and {name} would both print as {symbols[name].text}", hint="rename one of them")


def _short(text: str) -> str:
    """An equation as messages quote it."""
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:117]}..."


def _first_uses(syntax: Mapping[str, tuple[Syntax, str]]) -> list[str]:
    return list(dict.fromkeys(name for parsed, _ in syntax.values() for name in free_names(parsed)))


def _sorted(uses: Mapping[str, Sequence[str]]) -> list[str]:
    """The equations in an order in which each can be computed; ReadError for a cycle."""
    done: dict[str, None] = {}
    for start in uses:
        path: list[tuple[str, list[str]]] = [(start, [*uses[start]])]
        while path:
            name, waiting = path[-1]
            if name in done or not waiting:
                done[name] = None
                path.pop()
                continue
            following = waiting.pop(0)
            if following in uses and following not in done:
                trail = [step for step, _ in path]
                if following in trail:
                    loop = [*trail[trail.index(following) :], following]
                    raise ReadError(f"{following} depends on itself: {' -> '.join(loop)}")
                path.append((following, [*uses[following]]))
    return list(done)


# --- derivatives -------------------------------------------------------------------------------------------------


def _local_name(derivation: Derivation, of: str, by: str) -> str:
    """The name of the local derivative of an edge."""
    for name in (f"d{of}/d{by} direct", f"d{of}/d{by}"):
        if name in derivation:
            return name
    return ""


def _local_derivatives(derivation: Derivation, paths: Paths) -> list[Equation]:
    """The derivative of every node by each name in its own equation, the others held fixed."""
    found = []
    for equation in derivation.equations:
        for name in names_in(equation.expression):
            try:
                slope = gradient(equation.expression, name)
                slope = simplify(replaced(slope, {equation.expression: equation.symbol}))
            except CostError as error:
                error.message = f"the derivative by {name}: {error.message}"
                raise error.at(equation=str(equation)) from None
            local = paths.local(equation.name, name.name)
            found.append(
                Equation(
                    f"d{equation.name}/d{name}{' direct' if local.fixed else ''}",
                    slope,
                    Stage.BACKWARD,
                    Text.of("graph.local"),
                    derivative=local,
                )
            )
    return found


def _through_paths(derivation: Derivation, paths: Paths, output: str) -> list[Equation]:
    """The derivative of the output by every node: over each user, its own derivative times the edge's."""
    forward = [equation.name for equation in derivation.equations if equation.stage == Stage.FORWARD]
    known = set(derivation)
    found: list[Equation] = []
    for node in [*reversed(forward), *(given.name for given in derivation.givens)]:
        name = f"d{output}/d{node}"
        users = paths.towards(output, node)
        if not users or name in known:
            continue
        parts: list[Expression] = []
        for user in users:
            edge = Name(_local_name(derivation, user, node))
            parts.append(edge if user == output else apply("multiply", Name(f"d{output}/d{user}"), edge))
        reason = _path_reason(node, output, len(users))
        rule = paths.chain(output, node)
        found.append(Equation(name, _total(parts), Stage.BACKWARD, reason, Derivative(output, node), rule))
        known.add(name)
    return found


def _total(parts: Sequence[Expression]) -> Expression:
    return reduce(lambda total, part: apply("add", total, part), parts)


def _path_reason(node: str, output: str, paths: int) -> Text:
    if paths == 1:
        return Text.of("graph.one_path", node=f"{{{node}}}", output=f"{{{output}}}")
    return Text.of("graph.paths", node=f"{{{node}}}", output=f"{{{output}}}", paths=paths)


def _adjoints(derivation: Derivation, output: str) -> list[Equation]:
    """The derivative of a scalar output by every node of a graph of matrices."""
    names = [equation.name for equation in derivation.equations if equation.name != output]
    named = {name: f"d{output}/d{name}" for name in [*reversed(names), *(given.name for given in derivation.givens)]}
    paths = Paths(derivation.equations)
    return [
        replace(
            equation,
            reason=Text.of("graph.derivative", of=f"{{{output}}}", by=f"{{{equation.derivative.by}}}")
            if equation.derivative
            else "",
            chain=paths.chain(output, equation.derivative.by) if equation.derivative else (),
        )
        for equation in adjoint_equations(derivation.equations, output, named)
    ]


def _said_of_jumps(derivation: Derivation) -> list[Text]:
    """What becomes of gradients where a step or a sign is differentiated."""
    backward = any(equation.stage == Stage.BACKWARD for equation in derivation.equations)
    forward = (walk(equation.expression) for equation in derivation.equations if equation.stage == Stage.FORWARD)
    nodes = (node for nodes in forward for node in nodes if isinstance(node, Application))
    jumping = list(dict.fromkeys(node.operation.name for node in nodes if node.operation.jumps and node.operation.unit))
    said = "The derivative of the <activation> is 0 wherever there is one; at 0 there is none, and 0 is taken."
    return [Text.own("graph.no_gradient", said, activation=Activation(name).said) for name in jumping if backward]
