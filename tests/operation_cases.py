"""Every operation with an oracle, and shapes and numbers to try it on."""

import itertools

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
from oracles import VALUES

from chalkwork.algebra.expression import Name, apply
from chalkwork.algebra.operations import TABLE

mpmath.mp.dps = 50
INF, NAN = float("inf"), float("nan")
BOTH = (-2, -1)
ENTRYWISE = [name for name, entry in TABLE.items() if entry.entrywise]
UNARY = [name for name in ENTRYWISE if TABLE[name].arity == 1]


def seen(x, keys):
    """Entries whose key, along its axis, comes no later than the query."""
    rows, columns = jnp.indices(x.shape[-2:])
    return columns <= rows if keys == -1 else rows <= columns


def over(function, x, axis):
    return function(x, axis=BOTH if axis is None else axis, keepdims=True)


def argmax(x, axis, tie):
    if axis is None:
        flat = x.reshape(*x.shape[:-2], -1)
        return argmax(flat[..., None], -2, tie)
    largest = x == x.max(axis, keepdims=True)
    place = jnp.argmax(x, axis=axis, keepdims=True) + 1.0
    return place if tie is None else jnp.where(largest.sum(axis, keepdims=True) > 1, tie, place)


def each_map(function):
    """The function of single maps on maps with whatever stands before them."""

    def over_all(*arrays, **settings):
        lead = arrays[0].shape[:-2]
        flat = [jnp.reshape(array, (-1, *array.shape[-2:])) for array in arrays]
        found = jax.vmap(lambda *maps: function(*maps, **settings))(*flat)
        return found.reshape(*lead, *found.shape[1:])

    return over_all


def convolved(x, w, stride=1, padding=0, dilation=1, along=None, before=None, kernel=None):
    every = [(one,) * 2 if isinstance(one, int) else one for one in (stride, padding, dilation)]
    rim = [(one, one) for one in every[1]]
    return jax.lax.conv_general_dilated(x[None, None], w[None, None], every[0], rim, rhs_dilation=every[2])[0, 0]


def convolved_kernel(x, g, kernel, before=None, **settings):
    return jax.vjp(lambda w: convolved(x, w, **settings), jnp.zeros(kernel, x.dtype))[1](g)[0]


def convolved_full(g, k, before, kernel=None, **settings):
    return jax.vjp(lambda x: convolved(x, k[::-1, ::-1], **settings), jnp.zeros(before, g.dtype))[1](g)[0]


def convolved_transposed(x, w, before, kernel=None, **settings):
    return jax.vjp(lambda y: convolved(y, w, **settings), jnp.zeros(before, x.dtype))[1](x)[0]


def patches(x, window, stride, padding, outside):
    window, padding = ((one,) * 2 if isinstance(one, int) else one for one in (window, padding))
    stride = window if stride is None else (stride,) * 2 if isinstance(stride, int) else stride
    x = jnp.pad(x, [(p, p) for p in padding], constant_values=outside)
    rows, columns = ((x.shape[axis] - window[axis]) // stride[axis] + 1 for axis in (0, 1))
    return jnp.stack([
        jnp.stack([x[i * stride[0] : i * stride[0] + window[0], j * stride[1] : j * stride[1] + window[1]].ravel()
                   for j in range(columns)])
        for i in range(rows)
    ])  # fmt: skip


def max_pool(x, window=2, stride=None, padding=0, ties=0):
    found = patches(x, window, stride, padding, -jnp.inf)
    return jnp.max(found, axis=-1) if ties else jnp.take_along_axis(found, found.argmax(-1)[..., None], -1)[..., 0]


def max_pool_at(u, x, window=2, stride=None, padding=0, ties=0):
    chosen = jax.lax.stop_gradient(patches(x, window, stride, padding, -jnp.inf).argmax(-1)[..., None])
    return jnp.take_along_axis(patches(u, window, stride, padding, 0.0), chosen, -1)[..., 0]


def max_pool_back(g, x, **settings):
    return jax.vjp(lambda u: max_pool_at(u, x, **settings), jnp.zeros(x.shape, x.dtype))[1](g)[0]


def average_pool(x, window=2, stride=None, padding=0):
    return jnp.mean(patches(x, window, stride, padding, 0.0), axis=-1)


def average_pool_back(g, before, **settings):
    return jax.vjp(lambda x: average_pool(x, **settings), jnp.zeros(before, g.dtype))[1](g)[0]


def masked_softmax(x, mask, keys, causal):
    kept = (mask > 0) & (seen(x, keys) if causal else True)
    powers = jnp.where(kept, jnp.exp(x), 0.0)
    total = powers.sum(keys, keepdims=True)
    return powers / jnp.where(total == 0, 1.0, total)


ORACLES = VALUES | {
    "softmax": lambda x, axis: jax.nn.softmax(x, axis=BOTH if axis is None else axis),
    "causal_softmax": lambda x, keys: jax.nn.softmax(jnp.where(seen(x, keys), x, -INF), axis=keys),
    "masked_softmax": masked_softmax,
    "split_heads": lambda x, count, along: jnp.stack(jnp.split(x, int(count), along), -3),
    "join_heads": lambda x, count, along: jnp.concatenate([x[..., k, :, :] for k in range(int(count))], along),
    "one_hot": lambda x, count, along: jnp.moveaxis(
        jax.nn.one_hot(jnp.squeeze(x, along).astype(int) - 1, int(count)), -1, along
    ),
    "log_softmax": lambda x, axis: jax.nn.log_softmax(x, axis=BOTH if axis is None else axis),
    "logsumexp": lambda x, axis: over(jax.nn.logsumexp, x, axis),
    "matmul": jnp.matmul,
    "transpose": lambda x: jnp.swapaxes(x, -1, -2),
    "broadcast": lambda x, shape: jnp.broadcast_to(x, x.shape[:-2] + shape),
    "reshape": lambda x, shape, before=None: x.reshape(x.shape[:-2] + shape),
    "sum": lambda x, axis: over(jnp.sum, x, axis),
    "mean": lambda x, axis: over(jnp.mean, x, axis),
    "max": lambda x, axis: over(jnp.max, x, axis),
    "argmax": argmax,
    "squared_norm": lambda x: over(jnp.sum, x**2, None),
    "diag": lambda x: jnp.squeeze(x, -1 if x.shape[-1] == 1 else -2)[..., None] * jnp.eye(max(x.shape[-2:])),
    "diagonal": lambda x, shape: jnp.diagonal(x, axis1=-2, axis2=-1).reshape(x.shape[:-2] + shape),
    "entry": lambda x, place: x[..., place[0] - 1, place[1] - 1][..., None, None],
    "placed": lambda a, b, place: a.at[..., place[0] - 1, place[1] - 1].set(b[..., 0, 0]),
    "concat": lambda a, b: jnp.concatenate([a, b], axis=-2),
    "beside": lambda a, b: jnp.concatenate([a, b], axis=-1),
    "part": lambda x, span: x[..., span[0] - 1 : span[1], span[2] - 1 : span[3]],
    "padded": lambda x, span, shape: (
        jnp.zeros((*x.shape[:-2], *shape)).at[..., span[0] - 1 : span[1], span[2] - 1 : span[3]].set(x)
    ),
    "solve": jnp.linalg.solve,
    "moment": lambda x, at, along, before=None: jnp.take(x, jnp.array([at - 1]), axis=along),
    "at_moment": lambda x, at, along, shape: (
        jnp.zeros((*x.shape[:-2], *shape))
        .at[(..., at - 1, slice(None)) if along == -2 else (..., at - 1)]
        .set(jnp.squeeze(x, along))
    ),
    "convolve": each_map(convolved),
    "convolve_kernel": each_map(convolved_kernel),
    "convolve_full": each_map(convolved_full),
    "convolve_transposed": each_map(convolved_transposed),
    "turned": lambda x, along: jnp.flip(x, (-2, -1) if along is None else -1),
    "max_pool": each_map(max_pool),
    "max_pool_back": each_map(max_pool_back),
    "max_pool_at": each_map(max_pool_at),
    "average_pool": each_map(average_pool),
    "average_pool_back": each_map(average_pool_back),
}

CHOICES = {"axis": (None, -2, -1), "alpha": (0.01, 0.3), "at_zero": (0.0, 0.5), "tie": (None, 0), "delta": (0.5, 2.0)}
CHOICES |= {"keys": (-1, -2), "along": (None, -1), "causal": (0, 1)}
SHAPES_OF_ONE = ((3, 4), (1, 4), (3, 1), ())
SHAPES_OF_TWO = (((3, 4), (3, 4)), ((3, 4), (3, 1)), ((1, 4), (3, 1)), ((), (3, 4)), ((3, 4), ()), ((), ()))
SHAPES = {
    "matmul": (((3, 4), (4, 2)), ((1, 3), (3, 1)), ((3, 1), (1, 4))),
    "diag": (((4, 1),), ((1, 4),), ((1, 1),)),
    "reshape": (((3, 4),), ((1, 12),)),
    "diagonal": (((4, 4),),),
    "entry": (((3, 4),), ((2, 1),)),
    "placed": (((3, 4), ()), ((2, 1), ())),
    "concat": (((2, 3), (1, 3)), ((3, 1), (2, 1))),
    "beside": (((2, 3), (2, 1)), ((1, 3), (1, 2))),
    "part": (((3, 4),), ((2, 3),)),
    "padded": (((2, 1),),),
    "solve": (((3, 3), (3, 1)), ((2, 2), (2, 2)), ((1, 1), (1, 3))),
    "masked_softmax": (((3, 4), (3, 4)), ((3, 4), (1, 4)), ((4, 3), (4, 1))),
    "split_heads": (((4, 6),),),
    "join_heads": (((2, 3, 2),),),
    "one_hot": (((1, 1),),),
    "moment": (((3, 4),), ((2, 2),)),
    "at_moment": (((1, 4),),),
    "convolve": (((5, 4), (3, 2)),),
    "convolve_kernel": (((5, 4), (3, 3)),),
    "convolve_full": (((3, 3), (3, 2)),),
    "convolve_transposed": (((3, 3), (3, 2)),),
    "max_pool": (((4, 5),),),
    "max_pool_back": (((2, 2), (4, 5)),),
    "max_pool_at": (((4, 5), (4, 5)),),
    "average_pool": (((4, 5),),),
    "average_pool_back": (((2, 2),),),
}
PARAMETERS = {
    "broadcast": ({"shape": (3, 4)},),
    "diagonal": ({"shape": (4, 1)}, {"shape": (1, 4)}),
    "reshape": ({"shape": (2, 6)}, {"shape": (12, 1)}),
    "entry": ({"place": (1, 1)}, {"place": (2, 1)}),
    "placed": ({"place": (1, 1)}, {"place": (2, 1)}),
    "part": ({"span": (1, 1, 1, 1)}, {"span": (1, 2, 2, 3)}),
    "padded": ({"span": (2, 3, 2, 2), "shape": (4, 3)}, {"span": (1, 2, 1, 1), "shape": (2, 1)}),
    "split_heads": ({"count": 2, "along": -1}, {"count": 2, "along": -2}),
    "join_heads": ({"count": 2, "along": -1}, {"count": 2, "along": -2}),
    "one_hot": ({"count": 3, "along": -1}, {"count": 4, "along": -2}),
    "moment": ({"at": 1, "along": -2}, {"at": 2, "along": -1}),
    "at_moment": ({"at": 2, "along": -2, "shape": (3, 4)},),
    "convolve": ({}, {"stride": 2, "padding": 1}, {"stride": (1, 2), "padding": (2, 0), "dilation": (2, 1)}),
    "convolve_kernel": ({"kernel": (3, 2)},),
    "convolve_full": ({"before": (5, 4)},),
    "convolve_transposed": (
        {"before": (5, 4)},
        {"before": (5, 4), "stride": (2, 1), "padding": (1, 0)},
        {"before": (6, 6), "stride": 2, "padding": (1, 0)},
    ),
    "max_pool": ({}, {"window": (2, 3), "stride": (1, 2), "padding": (1, 0), "ties": 1}),
    "max_pool_back": ({}, {"stride": (2, 3), "ties": 1}),
    "max_pool_at": ({}, {"window": 3, "stride": 1, "padding": 1}),
    "average_pool": ({}, {"window": (2, 3), "stride": (1, 2), "padding": (1, 0)}),
    "average_pool_back": ({"before": (4, 5)}, {"before": (5, 5), "window": (3, 2), "stride": (2, 2)}),
}


def parameters_of(name):
    """Every choice of the parameters that is tried, the defaults first."""
    entry = TABLE[name]
    if name in PARAMETERS:
        return PARAMETERS[name]
    keys = list(entry.parameters)
    options = [dict.fromkeys((entry.parameters[key], *CHOICES[key])) for key in keys]
    return [dict(zip(keys, values, strict=True)) for values in itertools.product(*options)]


def situations(name):
    """Every choice of parameters and shapes that is tried."""
    one = tuple((shape,) for shape in SHAPES_OF_ONE)
    shapes = SHAPES.get(name, one if TABLE[name].arity == 1 else SHAPES_OF_TWO)
    first, *others = parameters_of(name)
    if TABLE[name].entrywise:  # a slope has nothing to do with shapes
        return [(first, shape) for shape in shapes] + [(other, shapes[0]) for other in others]
    return list(itertools.product((first, *others), shapes))


def names_of(shapes):
    letters = ("x",) if len(shapes) == 1 else ("a", "b")
    return [Name(letter, shape) for letter, shape in zip(letters, shapes, strict=True)]


def full(shape):
    return shape or (1, 1)


def draw(name, shapes, rng, lead=()):
    """Arguments in the domain and away from kinks."""
    low, _ = TABLE[name].domain
    arrays = []
    for index, shape in enumerate(shapes):
        size = rng.uniform(0.2, 3, (*lead, *full(shape)))
        positive = low == 0 or name == "xlogy" or (name == "power" and index == 0)
        arrays.append(size if positive else size * rng.choice((-1.0, 1.0), size.shape))
    if name == "solve":
        arrays[0] = arrays[0] + 9 * np.eye(arrays[0].shape[-1])
    if name == "one_hot":
        arrays = [np.round(np.abs(array)) for array in arrays]
    if name == "equal":
        arrays = [np.sign(array) for array in arrays]
    return arrays


def values_of(names, arrays):
    return {str(name): array for name, array in zip(names, arrays, strict=True)}


def weighted(name, names, shape, parameters):
    """sum(w * f(...)), so that the adjoint of f(...) is w."""
    return apply("sum", Name("w", shape) * apply(name, *names, **parameters))
