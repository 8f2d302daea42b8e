"""Figures of every kind, drawn once, and what stands in them."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

from chalkwork.drawings.blocks import Block, Weights, draw_blocks
from chalkwork.drawings.canvas import Box, Point, text_width
from chalkwork.drawings.drawing import Drawing
from chalkwork.drawings.graph import GraphEdge, GraphNode, draw_graph
from chalkwork.drawings.network import LayerPicture, draw_network, shown_units, shows_weights
from chalkwork.typesetting.notation import subscript, superscript

SVG = "{http://www.w3.org/2000/svg}"
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def labels(letter: str, units: int) -> tuple[str, ...]:
    return tuple(f"{letter}{unit + 1}".translate(SUBSCRIPTS) for unit in shown_units(units))


def network(*sizes: int, digits: int = 2, biases: bool = False) -> list[LayerPicture]:
    """A network whose numbers all differ, so that each can be found in the figure."""
    layers = []
    for place, units in enumerate(sizes):
        before = sizes[place - 1] if place else 0
        weights = tuple(
            tuple(f"{'−' * (j % 2)}{place}.{i}{j}".ljust(digits + 2, "7") for j in range(units))
            for i in range(before if shows_weights(before, units) else 0)
        )
        values = tuple(f"{0.1 * place + 0.0123 * unit:.4f}" for unit in range(len(shown_units(units))))
        own = tuple(f"0.9{place}{unit}" for unit in range(len(values))) if biases and place else ()
        title = "hidden: leaky ReLU" if place else "input"
        layers.append(LayerPicture(title, units, labels("xhgo"[place], units), values, weights, own))
    return layers


SHEET = [
    LayerPicture("input", 2, ("x₁", "x₂"), ("−1", "1")),
    LayerPicture(
        "hidden: leaky ReLU",
        3,
        ("h₁", "h₂", "h₃"),
        ("0.0500", "0.3500", "−0.0020"),
        (("0.15", "−0.25", "0.05"), ("0.2", "0.1", "−0.15")),
    ),
    LayerPicture(
        "output: softmax", 2, ("o₁", "o₂"), ("0.4256", "0.5744"), (("0.2", "0.5"), ("−0.35", "0.15"), ("0.15", "−0.2"))
    ),
]
TENTHS = [
    LayerPicture("input", 5, labels("x", 5), ("1",) * 5),
    LayerPicture("hidden: tanh", 3, labels("h", 3), ("0.5370",) * 3, (("0.1",) * 3,) * 5, ("0.1",) * 3),
    LayerPicture("output", 2, labels("o", 2), ("0.2611",) * 2, (("0.1",) * 2,) * 3, ("0.1",) * 2),
]
NETWORKS = {
    "sheet": SHEET,
    "tenths": TENTHS,
    "4-4-3-3": network(4, 4, 3, 3, digits=4),
    "4-5-1": network(4, 5, 1, biases=True),
    "784-128-10": network(784, 128, 10, biases=True),
    "1-1-1": network(1, 1, 1),
    "8-2": network(8, 2),
    "9-2": network(9, 2),
    "input only": network(3),
    "bare": [LayerPicture("in", 2), LayerPicture("out", 2)],
}

Graph = tuple[dict[str, GraphNode], list[GraphEdge]]


def example() -> Graph:
    nodes = {
        "a": GraphNode("a", "", "2", "∂e/∂a = 2"),
        "b": GraphNode("b", "", "1", "∂e/∂b = 5"),
        "c": GraphNode("c", "a + b", "3", "∂e/∂c = 2"),
        "d": GraphNode("d", "b + 1", "2", "∂e/∂d = 3"),
        "e": GraphNode("e", "c · d", "6", "∂e/∂e = 1"),
    }
    edges = [("a", "c", 1), ("b", "c", 1), ("b", "d", 1), ("c", "e", 2), ("d", "e", 3)]
    return nodes, [GraphEdge(s, t, f"∂{t}/∂{s} = {value}") for s, t, value in edges]


def neuron() -> Graph:
    """A sigmoid of two products and a bias, gate by gate."""
    givens = {"u": "2", "x": "−1", "v": "−3", "y": "−2", "w": "−3"}
    gates = {
        "p": ("u · x", "−2", "ux"),
        "q": ("v · y", "6", "vy"),
        "r": ("p + q", "4", "pq"),
        "s": ("r + w", "1", "rw"),
        "t": ("−1 · s", "−1", "s"),
        "g": ("exp(t)", "0.3679", "t"),
        "h": ("g + 1", "1.3679", "g"),
        "f": ("1/h", "0.7311", "h"),
    }
    nodes = {name: GraphNode(name, "", value, f"∂f/∂{name} = −0.5898") for name, value in givens.items()}
    nodes |= {name: GraphNode(name, e, value, f"∂f/∂{name} = 0.1966") for name, (e, value, _) in gates.items()}
    edges = [GraphEdge(i, name, f"∂{name}/∂{i} = −0.5344") for name, gate in gates.items() for i in gate[2]]
    return nodes, edges


def skips() -> Graph:
    """Edges that pass rows, and one node used twice by another."""
    nodes = {"x": GraphNode("x", "", "2")}
    nodes |= {
        name: GraphNode(name, text, "4", "12") for name, text in zip("stuy", ("x·x", "s+x", "t", "uxs"), strict=True)
    }
    pairs = ("xs", "xs", "st", "xt", "tu", "uy", "xy", "sy")
    return nodes, [GraphEdge(pair[0], pair[1], f"∂{pair[1]}/∂{pair[0]} = 2") for pair in pairs]


def tangle(count: int) -> Graph:
    """Every node takes two of the nine before it."""
    nodes = {f"v{i}": GraphNode(f"v{i}", "" if i < 6 else "f", f"{i}.125", "∂L/∂v = 0.5") for i in range(count)}
    edges = [
        GraphEdge(f"v{i - 1 - (i * i + step) % min(i, 9)}", f"v{i}", f"0.{i}{step}")
        for i in range(6, count)
        for step in (0, 5)
    ]
    return nodes, edges


GRAPHS = {
    "example": example(),
    "neuron": neuron(),
    "skips": skips(),
    "single": ({"a": GraphNode("a", "", "2")}, []),
    "forty": tangle(40),
    "fan": (
        {**{f"x{i}": GraphNode(f"x{i}", "", "1") for i in range(20)}, "s": GraphNode("s", "sum of x", "20")},
        [GraphEdge(f"x{i}", "s", f"∂s/∂x{i} = 1") for i in range(20)],
    ),
}
SHARES = [[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.5, 0.25, 0.25]]
WEIGHTS = [
    Weights(f"P₂, head {head}", SHARES, [[f"{share:.4f}" for share in row] for row in SHARES]) for head in (1, 2, 3)
]
BLOCKS = [Block("x"), Block("layer norm", "a₁"), Block("attention", "a₂"), Block("plus input", "a₃", 3),
          Block("hidden: ReLU", "a₄"), Block("plus layer 3", "a₅", 2), Block("plus input", "a₆", 6)]  # fmt: skip
DRAWINGS = {name: draw_network(layers) for name, layers in NETWORKS.items()} | {
    "blocks": draw_blocks(BLOCKS, WEIGHTS, ("query", "key"), "Blocks", "From below: x, ..."),
    **{name: draw_graph(*graph) for name, graph in GRAPHS.items()},
}


def root(drawing: Drawing) -> ElementTree.Element:
    return ElementTree.fromstring(drawing.svg)


def as_given(element: ElementTree.Element) -> str:
    """The string behind a text element: shifted parts as the small letters that they were given as."""
    parts = [element.text or ""]
    for part in element:
        inside = part.text or ""
        small = subscript if part.attrib["baseline-shift"] == "sub" else superscript
        parts += [inside if inside.startswith("[") else small(inside.replace("−", "-")), part.tail or ""]
    return "".join(parts)


def written(drawing: Drawing) -> list[str]:
    return [as_given(element) for element in root(drawing).iter(f"{SVG}text")]


def text_boxes(drawing: Drawing, *, on_edges: bool) -> list[Box]:
    """The estimated boxes of all texts, or only of those that stand on edges."""
    boxes = []
    for element in root(drawing).iter(f"{SVG}text"):
        if on_edges and "stroke" not in element.attrib:
            continue
        size, x, baseline = (float(element.attrib[name]) for name in ("font-size", "x", "y"))
        boxes.append(Box.around(Point(x, baseline - 0.34 * size), text_width(as_given(element), size), 1.1 * size))
    return boxes


def node_boxes(drawing: Drawing) -> list[Box]:
    boxes = []
    for element in root(drawing).iter(f"{SVG}rect"):
        if "stroke" in element.attrib:
            x, y, width, height = (float(element.attrib[name]) for name in ("x", "y", "width", "height"))
            boxes.append(Box(x, y, x + width, y + height))
    return boxes


def points_on_edges(drawing: Drawing) -> list[Point]:
    points: list[Point] = []
    for element in root(drawing).iter(f"{SVG}path"):
        if element.attrib["fill"] != "none":
            continue
        for command, numbers in re.findall(r"([MLC])([^MLC]*)", element.attrib["d"]):
            flat = [float(word) for word in numbers.split()]
            ends = [Point(*pair) for pair in zip(flat[::2], flat[1::2], strict=True)]
            controls = {"M": ends * 4, "L": [points[-1], *ends * 3] if points else [], "C": [*points[-1:], *ends]}
            points += [between(controls[command], step / 24) for step in range(25)]
    return points


def between(controls: list[Point], share: float) -> Point:
    while len(controls) > 1:
        controls = [Point(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)) for a, b in pairwise(controls)]
    return controls[0]
