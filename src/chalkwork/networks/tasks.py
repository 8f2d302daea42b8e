"""Which network fits a task: which output belongs to which loss (one table, an entry a task), and hidden layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.networks.activations import Activation
from chalkwork.networks.layers.base import Layer
from chalkwork.networks.layers.batch_norm import BatchNorm
from chalkwork.networks.layers.dense import Dense
from chalkwork.networks.layers.dropout import Dropout
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, Loss, SquaredError, loss_of

HALF_SQUARES = SquaredError(reduction="mean_over_samples")
"""Half the squared error, summed over the outputs, as the cross-entropies are; mean over the samples."""


@dataclass(frozen=True)
class Task:
    """What is learned: the outputs that fit it, each with its loss (the first is the usual one), and why."""

    words: str
    pairs: Mapping[str, Loss]
    why: str


TASKS: dict[str, Task] = {
    "binary": Task(
        "two classes",
        {"sigmoid": BinaryCrossEntropy(), "softmax": CrossEntropy()},
        "one sigmoid is the probability of the second class, which binary cross-entropy measures; two softmax outputs "
        "are the probabilities of both, which cross-entropy measures",
    ),
    "multiclass": Task(
        "more than two classes, of which a sample has one",
        {"softmax": CrossEntropy()},
        "the probabilities of classes that exclude each other add up to one, as softmax outputs do and sigmoids do "
        "not, and cross-entropy measures such a distribution",
    ),
    "multilabel": Task(
        "labels, of which a sample may have any number",
        {"sigmoid": BinaryCrossEntropy()},
        "every label is there or not, whatever the others are: a probability of its own (a sigmoid) with its own "
        "binary cross-entropy, whereas softmax outputs compete for a sum of one",
    ),
    "regression": Task(
        "real numbers",
        {"identity": HALF_SQUARES},
        "a real number may lie anywhere, so the output must not be squeezed into an interval or made to add up to "
        "one, and the cross-entropies are losses of probabilities",
    ),
}


def output_of(task: str, activation: str, loss: Any) -> tuple[str, Loss]:
    """The output activation and the loss of a task, where `"auto"` stands for what fits the other.

    Raises ChalkworkError for two that do not belong together or do not fit the task, with the reason.

    >>> output_of("multiclass", "auto", "auto")
    ('softmax', CrossEntropy(factor=1, reduction='mean'))
    >>> output_of("binary", "softmax", "auto")[1]
    CrossEntropy(factor=1, reduction='mean')
    """
    pairs = TASKS[task].pairs
    name = "auto" if isinstance(activation, str) and activation == "auto" else Activation.of(activation).name
    wanted = None if isinstance(loss, str) and loss == "auto" else _loss(loss)
    for known, usual in pairs.items():
        if name in ("auto", known) and (wanted is None or _fits(wanted, usual)):
            return known, usual if wanted is None else wanted
    raise _mismatch(TASKS[task], name, wanted)


def _fits(loss: Loss, usual: Loss) -> bool:
    """Whether a loss is one of the same outputs and targets as the usual one."""
    kinds = [(each.of_probabilities, each.distribution, each.targets) for each in (loss, usual)]
    return kinds[0] == kinds[1]


def _loss(description: Any) -> Loss:
    """The loss that is meant: `"squared_error"` is a mean over the samples here, as every loss of an estimator."""
    if isinstance(description, str) and description == "squared_error":
        return HALF_SQUARES
    loss = loss_of(description)
    if loss.reduction == "sum":
        raise ChalkworkError(
            "the loss of an estimator is a mean over the samples: under a sum the learning rate would depend on the "
            "size of the batch, and a sample of weight 2 would not be the same as the sample twice",
            hint="reduction='mean' or 'mean_over_samples'",
        )
    return loss


def _mismatch(task: Task, activation: str, loss: Loss | None) -> ChalkworkError:
    given = [] if activation == "auto" else [f"output_activation {activation!r}"]
    given += [] if loss is None else [f"loss {_name(loss)!r}"]
    noun = "belongs" if len(given) == 1 else "belong together"
    several = " or ".join(f"{known!r} with {_name(usual)!r}" for known, usual in task.pairs.items())
    does = f"does not {noun[:-1]} to" if len(given) == 1 else f"do not {noun} for"
    return ChalkworkError(
        f"{' and '.join(given)} {does} a target of {task.words}: {task.why}", hint=f"take {several}, or 'auto'"
    )


def _name(loss: Loss) -> str:
    return loss.title.replace("-", "_").replace(" ", "_")


def hidden_layers(
    units: Iterable[int],
    activation: str,
    *,
    batch_norm: bool = False,
    dropout: float = 0.0,
    initializer: str = "glorot_normal",
) -> list[Layer]:
    """Dense layers of so many units each; with batch normalisation between weights and activation, and dropout after.

    >>> hidden_layers([4], "relu", batch_norm=True, dropout=0.5)
    [Dense(4, 'identity', bias=False), BatchNorm('relu'), Dropout(0.5)]
    """
    layers: list[Layer] = []
    for count in units:
        if batch_norm:  # which shifts, so that a bias would do nothing
            layers += [Dense(count, bias=False, initializer=initializer), BatchNorm(activation)]
        else:
            layers.append(Dense(count, activation, initializer=initializer))
        layers += [Dropout(dropout)] if dropout else []
    return layers


def batch_of(batch_size: Any, samples: int, batch_norm: bool) -> int:
    """The number of samples a batch, `"auto"` for at most 200.

    One or more less where batch normalisation would be left with a single sample. Raises ChalkworkError for anything
    but a whole number from 1 on.

    >>> batch_of("auto", 150, False), batch_of(50, 101, True)
    (150, 49)
    """
    if isinstance(batch_size, str) and batch_size == "auto":
        size = min(200, samples)
    elif isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer) or batch_size < 1:
        raise ChalkworkError(f"batch_size is 'auto' or a whole number from 1 on, not {batch_size!r}")
    else:
        size = min(int(batch_size), samples)
    while batch_norm and size > 2 and samples % size == 1:
        size -= 1
    return size
