"""A thousand certified variants of the 2-3-2 sheet with their solutions as Moodle XML, on one core.

    python benchmarks/variants.py [N] [--profile]

Prints the seconds of processor time, those of pandoc included, for drawing and for writing, and the size.
"""

from __future__ import annotations

import cProfile
import pstats
import resource
import sys
from pathlib import Path

from chalkwork.classroom.exports import exporter, items_of
from chalkwork.classroom.variants import vary

SHEET = Path(__file__).parents[1] / "sheets" / "leaky-relu-softmax-2-3-2.md"


def spent() -> float:
    """Processor time of this process and of those that it has waited for."""
    each = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in each)


def main() -> None:
    count = next((int(word) for word in sys.argv[1:] if word.isdecimal()), 1000)
    profile = cProfile.Profile() if "--profile" in sys.argv else None
    start = spent()
    if profile:
        profile.enable()
    variants = vary(SHEET, count, seed=7)
    drawn = spent()
    written = exporter("moodle")(items_of(variants.sheet, variants), 50)
    end = spent()
    if profile:
        profile.disable()
        pstats.Stats(profile).sort_stats("cumulative").print_stats(90)
    print(f"{len(variants)} variants of {variants.tried} candidates: {drawn - start:.2f} s")
    print(f"Moodle XML, {len(written) / 1e6:.1f} MB: {end - drawn:.2f} s; in all {end - start:.2f} s")


if __name__ == "__main__":
    main()
