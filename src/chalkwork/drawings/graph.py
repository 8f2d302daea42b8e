"""A computation graph as a figure: given values below, the result on top, derivatives on the edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

from chalkwork.drawings.canvas import (
    GRADIENT,
    INK,
    VALUE,
    Box,
    Canvas,
    Point,
    Spot,
    chosen_spots,
    label_box,
    number,
    text_width,
)
from chalkwork.drawings.drawing import Drawing
from chalkwork.drawings.layout import Layout, in_order, layered
from chalkwork.errors import ChalkworkError
from chalkwork.words import ENGLISH, Text, say

MOST_NODES = 200
_NAME, _NUMBER = 15, 13
_LINE, _PADDING = 20, 6
_APART, _PORT, _BEND = 34, 34, 14
_GAP, _WIDEST_GAP, _STEEP = 54.0, 150.0, 0.2


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A value in a graph, ready to print; `expression` is empty for a given one.

    `gradient` is a whole equation such as "∂e/∂b = 5"; what is unknown stays empty.
    """

    name: str
    expression: str = ""
    value: str = ""
    gradient: str = ""


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """The node with key `source` goes into the node with key `target`; the label is the local derivative."""

    source: str
    target: str
    label: str = ""


def draw_graph(nodes: Mapping[str, GraphNode], edges: Sequence[GraphEdge], language: str = ENGLISH) -> Drawing:
    """Draw a computation graph.

    >>> drawing = draw_graph(
    ...     {"b": GraphNode("b", "", "1", "∂d/∂b = 1"), "d": GraphNode("d", "b + 1", "2")},
    ...     [GraphEdge("b", "d", "∂d/∂b = 1")],
    ... )
    >>> drawing.svg.startswith("<svg ")
    True
    >>> print(drawing.description)
    A computation graph of d with 2 nodes and 1 edge. Given: b = 1, ∂d/∂b = 1. \
Computed: d = b + 1 = 2, from b (∂d/∂b = 1).
    """
    keys, joints = list(nodes), _checked(nodes, edges)
    pictures = list(nodes.values())
    widths = [_width(node) for node in pictures]
    layout = layered(widths, joints, apart=_APART, passing=4)
    labels = [edge.label for edge in edges]
    figure = _Figure(layout, pictures, widths, 1.0)
    places, overlaps = _label_places(figure, labels)
    for growth in (1.3, 1.7, 2.2):
        if not overlaps:
            break
        figure = _Figure(layout, pictures, widths, growth)
        places, overlaps = _label_places(figure, labels)
    canvas = Canvas()
    for edge in range(len(edges)):
        _draw_edge(canvas, figure, edge)
    for node, picture in enumerate(pictures):
        _draw_node(canvas, figure.box(node), picture)
    for edge, box in places.items():
        canvas.label(box.centre, labels[edge], size=_NUMBER)
    order = [keys[node] for node in in_order(len(keys), joints)]
    results = _results(nodes, edges)
    title = say(language, "drawing.graph", results=results)
    return canvas.drawing(title, _description(nodes, edges, order, results, language))


def _checked(nodes: Mapping[str, GraphNode], edges: Sequence[GraphEdge]) -> list[tuple[int, int]]:
    """The edges by the places of their nodes."""
    if not nodes:
        raise ChalkworkError("a graph without nodes cannot be drawn")
    if len(nodes) > MOST_NODES:
        raise ChalkworkError(f"a graph with {len(nodes)} nodes cannot be drawn legibly; the most is {MOST_NODES}")
    place = {key: at for at, key in enumerate(nodes)}
    for edge in edges:
        for key in (edge.source, edge.target):
            if key not in place:
                raise ChalkworkError(f"the edge from {edge.source} to {edge.target} names no node {key}")
    joints = [(place[edge.source], place[edge.target]) for edge in edges]
    acyclic = in_order(len(nodes), joints)
    if len(acyclic) < len(nodes):
        cyclic = [key for key, at in place.items() if at not in acyclic]
        raise ChalkworkError(f"a computation graph has no cycles, but {', '.join(cyclic)} need one another")
    return joints


def _lines(node: GraphNode) -> list[tuple[str, int, str]]:
    """What a node's box holds: text, size and colour of every line."""
    value = f"{node.name} = {node.value}" if node.value else node.name
    lines = [(f"{node.name} = {node.expression}", _NAME, INK)] if node.expression else []
    if node.value or not node.expression:
        lines.append((value, _NAME, VALUE if node.value else INK))
    if node.gradient:
        lines.append((node.gradient, _NUMBER, GRADIENT))
    return lines


def _width(node: GraphNode) -> float:
    return max(44.0, *(text_width(text, size) + 16 for text, size, _ in _lines(node)))


@dataclass(frozen=True, slots=True)
class _Run:
    """The part of an edge between two neighbouring rows: an S-shaped curve, upright at both ends."""

    start: Point
    end: Point

    def at(self, share: float) -> Point:
        near = share * share * (3 - 2 * share)
        y0, y1 = self.start.y, self.end.y
        middle = (y0 + y1) / 2
        rest = 1 - share
        y = rest**3 * y0 + 3 * rest * share * middle + share**3 * y1
        return Point(self.start.x + near * (self.end.x - self.start.x), y)

    @property
    def pieces(self) -> list[tuple[Point, Point]]:
        return list(pairwise(self.at(step / 8) for step in range(9)))

    @property
    def box(self) -> Box:
        (x0, y0), (x1, y1) = self.start, self.end
        return Box(min(x0, x1) - 1, y1, max(x0, x1) + 1, y0)


class _Figure:
    """A layout with heights: the boxes of the nodes and the runs of the edges."""

    def __init__(self, layout: Layout, nodes: Sequence[GraphNode], widths: Sequence[float], stretch: float) -> None:
        self.layout = layout
        self._widths = widths
        self._heights = [len(_lines(node)) * _LINE + 2 * _PADDING for node in nodes]
        self.row_of = {slot: at for at, row in enumerate(layout.rows) for slot in row}
        self.bands: list[tuple[float, float]] = []
        floor = 0.0
        for row, gap in zip(layout.rows, self._gaps(), strict=True):
            height = max(self._heights[slot] for slot in row if slot < len(nodes))
            self.bands.append((floor, floor - height))
            floor -= height + stretch * gap
        self._leaving = self._ports([(chain[0], chain[1]) for chain in layout.chains])
        self._arriving = self._ports([(chain[-1], chain[-2]) for chain in layout.chains])
        self.runs = [self._runs(edge) for edge in range(len(layout.chains))]

    def _gaps(self) -> list[float]:
        """The room above each row: more where edges go far to the side."""
        gaps = [_GAP] * len(self.layout.rows)
        for low, high in {link for chain in self.layout.chains for link in pairwise(chain)}:
            row, aside = self.row_of[low], abs(self.layout.x[low] - self.layout.x[high])
            gaps[row] = max(gaps[row], min(_STEEP * aside, _WIDEST_GAP))
        return gaps

    def box(self, node: int) -> Box:
        floor, ceiling = self.bands[self.row_of[node]]
        centre = Point(self.layout.x[node], (floor + ceiling) / 2)
        return Box.around(centre, self._widths[node], self._heights[node])

    def _ports(self, ends: Sequence[tuple[int, int]]) -> list[float]:
        """The x at which each edge touches its node, such that edges of one node stay side by side."""
        x = self.layout.x
        ports = [0.0] * len(ends)
        for node in {node for node, _ in ends}:
            own = sorted((x[other], edge) for edge, (end, other) in enumerate(ends) if end == node)
            pace = min(_PORT, (self._widths[node] - 24) / max(1, len(own) - 1))
            for place, (_, edge) in enumerate(own):
                ports[edge] = x[node] + pace * (place - (len(own) - 1) / 2)
        return ports

    def _runs(self, edge: int) -> list[_Run]:
        chain = self.layout.chains[edge]
        inner = [self.layout.x[slot] for slot in chain[1:-1]]
        xs = _straightened([self._leaving[edge], *inner, self._arriving[edge]])
        rows = [self.row_of[slot] for slot in chain]
        return [
            _Run(Point(x0, self.bands[low][1]), Point(x1, self.bands[high][0]))
            for (x0, x1), (low, high) in zip(pairwise(xs), pairwise(rows), strict=True)
        ]


def _straightened(xs: Sequence[float]) -> list[float]:
    """The ends as they are, and between them no bends so small that they only look unsteady."""
    straight = list(xs)
    for at in range(1, len(xs) - 1):
        if abs(xs[at] - straight[at - 1]) <= _BEND:
            straight[at] = straight[at - 1]
    for at in range(len(xs) - 2, 0, -1):
        if straight[at] == xs[at] and abs(xs[at] - straight[at + 1]) <= _BEND:
            straight[at] = straight[at + 1]
    return straight


def _label_places(figure: _Figure, labels: Sequence[str]) -> tuple[dict[int, Box], int]:
    """A box on its edge, between two rows, for every label; and how many pairs overlap."""
    runs_in: dict[float, list[tuple[int, _Run]]] = {}
    for edge, runs in enumerate(figure.runs):
        for run in runs:
            runs_in.setdefault(run.start.y, []).append((edge, run))
    labelled = [edge for edge, label in enumerate(labels) if label]
    options = []
    for edge in labelled:
        spots: list[Spot] = []
        for run in figure.runs[edge]:
            others = [other for rival, other in runs_in[run.start.y] if rival != edge]
            spots += _spots(run, labels[edge], others)
        options.append(spots)
    boxes, overlaps = chosen_spots(options)
    return dict(zip(labelled, boxes, strict=True)), overlaps


def _spots(run: _Run, label: str, others: Sequence[_Run]) -> list[Spot]:
    free = Box(run.box.left, run.end.y + 12, run.box.right, run.start.y - 3)
    spots = []
    for step in range(13):
        share = step / 12
        centre = run.at(share)
        box = label_box(centre, label, _NUMBER)
        if box.top < free.top or box.bottom > free.bottom:
            continue
        near = [other for other in others if other.box.overlaps(box)]
        met = sum(any(box.is_met_by(*piece) for piece in other.pieces) for other in near)
        spots.append(Spot(box, abs(share - 0.45) + 2 * met))
    return spots


def _draw_edge(canvas: Canvas, figure: _Figure, edge: int) -> None:
    runs, chain = figure.runs[edge], figure.layout.chains[edge]
    start = Point(runs[0].start.x, figure.box(chain[0]).top)
    tip = Point(runs[-1].end.x, figure.box(chain[-1]).bottom)
    commands = [f"M{number(start.x)} {number(start.y)}"]
    for (x0, y0), (x1, y1) in ((run.start, run.end) for run in runs):
        middle = number((y0 + y1) / 2)
        commands.append(f"L{number(x0)} {number(y0)}")
        commands.append(f"C{number(x0)} {middle} {number(x1)} {middle} {number(x1)} {number(y1)}")
    commands.append(f"L{number(tip.x)} {number(tip.y + 5)}" if tip.y + 5 < runs[-1].end.y else "")
    canvas.path("".join(commands), Box.holding(run.box for run in runs))
    canvas.arrowhead_up(tip)


def _draw_node(canvas: Canvas, box: Box, node: GraphNode) -> None:
    given = not node.expression
    canvas.box(box, radius=12 if given else 7, fill="#f1f1f1" if given else "#ffffff")
    for place, (text, size, fill) in enumerate(_lines(node)):
        y = box.top + _PADDING + (place + 0.5) * _LINE
        canvas.text(Point(box.centre.x, y), text, size=size, fill=fill)


def _results(nodes: Mapping[str, GraphNode], edges: Sequence[GraphEdge]) -> str:
    used = {edge.source for edge in edges}
    return ", ".join(node.name for key, node in nodes.items() if key not in used)


def _description(
    nodes: Mapping[str, GraphNode], edges: Sequence[GraphEdge], order: Sequence[str], results: str, language: str
) -> str:
    given = [_in_words(nodes[key]) for key in order if not nodes[key].expression]
    computed = [_in_words(nodes[key]) + _inputs(nodes, edges, key, language) for key in order if nodes[key].expression]
    counts = {"nodes": Text.of("drawing.nodes", n=len(nodes)), "edges": Text.of("drawing.edges", n=len(edges))}
    sentences = [say(language, "drawing.graph_has", results=results, **counts)]
    if given:
        sentences.append(say(language, "drawing.given", nodes="; ".join(given)))
    if computed:
        sentences.append(say(language, "drawing.computed", nodes="; ".join(computed)))
    return " ".join(sentences)


def _in_words(node: GraphNode) -> str:
    equation = " = ".join(part for part in (node.name, node.expression, node.value) if part)
    return f"{equation}, {node.gradient}" if node.gradient else equation


def _inputs(nodes: Mapping[str, GraphNode], edges: Sequence[GraphEdge], key: str, language: str) -> str:
    inputs = [
        nodes[edge.source].name + (f" ({edge.label})" if edge.label else "") for edge in edges if edge.target == key
    ]
    joined = reduce(lambda one, other: say(language, "both", one=one, other=other), inputs) if inputs else ""
    return say(language, "drawing.from", nodes=joined) if joined else ""
