"""Which inputs a network relies on: how much worse it is where one of them says nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.inside import canvas
from chalkwork.inside.table import Table
from chalkwork.networks.arguments import one_of, seed_of, whole
from chalkwork.networks.data import Array
from chalkwork.networks.labels import CLASSIFY
from chalkwork.networks.measuring import Measure
from chalkwork.networks.metrics import METRICS, metrics_of
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.training_data import given_samples

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SMALLER = ("loss", "mae", "mse", "rmse")
"""What is the better the smaller it is."""
SHOWN = 20


@dataclass(frozen=True, eq=False)
class Importance:
    """How much worse a measure gets where an input, or a group of them, is shuffled among the samples.

    `worse` holds a row for each of `names`, an entry for each shuffle; `measure` is what is measured, `whole` its value
    where nothing is shuffled.
    """

    names: tuple[str, ...]
    worse: Array
    measure: str
    whole: float

    @property
    def mean(self) -> Array:
        """The mean over the shuffles."""
        return np.asarray(self.worse.mean(1))

    @property
    def std(self) -> Array:
        """The standard deviation over the shuffles (by their number less one); 0 of a single one."""
        return np.asarray(self.worse.std(1, ddof=1) if self.worse.shape[1] > 1 else np.zeros(len(self.names)))

    @property
    def order(self) -> Array:
        """The places of the inputs, the most important first."""
        return np.argsort(-self.mean, kind="stable")

    @property
    def table(self) -> Table:
        """A row for each input, the most important first."""
        rows = tuple((self.names[at], float(self.mean[at]), float(self.std[at])) for at in self.order)
        what = f"{self.measure} is {self.whole:.6g}; by so much it is worse where the input is shuffled"
        return Table(("input", "worse", "std"), rows, what)

    def __repr__(self) -> str:
        return str(self.table)


def importance(
    net: NeuralNetwork,
    x: Any,
    y: Any,
    *,
    metric: str | Callable[..., Any] = "loss",
    better: str | None = None,
    repeats: int = 5,
    seed: int = 0,
    names: Sequence[str] | None = None,
    groups: Mapping[str, Sequence[int]] | None = None,
) -> Importance:
    """Shuffle every input among the samples, `repeats` times, and measure how much worse the network is with it.

    `metric` is `"loss"` (without penalties), one of `METRICS`, or a function of true and predicted values, as `train`
    takes them; of a function, `better` says whether it is `"larger"` or `"smaller"` for a better network. `names` are
    those of the inputs. `groups` names inputs that are shuffled together, by their places from 0 on, such as the
    columns of one category; then only groups are. The samples of repeat r of the input (or group) j are
    `np.random.default_rng([seed, j, r]).permutation(n)`. Inputs that say the same stand in for one another, and all of
    them may look unimportant.

    Source: Breiman, Random forests (2001), section 10; Fisher, Rudin and Dominici (2019), equation 3. Raises
    ChalkworkError for what it does not know, and for inputs that are matrices.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[1.0], [0.0]], bias=False)])
    >>> x = np.array([[1.0, 3.0], [2.0, 4.0], [4.0, 5.0]])
    >>> importance(net, x, x[:, :1], metric="mse", repeats=3, names=["length", "width"])
    input   worse   std
    ------  -----  ----
    length   5.11  0.77
    width       0     0
    mse is 0; by so much it is worse where the input is shuffled
    """
    data, labels = given_samples(net, (x, y), net.labels)
    if not isinstance(data.x, np.ndarray) or data.x.ndim != 2:
        raise ChalkworkError("importance is of inputs of their own, not of sparse matrices or of positions in a sample")
    count, axis = whole(repeats, "repeats"), net.convention.sample_axis
    metrics = () if metric == "loss" else metrics_of(metric, net.layers[-1].activation.name in CLASSIFY)
    measure = Measure(net, data, labels, metrics, loss=not metrics)
    name = metrics[0].name if metrics else "loss"
    sign = _direction(metric, better)
    inputs = data.x if axis == -2 else data.x.T
    shown, places = _parts(inputs.shape[1], names, groups)
    values = net.held(net.plan())
    before, worse = measure(values)[name], np.empty((len(places), count))
    kept, shuffled = inputs, inputs.copy()
    measure.data = replace(data, x=shuffled if axis == -2 else shuffled.T)
    for row, columns in enumerate(places):
        for repeat in range(count):
            order = np.random.default_rng([seed_of(seed), row, repeat]).permutation(len(inputs))
            shuffled[:, columns] = kept[:, columns][order]
            worse[row, repeat] = sign * (measure(values)[name] - before)
        shuffled[:, columns] = kept[:, columns]
    return Importance(shown, worse, name, before)


def _direction(metric: Any, better: str | None) -> int:
    """1 where a larger value is worse, else -1."""
    known = isinstance(metric, str) and (metric in METRICS or metric == "loss")
    if known and better is not None:
        raise ChalkworkError(f"better is for functions of your own; {metric} is known")
    if not known and better is None:
        raise ChalkworkError("nobody knows whether more of this metric is better", hint='better="larger" or "smaller"')
    return 1 if metric in SMALLER or (better and one_of(better, ("larger", "smaller"), "better") == "smaller") else -1


def called(inputs: int, names: Sequence[str] | None) -> tuple[str, ...]:
    """The names of so many inputs: those given, or x1, x2, ... ChalkworkError where they are more or fewer."""
    found = tuple(f"x{place}" for place in range(1, inputs + 1)) if names is None else tuple(map(str, names))
    if len(found) != inputs:
        raise ChalkworkError(f"there are {len(found)} names for {inputs} inputs")
    return found


def _parts(inputs: int, names: Any, groups: Any) -> tuple[tuple[str, ...], list[list[int]]]:
    """The inputs by their names, or groups of them, and the places of each."""
    if groups is None:
        return called(inputs, names), [[place] for place in range(inputs)]
    if names is not None or not isinstance(groups, Mapping) or not groups:
        raise ChalkworkError("groups are names with the places of their inputs, in place of names")
    places = [[whole(place, f"a place of {name}", 0, inputs - 1) for place in group] for name, group in groups.items()]
    return tuple(map(str, groups)), places


@overload
def plot_importance(found: Importance, *, ax: None = ...) -> Figure: ...
@overload
def plot_importance(found: Importance, *, ax: Axes) -> Axes: ...
def plot_importance(found: Importance, *, ax: Axes | None = None) -> Figure | Axes:
    """A bar for each input, the most important above, at most 20, with a dot for every shuffle.

    Returns the figure, or `ax` where it was given.
    """
    order = found.order[:SHOWN]
    axes = canvas.new_axes(height=1.1 + 0.28 * len(order)) if ax is None else ax
    heights = np.arange(len(order))
    axes.barh(heights, found.mean[order], color=canvas.COLOURS[4], height=0.65)
    spread = found.worse[order]
    axes.plot(spread.ravel(), np.repeat(heights, spread.shape[1]), ".", color=canvas.COLOURS[0], markersize=4)
    axes.axvline(0, color=canvas.GREY, linewidth=0.8)
    axes.set_yticks(heights, [found.names[at] for at in order])
    axes.invert_yaxis()
    more = len(found.names) - len(order)
    title = f"the first {len(order)} of {len(found.names)}" if more else ""
    canvas.tidy(axes, f"{found.measure}: worse by, where the input is shuffled", "", title)
    return canvas.shown(axes, ax)
