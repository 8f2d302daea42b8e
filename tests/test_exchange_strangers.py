"""Files of networks from strangers: damaged, hostile or no files at all."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exchanged import network
from safetensors import numpy as safetensors

from chalkwork import Dense, NeuralNetwork
from chalkwork.errors import ChalkworkError
from chalkwork.exchange import architecture as architecture_room
from chalkwork.exchange import load_model, model_file, safetensors_file, save_model, to_onnx
from chalkwork.training.tensors import sealed

# --- files from strangers -------------------------------------------------------------------------------------------


def save(tensors: Any, metadata: dict[str, str]) -> bytes:
    return sealed(safetensors.save(tensors, metadata))


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


def test_every_damaged_byte_is_noticed(tmp_path: Path) -> None:
    net, path, rng = NeuralNetwork([Dense(1, inputs=2)]), tmp_path / "m.safetensors", np.random.default_rng(1)
    save_model(net, path)
    good = path.read_bytes()
    cut = [good[:length] for length in (0, 7, 8, 100, len(good) - 1)]
    flipped = [
        good[:place] + bytes([good[place] ^ 1 << rng.integers(8)]) + good[place + 1 :] for place in range(len(good))
    ]
    for content in (*cut, good + b"0", *flipped):
        path.write_bytes(content)
        with pytest.raises(ChalkworkError) as raised:
            load_model(path)
        assert str(raised.value).startswith(f"{path}: ")
    path.write_bytes(good)
    np.testing.assert_array_equal(load_model(path).parameters["W1"], net.parameters["W1"])


def test_the_same_model_has_the_same_bytes(tmp_path: Path) -> None:
    first, second = (
        NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(2, "softmax")], "cross_entropy") for _ in range(2)
    )
    seen = set()
    for place in range(8):  # safetensors itself puts its metadata into another order every time
        save_model(first if place % 2 else second, tmp_path / "m", extra={"b": 1, "a": [2, "é"]})
        seen.add((tmp_path / "m").read_bytes())
    assert len(seen) == 1 and load_model(tmp_path / "m", with_extra=True)[1] == {"b": 1, "a": [2, "é"]}
    one, other = (to_onnx(net, tmp_path / f"{number}.onnx") for number, net in enumerate((first, second)))
    assert one == other and (tmp_path / "0.onnx").read_bytes() == (tmp_path / "1.onnx").read_bytes()
