"""What a network's solution says around its equations: the exercise in words, the drawing, the findings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from chalkwork.algebra.operations.matrices import EQUAL
from chalkwork.derivation.derivation import Derivation, suffix_of
from chalkwork.networks import reasons
from chalkwork.networks.data import Array
from chalkwork.networks.losses import CrossEntropy
from chalkwork.networks.plan import Plan, Spot
from chalkwork.networks.quantities import LEARNED, Form, Role
from chalkwork.solutions.setting import Setting
from chalkwork.solutions.working import Working
from chalkwork.words import LANGUAGES, Said, Slot, Text

if TYPE_CHECKING:
    from chalkwork.drawings.drawing import Drawing

MOST_DRAWN_STEPS = 6
"""Steps of a recurrent network that are drawn; of more there is no drawing."""
MOST_TIES = 5
"""Samples whose equal outputs are spelled out."""


def setting_of(plan: Plan, derivation: Derivation) -> Setting:
    """The setting of a network's solution.

    >>> from chalkwork import Dense, NeuralNetwork
    >>> net = NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(1, "sigmoid")], loss="binary_cross_entropy")
    >>> print(net.solve([1, 0]).setting.introduction()[0])
    The network has 2 inputs, 3 hidden units (tanh) and 1 output (sigmoid).
    """
    names = tuple(name.name for name in derivation.givens)
    return Setting(
        introduction=lambda: introduction(plan, target="y" in names),
        givens=names,
        learned=tuple(name.name for name in plan.parameters()),
        layers=plan.depth,
        samples=plan.convention.samples,
        values_drawn=plan.samples == 1,
        drawing=(lambda solution, values: _drawn(plan, solution, values)) if is_drawn(plan) else None,
        remarks=lambda solution: remarks(plan, solution),
        undecided=lambda solution: {"class": said} if (said := ties(plan, solution)) else {},
        title=Text.of("document.solution"),
        languages=tuple(LANGUAGES),
    )


def introduction(plan: Plan, target: bool) -> tuple[Said, ...]:
    """The network, its parameters and its convention in sentences."""
    first = Text.of("counted.inputs", n=plan.layers[0].inputs)
    if len(plan.positions) == 1:
        first = Text.of(f"network.inputs_at_{plan.places}", inputs=first, n=plan.positions[0])
    elif plan.positions:
        first = _image(plan)
    sentences: list[Said] = [Text.of("network.has", parts=(first, *(at.layer.kind.words(at) for at in plan.spots)))]
    if target:
        sentences.append(reasons.loss_words(plan))
    sentences.append(_parameter_count(plan))
    sentences += [sentence for at in plan.spots for sentence in at.layer.kind.declared(at)]
    if target and plan.jumping is not None:
        said = "The derivative of the <activation> is 0 wherever there is one: there is no gradient to go back with."
        sentences.append(Text.own("network.no_gradient", said, activation=plan.jumping.said))
    forms = {one.form for at in plan.spots for one in at.layer.kind.quantities}
    if len(plan.positions) == 1:
        sentences.append(Text.of(f"network.{plan.places}_{plan.convention.samples}"))
    elif plan.positions:
        said = "A sample is an image: channels × rows × columns; kernels are filters × channels × rows × columns."
        kernels = Text.own("network.images_kernels", said)
        alone = Text.own("network.images", "A sample is an image: channels × rows × columns.")
        kinds = [at.layer.kind for at in plan.spots if not at.layer.kind.spreads]
        swept = any(one.form is Form.KERNEL for kind in kinds for one in kind.quantities)
        sentences.append(kernels if swept else alone)
    if len(plan.positions) > 1 and not any(form.is_matrix for form in forms):
        return tuple(sentences)
    return (*sentences, Text.of(f"network.samples_{plan.convention.samples}_{plan.convention.weights}"))


def _image(plan: Plan) -> Text:
    size, channels = "x".join(map(str, plan.positions)), plan.layers[0].inputs
    if channels == 1:
        return Text.own("network.image", "images of <size> as input", size=size)
    return Text.own("network.image_channels", "images of <size> with <n> channels as input", size=size, n=channels)


def _parameter_count(plan: Plan) -> Said:
    found = [(role, *_sizes(plan, role)) for role in LEARNED]
    total = plan.number_of_parameters
    if not any(sizes for _, sizes, _ in found[1:]):
        weights = Text.of("counted.weights", n=total)
        return Text.of("parameters.weights_only", sizes=" + ".join(found[0][1]), total=weights) if total else ""
    parts = tuple(
        Text.of(f"parameters.{role.plural}", sizes=" + ".join(sizes), n=number)
        for role, sizes, number in found
        if sizes
    )
    return Text.of("parameters.listed", parts=parts, total=Text.of("counted.parameters", n=total))


def _sizes(plan: Plan, role: Role) -> tuple[list[str], int]:
    """How many parameters with one role each layer has, those of a matrix as a product, and how many there are."""
    found, total = [], 0
    for at in plan.spots:
        names = at.layer.kind.names(at, role)
        shapes = [plan.held_shape(name) for name in names]
        total += sum(map(prod, shapes))
        sizes = ["·".join(map(str, plan.convention.sizes(one) if len(one) == 2 else one)) for one in shapes]
        times = next((count for count in range(len(sizes), 1, -1) if sizes == sizes[: len(sizes) // count] * count), 1)
        block = " + ".join(sizes[: len(sizes) // times])
        found += [block if times == 1 else f"{times}·({block})"] if names else []
    return found, total


def _drawn(plan: Plan, solution: Working, with_values: bool) -> Drawing:
    from chalkwork.networks.picture import drawing  # drawing is loaded where there is something to draw

    return drawing(plan, solution, with_values)


MOST_DRAWN = 10
"""Rows and columns of a map that is drawn."""


def is_drawn(plan: Plan) -> bool:
    """Whether there is a picture: of vectors the network, of a few steps or positions, of an image a window."""
    if not plan.positions:
        return True
    if plan.places == "steps":
        return plan.positions[0] <= MOST_DRAWN_STEPS
    if len(plan.positions) == 1:
        return (
            any(layer.kind.weighs for layer in plan.layers)
            and plan.positions[0] <= MOST_DRAWN
            and plan.depth <= MOST_DRAWN
        )
    return len(plan.positions) == 2 and max(plan.positions) <= MOST_DRAWN and hasattr(plan.layers[0].kind, "window")


def remarks(plan: Plan, solution: Working) -> Mapping[str, tuple[Said, ...]]:
    """What the numbers say, by the name of the equation after which it is said."""
    found: dict[str, tuple[Said, ...]] = {}
    step = 1
    while f"L{suffix_of(step)}" in solution:
        found[f"L{suffix_of(step)}"] = (_loss_change(solution, step),)
        step += 1
    for at in plan.spots:
        found |= {
            name: (said,) for name, said in at.layer.kind.remarks(at, solution.arrays).items() if name in solution
        }
    for number in range(plan.depth - 1, 0, -1):
        sentence = _vanished(plan, solution, number)
        if sentence:
            found[f"delta{number}"] = (sentence,)
            break
    if "class" in solution:
        found["class"] = _class_sentences(plan, solution)
    return found


def _loss_change(solution: Working, step: int) -> Text:
    old, new = f"L{suffix_of(step - 1)}", f"L{suffix_of(step)}"
    before, after = float(solution[old]), float(solution[new])
    writer = solution.writer()
    first, second = (writer.value([[value]]).box.lines[0] for value in (before, after))
    if first == second:
        change = "loss_change.none" if before == after else "loss_change.not_seen"
        return Text.of(change, loss=f"{{{old}}}", value=first)
    return Text.of("loss_change.lower" if after < before else "loss_change.higher", before=first, after=second)


def _vanished(plan: Plan, solution: Working, number: int) -> Said:
    """Why no error reaches a layer, where none does."""
    if f"delta{number}" not in solution or np.any(solution.arrays[f"delta{number}"]):
        return ""
    last = plan.depth
    if f"W{number + 1}" not in solution or len(Spot(plan, number).users) > 1:
        return ""
    weights = solution.arrays[f"W{number + 1}"]
    outgoing = weights if plan.convention.weights == "in_out" else weights.T
    equal = bool(np.all(outgoing == outgoing[:, :1]))
    if (
        number + 1 == last
        and equal
        and plan.layers[-1].activation.name == "softmax"
        and isinstance(plan.loss, CrossEntropy)
    ):
        which = Text.of("vanished.this_layer") if number == 1 else Text.of("vanished.this_layer_and_below")
        return Text.of("vanished.equal_weights", above=f"{{delta{last}}}", weights=f"{{W{last}}}", which=which)
    if not np.any(solution.arrays[f"delta{number + 1}"]):
        return ""
    return Text.of("vanished.first") if number == 1 else Text.of("vanished.others")


def _class_sentences(plan: Plan, solution: Working) -> tuple[Said, ...]:
    """What is predicted; of equal outputs none wins, which is said of every sample."""
    chosen = np.ravel(solution.arrays["class"])
    said = ties(plan, solution)
    if len(chosen) > 1:
        tied = {place for place in range(len(chosen)) if _is_tied(plan, chosen[place])}
        if len(tied) == len(chosen):
            return said
        none = Text.of("predicted.none")
        classes: list[Slot] = [none if place in tied else f"{value:g}" for place, value in enumerate(chosen)]
        listed = reduce(lambda one, other: Text.of("predicted.and_next", one=one, other=other), classes)
        return (Text.of("predicted.classes", classes=listed), *said)
    if said:
        return said
    if plan.layers[-1].units == 1:
        return (Text.of("predicted.class", value=f"{chosen[0]:g}"),)
    return (Text.of("predicted.largest", value=f"{chosen[0]:g}"),)


def ties(plan: Plan, solution: Working) -> tuple[Text, ...]:
    """A sentence for each of the first samples whose outputs give no class."""
    if "class" not in solution:
        return ()
    chosen = np.ravel(solution.arrays["class"])
    outputs = solution.arrays[f"a{plan.depth}"]
    rows = outputs.T if plan.convention.samples == "columns" else outputs
    tied = [place for place, value in enumerate(chosen) if _is_tied(plan, value)]
    said = [_tie(rows[place], {"sample": place + 1} if len(chosen) > 1 else {}) for place in tied[:MOST_TIES]]
    more = len(tied) - MOST_TIES
    return (*said, Text.of("tie.more", n=more)) if more > 0 else tuple(said)


def _is_tied(plan: Plan, chosen: float) -> bool:
    """Whether what stands for a class says that there is none."""
    return bool(chosen == (0.5 if plan.layers[-1].units == 1 else 0))


def _tie(outputs: Array, sample: Mapping[str, int]) -> Text:
    """Which outputs are equal, and that the network decides for none; of which sample, if there are several."""
    if len(outputs) == 1:
        limit = Text.of("tie.one_half") if outputs[0] == 0.5 else "0"
        return Text.of("tie.border_of_sample" if sample else "tie.border", limit=limit, **sample)
    largest = outputs.max()
    equal = tuple(str(place + 1) for place in np.flatnonzero(outputs >= largest - EQUAL * abs(largest)))
    if len(equal) < len(outputs) or len(equal) == 2:
        return Text.of("tie.some_of_sample" if sample else "tie.some", who=equal, **sample)
    return Text.of("tie.all_of_sample" if sample else "tie.all", **sample)
