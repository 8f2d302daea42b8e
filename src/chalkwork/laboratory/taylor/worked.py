"""Taylor polynomials as worked solutions."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, Unpack

from chalkwork.budget import within
from chalkwork.documents.literal import literal
from chalkwork.laboratory.taylor.equations import symbols, work_of
from chalkwork.laboratory.taylor.expansion import Expansion, expanded
from chalkwork.laboratory.taylor.text import coefficient_text, polynomial_text, script
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.numbers import NumberFormat

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
