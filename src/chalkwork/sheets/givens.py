"""The numbers that a sheet gives, by name: what its texts may repeat as `{{x}}`, and what variants draw anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from chalkwork.errors import SheetError
from chalkwork.networks.layers import LAYERS
from chalkwork.networks.quantities import LEARNED
from chalkwork.sheets import values
from chalkwork.sheets.fences import Piece
from chalkwork.sheets.locate import Listing, Node, Scalar, Table, load_yaml
from chalkwork.sheets.parts import MODULES, Drawn, part_of
from chalkwork.sheets.posed import typed
from chalkwork.solutions.setting import Style

PLACE = re.compile(
    r"(?<![\\^_}{])\{\{ ?(class of )?([A-Za-z_][\w./-]*?)"
    r"((?:\[(?:\d{1,4}|:, ?\d{1,4})(?:, ?\d{1,4})*\])?) ?\}\}(?!\})"
)
_COMMAND = re.compile(r"\\[A-Za-z]+$")
Fill = Callable[[str, int], str]
"""What fills the places of a text that begins in a line."""
_TASK: Mapping[str, Drawn] = {"x": "data", "y": "target", "values": "data"}


class Given(NamedTuple):
    """Numbers under one name: `W1`, `x`, `batch`; `key` is how it is typed, `block` what the block is called.

    `drawn` says how variants draw it anew, None where they leave it alone; `piece` is the number of the block's piece
    of the sheet, and the scalars of `node` know their place in its body.
    """

    name: str
    key: str
    block: str
    node: Node
    drawn: Drawn | None
    language: str
    piece: int
    table: Table

    @property
    def line(self) -> int:
        """Where it stands."""
        return self.node.line

    @property
    def scalars(self) -> list[Scalar]:
        """Its numbers, in order."""
        return list(scalars_of(self.node))

    def with_numbers(self, numbers: Mapping[tuple[int, int], str]) -> Given:
        """The same with other numbers, by their piece and place."""

        def other(node: Node) -> Node:
            if isinstance(node, Listing):
                return Listing([other(item) for item in node.items], node.line)
            assert isinstance(node, Scalar)
            text = numbers.get((self.piece, node.at))
            return node if text is None else replace(node, text=text)

        return self._replace(node=other(self.node))

    @property
    def title(self) -> str:
        """Its name with that of its block."""
        return f"{self.block}.{self.name}"


def scalars_of(node: Node) -> Iterator[Scalar]:
    """The numbers of nested lists, in order."""
    if isinstance(node, Listing):
        for item in node.items:
            yield from scalars_of(item)
    elif isinstance(node, Scalar):
        yield node


def givens_of(pieces: Sequence[Piece]) -> list[Given]:
    """Everything that is given in numbers in the blocks of a sheet, in order.

    >>> from chalkwork.sheets.fences import split_sheet
    >>> text = "```network\\nlayers: [{weights: [[2], [3]], bias: false}]\\n```\\n```task\\nid: a\\nx: [1, 2]\\n```\\n"
    >>> [(given.title, given.drawn) for given in givens_of(split_sheet(text).pieces)]
    [('net.W1', 'weights'), ('a.x', 'data')]
    """
    return [given for number, piece in enumerate(pieces) if piece.language for given in _of_block(number, piece)]


def _of_block(number: int, piece: Piece) -> Iterator[Given]:
    table = load_yaml(piece.body, piece.line + 1)
    word = table.entries.get("name" if piece.language in ("network", "graph") else "id")
    usual = "net" if piece.language == "network" else piece.language
    block = word.text if isinstance(word, Scalar) else usual
    part = part_of(piece.language).vary if piece.language in MODULES else {}
    drawn: Mapping[str, Drawn] = _TASK if piece.language == "task" else part

    def given(name: str, key: str, node: Node, how: Drawn | None) -> Iterator[Given]:
        if _is_numeric(node):
            yield Given(name, key, block, node, how, piece.language, number, table)

    for key, node in table.entries.items():
        how = drawn.get(key)
        if key == "layers" and isinstance(node, Listing):
            for place, layer in enumerate(node.items, 1):
                yield from _of_layer(place, layer, piece.language == "network", drawn, given)
        elif isinstance(node, Table):
            for name, inner in node.entries.items():
                yield from given(name if key in ("values", "start") else f"{key}.{name}", key, inner, how)
        elif key not in ("id", "points", "decimals", "significant", "seed"):
            yield from given(key, key, node, how)


def _of_layer(
    place: int,
    layer: Node,
    weighted: bool,
    drawn: Mapping[str, Drawn],
    given: Callable[[str, str, Node, Drawn | None], Iterator[Given]],
) -> Iterator[Given]:
    """The numbers of one layer; those of a network's parameters by their letters."""
    if not isinstance(layer, Table):
        return
    kind = layer.entries.get("kind")
    known = LAYERS.get(kind.text if isinstance(kind, Scalar) else "dense") if weighted else None
    quantities = known.kind_type.quantities if known else ()
    letters = {one.keyword: one.letter for one in quantities if one.keyword and one.role in LEARNED}
    for key, node in layer.entries.items():
        how: Drawn | None = "weights" if key in letters else drawn.get(key)
        yield from given(f"{letters.get(key, key)}{place}", key, node, how)


def _is_numeric(node: Node) -> bool:
    if isinstance(node, Listing):
        return bool(node.items) and all(map(_is_numeric, node.items))
    return isinstance(node, Scalar) and values.is_number(node)


def named(givens: Sequence[Given], name: str) -> list[Given]:
    """Those that a name means: `x`, or `b.x` in block b."""
    return [given for given in givens if name in (given.name, given.title)]


# --- places in texts --------------------------------------------------------------------------------------------------


def filler(givens: Sequence[Given], style: Style) -> Fill:
    """What puts givens into texts: `{{x}}`, an entry `{{W1[1,2]}}`, a column as typed `{{x[:,2]}}`, `{{class of y}}`.

    What LaTeX groups, as in `x^{{a}}` and `\\hat{{a}}`, is left alone. Raises SheetError, with the line, for a name
    that is not given, or given twice with different numbers.
    """

    def fill(text: str, line: int) -> str:
        def one(place: re.Match[str]) -> str:
            if _COMMAND.search(text, max(0, place.start() - 40), place.start()):
                return place[0]
            at = line + text.count("\n", 0, place.start())
            node = _found(givens, place[2], at)
            if place[1]:
                return str(_class_of(node, place[2], at))
            return typed(_entry(node, place[3], place[0], at), style)

        return PLACE.sub(one, text)

    return fill


def _found(givens: Sequence[Given], name: str, line: int) -> Node:
    found = named(givens, name)
    if not found:
        known = ", ".join(dict.fromkeys(given.name for given in givens))
        hint = f"given are: {known}; braces of LaTeX have a space between them: {{ {{{name}}} }}"
        raise SheetError(f"{{{{{name}}}}} is no number that this sheet gives", line=line, hint=hint)
    if len({tuple(scalar.text for scalar in given.scalars) for given in found}) > 1:
        several = " or ".join(dict.fromkeys(given.title for given in found))
        raise SheetError(f"{{{{{name}}}}} is given more than once, with different numbers", line=line, hint=several)
    return found[0].node


def _entry(node: Node, index: str, place: str, line: int) -> Node:
    if index.startswith("[:") and isinstance(node, Listing):
        column = index[2:].strip(", ")
        return Listing([_entry(row, f"[{column}", place, line) for row in node.items], node.line)
    for number in re.findall(r"\d+", index):
        if not isinstance(node, Listing) or not 0 < int(number) <= len(node.items):
            raise SheetError(f"{place}: there is no such entry", line=line)
        node = node.items[int(number) - 1]
    return node


def _class_of(node: Node, name: str, line: int) -> int:
    """The class that a target means, from 1."""
    entries = [scalar.text for scalar in scalars_of(node)]
    ones = [place for place, text in enumerate(entries, 1) if float(text) == 1] if len(entries) > 1 else []
    if len(ones) != 1 or any(float(text) not in (0, 1) for text in entries):
        raise SheetError(f"{{{{class of {name}}}}}: {name} is not the target of one sample with one class", line=line)
    return ones[0]


def fill_texts(node: Node, fill: Fill) -> None:
    """Fill the places of every text of a block."""
    if isinstance(node, Scalar):
        if "{{" in node.text:
            node.text = fill(node.text, node.line)
    else:
        for child in node.items if isinstance(node, Listing) else node.entries.values():
            fill_texts(child, fill)
