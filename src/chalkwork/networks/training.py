"""Training a network: its equations as a step, its data as arrays, its parameters afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.expression import Name
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.networks.data import Array
from chalkwork.networks.equations import backward, forward, state_updates, without_overflow
from chalkwork.networks.measuring import Measure
from chalkwork.networks.optimisers import Optimiser
from chalkwork.networks.plan import Plan
from chalkwork.networks.training_data import Samples, clip_of, positive, samples_of, whole, work_of
from chalkwork.networks.updates import clipped, optimiser_givens, update
from chalkwork.training import loop
from chalkwork.training.checkpoint import Checkpoint, fingerprint
from chalkwork.training.engines import engine_of
from chalkwork.training.history import History
from chalkwork.training.schedules import Schedule
from chalkwork.training.step import Engine, Step
from chalkwork.training.work import Work

if TYPE_CHECKING:
    from chalkwork.networks.network import NeuralNetwork


@dataclass(frozen=True)
class Settings:
    """How a network is trained; `NeuralNetwork.train` says what each means."""

    eta: float = 0.01
    iterations: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    shuffle: bool = True
    drop_last: bool = False
    seed: int = 0
    optimizer: str | Mapping[str, Any] | Optimiser = "gradient_descent"
    schedule: str | Mapping[str, Any] | Schedule | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    sample_weight: Any = None
    class_weight: str | Mapping[int, float] | None = None
    validation: tuple[Any, ...] | float | None = None
    patience: int | None = None
    least_change: float = 0.0
    callback: Callable[[dict[str, float]], Any] | None = None
    evaluate_every: int | None = None
    dtype: str = "float64"
    engine: str = "auto"
    progress: bool | None = None
    checkpoint: str | Path | None = None
    checkpoint_every: float = 30.0
    spread: int = 1
    kept: dict[str, Array] | None = None
    """What the optimiser kept of an earlier run, to go on with; what it keeps of this one is put in its place."""


def train_network(net: NeuralNetwork, x: Any, y: Any, settings: Settings) -> History:
    """Train the network in place; what happened on the way."""
    samples, held_out = samples_of(net, x, y, settings)
    work = work_of(settings, samples.x.shape[net.convention.sample_axis])
    for size in {work.batch, work.rest} - {0}:
        net.plan(size, training=True).check_batch()
    optimiser = Optimiser.of(settings.optimizer)
    clip = clip_of(settings)

    def step_of(size: int) -> Step:
        return training_step(net.plan(size, training=True, weighted=samples.w is not None), optimiser, tuple(clip))

    first = step_of(work.batch)
    engine = engine_of(settings.engine, settings.dtype, first, work.steps, settings.spread)
    constants = net.constants | dict(optimiser.constants) | clip
    task = loop.Task(
        step_of=step_of,
        values=_start(net, first) | (settings.kept or {}),
        data=samples.named,
        work=work,
        rate=positive(settings.eta, "eta"),
        schedule=Schedule.of(settings.schedule),
        constants={name.name: constants[name.name] for name in first.derivation.givens if name.name in constants},
        noise=Masks(settings.seed, first, net) if first.noise else None,
        evaluation=_evaluation(net, held_out, settings, work),
        keep_every=settings.checkpoint_every,
    )
    history, values = _run(net, task, engine, settings)
    if settings.kept is not None:
        own = {name.name for name in (*net.plan().parameters(), *net.plan().state())}
        settings.kept.clear()
        settings.kept.update({name: value for name, value in values.items() if name not in own})
    return history


def _run(net: NeuralNetwork, task: loop.Task, engine: Engine, settings: Settings) -> tuple[History, dict[str, Array]]:
    run = None
    if settings.checkpoint is not None:
        identity = {
            "network": repr(net), "optimiser": Optimiser.of(settings.optimizer), "rate": task.rate,
            "schedule": task.schedule, "work": task.work, "constants": sorted(task.constants.items()),
            "dtype": settings.dtype, "engine": engine.name, "patience": settings.patience,
        }  # fmt: skip
        file = Checkpoint(settings.checkpoint, fingerprint(identity, task.data))
        run = file.resumed()
        task = replace(task, keep=file.keep if leads(engine) else None)
    with loop.shown_progress(settings.progress if leads(engine) else False, task.work.steps) as progress:
        try:
            run = loop.train(replace(task, progress=progress), engine, run)
        except loop.Diverged as error:
            _take(net, error.run.values)
            raise
    _take(net, run.values)
    return run.history, run.values


def leads(engine: Engine) -> bool:
    """Whether this process is the one of many that writes files and shows progress."""
    devices = getattr(engine, "devices", None)
    return devices is None or bool(devices.is_first)


def _take(net: NeuralNetwork, values: Mapping[str, Array]) -> None:
    """The values back into the network."""
    plan = net.plan()
    for kept, names in ((net.parameters, plan.parameters()), (net.state, plan.state())):
        for name in names:
            if name.name in values:
                kept[name.name] = np.array(values[name.name], np.float64).reshape(plan.held_shape(name))


@lru_cache(maxsize=32)
def training_step(plan: Plan, optimiser: Optimiser, clip: tuple[str, ...] = ()) -> Step:
    """The equations of one training step, for a batch of as many samples as the plan has.

    >>> from chalkwork.networks.layers import Dense
    >>> from chalkwork.networks.network import NeuralNetwork
    >>> net = NeuralNetwork([Dense(1, inputs=2, bias=False)])
    >>> for equation in training_step(net.plan(4), Optimiser.of("momentum")).needed:
    ...     print(equation)
    z1 = x @ W1
    a1 = identity(z1)
    L = (1/2) * sum((a1 - y)^2)
    delta1 = a1 - y
    dW1 = x.T @ delta1
    vW1_new = mu * vW1 + dW1
    W1_new = W1 - eta * vW1_new
    """
    count = Name("t")
    equations = forward(plan, 0, True)
    equations += backward(plan, 0, equations)
    equations = [without_overflow(plan, equation) if equation.name == "L" else equation for equation in equations]
    if clip:
        equations += clipped(plan, "clip_norm" in clip, "clip_value" in clip)
    equations += update(plan, 0, optimiser, count, "clipped_d" if clip else "d") + state_updates(plan, 0)
    equations.append(Equation("t_new", count + 1, Stage.UPDATE))
    data = [plan.x, plan.y, *([plan.w] if plan.weighted else [])]
    givens = [*data, *plan.parameters(), *plan.state(), *plan.masks, *plan.constants(), *map(Name, clip), count]
    derivation = Derivation((*givens, *optimiser_givens(plan, optimiser)), tuple(equations))
    updated = {name: f"{name}_new" for given in derivation.givens if f"{(name := given.name)}_new" in derivation}
    uses_count = any("^ t" in text or "^t" in text for _, text in optimiser.rule.lines)
    if not uses_count:
        del updated["t"]
    return Step(
        derivation,
        updated,
        tuple(name.name for name in data),
        "L",
        plan.convention.sample_axis,
        tuple(name.name for name in plan.masks),
    )


def _start(net: NeuralNetwork, step: Step) -> dict[str, Array]:
    """The carried values before the first step: those of the network, and zero for what an optimiser keeps."""
    own = net.values(step.derivation, net.plan())
    shapes = step.derivation.shapes()
    ready = {name: own.get(name, np.zeros(shapes[name] or (1, 1))) for name in step.carried}
    if "t" in ready:
        ready["t"] = np.ones((1, 1))
    return ready


class Masks:
    """The masks of dropout: the same for the same seed and step, whatever was done before."""

    def __init__(self, seed: int, step: Step, net: NeuralNetwork) -> None:
        shapes = step.derivation.shapes()
        self.seed = seed
        self.columns = net.convention.samples == "columns"
        rates = {f"mask{number}": layer.kind.drop_rate for number, layer in enumerate(net.layers, 1)}
        self.rates = {name: rates[name] for name in step.noise}
        self.most = {name: -(-shapes[name][0] * shapes[name][1] // 4) for name in step.noise}

    def __call__(self, step: Step, first: int, count: int) -> dict[str, Array]:
        """The masks of `count` steps from number `first` on, stacked."""
        shapes = step.derivation.shapes()
        found = {}
        for place, (name, rate) in enumerate(self.rates.items()):
            source = np.random.Philox(key=[self.seed, place]).advance(first * self.most[name])
            drawn = np.random.Generator(source).random((count, 4 * self.most[name]))
            rows, columns = shapes[name]
            kept = (drawn[:, : rows * columns] >= rate).reshape(count, rows, columns)
            found[name] = kept
        return found


def _evaluation(net: NeuralNetwork, held_out: Samples | None, settings: Settings, work: Work) -> loop.Evaluation | None:
    every = settings.evaluate_every
    if every is None:
        every = 1 if work.batch < work.samples else max(1, work.epochs // 100)
    if (
        held_out is None
        and settings.callback is None
        and work.batch == work.samples
        and settings.evaluate_every is None
    ):
        return None
    measure = None if held_out is None else Measure(net, held_out.x, held_out.y, held_out.w)
    return loop.Evaluation(
        whole(every, "evaluate_every"),
        measure,
        settings.callback,
        None if settings.patience is None else whole(settings.patience, "patience"),
        float(settings.least_change),
    )
