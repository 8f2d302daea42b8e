"""The figure that Chalkwork makes: matplotlib's own, without pyplot, and shown by notebooks."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure


class NotebookFigure(Figure):
    """A figure that a notebook shows even where pyplot, which teaches notebooks to, was never imported."""

    def _repr_png_(self) -> bytes:
        memory = BytesIO()
        self.savefig(memory, format="png", dpi=100)
        return memory.getvalue()
