"""QTI 2.1: a package with a test and an item for each variant; the maths is MathML, tolerances are absolute.

Source: IMS Question and Test Interoperability 2.1, Assessment Test, Section and Item Information Model, and IMS Content
Packaging 1.1. A whole sheet is one item, since only within an item can a response be marked by what was typed before
it: response processing keeps the better of the right value and what follows from the earlier responses.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape, unescape
from xml.etree.ElementTree import Element

from chalkwork.algebra.expression import Application, Expression, Name, Number
from chalkwork.classroom.exports.carried import Carried, carried
from chalkwork.classroom.exports.html import Pages
from chalkwork.classroom.exports.packing import decimal, identity, zipped
from chalkwork.classroom.exports.questions import Cell, Field, Item

POINTS = 100
_MATHS = "http://www.w3.org/1998/Math/MathML"
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)(\w+);")
_BLOCKS = "p div span em strong sub sup code pre blockquote ul ol li br hr h1 h2 h3 h4 h5 h6"
_TABLES = "table caption thead tbody tr th td"
_FIELDS = "textEntryInteraction inlineChoiceInteraction inlineChoice"
_KEPT = frozenset(f"{_BLOCKS} {_TABLES} {_FIELDS}".split())
_ATTRIBUTES = frozenset({"colspan", "rowspan", "responseIdentifier", "expectedLength", "identifier", "shuffle"})
_MATHS_ATTRIBUTES = frozenset({"display", "mathvariant", "stretchy", "fence", "accent", "columnalign", "columnspacing",
                               "form", "separator"})  # fmt: skip


@dataclass(frozen=True)
class Version:
    """What the versions of QTI differ in: namespaces, kinds of resources, and how elements are called."""

    items: str
    package: str
    item_kind: str
    test_kind: str
    schema: str
    renamed: bool = False


V21 = Version(
    "http://www.imsglobal.org/xsd/imsqti_v2p1", "http://www.imsglobal.org/xsd/imscp_v1p1", "imsqti_item_xmlv2p1",
    "imsqti_test_xmlv2p1", "QTIv2.1 Package",
)  # fmt: skip


def write(items: Sequence[Item], partial: int) -> bytes:
    """The package."""
    return packed(items, partial, V21)


def packed(items: Sequence[Item], partial: int, version: Version) -> bytes:
    """The package in a version of QTI; where there are several items each student gets one of them."""
    pages = Pages(items, mathml=True)
    names = [f"item{place}" for place, _ in enumerate(items, 1)]
    files = {f"{name}.xml": _item(items[place], pages, place, partial) for place, name in enumerate(names)}
    files["test.xml"] = _test(items, names)
    written = {name: _written(tree, version) for name, tree in files.items()}
    return zipped({"imsmanifest.xml": _manifest(names, version), **written})


def _written(tree: Element, version: Version) -> str:
    for node in tree.iter():
        own = not node.tag.startswith("{")
        node.tag = _called(node.tag, version) if own else node.tag
        if own and version.renamed:
            node.attrib = {_kebab(key): value for key, value in node.attrib.items()}
    ET.register_namespace("m", _MATHS)
    tree.set("xmlns", version.items)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(tree, encoding="unicode")


def _called(tag: str, version: Version) -> str:
    plain = tag in _KEPT and not tag.endswith(("Interaction", "Choice"))
    return f"qti-{_kebab(tag)}" if version.renamed and not plain else tag


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"-\1", name).lower()


def _manifest(names: Sequence[str], version: Version) -> str:
    package = Element("manifest", {"xmlns": version.package, "identifier": "chalkwork"})
    metadata = ET.SubElement(package, "metadata")
    ET.SubElement(metadata, "schema").text = version.schema.partition(" Package")[0] + " Package"
    ET.SubElement(metadata, "schemaversion").text = "1.0.0"
    ET.SubElement(package, "organizations")
    resources = ET.SubElement(package, "resources")
    test = ET.SubElement(resources, "resource", identifier="test", type=version.test_kind, href="test.xml")
    ET.SubElement(test, "file", href="test.xml")
    for name in names:
        ET.SubElement(test, "dependency", identifierref=name)
        one = ET.SubElement(resources, "resource", identifier=name, type=version.item_kind, href=f"{name}.xml")
        ET.SubElement(one, "file", href=f"{name}.xml")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(package, encoding="unicode")


def _test(items: Sequence[Item], names: Sequence[str]) -> Element:
    title = items[0].sheet.title or items[0].title
    test = Element("assessmentTest", identifier=identity(title), title=title)
    part = ET.SubElement(test, "testPart", identifier="part", navigationMode="linear", submissionMode="individual")
    section = ET.SubElement(part, "assessmentSection", identifier="section", title=title, visible="true")
    if len(items) > 1:
        ET.SubElement(section, "selection", select="1")
        ET.SubElement(section, "ordering", shuffle="true")
    for name in names:
        ET.SubElement(section, "assessmentItemRef", identifier=name, href=f"{name}.xml")
    return test


def _item(item: Item, pages: Pages, place: int, partial: int) -> Element:
    tree = Element(
        "assessmentItem", identifier=identity(item.title + item.code), title=item.title, adaptive="false",
        timeDependent="false", toolName="Chalkwork", toolVersion="1",
    )  # fmt: skip
    marking = _Marking(item, partial)
    shown: dict[str, str] = {}
    cells = iter(marking.numbered)
    words = 0
    for task, fields in item.fields().items():
        parts = []
        for field in fields:
            if field.cells:
                gaps = [[_gap(next(cells)) for _ in row] for row in field.cells]
            else:
                words += 1
                gaps = [[_choice(words, field)]]
                marking.word(words, field)
            parts.append(pages.field(field, gaps))
        shown[task] = "".join(parts)
    tree.extend(marking.declarations())
    body = ET.SubElement(tree, "itemBody")
    body.extend(_elements(pages.question(place, shown)))
    processing = ET.SubElement(tree, "responseProcessing")
    processing.extend(marking.rules())
    for name, hint in marking.hints.items():
        _feedback(tree, name).append(_text("p", hint))
    _feedback(tree, "solution").extend(_elements(pages.solution(place)))
    return tree


def _gap(number: int) -> str:
    return f'<textEntryInteraction responseIdentifier="R{number}" expectedLength="12"/>'


def _choice(number: int, field: Field) -> str:
    if not field.choices:
        return f'<textEntryInteraction responseIdentifier="W{number}" expectedLength="20"/>'
    choices = "".join(
        f'<inlineChoice identifier="C{place}">{escape(each)}</inlineChoice>' for place, each in enumerate(field.choices)
    )
    return (
        f'<inlineChoiceInteraction responseIdentifier="W{number}" shuffle="false">{choices}</inlineChoiceInteraction>'
    )


def _feedback(tree: Element, name: str) -> Element:
    about = {"outcomeIdentifier": "FEEDBACK", "identifier": name, "showHide": "show"}
    return ET.SubElement(tree, "modalFeedback", about)


def _text(tag: str, text: str) -> Element:
    node = Element(tag)
    node.text = text
    return node


def _elements(html: str) -> Iterator[Element]:
    """HTML as what QTI has of it: other elements are left out with what their attributes say, their content is kept."""
    html = _ENTITY.sub(lambda found: unescape(found[0]), html)
    for node in ET.fromstring(f"<div>{html}</div>"):
        yield from _kept(node)


def _kept(node: Element, in_line: bool = False) -> Iterator[Element]:
    maths = node.tag.startswith(f"{{{_MATHS}}}")
    if node.tag == f"{{{_MATHS}}}semantics":
        yield from _kept(node[0])
        return
    if node.tag in ("colgroup", "col"):
        return
    if not maths and (node.tag not in _KEPT or (in_line and node.tag == "div")):
        kept = Element("span")
    else:
        names = _MATHS_ATTRIBUTES if maths else _ATTRIBUTES
        kept = Element(node.tag, {key: value for key, value in node.attrib.items() if key in names})
    kept.text, kept.tail = node.text, node.tail
    for child in node:
        kept.extend(_kept(child, in_line or node.tag == "p"))
    yield kept


def _base(kind: str, text: str) -> Element:
    node = Element("baseValue", baseType=kind)
    node.text = text
    return node


def _float(value: float) -> Element:
    return _base("float", decimal(value))


def _variable(name: str) -> Element:
    return Element("variable", identifier=name)


def _node(tag: str, *children: Element, **attributes: str) -> Element:
    node = Element(tag, attributes)
    node.extend(children)
    return node


def _close(response: Element, value: Element, room: float) -> Element:
    """Within an absolute tolerance, as a difference: players leave out the tolerance of `equal`."""
    off = _node("mathOperator", _node("subtract", response, value), name="abs")
    return _node("lte", off, _base("float", decimal(room, 10)))


def _set(name: str, value: Element) -> Element:
    return _node("setOutcomeValue", value, identifier=name)


def _if(*branches: tuple[Element, list[Element]]) -> Element:
    tags = ["responseIf", *["responseElseIf"] * (len(branches) - 1)]
    return _node(
        "responseCondition", *(_node(tag, test, *then) for tag, (test, then) in zip(tags, branches, strict=True))
    )


class _Marking:
    """What one item declares, and its response processing."""

    def __init__(self, item: Item, partial: int) -> None:
        self.numbered = item.numbered()
        self.carried = carried(item)
        self.partial, self.follows = partial, float(item.follows)
        self.words: list[tuple[str, Field]] = []
        self.hints: dict[str, str] = {}
        used = {cell for one in self.carried.values() for cell in one.cells}
        self.used = sorted(used)
        self.beside = sorted({cell for one in self.carried.values() for cell in one.beside})

    def word(self, number: int, field: Field) -> None:
        """A word that is asked for."""
        self.words.append((f"W{number}", field))

    def declarations(self) -> Iterator[Element]:
        """Responses with what is right, and outcomes."""
        for number, (_, _, cell) in self.numbered.items():
            yield self._response(f"R{number}", "float", decimal(cell.value))
        for name, field in self.words:
            right = f"C{field.choices.index(field.word)}" if field.word in field.choices else field.word
            yield self._response(name, "identifier" if field.choices else "string", right)
        yield self._outcome("SCORE", "float", "0", normalMaximum=str(POINTS))
        yield self._outcome("MAXSCORE", "float", str(POINTS))
        for number in self.used:
            yield self._outcome(f"V{number}", "float", decimal(self.numbered[number][2].value))
        for number in self.beside:
            yield self._outcome(f"S{number}", "boolean", "false")
        yield _node("outcomeDeclaration", identifier="FEEDBACK", cardinality="multiple", baseType="identifier")

    def _response(self, name: str, kind: str, right: str) -> Element:
        correct = _node("correctResponse", _text("value", right))
        return _node("responseDeclaration", correct, identifier=name, cardinality="single", baseType=kind)

    def _outcome(self, name: str, kind: str, value: str, **more: str) -> Element:
        default = _node("defaultValue", _text("value", value))
        return _node("outcomeDeclaration", default, identifier=name, cardinality="single", baseType=kind, **more)

    def rules(self) -> Iterator[Element]:
        """What is typed goes on, then every cell is marked, and the solution is shown."""
        for number in self.used:
            answered = _node("not", _node("isNull", _variable(f"R{number}")))
            yield _if((answered, [_set(f"V{number}", _variable(f"R{number}"))]))
        for number, (_, _, cell) in self.numbered.items():
            yield self._cell(number, cell)
        for name, field in self.words:
            yield _if((self._said(name, field), [self._earned(float(field.weight))]))
        yield self._shown("solution")

    def _said(self, name: str, field: Field) -> Element:
        right = _node("correct", identifier=name)
        if field.choices:
            return _node("match", _variable(name), right)
        return _node("stringMatch", _variable(name), right, caseSensitive="false", substring="false")

    def _cell(self, number: int, cell: Cell) -> Element:
        typed, weight = f"R{number}", float(cell.weight)
        right = _close(_variable(typed), _float(cell.value), cell.tolerance)
        branches = [(right, [self._earned(weight), *self._accepted(number)])]
        if number in self.carried:
            one = self.carried[number]
            follows = _close(_variable(typed), in_elements(one.expression), one.room)
            earned = self._earned(weight * self.follows)
            branches.append((_node("and", follows, self._shows_work(one)), [earned, *self._accepted(number)]))
        for wrong in cell.wrong:
            name = self._hint(wrong.hint)
            then = [self._earned(weight * self.partial / 100), self._shown(name)]
            branches.append((_close(_variable(typed), _float(wrong.value), wrong.tolerance), then))
        return _if(*branches)

    def _accepted(self, number: int) -> list[Element]:
        return [_set(f"S{number}", _base("boolean", "true"))] if number in self.beside else []

    def _shows_work(self, one: Carried) -> Element:
        copies = [
            _node("not", _close(_variable(f"V{cell}"), in_elements(one.expression), one.room)) for cell in one.cells
        ]
        new = copies[0] if len(copies) == 1 else _node("and", *copies)
        return _node("or", *(_variable(f"S{cell}") for cell in one.beside), new)

    def _earned(self, weight: float) -> Element:
        return _set("SCORE", _node("sum", _variable("SCORE"), _float(weight * POINTS)))

    def _hint(self, text: str) -> str:
        name = identity(text)
        self.hints[name] = text
        return name

    def _shown(self, name: str) -> Element:
        return _set("FEEDBACK", _node("multiple", _variable("FEEDBACK"), _base("identifier", name)))


_FUNCTIONS = {"exp": "exp", "log": "ln", "abs": "abs", "sign": "signum", "sin": "sin", "cos": "cos", "tanh": "tanh",
              "floor": "floor"}  # fmt: skip
_OPERATORS = {"add": "sum", "subtract": "subtract", "multiply": "product", "divide": "divide", "power": "power",
              "maximum": "max", "minimum": "min"}  # fmt: skip


def in_elements(expression: Expression) -> Element:
    """A calculation with cells as QTI writes it."""
    if isinstance(expression, Name):
        return _variable(f"V{expression.name[1:]}")
    if isinstance(expression, Number):
        return _float(float(expression.value))
    assert isinstance(expression, Application)
    name, inner = expression.operation.name, [in_elements(each) for each in expression.arguments]
    if name in _OPERATORS:
        return _node(_OPERATORS[name], *_merged(_OPERATORS[name], inner))
    if name == "negative":
        return _node("product", _float(-1.0), *inner)
    if name == "sqrt":
        return _node("power", *inner, _float(0.5))
    return _node("mathOperator", *inner, name=_FUNCTIONS[name])


def _merged(tag: str, inner: Sequence[Element]) -> Iterable[Element]:
    """A sum of sums is one sum, and so is a product."""
    for one in inner:
        yield from one if one.tag == tag and tag in ("sum", "product") else (one,)
