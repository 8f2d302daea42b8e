"""Builders: layers, losses, conventions and update rules become derivations; so do graphs from text.

`equations` is the heart: a `Plan` without numbers in, a `Derivation` out; `reasons` holds the sentence that stands
with each equation and `presentation` what is said around them. `NeuralNetwork` and `Graph` are what people call.
"""

from chalkwork.networks.graph import Graph
from chalkwork.networks.layers import (
    GRU,
    LSTM,
    RNN,
    Attention,
    AveragePool,
    BatchNorm,
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePool,
    LayerNorm,
    MaxPool,
    Residual,
    RMSNorm,
)
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, Loss, SquaredError
from chalkwork.networks.network import NeuralNetwork

__all__ = [
    "GRU", "LSTM", "RNN", "Attention", "AveragePool", "BatchNorm", "BinaryCrossEntropy", "Conv1d", "Conv2d",
    "ConvTranspose1d", "ConvTranspose2d", "CrossEntropy", "Dense", "Dropout", "Embedding", "Flatten",
    "GlobalAveragePool", "Graph", "LayerNorm", "Loss", "MaxPool", "NeuralNetwork", "RMSNorm", "Residual",
    "SquaredError",
]  # fmt: skip
