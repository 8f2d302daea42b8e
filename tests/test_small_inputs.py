"""Small inputs have small costs, also where what they ask for is large."""

from fractions import Fraction

import numpy as np

from chalkwork.laboratory.taylor import taylor
from chalkwork.networks.layers import Dense
from chalkwork.networks.network import NeuralNetwork
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet


def test_the_entries_of_large_layers_are_shown_by_their_ends():
    net = NeuralNetwork(
        [Dense(1000, "tanh"), Dense(1000, "tanh"), Dense(2, "softmax")], "cross_entropy", inputs=1000, seed=0
    )
    solution = net.solve(np.ones(1000), [1, 0], learning_rate=0.1, detail="entries")
    assert len(solution.chosen()) < 500
    assert len(str(solution)) < 500_000


def test_a_high_order_of_a_long_quotient():
    above, below = range(1, 20), range(19)
    function = f"({' + '.join(f'{k}*x^{k}' for k in above)}) / ({' + '.join(f'x^{k}' for k in below)})"
    wanted: list[Fraction] = []
    for order in range(31):  # q * below = above, term by term
        known = sum((wanted[order - k] for k in below if 0 < k <= order), Fraction(0))
        wanted.append(Fraction(order if order in above else 0) - known)
    answer = taylor(function, 30)
    np.testing.assert_allclose(answer["coefficients"], [float(each) for each in wanted], rtol=1e-9, atol=1e-9)


def test_many_claims_have_an_answer_each_where_the_time_of_the_run_is_over(monkeypatch):
    monkeypatch.setattr("chalkwork.sheets.document.RUN_SECONDS", 0.0)
    claims = (rf"\sin(x)^{{{k}}} e^x <= e^x \cosh(x) + {k}" for k in range(2, 12))
    text = "".join(f"```claim\nid: c{k}\nstatement: '{each}'\n```\n" for k, each in enumerate(claims))
    verdicts = [task.solution["verdict"] for task in workbook(parse_sheet(text)).tasks]
    assert len(verdicts) == 10 and set(verdicts) <= {"proved", "true at many points", "open"}
