"""Update rules, as equations in the language of the reader: one table, an entry each.

In a rule `p` is the parameter, `g` its gradient, `eta` the learning rate and `t` the number of the step, counted from
1; every other name is a state (`v`, kept from step to step, zero before the first), a result of an earlier line of the
rule, or a constant of the optimiser. `p_new` and `v_new` are what p and v become. A rule that books write in several
forms has the lines of each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from chalkwork.algebra.expression import Expression, Name
from chalkwork.algebra.reading import read
from chalkwork.errors import ChalkworkError, meant
from chalkwork.words import Text

Lines = tuple[tuple[str, str], ...]
INSIDE = "epsilon_inside"
"""The form of a rule that has its epsilon below the root."""
_ROOT = re.compile(r"\(sqrt\((\w+)\) \+ epsilon\)")


class Rule(NamedTuple):
    """An update rule: its lines in order, its states, its constants with their usual values, and where it is from."""

    title: str
    """What it is called within a sentence."""
    mark: tuple[str, str]
    """What tells its steps from those of other rules, in LaTeX and in a terminal."""
    lines: Lines
    states: tuple[str, ...] = ()
    constants: tuple[tuple[str, float], ...] = ()
    words: str = ""
    """The sentence with it, `<p>` and the like being the names of its lines."""
    source: str = ""
    grows: bool = True
    """Whether the step is the longer the larger the gradient is."""
    forms: Mapping[str, Lines] = {}
    """Its lines in other forms, by their names."""
    ahead: str = ""
    """The form that takes its gradient elsewhere than at p: which needs a function, and not its gradient alone."""


AHEAD = "p + mu * v"
"""Where that gradient is taken."""
RULES: dict[str, Rule] = {
    "gradient_descent": Rule(
        "gradient descent",
        (r"\mathrm{GD}", "ᴳᴰ"),
        (("p_new", "p - eta * g"),),
        words="Gradient descent: every parameter moves against its gradient, by {eta} times its size.",
        source="Goodfellow, Bengio and Courville, Deep Learning, equation 4.5",
    ),
    "momentum": Rule(
        "momentum",
        (r"\mathrm{M}", "ᴹ"),
        (("v_new", "mu * v + g"), ("p_new", "p - eta * v_new")),
        states=("v",),
        constants=(("mu", 0.9),),
        words="Momentum for <p>: the velocity <v> keeps the part {mu} of itself and takes on the gradient.",
        source="Polyak, Some methods of speeding up the convergence of iteration methods (1964); the form of PyTorch, "
        "where the learning rate multiplies the velocity; `signed` is that of Goodfellow, Bengio and Courville, "
        "algorithm 8.2",
        forms={
            "rate_inside": (("v_new", "mu * v + eta * g"), ("p_new", "p - v_new")),
            "signed": (("v_new", "mu * v - eta * g"), ("p_new", "p + v_new")),
            "average": (("v_new", "mu * v + (1 - mu) * g"), ("p_new", "p - eta * v_new")),
        },
    ),
    "nesterov": Rule(
        "Nesterov's momentum",
        (r"\mathrm{Ne}", "ᴺᵉ"),
        (("v_new", "mu * v + g"), ("p_new", "p - eta * (g + mu * v_new)")),
        states=("v",),
        constants=(("mu", 0.9),),
        words="Nesterov's momentum for <p>: the gradient, and what the velocity <v> will do next.",
        source="Sutskever et al., On the importance of initialization and momentum in deep learning (ICML 2013), in "
        "the form of Bengio, Boulanger-Lewandowski and Pascanu (2012); `lookahead` is that of Goodfellow, Bengio and "
        "Courville, algorithm 8.3",
        forms={"lookahead": (("v_new", "mu * v - eta * g"), ("p_new", "p + v_new"))},
        ahead="lookahead",
    ),
    "adagrad": Rule(
        "AdaGrad",
        (r"\mathrm{AG}", "ᴬᴳ"),
        (("r_new", "r + g^2"), ("etahat", "eta / (sqrt(r_new) + epsilon)"), ("p_new", "p - etahat * g")),
        states=("r",),
        constants=(("epsilon", 1e-8),),
        words="AdaGrad for <p>: <r> adds up the squares of all gradients, entry by entry, and the learning rate is "
        "divided by its root; <etahat> is what is left of it.",
        source="Duchi, Hazan and Singer, Adaptive subgradient methods for online learning and stochastic optimization "
        "(JMLR 2011)",
        grows=False,
    ),
    "rmsprop": Rule(
        "RMSProp",
        (r"\mathrm{R}", "ᴿ"),
        (("v_new", "rho * v + (1 - rho) * g^2"), ("p_new", "p - eta * g / (sqrt(v_new) + epsilon)")),
        states=("v",),
        constants=(("rho", 0.9), ("epsilon", 1e-8)),
        words="RMSProp for <p>: the gradient is divided, entry by entry, by the root of its mean square <v>.",
        source="Tieleman and Hinton, Lecture 6.5 of Neural Networks for Machine Learning (2012)",
        grows=False,
    ),
    "adam": Rule(
        "Adam",
        (r"\mathrm{A}", "ᴬ"),
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
        "AdamW",
        (r"\mathrm{AW}", "ᴬᵂ"),
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
    "lion": Rule(
        "Lion",
        (r"\mathrm{L}", "ᴸ"),
        (
            ("mhat", "rho1 * m + (1 - rho1) * g"),
            ("p_new", "p - eta * sgn(mhat)"),
            ("m_new", "rho2 * m + (1 - rho2) * g"),
        ),
        states=("m",),
        constants=(("rho1", 0.9), ("rho2", 0.99)),
        words="Lion for <p>: every entry moves by {eta}, against the sign of <mhat>, the running mean <m> with more of "
        "the gradient in it; that itself changes slowly.",
        source="Chen et al., Symbolic discovery of optimization algorithms (NeurIPS 2023), program 1, without weight "
        "decay; its beta1 and beta2 are rho1 and rho2 here",
        grows=False,
    ),
}
AVERAGE = Rule(
    "exponential average",
    ("", ""),
    (("v_new", "beta * v + (1 - beta) * g"), ("vhat", "v_new / (1 - beta^t)")),
    states=("v",),
    constants=(("beta", 0.9),),
    source="Kingma and Ba, Adam: a method for stochastic optimization (ICLR 2015), section 3",
)
"""An exponential average of the numbers g, with its correction for the start at zero; it renews no parameter."""
_ALSO = {"sgd": "gradient_descent", "gd": "gradient_descent", "heavy_ball": "momentum"}
_CONSTANTS_ALSO = {
    "beta1": ("rho1",), "beta2": ("rho2",), "momentum": ("mu",), "weight_decay": ("decay",), "eps": ("epsilon",),
    "gamma": ("rho", "mu"), "beta": ("rho", "mu"), "alpha": ("rho",), "decay": ("rho",),
}  # fmt: skip
"""What else the constants are called; the first that a rule has is meant."""
_BELOW_ONE = frozenset(("mu", "rho", "rho1", "rho2", "beta"))


class Optimiser(NamedTuple):
    """A rule by name with its constants.

    >>> Optimiser.of({"name": "adam", "beta1": 0.8}).constants
    (('rho1', 0.8), ('rho2', 0.999), ('epsilon', 1e-08))
    """

    name: str = "gradient_descent"
    constants: tuple[tuple[str, float], ...] = ()
    form: str = ""

    @classmethod
    def of(cls, description: str | Optimiser | Mapping[str, Any]) -> Optimiser:
        """The optimiser by name, or by a mapping with `name` and constants.

        Raises ChalkworkError for an unknown name or constant, or one out of its range.

        >>> Optimiser.of("adma")
        Traceback (most recent call last):
            ...
        chalkwork.errors.ChalkworkError: there is no optimiser 'adma'. Hint: did you mean adam?
        """
        if isinstance(description, Optimiser):
            return description
        if not isinstance(description, str | Mapping):
            raise ChalkworkError(f"an optimiser is a name or a mapping, not {description!r:.60}")
        given = {"name": description} if isinstance(description, str) else dict(description)
        word = str(given.pop("name", "")).lower().replace("-", "_")
        name = _ALSO.get(word, word)
        if name not in RULES:
            if name.replace("_", "") in ("lbfgs", "lbfgsb"):
                raise ChalkworkError("solve writes update rules, and L-BFGS is none: train takes it")
            hint = meant(name, [*RULES, *_ALSO], f"the optimisers are {', '.join(RULES)}")
            raise ChalkworkError(f"there is no optimiser {word!r}", hint=hint)
        known = dict(RULES[name].constants)
        form = _form(name, given)
        for key, value in given.items():
            constant = constant_of(name, str(key))
            if not constant:
                takes = f"takes {', '.join(known)}" if known else "has no constants"
                raise ChalkworkError(f"{name} {takes}, not {key}")
            known[constant] = _checked(str(key), constant, value)
        if known.get("epsilon") == 0:
            del known["epsilon"]
        return cls(name, tuple(known.items()), form)

    @property
    def rule(self) -> Rule:
        """The rule of that name."""
        return RULES[self.name]

    @property
    def lines(self) -> Lines:
        """The lines of the rule in its form: with epsilon where it was declared, and with none that is zero.

        >>> Optimiser.of({"name": "rmsprop", "epsilon_place": "inside"}).lines[1][1]
        'p - eta * g / sqrt(v_new + epsilon)'
        >>> Optimiser.of({"name": "rmsprop", "epsilon": 0}).lines[1][1]
        'p - eta * g / sqrt(v_new)'
        """
        lines = self.rule.forms.get(self.form, self.rule.lines)
        if "epsilon" in dict(self.rule.constants) and "epsilon" not in dict(self.constants):
            return tuple((name, _ROOT.sub(r"sqrt(\1)", text)) for name, text in lines)
        if self.form == INSIDE:
            return tuple((name, _ROOT.sub(r"sqrt(\1 + epsilon)", text)) for name, text in lines)
        return lines

    @property
    def looks_ahead(self) -> bool:
        """Whether the gradient is taken elsewhere than at the parameter."""
        return bool(self.form) and self.form == self.rule.ahead


def constant_of(name: str, key: str) -> str:
    """The constant of a rule that goes by a key; empty where it has none.

    >>> constant_of("rmsprop", "gamma"), constant_of("momentum", "gamma"), constant_of("adam", "gamma")
    ('rho', 'mu', '')
    """
    known = dict(RULES[name].constants)
    return next((constant for constant in (key, *_CONSTANTS_ALSO.get(key, ())) if constant in known), "")


def _form(name: str, given: dict[str, Any]) -> str:
    """The form that a description asks for, taken out of it; ChalkworkError where the rule has no such form."""
    forms = [*RULES[name].forms, *([INSIDE] if "epsilon" in dict(RULES[name].constants) else ())]
    form = str(given.pop("form", "") or "").strip().lower().replace("-", "_").replace(" ", "_")
    if "epsilon_place" in given:
        if INSIDE not in forms:
            raise ChalkworkError(f"{name} has no epsilon")
        place = str(given.pop("epsilon_place")).strip().lower()
        if place.split(" ")[0] not in ("inside", "outside"):
            raise ChalkworkError(f"epsilon_place is inside or outside (the root), not {place!r:.60}")
        form = INSIDE if place.startswith("inside") else form
    if form and form not in forms:
        takes = f"the forms {', '.join(forms)} besides the usual one" if forms else "one form only"
        raise ChalkworkError(f"{name} has {takes}, and not {form!r:.60}")
    return form


def _checked(key: str, constant: str, value: Any) -> float:
    known = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    number = float(value) if known else -1.0
    most = 1.0 if constant in _BELOW_ONE else 1e6
    if not 0 <= number < most:
        wanted = "from 0 to below 1" if constant in _BELOW_ONE else "not below 0"
        raise ChalkworkError(f"{key} of an optimiser is a number {wanted}, not {value!r}")
    return number


def worked_lines(
    lines: Lines, bound: Mapping[str, Expression], called: Callable[[str], str]
) -> Iterator[tuple[Name, Expression]]:
    """The lines of a rule with its names bound to what they stand for; `called` names what each line defines.

    >>> names = {"p": Name("W1", (2, 2)), "g": Name("dW1", (2, 2)), "eta": Name("eta")}
    >>> for name, expression in worked_lines(RULES["gradient_descent"].lines, names, lambda defined: "W1_new"):
    ...     print(name, "=", expression)
    W1_new = W1 - eta * dW1
    """
    known = dict(bound)
    for defined, text in lines:
        expression = read(text, known)
        known[defined] = name = Name(called(defined), expression.shape)
        yield name, expression


def sentence(optimiser: Optimiser, called: Callable[[str], str]) -> Text:
    """The sentence with the rule; `called` gives the names of the parameter, the states and the lines."""
    words = ["p", *optimiser.rule.states, *(name for name, _ in optimiser.lines if not name.endswith("_new"))]
    return Text.own(
        f"optimiser.{optimiser.name}", optimiser.rule.words, **{word: f"{{{called(word)}}}" for word in words}
    )
