"""Chains of relations between expressions whose names a document has bound: judged, and what they bind remembered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from fractions import Fraction

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply, names_in, replace, walk
from chalkwork.counting import counted
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.domain import Domain, Range
from chalkwork.laboratory.claims.evaluation import exactly, worked_out
from chalkwork.laboratory.claims.points import try_points
from chalkwork.verification.comparing import ORDER, Found, Verdict, by_value
from chalkwork.verification.memory import Memory, Value, whole
from chalkwork.verification.reading import Reader
from chalkwork.verification.sides import (
    constants,
    is_an_order,
    is_chain_rule,
    is_log,
    is_whole,
    is_written,
    lone,
    negated,
    point_words,
    puts_in,
    rows_of,
    texts_in,
    turned_literal,
)

MOST_SHARED = 40
"""How many numbers are looked for on the other side."""
SHOWN_BY_WHOLE = 0.0005
"""Half a unit of the last digit that a whole number shows of what was calculated: three decimals."""
DERIVED = 0.03
"""As a part of its size, how far a derivative may be from what its definitions give: its author rounds."""
_NOT_WORKED_OUT = {
    r"\lim": "a limit", r"\int": "an integral", r"\sum": "a sum whose bounds are no numbers",
    r"\prod": "a product whose bounds are no numbers", r"\begin{cases": "a distinction of cases",
}  # fmt: skip
FEWEST_POINTS, MANY_POINTS = 5, 60
"""At how many points two sides have to be the same, if they are said to be so everywhere; where time was short."""
ORDINARY = Range(low=Fraction(1, 3), high=Fraction(29, 10))


@dataclass
class Linking:
    """Judges relations with what a document has said so far."""

    reader: Reader = field(default_factory=Reader)
    display: bool = True
    place: int = 0
    """How many statements stand before this one."""
    natural: bool = False
    """Whether a logarithm without a base turned out to be the natural one."""
    open: dict[int, tuple[Expression, Expression, Mapping[str, Value]]] = field(default_factory=dict)
    """Equalities that do not hold for all numbers, and may be equations to be solved."""

    @property
    def memory(self) -> Memory:
        """What the document has said so far."""
        return self.reader.memory

    def _literal_numbers(self, body: Expression, literals: Mapping[str, Value]) -> Expression:
        return replace(
            body,
            {
                Name(name): Number(Fraction(repr(float(value.exact[0, 0]))))
                for name, value in literals.items()
                if value.shape == ()
            },
        )

    def _links(
        self,
        sides: list[Expression],
        relations: Sequence[str],
        near: Sequence[bool],
        literals: Mapping[str, Value],
        goes_on: bool,
        line: int,
    ) -> Found:
        """The verdict on a chain: that of its worst relation; its first name is bound to what it comes to."""
        found: list[Found] = []
        values = [self._value(side, literals) for side in sides]
        binds = self._bound_name(sides, relations, values, goes_on)
        for place, relation in enumerate(relations):
            name = lone(sides[place])
            own = values[place + 1]
            if (
                place
                and name
                and relation == "="
                and values[place] is None
                and own is not None
                and own.half is not None
            ):
                self.memory.bind(name, own, self.memory.definitions.get(name))  # ... = d = 2 tells it on the way
                values[place] = own
                found.append(Found(Verdict.GIVEN))
                continue
            if place == 0 and binds is not None:
                given = all(one.name in literals for one in names_in(sides[1])) and is_written(sides[1])
                found.append(Found(Verdict.GIVEN if given else Verdict.DEFINITION))
                continue
            found.append(
                self._link(
                    sides[place], relation, sides[place + 1], (values[place], values[place + 1]), near[place], literals
                )
            )
        worst = max(found, key=lambda one: ORDER.index(one.verdict))
        place = found.index(worst)
        if len(found) > 1 and worst.reason and worst.verdict is not Verdict.UNJUDGED:
            worst = Found(worst.verdict, f"relation {place + 1} of {len(found)}: {worst.reason}")
        self._remember(binds or lone(sides[0], goes_on), sides, relations, values, line, worst, literals)
        return worst

    def _bound_name(
        self, sides: list[Expression], relations: Sequence[str], values: Sequence[Value | None], goes_on: bool
    ) -> str | None:
        """The name that a chain defines, if it does: a lone name that nothing is known of, or that is given anew."""
        name = lone(sides[0], goes_on)
        if name is None or relations[0] != "=":
            return None
        memory = self.memory
        if self.reader.spellings.written.get(name, "").startswith(r"\int"):
            return None
        if name not in memory.values and name not in memory.definitions:
            return name
        before = memory.values.get(name)
        if before is not None and before.wrong is not None:
            return name
        if name in self.reader.fixed:
            return None
        if name in self.reader.derived and name not in memory.values and not memory.is_stale(name):
            return None
        if memory.is_stale(name) or memory.sections.get(name) != memory.section or "app" in name[:5]:
            return name
        written = values[1] is not None and values[1].half is not None
        if name not in memory.definitions:
            return name
        earlier, names = memory.definitions[name], {one.name for one in names_in(sides[1])}
        if written:
            return None if len(sides) == 2 and self._value(earlier, {}) is not None else name
        known = memory.bound_at
        if any(known.get(one, 0) > known.get(name, 0) for one in names):
            return name
        grown = not isinstance(earlier, (Name, Number)) and any(part == earlier for part in walk(exactly(sides[1])))
        return None if self.display and names & {one.name for one in names_in(earlier)} and not grown else name

    def _value(self, side: Expression, literals: Mapping[str, Value]) -> Value | None:
        with suppress(ChalkworkError):
            found = self.memory.evaluated(side, literals)
            if found is not None and is_whole(side):
                return Value(
                    found.exact,
                    found.range,
                    np.full(found.exact.shape, SHOWN_BY_WHOLE),
                    found.wrong,
                    3,
                    4,
                    found.fraction,
                )
            shown = negated(side)
            turned = turned_literal(side, literals)
            if found is not None and turned is not None:
                return replaced(turned, exact=found.exact, range=found.range)
            if found is not None and shown is not None and shown.name in literals:
                own = literals[shown.name]
                return Value(found.exact, found.range, own.half, None, own.places, own.significant, rows=own.rows)
            return found
        return None

    def _link(
        self, left: Expression, relation: str, right: Expression, values: tuple[Value | None, Value | None], near: bool,
        literals: Mapping[str, Value],
    ) -> Found:  # fmt: skip
        """One relation: by value where both sides have one, else as an identity."""
        first, second = values
        if first is not None and second is not None:
            own, other = texts_in(left, literals), texts_in(right, literals)
            shared = own & other
            if len(own | other) <= MOST_SHARED:
                shared |= {text for text in own if Fraction(text) in constants(right)}
                shared |= {text for text in other if Fraction(text) in constants(left)}
            if second.half is not None and first.half is None:
                with suppress(ChalkworkError):
                    first = self.memory.evaluated(left, literals, second) or first
            if lone(left) in self.reader.derived:
                found = by_value(first, relation, second, True, DERIVED)
                if found.verdict is Verdict.WRONG:
                    return replaced(found, reason=f"by the definitions before {found.reason}")
                return found
            if second.half is None and first.half is None:
                finer = _finest(names_in(right), literals)
                with suppress(ChalkworkError):
                    first = self.memory.evaluated(left, literals, finer, shared) or first
                    second = self.memory.evaluated(right, literals, None, shared) or second
            found = by_value(first, relation, second, near)
            if found.verdict is Verdict.UNJUDGED and second.half is None and first.half is None:
                with suppress(ChalkworkError):  # perhaps the finest numbers alone were rounded
                    finest = self.memory.evaluated(right, literals, _finest(names_in(right), literals), shared)
                    closer = by_value(first, relation, finest, near) if finest is not None else found
                    found = closer if closer.verdict is Verdict.ROUNDED else found
            found = self._of_another_base(found, (left, relation, right), literals, near)
            if found.verdict is Verdict.WRONG and not self.display and is_an_order(second, first):
                return Found(Verdict.UNJUDGED, f"to the order of magnitude: {found.reason}")
            entries = any(self.memory.is_entry(one.name) for side in (left, right) for one in names_in(side))
            if found.verdict is Verdict.WRONG and entries and not rows_of(right, literals):
                return Found(Verdict.UNJUDGED, f"with the entries of the vectors before {found.reason}")
            if found.verdict is Verdict.WRONG and not self.display and puts_in(left, right, literals):
                return Found(Verdict.UNJUDGED, f"other numbers are put in than those given: {found.reason}")
            return found
        same = self._identity(left, relation, right, literals)
        if near and same is not None and same.verdict is Verdict.WRONG:
            self.open.pop(self.place, None)
            return Found(Verdict.UNJUDGED, f"for some numbers, perhaps: {same.reason}")
        return same or Found(Verdict.UNJUDGED, self._unknown(left, right, literals))

    def _unknown(self, left: Expression, right: Expression, literals: Mapping[str, Value]) -> str:
        """Why a relation has no value: what stands in it that is not worked out."""
        names = list(dict.fromkeys(one.name for side in (left, right) for one in names_in(side)))
        written = self.reader.spellings.written
        open_ = [
            written.get(name, name) for name in names if name not in literals and self.memory.current(name) is None
        ]
        kinds = [kind for sign, kind in _NOT_WORKED_OUT.items() if any(one.startswith(sign) for one in open_)]
        if kinds:
            return f"{kinds[0]} is not worked out"
        return f"nothing is known of {', '.join(open_[:3])}" if open_ else "it holds names of which nothing is known"

    def _of_another_base(
        self, found: Found, link: tuple[Expression, str, Expression], literals: Mapping[str, Value], near: bool
    ) -> Found:
        """Where a logarithm without a base is not natural, and no earlier line says that it is: both readings."""
        left, relation, right = link
        logs = [part for side in (left, right) for part in walk(side) if is_log(part)]
        if not logs:
            return found
        if found.verdict is not Verdict.WRONG:
            self.natural = self.natural or bool(self.reader.bare_log)
            return found
        if self.natural or not self.reader.bare_log:
            return found
        for base in (2, 10):
            sides = [replace(side, {one: one / apply("log", Number(base)) for one in logs}) for side in (left, right)]
            first, second = (self._value(side, literals) for side in sides)
            if first is None or second is None:
                return found
            if by_value(first, relation, second, near).verdict is not Verdict.WRONG:
                return Found(
                    Verdict.UNJUDGED,
                    f"right with the logarithm to the base {base}; with the natural one {found.reason}",
                )
        return found

    def _identity(
        self, left: Expression, relation: str, right: Expression, literals: Mapping[str, Value]
    ) -> Found | None:
        """The relation for all numbers that its names can be."""
        try:
            sides = [
                self._literal_numbers(self.memory.meant(one, self.memory.values), literals) for one in (left, right)
            ]
        except ChalkworkError as error:
            return Found(Verdict.UNJUDGED, error.message)
        names = [{name.name for name in names_in(side)} for side in sides]
        if any(name.startswith("Z_") or name in self.reader.whole_words for name in names[0] | names[1]):
            return Found(Verdict.RIGHT, "both sides are the same") if sides[0] == sides[1] else None
        whole = any(name.shape for side in sides for name in names_in(side)) or sides[0].shape != sides[1].shape
        if whole or len(names[0] | names[1]) > 12:
            return None
        trial = try_points(
            sides[0], relation, sides[1], Domain({}).scalars([Name(name) for name in sorted(names[0] | names[1])])
        )
        if trial.counterexample is not None and relation != "=" and names[0] | names[1]:
            return Found(Verdict.UNJUDGED, f"a condition, or not for all numbers: {point_words(trial.counterexample)}")
        if trial.counterexample is not None:
            if names[0] != names[1] and relation == "=":
                return Found(
                    Verdict.UNJUDGED, f"a condition rather than an identity: {point_words(trial.counterexample)}"
                )
            if why := self._excused(left, relation, right, sides, literals):
                return Found(Verdict.UNJUDGED, f"{why}: {point_words(trial.counterexample)}")
            self.open[self.place] = left, right, literals
            return Found(Verdict.WRONG, point_words(trial.counterexample))
        if not trial.points:
            return None
        if trial.points < (FEWEST_POINTS if trial.complete else MANY_POINTS) and names[0] | names[1]:
            return Found(Verdict.UNJUDGED, f"the same at {counted(trial.points, 'point')}, which are too few")
        return Found(Verdict.RIGHT, f"at {counted(trial.points, 'point')}" if names[0] | names[1] else "")

    def _excused(
        self,
        left: Expression,
        relation: str,
        right: Expression,
        sides: Sequence[Expression],
        literals: Mapping[str, Value],
    ) -> str:
        """Why two sides that differ somewhere may be meant all the same; nothing where they are wrong."""
        if relation != "=":
            return ""
        names = {name.name for side in sides for name in names_in(side)}
        if names and self._holds_inside(sides, names):
            return "not for all numbers"
        if is_chain_rule(left) and is_chain_rule(right):
            return "a chain rule between other functions than those before"
        plain = [
            worked_out(exactly(self._literal_numbers(one, literals)), self.memory.functions) for one in (left, right)
        ]
        own = {name.name for side in plain for name in names_in(side)}
        if own and own != names:
            trial = try_points(plain[0], "=", plain[1], Domain({}).scalars([Name(name) for name in sorted(own)]))
            if trial.counterexample is None and trial.points:
                return "right only where its letters are not those from before"
        return ""

    def _holds_inside(self, sides: Sequence[Expression], names: Collection[str]) -> bool:
        """Whether two sides are the same where all names are ordinary positive numbers."""
        trial = try_points(sides[0], "=", sides[1], dict.fromkeys(sorted(names), ORDINARY))
        return trial.counterexample is None and trial.points > 3

    def _remember(
        self,
        name: str | None,
        sides: list[Expression],
        relations: Sequence[str],
        values: Sequence[Value | None],
        line: int,
        worst: Found,
        literals: Mapping[str, Value],
    ) -> None:
        """Bind the first name to the last value of the chain, as its author goes on from it."""
        if name is None or any(relation != "=" for relation in relations):
            return
        known = [value for value in values[1:] if value is not None]
        value = known[-1] if known else None
        if value is not None:
            broken = line if worst.verdict is Verdict.WRONG else value.wrong
            literal = isinstance(sides[-1], Name) and len(sides) == 2
            kept = value if literal else whole(value)
            value = Value(kept.exact, kept.range, kept.half, broken, fraction=kept.fraction, rows=kept.rows)
        definition = None
        if (
            not sides[1].shape
            and not (isinstance(sides[1], Name) and sides[1].name in literals)
            and not is_whole(sides[1])
        ):
            definition = self._literal_numbers(exactly(sides[1]), literals)
            if len(sides) == 2 and worst.verdict is Verdict.WRONG:
                definition = self.memory.definitions.get(name)
        elif name in self.memory.definitions and self.memory.sections.get(name) == self.memory.section:
            definition = self.memory.definitions[name]
        self.memory.bind(name, value, definition)
        if name in self.reader.letters_in:
            self.memory.inputs[name] = self.memory.inputs.get(name, frozenset()) | self.reader.letters_in[name]
        if value is None and sides[1].shape:
            self.memory.shapes[name] = sides[1].shape


def _finest(names: Sequence[Name], literals: Mapping[str, Value]) -> Value | None:
    """Of the numbers of a side the one with the most digits."""
    own = [literals[name.name] for name in names if name.name in literals]
    return max(own, key=lambda value: (value.significant, value.places), default=None)
