"""The table of losses, and penalties."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any, ClassVar

from chalkwork.algebra.expression import Expression, Name, Number, apply, names_in
from chalkwork.algebra.expression import replace as replaced
from chalkwork.algebra.numerals import Scalar
from chalkwork.algebra.reading import read
from chalkwork.errors import ChalkworkError, meant
from chalkwork.networks.distances import (
    AbsoluteError,
    Hinge,
    Huber,
    RootMeanSquaredError,
    SquaredError,
    SquaredHinge,
)
from chalkwork.networks.entropies import (
    BinaryCrossEntropy,
    BinaryFocal,
    CrossEntropy,
    Focal,
    KLDivergence,
    SmoothedCrossEntropy,
)
from chalkwork.networks.loss import Loss, Reduction

__all__ = [
    "LOSSES",
    "AbsoluteError",
    "BinaryCrossEntropy",
    "BinaryFocal",
    "CrossEntropy",
    "Focal",
    "Hinge",
    "Huber",
    "KLDivergence",
    "Loss",
    "OwnLoss",
    "Reduction",
    "RootMeanSquaredError",
    "SmoothedCrossEntropy",
    "SquaredError",
    "SquaredHinge",
    "loss_of",
    "penalties",
]  # fmt: skip


def penalties(weights: Sequence[Expression], kinds: Sequence[str]) -> list[Expression]:
    """What is added to the loss for large weights, a term for each kind.

    `lambda1` times the sum of the absolute weights, and half of `lambda2` times the sum of their squares:
    Goodfellow, Bengio and Courville, Deep Learning, equations 7.2 and 7.18. The derivative of |w| at 0 is 0.

    >>> from chalkwork.algebra.expression import Name
    >>> for term in penalties([Name("W1", (2, 1)), Name("W2", (1, 1))], ["lambda1", "lambda2"]):
    ...     print(term)
    lambda1 * (sum(abs(W1)) + sum(abs(W2)))
    (1/2) * lambda2 * (squared_norm(W1) + squared_norm(W2))
    """
    terms: list[Expression] = []
    if "lambda1" in kinds and weights:
        terms.append(Name("lambda1") * _total(apply("sum", apply("abs", weight)) for weight in weights))
    if "lambda2" in kinds and weights:
        terms.append(Number(Fraction(1, 2)) * Name("lambda2") * _total(map(_squares, weights)))
    return terms


def _squares(weights: Expression) -> Expression:
    return apply("squared_norm", weights) if len(weights.shape) <= 2 else apply("sum", weights**2)


def _total(parts: Iterable[Expression]) -> Expression:
    return reduce(lambda left, right: left + right, parts)


@dataclass(frozen=True, slots=True)
class OwnLoss(Loss):
    """What a text says of one output `a` and its target `y`, in the language of the reader, summed over all of them.

    `mean` is the mean over outputs and samples. Raises ChalkworkError where the text is not of a and y alone, or makes
    one number of several.

    >>> print(OwnLoss(text="(a - y)^4 / 4").expression(Name("a", (2, 1)), Name("y", (2, 1)), samples=1))
    sum((a - y)^4 / 4)
    """

    text: str = "(a - y)^2"
    own: ClassVar[tuple[str, str, str]] = ("own", "loss given by a formula", "of each output what that says")
    over_outputs: ClassVar[bool] = True

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        self.summand(Name("a", (2, 3)), Name("y", (2, 3)))

    @property
    def settings(self) -> dict[str, Scalar]:
        """None but the text."""
        return {}

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """The text with output and target in it."""
        one = {"a": Name("a"), "y": Name("y")}
        try:
            found = replaced(read(self.text, one), {one["a"]: output, one["y"]: target})
        except ChalkworkError as error:
            raise ChalkworkError(f"the loss {self.text!r:.60}: {error.message}", hint=error.hint) from None
        if found.shape != output.shape or {name.name for name in names_in(found)} < {"a", "y"}:
            raise ChalkworkError(f"the loss {self.text!r:.60} is to be of one output a and its target y")
        return found, 1


LOSSES: dict[str, Loss] = {
    "squared_error": SquaredError(),
    "mean_squared_error": SquaredError(factor=1, reduction="mean"),
    "cross_entropy": CrossEntropy(),
    "binary_cross_entropy": BinaryCrossEntropy(),
    "absolute_error": AbsoluteError(),
    "mean_absolute_error": AbsoluteError(reduction="mean"),
    "root_mean_squared_error": RootMeanSquaredError(),
    "huber": Huber(),
    "hinge": Hinge(),
    "squared_hinge": SquaredHinge(),
    "kl_divergence": KLDivergence(),
    "smoothed_cross_entropy": SmoothedCrossEntropy(),
    "focal": Focal(),
    "binary_focal": BinaryFocal(),
}
_ALSO = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "l1": "mean_absolute_error", "kl": "kl_divergence",
    "rmse": "root_mean_squared_error", "label_smoothing": "smoothed_cross_entropy", "bce": "binary_cross_entropy",
}  # fmt: skip
"""What else people call them."""


def loss_of(description: str | Loss | Mapping[str, Any]) -> Loss:
    """The loss by name, as an object, or as a mapping with `name`, `factor`, `reduction` and its own settings.

    In place of a name may stand what the loss of one output is, in terms of `a` and `y`: see `OwnLoss`.

    Raises ChalkworkError for an unknown one, with the nearest name.

    >>> loss_of("mean_squared_error").reduction
    'mean'
    >>> loss_of({"name": "squared_error", "factor": 1}).factor
    1
    >>> loss_of("log(cosh(a - y))").text
    'log(cosh(a - y))'
    """
    if isinstance(description, Loss):
        return description
    if not isinstance(description, str | Mapping):
        raise ChalkworkError(f"a loss is a name, a mapping or a loss object, not {description!r:.60}")
    given = {"name": description} if isinstance(description, str) else dict(description)
    word = given.pop("name", None)
    name = _ALSO.get(word, word) if isinstance(word, str) else None
    if isinstance(name, str) and name not in LOSSES and {"a", "y"} <= set(re.findall(r"[^\W\d_]+", name)):
        unknown = given.keys() - {"factor", "reduction"}
        if unknown:
            raise ChalkworkError(f"a loss has a factor and a reduction, not {', '.join(sorted(unknown))!r:.60}")
        return OwnLoss(**given, text=name)
    if name not in LOSSES:
        hint = meant(word, LOSSES, f"the losses are {', '.join(LOSSES)}")
        raise ChalkworkError(f"there is no loss {word!r}", hint=hint)
    known = LOSSES[name]
    usual = {"factor": known.factor, "reduction": known.reduction, **known.settings}
    unknown = set(given) - set(usual)
    if unknown:
        has = "a factor and a reduction" if not known.settings else f"factor, reduction and {', '.join(known.settings)}"
        raise ChalkworkError(f"a loss has {has}, not {', '.join(sorted(unknown))!r}")
    return type(known)(**(usual | given))
