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

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_PACKAGE = "http://www.imsproject.org/xsd/imscp_rootv1p1p2"
_SCORM = "http://www.adlnet.org/xsd/adlcp_rootv1p2"
formula = as_it_is


def write(items: Sequence[Item], partial: int) -> bytes:
    """The package; `partial` has no place in it: a named mistake earns what it does with `check`."""
    page, title = page_of(items), items[0].title
    manifest = (
        f'{_HEAD}<manifest identifier="{identifier(page)}" version="1.0" xmlns="{_PACKAGE}" xmlns:adlcp="{_SCORM}">'
        "<metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>"
        f'{organization(title)}<resources><resource identifier="page" type="webcontent" adlcp:scormtype="sco" '
        'href="index.html"><file href="index.html"/></resource></resources></manifest>\n'
    )
    return zipped({"imsmanifest.xml": manifest, "index.html": page})


def identifier(page: str) -> str:
    """What tells the package from others."""
    return f"chalkwork-{sha256(page.encode()).hexdigest()[:16]}"


def organization(title: str) -> str:
    """The one item of the package, by its title."""
    shown = escape(title)
    return (
        f'<organizations default="sheet"><organization identifier="sheet"><title>{shown}</title>'
        f'<item identifier="item" identifierref="page"><title>{shown}</title></item></organization></organizations>'
    )
