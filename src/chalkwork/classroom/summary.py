"""What is said of variants on the terminal: how many, how alike, what they certify."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator

from chalkwork.classroom.variant import Variants

WIDTH = 80
MOST_TOLD = 4


def summary(variants: Variants) -> str:
    """The summary, in lines of 80 signs.

    >>> from chalkwork.classroom.variants import vary
    >>> from chalkwork.sheets import parse_sheet
    >>> graph, values = '```graph\\nequations: "c = a*b + a"\\n```', "values: {a: 1.5, b: 0.25}"
    >>> text = f"{graph}\\n```task\\nid: a\\n{values}\\nask: [c]\\n```"
    >>> print(summary(vary(parse_sheet(text), 2, 7)).splitlines()[0])
    2 variants with the seed 7, of 512 candidates.
    """
    return "\n".join(line for part in _said(variants) for line in textwrap.wrap(part, WIDTH, subsequent_indent="  "))


def _said(variants: Variants) -> Iterator[str]:
    number = "1 variant" if len(variants) == 1 else f"{len(variants)} variants"
    yield f"{number} with the seed {variants.seed}, of {variants.tried} candidates."
    low, middle, high = variants.spread
    spread = f", {(high - low) / middle:.0%} apart" if middle else ""
    yield f"Difficulty {low:.1f} to {high:.1f}, {middle:.1f} in the middle{spread}."
    for key in ("class", "winner", "inactive"):
        kinds = Counter(one.facts[key] for one in variants if key in one.facts)
        if kinds:
            yield f"{_KINDS[key]}: {', '.join(f'{kind}: {count}' for kind, count in sorted(kinds.items())[:12])}."
    certificate = variants.certificate
    told = sum(certificate.told.values())
    alike = [f"{task} {name}: {' = '.join(one)}" for (task, name), all_ in certificate.classes.items() for one in all_]
    untold = [f"{task} {name}: {', '.join(ids)}" for (task, name), ids in certificate.untold.items() if ids]
    partly = [f"{task} {name}: {', '.join(_once(ids))}" for (task, name), ids in certificate.partly.items()]
    mostly = [f"{task} {name}: {', '.join(_once(ids))}" for (task, name), ids in certificate.mostly.items() if ids]
    but = ", but for what is named below" if alike or partly or mostly else ""
    yield (
        f"Certified: at the digits asked {told} mistakes show in every variant, and no two by the same numbers{but}."
    )
    for words, found in (
        ("Mistakes that come to the same whatever the numbers", alike),
        ("Mistakes that this sheet cannot tell from the right way", untold),
        ("Mistakes that do not show with a part of the targets", partly),
        ("Mistakes that the digits asked do not tell in most variants", mostly),
    ):
        if found:
            more = f"; and in {len(found) - MOST_TOLD} more places" if len(found) > MOST_TOLD else ""
            yield f"{words}: {'; '.join(found[:MOST_TOLD])}{more}."
    failed = [f"{condition} {count}" for condition, count in variants.failed.most_common(5) if count]
    if failed:
        yield f"Turned away: {', '.join(failed)}."


def _once(found: list[tuple[str, ...]]) -> list[str]:
    return list(dict.fromkeys(each for ids in found for each in ids))


_KINDS = {"class": "Classes of the targets", "winner": "Winners", "inactive": "Inactive units"}
