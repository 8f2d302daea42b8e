"""Windows that move over maps: the sign of a correlation, with what is not usual of its window."""

from __future__ import annotations

from chalkwork.algebra.expression import Application
from chalkwork.typesetting.pieces import Piece


def swept_sign(expression: Application) -> Piece:
    """The sign of a correlation, with what is not usual of its window below: stride, padding, dilation."""
    known, latex, text = expression.named_parameters, [], ""
    if expression.operation.name == "convolve_full":
        latex, text = [r"\text{full}"], "full"
    letters = "dps" if expression.operation.name == "convolve_kernel" else "spd"  # errors lie a stride apart
    for letter, key, usual in zip(letters, ("stride", "padding", "dilation"), (1, 0, 1), strict=True):
        value = known[key]
        if value not in (usual, (usual,) * 2, (usual,)):
            shown = ",".join(map(str, dict.fromkeys(value))) if isinstance(value, tuple) else str(value)
            latex.append(f"{letter}={shown}")
            text += ("," if text else "") + f"{letter}={shown}"
    below = "_{" + r",\, ".join(latex) + "}" if latex else ""
    above, raised = (r"^{\mathsf{T}}", "ᵀ") if expression.operation.name == "convolve_transposed" else ("", "")
    return Piece.of(rf" \star{above}{below} ", f" ⋆{raised}{f'[{text}]' if text else ''} ")
