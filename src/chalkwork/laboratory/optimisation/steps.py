"""The equations of the steps of one method: gradient, Hessian, direction, new point, each with the step's number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply, replace
from chalkwork.algebra.operations import Shape
from chalkwork.algebra.reading import read
from chalkwork.derivation.derivation import Stage
from chalkwork.laboratory.optimisation.letters import MARKS, RATE, Letters, entry_letters, tilde
from chalkwork.laboratory.optimisation.methods import Method, Path, Step, step_lines
from chalkwork.laboratory.optimisation.surface import Surface, Work, eigenvalues_of, matrix_of
from chalkwork.networks.optimisers import AHEAD
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
        """What step k works out from its gradient, and the point that it leads to."""
        work, number, method = self.work, self.letters.numbered, self.method
        stands_for = self._known(k, Name(shown.point, self.shape), Name(shown.slope, self.shape))
        if method.uses_hessian:
            stands_for |= self._of_hessian(shown, k, step)
        for name, line in step_lines(method, self.shape, self.total):
            expression, word = replace(line, stands_for), name.name.removesuffix("_new")
            if word == "p":
                place = self.name(_letter(shown.point), k + 1)
                found = work.equation(place, expression, Stage.UPDATE, letter=self.letters.at(k + 1))
                shown.new_point = found.name
                work.asked.append(found.name)
            elif word in ("A", "d"):
                letter = Symbol("A", "A") if word == "A" else self.letters.direction
                if word == "d" and method.name == "newton":
                    self._determined(shown, k)
                found = work.equation(self.name(word, k), expression, DIRECTION, letter=number(letter, k))
                if word == "A":
                    shown.matrix = found.name
                else:
                    shown.direction = found.name
                    self.ask(found.name, k)
            else:
                letter = number(self.letters.of_rule(word), k)
                if word == "gnorm":
                    there = work.letters[shown.slope]
                    letter = Symbol(rf"\left\| {there.latex} \right\|", f"‖{there.text}‖")
                found = self._line(shown, k, word, expression, letter)
            stands_for[name] = found

    def _known(self, k: int, point: Name, slope: Name) -> dict[Expression, Expression]:
        """What the names of a step stand for in step k, but those of the Hessian."""
        found: dict[Expression, Expression] = {Name("p", self.shape): point, Name("g", self.shape): slope}
        if not self.method.uses_hessian:
            found |= {Name(name): self.constant(name) for name in self.method.constants}
            found |= {Name("eta"): self.work.given("eta", self.method.rate, ETA)}
            found |= {Name("t"): Number(k), Name("before"): Number(k - 1)}
            states = self.method.optimiser.rule.states
            found |= {Name(letter, self.shape): self._kept(letter, k) for letter in states}
        return found

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
            found = Name(self.free(word), () if word == "eta_new" else shape)
            if word == "g" and letters.function.latex:
                here = letters.numbered(tilde(letters.point) if method.optimiser.looks_ahead else letters.point, "k")
                plain[found.name] = letter.at(here)
            else:
                plain[found.name] = letters.numbered(letter, below)
            return found

        stands_for = self._known(0, named("p", "k"), named("g", "k"))
        number = Name(self.free("k"))
        stands_for |= {Name("t"): number, Name("before"): number - 1}
        stands_for |= {Name(letter, shape): named(letter, "k-1") for letter in method.optimiser.rule.states}
        plain[number.name] = Symbol("k", "k")
        if method.optimiser.looks_ahead:
            place = Name(self.free("ahead"), shape)
            plain[place.name] = letters.numbered(tilde(letters.point), "k")
            known = {"p": Name("p", shape), "v": Name("v", shape), "mu": Name("mu")}
            self.lines.append((place, replace(read(AHEAD, known), stands_for)))
        for name, line in step_lines(method, shape, self.total):
            if name.name in ("gnorm", "gscale"):
                continue
            new = named(name.name, "k+1" if name.name == "p_new" else "k")
            if name.name != "clipped_g":
                self.lines.append((new, replace(line, stands_for)))
            stands_for[name] = new
        plain[self.free("point")] = letters.point

    def free(self, word: str) -> str:
        """The name of a letter of the rule for any step."""
        return f"free_{word}_{self.method.name}"

    def _of_hessian(self, shown: Shown, k: int, step: Step) -> dict[Expression, Expression]:
        """What stands for the Hessian, its eigenvalues and their vectors, and for the damping."""
        n, square = (self.shape[0], (self.shape[0], self.shape[0])) if self.shape else (1, ())
        hessian = Name(shown.curvature, square)
        found: dict[Expression, Expression] = {Name("H", square): hessian}
        if self.method.name == "newton":
            shown.matrix = shown.curvature
            if n > 1 and self.method.damping:
                found[Name("I", square)] = self.work.given("I", np.eye(n), Symbol("I", "I"))
        elif n > 1:
            assert step.hessian is not None
            values, vectors = np.linalg.eigh(step.hessian)
            place, name = self.letters.at(k), self.name("lambda", k)
            letter = Symbol(r"\lambda", "λ").at(place)
            made = self.work.made_of(shown.curvature)
            by_hand = [] if made is None else eigenvalues_of(hessian, made)
            if by_hand:
                column = matrix_of([[one] for one in by_hand])
                eigenvalues = self.work.equation(name, column, DIRECTION, letter=letter)
                self.ask(name, k)
            else:
                eigenvalues = self.work.given(name, values, letter)
            q = self.work.given(self.name("Q", k), upright(vectors), Symbol("Q", "Q").at(place))
            shown.eigenvalues, shown.vectors = eigenvalues.name, q.name
            found |= {Name("lambda", self.shape): eigenvalues, Name("Q", square): q}
        if self.method.damping:
            found[Name("tau")] = self.work.given("tau", self.method.damping, TAU)
        return found

    def _determined(self, shown: Shown, k: int) -> None:
        """The determinant of a system with two rows."""
        if self.shape != (2, 1):
            return
        matrix, of = Name(shown.matrix, (2, 2)), self.work.letters[shown.matrix]
        a, b, c, d = (apply("entry", matrix, place=place) for place in ((1, 1), (1, 2), (2, 1), (2, 2)))
        self.work.letters.update(entries_of(shown.matrix, of, 2))
        letter = Symbol(rf"\det {of.latex}", f"det {of.text}")
        shown.determinant = self.work.equation(self.name("det", k), a * d - b * c, DIRECTION, letter=letter).name


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
