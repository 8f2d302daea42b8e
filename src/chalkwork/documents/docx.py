"""What pandoc leaves unset in a DOCX file, or sets so that a word processor shows it badly."""

from __future__ import annotations

import re
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

_A4 = (
    '<w:pgSz w:w="11906" w:h="16838" /><w:pgMar w:top="1361" w:right="1304" w:bottom="1474" w:left="1304"'
    ' w:header="709" w:footer="709" w:gutter="0" />'
)
_ROOMY_ROWS = '<m:eqArr><m:eqArrPr><m:rSpRule m:val="1" /></m:eqArrPr>'
_BRACE = re.compile(
    r'</m:e><m:lim><m:r><m:rPr><m:sty m:val="p" /></m:rPr><m:t>(?P<sign>[⏞⏟])</m:t></m:r>'
    r"</m:lim></m:(?P<name>limLow|limUpp)>"
)


def improve(docx: bytes) -> bytes:
    """The same file with A4 pages, room between the rows of a derivation and braces that stretch."""
    result = BytesIO()
    with ZipFile(BytesIO(docx)) as old, ZipFile(result, "w", ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "word/document.xml":
                content = _improve_body(content.decode()).encode()
            new.writestr(entry, content)
    return result.getvalue()


def _improve_body(xml: str) -> str:
    xml = xml.replace("</w:sectPr>", _A4 + "</w:sectPr>")
    xml = xml.replace("<m:eqArr>", _ROOMY_ROWS)
    xml = xml.replace('<m:chr m:val="‾" />', '<m:chr m:val="\N{COMBINING OVERLINE}" />')
    xml = re.sub(r'descr="data:image/png;base64,[^"]*"', 'descr=""', xml)  # the picture's bytes as its name
    return _with_stretching_braces(xml)


def _with_stretching_braces(xml: str) -> str:
    """A brace that pandoc sets as a small sign below a formula becomes one as wide as the formula.

    >>> sign = '<m:r><m:rPr><m:sty m:val="p" /></m:rPr><m:t>⏟</m:t></m:r>'
    >>> xml = f"<m:limLow><m:e>x</m:e><m:lim>{sign}</m:lim></m:limLow>"
    >>> print(_with_stretching_braces(xml).replace("><m:e>", ">" + chr(10) + "<m:e>"))
    <m:groupChr><m:groupChrPr><m:chr m:val="⏟" /><m:pos m:val="bot" /><m:vertJc m:val="top" /></m:groupChrPr>
    <m:e>x</m:e></m:groupChr>
    """
    while brace := _BRACE.search(xml):
        name, below = brace["name"], brace["sign"] == "⏟"
        start = _opening(xml, name, brace.start())
        place, other = ("bot", "top") if below else ("top", "bot")
        properties = (
            f'<m:groupChr><m:groupChrPr><m:chr m:val="{brace["sign"]}" /><m:pos m:val="{place}" />'
            f'<m:vertJc m:val="{other}" /></m:groupChrPr>'
        )
        inside = xml[start + len(f"<m:{name}>") : brace.start()]
        xml = f"{xml[:start]}{properties}{inside}</m:e></m:groupChr>{xml[brace.end() :]}"
    return xml


def _opening(xml: str, name: str, end: int) -> int:
    """Where the element starts that is still open at `end`."""
    depth = 1
    for tag in reversed(list(re.finditer(rf"<(/?)m:{name}>", xml[:end]))):
        depth += 1 if tag[1] else -1
        if depth == 0:
            return tag.start()
    raise AssertionError(f"{name} is closed but was never opened")
