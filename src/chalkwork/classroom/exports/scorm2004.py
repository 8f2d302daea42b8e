"""SCORM 2004, fourth edition: the page in a package, as `scorm12`, in the newer manifest."""

from __future__ import annotations

from collections.abc import Sequence

from chalkwork.classroom.exports.letters import as_it_is
from chalkwork.classroom.exports.packing import zipped
from chalkwork.classroom.exports.questions import Item
from chalkwork.classroom.exports.scorm12 import identifier, organization
from chalkwork.classroom.page import page_of

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
_SCORM = "http://www.adlnet.org/xsd/adlcp_v1p3"
formula = as_it_is


def write(items: Sequence[Item], partial: int) -> bytes:
    """The package."""
    page, title = page_of(items), items[0].title
    manifest = (
        f'{_HEAD}<manifest identifier="{identifier(page)}" version="1.0" xmlns="{_PACKAGE}" xmlns:adlcp="{_SCORM}">'
        "<metadata><schema>ADL SCORM</schema><schemaversion>2004 4th Edition</schemaversion></metadata>"
        f'{organization(title)}<resources><resource identifier="page" type="webcontent" adlcp:scormType="sco" '
        'href="index.html"><file href="index.html"/></resource></resources></manifest>\n'
    )
    return zipped({"imsmanifest.xml": manifest, "index.html": page})
