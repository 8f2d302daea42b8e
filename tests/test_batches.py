"""Batches that somebody's code gives one by one: the same run as from arrays, in the memory of a batch."""

import tracemalloc

import numpy as np
import pytest

from chalkwork.errors import ChalkworkError
from chalkwork.networks import measuring, training_data
from chalkwork.networks.layers import BatchNorm, Dense, Dropout
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.sparse import Chosen
from chalkwork.training import stream, work

GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(53, 3))
Y = GENERATOR.integers(0, 3, 53)
NAMES = np.array(["a", "b", "c"])
HELD_OUT = (GENERATOR.normal(size=(20, 3)), np.tile([0, 1, 2, 1], 5))
USUAL = {"eta": 0.1, "optimizer": "adam", "engine": "numpy", "progress": False}


def network(samples="rows", **more):
    layers = [Dense(4), BatchNorm("tanh"), Dropout(0.2), Dense(3, "softmax")]
    return NeuralNetwork(layers, "cross_entropy", inputs=3, samples=samples, **more)


def batches(x=X, y=Y, size=8, columns=False):
    for start in range(0, len(y), size):
        part = slice(start, start + size)
        yield (x[:, part] if columns else x[part]), y[part]


class Again:
    """What can be gone through again, as a data loader of other libraries can."""

    def __iter__(self):
        return batches()


def same(one, other, first, second):
    assert first.loss.tolist() == second.loss.tolist() and first.epochs == second.epochs
    for name, value in one.parameters.items():
        np.testing.assert_array_equal(other.parameters[name], value)


@pytest.mark.parametrize(("engine", "group"), [("numpy", 0), ("numpy", 2**20), ("jax", 2**20), ("reference", 0)])
def test_batches_one_by_one_make_the_run_that_arrays_make(engine, group, monkeypatch):
    monkeypatch.setattr(stream, "GROUP", group)
    for columns, dtype in ((False, "float64"), (True, "float32"))[: 1 if engine == "jax" else 2]:
        x, held_out = (X.T.copy(), (HELD_OUT[0].T, HELD_OUT[1])) if columns else (X, HELD_OUT)
        settings = {**USUAL, "epochs": 3, "dtype": dtype, "engine": engine, "l2": 0.01}
        one, other = (network("columns" if columns else "rows", l2=settings["l2"]) for _ in range(2))
        del settings["l2"]
        first = one.train(x, Y, **settings, batch_size=8, shuffle=False, validation=held_out)
        second = other.train(
            data=lambda x=x, columns=columns: batches(x, columns=columns), validation=lambda h=held_out: [h], **settings
        )
        same(one, other, first, second)


def test_sources_of_every_kind_give_the_same():
    runs = []
    for data, more in (
        (Again(), {"epochs": 2}), (batches, {"epochs": 2}), (list(batches()), {"epochs": 2}),
        (lambda number: batches() if number < 2 else None, {"epochs": 2}),
        ((batch for _ in range(9) for batch in batches()), {"epochs": 2, "steps_per_epoch": 7}),
        (Again(), {"epochs": 2, "steps_per_epoch": 7}),
        (lambda: ((x, NAMES[y]) for x, y in batches()), {"epochs": 2, "classes": ["b", "c", "a"]}),
        (lambda: ((x, np.eye(3)[y], np.ones(len(y))) for x, y in batches()), {"epochs": 2}),
    ):  # fmt: skip
        net = network()
        runs.append((net, net.train(data=data, **USUAL, **more)))
        assert runs[-1][1].steps == 14 and len(runs[-1][1].epochs) == 2
        np.testing.assert_allclose(runs[-1][1].loss, runs[0][1].loss, rtol=1e-12)
    assert set(runs[6][0].predict(X)) <= set(NAMES)
    assert runs[0][0].evaluate(data=batches) == pytest.approx(runs[0][0].evaluate(X, Y), rel=1e-12)
    once = network()
    history = once.train(data=batches(), **USUAL)
    assert history.steps == 7 and not history.stopped
    short = once.train(data=batches(), epochs=3, steps_per_epoch=5, **USUAL)
    assert (short.steps, short.stopped, len(short.epochs)) == (7, "the batches came to an end", 2)
    longer = network().train(data=Again(), epochs=3, steps_per_epoch=5, **USUAL)
    assert longer.steps == 15 and longer.loss[7] != longer.loss[0]


def shuffled(number):
    order = np.random.default_rng([7, number]).permutation(len(Y))
    return batches(X[order], Y[order])


@pytest.mark.parametrize(("source", "more"), [
    (shuffled, {}), (lambda number: batches(), {}), (shuffled, {"steps_per_epoch": 5}),
])  # fmt: skip
@pytest.mark.parametrize("after", [7, 10])
def test_a_run_goes_on_where_its_source_was(tmp_path, source, more, after, monkeypatch):
    monkeypatch.setattr(stream, "GROUP", 0)
    settings = {**USUAL, "epochs": 3, **more, "checkpoint_every": 0}
    one, other = network(), network()
    whole = one.train(data=source, **settings)
    left = [after]

    def breaks(number):
        for batch in source(number):
            left[0] -= 1
            if left[0] < 0:
                raise OSError("the disk is gone")
            yield batch

    with pytest.raises(OSError, match="the disk is gone"):
        other.train(data=breaks, **settings, checkpoint=tmp_path / "run")
    again = network()
    rest = again.train(data=source, **settings, checkpoint=tmp_path / "run")
    assert rest.resumed == after
    same(one, again, whole, rest)


def test_a_source_that_gives_other_batches_is_refused(tmp_path):
    class Shuffles:
        def __init__(self, random):
            self.random = random

        def __iter__(self):
            return shuffled(next(self.random))

    settings = {**USUAL, "checkpoint": tmp_path / "run"}
    network().train(data=Shuffles(iter(range(9))), epochs=2, **settings)
    with pytest.raises(ChalkworkError, match="not the same first batch"):
        network().train(data=batches, epochs=3, **settings)
    with pytest.raises(ChalkworkError, match="its steps_per_epoch is not given, but here 5"):
        network().train(data=Shuffles(iter(range(9))), epochs=2, steps_per_epoch=5, **settings)
    with pytest.raises(ChalkworkError, match="its classes is 0, 1, 2, but here 1, 2, 3"):
        network().train(data=lambda: ((x, y + 1) for x, y in shuffled(0)), classes=[1, 2, 3], epochs=2, **settings)
    with pytest.raises(ChalkworkError, match="other batches in every pass"):
        network().train(data=Shuffles(iter(range(9))), epochs=3, **settings)


@pytest.mark.parametrize(("more", "said"), [
    ({"data": batches(), "epochs": 2}, "an iterator, which gives its batches once, and 2 epochs"),
    ({"data": batches(), "checkpoint": "run"}, "no run can go on from a checkpoint"),
    ({"data": batches, "x": X, "y": Y}, "neither is given besides"),
    ({"data": batches, "batch_size": 3}, "batch_size needs all samples"),
    ({"data": batches, "class_weight": "balanced"}, "class_weight needs all samples"),
    ({"data": batches, "schedule": "cosine"}, "does not say. Hint: steps_per_epoch="),
    ({"data": batches, "validation": 0.2}, "validation is x and y, or a source"),
    ({"data": batches, "validation": batches()}, "an iterator only once"),
    ({"data": batches, "metrics": "f1"}, "measured on validation="),
    ({"data": (X, Y)}, "batch 1 of data is to be x and y, or x, y and the weights of the samples, not an array"),
    ({"data": 3}, "data is a function or an iterable that gives batches, not 3"),
    ({"data": lambda: 3}, "3 cannot be gone through"), ({"data": []}, "data gives no batch"),
    ({"data": lambda: [(X, NAMES[Y])]}, "classes=\\[...\\] names all"),
    ({"data": lambda: [(X, Y), (X[:, :2], Y)]}, "batch 2 of data: x is 53x2"),
    ({"data": lambda: [(X, Y), (X, Y, Y + 1)]}, "batch 2 of data has targets and weights, but the others have targets"),
    ({"data": lambda: [(X[:9], Y[:9]), (X, Y)]}, "with dropout, no batch of data may have more samples than the first"),
    ({"data": lambda: [(X, Y), (X, Y + 1)]}, "batch 2 of data: y holds 3"),
    ({"data": lambda: [(X, Y)] * 2, "epochs": 2, "x": X}, "neither is given"),
    ({"data": lambda number: [(X, Y)] * (1 - number), "epochs": 2}, "pass 2 over the data gives no batch"),
    ({"x": X, "y": Y, "steps_per_epoch": 2}, "steps_per_epoch is for batches"), ({"x": X}, "train takes x and y"),
])  # fmt: skip
def test_what_gives_no_run_is_refused(more, said, tmp_path):
    with pytest.raises(ChalkworkError, match=said):
        network().train(**{**USUAL, **more})


def test_no_more_than_a_few_batches_are_held():
    size = 2**11

    def source():
        random = np.random.default_rng(1)
        for _ in range(9):
            x = random.normal(size=(size, 64))
            yield x, x[:, :1]

    net = NeuralNetwork([Dense(4, "tanh"), Dense(1)], "mean_squared_error", inputs=64)
    net.train(data=source, epochs=1, engine="numpy", progress=False)  # what is loaded once
    tracemalloc.start()
    net.train(data=source, epochs=2, validation=source, engine="numpy", progress=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * size * 64 * 8  # of 18: the first, which settles what is trained, that of now, and a second one


def test_a_part_that_is_held_out_is_not_copied_and_the_bits_are_the_same(monkeypatch, tmp_path):
    taken, take = [], Chosen.take
    monkeypatch.setattr(Chosen, "take", lambda self, at, axis: taken.append(len(at)) or take(self, at, axis))
    monkeypatch.setattr(work, "TAKEN", 500)
    for samples, more in (("rows", {"class_weight": "balanced"}), ("columns", {"metrics": "mse"})):
        x, runs = X if samples == "rows" else X.T, []
        for most in (10**9, 1):
            monkeypatch.setattr(training_data, "LARGE", most)
            path, settings = tmp_path / f"{samples} {most}", {"batch_size": 8, "validation": 0.3, **USUAL, **more}
            network(samples).train(x, NAMES[Y], epochs=2, checkpoint=path, **settings)
            net = network(samples)
            runs.append((net, net.train(x, NAMES[Y], epochs=4, checkpoint=path, **settings)))
        (one, before), (other, after) = runs
        np.testing.assert_array_equal(before.loss, after.loss)
        assert before.epochs == after.epochs and after.resumed == 10
        assert all(np.array_equal(value, other.parameters[name]) for name, value in one.parameters.items())
        assert taken and max(taken) == 16
        taken.clear()


def test_outputs_that_no_metric_needs_are_not_held(monkeypatch):
    monkeypatch.setattr(measuring, "ENTRIES", 2**16)
    net = NeuralNetwork([Dense(1000, "softmax")], "cross_entropy", inputs=4, seed=1)
    x, y = np.random.default_rng(1).normal(size=(2000, 4)), np.arange(2000) % 1000
    net.evaluate(x[:70], y[:70])
    tracemalloc.start()
    net.evaluate(x, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2000 * 1000 * 8 / 3
