"""Canvas: a QTI 1.2 package, a quiz for each item, a question for each number.

Source: IMS QTI 1.2 with the question types that Canvas reads (`numerical_question`, `text_only_question`, ...). Canvas
rounds what it is given to four decimals, so that a range ends on these, and a number that would be lost is asked times
a power of ten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from html import escape
from math import ceil, floor, log10

from chalkwork.classroom.exports.html import Pages, in_maths
from chalkwork.classroom.exports.packing import decimal, identity, zipped
from chalkwork.classroom.exports.questions import Cell, Field, Item

SMALLEST = 1e-4
POINTS = 100
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
_PACKAGE = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"


def write(items: Sequence[Item], partial: int) -> bytes:
    """The package; `partial` has no place in it."""
    pages = Pages(items)
    names = [f"quiz{place}" for place, _ in enumerate(items, 1)]
    files = {f"{name}/{name}.xml": _quiz(items[place], pages, place) for place, name in enumerate(names)}
    resources = "".join(
        f'<resource identifier="{name}" type="imsqti_xmlv1p2"><file href="{name}/{name}.xml"/></resource>'
        for name in names
    )
    manifest = f'{_HEAD}<manifest identifier="chalkwork" xmlns="{_PACKAGE}"><organizations/><resources>{resources}'
    return zipped({"imsmanifest.xml": f"{manifest}</resources></manifest>", **files})


def _quiz(item: Item, pages: Pages, place: int) -> str:
    fields = item.fields()
    shown = {name: f"<p>{_asked(each)}</p>" for name, each in fields.items()}
    questions = [_text("The exercise", pages.question(place, shown))]
    for name, each in fields.items():
        for field in each:
            questions += _questions(item, f"({name})", field)
    questions[-1] = _with_solution(questions[-1], pages.solution(place))
    return (
        f'{_HEAD}<questestinterop xmlns="{_QTI}">'
        f'<assessment ident="{identity(item.title)}" title="{escape(item.title)}">'
        f'<section ident="root_section">{"".join(questions)}</section></assessment></questestinterop>'
    )


def _with_solution(question: str, solution: str) -> str:
    """The question with the worked solution as what is shown after it."""
    shown = (
        '<respcondition continue="Yes"><conditionvar><other/></conditionvar>'
        '<displayfeedback feedbacktype="Response" linkrefid="general_fb"/></respcondition><respcondition continue="No">'
    )
    feedback = f'<itemfeedback ident="general_fb"><flow_mat>{_material(solution)}</flow_mat></itemfeedback></item>'
    return question.replace('<respcondition continue="No">', shown, 1).replace("</item>", feedback)


def _asked(fields: Sequence[Field]) -> str:
    return "Find " + ", ".join(in_maths(field.latex) for field in fields) + "."


def _questions(item: Item, task: str, field: Field) -> Iterator[str]:
    if not field.cells:
        yield _choice(item, task, field)
        return
    for row, cells in enumerate(field.cells, 1):
        for column, cell in enumerate(cells, 1):
            power = power_of(cell)
            value, room = cell.value * 10**power, cell.tolerance * 10**power
            place = "" if field.is_single else f", row {row}, column {column}" if len(cells) > 1 else f", row {row}"
            low, high = _end(value - room, floor), _end(value + room, ceil)
            condition = (
                f'<or><varequal respident="response1">{decimal(value)}</varequal><and>'
                f'<vargte respident="response1">{low}</vargte><varlte respident="response1">{high}</varlte></and></or>'
            )
            answer = (
                '<response_str ident="response1" rcardinality="Single"><render_fib fibtype="Decimal">'
                '<response_label ident="answer1"/></render_fib></response_str>'
            )
            asked = f"10^{{{power}}} \\cdot {field.latex}" if power else field.latex
            words = f"<p>{escape(task)} {in_maths(asked)}{place}</p>"
            ident = identity(f"{item.title} {task} {field.name} {row} {column}")
            yield _item(ident, f"{task} {field.name}", "numerical_question", cell.weight, words, answer, condition)


def power_of(cell: Cell) -> int:
    """The power of ten, a multiple of three, that a number is asked times so that Canvas does not round it away."""
    if not cell.tolerance < abs(cell.value) < SMALLEST:
        return 0
    return 3 * ceil((-1 - log10(abs(cell.value))) / 3)


def _end(value: float, rounded: Callable[[float], int]) -> str:
    """An end of a range, outwards on four decimals."""
    return f"{rounded(value / SMALLEST) * SMALLEST:.4f}"


def _choice(item: Item, task: str, field: Field) -> str:
    words, ident = f"<p>{escape(task)} {in_maths(field.latex)}</p>", identity(f"{item.title} {task} {field.name}")
    if not field.choices:
        condition = f'<varequal respident="response1">{escape(field.word)}</varequal>'
        answer = (
            '<response_str ident="response1" rcardinality="Single"><render_fib><response_label ident="answer1"/>'
            "</render_fib></response_str>"
        )
        return _item(ident, f"{task} {field.name}", "short_answer_question", field.weight, words, answer, condition)
    labels = "".join(
        f'<response_label ident="choice{number}">{_material(escape(each))}</response_label>'
        for number, each in enumerate(field.choices)
    )
    answer = (
        f'<response_lid ident="response1" rcardinality="Single"><render_choice>{labels}</render_choice></response_lid>'
    )
    right = field.choices.index(field.word) if field.word in field.choices else 0
    condition = f'<varequal respident="response1">choice{right}</varequal>'
    return _item(ident, f"{task} {field.name}", "multiple_choice_question", field.weight, words, answer, condition)


def _item(ident: str, title: str, kind: str, weight: Fraction, html: str, answer: str, condition: str) -> str:
    points = f"{float(weight * POINTS):.6g}"
    return (
        f'<item ident="{ident}" title="{escape(title)}">{_metadata(kind, points)}'
        f"<presentation>{_material(html)}{answer}</presentation>"
        '<resprocessing><outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>'
        f'<respcondition continue="No"><conditionvar>{condition}</conditionvar>'
        '<setvar action="Set" varname="SCORE">100</setvar></respcondition></resprocessing></item>'
    )


def _text(title: str, html: str) -> str:
    return (
        f'<item ident="{identity(title + html)}" title="{escape(title)}">{_metadata("text_only_question", "0")}'
        f"<presentation>{_material(html)}</presentation></item>"
    )


def _metadata(kind: str, points: str) -> str:
    entries = {"question_type": kind, "points_possible": points}
    found = "".join(
        f"<qtimetadatafield><fieldlabel>{label}</fieldlabel><fieldentry>{entry}</fieldentry></qtimetadatafield>"
        for label, entry in entries.items()
    )
    return f"<itemmetadata><qtimetadata>{found}</qtimetadata></itemmetadata>"


def _material(html: str) -> str:
    return f'<material><mattext texttype="text/html">{escape(html)}</mattext></material>'
