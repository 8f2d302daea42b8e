"""What nobody should see in a text, whatever it is about."""

import re

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
