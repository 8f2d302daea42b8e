"""Networks as others keep them: own files, ONNX, PyTorch, Keras; and files from strangers."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import warnings
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from safetensors.numpy import load_file, save, save_file

from chalkwork.algebra.expression import Name, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.exchange import (
    EXCHANGES,
    foreign,
    from_torch,
    keras_layers,
    keras_weights,
    load_keras_weights,
    load_model,
    load_network,
    load_torch_state,
    model_file,
    onnx_file,
    safetensors_file,
    save_model,
    save_network,
    to_onnx,
    to_torch,
    torch_state,
)
from chalkwork.exchange import architecture as architecture_room
from chalkwork.exchange.onnx_graph import OnnxGraph, Tensor
from chalkwork.networks import (
    BatchNorm,
    BinaryCrossEntropy,
    CrossEntropy,
    Dense,
    Dropout,
    NeuralNetwork,
    SquaredError,
)
from chalkwork.networks.activations import KINDS, Activation
from chalkwork.networks.losses import LOSSES

CONVENTIONS = list(product(("columns", "rows"), ("out_in", "in_out")))
SMOOTH = [name for name, kind in KINDS.items() if not kind.jumps]
ACTIVATIONS = [*SMOOTH, "leaky_relu(0.123456789)", "elu(alpha=0.7)"]


def network(
    samples: str = "rows", weights: str = "in_out", activation: str = "tanh", rng: Any = None, **settings: Any
) -> NeuralNetwork:
    """Every kind of layer, with numbers that are none of those to start from."""
    rng = rng or np.random.default_rng(5)
    running = settings.pop("running_variance", "unbiased")
    net = NeuralNetwork(
        [
            Dense(4, activation, inputs=3, initializer="he_normal"),
            BatchNorm(activation, momentum=0.25, epsilon=0.01, running_variance=running),
            Dropout(0.0),
            Dense(2, "softmax", bias=False),
        ],
        **{"loss": "cross_entropy", "seed": 3} | settings,
        samples=samples,  # type: ignore[arg-type]
        weights=weights,  # type: ignore[arg-type]
    )
    for held in (net.parameters, net.state):
        for name, value in held.items():
            held[name] = rng.uniform(0.2, 1.5, value.shape) if "var" in name else rng.normal(size=value.shape)
    return net


def oriented(net: NeuralNetwork, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return rows.T if net.convention.samples == "columns" else rows


def output(net: NeuralNetwork, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The output, with samples as rows."""
    return oriented(net, net.forward(oriented(net, rows))[f"a{len(net.layers)}"])


def same(net: NeuralNetwork, other: NeuralNetwork) -> None:
    assert repr(other) == repr(net)
    assert other.plan() == net.plan()
    assert other.constants == net.constants
    assert other.seed == net.seed
    for held, kept in ((net.parameters, other.parameters), (net.state, other.state)):
        assert held.keys() == kept.keys()
        for name in held:
            assert held[name].shape == kept[name].shape
            assert held[name].tobytes() == kept[name].tobytes(), name


# --- the tables -----------------------------------------------------------------------------------------------------


def test_every_activation_has_its_entries() -> None:
    for name in SMOOTH:
        assert all((module is None) == (name == "identity") for module in modules_of(Activation(name))), name
    for name in KINDS.keys() - set(SMOOTH):  # no library has a layer of threshold units
        for write in (foreign.in_pytorch, foreign.in_keras):
            with pytest.raises(ChalkworkError, match=f"has no layer for the {name}"):
                write(Activation(name))


def modules_of(activation: Activation) -> tuple[Any, ...]:
    return foreign.in_pytorch(activation), foreign.in_keras(activation)


def test_an_activation_that_a_library_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = replace(Activation("mish").unit, pytorch=None, keras=None)
    monkeypatch.setitem(KINDS, "mish", replace(KINDS["mish"], unit=unit))
    for write in (foreign.in_pytorch, foreign.in_keras):
        with pytest.raises(ChalkworkError, match="has no layer for the Mish"):
            write(Activation("mish"))


def test_a_layer_of_ones_own_is_refused(tmp_path: Path) -> None:
    class Mine(Dense):
        pass

    class Other(SquaredError):
        pass

    with pytest.raises(ChalkworkError, match="no way to exchange a layer of the kind Mine"):
        save_model(NeuralNetwork([Mine(1, inputs=1)]), tmp_path / "m.safetensors")
    with pytest.raises(ChalkworkError, match="no way to exchange the loss Other"):
        save_model(NeuralNetwork([Dense(1, inputs=1)], Other()), tmp_path / "m.safetensors")


@pytest.mark.parametrize("suffix", EXCHANGES)
def test_every_format_writes_and_reads_what_it_says(suffix: str, tmp_path: Path) -> None:
    net, path = network(), tmp_path / f"folder/net{suffix.upper()}"
    save_network(net, path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    if EXCHANGES[suffix].load is None:
        with pytest.raises(ChalkworkError, match=f"not read from '{suffix}'"):
            load_network(path)
    else:
        same(net, load_network(path))
    (tmp_path / f"taken{suffix}").mkdir()
    with pytest.raises(ChalkworkError, match="cannot be written"):
        save_network(net, tmp_path / f"taken{suffix}")
    assert not list(tmp_path.glob(".*"))


# --- own files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("samples", "weights"), CONVENTIONS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_model_comes_back_to_the_last_bit(samples: str, weights: str, activation: str, tmp_path: Path) -> None:
    net = network(samples, weights, activation, l1=1 / 3, l2=1e-300)
    save_model(net, tmp_path / "m.safetensors")
    other = load_model(tmp_path / "m.safetensors")
    same(net, other)
    rows = np.random.default_rng(0).normal(size=(5, 3))
    assert output(net, rows).tobytes() == output(other, rows).tobytes()


@pytest.mark.parametrize(
    "loss",
    [
        *LOSSES.values(), SquaredError(Fraction(1, 3), "mean"), SquaredError(0.1, "mean_over_samples"),
        CrossEntropy(2, "sum"), BinaryCrossEntropy(Fraction(7, 3), "mean_over_samples"),
    ],
)  # fmt: skip
def test_losses_come_back_exactly(loss: Any, tmp_path: Path) -> None:
    save_model(network(loss=loss, seed=None), tmp_path / "m.safetensors")
    other = load_model(tmp_path / "m.safetensors")
    assert (other.loss, type(other.loss.factor), other.seed) == (loss, type(loss.factor), None)


def test_settings_of_layers_come_back(tmp_path: Path) -> None:
    net = NeuralNetwork(
        [
            Dense(2, initializer="normal(0.123456789012)", inputs=2, activation="relu(at_zero=1)"),
            BatchNorm(momentum=1 / 3, epsilon=0, variance="unbiased", running_variance="biased"),
            Dropout(1 / 7),
        ]
    )
    save_model(net, tmp_path / "m.safetensors")
    other = load_model(tmp_path / "m.safetensors")
    same(net, other)
    dense, norm, dropout = other.layers
    assert isinstance(dense, Dense) and dense.initializer.parameter == 0.123456789012
    assert isinstance(norm, BatchNorm) and norm.kind == net.layers[1].kind and norm.options["epsilon"] == 0
    assert dropout.kind.drop_rate == 1 / 7


def test_extra_data_travels_along(tmp_path: Path) -> None:
    extra = {"columns": [{"name": "α", "mean": 0.1}, None], "n": 10**30, "yes": True}
    save_model(network(), tmp_path / "m.safetensors", extra=extra)
    assert load_model(tmp_path / "m.safetensors", with_extra=True)[1] == extra
    save_model(network(), tmp_path / "m.safetensors")
    assert load_model(tmp_path / "m.safetensors", with_extra=True)[1] == {}


def nested(depth: int) -> Any:
    data: Any = 0
    for _ in range(depth):
        data = [data]
    return data


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ([1], "extra is a mapping"),
        ({"a": float("nan")}, "nan, not a finite number"),
        ({"a": np.float64(1)}, "holds a float64"),
        ({"a": {1: 2}}, "has the key 1"),
        ({"a": nested(100_000)}, "nested more than 64 deep"),
        ({"a": "x" * 9_000_000}, "characters long"),
    ],
    ids=["list", "nan", "numpy", "key", "deep", "long"],
)
def test_extra_that_is_no_json_is_refused(extra: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ChalkworkError, match=message):
        save_model(network(), tmp_path / "m.safetensors", extra=extra)
    assert not (tmp_path / "m.safetensors").exists()


def test_only_sound_networks_are_written(tmp_path: Path) -> None:
    net = network()
    net.parameters["W1"][0, 0] = np.nan
    with pytest.raises(ChalkworkError, match=r"W1\[1,1\] is nan"):
        save_model(net, tmp_path / "m.safetensors")
    with pytest.raises(ChalkworkError, match="inputs is not known"):
        save_model(NeuralNetwork([Dense(1)]), tmp_path / "m.safetensors")


# --- files from strangers -------------------------------------------------------------------------------------------


def written(change: Any = None, arrays: Any = None, drop: str = "", **more: str) -> bytes:
    """A model whose architecture, arrays or metadata are not as they should be."""
    net = network()
    data = architecture_room.architecture_of(net)
    if change is not None:
        change(data)
    tensors = {**net.parameters, **net.state, **(arrays or {})}
    metadata = {"format": model_file.FORMAT, "architecture": json.dumps(data), **more}
    return save({name: value for name, value in tensors.items() if name != drop}, metadata)


def raw(header: bytes, content: bytes = b"", claimed: int | None = None) -> bytes:
    return (len(header) if claimed is None else claimed).to_bytes(8, "little") + header + content


def at(place: str, value: Any) -> Any:
    """A change of the architecture: `layers.0.units`, with `del` as value to leave it out."""

    def change(data: Any) -> None:
        *way, last = [int(part) if part.isdecimal() else part for part in place.split(".")]
        for part in way:
            data = data[part]
        if value is del_:
            del data[last]
        else:
            data[last] = value

    return change


del_ = object()
ONE = b'{"W1":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}'


class Trap:
    """A pickle that would leave a trace."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("trapped",)


HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no safetensors file"),
    "seven bytes": (b"1234567", "no safetensors file"),
    "no header": (raw(b""), "the header is no JSON"),
    "huge header": (raw(b"{}", claimed=2**63), "header is said to be 9223372036854775808 bytes"),
    "claims more": (raw(b"{}", claimed=1000), "ends before its header"),
    "wrong magic": (b"\x89PNG\r\n\x1a\n" + b"0" * 100, "no safetensors file"),
    "truncated": (written()[:-9], "lies beyond its end"),
    "pickle": (pickle.dumps(Trap()), "a pickle or a zip"),
    "old pickle": (pickle.dumps(Trap(), 2), "a pickle or a zip"),
    "oldest pickle": (pickle.dumps(Trap(), 0), "no safetensors file"),
    "torch file": (b"PK\x03\x04" + b"\x14\x00" * 40, "a pickle or a zip"),
    "not UTF-8": (raw(b"\xff\xfe"), "no UTF-8"),
    "list": (raw(b"[]"), "no mapping"),
    "deep header": (raw(b'{"a":' + b"[" * 100_000), "nested more than 64 deep"),
    "deep and closed": (raw(b'{"a":' + b"[" * 500 + b"]" * 500 + b"}"), "nested more than 64 deep"),
    "twice": (raw(b'{"a":1,"a":2}'), "'a' stands there twice"),
    "infinite": (raw(b'{"a":Infinity}'), "Infinity is not a finite number"),
    "huge number": (raw(b'{"a":1e999}'), "too large a number"),
    "many digits": (raw(b'{"a":' + b"9" * 10_000 + b"}"), "no JSON"),
    "beyond the end": (raw(ONE, b"1234"), "lies beyond its end"),
    "shape and length": (raw(ONE.replace(b"[1]", b"[2]"), b"12345678"), "does not fit its length"),
    "negative": (raw(ONE.replace(b"[1]", b"[-1]"), b"12345678"), "sizes of the array 'W1' are none"),
    "metadata numbers": (raw(b'{"__metadata__":{"format":1}}'), "metadata are no texts"),
    "no format": (save({"W1": np.zeros(1)}, {}), "no model of Chalkwork"),
    "a run": (save({"W1": np.zeros(1)}, {"format": "chalkwork-run-1"}), "no model of Chalkwork"),
    "no architecture": (save({"W1": np.zeros(1)}, {"format": model_file.FORMAT}), "needs the key 'architecture'"),
    "unknown metadata": (written(colour="red"), "unknown key 'colour'"),
    "deep architecture": (written(architecture="[" * 100_000), "the architecture is nested more than 64 deep"),
    "deep closed": (written(architecture="[" * 900 + "]" * 900), "the architecture is nested more than 64 deep"),
    "long architecture": (written(architecture=" " * 2**21), "at most 1048576 are read"),
    "list architecture": (written(architecture="[]"), r"the architecture: expected a mapping, found \[\]"),
    "no JSON": (written(architecture="__import__('os')"), "the architecture is no JSON"),
    "extra list": (written(extra="[]"), "extra is no mapping"),
    "extra NaN": (written(extra='{"a": NaN}'), "extra: NaN"),
    "a million layers": (
        written(architecture='{"layers":[' + "{}," * 10**6 + "{}]}"), "the architecture is 3000015 characters long",
    ),
    "many layers": (written(at("layers", [{}] * 10_000)), "the architecture has 10000 layers"),
    "no layers": (written(at("layers", [])), "has 0 layers"),
    "unknown key": (written(at("colour", "red")), "unknown key 'colour' in the architecture; expected layers, i"),
    "missing key": (written(at("samples", del_)), "the architecture needs the key 'samples'"),
    "unknown layer key": (written(at("layers.0.colour", "red")), r"layers\[1\]: unknown key 'colour' in a layer"),
    "missing layer key": (written(at("layers.1.momentum", del_)), r"layers\[2\]: a layer needs the key 'momentum'"),
    "unknown kind": (written(at("layers.0.kind", "lambda")), "layer 1 is of the kind 'lambda'"),
    "layer is text": (written(at("layers.0", "dense")), r"layers\[1\]: expected a mapping, found 'dense'"),
    "huge units": (written(at("layers.0.units", 10**9)), r"layers\[1\]: units is a whole number"),
    "units bool": (written(at("layers.0.units", True)), r"layers\[1\]\.units: expected a whole number, found True"),
    "units float": (written(at("layers.0.units", 4.0)), r"layers\[1\]\.units: expected a whole number, found 4.0"),
    "many weights": (written(at("layers.0.units", 1_000_000)), "W1 is 3x4, but the architecture needs 3x1000000"),
    "inputs": (written(at("inputs", 0)), "inputs is a whole number from 1"),
    "other inputs": (written(at("inputs", 5)), "W1 is 3x4, but the architecture needs 5x4"),
    "activation": (written(at("layers.0.activation", "exec")), r"layers\[1\]: there is no activation 'exec'"),
    "activation call": (written(at("layers.0.activation", "tanh(__import__)")), r"layers\[1\]: tanh has no parameters"),
    "initialiser": (written(at("layers.0.initializer", "x")), r"layers\[1\]: there is no initializer"),
    "momentum": (written(at("layers.1.momentum", 2)), r"layers\[2\]: the momentum"),
    "variance": (written(at("layers.1.variance", "both")), r"layers\[2\]: variance is"),
    "rate": (written(at("layers.2.rate", 1.0)), r"layers\[3\]: the rate"),
    "l1": (written(at("l1", -1)), "l1 is a"),
    "seed": (written(at("seed", -1)), "the seed is"),
    "samples": (written(at("samples", "diagonal")), "samples are columns or rows"),
    "loss": (written(at("loss.name", "nothing")), "there is no loss 'nothing'"),
    "no loss": (written(at("loss", None)), "loss: expected a mapping, found None"),
    "loss key": (written(at("loss.colour", 1)), "loss: unknown key 'colour' in a loss; expected name, "),
    "factor": (written(at("loss.factor", "1/0")), "the factor of the loss"),
    "factor text": (written(at("loss.factor", "9" * 1000)), "the factor of the loss"),
    "huge factor": (written(at("loss.factor", 10**60)), "more than 50 digits"),
    "factor list": (written(at("loss.factor", [1])), r"loss.factor: expected a text, a whole number, .* found \[1\]"),
    "reduction": (written(at("loss.reduction", "product")), "a loss has the reduction"),
    "missing array": (written(drop="W1"), "lacks W1"),
    "missing state": (written(drop="var2_run"), "lacks var2_run"),
    "more arrays": (written(arrays={"W9": np.zeros(1)}), "holds 'W9'"),
    "shape": (written(arrays={"W1": np.zeros((4, 3))}), "W1 is 4x3, but the architecture needs 3x4"),
    "type": (written(arrays={"W1": np.zeros((3, 4), np.float32)}), "W1 is of the type F32"),
    "whole numbers": (written(arrays={"b1": np.zeros(4, np.int64)}), "b1 is of the type I64"),
    "NaN": (written(arrays={"b1": np.array([1, 2, np.nan, 4])}), r"b1\[3\] is not a finite number"),
    "infinity": (written(arrays={"gamma2": np.array([np.inf, 2, 3, 4])}), r"gamma2\[1\] is not a finite number"),
    "variance below 0": (written(arrays={"var2_run": -np.ones(4)}), "var2_run holds a negative number"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_with_a_message(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, message = HOSTILE[name]
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    with pytest.raises(ChalkworkError, match=message) as raised:
        load_model(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert len(str(raised.value)) < 500
    assert not (tmp_path / "trapped").exists()


def test_what_is_no_regular_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path, Path("/dev/zero")):
        with pytest.raises(ChalkworkError, match="this is no file"):
            load_model(path)
    (tmp_path / "m").write_bytes(written())
    monkeypatch.setattr(safetensors_file, "MOST_BYTES", 100)
    with pytest.raises(ChalkworkError, match="at most 100 are read"):
        load_model(tmp_path / "m")


def test_damaged_files_give_errors_of_ours_or_the_network(tmp_path: Path) -> None:
    good, rng, path = written(), np.random.default_rng(1), tmp_path / "m.safetensors"
    refused = 0
    for _ in range(300):
        content = bytearray(good)
        for place in rng.integers(0, len(good) if rng.random() < 0.3 else 1200, rng.integers(1, 4)):
            content[place] = rng.integers(256)
        path.write_bytes(content[: rng.integers(len(good))] if rng.random() < 0.1 else content)
        try:
            load_model(path)
        except ChalkworkError:
            refused += 1
    assert refused > 150


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
IN_NO_LAYER |= {"part", "split_heads", "join_heads", "one_hot"}
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


# --- PyTorch --------------------------------------------------------------------------------------------------------


def fill(module: Any, rng: np.random.Generator) -> None:
    """Numbers that nobody starts from, as a trained module has."""
    import torch

    for name, value in module.state_dict().items():
        if value.dtype.is_floating_point:
            drawn = rng.uniform(0.2, 1.5, value.shape) if "var" in name else rng.normal(size=value.shape)
            value.copy_(torch.tensor(drawn))


@pytest.mark.parametrize(("samples", "weights"), CONVENTIONS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_pytorch_computes_the_same(samples: str, weights: str, activation: str) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(11)
    net = network(samples, weights, activation, rng)
    before = torch.get_rng_state()
    module = to_torch(net)
    assert torch.equal(before, torch.get_rng_state())
    assert {name: tuple(value.shape) for name, value in module.state_dict().items()} == {
        name: array.shape for name, array in torch_state(net).items()
    }
    rows, target = rng.normal(size=(6, 3)), np.eye(2)[rng.integers(2, size=6)]
    module.eval()
    theirs = module(torch.tensor(rows)).detach().numpy()
    np.testing.assert_allclose(theirs, output(net, rows), rtol=1e-12, atol=1e-14)

    module.train()  # dropout at rate 0; cross-entropy over our softmax, mean over samples
    loss = torch.nn.functional.nll_loss(module(torch.tensor(rows)).log(), torch.tensor(target.argmax(1)))
    loss.backward()
    ours = net.backprop(oriented(net, rows), oriented(net, target))
    solution = net.solve(oriented(net, rows), oriented(net, target), learning_rate=1.0)
    np.testing.assert_allclose(loss.item(), solution["L"], rtol=1e-12)
    places = {slot.name: place for slot, place in zip(
        foreign.slots_of(net), [name for name in torch_state(net) if "num" not in name], strict=True
    )}  # fmt: skip
    found = dict(module.named_parameters())
    for name in net.parameters:
        theirs = found[places[name]].grad.numpy()
        turned = theirs.T if name.startswith("W") and weights == "in_out" else theirs
        np.testing.assert_allclose(ours[f"d{name}"], turned, rtol=1e-10, atol=1e-13, err_msg=name)
    state, after = module.state_dict(), net.after(solution)
    for name in net.state:
        np.testing.assert_allclose(state[places[name]].numpy(), after.state[name], rtol=1e-12, err_msg=name)


@pytest.mark.parametrize(("samples", "weights"), CONVENTIONS)
def test_weights_come_from_pytorch(samples: str, weights: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")

    class Theirs(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc2 = torch.nn.Linear(3, 4)
            self.fc10 = torch.nn.BatchNorm1d(4, eps=0.01, momentum=0.25)
            self.fc30 = torch.nn.Linear(4, 2, bias=False)

        def forward(self, x: Any) -> Any:
            return torch.softmax(self.fc30(torch.tanh(self.fc10(torch.tanh(self.fc2(x))))), 1)

    rng = np.random.default_rng(2)
    net, module = network(samples, weights), Theirs()
    fill(module, rng)
    rows = rng.normal(size=(5, 3))
    module.eval()
    expected = module(torch.tensor(rows, dtype=torch.float32)).detach().numpy()
    path = tmp_path / "theirs.safetensors"
    state = module.state_dict()
    save_file({name: value.numpy() for name, value in state.items()}, path)
    assert list(load_file(path)) != list(state)
    before = {name: value.copy() for name, value in net.parameters.items()}
    for source in (module, state, path, str(path)):
        other = from_torch(source, net)
        np.testing.assert_allclose(output(other, rows), expected, rtol=1e-4, atol=1e-6)
    assert all((net.parameters[name] == value).all() for name, value in before.items())
    again = from_torch(to_torch(other), net)
    same(other, again)
    load_torch_state(net, state, order=["fc2", "fc10", "fc30"])
    same(other, net)
    torch.save(state, tmp_path / "theirs.pt")
    with pytest.raises(ChalkworkError, match=r"theirs.pt: this is a pickle or a zip.* Hint: save the weights as saf"):
        load_torch_state(net, tmp_path / "theirs.pt")
    with pytest.raises(ChalkworkError, match=r"0.weight gives no NumPy array.*float\(\)"):
        load_torch_state(net, to_torch(net).bfloat16())


@pytest.mark.parametrize("theirs", ACTIVATIONS)
@pytest.mark.parametrize("ours", ACTIVATIONS)
def test_a_module_with_another_activation_is_refused(ours: str, theirs: str) -> None:
    pytest.importorskip("torch")
    net = NeuralNetwork([Dense(4, ours, inputs=3), Dense(2, "softmax")], "cross_entropy")
    module = to_torch(NeuralNetwork([Dense(4, theirs, inputs=3), Dense(2, "softmax")], "cross_entropy", seed=1))
    if ours == theirs:
        assert (from_torch(module, net).parameters["W1"] == module[0].weight.detach().numpy().T).all()
        return
    with pytest.raises(
        ChalkworkError, match=r"the module is another network: (at place 2 the module has \w+, and the|\w+ of \w+ is )"
    ):
        from_torch(module, net)
    from_torch(module.state_dict(), net)  # the weights alone


def settings_that_differ() -> dict[str, tuple[Any, list[Any], str]]:
    import torch
    from torch import nn

    def linear(*sizes: int) -> Any:
        return nn.Linear(*sizes)

    class Functional(nn.Module):
        def __init__(self, *inner: Any) -> None:
            super().__init__()
            self.inner = nn.ModuleList(inner)

        def forward(self, x: Any) -> Any:
            return torch.relu(self.inner[0](x))

    return {
        "slope": (
            nn.Sequential(linear(3, 2), nn.LeakyReLU(0.2)),
            [Dense(2, "leaky_relu(0.1)")],
            "negative_slope .* 0.2",
        ),
        "alpha": (nn.Sequential(linear(3, 2), nn.ELU(0.5)), [Dense(2, "elu")], "alpha of ELU is 0.5"),
        "GELU by tanh": (
            nn.Sequential(linear(3, 2), nn.GELU("tanh")),
            [Dense(2, "gelu")],
            "approximate of GELU is 'tanh'",
        ),
        "softplus": (nn.Sequential(linear(3, 2), nn.Softplus(2.0)), [Dense(2, "softplus")], "beta of Softplus is 2.0"),
        "softmax over samples": (
            nn.Sequential(linear(3, 2), nn.Softmax(0)),
            [Dense(2, "softmax")],
            "dim of Softmax is 0",
        ),
        "epsilon": (
            nn.Sequential(linear(3, 2), nn.BatchNorm1d(2, eps=0.1)),
            [Dense(2), BatchNorm("identity")],
            "eps .* is 0.1",
        ),
        "momentum": (
            nn.Sequential(linear(3, 2), nn.BatchNorm1d(2, momentum=None)),
            [Dense(2), BatchNorm("identity")],
            "momentum of BatchNorm1d is None",
        ),
        "drop rate": (nn.Sequential(linear(3, 2), nn.Dropout(0.1)), [Dense(2), Dropout(0.5)], "p of Dropout is 0.1"),
        "no dropout": (
            nn.Sequential(linear(3, 2)),
            [Dense(2), Dropout(0.5)],
            "has nothing more, and the network Dropout",
        ),
        "one activation more": (
            nn.Sequential(linear(3, 2), nn.Tanh(), nn.Tanh()),
            [Dense(2, "tanh")],
            "place 3 the module has Tanh, and the",
        ),
        "net inputs": (
            nn.Sequential(nn.Sequential(linear(3, 4), nn.Tanh()), linear(4, 2)),
            [Dense(4, "tanh"), Dense(2, "softmax")],
            "nothing more, and the network Softmax. Hint: cross_entropy of PyTorch takes the softmax itself",
        ),
        "a kind of its own": (nn.Sequential(linear(3, 2), nn.LayerNorm(2)), [Dense(2, "tanh")], "has LayerNorm"),
        "activation of a forward": (Functional(linear(3, 2), nn.Tanh()), [Dense(2, "relu")], "the module uses Tanh"),
        "epsilon of a forward": (
            Functional(linear(3, 2), nn.BatchNorm1d(2, eps=0.1)),
            [Dense(2), BatchNorm("relu")],
            "eps .* is 0.1",
        ),
    }


def test_a_module_that_is_another_network_is_refused() -> None:
    torch = pytest.importorskip("torch")
    for name, (module, layers, message) in settings_that_differ().items():
        net = NeuralNetwork(layers, inputs=3)
        before = net.parameters["W1"].copy()
        for call in (from_torch, lambda source, net: load_torch_state(net, source)):
            with pytest.raises(ChalkworkError, match=message):
                call(module, net)
        assert (net.parameters["W1"] == before).all(), name
    flat = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3, 2), torch.nn.Identity(), torch.nn.Softmax(dim=1))
    from_torch(flat, NeuralNetwork([Dense(2, "softmax")], inputs=3))


def test_reading_a_state_needs_no_pytorch() -> None:
    code = """
import sys
sys.modules["torch"] = sys.modules["keras"] = sys.modules["onnx"] = None
from chalkwork.exchange import *
from chalkwork.networks import Dense, NeuralNetwork
net = NeuralNetwork([Dense(2, "tanh", inputs=3)])
load_torch_state(net, torch_state(net))
load_keras_weights(net, keras_weights(net))
try:
    to_torch(net)
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "a network of PyTorch needs torch. Hint: pip install torch.\n"


STATE = {
    "0.weight": np.zeros((4, 3)), "0.bias": np.zeros(4),
    "2.weight": np.zeros(4), "2.bias": np.zeros(4), "2.running_mean": np.zeros(4), "2.running_var": np.ones(4),
    "2.num_batches_tracked": np.array(3), "5.weight": np.zeros((2, 4)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"0.weight": np.zeros((3, 4))}, "0.weight is 3x4, but W1 of layer 1 takes 4x3"),
        ({"0.bias": None}, r"layer 1 \(dense\) takes weight, bias, but '0' holds weight"),
        ({"5.bias": np.zeros(2)}, r"layer 4 \(dense\) takes weight, but '5' holds weight, bias"),
        ({"6.weight": np.zeros((2, 2))}, "3 layers with weights, but there are 4 modules: 0, 2, 5, 6"),
        ({"2.running_var": -np.ones(4)}, "2.running_var holds a negative number"),
        ({"0.bias": np.array([1, 2, 3, np.nan])}, "0.bias holds a number that is not finite"),
        ({"0.bias": np.array(["a"] * 4)}, "0.bias holds no numbers"),
        ({"0.bias": "os.system"}, "0.bias is a str, not a tensor"),
    ],
)
def test_states_that_do_not_fit_are_refused_whole(change: dict[str, Any], message: str) -> None:
    state = {name: value for name, value in (STATE | change).items() if value is not None}
    net = network()
    before = {name: value.copy() for name, value in net.parameters.items()}
    with pytest.raises(ChalkworkError, match=message):
        load_torch_state(net, state)
    assert all((net.parameters[name] == value).all() for name, value in before.items())
    load_torch_state(net, STATE)
    with pytest.raises(ChalkworkError, match="order names '0, 2'"):
        load_torch_state(net, STATE, order=["0", "2"])
    with pytest.raises(ChalkworkError, match="not from a list"):
        load_torch_state(net, [1])


def test_training_that_differs_is_refused() -> None:
    pytest.importorskip("torch")
    unlike = network(running_variance="biased")
    with pytest.raises(ChalkworkError, match="layer 2 is trained otherwise in PyTorch: the batch's variance is biased"):
        to_torch(unlike)
    to_torch(unlike, inference=True)
    with pytest.raises(ChalkworkError, match="layer 1 is trained otherwise in PyTorch: the derivative of ReLU at 0"):
        to_torch(NeuralNetwork([Dense(1, "relu(at_zero=1)", inputs=1)]))
    to_torch(NeuralNetwork([Dense(1, "leaky_relu(0.2, 0.2)", inputs=1)]))


# --- Keras ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ["KERAS_BACKEND"] = "jax"
    return pytest.importorskip("keras")


def model_of(keras: Any, net: NeuralNetwork, inference: bool = False) -> Any:
    keras.config.set_floatx("float64")
    layers = [getattr(keras.layers, name)(**given) for name, given in keras_layers(net, inference=inference)]
    model = keras.Sequential([keras.Input((net.plan().layers[0].inputs,)), *layers])
    model.set_weights(keras_weights(net))
    return model


def weights_of(model: Any) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)  # of Keras, by itself
        return model.get_weights()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_keras_computes_the_same(keras: Any, activation: str) -> None:
    rng = np.random.default_rng(12)
    rows = rng.normal(size=(6, 3))
    for samples, weights in CONVENTIONS:
        net = network(samples, weights, activation, rng, running_variance="biased")
        model = model_of(keras, net)
        theirs = np.asarray(model(rows, training=False))
        np.testing.assert_allclose(theirs, output(net, rows), rtol=1e-6, atol=1e-6)  # parts are in single precision
        other = network(samples, weights, activation)
        load_keras_weights(other, weights_of(model))
        np.testing.assert_array_equal(output(other, rows), output(net, rows))


def test_keras_moves_its_running_statistics_alike(keras: Any) -> None:
    rng = np.random.default_rng(13)
    net = network(running_variance="biased", rng=rng)
    model, rows = model_of(keras, net), rng.normal(size=(6, 3))
    model(rows, training=True)
    moved = network(running_variance="biased")
    load_keras_weights(moved, weights_of(model))
    after = net.after(net.solve(rows, np.eye(2)[[0, 1, 1, 0, 1, 0]], learning_rate=0.1))
    for name in net.state:
        np.testing.assert_allclose(moved.state[name], after.state[name], rtol=1e-6)


def test_a_keras_model_is_no_list_of_arrays() -> None:
    class Model:
        def get_weights(self) -> list[Any]:
            return []

    for source in (Model(), None, 3):
        with pytest.raises(ChalkworkError, match=r"weights are a list of arrays.*get_weights\(\)"):
            load_keras_weights(network(), source)  # type: ignore[arg-type]


def test_keras_lists_that_do_not_fit_are_refused() -> None:
    net = network()
    arrays = keras_weights(net)
    with pytest.raises(ChalkworkError, match="there are 6 arrays, but the network has 7: W1, b1, gamma2"):
        load_keras_weights(net, arrays[:-1])
    with pytest.raises(ChalkworkError, match="array 1 is 4x3, but W1 of layer 1 takes 3x4"):
        load_keras_weights(net, [arrays[0].T, *arrays[1:]])
    with pytest.raises(ChalkworkError, match="layer 2 is trained otherwise in Keras"):
        keras_layers(net)
