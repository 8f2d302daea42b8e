r"""From a formula as documents have it to statements as the reader takes them.

What is only looks goes away; what stands beside each other (rows, commas, arrows, words) becomes statements of their
own; columns and rows that are written in other ways become matrices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalkwork.verification.numerals import plain_numbers
from chalkwork.verification.tuples import TURNED, tuples

_LOOKS = re.compile(
    r"\\(?:label|tag\*?|hspace\*?|vspace\*?|eqref|ref|phantom|hphantom|vphantom)\s*\{[^{}]*\}"
    r"|\\(?:nonumber|notag|displaystyle|textstyle|limits|nolimits|hfill|noindent|centering|boxed(?=\s*\{))"
    r"|\\(?:left|right)\s*\.|\\[!;:,>]|\\mathstrut|\\,|(?<!\\)~"
)
_SPACE = re.compile(r"(?<!\\)((?:\\\\)*)\\ ")
_BRACE = re.compile(r"\\(?:under|over)brace\s*")
_SIZES = re.compile(r"\\(?:big|Big|bigg|Bigg)[lrm]?(?![A-Za-z])")
_WORDS = re.compile(r"\\(?:text|textrm|textbf|textit|mbox|mathrm|hbox|texttt)\s*\{([^{}]*)\}")
_ARROWS = (
    r"\\(?:Rightarrow|Longrightarrow|implies|iff|Leftrightarrow|Longleftrightarrow|therefore|because|quad|qquad"
    r"|longrightarrow|rightarrow|to)(?![A-Za-z])|[⇒⟹⇔]"
)
_SEPARATOR = re.compile(rf"(?P<arrow>{_ARROWS})|(?P<row>\\\\(?:\[[^\]]*\])?)|(?P<comma>[,;](?=\s|$|\\))")
_TOKEN = re.compile(
    r"\\begin\{\w+\*?\}(?:\{[^{}]*\})?|\\end\{\w+\*?\}|\\[{}]|\\(?:left|right)(?![A-Za-z])\s*[\\]?.|\\[A-Za-z]+|\\\\|.",
    re.DOTALL,
)
_OPENS = re.compile(r"\\begin|\\left(?!arrow)|\\\{|[({\[]")
_CLOSES = re.compile(r"\\end|\\right(?!arrow)|\\\}|[)}\]]")
_ALIGNING = re.compile(
    r"\\(?:begin|end)\{(?:aligned|align|alignedat|split|gather|gathered|equation|eqnarray|multline)\*?\}(?:\{[^{}]*\})?"
)
_NAMES = r"\\?[A-Za-z]+(?:\s*_\s*(?:\w|\{[^{}]*\}))?"
_PAIR = re.compile(
    rf"^\s*\(?\s*(?P<names>{_NAMES}(?:\s*,\s*{_NAMES})+)\s*\)?\s*(?P<relation>=|\\approx)"
    rf"\s*\\begin\{{pmatrix\}}(?P<values>[^&]*?)\\end\{{pmatrix\}}\s*$"
)
_MATRIX = re.compile(r"\\(begin|end)\{(?:b|B|small|)matrix\*?\}|\\(begin|end)\{array\}(?:\{[^{}]*\})?")
_RELATION = re.compile(
    r"[=<>≤≥≈≠]|\\(?:le|leq|leqslant|ge|geq|geqslant|lt|gt|ne|neq|approx|equiv|simeq|coloneqq|leftarrow|gets)(?![A-Za-z])"
)
_ARROW_LEFT = re.compile(r"\\(?:leftarrow|gets|coloneqq)(?![A-Za-z])|:=|←|\\equiv(?![A-Za-z])")
_NEAR = re.compile(r"\\(?:approx|simeq|thickapprox|doteq)(?![A-Za-z])|≈|≃|\\sim(?=\s*[0-9])")
_NUMBER = r"[-+−]?\s*(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:\s*(?:e[-+]?[0-9]+|\\(?:times|cdot)\s*10\^\{?[-+]?[0-9]+\}?))?"
_ROW_OF_NUMBERS = re.compile(
    rf"(?<![A-Za-z0-9)}}\]])\[\s*({_NUMBER}(?:(?:\s*[,;&]\s*|\s*\\ +|\s+){_NUMBER})+)\s*\]({TURNED})?"
)
_NABLA = re.compile(r"(\\nabla(?:\s*\^\s*\{?2\}?)?\s*[a-z])\s+(?=\()")
_HEIGHT = re.compile(r"\\(?:left|right)\s*([()\[\]])")
_GOES_ON = re.compile(r"\s*(?:[+*/·−-]|\\(?:cdot|circ|odot|times|pm)(?![A-Za-z]))")
_FACTOR = re.compile(r"\s*\\(?:sum|prod)(?![A-Za-z])")
_BEGINS = re.compile(r"\s*(?:[=<>≤≥≈]|\\(?:le|ge|leq|geq|approx)(?![A-Za-z]))")
_APART = re.compile(r"\\hspace\*?\s*\{[^{}]*\}|\\hfill(?![A-Za-z])")
_DOTS = re.compile(r"=\s*(?:\\(?:dots|cdots|ldots)|\.\.\.|…)\s*=")
_SHORT = re.compile(r"\\(frac|dfrac|tfrac)\s*([0-9])\s*([0-9])(?![0-9])")
_APART_LETTERS = re.compile(
    r"(?<![A-Za-z\\] )(?<![A-Za-z\\{])(?:l o g|e x p|t a n h|s i n|c o s)(?! ?[A-Za-z] [A-Za-z])(?![A-Za-z])"
)
_BARE = re.compile(
    r"(?<![A-Za-z\\_{])(?:(log|ln|exp|tanh|sin|cos|tan)\s+(?=[0-9.]|[A-Za-z](?![A-Za-z])|\\(?:frac|sigma|hat))"
    r"|(log)(?=_(?:[0-9]|\{[0-9]+\})\s+[0-9\\]))"
)
_ELEMENT = re.compile(r"\\in(?![A-Za-z])|∈")
_TUPLE = re.compile(
    rf"(?<![A-Za-z0-9)}}\]_])(?<!_\{{)(?:\\left)?\(\s*({_NUMBER}(?:\s*[,;]\s*{_NUMBER})+)\s*(?:\\right)?\)({TURNED})?"
)
_IN_BRACES = r"\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}"
_ABOVE = re.compile(
    r"\\(?:stackrel|overset)\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}\s*\{\s*(:?=|\\approx|\\sim|\\le|\\ge)\s*\}"
)
_BELOW = re.compile(rf"\\underset\s*{_IN_BRACES}\s*{_IN_BRACES}")
_MATHOP = re.compile(rf"\\mathop\s*{_IN_BRACES}")
_BESIDE = re.compile(r"\s*&?\s*(?:[=+*/^_]|\\(?:cdot|times|approx)(?![A-Za-z]))")
_SAID = re.compile(
    r"^\s*(?:where|with|and|so|hence|thus|then|we have|since|for|if|let|is|or|i\.e\.?)\b\s*", re.IGNORECASE
)
MOST_STATEMENTS = 60


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a formula, in the reader's spelling; `near` says which of its relations are ≈.

    `goes_on` where it begins with a relation, and continues the statement before.
    """

    text: str
    near: tuple[bool, ...]
    line: int = 0
    """How many lines below the formula's first it begins."""

    @property
    def goes_on(self) -> bool:
        """Whether it begins with a relation."""
        return bool(re.match(r"\s*(?:[=<>≤≥≠]|!=|\\(?:le|ge|ne|lt|gt)(?![A-Za-z]))", self.text))


def statements(formula: str) -> list[Statement]:
    r"""The statements in a formula.

    >>> [one.text for one in statements(r"a = 1, \quad b = \left[1 \ 2\right]^T \tag{3}")]
    ['a = 1', 'b = \\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}']
    >>> [one.text for one in statements(r"\begin{aligned} a &= b + c \\ &= 5.\end{aligned}")]
    ['a = b + c', '= 5']
    >>> statements(r"L \approx 0.79 \text{ (rounded)}")
    [Statement(text='L = 0.79', near=(True,), line=0)]
    """
    found = []
    for text, line in _joined(_split(_plain(formula))):
        text = _ELEMENT.split(text)[0].rstrip("\\ ")
        cleaned = _SAID.sub("", text).strip().rstrip(".,;:").strip()
        if _RELATION.search(cleaned):
            found += [_stated(one, line) for one in _apart(cleaned)]
    return found[:MOST_STATEMENTS]


def _apart(text: str) -> list[str]:
    """(a, b) = (1, 2) as two statements; a list of names as a column."""
    pair = _PAIR.match(text)
    if pair is not None:
        names = [name.strip() for name in pair["names"].split(",")]
        values = [value.strip() for value in pair["values"].split("\\\\")]
        if len(names) == len(values):
            return [f"{name} {pair['relation']} {value}" for name, value in zip(names, values, strict=True)]
    return [tuples(text)]


def _joined(parts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The parts, with a row behind the one that it goes on from: by an operator, or by a relation where none was."""
    found: list[tuple[str, int]] = []
    for text, line in parts:
        if not text.strip():
            continue
        factor = _FACTOR.match(text) and not _RELATION.search(re.sub(r"\{[^{}]*\}", "", text))
        if found and (_GOES_ON.match(text) or factor or (_BEGINS.match(text) and not _RELATION.search(found[-1][0]))):
            found[-1] = (f"{found[-1][0]} {text}", found[-1][1])
        else:
            found.append((text, line))
    return found


def _stated(text: str, line: int) -> Statement:
    """The statement with every ≈ as =, and which were."""
    near = []
    for relation in _RELATION.finditer(text):
        if relation.group() == "=" and text[max(0, relation.start() - 1)] in "<>!:=":
            continue
        near.append(bool(_NEAR.match(text, relation.start())))
    return Statement(" ".join(_ARROW_LEFT.sub("=", _NEAR.sub("=", text)).split()), tuple(near), line)


def _plain(text: str) -> str:
    """The formula without what is only looks, its matrices in one spelling."""
    text = (
        text.replace("\u200b", "")
        .replace("\u00a0", " ")
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
    )
    text = _ALIGNING.sub(" ", _APART.sub(r" \\quad ", text))
    text = _DOTS.sub("=", _ABOVE.sub(r" \1 ", text))
    text = _BELOW.sub(r"\2_{\1}", _MATHOP.sub(r"\1", text))
    text = plain_numbers(_SHORT.sub(r"\\frac{\2}{\3}", text))
    text = _BARE.sub(r"\\\1\2 ", _APART_LETTERS.sub(lambda found: rf"\{found.group().replace(' ', '')} ", text))
    text = _MATRIX.sub(lambda found: rf"\{found[1] or found[2]}{{pmatrix}}", text)
    text = _NABLA.sub(r"\1", _SIZES.sub(" ", _without_braces(text)))
    text = _HEIGHT.sub(r"\1", text)
    text = _TUPLE.sub(_as_column, _ROW_OF_NUMBERS.sub(_as_matrix, text))
    text = _WORDS.sub(_said, text)
    return _SPACE.sub(r"\1 ", _LOOKS.sub(" ", text))


def _without_braces(text: str) -> str:
    """Without \\underbrace and what is written below it."""
    while found := _BRACE.search(text):
        start = found.end()
        end = _group_end(text, start)
        inside, rest = text[start + 1 : end - 1], text[end:]
        note = re.match(r"\s*[_^]\s*(?:\\[a-z]+\s*)?(?=\{)", rest)
        if note:
            rest = rest[_group_end(rest, note.end()) :]
        text = text[: found.start()] + "{" + inside + "}" + rest
    return text


def _group_end(text: str, start: int) -> int:
    """Behind the group in braces that begins there, or behind one sign."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth <= 0:
            return place + 1
    return len(text)


def _said(found: re.Match[str]) -> str:
    """A word is part of a name where it hangs below or above one, or stands alone as one; a phrase divides."""
    inside = found[1].strip()
    if not inside:
        return " "
    before = found.string[: found.start()].rstrip()
    plain = re.sub(r"[^A-Za-z0-9]", "", inside)
    if before.endswith(("_", "^")):
        return f"{{{plain}}}"
    if before.endswith("{") and before[:-1].rstrip().endswith(("_", "^")):
        return plain
    beside = before.endswith(("=", "+", "-", "*", "/", r"\cdot", r"\times", "&")) or _BESIDE.match(
        found.string, found.end()
    )
    if beside and re.fullmatch(r"[A-Za-z]+(?: [A-Za-z]+){1,3}", inside) and not _SAID.match(inside):
        return rf"\mathrm{{{inside.replace(' ', '')}}}"
    if re.fullmatch(r"[A-Za-z]+(?:[-_][A-Za-z]+)*", inside) and not _SAID.match(inside + " "):
        return rf"\mathrm{{{re.sub(r'[^A-Za-z]', '', inside)}}}"
    return r" \quad "


def _as_matrix(found: re.Match[str]) -> str:
    """[1, 0], [1 \\ 0], [0.1; 0.2] as a matrix; a column where it is turned, or its entries stand below each other."""
    inside, turned = found[1], bool(found[2])
    rows = [re.findall(_NUMBER, row) for row in inside.split(";")]
    if turned:
        rows = [list(row) for row in zip(*rows, strict=False)] if len({len(row) for row in rows}) == 1 else rows
    written = r" \\ ".join(" & ".join(one.strip() for one in row) for row in rows)
    return rf"\begin{{pmatrix}} {written} \end{{pmatrix}}"


def _as_column(found: re.Match[str]) -> str:
    """(1, 2) and its transpose: a vector is a column."""
    below = r" \\ ".join(one.strip() for one in re.findall(_NUMBER, found[1]))
    return rf"\begin{{pmatrix}} {below} \end{{pmatrix}}"


def _split(text: str) -> list[tuple[str, int]]:
    """The parts between rows, arrows and commas outside of all brackets, each with the line on which it begins."""
    parts, depth, start, place = [], 0, 0, 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        assert token is not None
        word = token.group()
        if _OPENS.match(word):
            depth += 1
        elif _CLOSES.match(word):
            depth = max(0, depth - 1)
        elif depth == 0 and (separator := _SEPARATOR.match(text, place)):
            parts.append((start, text[start:place]))
            place = start = separator.end()
            continue
        place = token.end()
    parts.append((start, text[start:]))
    return [(_unaligned(part), text.count("\n", 0, at + len(part) - len(part.lstrip()))) for at, part in parts]


def _unaligned(text: str) -> str:
    """Without the & and the ends of lines that only align, those in matrices kept."""
    kept, depth = [], 0
    for token in _TOKEN.findall(text):
        depth += token.startswith(r"\begin") - token.startswith(r"\end")
        only_looks = token in ("&", r"\\", r"\quad", r"\qquad") and depth == 0
        kept.append(" " if only_looks else token)
    return "".join(kept)
