"""Every update rule of the table of optimisers, Newton's method and saddle-free Newton: the numbers of their paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal, Protocol

import numpy as np

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.algebra.operations import Shape
from chalkwork.algebra.reading import read
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.derivation.evaluate import evaluate, evaluate_each
from chalkwork.errors import ChalkworkError, ValueProblem, meant
from chalkwork.networks.data import Array
from chalkwork.networks.layers.settings import real
from chalkwork.networks.optimisers import AHEAD, RULES, Optimiser, constant_of, worked_lines
from chalkwork.networks.updates import GRADIENT_DESCENT, clipped
from chalkwork.training.schedules import CONSTANT, Schedule

METHODS = {
    **{name: rule.title for name, rule in RULES.items()},
    "newton": "Newton",
    "saddle_free_newton": "saddle-free Newton",
}
_ALSO = {"gd": "gradient_descent", "saddle_free": "saddle_free_newton", "heavy_ball": "momentum"}
MOST_STEPS = 10_000
SINGULAR = 1e-12
FLAT = 1e-12
FARTHEST = 1e6

Ending = Literal["", "critical", "diverged", "singular", "outside"]
Kind = Literal["minimum", "maximum", "saddle", "degenerate"]


class Objective(Protocol):
    """What the methods need: a value, a gradient and a Hessian at a point of n numbers."""

    def value(self, points: Any) -> Any:
        """The value, a number."""

    def gradient(self, points: Any) -> Any:
        """The gradient, n numbers."""

    def hessian(self, points: Any) -> Any:
        """The Hessian, n x n."""

    def explain(self, point: Any, hessian: bool = False) -> str:
        """Why there is none of these at a point."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method with its settings.

    Rules are those of training, from one table: `rate` (eta), what the schedule makes of it, the constants of the
    `optimiser`, and gradients that are clipped first. The two methods of Newton take the whole step; `damping` is added
    to the diagonal of H or |H|.

    Sources: Polyak, Some methods of speeding up the convergence of iteration methods (1964); Nocedal and Wright,
    Numerical Optimization, section 2.2; Dauphin et al., Identifying and attacking the saddle point problem in
    high-dimensional non-convex optimization (NIPS 2014), algorithm 1, with all eigenvectors instead of a Krylov space.

    >>> Method.of("gd", rate=0.5).name
    'gradient_descent'
    """

    name: str
    rate: float = 0.1
    optimiser: Optimiser = GRADIENT_DESCENT
    damping: float = 0.0
    schedule: Schedule = CONSTANT
    clip_norm: float = 0.0
    clip_value: float = 0.0
    spelled: tuple[tuple[str, str], ...] = ()
    """The constants that were given, each with the word for it, which says how it prints."""

    @classmethod
    def of(
        cls, name: Any, rate: Any = 0.1, momentum: Any = 0.9, damping: Any = 0.0, more: Mapping[str, Any] | None = None
    ) -> Method:
        """The method by its name; ChalkworkError for an unknown one or settings out of range.

        `more` are `schedule`, `clip_norm`, `clip_value`, and constants and forms of rules, of which each takes its own.
        """
        word = str(name).strip().lower().replace("-", "_").replace(" ", "_")[:60]
        word = _ALSO.get(word, word)
        if word not in METHODS:
            hint = meant(word, METHODS, f"the methods are {', '.join(METHODS)}")
            raise ChalkworkError(f"there is no method {word!r}", hint=hint)
        eta = real(rate, "the rate", 0, 1e6, low_open=True, high_open=False)
        tau = real(damping, "the damping", 0, 1e6, high_open=False)
        own = {"mu": real(momentum, "the momentum", 0, 1)} | dict(more or {})
        schedule = Schedule.of(own.pop("schedule", None))
        clip = {key: _clip(own.pop(key, None), key) for key in ("clip_norm", "clip_value")}
        if word not in RULES:
            return cls(word, eta, damping=tau)
        taken = {key: value for key, value in own.items() if takes(word, key)}
        spelled = tuple((constant_of(word, key), key) for key in taken if key != "mu" and constant_of(word, key))
        return cls(word, eta, Optimiser.of({"name": word, **taken}), tau, schedule, **clip, spelled=spelled)

    @property
    def title(self) -> str:
        """The method in words."""
        return METHODS[self.name]

    @property
    def uses_hessian(self) -> bool:
        """Whether it needs second derivatives."""
        return self.name not in RULES

    @property
    def clips(self) -> bool:
        """Whether gradients are clipped."""
        return bool(self.clip_norm or self.clip_value)

    @property
    def constants(self) -> dict[str, float]:
        """The constants of the rule and what gradients are clipped to."""
        clip = {"clip_norm": self.clip_norm, "clip_value": self.clip_value}
        return dict(self.optimiser.constants) | {name: value for name, value in clip.items() if value}


def takes(method: str, key: str) -> bool:
    """Whether a rule has a constant of that name, or forms, an epsilon to be placed."""
    rule = RULES[method]
    if key in ("form", "epsilon_place"):
        return bool(rule.forms) if key == "form" else "epsilon" in dict(rule.constants)
    return bool(constant_of(method, key))


def _clip(value: Any, what: str) -> float:
    return 0.0 if value is None else real(value, what, 0, 1e6, low_open=True, high_open=False)


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """What one step is made of, at the point that it starts from."""

    point: Array
    value: float
    gradient: Array
    direction: Array
    """What is added to the point."""
    hessian: Array | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Path:
    """The points of one run (k+1 x n), their values, its steps, and how it ended."""

    method: Method
    points: Array
    values: Array
    steps: tuple[Step, ...]
    ending: Ending
    reason: str = ""
    """Why it ended outside of the domain."""

    @property
    def last(self) -> Array:
        """Where it ended."""
        return np.asarray(self.points[-1])


@np.errstate(all="ignore")
def run(objective: Objective, start: Any, method: Method, steps: int) -> Path:
    """The path of a method from a point, for so many steps at most.

    It ends early at a critical point (no slope), far outside (divergence), where the Hessian is singular, or where
    the function has no value. Raises ValueProblem where it has none at the start.

    >>> from chalkwork.laboratory.optimisation.surface import Surface
    >>> path = run(Surface("x^2 + 10*y^2"), [1.0, 1.0], Method("newton"), 5)
    >>> path.points.tolist(), path.ending
    ([[1.0, 1.0], [0.0, 0.0]], 'critical')
    """
    point = np.array(start, dtype=np.float64)
    value = float(objective.value(point))
    slopes = objective.gradient(point)
    if not np.isfinite(value) or not np.isfinite(slopes).all():
        cause = objective.explain(point) or "no finite number"
        raise ValueProblem(f"the function has no value at the start: {cause}", hint="start inside of its domain")
    limit = FARTHEST * max(1.0, float(np.abs(point).max()))
    points, values, taken = [point], [value], list[Step]()
    stepper = Stepper(method, len(point), steps)
    ending: Ending = ""
    reason = ""
    for number in range(1, steps + 1):
        step = stepper.step(objective, point, value, slopes, number)
        if is_flat(slopes, point) and (step is None or is_flat(step.direction, point)):
            break
        if step is None:
            ending, reason = _no_step(objective, point)
            break
        taken.append(step)
        point = moved(point, step.direction)
        value = float(objective.value(point))
        slopes = objective.gradient(point)
        points.append(point)
        values.append(value)
        if not np.isfinite(value) or not np.isfinite(slopes).all():
            reason = objective.explain(point)
            ending = "diverged" if np.abs(point).max() > limit or "overflow" in reason else "outside"
            break
        if np.abs(point).max() > limit:
            ending = "diverged"
            break
    if not ending and is_flat(slopes, point):
        ending = "critical"
    return Path(method, np.array(points), np.array(values), tuple(taken), ending, reason)


def step_lines(method: Method, shape: Shape, total: int) -> list[tuple[Name, Expression]]:
    """What a step works out from its point `p`, the gradient `g` and the Hessian `H` there, in order; `p_new` last.

    A rule also goes by its constants, the rate `eta`, what it keeps, and the number `t` of the step (`before` is that
    of the one before); Newton by the damping `tau` and an identity matrix `I`, the other way of his by the eigenvalues
    `lambda` and their vectors, the columns of `Q`. The schedule is made for so many steps in `total`.

    >>> print(*(f"{name} = {line}" for name, line in step_lines(Method.of("momentum"), (), 5)), sep="; ")
    v_new = mu * v + g; p_new = p - eta * v_new
    """
    found: list[tuple[Name, Expression]] = []

    def line(name: str, expression: Expression) -> Name:
        found.append((Name(name, expression.shape), expression))
        return found[-1][0]

    def damped(sizes: Expression) -> Expression:
        return sizes + Name("tau") if method.damping else sizes

    names: dict[str, Expression] = {name: Name(name, shape) for name in ("p", "g", *method.optimiser.rule.states)}
    names |= {name: Name(name) for name in ("eta", "t", "before", *method.constants)}
    p, g = names["p"], names["g"]
    if method.uses_hessian:
        square = (shape[0], shape[0]) if shape else ()
        hessian: Expression = Name("H", square)
        if method.name == "saddle_free_newton" and shape:
            q = Name("Q", square)
            line("d", -(q @ ((q.T @ g) / damped(apply("abs", Name("lambda", shape))))))
        elif not shape:
            line("d", -(g / damped(hessian if method.name == "newton" else apply("abs", hessian))))
        else:
            if method.damping:
                hessian = line("A", hessian + Name("tau") * Name("I", square))
            line("d", -apply("solve", hessian, g))
        line("p_new", p + found[-1][0])
        return found
    if method.schedule != CONSTANT:
        names["eta"] = line("eta_new", names["eta"] * method.schedule.factor(names["before"], total))
    if method.clips:
        assert isinstance(g, Name)
        for equation in clipped([g], bool(method.clip_norm), bool(method.clip_value)):
            names["g"] = line(equation.name, norm_of(g) if equation.name == "gnorm" else equation.expression)
    return [*found, *worked_lines(method.optimiser.lines, names, lambda defined: defined)]


def norm_of(vector: Name) -> Expression:
    """The norm of a column, its squares added up."""
    if not vector.shape:
        return apply("abs", vector)
    entries = (apply("entry", vector, place=(i, 1)) for i in range(1, vector.shape[0] + 1))
    return apply("sqrt", reduce(Expression.__add__, [entry**2 for entry in entries]))


class Stepper:
    """The steps of one method, with what its rule keeps from one to the next.

    >>> stepper = Stepper(Method.of("momentum", rate=0.5, momentum=0.5), 1, 2)
    >>> [stepper.new_point(np.array([0.0]), np.array([1.0]), number).tolist() for number in (1, 2)]
    [[-0.5], [-0.75]]
    """

    def __init__(self, method: Method, size: int, total: int) -> None:
        self.method = method
        shape = (size, 1) if size > 1 else ()
        self.kept = {letter: np.zeros((size, 1)) for letter in method.optimiser.rule.states}
        fixed = method.constants | {"eta": method.rate, "tau": method.damping}
        self.constants: dict[str, Any] = {name: np.array([[value]]) for name, value in fixed.items()}
        self.constants["I"] = np.eye(size)
        self.ahead = None
        if method.optimiser.looks_ahead:
            self.ahead = read(AHEAD, {"p": Name("p", shape), "v": Name("v", shape), "mu": Name("mu")})
        lines = step_lines(method, shape, total)
        self.equations = [Equation(name.name, line, Stage.UPDATE) for name, line in lines]

    def step(self, objective: Objective, point: Array, value: float, slopes: Array, number: int) -> Step | None:
        """One step, numbered from 1; None where the linear system has no single solution."""
        if not self.method.uses_hessian:
            if self.ahead is not None:
                known = self.kept | self.constants | {"p": point[:, None]}
                slopes = objective.gradient(evaluate(self.ahead, known)[:, 0])
            return Step(point, value, slopes, self.new_point(point, slopes, number) - point)
        hessian = np.asarray(objective.hessian(point))
        if not np.isfinite(hessian).all():
            return None
        eigenvalues, vectors = np.linalg.eigh(hessian)
        by = eigenvalues if self.method.name == "newton" else np.abs(eigenvalues)
        sizes = np.abs(by + self.method.damping)
        if sizes.min() <= SINGULAR * sizes.max() or sizes.max() == 0:  # up to rounding
            return None
        found = self._worked(point, slopes, number, {"H": hessian, "lambda": eigenvalues[:, None], "Q": vectors})
        return Step(point, value, slopes, found["d"][:, 0], hessian=hessian)

    def new_point(self, point: Array, slopes: Array, number: int) -> Array:
        """Where the rule goes from a point with that gradient; what it keeps is renewed."""
        found = self._worked(point, slopes, number, {})
        self.kept = {letter: found[f"{letter}_new"] for letter in self.kept}
        return np.asarray(found["p_new"][:, 0])

    def _worked(self, point: Array, slopes: Array, number: int, more: Mapping[str, Array]) -> dict[str, Any]:
        counts = {"t": np.array([[float(number)]]), "before": np.array([[number - 1.0]])}
        given = {"p": point[:, None], "g": slopes[:, None], **counts, **more}
        return evaluate_each(self.equations, given | self.kept | self.constants)


def moved(point: Array, direction: Array) -> Array:
    """The sum; what is only the rounding error of terms that cancel is zero.

    >>> moved(np.array([0.3]), np.array([-0.1 - 0.2])).tolist()
    [0.0]
    """
    total = point + direction
    noise = 4 * np.finfo(np.float64).eps * (np.abs(point) + np.abs(direction))
    return np.where(np.abs(total) <= noise, 0.0, total)


def is_flat(slopes: Array, point: Array) -> bool:
    """Whether the gradient is zero, up to rounding."""
    return bool(np.isfinite(slopes).all() and np.abs(slopes).max() <= FLAT * max(1.0, float(np.abs(point).max())))


def index_of(hessian: Array) -> tuple[Kind, int]:
    """What a critical point is, and its index: the number of negative eigenvalues of the Hessian there.

    Source: Milnor, Morse theory, section 2.

    >>> index_of(np.diag([2.0, -1.0]))
    ('saddle', 1)
    """
    eigenvalues = np.linalg.eigvalsh(hessian)
    tolerance = 1e-8 * max(float(np.abs(eigenvalues).max()), 1e-300)
    negative = int((eigenvalues < -tolerance).sum())
    if np.abs(eigenvalues).min() <= max(tolerance, 1e-9):
        return "degenerate", negative
    return ("minimum" if negative == 0 else "maximum" if negative == len(eigenvalues) else "saddle"), negative


def _no_step(objective: Objective, point: Array) -> tuple[Ending, str]:
    if np.isfinite(objective.hessian(point)).all():
        return "singular", ""
    return "outside", objective.explain(point, hessian=True)


def methods_of(
    given: Any, rate: Any, momentum: Any, damping: Any, more: Mapping[str, Any] | None = None
) -> list[Method]:
    """A method by its name, or several in a list, none of them twice; every one of `more` is of use to one of them."""
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, Sequence) or not 1 <= len(names) <= len(METHODS):
        raise ChalkworkError(f"method is one of {', '.join(METHODS)}, or a list of them, not {given!r:.60}")
    methods = [Method.of(name, rate, momentum, damping, more) for name in names]
    if len({method.name for method in methods}) < len(methods):
        raise ChalkworkError("a method is named twice")
    rules = [method.name for method in methods if method.name in RULES]
    for key in more or {}:
        general = key in ("schedule", "clip_norm", "clip_value")
        if not (rules and general) and not any(takes(name, key) for name in rules):
            known = dict.fromkeys(name for rule in rules for name, _ in RULES[rule].constants)
            one = len(methods) == 1
            takes_them = f"take{'s' * one} {', '.join(known)}" if known else f"{'has' if one else 'have'} no constants"
            raise ChalkworkError(f"{' and '.join(method.title for method in methods)} {takes_them}, not {key:.60}")
    return methods
