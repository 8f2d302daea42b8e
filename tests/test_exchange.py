"""Networks as others keep them: own files, ONNX, PyTorch, Keras; and files from strangers."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exchanged import ACTIVATIONS, CONVENTIONS, network, output, same

from chalkwork import BatchNorm, BinaryCrossEntropy, CrossEntropy, Dense, Dropout, NeuralNetwork, SquaredError
from chalkwork.algebra.operations.entry import in_keras
from chalkwork.errors import ChalkworkError
from chalkwork.exchange import EXCHANGES, foreign, load_model, load_network, save_model, save_network
from chalkwork.networks.activations import KINDS, Activation
from chalkwork.networks.losses import LOSSES

# --- the tables -----------------------------------------------------------------------------------------------------


def test_an_activation_is_there_what_its_entry_says_or_is_refused() -> None:
    for name, entry in KINDS.items():
        assert entry.unit is not None
        for found, write in ((entry.unit.pytorch, foreign.in_pytorch), (entry.unit.keras, foreign.in_keras)):
            if found is None and name != "identity":
                with pytest.raises(ChalkworkError, match=r"has no layer for the .* an ONNX file can hold it"):
                    write(Activation(name))
            else:
                assert write(Activation(name)) is found


def test_a_parameter_that_a_library_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = Activation("elu").unit._replace(keras=in_keras("elu"))
    monkeypatch.setitem(KINDS, "elu", KINDS["elu"]._replace(unit=unit))
    assert foreign.in_keras(Activation.of("elu(1)")) is unit.keras
    with pytest.raises(ChalkworkError, match=r"the ELU of Keras has no alpha, which is 0\.5 here"):
        foreign.in_keras(Activation.of("elu(0.5)"))


def test_an_activation_that_a_library_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = Activation("mish").unit._replace(pytorch=None, keras=None)
    monkeypatch.setitem(KINDS, "mish", KINDS["mish"]._replace(unit=unit))
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
