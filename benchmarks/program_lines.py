"""The lines of which a program of a training step is put together, and what people write in their places."""

# ruff: noqa: E501  a line of a program stands beside what may be in its place
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chalkwork import BinaryCrossEntropy, CrossEntropy, Dense, NeuralNetwork, SquaredError
from chalkwork.solutions.solution import Solution

Array = np.ndarray[Any, Any]
OUTPUTS = (
    ("squared_error", "identity"),
    ("squared_error", "sigmoid"),
    ("squared_error", "tanh"),
    ("mean_squared_error", "identity"),
    ("binary_cross_entropy", "sigmoid"),
    ("cross_entropy", "softmax"),
)
HIDDEN = ("sigmoid", "tanh", "relu")
HELPERS = """
import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def softmax(z):
    e = np.exp(z - z.max(axis={axis}, keepdims=True))
    return e / e.sum(axis={axis}, keepdims=True)
def relu(z):
    return np.maximum(z, 0)
"""


# --- what is drawn ---------------------------------------------------------------------------------------------------


@dataclass
class Setting:
    """An exercise, and how somebody writes it down."""

    sizes: list[int]
    hidden: str
    loss: str
    output: str
    bias: bool
    rows: bool
    samples: int
    convention: str
    style: str
    names: str
    rate: float
    inline: bool
    in_place: bool
    values: dict[str, Array] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        return len(self.sizes) - 1

    def activation(self, layer: int) -> str:
        return self.output if layer == self.depth else self.hidden


def drawn(random: np.random.Generator) -> Setting:
    loss, output = OUTPUTS[random.integers(len(OUTPUTS))]
    depth = int(random.choice([1, 2, 2, 2, 3]))
    sizes = [int(random.integers(2, 5)) for _ in range(depth)]
    last = int(random.integers(2, 4)) if output == "softmax" else int(random.choice([1, 1, 2]))
    if random.random() < 0.3:
        sizes = [sizes[0]] * depth
    samples = int(random.choice([1, 3, 4, 5]))
    setting = Setting(
        [*sizes, last], str(random.choice(HIDDEN)), loss, output, bool(random.random() < 0.7), bool(random.random() < 0.6),
        samples, str(random.choice(["plain", "plain", "mean-later", "target-first"])),
        str(random.choice(["script", "class", "lists", "dicts", "functions"])),
        str(random.choice(["ng", "plain", "words"])), float(random.choice([0.1, 0.5, 0.05])),
        bool(random.random() < 0.5), bool(random.random() < 0.5),
    )  # fmt: skip

    def normal(*shape: int) -> Array:
        return random.normal(size=shape).round(2)

    for layer, (before, after) in enumerate(zip(setting.sizes, setting.sizes[1:], strict=False), 1):
        setting.values[f"W{layer}"] = normal(before, after) if setting.rows else normal(after, before)
        if setting.bias:
            setting.values[f"b{layer}"] = normal(1, after) if setting.rows else normal(after, 1)
    x = normal(samples, setting.sizes[0])
    if output == "softmax":
        y = np.eye(last)[random.integers(last, size=samples)]
    elif loss == "binary_cross_entropy":
        y = random.integers(2, size=(samples, last)).astype(float)
    else:
        y = normal(samples, last)
    setting.values |= {"x": x if setting.rows else x.T, "y": y if setting.rows else y.T}
    return setting


def solved(setting: Setting) -> Solution:
    layers = [
        Dense(
            weights=setting.values[f"W{layer}"],
            bias=setting.values[f"b{layer}"].ravel() if setting.bias else False,
            activation=setting.activation(layer),
        )
        for layer in range(1, setting.depth + 1)
    ]
    loss: Any = {
        "squared_error": SquaredError(),
        "mean_squared_error": "mean_squared_error",
        "binary_cross_entropy": BinaryCrossEntropy(),
        "cross_entropy": CrossEntropy(),
    }[setting.loss]
    way: Any = {"samples": "rows", "weights": "in_out"} if setting.rows else {"samples": "columns", "weights": "out_in"}
    return NeuralNetwork(layers, loss, **way).solve(setting.values["x"], setting.values["y"], setting.rate)


# --- names -----------------------------------------------------------------------------------------------------------


def spelling(setting: Setting) -> dict[str, str]:
    """How the program writes each quantity."""
    last = setting.depth
    found = {
        "x": "X",
        "y": "Y" if setting.names == "ng" else "y",
        "L": {"ng": "cost", "plain": "loss", "words": "error"}[setting.names],
    }
    for k in range(1, last + 1):
        place = "output" if k == last else "hidden" if last == 2 else f"hidden{k}"
        own = {
            "ng": {"z": f"Z{k}", "a": f"A{k}", "delta": f"dZ{k}", "dW": f"dW{k}", "db": f"db{k}", "up": f"dA{k}"},
            "plain": {"z": f"z{k}", "a": f"a{k}", "delta": f"delta{k}", "dW": f"grad_W{k}", "db": f"grad_b{k}", "up": f"back{k}"},
            "words": {"z": f"{place}_input", "a": f"{place}_output" if k == last else place, "delta": f"{place}_delta",
                      "dW": f"dW{k}", "db": f"db{k}", "up": f"{place}_error"},
        }[setting.names]  # fmt: skip
        for kind, word in {**own, "W": f"W{k}", "b": f"b{k}"}.items():
            found[f"{kind}{k}"] = _kept(setting.style, kind, k, word, last)
    return found


def _kept(style: str, kind: str, k: int, word: str, last: int) -> str:
    if style == "class":
        return word if kind in ("up", "delta") else f"self.{word}"
    if style == "dicts":
        home = {"W": "params", "b": "params", "z": "cache", "a": "cache", "up": "", "delta": ""}.get(kind, "grads")
        return f'{home}["{word}"]' if home else word
    if style == "lists" and kind != "up":
        return {"W": "weights", "b": "biases", "z": "zs", "a": "activations", "delta": "deltas", "dW": "nabla_w",
                "db": "nabla_b"}[kind] + f"[{k if kind == 'a' else k - 1}]"  # fmt: skip
    return word


# --- lines -----------------------------------------------------------------------------------------------------------


Wrong = tuple[str, tuple[str, ...]]


@dataclass
class Line:
    """One line: what it makes, how it is written, and what might stand there instead."""

    makes: str
    text: str
    part: str
    wrong: list[Wrong] = field(default_factory=list)
    """Other texts, each with the ids of mistakes that say what is wrong."""
    shows: str = ""
    """The step in which it is seen, where the line makes none."""


SLOPES = {"sigmoid": "{a} * (1 - {a})", "tanh": "(1 - {a}**2)", "relu": "({z} > 0)", "identity": "1", "softmax": ""}


def lines_of(s: Setting) -> list[Line]:
    n = spelling(s)
    n["a0"] = "activations[0]" if s.style == "lists" else n["x"]
    m = s.samples
    axis, over = (0, 1) if s.rows else (1, 0)

    def mul(w: str, a: str) -> str:
        return f"{a} @ {w}" if s.rows else f"{w} @ {a}"

    def back(w: str, d: str) -> str:
        return f"{d} @ {w}.T" if s.rows else f"{w}.T @ {d}"

    def out(d: str, a: str) -> str:
        return f"{a}.T @ {d}" if s.rows else f"{d} @ {a}.T"

    lines: list[Line] = []
    wrong: list[Wrong]
    for k in range(1, s.depth + 1):
        z, a, W, b, a_in = n[f"z{k}"], n[f"a{k}"], n[f"W{k}"], n.get(f"b{k}", ""), n[f"a{k - 1}"]
        plus = f" + {b}" if s.bias else ""
        wrong = [(f"{z} = {mul(W + '.T', a_in)}{plus}", ("weights-transposed",))]
        if s.bias:
            wrong += [
                (f"{z} = {mul(W, a_in)}", ("bias-forgotten",)),
                (f"{z} = {mul(W, a_in)} - {b}", ("bias-forgotten", "*")),
            ]
        if k > 1:
            wrong.append((f"{z} = {mul(W, n[f'z{k - 1}'])}{plus}", ("activation-forgotten", "wrong-layer", "*")))
        lines.append(Line(f"z{k}", f"{z} = {mul(W, a_in)}{plus}", "forward", wrong))
        f = s.activation(k)
        made = z if f == "identity" else f"{f}({z})" if f != "tanh" else f"np.tanh({z})"
        wrong = [(f"{a} = {z}", ("activation-forgotten",))] if f != "identity" else []
        if f in ("sigmoid", "tanh"):
            wrong.append((f"{a} = {'np.tanh' if f == 'sigmoid' else 'sigmoid'}({z})", ("other-activation",)))
        if f == "softmax":
            wrong += [(f"{a} = np.exp({z}) / np.sum(np.exp({z}))", ("softmax-wrong-axis",)),
                      (f"{a} = np.exp({z})", ("softmax-not-normalised",))]  # fmt: skip
        lines.append(Line(f"a{k}", f"{a} = {made}", "forward", wrong))
    lines.append(_loss(s, n))
    lines += _output_error(s, n)
    later = s.convention == "mean-later" and _is_mean(s)
    per = f" / {m}" if later else ""
    for k in range(s.depth, 0, -1):
        d, dW, db, a_in = n[f"delta{k}"], n[f"dW{k}"], n[f"db{k}"], n[f"a{k - 1}"]
        wrong = [(f"{dW} = {out(d, n[f'z{k}'])}{per}", ("*",))]
        if k > 1:
            wrong += [
                (f"{dW} = {out(d, n[f'z{k - 1}'])}{per}", ("activation-forgotten", "*")),
                (f"{dW} = {out(d, n['W' + str(k)])}{per}", ("weight-for-input", "*")),
            ]
        wrong += [
            (f"{dW} = {out(n[f'a{k}'], a_in)}{per}", ("activation-for-error", "*")),
            (
                f"{dW} = {d} * {a_in}{per}",
                ("elementwise-for-matrix-product", "gradient-not-summed", "bias-gradient-not-summed"),
            ),
        ]
        if later:
            wrong.append((f"{dW} = {out(d, a_in)}", ("sum-for-mean",)))
        elif m > 1:
            wrong.append((f"{dW} = {out(d, a_in)} / {m}", ("mean-for-sum", "factor-half", "*")))
        wrong.append((f"{dW} = ({out(d, a_in)}){per} * 2", ("factor-two",)))
        lines.append(Line(f"dW{k}", f"{dW} = {out(d, a_in)}{per}", "backward", wrong))
        if s.bias:
            wrong = [(f"{db} = {d}{per}", ("bias-gradient-not-summed",)), (f"{db} = np.sum({d}){per}", ("bias-gradient-summed-over-units", "summed-over-wrong-axis")),
                     (f"{db} = {d}.sum({over}, keepdims=True){per}", ("summed-over-wrong-axis", "bias-gradient-summed-over-units"))]  # fmt: skip
            if m > 1:
                wrong.append((f"{db} = {d}.mean({axis}, keepdims=True){per}", ("mean-for-sum", "*")))
            lines.append(Line(f"db{k}", f"{db} = {d}.sum({axis}, keepdims=True){per}", "backward", wrong))
        if k > 1:
            lines += _hidden_error(s, n, k, back)
    sign = "+" if s.convention == "target-first" else "-"
    for k in range(1, s.depth + 1):
        for kind in ("W", "b") if s.bias else ("W",):
            w, g = n[f"{kind}{k}"], n[f"d{kind}{k}"]

            def update(change: str, sign: str = sign, w: str = w) -> str:
                return f"{w} {sign}= {change}" if s.in_place else f"{w} = {w} {sign} {change}"

            wrong = [
                (update(f"rate * {g}", "-" if sign == "+" else "+"), ("ascent", "*")),
                (update(g), ("learning-rate-omitted",)),
                (update(f"rate**2 * {g}"), ("learning-rate-squared", "*")),
                (update(f"rate * {g} / 2"), ("factor-half", "*")),
            ]
            lines.append(Line(f"{kind}{k}_new", update(f"rate * {g}"), "update", wrong))
    return lines


def _is_mean(s: Setting) -> bool:
    return s.loss != "squared_error" and s.samples > 1


def _loss(s: Setting, n: dict[str, str]) -> Line:
    a, y, L, m = n[f"a{s.depth}"], n["y"], n["L"], s.samples
    if s.loss == "squared_error":
        return Line("L", f"{L} = 0.5 * np.sum(({a} - {y})**2)", "forward", [
            (f"{L} = np.sum(({a} - {y})**2)", ("factor-half", "factor-two")), (f"{L} = 0.5 * np.mean(({a} - {y})**2)", ("mean-for-sum", "*")),
            (f"{L} = 0.5 * np.sum(np.abs({a} - {y}))", ("square-forgotten", "*"))])  # fmt: skip
    if s.loss == "mean_squared_error":
        return Line("L", f"{L} = np.mean(({a} - {y})**2)", "forward", [
            (f"{L} = np.sum(({a} - {y})**2)", ("sum-for-mean",)), (f"{L} = np.mean(({a} - {y})**2) / 2", ("factor-half",)),
            (f"{L} = np.sqrt(np.mean(({a} - {y})**2))", ("root-taken", "*"))])  # fmt: skip
    if s.loss == "cross_entropy":
        return Line("L", f"{L} = -np.sum({y} * np.log({a})) / {m}", "forward", [
            (f"{L} = np.sum({y} * np.log({a})) / {m}", ("loss-sign",)), (f"{L} = -np.sum({y} * np.log({a}))", ("sum-for-mean",)),
            (f"{L} = -np.mean({y} * np.log({a}))", ("*",)), (f"{L} = -np.sum({y} * np.log2({a})) / {m}", ("log-base-2",))])  # fmt: skip
    first, second = f"{y} * np.log({a})", f"(1 - {y}) * np.log(1 - {a})"
    return Line("L", f"{L} = -np.sum({first} + {second}) / {m}", "forward", [
        (f"{L} = -np.sum({first}) / {m}", ("loss-term-forgotten",)), (f"{L} = np.sum(-{first} + {second}) / {m}", ("loss-sign-of-one-term",)),
        (f"{L} = -np.sum({first} + {second})", ("sum-for-mean",)), (f"{L} = np.sum({first} + {second}) / {m}", ("loss-sign",))])  # fmt: skip


def _output_error(s: Setting, n: dict[str, str]) -> list[Line]:
    k, y = s.depth, n["y"]
    a, z, d, up = n[f"a{k}"], n[f"z{k}"], n[f"delta{k}"], n[f"up{k}"]
    first = s.convention == "target-first"
    apart = f"{y} - {a}" if first else f"{a} - {y}"
    other = f"{a} - {y}" if first else f"{y} - {a}"
    divisor = "" if s.loss == "squared_error" or s.convention == "mean-later" else f" / {s.samples}"
    if s.loss == "mean_squared_error":
        size = s.sizes[-1] if s.convention == "mean-later" and _is_mean(s) else s.samples * s.sizes[-1]
        divisor = f" * 2 / {size}"
    sign = ("error-sign", "ascent", "*")
    wrong: list[Wrong]
    if s.loss.endswith("cross_entropy"):
        return [Line(f"delta{k}", f"{d} = ({apart}){divisor}", "backward", [
            (f"{d} = ({other}){divisor}", sign), (f"{d} = ({apart}){divisor} * {a} * (1 - {a})", ("softmax-extra-derivative", "derivative-twice", "extra-factor", "*")),
            (f"{d} = ({apart}){divisor} * 2", ("factor-two",))])]  # fmt: skip
    slope = SLOPES[s.output].format(a=a, z=z)
    times = "" if slope == "1" else f" * {slope}"
    at_net = slope.replace(a, z)
    wrong = [(f"{d} = ({other}){divisor}{times}", sign), (f"{d} = ({apart}){divisor}{times} * 2", ("factor-two",))]
    if times:
        wrong += [
            (f"{d} = ({apart}){divisor}", ("derivative-dropped",)),
            (f"{d} = ({apart}){divisor} * {at_net}", ("derivative-with-net-input", "*")),
        ]
    if not s.inline and times:
        return [Line(f"up{k}", f"{up} = ({apart}){divisor}", "backward", [(f"{up} = ({other}){divisor}", sign)], f"delta{k}"),
                Line(f"delta{k}", f"{d} = {up}{times}", "backward", [(f"{d} = {up}", ("derivative-dropped",)), (f"{d} = {up} * {at_net}", ("derivative-with-net-input", "*"))])]  # fmt: skip
    return [Line(f"delta{k}", f"{d} = ({apart}){divisor}{times}", "backward", wrong)]


def _hidden_error(s: Setting, n: dict[str, str], k: int, back: Any) -> Iterator[Line]:
    """The error of layer k - 1."""
    a, z, d, up = n[f"a{k - 1}"], n[f"z{k - 1}"], n[f"delta{k - 1}"], n[f"up{k - 1}"]
    above, W = n[f"delta{k}"], n[f"W{k}"]
    slope = SLOPES[s.hidden].format(a=a, z=z)
    right = back(W, above)
    ups: list[Wrong] = [
        (back(W + ".T", above), ("weights-transposed",)), (back(W, n[f"a{k}"]), ("activation-for-error", "*")),
        (back(W, f"({n[f'a{k}']} - {n['y']})") if k == s.depth else "", ("raw-error-sent-back", "derivative-above-dropped", "*")),
        (above if s.sizes[k] == s.sizes[k - 1] else "", ("weights-omitted",)),
        (back(n[f"W{k - 1}"], above), ("wrong-layer", "*")),
    ]  # fmt: skip
    ups = [(text, ids) for text, ids in ups if text]
    other = slope.replace(a, z) if s.hidden != "relu" else f"({z} < 0)"
    slopes: list[Wrong] = [("1", ("derivative-dropped",)), (other, ("derivative-with-net-input", "*"))]
    if s.hidden == "sigmoid":
        slopes += [
            (f"(1 - {a})", ("wrong-derivative", "*")),
            (f"(1 - {a}**2)", ("wrong-derivative", "other-activation", "*")),
        ]
    if s.hidden == "tanh":
        slopes += [
            (f"{a} * (1 - {a})", ("wrong-derivative", "other-activation", "*")),
            (f"(1 + {a}**2)", ("derivative-sign", "wrong-derivative", "*")),
        ]
    if s.hidden == "relu":
        slopes += [(a, ("function-for-derivative", "*"))]
    if s.inline:
        wrong = [(f"{d} = ({text}) * {slope}", ids) for text, ids in ups]
        wrong += [(f"{d} = ({right}) * {text}", ids) for text, ids in slopes]
        yield Line(f"delta{k - 1}", f"{d} = ({right}) * {slope}", "backward", wrong)
    else:
        yield Line(
            f"up{k - 1}", f"{up} = {right}", "backward", [(f"{up} = {text}", ids) for text, ids in ups], f"delta{k - 1}"
        )
        yield Line(
            f"delta{k - 1}",
            f"{d} = {up} * {slope}",
            "backward",
            [(f"{d} = {up} * {text}", ids) for text, ids in slopes],
        )
