"""Claims: an identity or an inequality, with a proof whose every step is verified, or one of the library's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from chalkwork.documents.model import Block, Display, Paragraph
from chalkwork.errors import ChalkworkError, SheetError
from chalkwork.sheets import values
from chalkwork.sheets.locate import Listing, Node, Table
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import Key, Posed, posed
from chalkwork.sheets.values import Fields
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.notation import GREEK
from chalkwork.typesetting.unicode_maths import plain_maths

_KEYS = ("statement", "proof", "domain", "define", "at", "prove", "task")
TASKS = ("prove", "find_the_mistake")
"""What a sheet asks: for a proof, or for the false line of the one that is given."""
MOST_STEPS = 40
_WORD = re.compile("[A-Za-z]{2,}")


class _Step(NamedTuple):
    text: str
    because: str
    line: int


def _step(node: Node, where: str) -> _Step:
    """A text, or a text and the reason for it."""
    if not isinstance(node, Table):
        return _Step(values.text(node, where), "", node.line)
    fields = values.mapping(node, "a step", where, ("step", "because"))
    return _Step(fields.need("step", values.text), fields.read("because", values.text, ""), fields.line("step"))


def _range(node: Node, where: str) -> str:
    """A word or an interval, which may be written as a list of two numbers."""
    if isinstance(node, Listing):
        ends = values.vector(node, where)
        if len(ends) != 2:
            raise values.fail(node, where, "two ends, such as [0, 1]")
        low, high = (str(Fraction(str(end))) for end in ends)
        return f"[{low}, {high}]"
    return values.text(node, where)


def _texts(node: Node, where: str) -> tuple[str, ...]:
    if isinstance(node, Listing):
        return values.listing(values.text, "a list of definitions", 20)(node, where)
    return (values.text(node, where),)


def _read(fields: Fields) -> Work:
    if ("prove" in fields) == ("statement" in fields):
        raise SheetError("a claim needs either the key 'statement' or the key 'prove'", line=fields.start)
    if "prove" in fields:
        return _proved(fields)
    statement = fields.need("statement", values.text)
    proof = fields.read("proof", values.listing(_step, "a list of steps", MOST_STEPS), ())
    domain: Mapping[str, str] = fields.read("domain", values.table(_range), {})
    define = fields.read("define", _texts, ())
    at = fields.read("at", values.table(values.fraction), None)
    lines = {key: fields.line(key) for key in _KEYS}

    def work(surroundings: Surroundings) -> Solution:
        from chalkwork.laboratory.claims import Claim

        steps = [(step.text, step.because) for step in proof]
        try:
            claim = Claim(statement, steps, domain=domain, define=define, at=at)
        except ChalkworkError as error:
            raise error.at(line=_line_of(error, lines, proof)) from None
        return claim.check(surroundings.manner)

    return work


def _proved(fields: Fields) -> Work:
    """A proof of the library by its name."""
    for key in ("proof", "domain", "define", "at", "task"):
        if key in fields:
            raise SheetError(f"{key} goes with a statement, not with prove", line=fields.line(key))
    name, line = fields.need("prove", values.name), fields.line("prove")

    def work(surroundings: Surroundings) -> Solution:
        from chalkwork.laboratory.claims import prove

        try:
            return prove(name, surroundings.manner)
        except ChalkworkError as error:
            raise error.at(line=line) from None

    return work


def _line_of(error: ChalkworkError, lines: Mapping[str, int], proof: tuple[_Step, ...]) -> int:
    """The line of what the error speaks of."""
    first, _, rest = error.message.partition(" ")
    number = rest.partition(":")[0]
    if first == "step" and number.isdigit() and int(number) <= len(proof):
        return proof[int(number) - 1].line
    if error.message.startswith("the domain"):
        return lines["domain"]
    if first == "define:":
        return lines["define"]
    return lines["statement"]


def _pose(fields: Fields) -> Posed:
    """What is to be shown; where the proof has a false step, its lines, for they are the exercise."""
    texts = {key: fields.read(key, values.text, "") for key in ("statement", "prove")}
    proof = fields.read("proof", values.listing(_step, "a list of steps", MOST_STEPS), ())
    define = fields.read("define", _texts, ())
    given = posed(fields, {"at": Key(values.table(values.fraction), "${}$")})
    domain: Mapping[str, str] = fields.read("domain", values.table(_range), {})
    task = fields.read("task", values.choice(TASKS), None)

    def pose(manner: Style, worked: Mapping[str, Any]) -> list[Block]:
        from chalkwork.laboratory.claims.named import named

        statement = texts["statement"] or named(texts["prove"]).statement
        start = Paragraph(f"The claim is, for all {_ranges(domain)}," if domain else "The claim is")
        defined = [Paragraph(f"Let ${'$, $'.join(map(_latex, define))}$.")] if define else []
        shown = task == "find_the_mistake" or (task is None and worked["verdict"] == "false step")
        if not (proof and shown):
            return [*defined, start, _line(statement), *given(manner, worked)]
        lines: list[Block] = []
        for number, step in enumerate(proof, 1):
            lines += [Paragraph(f"Line {number}{': ' + step.because if step.because else '.'}"), _line(step.text)]
        return [*defined, start, _line(statement), *given(manner, worked), Paragraph("The lines are:"), *lines]

    return pose


def _ranges(domain: Mapping[str, str]) -> str:
    """What the names range over, in words."""
    from chalkwork.laboratory.claims.domain import quantified, read_range

    groups: dict[str, list[str]] = {}
    for name, text in domain.items():
        groups.setdefault(read_range(name, text).words, []).append(f"${_latex(name).strip()}$")
    return quantified(groups)


def _latex(text: str) -> str:
    """What the author typed in LaTeX, or in plain maths, as LaTeX."""
    if "\\" in text:
        return text
    text = _WORD.sub(lambda word: rf"\{word[0]} " if word[0] in GREEK else rf"\operatorname{{{word[0]}}}", text)
    for sign, latex in (("<=", r"\le "), (">=", r"\ge "), ("!=", r"\ne "), ("*", r"\cdot ")):
        text = text.replace(sign, latex)
    return text


def _line(text: str) -> Display:
    latex = _latex(text)
    return Display(latex, plain_maths(latex))


PART = Part(_KEYS, _read, _pose)
