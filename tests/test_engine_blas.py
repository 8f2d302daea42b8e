"""The NumPy and BLAS engine does what the reference does."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import ACTIVATIONS, CONVENTIONS

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.networks.activations import Activation
from chalkwork.networks.convention import Convention
from chalkwork.networks.equations import derive
from chalkwork.networks.layers.base import LayerPlan
from chalkwork.networks.layers.dense import DENSE
from chalkwork.networks.losses import LOSSES
from chalkwork.networks.plan import Plan
from chalkwork.training.engines import blas, lowering_blas, lowering_program
from chalkwork.training.engines.blas import BlasEngine
from chalkwork.training.engines.lowering_program import BLOCK
from chalkwork.training.engines.reference import ReferenceEngine
from chalkwork.training.step import Array, Batches, Step

TOLERANCE = {"float64": 1e-12, "float32": 1e-4}


def compare(
    step: Step,
    carried: Mapping[str, Any],
    data: Mapping[str, Any],
    batches: Batches,
    constants: Mapping[str, float] | None = None,
    dtype: str = "float64",
    rounds: int = 2,
) -> dict[str, Array]:
    """Both engines, `rounds` runs one after the other; what the second leaves."""
    ours, theirs = BlasEngine(dtype), ReferenceEngine(dtype)
    run, plain = ours.prepare(step, constants or {}), theirs.prepare(step, constants or {})
    data_ours, data_theirs = ours.data(data), theirs.data(data)
    state, wanted = ours.carried(carried), theirs.carried(carried)
    before = {name: np.array(value) for name, value in state.items()}
    first = state
    for _ in range(rounds):
        state, losses = run.steps(state, data_ours, batches)
        wanted, losses_wanted = plain.steps(wanted, data_theirs, batches)
        near(losses, losses_wanted, dtype)
        for name in step.carried:
            near(state[name], wanted[name], dtype)
    for name, value in before.items():
        np.testing.assert_array_equal(first[name], value)
    return ours.plain(state)


def near(found: Array, wanted: Array, dtype: str) -> None:
    assert found.dtype == wanted.dtype and found.shape == wanted.shape
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(wanted))
    finite = np.isfinite(wanted)
    np.testing.assert_array_equal(found[~finite], wanted[~finite])
    size = float(np.abs(wanted[finite]).max(initial=0.0))
    assert float(np.abs(found[finite] - wanted[finite]).max(initial=0.0)) <= TOLERANCE[dtype] * (size + 1e-2)


def network(
    sizes: list[int],
    activations: list[str],
    loss: str = "cross_entropy",
    convention: tuple[str, str] = ("rows", "in_out"),
    batch: int = 4,
    bias: bool = True,
    samples: int = 10,
    seed: int = 0,
) -> tuple[Step, dict[str, Array], dict[str, Array]]:
    """The step of a network, its parameters and its data."""
    chosen = Convention(*convention)  # type: ignore[arg-type]
    layers = tuple(
        LayerPlan(d, k, Activation.of(activation), bias, DENSE)
        for d, k, activation in zip(sizes, sizes[1:], activations, strict=False)
    )
    plan = Plan(layers, LOSSES[loss], chosen, batch)
    names = plan.parameters()
    step = Step(
        derive(plan, target=True, updates=1),
        {name.name: f"{name.name}_new" for name in names},
        ("x", "y"),
        "L",
        chosen.sample_axis,
    )
    rng = np.random.default_rng(seed)
    carried = {name.name: rng.normal(0, 0.5 / max(name.shape) ** 0.25, name.shape) for name in names}
    y = np.eye(sizes[-1])[rng.integers(0, sizes[-1], samples)]
    data = {"x": rng.normal(0, 1, (samples, sizes[0])), "y": y}
    return step, carried, {name: value.T if chosen.samples == "columns" else value for name, value in data.items()}


def some_order(kind: str, count: int, batch: int, samples: int) -> Array:
    rng = np.random.default_rng(1)
    if kind == "range":
        return (
            (np.arange(count * batch) % (samples - batch)).reshape(count, batch)
            if batch == 1
            else np.stack([np.arange(batch) + rng.integers(0, samples - batch + 1) for _ in range(count)])
        )
    return rng.integers(0, samples, (count, batch))


@given(
    st.sampled_from(CONVENTIONS),
    st.sampled_from(sorted(ACTIVATIONS)),
    st.sampled_from(["sigmoid", "softmax", "softplus", "identity", "tanh", "relu"]),
    st.sampled_from(sorted(LOSSES)),
    st.sampled_from([[3, 2], [2, 3, 2], [3, 1, 3], [2, 1], [5, 4, 6, 3]]),
    st.sampled_from([1, 4]),
    st.booleans(),
    st.sampled_from(["range", "random", "all"]),
    st.sampled_from(["float64", "float64", "float32"]),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_random_networks(
    convention: tuple[str, str],
    hidden: str,
    output: str,
    loss: str,
    sizes: list[int],
    batch: int,
    bias: bool,
    kind: str,
    dtype: str,
) -> None:
    if sizes[-1] == 1 and "softmax" in output:
        output = "sigmoid"
    activations = [hidden if k > 1 or "softmax" not in hidden else "tanh" for k in sizes[1:-1]] + [output]
    samples = batch if kind == "all" else 10
    step, carried, data = network(sizes, activations, loss, convention, batch, bias, samples)
    order = None if kind == "all" else some_order(kind, 3, batch, samples)
    compare(step, carried, data, Batches(3, order, np.array([0.1, 0.05, 0.02])), dtype=dtype)


@pytest.mark.parametrize(
    ("convention", "dtype"), [*zip(CONVENTIONS, ("float64", "float32", "float32", "float64"), strict=True)]
)
def test_layers_larger_than_a_block(convention: tuple[str, str], dtype: str) -> None:
    batch = BLOCK // 200
    step, carried, data = network(
        [60, 300, 270, 5], ["relu", "sigmoid", "softmax"], "cross_entropy", convention, batch, samples=batch + 40
    )
    order = np.stack([np.random.default_rng(n).permutation(batch + 40)[:batch] for n in range(3)])
    compare(step, carried, data, Batches(3, order, 0.05), dtype=dtype, rounds=1)


# --- other updates ---------------------------------------------------------------------------------------------------


def with_update(
    rule: str, size: list[int], convention: tuple[str, str]
) -> tuple[Step, dict[str, Array], dict[str, Array]]:
    """A network with another update: its gradients, and the equations of an optimiser by hand."""
    step, carried, data = network(size, ["tanh", "softmax"], convention=convention)
    kept = [equation for equation in step.needed if equation.stage is not Stage.UPDATE]
    givens = [*step.derivation.givens]
    eta, one = Name("eta"), 1.0
    after: dict[str, str] = {}
    if rule == "adam":
        t = Name("t")
        givens.append(t)
        kept.append(Equation("t_new", t + 1, Stage.UPDATE))
        carried["t"], after["t"] = np.zeros((1, 1)), "t_new"
    for parameter in [name for name in givens if name.name[0] in "Wb"]:
        name, shape = parameter.name, parameter.shape
        gradient = Name(f"d{name}", shape)
        new: list[tuple[str, Expression]]
        if rule == "momentum":
            v, v_new = Name(f"v{name}", shape), Name(f"v{name}_new", shape)
            new = [(v_new.name, 0.9 * v + gradient), (f"{name}_new", parameter - eta * v_new)]
            states = [v]
        elif rule == "decay":
            new = [(f"{name}_new", (one - eta * 0.01) * parameter - eta * (gradient + 0.1 * parameter))]
            states = []
        else:
            m, v, t_new = Name(f"m{name}", shape), Name(f"v{name}", shape), Name("t_new")
            m_new, v_new = Name(f"m{name}_new", shape), Name(f"v{name}_new", shape)
            first, second = (
                m_new / (1 - 0.9**1 * Name("eta") ** 0 - 0 * eta),
                v_new / (1 - apply("exp", -0.001 * t_new)),
            )
            new = [
                (m_new.name, 0.9 * m + 0.1 * gradient),
                (v_new.name, 0.999 * v + 0.001 * gradient**2),
                (f"{name}_new", parameter - eta * (first / (apply("sqrt", second) + 1e-8))),
            ]
            states = [m, v]
        givens += states
        carried |= {state.name: np.zeros(state.shape) for state in states}
        after |= {state.name: f"{state.name}_new" for state in states} | {name: f"{name}_new"}
        kept += [Equation(name, expression, Stage.UPDATE) for name, expression in new]
    return Step(Derivation(tuple(givens), tuple(kept)), after, step.data, "L", step.sample_axis), carried, data


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("rule", ["momentum", "decay", "adam"])
@pytest.mark.parametrize("size", [[3, 4, 2], [300, 150, 3]])
def test_optimisers(rule: str, size: list[int], convention: tuple[str, str]) -> None:
    step, carried, data = with_update(rule, size, convention)
    compare(step, carried, data, Batches(4, some_order("random", 4, 4, 10), 0.01))


# --- every operation of the table ------------------------------------------------------------------------------------

LIKE = {"diagonal": {"shape": (1, 3)}, "reshape": {"shape": (1, 9)}, "broadcast": {"shape": (3, 3)},
        "at_moment": {"shape": (2, 3)}, "padded": {"span": (1, 3, 2, 4), "shape": (3, 4)}}  # fmt: skip
LIKE |= {
    "average_pool_back": {"before": (3, 3), "window": 1},
    "max_pool_back": {"window": 1},
    "convolve_full": {"before": (5, 5)},
    "convolve_transposed": {"before": (5, 5)},
    "convolve_kernel": {"kernel": (1, 1)},
}
AWKWARD = np.array([[0.0, -0.0, 1.0], [np.inf, -np.inf, np.nan], [-2.5, 30.0, -120.0]])


OF_SEQUENCES = {"split_heads", "join_heads", "one_hot"}
"""Their data are rows of matrices, which this engine leaves to another."""


@pytest.mark.parametrize("name", sorted(TABLE.keys() - OF_SEQUENCES))
def test_every_operation(name: str) -> None:
    axes = (None, -1, -2) if "axis" in TABLE[name].parameters else (None,)
    for axis, awkward in product(axes, (False, True)):
        _compare_operation(name, axis, awkward)


def _compare_operation(name: str, axis: int | None, awkward: bool) -> None:
    operation = TABLE[name]
    shape = (1, 3) if name in ("diag", "at_moment") else (3, 3)
    w, x = Name("w", shape), Name("x", shape)
    more: dict[str, Any] = {"axis": axis} if "axis" in operation.parameters else LIKE.get(name, {})
    given = (x, apply("sum", w)) if name == "placed" else (x, w)
    value = apply(name, *given[: operation.arity], **more)
    seen = apply("sum", value)
    step = Step(
        Derivation(
            (w, x, Name("v", value.shape)),
            (
                Equation("u", value, Stage.FORWARD),
                Equation("s", seen, Stage.FORWARD),
                Equation("v_new", Name("u", value.shape) + 0, Stage.UPDATE),
                Equation("w_new", w * 0.5, Stage.UPDATE),
            ),
        ),
        {"v": "v_new", "w": "w_new"},
        ("x",),
        "s",
    )
    rng = np.random.default_rng(0)
    x_value = AWKWARD[: shape[0]] if awkward else rng.uniform(0.1, 2, shape)
    w_value = AWKWARD.T[: shape[0]] if awkward and name != "matmul" else rng.uniform(0.1, 2, shape)
    carried = {"w": w_value, "v": np.zeros(value.shape or (1, 1))}
    compare(step, carried, {"x": x_value}, Batches(2), rounds=1)


@pytest.mark.parametrize("at_zero", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("name", ["step", "relu", "leaky_relu", "leaky_step"])
def test_kinks(name: str, at_zero: float) -> None:
    x, v = Name("x", (3, 3)), Name("v", (3, 3))
    new = apply(name, x, at_zero=at_zero)
    step = Step(Derivation((x, v), (Equation("v_new", new, Stage.UPDATE),)), {"v": "v_new"}, ("x",))
    compare(step, {"v": np.zeros((3, 3))}, {"x": AWKWARD}, Batches(1))


# --- what else a step may hold ---------------------------------------------------------------------------------------


def small(updates: dict[str, Expression], givens: tuple[Name, ...], **more: Any) -> Step:
    """A step of a few equations; `a` becomes `a_new`."""
    equations = tuple(Equation(name, expression, Stage.UPDATE) for name, expression in updates.items())
    carried = {name.removesuffix("_new"): name for name in updates if name.endswith("_new")}
    return Step(Derivation(givens, equations), carried, ("x",), **more)


def test_noise_and_rates() -> None:
    w, x, d, eta = Name("w", (2, 2)), Name("x", (3, 2)), Name("d", (3, 2)), Name("eta")
    step = small({"h": d * (x @ w), "w_new": w - eta * (x.T @ Name("h", (3, 2)))}, (w, x, d, eta), noise=("d",))
    rng = np.random.default_rng(0)
    noise = {"d": rng.integers(0, 2, (3, 3, 2)).astype(float)}
    batches = Batches(3, None, np.array([0.1, 0.0, 0.3]), noise)
    compare(step, {"w": rng.normal(size=(2, 2))}, {"x": rng.normal(size=(3, 2))}, batches)


def test_states_that_change_places() -> None:
    a, b, c, x = Name("a", (2, 2)), Name("b", (2, 2)), Name("c", (2, 2)), Name("x", (2, 2))
    step = small({"a_new": b.T, "b_new": a + 0, "c_new": apply("identity", a)}, (a, b, c, x))
    rng = np.random.default_rng(0)
    carried = {name: rng.normal(size=(2, 2)) for name in "abc"}
    compare(step, carried, {"x": np.zeros((2, 2))}, Batches(3))


def test_the_old_weight_read_after_its_update() -> None:
    a, b, x = Name("a", (2, 2)), Name("b", (2, 2)), Name("x", (2, 2))
    step = small(
        {"a_new": a - 0.1 * (x @ b), "b_new": b - Name("a_new", (2, 2)) * a.T, "s": apply("sum", a * a)},
        (a, b, x),
        loss="s",
    )
    rng = np.random.default_rng(0)
    compare(step, {name: rng.normal(size=(2, 2)) for name in "ab"}, {"x": rng.normal(size=(2, 2))}, Batches(3))


def test_batch_normalisation() -> None:
    x, g, mu, eta = Name("x", (6, 3)), Name("g", (1, 3)), Name("mu", (1, 3)), Name("eta")
    centred = x - apply("mean", x, axis=-2)
    spread = apply("mean", centred**2, axis=-2)
    h = centred / apply("sqrt", spread + Name("epsilon")) * g
    step = small(
        {
            "h": h,
            "L": apply("sum", Name("h", (6, 3)) ** 2),
            "g_new": g - eta * apply("sum", 2 * Name("h", (6, 3)), axis=-2),
            "mu_new": 0.9 * mu + 0.1 * apply("mean", x, axis=-2),
        },
        (x, g, mu, eta, Name("epsilon")),
        loss="L",
    )
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(2, 3, (20, 3))}
    order = some_order("random", 5, 6, 20)
    carried = {"g": rng.normal(size=(1, 3)), "mu": np.zeros((1, 3))}
    compare(step, carried, data, Batches(5, order, 0.01), {"epsilon": 1e-5})


def test_what_overflows_is_silent_and_the_same() -> None:
    step, carried, data = network([3, 4, 2], ["relu", "identity"], "squared_error", samples=10)
    compare(step, carried, data, Batches(40, some_order("random", 40, 4, 10), 1e6), rounds=1)


def test_a_sample_that_is_not_there() -> None:
    step, carried, data = network([3, 4, 2], ["relu", "softmax"])
    engine = BlasEngine()
    run = engine.prepare(step, {})
    with pytest.raises(IndexError, match="10 samples"):
        run.steps(engine.carried(carried), engine.data(data), Batches(1, np.array([[0, 1, 2, 10]])))


def test_samples_counted_from_the_end() -> None:
    step, carried, data = network([3, 4, 2], ["relu", "softmax"])
    compare(step, carried, data, Batches(1, np.array([[0, -1, 2, -10]])))


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_numpy_without_openblas(convention: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lowering_program, "available", lambda: False)
    step, carried, data = with_update("momentum", [3, 4, 2], convention)
    compare(step, carried, data, Batches(4, some_order("random", 4, 4, 10), 0.01))


@pytest.mark.skipif(not lowering_blas.available(), reason="NumPy came without OpenBLAS")
def test_small_products_have_one_thread_and_the_process_has_its_own_number_afterwards(monkeypatch):
    library = lowering_blas._library()
    assert library is not None
    count, choose = library.scipy_openblas_get_num_threads64_, library.scipy_openblas_set_num_threads64_
    seen: list[int] = []
    point = blas._pointer
    monkeypatch.setattr(blas, "_pointer", lambda *given: lambda number: (seen.append(count()), point(*given)(number)))
    monkeypatch.setattr(lowering_blas, "ALONE", 1000)
    before = count()
    choose(2)
    try:
        for samples in (3, 40):
            step, carried, data = network([5, 3], ["softmax"], batch=samples, samples=samples)
            engine = BlasEngine("float32")
            order = np.arange(samples).reshape(1, samples)
            run = engine.prepare(step, {})
            with lowering_blas.threads_for(0):
                run.steps(engine.carried(carried), engine.data(data), Batches(1, order))
            run.steps(engine.carried(carried), engine.data(data), Batches(1, order))
            assert count() == 2
    finally:
        choose(before)
    assert seen == [1, 1, 1, 2]
