"""How a Taylor expansion is written: derivatives in turn, their values, the polynomial, its error, a picture."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import factorial

from chalkwork.algebra.expression import Application, Expression, Name, Number, replace, walk
from chalkwork.algebra.operations import TABLE, Precedence
from chalkwork.algebra.reading import read
from chalkwork.documents.model import Block, Code, Display, Paragraph, Table
from chalkwork.laboratory.functions.definition import definition
from chalkwork.laboratory.functions.one_variable import CONSTANTS, as_number
from chalkwork.laboratory.taylor.derivatives import Polynomial, rational, scaled
from chalkwork.laboratory.taylor.equations import derived, polynomial
from chalkwork.laboratory.taylor.error import (
    convergence,
    figure,
    inline,
    is_one_sided,
    number,
    power_of,
    remainder,
    variable_of,
)
from chalkwork.laboratory.taylor.expansion import MOST_TERMS, Expansion
from chalkwork.solutions.board import Board, maths
from chalkwork.typesetting.pieces import Piece, added, join

_WIDEST = 60
_LONGEST = 18
"""Characters of a fraction that is written as one."""


def script(board: Board, expansion: Expansion) -> Iterator[Block]:
    """The whole answer."""
    yield from _beginning(board, expansion)
    yield from _derivatives(board, expansion)
    yield from _values(board, expansion)
    yield from _polynomial(board, expansion)
    yield from convergence(board, expansion)
    yield from remainder(board, expansion)
    yield figure(expansion)


def _beginning(board: Board, expansion: Expansion) -> list[Block]:
    order, point = expansion.order, board.writer.formula(expansion.point).latex
    name = variable_of(board, expansion)
    sentence = f"We expand the function below about $a = {point}$ to order {order}:"
    if order == 0:
        sentence = f"We expand the function below about $a = {point}$ to order 0, the constant term alone:"
    blocks: list[Block] = [Paragraph(sentence), _function(board, expansion, name)]
    if expansion.smooth.tree != expansion.function.tree and is_one_sided(expansion):
        low, high = (min(expansion.interval[0], expansion.about), max(expansion.interval[1], expansion.about))
        said = f"The second form holds from {inline(board, low)} to {inline(board, high)}."
        blocks.append(Paragraph(said))
    general = maths(
        rf"\sum_{{k=0}}^{{{order}}} \frac{{f^{{(k)}}(a)}}{{k!}} ({name.latex} - a)^k",
        f"∑ₖ f⁽ᵏ⁾(a)/k! ({name.box} − a)ᵏ,   k = 0, …, {order}",
    )
    return [*blocks, Paragraph("The polynomial sought is"), board.chain(polynomial(expansion, name), general)]


def _function(board: Board, expansion: Expansion, name: Piece) -> Display | Code:
    """The function; an activation also in simpler functions, another one without its kinks."""
    forms: list[Expression] = []
    activation = expansion.function.activation
    if activation is not None and not is_one_sided(expansion) and TABLE[activation.name].definition:
        forms.append(read(TABLE[activation.name].definition, {"x": Name(expansion.function.variable)}))
    elif expansion.smooth.tree != expansion.function.tree:
        forms.append(expansion.smooth.tree)
    return definition(board, derived(0, name), expansion.function, *forms)


def _derivatives(board: Board, expansion: Expansion) -> list[Block]:
    shown, name = expansion.shown, variable_of(board, expansion)
    if len(shown) < 2:
        if expansion.order == 0 or not shown:
            return []
        return [Paragraph("**Derivatives.** They are too long to be written out; their values follow below.")]
    blocks: list[Block] = [_rule_words(board, expansion)]
    blocks += [_rule(board, expansion, index) for index in expansion.letters]
    if expansion.letters:
        blocks.append(Paragraph("Differentiating term by term with this rule gives, one after the other,"))
    for k, form in enumerate(shown[1:], 1):
        blocks.append(board.chain(derived(k, name), expansion.ring.expression(form, expansion.letters)))
    if len(shown) <= expansion.order:
        blocks.append(Paragraph("The further ones come about in the same way; only their values are given."))
    return blocks


def _rule_words(board: Board, expansion: Expansion) -> Paragraph:
    """What the letters stand for."""
    if not expansion.letters:
        return Paragraph("**Derivatives.** One after the other,")
    ring = expansion.ring
    meanings = [
        (letter.name, board.writer.formula(ring.generators[index].expression))
        for index, letter in expansion.letters.items()
    ]
    rest = "Its derivative is a polynomial" if len(meanings) == 1 else "Their derivatives are polynomials"
    latex = listed([f"${letter} = {piece.latex}$" for letter, piece in meanings])
    text = listed([f"{letter} = {' '.join(piece.box.lines)}" for letter, piece in meanings])
    frame = "{} We write {}. {} again:"
    return Paragraph(frame.format("**Derivatives.**", latex, rest), frame.format("Derivatives.", text, rest))


def listed(parts: list[str]) -> str:
    """One, two and three.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _rule(board: Board, expansion: Expansion, index: int) -> Display:
    ring = expansion.ring
    letter = expansion.letters[index]
    head = join(board.writer.formula(letter), Piece.of("'", "′"))
    forms = [ring.expression(ring.slope(index), expansion.letters)]
    if ring.generators[index].kind == "sigmoid" and len(ring.slope(index)) == 2:
        forms.insert(0, letter * (1 - letter))
    return board.chain(head, *forms)


def _values(board: Board, expansion: Expansion) -> list[Block]:
    where = f"${variable_of(board, expansion).latex} = {board.writer.formula(expansion.point).latex}$"
    blocks: list[Block] = [Paragraph(f"**Values at** {where}**.** {_letter_values(board, expansion)}")]
    for k, form in enumerate(expansion.shown):
        blocks.append(_value_line(board, expansion, k, form))
    if expansion.order > 0:
        blocks += [Paragraph("Divided by the factorials they are the coefficients:"), _table(board, expansion)]
    return blocks


def _letter_values(board: Board, expansion: Expansion) -> str:
    found = []
    for index, letter in expansion.letters.items():
        value = rational(expansion.place.generator(index))
        if value is not None or letter.name in board.values:
            shown = number(board, letter.name) if value is None else board.writer.formula(as_number(value))
            found.append(f"${letter.name} = {shown.latex}$")
    return f"There {', '.join(found)}, and therefore" if found else ""


def _value_line(board: Board, expansion: Expansion, k: int, form: Polynomial) -> Display:
    """f''(0) = 1/2 - 3 (1/2)^2 + 2 (1/2)^3 = 0: numbers put in, the result exact where it is rational."""
    name = f"f{k}"
    exact, value = expansion.exact[k], expansion.rational(k)
    written = expansion.ring.expression(form, _put_in(expansion))
    if isinstance(written, Number):
        return board.chain(name, written)
    named = any(isinstance(node, Name) and node.name in CONSTANTS for node in walk(written))
    numbers = board.formula(written) if named else board.numbers(written)
    members = [numbers] if max(piece.width for piece in numbers) <= _WIDEST else []
    if value is not None:
        return board.chain(name, *members, as_number(value))
    if exact is not None and len(exact) == 1 and not expansion.letters:
        members.append(board.formula(expansion.place.ring.expression(exact)))
    return board.chain(name, *members, number(board, name))


def _put_in(expansion: Expansion) -> dict[int, Expression]:
    """For each generator what stands for it when numbers are put in."""
    result: dict[int, Expression] = {}
    for index, generator in enumerate(expansion.ring.generators):
        letter = expansion.letters.get(index)
        if letter is not None:
            value = rational(expansion.place.generator(index))
            result[index] = letter if value is None else as_number(value)
            continue
        written = generator.expression
        if generator.kind == "reciprocal" and isinstance(written, Application):
            written = written.arguments[1]
        result[index] = replace(written, {Name(expansion.function.variable): expansion.point})
    return result


def _table(board: Board, expansion: Expansion) -> Table:
    """The derivatives and the coefficients: as fractions where all are."""
    count = range(expansion.order + 1)
    point = board.writer.formula(expansion.point).latex
    decimals = [inline(board, f"c{k}") for k in count]
    if all(_is_short(expansion.rational(k), factorial(k)) for k in count):
        head = ("$k$", f"$f^{{(k)}}({point})$", "$k!$", f"$f^{{(k)}}({point})/k!$", "decimal")
        exact = [(_exact(board, expansion, k, 1), _exact(board, expansion, k, factorial(k))) for k in count]
        rows = [(f"{k}", exact[k][0], _factorial(k), exact[k][1], decimals[k]) for k in count]
        return Table(head, tuple(rows), right=(0, 1, 2, 3))
    short = ("$k$", f"$f^{{(k)}}({point})$", "$k!$", f"$f^{{(k)}}({point})/k!$")
    derivatives = [_exact(board, expansion, k, 1) or inline(board, f"f{k}") for k in count]
    return Table(short, tuple((f"{k}", derivatives[k], _factorial(k), decimals[k]) for k in count), right=(0, 1, 2))


def _exact(board: Board, expansion: Expansion, k: int, divisor: int) -> str:
    """A derivative at the point over a number where that is a fraction, or nothing."""
    value = expansion.rational(k)
    return (
        "" if value is None or not _is_short(value) else f"${board.writer.formula(as_number(value / divisor)).latex}$"
    )


def _is_short(value: Fraction | None, divisor: int = 1) -> bool:
    """Whether it is a fraction that a table has room for, also over the divisor."""
    return value is not None and max(len(str(value)), len(str(value / divisor))) <= _LONGEST


def _factorial(k: int) -> str:
    return str(factorial(k)) if k <= 10 else f"{k}!"


def _polynomial(board: Board, expansion: Expansion) -> list[Block]:
    head = polynomial(expansion, variable_of(board, expansion))
    return [Paragraph("**The polynomial.**"), board.chain(head, tuple(_terms(board, expansion)))]


def _terms(board: Board, expansion: Expansion) -> list[Piece]:
    """The terms that are not zero, each with its sign."""
    terms: list[Piece] = []
    for k in range(expansion.order + 1):
        value = expansion.rational(k)
        if value == 0 or (value is None and expansion.coefficients[k] == 0):
            continue
        term = _term(board, expansion, k)
        terms.append(term if not terms else join(*added(term)))
    return terms or [Piece.of("0", "0")]


def _term(board: Board, expansion: Expansion, k: int) -> Piece:
    value = expansion.rational(k)
    power = power_of(expansion, k)
    if value is not None and _is_short(value / factorial(k)):
        value /= factorial(k)
        written = _fraction_times(value, power)
        piece = board.writer.formula(written)
        return piece.enclosed() if written is power and k == 1 and expansion.about != 0 else piece
    decimal = number(board, f"c{k}")
    if power is None:
        return decimal
    return join(decimal, Piece.of(r" \, ", " "), board.writer.write(power, Precedence.PRODUCT))


def _fraction_times(value: Fraction, power: Expression | None) -> Expression:
    """x^3 / 48 rather than 1/48 x^3."""
    if power is None:
        return as_number(value)
    size = abs(value)
    top = power if size.numerator == 1 else as_number(Fraction(size.numerator)) * power
    whole = top if size.denominator == 1 else top / size.denominator
    return whole if value > 0 else -whole


def polynomial_text(expansion: Expansion) -> str:
    """The polynomial in the reader's language, exact where the coefficients are rational."""
    terms = []
    base = expansion.function.variable
    if expansion.about != 0:
        point = str(expansion.point)
        base = f"({base} - {point})" if point.isalnum() else f"({base} - ({point}))"
    for k, coefficient in enumerate(expansion.coefficients):
        value = expansion.rational(k)
        size = value / factorial(k) if value is not None else Fraction(float(coefficient))
        if size == 0:
            continue
        power = "" if k == 0 else base if k == 1 else f"{base}^{k}"
        terms.append(("-" if size < 0 else "+", _text_term(abs(size), power, value is not None)))
    if not terms:
        return "0"
    first = ("-" if terms[0][0] == "-" else "") + terms[0][1]
    return " ".join([first, *(f"{sign} {term}" for sign, term in terms[1:])])


def _text_term(size: Fraction, power: str, exact: bool) -> str:
    if not exact:
        return f"{float(size)!r}" + (f"*{power}" if power else "")
    if not power:
        return str(size)
    top = power if size.numerator == 1 else f"{size.numerator}*{power}"
    return top if size.denominator == 1 else f"{top}/{size.denominator}"


def coefficient_text(expansion: Expansion, k: int) -> str | None:
    """f^(k)(a) / k! exactly, in the reader's language; None where there is no short form."""
    value = expansion.exact[k]
    if value is None or len(value) > MOST_TERMS:
        return None
    return str(expansion.place.ring.expression(scaled(value, Fraction(1, factorial(k)))))
