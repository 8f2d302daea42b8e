"""A derivation with its numbers: values by name, equations as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.entries import EntryValues, entry, entry_name, place_of, split_entry
from chalkwork.algebra.expression import Application, Name, walk
from chalkwork.algebra.expression import replace as replaced
from chalkwork.algebra.operations.convolutions import lie_of
from chalkwork.algebra.operations.partners import most_met
from chalkwork.derivation.derivation import Derivation, Equation, Stage, updates_of
from chalkwork.derivation.work_out import work_out
from chalkwork.errors import ChalkworkError, CostError
from chalkwork.solutions.setting import Setting, Style
from chalkwork.typesetting.numbers import shown
from chalkwork.words import ENGLISH, LANGUAGES

if TYPE_CHECKING:  # values are found without what writes them
    from chalkwork.typesetting.equations import TypesetEquation
    from chalkwork.typesetting.symbols import Symbols
    from chalkwork.typesetting.values import Layout
    from chalkwork.typesetting.writer import Writer

MOST_ENTRIES = 6
"""Rows and columns of a matrix whose entries are worked out one by one; the others are like them."""


class Working(Mapping[str, Any]):
    """The equations of a derivation with their numbers, readable by name and typeset one by one.

    A mapping from names to values: arrays in the convention's orientation, numbers for scalars; an entry is
    `working["W1[1,2]"]`.

    >>> from chalkwork.algebra.expression import Name
    >>> from chalkwork.derivation.derivation import Derivation, Equation, Stage
    >>> a = Name("a")
    >>> derivation = Derivation((a,), (Equation("c", 3 / a, Stage.FORWARD),))
    >>> Working(derivation, {"a": np.array([[2.0]])}).equation("c").text
    'c = 3 / a = 1.5'
    """

    def __init__(
        self,
        derivation: Derivation,
        givens: Mapping[str, Any],
        style: Style | None = None,
        setting: Setting | None = None,
        symbols: Symbols | None = None,
    ) -> None:
        self.derivation = derivation
        self._own_symbols = symbols
        self.style = style or Style()
        self.setting = setting or Setting()
        known = self.setting.languages if self.setting.script is None else (ENGLISH,)
        if self.style.language not in known:
            called = " and ".join(LANGUAGES[language].name for language in known)
            raise ChalkworkError(
                f"this solution is written in {called} only", hint=f"leave out language: {self.style.language}"
            )
        rounding = self.style.numbers.rounded if self.style.rounding == "every_line" else None
        self.arrays = EntryValues(work_out(derivation, givens, rounding))
        self._shapes = derivation.shapes()

    # --- values ------------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Any:
        whole, index = split_entry(name)
        if whole not in self._shapes or self.setting.letters_only:
            word = self.setting.words.get(name)
            return self.setting.facts[name] if word is None else word.value
        if index:
            place_of(whole, index, self._shapes[whole])
        value = self.arrays[name]
        scalar = index or not self._shapes[whole] or name in self.setting.scalars
        return np.float64(value[0, 0]) if scalar else value

    def __iter__(self) -> Iterator[str]:
        yield from () if self.setting.letters_only else self._shapes
        yield from self.setting.words
        yield from self.setting.facts

    def __repr__(self) -> str:
        names = list(self)
        shown = names if len(names) < 4 else [*names[:2], "...", names[-1]]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __len__(self) -> int:
        return sum(1 for _ in self)

    # --- equations -----------------------------------------------------------------------------------------------

    @cached_property
    def _writer(self) -> Writer:
        from chalkwork.typesetting.symbols import Symbol, Symbols
        from chalkwork.typesetting.writer import Writer

        derivatives = {e.name: e.derivative for e in self.derivation.equations if e.derivative is not None}
        derivatives |= self.setting.slopes
        several = any(updates_of(name) > 1 for name in self.derivation)
        plain = {name: name.replace("_", " ") for name in self.setting.words if name not in self._shapes}
        words = {name: Symbol(rf"\text{{{word}}}", word) for name, word in plain.items()}
        letters = {**words, **self.setting.letters}
        style = self.style
        symbols = self._own_symbols or Symbols(
            style.notation, self.setting.layers, derivatives, letters, several, style.language, self._kept
        )
        givens = frozenset(name.name for name in self.derivation.givens)
        known = EntryValues() if self.setting.letters_only else self.arrays
        return Writer(symbols, known, self.style.numbers, None, self.setting.samples, givens)

    @property
    def _kept(self) -> dict[str, str]:
        """Of which parameter a name is that a rule keeps or works out for it, before any update."""
        updates = [e.name.partition("_new")[0] for e in self.derivation.equations if e.stage == Stage.UPDATE]
        learned = {e.derivative.by for e in self.derivation.equations if e.derivative is not None}
        found = {}
        for stem in dict.fromkeys(updates) if self.setting.layers else ():
            parameter = max((one for one in learned if stem.endswith(one)), key=len, default=stem)
            if parameter != stem:
                found[stem] = parameter
        return found

    def writer(self, layout: Layout | None = None) -> Writer:
        """A writer for the expressions of this solution; the one for the usual page is kept, with what it wrote."""
        own = self._writer
        if layout is None:
            return own
        return type(own)(own.symbols, own.values, own.numbers, layout, self.setting.samples, own.givens)

    def equation(self, name: str) -> TypesetEquation:
        """One equation, or one entry of it, typeset; KeyError for a name that no equation defines."""
        from chalkwork.typesetting.equations import typeset

        whole, index = split_entry(name)
        equation = self.derivation[whole]
        return typeset(self._entry(equation, index) if index else equation, self._writer)

    @property
    def equations(self) -> list[TypesetEquation]:
        """Every equation in order, typeset."""
        from chalkwork.typesetting.equations import typeset

        return [typeset(equation, self._writer) for equation in self.chosen()]

    def chosen(self, names: tuple[str, ...] = (), known: tuple[str, ...] = ()) -> list[Equation]:
        """The equations that lead to the names (all, if none are given), in the style's detail.

        What is in `known`, and what only leads to that, is left out. KeyError for an unknown name.
        """
        wholes = tuple(split_entry(name)[0] for name in names)
        for name, whole in zip(names, wholes, strict=True):
            if whole not in self._shapes:
                raise KeyError(name)
        every = not names and not known
        equations = self.derivation.equations if every else self.derivation.ancestors(wholes or self.derivation, known)
        if self.style.detail == "equations":
            return list(equations)
        only = {split_entry(name) for name in names if "[" in name}
        return [part for equation in equations for part in self._entries(equation, only)]

    def samples_of(self, equation: Equation) -> list[Equation]:
        """The first entry of what a window gives, as the sum that it is, where no entry is written out otherwise."""
        expression, shape = equation.expression, equation.expression.shape
        if not shape or self.style.detail != "equations" or updates_of(equation.name):
            return []
        nodes = [node for node in walk(expression) if isinstance(node, Application)]
        if not any(node.operation.by_window for node in nodes):
            return []
        place = (0,) * len(shape)
        transposed = [one for one in nodes if one.operation.name == "convolve_transposed"]
        if transposed:
            place = most_met(*lie_of(**transposed[0].named_parameters))
            place = (0,) * (len(shape) - len(place)) + place
        elif equation.derivative is not None and any(one.operation.name == "convolve_full" for one in nodes):
            place = tuple(size // 2 if axis > 0 else 0 for axis, size in enumerate(shape, 3 - len(shape)))
        index = split_entry(entry_name(equation.name, shape, *place))[1]
        try:
            found = self._entry(equation, index)
        except CostError:
            return []
        name = equation.name if prod(shape) == 1 else found.name
        return [replace(found, name=name, reason="", derivative=None)]

    def _entries(self, equation: Equation, only: set[tuple[str, tuple[str, ...]]]) -> list[Equation]:
        """One scalar equation for every entry; the whole one where an entry is too long to be written out."""
        shape = equation.expression.shape
        if not shape or (isinstance(equation.expression, Application) and equation.name.startswith("class")):
            return [equation]
        chosen = [index for whole, index in only if whole == equation.name]
        places = chosen or [
            split_entry(entry_name(equation.name, shape, *place))[1]
            for place in product(*([at for at in shown(size, MOST_ENTRIES) if at is not None] for size in shape))
        ]
        try:
            return [self._entry(equation, index, first=place == 0) for place, index in enumerate(places)]
        except CostError:
            return [equation]

    def _entry(self, equation: Equation, index: tuple[str, ...], first: bool = True) -> Equation:
        shape = equation.expression.shape
        place = place_of(equation.name, index, shape)
        scalar = entry(equation.expression, *place)
        return replace(
            equation,
            name=entry_name(equation.name, shape, *place),
            expression=scalar,
            reason=equation.reason if first else "",
            chain=(),
            steps=(),
            worked=self._with_sums(equation, scalar, place),
        )

    def _with_sums(self, equation: Equation, scalar: Any, place: tuple[int, ...]) -> Any:
        """An activation's entry with its net input written as the sum that it is."""
        if equation.stage not in (Stage.FORWARD, Stage.REEVALUATION) or not isinstance(
            equation.expression, Application
        ):
            return None
        names = equation.expression.arguments
        if len(names) != 1 or not isinstance(names[0], Name) or not equation.expression.operation.entrywise:
            return None
        net = self.derivation[names[0].name].expression if names[0].name in self.derivation else None
        if net is None or max(net.shape, default=0) > MOST_ENTRIES:
            return None
        inner = Name(entry_name(names[0].name, names[0].shape, *place))
        return replaced(scalar, {inner: entry(net, *place)})
