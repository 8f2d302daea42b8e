"""Reports on hand-ins against plain NumPy students: exact ones, ones that round, ones that make one mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import pytest

from chalkwork import ChalkworkError, CrossEntropy, Dense, Graph, NeuralNetwork, Notation, Solution, SquaredError
from chalkwork.checking.check import check
from chalkwork.checking.mistakes import TABLE
from chalkwork.checking.report import Report, as_data
from chalkwork.typesetting.symbols import Symbols

CONVENTIONS = list(product(("columns", "rows"), ("out_in", "in_out")))
ACCEPTED = ("correct", "rounding")

# --- students in plain NumPy: samples as rows, weights inputs x units ------------------------------------------------

FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z, a: a * (1 - a)),
    "tanh": (np.tanh, lambda z, a: 1 - a**2),
    "relu": (lambda z: np.maximum(0, z), lambda z, a: (z > 0) * 1.0),
    "leaky_relu(0.1)": (lambda z: np.where(z > 0, z, 0.1 * z), lambda z, a: np.where(z > 0, 1, 0.1)),
}
"""Each activation and its derivative, as courses write it."""


def softmax(z: Any) -> Any:
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Exercise:
    """A 2-3-2 network (or another size) with its data: softmax under cross-entropy, or squared error."""

    hidden: str
    output: str
    reduction: str
    sizes: tuple[int, int, int]
    x: Any
    y: Any
    W1: Any
    b1: Any
    W2: Any
    b2: Any
    eta: float
    convention: tuple[Any, Any] = ("rows", "in_out")

    @property
    def scale(self) -> float:
        return 1 / len(self.x) if self.reduction == "mean_over_samples" else 1.0

    def turned(self, name: str, value: Any) -> Any:
        """A value of the student as the convention has it."""
        samples, weights = self.convention
        bare = name.removeprefix("d").removesuffix("_new")
        if bare in ("W1", "W2"):
            return value.T if weights == "out_in" else value
        return np.asarray(value).T if samples == "columns" else np.asarray(value)

    def solve(self, **style: Any) -> Solution:
        bias = [b.reshape(-1) for b in (self.b1, self.b2)]
        layers = [
            Dense(weights=self.turned("W1", self.W1), bias=bias[0], activation=self.hidden),
            Dense(weights=self.turned("W2", self.W2), bias=bias[1], activation=self.output),
        ]
        loss: Any = CrossEntropy if self.output == "softmax" else SquaredError
        net = NeuralNetwork(
            layers, loss(reduction=self.reduction), samples=self.convention[0], weights=self.convention[1]
        )
        return net.solve(self.turned("x", self.x), self.turned("y", self.y), self.eta, **style)

    def act(self, z: Any) -> Any:
        return softmax(z) if self.output == "softmax" else FUNCTIONS[self.output][0](z)

    def loss(self, a: Any) -> Any:
        each = -self.y * np.log(a) if self.output == "softmax" else (a - self.y) ** 2 / 2
        return self.scale * each.sum()

    def error(self, v: Any) -> Any:
        slope = 1.0 if self.output == "softmax" else FUNCTIONS[self.output][1](v["z2"], v["a2"])
        return self.scale * (v["a2"] - self.y) * slope

    @property
    def steps(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        """Each step from what was found before."""
        f, slope = FUNCTIONS[self.hidden]
        return {
            "z1": lambda v: self.x @ self.W1 + self.b1,
            "a1": lambda v: f(v["z1"]),
            "z2": lambda v: v["a1"] @ self.W2 + self.b2,
            "a2": lambda v: self.act(v["z2"]),
            "L": lambda v: self.loss(v["a2"]),
            "delta2": self.error,
            "dW2": lambda v: v["a1"].T @ v["delta2"],
            "db2": lambda v: v["delta2"].sum(axis=0, keepdims=True),
            "delta1": lambda v: (v["delta2"] @ self.W2.T) * slope(v["z1"], v["a1"]),
            "dW1": lambda v: self.x.T @ v["delta1"],
            "db1": lambda v: v["delta1"].sum(axis=0, keepdims=True),
            "W1_new": lambda v: self.W1 - self.eta * v["dW1"],
            "b1_new": lambda v: self.b1 - self.eta * v["db1"],
            "W2_new": lambda v: self.W2 - self.eta * v["dW2"],
            "b2_new": lambda v: self.b2 - self.eta * v["db2"],
            "z1_new": lambda v: self.x @ v["W1_new"] + v["b1_new"],
            "a1_new": lambda v: f(v["z1_new"]),
            "z2_new": lambda v: v["a1_new"] @ v["W2_new"] + v["b2_new"],
            "a2_new": lambda v: self.act(v["z2_new"]),
            "L_new": lambda v: self.loss(v["a2_new"]),
        }

    def work(
        self,
        wrong: Mapping[str, Callable[[Mapping[str, Any]], Any]] | None = None,
        decimals: int | None = None,
    ) -> dict[str, Any]:
        """Everything the student found, going on with what was found; `wrong` replaces steps."""
        found: dict[str, Any] = {}
        for name, step in (self.steps | dict(wrong or {})).items():
            value = step(found)
            found[name] = value if decimals is None else np.round(value, decimals) + 0.0
        return found

    def handed_in(self, found: Mapping[str, Any], decimals: int | None = None) -> dict[str, Any]:
        """What the student writes: arrays, or text with so many decimals."""
        turned = {name: self.turned(name, value) for name, value in found.items()}
        return turned if decimals is None else {name: typed(value, decimals) for name, value in turned.items()}


def typed(value: Any, decimals: int) -> Any:
    if np.ndim(value):
        return [typed(part, decimals) for part in value]
    return f"{value:.{decimals}f}"


def draw(
    seed: int,
    convention: tuple[Any, Any] = ("rows", "in_out"),
    *,
    hidden: str | None = None,
    output: str | None = None,
    reduction: str | None = None,
    samples: int | None = None,
    sizes: tuple[int, int, int] = (2, 3, 2),
) -> Exercise:
    rng = np.random.default_rng(seed)
    n = samples or int(rng.choice([1, 3]))
    output = output or str(rng.choice(["softmax", "sigmoid", "tanh"]))
    target = np.eye(sizes[2])[rng.integers(0, sizes[2], n)] if output == "softmax" else rng.normal(0, 1, (n, sizes[2]))
    return Exercise(
        hidden=hidden or str(rng.choice(list(FUNCTIONS))),
        output=output,
        reduction=reduction or str(rng.choice(["sum", "mean_over_samples"])),
        sizes=sizes,
        x=rng.normal(0, 1, (n, sizes[0])).round(2),
        y=target.round(1),
        W1=rng.normal(0, 0.7, sizes[:2]).round(2),
        b1=rng.normal(0, 0.5, (1, sizes[1])).round(2),
        W2=rng.normal(0, 0.7, sizes[1:]).round(2),
        b2=rng.normal(0, 0.5, (1, sizes[2])).round(2),
        eta=float(rng.choice([0.1, 0.25])),
        convention=convention,
    )


# --- the 2-3-2 exercise ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sheet() -> Solution:
    net = NeuralNetwork(
        [
            Dense(weights=[[0.15, -0.25, 0.05], [0.2, 0.1, -0.15]], bias=False, activation="leaky_relu(0.01)"),
            Dense(weights=[[0.2, 0.5], [-0.35, 0.15], [0.15, -0.2]], bias=False, activation="softmax"),
        ],
        loss="cross_entropy",
        samples="columns",
        weights="in_out",
    )
    return net.solve(x=[-1, 1], y=[1, 0], learning_rate=0.1, decimals=6)


def right(solution: Solution) -> dict[str, Any]:
    return {name: solution[name] for name in solution.derivation}


def verdicts(report: Report) -> dict[str, str]:
    return {name: result.verdict for name, result in report.items()}


def test_all_right(sheet: Solution) -> None:
    answers = right(sheet)
    report = sheet.check(answers)
    assert list(report) == list(answers)
    assert set(verdicts(report).values()) == {"correct"}
    assert report.first_wrong is None
    assert report.score == 1.0
    assert not report.unused
    for name, result in report.items():
        assert result.name == name
        assert result.credit == 1.0
        assert result.mistakes == ()
        assert result.message
        assert {cell for line in result.cells for cell in line} == {"correct"}
        assert (len(result.cells), len(result.cells[0])) == (sheet.derivation.shapes()[name] or (1, 1))


def test_nothing_answered(sheet: Solution) -> None:
    assert len(sheet.check({})) == 0
    report = sheet.check({}, ask=["z1", "L"])
    assert verdicts(report) == {"z1": "blank", "L": "blank"}
    assert report.first_wrong is None
    assert report.score == 0.0


@pytest.mark.parametrize("decimals", [2, 3, 4, 6])
def test_right_and_rounded(sheet: Solution, decimals: int) -> None:
    report = sheet.check({name: typed(value, decimals) for name, value in right(sheet).items()})
    assert set(verdicts(report).values()) == {"correct"}


def test_only_what_is_asked_is_marked(sheet: Solution) -> None:
    report = sheet.check(right(sheet), ask=["L", "z2", "dW1"])
    assert list(report) == ["z2", "L", "dW1"]
    assert report.score == 1.0


def test_answers_that_are_not_asked_carry_on(sheet: Solution) -> None:
    z1 = np.array([[0.3], [-0.2], [0.4]])
    a1 = np.where(z1 > 0, z1, 0.01 * z1)
    report = sheet.check({"z1": z1, "a1": a1}, ask=["a1"])
    assert verdicts(report) == {"a1": "follows"}


def test_the_straight_way_says_the_same(sheet: Solution) -> None:
    answers = right(sheet) | {"z2": [["0.3"], ["-0.1"]]}
    symbols = Symbols(Notation(), 2)
    report = check(sheet.derivation, sheet.arrays, answers, symbols, sample_axis=-1)
    assert as_data(report) == as_data(sheet.check(answers))
    assert report.first_wrong == "z2"


def test_a_name_that_is_not_there_is_refused_where_it_is_mapped(sheet: Solution) -> None:
    with pytest.raises(ChalkworkError):
        sheet.check({"q": 1}, names={"q": "z9"})


def test_report_reads_as_text_and_data(sheet: Solution) -> None:
    report = sheet.check(right(sheet) | {"z2": [["0.3"], ["-0.1"]], "thing": 3})
    lines = str(report).splitlines()
    assert [line for line in lines if line.startswith("→")] == [next(line for line in lines if " z2 " in line)]
    assert lines[-1].strip().startswith("thing was not used")
    data = as_data(report)
    assert data["first_wrong"] == "z2"
    assert data["score"] == report.score < 1
    assert [entry["name"] for entry in data["results"]] == list(report)


# --- rounding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("decimals", [2, 3, 4, 6])
def test_going_on_with_rounded_values_is_no_mistake(convention: tuple[str, str], decimals: int) -> None:
    for seed in range(12):
        case = draw(1000 * decimals + seed, convention)
        report = case.solve().check(case.handed_in(case.work(decimals=decimals), decimals))
        assert set(verdicts(report).values()) <= set(ACCEPTED), (seed, str(report))
        assert report.first_wrong is None
        assert report.score == 1.0


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_writing_rounded_values_is_no_mistake(convention: tuple[str, str]) -> None:
    for seed in range(50):
        case = draw(seed, convention)
        decimals = (2, 3, 4, 6)[seed % 4]
        report = case.solve().check(case.handed_in(case.work(), decimals))
        assert set(verdicts(report).values()) == {"correct"}, (seed, str(report))


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_unrounded_arrays_are_correct(convention: tuple[str, str]) -> None:
    for seed in range(5):
        case = draw(seed, convention)
        report = case.solve().check(case.handed_in(case.work()))
        assert set(verdicts(report).values()) == {"correct"}, (seed, str(report))


# --- the first wrong step --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("decimals", [None, 4])
def test_the_wrong_step_is_the_first_and_the_others_follow(
    convention: tuple[str, str], decimals: int | None, rng: np.random.Generator
) -> None:
    case = draw(7, convention, hidden="tanh", samples=3)
    solution = case.solve()
    exact = case.work()
    for name, step in case.steps.items():
        shift = rng.uniform(0.2, 0.6, np.shape(exact[name]))
        found = case.work({name: lambda v, step=step, shift=shift: step(v) + shift}, decimals)
        report = solution.check(case.handed_in(found, decimals))
        assert report.first_wrong == name, str(report)
        assert report[name].credit == 0
        assert report.score == pytest.approx(1 - 1 / len(report))
        own = [n for n in found if n != name and np.abs(found[n] - exact[n]).max() > 0.002]
        for other, result in report.items():
            if other in own:
                assert result.verdict == "follows", (name, other, str(report))
            elif other != name:
                assert result.verdict in (*ACCEPTED, "follows"), (name, other)


def test_cells_are_marked_one_by_one(sheet: Solution) -> None:
    z2 = np.array(sheet["z2"])
    z2[1, 0] += 0.7
    report = sheet.check(right(sheet) | {"z2": z2})
    assert report["z2"].cells[0] == ("correct",)
    assert report["z2"].cells[1][0] in ("wrong", "mistake")
    assert report["z2"].credit == 0.5
    assert report["a2"].verdict == "correct"


# --- blank and unreadable --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", [None, "", "  ", [None, None, None], [["_"], ["_"], ["_"]]])
def test_a_blank_answer_blocks_nothing(sheet: Solution, blank: Any) -> None:
    report = sheet.check(right(sheet) | {"a1": blank})
    found = verdicts(report)
    assert found.pop("a1") == "blank"
    assert set(found.values()) == {"correct"}
    assert report.first_wrong is None


@pytest.mark.parametrize("unreadable", ["abc", "[1 2", [["x"], ["y"], ["z"]], [[1], [2, 3], [4]], object()])
def test_an_unreadable_answer_blocks_nothing(sheet: Solution, unreadable: Any) -> None:
    report = sheet.check(right(sheet) | {"a1": unreadable})
    found = verdicts(report)
    assert found.pop("a1") == "unreadable"
    assert report["a1"].message
    assert set(found.values()) == {"correct"}


@pytest.mark.parametrize(
    "impossible",
    [
        [1, 2],
        [[1, 2], [3, 4]],
        5,
        "1; 2",
        np.full((3, 1), np.nan),
        [["nan"], ["inf"], ["1e200"]],
        np.array([np.inf] * 3),
        np.zeros((0, 3)),
        np.zeros(0),
        np.array([True, False, True]),
        ["True", "false", "TRUE"],
        True,
        np.array([1, 2, 3 + 0j]),
        ["1+2j", "(1-2e-3j)", "2i"],
        2j,
    ],
)
def test_another_shape_and_what_is_no_number_are_wrong_and_block_nothing(sheet: Solution, impossible: Any) -> None:
    report = sheet.check(right(sheet) | {"a1": impossible})
    assert report.first_wrong == "a1"
    found = verdicts(report)
    assert found.pop("a1") == "wrong"
    assert re.match(r"Wrong: .*(expected|finite|too large|a truth value)", report["a1"].message), report["a1"].message
    assert set(found.values()) == {"correct"}


def test_single_cells_may_be_blank_or_unreadable(sheet: Solution) -> None:
    z1 = typed(sheet["z1"], 6)
    z1[1], z1[2] = ["_"], ["what"]
    report = sheet.check(right(sheet) | {"z1": z1})
    assert report["z1"].cells == (("correct",), ("blank",), ("unreadable",))
    assert report["z1"].credit == pytest.approx(1 / 3)
    found = verdicts(report)
    found.pop("z1")
    assert set(found.values()) == {"correct"}


# --- names, and what comes with them ---------------------------------------------------------------------------------


def test_names_as_people_write_them(sheet: Solution) -> None:
    written = {
        "z_1": "z1", "a₁": "a1", "z^{(2)}": "z2", "yhat": "a2", "loss": "L", "δ_2": "delta2", "grad_W2": "dW2",
        "d1": "delta1", "dL/dW1": "dW1", "W1'": "W1_new", "new W2": "W2_new",
    }  # fmt: skip
    report = sheet.check({name: sheet[meant] for name, meant in written.items()})
    assert not report.unused
    assert list(report) == list(written.values())
    assert set(verdicts(report).values()) == {"correct"}


def test_a_mapping_says_which_is_which(sheet: Solution) -> None:
    report = sheet.check({"first": sheet["z1"], "second": "0.7"}, names={"first": "z1"})
    assert verdicts(report) == {"z1": "correct"}
    assert "second" in report.unused


def test_answers_as_people_type_them(sheet: Solution) -> None:
    z1, a2 = sheet["z1"].ravel(), sheet["a2"].ravel()
    report = sheet.check(
        {
            "z1": r"\begin{bmatrix}" + r" \\ ".join(f"{value:.2f}" for value in z1) + r"\end{bmatrix}",
            "a1": "; ".join(f"{value:.5f}".replace(".", ",") for value in sheet["a1"].ravel()),
            "a2": f"[{a2[0]:.3e}, {a2[1]:.3e}]",
            "L": f"{float(sheet['L']):.6f}".replace(".", ","),
        }
    )
    assert verdicts(report) == dict.fromkeys(["z1", "a1", "a2", "L"], "correct")


def test_the_variables_of_a_program() -> None:
    def program() -> dict[str, Any]:
        W1 = np.array([[0.15, -0.25, 0.05], [0.2, 0.1, -0.15]])
        W2 = np.array([[0.2, 0.5], [-0.35, 0.15], [0.15, -0.2]])
        x, y, eta = np.array([[-1.0], [1.0]]), np.array([[1.0], [0.0]]), 0.1
        np_random, text, counter, nothing = np.random, "abc", 12, None
        z1 = W1.T @ x
        a1 = np.where(z1 > 0, z1, 0.01 * z1)
        z2 = W2.T @ a1
        yhat = np.exp(z2) / np.exp(z2).sum()
        loss = -np.log(yhat[0, 0])
        delta2 = yhat - y
        dW2 = a1 @ delta2.T
        delta1 = (W2 @ delta2) * np.where(z1 > 0, 1, 0.01)
        dW1 = x @ delta1.T
        W1_new = W1 - eta * dW1
        W2_new = W2 - eta * dW2
        return locals()

    net = NeuralNetwork(
        [
            Dense(weights=[[0.15, -0.25, 0.05], [0.2, 0.1, -0.15]], bias=False, activation="leaky_relu(0.01)"),
            Dense(weights=[[0.2, 0.5], [-0.35, 0.15], [0.15, -0.2]], bias=False, activation="softmax"),
        ],
        loss="cross_entropy",
        samples="columns",
        weights="in_out",
    )
    report = net.solve(x=[-1, 1], y=[1, 0], learning_rate=0.1).check(program())
    names = ["z1", "a1", "z2", "a2", "L", "delta2", "dW2", "delta1", "dW1", "W1_new", "W2_new"]
    assert verdicts(report) == dict.fromkeys(names, "correct")
    assert {"text", "counter", "nothing"} == set(report.unused)
    assert not report.notes


# --- mistakes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slip:
    """A program that makes one mistake in one step; what else the exercise is."""

    mistake: str
    step: str
    wrong: Callable[[Exercise], Callable[[Mapping[str, Any]], Any]]
    exercise: Mapping[str, Any] = field(default_factory=dict)
    first: bool = True
    """Whether it is the only explanation that comes to mind."""


def cross(**more: Any) -> dict[str, Any]:
    return {"hidden": "tanh", "output": "softmax", "reduction": "sum", "samples": 1} | more


def squared(**more: Any) -> dict[str, Any]:
    return {"hidden": "sigmoid", "output": "sigmoid", "reduction": "sum", "samples": 1} | more


SLIPS = [
    Slip("derivative-dropped", "delta1", lambda e: lambda v: v["delta2"] @ e.W2.T, cross()),
    Slip("derivative-dropped", "delta1", lambda e: lambda v: v["delta2"] @ e.W2.T, squared(samples=3)),
    Slip("derivative-dropped", "delta2", lambda e: lambda v: v["a2"] - e.y, squared()),
    Slip("error-sign", "delta2", lambda e: lambda v: -e.error(v), cross()),
    Slip("error-sign", "delta2", lambda e: lambda v: -e.error(v), squared(samples=3)),
    Slip("ascent", "W1_new", lambda e: lambda v: e.W1 + e.eta * v["dW1"], cross()),
    Slip("ascent", "W2_new", lambda e: lambda v: e.W2 + e.eta * v["dW2"], squared()),
    Slip("ascent", "b2_new", lambda e: lambda v: e.b2 + e.eta * v["db2"], cross()),
    Slip("factor-two", "L", lambda e: lambda v: 2 * e.loss(v["a2"]), squared()),
    Slip("factor-two", "delta2", lambda e: lambda v: 2 * e.error(v), squared()),
    Slip("learning-rate-omitted", "W1_new", lambda e: lambda v: e.W1 - v["dW1"], cross()),
    Slip("learning-rate-omitted", "b1_new", lambda e: lambda v: e.b1 - v["db1"], squared(samples=3)),
    Slip("bias-forgotten", "z1", lambda e: lambda v: e.x @ e.W1, cross()),
    Slip("bias-forgotten", "z2", lambda e: lambda v: v["a1"] @ e.W2, squared(samples=3)),
    Slip(
        "outer-product-transposed", "dW2", lambda e: lambda v: (v["a1"].T @ v["delta2"]).T,
        cross(sizes=(2, 3, 3), samples=3),
    ),
    Slip(
        "outer-product-transposed", "dW1", lambda e: lambda v: (e.x.T @ v["delta1"]).T,
        squared(sizes=(2, 2, 2)),
    ),
    Slip("mean-for-sum", "L", lambda e: lambda v: e.loss(v["a2"]) / 3, cross(samples=3), first=False),
    Slip("mean-for-sum", "dW2", lambda e: lambda v: v["a1"].T @ v["delta2"] / 3, cross(samples=3)),
    Slip("mean-for-sum", "db1", lambda e: lambda v: v["delta1"].mean(axis=0, keepdims=True), squared(samples=3)),
    Slip("sum-for-mean", "L", lambda e: lambda v: e.loss(v["a2"]) * 3,
         cross(samples=3, reduction="mean_over_samples"), first=False),
    Slip("log-base-10", "L", lambda e: lambda v: -(e.y * np.log10(v["a2"])).sum(), cross(), first=False),
    Slip("log-base-2", "L", lambda e: lambda v: -(e.y * np.log2(v["a2"])).sum(), cross(samples=3), first=False),
    Slip("softmax-not-normalised", "a2", lambda e: lambda v: np.exp(v["z2"]), cross()),
    Slip("softmax-not-normalised", "a2", lambda e: lambda v: np.exp(v["z2"]), cross(samples=3)),
    Slip("activation-forgotten", "a1", lambda e: lambda v: v["z1"], cross()),
    Slip("activation-forgotten", "a2", lambda e: lambda v: v["z2"], squared(samples=3)),
    Slip("entries-swapped", "z1", lambda e: lambda v: (e.x @ e.W1 + e.b1)[:, [1, 0, 2]], cross()),
    Slip("entries-swapped", "dW1", lambda e: lambda v: (e.x.T @ v["delta1"])[:, [2, 1, 0]], squared()),
    Slip("derivative-at-activation", "delta1",
         lambda e: lambda v: (v["delta2"] @ e.W2.T) * (1 - np.tanh(v["a1"]) ** 2), cross()),
    Slip("updated-weights-used", "delta1",
         lambda e: lambda v: (v["delta2"] @ (e.W2 - e.eta * v["dW2"]).T) * (1 - v["a1"] ** 2), cross()),
]  # fmt: skip


@pytest.mark.parametrize("convention", CONVENTIONS, ids="-".join)
@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.mistake}-{slip.step}")
def test_mistakes_of_programs_are_named(slip: Slip, convention: tuple[str, str]) -> None:
    decimals, seed = (None, 3) if convention[0] == "rows" else (5, 4)
    case = draw(seed, convention, **slip.exercise)
    found = case.work({slip.step: slip.wrong(case)}, decimals)
    report = case.solve().check(case.handed_in(found, decimals))
    assert report.first_wrong == slip.step, str(report)
    result = report[slip.step]
    assert result.verdict == "mistake", str(report)
    assert slip.mistake in result.mistakes, result.mistakes
    if slip.first:
        assert result.mistakes[0] == slip.mistake, result.mistakes
        assert TABLE[slip.mistake].hint in result.message
    others = {name: word for name, word in verdicts(report).items() if name != slip.step}
    assert set(others.values()) <= {*ACCEPTED, "follows"}, str(report)


def test_a_mistake_is_named_on_own_wrong_values() -> None:
    case = draw(11, **cross())
    found = case.work({"z1": lambda v: case.x @ case.W1 + case.b1 + 0.37, "delta1": lambda v: v["delta2"] @ case.W2.T})
    report = case.solve().check(case.handed_in(found))
    assert report.first_wrong == "z1"
    assert report["delta2"].verdict == "follows"
    assert report["delta1"].mistakes[0] == "derivative-dropped"


# --- sham answers ----------------------------------------------------------------------------------------------------


# --- other work ------------------------------------------------------------------------------------------------------


def test_graph() -> None:
    solution = Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1)
    assert verdicts(solution.check({"c": 3, "d": 2, "e": 6, "de/da": 2, "de/db": 5})) == dict.fromkeys(
        ["c", "d", "e", "de/da", "de/db"], "correct"
    )
    report = solution.check({"c": 4, "d": "2", "e": "8", "de/db": 15})
    assert verdicts(report) | {"de/db": ""} == {"c": "wrong", "d": "correct", "e": "follows", "de/db": ""}
    assert report["de/db"].verdict in ("wrong", "mistake")
    assert report.first_wrong == "c"


@pytest.fixture(scope="module")
def relu() -> Solution:
    net = NeuralNetwork(
        [
            Dense(weights=[[2, -1], [1, -3], [-2, 5]], bias=False, activation="relu"),
            Dense(weights=[[6, 2], [-1, 8]], bias=False, activation="softmax"),
        ],
        samples="columns",
        weights="in_out",
    )
    return net.solve(x=[3, 1, -1], notation={"hidden": "h", "output": "o"})


def test_a_hand_in_with_the_softmax_of_single_products(relu: Solution) -> None:
    # exp(9*6) / (exp(9*6) + exp(0*(-1))) for the first output: what stands in the exponents is no net input
    report = relu.check({"z1": "9; -11", "h": "[9 0]", "z2": [54, 0], "a2": "[1, 0]", "class": 1})
    assert report["a1"].verdict == "correct"
    assert report.first_wrong == "z2"
    assert report["z2"].cells[0] == ("correct",)
    assert report["z2"].cells[1][0] in ("wrong", "mistake")
    assert report["a2"].verdict in (*ACCEPTED, "follows")
    assert report["class"].verdict in (*ACCEPTED, "follows")


def test_the_numbers_decide_where_nothing_but_the_result_is_handed_in(relu: Solution) -> None:
    assert verdicts(relu.check({"h": "[9 0]", "a2": "[1 0]", "class": "1"})) == dict.fromkeys(
        ["a1", "a2", "class"], "correct"
    )
    assert relu.check({"h": "[9 0]", "class": "2"}).first_wrong == "class"


# --- what marking must not fall for ---------------------------------------------------------------------------


def test_what_follows_is_seen_through_blank_cells(sheet: Solution) -> None:
    z1 = np.array([[0.3], [-0.2], [0.4]])
    a1 = np.where(z1 > 0, z1, 0.01 * z1)
    W2 = np.asarray(sheet.arrays["W2"])
    report = sheet.check({"z1": [["0.3"], ["-0.2"], ["0.4"]], "z2": typed(W2.T @ a1, 6)}, ask=["z1", "a1", "z2"])
    assert report.first_wrong == "z1"
    assert report["a1"].verdict == "blank"
    assert report["z2"].verdict == "follows"


def test_a_bias_gradient_that_is_not_summed_is_named() -> None:
    for convention in CONVENTIONS:
        case = draw(5, convention, **cross(samples=3))
        found = case.work()
        answers = case.handed_in(found) | {"db1": case.turned("delta1", found["delta1"])}
        report = case.solve().check(answers)
        assert "bias-gradient-not-summed" in report["db1"].mistakes


@pytest.mark.parametrize(
    "zeros",
    [np.zeros((3, 1)), np.zeros((3, 1), dtype=int), [0, 0, 0], "[0; 0; 0]"],
    ids=["floats", "integers", "list", "text"],
)
def test_zeros_earn_no_follow_through(sheet: Solution, zeros: Any) -> None:
    report = sheet.check({"a1": zeros, "z2": [["0.000000"], ["0.000000"]]})
    assert report.first_wrong == "a1"
    assert report["z2"].verdict in ("wrong", "mistake")
    assert "trivial" in report["z2"].message
    assert report.score == 0.0


def test_ones_earn_no_follow_through(sheet: Solution) -> None:
    W2 = np.asarray(sheet.arrays["W2"])
    report = sheet.check({"a1": np.ones((3, 1)), "z2": W2.T @ np.ones((3, 1))})
    assert report["z2"].verdict in ("wrong", "mistake")
    assert "trivial" in report["z2"].message


@pytest.mark.parametrize("L", ["123.456", "-7"])
def test_any_wrong_loss_is_not_a_mistake(L):
    case = draw(3, **cross(samples=3))
    assert case.solve().check({"L": L})["L"].mistakes == ()


def test_reading_message_does_not_hide_the_verdict(sheet):
    z1 = np.array(sheet["z1"])
    report = sheet.check({"z1": [["what"], ["7.7"], [f"{z1[2, 0]:.6f}"]]})
    assert report["z1"].verdict == "wrong"
    assert "Wrong" in report["z1"].message


@pytest.mark.parametrize("number", [0, 1])
def test_exact_zeros_and_ones_earn_no_follow_through(sheet: Solution, number: int) -> None:
    a1 = np.full((3, 1), number)
    answers = {"a1": a1, "z2": typed(np.asarray(sheet.arrays["W2"]).T @ a1 + 0.0, 6)}
    report = check(sheet.derivation, sheet.arrays, answers, Symbols(Notation(), 2), sample_axis=-1)
    assert report.first_wrong == "a1"
    assert report["z2"].mistakes == ()
    assert "trivial" in report["z2"].message
    assert report.score == 0.0


def test_a_step_left_open_after_zeros_is_only_open(sheet: Solution) -> None:
    report = sheet.check({"a1": "[0; 0; 0]"}, ask=["a1", "z2"])
    assert report["z2"].message == "Nothing was answered."


def test_a_tolerance_leaves_room_besides_the_digits():
    solution = Graph("c = a + b; d = 2 * c").solve(a=2, b=1)
    answers = {"c": "3.02", "d": "6.10"}
    assert solution.check(answers).first_wrong == "c"
    report = solution.check(answers, tolerance=0.02)
    assert [report[name].verdict for name in ("c", "d")] == ["correct", "rounding"]
    assert solution.check({"c": "3.03"}, tolerance=0.02).first_wrong == "c"
    with pytest.raises(ChalkworkError, match="a tolerance is a number from 0 on"):
        solution.check(answers, tolerance=-1)
