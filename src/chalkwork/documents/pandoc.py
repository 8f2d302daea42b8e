"""Documents as HTML, LaTeX, PDF and DOCX: one pandoc call each, and Typst for the PDF.

Prose may come from a stranger's sheet. It is read as CommonMark without attributes or TeX; pandoc runs in its
sandbox, where a document can open no file and no address; `assets/filter.lua` turns raw HTML and foreign
images into text; and Typst sees a folder that holds its source only. Figures travel inside the input, never
as files.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import warnings
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from chalkwork.documents.figures import inline_svg, png_data_uri
from chalkwork.documents.markdown import FigureTarget, to_markdown
from chalkwork.documents.mathml import tidied
from chalkwork.documents.model import Block, Document, Heading, Paragraph, Table
from chalkwork.documents.nesting import check_nesting
from chalkwork.documents.terminal import in_parts, plain_prose
from chalkwork.drawings.drawing import Drawing
from chalkwork.errors import ChalkworkError
from chalkwork.files import write_aside
from chalkwork.packages import DOCUMENTS, package
from chalkwork.typesetting.notation import GREEK, greek_command
from chalkwork.typesetting.unicode_maths import plain_maths

_ASSETS = Path(__file__).parent / "assets"
_READER = "commonmark+tex_math_dollars+pipe_tables+strikeout+smart-raw_html"
_PAPER = 84
"""How many characters wide a table of numbers may be on paper."""
_SECONDS = 60
_MOST_AT_ONCE, _MOST_FRAGMENTS = 50, 2000
_FOREIGN = (
    range(0x590, 0x1D00), range(0x2E80, 0xD800), range(0xF900, 0xFEFF), range(0x10000, 0x1D400),
    range(0x1E000, 0x110000),
)  # fmt: skip

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:"
_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="{policy}" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""

_IMAGE = re.compile(r'<img src="(chalkwork-figure-\d+)"[^>]*/>')

_SMALL = {"_": ("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-aehijklmnoprstuvx"),
          "^": ("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᵏˡᵐⁿᵒʷˣʸᶻᵀ", "0123456789+-()abcdeklmnowxyzT")}  # fmt: skip
_TEX_SIGNS = {
    "−": "-", "·": r"\cdot", "×": r"\times", "∘": r"\circ", "≤": r"\le", "≥": r"\ge", "∂": r"\partial", "∑": r"\sum",
    "√": r"\surd", "→": r"\to", "∞": r"\infty", "′": r"'", "½": r"\frac12", "⅓": r"\frac13", "¼": r"\frac14",
    "⅔": r"\frac23", "¾": r"\frac34", "⅕": r"\frac15", "⅙": r"\frac16", "⅛": r"\frac18", "ŷ": r"\hat y",
    "φ": r"\varphi", "ϵ": r"\epsilon",
    **{sign: greek_command(name) for name, sign in GREEK.items()},
}  # fmt: skip


def _unicode_declarations() -> str:
    """What pdfLaTeX must be told of the signs in our sentences and descriptions."""
    signs = dict(_TEX_SIGNS)
    for mark, (small, plain) in _SMALL.items():
        signs |= {sign: f"{{}}{mark}{{{letter}}}" for sign, letter in zip(small, plain, strict=True)}
    return "\n".join(
        rf"  \DeclareUnicodeCharacter{{{ord(sign):04X}}}{{\ensuremath{{{tex}}}}}" for sign, tex in signs.items()
    )


_PREAMBLE = r"""\usepackage{amsmath,amssymb}
\ifPDFTeX % amssymb has letters only
  \let\doublestruck\mathbb
  \renewcommand{\mathbb}[1]{\ifx1#1\mathbf{1}\else\doublestruck{#1}\fi}
\fi
\allowdisplaybreaks
\ifPDFTeX
SIGNS
\fi"""


def to_html(document: Document) -> str:
    """One HTML page that needs nothing else: MathML, drawings, style and the maths font are inside.

    Raises `ChalkworkError` if pandoc is missing or fails.

    >>> from chalkwork.documents.model import Display
    >>> "<msup>" in to_html(Document("Area", (Display("A = r^2", "A = r²"),)))
    True
    """
    (page,) = to_html_pages([document])
    return page


def to_html_pages(documents: Sequence[Document]) -> list[str]:
    """A page for each of the documents, as `to_html` writes it; pandoc is started once for many of them.

    Raises `ChalkworkError` if pandoc is missing or fails.

    >>> len(to_html_pages([Document("One", ()), Document("Two", ())]))
    2
    """
    pages: list[str] = []
    for start in range(0, len(documents), _MOST_AT_ONCE):
        pages += _pages(documents[start : start + _MOST_AT_ONCE])
    return pages


def _pages(documents: Sequence[Document]) -> list[str]:
    whole, boundary = _together(documents)
    body = _with_mathml(whole)
    drawings = {name: inline_svg(figure) for name, figure in _figures(whole).items()}
    body = _IMAGE.sub(lambda image: drawings.get(image[1], ""), body)
    _, *parts = body.split(f"<p>{boundary}</p>")
    return [_page(document, part) for document, part in zip(documents, parts, strict=True)]


def _with_mathml(document: Document) -> str:
    """The document as HTML, its maths as MathML that browsers show well."""
    return tidied(_convert(document, "html5", "--mathml").decode())


def _together(documents: Sequence[Document]) -> tuple[Document, str]:
    """Documents as one, and the paragraph that stands before each of them."""
    boundary = f"chalkwork{token_hex(16)}"  # what nobody can have written into a document
    blocks: list[Block] = []
    for document in documents:
        blocks += [Paragraph(boundary), Heading(document.title, 1), *document.blocks]
    return Document("", tuple(blocks)), boundary


def _page(document: Document, body: str) -> str:
    language, title = escape(document.language), escape(plain_prose(document.title))
    return _PAGE.format(policy=_POLICY, language=language, title=title, style=_style(), body=body.strip())


def to_fragments(texts: Sequence[str], *, mathml: bool = False) -> list[str]:
    r"""HTML for each text in Markdown, its maths left to whoever shows it: `\\(x\\)` and `\\[x\\]`; or as MathML.

    Raises `ChalkworkError` if pandoc is missing or fails.

    >>> to_fragments(["Let $x = 1$.", "*So.*"])
    ['<p>Let <span class="math inline">\\(x = 1\\)</span>.</p>', '<p><em>So.</em></p>']
    """
    boundary = f"chalkwork{token_hex(16)}"
    found: list[str] = []
    for start in range(0, len(texts), _MOST_FRAGMENTS):
        some = texts[start : start + _MOST_FRAGMENTS]
        document = Document("", tuple(block for text in some for block in (Paragraph(boundary), Paragraph(text))))
        html = _with_mathml(document) if mathml else _convert(document, "html5", "--mathjax").decode()
        found += [part.strip() for part in html.split(f"<p>{boundary}</p>")[1:]]
    return found


_CODED = """
#set page(footer: context align(center, text(9pt, [#CODE · #counter(page).display()])))
#counter(page).update(1)

"""


def to_latex(document: Document) -> str:
    """A complete LaTeX file, for any engine; a figure is replaced by its description in words.

    Raises `ChalkworkError` if pandoc is missing or fails.
    """
    options = (
        "papersize=a4",
        "geometry=margin=2.3cm",
        *([f"lang={document.language}"] if document.language != "en" else []),
        f"header-includes={_PREAMBLE.replace('SIGNS', _unicode_declarations())}",
    )
    variables = [part for option in options for part in ("--variable", option)]
    return _convert(document, "latex", "--standalone", "--shift-heading-level-by=-1", *variables).decode()


def to_pdf(document: Document, path: str | Path) -> None:
    """Write the document as a PDF on A4 (PDF/UA-1), typeset by Typst; no TeX is needed.

    What a document lacks for PDF/UA, such as words in a heading or a font for a sign, is a warning.
    Raises `ChalkworkError` if the file cannot be written or a formula or drawing cannot be typeset.
    """
    _typeset(_typst_source(document, "typst"), document, path)


def to_one_pdf(documents: Mapping[str, Document], path: str | Path, title: str = "") -> None:
    """Write several documents as one PDF, each on pages of its own under its code; `title` is that of all of them.

    Raises `ChalkworkError` as `to_pdf` does.
    """
    figures: dict[str, str] = {}
    parts: list[str] = []
    every, codes = list(documents.values()), list(documents)
    for start in range(0, len(every), _MOST_AT_ONCE):
        whole, boundary = _together(every[start : start + _MOST_AT_ONCE])
        body, own = _typst_source(whole, f"typst-{start}")
        parts += re.split(rf"(?:#block\(sticky: true\)\[\n)?{boundary}\n(?:\n\])?", body)[1:]
        figures |= own
    coded = [_CODED.replace("CODE", _typst_string(code)) + part for code, part in zip(codes, parts, strict=True)]
    _typeset(("".join(coded), figures), every[0]._replace(title=title or every[0].title), path)


_SPOKEN = re.compile("\ue007([^\ue007]*)\ue007")
"""The TeX of a formula where Typst wants it in words."""
_NO_CAPTION = re.compile(r",\n +caption: \[\s*\](?=\n\))")


def _typst_source(document: Document, prefix: str) -> tuple[str, dict[str, str]]:
    """The document in Typst's language, and its drawings by name."""
    figures = _figures(document)
    body = _SPOKEN.sub(lambda tex: _typst_string(plain_maths(tex[1])), _convert(document, "typst").decode())
    for name, figure in figures.items():
        words = f'format: "svg", alt: {_typst_string(figure.description)}'
        body = body.replace(f'image("{name}"', f'image(bytes(sys.inputs.at("{prefix}-{name}")), {words}')
    body = _NO_CAPTION.sub("", body)
    return body, {f"{prefix}-{name}": figure.svg for name, figure in figures.items()}


def _typeset(written: tuple[str, dict[str, str]], document: Document, path: str | Path) -> None:
    """Have Typst write the file; the same source gives the same bytes."""
    typst = package("typst", "a PDF", DOCUMENTS)
    body, figures = written
    page = _asset("page.typ").replace('lang: "en"', f"lang: {_typst_string(document.language)}")
    title = _typst_string(plain_prose(document.title))
    source = f"#set document(title: {title}, date: none)\n{page}{body}"
    with TemporaryDirectory() as folder:
        file = Path(folder) / "document.typ"
        write_aside(file, source)
        fonts = not _needs_system_fonts(source)

        def pdf(**standard: str) -> bytes:
            return bytes(
                typst.compile(file, root=Path(folder), sys_inputs=figures, ignore_system_fonts=fonts, **standard)
            )

        try:
            try:
                content = pdf(pdf_standards="ua-1")
            except typst.TypstError as error:
                if "PDF/UA" not in str(error):
                    raise
                content = pdf()
                warnings.warn(f"{Path(path).name} is not fully accessible: {error}", stacklevel=3)
        except typst.TypstError as error:
            if "depth" in str(error):
                raise ChalkworkError(
                    "the document cannot be typeset: its parts are nested too deeply for a PDF",
                    hint="write quotations, lists and what is emphasised flatter",
                ) from error
            raise ChalkworkError(f"the document cannot be typeset: {error}") from error
    write_aside(path, content)


def to_docx(document: Document, path: str | Path) -> None:
    """Write the document for word processors, with editable formulas and figures as pictures, on A4.

    Raises `ChalkworkError` if the file cannot be written or a drawing cannot be rendered.
    """
    from chalkwork.documents.docx import improve

    language = [f"--metadata=lang:{document.language}"] if document.language != "en" else []
    docx = _convert(document, "docx", "--shift-heading-level-by=-1", "--output=-", *language, target=png_data_uri)
    write_aside(path, improve(docx))


def _on_paper(document: Document) -> Document:
    """The document with tables that are wider than a page in parts."""
    blocks = (in_parts(block, _PAPER) if isinstance(block, Table) else [block] for block in document.blocks)
    return document._replace(blocks=tuple(chain.from_iterable(blocks)))


def _convert(document: Document, to: str, *options: str, target: FigureTarget | None = None) -> bytes:
    """Run pandoc once over the document."""
    command = [
        _pandoc(), "--sandbox", f"--from={_READER}", f"--to={to}", f"--lua-filter={_ASSETS / 'filter.lua'}",
        "--wrap=none", "--syntax-highlighting=none", *options,
    ]  # fmt: skip
    text = to_markdown(document if to.startswith("html") else _on_paper(document), target or _name)
    check_nesting(text)
    markdown = text.encode(errors="replace")
    try:
        result = subprocess.run(command, input=markdown, capture_output=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ChalkworkError(f"pandoc was stopped: {to} took more than {_SECONDS} s") from error
    except OSError as error:
        raise ChalkworkError(f"pandoc cannot be started: {error.strerror}") from error
    if result.returncode:
        reason = " ".join(result.stderr.decode(errors="replace").split())
        raise ChalkworkError(f"pandoc cannot write {to}: {reason}")
    return result.stdout


@cache
def _pandoc() -> str:
    """Where pandoc is: beside pypandoc (importing it would cost more than a conversion), or on the path."""
    package = find_spec("pypandoc")
    for folder in (package.submodule_search_locations if package else None) or ():
        found = shutil.which("pandoc", path=str(Path(folder) / "files"))
        if found:
            return found
    found = shutil.which("pandoc")
    if found is None:
        raise ChalkworkError("a document of this format needs pandoc", hint=DOCUMENTS)
    return found


def _figures(document: Document) -> dict[str, Drawing]:
    """The drawings under the names that stand for them in what pandoc sees."""
    figures = [block for block in document.blocks if isinstance(block, Drawing)]
    return {_name(number, figure): figure for number, figure in enumerate(figures, 1)}


def _name(number: int, figure: Drawing) -> str:
    return f"chalkwork-figure-{number}"


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


@cache
def _style() -> str:
    font = b64encode((_ASSETS / "maths.woff2").read_bytes()).decode()
    return (
        "/* Maths: STIX Two Math, Copyright 2001-2021 The STIX Fonts Project Authors, OFL 1.1 (subset) */\n"
        f'@font-face {{ font-family: "Chalkwork Maths"; src: url(data:font/woff2;base64,{font}); }}\n'
        + _asset("style.css")
    )


def _typst_string(text: str) -> str:
    escaped = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _needs_system_fonts(text: str) -> bool:
    """Whether there is writing that Typst's own fonts lack; looking for fonts takes most of the time."""
    return any(ord(sign) in signs for sign in set(text) for signs in _FOREIGN)
