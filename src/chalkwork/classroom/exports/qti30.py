"""QTI 3.0: the package of QTI 2.1 with the names of version 3.

Source: 1EdTech Question and Test Interoperability 3.0, Assessment, Section and Item Information Model and its binding:
elements have the prefix `qti-`, and names are written with hyphens.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalkwork.classroom.exports.qti21 import Version, packed
from chalkwork.classroom.exports.questions import Item

V30 = Version(
    "http://www.imsglobal.org/xsd/imsqtiasi_v3p0", "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
    "imsqti_item_xmlv3p0", "imsqti_test_xmlv3p0", "QTI Package", renamed=True,
)  # fmt: skip


def write(items: Sequence[Item], partial: int) -> bytes:
    """The package."""
    return packed(items, partial, V30)
