"""The gallery: a picture of every shipped sheet, as it is committed and as the command writes it."""

from pathlib import Path
from xml.etree import ElementTree

from chalkwork.cli import main
from chalkwork.sheets import gallery
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.library import shipped

GALLERY = Path(__file__).parents[1] / "docs" / "gallery"
AGAIN = "python -m chalkwork.sheets.gallery docs/gallery"
CHEAP = ("graph-product-of-sums", "architecture-counting")  # a drawing, and equations in the place of one


def test_every_shipped_sheet_is_in_the_gallery():
    index = (GALLERY / "README.md").read_text(encoding="utf-8")
    assert [line for line in index.splitlines() if line.startswith("![")] and index.count("\n## ") == len(shipped()), (
        AGAIN
    )
    assert {path.stem for path in GALLERY.glob("*.svg")} == set(shipped()), AGAIN
    assert all(f"]({name}.svg)" in index and f"`chalkwork solve {name}`" in index for name in shipped()), AGAIN
    assert sum(path.stat().st_size for path in GALLERY.iterdir()) < 1_500_000
    for path in GALLERY.glob("*.svg"):
        assert ElementTree.fromstring(path.read_text(encoding="utf-8")).tag.endswith("svg")


def test_the_pictures_are_made_again_as_they_are():
    for name in CHEAP:
        one = gallery.shown(name, read_sheet(shipped()[name]))
        assert (GALLERY / f"{name}.svg").read_text(encoding="utf-8") == one.picture.svg + "\n", AGAIN
        assert gallery.index([one]).rstrip().partition("## ")[2] in (GALLERY / "README.md").read_text(encoding="utf-8")


def test_a_sheet_without_a_drawing_shows_its_first_equations():
    picture = gallery.shown("batch", read_sheet(shipped()["batch-norm-by-hand"])).picture
    texts = [one.text for one in ElementTree.fromstring(picture.svg).iter() if one.tag.endswith("text")]
    assert any("μ = " in text for text in texts) and len(texts) <= gallery.MOST_LINES


def test_the_command_writes_linked_pages(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gallery, "shipped", lambda: {CHEAP[0]: shipped()[CHEAP[0]]})
    assert main(["sheets", "-o", str(tmp_path / "shown")]) == 0
    assert "1 sheet in " in capsys.readouterr().out
    index = (tmp_path / "shown" / "index.html").read_text(encoding="utf-8")
    assert f'<a href="{CHEAP[0]}.html">' in index and "<svg" in index
    assert "<math" in (tmp_path / "shown" / f"{CHEAP[0]}.html").read_text(encoding="utf-8")
