"""Layers that are objects of somebody's own classes, numbered as those of the exercise.

Whoever writes `l1 = Layer(3, 5)` and `l2 = Layer(5, 2)`, or a list of `Affine`, `Sigmoid`, `Affine`, has the same
attributes in each. What they belong to is said by the order of those that hold parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

PART = "part of "
"""What a name begins with that says nothing: what stands in a list, or belongs to an object without parameters."""
_OUTPUT = frozenset(("out", "output", "outputs", "o", "result"))
_PARAMETERS = frozenset(("params", "parameters", "param"))
_GRADIENTS = frozenset(("grads", "grad", "gradients", "dparams", "derivatives"))
_INPUT = frozenset(("x", "input", "inputs", "inp", "x_in"))


def numbered_layers(objects: Sequence[Mapping[str, object]], layers: int) -> list[tuple[str, object]] | None:
    """The attributes of the objects by names with the layer's number; None where they are not the `layers` layers.

    An object without parameters belongs to the layer before it: what goes in is its z, what comes out its a. What else
    it has is known by its value alone.

    >>> import numpy as np
    >>> affine, sigmoid = {"W": np.ones((2, 2)), "x": np.ones((1, 2))}, {"out": np.ones((1, 2))}
    >>> [word for word, _ in numbered_layers([affine, sigmoid, affine], 2)]
    ['W1', 'a1', 'W2']
    """
    objects = [dict(_flat(one)) for one in objects]
    holding = [any(map(_is_parameter, one, one.values())) for one in objects]
    if len(objects) < 2 or not layers or sum(holding) != layers:
        return None
    return list(_numbered(objects, holding))


def _flat(one: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The attributes of an object, with those that it keeps in a dictionary or as a pair of weights and bias."""
    for key, value in one.items():
        bare = key.strip("_").lower()
        before = "d" if bare in _GRADIENTS or "grad" in bare else ""
        if isinstance(value, Mapping) and value and all(isinstance(part, Mapping) for part in value.values()):
            for name, kept in value.items():  # what an optimiser keeps for each parameter
                yield from ((f"{state}_{name}", part) for state, part in kept.items())
        elif isinstance(value, Mapping) and (
            before or bare in _PARAMETERS or any(map(_is_parameter, map(str, value), value.values()))
        ):
            for name, part in value.items():
                word = str(name)
                yield (word if word.lower().startswith(("d", "grad")) else f"{before}{word}"), part
        elif isinstance(value, (list, tuple)) and len(value) == 2 and (before or bare in _PARAMETERS):
            yield from ((f"{before}{word}", part) for word, part in zip("Wb", value, strict=True))
        elif isinstance(value, Mapping):
            yield from ((f"{key.strip('_')}_{name}", part) for name, part in value.items())
        else:
            yield key, value


def _numbered(objects: Sequence[Mapping[str, object]], holding: Sequence[bool]) -> Iterator[tuple[str, object]]:
    number = 0
    found: set[str] = set()
    late: list[tuple[str, object]] = []
    for place, (one, holds) in enumerate(zip(objects, holding, strict=True)):
        number += holds
        if not number:
            continue
        only_net = holds and place + 1 < len(objects) and not holding[place + 1]
        for key, value in one.items():
            word = key.strip("_")
            bare = word.lower()
            if bare in _OUTPUT:
                found.add(f"a{number}")
                yield f"{'z' if only_net else 'a'}{number}", value
            elif bare in _INPUT:
                if number > holds:
                    late.append((f"a{number - 1}" if holds else f"z{number}", value))
            elif holds:
                found.add(f"{word}{number}")
                yield f"{word}{number}", value
            else:
                yield f"{PART}{word}, {place}", value
    for word, value in late:
        if word not in found:
            found.add(word)
            yield word, value


def _is_parameter(key: str, value: object) -> bool:
    """Whether an attribute is a matrix of weights, the scale of a normalisation or the mask of a dropout."""
    bare = key.strip("_").lower()
    axes = int(getattr(value, "ndim", 0) or 0)
    return (axes == 2 and bare in ("w", "weight", "weights", "kernel", "theta")) or (axes > 0 and bare == "gamma")
