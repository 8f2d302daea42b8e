"""What was found as a web page: the document line by line, each formula's line marked, the verdicts beside it.

One file without scripts. What is wrong is said in words and not by colour alone; links lead from one wrong line to the
next, so that the keyboard and a screen reader get there too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from html import escape
from itertools import pairwise

from chalkwork.documents.literal import shown, visible
from chalkwork.verification import Judged, Verdict, Verification
from chalkwork.verification.report import MOST_SHOWN, summary

MOST_LINES = 20_000
_LOUD = (Verdict.WRONG, Verdict.FOLLOWS)
_SIGNS = {
    Verdict.WRONG: "✗", Verdict.FOLLOWS: "↳", Verdict.UNJUDGED: "?", Verdict.RIGHT: "✓", Verdict.ROUNDED: "✓",
    Verdict.GIVEN: "·", Verdict.DEFINITION: "·",
}  # fmt: skip
_STYLE = """
:root {
  color-scheme: light dark; --paper: #fff; --ink: #1a1a1a; --link: #0b57d0; --line: #c8c8c8; --wrong: #fde2e0;
  --follows: #fdf1d3; --edge: #b3261e; --quiet: #595959 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #141414; --ink: #ededed; --link: #a8c7fa; --line: #555; --wrong: #5a1d1a; --follows: #4d3f14;
    --edge: #ff8a80; --quiet: #bdbdbd } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; padding: 0 1rem;
  background: var(--paper); color: var(--ink); overflow-wrap: anywhere }
h1 { font-size: 1.6rem; line-height: 1.25 }
h2 { font-size: 1.3rem; margin-top: 3rem }
a { color: var(--link) }
a:focus-visible { outline: 3px solid var(--edge); outline-offset: 2px }
table { border-collapse: collapse; width: 100%; table-layout: fixed }
caption { text-align: left; color: var(--quiet); padding: .3rem 0 }
th, td { vertical-align: top; text-align: left; padding: .15rem .5rem; overflow-wrap: anywhere }
thead th { border-bottom: 2px solid var(--line) }
th[scope=row] { font-weight: normal; color: var(--quiet); text-align: right; font-variant-numeric: tabular-nums }
tr.stated { border-top: 1px solid var(--line) }
pre { margin: 0; font: .9rem/1.5 ui-monospace, monospace; white-space: pre-wrap }
tr.wrong { background: var(--wrong); border-left: .4rem solid var(--edge) }
tr.follows { background: var(--follows) }
tr:target, tr:focus { outline: 3px solid var(--edge); outline-offset: -3px }
tr.wrong .said, tr.follows .said, tr.wrong th, tr.follows th { color: inherit }
ul { margin: 0; padding: 0; list-style: none }
.why { display: block }
.said { color: var(--quiet) }
li.loud .said { font-weight: 600; color: inherit }
nav ol { padding-left: 1.5rem }
@media (max-width: 45rem) {
  table, tbody, tr, td, th[scope=row] { display: block } thead { display: none } th[scope=row] { text-align: left }
  tr.blank, td:empty { display: none } tr { padding: .2rem 0 } td li { padding-left: .5rem } }
@media print { a { color: inherit } tr { break-inside: avoid } }
"""


def to_html(found: dict[str, tuple[Verification, str]]) -> str:
    """The page on documents, by their titles: what was found in each, and its text."""
    title = next(iter(found)) if len(found) == 1 else "Verified"
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(visible(title))}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body><main>",
    ]
    if len(found) > 1:
        parts += ["<h1>Verified</h1>", '<nav aria-label="Documents"><ul>']
        for number, (name, (verification, _)) in enumerate(found.items(), 1):
            first = verification.first_wrong
            said = f"first wrong line {first}" if first is not None else "nothing is wrong that was judged"
            parts.append(f'<li><a href="#d{number}-">{escape(visible(name))}</a>: {said}</li>')
        parts.append("</ul></nav>")
    for number, (name, (verification, text)) in enumerate(found.items(), 1):
        prefix = "" if len(found) == 1 else f"d{number}-"
        parts += _document(verification, text, visible(name), prefix, len(found) == 1)
    return "\n".join((*parts, "</main></body></html>\n"))


def _document(found: Verification, text: str, title: str, prefix: str, alone: bool) -> Iterator[str]:
    by_line: dict[int, list[Judged]] = defaultdict(list)
    for one in found.verdicts:
        by_line[one.line].append(one)
    wrong = [line for line in sorted(by_line) if any(one.verdict is Verdict.WRONG for one in by_line[line])]
    yield f"<h1>{escape(title)}</h1>" if alone else f'<h2 id="{prefix}" tabindex="-1">{escape(title)}</h2>'
    yield f"<p>{escape(summary(found))}</p>"
    if wrong:
        yield f'<nav aria-label="Wrong lines of {escape(title)}"><p>Wrong lines:</p><ol>'
        for line in wrong:
            first = next(one for one in by_line[line] if one.verdict is Verdict.WRONG)
            why = escape(visible(first.reason, MOST_SHOWN))
            yield f'<li><a href="#{prefix}line-{line}">Line {line}</a>: {why}</li>'
        yield "</ol></nav>"
    yield "<table><caption>The document, and beside each formula what was found.</caption>"
    yield '<colgroup><col style="width: 4rem"><col style="width: 55%"><col></colgroup>'
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Line", "Document", "Found"))
    yield f"<thead><tr>{heads}</tr></thead><tbody>"
    following = dict(pairwise(wrong))
    for number, content in enumerate(text.split("\n")[:MOST_LINES], 1):
        yield _row(number, content, by_line.get(number, []), following.get(number), prefix)
    yield "</tbody></table>"


def _row(number: int, content: str, found: list[Judged], following: int | None, prefix: str) -> str:
    verdicts = [one.verdict for one in found]
    kind = "wrong" if Verdict.WRONG in verdicts else "follows" if Verdict.FOLLOWS in verdicts else "quiet"
    source = f"<pre>{escape(shown(content)) or '&nbsp;'}</pre>"
    items = "".join(_item(one, len(found) > 1) for one in found)
    more = f'<a href="#{prefix}line-{following}">next wrong line: {following}</a>' if following else ""
    row = f' id="{prefix}line-{number}" class="stated {kind}"' if found else ""
    row += ' tabindex="-1"' if kind == "wrong" else "" if content.strip() else ' class="blank"'
    beside = f"<ul>{items}</ul>{more}" if items else ""
    return f'<tr{row}><th scope="row">{number}</th><td>{source}</td><td>{beside}</td></tr>'


def _item(one: Judged, several: bool) -> str:
    which = f"<code>{escape(visible(one.formula, 80))}</code> " if several else ""
    why = f'<span class="why">{escape(visible(one.reason, MOST_SHOWN))}</span>' if one.reason else ""
    sign = f'<span aria-hidden="true">{_SIGNS[one.verdict]}</span>'
    kind = ' class="loud"' if one.verdict in _LOUD else ""
    return f'<li{kind}>{which}{sign} <span class="said">{one.verdict}</span>{why}</li>'
