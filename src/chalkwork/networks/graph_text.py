"""The equations of a graph as they are typed: names, slopes that are given, names that are assigned again, order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from chalkwork.algebra.reading import Syntax, canonical, free_names, parse
from chalkwork.errors import ReadError
from chalkwork.networks.unrolled import unrolled
from chalkwork.typesetting.notation import Notation

_EQUATION = re.compile(r"\s*([^\W\d]\w*)\s*=\s*(.*\S)\s*", re.DOTALL)
_SLOPE = re.compile(r"\s*[d∂]([^\W\d]\w*)\s*/\s*[d∂]([^\W\d]\w*)\s*(?:=\s*(.*\S)\s*)?", re.DOTALL)
MOST_EQUATIONS = 1000


class Slope(NamedTuple):
    """The derivative of something outside the graph by one of its nodes, which is given: dL/dy."""

    of: str
    by: str

    @property
    def name(self) -> str:
        """dL/dy."""
        return f"d{self.of}/d{self.by}"


class Typed(NamedTuple):
    """What was typed: by name the syntax and the text of every equation, and of every slope that is given."""

    equations: dict[str, tuple[Syntax, str]]
    slopes: dict[Slope, tuple[Syntax, str]]
    again: dict[str, str]
    """Names that were assigned again, under their new names: `c2` for the second value of c."""
    order: list[str]
    """The names in an order in which each can be computed."""
    inputs: list[str]
    """The names that no equation defines."""


def slope_of(name: str) -> Slope | None:
    """The derivative that a name such as `dL/dy` stands for.

    >>> slope_of("dL/dy"), slope_of("dy")
    (Slope(of='L', by='y'), None)
    """
    found = _SLOPE.fullmatch(name)
    return None if found is None or found[3] else Slope(canonical(found[1]), canonical(found[2]))


def split_equations(text: str) -> list[str]:
    """The equations of a text, which are separated by line ends and semicolons, but for those in square brackets.

    >>> split_equations("u = [x; h]; z = W u")
    ['u = [x; h]', ' z = W u']
    """
    parts, start, depth = [], 0, 0
    for place, sign in enumerate(text):
        depth = max(0, depth + {"[": 1, "]": -1}.get(sign, 0))
        if sign == "\n" or (sign == ";" and not depth):
            parts.append(text[start:place])
            start, depth = place + 1, 0
    return [*parts, text[start:]]


def read_equations(equations: str | Sequence[str]) -> Typed:
    """The equations of a graph; ReadError for what is none, and for a name that is defined twice.

    A name may be assigned again by an equation that uses it, `c = c + 1`: from there on it is another name.

    >>> list(read_equations("c = a b; c = c + 1; d = 2 c").equations)
    ['c', 'c2', 'd']
    """
    texts = split_equations(equations) if isinstance(equations, str) else _listed(equations)
    lines = [_line(text) for text in unrolled(texts) if text.strip()]
    defined = [name for name, _, _ in lines if isinstance(name, str)]
    known = frozenset(defined)
    typed = Typed({}, {}, {}, [], [])
    current: dict[str, str] = {}
    for name, body, text in lines:
        syntax = _syntax(body, text, known)
        early = [one for one in free_names(syntax) if defined.count(one) > 1 and one not in current]
        if early and early != [name]:
            raise ReadError(f"{early[0]} is used before its first value", equation=short(text), hint="move it down")
        syntax = _renamed(syntax, current)
        if isinstance(name, Slope):
            typed.slopes[name] = syntax, body
            continue
        if name in current:
            if current[name] not in free_names(syntax):
                hint = "give every intermediate result a name of its own"
                raise ReadError(f"{name} is defined twice", equation=short(text), hint=hint)
            current[name], before = _next(name, current[name]), current[name]
            typed.again[current[name]] = before
            if current[name] in known:
                hint = f"{name} is assigned again, and {current[name]} would be its next value; rename one of them"
                raise ReadError(f"{current[name]} is defined twice", equation=short(text), hint=hint)
        else:
            current[name] = name
        typed.equations[current[name]] = syntax, body
    if not typed.equations:
        raise ReadError("a graph needs at least one equation, such as c = a + b")
    if len(typed.equations) > MOST_EQUATIONS:
        raise ReadError(f"a graph has at most {MOST_EQUATIONS} equations")
    typed.order.extend(in_order({name: free_names(syntax) for name, (syntax, _) in typed.equations.items()}))
    both = [syntax for syntax, _ in (*typed.equations.values(), *typed.slopes.values())]
    uses = dict.fromkeys(name for syntax in both for name in free_names(syntax))
    typed.inputs.extend(name for name in uses if name not in typed.equations)
    return typed


def _line(text: str) -> tuple[str | Slope, str, str]:
    """What an equation defines, what stands behind its sign, and the whole."""
    slope = _SLOPE.fullmatch(text)
    if slope is not None and slope[3]:
        return Slope(canonical(slope[1]), canonical(slope[2])), slope[3], text
    found = _EQUATION.fullmatch(text)
    if found is None:
        raise ReadError(f"{text.strip()[:60]!r} is no equation", hint="write name = expression")
    return canonical(found[1]), found[2], text


def _next(name: str, current: str) -> str:
    """What a name is called when it gets its next value: c, c2, c3; a1, a1_2."""
    joint = "_" if name[-1].isdigit() else ""
    number = 2 if current == name else int(current.removeprefix(name + joint)) + 1
    return f"{name}{joint}{number}"


def _renamed(syntax: Syntax, names: Mapping[str, str]) -> Syntax:
    """The syntax with names by their latest names."""
    if syntax.kind == "name":
        return syntax._replace(value=names.get(syntax.value, syntax.value))
    if not syntax.parts:
        return syntax
    return syntax._replace(parts=tuple(_renamed(part, names) for part in syntax.parts))


def _listed(equations: Any) -> list[str]:
    texts = list(equations) if isinstance(equations, Sequence) else [equations]
    for text in texts:
        if not isinstance(text, str):
            raise ReadError(f"an equation is a text such as 'c = a + b', not {text!r:.60}")
    return texts


def _syntax(body: str, text: str, known: frozenset[str]) -> Syntax:
    try:
        return parse(body, known)
    except ReadError as error:
        raise error.at(equation=short(text)) from None


def check_symbols(names: Sequence[str]) -> None:
    """ReadError where two names print alike, as a1 and a_1 would."""
    from chalkwork.typesetting.symbols import Symbols

    symbols = Symbols(Notation())
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(symbols[name].text, name)
        if other != name:
            raise ReadError(f"{other} and {name} would both print as {symbols[name].text}", hint="rename one of them")


def short(text: str) -> str:
    """An equation as messages quote it."""
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:117]}..."


def in_order(uses: Mapping[str, Sequence[str]]) -> list[str]:
    """The equations in an order in which each can be computed; ReadError for a cycle."""
    done: dict[str, None] = {}
    for start in uses:
        path: list[tuple[str, list[str]]] = [(start, [*uses[start]])]
        while path:
            name, waiting = path[-1]
            if name in done or not waiting:
                done[name] = None
                path.pop()
                continue
            following = waiting.pop(0)
            if following in uses and following not in done:
                trail = [step for step, _ in path]
                if following in trail:
                    loop = [*trail[trail.index(following) :], following]
                    raise ReadError(f"{following} depends on itself: {' -> '.join(loop)}")
                path.append((following, [*uses[following]]))
    return list(done)
