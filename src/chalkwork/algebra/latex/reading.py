"""The doors of the reader: one formula, or a chain of relations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from chalkwork.algebra.expression import Expression
from chalkwork.algebra.latex.grammar import Grammar
from chalkwork.algebra.latex.written import Scope, build
from chalkwork.algebra.reader import Syntax


@dataclass(frozen=True, slots=True)
class Chain:
    """Sides and the relations between them (= < > <= >= !=).

    Where `goes_on`, the text begins with a relation, and the side before it is what came before.
    """

    sides: tuple[Syntax, ...]
    relations: tuple[str, ...]
    goes_on: bool = False


def parse_latex(text: str, known: Collection[str] = (), functions: Collection[str] = ()) -> Syntax:
    r"""The syntax of one formula, in LaTeX or plain maths.

    `known` are names that were declared: e and d among them are names, not Euler's number and a differential.
    `functions` are functions that were defined. Raises ReadError with the place where the text cannot be read.

    >>> parse_latex(r"\frac{1}{2}").value
    'divide'
    >>> parse_latex(r"2 \foo")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ReadError: \foo is not part of the language, at column 3
        2 \foo
          ^
    """
    grammar = Grammar(text, known, functions)
    result = grammar.sum()
    grammar.finish()
    return result


def read_chain(text: str, known: Collection[str] = (), functions: Collection[str] = ()) -> Chain:
    r"""A formula, or several with relations between them, also on the lines of an aligned environment.

    Raises ReadError with the place where the text cannot be read.

    >>> read_chain(r"0 < x \le 1").relations, read_chain("= 1 - x").goes_on
    (('<', '<='), True)
    """
    sides, relations, goes_on = Grammar(text, known, functions).chain()
    return Chain(tuple(sides), tuple(relations), goes_on)


def read_latex(text: str, names: Mapping[str, Expression]) -> Expression:
    r"""The expression that the LaTeX stands for, as `chalkwork.algebra.reader.read` gives it for plain maths.

    Raises ReadError where the text is not in the language or a name is unknown, ShapeError where shapes do not fit.

    >>> from chalkwork.algebra.expression import Name
    >>> print(read_latex(r"\frac{1}{1 + e^{-x}} \cdot 2x_1", {"x": Name("x"), "x1": Name("x1")}))
    1 / (1 + exp(-x)) * 2 * x1
    """
    return build(parse_latex(text, names), Scope(names))
