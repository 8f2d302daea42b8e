"""Enclosures of expressions in which names occur more than once, random ones, and whole networks."""

import time
from fractions import Fraction

import numpy as np
import pytest
import random_networks
from interval_cases import EDGES, INF, NAN, a, assert_around, assert_holds, box_around, full, points, sampled, w, y, z

from chalkwork.algebra.expression import Name, Number, apply, names_in
from chalkwork.algebra.operations import TABLE
from chalkwork.bounds.intervals import Interval
from chalkwork.bounds.ranges import enclose
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ShapeError

TANGLED = {
    "sigmoid slope": z * (1 - z),
    "minus itself": z - z,
    "tanh slope": apply("tanh", z) * (1 - apply("tanh", z) ** 2),
    "long softmax": apply("exp", z) / apply("sum", apply("exp", z)),
    "squared error at softmax": a * ((a - y) - apply("sum", (a - y) * a)),
    "jacobian": (apply("diag", a) - a @ a.T) @ (a - y),
    "entropy": -apply("sum", apply("xlogy", a, a)),
    "shared weights": w @ (w @ z),
    "softmax of a product": apply("softmax", w @ z, axis=-2),
    "largest": apply("max", w @ z) - apply("mean", z),
    "norm": apply("squared_norm", w @ z - z),
    "log softmax": apply("log_softmax", w.T @ z, axis=None) * y,
    "kinks": apply("relu", z) * (1 - apply("leaky_relu", z)) + apply("abs", z),
    "batch normalisation": (z - apply("mean", z)) / apply("sqrt", apply("mean", (z - apply("mean", z)) ** 2) + 0.01),
    "silu slope": apply("sigmoid", z) * (1 + z * (1 - apply("sigmoid", z))),
    "maximum": apply("maximum", z, y) * apply("minimum", z, y),
    "power of itself": z**z,
    "powers": z**3 - z**2 + y**-2 * z,
    "logsumexp": apply("logsumexp", z * y) - apply("sum", z * y),
}


@pytest.mark.parametrize("title", TANGLED)
@pytest.mark.parametrize("radius", [1e-3, 1e-4, 1e-6])
def test_tangled_names_cost_second_order_only(title, radius, rng):
    expression = TANGLED[title]
    for _ in range(5):
        centre = {name.name: rng.uniform(0.1, 0.9, name.shape) for name in names_in(expression)}
        box = box_around(centre, radius)
        enclosure = enclose(expression, box)
        least, largest = best_corners(expression, box, centre, rng)
        assert_around(enclosure, least, largest)
        assert (enclosure.high - enclosure.low <= (1 + 50 * radius) * (largest - least) + 100 * radius**2 + 1e-13).all()
        for _ in range(3):
            assert_holds(enclosure, expression, points(box, rng))


def best_corners(expression, box, centre, rng):
    """The extremes at random points and at the corners to which numerical differentiation points."""
    least, largest = sampled(expression, box, rng, 500)
    flat = [(name, index) for name, value in centre.items() for index in np.ndindex(value.shape)]
    moved = {name: np.repeat(value[None], 2 * len(flat), axis=0) for name, value in centre.items()}
    for k, (name, index) in enumerate(flat):
        moved[name][(2 * k, *index)] += 1e-5
        moved[name][(2 * k + 1, *index)] -= 1e-5
    values = np.broadcast_to(evaluate(expression, moved), (2 * len(flat), *full(expression.shape)))
    slope = values[::2] - values[1::2]
    for i, j in np.ndindex(full(expression.shape)):
        for sign in (-1, 1):
            corner = {name: value.copy() for name, value in centre.items()}
            for k, (name, index) in enumerate(flat):
                part = box[name]
                corner[name][index] = (part.high if sign * slope[k, i, j] > 0 else part.low)[index]
            value = evaluate(expression, corner)
            least, largest = np.minimum(least, value), np.maximum(largest, value)
    return least, largest


@pytest.mark.parametrize("title", TANGLED)
def test_tangled_names_stay_inside_wide_boxes(title, rng):
    expression = TANGLED[title]
    for radius in (0.05, 0.5, 3.0):
        for _ in range(5):
            centre = {name.name: rng.normal(0, 1, name.shape) for name in names_in(expression)}
            box = box_around(centre, radius)
            natural = enclose(expression, box, tight=False)
            enclosure = enclose(expression, box)
            assert (enclosure.low >= natural.low).all() and (enclosure.high <= natural.high).all()
            with np.errstate(all="ignore"):
                least, largest = sampled(expression, box, rng)
            good = np.isfinite(least) & np.isfinite(largest)
            assert_around(enclosure, np.where(good, least, INF), np.where(good, largest, -INF), 0.0) if not good.all() \
                else assert_around(enclosure, least, largest)  # fmt: skip


@pytest.mark.parametrize("title", TANGLED)
def test_tangled_names_at_the_edges(title):
    expression = TANGLED[title]
    names = names_in(expression)
    for edge in EDGES:
        box = {name.name: Interval.of(np.full(name.shape, edge[0]), np.full(name.shape, edge[1])) for name in names}
        enclosure = enclose(expression, box)
        assert (enclosure.low <= enclosure.high).all()


@pytest.mark.parametrize("title", TANGLED)
def test_tangled_names_with_leading_axes_are_a_loop(title, rng):
    expression = TANGLED[title]
    centre = {name.name: rng.uniform(0.1, 0.9, (5, *name.shape)) for name in names_in(expression)}
    box = box_around(centre, 1e-3)
    together = enclose(expression, box)
    for k in range(5):
        single = enclose(expression, {name: part.over(lambda bound, k=k: bound[k]) for name, part in box.items()})
        np.testing.assert_allclose(together.low[k], single.low, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(together.high[k], single.high, rtol=1e-13, atol=1e-15)


def test_many_answers_are_worked_off_in_blocks(rng):
    expression = TANGLED["shared weights"]
    centre = {name.name: rng.uniform(0.1, 0.9, (3, 20000, *name.shape)) for name in names_in(expression)}
    box = box_around(centre, 1e-3)
    together = enclose(expression, box)
    part = enclose(expression, {name: whole.over(lambda bound: bound[1, 70:75]) for name, whole in box.items()})
    np.testing.assert_allclose(together.low[1, 70:75], part.low, rtol=1e-14)


SMOOTH = [*sorted(TABLE.keys() - {"divide", "log", "sqrt", "xlogy", "equal", "solve", "split_heads"}), "square", "cube"]


def grown(depth, rng):
    """A random expression that is defined everywhere, if it is small enough not to overflow."""
    if depth == 0 or rng.random() < 0.1:
        return (Name("a", (2, 1)), Name("b", (2, 1)), Name("s"), Name("M", (2, 2)), Number(2))[rng.integers(5)]
    for _ in range(50):
        name = str(rng.choice(SMOOTH))
        try:
            if name in ("square", "cube"):
                return grown(depth - 1, rng) ** (2 if name == "square" else 3)
            if name == "power":
                base = grown(depth - 1, rng)
                return apply("exp", base) ** base
            kind = {
                "axis": (None, -1, -2)[rng.integers(3)],
                "shape": (2, 1),
                "place": (2, 1),
                "span": (1, 2, 1, 1),
                "alpha": (0.1, 1.0, -0.5)[rng.integers(3)],
                "delta": (0.5, 2.0)[rng.integers(2)],
            }
            parameters = {key: kind[key] for key in TABLE[name].parameters if key in kind}
            return apply(name, *(grown(depth - 1, rng) for _ in range(TABLE[name].arity)), **parameters)
        except ShapeError:
            continue
    return Name("a", (2, 1))


@pytest.mark.parametrize("seed", range(20))
def test_random_expressions(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        expression = grown(int(rng.integers(2, 6)), rng)
        radius = 10.0 ** rng.uniform(-4, 0.5)
        centre = {name.name: rng.normal(0, 1.5, full(name.shape)) for name in names_in(expression)}
        if not centre:
            continue
        if rng.random() < 0.3:  # on kinks and jumps
            centre = {name: np.round(value) for name, value in centre.items()}
        box = box_around(centre, radius)
        enclosure = enclose(expression, box)
        share = {name: rng.random((300, *value.shape)) for name, value in centre.items()}
        for part in share.values():
            part[::2] = np.round(part[::2])
            part[::5] = 0.5
        place = {name: part.low + share[name] * (part.high - part.low) for name, part in box.items()}
        place = {name: np.clip(value, box[name].low, box[name].high) for name, value in place.items()}
        with np.errstate(all="ignore"):
            values = evaluate(expression, place)
        good = np.isfinite(values)
        room = 1e-10 * (1 + np.abs(np.where(good, values, 0)))
        inside = (enclosure.low <= values + room) & (values - room <= enclosure.high)
        assert (inside | ~good).all(), (str(expression), radius)


# -- the equations of networks ------------------------------------------------------------------------------------


def shaped(value):
    return np.asarray(value, dtype=np.float64).reshape((1, 1) if np.ndim(value) == 0 else np.shape(value))


@pytest.mark.parametrize("seed", range(40))
def test_equations_of_random_networks(seed, rng):
    case = random_networks.draw(seed)
    rows = case.samples == "rows"
    solution = case.net.solve(x=case.x if rows else case.x.T, y=case.y if rows else case.y.T, learning_rate=case.rate)
    arrays = solution.arrays
    for equation in solution.derivation.equations:
        centre = {name.name: shaped(arrays[name.name]) for name in names_in(equation.expression)}
        for radius in (5e-3, 1e-6):
            box = box_around(centre, radius)
            enclosure = enclose(equation.expression, box)
            with np.errstate(all="ignore"):
                values = [evaluate(equation.expression, points(box, rng)) for _ in range(60)]
            for value in values:
                good = np.isfinite(value)
                room = 1e-13 * (1 + np.abs(np.where(good, value, 0)))
                assert (~good | ((enclosure.low <= value + room) & (value - room <= enclosure.high))).all()


def test_a_class_takes_little_time(rng):
    expression = TANGLED["squared error at softmax"]
    centre = {name.name: rng.uniform(0.1, 0.9, (300, *name.shape)) for name in names_in(expression)}
    box = box_around(centre, 5e-5)
    enclose(expression, box)
    start = time.process_time()
    enclose(expression, box)
    assert time.process_time() - start < 0.5


def test_intervals_answer_questions():
    x = Interval.of([[1.0, 2.0]], [[1.5, 3.0]])
    assert x.contains([[1.2, 3.1]]).tolist() == [[True, False]]
    assert x.contains([[NAN, 2.0]]).tolist() == [[False, True]]
    assert x.meets(Interval.of([[1.5, 3.5]], [[9.0, 9.0]])).tolist() == [[True, False]]
    assert Interval.point([[NAN]]).low.item() == -INF and Interval.point([[NAN]]).high.item() == INF
    assert Interval.of(0.0, [[1.0, 2.0]]).shape == (1, 2)


def test_fractions_are_enclosed():
    third = enclose(Number(Fraction(1, 3)) * Name("a"), {"a": Interval.point([[3.0]])})
    assert third.contains([[1.0]]).all() and third.width.item() < 1e-15
    assert (
        enclose(Number(Fraction(1, 3)), {}).low.item()
        < Fraction(1, 3)
        < enclose(Number(Fraction(1, 3)), {}).high.item()
    )


def test_a_box_that_was_only_rounded_takes_no_slopes() -> None:
    """The natural extension is as narrow there as rounding lets it be, and holds the value."""
    a = Name("a", (3, 1))
    value = np.array([[0.1], [0.5], [0.0]])
    for room in (0.0, 1e-16):
        box = {"a": Interval.of(value - room, value + room)}
        found, wide = enclose(a * (1 - a), box), enclose(a * (1 - a), box, tight=False)
        assert np.array_equal(found.low, wide.low) and np.array_equal(found.high, wide.high)
        assert found.contains(value * (1 - value)).all() and found.width.max() < 1e-15
    box = {"a": Interval.of(value - 0.1, value + 0.1)}
    assert (enclose(a * (1 - a), box).width < enclose(a * (1 - a), box, tight=False).width).any()
