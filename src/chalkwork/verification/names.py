r"""Names as documents write them: w^{[\ell-1]}, p(x; \theta), \frac{\partial E}{\partial w}, h_{t-1}.

The reader takes letters with plain indices. What is more than that becomes a word of its own, the same for the same
spelling, so that a formula is read although nothing is known of such a name but where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from chalkwork.algebra.reading.words import ACCENTS, FUNCTIONS, GREEK
from chalkwork.errors import ChalkworkError

_GREEK = "|".join(
    sorted(
        {*GREEK.values(), "varepsilon", "vartheta", "varphi", "ell", "nabla", "hbar", "Upsilon", "Xi", "Pi", "Sigma"},
        key=len,
        reverse=True,
    )
)
_LOOK = (
    r"hat|bar|tilde|vec|mathbf|boldsymbol|bm|mathcal|mathbb|mathrm|overline|widehat|widetilde|dot|ddot|underline"
    r"|operatorname\*?"
)
SIGN = r"(?:\\partial|d|\\mathrm\s*\{\s*d\s*\})"
"""What stands before a variable in a derivative."""
_BASE = re.compile(
    rf"\\(?:{_LOOK})\s*(?:\{{[^{{}}]*(?:\{{[^{{}}]*\}}[^{{}}]*)*\}}|\\[A-Za-z]+|[A-Za-z])"
    rf"|\\(?:{_GREEK})(?![A-Za-z])|(?<![\\A-Za-z])[A-Za-z]+"
)
_PLAIN_ACCENT = re.compile(rf"\\(?:{'|'.join(ACCENTS)}|mathbf|mathrm|vec|boldsymbol|bm)\s*\{{?\s*\\?[A-Za-z]+\s*\}}?")
_SIMPLE_INDEX = re.compile(r"_(?:[A-Za-z0-9]|\{\s*[A-Za-z0-9]+\s*\})")
_SIMPLE_LAYER = re.compile(
    r"\^\{\s*(?:\[\s*[0-9]+\s*\]|\(\s*[0-9]+\s*\))\s*(?:,?\s*(?:\\top|T|\\mathrm\s*\{\s*T\s*\}))?\s*\}"
)
_LABEL = re.compile(
    r"^(?:[\[(].*[\])]|\\(?:text|mathrm)\{[A-Za-z]+\}|new|old|\*|\\ast|\\star|(?:\\prime)+|\+|\\dagger)(?:\s*,?\s*(?:\\top|T|\\intercal))?$",
    re.DOTALL,
)
_BIG = re.compile(
    r"\\(?:sum|prod|max|min|argmax|argmin|lim|int|sup|inf|bigcup|bigcap|mathbb\s*\{?\s*E\s*\}?|nabla|Pr|det|(?:operatorname\*?|mathrm)\s*\{\s*(?:arg\s*(?:\\,)?\s*)?(?:max|min)\s*\}|argmax|argmin)(?![A-Za-z])|(?<![\\A-Za-z_^{])(?:E|Var|Cov|Pr|P)(?=\s*(?:_\w|_\{[^{}]*\})?\s*\[)|(?<![\\A-Za-z])arg(?:\s*\\(?:max|min))?(?![A-Za-z])"
)
_NUMERIC_BOUNDS = re.compile(r"\\(?:sum|prod)\s*_\s*\{\s*[A-Za-z]\s*=\s*[0-9]+\s*\}\s*\^\s*(?:\{\s*[0-9]+\s*\}|[0-9])")
_DIFFERENTIAL = re.compile(
    r"(?:(?<![A-Za-z\\])d|\\mathrm\s*\{\s*d\s*\})\s*(?:\\(?:mathbf|boldsymbol)\s*\{\s*[a-z]\s*\}|\\[a-z]+|[A-Za-z])(?![A-Za-z])"
    r"|(?:(?<![A-Za-z\\])d)[a-z](?=d[a-z](?![A-Za-z]))"
)
_GRADIENT_OF = re.compile(
    r"\s*(?:\\(?:mathcal|mathrm|hat|tilde)\s*\{\s*[A-Za-z]+\s*\}|\\ell(?![A-Za-z])|[A-Za-z])"
    r"(?:_(?:[A-Za-z0-9]|\{[^{}]*\}))?(?![A-Za-z^])(?:\s*\()?"
)
_UNTOLD = re.compile(
    r"\\begin\{(?P<kind>cases\*?|[vV]matrix)\}.*?\\end\{(?P=kind)\}"
    r"|(?:\\[lr]?Vert|\\\||‖)[^=]+?(?:\\[lr]?Vert|\\\||‖)(?:\s*_\s*(?:\{[^{}]*\}|\w))?(?:\s*\^\s*(?:\{[^{}]*\}|\w))?"
    r"|(?:\\\{|\[|(?<![A-Za-z}\])])\()[^()\[\]]*,\s*(?:\\(?:[cl]?dots)|\.\.\.)\s*,[^\[\]]*?(?:\\\}|\]|\)(?![^,]*\\\}))"
    r"|\\\{(?:[^{}]|\{[^{}]*\})*?(?:\\mid|\||:)(?:[^{}]|\{[^{}]*\})*\\\}"
    r"|\\begin\{pmatrix\}(?:(?!\\end\{pmatrix\}).)*?(?:\\(?:[vdcl]?dots|ddots|iddots)|&\s*(?:&|\\\\|\\end))"
    r"(?:(?!\\begin\{pmatrix\}).)*?\\end\{pmatrix\}",
    re.DOTALL,
)
_ENTRY = re.compile(
    r"(?:(?<![A-Za-z}_)\]])\([^()]*\)|(?<![A-Za-z}_)\]])\[[^\[\]]*\])\s*_\s*(?:\{[^{}]*\}|\w)"  # (A v)_i
    r"|\\\{[^{}]*,[^{}]*\\\}(?:\s*[_^]\s*(?:\{[^{}]*\}|\w))*"  # {1, 2}
)
_DOTS = re.compile(r"\\[cl]?dots[bcm]?(?![A-Za-z])|\.\.\.|…")
_UNSEEN = re.compile(r"[\s{}]|\\[,;!: ]")
_WORD = "Z_"
NOT_READ = frozenset(("gcd", "lcm", "round", "trunc", "mod"))
"""Functions that everybody knows and this reader does not: no unknown names that a document may give values."""


@dataclass
class Spellings:
    """The words that stand for names, each with its spelling."""

    words: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    """How each word was written first."""

    def word(self, spelling: str, kind: str = "name") -> str:
        """The word for a name of this spelling."""
        key = f"{kind}:{_UNSEEN.sub('', spelling)}"
        if key not in self.words:
            number, letters = len(self.words), ""
            while True:
                letters += chr(ord("a") + number % 26)
                number //= 26
                if not number:
                    break
            self.words[key] = f"{_WORD}{kind}{letters}"
            self.written[self.words[key]] = spelling
        return self.words[key]

    def known(self) -> set[str]:
        """All words so far."""
        return set(self.words.values())


def group_end(text: str, start: int) -> int:
    """Behind the group in brackets that opens there; the end of the text if it is not closed."""
    closing = {"{": "}", "(": ")", "[": "]"}.get(text[start : start + 1])
    if closing is None:
        return min(start + 1, len(text))
    depth = 0
    for place in range(start, len(text)):
        if text[place] == text[start]:
            depth += 1
        elif text[place] == closing:
            depth -= 1
            if not depth:
                return place + 1
    return len(text)


def group_start(text: str, closing: int) -> int:
    """Where the bracket opens that closes there."""
    depth = 0
    for place in range(closing, -1, -1):
        depth += {")": 1, "(": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise ChalkworkError("a bracket is not opened")


def decorated(text: str, spellings: Spellings, whole_words: set[str]) -> str:
    """The text with every name that hangs more than plain indices on its letter as a word.

    `whole_words` are runs of letters that are one name.

    >>> spellings = Spellings()
    >>> decorated(r"w^{[\\ell-1]} x_1 + h_{t-1}^2", spellings, set())
    ' Z_namea  x_1 +  Z_nameb ^2'
    >>> decorated(r"w^{ [\\ell - 1] }", spellings, set()).strip()
    'Z_namea'
    """
    parts, place = [], 0
    for base in _bases(text, whole_words):
        if base.start() < place:
            continue
        end, turned, simple = _decorations(text, base.end())
        own = base.group()
        accent = own.startswith("\\") and not re.fullmatch(rf"\\(?:{_GREEK})", own)
        plain_accent = bool(accent and _PLAIN_ACCENT.fullmatch(own))
        parts.append(text[place : base.start()])
        upright = re.fullmatch(r"\\(?:mathrm|operatorname\*?)\s*\{\s*([A-Za-z]{2,})\s*\}", own)
        if upright and upright[1].lower() in NOT_READ and text[base.end() :].lstrip().startswith("("):
            raise ChalkworkError(f"the function {upright[1]} is not read")
        if upright and upright[1] in FUNCTIONS and upright[1] not in whole_words:
            parts.append(text[base.start() : base.end()])
            place = base.end()
            continue
        plain_accent = plain_accent and not upright
        named = own in whole_words and end > base.end()
        if simple and (not accent or plain_accent) and not own.startswith((r"\ell", r"\nabla")) and not named:
            parts.append(f" {own} " + text[base.end() : end] if own in whole_words else text[base.start() : end])
        else:
            parts.append(f" {spellings.word(text[base.start() : end])} " + (r"^\top " if turned else ""))
        place = end
    parts.append(text[place:])
    return "".join(parts)


def _bases(text: str, whole_words: set[str]) -> Iterator[re.Match[str]]:
    """Where a name can begin: a letter, a Greek one, one with something above it, a word that is one name."""
    for found in _BASE.finditer(text):
        run = found.group()
        inside_command = re.search(r"\\(?:begin|end)\{$", text[: found.start()])
        if inside_command:
            continue
        if run.isalpha() and len(run) > 1 and run not in whole_words:
            if run in FUNCTIONS or run.startswith(_WORD):
                continue
            last = re.compile(r"[A-Za-z]").match(text, found.end() - 1)  # only the last letter has what hangs on it
            if last:
                yield last
            continue
        yield found


def _decorations(text: str, start: int) -> tuple[int, bool, bool]:
    """Where what hangs on a name ends, whether it is turned by a label with a transpose, whether all is plain."""
    place, turned, simple, seen = start, False, True, ""
    while place < len(text):
        rest = re.compile(r"\s*([_^'])\s*").match(text, place)
        if rest is None:
            break
        if rest[1] == "'":
            break
        end = group_end(text, rest.end()) if text[rest.end() : rest.end() + 1] == "{" else _one_sign(text, rest.end())
        inside = text[rest.end() : end].strip()
        inside = inside[1:-1].strip() if inside.startswith("{") else inside
        if rest[1] == "^" and not _LABEL.match(inside):
            break
        seen += rest[1]
        if rest[1] == "_":
            simple &= bool(_SIMPLE_INDEX.fullmatch("_" + text[rest.end() : end].strip()))
        else:
            plain = bool(_SIMPLE_LAYER.fullmatch("^" + text[rest.end() : end].strip()))
            simple &= plain
            turned |= not plain and bool(re.search(r"(?:\\top|\\intercal|[\])]\s*,?\s*T)$", inside))
        place = end
    return place, turned, simple and not turned and not ("_" in seen and "^" in seen)


def _one_sign(text: str, start: int) -> int:
    found = re.compile(r"\\[A-Za-z]+|.", re.DOTALL).match(text, start)
    return found.end() if found else len(text)


def untold(text: str, spellings: Spellings) -> str:
    """Matrices with dots or gaps and distinctions of cases as words: nothing more is known of them."""
    text = _UNTOLD.sub(lambda found: f" {spellings.word(found.group(), 'untold')} ", text)
    text = _ENTRY.sub(lambda found: f" {spellings.word(found.group(), 'entry')} ", text)
    return _DOTS.sub(lambda found: f" {spellings.word(str(found.start()), 'dots')} ", text)


def opaque_operators(text: str, spellings: Spellings) -> str:
    r"""Sums without numeric bounds, expectations, maxima over something: a word each, which nothing is known of.

    >>> opaque_operators(r"\frac{1}{n} \sum_{i=1}^n x", Spellings())
    '\\frac{1}{n}  Z_opa  x'
    """
    parts, place = [], 0
    for found in _BIG.finditer(text):
        if found.start() < place or _NUMERIC_BOUNDS.match(text, found.start()):
            continue
        end = found.end()
        bounded = False
        while bound := re.compile(r"\s*[_^]\s*").match(text, end):
            end = (
                group_end(text, bound.end())
                if text[bound.end() : bound.end() + 1] == "{"
                else _one_sign(text, bound.end())
            )
            bounded = True
        name = found.group()
        if name == r"\nabla" and (of := _GRADIENT_OF.match(text, end)):
            end = group_end(text, of.end() - 1) if of.group().endswith("(") else of.end()
            parts += [text[place : found.start()], f" {spellings.word(text[found.start() : end])} "]
            place = end
            continue
        if name == r"\int" and (whole := _integral_end(text, end)):
            parts += [text[place : found.start()], f" {spellings.word(text[found.start() : whole], 'op')} "]
            place = whole
            continue
        if name in (r"\max", r"\min") and not bounded:
            continue
        parts += [text[place : found.start()], f" {spellings.word(text[found.start() : end], 'op')} "]
        place = end
        inner = re.compile(r"\s*(?=[\[(])").match(text, place)
        if inner and "E" not in name:
            parts[-1] += r"\cdot "
        if inner and "E" in name:  # an expectation of what stands in brackets
            place = group_end(text, inner.end())
            parts[-1] = f" {spellings.word(text[found.start() : place], 'op')} "
    parts.append(text[place:])
    return "".join(parts)


def _integral_end(text: str, start: int) -> int:
    """Behind as many differentials as there are signs of integrals, the first of which ends there; 0 without."""
    depth, wanted, place = 0, 1, start
    while place < len(text):
        sign = text[place]
        depth += (sign in "({[") - (sign in ")}]")
        if depth < 0 or (sign == "=" and not depth):
            return 0
        if not depth and text.startswith(r"\int", place):
            wanted += 1
        if not depth and (found := _DIFFERENTIAL.match(text, place)):
            wanted, place = wanted - 1, found.end()
            if wanted <= 0 and not _DIFFERENTIAL.match(text[place:].lstrip()):
                return place
            continue
        place += 1
    return 0


_APPLIED = re.compile(
    r"(?<![\\A-Za-z_])(?P<name>Z_[a-z]+|(?:[A-Za-z]+|\\(?:"
    + _GREEK
    + r")(?![A-Za-z]))(?:_[A-Za-z0-9](?![A-Za-z])|_\{\w+\})?)"
    r"(?P<primes>'*)\s*\("
)


def applications(text: str, spellings: Spellings, is_product: Callable[[str, str], bool | None]) -> str:
    r"""What stands before a bracket: a function known to the reader stays, a factor gets its sign, all else is a word.

    `is_product` says of a name and what stands in the brackets whether they are multiplied; None where it stays.
    """
    parts, place = [], 0
    for found in _APPLIED.finditer(text):
        if found.start() < place:
            continue
        end = group_end(text, found.end() - 1)
        product = is_product(found["name"], text[found.end() : end - 1])
        if product is None:
            continue
        if product:
            parts += [text[place : found.end() - 1], r" \cdot ("]
            place = found.end()
        else:
            parts += [text[place : found.start()], f" {spellings.word(text[found.start() : end], 'app')} "]
            place = end
    parts.append(text[place:])
    return "".join(parts)
