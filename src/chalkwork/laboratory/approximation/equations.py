"""The equations of an approximation: values at the points, knots, and the triangular system solved from the top."""

from __future__ import annotations

from functools import reduce

from chalkwork.algebra.expression import Expression, Name, Number, replace
from chalkwork.derivation.derivation import Stage
from chalkwork.laboratory.approximation.study import Study
from chalkwork.laboratory.work import Work
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.symbols import Symbol

VALUES = Stage("values", "Values at the points")
KNOTS = Stage("knots", "Knots")
SUBSTITUTION = Stage("substitution", "Forward substitution")
MOST_SOLVED = 8
"""Points, from the first on, whose weights are worked out as equations."""


def work_of(found: Study) -> Work:
    """The values at the points, the knots, and the triangular system solved from the top.

    With equidistant points it is divided by their distance: f_i / h less the weights before, the first one i times and
    the last one twice. Else the value less what the ReLUs before give there, over the distance from the knot.
    """
    line, function, work = found.interpolant, found.function, Work()
    numbers = range(1, min(line.size, MOST_SOLVED) + 1)
    x = {i: work.given(f"x{i}", line.points[i - 1]) for i in numbers}
    f: dict[int, Expression] = {}
    for i in numbers:
        name, letter = f"f{i}", Symbol(f"f(x_{i})", f"f(x{subscript(str(i))})")
        if function is None:
            f[i] = work.given(name, line.values[i - 1], letter)
        else:
            f[i] = work.equation(name, replace(function.tree, {Name(function.variable): x[i]}), VALUES, letter=letter)
    weights = {i: Name(f"lambda{i}") for i in numbers}
    work.asked += [weight.name for weight in weights.values()]
    if found.kind == "equidistant":
        h = work.given("h", line.widths[0])
        for i in numbers:
            before = [Number(i - j + 1) * weights[j] for j in range(1, i)]
            work.equation(weights[i].name, reduce(Expression.__sub__, before, f[i] / h), SUBSTITUTION)
        return work
    first = x[1] - (x[2] - x[1])
    b = {i: work.equation(f"b{i}", first if i == 1 else x[i - 1], KNOTS) for i in numbers}
    for i in numbers:
        before = [(x[i] - b[j]) * weights[j] for j in range(1, i)]
        work.equation(weights[i].name, reduce(Expression.__sub__, before, f[i]) / (x[i] - b[i]), SUBSTITUTION)
    return work
