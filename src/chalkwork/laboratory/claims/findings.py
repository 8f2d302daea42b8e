"""What was found about a claim and its proof: the verdict, the steps that do not hold, everything as plain values.

What the shift of a softmax is good for is shown in numbers: Goodfellow, Bengio and Courville, Deep Learning (2016),
section 4.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression
from chalkwork.algebra.simplify import simplify
from chalkwork.documents.model import Block, Paragraph, Table
from chalkwork.laboratory.claims.refuted import values_of
from chalkwork.laboratory.claims.statement import Context, Link
from chalkwork.laboratory.claims.verify import Verified, verify
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Word

LARGE = np.array([1000.0, 1001.0, 1002.0])
Array = np.ndarray[Any, np.dtype[np.float64]]


def softmax_of_large() -> tuple[Array, Array]:
    """The softmax of large net inputs, naive and shifted.

    >>> naive, shifted = softmax_of_large()
    >>> naive, shifted.round(4)
    (array([nan, nan, nan]), array([0.09  , 0.2447, 0.6652]))
    """
    with np.errstate(all="ignore"):
        naive, shifted = (powers / powers.sum() for powers in (np.exp(LARGE), np.exp(LARGE - LARGE.max())))
    return naive, shifted


def overflow(board: Board, vector: str, shift: str) -> Iterator[Block]:
    """The table, naive against shifted."""
    yield Paragraph(
        "This is more than a curiosity. In double precision $e^{1000}$ is infinite, and infinity divided by infinity "
        f"is no number (NaN). With ${shift}$ no power exceeds 1, and the result is the same one:"
    )
    lower = LARGE - LARGE.max()
    naive, shifted = softmax_of_large()
    head = (
        f"${vector}_i$",
        f"naive $e^{{{vector}_i}}$",
        "naive softmax",
        f"${vector}_i - 1002$",
        "shifted power",
        "shifted softmax",
    )
    with np.errstate(over="ignore"):
        infinite = ["∞" if np.isinf(power) else board.number(power) for power in np.exp(LARGE)]
    nothing = ["NaN" if np.isnan(share) else board.number(share) for share in naive]
    columns = [board.cells(column.tolist()) for column in (LARGE, lower, np.exp(lower), shifted)]
    rows = tuple(zip(columns[0], infinite, nothing, *columns[1:], strict=True))
    yield Table(head, rows, right=tuple(range(6)))


PROVED, MANY_POINTS, FALSE, FALSE_STEP, OPEN = "proved", "true at many points", "false", "false step", "open"
SHIFT = "softmax-shift"
_TRUE = ("true", "holds", "right", "correct", "valid")
_ALSO: dict[str, tuple[str, ...]] = {
    PROVED: _TRUE,
    MANY_POINTS: (*_TRUE, "not proved", "not refuted"),
    FALSE: ("wrong", "refuted", "does not hold", "incorrect", "not true"),
    FALSE_STEP: ("wrong step", "wrong proof", "true, but the proof is wrong", "mistake in the proof"),
    OPEN: ("undecided", "unknown", "cannot be said"),
}


@dataclass(frozen=True)
class Findings:
    """The relations of a claim and of its proof, verified.

    `name` is that of the library's proof where it is used, `repaired` are the places of steps that only undo the
    mistake before them. The proof has a context of its own, that of the claim where the author gives it. `way` are the
    program's own steps, all of them proved, where the author gives none.
    """

    context: Context
    claim: Sequence[Verified]
    proof_context: Context
    steps: Sequence[Verified]
    repaired: tuple[int, ...]
    name: str = ""
    way: Sequence[Verified] = ()

    @cached_property
    def verdict(self) -> str:
        """One of the five."""
        if any(found.way == "false" for found in self.claim):
            return FALSE
        if any(found.way == "false" for found in self.steps):
            return FALSE_STEP
        both = (*self.claim, *self.steps)
        if any(found.way == "undefined" for found in both):
            return OPEN
        return PROVED if all(found.proved for found in both) else MANY_POINTS

    @property
    def word(self) -> Word:
        """The verdict with what else it is called."""
        return Word(self.verdict, _ALSO[self.verdict], tuple(_ALSO))

    @cached_property
    def wrong_steps(self) -> list[int]:
        """The numbers of the steps that do not hold, without those that undo the mistake before."""
        false = [found.link.step for place, found in enumerate(self.steps) if self._wrong(place)]
        return list(dict.fromkeys(false))

    def _wrong(self, place: int) -> bool:
        return self.steps[place].way == "false" and place not in self.repaired

    @cached_property
    def leads(self) -> bool | None:
        """Whether the author's equations connect both sides of every relation of the claim; None if it has others."""
        return _leads([found.link for found in self.claim], [found.link for found in self.steps], self.proof_context)

    def facts(self) -> dict[str, Any]:
        """Everything besides the verdict, as plain values: see `Claim.check`."""
        claim = [_record(found, self.context) for found in self.claim]
        steps = [_record(found, self.proof_context) for found in self.steps]
        for place in self.repaired:
            steps[place]["undoes"] = True
        shown = next((found["counterexample"] for found in (*claim, *steps) if found["counterexample"]), None)
        facts = {"claim": claim, "steps": steps, "counterexample": shown}
        if self.name:
            facts["name"] = self.name
        elif steps:
            facts["leads"] = self.leads
        if self.name == SHIFT:
            facts["naive"], facts["shifted"] = softmax_of_large()
        return facts


def _record(found: Verified, context: Context) -> dict[str, Any]:
    link, refuted = found.link, found.counterexample
    return {
        "left": str(link.left),
        "relation": link.relation,
        "right": str(link.right),
        "because": link.because,
        "way": found.way,
        "step": link.step,
        "how": found.how,
        "points": found.points,
        "holds": found.holds,
        "equality": list(found.equality),
        "counterexample": None if refuted is None else values_of(refuted, link, context),
    }


def _leads(claim: Sequence[Link], steps: Sequence[Link], context: Context) -> bool | None:
    if any(link.relation != "=" for link in claim):
        return None

    def form(side: Expression) -> Expression:
        return simplify(context.meant(side))

    groups: list[set[Expression]] = []
    for link in steps:
        if link.relation == "=":
            both = {form(link.left), form(link.right)}
            met = [group for group in groups if group & both]
            groups = [group for group in groups if not group & both] + [both.union(*met)]
    return all(
        any({form(link.left), form(link.right)} <= group for group in groups) or link.left == link.right
        for link in claim
    )


def repaired_places(steps: Sequence[Verified], context: Context) -> tuple[int, ...]:
    """The places of false steps that undo the mistake of the step before: the sides around both are equal."""
    places: list[int] = []
    for place in range(1, len(steps)):
        before, step = steps[place - 1], steps[place]
        both = before.way == step.way == "false" and before.link.relation == step.link.relation == "="
        if not both or not step.link.continued or place - 1 in places:
            continue
        if verify(Link(before.link.left, "=", step.link.right), context).holds:
            places.append(place)
    return tuple(places)
