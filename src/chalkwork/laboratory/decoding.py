"""Greedy and beam search over given probabilities: which continuations are kept, step by step, and which one wins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import log
from typing import Any, Unpack

from chalkwork.algebra.expression import Expression, Number, apply
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Stage
from chalkwork.documents.literal import literal
from chalkwork.documents.model import Block, Table
from chalkwork.errors import ChalkworkError, ValueProblem
from chalkwork.laboratory.work import Work
from chalkwork.networks.layers.settings import real, size
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style, Word
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import GAP
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.symbols import Symbol

Rows = Mapping[str, Mapping[str, float]]
SEARCH = Stage("search", "Search")
MOST_WORDS, MOST_BEAM, MOST_STEPS, MOST_SHOWN = 50, 12, 12, 16
EQUAL = 1e-12
"""Scores that differ by less, relative to their size, are equal."""


@dataclass(frozen=True)
class Hypothesis:
    """A sequence of words, its score, and the same exactly, as a product; `name` is the equation of the score."""

    words: tuple[str, ...]
    chance: Fraction
    score: Expression
    step: Fraction | None = None
    """The probability of its last word; None where it had ended before."""

    @property
    def said(self) -> str:
        """Its words, one after the other."""
        return " ".join(self.words)


@dataclass
class Search:
    """What is found: the candidates of every step, the best first, those that are kept, and ties at the cut."""

    tables: list[list[Hypothesis]] = field(default_factory=list)
    kept: list[list[Hypothesis]] = field(default_factory=list)
    ties: dict[int, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Model:
    """Which word follows which: rows by what was said before, the longest that fits; or one row for every step."""

    start: Mapping[str, float]
    after: Rows
    steps: Sequence[Mapping[str, float]] = ()
    end: str = "end"

    def row(self, words: tuple[str, ...]) -> Mapping[str, float] | None:
        """The probabilities of the next word, None where nobody says."""
        if self.steps:
            return self.steps[len(words)]
        if not words:
            return self.start
        endings = (" ".join(words[at:]) for at in range(len(words)))
        return next((self.after[ending] for ending in endings if ending in self.after), None)

    def has_ended(self, words: tuple[str, ...]) -> bool:
        """Whether the last word ends it."""
        return bool(words) and words[-1] == self.end

    @property
    def named_rows(self) -> list[tuple[str, Mapping[str, float]]]:
        """Every row with the words before it."""
        if self.steps:
            return [(f"word {number}", row) for number, row in enumerate(self.steps, 1)]
        return [("(start)", self.start), *self.after.items()]


def decoding(
    *,
    start: Mapping[str, float] | None = None,
    after: Rows | None = None,
    steps: Sequence[Mapping[str, float]] | None = None,
    beam: int = 1,
    length: int | None = None,
    end: str = "end",
    scores: str = "product",
    length_penalty: float | None = None,
    ask: Sequence[str] = (),
    **look: Unpack[Look],
) -> Solution:
    """Beam search of so many hypotheses (1 is greedy search) over given probabilities of the next word.

    `start` has the probability of each first word, `after` a row for what may follow: by the last word, or by the last
    words, of which the longest that fits counts. Or `steps` has one row for each step, whatever was said before.
    `end` is the word that ends a hypothesis, which keeps its place in the beam with the score that it has; after
    `length` words it is over. `scores` are a "product" of probabilities or a sum of "log" (natural). `length_penalty` a
    divides the sum of logarithms at the end by the number of words, `end` among them, to the power a; without it scores
    are compared as they are. Of equal scores the hypothesis that was listed first is kept, and the solution says so.

    The equations are `s2_1`, the score of the best hypothesis after two words, ..., and `n1`, ..., the scores divided
    by lengths; the words `h2_1`, ... and `best`. Source: Jurafsky and Martin, Speech and Language Processing, section
    10.3; of dividing by a length Wu and others, Google's Neural Machine Translation System (2016), section 7.
    Raises ChalkworkError for what is missing or given twice, ValueProblem for what are no probabilities.

    >>> answer = decoding(start={"a": 0.6, "b": 0.4}, after={"a": {"a": 0.5, "b": 0.5}, "b": {"a": 0.9, "b": 0.1}},
    ...                   beam=2, length=2)
    >>> round(answer["s2_1"].item(), 4), answer.setting.words["best"].value
    (0.36, 'b a')
    """
    model = _model(start, after, steps, end)
    most = len(model.steps) if length is None and model.steps else length
    if most is None:
        raise ChalkworkError("length says after how many words at most the search is over")
    most, beam = size(most, "length"), size(beam, "beam")
    if most > MOST_STEPS or beam > MOST_BEAM:
        raise ChalkworkError(f"a search has at most {MOST_STEPS} words and a beam of {MOST_BEAM}")
    if model.steps and most > len(model.steps):
        raise ChalkworkError(f"length is {most}, but there are probabilities for {counted(len(model.steps), 'word')}")
    if not isinstance(scores, str) or scores not in ("product", "log"):
        raise ChalkworkError(f"scores are 'product' or 'log', not {scores!r:.60}")
    penalty = None if length_penalty is None else real(length_penalty, "length_penalty", 0, 10)
    if penalty is not None and scores == "product":
        raise ChalkworkError("a length_penalty divides a sum of logarithms", hint="scores: log")
    return _Searching(model, beam, most, scores == "log", penalty).answer(Style.chosen(**look), ask)


def _model(start: Any, after: Any, steps: Any, end: str) -> Model:
    if (steps is None) == (start is None and after is None) or (steps is None and start is None):
        raise ChalkworkError("give start and after, or steps with a row for each word")
    if not isinstance(end, str):
        raise ChalkworkError(f"end is a word, not {end!r:.60}")
    if steps is not None and (isinstance(steps, str) or not isinstance(steps, Sequence)):
        raise ChalkworkError(f"steps is a list of rows, one for each word, not {steps!r:.60}")
    if after is not None and not isinstance(after, Mapping):
        raise ChalkworkError(f"after is a mapping of words to rows, not {after!r:.60}")
    if steps is not None:
        rows = [_row(row, f"steps[{number}]") for number, row in enumerate(steps, 1)]
        if not rows:
            raise ChalkworkError("steps has no row")
        return Model({}, {}, rows, end)
    following = {" ".join(str(words).split()): _row(row, f"after {words}") for words, row in (after or {}).items()}
    return Model(_row(start, "start"), following, (), end)


def _row(row: Any, where: str) -> dict[str, float]:
    """Words with their probabilities, which add up to no more than one."""
    if not isinstance(row, Mapping) or not 1 <= len(row) <= MOST_WORDS:
        raise ChalkworkError(f"{where} is a mapping of 1 to {MOST_WORDS} words to their probabilities, not {row!r:.60}")
    found = {str(word): real(chance, f"the probability of {word!s:.40} in {where}", 0, 1, high_open=False)
             for word, chance in row.items()}  # fmt: skip
    if sum(found.values()) > 1 + 1e-9:
        raise ValueProblem(f"the probabilities of {where} add up to {sum(found.values()):g}, which is more than 1")
    if any(len(word.split()) != 1 for word in found):
        raise ChalkworkError(f"a word of {where} is none, or several")
    return found


class _Searching(Work):
    """The search, its equations and the tables."""

    def __init__(self, model: Model, beam: int, most: int, logarithms: bool, penalty: float | None) -> None:
        super().__init__()
        self.model, self.beam, self.most, self.logarithms, self.penalty = model, beam, most, logarithms, penalty
        self.search = self._searched(beam)

    # --- search -----------------------------------------------------------------------------------------------------

    def _searched(self, beam: int) -> Search:
        """Every step: all continuations of what was kept, the best of them kept again."""
        found, kept = Search(), [Hypothesis((), Fraction(1), Number(0 if self.logarithms else 1))]
        for step in range(1, self.most + 1):
            if all(self.model.has_ended(one.words) for one in kept):
                break
            following = (next_one for one in kept for next_one in self._continued(one))
            candidates = sorted(following, key=lambda one: -one.chance)
            found.tables.append(candidates)
            kept = candidates[:beam]
            if len(candidates) > beam and candidates[beam].chance == candidates[beam - 1].chance:
                found.ties[step] = (candidates[beam - 1].said, candidates[beam].said)
            if beam == self.beam:
                kept = [self._named(one, step, place) for place, one in enumerate(kept, 1)]
            found.kept.append(kept)
        return found

    def _continued(self, one: Hypothesis) -> list[Hypothesis]:
        if self.model.has_ended(one.words):
            return [Hypothesis(one.words, one.chance, one.score)]
        row = self.model.row(one.words)
        if row is None:
            raise ChalkworkError(f"nothing says which word follows {one.said!r:.60}", hint="a row of after, or end")
        found = []
        for word, chance in row.items():
            if chance == 0:
                continue
            part = apply("log", Number(chance)) if self.logarithms else Number(chance)
            score = part if not one.words else one.score + part if self.logarithms else one.score * part
            exact = Fraction(str(chance))
            found.append(Hypothesis((*one.words, word), one.chance * exact, score, exact))
        if not found:
            raise ValueProblem(f"every word after {one.said!r:.60} has the probability 0")
        return found

    def _named(self, one: Hypothesis, step: int, place: int) -> Hypothesis:
        """The same, its score an equation."""
        letter = Symbol(f"s_{{{step},{place}}}", f"s{subscript(str(step))},{subscript(str(place))}")
        also = (" ".join(one.words[:-1]),) if self.model.has_ended(one.words) else ()
        self.words[f"h{step}_{place}"] = Word(one.said, also)
        score = self.equation(f"s{step}_{place}", one.score, SEARCH, letter=letter)
        return Hypothesis(one.words, one.chance, score, one.step)

    def value(self, one: Hypothesis) -> float:
        """The score as a number."""
        return log(one.chance) if self.logarithms else float(one.chance)

    # --- what is said -----------------------------------------------------------------------------------------------

    def answer(self, style: Style, ask: Sequence[str]) -> Solution:
        """The answer, with the steps as tables."""
        last = self.search.kept[-1]
        final = [self.value(one) for one in last]
        if self.penalty is not None:
            final = [self._normalised(one, place, self.penalty) for place, one in enumerate(last, 1)]
        top = max(final)
        first = [one for one, value in zip(last, final, strict=True) if value >= top - EQUAL * max(1, abs(top))]
        best = first[0].said
        self.words["best"] = Word(best, (best.removesuffix(f" {self.model.end}"),))
        return self.solution(
            style, ask, [*(one.name for one in self.equations), "best"],
            title="Greedy search" if self.beam == 1 else f"Beam search, {self.beam} hypotheses wide",
            script=lambda board: self._script(board, first),
            posed=self._posed,
            blank=self._blank,
            exact=not self.logarithms,
        )  # fmt: skip

    def _normalised(self, one: Hypothesis, place: int, penalty: float) -> float:
        """The score of one of the last, divided by its length to the power of the penalty."""
        count = len(one.words)
        power = Number(count) if penalty == 1 else apply("power", Number(count), Number(penalty))
        self.equation(f"n{place}", one.score / power, SEARCH, letter=Symbol("n", "n").below(place))
        return float(self.value(one) / count**penalty)

    def _posed(self, board: Board) -> Iterator[Block]:
        yield board.say("The probabilities of the next word, by what comes before it:")
        rows = self.model.named_rows
        words = list(dict.fromkeys(word for _, row in rows for word in row))
        cells = [
            (literal(before), *(f"${row[word]:g}$" if word in row else "" for word in words)) for before, row in rows
        ]
        yield Table(("", *map(literal, words)), tuple(cells), tuple(range(1, len(words) + 1)))
        yield board.say(self._declared())

    def _declared(self) -> str:
        kind = "Greedy search keeps the best continuation" if self.beam == 1 else (
            f"Beam search keeps the {self.beam} best continuations")  # fmt: skip
        of = "sums of natural logarithms" if self.logarithms else "products of probabilities"
        said = f"{kind} of every step, for at most {counted(self.most, 'word')}; scores are {of}."
        ends = any(self.model.end in row for _, row in self.model.named_rows)
        if ends:
            said += f" A hypothesis that has come to *{literal(self.model.end)}* keeps its place and its score."
        if self.penalty is not None:
            power = "" if self.penalty == 1 else f" to the power {self.penalty:g}"
            last = f", *{literal(self.model.end)}* among them" if ends else ""
            said += f" At the end a score is divided by the number of words{power}{last}."
        return said

    def _script(self, board: Board, first: Sequence[Hypothesis]) -> Iterator[Block]:
        yield from self._posed(board)
        for step, candidates in enumerate(self.search.tables, 1):
            yield board.say(f"**Word {step}.** Every continuation of what was kept, the best first:")
            yield self._table(board, step, candidates)
            if step in self.search.ties:
                one, other = map(literal, self.search.ties[step])
                yield board.say(f"*{one}* and *{other}* have the same score; the one that was listed first is kept.")
            yield from board.equations(name for name in board.derivation if name.startswith(f"s{step}_"))
        yield from board.equations(name for name in board.derivation if name.startswith("n"))
        yield board.say(self._ended(first))

    def _ended(self, first: Sequence[Hypothesis]) -> str:
        chance = f"{float(first[0].chance):.4g}"
        said = f"The search ends with **{literal(first[0].said)}**, whose probability is ${chance}$."
        if len(first) > 1:
            equal = " and ".join(f"*{literal(one.said)}*" for one in first)
            said = f"{equal} end with the same score; the first is taken. {said}"
        if self.beam > 1:
            greedy = self._searched(1).kept[-1][0]
            same = "the same" if greedy.words == first[0].words else (
                f"*{literal(greedy.said)}*, of probability ${float(greedy.chance):.4g}$")  # fmt: skip
            said += f" Greedy search would have ended with {same}."
        return said

    def _table(self, board: Board, step: int, candidates: Sequence[Hypothesis], blank: bool = False) -> Table:
        shown = candidates[:MOST_SHOWN]
        numbers = board.cells([self.value(one) for one in shown])
        chances = ["" if one.step is None else f"${float(one.step):g}$" for one in shown]
        kept = len(self.search.kept[step - 1])
        places = [f"{place}" if place <= kept else "" for place in range(1, len(shown) + 1)]
        said = [literal(one.said) for one in shown]
        rows = [(GAP,) * 4] * len(shown) if blank else list(zip(said, chances, numbers, places, strict=True))
        if len(candidates) > MOST_SHOWN:
            rows.append((f"({len(candidates) - MOST_SHOWN} more)", "", "", ""))
        return Table(("hypothesis", "last word", "score", "kept"), tuple(rows), (1, 2, 3))

    def _blank(self, board: Board) -> Iterator[Block]:
        for step, candidates in enumerate(self.search.tables, 1):
            yield board.say(f"**Word {step}.**")
            yield self._table(board, step, candidates, blank=True)
