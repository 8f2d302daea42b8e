"""The filled-in form: blocks of answers in a Markdown text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chalkwork.errors import ChalkworkError

_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})\s*(\S*)\s*$")
_LINE = re.compile(r"\s*(?:[-*] )?[`*$]{0,3}([^\W\d_][^:=]{0,100}?|[\\∂∇][^:=]{1,100}?)[`*$]{0,3}\s*[:=](.*)")


def form_entries(text: str, first_line: int = 1) -> Iterator[tuple[str, str, object, int]]:
    """Task, name, value and line of every answer in the ```` ```answers ```` blocks of a Markdown text.

    >>> list(form_entries("So:\\n```answers\\ntask: a\\nz1: [0.5\\n  0.2]\\nL:\\n```"))
    [('a', 'z1', '[0.5\\n0.2]', 4), ('a', 'L', '', 6)]
    """
    fence, task, name, line = "", "", "", 0
    value: list[str] = []
    for number, content in enumerate(text.splitlines(), first_line):
        mark = _FENCE.match(content[:100].rstrip())
        if not fence:
            if mark:
                fence, ours, task = mark[1], mark[2].strip("{}.").lower() == "answers", ""
            continue
        closed = mark is not None and not mark[2] and mark[1].startswith(fence)
        entry = None if closed else _LINE.match(content)
        if name and (closed or entry):
            yield task, name, "\n".join(value).strip(), line
            name = ""
        if closed:
            fence = ""
        elif ours and entry:
            if entry[1].strip().lower() == "task":
                task = entry[2].strip().strip("`\"'")
            else:
                name, value, line = entry[1].strip(), [entry[2].strip()], number
        elif name:
            value.append(content.strip())
        elif ours and content.strip():
            raise ChalkworkError("expected a line of the form name: value", line=number)
    if name:
        yield task, name, "\n".join(value).strip(), line
