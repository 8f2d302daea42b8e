"""The losses of training runs as curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, overload

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.inside import canvas
from chalkwork.networks.data import Array
from chalkwork.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Histories = History | Mapping[str, History]


@overload
def plot_loss(histories: Histories, *, log: bool = ..., loss: str = ..., ax: None = ...) -> Figure: ...
@overload
def plot_loss(histories: Histories, *, log: bool = ..., loss: str = ..., ax: Axes) -> Axes: ...
def plot_loss(histories: Histories, *, log: bool = False, loss: str = "loss", ax: Axes | None = None) -> Figure | Axes:
    """The training loss of every step (thin), its mean over each epoch (thick), and the validation loss (dashed).

    `histories` is what `train` returned, or several of them by name. The abscissa counts epochs where an epoch has
    several steps, else iterations: a step's loss stands where the step began, an epoch's mean in the middle of the
    epoch, the validation loss at the end of it, when it was measured. Where weights are penalised, the penalty is added
    to the validation loss, as it is in the training loss. `log` makes the ordinate logarithmic, `loss` is
    its label. Returns the figure, or `ax` where it was given. Raises ChalkworkError for a run without steps.

    >>> from chalkwork import Dense, NeuralNetwork
    >>> net = NeuralNetwork([Dense(1)])
    >>> history = net.train([[0.0], [1.0]], [[1.0], [3.0]], eta=0.1, iterations=20, engine="reference")
    >>> plot_loss(history).axes[0].get_xlabel()
    'iteration'
    """
    named = {"": histories} if isinstance(histories, History) else dict(histories)
    if not named or any(not history.steps for history in named.values()):
        raise ChalkworkError("there is no loss to show: no step was done")
    axes = canvas.new_axes() if ax is None else ax
    paces = [_steps_an_epoch(history) for history in named.values()]
    in_epochs = max(paces) > 1
    for place, (name, history) in enumerate(named.items()):
        _curves(axes, place, name, history, paces[place])
    canvas.tidy(axes, "epoch" if in_epochs else "iteration", f"{loss} (logarithmic)" if log else loss)
    if log:
        canvas.logarithmic(axes)
    axes.legend(fontsize="small", framealpha=0.85, edgecolor="white")
    return canvas.shown(axes, ax)


def _steps_an_epoch(history: History) -> float:
    """How many steps an epoch had, by the last evaluation; 1 where none was taken."""
    last = history.epochs[-1] if history.epochs else {}
    return last["step"] / last["epoch"] if last.get("epoch") else 1.0


def _curves(ax: Axes, place: int, name: str, history: History, pace: float) -> None:
    """The curves of one run, all in its colour."""
    colour = canvas.COLOURS[place % len(canvas.COLOURS)]
    title = f"{name}: " if name else ""
    begun = np.arange(history.steps) / pace
    measured = history.column("step") / pace
    means = pace > 1
    marks = canvas.marks(place, len(measured)) if name else {}
    width, strength = (0.7, 0.35) if means else (1.6, 1.0)
    label = f"{title}training" + (", every step" if means else "")
    own = {} if means else canvas.marks(place, history.steps) if name else {}
    ax.plot(begun, history.loss, color=colour, label=label, linewidth=width, alpha=strength, **own)
    if means:
        middle, value = _epoch_means(measured, history)
        ax.plot(middle, value, color=colour, linewidth=1.8, label=f"{title}training, mean", **marks)
    validation, penalty = history.column("validation_loss"), history.column("penalty")
    penalised = np.isfinite(penalty).any()
    if np.isfinite(validation).any():
        label = f"{title}validation{', with the penalty' if penalised else ''}"
        same = validation + penalty if penalised else validation  # what the training loss holds too
        ax.plot(measured, same, "--", color=colour, linewidth=1.6, label=label, **marks)


def _epoch_means(measured: Array, history: History) -> tuple[Array, Array]:
    """The mean loss since the last evaluation, and the middle of that time."""
    before = np.concatenate([[0.0], measured[:-1]])
    return (before + measured) / 2, history.column("loss")
