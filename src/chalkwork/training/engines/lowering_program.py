"""A graph as a flat list of calls on arrays that exist beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf, prod
from typing import Any

import numpy as np

from chalkwork.training.engines.lowering_blas import Call, Matrix, address_of, available, plain_product, product
from chalkwork.training.engines.lowering_graph import Node, Size, in_order
from chalkwork.training.step import Array

BLOCK = 1 << 16
"""How many entries of each array a chain of entrywise operations takes at a time, so that all stay in the cache."""


@dataclass(slots=True)
class Segment:
    """Operations that are done together: one, or a chain of entrywise ones, block by block."""

    nodes: list[Node]
    rows: int
    """How many rows a block has."""
    split: bool = False


@dataclass(slots=True)
class Program:
    """The calls of one step, and the arrays that they work on."""

    calls: list[Call]
    givens: dict[str, Array]
    """Where the givens are to be put before the calls."""
    pointed: dict[str, Any]
    """The givens that only products read, by the address that is to be set; a sample must be a row in memory."""
    results: dict[str, Array]
    alive: list[Any]
    """What is known by its address alone."""
    largest: int
    """The operations of the largest product."""


def lower(
    results: Mapping[str, Node], carried: Mapping[str, str], data: Iterable[str], across: bool, dtype: np.dtype[Any]
) -> Program:
    """The program for the results; `carried` is updated in place, `across` says that samples are columns."""
    return _Lowering(results, carried, frozenset(data), across, dtype).program()


def _scheduled(results: Mapping[str, Node], carried: Mapping[str, str]) -> list[Node]:
    """The operations in order: what multiplies by the old weights first, so that they can be updated in place."""
    everything = in_order(results.values())
    readers = [
        node
        for node in everything
        if node.kind == "product" and any(x.root.kind == "given" and x.root.what in carried for x in node.inputs[:2])
    ]
    last = [results[name] for name in carried.values()]
    first = [node for node in results.values() if node not in last]
    return [
        node
        for node in in_order([*readers, *first, *last])
        if not node.is_view and node.kind not in ("given", "constant")
    ]


def _segments(nodes: Iterable[Node]) -> list[Segment]:
    """Large entrywise operations of one shape gathered into chains."""
    done: list[Segment] = []
    chain: Segment | None = None
    for node in nodes:
        rows = _block_rows(node)
        needs = {x.root for x in node.inputs}
        if rows is None:
            if chain is None or needs.isdisjoint(chain.nodes):
                done.insert(len(done) if chain is None else len(done) - 1, Segment([node], node.shape[0]))
            else:
                done.append(Segment([node], node.shape[0]))
                chain = None
        elif chain is not None and chain.nodes[0].shape == node.shape:
            chain.nodes.append(node)
        else:
            chain = Segment([node], rows, split=True)
            done.append(chain)
    return done


def _block_rows(node: Node) -> int | None:
    """The rows of a block; None where the operation is to be done at once."""
    rows, columns = node.shape
    if not node.entrywise or rows * columns <= BLOCK or any(x.is_view for x in node.inputs):
        return None
    return max(1, BLOCK // columns)


class _Lowering:
    """The plan of memory, and the calls."""

    def __init__(
        self,
        results: Mapping[str, Node],
        carried: Mapping[str, str],
        data: frozenset[str],
        across: bool,
        dtype: np.dtype[Any],
    ) -> None:
        self.results, self.carried, self.data, self.across, self.dtype = results, carried, data, across, dtype
        self.segments = _segments(_scheduled(results, carried))
        self.nodes = [node for segment in self.segments for node in segment.nodes]
        self.used = self._last_uses()
        self.targets = {results[after]: before for before, after in reversed(list(carried.items()))}
        self.memory: dict[Node, Array] = {}
        self.addresses: dict[str, Any] = {}
        self.givens: dict[str, Node] = {}
        self.local: set[Node] = set()
        self.free: dict[tuple[Size, bool], list[Array]] = {}
        self.calls: list[Call] = []
        self.full: dict[tuple[float, Size], Array] = {}
        self.alive: list[Array] = []

    def program(self) -> Program:
        """Everything, in order."""
        self._place_givens()
        position = 0
        for segment in self.segments:
            if segment.split:
                self.local = self._stays_inside(segment, position)
            for node in segment.nodes:
                self._place(node, position, segment)
                position += 1
            for start in range(0, segment.nodes[0].shape[0], segment.rows):
                for node in segment.nodes:
                    self._emit(node, segment, start)
        self._carry_over()
        givens = {name: self.memory[node] for name, node in self.givens.items() if name not in self.addresses}
        after = {name: self._array(node) for name, node in self.results.items() if name not in self.carried.values()}
        products = (2 * prod(node.shape) * node.inputs[0].shape[1] for node in self.nodes if node.kind == "product")
        return Program(self.calls, givens, self.addresses, after, [self.memory, self.alive], max(products, default=0))

    # --- memory ----------------------------------------------------------------------------------------------------

    def _last_uses(self) -> dict[Node, float]:
        used: dict[Node, float] = {}
        for position, node in enumerate(self.nodes):
            used |= {x.root: position for x in node.inputs}
        return used | {node.root: inf for node in self.results.values()}

    def _place_givens(self) -> None:
        everything = in_order(self.results.values())
        read_entrywise = {
            x.root for node in everything if node.kind != "product" for x in node.inputs if not node.is_view
        }
        read_entrywise |= {x.root for node in everything if node.kind == "product" for x in node.inputs[2:]}
        read_entrywise |= {node.root for node in self.results.values()}
        for node in everything:
            if node.kind == "constant":
                self.memory[node] = node.what
            elif node.kind == "given":
                self.givens[node.what] = node
                if available() and node.what in self.data and node not in read_entrywise:
                    self.addresses[node.what] = address_of(np.empty(0))
                else:
                    self.memory[node] = np.zeros(node.shape, self.dtype)

    def _stays_inside(self, segment: Segment, position: int) -> set[Node]:
        end = position + len(segment.nodes)
        return {node for node in segment.nodes if self.used.get(node, -1) < end and node not in self.targets}

    def _place(self, node: Node, position: int, segment: Segment) -> None:
        """Give the result an array: that of the weight it replaces, of an input that nothing else needs, or another."""
        self.memory[node] = (
            self._in_place(node, position, segment) if node in self.targets else self._own(node, position, segment)
        )
        for root in {x.root for x in node.inputs}:
            kept = root.kind in ("given", "constant") or root in self.targets
            if self.used[root] == position and not kept and self.memory[root] is not self.memory[node]:
                self._release(root, segment)

    def _release(self, root: Node, segment: Segment) -> None:
        array = self.memory[root]
        self.free.setdefault((array.shape, root in self.local), []).append(array)

    def _in_place(self, node: Node, position: int, segment: Segment) -> Array:
        given = self.givens.get(self.targets[node])
        if given is None or given.shape != node.shape or self.used.get(given, -1) > position:
            return self._own(node, position, segment)
        if self.used.get(given, -1) == position and not _may_overwrite(node, given):
            return self._own(node, position, segment)
        return self.memory[given]

    def _own(self, node: Node, position: int, segment: Segment) -> Array:
        local = node in self.local
        shape = (segment.rows, node.shape[1]) if local else node.shape
        for x in node.inputs:
            root = x.root
            dying = self.used[root] == position and root.kind not in ("given", "constant") and root not in self.targets
            if dying and root.shape == node.shape and (root in self.local) == local and _may_overwrite(node, root):
                return self.memory[root]
        free = self.free.get((shape, local))
        return free.pop() if free else np.zeros(shape, self.dtype)

    # --- calls -----------------------------------------------------------------------------------------------------

    def _array(self, x: Node, segment: Segment | None = None, start: int = 0) -> Array:
        """The array of a node, seen as it is; in a chain the rows of the block."""
        root = x.root
        array = self.memory[root]
        if x.kind == "transposed":
            return array.T
        if x.kind == "spread":
            return np.broadcast_to(array.T if x.inputs[0].kind == "transposed" else array, x.shape)
        if segment is None or not segment.split or (array.shape[0] == 1 and root not in self.local):
            return array
        stop = min(start + segment.rows, segment.nodes[0].shape[0])
        return array[: stop - start] if root in self.local else array[start:stop]

    def _emit(self, node: Node, segment: Segment, start: int) -> None:
        out = self._array(node, segment, start)
        if node.kind == "product":
            self._emit_product(node, out)
            return
        inputs = [self._array(x, segment, start) for x in node.inputs]
        if node.kind == "ufunc":
            if node.what in (np.maximum, np.minimum):
                inputs = [self._filled(x, array, out) for x, array in zip(node.inputs, inputs, strict=True)]
            self.calls.append(partial(node.what, *inputs, out=out))
        elif node.kind == "xlogy":
            self.calls += _xlogy(inputs[0], inputs[1], out)
        elif node.kind == "total":
            self.calls.append(partial(node.what.reduce, inputs[0], None, None, out, True))
        elif node.kind == "largest":
            self.calls += _largest(inputs[0], node.what, out)
        else:
            operation, parameters = node.what
            self.calls.append(partial(_by_table, partial(operation.value, np, *inputs, **dict(parameters)), out))

    def _filled(self, x: Node, array: Array, out: Array) -> Array:
        """A constant at full size: NumPy compares two arrays several times as fast as an array and a number."""
        if x.kind != "constant" or x.shape != (1, 1) or out.size < 64:
            return array
        key = (float(array.item()), (out.shape[0], out.shape[1]))
        return self.full.setdefault(key, np.full(out.shape, array.item(), self.dtype))

    def _emit_product(self, node: Node, out: Array) -> None:
        alpha, beta = np.ones((1, 1), self.dtype), np.zeros((1, 1), self.dtype)
        if len(node.inputs) == 5:
            alpha, initial, beta = (self._array(x) for x in node.inputs[2:])
            if initial is not out:
                self.calls.append(partial(np.copyto, out, initial))
        self.alive += (alpha, beta)
        if available():
            a, b = (self._matrix(x) for x in node.inputs[:2])
            self.calls.append(product(self.dtype, alpha, a, b, beta, out))
        else:
            left, right = (self._array(x) for x in node.inputs[:2])
            self.calls += plain_product(alpha, left, right, beta if len(node.inputs) == 5 else None, out)

    def _matrix(self, x: Node) -> Matrix:
        root = x.root
        if root.kind == "given" and root.what in self.addresses:
            return Matrix(self.addresses[root.what], x.shape, (x.kind == "transposed") != self.across)
        found = Matrix.of(self.memory[root])
        return found.turned if x.kind == "transposed" else found

    def _carry_over(self) -> None:
        """Put what was not computed in place where the next step looks for it."""
        late: list[tuple[Array, Array]] = []
        for before, after in self.carried.items():
            given, node = self.givens.get(before), self.results[after]
            if given is None:
                given = self.givens[before] = Node("given", node.shape, (), before)
                self.memory[given] = np.zeros(node.shape, self.dtype)
            source, target = self._array(node), self.memory[given]
            if source is target:
                continue
            if node.root.kind == "given":  # it may be overwritten by another
                copy = np.zeros(node.shape, self.dtype)
                self.calls.append(partial(np.copyto, copy, source))
                source = copy
            late.append((target, source))
        self.calls += [partial(np.copyto, target, source) for target, source in late]


def _may_overwrite(node: Node, root: Node) -> bool:
    """Whether the result may be written where that input lies."""
    seen = [x for x in node.inputs if x.root is root]
    if any(x.is_view for x in seen):
        return False
    if node.kind == "product":
        return len(node.inputs) == 5 and seen == [node.inputs[3]]
    return node.entrywise and node.kind != "xlogy"


def _by_table(value: Call, out: Array) -> None:
    out[...] = value()


def _xlogy(a: Array, b: Array, out: Array) -> Sequence[Call]:
    """The logarithm is taken only where it is needed; a NaN stays."""
    wanted, is_nan = np.empty(out.shape, bool), np.empty(out.shape, bool)
    zero = np.zeros((), out.dtype)
    return (
        partial(np.not_equal, a, zero, out=wanted),
        partial(np.not_equal, b, b, out=is_nan),
        partial(np.logical_or, wanted, is_nan, out=wanted),
        partial(out.fill, 0),
        partial(np.log, b, out=out, where=wanted),
        partial(np.multiply, a, out, out=out),
    )


def _largest(x: Array, axis: int, out: Array) -> Sequence[Call]:
    """Along short rows NumPy is slow; the transpose is copied, and its rows are compared."""
    rows, columns = x.shape
    if axis == -2 or columns > 64 or rows < 4:
        return (partial(np.maximum.reduce, x, axis, None, out, True),)
    turned = np.empty((columns, rows), x.dtype)
    return (
        partial(np.copyto, turned, x.T),
        partial(np.maximum.reduce, turned, 0, None, out.reshape(1, rows), True),
    )
