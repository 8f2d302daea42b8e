"""A derivation as data: equations, what mistakes make of them, and how their ranges are found, as trees of nodes.

Equal parts are one node, so that a node is known by its place in one list. A node is `[name, shape]`,
`[value, low, high]`, or `[operation, shape, arguments, parameters, slope rule, leaves, by entries]`, where what is
empty at the end is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.definitions import defined
from chalkwork.algebra.entries import place_of, split_entry
from chalkwork.algebra.expression import Application, Constant, Expression, Name, Number, walk
from chalkwork.bounds.enclosures import enclosable
from chalkwork.bounds.ranges import tangled_leaves
from chalkwork.bounds.slopes import branch_rules, constant, slope_rules
from chalkwork.checking.mistakes import TABLE, Context, context_of, distinct, distinct_pairs, equivalents, in_language
from chalkwork.checking.mistakes.structure import updated_parameter
from chalkwork.checking.reading.digits import Digits
from chalkwork.checking.reading.laid import laid_place, laid_shape
from chalkwork.checking.reviewing.conventions import conventions_of
from chalkwork.checking.reviewing.ways import Way
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.evaluate import evaluate_each
from chalkwork.words import ENGLISH, LANGUAGES

if TYPE_CHECKING:
    from chalkwork.solutions.exercise import Exercise
    from chalkwork.solutions.solution import Solution

Data = dict[str, Any]
SAME = 1e-12
_AXES = {"columns": -1, "rows": -2}


@dataclass
class Nodes:
    """The list of nodes, each different one once."""

    rows: list[list[Any]] = field(default_factory=list)
    shapes: dict[tuple[int, ...], int] = field(default_factory=dict)
    rules: dict[tuple[str, tuple[Any, ...]], list[Any]] = field(default_factory=dict)
    _places: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def of(self, expression: Expression) -> int:
        """The place of the expression, written so that each of its operations has an enclosure."""
        return self._of(enclosable(expression))

    def _of(self, expression: Expression) -> int:
        for node in walk(expression):
            key = _key(node)
            simpler = defined(node) if isinstance(node, Application) and not node.operation.script else None
            if key not in self._places and simpler is not None:
                self._places[key] = self._of(enclosable(simpler))
            elif key not in self._places:
                row = self._application(node) if isinstance(node, Application) else self._leaf(node)
                self._places[key] = len(self.rows)
                self.rows.append(row)
        return self._places[_key(expression)]

    def _leaf(self, node: Expression) -> list[Any]:
        if isinstance(node, Number | Constant):
            bounds = constant(node)
            value, low, high = float(node.value), bounds.low.item(), bounds.high.item()
            return [_short(value)] if low == value == high else [value, low, high]
        assert isinstance(node, Name)
        return [node.name, self._shape(node.shape)]

    def _application(self, node: Application) -> list[Any]:
        tangle = tangled_leaves(node)
        leaves = [self._of(leaf) for leaf in tangle[0]] if tangle else None
        arguments = [self._of(argument) for argument in node.arguments]
        more = [list(node.parameters) or None, self._rule(node), leaves, 1 if tangle and tangle[1] else None]
        while more and more[-1] is None:
            more.pop()
        return [node.operation.name, self._shape(node.shape), arguments, *more]

    def _shape(self, shape: tuple[int, ...]) -> int:
        return self.shapes.setdefault(shape, len(self.shapes))

    def _rule(self, node: Application) -> int | None:
        """The place of the derivatives by each argument, and below and above zero where these are two formulas."""
        if not node.operation.entrywise or node.operation.jumps:
            return None
        key = (node.operation.name, node.parameters)
        if key not in self.rules:
            self.rules[key] = []
            found = [None if rule is None else self._of(rule) for rule in slope_rules(node.operation, node.parameters)]
            sides = [self._of(rule) for rule in branch_rules(node.operation, node.parameters)]
            self.rules[key] += [found, sides or None]
        return list(self.rules).index(key)

    def data(self) -> Data:
        """Everything, as the page loads it."""
        letters = {letter: self._of(Name(letter)) for letter in "aby"}
        rules = {**letters, "rules": list(self.rules.values())}
        return {"nodes": self.rows, "shapes": list(self.shapes), "rules": rules}

    @property
    def operations(self) -> list[str]:
        """The operations that occur."""
        return sorted({row[0] for row in self.rows if isinstance(row[0], str) and len(row) > 2})


def _key(node: Expression) -> tuple[Any, ...]:
    """Equal expressions have the same key; 1 and 1.0 are two numbers."""
    return (type(node), node.value) if isinstance(node, Number) else (type(node), node)


def _short(value: float) -> float | int:
    return int(value) if value == int(value) and abs(value) < 2**53 else value


@dataclass
class Derivations:
    """The derivations of a page, each once, with the mistakes that they use."""

    nodes: Nodes = field(default_factory=Nodes)
    pairs: bool = True
    language: str = ENGLISH
    mistakes: dict[str, None] = field(default_factory=dict)
    _known: dict[tuple[int, int | None], Data] = field(default_factory=dict)
    _kept: list[Derivation] = field(default_factory=list)

    def place(self, derivation: Derivation, sample_axis: int | None, letters: bool = False) -> int:
        """The place of one among all; where formulas are asked, its equations alone."""
        key = (id(derivation), sample_axis)
        if key not in self._known:
            self._kept.append(derivation)
            context = context_of(derivation, sample_axis)
            data = self._known[key] = self._derivation(context, letters)
            place = len(self._known) - 1
            ways = [] if letters else _ways(context)
            data["ways"] = [self._way(way, data["equations"], place) for way in ways]
        return list(self._known).index(key)

    def _derivation(self, context: Context, letters: bool) -> Data:
        derivation = context.derivation
        written = self._plainly if letters else self._with_pairs
        shapes = {name.name: name.shape for name in derivation.givens} | dict(derivation.shapes())
        return {
            "equations": [written(equation, context) for equation in derivation.equations],
            "givens": [name.name for name in derivation.givens],
            "constants": {name: array_data(value) for name, value in context.constants.items()},
            "shapes": {name: list(shape or (1, 1)) for name, shape in shapes.items()},
        }

    def _way(self, way: Way, plain: list[Data], place: int) -> Data:
        """What marks by another convention: the equations that are not those of the derivation, and what shows it."""
        self._kept.append(way.derivation)
        equations = [self._equation(equation, way.context) for equation in way.derivation.equations]
        changed = [
            [number, one]
            for number, (one, other) in enumerate(zip(equations, plain, strict=True))
            if any(other.get(key) != value for key, value in one.items())
        ]
        self._known[id(way.derivation), way.before.samples] = {"like": place, "changed": changed}
        shapes = way.before.derivation.shapes()
        return {
            "forms": {name: self.nodes.of(one.of(Name(name, shapes[name]))) for name, one in way.found.forms.items()},
            "place": len(self._known) - 1,
            "taken": sorted(way.found.taken_for),
            "entering": way.entering,
            "showing": [[one.name, self.nodes.of(one.expression), one.name in way.kept] for one in way.showing],
            "words": way.found.words(self.language),
        }

    def data(self) -> Data:
        """All of them, as the page loads them."""
        return {**self.nodes.data(), "derivations": list(self._known.values()), **self.special_cases()}

    def _plainly(self, equation: Equation, context: Context) -> Data:
        """An equation with its equally right forms."""
        old = updated_parameter(equation) if equation.stage == Stage.UPDATE else None
        return {
            "name": equation.name,
            "node": self.nodes.of(equation.expression),
            "equivalents": [self.nodes.of(other) for other in equivalents(equation, context)],
            **({"old": old.name} if old is not None else {}),
        }

    def _equation(self, equation: Equation, context: Context) -> Data:
        """An equation with what one mistake makes of it."""
        noted = [[self.nodes.of(other), ids] for other, ids in self._noted(distinct(equation, context))]
        return self._plainly(equation, context) | {"mistakes": noted}

    def _with_pairs(self, equation: Equation, context: Context) -> Data:
        """An equation with what one mistake or two make of it."""
        pairs = distinct_pairs(equation, context) if self.pairs else ()
        return self._equation(equation, context) | {"pairs": [[self.nodes.of(other), both] for other, both in pairs]}

    def _noted(
        self, found: Iterable[tuple[Expression, tuple[str, ...]]]
    ) -> Iterable[tuple[Expression, tuple[str, ...]]]:
        for expression, ids in found:
            self.mistakes |= dict.fromkeys(ids)
            yield expression, ids

    def words(self, language: str) -> Data:
        """Title and hint of every mistake that can be named."""
        always = ("entries-swapped", "rounded-early", "not-updated")
        told = {name: in_language(TABLE[name], language) for name in (*self.mistakes, *always)}
        return {name: [one.title, one.hint] for name, one in told.items()}

    def special_cases(self) -> Data:
        """Mistakes that are not named beside others, and those that are looked for by themselves only."""
        unless = {name: list(TABLE[name].unless) for name in self.mistakes if TABLE[name].unless}
        return {"unless": unless, "alone": [name for name in self.mistakes if TABLE[name].alone]}


def _ways(context: Context) -> list[Way]:
    """Other conventions, one or two at once, that leave every shape as it is, and all that anybody types by digits."""
    found = conventions_of(context)
    return [Way(one, context) for one in found if not any(form.turned or form.exchanges for form in one.forms.values())]


def array_data(value: Any) -> Data:
    """An array as the page has it."""
    array = np.asarray(value, np.float64)
    array = array if array.ndim >= 2 else array.reshape(1, -1) if array.ndim else array.reshape(1, 1)
    return {"shape": list(array.shape), "data": [_short(number) for number in array.ravel().tolist()]}


def sample_axis(solution: Solution) -> int | None:
    """The axis along which the samples lie."""
    return _AXES.get(solution.setting.samples or "")


def values_of(solution: Solution) -> dict[str, list[float]]:
    """The values of the givens, row by row, and of what the equations alone would not give: a sum that cancels to 0."""
    derivation, arrays = solution.derivation, solution.arrays
    givens = {given.name: arrays[given.name] for given in derivation.givens}
    plain = evaluate_each(derivation.equations, givens)
    found = {name: array_data(value)["data"] for name, value in givens.items()}
    for name in derivation:
        if not np.allclose(plain[name], arrays[name], rtol=SAME, atol=0.0):
            found[name] = array_data(arrays[name])["data"]
    return found


@dataclass
class Tasks:
    """The exercises of a page as tasks, with the works that they mark: a derivation with its values."""

    derivations: Derivations
    tolerance: float = 0.0
    follows: Fraction = Fraction(1)
    tasks: list[Data] = field(default_factory=list)
    works: list[int] = field(default_factory=list)
    solutions: list[Solution] = field(default_factory=list)

    def add(self, exercise: Exercise) -> Data:
        """The task of an exercise."""
        solution = exercise.solution
        words, numbers, choice = solution.setting.words, solution.style.numbers, solution.setting.choice
        whole = [name if name in words else split_entry(name)[0] for name in exercise.asked]
        asked = [name for name in dict.fromkeys(whole) if name not in words]
        task: Data = {
            "id": exercise.id,
            "work": self._work(solution),
            "after": exercise.after if exercise.goes_on else None,
            "asked": asked,
            "words": {
                name: {"right": [words[name].value, *words[name].also], "choices": list(words[name].choices)}
                for name in dict.fromkeys(whole)
                if name in words
            },
            "order": list(dict.fromkeys(whole)) if words else [name for name in solution.derivation if name in asked],
            "digits": {
                "decimals": numbers.decimals, "significant": numbers.significant, "stated": solution.style.stated,
                "exact": solution.is_exact,
                "words": Digits(numbers.decimals, numbers.significant).words(solution.style.language),
            },
            "tolerance": self.tolerance,
            "follows": float(self.follows),
            "comma": LANGUAGES[solution.style.language].decimal_comma,
            "points": None if exercise.points is None else float(exercise.points),
        }  # fmt: skip
        shapes = solution.derivation.shapes()
        task["entries"] = {
            name: sorted(_cell(split_entry(each)[1], name, shapes[name]) for each in names)
            for name, names in (exercise.entries or {}).items()
            if shapes.get(name)
        }
        if solution.setting.letters_only:
            task["letters"] = {name.name: name.shape for name in solution.derivation.givens} | dict(shapes)
        if choice is not None:
            other = choice.instead({name: solution.arrays[name] for name in choice.names})
            place = self.derivations.place(other.derivation, sample_axis(other))
            task["choice"] = {"names": choice.names, "holds": choice.holds, "place": place}
        self.tasks.append(task)
        return task

    def _place(self, solution: Solution) -> int:
        return self.derivations.place(solution.derivation, sample_axis(solution), solution.setting.letters_only)

    def _work(self, solution: Solution) -> int:
        for place, known in enumerate(self.solutions):
            if known is solution:
                return place
        self.solutions.append(solution)
        self.works.append(self._place(solution))
        return len(self.works) - 1


def _cell(index: tuple[str, ...], name: str, shape: tuple[int, ...]) -> int:
    """Which of the cells, counted row by row, an entry is."""
    row, column = laid_place(place_of(name, index, shape), shape)
    return row * laid_shape(shape)[1] + column
