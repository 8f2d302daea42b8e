"""How the names of an optimisation print: points, values, gradients, Hessians, with the number of the step."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalkwork.algebra.expression import Expression, Name, replace
from chalkwork.laboratory.optimisation.surface import Surface, matrix_of
from chalkwork.networks.optimisers import RULES
from chalkwork.typesetting.notation import Notation, subscript
from chalkwork.typesetting.symbols import Symbol, Symbols

_NUMBERED = re.compile(r"(.*[^\d_])_?(\d+)")
MARKS = {
    **{name: (name if name != "gradient_descent" else "gd", *rule.mark) for name, rule in RULES.items()},
    "newton": ("newton", r"\mathrm{N}", "ᴺ"),
    "saddle_free_newton": ("saddle_free", r"\mathrm{SN}", "ˢᴺ"),
}
"""What tells the steps of one method from those of another: in names, in LaTeX and in a terminal."""
RATE = Symbol(r"\eta", "η")
_STATES = {"v": "vwmu", "m": "mnhk", "r": "rsyh"}
"""The letters for what rules keep, the usual one first."""


@dataclass(frozen=True)
class Letters:
    """The letters of one function (or loss) and of one method's steps; without a mark where there is one method only.

    `variables` are the plain symbols of the variables, `point` the letter of all of them together.
    """

    function: Symbol
    point: Symbol
    variables: tuple[Symbol, ...] = ()
    mark: tuple[str, str] = ("", "")
    alone: bool = False
    """Whether there is one variable, so that f' and f'' are written."""

    @classmethod
    def of(cls, surface: Surface, notation: Notation) -> Letters:
        """Those of a function: one variable goes by its own letter, several are entries of p."""
        plain = Symbols(notation)
        variables = tuple(plain[name] for name in surface.variables)
        own = len(variables) == 1 and "_" not in variables[0].latex
        letter = variables[0] if own else _unused("pqrstuwz", variables)
        return cls(Symbol(surface.name, surface.name), letter, variables, alone=len(variables) == 1)

    def marked(self, method: str) -> Letters:
        """The same for one method among several."""
        return Letters(self.function, self.point, self.variables, MARKS[method][1:], self.alone)

    def numbered(self, letter: Symbol, k: int | str, first: bool = False) -> Symbol:
        """A letter with the number of the step below and the method's mark above; the first point belongs to all."""
        above, raised = ("", "") if first or not self.mark[0] else (f"^{{{self.mark[0]}}}", self.mark[1])
        own = re.fullmatch(r"(.*)_\{?(\d+)\}?", letter.latex)
        if own:
            return Symbol(
                f"{own[1]}_{{{own[2]},{k}}}{above}", f"{letter.text},{subscript(str(k))}{raised}", bool(above)
            )
        below = str(k) if len(str(k)) == 1 else f"{{{k}}}"
        return Symbol(f"{letter.latex}_{below}{above}", f"{letter.text}{subscript(str(k))}{raised}", bool(above))

    @property
    def direction(self) -> Symbol:
        """The letter of Newton's step."""
        return _unused("dsrt", self.variables)

    def of_rule(self, word: str) -> Symbol:
        """The letter of what a rule works out or keeps: v, mhat, clipped_g, ...; of its point and gradient too."""
        if word in ("p", "theta"):
            return self.point
        if word in ("g", "clipped_g", "gnorm", "gscale"):
            sign = self.slope_sign
            return {
                "g": sign,
                "gnorm": Symbol(rf"\left\| {sign.latex} \right\|", f"‖{sign.text}‖"),
                "gscale": Symbol("c", "c"),
                "clipped_g": Symbol(r"\bar{g}", "g\u0304"),
            }[word]
        letter, hat = word.removesuffix("hat"), word.endswith("hat")
        if len(letter) > 1 and letter != "eta":
            return Symbol.word(word)
        plain = RATE if letter == "eta" else _unused(_STATES.get(letter, letter), self.variables)
        return Symbol(rf"\hat{{{plain.latex}}}", f"{plain.text}\u0302") if hat else plain

    def at(self, k: int, ahead: bool = False) -> Symbol:
        """The point that step k starts from, or the one ahead of it where its gradient is taken."""
        return self.numbered(tilde(self.point) if ahead else self.point, k, first=k == 1 and not ahead)

    def variable(self, i: int, k: int, ahead: bool = False) -> Symbol:
        """One coordinate of that point."""
        letter = tilde(self.variables[i]) if ahead else self.variables[i]
        return self.numbered(letter, k, first=k == 1 and not ahead)

    def value(self, k: int) -> Symbol:
        """The function there."""
        return self.function.at(self.at(k))

    def slope(self, k: int, ahead: bool = False) -> Symbol:
        """Its gradient there."""
        if not self.function.latex:
            return self.numbered(self.slope_sign, k, first=True)
        return self.slope_sign.at(self.at(k, ahead))

    def curvature(self, k: int) -> Symbol:
        """Its Hessian there."""
        return self.curvature_sign.at(self.at(k))

    @property
    def function_sign(self) -> Symbol:
        """The function of its variables."""
        return self.function.at(*self.variables)

    @property
    def slope_sign(self) -> Symbol:
        """The gradient without a place: f' or the nabla."""
        latex, text = self.function.latex, self.function.text
        if not latex:
            return Symbol("g", "g")
        return Symbol(f"{latex}'", f"{text}′") if self.alone else Symbol(rf"\nabla {latex}", f"∇{text}")

    @property
    def curvature_sign(self) -> Symbol:
        """The Hessian without a place."""
        latex, text = self.function.latex, self.function.text
        return Symbol(f"{latex}''", f"{text}″") if self.alone else Symbol("H", "H")

    def tuple_of_variables(self) -> str:
        """The variables within a sentence, between no dollars: (x, y)."""
        return self.variables[0].latex if len(self.variables) == 1 else Symbol("", "").at(*self.variables).latex


def _unused(letters: str, variables: tuple[Symbol, ...]) -> Symbol:
    """The first of the letters that no variable goes by, with an index or without; a capital where all are taken."""
    taken = {one.latex[0] for one in variables}
    letter = next((letter for letter in letters if letter not in taken), letters[0].upper())
    return Symbol(letter, letter)


def tilde(letter: Symbol) -> Symbol:
    """The letter with a tilde."""
    latex, mark, below = letter.latex.partition("_")
    return Symbol(rf"\tilde{{{latex}}}{mark}{below}", f"{letter.text[0]}\u0303{letter.text[1:]}")


def entry_letters(
    surface: Surface, letters: Letters, k: int, names: tuple[str, str, str], ahead: bool = False, bare: bool = False
) -> dict[str, Symbol]:
    """The letters of the entries of the point, the gradient and the Hessian of step k, by their names; `bare` ones
    have no step.
    """
    if letters.alone:
        return {}
    point, slope, curvature = names
    place = [] if bare else [letters.at(k, ahead)]
    found = {}
    n = len(surface.variables)
    for i in range(n):
        found[f"{point}[{i + 1}]"] = letters.variables[i] if bare else letters.variable(i, k, ahead)
        found[f"{slope}[{i + 1}]"] = _partial(letters, i).at(*place)
        for j in range(n):
            below = f"{i + 1}{j + 1}"
            found[f"{curvature}[{i + 1},{j + 1}]"] = Symbol(f"h_{{{below}}}", f"h{subscript(below)}")
    return found


def _partial(letters: Letters, *by: int) -> Symbol:
    """A partial derivative of first or second order."""
    f, (first, *more) = letters.function, [letters.variables[i] for i in by]
    if not more:
        return Symbol(rf"\frac{{\partial {f.latex}}}{{\partial {first.latex}}}", f"∂{f.text}/∂{first.text}")
    latex, text = rf"\partial {first.latex} \, \partial {more[0].latex}", f"∂{first.text}∂{more[0].text}"
    if by[0] == by[1]:
        latex, text = rf"\partial {first.latex}^2", f"∂{first.text}²"
    return Symbol(rf"\frac{{\partial^2 {f.latex}}}{{{latex}}}", f"∂²{f.text}/{text}")


# --- the function itself, where its variables stand for any numbers ---------------------------------------------------


def free(surface: Surface, expression: Expression) -> Expression:
    """An expression in the variables under names that are nothing else's."""
    return replace(expression, {name: Name(_free(name.name)) for name in surface.symbols})


def free_letters(surface: Surface, letters: Letters) -> dict[str, Symbol]:
    """The letters of the variables and of the partial derivatives where they stand for any numbers."""
    found = {_free(name): one for name, one in zip(surface.variables, letters.variables, strict=True)}
    if letters.alone:
        return found
    n = range(len(surface.variables))
    found |= {partial_name(i): _partial(letters, i) for i in n}
    return found | {partial_name(i, j): _partial(letters, i, j) for i in n for j in n}


def partials(surface: Surface) -> Expression:
    """The column of the partial derivatives by their names."""
    return matrix_of([[Name(partial_name(i))] for i in range(len(surface.variables))])


def partial_name(*by: int) -> str:
    """The name of a partial derivative, of first or second order."""
    return _free(f"slope {by}")


def _free(name: str) -> str:
    return f"free {name}"
