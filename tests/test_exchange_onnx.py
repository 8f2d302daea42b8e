"""ONNX files compute what the network does, and say what they hold."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from exchanged import ACTIVATIONS, CONVENTIONS, network, oriented

from chalkwork import Dense, NeuralNetwork
from chalkwork.algebra.expression import Name, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.exchange import onnx_file, to_onnx
from chalkwork.exchange.onnx_graph import OnnxGraph, Tensor

# --- ONNX -----------------------------------------------------------------------------------------------------------


def run(path: Path, x: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    kind = {"tensor(float)": np.float32, "tensor(double)": np.float64}[session.get_inputs()[0].type]
    found: list[np.ndarray[Any, Any]] = session.run(None, {"x": np.ascontiguousarray(x, kind)})
    return found


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 2e-5)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_onnx_computes_what_forward_does(activation: str, dtype: Any, tolerance: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    for samples, weights in CONVENTIONS:
        net = network(samples, weights, activation, rng)
        net.layers[-1].activation = net.layers[0].activation
        outputs = [name for name in net.forward([1, 2, 3]) if name != "x"]
        to_onnx(net, tmp_path / "m.onnx", dtype=dtype, outputs=outputs)
        for count in (1, 2, 7):
            x = oriented(net, rng.normal(size=(count, 3)) * 3)
            expected = net.forward(x)
            for name, value in zip(outputs, run(tmp_path / "m.onnx", x), strict=True):
                assert value.dtype == dtype
                assert value.shape == expected[name].shape
                np.testing.assert_allclose(value, expected[name], rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize(("samples", "weights"), CONVENTIONS)
@pytest.mark.parametrize(("last", "units"), [("softmax", 3), ("sigmoid", 1), ("tanh", 1), ("sigmoid", 2)])
def test_onnx_predicts_the_class(samples: Any, weights: Any, last: str, units: int, tmp_path: Path) -> None:
    net = NeuralNetwork([Dense(units, last, inputs=3)], samples=samples, weights=weights)
    to_onnx(net, tmp_path / "m.onnx", outputs=["class", "a1"])
    x = oriented(net, np.random.default_rng(0).normal(size=(20, 3)))
    assert (run(tmp_path / "m.onnx", x)[0].reshape(-1) == net.predict(x)).all()


def test_onnx_says_what_it_holds(tmp_path: Path) -> None:
    to_onnx(network("columns", "out_in"), tmp_path / "m.onnx")
    model = onnx.load(tmp_path / "m.onnx")
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", onnx_file.OPSET)]
    (x,), (a,) = model.graph.input, model.graph.output
    assert [(d.dim_value, d.dim_param) for d in x.type.tensor_type.shape.dim] == [(3, ""), (0, "samples")]
    assert [(d.dim_value, d.dim_param) for d in a.type.tensor_type.shape.dim] == [(2, ""), (0, "samples")]
    assert {"z1", "a1", "xhat2", "z2", "a2", "a3", "z4", "a4"} <= {node.name for node in model.graph.node}
    assert "columns" in model.graph.doc_string
    to_onnx(network(), tmp_path / "part.onnx", outputs=["z1", "z1"])
    part = onnx.load(tmp_path / "part.onnx").graph
    assert [node.op_type for node in part.node] == ["MatMul", "Add"]
    assert {value.name for value in part.initializer} == {"W1", "b1"}


def test_onnx_refuses_what_it_cannot_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = network()
    with pytest.raises(ChalkworkError, match="no output 'a9'"):
        to_onnx(net, tmp_path / "m.onnx", outputs=["a9"])
    with pytest.raises(ChalkworkError, match="no output ''"):
        to_onnx(net, tmp_path / "m.onnx", outputs=[])
    with pytest.raises(ChalkworkError, match="dtype is float32 or float64"):
        to_onnx(net, tmp_path / "m.onnx", dtype="int8")  # type: ignore[arg-type]
    net.parameters["W1"][0, 0] = 1e300
    with pytest.raises(ChalkworkError, match="W1 holds a number too large for float32"):
        to_onnx(net, tmp_path / "m.onnx")
    to_onnx(net, tmp_path / "m.onnx", dtype="float64")
    monkeypatch.setattr(onnx_file, "MOST_BYTES", 100)
    with pytest.raises(ChalkworkError, match="bytes of weights"):
        to_onnx(net, tmp_path / "m.onnx", dtype="float64")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ChalkworkError, match=r"needs onnx\. Hint: pip install"):
        to_onnx(net, tmp_path / "m.onnx")


STRETCHES = [-750.0, -40, -38, -20, -6, -2.5, -0.4, -1e-9, 0, 1e-9, 0.3, 0.6, 3, 6, 20, 40, 750]
NEEDS_SIZES = {"broadcast", "diag", "diagonal"}
IN_NO_LAYER = {"at_moment", "entry", "moment", "placed", "reshape", "solve", "padded", "concat", "beside"}
IN_NO_LAYER |= {"part", "split_heads", "join_heads", "one_hot", "arctan"}
OF_IMAGES = {name for name, entry in TABLE.items() if {"kernel", "window"} & entry.parameters.keys()}
"""Held in test_convolution on whole networks."""


@pytest.mark.parametrize("name", [name for name in TABLE if name not in NEEDS_SIZES | IN_NO_LAYER | OF_IMAGES])
def test_every_operation_has_an_onnx_graph(name: str, tmp_path: Path) -> None:
    operation, rng = TABLE[name], np.random.default_rng(3)
    values = [np.array([STRETCHES, rng.normal(size=len(STRETCHES))]) for _ in range(operation.arity)]
    if operation.domain[0] == 0 or name in ("divide", "power", "xlogy"):
        values = [np.abs(value) + 0.1 for value in values]
    if name in ("exp", "power"):
        values = [np.clip(value, -40, 40) for value in values]
    if name == "matmul":
        values[1] = values[1].T.copy()
    names = [Name(letter, value.shape) for letter, value in zip("ab", values, strict=False)]
    for axis in (-2, -1) if "axis" in operation.parameters else (None,):
        given = {} if axis is None else {"axis": axis}
        expression = apply(name, *names, **given)
        expected = evaluate(expression, dict(zip("ab", values, strict=False)))
        graph = OnnxGraph(np.dtype(np.float64))
        known = {letter.name: Tensor(graph, letter.name, graph.dtype) for letter in names}
        graph.scope = "r"
        result = graph.named(graph.translate(expression, known), "r")
        helper = onnx.helper
        infos = [helper.make_tensor_value_info(n.name, onnx.TensorProto.DOUBLE, n.shape) for n in names]
        initial = [onnx.numpy_helper.from_array(value, key) for key, value in graph.constants.items()]
        described = helper.make_graph(
            graph.nodes, name, infos, [helper.make_tensor_value_info("r", onnx.TensorProto.DOUBLE, expected.shape)],
            initial,
        )  # fmt: skip
        model = helper.make_model(described, opset_imports=[helper.make_opsetid("", onnx_file.OPSET)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {n.name: value for n, value in zip(names, values, strict=True)})
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15 if name != "softplus" else 0)
        assert result.name == "r"


@pytest.mark.parametrize("name", sorted(NEEDS_SIZES))
def test_what_depends_on_sizes_has_no_onnx_graph(name: str) -> None:
    graph, given = OnnxGraph(np.dtype(np.float32)), {"diag": {}}.get(name, {"shape": (3, 1)})
    expression = apply(name, Name("a", (3, 3) if name == "diagonal" else (3, 1)), **given)
    with pytest.raises(ChalkworkError, match="for any number of samples"):
        graph.translate(expression, {"a": Tensor(graph, "a", graph.dtype)})
