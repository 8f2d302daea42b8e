"""Questions in words: kept with their points and a model answer, shown in solutions, never marked by machine."""

from __future__ import annotations

from chalkwork.documents.model import Paragraph
from chalkwork.laboratory.worked import Worked
from chalkwork.sheets import values
from chalkwork.sheets.fields import Fields
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import posed


def _read(fields: Fields) -> Work:
    answer = fields.need("answer", values.text, fields.table.line)

    def work(surroundings: Surroundings) -> Worked:
        return Worked("Model answer", (Paragraph(answer),), {"answer": answer})

    return work


PART = Part(("answer",), _read, lambda fields: posed(fields, {}))
