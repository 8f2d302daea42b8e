"""The right output layer and loss for a task, from the likelihood to the gradient, and what goes wrong otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, log2
from typing import Any

import numpy as np

from chalkwork.derivation.derivation import Stage
from chalkwork.documents.model import Block, Heading, Table
from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem, meant
from chalkwork.laboratory.outputs.tasks import NEXT_WORD, TASKS, Mismatch, Pair, Task, formulas, letters_of
from chalkwork.laboratory.work import Work
from chalkwork.networks.activations import Activation
from chalkwork.networks.arguments import number, whole
from chalkwork.networks.data import Array, as_vector
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Style, Word
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol

HIERARCHICAL = "hierarchical softmax"
COSTS = Stage("costs", "What it costs")
_ALSO = {
    "sigmoid": ("logistic", "logistic sigmoid"),
    "identity": ("linear", "none"),
    "exp": ("exponential",),
    "cross-entropy": ("categorical cross-entropy", "negative log-likelihood"),
    "squared error": ("mean squared error", "mse"),
}
MOST_OUTPUTS = 1000
MOST_VOCABULARY = 10**12


def output_for(
    task: str,
    *,
    classes: int | None = None,
    z: Any = None,
    y: Any = None,
    vocabulary: int = 100_000,
    hidden: int = 128,
    style: Style | None = None,
) -> Solution:
    """Output activation and loss for a task, with the reason, the derived gradient, and mismatched pairs in numbers.

    `task` is binary, multiclass, multilabel, regression, counts, positive or next_word. `classes` (2 to 1000) is the
    number of classes or labels, `z` the net inputs of an example and `y` its target (for multiclass also the number of
    the class, from 1). For next_word, `vocabulary` and `hidden` are the sizes whose costs are stated; a worked example
    is `HierarchicalSoftmax(...).solve(...)`.

    The solution holds `activation` and `loss` (in words), `a`, `L`, `delta` at the example, and the same of each pair
    that does not fit: `a_other1`, `L_other1`, ... Raises ChalkworkError for an unknown task, ShapeError and
    ValueProblem for an example that does not fit.

    >>> answer = output_for("multiclass", classes=3, z=[0, 0, 0], y=1)
    >>> answer["activation"], answer["loss"], answer["delta"].ravel().round(4).tolist()
    ('softmax', 'cross-entropy', [-0.6667, 0.3333, 0.3333])
    """
    style = style or Style()
    if isinstance(task, str) and task == NEXT_WORD:
        return _next_word(vocabulary, hidden, style)
    if not isinstance(task, str) or task not in TASKS:
        names = [*TASKS, NEXT_WORD]
        hint = meant(task, names, f"the tasks are {', '.join(names)}")
        raise ChalkworkError(f"there is no task {str(task)[:60]!r}", hint=hint)
    entry, work = TASKS[task], Work()
    examples = [(entry.pair, *_example(task, entry, classes, z, y), True)]
    examples += [(one.pair, np.array(one.z), np.array(one.y), _matched(one)) for one in entry.mismatches]
    for place, (pair, net, target, matched) in enumerate(examples):
        suffix = f"_other{place}" if place else ""
        work.given(f"z{suffix}", net)
        work.given(f"y{suffix}", target)
        work.equations += pair.derivation(len(net), matched).renamed(_behind(suffix)).equations
        work.letters |= letters_of(style.notation, suffix)

    def script(board: Board) -> Iterator[Block]:
        yield board.prose(f"The target is {entry.target}.")
        yield Heading("From the assumption to the loss", 2)
        yield board.prose(entry.assumption)
        yield board.lines(entry.likelihood)
        yield board.prose(f"The most likely weights make the sum of these over the samples smallest. {entry.reason}")
        yield board.prose(f"Hence: **{entry.pair.words}**.")
        yield Heading("The gradient", 2)
        yield from board.givens(["z", "y"])
        yield from board.equations(["a", "L", "delta"])
        yield board.prose(_of_the_error(entry.pair))
        for place, mismatch in enumerate(entry.mismatches, 1):
            yield from _mismatched(board, entry, mismatch, place)

    work.words |= _choice(entry.pair.activation, entry.pair.loss.title)
    work.asked += [*work.words, "a", "L", "delta"]
    title = f"{entry.title}: output and loss"
    return work.solution(style, givens=("z", "y"), samples="columns", title=title, script=script)


def _behind(suffix: str) -> Callable[[str], str]:
    return lambda name: name + suffix


def _choice(activation: str, loss: str) -> dict[str, Word]:
    """The two answers in words, each with what the other tasks have there."""
    pairs = [task.pair for task in TASKS.values()]
    activations = dict.fromkeys([*(pair.activation for pair in pairs), HIERARCHICAL])
    losses = dict.fromkeys(pair.loss.title for pair in pairs)
    return {
        "activation": Word(activation, _ALSO.get(activation, ()), tuple(activations)),
        "loss": Word(loss, _ALSO.get(loss, ()), tuple(losses)),
    }


def _of_the_error(pair: Pair) -> str:
    if pair.loss.title == "exponential loss":
        return "The error is the relative one: it is zero where the output is the target, and never above 1."
    return (
        "The error of the output is output minus target: it is zero only where the two are equal, grows with the "
        "mistake, and the derivative of the activation has cancelled. This is what makes the pair a match."
    )


# --- the example ---------------------------------------------------------------------------------------------------


def _example(task: str, entry: Task, classes: int | None, z: Any, y: Any) -> tuple[Array, Array]:
    """Net inputs and target; those of the table where nothing is given."""
    net = None if z is None else as_vector(z, "z")
    named = task == "multiclass" and number(y) is not None
    target = None if y is None or named else as_vector(y, "y")
    if classes is not None and not entry.several:
        raise ChalkworkError(f"classes is for multiclass and multilabel; the task is {task}")
    count = None if entry.several or (net is not None and number(z) is None) else 1
    given = classes if classes is not None else next((len(one) for one in (net, target) if one is not None), None)
    if entry.several and given is not None:
        count = whole(given, "classes", 2, MOST_OUTPUTS)
    if net is None:
        net = np.array(entry.z) if count in (None, len(entry.z)) else np.linspace(2.0, -2.0, count)
    if named:
        target = _of_class(y, len(net))
    elif target is None:
        target = np.array(entry.y) if len(entry.y) == len(net) else _of_class(min(2, len(net)), len(net))
    for name, value in (("z", net), ("y", target)):
        if count is not None and len(value) != count:
            raise ShapeError(f"{name} has {len(value)} entries, but there are {count} outputs")
    if len(net) != len(target):
        raise ShapeError(f"y has {len(target)} entries, but z has {len(net)}")
    _check_target(task, target)
    return net, target


def _of_class(number: Any, count: int) -> Array:
    """The target of a class by its number, from 1."""
    if number != int(number) or not 1 <= number <= count:
        raise ValueProblem(f"y names a class from 1 to {count}, not {number!r:.60}")
    return np.asarray(np.eye(count)[int(number) - 1])


def _check_target(task: str, target: Array) -> None:
    wrong = {
        "binary": ("lies between 0 and 1", (target < 0) | (target > 1)),
        "multilabel": ("lies between 0 and 1", (target < 0) | (target > 1)),
        "multiclass": ("has entries from 0 that sum to 1", (target < 0) | (abs(target.sum() - 1) > 1e-9)),
        "counts": ("is a whole number from 0", (target < 0) | (target != np.floor(target))),
        "positive": ("is a number above 0", target <= 0),
    }.get(task)
    if wrong and np.any(wrong[1]):
        raise ValueProblem(f"y of the task {task} {wrong[0]}, not {np.array2string(target, threshold=6)}")


# --- mismatches ----------------------------------------------------------------------------------------------------


def _matched(mismatch: Mismatch) -> bool:
    """Whether a softmax may count on a target that sums to one."""
    return not (mismatch.pair.activation == "softmax" and sum(mismatch.y) != 1)


def _mismatched(board: Board, entry: Task, mismatch: Mismatch, place: int) -> Iterator[Block]:
    """The wrong pair at its example, and beside the right one as the net input grows."""
    z, y, a, loss, delta = (f"{name}_other{place}" for name in ("z", "y", "a", "L", "delta"))
    yield Heading(f"Instead: {mismatch.pair.words}", 2)
    yield board.prose(mismatch.before)
    yield from board.givens([z, y])
    yield from board.equations([a, loss])
    if mismatch.substituted:
        yield from board.equation(delta)
    else:
        yield board.forms(delta, board.derivation[delta].expression)
        yield from board.givens([delta])
    if mismatch.factors:
        yield _comparison(board, entry, mismatch)
    yield board.prose(mismatch.after.replace("{total}", board.number(float(board.values[a].sum()))))


def _comparison(board: Board, entry: Task, mismatch: Mismatch) -> Table:
    """Both errors, of the output that the mismatch looks at, for multiples of the net input."""
    net, target, matched = np.array(mismatch.z), np.array(mismatch.y), _matched(mismatch)
    at, single = mismatch.place - 1, len(net) == 1
    rows = []
    for factor in mismatch.factors:
        right, wrong = entry.pair.at(factor * net, target), mismatch.pair.at(factor * net, target, matched)
        rows.append([factor * net[0] if single else factor, wrong["a"][at], right["delta"][at], wrong["delta"][at]])
    columns = [board.cells(column) for column in zip(*rows, strict=True)]
    below = "" if single else f"_{mismatch.place}"
    letters = letters_of(board.writer.notation._replace(bold=False))
    a, z, delta = (letters[name].latex for name in ("a", "z", "delta"))
    other = Activation.of(mismatch.pair.activation).words if entry.pair.activation != mismatch.pair.activation else ""
    head = (
        f"${z}$" if single else f"multiple of ${z}$",
        f"${a}{below}$",
        f"${delta}{below}$, {entry.pair.loss.title}",
        f"${delta}{below}$, {mismatch.pair.loss.title}" + (f" ({other})" if other else ""),
    )
    return Table(head, tuple(zip(*columns, strict=True)), right=(0, 1, 2, 3))


# --- a large vocabulary --------------------------------------------------------------------------------------------


def _next_word(vocabulary: int, hidden: int, style: Style) -> Solution:
    """The hierarchical softmax in words and costs."""
    depth = ceil(log2(whole(vocabulary, "vocabulary", 2, MOST_VOCABULARY)))
    work = Work()
    words, size = work.given("V", vocabulary), work.given("d", whole(hidden, "hidden", 2, 10**6))
    nodes = work.given("n", depth)
    for name, count, reason, called in (
        ("full_cost", words * size, "One score for every word.", "all words"),
        ("path_cost", nodes * size, "One score for every node on the path.", "a path"),
    ):
        work.equation(name, count, COSTS, reason, Symbol.word(f"multiplications for {called}"))
    work.words |= _choice(HIERARCHICAL, "cross-entropy")
    work.asked += [*work.words, "full_cost", "path_cost"]
    return work.solution(
        style, givens=(),
        title="Next word of a large vocabulary: output and loss",
        script=lambda board: _next_word_blocks(board, vocabulary, hidden, depth),
    )  # fmt: skip


def _next_word_blocks(board: Board, vocabulary: int, hidden: int, depth: int) -> list[Block]:
    full, path = vocabulary * hidden, depth * hidden
    return [
        board.prose(
            "The target is one word of a large vocabulary: multi-class classification with as many classes as words. "
            "The words are the leaves of a binary tree, each inner node $n$ has a vector $v_n$, and $h$ is the last "
            "hidden layer."
        ),
        Heading("From the assumption to the loss", 2),
        board.prose("A word is found by turns from the root down, each a Bernoulli variable given the turns before it. "
                  "With the sign plus for left and minus for right, and the product and the sum over the path to $w$:"),
        board.lines(formulas(
            r"P(w \mid h) &= \prod_{n} \sigma(\pm v_n^{\top} h)",
            r"-\log P(w \mid h) &= -\sum_{n} \log \sigma(\pm v_n^{\top} h)",
        )),
        board.prose(
            "Hence: **a sigmoid at every inner node (hierarchical softmax) with the cross-entropy of the word**, which "
            "is a sum of binary cross-entropies along its path. At each node the two probabilities sum to one, so "
            "those of all words do, without a sum over the vocabulary. The error of each node on the path is "
            "$\\sigma(v_n^{\\top} h) - t_n$ with $t_n = 1$ for left and 0 for right; all other nodes get no gradient."
        ),
        Heading("Instead: one softmax over all words", 2),
        board.prose(
            f"It is right, and too dear. With $V = {vocabulary}$ words and $d = {hidden}$ hidden units its scores "
            f"alone need $V d = {full}$ multiplications for every word that is read, and so do the gradients. A path "
            f"in a balanced tree has $\\log_2 V$ nodes, rounded up {depth}: {depth} · {hidden} = {path} "
            f"multiplications, about {round(full / path)} times fewer. With "
            "Huffman's tree the expected path is shorter still: less than the entropy of the words in bits plus one."
        ),
        board.prose(
            "The price: a probability costs a path, so finding the most likely word still needs the whole tree (or a "
            "search in it), and words that share turns share their errors."
        ),
    ]  # fmt: skip
