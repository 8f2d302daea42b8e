"""From the YAML of one block to its data: which keys there are and what each may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from chalkwork.errors import SheetError
from chalkwork.sheets import values
from chalkwork.sheets.fences import Piece
from chalkwork.sheets.fields import Fields
from chalkwork.sheets.layers import read_layers
from chalkwork.sheets.locate import Listing, Node, Scalar, Table, line_map, load_yaml
from chalkwork.sheets.parts import COMMON_KEYS, part_of
from chalkwork.sheets.schema import (
    Convention,
    Detail,
    GraphBlock,
    Loss,
    NetworkBlock,
    PartBlock,
    Precision,
    Rounding,
    Samples,
    TaskBlock,
    Weights,
)

MAX_STEPS = 100
MAX_SIZE = 1000
MAX_EQUATIONS = 1000
MAX_EQUATION = 2000
MAX_POINTS = 10_000
PRECISION_KEYS = ("decimals", "significant", "rounding")
NETWORK_KEYS = ("name", "input", "loss", "layers", "seed", "convention", "l1", "l2")
GRAPH_KEYS = ("name", "equations", "output")
TASK_KEYS = (
    *("id", "title", "points", "network", "graph", "x", "y", "values", "learning_rate", "steps", "ask"),
    *("optimizer", "after", "detail", "long_way", *PRECISION_KEYS, "note", "hint"),
)

_SAMPLES: tuple[Samples, ...] = ("columns", "rows")
_WEIGHTS: tuple[Weights, ...] = ("in_out", "out_in")
_ROUNDING: tuple[Rounding, ...] = ("shown", "every_line")
_DETAIL: tuple[Detail, ...] = ("equations", "entries")
_SEED = values.integer(0, 2**63 - 1)
_EQUATION = re.compile(r"[A-Za-z_]\w*[ \t]*=[^=]*")
_IN_PARENTHESES = re.compile(r"\([^()]*\)")


def _sample(node: Node, where: str) -> tuple[int, int]:
    """Rows and columns of a sample that is a matrix."""
    sizes = values.listing(values.integer(1, MAX_SIZE), "two whole numbers", 2)(node, where)
    if len(sizes) != 2:
        raise values.fail(node, where, "two whole numbers, as in [3, 2]: the rows and columns of a sample")
    return sizes[0], sizes[1]


def read_network(piece: Piece, sheet: Convention) -> NetworkBlock:
    """A `network` block; `sheet` is the convention that holds where the block states none."""
    table = load_yaml(piece.body, piece.line + 1)
    fields = Fields(table, "a network block", "", NETWORK_KEYS)
    convention = read_convention(fields, sheet)
    sample = fields.read("input", _sample, None)
    return NetworkBlock(
        line=piece.line,
        source=piece.source,
        lines=line_map(table),
        name=fields.read("name", values.name, "net"),
        input=sample,
        loss=fields.read("loss", _loss, None),
        layers=read_layers(fields, convention, piece.line, sample),
        convention=convention,
        l1=fields.read("l1", values.positive, 0.0),
        l2=fields.read("l2", values.positive, 0.0),
        seed=fields.read("seed", _SEED, None),
    )


def read_graph(piece: Piece) -> GraphBlock:
    """A `graph` block."""
    table = load_yaml(piece.body, piece.line + 1)
    fields = Fields(table, "a graph block", "", GRAPH_KEYS)
    lines = line_map(table)
    equations = fields.need("equations", _equations, piece.line)
    for index, (_, line) in enumerate(equations):
        lines["equations", index] = line
    return GraphBlock(
        line=piece.line,
        source=piece.source,
        lines=lines,
        name=fields.read("name", values.name, "graph"),
        equations=tuple(equation for equation, _ in equations),
        output=fields.read("output", values.names, ()),
    )


def read_task(piece: Piece, sheet: Precision) -> TaskBlock:
    """A `task` block on its own; which network or graph it means is settled later (`references`)."""
    table = load_yaml(piece.body, piece.line + 1)
    fields = Fields(table, "a task block", "", TASK_KEYS)
    return TaskBlock(
        line=piece.line,
        source=piece.source,
        lines=line_map(table),
        id=fields.need("id", values.name, piece.line),
        title=fields.read("title", values.text, ""),
        points=fields.read("points", _points, None),
        network=fields.read("network", values.name, None),
        graph=fields.read("graph", values.name, None),
        x=fields.read("x", values.numbers, None),
        y=fields.read("y", values.numbers, None),
        values=fields.read("values", values.table(values.number_or(values.numbers)), {}),
        learning_rate=fields.read("learning_rate", values.positive, None),
        steps=fields.read("steps", values.integer(1, MAX_STEPS), 1),
        optimizer=fields.read("optimizer", _optimizer, None),
        ask=fields.read("ask", values.names, ()),
        after=fields.read("after", values.name, None),
        detail=fields.read("detail", values.choice(_DETAIL), "equations"),
        long_way=fields.read("long_way", values.flag, False),
        precision=read_precision(fields, sheet),
        note=fields.read("note", values.text, ""),
        hint=fields.read("hint", values.text, ""),
    )


def read_part(piece: Piece, sheet: Precision) -> PartBlock:
    """A block of the laboratory."""
    part = part_of(piece.language)
    table = load_yaml(piece.body, piece.line + 1)
    fields = Fields(table, f"a {piece.language} block", "", (*COMMON_KEYS, *part.keys))
    return PartBlock(
        line=piece.line,
        source=piece.source,
        lines=line_map(table),
        kind=piece.language,
        id=fields.need("id", values.name, piece.line),
        title=fields.read("title", values.text, ""),
        points=fields.read("points", _points, None),
        precision=read_precision(fields, sheet),
        note=fields.read("note", values.text, ""),
        hint=fields.read("hint", values.text, ""),
        work=part.read(fields),
        pose=part.pose(fields),
    )


def read_convention(fields: Fields, default: Convention) -> Convention:
    """The key `convention`; what it leaves out is the default's."""

    def read(node: Node, where: str) -> Convention:
        inner = Fields(node, "a convention", where, ("samples", "weights"))
        return Convention(
            samples=inner.read("samples", values.choice(_SAMPLES), default.samples),
            weights=inner.read("weights", values.choice(_WEIGHTS), default.weights),
        )

    return fields.read("convention", read, default)


def read_precision(fields: Fields, default: Precision) -> Precision:
    """The keys `decimals`, `significant` and `rounding`; a stated number of digits replaces the default's."""
    decimals = fields.read("decimals", values.integer(0, 15), None)
    significant = fields.read("significant", values.integer(1, 17), None)
    rounding = fields.read("rounding", values.choice(_ROUNDING), default.rounding)
    if decimals is not None and significant is not None:
        raise SheetError(
            "expected decimals or significant, found both",
            line=max(fields.line("decimals"), fields.line("significant")),
        )
    if decimals is None and significant is None:
        return Precision(default.decimals, default.significant, rounding)
    return Precision(decimals, significant, rounding)


def read_notation(node: Node, where: str) -> str | Mapping[str, str | bool | int]:
    """A preset's name, or free keys with a text, a truth value or a whole number each."""
    if isinstance(node, Listing):
        raise values.fail(node, where, "a name or a mapping")
    return values.table(_notation_entry)(node, where) if isinstance(node, Table) else values.name(node, where)


def _notation_entry(node: Node, where: str) -> str | bool | int:
    value = values.boolean(node)
    if value is not None:
        return value
    if isinstance(node, Scalar) and node.plain and values.is_number(node):
        return values.integer(-(10**9), 10**9)(node, where)
    return values.text(node, where)


def _loss(node: Node, where: str) -> Loss:
    if not isinstance(node, Table):
        return Loss(values.name(node, where))
    fields = Fields(node, "a loss", where, ("name", "factor", "reduction"))
    return Loss(
        name=fields.need("name", values.name),
        factor=fields.read("factor", _factor, None),
        reduction=fields.read("reduction", values.choice(("sum", "mean", "mean_over_samples")), None),
    )


def _optimizer(node: Node, where: str) -> Mapping[str, str | float]:
    """A rule's name, or a mapping with `name` and its constants."""
    if not isinstance(node, Table):
        return {"name": values.name(node, where)}

    def entry(node: Node, where: str) -> str | float:
        return values.number(node, where) if values.is_number(node) else values.name(node, where)

    return values.table(entry)(node, where)


def _factor(node: Node, where: str) -> Fraction:
    values.positive(node, where)
    return values.fraction(node, where)


def _points(node: Node, where: str) -> Fraction:
    points = values.fraction(node, where)
    if not 0 <= points <= MAX_POINTS:
        raise values.fail(node, where, f"a number from 0 to {MAX_POINTS}")
    return points


def _equations(node: Node, where: str) -> list[tuple[str, int]]:
    """The equations, each with its line; they are separated by semicolons, line ends or entries of a list."""
    found: list[tuple[str, int]] = []
    for item in node.items if isinstance(node, Listing) else [node]:
        written = values.text(item, where)
        first = item.line + 1 if isinstance(item, Scalar) and item.literal else item.line
        for offset, row in enumerate(written.split("\n")):
            found += [(part.strip(), first + offset) for part in row.split(";") if part.strip()]
    if not 0 < len(found) <= MAX_EQUATIONS:
        raise values.fail(node, where, f"1 to {MAX_EQUATIONS} equations", str(len(found)))
    for equation, line in found:
        if len(equation) > MAX_EQUATION:
            raise SheetError(f"{where}: an equation has at most {MAX_EQUATION} characters", line=line)
        if not _EQUATION.fullmatch(_outside_parentheses(equation)):
            raise SheetError(
                f"{where}: expected 'name = expression', found {equation[:60]!r}",
                line=line,
                hint="separate equations by ; or write one in each line after 'equations: |'",
            )
    return found


def _outside_parentheses(text: str) -> str:
    """An equation without what stands in parentheses, where = gives a parameter: `softmax(S, axis=1)`."""
    while (shorter := _IN_PARENTHESES.sub(" ", text)) != text:
        text = shorter
    return text
