"""The table of layers that are counted: an entry each, with its settings, its words and its equations."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.counting import counted
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.architecture.tally import Shape, Tally, product, written
from chalkwork.networks.activations import Activation
from chalkwork.networks.layers.settings import Setting, take

NONE, ONE = Number(0), Number(1)
_MAPS = {1: "channels × length", 2: "channels × height × width"}


@dataclass(frozen=True)
class Counted:
    """What a layer is found to have: its output, and expressions for its weights, biases and products."""

    shape: Shape
    weights: Expression = NONE
    biases: Expression = NONE
    parameters: Expression | None = None
    """Both together, where that has a form of its own."""
    macs: Expression = NONE


@dataclass(frozen=True)
class Kind:
    """A kind of layer: its settings, words for a heading, and how it is counted.

    The words have places for settings: `<filters filter>` is how many filters there are, `<kernel>` of which sides.
    Settings without a usual value must be given, but for those that are `optional`.
    """

    settings: tuple[Setting, ...]
    words: str
    count: Callable[[Tally], Counted]
    optional: tuple[str, ...] = ()

    def called(self, own: Mapping[str, Any]) -> str:
        """A layer with these settings, in words."""

        def said(place: re.Match[str]) -> str:
            value = own[place[1]]
            if place[2]:
                return counted(value, place[2].strip())
            if isinstance(value, Activation):
                return value.words
            sides = _pair(value, 1 if "one axis" in self.words else 2)
            return "of " + " × ".join(map(str, sides)) if len(sides) > 1 else f"of length {sides[0]}"

        return re.sub(r"<(\w+)( [a-z]+)?>", said, self.words)

    def chosen(self, given: Mapping[str, Any], title: str) -> dict[str, Any]:
        """The settings of a layer, `title` in messages; ChalkworkError for what they cannot be."""
        known = {setting.key: setting for setting in self.settings}
        for key in given:
            if key not in known:
                hint = f"it takes {', '.join(known)}" if known else "it takes no settings"
                raise ChalkworkError(f"{title} has no setting {key!r:.60}", hint=hint)
        try:
            found = take(self.settings, given, title)
        except ChalkworkError as error:
            raise ChalkworkError(f"{title}: {error.message}", hint=error.hint) from None
        for key, value in found.items():
            if value is None and key not in self.optional:
                raise ChalkworkError(f"{title}: {key} is missing")
        return found


def _learned(
    at: Tally, shape: Shape, weights: Expression, biases: Expression, both: Expression, macs: Expression
) -> Counted:
    """Weights and, if the layer has any, biases, both together in a form of their own."""
    biased = at.settings["bias"]
    return Counted(shape, weights, biases if biased else NONE, both if biased else None, macs)


# --- windows that slide: convolution and pooling -------------------------------------------------------------------


def _pair(value: Any, axes: int) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,) * axes


@dataclass(frozen=True)
class _Window:
    """A window along one axis."""

    size: Name
    kernel: Name
    stride: Name


def _along(at: Tally, sizes: Shape, settings: Sequence[str], one: Callable[..., _Window]) -> list[_Window]:
    """The window along every axis, by the settings of it; one for both where nothing tells them apart."""
    choices = []
    for name in settings:
        choice = _pair(at.settings[name], len(sizes))
        if len(choice) != len(sizes):
            raise at.error(f"{name} has {len(choice)} numbers for {len(sizes)} axes")
        choices.append(choice)
    each = list(zip(sizes, *choices, strict=True))
    if len(set(each)) == 1:
        return [one(at, "", *each[0])] * len(sizes)
    return [one(at, axis, *given) for axis, given in zip("hw", each, strict=True)]


def _sides(kernel: Any, axes: int) -> dict[str, Any]:
    """The sides of a kernel by their axes; one without an axis where all are alike."""
    sides = _pair(kernel, axes)
    return {"": sides[0]} if len(set(sides)) == 1 else dict(zip("hw", sides, strict=False))


def _window(
    at: Tally, axis: str, size: Name, kernel: int, stride: int | None, padding: int | str, dilation: int = 1
) -> _Window:
    stride = kernel if stride is None else stride
    k, s = at.chosen("k", kernel, axis), at.chosen("s", stride, axis)
    spread = dilation * (kernel - 1)
    rounded_up = padding == "same" and (stride > 1 or spread % 2 == 1)
    if rounded_up:
        length: Expression = apply("floor", (size - 1) / s) + 1
        reason = "Padded so that no input is left over: a position for every stride, the last one begun counted too."
    else:
        pad = spread // 2 if padding == "same" else 0 if padding == "valid" else int(padding)
        p = at.chosen("p", pad, axis)
        d = at.chosen("d", dilation, axis) if dilation > 1 else None
        covered: Expression = size - k + 2 * p if d is None else size - d * (k - 1) - 1 + 2 * p
        if at.value(covered) < 0:
            room = at.value(size + 2 * p)
            raise at.error(f"the kernel covers {spread + 1}, but it slides over {room}, padding included")
        exact = at.value(covered) % stride == 0
        length = (covered / s if exact else apply("floor", covered / s)) + 1
        reason = "Positions of the window along an axis" + ("." if exact else ", where the last step does not fit.")
    out = at.follows(axis or "n", length, reason)
    _see(at, axis, k, s, dilation)
    return _Window(out, k, s)


def _see(at: Tally, axis: str, k: Expression, s: Expression, dilation: int) -> None:
    """On how many inputs a unit depends now: the window's, as far apart as those of neighbours below lie."""
    seen = at.seen
    field, jump = seen.get(axis) or seen.get("") or (ONE, ONE)
    wider = (k - 1) * dilation * jump if dilation > 1 else (k - 1) * jump
    new = at.follows("receptive_field", field + wider, axis=axis)
    seen[axis] = new, at.follows("jump", jump * s, axis=axis)


def _convolution(axes: int) -> Callable[[Tally], Counted]:
    def count(at: Tally) -> Counted:
        if not at.sizeless:
            at.check(axes + 1, _MAPS[axes])
        own = at.settings
        channels = at.shape[0]
        filters, groups = at.chosen("c", own["filters"]), own["groups"]
        if at.value(channels) % groups or own["filters"] % groups:
            raise at.error(f"{at.value(channels)} channels and {own['filters']} filters do not go into {groups} groups")
        if at.sizeless:
            sides = {axis: at.chosen("k", each, axis) for axis, each in _sides(own["kernel"], axes).items()}
            windows = [_Window(k, k, k) for k in sides.values()]
            return _filtered(at, channels, filters, groups, windows * (axes if len(windows) == 1 else 1))
        windows = _along(at, at.shape[1:], ("kernel", "stride", "padding", "dilation"), _window)
        return _filtered(at, channels, filters, groups, windows)

    return count


def _filtered(at: Tally, channels: Name, filters: Name, groups: int, windows: list[_Window]) -> Counted:
    """Filters with a weight for every cell of the window and every channel of their group, and a bias each."""
    into: Expression = channels if groups == 1 else channels / at.chosen("g", groups)
    one = product([*(window.kernel for window in windows), into])
    sizes = tuple(window.size for window in windows)
    weights = one * filters
    return _learned(at, (filters, *sizes), weights, filters, (one + 1) * filters, product([weights, *sizes]))


def _spread(at: Tally, axis: str, size: Name, kernel: int, stride: int, padding: int, more: int) -> _Window:
    k, s, p = at.chosen("k", kernel, axis), at.chosen("s", stride, axis), at.chosen("p", padding, axis)
    length = (size - 1) * s - 2 * p + k
    reason = "Every input spreads over a window of the output, a stride apart."
    out = at.follows(axis or "n", length + more if more else length, reason)
    if at.value(out) < 1:
        raise at.error("nothing is left of the output; the padding is too large")
    return _Window(out, k, s)


def _transposed(axes: int) -> Callable[[Tally], Counted]:
    """Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), relationship 14."""

    def count(at: Tally) -> Counted:
        at.check(axes + 1, _MAPS[axes])
        channels, *sizes = at.shape
        filters = at.chosen("c", at.settings["filters"])
        windows = _along(at, tuple(sizes), ("kernel", "stride", "padding", "output_padding"), _spread)
        found = _filtered(at, channels, filters, 1, windows)
        at.seen.clear()  # what a unit sees differs from unit to unit
        return replace(found, macs=product([found.weights, *sizes]))

    return count


def _pooling(at: Tally) -> Counted:
    if at.sizeless:
        return Counted(at.shape)
    if len(at.shape) not in (2, 3):
        at.check(3, _MAPS[2])
    windows = _along(at, at.shape[1:], ("pool", "stride", "padding"), _window)
    return Counted((at.shape[0], *(window.size for window in windows)))


def _global(at: Tally) -> Counted:
    if len(at.shape) not in (2, 3):
        at.check(3, _MAPS[2])
    at.seen.clear()
    return Counted(at.shape[:1])


def _flatten(at: Tally) -> Counted:
    if at.sizeless:
        raise at.error(
            "how many numbers there are depends on the size of what enters", "input: [channels, height, width]"
        )
    at.seen.clear()
    if len(at.shape) == 1:
        return Counted(at.shape)
    return Counted((at.follows("n", product(at.shape), "All values in one column."),))


# --- everything with everything ------------------------------------------------------------------------------------


def _dense(at: Tally) -> Counted:
    if len(at.shape) == 3:
        at.check(1, "a vector", "put {kind: flatten} before it")
    inputs, units = at.shape[-1], at.chosen("n", at.settings["units"])
    macs = product([*at.shape[:-1], inputs, units])
    return _learned(at, (*at.shape[:-1], units), inputs * units, units, (inputs + 1) * units, macs)


def _recurrent(gates: int) -> Callable[[Tally], Counted]:
    def count(at: Tally) -> Counted:
        at.check(2, "a sequence, steps × width")
        steps, width = at.shape
        h = at.chosen("h", at.settings["units"])
        biases = {"none": 0, "one": 1, "two": 2}[at.settings["bias"]]

        def times(inner: Expression) -> Expression:
            return inner if gates == 1 else gates * inner

        weights, shape = times((width + h) * h), (steps, h) if at.settings["sequence"] else (h,)
        if not biases:
            return Counted(shape, weights, macs=steps * weights)
        own = h if biases == 1 else 2 * h
        return Counted(shape, weights, times(own), times((width + h) * h + own), steps * weights)

    return count


def _attention(at: Tally) -> Counted:
    """Vaswani et al., Attention Is All You Need (2017), section 3.2.2."""
    at.check(2, "a sequence, steps × width")
    steps, width = at.shape
    heads = at.settings["heads"]
    if at.value(width) % heads:
        raise at.error(f"a width of {at.value(width)} does not go into {heads} heads")
    at.follows("d", width / at.chosen("H", heads), "The width of one head.")
    weights = 4 * width * width
    macs = steps * weights + 2 * steps * steps * width
    return _learned(at, (steps, width), weights, 4 * width, 4 * (width + 1) * width, macs)


def _embedding(at: Tally) -> Counted:
    at.check(1, "a list of words, by their number")
    words, width = at.chosen("V", at.settings["words"]), at.chosen("d", at.settings["width"])
    return Counted((*at.shape, width), words * width)


# --- what leaves the shape as it is --------------------------------------------------------------------------------


def _normalised(shift: bool, last: bool) -> Callable[[Tally], Counted]:
    def count(at: Tally) -> Counted:
        units = at.shape[-1] if last else at.shape[0]
        return Counted(at.shape, units, units if shift else NONE, 2 * units if shift else None)

    return count


def _same(at: Tally) -> Counted:
    return Counted(at.shape)


def _residual(at: Tally) -> Counted:
    earlier = len(at.outputs) - 1 - at.settings["over"]
    if earlier < 0:
        raise at.error(f"there are no {at.settings['over']} layers before it")
    two = [at.sizes(shape) for shape in (at.outputs[earlier], at.shape)]
    if two[0] != two[1]:
        raise at.error(f"it adds {written(two[0])} and {written(two[1])}, which have no common shape")
    return Counted(at.shape)


# --- the table -----------------------------------------------------------------------------------------------------


_FILTERS, _KERNEL = Setting("filters", "size"), Setting("kernel", "sizes")
_STRIDE, _PADDING = Setting("stride", "sizes", 1), Setting("padding", "sizes", 0, low=0, choices=("same", "valid"))
_UNITS, _BIAS = Setting("units", "size"), Setting("bias", "flag", True)
_SLIDING = (
    _FILTERS, _KERNEL, _STRIDE, _PADDING, Setting("dilation", "sizes", 1), Setting("groups", "size", 1), _BIAS,
)  # fmt: skip
_POOL = (Setting("pool", "sizes"), Setting("stride", "sizes"), _PADDING)
_CELL = (
    _UNITS, Setting("bias", "choice", "one", choices=("none", "one", "two")), Setting("sequence", "flag", True),
)  # fmt: skip
_BACK = (
    _FILTERS, _KERNEL, _STRIDE, Setting("padding", "sizes", 0, low=0), Setting("output_padding", "sizes", 0, low=0),
    _BIAS,
)  # fmt: skip

KINDS: dict[str, Kind] = {
    "conv1d": Kind(_SLIDING, "convolution along one axis, <filters filter> <kernel>", _convolution(1)),
    "conv2d": Kind(_SLIDING, "convolution, <filters filter> <kernel>", _convolution(2)),
    "conv_transpose1d": Kind(
        _BACK, "transposed convolution along one axis, <filters filter> <kernel>", _transposed(1)
    ),
    "conv_transpose2d": Kind(_BACK, "transposed convolution, <filters filter> <kernel>", _transposed(2)),
    "max_pool": Kind(_POOL, "max pooling <pool>", _pooling, ("stride",)),
    "average_pool": Kind(_POOL, "average pooling <pool>", _pooling, ("stride",)),
    "global_average_pool": Kind((), "the average of every channel", _global),
    "flatten": Kind((), "flattened", _flatten),
    "dense": Kind((_UNITS, _BIAS), "dense, <units unit>", _dense),
    "rnn": Kind(_CELL, "recurrent, <units unit>", _recurrent(1)),
    "lstm": Kind(_CELL, "LSTM, <units unit>", _recurrent(4)),
    "gru": Kind(_CELL, "GRU, <units unit>", _recurrent(3)),
    "attention": Kind((Setting("heads", "size", 1), _BIAS), "self-attention, <heads head>", _attention),
    "embedding": Kind((Setting("words", "size"), Setting("width", "size")), "embedding", _embedding),
    "batch_norm": Kind((), "batch normalisation", _normalised(shift=True, last=False)),
    "layer_norm": Kind((), "layer normalisation", _normalised(shift=True, last=True)),
    "rms_norm": Kind((), "root mean square normalisation", _normalised(shift=False, last=True)),
    "dropout": Kind((), "dropout", _same),
    "activation": Kind((Setting("name", "activation", "relu"),), "activation (<name>)", _same),
    "residual": Kind((Setting("over", "size"),), "residual connection over <over layer>", _residual),
}  # fmt: skip
