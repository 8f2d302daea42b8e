"""The figures: well-formed, complete, harmless, and with nothing on top of anything else."""

from __future__ import annotations

import time
from itertools import combinations
from xml.etree import ElementTree

import pytest
from figures import (
    DRAWINGS,
    GRAPHS,
    NETWORKS,
    SVG,
    as_given,
    labels,
    network,
    node_boxes,
    points_on_edges,
    root,
    tangle,
    text_boxes,
    written,
)

from chalkwork.drawings.canvas import Box, Spot, chosen_spots, number, text_width, wrapped
from chalkwork.drawings.drawing import Drawing
from chalkwork.drawings.graph import MOST_NODES, GraphEdge, GraphNode, draw_graph
from chalkwork.drawings.layout import in_order, layered
from chalkwork.drawings.network import LayerPicture, draw_network, shown_units
from chalkwork.errors import ChalkworkError, ShapeError


@pytest.fixture(params=DRAWINGS)
def drawing(request: pytest.FixtureRequest) -> Drawing:
    return DRAWINGS[request.param]


def test_head_has_size_role_title_and_description(drawing: Drawing) -> None:
    svg = root(drawing)
    assert svg.tag == f"{SVG}svg"
    assert svg.attrib["role"] == "img"
    _, _, width, height = svg.attrib["viewBox"].split()
    assert (svg.attrib["width"], svg.attrib["height"]) == (width, height)
    assert [child.tag for child in svg][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert svg[0].text
    assert svg[1].text == drawing.description


def test_nothing_can_clash_with_another_figure_in_the_same_page(drawing: Drawing) -> None:
    for element in root(drawing).iter():
        assert not {"id", "class", "style"} & set(element.attrib)
        assert element.tag != f"{SVG}style"


def test_all_texts_and_boxes_lie_in_the_view(drawing: Drawing) -> None:
    left, top, width, height = map(float, root(drawing).attrib["viewBox"].split())
    for box in text_boxes(drawing, on_edges=False) + node_boxes(drawing):
        assert left <= box.left and box.right <= left + width
        assert top <= box.top and box.bottom <= top + height


def test_labels_on_edges_stay_off_nodes(drawing: Drawing) -> None:
    for label in text_boxes(drawing, on_edges=True):
        assert not any(label.overlaps(node) for node in node_boxes(drawing))


def test_labels_on_edges_stay_off_one_another(drawing: Drawing) -> None:
    assert not any(a.overlaps(b) for a, b in combinations(text_boxes(drawing, on_edges=True), 2))


def test_all_other_texts_stay_off_one_another(drawing: Drawing) -> None:
    assert not any(a.overlaps(b) for a, b in combinations(text_boxes(drawing, on_edges=False), 2))


def test_nodes_stay_apart(drawing: Drawing) -> None:
    assert not any(a.overlaps(b) for a, b in combinations(node_boxes(drawing), 2))


def test_no_edge_runs_through_a_node(drawing: Drawing) -> None:
    inner = [Box(box.left + 1, box.top + 1, box.right - 1, box.bottom - 1) for box in node_boxes(drawing)]
    for x, y in points_on_edges(drawing):
        assert not any(box.left < x < box.right and box.top < y < box.bottom for box in inner)


@pytest.mark.parametrize("name", NETWORKS)
def test_network_shows_every_string(name: str) -> None:
    found, description = written(DRAWINGS[name]), DRAWINGS[name].description
    for layer in NETWORKS[name]:
        for text in (*layer.labels, *layer.values, *(weight for row in layer.weights for weight in row)):
            assert text in found
            assert text in description
        for bias in layer.biases:
            assert f"+{bias}" in found
            assert bias in description


def test_negative_biases_keep_one_sign() -> None:
    layers = [LayerPicture("in", 1), LayerPicture("out", 1, weights=(("1",),), biases=("−0.5",))]
    assert "−0.5" in written(draw_network(layers))


def test_titles_break_after_the_colon() -> None:
    assert {"hidden:", "leaky ReLU", "output:", "softmax", "input"} <= set(written(DRAWINGS["sheet"]))


@pytest.mark.parametrize(("units", "circles"), [(8, 8), (9, 5), (784, 5)])
def test_large_layers_are_elided(units: int, circles: int) -> None:
    drawing = draw_network([LayerPicture("input", units, labels("x", units))])
    assert len(node_boxes(drawing)) == circles == len(shown_units(units))
    assert len(list(root(drawing).iter(f"{SVG}circle"))) == (3 if units > 8 else 0)
    assert (f"({units} units)" in written(drawing)) == (units > 8)


def test_elided_layer_takes_strings_of_all_units_or_of_the_shown_ones() -> None:
    every = tuple(f"x{unit}" for unit in range(20))
    shown = tuple(every[unit] for unit in shown_units(20))
    assert draw_network([LayerPicture("in", 20, every)]) == draw_network([LayerPicture("in", 20, shown)])
    assert "x19" in written(draw_network([LayerPicture("in", 20, every)]))


def test_too_many_weights_are_not_shown_but_said() -> None:
    found = " ".join(written(DRAWINGS["784-128-10"]))
    assert "784 × 128 weights not shown" in found
    assert "128 × 10 weights not shown" in found
    assert "784 × 128 weights are not shown" in DRAWINGS["784-128-10"].description
    many = tuple(tuple("0.5" for _ in range(5)) for _ in range(5))
    drawing = draw_network([LayerPicture("in", 5), LayerPicture("out", 5, weights=many)])
    assert "0.5" not in written(drawing)


def test_large_network_is_drawn_at_once() -> None:
    layers = network(784, 128, 10)
    start = time.process_time()
    draw_network(layers)
    assert time.process_time() - start < 0.2


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "without layers"),
        ([LayerPicture("in", 0)], "at least one"),
        ([LayerPicture("in", 3, ("x",))], "layer 1 \\(in\\) has 3 units, but 1 labels"),
        ([LayerPicture("in", 2), LayerPicture("out", 1, weights=(("1",),))], "2 x 1 weights, but 1 x 1"),
        ([LayerPicture("in", 1, weights=(("1",),))], "needs 0 x 1 weights"),
    ],
)
def test_network_refuses_what_does_not_fit(layers: list[LayerPicture], message: str) -> None:
    with pytest.raises(ChalkworkError, match=message):
        draw_network(layers)


def test_misfit_is_a_shape_error() -> None:
    with pytest.raises(ShapeError):
        draw_network([LayerPicture("in", 3, ("x",))])


@pytest.mark.parametrize("name", GRAPHS)
def test_graph_shows_every_string(name: str) -> None:
    nodes, edges = GRAPHS[name]
    found, description = written(DRAWINGS[name]), DRAWINGS[name].description
    for node in nodes.values():
        assert f"{node.name} = {node.value}" in found
        assert not node.expression or f"{node.name} = {node.expression}" in found
        assert not node.gradient or node.gradient in found
        assert node.name in description and node.value in description and node.gradient in description
    for edge in edges:
        assert edge.label in found
        assert edge.label in description
    heads = [path for path in root(DRAWINGS[name]).iter(f"{SVG}path") if path.attrib["fill"] != "none"]
    assert len(heads) == len(edges)


def test_graph_in_words() -> None:
    assert DRAWINGS["example"].description == (
        "A computation graph of e with 5 nodes and 5 edges. Given: a = 2, ∂e/∂a = 2; b = 1, ∂e/∂b = 5. "
        "Computed: c = a + b = 3, ∂e/∂c = 2, from a (∂c/∂a = 1) and b (∂c/∂b = 1); "
        "d = b + 1 = 2, ∂e/∂d = 3, from b (∂d/∂b = 1); "
        "e = c · d = 6, ∂e/∂e = 1, from c (∂e/∂c = 2) and d (∂e/∂d = 3)."
    )


def test_graph_flows_upwards() -> None:
    heights = {
        as_given(element): float(element.attrib["y"]) for element in root(DRAWINGS["example"]).iter(f"{SVG}text")
    }
    assert heights["e = 6"] < heights["c = 3"] < heights["a = 2"]


def test_large_graph_is_drawn_and_a_larger_one_refused() -> None:
    ElementTree.fromstring(draw_graph(*tangle(MOST_NODES)).svg)
    with pytest.raises(ChalkworkError, match="201 nodes"):
        draw_graph(*tangle(MOST_NODES + 1))


@pytest.mark.parametrize(
    ("names", "edges", "message"),
    [
        ("", [], "without nodes"),
        ("a", [GraphEdge("a", "z")], "names no node z"),
        ("abc", [GraphEdge("a", "b"), GraphEdge("b", "c"), GraphEdge("c", "b")], "b, c need one another"),
    ],
)
def test_graph_refuses_what_is_no_graph(names: str, edges: list[GraphEdge], message: str) -> None:
    with pytest.raises(ChalkworkError, match=message):
        draw_graph({name: GraphNode(name) for name in names}, edges)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a & b", "\"'>", "]]>", "\x00\x1b\ud800", "ŷ̂₁"])
def test_any_string_is_harmless(text: str) -> None:
    pictures = [
        draw_network(
            [LayerPicture(text, 1, (text,), (text,)), LayerPicture(text, 1, (text,), (text,), ((text,),), (text,))]
        ),
        draw_graph({text: GraphNode(text, text, text, text), "b": GraphNode("b", text)}, [GraphEdge(text, "b", text)]),
    ]
    for drawing in pictures:
        assert "<script" not in drawing.svg
        drawing.svg.encode("utf-8")
        kinds = {element.tag.removeprefix(SVG) for element in root(drawing).iter()}
        assert kinds <= {"svg", "title", "desc", "path", "rect", "text", "tspan", "circle"}


def test_same_input_gives_the_same_figure() -> None:
    assert draw_network(NETWORKS["4-5-1"]) == DRAWINGS["4-5-1"]
    assert draw_graph(*tangle(40)) == DRAWINGS["forty"]


def test_estimated_width_grows_with_the_text() -> None:
    assert text_width("−0.25", 13) > text_width("0.25", 13) > text_width(".25", 13)
    assert text_width("ŷ", 10) == text_width("y\u0302", 10)
    assert wrapped("", 10, 50) == ()


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (-0.04, "0"), (10.0, "10"), (-1.25, "-1.2"), (100.0, "100")])
def test_coordinates_are_short(value: float, text: str) -> None:
    assert number(value) == text


def test_label_prefers_its_cheapest_free_place() -> None:
    near, far = Spot(Box(0, 0, 4, 2), 0.0), Spot(Box(9, 0, 13, 2), 5.0)
    assert chosen_spots([[far, near]]) == ([near.box], 0)
    assert chosen_spots([[near], [near]])[1] == 1
    assert chosen_spots([]) == ([], 0)


def test_layout_puts_givens_next_to_their_use_and_keeps_the_order_of_use() -> None:
    layout = layered([40.0] * 4, [(0, 1), (1, 2), (3, 2)], apart=10, passing=4)
    assert layout.rows == [[0], [1, 3], [2]]
    assert layout.x[3] - layout.x[1] >= 50
    assert in_order(2, [(1, 0)]) == [1, 0]


def test_layout_undoes_a_crossing() -> None:
    layout = layered([40.0] * 4, [(0, 3), (1, 2)], apart=10, passing=4)
    assert (layout.x[0] < layout.x[1]) == (layout.x[3] < layout.x[2])
