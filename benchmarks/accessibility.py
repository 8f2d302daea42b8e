"""Solution pages, forms, sheets and reports under axe-core in headless Chromium, light and dark, narrow and wide.

    npm install --prefix FOLDER axe-core puppeteer-core
    python benchmarks/accessibility.py --modules FOLDER/node_modules [--shots SHOTS] [--only WORD] [PAGE.html ...]
    pip install outloud
    python benchmarks/accessibility.py --pdf outloud [--only WORD]

Every shipped sheet's solution, forms and sheets of some, reports on single hand-ins and on a class, reports on training
and on what was verified; or the pages that are named. A page that is wider than its window is a violation too. What
axe-core cannot decide by itself is counted apart. Exit code 1 where something is violated. With `--pdf` the same
documents as PDF under a checker of PDF/UA-1, its words as it says them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from chalkwork.documents.model import Document
from chalkwork.documents.pandoc import to_html_pages, to_pdf
from chalkwork.sheets.check import check_class
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.library import shipped
from chalkwork.sheets.reports import class_and_hand_ins, class_document, hand_in_document

IN_OTHER_SHOWS = ("leaky-relu-softmax-2-3-2", "claims-find-the-mistake", "perceptron-rule", "outputs-five-tasks")
HAND_INS: dict[str, dict[str, object]] = {
    "Ada": {"z1": [0.05, 0.35, -0.2], "a1": "0.05; 0.35; -0.002", "L": "0.79", "d2": "0.55 -0.55"},
    "Bo": {"z1": [0.5, 0.35, -0.2], "a1": "[0.5, 0.35, -0.002]", "dW1": "what?", "nothing": 1},
    "Cy": {},
}


def documents() -> Iterator[tuple[str, Document]]:
    """Names and documents of what Chalkwork writes as HTML."""
    for name, path in shipped().items():
        sheet = read_sheet(path)
        yield f"solution-{name}", workbook(sheet, "solution").document
        if name in IN_OTHER_SHOWS:
            for show in ("sheet", "blanks", "form"):
                yield f"{show}-{name}", workbook(sheet, show).document
    sheet = read_sheet(shipped()["leaky-relu-softmax-2-3-2"])
    hand_ins = check_class(sheet, HAND_INS)
    for view in ("tutor", "student"):
        for hand_in in hand_ins:
            yield f"report-{hand_in.title}-{view}", hand_in_document(sheet, hand_in, view=view)
        yield f"class-and-hand-ins-{view}", class_and_hand_ins(sheet, hand_ins, view)
    yield "class", class_document(sheet, hand_ins, (), [f"{title}.html" for title in HAND_INS])
    yield "trained", trained()
    yield "verified", verified()


def trained() -> Document:
    """A report on training on a small table."""
    from chalkwork.tables.reading import read_table
    from chalkwork.tables.report import report
    from chalkwork.tables.training import train_table

    rows = [f"{n % 7},{n % 3},{'yes' if n % 7 > 3 else 'no'}" for n in range(60)]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "small.csv"
        file.write_text("\n".join(["size,kind,bought", *rows]), encoding="utf-8")
        return report(train_table(read_table(file, ""), ["bought"]), full=True, pictures=["curves.png"])


def verified() -> Document:
    from chalkwork import verify
    from chalkwork.verification.report import to_document

    return to_document(verify("Let $x = 2$. Then $y = 3 x + 1 = 8$ and $z = y^2 = 64$."), "What was verified")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", default="", help="the node_modules that hold axe-core and puppeteer-core")
    parser.add_argument("--pdf", metavar="CHECKER", help="a command that checks PDFs")
    parser.add_argument("--shots", default="", help="a folder for screenshots")
    parser.add_argument("--only", default="", help="documents whose names hold this")
    parser.add_argument("pages", nargs="*", help="pages to look at instead")
    options = parser.parse_args()
    if options.pdf:
        return checked(options.pdf, options.only)
    if options.shots:
        Path(options.shots).mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("there is no Chromium")
    with TemporaryDirectory() as folder:
        files = options.pages or list(written(Path(folder), options.only))
        command = ["node", str(Path(__file__).with_suffix(".cjs")), chromium, options.shots, *files]
        modules = {"NODE_PATH": str(Path(options.modules).resolve())}
        done = subprocess.run(command, env=os.environ | modules, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return said([json.loads(line) for line in done.stdout.splitlines()], len(files))


def written(folder: Path, only: str) -> Iterator[str]:
    """The pages as files."""
    named = [(name, document) for name, document in documents() if only in name]
    for (name, _), page in zip(named, to_html_pages([document for _, document in named]), strict=True):
        file = folder / f"{name}.html"
        file.write_text(page, encoding="utf-8")
        yield str(file)


def checked(checker: str, only: str) -> int:
    """The documents as PDF, and what the checker says of them."""
    with TemporaryDirectory() as folder:
        files = []
        for name, document in documents():
            if only in name:
                files.append(str(Path(folder) / f"{name}.pdf"))
                to_pdf(document, files[-1])
        return subprocess.run([checker, "--quiet", *files]).returncode


def said(found: list[dict[str, str]], pages: int) -> int:
    """Print what was found; the exit code."""
    for kind in ("violation", "incomplete"):
        places: dict[str, list[dict[str, str]]] = {}
        for one in found:
            if one["kind"] == kind:
                places.setdefault(one["id"], []).append(one)
        print(f"{kind}: {len(places)} kinds on {pages} pages, each light and dark, 390 and 1280 pixels wide")
        for name, ones in places.items():
            on = Counter(one["file"] for one in ones)
            looks = sorted({f"{one['scheme']} {one['width']}" for one in ones})
            print(f"  {name}: {ones[0]['help']}; {len(on)} pages ({', '.join(list(on)[:3])}), {', '.join(looks)}")
            print(f"    {ones[0]['first']}\n    {ones[0].get('why', '')}")
    return int(any(one["kind"] == "violation" for one in found))


if __name__ == "__main__":
    sys.exit(main())
