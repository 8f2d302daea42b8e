r"""Derivatives of a document's functions as it writes them: \nabla f(1, 2), \nabla^2 f, f_x, \frac{df}{dx}|_{x = 2}."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from chalkwork.algebra.expression import Expression, Name, replace
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.evaluation import exactly, slope, worked_out
from chalkwork.verification.memory import Memory
from chalkwork.verification.names import SIGN, group_end

_NABLA = re.compile(r"\\nabla\s*(?P<second>\^\s*(?:\{\s*2\s*\}|2))?\s*(?P<name>[A-Za-z])(?![A-Za-z_^'])")
_SLOPE = re.compile(
    rf"\\frac\s*\{{\s*{SIGN}\s*(?P<name>[A-Za-z])\s*\}}\s*\{{\s*{SIGN}\s*(?P<by>[A-Za-z])\s*\}}"
    r"(?=\s*(?:\(|(?:\\right|\\rvert|\\vert|\||\\mid)))"
)
_INDEX = re.compile(r"(?<![\\A-Za-z])(?P<name>[A-Za-z])_(?:(?P<one>[a-z])(?![A-Za-z])|\{\s*(?P<two>[a-z]{1,3})\s*\})")
_BAR = re.compile(r"\s*(?:\\right\s*)?(?:\||\\rvert|\\vert|\\mid)\s*_\s*(?=\{)")
_COLUMN = re.compile(r"\s*\\begin\{pmatrix\}(.*?)\\end\{pmatrix\}\s*", re.DOTALL)

Read = Callable[[str], Expression]
Put = Callable[[Expression], str]
"""How an expression stands in a text: as a word that is exchanged for it."""


def gradients(text: str, memory: Memory, read: Read, put: Put) -> str:
    """The text with derivatives of functions that are known as words for what they are there."""
    for pattern in (_NABLA, _SLOPE, _INDEX):
        place = 0
        while found := pattern.search(text, place):
            place = found.end()
            function = _function(found["name"], memory)
            if function is None:
                continue
            parameters, body = function
            try:
                at, end = _point(text, found.end(), parameters, read)
                rows = _rows(found, parameters, body, memory) if at is not None else []
            except ChalkworkError:
                continue
            if not rows or at is None:
                continue
            cells = [[put(replace(one, at)) for one in row] for row in rows]
            below = r" \\ ".join(" & ".join(row) for row in cells)
            word = rf"\begin{{pmatrix}} {below} \end{{pmatrix}}" if len(rows) > 1 else f" {cells[0][0]} "
            text = f"{text[: found.start()]}{word}{text[end:]}"
            place = found.start() + len(word)
    return text


def _function(name: str, memory: Memory) -> tuple[Sequence[str], Expression] | None:
    if name in memory.many:
        return memory.many[name]
    one = memory.functions.get(name)
    return ((one[0],), one[1]) if one is not None else None


def _rows(found: re.Match[str], parameters: Sequence[str], body: Expression, memory: Memory) -> list[list[Expression]]:
    """The derivative, the gradient as a column, or the matrix of second derivatives; nothing where it is none."""
    whole = worked_out(exactly(body), memory.functions)

    def by(*names: str) -> Expression:
        result = whole
        for name in names:
            result = slope(result, Name(name))
        return result

    parts = found.groupdict()
    if "second" in parts:
        if len(parameters) < 2:
            return []
        if parts["second"]:
            return [[by(first, second) for second in parameters] for first in parameters]
        return [[by(one)] for one in parameters]
    names = parts.get("by") or parts.get("one") or parts.get("two") or ""
    fits = set(names) <= set(parameters) and (len(parameters) > 1 or "by" in parts)
    return [[by(*names)]] if fits else []


def _point(
    text: str, start: int, parameters: Sequence[str], read: Read
) -> tuple[Mapping[Expression, Expression] | None, int]:
    """Where the derivative is taken, and where that ends; no names exchanged where it does not say."""
    bar = _BAR.match(text, start)
    opening = re.compile(r"\s*\(").match(text, start)
    if bar is None and opening is None:
        return {}, start
    begin = bar.end() if bar is not None else opening.end() - 1 if opening is not None else start
    end = group_end(text, begin)
    inside = text[begin + 1 : end - 1].strip()
    if column := _COLUMN.fullmatch(inside):
        parts = re.split(r"\\\\|&", column[1])
    else:
        parts = (inside[1:-1] if inside.startswith("(") and bar is not None else inside).split(",")
    values = [part.partition("=")[2] if "=" in part else part for part in parts]
    named = [part.partition("=")[0].strip() if "=" in part else "" for part in parts]
    order = named if all(named) else list(parameters)
    if len(values) != len(parameters) or set(order) != set(parameters):
        return None, start
    return {Name(name): read(value) for name, value in zip(order, values, strict=True)}, end
