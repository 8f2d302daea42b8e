"""A figure in the shape an output format can hold: inside an HTML page, or as pixels."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode

from chalkwork.drawings.drawing import Drawing
from chalkwork.errors import ChalkworkError
from chalkwork.packages import DOCUMENTS, package

_PIXELS_PER_INCH = 192
_PAGE = b"""#set page(width: auto, height: auto, margin: 0pt, fill: white)
#image(bytes(sys.inputs.figure), format: "svg")
"""


def inline_svg(figure: Drawing) -> str:
    """The drawing as an element of an HTML page, announced as one image.

    >>> inline_svg(Drawing("<?xml version='1.0'?><svg><desc>A dot.</desc></svg>", "A dot.", ""))
    '<svg role="img"><desc>A dot.</desc></svg>'
    """
    svg = figure.svg[max(figure.svg.find("<svg"), 0) :].strip()
    tag = svg[: svg.find(">")]
    return svg if "role=" in tag else svg.replace("<svg", '<svg role="img"', 1)


def png(figure: Drawing) -> bytes:
    """The drawing as pixels on white, at twice the density of a screen and marked as such.

    Raises `ChalkworkError` if the SVG is broken.
    """
    typst = package("typst", "a drawing in pixels", DOCUMENTS)
    try:
        pixels = typst.compile(
            _PAGE,
            format="png",
            ppi=_PIXELS_PER_INCH,
            sys_inputs={"figure": figure.svg},
            ignore_system_fonts=True,
        )
    except typst.TypstError as error:
        raise ChalkworkError(f"a figure cannot be drawn: {error}") from error
    return _with_density(pixels)


def png_data_uri(number: int, figure: Drawing) -> str:
    """The drawing as pixels, as the target of an image."""
    return "data:image/png;base64," + b64encode(png(figure)).decode()


def _with_density(pixels: bytes) -> bytes:
    """The PNG with its pHYs chunk, which word processors take the printed size from."""
    per_metre = round(_PIXELS_PER_INCH / 0.0254)
    chunk = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)
    end_of_header = 8 + 25  # the signature, then the IHDR chunk
    return (
        pixels[:end_of_header]
        + struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk))
        + pixels[end_of_header:]
    )  # fmt: skip
