"""ONNX: the inference graph of a network, from the equations of its forward pass."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from chalkwork.algebra.expression import apply, names_in
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ChalkworkError
from chalkwork.exchange.onnx_graph import OnnxGraph, Tensor
from chalkwork.files import make_folder, write_aside
from chalkwork.networks.equations import derive
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.training_data import cut_of

ML = "ai.onnx.ml"
"""The operators on categories."""
OPSET = 18
"""The version of ONNX's operators (ONNX 1.13, December 2022): the first in which all reductions take axes alike."""
OPSETS = {"": OPSET, ML: 3}
IR_VERSION = 8
MOST_BYTES = 2_000_000_000
"""What a file of ONNX holds, being one message of protocol buffers."""
SAMPLES = "samples"
"""The name of the free axis."""


def to_onnx(
    net: NeuralNetwork,
    path: str | Path,
    *,
    dtype: Literal["float32", "float64"] = "float32",
    outputs: Sequence[str] | None = None,
) -> None:
    """Write the network in inference mode as an ONNX graph (opset 18), for any number of samples.

    The input is called `x` and lies as the network's convention has it: samples x features where samples are rows,
    features x samples where they are columns, a row of matrices where every sample is one; weights keep their
    orientation too. Every equation that is needed is a result of the graph under its own name (`z1`, `a1`, ...);
    `outputs` says which of them come out, the last activation if it is not given; `class` is the predicted class,
    counted from 0 as `predict` does where there are no labels. `dtype` is the type of input, weights and outputs.

    Raises ChalkworkError where onnx is missing, an output is unknown, a number is too large for single precision, or
    the file cannot be written.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import onnx
    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[2.0], [1.0]], activation="tanh")])
    >>> with TemporaryDirectory() as folder:
    ...     to_onnx(net, Path(folder) / "net.onnx")
    ...     model = onnx.load(Path(folder) / "net.onnx")
    >>> for node in model.graph.node:
    ...     print(node.op_type, *node.input, "->", *node.output)
    MatMul x W1 -> z1/0
    Add z1/0 b1 -> z1
    Tanh z1 -> a1
    """
    if dtype not in ("float32", "float64"):
        raise ChalkworkError(f"dtype is float32 or float64, not {dtype!r:.60}")
    graph = OnnxGraph(np.dtype(dtype), net.convention.sample_axis)
    plan = net.plan(2)
    shapes = translated(graph, net, Tensor(graph, "x", graph.dtype), outputs)
    described = {name: _info(graph, name, shape) for name, shape in {"x": plan.x.shape, **shapes}.items()}
    entering = described.pop("x")
    write_onnx(
        graph,
        [entering],
        list(described.values()),
        f"The network in inference; samples are {net.convention.samples}.",
        path,
    )


def translated(
    graph: OnnxGraph, net: NeuralNetwork, x: Tensor, outputs: Sequence[str] | None = None
) -> dict[str, tuple[int, ...]]:
    """Add to a graph what makes outputs of x, each under its own name; their shapes.

    Raises ChalkworkError as `to_onnx` does.
    """
    plan = net.plan(2)  # any number but one: sums over one sample are left out of the equations
    derivation = derive(plan, target=False, predict=True)
    wanted = [f"a{plan.depth}"] if outputs is None else list(dict.fromkeys(outputs))
    for name in wanted or [""]:
        if name not in derivation:
            raise ChalkworkError(f"there is no output {name!r:.60}", hint=f"there are {', '.join(derivation)}")
    equations = [_counted_from_0(net, each) if each.name == "class" else each for each in derivation.needed(wanted)]
    used = {name.name for equation in equations for name in names_in(equation.expression)}
    known: dict[str, Tensor] = {"x": x}
    graph.entering = x, len(plan.x.shape)
    for name, value in net.values(derivation, plan).items():
        if name in used:
            known[name] = graph.constant(name, value)
    for equation in equations:
        graph.scope = equation.name
        try:
            known[equation.name] = graph.named(graph.translate(equation.expression, known), equation.name)
        except ChalkworkError as error:
            raise _in_its_layer(net, equation.name, error) from None
    return {name: derivation[name].expression.shape for name in wanted}


def _in_its_layer(net: NeuralNetwork, name: str, error: ChalkworkError) -> ChalkworkError:
    """The error with the layer whose equation it is."""
    number = re.match(r"[A-Za-z]+(\d+)", name)
    if number is None or not 0 < int(number[1]) <= len(net.layers):
        return error
    return ChalkworkError(
        f"layer {number[1]}, {net.layers[int(number[1]) - 1].title}: {error.message}", hint=error.hint
    )


def _counted_from_0(net: NeuralNetwork, chosen: Equation) -> Equation:
    """The class as `predict` has it; a board counts outputs from 1."""
    plan = net.plan(2)
    last = plan.layers[-1]
    output = plan.data(f"a{plan.depth}", last.units)
    if last.units > 1:
        return replace(chosen, expression=apply("argmax", output, axis=plan.convention.unit_axis) - 1)
    return replace(chosen, expression=apply("step", output - cut_of(last.activation.name, net.labels)))


def _info(graph: OnnxGraph, name: str, shape: tuple[int, ...]) -> Any:
    free = graph.sample_axis if len(shape) == 2 else -len(shape)
    sizes = [SAMPLES if place == free else shape[place] for place in range(-len(shape), 0)]
    return graph.helper.make_tensor_value_info(name, graph.helper.np_dtype_to_tensor_dtype(graph.dtype), sizes)


def write_onnx(graph: OnnxGraph, inputs: list[Any], outputs: list[Any], words: str, path: str | Path) -> None:
    """Write a graph with these descriptions of its inputs and outputs. Raises ChalkworkError as `to_onnx` does."""
    size = sum(value.nbytes for value in graph.constants.values())
    if size > MOST_BYTES:
        raise ChalkworkError(f"the network has {size} bytes of weights; a file of ONNX holds {MOST_BYTES}")
    helper, onnx = graph.helper, graph.onnx
    held = [onnx.numpy_helper.from_array(value, name) for name, value in graph.constants.items()]
    described = helper.make_graph(graph.nodes, "network", inputs, outputs, held, doc_string=words)
    used = {node.domain for node in graph.nodes}
    versions = [helper.make_opsetid(domain, OPSETS[domain]) for domain in sorted(used | {""})]
    model = helper.make_model(described, producer_name="chalkwork", opset_imports=versions, ir_version=IR_VERSION)
    make_folder(Path(path).parent)
    write_aside(path, model.SerializeToString())
