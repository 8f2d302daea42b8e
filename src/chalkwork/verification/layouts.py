r"""Derivatives by vectors and matrices, \nabla_w \|X w - y\|^2 = 2 X^\top (X w - y): held against differences.

Names get shapes that fit, and random entries; the derivative is taken entry by entry, by central differences. It has
the shape of what it is taken by (denominator layout) or the transposed one (numerator layout): both are in use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name
from chalkwork.algebra.operations import Shape
from chalkwork.algebra.reading import build, free_names, read_chain
from chalkwork.algebra.reading.words import FUNCTIONS
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.verification.comparing import Found, Verdict
from chalkwork.verification.names import SIGN, group_end
from chalkwork.verification.tuples import TRANSPOSE

Array = np.ndarray[Any, Any]
STEP, CLOSE = 1e-4, 1e-5
"""By how much an entry is moved, and how far apart, as a part of the largest entry, what is the same may be."""
MOST_SIGNS = 60_000
"""How many signs are read in all while shapes are tried."""
_TURNED = rf"(?:{TRANSPOSE}|\\prime(?![A-Za-z]))"
_MATRICES = re.compile(
    rf"\^\s*\{{?\s*-?\s*{_TURNED}|\\\||\\[lr]?Vert|\\det"
    r"|(?:\\operatorname|\\mathrm|\\text)?\{?\s*(?<![a-z])[Tt]r\s*\}?\s*[(\[]|\\tr(?![a-z])"
)
_NAME = r"(?:\\(?:mathbf|boldsymbol|bm|vec)\s*\{\s*\\?[A-Za-z]+\s*\}|\\?[A-Za-z]+)"
_FRACTION = re.compile(rf"^\s*\\frac\s*\{{\s*{SIGN}(?![A-Za-z])\s*")
_BY = re.compile(rf"\s*\{{\s*{SIGN}(?![A-Za-z])\s*(?P<by>{_NAME})\s*\}}\s*")
_NABLA = re.compile(rf"^\s*\\nabla\s*(?:_\s*(?:\{{\s*(?P<by>{_NAME})\s*\}}|(?P<one>\\?[A-Za-z]+)))?\s*")
_DEFINED = re.compile(r"^\s*(?P<name>[A-Z]|\\ell|f|g)\s*(?:\(\s*(?P<by>\\?[A-Za-z]+)\s*\))?\s*$")
_NORM = re.compile(
    r"(?:\\[lr]?Vert|\\\|)(?P<inside>.+?)(?:\\[lr]?Vert|\\\|)(?:_\s*(?:\{\s*[2F]\s*\}|[2F]))?(?P<square>\^\s*(?:\{\s*2\s*\}|2))?"
)
_NUMBER_OF = re.compile(
    r"(?:(?P<determinant>\\det)|\\(?:operatorname|mathrm|text)\s*\{\s*[Tt]r\s*\}|\\tr(?![A-Za-z])|(?<![A-Za-z\\])[Tt]r)"
    r"\s*(?:(?P<name>[A-Z])(?![A-Za-z])|(?=[(\[]))"
)
_INVERSE = re.compile(rf"(?P<of>Z[a-z]+|[A-Z]|\([^()]*\))\s*\^\s*\{{\s*-\s*(?P<kind>1|{_TURNED})\s*\}}")
_OF_MATRICES: dict[str, Callable[[Array], Any]] = {
    "inverse": np.linalg.inv, "determinant": np.linalg.det, "trace": np.trace,
}  # fmt: skip
_VECTORS = ("theta", "beta", "mu", "phi", "omega", "xi")
_NUMBERS = frozenset("nmNkdtiC")
_COVARIANCES = {"Sigma": "Zsigma", "Lambda": "Zlambda"}
"""What stands for symmetric matrices."""


@dataclass
class Derivatives:
    """The derivatives by vectors and matrices of one document."""

    defined: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Functions of vectors and matrices: what they are taken of, and the formula."""
    symmetric: bool = False
    """Whether the document speaks of symmetric matrices."""

    def judge(self, text: str, known: Mapping[str, object]) -> Found | None:
        """The verdict on a statement whose left side is such a derivative of names that have no numbers; else None."""
        sides = _sides(text)
        if len(sides) < 2:
            return None
        first = _DEFINED.match(sides[0])
        if first and len(sides) == 2 and _MATRICES.search(sides[1]):
            self.defined[first["name"]] = first["by"] or "", sides[1]
            return None
        place, taken = next(((at, one) for at, side in enumerate(sides[:-1]) if (one := self._taken(side))), (0, None))
        if taken is None or not any(map(_MATRICES.search, (taken[0], *sides[place + 1 :]))):
            return None
        of, by = taken
        others = [side for side in sides[place + 1 :] if side.strip() != "0"]
        with suppress(ChalkworkError, np.linalg.LinAlgError, ValueError, ArithmeticError):
            forms = Forms([_bare(side) for side in (of, *others)])
            variable = _bare(by).strip().removeprefix("\\")
            if forms.unknown(known) and forms.tell(variable):
                return forms.judge(variable, self.symmetric)
        return None

    def _taken(self, side: str) -> tuple[str, str] | None:
        """What the derivative is taken of, and by."""
        if (nabla := _NABLA.match(side)) is not None:
            of, by = side[nabla.end() :], nabla["by"] or nabla["one"] or ""
        elif (fraction := _FRACTION.match(side)) is not None:
            above = group_end(side, side.index("{", side.index("frac")))
            below = _BY.match(side, above)
            if below is None:
                return None
            inside, by = side[fraction.end() : above - 1], below["by"]
            of = inside if inside.strip() else side[below.end() :]
            if inside.strip() and side[below.end() :].strip():
                return None
        else:
            return None
        name = _DEFINED.match(of)
        if name is not None:
            if name["name"] not in self.defined:
                return None
            own, of = self.defined[name["name"]]
            by = by or own or name["by"] or ""
        return (of, by) if of.strip() and by else None


class Forms:
    """Sides as expressions of names with shapes."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.hidden: list[tuple[str, str, str]] = []
        """Determinants, traces and inverses: name, which of these, and of what."""
        self.texts = [self._hide(text) for text in texts]
        self.words = {name for name, _, _ in self.hidden}
        inside = [text for _, _, text in self.hidden]
        self.letters = sorted({name for text in (*self.texts, *inside) for name in _free(text)} - self.words)

    def tell(self, by: str) -> bool:
        """Whether the first side holds the variable, and every other name; else another one may stand for any of it."""
        inner = {word: _free(text) for word, _, text in self.hidden}

        def letters(text: str) -> set[str]:
            found = set(_free(text))
            while hidden := found & self.words:
                found = (found - hidden).union(*(inner[word] for word in hidden))
            return found

        return by in letters(self.texts[0]) and set(self.letters) - {"I"} <= letters(self.texts[0])

    def unknown(self, known: Mapping[str, object]) -> bool:
        """Whether there are names, and none of them has numbers."""
        return bool(self.letters) and not any(name in known for name in self.letters)

    def _hide(self, text: str) -> str:
        while found := _INVERSE.search(text):
            word = f"Zinverse{chr(97 + len(self.hidden))}"
            self.hidden.append((word, "inverse", found["of"]))
            turned = "" if found["kind"] == "1" else r"^\top"
            text = f"{text[: found.start()]} ({word}{turned}) {text[found.end() :]}"
        while found := _NUMBER_OF.search(text):
            end = found.end() if found["name"] else group_end(text, found.end())
            kind = "determinant" if found["determinant"] else "trace"
            word = f"Z{kind}{chr(97 + len(self.hidden))}"
            self.hidden.append((word, kind, self._hide(found["name"] or text[found.end() : end])))
            text = f"{text[: found.start()]}({word}){text[end:]}"
        return text

    def judge(self, by: str, symmetric: bool = False) -> Found | None:
        """The first side's derivative held against the others, which have its shape or the transposed one."""
        for shapes in islice(self._shapes(by), MOST_SIGNS // (sum(map(len, self.texts)) + 1)):
            try:
                built = self._built(shapes)
            except ChalkworkError:
                continue
            values = _drawn(shapes, symmetric=False)
            found = self._held(built, by, values, shapes)
            if found is None:
                continue
            if found.verdict is Verdict.WRONG and any(
                len({*one}) == 1 and one[0] > 1 for one in shapes.values() if one
            ):
                other = self._held(built, by, _drawn(shapes, symmetric=True), shapes)
                if other is not None and other.verdict is Verdict.RIGHT and symmetric:
                    return Found(Verdict.RIGHT, f"{other.reason}, symmetric matrices")
                if other is not None and other.verdict is Verdict.RIGHT:
                    return Found(Verdict.UNJUDGED, f"right where matrices are symmetric; else {found.reason}")
            return found
        return None

    def _shapes(self, by: str) -> Iterator[dict[str, Shape]]:
        """Shapes that names can have: capitals are matrices, other letters columns, other Greek ones numbers."""
        options: list[list[Shape]] = []
        for name in self.letters:
            if name[:1].isupper() and name not in _NUMBERS:
                options.append([(2, 3), (3, 2), (3, 3), (2, 2)])
            elif (len(name) == 1 and name not in _NUMBERS) or name in _VECTORS or name == by:
                options.append([(3, 1), (2, 1)])
            else:
                options.append([()])
        for one in product(*options):
            yield dict(zip(self.letters, one, strict=True))

    def _built(self, shapes: Mapping[str, Shape]) -> list[Expression]:
        names: dict[str, Expression] = {name: Name(name, shape) for name, shape in shapes.items()}
        self.inner: dict[str, Expression] = {}
        for word, kind, text in self.hidden:
            inner = self.inner[word] = _read(text, names)
            if not inner.shape or len({*inner.shape}) > 1:
                raise ChalkworkError("a matrix with an inverse is square")
            names[word] = Name(word, inner.shape if kind == "inverse" else ())
        return [_read(text, names) for text in self.texts]

    def _value(self, expression: Expression, values: Mapping[str, Array]) -> Array:
        known = dict(values)
        for word, kind, _ in self.hidden:
            inner = np.asarray(evaluate(self.inner[word], known))
            known[word] = np.atleast_2d(_OF_MATRICES[kind](inner))
        return np.atleast_2d(np.asarray(evaluate(expression, known), dtype=float))

    def _held(
        self, built: Sequence[Expression], by: str, values: Mapping[str, Array], shapes: Mapping[str, Shape]
    ) -> Found | None:
        if by not in shapes:
            return None
        point = values[by]
        base = self._value(built[0], values)
        slopes = np.zeros((base.size, point.size))
        for place in range(point.size):
            moved = np.zeros(point.size)
            moved[place] = STEP
            ends = [
                self._value(built[0], {**values, by: point + sign * moved.reshape(point.shape)}) for sign in (1, -1)
            ]
            slopes[:, place] = ((ends[0] - ends[1]) / (2 * STEP)).ravel()
        meant = slopes if base.size > 1 else slopes.reshape(point.shape)
        if base.size > 1 and 1 not in point.shape:
            return None
        numerator = base.size > 1
        said = ""
        for side in built[1:]:
            own = self._value(side, values)
            if own.shape not in (meant.shape, meant.T.shape):
                return None
            fits = [_close(own, layout) for layout in (meant, meant.T)]
            if not any(fits):
                layout = meant if own.shape == meant.shape else meant.T
                row, column = np.unravel_index(int(np.argmax(np.abs(own - layout))), own.shape)
                sizes = ", ".join(f"{name} {'x'.join(map(str, one))}" for name, one in shapes.items() if one)
                return Found(
                    Verdict.WRONG,
                    f"with random entries ({sizes}) the left side has {layout[row, column]:.4g} in row {row + 1}, "
                    f"column {column + 1}, the right side {own[row, column]:.4g}",
                )
            if not all(fits):
                said = "numerator" if fits[0] == numerator else "denominator"
        return Found(Verdict.RIGHT, f"with random entries, in {said} layout" if said else "with random entries")


def _close(own: Array, other: Array) -> bool:
    return own.shape == other.shape and bool(np.abs(own - other).max() <= CLOSE * max(1.0, np.abs(other).max()))


def _drawn(shapes: Mapping[str, Shape], symmetric: bool) -> dict[str, Array]:
    """Random entries, the same each time; determinants of what is square are positive."""
    rng = np.random.default_rng(7)
    values: dict[str, Array] = {}
    for name, shape in shapes.items():
        entries = rng.uniform(0.5, 1.5, shape or (1, 1))
        square = bool(shape) and shape[0] == shape[1]
        if name == "I" and square:
            entries = np.eye(shape[0])
        elif square:
            entries = entries + entries.T if symmetric or name in _COVARIANCES.values() else entries
            entries = entries + 3 * np.eye(shape[0])
        values[name] = entries
    return values


def _sides(text: str) -> list[str]:
    """The sides between equals signs outside of all brackets; none where another relation stands there."""
    parts, depth, start = [], 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "({[") - (sign in ")}]")
        if sign in "<>" or (
            text.startswith((r"\le", r"\ge"), place) and not text.startswith((r"\left", r"\leftarrow"), place)
        ):
            return []
        if sign == "=" and not depth:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def _bare(text: str) -> str:
    """The text with vectors in plain letters, norms and traces by their operations, factors apart."""
    text = re.sub(r"\\(?:mathbf|boldsymbol|bm|vec)\s*\{\s*(\\?[A-Za-z]+)\s*\}", r" \1 ", text)
    text = re.sub(rf"\\({'|'.join(_COVARIANCES)})(?![A-Za-z])", lambda found: f" {_COVARIANCES[found[1]]} ", text)
    text = _NORM.sub(_norm, text)
    text = re.sub(rf"\^\s*\{{?\s*{_TURNED}\s*\}}?", r"^\\top ", text)
    return re.sub(r"(?<![\\A-Za-z_{])(?!Z[a-z])[A-Za-z]{2,}(?![A-Za-z_])", _factors, text)


def _norm(found: re.Match[str]) -> str:
    square = f" squared_norm({found['inside']}) "
    return square if found["square"] else rf" \sqrt{{{square}}} "


def _factors(found: re.Match[str]) -> str:
    word = found.group()
    return word if word in FUNCTIONS or word in ("tr", "Tr") else " ".join(word)


def _read(text: str, names: Mapping[str, Expression]) -> Expression:
    chain = read_chain(text, frozenset(names))
    if len(chain.sides) != 1:
        raise ChalkworkError("it holds a relation")
    return build(chain.sides[0], names)


def _free(text: str) -> list[str]:
    words = frozenset(re.findall(r"Z[a-z]+", text))
    return free_names(
        read_chain(text, words | frozenset(re.findall(r"(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])", text))).sides[0]
    )
