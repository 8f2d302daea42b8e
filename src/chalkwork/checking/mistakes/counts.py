"""Mistakes in counting an architecture: sizes, weights, biases and products of a layer.

The equations of a layer have a stage of its own, and names with its number behind their letter: `n2`, `parameters2`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from chalkwork.algebra.expression import Application, Expression, Name, Number, names_in, replace, walk
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.entry import Mistake, Rewrites
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.derivation.derivation import Equation

_STAGE, _NAME = re.compile(r"layer(\d+)"), re.compile(r"([a-z_]+?)(\d+)")
_COUNTS = ("weights", "biases", "parameters", "macs")
Rewrite = Callable[[Equation, int, Context], Iterator[Expression]]


def _of(*letters: str) -> Callable[[Rewrite], Rewrites]:
    """A rewrite of the equations of a layer whose names are these letters with its number."""

    def decorated(rewrite: Rewrite) -> Rewrites:
        def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
            stage, name = _STAGE.fullmatch(equation.stage.id), _NAME.fullmatch(equation.name)
            if stage and name and name[1] in letters and name[2] == stage[1]:
                yield from rewrite(equation, int(stage[1]), context)

        return rewrites

    return decorated


def _letter(name: Name) -> str:
    found = _NAME.fullmatch(name.name)
    return found[1] if found else ""


def _own(expression: Expression, number: int, *letters: str) -> list[Name]:
    """The names in it with one of the letters, with or without an axis, and the number."""
    wanted = {f"{letter}{axis}{number}" for letter in letters for axis in ("", "h", "w")}
    return [name for name in names_in(expression) if name.name in wanted]


def sizes(change: Callable[[Expression, int], Expression | None]) -> Rewrites:
    """Another number of places: in the side of a map, and in the shape that is made of it."""

    @_of("n", "h", "w", "shape")
    def rewrites(equation: Equation, number: int, context: Context) -> Iterator[Expression]:
        sides = [equation.symbol]
        if equation.name.startswith("shape"):
            sides = [name for name in names_in(equation.expression) if _letter(name) in ("n", "h", "w")]
        wrong: dict[Expression, Expression] = {}
        for side in sides:
            source = context.derivation.get(side.name)
            found = (
                change(source.expression, number)
                if source is not None and _own(source.expression, number, "k")
                else None
            )
            if found is not None:
                wrong[side] = found
        if wrong:
            yield wrong[equation.symbol] if equation.symbol in wrong else replace(equation.expression, wrong)

    return rewrites


def _set(letter: str, value: int) -> Callable[[Expression, int], Expression | None]:
    def change(expression: Expression, number: int) -> Expression | None:
        names = _own(expression, number, letter)
        return replace(expression, {name: Number(value) for name in names}) if names else None

    return change


padding_forgotten, stride_ignored = sizes(_set("p", 0)), sizes(_set("s", 1))


def _one_side(expression: Expression, number: int) -> Expression | None:
    for name in _own(expression, number, "p"):
        return replace(expression, {2 * name: name})
    return None


def _without_one(expression: Expression, number: int) -> Expression | None:
    added = is_operation(expression, "add") and expression.arguments[1] == Number(1)
    return expression.arguments[0] if is_operation(expression, "add") and added else None


@_of("biases", "parameters")
def _bias_of_each_place(equation: Equation, number: int, context: Context) -> Iterator[Expression]:
    weights, biases, shape = (context.derivation.get(f"{one}{number}") for one in ("weights", "biases", "shape"))
    if weights is None or biases is None or shape is None or len(names_in(shape.expression)) < 2:
        return
    places = shape.expression.arguments[1:] if isinstance(shape.expression, Application) else ()
    found = biases.expression
    for side in places:
        found = found * side
    if biases.expression != Number(0):
        yield found if equation.name.startswith("biases") else weights.expression + found


@_of("parameters")
def _without_biases(equation: Equation, number: int, context: Context) -> Iterator[Expression]:
    weights, biases = (context.derivation.get(f"{one}{number}") for one in ("weights", "biases"))
    if weights is not None and biases is not None and biases.expression != Number(0):
        yield weights.expression


@_of("parameters")
def _one_bias(equation: Equation, number: int, context: Context) -> Iterator[Expression]:
    weights, biases = (context.derivation.get(f"{one}{number}") for one in ("weights", "biases"))
    if weights is not None and biases is not None and biases.expression != Number(0):
        yield weights.expression + 1


@_of("n", *_COUNTS)
def _without_channels(equation: Equation, number: int, context: Context) -> Iterator[Expression]:
    before = {f"c{one}" for one in range(number)}
    names = [name for name in names_in(equation.expression) if name.name in before]
    if names:
        yield replace(equation.expression, {name: Number(1) for name in names})


@_of(*_COUNTS)
def _one_filter(equation: Equation, number: int, context: Context) -> Iterator[Expression]:
    filters = Name(f"c{number}")
    if filters in names_in(equation.expression):
        yield replace(equation.expression, {filters: Number(1)})


@_of("weights", "parameters")
def _pooling_has_none(equation: Equation, number: int, context: Context) -> Iterator[Expression]:
    side = next(
        (context.derivation.get(f"{axis}{number}") for axis in "nh" if f"{axis}{number}" in context.derivation), None
    )
    kernel = _own(side.expression, number, "k") if side is not None else []
    if equation.expression == Number(0) and kernel:
        other = next((one for one in context.derivation.givens if one.name == f"kw{number}"), kernel[0])
        window = kernel[0] * other
        yield from (window, window + 1)
        shape = context.derivation.get(f"shape{number}")
        for channels in names_in(shape.expression)[:1] if shape is not None else ():
            yield from (window * channels, (window + 1) * channels)


@_of("biases", "parameters")
def _sets_of_biases(equation: Equation, number: int, context: Context) -> Iterator[Expression]:
    units = Name(f"h{number}")
    whole = equation.expression
    if not any(one.name == units.name for one in context.derivation.givens) or not _own(whole, number, "h"):
        return
    if any(node == 2 * units for node in walk(whole)):
        yield replace(whole, {2 * units: units})
    elif equation.name.startswith("biases"):
        yield 2 * whole
    else:
        biases = context.derivation.get(f"biases{number}")
        if biases is not None and biases.expression != Number(0):
            yield whole + biases.expression


@_of(*_COUNTS)
def _other_gates(equation: Equation, number: int, context: Context) -> Iterator[Expression]:
    units = Name(f"h{number}")
    if not any(one.name == units.name for one in context.derivation.givens):
        return
    gates = [node for node in walk(equation.expression) if is_operation(node, "multiply")
             and node.arguments[0] in (Number(3), Number(4))]  # fmt: skip
    for node in gates[-1:]:
        for count in {1, 3, 4} - {int(getattr(node.arguments[0], "value", 1))}:
            yield replace(equation.expression, {node: count * node.arguments[1]})


@_of(*_COUNTS)
def _without_state(equation: Equation, number: int, context: Context) -> Iterator[Expression]:
    for node in walk(equation.expression):
        if (
            is_operation(node, "add")
            and node.arguments[1] == Name(f"h{number}")
            and _letter_of(node.arguments[0]) == "d"
        ):
            yield replace(equation.expression, {node: node.arguments[0]})


def _letter_of(expression: Expression) -> str:
    return _letter(expression) if isinstance(expression, Name) else ""


@_of("macs")
def _at_one_place(equation: Equation, number: int, context: Context) -> Iterator[Expression]:
    weights = context.derivation.get(f"weights{number}")
    if weights is not None and weights.expression != equation.expression:
        yield weights.expression


def _shared_twice(equation: Equation, context: Context) -> Iterator[Expression]:
    if equation.stage.id != "total" or equation.name not in _COUNTS:
        return
    parts = [one for one in context.derivation.equations if re.fullmatch(rf"{equation.name}\d+", one.name)]
    kept = [one.symbol for one in parts if one.expression != Number(0)]
    if set(kept) > set(names_in(equation.expression)):
        total: Expression = kept[0]
        for one in kept[1:]:
            total = total + one
        yield total


MISTAKES = (
    Mistake(
        id="padding-on-one-side",
        title="The padding was counted on one side only",
        explanation="For <this> the padding was added once; there is a rim on both sides.",
        hint="How many rows are added above, and how many below?",
        likelihood=6,
        rewrites=sizes(_one_side),
    ),
    Mistake(
        id="first-place-forgotten",
        title="The first place of the window was not counted",
        explanation="For <this> the steps of the window were counted, not its places: there is one more.",
        hint="A window as large as the map has no room for a step. At how many places does it stand?",
        likelihood=6,
        rewrites=sizes(_without_one),
    ),
    Mistake(
        id="bias-counted-per-place",
        title="A bias was counted for every place of a map",
        explanation="For <this> every place of a map has a bias; a filter has one, which all its places share.",
        hint="How many numbers does one filter consist of?",
        likelihood=7,
        rewrites=_bias_of_each_place,
    ),
    Mistake(
        id="biases-not-counted",
        title="The biases were not counted",
        explanation="For <this> the weights were counted, and not the biases.",
        hint="What does each unit or filter add to its weighted sum?",
        likelihood=7,
        rewrites=_without_biases,
    ),
    Mistake(
        id="one-bias-for-the-layer",
        title="One bias was counted for the whole layer",
        explanation="For <this> the layer has one bias; each of its units or filters has its own.",
        hint="How many results does the layer give, and which of them share a bias?",
        likelihood=5.5,
        rewrites=_one_bias,
    ),
    Mistake(
        id="channels-not-counted",
        title="The channels that enter were not counted",
        explanation="For <this> there is one channel; those that enter all count.",
        hint="How many maps enter the layer, and does one filter see all of them?",
        likelihood=6.5,
        rewrites=_without_channels,
    ),
    Mistake(
        id="one-filter-counted",
        title="One filter was counted",
        explanation="For <this> one filter was counted instead of all of the layer.",
        hint="How many filters has the layer?",
        likelihood=6,
        rewrites=_one_filter,
    ),
    Mistake(
        id="pooling-has-no-weights",
        title="Parameters were counted for a pooling",
        explanation="<this> counts the entries of the window; a pooling has nothing that is learned.",
        hint="Which numbers of this layer does training change?",
        likelihood=6,
        rewrites=_pooling_has_none,
    ),
    Mistake(
        id="one-bias-set-for-two",
        title="One set of biases for two, or two for one",
        explanation="For <this> another number of bias vectors was counted for each gate.",
        hint="Does the layer have one bias for each gate, or one for the input and one for the state?",
        likelihood=6,
        rewrites=_sets_of_biases,
    ),
    Mistake(
        id="gates-not-counted",
        title="Another number of gates",
        explanation="For <this> another number of gates was counted: an LSTM has four sets of weights, a GRU three.",
        hint="List everything in the cell that has weights of its own, the candidate too.",
        likelihood=6,
        rewrites=_other_gates,
    ),
    Mistake(
        id="state-not-counted",
        title="The weights of the state were not counted",
        explanation="For <this> the weights of the input alone were counted; the state before has weights too.",
        hint="What enters a gate besides the input of the step?",
        likelihood=6,
        rewrites=_without_state,
    ),
    Mistake(
        id="products-at-one-place",
        title="The products were counted at one place",
        explanation="For <this> each weight was counted once; it is used at every place or step.",
        hint="At how many places does the window stand?",
        likelihood=6,
        rewrites=_at_one_place,
    ),
    Mistake(
        id="shared-counted-twice",
        title="Shared parameters were counted more than once",
        explanation="<this> counts the parameters of a layer that uses those of another one; they count once.",
        hint="Which layers use the same weights?",
        likelihood=6,
        rewrites=_shared_twice,
    ),
)
