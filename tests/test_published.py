"""Worked examples that others published: every number they printed comes out, and where they erred it does not.

`published/*.json` holds the inputs, the printed numbers as text and, where the author erred or rounded in between, why
(`mistake`). A printed number is named by a small query language, which `Query` below reads:

    S[k].z[l][i,j]      network states: after k updates, layer l counted from 0, samples as rows
    v.c, g.c            a graph's values and the derivatives of its output
    + - * @ .T [1:]     arithmetic between them, numbers, np.mean and np.abs

A query that it cannot read is an error, so that nothing is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chalkwork import BinaryCrossEntropy, CrossEntropy, Dense, Graph, NeuralNetwork, SquaredError
from chalkwork.derivation.evaluate import evaluate_all
from chalkwork.networks.losses import Loss

Array = np.ndarray[Any, Any]
Example = dict[str, Any]

FILES = sorted((Path(__file__).parent / "published").glob("*.json"))
EXAMPLES: dict[str, Example] = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES}

LOSSES: dict[str, Loss] = {
    "half_sse": SquaredError(),
    "sse": SquaredError(factor=1),
    "mse": SquaredError(factor=1, reduction="mean"),
    "half_mse": SquaredError(reduction="mean_over_samples"),
    "bce_sum": BinaryCrossEntropy(reduction="sum"),
    "bce_mean": BinaryCrossEntropy(),
    "cce_sum": CrossEntropy(reduction="sum"),
    "cce_mean": CrossEntropy(),
}
TRAINING_KEYS = {"lr", "steps", "mode", "update_bias", "record"}
SHORT = 100
"""Up to so many updates are made with `backprop`; longer ways go through the same equations, compiled."""


def of_engine(engine: str) -> list[str]:
    return [name for name, example in EXAMPLES.items() if example["inputs"]["engine"] == engine]


def expected(engine: str) -> list[Any]:
    """One parameter of a test for every printed number."""
    return [pytest.param(name, entry, id=f"{name}: {entry['id']}") for name in of_engine(engine)
            for entry in EXAMPLES[name]["expected"]]  # fmt: skip


# --- queries ---------------------------------------------------------------------------------------------------------

TOKEN = re.compile(r"\s*(np\.mean|np\.abs|\d+\.?\d*|\.\d+|[A-Za-z_]\w*|[-+*@()\[\],:.])")


class Query:
    """A recursive descent over one query.

    >>> Query("2*.5 - -(x[1]@y.T)", {"x": [0, np.ones((1, 2))], "y": np.ones((1, 2))}).value().tolist()
    [[3.0]]
    """

    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        self.text, self.names = text, names
        self.tokens = self._tokens(text)

    @staticmethod
    def _tokens(text: str) -> list[str]:
        tokens, place = [], 0
        while place < len(text):
            found = TOKEN.match(text, place)
            if found is None:
                raise ValueError(f"{text!r} cannot be read from {text[place:]!r}")
            tokens.append(found[1])
            place = found.end()
        return tokens

    def value(self) -> Any:
        result = self._sum()
        if self.tokens:
            raise ValueError(f"{self.text!r} goes on with {self.tokens}")
        return result

    def _next(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def _take(self, *wanted: str) -> str:
        if not self.tokens or (wanted and self.tokens[0] not in wanted):
            raise ValueError(f"{self.text!r}: expected {wanted}, found {self.tokens[:1]}")
        return self.tokens.pop(0)

    def _sum(self) -> Any:
        left = self._product()
        while self._next() in ("+", "-"):
            left = left + self._product() if self._take() == "+" else left - self._product()
        return left

    def _product(self) -> Any:
        left = self._signed()
        while self._next() in ("*", "@"):
            left = left * self._signed() if self._take() == "*" else left @ self._signed()
        return left

    def _signed(self) -> Any:
        if self._next() == "-":
            self._take()
            return -self._signed()
        return self._with_suffixes(self._atom())

    def _atom(self) -> Any:
        token = self._take()
        if token == "(":
            return self._closed(self._sum())
        if token in ("np.mean", "np.abs"):
            self._take("(")
            return {"np.mean": np.mean, "np.abs": np.abs}[token](self._closed(self._sum()))
        if re.fullmatch(r"[\d.]+", token):
            return float(token)
        if token in self.names:
            return self.names[token]
        raise ValueError(f"{self.text!r}: {token!r} is not known")

    def _closed(self, value: Any) -> Any:
        self._take(")")
        return value

    def _with_suffixes(self, value: Any) -> Any:
        while self._next() in ("[", "."):
            if self._take() == "[":
                value = value[self._index()]
            else:
                name = self._take()
                if name == "T" and isinstance(value, np.ndarray):
                    value = value.T
                elif isinstance(value, Mapping) and name in value:
                    value = value[name]
                else:
                    raise ValueError(f"{self.text!r}: nothing has a part {name!r}")
        return value

    def _index(self) -> Any:
        parts = [self._place()]
        while self._take(",", "]") == ",":
            parts.append(self._place())
        return parts[0] if len(parts) == 1 else tuple(parts)

    def _place(self) -> int | slice:
        start = int(self._take()) if self._next() != ":" else None
        if self._next() != ":":
            assert start is not None
            return start
        self._take(":")
        return slice(start, int(self._take()) if self._next() not in (",", "]") else None)


def test_every_query_has_a_meaning() -> None:
    """Forms that are not in the grammar are refused, not guessed."""
    for text in ("S[0].loss ** 2", "S[0].loss / 2", "open(1)", "S[0].loss)", "np.max(1)", "", "S[0]..a", "__name__"):
        with pytest.raises(ValueError):
            Query(text, {"S": [{"loss": 1.0, "a": 2.0}]}).value()


# --- printed numbers -------------------------------------------------------------------------------------------------


def agrees(value: float, entry: Mapping[str, Any]) -> bool:
    """Whether the value rounds to what is printed: half a unit in the last place, or the stated tolerance."""
    printed = entry["printed"]
    decimals = len(printed.partition(".")[2])
    assert decimals == entry["decimals"]
    tolerance = max(0.5 * 10.0**-decimals, entry.get("rtol", 0.0) * abs(float(printed)))
    return abs(value - float(printed)) <= tolerance + 1e-14 * max(1.0, abs(value))


def check(value: float, entry: Mapping[str, Any]) -> None:
    """Agreement, or, where the example says that the author erred, disagreement."""
    value = float(value)
    if "mistake" in entry:
        assert not agrees(value, entry), f"{value!r} is what is printed: there is no mistake"
    else:
        assert agrees(value, entry), f"{value!r} is not {entry['printed']}"


def test_engines() -> None:
    """Networks and graphs are checked here; formulas of other kinds are not for networks and graphs."""
    assert len(EXAMPLES) == 15
    assert {example["inputs"]["engine"] for example in EXAMPLES.values()} == {"mlp", "graph", "calc"}
    assert (len(of_engine("mlp")), len(of_engine("graph")), len(of_engine("calc"))) == (9, 2, 4)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_mistake_is_listed_where_it_was_made(name: str) -> None:
    example = EXAMPLES[name]
    marked = [(entry["id"], entry["printed"]) for entry in example["expected"] if "mistake" in entry]
    assert marked == [(mistake["id"], mistake["printed"]) for mistake in example["mistakes"]]


# --- networks --------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    """A network on its way: its states are asked for in rising order of updates."""

    inputs: Mapping[str, Any]

    def __post_init__(self) -> None:
        layers = self.inputs["layers"]
        (self.orientation,) = {layer["orientation"] for layer in layers}
        self.net = NeuralNetwork(
            [
                Dense(weights=layer["W"], bias=False if layer["b"] is None else layer["b"], activation=layer["act"])
                for layer in layers
            ],
            LOSSES[self.inputs["loss"]["name"]] if "loss" in self.inputs else "squared_error",
            weights=self.orientation,
        )
        self.x = self.inputs["data"]["X"]
        self.y = self.inputs["data"]["Y"]
        self.train = self.inputs.get("train", {})
        assert set(self.train) <= TRAINING_KEYS
        assert self.train.get("mode", "batch") == "batch"
        self.updated = [name for name in self.net.parameters if name[0] == "W" or self.train.get("update_bias", True)]
        self.states: dict[int, dict[str, Any]] = {}

    def solve(self, **keywords: Any) -> Any:
        return self.net.solve(self.x, self.y, **keywords)

    def visit(self, steps: list[int]) -> None:
        """Work out the states after so many updates."""
        done = 0
        for step in sorted(set(steps)):
            self._advance(step - done)
            self.states[step] = self._state()
            done = step

    def _advance(self, updates: int) -> None:
        if updates > SHORT:
            self._advance_compiled(updates)
            return
        for _ in range(updates):
            gradients = self.net.backprop(self.x, self.y)
            for name in self.updated:
                self.net.parameters[name] = self.net.parameters[name] - self.train["lr"] * gradients[f"d{name}"]

    def _advance_compiled(self, updates: int) -> None:
        """The same updates, by the equations of the solution evaluated over JAX in one loop."""
        solution = self.solve(learning_rate=self.train["lr"])
        fixed = {name: np.atleast_2d(solution[name]) for name in ("x", "y", "eta")}
        start = {name.name: solution[name.name] for name in solution.derivation.givens if name.name[0] in "Wb"}

        def step(_: Any, parameters: dict[str, Any]) -> dict[str, Any]:
            values = evaluate_all(solution.derivation, fixed | parameters, jnp)
            return parameters | {name: values[f"{name}_new"] for name in self.updated}

        found = jax.jit(lambda parameters: jax.lax.fori_loop(0, updates, step, parameters))(start)
        for name, value in found.items():
            self.net.parameters[name] = np.asarray(value).reshape(self.net.parameters[name].shape)

    def _state(self) -> dict[str, Any]:
        depth = range(1, len(self.net.layers) + 1)
        parameters = dict(self.net.parameters)
        forward = self.net.forward(self.x)
        state: dict[str, Any] = {
            "W": [parameters[f"W{number}"] for number in depth],
            "b": [parameters.get(f"b{number}") for number in depth],
            "z": [forward[f"z{number}"] for number in depth],
            "a": [forward[f"a{number}"] for number in depth],
        }
        state["W_io"] = [weights.T if self.orientation == "out_in" else weights for weights in state["W"]]
        if self.y is None:
            return state
        gradients = self.net.backprop(self.x, self.y)
        state |= {
            "loss": float(self.solve()["L"]),
            "err": state["a"][-1] - np.array(self.y, dtype=float),
            "delta": [gradients[f"delta{number}"] for number in depth],
            "dW": [gradients[f"dW{number}"] for number in depth],
            "db": [gradients.get(f"db{number}") for number in depth],
        }
        if self.net.loss == SquaredError():
            state["terms"] = state["err"] ** 2 / 2
        return state


_RUNS: dict[str, Run] = {}


def run_of(name: str) -> Run:
    """The example's network with every state that a query names."""
    if name not in _RUNS:
        run = Run(EXAMPLES[name]["inputs"])
        queries = " ".join(entry["q"] for entry in EXAMPLES[name]["expected"])
        run.visit([int(step) for step in re.findall(r"S\[(\d+)\]", queries)])
        _RUNS[name] = run
    return _RUNS[name]


@pytest.mark.parametrize(("name", "entry"), expected("mlp"))
def test_network(name: str, entry: Example) -> None:
    check(Query(entry["q"], {"S": run_of(name).states}).value(), entry)


@pytest.mark.parametrize("name", [name for name in of_engine("mlp") if "train" in EXAMPLES[name]["inputs"]])
def test_solution_shows_the_same(name: str) -> None:
    """The worked solution of the first update gives the numbers that `forward`, `backprop` and an update give."""
    run = Run(EXAMPLES[name]["inputs"])
    solution = run.solve(learning_rate=run.train["lr"])
    shown = {key: solution[key] for key in solution}
    run.visit([0, 1])
    before, after = run.states[0], run.states[1]
    for number in range(1, len(run.net.layers) + 1):
        for letter, key in (("z", "z"), ("a", "a"), ("delta", "delta"), ("dW", "dW")):
            np.testing.assert_allclose(shown[f"{letter}{number}"], before[key][number - 1], rtol=1e-14, atol=1e-16)
        np.testing.assert_allclose(shown[f"W{number}_new"], after["W"][number - 1], rtol=1e-14, atol=1e-16)
    assert float(shown["L"]) == pytest.approx(before["loss"], rel=1e-14)
    if len(run.updated) == len(run.net.parameters):
        assert float(shown["L_new"]) == pytest.approx(after["loss"], rel=1e-13)


def test_compiled_updates_are_the_same_updates() -> None:
    """The way that long runs take gives what `backprop` gives, step by step."""
    name = "mazur_original"
    stepwise, compiled = Run(EXAMPLES[name]["inputs"]), Run(EXAMPLES[name]["inputs"])
    stepwise._advance(50)
    compiled._advance_compiled(50)
    for key, value in stepwise.net.parameters.items():
        np.testing.assert_allclose(compiled.net.parameters[key], value, rtol=1e-13)


# --- graphs ----------------------------------------------------------------------------------------------------------


def numbered(assignments: list[list[str]]) -> tuple[list[str], Callable[[str], str]]:
    """Equations in which every variable is assigned once: `c`, then `c_2`, ...; and the last name of each variable.

    >>> numbered([["c", "a + 1"], ["c", "c*c"]])[0]
    ['c = a + 1', 'c_2 = c*c']
    """
    times: dict[str, int] = {}

    def last(name: str) -> str:
        return name if times.get(name, 1) == 1 else f"{name}_{times[name]}"

    equations = []
    for name, text in assignments:
        renamed = re.sub(r"[A-Za-z_]\w*", lambda found: last(found[0]), text)
        times[name] = times.get(name, 0) + 1
        equations.append(f"{last(name)} = {renamed}")
    return equations, last


@pytest.mark.parametrize(("name", "entry"), expected("graph"))
def test_graph(name: str, entry: Example) -> None:
    inputs = EXAMPLES[name]["inputs"]
    equations, last = numbered(inputs["assign"])
    output = last(inputs["output"])
    solution = Graph(equations, output).solve(inputs["leaves"])
    variables = {*inputs["leaves"], *(variable for variable, _ in inputs["assign"])}
    names = {
        "v": {variable: float(solution[last(variable)]) for variable in variables},
        "g": {
            variable: float(solution[f"d{output}/d{last(variable)}"])
            for variable in variables
            if last(variable) != output
        },
    }
    check(Query(entry["q"], names).value(), entry)
