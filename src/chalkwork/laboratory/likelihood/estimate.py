"""Maximum likelihood for one family and one sample as a derivation: sums, estimates, derivatives there, the maximum.

Derivatives are written as a textbook has them: a sum of fractions with whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, reduce
from math import inf, lgamma, pi
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, transform
from chalkwork.algebra.numerals import Scalar
from chalkwork.algebra.reading import read
from chalkwork.algebra.simplify import simplify
from chalkwork.algebra.terms import Term, term_of, terms_of
from chalkwork.derivation.derivation import Equation
from chalkwork.derivation.differentiate import gradient
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ValueProblem
from chalkwork.laboratory.likelihood.comparison import (
    DERIVATIVES,
    EMPIRICAL,
    ESTIMATE,
    MAXIMUM,
    SUMS,
    Fitted,
    expectations,
    shares,
)
from chalkwork.laboratory.likelihood.families import MARKS, hat, value_name
from chalkwork.laboratory.likelihood.family import Border, Family, Unknown
from chalkwork.laboratory.likelihood.sample import distinct, parameter
from chalkwork.typesetting.symbols import Symbol


def slope(expression: Expression, by: Name) -> Expression:
    """The derivative by a name, from Chalkwork's own differentiator, as a sum of fractions.

    >>> from chalkwork.algebra.reading import read
    >>> names = {name: Name(name) for name in ("n", "d", "v")}
    >>> log_likelihood = read("-n * log(v) / 2 - d / (2 * v)", names)
    >>> print(slope(log_likelihood, Name("v")))
    d / (2 * v^2) - n / (2 * v)
    """
    return in_fractions(gradient(_in_powers(expression), by))


def in_fractions(expression: Expression) -> Expression:
    """The expression as a sum of terms of the form p a / (q b), a positive one first."""
    terms = [term for term in _terms(simplify(expression)) if term.coefficient != 0]
    if not terms:
        return Number(0)
    terms.sort(key=lambda term: term.coefficient < 0)
    result = _written(terms[0])
    for term in terms[1:]:
        size = Term(_size(term.coefficient), term.factors)
        result = apply("add" if term.coefficient > 0 else "subtract", result, _written(size))
    return result


def _in_powers(expression: Expression) -> Expression:
    """Divisions as factors with negative exponents, which the simplifier collects."""

    def rule(node: Expression) -> Expression | None:
        if not isinstance(node, Application) or node.operation.name != "divide":
            return None
        above, below = (_in_powers(argument) for argument in node.arguments)
        inverse = term_of(below)
        result: Expression = above
        if inverse.coefficient != 1:
            result = Number(Fraction(1) / Fraction(inverse.coefficient)) * result
        for base, exponent in inverse.factors:
            result = result * apply("power", base, Number(-exponent))
        return result

    return transform(expression, rule)


def _terms(expression: Expression) -> Iterator[Term]:
    """The terms of a sum, or of so many times a sum."""
    for term in terms_of(expression):
        inner = terms_of(term.factors[0][0]) if len(term.factors) == 1 and term.factors[0][1] == 1 else []
        yield from ([Term(term.coefficient, ()).times(part) for part in inner] if len(inner) > 1 else [term])


def _written(term: Term) -> Expression:
    size = Fraction(_size(term.coefficient))
    above = _product(size.numerator, [(base, power) for base, power in term.factors if power > 0])
    below = _product(size.denominator, [(base, -power) for base, power in term.factors if power < 0])
    result = above if below == Number(1) else apply("divide", above, below)
    return apply("negative", result) if term.coefficient < 0 else result


def _product(number: int, factors: list[tuple[Expression, Scalar]]) -> Expression:
    parts = [base if power == 1 else apply("power", base, Number(power)) for base, power in factors]
    parts.sort(key=lambda part: isinstance(part, Application) and part.operation.name in ("log", "xlogy"))
    if number != 1 or not parts:
        parts.insert(0, Number(number))
    return reduce(lambda left, right: left * right, parts)


def _size(value: Scalar) -> Scalar:
    return -value if value < 0 else value


SMALLEST_SPREAD = Fraction(1, 10**45)
_SCALARS = ("n", "s", "f", "q", "c", "d", "pi", "t")


def free_name(parameter: str) -> Name:
    """A parameter for which any number may stand: it has no value, so its letter stays."""
    return Name(f"any_{value_name(parameter)}")


class Estimation(Fitted):
    """The estimation of one family's parameters from one sample; `known` holds the parameters that are given.

    `generating` are the parameters of the data-generating distribution, where somebody knows them.
    """

    def __init__(
        self, kind: Family, sample: Sequence[Fraction], known: Mapping[str, Fraction], generating: Any = None
    ) -> None:
        marks = [MARKS[unknown.name] for unknown in kind.unknowns]
        super().__init__(kind.title, marks, [hat(mark) for mark in marks], kind.discrete)
        self.kind = kind
        self.sample = sample
        self.known = known
        spread = max(abs(value - self._centre) for value in sample)
        if kind.name == "gaussian" and 0 < spread < SMALLEST_SPREAD:
            raise ValueProblem(
                f"the largest deviation is {float(spread):.3g}, too small for the derivatives by a variance",
                hint=f"give the observations in another unit: deviations are from {float(SMALLEST_SPREAD):g} on",
            )
        self.true = {} if generating is None else _generating(kind, generating)
        self.attained = all(border.attained for border in self.borders.values())
        self.estimates = [value_name(unknown.name) for unknown in kind.unknowns if self.has_estimate(unknown)]
        self.facts |= self._facts()
        self._add_givens()
        self.equations += [*self._estimates(), *self._compared()]
        self.letters |= self._letters()

    @property
    def _centre(self) -> Fraction:
        """What the observations deviate from, or may do."""
        return self.known.get("mu", self.sample[0])

    @property
    def n(self) -> int:
        """How many observations there are."""
        return len(self.sample)

    @cached_property
    def borders(self) -> dict[str, Border]:
        """The parameters whose derivative has no zero inside, decided exactly."""
        found = {}
        for unknown in self.kind.unknowns:
            vanishing = [border for border in unknown.borders if self._at_border(border.vanishes) == 0]
            if vanishing:
                found[unknown.name] = vanishing[0]
        return found

    def _at_border(self, text: str) -> float:
        """A formula in the sums over the sample, of which the deviations only say whether there are any."""
        total = sum(self.sample, Fraction(0))
        spread = any(value != self._centre for value in self.sample)
        at = {"n": self.n, "s": total, "f": self.n - total, "d": spread, "t": max(self.sample)}
        at["m"] = self.known.get("m", 0)
        formula = read(text, {name: Name(name) for name in at})
        with np.errstate(all="ignore"):
            return float(evaluate(formula, {name: np.full((1, 1), value, float) for name, value in at.items()}).item())

    def has_estimate(self, unknown: Unknown) -> bool:
        """Whether the formula gives the place of a maximum."""
        border = self.borders.get(unknown.name)
        return border is None or border.attained

    # --- expressions -----------------------------------------------------------------------------------------------

    def names(self, sought: Unknown | None = None) -> dict[str, Expression]:
        """What the letters of the table stand for: estimates, but any number for the one that is sought and later ones.

        The observations are a row, so that a sum over them runs over i.
        """
        names: dict[str, Expression] = {name: Name(name) for name in _SCALARS}
        names |= {"x": Name("x", (1, self.n))} | {name: Name(f"{name}s", (1, self.n)) for name in CONSTANTS}
        names |= {name: Name(value_name(name)) for name in self.kind.parameters}
        if sought is not None:
            names |= {each.name: free_name(each.name) for each in self.kind.unknowns[self._place(sought) :]}
        return names

    def _place(self, unknown: Unknown) -> int:
        return self.kind.unknowns.index(unknown)

    def log_density(self, **names: Expression) -> Expression:
        """log p(x) at the estimates; `names` stand for letters of the table."""
        known = {**self.names(), **names}
        found, shape = read(self.kind.log_density, known), known["x"].shape
        return found if found.shape == shape else apply("broadcast", found, shape=shape)

    def log_density_of_one(self) -> Expression:
        """log p(x) of any observation for any parameters."""
        unknown = self.names(self.kind.unknowns[0])
        return read(
            self.kind.log_density, {**unknown, "x": free_name("x"), **{name: free_name(name) for name in CONSTANTS}}
        )

    # --- the derivation --------------------------------------------------------------------------------------------

    def _add_givens(self) -> None:
        numbers, counts = [float(value) for value in self.sample], distinct(self.sample)
        self.given("x", [numbers])
        self.given("n", self.n)
        for name, known in self.known.items():
            self.given(value_name(name), float(known))
        if "pi" in self.kind.log_density:
            self.given("pi", pi)
        for name, part in self._constants(numbers).items():
            self.given(f"{name}s", part[None, :])
        values = [float(value) for value in counts]
        self.different = self.given("values", values).shape
        self.given("counts", [*counts.values()])
        for name, part in self._constants(values).items():
            self.given(f"value_{name}s", part)
        for name, true in self.true.items():
            self.given(f"{value_name(name)}_data", true)

    def _constants(self, numbers: Sequence[float]) -> dict[str, Any]:
        """Parts of the log-density that no parameter is in, for each of the numbers."""
        return {
            name: part(numbers, float(self.known.get("m", 0)))
            for name, part in CONSTANTS.items()
            if name in self.kind.log_density
        }

    def _estimates(self) -> list[Equation]:
        """Everything up to the log-likelihood at the estimate."""
        equations = [equation for unknown in self.kind.unknowns for equation in self._estimate(unknown)]
        if "variance" in self.estimates and "mu" not in self.known and self.n > 1:
            unbiased = Name("d") / (Name("n") - 1)
            equations.append(Equation("variance_unbiased", unbiased, ESTIMATE))
        if not self.attained:
            return equations
        for unknown in self.kind.unknowns:
            if unknown.name not in self.borders:
                name = Name(value_name(unknown.name))
                score = slope(read(unknown.log_likelihood, self.names()), name)
                equations.append(Equation(f"score_{name}", score, DERIVATIVES))
                equations.append(Equation(f"second_derivative_{name}", slope(score, name), DERIVATIVES))
        return [*equations, *self._maximum()]

    def _estimate(self, unknown: Unknown) -> list[Equation]:
        if not self.has_estimate(unknown):
            return []
        names = self.names()
        sums = [Equation(part.name, apply(part.over, read(part.summand, names)), SUMS) for part in unknown.statistics]
        return [*sums, Equation(value_name(unknown.name), read(unknown.estimator, names), ESTIMATE)]

    def _maximum(self) -> list[Equation]:
        density = self.log_density()
        logs = Equation("log_p", density, MAXIMUM)
        total = apply("sum", logs.symbol)
        last = self.kind.unknowns[-1]
        # in q, s and n mu^2 the mean's log-likelihood would cancel where the mean is large
        whole = apply("sum", density) if last.name == "mu" else read(last.log_likelihood, self.names())
        return [logs, Equation("log_likelihood", whole, MAXIMUM, steps=(total,), worked=total)]

    def _compared(self) -> list[Equation]:
        """The sample as a distribution, beside the model and what generates the data."""
        at_values = {"x": Name("values", self.different)}
        at_values |= {name: Name(f"value_{name}s", self.different) for name in CONSTANTS}
        found = [shares(self.different[0])]
        if self.true:
            names = {name: Name(f"{value_name(name)}_data") for name in self.true}
            found.append(Equation("generating", apply("exp", self.log_density(**at_values, **names)), EMPIRICAL))
        if not self.attained:
            return found
        logs, share = Name("log_model", self.different), Name("empirical", self.different)
        apart = apply("sum", share * (apply("log", share) - logs)) if self.discrete else None
        model = Equation("log_model", self.log_density(**at_values), EMPIRICAL)
        return [*found, model, *expectations(share, apply("sum", share * logs), apart)]

    # --- letters ---------------------------------------------------------------------------------------------------

    def _letters(self) -> dict[str, Symbol]:
        """How the names print that not every distribution has."""
        of_data = {"x": MARKS["x"]} | {f"{name}s": MARKS[name] for name in CONSTANTS}
        if self.n == 1:
            first = {"x_i": "x_1", "xᵢ": "x₁"}
            of_data = {name: _exchanged(mark, first) for name, mark in of_data.items()}
        found = {"pi": MARKS["pi"]} | of_data
        found |= {free_name(name).name: MARKS[name] for name in ("x", *CONSTANTS)}
        found |= {value_name(name): MARKS[name] for name in self.known}
        hats = [hat(MARKS[unknown.name]) for unknown in self.kind.unknowns]
        for unknown, estimate in zip(self.kind.unknowns, hats, strict=True):
            name, mark = value_name(unknown.name), MARKS[unknown.name]
            base, text = (f"({mark.latex})", f"({mark.text})") if mark.raised else (mark.latex, mark.text)
            there, there_text = rf"\Big|_{{{estimate.latex}}}", f" at {estimate.text}"
            found[name], found[free_name(unknown.name).name] = estimate, mark
            found[f"slope_{name}"] = Symbol(rf"\frac{{\partial \ell}}{{\partial {mark.latex}}}", f"∂ℓ/∂{mark.text}")
            found[f"curvature_{name}"] = Symbol(rf"\frac{{\partial^2 \ell}}{{\partial {base}^2}}", f"∂²ℓ/∂{text}²")
            for short, whole in (("slope", "score"), ("curvature", "second_derivative")):
                bare = found[f"{short}_{name}"]
                found[f"{whole}_{name}"] = Symbol(bare.latex + there, bare.text + there_text)
        found["variance_unbiased"] = Symbol(r"s_{n-1}^2", "s²ₙ₋₁", raised=True)
        return found | {f"{value_name(name)}_data": _of_data(MARKS[name]) for name in self.true}

    def _facts(self) -> dict[str, Any]:
        """What is no equation: an estimate that is a limit, and that there is no maximum."""
        found: dict[str, Any] = {"distribution": self.kind.name, "attained": self.attained}
        lost = [each for each in self.kind.unknowns if not self.has_estimate(each)]
        found |= {value_name(each.name): self._at_border(each.estimator) for each in lost}
        return found if self.attained else found | {"log_likelihood": inf, "likelihood": inf}


def _generating(kind: Family, given: Any) -> dict[str, float]:
    """The parameters of the data-generating distribution."""
    if kind.name == "gaussian":
        pair = list(given) if isinstance(given, list | tuple) else []
        if len(pair) != 2:
            raise ValueProblem(f"generating is {given!r:.60}; for a Gaussian it is [mean, variance]")
        mean = parameter(pair[0], "generating[1]", -1e50, 1e50)
        return {"mu": float(mean), "v": float(parameter(pair[1], "generating[2]", 0, inf))}
    one = given[0] if isinstance(given, list | tuple) and len(given) == 1 else given
    if isinstance(one, list | tuple):
        raise ValueProblem(f"generating has {len(one)} entries, and the {kind.title} has one parameter")
    (unknown,) = kind.unknowns
    return {unknown.name: float(parameter(one, "generating", 0, unknown.high))}


def _of_data(symbol: Symbol) -> Symbol:
    return Symbol(rf"{symbol.latex}_{{\text{{data}}}}", f"{symbol.text}_data", symbol.raised)


def _exchanged(mark: Symbol, letters: Mapping[str, str]) -> Symbol:
    latex, text = mark.latex, mark.text
    for old, new in letters.items():
        latex, text = latex.replace(old, new), text.replace(old, new)
    return Symbol(latex, text, mark.raised)


def _log_factorials(values: Sequence[float], trials: float) -> Any:
    return np.array([lgamma(value + 1) for value in values])


def _log_binomials(values: Sequence[float], trials: float) -> Any:
    return np.array([lgamma(trials + 1) - lgamma(value + 1) - lgamma(trials - value + 1) for value in values])


CONSTANTS = {"logfact": _log_factorials, "logchoose": _log_binomials}
"""Parts of log-densities that no parameter is in: of each observation, and of the number of trials."""
