"""Hierarchical softmax: trees against every tree there is, probabilities and gradients against brute force and JAX."""

import itertools
import math
from functools import cache, partial

import jax
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from in_numpy import in_numpy

from chalkwork.drawings.drawing import Drawing
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.laboratory.outputs import HierarchicalSoftmax
from chalkwork.laboratory.outputs.tree import Tree, huffman

# --- trees ---------------------------------------------------------------------------------------------------------


@cache
def least_cost(weights):
    """The least total of weighted path lengths over all binary trees: every split of the words in two."""
    if len(weights) == 1:
        return 0
    rest = weights[1:]
    splits = (
        [weights[0], *(w for w, chosen in zip(rest, choice, strict=True) if chosen)]
        for choice in itertools.product((True, False), repeat=len(rest))
        if not all(choice)
    )
    best = math.inf
    for left in splits:
        right = list(weights)
        for weight in left:
            right.remove(weight)
        best = min(best, least_cost(tuple(sorted(left))) + least_cost(tuple(sorted(right))))
    return best + sum(weights)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=2, max_size=6))
def test_huffman_is_the_best_of_all_trees(weights):
    tree = huffman({f"w{place}": weight for place, weight in enumerate(weights)})
    assert np.array(tree.frequencies) @ tree.lengths == least_cost(tuple(sorted(weights)))


def test_huffman_against_known_codes():
    # Cormen, Leiserson, Rivest and Stein, Introduction to Algorithms, section 16.3: 224 thousand bits
    tree = huffman({"a": 45, "b": 13, "c": 12, "d": 16, "e": 9, "f": 5})
    assert dict(zip(tree.words, tree.lengths.tolist(), strict=True)) == {"a": 1, "b": 3, "c": 3, "d": 3, "e": 4, "f": 4}
    assert np.array(tree.frequencies) @ tree.lengths == 224
    doubling = huffman({f"w{k}": 2.0**k for k in range(1, 11)})
    assert sorted(doubling.lengths.tolist()) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 9]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=60))
def test_expected_length_lies_between_entropy_and_one_more(weights):
    layer = HierarchicalSoftmax({f"w{place}": weight for place, weight in enumerate(weights)})
    assert layer.entropy() == pytest.approx(scipy.stats.entropy(weights, base=2), abs=1e-9)
    assert layer.entropy() - 1e-9 <= layer.expected_length() < layer.entropy() + 1
    assert (0.5**layer.tree.lengths).sum() == 1  # Kraft's equality: the tree is full


def random_tree(words, random):
    if len(words) == 1:
        return words[0]
    cut = random.integers(1, len(words))
    return [random_tree(words[:cut], random), random_tree(words[cut:], random)]


# --- hierarchical softmax ------------------------------------------------------------------------------------------


def brute_force(nested, h, vectors, numbers, chance=1.0):
    """The probability of every word by walking the tree, with plain sigmoids; `numbers` by the pair's identity."""
    if isinstance(nested, str):
        return {nested: chance}
    left = 1 / (1 + math.exp(-float(np.dot(vectors[numbers[id(nested)]], h))))
    first = brute_force(nested[0], h, vectors, numbers, chance * left)
    return first | brute_force(nested[1], h, vectors, numbers, chance * (1 - left))


def breadth_first(nested):
    order = [nested]
    for pair in order:
        order += [child for child in pair if not isinstance(child, str)]
    return {id(pair): number for number, pair in enumerate(order)}


@pytest.mark.parametrize("seed", range(8))
def test_probabilities_by_brute_force(seed):
    random = np.random.default_rng(seed)
    nested = random_tree([f"w{k}" for k in range(random.integers(2, 12))], random)
    layer = HierarchicalSoftmax(nested)
    h, vectors = random.normal(size=3), random.normal(size=(len(layer.words) - 1, 3))
    expected = brute_force(nested, h, vectors, breadth_first(nested))
    found = layer.probabilities(h, vectors)
    assert found == pytest.approx(expected, rel=1e-12) and sum(found.values()) == pytest.approx(1, abs=1e-14)
    for word in layer.words:
        answer = layer.solve(h, word, vectors=vectors)
        assert answer["P"] == pytest.approx(expected[word], rel=1e-12)
        assert answer["L"] == pytest.approx(-math.log(expected[word]), rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_gradients_by_jax(seed):
    random = np.random.default_rng(seed)
    layer = HierarchicalSoftmax({f"w{k}": float(f) for k, f in enumerate(random.uniform(0.1, 1, 9))})
    h, vectors = random.normal(size=4), random.normal(size=(8, 4))

    def loss(h, vectors, place):
        path = layer.tree.path(place)
        return -sum(jax.nn.log_sigmoid(sign * vectors[node - 1] @ h) for node, sign in path)

    word = int(random.integers(9))
    by_h, by_vectors = in_numpy(jax.grad(partial(loss, place=word), (0, 1)))(h, vectors)
    answer = layer.solve(h, layer.words[word], vectors=vectors, learning_rate=0.3)
    np.testing.assert_allclose(answer["dh"].ravel(), by_h, atol=1e-14)
    expected = vectors - 0.3 * by_vectors
    for node in range(1, 9):
        on_path = node in answer["path"]
        assert on_path or not np.any(by_vectors[node - 1])
        if on_path:
            np.testing.assert_allclose(answer[f"dv{node}"].ravel(), by_vectors[node - 1], atol=1e-14)
            np.testing.assert_allclose(answer[f"v{node}_new"].ravel(), expected[node - 1], atol=1e-14)
    assert answer["L_new"] == pytest.approx(float(loss(h, expected, word)), rel=1e-12)
    batch, words = random.normal(size=(6, 4)), random.integers(0, 9, 6)
    losses, back, nodes, changes = layer.gradients(batch, words, vectors)
    total = np.zeros_like(vectors)
    np.add.at(total, nodes, changes)
    summed = in_numpy(jax.grad(lambda h, v: sum(loss(h[i], v, int(word)) for i, word in enumerate(words)), (0, 1)))(
        batch, vectors
    )
    np.testing.assert_allclose(back, summed[0], atol=1e-13)
    np.testing.assert_allclose(total, summed[1], atol=1e-13)
    np.testing.assert_allclose(losses, layer.loss(batch, words, vectors), rtol=1e-14)
    before = vectors.copy()
    layer.update(batch, words, vectors, 0.1)
    np.testing.assert_allclose(vectors, before - 0.1 * summed[1], atol=1e-13)


def test_large_scores_do_not_overflow():
    layer = HierarchicalSoftmax(["left", "right"])
    losses = layer.loss(np.array([[1000.0], [1000.0]]), [0, 1], np.array([[1.0]]))
    assert losses.tolist() == [0.0, 1000.0]
    assert layer.log_probabilities([1000.0], [[1.0]]).tolist() == [0.0, -1000.0]


def test_a_large_vocabulary_is_quick_and_sums_to_one():
    layer = HierarchicalSoftmax({f"w{k}": 1 / k for k in range(1, 20_001)})
    random = np.random.default_rng(0)
    h, vectors = random.normal(size=8), random.normal(size=(19_999, 8))
    assert np.exp(layer.log_probabilities(h, vectors)).sum() == pytest.approx(1, abs=1e-11)
    answer = layer.solve(h, "w20000", vectors=vectors)
    assert "probabilities" not in answer and len(str(answer)) < 40_000


def test_training_learns_the_frequencies():
    """With a constant input the probabilities tend to the shares of the words."""
    random = np.random.default_rng(0)
    shares = np.array([0.5, 0.25, 0.15, 0.1])
    layer = HierarchicalSoftmax(dict(zip("abcd", shares, strict=True)))
    places = np.array([layer.index(word) for word in "abcd"])
    vectors = np.zeros((3, 1))
    for step in range(3000):
        layer.update(np.ones((20, 1)), places[random.choice(4, 20, p=shares)], vectors, 0.5 / (20 + step))
    found = layer.probabilities([1.0], vectors)
    np.testing.assert_allclose([found[word] for word in "abcd"], shares, atol=0.02)


def test_the_picture_marks_the_path():
    layer = HierarchicalSoftmax({f"<w{k}&": k for k in range(1, 40)})
    random = np.random.default_rng(0)
    answer = layer.solve(random.normal(size=2), "<w3&", vectors=random.normal(size=(38, 2)))
    (figure,) = (block for block in answer.document().blocks if isinstance(block, Drawing))
    assert "&lt;w3&amp;" in figure.svg and "<w3" not in figure.svg and "words" in figure.svg
    assert f"at node {answer['path'][0]} to the" in figure.description


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ("word", "a pair"),
        (["one"], "1 children"),
        (["a", "b", "c"], "3 children"),
        (["a", ["b", "a"]], "'a' stands at two leaves"),
        (["a", 3], "a leaf of the tree is a word"),
        (["a", "b\n"], "printable"),
        (["a", ""], "1 to 100"),
        ({"a": 1}, "2 to"),
        ({"a": 1, "b": 0}, "'b' is a positive number"),
        ({"a": 1, "b": float("nan")}, "positive number"),
        ({"a": 1e308, "b": 1e308, "c": 1e308}, "infinity"),
        ({"a": 1, 2: 1}, "a word is a text"),
    ],
)
def test_trees_that_cannot_be(tree, message):
    with pytest.raises(ChalkworkError, match=message):
        HierarchicalSoftmax(tree)


def test_a_list_that_holds_itself():
    loop = ["a"]
    loop.append(loop)
    with pytest.raises(ChalkworkError, match="two places"):
        HierarchicalSoftmax(loop)


def test_a_very_deep_tree():
    nested = "w0"
    for k in range(1, 3000):
        nested = [nested, f"w{k}"]
    layer = HierarchicalSoftmax(nested)
    assert isinstance(layer.tree, Tree) and layer.tree.lengths.max() == 2999
    with pytest.raises(ChalkworkError, match="at most 40"):
        layer.solve([1.0], "w0", vectors=np.zeros((2999, 1)))
    for k in range(3000, 8000):
        nested = [nested, f"w{k}"]
    with pytest.raises(ChalkworkError, match="steps together"):
        HierarchicalSoftmax(nested)


def test_what_does_not_fit_the_tree():
    layer = HierarchicalSoftmax([["a", "b"], "c"])
    with pytest.raises(ChalkworkError, match="'d' is not in the tree"):
        layer.solve([1.0], "d", vectors=[[1.0], [1.0]])
    with pytest.raises(ShapeError, match="2x1 is needed"):
        layer.solve([1.0], "a", vectors=[[1.0]])
    with pytest.raises(ChalkworkError, match="learning_rate"):
        layer.solve([1.0], "a", vectors=[[1.0], [1.0]], learning_rate=-1)
