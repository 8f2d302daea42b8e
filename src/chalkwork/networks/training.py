"""Training a network: its equations as a step, its data as arrays, its parameters afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Name, apply
from chalkwork.algebra.operations import words
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.networks.batches import Source
from chalkwork.networks.data import Array, as_array
from chalkwork.networks.equations import backward, forward, state_updates, without_overflow
from chalkwork.networks.fitting import ordinary_loss, suspicions
from chalkwork.networks.given import data_of
from chalkwork.networks.labels import CLASSIFY, Labels
from chalkwork.networks.measuring import Measure, Penalty
from chalkwork.networks.metrics import metrics_of
from chalkwork.networks.model import Model
from chalkwork.networks.moments import Called, Lines, callbacks_of
from chalkwork.networks.optimisers import Optimiser
from chalkwork.networks.plan import Plan
from chalkwork.networks.settings import Settings
from chalkwork.networks.training_data import Samples, clip_of
from chalkwork.networks.updates import clipped, optimiser_givens, update
from chalkwork.training import loop
from chalkwork.training.checkpoint import Checkpoint, fingerprint, kept_engine
from chalkwork.training.engines import engine_of
from chalkwork.training.history import History
from chalkwork.training.lbfgs import minimise
from chalkwork.training.step import Engine, Step
from chalkwork.training.stream import Stream
from chalkwork.training.work import Work

MANY_STEPS = 10_000
"""So many are reckoned with where a source of batches does not say."""


def train_network(net: Model, x: Any, y: Any, settings: Settings) -> History:
    """Train the network in place; what happened on the way."""
    samples, held_out, labels, work = data_of(net, x, y, settings)
    count, weighted, numbered = net.count(samples.x), samples.w is not None, bool(samples.classes)
    plan, optimiser, clip = net.plan(count), settings.rule, clip_of(settings)

    def step_of(size: int) -> Step:
        plan = net.plan(size, training=True, weighted=weighted)
        return training_step(plan, optimiser, tuple(clip), numbered)

    first = step_of(work.batch)
    chosen = isinstance(settings.engine, str) and settings.engine == "auto"
    name = (kept_engine(settings.checkpoint) if chosen else "") or settings.engine
    engine = engine_of(name, settings.dtype, first, work.steps or MANY_STEPS, count, settings.spread)
    constants = net.constants | dict(optimiser.constants) | clip
    task = loop.Task(
        step_of=step_of,
        values=_start(net, first) | _kept(net, first, settings.optimizer_state),
        data=samples.named if type(work) is Work else {},
        work=work,
        rate=settings.rate(net.loss, work.batch),
        schedule=settings.rates,
        constants={name.name: constants[name.name] for name in first.derivation.givens if name.name in constants},
        noise=Masks(settings.seed, first, net) if first.noise else None,
        evaluation=_evaluation(net, samples, held_out, settings, work, labels, leads(engine)),
        keep_every=settings.checkpoint_every,
        ordinary=ordinary_loss(plan, samples, work.batch),
        suspicions=suspicions(plan, samples, settings, work.batch),
    )
    del samples  # of a source, the first batch
    run = _run(net, task, engine, settings, held_out, labels, weighted)
    own = set(_own(net))
    run.history.optimizer_state = {name: value for name, value in run.values.items() if name not in own}
    return run.history


def _run(
    net: Model,
    task: loop.Task,
    engine: Engine,
    settings: Settings,
    held_out: Samples | Source | None,
    labels: Labels | None,
    weighted: bool,
) -> loop.Snapshot:
    run = None
    if settings.checkpoint is not None:
        plan = net.plan(training=True, weighted=weighted)
        own = set(_own(net)) & task.values.keys()
        identity = _identity(plan, task, engine, settings, held_out, own)
        file = Checkpoint(settings.checkpoint, identity, task.values, own, not task.schedule.uses_total)
        run = file.resumed()
        if run is not None and run.place is not None and isinstance(task.work, Stream):
            try:
                task.work.resume(run.place)
            except ChalkworkError as error:
                raise error.at(file=str(settings.checkpoint)) from None
        task = replace(task, keep=file.keep if leads(engine) else None)
    if run is None:
        run = task.begun(engine)
    net.labels = labels
    shown = None if settings.progress is None else bool(settings.progress)
    with loop.shown_progress(shown if leads(engine) else False, task.work.steps) as progress:
        try:
            task = replace(task, progress=progress)
            if settings.lbfgs is None:
                loop.train(task, engine, run)
            else:
                minimise(task, engine, run, settings.lbfgs)
        finally:  # whatever happened, what was learned is not lost
            if run.done:
                net.take(run.values)
    return run


def _identity(
    network: Plan, task: loop.Task, engine: Engine, settings: Settings, held_out: Samples | Source | None, own: set[str]
) -> dict[str, str]:
    """All that the result of a run depends on, but for the network's own numbers: what others follow from is first."""
    step, evaluation = task.step_of(task.work.batch), task.evaluation
    equations = "\n".join(map(str, step.needed)).encode()
    work = dict(task.work.facts)
    counted = "iterations" if task.work.batch == work["samples"] else "epochs"
    first_held = held_out.first if isinstance(held_out, Source) else held_out
    held = first_held.x.shape[network.convention.sample_axis] if first_held else 0
    first = {
        "number of samples": work.pop("samples"), "number of validation samples": held,
        counted: work.pop("epochs"),
    }  # fmt: skip
    facts = {
        "network": sha256(repr(network).encode()).hexdigest(),
        **work, "optimiser": settings.rule.name, "rate": task.rate,
        "schedule": str(settings.plateau or task.schedule.told(task.work.steps)),
        "warmup": task.schedule.warmup, **dict(sorted(task.constants.items())),
        "dtype": settings.dtype, "engine": engine.name, "patience": settings.patience,
        "least_change": settings.least_change, "evaluate_every": evaluation.every if evaluation else "never",
        "equations": sha256(equations).hexdigest(),
    }  # fmt: skip
    data = {
        "data": {name: value for name, value in task.data.items() if name != "w"},
        "weights of the samples": {name: value for name, value in task.data.items() if name == "w"},
        "validation data": first_held.arrays if first_held else {},
    }
    state = {name: value for name, value in task.values.items() if name not in own}
    return {**fingerprint(first, **data), **fingerprint(facts, **{"optimiser's state": state})}


def _own(net: Model) -> list[str]:
    """What a run carries on that belongs to the network."""
    return [name.name for name in (*net.plan().parameters(), *net.plan().state())]


def leads(engine: Engine) -> bool:
    """Whether this process is the one of many that writes files and shows progress."""
    devices = getattr(engine, "devices", None)
    return devices is None or bool(devices.is_first)


@lru_cache(maxsize=32)
def training_step(plan: Plan, optimiser: Optimiser, clip: tuple[str, ...] = (), numbered: bool = False) -> Step:
    """The equations of one training step, for a batch of as many samples as the plan has.

    Where the targets are `numbered`, the step takes the number `k` of each sample's class, and makes `y` of it.

    >>> from chalkwork import Dense
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
    target = plan.y
    if numbered:
        target = plan.data("k", 1)
        hot = apply("one_hot", target, count=plan.layers[-1].units, along=plan.convention.unit_axis)
        equations = [Equation(plan.y.name, hot, Stage.FORWARD), *equations]
    data = [plan.x, target, *([plan.w] if plan.weighted else [])]
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


def _start(net: Model, step: Step) -> dict[str, Array]:
    """The carried values before the first step: those of the network, and zero for what an optimiser keeps."""
    own = net.values(step.derivation, net.plan())
    shapes = step.derivation.shapes()
    ready = {name: own.get(name, np.zeros(shapes[name] or (1, 1))) for name in step.carried}
    if "t" in ready:
        ready["t"] = np.ones((1, 1))
    return ready


class Masks:
    """The masks of dropout: the same for the same seed and step, whatever was done before."""

    def __init__(self, seed: int, step: Step, net: Model) -> None:
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
            if rows * columns > 4 * self.most[name]:
                raise ChalkworkError("with dropout, no batch of data may have more samples than the first one")
            kept = (drawn[:, : rows * columns] >= rate).reshape(count, rows, columns)
            found[name] = kept
        return found


def _kept(net: Model, step: Step, state: Mapping[str, Any] | None) -> dict[str, Array]:
    """What an optimiser kept of an earlier run, to go on with; ChalkworkError where it is not this one's."""
    if state is None:
        return {}
    if not isinstance(state, Mapping):
        raise ChalkworkError(f"optimizer_state is that of a history, not {state!r:.60}")
    own, shapes = set(_own(net)), step.derivation.shapes()
    wanted = [name for name in step.carried if name not in own]
    if set(state) != set(wanted):
        has = ", ".join(wanted) or "nothing"
        raise ChalkworkError(f"optimizer_state holds other names than this optimiser keeps: {has}")
    found = {name: as_array(state[name], name, most=max(2, len(shapes[name]))) for name in wanted}
    for name, value in found.items():
        if value.shape != (shapes[name] or (1, 1)):
            raise ShapeError(f"{name} is {words(value.shape)}, but {words(shapes[name])} is needed")
    return found


def _evaluation(
    net: Model, samples: Samples, held_out: Samples | Source | None, settings: Settings, work: Work | Stream,
    labels: Labels | None, leads: bool,
) -> loop.Evaluation | None:  # fmt: skip
    classifies = net.layers[-1].activation.name in CLASSIFY
    metrics, callbacks = metrics_of(settings.metrics, classifies), callbacks_of(settings.callback)
    whole = isinstance(work, Work) and work.batch == work.samples
    if settings.verbose and leads:
        callbacks = (Lines(work.epochs, "iteration" if whole else "epoch"), *callbacks)
    every, asked = settings.evaluate_every, bool(held_out or callbacks or metrics or settings.plateau)
    if every is None:
        if not asked and whole:
            return None
        every = max(1, work.epochs // 100) if whole else 1
    plateau = settings.plateau
    measures: list[Callable[[Mapping[str, Array]], dict[str, float]]] = (
        [Measure(net, samples, labels, metrics, loss=False)] if metrics and settings.data is None else []
    )
    if net.l1 or net.l2:
        measures.append(Penalty(net))
    if held_out is not None:
        measures.append(Measure(net, held_out, labels, metrics, "validation_"))
    elif plateau is not None and plateau.monitor.startswith("validation_"):
        raise ChalkworkError(f"the plateau watches {plateau.monitor}, and there is no validation data")
    return loop.Evaluation(
        int(every),
        lambda values: {name: value for measure in measures for name, value in measure(values).items()},
        Called(net, callbacks, settings.rate(net.loss, work.batch)) if callbacks else None,
        settings.patience,
        float(settings.least_change),
        plateau=plateau,
    )
