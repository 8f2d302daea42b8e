"""What the site needs beside the pages: rooms of the navigation that fill themselves, and links out of `docs/`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from chalkwork.typesetting.unicode_maths import plain_maths

HERE = Path(__file__).parent
_OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+(?!\.)([\w/.-]+)\)")

_CODE = re.compile(r"(<pre[^>]*>(?:<span></span>)?<code)\b")
_FORMULA = re.compile(r"\$([^$\n]+)\$")


def on_config(config: Any) -> Any:
    """A folder in the navigation is all pages in it; those that it does not name (a gallery) come behind the others."""
    named = _named(config["nav"])
    config["nav"] = [_filled(entry) for entry in config["nav"]]
    for folder in sorted(path for path in HERE.iterdir() if path.is_dir()):
        if folder.name not in named and any(folder.glob("*.md")):
            config["nav"].append({_title(folder): _pages(folder)})
    more = [page.name for page in sorted(HERE.glob("*.md")) if page.name not in named]
    config["nav"].extend([{"More": more}] if more else [])
    return config


def on_page_content(html: str, **_: Any) -> str:
    """Code that is wider than the page is reached by keys, and a corner of a table that is empty heads nothing."""
    return _CODE.sub(r'\1 tabindex="0"', html).replace("<th></th>", "<td></td>")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """A link to what lies outside of `docs/` is the name of the file: the site does not hold it."""

    def named(link: re.Match[str]) -> str:
        inside = (HERE / page.file.src_uri).parent / link[0].rpartition("(")[2][:-1]
        return link[0] if inside.resolve().is_relative_to(HERE) else f"{link[1]} (`{link[2]}`)"

    if page.file.src_uri.startswith("gallery/"):  # sentences of sheets: their formulas in plain signs
        markdown = _FORMULA.sub(lambda formula: plain_maths(formula[1]), markdown)
    return _OUTSIDE.sub(named, markdown)


def _named(entries: Any) -> set[str]:
    """All files and folders that the navigation names."""
    if isinstance(entries, str):
        return {entries}
    parts = entries.values() if isinstance(entries, dict) else entries
    return set().union(*map(_named, parts))


def _filled(entry: Any) -> Any:
    (title, inside), *_ = entry.items()
    if isinstance(inside, str) and (HERE / inside).is_dir():
        return {title: _pages(HERE / inside)}
    return entry


def _pages(folder: Path) -> list[str]:
    pages = sorted(
        folder.rglob("*.md"), key=lambda page: (page.parent, page.stem not in ("index", "README"), page.stem)
    )
    return [page.relative_to(HERE).as_posix() for page in pages]


def _title(folder: Path) -> str:
    return folder.name.replace("-", " ").capitalize()
