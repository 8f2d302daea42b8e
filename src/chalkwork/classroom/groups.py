"""Which numbers of a sheet are drawn together, and where each of them stands in its text.

What the author wrote alike stays alike: the same sample in two tasks, one weight for all layers, the batch that a later
part uses again. Of data every sample is drawn by itself, and its target with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from chalkwork.classroom.draws import Places, Words, places
from chalkwork.classroom.ranges import alternatives_like, choices_like, classes_like, is_drawable
from chalkwork.errors import ChalkworkError
from chalkwork.sheets.fences import Piece, split_sheet
from chalkwork.sheets.givens import Given, filler, givens_of, named
from chalkwork.sheets.locate import Listing, Node, Scalar
from chalkwork.sheets.parts import Drawn
from chalkwork.sheets.schema import NetworkBlock, Prose, Sheet
from chalkwork.sheets.varying import Range, Varying
from chalkwork.solutions.setting import Style
from chalkwork.typesetting.notation import Notation
from chalkwork.words import LANGUAGES

Cell = tuple[int, int, str]
"""A number in the text: the piece, where it begins in the piece's body, and what is written."""
Texts = tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Numbers that are drawn together: each from `choices`, or all of them as one of the `alternatives`.

    `cells` are for every number the places in the text that show it; of one that can be zero, `zeros` says how often.
    """

    name: str
    drawn: Drawn
    cells: tuple[tuple[Cell, ...], ...]
    choices: Texts = ()
    zeros: Fraction = Fraction(0)
    alternatives: tuple[Texts, ...] = ()
    names: frozenset[str] = frozenset()
    """Every name that it has in the sheet."""

    @property
    def own(self) -> Texts:
        """The author's numbers."""
        return tuple(cells[0][2] for cells in self.cells)

    @property
    def words(self) -> int:
        """How many words a draw takes."""
        return 1 if self.alternatives else len(self.cells)

    @property
    def is_class(self) -> bool:
        """Whether it is a target that means one class."""
        own = [Fraction(text) for text in self.own]
        return self.drawn == "target" and len(own) > 1 and set(own) == {0, 1} and sum(own) == 1

    def draw(self, words: Words) -> Places:
        """Which alternative, or which option for every number, a candidate has: a row each."""
        if self.alternatives:
            return places(words, len(self.alternatives))
        of, zero = self.zeros.denominator, self.zeros.numerator
        found = places(words // np.uint64(of), len(self.choices))
        if not zero:
            return found
        return np.where(places(words, of) < zero, 0, found + 1)

    @property
    def options(self) -> Texts:
        """The choices for a number with zero in front if it can be zero."""
        return ("0", *self.choices) if self.zeros else self.choices

    def texts(self, drawn: Sequence[int]) -> Texts:
        """What stands in the text."""
        if self.alternatives:
            return self.alternatives[drawn[0]]
        options = self.options
        return tuple(options[place] for place in drawn)

    def values(self, drawn: Places) -> NDArray[np.float64]:
        """The numbers of many candidates, a row each."""
        if self.alternatives:
            table = np.array([[_float(text) for text in row] for row in self.alternatives])
            return np.asarray(table[drawn[:, 0]])
        return np.asarray(np.array([_float(text) for text in self.options])[drawn])


def _float(text: str) -> float:
    return float(Fraction(text.replace(" ", "")))


@dataclass(frozen=True)
class Layout:
    """The text of a sheet with its drawn numbers taken out, and the groups."""

    groups: tuple[Group, ...]
    pieces: tuple[str, ...]
    """The text between the numbers, one more than there are."""
    order: tuple[tuple[int, int], ...]
    """Group and number of each number in the text, in order."""
    kept: frozenset[str] = field(default_factory=frozenset)
    givens: tuple[Given, ...] = ()

    @property
    def words(self) -> int:
        """How many words a candidate takes."""
        return sum(group.words for group in self.groups)

    def draw(self, words: Words) -> list[Places]:
        """What every group draws."""
        found, first = [], 0
        for group in self.groups:
            found.append(group.draw(words[:, first : first + group.words]))
            first += group.words
        return found

    def with_texts(self, sheet: Sheet, drawn: Sequence[Sequence[int]]) -> Sheet:
        """The author's sheet with these numbers in its texts."""
        texts = [group.texts(one) for group, one in zip(self.groups, drawn, strict=True)]
        now = {
            cell[:2]: text
            for group, own in zip(self.groups, texts, strict=True)
            for cells, text in zip(group.cells, own, strict=True)
            for cell in cells
        }
        notation = Notation.of(sheet.notation, LANGUAGES[sheet.language].decimal_comma)
        fill = filler([given.with_numbers(now) for given in self.givens], Style(notation))
        blocks = tuple(
            block._replace(markdown=fill(block.typed, block.line))
            if isinstance(block, Prose) and block.typed is not None
            else block
            for block in sheet.blocks
        )
        return replace(sheet, blocks=blocks)

    def text(self, drawn: Sequence[Sequence[int]]) -> str:
        """The sheet with these numbers."""
        texts = [group.texts(one) for group, one in zip(self.groups, drawn, strict=True)]
        filled = [self.pieces[0]]
        for (group, number), piece in zip(self.order, self.pieces[1:], strict=True):
            filled += [texts[group][number], piece]
        return "".join(filled)


def layout_of(sheet: Sheet) -> Layout:
    """What of a sheet is drawn. Raises ChalkworkError where nothing in it is."""
    split = split_sheet(sheet.text)
    givens = givens_of(split.pieces)
    varying = sheet.vary or Varying()
    groups = _linked(_groups(sheet, givens, varying))
    if not groups:
        raise ChalkworkError(
            "nothing in this sheet varies",
            file=sheet.file,
            hint="variants draw data, weights, values of graphs and the numbers of laboratory blocks; the key vary "
            "of the front matter can name others",
        )
    drawn = {cell[:2] for group in groups for cells in group.cells for cell in cells}
    kept = frozenset(
        given.title for given in givens if not any((given.piece, each.at) in drawn for each in given.scalars)
    )
    pieces, order = _cut(split.header, split.pieces, groups)
    return Layout(tuple(groups), pieces, order, kept, tuple(givens))


def _groups(sheet: Sheet, givens: Sequence[Given], varying: Varying) -> Iterator[tuple[tuple[object, ...], Group]]:
    """Every group, with what it shares with those that it stays alike with."""
    keep = {given.title for name in varying.keep for given in named(givens, name)}
    ranges = {given.title: one for name, one in varying.ranges.items() for given in named(givens, name)}
    for given in givens:
        if given.title in keep or (given.drawn is None and given.title not in ranges):
            continue
        for number, (link, nodes) in enumerate(_samples(sheet, given)):
            cells = tuple(((given.piece, one.at, one.text),) for one in nodes)
            range_ = ranges.get(given.title)
            group = Group(given.name, given.drawn or "data", cells, names=frozenset({given.name, given.title}))
            group = _ranged(group, range_) if range_ else _usual(group, given)
            if len(group.alternatives) > 1 or len(group.options) > 1:
                key = given.key if given.key not in ("values", "start") else given.name
                yield (key, link, group.own, number if range_ else 0), group


def _ranged(group: Group, stated: Range) -> Group:
    if stated.wholes:
        return replace(group, alternatives=stated.wholes)
    return replace(group, choices=stated.choices)


def _usual(group: Group, given: Given) -> Group:
    own = group.own
    if not is_drawable(own):
        return group
    classes = given.table.entries.get("classes")
    if given.drawn == "target" and len(own) == 1 and isinstance(classes, Scalar) and classes.text.isdecimal():
        return replace(group, choices=classes_like(int(classes.text)))
    alternatives = alternatives_like(own, group.drawn)
    if alternatives is not None:
        return replace(group, alternatives=tuple(alternatives))
    if group.drawn in ("shares", "interval"):
        return group
    choices, zeros = choices_like(own, group.drawn)
    return replace(group, choices=choices, zeros=zeros)


def _samples(sheet: Sheet, given: Given) -> Iterator[tuple[object, list[Scalar]]]:
    """The numbers sample by sample, each with what its target belongs to; all of them where they are no samples."""
    if given.name not in ("x", "y") or given.key != given.name:
        yield (), given.scalars
        return
    network = _network_of(sheet, given)
    columns = network is not None and network.convention.samples == "columns" and network.input is None
    own = _sampled(given.node, columns, network is not None and network.input is not None and given.name == "x")
    if all(len(sample) == 1 for sample in own):
        yield (), given.scalars
        return
    data = given.table.entries.get("x")
    inputs = _sampled(data, columns, False) if data is not None and given.name == "y" else None
    for place, sample in enumerate(own):
        known = inputs[place] if inputs is not None and place < len(inputs) else []
        yield tuple(scalar.text for scalar in known), sample


def _sampled(node: Node, columns: bool, matrices: bool) -> list[list[Scalar]]:
    """The samples of a vector, a matrix, or a list of matrices; `matrices` says that a sample is one."""
    if not isinstance(node, Listing) or not any(isinstance(item, Listing) for item in node.items):
        return [list(_flat(node))]
    if matrices and not any(isinstance(one, Listing) for item in node.items for one in _items(item)):
        return [list(_flat(node))]
    rows = [list(_flat(item)) for item in node.items]
    deeper = any(isinstance(inner, Listing) for item in node.items for inner in _items(item))
    return [list(column) for column in zip(*rows, strict=True)] if columns and not deeper else rows


def _items(node: Node) -> list[Node]:
    return node.items if isinstance(node, Listing) else []


def _flat(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Listing):
        for item in node.items:
            yield from _flat(item)


def _network_of(sheet: Sheet, given: Given) -> NetworkBlock | None:
    """The network that the given's block speaks of."""
    stated, networks = given.table.entries.get("network"), sheet.networks
    task = next((task for task in sheet.tasks if task.id == given.block), None)
    name = (task.network or "") if task else stated.text if isinstance(stated, Scalar) else next(iter(networks), "")
    return networks.get(name)


def _linked(found: Iterator[tuple[tuple[object, ...], Group]]) -> list[Group]:
    """The groups, those that stay alike as one."""
    joined: dict[tuple[object, ...], Group] = {}
    for link, group in found:
        known = joined.get(link)
        if known is None:
            joined[link] = group
            continue
        cells = tuple(one + other for one, other in zip(known.cells, group.cells, strict=True))
        joined[link] = replace(known, cells=cells, names=known.names | group.names)
    return list(joined.values())


def _cut(
    header: str, pieces: Sequence[Piece], groups: Sequence[Group]
) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """The text between the numbers, and which numbers these are."""
    places_in: Mapping[int, list[tuple[int, str, int, int]]] = {number: [] for number in range(len(pieces))}
    for place, group in enumerate(groups):
        for number, cells in enumerate(group.cells):
            for source, at, text in cells:
                places_in[source].append((at, text, place, number))
    between, order = [header], []
    for number, piece in enumerate(pieces):
        offsets = _offsets(piece)
        done = 0
        for at, text, place, slot in sorted(places_in[number]):
            start = offsets[at] if offsets else at
            between[-1] += piece.source[done:start]
            between.append("")
            order.append((place, slot))
            done = start + len(text)
        between[-1] += piece.source[done:]
    return tuple(between), tuple(order)


def _offsets(piece: Piece) -> list[int]:
    """Where each character of a block's body stands in its source."""
    if not piece.language:
        return []
    lines = piece.source.splitlines(keepends=True)
    inner = piece.body.splitlines(keepends=True)
    offsets, start = [], len(lines[0])
    for line, body in zip(lines[1:], inner, strict=False):
        indent = len(line) - len(body)
        offsets += [start + indent + place for place in range(len(body))]
        start += len(line)
    return offsets
