"""The preview: what it shows, anew when the file is saved, and to whom."""

import os
import re
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from chalkwork.cli import main
from chalkwork.cli.serving import HOST, SHOWS, Server

SHEET = """---
title: A product
---
```graph
equations: c = a*b
```
```task
id: a
values: {a: 1, b: 2}
ask: [c]
```
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    file = tmp_path / "a <b>.md"
    file.write_text(SHEET, encoding="utf-8")
    with Server(file) as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def ask(server: Server, path: str, host: str | None = None, method: str = "GET") -> tuple[HTTPResponse, str]:
    connection = HTTPConnection(HOST, server.server_port, timeout=10)
    connection.request(method, path, headers={"Host": host or f"localhost:{server.server_port}"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def saved(server: Server, text: str) -> None:
    """The file, written anew at another time."""
    file = server.preview.sheet
    then = file.stat().st_mtime_ns
    file.write_text(text, encoding="utf-8")
    os.utime(file, ns=(then + 10**9, then + 10**9))


def test_the_sheet_is_shown_and_anew_when_it_is_saved(server: Server) -> None:
    outer, page = ask(server, "/")
    policy = outer.headers["Content-Security-Policy"]
    assert outer.status == 200 and "a &lt;b&gt;.md" in page and "<b>" not in page
    nonce = re.search("'nonce-([^']+)'", policy)
    assert policy.startswith("default-src 'none'; ") and nonce and f'<script nonce="{nonce[1]}">' in page
    assert not re.search(r"""(?:src|href)=|https?://|@import""", page)
    stamp = ask(server, "/stamp")[1]
    assert "A product" in ask(server, "/page")[1] and ask(server, "/stamp")[1] == stamp
    assert set(SHOWS) == {"solution", "sheet", "blanks", "form"} == set(re.findall('value="([a-z]+)"', page))
    saved(server, SHEET.replace("A product", "Another one"))
    assert ask(server, "/stamp")[1] != stamp
    found = ask(server, "/page?show=sheet")[1]
    assert "Another one" in found and "Solution" not in found and "default-src 'none'" in found


def test_an_error_stands_in_the_page_with_its_place(server: Server) -> None:
    saved(server, SHEET.replace("values", "valves"))
    answer, page = ask(server, "/page")
    assert answer.status == 200 and "line 9, column 1: unknown key " in page
    assert "&gt;    9 | valves: {a: 1, b: 2}\n         ^\n    10 | ask" in page
    server.preview.sheet.unlink()
    assert "No such file" in ask(server, "/page")[1]


def test_only_this_machine_is_answered_and_nothing_else_is_there(server: Server) -> None:
    assert server.server_address[0] == HOST == "127.0.0.1"
    for host in ("evil.example", f"evil.example:{server.server_port}", "localhost", f"{HOST}:1"):
        answer, text = ask(server, "/page", host)
        assert answer.status == 421 and "product" not in text
    for path in ("/../a", "/page?show=code", "/etc/passwd", "/%2e%2e/", "//evil.example/"):
        assert ask(server, path)[0].status == 404
    assert ask(server, "/", method="POST")[0].status == 501


def test_what_cannot_be_previewed_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    for sheet, said in {"-": "a preview follows a file", "leaky": "no shipped sheet of the name 'leaky'"}.items():
        assert main(["preview", sheet, "--no-browser"]) == 2
        assert said in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["preview", "leaky-relu-softmax-2-3-2", "--port", "70000"])
    assert "expected a number from 0 to 65535" in capsys.readouterr().err
