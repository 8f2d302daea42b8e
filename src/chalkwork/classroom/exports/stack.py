"""STACK: Moodle XML with one question for all items, its variants inside; a potential response tree for each step.

Source: docs.stack-assessment.org, "Moodle XML", "Potential response trees", "Question variables" and "CASText". A
matrix is one input. The question variables hold, for the variant that the seed chose, the right values, their rooms,
and how each cell follows from those before it (`cw_way`); the function `cw_verdicts` marks all cells up to the step, 1
for what is right and 2 for what follows from the student's own earlier cells. The nodes of a tree ask it cell by cell,
then the named mistakes, each a node with its hint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from chalkwork.classroom.exports.carried import MAXIMA, carried
from chalkwork.classroom.exports.html import Pages
from chalkwork.classroom.exports.letters import Rows, Written
from chalkwork.classroom.exports.moodle import category, cdata
from chalkwork.classroom.exports.packing import decimal
from chalkwork.classroom.exports.questions import Cell, Field, Item
from chalkwork.words import say

SEEDS = 4
"""So many seeds are deployed for each variant: which variant a seed draws only Maxima knows."""
_NUMBER = re.compile(r"\(-\d+(?:\.\d+)?\)|(?<![\w.\[])\d+(?:\.\d+)?(?![\w.\]])")
_VERDICTS = """cw_number(x) := block([y], y: ev(float(x), simp), if numberp(y) then y else null);
cw_over(x, y) := if is(y = 0) or is(y = 0.0) then null else x/y;
cw_near(x, y, room) := if numberp(x) and numberp(y) then is(abs(x - y) <= room) else false;
cw_verdict(i, t, c, v) := block([f],
  if not numberp(t[i]) then return(0),
  if cw_near(t[i], cw_right[i], cw_room[i]) then return(1),
  if emptyp(cw_used[i]) then return(0),
  f: cw_number(cw_way(i, c)),
  if not cw_near(t[i], f, cw_off[i]) then return(0),
  if emptyp(sublist(cw_beside[i], lambda([j], is(v[j] > 0))))
    and not emptyp(sublist(cw_used[i], lambda([j], cw_near(f, c[j], cw_off[i])))) then return(0),
  2);
cw_verdicts(t) := block([simp, c, v, i], simp: true, v: [],
  c: makelist(if numberp(t[i]) then t[i] else cw_right[i], i, 1, length(t)),
  for i: 1 thru length(t) do v: append(v, [cw_verdict(i, t, c, v)]),
  v);
cw_alike(f, r, room) := block([simp, d], simp: true,
  if matrixp(r) then (
    if not matrixp(f) or not is(matrix_size(f) = matrix_size(r)) then return(false),
    return(every(lambda([i], every(lambda([j], cw_alike(f[i, j], r[i, j], room)), makelist(j, j, 1, length(r[1])))),
      makelist(i, i, 1, length(r))))),
  if matrixp(f) then (if is(matrix_size(f) = [1, 1]) then f: f[1, 1] else return(false)),
  d: float(f),
  if numberp(d) then is(abs(d - r) <= room) else false);
cw_at(cw_e, cw_p) := block([simp], simp: true, ev(sublis(cw_p, cw_e), eval, nouns));
sigmoid(x) := if matrixp(x) then matrixmap(sigmoid, x) else 1/(1 + exp(-x));
relu(x) := if matrixp(x) then matrixmap(relu, x) else max(x, 0);
"""
LETTERS = Written(
    {"add": " + ", "subtract": " - ", "negative": "-", "multiply": "*", "divide": "/", "power": "^", "matmul": " . "},
    {"transpose": "transpose({})", "exp": "exp({})", "log": "log({})", "sqrt": "sqrt({})", "abs": "abs({})",
     "tanh": "tanh({})", "sin": "sin({})", "cos": "cos({})", "sigmoid": "sigmoid({})", "relu": "relu({})"},
    frozenset(("e", "i", "j", "pi", "gamma", "beta", "zeta")),
)  # fmt: skip
formula = LETTERS.formula
_FUNCTIONS = "transpose, sigmoid, relu, tanh"


def write(items: Sequence[Item], partial: int) -> str:
    """One question, with a variant for each item."""
    made = _Made(items, partial)
    pages = Pages(items)
    shown = [made.shown() for _ in items]
    texts = [_filled(pages.question(place, {task: f"\0{task}\0" for task in each}), each)
             for place, each in enumerate(shown)]  # fmt: skip
    solutions = [_plain(pages.solution(place)) for place, _ in enumerate(items)]
    name = items[0].sheet.title or items[0].title
    parts = [
        f"<name><text>{escape(name)}</text></name>",
        _text("questiontext", _together(texts)),
        _text("generalfeedback", _together(solutions)),
        "<defaultgrade>1</defaultgrade><penalty>0.1</penalty><hidden>0</hidden>",
        f"<questionvariables><text>{cdata(made.variables())}</text></questionvariables>",
        _text("specificfeedback", ""),
        f"<questionnote><text>{'{@cw_variant@}' if len(items) > 1 else ''}</text></questionnote>",
        "<questionsimplify>1</questionsimplify><assumepositive>0</assumepositive><assumereal>0</assumereal>",
        *(_text(f"prt{each}", "") for each in ("correct", "partiallycorrect", "incorrect")),
        "<multiplicationsign>dot</multiplicationsign><sqrtsign>1</sqrtsign><matrixparens>(</matrixparens>",
        *made.inputs(),
        *made.trees(),
        *(f"<deployedseed>{seed}</deployedseed>" for seed in range(1, SEEDS * len(items) + 1) if len(items) > 1),
    ]
    question = "\n".join(parts)
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}\n<quiz>\n{category(items[0])}\n<question type="stack">\n{question}\n</question>\n</quiz>\n'


def _text(tag: str, html: str) -> str:
    return f'<{tag} format="html"><text>{cdata(html)}</text></{tag}>'


def _plain(html: str) -> str:
    """HTML in which STACK puts in nothing."""
    return html.replace("[[", "&#91;[").replace("{@", "{&#64;").replace("{#", "{&#35;")


def _filled(html: str, shown: dict[str, str]) -> str:
    parts = _plain(html).split("\0")
    return "".join(shown[part] if number % 2 else part for number, part in enumerate(parts))


def _together(texts: Sequence[str]) -> str:
    """The texts of all variants as one, in which what differs stands under its variant, line by line."""
    lines = [text.split("\n") for text in texts]
    if len({len(each) for each in lines}) > 1:
        lines = [[text] for text in texts]
    return "\n".join(each[0] if len(set(each)) == 1 else _chosen(each) for each in zip(*lines, strict=True))


def _chosen(texts: Sequence[str]) -> str:
    first, *others = (f'test="cw_variant={number}"]]{text}' for number, text in enumerate(texts, 1))
    return f"[[if {first}{''.join(f'[[elif {other}' for other in others)}[[/if]]"


def _string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _list(parts: Sequence[Any]) -> str:
    return f"[{', '.join(map(str, parts))}]"


class _Made:
    """What the question is made of: the fields of the first item, and the numbers of all."""

    def __init__(self, items: Sequence[Item], partial: int) -> None:
        self.items, self.partial = items, partial
        self.fields = [(task, field) for task, each in items[0].fields().items() for field in each]
        self.cells = [[cell for _, _, cell in item.numbered().values()] for item in items]
        self.every = [[field for each in item.fields().values() for field in each] for item in items]
        self.carried = [carried(item) for item in items]

    def shown(self) -> dict[str, str]:
        """The fields of every exercise."""
        found: dict[str, list[str]] = {task: [] for task in self.items[0].fields()}
        for number, (task, field) in enumerate(self.fields, 1):
            place = f"[[input:ans{number}]] [[validation:ans{number}]] [[feedback:prt{number}]]"
            hint = field.formula.hint("A.B", "transpose(A)", self.items[0].sheet.language) if field.formula else ""
            found[task].append(f"<div>\\({escape(field.latex, quote=False)}\\) = {place} {escape(hint)}</div>")
        return {task: "".join(each) for task, each in found.items()}

    def variables(self) -> str:
        """The question variables."""
        count = len(self.cells[0])
        rooms = [[decimal(cell.tolerance, 10) for cell in each] for each in self.cells]
        offs = [[decimal(one[n].room, 10) if n in one else 0 for n in range(1, count + 1)] for one in self.carried]
        lines = [f"cw_variant: {f'rand({len(self.items)}) + 1' if len(self.items) > 1 else '1'};"]
        rights = [[decimal(cell.value) for cell in each] for each in self.cells]
        for name, values in (("right", rights), ("room", rooms), ("off", offs)):
            lines.append(f"cw_{name}: {self._of_variant(list(map(_list, values)))};")
        for name in ("used", "beside"):
            lists = [_list([_list(self._cells(one, n, name)) for n in range(1, count + 1)]) for one in self.carried]
            lines.append(f"cw_{name}: {self._of_variant(lists)};")
        lines += [*self._ways(), _VERDICTS]
        for number, (_, field) in enumerate(self.fields, 1):
            if field.formula is not None and f"cw_point{number})" in self._at_a_point(number):
                letters = (f"{word}={_matrix(rows)}" for word, rows in field.formula.letters.items())
                lines.append(f"cw_point{number}: {_list(list(letters))};")
            lines.append(f"ta{number}: {self._of_variant([_answer(each[number - 1]) for each in self.every])};")
            if not field.cells and field.formula is None:
                words = [_string(each[number - 1].word) for each in self.every]
                lines.append(f"cw_word{number}: {self._of_variant(words)};")
        return "\n".join(lines)

    def _of_variant(self, values: list[str]) -> str:
        return values[0] if len(set(values)) == 1 else f"{_list(values)}[cw_variant]"

    def _cells(self, found: dict[int, Any], number: int, name: str) -> Sequence[int]:
        one = found.get(number)
        return () if one is None else one.cells if name == "used" else one.beside

    def _ways(self) -> Iterator[str]:
        """How each cell follows: one text for all variants where they differ in numbers alone, which `cw_k` holds."""
        numbers: list[list[str]] = [[] for _ in self.items]
        branches = []
        for number in sorted({number for one in self.carried for number in one}):
            ways = [MAXIMA.write(one[number].expression) if number in one else "null" for one in self.carried]
            parts = [_NUMBER.split(way) for way in ways]
            if all(part == parts[0] for part in parts):
                found = list(zip(*map(_NUMBER.findall, ways), strict=True))
                slots = []
                for values in found:
                    if len(set(values)) == 1:
                        slots.append(values[0])
                        continue
                    for own, value in zip(numbers, values, strict=True):
                        own.append(value)
                    slots.append(f"cw_k[{len(numbers[0])}]")
                way = "".join(text + slot for text, slot in zip(parts[0], [*slots, ""], strict=True))
            else:
                *some, last = ways
                chosen = "".join(f"if cw_variant = {place} then {one} else " for place, one in enumerate(some, 1))
                way = f"({chosen}{last})"
            branches.append(f"if i = {number} then return({way})")
        yield f"cw_k: {self._of_variant(list(map(_list, numbers)))};"
        yield f"cw_way(i, c) := block([simp], simp: true, {', '.join([*branches, 'null'])});"

    def inputs(self) -> Iterator[str]:
        """A matrix is one input; a word is chosen, or typed."""
        for number, (_, field) in enumerate(self.fields, 1):
            single = field.is_single
            kind = "algebraic" if single or field.formula else "matrix" if field.cells else "dropdown"
            kind = "string" if kind == "dropdown" and not field.choices else kind
            more = "allowempty" if field.cells or not field.choices else ""
            allowed = _FUNCTIONS if field.formula else ""
            yield (
                f"<input><name>ans{number}</name><type>{kind}</type><tans>ta{number}</tans><boxsize>12</boxsize>"
                "<strictsyntax>1</strictsyntax><insertstars>0</insertstars><syntaxhint></syntaxhint>"
                "<syntaxattribute>0</syntaxattribute><forbidwords></forbidwords>"
                f"<allowwords>{allowed}</allowwords>"
                "<forbidfloat>0</forbidfloat><requirelowestterms>0</requirelowestterms><checkanswertype>0</checkanswertype>"
                f"<mustverify>0</mustverify><showvalidation>{0 if kind == 'dropdown' else 3}</showvalidation>"
                f"<options>{more}</options></input>"
            )

    def trees(self) -> Iterator[str]:
        """A potential response tree for each field."""
        first = 1
        for number, (_, field) in enumerate(self.fields, 1):
            weight = field.weight + sum(cell.weight for cell in field.numbers)
            size = sum(map(len, field.cells))
            nodes = list(self._nodes(number, first, field)) if field.cells else [_word_node(number)]
            given = self._given(number, first + size - 1) if field.cells else ""
            if field.formula is not None:
                given, nodes = self._at_a_point(number), [_node(0, "cw_same", 1.0, "", -1, -1, f"{number}-1")]
            first += size
            yield (
                f"<prt><name>prt{number}</name><value>{decimal(float(weight), 10)}</value>"
                "<autosimplify>1</autosimplify><feedbackstyle>1</feedbackstyle>"
                f"<feedbackvariables><text>{cdata(given)}</text></feedbackvariables>{''.join(nodes)}</prt>"
            )

    def _at_a_point(self, number: int) -> str:
        """What was typed, with numbers for its letters, and whether it comes to the right value."""
        task, field = self.fields[number - 1]
        assert field.formula is not None
        first = [one for one, _ in self.fields].index(task) + 1
        return (
            f"cw_f: errcatch(cw_at(ans{number}, cw_point{first}));\n"
            f"cw_same: if emptyp(cw_f) then false else cw_alike(first(cw_f), {_matrix(field.formula.value)}, "
            f"{decimal(field.formula.room, 10)});"
        )

    def _given(self, own: int, last: int) -> str:
        """The numbers that were typed up to this field, and the verdicts on them."""
        typed = []
        for number, (_, field) in enumerate(self.fields[:own], 1):
            single = field.is_single
            for row, cells in enumerate(field.cells, 1):
                for column, _ in enumerate(cells, 1):
                    typed.append(f"cw_number(ans{number}{'' if single else f'[{row},{column}]'})")
        assert len(typed) == last
        return f"cw_t: {_list(typed)};\ncw_v: cw_verdicts(cw_t);"

    def _nodes(self, tree: int, first: int, field: Field) -> Iterator[str]:
        """The nodes, cell by cell: right, following, then every mistake; all lead on to the next cell."""
        count = sum(map(len, field.cells))
        tests = [self._tests(number, count) for number in range(first, first + count)]
        starts = [sum(map(len, tests[:place])) for place in range(count)]
        for place, each in enumerate(tests):
            after = starts[place + 1] if place + 1 < count else -1
            for step, (test, score, said) in enumerate(each):
                node = starts[place] + step
                following = node + 1 if step + 1 < len(each) else after
                yield _node(node, test, score, said, after, following, f"{tree}-{place + 1}-{step + 1}")

    def _tests(self, number: int, count: int) -> list[tuple[str, float, str]]:
        """What is asked of a cell, what it earns, and what is said."""
        language = self.items[0].sheet.language
        found = [(f"is(cw_v[{number}] = 1)", 1 / count, "")]
        if any(number in one for one in self.carried):
            share = float(self.items[0].follows)
            found.append((f"is(cw_v[{number}] = 2)", share / count, say(language, "step.follows")))
        cells = [each[number - 1] for each in self.cells]
        for hint in dict.fromkeys(wrong.hint for cell in cells for wrong in cell.wrong):
            near = [_any_near(number, cell, hint) for cell in cells]
            found.append((self._of_variant(near), self.partial / 100 / count, hint))
        return found


def _any_near(number: int, cell: Cell, hint: str) -> str:
    values = [wrong for wrong in cell.wrong if wrong.hint == hint]
    tests = [f"cw_near(cw_t[{number}], {decimal(one.value)}, {decimal(one.tolerance, 10)})" for one in values]
    return " or ".join(tests) or "false"


def _matrix(rows: Rows) -> str:
    written = [_list([decimal(cell) for cell in row]) for row in rows]
    return decimal(rows[0][0]) if len(rows) == 1 == len(rows[0]) else f"matrix({', '.join(written)})"


def _answer(field: Field) -> str:
    if field.formula is not None:
        return LETTERS.write(field.formula.expression, field.formula.names) or ""
    if not field.cells:
        if not field.choices:
            return _string(field.word)
        return _list([_list([_string(each), "true" if each == field.word else "false"]) for each in field.choices])
    rows = [_list([decimal(cell.value) for cell in row]) for row in field.cells]
    return decimal(field.cells[0][0].value) if field.is_single else f"matrix({', '.join(rows)})"


def _word_node(number: int) -> str:
    return _node(0, f"ans{number}", 1.0, "", -1, -1, f"{number}-1", f"cw_word{number}", "StringSloppy")


def _node(
    number: int, test: str, score: float, said: str, after: int, otherwise: int, note: str, right: str = "true",
    kind: str = "AlgEquiv",
) -> str:  # fmt: skip
    feedback = escape(said, quote=False).replace("[[", "&#91;[").replace("{@", "{&#64;").replace("{#", "{&#35;")
    return (
        f"<node><name>{number}</name><answertest>{kind}</answertest><sans>{escape(test, quote=False)}</sans>"
        f"<tans>{right}</tans><testoptions></testoptions><quiet>1</quiet>"
        f"<truescoremode>+</truescoremode><truescore>{decimal(score, 10)}</truescore><truepenalty></truepenalty>"
        f"<truenextnode>{after}</truenextnode><trueanswernote>{note}-T</trueanswernote>"
        f'<truefeedback format="html"><text>{cdata(f"<p>{feedback}</p>" if said else "")}</text></truefeedback>'
        "<falsescoremode>+</falsescoremode><falsescore>0</falsescore><falsepenalty></falsepenalty>"
        f"<falsenextnode>{otherwise}</falsenextnode><falseanswernote>{note}-F</falseanswernote>"
        '<falsefeedback format="html"><text></text></falsefeedback></node>'
    )
