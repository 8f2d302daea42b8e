"""What the operations table says in JavaScript, evaluated by Node and held against NumPy."""

import numpy as np
from in_node import in_node, needs_node
from test_operations import draw, full, names_of, situations, values_of

from chalkwork.algebra.expression import apply
from chalkwork.algebra.operations import TABLE
from chalkwork.derivation.evaluate import evaluate
from chalkwork.page.script import program

EVALUATED = """(cases) => cases.map(([name, parameters, ...given]) => {
  const arrays = given.map(([shape, data]) => arrayOf(shape, Float64Array.from(data)));
  return valueCall({ op: name, params: parameters }, arrays);
})"""

STACKED = [  # what the tables of test_operations do not try: matrices in a row, several channels, filters, samples
    ("matmul", {}, ((4, 2, 3), (3, 2))),
    ("transpose", {}, ((4, 2, 3),)),
    ("sum", {"axis": -3}, ((4, 2, 3),)),
    ("sum", {"axis": (-3, -2, -1)}, ((4, 2, 3),)),
    ("max", {"axis": -1}, ((4, 2, 3),)),
    ("softmax", {"axis": -1}, ((4, 2, 3),)),
    ("moment", {"at": 2, "along": -2}, ((4, 3, 2),)),
    ("moment", {"at": 2, "along": -1}, ((4, 2, 3),)),
    ("at_moment", {"at": 2, "along": -2, "shape": (4, 3, 2)}, ((4, 2),)),
    ("at_moment", {"at": 2, "along": -1, "shape": (4, 2, 3)}, ((2, 4),)),
    ("convolve", {"padding": 1}, ((2, 5, 4), (3, 2, 3, 2))),
    ("convolve", {}, ((2, 2, 5, 4), (3, 2, 3, 2))),
    ("convolve", {}, ((5, 4), (3, 3, 2))),
    ("convolve", {"along": -1, "stride": 2}, ((3, 7), (2, 3, 3))),
    ("convolve", {"along": -2}, ((2, 7, 3), (2, 3, 3))),
    ("max_pool", {}, ((2, 4, 5),)),
    ("average_pool_back", {"before": (2, 4, 4)}, ((2, 2, 2),)),
]

SCRIPTED = [name for name, entry in TABLE.items() if entry.script]


def test_every_operation_has_its_script():
    assert not [name for name, entry in TABLE.items() if not (entry.script or entry.definition)]


@needs_node
def test_scripts_give_what_numpy_gives(rng):
    tried = [(name, *situation) for name in SCRIPTED for situation in situations(name)] + STACKED
    cases, expected = [], []
    for name, parameters, shapes in tried:
        names, arrays = names_of(shapes), draw(name, shapes, rng)
        expression = apply(name, *names, **parameters)
        expected.append(evaluate(expression, values_of(names, arrays)))
        given = [[full(shape), array.ravel().tolist()] for shape, array in zip(shapes, arrays, strict=True)]
        cases.append([name, expression.parameters, *given])
    for (name, parameters, _), value, found in zip(tried, expected, in_node(program(), EVALUATED, cases), strict=True):
        assert tuple(found["shape"]) == value.shape, (name, parameters)
        said = f"{name} {parameters}"
        np.testing.assert_allclose(found["data"], value.ravel(), rtol=1e-13, atol=1e-15, err_msg=said)


@needs_node
def test_scripts_at_the_ends_of_the_line():
    """Nothing overflows, and what has a limit has it."""
    points = np.array([[-1e4, -750.0, -40.0, -0.0, 0.0, 40.0, 750.0, 1e4]])
    tried = [name for name in SCRIPTED if TABLE[name].arity == 1 and TABLE[name].entrywise]
    cases, expected = [], []
    with np.errstate(all="ignore"):
        for name in tried:
            expression = apply(name, *names_of((points.shape,)))
            expected.append(evaluate(expression, {"x": points}))
            cases.append([name, expression.parameters, [points.shape, points.ravel().tolist()]])
    for name, value, found in zip(tried, expected, in_node(program(), EVALUATED, cases), strict=True):
        data = [float(str(number).replace("Infinity", "inf")) for number in found["data"]]
        np.testing.assert_allclose(data, value.ravel(), rtol=1e-13, atol=1e-300, err_msg=name)
