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
    "graph.derivative_of_entries": "Ableitung von <of> nach <by>: was zurückkommt, geht an die Einträge, die benutzt "
    "wurden; die anderen bekommen 0.",
    "graph.given_slope": "Die Ableitung von <output> nach <nodes> ist gegeben; von dort geht die Kettenregel weiter.",
    "graph.slope_given": "Diese Ableitung ist gegeben.",
    "graph.again": "<old> wird noch einmal zugewiesen: von da an ist sein Wert <new>.",
    "graph.places": "Einträge werden von 1 an gezählt, und zu einem Teil gehören seine beiden Enden.",
    "graph.entries": "Einträge werden von 1 an gezählt.",
    "graph.attention": "Auf dem Weg zu <output> heißen die Scores <scores> und ihr Softmax <weights>.",
    "graph.changes": "Ein Schritt des Gradientenabstiegs ändert <names>.",
    "graph.step": "Ein Schritt des Gradientenabstiegs: die Ableitung mal die Lernrate wird abgezogen.",
    "graph.softmax_and_loss": "Die Ableitungen des Verlusts und des Softmax zusammen: da die Einträge von "
    "<target> die Summe eins haben, bleibt dies übrig.",
    "graph.function_and_loss": "Die Ableitungen des Verlusts und des <function> zusammen: was sich kürzt, ist fort.",
    "over.rows": "Zeilen",
    "over.columns": "Spalten",
    "over.all": "alle",
    "held_fixed": {
        "one": "<along> zählt nur, wie <by> direkt auf <of> wirkt: <fixed> wird festgehalten, obwohl es auch von <by> "
        "abhängt. <whole> zählt jeden Weg von <by> nach <of>.",
        "other": "<along> zählt nur, wie <by> direkt auf <of> wirkt: <fixed> werden festgehalten, obwohl sie auch von "
        "<by> abhängen. <whole> zählt jeden Weg von <by> nach <of>.",
    },
}
