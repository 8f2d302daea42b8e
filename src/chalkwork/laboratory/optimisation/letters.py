"""How the names of an optimisation print: points, values, gradients, Hessians, with the number of the step."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalkwork.algebra.expression import Expression, Name, replace
from chalkwork.laboratory.optimisation.surface import Surface, matrix_of
from chalkwork.typesetting.notation import Notation, subscript
from chalkwork.typesetting.symbols import Symbol, Symbols

_NUMBERED = re.compile(r"(.*[^\d_])_?(\d+)")
MARKS = {
    "gradient_descent": ("gd", r"\mathrm{GD}", "ᴳᴰ"),
    "momentum": ("momentum", r"\mathrm{M}", "ᴹ"),
    "newton": ("newton", r"\mathrm{N}", "ᴺ"),
    "saddle_free_newton": ("saddle_free", r"\mathrm{SN}", "ˢᴺ"),
}
"""What tells the steps of one method from those of another: in names, in LaTeX and in a terminal."""


@dataclass(frozen=True)
class Letters:
    """The letters of one function (or loss) and of one method's steps; without a mark where there is one method only.

    `variables` are the plain symbols of the variables, `point` the letter of all of them together.
    """

    function: str
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
        return cls(surface.name, letter, variables, alone=len(variables) == 1)

    def marked(self, method: str) -> Letters:
        """The same for one method among several."""
        return Letters(self.function, self.point, self.variables, MARKS[method][1:], self.alone)

    def numbered(self, letter: Symbol, k: int, first: bool = False) -> Symbol:
        """A letter with the number of the step below and the method's mark above; the first point belongs to all."""
        above, raised = ("", "") if first or not self.mark[0] else (f"^{{{self.mark[0]}}}", self.mark[1])
        own = re.fullmatch(r"(.*)_\{?(\d+)\}?", letter.latex)
        if own:
            return Symbol(
                f"{own[1]}_{{{own[2]},{k}}}{above}", f"{letter.text},{subscript(str(k))}{raised}", bool(above)
            )
        below = str(k) if k < 10 else f"{{{k}}}"
        return Symbol(f"{letter.latex}_{below}{above}", f"{letter.text}{subscript(str(k))}{raised}", bool(above))

    @property
    def direction(self) -> Symbol:
        """The letter of Newton's step."""
        return _unused("dsrt", self.variables)

    @property
    def velocity(self) -> Symbol:
        """The letter of the velocity."""
        return _unused("vwmu", self.variables)

    def at(self, k: int) -> Symbol:
        """The point that step k starts from."""
        return self.numbered(self.point, k, first=k == 1)

    def variable(self, i: int, k: int) -> Symbol:
        """One coordinate of that point."""
        return self.numbered(self.variables[i], k, first=k == 1)

    def value(self, k: int) -> Symbol:
        """The function there."""
        return self._of(self.function, self.function, k)

    def slope(self, k: int) -> Symbol:
        """Its gradient there."""
        return self._of(*self.slope_sign, k)

    def curvature(self, k: int) -> Symbol:
        """Its Hessian there."""
        return self._of(*self.curvature_sign, k)

    @property
    def slope_sign(self) -> tuple[str, str]:
        """The gradient without a place: f' or the nabla, in LaTeX and in a terminal."""
        f = self.function
        return (f"{f}'", f"{f}′") if self.alone else (rf"\nabla {f}", f"∇{f}")

    @property
    def curvature_sign(self) -> tuple[str, str]:
        """The Hessian without a place."""
        return (f"{self.function}''", f"{self.function}″") if self.alone else ("H", "H")

    def _of(self, latex: str, text: str, k: int) -> Symbol:
        place = self.at(k)
        return Symbol(f"{latex}({place.latex})", f"{text}({place.text})")

    def tuple_of_variables(self) -> str:
        """The variables within a sentence, between no dollars: (x, y)."""
        parts = [one.latex for one in self.variables]
        return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _unused(letters: str, variables: tuple[Symbol, ...]) -> Symbol:
    """The first of the letters that no variable goes by, with an index or without."""
    taken = {one.latex[0] for one in variables}
    letter = next(letter for letter in letters if letter not in taken)
    return Symbol(letter, letter)


def entry_letters(surface: Surface, letters: Letters, k: int, names: tuple[str, str, str]) -> dict[str, Symbol]:
    """The letters of the entries of the point, the gradient and the Hessian of step k, by their names."""
    if letters.alone:
        return {}
    point, slope, curvature = names
    place = letters.at(k)
    found = {}
    n = len(surface.variables)
    for i in range(n):
        found[f"{point}[{i + 1}]"] = letters.variable(i, k)
        found[f"{slope}[{i + 1}]"] = _partial(letters, (i,), place)
        for j in range(n):
            below = f"{i + 1}{j + 1}"
            found[f"{curvature}[{i + 1},{j + 1}]"] = Symbol(f"h_{{{below}}}", f"h{subscript(below)}")
    return found


def _partial(letters: Letters, by: tuple[int, ...], place: Symbol | None = None) -> Symbol:
    """A partial derivative of first or second order."""
    f, below = letters.function, [letters.variables[i] for i in by]
    at = ("", "") if place is None else (f"({place.latex})", f"({place.text})")
    if len(below) == 1:
        return Symbol(rf"\frac{{\partial {f}}}{{\partial {below[0].latex}}}{at[0]}", f"∂{f}/∂{below[0].text}{at[1]}")
    if by[0] == by[1]:
        latex, text = rf"\partial {below[0].latex}^2", f"∂{below[0].text}²"
    else:
        latex = r" \, ".join(rf"\partial {one.latex}" for one in below)
        text = "".join(f"∂{one.text}" for one in below)
    return Symbol(rf"\frac{{\partial^2 {f}}}{{{latex}}}{at[0]}", f"∂²{f}/{text}{at[1]}")


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
    found |= {_free(f"slope {i}"): _partial(letters, (i,)) for i in n}
    return found | {_free(f"curvature {i} {j}"): _partial(letters, (i, j)) for i in n for j in n}


def partials(surface: Surface) -> Expression:
    """The column of the partial derivatives by their names."""
    return matrix_of([[Name(_free(f"slope {i}"))] for i in range(len(surface.variables))])


def second_partial(i: int, j: int) -> str:
    """The name of a second partial derivative."""
    return _free(f"curvature {i} {j}")


def first_partial(i: int) -> str:
    """The name of a partial derivative."""
    return _free(f"slope {i}")


def _free(name: str) -> str:
    return f"free {name}"
