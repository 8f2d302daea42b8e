"""The platforms, what each carries and what is lost; `docs/exports.py` writes it as the table of `docs/exports.md`."""

from __future__ import annotations

from dataclasses import dataclass

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Export:
    """What is written for a platform, and what of an exercise comes through."""

    written: str
    suffix: str
    item: str
    variants: str
    digits: str = YES
    cells: str = YES
    mistakes: str = YES
    hints: str = YES
    carried: str = YES
    solution: str = YES
    words: str = YES
    formulas: str = NO
    maths: str = "TeX, by the platform's MathJax"
    lost: str = "work that proves itself"
    verified: str = ""


_DRAWN = "one is picked at random"
_ONE = "export one"

EXPORTS = {
    "moodle": Export(
        "Moodle XML, cloze questions", ".xml", "a question with a field for each number", "a category to draw from",
        hints="feedback of the answer", carried=NO, solution="general feedback",
        lost="error carried forward; the first wrong step",
        verified="Moodle's own reader of cloze texts and its rounding of answers (4.1)",
    ),
    "stack": Export(
        "Moodle XML, a STACK question", ".xml", "a question with an input for each matrix, a tree for each step",
        "inside the question, by its seed", hints="feedback of a node", solution="general feedback",
        formulas="yes, at a point, by Maxima", lost="a matrix is filled whole or left blank",
        verified="STACK's own code with Maxima",
    ),
    "canvas": Export(
        "Canvas, QTI 1.2", ".zip", "a quiz, a question for each number", "a quiz each",
        digits="to four decimals; what is smaller is asked times a power of ten", mistakes=NO, hints=NO, carried=NO,
        solution="feedback of the last question",
        lost="error carried forward, named mistakes, digits after the fourth",
        verified="Instructure's QTIMigrationTool, then the rules of canvas-lms",
    ),
    "qti21": Export(
        "QTI 2.1, a package with a test and items", ".zip", "an item with an interaction for each number", _DRAWN,
        hints="modal feedback", solution="modal feedback", maths="MathML",
        verified="the published schema, and OAT's engine (TAO)",
    ),
    "qti30": Export(
        "QTI 3.0, a package with a test and items", ".zip", "an item with an interaction for each number", _DRAWN,
        hints="modal feedback", solution="modal feedback", maths="MathML",
        verified="qti-components in Chromium",
    ),
    "numbas": Export(
        "a Numbas exam", ".exam", "a question with a gap for each number", _DRAWN, hints="message of the alternative",
        carried="yes, by replacing earlier answers", solution="advice",
        formulas="of numbers; of matrices sums, products and transposes",
        lost="a copy of a copy of a wrong number, and a zero that follows from one",
        verified="the Numbas runtime under Node",
    ),
    "nbgrader": Export(
        "a notebook with hidden tests", ".ipynb", "a notebook, a variable for each step", _ONE,
        hints="printed by the test", solution=NO, words="as text", maths="Markdown with TeX",
        lost="the worked solution",
        formulas="as functions of NumPy arrays, at a point",
        verified="`nbgrader generate_assignment` and `autograde`",
    ),
    "otter": Export(
        "a master notebook and the marking", ".zip", "a notebook, a variable for each step", _ONE, hints=NO,
        solution=NO, words="as text", maths="Markdown with TeX", lost="hints; the worked solution",
        formulas="as functions of NumPy arrays, at a point",
        verified="`otter assign` and `otter run`",
    ),
    "gradescope": Export(
        "an autograder with Chalkwork inside", ".zip", "a file of answers that `chalkwork check` reads",
        "by the code that stands in the file", mistakes="nothing, as in `check`", hints="in the test's output",
        solution=NO, words="as text", formulas=YES, maths="none is shown", lost="nothing: it is `check`",
        verified="`run_autograder` run as it stands",
    ),
    "prairielearn": Export(
        "a question's folder", ".zip", "a question with an input for each number", _DRAWN,
        hints="feedback of the number", solution="answer panel",
        formulas="of numbers",
        verified="the elements' own code (parse, grade) and `server.py`",
    ),
    "rexams": Export(
        "R/exams, R Markdown", ".Rmd", "a cloze exercise", "inside the file, drawn with R's seed",
        mistakes=NO, hints=NO, carried=NO, solution="solution section",
        lost="error carried forward, named mistakes; both are beyond what R/exams writes",
        verified="R/exams' `exams2moodle`, whose XML is marked as Moodle's",
    ),
    "scorm12": Export(
        "SCORM 1.2, the page", ".zip", "the sheet as a page", "in the page, another on request", maths="MathML",
        mistakes="nothing, as in `check`", hints="at once", solution="on request, and counted",
        formulas="yes, without LaTeX",
        lost="another convention in two ways at once; answers over 4,096 characters of state",
        verified="scorm-again in Chromium: mark, leave, resume",
    ),
    "scorm2004": Export(
        "SCORM 2004, the page", ".zip", "the sheet as a page", "in the page, another on request", maths="MathML",
        mistakes="nothing, as in `check`", hints="at once", solution="on request, and counted",
        formulas="yes, without LaTeX",
        lost="another convention in two ways at once",
        verified="scorm-again in Chromium: mark, leave, resume",
    ),
}  # fmt: skip
"""The platforms, and what is written for them."""
