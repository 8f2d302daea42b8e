"""Activations by name: which operation of the table, with which parameters, and what to say of it."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from chalkwork.algebra.expression import Expression, apply
from chalkwork.algebra.operations import TABLE, Operation, Parameter, Unit
from chalkwork.errors import ChalkworkError, meant
from chalkwork.words import Text

_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\(\s*([^()]*)\s*\))?\s*")


KINDS: dict[str, Operation] = {name: operation for name, operation in TABLE.items() if operation.unit is not None}
"""The operations that units can have: those whose entry says what they are called as an activation."""
_ALSO = {word: name for name, operation in KINDS.items() if operation.unit for word in operation.unit.also}


class Activation(NamedTuple):
    """An activation with its parameters.

    >>> activation = Activation.of("leaky_relu(0.01)")
    >>> activation.name, activation.parameters
    ('leaky_relu', (('alpha', 0.01),))
    """

    name: str
    parameters: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, text: str) -> Activation:
        """The activation by name, with its parameters in parentheses.

        Raises ChalkworkError for an unknown one, with the nearest name.

        >>> Activation.of("sigmiod")
        Traceback (most recent call last):
            ...
        chalkwork.errors.ChalkworkError: there is no activation 'sigmiod'. Hint: did you mean sigmoid?
        """
        found = _CALL.fullmatch(text) if isinstance(text, str) and len(text) < 100 else None
        if found is None:
            raise ChalkworkError(f"an activation is a name such as relu or leaky_relu(0.01), not {str(text)[:60]!r}")
        word = found.group(1).lower().replace("-", "_")
        name = _ALSO.get(word, word)
        if name not in KINDS:
            hint = meant(name, [*KINDS, *_ALSO], f"the activations are {', '.join(KINDS)}")
            raise ChalkworkError(f"there is no activation {found.group(1)!r}", hint=hint)
        return cls(name, _parameters(name, found.group(2)))

    def expression(self, net_input: Expression, unit_axis: int) -> Expression:
        """The activation of the net input; `unit_axis` (-2 or -1) is the axis of the units."""
        if self.per_sample:
            return apply(self.name, net_input, axis=unit_axis)
        return apply(self.name, net_input, **dict(self.parameters))

    @property
    def per_sample(self) -> bool:
        """Whether an output depends on all units of the same sample, as with the softmax."""
        return not KINDS[self.name].entrywise

    @property
    def jumps(self) -> bool:
        """Whether its derivative is 0 wherever there is one: a step, of which no gradient learns."""
        return KINDS[self.name].jumps

    @property
    def unit(self) -> Unit:
        """What is said of it, and what other libraries call it."""
        found = KINDS[self.name].unit
        assert found is not None
        return found

    @property
    def words(self) -> str:
        """The activation as a person names it."""
        return self.unit.words

    @property
    def values(self) -> dict[str, Parameter]:
        """The parameters by name, those that were not given among them."""
        return {**TABLE[self.name].parameters, **dict(self.parameters)}

    @property
    def at_zero(self) -> Parameter:
        """What its derivative is at 0, where a convention decides."""
        found = self.values.get("at_zero")
        return self.values.get("alpha") if found is None else found

    @property
    def said(self) -> Text:
        """The activation as a person names it, in any language."""
        return Text.own(f"activation.{self.name}", self.words)

    def function(self, net: str, activation: str, single: bool = False) -> Text:
        """What it does, in the names of its layer and with its parameters; of a `single` number, not of each entry.

        >>> print(Activation.of("elu(0.5)").function("{z1}", "{a1}"))
        the ELU, entry by entry: ${z1}$ where ${z1} > 0$, else $0.5 (e^{{z1}} - 1)$
        """
        words = self.unit.function_words
        words = words.replace(", entry by entry", "") if single else words
        return Text.own(f"activation_function.{self.name}", words, **self._slots(net, activation))

    def slope(self, net: str, activation: str) -> Text:
        """Its derivative, in the names of its layer and with its parameters."""
        return Text.own(f"activation_slope.{self.name}", self.unit.slope_words, **self._slots(net, activation))

    def _slots(self, net: str, activation: str) -> dict[str, str]:
        values = {**self.values, "at_zero": self.at_zero}
        shown = {name: f"{value:g}" for name, value in values.items() if isinstance(value, int | float)}
        factors = {f"{name}*": "" if value == "1" else f"{value} " for name, value in shown.items()}
        return {"x": net, "y": activation, **shown, **factors}

    def __str__(self) -> str:
        inside = ", ".join(f"{value:g}" for _, value in self.parameters)
        return f"{self.name}({inside})" if inside else self.name


def _parameters(name: str, text: str | None) -> tuple[tuple[str, float], ...]:
    known = TABLE[name].parameters if TABLE[name].entrywise else {}
    values: dict[str, float] = {}
    for position, part in enumerate(filter(None, (text or "").split(","))):
        key, equals, number = part.rpartition("=")
        key = key.strip() if equals else next(iter(list(known)[position:]), "")
        if key not in known:
            takes = f"takes {', '.join(known)}" if known else "has no parameters"
            raise ChalkworkError(f"{name} {takes}, not {part.strip()!r}")
        try:
            values[key] = float(Fraction(number)) if "/" in number else float(number)
        except (ValueError, ZeroDivisionError):
            raise ChalkworkError(f"{key} of {name} is a number, not {number.strip()!r}") from None
        if not abs(values[key]) < 1e6:
            raise ChalkworkError(f"{key} of {name} is {number.strip()}, which is no sensible value")
    return tuple(values.items())
