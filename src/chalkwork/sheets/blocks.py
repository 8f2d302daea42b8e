"""From the YAML of one block to its data: which keys there are and what each may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from chalkwork.errors import SheetError
from chalkwork.sheets import values
from chalkwork.sheets.fences import Piece
from chalkwork.sheets.givens import fill_texts
from chalkwork.sheets.layers import read_layers
from chalkwork.sheets.locate import Listing, Node, Scalar, Table, line_map, load_yaml
from chalkwork.sheets.parts import part_of
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
from chalkwork.sheets.values import Fields, Numbers

MAX_STEPS = 100
MAX_SIZE = 1000
MAX_EQUATIONS = 1000
MAX_EQUATION = 2000
MAX_POINTS = 10_000
PRECISION_KEYS = ("decimals", "significant", "rounding")
_SAMPLES: tuple[Samples, ...] = ("columns", "rows")
_WEIGHTS: tuple[Weights, ...] = ("in_out", "out_in")
_ROUNDING: tuple[Rounding, ...] = ("shown", "every_line")
_DETAIL: tuple[Detail, ...] = ("equations", "entries")
_SIDE = r"[ \t]*=[^=]*"
_EQUATION = re.compile(
    rf"[^\W\d]\w*{_SIDE}|[d∂]\w+[ \t]*/[ \t]*[d∂]\w+{_SIDE}"
    rf"|[^\W\d]\w*[ \t]*\[[ \t]*\w+[ \t]*\]{_SIDE}[ \t]for[ \t]+[A-Za-z]{_SIDE}"
)
_IN_PARENTHESES = re.compile(r"\([^()]*\)")


def _sample(node: Node, where: str) -> tuple[int, ...]:
    """Rows and columns of a sample that is a matrix; channels, rows and columns of an image."""
    sizes = values.listing(values.integer(1, MAX_SIZE), "two whole numbers", 3)(node, where)
    if len(sizes) < 2:
        expected = (
            "two whole numbers, as in [3, 2]: the rows and columns of a sample; before them the channels of an image"
        )
        raise values.fail(node, where, expected)
    return sizes


def read_network(piece: Piece, sheet: Convention) -> NetworkBlock:
    """A `network` block; `sheet` is the convention that holds where the block states none."""
    fields, place = _opened(piece, ("name", "input", "loss", "layers", "seed", "convention", "l1", "l2"))
    convention = read_convention(fields, sheet)
    sample, given = fields.read("input", _sample, None), fields.given(_NETWORK)
    layers = read_layers(fields, convention, sample)
    return NetworkBlock(**place, **given, input=sample, convention=convention, layers=layers)


def read_graph(piece: Piece) -> GraphBlock:
    """A `graph` block."""
    fields, place = _opened(piece, ("name", "equations", "output"))
    equations = fields.need("equations", _equations)
    for index, (_, line) in enumerate(equations):
        place["lines"]["equations", index] = line
    return GraphBlock(**place, equations=tuple(equation for equation, _ in equations), **fields.given(_GRAPH))


def read_task(piece: Piece, sheet: Precision) -> TaskBlock:
    """A `task` block on its own; which network or graph it means is settled later (`references`)."""
    fields, place = _opened(piece, (*COMMON, *_TASK, *PRECISION_KEYS))
    return TaskBlock(**place, **_common(fields, sheet), **fields.given(_TASK))


def read_part(piece: Piece, sheet: Precision) -> PartBlock:
    """A block of the laboratory."""
    part = part_of(piece.language)
    fields, place = _opened(piece, (*COMMON, *PRECISION_KEYS, *part.keys))
    return PartBlock(
        **place, **_common(fields, sheet), kind=piece.language, work=part.read(fields), pose=part.pose(fields)
    )


def _opened(piece: Piece, keys: tuple[str, ...]) -> tuple[Fields, dict[str, Any]]:
    """The keys of a block, and where it stands; what it lacks is reported where it begins."""
    table = load_yaml(piece.body, piece.line + 1)
    if piece.fill is not None:
        fill_texts(table, piece.fill)
    table.line = piece.line
    fields = values.mapping(table, f"a {piece.language} block", "", keys)
    return fields, {"line": piece.line, "source": piece.source, "lines": line_map(table)}


def _common(fields: Fields, sheet: Precision) -> dict[str, Any]:
    """What every exercise may state; it must have an id."""
    fields.need("id", values.name)
    return {"precision": read_precision(fields, sheet), **fields.given(COMMON)}


def read_convention(fields: Fields, default: Convention) -> Convention:
    """The key `convention`; what it leaves out is the default's."""

    def read(node: Node, where: str) -> Convention:
        inner = values.mapping(node, "a convention", where, ("samples", "weights"))
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
    own = ("delta", "gamma", "smoothing")
    fields = values.mapping(node, "a loss", where, ("name", "factor", "reduction", *own))
    return Loss(
        name=fields.need("name", values.name),
        factor=fields.read("factor", _factor, None),
        reduction=fields.read("reduction", values.choice(("sum", "mean", "mean_over_samples")), None),
        settings=fields.given(dict.fromkeys(own, values.fraction)),
    )


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
    from chalkwork.networks.graph_text import split_equations

    found: list[tuple[str, int]] = []
    for item in node.items if isinstance(node, Listing) else [node]:
        written = values.text(item, where)
        first = item.line + 1 if isinstance(item, Scalar) and item.literal else item.line
        for offset, row in enumerate(written.split("\n")):
            found += [(part.strip(), first + offset) for part in split_equations(row) if part.strip()]
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


def _masks(node: Node, where: str) -> dict[int, Numbers]:
    """The masks of dropout by the numbers of the layers."""
    found = values.table(values.numbers)(node, where)
    for key in found:
        if not key.isdecimal() or len(key) > 4:
            raise values.fail(node, where, "the number of a layer with its mask, such as {2: [1, 0]}", key)
    return {int(key): mask for key, mask in found.items()}


def _outside_parentheses(text: str) -> str:
    """An equation without what stands in parentheses, where = gives a parameter: `softmax(S, axis=1)`."""
    while (shorter := _IN_PARENTHESES.sub(" ", text)) != text:
        text = shorter
    return text


_NETWORK: Mapping[str, values.Reader[Any]] = {
    "name": values.name,
    "loss": _loss,
    "l1": values.positive,
    "l2": values.positive,
    "seed": values.integer(0, 2**63 - 1),
}
_GRAPH: Mapping[str, values.Reader[Any]] = {"name": values.name, "output": values.names}
COMMON: Mapping[str, values.Reader[Any]] = {
    "id": values.name,
    "title": values.text,
    "points": _points,
    "note": values.text,
    "hint": values.text,
}
"""Keys of every exercise; what they are where a sheet leaves them out stands in the schema."""
_TASK: Mapping[str, values.Reader[Any]] = {
    "network": values.name,
    "graph": values.name,
    "x": values.numbers,
    "y": values.numbers,
    "values": values.table(values.number_or(values.numbers_or_shape)),
    "update": values.names,
    "learning_rate": values.positive,
    "steps": values.integer(1, MAX_STEPS),
    "ask": values.names,
    "optimizer": values.named,
    "after": values.name,
    "detail": values.choice(_DETAIL),
    "long_way": values.flag,
    "masks": _masks,
}
