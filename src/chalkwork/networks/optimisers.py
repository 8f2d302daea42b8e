"""Update rules, as equations in the language of the reader: one table, an entry each.

In a rule `p` is the parameter, `g` its gradient, `eta` the learning rate and `t` the number of the step, counted from
1; every other name is a state (`v`, kept from step to step, zero before the first), a result of an earlier line of the
rule, or a constant of the optimiser. `p_new` and `v_new` are what p and v become.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression
from chalkwork.algebra.reading import read
from chalkwork.errors import ChalkworkError


@dataclass(frozen=True, slots=True)
class Rule:
    """An update rule: its lines in order, its states, its constants with their usual values, and where it is from."""

    lines: tuple[tuple[str, str], ...]
    states: tuple[str, ...] = ()
    constants: tuple[tuple[str, float], ...] = ()
    words: str = ""
    """The sentence with it, `<p>` and the like being the names of its lines."""
    source: str = ""
    grows: bool = True
    """Whether the step is the longer the larger the gradient is."""


RULES: dict[str, Rule] = {
    "gradient_descent": Rule(
        (("p_new", "p - eta * g"),),
        words="Gradient descent: every parameter moves against its gradient, by {eta} times its size.",
        source="Goodfellow, Bengio and Courville, Deep Learning, equation 4.5",
    ),
    "momentum": Rule(
        (("v_new", "mu * v + g"), ("p_new", "p - eta * v_new")),
        states=("v",),
        constants=(("mu", 0.9),),
        words="Momentum for <p>: the velocity <v> keeps the part {mu} of itself and takes on the gradient.",
        source="Polyak, Some methods of speeding up the convergence of iteration methods (1964); the form of PyTorch, "
        "where the learning rate multiplies the velocity",
    ),
    "nesterov": Rule(
        (("v_new", "mu * v + g"), ("p_new", "p - eta * (g + mu * v_new)")),
        states=("v",),
        constants=(("mu", 0.9),),
        words="Nesterov's momentum for <p>: the gradient, and what the velocity <v> will do next.",
        source="Sutskever et al., On the importance of initialization and momentum in deep learning (ICML 2013), in "
        "the form of Bengio, Boulanger-Lewandowski and Pascanu (2012)",
    ),
    "rmsprop": Rule(
        (("v_new", "rho * v + (1 - rho) * g^2"), ("p_new", "p - eta * g / (sqrt(v_new) + epsilon)")),
        states=("v",),
        constants=(("rho", 0.9), ("epsilon", 1e-8)),
        words="RMSProp for <p>: the gradient is divided, entry by entry, by the root of its mean square <v>.",
        source="Tieleman and Hinton, Lecture 6.5 of Neural Networks for Machine Learning (2012)",
        grows=False,
    ),
    "adam": Rule(
        (
            ("m_new", "rho1 * m + (1 - rho1) * g"),
            ("v_new", "rho2 * v + (1 - rho2) * g^2"),
            ("mhat", "m_new / (1 - rho1^t)"),
            ("vhat", "v_new / (1 - rho2^t)"),
            ("p_new", "p - eta * mhat / (sqrt(vhat) + epsilon)"),
        ),
        states=("m", "v"),
        constants=(("rho1", 0.9), ("rho2", 0.999), ("epsilon", 1e-8)),
        words="Adam for <p>: running means of the gradient, <m>, and of its square, <v>; both start at zero, which "
        "<mhat> and <vhat> make up for; then the one is divided, entry by entry, by the root of the other.",
        source="Kingma and Ba, Adam: a method for stochastic optimization (ICLR 2015), algorithm 1, whose beta1 and "
        "beta2 are rho1 and rho2 here, as in Goodfellow, Bengio and Courville, algorithm 8.7",
        grows=False,
    ),
    "adamw": Rule(
        (
            ("m_new", "rho1 * m + (1 - rho1) * g"),
            ("v_new", "rho2 * v + (1 - rho2) * g^2"),
            ("mhat", "m_new / (1 - rho1^t)"),
            ("vhat", "v_new / (1 - rho2^t)"),
            ("p_new", "p - eta * (mhat / (sqrt(vhat) + epsilon) + decay * p)"),
        ),
        states=("m", "v"),
        constants=(("rho1", 0.9), ("rho2", 0.999), ("epsilon", 1e-8), ("decay", 0.01)),
        words="AdamW for <p>: running means of the gradient, <m>, and of its square, <v>, corrected for their start at "
        "zero as <mhat> and <vhat>; besides, the parameter shrinks by {eta} {decay} of itself.",
        source="Loshchilov and Hutter, Decoupled weight decay regularization (ICLR 2019), algorithm 2 with the "
        "schedule in the learning rate",
        grows=False,
    ),
}
_ALSO = {"sgd": "gradient_descent", "gd": "gradient_descent"}
_CONSTANTS_ALSO = {"beta1": "rho1", "beta2": "rho2", "momentum": "mu", "weight_decay": "decay"}
_BELOW_ONE = frozenset(("mu", "rho", "rho1", "rho2"))


@dataclass(frozen=True, slots=True)
class Optimiser:
    """A rule by name with its constants.

    >>> Optimiser.of({"name": "adam", "beta1": 0.8}).constants
    (('rho1', 0.8), ('rho2', 0.999), ('epsilon', 1e-08))
    """

    name: str = "gradient_descent"
    constants: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, description: str | Optimiser | Mapping[str, Any]) -> Optimiser:
        """The optimiser by name, or by a mapping with `name` and constants.

        Raises ChalkworkError for an unknown name or constant, or one out of its range.

        >>> Optimiser.of("adma")
        Traceback (most recent call last):
            ...
        chalkwork.errors.ChalkworkError: there is no optimiser 'adma'. Hint: did you mean adam?.
        """
        if isinstance(description, Optimiser):
            return description
        if not isinstance(description, str | Mapping):
            raise ChalkworkError(f"an optimiser is a name or a mapping, not {description!r:.60}")
        given = {"name": description} if isinstance(description, str) else dict(description)
        word = str(given.pop("name", "")).lower().replace("-", "_")
        name = _ALSO.get(word, word)
        if name not in RULES:
            near = get_close_matches(name, [*RULES, *_ALSO], 1)
            hint = f"did you mean {near[0]}?" if near else f"the optimisers are {', '.join(RULES)}"
            raise ChalkworkError(f"there is no optimiser {word!r}", hint=hint)
        known = dict(RULES[name].constants)
        for key, value in given.items():
            constant = _CONSTANTS_ALSO.get(str(key), str(key))
            if constant not in known:
                takes = f"takes {', '.join(known)}" if known else "has no constants"
                raise ChalkworkError(f"{name} {takes}, not {key}")
            known[constant] = _checked(str(key), constant, value)
        return cls(name, tuple(known.items()))

    @property
    def rule(self) -> Rule:
        """The rule of that name."""
        return RULES[self.name]


def _checked(key: str, constant: str, value: Any) -> float:
    known = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    number = float(value) if known else -1.0
    most = 1.0 if constant in _BELOW_ONE else 1e6
    if not 0 <= number < most:
        wanted = "from 0 to below 1" if constant in _BELOW_ONE else "not below 0"
        raise ChalkworkError(f"{key} of an optimiser is a number {wanted}, not {value!r}")
    return number


def line_expression(text: str, names: Mapping[str, Expression]) -> Expression:
    """One line of a rule, with its names bound to what they stand for.

    >>> from chalkwork.algebra.expression import Name
    >>> names = {"p": Name("W1", (2, 2)), "g": Name("dW1", (2, 2)), "eta": Name("eta")}
    >>> print(line_expression(RULES["gradient_descent"].lines[0][1], names))
    W1 - eta * dW1
    """
    return read(text, names)
