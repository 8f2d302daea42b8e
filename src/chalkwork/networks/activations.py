"""Activations by name: which operation of the table, with which parameters, and what to say of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from chalkwork.algebra.expression import Expression, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.errors import ChalkworkError

_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\(\s*([^()]*)\s*\))?\s*")


@dataclass(frozen=True, slots=True)
class Kind:
    """One activation: its words, its derivative in words, and how it treats a vector."""

    words: str
    derivative: str = ""
    per_sample: bool = False
    """Whether an output depends on all units of the same sample, as with the softmax."""
    bounds: tuple[float, float] | None = None
    """Between which two numbers every output lies."""


KINDS: dict[str, Kind] = {
    "identity": Kind("identity", "1"),
    "sigmoid": Kind("sigmoid", "a(1 − a)", bounds=(0.0, 1.0)),
    "tanh": Kind("tanh", "1 − a²", bounds=(-1.0, 1.0)),
    "relu": Kind("ReLU", "1 for z > 0, else 0"),
    "leaky_relu": Kind("leaky ReLU"),
    "elu": Kind("ELU"),
    "softplus": Kind("softplus", "σ(z)"),
    "silu": Kind("SiLU"),
    "gelu": Kind("GELU"),
    "softsign": Kind("softsign", "1/(1 + |z|)²", bounds=(-1.0, 1.0)),
    "softmax": Kind("softmax", per_sample=True, bounds=(0.0, 1.0)),
    "log_softmax": Kind("log-softmax", per_sample=True),
}
_ALSO = {"linear": "identity", "logistic": "sigmoid", "none": "identity", "swish": "silu", "lrelu": "leaky_relu"}


@dataclass(frozen=True, slots=True)
class Activation:
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
        chalkwork.errors.ChalkworkError: there is no activation 'sigmiod'. Hint: did you mean sigmoid?.
        """
        found = _CALL.fullmatch(text) if isinstance(text, str) and len(text) < 100 else None
        if found is None:
            raise ChalkworkError(f"an activation is a name such as relu or leaky_relu(0.01), not {str(text)[:60]!r}")
        word = found.group(1).lower().replace("-", "_")
        name = _ALSO.get(word, word)
        if name not in KINDS:
            near = get_close_matches(name, [*KINDS, *_ALSO], 1)
            hint = f"did you mean {near[0]}?" if near else f"the activations are {', '.join(KINDS)}"
            raise ChalkworkError(f"there is no activation {found.group(1)!r}", hint=hint)
        return cls(name, _parameters(name, found.group(2)))

    def expression(self, net_input: Expression, unit_axis: int) -> Expression:
        """The activation of the net input; `unit_axis` (-2 or -1) is the axis of the units."""
        if KINDS[self.name].per_sample:
            return apply(self.name, net_input, axis=unit_axis)
        return apply(self.name, net_input, **dict(self.parameters))

    @property
    def words(self) -> str:
        """The activation as a person names it."""
        return KINDS[self.name].words

    def __str__(self) -> str:
        inside = ", ".join(f"{value:g}" for _, value in self.parameters)
        return f"{self.name}({inside})" if inside else self.name


def _parameters(name: str, text: str | None) -> tuple[tuple[str, float], ...]:
    known = {} if KINDS[name].per_sample else TABLE[name].parameters
    values: dict[str, float] = {}
    for position, part in enumerate(filter(None, (text or "").split(","))):
        key, equals, number = part.rpartition("=")
        key = key.strip() if equals else next(iter(list(known)[position:]), "")
        if key not in known:
            takes = f"takes {', '.join(known)}" if known else "has no parameters"
            raise ChalkworkError(f"{name} {takes}, not {part.strip()!r}")
        try:
            values[key] = float(number)
        except ValueError:
            raise ChalkworkError(f"{key} of {name} is a number, not {number.strip()!r}") from None
        if not abs(values[key]) < 1e6:
            raise ChalkworkError(f"{key} of {name} is {number.strip()}, which is no sensible value")
    return tuple(values.items())
