"""A function on an interval as a network of ReLUs that takes its values at n points: solved, measured, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalkwork.bounds.intervals import Array
from chalkwork.documents.literal import literal
from chalkwork.laboratory.approximation.interpolant import Interpolant
from chalkwork.laboratory.approximation.study import Study, study, work_of
from chalkwork.laboratory.approximation.text import script
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.notation import Notation

if TYPE_CHECKING:
    from chalkwork.networks.network import NeuralNetwork


class ReluApproximation(Solution):
    """A worked approximation that can be evaluated, and trained further as a network."""

    interpolant: Interpolant

    @cached_property
    def network(self) -> NeuralNetwork:
        """The network: one input, n ReLUs, one output; samples are rows, so x has the shape (m, 1)."""
        return self.interpolant.network()

    def __call__(self, x: Any) -> Array:
        """The approximation at the places, of the same shape; faster than the network for many ReLUs."""
        return self.interpolant(x)


def relu_approximation(
    function: str | None = None,
    a: Any = None,
    b: Any = None,
    n: int | None = None,
    *,
    points: Sequence[Any] | None = None,
    values: Sequence[Any] | None = None,
    adapted: bool = False,
    compare: Sequence[int] | None = None,
    notation: str | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
) -> ReluApproximation:
    """The sum of n ReLUs that takes the values of a function at n points, worked out, with its error against n.

    `function` is a text in one variable or an activation by name, `a` and `b` the ends of the interval (numbers or
    texts such as `2*pi`), `n` from 2 to 2,000,000 (8). The points are equidistant, or `points` (increasing numbers,
    instead of a, b and n), or with `adapted` denser where f is more curved. `values` at the points may stand for the
    function. `compare` are the numbers of points in the table of errors.

    The solution holds `f1`, `lambda1`, ... (value and weight at the first eight points at most), besides `points`,
    `function_values`, `knots`, `weights`, `slopes` (each of shape (n,)), and where there is a function `max_error`,
    `error_at`, `l2_error`, `bound` (h^2/8 max |f''|, rigorous; None where f is not twice differentiable), and `table`:
    lists `n`, `h`, `max_error`, `bound`, `l2_error`, `order`.

    Raises ChalkworkError for bad input, and where the function has no finite value on the interval. The bound: Suli
    and Mayers, An Introduction to Numerical Analysis (2003), theorem 11.1.

    >>> answer = relu_approximation("x^2", 0, 1, n=3)
    >>> answer["knots"].tolist(), answer["weights"].tolist()
    ([-0.5, 0.0, 0.5], [0.0, 0.5, 1.0])
    >>> answer["max_error"], round(answer["bound"], 9), float(answer.network.forward([[0.25]])["a2"].item())
    (0.0625, 0.0625, 0.125)
    """
    found = study(function, (a, b), n, points, values, adapted, compare)
    return written(found, Style.of(notation, decimals, significant))


def written(found: Study, style: Style) -> ReluApproximation:
    """The study, written in that style."""
    line, own, function = found.interpolant, found.own, found.function
    work = work_of(found)
    work.facts |= {
        "n": line.size, "points": line.points, "function_values": line.values, "knots": line.knots,
        "weights": line.weights, "slopes": line.slopes,
    }  # fmt: skip
    if function is not None and own is not None:
        work.facts |= {"function": function.text, "max_error": own.errors.largest, "error_at": own.errors.at}
        work.facts |= {"l2_error": own.errors.squared, "bound": own.bound}
        work.facts["table"] = {
            "n": [row.interpolant.size for row in found.rows],
            "h": [row.width for row in found.rows],
            "max_error": [row.errors.largest for row in found.rows],
            "bound": [row.bound for row in found.rows],
            "l2_error": [row.errors.squared for row in found.rows],
            "order": found.orders(),
        }
    name = literal(function.text, 60) if function is not None else "a table of values"
    title = f"Approximation of {name} by {line.size} ReLUs"
    setting = work.setting(title=title, script=lambda board: script(board, found))
    answer = ReluApproximation(work.derivation, work.values, style, setting)
    answer.interpolant = line
    return answer
