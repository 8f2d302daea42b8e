"""The sheets that ship with the package."""

from pathlib import Path

SHEETS = Path(__file__).parents[1] / "sheets"
PATHS = sorted(SHEETS.glob("*.md"))
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in PATHS}
