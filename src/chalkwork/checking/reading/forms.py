"""Answers in lines, as people write them: in the blocks of the form, or in a text without any.

A line is `name: value` or `name = value`, with whatever stands around it on paper: bullets, `$`, several answers in a
row, a table's bars. A value goes on in the next line while a bracket is open, or where that begins with a number, a
bracket or a sign of equality. A line that is none of this costs itself alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chalkwork.checking.reading.expressions import looks_calculated
from chalkwork.checking.reading.typed import final, is_blank
from chalkwork.errors import ReadError

Entry = tuple[str, str, object, int]
MAX_LINE = 100_000
MOST_STRAYS = 20
"""Lines that are told of one by one."""

_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})\s*(\S*)\s*$")
_LINE = re.compile(r"\s*(?:[-*] )?[`*$]{0,3}([^\W\d_][^:=]{0,100}?|[\\∂∇][^:=]{1,100}?)[`*$]{0,3}\s*[:=](.*)")
_LETTER = r"(?:[^\W\d_]|[∂∇\\])"
_BULLET = re.compile(r"[ \t]*(?:(?:[-+*•·>]|[0-9]{1,3}[.)]|\(?[a-h]\))[ \t]+)*")
_OTHER = re.compile(
    rf"[`*$\"'(\[{{]{{0,3}}(\\?{_LETTER}[^:=≈≃→|\t]{{0,100}}?)[`*$\"'&)]{{0,3}}[ \t]*"
    r"(?:[:=]=?|[≈≃→~]|[=-]>|[|\t]|\b(?:is|ist|equals)\b|\\approx|\s(?=[-+−]?[\d.\[(]))(.*)"
)
_NUMERIC = re.compile(r"[\s\d.,;:+\-−–*/^()\[\]{}|%eE'’½¼¾]+")
_WORDS = re.compile(
    r"(?:(?:so|then|thus|hence|and|also|finally|we|get|have|with|therefore|dann|also|somit|daraus|folgt|ergibt|sich|"
    r"und|the|is|result|for|für)\b[,:]?\s+)+",
    re.IGNORECASE,
)
_EQUAL = re.compile("[=:≈]")
_SIGNS = ("=", "≈", "≃", r"\approx")
_SEVERAL = re.compile(
    rf"(?:[,;]\s*(?:(?:and|und)\s+)?|\s(?:and|und)\s+)(?=[\"'`$]?\\?{_LETTER}[\w'^{{}}\[\](),∂/]{{0,40}}?[\"'`$]?\s*[:=≈](?!$))"
)
_TASK = re.compile(
    r"[#*>\s]*(?:(?:task|aufgabe|teilaufgabe|part|teil)\s*[:=]?\s*\(?[`\"']?([\w.-]{1,40})[`\"']?\)?|\(?([a-h])\))"
    r"\s*[:.)]?[\s*#]*",
    re.IGNORECASE,
)
_FUNCTION = re.compile(r"[-+−–]?\s*(?:ln|log|exp|sqrt|tanh|sigmoid)\b")
_GOES_ON = re.compile(rf"[\d\[({{|=≈≃&\\_½]|[-+−–*.]\s*[\d.\[({{\\½]|{_FUNCTION.pattern}")
_FRAME = re.compile(
    r"\\(?:begin|end)\{(?:align|equation|gather|displaymath|math|split)[a-z]*\*?\}|\$\$|\\[\[\]]|[{}],?|\|[-|: ]+\|"
)
"""What stands around lines of answers and says nothing."""
_OPEN_END = re.compile(r"[-+*/=,;(\[{&\\]\s*$")


def form_entries(text: str, first_line: int = 1) -> Iterator[Entry]:
    """Task, name, value and line of every answer in the ```` ```answers ```` blocks of a Markdown text.

    A line that is no answer has a name that quotes it, and no value.

    >>> list(form_entries("So:\\n```answers\\ntask: a\\nz1: [0.5\\n  0.2]\\nL:\\n```"))
    [('a', 'z1', '[0.5\\n0.2]', 4), ('a', 'L', '', 6)]
    """
    fence, ours = "", False
    reader = _Reader()
    for number, content in enumerate(text.splitlines(), first_line):
        mark = _FENCE.match(content[:100].rstrip()) if "```" in content or "~~~" in content else None
        if not fence:
            if mark:
                fence, ours = mark[1], mark[2].strip("{}.").lower() == "answers"
                reader.task = ""
        elif mark is not None and not mark[2] and mark[1].startswith(fence):
            yield from reader.end()
            fence = ""
        elif ours:
            yield from reader.line(number, content)
    yield from reader.end()


def written_entries(text: str) -> Iterator[Entry]:
    """The answers in the blocks of the form; where there is none, those in the lines of the whole text.

    >>> list(written_entries("Task a\\nz1 = W1^T x = [0.5; 0.2]\\nL = 0.79, a1 = [1 0]"))
    [('a', 'z1', 'W1^T x = [0.5; 0.2]', 2), ('a', 'L', '0.79', 3), ('a', 'a1', '[1 0]', 3)]
    """
    form = list(form_entries(text))
    if form:
        return iter(form)
    loose = list(loose_entries(text))
    return iter([entry for entry in loose if entry[2] not in ("", None)] or loose)


def loose_entries(text: str) -> Iterator[Entry]:
    """The answers in the lines of a text without a form; prose is passed over, no equation is.

    >>> list(loose_entries("I did it so: all by hand\\nz1 = three"))
    [('', 'z1', 'three', 2)]
    """
    reader = _Reader(loose=True)
    for number, content in enumerate(text.splitlines(), 1):
        if not _FENCE.match(content[:100].rstrip()):
            yield from reader.line(number, content)
    yield from reader.end()


class _Reader:
    """Reads one line after the other; `loose` among prose."""

    def __init__(self, loose: bool = False) -> None:
        self.loose = loose
        self.task, self.name, self.at = "", "", 0
        self.is_equation = False
        self.indent, self.inside = 0, -1
        self.value: list[str] = []
        self.strays = 0

    def line(self, number: int, content: str) -> Iterator[Entry]:
        """What is complete with this line."""
        if self.loose and (heading := _TASK.fullmatch(content)) and len(content) < 100:
            yield from self.end()
            self.task = heading[1] or heading[2]
            return
        entry = self._entry(content)
        if entry is None:
            yield from self._no_entry(number, content)
            return
        if entry[0].lower() in ("task", "aufgabe") and not self.loose:
            yield from self.end()
            self.task = entry[1].strip("`\"'")
            return
        name, value, is_equation = entry
        if self.loose:
            yield from self._indented(len(content) - len(content.lstrip()))
        yield from self.end()
        parts = _SEVERAL.split(value) if len(value) < MAX_LINE and _EQUAL.search(value) else [value]
        self.name, self.at, self.value, self.is_equation = name, number, [parts[0].strip()], is_equation
        for part in parts[1:]:
            another = self._entry(part)
            if another is not None:
                yield from self.end()
                self.name, self.at, self.value, self.is_equation = another[0], number, [another[1]], another[2]

    def _indented(self, indent: int) -> Iterator[Entry]:
        """A name without a value is a task where what follows stands further in, as in YAML."""
        if self.name and "".join(self.value).strip() in ("", "{") and indent > self.indent:
            self.task, self.inside, self.name = self.name, self.indent, ""
        elif indent <= self.inside:
            yield from self.end()
            self.task, self.inside = "", -1
        self.indent = indent

    def end(self) -> Iterator[Entry]:
        """What is complete when there is no more."""
        if self.name:
            value = "\n".join(self.value).strip()
            plain = not self.loose or self.is_equation or not value or is_blank(value)
            if plain or any(sign.isdecimal() or sign in "½" for sign in value):
                yield self.task, self.name, value, self.at
        self.name = ""

    def _entry(self, content: str) -> tuple[str, str, bool] | None:
        """Name and value of a line, and whether it sets the one equal to the other; None where it is no answer."""
        if not self.loose and (found := _LINE.match(content)):
            return found[1].strip(), found[2].strip(), True
        if len(content) > MAX_LINE:
            return None
        bare = _BULLET.sub("", content, count=1).strip()
        bare = bare.removeprefix("{").removeprefix(r"\[").removeprefix(r"\(").strip(" |")
        if self.loose and (words := _WORDS.match(bare)):
            bare = bare[words.end() :]
        found = _OTHER.match(bare)
        if found is None:
            return None
        name, value = found[1].strip().rstrip("&`*$\"'").strip(), found[2].strip()
        sign = bare[found.end(1) : found.start(2)].strip()
        number = _NUMERIC.fullmatch(value) is not None or (bool(sign) and is_blank(value))
        if sign in ("", "|", "is", "ist", "equals") and not (_is_name(name) and number):
            return None
        value = value.rstrip("$").rstrip()
        for end in (r"\]", r"\)", "**", ","):
            value = value.removesuffix(end).rstrip() if value.count("[") != value.count("]") or end != r"\]" else value
        if value.count("}") > value.count("{"):
            value = value.rstrip("} ")
        return (name, value, sign in _SIGNS and _is_name(name)) if name else None

    def _no_entry(self, number: int, content: str) -> Iterator[Entry]:
        bare = content.strip()
        if self.loose and _FRAME.fullmatch(bare):
            return
        if self.name and self._goes_on(bare):
            self.value.append(bare)
        elif bare and not (self.loose and not _NUMERIC.fullmatch(bare)):
            yield from self.end()
            self.strays += 1
            if self.strays <= MOST_STRAYS:
                yield self.task, f"line {number}: {bare[:60]}", None, number
        elif bare:
            yield from self.end()

    def _goes_on(self, bare: str) -> bool:
        """Whether a line belongs to the value before it."""
        before = self.value[-1] if self.value else ""
        whole = "".join(self.value)
        opened = sum(map(whole.count, "[({")) > sum(map(whole.count, "])}"))
        row = bare[:1] == bare[-1:] == "|" and self.loose and not opened
        if not bare or _GOES_ON.match(bare):
            return bool(bare) and not row
        return opened or (bool(before) and _OPEN_END.search(before) is not None)


def _is_name(text: str) -> bool:
    return len(text) <= 20 and " " not in text


def is_result(value: object) -> bool:
    """Whether what was typed ends in numbers, rather than in a formula alone.

    >>> is_result("W1 x = [0.5; 0.2]"), is_result("W1 x + b1"), is_result("-ln(0.45)"), is_result("-ln(a2)")
    (True, False, True, False)
    """
    if not isinstance(value, str):
        return True
    try:
        text = final(value[:MAX_LINE]).strip()
    except ReadError:
        return False
    return _GOES_ON.match(text) is not None and (_FUNCTION.match(text) is None or looks_calculated(text))
