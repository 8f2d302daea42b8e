"""Where the nodes of a directed graph go: in rows, so that edges run upwards, are short and seldom cross.

The usual steps (after Sugiyama, Tagawa and Toda): every node gets the row of its longest path from a source;
an edge that skips rows gets a slot in each of them; rows are sorted by the mean place of their neighbours,
and the order with the fewest crossings is kept; then slots are moved sideways, towards their neighbours, as
far as their widths allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Edges = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Layout:
    """The slots of every row from left to right, every slot's x, and the slots that each edge runs through.

    Slots below the number of nodes are the nodes; the others are places where an edge passes a row.
    """

    rows: list[list[int]]
    x: list[float]
    chains: list[list[int]]


def in_order(count: int, edges: Edges) -> list[int]:
    """The nodes, every one after all that point to it; those on or behind a cycle are missing.

    >>> in_order(3, [(2, 0), (0, 1)]), in_order(3, [(0, 1), (1, 0)])
    ([2, 0, 1], [2])
    """
    waiting = [0] * count
    for _, target in edges:
        waiting[target] += 1
    order = [node for node in range(count) if not waiting[node]]
    for node in order:
        for source, target in edges:
            if source == node:
                waiting[target] -= 1
                if not waiting[target]:
                    order.append(target)
    return order


def layered(widths: Sequence[float], edges: Edges, *, apart: float, passing: float) -> Layout:
    """Lay out nodes of these widths; `passing` is the width kept for an edge that passes a row.

    >>> layout = layered([40, 40, 40], [(0, 1), (1, 2), (0, 2)], apart=20, passing=10)
    >>> layout.rows, layout.chains
    ([[0], [1, 3], [2]], [[0, 1], [1, 2], [0, 3, 2]])
    """
    ranks = _ranks(len(widths), edges)
    rows: list[list[int]] = [[] for _ in range(max(ranks) + 1)]
    for node, rank in enumerate(ranks):
        rows[rank].append(node)
    room = list(widths)
    chains = []
    for source, target in edges:
        chain = [source]
        for rank in range(ranks[source] + 1, ranks[target]):
            rows[rank].append(len(room))
            chain.append(len(room))
            room.append(passing)
        chains.append([*chain, target])
    links = [link for chain in chains for link in pairwise(chain)]
    rows = _untangled(rows, len(room), links)
    return Layout(rows, _abscissae(rows, room, links, len(widths), apart), chains)


def _ranks(count: int, edges: Edges) -> list[int]:
    """The longest path from a source; sources themselves move up to just below what uses them."""
    ranks = [0] * count
    for node in in_order(count, edges):
        for source, target in edges:
            if source == node:
                ranks[target] = max(ranks[target], ranks[source] + 1)
    targets = {target for _, target in edges}
    for node in range(count):
        uses = [ranks[target] for source, target in edges if source == node]
        if node not in targets and uses:
            ranks[node] = min(uses) - 1
    return ranks


def _neighbours(slots: int, links: Edges) -> tuple[list[list[int]], list[list[int]]]:
    below: list[list[int]] = [[] for _ in range(slots)]
    above: list[list[int]] = [[] for _ in range(slots)]
    for low, high in links:
        below[high].append(low)
        above[low].append(high)
    return below, above


def _untangled(rows: list[list[int]], slots: int, links: Edges) -> list[list[int]]:
    below, above = _neighbours(slots, links)
    best, fewest = rows, _crossings(rows, above)
    for sweep in range(12):
        if not fewest:
            break
        rows = _sorted_once(rows, above if sweep % 2 == 0 else below, downwards=sweep % 2 == 0)
        crossings = _crossings(rows, above)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _sorted_once(rows: list[list[int]], neighbours: list[list[int]], *, downwards: bool) -> list[list[int]]:
    """Every row sorted by the mean place of its neighbours in the row that was sorted just before."""
    place = {slot: float(at) for row in rows for at, slot in enumerate(row)}
    result = [list(row) for row in rows]
    for row in reversed(result) if downwards else result:
        wish = {slot: _mean([place[other] for other in neighbours[slot]], place[slot]) for slot in row}
        row.sort(key=wish.__getitem__)
        place.update((slot, float(at)) for at, slot in enumerate(row))
    return result


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _crossings(rows: list[list[int]], above: list[list[int]]) -> int:
    place = {slot: at for row in rows for at, slot in enumerate(row)}
    count = 0
    for row in rows:
        ends: list[int] = []
        for slot in row:
            own = [place[other] for other in above[slot]]
            count += sum(end > mine for mine in own for end in ends)
            ends.extend(own)
    return count


def _abscissae(rows: list[list[int]], room: Sequence[float], links: Edges, nodes: int, apart: float) -> list[float]:
    below, above = _neighbours(len(room), links)
    both = [low + high for low, high in zip(below, above, strict=True)]
    x = [0.0] * len(room)
    for row in rows:
        _settle(row, x, dict.fromkeys(row, 0.0), dict.fromkeys(row, 1.0), room, apart)
    for sweep in range(24):
        upwards = sweep % 2 == 0
        near = both if sweep >= 12 else below if upwards else above
        for row in rows if upwards else reversed(rows):
            pulls = {slot: [(x[other], _pull(slot, other, nodes)) for other in near[slot]] for slot in row}
            weights = {slot: sum(pull for _, pull in pulls[slot]) or 0.1 for slot in row}
            middle = _mean([x[slot] for slot in row], 0.0)
            wishes = {
                slot: sum(at * pull for at, pull in pulls[slot]) / weights[slot]
                if pulls[slot]
                else (x[slot] if both[slot] else middle)
                for slot in row
            }
            _settle(row, x, wishes, weights, room, apart)
    return x


def _pull(slot: int, other: int, nodes: int) -> float:
    """A long edge should be straight where it passes rows, so its slots hold together."""
    return (1.0, 2.0, 6.0)[(slot >= nodes) + (other >= nodes)]


def _settle(
    row: Sequence[int],
    x: list[float],
    wishes: dict[int, float],
    weights: dict[int, float],
    room: Sequence[float],
    apart: float,
) -> None:
    """Put a row where its slots wish to be, by least squares, without changing order or coming too near.

    With the least distances taken off, this is isotonic regression: neighbours out of order are pooled.
    """
    offset = 0.0
    offsets: list[float] = []
    for left, right in pairwise([row[0], *row]):
        offset += (room[left] + room[right]) / 2 + apart if offsets else 0.0
        offsets.append(offset)
    pools: list[tuple[float, float, int]] = []
    for slot, offset in zip(row, offsets, strict=True):
        mean, weight, size = wishes[slot] - offset, weights[slot], 1
        while pools and pools[-1][0] >= mean:
            other, heavy, many = pools.pop()
            mean = (mean * weight + other * heavy) / (weight + heavy)
            weight, size = weight + heavy, size + many
        pools.append((mean, weight, size))
    means = [mean for mean, _, size in pools for _ in range(size)]
    for slot, mean, offset in zip(row, means, offsets, strict=True):
        x[slot] = mean + offset
