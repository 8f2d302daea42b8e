"""The equations of the steps of one method: gradient, Hessian, direction, new point, each with the step's number."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply, replace
from chalkwork.algebra.operations import Shape
from chalkwork.algebra.reading import read
from chalkwork.derivation.derivation import Stage
from chalkwork.laboratory.optimisation.letters import MARKS, RATE, Letters, entry_letters, tilde
from chalkwork.laboratory.optimisation.methods import Method, Path, Step
from chalkwork.laboratory.optimisation.surface import Surface, Work, eigenvalues_of, matrix_of
from chalkwork.networks.optimisers import AHEAD, worked_lines
from chalkwork.networks.updates import clipped
from chalkwork.training.schedules import CONSTANT
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.symbols import Symbol

DIRECTION = Stage("step", "The step")
ETA, TAU = RATE, Symbol(r"\tau", "τ")
CONSTANTS = {
    "mu": Symbol(r"\mu", "μ"), "momentum": Symbol(r"\mu", "μ"), "rho": Symbol(r"\rho", "ρ"),
    "gamma": Symbol(r"\gamma", "γ"), "beta": Symbol(r"\beta", "β"), "alpha": Symbol(r"\alpha", "α"),
    "rho1": Symbol(r"\beta_1", "β₁"), "rho2": Symbol(r"\beta_2", "β₂"), "epsilon": Symbol(r"\varepsilon", "ε"),
    "decay": Symbol(r"\lambda", "λ"), "clip_norm": Symbol(r"g_{\max}", "gₘₐₓ"),
    "clip_value": Symbol(r"g_{\max}", "gₘₐₓ"),
}  # fmt: skip
"""How the constants of rules print, by the word that was used for them."""


@dataclass
class Shown:
    """The names of one step, as far as it has them."""

    point: str
    value: str = ""
    slope: str = ""
    curvature: str = ""
    ahead: str = ""
    """Where the gradient is taken, if not at the point."""
    lines: list[str] = field(default_factory=list)
    """What the rule works out on the way to the new point."""
    matrix: str = ""
    """What the linear system is solved with: the Hessian, or the damped one."""
    determinant: str = ""
    eigenvalues: str = ""
    vectors: str = ""
    direction: str = ""
    new_point: str = ""


@dataclass
class Route:
    """One method's path and the equations of its first steps, added to the work.

    `several` says whether other methods stand beside it, so that names beyond the common start carry the method's.
    """

    work: Work
    path: Path
    letters: Letters
    several: bool = False
    shown: int = 20
    """Up to which step all is asked that is worked out, and not the new point alone."""
    total: int = 0
    """How many steps the schedule of the rate is made for."""
    steps: list[Shown] = field(default_factory=list)
    lines: list[tuple[Name, Expression]] = field(default_factory=list)
    """The rule for any step."""
    _renamed: dict[Expression, Expression] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.path.last)
        self.shape: Shape = (n, 1) if n > 1 else ()
        if self.several:
            self.letters = self.letters.marked(self.method.name)
        if not self.method.uses_hessian:
            self._rule()

    @property
    def method(self) -> Method:
        """The method."""
        return self.path.method

    @property
    def start(self) -> str:
        """The name of the first point."""
        return self.steps[0].point

    @property
    def is_whole(self) -> bool:
        """Whether every step is worked out, by a rule whose lines are columns of a table."""
        done = len(self.path.steps)
        return done == len([step for step in self.steps if step.new_point]) and not self.method.uses_hessian

    def name(self, letter: str, k: int) -> str:
        """A name with the step's number; the start belongs to all methods."""
        common = k == 1 and letter in ("p", "f", "g", "H", "theta")
        return f"{letter}{k}" if common or not self.several else f"{letter}{k}_{MARKS[self.method.name][0]}"

    def head(self, surface: Surface | None, n: int) -> None:
        """The letters over the columns of a table of all steps."""
        letters, plain = self.letters, self.work.letters
        words = ["p", "g", "eta", *self.method.optimiser.rule.states]
        words += [_letter(name) for name in self.steps[0].lines if not name.startswith("clipped")]
        plain |= {word: letters.of_rule(word) for word in (*words, "clipped_g")}
        for word in (*words[1:], "clipped_g") if n > 1 else ():  # v_1 would be the velocity of step 1
            of = plain[word]
            plain |= {
                f"{word}[{i}]": Symbol(f"{of.latex}_{{{each.latex}}}", f"{of.text}({each.text})")
                for i, each in enumerate(letters.variables, 1)
            }
        if surface is not None:
            plain["f"] = letters.function_sign
            plain |= entry_letters(surface, letters, 0, ("p", "g", ""), bare=True)
        elif n > 1:
            plain |= {f"p[{i}]": letter for i, letter in enumerate(letters.variables, 1)}

    def add(self, surface: Surface, count: int) -> None:
        """The equations of the first steps on a function; of the start where there is no step."""
        for k, step in enumerate(self.path.steps[:count], 1):
            shown = self.at(surface, k, self.method.uses_hessian)
            self.directed(shown, k, step)
            if np.isfinite(self.path.values[k]):
                self.valued(surface, shown.new_point, k + 1)
        if not self.path.steps or (self.path.ending == "singular" and len(self.path.steps) < count):
            self.at(surface, len(self.path.steps) + 1, self.method.uses_hessian and self.path.ending != "outside")

    def valued(self, surface: Surface, point: str, k: int) -> str:
        """The function at a point."""
        found = Name(point, surface.point(point).shape)
        names = (point, self.name("g", k), self.name("H", k))
        self.work.letters.update(entry_letters(surface, self.letters, k, names))
        stage = Stage.FORWARD if k == 1 else Stage.REEVALUATION
        return self.work.equation(self.name("f", k), surface.value_at(found), stage, letter=self.letters.value(k)).name

    def at(self, surface: Surface, k: int, hessian: bool) -> Shown:
        """The value, the gradient and, if it is needed, the Hessian where step k starts."""
        point = surface.point(self.name("p", k))
        stage = Stage.FORWARD if k == 1 else Stage.REEVALUATION
        if k == 1:
            self.work.given(point.name, self.path.points[0], self.letters.at(1))
        shown = Shown(point.name, self.valued(surface, point.name, k))
        add, letters = self.work.equation, self.letters
        ahead = self.method.optimiser.looks_ahead
        place = self._ahead(surface, shown, k, point) if ahead else point
        shown.slope = add(self.name("g", k), surface.gradient_at(place), stage, letter=letters.slope(k, ahead)).name
        self.ask(shown.slope, k)
        if hessian:
            shown.curvature = add(self.name("H", k), surface.hessian_at(point), stage, letter=letters.curvature(k)).name
            self.ask(shown.curvature, k)
        self.steps.append(shown)
        return shown

    def ask(self, name: str, k: int) -> None:
        """What step k works out is asked, where it is shown."""
        if k <= self.shown:
            self.work.asked.append(name)

    def _ahead(self, surface: Surface, shown: Shown, k: int, point: Name) -> Name:
        """The point where the gradient of step k is taken."""
        names = {"p": point, "mu": self.constant("mu"), "v": self._kept("v", k)}
        letter = self.letters.at(k, ahead=True)
        found = self.work.equation(self.name("ahead", k), read(AHEAD, names), Stage.UPDATE, letter=letter)
        self.work.letters.update(
            entry_letters(surface, self.letters, k, (found.name, self.name("g", k), ""), ahead=True)
        )
        self.ask(found.name, k)
        shown.ahead = found.name
        return found

    # --- from the gradient to the new point ------------------------------------------------------------------------

    def directed(self, shown: Shown, k: int, step: Step) -> None:
        """The direction of step k and the point that it leads to."""
        point, slope = Name(shown.point, self.shape), Name(shown.slope, self.shape)
        method = self.method
        if method.uses_hessian:
            newton = method.name == "newton"
            expression = self._newton(shown, k, slope) if newton else self._saddle_free(shown, k, slope, step)
            shown.direction = self._direct("d", k, expression, self.letters.direction).name
            new = point + Name(shown.direction, point.shape)
            self.ask(shown.direction, k)
            shown.new_point = self.name(_letter(shown.point), k + 1)
            self.work.equation(shown.new_point, new, Stage.UPDATE, letter=self.letters.at(k + 1))
            self.work.asked.append(shown.new_point)
        else:
            self._ruled(shown, k, point, slope)

    def _ruled(self, shown: Shown, k: int, point: Name, slope: Name) -> None:
        """The lines of the rule in step k, gradients clipped and the rate of the schedule before them."""
        method, number = self.method, self.letters.numbered
        constants = {name: self.constant(name) for name in method.constants}
        rate = self.work.given("eta", method.rate, ETA)
        if method.schedule != CONSTANT:
            scheduled = rate * method.schedule.factor(Number(k - 1), self.total)
            rate = self._line(shown, k, "eta", scheduled, number(ETA, k))
        if method.clips:
            for line in clipped([slope], bool(method.clip_norm), bool(method.clip_value), str(k)):
                word = "clipped_g" if line.name.startswith("clipped") else line.name.removesuffix(str(k))
                expression = replace(line.expression, self._renamed)
                letter = number(self.letters.of_rule(word), k)
                if word == "gnorm":
                    there = self.work.letters[slope.name]
                    letter = Symbol(rf"\left\| {there.latex} \right\|", f"‖{there.text}‖")
                    expression = _norm(slope)
                found = self._line(shown, k, word, expression, letter)
                self._renamed[Name(line.name, found.shape)] = found
                slope = found
        bound = constants | {"p": point, "g": slope, "eta": rate, "t": Number(k)}
        bound |= {letter: self._kept(letter, k) for letter in method.optimiser.rule.states}
        base = _letter(shown.point)

        def called(defined: str) -> str:
            return self.name(base, k + 1) if defined == "p_new" else self.name(defined.removesuffix("_new"), k)

        for name, expression in worked_lines(method.optimiser.lines, bound, called):
            if name.name != called("p_new"):
                word = _letter(name.name)
                self._line(shown, k, word, expression, number(self.letters.of_rule(word), k))
            else:
                shown.new_point = self.work.equation(
                    name.name, expression, Stage.UPDATE, letter=self.letters.at(k + 1)
                ).name
                self.work.asked.append(name.name)

    def _line(self, shown: Shown, k: int, word: str, expression: Expression, letter: Symbol) -> Name:
        found = self.work.equation(self.name(word, k), expression, Stage.UPDATE, letter=letter)
        shown.lines.append(found.name)
        self.ask(found.name, k)
        return found

    def constant(self, name: str) -> Name:
        """A constant of the rule; one that another method has too, with another value, carries the mark of this one."""
        value, word = self.method.constants[name], dict(self.method.spelled).get(name, name)
        letter = CONSTANTS.get(name if word not in CONSTANTS else word, CONSTANTS["mu"])
        if np.all(self.work.values.get(name, value) == value):
            return self.work.given(name, value, letter)
        short, above, raised = MARKS[self.method.name]
        own = Symbol(f"{letter.latex}^{{{above}}}", f"{letter.text}{raised}", raised=True)
        return self.work.given(f"{name}_{short}", value, own)

    def _kept(self, letter: str, k: int) -> Name:
        """What the rule keeps, before step k; zero at first."""
        if k > 1:
            return Name(self.name(letter, k - 1), self.shape)
        at_first = self.letters.numbered(self.letters.of_rule(letter), 0, first=True)
        return self.work.given(f"{letter}0", np.zeros(self.shape or (1, 1)), at_first)

    # --- the rule for any step -------------------------------------------------------------------------------------

    def _rule(self) -> None:
        """The lines of the rule for step k: their names have letters and no values."""
        shape, method, letters, plain = self.shape, self.method, self.letters, self.work.letters

        def named(word: str, below: str) -> Name:
            letter = letters.of_rule(word.removesuffix("_new"))
            found = Name(self.free(word), () if word in ("eta", "k") else shape)
            if word == "g" and letters.function.latex:
                here = letters.numbered(tilde(letters.point) if method.optimiser.looks_ahead else letters.point, "k")
                plain[found.name] = letter.at(here)
            else:
                plain[found.name] = letters.numbered(letter, below)
            return found

        bound: dict[str, Expression] = {name: self.constant(name) for name in method.constants}
        bound |= {"p": named("p", "k"), "g": named("clipped_g" if method.clips else "g", "k")}
        bound |= {letter: named(letter, "k-1") for letter in method.optimiser.rule.states}
        bound |= {"eta": self.work.given("eta", method.rate, ETA), "t": Name(self.free("k"))}
        plain[self.free("k")] = Symbol("k", "k")
        if method.schedule != CONSTANT:
            rate = named("eta", "k")
            self.lines.append((rate, bound["eta"] * method.schedule.factor(bound["t"] - 1, self.total)))
            bound["eta"] = rate
        if method.optimiser.looks_ahead:
            place = Name(self.free("ahead"), shape)
            plain[place.name] = letters.numbered(tilde(letters.point), "k")
            self.lines.append((place, read(AHEAD, bound)))

        def called(defined: str) -> str:
            return named(defined, "k+1" if defined == "p_new" else "k").name

        self.lines += worked_lines(method.optimiser.lines, bound, called)
        for letter in method.optimiser.rule.states:
            self._kept(letter, 1)
        plain[self.free("point")] = letters.point

    def free(self, word: str) -> str:
        """The name of a letter of the rule for any step."""
        return f"free_{word}_{self.method.name}"

    def _direct(self, letter: str, k: int, expression: Expression, printed: Symbol) -> Name:
        printed = self.letters.numbered(printed, k)
        return self.work.equation(self.name(letter, k), expression, DIRECTION, letter=printed)

    def _newton(self, shown: Shown, k: int, slope: Name) -> Expression:
        n = slope.shape[0] if slope.shape else 1
        matrix: Expression = Name(shown.curvature, (n, n) if n > 1 else ())
        shown.matrix = shown.curvature
        if n == 1:
            return -(slope / (matrix + self._tau() if self.method.damping else matrix))
        if self.method.damping:
            identity = self.work.given("I", np.eye(n), Symbol("I", "I"))
            matrix = self._direct("A", k, matrix + self._tau() * identity, Symbol("A", "A"))
            shown.matrix = matrix.name
        if n == 2:
            a, b, c, d = (apply("entry", matrix, place=place) for place in ((1, 1), (1, 2), (2, 1), (2, 2)))
            of = self.work.letters[shown.matrix]
            self.work.letters.update(entries_of(shown.matrix, of, n))
            letter = Symbol(rf"\det {of.latex}", f"det {of.text}")
            name = self.name("det", k) if self.several else f"det{k}"
            shown.determinant = self.work.equation(name, a * d - b * c, DIRECTION, letter=letter).name
        return -apply("solve", matrix, slope)

    def _saddle_free(self, shown: Shown, k: int, slope: Name, step: Step) -> Expression:
        n = slope.shape[0] if slope.shape else 1
        hessian = Name(shown.curvature, (n, n) if n > 1 else ())
        if n == 1:
            size: Expression = apply("abs", hessian)
            return -(slope / (size + self._tau() if self.method.damping else size))
        assert step.hessian is not None
        place = self.letters.at(k)
        letter = Symbol(r"\lambda", "λ").at(place)
        values, vectors = np.linalg.eigh(step.hessian)
        made = self.work.made_of(shown.curvature)
        by_hand = [] if made is None else eigenvalues_of(hessian, made)
        name = self.name("lambda", k)
        if not by_hand:
            eigenvalues = self.work.given(name, values, letter)
        else:
            eigenvalues = self.work.equation(name, matrix_of([[one] for one in by_hand]), DIRECTION, letter=letter)
            self.ask(name, k)
        turned = Symbol("Q", "Q").at(place)
        q = self.work.given(self.name("Q", k), upright(vectors), turned)
        shown.eigenvalues, shown.vectors = eigenvalues.name, q.name
        sizes: Expression = apply("abs", eigenvalues)
        return -(q @ ((q.T @ slope) / (sizes + self._tau() if self.method.damping else sizes)))

    def _tau(self) -> Name:
        return self.work.given("tau", self.method.damping, TAU)


def _norm(vector: Name) -> Expression:
    """The norm of a column, its squares added up."""
    n = vector.shape[0] if vector.shape else 1
    if n == 1:
        return apply("abs", vector)
    squares: list[Expression] = [apply("entry", vector, place=(i, 1)) ** 2 for i in range(1, n + 1)]
    return apply("sqrt", reduce(lambda left, right: left + right, squares))


def entries_of(name: str, letter: Symbol, n: int) -> dict[str, Symbol]:
    """The entries of a matrix by its small letter, whatever place or step it belongs to."""
    small = letter.latex[0].lower()
    places = [(i, j) for i in range(1, n + 1) for j in range(1, n + 1)]
    return {f"{name}[{i},{j}]": Symbol(f"{small}_{{{i}{j}}}", f"{small}{subscript(f'{i}{j}')}") for i, j in places}


def studied(work: Work, surface: Surface, letters: Letters, values: Any, k: int = 1) -> Name:
    """A given point with the gradient and the Hessian there; the name of the Hessian."""
    p = surface.point(f"p{k}")
    work.given(p.name, values, letters.at(k))
    work.letters.update(entry_letters(surface, letters, k, (p.name, f"g{k}", f"H{k}")))
    work.equation(f"g{k}", surface.gradient_at(p), Stage.FORWARD, letter=letters.slope(k))
    return work.equation(f"H{k}", surface.hessian_at(p), Stage.FORWARD, letter=letters.curvature(k))


def ends_of_spectrum(work: Work, surface: Surface, letters: Letters, values: Any, eigenvalues: Any, *ends: str) -> Name:
    """As `studied`, with the least (`min`) or the largest (`max`) eigenvalue, by hand where that is short."""
    hessian = studied(work, surface, letters, values)
    by_hand = eigenvalues_of(hessian, surface.hessian_at(surface.point("p1")))
    for end in ends:
        which, letter = {"min": (0, "λₘᵢₙ"), "max": (-1, "λₘₐₓ")}[end]
        symbol = Symbol(rf"\lambda_{{\{end}}}", letter)
        if by_hand:
            work.equation(f"lambda_{end}", by_hand[which], letter=symbol)
        else:
            work.given(f"lambda_{end}", float(eigenvalues[which]), symbol)
    return hessian


def upright(vectors: Any) -> Any:
    """Eigenvectors with the sign that makes the largest entry of each positive."""
    largest = vectors[np.abs(vectors).argmax(0), np.arange(len(vectors))]
    return vectors * np.where(largest < 0, -1.0, 1.0) + 0.0


def _letter(name: str) -> str:
    return name.partition("_")[0].rstrip("0123456789")
