"""The server of `chalkwork preview`: a sheet in the browser, shown anew whenever its file is saved.

The server listens on this machine only, knows four addresses, and answers nobody who calls it by another name (a page
elsewhere could otherwise have the browser ask for it). The outer page holds the only script; what the sheet becomes
stands in a frame, with the policy of every page that Chalkwork writes, under which nothing runs.
"""

from __future__ import annotations

import json
import threading
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from chalkwork.errors import ChalkworkError, fault, faults_are

if TYPE_CHECKING:
    from chalkwork.sheets.document import Show

HOST = "127.0.0.1"
SHOWS: dict[Show, str] = {"solution": "Solution", "sheet": "Sheet", "blanks": "Blanks", "form": "Form"}
_ASSET = Path(__file__).with_name("preview.html")
_EXCERPT = 3
"""Lines above and below the wrong one."""


class Server(ThreadingHTTPServer):
    """Shows one sheet at `address`, until `shutdown`."""

    daemon_threads = True

    def __init__(self, sheet: Path, port: int = 0) -> None:
        super().__init__((HOST, port), _Answer)
        self.preview = Preview(sheet)
        self.names = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}
        self.address = f"http://{HOST}:{self.server_port}/"


class Preview:
    """A sheet on its way to the browser: rendered once for each time that it was saved."""

    def __init__(self, sheet: Path) -> None:
        self.sheet = sheet
        self._pages: dict[Show, str] = {}
        self._of = ""
        self._one = threading.Lock()

    def stamp(self) -> str:
        """What changes when the file is saved."""
        try:
            status = self.sheet.stat()
        except OSError:
            return "missing"
        return f"{status.st_mtime_ns}-{status.st_size}"

    def page(self, show: Show) -> str:
        """What the sheet becomes, or what is wrong with it, as a page."""
        with self._one:
            stamp = self.stamp()
            if stamp != self._of:
                self._pages, self._of = {}, stamp
            if show not in self._pages:
                self._pages[show] = self._rendered(show)
            return self._pages[show]

    def _rendered(self, show: Show) -> str:
        from chalkwork.documents.pandoc import to_html
        from chalkwork.sheets.document import workbook
        from chalkwork.sheets.format import read_sheet

        try:
            return to_html(workbook(read_sheet(self.sheet), show).document)
        except ChalkworkError as error:
            return self._problem(str(error), error.line, error.column)
        except Exception as error:  # the browser is where its author looks
            if faults_are("raised"):
                raise
            return self._problem(fault(error))

    def _problem(self, said: str, line: int | None = None, column: int | None = None) -> str:
        """A page with what is wrong, and the lines around it."""
        from chalkwork.documents.literal import literal
        from chalkwork.documents.model import Block, Code, Document, Marked, Paragraph
        from chalkwork.documents.pandoc import to_html

        words = Code(said, "") if "\n" in said else Paragraph(literal(said))  # some have an excerpt of their own
        blocks: list[Block] = [Marked((Paragraph("**This sheet cannot be shown.**"), words))]
        excerpt = self._excerpt(line, column) if line else ""
        if excerpt:
            blocks += [Paragraph(f"Line {line} and those around it:"), Code(excerpt, "")]
        return to_html(Document(literal(self.sheet.name), tuple(blocks)))

    def _excerpt(self, line: int, column: int | None) -> str:
        try:
            lines = self.sheet.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        shown = []
        for number in range(max(1, line - _EXCERPT), min(len(lines), line + _EXCERPT) + 1):
            shown.append(f"{'>' if number == line else ' '} {number:4d} | {lines[number - 1]}")
            if number == line and column:
                shown.append(" " * (8 + column) + "^")
        return "\n".join(shown)


class _Answer(BaseHTTPRequestHandler):
    """One request; whatever else is asked for is not there."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Answer."""
        if self.headers.get("Host", "").lower() not in self.server.names:
            self._send(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", "This preview is for this machine only.\n")
            return
        asked = urlsplit(self.path)
        preview = self.server.preview
        if asked.path == "/":
            nonce = token_urlsafe(16)
            self._send(HTTPStatus.OK, "text/html", _outer(preview.sheet.name, nonce), _policy(nonce))
        elif asked.path == "/stamp":
            self._send(HTTPStatus.OK, "application/json", json.dumps(preview.stamp()))
        elif asked.path == "/page" and (show := _show_of(asked.query)) is not None:
            self._send(HTTPStatus.OK, "text/html", preview.page(show))
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", "There is nothing here.\n")

    def _send(self, status: HTTPStatus, kind: str, text: str, policy: str = "") -> None:
        data = text.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        if policy:
            self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(data)

    def version_string(self) -> str:
        """Who answers."""
        return "chalkwork"

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the terminal is the author's."""


def _show_of(query: str) -> Show | None:
    asked = parse_qs(query).get("show", ["solution"])[0]
    return next((show for show in SHOWS if show == asked), None)


def _policy(nonce: str) -> str:
    parts = f"script-src 'nonce-{nonce}'", f"style-src 'nonce-{nonce}'", "connect-src 'self'", "frame-src 'self'"
    return "; ".join(("default-src 'none'", *parts, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"))


def _outer(name: str, nonce: str) -> str:
    choices = "".join(f'<option value="{show}">{title}</option>' for show, title in SHOWS.items())
    page = _ASSET.read_text(encoding="utf-8")
    return page.replace("NONCE", nonce).replace("CHOICES", choices).replace("NAME", escape(name))
