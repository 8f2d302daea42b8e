"""Statements held against a worked solution: that of a sheet, or of a network that the document itself describes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from chalkwork.algebra.expression import Application, Name, names_in
from chalkwork.checking.reading.names import bare_name, match_names
from chalkwork.checking.report import Result
from chalkwork.solutions.solution import Solution
from chalkwork.verification.comparing import Found, Verdict
from chalkwork.verification.sides import Step, is_near

_PARTIAL = re.compile(
    r"\\[dt]?frac\s*\{\s*(?:\\partial|d|\\mathrm\s*\{d\})\s*(?P<of>.+?)\}\s*\{\s*(?:\\partial|d|\\mathrm\s*\{d\})\s*(?P<by>.+)\}$"
)
_NABLA = re.compile(r"\\nabla\s*_\s*(?:\{(?P<by>.+?)\}|(?P<one>\S))")
_NEW = re.compile(
    r"(?:\^|_)?\{?\s*(?:\\(?:text|mathrm|rm)\s*\{?)?\s*(?:new|neu|\+|t\s*\+\s*1|\\prime|updated)\s*\}*\s*$|'$"
)
_INDEX = re.compile(r"_\s*\{?\s*(?P<place>[1-9]\d?)\s*\}?\s*$")
_DELTA = re.compile(r"\\delta|δ|delta")
_LAST = re.compile(r"out|output|\bo\b|L\b|\\ell\b")
_HIDDEN = re.compile(r"hid|\bh\b")
_FORWARD = re.compile(r"[za]\d+|L")
FEWEST = 3
"""How many values of a document have to come out with a network before one that does not is wrong because of it."""
_GOOD, _BAD = ("correct", "rounding"), ("mistake", "wrong")


@dataclass
class Names:
    """What names of a document are called in a solution."""

    solution: Solution
    known: Mapping[str, str]
    """Names of the document that are known to be names of the solution."""
    written: Mapping[str, str]
    """Every name as it was written."""
    source: str = "the solution"
    guessed: bool = False
    """Whether the solution is that of a network which was recognised, so that a name may be another quantity."""
    doubtful: bool = False
    """Whether so much disagrees with it that what is right by itself may be about something else."""
    updated: bool = False
    taken: set[str] = field(default_factory=set)

    def of(self, step: Step) -> str | None:
        """The name in the solution, where there is one that no statement had before."""
        found = self._meant(step)
        if found is None or not self._has_its_size(found, step):
            found = self._entry(step)
        if found is None:
            return None
        if "[" in found:
            whole = found.partition("[")[0]
            free = found not in self.taken and whole not in self.taken
            self.taken |= {found} if free else set()
            return found if free else None
        if self.updated and found in self.taken and _FORWARD.fullmatch(found) and self._is_of_the_input(step):
            found = f"{found}_new"
        if found not in self.solution.derivation or found in self.taken:
            return None
        self.taken.add(found)
        self.updated |= "_new" in found
        return found

    def _has_its_size(self, name: str, step: Step) -> bool:
        size = np.size(self.solution[name]) if name in self.solution.derivation else None
        return size is None or size == sum(map(len, step.rows))

    def _spelled(self, step: Step) -> str:
        """The name as it was written."""
        return step.text.partition("=")[0].strip() or self.written.get(step.name, step.name)

    def _entry(self, step: Step) -> str | None:
        """The entry of a vector, where a number has the vector's name with an index."""
        found = _INDEX.search(self._spelled(step))
        if found is None or sum(map(len, step.rows)) != 1:
            return None
        whole = self._called(found.string[: found.start()])
        if whole is None or whole not in self.solution.derivation:
            return None
        value = np.asarray(self.solution[whole])
        flat = value.ndim == 2 and 1 in value.shape and int(found["place"]) <= value.size > 1
        return f"{whole}[{found['place']}]" if flat else None

    def fits(self, step: Step, wanted: Collection[str]) -> bool:
        """Whether a statement is about one of these names, or about what the solution is given."""
        found = self._meant(step)
        if (found is None or not self._has_its_size(found, step)) and (entry := self._entry(step)) is not None:
            return entry.partition("[")[0] in wanted
        return found is not None and (found in wanted or f"{found}_new" in wanted or self.given(step) is not None)

    def given(self, step: Step) -> str | None:
        """What the solution is given, where the statement gives it."""
        found = self._called(self.written.get(step.name, step.name))
        return found if any(found == one.name for one in self.solution.derivation.givens) else None

    def _is_of_the_input(self, step: Step) -> bool:
        """Whether a value after the update is that of the same input, as its formula says."""
        names = {one.name for side in step.sides for one in names_in(side)}
        return not self.guessed or (
            bool(names) and all(name in self.known or name.startswith("Z_lit") for name in names)
        )

    def _meant(self, step: Step) -> str | None:
        text = self.written.get(step.name, step.name)
        own = self.known.get(step.name)
        itself = any(
            isinstance(side, Application) and step.name in {one.name for one in names_in(side)} for side in step.sides
        )
        if own is not None:
            return f"{own}_new" if itself and f"{own}_new" in self.solution.derivation else own
        for pattern in (_PARTIAL, _NABLA):
            if found := pattern.search(text):
                parts = found.groupdict()
                return self._gradient(parts.get("by") or parts.get("one") or "")
        if _DELTA.search(text) and (delta := self._delta(text)):
            return delta
        if new := _NEW.search(text):
            base = self._called(text[: new.start()])
            if base is not None and f"{base}_new" in self.solution.derivation:
                return f"{base}_new"
        return self._called(text) or self._called(step.name)

    def _called(self, text: str) -> str | None:
        """The name in the solution that is spelled so."""
        bare = bare_name(text)
        own = {bare_name(self.written.get(name, name)): meant for name, meant in self.known.items()}
        known = (*self.solution.derivation, *(one.name for one in self.solution.derivation.givens))
        return own.get(bare) or match_names([text], known, self.solution.writer().symbols)[0].get(text)

    def _gradient(self, by: str) -> str | None:
        name = self._called(by)
        if name is None:
            return None
        slopes = ((one.name, one.derivative) for one in self.solution.derivation.equations)
        return next((of for of, slope in slopes if slope is not None and slope.by == name), f"d{name}")

    def _delta(self, text: str) -> str | None:
        layers = [name for name in self.solution.derivation if re.fullmatch(r"delta\d+", name)]
        digits = re.findall(r"\d+", text)
        if len(digits) == 1:
            return f"delta{digits[0]}"
        if not digits and layers and (_LAST.search(text) or len(layers) == 1):
            return max(layers)
        return min(layers) if not digits and layers and _HIDDEN.search(text) else None


def value_of(step: Step) -> str:
    """What a statement ends in, as an answer is typed.

    >>> value_of(Step(0, "z", (), (("1", "-0.5"),), False))
    '[[1, -0.5]]'
    """
    if len(step.rows) == 1 and len(step.rows[0]) == 1:
        return step.rows[0][0]
    return "[" + ", ".join(f"[{', '.join(row)}]" for row in step.rows) + "]"


def held(
    found: Sequence[Found],
    steps: Sequence[Step],
    names: Names,
    line: Callable[[int], int],
    before: Mapping[str, object] | None = None,
) -> tuple[list[Found], dict[str, object]]:
    """The verdicts with what the solution says of the values, and these; one that is wrong has its mistake by name.

    `before` are values that an earlier part of the same work had.
    """
    places: dict[str, int] = {}
    answers: dict[str, object] = {}
    for step in steps:
        name = names.of(step) if step.rows else None
        if name is not None:
            places[name], answers[name] = step.place, value_of(step)
    together = list(found)
    for step in steps:
        if said := _other_softmax(step, names.solution):
            together[step.place] = replace(together[step.place], verdict=Verdict.WRONG, reason=said)
    if not answers:
        return together, {}
    for entry in [name for name in answers if name.partition("[")[0] in answers and "[" in name]:
        del answers[entry]
    report = names.solution.check({**(before or {}), **answers})
    entries: dict[str, list[int]] = {}
    for name, place in places.items():
        entries.setdefault(name.partition("[")[0], []).append(place)
    verdicts = [one.verdict for one in report.values()]
    good, bad = (sum(one in some for one in verdicts) for some in (_GOOD, _BAD))
    names.doubtful = names.guessed and (bad > 1 or good < FEWEST)
    for name, result in report.items():
        for place in entries.get(name, ()):
            first = next((one for one in range(place) if together[one].verdict is Verdict.WRONG), None)
            earlier = min(entries[name])
            if (
                place != earlier
                and together[earlier].verdict is Verdict.WRONG
                and together[place].verdict is not Verdict.WRONG
            ):
                together[place] = Found(Verdict.FOLLOWS, f"follows from your wrong line {line(earlier)}")
                continue
            together[place] = _merged(together[place], result, None if first is None else line(first), names)
    return together, answers


def agreement(steps: Sequence[Step], solution: Solution, known: Mapping[str, str], written: Mapping[str, str]) -> int:
    """How many values of steps are those of a solution, less those that are not."""
    names = Names(solution, known, written, guessed=True)
    pairs = [(step, name) for step in steps if step.rows and (name := names.of(step)) is not None and "[" not in name]
    return sum(1 if is_near(step, solution[name]) else -1 for step, name in pairs)


def _other_softmax(step: Step, solution: Solution) -> str:
    """Where a softmax is written out over other numbers than the net inputs of the last layer: what it says of that."""
    made = [one.expression for one in solution.derivation.equations if isinstance(one.expression, Application)]
    inner = next((one.arguments[0] for one in made if one.operation.name == "softmax"), None)
    if not step.exponents or not isinstance(inner, Name) or inner.name not in solution.derivation:
        return ""
    right = np.asarray(solution[inner.name], dtype=float)
    if min(right.shape, default=1) > 1 or right.size != len(step.exponents):
        return ""
    own, meant = np.sort(step.exponents), np.sort(right.ravel())
    if np.allclose(own - own.max(), meant - meant.max(), rtol=0.02, atol=0.02):
        return ""
    return (
        f"the softmax is taken over {', '.join(f'{one:g}' for one in step.exponents)}; "
        f"the net inputs of the output layer are {', '.join(f'{one:.4g}' for one in right.ravel())}"
    )


def _merged(own: Found, result: Result, first: int | None, names: Names) -> Found:
    """What a statement is by itself, and what its value is in the solution."""
    said = str(result.message).strip()
    if result.verdict in _BAD:
        if own.verdict is Verdict.WRONG:
            return replace(own, reason=f"{own.reason}. {said}") if result.mistakes else own
        if own.verdict is Verdict.FOLLOWS and not result.mistakes:
            return own
        if names.doubtful and not result.mistakes and own.verdict in (Verdict.RIGHT, Verdict.ROUNDED):
            return own
        return replace(own, verdict=Verdict.WRONG, reason=f"held against {names.source}: {said}")
    if own.verdict in (Verdict.WRONG, Verdict.FOLLOWS):
        return own
    if result.verdict == "follows":
        more = f"follows from your wrong line {first}" if first is not None else said
        return replace(own, verdict=Verdict.FOLLOWS, reason=more) if first is not None or not names.guessed else own
    if result.verdict in _GOOD and own.verdict in (Verdict.GIVEN, Verdict.DEFINITION, Verdict.UNJUDGED):
        verdict = Verdict.RIGHT if result.verdict == "correct" else Verdict.ROUNDED
        return replace(own, verdict=verdict, reason=f"as in {names.source}")
    return own
