"""Taylor polynomials in a sheet: a function, an order, a point, and the interval on which the error is wanted."""

from __future__ import annotations

from chalkwork.laboratory.functions.one_variable import Function
from chalkwork.laboratory.taylor import HIGHEST_ORDER, taylor
from chalkwork.sheets import values
from chalkwork.sheets.locate import Node
from chalkwork.sheets.parts import calling
from chalkwork.sheets.posed import Key, Keys, usual_of

_ENDS = "the two ends, such as [-2, 2]"


def interval(node: Node, where: str) -> tuple[str, ...]:
    """The two ends, as they are typed: numbers or texts such as 2*pi."""
    ends = values.listing(values.text, _ENDS, 2)(node, where)
    if len(ends) != 2:
        raise values.fail(node, where, _ENDS, f"{len(ends)} entry")
    return ends


_KEYS: Keys = {
    "function": Key(values.text, "${}$"),
    "order": Key(values.integer(0, HIGHEST_ORDER), "to order ${}$"),
    "about": Key(values.text, "about ${}$"),
    "interval": Key(interval, "on ${}$"),
}
PART = calling(
    taylor,
    _KEYS,
    needed=("function",),
    usual=lambda fields: usual_of(taylor, ("order", "about")),
    checked={"function": Function.of},
    vary={"interval": "interval"},
)
