"""Learning by presentation: one sample after the other, in epochs, by a rule of the table; every value by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from chalkwork.laboratory.presentation.study import ASKED, Study
from chalkwork.laboratory.presentation.text import ENDINGS, board_of, exercise_of, table_to_fill
from chalkwork.laboratory.presentation.unit import Letters
from chalkwork.networks.arguments import whole
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
    style = Style.chosen(**look)
    study = Study.of(
        x, y, rule=rule, weights=weights, bias=bias, threshold=threshold, bias_input=bias_input, rate=rate,
        activation=activation, order=order, band=band, fixed=fixed, batch=batch,
        stop_change=stop_change, stop_loss=stop_loss,
    )  # fmt: skip
    whole(epochs, "epochs", 1, MOST_EPOCHS)
    derivation, values, done = study.run(epochs)
    letters = Letters(style.notation)
    ending = study.ends(values, done) or "unfinished"
    endings = [name for name in ENDINGS if name != "stopped" or study.has_stop]
    names = [(name, step) for name, step in map(split_step, [*study.givens, *derivation]) if step is not None]
    setting = Setting(
        title=f"Learning by {study.rule.title}",
        letters=letters.table(study.unit, names),
        script=lambda board: board_of(board, study, done),
        posed=lambda board: exercise_of(board, study, epochs),
        blank=lambda board: table_to_fill(board, study, done),
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
