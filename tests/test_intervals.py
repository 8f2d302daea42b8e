"""Intervals: enclosures of every operation and of whole equations hold what 50-digit arithmetic finds, tightly.

An operation without an exact oracle here fails a test.
"""

import itertools
import warnings
from itertools import product

import numpy as np
import pytest
from interval_cases import (
    EDGES,
    ENTRYWISE,
    EXACT,
    INF,
    assert_around,
    assert_holds,
    box_around,
    centres,
    full,
    points,
    sampled,
    situations,
)

from chalkwork.algebra.expression import Name, apply, names_in
from chalkwork.algebra.operations import TABLE
from chalkwork.bounds.enclosures import ENCLOSURES
from chalkwork.bounds.intervals import Interval, matmul
from chalkwork.bounds.ranges import enclose
from chalkwork.derivation.evaluate import evaluate

# -- single operations --------------------------------------------------------------------------------------------


def test_every_operation_has_its_enclosure():
    assert ENCLOSURES.keys() <= TABLE.keys() == EXACT.keys()
    assert not {name for name in TABLE.keys() - ENCLOSURES.keys() if not TABLE[name].definition}


@pytest.mark.parametrize("name", TABLE)
def test_exact_values_lie_inside(name, rng):
    for radius, expression in product((0.0, 1e-9, 0.005, 0.2), situations(name)):
        box = box_around(centres(expression, rng), radius)
        for tight in (True, False):
            enclosure = enclose(expression, box, tight=tight)
            for _ in range(6):
                assert_holds(enclosure, expression, points(box, rng))


@pytest.mark.parametrize("name", TABLE)
def test_thousands_of_points_lie_inside_and_the_bounds_are_reached(name, rng):
    for expression in situations(name):
        box = box_around(centres(expression, rng), 0.2)
        enclosure = enclose(expression, box)
        least, largest = sampled(expression, box, rng)
        assert_around(enclosure, least, largest)
        wider = name in ("equal", "step", "sign", "leaky_step") or (
            name not in ENCLOSURES and TABLE[name].turns is None  # read by its definition
        )
        if (name in ENTRYWISE or "softmax" in name) and not wider:
            spread = np.maximum(largest - least, 1e-12)
            assert (enclosure.high - enclosure.low <= 1.1 * spread + 1e-12).all()


@pytest.mark.parametrize("name", TABLE)
def test_no_width_gives_a_few_units_in_the_last_place(name, rng):
    for expression in situations(name):
        centre = centres(expression, rng)
        enclosure = enclose(expression, {key: Interval.point(value) for key, value in centre.items()})
        assert_holds(enclosure, expression, centre)
        size = np.maximum(np.abs(evaluate(expression, centre)), 1.0)
        assert (enclosure.width <= 120 * np.spacing(size)).all()


@pytest.mark.parametrize("name", TABLE)
def test_leading_axes_are_a_loop(name, rng):
    for expression in situations(name):
        box = box_around(centres(expression, rng, lead=(4, 2)), 0.1)
        together = enclose(expression, box)
        for index in np.ndindex(4, 2):
            single = enclose(expression, {key: part.over(lambda bound, i=index: bound[i]) for key, part in box.items()})
            for ours, alone in ((together.low, single.low), (together.high, single.high)):
                np.testing.assert_allclose(ours[index], alone, rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize("name", TABLE)
def test_edges_give_bounds_and_neither_warnings_nor_nan(name, rng):
    for expression in situations(name):
        names = names_in(expression)
        for edges in itertools.product(EDGES, repeat=len(names)):
            box = {key.name: Interval.of(*(np.full(full(key.shape), e) for e in edge))
                   for key, edge in zip(names, edges, strict=True)}  # fmt: skip
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                enclosure = enclose(expression, box)
            assert (enclosure.low <= enclosure.high).all()
            finite = {
                key: Interval(np.maximum(part.low, -1e3), np.minimum(part.high, 1e3)) for key, part in box.items()
            }
            if any((part.low > part.high).any() for part in finite.values()):
                continue
            with np.errstate(all="ignore"):
                for _ in range(2):
                    value = evaluate(expression, points(finite, rng))
                    good = np.isfinite(value)
                    room = 1e-13 * np.abs(np.where(good, value, 0)) + 1e-300
                    assert (~good | ((enclosure.low <= value + room) & (value - room <= enclosure.high))).all()


def one(expression, **edges):
    found = enclose(expression, {name: Interval.of([[low]], [[high]]) for name, (low, high) in edges.items()})
    return found.low.item(), found.high.item()


def test_what_is_undefined_gives_one_sided_bounds():
    a, b = Name("a"), Name("b")
    assert one(apply("log", a), a=(0.0, 1.0))[0] == -INF
    assert one(apply("log", a), a=(-1.0, 1.0))[1] < 1e-300
    assert one(apply("log", a), a=(-2.0, -1.0)) == (-INF, INF)
    assert one(1 / a, a=(-1.0, 1.0)) == (-INF, INF)
    assert one(1 / a + a, a=(-1.0, 1.0)) == (-INF, INF)
    assert one(1 / a, a=(-1.0, 0.0))[0] == -INF and abs(one(1 / a, a=(-1.0, 0.0))[1] + 1) < 1e-15
    assert one(a**-1, a=(-1.0, 1.0)) == (-INF, INF)
    assert one(apply("xlogy", a, b), a=(0.0, 0.0), b=(0.0, 0.5)) == (0.0, 0.0)
    assert one(apply("xlogy", a, b), a=(0.0, 0.0), b=(-0.005, 0.005)) == (0.0, 0.0)
    assert one(apply("xlogy", a, b), a=(1.0, 1.0), b=(-0.005, 0.005))[0] == -INF
    assert one(apply("sqrt", a), a=(-1.0, 4.0)) == (0.0, pytest.approx(2.0))
    assert one(apply("sqrt", a) - a, a=(-1.0, 0.25))[1] >= 0.25


def test_jumps_take_all_values_between():
    a, b = Name("a"), Name("b")
    assert one(apply("step", a), a=(-1.0, 1.0)) == (0.0, 1.0)
    assert one(apply("step", a), a=(0.0, 0.0)) == (0.0, 0.0)
    assert one(apply("step", a, at_zero=0.5), a=(0.0, 0.0)) == (0.5, 0.5)
    assert one(apply("sign", a), a=(0.0, 1.0)) == (0.0, 1.0)
    assert one(apply("leaky_step", a, alpha=0.1), a=(-1.0, 0.0)) == (0.1, 0.1)
    assert one(apply("equal", a, b), a=(1.0, 2.0), b=(2.0, 3.0)) == (0.0, 1.0)
    assert one(apply("equal", a, b), a=(1.0, 2.0), b=(2.5, 3.0)) == (0.0, 0.0)
    low, high = one(apply("step", a) * a + apply("step", a), a=(-1.0, 1.0))
    assert low <= 0.0 and high >= 2.0
    entries = Interval.of([[1.0], [0.5], [2.0]], [[1.2], [0.9], [3.0]])
    found = enclose(apply("argmax", Name("x", (3, 1))), {"x": entries})
    assert (found.low.item(), found.high.item()) == (3.0, 3.0)


def test_turning_points_are_found():
    a = Name("a")
    assert one(apply("sin", a), a=(1.0, 2.0))[1] == 1.0
    assert one(apply("cos", a), a=(3.0, 3.3))[0] == -1.0
    assert one(apply("sin", a), a=(0.1, 0.2)) == pytest.approx((np.sin(0.1), np.sin(0.2)))
    assert one(apply("sin", a), a=(0.0, 100.0)) == (-1.0, 1.0)
    assert one(apply("silu", a), a=(-2.0, 0.0))[0] == pytest.approx(-0.278464542761)
    assert one(apply("gelu", a), a=(-1.0, 0.0))[0] == pytest.approx(-0.169971207480)
    assert one(a**2, a=(-1.0, 2.0)) == (0.0, pytest.approx(4.0))
    assert one(a**3, a=(-1.0, 2.0)) == pytest.approx((-1.0, 8.0))


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_waves_stay_exact_far_out(name, rng):
    places = np.concatenate([rng.uniform(-1e6, 1e6, 200), np.arange(1, 60) * np.pi / 2, 10.0 ** np.arange(7, 23)])
    expression = apply(name, Name("a", (len(places), 1)))
    enclosure = enclose(expression, {"a": Interval.point(places[:, None])})
    assert_holds(enclosure, expression, {"a": places[:, None]})
    assert (enclosure.width <= 16 * np.spacing(1.0)).all()


def test_long_products_are_worked_off_in_blocks(rng):
    a, b = rng.normal(size=(60, 300)), rng.normal(size=(300, 50))
    found = matmul(Interval.of(a - 1e-3, a + 1e-3), Interval.of(b - 1e-3, b + 1e-3))
    spread = 1e-3 * (np.abs(a) @ np.ones_like(b) + np.ones_like(a) @ np.abs(b))
    assert_around(found, a @ b, a @ b)
    np.testing.assert_allclose(found.width, 2 * spread, rtol=0.02)
