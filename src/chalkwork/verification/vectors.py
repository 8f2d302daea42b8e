"""Vectors and matrices in a statement: what they may be multiplied by, and numbers that are made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression
from chalkwork.algebra.reading import Syntax, build
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.verification.memory import Value

INVERSE = re.compile(r"(?:(?<![\\A-Za-z_])(?P<of>[A-Z](?:_\w|_\{\w+\})?|Z_lit[a-z]+)|\))\s*\^\s*\{\s*-\s*1\s*\}")
_OF = r"\s*(?:\(|(?P<of>[A-Z](?:_\w|_\{\w+\})?(?![A-Za-z])|Z_lit[a-z]+))"
DETERMINANT = re.compile(r"\\det" + _OF)
TRACE = re.compile(r"(?:\\(?:operatorname|mathrm|text)\s*\{\s*[Tt]r\s*\}|\\tr(?![A-Za-z]))" + _OF)
_VECTOR = (
    r"(Z_[a-z]+|(?<![A-Za-z\\])[a-z](?:_\w|_\{\w+\})?(?![A-Za-z_^({])"
    r"|\\(?:mathbf|vec|boldsymbol)\s*\{\s*[a-z]\s*\}(?:_\w)?(?![_^({]))"
)
DOTTED = re.compile(rf"{_VECTOR}\s*\\cdot\s*{_VECTOR}")
BESIDE_NUMBER = re.compile(r"(Z_[a-z]+)\s+(?=[0-9])")
MATRICES = re.compile(r"Z_lit[a-z]+(?:\s+Z_lit[a-z]+)+")
NORM = re.compile(
    r"(?:\\[lr]?Vert|\\\||‖)(?P<inside>[^=‖]+?)(?:\\[lr]?Vert|\\\||‖)(?:\s*_\s*\{?\s*(?P<kind>1|2|F)\s*\}?)?(?![_\w])"
)

OF_MATRICES: dict[re.Pattern[str], tuple[str, Callable[[Any], Any]]] = {
    DETERMINANT: ("det", np.linalg.det), TRACE: ("trace", np.trace), INVERSE: ("inverse", np.linalg.inv),
}  # fmt: skip


def built(side: Syntax, named: Mapping[str, Expression]) -> Expression:
    """The side; where shapes do not fit, with its columns as rows: x W of x = (1, 2)."""
    try:
        return build(side, named)
    except ShapeError:
        columns = {name: one.T for name, one in named.items() if one.shape[1:] == (1,)}
        with suppress(ShapeError):
            return build(side, {**named, **columns})
        raise


def beside(words: Sequence[str], literals: Mapping[str, Value]) -> str:
    """Matrices of numbers next to each other: those that can only be multiplied entry by entry are."""
    text, shape = words[0], literals[words[0]].shape
    for word in words[1:]:
        own = literals[word].shape
        if not own and not shape:
            raise ChalkworkError("two numbers next to each other; write a sign between them")
        fits = bool(shape and own) and shape[-1] == own[0]
        text += f" {word}" if fits or shape != own else rf" \odot {word}"
        shape = (shape[0], own[1]) if fits else own if shape == own else own or shape
    return text
