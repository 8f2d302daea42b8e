"""What to say of a mistake in one equation."""

from __future__ import annotations

import re

from chalkwork.algebra.expression import Application, Name, names_in
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.structure import updated_parameter
from chalkwork.derivation.derivation import Equation, Stage

_ROLE = re.compile(r"<(\w+)>")
_WORDS = {
    "net": "the net input",
    "activation": "the activation",
    "parameter": "the parameter",
    "gradient": "the gradient",
    "rate": "the learning rate",
}


def explanation(mistake: Mistake, equation: Equation, context: Context) -> str:
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
    text = _ROLE.sub(lambda found: named.get(found[1]) or _WORDS[found[1]], mistake.explanation)
    return text[:1].upper() + text[1:]
