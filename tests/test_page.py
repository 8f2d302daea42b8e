"""The page as a file: one script that its policy names, nothing from outside, no markup that a stranger wrote."""

import re
import subprocess
import webbrowser
import zipfile
import zlib
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser
from importlib.util import find_spec
from io import BytesIO
from json import loads
from xml.etree import ElementTree

import pytest
from in_node import NODE, needs_node

from chalkwork import ChalkworkError, Graph
from chalkwork.classroom.exports import exporter, items_of
from chalkwork.classroom.page import sheet_page
from chalkwork.classroom.variants import vary
from chalkwork.cli import main
from chalkwork.page import html, script, widget
from chalkwork.page.data import Nodes
from chalkwork.page.widget import within
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.library import find_sheet

HOSTILE = """\
---
title: "</title><script>alert(1)</script>"
author: "<img src=x onerror=alert(1)>"
---
<script>alert(2)</script> and <b onclick="alert(3)">this</b>, ![picture](https://example.org/x.png)
[link](javascript:alert(4))

```graph
equations: "c = a + b; d = 2 * c"
```
```task
id: a
title: "\\" onmouseover=\\"alert(5)\\" </script><script>alert(6)</script>"
values: {a: 2, b: 1}
ask: [c, d]
hint: "</script><svg onload=alert(7)>"
```
"""


class Seen(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.scripts, self.within = [], [], None

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.within = (tag, dict(attrs))

    def handle_data(self, data):
        if self.within and self.within[0] in ("script", "style"):
            self.scripts.append((*self.within, data))
        self.within = None


def parsed(page):
    seen = Seen()
    seen.feed(page)
    return seen


def unpacked(page, name):
    held = re.search(rf'id="chalkwork-{name}">(.*?)</script>', page, re.DOTALL)[1]
    return zlib.decompress(b64decode(held), -15).decode()


def data_of(page):
    return loads(unpacked(page, "data"))


def hashed(text):
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@pytest.fixture(scope="module")
def plain():
    return sheet_page(find_sheet("leaky-relu-softmax-2-3-2"))


def test_the_policy_names_the_only_scripts_and_style(plain):
    seen = parsed(plain)
    policy = next(dict(attrs)["content"] for tag, attrs in seen.tags if dict(attrs).get("http-equiv"))
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    script, style = (
        next(text for tag, attrs, text in seen.scripts if tag == kind and "id" not in attrs)
        for kind in ("script", "style")
    )
    assert rules["default-src"] == "'none'"
    program = unpacked(plain, "program")
    assert rules["script-src"] == f"{hashed(script)} {hashed(program)}"
    assert rules["style-src"] == hashed(style)
    assert "unsafe" not in policy
    assert not re.search(r"\beval\b|\bFunction\(|https?://(?!www\.w3\.org)", script + program)
    assert not [attrs for _, attrs in seen.tags if {"src", "href", "style"} & set(attrs)]
    assert len(plain.encode()) < 200_000


@needs_node
def test_the_program_is_one_module(plain):
    """Whatever it is made of: no name is there twice, and it has the one export that a notebook asks for."""
    program, style, data = plain.parts
    assert program == unpacked(plain, "program") and style in plain and data in plain
    ran = subprocess.run([NODE, "--input-type=module", "--check"], input=program, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-1500:]
    every = script.program(files=(*html._APP,))  # those that only some pages have, too
    ran = subprocess.run([NODE, "--input-type=module", "--check"], input=every, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-1500:]
    assert every.count("export default") == 1


def test_in_a_notebook_it_is_a_widget_where_there_is_anywidget(plain, monkeypatch):
    monkeypatch.setattr(widget, "is_installed", lambda: False)
    assert plain._repr_mimebundle_()["text/html"].startswith("<iframe")
    assert len(within(plain.parts[1])) > 1000
    assert not re.search(r"\b(?:body|main)\b ?[{,]|:root", within(plain.parts[1]))
    assert within(plain.parts[1]).count("--edge:") == 3  # light, dark, on paper
    if find_spec("anywidget") is None:
        with pytest.raises(ChalkworkError, match=r"a page as a widget needs anywidget.*chalkwork\[notebook\]"):
            plain.widget()


def test_variants_add_little(plain):
    sheet = find_sheet("leaky-relu-softmax-2-3-2")
    several = sheet_page(sheet, vary(sheet, 2, 7))
    assert (len(several) - len(plain)) / 2 < 8_000
    versions = data_of(several)["versions"]
    assert [version["code"] for version in versions] == ["", "7-001", "7-002"]
    assert len({str(version["values"]) for version in versions}) == 3


def test_nothing_that_a_stranger_wrote_is_markup():
    page = sheet_page(parse_sheet(HOSTILE))
    seen = parsed(page)
    assert [tag for tag, _ in seen.tags].count("script") == 3
    assert "alert" not in "".join(text for _, attrs, text in seen.scripts if "id" not in attrs)
    data = data_of(page)
    shown = parsed("".join(data["texts"]))
    assert not {tag for tag, _ in shown.tags} & {"script", "img", "svg", "b", "iframe"}
    assert not [attrs for _, attrs in shown.tags if any(name.startswith("on") for name in attrs)]
    assert not [attrs for _, attrs in shown.tags if str(attrs.get("href", "")).startswith("javascript:")]
    assert data["title"] == "</title><script>alert(1)</script>"  # set as text


def test_a_solution_has_a_page_that_walks():
    page = Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1).page("A graph")
    data = data_of(page)
    assert data["walking"]
    assert [step["name"] for step in data["walkSets"][0][0]][:4] == ["c", "d", "e", "dc/da"]
    assert data["taskSets"][0][0]["asked"][:3] == ["c", "d", "e"]


def test_a_sheet_with_nothing_to_mark_has_no_page():
    with pytest.raises(ChalkworkError, match="nothing in this sheet"):
        sheet_page(parse_sheet("# Words\n\nNothing is asked.\n"))


def test_the_commands(tmp_path, capsys, monkeypatch):
    sheet = tmp_path / "sheet.md"
    sheet.write_text(HOSTILE)
    assert main(["page", str(sheet), "-o", str(tmp_path / "page.html")]) == 0
    assert (tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")
    opened = []
    monkeypatch.setattr(webbrowser, "open_new_tab", lambda address: opened.append(address) or True)
    assert main(["practice", str(sheet)]) == 0
    assert opened[0].startswith("file:")
    assert "opened" in capsys.readouterr().out


@pytest.mark.parametrize(("platform", "version"), [("scorm12", "1.2"), ("scorm2004", "2004 4th Edition")])
def test_a_package_holds_the_page(platform, version):
    written = exporter(platform)(items_of(parse_sheet(HOSTILE)), 50)
    archive = zipfile.ZipFile(BytesIO(written))
    assert archive.namelist() == ["imsmanifest.xml", "index.html"]
    manifest = ElementTree.fromstring(archive.read("imsmanifest.xml"))
    assert manifest.find(".//{*}schemaversion").text == version
    assert manifest.find(".//{*}item/{*}title").text == "</title><script>alert(1)</script>"
    assert manifest.find(".//{*}resource").get("href") == "index.html"


def test_equal_parts_are_one_node():
    solution = Graph("c = a * a + a * a").solve(a=2)
    nodes = Nodes()
    nodes.of(solution.derivation["c"].expression)
    assert len([row for row in nodes.rows if row[0] == "a"]) == 1
