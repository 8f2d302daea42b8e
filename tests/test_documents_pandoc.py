import re
import stat
from collections.abc import Callable
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from chalkwork.documents import pandoc
from chalkwork.documents.figures import png
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.model import Code, Display, Document, Heading, Paragraph
from chalkwork.drawings.drawing import Drawing
from chalkwork.errors import ChalkworkError

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 80 40" width="80" height="40">'
    "<title>Network</title><desc>One input feeds one unit.</desc>"
    '<circle cx="20" cy="20" r="8" fill="none" stroke="#222222"/></svg>'
)
NET_INPUT = r"""\begin{aligned}
z_1 &= W_1^{\top} x \\
&= \left[\begin{array}{rr} 0.15 & -0.20 \\ -0.25 & 0.10 \end{array}\right] \left[\begin{array}{r} -1 \\ 1 \end{array}\right] \\
&= \left[\begin{array}{r} 0.05 \\ 0.35 \end{array}\right]
\end{aligned}"""  # noqa: E501
UPDATE = r"""\begin{aligned}
W_1^{\text{new}} &= W_1 - \eta \underbrace{\frac{\partial L}{\partial W_1}}_{\delta_1 x^{\top}} \odot \mathbb{1}[z_1 > 0] \\
a_2 &= \operatorname{softmax}(z_2) \otimes \hat{y} = \begin{cases} 1 & \text{if } z > 0 \\ 0.01 & \text{otherwise} \end{cases} \\
L &= -\sum_{k=1}^{2} y_k \ln a_{2,k} \cap z^{[1]}
\end{aligned}"""  # noqa: E501
DOCUMENT = Document(
    "By hand: $x$",
    (
        Paragraph('A *network* with $\\eta = 0.1$, "quoted".\n\n| a | b |\n|---|---|\n| 1 | $z$ |'),
        Drawing(SVG, "One input [x] feeds one unit & more.", "The network, $x = 1$"),
        Heading("Forward pass", 2),
        Display(NET_INPUT, ""),
        Heading("Update", 2),
        Display(UPDATE, ""),
        Code("z1 = W1.T @ x  # ```", "python"),
    ),
)


def as_file(write: Callable[[Document, Path], None]) -> Callable[[Document, Path], bytes]:
    def bytes_of(document: Document, folder: Path) -> bytes:
        write(document, folder / "document")
        return (folder / "document").read_bytes()

    return bytes_of


def docx_text(document: Document, folder: Path) -> str:
    archive = ZipFile(BytesIO(as_file(pandoc.to_docx)(document, folder)))
    return archive.read("word/document.xml").decode()


TEXT_FORMATS: dict[str, Callable[[Document, Path], str]] = {
    "markdown": lambda document, folder: to_markdown(document),
    "html": lambda document, folder: pandoc.to_html(document),
    "latex": lambda document, folder: pandoc.to_latex(document),
    "docx": docx_text,
}
BINARY_FORMATS = {"pdf": (pandoc.to_pdf, b"%PDF"), "docx": (pandoc.to_docx, b"PK")}


@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_every_format_holds_every_equation(name: str, tmp_path: Path) -> None:
    text = TEXT_FORMATS[name](DOCUMENT, tmp_path)
    for number in ("0.15", "0.20", "0.25", "0.35", "0.01", "softmax", "otherwise", "new", "Forward pass"):
        assert number in text
    for sign, latex in {"⊤": r"\top", "∂": r"\partial", "⊙": r"\odot", "∑": r"\sum", "δ": r"\delta"}.items():
        assert sign in text or latex in text


@pytest.mark.parametrize("name", ["html", "docx"])
def test_columns_stay_aligned_to_the_right(name: str, tmp_path: Path) -> None:
    text = TEXT_FORMATS[name](DOCUMENT, tmp_path)
    assert {"html": 'columnalign="right"', "docx": 'm:mcJc m:val="right"'}[name] in text


def test_typst_source_aligns_numbers_and_uses_current_names() -> None:
    source = pandoc._convert(DOCUMENT, "typst").decode()
    assert source.count("mat(align: #right, delim:") == 3
    for outdated in ("dot.circle", "times.circle", "sect ", "\ue000"):
        assert outdated not in source
    assert 'op("softmax") \\(' in source and 'upright("new")' in source


def test_html_is_well_formed_and_needs_nothing_else() -> None:
    html = pandoc.to_html(DOCUMENT)
    ElementTree.fromstring(html.replace("<!DOCTYPE html>", ""))
    assert "<title>By hand: x</title>" in html
    assert "<desc>One input feeds one unit.</desc>" in html and "<figcaption>" in html
    assert "<script" not in html and "<img" not in html and "<link" not in html
    assert not re.search(r"""(src|href)=["']|url\((?!data:)|@import""", html)
    assert html.count("<math") == html.count("</math>") == 6
    assert "\N{COMBINING CIRCUMFLEX ACCENT}" not in html


def test_every_character_of_the_style_is_free_of_addresses() -> None:
    assert not re.search(r"https?://|url\((?!data:)", pandoc._style())


def test_latex_is_complete_and_tells_the_figure_in_words() -> None:
    latex = pandoc.to_latex(DOCUMENT)
    assert latex.startswith(r"\PassOptions") or latex.startswith("%") or latex.startswith(r"\document")
    assert r"\usepackage{amsmath,amssymb}" in latex and r"\end{document}" in latex
    assert "One input {[}x{]} feeds one unit \\& more." in latex and "includegraphics{" not in latex
    assert latex.count(r"\begin{align*}") == latex.count(r"\end{align*}") == 2 and "{aligned}" not in latex
    assert r"\section{Forward pass}" in latex and r"\title{By hand: \(x\)}" in latex


@pytest.mark.parametrize("name", BINARY_FORMATS)
def test_files_are_what_they_claim(name: str, tmp_path: Path) -> None:
    write, magic = BINARY_FORMATS[name]
    content = as_file(write)(DOCUMENT, tmp_path)
    assert content.startswith(magic) and len(content) > 8000


def test_pdf_pages_follow_the_content(tmp_path: Path) -> None:
    def pages(document: Document) -> int:
        return len(re.findall(rb"/Type\s*/Page\b", as_file(pandoc.to_pdf)(document, tmp_path)))

    tall = r"\begin{aligned} " + r" \\ ".join(rf"x_{{{i}}} &= {i}" for i in range(100)) + r" \end{aligned}"
    assert pages(DOCUMENT) == 1
    assert pages(Document("Tall", (Display(tall, ""),))) > 1


def test_docx_has_editable_formulas_and_a_described_picture(tmp_path: Path) -> None:
    archive = ZipFile(BytesIO(as_file(pandoc.to_docx)(DOCUMENT, tmp_path)))
    pictures = [name for name in archive.namelist() if name.startswith("word/media/")]
    assert [archive.read(name)[:4] for name in pictures] == [b"\x89PNG"]
    body = archive.read("word/document.xml").decode()
    ElementTree.fromstring(body)
    assert "<m:oMath>" in body and 'descr="One input [x] feeds one unit &amp; more."' in body
    assert 'w:w="11906"' in body and "base64" not in body
    assert '<m:groupChr><m:groupChrPr><m:chr m:val="⏟" />' in body


HOSTILE = Document(
    "T <script>alert(0)</script>",
    (
        Paragraph(
            '<script>alert(1)</script> <b onclick="x">b</b> \\input{/etc/passwd} ![seen](/etc/passwd) '
            "![far](http://evil.example/x.png) [run](javascript:alert(1)) `<i>`{=html} "
            "$\\input{/etc/passwd}$ $\\text{\\input{/etc/passwd}}$ $\\label{\\input /etc/passwd }x$ "
            '$\\text{"\\#read("/etc/passwd")}$ ![mine](chalkwork-figure-7) ![d](data:image/png;base64,AAAA)'
        ),
        Paragraph("```{=html}\n<script>alert(2)</script>\n```\n\n```{=typst}\n#read('/etc/passwd')\n```"),
        Paragraph("<script>\nalert(3)"),
        Paragraph("<!-- never closed"),
        Paragraph("```\nnever closed either"),
        Display("q_9 = \n- 3", ""),
    ),
)
HARMLESS_IMAGES = Paragraph("![seen](/etc/passwd) ![far](http://evil.example/x.png)")


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_hostile_prose_stays_text_in_html() -> None:
    html = pandoc.to_html(HOSTILE)
    tags = Tags()
    tags.feed(html)
    assert not tags.seen & {"script", "img", "a", "b", "i", "iframe"}
    assert not tags.attributes & {"onclick", "src", "href"}
    assert "evil.example" not in html and "root:" not in html
    assert "&lt;script&gt;alert(1)" in html and "<msub><mi>q</mi><mn>9</mn></msub>" in html


def test_hostile_prose_stays_text_in_latex() -> None:
    latex = pandoc.to_latex(HOSTILE)
    assert r"\input" not in latex.replace(r"\textbackslash input", "").replace(r"\textbackslash{}input", "")
    assert "evil.example" not in latex and "includegraphics{" not in latex and "q_9" in latex


def test_hostile_prose_stays_text_in_typst_and_docx(tmp_path: Path) -> None:
    images = Document("Images", (HARMLESS_IMAGES, Display("q = 3", "")))
    for document in (images, Document("Rest", HOSTILE.blocks[1:])):
        source = pandoc._convert(document, "typst").decode()
        assert "image(" not in source and "evil.example" not in source
        assert as_file(pandoc.to_pdf)(document, tmp_path).startswith(b"%PDF")
    docx = docx_text(HOSTILE, tmp_path)
    assert "root:" not in docx and "evil.example" not in docx and "<m:t>q</m:t>" in docx


def test_markdown_keeps_what_follows_open_blocks() -> None:
    text = to_markdown(HOSTILE)
    assert text.endswith("```\nnever closed either\n```\n\n$$\nq_9 = - 3\n$$\n")
    assert "\n\\<script>" in text


def test_markdown_reads_well() -> None:
    text = to_markdown(DOCUMENT, lambda number, figure: f"figures/{number}.svg")
    assert text.startswith("# By hand: $x$\n\nA *network*")
    assert "![One input \\[x\\] feeds one unit \\& more.](figures/1.svg)\\\nThe network, $x = 1$\n" in text
    assert f"\n\n$$\n{NET_INPUT}\n$$\n\n## Update" in text
    assert text.endswith("\n````python\nz1 = W1.T @ x  # ```\n````\n")


@pytest.mark.parametrize("name", BINARY_FORMATS)
def test_an_unwritable_path_is_named(name: str, tmp_path: Path) -> None:
    write, _ = BINARY_FORMATS[name]
    for path in (tmp_path / "missing" / "out", tmp_path):
        with pytest.raises(ChalkworkError, match=re.escape(f"{path} cannot be written")):
            write(DOCUMENT, path)


def test_a_broken_drawing_is_an_error_of_ours(tmp_path: Path) -> None:
    broken = Drawing("<svg", "nothing", "")
    with pytest.raises(ChalkworkError, match="cannot be drawn"):
        png(broken)
    with pytest.raises(ChalkworkError, match="cannot be typeset"):
        pandoc.to_pdf(Document("Broken", (broken,)), tmp_path / "out.pdf")


def pretend_pandoc(folder: Path, script: str) -> str:
    program = folder / "pandoc"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


@pytest.mark.parametrize(
    ("script", "message"), [("echo no such thing >&2; exit 3", "no such thing"), ("exec sleep 5", "was stopped")]
)
def test_a_failing_pandoc_is_an_error_of_ours(
    script: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = pretend_pandoc(tmp_path, script)
    monkeypatch.setattr(pandoc, "_pandoc", lambda: program)
    monkeypatch.setattr(pandoc, "_SECONDS", 0.2)
    with pytest.raises(ChalkworkError, match=message):
        pandoc.to_html(Document("Title", (Paragraph("x"),)))


def test_a_missing_pandoc_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pandoc, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    pandoc._pandoc.cache_clear()
    try:
        with pytest.raises(ChalkworkError, match=r"pip install 'chalkwork\[documents\]'"):
            pandoc.to_html(DOCUMENT)
    finally:
        pandoc._pandoc.cache_clear()


def test_what_is_nested_too_deeply_is_said_in_our_words(tmp_path):
    rule = Document("Rules", (Paragraph("- " * 30 + "-\n\n" + "> " * 16 + "deep"),))
    pandoc.to_pdf(rule, tmp_path / "rules.pdf")
    emphasised = "".join("*a **b " for _ in range(100)) + "x" + "".join(" b** a*" for _ in range(100))
    for text, said in ((emphasised, "nested too deeply for a PDF"), (">" * 900 + " a", "more than 16 quotations")):
        with pytest.raises(ChalkworkError, match=said) as caught:
            pandoc.to_pdf(Document("Deep", (Paragraph(text),)), tmp_path / "deep.pdf")
        assert "depth" not in str(caught.value)
