"""A page as a text, and as the widget of a notebook.

The widget is by anywidget: the same module and the same data, in an output of its own.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chalkwork.files import write_aside
from chalkwork.packages import package

NOTEBOOK = "pip install 'chalkwork[notebook]'"
TRAITS = {
    "answers": ("Dict", "what was typed, by exercise and name, as `check` takes it; it can be set"),
    "verdicts": ("Dict", "the word for every step, by exercise and name"),
    "messages": ("Dict", "what is said of every step"),
    "first_wrong": ("Unicode", "exercise and name of the first wrong step; nothing where there is none"),
    "score": ("Float", "the part that is right, from 0 to 1, by the points"),
    "shown": ("List", "the steps that were shown, exercise and name each; it can be set"),
    "variant": ("Unicode", "the code of the variant that is worked; it can be set"),
    "attempts": ("List", "every attempt, as the page's CSV has it"),
}
"""What the notebook and the page share: kind of trait, and what it holds."""
_FONT = re.compile(r"/\*.*?\*/ ?|@font-face ?\{[^}]*\} ?")
_ROOT = re.compile(r"(?<=[{}])(?::root|body|main)(?=[{ ,])")


class Page(str):
    """The text of a page, which a notebook shows as a widget, or in a frame where anywidget is not installed.

    >>> Page("<!DOCTYPE html>")._repr_html_()[:32]
    '<iframe srcdoc="&lt;!DOCTYPE htm'
    """

    parts: tuple[str, str, str] = ("", "", "")
    """The program, the style and the packed data."""
    _shown: Any = None

    def widget(self) -> Any:
        """The page as the widget of a notebook, one and the same for every view.

        Raises ChalkworkError where anywidget is missing (`pip install 'chalkwork[notebook]'`).
        """
        if self._shown is None:
            program, style, data = self.parts
            self._shown = _kind()(_esm=program, _css=within(style), _data=data)
        return self._shown

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.widget()._repr_mimebundle_(**kwargs) if is_installed() else {"text/html": self._repr_html_()}

    def _repr_html_(self) -> str:
        frame = 'sandbox="allow-scripts allow-downloads" title="Chalkwork" width="100%" height="720" style="border: 0"'
        return f'<iframe srcdoc="{escape(self)}" {frame}></iframe>'

    def save(self, path: str | Path) -> None:
        """Write the page to a file. Raises ChalkworkError where it cannot be written."""
        write_aside(path, self)


def is_installed() -> bool:
    """Whether a page can be a widget."""
    return find_spec("anywidget") is not None


def within(style: str) -> str:
    """The style sheet of a page for its own place in a document: nothing outside changes.

    >>> within('/* a font */ @font-face{src:url(x)}body{margin:0}h1{color:red}')
    '/* a font */ @font-face{src:url(x)}.chalkwork{&{margin:0}h1{color:red}}'
    """
    fonts = "".join(_FONT.findall(style))
    return f"{fonts}.chalkwork{{{_ROOT.sub('&', '}' + _FONT.sub('', style))[1:]}}}"


@cache
def _kind() -> Any:
    """The class, once anywidget is there; an output shows one widget of it as often as it is displayed."""
    anywidget = package("anywidget", "a page as a widget", NOTEBOOK)
    traitlets = package("traitlets", "a page as a widget", NOTEBOOK)
    held = {name: traitlets.Unicode().tag(sync=True) for name in ("_esm", "_css", "_data")}
    shared = {name: getattr(traitlets, kind)(help=said).tag(sync=True) for name, (kind, said) in TRAITS.items()}
    said = "\n".join(f"{name}: {each}" for name, (_, each) in TRAITS.items())
    named = {"__doc__": f"A page of Chalkwork in a notebook.\n\n{said}", "__module__": __name__}
    return type("PageWidget", (anywidget.AnyWidget,), named | held | shared)
