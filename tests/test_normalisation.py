"""Batch normalisation by hand against a published example, JAX and torch."""

import json
from pathlib import Path

import numpy as np
import pytest

from chalkwork import Dense, NeuralNetwork
from chalkwork.documents.terminal import to_text
from chalkwork.errors import ChalkworkError, ShapeError, SheetError, ValueProblem
from chalkwork.laboratory.normalisation import Running, batch_norm
from chalkwork.networks.layers import BatchNorm
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.solve import work_parts

ROOT = Path(__file__).parents[1]
SHEET = ROOT / "sheets" / "batch-norm-by-hand.md"
BATCH = np.array([[1.0, 2.0], [3.0, 4.0], [2.0, 8.0], [6.0, 2.5]])
UPSTREAM = np.array([[1.0, 0.5], [-2.0, 0.0], [0.25, 1.0], [0.0, -1.0]])


def test_the_published_example():
    published = json.loads((ROOT / "tests" / "published" / "batchnorm_8values.json").read_text())
    found = batch_norm(published["inputs"]["given"]["x"], gamma=1.2, beta=0.5, epsilon=1e-8)
    values = {
        "mu": found["mu"].ravel(),
        "var": found["var"].ravel(),
        "xh": found["xhat"].ravel(),
        "y": found["z"].ravel(),
    }
    for each in published["expected"]:
        name = each["q"].strip("()").partition(")")[0]
        index = int(each["q"].partition("[")[2].rstrip("]") or 0)
        assert abs(values[name][index] - float(each["printed"])) <= 0.5 * 10 ** -each["decimals"] + 1e-9


@pytest.mark.parametrize("variance", ["biased", "unbiased"])
def test_gradients_are_those_of_jax(variance):
    jax = pytest.importorskip("jax")
    gamma, beta, epsilon = np.array([1.5, -0.5]), np.array([0.25, 2.0]), 1e-3

    def out(x, gamma, beta):
        var = x.var(0, ddof=int(variance == "unbiased"))
        return gamma * (x - x.mean(0)) / jax.numpy.sqrt(var + epsilon) + beta

    found = batch_norm(BATCH, gamma, beta, epsilon, upstream=UPSTREAM, variance=variance)
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        z, back = jax.vjp(out, *map(jax.numpy.asarray, (BATCH, gamma, beta)))
        dx, dgamma, dbeta = back(jax.numpy.asarray(UPSTREAM))
        for name, wanted in (("z", z), ("dx", dx), ("dgamma", dgamma), ("dbeta", dbeta)):
            np.testing.assert_allclose(np.squeeze(found[name]), wanted, rtol=1e-9, atol=1e-12)


def test_running_statistics_are_those_of_torch():
    torch = pytest.importorskip("torch")
    layer = torch.nn.BatchNorm1d(2, eps=1e-3, momentum=0.3, dtype=torch.float64)
    batch = torch.tensor(BATCH, requires_grad=True)
    layer(batch).backward(torch.tensor(UPSTREAM))
    layer.eval()
    found = batch_norm(BATCH, epsilon=1e-3, upstream=UPSTREAM, running={"momentum": 0.3}, inference=[[1.0, 2.0]])
    np.testing.assert_allclose(found["dx"], batch.grad.numpy(), atol=1e-12)
    np.testing.assert_allclose(found["mu_run_new"].ravel(), layer.running_mean.numpy())
    np.testing.assert_allclose(found["var_run_new"].ravel(), layer.running_var.numpy())
    wanted = layer(torch.tensor([[1.0, 2.0]], dtype=torch.float64)).detach().numpy()
    np.testing.assert_allclose(found["z_inference"], wanted)


def test_it_is_the_layer_of_the_networks():
    net = NeuralNetwork([BatchNorm(gamma=[2.0, 1.0], beta=[0.0, 1.0], inputs=2)])
    solution = net.solve(BATCH, UPSTREAM, training=True)
    found = batch_norm(BATCH, [2.0, 1.0], [0.0, 1.0], target=UPSTREAM)
    for name in ("mu", "var", "xhat", "z"):
        np.testing.assert_array_equal(found[name], solution[f"{name}1"])
    for name in ("dgamma", "dbeta", "dxhat", "dvar", "dmu"):
        np.testing.assert_allclose(found[name], solution[f"{name}1"], atol=1e-14)
    assert found["L"] == pytest.approx(float(solution["L"]))


def test_what_reaches_the_batch_is_what_a_layer_below_gets():
    """The identity below makes the layer's error the gradient of the batch."""
    below = Dense(weights=np.eye(2), bias=False)
    net = NeuralNetwork([below, BatchNorm(gamma=[2.0, 1.0])])
    found = batch_norm(BATCH, [2.0, 1.0], target=UPSTREAM)
    np.testing.assert_allclose(found["dx"], net.backprop(BATCH, UPSTREAM)["delta1"], atol=1e-12)
    np.testing.assert_allclose(found["dx"].sum(0), 0, atol=1e-12)


@pytest.mark.parametrize("variance", ["biased", "unbiased"])
def test_scale_and_shift_can_undo_it(variance):
    found = batch_norm(BATCH, undo=True, epsilon=0.01, variance=variance)
    np.testing.assert_allclose(found["z"], BATCH, atol=1e-13)
    np.testing.assert_allclose(found["beta"].ravel(), BATCH.mean(0))
    assert "is the input x again" in " ".join(str(found).split())


def test_a_batch_of_one_becomes_beta():
    found = batch_norm([[3.0, -7.0]], gamma=2, beta=[0.5, 4], upstream=[[1.0, 2.0]])
    np.testing.assert_array_equal(found["z"], [[0.5, 4.0]])
    np.testing.assert_array_equal(found["dx"], [[0, 0]])
    np.testing.assert_array_equal(found["dgamma"], [[0, 0]])
    assert "nothing can be learned" in " ".join(str(found).split())
    with pytest.raises(ChalkworkError, match="does not exist"):
        batch_norm([3.0], variance="unbiased")
    with pytest.raises(ChalkworkError, match="batch of one"):
        batch_norm([3.0], running={})
    kept = batch_norm([3.0], running=Running(divisor="biased"))
    assert float(kept["mu_run_new"].item()) == pytest.approx(0.3)


def test_inference_without_an_update_takes_what_is_given():
    found = batch_norm([1, 2], inference=[5, 7])
    np.testing.assert_allclose(found["z_inference"].ravel(), np.array([5, 7]) / np.sqrt(1 + 1e-5))


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"batch": [[1, 2], [3]]}, ShapeError, "ragged"),
        ({"batch": [["a"]]}, ValueProblem, "no number"),
        ({"batch": [1e200, 1.0]}, ValueProblem, "beyond 1e100"),
        ({"batch": np.zeros((65, 1))}, ShapeError, "larger than 64x16"),
        ({"batch": [1, 1], "epsilon": 0}, ValueProblem, "division by zero"),
        ({"batch": [1, 2], "epsilon": -1}, ChalkworkError, "epsilon"),
        ({"batch": [1, 2], "gamma": [1, 2]}, ShapeError, "gamma"),
        ({"batch": [1, 2], "upstream": [1]}, ShapeError, "upstream is 1x1, but the batch is 2x1"),
        ({"batch": [1, 2], "upstream": [1, 2], "target": [1, 2]}, ChalkworkError, "not both"),
        ({"batch": [1, 2], "target": [1, 2], "loss": "cross"}, ChalkworkError, "loss is one of"),
        ({"batch": [1, 2], "running": {"momentum": 2}}, ChalkworkError, "momentum"),
        ({"batch": [1, 2], "running": {"variance": -1}}, ValueProblem, "negative"),
        ({"batch": [1, 2], "running": {"men": 1}}, ChalkworkError, "has no 'men'"),
        ({"batch": [1, 2], "running": 3}, ChalkworkError, "running is a mapping"),
        ({"batch": [1, 2], "inference": [[1, 2]]}, ShapeError, "inference has 2 units"),
        ({"batch": [1, 2], "variance": "other"}, ChalkworkError, "variance is"),
    ],
)
def test_bad_input_is_refused(settings, error, message):
    with pytest.raises(error, match=message):
        batch_norm(**settings)


def test_the_shipped_sheet():
    sheet = read_sheet(SHEET)
    parts = work_parts(sheet)
    np.testing.assert_allclose(parts["a"]["z"].ravel()[:2], [0.756, 2.254], atol=5e-4)
    np.testing.assert_allclose(parts["c"]["z"], parts["c"]["x"], atol=1e-12)
    assert parts["e"]["z"].item() == 0.5
    assert parts["f"]["mu_run_new"].item() == pytest.approx(0.1725)
    text = to_text(workbook(sheet).document)
    assert max(map(len, text.splitlines())) <= 80
    for leftover in ("$", "\\", "{", "}", "+ −", "−−", "nan"):
        assert leftover not in text
    assert "−1.661" in text and "3.102" in text


def test_errors_in_a_sheet_name_the_line():
    with pytest.raises(SheetError, match="needs the key 'batch'"):
        parse_sheet("```batch_norm\nid: a\n```\n")
    with pytest.raises(SheetError, match="expected biased or unbiased") as caught:
        parse_sheet("```batch_norm\nid: a\nbatch: [1, 2]\nvariance: none\n```\n")
    assert caught.value.line == 4
    with pytest.raises(SheetError, match="upstream is 1x1"):
        work_parts(parse_sheet("```batch_norm\nid: a\nbatch: [1, 2]\nupstream: [1]\n```\n"))
