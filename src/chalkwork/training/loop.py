"""The training loop: chunks of steps, a history, and everything that can happen on the way."""

from __future__ import annotations

import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.training.diagnosis import Problem, Suspicion, diagnosis, risen
from chalkwork.training.history import History
from chalkwork.training.schedules import Plateau, Schedule
from chalkwork.training.step import Array, Batches, Engine, EngineStopped, Run, Step, Values
from chalkwork.training.stream import Stream
from chalkwork.training.work import Chunk, Place, Work, steps_in_one_go

ENDINGS = ("early stopping", "callback")
"""What ends a run for good: called again, it is as it was."""
FEWEST_LOSSES = 5
"""So many in a row are beyond all bounds before a run is given up: one or two may be the swing of a momentum."""


class Diverged(ChalkworkError):
    """The loss is no number any more, or so large that nothing can be learned; `run` is the run as far as it is sound.

    `run.history` holds the losses.
    """

    run: Snapshot


@dataclass
class Snapshot:
    """A run after some whole number of steps: all that is needed to go on as if nothing had happened."""

    values: dict[str, Array]
    """What is carried."""
    done: int = 0
    """Steps done."""
    history: History = field(default_factory=History)
    total: float = 0.0
    """The sum of the losses of all samples since the last measurement."""
    count: int = 0
    """The number of those samples."""
    best: float = np.inf
    best_values: dict[str, Array] | None = None
    waited: int = 0
    factor: float = 1.0
    """What the learning rate is multiplied with, besides the schedule: a callback may have changed it."""
    place: Place | None = None
    """How far it has come in a source of batches."""


@dataclass(frozen=True)
class Evaluation:
    """What a run is measured by between epochs, and whether to go on."""

    every: int
    """Epochs between two measurements."""
    measure: Callable[[Mapping[str, Array]], dict[str, float]] | None = None
    callback: Callable[[dict[str, float], Snapshot], bool] | None = None
    """Called after each with the run so far, whose values it may replace; the run ends when it returns True."""
    patience: int | None = None
    """So many measurements without a better one end the run."""
    least_change: float = 0.0
    monitor: str = "validation_loss"
    plateau: Plateau | None = None

    def after(self, row: dict[str, float], run: Snapshot) -> str:
        """Note one measurement; the result is why to stop, or nothing."""
        if self.measure is not None:
            row.update(self.measure(run.values))
        run.history.epochs.append(row)
        run.total, run.count = 0.0, 0
        if self.patience is not None:
            score = row.get(self.monitor, np.nan)
            if score < run.best - self.least_change:
                run.best, run.waited = score, 0
                run.best_values = {name: value.copy() for name, value in run.values.items()}
            else:
                run.waited += 1
        before = run.factor
        if self.callback is not None and self.callback(dict(row), run):
            return "callback"
        if self.plateau is not None and run.factor == before:
            run.factor *= self.plateau.after(run.history.column(self.plateau.monitor))
        return "early stopping" if self.patience is not None and run.waited >= self.patience else ""


@dataclass(frozen=True)
class Task:
    """A whole run, before it begins: the equations, the numbers, and how they are gone through."""

    step_of: Callable[[int], Step]
    """The step for a batch of so many samples."""
    values: Values
    """What is carried, at the start."""
    data: Values
    """What all steps take their samples from; nothing where the work brings them."""
    work: Work | Stream
    rate: float
    schedule: Schedule = field(default_factory=Schedule)
    constants: Mapping[str, float] = field(default_factory=dict)
    noise: Callable[[Step, int, int], dict[str, Array]] | None = None
    """Draws what a step with noise needs: for the step, the number of the first one and how many."""
    evaluation: Evaluation | None = None
    keep: Callable[[Snapshot], None] | None = None
    """Keeps a run somewhere, so that it can go on after anything."""
    keep_every: float = 30.0
    """Seconds between two times of keeping."""
    progress: Callable[[int, int, float], None] | None = None
    """Told how many steps are done, of how many, and the last loss."""
    ordinary: float = 0.0
    """The loss of a batch that nobody wonders at, such as that of an output which says nothing."""
    suspicions: tuple[Suspicion, ...] = ()
    """What is the likely cause if the loss rises, the likeliest first."""

    def begun(self, engine: Engine) -> Snapshot:
        """The run before its first step."""
        return Snapshot({name: np.array(value, engine.dtype) for name, value in self.values.items()})


def train(task: Task, engine: Engine, run: Snapshot) -> None:
    """Do all steps that are left of the run, in place: whatever happens, it is sound, and kept where `keep` does.

    Ctrl-C ends it with the values so far; SIGTERM too, where they are kept, and then the process.

    Raises Diverged, with the step, the equation and the likely cause, where the
    loss or a value is no number any more or the loss has risen beyond all bounds; warns where it merely ended higher
    than it may. What a callback raises passes on.
    """
    with _terminated(task.keep is not None):
        Training(task, engine, run).go()


@contextmanager
def _terminated(kept: bool) -> Iterator[None]:
    """While it lasts, SIGTERM interrupts as Ctrl-C does where the run is kept, and ends the process afterwards."""
    usual = signal.getsignal(signal.SIGTERM)
    if not kept or usual is not signal.SIG_DFL or threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual)
        if asked:
            raise SystemExit(128 + asked[0])


class Training:
    """A run in progress."""

    def __init__(self, task: Task, engine: Engine, run: Snapshot) -> None:
        self.task, self.engine, self.run = task, engine, run
        self.history = self.run.history
        self.history.engine = engine.name
        self.data = engine.data(task.data)
        self.carried = engine.carried(self.run.values)
        self.prepared: dict[int, tuple[Step, Run]] = {}
        self.most = 0
        self.kept_at = time.monotonic()

    def go(self) -> None:
        """All chunks that are left."""
        if self.run.done == 0:
            self._kept()  # a file that cannot be written is noticed before the work
        started = time.perf_counter() - self.history.seconds
        if not self.history.stopped.startswith(ENDINGS):
            self.history.stopped = ""
        try:
            if not self.history.stopped:
                self.all_steps(lambda: time.perf_counter() - started)
        except KeyboardInterrupt:
            self.history.stopped = "interrupted"
        except BaseException as error:
            kinds: dict[type, str] = {EngineStopped: "engine stopped", Diverged: f"diverged: {error}"}
            self.history.stopped = kinds.get(type(error), "exception")
            try:
                self._kept()
            except ChalkworkError as unkept:
                error.add_note(str(unkept))
            raise
        self.history.seconds = time.perf_counter() - started
        best = self.run.best_values is not None and self.history.stopped != "interrupted"
        if not best:
            self._judge()
        self._kept()
        if best:
            self.run.values = self.run.best_values or {}

    def all_steps(self, seconds: Callable[[], float]) -> None:
        """Do the chunks that are left, until somebody stops the run."""
        for chunk in self._chunks():
            self._do(chunk)
            self.history.seconds = seconds()
            self.history.stopped = self.between(chunk)
            if self.history.stopped:
                return
        self.history.stopped = self.task.work.ended

    def _judge(self) -> None:
        """Say so where the loss ended higher than it may."""
        if self.history.stopped == "interrupted" or not self.history.steps:
            return
        last = self.history.last(min(self.task.work.steps_an_epoch, -(-self.history.steps // 2)))
        problem = self._risen(float(np.median(last)))
        if problem is not None:
            said = f"diverged: {ChalkworkError(problem.message, hint=problem.hint)}"
            self.history.stopped = "; ".join(filter(None, [self.history.stopped, said]))
            warnings.warn(f"the training {said}", stacklevel=7)

    def _chunks(self) -> Iterator[Chunk]:
        work, evaluation = self.task.work, self.task.evaluation
        step, _ = self._prepared(work.batch)
        shapes = step.derivation.shapes()
        noise = sum(int(np.prod(shapes[name])) for name in step.noise)
        most = steps_in_one_go(step.seconds(self.engine.name), noise)
        yield from work.chunks(self.run.done, most, evaluation.every if evaluation else work.epochs)

    def _prepared(self, size: int) -> tuple[Step, Run]:
        if size not in self.prepared:
            step = self.task.step_of(size)
            self.prepared[size] = (step, self.engine.prepare(step, self.task.constants, size != self.task.work.batch))
        return self.prepared[size]

    def _do(self, chunk: Chunk) -> None:
        """One chunk, all of it or nothing."""
        if not chunk.count:
            self.run.place = chunk.places[-1]
            return
        step, run = self._prepared(chunk.size)
        if chunk.parts:
            self.data = self.engine.data(self._data(chunk, step))
        carried, losses = run.steps(self.carried, self.data, self._batches(chunk, step, chunk.count))
        values = self.engine.plain(carried)
        if not np.isfinite(losses).all() or not all(np.isfinite(value).all() for value in values.values()):
            raise self.diverged(chunk, losses)
        self.carried = carried
        self.advance(values, losses, chunk)
        self._bounded()

    def _bounded(self) -> None:
        """Raise Diverged where the last losses, all of them, are beyond all bounds."""
        last = self.history.last(max(self.task.work.steps_an_epoch, FEWEST_LOSSES))
        problem = self._risen(float(last.min()))
        if problem is not None and problem.hopeless:
            raise self._error(problem)

    def _risen(self, end: float) -> Problem | None:
        task = self.task
        return risen(self.history.first, end, task.ordinary, task.rate, task.suspicions)

    def _error(self, problem: Problem) -> Diverged:
        error = Diverged(problem.message, equation=problem.equation, hint=problem.hint)
        error.run = self.run
        return error

    def _data(self, chunk: Chunk, step: Step) -> Values:
        """What the chunk takes its samples from; for a compiler, fewer batches than before take as much room."""
        if not chunk.parts:
            return self.task.data
        self.most = max(self.most, len(chunk.parts)) if self.engine.name == "jax" else 0
        parts, axes = [*chunk.parts, *chunk.parts[-1:] * (self.most - len(chunk.parts))], step.sample_axes
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts], axes[name]) for name in step.data}

    def advance(self, values: dict[str, Array], losses: Array, chunk: Chunk) -> None:
        """Note that the first steps of a chunk are done, with what is carried after them."""
        run, size = self.run, chunk.size
        if chunk.places:
            run.place = chunk.places[len(losses) - 1]
        run.values, run.done = values, run.done + len(losses)
        each = np.append(run.total, losses.astype(np.float64) * size)
        run.total = float(np.add.accumulate(each)[-1])  # one after another, however the steps are cut into chunks
        run.count += len(losses) * size
        self.history.add(losses)

    def _batches(self, chunk: Chunk, step: Step, count: int) -> Batches:
        task = self.task
        rates = task.schedule.rates(task.rate * self.run.factor, chunk.start, count, task.work.steps)
        noise = task.noise(step, chunk.start, count) if task.noise is not None and step.noise else {}
        return Batches(count, None if chunk.order is None else chunk.order[:count], rates, noise)

    def diverged(self, chunk: Chunk, losses: Array) -> Diverged:
        """Go to the step at which it happened, keep what was sound before it, and say why."""
        step, run = self._prepared(chunk.size)
        bad = np.flatnonzero(~np.isfinite(losses))
        count = max(0, int(bad[0]) - 1) if bad.size else chunk.count - 1  # a step's loss is that before its update
        if count:
            again = self.engine.carried(self.run.values)
            before, good = run.steps(again, self.data, self._batches(chunk, step, count))
            self.advance(self.engine.plain(before), good, chunk)
        values, constants = self._at(chunk, step, count), self._constants(chunk, count)
        return self._error(diagnosis(step, values, constants, chunk.start + count + 1, self.task.suspicions))

    def _at(self, chunk: Chunk, step: Step, count: int) -> Values:
        """All that the step number `count` of a chunk takes."""
        order = None if chunk.order is None else chunk.order[count]
        given = self._data(chunk, step)
        whole = {name: np.asarray(given[name]) for name in step.data}
        axes = step.sample_axes
        data = {name: value if order is None else value.take(order, axes[name]) for name, value in whole.items()}
        noise = self._batches(chunk, step, count + 1).noise
        return {**self.run.values, **data, **{name: value[count] for name, value in noise.items()}}

    def _constants(self, chunk: Chunk, count: int) -> dict[str, float]:
        task = self.task
        rate = np.ravel(task.schedule.rates(task.rate * self.run.factor, chunk.start + count, 1, task.work.steps))
        return {**task.constants, "eta": float(rate[0])}

    def between(self, chunk: Chunk) -> str:
        """What is done between two chunks; the result is why to stop, or nothing."""
        task, run, evaluation = self.task, self.run, self.task.evaluation
        if task.progress is not None:
            task.progress(run.done, task.work.steps, float(self.history.last(1)[0]))
        reason = ""
        epochs = chunk.epoch + 1
        if evaluation and chunk.ends_epoch and (epochs % evaluation.every == 0 or epochs == task.work.epochs):
            mean = run.total / run.count  # of a sample: a smaller batch counts for less
            before = run.values
            reason = evaluation.after({"step": float(run.done), "epoch": float(epochs), "loss": mean}, run)
            if run.values is not before:
                self.carried = self.engine.carried(run.values)
        if time.monotonic() - self.kept_at >= task.keep_every and run.done != task.work.steps:
            self._kept()
        return reason

    def _kept(self) -> None:
        if self.task.keep is not None:
            self.task.keep(self.run)
            self.kept_at = time.monotonic()


@contextmanager
def shown_progress(wanted: bool | None, total: int) -> Iterator[Callable[[int, int, float], None] | None]:
    """A progress bar on standard error while it lasts: where that is a terminal, unless `wanted` says otherwise."""
    if wanted is False or (wanted is None and not sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[loss]}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        row = bar.add_task("training", total=total or None, loss="")
        yield lambda done, _, loss: bar.update(row, completed=done, loss=f"loss {loss:.4g}")
