"""How much of a document is read, what is called wrong, and whether labelled first errors are found.

    python benchmarks/verification.py FOLDER_OR_FILE...           # formulas, read, and everything that is called wrong
    python benchmarks/verification.py --labelled FILE.jsonl       # {"steps": [...], "mistake_index": 2 or null} a line

Nothing of these documents is kept here: cs231n/cs231n.github.io, d2l-ai/d2l-en and WHGTyen/BIG-Bench-Mistake
(multistep_arithmetic.jsonl) are public repositories.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from time import process_time

from chalkwork import verify
from chalkwork.checking.files import PAGES

SLOW = 2.0


def documents(paths: list[Path], unread: int) -> None:
    """What is read of documents."""
    formulas = read = 0
    verdicts, why = Counter[str](), Counter[str]()
    for given in paths:
        for path in sorted(given.rglob("*")) if given.is_dir() else [given]:
            if path.suffix.lower() not in PAGES:
                continue
            began = process_time()
            found = verify(path.read_text(encoding="utf-8", errors="replace"), PAGES[path.suffix.lower()])
            spent = process_time() - began
            formulas, read = formulas + found.formulas, read + found.read
            verdicts.update(str(one.verdict) for one in found.verdicts)
            why.update(one.reason.split(", at column")[0][:70] for one in found.verdicts if "not read" in one.reason)
            for one in found.verdicts:
                if one.verdict == "wrong":
                    print(f"{path}:{one.line}: {one.formula[:90]} | {one.reason[:90]}")
            if spent > SLOW:
                print(f"{path}: {found.formulas} formulas in {spent:.1f} s")
    print(f"{read} of {formulas} formulas read ({100 * read / max(1, formulas):.1f} %); {dict(verdicts)}")
    for reason, count in why.most_common(unread):
        print(f"{count:5} {reason}")


def labelled(path: Path) -> None:
    """Whether the first wrong step is the one that people labelled; the others, to be recomputed by hand."""
    total = same = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        case = json.loads(line)
        found = verify("\n".join(step.replace('"', "") for step in case["steps"]), "text").first_wrong
        place = None if found is None else found - 1
        total, same = total + 1, same + (place == case["mistake_index"])
        if place != case["mistake_index"]:
            print(f"case {number}: labelled {case['mistake_index']}, found {place}")
    print(f"{same} of {total} first wrong steps are those that were labelled")


def main() -> None:
    """Documents, or labelled cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--labelled", type=Path)
    parser.add_argument("--unread", type=int, default=10, help="how many reasons for what was not read to print")
    options = parser.parse_args()
    if options.labelled:
        labelled(options.labelled)
    if options.paths:
        documents(options.paths, options.unread)


if __name__ == "__main__":
    main()
