"""Gradient descent, momentum, Newton's method and saddle-free Newton: the numbers of their paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, Protocol

import numpy as np

from chalkwork.errors import ChalkworkError, ValueProblem
from chalkwork.networks.data import Array
from chalkwork.networks.layers.settings import real

METHODS = {
    "gradient_descent": "gradient descent",
    "momentum": "momentum",
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

    `rate` (eta) and `momentum` (mu, the share of the velocity that stays) are those of gradient descent and momentum:
    v_new = mu v + g, p_new = p - eta v_new, as in training. The two methods of Newton take the whole step; `damping`
    is added to the diagonal of H or |H|.

    Sources: Polyak, Some methods of speeding up the convergence of iteration methods (1964); Nocedal and Wright,
    Numerical Optimization, section 2.2; Dauphin et al., Identifying and attacking the saddle point problem in
    high-dimensional non-convex optimization (NIPS 2014), algorithm 1, with all eigenvectors instead of a Krylov space.

    >>> Method.of("gd", rate=0.5).name
    'gradient_descent'
    """

    name: str
    rate: float = 0.1
    momentum: float = 0.9
    damping: float = 0.0

    @classmethod
    def of(cls, name: Any, rate: Any = 0.1, momentum: Any = 0.9, damping: Any = 0.0) -> Method:
        """The method by its name; ChalkworkError for an unknown one or settings out of range."""
        word = str(name).strip().lower().replace("-", "_").replace(" ", "_")[:60]
        word = _ALSO.get(word, word)
        if word not in METHODS:
            near = get_close_matches(word, METHODS, 1)
            hint = f"did you mean {near[0]}?" if near else f"the methods are {', '.join(METHODS)}"
            raise ChalkworkError(f"there is no method {word!r}", hint=hint)
        return cls(
            word,
            real(rate, "the rate", 0, 1e6, low_open=True, high_open=False),
            real(momentum, "the momentum", 0, 1),
            real(damping, "the damping", 0, 1e6, high_open=False),
        )

    @property
    def title(self) -> str:
        """The method in words."""
        return METHODS[self.name]

    @property
    def uses_hessian(self) -> bool:
        """Whether it needs second derivatives."""
        return self.name in ("newton", "saddle_free_newton")


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """What one step is made of, at the point that it starts from."""

    point: Array
    value: float
    gradient: Array
    direction: Array
    """What is added to the point."""
    velocity: Array | None = None
    """That of momentum after the step."""
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
    velocity = np.zeros(len(point))
    ending: Ending = ""
    reason = ""
    for _ in range(steps):
        if is_flat(slopes, point):
            break
        step = _step(objective, point, value, slopes, method, velocity)
        if step is None:
            ending, reason = _no_step(objective, point)
            break
        taken.append(step)
        velocity = velocity if step.velocity is None else step.velocity
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


def is_singular(matrix: Array) -> bool:
    """Whether a symmetric matrix has an eigenvalue that is zero, up to rounding.

    >>> is_singular(np.array([[1.0, 1.0], [1.0, 1.0]]))
    True
    """
    sizes = np.abs(np.linalg.eigvalsh(matrix))
    return bool(sizes.min() <= SINGULAR * sizes.max() or sizes.max() == 0)


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


def _step(
    objective: Objective, point: Array, value: float, slopes: Array, method: Method, velocity: Array
) -> Step | None:
    """One step; None where the linear system has no single solution."""
    if method.name == "gradient_descent":
        return Step(point, value, slopes, -method.rate * slopes)
    if method.name == "momentum":
        new = method.momentum * velocity + slopes
        return Step(point, value, slopes, -method.rate * new, velocity=new)
    hessian = np.asarray(objective.hessian(point))
    if not np.isfinite(hessian).all():
        return None
    matrix = hessian if method.name == "newton" else absolute(hessian)
    matrix = matrix + method.damping * np.eye(len(point))
    if is_singular(matrix):
        return None
    return Step(point, value, slopes, -np.linalg.solve(matrix, slopes), hessian=hessian)


def absolute(matrix: Array) -> Array:
    """|H|: the same eigenvectors, the absolute values of the eigenvalues.

    >>> absolute(np.diag([2.0, -1.0])).tolist()
    [[2.0, 0.0], [0.0, 1.0]]
    """
    eigenvalues, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.abs(eigenvalues)) @ vectors.T) + 0.0


def _no_step(objective: Objective, point: Array) -> tuple[Ending, str]:
    if np.isfinite(objective.hessian(point)).all():
        return "singular", ""
    return "outside", objective.explain(point, hessian=True)


def methods_of(given: Any, rate: Any, momentum: Any, damping: Any) -> list[Method]:
    """A method by its name, or several in a list, none of them twice."""
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, Sequence) or not 1 <= len(names) <= len(METHODS):
        raise ChalkworkError(f"method is one of {', '.join(METHODS)}, or a list of them, not {given!r:.60}")
    methods = [Method.of(name, rate, momentum, damping) for name in names]
    if len({method.name for method in methods}) < len(methods):
        raise ChalkworkError("a method is named twice")
    return methods
