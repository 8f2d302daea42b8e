"""The source of convolution and pooling in NumPy, as notebooks hold it."""

CONVOLUTION = '''def maps(x, channels, axes, along):
    """Data with an axis for samples and one for channels before their maps."""
    x = np.swapaxes(x, -1, -2) if along == -2 else x
    return x.reshape(-1, channels, *x.shape[-axes:])


def windows(x, window, stride, padding, dilation):
    """What the window lies on at every place."""
    axes = tuple(range(2, 2 + len(window)))
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    wide = tuple(d * (k - 1) + 1 for k, d in zip(window, dilation))
    found = np.lib.stride_tricks.sliding_window_view(x, wide, axis=axes)
    return found[(..., *(slice(None, None, step) for step in (*stride, *dilation)))]


def laid_out(y, along, shape):
    return (np.swapaxes(y, -1, -2) if along == -2 else y).reshape(shape)


def convolve(x, w, kernel, stride, padding, dilation, along, shape):
    """The cross-correlation: every window times the kernel, added up."""
    (filters, channels, *window), axes = kernel, len(kernel) - 2
    found = windows(maps(x, channels, axes, along), window, stride, padding, dilation)
    last = tuple(range(-axes, 0))
    y = np.tensordot(found, w.reshape(kernel), ((1, *last), (1, *last)))
    return laid_out(np.moveaxis(y, -1, 1), along, shape)


def convolve_kernel(x, g, kernel, stride, padding, dilation, along, shape):
    """The derivative by the kernel: the error at every place times what the window lay on."""
    (filters, channels, *window), axes = kernel, len(kernel) - 2
    found = windows(maps(x, channels, axes, along), window, stride, padding, dilation)
    places = (0, *range(2, 2 + axes))
    return np.tensordot(maps(g, filters, axes, along), found, (places, places)).reshape(shape)


def convolve_full(g, turned, kernel, stride, padding, dilation, along, shape):
    """The derivative by the data: the error at every place times the kernel, added where the window lay."""
    (filters, channels, *window), axes = kernel, len(kernel) - 2
    g, w = maps(g, filters, axes, along), np.flip(turned.reshape(kernel), tuple(range(2, 2 + axes)))
    sizes = shape[-2:] if axes == 2 else shape[-2:-1] if along == -2 else shape[-1:]
    total = np.zeros((len(g), channels, *(n + 2 * p for n, p in zip(sizes, padding))))
    for entry in np.ndindex(*window):
        lies = [slice(k * d, k * d + s * (n - 1) + 1, s) for k, d, s, n in zip(entry, dilation, stride, g.shape[2:])]
        total[(..., *lies)] += np.moveaxis(np.tensordot(g, w[(..., *entry)], (1, 0)), -1, 1)
    inside = total[(..., *(slice(p, p + n) for p, n in zip(padding, sizes)))]
    return laid_out(inside, along, shape)


def convolve_transposed(x, w, kernel, stride, padding, dilation, along, shape):
    """Every entry times the kernel, added where the window would lie: the transpose of the matrix of convolve."""
    turned = np.flip(w.reshape(kernel), tuple(range(2, len(kernel))))
    return convolve_full(x, turned, kernel, stride, padding, dilation, along, shape)'''

POOLING = '''def pools(x, window, stride, padding, outside):
    """What the window lies on at every place."""
    rim = [(0, 0)] * (x.ndim - 2) + [(p, p) for p in padding]
    x = np.pad(x, rim, constant_values=outside)
    found = np.lib.stride_tricks.sliding_window_view(x, window, axis=(-2, -1))
    return found[..., :: stride[0], :: stride[1], :, :]


def spread(parts, window, stride, padding, shape):
    """What each entry of the windows gives, added where it lay."""
    (h, w), (s, t), (p, q), (rows, columns) = window, stride, padding, shape[-2:]
    total = np.zeros((*shape[:-2], rows + 2 * p, columns + 2 * q))
    m, n = parts.shape[-4:-2]
    for i, j in np.ndindex(h, w):
        total[..., i : i + s * (m - 1) + 1 : s, j : j + t * (n - 1) + 1 : t] += parts[..., i, j]
    return total[..., p : p + rows, q : q + columns]


def shares(x, window, stride, padding, ties):
    """For every entry of a window its share in the largest: the first of equal ones all, or (ties=1) each alike."""
    found = pools(x, window, stride, padding, -np.inf)
    equal = found == found.max(axis=(-2, -1), keepdims=True)
    if ties:
        return equal / equal.sum(axis=(-2, -1), keepdims=True)
    flat = equal.reshape(*equal.shape[:-2], -1)
    return ((flat.cumsum(axis=-1) == 1) & flat).reshape(equal.shape) * 1.0


def max_pool(x, window, stride, padding):
    return pools(x, window, stride, padding, -np.inf).max(axis=(-2, -1))


def max_pool_back(g, x, window, stride, padding, ties):
    parts = shares(x, window, stride, padding, ties) * g[..., None, None]
    return spread(parts, window, stride, padding, x.shape)


def max_pool_at(u, x, window, stride, padding, ties):
    return (shares(x, window, stride, padding, ties) * pools(u, window, stride, padding, 0.0)).sum(axis=(-2, -1))


def average_pool(x, window, stride, padding):
    return pools(x, window, stride, padding, 0.0).mean(axis=(-2, -1))


def average_pool_back(g, shape, window, stride, padding):
    parts = np.broadcast_to(g[..., None, None] / np.prod(window), (*g.shape, *window))
    return spread(parts, window, stride, padding, shape)'''
