"""`network_likelihood`: the loss of a network as the negative log-likelihood of its data.

A network's output is read as the parameter of a distribution of the target: sigmoid of a Bernoulli, softmax of a
categorical, identity of a Gaussian distribution with fixed variance. Source: Bishop, Pattern Recognition and Machine
Learning, section 5.2, equations 5.12 to 5.24; Goodfellow, Bengio and Courville, Deep Learning, section 6.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, fsum, log, pi
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.documents.model import Block, Heading
from chalkwork.errors import ChalkworkError, ValueProblem
from chalkwork.laboratory.likelihood.board import (
    Board,
    Row,
    chain,
    in_notation,
    maths,
    product,
    prose,
    total,
    without_repetition,
)
from chalkwork.laboratory.likelihood.sample import parameter
from chalkwork.laboratory.worked import Manner, Worked
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, Loss, SquaredError
from chalkwork.typesetting.notation import Notation

if TYPE_CHECKING:
    from chalkwork.networks.network import NeuralNetwork

MOST_SAMPLES = 5000
MOST_ROWS = 12
_AGREEMENT = 1e-9


@dataclass(frozen=True, slots=True)
class Reading:
    """One kind of output: its activation and loss, the distribution behind it, and how its density is written.

    `log_p` takes outputs and targets (samples as rows) and sigma, and gives log p of every sample.
    """

    activation: str
    loss: type[Loss]
    distribution: str
    words: str
    latex: str
    text: str
    log_p: Callable[[Any, Any, float], Any]
    targets: Callable[[Any], Any]
    wanted: str


def _xlogy(y: Any, a: Any) -> Any:
    return np.where(y == 0, 0.0, y * np.log(np.where(y == 0, 1.0, a)))


def _gaussian(a: Any, y: Any, sigma: float) -> Any:
    return (-0.5 * log(2 * pi * sigma**2) - (y - a) ** 2 / (2 * sigma**2)).sum(axis=1)


READINGS = (
    Reading(
        "sigmoid",
        BinaryCrossEntropy,
        "bernoulli",
        "A sigmoid output lies between 0 and 1 and is read as the probability that the target is 1: the target has a "
        "Bernoulli distribution, and several outputs are independent of each other given the input.",
        r"\prod_j a_j^{y_j} (1 - a_j)^{1 - y_j}",
        "∏ⱼ aⱼ^yⱼ (1 − aⱼ)^(1 − yⱼ)",
        lambda a, y, sigma: (_xlogy(y, a) + _xlogy(1 - y, 1 - a)).sum(axis=1),
        lambda y: (y == 0) | (y == 1),
        "0 or 1",
    ),
    Reading(
        "softmax",
        CrossEntropy,
        "categorical",
        "The softmax outputs are positive, add up to one, and are read as the probabilities of the classes: the target "
        "has a categorical distribution. It is 1 for the class that was observed and 0 for all others.",
        r"\prod_j a_j^{y_j}",
        "∏ⱼ aⱼ^yⱼ",
        lambda a, y, sigma: _xlogy(y, a).sum(axis=1),
        lambda y: (y == 0) | (y == 1),
        "0 or 1, a single 1 for every sample",
    ),
    Reading(
        "identity",
        SquaredError,
        "gaussian",
        "An output without an activation is any number and is read as the mean of the target: the target has a "
        "Gaussian "
        r"distribution with a fixed standard deviation $\sigma$, the same for all inputs, and several outputs are "
        "independent of each other given the input.",
        r"\prod_j \frac{1}{\sqrt{2 \pi \sigma^2}} \, e^{-\frac{(y_j - a_j)^2}{2 \sigma^2}}",
        "∏ⱼ exp(−(yⱼ − aⱼ)² / (2σ²)) / √(2πσ²)",
        _gaussian,
        lambda y: np.isfinite(y),
        "a finite number",
    ),
)


def network_likelihood(
    net: NeuralNetwork,
    x: Any,
    y: Any,
    *,
    sigma: Any = 1.0,
    learning_rate: float | None = None,
    notation: str | Mapping[str, Any] | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
) -> Worked:
    """The negative log-likelihood of a data set under a network's output, and that it is the network's loss.

    `net` ends in sigmoid units with binary cross-entropy, softmax units with cross-entropy, or identity units with a
    squared error; `x` and `y` are a vector (one sample) or a matrix in the network's orientation (up to 5000 samples).
    Targets are 0 or 1, for a softmax a single 1 a sample. `sigma` (positive) is the standard deviation of the Gaussian.
    With a `learning_rate` one step of gradient descent is done, and both are compared before and after. Batch
    normalisation and dropout are in inference mode.

    Values: `distribution`, `probabilities` (p(y | x) of every sample; densities for a Gaussian), `likelihood`,
    `log_likelihood`, `negative_log_likelihood`, `loss`, and `factor` and `constant` with negative log-likelihood =
    factor x loss + constant; with a learning rate also `loss_new`, `negative_log_likelihood_new`, `likelihood_new`.

    Raises ChalkworkError for another output or loss or a network with penalties, ValueProblem for a target that was
    not observed, with its place, ShapeError for data that do not fit.

    >>> from chalkwork import Dense, NeuralNetwork
    >>> net = NeuralNetwork([Dense(weights=[[1.0, -1.0]], bias=False, activation="softmax")], "cross_entropy")
    >>> answer = network_likelihood(net, [0.0], [1, 0])
    >>> answer["likelihood"], round(answer["loss"], 4)
    (0.5, 0.6931)
    """
    reading = _reading(net)
    deviation = float(parameter(sigma, "sigma", 0, 1e50))
    before = _State.of(net, reading, x, y, deviation)
    board = Board(Manner.of(notation, decimals, significant), {}, {})
    blocks = [*_model_blocks(reading, before, board), *_relation_blocks(reading, net, before, board, deviation)]
    values = before.values(reading)
    if learning_rate is not None:
        solved = net.solve(x, y, learning_rate, training=False)
        after = _State.of(net.after(solved), reading, x, y, deviation)
        blocks += _step_blocks(before, after, board, learning_rate)
        values |= {f"{name}_new": value for name, value in after.values(reading).items() if name in _COMPARED}
    return Worked(
        "The loss as a negative log-likelihood",
        in_notation(blocks, board.manner.notation),
        values,
        board.manner.notation,
    )


_COMPARED = ("loss", "negative_log_likelihood", "likelihood")


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
class _State:
    """Outputs and targets, samples as rows, with the loss that the network computes and log p of every sample."""

    outputs: Any
    targets: Any
    loss: float
    logs: Any
    factor: float
    constant: float

    @classmethod
    def of(cls, net: NeuralNetwork, reading: Reading, x: Any, y: Any, sigma: float) -> _State:
        solved = net.solve(x, y, training=False)
        columns = net.convention.samples == "columns"
        outputs, targets = (
            np.asarray(solved[name]).T if columns else np.asarray(solved[name]) for name in (f"a{len(net.layers)}", "y")
        )
        _check_targets(reading, targets)
        logs = reading.log_p(outputs, targets, sigma)
        samples, units = outputs.shape
        loss = net.loss
        count = 1 if loss.reduction == "sum" else samples
        if loss.reduction == "mean" and loss.mean_is_over_outputs:
            count *= units
        factor, constant = count / float(loss.factor), 0.0
        if reading.distribution == "gaussian":
            factor /= 2 * sigma**2
            constant = samples * units / 2 * log(2 * pi * sigma**2)
        found = cls(outputs, targets, float(np.asarray(solved["L"]).item()), logs, factor, constant)
        found.check()
        return found

    @property
    def log_likelihood(self) -> float:
        """The sum of the logarithms."""
        return fsum(self.logs)

    def check(self) -> None:
        """Both sides of the relation, computed independently of each other, must be equal."""
        left, right = -self.log_likelihood, self.factor * self.loss + self.constant
        if abs(left - right) > _AGREEMENT * (1 + abs(self.factor * self.loss) + abs(self.constant)):
            raise ArithmeticError(f"the negative log-likelihood {left} is not {right}")

    def values(self, reading: Reading) -> dict[str, Any]:
        """The values of the answer, by name."""
        best = self.log_likelihood
        return {
            "distribution": reading.distribution,
            "probabilities": np.exp(self.logs),
            "likelihood": exp(min(best, 700.0)),
            "log_likelihood": best,
            "negative_log_likelihood": -best + 0.0,
            "loss": self.loss,
            "factor": self.factor,
            "constant": self.constant,
        }


def _check_targets(reading: Reading, targets: Any) -> None:
    if len(targets) > MOST_SAMPLES:
        raise ValueProblem(f"y has {len(targets)} samples, and at most {MOST_SAMPLES} are worked out")
    wrong = ~reading.targets(targets)
    if reading.distribution == "categorical" and not wrong.any():
        wrong = targets.sum(axis=1, keepdims=True) != 1
    if wrong.any():
        sample, unit = np.argwhere(wrong)[0]
        value = f"{targets[sample, unit]:g}"
        raise ValueProblem(
            f"y of sample {sample + 1}, output {unit + 1} is {value}, and an observed target is {reading.wanted}",
            hint="a likelihood is the probability of what was observed",
        )


def _model_blocks(reading: Reading, state: _State, board: Board) -> list[Block]:
    word = "density" if reading.distribution == "gaussian" else "probability"
    plural = "densities" if reading.distribution == "gaussian" else "probabilities"
    cut = slice(0, MOST_ROWS)
    numbers = [float(i) for i in range(1, len(state.logs) + 1)][cut]
    head, columns = [r"sample $i$"], [numbers]
    if state.outputs.shape[1] <= 4:
        for j in range(state.outputs.shape[1]):
            head += [f"$a_{j + 1}$", f"$y_{j + 1}$"]
            columns += [list(state.outputs[cut, j]), list(state.targets[cut, j])]
    chances = np.exp(state.logs)
    blocks: list[Block] = [
        Heading("The model", 2),
        prose(reading.words + f" The {word} of the target, given the input, is"),
        chain(maths(r"p(y \mid x)", "p(y | x)"), [[maths(reading.latex, reading.text)]]),
        board.table(
            [*head, r"$p(y_i \mid x_i)$", r"$-\log p(y_i \mid x_i)$"],
            [*columns, list(chances[cut]), list(-state.logs[cut])],
        ),
    ]
    if len(state.logs) > MOST_ROWS:
        blocks.append(prose(f"The table shows the first {MOST_ROWS} of {len(state.logs)} samples."))
    best = state.log_likelihood
    factors = [board.number(value) for value in chances]
    surprises = [board.number(-value + 0.0) for value in state.logs]
    return [
        *blocks,
        Heading("The negative log-likelihood", 2),
        prose(
            f"The samples are independent, so their {plural} are multiplied; the logarithm makes a sum of the product."
        ),
        *(
            [
                chain(
                    maths("L_{\\text{data}}", "likelihood"),
                    without_repetition(
                        [
                            [maths(r"\prod_i p(y_i \mid x_i)", "∏ᵢ p(yᵢ | xᵢ)")],
                            product(factors),
                            [board.number(exp(best))],
                        ]
                    ),
                )
            ]
            if abs(best) < 700
            else []
        ),
        chain(
            maths(r"\mathrm{NLL}", "NLL"),
            without_repetition(
                [
                    [maths(r"-\sum_i \log p(y_i \mid x_i)", "−∑ᵢ log p(yᵢ | xᵢ)")],
                    total(surprises),
                    [board.number(-best + 0.0)],
                ]
            ),
        ),
    ]


def _relation_blocks(reading: Reading, net: NeuralNetwork, state: _State, board: Board, sigma: float) -> list[Block]:
    letter = net_loss = board.manner.notation.loss
    n, units = state.outputs.shape
    loss = net.loss
    over = "sum" if loss.reduction == "sum" else "mean"
    numbers: list[Row] = [_scaled(board, state.factor, board.number(state.loss), state.constant)]
    gaussian = reading.distribution == "gaussian"
    divisor = "" if state.factor == 1 and not gaussian else " times a positive constant"
    if gaussian:
        constant = rf"\frac{{{n * units}}}{{2}} \log (2 \pi \sigma^2)"
        formula = [
            maths(
                rf"\frac{{1}}{{2 \sigma^2}} \sum_i \sum_j (a_{{ij}} - y_{{ij}})^2 + {constant}",
                f"1/(2σ²) ∑ᵢ ∑ⱼ (aᵢⱼ − yᵢⱼ)² + {n * units}/2 log(2πσ²)",
            )
        ]
        deviation = f" The standard deviation is $\\sigma = {board.number(sigma).latex}$."
    else:
        formula, deviation = [], ""
    words = (
        f"The network's loss is the {loss.title} (factor ${board.number(float(loss.factor)).latex}$, {over}), "
        f"computed by "
        f"its own forward pass: ${net_loss} = {board.number(state.loss).latex}$.{deviation} Written out, the negative "
        f"log-likelihood is that loss{divisor}" + (", plus a constant without weights:" if gaussian else ":")
    )
    rows: list[Row] = [formula] if formula else []
    rows.append(_scaled(board, state.factor, maths(letter), state.constant))
    return [
        Heading("The loss of the network", 2),
        prose(words),
        chain(
            maths(r"\mathrm{NLL}", "NLL"),
            without_repetition([*rows, *numbers, [board.number(-state.log_likelihood + 0.0)]]),
        ),
        prose(
            "Neither the factor nor the constant depends on the weights, and the factor is positive. The weights that "
            "minimise the loss are therefore those that maximise the likelihood, and the gradients differ by the "
            "factor "
            "only."
        ),
    ]


def _scaled(board: Board, factor: float, value: Any, constant: float) -> Row:
    """factor value + constant."""
    row = [value] if factor == 1 else [board.number(factor), maths(r" \cdot ", " · "), value]
    if constant:
        row += [maths(" + " if constant > 0 else " - "), board.number(abs(constant))]
        row[-2] = maths(" + ", " + ") if constant > 0 else maths(" - ", " − ")
    return row


def _step_blocks(before: _State, after: _State, board: Board, rate: float) -> list[Block]:
    def column(state: _State) -> list[float]:
        return [state.loss, -state.log_likelihood + 0.0, exp(min(state.log_likelihood, 700.0))]

    fallen = after.loss < before.loss
    outcome = (
        "the loss has fallen and the likelihood has risen"
        if fallen
        else (
            "the loss has not fallen, and so the likelihood has not risen either: the rate is too large, or the "
            "gradient 0"
        )
    )
    return [
        Heading("One step of gradient descent", 2),
        prose(f"After one update with the rate ${board.number(float(rate)).latex}$ {outcome}."),
        board.table(
            ["", "before", "after"],
            [["loss", "negative log-likelihood", "likelihood"], column(before), column(after)],
        ),
    ]
