"""What a network's solution says around its equations: the exercise in words, the drawing, the findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from chalkwork.algebra.operations.matrices import EQUAL
from chalkwork.derivation.derivation import Derivation
from chalkwork.networks import reasons
from chalkwork.networks.data import Array
from chalkwork.networks.losses import CrossEntropy
from chalkwork.networks.plan import Plan
from chalkwork.networks.quantities import LEARNED, Role
from chalkwork.networks.spot import Spot, counted, suffix_of
from chalkwork.solutions.solution import Setting, Solution

if TYPE_CHECKING:
    from chalkwork.drawings.canvas import Drawing

MOST_TIES = 5
"""Samples whose equal outputs are spelled out."""


def setting_of(plan: Plan, derivation: Derivation) -> Setting:
    """The setting of a network's solution.

    >>> from chalkwork import Dense, NeuralNetwork
    >>> net = NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(1, "sigmoid")], loss="binary_cross_entropy")
    >>> print(net.solve([1, 0]).setting.introduction[0])
    The network has 2 inputs, 3 hidden units (tanh) and 1 output (sigmoid).
    """
    names = tuple(name.name for name in derivation.givens)
    return Setting(
        introduction=introduction(plan, target="y" in names),
        givens=names,
        layers=plan.depth,
        samples=plan.convention.samples,
        values_drawn=plan.samples == 1,
        drawing=None if plan.positions else lambda solution, values: _drawn(plan, solution, values),
        remarks=lambda solution: remarks(plan, solution),
        undecided=lambda solution: {"class": " ".join(said)} if (said := ties(plan, solution)) else {},
    )


def introduction(plan: Plan, target: bool) -> tuple[str, ...]:
    """The network, its parameters and its convention in sentences."""
    first = counted(plan.layers[0].inputs, "input") + "".join(f" at each of {n} positions" for n in plan.positions)
    sizes = [first, *(at.layer.kind.words(at) for at in plan.spots)]
    sentences = [f"The network has {', '.join(sizes[:-1])} and {sizes[-1]}."]
    if target:
        sentences.append(reasons.loss_words(plan))
    sentences.append(_parameter_count(plan))
    sentences += [sentence for at in plan.spots for sentence in at.layer.kind.declared(at)]
    lie = f"Samples are {plan.convention.samples}"
    order = "outputs × inputs" if plan.convention.weights == "out_in" else "inputs × outputs"
    if plan.positions:
        line = plan.convention.samples.removesuffix("s")
        lie = f"A sample is a matrix with a position in every {line}, and a {line} of its own once it is flattened"
    sentences.append(f"{lie}, and weight matrices are {order}.")
    return tuple(sentences)


def _parameter_count(plan: Plan) -> str:
    found = [(role.plural, _sizes(plan, role)) for role in LEARNED]
    total = plan.number_of_parameters
    if all(not sizes for _, sizes in found[1:]):
        return f"It has {' + '.join(found[0][1])} = {counted(total, 'weight')} and no biases." if total else ""
    parts = [f"{' + '.join(sizes)} {noun}" for noun, sizes in found if sizes]
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return f"It has {listed}: {counted(total, 'parameter')} in all."


def _sizes(plan: Plan, role: Role) -> list[str]:
    """How many parameters with one role each layer has, those of a matrix as a product."""
    layers = [at.layer for at in plan.spots for _ in at.layer.kind.names(at, role)]
    return [f"{layer.inputs}·{layer.units}" if role is Role.WEIGHT else str(layer.units) for layer in layers]


def _drawn(plan: Plan, solution: Solution, with_values: bool) -> Drawing:
    from chalkwork.networks.picture import drawing  # drawing is loaded where there is something to draw

    return drawing(plan, solution, with_values)


def _minus(text: str) -> str:
    return text.replace("-", "−")


def remarks(plan: Plan, solution: Solution) -> Mapping[str, tuple[str, ...]]:
    """What the numbers say, by the name of the equation after which it is said."""
    found: dict[str, tuple[str, ...]] = {}
    step = 1
    while f"L{suffix_of(step)}" in solution:
        found[f"L{suffix_of(step)}"] = (_loss_change(solution, step),)
        step += 1
    for at in plan.spots:
        found |= {name: (text,) for name, text in at.layer.kind.remarks(at).items() if name in solution}
    for number in range(plan.depth - 1, 0, -1):
        sentence = _vanished(plan, solution, number)
        if sentence:
            found[f"delta{number}"] = (sentence,)
            break
    if "class" in solution:
        found["class"] = _class_sentences(plan, solution)
    return found


def _loss_change(solution: Solution, step: int) -> str:
    old, new = f"L{suffix_of(step - 1)}", f"L{suffix_of(step)}"
    before, after = float(solution[old]), float(solution[new])
    writer = solution.writer()
    first, second = (writer.value([[value]]).box.lines[0] for value in (before, after))
    if first == second:
        change = "by less than the digits shown" if before != after else "not at all"
        return f"The loss changed {change}: {{{old}}} = {first}."
    if after < before:
        return f"The update lowered the loss from {first} to {second}."
    return (
        f"The loss rose from {first} to {second}: the step with this learning rate overshoots, "
        "a smaller one would lower it."
    )


def _vanished(plan: Plan, solution: Solution, number: int) -> str:
    """Why no error reaches a layer, where none does."""
    if f"delta{number}" not in solution or np.any(solution.arrays[f"delta{number}"]):
        return ""
    last = plan.depth
    if f"W{number + 1}" not in solution or len(Spot(plan, number).users) > 1:
        return ""
    below = "it" if number == 1 else "it and the layers below it"
    weights = solution.arrays[f"W{number + 1}"]
    outgoing = weights if plan.convention.weights == "in_out" else weights.T
    equal = bool(np.all(outgoing == outgoing[:, :1]))
    if (
        number + 1 == last
        and equal
        and plan.layers[-1].activation.name == "softmax"
        and isinstance(plan.loss, CrossEntropy)
    ):
        return (
            f"The error vanishes, and {{delta{last}}} does not: all weights that leave a hidden unit are equal in "
            f"{{W{last}}}, so what comes back to it is that weight times the sum of the entries of {{delta{last}}}. "
            "Outputs and targets both sum to one, hence that sum is 1 − 1 = 0. No gradient reaches "
            f"{'this layer' if number == 1 else 'this layer and those below it'}: their parameters keep their values."
        )
    if not np.any(solution.arrays[f"delta{number + 1}"]):
        return ""
    return f"No error reaches this layer: the gradients of {below} are zero, and the parameters keep their values."


def _class_sentences(plan: Plan, solution: Solution) -> tuple[str, ...]:
    """What is predicted; of equal outputs none wins, which is said of every sample."""
    chosen = np.ravel(solution.arrays["class"])
    said = ties(plan, solution)
    if len(chosen) > 1:
        return (f"The predicted classes are {', '.join(f'{value:g}' for value in chosen)}.", *said)
    if said:
        return said
    if plan.layers[-1].units == 1:
        return (f"The network predicts class {chosen[0]:g}.",)
    return (f"Output {chosen[0]:g} is the largest, so the network predicts class {chosen[0]:g}.",)


def ties(plan: Plan, solution: Solution) -> tuple[str, ...]:
    """A sentence for each of the first samples whose outputs give no class."""
    if "class" not in solution:
        return ()
    chosen = np.ravel(solution.arrays["class"])
    outputs = solution.arrays[f"a{plan.depth}"]
    rows = outputs.T if plan.convention.samples == "columns" else outputs
    tied = [place for place, value in enumerate(chosen) if value == (0.5 if plan.layers[-1].units == 1 else 0)]
    said = [_tie(rows[place], f"Sample {place + 1}: " if len(chosen) > 1 else "") for place in tied[:MOST_TIES]]
    more = len(tied) - MOST_TIES
    return (*said, f"{counted(more, 'more sample')} without a class.") if more > 0 else tuple(said)


def _tie(outputs: Array, start: str) -> str:
    """Which outputs are equal, and that the network decides for none."""
    if len(outputs) == 1:
        limit = "one half" if outputs[0] == 0.5 else "0"
        text = f"the output is exactly {limit}, on the border of the two classes: the network decides for neither, "
        return _sentence(start, text + "for which 0.5 stands.")
    largest = outputs.max()
    equal = [str(place + 1) for place in np.flatnonzero(outputs >= largest - EQUAL * abs(largest))]
    who = f"{', '.join(equal[:-1])} and {equal[-1]}" if len(equal) < len(outputs) or len(equal) == 2 else ""
    text = f"outputs {who} are equal, and the largest" if who else "all outputs are equal"
    return _sentence(start, f"{text}: the network decides for no class, for which 0 stands.")


def _sentence(start: str, text: str) -> str:
    return start + text if start else text[0].upper() + text[1:]
