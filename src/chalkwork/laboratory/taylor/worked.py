"""Taylor polynomials as worked solutions: derivatives in turn, their values, the polynomial, its error, a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import factorial, inf
from typing import Any, Unpack

from chalkwork.algebra.expression import Application, Expression, Name, Number, replace, walk
from chalkwork.algebra.operations import TABLE, Precedence
from chalkwork.algebra.reading import read
from chalkwork.budget import within
from chalkwork.counting import listed
from chalkwork.documents.literal import literal
from chalkwork.documents.model import Block, Code, Display, Paragraph, Table
from chalkwork.laboratory.functions.one_variable import CONSTANTS, as_number, definition, inline, measured
from chalkwork.laboratory.taylor.derivatives import Polynomial, rational, scaled
from chalkwork.laboratory.taylor.error import (
    convergence,
    derived,
    figure,
    is_one_sided,
    polynomial,
    power_of,
    remainder,
    symbols,
    variable_of,
    work_of,
)
from chalkwork.laboratory.taylor.expansion import MOST_TERMS, Expansion, expanded
from chalkwork.solutions.board import Board, maths
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.numbers import NumberFormat
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


def _beginning(board: Board, expansion: Expansion) -> Iterator[Block]:
    order, point = expansion.order, board.writer.formula(expansion.point).latex
    name, alone = variable_of(board, expansion), ", the constant term alone" if expansion.order == 0 else ""
    yield Paragraph(f"We expand the function below about $a = {point}$ to order {order}{alone}:")
    yield _function(board, expansion, name)
    if expansion.smooth.tree != expansion.function.tree and is_one_sided(expansion):
        low, high = (min(expansion.interval[0], expansion.about), max(expansion.interval[1], expansion.about))
        yield Paragraph(f"The second form holds from {inline(board, low)} to {inline(board, high)}.")
    general = maths(
        rf"\sum_{{k=0}}^{{{order}}} \frac{{f^{{(k)}}(a)}}{{k!}} ({name.latex} - a)^k",
        f"∑ₖ f⁽ᵏ⁾(a)/k! ({name.box} − a)ᵏ,   k = 0, …, {order}",
    )
    yield Paragraph("The polynomial sought is")
    yield board.chain(polynomial(expansion, name), general)


def _function(board: Board, expansion: Expansion, name: Piece) -> Display | Code:
    """The function; an activation also in simpler functions, another one without its kinks."""
    forms: list[Expression] = []
    activation = expansion.function.activation
    if activation is not None and not is_one_sided(expansion) and TABLE[activation.name].definition:
        forms.append(read(TABLE[activation.name].definition, {"x": Name(expansion.function.variable)}))
    elif expansion.smooth.tree != expansion.function.tree:
        forms.append(expansion.smooth.tree)
    return definition(board, derived(0, name), expansion.function, *forms)


def _derivatives(board: Board, expansion: Expansion) -> Iterator[Block]:
    shown, name = expansion.shown, variable_of(board, expansion)
    if len(shown) < 2:
        if expansion.order > 0 and shown:
            yield Paragraph("**Derivatives.** They are too long to be written out; their values follow below.")
        return
    if expansion.letters:
        yield _rule_words(board, expansion)
        for index in expansion.letters:
            yield _rule(board, expansion, index)
        yield Paragraph("Differentiating term by term with this rule gives, one after the other,")
    else:
        yield Paragraph("**Derivatives.** One after the other,")
    for k, form in enumerate(shown[1:], 1):
        yield board.chain(derived(k, name), expansion.ring.expression(form, expansion.letters))
    if len(shown) <= expansion.order:
        yield Paragraph("The further ones come about in the same way; only their values are given.")


def _rule_words(board: Board, expansion: Expansion) -> Paragraph:
    """What the letters stand for."""
    generators = expansion.ring.generators
    meanings = [
        (letter.name, board.writer.formula(generators[index].expression)) for index, letter in expansion.letters.items()
    ]
    rest = "Its derivative is a polynomial" if len(meanings) == 1 else "Their derivatives are polynomials"
    latex = listed(f"${letter} = {piece.latex}$" for letter, piece in meanings)
    text = listed(f"{letter} = {' '.join(piece.box.lines)}" for letter, piece in meanings)
    frame = "{} We write {}. {} again:"
    return Paragraph(frame.format("**Derivatives.**", latex, rest), frame.format("Derivatives.", text, rest))


def _rule(board: Board, expansion: Expansion, index: int) -> Display:
    ring = expansion.ring
    letter = expansion.letters[index]
    head = join(board.writer.formula(letter), Piece.of("'", "′"))
    forms = [ring.expression(ring.slope(index), expansion.letters)]
    if ring.generators[index].kind == "sigmoid" and len(ring.slope(index)) == 2:
        forms.insert(0, letter * (1 - letter))
    return board.chain(head, *forms)


def _values(board: Board, expansion: Expansion) -> Iterator[Block]:
    where = f"${variable_of(board, expansion).latex} = {board.writer.formula(expansion.point).latex}$"
    found = []
    for index, letter in expansion.letters.items():
        value = rational(expansion.place.generator(index))
        if value is not None or letter.name in board.values:
            shown = measured(board, letter.name) if value is None else board.writer.formula(as_number(value))
            found.append(f"${letter.name} = {shown.latex}$")
    yield Paragraph(f"**Values at** {where}**.** " + (f"There {', '.join(found)}, and therefore" if found else ""))
    for k, form in enumerate(expansion.shown):
        yield _value_line(board, expansion, k, form)
    if expansion.order > 0:
        yield Paragraph("Divided by the factorials they are the coefficients:")
        yield _table(board, expansion)


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
    return board.chain(name, *members, measured(board, name))


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
    head: tuple[str, ...] = ("$k$", f"$f^{{(k)}}({point})$", "$k!$", f"$f^{{(k)}}({point})/k!$")
    derivatives = [_exact(board, expansion, k, 1) or inline(board, f"f{k}") for k in count]
    factorials = [str(factorial(k)) if k <= 10 else f"{k}!" for k in count]
    columns = [[str(k) for k in count], derivatives, factorials, [inline(board, f"c{k}") for k in count]]
    fractions = all(_is_short(expansion.rational(k), factorial(k)) for k in count)
    if fractions:
        head = (*head, "decimal")
        columns.insert(3, [_exact(board, expansion, k, factorial(k)) for k in count])
    return Table(head, tuple(zip(*columns, strict=True)), right=(0, 1, 2, 3) if fractions else (0, 1, 2))


def _exact(board: Board, expansion: Expansion, k: int, divisor: int) -> str:
    """A derivative at the point over a number where that is a fraction, or nothing."""
    value = expansion.rational(k)
    short = value is not None and _is_short(value)
    return f"${board.writer.formula(as_number(value / divisor)).latex}$" if value is not None and short else ""


def _is_short(value: Fraction | None, divisor: int = 1) -> bool:
    """Whether it is a fraction that a table has room for, also over the divisor."""
    return value is not None and max(len(str(value)), len(str(value / divisor))) <= _LONGEST


# --- the polynomial --------------------------------------------------------------------------------------------------


def _polynomial(board: Board, expansion: Expansion) -> Iterator[Block]:
    yield Paragraph("**The polynomial.**")
    terms: list[Piece] = []
    for k, value in _coefficients(expansion):
        power = power_of(expansion, k)
        if isinstance(value, Fraction) and _is_short(value):
            piece = board.writer.formula(_times(value, power))
            term = piece.enclosed() if value == 1 and _is_sum(power) else piece
        else:
            term = measured(board, f"c{k}")
            if power is not None:
                term = join(term, Piece.of(r" \, ", " "), board.writer.write(power, Precedence.PRODUCT))
        terms.append(join(*added(term)) if terms else term)
    yield board.chain(polynomial(expansion, variable_of(board, expansion)), tuple(terms or [Piece.of("0", "0")]))


def _coefficients(expansion: Expansion) -> Iterator[tuple[int, Fraction | float]]:
    """The orders of the terms that are not 0, with their coefficients, as fractions where they are rational."""
    for k, size in enumerate(expansion.coefficients.tolist()):
        exact = expansion.rational(k)
        value = size if exact is None else exact / factorial(k)
        if value != 0:
            yield k, value


def _is_sum(power: Expression | None) -> bool:
    """Whether it is x - a itself, which is enclosed among other terms."""
    return isinstance(power, Application) and power.operation.name in ("add", "subtract")


def _times(value: Fraction | float, power: Expression | None) -> Expression:
    """x^3 / 48 rather than 1/48 x^3."""
    if isinstance(value, float):
        return Number(value) if power is None else Number(value) * power
    if power is None:
        return as_number(value)
    size = abs(value)
    top = power if size.numerator == 1 else Number(size.numerator) * power
    whole = top if size.denominator == 1 else top / size.denominator
    return whole if value > 0 else -whole


def polynomial_text(expansion: Expansion) -> str:
    """The polynomial in the reader's language, exact where the coefficients are rational."""
    text = ""
    for k, value in _coefficients(expansion):
        power = power_of(expansion, k)
        term = str(_times(-value if value < 0 else value, power)).replace(" * ", "*").replace(" / ", "/")
        term = f"({term})" if isinstance(value, Fraction) and abs(value) == 1 and _is_sum(power) else term
        sign = "-" if value < 0 else "+"
        text += f" {sign} {term}" if text else term if value > 0 else f"-{term}"
    return text or "0"


def coefficient_text(expansion: Expansion, k: int) -> str | None:
    """f^(k)(a) / k! exactly, in the reader's language; None where there is no short form."""
    value = expansion.exact[k]
    if value is None or len(value) > MOST_TERMS:
        return None
    return str(expansion.place.ring.expression(scaled(value, Fraction(1, factorial(k)))))


MOST_SECONDS = 20.0


def taylor(
    function: str,
    order: int = 3,
    about: Any = 0,
    interval: Sequence[Any] | None = None,
    **look: Unpack[Look],
) -> Solution:
    """The Taylor polynomial of a function about a point, worked out, with its error over an interval.

    `function` is an activation by name (`sigmoid`, `elu(0.5)`) or a text in one variable (`sin(x)*exp(-x)`; `pi` and
    `e` are known), `order` from 0 to 30, `about` a number or a text such as `1/2` or `pi/2`, `interval` two numbers;
    without it two to either side of the point, or less where the function is not smooth so far.

    The solution holds the derivatives at the point `f0`, `f1`, ..., the coefficients `c0`, `c1`, ... and `bound`
    (Lagrange's remainder on the interval, by interval arithmetic, so rigorous; of `remainder_order`), besides
    `coefficients` and `derivatives` (orders 0 to n, shape (order + 1,)), `exact` (the coefficients as texts, None where
    there is no short form), `polynomial` (a text that can be read again), `radius` (of convergence; None where not
    known), `error` (the largest at 4001 points) and `error_at`.

    Digits are significant ones where nobody asks for decimals. Raises ChalkworkError where the function has a kink or
    no derivative there or on the interval, and for bad input.
    Apostol, Calculus I (2nd edition 1967), sections 7.5 to 7.7; Moore, Kearfott and Cloud (2009), chapter 9.

    >>> answer = taylor("sigmoid", order=5, about=0, interval=(-2, 2))
    >>> answer["polynomial"], answer["exact"]
    ('1/2 + x/4 - x^3/48 + x^5/480', ['1/2', '1/4', '0', '-1/48', '0', '1/480'])
    >>> bool(answer["error"] < answer["bound"] < 0.03), answer.check({"c3": "1/48"})["c3"].verdict
    (True, 'wrong')
    """
    style = Style.chosen(**look)
    if not style.stated and style.numbers.significant is None:
        style = style._replace(numbers=NumberFormat(None, max(style.numbers.decimals or 0, 3)))
    with within(MOST_SECONDS):
        expansion = expanded(function, order, about, interval)
        work = work_of(expansion)
        work.facts |= _facts(expansion)
    work.letters |= symbols(expansion, style.notation)
    title = f"Taylor expansion of {literal(expansion.function.text, 60)} to order {order}"
    return work.solution(style, title=title, script=lambda board: script(board, expansion))


def _facts(expansion: Expansion) -> dict[str, Any]:
    radius, rest = expansion.radius, expansion.remainder
    return {
        "function": expansion.function.text,
        "order": expansion.order,
        "about": expansion.about,
        "coefficients": expansion.coefficients,
        "derivatives": expansion.values,
        "exact": [coefficient_text(expansion, k) for k in range(expansion.order + 1)],
        "polynomial": polynomial_text(expansion),
        "radius": None if radius is None else radius.value,
        "interval": list(expansion.interval),
        "remainder_order": rest.order,
        "error": rest.error,
        "error_at": rest.error_at,
    } | ({} if rest.is_bounded else {"bound": inf})
