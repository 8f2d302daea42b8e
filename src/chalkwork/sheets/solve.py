"""From a sheet to its solutions: every task becomes a `Solution`, tasks that go on from others share one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chalkwork.algebra.entries import split_entry
from chalkwork.algebra.operations import words
from chalkwork.algebra.times import split_time, step_of
from chalkwork.budget import RUN_SECONDS, within
from chalkwork.derivation.derivation import Equation, updates_of
from chalkwork.errors import ChalkworkError, SheetError
from chalkwork.networks.layers import LAYERS
from chalkwork.networks.layers.base import Layer as Made
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.optimisers import Optimiser
from chalkwork.sheets.layers import made_of
from chalkwork.sheets.parts import Surroundings
from chalkwork.sheets.schema import GraphBlock, Layer, NetworkBlock, PartBlock, Sheet, TaskBlock
from chalkwork.solutions.exercise import Exercise
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.numbers import NumberFormat
from chalkwork.words import LANGUAGES

if TYPE_CHECKING:
    from chalkwork.networks.graph import Graph

_SUBJECT = re.compile(r"(?:the targets? )?(\w+)(?:\[| (?:is|has|have|holds|does|of|lie|names) )")
_PLACE = re.compile("[1-9][0-9]{0,6}")
_SHEETS_KEPT = 4  # with their solutions: who marks, writes reports and sums up asks for the same ones again
_KEYS = ("x", "y", "learning_rate", "steps", "optimizer", "values", "ask")


class _State(NamedTuple):
    """What a later task can go on from."""

    network: NeuralNetwork | None
    data: Mapping[str, Any]
    solution: Solution
    shown: tuple[str, ...]

    @property
    def updated(self) -> bool:
        """Whether the parameters have been updated."""
        return "eta" in self.solution


def solve_sheet(sheet: Sheet) -> dict[str, Exercise]:
    """Every task and every block of the laboratory that can be marked, by its id, in the order of the sheet.

    Raises SheetError with file and line for everything that cannot be solved.

    >>> from chalkwork.sheets.format import parse_sheet
    >>> sheet = parse_sheet('''
    ... ```graph
    ... equations: c = a + b
    ... ```
    ... ```task
    ... id: a
    ... values: {a: 2, b: 1}
    ... ```
    ... ''')
    >>> float(solve_sheet(sheet)["a"].solution["c"])
    3.0
    """
    with within(RUN_SECONDS):
        return dict(_solved(sheet))


@lru_cache(maxsize=_SHEETS_KEPT)
def _solved(sheet: Sheet) -> Mapping[str, Exercise]:
    manner = {"notation": _notation(sheet), "language": sheet.language}
    networks = {name: _network(sheet, block) for name, block in sheet.networks.items()}
    graphs = {name: _graph(sheet, block) for name, block in sheet.graphs.items()}
    states: dict[str, _State] = {}
    solved: dict[str, Exercise] = {}
    for task in sheet.tasks:
        before = states.get(task.after) if task.after is not None else None
        try:
            if task.network is not None:
                state, fresh = _solve_network(networks[task.network], task, before, manner)
            else:
                assert task.graph is not None
                state, fresh = _solve_graph(graphs[task.graph], task, before, manner)
        except ChalkworkError as error:
            raise _located(error, sheet, task) from None
        known = () if fresh or before is None else before.shown
        equations, asked = _answer(sheet, task, state.solution, known)
        names = {equation.name.partition("[")[0] for equation in equations}
        states[task.id] = state._replace(shown=(*known, *names))
        solved[task.id] = Exercise(
            task.id, state.solution, asked, equations, "task", task.title, task.points, task.hint, task.note,
            task.after, fresh, known, _entries_asked(task.ask),
        )  # fmt: skip
    worked = work_parts(sheet)
    for block in sheet.parts:
        answer = worked[block.id]
        if len(answer.derivation) or answer.setting.words:
            solved[block.id] = Exercise.of(
                block.id, answer, kind=block.kind, title=block.title, points=block.points, hint=block.hint,
                note=block.note,
            )  # fmt: skip
    order = [block.id for block in sheet.blocks if isinstance(block, TaskBlock | PartBlock)]
    return {name: solved[name] for name in order if name in solved}


def _entries_asked(ask: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The entries that alone are asked for, by the name of the whole."""
    found: dict[str, tuple[str, ...]] = {}
    for name in ask:
        whole, index = split_entry(name)
        if index and whole not in ask:
            found[whole] = (*found.get(whole, ()), name)
    return found


@lru_cache(maxsize=_SHEETS_KEPT)
def work_parts(sheet: Sheet) -> Mapping[str, Solution]:
    """The worked answer of every block of the laboratory, by its id, in order; SheetError where there is none."""
    if not sheet.parts:
        return {}
    networks = {name: _network(sheet, block) for name, block in sheet.networks.items()}
    worked: dict[str, Solution] = {}
    for block in sheet.parts:
        try:
            worked[block.id] = block.work(Surroundings(manner_of(sheet, block), networks))
        except ChalkworkError as error:
            line = error.line if error.line is not None else block.line
            message = f"{block.kind} {block.id}: {error.message}"
            raise SheetError(message, file=sheet.file, line=line, equation=error.equation, hint=error.hint) from None
    return worked


def manner_of(sheet: Sheet, block: PartBlock) -> Style:
    """How a block of the laboratory is written."""
    notation = _notation(sheet)
    if block.decimals is None and block.significant is None:
        return Style(notation)
    return Style(notation, NumberFormat(block.decimals, block.significant))


def empty_solution(sheet: Sheet, block: NetworkBlock) -> Solution:
    """A network with the input 0, for what is said of it where no task gives it data."""
    network = _network(sheet, block)
    return network.solve(
        np.zeros(block.input or block.layers[0].inputs),
        notation=_notation(sheet),
        decimals=sheet.decimals,
        significant=sheet.significant,
        language=sheet.language,
    )


def _notation(sheet: Sheet) -> Notation:
    try:
        return Notation.of(sheet.notation, LANGUAGES[sheet.language].decimal_comma)
    except ChalkworkError as error:
        words = [error.message.partition(" ")[0], *error.message.split("'")[1:2]]
        key = next((word for word in words if ("notation", word) in sheet.lines), "")
        raise SheetError(error.message, file=sheet.file, line=sheet.line_of("notation", key), hint=error.hint) from None


def _located(error: ChalkworkError, sheet: Sheet, task: TaskBlock) -> ChalkworkError:
    """The error with the line of the key that it speaks of."""
    found = _SUBJECT.match(error.message.replace("the learning rate", "learning_rate"))
    word = found[1] if found else ""
    line = task.line_of(word) if word in _KEYS else task.line
    if word in task.values:
        line = task.line_of("values", word)
    located = error.at(file=sheet.file, line=line)
    return SheetError(
        f"task {task.id}: {located.message}",
        file=located.file,
        line=located.line,
        equation=located.equation,
        hint=located.hint,
    )


def _network(sheet: Sheet, block: NetworkBlock) -> NeuralNetwork:
    layers = []
    for number, layer in enumerate(block.layers):
        try:
            layers.append(_layer(layer))
        except ChalkworkError as error:
            key = "initializer" if "initializer" in error.message else "activation"
            line = block.line_of("layers", number, key)
            raise SheetError(error.message, file=sheet.file, line=line, hint=error.hint) from None
    loss: dict[str, Any] = {"name": "squared_error"}
    if block.loss is not None:
        given = {"factor": block.loss.factor, "reduction": block.loss.reduction, **block.loss.settings}
        loss = {"name": block.loss.name} | {key: value for key, value in given.items() if value is not None}
    try:
        return NeuralNetwork(
            layers,
            loss,
            samples=block.convention.samples,
            weights=block.convention.weights,
            seed=0 if block.seed is None else block.seed,
            inputs=block.input or block.layers[0].inputs,
            l1=block.l1,
            l2=block.l2,
        )
    except ChalkworkError as error:
        line = block.line_of("loss") if "loss" in error.message else block.line
        raise SheetError(error.message, file=sheet.file, line=line, hint=error.hint) from None


def _layer(layer: Layer) -> Made:
    """The layer that a block describes."""
    kind = LAYERS[layer.kind]
    own: dict[str, Any] = {"units": layer.units, "inputs": layer.inputs}
    own |= {"weights": layer.weights, "bias": layer.bias} if layer.kind == "dense" else {}
    known = {setting.key for setting in kind.settings}
    given = {key: value for key, value in own.items() if key in known} | dict(layer.settings)
    return made_of(layer.kind, given)


def _graph(sheet: Sheet, block: GraphBlock) -> Graph:
    from chalkwork.networks.graph import Graph

    try:
        return Graph(block.equations, block.output[0] if block.output else None)
    except ChalkworkError as error:
        line = block.line_of("output") if error.message.startswith("the output") else _line_of(block, error)
        raise SheetError(error.message, file=sheet.file, line=line, equation=error.equation, hint=error.hint) from None


def _line_of(block: GraphBlock, error: ChalkworkError) -> int:
    """The line of the equation that the error quotes, or of the last one of the name that it begins with."""
    quoted = (error.equation or error.message.strip("'").partition("' is no equation")[0]).removesuffix("...")
    name = error.message.partition(" ")[0]
    for position in reversed(range(len(block.equations))):
        text = " ".join(block.equations[position].split())
        if text.startswith(quoted) or (error.equation is None and text.partition("=")[0].strip() == name):
            return block.line_of("equations", position)
    return block.line_of("equations")


def _written(task: TaskBlock, manner: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **manner,
        "decimals": task.decimals,
        "significant": task.significant,
        "rounding": task.rounding,
        "detail": task.detail,
    }


def _solve_network(
    network: NeuralNetwork, task: TaskBlock, before: _State | None, manner: Mapping[str, Any]
) -> tuple[_State, bool]:
    """The task's solution, and whether it is another one than that of the task it follows."""
    own = {"x": task.x, "y": task.y, "learning_rate": task.learning_rate, "optimizer": task.optimizer}
    data: dict[str, Any] = {key: value for key, value in own.items() if value is not None}
    if task.masks:
        data["masks"] = task.masks
    fresh = before is None
    if before is not None:
        assert before.network is not None
        network = before.network
        again = before.updated and "learning_rate" in data
        fresh = "x" in data or ("y" in data and "y" in before.data) or again
        if fresh and before.updated:
            _check_forgotten(before)
            network = network.after(before.solution)
        inherited = dict(before.data)
        if "x" in data:
            inherited = {}
        data = inherited | data
    if "x" not in data:
        raise ChalkworkError("x is missing", hint="give x, or the task that this one goes on from: after")
    wanted = [name for name in task.ask if "_new" in name]
    if wanted and "learning_rate" not in data:
        raise ChalkworkError(f"ask names {wanted[0]}, which needs a learning_rate")
    solution = network.solve(
        **data,
        steps=task.steps,
        long_way=task.long_way,
        predict=True if any(name.startswith("class") for name in task.ask) else None,
        **_written(task, manner),
    )
    return _State(network, data, solution, ()), fresh


def _check_forgotten(before: _State) -> None:
    """What an optimiser keeps is lost where a task starts afresh, so that this must not be another update by it."""
    rule = Optimiser.of(before.data.get("optimizer") or "gradient_descent")
    if rule.rule.states:
        raise ChalkworkError(
            f"this would start {rule.name} afresh: what it keeps from step to step ends with the task before",
            hint="ask for several updates in one task, with steps",
        )


def _solve_graph(
    graph: Graph, task: TaskBlock, before: _State | None, manner: Mapping[str, Any]
) -> tuple[_State, bool]:
    """The task's solution; with new values after an update it goes on from what was updated."""
    own: dict[str, Any] = {"learning_rate": task.learning_rate, "update": task.update, "steps": task.steps}
    given = {key: value for key, value in own.items() if (key,) in task.lines}
    data: dict[str, Any] = dict(before.data) if before is not None else {"values": {}}
    fresh = before is None or bool(task.values) or (before.updated and "learning_rate" in given)
    values = dict(data.pop("values"))
    if before is not None and fresh and before.updated:
        values |= graph.after(before.solution)
        data = {}
    data = {**data, **given, "values": values | dict(task.values)}
    solution = graph.solve(**data, **_written(task, manner))
    return _State(None, data, solution, ()), fresh


def _answer(
    sheet: Sheet, task: TaskBlock, solution: Solution, known: tuple[str, ...]
) -> tuple[tuple[Equation, ...], tuple[str, ...]]:
    """The equations that the task asks for, with those that lead to them and were not shown yet; and what is asked."""
    steps_of = {name: _steps_of(name, solution) for name in task.ask}
    for number, name in enumerate(task.ask):
        whole, _ = split_entry(steps_of[name][0])
        if whole not in solution:
            names = ", ".join(solution.derivation)
            raise SheetError(
                f"task {task.id}: ask names {name}, which this task does not compute",
                file=sheet.file,
                line=task.line_of("ask", number),
                hint=f"it computes {names}",
            )
        if not _has_entry(solution, steps_of[name][0]):
            raise SheetError(
                f"task {task.id}: ask names {name}, and there is no such entry",
                file=sheet.file,
                line=task.line_of("ask", number),
                hint=f"{whole} is {_size(solution, whole)}",
            )
    asked = _each_step(tuple(step for name in task.ask for step in steps_of[name]), task.steps)
    chosen = tuple(solution.chosen(asked, tuple(name for name in known if name not in map(_whole, asked))))
    return chosen, asked or tuple(equation.name for equation in chosen)


def _steps_of(name: str, solution: Solution) -> list[str]:
    """What is asked of a recurrence without a step, at every step: `h1` is `h1_t1`, `h1_t2`, ...; else the name."""
    whole, _ = split_entry(name)
    if whole in solution:
        return [name]
    steps = [other for other in solution.derivation if split_time(other)[0] == whole and step_of(other)]
    return [other + name[len(whole) :] for other in steps] or [name]


def _each_step(ask: tuple[str, ...], steps: int) -> tuple[str, ...]:
    """What is asked after an update is asked after each of several, unless the author says after which.

    >>> _each_step(("z1", "W1_new[1,2]", "L_new"), 2)
    ('z1', 'W1_new[1,2]', 'L_new', 'W1_new2[1,2]', 'L_new2')
    """
    updated = [name for name in ask if updates_of(name)]
    if steps < 2 or any(updates_of(name) > 1 for name in updated):
        return ask
    later = [name.replace("_new", f"_new{step}") for step in range(2, steps + 1) for name in updated]
    return (*ask, *later)


def _has_entry(solution: Solution, name: str) -> bool:
    """Whether a name is that of a whole, or of an entry that the whole has."""
    whole, index = split_entry(name)
    shape = solution.derivation.shapes()[whole]
    if "[" not in name or not shape:
        return name == whole
    sizes = [size for size in shape if size > 1] or [1] if len(index) == 1 and len(shape) == 2 else shape
    return (
        len(sizes) == len(index)
        and name.endswith("]")
        and all(_PLACE.fullmatch(part) and int(part) <= size for part, size in zip(index, sizes, strict=True))
    )


def _size(solution: Solution, name: str) -> str:
    shape = solution.derivation.shapes()[name]
    return f"a {words(shape)} matrix" if shape else "a number"


def _whole(name: str) -> str:
    return split_entry(name)[0]
