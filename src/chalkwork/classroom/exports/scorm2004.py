"""SCORM 2004, fourth edition: the page in a package, as `scorm12`, in the newer manifest."""

from __future__ import annotations

from collections.abc import Sequence

from chalkwork.classroom.exports.letters import as_it_is
from chalkwork.classroom.exports.questions import Item
from chalkwork.classroom.exports.scorm12 import packed

formula = as_it_is


def write(items: Sequence[Item], partial: int) -> bytes:
    """The package."""
    package, scorm = "http://www.imsglobal.org/xsd/imscp_v1p1", "http://www.adlnet.org/xsd/adlcp_v1p3"
    return packed(items, "2004 4th Edition", package, scorm, "scormType")
