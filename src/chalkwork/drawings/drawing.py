"""A figure with its words, however it was drawn."""

from __future__ import annotations

from typing import NamedTuple


class Drawing(NamedTuple):
    """A figure: standalone SVG, the same in words for those who cannot see it, and its caption in inline Markdown.

    The description stands in for the drawing where there is none, so it is never empty.

    >>> Drawing("<svg/>", "Two inputs feed three units.", "The network").caption
    'The network'
    """

    svg: str
    description: str
    caption: str = ""

    def titled(self, caption: str) -> Drawing:
        """The same with a caption."""
        return self._replace(caption=caption)
