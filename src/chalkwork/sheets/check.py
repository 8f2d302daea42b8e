"""A hand-in held against its sheet: a report for every task, and points that add up exactly."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache, partial
from typing import Any, Literal

from chalkwork.algebra.entries import place_of, split_entry
from chalkwork.checking.judging.budget import sharing
from chalkwork.checking.reading.answers import reading_once
from chalkwork.checking.reading.laid import laid_place
from chalkwork.checking.report import WIDTH, Report, as_data, of_cells
from chalkwork.checking.reviewing.conventions import TABLE as CONVENTIONS
from chalkwork.checking.shown import MOST_SHOWN, given_data
from chalkwork.documents.literal import visible
from chalkwork.errors import ChalkworkError
from chalkwork.sheets.document import points_words
from chalkwork.sheets.schema import Sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.exercise import Exercise
from chalkwork.typesetting.boxes import width_of
from chalkwork.words import ENGLISH, Text, decimal, say, written

Answers = Mapping[str, object]
MOST_WORDS = 500
_DECLARING = frozenset(("convention", "conventions", "konvention", "konventionen"))
View = Literal["tutor", "student"]
"""For whom a report is: a student's has hints, and nothing that is expected."""
POLICIES = {"full": Fraction(1), "half": Fraction(1, 2), "none": Fraction(0)}
"""What a right step earns that goes on from a wrong value, by the sheet's word for it."""


@dataclass(frozen=True)
class TaskReport:
    """One task's report, with its points where the sheet gives some."""

    id: str
    report: Report
    points: Fraction | None

    @cached_property
    def earned(self) -> Fraction | None:
        """The points for what is accepted, exact."""
        return None if self.points is None else self.points * self.report.credit()


@dataclass(frozen=True, slots=True)
class Unmarked:
    """A block of the laboratory, which is not marked by machine, with its points where the sheet gives some."""

    id: str
    kind: str
    points: Fraction | None


@dataclass(frozen=True, slots=True)
class WorkLine:
    """A line of a page of working that is wrong: its number, the formula, and why."""

    line: int
    formula: str
    said: str

    def words(self, language: str) -> str:
        """The line in a sentence."""
        said = self.said.rstrip(".")
        text = "Line <line>, <formula>: <said>."
        return written(Text.own("report.working", text, line=self.line, formula=self.formula, said=said), language)


class Unread(ChalkworkError):
    """A hand-in that could not be read or marked, under the title that its report would have had."""

    title: str = ""

    @property
    def problem(self) -> str:
        """What was wrong, without the path of the file, of which a report has no need."""
        line = f"line {self.line}: " if self.line is not None else ""
        return f"{line}{self.message}{f'. Hint: {self.hint}' if self.hint else ''}"

    @classmethod
    def of(cls, error: ChalkworkError, title: str) -> Unread:
        """What was wrong with the hand-in of that title."""
        found = cls(error.message, file=error.file, line=error.line, equation=error.equation, hint=error.hint)
        found.title = title
        return found


@dataclass(frozen=True)
class HandIn:
    """The reports on one hand-in, in the order of the sheet; `unmarked` is what its points do not include."""

    title: str
    tasks: tuple[TaskReport, ...]
    unused: tuple[str, ...] = ()
    unmarked: tuple[Unmarked, ...] = ()
    language: str = ENGLISH
    working: tuple[WorkLine, ...] = ()
    """What is wrong in the lines of a page of working, whatever its last numbers are."""

    @cached_property
    def earned(self) -> Fraction:
        """All points, exact."""
        return sum((earned for task in self.tasks if (earned := task.earned) is not None), Fraction(0))

    @cached_property
    def points(self) -> Fraction:
        """What the sheet gives at most for what is marked."""
        return sum((task.points for task in self.tasks if task.points is not None), Fraction(0))

    @cached_property
    def first_wrong(self) -> tuple[str, str] | None:
        """Task and name of the first wrong step."""
        found = ((task.id, task.report.first_wrong) for task in self.tasks)
        return next(((task, name) for task, name in found if name is not None), None)

    @property
    def untouched(self) -> bool:
        """Whether nothing is answered: the form came back as it was."""
        results = (result for task in self.tasks for result in task.report.values())
        nothing = all(result.verdict == "blank" for result in results)
        return nothing and any(task.report for task in self.tasks) and not self.strays

    @property
    def strays(self) -> tuple[str, ...]:
        """What was handed in and not used, in all tasks and in none."""
        return (*self.unused, *(name for task in self.tasks for name in task.report.unused))

    def __str__(self) -> str:
        return self.written()

    def written(self, columns: int = WIDTH) -> str:
        """The report on all tasks as text on lines of so many columns."""
        title = visible(self.title, columns)
        parts, language = [title, "=" * min(columns, width_of(title))], self.language
        for task in self.tasks:
            earned = f": {of_points(task.earned, task.points, language)}" if task.points is not None else ""
            parts += ["", f"{say(language, 'task', name=task.id)}{earned}", task.report.written(columns)]
        if self.points:
            parts += ["", of_points(self.earned, self.points, language)]
        if self.unmarked:
            parts += ["", *textwrap.wrap(unmarked_words(self.unmarked, language), columns)]
        for line in self.working:
            parts += ["", *textwrap.wrap(visible(line.words(language), MOST_WORDS), columns)]
        for name in self.unused:
            parts += textwrap.wrap(say(language, "report.no_task", name=visible(name, MOST_SHOWN)), columns)
        return "\n".join(parts)


def exact(points: Fraction | None, language: str = ENGLISH) -> str:
    """Points as a decimal, of three places at most; the fraction stands in the JSON.

    >>> exact(Fraction(3, 2)), exact(Fraction(1, 3))
    ('1.5', '0.333')
    """
    return "" if points is None else decimal(f"{float(points):.3f}".rstrip("0").rstrip("."), language)


def of_points(earned: Fraction | None, points: Fraction, language: str) -> str:
    """What is earned of what can be had.

    >>> of_points(Fraction(3, 2), Fraction(2), "en")
    '1.5 of 2 points'
    """
    return say(language, "report.of_points", earned=exact(earned, language), points=points_words(points, language))


def points_apart(unmarked: Sequence[Unmarked]) -> Fraction:
    """The points for what is not marked by machine."""
    return sum((one.points for one in unmarked if one.points is not None), Fraction(0))


def unmarked_words(unmarked: Sequence[Unmarked], language: str = ENGLISH) -> str:
    """What is not marked by machine, and how many points the sum does not include.

    >>> unmarked_words([Unmarked("a", "question", Fraction(1, 2)), Unmarked("b", "taylor", None)])
    'Not marked by machine: a (question, 0.5 points), b (taylor). 0.5 points are not included.'
    """
    worth = (f", {points_words(one.points, language)}" if one.points is not None else "" for one in unmarked)
    tasks = ", ".join(f"{one.id} ({one.kind}{more})" for one, more in zip(unmarked, worth, strict=True))
    points = points_apart(unmarked)
    if not points:
        return say(language, "report.unmarked", tasks=tasks)
    number = 1 if points == 1 else 2
    return say(language, "report.unmarked_points", tasks=tasks, points=points_words(points, language), n=number)


def check_hand_in(sheet: Sheet, answers: Answers, title: str = "Answers") -> HandIn:
    """The reports on answers given by name, or by task and name.

    A name without a task goes to the first task that asks for it. What an earlier task of the same work answered
    counts as the student's own value in the later ones.

    >>> from chalkwork.sheets.format import parse_sheet
    >>> sheet = parse_sheet('''
    ... ```graph
    ... equations: "c = a + b; d = 2 * c"
    ... ```
    ... ```task
    ... id: a
    ... points: 1
    ... values: {a: 2, b: 1}
    ... ask: [c, d]
    ... ```
    ... ''')
    >>> result = check_hand_in(sheet, {"c": "4", "d": "8"})
    >>> result.first_wrong, str(result.earned)
    (('a', 'c'), '1/2')
    """
    return check_class(sheet, {title: answers})[0]


def check_class(sheet: Sheet, hand_ins: Mapping[str, Answers]) -> list[HandIn]:
    """The reports on every hand-in by its title, each task worked out once for all of them."""
    solved = solve_sheet(sheet)
    unmarked = tuple(Unmarked(part.id, part.kind, part.points) for part in sheet.parts if part.id not in solved)
    given = [_declaring(answers) for answers in hand_ins.values()]
    own_ways = {place: ways for place, (_, ways) in enumerate(given) if ways}
    sorted_out = [_by_task(solved, answers, {part.id for part in unmarked}) for answers, _ in given]
    reports: list[list[TaskReport]] = [[] for _ in sorted_out]
    earlier: dict[str, list[Mapping[str, object]]] = {}
    for name, part in solved.items():
        before = earlier[part.after] if part.goes_on and part.after is not None else [{} for _ in sorted_out]
        own = [by_task.get(name, {}) for by_task, _ in sorted_out]
        earlier[name] = [{**first, **second} if first else second for first, second in zip(before, own, strict=True)]
    with sharing(len(solved)), reading_once():
        for name, part in solved.items():
            asked = tuple(dict.fromkeys(ask.partition("[")[0] for ask in part.asked))
            policy = POLICIES[sheet.follow_through]
            mark = partial(part.solution.check_class, ask=asked, tolerance=sheet.tolerance, follows=policy)
            found = list(mark(earlier[name], conventions=sheet.conventions))
            for place, ways in own_ways.items():
                found[place] = mark([earlier[name][place]], conventions=ways)[0]
            told: dict[tuple[int, tuple[str, ...]], TaskReport] = {}
            for collected, report, (by_task, _) in zip(reports, found, sorted_out, strict=True):
                typed = by_task.get(name, ())
                unused = tuple([word for word in report.unused if word in typed])
                if (id(report), unused) not in told:
                    kept = report.with_unused({word: report.unused[word] for word in unused})
                    told[id(report), unused] = TaskReport(name, _of_entries(kept, part), part.points)
                collected.append(told[id(report), unused])
    return [
        HandIn(title, tuple(collected), tuple(unused), unmarked, sheet.language)
        for title, collected, (_, unused) in zip(hand_ins, reports, sorted_out, strict=True)
    ]


def _declaring(answers: Answers) -> tuple[Answers, tuple[str, ...]]:
    """The answers without `convention: id`, and the conventions that are declared so."""
    if not _declares(answers):
        return answers, ()
    ways: dict[str, None] = {}
    rest: dict[str, object] = {}
    for name, value in answers.items():
        if isinstance(value, Mapping):
            inner, more = _declaring(value)
            rest[name] = inner
            ways |= dict.fromkeys(more)
        elif str(name).lower() in _DECLARING and (ids := _ids(value)):
            ways |= dict.fromkeys(ids)
        else:
            rest[name] = value
    return (rest, tuple(ways)) if ways else (answers, ())


def _declares(answers: Answers) -> bool:
    return _is_declared(tuple(answers)) or any(type(value) is dict and _declares(value) for value in answers.values())


@lru_cache(maxsize=1 << 10)
def _is_declared(names: tuple[str, ...]) -> bool:
    """Whether one of the names declares conventions; most of a class write the same ones."""
    return any(str(name).lower() in _DECLARING for name in names)


def _ids(value: object) -> list[str]:
    """The conventions in a text or a list; none where one of them is none."""
    words = value.replace(",", " ").split() if isinstance(value, str) else value if isinstance(value, list) else []
    return list(words) if all(isinstance(word, str) and word in CONVENTIONS for word in words) else []


def _of_entries(report: Report, part: Exercise) -> Report:
    """The report with no verdict on cells that nobody asked for, where a task asks for single entries."""
    if not part.entries:
        return report
    shapes = part.solution.derivation.shapes()
    wanted = {
        whole: {laid_place(place_of(whole, split_entry(name)[1], shapes[whole]), shapes[whole]) for name in names}
        for whole, names in part.entries.items()
        if shapes[whole]
    }
    results = {
        name: of_cells(result, wanted[name], report.follows, report.language) if name in wanted else result
        for name, result in report.items()
    }
    return report.having(results)


def _by_task(
    solved: Mapping[str, Exercise], answers: Answers, unmarked: Collection[str] = ()
) -> tuple[dict[str, Mapping[str, object]], list[str]]:
    """The answers of every task, and what belongs to none; to blocks that are not marked, nothing is said to belong."""
    by_task: dict[str, Mapping[str, object]] = {}
    loose: dict[str, object] = {}
    unused: list[str] = []
    for name, value in answers.items():
        if not isinstance(value, Mapping):
            loose[name] = value
        elif name in solved:
            by_task[name] = value
        elif name not in unmarked:
            unused.append(name)
    if loose and solved:
        found = _distributed(solved, loose)
        return {task: {**found.get(task, {}), **by_task.get(task, {})} for task in {**found, **by_task}}, unused
    return by_task, unused


def _distributed(solved: Mapping[str, Exercise], loose: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Names without a task, each to the first task that asks for what it may mean."""
    rest = dict(loose)
    by_task: dict[str, dict[str, object]] = {}
    for task, part in solved.items():
        names = part.solution.names_meant(rest, part.asked)
        by_task[task] = {name: rest.pop(name) for name in names}
    last = next(reversed(by_task))
    by_task[last] |= rest
    return by_task


Expected = Mapping[str, Mapping[str, Any]]
"""The right values by task and name, as plain data."""


def expected_data(solved: Mapping[str, Exercise]) -> Expected:
    """What is expected at every step."""
    return {task: {name: given_data(part.solution[name]) for name in _told(part)} for task, part in solved.items()}


def _told(part: Exercise) -> Iterator[str]:
    yield from part.solution.derivation.shapes()
    yield from part.solution.setting.words


def hand_in_data(hand_in: HandIn, expected: Expected | None = None) -> dict[str, Any]:
    """A hand-in as plain data, for JSON; with what is expected at every step where that is given."""
    earned, first_wrong = hand_in.earned, hand_in.first_wrong
    return {
        "title": given_data(hand_in.title),
        "points": float(earned),
        "exact": str(earned),
        "of": float(hand_in.points),
        "untouched": hand_in.untouched,
        "unmarked": [
            {"id": one.id, "kind": one.kind, "points": None if one.points is None else float(one.points)}
            for one in hand_in.unmarked
        ],
        "working": [
            {"line": one.line, "formula": given_data(one.formula), "reason": given_data(one.said)}
            for one in hand_in.working
        ],
        "first_wrong": list(first_wrong) if first_wrong else None,
        "tasks": [_task_data(task, expected[task.id] if expected is not None else None) for task in hand_in.tasks],
        "problem": None,
    }


def unread_data(unread: Unread) -> dict[str, Any]:
    """A hand-in that could not be read, as plain data of the same form, with the problem."""
    nothing = dict.fromkeys(("points", "exact", "of", "first_wrong"))
    empty: dict[str, Any] = {"unmarked": [], "working": [], "tasks": []}
    title, problem = given_data(unread.title), given_data(unread.problem)
    return {"title": title, **nothing, "untouched": False, **empty, "problem": problem}


def _task_data(task: TaskReport, expected: Mapping[str, Any] | None) -> dict[str, Any]:
    earned = task.earned
    points = {"points": None, "exact": None} if earned is None else {"points": float(earned), "exact": str(earned)}
    data = {"id": task.id, **points, **as_data(task.report)}
    if expected is not None:
        for result in data["results"]:
            result["expected"] = expected[result["name"]]
    return data
