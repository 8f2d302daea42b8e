"""Batch normalisation by hand: a small batch normalised, scaled and shifted, with every gradient.

The equations are those of the layer (`networks.layers.BatchNorm`), for one layer on its own and without its index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Name, apply, replace
from chalkwork.counting import counted
from chalkwork.derivation.chain import chain
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.differentiate import Adjoints
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.networks.arguments import flag
from chalkwork.networks.data import Array, as_array
from chalkwork.networks.equations import forward, state_updates
from chalkwork.networks.gather import gathered
from chalkwork.networks.layers.batch_norm import BatchNorm, Variance
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.plan import Plan, Spot
from chalkwork.networks.quantities import Role
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Setting, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol, Symbols
from chalkwork.words import Said

MOST_SAMPLES = 64
MOST_UNITS = 16
LOSSES = ("squared_error", "mean_squared_error")
_INDEXED = re.compile(r"^(d?)(mu|var|xhat|gamma|beta|epsilon|delta|z)1(_run)?(_new)?$")
_LAYER = "Batch normalisation (layer 1): "


@dataclass(frozen=True, slots=True)
class Running:
    """Running statistics: those before the batch, and how a batch moves them."""

    mean: Any = 0.0
    variance: Any = 1.0
    momentum: float = 0.1
    divisor: Variance = "unbiased"


def batch_norm(
    batch: Any,
    gamma: Any = 1.0,
    beta: Any = 0.0,
    epsilon: float = 1e-5,
    *,
    upstream: Any = None,
    target: Any = None,
    loss: str = "squared_error",
    undo: bool = False,
    variance: Variance = "biased",
    running: Running | Mapping[str, Any] | None = None,
    inference: Any = None,
    **look: Unpack[Look],
) -> Solution:
    """Batch normalisation of a small batch by hand.

    `batch` is n x d with samples as rows (a list of n numbers for one unit; at most 64 x 16); `gamma` and `beta` one
    number or d; `epsilon` (from 0) is added to the variance, which divides by n (`biased`) or n - 1 (`unbiased`).
    `upstream`, shaped as the batch, is the derivative of a loss by the output z; or `target`, shaped so too, gives a
    `loss` (`squared_error`, half the sum; `mean_squared_error`). `undo` takes gamma = sqrt(var + epsilon) and
    beta = mu, which undo the normalisation. `running` holds `mean`, `variance` (one number or d), `momentum` (0 to 1,
    the weight of the NEW batch) and `divisor` (`biased` or `unbiased`, of the variance that is kept): the running
    statistics and how this batch moves them; `inference` (m x d) are samples that go through with those.

    The solution holds `mu`, `var`, `xhat`, `z`; with gradients `delta`, `dgamma`, `dbeta`, `dxhat`, `dvar`, `dmu`, `dx`
    (and `L`); `gamma`, `beta`; `mu_run_new`, `var_run_new`; `xhat_inference`, `z_inference`. Raises ShapeError or
    ChalkworkError.

    Source: Ioffe and Szegedy, Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
    Shift (ICML 2015), algorithms 1 and 2, section 3.

    >>> answer = batch_norm([1, 3], gamma=2, beta=5, epsilon=0, upstream=[1, 0])
    >>> answer["z"].ravel().tolist(), answer["dgamma"].item(), answer["dx"].ravel().tolist()
    ([3.0, 7.0], -1.0, [0.0, 0.0])
    """
    x = _batch(batch, "batch")
    kept = _running(running)
    layer = BatchNorm(
        "identity", momentum=kept.momentum, epsilon=epsilon, variance=variance, running_variance=kept.divisor,
        gamma=_units(gamma, "gamma", x), beta=_units(beta, "beta", x), inputs=x.shape[1],
    )  # fmt: skip
    if not isinstance(loss, str) or loss not in LOSSES:
        raise ChalkworkError(f"loss is one of {', '.join(LOSSES)}, not {loss!r:.60}")
    if upstream is not None and target is not None:
        raise ChalkworkError("give upstream or target, not both: a target's loss has an upstream gradient of its own")
    net = NeuralNetwork([layer], loss, samples="rows")
    plan = net.plan(len(x), training=True)
    derivation = _unindexed(_training(plan, upstream is not None, target is not None, running is not None))
    if flag(undo, "undo"):
        derivation = _undoing(derivation)
    givens = {"x": x, **_running_at_first(kept, x)}
    givens |= {_renamed(name): value for name, value in net.values(_full(plan), plan).items() if "_run" not in name}
    if upstream is not None or target is not None:
        name, value, what = ("delta", upstream, "upstream") if target is None else ("y", target, "target")
        givens[name] = _like(value, what, x)
    if inference is not None:
        givens["x_inference"] = _inferred(inference, x)
        derivation = _with_inference(derivation, net.plan(len(givens["x_inference"])), running is not None)
    names = [name.name for name in derivation.givens]
    style = Style.chosen(**look)

    def script(board: Board) -> Iterator[Block]:
        yield from _training_blocks(board, plan, undo, running is not None)
        if inference is not None:
            yield from _inference_blocks(board, running is not None)

    usual = Symbols(style.notation, 1)
    setting = Setting(
        givens=tuple(names),
        layers=1,
        samples="rows",
        title="Batch normalisation by hand",
        letters={f"{name}_inference": _starred(usual[name]) for name in ("x", "xhat", "z")},
        script=script,
    )
    return _solved(derivation, {name: givens[name] for name in names}, style, setting)


# --- equations -------------------------------------------------------------------------------------------------------


def _training(plan: Plan, upstream: bool, target: bool, kept: bool) -> Derivation:
    """mu, var, xhat, z, and the derivatives by everything, the input too, by our own differentiator."""
    spot = Spot(plan, 1)
    equations = forward(plan, 0, target)
    z = next(equation for equation in equations if equation.name == "z1")
    shown = [equation for equation in equations if equation.name != "a1"]
    shown = [changed(one, expression=replace(one.expression, {spot.data("a"): z.symbol})) for one in shown]
    data = [plan.x, *([plan.y] if target else [])]
    if upstream:
        delta = Name("delta1", z.expression.shape)
        data.append(delta)
        stand_in = Equation("L", apply("sum", delta * z.symbol), Stage.FORWARD)
        shown += _backward(spot, [*shown, stand_in], upstream=True)
    elif target:
        shown += _backward(spot, shown, upstream=False)
    if kept:
        shown += state_updates(plan, 0)
    givens = [*data, *plan.parameters(), *(plan.state() if kept else []), *spot.layer.kind.names(spot, Role.CONSTANT)]
    return Derivation(tuple(givens), tuple(shown))


def _backward(spot: Spot, equations: Sequence[Equation], upstream: bool) -> list[Equation]:
    adjoints = spot.layer.kind.adjoints(spot)
    named = {adjoint.by: adjoint.name for adjoint in adjoints if not (upstream and adjoint.by == "z1")} | {"x": "dx"}
    found = {equation.name: equation for equation in Adjoints(equations, "L", named).equations()}
    reasons: dict[str, Said] = {adjoint.by: adjoint.reason for adjoint in adjoints} | {
        "x": "To the batch by three ways: through {xhat1}, through the variance {var1} and through the mean {mu1}. "
        "What is left has the mean 0 over the batch, since adding the same number to every sample changes nothing.",
        "z1": "The derivative of the loss by the output: what the layer gets from above.",
    }
    stops = [by for by in named if by not in ("gamma1", "beta1", "x")]
    ordered = []
    for by, name in named.items():
        if name not in found:
            continue
        path = () if by == "x" else chain(equations, "L", by, stops)
        expression = gathered(found[name].expression)
        ordered.append(changed(found[name], expression=expression, chain=path, reason=reasons[by]))
    return ordered


def _full(plan: Plan) -> Derivation:
    return Derivation((*plan.parameters(), *plan.state(), *plan.constants()), ())


def _renamed(name: str) -> str:
    """The name without the layer's number."""
    return _INDEXED.sub(r"\1\2\3\4", name)


def _unindexed(derivation: Derivation) -> Derivation:
    """The same equations for a layer on its own: mu and not mu1."""
    alone = derivation.renamed(_renamed)
    return Derivation(alone.givens, tuple(changed(one, reason=_sentence(one.reason)) for one in alone.equations))


def _sentence(reason: Said) -> str:
    text = str(reason).removeprefix(_LAYER).strip()
    return text[:1].upper() + text[1:]


def _undoing(derivation: Derivation) -> Derivation:
    """The scale and the shift that undo the normalisation, as equations behind the mean and the variance."""
    variance = derivation["var"].symbol
    chosen = (
        Equation("gamma", apply("sqrt", variance + Name("epsilon")), Stage.FORWARD),
        Equation("beta", derivation["mu"].symbol, Stage.FORWARD),
    )
    givens = tuple(name for name in derivation.givens if name.name not in ("gamma", "beta"))
    place = list(derivation).index("var") + 1
    return Derivation(givens, (*derivation.equations[:place], *chosen, *derivation.equations[place:]))


INFERENCE = Stage("inference", "Inference")


def _with_inference(derivation: Derivation, plan: Plan, moved: bool) -> Derivation:
    """More samples, normalised with the running statistics: those after this batch where it has moved them."""
    spot = Spot(plan, 1)
    equations = tuple(equation for equation in forward(plan, 0, False) if equation.name != "a1")
    givens = (plan.x, *plan.parameters(), *plan.state(), *spot.layer.kind.names(spot, Role.CONSTANT))

    def rename(name: str) -> str:
        bare = _renamed(name)
        if bare in ("x", "xhat", "z"):
            return f"{bare}_inference"
        return f"{bare}_new" if moved and bare.endswith("_run") else bare

    alone = Derivation(givens, equations).renamed(rename)
    known = derivation.shapes()
    added = [changed(one, reason=_sentence(one.reason), stage=INFERENCE) for one in alone.equations]
    return derivation.extended(added, [name for name in alone.givens if name.name not in known])


def _starred(symbol: Symbol) -> Symbol:
    """The symbol of what belongs to inference."""
    return Symbol(f"{symbol.latex}^{{*}}", f"{symbol.text}∗", raised=True)


def _solved(derivation: Derivation, givens: Mapping[str, Any], style: Style, setting: Setting) -> Solution:
    try:
        return Solution(derivation, givens, style, setting)
    except ValueProblem as error:
        if "division by zero" in error.message:
            error.hint = "a unit that is the same in every sample has no variance: give an epsilon above 0"
        raise


# --- what is given ---------------------------------------------------------------------------------------------------


def _batch(value: Any, what: str) -> Array:
    array = as_array(value, what)
    if array.ndim == 0:
        array = array.reshape(1)
    array = array[:, None] if array.ndim == 1 else array
    if array.shape[0] > MOST_SAMPLES or array.shape[1] > MOST_UNITS:
        size = f"{array.shape[0]}x{array.shape[1]}"
        raise ShapeError(f"{what} is {size}, larger than {MOST_SAMPLES}x{MOST_UNITS}", hint="samples are rows")
    if np.abs(array).max() > 1e100:
        raise ValueProblem(f"{what} holds numbers beyond 1e100, whose squares cannot be added")
    return array


def _like(value: Any, what: str, x: Array) -> Array:
    array = _batch(value, what)
    if array.shape == x.shape:
        return array
    found, wanted = (f"{shape[0]}x{shape[1]}" for shape in (array.shape, x.shape))
    raise ShapeError(f"{what} is {found}, but the batch is {wanted}", hint="one row for each sample")


def _units(value: Any, what: str, x: Array) -> Any:
    array = as_array(value, what)
    if array.ndim == 0:
        return float(array)
    if array.shape != (x.shape[1],):
        raise ShapeError(f"{what} has the shape {array.shape}, but the batch has {counted(x.shape[1], 'unit')}")
    return array


def _row(value: Any, what: str, x: Array) -> Array:
    return np.asarray(np.zeros((1, x.shape[1])) + _units(value, what, x))


def _running(given: Running | Mapping[str, Any] | None) -> Running:
    if given is None or isinstance(given, Running):
        return given or Running()
    if not isinstance(given, Mapping):
        raise ChalkworkError(f"running is a mapping such as {{'mean': 0, 'variance': 1}}, not {given!r:.60}")
    unknown = [key for key in given if key not in Running.__dataclass_fields__]
    if unknown:
        known = ", ".join(Running.__dataclass_fields__)
        raise ChalkworkError(f"running has no {str(unknown[0])[:60]!r}", hint=f"it has {known}")
    return Running(**given)


def _running_at_first(kept: Running, x: Array) -> dict[str, Array]:
    """The running statistics before the batch."""
    mean, variance = _row(kept.mean, "the running mean", x), _row(kept.variance, "variance", x)
    if (variance < 0).any():
        raise ValueProblem("the running variance is negative")
    return {"mu_run": mean, "var_run": variance}


def _inferred(samples: Any, x: Array) -> Array:
    found = _batch(samples, "inference")
    if found.shape[1] != x.shape[1]:
        raise ShapeError(f"inference has {counted(found.shape[1], 'unit')}, the batch {x.shape[1]}")
    return found


# --- words -----------------------------------------------------------------------------------------------------------


def _training_blocks(board: Board, plan: Plan, undo: bool, kept: bool) -> Iterator[Block]:
    n, d = plan.samples, plan.layers[0].units
    names = [name.name for name in board.derivation.givens if name.name != "x_inference"]
    (declared,) = plan.layers[0].kind.declared(Spot(plan, 1))
    opening = f"The batch holds {counted(n, 'sample')} of {counted(d, 'unit')}, samples as rows."
    said = str(declared).replace("The batch normalisation (layer 1) takes", "It is normalised with")
    yield Paragraph(f"{opening} {said}")
    yield from board.givens(names if kept else [name for name in names if not name.endswith("_run")])
    if "delta" in names:
        yield board.say(
            "Here {delta} is the derivative of a loss by the output {z}, as it comes back from the layers above."
        )
    for name in board.named(Stage.FORWARD):
        if name == "gamma":
            yield Paragraph("The scale and the shift are chosen so that they undo the normalisation:")
        yield from board.equation(name)
    if undo:
        yield board.say(UNDONE)
    if n == 1:
        yield board.say(ALONE)
    if backward := board.named(Stage.BACKWARD):
        yield Heading(str(Stage.BACKWARD.title), 2)
        yield from board.equations(backward)
        yield board.say(_checked(board, n))
    if kept:
        yield Heading("Running statistics", 2)
        yield from board.equations(board.named(Stage.UPDATE))


UNDONE = (
    "The output {z} is the input {x} again: with these two the layer computes the identity, so that normalising takes "
    "nothing away from what a network can compute. It is not the same as leaving the layer out. The level and the "
    "spread of the units are now two parameters, {beta} and {gamma}, which gradient descent moves directly, while "
    "before they came about by all the weights of the layers below; and the next batch has another mean and variance, "
    "for which these values undo nothing."
)
ALONE = (
    "A batch of one is its own mean, and its variance is zero: {xhat} is zero whatever enters, and {z} is {beta}. The "
    "sample leaves no trace in the output, and no gradient comes back to it."
)


def _checked(board: Board, n: int) -> str:
    """The two sums that are zero, and what they mean."""
    if n == 1:
        return "Every gradient that goes below the layer is zero: nothing can be learned there from a batch of one."
    total = np.abs(board.values["dx"].sum(0)).max()
    scale = max(1e-300, float(np.abs(board.values["dx"]).max()))
    small = total <= 1e-9 * max(scale, float(np.abs(board.values["delta"]).max()))
    return (
        "Check: the entries of {dx} add up to zero for every unit, up to rounding."
        if small
        else "The entries of {dx} do not add up to zero: the numbers are too far apart for double precision."
    )


def _inference_blocks(board: Board, moved: bool) -> Iterator[Block]:
    """Samples that go through without a batch."""
    after = " after this batch" if moved else ""
    alone = len(board.values["x_inference"]) == 1
    count = "A sample needs no batch then" if alone else "Each sample goes through on its own"
    yield Heading(str(INFERENCE.title), 2)
    yield Paragraph(
        f"Without a batch the running statistics{after} stand in for its mean and its variance. {count}: what "
        "comes out does not depend on what else is asked."
    )
    yield from board.givens(["x_inference", *(f"{name}_run_new" if moved else f"{name}_run" for name in ("mu", "var"))])
    yield from board.equations(board.named(INFERENCE))
