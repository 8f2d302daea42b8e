"""The layers of a network as a table."""

from __future__ import annotations

from chalkwork.counting import counted
from chalkwork.inside.table import Table
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.quantities import LEARNED


def summary(net: NeuralNetwork) -> Table:
    """The layers: what kind, how many outputs, which activation, how many parameters.

    Raises ChalkworkError while the number of inputs is not known.

    >>> from chalkwork import BatchNorm, Dense, Dropout
    >>> summary(NeuralNetwork([Dense(4, inputs=2, bias=False), BatchNorm("relu"), Dropout(0.1), Dense(1, "sigmoid")]))
    layer  kind       outputs  activation  parameters
    -----  ---------  -------  ----------  ----------
    0      input            2
    1      Dense            4  identity             8
    2      BatchNorm        4  ReLU                 8
    3      Dropout          4                       0
    4      Dense            1  sigmoid              5
    21 parameters
    """
    plan = net.plan()
    rows: list[tuple[str | int | None, ...]] = [("0", "input", plan.layers[0].inputs, "", None)]
    for at, layer in zip(plan.spots, net.layers, strict=True):
        names = at.layer.kind.names(at, *LEARNED)
        count = sum(name.shape[0] * name.shape[1] for name in names)
        words = at.layer.activation.words if names else ""
        rows.append((str(at.number), type(layer).__name__, at.layer.units, words, count))
    size = net.number_of_parameters
    headings = ("layer", "kind", "outputs", "activation", "parameters")
    return Table(headings, tuple(rows), counted(size, "parameter", f"{size:,}"))
