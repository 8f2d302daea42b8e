"""Chalkwork: the neural network that shows its work.

>>> from chalkwork import Graph
>>> Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1)["de/db"]
np.float64(5.0)
"""

TYPE_CHECKING = False  # as type checkers know it, without the time that typing takes to load

if TYPE_CHECKING:
    from chalkwork.checking.recording import record
    from chalkwork.classroom.variants import vary
    from chalkwork.errors import ChalkworkError
    from chalkwork.exchange import load_model, save_model
    from chalkwork.laboratory.architecture import Architecture
    from chalkwork.networks.graph import Graph
    from chalkwork.networks.layers.attention import Attention
    from chalkwork.networks.layers.batch_norm import BatchNorm
    from chalkwork.networks.layers.convolution import Conv1d, Conv2d
    from chalkwork.networks.layers.dense import Dense
    from chalkwork.networks.layers.dropout import Dropout
    from chalkwork.networks.layers.embedding import Embedding
    from chalkwork.networks.layers.flatten import Flatten
    from chalkwork.networks.layers.gru import GRU
    from chalkwork.networks.layers.layer_norm import LayerNorm
    from chalkwork.networks.layers.lstm import LSTM
    from chalkwork.networks.layers.pooling import AveragePool, GlobalAveragePool, MaxPool
    from chalkwork.networks.layers.residual import Residual
    from chalkwork.networks.layers.rms_norm import RMSNorm
    from chalkwork.networks.layers.rnn import RNN
    from chalkwork.networks.layers.transposed import ConvTranspose1d, ConvTranspose2d
    from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, SquaredError
    from chalkwork.networks.network import NeuralNetwork
    from chalkwork.solutions.solution import Solution
    from chalkwork.typesetting.notation import Notation
    from chalkwork.verification import verify

__version__ = "0.1.0"

__all__ = [
    "GRU", "LSTM", "RNN", "Architecture", "Attention", "AveragePool", "BatchNorm", "BinaryCrossEntropy",
    "ChalkworkError", "Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d", "CrossEntropy", "Dense", "Dropout",
    "Embedding", "Flatten", "GlobalAveragePool", "Graph", "LayerNorm", "MaxPool", "NeuralNetwork", "Notation",
    "RMSNorm", "Residual", "Solution", "SquaredError", "load_model", "record", "save_model", "vary", "verify",
]  # fmt: skip

if not TYPE_CHECKING:
    _NAMES = {
        "checking.recording": ("record",),
        "classroom.variants": ("vary",),
        "errors": ("ChalkworkError",),
        "exchange": ("load_model", "save_model"),
        "laboratory.architecture": ("Architecture",),
        "networks.graph": ("Graph",),
        "networks.losses": ("BinaryCrossEntropy", "CrossEntropy", "SquaredError"),
        "networks.network": ("NeuralNetwork",),
        "solutions.solution": ("Solution",),
        "typesetting.notation": ("Notation",),
        "verification": ("verify",),
    }  # fmt: skip
    _HOMES = {name: home for home, names in _NAMES.items() for name in names}

    def __getattr__(name: str) -> object:
        """Load a public name when it is first asked for, so that the command line answers quickly."""
        from importlib import import_module

        home = _HOMES.get(name, "networks.layers" if name[:1].isupper() else "")  # the table has its layers by name
        if not home:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
