"""Taylor polynomials in a sheet: a function, an order, a point, and the interval on which the error is wanted."""

from __future__ import annotations

from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.functions.one_variable import Function
from chalkwork.laboratory.taylor import HIGHEST_ORDER
from chalkwork.laboratory.taylor import work as worked_out
from chalkwork.sheets import values
from chalkwork.sheets.locate import Node
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import posed
from chalkwork.sheets.values import Fields
from chalkwork.solutions.solution import Solution

_ENDS = "the two ends, such as [-2, 2]"


def interval(node: Node, where: str) -> tuple[str, ...]:
    """The two ends, as they are typed: numbers or texts such as 2*pi."""
    ends = values.listing(values.text, _ENDS, 2)(node, where)
    if len(ends) != 2:
        raise values.fail(node, where, _ENDS, f"{len(ends)} entry")
    return ends


def _read(fields: Fields) -> Work:
    function = fields.need("function", values.text)
    order = fields.read("order", values.integer(0, HIGHEST_ORDER), 3)
    about = fields.read("about", values.text, "0")
    ends = fields.read("interval", interval, None)

    def work(surroundings: Surroundings) -> Solution:
        try:
            Function.of(function)
        except ChalkworkError as error:
            raise error.at(line=fields.line("function")) from None
        return worked_out(function, order, about, ends, surroundings.manner)

    return work


_SAID = {
    "function": "${}$",
    "order": "to order ${}$",
    "about": "about ${}$",
    "interval": "on ${}$",
}
PART = Part(
    ("function", "order", "about", "interval"),
    _read,
    lambda fields: posed(fields, _SAID, {"order": "3", "about": "0"}),
    vary={"interval": "interval"},
)
