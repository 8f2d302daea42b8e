"""A claim: read, proved step by step or refuted, and written down."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from chalkwork.algebra.expression import Application, Expression, Name, names_in, replace, transform, walk
from chalkwork.algebra.reading.written import prime
from chalkwork.algebra.simplify import simplify
from chalkwork.budget import within
from chalkwork.documents.model import Block, Marked, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.domain import Domain, written
from chalkwork.laboratory.claims.named import PROOFS, Named, in_terms, named
from chalkwork.laboratory.claims.overflow import overflow
from chalkwork.laboratory.claims.picture import picture
from chalkwork.laboratory.claims.refuted import values_of
from chalkwork.laboratory.claims.statement import Board, Link
from chalkwork.laboratory.claims.verify import Verified, verify
from chalkwork.laboratory.claims.writing import Page
from chalkwork.laboratory.worked import Manner, Worked

Step = str | tuple[str, str] | Mapping[str, str]
MOST_STEPS = 40
MOST_ENTRIES = 6
MOST_SECONDS = 40.0  # for one claim with its proof
PROVED, MANY_POINTS, FALSE, FALSE_STEP, OPEN = "proved", "true at many points", "false", "false step", "open"


class Claim:
    r"""An identity, an inequality, or a chain of them, with its proof if the author gives one.

    `statement` and the steps of `proof` are plain maths or LaTeX; a step is a text, `(text, reason)`, or a mapping with
    `step` and `because`; one that begins with a relation goes on from the step before (the first from the claim's left
    side). `domain` gives names their range (`real` if none): `positive`, `negative`, `nonnegative`, `integer`,
    `natural`, `[0, 1]`, `(0, inf)`, `vector 3`, `matrix 2x3`. `define` holds functions and quantities, `f(x) = ...` and
    `c = a + b`. `at` is a point to try before all others.

    Raises ReadError, with the place, for what cannot be read; ChalkworkError for what makes no sense.

    >>> Claim("sigma(-x) = 1 - sigma(x)").check()["verdict"]
    'proved'
    >>> answer = Claim("(a + b)^2 = a^2 + b^2").check()
    >>> answer["verdict"], answer["counterexample"]
    ('false', {'point': {'a': 1.0, 'b': 2.0}, 'left': 9.0, 'right': 5.0, 'difference': 4.0})
    """

    def __init__(
        self,
        statement: str,
        proof: Iterable[Step] = (),
        *,
        domain: Mapping[str, Any] | None = None,
        define: Iterable[str] | str = (),
        at: Mapping[str, float | Fraction] | None = None,
    ) -> None:
        self.at = _point(at)
        self.board = Board(Domain.of(domain), values=self.at or {})
        for text in [define] if isinstance(define, str) else define:
            with _saying("define"):
                self.board.define(text)
        self.links = self.board.links(statement)
        self.proof = _proof(self.board, self.links, list(proof))

    def check(self, manner: Manner | None = None) -> Worked:
        """Verify the claim and every step of its proof.

        The values: `verdict` is "proved" (exactly or by intervals, every step), "true at many points" (not all of it
        proved), "false" (with `counterexample`: point, left, right), "false step" (the claim holds, a step of its proof
        does not), or "open" (no point was found where both sides have a value and can be told apart). `claim` and
        `steps` are lists of mappings: left, relation, right, because, way (exact, intervals, points, false, undefined),
        how, points, equality (where a bound is reached), counterexample, and `undoes` where it only takes back the
        mistake of the step before. `leads` says of a given proof whether its steps connect the sides of the claim as
        they are written (None for inequalities). `name` is that of the library's proof where it is used.
        """
        manner = manner or Manner()
        name, links, board, closing = "", self.proof, self.board, ""
        found = None if links else recognised(self.links)
        if found is not None:
            name, entry, links, board = found
            closing = entry.closing
        with within(MOST_SECONDS):
            claim = [verify(link, self.board, self.at) for link in self.links]
            steps = [verify(link, board, self.at) for link in links]
            repaired = _repaired(steps, board)
        values = _values(claim, steps, name, self.board, board)
        if self.proof:
            values["leads"] = _leads(self.links, links, board)
        for place in repaired:
            values["steps"][place]["undoes"] = True
        page = Page(manner, self.board)
        blocks = [*page.opening(self.links), *_body(page, Page(manner, board), claim, steps, repaired, values)]
        if closing and values["verdict"] == PROVED:
            blocks.append(Paragraph(closing))
        blocks += _figures(page, claim, steps, name)
        if name == "softmax-shift":
            vector, number = (letter.name for letter in _names(self.links))
            blocks += overflow(values, vector, f"{number} = {'' if _subtracts(self.links) else '-'}\\max {vector}")
        return Worked("A claim", blocks, values, manner.notation)


def prove(name: str, manner: Manner | None = None) -> Worked:
    """The library's own proof of that name, every step verified; the values are those of `Claim.check`.

    Raises ChalkworkError where there is no such proof; `PROOFS` lists them.

    >>> prove("sigmoid-symmetry")["steps"][-1]["right"]
    '1 - sigmoid(x)'
    """
    entry = named(name)
    answer = Claim(entry.statement, domain=entry.domain).check(manner)
    return Worked(name.replace("-", " ").capitalize(), answer.blocks, answer)


# --- reading ---------------------------------------------------------------------------------------------------------


@contextmanager
def _saying(where: str) -> Iterator[None]:
    """Errors from inside say where they belong to."""
    try:
        yield
    except ChalkworkError as error:
        error.message = f"{where}: {error.message}"
        raise


def _point(at: Mapping[str, float | Fraction] | None) -> dict[str, Fraction] | None:
    if at is None:
        return None
    given: Any = at
    if not isinstance(given, Mapping):
        raise ChalkworkError(f"at is a mapping such as {{a: 2, b: 1}}, not {at!r:.60}")
    point: dict[str, Fraction] = {}
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float | Fraction) or not abs(float(value)) < 1e9:
            raise ChalkworkError(f"at: expected a number for {name}, found {value!r:.60}")
        point[written(str(name))] = Fraction(str(value))
    return point


def _proof(board: Board, claim: Sequence[Link], steps: Sequence[Step]) -> list[Link]:
    if len(steps) > MOST_STEPS:
        raise ChalkworkError(f"a proof has at most {MOST_STEPS} steps here")
    before: Expression = claim[0].left
    links: list[Link] = []
    for place, step in enumerate(steps, 1):
        text, because = _parts(step, place)
        with _saying(f"step {place}"):
            found = board.links(text, before, because, place)
        links += found
        before = found[-1].right
    return links


def _parts(step: Step, place: int) -> tuple[str, str]:
    if isinstance(step, str):
        return step, ""
    if isinstance(step, Mapping) and set(step) <= {"step", "because"} and isinstance(step.get("step"), str):
        return step["step"], str(step.get("because", ""))
    if isinstance(step, tuple | list) and len(step) == 2 and all(isinstance(part, str) for part in step):
        return step[0], step[1]
    raise ChalkworkError(f"step {place}: expected a text, or a mapping with step and because, found {step!r:.60}")


# --- the library's own proofs ----------------------------------------------------------------------------------------


def recognised(links: Sequence[Link]) -> tuple[str, Named, list[Link], Board] | None:
    """The named proof of a statement, up to the letters used, with its steps in these letters where it can be."""
    wanted = _form(links)
    for name, entry in PROOFS.items():
        board = Board(Domain.of(entry.domain))
        for text in (entry.statement, *entry.also):
            own = board.links(text)
            if _form(own) != wanted:
                continue
            if any(name.shape for name in _names(own)):
                found = _about_vectors(entry, links)
                return None if found is None else (name, entry, *found)
            return name, entry, _renamed(_proof(board, own, entry.steps), own, links), board
    return None


def _about_vectors(entry: Named, links: Sequence[Link]) -> tuple[list[Link], Board] | None:
    """The steps in the claim's letters, for its length and with its sign; nothing where they would not be legible."""
    vector, number = _names(links)
    entries = vector.shape[0]
    if entries > MOST_ENTRIES or not all(re.fullmatch("[A-Zabcdf-ik-z]", name.name) for name in (vector, number)):
        return None
    board = Board(Domain({vector.name: Domain.of({"y": f"vector {entries}"})["y"]}))
    terms = (vector.name, entries, number.name, _subtracts(links))
    steps = [(in_terms(step, *terms), in_terms(because, *terms)) for step, because in entry.steps]
    return _proof(board, links, steps), board


def _names(links: Sequence[Link]) -> list[Name]:
    return list(dict.fromkeys(name for link in links for side in (link.left, link.right) for name in names_in(side)))


_FIXED = ("matmul", "matrix", "transpose")
"""What ties a vector to its length."""


def _nodes(links: Sequence[Link]) -> Iterator[Expression]:
    for link in links:
        yield from walk(link.left)
        yield from walk(link.right)


def _form(links: Sequence[Link]) -> tuple[tuple[Expression, str, Expression], ...]:
    """The statement with its letters in order, derivatives of functions as primes, vectors alone equally long."""
    names = _names(links)
    alike = not any(isinstance(node, Application) and node.operation.name in _FIXED for node in _nodes(links))
    letters: dict[Expression, Expression] = {
        name: Name(f"letter {place}", (3, 1) if alike and name.shape[1:] == (1,) else name.shape)
        for place, name in enumerate(names)
    }
    return tuple((_plain(link.left, letters), link.relation, _plain(link.right, letters)) for link in links)


def _plain(side: Expression, letters: Mapping[Expression, Expression]) -> Expression:
    def rule(node: Expression) -> Expression | None:
        if not isinstance(node, Application) or node.operation.name not in ("derivative", "partial"):
            return None
        body, variable = node.arguments
        simple = isinstance(body, Application) and body.arguments == (variable,)
        return Application(prime(body.operation.name, 1), (variable,), ()) if simple else None  # type: ignore[attr-defined]

    return replace(transform(side, rule), letters)


def _subtracts(links: Sequence[Link]) -> bool:
    """Whether the number is taken from the vector."""
    sides = [node for link in links for side in (link.left, link.right) for node in walk(side)]
    return any(isinstance(node, Application) and node.operation.name == "subtract" for node in sides)


def _renamed(steps: list[Link], own: Sequence[Link], links: Sequence[Link]) -> list[Link]:
    """The steps in the author's letters."""
    theirs = _names(links)
    letters: dict[Expression, Expression] = dict(zip(_names(own), theirs, strict=True))
    renamed = []
    for step in steps:
        left, right = replace(step.left, letters), replace(step.right, letters)
        because = step.because if theirs == _names(own) else _other_letter(step.because, letters)
        renamed.append(Link(left, step.relation, right, because, step.continued, step.step))
    return renamed


def _other_letter(reason: str, letters: Mapping[Expression, Expression]) -> str:
    """A reason about x in another letter; what is maths stands between dollars, where x is a letter of its own."""
    ((old, new),) = [(str(a), str(b)) for a, b in letters.items()][:1]
    parts = reason.split("$")
    parts[1::2] = [re.sub(rf"(?<![A-Za-z]){old}(?![A-Za-z])", lambda _: new, part) for part in parts[1::2]]
    return "$".join(parts)


# --- the answer ------------------------------------------------------------------------------------------------------


def _values(
    claim: Sequence[Verified], steps: Sequence[Verified], name: str, own: Board, board: Board
) -> dict[str, Any]:
    values: dict[str, Any] = {"verdict": _verdict(claim, steps)}
    values["claim"] = [_record(found, own) for found in claim]
    values["steps"] = [_record(found, board) for found in steps]
    records = (*values["claim"], *values["steps"])
    values["counterexample"] = next((found["counterexample"] for found in records if found["counterexample"]), None)
    if name:
        values["name"] = name
    return values


def _verdict(claim: Sequence[Verified], steps: Sequence[Verified]) -> str:
    if any(found.way == "false" for found in claim):
        return FALSE
    if any(found.way == "false" for found in steps):
        return FALSE_STEP
    if any(found.way == "undefined" for found in (*claim, *steps)):
        return OPEN
    return PROVED if all(found.proved for found in (*claim, *steps)) else MANY_POINTS


def _record(found: Verified, board: Board) -> dict[str, Any]:
    link, refuted = found.link, found.counterexample
    return {
        "left": str(link.left),
        "relation": link.relation,
        "right": str(link.right),
        "because": link.because,
        "way": found.way,
        "step": link.step,
        "how": found.how,
        "points": found.points,
        "holds": found.holds,
        "equality": list(found.equality),
        "counterexample": None if refuted is None else values_of(refuted, link, board),
    }


def _leads(claim: Sequence[Link], steps: Sequence[Link], board: Board) -> bool | None:
    """Whether equations of the proof connect both sides of every relation of the claim; None if it has others."""
    if any(link.relation != "=" for link in claim):
        return None

    def form(side: Expression) -> Expression:
        return simplify(board.meant(side))

    groups: list[set[Expression]] = []
    for link in steps:
        if link.relation == "=":
            both = {form(link.left), form(link.right)}
            met = [group for group in groups if group & both]
            groups = [group for group in groups if not group & both] + [both.union(*met)]
    return all(
        any({form(link.left), form(link.right)} <= group for group in groups) or link.left == link.right
        for link in claim
    )


def _repaired(steps: Sequence[Verified], board: Board) -> tuple[int, ...]:
    """The places of false steps that undo the mistake of the step before: the sides around both are equal."""
    places: list[int] = []
    for place in range(1, len(steps)):
        before, step = steps[place - 1], steps[place]
        both = before.way == step.way == "false" and before.link.relation == step.link.relation == "="
        if not both or not step.link.continued or place - 1 in places:
            continue
        if verify(Link(before.link.left, "=", step.link.right), board).holds:
            places.append(place)
    return tuple(places)


def _body(
    page: Page,
    proof_page: Page,
    claim: Sequence[Verified],
    steps: Sequence[Verified],
    repaired: Collection[int],
    values: Mapping[str, Any],
) -> Iterator[Block]:
    false = [found for found in claim if found.way == "false"]
    if false:
        yield from page.remarks(false[0])
    if steps:
        yield from proof_page.steps(steps, repaired)
    elif not false:
        for found in claim:
            if len(claim) > 1:
                yield page.relation([found.link])
            yield Paragraph(f"*{page.result([found])}.*")
            yield from page.remarks(found)
    if values.get("leads") is False and values["verdict"] in (PROVED, MANY_POINTS):
        yield Paragraph("These steps do not lead from one side of the claim to the other; it was verified on its own.")
    places = list(dict.fromkeys(place for found in claim for place in found.equality))
    if places and not steps:
        yield Paragraph(f"The bound is reached at ${', '.join(places)}$.")
    yield Marked((Paragraph(_conclusion(claim, steps, repaired, values)),))


def _conclusion(
    claim: Sequence[Verified], steps: Sequence[Verified], repaired: Collection[int], values: Mapping[str, Any]
) -> str:
    false = [found.link.step for place, found in enumerate(steps) if found.way == "false" and place not in repaired]
    wrong = [str(place) for place in dict.fromkeys(false)]
    plural = f"steps {', '.join(wrong[:-1])} and {wrong[-1]} do" if len(wrong) > 1 else f"step {''.join(wrong)} does"
    match values["verdict"]:
        case "proved":
            ways = {found.way for found in (*claim, *steps)}
            how = "exactly" if ways == {"exact"} else "exactly or by enclosing intervals"
            each = "Every step was" if len(steps) > 1 else "It was"
            return f"**The claim is proved.** {each} verified {how}."
        case "false":
            more = f" In the proof, {plural} not hold." if wrong else ""
            return f"**The claim is false.**{more}"
        case "false step":
            return f"**The claim is true, but {plural} not hold**; this proof does not prove it."
        case "open":
            why = next(found.how for found in (*claim, *steps) if found.way == "undefined")
            return f"**Nothing could be said**: {why}."
    return "**The claim is true at many points**, but was not proved."


def _figures(page: Page, claim: Sequence[Verified], steps: Sequence[Verified], name: str) -> Iterator[Block]:
    """A false relation with its counterexample, or the bounds and what lies between them."""
    wrong = next((found for found in (*claim, *steps) if found.counterexample is not None), None)
    if wrong is not None:
        figure = picture((wrong.link.left, wrong.link.right), page.board, page.writer, wrong.counterexample)
    elif any(found.link.relation != "=" for found in claim) or (name and PROOFS[name].picture):
        sides = [claim[0].link.left, *(found.link.right for found in claim)]
        if name == "sigmoid-point-symmetry":
            sides = list(claim[0].link.left.arguments) if isinstance(claim[0].link.left, Application) else sides
        figure = picture(sides[:4], page.board, page.writer)
    else:
        figure = None
    if figure is not None:
        yield figure
