"""What a program of one's own assigned, line by line: `with chalkwork.record() as run:`.

`tracing` is told by Python which line is run, `watching` compares what the variables hold, `places` says where that
stands. Nothing is run here but what stands in the block.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from types import CodeType, FrameType, TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from chalkwork.checking.naming.variables import taken_apart
from chalkwork.checking.recording.places import cell_of, source_of, statement_in
from chalkwork.checking.recording.rebuilding import Versions, rebuilt
from chalkwork.checking.recording.tracing import PARTS, Tracing, is_own, tracing
from chalkwork.checking.recording.watching import Array, Aside, Made, Path, leaves, same_numbers
from chalkwork.errors import ChalkworkError

__all__ = ["Assignment", "Made", "Recording", "Versions", "record"]

_running: list[Recording] = []
_ASIDES = 20
"""Indices, keys and masks that are kept, for each value that may be."""
_FEW = 3
"""A number with no more decimals may be a constant, which many names share."""


def record(*, most: int = 10_000, largest: int = 100_000, seconds: float = 60.0) -> Recording:
    """Keep what a block of your own program assigns, with the line of each: `with chalkwork.record() as run:`.

    Functions that the block calls are seen too, where they are your own code and no library's. Arrays of NumPy,
    PyTorch and JAX (outside `jit`), numbers and lists of numbers are copied after the line that made or changed them,
    in variables, attributes, dictionaries and lists. At most `most` values are kept, none of more than `largest`
    entries, and after `seconds` the program goes on unwatched; `run.notes` says so. Only the thread that entered the
    block is watched. An exception leaves what was kept before it, and goes on. `solution.check(run)` then says in which
    line it goes wrong.

    Raises ChalkworkError where another recording is running, and for bounds that are no positive numbers.

    >>> with record() as run:
    ...     total = 0.0
    ...     for step in (0.5, 0.25):
    ...         total += step
    >>> [(one.name, one.line, float(one.value)) for one in run.assignments if one.name == "total"]
    [('total', 2, 0.0), ('total', 4, 0.5), ('total', 4, 0.75)]
    """
    for name, bound in (("most", most), ("largest", largest), ("seconds", seconds)):
        if isinstance(bound, bool) or not isinstance(bound, (int, float)) or not bound > 0:
            raise ChalkworkError(f"{name} is a number above 0, not {bound!r:.40}")
    return Recording(most, largest, seconds)


class Call(NamedTuple):
    """Where a function had been called that gave back a value."""

    file: str
    line: int
    code: CodeType


@dataclass(frozen=True, slots=True)
class Assignment:
    """One value that was assigned."""

    name: str
    value: Array
    line: int
    source: str
    """The statement; empty where the source is not known, as in a console."""
    file: str
    function: str
    cell: int | None = None
    """The number of the cell, in a notebook."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return tuple(self.value.shape)


class Recording(Mapping[str, object]):
    """What a block assigned: a mapping from names to the last values; `assignments` has all of them in order."""

    def __init__(self, most: int, largest: int, seconds: float) -> None:
        self.most, self.largest, self.seconds = most, largest, seconds
        self.notes: list[str] = []
        self._order = self._looks = self._asides = 0
        self._began = 0.0
        self._places: dict[tuple[object, Path], list[Made]] = {}
        self.history: dict[tuple[object, Path], list[tuple[int, Made | Aside]]] = {}
        """For every place what it held, each with the look at which it was there first."""
        self.texts: dict[str, str] = {}
        """The files in which something was made."""
        self._arrays: dict[int, tuple[object, Made]] = {}
        self._kept: dict[tuple[object, Path], object] = {}
        self._lines: dict[int, tuple[FrameType, int]] = {}
        self.calls: dict[int, Call] = {}
        """For values that a function gave back, by their numbers, where it had been called."""
        self.called: dict[tuple[str, int], set[Call]] = {}
        """For the lines that gave something back, from where they were called."""
        self._numbers = 0
        self._left_out: set[str] = set()
        self._cells: dict[str, int | None] = {}
        self._names: dict[str, dict[str, Any]] = {}
        self._tracing: Tracing | None = None
        self._frame: FrameType | None = None
        self.here = ""

    # --- the block -------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        if _running:
            raise ChalkworkError("a recording is running already", hint="leave its block first")
        if self._began:
            raise ChalkworkError("this recording is done", hint="chalkwork.record() begins another")
        frame = sys._getframe(1)
        self._frame, self._began, self.here = frame, perf_counter(), frame.f_code.co_filename
        self._look(frame)
        self._tracing = tracing(self)
        _running.append(self)
        self._tracing.start(frame)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._frame is not None:
            self._watch(self._frame)
        self._stop()
        self._done()

    def _stop(self) -> None:
        if self._tracing is not None:
            self._tracing.stop()
            self._tracing, self._frame = None, None
            _running.remove(self)

    def _done(self) -> None:
        """Keep the sources of what was made, and nothing else of the program."""
        files = {made.file for made in self.everything() if made.line is not None}
        for file in files | {call.file for call in self.calls.values()}:
            names = self._names.get(file, {})
            self.texts[file], self._cells[file] = source_of(file, names), cell_of(file, names)
        if self._left_out:
            names_of = ", ".join(sorted(self._left_out)[:10])
            self.notes.append(f"More than {self.largest} entries, so not kept: {names_of}.")
        self._arrays.clear()
        self._kept.clear()
        self._lines.clear()
        self._names.clear()

    # --- what Python tells -----------------------------------------------------------------------------------------

    def line(self, frame: FrameType, line: int) -> None:
        """A line is about to be run: what the line before it made is there now."""
        self._watch(frame)
        self._lines[id(frame)] = frame, line

    def ended(self, frame: FrameType, value: object) -> None:
        """A function is done, or waits."""
        self._watch(frame, {f"{frame.f_code.co_name}()": value})
        self._lines.pop(id(frame), None)

    def _watch(self, frame: FrameType, given_back: Mapping[str, object] | None = None) -> None:
        if self._tracing is None:
            return
        try:
            if perf_counter() - self._began > self.seconds:
                self._give_up(f"Recording ended after {self.seconds:g} seconds.")
                return
            self._look(frame)
            if given_back:
                self._given_back(frame, given_back)
        except Exception as error:  # foreign objects: whatever they raise, the program goes on
            self._give_up(f"Recording ended early: a variable could not be looked at ({type(error).__name__}).")

    def _give_up(self, why: str) -> None:
        self.notes.append(why)
        self._stop()

    def _look(self, frame: FrameType) -> None:
        """Keep what has changed in the variables of a function, and in the global ones that it names."""
        code, names = frame.f_code, frame.f_globals
        self._looks += 1
        self._names.setdefault(code.co_filename, names)
        own = frame.f_locals
        at = self._at(frame)
        scope: object = code.co_filename if own is names else code
        self._look_at(own, scope, code, at, self._giving(frame))
        if own is not names:
            called = {name: names[name] for name in code.co_names if name in names}
            self._look_at(called, code.co_filename, code, at, begins=id(frame) not in self._lines)

    def _given_back(self, frame: FrameType, value: Mapping[str, object]) -> None:
        """Keep what a function gives back, and where it was called."""
        self._looks += 1
        caller = _above(frame)
        self._look_at(value, frame.f_code, frame.f_code, self._at(frame), frame.f_code)
        if caller is None or id(caller) not in self._lines:
            return
        call = Call(caller.f_code.co_filename, self._lines[id(caller)][1], caller.f_code)
        for _, kept, array in leaves(value, self.largest):
            known = self._arrays.get(id(kept)) if isinstance(array, np.ndarray) else None
            if known is not None and known[0] is kept and known[1].line is not None:
                self.calls.setdefault(known[1].order, call)
                self.called.setdefault((known[1].file, known[1].line), set()).add(call)

    def _at(self, frame: FrameType) -> int | None:
        """The line that made what is new; in a function that begins, the line that calls it."""
        known = self._lines.get(id(frame))
        if known is not None or frame is self._frame:
            return known[1] if known else None
        caller = _above(frame)
        if caller is None or not is_own(caller.f_code, caller.f_globals, self.here):
            return None
        above = self._lines.get(id(caller))
        return above[1] if above else None

    def _giving(self, frame: FrameType) -> CodeType | None:
        """The function that gives a function that begins what it is called with; None for one that has begun."""
        caller = _above(frame)
        begins = id(frame) not in self._lines
        return caller.f_code if begins and caller is not None and frame is not self._frame else None

    def _look_at(
        self,
        variables: Mapping[str, Any],
        scope: object,
        code: CodeType,
        line: int | None,
        giver: CodeType | None = None,
        *,
        begins: bool = False,
    ) -> None:
        """Keep what has changed; of a function that `begins`, global variables not seen before were there already."""
        for path, kept, array in leaves(variables, self.largest):
            if array is None:
                self._left_out.add(spelled(path))
                continue
            place = scope, path
            if isinstance(array, Aside):
                self._keep_aside(place, array)
                continue
            versions = self._places.get(place)
            known = self._arrays.get(id(kept))
            made = known[1] if known is not None and known[0] is kept else None
            last = versions[-1] if versions else None
            if made is not None and same_numbers(made.value, array):
                alias = code is made.code and giver is None and _is_another(line, made.line)
                if last is not None and made in (last, last.of):
                    made = last
                elif alias:  # another name for it in the same function: that line makes what the name stands for
                    made = self._new(array, line, code, giver, made)
            else:
                again = last is not None and (last.line is not None or self._kept[place] is kept)
                made = last if again and last is not None and same_numbers(last.value, array) else None
                made = made or self._new(array, None if begins and last is None else line, code, giver)
                if type(kept) is not float or kept != round(kept, _FEW):
                    self._arrays[id(kept)] = kept, made
            self._kept[place] = kept
            if versions is None or versions[-1] is not made:
                self._places.setdefault(place, []).append(made)
            held = self.history.setdefault(place, [])
            if not held or held[-1][1] is not made:
                held.append((self._looks, made))
            if self._tracing is None and self._order > self.most:
                return

    def _keep_aside(self, place: tuple[object, Path], one: Aside) -> None:
        held = self.history.setdefault(place, [])
        last = held[-1][1] if held else None
        if not isinstance(last, Aside) or not last.is_same(one):
            self._asides += 1
            if self._asides <= _ASIDES * self.most:
                held.append((self._looks, one))

    def _new(
        self, array: Array, line: int | None, code: CodeType, giver: CodeType | None, of: Made | None = None
    ) -> Made:
        self._order += 1
        self._numbers += array.size
        if self._order > self.most or self._numbers > 100 * self.largest:
            self._give_up(f"Recording ended after {self._order} values: more are not kept.")
        return Made(np.array(array), line, code, self._order, of, self._looks, None if giver is code else giver)

    # --- what was kept ---------------------------------------------------------------------------------------------

    def held(self, place: tuple[object, Path], look: int) -> Made | Aside | None:
        """What a place held before a look."""
        entries = self.history.get(place, [])
        before = bisect_left(entries, look, key=lambda entry: entry[0])
        return entries[before - 1][1] if before else None

    def everything(self) -> list[Made]:
        """All values that were kept, in the order of time."""
        found = {id(made): made for versions in self._places.values() for made in versions}
        return sorted(found.values(), key=lambda made: made.order)

    @property
    def assignments(self) -> list[Assignment]:
        """All that was assigned in the block, in the order of time; by the name that it was given first."""
        named: dict[int, Assignment] = {}
        for (_, path), versions in self._places.items():
            for made in versions:
                if made.line is not None and id(made) not in named and not spelled(path[:1]).endswith("()"):
                    source, cell = self.source(made.file, made.line)
                    named[id(made)] = Assignment(
                        spelled(path), made.value, made.line, source, made.file, made.code.co_name, cell
                    )
        return [named[id(made)] for made in self.everything() if id(made) in named]

    def source(self, file: str, line: int) -> tuple[str, int | None]:
        """The statement on a line, and the number of its cell in a notebook."""
        return statement_in(self.texts.get(file, ""), line), self._cells.get(file)

    def __getitem__(self, name: str) -> object:
        found = [one for one in self.assignments if one.name == name]
        if not found:
            raise KeyError(name)
        return found[-1].value

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(one.name for one in self.assignments))

    def __len__(self) -> int:
        return len(dict.fromkeys(one.name for one in self.assignments))

    def __str__(self) -> str:
        lines = [f"{one.line:>5}  {one.name:<16} {'x'.join(map(str, one.shape)) or '1':<8} {one.source}"[:80].rstrip()
                 for one in self.assignments]  # fmt: skip
        return "\n".join((*self.notes, *lines))

    @property
    def places(self) -> Mapping[tuple[object, Path], list[Made]]:
        """Every place that held numbers, with the values that it held in the order of time."""
        return self._places

    def words(
        self, layers: int, steps: int = 0, instead: Mapping[tuple[object, Path], list[Made] | None] | None = None
    ) -> dict[str, list[Made]]:
        """Every variable by the name that `taken_apart` gives it, with the values that it held in the order of time.

        What stands `instead` at a place has no word of its own: it is known already.
        """
        found: dict[str, dict[int, Made]] = {}
        known_already = {id(made) for made in (instead or {}).values()}
        held = {place: made for place, made in {**self._places, **(instead or {})}.items() if made is not None}
        for scope in dict.fromkeys(scope for scope, _ in held):
            for part in rebuilt({path: made for (of, path), made in held.items() if of is scope}):
                for word, versions in taken_apart(part, layers, steps).items():
                    if isinstance(versions, Versions) and id(versions.made) not in known_already:
                        known = found.setdefault(word, {})
                        known.update((made.order, made) for made in versions.made)
        return {word: [known[order] for order in sorted(known)] for word, known in found.items()}


def _above(frame: FrameType) -> FrameType | None:
    """The function that called, or in a line of which that is run."""
    caller = frame.f_back
    while caller is not None and caller.f_code.co_name in PARTS:
        caller = caller.f_back
    return caller


def _is_another(line: int | None, before: int | None) -> bool:
    return line is not None and line != before


def spelled(path: Path) -> str:
    """A place as it is written in a program.

    >>> spelled((("", "self"), ("attribute", "grads"), ("key", "dW1")))
    'self.grads["dW1"]'
    """
    text = ""
    for kind, name in path:
        if kind in ("", "parameter", "attribute"):
            text += f".{name}" if text else str(name)
        elif kind == "gradient":
            text += ".grad"
        else:
            text += f'["{name}"]' if isinstance(name, str) else f"[{name}]"
    return text
