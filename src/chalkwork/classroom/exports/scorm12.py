"""SCORM 1.2: the page in a package; the platform keeps score, state and time.

Source: ADL, SCORM 1.2, The Content Aggregation Model (manifest) and Run-Time Environment (data model). The page finds
the platform's API in the frames around it (`page/platform.js`).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from html import escape

from chalkwork.classroom.exports.letters import as_it_is
from chalkwork.classroom.exports.packing import zipped
from chalkwork.classroom.exports.questions import Item
from chalkwork.classroom.page import page_of

formula = as_it_is


def write(items: Sequence[Item], partial: int) -> bytes:
    """The package; `partial` has no place in it: a named mistake earns what it does with `check`."""
    package, scorm = "http://www.imsproject.org/xsd/imscp_rootv1p1p2", "http://www.adlnet.org/xsd/adlcp_rootv1p2"
    return packed(items, "1.2", package, scorm, "scormtype")


def packed(items: Sequence[Item], version: str, package: str, scorm: str, kind: str) -> bytes:
    """The page with the manifest of a version of SCORM, by its schemas and its word for the kind of a resource."""
    page, title = page_of(items), escape(items[0].title)
    identifier = f"chalkwork-{sha256(page.encode()).hexdigest()[:16]}"
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<manifest identifier="{identifier}" version="1.0" xmlns="{package}" xmlns:adlcp="{scorm}">'
        f"<metadata><schema>ADL SCORM</schema><schemaversion>{version}</schemaversion></metadata>"
        f'<organizations default="sheet"><organization identifier="sheet"><title>{title}</title>'
        f'<item identifier="item" identifierref="page"><title>{title}</title></item></organization></organizations>'
        f'<resources><resource identifier="page" type="webcontent" adlcp:{kind}="sco" '
        'href="index.html"><file href="index.html"/></resource></resources></manifest>\n'
    )
    return zipped({"imsmanifest.xml": manifest, "index.html": page})
