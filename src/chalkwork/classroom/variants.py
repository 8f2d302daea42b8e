"""Variants of a sheet: drawn until there are enough that are pleasant, fair, different and about equally much work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np

from chalkwork.budget import RUN_SECONDS, within
from chalkwork.classroom.batch import Array, Bench, Values, benches_of, numbers_of, own_numbers
from chalkwork.classroom.conditions import CONDITIONS, View, inactive_units, outputs
from chalkwork.classroom.draws import words_of
from chalkwork.classroom.effort import digits_carried, effort
from chalkwork.classroom.fairness import (
    Certificate,
    Key,
    Mistaken,
    calibrate,
    calibrate_alone,
    certify,
    mistaken,
    relent,
)
from chalkwork.classroom.groups import Layout, layout_of
from chalkwork.classroom.texts import check_texts
from chalkwork.classroom.variant import Variant, Variants
from chalkwork.errors import ChalkworkError
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.library import find_sheet
from chalkwork.sheets.schema import Prose, Sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.sheets.varying import Varying

MOST = 100_000
"""Variants of one sheet."""
CHUNK = 512
POOL = 128
"""So many candidates say what coincides always, and what the usual amount of work is."""
ALONE_POOL = 6
MOST_TRIED, TRIED_FOR_ONE = 16 * CHUNK, 200
ALONE_TRIED, ALONE_FOR_ONE = 60, 12
RARE = 0.02
"""A kind that is a smaller part of the candidates is not asked for."""
MOSTLY = (0.9, 0.5, 0.25)
"""Where hardly a candidate is fair, what coincides in so large a part of them is let pass, and told."""
DUPLICATE, UNFAIR, UNSOLVED = "variants that there are already", "mistakes that would not show", "no solution"
ALL_ZERO = "data that are all zeros"
OUT_OF_BAND, ENOUGH = "the amount of work", "kinds of which there are enough"


def vary(sheet: Sheet | str | Path, n: int, seed: int = 0, *, stratify: str | None = None) -> Variants:
    """`n` variants of a sheet; with `stratify` n of each kind that the key tells apart.

    A sheet is read where the name of a file, or of one that is shipped, is given. The same seed gives the same variants
    on every machine. They are pleasant by hand, as the author's numbers are; at the digits asked no named mistake gives
    the right numbers and no two the same ones, but for what `certificate` names; their difficulty is within a band.
    `stratify` is `class` (of the target), `winner`, `inactive` (units), or the name of a given.

    Raises ChalkworkError where nothing varies, where a text repeats a number that is drawn (with its line), and where
    the conditions leave too few: the one that failed most is named.

    >>> from chalkwork.sheets import parse_sheet
    >>> sheet = parse_sheet('''
    ... ```graph
    ... equations: "c = a*b + a"
    ... ```
    ... ```task
    ... id: a
    ... values: {a: 1.5, b: 0.25}
    ... ask: [c]
    ... ```
    ... ''')
    >>> [(each.code, each.facts["a.a"]) for each in vary(sheet, 2, seed=7)]
    [('7-001', '2.0'), ('7-002', '1.6')]
    """
    sheet = sheet if isinstance(sheet, Sheet) else find_sheet(str(sheet))
    if isinstance(n, bool) or not isinstance(n, int) or not 0 < n <= MOST:
        raise ChalkworkError(f"variants are a number from 1 to {MOST}, not {n!r:.60}")
    if isinstance(seed, bool) or not isinstance(seed, int) or abs(seed) >= 2**63:
        raise ChalkworkError(f"a seed is a whole number, not {seed!r:.60}")
    with within(RUN_SECONDS):
        layout = layout_of(sheet)
        check_texts(sheet, layout)
        return _Drawing(sheet, layout, seed, stratify).variants(n)


@dataclass(frozen=True)
class _Candidate:
    """One candidate that is pleasant and fair."""

    number: int
    numbers: Array
    drawn: tuple[tuple[int, ...], ...]
    difficulty: float
    facts: Mapping[str, str]
    made: Mapping[Key, list[Mistaken]]


class _Drawing:
    """The drawing of one sheet."""

    def __init__(self, sheet: Sheet, layout: Layout, seed: int, stratify: str | None) -> None:
        self.sheet, self.layout, self.seed, self.stratify = sheet, layout, seed, stratify
        self.varying = sheet.vary or Varying()
        self.benches, self.alone = benches_of(sheet, layout, seed)
        self.certificate = Certificate()
        self.failed: Counter[str] = Counter()
        self.tried = self.tried_alone = self.right_alone = 0
        self.seen = {own_numbers(layout).tobytes()}
        keys = ["class", "winner", "inactive", *(name for group in layout.groups for name in sorted(group.names))]
        if stratify is not None and stratify not in keys:
            hint = f"it is one of {', '.join(dict.fromkeys(keys))}"
            raise ChalkworkError(f"there is nothing to stratify by: {stratify!r:.60}", hint=hint)

    def variants(self, n: int) -> Variants:
        """So many, or the error that says why not."""
        stream = self._candidates(self._most_tried(n))
        pool = []
        for candidate in stream:
            pool.append(candidate)
            if len(pool) >= POOL // 4:
                break
        middle = float(np.median([one.difficulty for one in pool])) if pool else 0.0
        kinds = Counter(self._kind(one) for one in pool)
        wanted = {kind: n for kind, count in kinds.items() if count > RARE * len(pool)}
        if self.stratify == "class":
            wanted = dict.fromkeys(self._classes(), n)
        elif self.stratify is None:
            wanted = {"": n}
        need = sum(wanted.values())
        found: list[Variant] = []
        made: Counter[str] = Counter()
        self._look_alone(pool[:ALONE_POOL])
        for candidate in _chained(pool, stream):
            if self.alone and self.tried_alone >= ALONE_TRIED + ALONE_FOR_ONE * need:
                break
            kind = self._kind(candidate)
            if abs(candidate.difficulty - middle) > self.varying.band * middle * (1 + 1e-9):
                self.failed[OUT_OF_BAND] += 1
            elif made[kind] >= wanted.get(kind, 0):
                self.failed[ENOUGH] += 1
            elif self._is_right_alone(candidate):
                made[kind] += 1
                found.append(self._variant(candidate, len(found) + 1, need))
            if len(found) == need:
                break
        if len(found) < need or not found:
            self._refuse(len(found), need or n)
        return Variants(found, self.sheet, self.seed, self.certificate, self.tried, self.failed)

    def _most_tried(self, n: int) -> int:
        if not self.benches:
            return ALONE_TRIED + ALONE_FOR_ONE * n
        return MOST_TRIED + TRIED_FOR_ONE * n

    def _refuse(self, found: int, wanted: int) -> None:
        most = self.failed.most_common(3)
        words = ", ".join(f"{condition} ({count / self.tried:.0%})" for condition, count in most)
        raise ChalkworkError(
            f"only {found} of {wanted} variants: of {self.tried} candidates most fail by {words}",
            file=self.sheet.file,
            hint="wider ranges or fewer conditions in the key vary of the front matter",
        )

    # --- candidates -------------------------------------------------------------------------------------------------

    def _candidates(self, most: int) -> Iterator[_Candidate]:
        """Candidates that are new, pleasant and fair, in order; what coincides always is found on the first ones."""
        waiting: list[tuple[Array, list[Array], Array]] = []
        ready = False
        while self.tried < most:
            first, count = self.tried, min(CHUNK, most - self.tried)
            drawn = self.layout.draw(words_of(self.seed, first, count, self.layout.words))
            self.tried += count
            numbers = numbers_of(self.layout, drawn)
            rows = np.flatnonzero(self._is_new(numbers, self._says_something(drawn)))
            rows = rows[self._pleasant(numbers[rows])]
            waiting.append((rows + first, [one[rows] for one in drawn], numbers[rows]))
            if not ready and sum(len(one[0]) for one in waiting) < POOL and self.tried < most:
                continue
            places, chosen, kept = _joined(waiting)
            waiting = []
            if len(places):
                yield from self._fair(places, chosen, kept, calibrated=ready)
                ready = True

    def _says_something(self, drawn: Sequence[Array]) -> Array:
        """Where no given became all zeros that was not."""
        good = np.ones(len(drawn[0]), dtype=bool)
        for group, one in zip(self.layout.groups, drawn, strict=True):
            if group.zeros and group.choices:
                good &= (one != 0).any(axis=1)
        self.failed[ALL_ZERO] += int((~good).sum())
        return good

    def _is_new(self, numbers: Array, good: Array) -> Array:
        new = good.copy()
        for place in np.flatnonzero(good):
            key = numbers[place].tobytes()
            new[place] = key not in self.seen
            self.seen.add(key)
        self.failed[DUPLICATE] += int((good & ~new).sum())
        return new

    def _pleasant(self, numbers: Array) -> Array:
        good = np.ones(len(numbers), dtype=bool)
        for bench in self.benches:
            rows = np.flatnonzero(good)
            values = bench.values(numbers[rows])
            good[rows] = self._keeps(View(bench, values, bench.own, self.varying))
        return good

    def _keeps(self, view: View) -> Array:
        """Which candidates keep all conditions; the others are counted by the first that they do not."""
        good = np.ones(view.count, dtype=bool)
        for words, condition in CONDITIONS.items():
            kept = np.broadcast_to(condition(view), good.shape)
            self.failed[words] += int((good & ~kept).sum())
            good = good & kept
        return good

    def _fair(self, places: Array, drawn: list[Array], numbers: Array, calibrated: bool) -> Iterator[_Candidate]:
        fair, work = np.ones(len(numbers), dtype=bool), digits_carried(self.layout, drawn)
        made: dict[Key, list[Mistaken]] = {}
        facts: list[dict[str, str]] = [self._said(drawn, place) for place in range(len(numbers))]
        targets = [
            one[:, 0]
            for group, one in zip(self.layout.groups, drawn, strict=True)
            if group.drawn == "target" and group.alternatives
        ]
        worked = [bench.values(numbers) for bench in self.benches]
        for bench, values in zip(self.benches, worked, strict=True):
            found = mistaken(bench, values)
            if not calibrated:
                calibrate(bench, values, found, self.certificate, targets)
            fair &= certify(bench, values, found, self.certificate)
            work = work + effort(bench, values)
            made |= found
            for one, said in zip(facts, _facts(bench, values), strict=True):
                one |= {key: value for key, value in said.items() if key not in one}
        for share in () if calibrated else MOSTLY:
            if np.mean(fair) >= RARE:
                break
            fair[:] = True
            for bench, values in zip(self.benches, worked, strict=True):
                relent(bench, values, made, self.certificate, share)
                fair &= certify(bench, values, made, self.certificate)
        self.failed[UNFAIR] += int((~fair).sum())
        for place in np.flatnonzero(fair).tolist():
            yield _Candidate(
                int(places[place]),
                numbers[place],
                tuple(tuple(one[place].tolist()) for one in drawn),
                float(work[place]),
                facts[place],
                {key: [Mistaken(one.ids, one.values[place]) for one in each] for key, each in made.items()},
            )

    def _said(self, drawn: list[Array], place: int) -> dict[str, str]:
        """The class of the target, and what every given is."""
        texts = [group.texts(one[place].tolist()) for group, one in zip(self.layout.groups, drawn, strict=True)]
        found: dict[str, str] = {}
        hot = [
            str(text.index(group.own[[float(one) for one in group.own].index(1.0)]) + 1)
            for group, text in zip(self.layout.groups, texts, strict=True)
            if group.is_class
        ]
        if hot:
            found["class"] = " ".join(hot)
        for group, text in zip(self.layout.groups, texts, strict=True):
            for name in sorted(group.names):
                if "." in name:
                    found[name] = f"{found[name]}; {_listed(text)}" if name in found else _listed(text)
        return found

    def _classes(self) -> Iterator[str]:
        """The classes that the targets can have."""
        counts = [range(1, len(group.own) + 1) for group in self.layout.groups if group.is_class]
        return (" ".join(map(str, each)) for each in product(*counts))

    def _kind(self, candidate: _Candidate) -> str:
        if self.stratify is None:
            return ""
        facts = candidate.facts
        key = self.stratify
        return facts.get(key) or next((value for name, value in facts.items() if name.endswith(f".{key}")), "")

    # --- what is solved one at a time -------------------------------------------------------------------------------

    def _is_right_alone(self, candidate: _Candidate) -> bool:
        """Whether the exercises whose equations depend on the numbers are pleasant and fair too."""
        if not self.alone:
            return True
        self.tried_alone += 1
        benches = self._solved_alone(candidate)
        if benches is None:
            self.failed[UNSOLVED] += 1
            return False
        for bench, exercise in zip(benches, self.alone, strict=True):
            author, values = Bench((exercise,)), bench.own
            like = bench.derivation.shapes() == author.derivation.shapes()
            if not self._keeps(View(bench, values, author.own if like else values, self.varying)).all():
                return False
            made = mistaken(bench, values)
            if not certify(bench, values, made, self.certificate).all():
                self.failed[UNFAIR] += 1
                if not self.right_alone:  # numbers so coarse that something coincides in each
                    share = 1 / 4 if self.tried_alone < ALONE_TRIED // 2 else 1 / ALONE_TRIED
                    calibrate_alone(bench, values, made, self.certificate, max(1.0, share * self.tried_alone))
                return False
        self.right_alone += 1
        return True

    def _solved_alone(self, candidate: _Candidate) -> list[Bench] | None:
        """The candidate's exercises of this kind; None where its sheet cannot be solved."""
        try:
            solved = solve_sheet(parse_sheet(self.layout.text(candidate.drawn)))
        except ChalkworkError:
            return None
        return [Bench((solved[exercise.id],)) for exercise in self.alone]

    def _look_alone(self, pool: Sequence[_Candidate]) -> None:
        """What coincides in the first candidates, in all or in most of them."""
        looked_at = [found for one in pool if self.alone and (found := self._solved_alone(one)) is not None]
        for benches in looked_at:
            for bench in benches:
                calibrate_alone(bench, bench.own, mistaken(bench, bench.own), self.certificate, len(looked_at) / 2)

    # --- variants ---------------------------------------------------------------------------------------------------

    def _variant(self, candidate: _Candidate, number: int, of: int) -> Variant:
        digits = max(3, len(str(of)))
        return Variant(
            f"{self.seed}-{number:0{digits}d}",
            self.layout.text(candidate.drawn),
            candidate.difficulty,
            candidate.facts,
            self.sheet,
            self.layout,
            candidate.drawn,
            self._fast,
            candidate.numbers,
            candidate.made,
        )

    @cached_property
    def _fast(self) -> tuple[Bench, ...]:
        """What gives the solutions without reading the text again: where all that is said depends on the equations."""
        plain = all(one.solution.setting.script is None for bench in self.benches for one in bench.exercises)
        known = {one.id for bench in self.benches for one in bench.exercises}
        filled = known != set(solve_sheet(self.sheet)) or any(
            "{{" in block.source for block in self.sheet.blocks if not isinstance(block, Prose)
        )
        return tuple(self.benches) if plain and not (self.alone or self.sheet.parts or filled) else ()


def _joined(waiting: Sequence[tuple[Array, list[Array], Array]]) -> tuple[Array, list[Array], Array]:
    places, drawn, numbers = zip(*waiting, strict=True)
    return (
        np.concatenate(places),
        [np.concatenate(one) for one in zip(*drawn, strict=True)],
        np.concatenate(numbers),
    )


def _chained(pool: Sequence[_Candidate], stream: Iterator[_Candidate]) -> Iterator[_Candidate]:
    yield from pool
    yield from stream


def _listed(texts: Sequence[str]) -> str:
    """Numbers as one reads them in a table."""
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def _facts(bench: Bench, values: Values) -> list[dict[str, str]]:
    """What is said of every candidate of a bench: the winner, and how many units are inactive."""
    count = max(len(value) for value in values.values())
    found: list[dict[str, str]] = [{} for _ in range(count)]
    if (name := outputs(bench)) is not None:
        axis = -1 if bench.context.samples == -2 else -2
        winners = values[name].argmax(axis=axis).reshape(count, -1) + 1
        for one, each in zip(found, winners.tolist(), strict=True):
            one["winner"] = " ".join(map(str, each))
    if (counts := inactive_units(bench, values)) is not None:
        for one, each in zip(found, counts[:, 0].tolist(), strict=True):
            one["inactive"] = str(int(each))
    return found
