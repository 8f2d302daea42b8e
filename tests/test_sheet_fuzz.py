"""Whatever is written in a sheet, it is read or refused with a `SheetError`; nothing else ever comes out."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalkwork.errors import SheetError
from chalkwork.sheets.format import parse_sheet

SHEET = """\
---
title: A sheet
convention: {samples: columns, weights: in_out}
notation: {net: s, activation: h}
---
Some prose.

```network
loss: {name: squared_error, factor: 1/2}
layers:
  - {weights: [[0.1, 0.2], [0.3, 0.4]], bias: [0, 1], activation: tanh}
  - {units: 1, weights: 0.1}
```

```task
id: a
points: 1/2
x: [1, 2]
y:
- 1e-1
ask: [z1, "W1[1,2]"]
```

~~~graph
equations: |
  c = a + b
  d = c * a; e = d
~~~

```task
id: b
values: {a: 2, b: 1}
note: 'a note'
```
"""
NET = "```network\nlayers: [{units: 1, inputs: 2, weights: 0.1}]\n```\n"

# fmt: off
FRAGMENTS = [
    "---\n", "```task\n", "```network\n", "```graph\n", "```\n", "~~~\n", "<!--", "-->", "id: a\n",
    "x: [1, 2]\n", "layers:\n", "- {units: 1, inputs: 1}\n", "equations: |\n", "  a = b\n", "[", "]", "{", "}",
    ": ", "- ", "&a ", "*a ", "!!x ", "? ", "| ", "> ", "'", '"', "#", "%YAML 1.1\n", "\t", "\r", "\xa0", "\u2028",
    "\x85", "\ufeff", "1/3", "\\", "@", "~", "null", "true", ".nan", "1e999", "after: a\n", "network: net\n",
    "values: {a: 1}\n", "\ud800",
]
# fmt: on
PIECES = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=8)), max_size=40).map("".join)
FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def only_sheet_errors(text: str) -> None:
    """Read a text; anything but a sheet or a `SheetError` with a line escapes."""
    try:
        sheet = parse_sheet(text)
    except SheetError as error:
        assert error.line is not None and 1 <= error.line <= len(text) + 1
        assert "\n" not in str(error)
    else:
        assert sheet.text == text


@FUZZ
@given(PIECES)
def test_any_text_is_a_sheet_or_a_sheet_error(text: str) -> None:
    only_sheet_errors(text)


@FUZZ
@given(PIECES)
def test_any_block_is_a_block_or_a_sheet_error(body: str) -> None:
    for language in ("network", "graph", "task"):
        only_sheet_errors(f"---\n---\n{NET}```{language}\n{body}\n```\n")


@FUZZ
@given(st.data())
def test_a_changed_sheet_is_a_sheet_or_a_sheet_error(data: st.DataObject) -> None:
    text = SHEET
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(start + 12, len(text))))
        new = data.draw(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=3)))
        text = text[:start] + new + text[end:]
    only_sheet_errors(text)
