"""Learning by presentation: one sample after the other, in epochs, by a rule of the table; every value by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.presentation.rules import rule_of
from chalkwork.laboratory.presentation.study import ASKED, MOST_PRESENTATIONS, Study
from chalkwork.laboratory.presentation.text import ENDINGS, board_of, exercise_of, table_of
from chalkwork.laboratory.presentation.unit import (
    Letters,
    samples_of,
    targets_of,
    threshold_unit,
    unit_of,
    units_of,
)
from chalkwork.networks.arguments import flag, number, order_of, positive, whole
from chalkwork.solutions.columns import split_step
from chalkwork.solutions.setting import Look, Setting, Style, Word
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import asked_of

MOST_EPOCHS = 1000


def learn(
    x: Any,
    y: Any = None,
    *,
    rule: str = "perceptron",
    weights: Any = None,
    bias: Any = None,
    threshold: Any = None,
    bias_input: float | None = None,
    rate: float = 1.0,
    activation: str | None = None,
    epochs: int = 1,
    order: Sequence[int] | None = None,
    band: float = 0.0,
    fixed: bool = False,
    batch: bool = False,
    stop_change: float | None = None,
    stop_loss: float | None = None,
    ask: Sequence[str] = (),
    **look: Unpack[Look],
) -> Solution:
    """One unit that learns by presentation: the table of all presentations, the first of them worked in full.

    `x` holds a sample in each row (up to 200 of 50 inputs), `y` the targets; `rule` is `perceptron`,
    `perceptron_by_target`, `adaline` (also `delta_rule`, `widrow_hoff`), `normalised_lms`, `hebb`, `hebb_output` or
    `gradient`. `weights` are those of the start (0 if none are given, one number for all alike), with a `bias`,
    which is added, a `threshold`, which is subtracted, or a constant input `bias_input` of 1 or -1 in front of the
    others, whose weight is the first; `fixed` says that bias or threshold stay as they are. `rate` is above 0. The
    `activation` is, if none is given, the step for targets of 0 and 1 and the sign for -1 and 1, both 1 at 0; with
    a `band` the sign is 0 as far as that from 0. The samples come `epochs` times (up to 1000) in their `order`
    (numbers from 1), at most 600 presentations; an epoch that changes nothing is the last, and so is one whose largest
    change of a weight in a presentation is `stop_change` at most, or whose loss is `stop_loss` at most. With `batch`
    the changes of an epoch are added up, and the weights change at its end. Where `y` has a column for each of several
    units, `weights` has a row for each of them, and `bias` or `threshold` an entry.

    The presentation k gives `z1`, `a1`, `e1`, `dw1`, `w1`, and `db1`, `b1` or `dtheta1`, `theta1`; of a rule with a
    loss `E1`, and `total1` in epoch 1; gradient descent `slope1` and `delta1`. The start is `w0`, `b0`, `theta0`.
    Two inputs have a line: `line_slope` and `line_intercept`. Words: `ending` (`converged`, `stopped`, `unfinished`);
    facts: `epochs`, `presentations`, `weights` (as they end, bias or threshold behind). `ask` are names; without number
    they stand for every presentation.

    Raises ChalkworkError (ShapeError, ValueProblem) for data that do not fit. Sources: see `rules`.

    >>> found = learn([[1, 1], [-1, 1]], [1, -1], bias=0, epochs=5)
    >>> found["z1"].item(), found["w2"].ravel().tolist(), found["b2"].item(), found["ending"], found["epochs"]
    (0.0, [2.0, -2.0], -2.0, 'converged', 3)
    """
    name, chosen = rule_of(rule)
    samples = samples_of(x)
    if chosen.target and y is None:
        raise ChalkworkError(f"{chosen.title} needs targets", hint="y is a number for each sample")
    targets = None if y is None or not chosen.target else targets_of(y, len(samples), several=True)
    if not chosen.output and activation is not None:
        raise ChalkworkError(f"{chosen.title} looks at no output, so that an activation is of no use")
    function = threshold_unit(targets, activation, chosen.usual) if chosen.output else None
    if name == "gradient" and function is not None and function.jumps:
        hint = "sigmoid or tanh, or the rule perceptron"
        raise ChalkworkError(f"no gradient comes through the {function.words}", hint=hint)
    if targets is not None and targets.ndim == 2:
        if bias_input is not None or band:
            raise ChalkworkError("several units have a bias or a threshold each, no bias_input and no band")
        unit = units_of(weights, samples.shape[1], targets.shape[1], bias, threshold, function)
    else:
        unit = unit_of(weights, samples.shape[1], bias, threshold, bias_input, function, band)
    for name, value in (("stop_change", stop_change), ("stop_loss", stop_loss)):
        if value is not None and ((found := number(value)) is None or found < 0):
            raise ChalkworkError(f"{name} is a number from 0 on, not {value!r:.60}")
    if stop_loss is not None and not chosen.error:
        raise ChalkworkError(f"{chosen.title} has no loss that could stop it", hint="stop_change: 0.05")
    if flag(fixed, "fixed") and not unit.free:
        raise ChalkworkError("fixed is said of a bias or a threshold, and there is none")
    if unit.constant is not None:
        samples = np.column_stack([np.full(len(samples), unit.constant), samples])
    places = order_of(order, len(samples), "samples", MOST_PRESENTATIONS)
    study = Study(
        chosen, unit, samples, targets, positive(rate, "the learning rate"), places, fixed, flag(batch, "batch"),
        float(stop_change or 0.0), None if stop_loss is None else float(stop_loss),
    )  # fmt: skip
    whole(epochs, "epochs", 1, MOST_EPOCHS)
    derivation, values, done = study.run(epochs)
    style = Style.chosen(**look)
    ending = study.ends(values, done) or "unfinished"
    endings = [name for name in ENDINGS if name != "stopped" or study.has_stop]
    names = [(name, step) for name, step in map(split_step, [*study.givens, *derivation]) if step is not None]
    setting = Setting(
        title=f"Learning by {chosen.title}",
        letters=Letters(style.notation).table(unit, names),
        script=lambda board: board_of(board, study, done),
        posed=lambda board: exercise_of(board, study, epochs),
        blank=lambda board: [table_of(board, study, done, blank=True)],
        asked=asked_of(ask, derivation, ASKED if epochs == 1 else (*ASKED, "ending"), ["ending"]),
        columns=(*ASKED, "dw", "db", "dtheta", "E"),
        exact=True,
        words={"ending": Word(ending, (ENDINGS[ending],), tuple(endings))},
        facts={
            "epochs": done,
            "presentations": done * len(study.order),
            "weights": study.found(values, done * len(study.order)),
        },
    )
    return Solution(derivation, {name: values[name] for name in study.givens}, style, setting)
