"""Die Sätze eines Rechengraphen, und die zu Ableitungen entlang einer Kante."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    "graph.output": "Die Ausgabe des Graphen ist <output>.",
    "graph.no_gradient": "Die Ableitung der Funktion (<activation>) ist 0, wo es sie gibt; bei 0 gibt es keine, und 0 "
    "wird genommen.",
    "graph.local": "Lokale Ableitungen: jede Gleichung nach jeder ihrer Eingaben abgeleitet, die anderen festgehalten.",
    "graph.one_path": "Kettenregel: <node> wirkt nur über einen Knoten auf <output>.",
    "graph.paths": "Kettenregel: <node> wirkt entlang von <paths> Kanten auf <output>, ihre Beiträge werden addiert.",
    "graph.derivative": "Ableitung von <of> nach <by>.",
    "held_fixed": {
        "one": "<along> zählt nur, wie <by> direkt auf <of> wirkt: <fixed> wird festgehalten, obwohl es auch von <by> "
        "abhängt. <whole> zählt jeden Weg von <by> nach <of>.",
        "other": "<along> zählt nur, wie <by> direkt auf <of> wirkt: <fixed> werden festgehalten, obwohl sie auch von "
        "<by> abhängen. <whole> zählt jeden Weg von <by> nach <of>.",
    },
}
