"""Which network or graph a task is about, which task it follows, and that every name is given once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from chalkwork.counting import some
from chalkwork.errors import SheetError
from chalkwork.sheets.schema import Block, GraphBlock, NetworkBlock, PartBlock, TaskBlock

_Named = NetworkBlock | GraphBlock | TaskBlock | PartBlock

_ONLY_NETWORK = ("x", "y", "optimizer", "long_way", "masks")
_ONLY_GRAPH = ("values", "update")


def settle(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The same blocks, every task with its network or graph filled in.

    Raises `SheetError` for names and ids that are given twice, unknown, only defined further down, or left
    open where more than one is possible.
    """
    blocks = tuple(blocks)
    names = _Names(later={b.id: b.line for b in reversed(blocks) if isinstance(b, TaskBlock)})
    return tuple([names.add(block) for block in blocks])


@dataclass(slots=True)
class _Names:
    """What has been defined so far, walking down the sheet; `later` holds the line of every task."""

    later: dict[str, int]
    networks: dict[str, NetworkBlock] = field(default_factory=dict)
    graphs: dict[str, GraphBlock] = field(default_factory=dict)
    tasks: dict[str, TaskBlock] = field(default_factory=dict)
    parts: dict[str, PartBlock] = field(default_factory=dict)

    def add(self, block: Block) -> Block:
        if isinstance(block, NetworkBlock):
            _once("network", block.name, block, "name", self.networks.get(block.name))
            self.networks[block.name] = block
        elif isinstance(block, GraphBlock):
            _once("graph", block.name, block, "name", self.graphs.get(block.name))
            self.graphs[block.name] = block
        elif isinstance(block, TaskBlock):
            _once("task", block.id, block, "id", self.tasks.get(block.id) or self.parts.get(block.id))
            block = self.task(block)
            self.tasks[block.id] = block
        elif isinstance(block, PartBlock):
            _once("task", block.id, block, "id", self.tasks.get(block.id) or self.parts.get(block.id))
            self.parts[block.id] = block
        return block

    def task(self, task: TaskBlock) -> TaskBlock:
        if task.network is not None and task.graph is not None:
            raise SheetError("expected a network or a graph, found both", line=task.line_of("graph"))
        if task.network is not None:
            _known("network", task.network, task, self.networks)
        if task.graph is not None:
            _known("graph", task.graph, task, self.graphs)
        if task.after is not None:
            task = self.following(task, task.after)
        elif task.network is None and task.graph is None:
            task = self.only_one(task)
        _fitting_keys(task)
        return task

    def following(self, task: TaskBlock, after: str) -> TaskBlock:
        before = self.tasks.get(after)
        line = task.line_of("after")
        if before is None and after == task.id:
            raise SheetError(f"after: the task {after!r} cannot follow itself", line=line)
        if before is None and after in self.later:
            raise SheetError(
                f"after: expected a task above this one, found {after!r}, which is below, in line {self.later[after]}",
                line=line,
            )
        if before is None:
            raise SheetError(f"after: expected the id of a task above this one, found {after!r}", line=line)
        named = task.network is not None or task.graph is not None
        if named and (task.network, task.graph) != (before.network, before.graph):
            key, other = ("network", before.network) if before.network else ("graph", before.graph)
            raise SheetError(
                f"after: task {after!r} is about the {key} {other!r}, so this one is too",
                line=task.line_of("graph" if task.graph else "network"),
                hint=f"leave the key out, or write '{key}: {other}'",
            )
        return replace(task, network=before.network, graph=before.graph)

    def only_one(self, task: TaskBlock) -> TaskBlock:
        network = _given(task, (*_ONLY_NETWORK, "learning_rate"))
        graphs = [] if network and not _given(task, _ONLY_GRAPH) else list(self.graphs)
        networks = [] if _given(task, _ONLY_GRAPH) else list(self.networks)
        if len(networks) + len(graphs) == 1:
            return replace(task, network=networks[0]) if networks else replace(task, graph=graphs[0])
        if not networks and not graphs:
            kind = "graph" if _given(task, _ONLY_GRAPH) else "network"
            raise SheetError(f"task {task.id!r} needs a {kind}, but none is defined above it", line=task.line)
        raise SheetError(
            f"task {task.id!r} does not say what it is about; "
            f"expected the key 'network' or 'graph' with one of {_listed([*networks, *graphs])}",
            line=task.line,
        )


def _once(kind: str, name: str, block: _Named, key: str, first: _Named | None) -> None:
    if first is not None:
        raise SheetError(
            f"{key}: a {kind} {name!r} is defined already, in line {first.line}",
            line=block.line_of(key),
            hint=f"give this one another {key}",
        )


def _known(kind: str, name: str, task: TaskBlock, above: dict[str, NetworkBlock] | dict[str, GraphBlock]) -> None:
    if name not in above:
        known = f"one of {_listed(list(above))}" if above else f"a {kind} block above this task"
        raise SheetError(f"{kind}: expected {known}, found {name!r}", line=task.line_of(kind))


def _fitting_keys(task: TaskBlock) -> None:
    kind, forbidden = ("network", _ONLY_GRAPH) if task.network is not None else ("graph", _ONLY_NETWORK)
    for key in _given(task, forbidden):
        hint = "write the numbers as 'values: {a: 2, b: 1}'" if key == "x" else None
        raise SheetError(f"{key}: a task about a {kind} does not have this key", line=task.line_of(key), hint=hint)
    if _given(task, ("steps",)) and task.learning_rate is None and task.after is None:
        raise SheetError("steps: expected a learning_rate as well, found none", line=task.line_of("steps"))


def _given(task: TaskBlock, keys: tuple[str, ...]) -> list[str]:
    return [key for key in keys if (key,) in task.lines]


def _listed(names: list[str]) -> str:
    return some(map(repr, names), 10)
