r"""The reader: mathematics as text, plain or LaTeX, to syntax and expressions. Nothing is ever executed.

One stream of tokens (`tokens`) from two spellings, one table of words (`words`), one grammar (`grammar`) by precedence
climbing, one step from syntax to expressions (`building`). The same mathematics gives the same tree in either spelling;
what could be two things is refused with both shown. Texts are bounded in length, depth and size; what cannot be read is
a ReadError with the place.

The language: numbers, names with indices, `+ - * / ^ **`, `@` for the matrix product, `.T` or `^T` for the transpose,
products without a sign (`2x`, `(a + b)(c + d)`), `|x|`, and the functions of `docs/functions.md`, whose parameters go
by name: `sum(x, axis=0)`. In LaTeX also `\frac`, `\sqrt`, `\cdot`, `\odot`, `\sum_{i=1}^{3}`, matrices and accents.

A *formula*, as claims have them, is read as people write it: a name is a letter with indices unless it was declared,
and there are derivatives. In an equation between *quantities*, as graphs have them, every word is a name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import NamedTuple

from chalkwork.algebra.expression import Expression
from chalkwork.algebra.operations import Parameter
from chalkwork.algebra.reading.building import build
from chalkwork.algebra.reading.cursor import LONGEST_FORMULA, LONGEST_TEXT, Syntax
from chalkwork.algebra.reading.grammar import Grammar
from chalkwork.algebra.reading.words import canonical

__all__ = [
    "LONGEST_FORMULA", "LONGEST_TEXT", "Chain", "Syntax", "build", "canonical", "free_names", "parse",
    "parse_formula", "read", "read_chain", "read_formula",
]  # fmt: skip


@lru_cache(maxsize=4096)
def parse(text: str, known: frozenset[str] = frozenset()) -> Syntax:
    """The syntax of one expression between quantities; `known` are names that were given.

    Raises ReadError with the place where the text stops being one.

    >>> parse("a + ")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ReadError: the expression ends too early, at character 4 of 'a +'
    """
    return Grammar(text, known).whole()


def parse_formula(text: str, known: Collection[str] = (), functions: Collection[str] = ()) -> Syntax:
    r"""The syntax of one formula.

    `known` are names that were declared: e and d among them are names, not Euler's number and a differential.
    `functions` are functions that were defined. Raises ReadError with the place where the text cannot be read.

    >>> parse_formula(r"\frac{1}{2}") == parse_formula("1/2")
    True
    >>> parse_formula(r"2 \foo")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ReadError: \foo is not part of the language, at column 3
        2 \foo
          ^
    """
    return Grammar(text, known, functions, formula=True).whole()


class Chain(NamedTuple):
    """Sides and the relations between them (= < > <= >= !=).

    Where `goes_on`, the text begins with a relation, and the side before it is what came before.
    """

    sides: tuple[Syntax, ...]
    relations: tuple[str, ...]
    goes_on: bool = False


def read_chain(
    text: str, known: Collection[str] = (), functions: Collection[str] = (), letters: Collection[str] = (), *,
    to_a_letter: bool = False,
) -> Chain:  # fmt: skip
    r"""A formula, or several with relations between them, also on the lines of an aligned environment.

    `letters` are names that occurred before: side by side they are factors. With `to_a_letter` sums may go from 1 to a
    letter. Raises ReadError with the place where the text cannot be read.

    >>> read_chain(r"0 < x \le 1").relations, read_chain("= 1 - x").goes_on
    (('<', '<='), True)
    """
    grammar = Grammar(text, known, functions, letters, formula=True)
    grammar.to_a_letter = to_a_letter
    sides, relations, goes_on = grammar.chain()
    return Chain(tuple(sides), tuple(relations), goes_on)


def free_names(syntax: Syntax) -> list[str]:
    """The names in it, variables of derivatives included, in order of first occurrence.

    >>> free_names(parse("b * (a + b)")), free_names(parse_formula("d/dt a t"))
    (['b', 'a'], ['t', 'a'])
    """
    found = [syntax.value] if syntax.kind in ("name", "d", "partial") else []
    for part in syntax.parts:
        found += free_names(part)
    return list(dict.fromkeys(found))


def read(text: str, names: Mapping[str, Expression], parameters: Mapping[str, Parameter] | None = None) -> Expression:
    r"""The expression between quantities that the text stands for.

    `names` gives every name its expression, which may itself be more than a name. Raises ReadError where the
    text is not in the language or a name is unknown, ShapeError where shapes do not fit.

    >>> from chalkwork.algebra.expression import Name
    >>> names = {"W": Name("W", (3, 2)), "x": Name("x", (2, 1)), "b": Name("b", (3, 1))}
    >>> print(read("W @ x + b", names))
    W @ x + b
    >>> read(r"W x + b \,", names) == read("W @ x + b", names)
    True
    """
    return build(parse(text, frozenset(names)), names, parameters)


def read_formula(text: str, names: Mapping[str, Expression]) -> Expression:
    r"""The expression that the formula stands for; `names` are those that were declared.

    Raises ReadError where the text is not in the language or a name is unknown, ShapeError where shapes do not fit.

    >>> from chalkwork.algebra.expression import Name
    >>> print(read_formula(r"\frac{1}{1 + e^{-x}} \cdot 2x_1", {"x": Name("x"), "x1": Name("x1")}))
    1 / (1 + exp(-x)) * (2 * x1)
    """
    return build(parse_formula(text, names), names)
