"""What Python tells of a running program, by `sys.monitoring` where there is one, else by `sys.settrace`."""

from __future__ import annotations

import sys
from threading import get_ident
from types import CodeType, FrameType
from typing import Any, Protocol

from chalkwork.checking.naming.libraries import is_library

_MONITORING: Any = getattr(sys, "monitoring", None)
PARTS = frozenset(("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"))
"""What is run within a line, with variables of its own before Python 3.12."""
_TOOLS = (3, 4, 2, 5)
"""Numbers of tools that no debugger and no coverage has by convention, the freest first."""


class Listener(Protocol):
    """Who wants to know of lines."""

    def line(self, frame: FrameType, line: int) -> None:
        """A line is about to be run."""

    def ended(self, frame: FrameType, value: object) -> None:
        """A function gives back a value, or is left by an exception, and gives back None."""


class Tracing(Protocol):
    """A way of being told."""

    def start(self, frame: FrameType) -> None:
        """Begin, in this function and all that it calls."""

    def stop(self) -> None:
        """End, and leave everything as it was before."""


def is_own(code: CodeType, names: dict[str, Any], here: str) -> bool:
    """Whether code is the user's own: no library, and no text that a library runs; nor a part of a line."""
    file = code.co_filename
    if code.co_name in PARTS:
        return False
    return file == here or (file == "<string>" and names.get("__name__") == "__main__") or not is_library(file)


def tracing(listener: Listener) -> Tracing:
    """The best way that this Python has."""
    if _MONITORING is not None:
        free = [number for number in _TOOLS if _MONITORING.get_tool(number) is None]
        if free:
            return Monitored(listener, free[0])
    return Traced(listener)


class Traced:
    """By a trace function; one that was there before is put back."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.frame: FrameType | None = None
        self.here = ""

    def start(self, frame: FrameType) -> None:
        """Begin, in this function and all that it calls."""
        self.before, self.before_here, self.frame = sys.gettrace(), frame.f_trace, frame
        self.here = frame.f_code.co_filename
        sys.settrace(self._called)
        frame.f_trace = self._told

    def stop(self) -> None:
        """End, and leave everything as it was before."""
        if self.frame is not None:
            self.frame.f_trace = self.before_here
            sys.settrace(self.before)
            self.frame = None

    def _called(self, frame: FrameType, event: str, argument: object) -> Any:
        if self.frame is None or not is_own(frame.f_code, frame.f_globals, self.here):
            return None
        return self._told

    def _told(self, frame: FrameType, event: str, argument: object) -> Any:
        if self.frame is None:
            return None
        if event == "line":
            self.listener.line(frame, frame.f_lineno)
        elif event == "return" and frame is not self.frame:
            self.listener.ended(frame, argument)
        return self._told


class Monitored:
    """By `sys.monitoring` (Python 3.12 on), beside any debugger or coverage; only the thread that began is told of."""

    def __init__(self, listener: Listener, tool: int) -> None:
        self.listener = listener
        self.tool = tool
        self.frame: FrameType | None = None
        self.here = ""

    def start(self, frame: FrameType) -> None:
        """Begin, in this function and all that it calls."""
        self.frame, self.thread, self.here = frame, get_ident(), frame.f_code.co_filename
        events = _MONITORING.events
        _MONITORING.use_tool_id(self.tool, "chalkwork")
        _MONITORING.restart_events()
        _MONITORING.register_callback(self.tool, events.LINE, self._line)
        for event in (events.PY_RETURN, events.PY_YIELD, events.PY_UNWIND):
            _MONITORING.register_callback(self.tool, event, self._ended)
        wanted = events.LINE | events.PY_RETURN | events.PY_YIELD | events.PY_UNWIND
        _MONITORING.set_events(self.tool, wanted)

    def stop(self) -> None:
        """End, and leave everything as it was before."""
        if self.frame is not None:
            self.frame = None
            _MONITORING.set_events(self.tool, 0)
            events = _MONITORING.events
            for event in (events.LINE, events.PY_RETURN, events.PY_YIELD, events.PY_UNWIND):
                _MONITORING.register_callback(self.tool, event, None)
            _MONITORING.free_tool_id(self.tool)

    def _line(self, code: CodeType, line: int) -> Any:
        if self.frame is None or get_ident() != self.thread:
            return None
        frame = sys._getframe(1)
        if not is_own(code, frame.f_globals, self.here):
            return _MONITORING.DISABLE
        self.listener.line(frame, line)
        return None

    def _ended(self, code: CodeType, offset: int, value: object) -> Any:
        if self.frame is None or get_ident() != self.thread:
            return None
        frame = sys._getframe(1)
        if frame is not self.frame and is_own(code, frame.f_globals, self.here):
            self.listener.ended(frame, None if isinstance(value, BaseException) else value)
        return None
