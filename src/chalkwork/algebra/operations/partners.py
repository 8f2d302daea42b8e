"""Which entries of data and kernels meet under a window: what the sums of a correlation are written out by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from chalkwork.algebra.operations.entry import Shape
from chalkwork.algebra.operations.windows import Lie, Sweep, meetings_by

Partners = Iterator[tuple[Shape, Shape]]


def partners_of_result(lie: Lie, at: Sweep, place: Shape) -> Partners:
    """The entries of data and kernels whose products one entry of a correlation is the sum of."""
    sample = place[: lie.samples]
    number, where = lie.place_in_result(place[lie.samples :])
    for channel in range(lie.map_shape()[0]):
        for _, entry, met in meetings_by(at, 0).get(where, ()):
            yield (*sample, *lie.data_place(channel, met)), lie.kernel_place(number, channel, entry)


def partners_of_kernel(lie: Lie, at: Sweep, place: Shape) -> Partners:
    """The same for one entry of what the kernels receive: entries of data and errors."""
    number, channel, entry = lie.place_in_kernel(place)
    for sample in product(*map(range, lie.before[: lie.samples])):
        for where, _, met in meetings_by(at, 1).get(entry, ()):
            yield (*sample, *lie.data_place(channel, met)), (*sample, *lie.result_place(number, where))


def partners_of_data(lie: Lie, at: Sweep, place: Shape) -> Partners:
    """The same for one entry of what the data receive: entries of errors and turned kernels."""
    for factor, kernel in partners_of_spread(lie, at, place):
        number, channel, entry = lie.place_in_kernel(kernel)
        turned = tuple(size - 1 - one for size, one in zip(at.window, entry, strict=True))
        yield factor, lie.kernel_place(number, channel, turned)


def partners_of_spread(lie: Lie, at: Sweep, place: Shape) -> Partners:
    """The same for one entry of what windows reach: entries of data and kernels as they lie."""
    sample = place[: lie.samples]
    channel, met = lie.place_in_data(place[lie.samples :])
    for number in range(lie.kernel_shape()[0]):
        for where, entry, _ in meetings_by(at, 2).get(met, ()):
            yield (*sample, *lie.result_place(number, where)), lie.kernel_place(number, channel, entry)


def most_met(lie: Lie, at: Sweep) -> Shape:
    """Where in the data of a sample, in its first channel, most windows lie, the first such place."""
    by_entry = meetings_by(at, 2)
    met = max(product(*map(range, at.sizes)), key=lambda place: len(by_entry.get(place, ())))
    return lie.data_place(0, met)


PARTNERS: dict[str, Callable[[Lie, Sweep, Shape], Partners]] = {
    "convolve": partners_of_result,
    "convolve_kernel": partners_of_kernel,
    "convolve_full": partners_of_data,
    "convolve_transposed": partners_of_spread,
}
"""By the operation: where the factors of each term stand in its two arguments."""
