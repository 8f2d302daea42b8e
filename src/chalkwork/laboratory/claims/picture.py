"""Both sides of a relation in one number as curves."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf

from chalkwork.algebra.expression import Expression
from chalkwork.drawings.canvas import Drawing
from chalkwork.drawings.plot import Axis, Curve, line_plot
from chalkwork.laboratory.claims.calculus import worked_out
from chalkwork.laboratory.claims.evaluation import Undefined
from chalkwork.laboratory.claims.points import Counterexample
from chalkwork.laboratory.claims.precise import TooLarge, Undecided, evaluate
from chalkwork.laboratory.claims.statement import Context
from chalkwork.typesetting.writer import Writer

_DIGITS, _POINTS, _HALF_WIDTH, _HIGHEST = 15, 120, 4, 20.0


def picture(
    sides: Sequence[Expression], context: Context, writer: Writer, counterexample: Counterexample | None = None
) -> Drawing | None:
    """The sides over the one number that occurs in them; None where there are more, or nothing to be seen."""
    meant = [worked_out(context.meant(side), context.functions) for side in sides]
    ranges = context.ranges(*meant)
    if len(ranges) != 1 or any(side.shape for side in meant):
        return None
    ((name, given),) = ranges.items()
    if given.whole:
        return None
    middle = counterexample.point[name] if counterexample is not None else Fraction(0)
    middle = middle if abs(middle) > _HALF_WIDTH else Fraction(0)
    low = max(given.low, middle - _HALF_WIDTH) if given.low != -inf else middle - _HALF_WIDTH
    high = min(given.high, middle + _HALF_WIDTH) if given.high != inf else middle + _HALF_WIDTH
    if low >= high:
        return None
    places = [Fraction(low) + (Fraction(high) - Fraction(low)) * part / _POINTS for part in range(_POINTS + 1)]
    curves, seen = [], []
    for side, expression in zip(sides, meant, strict=True):
        heights = [_height(expression, name, place) for place in places]
        seen += [height for height in heights if abs(height) <= _HIGHEST]
        curves.append(Curve(tuple(map(float, places)), heights, _label(writer, side)))
    if not seen or max(seen) - min(seen) < 1e-9:
        return None
    words = " and ".join(curve.label for curve in curves[:-1]) + f" and {curves[-1].label}"
    description = f"{words} for {name} from {float(low):g} to {float(high):g}."
    if counterexample is not None:
        at = float(counterexample.point[name])
        both = (float(counterexample.left[0]), float(counterexample.right[0]))
        if all(abs(value) <= _HIGHEST for value in both):
            curves.append(Curve((at, at), both, f"at {name} = {at:g}", dots=True))
            description += f" At {name} = {at:g} they are {both[0]:.4g} and {both[1]:.4g}."
            seen += both
    room = (max(seen) - min(seen)) * 0.05
    axis = Axis("", within=(min(seen) - room, max(seen) + room))
    caption = f"{'Both sides' if len(sides) == 2 else 'The sides'} of the claim"
    if counterexample is not None:
        caption = "Both sides, with the counterexample"
    return line_plot("Both sides of the claim", description, curves, Axis(name), axis, caption=caption)


def _height(expression: Expression, name: str, place: Fraction) -> float:
    try:
        return float(evaluate(expression, {name: place}, _DIGITS)[0])
    except (Undefined, Undecided, TooLarge, OverflowError):
        return float("nan")


def _label(writer: Writer, side: Expression) -> str:
    text = writer.formula(side).box.lines[0]
    return text if len(text) <= 40 else text[:38] + " …"
