"""Reports on hand-ins as documents: for a student, for the tutor, and on a whole class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby

from chalkwork.checking.marking import Verdict
from chalkwork.checking.mistakes import TABLE, Context, context_of, explanation
from chalkwork.checking.report import Report, Result
from chalkwork.checking.shown import SIGNS, answer_piece, raw
from chalkwork.documents.literal import literal
from chalkwork.documents.model import Block, Display, Document, Heading, Marked, Paragraph, Table
from chalkwork.drawings.bars import draw_bars
from chalkwork.sheets.check import HandIn, TaskReport, Unread, View, exact, unmarked_words
from chalkwork.sheets.counts import COLUMNS, distribution, mistakes_made, step_counts
from chalkwork.sheets.document import points_words, task_title
from chalkwork.sheets.schema import Sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.board import display, in_lines, paragraph
from chalkwork.solutions.exercise import Exercise
from chalkwork.typesetting.equations import given
from chalkwork.typesetting.pieces import Piece, join

Solved = Mapping[str, Exercise]
MOST_NAMED = 12
"""Hand-ins that are named with a mistake; of the others the number is given."""
_FOLLOWS = Verdict.FOLLOWS.word
MOST_TITLE = 120
_SAID = {
    Verdict.CORRECT.word: "correct",
    Verdict.ROUNDING.word: "correct within rounding",
    Verdict.FOLLOWS.word: "right in itself: it follows from an earlier value that is not right",
    Verdict.BLANK.word: "not answered",
}


def hand_in_document(sheet: Sheet | Solved, hand_in: HandIn, view: View = "tutor", sheet_title: str = "") -> Document:
    """The report on one hand-in: every step with its verdict, the answer as it was typed, and what to say of it.

    The tutor's view adds what is expected, with the working, and every mistake that explains the answer; the
    student's has hints only and no number that the student does not know.

    >>> from chalkwork.documents.terminal import to_text
    >>> from chalkwork.sheets.check import check_hand_in
    >>> from chalkwork.sheets.format import parse_sheet
    >>> text = "```graph\\nequations: c = a * b\\n```\\n```task\\nid: t\\nvalues: {a: 2, b: 3}\\nask: [c]\\n```\\n"
    >>> sheet = parse_sheet(text)
    >>> print(to_text(hand_in_document(sheet, check_hand_in(sheet, {"c": 5}, "Ann"), view="student")))
    Ann
    ===
    <BLANKLINE>
    Task (t)
    --------
    <BLANKLINE>
    ┃ ✗ First wrong step: c
    ┃
    ┃   c = 5 ✗
    ┃
    ┃ Wrong, and no known mistake explains it.
    """
    solved = _solved(sheet)
    of = sheet.title if isinstance(sheet, Sheet) else sheet_title
    above = [Paragraph(of)] if of else []
    return Document(literal(hand_in.title, MOST_TITLE), (*above, *_hand_in_blocks(solved, hand_in, view, level=2)))


def class_document(sheet: Sheet | Solved, hand_ins: Sequence[HandIn], unread: Sequence[Unread] = ()) -> Document:
    """A class at a glance: points, steps, the commonest mistakes with who made them, and a line for each hand-in.

    Hand-ins that could not be read have a line too, with what was wrong.

    >>> from chalkwork.sheets.check import check_class
    >>> from chalkwork.sheets.format import parse_sheet
    >>> text = "```graph\\nequations: c = a * b\\n```\\n```task\\nid: t\\nvalues: {a: 2, b: 3}\\nask: [c]\\n```\\n"
    >>> sheet = parse_sheet(text)
    >>> document = class_document(sheet, check_class(sheet, {"one": {"c": 6}, "two": {"c": 5}}))
    >>> [block.text for block in document.blocks if isinstance(block, Heading)]
    ['Steps', 'Hand-ins']
    """
    solved = _solved(sheet)
    title = sheet.title if isinstance(sheet, Sheet) else ""
    return Document(f"{title}: the class" if title else "The class", tuple(_class_blocks(solved, hand_ins, unread)))


def class_and_hand_ins(
    sheet: Sheet, hand_ins: Sequence[HandIn], view: View = "tutor", unread: Sequence[Unread] = ()
) -> Document:
    """The class at a glance, followed by the report on every hand-in."""
    solved = solve_sheet(sheet)
    blocks = list(class_document(sheet, hand_ins, unread).blocks)
    for hand_in in hand_ins:
        blocks += [Heading(literal(hand_in.title, MOST_TITLE), 2), *_hand_in_blocks(solved, hand_in, view, level=3)]
    return Document(sheet.title or "Hand-ins", tuple(blocks))


def _solved(sheet: Sheet | Solved) -> Solved:
    return solve_sheet(sheet) if isinstance(sheet, Sheet) else sheet


# --- one hand-in ---------------------------------------------------------------------------------------------------


def _hand_in_blocks(solved: Solved, hand_in: HandIn, view: View, level: int) -> Iterator[Block]:
    if hand_in.points:
        yield Paragraph(f"**{exact(hand_in.earned)} of {points_words(hand_in.points)}**")
    if hand_in.unmarked:
        yield Paragraph(literal(unmarked_words(hand_in.unmarked)))
    for task in hand_in.tasks:
        yield Heading(_task_heading(solved[task.id], task), level)
        first = hand_in.first_wrong
        work = _Work(
            solved[task.id], task.report, view, task.report.follows, first[1] if first and first[0] == task.id else ""
        )
        yield from work.blocks()
    for name in hand_in.unused:
        yield Paragraph(f"{literal(name)} belongs to no task of this sheet.")


def _task_heading(part: Exercise, task: TaskReport) -> str:
    name = task_title(replace(part, points=None))
    return name if task.points is None else f"{name} — {exact(task.earned)} of {points_words(task.points)}"


@dataclass(frozen=True)
class _Work:
    """One task of one hand-in, to be written about."""

    part: Exercise
    report: Report
    view: View
    follows: Fraction
    first_wrong: str

    def blocks(self) -> Iterator[Block]:
        for note in self.report.notes:
            yield Paragraph(literal(note))
        for word, group in groupby(self.report.values(), self._together_with):
            results = list(group)
            if word:
                yield from self._group(word, results)
                continue
            for result in results:
                if result.name == self.first_wrong:
                    yield Marked(tuple(self._step(result, f"First wrong step: {{{result.name}}}")))
                else:
                    yield from self._step(result, f"{{{result.name}}}")
        for name, reason in self.report.unused.items():
            yield Paragraph(f"{literal(name)} was not used: {literal(reason)}.")

    def _together_with(self, result: Result) -> str:
        """The verdict, where there is nothing else to say; a wrong step stands alone."""
        if result.verdict == Verdict.BLANK.word:
            return result.verdict if result.given is None or answer_piece(result) is None else ""
        return result.verdict if result.verdict in _SAID else ""

    def _paragraph(self, sentence: str) -> Paragraph:
        return paragraph(sentence, self.part.solution.writer())

    def _group(self, word: str, results: Sequence[Result]) -> Iterator[Block]:
        names = ", ".join(f"{{{result.name}}}" for result in results)
        earns = f" (counts {exact(self.follows)})" if word == _FOLLOWS and self.follows != 1 else ""
        yield self._paragraph(f"{SIGNS[word]} {names}: {_SAID[word]}{earns}")
        writer = self.part.solution.writer()
        yield from in_lines([piece for result in results if (piece := self._answer(result))], writer)
        if word == _FOLLOWS and self.view == "tutor":
            yield Paragraph("With the right values before it:")
            yield from in_lines([given(result.name, writer) for result in results], writer)

    def _answer(self, result: Result) -> Piece | None:
        if result.name in self.part.solution.setting.words:
            return None
        writer = self.part.solution.writer()
        piece = answer_piece(result, writer.notation.brackets)
        symbol = writer.symbols[result.name]
        return None if piece is None else join(Piece.of(f"{symbol.latex} = ", f"{symbol.text} = "), piece)

    def _step(self, result: Result, title: str) -> Iterator[Paragraph | Display]:
        """What is said of one step that is not simply right."""
        yield self._paragraph(f"**{SIGNS[result.verdict]} {title}**")
        answer = self._answer(result)
        if answer is None:
            yield Paragraph(f"Typed: {raw(result.given)}")
        else:
            yield from (
                block for block in in_lines([answer], self.part.solution.writer()) if isinstance(block, Display)
            )
        yield from self._said(result)
        if self.view == "tutor":
            yield from self._expected(result.name)

    def _expected(self, name: str) -> Iterator[Paragraph | Display]:
        solution = self.part.solution
        if name in solution.setting.words:
            yield Paragraph(f"Expected: {literal(solution.setting.words[name].value)}.")
        else:
            yield Paragraph("Expected:")
            yield display(solution.equation(name))

    def _said(self, result: Result) -> Iterator[Paragraph]:
        if result.verdict == Verdict.BLANK.word:
            yield Paragraph("Some of it is not answered.")
        elif not result.mistakes:
            yield Paragraph(literal(result.message))
        elif self.view == "tutor":
            yield self._explained(result)
        else:
            ids = result.mistakes if result.together else result.mistakes[:1]
            place = f"In {{{result.made_in}}}, which you did not hand in: " if result.made_in else ""
            yield self._paragraph(f"*Hint:* {place}{' '.join(dict.fromkeys(TABLE[name].hint for name in ids))}")

    def _explained(self, result: Result) -> Paragraph:
        """The mistakes, each with what was done instead of what."""
        solution = self.part.solution
        name = result.made_in or result.name
        equation, context = solution.derivation[name], _context(self.part)
        mistakes = [TABLE[one] for one in result.mistakes]
        said = [f"**{mistake.title}.** {explanation(mistake, equation, context)}" for mistake in mistakes]
        place = f"In an earlier step that was not handed in, {{{name}}}" if result.made_in else ""
        if len(said) == 1:
            return self._paragraph(f"{place}: {said[0]}" if place else said[0])
        how = "both at once" if result.together and len(said) == 2 else "all at once" if result.together else ""
        lead = ", ".join(part for part in (place, how or "one of these, the likeliest first") if part)
        lead = lead[:1].upper() + lead[1:]
        return self._paragraph("\n".join([f"{lead}:", "", *(f"{number}. {one}" for number, one in enumerate(said, 1))]))


def _context(part: Exercise) -> Context:
    samples = {"columns": -1, "rows": -2}.get(part.solution.setting.samples or "")
    return context_of(part.solution.derivation, samples)


# --- a class -------------------------------------------------------------------------------------------------------


def _class_blocks(solved: Solved, hand_ins: Sequence[HandIn], unread: Sequence[Unread]) -> Iterator[Block]:
    count = len(hand_ins)
    said = f"{count} hand-in{'' if count == 1 else 's'}"
    if unread:
        said += f", and {len(unread)} that could not be read"
    if hand_ins and hand_ins[0].points:
        earned = sorted(hand_in.earned for hand_in in hand_ins)
        median = (earned[(count - 1) // 2] + earned[count // 2]) / 2
        mean = sum(earned, Fraction(0)) / count
        of = points_words(hand_ins[0].points)
        yield Paragraph(f"{said}; on average {_short(mean)} of {of}, half of them {_short(median)} or more.")
        bars = distribution(earned, hand_ins[0].points)
        drawing = draw_bars("Points", "How many hand-ins have how many points", bars)
        yield drawing.titled("Points, and how many hand-ins have them")
    else:
        yield Paragraph(f"{said}.")
    if hand_ins and hand_ins[0].unmarked:
        yield Paragraph(literal(unmarked_words(hand_ins[0].unmarked)))
    yield from _steps_table(solved, hand_ins)
    yield from _mistakes(solved, hand_ins)
    yield from _hand_ins_table(solved, hand_ins, unread)


def _short(points: Fraction) -> str:
    """Points to two decimals, for tables."""
    return f"{float(points):.2f}".rstrip("0").removesuffix(".")


def _symbol(solved: Solved, task: str, name: str) -> str:
    return f"${solved[task].solution.writer().symbols[name].latex}$"


def _steps_table(solved: Solved, hand_ins: Sequence[HandIn]) -> Iterator[Block]:
    if not any(task.report for hand_in in hand_ins[:1] for task in hand_in.tasks):
        return
    head = ("task", "step", *(word for word, _ in COLUMNS), "first wrong")
    rows = [
        (task, _symbol(solved, task, name), *(str(count) if count else "·" for count in counts))
        for task, name, counts in step_counts(hand_ins)
    ]
    yield Heading("Steps", 2)
    yield Table(head, tuple(rows), right=tuple(range(2, len(head))))
    yield Paragraph(
        "*right*: correct, also within rounding; *follows*: right in itself, after an earlier value that is not; "
        "*mistake*: a known mistake explains it; *open*: not answered, or not readable."
    )


def _mistakes(solved: Solved, hand_ins: Sequence[HandIn]) -> Iterator[Block]:
    made = mistakes_made(hand_ins)
    if not made:
        return
    yield Heading("Mistakes, the commonest first", 2)
    by_mistake: dict[str, list[tuple[str, list[str]]]] = {}
    for (task, name, mistake), titles in made:
        step = f"{_symbol(solved, task, name)} of task {literal(task)}"
        by_mistake.setdefault(mistake, []).append((step, titles))
    lines = []
    for mistake, places in by_mistake.items():
        who = list(dict.fromkeys(title for _, titles in places for title in titles))
        named = ", ".join(literal(title, 40) for title in who[:MOST_NAMED])
        more = f" and {len(who) - MOST_NAMED} more" if len(who) > MOST_NAMED else ""
        steps = ", ".join(f"{step} ({len(titles)})" for step, titles in places)
        lines.append((len(who), f"- {len(who)} × **{TABLE[mistake].title}**: {named}{more}. In {steps}."))
    yield Paragraph("\n".join(line for _, line in sorted(lines, key=lambda one: -one[0])))


def _hand_ins_table(solved: Solved, hand_ins: Sequence[HandIn], unread: Sequence[Unread]) -> Iterator[Block]:
    yield Heading("Hand-ins", 2)
    rows = []
    for hand_in in hand_ins:
        first = hand_in.first_wrong
        step = f"{literal(first[0])}: {_symbol(solved, *first)}" if first else "none"
        rows.append((literal(hand_in.title, 60), _short(hand_in.earned) if hand_in.points else "", step))
    rows += [(literal(one.title, 60), "", f"not read: {literal(one.problem)}") for one in unread]
    yield Table(("hand-in", "points", "first wrong step"), tuple(rows), right=(1,))
