"""What is put right in pandoc's HTML: signs that browsers place wrongly, and the heads of tables for who hears them."""

from __future__ import annotations

import re
from html import escape, unescape

from chalkwork.typesetting.unicode_maths import plain_maths

# Browsers put an accent in the right place only if it is not a combining character.
_SPACED = {"\u0302": "^", "\u0303": "~", "\u0307": "\u02d9", "\u0308": "\u00a8", "\u20d7": "\u2192"}
_ACCENT = re.compile(f'<mo accent="true">([{"".join(_SPACED)}])</mo>')

# A prime is drawn small and high already; as an exponent it would shrink to a speck.
_PRIME = re.compile(r"<msup>(<mi[^>]*>[^<]*</mi>)<mo>′</mo></msup>")
# A function's name keeps its distance from the factor before it.
_FUNCTION = re.compile(
    r'(?<!<mi>−)(</mi>|</mn>|</msub>|</msup>|</msubsup>|</mrow>|form="postfix">[)\]]</mo>)'
    r'((?:<(?:msub|msup|munder)>)?<mrow><mi mathvariant="normal">\w+</mi><mo>&#8289;</mo></mrow>)'
)
_CELL_MARK = re.compile("<mtext[^>]*>([✗□?])</mtext>")
_HEAD = re.compile(r"<th((?: [^>]*)?)>(.*?)</th>", re.DOTALL)
_INLINE = re.compile(r'<math display="inline"(?:(?!</math>).)*<annotation[^>]*>([^<]*)</annotation></semantics></math>')
_LONG = 36
"""Signs of a formula in a sentence that may be wider than a telephone."""
_FORMULA = re.compile(r"<math(?= [^>]*>(?:(?!</math>).)*<annotation[^>]*>([^<]*)</annotation>)", re.DOTALL)


def tidied(body: str) -> str:
    """The body of a page, put right.

    >>> tidied("<th></th><th>step</th>")
    '<td></td><th>step</th>'
    """
    body = _ACCENT.sub(_spaced_accent, body)
    body = _PRIME.sub(r'<mrow>\1<mo form="postfix" lspace="0" rspace="0">′</mo></mrow>', body)
    body = _FUNCTION.sub(r'\1<mspace width="0.167em"></mspace>\2', body)
    body = _CELL_MARK.sub(r'<mtext class="cell-mark">\1</mtext>', body)
    body = _INLINE.sub(_scrolling, body)
    return _HEAD.sub(_head, body)


def _spaced_accent(accent: re.Match[str]) -> str:
    return f'<mo accent="true" stretchy="false">{_SPACED[accent[1]]}</mo>'


def _scrolling(formula: re.Match[str]) -> str:
    if len(formula[1]) <= _LONG or len(plain_maths(unescape(formula[1]))) <= _LONG:
        return formula[0]
    return f'<span class="long" tabindex="0">{formula[0]}</span>'


def _head(cell: re.Match[str]) -> str:
    """A cell that heads nothing is no head; a formula in one has a name, to be said before each cell below."""
    if not cell[2].strip():
        return f"<td{cell[1]}></td>"
    return f"<th{cell[1]}>{_FORMULA.sub(_named, cell[2])}</th>"


def _named(formula: re.Match[str]) -> str:
    return f'<math aria-label="{escape(plain_maths(unescape(formula[1])))}"'
