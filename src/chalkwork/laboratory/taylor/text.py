"""How a Taylor expansion is written: derivatives in turn, their values, the polynomial, its error, a picture."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

from chalkwork.algebra.expression import Application, Expression, Name, Number, replace, walk
from chalkwork.algebra.operations import TABLE, Precedence
from chalkwork.algebra.reading import read
from chalkwork.documents.model import Block, Display, Paragraph, Table
from chalkwork.laboratory.functions.lines import display_or_text, equation
from chalkwork.laboratory.functions.one_variable import CONSTANTS, as_number
from chalkwork.laboratory.taylor.derivatives import Polynomial, rational, scaled
from chalkwork.laboratory.taylor.error import convergence, figure, remainder
from chalkwork.laboratory.taylor.expansion import Expansion
from chalkwork.laboratory.taylor.page import MOST_TERMS, Page, derived, is_one_sided, power_of, shown_forms
from chalkwork.laboratory.worked import Manner
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.pieces import Piece, added, join

_WIDEST = 60
_LONGEST = 18
"""Characters of a fraction that is written as one."""


def blocks_of(expansion: Expansion, manner: Manner) -> tuple[Block, ...]:
    """The whole answer."""
    page = Page(expansion, manner)
    return (
        *_beginning(page),
        *_derivatives(page),
        *_values(page),
        *_polynomial(page),
        *convergence(page),
        *remainder(page),
        figure(page),
    )


def _beginning(page: Page) -> list[Block]:
    expansion = page.expansion
    order, point = expansion.order, page.point.latex
    form = rf"T_{{{order}}}({page.name.latex}) = \sum_{{k=0}}^{{{order}}} \frac{{f^{{(k)}}(a)}}{{k!}} "
    text = f"T{subscript(str(order))}({page.name.box}) = ∑ₖ f⁽ᵏ⁾(a)/k! ({page.name.box} − a)ᵏ,   k = 0, …, {order}"
    sentence = f"We expand the function below about $a = {point}$ to order {order}:"
    if order == 0:
        sentence = f"We expand the function below about $a = {point}$ to order 0, the constant term alone:"
    parts: list[list[Piece]] = []
    definition = _definition(page)
    if definition is not None:
        parts.append(definition)
    elif expansion.smooth.tree != expansion.function.tree:
        parts.append(page.formula(expansion.smooth.tree))
    blocks: list[Block] = [
        Paragraph(sentence),
        display_or_text(derived(0, page.name), page.writer, expansion.function, *parts),
    ]
    if definition is None and parts and is_one_sided(expansion):
        low, high = (min(expansion.interval[0], expansion.about), max(expansion.interval[1], expansion.about))
        blocks.append(Paragraph(f"The second form holds from {page.maths(low)} to {page.maths(high)}."))
    return [*blocks, Paragraph("The polynomial sought is"), Display(form + rf"({page.name.latex} - a)^k", text)]


def _definition(page: Page) -> list[Piece] | None:
    """An activation in simpler functions, where it has no branches."""
    activation = page.expansion.function.activation
    if activation is None or is_one_sided(page.expansion) or not TABLE[activation.name].definition:
        return None
    return page.formula(read(TABLE[activation.name].definition, {"x": page.variable}))


def _derivatives(page: Page) -> list[Block]:
    expansion, shown = page.expansion, shown_forms(page.expansion)
    if len(shown) < 2:
        if expansion.order == 0 or not shown:
            return []
        return [Paragraph("**Derivatives.** They are too long to be written out; their values follow below.")]
    blocks: list[Block] = [_rule_words(page)]
    blocks += [_rule(page, index) for index in page.letters]
    if page.letters:
        blocks.append(Paragraph("Differentiating term by term with this rule gives, one after the other,"))
    for k, form in enumerate(shown[1:], 1):
        blocks.append(equation(derived(k, page.name), page.formula(expansion.ring.expression(form, page.letters))))
    if len(shown) <= expansion.order:
        blocks.append(Paragraph("The further ones come about in the same way; only their values are given."))
    return blocks


def _rule_words(page: Page) -> Paragraph:
    """What the letters stand for."""
    if not page.letters:
        return Paragraph("**Derivatives.** One after the other,")
    ring = page.expansion.ring
    meanings = [(letter.name, page.writer.formula(ring.generators[i].expression)) for i, letter in page.letters.items()]
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


def _rule(page: Page, index: int) -> Display:
    ring = page.expansion.ring
    letter = page.letters[index]
    head = join(page.writer.formula(letter), Piece.of("'", "′"))
    parts = [page.formula(ring.expression(ring.slope(index), page.letters))]
    if ring.generators[index].kind == "sigmoid" and len(ring.slope(index)) == 2:
        parts.insert(0, page.formula(letter * (1 - letter)))
    return equation(head, *parts)


def _values(page: Page) -> list[Block]:
    expansion = page.expansion
    where = f"${page.name.latex} = {page.point.latex}$"
    blocks: list[Block] = [Paragraph(f"**Values at** {where}**.** {_letter_values(page)}")]
    for k, form in enumerate(shown_forms(expansion)):
        blocks.append(_value_line(page, k, form))
    if expansion.order > 0:
        blocks += [Paragraph("Divided by the factorials they are the coefficients:"), _table(page)]
    return blocks


def _letter_values(page: Page) -> str:
    expansion = page.expansion
    found = []
    for index, letter in page.letters.items():
        value = rational(expansion.place.generator(index))
        shown = (
            page.writer.formula(as_number(value)) if value is not None else page.number(
                float(page.writer.values[letter.name].item())
            )
        )  # fmt: skip
        found.append(f"${letter.name} = {shown.latex}$")
    return f"There {', '.join(found)}, and therefore" if found else ""


def _value_line(page: Page, k: int, form: Polynomial) -> Display:
    """f''(0) = 1/2 - 3 (1/2)^2 + 2 (1/2)^3 = 0: numbers put in, the result exact where it is rational."""
    expansion = page.expansion
    head = derived(k, page.point)
    exact, value = expansion.exact[k], expansion.rational(k)
    written = expansion.ring.expression(form, _put_in(page))
    if isinstance(written, Number):
        return equation(head, page.formula(written))
    named = any(isinstance(node, Name) and node.name in CONSTANTS for node in walk(written))
    numbers = page.writer.segments(written, with_numbers=not named)
    parts = [numbers] if max(piece.width for piece in numbers) <= _WIDEST else []
    if value is not None:
        return equation(head, *parts, page.formula(as_number(value)))
    if exact is not None and len(exact) == 1 and not page.letters:
        parts.append(page.formula(expansion.place.ring.expression(exact)))
    return equation(head, *parts, [page.number(float(expansion.coefficients[k]) * factorial(k))])


def _put_in(page: Page) -> dict[int, Expression]:
    """For each generator what stands for it when numbers are put in."""
    expansion = page.expansion
    result: dict[int, Expression] = {}
    for index, generator in enumerate(expansion.ring.generators):
        letter = page.letters.get(index)
        if letter is not None:
            value = rational(expansion.place.generator(index))
            result[index] = letter if value is None else as_number(value)
            continue
        written = generator.expression
        if generator.kind == "reciprocal" and isinstance(written, Application):
            written = written.arguments[1]
        result[index] = replace(written, {page.variable: expansion.point})
    return result


def _table(page: Page) -> Table:
    """The derivatives and the coefficients: as fractions where all are."""
    expansion = page.expansion
    count = range(expansion.order + 1)
    point = page.point.latex
    decimals = [page.maths(float(value)) for value in expansion.coefficients]
    if all(_is_short(expansion.rational(k), factorial(k)) for k in count):
        head = ("$k$", f"$f^{{(k)}}({point})$", "$k!$", f"$f^{{(k)}}({point})/k!$", "decimal")
        rows = [(f"{k}", _exact(page, k, 1), _factorial(k), _exact(page, k, factorial(k)), decimals[k]) for k in count]
        return Table(head, tuple(rows), right=(0, 1, 2, 3))
    short = ("$k$", f"$f^{{(k)}}({point})$", "$k!$", f"$f^{{(k)}}({point})/k!$")
    derivatives = [_exact(page, k, 1) or page.maths(float(expansion.coefficients[k]) * factorial(k)) for k in count]
    return Table(short, tuple((f"{k}", derivatives[k], _factorial(k), decimals[k]) for k in count), right=(0, 1, 2))


def _exact(page: Page, k: int, divisor: int) -> str:
    """A derivative at the point over a number where that is a fraction, or nothing."""
    value = page.expansion.rational(k)
    return "" if value is None or not _is_short(value) else page.inline(as_number(value / divisor))


def _is_short(value: Fraction | None, divisor: int = 1) -> bool:
    """Whether it is a fraction that a table has room for, also over the divisor."""
    return value is not None and max(len(str(value)), len(str(value / divisor))) <= _LONGEST


def _factorial(k: int) -> str:
    return str(factorial(k)) if k <= 10 else f"{k}!"


def _polynomial(page: Page) -> list[Block]:
    expansion = page.expansion
    head = join(Piece.of(f"T_{{{expansion.order}}}", f"T{subscript(str(expansion.order))}"), page.name.enclosed())
    return [Paragraph("**The polynomial.**"), equation(head, _terms(page))]


def _terms(page: Page) -> list[Piece]:
    """The terms that are not zero, each with its sign."""
    expansion = page.expansion
    terms: list[Piece] = []
    for k in range(expansion.order + 1):
        value = expansion.rational(k)
        if value == 0 or (value is None and expansion.coefficients[k] == 0):
            continue
        term = _term(page, k)
        terms.append(term if not terms else join(*added(term)))
    return terms or [Piece.of("0", "0")]


def _term(page: Page, k: int) -> Piece:
    value = page.expansion.rational(k)
    power = power_of(page, k)
    if value is not None and _is_short(value / factorial(k)):
        value /= factorial(k)
        written = _fraction_times(value, power)
        piece = page.writer.formula(written)
        return piece.enclosed() if written is power and k == 1 and page.expansion.about != 0 else piece
    number = page.number(float(page.expansion.coefficients[k]))
    if power is None:
        return number
    return join(number, Piece.of(r" \, ", " "), page.writer.write(power, Precedence.PRODUCT))


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
    for k, number in enumerate(expansion.coefficients):
        value = expansion.rational(k)
        size = value / factorial(k) if value is not None else Fraction(float(number))
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
