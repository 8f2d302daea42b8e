"""The equations of the steps of one method: gradient, Hessian, direction, new point, each with the step's number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.algebra.operations import Shape
from chalkwork.derivation.derivation import Stage
from chalkwork.laboratory.optimisation.letters import MARKS, Letters, entry_letters
from chalkwork.laboratory.optimisation.methods import Method, Path, Step
from chalkwork.laboratory.optimisation.surface import Surface, matrix_of
from chalkwork.laboratory.optimisation.work import Work, eigenvalues_of, symbol
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.symbols import Symbol

DIRECTION = Stage("step", "The step")
ETA, MU, TAU = symbol(r"\eta", "η"), symbol(r"\mu", "μ"), symbol(r"\tau", "τ")


@dataclass
class Shown:
    """The names of one step, as far as it has them."""

    point: str
    value: str = ""
    slope: str = ""
    curvature: str = ""
    velocity: str = ""
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
    steps: list[Shown] = field(default_factory=list)

    @property
    def method(self) -> Method:
        """The method."""
        return self.path.method

    def name(self, letter: str, k: int) -> str:
        """A name with the step's number; the start belongs to all methods."""
        common = k == 1 and letter in ("p", "f", "g", "H", "theta")
        return f"{letter}{k}" if common or not self.several else f"{letter}{k}_{MARKS[self.method.name][0]}"

    def add(self, surface: Surface, count: int) -> None:
        """The equations of the first steps on a function; of the start where there is no step."""
        for k, step in enumerate(self.path.steps[:count], 1):
            shown = self.at(surface, k, self.method.uses_hessian)
            self.directed(shown, k, step, surface.point("p").shape)
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
        return self.work.equation(self.name("f", k), surface.value_at(found), self.letters.value(k), stage).name

    def at(self, surface: Surface, k: int, hessian: bool) -> Shown:
        """The value, the gradient and, if it is needed, the Hessian where step k starts."""
        point = surface.point(self.name("p", k))
        stage = Stage.FORWARD if k == 1 else Stage.REEVALUATION
        if k == 1:
            self.work.given(point.name, self.path.points[0], self.letters.at(1))
        shown = Shown(point.name, self.valued(surface, point.name, k))
        add, letters = self.work.equation, self.letters
        shown.slope = add(self.name("g", k), surface.gradient_at(point), letters.slope(k), stage).name
        self.work.asked.append(shown.slope)
        if hessian:
            shown.curvature = add(self.name("H", k), surface.hessian_at(point), letters.curvature(k), stage).name
            self.work.asked.append(shown.curvature)
        self.steps.append(shown)
        return shown

    # --- from the gradient to the new point ------------------------------------------------------------------------

    def directed(self, shown: Shown, k: int, step: Step, shape: Shape) -> None:
        """The direction of step k and the point that it leads to, which has that shape."""
        point, slope = Name(shown.point, shape), Name(shown.slope, shape)
        method = self.method
        if method.uses_hessian:
            newton = method.name == "newton"
            expression = self._newton(shown, k, slope) if newton else self._saddle_free(shown, k, slope, step)
            shown.direction = self._direct("d", k, expression, self.letters.direction).name
            new = point + Name(shown.direction, point.shape)
            self.work.asked.append(shown.direction)
        else:
            eta = self.work.given("eta", method.rate, ETA)
            new = point - eta * (slope if method.name == "gradient_descent" else self._velocity(shown, k, slope))
        letter = self.letters.at(k + 1)
        shown.new_point = self.work.equation(self.name(_letter(shown.point), k + 1), new, letter, Stage.UPDATE).name
        self.work.asked.append(shown.new_point)

    def _direct(self, letter: str, k: int, expression: Expression, printed: Symbol) -> Name:
        printed = self.letters.numbered(printed, k)
        return self.work.equation(self.name(letter, k), expression, printed, DIRECTION)

    def _velocity(self, shown: Shown, k: int, slope: Name) -> Name:
        v = self.letters.velocity
        start = np.zeros(slope.shape or (1, 1))
        before = Name(self.name("v", k - 1), slope.shape)
        if k == 1:
            before = self.work.given("v0", start, symbol(f"{v.latex}_0", f"{v.text}₀"))
        mu = self.work.given("mu", self.method.momentum, MU)
        letter = self.letters.numbered(v, k)
        found = self.work.equation(self.name("v", k), mu * before + slope, letter, DIRECTION)
        shown.velocity = found.name
        self.work.asked.append(found.name)
        return found

    def _newton(self, shown: Shown, k: int, slope: Name) -> Expression:
        n = slope.shape[0] if slope.shape else 1
        matrix: Expression = Name(shown.curvature, (n, n) if n > 1 else ())
        shown.matrix = shown.curvature
        if n == 1:
            return -(slope / (matrix + self._tau() if self.method.damping else matrix))
        if self.method.damping:
            identity = self.work.given("I", np.eye(n), symbol("I", "I"))
            matrix = self._direct("A", k, matrix + self._tau() * identity, symbol("A", "A"))
            shown.matrix = matrix.name
        if n == 2:
            a, b, c, d = (apply("entry", matrix, place=place) for place in ((1, 1), (1, 2), (2, 1), (2, 2)))
            of = self.work.letters[shown.matrix]
            self.work.letters.update(entries_of(shown.matrix, of, n))
            letter = symbol(rf"\det {of.latex}", f"det {of.text}")
            name = self.name("det", k) if self.several else f"det{k}"
            shown.determinant = self.work.equation(name, a * d - b * c, letter, DIRECTION).name
        return -apply("solve", matrix, slope)

    def _saddle_free(self, shown: Shown, k: int, slope: Name, step: Step) -> Expression:
        n = slope.shape[0] if slope.shape else 1
        hessian = Name(shown.curvature, (n, n) if n > 1 else ())
        if n == 1:
            size: Expression = apply("abs", hessian)
            return -(slope / (size + self._tau() if self.method.damping else size))
        assert step.hessian is not None
        place = self.letters.at(k)
        letter = symbol(rf"\lambda({place.latex})", f"λ({place.text})")
        values, vectors = np.linalg.eigh(step.hessian)
        made = self.work.made_of(shown.curvature)
        by_hand = [] if made is None else eigenvalues_of(hessian, made)
        name = self.name("lambda", k)
        if not by_hand:
            eigenvalues = self.work.given(name, values, letter)
        else:
            eigenvalues = self.work.equation(name, matrix_of([[one] for one in by_hand]), letter, DIRECTION)
            self.work.asked.append(name)
        turned = symbol(f"Q({place.latex})", f"Q({place.text})")
        q = self.work.given(self.name("Q", k), upright(vectors), turned)
        shown.eigenvalues, shown.vectors = eigenvalues.name, q.name
        sizes: Expression = apply("abs", eigenvalues)
        return -(q @ ((q.T @ slope) / (sizes + self._tau() if self.method.damping else sizes)))

    def _tau(self) -> Name:
        return self.work.given("tau", self.method.damping, TAU)


def entries_of(name: str, letter: Symbol, n: int) -> dict[str, Symbol]:
    """The entries of a matrix by its small letter, whatever place or step it belongs to."""
    small = letter.latex[0].lower()
    places = [(i, j) for i in range(1, n + 1) for j in range(1, n + 1)]
    return {f"{name}[{i},{j}]": symbol(f"{small}_{{{i}{j}}}", f"{small}{subscript(f'{i}{j}')}") for i, j in places}


def studied(work: Work, surface: Surface, letters: Letters, values: Any, k: int = 1) -> Name:
    """A given point with the gradient and the Hessian there; the name of the Hessian."""
    p = surface.point(f"p{k}")
    work.given(p.name, values, letters.at(k))
    work.letters.update(entry_letters(surface, letters, k, (p.name, f"g{k}", f"H{k}")))
    work.equation(f"g{k}", surface.gradient_at(p), letters.slope(k), Stage.FORWARD)
    return work.equation(f"H{k}", surface.hessian_at(p), letters.curvature(k), Stage.FORWARD)


def upright(vectors: Any) -> Any:
    """Eigenvectors with the sign that makes the largest entry of each positive."""
    largest = vectors[np.abs(vectors).argmax(0), np.arange(len(vectors))]
    return vectors * np.where(largest < 0, -1.0, 1.0) + 0.0


def _letter(name: str) -> str:
    return name.partition("_")[0].rstrip("0123456789")
