"""A cloze as Moodle's qtype_multianswer reads it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from html import unescape

FIELD = re.compile(r"(?<!\\)\{(\d*):([A-Z]+):((?:\\.|[^\\}])*)\}")


@dataclass(frozen=True)
class Cloze:
    """A field: its weight, and its answers as (share, value, tolerance, feedback)."""

    weight: int
    kind: str
    answers: tuple[tuple[float, str, float, str], ...]

    def credit(self, typed: str) -> float:
        best = 0.0
        for share, value, tolerance, _ in self.answers:
            if self.kind == "NUMERICAL":
                try:
                    met = abs(float(typed) - float(value)) <= tolerance
                except ValueError:
                    met = False
            else:
                met = typed.strip().casefold() == value.casefold()
            best = max(best, share if met else 0.0)
        return best


def clozes(html: str) -> list[Cloze]:
    found = []
    for weight, kind, body in FIELD.findall(html):
        answers = []
        for answer in re.split(r"(?<!\\)~", body):
            head, _, feedback = _parted(answer)
            share = 1.0 if head.startswith("=") else 0.0
            head = head.removeprefix("=")
            if percent := re.match(r"%(-?\d+)%", head):
                share, head = int(percent[1]) / 100, head[percent.end() :]
            value, _, tolerance = head.partition(":") if kind == "NUMERICAL" else (head, "", "")
            answers.append((share, _plain(value), float(tolerance or 0), _plain(feedback)))
        found.append(Cloze(int(weight or 1), kind, tuple(answers)))
    return found


def _parted(answer: str) -> tuple[str, str, str]:
    mark = re.search(r"(?<!\\)#", answer)
    return (answer, "", "") if mark is None else (answer[: mark.start()], "#", answer[mark.end() :])


def _plain(text: str) -> str:
    return unescape(re.sub(r"\\(.)", r"\1", text))


def questions(written: str) -> list[ET.Element]:
    return [one for one in ET.fromstring(written).iter("question") if one.get("type") == "cloze"]


def text_of(question: ET.Element, tag: str) -> str:
    found = question.find(f"{tag}/text")
    assert found is not None and found.text is not None
    return found.text


def grade(fields: list[Cloze], typed: list[str]) -> float:
    assert len(fields) == len(typed)
    earned = sum(field.weight * field.credit(one) for field, one in zip(fields, typed, strict=True))
    return earned / sum(field.weight for field in fields)
