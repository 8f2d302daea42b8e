"""The library's own proof of a statement, found up to the letters used, and written in these letters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from chalkwork.algebra.expression import Application, Expression, Name, names_in, replace, transform, walk
from chalkwork.algebra.reading.written import prime
from chalkwork.laboratory.claims.domain import Domain
from chalkwork.laboratory.claims.named import PROOFS, Named, in_terms
from chalkwork.laboratory.claims.statement import Context, Link, read_proof

MOST_ENTRIES = 6


def recognised(links: Sequence[Link]) -> tuple[str, list[Link], Context] | None:
    """The named proof of a statement, up to the letters used, with its steps in these letters where it can be."""
    wanted = _form(links)
    for name, entry in PROOFS.items():
        context = Context(Domain.of(entry.domain))
        for text in (entry.statement, *entry.also):
            own = context.links(text)
            if _form(own) != wanted:
                continue
            if any(name.shape for name in names_of(own)):
                found = _about_vectors(entry, links)
                return None if found is None else (name, *found)
            return name, _renamed(read_proof(context, own, entry.steps), own, links), context
    return None


def _about_vectors(entry: Named, links: Sequence[Link]) -> tuple[list[Link], Context] | None:
    """The steps in the claim's letters, for its length and with its sign; nothing where they would not be legible."""
    vector, number = names_of(links)
    entries = vector.shape[0]
    if entries > MOST_ENTRIES or not all(re.fullmatch("[A-Zabcdf-ik-z]", name.name) for name in (vector, number)):
        return None
    context = Context(Domain({vector.name: Domain.of({"y": f"vector {entries}"})["y"]}))
    terms = (vector.name, entries, number.name, subtracts(links))
    steps = [(in_terms(step, *terms), in_terms(because, *terms)) for step, because in entry.steps]
    return read_proof(context, links, steps), context


def names_of(links: Sequence[Link]) -> list[Name]:
    """The names in the order in which they occur."""
    return list(dict.fromkeys(name for link in links for side in (link.left, link.right) for name in names_in(side)))


_FIXED = ("matmul", "matrix", "transpose")
"""What ties a vector to its length."""


def _nodes(links: Sequence[Link]) -> Iterator[Expression]:
    for link in links:
        yield from walk(link.left)
        yield from walk(link.right)


def _form(links: Sequence[Link]) -> tuple[tuple[Expression, str, Expression], ...]:
    """The statement with its letters in order, derivatives of functions as primes, vectors alone equally long."""
    names = names_of(links)
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
        if not isinstance(body, Application) or body.arguments != (variable,):
            return None
        return Application(prime(body.operation.name, 1), (variable,), ())

    return replace(transform(side, rule), letters)


def subtracts(links: Sequence[Link]) -> bool:
    """Whether the number is taken from the vector."""
    sides = [node for link in links for side in (link.left, link.right) for node in walk(side)]
    return any(isinstance(node, Application) and node.operation.name == "subtract" for node in sides)


def _renamed(steps: list[Link], own: Sequence[Link], links: Sequence[Link]) -> list[Link]:
    """The steps in the author's letters."""
    theirs = names_of(links)
    letters: dict[Expression, Expression] = dict(zip(names_of(own), theirs, strict=True))
    renamed = []
    for step in steps:
        left, right = replace(step.left, letters), replace(step.right, letters)
        because = step.because if theirs == names_of(own) else _other_letter(step.because, letters)
        renamed.append(Link(left, step.relation, right, because, step.continued, step.step))
    return renamed


def _other_letter(reason: str, letters: Mapping[Expression, Expression]) -> str:
    """A reason about x in another letter; what is maths stands between dollars, where x is a letter of its own."""
    ((old, new),) = [(str(a), str(b)) for a, b in letters.items()][:1]
    parts = reason.split("$")
    parts[1::2] = [re.sub(rf"(?<![A-Za-z]){old}(?![A-Za-z])", lambda _: new, part) for part in parts[1::2]]
    return "$".join(parts)
