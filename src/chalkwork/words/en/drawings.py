"""Titles, labels and descriptions of drawings."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    # --- networks --------------------------------------------------------------------------------------------------
    "drawing.network": "A <sizes> network",
    "drawing.feed_forward": "A feed-forward network with <layers> of <units>.",
    "drawing.layers": {"one": "<n> layer", "other": "<n> layers"},
    "drawing.units": {"one": "<sizes> unit", "other": "<sizes> units"},
    "drawing.layer": "Layer <number>, <title>: <units>.",
    "drawing.some_units": "<number> units, of which <first> and the last, <last>, are shown",
    "drawing.weights_hidden": "Its <before> × <units> weights are not shown.",
    "drawing.biases": "Biases: <biases>.",
    "drawing.weight_from": "weight <weight> from <source>",
    "drawing.bias": "bias <bias>",
    "drawing.into": "Into <name>: <parts>.",
    "drawing.unit": "unit <number>",
    "drawing.units_in_all": "(<number> units)",
    "drawing.note_weights": "<before> × <units> weights",
    "drawing.note_hidden": "not shown",
    # --- graphs ----------------------------------------------------------------------------------------------------
    "drawing.unrolled_title": "A recurrent network, unrolled",
    "drawing.unrolled": "A recurrent network, unrolled over <steps>. <rows>.",
    "drawing.graph": "Computation graph of <results>",
    "drawing.graph_has": "A computation graph of <results> with <nodes> and <edges>.",
    "drawing.nodes": {"one": "<n> node", "other": "<n> nodes"},
    "drawing.edges": {"one": "<n> edge", "other": "<n> edges"},
    "drawing.given": "Given: <nodes>.",
    "drawing.computed": "Computed: <nodes>.",
    "drawing.from": ", from <nodes>",
}
