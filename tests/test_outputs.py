"""Output layers and losses against SciPy's likelihoods and JAX."""

import math
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from in_numpy import in_numpy
from shipped import SHEETS

from chalkwork.errors import ChalkworkError, ShapeError, SheetError, ValueProblem
from chalkwork.laboratory.outputs import TASKS, output_for
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.parts import part_of
from chalkwork.sheets.solve import work_parts
from chalkwork.solutions.solution import Style

jax.config.update("jax_enable_x64", True)

# --- tasks ---------------------------------------------------------------------------------------------------------

ACTIVATIONS = {
    "sigmoid": lambda z: 1 / (1 + jnp.exp(-z)),
    "softmax": lambda z: jnp.exp(z) / jnp.exp(z).sum(),
    "identity": lambda z: z,
    "exp": jnp.exp,
    "relu": lambda z: jnp.maximum(z, 0),
}
LOSSES = {
    "squared error": lambda a, y: ((a - y) ** 2).sum() / 2,
    "cross-entropy": lambda a, y: -(y * jnp.log(a)).sum(),
    "binary cross-entropy": lambda a, y: -(y * jnp.log(a) + (1 - y) * jnp.log(1 - a)).sum(),
    "Poisson loss": lambda a, y: (a - y * jnp.log(a)).sum(),
    "exponential loss": lambda a, y: (jnp.log(a) + y / a).sum(),
}


def minus_log_likelihood(task, a, y):
    """By SciPy's distributions; without what does not depend on a."""
    stats = scipy.stats
    if task in ("binary", "multilabel"):
        return -stats.bernoulli.logpmf(y, a).sum()
    if task == "multiclass":
        return -stats.multinomial.logpmf(y, 1, a)
    if task == "regression":
        return -stats.norm.logpdf(y, a, 1).sum() - math.log(2 * math.pi) / 2 * len(y)
    if task == "counts":
        return (-stats.poisson.logpmf(y, a) - scipy.special.gammaln(y + 1)).sum()
    return -stats.expon.logpdf(y, scale=a).sum()


TARGETS = {
    "binary": lambda random: random.integers(0, 2, 1),
    "multiclass": lambda random: np.eye(4)[random.integers(4)],
    "multilabel": lambda random: random.integers(0, 2, 4),
    "regression": lambda random: random.normal(size=1),
    "counts": lambda random: random.poisson(3, 1),
    "positive": lambda random: random.exponential(2, 1) + 0.01,
}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("seed", range(3))
def test_the_loss_is_the_likelihood_and_its_derivative_is_right(task, seed):
    random = np.random.default_rng(seed)
    y = TARGETS[task](random).astype(float)
    z = random.normal(size=len(y))
    answer = output_for(task, z=z, y=y)
    assert answer["L"] == pytest.approx(minus_log_likelihood(task, answer["a"].ravel(), y), rel=1e-12, abs=1e-12)
    pair = TASKS[task].pair
    by_jax = in_numpy(jax.grad(lambda z: LOSSES[pair.loss.title](ACTIVATIONS[pair.activation](z), y)))(z)
    np.testing.assert_allclose(answer["delta"].ravel(), by_jax, atol=1e-12)
    if task != "positive":
        np.testing.assert_allclose(answer["delta"].ravel(), answer["a"].ravel() - y, atol=1e-15)


@pytest.mark.parametrize(
    "mismatch", [m for task in TASKS.values() for m in task.mismatches], ids=lambda m: f"{m.pair.words} {m.y}"
)
def test_mismatched_pairs_have_the_derivatives_that_are_shown(mismatch):
    z, y = np.array(mismatch.z), np.array(mismatch.y)
    activation, loss = ACTIVATIONS[mismatch.pair.activation], LOSSES[mismatch.pair.loss.title]
    found = mismatch.pair.at(z, y, matched=y.sum() == 1 or mismatch.pair.activation != "softmax")
    np.testing.assert_allclose(found["delta"], in_numpy(jax.grad(lambda z: loss(activation(z), y)))(z), atol=1e-12)
    assert found["L"][0] == pytest.approx(float(loss(activation(z), y)), rel=1e-12)


def test_what_is_said_of_mismatches():
    binary = output_for("binary")
    a = np.linspace(0, 1, 100_001)
    assert np.max((1 - a) * a * (1 - a)) == pytest.approx(4 / 27, rel=1e-9)
    assert abs(binary["delta_other1"].item()) < 0.05 < 0.95 < abs(binary["delta"].item())
    logits = np.random.default_rng(0).normal(size=2)
    twice = TASKS["multiclass"].mismatches[1].pair.at(logits, np.array([1.0, 0.0]))
    once = TASKS["multiclass"].pair.at(logits, np.array([1.0, 0.0]))
    np.testing.assert_allclose(twice["L"], 2 * once["L"], rtol=1e-14)
    np.testing.assert_allclose(twice["delta"], 2 * once["delta"], rtol=1e-14)
    tags = TASKS["multilabel"].mismatches[0].pair.at(np.array([20.0, 20.0, -20.0]), np.array([1.0, 1, 0]), False)
    assert tags["L"][0] == pytest.approx(2 * math.log(2), rel=1e-12)
    nothing = TASKS["multilabel"].mismatches[0].pair.at(np.array([1.0, 2, 3]), np.zeros(3), False)
    assert nothing["L"][0] == 0 and not nothing["delta"].any()


def test_a_class_may_be_named_by_its_number():
    np.testing.assert_array_equal(output_for("multiclass", z=[0, 1, 2], y=3)["delta"][:2] > 0, [[True], [True]])
    assert len(output_for("multilabel", classes=7)["a"]) == 7


@pytest.mark.parametrize(
    ("task", "arguments", "error", "message"),
    [
        ("multi-class", {}, ChalkworkError, "did you mean multiclass"),
        ("x" * 1000, {}, ChalkworkError, "the tasks are"),
        ("multiclass", {"classes": 1}, ChalkworkError, "from 2 to 1000"),
        ("multiclass", {"classes": 10**9}, ChalkworkError, "from 2 to 1000"),
        ("binary", {"classes": 2}, ChalkworkError, "for multiclass and multilabel"),
        ("multiclass", {"z": [0, 0], "y": 3}, ValueProblem, "a class from 1 to 2"),
        ("multiclass", {"z": [0, 0], "y": [1, 1]}, ValueProblem, "sum to 1"),
        ("multiclass", {"z": [0, 0, 0], "y": [1, 0]}, ShapeError, "y has 2 entries"),
        ("binary", {"y": 2}, ValueProblem, "between 0 and 1"),
        ("counts", {"y": 1.5}, ValueProblem, "whole number"),
        ("positive", {"y": 0}, ValueProblem, "above 0"),
        ("regression", {"z": "abc"}, ValueProblem, "no number"),
        ("regression", {"z": float("nan")}, ValueProblem, "finite"),
        ("next_word", {"vocabulary": 0}, ChalkworkError, "vocabulary is a whole number"),
    ],
)
def test_examples_that_cannot_be(task, arguments, error, message):
    with pytest.raises(error, match=message):
        output_for(task, **arguments)


# --- sheets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("task: multi", "binary or multiclass"),
        ("task: binary\ntree: [a, b]", "tree does not belong to task: binary"),
        ("task: next_word\nz: [1]", "z does not belong"),
        ("task: next_word\nh: [1]\nword: a\nvectors: [[1]]", "tree or frequencies, found neither"),
        ("task: next_word\ntree: [a, b]\nfrequencies: {a: 1}\nh: [1]", "found both"),
        ("task: next_word\ntree: [a, b, c]\nh: [1]\nword: a\nvectors: [[1]]", "tree: expected a pair"),
        ("task: next_word\ntree: [a, b]\nh: [1]\nword: a", "vectors"),
        ("task: next_word\ntree: [a, b]\nh: [1]\nword: c\nvectors: [[1]]", "'c' is not in the tree"),
        ("task: next_word\ntree: [a, b]\nh: [1, 2]\nword: a\nvectors: [[1]]", "1x2 is needed"),
        ("task: next_word\nfrequencies: {a: -1, b: 1}\nh: [1]\nword: a\nvectors: [[1]]", "greater than 0"),
        ("task: multiclass\nz: [0, 0]\ny: [1, 1]", "sum to 1"),
    ],
)
def test_blocks_that_cannot_be(block, message):
    with pytest.raises(SheetError, match=message):
        work_parts(parse_sheet(f"```output\nid: a\n{block}\n```\n"))


def test_the_block_knows_every_task():
    assert part_of("output").keys[0] == "task"
    for task in (*TASKS, "next_word"):
        assert work_parts(parse_sheet(f"```output\nid: a\ntask: {task}\n```\n"))["a"]["activation"]


def test_the_shipped_sheet_of_five_tasks():
    worked = work_parts(read_sheet(SHEETS / "outputs-five-tasks.md"))
    chosen = {name: (answer["activation"], answer["loss"]) for name, answer in worked.items() if "loss" in answer}
    assert chosen == {
        "a": ("sigmoid", "binary cross-entropy"),
        "b": ("softmax", "cross-entropy"),
        "c": ("identity", "squared error"),
        "d": ("sigmoid", "binary cross-entropy"),
        "e": ("hierarchical softmax", "cross-entropy"),
        "f1": ("exp", "exponential loss"),
        "f2": ("exp", "Poisson loss"),
    }
    assert (worked["e"]["full_cost"], worked["e"]["path_cost"]) == (12_800_000, 2176)


def test_the_shipped_sheet_of_hierarchical_softmax():
    worked = work_parts(read_sheet(SHEETS / "outputs-hierarchical-softmax.md"))
    sigmoid = scipy.special.expit
    assert worked["a"]["path"] == [1, 3] and worked["a"]["code"] == "11"
    assert worked["a"]["P"] == pytest.approx(sigmoid(-0.25) * sigmoid(0.6), rel=1e-14)
    assert worked["b"]["expected_length"] == pytest.approx(63 / 29, rel=1e-14)
    for answer in worked.values():
        assert answer["L_new"] < answer["L"]
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("task", [task for task in TASKS if task != "next_word"])
def test_every_error_follows_from_the_chain_rule_with_its_numbers(task):
    errors = re.findall(r"\\delta &?= (.*?)\$\$", output_for(task)._repr_markdown_(), re.DOTALL)
    assert len(errors) > 1
    for error in errors:
        assert error.startswith(r"\frac{\partial L}{\partial z}") and error.count("=") >= 4, error


def test_the_notation_decides_on_the_sign_of_the_logarithm():
    for task in TASKS:
        answer = output_for(task, style=Style.of({"log": "ln"}))
        assert not re.search(r"\blog(?![-₂a-z])", str(answer)), task
        assert not re.search(r"\\log(?![_a-z])", answer._repr_markdown_()), task
        assert r"\ln" in answer._repr_markdown_()
