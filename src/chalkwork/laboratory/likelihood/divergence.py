"""`divergence`: two discrete distributions, their entropies, cross-entropy and Kullback-Leibler divergences.

Source: Cover and Thomas, Elements of Information Theory, chapter 2; Goodfellow, Bengio and Courville, Deep Learning,
section 3.13.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import inf, isclose, isfinite
from typing import Any, Unpack

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.derivation.cancellation import without_noise
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.model import Block, Heading, Table
from chalkwork.errors import ShapeError
from chalkwork.laboratory.likelihood.sample import probabilities
from chalkwork.laboratory.work import Work
from chalkwork.solutions.board import Board, maths
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol

ENTROPY = Stage("entropy", "Entropy and cross-entropy")
DIVERGENCE = Stage("divergence", "Kullback-Leibler divergence")
BITS = Stage("bits", "In bits")
_PAIRS = (("p", "q"), ("q", "p"))


def divergence(
    p: Any,
    q: Any,
    **look: Unpack[Look],
) -> Solution:
    """Entropy, cross-entropy and Kullback-Leibler divergence of two discrete distributions, in nats and bits.

    `p` and `q` are lists of the same length (1 to 100) of probabilities from 0 to 1 that add up to one (to nine
    decimals); fractions are exact, and a float is taken as it is written. H(p, q) = H(p) + KL(p || q) is shown line by
    line.

    The solution holds in nats `entropy_p`, `entropy_q`, `cross_entropy_pq`, `cross_entropy_qp`, `divergence_pq`,
    `divergence_qp` (infinite where one distribution is 0 and the other is not), and the same with `_bits` behind the
    name.

    Raises ValueProblem for a probability outside 0 to 1 or a sum that is not one, ShapeError for lists that are empty
    or of different lengths; the entry is named.

    Source: Cover and Thomas, Elements of Information Theory, sections 2.1, 2.3 and 2.6.

    >>> answer = divergence([0.36, 0.48, 0.16], [1 / 3, 1 / 3, 1 / 3])
    >>> round(float(answer["divergence_pq"]), 7), round(float(answer["divergence_qp"]), 6)
    (0.0852996, 0.097455)
    """
    given = {"p": probabilities(p, "p"), "q": probabilities(q, "q")}
    if len(given["p"]) != len(given["q"]):
        sizes = f"p has {len(given['p'])} entries and q has {len(given['q'])}"
        raise ShapeError(sizes, hint="both are distributions over the same values")
    finite = {one + other: _is_finite(given[one], given[other]) for one, other in _PAIRS}
    asked = ["entropy_p", "cross_entropy_pq", "divergence_pq", "divergence_qp"]
    work = Work(letters=_letters(), facts=_infinite(finite))
    p, q = (work.given(name, [float(value) for value in values]) for name, values in given.items())
    work.equations += _equations(p, q, finite, any(not a and not b for a, b in zip(*given.values(), strict=True)))
    known = {equation.name for equation in work.equations}
    work.asked += [name for name in asked if name in known]
    return work.solution(
        Style.chosen(**look), title="Entropy, cross-entropy and divergence", samples="columns",
        script=lambda board: _script(board, given, finite),
    )  # fmt: skip


def _is_finite(p: Sequence[Fraction], q: Sequence[Fraction]) -> bool:
    return not any(a and not b for a, b in zip(p, q, strict=True))


def _infinite(finite: Mapping[str, bool]) -> dict[str, float]:
    """The quantities without a number."""
    names = (
        f"{kind}_{pair}" for pair, known in finite.items() if not known for kind in ("cross_entropy", "divergence")
    )
    return {f"{name}{unit}": inf for name in names for unit in ("", "_bits")}


# --- equations -------------------------------------------------------------------------------------------------------


def _minus_sum(p: Name, q: Name) -> Expression:
    return -apply("sum", apply("xlogy", p, q))


def _equations(p: Name, q: Name, finite: Mapping[str, bool], both_zero: bool) -> list[Equation]:
    """`both_zero` says whether a value has the probability 0 in both."""
    names = {"p": p, "q": q}
    entropies = [Equation(f"entropy_{name}", _minus_sum(each, each), ENTROPY) for name, each in names.items()]
    crossed, apart = [], []
    for one, other in _PAIRS:
        if finite[one + other]:
            p, q = names[one], names[other]
            crossed.append(Equation(f"cross_entropy_{one}{other}", _minus_sum(p, q), ENTROPY))
            name, defined = f"divergence_{one}{other}", _definition(p, q)
            if both_zero:
                whole = apply("sum", _difference(p, q))
                apart.append(Equation(name, whole, DIVERGENCE, steps=(defined,)))
            else:
                apart.append(Equation(name, defined, DIVERGENCE))
    nats = [*entropies, *crossed, *apart]
    bits = [Equation(f"{each.name}_bits", each.symbol / apply("log", Number(2)), BITS) for each in nats]
    return [*nats, *bits]


def _definition(p: Name, q: Name) -> Expression:
    return apply("sum", apply("xlogy", p, p / q))


def _difference(p: Name, q: Name) -> Expression:
    """p log p - p log q: p log(p / q) also where both are 0."""
    return apply("xlogy", p, p) - apply("xlogy", p, q)


def _letters() -> dict[str, Symbol]:
    found: dict[str, Symbol] = {}
    for unit, latex, text in (("", "", ""), ("_bits", "_2", "₂")):
        for one, other in _PAIRS:
            found[f"entropy_{one}{unit}"] = Symbol(f"H{latex}({one})", f"H{text}({one})")
            found[f"cross_entropy_{one}{other}{unit}"] = Symbol(f"H{latex}({one}, {other})", f"H{text}({one}, {other})")
            found[f"divergence_{one}{other}{unit}"] = Symbol(
                rf"\mathrm{{KL}}{latex}({one} \,\Vert\, {other})", f"KL{text}({one} ‖ {other})"
            )
    return found


# --- what is written -------------------------------------------------------------------------------------------------


def _script(board: Board, given: Mapping[str, Sequence[Fraction]], finite: Mapping[str, bool]) -> Iterator[Block]:
    columns = [
        [float(k) for k in range(1, len(given["p"]) + 1)],
        *([float(a) for a in part] for part in given.values()),
    ]
    yield board.prose("Two distributions over the same values; $\\log$ is the natural logarithm, and $0 \\log 0 = 0$.")
    yield board.table(["$k$", "$p_k$", "$q_k$"], columns)
    yield Heading(str(ENTROPY.title), 2)
    yield board.prose("The entropy of $p$ is the mean surprise of its own values:")
    yield from board.equation("entropy_p")
    yield board.prose("The cross-entropy is the mean surprise of the values of $p$ for somebody who expects $q$:")
    yield from _one(board, "cross_entropy_pq", given)
    yield Heading(str(DIVERGENCE.title), 2)
    yield board.prose("It is the expectation of the logarithm of the ratio, under the distribution that stands first:")
    yield from _one(board, "divergence_pq", given)
    yield from _one(board, "divergence_qp", given)
    if finite["pq"]:
        yield from _identity(board)
    yield Heading("What the divergence is not", 2)
    yield from _properties(board, given, finite)
    yield Heading("In nats and bits", 2)
    yield board.prose(r"One bit is $\log 2 = 0.6931\ldots$ nats; the logarithm to base 2 gives bits directly.")
    yield _overview(board)


def _one(board: Board, name: str, given: Mapping[str, Sequence[Fraction]]) -> Iterator[Block]:
    """A cross-entropy or a divergence; where it is infinite, why."""
    if name in board.derivation:
        yield from board.equation(name)
        return
    one, other = name[-2], name[-1]
    names = [Name(each, (len(given[each]), 1)) for each in (one, other)]
    form = _minus_sum(*names) if name.startswith("cross") else _definition(*names)
    yield board.chain(name, form, maths(r"\infty"))
    place = next(k for k, (a, b) in enumerate(zip(given[one], given[other], strict=True), 1) if a and not b)
    yield board.prose(
        f"It is infinite because ${other}_{{{place}}} = 0$ and ${one}_{{{place}}} > 0$: what ${other}$ calls "
        f"impossible happens under ${one}$. (Where ${one}_k = 0$ the term is 0, whatever ${other}_k$ is.)"
    )


def _identity(board: Board) -> Iterator[Block]:
    """From the definition to the difference of cross-entropy and entropy, and back."""
    p, q = (Name(name, board.values[name].shape) for name in "pq")
    cross, own, apart = (Name(name) for name in ("cross_entropy_pq", "entropy_p", "divergence_pq"))
    others = [
        (apply("sum", _difference(p, q)), "the logarithm of a ratio"),
        (apply("sum", apply("xlogy", p, p)) - apply("sum", apply("xlogy", p, q)), "the sum taken apart"),
        (cross - own, "the definitions of both"),
    ]
    forms, reasons = zip((_definition(p, q), "the definition"), *others, strict=True)
    computed = [without_noise(evaluate(form, board.values), form, board.values) for form, _ in others]
    values = board.cells([float(value.item()) for value in (board.values["divergence_pq"], *computed)])
    apart_latex = board.writer.symbols["divergence_pq"].latex
    written = [f"$= {board.writer.formula(form).latex}$" for form in forms]
    yield Heading("Cross-entropy is entropy plus divergence", 2)
    yield board.prose(
        rf"From ${apart_latex}$ to the difference of the two, a line for every step, with the value that each line has "
        "when it is computed as it stands:"
    )
    yield Table((f"${apart_latex}$", "value", "why"), tuple(zip(written, values, reasons, strict=True)), (1,))
    yield board.prose("So the cross-entropy is")
    yield board.chain("cross_entropy_pq", own + apart, board.numbers(own + apart), board.piece("cross_entropy_pq"))
    yield board.prose(
        "The entropy of $p$ does not depend on $q$. Where $p$ is the data and $q$ a model, the model that minimises "
        "the cross-entropy is therefore the one that minimises the divergence, and the one that maximises the "
        "likelihood."
    )


def _properties(board: Board, given: Mapping[str, Sequence[Fraction]], finite: Mapping[str, bool]) -> Iterator[Block]:
    equal = list(given["p"]) == list(given["q"])
    yield board.prose(
        r"It is never negative: because $\log t \le t - 1$ with equality only at $t = 1$, "
        r"$-\mathrm{KL}(p \,\Vert\, q) = \sum_k p_k \log \frac{q_k}{p_k} \le \sum_{k: p_k > 0} (q_k - p_k) \le 0$. "
        "It is 0 exactly where the two distributions are equal."
        + (" Here they are equal, and both directions are 0." if equal else "")
    )
    if not equal:
        forward, backward = (_value(board, f"divergence_{one}{other}") for one, other in _PAIRS)
        same = forward == backward or isclose(forward, backward, rel_tol=1e-12)
        left, right = board.number(forward), board.number(backward)
        yield board.prose(
            "It is no distance: the two directions are different in general "
            f"({'equal here' if same else 'different here'}: {left} and {right}), and the triangle inequality does not "
            "hold."
        )


def _value(board: Board, name: str) -> float:
    return float(board.values[name].item()) if name in board.derivation else inf


def _overview(board: Board) -> Table:
    names = [f"entropy_{name}" for name in "pq"]
    names += [f"{kind}_{one}{other}" for kind in ("cross_entropy", "divergence") for one, other in _PAIRS]
    columns = [_finite_first(board, [_value(board, f"{name}{unit}") for name in names]) for unit in ("", "_bits")]
    labels = [f"${board.writer.symbols[name].latex}$" for name in names]
    return Table(("", "nats", "bits"), tuple(zip(labels, *columns, strict=True)), (0, 1, 2))


def _finite_first(board: Board, values: list[float]) -> list[str]:
    """The cells of a column whose decimals are in line though some are infinite."""
    cells = iter(board.cells([value for value in values if isfinite(value)]))
    return [next(cells) if isfinite(value) else r"$\infty$" for value in values]
