"""The table of rules by which one unit learns from one sample after the other: what is compared, and what is added."""

from __future__ import annotations

from dataclasses import dataclass

from chalkwork.errors import ChalkworkError, meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, in the language of the reader.

    `x` is the sample, `y` its target, `z` the net input, `a` the output, `w` the weights before, `eta` the learning
    rate. `lines` are worked out in order (`slope` is the derivative of the activation); the weights change by `change`
    times `x`, a bias by `change`, a threshold by minus that.
    """

    title: str
    lines: tuple[tuple[str, str], ...] = ()
    change: str
    error: str = ""
    """The loss of a sample, whose sum over an epoch is kept; nothing where there is none."""
    output: bool = True
    """Whether the unit has an activation; else the net input is compared, or nothing."""
    net: bool = True
    """Whether the net input is needed at all."""
    target: bool = True
    usual: str = ""
    """The activation where none is given; nothing: a step or a sign, as the targets are."""
    words: str
    source: str


RULES: dict[str, Rule] = {
    "perceptron": Rule(
        title="the perceptron rule",
        lines=(("e", "y - a"),),
        change="eta * e",
        words="The error is the target minus the output. The weights change by the learning rate times the error times "
        "the input: without an error nothing changes.",
        source="Rosenblatt, The perceptron (Psychological Review 65, 1958)",
    ),
    "perceptron_by_target": Rule(
        title="the perceptron rule",
        lines=(("wrong", "1 - equal(a, y)"),),
        change="eta * y * wrong",
        words="Where the output is wrong ({wrong} = 1) the weights change by the learning rate times the target times "
        "the input; where it is right nothing changes.",
        source="Fausett, Fundamentals of Neural Networks (1994), section 2.3",
    ),
    "adaline": Rule(
        title="the delta rule",
        lines=(("e", "y - z"),),
        change="eta * e",
        error="e^2",
        output=False,
        words="The error is the target minus the net input, before any threshold. The weights change by the learning "
        "rate times the error times the input, a step down the squared error of this sample.",
        source="Widrow and Hoff, Adaptive switching circuits (IRE WESCON, 1960)",
    ),
    "normalised_lms": Rule(
        title="the normalised delta rule",
        lines=(("e", "y - z"),),
        change="eta * e / sum(x^2)",
        error="e^2",
        output=False,
        words="The error is the target minus the net input. The change is divided by the squared length of the input, "
        "so that the learning rate is the part of the error that is corrected.",
        source="Widrow and Lehr, 30 years of adaptive neural networks (Proceedings of the IEEE 78, 1990)",
    ),
    "hebb": Rule(
        title="Hebb's rule",
        change="eta * y",
        output=False,
        net=False,
        words="The weights change by the learning rate times the target times the input, whatever the unit says.",
        source="Hebb, The Organization of Behavior (1949)",
    ),
    "hebb_output": Rule(
        title="Hebb's rule",
        change="eta * a",
        target=False,
        usual="identity",
        words="The weights change by the learning rate times the output times the input: what is active together grows "
        "together.",
        source="Hebb, The Organization of Behavior (1949)",
    ),
    "gradient": Rule(
        title="single-sample gradient descent",
        lines=(("e", "y - a"), ("slope", ""), ("delta", "e * slope")),
        change="eta * delta",
        error="1/2 * e^2",
        usual="sigmoid",
        words="The error times the slope of the activation says how the loss falls with the net input: {delta} is "
        "minus its derivative. The weights change by the learning rate times {delta} times the input.",
        source="Rumelhart, Hinton and Williams, Learning representations by back-propagating errors (Nature 323, 1986)",
    ),
}
_ALSO = {
    "rosenblatt": "perceptron", "delta": "adaline", "delta_rule": "adaline", "widrow_hoff": "adaline", "lms": "adaline",
    "sigmoid": "gradient", "gradient_descent": "gradient", "sgd": "gradient", "nlms": "normalised_lms",
}  # fmt: skip


def rule_of(name: object) -> tuple[str, Rule]:
    """The rule by its name, with the name that it has here; ChalkworkError for an unknown one.

    >>> rule_of("widrow-hoff")[0]
    'adaline'
    """
    word = str(name).lower().replace("-", "_").replace(" ", "_")
    found = _ALSO.get(word, word)
    if not isinstance(name, str) or found not in RULES:
        hint = meant(word, [*RULES, *_ALSO], f"the rules are {', '.join(RULES)}")
        raise ChalkworkError(f"{name!r:.60} is no rule of learning by presentation", hint=hint)
    return found, RULES[found]
