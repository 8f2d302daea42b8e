"""Every way a sheet can be wrong, the line it is reported in and the words that must be in the message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from chalkwork import yaml_nodes
from chalkwork.errors import SheetError
from chalkwork.sheets import locate
from chalkwork.sheets.format import MAX_BYTES, parse_sheet

NET = "```network\nlayers: [{units: 1, inputs: 2, weights: 0.1}]\n```\n"
GRAPH = "```graph\nequations: c = a + b\n```\n"


def task(body: str, before: str = NET) -> str:
    """A sheet with one network (lines 1 to 3) and a task whose body begins in line 5."""
    return f"{before}```task\n{body}\n```\n"


def net(body: str) -> str:
    """A sheet with one network whose body begins in line 2."""
    return f"```network\n{body}\n```\n"


def front(body: str) -> str:
    """A sheet with front matter that begins in line 2."""
    return f"---\n{body}\n---\n"


# fmt: off
ERRORS = [
    # keys
    ("unknown key", task("id: a\nlerning_rate: 1"), 6,
     ["unknown key 'lerning_rate'", "nearest key is 'learning_rate'"]),
    ("unknown key, far", task("id: a\nqqq: 1"), 6, ["'qqq' in a task block; expected id, title, points"]),
    ("unknown key, layer", net("layers:\n- units: 1\n  wieghts: 1"), 4,
     ["layers[1]: unknown key", "'weights'"]),
    ("unknown key, front", front("titel: a"), 2, ["'titel' in the front matter", "'title'"]),
    ("unknown key, graph", "```graph\nequation: a=b\n```", 2, ["'equation'", "'equations'"]),
    ("unknown key, loss", net("loss: {nam: x}"), 2, ["loss: unknown key 'nam'", "'name'"]),
    ("unknown key, convention", front("convention: {sample: rows}"), 2, ["convention: unknown key 'sample'"]),
    ("key twice", task("id: a\nx: [1]\nx: [2]"), 7, ["'x' is given twice", "line 6"]),
    ("key twice, inside", front("notation: {a: b,\n a: c}"), 3, ["'a' is given twice", "line 2"]),
    ("key is a list", task("? [a]\n: 1"), 5, ["a key must be a name"]),
    ("key is empty", task("'': 1"), 5, ["a key must be a name"]),
    ("key of two lines", front('notation: {"a\\nb": 1.5}'), 2, ["a key must be a name"]),
    ("merge key", task("<<: {id: a}"), 5, ["unknown key '<<'"]),
    # types
    ("language", front("title: a\nlanguage: fr"), 3, ["language: expected en or de, found the text 'fr'"]),
    ("title list", front("title: [a]"), 2, ["title: expected a text, found a list"]),
    ("title empty", front("title:"), 2, ["title: expected a text, found nothing"]),
    ("title boolean", front("title: true"), 2, ["expected a text, found true", '"true" in quotes']),
    ("convention text", front("convention: rows"), 2,
     ["convention: expected a convention with samples, weights"]),
    ("samples", front("convention: {samples: row}"), 2,
     ["convention.samples: expected columns or rows", "'row'"]),
    ("notation list", front("notation: [a]"), 2, ["notation: expected a name or a mapping, found a list"]),
    ("notation number", front("notation: {a: 1.5}"), 2, ["notation.a: expected a whole number", "found 1.5"]),
    ("decimals", front("decimals: 16"), 2, ["decimals: expected a whole number from 0 to 15, found 16"]),
    ("decimals boolean", front("decimals: true"), 2, ["expected a whole number from 0 to 15, found true"]),
    ("significant", front("significant: 0"), 2, ["from 1 to 17, found 0"]),
    ("decimals twice", front("decimals: 2\nsignificant: 3"), 3,
     ["expected decimals or significant, found both"]),
    ("rounding", front("rounding: each"), 2, ["rounding: expected shown or every_line"]),
    ("points negative", task("id: a\npoints: -1"), 6,
     ["points: expected a number from 0 to 10000, found -1"]),
    ("points comma", task("id: a\npoints: 0,5"), 6, ["points: expected a number", "'0,5'", "as a point"]),
    ("points huge", task("id: a\npoints: 1e999"), 6, ["points", "double precision"]),
    ("steps", task("id: a\nlearning_rate: 1\nsteps: 101"), 7,
     ["steps: expected a whole number from 1 to 100"]),
    ("steps half", task("id: a\nlearning_rate: 1\nsteps: 1.0"), 7, ["from 1 to 100, found 1.0"]),
    ("rate zero", task("id: a\nlearning_rate: 0"), 6,
     ["learning_rate: expected a number greater than 0, found 0"]),
    ("long_way", task("id: a\nlong_way: yes"), 6,
     ["expected true or false, found the text 'yes'", "only true"]),
    ("detail", task("id: a\ndetail: all"), 6,
     ["detail: expected equations or entries, found the text 'all'"]),
    ("ask empty", task("id: a\nask: []"), 6, ["ask: expected a list of names, found an empty list"]),
    ("ask twice", task("id: a\nask: [z1, z1]"), 6, ["ask: 'z1' is named twice"]),
    ("ask brackets", task("id: a\nask: [z1, W1[1,2]]"), 6, ["quote a name with brackets"]),
    ("values list", task("id: a\nvalues: [1]", GRAPH), 6, ["values: expected a mapping", "found a list"]),
    ("values text", task("id: a\nvalues: {a: two}", GRAPH), 6, ["values.a: expected a number", "'two'"]),
    ("seed", net("seed: -1\nlayers: [{units: 1, inputs: 1}]"), 2, ["seed: expected a whole number from 0"]),
    ("loss without name", net("loss: {factor: 1}"), 2, ["loss: a loss needs the key 'name'"]),
    ("loss factor", net("loss: {name: a, factor: 0}"), 2, ["loss.factor: expected a number greater than 0"]),
    ("reduction", net("loss: {name: a, reduction: max}"), 2, ["loss.reduction: expected sum or mean"]),
    ("block is a list", task("- id: a"), 5, ["expected lines of the form 'key: value', found a list"]),
    ("block is a text", task("id a"), 5, ["expected lines of the form 'key: value', found a text"]),
    # numbers
    ("number is a boolean", task("id: a\nx: [true]"), 6, ["x[1]: expected a number", "found true"]),
    ("number is empty", task("id: a\nx: [1, null]"), 6, ["x[2]: expected a number", "found nothing"]),
    ("number is inf", task("id: a\nx: [1, .inf]"), 6, ["x[2]: expected a finite number, found .inf"]),
    ("number is nan", task("id: a\nx:\n- [1]\n- [.NaN]"), 8,
     ["x[2,1]: expected a finite number, found .NaN"]),
    ("octal", task("id: a\nx: [010]"), 6, ["x[1]", "'010'", "leading zero"]),
    ("sexagesimal", task("id: a\nx: [1:30]"), 6, ["x[1]: expected a number", "'1:30'"]),
    ("underscore", task("id: a\nx: [1_000]"), 6, ["x[1]: expected a number", "'1_000'"]),
    ("hexadecimal", task("id: a\nx: [0x10]"), 6, ["x[1]: expected a number", "'0x10'"]),
    ("off", task("id: a\nx: [off]"), 6, ["found the text 'off'"]),
    ("minus sign", task("id: a\nx: [−1]"), 6, ["x[1]", "minus sign"]),
    ("other digits", task("id: a\nx: [١]"), 6, ["x[1]: expected a number"]),
    ("divided by zero", task("id: a\nx: [1/0]"), 6, ["x[1]: expected a number", "'1/0'"]),
    ("too long", task(f"id: a\nx: [{'9' * 61}]"), 6, ["x[1]", "at most 60 characters"]),
    ("too large", task("id: a\nx: [1e309]"), 6, ["x[1]: expected a number that double precision can hold"]),
    ("too small", task("id: a\nx: [1e-400]"), 6, ["x[1]", "double precision"]),
    ("scalar for list", task("id: a\nx: 3"), 6, ["x: expected a list of numbers", "found 3", "write [3]"]),
    ("ragged", task("id: a\nx:\n- [1, 2]\n- [1, 2, 3]"), 8, ["x: row 2 has 3 entries, row 1 has 2 entries"]),
    ("mixed", task("id: a\nx: [[1], 2]"), 6, ["x[2]: expected a row (a list of numbers), found 2"]),
    ("too deep", task("id: a\nx: [[[[[1]]]]]"), 6, ["x[1][1][1,1]: expected a number", "found a list"]),
    # layers
    ("no layers", net("name: a"), 1, ["a network block needs the key 'layers'"]),
    ("layers empty", net("layers: []"), 2, ["layers: expected a list of layers, found an empty list"]),
    ("layers text", net("layers: [dense]"), 2, ["layers[1]: expected a layer with units", "'dense'"]),
    ("weights vector", net("layers: [{weights: [1, 2]}]"), 2,
     ["layers[1].weights[1]: expected a row", "found 1"]),
    ("weights ragged", net("layers: [{weights: [[1], [1, 2]]}]"), 2,
     ["layers[1].weights: row 2 has 2 entries"]),
    ("no units", net("layers: [{inputs: 1, weights: 0.1}]"), 2,
     ["layers[1]: the number of units is not known"]),
    ("no inputs", net("layers: [{units: 1, weights: 0.1}]"), 2,
     ["layers[1]: the number of inputs is not known"]),
    ("units many", net("layers: [{units: 1001, inputs: 1}]"), 2,
     ["layers[1].units", "from 1 to 1000, found 1001"]),
    ("units contradict", net("layers: [{units: 3, weights: [[1, 2]]}]"), 2,
     ["3 units are stated", "weights have 2"]),
    ("bias length", net("layers: [{weights: [[1, 2]], bias: [1]}]"), 2,
     ["one number for each of the 2 units"]),
    ("bias no", net("layers: [{weights: [[1, 2]], bias: no}]"), 2,
     ["bias: expected true, false, a list", "'no'"]),
    ("chain", net("layers:\n- weights: [[1, 2, 3]]\n- weights: [[1, 2, 3], [1, 2, 3]]"), 4,
     ["layers[2].weights: expected 3 inputs","found a 2x3 matrix (in_out","{weights: out_in}' it would fit"]),
    ("chain, stated", net("layers:\n- weights: [[1]]\n- {units: 1,\n   inputs: 2}"), 5,
     ["expected 1 inputs", "found 2"]),
    # graphs
    ("no equations", "```graph\nname: g\n```", 1, ["a graph block needs the key 'equations'"]),
    ("equations empty", "```graph\nequations: ';'\n```", 2, ["expected 1 to 1000 equations, found 0"]),
    ("equations joined", "```graph\nequations:\n  a = b\n  c = d\n```", 3,
     ["found 'a = b c = d'", "separate"]),
    ("equation wrong", "```graph\nequations: |\n  a = b\n  c + d\n```", 4,
     ["expected 'name = expression'", "'c + d'"]),
    # references
    ("no id", task("x: [1]"), 4, ["a task block needs the key 'id'"]),
    ("id empty", task("id: ''"), 5, ["id: expected a name"]),
    ("id twice", task("id: a") + "```task\nid: a\n```", 8, ["id: a task 'a' is defined already, in line 4"]),
    ("network twice", NET + NET, 4, ["name: a network 'net' is defined already, in line 1"]),
    ("graph twice", GRAPH + GRAPH, 4, ["name: a graph 'graph' is defined already, in line 1"]),
    ("network unknown", task("id: a\nnetwork: nte"), 6, ["network: expected one of 'net', found 'nte'"]),
    ("network below", task("id: a\nnetwork: net", "") + NET, 3,
     ["a network block above this task, found 'net'"]),
    ("graph unknown", task("id: a\ngraph: g", GRAPH), 6, ["graph: expected one of 'graph', found 'g'"]),
    ("both", task("id: a\nnetwork: net\ngraph: graph", NET + GRAPH), 10, ["expected a network or a graph"]),
    ("neither", task("id: a", ""), 1, ["task 'a' needs a network, but none is defined above it"]),
    ("ambiguous", task("id: a", NET + GRAPH), 7, ["does not say what it is about", "'net', 'graph'"]),
    ("after unknown", task("id: a\nafter: z"), 6,
     ["after: expected the id of a task above this one, found 'z'"]),
    ("after itself", task("id: a\nafter: a"), 6, ["after: the task 'a' cannot follow itself"]),
    ("after later", task("id: a\nafter: b") + "```task\nid: b\n```", 6, ["'b', which is below, in line 8"]),
    ("after another", task("id: a\nx: [1]", NET + GRAPH) + "```task\nid: b\nafter: a\ngraph: graph\n```", 14,
     ["task 'a' is about the network 'net'", "network: net"]),
    ("x for a graph", task("id: a\nx: [1]\ngraph: graph", GRAPH), 6,
     ["x: a task about a graph", "values: {"]),
    ("values for a network", task("id: a\nvalues: {a: 1}\nnetwork: net"), 6,
     ["values: a task about a network"]),
    ("steps alone", task("id: a\nsteps: 2"), 6, ["steps: expected a learning_rate as well"]),
    # Markdown
    ("front matter open", "---\ntitle: a\n", 1, ["the front matter is never closed", "only ---"]),
    ("fence open", "text\n\n```task\nid: a\n", 3, ["the task block is never closed", "only ```"]),
    ("fence open, next", "```network\nlayers: []\n\n```task\nid: a\n```", 1, ["network block", "in line 4"]),
    ("code open", "~~~python\nx\n", 1, ["the python block is never closed", "only ~~~"]),
    ("code open, next", "```\nx\n```task\n```", 1,
     ["the code block is never closed before the task block in line 3"]),
    ("code open, odd name", "```\xa0\nx\n", 1, ["the code block is never closed"]),
    ("comment open", "a\n<!-- b\n```task\n```", 2, ["the comment <!-- is never closed"]),
    ("netwrok", "```netwrok\n```", 1, ["unknown block 'netwrok'", "nearest block is 'network'"]),
    ("tasks", "\n```tasks\n```", 2, ["unknown block 'tasks'", "'task'"]),
    ("capital", "```Graph\n```", 1, ["unknown block 'Graph'", "'graph'"]),
    ("braces", "```{.task}\n```", 1, ["unknown block '{.task}'", "'task'"]),
    ("info", "```task id=a\n```", 1, ["nothing may follow task", "'id=a'"]),
    ("nested", "- text\n\n      ```task\n      id: a\n      ```", 3, ["the task block is inside a list"]),
    ("nested, CRLF", "- ```task\r\n  id: a\r\n  ```\r\n", 1, ["the task block is inside a list"]),
    ("quoted", "> ```network\n> ```", 1, ["the network block is inside a list, a quotation"]),
    ("too many", "```graph\nequations: a = b\n```\n" * 1001, 3001, ["at most 1000 blocks"]),
    # YAML
    ("alias", task("id: a\nx: *b"), 6, ["YAML aliases are not read, found *b"]),
    ("anchor", task("id: a\nx: &b [1]"), 6, ["YAML anchors are not read, found &b"]),
    ("bomb", task("a: &a [1]\nb: &b [*a, *a]"), 5, ["YAML anchors"]),
    ("tag", task("id: !!python/object:os.system a"), 5, ["YAML tags", "python/object"]),
    ("tag of one's own", task("id: ! a"), 5, ["YAML tags"]),
    ("documents", task("id: a\n---\nid: b"), 6, ["a second YAML document"]),
    ("nesting", task("id: a\nx: " + "[" * 10_000), 6, ["nested more than 16 deep"]),
    ("nesting, braces", task("id: a\nx: " + "{a: " * 10_000), 6, ["nested more than 16 deep"]),
    ("tab", task("id: a\nx:\n\t- 1"), 7, ["a tab where YAML wants spaces"]),
    ("colon", task("id: a\ntitle: One: two"), 6, ["a ': ' where none can stand"]),
    ("quote open", task('id: a\ntitle: "One'), 6, ["a quote"]),
    ("list open", task("id: a\nx: [1, 2\ny: [1]"), 7, ["a list that does not go on", "began in line 6"]),
    ("brace open", front("convention: {samples: rows\ntitle: a"), 3, ["a mapping in braces"]),
    ("reserved", task("id: a\ntitle: @home"), 6, ["a text cannot begin with @"]),
    ("indentation", task("id: a\n  x: [1]"), 6, ["a ': ' where none can stand"]),
    ("dedent", task("  id: a\n x: [1]"), 6, ["does not fit with the ones above it"]),
    ("not a key", task("id: a\nhello"), 6, ["not of the form 'key: value'"]),
    ("control", task("id: a\nx: [\x07]"), 6, ["U+0007"]),
    ("line separator", task("id: a\u2028x: [c]\x85\ny: [1]"), 5, ["x[1]"]),
    ("NUL", "a\r\nb\0", 2, ["NUL"]),
    ("surrogate", "a\n\ud800", 2, ["surrogate"]),
    ("large", "a" * (MAX_BYTES + 1), None, ["the limit is 2000000 bytes"]),
]
# fmt: on


def in_other_words(*arguments: Any, **options: Any) -> Iterator[Any]:
    """PyYAML of another version."""
    try:
        yield from PARSE(*arguments, **options)
    except yaml.MarkedYAMLError as error:
        error.problem = error.context = error.note = "so it says now"
        raise


PARSE = yaml.parse


@pytest.mark.parametrize("loader", ["C", "Python", "other words"])
@pytest.mark.parametrize(("text", "line", "words"), [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_an_error_names_file_line_and_what_was_expected(
    text: str, line: int | None, words: list[str], loader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if loader == "Python":
        monkeypatch.setattr(yaml_nodes, "LOADER", yaml.SafeLoader)
    if loader == "other words":
        monkeypatch.setattr(yaml, "parse", in_other_words)
    with pytest.raises(SheetError) as caught:
        parse_sheet(text, "sheet.md")
    assert (caught.value.file, caught.value.line) == ("sheet.md", line), str(caught.value)
    message = str(caught.value)
    assert [word for word in words if word not in message] == [], message
    assert "\n" not in message


def test_the_number_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate, "MAX_NODES", 100)
    with pytest.raises(SheetError, match="more than 100 values") as caught:
        parse_sheet(task("id: a\nx: [" + "1," * 101 + "]"))
    assert caught.value.line == 6
