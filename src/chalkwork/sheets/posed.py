"""A block of the laboratory as an exercise: what is given, and what is to be shown, without the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple

from chalkwork.counting import plural
from chalkwork.documents.literal import literal
from chalkwork.documents.model import Block, Paragraph
from chalkwork.sheets.locate import Listing, Node, Scalar, Table
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution

if TYPE_CHECKING:
    from chalkwork.sheets.values import Fields, Reader

Posed = Callable[[Style, Mapping[str, Any]], list[Block]]
"""The exercise, given how it is written and the worked answer (which may say of what kind the exercise is)."""

Title = Callable[[str], str]
"""What a word that is typed is called."""


class Key(NamedTuple):
    """One key of a block: how it is read, how the exercise says it, and what the words typed for it are called.

    `{}` in `said` is the value, in LaTeX where it stands between dollars; a noun in brackets is one or several, as the
    value is.
    """

    read: Reader[Any]
    said: str
    title: Title | None = None


Keys = Mapping[str, "Key | Reader[Any]"]
"""The keys of a block in the order in which they are said; of one that is not said the reader alone."""


def readers(keys: Keys) -> dict[str, Reader[Any]]:
    """How each of the keys is read."""
    return {name: key.read if isinstance(key, Key) else key for name, key in keys.items()}


IN = r"\in"
_NOUN = re.compile(r"\[([a-z ]+)\]")
_NUMBER = re.compile(r"([-+]?[0-9]*\.?[0-9]+)(?:[eE]([-+]?[0-9]+))?")


def posed(
    fields: Fields,
    keys: Keys,
    usual: Mapping[str, Any] | None = None,
) -> Posed:
    """What the keys of a block give, each by its words; `usual` are the values of keys that are left out."""
    said = {name: key for name, key in keys.items() if isinstance(key, Key)}
    absent = {key: _node(value, fields.start) for key, value in (usual or {}).items()}
    nodes = {key: _completed(fields.entries.get(key), absent.get(key)) for key in said}

    def pose(manner: Style, worked: Mapping[str, Any]) -> list[Block]:
        parts = [
            _number_of(key.said, node).replace(
                "{}", _written(node, manner, "$" in key.said, name, key.title or _in_words)
            )
            for name, key in said.items()
            if (node := nodes[name]) is not None
        ]
        return [Paragraph(f"Given: {'; '.join(parts)}.")] if parts else []

    return pose


def _completed(typed: Node | None, usual: Node | None) -> Node | None:
    """What is typed, with the usual entries that a mapping leaves out."""
    if isinstance(typed, Table) and isinstance(usual, Table):
        return Table(usual.entries | typed.entries, usual.key_lines | typed.key_lines, typed.line)
    return usual if typed is None and not isinstance(usual, Table) else typed


def usual_of(call: Callable[..., Any], keys: Collection[str]) -> dict[str, Any]:
    """The values that a call takes where these keys are left out: those of its parameters."""
    return {key: known.default for key, known in signature(call).parameters.items() if key in keys}


def _node(value: Any, line: int) -> Node:
    """A value as if it had been typed."""
    if isinstance(value, Mapping):
        return Table({key: _node(part, line) for key, part in value.items()}, dict.fromkeys(value, line), line)
    if isinstance(value, list | tuple):
        return Listing([_node(item, line) for item in value], line)
    return Scalar(f"{value:.12g}" if isinstance(value, float) else str(value), True, False, line)


def typed(node: Node, manner: Style) -> str:
    """Numbers as they are typed, in LaTeX."""
    return _written(node, manner, True, "")


def posed_by_room(fields: Fields) -> Posed:
    """The exercise as its room says it."""

    def pose(manner: Style, worked: Mapping[str, Any]) -> list[Block]:
        assert isinstance(worked, Solution) and worked.setting.posed is not None
        return list(worked.setting.posed(Board(worked)))

    return pose


def _number_of(words: str, node: Node) -> str:
    """The words with their nouns in the singular or the plural."""
    single = node.items[0] if isinstance(node, Listing) and len(node.items) == 1 else node
    number = single.text.strip() if isinstance(single, Scalar) else ""
    one = isinstance(single, Scalar) and (number == "1" or _NUMBER.fullmatch(number) is None)
    return _NOUN.sub(lambda noun: noun[1] if one else plural(noun[1]), words)


def _in_words(text: str) -> str:
    return text.replace("_", " ")


def _written(node: Node, manner: Style, maths: bool, key: str, title: Title = _in_words) -> str:
    """A value as it is typed, in LaTeX or in words."""
    if isinstance(node, Scalar):
        if key == "function":
            return _function(node.text, manner)
        return _scalar(node.text, manner) if maths else literal(title(node.text))
    if isinstance(node, Table):
        entries = [_entry(key, name, value, manner, maths) for name, value in node.entries.items()]
        return (r",\; " if maths else ", ").join(entries)
    nested = any(isinstance(item, Listing) for item in node.items)
    if nested and maths:
        rows = [" & ".join(_written(cell, manner, True, key) for cell in _cells(row)) for row in node.items]
        kind = "bmatrix" if manner.notation.brackets == "square" else "pmatrix"
        return rf"\begin{{{kind}}} " + r" \\ ".join(rows) + rf" \end{{{kind}}}"
    mark = "; " if manner.notation.decimal_comma and maths else ", "
    text = mark.join(_written(item, manner, maths, key, title) for item in node.items)
    if key in ("interval", "box"):
        return f"[{text}]"
    return text if len(node.items) == 1 or key == "method" else f"({text})"


def _entry(key: str, name: str, value: Node, manner: Style, maths: bool) -> str:
    """An entry of a mapping: a number, the interval that a variable is in, what is true of a hidden layer."""
    if key in ("permute", "flip"):
        return f"{_written(value, manner, False, name)} in hidden layer {literal(name)}"
    if name == "name":
        return _written(value, manner, False, name)
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
