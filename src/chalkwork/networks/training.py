"""Training a network: its equations as a step, its data as arrays, its parameters afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.expression import Name
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.networks.arguments import flag
from chalkwork.networks.data import Array
from chalkwork.networks.equations import backward, forward, state_updates, without_overflow
from chalkwork.networks.fitting import check_outputs, check_targets, ordinary_loss, suspicions
from chalkwork.networks.labels import Labels
from chalkwork.networks.measuring import Measure
from chalkwork.networks.optimisers import Optimiser
from chalkwork.networks.parameters import checked
from chalkwork.networks.plan import Plan
from chalkwork.networks.settings import Settings
from chalkwork.networks.training_data import Samples, clip_of, samples_of, work_of
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


def train_network(net: NeuralNetwork, x: Any, y: Any, settings: Settings) -> History:
    """Train the network in place; what happened on the way."""
    samples, held_out, labels = samples_of(net, x, y, settings)
    work = work_of(settings, net.count(samples.x))
    for size in {work.batch, work.rest} - {0}:
        net.plan(size, training=True).check_batch()
    plan = net.plan(net.count(samples.x), weighted=samples.w is not None)
    check_outputs(plan)
    check_targets(plan, samples)
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
        rate=settings.rate(net.loss, work.batch),
        schedule=Schedule.of(settings.schedule),
        constants={name.name: constants[name.name] for name in first.derivation.givens if name.name in constants},
        noise=Masks(settings.seed, first, net) if first.noise else None,
        evaluation=_evaluation(net, held_out, settings, work, labels),
        keep_every=settings.checkpoint_every,
        ordinary=ordinary_loss(plan, samples, work.batch),
        suspicions=suspicions(plan, samples, settings, work.batch),
    )
    run = _run(net, task, engine, settings, held_out, labels)
    if settings.kept is not None:
        own = set(_own(net))
        settings.kept.clear()
        settings.kept.update({name: value for name, value in run.values.items() if name not in own})
    return run.history


def _run(
    net: NeuralNetwork,
    task: loop.Task,
    engine: Engine,
    settings: Settings,
    held_out: Samples | None,
    labels: Labels | None,
) -> loop.Snapshot:
    run = None
    if settings.checkpoint is not None:
        plan = net.plan(training=True, weighted="w" in task.data)
        own = set(_own(net)) & task.values.keys()
        identity = _identity(plan, task, engine, settings, held_out, own)
        file = Checkpoint(settings.checkpoint, identity, task.values, own)
        run = file.resumed()
        task = replace(task, keep=file.keep if leads(engine) else None)
    if run is None:
        run = task.begun(engine)
    net.labels = labels
    shown = None if settings.progress is None else bool(settings.progress)
    with loop.shown_progress(shown if leads(engine) else False, task.work.steps) as progress:
        try:
            loop.train(replace(task, progress=progress), engine, run)
        finally:  # whatever happened, what was learned is not lost
            if run.done:
                take(net, run.values)
    return run


def _identity(
    network: Plan, task: loop.Task, engine: Engine, settings: Settings, held_out: Samples | None, own: set[str]
) -> dict[str, str]:
    """All that the result of a run depends on, but for the network's own numbers: what others follow from is first."""
    step, evaluation = task.step_of(task.work.batch), task.evaluation
    equations = "\n".join(map(str, step.needed)).encode()
    work = asdict(task.work)
    counted = "iterations" if task.work.batch == task.work.samples else "epochs"
    held = held_out.x.shape[network.convention.sample_axis] if held_out else 0
    first = {
        "number of samples": work.pop("samples"), "number of validation samples": held,
        counted: work.pop("epochs"),
    }  # fmt: skip
    facts = {
        "network": sha256(repr(network).encode()).hexdigest(),
        **work, "optimiser": Optimiser.of(settings.optimizer).name, "rate": task.rate,
        "schedule": ", ".join([task.schedule.name, *(f"{key} {value!r}" for key, value in task.schedule.keywords)]),
        "warmup": task.schedule.warmup, **dict(sorted(task.constants.items())),
        "dtype": settings.dtype, "engine": engine.name, "patience": settings.patience,
        "least_change": settings.least_change, "evaluate_every": evaluation.every if evaluation else "never",
        "equations": sha256(equations).hexdigest(),
    }  # fmt: skip
    data = {
        "data": {"x": task.data["x"], "y": task.data["y"]},
        "weights of the samples": {name: value for name, value in task.data.items() if name == "w"},
        "validation data": held_out.named if held_out else {},
    }
    state = {name: value for name, value in task.values.items() if name not in own}
    return {**fingerprint(first, **data), **fingerprint(facts, **{"optimiser's state": state})}


def _own(net: NeuralNetwork) -> list[str]:
    """What a run carries on that belongs to the network."""
    return [name.name for name in (*net.plan().parameters(), *net.plan().state())]


def leads(engine: Engine) -> bool:
    """Whether this process is the one of many that writes files and shows progress."""
    devices = getattr(engine, "devices", None)
    return devices is None or bool(devices.is_first)


def take(net: NeuralNetwork, values: Mapping[str, Array]) -> None:
    """Put the values into the network."""
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
        raw = [Name(f"d{name.name}", name.shape) for name in plan.parameters()]
        equations += clipped(raw, "clip_norm" in clip, "clip_value" in clip)
    equations += update(plan, 0, optimiser, count, "clipped_d" if clip else "d") + state_updates(plan, 0)
    equations.append(Equation("t_new", count + 1, Stage.UPDATE))
    data = [plan.x, plan.y, *([plan.w] if plan.weighted else [])]
    givens = [*data, *plan.parameters(), *plan.state(), *plan.masks, *plan.constants(), *map(Name, clip), count]
    derivation = Derivation((*givens, *optimiser_givens(plan, optimiser)), tuple(equations))
    updated = {name: f"{name}_new" for given in derivation.givens if f"{(name := given.name)}_new" in derivation}
    uses_count = any("^ t" in text or "^t" in text for _, text in optimiser.lines)
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
        self.seed = int(seed)
        self.columns = net.convention.samples == "columns"
        rates = {f"mask{number}": layer.kind.drop_rate for number, layer in enumerate(net.layers, 1)}
        self.rates = {name: rates[name] for name in step.noise}
        self.most = {name: -(-shapes[name][0] * shapes[name][1] // 4) for name in step.noise}

    def __repr__(self) -> str:
        return f"Masks(seed={self.seed}, rates={self.rates})"

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


def _evaluation(
    net: NeuralNetwork, held_out: Samples | None, settings: Settings, work: Work, labels: Labels | None
) -> loop.Evaluation | None:
    every = settings.evaluate_every
    if every is None:
        if held_out is None and settings.callback is None and work.batch == work.samples:
            return None
        every = 1 if work.batch < work.samples else max(1, work.epochs // 100)
    return loop.Evaluation(
        int(every),
        None if held_out is None else Measure(net, held_out.x, held_out.y, held_out.w, labels),
        None if settings.callback is None else _Called(net, settings.callback),
        settings.patience,
        float(settings.least_change),
    )


class _Called:
    """A callback of somebody's, who finds the network as it is then, and may change its parameters."""

    def __init__(self, net: NeuralNetwork, callback: Callable[[dict[str, float]], Any]) -> None:
        self.net, self.callback = net, callback

    def __call__(self, row: dict[str, float], run: loop.Snapshot) -> bool:
        """Whether to stop. Raises ChalkworkError for an answer that is neither True, False nor None."""
        take(self.net, run.values)
        before = self._values()
        answer = self.callback(row)
        after = self._values()
        if any(not np.array_equal(after[name], before[name]) for name in after):
            run.values = {**run.values, **{name: after[name].astype(run.values[name].dtype) for name in after}}
        return answer is not None and flag(answer, "what the callback gives back")

    def _values(self) -> dict[str, Array]:
        plan = self.net.plan()
        held = checked(self.net.parameters, plan) | checked(self.net.state, plan, "running statistic")
        return {name: value.copy() for name, value in held.items()}
