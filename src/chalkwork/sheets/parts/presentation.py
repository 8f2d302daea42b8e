"""Learning by presentation in a sheet: one unit, its samples, the rule, and the table of the presentations."""

from __future__ import annotations

from chalkwork.laboratory.presentation import learn
from chalkwork.sheets import values
from chalkwork.sheets.parts import calling

PART = calling(
    learn,
    {
        "rule": values.name,
        "x": values.matrix,
        "y": values.numbers,
        "weights": values.number_or(values.numbers),
        "bias": values.number_or(values.vector),
        "threshold": values.number_or(values.vector),
        "bias_input": values.number,
        "learning_rate": values.positive,
        "activation": values.text,
        "epochs": values.integer(1, 1000),
        "order": values.listing(values.integer(1, 200), "a list of numbers of samples", 600),
        "band": values.number,
        "fixed": values.flag,
        "batch": values.flag,
        "stop_change": values.number,
        "stop_loss": values.number,
        "ask": values.names,
    },
    needed=("x",),
    renamed={"learning_rate": "rate"},
    vary=dict.fromkeys(("weights", "bias", "threshold"), "weights"),
)
