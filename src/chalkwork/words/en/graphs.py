"""The sentences of a computation graph, and those on derivatives along one edge."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    "graph.output": "The output of the graph is <output>.",
    "graph.local": "Local derivatives: each equation differentiated by each of its inputs, the others held fixed.",
    "graph.one_path": "Chain rule: <node> acts on <output> through one node only.",
    "graph.paths": "Chain rule: <node> acts on <output> along <paths> edges, and their contributions are added.",
    "graph.derivative": "Derivative of <of> by <by>.",
    "over.rows": "rows",
    "over.columns": "columns",
    "over.all": "all",
    "held_fixed": {
        "one": "<along> counts only how <by> acts on <of> directly: <fixed> is held fixed, although it depends on <by> "
        "too. <whole> counts every way from <by> to <of>.",
        "other": "<along> counts only how <by> acts on <of> directly: <fixed> are held fixed, although they depend on "
        "<by> too. <whole> counts every way from <by> to <of>.",
    },
}
