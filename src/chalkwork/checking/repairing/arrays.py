"""The functions of arrays that a recorded line may call, by the names that NumPy, PyTorch and Python have for them.

Nothing else is ever called, and nothing that would be large is begun.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

MOST_ENTRIES = 300_000
MOST_PRODUCTS = 30_000_000
_MOST_POWER = 64
_FEW = 1_000
"""So few numbers together make no large result, entry by entry."""


class Unclear(Exception):
    """What is not worked out here: an unknown function, a shape that does not fit, too large a result."""


def _fits(*shape: int) -> None:
    if math.prod(shape) > MOST_ENTRIES:
        raise Unclear


def _entrywise(function: Callable[..., Any]) -> Callable[..., Any]:
    def bounded(*values: Any) -> Any:
        if sum(map(np.size, values)) > _FEW:
            _fits(*np.broadcast_shapes(*map(np.shape, values)))
        return function(*values)

    return bounded


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and not -_MOST_POWER <= exponent <= _MOST_POWER:
        raise Unclear
    return operator.pow(float(base) if isinstance(base, int) and exponent < 0 else base, exponent)


def _matrices(one: Any, other: Any) -> Any:
    if not np.ndim(one) or not np.ndim(other):
        raise Unclear
    return _product(one, other)


def _product(one: Any, other: Any) -> Any:
    one, other = np.asarray(one), np.asarray(other)
    inner = one.shape[-1] if one.ndim else 1
    if one.size * other.size > MOST_PRODUCTS * max(1, inner):
        raise Unclear
    return np.dot(one, other) if one.ndim < 3 and other.ndim < 3 else np.matmul(one, other)


def _outer(one: Any, other: Any) -> Any:
    _fits(np.size(one), np.size(other))
    return np.outer(one, other)


def _einsum(form: str, *values: Any) -> Any:
    names = form.replace(" ", "").split("->")[0].split(",")
    sizes: dict[str, int] = {}
    for letters, one in zip(names, values, strict=True):
        sizes |= dict(zip(letters, np.shape(one), strict=True))
    if math.prod(sizes.values()) > MOST_PRODUCTS:
        raise Unclear
    return np.einsum(form, *values)


def _filled(value: float) -> Callable[..., Any]:
    def filled(*shape: Any) -> Any:
        sizes = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        _fits(*sizes)
        return np.full(sizes, value)

    return filled


def _like(value: float) -> Callable[..., Any]:
    return lambda one: np.full_like(one, value)


def _shaped(one: Any, *shape: Any) -> Any:
    return np.reshape(one, shape[0] if len(shape) == 1 else shape)


def _turned(one: Any, *axes: Any) -> Any:
    if not axes:
        return np.transpose(one)
    if len(axes) == 2 and np.ndim(one) != 2:
        return np.swapaxes(one, *axes)
    return np.transpose(one, axes[0] if len(axes) == 1 else axes)


def _range(*limits: Any) -> Any:
    _fits(len(range(*map(int, limits))))
    return range(*map(int, limits))


def _arange(*limits: Any) -> Any:
    _fits(int(abs(limits[-1])) + 1)
    return np.arange(*limits)


def _unit(size: int, *_: Any) -> Any:
    _fits(size, size)
    return np.eye(size)


def _softmax(one: Any, axis: Any = -1) -> Any:
    powers = np.exp(one - np.max(one, axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _total(values: Any, *axis: Any, **how: Any) -> Any:
    return np.sum(np.asarray(values), *axis, **how)


def _extreme(function: Callable[..., Any], entrywise: Callable[..., Any]) -> Callable[..., Any]:
    def extreme(one: Any, *others: Any, **how: Any) -> Any:
        if others and not how and not (len(others) == 1 and isinstance(others[0], int) and np.ndim(one)):
            return entrywise(one, *others)
        return function(one, *others, **how)

    return extreme


def _joined(parts: Any, axis: int = 0) -> Any:
    return np.concatenate([np.asarray(one) for one in parts], axis=axis)


def _number(one: Any) -> Any:
    return float(one) if np.ndim(one) == 0 else np.asarray(one, dtype=float)


def _whole(one: Any) -> Any:
    return int(one) if np.ndim(one) == 0 else np.asarray(one, dtype=int)


def _same(one: Any, *_: Any) -> Any:
    return one


def _listed(one: Any) -> Any:
    return np.asarray(one) if np.ndim(one) or not isinstance(one, (list, tuple, range)) else list(one)


_SIGNS = {
    "Add": "add", "Sub": "sub", "Mult": "mul", "Div": "truediv", "FloorDiv": "floordiv", "Mod": "mod", "Gt": "gt",
    "Lt": "lt", "GtE": "ge", "LtE": "le", "Eq": "eq", "NotEq": "ne", "BitAnd": "and_", "BitOr": "or_", "USub": "neg",
    "UAdd": "pos", "Invert": "invert",
}  # fmt: skip
OPERATORS: dict[str, Callable[..., Any]] = {
    **{name: _entrywise(getattr(operator, function)) for name, function in _SIGNS.items()},
    "Not": operator.not_,
    "Pow": _power,
    "MatMult": _matrices,
}
"""What signs stand for, by the names that Python's syntax trees have for them."""

_ENTRYWISE = (
    "exp expm1 log log2 log10 log1p sqrt square abs absolute fabs tanh sinh cosh sin cos arctan sign negative "
    "reciprocal floor ceil isnan logical_not add subtract multiply divide true_divide maximum minimum greater less "
    "equal greater_equal less_equal logical_and logical_or heaviside where"
)
_WHOLE = (
    "mean var std prod argmax argmin cumsum any all squeeze ravel swapaxes stack vstack hstack diag diagflat trace "
    "roll flip expand_dims atleast_2d take argsort unravel_index clip column_stack"
)
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _entrywise(getattr(np, name)) for name in _ENTRYWISE.split()},
    **{name: getattr(np, name) for name in _WHOLE.split()},
    "sum": _total, "nansum": np.nansum, "power": _power, "pow": _power,
    "max": _extreme(np.max, _entrywise(np.maximum)), "min": _extreme(np.min, _entrywise(np.minimum)),
    "amax": np.amax, "amin": np.amin, "mul": OPERATORS["Mult"], "sub": OPERATORS["Sub"], "div": OPERATORS["Div"],
    "gt": OPERATORS["Gt"], "lt": OPERATORS["Lt"], "ge": OPERATORS["GtE"], "le": OPERATORS["LtE"],
    "eq": OPERATORS["Eq"], "neg": OPERATORS["USub"], "dot": _product, "matmul": _product, "mm": _product,
    "mv": _product, "bmm": _product, "inner": lambda one, other: _product(one, np.transpose(other)),
    "outer": _outer, "ger": _outer, "einsum": _einsum, "zeros": _filled(0.0), "ones": _filled(1.0),
    "zeros_like": _like(0.0), "ones_like": _like(1.0), "empty_like": _like(0.0), "eye": _unit, "identity": _unit,
    "arange": _arange, "range": _range, "reshape": _shaped, "view": _shaped, "transpose": _turned, "t": np.transpose,
    "permute": _turned, "unsqueeze": np.expand_dims, "flatten": lambda one, *_: np.ravel(one), "concatenate": _joined,
    "concat": _joined, "cat": _joined, "clamp": np.clip, "array": _listed, "asarray": _listed, "tensor": _listed,
    "float": _number, "float64": _number, "float32": _number, "double": _number, "int": _whole, "int64": _whole,
    "int32": _whole, "long": _whole, "bool": lambda one: np.asarray(one, dtype=bool), "astype": _same, "type": _same,
    "copy": np.array, "clone": np.array, "detach": _same, "numpy": _same, "contiguous": _same, "item": _number,
    "tolist": _same, "requires_grad_": _same, "to": _same, "len": len, "list": list, "tuple": tuple, "round": np.round,
    "zip": lambda *parts: list(zip(*parts, strict=False)), "enumerate": lambda one: list(enumerate(one)),
    "reversed": lambda one: list(reversed(one)), "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "expit": lambda z: 1 / (1 + np.exp(-z)), "relu": lambda z: np.maximum(z, 0), "softmax": _softmax,
    "log_softmax": lambda z, axis=-1: np.log(_softmax(z, axis)), "full": lambda shape, value: _filled(value)(shape),
    "size": np.size, "index_select": lambda one, axis, places: np.take(one, places, axis),
}  # fmt: skip
CONSTANTS = {"pi": math.pi, "e": math.e, "newaxis": None, "inf": math.inf}
ATTRIBUTES: dict[str, Callable[[Any], Any]] = {
    "T": np.transpose, "mT": lambda one: np.swapaxes(one, -1, -2), "shape": np.shape, "size": np.size, "ndim": np.ndim,
    "data": _same, "real": np.real, "H": np.transpose,
}  # fmt: skip
_KEYWORDS = {"dim": "axis", "keepdim": "keepdims"}
_PASSED = ("dtype", "copy", "requires_grad", "device", "strict")


def called(name: str, values: list[Any], keywords: dict[str, Any]) -> Any:
    """What a function of the table gives; raises Unclear for any other, and for what it does not take."""
    if name not in FUNCTIONS:
        raise Unclear
    how = {_KEYWORDS.get(key, key): value for key, value in keywords.items() if key not in _PASSED}
    if "unbiased" in how:
        how["ddof"] = int(how.pop("unbiased"))
    if "axis" in how and isinstance(how["axis"], list):
        how["axis"] = tuple(how["axis"])
    return worked_out(FUNCTIONS[name], *values, **how)


def worked_out(function: Callable[..., Any], *values: Any, **how: Any) -> Any:
    """The value, where the shapes fit and the result is not too large."""
    try:
        value = function(*values, **how)
    except (TypeError, ValueError, IndexError, KeyError, ArithmeticError, AttributeError, MemoryError):
        raise Unclear from None
    if isinstance(value, np.ndarray) and value.size > MOST_ENTRIES:
        raise Unclear
    return value
