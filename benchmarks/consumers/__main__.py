"""Five hand-ins to each platform, marked by the platform's own code, beside what `check` gives.

    python benchmarks/consumers [PLATFORM ...] [--sheet NAME ...] --tools FOLDER

FOLDER holds what is not Python of this environment, each under its name, as its makers publish it; what is missing is
left out: `Numbas`, `qti-sdk` (OAT), `moodle-qtype_stack`, `moodle` (its folder `question`), `QTIMigrationTool`
(Instructure's), `PrairieLearn`, `R` (a library of R with the package exams), `js` (an npm project with @citolab/qti-
components), `py` (a virtual environment with nbgrader and otter-grader), `py312` (Python 3.12 with chevron, lxml,
numpy and what PrairieLearn's elements import). PHP, Node, R, Maxima and Chromium come from the system. A named
mistake earns nothing here, as in `check`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from consumers_marks import CONSUMERS, Missing
from five_hand_ins import KINDS, hand_ins

from chalkwork.classroom.exports import EXPORTS, items_of
from chalkwork.sheets import read_sheet

SHEETS = Path(__file__).parents[2] / "sheets"
USUAL = ("leaky-relu-softmax-2-3-2", "outputs-five-tasks", "batch-norm-by-hand", "convolution-by-hand")
ALIKE = 2e-4  # qti-components rounds every sum


def main() -> int:
    """The table; 1 where a platform gives other marks than those that it promises."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("platforms", nargs="*", default=list(CONSUMERS))
    parser.add_argument("--sheet", action="append")
    parser.add_argument("--tools", type=Path, required=True)
    options = parser.parse_args()
    wrong = 0
    for name in options.sheet or USUAL:
        (item,) = items_of(read_sheet(SHEETS / f"{name}.md"))
        handed = hand_ins(item)
        print(f"\n{name}, {len(item.numbered())} numbers")
        print(f"{'':14}{''.join(f'{kind:>10}' for kind in KINDS)}")
        print(f"{'check':14}{''.join(f'{one.marks:10.4f}' for one in handed)}")
        for platform in options.platforms:
            try:
                scores = CONSUMERS[platform](item, handed, options.tools.resolve())
            except (Missing, RuntimeError, ValueError, OSError) as error:
                wrong += not isinstance(error, Missing)
                print(f"{platform:14}{str(error)[:300]}", flush=True)
                continue
            other = [abs(score - one.marks) > ALIKE for score, one in zip(scores, handed, strict=True)]
            promised = EXPORTS[platform].carried == "no"
            bad = sum(one for kind, one in zip(KINDS, other, strict=True) if not (kind == "carried" and promised))
            wrong += bad
            said = "" if not any(other) else "as the table says" if not bad else "NOT AS PROMISED"
            print(f"{platform:14}{''.join(f'{score:10.4f}' for score in scores)}  {said}", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
