"""Every mistake of the table against plain NumPy programs that make it, written without the derivation core."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from mistaken_programs import CONVENTIONS, NETWORKS, NO_REWRITE, PROGRAMS, axis_of, draw, givens, oriented, planned

from chalkwork.checking.mistakes import (
    TABLE,
    Context,
    attention,
    chains,
    corrections,
    counts,
    decoding,
    distinct,
    embedding,
    estimates,
    layers,
    optimisers,
    penalties,
    presentation,
    products,
    quantities,
    recurrence,
    series,
    windows,
)
from chalkwork.derivation.evaluate import evaluate, evaluate_all
from chalkwork.laboratory.optimisation import optimise
from chalkwork.networks.equations import derive

REQUIRED = (
    "derivative-dropped derivative-at-activation derivative-twice wrong-derivative leaky-slope-forgotten "
    "weights-transposed outer-product-transposed error-sign ascent factor-half factor-two mean-for-sum sum-for-mean "
    "first-sample-only bias-forgotten bias-gradient-not-summed updated-weights-used wrong-layer learning-rate-omitted "
    "learning-rate-squared log-base-2 log-base-10 softmax-not-normalised softmax-wrong-axis softmax-twice "
    "softmax-extra-derivative activation-forgotten wrong-variance entries-swapped rounded-early"
)
NEWTON = {"hessian-not-inverted", "hessian-forgotten", "step-sign", "step-subtracted", "determinant-sign"}
NO_NETWORK = {"wrong-variance", "path-forgotten"} | NEWTON
OF_ESTIMATES = {mistake.id for mistake in estimates.MISTAKES}
"""Held in test_likelihood against what the mistakes come to."""
OF_SERIES = {mistake.id for mistake in series.MISTAKES}
"""Held in test_taylor against what the mistakes come to."""
OF_ATTENTION = {mistake.id for part in (attention, decoding, embedding) for mistake in part.MISTAKES}
"""Held in test_positions, test_attention and test_decoding against what the mistakes come to."""
OF_PRESENTATION = {mistake.id for mistake in presentation.MISTAKES}
"""Held in test_presentation against programs that make them."""
OF_RECURRENCE = {mistake.id for mistake in recurrence.MISTAKES}
"""Held in test_recurrence against what the mistakes come to."""
OF_WINDOWS = {mistake.id for mistake in windows.MISTAKES}
"""Held in test_convolution against what the mistakes come to."""
OF_COUNTS = {mistake.id for mistake in counts.MISTAKES}
"""Held in test_architectures against what the mistakes come to."""
OF_PROGRAMS = {
    one.id
    for part in (chains, corrections, layers, optimisers, penalties, products, quantities)
    for one in part.MISTAKES
}
"""Held in test_program_mistakes against programs that make them."""


CASES = list(product(NETWORKS, CONVENTIONS, (1, 4)))


def names_of(case: Any) -> str:
    (hidden, output, loss, sizes), convention, samples = case
    return f"{hidden}-{output}-{loss}-{'x'.join(map(str, sizes))}-{'-'.join(convention)}-{samples}"


def test_every_required_mistake_is_in_the_table() -> None:
    assert set(REQUIRED.split()) <= TABLE.keys()


def test_no_mistake_is_untested() -> None:
    marked = OF_ESTIMATES | OF_SERIES | OF_PROGRAMS | OF_ATTENTION | OF_PRESENTATION | OF_RECURRENCE | OF_WINDOWS
    assert PROGRAMS.keys() | NO_NETWORK | NO_REWRITE | marked | OF_COUNTS == TABLE.keys()


@pytest.mark.parametrize("size", [1, 2, 3])
def test_mistakes_of_newtons_method_are_worth_what_a_program_with_the_mistake_computes(
    size: int, rng: np.random.Generator
) -> None:
    text = " + ".join(f"{name}^2 + {name}^4" for name in "xyz"[:size]) + (" + x*y" if size > 1 else "")
    answer = optimise(text, dict(zip("xyz", rng.uniform(0.5, 1, size).tolist(), strict=False)), "newton", shown=1)
    values: dict[str, Any] = {name: np.reshape(answer[name], (size, -1)) for name in ("p1", "g1", "H1", "d1")}
    p, g, h, d = values.values()
    made = {
        "hessian-not-inverted": ("d1", -h @ g),
        "hessian-forgotten": ("d1", -g),
        "step-sign": ("d1", np.linalg.solve(h, g)),
        "step-subtracted": ("p2", p - d),
    }
    if size == 2:
        made["determinant-sign"] = ("det1", h[0, 0] * h[1, 1] + h[0, 1] ** 2)
    assert size != 2 or made.keys() == NEWTON
    context = Context(answer.derivation)
    for id, (name, wanted) in made.items():
        found = [evaluate(rewrite, answer.arrays) for rewrite in TABLE[id].rewrites(answer.derivation[name], context)]
        assert [np.allclose(value, wanted) for value in found] == [True], id
        assert answer.check({name: wanted})[name].mistakes[0] == id


@pytest.mark.parametrize("case", CASES, ids=map(names_of, CASES))
def test_rewrites_are_worth_what_a_program_with_the_mistake_computes(case: Any, rng: np.random.Generator) -> None:
    network, convention, samples = case
    program = draw(rng, network, samples)
    derivation = derive(planned(network, convention, samples), target=True, updates=1)
    context = Context(derivation, axis_of(convention))
    values = evaluate_all(derivation, givens(program, convention, derivation.shapes()))
    assert np.allclose(values["delta1"], oriented("delta1", program.delta1, convention, (1, 1)))
    values |= context.constants
    for id, wrong in PROGRAMS.items():
        for name, expected in wrong(program):
            equation = derivation[name]
            turned_as = "delta1" if id == "bias-gradient-not-summed" else name
            target = oriented(turned_as, expected, convention, equation.expression.shape)
            with np.errstate(all="ignore"):
                found = [evaluate(rewrite, values) for rewrite in TABLE[id].rewrites(equation, context)]
            assert any(value.shape == target.shape and np.allclose(value, target, 1e-9, 1e-12) for value in found), (
                f"{id} of {equation}"
            )


def test_every_program_makes_its_mistake_somewhere(rng: np.random.Generator) -> None:
    made = {id for network in NETWORKS for id, wrong in PROGRAMS.items() if any(wrong(draw(rng, network, 4)))}
    assert made == PROGRAMS.keys()


@pytest.mark.parametrize("case", CASES, ids=map(names_of, CASES))
def test_rewrites_differ_from_the_right_value(case: Any, rng: np.random.Generator) -> None:
    network, convention, samples = case
    derivation = derive(planned(network, convention, samples), target=True, updates=1, predict=True)
    context = Context(derivation, axis_of(convention))
    drawn = [givens(draw(rng, network, samples), convention, derivation.shapes()) for _ in range(30)]
    values = evaluate_all(derivation, {name: np.stack([each[name] for each in drawn]) for name in drawn[0]})
    values |= context.constants
    for equation in derivation.equations:
        found = distinct(equation, context)
        assert len({expression for expression, _ in found}) == len(found)
        for expression, ids in found:
            with np.errstate(all="ignore"):
                value = evaluate(expression, values)
            right = values[equation.name]
            if value.shape[-2:] == right.shape[-2:]:
                assert not np.allclose(value, right, 1e-9, 1e-12), f"{ids} of {equation} changes nothing"
            else:
                assert any(TABLE[id].reshapes for id in ids), f"{ids} of {equation} has another shape"
