"""Batch normalisation by hand: a small batch normalised, scaled and shifted, with every gradient.

The equations are those of the layer (`networks.layers.BatchNorm`), for one layer on its own and without its index.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, apply, replace
from chalkwork.derivation.chain import chain
from chalkwork.derivation.derivation import Derivation, Derivative, Equation, Stage
from chalkwork.derivation.differentiate import Adjoints
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.laboratory.worked import Manner, Worked
from chalkwork.networks.data import Array, as_array
from chalkwork.networks.equations import forward, state_updates
from chalkwork.networks.gather import gathered
from chalkwork.networks.layers.batch_norm import BatchNorm, Variance
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.plan import Plan
from chalkwork.networks.spot import Spot, counted
from chalkwork.solutions.compose import display, equation_blocks, given_blocks, paragraph
from chalkwork.solutions.solution import Setting, Solution, Style
from chalkwork.typesetting.equations import typeset
from chalkwork.typesetting.notation import Notation

MOST_SAMPLES = 64
MOST_UNITS = 16
LOSSES = ("squared_error", "mean_squared_error")
_INDEXED = re.compile(r"^(d?)(mu|var|xhat|gamma|beta|epsilon|delta|z)1(_run)?(_new)?$")
_IN_TEXT = re.compile(r"\{(d?)(mu|var|xhat|gamma|beta|epsilon|delta|z)1(_run)?(_new)?\}")
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
    notation: str | Mapping[str, Any] | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
    manner: Manner | None = None,
) -> Worked:
    """Batch normalisation of a small batch by hand.

    `batch` is n x d with samples as rows (a list of n numbers for one unit; at most 64 x 16); `gamma` and `beta` one
    number or d; `epsilon` (from 0) is added to the variance, which divides by n (`biased`) or n - 1 (`unbiased`).
    `upstream`, shaped as the batch, is the derivative of a loss by the output z; or `target`, shaped so too, gives a
    `loss` (`squared_error`, half the sum; `mean_squared_error`). `undo` takes gamma = sqrt(var + epsilon) and
    beta = mu, which undo the normalisation. `running` holds `mean`, `variance` (one number or d), `momentum` (0 to 1,
    the weight of the NEW batch) and `divisor` (`biased` or `unbiased`, of the variance that is kept): the running
    statistics and how this batch moves them; `inference` (m x d) are samples that go through with those.

    Values: `mu`, `var`, `xhat`, `z`; with gradients `delta`, `dgamma`, `dbeta`, `dxhat`, `dvar`, `dmu`, `dx` (and `L`);
    `gamma`, `beta`; `mu_run_new`, `var_run_new`; `inference.xhat`, `inference.z`. Raises ShapeError or ChalkworkError.

    Source: Ioffe and Szegedy, Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
    Shift (ICML 2015), algorithms 1 and 2, section 3.

    >>> answer = batch_norm([1, 3], gamma=2, beta=5, epsilon=0, upstream=[1, 0])
    >>> answer["z"].ravel().tolist(), answer["dgamma"].item(), answer["dx"].ravel().tolist()
    ([3.0, 7.0], -1.0, [0.0, 0.0])
    """
    style = _style(manner or Manner.of(notation, decimals, significant))
    x = _batch(batch, "batch")
    kept = _running(running)
    layer = BatchNorm(
        "identity", momentum=kept.momentum, epsilon=epsilon, variance=variance, running_variance=kept.divisor,
        gamma=_units(gamma, "gamma", x), beta=_units(beta, "beta", x), inputs=x.shape[1],
    )  # fmt: skip
    if loss not in LOSSES:
        raise ChalkworkError(f"loss is one of {', '.join(LOSSES)}, not {loss!r:.60}")
    if upstream is not None and target is not None:
        raise ChalkworkError("give upstream or target, not both: a target's loss has an upstream gradient of its own")
    net = NeuralNetwork([layer], loss, samples="rows")
    plan = net.plan(len(x), training=True)
    derivation = _unindexed(_training(plan, upstream is not None, target is not None, running is not None))
    givens = {"x": x} | {_renamed(name): value for name, value in net.values(_full(plan), plan).items()}
    givens["mu_run"], givens["var_run"] = _row(kept.mean, "the running mean", x), _row(kept.variance, "variance", x)
    if (givens["var_run"] < 0).any():
        raise ValueProblem("the running variance is negative")
    for name, value in (("delta", upstream), ("y", target)):
        if value is not None:
            givens[name] = _like(value, "upstream" if name == "delta" else "target", x)
    if undo:
        givens |= _undoing(x, variance, epsilon)
    names = {name.name for name in derivation.givens}
    given = {name: value for name, value in givens.items() if name in names}
    solution = _solved(derivation, given, style)
    blocks = _training_blocks(solution, plan, undo, running is not None)
    values = {name: np.array(solution[name]) if np.ndim(solution[name]) else float(solution[name]) for name in solution}
    if inference is not None:
        after = {name: values.get(f"{name}_new", givens[name]) for name in ("mu_run", "var_run")}
        more, found = _inference(inference, net, givens | after, style, running is not None)
        blocks += more
        values |= found
    return Worked("Batch normalisation by hand", blocks, values, style.notation)


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
    givens = [*data, *plan.parameters(), *(plan.state() if kept else []), *spot.layer.kind.constants(spot)]
    return Derivation(tuple(givens), tuple(shown))


def _backward(spot: Spot, equations: Sequence[Equation], upstream: bool) -> list[Equation]:
    adjoints = spot.layer.kind.adjoints(spot)
    named = {adjoint.by: adjoint.name for adjoint in adjoints if not (upstream and adjoint.by == "z1")} | {"x": "dx"}
    found = {equation.name: equation for equation in Adjoints(equations, "L", named).equations()}
    reasons = {adjoint.by: adjoint.reason for adjoint in adjoints} | {
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
    shapes = derivation.shapes()
    letters: dict[Expression, Name] = {Name(name, shape): Name(_renamed(name), shape) for name, shape in shapes.items()}

    def derivative(one: Derivative) -> Derivative:
        return Derivative(_renamed(one.of), _renamed(one.by))

    def equation(one: Equation) -> Equation:
        return changed(
            one,
            name=_renamed(one.name),
            expression=replace(one.expression, letters),
            reason=_sentence(one.reason),
            derivative=derivative(one.derivative) if one.derivative else None,
            chain=tuple(tuple(derivative(step) for step in path) for path in one.chain),
        )

    return Derivation(tuple(letters[name] for name in derivation.givens), tuple(map(equation, derivation.equations)))


def _sentence(reason: str) -> str:
    text = _IN_TEXT.sub(r"{\1\2\3\4}", reason.removeprefix(_LAYER)).strip()
    return text[:1].upper() + text[1:]


def _solved(derivation: Derivation, givens: Mapping[str, Any], style: Style) -> Solution:
    try:
        return Solution(derivation, givens, style, _setting(derivation))
    except ValueProblem as error:
        if "division by zero" in error.message:
            error.hint = "a unit that is the same in every sample has no variance: give an epsilon above 0"
        raise


def _setting(derivation: Derivation) -> Setting:
    return Setting(givens=tuple(name.name for name in derivation.givens), layers=1, samples="rows")


# --- what is given ---------------------------------------------------------------------------------------------------


def _style(manner: Manner) -> Style:
    return Style(manner.notation, manner.numbers)


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


def _undoing(x: Array, variance: Variance, epsilon: float) -> dict[str, Array]:
    """The scale and the shift that undo the normalisation."""
    divisor = len(x) - (variance == "unbiased")
    mean = x.mean(0, keepdims=True)
    return {"gamma": np.sqrt(((x - mean) ** 2).sum(0, keepdims=True) / max(1, divisor) + epsilon), "beta": mean}


# --- words -----------------------------------------------------------------------------------------------------------


def _training_blocks(solution: Solution, plan: Plan, undo: bool, kept: bool) -> list[Block]:
    n, d = plan.samples, plan.layers[0].units
    kind = plan.layers[0].kind
    names = [name.name for name in solution.derivation.givens if not (undo and name.name in ("gamma", "beta"))]
    (declared,) = kind.declared(Spot(plan, 1))
    opening = f"The batch holds {counted(n, 'sample')} of {counted(d, 'unit')}, samples as rows."
    said = declared.replace("The batch normalisation (layer 1) takes", "It is normalised with")
    blocks: list[Block] = [Paragraph(f"{opening} {said}"), *given_blocks(solution, names)]
    if "delta" in names:
        above = "Here {delta} is the derivative of a loss by the output {z}, as it comes back from the layers above."
        blocks.append(paragraph(above, solution.writer()))
    equations = [e for e in solution.derivation.equations if e.stage is Stage.FORWARD]
    writer = solution.writer()
    if undo:
        first = [e for e in equations if e.name in ("mu", "var")]
        blocks += equation_blocks(solution, first, level=2, headings=False)
        blocks.append(Paragraph("The scale and the shift are chosen so that they undo the normalisation:"))
        blocks += _chosen(solution)
        equations = [e for e in equations if e not in first]
    blocks += equation_blocks(solution, equations, level=2, headings=False)
    if undo:
        blocks.append(paragraph(UNDONE, writer))
    if n == 1:
        blocks.append(paragraph(ALONE, writer))
    backward = [e for e in solution.derivation.equations if e.stage is Stage.BACKWARD]
    if backward:
        blocks += [Heading("Backward pass", 2), *equation_blocks(solution, backward, level=2, headings=False)]
        blocks += [paragraph(_checked(solution, n), writer)]
    updates = [e for e in solution.derivation.equations if e.stage is Stage.UPDATE]
    if kept:
        blocks += [Heading("Running statistics", 2), *equation_blocks(solution, updates, level=2, headings=False)]
    return blocks


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


def _chosen(solution: Solution) -> list[Block]:
    """The scale and the shift that undo, as equations."""
    names = solution.derivation.shapes()
    shape = names["mu"]
    mean, variance, epsilon = Name("mu", shape), Name("var", shape), Name("epsilon")
    extra = (
        Equation("gamma", apply("sqrt", variance + epsilon), Stage.FORWARD),
        Equation("beta", mean, Stage.FORWARD),
    )
    return [display(typeset(equation, solution.writer())) for equation in extra]


def _checked(solution: Solution, n: int) -> str:
    """The two sums that are zero, and what they mean."""
    if n == 1:
        return "Every gradient that goes below the layer is zero: nothing can be learned there from a batch of one."
    total = np.abs(solution.arrays["dx"].sum(0)).max()
    scale = max(1e-300, float(np.abs(solution.arrays["dx"]).max()))
    small = total <= 1e-9 * max(scale, float(np.abs(solution.arrays["delta"]).max()))
    return (
        "Check: the entries of {dx} add up to zero for every unit, up to rounding."
        if small
        else "The entries of {dx} do not add up to zero: the numbers are too far apart for double precision."
    )


def _inference(
    samples: Any, net: NeuralNetwork, known: Mapping[str, Any], style: Style, moved: bool
) -> tuple[list[Block], dict[str, Any]]:
    """Samples normalised with the running statistics."""
    x = _batch(samples, "inference")
    if x.shape[1] != known["gamma"].shape[1]:
        raise ShapeError(f"inference has {counted(x.shape[1], 'unit')}, the batch {known['gamma'].shape[1]}")
    plan = net.plan(len(x))
    spot = Spot(plan, 1)
    equations = [equation for equation in forward(plan, 0, False) if equation.name != "a1"]
    givens = [plan.x, *plan.parameters(), *plan.state(), *spot.layer.kind.constants(spot)]
    derivation = _unindexed(Derivation(tuple(givens), tuple(equations)))
    values = {name.name: x if name.name == "x" else known[name.name] for name in derivation.givens}
    solution = _solved(derivation, values, style)
    after = " after this batch" if moved else ""
    count = "A sample needs no batch then" if len(x) == 1 else "Each sample goes through on its own"
    blocks: list[Block] = [
        Heading("Inference", 2),
        Paragraph(
            f"Without a batch the running statistics{after} stand in for its mean and its variance. {count}: what "
            "comes out does not depend on what else is asked."
        ),
        *given_blocks(solution, ["x", "mu_run", "var_run"]),
        *equation_blocks(solution, solution.chosen(), level=2, headings=False),
    ]
    return blocks, {f"inference.{name}": np.array(solution[name]) for name in ("xhat", "z")}
