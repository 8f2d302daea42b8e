"""Reports on hand-ins as documents: for a student, for the tutor, and on a whole class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, zip_longest

from chalkwork.checking.judging.marking import Verdict
from chalkwork.checking.mistakes import TABLE, Context, Mistake, context_of, explanation, in_language
from chalkwork.checking.report import Report, Result
from chalkwork.checking.shown import SIGNS, answer_piece, raw
from chalkwork.documents.literal import literal
from chalkwork.documents.model import Block, Display, Document, Heading, Marked, Paragraph, Table
from chalkwork.drawings.bars import draw_bars
from chalkwork.sheets.check import HandIn, TaskReport, Unread, View, exact, of_points, unmarked_words
from chalkwork.sheets.counts import distribution, head, mistakes_made, step_counts
from chalkwork.sheets.document import points_words, task_title
from chalkwork.sheets.schema import Sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.board import display, in_lines, paragraph
from chalkwork.solutions.exercise import Exercise
from chalkwork.typesetting.equations import given
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.words import ENGLISH, Slot, Text, decimal, say

Solved = Mapping[str, Exercise]
MOST_NAMED = 12
"""Hand-ins that are named with a mistake; of the others the number is given."""
_FOLLOWS = Verdict.FOLLOWS.word
MOST_TITLE = 120
_SAID = {verdict.word for verdict in (Verdict.CORRECT, Verdict.ROUNDING, Verdict.FOLLOWS, Verdict.BLANK)}
"""Verdicts that are said of several steps together."""


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
    ┃ Wrong: it is what comes out with a + b in the place of a * b.
    """
    solved = _solved(sheet)
    of = sheet.title if isinstance(sheet, Sheet) else sheet_title
    above = [Paragraph(of)] if of else []
    blocks = (*above, *_hand_in_blocks(solved, hand_in, view, level=2))
    return Document(literal(hand_in.title, MOST_TITLE), blocks, hand_in.language)


def class_document(
    sheet: Sheet | Solved, hand_ins: Sequence[HandIn], unread: Sequence[Unread] = (), pages: Sequence[str] = ()
) -> Document:
    """A class at a glance: points, steps, the commonest mistakes with who made them, and a line for each hand-in.

    Hand-ins that could not be read have a line too, with what was wrong. `pages` are the files with the report on each
    hand-in, which its line then leads to.

    >>> from chalkwork.sheets.check import check_class
    >>> from chalkwork.sheets.format import parse_sheet
    >>> text = "```graph\\nequations: c = a * b\\n```\\n```task\\nid: t\\nvalues: {a: 2, b: 3}\\nask: [c]\\n```\\n"
    >>> sheet = parse_sheet(text)
    >>> document = class_document(sheet, check_class(sheet, {"one": {"c": 6}, "two": {"c": 5}}))
    >>> [block.text for block in document.blocks if isinstance(block, Heading)]
    ['Steps', 'Hand-ins']
    """
    solved = _solved(sheet)
    own = sheet.language if isinstance(sheet, Sheet) else ENGLISH
    title, language = sheet.title if isinstance(sheet, Sheet) else "", hand_ins[0].language if hand_ins else own
    above = say(language, "class.of", sheet=title) if title else say(language, "class")
    return Document(above, tuple(_class_blocks(solved, hand_ins, unread, language, pages)), language)


def class_and_hand_ins(
    sheet: Sheet, hand_ins: Sequence[HandIn], view: View = "tutor", unread: Sequence[Unread] = ()
) -> Document:
    """The class at a glance, followed by the report on every hand-in."""
    solved = solve_sheet(sheet)
    blocks = list(class_document(sheet, hand_ins, unread).blocks)
    for hand_in in hand_ins:
        blocks += [Heading(literal(hand_in.title, MOST_TITLE), 2), *_hand_in_blocks(solved, hand_in, view, level=3)]
    return Document(sheet.title or say(sheet.language, "class.reports"), tuple(blocks), sheet.language)


def _solved(sheet: Sheet | Solved) -> Solved:
    return solve_sheet(sheet) if isinstance(sheet, Sheet) else sheet


# --- one hand-in ---------------------------------------------------------------------------------------------------


def _hand_in_blocks(solved: Solved, hand_in: HandIn, view: View, level: int) -> Iterator[Block]:
    language = hand_in.language
    if hand_in.points:
        yield Paragraph(f"**{of_points(hand_in.earned, hand_in.points, language)}**")
    if hand_in.unmarked:
        yield Paragraph(literal(unmarked_words(hand_in.unmarked, language)))
    for task in hand_in.tasks:
        yield Heading(_task_heading(solved[task.id], task, language), level)
        first = hand_in.first_wrong
        work = _Work(
            solved[task.id], task.report, view, task.report.follows, first[1] if first and first[0] == task.id else ""
        )
        yield from work.blocks()
    for line in hand_in.working:
        yield Paragraph(literal(line.words(language)))
    for name in hand_in.unused:
        yield Paragraph(f"{say(language, 'report.no_task', name=literal(name))}.")


def _task_heading(part: Exercise, task: TaskReport, language: str) -> str:
    name = task_title(part._replace(points=None), language)
    return name if task.points is None else f"{name} — {of_points(task.earned, task.points, language)}"


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
                    title = self._say("report.first_wrong", step=f"{{{result.name}}}")
                    yield Marked(tuple(self._step(result, title)))
                else:
                    yield from self._step(result, f"{{{result.name}}}")
        for name, reason in self.report.unused.items():
            yield Paragraph(self._say("report.unused", name=literal(name), why=literal(reason)))

    def _say(self, sentence: str, **slots: Slot) -> str:
        return say(self.part.solution.style.language, sentence, **slots)

    def _together_with(self, result: Result) -> str:
        """The verdict, where there is nothing else to say; a wrong step stands alone."""
        if result.verdict == Verdict.BLANK.word:
            return result.verdict if result.given is None or answer_piece(result) is None else ""
        return result.verdict if result.verdict in _SAID else ""

    def _paragraph(self, sentence: str) -> Paragraph:
        return paragraph(sentence, self.part.solution.writer())

    def _group(self, word: str, results: Sequence[Result]) -> Iterator[Block]:
        names = ", ".join(f"{{{result.name}}}" for result in results)
        share = exact(self.follows, self.part.solution.style.language)
        earns = self._say("report.counts", share=share) if word == _FOLLOWS and self.follows != 1 else ""
        yield self._paragraph(f"{SIGNS[word]} {names}: {self._say(f'report.all.{word}')}{earns}")
        writer = self.part.solution.writer()
        yield from in_lines([piece for result in results if (piece := self._answer(result))], writer)
        if word == _FOLLOWS and self.view == "tutor":
            yield Paragraph(self._say("report.right_before"))
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
            yield Paragraph(self._say("report.typed", given=raw(result.given)))
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
            yield Paragraph(self._say("report.expected_word", word=literal(solution.setting.words[name].value)))
        else:
            yield Paragraph(self._say("report.expected"))
            yield display(solution.equation(name))

    def _said(self, result: Result) -> Iterator[Paragraph]:
        if result.verdict == Verdict.BLANK.word:
            yield Paragraph(self._say("step.some_blank"))
        elif not result.mistakes:
            yield Paragraph(literal(result.message))
        elif self.view == "tutor":
            yield self._explained(result)
        else:
            ids = result.mistakes if result.together else result.mistakes[:1]
            where = {"step": f"{{{result.made_in}}}"}
            place = Text.of("report.not_handed_in", **where) if result.made_in else ""
            hints = " ".join(dict.fromkeys(self._mistake(name).hint or self._mistake(name).title for name in ids))
            yield self._paragraph(self._say("report.hint", place=place, hints=hints))

    def _mistake(self, name: str) -> Mistake:
        return in_language(TABLE[name], self.part.solution.style.language)

    def _explained(self, result: Result) -> Paragraph:
        """The mistakes, each with what was done instead of what."""
        solution = self.part.solution
        name = result.made_in or result.name
        equation, context = solution.derivation[name], _context(self.part)
        language = solution.style.language
        said = [
            f"**{self._mistake(one).title}.** {explanation(TABLE[one], equation, context, language)}".rstrip()
            for one in result.mistakes
        ]
        where = {"step": f"{{{name}}}"} if result.made_in else {}
        if len(said) == 1:
            return self._paragraph(self._say("report.made_in", said=said[0], **where) if where else said[0])
        how = "all_at_once" if result.together else "one_of"
        how = "both" if result.together and len(said) == 2 else how
        lead = self._say(f"report.made_in_{how}" if where else f"report.{how}", **where)
        return self._paragraph("\n".join([lead, "", *(f"{number}. {one}" for number, one in enumerate(said, 1))]))


def _context(part: Exercise) -> Context:
    samples = {"columns": -1, "rows": -2}.get(part.solution.setting.samples or "")
    return context_of(part.solution.derivation, samples)


# --- a class -------------------------------------------------------------------------------------------------------


def _class_blocks(
    solved: Solved, hand_ins: Sequence[HandIn], unread: Sequence[Unread], language: str, pages: Sequence[str]
) -> Iterator[Block]:
    count = len(hand_ins)
    said = say(language, "class.count", n=count)
    if unread:
        said = say(language, "class.count_unread", count=said, number=len(unread))
    if hand_ins and hand_ins[0].points:
        earned = sorted(hand_in.earned for hand_in in hand_ins)
        median = (earned[(count - 1) // 2] + earned[count // 2]) / 2
        mean = sum(earned, Fraction(0)) / count
        of, middle = points_words(hand_ins[0].points, language), _short(median, language)
        average = {"count": said, "mean": _short(mean, language), "points": of, "median": middle}
        yield Paragraph(say(language, "class.average", **average))
        bars = distribution(earned, hand_ins[0].points, language)
        drawing = draw_bars(say(language, "class.points"), say(language, "class.points_described"), bars)
        yield drawing.titled(say(language, "class.points_caption"))
    else:
        yield Paragraph(say(language, "class.sentence", count=said))
    if hand_ins and hand_ins[0].unmarked:
        yield Paragraph(literal(unmarked_words(hand_ins[0].unmarked, language)))
    yield from _steps_table(solved, hand_ins, language)
    yield from _mistakes(solved, hand_ins, language)
    yield from _hand_ins_table(solved, hand_ins, unread, language, pages)


def _short(points: Fraction, language: str) -> str:
    """Points to two decimals, for tables."""
    return decimal(f"{float(points):.2f}".rstrip("0").removesuffix("."), language)


def _symbol(solved: Solved, task: str, name: str) -> str:
    return f"${solved[task].solution.writer().symbols[name].latex}$"


def _steps_table(solved: Solved, hand_ins: Sequence[HandIn], language: str) -> Iterator[Block]:
    if not any(task.report for hand_in in hand_ins[:1] for task in hand_in.tasks):
        return
    rows = [
        (task, _symbol(solved, task, name), *(str(count) if count else "·" for count in counts))
        for task, name, counts in step_counts(hand_ins)
    ]
    above = head(language)
    yield Heading(say(language, "class.steps"), 2)
    yield Table(above, tuple(rows), right=tuple(range(2, len(above))))
    yield Paragraph(say(language, "class.columns"))


def _mistakes(solved: Solved, hand_ins: Sequence[HandIn], language: str) -> Iterator[Block]:
    made = mistakes_made(hand_ins)
    if not made:
        return
    yield Heading(say(language, "class.mistakes"), 2)
    by_mistake: dict[str, list[tuple[str, list[str]]]] = {}
    for (task, name, mistake), titles in made:
        step = say(language, "class.step_of_task", step=_symbol(solved, task, name), task=literal(task))
        by_mistake.setdefault(mistake, []).append((step, titles))
    lines = []
    for mistake, places in by_mistake.items():
        who = list(dict.fromkeys(title for _, titles in places for title in titles))
        named = ", ".join(literal(title, 40) for title in who[:MOST_NAMED])
        more = Text.of("class.more", number=len(who) - MOST_NAMED) if len(who) > MOST_NAMED else ""
        steps = ", ".join(f"{step} ({len(titles)})" for step, titles in places)
        title = in_language(TABLE[mistake], language).title
        slots: dict[str, Slot] = {"count": len(who), "mistake": title, "who": named, "more": more, "steps": steps}
        lines.append((len(who), say(language, "class.made_by", **slots)))
    yield Paragraph("\n".join(line for _, line in sorted(lines, key=lambda one: -one[0])))


def _hand_ins_table(
    solved: Solved, hand_ins: Sequence[HandIn], unread: Sequence[Unread], language: str, pages: Sequence[str]
) -> Iterator[Block]:
    yield Heading(say(language, "class.hand_ins"), 2)
    rows = []
    for hand_in, page in zip_longest(hand_ins, pages[: len(hand_ins)], fillvalue=""):
        assert isinstance(hand_in, HandIn)
        first = hand_in.first_wrong
        none = say(language, "class.untouched" if hand_in.untouched else "class.none")
        step = f"{literal(first[0])}: {_symbol(solved, *first)}" if first else none
        title = literal(hand_in.title, 60)
        rows.append(
            (
                f"[{title}](<{page}>)" if page else title,
                _short(hand_in.earned, language) if hand_in.points else "",
                step,
            )
        )
    missing = [(one.title, say(language, "class.not_read", problem=literal(one.problem))) for one in unread]
    rows += [(literal(title, 60), "", said) for title, said in missing]
    above = ("class.hand_in", "class.points_column", "class.first_wrong_step")
    yield Table(tuple(say(language, each) for each in above), tuple(rows), right=(1,))
