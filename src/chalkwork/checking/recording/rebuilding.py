"""What was kept line by line, put together to variables as a program has them: lists, dictionaries, objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chalkwork.checking.recording.watching import Array, Made, Path


class Versions:
    """The values that one place of a program held, in the order of time; as an array it is the last of them."""

    __module__ = "recorded"  # as something of the program, and not of ours
    is_leaf = True

    def __init__(self, made: list[Made], grad: Versions | None = None) -> None:
        self.made = made
        self.grad = grad

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.made[-1].value, dtype=dtype)

    @property
    def ndim(self) -> int:
        """The rank of the last value."""
        return self.made[-1].value.ndim

    def beside(self, others: Sequence[Versions]) -> Versions:
        """These and the others as rows: the first values of all, the second ones, and so on; else the last alone."""
        every = (self, *others)
        count = len(self.made) if len({len(one.made) for one in every}) == 1 else 1
        found = []
        for back in range(count, 0, -1):
            made = [one.made[-back] for one in every]
            if len({one.value.shape for one in made}) == 1:
                last = max(made, key=lambda one: one.order)
                line = None if all(one.line is None for one in made) else last.line
                found.append(replace(last, value=np.stack([one.value for one in made]), line=line, of=None))
        return Versions(found or [every[-1].made[-1]])


class _Object:
    """What stands for an object of somebody's class: its attributes."""

    __module__ = "recorded"


class _Module(_Object):
    """What stands for a module of PyTorch: it has parameters besides."""

    __module__ = "recorded"

    def __init__(self, parameters: Mapping[str, object]) -> None:
        self._parameters = parameters

    def state_dict(self) -> None:
        """What a module is known by."""

    def named_parameters(self) -> Iterator[tuple[str, object]]:
        """The parameters by name."""
        yield from self._parameters.items()


class _Node:
    """A place, with what is kept below it."""

    def __init__(self) -> None:
        self.made: list[Made] | None = None
        self.below: dict[tuple[str, str | int], _Node] = {}

    def entered(self, step: tuple[str, str | int]) -> _Node:
        """The place below, made where there is none yet."""
        return self.below.setdefault(step, _Node())

    def leaf(self) -> Versions | None:
        """The numbers that were kept here."""
        gradient = self.below.get(("gradient", ""))
        return None if self.made is None else Versions(self.made, gradient.leaf() if gradient else None)

    def whole(self) -> object:
        """What is kept here and below: a container where there is one, else numbers."""
        steps = {step: node for step, node in self.below.items() if step[0] != "gradient"}
        of: dict[str, dict[Any, object]] = {}
        for (kind, key), node in steps.items():
            of.setdefault(kind, {})[key] = node.whole()
        if "attribute" in of or "parameter" in of:
            own = _Module(of["parameter"]) if "parameter" in of else _Object()
            vars(own).update(of.get("attribute", {}))
            return own
        if "key" in of:
            return of["key"]
        if "item" in of:
            return [of["item"].get(place) for place in range(max(map(int, of["item"])) + 1)]
        return self.leaf()


def rebuilt(places: Mapping[Path, list[Made]]) -> list[dict[str, object]]:
    """The variables with their versions in the place of numbers: as numbers, and as containers where they were both."""
    root = _Node()
    for path, made in places.items():
        node = root
        for step in path:
            node = node.entered(step)
        node.made = made
    names = {"own object" if name == "self" else str(name): node for (_, name), node in root.below.items()}
    numbers = {name: node.leaf() for name, node in names.items()}
    containers = {name: node.whole() for name, node in names.items()}
    return [
        {name: one for name, one in numbers.items() if one is not None},
        {name: one for name, one in containers.items() if one is not None and not isinstance(one, Versions)},
    ]
