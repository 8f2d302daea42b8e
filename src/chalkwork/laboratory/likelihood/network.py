"""`network_likelihood`: the loss of a network as the negative log-likelihood of its data.

A network's output is read as the parameter of a distribution of the target: sigmoid of a Bernoulli, softmax of a
categorical, identity of a Gaussian distribution with fixed variance. Source: Bishop, Pattern Recognition and Machine
Learning, section 5.2, equations 5.12 to 5.24; Goodfellow, Bengio and Courville, Deep Learning, section 6.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import exp, pi
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.algebra.reading import read
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.documents.model import Block, Heading
from chalkwork.errors import ChalkworkError, ValueProblem
from chalkwork.laboratory.functions.one_variable import as_number
from chalkwork.laboratory.likelihood.comparison import LARGEST_LOGARITHM, add_likelihood
from chalkwork.laboratory.likelihood.sample import parameter
from chalkwork.laboratory.likelihood.text import product
from chalkwork.laboratory.work import Work
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, Loss, SquaredError
from chalkwork.solutions.board import Board, maths
from chalkwork.solutions.setting import Look, Style, Word
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.notation import superscript
from chalkwork.typesetting.pieces import Piece
from chalkwork.typesetting.symbols import Symbol, Symbols

if TYPE_CHECKING:
    from chalkwork.networks.network import NeuralNetwork

LIKELIHOOD = Stage("likelihood", "The negative log-likelihood")
MOST_SAMPLES = 5000
MOST_ROWS = 12
_MOST_OUTPUTS = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """One kind of output: its activation and loss, the distribution behind it, and how its density is written.

    `latex` and `text` are the density of one target, `<y>`, for the output `<a>`; `log_density` is its logarithm.
    """

    activation: str
    loss: type[Loss]
    distribution: str
    words: str
    latex: str
    text: str
    log_density: str
    observed: Callable[[Any], Any]
    wanted: str


READINGS = (
    Reading(
        "sigmoid",
        BinaryCrossEntropy,
        "bernoulli",
        "A sigmoid output lies between 0 and 1 and is read as the probability that the target is 1: the target has a "
        "Bernoulli distribution, and several outputs are independent of each other given the input.",
        r"<a>^{<y>} (1 - <a>)^{1 - <y>}",
        "<a>^<y> (1 − <a>)^(1 − <y>)",
        "xlogy(y, a) + xlogy(1 - y, 1 - a)",
        lambda y: (y == 0) | (y == 1),
        "0 or 1",
    ),
    Reading(
        "softmax",
        CrossEntropy,
        "categorical",
        "The softmax outputs are positive, add up to one, and are read as the probabilities of the classes: the target "
        "has a categorical distribution. It is 1 for the class that was observed and 0 for all others.",
        r"<a>^{<y>}",
        "<a>^<y>",
        "xlogy(y, a)",
        lambda y: (y == 0) | (y == 1),
        "0 or 1, a single 1 for every sample",
    ),
    Reading(
        "identity",
        SquaredError,
        "gaussian",
        "An output without an activation is any number and is read as the mean of the target: the target has a "
        r"Gaussian distribution with a fixed standard deviation $\sigma$, the same for all inputs, and several outputs "
        "are independent of each other given the input.",
        r"\frac{1}{\sqrt{2 \pi \sigma^2}} \, e^{-\frac{(<y> - <a>)^2}{2 \sigma^2}}",
        "exp(−(<y> − <a>)² / (2σ²)) / √(2πσ²)",
        "-(log(2 * pi * sigma^2) / 2) - (y - a)^2 / (2 * sigma^2)",
        lambda y: np.isfinite(y),
        "a finite number",
    ),
)


_DISTRIBUTIONS = tuple(reading.distribution for reading in READINGS)
_ALSO = {"categorical": ("multinoulli",), "gaussian": ("normal",)}


def network_likelihood(
    net: NeuralNetwork,
    x: Any,
    y: Any,
    *,
    sigma: Any = 1.0,
    learning_rate: float | None = None,
    **look: Unpack[Look],
) -> Solution:
    """The negative log-likelihood of a data set under a network's output, and that it is the network's loss.

    `net` ends in sigmoid units with binary cross-entropy, softmax units with cross-entropy, or identity units with a
    squared error; `x` and `y` are a vector (one sample) or a matrix in the network's orientation (up to 5000 samples).
    Targets are 0 or 1, for a softmax a single 1 a sample. `sigma` (positive) is the standard deviation of the Gaussian.
    With a `learning_rate` one step of gradient descent is done, and both are compared before and after. Batch
    normalisation and dropout are in inference mode.

    The solution is that of `net.solve` with the `distribution` of the target in words, and the equations `log_p` and
    `probabilities` (log p(y | x) and p(y | x) of every sample; densities for a Gaussian), `likelihood`,
    `log_likelihood`, `negative_log_likelihood`, and `factor` and `constant` with negative log-likelihood = factor x L
    + constant; with a learning rate also `L_new`, `negative_log_likelihood_new`, `likelihood_new`. A likelihood beyond
    double precision is no equation.

    Raises ChalkworkError for another output or loss or a network with penalties, ValueProblem for a target that was
    not observed, with its place, ShapeError for data that do not fit.

    >>> from chalkwork import Dense, NeuralNetwork
    >>> net = NeuralNetwork([Dense(weights=[[1.0, -1.0]], bias=False, activation="softmax")], "cross_entropy")
    >>> answer = network_likelihood(net, [0.0], [1, 0])
    >>> float(answer["likelihood"]), round(float(answer["L"]), 4)
    (0.5, 0.6931)
    """
    style = Style.chosen(**look)
    reading = _reading(net)
    deviation = float(parameter(sigma, "sigma", 0, 1e50))
    solved = net.solve(x, y, learning_rate, training=False)
    work = _Work(net, reading, solved, deviation)
    _check_targets(reading, work.by_sample("y"))
    suffixes = [""] if learning_rate is None else ["", "_new"]
    added = Work.on(solved)
    for name, value in work.constants.items():
        added.given(name, value)
    for suffix in suffixes:
        added.equations += work.equations(suffix)
    for suffix in suffixes:
        add_likelihood(added, LIKELIHOOD, suffix)
    asked = [f"{name}{suffix}" for suffix in suffixes for name in ("negative_log_likelihood", "likelihood")]
    setting = solved.setting._replace(
        title="The loss as a negative log-likelihood",
        letters=work.letters(suffixes),
        script=lambda board: _script(board, work, learning_rate),
        asked=tuple(name for name in asked if name in added.derivation),
        words={"distribution": Word(reading.distribution, _ALSO.get(reading.distribution, ()), _DISTRIBUTIONS)},
        facts=added.facts,
        remarks=None,
    )
    return Solution(added.derivation, added.given_values, style, setting)


def _reading(net: NeuralNetwork) -> Reading:
    if net.l1 or net.l2:
        raise ChalkworkError(
            "the network's loss holds a penalty, and is more than a negative log-likelihood",
            hint="a penalty is the negative logarithm of a prior on the weights; set l1 and l2 to 0",
        )
    last = net.layers[-1].activation.name
    for reading in READINGS:
        if reading.activation == last and isinstance(net.loss, reading.loss):
            return reading
    raise ChalkworkError(
        f"the output {last} with the loss {net.loss.title} is no negative log-likelihood that is known here",
        hint="sigmoid with binary cross-entropy, softmax with cross-entropy, or identity with squared error",
    )


@dataclass(frozen=True)
class _Work:
    """A network's solution, and what is added to it."""

    net: NeuralNetwork
    reading: Reading
    solved: Solution
    sigma: float

    @property
    def output(self) -> str:
        """The name of the network's output."""
        return f"a{len(self.net.layers)}"

    @property
    def gaussian(self) -> bool:
        """Whether the outputs are means of a density."""
        return self.reading.distribution == "gaussian"

    @property
    def constants(self) -> dict[str, float]:
        """What the density holds besides output and target."""
        return {"sigma": self.sigma, "pi": pi} if self.gaussian else {}

    def by_sample(self, name: str, values: Mapping[str, Any] | None = None) -> Any:
        """A value with a sample in each row."""
        value = np.asarray((values or self.solved.arrays)[name])
        return value.T if self.net.convention.samples == "columns" else value

    @property
    def size(self) -> tuple[int, int]:
        """How many samples and how many outputs there are."""
        samples, units = self.by_sample("y").shape
        return int(samples), int(units)

    @property
    def of_sample(self) -> tuple[str, str]:
        """The probability of the target of a sample, as LaTeX and text; a single sample needs no number."""
        return (r"p(y_i \mid x_i)", "p(yᵢ | xᵢ)") if self.size[0] > 1 else (r"p(y \mid x)", "p(y | x)")

    def density(self, symbols: Symbols) -> Piece:
        """The distribution of the target in the letters of the network."""
        several = self.size[1] > 1
        latex, text = (r"\prod_k ", "∏ₖ ") if several else ("", "")
        latex, text = latex + self.reading.latex, text + self.reading.text
        for mark, name in (("<a>", self.output), ("<y>", "y")):
            letter = symbols.entry(name, ("k",) if several else ())
            if letter.raised:
                latex, text = latex.replace(f"{mark}^", f"({mark})^"), text.replace(f"{mark}^", f"({mark})^")
            latex, text = latex.replace(mark, letter.latex), text.replace(mark, letter.text)
        return maths(latex, text)

    @property
    def factor(self) -> Fraction | float:
        """What the loss is multiplied with, without the variance."""
        samples, units = self.size
        loss = self.net.loss
        count = 1 if loss.reduction == "sum" else samples
        if loss.reduction == "mean" and loss.mean_is_over_outputs:
            count *= units
        return count / loss.factor if isinstance(loss.factor, float) else Fraction(count) / Fraction(loss.factor)

    def equations(self, suffix: str) -> list[Equation]:
        """Every sample's log p, and the log-likelihood of all; once, how the loss becomes its negative."""
        shape = self.solved.derivation.shapes()["y"]
        names: dict[str, Expression] = {"a": Name(f"{self.output}{suffix}", shape), "y": Name("y", shape)}
        names |= {name: Name(name) for name in self.constants}
        axis = -2 if self.net.convention.samples == "columns" else -1
        density = read(self.reading.log_density, names)
        each = Equation(f"log_p{suffix}", apply("sum", density, axis=axis), LIKELIHOOD)
        total, whole = apply("sum", each.symbol), apply("sum", density)
        found = [
            each,
            Equation(f"probabilities{suffix}", apply("exp", each.symbol), LIKELIHOOD),
            Equation(f"log_likelihood{suffix}", whole, LIKELIHOOD, steps=(total,)),
            Equation(f"negative_log_likelihood{suffix}", -whole, LIKELIHOOD, steps=(-total,)),
        ]
        return found if suffix else [*found, *self._relation(names)]

    def _relation(self, names: Mapping[str, Expression]) -> list[Equation]:
        """The factor and the constant between loss and negative log-likelihood."""
        factor: Expression = as_number(self.factor)
        constant: Expression = Number(0)
        if self.gaussian:
            factor = as_number(self.factor / 2) / names["sigma"] ** 2
            samples, units = self.size
            constant = as_number(Fraction(samples * units, 2)) * read("log(2 * pi * sigma^2)", names)
        return [Equation("factor", factor, LIKELIHOOD), Equation("constant", constant, LIKELIHOOD)]

    def letters(self, suffixes: list[str]) -> dict[str, Symbol]:
        """How the added names print."""
        found = {"sigma": Symbol(r"\sigma", "σ"), "pi": Symbol(r"\pi", "π")}
        for suffix in suffixes:
            latex, text = (r"^{\text{new}}", superscript("new")) if suffix else ("", "")
            of_sample, in_text = self.of_sample
            for name, a, b in (
                ("log_p", rf"\log {of_sample}", f"log {in_text}"),
                ("probabilities", of_sample, in_text),
                ("log_likelihood", r"\ell", "ℓ"),
                ("negative_log_likelihood", r"\mathrm{NLL}", "NLL"),
                ("likelihood", r"L_{\text{data}}", "likelihood"),
            ):
                found[f"{name}{suffix}"] = Symbol(a + latex, b + text, raised=bool(suffix))
        return found


def _check_targets(reading: Reading, targets: Any) -> None:
    if len(targets) > MOST_SAMPLES:
        raise ValueProblem(f"y has {len(targets)} samples, and at most {MOST_SAMPLES} are worked out")
    wrong = ~reading.observed(targets)
    if reading.distribution == "categorical" and not wrong.any():
        wrong = targets.sum(axis=1, keepdims=True) != 1
    if wrong.any():
        sample, unit = np.argwhere(wrong)[0]
        value = f"{targets[sample, unit]:g}"
        raise ValueProblem(
            f"y of sample {sample + 1}, output {unit + 1} is {value}, and an observed target is {reading.wanted}",
            hint="a likelihood is the probability of what was observed",
        )


# --- what is written -------------------------------------------------------------------------------------------------


def _script(board: Board, work: _Work, rate: float | None) -> Iterator[Block]:
    yield from _model_blocks(board, work)
    yield from _relation_blocks(board, work)
    if rate is not None:
        yield from _step_blocks(board, rate)


def _model_blocks(board: Board, work: _Work) -> Iterator[Block]:
    """The distribution of the target, and the probability of each."""
    reading = work.reading
    word, plural = ("density", "densities") if work.gaussian else ("probability", "probabilities")
    samples, units = work.size
    cut = slice(0, MOST_ROWS)
    head: list[str] = ["sample $i$"]
    columns: list[list[float]] = [[float(i) for i in range(1, samples + 1)][cut]]
    if units <= _MOST_OUTPUTS:
        for j in range(units):
            index = (str(j + 1),) if units > 1 else ()
            head += [f"${board.writer.symbols.entry(name, index).latex}$" for name in (work.output, "y")]
            columns += [work.by_sample(name, board.values)[cut, j].tolist() for name in (work.output, "y")]
    chances, logs = (np.ravel(board.values[name]) for name in ("probabilities", "log_p"))
    yield Heading("The model", 2)
    yield board.prose(reading.words + f" The {word} of the target, given the input, is")
    yield board.chain(board.maths(r"p(y \mid x)", "p(y | x)"), work.density(board.writer.symbols))
    head += [f"${work.of_sample[0]}$", rf"$-\{board.writer.notation.log} {work.of_sample[0]}$"]
    yield board.table(head, [*columns, chances[cut].tolist(), (-logs[cut] + 0.0).tolist()])
    if samples > MOST_ROWS:
        yield board.prose(f"The table shows the first {MOST_ROWS} of {samples} samples.")
    yield Heading(str(LIKELIHOOD.title), 2)
    yield board.prose(
        f"The samples are independent, so their {plural} are multiplied; the logarithm makes a sum of the product."
        if samples > 1
        else f"There is one sample, so its {word} is the likelihood."
    )
    if "likelihood" in board.derivation:
        factors = product([board.piece(float(value)) for value in chances])
        latex, text = work.of_sample
        form = maths(rf"\prod_i {latex}", f"∏ᵢ {text}") if samples > 1 else maths(latex, text)
        yield board.chain("likelihood", form, factors, board.piece("likelihood"))
    yield from board.equation("negative_log_likelihood")


def _relation_blocks(board: Board, work: _Work) -> Iterator[Block]:
    """That the negative log-likelihood is a positive factor times the loss, plus a constant."""
    loss = work.net.loss
    letter = board.writer.symbols["L"].latex
    over = "sum" if loss.reduction == "sum" else "mean"
    factor, constant = (float(board.values[name].item()) for name in ("factor", "constant"))
    divisor = "" if factor == 1 and not work.gaussian else " times a positive constant"
    deviation = f" The standard deviation is $\\sigma = {board.piece('sigma').latex}$." if work.gaussian else ""
    yield Heading("The loss of the network", 2)
    yield board.prose(
        f"The network's loss is the {loss.title} (factor {board.number(float(loss.factor))}, {over}), computed by its "
        f"own forward pass: ${letter} = {board.piece('L').latex}$.{deviation} Written out, the negative log-likelihood "
        f"is that loss{divisor}" + (", plus a constant without weights:" if work.gaussian else ":")
    )
    forms: list[Expression] = []
    if work.gaussian:
        output, target = (Name(name, board.values[name].shape) for name in (work.output, "y"))
        squares = apply("sum", (output - target) ** 2)
        forms.append(squares / (2 * Name("sigma") ** 2) + board.derivation["constant"].expression)
    scaled = _scaled(factor, constant)
    value = board.piece("negative_log_likelihood")
    yield board.chain("negative_log_likelihood", *forms, scaled, board.numbers(scaled), value)
    yield board.prose(
        "Neither the factor nor the constant depends on the weights, and the factor is positive. The weights that "
        "minimise the loss are therefore those that maximise the likelihood, and the gradients differ by the factor "
        "only."
    )


def _scaled(factor: float, constant: float) -> Expression:
    """factor L + constant, without what changes nothing."""
    whole: Expression = Name("L") if factor == 1 else Name("factor") * Name("L")
    return whole if constant == 0 else whole + Name("constant")


def _step_blocks(board: Board, rate: float) -> Iterator[Block]:
    def column(suffix: str) -> list[float]:
        logs = float(board.values[f"log_likelihood{suffix}"].item())
        return [float(board.values[f"L{suffix}"].item()), -logs + 0.0, exp(min(logs, LARGEST_LOGARITHM))]

    before, after = column(""), column("_new")
    outcome = "the loss has fallen and the likelihood has risen"
    if after[0] >= before[0]:
        outcome = (
            "the loss has not fallen, and so the likelihood has not risen: the rate is too large, or the gradient 0"
        )
    yield Heading("One step of gradient descent", 2)
    yield board.prose(f"After one update with the rate {board.number(float(rate))} {outcome}.")
    yield board.table(["", "before", "after"], [["loss", "negative log-likelihood", "likelihood"], before, after])
