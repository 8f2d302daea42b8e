"""Convolution and pooling: layers held against JAX and PyTorch, by hand, in files, in training, and their mistakes."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chalkwork import ChalkworkError, Dense, Graph, NeuralNetwork, load_model, save_model
from chalkwork.errors import ReadError, ShapeError
from chalkwork.exchange import from_torch, load_torch_state, to_onnx, to_torch, torch_state
from chalkwork.networks.layers import (
    AveragePool,
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    Flatten,
    GlobalAveragePool,
    Layer,
    MaxPool,
)

jax.config.update("jax_enable_x64", True)

# --- a second opinion ------------------------------------------------------------------------------------------------


def reference(net: NeuralNetwork, p: dict[str, Any], x: Any, y: Any) -> Any:
    """The loss of a network of convolutions and poolings in JAX; samples first, channels before their maps."""
    a = x
    for number, layer in enumerate(net.layers, 1):
        a = _layer(layer, a, p.get(f"W{number}"), p.get(f"b{number}"), net)
    return 0.5 * jnp.sum((a - y) ** 2)


def _layer(layer: Layer, a: Any, W: Any, b: Any, net: NeuralNetwork) -> Any:
    rank = a.ndim - 2
    match layer:
        case Conv1d() | Conv2d():
            kind = layer.kind
            W = jnp.flip(W, range(-rank, 0)) if kind.turned else W
            rim = [(p, p) for p in kind.padding]
            z = jax.lax.conv_general_dilated(a, W, kind.stride, rim, rhs_dilation=kind.dilation)
            z = z if b is None else z + b.reshape(-1, *(1,) * rank)
            return jnp.tanh(z) if layer.activation.name == "tanh" else z
        case ConvTranspose1d() | ConvTranspose2d():
            kind = layer.kind
            rim = [
                (d * (k - 1) - p, d * (k - 1) - p + more)
                for k, p, d, more in zip(kind.window, kind.padding, kind.dilation, kind.more, strict=True)
            ]
            order = ("NCH", "IOH", "NCH") if rank == 1 else ("NCHW", "IOHW", "NCHW")
            z = jax.lax.conv_general_dilated(
                a, jnp.flip(W, range(-rank, 0)), (1,) * rank, rim, lhs_dilation=kind.stride,
                rhs_dilation=kind.dilation, dimension_numbers=order,
            )  # fmt: skip
            return z if b is None else z + b.reshape(-1, *(1,) * rank)
        case MaxPool() | AveragePool():
            window = (1, 1, *[layer.options["pool"]] * rank)
            stride = (1, 1, *[layer.options["stride"] or layer.options["pool"]] * rank)
            rim = [(0, 0), (0, 0), *[(layer.options["padding"],) * 2] * rank]
            if isinstance(layer, MaxPool):
                return jax.lax.reduce_window(a, -jnp.inf, jax.lax.max, window, stride, rim)
            return jax.lax.reduce_window(a, 0.0, jax.lax.add, window, stride, rim) / np.prod(window)
        case GlobalAveragePool():
            return a.mean(axis=tuple(range(2, a.ndim)))
        case Flatten():
            return (jnp.swapaxes(a, 1, 2) if rank == 1 else a).reshape(len(a), -1)
        case _:
            return a @ (W if net.convention.weights == "in_out" else W.T) + b


def tried(rng: np.random.Generator, number: int) -> tuple[NeuralNetwork, Any, Any]:
    """A network with windows drawn at random, and data with samples first."""
    rank = 1 + number % 2
    kind = (Conv1d, Conv2d)[rank - 1]
    channels, batch = int(rng.integers(1, 4)), int(rng.choice([1, 3]))
    sizes = tuple(int(one) for one in rng.integers(6, 9, rank))

    def pair(*choices: int) -> tuple[int, ...]:
        return tuple(int(one) for one in rng.choice(choices, rank))

    spread = (ConvTranspose1d, ConvTranspose2d)[rank - 1]
    stride = pair(1, 2, 3)
    back = spread(
        2, pair(2, 3), stride=stride, padding=pair(0, 1), dilation=pair(1, 2), bias=bool(rng.integers(2)),
        output_padding=tuple(int(rng.integers(0, one)) for one in stride),
    )  # fmt: skip
    layers: list[Layer] = [
        kind(
            int(rng.integers(1, 4)), pair(1, 2, 3), "tanh", stride=pair(1, 1, 2), padding=pair(0, 1, 2),
            dilation=pair(1, 1, 2), bias=bool(rng.integers(2)), convolution=bool(rng.integers(2)),
        ),
        [MaxPool, AveragePool][rng.integers(2)](2, stride=int(rng.choice([1, 2])), padding=int(rng.integers(2))),
        back if number % 5 else kind(2, 2, convolution=bool(rng.integers(2)), bias=0.5),
        GlobalAveragePool() if rng.integers(2) else Flatten(),
        Dense(2, bias=[0.5, -1.0]),
    ]  # fmt: skip
    samples = ("rows", "columns")[number // 2 % 2]
    shape = (channels, *sizes) if rank == 2 or samples == "columns" else (*sizes, channels)
    net = NeuralNetwork(
        layers, samples=samples, weights=str(rng.choice(["in_out", "out_in"])), inputs=shape, seed=number
    )
    return net, rng.normal(size=(batch, channels, *sizes)), rng.normal(size=(batch, 2))


@pytest.mark.usefixtures("quick_compilation")
def test_values_and_gradients_are_those_of_jax() -> None:
    rng = np.random.default_rng(5)
    for number in range(5):
        net, x, y = tried(rng, number)
        rows = net.convention.samples == "rows"
        own = np.swapaxes(x, 1, 2) if x.ndim == 3 and rows else x
        own, target = (own if len(x) > 1 else own[0]), (y if rows else y.T)
        solution = net.solve(own, target, learning_rate=0.1)
        names = net.parameters
        by_jax = jax.jit(jax.value_and_grad(lambda p, net=net, x=x, y=y: reference(net, p, x, y)))
        loss, gradients = by_jax(dict(names))
        assert solution["L"] == pytest.approx(float(loss), rel=1e-12)
        for name, wanted in gradients.items():
            found = np.reshape(solution[f"d{name}"], np.shape(wanted))
            np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-12, err_msg=f"{number}: {name}")
            updated = np.reshape(solution[f"{name}_new"], np.shape(wanted))
            np.testing.assert_allclose(updated, names[name] - 0.1 * np.asarray(wanted), rtol=1e-11, atol=1e-12)


@pytest.mark.usefixtures("quick_compilation")
def test_training_does_the_steps_that_are_shown_as_one_convolution() -> None:
    rng = np.random.default_rng(2)
    for number in (1, 2):
        net, x, y = tried(rng, number)
        rows = net.convention.samples == "rows"
        own = np.swapaxes(x, 1, 2) if x.ndim == 3 and rows else x
        target = y if rows else y.T
        solution = net.solve(own if len(x) > 1 else own[0], target, 0.1, steps=2)
        for engine in ("numpy", "jax"):
            other = NeuralNetwork(
                net.layers, samples=net.convention.samples, weights=net.convention.weights,
                inputs=net.plan().input_shape, seed=number,
            )  # fmt: skip
            other.train(own, target, eta=0.1, iterations=2, engine=engine)
            for name, value in other.parameters.items():
                np.testing.assert_allclose(np.ravel(value), np.ravel(solution[f"{name}_new2"]), rtol=1e-9, atol=1e-11)


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_exercises_without_a_network() -> None:
    found = Graph("y = convolve(x, w); L = sum(dy * y)").solve(x=[1, 2, 3, 4], w=[1, 0, -1], dy=[1, 2])
    assert found["dL/dw"].tolist() == [[5], [8], [11]] and found["dL/dx"].tolist() == [[1], [2], [-1], [-2]]
    assert "y₁ = x₁ · w₁ + x₂ · w₂ + x₃ · w₃ = 1 · 1 + 2 · 0 + 3 · (−1) = −2" in str(found)
    image, kernel = [[1, 2, 1], [0, 1, 0], [2, 3, 4]], [[1, 0], [0, -1]]
    found = Graph("a = convolve(I, F); b = convolve(I, F, stride=2)").solve(I=image, F=kernel)
    assert found["a"].tolist() == [[0, 2], [-3, -3]] and float(found["b"]) == 0
    assert "1 · 1 + 2 · 0 + 0 · 0 + 1 · (−1) = 0" in str(found)
    map_ = [[1, 2, 5, 6], [3, 4, 7, 8], [1, 1, 2, 2], [0, 0, 9, 1]]
    assert Graph("y = maxpool(X, 2)").solve(X=map_)["y"].tolist() == [[4, 8], [1, 9]]
    assert Graph("y = avgpool(X, 2)").solve(X=map_)["y"].tolist() == [[2.5, 6.5], [0.5, 3.5]]
    true = Graph("y = convolve(I, turned(F))").solve(I=image, F=kernel)
    assert true["y"].tolist() == [[0, -2], [3, 3]]


def test_shapes_that_do_not_fit_are_refused() -> None:
    for text, values, said in (
        ("y = convolve(x, w)", {"x": [[1, 2]], "w": [[1], [2]]}, "a window of 2x1 does not fit on a map of 1x2"),
        ("y = convolve(x, w, padding=1, stride=0)", {"x": [1, 2], "w": [1]}, "stride is a whole number from 1"),
        ("y = maxpool(x, 3)", {"x": [[1, 2], [3, 4]]}, "a window of 3x3 does not fit on a map of 2x2"),
        ("y = maxpool(x, 2, padding=2)", {"x": [[1, 2], [3, 4]]}, "at most half"),
        ("y = convolve(x, 2)", {"x": [1, 2]}, "not over a scalar"),
    ):
        with pytest.raises((ShapeError, ReadError), match=said):
            Graph(text).solve(**values)


def test_what_does_not_go_together_in_a_network_is_refused() -> None:
    for make, said in (
        (lambda: Conv2d(2), "needs the size of its kernel or its weights"),
        (lambda: Conv2d(kernel=3), "needs the number of its filters"),
        (lambda: Conv2d(1, 2, padding="same"), "odd size"),
        (lambda: Conv2d(1, 3, "softmax"), "no activation of a convolution"),
        (lambda: Conv2d(1, (3, 3, 3)), "one number or 2 of them"),
        (lambda: NeuralNetwork([Conv2d(1, 5), Flatten(), Dense(1)], inputs=(1, 3, 3)), "does not fit on a map of 3x3"),
        (lambda: NeuralNetwork([Conv2d(1, 2), Dense(1)], inputs=(1, 3, 3)), r"put Flatten\(\) before it"),
        (lambda: NeuralNetwork([Conv2d(weights=np.ones((1, 2, 2, 2))), Flatten(), Dense(1)], inputs=(3, 4, 4)),
         "W1 is 1x2x2x2 .* but 3 channels enter"),
        (lambda: NeuralNetwork([Conv2d(1, 2), Flatten(), Dense(1)], inputs=(3, 4)), "inputs is the number of features"),
    ):  # fmt: skip
        with pytest.raises(ChalkworkError, match=said):
            make()
    net = NeuralNetwork([Conv2d(1, 2), Flatten(), Dense(1)], inputs=(2, 4, 4))
    with pytest.raises(ShapeError, match="a sample of x is 1x4x4, but 2x4x4"):
        net.forward(np.ones((4, 4)))


def test_of_equal_largest_entries_the_first_has_the_error_or_all_share_it() -> None:
    x = np.ones((2, 2))
    for ties, wanted in (("first", [[1, 0], [0, 0]]), ("share", [[0.25, 0.25], [0.25, 0.25]])):
        first = Conv2d(weights=[[1.0]], bias=False)
        net = NeuralNetwork([first, MaxPool(2, ties=ties), Flatten(), Dense(weights=[[1.0]])], inputs=(1, 2, 2))
        assert net.backprop(x, 0)["delta1"].tolist() == [wanted]
        assert ("share the error" in str(net.solve(x))) == (ties == "share")


# --- files and other libraries ---------------------------------------------------------------------------------------


def images(**more: Any) -> NeuralNetwork:
    layers = [
        Conv2d(2, 3, "relu", padding="same"), MaxPool(2), Conv2d(3, 2, stride=(1, 2), bias=False),
        ConvTranspose2d(2, (2, 3), "tanh", stride=2, padding=(0, 1), output_padding=(1, 0)),
        AveragePool((2, 1), 1), Flatten(), Dense(2, "tanh"),
    ]  # fmt: skip
    return NeuralNetwork(layers, inputs=(2, 6, 8), seed=3, **more)


def test_a_file_gives_it_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(4):
        net, x, _ = tried(rng, number)
        own = np.swapaxes(x, 1, 2) if x.ndim == 3 and net.convention.samples == "rows" else x
        save_model(net, tmp_path / "net.safetensors")
        other = load_model(tmp_path / "net.safetensors")
        assert other.plan() == net.plan()
        assert np.array_equal(other.forward(own)["a5"], net.forward(own)["a5"])


def test_onnx_runs_it(tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    turned = NeuralNetwork([Conv2d(2, (2, 3), convolution=True), GlobalAveragePool(), Dense(1)], inputs=(1, 4, 4))
    for net, shape in ((images(), (5, 2, 6, 8)), (images(samples="columns"), (5, 2, 6, 8)), (turned, (3, 1, 4, 4))):
        x = np.random.default_rng(0).normal(size=shape)
        to_onnx(net, tmp_path / "net.onnx")
        session = runtime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {"x": x.astype(np.float32)})
        np.testing.assert_allclose(found, net.forward(x)[f"a{len(net.layers)}"], rtol=1e-4, atol=1e-5)


def test_pytorch_has_the_same_weights_both_ways() -> None:
    net = images()
    state = torch_state(net)
    assert {name: array.shape for name, array in state.items()} == {
        "0.weight": (2, 2, 3, 3), "0.bias": (2,), "3.weight": (3, 2, 2, 2), "4.weight": (3, 2, 2, 3), "4.bias": (2,),
        "8.weight": (2, 24), "8.bias": (2,),
    }  # fmt: skip
    other = NeuralNetwork(net.layers, inputs=(2, 6, 8), seed=9, samples="columns", weights="out_in")
    load_torch_state(other, state)
    x = np.random.default_rng(0).normal(size=(4, 2, 6, 8))
    np.testing.assert_allclose(other.forward(x)["a7"].T, net.forward(x)["a7"], rtol=1e-12)
    with pytest.raises(ChalkworkError, match="has no counterpart in PyTorch"):
        torch_state(NeuralNetwork([Conv1d(1, 2), Flatten(), Dense(1)], inputs=(4, 1)))


def test_pytorch_gives_the_same_values_and_gradients() -> None:
    torch = pytest.importorskip("torch")
    globally = NeuralNetwork([Conv2d(2, 3, "sigmoid", dilation=2), GlobalAveragePool(), Dense(2)], inputs=(2, 6, 8))
    for net in (images(), images(samples="columns", weights="out_in"), globally):
        rng = np.random.default_rng(1)
        x, y = rng.normal(size=(4, 2, 6, 8)), rng.normal(size=(4, 2))
        module = to_torch(net)
        loss = 0.5 * ((module(torch.tensor(x)) - torch.tensor(y)) ** 2).sum()
        loss.backward()
        ours = net.backprop(x, y if net.convention.samples == "rows" else y.T)
        turned = net.convention.weights == "in_out"
        theirs = [one.grad.numpy() for one in module.parameters()]
        for name, wanted in zip(net.parameters, theirs, strict=True):
            wanted = wanted.T if wanted.ndim == 2 and turned else wanted
            np.testing.assert_allclose(ours[f"d{name}"], wanted, rtol=1e-11, atol=1e-12)
        again = from_torch(module, net)
        assert all(np.array_equal(again.parameters[name], net.parameters[name]) for name in net.parameters)


# --- marking ---------------------------------------------------------------------------------------------------------


def test_mistakes_are_worth_what_a_program_with_the_mistake_computes() -> None:
    x = np.random.default_rng(0).normal(size=(2, 4, 4))

    def solved(*layers: Layer) -> Any:
        return NeuralNetwork([*layers, Flatten(), Dense(2)], inputs=(2, 4, 4), seed=4).solve(x, [1.0, -2.0])

    first = solved(Conv2d(2, 2, padding=1, stride=2), Conv2d(2, 2))
    kernels, bias = first["W1"], first["b1"].ravel()

    def otherwise(**settings: Any) -> Any:
        return solved(Conv2d(weights=kernels, bias=bias, **settings))["z1"]

    def valid(g: Any, w: Any) -> Any:  # the full correlation of every error map with a kernel
        wide = np.pad(g, [(0, 0), (1, 1), (1, 1)])
        return np.stack([
            sum(np.array([[np.sum(wide[f, i : i + 2, j : j + 2] * w[f, c]) for j in range(3)] for i in range(3)])
                for f in range(2)) for c in range(2)
        ])  # fmt: skip

    made: list[tuple[Any, dict[str, tuple[str, Any]]]] = [
        (first, {
            "padding-forgotten": ("z1", otherwise(stride=2)),
            "stride-ignored": ("z1", otherwise(padding=1)),
            "kernel-turned": ("z1", otherwise(stride=2, padding=1, convolution=True)),
            "bias-gradient-of-each-place": ("db1", first["delta1"]),
            "bias-gradient-mean-of-places": ("db1", first["db1"] / 9),
            "kernel-not-turned": ("delta1", valid(first["delta2"], first["W2"])),
        }),
    ]  # fmt: skip
    largest = solved(Conv2d(2, 2, "tanh"), MaxPool(2, 1))
    spread = np.zeros((2, 3, 3))
    for i, j in itertools.product((0, 1), (0, 1)):
        spread[:, i : i + 2, j : j + 2] += largest["da2"]
    slope = 1 - largest["a1"] ** 2
    mean = [[largest["a1"][:, i : i + 2, j : j + 2].mean((1, 2)) for j in (0, 1)] for i in (0, 1)]
    made.append((largest, {
        "pooling-error-to-all": ("delta1", spread * slope),
        "pooling-error-shared": ("delta1", spread * slope / 4),
        "other-pooling": ("a2", np.moveaxis(np.array(mean), -1, 0)),
    }))  # fmt: skip
    average = solved(Conv2d(2, 2, "tanh"), AveragePool(2, 1))
    made.append((average, {"pooling-not-divided": ("a2", 4 * average["a2"])}))
    turned = solved(Conv2d(2, 2, convolution=True))
    made.append((turned, {"kernel-not-turned": ("dW1", turned["dW1"][..., ::-1, ::-1])}))

    def spread(kernels: Any = None, **settings: Any) -> Any:
        return solved(ConvTranspose2d(1, 2, "tanh", weights=kernels, **settings))

    wide = spread(stride=2, padding=1)
    kernels = wide["W1"]
    made.append((wide, {
        "padding-forgotten": ("z1", spread(kernels, stride=2)["z1"]),
        "stride-ignored": ("z1", spread(kernels, padding=1)["z1"]),
        "kernel-turned": ("z1", spread(kernels[..., ::-1, ::-1], stride=2, padding=1)["z1"]),
        "bias-gradient-of-each-place": ("db1", wide["delta1"]),
    }))  # fmt: skip
    for solution, mistakes in made:
        for id, (name, value) in mistakes.items():
            report = solution.check({name: np.round(value, 6)})
            assert id in report[name].mistakes, (id, report[name])


def test_a_single_map_is_read_as_it_is_shown() -> None:
    net = NeuralNetwork([Conv2d(weights=[[1, 0], [0, -1]], bias=1), Flatten(), Dense(1)], inputs=(1, 3, 3))
    solution = net.solve([[1, 2, 1], [0, 1, 0], [2, 3, 4]], 1)
    for typed in ([[1, 3], [-2, -2]], "[1 3; -2 -2]", [[[1, 3], [-2, -2]]], "[[[1, 3], [-2, -2]]]"):
        assert solution.check({"z1": typed})["z1"].verdict == "correct", typed
    report = solution.check({"z1": [[1, 3], [-2, 2]], "z1[1,2]": 3})
    assert report["z1"].verdict == "wrong"
    assert solution["z1[2,1]"] == -2 and solution["W1[1,2]"] == 0
    right = {name: np.asarray(solution[name]).tolist() for name in solution.derivation}
    assert solution.check(right).score == 1


def test_a_convolution_is_the_product_with_its_matrix_and_with_its_windows() -> None:
    rng = np.random.default_rng(3)
    for shape, window, settings in (
        ((5, 1), (3, 1), ""), ((1, 6), (1, 2), ", stride=2"), ((4, 4), (2, 2), ""),
        ((4, 3), (2, 3), ", padding=[1, 0]"), ((5, 4), (2, 2), ", stride=[2, 1], dilation=2, padding=1"),
    ):  # fmt: skip
        x, w = rng.normal(size=shape), rng.normal(size=window)
        text = (
            f"T = convolution_matrix(x, w{settings}); y = T @ vec(x); M = im2col(x, w{settings}); u = M @ vec(w); "
            f"r = vec(convolve(x, w{settings})); L = sum(r * r); L2 = sum(y * u)"
        )
        found = Graph(text).solve(x=x.tolist(), w=w.tolist())
        for name in ("y", "u"):
            np.testing.assert_allclose(found[name], found["r"], rtol=1e-13, atol=1e-14)
    back = Graph("T = convolution_matrix(x, w, stride=2); y = conv_transpose(u, w, stride=2); v = T.T @ vec(u)")
    u, w = rng.normal(size=(2, 2)), rng.normal(size=(2, 2))
    found = back.solve(x=np.ones((4, 4)).tolist(), w=w.tolist(), u=u.tolist())
    np.testing.assert_allclose(np.ravel(found["v"]), np.ravel(found["y"]), rtol=1e-13)
    both = Graph("y = convolution_matrix(x, w) @ vec(x); L = sum(y * y)").solve(x=[1, 2, 3], w=[2, -1])
    one = Graph("y = convolve(x, w); L = sum(y * y)").solve(x=[1, 2, 3], w=[2, -1])
    for name in ("dL/dx", "dL/dw"):
        np.testing.assert_allclose(both[name], one[name], rtol=1e-13)
    for text, said in (("y = vec(x, 2)", "takes 1 argument"), ("y = im2col(x, w, window=2)", "data and kernel"),
                       ("y = im2col(x, w, stride=0)", "whole number from 1")):  # fmt: skip
        with pytest.raises((ShapeError, ReadError), match=said):
            Graph(text).solve(x=[1, 2], w=[1])
