"""Expressions of every operation, drawn at random, and the names in them."""

from hypothesis import strategies as st

from chalkwork.algebra.expression import Name, Number, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.errors import ShapeError

SCALARS = {letter: Name(letter) for letter in ("a", "b", "x", "T", "delta1", "dW1", "lambda", "e", "exp")}
SHAPED = {
    "A": Name("A", (2, 3)),
    "B": Name("B", (3, 2)),
    "S": Name("S", (2, 2)),
    "r": Name("r", (1, 3)),
    "c": Name("c", (2, 1)),
}
NAMES = SCALARS | SHAPED

NUMBERS = st.one_of(
    st.integers(-(10**29), 10**29),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, 1, -1, 0.5, -0.0, 1e-300, 1e22, 5e-324]),
).map(Number)
LEAVES = st.one_of(st.sampled_from(list(NAMES.values())), NUMBERS)


def parameter(key):
    slopes = st.floats(allow_nan=False, allow_infinity=False)
    return {
        "axis": st.sampled_from((None, -2, -1)),
        "alpha": slopes,
        "delta": slopes,
        "at_zero": st.one_of(st.none(), slopes),
        "tie": st.one_of(st.none(), slopes),
        "at": st.sampled_from((1, 2)),
        "count": st.sampled_from((1, 2)),
        "causal": st.sampled_from((0, 1)),
        "along": st.sampled_from((-2, -1)),
        "place": st.sampled_from(((1, 1), (2, 1))),
        "keys": st.sampled_from((-1, -2)),
        "window": st.sampled_from((1, 2, (1, 2))),
        "stride": st.sampled_from((1, 2, (2, 1))),
        "padding": st.sampled_from((0, 1)),
        "dilation": st.sampled_from((1, 2)),
        "ties": st.sampled_from((0, 1)),
        "kernel": st.sampled_from(((1, 1), (2, 1))),
        "span": st.sampled_from(((1, 1, 1, 1), (1, 2, 1, 1))),
        "shape": st.sampled_from(((), (2, 3), (2, 2), (2, 1), (1, 2), (3, 1))),
    }[key]


@st.composite
def larger(draw, parts):
    """An operation on what there is; where the shapes do not fit, the first part itself."""
    entry = draw(st.sampled_from(list(TABLE.values())))
    arguments = [draw(parts) for _ in range(entry.arity)]
    parameters = {key: draw(parameter(key)) for key in entry.parameters if key != "before"}
    if "before" in entry.parameters:
        parameters["before"] = arguments[0].shape
    if parameters.get("at_zero", 0) is None and entry.parameters["at_zero"] is not None:
        parameters["at_zero"] = 0.0
    if parameters.get("axis") is not None and 1 in (arguments[0].shape or (1,)):
        parameters["axis"] = None  # one entry along an axis is refused
    try:
        return apply(entry.name, *arguments, **parameters)
    except ShapeError:
        return arguments[0]


EXPRESSIONS = st.recursive(LEAVES, larger, max_leaves=12)
