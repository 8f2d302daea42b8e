"""The process that proves: SymPy can take for ever, and only another process can be stopped in the middle of anything.

One process serves all claims; a proof that takes too long ends it, and the next one starts another. It is told
expressions as lists of plain values, as only what JSON holds goes through the pipe, and answers with how they were
proved.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from fractions import Fraction
from queue import Empty, Queue
from typing import Any

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reading.written import DERIVATIVE, PARTIAL, defined, matrix, prime
from chalkwork.laboratory.claims.domain import Range, end_of
from chalkwork.laboratory.claims.evaluation import Definitions, Proof, exact


def packed(expression: Expression) -> list[Any]:
    """The expression as nested lists.

    >>> packed(Name("x") + 1)
    ['add', [], ['x', []], ['1']]
    """
    if isinstance(expression, Number):
        return [str(exact(expression.value))]
    if isinstance(expression, Name):
        return [expression.name, list(expression.shape)]
    assert isinstance(expression, Application)
    name, shape = expression.operation.name, expression.shape
    parameters = list(shape) if name == "matrix" else list(expression.parameters)
    return [name, parameters, *map(packed, expression.arguments)]


def unpacked(parts: list[Any]) -> Expression:
    """The expression that `packed` made these lists of."""
    if len(parts) == 1:
        return Number(Fraction(parts[0]))
    if len(parts) == 2:
        return Name(parts[0], tuple(parts[1]))
    name, parameters = parts[0], parts[1]
    arguments = tuple(map(unpacked, parts[2:]))
    if name == "matrix":
        return Application(matrix(*parameters), arguments, ())
    if name in ("derivative", "partial"):
        return Application(DERIVATIVE if name == "derivative" else PARTIAL, arguments, ())
    if name in TABLE:
        return apply(name, *arguments, **dict(zip(TABLE[name].parameters, parameters, strict=True)))
    order = len(name) - len(name.rstrip("'"))
    return Application(prime(name.rstrip("'"), order) if order else defined(name), arguments, ())


def packed_ranges(ranges: Mapping[str, Range]) -> dict[str, list[Any]]:
    """The ranges of the names of numbers."""
    return {name: [str(given.low), str(given.high), list(given.closed), given.whole] for name, given in ranges.items()}


def unpacked_ranges(ranges: Mapping[str, list[Any]]) -> dict[str, Range]:
    """The ranges that `packed_ranges` made these lists of."""
    return {
        name: Range(end_of(low), end_of(high), (bool(closed[0]), bool(closed[1])), whole)
        for name, (low, high, closed, whole) in ranges.items()
    }


SECONDS, LEAST_SECONDS, SECONDS_TO_START = 6.0, 0.2, 60.0
MOST_MEMORY = 3 * 2**30
_LONGEST_ANSWER = 20_000


class _Prover:
    """The process and the thread that listens to it."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-c", "import sys; sys.path[:] = sys.argv[1:]; " + _START, *sys.path]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.answers: Queue[str] = Queue()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        self.answers.get(timeout=SECONDS_TO_START)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put("")

    def ask(self, question: Any, seconds: float) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.answers.get(timeout=seconds)[:_LONGEST_ANSWER])

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.listener.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue


_START = "from chalkwork.laboratory.claims.worker import serve; serve()"
_LOCK = threading.Lock()
_running: dict[int, _Prover] = {}
"""By the process that started it: one that was forked from it starts its own."""


def prove_within(
    left: Expression,
    relation: str,
    right: Expression,
    ranges: Mapping[str, Range],
    definitions: Definitions,
    seconds: float = SECONDS,
) -> Proof | None:
    """The proof of a relation, if one is found in the time; none is looked for in less than `LEAST_SECONDS`."""
    if seconds < LEAST_SECONDS:
        return None
    bodies = {name: [parameter, packed(body)] for name, (parameter, body) in definitions.items()}
    question = [packed(left), relation, packed(right), packed_ranges(ranges), bodies]
    with _LOCK:
        try:
            own = os.getpid()
            if own not in _running:
                _running[own] = _Prover()
            answer = _running[own].ask(question, seconds)
        except (Empty, OSError, ValueError):
            _end()
            return None
    return Proof(answer[0], tuple(answer[1])) if answer else None


@atexit.register
def _end() -> None:
    prover = _running.pop(os.getpid(), None)
    if prover is not None:
        prover.end()


def serve() -> None:
    """Answer questions, a line each, until the input ends."""
    _limit_memory()
    from chalkwork.laboratory.claims.symbolic import prove  # SymPy, so that the first proof does not wait for it

    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        left, relation, right, ranges, bodies = json.loads(line)
        definitions = {name: (parameter, unpacked(body)) for name, (parameter, body) in bodies.items()}
        try:
            proof = prove(unpacked(left), relation, unpacked(right), unpacked_ranges(ranges), definitions)
        except Exception:  # whatever goes wrong in there, nothing is proved
            proof = None
        print(json.dumps(proof), flush=True)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, resource.RLIM_INFINITY))
