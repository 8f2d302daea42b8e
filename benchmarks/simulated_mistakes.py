"""The simulated class: one function a mistake, each what somebody writes who makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from simulated_program import Array, Program, Step, softmax

# --- and its mistakes ----------------------------------------------------------------------------------------------

Wrongs = Callable[[Program, Step, Mapping[str, Array]], list[Array]]


def _factor(factor: float) -> Wrongs:
    def wrong(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
        able = s.kind in ("L", "dW", "db") or (s.kind == "delta" and s.layer == p.exercise.depth)
        return [factor * p.right(s, v)] if able else []

    return wrong


def _mean_for_sum(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    e = p.exercise
    counts = [e.samples]
    if s.kind == "L" or (s.kind == "delta" and s.layer == e.depth):
        counts += [e.givens["y"].shape[e.unit_axis]] if e.loss == "squared_error" else []
    elif s.kind not in ("dW", "db"):
        return []
    return [p.right(s, v) / count for count in counts if count > 1]


def _sum_for_mean(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    e = p.exercise
    if not (s.kind == "L" or (s.kind == "delta" and s.layer == e.depth)):
        return []
    counts = {p.count()} | ({e.samples, p.count() // e.samples} if e.loss == "mean_squared_error" else set())
    return [p.right(s, v) * count for count in counts if count > 1]


def _first_sample(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    e = p.exercise
    if e.samples < 2 or s.kind not in ("L", "dW", "db"):
        return []
    mask = (np.arange(e.samples) == 0).astype(float)
    mask = mask[None, :] if e.columns else mask[:, None]
    if s.kind == "L":
        suffix = "_new" if s.late else ""
        total = np.asarray((mask * p.losses(v[f"a{e.depth}{suffix}"], v["y"])).sum()).reshape(1, 1) / p.count()
    else:
        total = p.right(s, {**v, f"delta{s.layer}": mask * v[f"delta{s.layer}"]})
    return [total] if e.loss == "squared_error" else [total, e.samples * total]


def _log(base: float) -> Wrongs:
    def wrong(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
        if s.kind != "L" or "entropy" not in p.exercise.loss:
            return []
        return [p.right(s, v) / np.log(base)]

    return wrong


def _dropped(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    return [p.up(s, v)] if s.kind == "delta" and p.exercise.activations[s.layer - 1] != "identity" else []


def _at_activation(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    kind = p.exercise.activations[s.layer - 1]
    if s.kind != "delta" or kind not in ("sigmoid", "tanh", "softmax"):
        return []
    a = v[f"a{s.layer}"]
    return [p.through(kind, p.up(s, v), a, p.activate(kind, a))]


def _with_net(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    kind = p.exercise.activations[s.layer - 1]
    if s.kind != "delta" or kind not in ("sigmoid", "tanh"):
        return []
    z = v[f"z{s.layer}"]
    return [p.through(kind, p.up(s, v), z, z)]


def _twice(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    kind = p.exercise.activations[s.layer - 1]
    if s.kind != "delta" or kind in ("identity", "relu"):
        return []
    return [p.through(kind, p.right(s, v), v[f"z{s.layer}"], v[f"a{s.layer}"])]


def _wrong_derivative(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    kind = p.exercise.activations[s.layer - 1]
    if s.kind != "delta":
        return []
    z, a, found = v[f"z{s.layer}"], v[f"a{s.layer}"], []
    for other in ("sigmoid", "tanh", "relu"):
        if other == kind or (kind, other) == ("leaky_relu", "relu"):
            continue
        found.append(p.up(s, v) * p.slope(other, z, a))
        if other != "relu":
            found.append(p.up(s, v) * p.slope(other, z, p.activate(other, z)))
    return found


def _leaky(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind not in ("a", "delta") or p.exercise.activations[s.layer - 1] != "leaky_relu":
        return []
    z = v[f"z{s.layer}{'_new' if s.late else ''}"]
    return [np.maximum(z, 0.0)] if s.kind == "a" else [p.up(s, v) * (z > 0)]


def _weights_turned(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    late = "_new" if s.late else ""
    name = {"z": f"W{s.layer}{late}", "delta": f"W{s.layer + 1}"}.get(s.kind, "")
    if name not in p.inputs(s) or v[name].shape[0] != v[name].shape[1]:
        return []
    return [p.right(s, {**v, name: v[name].T})]


def _outer_turned(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    return [p.right(s, v).T] if s.kind == "dW" else []


def _not_summed(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    return [v[f"delta{s.layer}"]] if s.kind == "db" and p.exercise.samples > 1 else []


def _error_sign(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    return [-p.right(s, v)] if s.kind == "delta" and s.layer == p.exercise.depth else []


def _update(rate: Callable[[Array], Array]) -> Wrongs:
    def wrong(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
        return [p.right(s, {**v, "eta": rate(v["eta"])})] if s.kind in ("W", "b") else []

    return wrong


def _bias_forgotten(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind != "z" or not p.exercise.biased[s.layer - 1]:
        return []
    bias = f"b{s.layer}{'_new' if s.late else ''}"
    return [p.right(s, {**v, bias: np.zeros_like(v[bias])})]


def _updated_weights(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind != "delta" or s.layer == p.exercise.depth:
        return []
    name = f"W{s.layer + 1}"
    return [p.right(s, {**v, name: v[name] - v["eta"] * v[f"d{name}"]})]


def _wrong_layer(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind not in ("z", "dW", "delta"):
        return []
    late, depth, found = "_new" if s.late else "", p.exercise.depth, []
    for name in p.inputs(s):
        bare = name.removesuffix("_new")
        if bare == "x" or (bare[0] == "a" and s.kind != "delta"):
            others = ["x", *(f"a{k}{late}" for k in range(1, depth + 1))]
        elif bare.startswith("delta"):
            others = [f"delta{k}" for k in range(1, depth + 1)]
        elif bare[0] in "Wb":
            others = [f"{bare[0]}{k}{late}" for k in range(1, depth + 1)]
        else:
            continue
        fitting = [other for other in others if other != name and other in v and v[other].shape == v[name].shape]
        found += [p.right(s, {**v, name: v[other]}) for other in fitting]
    return found


def _softmax(change: Callable[[Program, Array], list[Array]]) -> Wrongs:
    def wrong(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
        if s.kind != "a" or p.exercise.activations[s.layer - 1] != "softmax":
            return []
        return change(p, v[f"z{s.layer}{'_new' if s.late else ''}"])

    return wrong


def _wrong_axis(p: Program, z: Array) -> list[Array]:
    return [softmax(z, p.exercise.sample_axis), softmax(z, None)] if p.exercise.samples > 1 else []


def _extra(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind != "delta" or p.exercise.activations[s.layer - 1] != "softmax":
        return []
    a = v[f"a{s.layer}"]
    return [p.right(s, v) * a * (1 - a)]


def _not_activated(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind != "a" or p.exercise.activations[s.layer - 1] == "identity":
        return []
    return [v[f"z{s.layer}{'_new' if s.late else ''}"]]


def _old_weights(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    if s.kind != "z" or not s.late:
        return []
    old = {name: v[name.removesuffix("_new")] for name in p.inputs(s) if name[0] in "Wb"}
    return [p.right(s, {**v, **old})]


def _loss_sign(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    return [-p.right(s, v)] if s.kind == "L" and "entropy" in p.exercise.loss else []


def _swapped(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    value, found = p.right(s, v), []
    if s.kind == "L" or value.size < 2:
        return []
    for first in range(value.size):
        second = (first + 1) % value.size
        result = value.copy()
        result.flat[first], result.flat[second] = value.flat[second], value.flat[first]
        found.append(result)
    if value.shape[0] > 1:
        found.append(np.concatenate([value[1::-1], value[2:]]))
    if value.shape[1] > 1:
        found.append(np.concatenate([value[:, 1::-1], value[:, 2:]], axis=1))
    return found


def _early(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    names = [name for name in p.inputs(s) if name not in p.exercise.givens]
    if not names:
        return []
    return [p.right(s, {**v, **{name: np.round(v[name], places) for name in names}}) for places in (1, 2)]


MISTAKES: dict[str, Wrongs] = {
    "derivative-dropped": _dropped,
    "derivative-at-activation": _at_activation,
    "derivative-with-net-input": _with_net,
    "derivative-twice": _twice,
    "wrong-derivative": _wrong_derivative,
    "leaky-slope-forgotten": _leaky,
    "weights-transposed": _weights_turned,
    "outer-product-transposed": _outer_turned,
    "error-sign": _error_sign,
    "ascent": _update(lambda eta: -eta),
    "factor-half": _factor(0.5),
    "factor-two": _factor(2.0),
    "mean-for-sum": _mean_for_sum,
    "sum-for-mean": _sum_for_mean,
    "first-sample-only": _first_sample,
    "bias-forgotten": _bias_forgotten,
    "bias-gradient-not-summed": _not_summed,
    "updated-weights-used": _updated_weights,
    "wrong-layer": _wrong_layer,
    "learning-rate-omitted": _update(np.ones_like),
    "learning-rate-squared": _update(np.square),
    "log-base-2": _log(2.0),
    "log-base-10": _log(10.0),
    "softmax-not-normalised": _softmax(lambda p, z: [np.exp(z)]),
    "softmax-wrong-axis": _softmax(_wrong_axis),
    "softmax-twice": _softmax(lambda p, z: [softmax(softmax(z, p.exercise.unit_axis), p.exercise.unit_axis)]),
    "softmax-extra-derivative": _extra,
    "activation-forgotten": _not_activated,
    "old-weights-used": _old_weights,
    "loss-sign": _loss_sign,
    "entries-swapped": _swapped,
    "rounded-early": _early,
}
