"""What somebody's own functions are told of a run between epochs, and what they can do there."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.files import append, make_folder, write_aside
from chalkwork.networks.arguments import flag, positive
from chalkwork.networks.data import Array
from chalkwork.networks.model import Model
from chalkwork.packages import package
from chalkwork.training.loop import Snapshot

Net = TypeVar("Net", bound=Model)


class Moment(dict[str, float], Generic[Net]):
    """One measurement of a run (`step`, `epoch`, `loss`, ...), with the network as it is then.

    `network` holds the parameters and running statistics of this moment; what is changed there counts for the rest of
    the run. `rate` is the learning rate, before the schedule; setting it counts from the next step on. `stop()` ends
    the run.

    >>> from chalkwork import Dense, NeuralNetwork
    >>> def slower(moment):
    ...     moment.rate /= 2
    ...     if moment["loss"] < 0.1:
    ...         moment.stop()
    >>> net = NeuralNetwork([Dense(weights=[[1.0]], bias=False)])
    >>> net.train([[1.0]], [[0.0]], eta=0.8, epochs=9, batch_size=1, callback=slower).column("loss").round(9).tolist()
    [0.5, 0.02]
    """

    def __init__(self, row: Mapping[str, float], network: Net, rate: float, state: Mapping[str, Array]) -> None:
        super().__init__(row)
        self.network, self.stopped = network, False
        self._rate, self._state = rate, state

    @property
    def rate(self) -> float:
        """The learning rate, before the schedule multiplies it."""
        return self._rate

    @rate.setter
    def rate(self, value: float) -> None:
        self._rate = positive(value, "the rate")

    def stop(self) -> None:
        """End the run after this measurement."""
        self.stopped = True

    def snapshot(self) -> Net:
        """A copy of the network as it is now, which the run leaves alone."""
        return self.network.after({})

    @property
    def optimizer_state(self) -> dict[str, Array]:
        """What the optimiser keeps (`vW1`, `mW1`, ...), copied."""
        return {name: value.copy() for name, value in self._state.items()}


Callback = Callable[[Moment[Any]], Any]


def callbacks_of(given: Any) -> tuple[Callback, ...]:
    """The functions that are called with each measurement. Raises ChalkworkError for what is no function.

    >>> callbacks_of(None), callbacks_of([print])
    ((), (<built-in function print>,))
    """
    found = () if given is None else tuple(given) if isinstance(given, list | tuple) else (given,)
    for each in found:
        if not callable(each):
            raise ChalkworkError(f"callback is a function of one measurement, or a list of them, not {each!r:.60}")
    return found


class Called:
    """All callbacks of a run, in their order."""

    def __init__(self, network: Model, callbacks: Sequence[Callback], rate: float) -> None:
        self.network, self.callbacks, self.rate = network, callbacks, rate

    def __call__(self, row: dict[str, float], run: Snapshot) -> bool:
        """Whether to stop. Raises ChalkworkError for an answer that is neither True, False nor None."""
        self.network.take(run.values)
        before = self._values()
        own = before.keys()
        state = {name: value for name, value in run.values.items() if name not in own}
        moment = Moment(row, self.network, self.rate * run.factor, state)
        for callback in self.callbacks:
            answer = callback(moment)
            if answer is not None and flag(answer, "what the callback gives back"):
                moment.stop()
        after = self._values()
        if any(not np.array_equal(after[name], before[name]) for name in after):
            run.values = {**run.values, **{name: after[name].astype(run.values[name].dtype) for name in after}}
        if moment.rate != self.rate * run.factor:
            run.factor = moment.rate / self.rate
        return moment.stopped

    def _values(self) -> dict[str, Array]:
        held = self.network.held(self.network.plan())
        return {name: value.copy() for name, value in held.items()}


# --- ready ones -------------------------------------------------------------------------------------------------------


class Lines:
    """Writes a line for every measurement, where a bar of progress cannot be seen: in notebooks and logs."""

    def __init__(self, epochs: int, name: str = "epoch") -> None:
        self.epochs, self.name, self.started = epochs, name, time.perf_counter()

    def __call__(self, moment: Moment[Any]) -> None:
        """Write the line."""
        number = f"{self.name} {int(moment['epoch']):>{len(str(self.epochs))}} of {self.epochs}"
        measured = [f"{key} {value:.4g}" for key, value in moment.items() if key not in ("step", "epoch")]
        print("  ".join([number, *measured, f"{time.perf_counter() - self.started:.1f} s"]), flush=True)


class CSVLogger:
    """A callback that keeps every measurement as a row of a CSV file, on the disk at once.

    An existing file is replaced, unless `append`: then rows follow those that are there, with the same columns.

    >>> from tempfile import TemporaryDirectory
    >>> from chalkwork import Dense, NeuralNetwork
    >>> net = NeuralNetwork([Dense(weights=[[1.0]], bias=False)])
    >>> with TemporaryDirectory() as folder:
    ...     log = CSVLogger(Path(folder) / "run.csv")
    ...     _ = net.train([[1.0]], [[0.0]], eta=0.5, epochs=2, batch_size=1, callback=log)
    ...     print(log.path.read_text(), end="")
    step,epoch,loss
    1,1,0.5
    2,2,0.125
    """

    def __init__(self, path: str | Path, append: bool = False) -> None:
        self.path = Path(path)
        self.names: list[str] | None = None
        if flag(append, "append") and self.path.exists():
            first = self.path.read_text(encoding="utf-8").partition("\n")[0]
            self.names = first.split(",") if first else None

    def __call__(self, moment: Moment[Any]) -> None:
        """Add the row. Raises ChalkworkError where it cannot be written, or measures other things than those before."""
        if self.names is None:
            self.names = list(moment)
            write_aside(self.path, ",".join(self.names) + "\n")
        if set(self.names) != moment.keys():
            raise ChalkworkError(f"the columns of {self.path} are {', '.join(self.names)}, and not {', '.join(moment)}")
        append(self.path, ",".join(f"{moment[name]:.17g}" for name in self.names) + "\n")


class TensorBoardLogger:
    """A callback that writes every measurement as scalars for TensorBoard, into a folder. Needs tensorboardX."""

    def __init__(self, folder: str | Path) -> None:
        self.files = package("tensorboardX.event_file_writer", "TensorBoardLogger", "pip install tensorboardX")
        self.summary = package("tensorboardX.summary", "TensorBoardLogger", "pip install tensorboardX")
        make_folder(Path(folder))
        self.writer = self.files.EventsWriter(str(Path(folder) / "events"))
        weakref.finalize(self, self.writer.close)

    def __call__(self, moment: Moment[Any]) -> None:
        """Write the scalars, and the learning rate; they are in the file when this returns."""
        for name, value in {**moment, "rate": moment.rate}.items():
            if name not in ("step", "epoch"):
                event = self.files.event_pb2.Event(summary=self.summary.scalar(name, value))
                event.step, event.wall_time = int(moment["step"]), time.time()
                self.writer.write_event(event)
        self.writer.flush()
