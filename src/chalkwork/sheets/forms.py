"""Forms to type answers into: keys in the sheet's own letters, as `check` understands them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from chalkwork.algebra.entries import split_entry
from chalkwork.documents.model import Block, Code, Paragraph
from chalkwork.solutions.exercise import Exercise
from chalkwork.typesetting.notation import GREEK, superscript
from chalkwork.words import say

MOST_KEYS = 8
"""Keys of steps that are explained one by one; of more only the first of those that differ in their number alone."""
_WORDS = {letter: word for word, letter in GREEK.items()}


def _plain(new: str) -> re.Pattern[str]:
    """A letter with its layer, and perhaps the mark of an update: what can be typed as it is printed."""
    letter, layer = rf"(?:[A-Za-z]{{1,12}}|[{''.join(_WORDS)}])", r"(?:[₀-₉]+|\[\d+\]|⁽[⁰¹²³⁴-⁹]+⁾)?"
    return re.compile(rf"{letter}{layer}(?:{superscript(new)}(?:⁽[⁰¹²³⁴-⁹]+⁾)?)?")


def form(part: Exercise) -> Iterator[Block]:
    """The block to fill in, and what its keys stand for."""
    keys = form_keys(part)
    symbols = part.solution.writer().symbols
    words, language = part.solution.setting.words, symbols.language
    other = {
        key: symbols[name]
        for name, key in keys.items()
        if name not in words and symbols[name].text not in (key, key.replace("_", " "))
    }
    first = {key.rstrip("0123456789"): key for key in reversed(other)}
    more = bool(part.solution.columns) and len(other) > MOST_KEYS
    other = {key: symbol for key, symbol in other.items() if not more or key in first.values()}
    latex, text = (
        ", ".join(
            say(language, "form.key", key=key, symbol=f"{mark}{getattr(symbol, kind)}{mark}")
            for key, symbol in other.items()
        )
        for kind, mark in (("latex", "$"), ("text", ""))
    )
    if other:
        goes_on = ", and so on" if more else ""
        kinds = (say(language, "form.how_and_keys", keys=f"{keys_said}{goes_on}") for keys_said in (latex, text))
        yield Paragraph(*kinds)
    else:
        yield Paragraph(say(language, "form.how"))
    whole = part.solution.columns.items()
    columns = [bare for bare, names in whole if set(names) <= set(part.asked) and bare.isascii()]
    if columns:
        one = columns[0]
        yield Paragraph(
            f"A whole column of the table may stand in one line, its rows between semicolons: `{one}: 1; 2; 3`; "
            f"so for {', '.join(f'`{bare}`' for bare in columns)}."
        )
    for question in part.questions:
        if question.choices:
            choices = ", ".join(question.choices)
            yield Paragraph(say(language, "form.choices", key=keys[question.name], choices=choices))
    yield Code("\n".join([f"task: {part.id}", *(f"{key}: " for key in keys.values())]), "answers")


def form_keys(part: Exercise) -> dict[str, str]:
    """For every asked name the key of the form.

    It is the symbol in plain letters, where it is a letter with its number that means this name and no other; else the
    name.

    >>> from chalkwork.sheets.format import parse_sheet
    >>> from chalkwork.sheets.solve import solve_sheet
    >>> text = "---\\nnotation: {net: s}\\n---\\n```network\\nlayers:\\n  - {weights: [[1]]}\\n```\\n"
    >>> text += "```task\\nid: a\\nx: [1]\\nask: [z1, a1]\\n```\\n"
    >>> form_keys(solve_sheet(parse_sheet(text))["a"])
    {'z1': 's1', 'a1': 'a1'}
    """
    from chalkwork.checking.reading.names import match_names

    solution = part.solution
    symbols = solution.writer().symbols
    asked = list(dict.fromkeys(part.asked))
    words = solution.setting.words
    numeric = [name for name in asked if name not in words and split_entry(name) == (name, ())]
    spelled = {
        name: _spelled(text, symbols.new)
        for name in numeric
        if _plain(symbols.new).fullmatch(text := symbols[name].text)
    }
    known = list(solution.derivation)
    understood, _ = match_names(spelled.values(), known, symbols)
    found = {name: spelled[name] if understood.get(spelled.get(name, "")) == name else name for name in asked}
    twice = len(set(found.values())) < len(found)
    return {name: name for name in asked} if twice else found


def _spelled(symbol: str, new: str) -> str:
    """A symbol in plain letters: s⁽¹⁾ as s1, W₁ⁿᵉʷ⁽²⁾ as W1_new2; `new` is the word for what is updated."""
    text = "".join(_WORDS.get(sign, sign) for sign in symbol)
    return re.sub(rf"(?<=\w){new}", f"_{new}", re.sub(r"[()\[\]]", "", unicodedata.normalize("NFKC", text)))
