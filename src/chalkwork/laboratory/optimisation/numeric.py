"""A gradient held against difference quotients: one-sided and central, with the relative error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.entries import entry_name, place_of, split_entry
from chalkwork.algebra.expression import Expression, Name, apply, replace
from chalkwork.counting import some
from chalkwork.derivation.derivation import Stage
from chalkwork.documents.model import Block, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.optimisation.letters import Letters
from chalkwork.laboratory.optimisation.network import NetworkLoss, introduced, network_work
from chalkwork.laboratory.optimisation.surface import Surface, Work, starting_point
from chalkwork.networks.layers.settings import real
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.presentation import setting_of
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol, Symbols

QUOTIENTS = Stage("quotients", "Difference quotients")
_SAID = (
    "A difference quotient comes near the derivative without any rule: one-sided ($D^{+}$) with an error of the order "
    "of $h$, central ($D$) with one of the order of $h^2$. The error is relative to the larger of the two numbers."
)


def gradient_check(
    function: str,
    at: Mapping[str, float],
    step: float = 1e-2,
    **look: Unpack[Look],
) -> Solution:
    """The gradient of a function of one to four variables held against difference quotients with the step h.

    The equations are `f`, and for each variable, here x: `slope_x`, the partial derivative, `f_plus_x` and `f_minus_x`
    at the distance h on both sides, the quotients `one_sided_x` and `central_x`, and `error_x`, the difference of
    `central_x` and `slope_x` over the larger of the two. `step` is from 1e-9 to 1. Raises ChalkworkError (ReadError,
    ValueProblem) for a function that cannot be read or has no value there.

    >>> answer = gradient_check("x^3", {"x": 2}, step=0.1)
    >>> [round(answer[name].item(), 4) for name in ("slope_x", "one_sided_x", "central_x", "error_x")]
    [12.0, 12.61, 12.01, 0.0008]
    """
    style = Style.chosen(**look)
    point = starting_point(at, "at")
    surface = Surface(function, list(point))
    work, plain = Work(), Symbols(style.notation)
    placed = {name: work.given(f"at_{name}", value, plain[name]) for name, value in point.items()}
    there: dict[Expression, Expression] = {name: placed[name.name] for name in surface.symbols}
    size = real(step, "step", 1e-9, 1, high_open=False)
    h = work.given("h", size, Symbol("h", "h") if "h" not in point else Symbol(r"\delta", "δ"))
    letters = Letters.of(surface, style.notation)
    f = work.equation("f", replace(surface.expression, there), Stage.FORWARD, letter=letters.function_sign)
    for place, (variable, slope) in enumerate(zip(surface.symbols, surface.slopes, strict=True)):
        name, by = variable.name, plain[variable.name]
        head = Symbol(rf"\frac{{\partial {surface.name}}}{{\partial {by.latex}}}", f"∂{surface.name}/∂{by.text}")
        if letters.alone:
            head = letters.slope_sign.at(by)
        work.equation(f"slope_{name}", replace(slope, there), Stage.BACKWARD, letter=head)
        sides = []
        for word, sign, moved in (("plus", "+", placed[name] + h), ("minus", "-", placed[name] - h)):
            beside = replace(surface.expression, there | {variable: moved})
            letter = _shifted(letters, place, sign, work.letters["h"])
            sides.append(work.equation(f"f_{word}_{name}", beside, QUOTIENTS, letter=letter))
        here = np.array(list(point.values()))
        moves = size * (np.arange(len(here)) == place)
        vanish = not surface.gradient(here)[place] and surface.value(here + moves) == surface.value(here - moves)
        _quotients(work, f"_{name}", (f, sides[0], sides[1]), Name(f"slope_{name}"), h, by, bool(vanish))
    work.asked += [equation.name for equation in work.equations]

    def script(board: Board) -> Iterator[Block]:
        yield Paragraph(_SAID)
        yield from board.givens([*(name.name for name in placed.values()), "h"])
        yield from board.equations(["f"], reason="")
        for name in surface.variables:
            yield from board.equations([one.name for one in work.equations if one.name.endswith(f"_{name}")], reason="")

    return work.solution(style, title="A gradient checked by difference quotients", script=script)


def _shifted(letters: Letters, place: int, sign: str, h: Symbol) -> Symbol:
    """f at a point with h added to one variable, or taken from it."""
    latex, text = ([getattr(one, kind) for one in letters.variables] for kind in ("latex", "text"))
    latex[place] += f" {sign} {h.latex}"
    text[place] += f" {'−' if sign == '-' else sign} {h.text}"
    return letters.function.at(*map(Symbol, latex, text))


def _quotients(
    work: Work, end: str, values: tuple[Name, Name, Name], slope: Expression, h: Name, by: Symbol, vanish: bool
) -> None:
    """Both quotients of a value and of those on both sides, and the error of the central one, relative if they can be.

    `vanish` says that the derivative and the central quotient are both 0.
    """
    here, plus, minus = values
    one_sided = Symbol(rf"D_{{{by.latex}}}^{{+}}", f"D⁺({by.text})", raised=True)
    work.equation(f"one_sided{end}", (plus - here) / h, QUOTIENTS, letter=one_sided)
    central = Symbol(rf"D_{{{by.latex}}}", f"D({by.text})")
    found = work.equation(f"central{end}", (plus - minus) / (2 * h), QUOTIENTS, letter=central)
    apart = apply("abs", found - slope)
    larger = apply("maximum", apply("abs", found), apply("abs", slope))
    error = Symbol(rf"\varepsilon_{{{by.latex}}}", f"ε({by.text})")
    work.equation(f"error{end}", apart if vanish else apart / larger, QUOTIENTS, letter=error)


def check_network_gradient(
    net: NeuralNetwork,
    x: Any,
    y: Any,
    parameter: str,
    step: float = 1e-2,
    **look: Unpack[Look],
) -> Solution:
    """One entry of a network's gradient, such as that of `W1[2,1]`, held against difference quotients of the loss.

    The network's own equations stand before; `L_plus` and `L_minus`, the losses with h added to the parameter and taken
    from it, are given, since they are worked out as `L` is. The quotients are as in `gradient_check`: `one_sided`,
    `central` and `error`. Raises ChalkworkError for a parameter that the network does not have, and for one that is too
    large (see `optimise_network`).

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[2.0]], bias=False)])
    >>> answer = check_network_gradient(net, [[1.0]], [[0.0]], "W1[1,1]", step=0.1)
    >>> round(answer["one_sided"].item(), 6), round(answer["central"].item(), 6), answer["dW1"].item()
    (2.05, 2.0, 2.0)
    """
    style = Style.chosen(**look)
    loss = NetworkLoss(net, x, y)
    wanted = _entry(loss, str(parameter).replace(" ", ""))
    if wanted not in loss.names:
        hint = f"its parameters are {some(loss.names, 6)}"
        raise ChalkworkError(f"the network has no parameter {wanted!r:.60}", hint=hint)
    place = np.arange(len(loss.start)) == loss.names.index(wanted)
    work = network_work(loss)
    size = real(step, "step", 1e-9, 1, high_open=False)
    h = work.given("h", size, Symbol("h", "h"))
    setting = setting_of(loss.plan, loss.derivation)
    by = Symbols(style.notation, len(loss.plan.layers))[wanted]
    sides = [
        work.given(f"L_{word}", loss.value(loss.start + sign * size * place), Symbol(f"L({by.latex} {mark} h)", text))
        for word, sign, mark, text in (
            ("plus", 1, "+", f"L({by.text} + h)"), ("minus", -1, "-", f"L({by.text} − h)"),
        )
    ]  # fmt: skip
    whole, index = split_entry(f"d{wanted}")
    shape = loss.derivation.shapes()[whole]
    slope: Expression = Name(whole, shape)
    if prod(shape) > 1:
        row, column = place_of(whole, index, shape)
        slope = apply("entry", slope, place=(row + 1, column + 1))
    before = len(work.equations)
    vanish = not loss.gradient(loss.start)[place] and work.values["L_plus"] == work.values["L_minus"]
    _quotients(work, "", (Name("L"), sides[0], sides[1]), slope, h, by, bool(vanish))
    work.asked += ["L", whole, *(one.name for one in work.equations[before:])]

    def script(board: Board) -> Iterator[Block]:
        yield from introduced(board, loss, ["L", whole])
        yield Paragraph(_SAID)
        yield board.say(f"With {{h}} added to ${by.latex}$ and taken from it the same forward pass gives")
        yield from board.givens(["h", "L_plus", "L_minus"])
        yield from board.equations([one.name for one in work.equations[before:]], reason="")

    return work.solution(
        style, title="A network's gradient checked by difference quotients", script=script,
        layers=setting.layers, samples=setting.samples,
    )  # fmt: skip


def _entry(loss: NetworkLoss, wanted: str) -> str:
    """The name of an entry as the loss has it: of a vector it may be given with both indices, of a number with none."""
    name, index = split_entry(wanted)
    shape = loss.derivation.shapes().get(name, ())
    try:
        return entry_name(name, shape, *place_of(name, index or ("1",) * (prod(shape) == 1), shape))
    except KeyError:
        return wanted
