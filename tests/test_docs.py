"""The documentation: pages made from the code are as the code is now, and what is promised to beginners holds."""

import re
import runpy
from pathlib import Path

import pytest

from chalkwork.cli import main

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LINK = re.compile(r"\[[^\]]+\]\((?!https?:|mailto:)([^)#\s]*)(#[\w-]*)?\)")


def test_the_page_of_tables_is_made_from_the_tables() -> None:
    made = runpy.run_path(str(DOCS / "tables.py"))["page"]()
    assert (DOCS / "tables.md").read_text(encoding="utf-8") == made, "python docs/tables.py writes it anew"


def test_every_link_leads_somewhere() -> None:
    for page in DOCS.rglob("*.md"):
        text = re.sub(r"`[^`\n]*`|^    .*$|^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for target, part in LINK.findall(text):
            file = (page.parent / target).resolve() if target else page
            assert file.exists(), f"{page.name}: {target}"
            if part and file.suffix == ".md":
                heads = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.M)
                assert part[1:] in {re.sub(r"[^\w]+", "-", head.lower()).strip("-") for head in heads}, (
                    f"{page.name}: {part}"
                )


def test_the_navigation_names_pages_that_are_there() -> None:
    named = re.findall(
        r": ([\w/-]+\.md|[\w-]+)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("nav:")[2], re.M
    )
    assert named and all((DOCS / name).exists() for name in named)


def test_the_first_sheet_does_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (DOCS / "first-sheet.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["new", "first", "--kind", "network"]) == 0
    sheet = Path("first.md").read_text(encoding="utf-8")
    answers = text.partition("written by `new`:\n\n")[2].partition("\n\nThen")[0]
    Path("ada.yaml").write_text(re.sub("^    ", "", answers, flags=re.M), encoding="utf-8")
    capsys.readouterr()
    assert main(["check", "first.md", "ada.yaml"]) == 0
    printed = capsys.readouterr().out
    promised = text.partition("\nsays\n\n")[2].partition("\n\nThe mistake costs")[0]
    assert re.sub("^    ", "", promised, flags=re.M) in printed
    error = re.search("^    chalkwork: (.*)$", text, re.M)
    Path("first.md").write_text(sheet.replace("activation: tanh", "activation: tahn"), encoding="utf-8")
    assert main(["solve", "first.md"]) == 2 and error and error[1] in capsys.readouterr().err
    for line in re.findall(r"^    - \{weights.*$", text, re.M):
        old = next(each for each in sheet.splitlines() if "tanh}" in each)
        Path("first.md").write_text(sheet.replace(old, f"  {line.strip()}"), encoding="utf-8")
        assert main(["solve", "first.md", "-o", "solution.txt"]) == 0
