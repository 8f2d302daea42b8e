"""Training a network: its equations as a step, its data as arrays, its parameters afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.algebra.expression import replace as replaced
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.networks.data import Array, as_array
from chalkwork.networks.equations import backward, derive, forward, prediction, state_updates
from chalkwork.networks.optimisers import Optimiser
from chalkwork.networks.parameters import flat_shape
from chalkwork.networks.plan import Plan
from chalkwork.networks.updates import clipped, optimiser_givens, update
from chalkwork.training import loop
from chalkwork.training.checkpoint import Checkpoint, fingerprint
from chalkwork.training.engines import engine_of
from chalkwork.training.history import History
from chalkwork.training.schedules import Schedule
from chalkwork.training.step import Engine, Step, needed
from chalkwork.training.work import Work

if TYPE_CHECKING:
    from chalkwork.networks.network import NeuralNetwork

MOST_STEPS = 10**9


@dataclass(frozen=True)
class Settings:
    """How a network is trained; `NeuralNetwork.train` says what each means."""

    eta: float = 0.01
    iterations: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    shuffle: bool = True
    seed: int = 0
    optimizer: str | Mapping[str, Any] | Optimiser = "gradient_descent"
    schedule: str | Mapping[str, Any] | Schedule | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    sample_weight: Any = None
    class_weight: str | Mapping[int, float] | None = None
    validation: tuple[Any, Any] | float | None = None
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


def train_network(net: NeuralNetwork, x: Any, y: Any, settings: Settings) -> History:
    """Train the network in place; what happened on the way."""
    x, y, held_out, weights = _data(net, x, y, settings)
    weighted = weights is not None
    samples = x.shape[net.convention.sample_axis]
    work = _work(settings, samples)
    for size in {work.batch, work.rest} - {0}:
        net.plan(size, training=True).check_batch()
    optimiser = Optimiser.of(settings.optimizer)
    clip = _clip(settings)

    def step_of(size: int) -> Step:
        return training_step(net.plan(size, training=True, weighted=weighted), optimiser, tuple(clip))

    first = step_of(work.batch)
    engine = engine_of(settings.engine, settings.dtype, first, work.steps, settings.spread)
    data = {"x": x, "y": y} | ({"w": weights} if weights is not None else {})
    constants = net.constants | dict(optimiser.constants) | clip
    task = loop.Task(
        step_of=step_of,
        values=_start(net, first),
        data=data,
        work=work,
        rate=_positive(settings.eta, "eta"),
        schedule=Schedule.of(settings.schedule),
        constants={name.name: constants[name.name] for name in first.derivation.givens if name.name in constants},
        noise=Masks(settings.seed, first, net) if first.noise else None,
        evaluation=_evaluation(net, held_out, settings, work),
        keep_every=settings.checkpoint_every,
    )
    return _run(net, task, engine, settings)


def _run(net: NeuralNetwork, task: loop.Task, engine: Engine, settings: Settings) -> History:
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
    return run.history


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
                kept[name.name] = np.array(values[name.name], np.float64).reshape(flat_shape(name))


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


def without_overflow(plan: Plan, loss: Equation) -> Equation:
    """The loss with the logarithm of the output taken of the net input at once: equal, and finite where a is 0.

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 6.2.2.2.

    >>> from chalkwork.networks.layers import Dense
    >>> from chalkwork.networks.network import NeuralNetwork
    >>> plan = NeuralNetwork([Dense(1, "sigmoid", inputs=2)], "binary_cross_entropy").plan()
    >>> print(without_overflow(plan, forward(plan, 0, True)[-1]))
    L = -sum(y * z1 - softplus(z1))
    """
    if not plan.matched:
        return loss
    net, output = (plan.data(f"{letter}{plan.depth}", plan.layers[-1].units) for letter in "za")
    if plan.layers[-1].activation.name == "softmax":
        straight: dict[Expression, Expression] = {
            apply("xlogy", plan.y, output): plan.y * apply("log_softmax", net, axis=plan.convention.unit_axis)
        }
    else:
        both = apply("xlogy", plan.y, output) + apply("xlogy", 1 - plan.y, 1 - output)
        straight = {both: plan.y * net - apply("softplus", net)}
    return replace(loss, expression=replaced(loss.expression, straight))


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


# --- data ------------------------------------------------------------------------------------------------------------


def _data(
    net: NeuralNetwork, x: Any, y: Any, settings: Settings
) -> tuple[Array, Array, tuple[Array, Array] | None, Array | None]:
    """Inputs and targets as the equations need them, what is held out, and the weights of the samples."""
    axis = net.convention.sample_axis
    inputs = net.oriented_input(x)
    target = net.oriented_target(y, inputs.shape[axis])
    weights = _weights(net, target, settings)
    held_out = settings.validation
    if isinstance(held_out, tuple):
        other = net.oriented_input(held_out[0])
        return inputs, target, (other, net.oriented_target(held_out[1], other.shape[axis])), weights
    if held_out is None:
        if settings.patience is not None:
            raise ChalkworkError("early stopping needs validation data", hint="validation=0.1 holds a tenth out")
        return inputs, target, None, weights
    if isinstance(held_out, bool) or not isinstance(held_out, int | float) or not 0 < held_out < 1:
        raise ChalkworkError(f"validation is a pair of x and y, or a part between 0 and 1, not {held_out!r:.60}")
    samples = inputs.shape[axis]
    count = max(1, round(samples * held_out))
    if count >= samples:
        raise ChalkworkError(f"nothing is left to train on: {count} of {samples} samples are held out")
    order = np.random.default_rng([settings.seed, 2**31]).permutation(samples)
    kept, out = np.sort(order[count:]), np.sort(order[:count])
    rest = None if weights is None else _mean_one(weights.take(kept, axis))
    return inputs.take(kept, axis), target.take(kept, axis), (inputs.take(out, axis), target.take(out, axis)), rest


def _weights(net: NeuralNetwork, target: Array, settings: Settings) -> Array | None:
    """The weights of the samples, with mean one; None where all count the same."""
    if settings.sample_weight is None and settings.class_weight is None:
        return None
    samples = target.shape[net.convention.sample_axis]
    weights = np.ones(samples)
    if settings.sample_weight is not None:
        weights = as_array(settings.sample_weight, "sample_weight").reshape(-1)
        if len(weights) != samples:
            raise ShapeError(f"sample_weight has {len(weights)} entries, but there are {samples} samples")
        if (weights < 0).any() or not weights.any():
            raise ValueProblem("sample_weight holds a negative number, or nothing but zeros")
    if settings.class_weight is not None:
        weights = weights * _class_weights(net, target, settings.class_weight)
    return _mean_one(weights.reshape((1, -1) if net.convention.samples == "columns" else (-1, 1)))


def _mean_one(weights: Array) -> Array:
    return np.asarray(weights / weights.mean())


def _class_weights(net: NeuralNetwork, target: Array, wanted: str | Mapping[int, float]) -> Array:
    """A weight for every sample by its class; `balanced` gives every class the same in all."""
    axis = net.convention.unit_axis
    several = target.shape[axis] > 1
    classes = target.argmax(axis) + 1 if several else (target.reshape(-1) > 0.5).astype(int)
    present, counts = np.unique(classes, return_counts=True)
    if wanted == "balanced":
        table = {
            int(label): len(classes) / (len(present) * count) for label, count in zip(present, counts, strict=True)
        }
    elif isinstance(wanted, Mapping):
        table = {int(label): float(value) for label, value in wanted.items()}
        missing = [int(label) for label in present if int(label) not in table]
        if missing:
            raise ChalkworkError(f"class_weight says nothing of class {missing[0]}")
    else:
        raise ChalkworkError(f"class_weight is 'balanced' or a weight for each class, not {wanted!r:.60}")
    return np.array([table[int(label)] for label in classes])


def _work(settings: Settings, samples: int) -> Work:
    if settings.iterations is not None and (settings.epochs is not None or settings.batch_size is not None):
        raise ChalkworkError("iterations take all samples at once", hint="give epochs= with batch_size=")
    batch = samples if settings.batch_size is None else min(_whole(settings.batch_size, "batch_size"), samples)
    epochs = settings.iterations if settings.epochs is None else settings.epochs
    work = Work(samples, batch, _whole(100 if epochs is None else epochs, "epochs"), settings.shuffle, settings.seed)
    if work.steps > MOST_STEPS:
        raise ChalkworkError(f"{work.steps} steps are more than {MOST_STEPS}")
    return work


def _clip(settings: Settings) -> dict[str, float]:
    wanted = {"clip_norm": settings.clip_norm, "clip_value": settings.clip_value}
    return {name: _positive(value, name) for name, value in wanted.items() if value is not None}


def _positive(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < np.inf:
        raise ValueProblem(f"{name} is a positive number, not {value!r}")
    return float(value)


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ChalkworkError(f"{name} is a whole number from 1 on, not {value!r}")
    return int(value)


# --- measuring -------------------------------------------------------------------------------------------------------


def _evaluation(
    net: NeuralNetwork, held_out: tuple[Array, Array] | None, settings: Settings, work: Work
) -> loop.Evaluation | None:
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
    measure = None if held_out is None else Measure(net, *held_out)
    return loop.Evaluation(
        _whole(every, "evaluate_every"),
        measure,
        settings.callback,
        None if settings.patience is None else _whole(settings.patience, "patience"),
        float(settings.least_change),
    )


class Measure:
    """The loss on data held out, in inference and without penalties, and how many classes are right."""

    def __init__(self, net: NeuralNetwork, x: Array, y: Array) -> None:
        self.net, self.x, self.y = net, x, y
        plan = replace(net.plan(x.shape[net.convention.sample_axis]), penalties=())
        derivation = derive(plan, target=True)
        self.equations = needed(derivation, ["L", f"a{plan.depth}"])
        self.classes = next(iter(prediction(plan, 0)), None)
        self.constants = {name: np.array([[value]]) for name, value in net.constants.items()}

    def __call__(self, values: Mapping[str, Array]) -> dict[str, float]:
        """`validation_loss`, and `validation_accuracy` where the network classifies."""
        known: dict[str, Any] = {**self.constants, **values, "x": self.x, "y": self.y}
        with np.errstate(all="ignore"):
            for equation in self.equations:
                known[equation.name] = evaluate(equation.expression, known)
            found = {"validation_loss": float(known["L"].item())}
            if self.classes is not None:
                predicted = evaluate(self.classes.expression, known)
                axis = self.net.convention.unit_axis
                wanted = self.y.argmax(axis, keepdims=True) + 1 if self.y.shape[axis] > 1 else self.y
                found["validation_accuracy"] = float(np.mean(np.ravel(predicted) == np.ravel(wanted)))
        return found
