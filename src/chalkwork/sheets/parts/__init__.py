"""The blocks that the laboratory brings to a sheet: one table, an entry each, a file each.

A file defines `PART`: which keys its block has besides those of every exercise, and how these are read. What
is read is a function that works the answer out; it is called once, when the sheet is solved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from chalkwork.errors import ChalkworkError, SheetError
from chalkwork.sheets.posed import Key, Keys, Posed, posed, posed_by_room, readers
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution

if TYPE_CHECKING:
    from chalkwork.networks.network import NeuralNetwork
    from chalkwork.sheets.values import Fields

MODULES = {
    "architecture": "architecture",
    "bam": "bam",
    "batch_norm": "batch_norm",
    "boolean": "boolean",
    "claim": "claim",
    "decoding": "decoding",
    "divergence": "divergence",
    "equivalent": "equivalent",
    "hopfield": "hopfield",
    "likelihood": "likelihood",
    "metrics": "metrics",
    "optimise": "optimise",
    "output": "output",
    "presentation": "presentation",
    "question": "question",
    "region": "region",
    "relu_approximation": "approximation",
    "taylor": "taylor",
    "threshold_unit": "threshold_unit",
}
"""The language of a block, and the module that reads it: loaded when a sheet holds such a block."""


class Surroundings(NamedTuple):
    """What a block can use of its sheet: how it is written, and the networks above it, by name."""

    manner: Style = Style()
    networks: Mapping[str, NeuralNetwork] = {}

    def network(self, name: str, line: int) -> NeuralNetwork:
        """The network of that name; SheetError, with the line, where there is none above the block."""
        if name not in self.networks:
            listed = ", ".join(self.networks) or "none"
            hint = f"the networks above are: {listed}"
            raise SheetError(f"there is no network {name!r:.60}", line=line, hint=hint)
        return self.networks[name]


Work = Callable[[Surroundings], Solution]
Drawn = Literal["data", "weights", "target", "shares", "interval"]
"""How numbers are drawn anew: data keep their kind, weights have free signs, a target stays one, shares their sum."""


class Part(NamedTuple):
    """One kind of block.

    `read` is given the block's keys and raises SheetError, with the line, for what they cannot be; a ChalkworkError
    from the work without a line gets that of the block.
    """

    keys: tuple[str, ...]
    read: Callable[[Fields], Work]
    pose: Callable[[Fields], Posed]
    """What stands in the sheet before it is solved."""
    room: int = 8
    """Empty lines for the answer in a sheet with blanks."""
    vary: Mapping[str, Drawn] = {}
    """The keys whose numbers variants draw anew, and how."""


def calling(
    call: Callable[..., Solution],
    keys: Keys,
    needed: tuple[str, ...] = (),
    renamed: Mapping[str, str] | None = None,
    vary: Mapping[str, Drawn] | None = None,
    usual: Callable[[Fields], Mapping[str, Any]] | None = None,
    checked: Mapping[str, Callable[[Any], Any]] | None = None,
) -> Part:
    """The part whose keys are the arguments of one call, which says the exercise by itself.

    `needed` are the keys that must be there, `renamed` those that the call knows by another name. Where the call does
    not say the exercise, that is done key by key (`Key`), with the `usual` values of keys that are left out. What
    `checked` does not take of a key is an error on its line.
    """
    read_by = readers(keys)

    def read(fields: Fields) -> Work:
        for key in needed:
            fields.need(key, read_by[key])
        found = fields.given(read_by)
        given = {(renamed or {}).get(key, key): value for key, value in found.items()}

        def work(surroundings: Surroundings) -> Solution:
            for key, check in (checked or {}).items():
                try:
                    check(found[key])
                except ChalkworkError as error:
                    raise error.at(line=fields.line(key)) from None
            return call(**given, style=surroundings.manner)

        return work

    def pose(fields: Fields) -> Posed:
        if not any(isinstance(key, Key) for key in keys.values()):
            return posed_by_room(fields)
        return posed(fields, keys, usual(fields) if usual else {})

    return Part(tuple(keys), read, pose, vary=vary or {})


def part_of(language: str) -> Part:
    """The part that reads blocks of that language."""
    part: Part = import_module(f"chalkwork.sheets.parts.{MODULES[language]}").PART
    return part
