"""Questions in words: kept with their points and a model answer, shown in solutions, never marked by machine."""

from __future__ import annotations

from chalkwork.derivation.derivation import Derivation
from chalkwork.documents.model import Paragraph
from chalkwork.sheets import values
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import posed
from chalkwork.sheets.values import Fields
from chalkwork.solutions.setting import Setting
from chalkwork.solutions.solution import Solution


def _read(fields: Fields) -> Work:
    answer = fields.need("answer", values.text)

    def work(surroundings: Surroundings) -> Solution:
        setting = Setting(title="Model answer", script=lambda board: [Paragraph(answer)], facts={"answer": answer})
        return Solution(Derivation((), ()), {}, setting=setting)

    return work


PART = Part(("answer",), _read, lambda fields: posed(fields, {}))
