"""Which recorded values stand for which steps, by what they were made of: the program's graph beside the derivation's.

A value that is wrong is no evidence of what it is. Its place is: what it was made of, and what was made with it. The
line that makes it from the right operands of a step stands for that step, whatever it gives.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from chalkwork.checking.mistakes import Role
from chalkwork.checking.naming.called import holds_a_loss
from chalkwork.checking.naming.consequences import is_multiple
from chalkwork.checking.naming.evidence import same, tells
from chalkwork.checking.naming.passes import base_of
from chalkwork.checking.naming.programs import Reader
from chalkwork.checking.placing.flow import Flow
from chalkwork.checking.recording import Made
from chalkwork.checking.repairing.arrays import Unclear, worked_out
from chalkwork.checking.repairing.evaluating import Frame, Spent
from chalkwork.checking.repairing.rerunning import Rerun

_MOST_MADE = 600
_MOST_STEPS = 400
_AHEAD = 2
_LOOSE, _NOT_MET = 1, 3
"""What it counts where something is no step, and where it is made of what makes none; a skipped step counts one."""


def aligned(
    reader: Reader,
    rerun: Rerun,
    items: Sequence[tuple[Made, str]],
    chains: Mapping[str, Collection[str]],
    roles: Mapping[int, str],
    makers: Mapping[str, int],
    is_between: Callable[[Made], bool],
) -> dict[str, tuple[str, Made]]:
    """The steps that recorded values stand for by what they were made of, each with its word.

    The `items` are the values with their words, which can stand for the steps in their `chains`; `roles` are what is
    known of values by their numbers, `makers` has the value of each known step, and `is_between` says what is right and
    no step.
    """
    held: dict[int, list[tuple[str, Made]]] = {}
    for made, word in items:
        held.setdefault(made.order, []).append((word, made))
    known = dict(roles)
    for order, words in held.items():
        value = words[0][1].value
        equal = (reader.equal(value) or reader.rows_of(value)) if order not in known and tells(value) else []
        if order not in known and words[0][1].line is None and value.size > 1 and np.ptp(value):
            equal = [name for name in reader.equal(value) if name in reader.givens.known]  # of few digits, and data
        if len(equal) == 1:
            known[order] = equal[0]
    called = {order: _called(reader, words, chains, is_between) for order, words in held.items()}
    found = {}
    for name, made in _Aligning(reader, rerun, known, makers, called).done().items():
        found[name] = min(held[made.order], key=lambda one: name not in chains[one[0]])
    return found


def _kind(name: str) -> str:
    return re.sub(r"\d*(_t\d+)?$", "", base_of(name))


class Words(NamedTuple):
    """What a value is called, and which steps it can be by that."""

    words: frozenset[str] = frozenset()
    able: Callable[[str], bool] = lambda _: False
    meant: frozenset[str] = frozenset()
    is_between: bool = False
    """Whether it is right, and no step of its own."""


def _called(
    reader: Reader,
    words: Sequence[tuple[str, Made]],
    chains: Mapping[str, Collection[str]],
    is_between: Callable[[Made], bool],
) -> Words:
    context = reader.context
    losses = {one.name for one in context.derivation.equations if context.role(one) == Role.LOSS}
    meant = frozenset(name for word, _ in words for name in chains[word])
    if any(holds_a_loss(word) or "err" in word.lower() for word, _ in words):
        meant |= losses

    def able(name: str) -> bool:
        named = name in meant or name not in losses  # nothing follows from a loss: its name tells
        return named and any(reader.fits(made.value, name) for _, made in words)

    return Words(frozenset(word for word, _ in words), able, meant, any(is_between(made) for _, made in words))


class _Aligning:
    def __init__(
        self,
        reader: Reader,
        rerun: Rerun,
        roles: Mapping[int, str],
        makers: Mapping[str, int],
        words: Mapping[int, Words],
    ) -> None:
        self.flow = Flow(reader, set(roles.values()))
        self.reader, self.rerun, self.makers, self.words = reader, rerun, makers, words
        self.roles = {order: self.flow.one.get(name, name) for order, name in roles.items()}
        self.right = {order for order, name in roles.items() if name in self.flow.made_of}
        self.parts: dict[int, tuple[frozenset[int], frozenset[str]] | None] = {}
        """What every value is made of: others, and right values that its line works out on the way."""
        self.operands: dict[int, frozenset[str] | None] = {}
        """The same in the quantities of the exercise, through what has no role; None where that is not known."""
        self.found: dict[str, Made] = {}
        self.users: dict[int, list[int]] = {}
        self.kinds: dict[tuple[str, int | None], set[str]] = {}
        """What a line has made that is right: the letters of steps, nothing for what is none."""
        self.undecided: dict[int, frozenset[str]] = {}
        self.leads: set[int] = set()
        """What something right was made with, by itself or through others: that is not wrong."""

    def done(self) -> dict[str, Made]:
        """In the order of time, so that a value can be told by those that were told before it."""
        made = self.rerun.made
        alone = all(np.size(self.reader.values[name]) == 1 for name in self.flow.made_of)
        if alone or len(made) > _MOST_MADE or len(self.flow.made_of) > _MOST_STEPS:
            return {}
        with np.errstate(all="ignore"):
            try:
                self.parts = {order: self._read(one) for order, one in made.items()}
            except Spent:
                return {}
        for order, parts in self.parts.items():
            for source in parts[0] if parts is not None and made[order].of is None else ():
                self.users.setdefault(source, []).append(order)
        for order in sorted(made, reverse=True):
            if self._leads(order):
                self.leads.add(order)
        for order in sorted(made):
            self._told(order)
            role = self.roles.get(order, "")
            by_accident = self.makers.get(role, order) != order
            if (order in self.right or order in self.leads) and not by_accident:
                self.kinds[made[order].file, made[order].line].add(_kind(role))
        return self.found

    # --- what a value is made of -----------------------------------------------------------------------------------

    def _read(self, made: Made) -> tuple[frozenset[int], frozenset[str]] | None:
        sources = self.rerun.sources(made)
        if sources is None:
            return None
        orders = frozenset(one for one in sources if isinstance(one, int))
        statement = self.rerun.statement(made) if made.of is None else None
        node = getattr(statement, "value", None) if isinstance(statement, (ast.Assign, ast.Return)) else None
        within: tuple[frozenset[int], frozenset[str]] = orders, frozenset()
        if isinstance(node, (ast.BinOp, ast.Call, ast.UnaryOp)) and made.within is None:
            within = self._within(node, self.rerun.frame(made), whole=True)
        return frozenset(map(self._first, within[0] & orders if within[1] else orders)), within[1]

    def _within(self, node: ast.expr, frame: Frame, *, whole: bool = False) -> tuple[frozenset[int], frozenset[str]]:
        """What an expression is made of, a part that has the value of a step as that step."""
        value, touched = self._value(node, frame)
        made = not whole and isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Call))
        equal = self.reader.equal(value) if made and tells(value) else []
        if len(equal) == 1 and equal[0] in self.flow.made_of:
            return frozenset(), frozenset(equal)
        inner: list[ast.expr] = []
        if isinstance(node, ast.BinOp):
            inner = [node.left, node.right]
        elif isinstance(node, ast.UnaryOp):
            inner = [node.operand]
        elif isinstance(node, ast.Call):
            inner = [*node.args, *(one.value for one in node.keywords)]
            inner += [node.func.value] if isinstance(node.func, ast.Attribute) else []
        orders, names = touched.difference(*(self._value(one, frame)[1] for one in inner)), frozenset[str]()
        for one in inner:
            more, steps = self._within(one, frame)
            orders, names = orders | more, names | steps
        return orders, names

    def _value(self, node: ast.expr, frame: Frame) -> tuple[Any, frozenset[int]]:
        """What an expression comes to, and the values that were read for it."""
        ev = self.rerun.evaluator
        ev.touched = set()
        try:
            value = worked_out(np.asarray, ev.value(node, frame))
        except Unclear:
            value = np.empty(0)
        return value, frozenset(one for one in ev.touched if isinstance(one, int))

    def _first(self, order: int) -> int:
        made = self.rerun.made[order]
        while made.of is not None:
            made = made.of
        return made.order

    def _leads(self, order: int) -> bool:
        return any(user in self.right or user in self.leads for user in self.users.get(order, ()))

    def _made_of(self, order: int, put: Mapping[int, str]) -> frozenset[str] | None:
        """What a value is made of, with other roles for some, or none."""
        parts = self.parts[order]
        if parts is None:
            return None
        found = parts[1]
        for source in parts[0]:
            role = put[source] if source in put else self.roles.get(source, "")
            if role:
                found |= {role}
                continue
            value = self.rerun.made[source].value
            if not np.any(value):
                continue  # zeros that something is added to have their shape alone from elsewhere
            own = self._made_of(source, put) if put and source > min(put) else self.operands.get(source)
            if own is None and value.size >= self.flow.smallest and value.dtype.kind == "f":
                return None
            found |= own or frozenset()
        return found - self.flow.free

    # --- what it is ------------------------------------------------------------------------------------------------

    def _told(self, order: int) -> None:
        made = self.rerun.made[order]
        own = self.operands[order] = self._made_of(order, {})
        self.undecided[order] = self._undecided(order)
        role = self.roles.get(order)
        again = role is not None and self.makers.get(role, order) != order and own == frozenset((role,))
        kinds = self.kinds.setdefault((made.file, made.line), set())
        if made.line is None or made.of is not None or not own:
            return
        words = self.words.get(order, Words())
        if role is not None and not again:
            if order in self.right and role not in self.makers and role not in self.found and words.able(role):
                self._name(order, role)
            return
        if words.is_between or self.flow.is_between(made.value):
            return
        for name, before in self.found.items():  # made by one line again and again, as another one each time
            alike = (before.line, before.code) == (made.line, made.code) and self.operands[before.order] == own
            if alike and words.words & self.words.get(before.order, Words()).words and order not in self.leads:
                del self.roles[before.order]
                self._name(order, name)
                return
        if self._is_gone_on_with(made):
            return
        able = {name: cost for name, cost in self._able(order, own).items() if words.able(name)}
        able = {name: cost for name, cost in able.items() if not kinds or _kind(name) in kinds}
        if not able and order not in self.leads and not own & self.found.keys() and not self._is_taken_up(order):
            near = self.flow.near(own, made.value.size) & words.meant
            called = [name for name in near if self._is_open(name) and words.able(name)]
            if len(called) == 1:
                self._name(order, called[0])
                return
        looks = {name for name in able if name in words.meant or self.flow.looks_like(made.value, name)}
        able = {name: cost for name, cost in able.items() if name in looks}
        if not able:
            self._refined(order, own)
            if words.meant and not any(map(words.able, words.meant)):
                self.operands[order] = None  # it is a step by its name, in another shape
        elif len(kept := [name for name in able if self._is_kept_as(made.value, name)]) == 1:
            self._name(order, kept[0])
        elif order not in self.leads:
            self._compared(order, able, words.meant)

    def _is_gone_on_with(self, made: Made) -> bool:
        """Whether the same line goes on with it, and nothing else: a sum, or the entries of an array one by one."""
        users = self.users.get(made.order, [])
        after = self.rerun.made[users[0]] if len(users) == 1 else None
        return after is not None and (after.line, after.code) == (made.line, made.code)

    def _is_taken_up(self, order: int) -> bool:
        """Whether something is made of a value under the same name."""
        words = self.words.get(order, Words()).words
        return any(words & self.words.get(user, Words()).words for user in self.users.get(order, ()))

    def _compared(self, order: int, able: Mapping[str, int], meant: Collection[str]) -> None:
        """A value is the step with which it and what follows are told best, if they are not told as well without it."""
        whole = {
            name: (cost + self._onward(order, {order: name}, _AHEAD), name not in meant, cost)
            for name, cost in able.items()
        }
        least = min(whole.values())
        best = [name for name, cost in whole.items() if cost == least]
        loose = _LOOSE + self._onward(order, {order: ""}, _AHEAD)
        if not self.users.get(order):
            loose = least[0]  # nothing tells that it is a step but its name
        told = best[0] in meant or (least[0] < loose and best[0] not in self._undecided(order))
        if len(best) == 1 and least[0] <= loose and told:
            self._name(order, best[0])
        elif least[0] <= loose:
            self.undecided[order] |= frozenset(best)

    def _undecided(self, order: int) -> frozenset[str]:
        """The steps that one of the values that went into this one may be just as well."""
        parts = self.parts[order]
        before = [one for one in (parts[0] if parts is not None else ()) if not self.roles.get(one)]
        return frozenset().union(*(self.undecided.get(one, frozenset()) for one in before))

    def _able(self, order: int, own: frozenset[str]) -> dict[str, int]:
        """The steps that are still to be told and can be made of these; one that it is not called counts one more."""
        steps = self.flow.steps(own, self.rerun.made[order].value.size)
        meant = self.words.get(order, Words()).meant
        return {name: cost + bool(meant and name not in meant) for name, cost in steps.items() if self._is_open(name)}

    def _is_open(self, name: str) -> bool:
        return name not in self.makers and name not in self.found

    def _name(self, order: int, name: str) -> None:
        self.found[name] = self.rerun.made[order]
        self.roles[order] = name

    def _refined(self, order: int, own: frozenset[str]) -> None:
        """What goes on from a value that was told under its name, and is no other step: that one, as it is then."""
        for name in own & self.found.keys() if order not in self.leads else ():
            before = self.found[name]
            words = self.words.get(order, Words()).words
            same_word = words & self.words.get(before.order, Words()).words
            called = bool(same_word) or any(one.endswith("()") for one in words)
            again = own - {name} <= (self.operands[before.order] or frozenset())
            alone = set(self.users.get(before.order, ())) <= {order}
            value = self.rerun.made[order].value
            if called and again and alone and before.value.shape == value.shape and not self._is_a_step(before, value):
                del self.roles[before.order]
                self._name(order, name)
                return

    def _is_kept_as(self, value: Any, name: str) -> bool:
        """Whether it is a derivative as some keep it: with a minus, or without 1/m."""
        derivative = self.reader.context.derivation[name].derivative is not None
        return derivative and is_multiple(self.reader, value, name, {1.0, float(self.reader.context.sizes[0])})

    def _is_a_step(self, before: Made, value: Any) -> bool:
        """Whether a value is another one times the learning rate."""
        rate = self.reader.values.get("eta")
        return rate is not None and same(value, float(np.ravel(rate)[0]) * before.value)

    def _onward(self, order: int, put: Mapping[int, str], ahead: int) -> int:
        """What it counts for the values that are made with one, and those that are made with these."""
        return sum(self._counted(user, put, ahead) for user in self.users.get(order, ()) if self._is_known(user, put))

    def _is_known(self, order: int, put: Mapping[int, str]) -> bool:
        latest = max(self.operands)
        parts = self.parts[order]
        return parts is not None and all(one <= latest or one in self.roles or one in put for one in parts[0])

    def _counted(self, order: int, put: Mapping[int, str], ahead: int) -> int:
        own = self._made_of(order, put)
        if own is None:
            return 0
        role = self.roles.get(order)
        if role is not None and role in self.flow.made_of:
            cost = self.flow.cost(role, own)
            return _NOT_MET if cost is None else cost
        able = {name: cost for name, cost in self._able(order, own).items() if name not in put.values()}
        whole = [cost + (self._onward(order, {**put, order: name}, ahead - 1) if ahead else 0)
                 for name, cost in able.items()]  # fmt: skip
        if ahead and self.users.get(order):
            whole.append(_LOOSE + self._onward(order, {**put, order: ""}, ahead - 1))
        return min(whole, default=_NOT_MET)
