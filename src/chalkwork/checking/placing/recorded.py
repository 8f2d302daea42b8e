"""What a recorded program assigned: each assignment is the quantity whose value it has, else what its name can mean.

A name may be assigned again and again, for layer after layer or step after step. Values decide first; what is wrong is
placed between its neighbours; and what a wrong value leads to is known by what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.mistakes import Role
from chalkwork.checking.naming.consequences import (
    by_consequence,
    displaced,
    followed,
    is_multiple,
    like_its_family,
    put,
)
from chalkwork.checking.naming.evidence import is_mask, same, tells
from chalkwork.checking.naming.passes import base_of, updates_before
from chalkwork.checking.naming.programs import Reader
from chalkwork.checking.placing.aligning import aligned
from chalkwork.checking.placing.candidates import Candidates
from chalkwork.checking.placing.placed import Recorded
from chalkwork.checking.placing.versions import (
    Words,
    arguments_of,
    is_given_back,
    refined,
    samples_together,
    through_time,
    upright,
    without_states,
)
from chalkwork.checking.reading.names import NO_NAME, longest
from chalkwork.checking.recording import Made
from chalkwork.checking.repairing.rerunning import Rerun
from chalkwork.derivation.derivation import Stage
from chalkwork.derivation.evaluate import evaluate

_MOST_UNUSED = 12
_FORWARD = (Role.NET, Role.ACTIVATION, Role.LOSS)


def recorded(
    reader: Reader,
    words: Words,
    rerun: Rerun,
    used: Mapping[str, str],
    still: Mapping[str, Made],
) -> Recorded:
    """What the words of a recording stand for; `used` is what the table of names makes of them, and `still` the
    parameters that were not renewed with the others.
    """
    placing = _Placing(reader, words, rerun, used)
    placing.taken |= {f"{name}_new": replace(made, line=None) for name, made in still.items()}
    return placing.done()


class _Placing(Candidates):
    def __init__(self, reader: Reader, words: Words, rerun: Rerun, used: Mapping[str, str]) -> None:
        super().__init__(reader, samples_together(reader, upright(reader, words)), used)
        self.rerun = rerun
        self.arguments = arguments_of(words)
        self.taken: dict[str, Made] = {}
        self.meant: dict[tuple[str, int], str] = {}
        """What a word's version stands for."""
        self.updates = self._updates()
        self.auxiliary = [np.asarray(value) for _, value in reader.auxiliary()]

    def done(self) -> Recorded:
        """By value, by name, and by what follows."""
        items = sorted(
            ((made, word) for word, versions in self.words.items() for made in versions),
            key=lambda item: item[0].order,
        )
        for made, word in items:
            self._take(word, made, (name for name in self.equal_to(made) if name in self.chains[word]))
        for made, word in items:
            if tells(made.value) and (word, made.order) not in self.meant:
                self._take(word, made, [name for name in self.chains[word] if self._is_multiple(made, name)])
        self._by_value((made, word) for made, word in items if not is_given_back(word))
        for word in self.chains:
            self._learn(word)
        held = {str(made.order): self.equal_to(made) for made, _ in items if tells(made.value)}
        held |= {str(order): [name] for (_, order), name in self.meant.items()}
        for made, word in items:
            equal = self.equal_to(made) if tells(made.value) else []
            if (
                made.line is not None
                and not self._serves(made)
                and self.reader.is_another(equal, self.chains[word], held)
            ):
                self._take(word, made, equal)
        self._by_flow(items)
        between = {word for word, made in self.words.items() if all(map(self._is_between, made))}
        words = sorted(self.chains, key=lambda word: (word in between, word not in self.used))
        for word in (word for word in words if not self.is_family(word)):
            self._by_name(word)
        self._by_consequence(items)
        known = {word for word, _ in self.meant}
        for word in sorted((word for word in words if self.is_family(word)), key=lambda word: word not in known):
            self._by_name(word)
        self._by_value((made, word) for made, word in items if is_given_back(word))
        self._without_entries()
        self._unchanged()
        free = {word: [one for one in made if one.line and not self._serves(one)] for word, made in self.words.items()}
        steps = {name: made.value for name, made in self.taken.items()}
        for name, (word, made) in through_time(self.reader, steps, self._data(), free).items():
            self._name(word, made, name)
        self._by_consequence(items)
        found = Recorded(makers=self.taken, between=self.auxiliary)
        found.own = followed(self.reader, {name: made.value for name, made in self.taken.items()}, self._data())
        self._written(found, items)
        found.right = {made.order for made in self.rerun.made.values() if self._is_well(made)}
        return found

    def _is_well(self, made: Made) -> bool:
        """Whether it is a step that is right, or a row of one."""
        return (
            made.line is not None and tells(made.value) and bool(self.equal_to(made) or self.reader.is_row(made.value))
        )

    def _learn(self, word: str) -> None:
        """A word without a meaning that has had one by value can be its like in the other layers."""
        meant = [name for (of, _), name in self.meant.items() if of == word]
        if meant and len(self.words[word]) > 1 and not self.is_family(word):
            base = {base_of(name) for name in self.chains[word]}
            if not base or not base >= {base_of(name) for name in meant}:
                self.chains[word] = self.of_kinds({self.kind_of(name) for name in meant})

    # --- by value --------------------------------------------------------------------------------------------------

    def _by_value(self, items: Iterable[tuple[Made, str]]) -> None:
        """What has no name of a step is the step whose value it has."""
        for made, word in items:
            free = made.line is not None and self.givens >= set(self.chains[word]) and not self._serves(made)
            if free and tells(made.value):
                self._take(word, made, without_states(self.reader, self.equal_to(made)))

    def _take(self, word: str, made: Made, names: Iterable[str]) -> None:
        able = [name for name in names if name in self.givens or made.line is not None]
        for name in sorted(able, key=lambda name: name in self.taken and self.taken[name] is not made):
            if name not in self.givens:
                self.taken.setdefault(name, made)
            self.meant[word, made.order] = name
            return

    def _serves(self, made: Made) -> bool:
        same_one = {made.order, made.of.order if made.of is not None else made.order}
        return any(order in same_one for _, order in self.meant)

    def _by_flow(self, items: Sequence[tuple[Made, str]]) -> None:
        """What was made of the right operands of a step, whatever it gives."""
        roles = {order: name for (_, order), name in self.meant.items()}
        makers = {name: made.order for name, made in self.taken.items()}
        found = aligned(self.reader, self.rerun, items, self.chains, roles, makers, self._is_between)
        for name, (word, made) in found.items():
            if name in self.chains[word] or not self._begun_as(word):  # a parameter stays one, whatever is put there
                self._name(word, made, name)

    # --- by name ---------------------------------------------------------------------------------------------------

    def _updates(self) -> dict[str, list[int]]:
        """When each parameter was changed."""
        found: dict[str, list[int]] = {}
        for word, chain in self.chains.items():
            if chain and chain[0] in self.givens and f"{chain[0]}_new" in chain and not self.is_family(word):
                first, *later = self.words[word]
                if first.line is None and same(first.value, self.reader.values[chain[0]]):
                    before = dict(zip(later, (first, *later), strict=False))
                    orders = [made.order for made in later if not same(made.value, before[made].value)]
                    if len(orders) > len(found.get(chain[0], [])):
                        found[chain[0]] = orders
        return found

    def _rounds(self, made: Made) -> int:
        """How often all parameters that change had been changed before."""
        before = [sum(order < made.order for order in orders) for orders in self.updates.values() if orders]
        return min(before, default=0)

    def _is_multiple(self, made: Made, name: str) -> bool:
        """Whether it is a derivative as some keep it: with a minus, or without 1/m."""
        is_free = name in self.derivation and name not in self.taken and self.derivation[name].derivative is not None
        return is_free and is_multiple(self.reader, made.value, name, {1.0, float(self.reader.context.sizes[0])})

    def _is_in_time(self, name: str, made: Made) -> bool:
        """Whether it is made after the updates that the quantity goes back to, and of no others if it is of a pass."""
        if name not in self.derivation or name in self.equal_to(made):
            return True
        learnt = {
            one for one in self.taken if one in self.learnt and tells(self.taken[one].value) and self._is_right(one)
        }
        if any(self.taken[one].order > made.order for one in learnt & self.learnt_before[name]):
            return False
        others = {self.taken[one].order for one in learnt - self.learnt_before[name]}
        is_forward = self.reader.context.role(self.derivation[name]) in _FORWARD
        return not (others and is_forward) or others.isdisjoint(self.rerun.before(made))

    def _by_name(self, word: str) -> None:
        """The versions of a word that have no right value, between those that have."""
        chain = self.chains[word]
        if not chain:
            return
        run: list[Made] = []
        last = -1
        for made in self.words[word]:
            name = self.meant.get((word, made.order))
            if name is None:
                if not (word in self.arguments and self._serves(made) and self.equal_to(made)):
                    run.append(made)
                continue
            place = chain.index(name) if name in chain else -1
            if run and place > last:
                self._placed(word, run, chain[last + 1 : place])
            run, last = [], max(place, last)
        if run:
            self._placed(word, run, chain[last + 1 :])

    def _placed(self, word: str, run: list[Made], slots: Sequence[str]) -> None:
        """Versions in a row, put to the quantities that are free: the last of those that refine one another."""
        free = [name for name in slots if name not in self.taken]
        if free and self.kind_of(free[0]) == "L":  # error is the loss, or the distance from the target
            run = [made for made in run if not self._is_between(made)]
        elif free and self.kind_of(free[0]) == "delta":  # what comes back to a layer, and then its error, in one word
            later = [{made.value.shape for made in run[place + 1 :]} for place in range(len(run))]
            shaped = [made.value.shape in shapes for made, shapes in zip(run, later, strict=True)]
            run = [made for made, again in zip(run, shaped, strict=True) if not (again and self._is_between(made))]
            right = np.asarray(self.reader.values[free[0]])
            counts = "" if np.array_equal(right, np.round(right)) else "biu"
            run = [made for made in run if not is_mask(made.value) and made.value.dtype.kind not in counts]
        rate = float(np.ravel(self.reader.values.get("eta", 1.0))[0])
        for made in list(run) if rate != 1 else ():  # the step of an update is not the derivative once more
            run = [one for one in run if one.order <= made.order or not same(one.value, rate * made.value)]
        if not run:
            return
        if self.is_family(word) or not free:
            wanted = refined([made for made in run if made.line is not None], len(free))
            for made in wanted:
                able = [name for name in free if self.reader.fits(made.value, name)]
                for place, name in enumerate(free):
                    if self._is_had(name) and name in able[:-1]:
                        continue
                    if self.reader.fits(made.value, name) and self._is_due(name, made):
                        self._name(word, made, name)
                        free = free[place + 1 :]
                        break
            return
        if base_of(free[0]) in self.givens:
            self._renewed(word, run, free)
            return
        by_round: dict[int, Made] = {}
        for made in run:
            if made.line is not None and self._may_be(word, made, free[0]):
                by_round[self._rounds(made)] = made
        for round_, made in sorted(by_round.items()):
            due = [name for name in free if updates_before(name) <= round_ and self._is_due(name, made)]
            if due:
                self._name(word, made, due[-1])
                free.remove(due[-1])

    def _is_had(self, name: str) -> bool:
        """Whether it is another name for what the program has already: the output of a layer without a function."""
        if name not in self.derivation:
            return False
        right = self.reader.values[name]
        made_of = [one.name for one in names_in(self.derivation[name].expression) if one.name in self.taken]
        return any(np.array_equal(right, self.reader.values[one]) and self._is_right(one) for one in made_of)

    def _is_right(self, name: str) -> bool:
        return same(self.taken[name].value, self.reader.values[name])

    def _is_between(self, made: Made) -> bool:
        """Whether it is right, and no step of its own: the distance from the target, what comes back to a layer."""
        near = [value for value in self.auxiliary if value.size == made.value.size]
        among = any(same(made.value, value) for value in near) or self.reader.are_apart(made.value)
        return tells(made.value) and among

    def _may_be(self, word: str, made: Made, name: str) -> bool:
        """Whether it has the shape, or its name says so clearly that the shape is wrong."""
        kind = self.kind_of(name)
        if is_given_back(word) and not self.reader.fits(made.value, name):
            return False
        if kind == "L" and made.value.size > 1 and len(word) == 1 and word not in self.names:
            return False  # one letter and another shape
        gradient = kind in ("dW", "dU", "db", "dgamma", "dbeta")
        numbered = word[-1:].isdigit() or (gradient and any(map(str.isdigit, word)))
        clear = word in self.used or (kind in ("mu", "var") and made.value.size > 1)
        shaped = (kind in ("dW", "dU") and made.value.ndim == 2) or kind == "db"
        clear = clear or (shaped and self.known.get(word) == base_of(name))
        clear = clear or (gradient and self.called.get(word) == base_of(name))
        clear = clear or (numbered and (gradient or made.value.ndim > 1))
        if clear and not gradient and word not in self.names and not self.reader.fits(made.value, name):
            # else it is another quantity under a name that looks like this one, or what one step of a sequence has
            clear = not self.equal_to(made) and not longest(self.derivation)
        return clear or self.reader.fits(made.value, name)

    def _renewed(self, word: str, run: Sequence[Made], free: Sequence[str]) -> None:
        """The versions of a parameter: what was there before, then what each update makes of it."""
        if free[0] in self.givens:
            before = [made for made in run if made.line is None]
            if before:
                self.meant[word, before[0].order] = free[0]
            free = free[1:]
        made_here = [made for made in run if made.line is not None]
        for name, made in zip(free, refined(made_here, len(free)), strict=False):
            if made.value.ndim or self.reader.fits(made.value, name):
                self._name(word, made, name)

    def _without_entries(self) -> None:
        """What is wrong and holds entries of other steps, one after the other, is none itself: the error of a unit."""
        steps = [made.value for made in self.taken.values()]
        steps += [self.reader.values[one.name] for one in self.derivation.equations if one.derivative is not None]
        entries = np.abs(np.concatenate([np.ravel(one) for one in steps if np.size(one) > 1] or [np.empty(0)]))
        for (word, order), name in list(self.meant.items()):
            made = self.taken.get(name)
            if made is None or made.order != order or made.value.ndim or word in self.used or self._is_right(name):
                continue
            numbers = [one.value for one in self.words[word] if one.line is not None and tells(one.value)]
            if numbers and all(one.size == 1 and np.isclose(entries, abs(one), 1e-9, 0).any() for one in numbers):
                del self.taken[name], self.meant[word, order]

    def _unchanged(self) -> None:
        """A parameter that was assigned what it was, after its gradient was there: it was not updated.

        A line that has done so before is none that updates.
        """
        for (word, order), name in list(self.meant.items()):
            later, gradient = f"{name}_new", self.taken.get(f"d{name}")
            if name in self.givens and later in self.derivation and later not in self.taken and gradient is not None:
                made = next(one for one in self.words[word] if one.order == order)
                early = {one.line for one in self.words[word] if one.order < gradient.order}
                late = made.line not in early | {None} and made.order > gradient.order
                if late and (word in self._initial(name) or self.known.get(word) == later):
                    self._name(word, made, later)

    def _initial(self, name: str) -> set[str]:
        """The words that a parameter had before the recording."""
        return {word for word, chain in self.chains.items() if name in chain and self.words[word][0].line is None}

    def _is_due(self, name: str, made: Made) -> bool:
        """Whether the time of a quantity has come: what is worked out again is so after the update."""
        return updates_before(name) <= self._rounds(made) or self.derivation[name].stage == Stage.UPDATE

    def _name(self, word: str, made: Made, name: str) -> None:
        if name not in self.taken and self._is_in_time(name, made):
            self.taken[name] = made
            self.meant[word, made.order] = name

    # --- by what follows -------------------------------------------------------------------------------------------

    def _by_consequence(self, items: Sequence[tuple[Made, str]]) -> None:
        """What no name and no value tells, and a later step is made with."""
        left = [
            (made, word) for made, word in items if not self._serves(made) and made.line is not None and not made.of
        ]
        self._gone_on_later()
        steps = {name: made.value for name, made in self.taken.items()}
        for name in displaced(self.reader, steps, self._data(), [made.value for made, _ in left]):
            order = self.taken.pop(name).order
            self.meant = {key: one for key, one in self.meant.items() if one != name or key[1] != order}
            del steps[name]
        for name, place in by_consequence(self.reader, steps, self._data(), [made.value for made, _ in left]).items():
            self._name(left[place][1], left[place][0], name)
        named = {word: name for (word, _), name in self.meant.items() if name not in self.givens}
        rest = [word for word, made in self.words.items() if word not in named and made[-1].line is not None]
        for word, name in like_its_family(self.reader, named, rest).items():
            if self.reader.fits(self.words[word][-1].value, name):
                self._name(word, self.words[word][-1], name)

    def _gone_on_later(self) -> None:
        """A right derivative that its word did not keep, and from which nothing follows that was made with what the
        word held next: that is the step.
        """
        own = followed(self.reader, {name: made.value for name, made in self.taken.items()}, self._data())
        for (word, order), name in list(self.meant.items()):
            made = self.taken.get(name)
            if made is None or made.order != order or name in self.givens or not self.derivation[name].derivative:
                continue
            later = [one for one in self.words[word] if one.order > order and one.line and not self._serves(one)]
            users = [
                one for one in self.derivation.equations if any(part.name == name for part in names_in(one.expression))
            ]
            after = [self.taken[one.name] for one in users if one.name in self.taken]
            for other in later[:1] if len(after) == len(users) > 0 else ():
                if other.value.shape != made.value.shape or any(one.order < other.order for one in after):
                    continue
                with np.errstate(all="ignore"):
                    made_of = [evaluate(one.expression, {**own, name: put(other.value, own[name])}) for one in users]
                if all(same(one.value, value) for one, value in zip(after, made_of, strict=True)):
                    del self.meant[word, order]
                    self.taken[name] = other
                    self.meant[word, other.order] = name

    def _data(self) -> dict[str, object]:
        """The exercise's givens as the program has them."""
        return {
            name: next(made.value for made in self.words[word] if made.order == order)
            for (word, order), name in reversed(self.meant.items())
            if name in self.givens
        }

    # --- what is said ----------------------------------------------------------------------------------------------

    def _written(self, found: Recorded, items: Sequence[tuple[Made, str]]) -> None:
        names = found.names
        for name in self.derivation:
            if name in self.taken:
                names.steps[name] = self.taken[name].value
        once = {word for word, made in self.words.items() if sum(one.line is not None for one in made) == 1}
        by_name = {name for (word, _), name in self.meant.items() if word in once and word in self.used}
        names.guessed = names.steps.keys() - by_name
        for (word, order), name in self.meant.items():
            if name in self.givens:
                value = next(made.value for made in self.words[word] if made.order == order)
                names.data.setdefault(name, value)
        serving = {order for _, order in self.meant}
        makers = {made.order for made in self.taken.values()}
        found.loose = [
            made
            for made, word in items
            if (made.order not in serving and tells(made.value))
            or (made.of and made.order not in makers and self.meant.get((word, made.order)) not in self.chains[word])
        ]
        for word, versions in self.words.items():
            made = versions[-1]
            if is_given_back(word) or made.line is None or len(names.unused) >= _MOST_UNUSED:
                continue
            if tells(made.value) and all(one.order not in serving for one in versions):
                names.unused[word] = self.reader.why_unused(word, made.value, NO_NAME)
