"""What a sheet holds once it is read: plain frozen data, checked, and every entry's line for later errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, NamedTuple

from chalkwork.sheets.locate import Path, nearest_line
from chalkwork.sheets.parts import Work
from chalkwork.sheets.posed import Posed
from chalkwork.sheets.values import Matrix, Numbers, Vector
from chalkwork.sheets.varying import Varying
from chalkwork.words import ENGLISH

Samples = Literal["columns", "rows"]
Weights = Literal["in_out", "out_in"]
Rounding = Literal["shown", "every_line"]
Detail = Literal["equations", "entries"]
FollowThrough = Literal["full", "half", "none"]
"""What a right step earns that goes on from a wrong value."""


class Convention(NamedTuple):
    """How the batch lies in X and how a weight matrix is oriented."""

    samples: Samples = "rows"
    weights: Weights = "in_out"


class Precision(NamedTuple):
    """How many digits are shown (decimals or significant, never both) and when values are rounded."""

    decimals: int | None = None
    significant: int | None = None
    rounding: Rounding = "shown"


_CONVENTION, _PRECISION = Convention(), Precision()


class Loss(NamedTuple):
    """A loss by name; None where the sheet leaves the choice to the loss."""

    name: str
    factor: Fraction | None = None
    reduction: str | None = None
    settings: Mapping[str, Fraction] = {}


class Layer(NamedTuple):
    """One layer: its sizes, and weights that are a matrix, one number for all, or None (drawn).

    `bias` is True (zeros), False (none), one number for all, or the values. `kind` names the layer's entry in the
    table of layers, `settings` what else is stated, by the layer's own keywords.
    """

    inputs: int
    units: int
    weights: Matrix | float | None = None
    bias: bool | float | Vector = True
    kind: str = "dense"
    settings: tuple[tuple[str, str | float | Vector | Matrix], ...] = ()
    positions: tuple[int, ...] = ()
    """At how many positions a sample has these units, where it is a matrix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Located:
    line: int
    source: str = field(repr=False)
    lines: Mapping[Path, int] = field(repr=False)

    def line_of(self, *path: str | int) -> int:
        """The line in the file of a key or an entry, such as `line_of("layers", 0, "weights")`.

        Indices count from 0. What has no line of its own gets the line of the nearest thing around it, in the
        end that of the block's opening fence.
        """
        return nearest_line(self.lines, path, self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rounded(_Located):
    precision: Precision = _PRECISION

    @property
    def decimals(self) -> int | None:
        """How many digits are shown after the point."""
        return self.precision.decimals

    @property
    def significant(self) -> int | None:
        """How many significant digits are shown."""
        return self.precision.significant

    @property
    def rounding(self) -> Rounding:
        """Whether only what is shown is rounded, or every line before it is used further."""
        return self.precision.rounding


class Prose(NamedTuple):
    """Markdown between the blocks, byte for byte."""

    markdown: str
    line: int
    typed: str | None = None
    """The text as it stands in the sheet, where that has places to fill."""

    @property
    def source(self) -> str:
        """The text as it stands in the sheet."""
        return self.markdown if self.typed is None else self.typed


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkBlock(_Located):
    """A network; its convention is the sheet's unless it states its own."""

    name: str = "net"
    layers: tuple[Layer, ...]
    input: tuple[int, ...] | None = None
    """The shape of a sample, where it is a matrix."""
    loss: Loss | None = None
    convention: Convention = _CONVENTION
    seed: int | None = None
    l1: float = 0.0
    l2: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphBlock(_Located):
    """A scalar graph: equations "name = expression", and which of the names is differentiated."""

    name: str = "graph"
    equations: tuple[str, ...]
    output: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskBlock(_Rounded):
    """A question about one network or one graph (exactly one of the two names is set).

    `ask` is empty where the task asks for everything; `precision` is the sheet's where the task states none.
    """

    id: str
    title: str = ""
    points: Fraction | None = None
    network: str | None = None
    graph: str | None = None
    x: Numbers | None = None
    y: Numbers | None = None
    values: Mapping[str, float | Numbers | str] = field(default_factory=dict)
    update: tuple[str, ...] = ()
    learning_rate: float | None = None
    steps: int = 1
    optimizer: Mapping[str, str | float] | None = None
    ask: tuple[str, ...] = ()
    after: str | None = None
    detail: Detail = "equations"
    long_way: bool = False
    masks: Mapping[int, Numbers] = field(default_factory=dict)
    note: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartBlock(_Rounded):
    """A block of the laboratory: `kind` is its language, `work` works its answer out, `pose` states it without."""

    kind: str
    id: str
    title: str = ""
    points: Fraction | None = None
    note: str = ""
    hint: str = ""
    work: Work = field(repr=False)
    pose: Posed = field(repr=False)


Block = Prose | NetworkBlock | GraphBlock | TaskBlock | PartBlock


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet(_Rounded):
    """A sheet: front matter and the blocks in the order of the document; equal only to itself.

    `source` is the front matter as it stands in the file; followed by the sources of the blocks it gives the
    sheet again, so that solutions can be put between them.
    """

    file: str
    title: str = ""
    author: str = ""
    course: str = ""
    date: str = ""
    language: str = ENGLISH
    points: str = ""
    convention: Convention = _CONVENTION
    notation: str | Mapping[str, str | bool | int] = field(default_factory=dict)
    follow_through: FollowThrough = "full"
    tolerance: float = 0.0
    conventions: tuple[str, ...] = ()
    vary: Varying | None = None
    blocks: tuple[Block, ...] = ()

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def parts(self) -> tuple[PartBlock, ...]:
        """The blocks of the laboratory, in order."""
        return tuple(block for block in self.blocks if isinstance(block, PartBlock))

    @property
    def tasks(self) -> tuple[TaskBlock, ...]:
        """The tasks, in order."""
        return tuple(block for block in self.blocks if isinstance(block, TaskBlock))

    @property
    def networks(self) -> dict[str, NetworkBlock]:
        """The networks by name."""
        return {block.name: block for block in self.blocks if isinstance(block, NetworkBlock)}

    @property
    def graphs(self) -> dict[str, GraphBlock]:
        """The graphs by name."""
        return {block.name: block for block in self.blocks if isinstance(block, GraphBlock)}

    @property
    def text(self) -> str:
        """The whole sheet as it was read."""
        return "".join(self._sources())

    def _sources(self) -> Iterator[str]:
        yield self.source
        yield from (block.source for block in self.blocks)


def with_style(sheet: Sheet, notation: str | None = None, decimals: int | None = None) -> Sheet:
    """The sheet in another notation or with other decimals, where they are given.

    >>> from chalkwork.sheets.format import parse_sheet
    >>> with_style(parse_sheet("Prose."), notation="brackets").notation
    'brackets'
    """
    if notation is not None:
        sheet = replace(sheet, notation=notation)
    if decimals is not None:
        precision = Precision(decimals, None, sheet.rounding)
        blocks = tuple(
            replace(block, precision=Precision(decimals, None, block.rounding))
            if isinstance(block, TaskBlock)
            else block
            for block in sheet.blocks
        )
        sheet = replace(sheet, precision=precision, blocks=blocks)
    return sheet
