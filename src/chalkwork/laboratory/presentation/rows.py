"""Rows of a table, each put into units: what comes out, whether that is what is wanted, and weights of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.derivation.derivation import Stage
from chalkwork.documents.model import Block, Table
from chalkwork.laboratory.presentation.unit import Letters, constant
from chalkwork.laboratory.work import Work
from chalkwork.networks.data import Array
from chalkwork.solutions.board import Board
from chalkwork.solutions.compose import blank
from chalkwork.solutions.setting import Choice, Style
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import Column, step_table


class Rows(Work):
    """The rows `x1`, `y1`, ... of a table with what is wanted of each, where anything is, and what comes out.

    `noun` is what a row is called, `outputs` are the quantities of a row that are worked out, the last one its output.
    """

    def __init__(self, x: Array, y: Array | None, style: Style, outputs: str, noun: str = "row") -> None:
        super().__init__()
        self.noun, self.outputs, self.steps = noun, outputs, range(1, len(x) + 1)
        self.wanted = () if y is None else ("y",)
        self.stage = Stage("rows", f"Every {noun}")
        self.plain = Letters(style.notation)
        self.letters |= {name: self.plain.plain(name) for name in (*"xywb", "theta", "right", *outputs)}
        for step, row in zip(self.steps, x, strict=True):
            self.given(f"x{step}", row)
        for step, target in zip(self.steps, () if y is None else y, strict=y is not None):
            self.given(f"y{step}", float(target))
        for step in self.steps:
            self.letters |= {f"{name}{step}": self.plain.numbered(name, step) for name in ("x", "y", "right", *outputs)}

    def units(self, own: Mapping[str, Any], stage: Stage, found: bool) -> None:
        """The weights and what goes with them: given, or `found` in a stage of their own."""
        for name, value in own.items():
            if found:
                self.equation(name, constant(np.asarray(value, np.float64), single=np.ndim(value) == 0), stage)
            else:
                self.given(name, value)

    def put_in(self, work: Callable[[int], Iterable[Expression]]) -> None:
        """What the units make of every row: an expression for each of the `outputs`."""
        rights: list[Expression] = []
        for step in self.steps:
            for name, expression in zip(self.outputs, work(step), strict=True):
                found = self.equation(f"{name}{step}", expression, self.stage)
            if self.wanted:
                rights.append(self.equation(f"right{step}", apply("equal", found, Name(f"y{step}")), self.stage))
        if rights:
            self.equation("right", reduce(Expression.__add__, rights[1:], rights[0] + 0), self.stage)

    def answer(self, style: Style, ask: tuple[str, ...], title: str, **setting: Any) -> Solution:
        """The answer; what is asked for where nobody says is everything but whether the rows are right."""
        usual = [one.name for one in self.equations if not one.name.startswith("right")]
        every = {"usual": usual, "columns": tuple(self.outputs), "exact": True, "title": title, **setting}
        return self.solution(style, ask, **every)

    # --- weights of one's own --------------------------------------------------------------------------------------

    def wrong(self, values: Mapping[str, Array]) -> list[int]:
        """The rows whose output is not the one that is wanted."""
        return [step for step in self.steps if self.wanted and not values[f"right{step}"].any()]

    def choice(
        self, names: tuple[str, ...], instead: Callable[[Mapping[str, Any]], Solution], said: Callable[[list[int]], str]
    ) -> Choice:
        """Other weights are as good if no row is wrong with them; of those that are it is `said`."""

        def wrong(solution: Solution) -> str:
            rows = self.wrong(solution.arrays)
            return said(rows) if rows else ""

        return Choice(names, instead, wrong, tuple(f"right{step}" for step in self.steps if self.wanted))

    # --- the board -------------------------------------------------------------------------------------------------

    def given_table(self, board: Board) -> Table:
        """The rows, with what is wanted."""
        return self._table(board, [Column(name, asked=False) for name in ("x", *self.wanted)])

    def table(self, board: Board, empty: bool = False, marked: bool = False) -> Table:
        """The rows with what comes out, or to be filled in; where they are `marked`, also whether that is right."""
        columns = [Column(name, asked=name in self.outputs) for name in ("x", *self.outputs, *self.wanted)]
        if marked and not empty:
            wrong = self.wrong(board.values)
            columns.append(Column("right", "right", cells={k: "no" if k in wrong else "yes" for k in self.steps}))
        return self._table(board, columns, empty)

    def blanks(self, board: Board, names: Iterable[str], marked: bool = False) -> Iterator[Block]:
        """What is to be found, and the table to fill in."""
        yield from (blank(board.solution, name) for name in names)
        yield self.table(board, empty=True, marked=marked)

    def _table(self, board: Board, columns: list[Column], empty: bool = False) -> Table:
        return step_table(board, columns, self.steps, self.noun, empty)
