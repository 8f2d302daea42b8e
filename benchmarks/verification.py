"""How much of a document is read, what is called wrong, and whether labelled first errors are found.

    python benchmarks/verification.py FOLDER_OR_FILE...           # formulas, read, and everything that is called wrong
    python benchmarks/verification.py --labelled FILE.jsonl       # {"steps": [...], "mistake_index": 2 or null} a line

    python benchmarks/verification.py --values FILE.jsonl         # {"text", "value", "at": {name: value}} a line
    python benchmarks/verification.py --pairs FILE.php            # answer tests of moodle-qtype_stack: the same or not
    python benchmarks/verification.py --hostile                   # what a formula costs, whatever it holds
    python benchmarks/verification.py --shipped                   # the solutions of the shipped sheets, which are right

`--values` takes what `benchmarks/verification_values.py` collects in a checkout of latex2sympy2_extended:
`OUT=values.jsonl PYTHONPATH=benchmarks:. pytest -p verification_values tests/*_test.py`. A text is read with its value
where that is right and another one is wrong, misread where one of the two is not so, and refused else.

Measured on 2026-11-27: of the course documents 155 of 164 formulas are read, of cs231n and d2l 1,785 of 2,041 (87.5 %);
none of them that is right is called wrong. 1,030 texts of latex2sympy2_extended: 424 read, 605 refused, none misread
(`-c` is counted, for which both values are the same). moodle-qtype_stack: nothing that differs is called the same but
roundings, forms of one number, and identities that hold where both sides have a value. Labelled: 280 of 300. Shipped
solutions: no false alarm in 3,587 relations. Solutions of networks drawn at random, as Markdown: none in 28,456
relations of five runs of 80 networks; a sixth had four in one document, whose kind (a linear output) was mended. 100
equalities cost 0.3 s of one core, the dearest hostile formula 0.8 s.

Pages written by hand before they were run, in Markdown, LaTeX, plain text, notebooks and spaced as scans are, with the
first wrong line noted (none in 12 of 28): in three rounds of 12, 8 and 8 the first wrong line was found at the first
run in 10, 8 and 7, with 1, 0 and 0 false alarms in 695 equalities, and 138 of 148, 115 of 115 and 92 of 96 formulas
read; after mending in all 28.

Nothing of these documents is kept here: cs231n/cs231n.github.io, d2l-ai/d2l-en and WHGTyen/BIG-Bench-Mistake
(multistep_arithmetic.jsonl) are public repositories.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path
from time import process_time

from chalkwork import verify
from chalkwork.checking.reading.files import PAGES
from chalkwork.documents.markdown import to_markdown
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.library import shipped

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


def values(path: Path) -> None:
    """Texts that carry a value: read with it, misread, or refused."""
    counts = Counter[str]()
    for line in dict.fromkeys(path.read_text(encoding="utf-8").splitlines()):
        case = json.loads(line)
        if case["value"] is None:
            continue
        names = " ".join(f"${name} = {value}$." for name, value in case["at"].items())
        number = float(case["value"])
        right, wrong = (
            str(verify(f"{names}\n\n$${case['text']} = {value!r}$$").verdicts[-1].verdict)
            for value in (number, 2 * number + 1.37)
        )
        read, misread = right.startswith("right") and wrong == "wrong", right == "wrong" or wrong.startswith("right")
        counts["read" if read else "misread" if misread else "refused"] += 1
        if misread:
            print(f"{case['text']} = {number}: {right}, and {2 * number + 1.37}: {wrong}")
    print(dict(counts))


_CASE = re.compile(r"\['AlgEquiv', *'', *'((?:[^'\\]|\\.)*)', *'((?:[^'\\]|\\.)*)', *(-?\d)")


def pairs(path: Path) -> None:
    """Two expressions that are said to be the same or not."""
    counts = Counter[str]()
    for first, second, same in _CASE.findall(path.read_text(encoding="utf-8")):
        if same == "-1" or re.search("[<=>]", first + second):
            continue
        found = [str(one.verdict) for one in verify(f"$${first} = {second}$$").verdicts] or ["nothing"]
        counts[found[0]] += 1
        if (same == "1" and "wrong" in found) or (same == "0" and found[0].startswith("right")):
            print(f"{first} and {second}, the same: {same}: {found}")
    print(dict(counts))


def hostile() -> None:
    """What a few formulas cost that somebody may write to see what they cost."""
    rows = r" \\ ".join(" & ".join("0.5" for _ in range(40)) for _ in range(40))
    formulas = {
        "tower": "9^9^9^9^9 = 1",
        "sum": r"\sum_{i=1}^{200} \sum_{j=1}^{200} \frac{i}{j} = 1",
        "matrices": rf"W = \begin{{pmatrix}} {rows} \end{{pmatrix}}, W W W W W = 1",
        "relations": " = ".join(["x + 1"] * 300),
        "plus": "+".join(["0.1"] * 3000) + " = 300",
        "braces": "{" * 5000 + "= 1",
        "brackets": "(" * 3000 + "1" + ")" * 3000 + " = 1",
        "fractions": r"\frac{1}{1+" * 150 + "1" + "}" * 150 + " = 0.6",
        "determinants": r"\det(" * 500 + " = 1",
        "derivatives": r"f(x) = \frac{e^x \tanh(x) \sin(x)}{1 + x^2}, \quad f'''''(x) = f''''(x)",
        "identity": "(a+b+c+d+f+g+h+k+l+m+n+p)^2 = 2(a+b+c+d+f+g+h+k+l+m+n+p)",
        "digits": "1" * 20000 + " = 2",
    }
    for name, formula in formulas.items():
        began = process_time()
        verify(f"$${formula}$$")
        print(f"{name:14} {process_time() - began:.2f} s")


def shipped_solutions() -> None:
    """Every alarm on the solutions of the shipped sheets."""
    relations = 0
    for name, path in shipped().items():
        text = to_markdown(workbook(read_sheet(path), "solution", drawings=False).document)
        for one in verify(text).verdicts:
            relations += one.formula.count("=")
            if one.verdict == "wrong":
                print(f"{name}:{one.line}: {one.formula[:90]} | {one.reason[:90]}")
    print(f"{relations} relations (claims-find-the-mistake shows mistakes)")


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
    parser.add_argument("--values", type=Path)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--shipped", action="store_true")
    parser.add_argument("--unread", type=int, default=10, help="how many reasons for what was not read to print")
    options = parser.parse_args()
    if options.labelled:
        labelled(options.labelled)
    if options.values:
        values(options.values)
    if options.pairs:
        pairs(options.pairs)
    if options.hostile:
        hostile()
    if options.shipped:
        shipped_solutions()
    if options.paths:
        documents(options.paths, options.unread)


if __name__ == "__main__":
    main()
