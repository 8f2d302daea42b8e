"""The sentence that stands with each equation of a network, without a language yet; `{z1}` is set in the notation."""

from __future__ import annotations

from chalkwork.networks.activations import Activation
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, KLDivergence, SquaredError
from chalkwork.networks.plan import Plan, Spot
from chalkwork.words import Said, Text

_GREEK = {"delta": r"\delta", "gamma": r"\gamma", "smoothing": "s"}


def _layer(at: Spot) -> Text:
    """The layer as a person names it, behind "of"."""
    if at.is_last:
        return Text.of("of.output_layer")
    if at.plan.has_modes:
        return Text.of("of.layer_number", number=at.number)
    return Text.of("of.hidden_layer") if at.plan.depth == 2 else Text.of("of.hidden_layer_number", number=at.number)


def _single(at: Spot) -> bool:
    """Whether there is one unit and one sample, so that nothing runs over entries."""
    return at.layer.units == 1 and not at.over


def _each_sample(plan: Plan) -> Said:
    return "" if plan.samples == 1 else Text.of("each_sample")


def net_input(at: Spot) -> Text:
    """Why z is what it is."""
    bias: Said = ""
    if at.layer.has_bias:
        columns = at.plan.convention.samples == "columns"
        every = Text.of("net_input.in_every_column") if columns else Text.of("net_input.in_every_row")
        bias = Text.of("net_input.bias", bias=at.shown("b"), place=every if at.over else "")
    below = f"{{{at.below}}}"
    return Text.of("net_input", layer=_layer(at), again=at.again, below=below, weights=at.shown("W"), bias=bias)


def activation(at: Spot) -> Text:
    """Why a is what it is."""
    chosen = at.layer.activation
    what = Text.of("activation.output") if at.is_last else Text.of("activation.of", layer=_layer(at))
    if chosen.name == "identity":
        return Text.of("activation_is.net_input", what=what, again=at.again)
    if chosen.name == "softmax":
        each = Text.of("each_position") if at.layer.positions else _each_sample(at.plan)
        return Text.of("activation_is.softmax", what=what, again=at.again, each=each)
    function = chosen.function(at.shown("z"), at.shown("a"), _single(at))
    return Text.of("activation_is.function", what=what, again=at.again, function=function)


def loss(plan: Plan, step: int) -> Text:
    """What the loss is."""
    title, again = plan.loss.said(), Text.of("again") if step else ""
    parts = {"title": title, "again": again, "over": over(plan, counted=True), "more": _more(plan, step)}
    if plan.loss.own[2]:
        own = plan.loss.settings.items()
        settings = f" ({', '.join(f'${_GREEK[key]} = {float(value):g}$' for key, value in own)})" if own else ""
        said = f"<^title><again>: {plan.loss.own[2]}{settings}, <over><more>."
        return Text.own(f"loss_by.{plan.loss.id}", said, **parts)
    if not isinstance(plan.loss, SquaredError):
        return Text.of("loss_by.logarithm", **parts)
    if plan.loss.factor in (1, 0.5):
        return Text.of("loss_by.squares" if plan.loss.factor == 1 else "loss_by.half_the_squares", **parts)
    return Text.of("loss_by.times_the_squares", factor=str(plan.loss.factor), **parts)


def _more(plan: Plan, step: int) -> Said:
    """What else makes up the loss: weights of the samples, penalties."""
    weighted = Text.of("loss_more.weighted") if plan.weighted else ""
    return Text.of("loss_more.both", weighted=weighted, penalty=_penalty(plan, step))


def _penalty(plan: Plan, step: int) -> Said:
    """What is added for large weights, the first time with what it leaves out."""
    if not plan.penalties:
        return ""
    parts = tuple(Text.of(f"penalty.{name}") for name in ("lambda1", "lambda2") if name in plan.penalties)
    at_zero = Text.of("penalty.at_zero") if "lambda1" in plan.penalties and not step else ""
    return Text.of(
        "loss_more.penalty", parts=parts, at_zero=at_zero, only="" if step else Text.of("penalty.only_weights")
    )


def loss_words(plan: Plan) -> Text:
    """The loss in the introduction, with its factor and what is summed or averaged."""
    parts: dict[str, Said] = {"over": over(plan), "more": _more(plan, 1)}
    which = {1: 0, 0.5: 1}.get(float(plan.loss.factor), 2)
    if which == 2:
        parts["factor"] = str(plan.loss.factor)
    if isinstance(plan.loss, SquaredError):
        squares = ("loss_is.squares", "loss_is.half_the_squares", "loss_is.times_the_squares")
        return Text.of(squares[which], **parts)
    others = ("loss_is", "loss_is.half", "loss_is.times")
    return Text.of(others[which], title=plan.loss.said("the"), **parts)


def over(plan: Plan, counted: bool = False) -> Text:
    """What is summed and what is averaged; `counted` says over how many samples."""
    chosen = plan.loss
    outputs: tuple[Text, ...] = (Text.of("loss_over.outputs"),) if plan.layers[-1].units > 1 else ()
    outputs += (Text.of(f"loss_over.{plan.places}"),) if plan.layers[-1].positions else ()
    samples: tuple[Text, ...] = (Text.of("loss_over.samples"),) if plan.samples > 1 else ()
    both = (*outputs, *samples)
    summed, averaged = outputs, samples
    if chosen.reduction == "sum":
        summed, averaged = both, ()
    elif chosen.reduction == "mean" and chosen.mean_is_over_outputs:
        summed, averaged = (), both
    if counted and averaged == samples:
        averaged = tuple(Text.of("loss_over.counted", m=plan.samples) for _ in samples)
    said = [Text.of("loss_over.summed", what=summed)] if summed else []
    said += [Text.of("loss_over.averaged", what=averaged)] if averaged else []
    if len(said) == 2:
        return Text.of("loss_over.both", first=said[0], second=said[1])
    return said[0] if said else Text.of("loss_over.one")


def error(at: Spot) -> Text:
    """Why delta is what it is."""
    chosen = at.layer.activation
    slope = None if chosen.per_sample else chosen.slope(at.shown("z"), at.shown("a"))
    if at.is_last:
        return Text.of("error.output", why=_output_error(at, chosen, slope))
    if chosen.name == "identity":
        return Text.of("error.of_identity", layer=_layer(at), way=at.way_back)
    if slope is None:
        return Text.of("error.through_jacobian", layer=_layer(at), way=at.way_back, activation=chosen.said)
    return Text.of(
        "error.by_slope_of_one" if _single(at) else "error.by_slope", layer=_layer(at), way=at.way_back, slope=slope
    )


def _output_error(at: Spot, chosen: Activation, slope: Text | None) -> Text:
    plan = at.plan
    weighted = Text.of("error_weighted") if plan.weighted else ""
    if chosen.name == "softmax" and type(plan.loss) in (CrossEntropy, KLDivergence):
        return Text.of("output_error.softmax", each=_each_sample(plan), weighted=weighted)
    if chosen.name == "sigmoid" and isinstance(plan.loss, BinaryCrossEntropy):
        return Text.of("output_error.sigmoid", weighted=weighted)
    if chosen.name == "identity":
        return Text.of("output_error.identity")
    if slope is None:
        return Text.of("output_error.through_jacobian", activation=chosen.said)
    return Text.of("output_error.by_slope_of_one" if _single(at) else "output_error.by_slope", slope=slope)


def weight_gradient(at: Spot, error: str = "delta", *, entering: str | None = None) -> Text:
    """Why dW is what it is, from the error of what the weights gave and from what entered them, usually from below."""
    parts = tuple(Text.of(f"penalty_slope.{name}") for name in at.plan.penalties)
    return Text.of(
        "weight_gradient",
        error=at.shown(error),
        below=f"{{{at.below}}}" if entering is None else at.shown(entering),
        summed=Text.of(f"weight_gradient.over_{at.over}") if at.over else "",
        penalty=Text.of("weight_gradient.penalty", parts=parts) if parts else "",
    )


def bias_gradient(at: Spot, error: str = "delta") -> Text:
    """Why db is what it is, from the error of what the bias was added to."""
    return Text.of(f"bias_gradient.over_{at.over}" if at.over else "bias_gradient", error=at.shown(error))


def prediction(plan: Plan) -> Text:
    """How the class is read off."""
    if plan.layers[-1].units > 1:
        return Text.of("prediction.largest")
    sigmoid = plan.layers[-1].activation.name == "sigmoid"
    return Text.of("prediction.above_half") if sigmoid else Text.of("prediction.positive")


def loss_derivative(plan: Plan) -> Text:
    """dL/da."""
    return Text.of("loss_derivative", title=plan.loss.said("of"))


def jacobian(plan: Plan) -> Text:
    """The Jacobian of the softmax."""
    return Text.of("softmax_jacobian", output=f"{{a{plan.depth}}}")


def long_product(plan: Plan) -> Text:
    """delta as the product of the two."""
    return Text.of("long_product")
