"""What JAX derives, worked out by NumPy: JAX compiles every operation anew for every shape, which takes long.

JAX traces a function and differentiates it; the program that comes of it is gone through here one operation after the
other. What the table does not know is left to JAX, so that the table saves time and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import jax
import numpy as np
from jax.extend.core import Literal
from scipy.special import erf


def _dot(a: Any, b: Any, dimension_numbers: Any, **_: Any) -> Any:
    (left, right), (shared_left, shared_right) = dimension_numbers
    names = count()
    of_a = [next(names) for _ in range(a.ndim)]
    of_b: list[int] = [next(names) for _ in range(b.ndim)]
    for i, j in zip((*left, *shared_left), (*right, *shared_right), strict=True):
        of_b[j] = of_a[i]
    kept = [of_a[i] for i in shared_left]
    kept += [n for i, n in enumerate(of_a) if i not in (*left, *shared_left)]
    kept += [n for j, n in enumerate(of_b) if j not in (*right, *shared_right)]
    return np.einsum(a, of_a, b, of_b, kept)


def _broadcast(a: Any, shape: Any, broadcast_dimensions: Any, **_: Any) -> Any:
    sizes = [1] * len(shape)
    for own, place in enumerate(broadcast_dimensions):
        sizes[place] = a.shape[own]
    return np.broadcast_to(a.reshape(sizes), shape)


def _slice(a: Any, start_indices: Any, limit_indices: Any, strides: Any) -> Any:
    steps = strides or (1,) * a.ndim
    return a[tuple(slice(*each) for each in zip(start_indices, limit_indices, steps, strict=True))]


def _pad(a: Any, value: Any, padding_config: Any) -> Any:
    """Negative padding cuts, and some between the entries spreads them."""
    sizes = [max(0, n + (n - 1) * each[2]) for n, each in zip(a.shape, padding_config, strict=True)]
    spread = np.full(sizes, value)
    spread[tuple(slice(None, None, within + 1) for _, _, within in padding_config)] = a
    wide = np.pad(spread, [(max(0, low), max(0, high)) for low, high, _ in padding_config], constant_values=value)
    cuts = (slice(max(0, -low), wide.shape[i] - max(0, -high)) for i, (low, high, _) in enumerate(padding_config))
    return wide[tuple(cuts)]


_ALIKE = "exp exp2 expm1 log log1p sqrt square tanh tan sin cos sinh cosh sign abs floor ceil"
_UFUNCS: dict[str, Any] = {name: getattr(np, name) for name in _ALIKE.split()} | {
    "add": np.add, "add_any": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative,
    "max": np.maximum, "min": np.minimum, "pow": np.power, "gt": np.greater, "lt": np.less, "ge": np.greater_equal,
    "le": np.less_equal, "eq": np.equal, "ne": np.not_equal, "and": np.bitwise_and, "or": np.bitwise_or,
    "not": np.invert, "is_finite": np.isfinite, "erf": erf, "atan": np.arctan, "asin": np.arcsin, "acos": np.arccos,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "atan2": np.arctan2,
    "logistic": lambda a: 1 / (1 + np.exp(-a)), "rsqrt": lambda a: 1 / np.sqrt(a), "copy": lambda a: a,
    "stop_gradient": lambda a: a,
}  # fmt: skip
OPERATIONS: dict[str, Callable[..., Any]] = {
    name: lambda *given, of=each, **_: of(*given) for name, each in _UFUNCS.items()
} | {
    "dot_general": _dot,
    "broadcast_in_dim": _broadcast,
    "slice": _slice,
    "pad": _pad,
    "select_n": lambda which, *cases: np.where(which, *cases[::-1]) if len(cases) == 2 else np.choose(which, cases),
    "integer_pow": lambda a, y: a**y if y >= 0 else 1 / a**-y,
    "convert_element_type": lambda a, new_dtype, **_: a.astype(new_dtype),
    "transpose": lambda a, permutation: a.transpose(permutation),
    "squeeze": lambda a, dimensions: a.squeeze(tuple(dimensions)),
    "concatenate": lambda *parts, dimension: np.concatenate(parts, dimension),
    "stack": lambda *parts, axis: np.stack(parts, axis),
    "unstack": lambda a, axis: [part.squeeze(axis) for part in np.split(a, a.shape[axis], axis)],
    "reduce_sum": lambda a, axes, **_: a.sum(axis=tuple(axes)),
    "reduce_max": lambda a, axes, **_: a.max(axis=tuple(axes)),
    "reduce_min": lambda a, axes, **_: a.min(axis=tuple(axes)),
    "reduce_prod": lambda a, axes, **_: a.prod(axis=tuple(axes)),
    "reshape": lambda a, new_sizes, dimensions=None, **_: a.reshape(new_sizes),
}


def _run(program: Any, constants: Any, given: Any) -> list[Any]:
    known = dict(zip((*program.constvars, *program.invars), (*constants, *given), strict=True))
    for step in program.eqns:
        values = [np.asarray(one.val if isinstance(one, Literal) else known[one]) for one in step.invars]
        name = step.primitive.name
        inner = step.params.get("jaxpr" if name in ("jit", "pjit") else "call_jaxpr")
        if inner is not None and name in ("jit", "pjit", "custom_jvp_call"):
            results = _run(inner.jaxpr, inner.consts, values)
        else:
            found = OPERATIONS.get(name, step.primitive.bind)(*values, **step.primitive.get_bind_params(step.params))
            results = found if step.primitive.multiple_results else [found]
        known |= zip(step.outvars, results, strict=True)
    return [np.asarray(one.val if isinstance(one, Literal) else known[one]) for one in program.outvars]


def in_numpy(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, or the derivative, of JAX: its operations one after the other by NumPy."""

    def worked_out(*given: Any) -> Any:
        traced, shapes = jax.make_jaxpr(function, return_shape=True)(*given)
        with np.errstate(all="ignore"):
            found = _run(traced.jaxpr, traced.consts, jax.tree.leaves(given))
        return jax.tree.unflatten(jax.tree.structure(shapes), found)

    return worked_out
