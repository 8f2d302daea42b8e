"""Calls from Python that cannot be answered: an error of ours says why."""

import time

import numpy as np
import pytest

from chalkwork import ChalkworkError, Dense, Graph, NeuralNetwork
from chalkwork.errors import ReadError, ShapeError, ValueProblem

DEEP = 10_000


def test_the_message_names_shapes_and_the_equation():
    with pytest.raises(ShapeError, match=r"W2 is 2x3, but a1 has 4 rows, in z2 = W2 @ a1 \+ b2"):
        Graph("z2 = W2 @ a1 + b2").solve(W2=np.ones((2, 3)), a1=np.ones(4), b2=np.ones(2))
    with pytest.raises(ShapeError, match=r"W2 is 2x3, but 2x4 .* is needed: layer 2 has 4 inputs and 2 units"):
        NeuralNetwork([Dense(4, inputs=3), Dense(weights=np.ones((2, 3)))], weights="out_in")


def net(**more):
    return NeuralNetwork([Dense(weights=[[1.0, 2.0], [3.0, 4.0]], **more)])


# fmt: off
CALLS = {
    "ragged": (lambda: Dense(weights=[[1, 2], [3]]), ShapeError, "ragged: row 1 has 2 entries, row 2 has 1"),
    "ragged x": (lambda: net().solve([[1, 2], [3]]), ShapeError, "x is ragged"),
    "three dimensions": (lambda: net().solve(np.zeros((1, 2, 2))), ShapeError, "3 dimensions"),
    "empty": (lambda: net().solve([]), ShapeError, "x is empty"),
    "empty rows": (lambda: net().solve([[], []]), ShapeError, "x is empty"),
    "nan": (lambda: net().solve([1, float("nan")]), ValueProblem, r"x\[2\] is nan"),
    "inf": (lambda: net().solve([[1, 2], [1, float("-inf")]]), ValueProblem, r"x\[2,2\] is -inf"),
    "strings": (lambda: net().solve(["1", "2"]), ValueProblem, "no number"),
    "complex": (lambda: net().solve([1j, 2]), ValueProblem, "no number"),
    "None": (lambda: net().solve([None, 2]), ValueProblem, "no number"),
    "objects": (lambda: net().solve([object(), 2]), ValueProblem, "no number"),
    "dict": (lambda: net().solve({"a": 1}), ValueProblem, "no number"),
    "huge integer": (lambda: net().solve([10**400, 1]), ValueProblem, "x"),
    "weights in a vector": (lambda: Dense(weights=[1, 2]), ShapeError, "not a matrix"),
    "weights nan": (lambda: Dense(weights=[[float("nan")]]), ValueProblem, r"weights\[1,1\] is nan"),
    "weight nan": (lambda: Dense(2, weights=float("nan")), ValueProblem, "one number for the weights is nan"),
    "bias nan": (lambda: net(bias=float("inf")), ValueProblem, "bias"),
    "bias of the wrong length": (lambda: net(bias=[1, 2, 3]), ShapeError, "b1 has 3 entries, but layer 1 has 2 units"),
    "bias a matrix": (lambda: net(bias=np.ones((2, 2))), ShapeError, "2x2, not a vector"),
    "bias a word": (lambda: net(bias="yes"), ValueProblem, "bias"),
    "no units": (lambda: Dense(activation="relu"), ChalkworkError, "units or its weights"),
    "units 0": (lambda: Dense(0), ChalkworkError, "units"),
    "units 10^9": (lambda: Dense(10**9), ChalkworkError, "units"),
    "10^12 weights": (
        lambda: NeuralNetwork([Dense(10**6, inputs=10**6)]), ChalkworkError, "too many"),
    "units 2.5": (lambda: Dense(2.5), ChalkworkError, "units"),
    "activation a number": (lambda: Dense(2, 3), ChalkworkError, "activation"),
    "activation": (lambda: Dense(2, "relue"), ChalkworkError, "did you mean relu"),
    "activation, arguments": (lambda: Dense(2, "tanh(1)"), ChalkworkError, "tanh has no parameters"),
    "activation, nan": (lambda: Dense(2, "elu(nan)"), ChalkworkError, "no sensible value"),
    "no layers": (lambda: NeuralNetwork([]), ChalkworkError, "at least one layer"),
    "a layer that is none": (lambda: NeuralNetwork([3]), ChalkworkError, "one of Dense, .*, not int"),
    "loss": (lambda: NeuralNetwork([Dense(2)], "mes"), ChalkworkError, "no loss 'mes'"),
    "loss a number": (lambda: NeuralNetwork([Dense(2)], 3), ChalkworkError, "loss"),
    "loss None": (lambda: NeuralNetwork([Dense(2)], None), ChalkworkError, "loss"),
    "loss key": (
        lambda: NeuralNetwork([Dense(2)], {"name": "squared_error", "fctor": 1}), ChalkworkError, "fctor"),
    "loss factor": (
        lambda: NeuralNetwork([Dense(2)], {"name": "squared_error", "factor": -1}), ChalkworkError, "positive"),
    "loss factor nan": (
        lambda: NeuralNetwork([Dense(2)], {"name": "squared_error", "factor": float("nan")}), ChalkworkError,
        "positive"),
    "loss reduction": (
        lambda: NeuralNetwork([Dense(2)], {"name": "squared_error", "reduction": "max"}), ChalkworkError, "'max'"),
    "samples": (lambda: NeuralNetwork([Dense(2)], samples="row"), ChalkworkError, "columns or rows, not 'row'"),
    "samples, a list": (lambda: NeuralNetwork([Dense(2)], samples=["rows"]), ChalkworkError, "columns or rows"),
    "weights": (lambda: NeuralNetwork([Dense(2)], weights="oi"), ChalkworkError, "out_in or in_out, not 'oi'"),
    "seed": (lambda: NeuralNetwork([Dense(2, inputs=2)], seed=-1), ChalkworkError, "seed"),
    "seed, a word": (lambda: NeuralNetwork([Dense(2, inputs=2)], seed="one"), ChalkworkError, "seed"),
    "inputs": (lambda: NeuralNetwork([Dense(2)], inputs=0), ChalkworkError, "inputs"),
    "inputs against weights": (
        lambda: NeuralNetwork([Dense(weights=[[1.0]])], inputs=3), ShapeError, "W1 is 1x1, but 3x1"),
    "rate": (lambda: net().solve([1, 2], [1, 2], -1), ValueProblem, "positive number, not -1"),
    "steps 0": (lambda: net().solve([1, 2], [1, 2], 1, 0), ChalkworkError, "from 1 to 100, not 0"),
    "steps 1.5": (lambda: net().solve([1, 2], [1, 2], 1, 1.5), ChalkworkError, "from 1 to 100, not 1.5"),
    "steps many": (lambda: net().solve([1, 2], [1, 2], 1, 10**9), ChalkworkError, "from 1 to 100"),
    "decimals": (lambda: net().solve([1, 2], decimals=99), ChalkworkError, "from 0 to 15, not 99"),
    "decimals 2.5": (lambda: net().solve([1, 2], decimals=2.5), ChalkworkError, "from 0 to 15, not 2.5"),
    "decimals, a word": (lambda: net().solve([1, 2], decimals="two"), ChalkworkError, "not 'two'"),
    "significant": (lambda: net().solve([1, 2], significant=0), ChalkworkError, "from 1 to 17, not 0"),
    "both": (lambda: net().solve([1, 2], significant=3, decimals=3), ChalkworkError, "not both"),
    "rounding": (lambda: net().solve([1, 2], rounding="all"), ChalkworkError, "'all'"),
    "detail": (lambda: net().solve([1, 2], detail="all"), ChalkworkError, "'all'"),
    "notation": (lambda: net().solve([1, 2], notation="signl"), ChalkworkError, "did you mean signal"),
    "notation a number": (lambda: net().solve([1, 2], notation=3), ChalkworkError, "notation"),
    "graph of nothing": (lambda: Graph(""), ReadError, "at least one equation"),
    "graph of numbers": (lambda: Graph(3), ReadError, "equation"),
    "graph of lists": (lambda: Graph([3]), ReadError, "equation"),
    "graph: nested": (lambda: Graph("c = " + "(" * DEEP + "a" + ")" * DEEP), ReadError, "c = "),
    "graph: power tower": (lambda: Graph("c = " + "^".join("a" * DEEP)), ReadError, "c = "),
    "graph: output": (lambda: Graph("c = a", output="b"), ReadError, "output 'b'"),
    "graph: two values": (lambda: Graph("c = a").solve({"a": 1}, b=2), ChalkworkError, "b does not occur"),
    "graph: a word": (lambda: Graph("c = a").solve(a="1"), ValueProblem, "a holds something that is no number"),
    "graph: values": (lambda: Graph("c = a").solve(3), ChalkworkError, "values"),
    "graph: overflow": (lambda: Graph("c = exp(a)").solve(a=1e4), ValueProblem, "overflow of exp in c"),
}
# fmt: on


@pytest.mark.parametrize("case", CALLS)
def test_a_call_that_cannot_be_answered(case):
    call, kind, words = CALLS[case]
    start = time.process_time()
    with pytest.raises(kind, match=words) as error:
        call()
    assert time.process_time() - start < 2
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 1000
