"""A block of the laboratory as an exercise: what is given, and what is to be shown, without the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chalkwork.documents.literal import literal
from chalkwork.documents.model import Block, Paragraph
from chalkwork.sheets.locate import Listing, Node, Scalar, Table
from chalkwork.solutions.setting import Style

if TYPE_CHECKING:
    from chalkwork.sheets.values import Fields

Posed = Callable[[Style, Mapping[str, Any]], list[Block]]
"""The exercise, given how it is written and the worked answer (which may say of what kind the exercise is)."""

IN = r"\in"
_NUMBER = re.compile(r"([-+]?[0-9]*\.?[0-9]+)(?:[eE]([-+]?[0-9]+))?")


def posed(fields: Fields, said: Mapping[str, str], usual: Mapping[str, str] | None = None) -> Posed:
    """What the keys of a block give, each by its words in `said`; `usual` are the values of keys that are left out.

    `{}` in the words is the value, in LaTeX where it stands between dollars.
    """
    absent = {key: Scalar(text, True, False, fields.start) for key, text in (usual or {}).items()}
    nodes = {key: fields.entries.get(key, absent.get(key)) for key in said}

    def pose(manner: Style, worked: Mapping[str, Any]) -> list[Block]:
        parts = [
            words.replace("{}", _written(node, manner, "$" in words, key))
            for key, words in said.items()
            if (node := nodes[key]) is not None
        ]
        return [Paragraph(f"Given: {'; '.join(parts)}.")] if parts else []

    return pose


def _written(node: Node, manner: Style, maths: bool, key: str) -> str:
    """A value as it is typed, in LaTeX or in words."""
    if isinstance(node, Scalar):
        if key == "function":
            return _function(node.text, manner)
        return _scalar(node.text, manner) if maths else literal(node.text.replace("_", " "))
    if isinstance(node, Table):
        entries = [_entry(name, value, manner, maths) for name, value in node.entries.items()]
        return (r",\; " if maths else ", ").join(entries)
    nested = any(isinstance(item, Listing) for item in node.items)
    if nested and maths:
        rows = [" & ".join(_written(cell, manner, True, key) for cell in _cells(row)) for row in node.items]
        kind = "bmatrix" if manner.notation.brackets == "square" else "pmatrix"
        return rf"\begin{{{kind}}} " + r" \\ ".join(rows) + rf" \end{{{kind}}}"
    mark = "; " if manner.notation.decimal_comma and maths else ", "
    text = mark.join(_written(item, manner, maths, key) for item in node.items)
    if key in ("interval", "box"):
        return f"[{text}]"
    return f"({text})" if key != "method" else text


def _entry(name: str, value: Node, manner: Style, maths: bool) -> str:
    """An entry of a mapping: a number, or the interval that a variable is in."""
    if not maths:
        return f"{literal(name)}: {_written(value, manner, False, name)}"
    return f"{name} {'=' if isinstance(value, Scalar) else IN} {_written(value, manner, True, 'interval')}"


def _cells(row: Node) -> list[Node]:
    return row.items if isinstance(row, Listing) else [row]


def _scalar(text: str, manner: Style) -> str:
    """A number, or a text such as 2*pi, in LaTeX."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return _formula(text, manner)
    mantissa = found[1].replace(".", "{,}") if manner.notation.decimal_comma else found[1]
    if found[2] is None:
        return mantissa
    power = rf"10^{{{int(found[2])}}}"
    return power if mantissa == "1" else rf"{mantissa} \cdot {power}"


def _function(text: str, manner: Style) -> str:
    r"""A function as it is typed: `f(x, y) = x^2 - y^2`.

    >>> _function("x^2/2 - y", Style())
    'f(x, y) = \\frac{x^{2}}{2} - y'
    """
    from chalkwork.algebra.reading import free_names, parse
    from chalkwork.errors import ChalkworkError
    from chalkwork.laboratory.functions.one_variable import CONSTANTS, Function

    try:
        function = Function.of(text)
        return f"f({function.variable}) = {_latex(function.tree, manner)}"
    except ChalkworkError:
        try:
            names = [name for name in free_names(parse(text)) if name not in CONSTANTS]
        except ChalkworkError:
            names = ["x"]
    return f"f({', '.join(names)}) = {_formula(text, manner)}"


def _formula(text: str, manner: Style) -> str:
    from chalkwork.algebra.expression import Name
    from chalkwork.algebra.reading import build, free_names, parse
    from chalkwork.errors import ChalkworkError

    try:
        syntax = parse(text)
        return _latex(build(syntax, {name: Name(name) for name in free_names(syntax)}), manner)
    except ChalkworkError:
        return rf"\text{{{literal(text)}}}"


def _latex(tree: object, manner: Style) -> str:
    from chalkwork.algebra.expression import Expression
    from chalkwork.typesetting.symbols import Symbols
    from chalkwork.typesetting.writer import Writer

    assert isinstance(tree, Expression)
    return Writer(Symbols(manner.notation), {}, manner.numbers).formula(tree).latex
