"""Titel, Beschriftungen und Beschreibungen von Zeichnungen."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    # --- networks --------------------------------------------------------------------------------------------------
    "drawing.network": "Ein <sizes>-Netz",
    "drawing.feed_forward": "Ein vorwärtsgerichtetes Netz mit <layers> aus <units>.",
    "drawing.layers": {"one": "<n> Schicht", "other": "<n> Schichten"},
    "drawing.units": {"one": "<sizes> Einheit", "other": "<sizes> Einheiten"},
    "drawing.layer": "Schicht <number>, <title>: <units>.",
    "drawing.some_units": "<number> Einheiten, von denen <first> und die letzte, <last>, gezeigt sind",
    "drawing.weights_hidden": "Ihre <before> × <units> Gewichte sind nicht gezeigt.",
    "drawing.biases": "Bias-Werte: <biases>.",
    "drawing.weight_from": "Gewicht <weight> von <source>",
    "drawing.bias": "Bias <bias>",
    "drawing.into": "Zu <name>: <parts>.",
    "drawing.unit": "Einheit <number>",
    "drawing.units_in_all": "(<number> Einheiten)",
    "drawing.note_weights": "<before> × <units> Gewichte",
    "drawing.note_hidden": "nicht gezeigt",
    # --- graphs ----------------------------------------------------------------------------------------------------
    "drawing.unrolled_title": "Ein rekurrentes Netz, ausgerollt",
    "drawing.unrolled": "Ein rekurrentes Netz, ausgerollt über <steps>. <rows>.",
    "drawing.graph": "Rechengraph von <results>",
    "drawing.graph_has": "Ein Rechengraph von <results> mit <nodes> und <edges>.",
    "drawing.nodes": {"one": "<n> Knoten", "other": "<n> Knoten"},
    "drawing.edges": {"one": "<n> Kante", "other": "<n> Kanten"},
    "drawing.given": "Gegeben: <nodes>.",
    "drawing.computed": "Berechnet: <nodes>.",
    "drawing.from": ", aus <nodes>",
}
