"""How fast networks are trained, beside NumPy by hand, PyTorch, scikit-learn and JAX.

    python benchmarks/training.py [--cases a,b,c32,c64,c128,c512,d] [--peers "NAME;NAME"] [--rounds N] [--threads N]

Every peer works in a process of its own with the same number of threads, pinned to the same cores. The processes take
turns, a round over all of them repeated, so that what disturbs the machine disturbs them alike; a ratio is taken round
by round. All do the same steps of plain gradient descent on the same data from the same parameters, and their losses
are compared. What is done once (import, compiling, lowering) is given apart. A peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from itertools import pairwise
from random import Random
from statistics import median
from time import perf_counter, sleep
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Work = Callable[[], Array]
"""The steps of one round; the loss of each."""


ON_GPU = os.environ.get("BENCHMARK_ON_GPU", "") == "1"
"""Whether peers take a GPU, where there is one; `gpu.py` asks for it."""
SHORTEST = 0.05
"""Seconds for which a round is repeated: a core that has slept is slow for some milliseconds."""


@dataclass(frozen=True)
class Case:
    """A network, its data and how often it is updated in one round; no `batch` is all samples in every step."""

    title: str
    sizes: tuple[int, ...]
    hidden: str
    output: str
    steps: int
    samples: int
    rate: float
    dtype: str = "float32"
    batch: int | None = None
    bias: bool = True

    @property
    def size(self) -> int:
        """The samples of a step."""
        return self.batch or self.samples

    @property
    def operations(self) -> int:
        """The floating-point operations of the matrix products of a round; the first layer passes nothing on."""
        products = sum(d * k for d, k in pairwise(self.sizes)) * 3 - self.sizes[0] * self.sizes[1]
        return 2 * self.steps * self.size * products

    def data(self) -> tuple[Array, Array]:
        """Inputs and targets, samples as rows."""
        rng = np.random.default_rng(1)
        if self.title.startswith("moons"):
            angle, second = rng.random(self.samples) * np.pi, np.arange(self.samples) % 2
            x = np.stack([np.cos(angle) * (1 - 2 * second) + second, np.sin(angle) * (1 - 2 * second) + second / 2], 1)
            return (x + rng.normal(0, 0.1, x.shape)).astype(self.dtype), second[:, None].astype(self.dtype)
        x = rng.normal(0, 1, (self.samples, self.sizes[0]))
        classes = (x @ rng.normal(0, 1, (self.sizes[0], self.sizes[-1]))).argmax(axis=1)
        return x.astype(self.dtype), np.eye(self.sizes[-1])[classes].astype(self.dtype)

    def order(self) -> Array | None:
        """The samples of every step: each once an epoch, shuffled."""
        if self.batch is None:
            return None
        rng, wanted = np.random.default_rng(2), self.steps * self.batch
        epochs = [rng.permutation(self.samples) for _ in range(-(-wanted // self.samples))]
        return np.concatenate(epochs)[:wanted].reshape(self.steps, self.batch)


@cache
def parameters(case: Case) -> list[tuple[Array, Array]]:
    """W (inputs x units) and b of every layer; not to be written to."""
    rng, pairs = np.random.default_rng(0), list(pairwise(case.sizes))
    weights = [rng.normal(0, (2 / (d + k)) ** 0.5, (d, k)).astype(case.dtype) for d, k in pairs]  # Glorot
    return [(W, np.zeros((1, W.shape[1]), case.dtype)) for W in weights]


def _images(batch: int, steps: int) -> Case:
    title = f"784-128-10 ReLU/softmax, batches of {batch}, float32"
    return Case(title, (784, 128, 10), "relu", "softmax", steps, 8192, 0.1, batch=batch)


CASES = {
    "a": Case("2-3-2 of the README, one sample, float64", (2, 3, 2), "leaky_relu", "softmax", 20_000, 1, 0.001,
              "float64", bias=False),
    "b": Case("moons, 2-16-16-1 tanh/sigmoid, all 200, float64", (2, 16, 16, 1), "tanh", "sigmoid", 2_000, 200, 0.1,
              "float64"),
    "c32": _images(32, 1024),
    "c64": _images(64, 512),
    "c128": _images(128, 256),
    "c512": _images(512, 96),
    "w64": Case("64-64-64-10 ReLU, batches of 64, float32", (64, 64, 64, 10), "relu", "softmax", 512, 8192, 0.1,
                batch=64),
    "w128": Case("128-128-128-10 ReLU, batches of 64, float32", (128, 128, 128, 10), "relu", "softmax", 512, 8192, 0.1,
                 batch=64),
    "d": Case("1024-1024-1024-10 ReLU, batches of 1024, float32", (1024, 1024, 1024, 10), "relu", "softmax", 6, 4096,
              0.05, batch=1024),
}  # fmt: skip


def _chalkwork(case: Case, module: str, name: str) -> Work:
    """The step of the network, made ready by one of the engines."""
    from chalkwork.networks.activations import Activation
    from chalkwork.networks.convention import Convention
    from chalkwork.networks.equations import derive
    from chalkwork.networks.layers.base import LayerPlan
    from chalkwork.networks.layers.dense import DENSE
    from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy
    from chalkwork.networks.plan import Plan
    from chalkwork.training.step import Batches, Step

    activations = [case.hidden] * (len(case.sizes) - 2) + [case.output]
    layers = tuple(
        LayerPlan(d, k, Activation.of(activation), case.bias, DENSE)
        for (d, k), activation in zip(pairwise(case.sizes), activations, strict=True)
    )
    plan = Plan(layers, CrossEntropy() if case.output == "softmax" else BinaryCrossEntropy(), Convention(), case.size)
    carried = {name.name: f"{name.name}_new" for name in plan.parameters()}
    step = Step(derive(plan, target=True, updates=1), carried, ("x", "y"), "L")
    engine = getattr(import_module(f"chalkwork.training.engines.{module}"), name)(case.dtype)
    first = {f"{'Wb'[k]}{n}": pair[k] for n, pair in enumerate(parameters(case), 1) for k in (0, 1)}
    x, y = case.data()
    data, batches = engine.data({"x": x, "y": y}), Batches(case.steps, case.order(), case.rate)
    run = engine.prepare(step, {})

    def work() -> Array:
        return np.asarray(run.steps(engine.carried({name: first[name] for name in carried}), data, batches)[1])

    return work


def _batches(case: Case, x: Any, y: Any, order: Any) -> Iterable[tuple[Any, Any]]:
    return ((x, y) if order is None else (x[order[n]], y[order[n]]) for n in range(case.steps))


def _numpy(case: Case) -> Work:
    """As a competent person writes it."""
    x, y = case.data()
    order, rate = case.order(), np.array(case.rate, case.dtype)

    def activation(z: Array) -> Array:
        if case.hidden == "relu":
            return np.maximum(z, 0)
        return np.tanh(z) if case.hidden == "tanh" else np.where(z < 0, 0.01 * z, z)

    def slope(z: Array, a: Array) -> Array:
        if case.hidden == "relu":
            return z > 0
        return 1 - a**2 if case.hidden == "tanh" else np.where(z > 0, 1.0, 0.01)

    def output(z: Array, target: Array) -> tuple[Array, float]:
        if case.output == "sigmoid":
            a = 1 / (1 + np.exp(-z))
            return a, -(target * np.log(a) + (1 - target) * np.log(1 - a)).sum() / len(z)
        powers = np.exp(z - z.max(axis=1, keepdims=True))
        a = powers / powers.sum(axis=1, keepdims=True)
        return a, -(target * np.log(a)).sum() / len(z)

    def work() -> Array:
        weights, losses = list(parameters(case)), []
        for inputs, target in _batches(case, x, y, order):
            z, a = [], [inputs]
            for number, (W, b) in enumerate(weights):
                z.append(a[-1] @ W + b if case.bias else a[-1] @ W)
                a.append(activation(z[-1]) if number < len(weights) - 1 else z[-1])
            probability, loss = output(z[-1], target)
            losses.append(loss)
            delta = (probability - target) / len(inputs)
            for number in range(len(weights) - 1, -1, -1):
                W, b = weights[number]
                dW, db = a[number].T @ delta, delta.sum(axis=0, keepdims=True)
                if number:
                    delta = delta @ W.T * slope(z[number - 1], a[number])
                weights[number] = (W - rate * dW, b - rate * db if case.bias else b)
        return np.array(losses)

    return work


def _torch(case: Case, *, compiled: bool = False, graph: bool = False) -> Work:
    """As its tutorials write it; compiled, or its whole step kept as a CUDA graph that is replayed."""
    torch = import_module("torch")
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    device = "cuda" if ON_GPU and torch.cuda.is_available() else "cpu"
    x, y = (torch.from_numpy(array).to(device) for array in case.data())
    order = None if case.batch is None else torch.from_numpy(case.order()).to(device)
    nn, layers = torch.nn, list[Any]()
    hidden = {"relu": nn.ReLU, "tanh": nn.Tanh, "leaky_relu": nn.LeakyReLU}[case.hidden]
    for d, k in pairwise(case.sizes):
        layers += [nn.Linear(d, k, bias=case.bias, dtype=x.dtype), hidden()]
    model = nn.Sequential(*layers[:-1]).to(device)
    measure = nn.CrossEntropyLoss() if case.output == "softmax" else nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=case.rate)

    def loss_of(inputs: Any, target: Any) -> Any:
        return measure(model(inputs), target)

    forward = torch.compile(loss_of) if compiled else loss_of

    def step(inputs: Any, target: Any) -> Any:
        optimizer.zero_grad()
        loss = forward(inputs, target)
        loss.backward()
        optimizer.step()
        return loss.detach()

    update = _graphed(torch, step, x[: case.size].clone(), y[: case.size].clone()) if graph else step

    def work() -> Array:
        with torch.no_grad():
            for layer, (W, b) in zip(layers[::2], parameters(case), strict=True):
                layer.weight.copy_(torch.from_numpy(W.T))
                if case.bias:
                    layer.bias.copy_(torch.from_numpy(b[0]))
        losses = [update(inputs, target) for inputs, target in _batches(case, x, y, order)]
        return np.asarray(torch.stack(losses).cpu().numpy())

    return work


def _graphed(torch: Any, step: Callable[[Any, Any], Any], inputs: Any, target: Any) -> Callable[[Any, Any], Any]:
    """The step captured once, as PyTorch's notes on CUDA graphs have it, and replayed on new batches."""
    aside = torch.cuda.Stream()
    with torch.cuda.stream(aside):
        for _ in range(3):
            step(inputs, target)
    torch.cuda.current_stream().wait_stream(aside)
    captured = torch.cuda.CUDAGraph()
    with torch.cuda.graph(captured):
        loss = step(inputs, target)

    def replayed(new_inputs: Any, new_target: Any) -> Any:
        inputs.copy_(new_inputs)
        target.copy_(new_target)
        captured.replay()
        return loss.clone()

    return replayed


def _sklearn(case: Case) -> Work:
    """One `partial_fit` is one pass in the order in which the samples lie; one loss a pass."""
    network = import_module("sklearn.neural_network").MLPClassifier
    (x, y), order = case.data(), case.order()
    if order is not None:
        x, y = x[order.reshape(-1)], y[order.reshape(-1)]
    classes = y.argmax(axis=1) if case.output == "softmax" else y[:, 0].astype(int)
    model = network(
        case.sizes[1:-1], activation=case.hidden, solver="sgd", alpha=0.0, batch_size=case.size,
        learning_rate_init=case.rate, momentum=0.0, nesterovs_momentum=False, shuffle=False,
    )  # fmt: skip
    every = np.arange(max(2, case.sizes[-1]))

    def work() -> Array:
        if not hasattr(model, "coefs_"):
            model.partial_fit(x, classes, classes=every)
        for place, b, (W, first) in zip(model.coefs_, model.intercepts_, parameters(case), strict=True):
            place[...], b[...] = W, first[0]
        losses = []
        for _ in range(case.steps if order is None else 1):
            model.partial_fit(x, classes, classes=every)
            losses.append(model.loss_)
        return np.array(losses)

    return work


def _jax(case: Case) -> Work:
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", case.dtype == "float64")
    jax.config.update("jax_default_matmul_precision", "float32")  # as all others; a GPU's default has fewer bits
    jnp, nn = jax.numpy, jax.nn
    (x, y), order = map(jnp.asarray, case.data()), case.order()
    each = jnp.zeros((case.steps, 0)) if order is None else jnp.asarray(order)
    activation = {"relu": nn.relu, "tanh": jnp.tanh, "leaky_relu": nn.leaky_relu}[case.hidden]

    def loss_of(weights: Any, inputs: Any, target: Any) -> Any:
        a = inputs
        for number, (W, b) in enumerate(weights):
            z = a @ W + b if case.bias else a @ W
            a = activation(z) if number < len(weights) - 1 else z
        if case.output == "softmax":
            return -(target * nn.log_softmax(a)).sum() / len(a)
        return -(target * nn.log_sigmoid(a) + (1 - target) * nn.log_sigmoid(-a)).sum() / len(a)

    def step(weights: Any, chosen: Any) -> Any:
        inputs, target = (x, y) if order is None else (x[chosen], y[chosen])
        loss, gradients = jax.value_and_grad(loss_of)(weights, inputs, target)
        return jax.tree.map(lambda w, g: w - case.rate * g, weights, gradients), loss

    run = jax.jit(lambda weights: jax.lax.scan(step, weights, each))

    def work() -> Array:
        weights, losses = run(jax.tree.map(jnp.asarray, parameters(case)))
        jax.block_until_ready(weights)
        return np.asarray(losses)

    return work


def _peak(case: Case) -> Work:
    """The matrix product alone: as many operations as a round, in products of large matrices."""
    side = 2048
    a, out = np.random.default_rng(0).normal(0, 1, (side, side)).astype(case.dtype), np.empty((side, side), case.dtype)
    b = a.copy()
    times = max(1, round(case.operations / (2 * side**3)))

    def work() -> Array:
        for _ in range(times):
            np.matmul(a, b, out=out)
        return np.empty(0)

    return work


OURS = {"chalkwork, numpy": ("blas", "BlasEngine"), "chalkwork, jax": ("compiled", "JaxEngine")}
PEERS: dict[str, tuple[str, Callable[[Case], Work]]] = {
    "NumPy by hand": ("numpy", _numpy),
    "PyTorch": ("torch", _torch),
    "torch.compile": ("torch", lambda case: _torch(case, compiled=True)),
    "scikit-learn": ("scikit-learn", _sklearn),
    "JAX by hand": ("jax", _jax),
}
if ON_GPU:
    PEERS["torch, CUDA graphs"] = ("torch", lambda case: _torch(case, graph=True))
PEAK = "matrix product"


def _installed(package: str) -> bool:
    return find_spec({"scikit-learn": "sklearn"}.get(package, package)) is not None


def _work(peer: str, case: Case) -> Work:
    if peer == PEAK:
        return _peak(case)
    return _chalkwork(case, *OURS[peer]) if peer in OURS else PEERS[peer][1](case)


def serve(peer: str, name: str) -> None:
    """A process that does one round for every line it is sent."""
    start = perf_counter()
    try:
        work = _work(peer, CASES[name])
        losses = work()
    except Exception as error:  # whatever a peer cannot do is said in its row
        print(json.dumps({"failed": f"{type(error).__name__}: {error}"[:200]}), flush=True)
        return
    first = perf_counter() - start
    print(json.dumps({"first": first, "losses": losses.tolist()}), flush=True)
    for _ in sys.stdin:
        start, times = perf_counter(), 0
        while not times or perf_counter() - start < SHORTEST:
            work()
            times += 1
        print(json.dumps((perf_counter() - start) / times), flush=True)


class Worker:
    """A process of a peer, ready to do rounds."""

    def __init__(self, peer: str, name: str, threads: int) -> None:
        self.peer, self.times = peer, list[float]()
        pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = os.environ | dict.fromkeys(pools, str(threads)) | {"PYTHONWARNINGS": "ignore"}
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve", peer, "--cases", name, "--threads", str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        )  # fmt: skip

    def ready(self) -> Worker:
        """Wait for the first round."""
        said = self._listen() or {"failed": "the process ended"}
        self.failed: str | None = said.get("failed")
        self.first, self.losses = float(said.get("first", 0)), np.array(said.get("losses", []), float)
        return self

    def _listen(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line or "null")

    def round(self) -> None:
        """One round; its time is kept."""
        print(file=self.process.stdin, flush=True)
        self.times.append(float(self._listen()))

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def pin(threads: int) -> None:
    """Keep to the first cores, where the system lets a process choose."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def measure(name: str, peers: Sequence[str], rounds: int, threads: int) -> None:
    """All peers on one case, in turns."""
    case = CASES[name]
    print(f"\n({name}) {case.title}: {case.steps} steps a round")
    wanted = [PEAK, *peers] if name[0] in "cd" else list(peers)
    starting = (Worker(peer, name, threads) for peer in wanted)
    workers = [worker.ready() for worker in (list(starting) if ON_GPU else starting)]  # a GPU's host has cores for all
    running = [worker for worker in workers if worker.failed is None]
    chance = Random(0)
    for _ in range(rounds):
        for worker in chance.sample(running, len(running)):  # who comes after whom makes a difference
            sleep(0.05)  # threads that still wait for work go to sleep
            worker.round()
    for worker in workers:
        if worker.failed is not None:
            print(f"  {worker.peer:18s} left out: {worker.failed}")
    show(case, running)
    for worker in running:
        worker.close()


def show(case: Case, workers: Sequence[Worker]) -> None:
    """Times, GFLOP/s of the matrix products, and how many times as fast as every peer our fastest engine is."""
    titles = ("us a step: min", "median", "max", "GFLOP/s", "median", "once, s")
    print("  {:18s} {:>14s} {:>9s} {:>9s} {:>8s} {:>7s} {:>8s}  losses".format("", *titles))
    reference = next((worker.losses for worker in workers if len(worker.losses) == case.steps), np.empty(0))
    for worker in workers:
        low, middle, high = min(worker.times), median(worker.times), max(worker.times)
        rates = f"{case.operations / low / 1e9:8.1f} {case.operations / middle / 1e9:7.1f}"
        us = [1e6 * seconds / case.steps for seconds in (low, middle, high)]
        times = f"{us[0]:14.2f} {us[1]:9.2f} {us[2]:9.2f}" if worker.peer != PEAK else " " * 34
        print(f"  {worker.peer:18s} {times} {rates} {worker.first:8.2f}  {_agreement(worker.losses, reference)}")
    for ours in (worker for worker in workers if worker.peer in OURS):
        others = [worker for worker in workers if worker is not ours]
        print(f"  times as fast, {ours.peer}: " + "; ".join(f"{_ratio(ours, other)} {other.peer}" for other in others))


def _agreement(losses: Array, reference: Array) -> str:
    if not len(losses) or not len(reference):
        return ""
    if len(losses) < len(reference):  # one loss a pass
        reference = reference.reshape(len(losses), -1).mean(axis=1)
    apart = np.abs(losses / reference - 1)  # in float32 a ReLU unit may open a step earlier, and the ways part
    return f"{losses[0]:.6f} to {losses[-1]:.6f}, apart {np.median(apart):.0e}, at most {apart.max():.0e}"


def _ratio(ours: Worker, other: Worker) -> str:
    """The middle of the ratios of the rounds, the quartiles, and the ratio of the smallest times."""
    ratios = np.array(other.times) / np.array(ours.times)
    low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    return f"{middle:.2f} [{low:.2f}, {high:.2f}; least times {min(other.times) / min(ours.times):.2f}]"


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", default="a,b,c32,c64,c128,c512,d")
    parser.add_argument("--peers", default=";".join([*OURS, *PEERS]), help="names with a semicolon between")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    pin(chosen.threads)
    if chosen.serve:
        serve(chosen.serve, chosen.cases)
        return
    peers = [peer for peer in chosen.peers.split(";") if peer in OURS or (peer in PEERS and _installed(PEERS[peer][0]))]
    versions = [f"{name} {version(name)}" for name in ("numpy", "jax", "torch", "scikit-learn") if _installed(name)]
    print(
        f"Python {platform.python_version()}, {', '.join(versions)}; {chosen.threads} threads, {chosen.rounds} rounds"
    )
    settings = {
        name: value for name, value in os.environ.items() if name.startswith(("OPENBLAS_", "MKL_", "XLA_", "OMP_"))
    }
    print(f"set beforehand: {settings or 'nothing'}; least time, median and largest; ratios: median [quartiles]")
    for name in chosen.cases.split(","):
        measure(name, peers, chosen.rounds, chosen.threads)


if __name__ == "__main__":
    main()
