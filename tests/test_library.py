"""The sheets that come with Chalkwork, by name, and those to start from."""

from __future__ import annotations

from pathlib import Path

import pytest

import chalkwork
from chalkwork.cli import main
from chalkwork.cli.library import KINDS
from chalkwork.networks.layers import LAYERS
from chalkwork.sheets.check import check_hand_in
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.library import shipped, starters
from chalkwork.sheets.solve import solve_sheet

ROOT = Path(__file__).parents[1]


def test_every_sheet_is_listed_with_its_title(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sheets"]) == 0
    printed = capsys.readouterr().out
    for path in (ROOT / "sheets").glob("*.md"):
        assert f"{path.stem}\n    {read_sheet(path).title}\n" in printed + "\n"
    assert max(map(len, printed.splitlines())) <= 80


def test_a_sheet_is_found_by_its_name_wherever_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["solve", "graph-product-of-sums"]) == 0
    by_name = capsys.readouterr().out
    assert main(["solve", str(ROOT / "sheets" / "graph-product-of-sums.md")]) == 0
    assert capsys.readouterr().out == by_name
    assert main(["solve", "graph-product"]) == 2
    assert "did you mean graph-product-of-sums?" in capsys.readouterr().err
    (tmp_path / "graph-product-of-sums").write_text("Mine.")
    assert main(["solve", "graph-product-of-sums"]) == 0
    assert "Mine." in capsys.readouterr().out


def test_the_wheel_holds_them() -> None:
    assert '"sheets" = "chalkwork/sheets/shipped"' in (ROOT / "pyproject.toml").read_text()
    assert set(shipped()) == {path.stem for path in (ROOT / "sheets").glob("*.md")}


def test_there_is_a_starter_of_every_kind() -> None:
    assert sorted(KINDS) == list(starters())


@pytest.mark.parametrize("kind", KINDS)
def test_a_starter_is_solved_and_marked_and_overwrites_nothing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "mine", "--kind", kind]) == 0
    assert "mine.md written" in capsys.readouterr().out
    sheet = read_sheet("mine.md")
    right = {
        name: {question.name: question.value for question in exercise.questions}
        for name, exercise in solve_sheet(sheet).items()
    }
    result = check_hand_in(sheet, right)
    assert result.points and result.earned == result.points
    assert main(["new", "mine", "--kind", kind]) == 2
    assert "mine.md is there already" in capsys.readouterr().err


def test_every_layer_is_a_public_name() -> None:
    assert all(getattr(chalkwork, layer.__name__) is layer for layer in LAYERS.values())
    assert not hasattr(chalkwork, "Nonsense") and not hasattr(chalkwork, "nonsense")
    assert all(hasattr(chalkwork, name) for name in chalkwork.__all__)
