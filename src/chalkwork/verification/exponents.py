"""A softmax that a document writes out, e^a / (e^a + e^b): what it is taken over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from chalkwork.algebra.expression import Application, Expression
from chalkwork.verification.memory import Memory
from chalkwork.verification.sides import Step, Summands, terms

Evaluate = Callable[[Expression], float | None]
_NUMBERED = re.compile(r"(.+?)_?([1-9])")


def exponents(side: Expression, evaluate: Evaluate) -> tuple[Expression, ...]:
    """What stands under e in the terms below the line, where the one above is among them; else nothing."""
    if not isinstance(side, Application) or side.operation.name != "divide":
        return ()
    parts = [one for one in (side.arguments[0], *terms(side.arguments[1])) if isinstance(one, Application)]
    if len(parts) < 3 or any(one.operation.name != "exp" for one in parts):
        return ()
    above, *below = (evaluate(one.arguments[0]) for one in parts)
    return tuple(one.arguments[0] for one in parts[1:]) if above is not None and above in below else ()


def summands(over: Sequence[Expression], evaluate: Evaluate, memory: Memory) -> Summands | None:
    """The exponents as summands of one net input: their factors are the values of all units of a layer, in order."""
    pairs = []
    for one in over:
        if not isinstance(one, Application) or one.operation.name != "multiply":
            return None
        pairs.append(tuple(evaluate(factor) for factor in one.arguments))
    for place in (0, 1):
        own, others = ([pair[at] for pair in pairs] for at in (place, 1 - place))
        values = tuple(value for value in own if value is not None)
        weights = tuple(value for value in others if value is not None)
        if len(values) == len(weights) == len(pairs) and len(set(values)) > 1:
            for names, known in _layers(memory):
                if known == values:
                    return Summands(names, values, weights)
    return None


def _layers(memory: Memory) -> Iterator[tuple[tuple[str, ...], tuple[float, ...]]]:
    """Names with the indices 1, 2, ... and their numbers."""
    found: dict[str, dict[int, tuple[str, float]]] = {}
    for name, value in memory.values.items():
        if (numbered := _NUMBERED.fullmatch(name)) and value.exact.size == 1:
            found.setdefault(numbered[1], {})[int(numbered[2])] = name, float(value.exact.flat[0])
    for units in found.values():
        if sorted(units) == list(range(1, len(units) + 1)):
            names, values = zip(*(units[place] for place in sorted(units)), strict=True)
            yield names, values


def apart(steps: Sequence[Step], written: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """The statements that take a softmax over the summands of one net input, as those of another output show; why."""
    of_layer: dict[tuple[str, ...], list[tuple[int, Summands]]] = {}
    for step in steps:
        if step.over is not None:
            of_layer.setdefault(step.over.units, []).append((step.place, step.over))
    for units, found in of_layer.items():
        outputs = list(dict.fromkeys(one for _, one in found))
        if len(outputs) < 2 or len({one.values for one in outputs}) > 1:
            continue
        net = ", ".join(f"{one.net:.6g}" for one in outputs)
        names = ", ".join(written.get(name, name) for name in units)
        for place, one in found:
            over = ", ".join(
                f"{value * weight + 0.0:.6g}" for value, weight in zip(one.values, one.weights, strict=True)
            )
            yield (
                place,
                (
                    f"the softmax is taken over {over}, the summands of one net input (each of {names} by a weight); "
                    f"the net inputs of the {len(outputs)} outputs are {net}"
                ),
            )
