"""Mistakes in convolution and pooling: the rim, the steps, the turn of a kernel, and where an error goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, replace, walk
from chalkwork.algebra.operations.convolutions import pooling
from chalkwork.algebra.operations.partners import PARTNERS
from chalkwork.checking.mistakes.context import Context, Role
from chalkwork.checking.mistakes.counts import padding_forgotten, stride_ignored
from chalkwork.checking.mistakes.entry import Mistake, Rewrites
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.errors import ShapeError

_SWEPT = ("convolve", "convolve_transposed", "max_pool", "average_pool")


def _instead(change: Callable[[Application], Expression | None], *operations: str) -> Rewrites:
    """Something else in the place of one of the operations."""

    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        for node in dict.fromkeys(walk(equation.expression)):
            if equation.stage != Stage.UPDATE and is_operation(node, *operations):
                try:
                    changed = change(node)
                    if changed is not None:
                        yield replace(equation.expression, {node: changed})
                except ShapeError:
                    continue

    return rewrites


def _either(*all_rewrites: Rewrites) -> Rewrites:
    """In a convolution, or where its size is counted."""

    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        for one in all_rewrites:
            yield from one(equation, context)

    return rewrites


def _with(key: str, usual: int) -> Callable[[Application], Expression | None]:
    """The operation with a setting that was not heeded; a pooling without steps of its own has its window's."""

    def change(node: Application) -> Expression | None:
        known = node.named_parameters
        if known[key] in (usual, (usual, usual)):
            return None
        if node.operation.name == "convolve_transposed":
            known = {**known, "before": None}  # as large as it becomes
        return apply(node.operation.name, *node.arguments, **{**known, key: usual})

    return change


def _turned(node: Application) -> Expression | None:
    """A kernel, or what it receives, turned where it lies as it is."""
    along = node.named_parameters.get("along")
    if node.operation.name == "convolve_kernel":
        return apply("turned", node, along=along)
    left, right = node.arguments
    if is_operation(right, "turned"):
        return None
    return apply(node.operation.name, left, apply("turned", right, along=along), **node.named_parameters)


def _kernel_turned(equation: Equation, context: Context) -> Iterator[Expression]:
    turned = {node.arguments[0] for node in walk(equation.expression) if is_operation(node, "turned")}
    for changed in _instead(_turned, *PARTNERS)(equation, context):
        if not any(is_operation(node, "convolve_kernel") for node in turned):
            yield changed


def _to_all(node: Application, share: bool) -> Expression | None:
    """The errors of a max pooling spread over their windows."""
    error, data = node.arguments
    known = {key: node.named_parameters[key] for key in ("window", "stride", "padding")}
    spread = apply("average_pool_back", error, before=data.shape, **known)
    at = pooling(data.shape, known["window"], known["stride"], known["padding"])
    return spread if share else apply("multiply", Number(prod(at.window)), spread)


def _not_divided(node: Application) -> Expression | None:
    known = node.named_parameters
    before = known["before"] if node.operation.name == "average_pool_back" else node.arguments[0].shape
    assert isinstance(before, tuple)
    at = pooling(before, known["window"], known["stride"], known["padding"])
    return apply("multiply", Number(prod(at.window)), node)


def _other_pooling(node: Application) -> Expression | None:
    other = "average_pool" if node.operation.name == "max_pool" else "max_pool"
    known = {key: node.named_parameters[key] for key in ("window", "stride", "padding")}
    return apply(other, node.arguments[0], **known)


def _places(equation: Equation, context: Context) -> tuple[Expression, int] | None:
    """What the gradient of a bias adds up over places, and how many of them there are."""
    if context.role(equation) != Role.GRADIENT:
        return None
    inner, count = equation.expression, 1
    while is_operation(inner, "sum"):
        count *= prod(inner.arguments[0].shape) // max(1, prod(inner.shape))
        inner = inner.arguments[0]
    source = context.derivation.get(equation.derivative.of) if equation.derivative else None
    over = isinstance(inner, Name) and len(inner.shape) > 2 and source is not None
    return (inner, count) if over and count > 1 else None


def _each_place(equation: Equation, context: Context) -> Iterator[Expression]:
    found = _places(equation, context)
    if found is not None:
        yield found[0]


def _mean_of_places(equation: Equation, context: Context) -> Iterator[Expression]:
    found = _places(equation, context)
    if found is not None:
        yield equation.expression / found[1]


MISTAKES = (
    Mistake(
        id="padding-forgotten",
        title="The padding was forgotten",
        explanation="For <this> the window stayed inside of the data: there was no rim of zeros around them.",
        hint="Write the rim of zeros around the data before you lay the window on. How large is the result then?",
        likelihood=8,
        rewrites=_either(_instead(_with("padding", 0), *_SWEPT), padding_forgotten),
        reshapes=True,
    ),
    Mistake(
        id="stride-ignored",
        title="The window moved by 1 instead of by its stride",
        explanation="For <this> the window was moved by one entry each time; its steps are larger.",
        hint="How far does the window go from one place to the next?",
        likelihood=7.5,
        rewrites=_either(_instead(_with("stride", 1), *_SWEPT), stride_ignored),
        reshapes=True,
    ),
    Mistake(
        id="kernel-turned",
        title="The kernel was turned where it is laid on as it is",
        explanation="In <this> the kernel was turned by 180°; here it is not.",
        hint="Is this step a correlation or a convolution in the strict sense? Only one of them turns the kernel.",
        likelihood=7,
        rewrites=_kernel_turned,
    ),
    Mistake(
        id="kernel-not-turned",
        title="The kernel was not turned",
        explanation="In <this> the kernel was laid on as it is; here it is turned by 180°.",
        hint="Write down which weights one entry has met, and in which order they come back to it.",
        likelihood=8,
        rewrites=_instead(lambda node: node.arguments[0], "turned"),
    ),
    Mistake(
        id="pooling-error-to-all",
        title="The error of a max pooling went to all entries of the window",
        explanation="In <this> every entry of a window received the error; only its largest has an influence.",
        hint="If an entry that is not the largest of its window changes a little, what happens to the result?",
        likelihood=7.5,
        rewrites=_instead(lambda node: _to_all(node, share=False), "max_pool_back"),
    ),
    Mistake(
        id="pooling-error-shared",
        title="The error of a max pooling was shared as that of an average pooling is",
        explanation="In <this> the error was divided among the entries of a window; the largest alone has it.",
        hint="Which pooling is it, and which entries of a window does its result depend on?",
        likelihood=6,
        rewrites=_instead(lambda node: _to_all(node, share=True), "max_pool_back"),
    ),
    Mistake(
        id="pooling-not-divided",
        title="The mean of a window was not divided by its size",
        explanation="In <this> the number of entries in a window does not occur; a mean is divided by it.",
        hint="How many entries has a window, and what is the derivative of their mean by one of them?",
        likelihood=6.5,
        rewrites=_instead(_not_divided, "average_pool_back", "average_pool"),
    ),
    Mistake(
        id="other-pooling",
        title="The other pooling",
        explanation="<this> has the mean of every window in the place of its largest entry, or the other way round.",
        hint="Read once more which pooling it is.",
        likelihood=4,
        rewrites=_instead(_other_pooling, "max_pool", "average_pool"),
    ),
    Mistake(
        id="bias-gradient-of-each-place",
        title="The gradient of a bias was not summed over the places",
        explanation="<this> has an entry for every place; a filter has one bias, which was added at all of them.",
        hint="How many biases has a filter, and at how many places is each added?",
        likelihood=7,
        rewrites=_each_place,
        reshapes=True,
        alone=True,
    ),
    Mistake(
        id="bias-gradient-mean-of-places",
        title="The gradient of a bias is a mean over the places",
        explanation="<this> was divided by the number of places; what comes back from all of them is added up.",
        hint="A bias acts at several places. Do their effects on the loss add up, or is it their mean that counts?",
        likelihood=4,
        rewrites=_mean_of_places,
    ),
)
