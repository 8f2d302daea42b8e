"""The numbers that a network holds: drawn, given, replaced by its owner, and checked before each use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Name
from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.networks.convention import Convention
from chalkwork.networks.data import Array, as_array, size_of
from chalkwork.networks.layers.base import Layer, Size
from chalkwork.networks.plan import Plan
from chalkwork.networks.quantities import Role


def settle(
    layers: Sequence[Layer],
    inputs: int | None,
    positions: tuple[int, ...],
    convention: Convention,
    seed: int | None,
) -> tuple[list[Size], dict[str, Array], dict[str, Array]]:
    """The size of every layer, its parameters (drawn where they are not given) and its state.

    Raises ShapeError where layers do not fit, ChalkworkError where a size is not known.
    """
    generators: list[np.random.Generator] = []

    def generator() -> np.random.Generator:
        if not generators:
            generators.append(np.random.default_rng(seed))
        return generators[0]

    sizes: list[Size] = []
    parameters: dict[str, Array] = {}
    state: dict[str, Array] = {}
    for number, layer in enumerate(layers, 1):
        entering = sizes[-1] if sizes else Size(0, 0, positions)
        sizes.append(layer.size(number, inputs, entering.positions, convention.weights == "in_out"))
        layer.check_sources(number, [Size(0, sizes[0].inputs, positions), *sizes[:-1]])
        inputs = sizes[-1].units
        parameters |= layer.start(number, sizes[-1][:2], convention, generator)
        state |= layer.state(number, inputs)
    return sizes, parameters, state


def checked(values: Mapping[str, Any], plan: Plan, noun: str = "parameter") -> dict[str, Array]:
    """Parameters, or running statistics, as the equations need them, vectors as columns or rows.

    Raises ChalkworkError for one that is missing or unknown, ShapeError for one that has another shape.
    """
    wanted = plan.parameters() if noun == "parameter" else plan.state()
    known = {name.name for name in wanted}
    for given in values:
        if given not in known:
            has = f"it has {', '.join(name.name for name in wanted)}" if wanted else "it has none"
            raise ChalkworkError(f"the network has no {noun} {given}", hint=has)
    found = {}
    for name in wanted:
        if name.name not in values:
            raise ChalkworkError(f"the {noun} {name} is missing")
        shape = plan.held_shape(name)
        value = as_array(values[name.name], name.name, most=max(2, len(shape)))
        if value.shape != shape:
            raise ShapeError(f"{name} is {size_of(value.shape)}, but {size_of(shape)} is needed")
        found[name.name] = value.reshape(name.shape)
        if (value < plan.quantities[name.name].least).any():
            raise ValueProblem(f"{name} holds a negative number, which no variance is")
    return found


def masks_of(plan: Plan, given: Mapping[int, Any] | None, seed: int | None) -> dict[str, Array]:
    """The masks of dropout by name: those given (by layer) in the data's orientation, the others drawn from the seed.

    A mask is drawn with samples as rows, so that every convention drops the same entries. Raises ShapeError for one
    of another shape, ValueProblem for entries other than 0 and 1, ChalkworkError for a layer that has none.
    """
    found_in = {at.number: at.layer.kind.names(at, Role.MASK) for at in plan.spots} if plan.training else {}
    wanted = {number: names[0] for number, names in found_in.items() if names}
    if given is not None and not isinstance(given, Mapping):
        raise ChalkworkError("masks are a mapping from the number of a layer to its mask, such as {3: [[1, 0, 1]]}")
    for number in given or {}:
        if number not in wanted:
            place = f"the layers that do are {', '.join(map(str, wanted))}" if wanted else "no layer does"
            raise ChalkworkError(f"layer {number!r} drops nothing in this pass, so it takes no mask", hint=place)
    found = {}
    for number, name in wanted.items():
        if given is not None and number in given:
            found[name.name] = _given_mask(given[number], name, plan)
            continue
        layer = plan.layers[number - 1]
        generator = np.random.default_rng(None if seed is None else (seed, number))
        rows = generator.random((plan.samples, layer.units)) >= layer.kind.drop_rate
        found[name.name] = (rows.T if plan.convention.samples == "columns" else rows).astype(np.float64)
    return found


def _given_mask(value: Any, name: Name, plan: Plan) -> Array:
    mask = as_array(value, name.name)
    if mask.ndim < 2 and plan.samples == 1 and mask.size == max(name.shape):
        mask = mask.reshape(name.shape)
    if mask.shape != name.shape:
        raise ShapeError(
            f"{name} is {size_of(mask.shape)}, but {size_of(name.shape)} is needed, as the activations have"
        )
    if not np.isin(mask, (0.0, 1.0)).all():
        raise ValueProblem(f"{name} holds something other than 0 (dropped) and 1 (kept)")
    return mask


def sample_weights(value: Any, plan: Plan) -> Array:
    """One weight for each sample, from 0, as the row or column that the equations need; ShapeError, ValueProblem."""
    weights = as_array(value, "sample_weight").reshape(-1)
    if len(weights) != plan.samples:
        raise ShapeError(f"sample_weight has {len(weights)} entries, but there are {plan.samples} samples")
    if (weights < 0).any():
        raise ValueProblem("sample_weight holds a negative number")
    return weights.reshape(plan.w.shape)
