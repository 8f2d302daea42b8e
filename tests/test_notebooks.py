"""The notebooks run from the first cell to the last, and what they say in words is true."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

CLAIMS = {
    "backpropagation_from_scratch": """
assert max(deviations.values()) < 1e-9
assert {result.verdict for result in report.values()} == {"correct"} and len(report) == 7
assert faulty.first_wrong == "delta2" and "derivative of the activation is missing" in faulty["delta2"].message
assert losses[-1] < 0.05 * losses[0] and (np.diff(losses) < 0).mean() > 0.95 and accuracy > 0.97
assert len(history.loss) >= 100 and difference < 1e-10
assert np.allclose(answers["dW2"], [[0.05, 0.01, 0.10], [-0.02, 0, -0.05]], atol=0.005)  # as the course printed them
assert sigmoid(np.array([-1000.0, 1000.0])).tolist() == [0, 1]
""",
    "binary_classification": """
assert float(solution["L_new"]) < float(solution["L"])
assert np.allclose(solution["delta2"], solution["a2"] - target)
assert moons_train > 0.97 and moons_test > 0.94
validation = history.column("validation_loss")
assert history.column("loss")[-1] < 0.5 * history.column("loss")[20] and validation[-1] > validation.min()
assert line_train < 0.8 and bent_train > 0.98
assert min(test for _, test in results.values()) > 0.94
dead = [np.sum(net.forward(x)["a2"].max(0) == 0) for net in (network(), moons)]
assert 0 < dead[0] < dead[1] < 32
assert findings(moons, x, y).kinds == ["dead"] and findings(network(), 1000 * x, y).kinds[0] == "unscaled"
""",
    "batch_normalisation": """
assert 0 < abs(solution["dW1"].item()) < 1e-5


def median(one):
    return np.median(one.loss_range), np.median(one.predictiveness.max(1)), np.median(one.smoothness)


def smaller(measured):
    pairs = zip(median(measured["with BatchNorm"]), median(measured["without"]))
    return [normalised < plain for normalised, plain in pairs]


accuracy = {name: history.column("validation_accuracy") for name, history in sigmoid.items()}
assert accuracy["without"][-1] < 0.2 and accuracy["with BatchNorm"][-1] > 0.95
assert "vanishing" in findings(network(False, "sigmoid"), x_train, y_train).kinds
assert findings(network(True, "sigmoid"), x_train, y_train).kinds == []
accuracy = {name: history.column("validation_accuracy") for name, history in tanh.items()}
assert abs(accuracy["without"][-1] - accuracy["with BatchNorm"][-1]) < 0.02
assert np.argmax(accuracy["with BatchNorm"] >= 0.95) < np.argmax(accuracy["without"] >= 0.95)
assert all(smaller(measured) == [True, True, True] for measured in (large, *others))
assert large["with BatchNorm"].smoothness[0] > large["without"].smoothness[0]
assert large["with BatchNorm"].loss[-1] < 0.5 * large["without"].loss[-1]
assert smaller(gentle) == [False, True, True]
assert gentle["with BatchNorm"].loss[-1] < gentle["without"].loss[-1]
assert smaller(plateau)[2] is np.False_
""",
    "digits": """
assert accuracy >= 0.97
assert before.kinds == [] and raw.kinds == ["unscaled"] and after.kinds == []
assert len(pixels) + len(test_pixels) == 1797 and np.abs(x.mean()) < 1e-9 and 0.1 < x.std() < 2
hidden = net.forward(x_test)
assert (hidden["a1"] == 0).mean() > 0.3 and (hidden["a2"] == hidden["a1"]).all()
""",
}


def test_every_notebook_has_its_claims() -> None:
    assert [path.stem for path in NOTEBOOKS] == sorted(CLAIMS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_with_the_outputs_of_one_run(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [*range(1, len(code) + 1)], "restart and run all before saving"
    outputs = [output for cell in code for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert " object at 0x" not in path.read_text(encoding="utf-8") and path.stat().st_size < 2**20
    assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.filterwarnings("default")
def test_the_notebooks_run_and_tell_the_truth(tmp_path: Path) -> None:
    """In one process, which takes its imports once; each begins without names."""
    whole, new = nbformat.v4.new_notebook(), nbformat.v4.new_code_cell
    ran = {}
    for path in NOTEBOOKS:
        ran[path.stem] = [new("%reset -f"), *nbformat.read(path, as_version=4).cells, new(CLAIMS[path.stem])]
        whole.cells += ran[path.stem]
    NotebookClient(whole, timeout=180, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    for name, cells in ran.items():
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        assert not [output for output in outputs if output.get("name") == "stderr"], name
        assert any("image/png" in output.get("data", {}) for output in outputs), name
