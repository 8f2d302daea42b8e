"""What to say of a mistake, in which language, and of a mistake in one equation."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from chalkwork.algebra.expression import Application, Name, names_in
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.structure import updated_parameter
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.words import ENGLISH, say, template

_ROLE = re.compile(r"<(\w+)>")


@lru_cache(maxsize=1 << 10)
def in_language(mistake: Mistake, language: str) -> Mistake:
    """The mistake with title, explanation and hint in the language; where that has none, its title says so.

    >>> from chalkwork.checking.mistakes import TABLE
    >>> in_language(TABLE["not-updated"], "de").title
    'Nichts wurde aktualisiert'
    """
    if language == ENGLISH:
        return mistake
    found = [template(f"mistake_{part}.{mistake.id}", language) for part in ("title", "explanation", "hint")]
    match found:
        case [str(title), str(said), str(hint)]:
            return replace(mistake, title=title, explanation=said, hint=hint)
    title = say(language, "mistake.untranslated", mistake=mistake.id)
    return replace(mistake, title=title, explanation="", hint="")


def explanation(mistake: Mistake, equation: Equation, context: Context, language: str = ENGLISH) -> str:
    """The mistake's explanation with the names of this equation in braces: `{delta1}`, `{z1}`.

    `typesetting.equations.fill` sets them in the course's notation. What the equation has no name for stands there in
    words.
    """
    names = {"this": equation.name}
    layer, whole = context.layer(equation), equation.expression
    if isinstance(whole, Application) and len(whole.arguments) == 1 and isinstance(whole.arguments[0], Name):
        names["net"] = whole.arguments[0].name
    if layer is not None:
        names |= {"net": layer.net.name, "activation": layer.activation.name}
    old = updated_parameter(equation) if equation.stage == Stage.UPDATE else None
    if old is not None:
        names["parameter"] = old.name
        rest = [name for name in names_in(equation.expression) if name != old]
        names |= {"rate" if context.is_parameter(name) else "gradient": name.name for name in rest}
    named = {role: f"{{{name}}}" for role, name in names.items()}
    sentence = in_language(mistake, language).explanation
    text = _ROLE.sub(lambda found: named.get(found[1]) or say(language, f"mistake.{found[1]}"), sentence)
    return text[:1].upper() + text[1:]
