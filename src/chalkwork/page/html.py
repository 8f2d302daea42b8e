"""The page itself: one HTML file that holds its program, its style, its font and its data, and asks nothing of anybody.

Its policy lets run the one script whose hash it names, and load nothing. What a stranger wrote comes in as data: as
texts, which are shown as such, or through pandoc's sandbox, which lets no markup through.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Any

from chalkwork.checking.judging.verdicts import Verdict
from chalkwork.documents.figures import inline_svg
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.model import Block, Code, Document, Heading
from chalkwork.documents.pandoc import to_fragments
from chalkwork.drawings.drawing import Drawing
from chalkwork.page.data import Data, Derivations, Tasks, values_of
from chalkwork.page.formulas import OPERATIONS, formula_data
from chalkwork.page.script import FOLDER, MARKING, file, program
from chalkwork.page.walk import walks_of
from chalkwork.page.widget import Page
from chalkwork.typesetting.equations import typeset
from chalkwork.words import ENGLISH, say

if TYPE_CHECKING:
    from chalkwork.solutions.exercise import Exercise
    from chalkwork.solutions.solution import Solution

FIELDS = "fields of an exercise"
"""The language of a `Code` that holds the id of the exercise which is answered there."""
_APP = (*MARKING, "unpacking", "formulas", "state", "platform", "saying", "drawing", "walk", "app", "mount")
_WORDS: dict[str, tuple[str, ...]] = {
    "page.cell": ("row", "column"),
    "page.matrix": ("matrix", "row", "column"),
    "page.choose": (),
    "page.show_step": (),
    "page.solution": (),
    "page.counted": (),
    "page.another": (),
    "page.again": (),
    "page.csv": (),
    "page.variant": ("code",),
    "page.walk": (),
    "page.step": ("n", "of"),
    "page.next": (),
    "page.back": (),
    "page.play": (),
    "page.pause": (),
    "page.keys": (),
    "page.first_wrong": ("step",),
    "page.nothing_wrong": (),
    "page.all_right": (),
    "page.earned": ("earned", "points"),
    "page.percent": ("percent",),
    "page.shown": ("n",),
    "page.unkept": ("n",),
    "page.chosen_wrong": ("row",),
    "page.formula": (),
    "step.seen": ("words",),
    "seen.same": ("number",),
    "seen.factor": ("times", "of"),
    "seen.another": ("name",),
    "seen.times_another": ("times", "name"),
    "seen.part": ("n",),
    "seen.minus_part": ("n",),
    "seen.minus": (),
    "seen.times": ("number",),
    **{f"seen.of_{word}": () for word in ("right", "following")},
    **{f"seen.{made}": ("of",) for made in ("square", "root", "inverse", "logarithm", "exponential", "one_minus")},
    "page.state": (),
    "page.entry": (),
    "page.script": (),
    "page.attempts": (),
    "mistake.one": ("place", "title", "others", "hint"),
    "mistake.or": ("others", "title"),
    "mistake.two": ("place", "title", "second", "others", "hint", "second_hint"),
    "mistake.two_or": ("others", "title", "second"),
    "mistake.made_in": ("step",),
    "step.few_digits": ("asked",),
    "convention.step": ("said", "words"),
    "word.wrong": ("given",),
    **{f"step.{verdict.word}": () for verdict in Verdict if verdict is not Verdict.MISTAKE},
    **{f"step.{said}": () for said in ("some_blank", "accident", "no_work", "trivial")},
    **{f"verdict.{verdict.word}": () for verdict in Verdict},
}
"""The sentences of the page, and what is put into them."""
_ANNOTATION = re.compile(r"<annotation\b.*?</annotation>", re.DOTALL)
_STYLED = re.compile(r'(<m\w+[^>]*?) style="[^"]*"')
_ALIGNED = re.compile(r'(<t[dh][^>]*?) style="text-align: (\w+);?"')
_ALONE = re.compile(r'^<div class="equation" tabindex="0">\s*(<math display="inline".*</math>)\s*</div>$', re.DOTALL)
_SEMANTICS = re.compile(r"</?semantics>")
_NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main id="page"><h1>{title}</h1><noscript><p>{no_script}</p></noscript></main>
<script type="application/octet-stream" id="chalkwork-data">{data}</script>
<script type="application/octet-stream" id="chalkwork-program">{program}</script>
<script type="module">{beginning}</script>
</body>
</html>
"""


@dataclass(frozen=True)
class Item:
    """One version of the exercise: what is posed, with a `Code` in the language FIELDS in the place of each exercise's
    answers, the exercises, and the whole solution.
    """

    code: str
    posed: Sequence[Block]
    exercises: Mapping[str, Exercise]
    solution: Sequence[Block]


@dataclass
class _Texts:
    """Texts as HTML, each once; those of Markdown are converted together at the end."""

    markdown: dict[str, int] = field(default_factory=dict)
    drawings: dict[str, int] = field(default_factory=dict)

    def of(self, markdown: str) -> int:
        """The number of a text in Markdown."""
        return self.markdown.setdefault(markdown, len(self.markdown))

    def block(self, block: Block) -> list[Any]:
        """A block, as the page has it."""
        if isinstance(block, Drawing):
            return ["drawing", self.drawings.setdefault(inline_svg(block), len(self.drawings))]
        if isinstance(block, Code) and block.language == FIELDS:
            return ["task", block.text]
        if isinstance(block, Heading):  # the title is the only heading of the first level
            block = Heading(block.text, max(2, block.level - 1))
        return ["html", self.of(to_markdown(Document("", (block,))).partition("\n")[2].strip())]

    def blocks(self, blocks: Iterable[Block]) -> list[list[Any]]:
        """Several blocks."""
        return [self.block(block) for block in blocks]

    def data(self) -> Data:
        """All of them as HTML."""
        return {
            "texts": [_plain_maths(html) for html in to_fragments(list(self.markdown), mathml=True)],
            "drawings": list(self.drawings),
        }


def _plain_maths(html: str) -> str:
    """MathML without what no browser needs; styles the policy would refuse stand in the style sheet."""
    html = html.replace("<table>", '<div class="wide" tabindex="0"><table>').replace("</table>", "</table></div>")
    html = _ALIGNED.sub(r'\1 class="align-\2"', html)
    html = _ALONE.sub(r"\1", html)
    return _SEMANTICS.sub("", _STYLED.sub(r"\1", _ANNOTATION.sub("", html))).replace(_NAMESPACE, "")


def page(
    title: str,
    items: Sequence[Item],
    *,
    language: str = ENGLISH,
    tolerance: float = 0.0,
    follows: Fraction = Fraction(1),
    walking: bool = False,
) -> Page:
    """The page for these items; one begins with the first. `walking` opens the walk.

    Raises ChalkworkError where pandoc is missing.
    """
    texts, derivations = _Texts(), Derivations(language=language)
    letters = False
    versions: list[Data] = []
    task_sets: list[list[Data]] = []
    walk_sets: list[list[list[Data]]] = []
    for item in items:
        tasks = Tasks(derivations, tolerance, follows)
        asked = [tasks.add(one) | {"questions": _questions(one, texts)} for one in item.exercises.values()]
        if asked not in task_sets:
            task_sets.append(asked)
        letters |= any("letters" in one for one in asked)
        walks = walks_of(tasks.solutions)
        if walks not in walk_sets:
            walk_sets.append(walks)
        versions.append(
            {
                "code": item.code,
                "tasks": task_sets.index(asked),
                "walks": walk_sets.index(walks),
                "works": tasks.works,
                "values": [values_of(solution) for solution in tasks.solutions],
                "blocks": texts.blocks(item.posed),
                "solution": texts.blocks(item.solution),
                "steps": [_steps(solution, texts) for solution in tasks.solutions],
            }
        )
    data = {
        "title": title,
        "language": language,
        "walking": walking,
        "words": _words(language),
        "mistakes": derivations.words(language),
        "taskSets": task_sets,
        "versions": versions,
        "walkSets": walk_sets,
        **derivations.data(),
        **texts.data(),
    }
    if letters:
        data["formulas"] = formula_data()
    return _assembled(title, language, data, (*derivations.nodes.operations, *(OPERATIONS if letters else ())))


def _questions(exercise: Exercise, texts: _Texts) -> Data:
    """How each thing that is asked prints, as maths and as text."""
    symbols, words = exercise.solution.writer().symbols, exercise.solution.setting.words
    names = dict.fromkeys(name if name in words else name.partition("[")[0] for name in exercise.asked)
    return {name: [texts.of(f"${symbols[name].latex}$"), symbols[name].text] for name in names}


def _steps(solution: Solution, texts: _Texts) -> Data:
    """Every equation with its numbers, and the reason for it."""
    writer = solution.writer()
    found: Data = {}
    for equation in solution.derivation.equations:
        work = typeset(equation, writer)
        found[equation.name] = [
            texts.of(f"$$\n{work.latex}\n$$"),
            texts.of(work.reason_latex) if work.reason_latex else None,
        ]
    return found


def _words(language: str) -> Data:
    """The sentences of the page; what is put in stands between < and >."""
    return {name: say(language, name, **{slot: f"<{slot}>" for slot in slots}) for name, slots in _WORDS.items()}


def packed(text: str) -> str:
    """A text as the page unpacks it: deflated, in base64."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b64encode(packer.compress(text.encode("utf-8", "replace")) + packer.flush()).decode()


def _assembled(title: str, language: str, data: Data, operations: Sequence[str]) -> Page:
    # what the program itself calls, whatever occurs in the exercise
    needed = dict.fromkeys((*operations, "power", "log", "exp", "softmax"))
    files = [name for name in _APP if name != "formulas" or "formulas" in data]
    script, beginning = program(needed, files), "\n".join(map(file, ("unpacking", "beginning")))
    style = _style()
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(beginning)}' '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "font-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    held = packed(json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
    written = _PAGE.format(
        language=escape(language), policy=policy, title=escape(" ".join(title.split())), style=style, data=held,
        program=packed(script), beginning=beginning, no_script=escape(say(language, "page.script")),
    )  # fmt: skip
    made = Page(written)
    made.parts = script, style, held
    return made


def _style() -> str:
    """The style sheet with the font of formulas: that of documents, with the signs that exercises use."""
    font = b64encode((FOLDER / "maths.woff2").read_bytes()).decode()
    rules = (FOLDER / "style.css").read_text(encoding="utf-8")
    return re.sub(r"\s*([{};,])\s*|\s+", lambda found: found[1] or " ", rules).replace("MATHS_FONT", font)


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
