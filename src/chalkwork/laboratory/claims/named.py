"""Proofs that the library knows by name: a table, one entry each; a statement is recognised up to the letters used.

Bishop, Pattern Recognition and Machine Learning (2006), section 4.2 and exercise 4.7 (sigmoid); Goodfellow, Bengio and
Courville, Deep Learning (2016), sections 3.10 and 4.1 (softmax and its overflow).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chalkwork.algebra.expression import Application, Expression, Name, names_in, replace, transform, walk
from chalkwork.algebra.reading.written import is_derivative, prime
from chalkwork.errors import ChalkworkError, meant
from chalkwork.laboratory.claims.domain import Domain
from chalkwork.laboratory.claims.statement import Context, Link, read_proof


@dataclass(frozen=True, slots=True)
class Named:
    """A statement, its proof as (step, reason), and what is to be said after it.

    `also` are other ways to state the same, for recognising it. A proof about vectors is written with the vector y of
    three entries and the number c, and is rewritten for others by `in_terms`.
    """

    statement: str
    steps: tuple[tuple[str, str], ...]
    also: tuple[str, ...] = ()
    domain: Mapping[str, str] = field(default_factory=dict)
    closing: str = ""
    picture: bool = False


PROOFS: dict[str, Named] = {
    "sigmoid-symmetry": Named(
        r"\sigma(-x) = 1 - \sigma(x)",
        (
            (r"\sigma(-x) = \frac{1}{1 + e^{x}}", "the definition of the sigmoid, at $-x$"),
            (r"= \frac{e^{-x}}{e^{-x} + 1}", "numerator and denominator times $e^{-x}$"),
            (r"= \frac{(1 + e^{-x}) - 1}{1 + e^{-x}}", "one is added to the numerator and taken away again"),
            (r"= 1 - \frac{1}{1 + e^{-x}}", "the fraction is split"),
            (r"= 1 - \sigma(x)", "the definition again"),
        ),
        also=("1 - sigma(x) = sigma(-x)", "sigma(x) = 1 - sigma(-x)"),
    ),
    "sigmoid-point-symmetry": Named(
        r"\sigma(x) + \sigma(-x) = 1",
        (
            (r"\sigma(x) + \sigma(-x) = \frac{1}{1 + e^{-x}} + \frac{1}{1 + e^{x}}", "the definition of the sigmoid"),
            (
                r"= \frac{1}{1 + e^{-x}} + \frac{e^{-x}}{e^{-x} + 1}",
                "the second fraction is expanded by $e^{-x}$",
            ),
            (r"= \frac{1 + e^{-x}}{1 + e^{-x}}", "both have the same denominator now"),
            (r"= 1", "numerator and denominator are equal"),
        ),
        also=("sigma(-x) + sigma(x) = 1", "sigma(x) - 1/2 = 1/2 - sigma(-x)", "sigma(x) - 1/2 = -(sigma(-x) - 1/2)"),
        closing=(
            "The points $(x, \\sigma(x))$ and $(-x, \\sigma(-x))$ therefore have the midpoint $(0, 1/2)$ for every "
            "$x$: the graph is point symmetric about $(0, 1/2)$."
        ),
        picture=True,
    ),
    "tanh-by-sigmoid": Named(
        r"\tanh(x) = 2\sigma(2x) - 1",
        (
            (r"2\sigma(2x) - 1 = \frac{2}{1 + e^{-2x}} - 1", "the definition of the sigmoid, at $2x$"),
            (r"= \frac{2 - (1 + e^{-2x})}{1 + e^{-2x}}", "a common denominator"),
            (r"= \frac{1 - e^{-2x}}{1 + e^{-2x}}", "the numerator is put together"),
            (r"= \frac{e^{x} - e^{-x}}{e^{x} + e^{-x}}", "numerator and denominator times $e^{x}$"),
            (r"= \tanh(x)", "the definition of tanh"),
        ),
        also=("2 sigma(2x) - 1 = tanh(x)",),
    ),
    "sigmoid-derivative": Named(
        r"\sigma'(x) = \sigma(x) (1 - \sigma(x)) = \sigma(-x) \sigma(x)",
        (
            (r"\sigma'(x) = \frac{d}{dx} (1 + e^{-x})^{-1}", "the definition of the sigmoid, as a power"),
            (r"= -(1 + e^{-x})^{-2} \cdot (-e^{-x})", "the chain rule: the derivative of $1 + e^{-x}$ is $-e^{-x}$"),
            (r"= \frac{e^{-x}}{(1 + e^{-x})^2}", "the two signs cancel; the denominator is squared"),
            (r"= \frac{1}{1 + e^{-x}} \cdot \frac{e^{-x}}{1 + e^{-x}}", "the square is split into two factors"),
            (
                r"= \frac{1}{1 + e^{-x}} \cdot (1 - \frac{1}{1 + e^{-x}})",
                "$e^{-x} = (1 + e^{-x}) - 1$ in the second numerator",
            ),
            (r"= \sigma(x) (1 - \sigma(x))", "the definition of the sigmoid, twice"),
            (r"= \sigma(x) \sigma(-x)", "the symmetry $\\sigma(-x) = 1 - \\sigma(x)$"),
        ),
        also=(
            "sigma'(x) = sigma(x) (1 - sigma(x))",
            "sigma'(x) = (1 - sigma(x)) sigma(x)",
            "sigma'(x) = (1 - sigma(x)) sigma(x) = sigma(-x) sigma(x)",
            "sigma'(x) = sigma(x) - sigma(x)^2",
            "sigma'(x) = sigma(-x) sigma(x)",
            "sigma'(x) = sigma(x) sigma(-x)",
        ),
    ),
    "tanh-derivative": Named(
        r"\tanh'(x) = 4 (1 - \sigma(2x)) \sigma(2x)",
        (
            (r"\tanh'(x) = \frac{d}{dx} [2\sigma(2x) - 1]", "$\\tanh(x) = 2\\sigma(2x) - 1$"),
            (r"= 2 \cdot \sigma'(2x) \cdot 2", "the chain rule: the derivative of $2x$ is 2"),
            (r"= 4 \sigma'(2x)", "the factors are put together"),
            (
                r"= 4 (1 - \sigma(2x)) \sigma(2x)",
                "the derivative of the sigmoid, $\\sigma' = (1 - \\sigma)\\,\\sigma$, at $2x$",
            ),
        ),
        also=("tanh'(x) = 4 sigma(2x) (1 - sigma(2x))", "tanh'(x) = 4 sigma(-2x) sigma(2x)"),
    ),
    "sigmoid-slope-bounds": Named(
        r"0 < \sigma'(x) \le \frac{1}{4}",
        (
            (r"\sigma'(x) = \sigma(x) (1 - \sigma(x))", "the derivative of the sigmoid"),
            (r"0 < \sigma(x) < 1", "$e^{-x}$ is positive, so $1 + e^{-x}$ is greater than 1"),
            (r"0 < \sigma(x) (1 - \sigma(x))", "both factors are positive"),
            (
                r"\sigma(x) (1 - \sigma(x)) = \frac{1}{4} - (\sigma(x) - \frac{1}{2})^2",
                "the square is completed",
            ),
            (r"\le \frac{1}{4}", "a square is never negative"),
        ),
        also=("0 < sigma'(x) <= 0.25", "sigma'(x) <= 1/4", "sigma'(x) > 0", "0 < sigma'(x)"),
        closing=(
            "The square vanishes only where $\\sigma(x) = 1/2$, that is at $x = 0$: there the derivative has its "
            "maximum, $\\sigma'(0) = 1/4$."
        ),
        picture=True,
    ),
    "tanh-slope-bounds": Named(
        r"0 < \tanh'(x) \le 1",
        (
            (r"\tanh'(x) = 4 \sigma'(2x)", "$\\tanh(x) = 2\\sigma(2x) - 1$ and the chain rule"),
            (r"0 < 4 \sigma'(2x)", "the derivative of the sigmoid is positive"),
            (r"4 \sigma'(2x) \le 4 \cdot \frac{1}{4} = 1", "the derivative of the sigmoid is at most 1/4"),
        ),
        also=("tanh'(x) <= 1", "0 < tanh'(x)", "tanh'(x) > 0"),
        closing=("The bound of the sigmoid is reached at $2x = 0$: the maximum lies at $x = 0$, $\\tanh'(0) = 1$."),
        picture=True,
    ),
    "softmax-shift": Named(
        r"\operatorname{softmax}(y + c) = \operatorname{softmax}(y)",
        (
            (
                r"\sum_{j=1}^{3} e^{y_j + c} = \sum_{j=1}^{3} e^{c} e^{y_j} = e^{c} \sum_{j=1}^{3} e^{y_j}",
                "the denominator with the shift: every term has the factor $e^{c}$",
            ),
            (
                r"\frac{e^{y_1 + c}}{\sum_{j=1}^{3} e^{y_j + c}} = "
                r"\frac{e^{c} e^{y_1}}{e^{c} \sum_{j=1}^{3} e^{y_j}}",
                "the first entry with the shift, over that denominator",
            ),
            (
                r"= \frac{e^{y_1}}{\sum_{j=1}^{3} e^{y_j}}",
                "$e^{c}$ is never zero and cancels; what is left is the first entry without the shift",
            ),
        ),
        also=("softmax(y) = softmax(y + c)", "softmax(y - c) = softmax(y)", "softmax(y) = softmax(y - c)"),
        domain={"y": "vector 3"},
        closing="Every other entry goes the same way, and so does a vector of any length.",
    ),
}


def in_terms(text: str, vector: str, entries: int, number: str, subtracted: bool) -> str:
    """A line of a proof about vectors in other letters, for another length, and with -c where c is subtracted.

    >>> in_terms("$e^{c}$ of $e^{y_3 + c}$, ^{3}", "z", 4, "k", True)
    '$e^{-k}$ of $e^{z_3 - k}$, ^{4}'
    """
    if subtracted:
        text = text.replace("+ c", "- c").replace("{c}", "{-c}")
    letters = {"y": vector, "c": number}
    text = re.sub(r"(?<![A-Za-z])[yc](?![A-Za-z])", lambda found: letters[found[0]], text)
    return text.replace("^{3}", f"^{{{entries}}}")


def named(name: str) -> Named:
    """The entry of that name.

    Raises ChalkworkError, with the nearest name, where there is none.

    >>> named("sigmoid-symmetry").statement
    '\\\\sigma(-x) = 1 - \\\\sigma(x)'
    """
    if isinstance(name, str) and name in PROOFS:
        return PROOFS[name]
    hint = meant(name, PROOFS, f"the proofs are {', '.join(PROOFS)}")
    raise ChalkworkError(f"there is no proof named {name!r:.60}", hint=hint)


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
        if not is_derivative(node):
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
