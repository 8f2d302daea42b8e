"""`divergence`: two discrete distributions, their entropies, cross-entropy and Kullback-Leibler divergences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite
from math import log as ln
from typing import Any

from chalkwork.documents.model import Block, Heading, Table
from chalkwork.errors import ShapeError
from chalkwork.laboratory.likelihood.board import Board, chain, in_notation, maths, prose, total, without_repetition
from chalkwork.laboratory.likelihood.information import AGREEMENT, Information, chain_values, information
from chalkwork.laboratory.likelihood.sample import probabilities
from chalkwork.laboratory.worked import Manner, Worked
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.pieces import Piece, join

_TIMES = Piece.of(r" \cdot ", " · ")


def divergence(
    p: Any,
    q: Any,
    *,
    notation: str | Mapping[str, Any] | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
) -> Worked:
    """Entropy, cross-entropy and Kullback-Leibler divergence of two discrete distributions, in nats and bits.

    `p` and `q` are lists of the same length (1 to 100) of probabilities from 0 to 1 that add up to one (to nine
    decimals); fractions are exact, and a float is taken as it is written. H(p, q) = H(p) + KL(p || q) is shown line by
    line, each line computed for itself with 60 digits.

    Values in nats: `entropy_p`, `entropy_q`, `cross_entropy_pq`, `cross_entropy_qp`, `divergence_pq`, `divergence_qp`
    (infinite where one distribution is 0 and the other is not), and the same with `_bits` behind the name.

    Raises ValueProblem for a probability outside 0 to 1 or a sum that is not one, ShapeError for lists that are empty
    or of different lengths; the entry is named.

    Source: Cover and Thomas, Elements of Information Theory, sections 2.1, 2.3 and 2.6.

    >>> answer = divergence([0.36, 0.48, 0.16], [1 / 3, 1 / 3, 1 / 3])
    >>> round(answer["divergence_pq"], 7), round(answer["divergence_qp"], 6)
    (0.0852996, 0.097455)
    """
    first, second = probabilities(p, "p"), probabilities(q, "q")
    if len(first) != len(second):
        raise ShapeError(
            f"p has {len(first)} entries and q has {len(second)}", hint="both are distributions over the same values"
        )
    board = Board(Manner.of(notation, decimals, significant), {}, {})
    forward, backward = information(first, second), information(second, first)
    blocks: list[Block] = [
        prose("Two distributions over the same values; $\\log$ is the natural logarithm, and $0 \\log 0 = 0$."),
        board.table(
            ["$k$", "$p_k$", "$q_k$"],
            [
                [float(k) for k in range(1, len(first) + 1)],
                [float(value) for value in first],
                [float(value) for value in second],
            ],
        ),
        Heading("Entropy and cross-entropy", 2),
        *_entropies(board, first, second, forward),
        Heading("Kullback-Leibler divergence", 2),
        *_divergences(board, first, second, forward, backward),
        *(_identity(board, first, second, forward) if isfinite(forward.divergence) else []),
        Heading("What the divergence is not", 2),
        *_properties(board, first, second, forward, backward),
        Heading("In nats and bits", 2),
        prose(r"One bit is $\log 2 = 0.6931\ldots$ nats; the logarithm to base 2 gives bits directly."),
        _overview(board, forward, backward),
    ]
    values = _values(forward, backward)
    return Worked(
        "Entropy, cross-entropy and divergence",
        in_notation(blocks, board.manner.notation),
        values,
        board.manner.notation,
    )


def _values(forward: Information, backward: Information) -> dict[str, float]:
    nats = {
        "entropy_p": forward.entropy,
        "entropy_q": backward.entropy,
        "cross_entropy_pq": forward.cross_entropy,
        "cross_entropy_qp": backward.cross_entropy,
        "divergence_pq": forward.divergence,
        "divergence_qp": backward.divergence,
    }
    return nats | {f"{name}_bits": value / ln(2) for name, value in nats.items()}


def _product(board: Board, a: Fraction, b: Piece) -> Piece:
    return join(board.number(float(a)), _TIMES, b)


def _log(board: Board, value: Fraction) -> Piece:
    name = board.manner.notation.log
    return join(Piece.of(rf"\{name} ", f"{name} "), board.number(float(value)))


def _ratio(board: Board, a: Fraction, b: Fraction) -> Piece:
    above, below = board.number(float(a)), board.number(float(b))
    name = board.manner.notation.log
    return Piece.of(
        rf"\{name} \frac{{{above.latex}}}{{{below.latex}}}", f"{name}({above.box.lines[0]} / {below.box.lines[0]})"
    )


def _negated(pieces: Sequence[Piece]) -> list[Piece]:
    """Minus a sum, between parentheses that may stand on different lines."""
    if len(pieces) == 1:
        return [join(Piece.of("-", "−"), *pieces)]
    first, *middle, last = pieces
    return [join(Piece.of("-(", "−("), first), *middle, join(last, Piece.of(")", ")"))]


def _entropies(board: Board, p: Sequence[Fraction], q: Sequence[Fraction], found: Information) -> list[Block]:
    log = board.manner.notation.log
    own = [_product(board, a, _log(board, a)) for a in p if a]
    both = [_product(board, a, _log(board, b)) for a, b in zip(p, q, strict=True) if a]
    blocks: list[Block] = [
        prose("The entropy of $p$ is the mean surprise of its own values:"),
        chain(
            maths("H(p)"),
            without_repetition(
                [
                    [maths(rf"-\sum_k p_k \{log} p_k", f"−∑ₖ pₖ {log} pₖ")],
                    _negated(total(own)),
                    [board.number(found.entropy)],
                ]
            ),
        ),
        prose("The cross-entropy is the mean surprise of the values of $p$ for somebody who expects $q$:"),
    ]
    formula = [maths(rf"-\sum_k p_k \{log} q_k", f"−∑ₖ pₖ {log} qₖ")]
    if not isfinite(found.cross_entropy):
        return [*blocks, chain(maths("H(p, q)"), [formula, [maths(r"\infty")]]), prose(_impossible("p", "q", p, q))]
    return [*blocks, chain(maths("H(p, q)"), [formula, _negated(total(both)), [board.number(found.cross_entropy)]])]


def _impossible(one: str, other: str, p: Sequence[Fraction], q: Sequence[Fraction]) -> str:
    place = next(k for k, (a, b) in enumerate(zip(p, q, strict=True), 1) if a and not b)
    return (
        f"It is infinite because ${other}_{{{place}}} = 0$ and ${one}_{{{place}}} > 0$: what ${other}$ calls "
        f"impossible "
        f"happens under ${one}$. (Where ${one}_k = 0$ the term is 0, whatever ${other}_k$ is.)"
    )


def _divergences(
    board: Board, p: Sequence[Fraction], q: Sequence[Fraction], forward: Information, backward: Information
) -> list[Block]:
    return [
        prose("It is the expectation of the logarithm of the ratio, under the distribution that stands first:"),
        *_one_divergence(board, "p", "q", p, q, forward),
        *_one_divergence(board, "q", "p", q, p, backward),
    ]


def _one_divergence(
    board: Board, one: str, other: str, p: Sequence[Fraction], q: Sequence[Fraction], found: Information
) -> list[Block]:
    name = board.manner.notation.log
    head = maths(rf"\mathrm{{KL}}({one} \,\|\, {other})", f"KL({one} ‖ {other})")
    formula = [maths(rf"\sum_k {one}_k \{name} \frac{{{one}_k}}{{{other}_k}}", f"∑ₖ {one}ₖ {name}({one}ₖ / {other}ₖ)")]
    if not isfinite(found.divergence):
        return [chain(head, [formula, [maths(r"\infty")]]), prose(_impossible(one, other, p, q))]
    terms = total([_product(board, a, _ratio(board, a, b)) for a, b in zip(p, q, strict=True) if a])
    return [chain(head, without_repetition([formula, terms, [board.number(found.divergence)]]))]


def _identity(board: Board, p: Sequence[Fraction], q: Sequence[Fraction], found: Information) -> list[Block]:
    log = board.manner.notation.log
    lines = chain_values(p, q)
    numbers = [board.number(float(line)) for line in lines]
    rows = [
        (rf"\sum_k p_k \{log} \frac{{p_k}}{{q_k}}", f"∑ₖ pₖ {log}(pₖ / qₖ)", "the definition"),
        (
            rf"\sum_k p_k \left( \{log} p_k - \{log} q_k \right)",
            f"∑ₖ pₖ ({log} pₖ − {log} qₖ)",
            "the logarithm of a ratio",
        ),
        (
            rf"\sum_k p_k \{log} p_k - \sum_k p_k \{log} q_k",
            f"∑ₖ pₖ {log} pₖ − ∑ₖ pₖ {log} qₖ",
            "the sum taken apart",
        ),
        ("H(p, q) - H(p)", "H(p, q) − H(p)", "the definitions of both"),
    ]
    shown = tuple(
        (f"$= {latex}$", f"${number.latex}$", reason) for (latex, _, reason), number in zip(rows, numbers, strict=True)
    )
    return [
        Heading("Cross-entropy is entropy plus divergence", 2),
        prose(
            r"From $\mathrm{KL}(p \| q)$ to the difference of the two, a line for every step, with the value that "
            "each line has when it is computed as it stands:"
        ),
        Table(("KL(p ‖ q)", "value", "why"), shown, (1,)),
        prose(f"Computed with 60 digits, the lines agree to at least {AGREEMENT} decimals."),
        chain(
            maths("H(p, q)"),
            [
                [maths(r"H(p) + \mathrm{KL}(p \| q)", "H(p) + KL(p ‖ q)")],
                total([board.number(found.entropy), board.number(found.divergence)]),
                [board.number(found.cross_entropy)],
            ],
        ),
        prose(
            "The entropy of $p$ does not depend on $q$. Where $p$ is the data and $q$ a model, the model that "
            "minimises "
            "the cross-entropy is therefore the one that minimises the divergence, and the one that maximises the "
            "likelihood."
        ),
    ]


def _properties(
    board: Board, p: Sequence[Fraction], q: Sequence[Fraction], forward: Information, backward: Information
) -> list[Block]:
    blocks: list[Block] = [
        prose(
            r"It is never negative: because $\log t \le t - 1$ with equality only at $t = 1$, "
            r"$-\mathrm{KL}(p \| q) = \sum_k p_k \log \frac{q_k}{p_k} \le \sum_{k: p_k > 0} (q_k - p_k) \le 0$. "
            "It is 0 exactly where the two distributions are equal."
            + (" Here they are equal, and both directions are 0." if list(p) == list(q) else "")
        )
    ]
    if list(p) != list(q):
        same = forward.divergence == backward.divergence
        left, right = board.number(forward.divergence), board.number(backward.divergence)
        word = "equal here" if same else "different here"
        blocks.append(
            prose(
                "It is no distance: the two directions are different in general"
                f" ({word}: ${left.latex}$ and ${right.latex}$), and the triangle inequality does not hold."
            )
        )
    return blocks


def _overview(board: Board, forward: Information, backward: Information) -> Block:
    values = _values(forward, backward)
    names = [
        ("entropy_p", "$H(p)$"),
        ("entropy_q", "$H(q)$"),
        ("cross_entropy_pq", "$H(p, q)$"),
        ("cross_entropy_qp", "$H(q, p)$"),
        ("divergence_pq", "KL(p ‖ q)"),
        ("divergence_qp", "KL(q ‖ p)"),
    ]
    return board.table(
        ["", "nats", "bits"],
        [
            [label for _, label in names],
            [values[name] for name, _ in names],
            [values[f"{name}_bits"] for name, _ in names],
        ],
    )
