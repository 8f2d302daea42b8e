"""What a reader sees of a claim: the statement, its proof with what speaks for each step, the verdict, a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from math import inf

from chalkwork.algebra.expression import Application, Expression, names_in
from chalkwork.documents.model import Block, Display, Marked, Paragraph
from chalkwork.drawings.drawing import Drawing
from chalkwork.drawings.plot import Axis, Curve, line_plot
from chalkwork.laboratory.claims.domain import Range, entries_of, quantified
from chalkwork.laboratory.claims.evaluation import Undefined, worked_out
from chalkwork.laboratory.claims.findings import (
    FALSE,
    FALSE_STEP,
    MANY_POINTS,
    OPEN,
    PROVED,
    SHIFT,
    SIGNS,
    Findings,
    overflow,
    point_text,
    refuted,
)
from chalkwork.laboratory.claims.named import PROOFS, names_of, subtracts
from chalkwork.laboratory.claims.points import Counterexample
from chalkwork.laboratory.claims.precise import TooLarge, Undecided, evaluate
from chalkwork.laboratory.claims.statement import Context, Link
from chalkwork.laboratory.claims.verify import Verified
from chalkwork.solutions.board import Board
from chalkwork.typesetting.writer import Writer

_NAME = re.compile(r"\$(\w+)\$")
_RESULT = {
    "exact": "Holds exactly,",
    "intervals": "Holds,",
    "points": "Not proved, but true",
    "undefined": "Open:",
}


def script(board: Board, found: Findings) -> Iterator[Block]:
    """Everything that is said about a claim."""
    yield from _opening(board, found)
    false = next((each for each in found.claim if each.way == "false"), None)
    if false is not None:
        yield from _remarks(board, false, found.context)
    if found.steps:
        yield from _steps(board, found)
    elif found.way:
        yield from _way(board, found)
    elif false is None:
        for each in found.claim:
            if len(found.claim) > 1:
                yield relation(board, [each.link])
            yield Paragraph(f"*{_result([each])}.*")
            yield from _remarks(board, each, found.context)
    if found.steps and not found.name and found.leads is False and found.verdict in (PROVED, MANY_POINTS):
        yield Paragraph("These steps do not lead from one side of the claim to the other; it was verified on its own.")
    places = list(dict.fromkeys(place for each in found.claim for place in each.equality))
    if places and not found.steps:
        yield Paragraph(f"The bound is reached at ${', '.join(places)}$.")
    yield Marked((Paragraph(_conclusion(found)),))
    if found.name and found.verdict == PROVED and PROOFS[found.name].closing:
        yield Paragraph(PROOFS[found.name].closing)
    yield from _figures(board, found)
    if found.name == SHIFT:
        links = [each.link for each in found.claim]
        vector, number = (letter.name for letter in names_of(links))
        yield from overflow(board, vector, f"{number} = {'' if subtracts(links) else '-'}\\max {vector}")


def relation(board: Board, links: Sequence[Link], *, whole: bool = True) -> Display:
    """A chain of relations; without `whole` the first left side is left out where it was just shown."""
    left = None if links[0].continued and not whole else links[0].left
    signs = [SIGNS[link.relation] for link in links]
    return board.chain(left, *(link.right for link in links), relations=signs, repeated=True)


# --- what is to be shown ---------------------------------------------------------------------------------------------


def _opening(board: Board, found: Findings) -> Iterator[Block]:
    """What is to be shown, and for which numbers."""
    links = [each.link for each in found.claim]
    expressions = [found.context.meant(side) for link in links for side in (link.left, link.right)]
    ranges = found.context.ranges(*expressions)
    defined = list(_definitions(board, found.context))
    if defined:
        yield Paragraph("Let")
        yield from defined
    yield Paragraph(f"To show{_domain(board, found.context, ranges, expressions)}:")
    yield relation(board, links)


def _definitions(board: Board, context: Context) -> Iterator[Block]:
    """The functions and quantities that the claim is about."""
    for name, (parameter, body) in context.functions.items():
        yield board.chain(context.expression(f"{name}({parameter})"), body)
    for name, body in context.quantities.items():
        yield board.chain(name, body)


def _domain(board: Board, context: Context, ranges: dict[str, Range], expressions: Sequence[Expression]) -> str:
    groups: dict[str, list[str]] = {}
    entries = set()
    for name in dict.fromkeys(name for side in expressions for name in names_in(side)):
        if name.shape:
            groups.setdefault(context.domain[name.name].words, []).append(name.name)
            entries |= set(entries_of(name))
    for number, given in ranges.items():
        if number not in entries:
            groups.setdefault(given.words, []).append(number)
    listed = {words: [f"${board.writer.symbols[name].latex}$" for name in names] for words, names in groups.items()}
    return f" for all {quantified(listed)}" if listed else ""


# --- the proof -------------------------------------------------------------------------------------------------------


def _steps(board: Board, found: Findings) -> Iterator[Block]:
    """The steps with their reasons and what speaks for them."""
    place = 0
    for number, group in groupby(found.steps, lambda each: each.link.step):
        step = list(group)
        links = [each.link for each in step]
        reason = _sentence(links[0].because)
        result = _result(step, undone=number not in found.wrong_steps)
        yield Paragraph(f"**Step {number}.** {reason}{' ' if reason else ''}*{result}.*")
        yield relation(board, links, whole=number == 1 or not links[0].continued)
        for each in step:
            if place in found.repaired:
                yield Paragraph("The next side is right again; only the one before it is wrong, for this holds:")
                yield relation(board, [Link(found.steps[place - 1].link.left, "=", each.link.right)])
            else:
                yield from _remarks(board, each, found.proof_context)
            place += 1


def _way(board: Board, found: Findings) -> Iterator[Block]:
    """The program's own way to what is claimed, a chain where it goes on; what reads as before is not said again."""
    before: Display | None = None
    for each in found.way:
        goes_on = each.link.continued and before is not None
        side = board.chain(None, each.link.right)
        if goes_on and before is not None and side.text == before.text:
            continue
        if each.link.because:
            yield Paragraph(
                _sentence(_NAME.sub(lambda name: f"${board.writer.symbols[name[1]].latex}$", each.link.because))
            )
        yield relation(board, [each.link], whole=not goes_on)
        before = side if each.link.continued else None


def _result(found: Sequence[Verified], undone: bool = False) -> str:
    """What speaks for a step, or against it."""
    if any(each.way == "false" for each in found):
        return "Undoes the mistake before it" if undone else "Does not hold"
    ways = {_RESULT[each.way]: None for each in found}
    how = dict.fromkeys(each.how for each in found)
    return f"{' or '.join(ways)} {', '.join(how)}"


def _remarks(board: Board, step: Verified, context: Context) -> Iterator[Block]:
    """A counterexample, or points without a value."""
    if step.counterexample is not None:
        yield refuted(board, context, step.link, step.counterexample)
    elif step.one_sided:
        which, point, why = step.one_sided[0]
        yield Paragraph(
            f"At {point_text(board, point)} the {which} side has no value ({why}); what is said here is about the "
            "numbers for which both sides have one."
        )


def _sentence(text: str) -> str:
    """The reason as a sentence."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?:" else text + "."


# --- the verdict -----------------------------------------------------------------------------------------------------


def _conclusion(found: Findings) -> str:
    both = (*found.claim, *found.steps, *found.way)
    wrong = [str(number) for number in found.wrong_steps]
    plural = f"steps {', '.join(wrong[:-1])} and {wrong[-1]} do" if len(wrong) > 1 else f"step {''.join(wrong)} does"
    if found.verdict == PROVED:
        how = "exactly" if {each.way for each in both} == {"exact"} else "exactly or by enclosing intervals"
        each_one = "Every step was" if len(found.steps) + len(found.way) > 1 else "It was"
        return f"**The claim is proved.** {each_one} verified {how}."
    if found.verdict == FALSE:
        more = f" In the proof, {plural} not hold." if wrong else ""
        return f"**The claim is false.**{more}"
    if found.verdict == FALSE_STEP:
        return f"**The claim is true, but {plural} not hold**; this proof does not prove it."
    if found.verdict == OPEN:
        why = next(each.how for each in both if each.way == "undefined")
        return f"**Nothing could be said**: {why}."
    return "**The claim is true at many points**, but was not proved."


def _figures(board: Board, found: Findings) -> Iterator[Block]:
    """A false relation with its counterexample, or the bounds and what lies between them."""
    claim, wrong = found.claim, next((each for each in (*found.claim, *found.steps) if each.counterexample), None)
    figure = None
    if wrong is not None:
        sides = [wrong.link.left, wrong.link.right]
        figure = picture(sides, found.context, board.writer, wrong.counterexample)
    elif any(each.link.relation != "=" for each in claim) or (found.name and PROOFS[found.name].picture):
        sides = [claim[0].link.left, *(each.link.right for each in claim)]
        if found.name == "sigmoid-point-symmetry" and isinstance(sides[0], Application):
            sides = list(sides[0].arguments)
        figure = picture(sides[:4], found.context, board.writer)
    if figure is not None:
        yield figure


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
