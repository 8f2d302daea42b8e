"""The softmax and its relatives: Goodfellow, Bengio and Courville, Deep Learning, section 6.2.2."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from chalkwork.algebra.operations.entry import (
    Module,
    Operation,
    Parameter,
    Precedence,
    Shape,
    Unit,
    entrywise_shape,
    in_keras,
    reduced_shape,
    same_shape,
    words,
)
from chalkwork.algebra.operations.matrices import axes_of, without
from chalkwork.errors import ShapeError


def _softmax(xp: Any, x: Any, axis: Parameter) -> Any:
    powers = xp.exp(x - xp.max(x, axis=axes_of(axis), keepdims=True))
    return powers / xp.sum(powers, axis=axes_of(axis), keepdims=True)


def seen_in_order(x: Any, keys: Parameter) -> Any:
    """Which scores a position may see: those with keys up to its own place; the keys lie along an axis."""
    rows, columns = x.shape[-2:]
    return np.tri(rows, columns, dtype=bool) if keys == -1 else np.tri(columns, rows, dtype=bool).T


def _causal_softmax(xp: Any, x: Any, keys: Parameter) -> Any:
    return _softmax(xp, xp.where(xp.asarray(seen_in_order(x, keys)), x, xp.full_like(x, -inf)), keys)


def _masked_softmax(xp: Any, x: Any, seen: Any, keys: Parameter, causal: Parameter) -> Any:
    """Nothing where nothing is seen."""
    kept = seen > 0
    if causal:
        kept = kept & xp.asarray(seen_in_order(x, keys))
    masked = xp.where(kept, x, xp.full_like(x, -inf))
    powers = xp.exp(masked - _shift(xp, masked, keys))
    total = xp.sum(powers, axis=axes_of(keys), keepdims=True)
    return powers / xp.where(total == 0, xp.ones_like(total), total) + 0 * seen  # what is no number stays none


def _masked_shape(shapes: tuple[Shape, ...], keys: Parameter, causal: Parameter) -> Shape:
    scores, seen = shapes
    if entrywise_shape(shapes) != (scores or entrywise_shape(shapes)) or (seen and not scores):
        raise ShapeError(f"a mask of {words(seen)} is no masked_softmax of scores of {words(scores)}")
    return same_shape(shapes, axis=keys)


def _shift(xp: Any, x: Any, axis: Parameter) -> Any:
    """The largest entry, where it is finite: subtracted before exp, so that nothing overflows."""
    largest = xp.max(x, axis=axes_of(axis), keepdims=True)
    return xp.where(xp.isinf(largest), xp.zeros_like(largest), largest)


def _logsumexp(xp: Any, x: Any, axis: Parameter) -> Any:
    shift = _shift(xp, x, axis)
    return without(xp, shift + xp.log(xp.sum(xp.exp(x - shift), axis=axes_of(axis), keepdims=True)), axis)


def _log_softmax(xp: Any, x: Any, axis: Parameter) -> Any:
    below = x - _shift(xp, x, axis)
    return below - xp.log(xp.sum(xp.exp(below), axis=axes_of(axis), keepdims=True))


OPERATIONS = (
    Operation(
        name="softmax",
        value=_softmax,
        adjoint=("y * (g - sum(g * y, axis=axis))",),
        parameters={"axis": None},
        needs_axis=True,
        shape=same_shape,
        latex=r"\operatorname{softmax}\left( <0> \right)",
        text="softmax(<0>)",
        script="softmaxOf(x, axis)",
        code="softmax(<0>, axis=<axis>)",
        code_definition=(
            "def softmax(x, axis):\n"
            "    powers = np.exp(x - x.max(axis=axis, keepdims=True))  # the shift prevents overflow\n"
            "    return powers / powers.sum(axis=axis, keepdims=True)"
        ),
        definition="exp(x) / sum(exp(x), axis=axis)",
        range=(0.0, 1.0),
        onnx="Softmax",
        unit=Unit(words="softmax", pytorch=Module("Softmax", {"dim": -1}), keras=in_keras("softmax")),
    ),
    Operation(
        name="causal_softmax",  # Vaswani and others, Attention Is All You Need (2017), section 3.2.3
        value=_causal_softmax,
        adjoint=("y * (g - sum(g * y, axis=keys))",),
        parameters={"keys": -1},
        shape=lambda shapes, keys: same_shape(shapes, axis=keys),
        latex=r"\operatorname{softmax}\left( <0> + M \right)",
        text="softmax(<0> + M)",
        script="causalSoftmaxOf(x, keys)",
        code="causal_softmax(<0>, <keys>)",
        code_definition=(
            "def causal_softmax(x, keys):\n"
            "    rows, columns = x.shape[-2:]\n"
            "    seen = np.tri(rows, columns) if keys == -1 else np.tri(columns, rows).T\n"
            "    x = np.where(seen == 1, x, -np.inf)\n"
            "    powers = np.exp(x - x.max(axis=keys, keepdims=True))\n"
            "    return powers / powers.sum(axis=keys, keepdims=True)"
        ),
        range=(0.0, 1.0),
    ),
    Operation(
        name="masked_softmax",  # of the scores whose mask is 1; those whose mask is 0 are minus infinity
        arity=2,
        value=_masked_softmax,
        adjoint=("y * (g - sum(g * y, axis=keys))", None),
        parameters={"keys": -1, "causal": 0},
        shape=_masked_shape,
        slots=(Precedence.FREE, Precedence.ATOM),
        latex=r"\operatorname{softmax}_{<1>}\left( <0> \right)",
        text="softmax[<1>](<0>)",
        script="maskedSoftmaxOf(a, b, keys, causal)",
        code="masked_softmax(<0>, <1>, <keys>, <causal>)",
        code_definition=(
            "def masked_softmax(x, mask, keys, causal):\n"
            "    seen = np.broadcast_to(mask, x.shape) > 0\n"
            "    if causal:\n"
            "        rows, columns = x.shape[-2:]\n"
            "        seen = seen & (np.tri(rows, columns) if keys == -1 else np.tri(columns, rows).T).astype(bool)\n"
            "    x = np.where(seen, x, -np.inf)\n"
            "    largest = x.max(axis=keys, keepdims=True)\n"
            "    powers = np.exp(x - np.where(np.isinf(largest), 0, largest))\n"
            "    total = powers.sum(axis=keys, keepdims=True)\n"
            "    return powers / np.where(total == 0, 1, total)"
        ),
        range=(0.0, 1.0),
    ),
    Operation(
        name="log_softmax",
        value=_log_softmax,
        adjoint=("g - exp(y) * sum(g, axis=axis)",),
        parameters={"axis": None},
        needs_axis=True,
        shape=same_shape,
        latex=r"\operatorname{log\,softmax}\left( <0> \right)",
        text="log softmax(<0>)",
        script="logSoftmaxOf(x, axis)",
        code="<0> - logsumexp(<0>, axis=<axis>)",
        code_definition=(
            "def logsumexp(x, axis):\n"
            "    largest = x.max(axis=axis, keepdims=True)\n"
            "    return largest + np.log(np.exp(x - largest).sum(axis=axis, keepdims=True))"
        ),
        definition="x - log(sum(exp(x), axis=axis))",
        range=(-inf, 0.0),
        onnx="LogSoftmax",
        unit=Unit(
            words="log-softmax",
            function="the logarithm of the softmax",
            pytorch=Module("LogSoftmax", {"dim": -1}),
            keras=in_keras("log_softmax"),
        ),
    ),
    Operation(
        name="logsumexp",
        value=_logsumexp,
        adjoint=("g * softmax(x, axis=axis)",),
        parameters={"axis": None},
        needs_axis=True,
        shape=reduced_shape,
        latex=r"\operatorname{logsumexp}\left( <0> \right)",
        text="logsumexp(<0>)",
        script="logsumexpOf(x, axis)",
        code="logsumexp(<0>, axis=<axis>)",
        code_definition=(
            "def logsumexp(x, axis):\n"
            "    largest = x.max(axis=axis, keepdims=True)\n"
            "    return largest + np.log(np.exp(x - largest).sum(axis=axis, keepdims=True))"
        ),
        definition="log(sum(exp(x), axis=axis))",
    ),
)
