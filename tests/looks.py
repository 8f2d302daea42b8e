"""What nobody should see in a text, whatever it is about, and nobody should miss who hears a page."""

import re
from html import unescape
from itertools import pairwise
from pathlib import Path

from chalkwork.typesetting.unicode_maths import plain_maths

STYLE = Path(__file__).parents[1] / "src/chalkwork/documents/assets/style.css"

KINDS = {
    "a dash of two signs": r"(?<!-)--(?!-)",
    "a sign after a sign": r"\+ [-−]",
    "a coefficient 1.0": r"\b1\.0 [A-Za-zα-ω]",
    "a coefficient 1": r"[=·] 1 [A-Za-zα-ω](?![A-Za-z])",
    "a negative denominator without parentheses": r"/ ?[-−]\d",
    "a sum without an index": "∑ ",
    "one thing in the plural": r"(?<![\d.,/·+] )(?<![\d.,/·])\b1 (?:[a-z]+ )?"
    "(?:units|biases|weights|steps|samples|layers|classes|outputs|inputs|parameters|words|scores|points|nodes)\\b",
    "a person in lower case": r"\b(?:newton|bernoulli|poisson|huffman|gauss)\b",
    "a name of the program": r"\b(?:partial|sigmoid|matmul|subtract)\(",
    "two primes": "′′",
    "an empty pair of parentheses": r"\(\)",
}


def blemishes(text: str) -> list[str]:
    """The kinds that the text holds, with the place.

    >>> blemishes("L = ½ · (0.5 − 1)², b = 1"), blemishes("1 biases")
    ([], ['one thing in the plural: 1 biases'])
    >>> blemishes("½ · ((0.5 − 1)²)"), blemishes("((a, b), (c, d))")
    (['two pairs of parentheses: ((0.5 − 1)²)'], [])
    """
    found = {kind: re.search(pattern, text) for kind, pattern in KINDS.items()}
    seen = [f"{kind}: {text[max(0, at.start() - 20) : at.end() + 20]}" for kind, at in found.items() if at]
    return seen + [f"two pairs of parentheses: {part}" for line in text.splitlines() for part in _doubled(line)]


def _doubled(line: str) -> list[str]:
    """What stands in two pairs of parentheses that close together, or with a power between them."""
    found, opened = [], []
    closed: dict[int, int] = {}
    for place, sign in enumerate(line):
        if sign == "(":
            opened.append(place)
        elif sign == ")" and opened:
            start = opened.pop()
            inner = closed.get(start + 1)
            row = "  " in line[start:place]  # of a matrix in round brackets
            if inner is not None and not row and set(line[inner + 1 : place]) <= set("⁰¹²³⁴⁵⁶⁷⁸⁹"):
                found.append(line[start : place + 1])
            closed[start] = place
    return found


def unheard(page: str) -> list[str]:
    """What is missing in a page for who hears it, or reads it on dark paper.

    >>> unheard("<html lang='en'><h1>A</h1><h3>B</h3><table><th></th></table>")
    ['h3 below h1', 'a head of a table without words', 'a table that does not scroll', 'no language']
    """
    levels = re.findall("<h([1-6])", page)
    found = [
        f"h{later} below h{earlier}" for earlier, later in pairwise(["0", *levels]) if int(later) > int(earlier) + 1
    ]
    for head in re.findall(r"<th(?: [^>]*)?>(.*?)</th>", page, re.DOTALL):
        found += [] if head.strip() else ["a head of a table without words"]
        found += [formula for formula in re.findall("<math[^>]*>", head) if "aria-label=" not in formula]
    dark = set(re.findall(r'"(#[0-9a-f]{6})"', STYLE.read_text(encoding="utf-8")))
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        if not re.search(r'role="img".*<title>[^<]+</title>\s*<desc>[^<]{20,}</desc>', svg, re.DOTALL):
            found.append(f"a drawing without words: {svg[:80]}")
        found += sorted(set(re.findall(r'(?:fill|stroke)="([^"]*)"', svg)) - dark - {"none"})
    for tex in re.findall(r"<annotation[^>]*>([^<]*)</annotation>", page):
        found += [f"a formula without words: {tex}"] if "\\" in plain_maths(unescape(tex)) else []
    found += (
        ["a table that does not scroll"] if page.count("<table") != page.count('class="table" tabindex="0"') else []
    )
    return found + ([] if re.search('<html lang="[a-z]+"', page) else ["no language"])
