"""How long a worked solution takes: start-up, the command line, the 2-3-2 exercise, a large network.

    python benchmarks/worked_solution.py [--rounds N]

Everything is measured in rounds, the rows of a group in turn within each round, so that what disturbs the machine
disturbs them alike. A peer stands beside what it is compared with; its ratio is taken round by round. The targets are
printed, not judged.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from chalkwork import Dense, NeuralNetwork
from chalkwork.networks import equations as network_equations
from chalkwork.solutions.solution import Solution

HERE = Path(__file__).parent
SHEETS = sorted((HERE.parent / "sheets").glob("*.md"))
SAME_EXERCISE = "leaky-relu-softmax-2-3-2"
BY_HAND = HERE / "by_hand.md"
"""The solution of the same exercise as a careful person would write it for pandoc."""
WIDTHS = (62, 9, 9, 9, 12)

HIDDEN = [[0.15, -0.25, 0.05], [0.2, 0.1, -0.15]]
OUTPUT = [[0.2, 0.5], [-0.35, 0.15], [0.15, -0.2]]
X, Y, RATE = [-1, 1], [1, 0], 0.1

Row = tuple[str, Callable[[], object]]
Times = dict[str, list[float]]


# --- measuring -----------------------------------------------------------------------------------------------------


def in_rounds(rows: Sequence[Row], rounds: int, block: float = 0.0) -> Times:
    """Seconds of every row, a round over all of them repeated; the first round warms up and does not count.

    What is shorter than `block` seconds is repeated that long within a round, and its mean is taken. Objects that the
    first round leaves (imported peers and their caches) are kept from the garbage collector.
    """
    times: Times = {name: [] for name, _ in rows}
    counts = {name: 1 for name, _ in rows}
    for number in range(rounds + 1):
        for name, work in rows:
            if block and number == 0:
                work()
            start = perf_counter()
            for _ in range(counts[name]):
                work()
            seconds = (perf_counter() - start) / counts[name]
            if number:
                times[name].append(seconds)
            else:
                counts[name] = max(1, int(block / seconds))
        if number == 0:
            gc.collect()
            gc.freeze()
    gc.unfreeze()
    return times


def show(name: str, seconds: Sequence[float], target: str = "") -> None:
    """One row of the table, in milliseconds."""
    figures = [f"{1000 * value:.1f}" for value in (min(seconds), median(seconds), max(seconds))]
    cells = [name.ljust(WIDTHS[0]), *(cell.rjust(width) for cell, width in zip(figures, WIDTHS[1:4], strict=True))]
    print(" ".join([*cells, target.rjust(WIDTHS[4])]).rstrip())


def show_ratio(name: str, peer: Sequence[float], own: Sequence[float]) -> None:
    """How many times as long the peer takes, round by round."""
    ratios = [theirs / ours for theirs, ours in zip(peer, own, strict=True)]
    figures = [f"{value:.2f}x" for value in (min(ratios), median(ratios), max(ratios))]
    print(" ".join([name.ljust(WIDTHS[0]), *(cell.rjust(WIDTHS[1]) for cell in figures)]))


def heading(title: str) -> None:
    """The title of a group, with the columns below it."""
    print(f"\n{title}")
    columns = ("", "min", "median", "max", "target")
    print(" ".join([columns[0].ljust(WIDTHS[0]), *(c.rjust(w) for c, w in zip(columns[1:], WIDTHS[1:], strict=True))]))


# --- whole processes -----------------------------------------------------------------------------------------------


@contextmanager
def as_installed() -> Iterator[Mapping[str, str]]:
    """An environment in which every module has its bytecode, as after an installation, but none here is touched."""
    with TemporaryDirectory() as folder:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        yield environment | {"PYTHONPYCACHEPREFIX": folder, "NO_COLOR": "1"}


def python(code: str, *arguments: str, environment: Mapping[str, str]) -> None:
    """Run a Python process to its end; what it prints goes nowhere."""
    command = [sys.executable, "-c", code, *arguments]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)


def on_a_terminal(code: str, *arguments: str, environment: Mapping[str, str]) -> None:
    """The same on a pseudo-terminal, so that colour is used."""
    import pty

    reader, writer = pty.openpty()
    coloured = {key: value for key, value in environment.items() if key != "NO_COLOR"} | {"TERM": "xterm-256color"}
    with subprocess.Popen([sys.executable, "-c", code, *arguments], env=coloured, stdout=writer) as process:
        os.close(writer)
        while _more(reader):
            pass
    os.close(reader)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, "chalkwork")


def _more(reader: int) -> bool:
    try:
        return bool(os.read(reader, 65536))
    except OSError:  # the other side has been closed
        return False


CLI = "import sys; from chalkwork.cli import main; sys.exit(main(sys.argv[1:]))"
PANDOC_AND_TYPST = """
import subprocess, sys
from importlib.util import find_spec
from pathlib import Path
import typst
pandoc = Path(find_spec("pypandoc").submodule_search_locations[0]) / "files" / "pandoc"
command = [str(pandoc if pandoc.exists() else "pandoc"), sys.argv[1], "--standalone", "--to=typst"]
source = subprocess.run(command, capture_output=True, check=True).stdout
Path(sys.argv[2]).write_bytes(typst.compile(source, ignore_system_fonts=True))
"""


def imports(rounds: int) -> None:
    """Start-up beside NumPy's own."""
    with as_installed() as environment:
        codes = {
            "a bare interpreter": "pass",
            "import numpy (the peer)": "import numpy",
            "import chalkwork": "import numpy, chalkwork",
            "from chalkwork import Graph, NeuralNetwork": "import numpy; from chalkwork import Graph, NeuralNetwork",
        }
        rows = [(name, lambda code=code: python(code, environment=environment)) for name, code in codes.items()]
        times = in_rounds(rows, rounds)
    heading("Import, whole process (ms)")
    for name, seconds in times.items():
        show(name, seconds)
    peer, *own = list(times)[1:]
    for name in own:
        over = [ours - theirs for ours, theirs in zip(times[name], times[peer], strict=True)]
        show(f"  {name}: over NumPy", over, "60")


def command_line(rounds: int) -> None:
    """`chalkwork solve` on every shipped sheet, beside pandoc and Typst on the same solution written by hand."""
    with as_installed() as environment, TemporaryDirectory() as folder:

        def solve(name: str, run: Callable[..., None], suffix: str = "") -> Row:
            target = ["-o", str(Path(folder) / f"solution{suffix}")] if suffix else []
            of_sheet: Times = {sheet.stem: [] for sheet in SHEETS}
            by_sheet[name] = of_sheet

            def every_sheet() -> None:
                for sheet in SHEETS:
                    start = perf_counter()
                    run(CLI, "solve", str(sheet), *target, environment=environment)
                    of_sheet[sheet.stem].append(perf_counter() - start)

            return name, every_sheet

        by_sheet: dict[str, Times] = {}
        peer = "pandoc + Typst, the 2-3-2 solution written by hand (a peer)"
        pdf = str(Path(folder) / "by_hand.pdf")
        rows = [solve("to plain text", python)]
        if find_spec("pty") and find_spec("termios"):
            rows.append(solve("to a terminal, in colour", on_a_terminal))
        rows += [solve("to Markdown", python, ".md"), solve("to PDF", python, ".pdf")]
        rows.append((peer, lambda: python(PANDOC_AND_TYPST, str(BY_HAND), pdf, environment=environment)))
        times = in_rounds(rows, rounds)
    heading(f"chalkwork solve, whole process, {len(SHEETS)} sheets, each of them (ms)")
    for name, sheets in by_sheet.items():
        counted = {sheet: seconds[1:] for sheet, seconds in sheets.items()}
        slowest = max(counted, key=lambda sheet: median(counted[sheet]))
        show(name, [second for seconds in counted.values() for second in seconds], "1000" if "PDF" in name else "400")
        show(f"  the slowest: {slowest}", counted[slowest])
    show(peer, times[peer])
    show_ratio("  peer / ours, the same exercise to PDF", times[peer], by_sheet["to PDF"][SAME_EXERCISE][1:])


# --- in one process ------------------------------------------------------------------------------------------------


def exercise() -> NeuralNetwork:
    """The 2-3-2 network of the README."""
    hidden = Dense(weights=HIDDEN, bias=False, activation="leaky_relu(0.01)")
    output = Dense(weights=OUTPUT, bias=False, activation="softmax")
    return NeuralNetwork([hidden, output], loss="cross_entropy", samples="columns", weights="in_out")


def cold_derivation() -> None:
    """Forget every derivation that has been made."""
    clear = getattr(network_equations.derive, "cache_clear", None)
    if clear is not None:
        clear()


def solved_cold(network: NeuralNetwork) -> Solution:
    """The derivation and every value, from nothing."""
    cold_derivation()
    return network.solve(x=X, y=Y, learning_rate=RATE)


def ours(network: NeuralNetwork) -> tuple[dict[str, Any], list[str]]:
    """The derivation, every value, and the LaTeX of every equation, from nothing."""
    solution = solved_cold(network)
    return dict(solution), [equation.latex for equation in solution.equations]


def with_sympy() -> list[str]:
    """The nearest that SymPy shows: the loss differentiated by each weight, in LaTeX with its value."""
    sympy: Any = import_module("sympy")
    sympy.core.cache.clear_cache()
    numbers = np.ravel(HIDDEN).tolist() + np.ravel(OUTPUT).tolist()
    weights = sympy.symbols(f"w1:{len(numbers) + 1}", real=True)
    first, second = sympy.Matrix(2, 3, weights[:6]), sympy.Matrix(3, 2, weights[6:])
    net = first.T * sympy.Matrix(X)
    hidden = net.applyfunc(lambda z: sympy.Piecewise((z, z > 0), (sympy.Rational(1, 100) * z, True)))
    exponentials = (second.T * hidden).applyfunc(sympy.exp)
    outputs = exponentials / sum(exponentials)
    loss = -sum(y * sympy.log(a) for y, a in zip(Y, outputs, strict=True))
    at = dict(zip(weights, numbers, strict=True))
    lines = [f"{sympy.latex(loss)} = {loss.subs(at).evalf()}"]
    for weight in weights:
        slope = sympy.diff(loss, weight)
        lines.append(f"{sympy.latex(slope)} = {slope.subs(at).evalf()}")
    return lines


def jax_values() -> Callable[[], object]:
    """The values alone, by jax.grad: the loss and its gradients, an update, and the loss afterwards."""
    jax: Any = import_module("jax")
    jnp = jax.numpy
    jax.config.update("jax_enable_x64", True)
    x, y = jnp.array(X, dtype=jnp.float64), jnp.array(Y, dtype=jnp.float64)
    start = [jnp.array(HIDDEN), jnp.array(OUTPUT)]

    def loss(weights: Any) -> Any:
        hidden = jax.nn.leaky_relu(weights[0].T @ x, 0.01)
        return -jnp.sum(y * jax.nn.log_softmax(weights[1].T @ hidden))

    value_and_gradient = jax.value_and_grad(loss)

    def once() -> object:
        value, gradients = value_and_gradient(start)
        updated = [weight - RATE * gradient for weight, gradient in zip(start, gradients, strict=True)]
        return jax.block_until_ready((value, gradients, updated, loss(updated)))

    return once


def torch_values() -> Callable[[], object]:
    """The values alone, by PyTorch: the loss and its gradients, an update, and the loss afterwards."""
    torch: Any = import_module("torch")
    x, y = torch.tensor(X, dtype=torch.float64), torch.tensor(Y, dtype=torch.float64)

    def loss(weights: Sequence[Any]) -> Any:
        hidden = torch.nn.functional.leaky_relu(weights[0].T @ x, 0.01)
        return -(y * torch.log_softmax(weights[1].T @ hidden, 0)).sum()

    def once() -> object:
        weights = [torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in (HIDDEN, OUTPUT)]
        value = loss(weights)
        value.backward()
        with torch.no_grad():
            updated = [weight - RATE * weight.grad for weight in weights]
            return value, [weight.grad for weight in weights], loss(updated)

    return once


def in_process(rounds: int) -> None:
    """The 2-3-2 exercise: derivation, values and LaTeX, beside those who show or compute something of it."""
    network = exercise()
    rows: list[Row] = [("derivation, all values, all LaTeX", lambda: ours(network))]
    rows.append(("derivation and values only", lambda: solved_cold(network)))
    shown = network.solve(X, Y, RATE)
    rows.append(("the whole document as text", lambda: str(shown)))
    if find_spec("sympy"):
        rows.append(("SymPy: 12 derivatives and the loss, LaTeX and value (a peer)", with_sympy))
    for module, make in (("jax", jax_values), ("torch", torch_values)):
        if find_spec(module):
            rows.append((f"{module}: values only, nothing shown (a peer)", make()))
    times = in_rounds(rows, rounds, block=0.05)
    heading("The 2-3-2 exercise with update, in one process (ms)")
    first = rows[0][0]
    for name, seconds in times.items():
        show(name, seconds, "5" if name == first else "")
    for name, seconds in times.items():
        if "peer" in name:
            show_ratio(f"  {name.split(':')[0]} / ours", seconds, times[first])


def large(rounds: int) -> None:
    """A 784-128-10 network whose matrices are shown with dots."""
    generator = np.random.default_rng(0)
    network = NeuralNetwork([Dense(128, "relu", inputs=784), Dense(10, "softmax")], loss="cross_entropy")

    def work(batch: int) -> Callable[[], Solution]:
        x = generator.random((batch, 784))
        y = np.eye(10)[generator.integers(0, 10, batch)]

        def once() -> Solution:
            cold_derivation()
            solution = network.solve(x, y, learning_rate=RATE)
            str(solution)
            solution._repr_markdown_()
            return solution

        return once

    times = in_rounds(
        [(f"a batch of {batch}" if batch > 1 else "one sample", work(batch)) for batch in (1, 32)], rounds
    )
    heading("A 784-128-10 network: solved, as text and as Markdown, in one process (ms)")
    for name, seconds in times.items():
        show(name, seconds, "300")


def machine() -> str:
    """What it was measured on, in neutral words."""
    packages = []
    for name in ("chalkwork", "numpy", "sympy", "jax", "torch", "typst", "pypandoc_binary"):
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    cores = os.cpu_count() or 1
    return f"{platform.system()}, {cores} cores, Python {platform.python_version()}; {', '.join(packages)}"


def main() -> int:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description="How long a worked solution takes.")
    parser.add_argument("--rounds", type=int, default=15, help="how often everything is measured (15)")
    rounds = max(1, parser.parse_args().rounds)
    print(machine())
    imports(rounds)
    in_process(2 * rounds)
    large(2 * rounds)
    command_line(max(1, rounds // 3))
    return 0


if __name__ == "__main__":
    sys.exit(main())
