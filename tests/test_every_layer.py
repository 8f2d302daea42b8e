"""Every kind of layer in everything that reads its declarations: sheets, files, other libraries, training, checking."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layers_in_jax import GATES
from random_layers import BATCH, OF_WINDOWS, Stack, draw_stack
from random_networks import far

from chalkwork import ChalkworkError, load_model, save_model
from chalkwork.exchange import keras_layers, to_onnx, to_torch
from chalkwork.networks.layers import LAYERS
from chalkwork.networks.quantities import LEARNED, Role
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.solve import solve_sheet

KINDS = pytest.mark.parametrize("kind", LAYERS)


def stack_of(kind: str, seed: int = 7, **more: Any) -> Stack:
    return draw_stack(seed + list(LAYERS).index(kind), kind, **more)


@KINDS
def test_its_quantities_are_what_a_network_holds_and_what_its_equations_use(kind: str) -> None:
    stack = stack_of(kind)
    plan = stack.net.plan(BATCH, training=True)
    learned = {name for name, one in plan.quantities.items() if one.role in LEARNED}
    assert learned == stack.net.parameters.keys()
    assert {name for name, one in plan.quantities.items() if one.role is Role.STATE} == stack.net.state.keys()
    solution = stack.solve(masks=stack.masks, learning_rate=0.1)
    assert plan.quantities.keys() <= set(solution) | plan.quantities.keys() - learned
    for name in learned:
        assert f"d{name}" in solution and f"{name}_new" in solution


@KINDS
def test_a_sheet_reads_its_settings(kind: str) -> None:
    stack = stack_of(kind)
    lines = [f"samples: {stack.samples}", f"weights: {stack.weights}"]
    layers = [json.dumps(_written(stack, number)) for number in range(1, len(stack.net.layers) + 1)]
    sample = [f"input: {list(stack.data(stack.x).shape[1:])}"] if stack.x.ndim > 2 else []
    text = "\n".join(["```network", "loss: mean_squared_error", *sample,
                      f"convention: {{{', '.join(lines)}}}", "layers:",
                      *(f"  - {layer}" for layer in layers), "```", "```task", "id: a",
                      f"x: {stack.data(stack.x).tolist()}", "```"])  # fmt: skip
    found = solve_sheet(parse_sheet(text))["a"].solution
    expected = stack.net.solve(stack.data(stack.x))
    last = f"a{len(stack.net.layers)}"
    for name, value in stack.net.parameters.items():
        assert np.array_equal(np.ravel(found[name]), np.ravel(value)), name
    if not stack.net.state:
        assert far(found[last], expected[last]) < 1e-12


def _written(stack: Stack, number: int) -> dict[str, Any]:
    """A layer as a sheet has it."""
    layer = stack.net.layers[number - 1]
    name = stack.kinds[number - 1]
    inputs = stack.x.shape[1 if stack.x.ndim > 3 else -1]
    found: dict[str, Any] = {"kind": name} | (
        {"inputs": inputs} if number == 1 and "kernel" not in layer.options else {}
    )
    for setting in layer.settings:
        value = layer.options[setting.key]
        if value is None or setting.takes == "size":
            continue
        if isinstance(value, np.ndarray):
            value = value.tolist()
        value = list(value) if type(value) is tuple else value  # an activation is one too
        found[setting.key] = value if isinstance(value, int | float | list | bool) else str(value)
    return found


@KINDS
def test_a_file_gives_it_back(kind: str, tmp_path: Path) -> None:
    stack = stack_of(kind)
    save_model(stack.net, tmp_path / "net.safetensors")
    other = load_model(tmp_path / "net.safetensors")
    assert other.plan() == stack.net.plan()
    last = f"a{len(other.layers)}"
    found, expected = (net.forward(stack.data(stack.x))[last] for net in (other, stack.net))
    assert np.array_equal(found, expected)


@KINDS
def test_onnx_runs_it(kind: str, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    stack = stack_of(kind)
    to_onnx(stack.net, tmp_path / "net.onnx")
    session = runtime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    rows = stack.data(stack.x)
    (found,) = session.run(None, {"x": rows.astype(np.float32 if "float)" in session.get_inputs()[0].type else float)})
    assert far(found, stack.net.forward(rows)[f"a{len(stack.net.layers)}"]) < 1e-5


@KINDS
def test_pytorch_has_it(kind: str) -> None:
    torch = pytest.importorskip("torch")
    stack = stack_of(kind)
    if {"attention", "embedding", "conv1d", "conv_transpose1d", *GATES} & set(stack.kinds):  # see test_recurrence
        with pytest.raises(ChalkworkError, match="has no counterpart in PyTorch"):
            to_torch(stack.net, inference=True)
        return
    module = to_torch(stack.net, inference=True).eval()
    with torch.no_grad():
        found = module(torch.tensor(stack.x)).numpy()
    assert far(stack.data(found), stack.net.forward(stack.data(stack.x))[f"a{len(stack.net.layers)}"]) < 1e-10


@KINDS
def test_keras_has_it_or_is_refused(kind: str) -> None:
    stack = stack_of(kind)
    some = {*GATES, *OF_WINDOWS} & set(stack.kinds)  # with some settings: see test_keras_layers
    if {"residual", "embedding", "attention"} & set(stack.kinds):
        with pytest.raises(ChalkworkError, match="has no counterpart in keras"):
            keras_layers(stack.net, inference=True)
        return
    try:
        assert len(keras_layers(stack.net, inference=True)) >= len(stack.kinds)
    except ChalkworkError as error:
        assert some and "has no counterpart in keras" in str(error)


@pytest.mark.parametrize("engine", ["numpy", "jax"])
@KINDS
def test_training_does_the_steps_that_are_shown(kind: str, engine: str) -> None:
    stack = next(
        found for seed in range(50) if "dropout" not in (found := stack_of(kind, seed)).kinds or kind == "dropout"
    )
    if kind == "dropout":
        pytest.skip("masks are drawn anew for every step of training; test_training holds them against a reference")
    x, y = stack.data(stack.x), 1 / (1 + np.exp(-stack.data(stack.y)))
    solution = stack.net.solve(x, y, 0.1, steps=2)
    stack.net.train(x, y, eta=0.1, iterations=2, engine=engine)
    for name, value in stack.net.parameters.items():
        assert far(np.ravel(value), np.ravel(solution[f"{name}_new2"])) < 1e-9, name


@KINDS
def test_a_wrong_step_is_found_behind_it(kind: str) -> None:
    stack = stack_of(kind)
    solution = stack.solve(masks=stack.masks)
    typed = {name: np.array(solution[name]) for name in solution.derivation}
    assert solution.check(typed).first_wrong is None
    last = f"delta{len(stack.kinds)}"
    typed[last] = -typed[last]
    report = solution.check(typed)
    assert report.first_wrong == last and "error-sign" in report[last].mistakes
